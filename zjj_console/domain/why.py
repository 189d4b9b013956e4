"""How a deadline came about, taken apart with the functions that made it (§2.5, NV-20). Nothing is read here.

The life of a clock is a list of turns: the event that changed it, and the clock before and after. Minutes are counted
by `DutyTime` alone, so that what is explained is what was computed.
"""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from zjj_console.domain.climb import Call, Climb
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.model import Case, Clock
from zjj_console.town.models import DayType

Topic = Literal["deadline", "ladder", "lead", "candidate"]
JOURNAL = "J"  # the mark of a step that no figure stands behind: the journal says so
DECIDED = frozenset({"SUPV", "REV"})  # clocks whose end somebody set: no limit is counted


class Step(Struct, frozen=True):
    """One step of an explanation. `rule` names clause and row, `mark` where its figure comes from (see `town.limits`,
    and JOURNAL); `at` is µs UTC; `events` are numbers in the journal; `facts` are the figures, ready for JSON.
    """

    topic: Topic
    rule: str
    mark: str
    zh: str
    en: str
    at: int | None = None
    events: tuple[int, ...] = ()
    facts: dict[str, Any] = {}


class Happening(Struct, frozen=True):
    """An event of a case with the case before and after it."""

    lseq: int
    kind: str
    actor: str
    at: int
    data: dict[str, Any]
    before: Case | None
    after: Case

    @property
    def args(self) -> dict[str, Any]:
        found: dict[str, Any] = self.data.get("args", {})
        return found

    @property
    def step(self) -> str:
        """Row of the life cycle, empty where the event came from none."""
        return str(self.data.get("step", ""))


# clocks -------------------------------------------------------------------------------------------------------------------


Did = Literal["started", "moved", "paused", "resumed", "stopped", "again", "restored"]


class Turn(Struct, frozen=True):
    """One change of a clock. `again`: a stopped clock runs on; `restored`: an undo put this back."""

    did: Did
    by: Happening
    before: Clock | None
    after: Clock


def life(code: str, history: Iterable[Happening]) -> list[Turn]:
    """The turns of a clock since it was last started; what was undone is left out. Empty if it never ran."""
    turns: list[Turn] = []
    for one in history:
        same_life = one.before is not None and one.before.cycle == one.after.cycle  # a reopened case begins anew
        before = one.before.clocks.get(code) if one.before is not None and same_life else None
        after = one.after.clocks.get(code)
        if before == after and same_life:
            continue
        if after is None:
            turns = []
        elif one.kind == "undone" and any(turn.after == after for turn in turns):
            last = max(n for n, turn in enumerate(turns) if turn.after == after)
            turns = [*turns[: last + 1], Turn("restored", one, before, after)]
        else:
            turns.append(Turn(_did(before, after), one, before, after))
    starts = [n for n, turn in enumerate(turns) if turn.did == "started"]
    return turns[starts[-1] :] if starts else turns


def _did(before: Clock | None, after: Clock) -> Did:
    """What a change of a clock means; one that begins anew has another start, limit or way of counting."""
    if before is None or _head(before) != _head(after):
        return "started"
    if before.stopped is None and after.stopped is not None:
        return "stopped"
    if before.due is not None and after.due is None:
        return "paused"
    if before.due is None and after.due is not None:
        return "resumed"
    return "again" if before.stopped is not None and after.stopped is None else "moved"


def _head(clock: Clock) -> tuple[int, int, str, str]:
    return clock.started, clock.limit, clock.kind, clock.unit


class Moved(Struct, frozen=True):
    """A deadline that was put off: from, to, and the minutes of the clock's own kind between."""

    by: Happening
    old: int
    new: int
    minutes: int


class Stretch(Struct, frozen=True):
    """A clock from one start to the next pause or to its due time. `given` minutes at its start, moved by `moves`."""

    by: Happening
    start: int
    end: int
    due: int
    given: int
    moves: tuple[Moved, ...] = ()
    left: int | None = None  # what a pause kept

    @property
    def whole(self) -> int:
        return self.given + sum(move.minutes for move in self.moves)

    @property
    def counted(self) -> int:
        """Minutes that count from `start` to `end`: all of them, or what the pause did not keep."""
        return self.whole - (self.left or 0)


def stretches(turns: list[Turn], duty: DutyTime) -> list[Stretch]:
    """How the time of a clock adds up. `given` and the moves of the last stretch are exactly `start` to `due`."""
    found: list[Stretch] = []
    for turn in turns:
        clock, last = turn.after, found[-1] if found else None
        if turn.did == "started" and clock.due is not None:
            first = (
                duty.add(clock.started, clock.limit, clock.kind, clock.unit) if clock.code not in DECIDED else clock.due
            )
            found.append(Stretch(turn.by, clock.started, first, first, clock.limit))
            if first != clock.due:  # an import that tells the end of a longer story
                found[-1] = _put_off(found[-1], turn.by, clock, clock.due, duty)
        elif turn.did == "resumed" and clock.due is not None:
            given = duty.between(turn.by.at, clock.due, clock.kind, clock.unit)
            found.append(Stretch(turn.by, turn.by.at, clock.due, clock.due, given))
        elif turn.did == "paused" and last is not None:
            found[-1] = replace(last, end=turn.by.at, left=clock.left or 0)
        elif turn.did in ("moved", "again") and last is not None and clock.due not in (None, last.due):
            found[-1] = _put_off(last, turn.by, clock, clock.due or 0, duty)
    return found


def _put_off(stretch: Stretch, by: Happening, clock: Clock, due: int, duty: DutyTime) -> Stretch:
    """From the start of the stretch both times, so that the parts of a minute do not add up to one."""
    minutes = duty.between(stretch.start, due, clock.kind, clock.unit) - stretch.whole
    return replace(stretch, end=due, due=due, moves=(*stretch.moves, Moved(by, stretch.due, due, minutes)))


class Counted(Struct, frozen=True):
    """What one day gave to a clock. `minutes` 0 on a day that does not count, which `kind` and `name` explain."""

    day: date
    start: int
    end: int
    minutes: int
    kind: DayType
    name: tuple[str, str] = ("", "")


DayOf = Callable[[date], tuple[DayType, tuple[str, str]]]  # kind and name of a day, in both languages


def days(stretch: Stretch, clock: Clock, duty: DutyTime, day_of: DayOf) -> list[Counted]:
    """Every day of a stretch of duty time; their minutes add up to `stretch.counted`. Nothing for plain time."""
    if clock.kind == "wall":
        return []
    hours, found = duty.town.hours_of(clock.unit), []
    day, last = duty.local(stretch.start).date(), duty.local(stretch.end).date()
    while day <= last:
        kind, name = day_of(day)
        opens, closes = duty.window(day, hours)
        begin, end = max(opens, stretch.start), min(closes, stretch.end)
        counts = duty.is_workday(day) and begin < end
        minutes = _used(stretch, clock, end, duty) - _used(stretch, clock, begin, duty) if counts else 0
        found.append(Counted(day, begin if counts else opens, end if counts else opens, minutes, kind, name))
        day += timedelta(days=1)
    return found


def _used(stretch: Stretch, clock: Clock, at: int, duty: DutyTime) -> int:
    """Minutes used up at an instant, rounded as a pause rounds what is left."""
    return stretch.whole - duty.between(at, stretch.due, clock.kind, clock.unit)


class Off(Struct, frozen=True):
    """Days in a row that do not count, under one name."""

    first: date
    last: date
    kind: DayType
    name: tuple[str, str]


def off_days(counted: list[Counted]) -> list[Off]:
    """Rest days and holidays of a stretch, gathered; the week-end inside a holiday belongs to it."""
    found: list[Off] = []
    for one in counted:
        if one.kind == "workday":
            continue
        before = found[-1] if found else None
        if before and (before.kind, before.name) == (one.kind, one.name) and before.last + timedelta(days=1) == one.day:
            found[-1] = replace(before, last=one.day)
        else:
            found.append(Off(one.day, one.day, one.kind, one.name))
    return found


# the ladder ---------------------------------------------------------------------------------------------------------------


class Noted(Struct, frozen=True):
    """An event of the ladder with the whole record as it was put."""

    lseq: int
    kind: str
    actor: str
    at: int
    climb: Climb
    args: dict[str, Any]


class Ascent(Struct):
    """Which event made which part of the present climb."""

    raised: dict[int, Noted]  # by rung
    calls: dict[tuple[int, Call], Noted]  # by rung and call
    answers: dict[int, Noted]
    moved: list[Noted]  # the trigger changed
    cleared: list[Noted]
    resumed: list[Noted]


def ascent(noted: Iterable[Noted], cycle: int) -> Ascent:
    """The events of one climb of a case; an earlier climb has a lower `cycle`."""
    found = Ascent({}, {}, {}, [], [], [])
    for one in noted:
        if one.climb.cycle != cycle:
            continue
        for rung in one.climb.rungs:
            found.raised.setdefault(rung.n, one)
            for call in rung.calls:
                found.calls.setdefault((rung.n, call), one)
            if rung.answered_at is not None:
                found.answers.setdefault(rung.n, one)
        {"ladder_moved": found.moved, "ladder_cleared": found.cleared, "ladder_resumed": found.resumed}.get(
            one.kind, []
        ).append(one)
    return found
