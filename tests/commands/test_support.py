"""`zjj support`, `zjj case supervise` and `zjj case supervised` as scripts and people meet them (R51, T33)."""

from pathlib import Path

from tests.commands.conftest import Zjj

CATEGORY = "blj"


def a_case(zjj: Zjj, place: str = "王金村") -> str:
    return str(zjj.data("case", "new", "--place", place, "--category", "blj", "--priority", "3")["case"]["handle"])


def test_AC_51a_the_list_tells_minutes_to_answer_and_arrival_and_that_both_were_in_time(zjj: Zjj) -> None:
    zjj.at("03-01 23:15")
    case = a_case(zjj)
    asked = zjj.at("03-01 23:20").data("support", "request", case, "--reason", "遇阻", "--need", "请派员", by="2635")
    assert (asked["support"]["unit"], asked["support"]["body"]) == ("y1", "v35")
    assert asked["support"]["answered_minutes"] is None
    assert "待应答 23:20 请求 -> 应急一队 李乙 应答时限 23:30" in zjj.read("case", "show", case)
    assert zjj.data("case", "show", case)["support"] == asked["support"]
    zjj.at("03-01 23:24")("support", "accept", case, "--dept", "pcs", by="0051")
    told = zjj.at("03-01 23:41").data("support", "arrive", case, by="0051")["support"]
    assert (told["answered_minutes"], told["arrived_minutes"]) == (4, 21)
    assert (told["answer_on_time"], told["arrival_on_time"], told["on_time"]) == (True, True, True)
    assert told["depts"] == ["pcs"]
    assert zjj.data("support", "list")["supports"] == [told]
    assert "4分" in zjj.read("support", "list")
    done = zjj.at("03-01 23:58").data("support", "close", case, "--result", "已劝离", by="0051")
    assert (done["support"]["state"], done["support"]["result"]) == ("DONE", "已劝离")
    assert zjj.data("support", "list")["supports"] == []
    assert len(zjj.data("support", "list", "--all")["supports"]) == 1
    assert zjj.data("audit", "verify")


def test_R51_a_village_without_a_case_gets_both_in_one_act(zjj: Zjj) -> None:
    zjj.at("03-01 23:20")
    new = ("support", "request", "--village", "王金村", "--category", "blj", "--need", "有人阻拦清理", "--key", "k")
    made = zjj.data(*new, by="2635")
    assert made["events"] == ["reported", "support_asked"]
    assert (made["case"]["state"], made["case"]["text"]) == ("REPORTED", "有人阻拦清理")
    assert made["support"]["asked_by"] == "2635"
    assert zjj.at("03-01 23:21").data(*new, by="2635")["same"] is True
    assert len(zjj.data("case", "list")["cases"]) == 1
    relayed = zjj.data("support", "request", "--village", "王金村", "--category", "blj", "--need", "请", "--by", "2635")
    assert (relayed["support"]["asked_by"], relayed["case"]["reporter"]) == ("2635", "v35")


def test_R51_what_cannot_be_asked_leaves_no_case_behind(zjj: Zjj) -> None:
    zjj.at("03-01 23:20")
    zjj("support", "request", code=2)
    zjj("support", "request", "1001", "--village", "王金村", code=2)
    zjj("support", "request", "--village", "王金村", code=2)
    assert "需要什么" in zjj.error("support", "request", "--village", "王金村", "--category", "blj", code=3)
    zjj("support", "request", "--village", "-", "--category", "blj", "--need", "请", code=8)
    zjj("support", "request", "--village", "王金村", "--category", "blj", "--need", "请", by="2201", code=7)
    zjj("support", "request", "1001", "--need", "请", code=6)
    assert zjj.data("case", "list")["total"] == 0


def test_R51_a_refusal_needs_reason_and_words_and_is_asked_for_again(zjj: Zjj) -> None:
    zjj.at("03-01 23:20")
    case = a_case(zjj)
    zjj("support", "request", case, "--need", "请")
    zjj("support", "refuse", case, "--reason", "1", code=2)
    zjj("support", "refuse", case, "--reason", "不想去", "--note", "x", code=3)
    assert "写明" in zjj.error("support", "refuse", case, "--reason", "1", "--note", "", code=3)
    told = zjj.data("support", "refuse", case, "--reason", "力量不足", "--note", "两组都在现场", by="0051")["support"]
    assert (told["state"], told["refusal"], told["late"], told["on_time"]) == (
        "REFUSED",
        "no_capacity",
        "refused",
        False,
    )
    assert "被拒绝" in zjj.read("support", "list")
    again = zjj.at("03-01 23:30").data("support", "request", case, "--need", "再请")["support"]
    assert (again["n"], again["state"]) == (2, "REQUESTED")
    assert zjj.data("support", "cancel", case, "--note", "已散")["support"]["state"] == "CANCELLED"


def test_a_step_is_done_once_and_never_slips_into_the_next(zjj: Zjj) -> None:
    zjj.at("03-01 23:20")
    case = a_case(zjj)
    zjj("support", "request", case, "--need", "请")
    zjj("support", "accept", case, "--key", "a")
    assert zjj.data("support", "accept", case, "--key", "a")["same"] is True
    assert "须为待应答" in zjj.error("support", "accept", case, code=8)
    assert zjj.data("support", "list")["supports"][0]["state"] == "ACCEPTED"


def test_T33_supervision_is_ordered_lifted_and_listed(zjj: Zjj) -> None:
    zjj.at("03-01 10:00")
    case, other = a_case(zjj), a_case(zjj)
    zjj("case", "supervise", case, code=2)
    zjj("case", "supervise", case, "--due", "2h", "--release", code=2)
    zjj("case", "supervise", case, "--due", "25:00", code=2)
    zjj("case", "supervise", case, "--due", "17:00", "--text", "今日答复", by="0025")
    zjj("case", "supervise", other, "--due", "2h", by="0005")
    zjj("case", "supervise", other, "--release", by="0005")
    zjj("case", "supervise", case, "--due", "2h", by="0035", code=7)
    rows = zjj.at("03-01 17:30").data("case", "supervised")["supervisions"]
    assert [(r["case"], r["state"], r["due"]) for r in rows] == [
        (case, "overdue", "2021-03-01T17:00:00+08:00"),
        (other, "released", "2021-03-01T12:00:00+08:00"),
    ]
    assert (rows[0]["ordered_by_zh"], rows[0]["demand"]) == ("卫丑", "今日答复")
    assert "超期" in zjj.read("case", "supervised")
    assert zjj.data("case", "supervised", "--since", "2021-03-01 12:00")["supervisions"][0]["case"] == case


def test_the_other_town_asks_its_own_people(tmp_path: Path) -> None:
    zjj = Zjj(tmp_path / "other.db", "2021-03-01 23:20", profile="example_town")
    asked = ("support", "request", "--village", "青石社区", "--category", CATEGORY, "--priority", "3", "--need", "请")
    night, day = zjj.data(*asked)["support"], zjj.at("03-01 10:00").data(*asked)["support"]
    assert (night["window"], day["window"]) == ("night", "day")
    assert night["unit"] != day["unit"] == day["station"]
    assert night["person"]
    assert day["person"]
