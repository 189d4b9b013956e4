"""What the desk answers: what a line would do, what it did, and which verbs stand open."""

from typing import Any

from msgspec import Struct

from zjj_console.domain.model import Case
from zjj_console.verbs.parse import Choice
from zjj_console.verbs.table import Verb


class Preview(Struct, frozen=True):
    """What a line would do, before Enter. `fill` completes it; `confirm` asks for a second Enter."""

    ok: bool
    text: str
    choices: tuple[Choice, ...] = ()
    fill: str = ""
    confirm: str = ""
    case_id: str = ""
    version: int = 0
    code: int = 0
    pin: str = ""  # whose PIN Enter asks for
    hint: str = ""  # what the officer may want to know before Enter; it holds nothing up


class Outcome(Struct, frozen=True):
    """What a line did, or why not. `code` is the exit code of the same act in a script."""

    ok: bool
    code: int
    text: str
    line: str = ""
    preview: str = ""
    case: Case | None = None
    events: tuple[str, ...] = ()
    next_line: str = ""
    error: str = ""
    field: str = ""
    same: bool = False
    cases: tuple[Case, ...] = ()
    choices: tuple[Choice, ...] = ()
    data: Any = None
    warnings: tuple[str, ...] = ()


class Legal(Struct, frozen=True):
    """A verb as it stands for one case: allowed, or the sentence that says why not."""

    verb: Verb
    ok: bool
    why: str
    step: str = ""  # what it would do next, where that changes with the case
