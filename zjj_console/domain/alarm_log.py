"""The log of alarms (§3.6): when each missed deadline and each rung was raised, acknowledged, answered and cleared.

A pure fold of the journal: deadlines are absolute, so what was late when follows from the clocks of each case alone. It names
cases, clocks and rungs, never a person.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from zjj_console.domain.climb import Climb
from zjj_console.domain.handles import handle
from zjj_console.domain.model import HOUR, OPEN, Clock, State

NO_DEADLINE = frozenset({"REO", "INFO", "REV"})  # a window, and what time itself answers
_PRESSED = OPEN - {State.SUSPENDED}


class Entry(Struct):
    """One alarm. `clock` is the missed deadline, of a rung the trigger of its climb; instants in µs."""

    case: str
    kind: Literal["deadline", "rung"]
    clock: str
    raised: int
    rung: int = 0
    due: int = 0
    priority: int = 0
    acked: int | None = None
    answered: int | None = None  # rungs only
    cleared: int | None = None
    why: str = ""  # kind of the event that cleared it

    @property
    def cause(self) -> str:
        return f"E{self.rung}" if self.kind == "rung" else self.clock


class Changed(Struct, frozen=True):
    """What an event sets of a case, as far as alarms depend on it; None: unchanged."""

    clocks: dict[str, Clock] | None = None
    state: State | None = None
    priority: int | None = None
    serial: int | None = None
    console: str | None = None


class _Known(Struct):
    """A case as far as it has been read, and its deadlines so far by (clock, instant)."""

    clocks: dict[str, Clock] = {}
    since: dict[str, int] = {}  # from when each deadline has been as it is
    state: State = State.REPORTED
    priority: int = 3
    serial: int = 0
    console: str = ""
    late: dict[tuple[str, int], Entry] = {}
    rungs: dict[tuple[int, int], Entry] = {}


class Ledger:
    """Feed it the journal in order, then `close` it."""

    def __init__(self) -> None:
        self._cases: dict[str, _Known] = {}

    def handle(self, case: str) -> str:
        known = self._cases[case]
        return handle(known.console, known.serial)

    def case_changed(self, case: str, at: int, kind: str, changed: Changed) -> None:
        known = self._cases.setdefault(case, _Known())
        _pass_time(case, known, at)
        known.state = changed.state or known.state
        known.priority = changed.priority or known.priority
        known.serial = changed.serial or known.serial
        known.console = changed.console or known.console
        if changed.clocks is not None:
            old = known.clocks
            known.since = {
                code: known.since.get(code, at) if code in old and old[code].due == clock.due else at
                for code, clock in changed.clocks.items()
            }
            known.clocks = changed.clocks
        for (code, due), entry in known.late.items():
            stands = _stands(known, code, due)
            if stands and entry.cleared is not None:  # what had met the deadline was undone
                entry.cleared, entry.why = None, ""
            elif not stands and entry.cleared is None:
                entry.cleared, entry.why = at, kind

    def climbed(self, climb: Climb) -> None:
        known = self._cases.setdefault(climb.case, _Known())
        for rung in climb.rungs:
            key = (climb.cycle, rung.n)
            entry = known.rungs.setdefault(key, Entry(climb.case, "rung", climb.trigger, rung.at, rung.n, climb.miss))
            entry.priority = entry.priority or known.priority
            entry.answered, entry.cleared, entry.why = rung.answered_at, climb.cleared_at, climb.cleared_why

    def acked(self, subjects: Iterable[str], at: int) -> None:
        for case in subjects:
            known = self._cases.get(case)
            if known is None:  # no case: the desk itself, or a post
                continue
            _pass_time(case, known, at)
            for entry in (*known.late.values(), *known.rungs.values()):
                if entry.acked is None and entry.cleared is None and entry.raised <= at:
                    entry.acked = at

    def close(self, now: int) -> list[Entry]:
        """All entries up to `now`, the earliest first."""
        for case, known in self._cases.items():
            _pass_time(case, known, now)
        found = [e for known in self._cases.values() for e in (*known.late.values(), *known.rungs.values())]
        return sorted(found, key=lambda e: (e.raised, e.case, e.kind, e.rung))


def _stands(known: _Known, code: str, due: int) -> bool:
    clock = known.clocks.get(code)
    return known.state in _PRESSED and clock is not None and clock.running and clock.due == due


def _pass_time(case: str, known: _Known, now: int) -> None:
    """What has been missed by `now`. A deadline that came to us late was raised when it came."""
    if known.state not in _PRESSED:
        return
    for code, clock in known.clocks.items():
        due = clock.due or 0
        if clock.running and due <= now and code not in NO_DEADLINE and (code, due) not in known.late:
            raised = max(due, known.since.get(code, due))
            known.late[(code, due)] = Entry(case, "deadline", code, raised, due=due, priority=known.priority)


# how many -----------------------------------------------------------------------------------------------------------------


class Rate(Struct, frozen=True):
    """Alarms of a span against the town's budget. `over`: hours with more than the budget; `busiest`: its start and count."""

    n: int
    hours: float
    budget: int
    over: int
    busiest: tuple[int, int] | None
    causes: list[tuple[str, int]]  # the most frequent first
    unacked: int
    acked_after: int | None  # µs, the median from raised to acknowledged

    @property
    def per_hour(self) -> float:
        return self.n / self.hours if self.hours else 0.0


def rate(entries: Iterable[Entry], start: int, end: int, budget: int) -> Rate:
    """Figures of what was raised in [start, end); hours are counted from `start`."""
    mine = [e for e in entries if start <= e.raised < end]
    hours = Counter((e.raised - start) // HOUR for e in mine)
    top = max(hours.items(), key=lambda one: (one[1], -one[0]), default=None)
    waits = sorted(e.acked - e.raised for e in mine if e.acked is not None)
    return Rate(
        len(mine), max(0, end - start) / HOUR, budget, sum(n > budget for n in hours.values()),
        (start + top[0] * HOUR, top[1]) if top else None,
        sorted(Counter(e.cause for e in mine).items(), key=lambda one: (-one[1], one[0])),
        sum(e.acked is None for e in mine), waits[len(waits) // 2] if waits else None,
    )  # fmt: skip
