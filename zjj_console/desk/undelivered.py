"""T-OUT, NV-11: messages that nobody says have arrived are no messages. Only where a gateway delivers at all.

An order or a request for support of first or second priority that still waits for its answer is an alarm of its own:
change to the telephone. Everything else that is stuck is one line.
"""

from collections.abc import Iterator

from zjj_console.desk import outbox, wording
from zjj_console.desk.alarming import Alarm
from zjj_console.domain.alarms import Grade
from zjj_console.domain.facts import Facts
from zjj_console.domain.model import Case
from zjj_console.storage import delivery, projections
from zjj_console.storage.db import Connection
from zjj_console.storage.delivery import Letter

URGENT = 2  # priorities whose messages are told one by one
SUBJECT = "outbox"
STATUS_ZH = {
    "PENDING": "待发", "SENT": "发送中", "CONFIRMED": "已送达", "RETRY": "待重发", "FAILED": "收件人不通", "DEAD": "已停发",
    "DELIVERED": "电话告知", "RECALLED": "已撤回", "DROPPED": "已放弃",
}  # fmt: skip
_LOOKED = 200


def alarms(db: Connection, facts: Facts) -> Iterator[Alarm]:
    """One alarm per urgent message, one for all others. `raised`: when the limit ended, or when it was given up."""
    begun = delivery.since(db)
    if begun is None:
        return
    rest: list[tuple[int, Letter]] = []
    for letter in delivery.undelivered(db, begun, facts.now, _LOOKED):
        at = _overdue(facts, letter)
        if at is None or at > facts.now:
            continue
        case = projections.load(db, letter.case_id) if letter.case_id else None
        unit = _waits(case, letter)
        if unit is not None and 0 < letter.priority <= URGENT:
            yield _one(facts, letter, at, unit)
        elif case is None or unit is not None:
            rest.append((at, letter))
    if rest:
        at, n = max(at for at, _ in rest), len(rest)
        more = "+" if n >= _LOOKED else ""
        yield Alarm(SUBJECT, Grade.NOTE, at, None, SUBJECT,
                    zh=f"另有 {n}{more} 条消息未送达，改用电话；zjj outbox list --waiting",
                    en=f"{n}{more} other messages are not delivered: telephone; zjj outbox list --waiting")  # fmt: skip


def _overdue(facts: Facts, letter: Letter) -> int | None:
    """When it should have arrived (µs); what was given up is overdue at once. None where the town sets no limit."""
    if letter.status in delivery.LOST:
        return max(letter.sent_at, letter.not_before)
    limit = facts.town.limit("OUT", letter.priority or 4)
    if limit is None:
        return None
    kind, minutes = facts.duty.counted(limit, "")
    return facts.duty.add(letter.not_before, minutes, kind, "")


def _waits(case: Case | None, letter: Letter) -> str | None:
    """The unit whose answer a message still waits for; None once it has been given: that somebody knows is proven."""
    if case is None:
        return None
    order = next((d for d in case.dispatches if outbox.key(case, d) == letter.key), None)
    if order is not None:
        return order.unit if order.active and order.status == "QUEUED" else None
    asked = case.aid is not None and case.support == "REQUESTED" and letter.kind == "support"
    return case.aid.body if asked and case.aid is not None else None


def _one(facts: Facts, letter: Letter, at: int, unit: str) -> Alarm:
    since = wording.moment(letter.not_before, facts.now, facts.duty)
    what, what_en = ("保障请求", "request for support") if letter.kind == "support" else ("派单消息", "order")
    return Alarm(f"{SUBJECT}:{letter.key}", Grade.DESK, at, None, SUBJECT,
                 zh=f"{letter.handle} {what}{since}起未送达{wording.unit(facts.town, unit)}，改用电话；打通后 th {letter.handle} 1",
                 en=f"{letter.handle}: the {what_en} has not reached {unit} since {since}: telephone, then th {letter.handle} 1")  # fmt: skip
