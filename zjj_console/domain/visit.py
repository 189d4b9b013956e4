"""The commander's monthly visit (R60): the record, how its events fold, and which visits are still to be made."""

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any, Literal

import msgspec
from msgspec import Struct

from zjj_console.domain import records
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.model import Event
from zjj_console.town.models import Post, Town

State = Literal["PLANNED", "DONE", "CANCELLED"]
STATE_ZH = {"PLANNED": "已约", "DONE": "已进站", "CANCELLED": "已取消"}


class Word(Struct, frozen=True, omit_defaults=True):
    """What was said about one difficult case: an instruction, which is a task with owner and due, or noted (知悉)."""

    case: str  # id
    handle: str
    noted: bool = False
    text: str = ""
    owner: str = ""
    due: int | None = None
    done_at: int | None = None
    done_by: str = ""
    done_text: str = ""


class Visit(Struct, frozen=True, omit_defaults=True):
    """One visit. `at` is when it took place, or is planned for; `acting`: the post was held by a deputy of its holder."""

    id: str
    station: str
    month: str
    at: int
    state: State = "PLANNED"
    by: str = ""
    name: str = ""
    acting: bool = False
    briefing: str = ""
    problems: str = ""
    cases: dict[str, Word] = {}
    recorded_by: str = ""
    recorded_at: int | None = None
    planned_by: str = ""
    trial: bool = False


def visit_id(station: str, month: str, n: int) -> str:
    return f"JZ-{station}-{month}-{n}"


def event_of(kind: str, visit: Visit, args: dict[str, Any], **put: Any) -> Event:
    key = {"station": visit.station, "month": visit.month, "at": visit.at}
    return Event(kind, f"visit:{visit.id}", {"args": args, "key": key, "put": msgspec.to_builtins(put)})


def evolve(visit: Visit | None, stream: str, data: dict[str, Any]) -> Visit:
    """Fold one visit event. Total: any event applies to any record of its stream."""
    return records.fold(visit, Visit, stream, data)


# who visits, and what is missing ---------------------------------------------------------------------------------------------


def visitor(town: Town, station: str, person: str, day: date) -> Post | None:
    """The post in which somebody visits a station on a day, acting or not; None if he does not hold it."""
    role = town.meetings.visitor
    held = [p for p in town.posts if p.role == role and p.work_no == person and p.held_on(day)
            and p.unit in (station, town.centre.code)]  # fmt: skip
    own = [p for p in held if p.unit == station]
    if any(p.role == role and p.unit == station for p in town.posts):
        held = own  # a station with such a post of its own is visited by its own holder
    return min(held, key=lambda p: p.acting, default=None)


def visitor_of(town: Town, station: str, day: date) -> Post | None:
    """Who should visit: the proper holder, else whoever acts for him."""
    role = town.meetings.visitor
    units = (station, town.centre.code)
    found = [p for p in town.posts if p.role == role and p.unit in units and p.held_on(day)]
    return min(found, key=lambda p: (units.index(p.unit), p.acting), default=None)


class Due(Struct, frozen=True):
    """A station that its commander has not visited in a month. `state`: due, warned (from the warning day on) or overdue."""

    station: str
    month: str
    state: Literal["due", "warned", "overdue"]
    warn_at: int
    ends_at: int  # end of the month
    planned_at: int | None
    zh: str
    en: str


def month_of(duty: DutyTime, at: int) -> str:
    return f"{duty.local(at):%Y-%m}"


def next_month(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12}-{number % 12 + 1:02}"


def starts(duty: DutyTime, month: str) -> int:
    first = date(int(month[:4]), int(month[5:]), 1)
    return duty.instant(datetime.combine(first, time(), duty.town.tz))


def visits_due(town: Town, duty: DutyTime, visits: Iterable[Visit], month: str, now: int) -> tuple[Due, ...]:
    """AC-60a: the stations without a visit in that month, however near its end is."""
    if town.cycles.get("visit", "monthly") != "monthly":
        return ()
    known = [v for v in visits if v.month == month]
    end = starts(duty, next_month(month))
    first = date(int(month[:4]), int(month[5:]), town.meetings.visit_warn_day)
    warn_at = duty.instant(datetime.combine(first, time(), town.tz))
    found = []
    role = town.term(town.meetings.visitor, town.meetings.visitor)
    for unit in town.of_kind("station"):
        if not unit.enabled or any(v.station == unit.code and v.state == "DONE" for v in known):
            continue
        planned = max((v.at for v in known if v.station == unit.code and v.state == "PLANNED"), default=None)
        state: Literal["due", "warned", "overdue"] = "overdue" if now >= end else "warned" if now >= warn_at else "due"
        word = {"due": "待进站", "warned": "本月将尽仍未进站", "overdue": "未进站"}[state]
        when = f"(约 {duty.local(planned):%m-%d})" if planned else ""
        english = {"due": "to visit", "warned": "not yet visited", "overdue": "not visited"}[state]
        zh, en = f"{unit.name} {month} {role}{word}{when}", f"{unit.name_en} {english} in {month}"
        found.append(Due(unit.code, month, state, warn_at, end, planned, zh, en))
    return tuple(found)
