"""T42: take back one's own last action within ten seconds, as a compensating event."""

from zjj_console.desk.work import Work
from zjj_console.domain.model import SECOND, Event, Refusal
from zjj_console.storage import projections
from zjj_console.storage.db import Connection
from zjj_console.storage.journal import decode

# The last thousand events of this console: seconds, and an index range. What he did at another console is undone there.
_META = "(SELECT CAST(v AS INTEGER) FROM meta WHERE k = '{}')"
_RECENT = (
    "device = (SELECT v FROM meta WHERE k = 'device')"
    f" AND epoch = {_META.format('epoch')} AND dseq > {_META.format('dseq')} - 1000"
)


def _no(zh: str, en: str) -> Refusal:
    return Refusal(8, "T42", zh, en)


_DECIDED = frozenset({"T30", "T31", "R57", "R60"})  # stands in the record of a meeting or visit as well


def undo(db: Connection, work: Work, own: str = "") -> str | Refusal:
    """Undo in `work` the operator's last action; the id of its (first) case, or why it cannot be undone.

    `own` is the last action of this very desk; a script, which has done nothing yet, takes the operator's last one.
    """
    actor, now = work.facts.actor.work_no, work.facts.now
    seconds = work.facts.town.flow.undo_seconds
    which, params = ("actor = ? AND cmd = ?", (actor, own)) if own else ("actor = ?", (actor,))
    last = db.execute(
        f"SELECT cmd, at FROM event WHERE {which} AND {_RECENT} ORDER BY dseq DESC LIMIT 1", params
    ).fetchone()
    if last is None or now - last[1] > seconds * SECOND:
        return _no(f"没有{seconds}秒内的操作可撤", f"nothing done within {seconds} seconds to undo")
    holding = work.facts.holding
    if holding is not None and holding.claimed and holding.since >= last[1]:
        return _no("此后已交接，不能撤销交接前的操作", "custody has moved since; it cannot be undone")
    rows = db.execute(
        f"SELECT lseq, stream, body FROM event WHERE cmd = ? AND {_RECENT} ORDER BY dseq", (last[0],)
    ).fetchall()
    by_case: dict[str, list[Event]] = {}
    for _, stream, body in rows:
        stored = decode(body)
        if stored.kind in ("undone", "cases_imported", "custody_moved") or "was" not in stored.data:
            return _no("上一步是撤销、导入或值班交接，不能撤", "the last action cannot be undone")
        if stored.data.get("step") in _DECIDED:
            return _no(
                "会商与进站已有记录，不能撤；改动用撤题或案件动词",
                "consultations and visits keep their record; withdraw the item",
            )
        by_case.setdefault(stream, []).append(Event(stored.kind, stream, stored.data))
    apart = db.execute(
        "SELECT 1 FROM conflict f JOIN event e ON e.id = f.event_id WHERE e.cmd = ? LIMIT 1", (last[0],)
    ).fetchone()
    if apart:
        return _no("该操作与别处冲突，本未生效，不必撤", "it clashed with another desk and does not stand anyway")
    for stream in by_case:
        later = db.execute("SELECT 1 FROM event WHERE stream = ? AND lseq > ?", (stream, rows[-1][0])).fetchone()
        if later:
            return _no("此后已有人操作该案，不能撤销", "somebody has acted on the case since")
        sent = db.execute(
            "SELECT 1 FROM outbox WHERE case_id = ? AND created_at >= ? AND status NOT IN ('PENDING', 'RECALLED')",
            (stream, last[1]),
        ).fetchone()
        if sent:
            return _no("派单消息已发出，不能撤销；改派用 gp", "the order has left already; reassign with gp")
    for stream, events in by_case.items():
        case = projections.load(db, stream)
        if case is not None:
            work.undo(case, events)
    return next(iter(by_case))
