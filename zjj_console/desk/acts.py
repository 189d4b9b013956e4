"""Acts that are about no single case: sign-in, roster, custody, handover. Each makes events on streams of its own."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from zjj_console.desk.work import Work
from zjj_console.domain.facts import Facts
from zjj_console.domain.model import Event, Refusal
from zjj_console.storage.db import Connection


class Message(Struct, frozen=True):
    """Something to be sent, not before an instant (µs; at once if None). `key` makes sending it twice harmless."""

    key: str
    recipient: str
    body: str
    kind: str
    not_before: int | None = None


class Done(Struct):
    """What an act will do once committed: its events, cases that it moves, messages, and what follows the events."""

    events: list[Event]
    zh: str
    en: str
    data: Any = None
    work: Work | None = None
    messages: list[Message] = []
    after: Callable[[Connection], None] | None = None
    warnings: tuple[str, ...] = ()
    same: bool = False


Act = Callable[[Connection, Facts], Done | Refusal]
