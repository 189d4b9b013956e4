"""A conflict told to whoever settles it: what the act saw, what it wanted, what stands (§6.7)."""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from zjj_console.desk import wording
from zjj_console.domain.judge import CONFLICT, DENIED, INVALID, TYPES
from zjj_console.domain.lifecycle import STATE_ZH
from zjj_console.domain.model import State
from zjj_console.domain.registers import REASON
from zjj_console.domain.safe import safe_text
from zjj_console.i18n import Teller
from zjj_console.storage import order, projections
from zjj_console.storage.db import Connection
from zjj_console.storage.reads_conflicts import Clash
from zjj_console.town.models import Town

Show = Callable[[Town, Any, Teller], str]


def _state(town: Town, value: Any, say: Teller) -> str:
    return say(STATE_ZH[State(value)])


def _by(name: Callable[[Town, str], str]) -> Show:
    return lambda town, value, say: name(town, str(value)) if value else ""


def _units(town: Town, value: Any, say: Teller) -> str:
    return " ".join(wording.unit(town, str(one)) for one in value or ())


def _order(town: Town, value: Any, say: Teller) -> str:
    """The latest order: to whom."""
    last = value[-1] if value else None
    return f"{wording.unit(town, last['unit'])} {wording.person(town, last['person'])}".strip() if last else ""


def _plain(town: Town, value: Any, say: Teller) -> str:
    return "" if value is None else str(value)


# What a person compares, in the order in which he asks; the rest of a case follows from these.
_FIELDS: dict[str, tuple[str, Show]] = {
    "state": ("状态", _state),
    "lead": ("主办", _by(wording.unit)),
    "lead_person": ("主办人", _by(wording.person)),
    "dispatches": ("派单", _order),
    "assists": ("协办", _units),
    "priority": ("级别", _plain),
    "category": ("类别", _by(wording.category)),
    "place": ("地点", _plain),
    "text": ("描述", _plain),
    "result": ("结果", _plain),
    "master": ("并入", _plain),
}
WHY = {
    CONFLICT: "别处已先改",
    INVALID: "内容不能成立",
    DENIED: "中心不许此设备这样做",
}


class Difference(Struct, frozen=True):
    """One field: as the act saw it, as it would have made it, as it stands now."""

    name: str
    field: str
    saw: str
    wanted: str
    stands: str


def what(clash: Clash, say: Teller) -> str:
    """What was done: one act may be several events."""
    return " ".join(safe_text(say(wording.event(line.kind))) for line in clash.events)


def why(clash: Clash, say: Teller) -> str:
    """Why it does not apply; of a clash the fields that people compare."""
    worst = max(line.verdict for line in clash.events)
    told = say(WHY.get(worst, WHY[INVALID]))
    if worst != CONFLICT:
        return told
    if clash.first.reason == REASON:
        return f"{told}: {say('同一记录')}"
    reason = {name for line in clash.events for name in line.reason.split()}
    fields = [say(zh) for name, (zh, _) in _FIELDS.items() if name in reason] or [say("办理进度")]
    return f"{told}: {' '.join(fields)}"


def differences(db: Connection, town: Town, clash: Clash, say: Teller) -> list[Difference]:
    """Field by field; empty where the act cannot be read or is about no case."""
    case = projections.load(db, clash.first.stream)
    if case is None:
        return []
    saw: dict[str, Any] = {}
    wanted: dict[str, Any] = {}
    for line in clash.events:
        row = db.execute("SELECT body FROM event WHERE id = ?", (line.event_id,)).fetchone()
        for event in order.events_of(row[0]) or ():
            before, after = event.data.get("was"), event.data.get("set")
            if isinstance(before, dict) and isinstance(after, dict):
                saw = {**before, **saw}
                wanted |= after
    return [
        Difference(name, say(zh), *(_shown(town, name, value, say) for value in (saw.get(name), wanted[name], getattr(case, name))))
        for name, (zh, _) in _FIELDS.items()
        if name in wanted
    ]  # fmt: skip


def _shown(town: Town, name: str, value: Any, say: Teller) -> str:
    """A value in words, on one line; "-" for one that a stranger wrote and this field cannot hold."""
    if value is None:
        return ""
    try:
        held = msgspec.to_builtins(msgspec.convert(msgspec.to_builtins(value), TYPES[name]))
    except msgspec.ValidationError:
        return "-"
    return safe_text(_FIELDS[name][1](town, held, say))


def by(town: Town, clash: Clash, say: Teller) -> str:
    """Who did it, and whether here; of another desk the letter of its case numbers where one is known."""
    first = clash.first
    other = say("{letter}台").format(letter=first.desk) if first.desk else say("他台")
    return f"{safe_text(wording.actor(town, first.actor))} {say('本台') if first.own else other}"


def stands(clash: Clash, say: Teller) -> str:
    """How far it is settled."""
    if clash.settled:
        return say("已处理")
    return say("待中心裁定") if clash.provisional else say("中心已裁定")
