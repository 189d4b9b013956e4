"""Support and supervision at the desk: lines, messages, candidates, the ledger, undo and rebuild."""

from collections.abc import Callable
from typing import Any

import pytest

from zjj_console.desk import aiding, candidate_words
from zjj_console.storage import audit


@pytest.fixture
def case(do: Any) -> str:
    """A case of 王金村; its handle."""
    return str(do("xj 王金村 bllj 3").case.handle)


@pytest.fixture
def sent(desk: Any) -> Callable[[], list[tuple[str, str, str]]]:
    """(key behind the number, recipient, status) of the messages about support."""

    def read() -> list[tuple[str, str, str]]:
        rows = desk.reader.execute("SELECT key, recipient, status FROM outbox WHERE kind = 'support' ORDER BY id")
        return [("-".join(key.split("-")[4:]), recipient, status) for key, recipient, status in rows]

    return read


@pytest.fixture
def step_of(desk: Any) -> Callable[[str], str]:
    def read(handle: str) -> str:
        return str(next(i.step for i in desk.actions(desk.case(handle).id) if i.verb.id == "support"))

    return read


def test_R51_one_verb_asks_answers_arrives_and_ends_and_the_menu_says_what_comes_next(do, desk, case, step_of):
    assert step_of(case) == "请求执法保障"
    shown = desk.preview(f"zb {case} 2 cg pcs 有人阻拦")
    assert "请求执法保障" in shown.text
    assert "-> 应急一队 李乙" in shown.text
    assert "召集 城管中队、派出所" in shown.text
    assert "遇阻" in shown.text
    for line, kind, after in (
        (f"zb {case} 2 cg pcs 有人阻拦", "support_asked", "应答执法保障"),
        (f"zb {case}", "support_accepted", "保障到场"),
        (f"zb {case} 两人已到", "support_arrived", "保障结束"),
        (f"zb {case} 已劝离", "support_done", "请求执法保障"),
    ):
        assert do(line).events == (kind,)
        assert step_of(case) == after
    aid = desk.case(case).aid
    assert (aid.reason, aid.need, aid.depts, aid.result) == ("obstructed", "有人阻拦", ("cg", "pcs"), "已劝离")


def test_R51_what_is_needed_and_why_not_are_asked_with_digits(do, desk, case):
    need = desk.preview(f"zb {case}")
    assert (need.ok, need.choices[0].insert) == (False, f"zb {case} r1")
    assert desk.run_line(f"zb {case}").code == 3
    do(f"zb {case} 请派员到场")
    why = desk.preview(f"zb {case} n")
    assert [c.label for c in why.choices][:2] == ["力量不足", "正在处置更急的事"]
    assert "写明" in desk.preview(why.choices[0].insert).text
    refused = desk.preview(f"zb {case} n 1 两组都在现场")
    assert "拒绝执法保障" in refused.text
    assert "力量不足" in refused.text
    assert do(f"zb {case} n 1 两组都在现场").case.support == "REFUSED"


def test_R51_a_second_request_is_not_taken_for_an_answer(do, desk, case):
    do(f"zb {case} 请派员到场")
    second = desk.run_line(f"zb {case} 2 有人阻拦")
    assert (second.code, desk.case(case).support) == (8, "REQUESTED")
    wrong = desk.run_line(f"zb {case} 到场")
    assert wrong.code == 8
    assert "待到场" in wrong.text
    assert do(f"zb {case} 撤回 已自行处置").case.support == "CANCELLED"


def test_n1_is_neither_a_request_nor_a_refusal(desk, case):
    assert "看不懂 n1" in desk.run_line(f"zb {case} n1 另有任务").text
    assert desk.case(case).support == ""


def test_free_text_is_never_taken_for_a_unit(do, desk, case):
    do(f"zb {case} 派出所请到场")
    assert (desk.case(case).aid.need, desk.case(case).aid.depts) == ("派出所请到场", ())


def test_R51_whoever_answers_is_told_and_told_again_when_nobody_has_to_come(do, desk, clock, case, sent):
    do(f"zb {case} 请派员到场")
    assert sent() == [("1", "0051", "PENDING")]
    body = desk.reader.execute("SELECT body FROM outbox WHERE kind = 'support'").fetchone()[0]
    assert "王金村" in body
    assert "请于23:34前应答" in body
    do(f"zb {case} 撤回")
    assert sent() == [("1", "0051", "RECALLED")]
    do(f"zb {case} 再请")
    desk._writer.execute("UPDATE outbox SET status = 'SENT' WHERE status = 'PENDING'")
    do(f"zb {case} 撤回 已散")
    assert sent()[1:] == [("2", "0051", "SENT"), ("2-cancelled", "0051", "PENDING")]


def test_R51_a_refusal_goes_back_to_the_village(do, desk_as, case, sent):
    village = desk_as("2635")
    assert village.run_line(f"zb {case} 请派员到场").ok
    do(f"zb {case} n 1 另有任务")
    assert sent() == [("1", "0051", "PENDING"), ("1-refused", "2635", "PENDING")]


def test_2_6_the_desk_speaks_for_village_and_leader_and_the_event_says_so(do, desk, case):
    do(f"zb {case} 请派员到场")
    aid = desk.case(case).aid
    assert (aid.body, aid.asked_by) == ("v35", "v35")
    do(f"zb {case}")
    assert desk.case(case).aid.accepted_by == "0051"
    bodies = desk.reader.execute("SELECT body FROM event WHERE kind LIKE 'support%' ORDER BY lseq").fetchall()
    assert [b'"by":"v35"' in bodies[0][0], b'"by":"0051"' in bodies[1][0]] == [True, True]


def test_T42_a_request_is_taken_back_with_its_message_and_a_refusal_as_well(do, desk, case, sent):
    before = desk.case(case)
    do(f"zb {case} 请派员到场")
    do("cx")
    after = desk.case(case)
    assert (after.support, after.aid, after.clocks) == (before.support, None, before.clocks)
    assert sent() == [("1", "0051", "RECALLED")]
    do(f"zb {case} 请派员到场")
    do(f"zb {case} n 1 另有任务")
    do("cx")
    assert desk.case(case).support == "REQUESTED"
    assert [(key, status) for key, _, status in sent()] == [("1", "PENDING"), ("1-refused", "RECALLED")]


def test_R51_rows_are_the_fold_of_the_journal(do, desk, case):
    do(f"zb {case} 2 cg 有人阻拦")
    do(f"zb {case}")
    do(f"db {case} 2h 限时答复")
    assert audit.verify(desk.reader, desk.duty).bad is None
    before = desk.reader.execute("SELECT * FROM case_row").fetchall()
    desk.rebuild()
    assert [row[1:] for row in desk.reader.execute("SELECT * FROM case_row")] == [row[1:] for row in before]
    assert audit.verify(desk.reader, desk.duty).bad is None


def test_R51_the_list_shows_what_runs_and_what_was_refused_the_oldest_first(do, desk, clock):
    one, two, three = (do("xj 王金村 bllj 3").case.handle for _ in range(3))
    for handle in (two, one, three):
        do(f"zb {handle} 请派员到场")
    do(f"zb {one} n 1 另有任务")
    do(f"zb {three} 撤回")
    clock.later(minutes=12)
    rows = aiding.supports(desk.reader, desk.facts())
    assert [(row.case.handle, row.status, row.late) for row in rows] == [
        (two, "REQUESTED", "answer"),
        (one, "REFUSED", "refused"),
    ]
    assert len(aiding.supports(desk.reader, desk.facts(), ended=True)) == 3
    assert aiding.supports(desk.reader, desk.facts(), station="z1") == []


# Candidates ------------------------------------------------------------------------------------------------------------


def units(desk: Any, handle: str) -> dict[str, Any]:
    found = aiding.of_case(desk.reader, desk.case(handle).id, desk.facts())
    return {c.unit: c for c in found}


def why(desk: Any, one: Any) -> str:
    return candidate_words.reason(one, desk.duty)[0]


def test_AC_51b_at_1645_deputy_with_centre_then_departments_on_call_and_the_night_team(do, desk, clock, case):
    clock.set("2021-03-01 16:45")
    do(f"zb {case} 请派员到场")
    aid = desk.case(case).aid
    assert (aid.unit, aid.person, aid.beside, aid.window) == ("z5", "0035", "cyzx", "shoulder")
    found = units(desk, case)
    assert list(found)[:2] == ["z5", "cyzx"]
    assert (found["z5"].person, why(desk, found["z5"])) == ("0035", "空闲 肩时段负责人 电话")
    assert "听班" in why(desk, found["pcs"])
    assert "tq" in why(desk, found["y1"])
    assert "y2" not in found


def test_AC_51b_a_team_that_came_early_stands_there_with_its_number(house, clock):
    clock.set("2021-03-01 17:05")
    house.sign_in("0312", "0051")
    house.line("xj 王金村 bllj 3")
    found = units(house.desk(), "1001")
    assert why(house.desk(), found["y1"]) == "空闲 夜队已到 在岗2"


def test_R51_by_day_the_residents_and_by_night_the_team_come_first(desk, clock, case):
    assert next(iter(units(desk, case))) == "y1"
    clock.set("2021-03-02 10:00")
    found = units(desk, case)
    assert next(iter(found)) == "z5"
    assert found["z5"].person == "0025"
    assert "须理由" in why(desk, found["y1"])


# Supervision -----------------------------------------------------------------------------------------------------------


def ledger(desk: Any) -> list[tuple[str, str]]:
    return [(row.handle, row.state) for row in aiding.supervisions(desk.reader, desk.facts())]


def test_T33_the_ledger_says_who_asked_for_what_until_when_and_what_came_of_it(do, desk, desk_as, clock, case):
    assert desk_as("0025").run_line(f"db {case} 2h 限时答复").ok
    ordered = clock.now
    clock.later(minutes=5)
    do(f"bz {case} 已联系村里")
    clock.later(minutes=5)
    row = aiding.supervisions(desk.reader, desk.facts())[0]
    assert (row.handle, row.ordered_by, row.ordered_at, row.demand) == (case, "0025", ordered, "限时答复")
    assert (row.due, row.state) == (ordered + 2 * 3_600_000_000, "running")
    assert (row.progress_kind, row.progress_text, row.progress_by) == ("noted", "已联系村里", "0001")
    clock.later(hours=2)
    assert ledger(desk) == [(case, "overdue")]


def test_T33_submitting_is_done_lifting_is_released_and_both_stay_in_the_ledger_for_a_week(do, desk, clock, case):
    other = do("xj 王金村 bllj 3").case.handle
    do(f"pd {case} y1")
    do(f"db {case} 2h")
    do(f"db {other} 2h")
    do(f"db {other} n")
    do(f"qs {case}")
    do(f"tj {case} 1")
    assert ledger(desk) == [(case, "done"), (other, "released")]
    assert aiding.supervisions(desk.reader, desk.facts())[0].on_time is True
    clock.later(days=8)
    assert ledger(desk) == []
    assert len(aiding.supervisions(desk.reader, desk.facts(), since=0)) == 2


def test_T33_an_order_that_was_undone_never_was_and_an_earlier_one_holds_again(do, desk, case):
    do(f"db {case} 2h 先答复")
    first = aiding.supervisions(desk.reader, desk.facts())[0]
    do(f"db {case} 1h 再答复")
    assert aiding.supervisions(desk.reader, desk.facts())[0].demand == "再答复"
    do("cx")
    assert aiding.supervisions(desk.reader, desk.facts()) == [first]
    other = do("xj 王金村 bllj 3").case.handle
    do(f"db {other} 2h")
    do("cx")
    assert ledger(desk) == [(case, "running")]


def test_T33_merging_lets_it_go_and_taking_apart_brings_it_back(do, desk, case):
    master = do("xj 王金村 bllj 3").case.handle
    do(f"db {case} 2h")
    do(f"cf {case} {master}")
    assert ledger(desk) == [(case, "released")]
    do(f"cz {case}")
    assert ledger(desk) == [(case, "running")]


@pytest.mark.parametrize(("who", "code"), [("0025", 0), ("0015", 0), ("0005", 0), ("0021", 7), ("0011", 7), ("0035", 7),
                                           ("2201", 7), ("0002", 7), ("2635", 7)])  # fmt: skip
def test_2_6_chief_and_commander_of_the_area_shift_lead_and_centre_order_supervision(desk_as, case, who, code):
    done = desk_as(who).run_line(f"db {case} 2h")
    assert done.code == code
    assert done.ok or "可办: 站长、指挥长、值班长、镇中心负责人" in done.text
