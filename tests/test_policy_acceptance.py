"""Sentences of the policy that no other test shows, by typed lines through the desk. Claimed in policy.toml."""

from collections.abc import Callable
from typing import Any

import pytest

from zjj_console.desk.desk import Desk
from zjj_console.desk.outcome import Outcome
from zjj_console.desk.shape import holders, phone_for
from zjj_console.domain.alarms import Grade
from zjj_console.domain.model import MINUTE, Case
from zjj_console.storage import audit, duty_rows, reads
from zjj_console.town.models import Town

Case_ = Callable[..., Case]
DeskOf = Callable[[str], Desk]


@pytest.fixture
def case_of(do: Callable[..., Outcome]) -> Case_:
    """Run a line that must succeed; the case as it stands then."""

    def run(line: str, by: Desk | None = None, **options: Any) -> Case:
        found = do(line, by, **options).case
        assert found is not None
        return found

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


def test_R07_assistants_read_the_whole_history_but_not_the_telephone(
    town: Town, desk: Desk, desk_as: DeskOf, case_of: Case_
) -> None:
    case = case_of("xj dhj zy 1 110 y1", extra={"phone": "00000005678"})
    case = case_of(f"pd {case.handle} z5", confirmed=True)
    assistant = desk_as(head_of(town, "z5"))
    assert phone_for(case, assistant.actor) == "0** **** 5678"
    assert phone_for(case, desk.actor) == "00000005678"
    assert reads.timeline(assistant.reader, case) == reads.timeline(desk.reader, case)


def test_AC_12a_where_nobody_is_free_the_alarm_says_so_and_each_is_listed_with_his_load(
    desk: Desk, case_of: Case_
) -> None:
    waiting = case_of("xj dhj zy 1 110")
    assert desk.alarms().alarms[0].zh == ""
    for one in desk.candidates(waiting.id):
        other = case_of("xj dhj zd 3 xc")
        case_of(f"pd {other.handle} {one.unit} 1", confirmed=True)
    worst = desk.alarms().alarms[0]
    assert (worst.subject, worst.zh) == (waiting.id, "无空闲力量")
    assert all(one.busy for one in desk.candidates(waiting.id))


def test_R51_a_refused_support_is_told_to_the_chief_at_once_until_it_is_asked_for_again(
    town: Town, desk: Desk, case_of: Case_
) -> None:
    case = case_of("xj dhj zd 3 cj")
    case_of(f"zb {case.handle} 请派员到场")
    case_of(f"zb {case.handle} n 1 两组都在现场")
    climb = duty_rows.load_climb(desk.reader, case.id)
    assert climb is not None
    assert [(rung.person, rung.waits) for rung in climb.rungs][-1] == (head_of(town, "z1"), True)
    case_of(f"zb {case.handle} 请派员到场")
    climb = duty_rows.load_climb(desk.reader, case.id)
    assert climb is not None
    assert not climb.open


def test_R17_from_village_to_station_to_town_finder_and_age_stay(day: Any, case_of: Case_) -> None:
    first = case_of("xj dhj gd 4 cj", extra={"reporter": "v03"})
    case_of(f"zc {first.handle}")
    day.later(days=2)
    case_of(f"xt {first.handle}")
    case = case_of(f"yn {first.handle} n1")
    assert (case.reporter, case.reported_at, str(case.state)) == ("v03", first.reported_at, "DIFF_REVIEW")


def test_R47_first_priority_is_not_closed_by_its_finder_alone(case_of: Case_) -> None:
    case = case_of("xj dhj zy 1 110")
    assert str(case_of(f"zc {case.handle} 2").state) == "SUBMITTED"


def test_R48_the_desk_judges_and_the_order_goes_to_one_named_person(
    town: Town, day: Any, desk: Desk, case_of: Case_
) -> None:
    case = case_of("xj dxj zd 3 xc")
    sent = case_of(f"pd {case.handle} cg")
    assert sent.lead_person in {p.work_no for p in town.staff("cg")}
    assert recipients(desk) == [sent.lead_person]
    assert [m.actor for m in reads.timeline(desk.reader, sent) if m.kind == "accepted"] == ["0001"]


def test_AC_54b_a_missed_first_contact_is_an_alarm(day: Any, desk: Desk, case_of: Case_) -> None:
    case = case_of("xj dhj js 2 110", extra={"phone": "0000-0199"})
    assert desk.alarms().late == 0
    day.later(minutes=4)
    worst = desk.alarms().alarms[0]
    assert (worst.subject, worst.grade, worst.row.next_kind if worst.row else "") == (case.id, Grade.LATE, "FC")


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
