"""Which cases a consultation should look at, and why (§2.9). Read now, stored nowhere; every query goes by an index."""

from collections.abc import Iterator

from msgspec import Struct

from zjj_console.desk import wording
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
    cases: dict[str, Case] = {}
    whys: dict[str, list[Why]] = {}
    for case, why in _found(db, facts):
        cases[case.id] = case
        if why.code not in [w.code for w in whys.setdefault(case.id, [])]:
            whys[case.id].append(why)
    found = [Pooled(case, tuple(whys[case.id])) for case in cases.values() if case.state is not State.SUBMITTED]
    return sorted(found, key=lambda p: (p.case.priority, p.case.reported_at, p.case.serial))


def why(db: Connection, case: Case, facts: Facts) -> tuple[Why, ...]:
    """The reasons of one case; nothing where it is not in the pool."""
    return next((p.whys for p in pool(db, facts) if p.case.id == case.id), ())


def _found(db: Connection, facts: Facts) -> Iterator[tuple[Case, Why]]:
    rules = facts.town.meetings
    for case in reads_meeting.difficult(db):
        share = led_share(case, facts)
        if share >= rules.pool_percent:
            yield case, Why("led", f"疑难已用牵头时限{share}%", f"{share} % of the lead limit is used")
    for case in reads_meeting.troubled(db, rules.pool_returns, rules.pool_reworks):
        if case.return_count >= rules.pool_returns:
            yield case, Why("returns", f"退单{case.return_count}次", f"returned {case.return_count} times")
        if case.rework_count >= rules.pool_reworks:
            yield case, Why("reworks", f"返工{case.rework_count}次", f"sent back {case.rework_count} times")
    for case in reads_meeting.escalated(db, rules.pool_level):
        level = reads_meeting.level_of(db, case.id)
        yield case, Why("escalated", f"已升级至E{level}", f"escalated to E{level}")
    for case in reads_meeting.review_before(db, facts.now + rules.pool_review_days * DAY):
        review = case.clocks["REV"].due
        when = wording.moment(review or facts.now, facts.now, facts.duty)
        yield case, Why("review", f"挂账{when}复查", f"review of the suspension {when}")
    yield from _undecided(db, facts)


def _undecided(db: Connection, facts: Facts) -> Iterator[tuple[Case, Why]]:
    """Consultations of stations without result whose case nobody has settled since."""
    since = facts.now - facts.town.meetings.station_days * DAY
    seen: set[str] = set()
    for meeting in reads_meeting.meetings(db, since, level="station"):
        for item in meeting.agenda:
            if item.case in seen:
                continue
            seen.add(item.case)  # the newest consultation of a case counts
            case = projections.load(db, item.case)
            if item.outcome is None or item.outcome.code != "none" or case is None or not case.is_open:
                continue
            if case.designated and case.since > meeting.at:
                continue
            name = wording.unit(facts.town, meeting.station)
            day = f"{facts.duty.local(meeting.at):%m-%d}"
            yield case, Why("station", f"{name} {day} 会商未果", f"no result at {meeting.station} on {day}")


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
