"""What consultation (T30, T31), a station's own meeting (R57) and a commander's word (R60) change in a case."""

from msgspec.structs import replace

from zjj_console.domain import effects, timing
from zjj_console.domain.effects import Args
from zjj_console.domain.facts import Facts
from zjj_console.domain.model import Case, Flow, State


def to_agenda(case: Case, args: Args, facts: Facts) -> Case:
    """An overlay: it stops no clock."""
    return replace(case, consult=args.get("meeting", ""))


def settled(case: Case, args: Args, facts: Facts) -> Case:
    """Decided, and the case stays where it is: what follows is a task."""
    return replace(case, consult="")


def raised(case: Case, args: Args, facts: Facts) -> Case:
    return replace(case, consult="", raised=args.get("level", ""))


def deferred(case: Case, args: Args, facts: Facts) -> Case:
    return replace(case, consult=args.get("next", ""))


def _awake(case: Case, facts: Facts) -> Case:
    """A suspension ends where the meeting decides that somebody works on it again."""
    return replace(effects.resume(case, {}, facts), previous="") if case.state is State.SUSPENDED else case


def assign(case: Case, args: Args, facts: Facts) -> Case:
    """主责: the named unit with a limit of its own from the minutes; before this a miss stays with the previous holder."""
    case = effects.assist(effects.designate(_awake(case, facts), args, facts), args, facts)
    if args.get("due"):
        case = replace(timing.ending(case, "HDL", args["due"], facts), due_final=args["due"])
    return replace(case, consult="", raised="")


def joint(case: Case, args: Args, facts: Facts) -> Case:
    """联合处置: the lead station with its assistants, T-LED reset to what was decided."""
    led = case.lead == args["unit"] and State.DIFF_LED in (case.state, case.previous)
    case = _awake(case, facts)
    case = effects.again_led(case, facts) if led else effects.lead_difficult(case, args, facts)
    case = effects.assist(case, args, facts)
    if args.get("due"):
        case = replace(timing.ending(case, "LED", args["due"], facts), due_final=args["due"])
    return replace(case, consult="", raised="")


def suspend(case: Case, args: Args, facts: Facts) -> Case:
    """挂账 by the meeting; a case that is suspended already gets another review date. `level`: it waits for somebody above."""
    case = replace(case, consult="", raised=args.get("level") or case.raised)
    review = case.clocks.get("REV")
    if case.state is State.SUSPENDED and review is not None:
        minutes = max(0, (args["until"] - review.started) // 60_000_000)
        return timing.put(case, replace(review, due=args["until"], limit=minutes))
    return effects.grant_suspend(effects.withdrawn(case), args, facts)


def terminate(case: Case, args: Args, facts: Facts) -> Case:
    """终止: submitted by the meeting, so that another person checks it; a failed check brings it back to where it was."""
    before = case.previous if case.state is State.SUSPENDED else str(case.state)
    case = effects.resume(case, args, facts) if case.state is State.SUSPENDED else case
    return replace(effects.submit(case, args, facts), previous=before, consult="", raised="")


def station_assign(case: Case, args: Args, facts: Facts) -> Case:
    """R57 定责: an ordinary order; the handling clock is that of the first order."""
    return replace(effects.dispatch(effects.withdrawn(case), args, facts), flow=Flow.GENERAL, consult="")


def station_undecided(case: Case, args: Args, facts: Facts) -> Case:
    """R57 未果: a prior attempt (R49)."""
    return replace(case, attempts=case.attempts + 1)
