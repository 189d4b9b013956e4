"""Messages that an action causes, queued in its own transaction. Sending happens elsewhere and never holds the desk."""

from zjj_console.desk import wording
from zjj_console.desk.acts import Message
from zjj_console.desk.work import Work
from zjj_console.domain.marks import PRIORITY_ZH
from zjj_console.domain.model import SECOND, Case, Dispatch
from zjj_console.storage import delivery
from zjj_console.storage.db import Connection

_INSERT = (
    "INSERT INTO outbox(key, case_id, kind, recipient, body, created_at, not_before, status)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, 'PENDING') ON CONFLICT(key) DO UPDATE SET recipient = excluded.recipient,"
    " body = excluded.body, created_at = excluded.created_at, not_before = excluded.not_before, status = 'PENDING',"
    " attempts = 0, next_at = 0, doubt_at = 0, done_at = 0, error = '', msgid = ''"
    " WHERE status = 'RECALLED'"  # undone before it left and given again
)
_RECALL = f"UPDATE outbox SET status = 'RECALLED' WHERE case_id = ? AND key = ? AND {delivery.LEFT_NOT}"


def key(case: Case, order: Dispatch) -> str:
    """`d-<case>-<n>-<unit>` (§6.4): sending it again changes nothing. Each reopening is another cycle of orders."""
    return f"d-{case.number}-{order.n}-{order.unit}"


def queue(db: Connection, work: Work) -> None:
    """One message per new order (R48, NV-12). Below first priority it is held back as long as undo is possible."""
    now, town = work.facts.now, work.facts.town
    for case_id, case in work.after.items():
        before = work.before[case_id]
        known = {d.n for d in before.dispatches if d.active} if before else set()
        held = now if case.priority == 1 else now + town.flow.undo_seconds * SECOND
        for order in case.dispatches:
            if order.active and order.n not in known:
                db.execute(
                    _INSERT, (key(case, order), case.id, "dispatch", order.person, text(case, order, work), now, held)
                )
        standing = {d.n for d in case.dispatches if d.active}
        _support(db, before, case, work, held)
        gone = [d for d in (before.dispatches if before else ()) if d.active and d.n not in standing]
        db.executemany(_RECALL, [(case.id, key(case, d)) for d in gone])
    _spoken(db, work)


def _spoken(db: Connection, work: Work) -> None:
    """NV-11: who was reached by telephone has his order (§2.7). Without a gateway nothing is kept of how orders travel."""
    calls = [event for event in work.events if event.kind in ("called", "undone")]
    if not calls or delivery.since(db) is None:
        return
    now = work.facts.now
    for event in calls:
        case, args = work.after[event.case], event.data["args"]
        if event.kind == "undone" and "called" in args["kinds"]:
            delivery.unphoned(db, case.id, now - work.facts.town.flow.undo_seconds * SECOND)
        elif event.kind == "called" and args["reason"] == "reached":
            delivery.phoned(db, case.id, args.get("person") or case.lead_person, now)


def _support(db: Connection, before: Case | None, case: Case, work: Work, held: int) -> None:
    """R51: whoever answers is told of the request, and of its being taken back if he has been told already."""
    was, wanted = _said(before, work), _said(case, work)
    sent = False
    for gone in was.keys() - wanted.keys():
        sent = db.execute(_RECALL, (case.id, gone)).rowcount == 0 or sent
    for name, (recipient, body) in wanted.items():
        if name not in was and recipient and (sent or not name.endswith("-cancelled")):
            db.execute(_INSERT, (name, case.id, "support", recipient, body, work.facts.now, held))


def _said(case: Case | None, work: Work) -> dict[str, tuple[str, str]]:
    """key -> (recipient, text) of the messages that the present state of a request calls for."""
    aid, town = case.aid if case else None, work.facts.town
    if case is None or aid is None:
        return {}
    stem, head = f"s-{case.number}-{aid.n}", f"【{case.number}】{PRIORITY_ZH[case.priority]} 执法保障"
    if case.support == "CANCELLED":
        return {f"{stem}-cancelled": (aid.person, f"{head}已撤回，不必前往 {aid.result}".strip())}
    until = wording.moment(aid.answer_due, work.facts.now, work.facts.duty) if aid.answer_due else ""
    what = " ".join(filter(None, (wording.unit(town, aid.body), case.place, wording.reason(town, "support", aid.reason),
                                  aid.need, case.text, f"请于{until}前应答" if until else "")))  # fmt: skip
    told = {stem: (aid.person, f"{head} {what}")}
    if case.support == "REFUSED":
        why = f"{wording.reason(town, 'support_refuse', aid.refusal)} {aid.result}".strip()
        asker = aid.asked_by if aid.asked_by in town.people else work.facts.person_of(aid.body)
        told[f"{stem}-refused"] = (asker, f"{head}未能派出: {why}；已报{town.term('chief', '站长')}")
    return told


def tell(db: Connection, messages: list[Message], now: int) -> None:
    """Messages that are no orders: a changed shift, an early assembly, a rung of the ladder."""
    for m in messages:
        db.execute(
            "INSERT INTO outbox(key, case_id, kind, recipient, body, created_at, not_before, status)"
            " VALUES (?, '', ?, ?, ?, ?, ?, 'PENDING') ON CONFLICT(key) DO NOTHING",
            (m.key, m.kind, m.recipient, m.body, now, m.not_before or now),
        )


def recall(db: Connection, beginnings: list[str]) -> None:
    """Messages that have not left and whose cause is gone: nobody is told in the morning of what was settled at night."""
    for beginning in beginnings:
        db.execute(f"UPDATE outbox SET status = 'RECALLED' WHERE key >= ? AND key < ? AND {delivery.LEFT_NOT}",
                   (beginning, beginning + "~"))  # fmt: skip


def text(case: Case, order: Dispatch, work: Work) -> str:
    town, duty, now = work.facts.town, work.facts.duty, work.facts.now
    clock = case.clocks.get("ACK")
    until = f" 请于{wording.moment(clock.due, now, duty)}前签收" if clock and clock.due else ""
    role = "主办" if order.role == "lead" else "协办"
    what = f"{case.place or '地点待定'} {wording.category(town, case.category)} {case.text}"
    return f"【{case.number}】{PRIORITY_ZH[case.priority]} {role} {what}{until} {order.text}".strip()
