"""A case begins (T02, T03): from a typed line, a form or an imported row, always through here."""

from typing import Any

from msgspec.structs import replace

from zjj_console.domain import timing
from zjj_console.domain.facts import Facts
from zjj_console.domain.lifecycle import event_of
from zjj_console.domain.model import Case, Event, Flow, Refusal, State
from zjj_console.domain.permits import refuse


def report(case_id: str, args: dict[str, Any], facts: Facts) -> list[Event] | Refusal:
    """The `reported` event of a new case. `args`: fields of Case, resolved; grid, station and zone are derived (R01)."""
    refusal = refuse("report", None, facts)
    if refusal:
        return refusal
    blank = Case(case_id)
    return [event_of("reported", blank, first_state(blank, args, facts), {"args": {}, "step": "T02"})]


def first_state(blank: Case, args: dict[str, Any], facts: Facts) -> Case:
    """The case as it stands at the moment of its report, with its first clocks running."""
    grid, station, zone = facts.town.whereabouts(args.get("committee", ""), args.get("lon"), args.get("lat"))
    local = facts.duty.local(facts.now)
    reported_at = args.get("reported_at", facts.now)
    fields = {
        "state": State.REPORTED,
        "flow": Flow.GENERAL,
        "custodian": facts.custodian,
        "number": f"{facts.town.prefix}{local.year}-{args.get('console', 'A')}-{args['serial']:05}",
        **args,
        "grid": grid,
        "station": station,
        "zone": zone,
        "reported_at": reported_at,
        "recorded_at": facts.now,
        "since": reported_at,
    }
    case = replace(blank, **fields)
    if case.state is not State.REPORTED:
        return case
    return clocks_at_report(case, facts)


def clocks_at_report(case: Case, facts: Facts) -> Case:
    """T-ACC from the report; for 110 also screening and, where the caller is known, first contact (R54)."""
    case = timing.start(case, "ACC", facts, at=case.reported_at)
    source = facts.town.sources.get(case.source)
    if case.source == "p110":
        case = timing.start(case, "P110", facts, at=case.reported_at)
        if case.phone:
            case = timing.start(case, "FC", facts, at=case.reported_at)
    if source and source.needs_backfill and not case.wechat_ref:
        case = timing.start(case, "BB", facts, at=case.reported_at)
    return case
