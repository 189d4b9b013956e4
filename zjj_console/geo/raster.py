"""Areas and lines as terminal cells: whose cell it is, and dots of borders in the eight dots of a braille character."""

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from msgspec import Struct

from zjj_console.geo.shapes import Ring
from zjj_console.geo.view import View

Span = tuple[int, int, int]  # first cell, cell after the last, index of the area
_DOT = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # [row of four][column of two]
_BRAILLE = {0: " ", **{bits: chr(0x2800 + bits) for bits in range(1, 256)}}


class Rows(Struct, frozen=True):
    """`spans[y]`: the runs of cells that areas fill, left to right, apart from each other."""

    spans: tuple[tuple[Span, ...], ...]

    def at(self, x: int, y: int) -> int | None:
        """The index of the area that a cell shows."""
        if not 0 <= y < len(self.spans):
            return None
        return next((index for first, after, index in self.spans[y] if first <= x < after), None)

    def extent(self, index: int) -> range:
        """The rows in which an area is seen."""
        rows = [y for y, spans in enumerate(self.spans) if any(span[2] == index for span in spans)]
        return range(rows[0], rows[-1] + 1) if rows else range(0)


def fill(view: View, areas: Sequence[Sequence[Ring]]) -> Rows:
    """Each cell belongs to the area that holds its middle (even-odd); where two do, to the earlier one."""
    rows: list[list[Span]] = [[] for _ in range(view.height)]
    for index, rings in enumerate(areas):
        for y, crossings in _crossings(view, rings).items():
            crossings.sort()
            for left, right in zip(crossings[::2], crossings[1::2], strict=False):
                first, after = max(0, math.ceil(left - 0.5)), min(view.width, math.ceil(right - 0.5))
                if first < after:
                    rows[y].append((first, after, index))
    return Rows(tuple(_apart(spans) for spans in rows))


def _crossings(view: View, rings: Iterable[Ring]) -> dict[int, list[float]]:
    """Where outlines cross the middles of the rows in view."""
    found: dict[int, list[float]] = {}
    for ring in rings:
        points = view.cells(ring)
        x0, y0 = points[-1]
        for x1, y1 in points:
            low, high = (y0, y1) if y0 < y1 else (y1, y0)
            first, last = max(0, math.ceil(low - 0.5)), min(view.height, math.ceil(high - 0.5))
            if first < last:
                slope = (x1 - x0) / (y1 - y0)
                for y in range(first, last):
                    found.setdefault(y, []).append(x0 + (y + 0.5 - y0) * slope)
            x0, y0 = x1, y1
    return found


def _apart(spans: list[Span]) -> tuple[Span, ...]:
    """Runs from left to right; `spans` come area by area, and a later one keeps only what is left of its cells."""
    ordered = sorted(spans)
    if all(one[1] <= other[0] for one, other in pairwise(ordered)):
        return tuple(ordered)
    kept: list[Span] = []
    for span in spans:
        kept = sorted([*kept, *_left(span, kept)])
    return tuple(kept)


def _left(span: Span, taken: Sequence[Span]) -> Iterator[Span]:
    """What of a run no other has taken; `taken` from left to right."""
    begin, end, index = span
    for first, after, _ in taken:
        if begin < first and begin < end:
            yield begin, min(first, end), index
        begin = max(begin, after)
    if begin < end:
        yield begin, end, index


class Dots:
    """Lines drawn in dots: two to a cell across, four down."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.rows = [bytearray(view.width) for _ in range(view.height)]

    def outline(self, rings: Iterable[Ring]) -> None:
        for ring in rings:
            points = self.view.cells(ring)
            for a, b in zip([points[-1], *points[:-1]], points, strict=True):
                self._line(a, b)

    def path(self, points: Ring) -> None:
        cells = self.view.cells(points)
        for a, b in pairwise(cells):
            self._line(a, b)

    def _line(self, a: tuple[float, float], b: tuple[float, float]) -> None:
        if b < a:  # a border drawn from its other side falls on the same dots
            a, b = b, a
        wide, high = self.view.width * 2, self.view.height * 4
        x0, y0, x1, y1 = a[0] * 2, a[1] * 4, b[0] * 2, b[1] * 4
        if max(x0, x1) < 0 or min(x0, x1) >= wide or max(y0, y1) < 0 or min(y0, y1) >= high:
            return
        steps = max(1, math.ceil(max(abs(x1 - x0), abs(y1 - y0))))
        if steps > 4 * (wide + high):  # zoomed in far: only what lies in the window is walked
            clipped = _clipped(x0, y0, x1, y1, wide, high)
            if clipped is None:
                return
            x0, y0, x1, y1 = clipped
            steps = max(1, math.ceil(max(abs(x1 - x0), abs(y1 - y0))))
        dx, dy, rows = (x1 - x0) / steps, (y1 - y0) / steps, self.rows
        for n in range(steps + 1):
            x, y = math.floor(x0 + dx * n), math.floor(y0 + dy * n)
            if 0 <= x < wide and 0 <= y < high:
                rows[y >> 2][x >> 1] |= _DOT[y & 3][x & 1]

    def text(self, y: int) -> str:
        """A row as braille characters, blank where there is no dot."""
        return self.rows[y].decode("latin-1").translate(_BRAILLE)

    def runs(self, y: int) -> list[tuple[int, int]]:
        """(first, after) of the runs of cells that have dots."""
        found: list[tuple[int, int]] = []
        for x, bits in enumerate(self.rows[y]):
            if bits and found and found[-1][1] == x:
                found[-1] = (found[-1][0], x + 1)
            elif bits:
                found.append((x, x + 1))
        return found


def _clipped(
    x0: float, y0: float, x1: float, y1: float, wide: float, high: float
) -> tuple[float, float, float, float] | None:
    """The part of a line inside the window (Liang-Barsky); None where there is none."""
    first, last = 0.0, 1.0
    for change, room in ((x0 - x1, x0), (x1 - x0, wide - x0), (y0 - y1, y0), (y1 - y0, high - y0)):
        if change == 0:
            if room < 0:
                return None
        elif change < 0:
            first = max(first, room / change)
        else:
            last = min(last, room / change)
    if first > last:
        return None
    return x0 + first * (x1 - x0), y0 + first * (y1 - y0), x0 + last * (x1 - x0), y0 + last * (y1 - y0)
