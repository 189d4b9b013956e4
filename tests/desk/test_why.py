"""`wh` and what it is made of: every step has its clause, mark and events, and its figures are those that hold (§2.5, §2.10)."""

import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from zjj_console.desk import reasons
from zjj_console.desk.desk import Desk
from zjj_console.desk.tongue import MARK, Tongue
from zjj_console.domain import climb as up
from zjj_console.domain.model import Case
from zjj_console.domain.why import DECIDED, Step
from zjj_console.intake.demo import seed_demo
from zjj_console.storage import projections
from zjj_console.storage.duty_rows import load_climb

PHONE = "0000-5550199"


def explained(desk: Desk, ref: str, **more: Any) -> reasons.Explained:
    case = desk.case(ref)
    assert case is not None
    return reasons.explain(desk.reader, case, desk.facts(), **more)


def steps(found: reasons.Explained, topic: str, rule: str = "") -> list[Step]:
    return [step for step in found.steps if step.topic == topic and step.rule.startswith(rule)]


def said(found: reasons.Explained, topic: str) -> str:
    return "\n".join(step.zh for step in steps(found, topic))


@pytest.fixture(scope="module")
def night(template: Path, tmp_path_factory: Any, copy_db: Any, open_desk: Any) -> Iterator[Desk]:
    """The demo night at 23:50, ten minutes later, with its climbs swept and things done to some cases."""
    desk, hands = open_desk(copy_db(template, tmp_path_factory.mktemp("why") / "night.db"))
    hands.set("2021-03-01 23:50")
    seed_demo(desk)
    hands.later(minutes=10)
    desk.sweep()
    for line in (
        "yq 1008 0305 r1",
        "yq 1008 y",
        "gz 1014 0315 r1",
        "gz 1014 y",
        "hc 1018 n 2",
        "td 1016 r1",
        "th 1033 2",
    ):
        assert desk.run_line(line, confirmed=True).ok, line
    hands.set("2021-03-02 10:07")
    desk.sweep()
    assert desk.run_line("hf 1014").ok
    hands.later(minutes=3)
    yield desk
    desk.close()


def cases(desk: Desk) -> list[Case]:
    rows = desk.reader.execute(f"{projections.SELECT_CASE} ORDER BY serial").fetchall()
    return [projections.case_from(row) for row in rows]


# the derivation is the real one -------------------------------------------------------------------------------------------


def test_NV_20_every_due_told_of_the_demo_night_is_the_stored_one_and_its_minutes_add_up(night: Desk) -> None:
    told, suspended = 0, 0
    for case in cases(night):
        found = reasons.explain(night.reader, case, night.facts(), everything=True)
        for code, clock in case.clocks.items():
            parts = [step for step in steps(found, "deadline") if step.rule == f"2.5 T-{code}"]
            suspended += clock.due is None
            if clock.due is None or code in DECIDED:
                continue
            end = next(step for step in parts if "missed" in step.facts)
            assert end.facts["due"] == Tongue(night.duty, 0).iso(clock.due), (case.handle, code)
            assert end.at == clock.due
            assert end.facts["minutes"] == clock.limit + end.facts["moved_minutes"], (case.handle, code)
            days = [step for step in parts if "days" in step.facts]
            assert bool(days) is (clock.kind == "duty")
            if days:
                assert sum(d["minutes"] for step in days for d in step.facts["days"]) == end.facts["minutes"]
            told += 1
    assert told > 100
    assert suspended >= 1


def test_every_step_has_a_clause_a_mark_both_languages_and_events_of_the_journal(night: Desk) -> None:
    last = night.reader.execute("SELECT max(lseq) FROM event").fetchone()[0]
    topics = set()
    for case in cases(night):
        for step in reasons.explain(night.reader, case, night.facts(), everything=True).steps:
            topics.add(step.topic)
            assert step.rule and step.mark in MARK and step.zh and step.en
            assert all(0 < lseq <= last for lseq in step.events)
            assert step.mark != "J" or step.events or step.at is not None, step
            assert not [c for c in step.zh + step.en if unicodedata.east_asian_width(c) == "A"], step
    assert topics == {"deadline", "ladder", "lead", "candidate"}


def test_the_text_keeps_to_a_hundred_columns_in_both_languages(night: Desk) -> None:
    for case in cases(night):
        found = reasons.explain(night.reader, case, night.facts(), everything=True)
        for lang in ("zh", "en"):
            assert max(cell_len(line) for line in reasons.text(found, lang).splitlines()) <= reasons.WIDTH


def test_2_10_the_rung_told_next_is_the_one_that_the_desk_waits_for(night: Desk) -> None:
    waiting = 0
    for case in cases(night):
        climb = load_climb(night.reader, case.id)
        step = up.upcoming(case, climb, night.duty) if case.is_open else None
        ahead = [one.facts["next"] for one in steps(explained(night, case.handle), "ladder") if "next" in one.facts]
        if not case.is_open:
            assert ahead == []
            continue
        iso = Tongue(night.duty, 0).iso
        assert ahead == [{"rung": step.n, "at": iso(step.at), "why": step.why} if step else None]
        timer = night.reader.execute(
            "SELECT due_at FROM timer t JOIN case_row c ON c.rid = t.rid WHERE c.id = ? AND code = 'ESC'", (case.id,)
        ).fetchone()
        if step is not None:
            assert timer[0] == step.at
            waiting += 1
    assert waiting > 20


def test_2_10_every_rung_on_record_is_told_with_its_event(night: Desk) -> None:
    rungs = 0
    for case in cases(night):
        climb = load_climb(night.reader, case.id)
        told = [one for one in steps(explained(night, case.handle), "ladder") if "found" in one.facts]
        assert [one.facts["rung"] for one in told] == [rung.n for rung in (climb.rungs if climb else ())]
        for one, rung in zip(told, climb.rungs if climb else (), strict=True):
            body = night.reader.execute(
                "SELECT kind FROM event WHERE lseq = ? AND stream = ?", (one.events[0], f"ladder:{case.id}")
            ).fetchone()
            assert body[0] == "escalated"
            assert (one.at, one.facts["why"]) == (rung.at, rung.why)
            rungs += 1
    assert rungs > 20


# one case each ------------------------------------------------------------------------------------------------------------


def test_I_9_a_request_is_named_as_stopping_nothing(night: Desk) -> None:
    asked = steps(explained(night, "1016"), "deadline", "I-9")
    assert [(step.facts["request"], step.facts["stops"]) for step in asked] == [("return", [])]
    kind = night.reader.execute("SELECT kind FROM event WHERE lseq = ?", (asked[0].events[0],)).fetchone()[0]
    assert kind == "return_asked"


def test_2_5_an_extension_a_pause_and_a_rework_stand_with_their_events(night: Desk) -> None:
    def kinds(ref: str) -> list[str]:
        found = [lseq for step in steps(explained(night, ref), "deadline", "2.5 T-HDL") for lseq in step.events]
        marks = ",".join("?" * len(found))
        return [
            row[0] for row in night.reader.execute(f"SELECT DISTINCT kind FROM event WHERE lseq IN ({marks})", found)
        ]

    assert "extended" in kinds("1008")
    assert {"suspended", "resumed"} <= set(kinds("1014"))
    assert "rework_ordered" in kinds("1018")


def test_2_5_a_suspended_clock_says_until_when_it_stands(do: Any, desk: Desk) -> None:
    do("xj dhj zy 3 dh cg")
    do("qs 1001")
    do("gz 1001 0312 r1", confirmed=True)
    do("gz 1001 y", confirmed=True)
    text = said(explained(desk, "1001"), "deadline")
    assert "处置 现为暂停，余24小时，至挂账复查 03-12 23:59 为止" in text


def test_2_10_a_missed_receipt_climbs_and_every_sentence_says_why(do: Any, desk: Desk, clock: Any) -> None:
    clock.set("2021-03-01 14:00")
    do("xj dhj zy 1 dh cg")
    do("xj dhj zy 4 dh")
    assert "未升级" in said(explained(desk, "1002"), "ladder")
    before = explained(desk, "1001")
    assert "签收(止于 14:10)若未满足，届满即升: E1副站长 14:10" in said(before, "ladder")
    clock.set("2021-03-01 14:11")
    desk.sweep()
    do("th 1001 2")
    do("th 1001 2")
    desk.sweep()
    text = said(explained(desk, "1001"), "ladder")
    assert "因签收时限 14:10 届满而升级" in text
    assert "一级阶梯: E1副站长 届满即升，E2站长 届满后10分" in text
    assert text.count("通话: 未接") == 2
    assert "E1副站长打不通满 2 次，立即叫" in text
    do("sj 1001 y 马上到 " + PHONE)
    held = [step for step in steps(explained(desk, "1001"), "ladder") if "held_until" in step.facts]
    assert held[0].mark == "A" and "停升至 14:21，时限照走" in held[0].zh
    do("qs 1001")
    do("dd 1001")
    cleared = said(explained(desk, "1001"), "ladder")
    assert "解除: 签收" in cleared
    assert "未升级；处置(止于 18:00)若未满足" in cleared


def test_R07_a_number_in_free_text_is_masked_for_whoever_may_not_call(
    do: Any, desk: Desk, desk_as: Any, clock: Any
) -> None:
    clock.set("2021-03-01 14:00")
    do("xj dhj zy 1 dh cg", extra={"phone": PHONE})
    clock.set("2021-03-01 14:11")
    desk.sweep()
    do("sj 1001 y 回电 " + PHONE)
    do("gp 1001 pcs r2 联系 " + PHONE, confirmed=True)
    whole = said(explained(desk, "1001"), "ladder") + said(explained(desk, "1001"), "lead")
    assert whole.count(PHONE) == 2
    outsider = next(p for p in desk.town.people.values() if set(p.roles) == {"patrol"})
    found = explained(desk_as(outsider.work_no), "1001")
    assert PHONE not in reasons.text(found) + reasons.text(found, "en")
    assert "0199" in said(found, "ladder")


def test_2_8_the_lead_is_told_from_order_default_and_place_among_the_candidates(do: Any, desk: Desk) -> None:
    do("xj dhj zy 2 dh")
    first = desk.candidates(desk.case("1001").id)[0]  # type: ignore[union-attr]
    assert "尚无主办" in said(explained(desk, "1001"), "lead")
    listed = steps(explained(desk, "1001"), "candidate")
    assert [step.facts["unit"] for step in listed] == [c.unit for c in desk.candidates(desk.case("1001").id)[:3]]  # type: ignore[union-attr]
    do(f"pd 1001 {desk.town.units[first.unit].tokens[0]}", confirmed=True)
    lead = steps(explained(desk, "1001"), "lead")
    assert [step.facts["position"] for step in lead if "position" in step.facts] == [1]
    do("td 1001 r1")
    do("td 1001 y 2")
    lead = steps(explained(desk, "1001"), "lead")
    assert [step.facts["kind"] for step in lead if "kind" in step.facts] == ["return_asked", "return_granted"]
    assert "理由 职责不符" in said(explained(desk, "1001"), "lead")


def test_an_ended_case_explains_its_stopped_clocks_and_offers_nobody(do: Any, desk: Desk, desk_as: Any) -> None:
    do("xj dhj zy 3 dh cg")
    do("qs 1001")
    do("tj 1001 1", confirmed=True)
    do("hc 1001 y", by=desk_as("0002"))
    found = explained(desk, "1001")
    assert "处置 止于" in said(found, "deadline") and "已办按时" in said(found, "deadline")
    assert steps(found, "candidate") == []
    assert desk.run_line("wh 1001").ok


# the verb -----------------------------------------------------------------------------------------------------------------


def test_wh_answers_with_a_text_to_read_and_writes_nothing(do: Any, desk: Desk) -> None:
    do("xj dhj zy 1 dh cg")
    before = desk.reader.execute("SELECT count(*) FROM event").fetchone()[0]
    done = desk.run_line("wh", selected=desk.case("1001").id)  # type: ignore[union-attr]
    assert done.ok and done.events == () and done.case is None
    assert done.data["text"].startswith("1001 ") and "\n时限\n" in done.data["text"]
    assert desk.run_line("why 1001").data == desk.run_line("为何 1001").data == done.data
    assert desk.preview("wh 1001").ok
    assert desk.reader.execute("SELECT count(*) FROM event").fetchone()[0] == before


def test_wh_of_no_case_or_an_unknown_one_says_so(desk: Desk) -> None:
    assert (desk.run_line("wh").code, desk.run_line("wh 9999").code) == (2, 6)
    desk.lang = "en"
    assert desk.run_line("wh 9999").text == "no case 9999"


def test_wh_speaks_english_where_the_desk_does(do: Any, desk: Desk) -> None:
    do("xj dhj zy 1 dh cg")
    desk.lang = "en"
    done = desk.run_line("wh 1001")
    assert "\nDeadlines\n" in done.data["text"]
    assert "limit for priority 1: 10 min of plain time" in done.data["text"]
    assert done.text.startswith("why 1001: Accept") or done.text.startswith("why 1001: Acknowledge")
