"""What each step changes besides state and clocks. `effect(case, args, facts) -> case`, pure."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from zjj_console.domain import timing
from zjj_console.domain.facts import Facts
from zjj_console.domain.model import Case, Dispatch, Flow, Request, State

Args = dict[str, Any]
Effect = Callable[[Case, Args, Facts], Case]


def nothing(case: Case, args: Args, facts: Facts) -> Case:
    return case


def accept(case: Case, args: Args, facts: Facts) -> Case:
    priority = args.get("priority") or case.priority
    told = ("category",) if args.get("category") else ()
    return replace(case, flow=Flow.GENERAL, priority=priority, category=args.get("category") or case.category,
                   missing=_still(case, *told))  # fmt: skip


def _still(case: Case, *filled: str) -> tuple[str, ...]:
    """What is missing yet when these fields have been filled."""
    return tuple(name for name in case.missing if name not in filled)


def _order(case: Case, role: str, unit: str, person: str, args: Args, facts: Facts) -> Dispatch:
    return Dispatch(len(case.dispatches) + 1, role, unit, person, facts.now, args.get("channel", "wechat"), "QUEUED",
                    True, args.get("text", ""))  # fmt: skip


def _ended(case: Case, status: str, role: str = "lead") -> tuple[Dispatch, ...]:
    return tuple(replace(d, active=False, status=status) if d.active and d.role == role else d for d in case.dispatches)


def _lead(case: Case, args: Args, facts: Facts, ended: str) -> Case:
    orders = tuple(
        replace(d, active=False, status="SUPERSEDED") if d.active and d.unit == args["unit"] else d
        for d in _ended(case, ended)
    )  # an assistant who becomes the lead keeps one order, not two
    case = replace(case, dispatches=orders)
    order = _order(case, "lead", args["unit"], args["person"], args, facts)
    return replace(
        case,
        assists=tuple(unit for unit in case.assists if unit != args["unit"]),
        lead=args["unit"],
        lead_person=args["person"],
        dispatches=(*case.dispatches, order),
        attempts=case.attempts + 1,
        arrived=False,
    )


def assist(case: Case, args: Args, facts: Facts) -> Case:
    for unit in args.get("assists", ()):
        if unit in (case.lead, *case.assists):
            continue
        order = _order(case, "assist", unit, facts.person_of(unit, case.station), args, facts)
        case = replace(case, dispatches=(*case.dispatches, order), assists=(*case.assists, unit))
    return case


def _handling_clock(case: Case, facts: Facts) -> Case:
    """T-HDL starts with the first order and never again, unless it was stopped for the centre's own mistake."""
    clock = case.clocks.get("HDL")
    if clock is None or clock.stopped is not None:
        case = timing.start(case, "HDL", facts)
        clock = case.clocks.get("HDL")
    return replace(case, due_final=clock.due if clock and case.due_final is None else case.due_final)


def dispatch(case: Case, args: Args, facts: Facts) -> Case:
    case = replace(case, priority=args.get("priority", case.priority))
    case = _handling_clock(_lead(case, args, facts, "SUPERSEDED"), facts)
    return assist(case, args, facts)


def reassign(case: Case, args: Args, facts: Facts) -> Case:
    return _decided(_lead(case, args, facts, "SUPERSEDED"), "return", facts)


def withdrawn(case: Case) -> Case:
    """Wishes of a handler end with his order; a wish to void the case stands until somebody decides it."""
    return replace(case, requests={k: r for k, r in case.requests.items() if k == "void"})


def designate(case: Case, args: Args, facts: Facts) -> Case:
    case = timing.stop(_lead(case, args, facts, "SUPERSEDED"), ("HDL",), facts.now)
    case = timing.start(case, "HDL", facts)
    clock = case.clocks.get("HDL")
    return replace(withdrawn(case), designated=True, flow=Flow.GENERAL, due_final=clock.due if clock else None)


def lead_difficult(case: Case, args: Args, facts: Facts) -> Case:
    case = _lead(timing.pause(case, "HDL", facts), args, facts, "SUPERSEDED")
    case = timing.stop(timing.start(case, "LED", facts), ("HDL",), facts.now)
    led = case.clocks.get("LED")
    return replace(
        withdrawn(case),
        flow=Flow.DIFFICULT,
        ever_difficult=True,
        criterion=args.get("criterion") or case.criterion,
        due_final=led.due if led else case.due_final,
    )


def again_led(case: Case, facts: Facts) -> Case:
    """The same lead station with a whole limit from now."""
    case = timing.start(withdrawn(case), "LED", facts)
    led = case.clocks.get("LED")
    return replace(case, due_final=led.due if led else case.due_final)


def _status(case: Case, status: str) -> tuple[Dispatch, ...]:
    return tuple(replace(d, status=status) if d.active and d.role == "lead" else d for d in case.dispatches)


def acknowledge(case: Case, args: Args, facts: Facts) -> Case:
    return replace(case, dispatches=_status(case, "ACKED"))


def arrive(case: Case, args: Args, facts: Facts) -> Case:
    return replace(case, dispatches=_status(case, "ARRIVED"), arrived=True)


def submit(case: Case, args: Args, facts: Facts) -> Case:
    return replace(
        withdrawn(case),
        result=args["result"],
        result_text=args.get("text", ""),
        evidence=args.get("evidence", "") or case.evidence,
        submitted_by=args.get("by") or facts.actor.work_no,
        submitted_at=facts.now,
        previous=str(case.state),
    )


def _close(case: Case, facts: Facts, orders: str = "DONE") -> Case:
    due = case.due_final
    on_time = None if due is None else (case.submitted_at or facts.now) <= due
    return replace(
        case,
        closed_at=facts.now,
        on_time=on_time,
        requests={},
        supervised_until=None,
        dispatches=tuple(replace(d, active=False, status=orders) if d.active else d for d in case.dispatches),
    )


def verify_pass(case: Case, args: Args, facts: Facts) -> Case:
    return replace(_close(case, facts), verified_by=facts.actor.work_no)


_CLOCK_OF = {State.DIFF_LED: "LED", State.DIFF_REVIEW: "DIF", State.SELF_HANDLING: "SELF"}


def verify_fail(case: Case, args: Args, facts: Facts) -> Case:
    case = replace(case, rework_count=case.rework_count + 1, verified_by="")
    before = State(case.previous or State.HANDLING)
    return timing.rework(case, _CLOCK_OF.get(before, "HDL"), facts)


def self_close(case: Case, args: Args, facts: Facts) -> Case:
    coordinated = case.state is State.STATION_COORD
    case = submit(case, args, facts)
    return replace(_close(case, facts), flow=Flow.SELF, self_mode="coordinated" if coordinated else "on_spot")


def self_submit(case: Case, args: Args, facts: Facts) -> Case:
    """A first-priority case handled on the spot still needs a check (T04)."""
    return replace(submit(case, args, facts), flow=Flow.SELF, self_mode="on_spot", previous=str(State.SELF_HANDLING))


def self_start(case: Case, args: Args, facts: Facts) -> Case:
    return replace(case, flow=Flow.SELF)


def self_fail(case: Case, args: Args, facts: Facts) -> Case:
    return replace(case, flow=Flow.GENERAL)


def coordinate(case: Case, args: Args, facts: Facts) -> Case:
    return replace(case, flow=Flow.SELF, attempts=case.attempts + 1, lead_person=args.get("person", ""))


def nominate(case: Case, args: Args, facts: Facts) -> Case:
    criterion = args.get("criterion") or case.criterion
    return replace(withdrawn(case), criterion=criterion, ever_difficult=True, flow=Flow.GENERAL)


def ask_info(case: Case, args: Args, facts: Facts) -> Case:
    return replace(timing.pause(case, "ACC", facts), info_rounds=case.info_rounds + 1)


def give_info(case: Case, args: Args, facts: Facts) -> Case:
    text = args.get("text", "")
    joined = f"{case.text} {text}".strip() if text else case.text
    told = ("text",) if text and facts.actor.work_no != "system" else ()  # the clock fills nothing in
    return timing.resume(replace(case, text=joined, missing=_still(case, *told)), "ACC", facts, floor=5)


def ask(kind: str) -> Effect:
    """A request is an overlay: it waits for a decision and stops nothing (I-9)."""

    def effect(case: Case, args: Args, facts: Facts) -> Case:
        by = args.get("by") or facts.actor.work_no
        request = Request(kind, by, facts.now, args.get("reason", ""), args.get("text", ""), args.get("until"))
        return replace(case, requests={**case.requests, kind: request})

    return effect


def _decided(case: Case, kind: str, facts: Facts) -> Case:
    """Extension and suspension share one clock: it runs as long as either still waits."""
    case = replace(case, requests={k: r for k, r in case.requests.items() if k != kind})
    return case if {"extend", "suspend"} & case.requests.keys() else timing.stop(case, ("EXT",), facts.now)


def refuse(kind: str) -> Effect:
    def effect(case: Case, args: Args, facts: Facts) -> Case:
        return _decided(case, kind, facts)

    return effect


def grant_return(case: Case, args: Args, facts: Facts) -> Case:
    case = replace(
        withdrawn(case),
        return_count=case.return_count + 1,
        returned_by=(*case.returned_by, case.lead),
        dispatches=_ended(case, "RETURNED"),
        lead="",
        lead_person="",
        arrived=False,
    )
    if args.get("reason") != "wrong_dispatch":
        return case
    # The centre sent it wrongly: the next handler gets a full limit (§2.5).
    return replace(timing.stop(case, ("HDL",), facts.now), due_final=None)


def grant_extend(case: Case, args: Args, facts: Facts) -> Case:
    until = args.get("until") or case.requests["extend"].until
    code = "LED" if case.state is State.DIFF_LED else "HDL"
    clock = replace(case.clocks[code], due=until)
    return replace(
        timing.put(_decided(case, "extend", facts), clock), extend_count=case.extend_count + 1, due_final=until
    )


def grant_suspend(case: Case, args: Args, facts: Facts) -> Case:
    until = args.get("until") or case.requests["suspend"].until or facts.now
    code = "LED" if case.state is State.DIFF_LED else "HDL"
    case = timing.pause(replace(_decided(case, "suspend", facts), previous=str(case.state)), code, facts)
    return timing.until(case, "REV", until, facts)


def resume(case: Case, args: Args, facts: Facts) -> Case:
    """What was left of the limit counts from now, and the pause is added to `due_final` as well (§2.5).

    The two differ after a rework, whose allowance moved the alarm only.
    """
    clock, paused = case.clocks.get("LED" if case.previous == State.DIFF_LED else "HDL"), case.clocks.get("REV")
    final = case.due_final
    if clock is None or paused is None:
        return case
    if final is not None and final > paused.started:
        left = facts.duty.between(paused.started, final, clock.kind, clock.unit)
        final = facts.duty.add(facts.now, left, clock.kind, clock.unit)
    return replace(timing.resume(case, clock.code, facts), due_final=final)


def end(case: Case, args: Args, facts: Facts) -> Case:
    return replace(_close(case, facts, "RECALLED"), on_time=None)


def merge(case: Case, args: Args, facts: Facts) -> Case:
    return replace(case, previous=f"{case.state} {case.previous}".strip(), master=args["master"])


def absorb(case: Case, args: Args, facts: Facts) -> Case:
    """What the master takes over: the higher priority and the second reporter (T35)."""
    reporters = [r for r in (case.reporter, args.get("reporter", "")) if r]
    return replace(case, priority=min(case.priority, args["priority"]), reporter="、".join(dict.fromkeys(reporters)))


def unmerge(case: Case, args: Args, facts: Facts) -> Case:
    clocks = {k: replace(c, stopped=None) if c.stopped == case.since else c for k, c in case.clocks.items()}
    return replace(case, clocks=clocks, master="", custodian=facts.custodian)


def reopen(case: Case, args: Args, facts: Facts) -> Case:
    return replace(
        case,
        cycle=case.cycle + 1,
        custodian=facts.custodian,
        flow=Flow.GENERAL,
        clocks={},
        requests={},
        lead="",
        lead_person="",
        assists=(),
        due_final=None,
        closed_at=None,
        on_time=None,
        result="",
        result_text="",
        submitted_by="",
        submitted_at=None,
        verified_by="",
        designated=False,
        arrived=False,
        self_mode="",
        dispatches=tuple(replace(d, active=False) for d in case.dispatches),
    )


def supervise(case: Case, args: Args, facts: Facts) -> Case:
    return timing.until(replace(case, supervised_until=args["until"]), "SUPV", args["until"], facts)


def release(case: Case, args: Args, facts: Facts) -> Case:
    return replace(case, supervised_until=None)


def backfill(case: Case, args: Args, facts: Facts) -> Case:
    return replace(case, wechat_ref=args["text"])


def follow(case: Case, args: Args, facts: Facts) -> Case:
    return replace(case, followed=not case.followed)


def locate(case: Case, args: Args, facts: Facts) -> Case:
    grid, station, zone = facts.town.whereabouts(args["committee"], case.lon, case.lat)
    place = facts.town.committees[args["committee"]].name
    if "committee" in case.missing and case.place:
        place = case.place  # the address as a reporter from outside wrote it is worth more than the committee's name
    return replace(case, committee=args["committee"], place=place, grid=grid, station=station, zone=zone,
                   missing=_still(case, "committee"))  # fmt: skip
