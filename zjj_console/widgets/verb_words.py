"""Words about verbs, all from the table of verbs."""

from collections.abc import Iterable, Sequence

from zjj_console.desk.outcome import Legal
from zjj_console.domain.model import Case
from zjj_console.i18n import english
from zjj_console.verbs.table import Verb
from zjj_console.widgets.cells import Line, Span, width_of


def label(verb: Verb) -> str:
    return verb.en if english() else verb.zh


def first_on(key: str, legal: Sequence[Legal], case: Case) -> Legal:
    """What a verb key means for a case: the first verb on it that is legal, else the first one with its reason.

    What was done already (arrived) is not offered again by a key that several verbs share.
    """
    on_key = [item for item in legal if item.verb.key == key]
    return next((i for i in on_key if i.ok and not (i.verb.id == "arrive" and case.arrived)), on_key[0])


def offered(legal: Sequence[Legal], case: Case | None) -> list[tuple[str, str]]:
    """The verb keys that can be pressed now, each with the word of what it means."""
    if case is None:
        return []
    keys = dict.fromkeys(item.verb.key for item in legal if item.ok and item.verb.key)
    return [(key, label(first_on(key, legal, case).verb)) for key in keys]


def key_hints(pairs: Iterable[tuple[str, str]], tail: Iterable[tuple[str, str]], width: int) -> Line:
    """`p派单 r进展 ..` cut at a whole hint; what is in `tail` always stays."""
    end = [_hint(key, word) for key, word in tail]
    room = width - 1 - sum(width_of(h) for h in end)
    spans: list[Span] = [(" ", "")]
    for key, word in pairs:
        hint = _hint(key, word)
        room -= width_of(hint)
        if room < 0:
            break
        spans += hint
    return (*spans, *(span for hint in end for span in hint))


def _hint(key: str, word: str) -> Line:
    blank = " " if word.isascii() and key.isalnum() else ""
    return ((key, "bold $accent"), (f"{blank}{word} ", "$dim"))
