"""The alarms of a desk at an instant (§3.6): cases first, then the desk itself, then what is missing in the house.

Nothing is stored but acknowledgements: what is alarming follows from deadlines, climbs, custody and posts as they stand.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from zjj_console.desk import post_checking, queries, wording
from zjj_console.desk.acts import Act, Done
from zjj_console.desk.candidates import candidates
from zjj_console.desk.steady import Jump
from zjj_console.domain import alarms, custody, holders, permits
from zjj_console.domain.alarms import Grade
from zjj_console.domain.climb import BY_HAND, REFUSED
from zjj_console.domain.facts import Facts
from zjj_console.domain.holders import Post
from zjj_console.domain.model import HOUR, SECOND, Event, Refusal
from zjj_console.storage import projections, reads, reads_alarms, reads_meeting
from zjj_console.storage.db import Connection
from zjj_console.storage.reads import QueueRow
from zjj_console.storage.reads_alarms import Pressing

STREAM = "alarm"
LISTED = 200  # of each grade; counts are of all
_BY_HAND = {BY_HAND: ("人工升级", "raised by hand"), REFUSED: ("保障被拒", "support refused")}
_URGENT = 500  # first priority is never cut


class Alarm(Struct, frozen=True):
    """One thing that needs a person. `row` is its case, to which `zh` and `en` may add; without one they say it all."""

    subject: str  # what an acknowledgement is about: a case id, or `handover:H4`, `post:z5:deputy`, `clock`
    grade: Grade
    raised: int
    acked: int | None
    cause: str
    row: QueueRow | None = None
    level: int = 0  # rung of the ladder, 0: none
    zh: str = ""
    en: str = ""


class Look(Struct, frozen=True):
    """Alarms from the worst, and how many there are of all."""

    alarms: tuple[Alarm, ...]
    total: int
    late: int
    soon: int

    @property
    def unacked(self) -> list[Alarm]:
        return [alarm for alarm in self.alarms if alarm.acked is None]


def look(db: Connection, facts: Facts, limit: int, house: Iterable[Alarm] = ()) -> Look:
    """Up to `limit` alarms of a grade, first priority all of them, in their order; `house`: what is no case."""
    cases: dict[str, Alarm] = {}
    for alarm in _cases(db, facts, limit):
        cases.setdefault(alarm.subject, alarm)  # the worst of a case counts; of equals the longest late stays first
    others = [_seen(alarm, at) for alarm, at in _acknowledged(db, list(house))]
    found = sorted([*cases.values(), *others], key=alarms.order)
    late, soon = reads.pressing(db, facts.now)
    more = sum(not _counted(alarm, facts.now) for alarm in found)
    return Look(tuple(found), late + soon + more, late, soon)


def _acknowledged(db: Connection, house: list[Alarm]) -> list[tuple[Alarm, int | None]]:
    seen = reads_alarms.acked(db, [alarm.subject for alarm in house]) if house else {}
    return [(alarm, seen.get(alarm.subject)) for alarm in house]


def _cases(db: Connection, facts: Facts, limit: int) -> Iterator[Alarm]:
    """From the worst grade to the mildest, those that nobody has seen first; a case may come again."""
    now = facts.now
    for one in reads_alarms.urgent(db, now, _URGENT):
        grade = Grade.URGENT_LATE if one.row.overdue(now) else Grade.URGENT_NEW if _unsent(one.row) else Grade.SOON
        alarm = _of_case(one, grade, now)
        yield _with_forces(db, facts, alarm) if _unsent(one.row) else alarm
    for one in (*reads_alarms.late(db, now, limit, unacked=True), *reads_alarms.late(db, now, limit)):
        yield _of_case(one, Grade.LATE, now)
    for one in reads_alarms.soon(db, now, limit):
        yield _of_case(one, Grade.SOON, now)
    for one, code, _ in reads_alarms.asked(db, limit):
        yield _of_case(one, Grade.ASKED, now, code)
    for one, trigger in reads_alarms.by_hand(db, limit):
        zh, en = _BY_HAND[trigger]
        alarm = _of_case(one, Grade.LATE if one.row.priority > 1 else Grade.URGENT_LATE, now)
        yield replace(alarm, cause=f" {one.row.source}", zh=zh, en=en)  # no clock of it is missed


def _with_forces(db: Connection, facts: Facts, alarm: Alarm) -> Alarm:
    """R12: a first-priority case that nobody free could take says so; the picker then lists who is busy with what."""
    case = projections.load(db, alarm.subject)
    load = queries.load_by_unit(db)
    free = case is None or any(not load.get(one.unit) for one in candidates(case, facts, load))
    return alarm if free else replace(alarm, zh="无空闲力量", en="nobody is free")


def _counted(alarm: Alarm, now: int) -> bool:
    """Whether the alarm is among the late and the due-soon ones, which are counted and not listed to the last."""
    return alarm.row is not None and alarm.row.presses and alarm.row.next_warn <= now


def _unsent(row: QueueRow) -> bool:
    return row.state in ("REPORTED", "ACCEPTED")


def _of_case(one: Pressing, grade: Grade, now: int, clock: str = "") -> Alarm:
    row = one.row
    stages = [one.raised_at, row.next_warn, row.next_due] if row.presses and row.next_kind else [one.raised_at]
    if grade in (Grade.URGENT_NEW, Grade.ASKED):
        stages.append(one.recorded_at)
    if grade is Grade.URGENT_NEW and (row.state == "REPORTED" or row.return_count):
        stages.append(one.since)  # reopened, or given back: it has nobody again
    raised = max(at for at in (0, *stages) if at <= now)
    acked = one.acked_at if one.acked_at is not None and one.acked_at >= raised else None
    return Alarm(row.id, grade, raised, acked, f"{clock or row.next_kind} {row.source}", row, one.level)


def _seen(alarm: Alarm, at: int | None) -> Alarm:
    if at is None or at < alarm.raised:
        return alarm
    return replace(alarm, acked=at)


def house(db: Connection, facts: Facts) -> tuple[Alarm, ...]:
    """What is no case: an unsigned handover, a vacant post, a consultation, a decision or a visit that is missing.

    Changes with the journal and with the minute, and is kept that long.
    """
    chain = holders.chain(facts.duty, facts.book, facts.now) if facts.town.ladder.posts else []
    vacant = tuple(_posts(facts, chain))
    night = _night(db, facts, chain, {alarm.subject for alarm in vacant})
    return (*_handover(facts), *vacant, *night, *_meetings(db, facts))


def of_clock(jump: Jump) -> Alarm:
    """NV-9: the machine's clock was set; deadlines are absolute and stand."""
    way, way_en = ("拨慢", "back") if jump.by < 0 else ("拨快", "forward")
    zh = f"时钟被{way} {wording.span(abs(jump.by))}，时限仍按绝对时刻；请校时"
    en = f"the clock was set {way_en} by {abs(jump.by) // SECOND} s; deadlines stand; set it right"
    return Alarm("clock", Grade.DESK, jump.at, None, "clock", zh=zh, en=en)


def _handover(facts: Facts) -> Iterator[Alarm]:
    missed = custody.missed(facts.town, facts.duty, facts.holding, facts.now)
    if missed is not None and missed.late:
        call = "；请呼镇中心负责人" if missed.call else "；F6 交接"
        yield Alarm(f"handover:{missed.boundary.code}", Grade.DESK, missed.at, None, "handover",
                    zh=f"交接未签 {missed.boundary.code} 已过{missed.minutes}分，看护权未动{call}",
                    en=f"{missed.boundary.code} unsigned for {missed.minutes} min; custody has not moved")  # fmt: skip


def _meetings(db: Connection, facts: Facts) -> Iterator[Alarm]:
    """二(三)2: what the week or the month still owes, from the day on which the journal began."""
    from zjj_console.desk import consult_view  # only where nothing is kept does the desk pay for it

    begun = reads_meeting.begun(db)
    if begun is None:
        return
    for gap in consult_view.gaps(db, facts):
        if gap.at >= begun:
            subject = f"meeting:{gap.kind}:{gap.ref}:{gap.unit}"
            yield Alarm(subject, Grade.NOTE, gap.at, None, "meeting", zh=gap.zh, en=gap.en)
    for due in consult_view.visits_due(db, facts):
        at = due.ends_at if due.state == "overdue" else due.warn_at
        if due.state != "due" and at >= begun:
            yield Alarm(f"visit:{due.station}:{due.month}", Grade.NOTE, at, None, "visit", zh=due.zh, en=due.en)


def _posts(facts: Facts, chain: list[Post]) -> Iterator[Alarm]:
    """R21: a post that nobody holds is a note after a day; whoever is merely away is named at the check before the night."""
    for post in chain:
        if post.holder.missing != "vacant":
            continue
        since = holders.vacant_since(facts.duty, post.station, post.post, facts.now)
        if since is not None and facts.now - since < facts.town.alarm_rules.vacancy_hours * HOUR:
            continue
        name = f"{wording.unit(facts.town, post.station)} {wording.post(facts.town, post.post)}"
        yield Alarm(f"post:{post.station}:{post.post}", Grade.NOTE, since or 0, None, "post",
                    zh=f"{name}空缺，升级时直接找下一级", en=f"{post.station} {post.post} is vacant: the next rung is called")  # fmt: skip


def _night(db: Connection, facts: Facts, chain: list[Post], noted: set[str]) -> Iterator[Alarm]:
    """§2.10: what the check before this night found and nobody has mended yet; one line a station, nothing told twice."""
    for hole in post_checking.holes(db, facts, chain):
        if hole.bare or any(f"post:{p.station}:{p.post}" not in noted for p in hole.posts):
            zh, en = hole.told(facts)
            grade = Grade.LATE if hole.bare else Grade.NOTE
            yield Alarm(f"night:{hole.unit}", grade, hole.since, None, "night", zh=zh, en=en)


def rings(db: Connection, facts: Facts, before: int, found: Look) -> bool:
    """Whether the bell sounds for (before, now]. `found` holds all of the first priority; the rest is counted."""
    rules = facts.town.alarm_rules
    if any(alarms.rings(alarm, before, facts.now, rules) for alarm in found.alarms):
        return True
    return reads_alarms.fresh_late(db, before, facts.now) > 0


def acknowledge(subjects: Iterable[str]) -> Act:
    """Somebody at the desk has seen these; they stay listed, and ring again at their next stage."""
    wanted = tuple(dict.fromkeys(subjects))

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        refusal = permits.refuse_act("acknowledge_alarm", facts)
        if refusal is not None:
            return refusal
        if not wanted:
            return Refusal(8, "3.6", "没有未确认的告警", "no alarm waits to be acknowledged")
        event = Event("alarm_acked", STREAM, {"args": {}, "subjects": list(wanted)})
        case = projections.load(db, wanted[0]) if len(wanted) == 1 else None
        named = f" {case.handle}" if case is not None else ""
        return Done([event], f"已确认 {len(wanted)} 项{named}，办结前仍列出",
                    f"{len(wanted)} acknowledged{named}; listed until solved")  # fmt: skip

    return act
