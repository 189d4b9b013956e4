"""What each step of a request for enforcement support changes (R51, T38). `effect(case, args, facts) -> case`, pure."""

from msgspec.structs import replace

from zjj_console.domain import timing
from zjj_console.domain.effects import Args, Effect
from zjj_console.domain.facts import Facts
from zjj_console.domain.model import SUPPORT_RUNS, Aid, Case
from zjj_console.domain.support import responsible


def ask(case: Case, args: Args, facts: Facts) -> Case:
    """A new request: whoever is responsible in this window answers for it, also if he goes off duty meanwhile."""
    answerer = responsible(case.station, facts)
    aid = Aid(
        n=case.aid.n + 1 if case.aid else 1,
        at=facts.now,
        asked_by=args.get("by") or facts.actor.work_no,
        body=args.get("body") or facts.actor.unit,
        unit=answerer.unit,
        person=answerer.person,
        window=answerer.window,
        beside=answerer.beside,
        reason=args.get("reason", ""),
        need=args.get("text", ""),
        depts=tuple(args.get("depts", ())),
        answer_due=timing.due(case, "SUP_ACK", facts),
        arrive_due=timing.due(case, "SUP_ARR", facts),
    )
    return replace(case, support="REQUESTED", aid=aid)


def _of(case: Case, facts: Facts) -> Aid:
    """The request; a bare one where a journal of an earlier version has the state only."""
    if case.aid is not None:
        return case.aid
    clock = case.clocks.get("SUP_ACK")
    return Aid(1, clock.started if clock else facts.now, "", case.station, case.station, "", "day")


def _who(args: Args, facts: Facts) -> str:
    return str(args.get("by") or facts.actor.work_no)


def accept(case: Case, args: Args, facts: Facts) -> Case:
    aid = _of(case, facts)
    called = tuple(dict.fromkeys((*aid.depts, *args.get("depts", ()))))
    done = replace(aid, accepted_at=facts.now, accepted_by=_who(args, facts), depts=called)
    return replace(case, support="ACCEPTED", aid=done)


def arrive(case: Case, args: Args, facts: Facts) -> Case:
    done = replace(_of(case, facts), arrived_at=facts.now, arrived_by=_who(args, facts))
    return replace(case, support="ARRIVED", aid=done)


def end(status: str) -> Effect:
    """DONE, REFUSED or CANCELLED."""

    def effect(case: Case, args: Args, facts: Facts) -> Case:
        refusal = args.get("reason", "") if status == "REFUSED" else ""
        done = replace(_of(case, facts), ended_at=facts.now, ended_by=_who(args, facts), result=args.get("text", ""),
                       refusal=refusal)  # fmt: skip
        return replace(case, support=status, aid=done)

    return effect


def fall_away(case: Case, facts: Facts) -> Case:
    """The case is over: whoever was there is done, and nobody has to come any more."""
    if case.support not in SUPPORT_RUNS:
        return case
    status = "DONE" if case.support == "ARRIVED" else "CANCELLED"
    return replace(case, support=status, aid=replace(_of(case, facts), ended_at=facts.now))
