"""What fires next if nothing happens: deadlines, and rungs with whom they would call. Asked, never stored."""

from msgspec import Struct

from zjj_console.domain import climb as up
from zjj_console.domain.climb import TIMER, Rung
from zjj_console.domain.facts import Facts
from zjj_console.domain.model import Case
from zjj_console.storage import duty_rows, projections, reads_alarms
from zjj_console.storage.db import Connection

LIMIT = 1000  # deadlines and climbs that are looked at


class Fire(Struct, frozen=True):
    """A deadline (`rung` None) or a rung, and when it comes. `clock`: the deadline, of a rung the trigger of its climb."""

    case: Case
    at: int
    clock: str
    rung: Rung | None = None


def ahead(db: Connection, facts: Facts, until: int) -> list[Fire]:
    """Everything in (now, until], the next first. Rungs above the next one are those that follow if it changes nothing."""
    codes = [code for code in (*facts.town.clocks, "SUPV") if code not in ("REO", "REV", "INFO")]
    found: list[Fire] = []
    cases: dict[str, Case | None] = {}
    for row, code, at in reads_alarms.ahead(db, [*dict.fromkeys(codes), TIMER], facts.now, until, LIMIT):
        if row.id not in cases:
            cases[row.id] = projections.load(db, row.id)
        case = cases[row.id]
        if case is None:
            continue
        if code != TIMER:
            found.append(Fire(case, at, code))
            continue
        before = duty_rows.load_climb(db, case.id)
        for change in up.advance(case, before, facts.duty, until, facts.book):
            if change.kind == "escalated":
                found.append(Fire(case, change.climb.rungs[-1].at, change.climb.trigger, change.climb.rungs[-1]))
    return sorted(found, key=lambda one: (one.at, one.case.priority, one.rung is not None))
