"""What only one desk at a time may continue, besides cases: custody, a handover, a roster, a meeting, a climb (§6.7, I-1).

Such an event says what it saw: the last one of its register that stood when it was made. It stands where that is still the
last; otherwise somebody wrote there meanwhile, and it is a conflict. The same words again are no conflict: two desks that
both note what time alone decided have noted it once. Signs, acknowledgements, dropped messages are facts and always stand.
"""

from typing import Any

from msgspec import Struct

REASON = "seen"
_FAMILIES = frozenset({"handover", "ladder", "leave", "meeting", "roster", "stationing", "visit"})  # a stream each
_KINDS = frozenset({"custody_taken"})  # of a stream that holds other things too
RESOLVED = "conflict_resolved"  # {"event": id of what did not apply, "choice": local | remote | keep}


class Last(Struct, frozen=True):
    """What stands at the end of a register: its content, and every event that said just that."""

    ids: frozenset[str]
    data: dict[str, Any]

    def then(self, event_id: str, data: dict[str, Any]) -> "Last":
        """One more event stands."""
        return Last(self.ids | {event_id} if data == self.data else frozenset({event_id}), data)


EMPTY = Last(frozenset({""}), {})


def register(stream: str, kind: str) -> tuple[str, str]:
    """(stream, kind or empty) of the register that an event continues; two empty texts for a fact."""
    if kind in _KINDS:
        return stream, kind
    alone = stream.partition(":")[0] in _FAMILIES and kind != RESOLVED
    return (stream, "") if alone else ("", "")


def overtaken(last: Last, seen: str | None, data: dict[str, Any]) -> bool:
    """Whether another event came between. `seen` is empty where nothing was there, None of a program that did not say."""
    return seen is not None and seen not in last.ids and data != last.data
