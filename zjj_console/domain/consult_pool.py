"""What makes a case one for a consultation (§2.9), as it stands now. Nothing is read here; the figures are the profile's."""

from collections.abc import Iterator

from msgspec import Struct

from zjj_console.domain.consult import Meeting
from zjj_console.domain.facts import Facts
from zjj_console.domain.model import DAY, Case, State


class Ground(Struct, frozen=True):
    """One reason. `amount`: percent, times or rung; of a review and of a station's consultation the instant (µs UTC)."""

    code: str  # led | returns | reworks | escalated | review | station
    amount: int


def grounds(case: Case, facts: Facts, level: int, fruitless: Meeting | None) -> Iterator[Ground]:
    """`level`: the rung of its open climb. `fruitless`: its newest station consultation, where that had no result."""
    rules = facts.town.meetings
    if not case.is_open or case.state is State.SUBMITTED:
        return
    if case.state in (State.DIFF_REVIEW, State.DIFF_LED) and (share := led_share(case, facts)) >= rules.pool_percent:
        yield Ground("led", share)
    if case.return_count >= rules.pool_returns:
        yield Ground("returns", case.return_count)
    if case.rework_count >= rules.pool_reworks:
        yield Ground("reworks", case.rework_count)
    if level >= rules.pool_level:
        yield Ground("escalated", level)
    review = case.clocks.get("REV")
    if review is not None and review.running and (review.due or 0) <= facts.now + rules.pool_review_days * DAY:
        yield Ground("review", review.due or facts.now)
    if fruitless is not None and not (case.designated and case.since > fruitless.at):  # nobody has settled it since
        yield Ground("station", fruitless.at)


def led_share(case: Case, facts: Facts) -> int:
    """How much of T-LED a difficult case has used, in percent; before it is led, what it would have used."""
    clock = case.clocks.get("LED")
    if case.state is State.DIFF_LED and clock is not None and clock.running:
        whole = facts.duty.between(clock.started, clock.due or 0, clock.kind, clock.unit)
        used = facts.duty.between(clock.started, facts.now, clock.kind, clock.unit)
        return used * 100 // whole if whole else 100
    rule = facts.town.limit("LED", case.priority)
    if rule is None:
        return 0
    unit = case.station or facts.town.centre.code
    kind, minutes = facts.duty.counted(rule, unit)
    return facts.duty.between(case.since, facts.now, kind, unit) * 100 // minutes if minutes else 100
