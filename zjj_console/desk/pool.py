"""Which cases a consultation should look at, and why (§2.9). Read now, stored nowhere; every query goes by an index."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from zjj_console.desk import wording
from zjj_console.domain.consult import Item, Meeting
from zjj_console.domain.facts import Facts
from zjj_console.domain.model import DAY, Case, State
from zjj_console.storage import projections, reads_meeting
from zjj_console.storage.db import Connection


class Why(Struct, frozen=True):
    """One reason: led | returns | reworks | escalated | review | station."""

    code: str
    zh: str
    en: str


class Pooled(Struct, frozen=True):
    """A case that is due for a consultation. `listed` is the meeting on whose agenda it stands already, or empty."""

    case: Case
    whys: tuple[Why, ...]

    @property
    def listed(self) -> str:
        return self.case.consult


def pool(db: Connection, facts: Facts) -> list[Pooled]:
    """By urgency: the highest priority first, then the oldest. Each case once, with all its reasons."""
    fruitless = _fruitless(db, facts)
    cases = {case.id: case for case in _candidates(db, facts, fruitless)}.values()
    found = [Pooled(case, whys) for case in cases if (whys := tuple(_whys(db, case, facts, fruitless)))]
    return sorted(found, key=lambda p: (p.case.priority, p.case.reported_at, p.case.serial))


def why(db: Connection, case: Case, facts: Facts) -> tuple[Why, ...]:
    """The reasons of one case; nothing where it is not in the pool."""
    return tuple(_whys(db, case, facts, _fruitless(db, facts)))


def _candidates(db: Connection, facts: Facts, fruitless: Iterable[str]) -> Iterator[Case]:
    """Every case that may have a reason, found by an index; some have none after all."""
    rules = facts.town.meetings
    yield from reads_meeting.difficult(db)
    yield from reads_meeting.troubled(db, rules.pool_returns, rules.pool_reworks)
    yield from reads_meeting.escalated(db, rules.pool_level)
    yield from reads_meeting.review_before(db, facts.now + rules.pool_review_days * DAY)
    yield from (case for case_id in fruitless if (case := projections.load(db, case_id)) is not None)


def _whys(db: Connection, case: Case, facts: Facts, fruitless: Mapping[str, Meeting]) -> Iterator[Why]:
    """What makes a case one for a consultation, as it is now."""
    rules = facts.town.meetings
    if not case.is_open or case.state is State.SUBMITTED:
        return
    if case.state in (State.DIFF_REVIEW, State.DIFF_LED) and (share := led_share(case, facts)) >= rules.pool_percent:
        yield Why("led", f"疑难已用牵头时限{share}%", f"{share} % of the lead limit is used")
    if case.return_count >= rules.pool_returns:
        yield Why("returns", f"退单{case.return_count}次", f"returned {case.return_count} times")
    if case.rework_count >= rules.pool_reworks:
        yield Why("reworks", f"返工{case.rework_count}次", f"sent back {case.rework_count} times")
    if (level := reads_meeting.level_of(db, case.id)) >= rules.pool_level:
        yield Why("escalated", f"已升级至E{level}", f"escalated to E{level}")
    review = case.clocks.get("REV")
    if review is not None and review.running and (review.due or 0) <= facts.now + rules.pool_review_days * DAY:
        when = wording.moment(review.due or facts.now, facts.now, facts.duty)
        yield Why("review", f"挂账{when}复查", f"review of the suspension {when}")
    meeting = fruitless.get(case.id)
    if meeting is not None and not (case.designated and case.since > meeting.at):  # nobody has settled it since
        name, day = wording.unit(facts.town, meeting.station), f"{facts.duty.local(meeting.at):%m-%d}"
        yield Why("station", f"{name} {day} 会商未果", f"no result at {meeting.station} on {day}")


def _fruitless(db: Connection, facts: Facts) -> dict[str, Meeting]:
    """Station consultations without result, by case: the newest one of a case counts."""
    since = facts.now - facts.town.meetings.station_days * DAY
    newest: dict[str, tuple[Meeting, Item]] = {}
    for meeting in reads_meeting.meetings(db, since, level="station"):
        for item in meeting.agenda:
            newest.setdefault(item.case, (meeting, item))
    return {
        case_id: meeting for case_id, (meeting, item) in newest.items() if item.outcome and item.outcome.code == "none"
    }


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
