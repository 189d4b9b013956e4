"""Text in terminal cells. A line is a tuple of spans; a span is (text, style), and styles are theme words like `$p1`.

Everything that came from outside passes `shown` here, so that no text can widen a line or steer the terminal.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style as RichStyle
from textual.content import Content
from textual.style import Style

from zjj_console.domain.safe import safe_text

Span = tuple[str, str]
Line = tuple[Span, ...]
CUT = ".."
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_JOINING = frozenset({"Mn", "Me", "Cf", "Cc", "Cs", "Zl", "Zp"})
_PLAIN = re.compile(r"[ -~\u3000-\u303f\u4e00-\u9fff\uff01-\uff5e]*")
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)


def shown(text: str) -> str:
    """`text` as one line of characters that every terminal draws alone: no combining marks, skin tones or flags."""
    text = safe_text(text)
    if text.isascii():
        return text
    return "".join(map(_alone, text))


def _alone(char: str) -> str:
    code = ord(char)
    if code in _FLAG_LETTERS:
        return chr(ord("A") + code - _FLAG_LETTERS.start)
    return "" if code in _SKIN_TONES or unicodedata.category(char) in _JOINING else char


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Exactly `width` cells: padded, or cut with `..` at the end."""
    if width <= 0:
        return ""
    size = cell_len(text)
    if size > width:
        return set_cell_size(text, width - 2) + CUT if width > 4 else set_cell_size(text, width)
    return " " * (width - size) + text if right else text + " " * (width - size)


def clip(text: str, width: int) -> str:
    """At most `width` cells."""
    return text if cell_len(text) <= width else fit(text, width)


def wrap(text: str, width: int) -> list[str]:
    """`text` in pieces of at most `width` cells, broken between any two characters as Chinese is."""
    lines: list[str] = []
    current, size = "", 0
    for char in text:
        cells = cell_len(char)
        if size + cells > width and current:
            lines.append(current.rstrip())
            current, size = "", 0
            if char == " ":
                continue
        current, size = current + char, size + cells
    return [*lines, current] if current or not lines else lines


def width_of(line: Line) -> int:
    return sum(cell_len(text) for text, _ in line)


def fitted(line: Line, width: int) -> Line:
    """The line in exactly `width` cells; what does not fit is cut with `..`. Last gate: nothing unprintable passes."""
    line = tuple((text if _PLAIN.fullmatch(text) else "".join(map(_alone, text)), style) for text, style in line)
    spans: list[Span] = []
    left = width
    total = width_of(line)
    for text, style in line:
        size = cell_len(text)
        if size > left or (total > width and size == left):
            spans.append((fit(text + "    ", left), style))
            left = 0
            break
        spans.append((text, style))
        left -= size
    if left:
        spans.append((" " * left, ""))
    return tuple(spans)


def spread(left: Line, right: Line, width: int) -> Line:
    """`left` at the left, `right` at the right edge; the left one gives way."""
    size = width_of(right)
    if size >= width:
        return fitted(right, width)
    return (*fitted(left, width - size), *right)


def content(line: Line) -> Content:
    return Content.assemble(*(span for span in line if span[0]))


class Wardrobe:
    """The terminal styles of theme words over one widget's own style, each worked out once; `clear` when that changes."""

    def __init__(self) -> None:
        self._worn: dict[str, RichStyle | None] = {}

    def clear(self) -> None:
        self._worn.clear()

    def segments(self, line: Line, base: Style) -> list[Segment]:
        """`content(line).render_segments(base)`, without reading the same words for every line of every second."""
        worn, found = self._worn, []
        for text, word in line:
            if word not in worn:
                worn[word] = content(((" ", word),)).render_segments(base)[0].style
            if text:
                found.append(Segment(text, worn[word]))
        return found


def words(parts: Iterable[str], between: str = " ") -> str:
    return between.join(part for part in parts if part)


def plain(lines: Sequence[Line]) -> str:
    return "\n".join("".join(text for text, _ in line) for line in lines)
