"""A document as plain text for any printer: 80 columns, 60 lines, ASCII rules; a wide character takes two columns."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from rich.cells import cell_len

from zjj_console.reports.document import Document, Entry, Grid, Lines, Pair, Part

WIDTH = 80
PAGE_LINES = 60
_BODY = PAGE_LINES - 2  # an empty line and the page mark close each page
_GAP = 2
_NARROWEST = 6
_LABEL = 10
_TOKEN = re.compile(r"[!-~]+|\s+|.", re.DOTALL)
_CLOSING = frozenset("，。、；：！？）》」』】〕,.;:!?)]")
# Printers and terminals disagree about the width of these, so a table of them would not line up.
_AMBIGUOUS = str.maketrans({
    "“": '"', "”": '"', "‘": "'", "’": "'", "…": "..", "—": "-", "–": "-", "·": ".", "×": "x", "→": "->", "●": "*",
})  # fmt: skip

Chunk = list[str]  # lines that stay on one page


def render(document: Document) -> str:
    """Pages parted by form feeds; every line at most `WIDTH` columns, every page at most `PAGE_LINES` lines."""
    pages = list(_paged(_chunks(document)))
    return "\f".join(
        "\n".join([*lines, "", _foot(document.foot, f"第 {n}/{len(pages)} 页")]) + "\n"
        for n, lines in enumerate(pages, 1)
    )


def wrap(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` columns; words stay whole and no line begins with a closing mark."""
    lines: list[str] = []
    line: list[str] = []
    for token in _tokens(text.translate(_AMBIGUOUS), width):
        if line and cell_len("".join(line)) + cell_len(token) > width:
            carried = [line.pop()] if token[0] in _CLOSING and len(line) > 1 else []
            if carried and cell_len(carried[0]) + cell_len(token) > width:
                line, carried = [*line, *carried], []
            lines.append("".join(line).rstrip())
            line = carried
        if line or not token.isspace():
            line.append(token)
    return [*lines, "".join(line).rstrip()] if line or not lines else lines


def _tokens(text: str, width: int) -> Iterator[str]:
    for token in _TOKEN.findall(text):
        for start in range(0, len(token), width):
            yield token[start : start + width]


def columns(cells: Sequence[str], widths: Sequence[int]) -> Chunk:
    """One table row: each cell wrapped inside its own width, side by side."""
    wrapped = [wrap(cell, width) for cell, width in zip(cells, widths, strict=True)]
    return [
        (" " * _GAP).join(_padded(part, width) for part, width in zip(row, widths, strict=True)).rstrip()
        for row in zip_longest(*wrapped, fillvalue="")
    ]


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))


def _centred(text: str) -> Chunk:
    return [" " * ((WIDTH - cell_len(line)) // 2) + line for line in wrap(text, WIDTH)]


def _foot(left: str, right: str) -> str:
    room = WIDTH - cell_len(right) - _GAP
    return _padded(wrap(left, room)[0], room + _GAP) + right


def _pair(pair: Pair, width: int) -> Chunk:
    label = max(_LABEL, cell_len(pair.label) + 1)
    text = f"!! {pair.text}" if pair.strong else pair.text
    rest = wrap(text, width - label)
    return [_padded(pair.label, label) + rest[0], *(" " * label + line for line in rest[1:])]


def _row(pairs: tuple[Pair, ...], indent: int) -> Chunk:
    room = (WIDTH - indent - _GAP * (len(pairs) - 1)) // len(pairs)
    blocks = [_pair(pair, room) for pair in pairs]
    return [
        (" " * indent + (" " * _GAP).join(_padded(part, room) for part in row)).rstrip()
        for row in zip_longest(*blocks, fillvalue="")
    ]


def _part(part: Part) -> Iterator[Chunk]:
    if isinstance(part, Grid):
        return _grid(part)
    return iter([_entry(part)]) if isinstance(part, Entry) else _lines(part)


def _lines(part: Lines) -> Iterator[Chunk]:
    if not part.items:
        yield [f"  {part.empty}"]
    for item in part.items:
        first, *rest = wrap(item, WIDTH - 4)
        yield [f"  - {first}", *(f"    {line}" for line in rest)]


def _grid(part: Grid) -> Iterator[Chunk]:
    if not part.rows:
        yield [f"  {part.empty}"]
        return
    widths = _widths([part.head, *part.rows])
    indent = " " * _GAP
    head = [indent + line for line in columns(part.head, widths)]
    for n, row in enumerate(part.rows):
        lines = [indent + line for line in columns(row, widths)]
        yield [*head, indent + "-" * (WIDTH - _GAP), *lines] if n == 0 else lines


def _entry(part: Entry) -> Chunk:
    return [*wrap(part.title, WIDTH), *(line for row in part.rows for line in _row(row, 2)), ""]


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    """The natural width of each column; the widest give way until all fit."""
    widths = [min(max(cell_len(cell) for cell in column), WIDTH) for column in zip(*rows, strict=True)]
    while sum(widths) + _GAP * len(widths) > WIDTH and max(widths) > _NARROWEST:
        widths[widths.index(max(widths))] -= 1
    return widths


def _chunks(document: Document) -> Iterator[Chunk]:
    rule = "=" * WIDTH
    yield [rule, *_centred(document.title), *_centred(document.subtitle), rule]
    yield from (wrap(f"【{mark}】", WIDTH) for mark in document.marks)
    yield from (_pair(pair, WIDTH) for pair in document.facts)
    for section in document.sections:
        title = ["", "-" * WIDTH, *wrap(section.title, WIDTH)]
        for part in section.parts:
            for chunk in _part(part):
                yield title + chunk
                title = []
    if document.hands:
        yield ["", "-" * WIDTH, *(line for hand in document.hands for line in _signed(hand.role, hand.name, hand.at))]


def _signed(role: str, name: str, at: str) -> Chunk:
    text = f"{name}  {at}" if name else "_" * 24 + "  时间 " + "_" * 20
    return ["", *_pair(Pair(f"{role}:", text), WIDTH)]


def _paged(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    page: Chunk = []
    for chunk in chunks:
        if page and len(page) + len(chunk) > _BODY and len(chunk) <= _BODY:
            yield page
            page = []
        page += chunk
        while len(page) > _BODY:
            yield page[:_BODY]
            page = page[_BODY:]
    if page:
        yield page
