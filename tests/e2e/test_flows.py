"""The finished main job in a real terminal: each of the three flows to 已结案 by keys alone (§2.11)."""

import pytest

from tests.e2e.conftest import Console

pytestmark = pytest.mark.tmux


def act(console: Console, *keys: str, then: str) -> None:
    """A verb key with what follows it, each on its own drawn screen; then the sentence that it was done."""
    for key in keys:
        console.press(key)
        console.settled()
    console.see(f"已办: {then}")


def test_AC_29a_emergency_line_creates_and_dispatches(console: Console) -> None:
    console.press(";xj dhj zy 1 110 y1").see("应急一队 李乙")
    console.press("Enter").see("已办: 新建 1001")
    case = console.case("1001")
    assert (case["state"], case["lead"], case["priority"]) == ("DISPATCHED", "y1", 1)
    assert case["next_deadline"]["kind"] == "ACK"  # type: ignore[index]


def test_R48_general_flow_by_keys_alone(console: Console) -> None:
    console.line("xj xhxc xf 2 sp").see("已办: 新建 1001")
    act(console, "p", "Enter", "Enter", then="派单 1001")
    act(console, "r", "Enter", then="签收 1001")
    act(console, "r", "Enter", then="到达 1001")
    act(console, "r", "1", "Enter", then="提交 1001")
    act(console, "x", "1", "Enter", then="核查通过 1001")
    case = console.case("1001")
    assert (case["state"], case["flow"], case["on_time"]) == ("CLOSED", "general", True)


def test_R47_self_handled_flow_by_keys_alone(console: Console) -> None:
    console.line("xj dhj blj 3 xc").see("已办: 新建 1001")
    console.line("zc . 2").see("已办: 自处办结 1001")
    case = console.case("1001")
    assert (case["state"], case["flow"]) == ("CLOSED", "self")


def test_R49_R50_difficult_flow_by_keys_alone(console: Console) -> None:
    console.line("xj xhxc xf 2 xc").see("已办: 新建 1001")
    for unit in ("pcs", "cg"):
        console.line(f"pd . {unit}").see("已办: 派单 1001")
        act(console, "t", "1", "Enter", then="申请退单 1001 消防通道被占用 非本部门职责")
        for key in ("t", "y", "Enter"):
            console.press(key)
            console.settled()
        console.press("Escape", "Escape")  # leaves the offered next dispatch
        console.settled()
    assert console.case("1001")["state"] == "DIFF_REVIEW"
    console.line("yn . z2").see("已办: 定牵头站 1001")
    act(console, "r", "1", "Enter", then="提交 1001")
    act(console, "x", "1", "Enter", then="核查通过 1001")
    case = console.case("1001")
    assert (case["state"], case["flow"]) == ("CLOSED", "difficult")


def test_NV_1_half_typed_line_survives_kill_9(console: Console) -> None:
    console.line("xj dhj zy 2").see("已办: 新建 1001")
    console.press(";bz 1001 half of a note").see("half of a note")
    console.saved("half of a note")
    console.kill()
    console.start()
    console.press(";").see("half of a note")
    assert console.case("1001")["version"] == 1


def test_two_consoles_see_each_other(console: Console) -> None:
    console.line("xj dhj zy 2").see("已办: 新建 1001")
    console.cli("do", "pd 1001 y2")
    console.see("应急二队")


def test_NV_15_usable_after_resize(console: Console) -> None:
    console.line("xj dhj zy 2").see("已办: 新建 1001")
    console.press("F2")
    for width, height in ((80, 24), (20, 5), (200, 50)):
        console.tmux("resize-window", "-x", str(width), "-y", str(height))
        console.settled()
        console.tmux("resize-window", "-x", "120", "-y", "40")
        console.see("1001", "东湖街", "F1")
        console.settled()
