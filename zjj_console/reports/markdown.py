"""A document as Markdown, for a chat or a mail. Marks inside the text are escaped."""

import re
from collections.abc import Iterator
from html import escape

from zjj_console.reports.document import Document, Entry, Grid, Pair, Part

_MARKS = re.compile(r"([\\`*_\[\]#|~!])")


def render(document: Document) -> str:
    """Headings, lists and pipe tables; ends with one line break."""
    return "\n".join(_lines(document)) + "\n"


def plain(text: str) -> str:
    """`text` without any meaning to a Markdown reader."""
    return escape(_MARKS.sub(r"\\\1", text), quote=False)


def _lines(document: Document) -> Iterator[str]:
    yield from (f"# {plain(document.title)}", "", plain(document.subtitle), "")
    for mark in document.marks:
        yield from (f"> **{plain(mark)}**", "")
    yield from (f"- {plain(pair.label)}: {_value(pair)}" for pair in document.facts)
    for section in document.sections:
        yield from ("", f"## {plain(section.title)}")
        for part in section.parts:
            yield ""
            yield from _part(part)
    yield from ("", "---", "", plain(document.foot))


def _part(part: Part) -> Iterator[str]:
    if isinstance(part, Entry):
        yield from (f"### {plain(part.title)}", "")
        for pair in (pair for row in part.rows for pair in row):
            yield f"- {plain(pair.label)}: {_value(pair)}" if pair.label else f"  - {_value(pair)}"
    elif isinstance(part, Grid):
        if not part.rows:
            yield plain(part.empty)
            return
        yield _cells(part.head)
        yield "|---" * len(part.head) + "|"
        yield from map(_cells, part.rows)
    else:
        yield from (f"- {plain(item)}" for item in part.items or (part.empty,))


def _cells(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(map(plain, cells)) + " |"


def _value(pair: Pair) -> str:
    return f"**{plain(pair.text)}**" if pair.strong else plain(pair.text)
