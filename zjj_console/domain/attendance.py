"""Signing in and out (§4.4, R39, R40, R41): to which shift a sign belongs, what it is worth, and when it is refused.

A sign belongs to a duty date, the local date on which the shift begins: 02:15 is still the night before.
"""

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import Literal, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from zjj_console.domain.duty import DutyTime
from zjj_console.domain.model import MINUTE, Refusal
from zjj_console.domain.roster import Assignment, Book, Interval, Leave, Sign, signed_in, span_of, without
from zjj_console.town.models import Person, Shift, Town

Direction = Literal["in", "out"]
CLOSE_AFTER = 120  # minutes after the planned end: overtime on a scene is common, a forgotten sign must not last [A]
_RULE = "4.4"
NO_SHIFT = Refusal(8, _RULE, "本单位没有班次；请先排班", "the unit works no shift; plan the person first")


class Match(NamedTuple):
    """The duty date and shift of a sign. `shift` is "" where the person's unit works none."""

    day: date
    shift: str
    assignment: Assignment | None


class Attendance(Struct, frozen=True):
    """What one assignment's sign is worth, in minutes. On-call duty is only acknowledged: it counts no minutes."""

    planned: int  # leave taken off
    attended: int = 0  # of the planned ones; a lateness within the grace is none
    worked: int = 0  # from sign-in to sign-out, as they were
    late: int = 0  # from the start, not from the end of the grace
    early: int = 0
    overtime: int = 0  # after the planned end
    on_time: bool = False  # sign-in indicator
    out_ok: bool = False  # sign-out indicator
    missing_out: bool = False  # 漏签退: the hours count, the indicator does not
    absent: bool = False
    open: bool = False  # signed in, not yet out


def match(book: Book, person: str, at: int, town: Town, duty: DutyTime, direction: Direction = "in") -> Match:
    """To what a sign at an instant belongs: an open sign's shift, else the nearest open window, else a guess.

    A sign-in goes to a shift not yet signed for, if there is one. Without an assignment the person's unit tells.
    """
    current = signed_in(book, person, at)
    if direction == "out" and current is not None:
        return Match(current.day, current.shift, _assignment(book, current))
    after = CLOSE_AFTER * MINUTE if direction == "out" else 0
    near = [a for a in book.by_person.get(person, ()) if a.start - _lead(town, a.shift) * MINUTE <= at < a.end + after]
    if near:
        best = min(near, key=lambda a: (_signed(book, a) == (direction == "in"), max(a.start - at, at - a.end, 0)))
        return Match(best.day, best.shift, best)
    return _guess(town.people.get(person), at, town, duty)


def judge(a: Assignment, sign: Sign | None, town: Town, now: int, leaves: Iterable[Leave] = ()) -> Attendance:
    """Late, early, overtime and hours of one assignment as known at `now` (AC-39a). Leave excuses what it covers."""
    rules, presence = town.duty_rules, town.shift_of(a.shift).presence
    owed = _owed(a, leaves)
    planned = _minutes(end - start for start, end in owed) if presence else 0
    start, end = (owed[0][0], owed[-1][1]) if owed else (a.start, a.end)
    if sign is None:
        return Attendance(planned, absent=bool(owed) and now >= start + rules.absent_after * MINUTE)
    on_time = sign.in_at <= start + rules.grace * MINUTE
    late = 0 if on_time else (sign.in_at - start) // MINUTE
    if not presence:
        return Attendance(0, late=late, on_time=on_time, out_ok=True)
    forgotten = sign.out_at is None and now >= a.end + CLOSE_AFTER * MINUTE
    running = sign.out_at is None and not forgotten
    out = sign.out_at if sign.out_at is not None else max(sign.in_at, end if forgotten else now)
    begin = start if on_time else sign.in_at
    early = 0 if running else max(0, end - out) // MINUTE
    missing = sign.auto_out or forgotten
    return Attendance(
        planned,
        attended=_minutes(max(0, min(close, out) - max(opening, begin)) for opening, close in owed),
        worked=(out - sign.in_at) // MINUTE,
        late=late,
        early=early,
        overtime=max(0, out - a.end) // MINUTE,
        on_time=on_time,
        out_ok=not (running or early or missing),
        missing_out=missing,
        open=running,
    )


def auto_closes(book: Book, now: int, town: Town, duty: DutyTime, busy: Collection[str] = ()) -> list[Sign]:
    """Signs to be closed now at their planned end, each as it should be stored (漏签退).

    That is two hours after the end, at once when the person has signed in for another shift, and never while he is
    `busy` on a scene (§2.8). On-call people do not sign out: theirs end unmarked with the duty.
    """
    last: dict[str, int] = {}
    for sign in book.signs:
        last[sign.person] = max(sign.in_at, last.get(sign.person, 0))
    found = []
    for sign in book.signs:
        if sign.out_at is not None:
            continue
        end, presence = max(_end(book, sign, town, duty), sign.in_at), town.shift_of(sign.shift).presence
        overdue = now >= end + CLOSE_AFTER * MINUTE and sign.person not in busy
        if now >= end and (overdue or not presence or last[sign.person] > sign.in_at):
            found.append(replace(sign, out_at=end, out_via="auto", auto_out=presence))
    return found


def sign_refusal(
    book: Book, person: str, direction: Direction, at: int, now: int, town: Town, duty: DutyTime
) -> Refusal | None:
    """Why a sign at `at` cannot be taken: code 3 for an impossible instant, 8 for a rule; None if it can."""
    if at > now:
        return Refusal(3, _RULE, "签到签退时刻不能在将来，请核对时间", "the time is in the future; check it")
    current = signed_in(book, person, now)
    if direction == "in":
        return _in_refusal(book, person, at, town, duty, current)
    if current is None:
        return Refusal(
            8, _RULE, "没有未签退的签到；先签到，漏签的申请补签", "no open sign-in; sign in first or ask for a fix"
        )
    if at < current.in_at:
        zh, en = f"签退早于签到 {_clock(duty, current.in_at)}", f"before the sign-in of {_clock(duty, current.in_at)}"
        return Refusal(3, _RULE, f"{zh}，请核对时间", f"{en}; check the time")
    return None


def _in_refusal(book: Book, person: str, at: int, town: Town, duty: DutyTime, current: Sign | None) -> Refusal | None:
    day, code, a = match(book, person, at, town, duty)
    if code not in town.shifts:
        return NO_SHIFT
    if current is not None and at < _end(book, current, town, duty):
        since, name = _clock(duty, current.in_at), town.shift_of(current.shift).name
        return Refusal(
            8, _RULE, f"{name} {since} 已签到；换班先签退", f"signed in for {current.shift} at {since}; sign out first"
        )
    done = book.sign_of.get((person, day, code))
    if done is not None:
        since = _clock(duty, done.in_at)
        return Refusal(
            8,
            _RULE,
            f"{town.shift_of(code).name} {since} 已签到；更正请申请补签",
            f"signed in at {since}; ask for a fix",
        )
    later = a or _later(book, person, at, duty)
    code, start = (later.shift, later.start) if later else (code, span_of(town, duty, town.shifts[code], day)[0])
    opens = start - _lead(town, code) * MINUTE
    if at < opens:
        when = _clock(duty, opens)
        return Refusal(
            8,
            _RULE,
            f"{town.shift_of(code).name} {when} 起可签到；请届时再签",
            f"{code} can be signed from {when}; wait",
        )
    return None


def _signed(book: Book, a: Assignment) -> bool:
    return (a.person, a.day, a.shift) in book.sign_of


def _assignment(book: Book, sign: Sign) -> Assignment | None:
    mine = book.by_person.get(sign.person, ())
    return next((a for a in mine if (a.day, a.shift) == (sign.day, sign.shift)), None)


def _later(book: Book, person: str, at: int, duty: DutyTime) -> Assignment | None:
    """His next assignment of the same local date."""
    today = duty.local(at).date()
    return next((a for a in book.by_person.get(person, ()) if a.start > at and a.day == today), None)


def _end(book: Book, sign: Sign, town: Town, duty: DutyTime) -> int:
    """Planned end of a sign's shift; its own instant where nobody knows the shift any more."""
    a = _assignment(book, sign)
    if a is not None:
        return a.end
    shift = town.shifts.get(sign.shift)
    return span_of(town, duty, shift, sign.day)[1] if shift else sign.in_at


def _lead(town: Town, code: str) -> int:
    """Minutes before the start at which a shift can be signed; the response team may assemble early (SH-2)."""
    rules, team = town.duty_rules, "response_team" in town.shift_of(code).units
    return max(rules.sign_opens, rules.assemble_before) if team else rules.sign_opens


def _guess(person: Person | None, at: int, town: Town, duty: DutyTime) -> Match:
    today = duty.local(at).date()
    unit = town.units.get(person.unit) if person else None
    if person is None or unit is None:
        return Match(today, "", None)
    kind = "station" if unit.kind in ("resident", "on_demand") else unit.kind
    shifts = [s for s in town.shifts.values() if s.presence and kind in s.units]
    if kind != "centre":
        # A deputy's own shift before the station's; who has no such role works the hours of his unit.
        shifts = (
            [s for s in shifts if set(s.posts) & set(person.roles)]
            or [s for s in shifts if s.hours == unit.hours]
            or shifts
        )
    days = (today, today - timedelta(days=1))
    running = [Match(day, s.code, None) for s in shifts for day in days if _covers(s, day, at, town, duty)]
    return running[0] if running else Match(today, shifts[0].code if shifts else "", None)


def _covers(shift: Shift, day: date, at: int, town: Town, duty: DutyTime) -> bool:
    start, end = span_of(town, duty, shift, day)
    return start - _lead(town, shift.code) * MINUTE <= at < end


def _owed(a: Assignment, leaves: Iterable[Leave]) -> list[Interval]:
    """The parts of an assignment that its person's leave leaves."""
    return without([(a.start, a.end)], ((leave.start, leave.end) for leave in leaves if leave.person == a.person))


def _minutes(spans: Iterable[int]) -> int:
    return sum(spans) // MINUTE


def _clock(duty: DutyTime, at: int) -> str:
    return f"{duty.local(at):%m-%d %H:%M}"
