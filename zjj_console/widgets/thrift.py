"""Only the cells that changed go to the terminal, and a colour only where it differs from the one before.

The framework sends a changed line from its beginning, with the style anew around every word: 18 KB a second for a queue
whose clocks run. Over a weak line that is what an idle console costs.
"""

from collections.abc import Mapping, Sequence

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console
from rich.style import Style
from textual._compositor import ChopsUpdate, Compositor
from textual.strip import Strip

from zjj_console.widgets.cells import Line, width_of

_RESET = "\x1b[0m"


def differs(old: Line, new: Line) -> tuple[int, int]:
    """First cell and end of what differs between two lines of the same width; never inside a wide character."""
    width, left = width_of(new), _common(old, new)
    right = _common(_turned(old), _turned(new))
    return left, max(left, width - right)


def _turned(line: Line) -> Line:
    return tuple((text[::-1], style) for text, style in reversed(line))


def _common(old: Line, new: Line) -> int:
    """Cells at the beginning that are the same in text and style."""
    cells = 0
    for (was, style), (now, worn) in zip(old, new, strict=False):
        if style != worn:
            break
        if was == now:
            cells += cell_len(now)
            continue
        for a, b in zip(was, now, strict=False):
            if a != b:
                break
            cells += cell_len(a)
        break
    return cells


class ThriftyCompositor(Compositor):
    """The framework's, but what changed in a line is cut out of it on both sides."""

    def render_partial_update(self) -> ChopsUpdate | None:
        update = super().render_partial_update()
        return None if update is None else ThriftyUpdate(update.chops, update.spans, update.chop_ends)


class ThriftyUpdate(ChopsUpdate):
    """Spans of lines as terminal sequences; every span begins with its place and none with what is already set."""

    def render_segments(self, console: Console) -> str:
        system = console._color_system or ColorSystem.TRUECOLOR
        said: list[str] = []
        worn = ""
        for strip, x, y in _pieces(self.chops, self.spans, self.chop_ends):
            said.append(f"\x1b[{y + 1};{x + 1}H")
            for text, style, _ in strip:
                codes = _codes(style, system)
                if codes != worn:
                    said.append(_RESET if not codes else f"\x1b[{codes}m" if not worn else f"\x1b[0;{codes}m")
                    worn = codes
                said.append(text)
        if worn:
            said.append(_RESET)
        return "".join(said)


def _pieces(
    chops: Sequence[Mapping[int, Strip | None]], spans: list[tuple[int, int, int]], chop_ends: list[list[int]]
) -> list[tuple[Strip, int, int]]:
    """What lies in the spans, each with the column and the line where it begins."""
    found = []
    for y, x1, x2 in spans:
        for end, (x, strip) in zip(chop_ends[y], chops[y].items(), strict=False):
            first, last = max(x, x1), min(end, x2)
            if strip is not None and first < last:
                begin = _boundary(strip, first - x)
                until = last - x
                if until < strip.cell_length and _boundary(strip, until) < until:
                    until += 1
                found.append((strip.crop(begin, until), x + begin, y))
    return found


def _boundary(strip: Strip, cell: int) -> int:
    """The cell, or the one before it where a wide character covers both: half a character would wipe out the other."""
    at = 0
    for text, _, _ in strip:
        size = cell_len(text)
        if at + size > cell:
            if size == len(text):
                return cell
            for char in text:
                wide = cell_len(char)
                if at + wide > cell:
                    return at
                at += wide
        at += size
    return cell


def _codes(style: Style | None, system: ColorSystem) -> str:
    return "" if style is None else style._ansi if style._ansi is not None else Strip.render_ansi(style, system)
