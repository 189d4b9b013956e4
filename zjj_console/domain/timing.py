"""Starting, stopping and pausing the clocks of a case. Deadlines are absolute the moment they exist (I-3)."""

from msgspec.structs import replace

from zjj_console.domain.facts import Facts
from zjj_console.domain.model import Case, Clock
from zjj_console.town.models import Limit

# Clocks that the desk itself must meet are counted in the centre's hours; the rest in those of whoever handles.
_DESK_CLOCKS = frozenset({"ACC", "DSP", "VER", "RET", "EXT", "INFO", "DIF", "BB", "OUT", "FC", "P110", "REO", "REV"})
_STATION_CLOCKS = frozenset({"COORD", "LED", "SUP_ACK", "SUP_ARR"})


def owner(code: str, case: Case, facts: Facts) -> str:
    """The unit whose hours a clock is counted in."""
    if code in _DESK_CLOCKS:
        return facts.town.centre.code
    if code in _STATION_CLOCKS:
        return case.lead if code == "LED" else case.station
    return case.lead or case.station


def start(case: Case, code: str, facts: Facts, *, at: int | None = None, limit: Limit | None = None) -> Case:
    """The case with that clock running; unchanged where the profile gives no limit for its priority."""
    rule = limit or facts.town.limit(code, case.priority)
    if rule is None:
        return case
    begun = facts.now if at is None else at
    unit = owner(code, case, facts)
    kind, minutes = facts.duty.counted(rule, unit)
    clock = Clock(code, kind, unit, begun, minutes, facts.duty.add(begun, minutes, kind, unit))
    return put(case, clock)


def due(case: Case, code: str, facts: Facts) -> int | None:
    """When that clock would end if it started now; None where the profile gives no limit for the priority."""
    if facts.town.limit(code, case.priority) is None:
        return None
    return start(case, code, facts).clocks[code].due


def until(case: Case, code: str, due: int, facts: Facts) -> Case:
    """A clock that ends at a given instant (review date, supervision demand)."""
    minutes = max(0, (due - facts.now) // 60_000_000)
    return put(case, Clock(code, "wall", owner(code, case, facts), facts.now, minutes, due))


def ending(case: Case, code: str, due: int, facts: Facts) -> Case:
    """A clock of the profile's kind that ends at a decided instant instead of after its limit."""
    unit, rule = owner(code, case, facts), facts.town.limit(code, case.priority)
    kind = facts.duty.counted(rule, unit)[0] if rule else "wall"
    minutes = facts.duty.between(facts.now, due, kind, unit)
    return put(case, Clock(code, kind, unit, facts.now, minutes, due))


def put(case: Case, clock: Clock) -> Case:
    return replace(case, clocks={**case.clocks, clock.code: clock})


def stop(case: Case, codes: tuple[str, ...], now: int) -> Case:
    """Stop the named clocks; `*` stops all. A stopped clock keeps its due so that it can be judged later."""
    clocks = {
        code: replace(clock, stopped=now) if clock.stopped is None and (code in codes or "*" in codes) else clock
        for code, clock in case.clocks.items()
    }
    return replace(case, clocks=clocks)


def pause(case: Case, code: str, facts: Facts) -> Case:
    """Keep what is left of a running clock; only a granted suspension or a question to the reporter may do this."""
    clock = case.clocks.get(code)
    if clock is None or not clock.running or clock.due is None:
        return case
    left = facts.duty.between(facts.now, clock.due, clock.kind, clock.unit)
    return put(case, replace(clock, due=None, left=left))


def resume(case: Case, code: str, facts: Facts, floor: int = 0) -> Case:
    """Run a paused clock again with what was left of it, at least `floor` minutes."""
    clock = case.clocks.get(code)
    if clock is None or clock.left is None:
        return case
    left = max(clock.left, floor)
    due = facts.duty.add(facts.now, left, clock.kind, clock.unit)
    return put(case, replace(clock, due=due, left=None, stopped=None))


def rework(case: Case, code: str, facts: Facts) -> Case:
    """After a failed check the alarm moves to max(old due, now + allowance); `due_final` stays (§2.5)."""
    flow = facts.town.flow
    floor = flow.rework_floor.get(case.priority)
    clock = case.clocks.get(code)
    if clock is None:  # a first-priority case handled on the spot never had one: the allowance is its limit
        return start(case, code, facts, limit=floor) if floor else case
    if clock.due is None:
        return case
    minutes = clock.limit * flow.rework_percent // 100
    if floor is not None:
        minutes = max(minutes, facts.duty.counted(floor, clock.unit)[1])
    due = max(clock.due, facts.duty.add(facts.now, minutes, clock.kind, clock.unit))
    return put(case, replace(clock, due=due, stopped=None))
