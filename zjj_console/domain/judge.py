"""When two desks acted on one case without knowing of each other: what stands, what is a conflict (§6.7, I-5).

An event says what it changed and what was there before. It applies where that is still there; so whoever comes first in the
common order is not overwritten, and nothing is merged in silence. Things kept by name (clocks, requests) are compared name
by name: two desks that touch different clocks do not disturb each other. Same order, same verdicts, on every machine.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import fields, replace

from zjj_console.domain.bounds import within
from zjj_console.domain.model import Case, Event

APPLIED, CONFLICT, INVALID, DENIED = range(4)  # verdicts, as they are stored and sent
BEGINS = frozenset({"reported", "imported"})  # a case that is there already is not begun again
_ONLY_THAT = frozenset({"accepted"})  # acts that say nothing but that they were done
_INSTANTS = frozenset({"since", "clocks", "due_final"})  # and from when
_KEPT = frozenset({"id", "version"})  # no event says whose it is or how often it was changed
TYPES = {field.name: field.type for field in fields(Case) if field.name not in _KEPT}


class Judged(Struct, frozen=True):
    """The case as it is afterwards (unchanged unless applied), and the fields in which the event found something else."""

    case: Case
    verdict: int = APPLIED
    clashes: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        return " ".join(self.clashes)


def judge(case: Case | None, event: Event) -> Judged:
    """Apply one event to the case as it stands in the common order, or say why it does not apply.

    An event that is no change of a case, or of a field that this program does not know, changes nothing and stands.
    Total: INVALID `set` for a value of another type, `bounds` for one that no case can hold, `data` for whatever else a
    stranger wrote.
    """
    try:
        return _judge(case, event)
    except Exception:  # nobody foresaw it: the event stands apart, and the order goes on
        return Judged(case or Case(event.case), INVALID, ("data",))


def _judge(case: Case | None, event: Event) -> Judged:
    if case is not None and event.kind in BEGINS:
        return Judged(case)  # two consoles brought the same report: the first one stands
    before = case or Case(event.case)
    wanted, seen = event.data.get("set", {}), event.data.get("was", {})
    if not isinstance(wanted, dict) or not isinstance(seen, dict):
        return Judged(before, INVALID, ("set",))
    if case is None and "set" in event.data and event.kind not in BEGINS:
        return Judged(before, INVALID, ("case",))  # what began it is not in the order: half a case helps nobody
    changes: dict[str, Any] = {}
    clashes: list[str] = []
    for name, value in wanted.items():
        if name not in TYPES:
            continue
        if case is None:
            changes[name] = value
            continue
        now = _plain(msgspec.to_builtins(getattr(before, name)))
        merged = _merged(now, _plain(seen.get(name)), _plain(value))
        if merged is _CLASH:
            clashes.append(name)
        else:
            changes[name] = merged
    if clashes and event.kind in _ONLY_THAT and set(clashes) <= _INSTANTS and wanted.get("state") == before.state:
        return Judged(before)  # two desks said the same, and the first one's instants stand
    if clashes:
        return Judged(before, CONFLICT, tuple(clashes))
    try:
        typed = {name: msgspec.convert(value, TYPES[name]) for name, value in changes.items()}
    except msgspec.ValidationError:
        return Judged(before, INVALID, ("set",))
    if not all(within(name, value) for name, value in typed.items()):
        return Judged(before, INVALID, ("bounds",))
    return Judged(replace(before, version=before.version + 1, **typed))


def fold(case: Case | None, events: Iterable[Event]) -> Case | None:
    """The case after events in the common order; what conflicts leaves no trace."""
    for event in events:
        judged = judge(case, event)
        if judged.verdict == APPLIED:
            case = judged.case
    return case


_CLASH = object()


def _plain(value: Any) -> Any:
    """As JSON has it: a row of orders that was read back is a list, the one in memory a tuple."""
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return value


def _merged(now: Any, was: Any, new: Any) -> Any:
    """`new` where `now` is still what `was`; name by name in a mapping; else a clash."""
    if now in (was, new):
        return new
    if not (isinstance(now, Mapping) and isinstance(was, Mapping) and isinstance(new, Mapping)):
        return _CLASH
    merged = dict(now)
    for key in {**was, **new}:
        if was.get(key) == new.get(key):
            continue  # this event did not touch it
        if now.get(key) not in (was.get(key), new.get(key)):
            return _CLASH
        if key in new:
            merged[key] = new[key]
        else:
            merged.pop(key, None)
    return merged
