"""The consultation in a real terminal: the demo's meeting is opened, decided and closed, and its minutes are read."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import here
from tests.e2e.conftest import NIGHT, Console

pytestmark = pytest.mark.tmux


@pytest.fixture
def seeded(tmp_path: Path) -> Iterator[Console]:
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    db = tmp_path / "desk.db"
    for line in ("xj dhj js 3 dh cg 两部门互推", "qs 1001", "yn 1001 n1", "hs 1001 明确主责"):
        assert here.run(["do", line], {"ZJJ_TEST": "1", "ZJJ_NOW": NIGHT, "ZJJ_DB": str(db)})[0] == 0
    found = Console(db, (80, 24))
    yield found
    found.close()


def test_AC_59a_a_meeting_is_decided_and_closed_at_a_terminal(seeded: Console) -> None:
    seeded.press("F7").see("HS-2021-W09", "1001", "未报 一站")
    seeded.press("s").see("照此办?")
    seeded.press("y").see("会议中")
    seeded.press("s").see("议题1 无结果: 1001")
    seeded.press("1").see("定主责: 单位")
    seeded.press("cg 5d 清除")
    seeded.settled()
    seeded.press("Enter").see("将要", "照此办?")
    seeded.press("y").see("各题已有结果")
    seeded.press("s").see("照此办?")
    seeded.press("y").see("已出纪要")
    seeded.press("g").see("镇级周会纪要")
    shown = seeded.cli("consult", "show", "W09")["data"]
    assert shown["state"] == "MINUTED"  # type: ignore[index]
    assert shown["items"][0]["outcome"]["code"] == "assign"  # type: ignore[index]
