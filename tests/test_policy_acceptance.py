"""What the policy asks, shown through the desk: one test per sentence of an obligation, by typed lines only."""

from collections.abc import Callable
from typing import Any

import pytest

from zjj_console.desk.desk import Desk, Outcome
from zjj_console.desk.shape import holders, phone_for
from zjj_console.domain.model import DAY, HOUR, MINUTE, Case
from zjj_console.storage import audit, reads
from zjj_console.town.load import builtin, load_town
from zjj_console.town.models import Town

Case_ = Callable[..., Case]
DeskOf = Callable[[str], Desk]
GRIDS = sorted(load_town(builtin()).grids)


@pytest.fixture
def case_of(do: Callable[..., Outcome]) -> Case_:
    """Run a line that must succeed; the case as it stands then."""

    def run(line: str, by: Desk | None = None, **options: Any) -> Case:
        found = do(line, by, **options).case
        assert found is not None
        return found

    return run


@pytest.fixture
def refused(desk: Desk) -> Callable[..., str]:
    """Run a line that must be refused; the sentence that says why."""

    def run(line: str, code: int = 8, by: Desk | None = None) -> str:
        outcome = (by or desk).run_line(line)
        assert (outcome.ok, outcome.code) == (False, code), outcome.text
        return outcome.text

    return run


@pytest.fixture
def day(clock: Any) -> Any:
    """Two in the afternoon of a working day."""
    clock.set("2021-03-01 14:00")
    return clock


def head_of(town: Town, unit: str, role: str = "chief") -> str:
    return town.holders(unit, role)[0].work_no


def recipients(desk: Desk) -> list[str]:
    """Whom the queued messages are for."""
    return [row[0] for row in desk.reader.execute("SELECT recipient FROM outbox ORDER BY key")]


def test_R01_grid_station_and_zone_follow_from_the_committee(case_of: Case_) -> None:
    case = case_of("xj dhj zy 2")
    assert (case.place, case.grid, case.station, case.zone) == ("东湖街", "g1", "z1", "p1")


def test_R01_no_dispatch_before_the_place_is_settled(desk: Desk, case_of: Case_, refused: Callable[..., str]) -> None:
    case = case_of("xj - zd 3 xc")
    assert "先定地点" in refused(f"pd {case.handle} cg")
    assert len(reads.timeline(desk.reader, case)) == 1


def test_R04_every_case_is_open_or_ended_by_somebody_and_nothing_is_deleted(
    desk: Desk, desk_as: DeskOf, case_of: Case_
) -> None:
    closed, void, child, master = (case_of(f"xj {place} zd 3 xc") for place in ("dxj", "dhj", "zmc", "zmc"))
    case_of(f"zc {closed.handle} 1")
    case_of(f"zf {void.handle} 2")
    case_of(f"zf {void.handle} y", desk_as("0005"))
    case_of(f"cf {child.handle} {master.handle}", confirmed=True)
    rows = dict(desk.reader.execute("SELECT state, count(*) FROM case_row GROUP BY state"))
    assert rows == {"CLOSED": 1, "VOIDED": 1, "MERGED": 1, "REPORTED": 1}
    assert all(reads.timeline(desk.reader, case)[-1].actor for case in (closed, void, child))
    assert audit.verify(desk.reader, desk.duty).bad is None


def test_R04_one_person_alone_never_voids_a_case(case_of: Case_, refused: Callable[..., str]) -> None:
    case = case_of("xj dxj zd 3 xc")
    case_of(f"zf {case.handle} 2")
    assert "另一人" in refused(f"zf {case.handle} y")


def test_R07_assistants_read_the_whole_history_but_not_the_telephone(
    town: Town, desk: Desk, desk_as: DeskOf, case_of: Case_
) -> None:
    case = case_of("xj dhj zy 1 110 y1", extra={"phone": "00000005678"})
    case = case_of(f"pd {case.handle} z5", confirmed=True)
    helper = desk_as(head_of(town, "z5"))
    assert phone_for(case, helper.actor) == "0** **** 5678"
    assert phone_for(case, desk.actor) == "00000005678"
    assert reads.timeline(helper.reader, case) == reads.timeline(desk.reader, case)


@pytest.mark.parametrize("grid", GRIDS)
def test_R11_at_night_a_team_goes_to_every_grid(town: Town, case_of: Case_, grid: str) -> None:
    committee = next(c.code for c in town.committees.values() if c.grid == grid)
    case = case_of(f"xj {committee} js 2 cj y1")
    assert (case.grid, case.lead, str(case.state)) == (grid, "y1", "DISPATCHED")


def test_R11_by_day_a_team_is_called_only_with_a_reason_and_a_second_enter(
    day: Any, desk: Desk, case_of: Case_, refused: Callable[..., str]
) -> None:
    case = case_of("xj zmc js 2 cj")
    assert "日间支援须理由" in refused(f"pd {case.handle} y1")
    assert "非当值" in desk.preview(f"pd {case.handle} y1 r2").confirm
    assert case_of(f"pd {case.handle} y1 r2", confirmed=True).lead == "y1"


def test_R14_a_difficult_case_is_proposed_to_the_station_of_its_grid(
    town: Town, day: Any, desk: Desk, case_of: Case_
) -> None:
    committee = next(c.code for c in town.committees.values() if c.grid == "g5")
    case = case_of(f"xj {committee} gd 4 cj")
    case_of(f"xt {case.handle}")
    case_of(f"yn {case.handle} n1")
    assert desk.preview(f"yn {case.handle}").fill.endswith(" z4")
    assert {c.nature for c in town.categories.values()} == {"part", "event"}


def test_R16_a_village_station_handles_its_own_finding_but_never_leads(
    day: Any, case_of: Case_, refused: Callable[..., str]
) -> None:
    case = case_of("xj dhj zd 4 cj")
    assert "非处置主体" in refused(f"pd {case.handle} v03")
    done = case_of(f"zc {case.handle} 2")
    assert (str(done.state), str(done.flow), done.dispatches) == ("CLOSED", "self", ())


def test_R17_from_village_to_station_to_town_finder_and_age_stay(day: Any, case_of: Case_) -> None:
    first = case_of("xj dhj gd 4 cj", extra={"reporter": "v03"})
    case_of(f"zc {first.handle}")
    day.later(days=2)
    case_of(f"xt {first.handle}")
    case = case_of(f"yn {first.handle} n1")
    assert (case.reporter, case.reported_at, str(case.state)) == ("v03", first.reported_at, "DIFF_REVIEW")


def test_R29_one_line_reports_accepts_and_dispatches_an_emergency(desk: Desk, do: Callable[..., Outcome]) -> None:
    begun = desk.now()
    outcome = do(";xj dhj zy 1 110 y1")
    case = outcome.case
    assert case is not None
    assert outcome.events == ("reported", "accepted", "dispatched")
    assert (str(case.state), case.lead, case.clocks["ACK"].due) == ("DISPATCHED", "y1", begun + 10 * MINUTE)
    assert recipients(desk) == [case.lead_person]


def test_R32_a_video_finding_is_marked_until_its_reference_is_filed(day: Any, case_of: Case_) -> None:
    case = case_of("xj xhxc xf 2 sp")
    assert case.clocks["BB"].running
    assert not case_of(f"bb {case.handle} ZW-0001").clocks["BB"].running


def test_R47_self_handled_on_the_spot_is_closed_without_a_dispatch(day: Any, case_of: Case_) -> None:
    case = case_of("xj dxj zd 3 xc")
    done = case_of(f"zc {case.handle} 2")
    assert (str(done.state), str(done.flow), done.self_mode, done.dispatches) == ("CLOSED", "self", "on_spot", ())


def test_R47_first_priority_is_not_closed_by_its_finder_alone(case_of: Case_) -> None:
    case = case_of("xj dhj zy 1 110")
    assert str(case_of(f"zc {case.handle} 2").state) == "SUBMITTED"


def test_R47_what_cannot_be_self_handled_becomes_general_and_keeps_its_age(day: Any, case_of: Case_) -> None:
    case = case_of("xj dxj zd 3 xc")
    started = day.now
    assert case_of(f"zc {case.handle}").clocks["SELF"].due == started + DAY
    day.later(hours=25)
    back = case_of(f"zc {case.handle} n")
    assert (str(back.state), str(back.flow), back.reported_at) == ("REPORTED", "general", case.reported_at)


def test_R48_the_desk_judges_and_the_order_goes_to_one_named_person(
    town: Town, day: Any, desk: Desk, case_of: Case_
) -> None:
    case = case_of("xj dxj zd 3 xc")
    sent = case_of(f"pd {case.handle} cg")
    assert sent.lead_person in {p.work_no for p in town.staff("cg")}
    assert recipients(desk) == [sent.lead_person]
    assert [m.actor for m in reads.timeline(desk.reader, sent) if m.kind == "accepted"] == ["0001"]


def test_R48_there_is_never_a_second_lead(day: Any, case_of: Case_, refused: Callable[..., str]) -> None:
    case = case_of("xj dxj zd 3 xc cg")
    refused(f"pd {case.handle} sc", 5)
    both = case_of(f"pd {case.handle} sc", confirmed=True)
    assert (both.lead, both.assists) == ("cg", ("sc",))


def test_R48_nobody_verifies_his_own_work(
    day: Any, desk_as: DeskOf, case_of: Case_, refused: Callable[..., str]
) -> None:
    case = case_of("xj dxj zd 3 xc cg")
    person = desk_as(case.lead_person)
    for line in (f"qs {case.handle}", f"dd {case.handle}", f"tj {case.handle} 1"):
        case_of(line, person)
    refused(f"hc {case.handle} y", 7, person)
    assert str(case_of(f"hc {case.handle} y").state) == "CLOSED"


def test_R49_no_difficult_case_without_an_attempt(day: Any, case_of: Case_, refused: Callable[..., str]) -> None:
    case = case_of("xj dxj zd 3 xc")
    case_of(f"sl {case.handle}")
    assert "须先有协调或处置记录" in refused(f"yn {case.handle} n1")


def test_R49_two_departments_returning_it_make_a_case_difficult(day: Any, case_of: Case_) -> None:
    case = case_of("xj dxj zd 3 xc")
    for unit in ("cg", "gbb"):
        case_of(f"pd {case.handle} {unit}")
        case_of(f"td {case.handle} 1")
        case = case_of(f"td {case.handle} y 2")
    assert (str(case.state), case.criterion) == ("DIFF_REVIEW", "no_lead")


def test_R49_two_failed_checks_make_a_case_difficult(day: Any, case_of: Case_) -> None:
    case = case_of("xj dxj zd 3 xc cg")
    case_of(f"qs {case.handle}")
    for _ in range(2):
        case_of(f"tj {case.handle} 1")
        case = case_of(f"hc {case.handle} n 2")
    assert (str(case.state), case.criterion) == ("DIFF_REVIEW", "poor_effect")


def test_R50_only_a_station_leads_and_only_its_head_submits_a_difficult_case(
    town: Town, day: Any, desk_as: DeskOf, case_of: Case_, refused: Callable[..., str]
) -> None:
    case = case_of("xj dhj gd 4 cj")
    case_of(f"xt {case.handle}")
    case_of(f"yn {case.handle} n1")
    case = case_of(f"yn {case.handle} z1")
    assert (str(case.state), case.lead, str(case.flow)) == ("DIFF_LED", "z1", "difficult")
    assert "牵头站" in refused(f"tj {case.handle} 1", 7, desk_as(town.staff("gbb")[0].work_no))
    done = case_of(f"tj {case.handle} 1", desk_as(head_of(town, "z1")))
    assert (str(done.state), done.submitted_by) == ("SUBMITTED", head_of(town, "z1"))


def test_R54_a_110_case_at_ten_past_three_is_due_in_plain_time(clock: Any, case_of: Case_) -> None:
    clock.set("2021-03-02 03:10")
    begun = clock.now
    case = case_of("xj sxc zyrm 2 110")
    assert (str(case.state), case.source) == ("REPORTED", "p110")
    assert case.clocks["ACC"].due == case.clocks["P110"].due == begun + HOUR // 4


def test_R54_first_contact_is_due_three_minutes_after_the_push(clock: Any, case_of: Case_) -> None:
    pushed = clock.now
    case = case_of("xj dhj ssaq 1 110", extra={"phone": "00000005678"})
    assert case.clocks["FC"].due == pushed + 3 * MINUTE
    clock.now = pushed + MINUTE // 2
    contact = case_of(f"xl {case.handle} 1").clocks["FC"]
    assert (contact.running, contact.stopped) == (False, pushed + MINUTE // 2)


def test_R56_one_lead_two_assistants_three_messages_one_deadline(day: Any, desk: Desk, case_of: Case_) -> None:
    case = case_of("xj dxj zd 3 xc")
    joint = case_of(f"pd {case.handle} sc cg pcs")
    assert (joint.lead, joint.assists, len(recipients(desk))) == ("sc", ("cg", "pcs"), 3)
    assert [code for code, clock in joint.clocks.items() if code == "HDL" and clock.running] == ["HDL"]


def test_R71_one_number_through_every_hand_and_the_parts_add_up(day: Any, desk: Desk, case_of: Case_) -> None:
    case = case_of("xj dxj zd 3 xc")
    for unit in ("cg", "gbb"):
        day.later(minutes=30)
        case_of(f"pd {case.handle} {unit}")
        day.later(minutes=45)
        case_of(f"td {case.handle} 1")
        case_of(f"td {case.handle} y 2")
    day.later(minutes=10)
    final = case_of(f"yn {case.handle} z2")
    parts = holders(final, reads.timeline(desk.reader, final), day.now)
    assert final.number == case.number
    assert [unit for unit, _ in parts][:4] == ["", "cg", "", "gbb"]
    assert sum(minutes for _, minutes in parts) == day.now // MINUTE - case.reported_at // MINUTE


def test_R71_a_second_report_of_one_matter_joins_the_first(desk: Desk, case_of: Case_) -> None:
    first = case_of("xj dhj ssaq 1 110 y1", extra={"reporter": "甲"})
    second = case_of("xj dhj ssaq 2 110", extra={"reporter": "乙"})
    case_of(f"cf {second.handle} {first.handle}", confirmed=True)
    master, child = desk.case(first.handle), desk.case(second.handle)
    assert master is not None and child is not None
    assert master.reporter == "甲、乙"
    assert not any(clock.running for clock in child.clocks.values())
