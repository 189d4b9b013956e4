"""What people do with messages that did not arrive: send again, or give up before a second person's eyes (§2.7)."""

from zjj_console.desk import undelivered
from zjj_console.desk.acts import Act, Done
from zjj_console.domain import permits
from zjj_console.domain.facts import Facts
from zjj_console.domain.model import Event, Refusal
from zjj_console.storage import delivery
from zjj_console.storage.db import Connection
from zjj_console.storage.delivery import Letter

_SECONDS = {"centre", "shift_lead"}


def _no(zh: str, en: str, code: int = 8) -> Refusal:
    return Refusal(code, "2.7", zh, en)


def retry(keys: list[str], *, everything: bool = False) -> Act:
    """Messages that were given up wait again, as if just queued; the climb of their alarm begins anew."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        refusal = permits.refuse_act("acknowledge_alarm", facts)
        if refusal is not None:
            return refusal
        found = _all_lost(db) if everything else _named(db, keys)
        if isinstance(found, Refusal):
            return found
        doubtful = [letter.key for letter in found if letter.doubt_at]
        again = [letter.key for letter in found if delivery.retry(db, letter, facts.now)]
        warnings = (f"上次可能已送达，重发会重复: {'、'.join(doubtful)}",) if doubtful else ()
        return Done([], f"重新待发 {len(again)} 条", f"{len(again)} messages wait to be sent again",
                    {"keys": again, "n": len(again)}, warnings=warnings)  # fmt: skip

    return act


def _all_lost(db: Connection) -> list[Letter]:
    return delivery.letters(db, delivery.LOST, 5000)


def _named(db: Connection, keys: list[str]) -> list[Letter] | Refusal:
    found = []
    for key in keys:
        letter = delivery.find(db, key)
        if letter is None:
            return _no(f"没有消息 {key}；zjj outbox list", f"no message {key}; zjj outbox list", 6)
        if letter.status not in delivery.LOST:
            return _no(f"{key} 为 {undelivered.STATUS_ZH[letter.status]}，不必重发",
                       f"{key} is {letter.status}: nothing to send again")  # fmt: skip
        found.append(letter)
    return found


def drop(key: str, reason: str, second: str, *, proven: bool) -> Act:
    """Nobody sends this message any more. A second person of rank gives his PIN; the journal keeps who and why."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        refusal = permits.refuse_act("acknowledge_alarm", facts) or _second(facts, reason, second, proven)
        if refusal is not None:
            return refusal
        letter = delivery.find(db, key)
        if letter is None:
            return _no(f"没有消息 {key}；zjj outbox list", f"no message {key}; zjj outbox list", 6)
        if letter.status not in (*delivery.LOST, "PENDING", "RETRY"):
            return _no(f"{key} 为 {undelivered.STATUS_ZH[letter.status]}，不能放弃",
                       f"{key} is {letter.status}: it cannot be dropped")  # fmt: skip
        delivery.drop(db, letter, f"{reason.strip()} ({facts.actor.work_no}、{second})", facts.now)
        event = Event("message_dropped", "outbox", {"args": {"key": key, "second": second, "text": reason.strip()}})
        return Done([event], f"已放弃 {key}: {reason.strip()}", f"{key} is dropped", {"key": key, "second": second})

    return act


def _second(facts: Facts, reason: str, second: str, proven: bool) -> Refusal | None:
    if not reason.strip():
        return _no("放弃消息须写理由", "a reason is needed", 3)
    known = facts.town.people.get(second)
    if known is None:
        return _no("须有第二人: --second 工号(镇中心负责人，或值班长)", "a second person: --second WORKNO", 7)
    roles = set(known.roles) | {p.role for p in facts.town.posts if p.work_no == second}
    if not roles & _SECONDS or second == facts.actor.work_no:
        return _no("第二人须为镇中心负责人或值班长，且不是本人", "the second person is the centre or a shift lead", 7)
    if not proven and not facts.actor.trial:
        return _no(f"须 {known.name} 的口令: --second-pin-file", "the second person's PIN is needed", 7)
    return None
