"""The week of consultations (§2.9): which weeks have a meeting, when its three hours fall, and what is missing."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta

from msgspec import Struct

from zjj_console.domain.consult import HELD, Meeting
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.model import HOUR
from zjj_console.town.meetings import WeekTime
from zjj_console.town.models import Town


class Times(Struct, frozen=True):
    """Instants of one week: collection closes, the agenda is locked, the meeting begins, its day ends, the week ends."""

    week: str
    collect: int
    lock: int
    meet: int
    day_ends: int
    week_ends: int


def week_of(day: date) -> str:
    """`2021-W09`, the ISO week."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def monday(week: str) -> date:
    """Raises ValueError for what is no ISO week."""
    return date.fromisocalendar(int(week[:4]), int(week[6:]), 1)


def parse_week(text: str, today: date) -> str | None:
    """`2021-W09`, `W09`, `9`, `HS-2021-W09` (this year), or "" for the present week; None if it is no week."""
    word = text.strip().upper().removeprefix("HS-")
    if not word:
        return week_of(today)
    year, _, number = word.rpartition("-") if "-" in word else (str(today.isocalendar().year), "", word)
    number = number.removeprefix("W")
    if not (year.isdigit() and len(year) == 4 and number.isdigit() and len(number) <= 2):
        return None
    try:
        return week_of(date.fromisocalendar(int(year), int(number), 1))
    except ValueError:
        return None


def times(town: Town, duty: DutyTime, week: str) -> Times:
    first, m = monday(week), town.meetings

    def at(when: WeekTime) -> int:
        day = datetime.combine(first + timedelta(days=when.weekday - 1), time(), town.tz)
        return duty.instant(day + timedelta(minutes=when.minute))

    def midnight(days: int) -> int:
        return duty.instant(datetime.combine(first + timedelta(days=days), time(), town.tz))

    return Times(week, at(m.collect), at(m.lock), at(m.meet), midnight(m.meet.weekday), midnight(7))


def is_meeting_week(town: Town, week: str) -> bool:
    """Every week [D], or every second one counted from the anchor."""
    anchor = monday(week_of(town.meetings.anchor))
    return (monday(week) - anchor).days // 7 % town.meetings.every_weeks == 0


def weeks(town: Town, since: date, until: date) -> Iterator[str]:
    """Meeting weeks whose Monday is in [the week of `since`, `until`]."""
    day = monday(week_of(since))
    while day <= until:
        if is_meeting_week(town, week_of(day)):
            yield week_of(day)
        day += timedelta(days=7)


def next_meeting(duty: DutyTime, after: int) -> int:
    """When the town consults next after an instant."""
    day = duty.local(after).date()
    while True:
        week = week_of(day)
        if is_meeting_week(duty.town, week) and (at := times(duty.town, duty, week).meet) > after:
            return at
        day += timedelta(days=7)


def meeting_id(week: str) -> str:
    return f"HS-{week}"


def blank(town: Town, duty: DutyTime, week: str) -> Meeting:
    """A weekly meeting of which nothing is recorded yet."""
    return Meeting(meeting_id(week), "town", times(town, duty, week).meet, week, place=town.meetings.place)


class Gap(Struct, frozen=True):
    """Something that should have been done: what it is about, since when it is late (µs UTC), and in words."""

    kind: str  # meeting | collection | minutes | follow_up
    ref: str  # week, meeting id, or case handle
    unit: str
    at: int
    late: bool
    zh: str
    en: str


def missing_weeks(town: Town, duty: DutyTime, known: Mapping[str, Meeting], begin: int, now: int) -> tuple[Gap, ...]:
    """AC-59b: meeting weeks that went by without a meeting or a reason, since `begin` and within the look-back.

    A week counts as missed when the day of its meeting is over; a meeting that was put on another day, when that is.
    """
    today = duty.local(now).date()
    first = max(duty.local(begin).date(), today - timedelta(weeks=town.meetings.look_back_weeks))
    found = []
    for week in weeks(town, first, today):
        t, meeting = times(town, duty, week), known.get(week)
        moved = meeting.at if meeting else t.meet
        over = t.day_ends + (_days(duty, t.meet, moved) * 24 * HOUR if moved > t.meet else 0)
        if now < over or t.meet < begin or (meeting and meeting.state in (*HELD, "SKIPPED")):
            continue
        zh = f"{week} 未会商也未记理由；补开 consult open {week}，或 consult skip {week} --reason"
        found.append(Gap("meeting", week, "", over, True, zh, f"{week}: no consultation and no reason"))
    return tuple(found)


def _days(duty: DutyTime, start: int, end: int) -> int:
    return (duty.local(end).date() - duty.local(start).date()).days


def missing_collections(town: Town, duty: DutyTime, meeting: Meeting, now: int) -> tuple[Gap, ...]:
    """AC-58a: stations that have neither reported a case nor said that there is none."""
    if meeting.level != "town" or meeting.state in (*HELD, "SKIPPED"):
        return ()
    closes = times(town, duty, meeting.week).collect
    late = now >= closes
    return tuple(
        Gap("collection", meeting.week, unit.code, closes, late, f"{unit.name} 未报",
            f"{unit.name_en} has not reported")
        for unit in town.of_kind("station") if unit.enabled and unit.code not in meeting.collections
    )  # fmt: skip


def silent(town: Town, meeting: Meeting) -> tuple[str, ...]:
    """Stations that never reported, also of a meeting that is over."""
    return tuple(u.code for u in town.of_kind("station") if u.enabled and u.code not in meeting.collections)


def minutes_due(town: Town, duty: DutyTime, meeting: Meeting) -> int:
    """Until when a meeting that began must have its minutes: the same day; an urgent one within hours [A]."""
    begun = meeting.opened_at or meeting.at
    if meeting.level == "urgent":
        return begun + town.meetings.urgent_hours * HOUR
    day = duty.local(begun).date() + timedelta(days=1)
    return duty.instant(datetime.combine(day, time(), town.tz))


def late_minutes(town: Town, duty: DutyTime, meetings: Iterable[Meeting], now: int) -> tuple[Gap, ...]:
    """Meetings that were opened and never closed in time."""
    found = []
    for m in meetings:
        due = minutes_due(town, duty, m)
        if m.state == "OPEN" and now >= due:
            found.append(Gap("minutes", m.id, "", due, True, f"{m.id} 未散会，纪要已逾时", f"{m.id}: minutes are late"))
    return tuple(found)
