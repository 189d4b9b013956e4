"""Words about verbs, all from the table of verbs."""

from collections.abc import Iterable

from zjj_console.i18n import english
from zjj_console.verbs.table import Verb
from zjj_console.widgets.cells import Line, Span, width_of


def label(verb: Verb) -> str:
    return verb.en if english() else verb.zh


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
