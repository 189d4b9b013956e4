"""What needs a person now (§3.6): grades, their order, when the bell rings, what is one cause. Instants in, answers out.

Three things that are not the same: to acknowledge (somebody at the desk has seen it; it stays until it is solved), to
mute (this desk hears nothing for a while) and to solve (the clock is met). None of them stops a clock.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Protocol, TypeVar

from msgspec import Struct

from zjj_console.domain.model import MINUTE, SECOND
from zjj_console.town.ladder import AlarmRules


class Grade(IntEnum):
    """From the worst: the order of the list."""

    URGENT_LATE = 0  # first priority, a deadline missed
    DESK = 1  # the desk itself: an unsigned handover, a clock that was set back
    URGENT_NEW = 2  # first priority, nobody sent yet
    LATE = 3
    SOON = 4
    ASKED = 5  # a wish that waits for a decision
    NOTE = 6  # a vacant post, a meeting or a visit that is missing


URGENT = frozenset({Grade.URGENT_LATE, Grade.URGENT_NEW})
SOUNDS_ONCE = frozenset({Grade.DESK, Grade.LATE})
_NOBODY_THERE = ("REPORTED", "ACCEPTED", "DISPATCHED")
SHAPE = {Grade.URGENT_LATE: "!!!", Grade.URGENT_NEW: "!!!", Grade.DESK: "!!", Grade.LATE: "!!"}
WORD = {
    Grade.URGENT_LATE: "急超", Grade.DESK: "台", Grade.URGENT_NEW: "急新", Grade.LATE: "超", Grade.SOON: "临",
    Grade.ASKED: "请", Grade.NOTE: "注",
}  # fmt: skip


class Dated(Protocol):
    """A case and its next deadline: `next_kind` is the clock, empty without one; instants in µs UTC."""

    @property
    def priority(self) -> int: ...
    @property
    def state(self) -> str: ...
    @property
    def next_kind(self) -> str: ...
    @property
    def next_due(self) -> int: ...
    @property
    def next_warn(self) -> int: ...


class Raised(Protocol):
    """What the rules ask of an alarm. `acked`: when it was acknowledged, None while nobody has since it was `raised`."""

    @property
    def subject(self) -> str: ...
    @property
    def grade(self) -> Grade: ...
    @property
    def raised(self) -> int: ...
    @property
    def acked(self) -> int | None: ...
    @property
    def cause(self) -> str: ...


def pressing(case: Dated, now: int) -> Grade | None:
    """How a running case presses by its next deadline (§3.6); None where it does not. A review presses nobody."""
    if case.next_kind in ("", "REV"):
        return None
    late = case.next_due <= now
    if case.priority == 1 and (late or case.state in _NOBODY_THERE):
        return Grade.URGENT_LATE if late else Grade.URGENT_NEW
    if late:
        return Grade.LATE
    return Grade.SOON if case.next_warn <= now else None


def order(alarm: Raised) -> tuple[bool, int, int]:
    """Not yet acknowledged before acknowledged, the worst grade first, then the longest standing."""
    return alarm.acked is not None, alarm.grade, alarm.raised


def mark(grade: Grade) -> str:
    """Shape and word; either is enough without the other, and without colour."""
    return f"{SHAPE.get(grade, '!')}{WORD[grade]}"


# the bell -----------------------------------------------------------------------------------------------------------------


def rings(alarm: Raised, before: int, now: int, rules: AlarmRules) -> bool:
    """Whether the bell sounds for it in (before, now].

    First priority: every `p1_repeat` until acknowledged, afterwards every `p1_again` while late; other late ones once;
    what is only due soon or asked for is silent.
    """
    if alarm.grade in URGENT and alarm.acked is None:
        return _beats(alarm.raised, rules.p1_repeat * SECOND, before, now)
    if alarm.grade is Grade.URGENT_LATE and alarm.acked is not None:
        period = rules.p1_again * MINUTE
        return _beats(alarm.acked + period, period, before, now)
    return alarm.grade in SOUNDS_ONCE and alarm.acked is None and before < alarm.raised <= now


def _beats(start: int, period: int, before: int, now: int) -> bool:
    """True if one of start, start + period, .. lies in (before, now]."""
    if now < start:
        return False
    return start + (now - start) // period * period > before


A = TypeVar("A", bound=Raised)


# many at once -------------------------------------------------------------------------------------------------------------


class Group(Struct, frozen=True):
    """Alarms of one cause in a flood, shown as one line. First priority is never in one."""

    cause: str
    grade: Grade
    raised: int  # the earliest
    subjects: tuple[str, ...]


def flooded(alarms: Iterable[Raised], now: int, rules: AlarmRules) -> frozenset[str]:
    """Causes that are to be grouped: in a flood every one that has more than one fresh alarm."""
    since = now - rules.flood_minutes * MINUTE
    fresh = [a.cause for a in alarms if a.grade not in URGENT and a.acked is None and a.raised > since]
    if len(fresh) <= rules.flood:
        return frozenset()
    return frozenset(cause for cause, n in Counter(fresh).items() if n > 1)


def grouped(alarms: Sequence[A], now: int, rules: AlarmRules) -> list[A | Group]:
    """The list with the fresh alarms of a flood gathered by cause, each group where its first member stood."""
    causes, since = flooded(alarms, now, rules), now - rules.flood_minutes * MINUTE
    groups: dict[str, list[A]] = {}
    for alarm in alarms:
        if alarm.cause in causes and alarm.grade not in URGENT and alarm.acked is None and alarm.raised > since:
            groups.setdefault(alarm.cause, []).append(alarm)
    within = {one.subject: cause for cause, members in groups.items() for one in members}
    shown: list[A | Group] = []
    for alarm in alarms:
        cause = within.get(alarm.subject)
        if cause is None:
            shown.append(alarm)
        elif alarm.subject == groups[cause][0].subject:
            members = groups[cause]
            subjects = tuple(one.subject for one in members)
            shown.append(Group(cause, alarm.grade, min(one.raised for one in members), subjects))
    return shown
