"""Which cases a consultation should look at, and why (§2.9). Read now, stored nowhere; every query goes by an index."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from zjj_console.desk import wording
from zjj_console.domain import consult_pool
from zjj_console.domain.consult import Item, Meeting
from zjj_console.domain.facts import Facts
from zjj_console.domain.model import DAY, Case
from zjj_console.storage import projections, reads_meeting
from zjj_console.storage.db import Connection

_WORDS = {
    "led": ("疑难已用牵头时限{n}%", "{n} % of the lead limit is used"),
    "returns": ("退单{n}次", "returned {n} times"),
    "reworks": ("返工{n}次", "sent back {n} times"),
    "escalated": ("已升级至E{n}", "escalated to E{n}"),
    "review": ("挂账{when}复查", "review of the suspension {when}"),
    "station": ("{name} {day} 会商未果", "no result at {code} on {day}"),
}


class Why(Struct, frozen=True):
    """One reason in words; `code` as in `domain.consult_pool`."""

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
    meeting = fruitless.get(case.id)
    for ground in consult_pool.grounds(case, facts, reads_meeting.level_of(db, case.id), meeting):
        said: dict[str, object] = {"n": ground.amount}
        if ground.code == "review":
            said = {"when": wording.moment(ground.amount, facts.now, facts.duty)}
        elif ground.code == "station" and meeting is not None:
            said = {"day": f"{facts.duty.local(ground.amount):%m-%d}", "code": meeting.station,
                    "name": wording.unit(facts.town, meeting.station)}  # fmt: skip
        zh, en = _WORDS[ground.code]
        yield Why(ground.code, zh.format(**said), en.format(**said))


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
