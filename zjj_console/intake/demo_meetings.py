"""The meetings of the demo night: last week's decision that nobody carried out, this week's collection, two visits."""

from collections.abc import Iterator
from datetime import timedelta

from msgspec.structs import replace

from zjj_console.desk import agenda, consulting, pool, visiting, which_meeting
from zjj_console.desk.acts import Act
from zjj_console.desk.consulting import Decision
from zjj_console.desk.desk import Desk
from zjj_console.desk.session import actor_of
from zjj_console.domain import consult_week as weeks
from zjj_console.domain import visit
from zjj_console.domain.model import DAY, HOUR, MINUTE, Case
from zjj_console.storage import projections, reads_meeting

_PLANNED_IN = 8 * DAY


def seed_meetings(desk: Desk, at: int) -> None:
    """What was said about the cases known at an instant: the desk's clock is moved to it, back and a little ahead.

    Nothing where a profile has no stations or nobody who may hold a consultation.
    """
    clock = desk.now
    stations = [u.code for u in desk.town.of_kind("station") if u.enabled]
    chair = next((p.work_no for p in desk.town.holders(desk.town.centre.code, "centre")), "")
    try:
        desk.now = lambda: at
        if not stations or not chair or reads_meeting.weekly(desk.reader, at - 30 * DAY):
            return
        for when, who, act in (*_last_week(desk, at, chair), *_this_week(desk, at, chair, stations)):
            desk.now = lambda when=when: when  # type: ignore[misc]
            desk.act(act, actor=replace(actor_of(desk.town, who), trial=desk.actor.trial))
    finally:
        desk.now = clock


def _last_week(desk: Desk, at: int, chair: str) -> Iterator[tuple[int, str, Act]]:
    """One case was put to the town, to be answered within a day or two; it was not."""
    today = desk.duty.local(at).date()
    monday = today - timedelta(days=today.weekday())
    before = list(weeks.weeks(desk.town, monday - timedelta(weeks=5), monday - timedelta(days=1)))
    case = next(iter(_tried(desk)), None)
    if not before or case is None:
        return
    week = before[-1]
    held = max(weeks.times(desk.town, desk.duty, week).meet, case.reported_at + 12 * HOUR)
    due = held + 30 * HOUR
    if due >= at or case.reported_at + 12 * HOUR >= at:
        return
    name = weeks.meeting_id(week)
    yield held - 30 * MINUTE, chair, agenda.put(case.id, "修复经费未落实(示例)", week=week, cross=("levels",))
    yield held, chair, consulting.open_(name)
    said = Decision(level="town", due=due, text="由镇里定修复经费(示例)")
    yield held + 15 * MINUTE, chair, consulting.decide(case.id, "4", said, meeting=name)
    yield held + 20 * MINUTE, chair, consulting.attend([case.station], meeting=name)
    yield held + 40 * MINUTE, chair, consulting.close(name)


def _this_week(desk: Desk, at: int, chair: str, stations: list[str]) -> Iterator[tuple[int, str, Act]]:
    """Two stations report, one says that there is nothing, the others are silent. One visit was made, one is planned."""
    difficult = sorted(reads_meeting.difficult(desk.reader), key=lambda c: (c.reported_at, c.serial))
    by_station: dict[str, Case] = {}
    for case in difficult:
        if case.station in stations:
            by_station.setdefault(case.station, case)
    two = list(by_station.items())[:2]
    silent = [code for code in stations if code not in by_station]
    questions = ("明确主责部门与时限(示例)", "多部门联合处置(示例)")
    for n, (station, case) in enumerate(two):
        tag = ("departments",) if n == 0 else ("departments", "areas")
        act = agenda.collect(station, {case.handle: tag}, text=questions[n])
        yield at + n * MINUTE, _head(desk, station) or chair, act
    others = [c for c in _tried(desk) if c.id not in {case.id for _, case in two} and not c.consult]
    third = next((c for c in others if c.priority <= 2), next(iter(others[1:]), None))
    if third is not None:
        yield at + 2 * MINUTE, chair, agenda.put(third.id, "处置力量不足，请协调(示例)")
    invited = _departments(desk)
    if two and invited:
        lacking = agenda.detail(two[0][1].id, proposed=invited[0], invited=tuple(invited[:2]), missing="现场照片")
        yield at + 3 * MINUTE, chair, lacking
    if silent:
        yield at + 3 * MINUTE, _head(desk, silent[-1]) or chair, agenda.collect(silent[-1], {}, nil=True)
    yield from _visits(desk, at, chair, silent or stations)


def _visits(desk: Desk, at: int, chair: str, stations: list[str]) -> Iterator[tuple[int, str, Act]]:
    month = visit.month_of(desk.duty, at)
    made = max(visit.starts(desk.duty, month), at - 3 * HOUR)
    post = visit.visitor_of(desk.town, stations[0], desk.duty.local(made).date())
    if post is not None:
        record = visiting.record(
            stations[0], post.work_no, made, "人员到岗，运行平稳(示例)", "停车难(示例)", noted=(visiting.ALL,)
        )
        yield at + 4 * MINUTE, chair, record
    ends = visit.starts(desk.duty, visit.next_month(month))
    planned = min(at + _PLANNED_IN, ends - HOUR)
    if planned > at + HOUR and len(stations) > 1:
        yield at + 5 * MINUTE, chair, visiting.plan(stations[1], planned)


def _tried(desk: Desk) -> list[Case]:
    """Open cases that somebody has tried to solve, the oldest first: what may go on an agenda."""
    sql = f"{projections.SELECT_CASE} WHERE is_open = 1 ORDER BY reported_at, serial"
    cases = map(projections.case_from, desk.reader.execute(sql).fetchall())
    facts = desk.facts()
    found = []
    for case in cases:
        work = which_meeting.work_of(desk.reader, facts)
        meeting = weeks.blank(desk.town, desk.duty, weeks.week_of(desk.duty.local(facts.now).date()))
        if case.attempts and agenda.list_case(work, case, meeting, "示例", pool.why(desk.reader, case, facts)) is None:
            found.append(case)
    return found


def _head(desk: Desk, station: str) -> str:
    return next((p.work_no for p in desk.town.holders(station, "chief")), "")


def _departments(desk: Desk) -> list[str]:
    units = (*desk.town.of_kind("resident"), *desk.town.of_kind("on_demand"))
    return [u.code for u in units if u.enabled][1:3]
