"""The transition table (§2.3) and the two functions that run it: `decide` and `evolve`.

A row says from where to where, which clocks stop and start, which guards stand before it, and what else changes.
`decide` interprets rows. `desk/plan.py` only chooses among them; `intake/quick.py` repeats two of them for bulk rows, and
a property test holds it to what this module says.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import fields, replace

from zjj_console.domain import aid, effects, guards, permits, timing
from zjj_console.domain import effects_consult as consult
from zjj_console.domain.facts import Facts
from zjj_console.domain.guards import Guard
from zjj_console.domain.model import ENDED, OPEN, Case, Command, Event, Refusal, State

S = State
When = Callable[[Case, dict[str, Any]], bool]

_WORKING = frozenset({S.DISPATCHED, S.HANDLING})
_PREVIOUS = "previous"
_STATES_NAMED = 6  # in a refusal; more would not be read


class Step(Struct, frozen=True):
    """One row. `to` None keeps the state, `previous` goes back to where the case came from."""

    id: str
    action: str
    event: str
    frm: frozenset[State]
    to: State | str | None = None
    stop: tuple[str, ...] = ()
    start: tuple[str, ...] = ()
    guards: tuple[Guard, ...] = ()
    effect: effects.Effect = effects.nothing
    when: When | None = None
    fact: bool = False  # a fact happened and is never refused by a hub; a decision may be (design: facts and decisions)


def _p1(case: Case, args: dict[str, Any]) -> bool:
    return case.priority == 1


def _states(*states: State) -> frozenset[State]:
    return frozenset(states)


_ANY_OPEN = frozenset(OPEN)
_OVER = frozenset({S.CLOSED, S.VOIDED})
_DELIVERED = _OVER | {S.SUBMITTED}  # what a supervision asks for is there, or the matter is gone
_CONSULTED = _WORKING | {S.STATION_COORD, S.ACCEPTED, S.DIFF_REVIEW, S.DIFF_LED, S.SUSPENDED}
_ENDED_BY_DECISION = ("COORD", "DSP", "ACK", "ARR", "RET", "EXT", "DIF", "REV")
_LEADABLE = (guards.unit_enabled, guards.leads_enforcement, guards.recipient_named)

STEPS: tuple[Step, ...] = (
    Step("T04", "self_done", "self_submitted", _states(S.REPORTED), S.SUBMITTED, ("ACC", "P110"), ("VER",),
         (guards.no_dispatch, guards.place_resolved, guards.result_given), effects.self_submit, when=_p1),
    Step("T04", "self_done", "self_closed", _states(S.REPORTED), S.CLOSED, ("*",), ("REO",),
         (guards.no_dispatch, guards.place_resolved, guards.result_given), effects.self_close),
    Step("T05", "self_start", "self_started", _states(S.REPORTED), S.SELF_HANDLING, ("ACC", "P110"), ("SELF",),
         (guards.not_p1_self,), effects.self_start),
    Step("T06", "coordinate", "coordinated", _states(S.REPORTED, S.SELF_HANDLING), S.STATION_COORD,
         ("ACC", "SELF", "P110"), ("COORD",), (guards.station_known,), effects.coordinate),
    Step("T07", "self_finish", "self_submitted", _states(S.SELF_HANDLING, S.STATION_COORD), S.SUBMITTED,
         ("SELF", "COORD"), ("VER",),
         (guards.no_dispatch, guards.result_given), effects.self_submit, when=_p1),
    Step("T07", "self_finish", "self_closed", _states(S.SELF_HANDLING, S.STATION_COORD), S.CLOSED, ("*",), ("REO",),
         (guards.no_dispatch, guards.result_given), effects.self_close),
    Step("T08", "self_fail", "self_failed", _states(S.SELF_HANDLING, S.STATION_COORD), S.REPORTED,
         ("SELF", "COORD"), ("ACC",), (), effects.self_fail),
    Step("T09", "ask_info", "info_asked", _states(S.REPORTED), S.INFO_NEEDED, (), ("INFO",),
         (guards.not_p1, guards.info_rounds_left, guards.text_given), effects.ask_info),
    Step("T10", "give_info", "info_given", _states(S.INFO_NEEDED), S.REPORTED, ("INFO",), effect=effects.give_info),
    Step("T11", "accept", "accepted", _states(S.REPORTED), S.ACCEPTED, ("ACC", "P110"), ("DSP",),
         (guards.place_or_urgent,), effects.accept),
    Step("T13", "dispatch", "dispatched", _states(S.ACCEPTED), S.DISPATCHED, ("DSP",), ("ACK", "ARR"),
         (guards.place_resolved, *_LEADABLE, guards.day_support_reason), effects.dispatch, fact=True),
    Step("T13", "assist", "assisted", _WORKING | {S.DIFF_LED},
         guards=(guards.unit_enabled, guards.recipient_named, guards.new_assists, guards.day_support_reason),
         effect=effects.assist, fact=True),
    Step("T14", "acknowledge", "acknowledged", _states(S.DISPATCHED), S.HANDLING, ("ACK",), effect=effects.acknowledge, fact=True),
    Step("T15", "arrive", "arrived", _states(S.DISPATCHED, S.HANDLING), S.HANDLING, ("ACK", "ARR"),
         guards=(guards.has_lead,), effect=effects.arrive, fact=True),
    Step("T16", "ask_return", "return_asked", _WORKING, S.HANDLING, ("ACK",), ("RET",),
         (guards.REASON["return"], guards.no_open("return", "退单")), effects.ask("return"), fact=True),
    Step("T17", "grant_return", "return_granted", _states(S.HANDLING), S.ACCEPTED, ("RET", "EXT", "ACK", "ARR"), ("DSP",),
         (guards.is_open("return", "退单"), guards.third_return_by_centre), effects.grant_return),
    Step("T18", "refuse_return", "return_refused", _states(S.HANDLING), None, ("RET",), (),
         (guards.is_open("return", "退单"),), effects.refuse("return")),
    Step("T19", "reassign", "reassigned", _WORKING, S.DISPATCHED, ("ACK", "ARR", "RET"), ("ACK", "ARR"),
         (*_LEADABLE, guards.other_lead, guards.day_support_reason), effects.reassign),
    Step("T20", "ask_extend", "extend_asked", _WORKING | {S.DIFF_LED}, None, (), ("EXT",),
         (guards.not_p1, guards.REASON["extend"], guards.asks_later, guards.extends, guards.before_overdue,
          guards.no_open("extend", "延期")), effects.ask("extend")),
    Step("T20", "grant_extend", "extended", _WORKING | {S.DIFF_LED}, None, (), (),
         (guards.is_open("extend", "延期"), guards.extensions_left, guards.extends), effects.grant_extend),
    Step("T20", "refuse_extend", "extend_refused", _WORKING | {S.DIFF_LED}, None, (), (),
         (guards.is_open("extend", "延期"),), effects.refuse("extend")),
    Step("T21", "ask_suspend", "suspend_asked", _states(S.HANDLING, S.DIFF_LED), None, (), ("EXT",),
         (guards.only_slow, guards.REASON["suspend"], guards.asks_later, guards.review_within,
          guards.no_open("suspend", "挂账")), effects.ask("suspend")),
    Step("T21", "grant_suspend", "suspended", _states(S.HANDLING, S.DIFF_LED), S.SUSPENDED, ("ACK", "ARR"), (),
         (guards.is_open("suspend", "挂账"), guards.only_slow, guards.review_within), effects.grant_suspend),
    Step("T21", "refuse_suspend", "suspend_refused", _states(S.HANDLING, S.DIFF_LED), None, (), (),
         (guards.is_open("suspend", "挂账"),), effects.refuse("suspend")),
    Step("T22", "resume", "resumed", _states(S.SUSPENDED), _PREVIOUS, ("REV",), (), (), effects.resume),
    Step("T23", "submit", "submitted", _states(S.HANDLING), S.SUBMITTED, ("ACK", "ARR", "HDL", "RET", "EXT"), ("VER",),
         (guards.has_lead, guards.result_given), effects.submit, fact=True),
    Step("T32", "submit", "submitted", _states(S.DIFF_LED), S.SUBMITTED, ("LED", "EXT"), ("VER",),
         (guards.result_given, guards.submitter_of_station), effects.submit, fact=True),
    Step("T24", "verify_pass", "verified", _states(S.SUBMITTED), S.CLOSED, ("*",), ("REO",),
         (guards.not_own_work,), effects.verify_pass),
    Step("T25", "verify_fail", "rework_ordered", _states(S.SUBMITTED), _PREVIOUS, ("VER",), (),
         (guards.not_own_work, guards.REASON["rework"]), effects.verify_fail),
    Step("T27", "nominate", "nominated", _states(S.STATION_COORD, S.ACCEPTED, S.DISPATCHED, S.HANDLING), S.DIFF_REVIEW,
         ("COORD", "DSP", "ACK", "ARR", "RET", "EXT"), ("DIF",), (guards.prior_attempt, guards.criterion_given),
         effects.nominate),
    Step("T28", "lead_difficult", "difficult_led", _states(S.DIFF_REVIEW), S.DIFF_LED, ("DIF",), (),
         (guards.lead_is_station, guards.unit_enabled, guards.recipient_named), effects.lead_difficult),
    Step("T29", "designate", "designated", _states(S.DIFF_REVIEW), S.DISPATCHED, ("DIF",), ("ACK", "ARR"),
         _LEADABLE, effects.designate),
    Step("T30", "to_agenda", "put_on_agenda", _CONSULTED, None, (), (), (guards.not_listed, guards.consultable),
         consult.to_agenda),
    Step("T31", "consult_assign", "consult_assigned", _CONSULTED, S.DISPATCHED, (*_ENDED_BY_DECISION, "LED"), ("ACK", "ARR"),
         (guards.on_agenda, *_LEADABLE), consult.assign),
    Step("T31", "consult_joint", "consult_led", _CONSULTED, S.DIFF_LED, _ENDED_BY_DECISION, (),
         (guards.on_agenda, guards.lead_is_station, guards.unit_enabled, guards.recipient_named), consult.joint),
    Step("T31", "consult_commander", "put_to_commander", _CONSULTED, None, (), (), (guards.on_agenda,), consult.settled),
    Step("T31", "consult_raise", "raised_up", _CONSULTED, None, (), (), (guards.on_agenda,), consult.raised),
    Step("T31", "consult_suspend", "consult_suspended", _states(S.HANDLING, S.DIFF_LED, S.SUSPENDED), S.SUSPENDED,
         ("ACK", "ARR", "RET", "EXT"), (),
         (guards.on_agenda, guards.only_slow, guards.REASON["suspend"], guards.measure_given, guards.asks_later,
          guards.review_within), consult.suspend),
    Step("T31", "consult_defer", "consult_deferred", _ANY_OPEN, None, (), (), (guards.on_agenda,), consult.deferred),
    Step("T31", "consult_end", "consult_ended", _states(S.HANDLING, S.DIFF_REVIEW, S.DIFF_LED, S.SUSPENDED), S.SUBMITTED,
         (*_ENDED_BY_DECISION, "LED", "HDL"), ("VER",), (guards.on_agenda, guards.text_given), consult.terminate),
    Step("T30", "off_agenda", "taken_off_agenda", _ANY_OPEN, None, (), (), (guards.text_given,), consult.settled),
    Step("R57", "station_assign", "station_assigned", _WORKING | {S.STATION_COORD, S.ACCEPTED}, S.DISPATCHED,
         ("COORD", "DSP", "ACK", "ARR", "RET", "EXT"), ("ACK", "ARR"), (guards.place_resolved, *_LEADABLE),
         consult.station_assign),
    Step("R57", "station_undecided", "station_undecided", _WORKING | {S.STATION_COORD, S.ACCEPTED},
         effect=consult.station_undecided),
    Step("R60", "command", "commanded", _ANY_OPEN, guards=(guards.text_given,)),
    Step("T33", "supervise", "supervised", _ANY_OPEN, None, (), (), (guards.asks_later,), effects.supervise),
    Step("T33", "release_supervision", "supervision_released", _ANY_OPEN, None, ("SUPV",), (), (guards.supervised,),
         effects.release),
    Step("T34", "ask_void", "void_asked", _ANY_OPEN, None, (), (),
         (guards.REASON["void"], guards.no_open("void", "作废")), effects.ask("void")),
    Step("T34", "grant_void", "voided", _ANY_OPEN, S.VOIDED, ("*",), (),
         (guards.is_open("void", "作废"), guards.second_person("void")), effects.end),
    Step("T34", "refuse_void", "void_refused", _ANY_OPEN, None, (), (),
         (guards.is_open("void", "作废"),), effects.refuse("void")),
    Step("T35", "merge", "merged", _ANY_OPEN, S.MERGED, ("*",), (), (guards.master_stands,), effects.merge),
    Step("T36", "unmerge", "unmerged", _states(S.MERGED), _PREVIOUS, (), (),
         (guards.within_unmerge,), effects.unmerge),
    Step("T37", "reopen", "reopened", _states(S.CLOSED, S.VOIDED), S.REPORTED, (), ("ACC",),
         (guards.REASON["reopen"], guards.within_reopen), effects.reopen),
    Step("T38", "support", "support_asked", _ANY_OPEN, None, ("SUP_ACK", "SUP_ARR"), ("SUP_ACK", "SUP_ARR"),
         (guards.support_over, guards.station_known, guards.need_said, guards.forces_called), aid.ask, fact=True),
    Step("T38", "accept_support", "support_accepted", _ANY_OPEN, None, ("SUP_ACK",), (),
         (guards.support_is("REQUESTED"), guards.forces_called), aid.accept, fact=True),
    Step("T38", "arrive_support", "support_arrived", _ANY_OPEN, None, ("SUP_ACK", "SUP_ARR"), (),
         (guards.support_is("ACCEPTED"),), aid.arrive, fact=True),
    Step("T38", "close_support", "support_done", _ANY_OPEN, None, (), (),
         (guards.support_is("ARRIVED"),), aid.end("DONE"), fact=True),
    Step("T38", "refuse_support", "support_refused", _ANY_OPEN, None, ("SUP_ACK", "SUP_ARR"), (),
         (guards.support_is("REQUESTED", "ACCEPTED"), guards.REASON["support_refuse"], guards.text_given), aid.end("REFUSED")),
    Step("T38", "cancel_support", "support_cancelled", _ANY_OPEN, None, ("SUP_ACK", "SUP_ARR"), (),
         (guards.support_is("REQUESTED", "ACCEPTED"),), aid.end("CANCELLED"), fact=True),
    Step("T39", "screen", "screened", _states(S.REPORTED), None, ("P110",), (), (guards.from_110,),
         when=lambda case, args: args.get("reason") == "accepted", fact=True),
    Step("T39", "screen", "screened_out", _states(S.REPORTED), S.VOIDED, ("*",), (), (guards.from_110,), effects.end),
    Step("R54", "contact", "contacted", _ANY_OPEN, None, ("FC",), (), (guards.from_110,), fact=True),
    Step("R01", "locate", "located", _ANY_OPEN, effect=effects.locate),
    Step("R32", "backfill", "backfilled", frozenset(S) - {S.DRAFT}, None, ("BB",), (), (guards.text_given,),
         effects.backfill, fact=True),
    Step("R71", "note", "noted", frozenset(S) - {S.DRAFT}, guards=(guards.text_given,), fact=True),
    Step("R71", "call", "called", _ANY_OPEN, fact=True),
    Step("R71", "follow", "followed", frozenset(S) - {S.DRAFT}, effect=effects.follow),
)  # fmt: skip

BY_ACTION: dict[str, tuple[Step, ...]] = {}
for _step in STEPS:
    BY_ACTION[_step.action] = (*BY_ACTION.get(_step.action, ()), _step)

_FIELDS = tuple(f.name for f in fields(Case) if f.name not in ("id", "version"))
_values = attrgetter(*_FIELDS)
_TYPES = {f.name: f.type for f in fields(Case)}
STATE_ZH = {
    S.DRAFT: "草稿", S.REPORTED: "待受理", S.INFO_NEEDED: "待补充", S.ACCEPTED: "待派单", S.SELF_HANDLING: "自处中",
    S.STATION_COORD: "站内协调", S.DISPATCHED: "待签收", S.HANDLING: "处置中", S.DIFF_REVIEW: "疑难待定",
    S.DIFF_LED: "疑难牵头", S.SUSPENDED: "挂账", S.SUBMITTED: "待核查", S.CLOSED: "已结案", S.VOIDED: "已作废",
    S.MERGED: "已并案",
}  # fmt: skip


def step_for(case: Case, command: Command) -> Step | None:
    """The row that this command would take from here, if any."""
    for step in BY_ACTION.get(command.action, ()):
        if case.state in step.frm and (step.when is None or step.when(case, command.args)):
            return step
    return None


def decide(case: Case, command: Command, facts: Facts) -> list[Event] | Refusal:
    """What happens if this command is given now, or why it does not. Changes nothing."""
    step = step_for(case, command)
    if step is None:
        return wrong_state(case, command.action)
    refusal = permits.refuse(command.action, case, facts)
    for guard in step.guards:
        refusal = refusal or guard(case, command.args, facts)
    if refusal is not None:
        return refusal
    after = _advance(step.effect(case, command.args, facts), case, step, facts)
    data: dict[str, Any] = {"args": command.args}
    if permits.by_proxy(command.action, case, facts):
        by = command.args.get("by") or case.lead_person or case.reporter
        if by != facts.actor.work_no:  # whoever was to do it himself relays nothing
            data["by"] = by
    events = [event_of(step.event, case, after, {**data, "step": step.id})]
    if step.action == "merge":
        events += _absorbed(case, facts.others[command.args["master"]], facts)
    return events + _consequences(step, after, facts)


def _advance(changed: Case, before: Case, step: Step, facts: Facts) -> Case:
    """State and clocks, after the effect, so that clocks count for the new holder."""
    back, _, farther = before.previous.partition(" ")
    target = before.state if step.to is None else State(back if step.to == _PREVIOUS else step.to)
    case = timing.stop(changed, step.stop, facts.now)
    for code in step.start:
        case = timing.start(case, code, facts)
    if target in _DELIVERED and case.supervised_until:
        case = timing.stop(replace(case, supervised_until=None), ("SUPV",), facts.now)
    if target is before.state:
        return case
    if target in _OVER:
        case = aid.fall_away(case, facts)
    previous = farther if step.to == _PREVIOUS else case.previous
    return replace(case, state=target, since=facts.now, previous=previous)


def _absorbed(child: Case, master: Case, facts: Facts) -> list[Event]:
    args = {"from": child.id, "reporter": child.reporter, "priority": child.priority}
    return [event_of("absorbed", master, effects.absorb(master, args, facts), {"args": args, "step": "T35"})]


def _consequences(step: Step, case: Case, facts: Facts) -> list[Event]:
    """Automatic nomination to 疑难 in the same transaction (T17b, T26)."""
    flow, digit, row = facts.town.flow, "", ""
    if step.id == "T17" and len(set(case.returned_by)) >= flow.returns_to_difficult:
        digit, row = "1", "T17b"
    if step.id == "T25" and case.state is S.HANDLING and case.rework_count >= flow.reworks_to_difficult:
        digit, row = "2", "T26"
    criterion = facts.town.reason("criterion", digit)
    if criterion is None:
        return []
    nomination = BY_ACTION["nominate"][0]
    args = {"criterion": criterion.code}
    after = _advance(effects.nominate(case, args, facts), case, nomination, facts)
    return [event_of("nominated", case, after, {"args": args, "auto": True, "step": row})]


def event_of(kind: str, before: Case, after: Case, data: dict[str, Any]) -> Event:
    """The event whose fold turns `before` into `after`, with old and new values (§2.4)."""
    changed = [row for row in zip(_FIELDS, _values(before), _values(after), strict=True) if row[1] != row[2]]
    return Event(
        kind,
        after.id,
        {
            **data,
            "set": {name: msgspec.to_builtins(new) for name, _, new in changed},
            "was": {name: msgspec.to_builtins(old) for name, old, _ in changed},
        },
    )


def evolve(case: Case | None, event: Event) -> Case:
    """Fold one event. Total: any event of any kind applies to any case of its stream."""
    before = case or Case(event.case)
    changes = {k: msgspec.convert(v, _TYPES[k]) for k, v in event.data["set"].items() if k in _TYPES}
    return replace(before, version=before.version + 1, **changes)


def hand_over(case: Case, desk: str, handover: str) -> Event:
    """T40: custody of an open case moves with the signed handover."""
    data = {"args": {"handover": handover}, "step": "T40"}
    return event_of("custody_moved", case, replace(case, custodian=desk), data)


def inverse(case: Case, undone: list[Event]) -> Event:
    """T42: the compensating event that puts back what the given events of one action changed. Nothing is erased."""
    values: dict[str, Any] = {}
    for event in reversed(undone):
        values.update(event.data["was"])
    kinds = [event.kind for event in undone]
    if "reported" in kinds or "imported" in kinds:
        recalled = [replace(d, active=False, status="RECALLED") for d in case.dispatches]
        values = {"state": "VOIDED", "closed_at": case.since, "clocks": {}, "requests": {}, "dispatches": recalled}
    after = replace(case, **{k: msgspec.convert(v, _TYPES[k]) for k, v in values.items()})
    return event_of("undone", case, after, {"args": {"kinds": kinds}, "step": "T42"})


def wrong_state(case: Case, action: str) -> Refusal:
    """Why an action has no row from where the case stands, and from where it has one."""
    if case.state in ENDED:
        ended = STATE_ZH[case.state]
        return Refusal(
            8, "2.3", f"案件{ended}，不能再办；如须重办用 ck 重开", f"the case is {case.state}; reopen it first"
        )
    if action == "nominate" and not case.attempts:
        return guards.NO_ATTEMPT  # AC-49a: what is missing is the attempt, whatever the state
    allowed = [state for state in State if any(state in step.frm for step in BY_ACTION.get(action, ()))]
    zh = "、".join(STATE_ZH[state] for state in allowed[:_STATES_NAMED]) + (
        "等" if len(allowed) > _STATES_NAMED else ""
    )
    return Refusal(
        8, "2.3", f"{STATE_ZH[case.state]}时不可办，须为{zh}", f"not while {case.state}; needs {', '.join(allowed)}"
    )
