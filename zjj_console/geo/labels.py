"""Where names stand on a map: inside their own area, whole, never one over another."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from zjj_console.geo.raster import Rows

AIR = 1  # blank cells beside a name


class Words(Struct, frozen=True):
    """Lines of a label with the cells that each takes."""

    lines: tuple[str, ...]
    widths: tuple[int, ...]

    @property
    def width(self) -> int:
        return max(self.widths)


class Ask(Struct, frozen=True):
    """An area wants a label near a cell: the first of the wordings that finds room."""

    index: int
    near: tuple[int, int]
    wordings: tuple[Words, ...]


class Placed(Struct, frozen=True):
    """One line of a label, at a cell."""

    index: int
    x: int
    y: int
    text: str
    width: int
    line: int


class Room:
    """The cells of a picture that are still free."""

    def __init__(self, rows: Rows, width: int) -> None:
        self.rows, self.width = rows, width
        self.taken: list[bytearray] = [bytearray(width) for _ in rows.spans]

    def take(self, x: int, y: int, width: int) -> None:
        self.taken[y][max(0, x) : x + width] = b"\x01" * (min(self.width, x + width) - max(0, x))

    def free(self, x: int, y: int, width: int) -> bool:
        """Whether so many cells lie in the picture and nothing stands there."""
        return 0 <= y < len(self.taken) and x >= 0 and x + width <= self.width and not any(self.taken[y][x : x + width])

    def runs(self, index: int, y: int) -> Iterator[tuple[int, int]]:
        """Runs of free cells of an area in a row."""
        if not 0 <= y < len(self.taken):
            return
        for first, after, owner in self.rows.spans[y]:
            if owner != index:
                continue
            begin = first
            row = self.taken[y]
            for x in range(first, after):
                if row[x]:
                    if begin < x:
                        yield begin, x
                    begin = x + 1
            if begin < after:
                yield begin, after


def place(asks: Sequence[Ask], room: Room) -> list[Placed]:
    """The labels that found room; what they take is taken from `room`."""
    found: list[Placed] = []
    for ask in asks:
        for words in ask.wordings:
            at = _nearest(ask, words, room)
            if at is None:
                continue
            x, y = at
            for n, (text, width) in enumerate(zip(words.lines, words.widths, strict=True)):
                left = x + (words.width - width) // 2
                room.take(left - AIR, y + n, width + 2 * AIR)
                found.append(Placed(ask.index, left, y + n, text, width, n))
            break
    return found


def _nearest(ask: Ask, words: Words, room: Room) -> tuple[int, int] | None:
    """The upper left cell of the free box of the area that is nearest to where the label wants to be."""
    wide, high = words.width + 2 * AIR, len(words.lines)
    want_x, want_y = ask.near[0] - words.width // 2, ask.near[1] - (high - 1) // 2
    best: tuple[float, int, int] | None = None
    for y in _outward(want_y, len(room.taken) - high + 1):
        if best is not None and (2 * (y - want_y)) ** 2 >= best[0]:
            break
        for left, right in _common([list(room.runs(ask.index, y + n)) for n in range(high)]):
            if right - left < wide:
                continue
            x = min(max(want_x, left + AIR), right - words.width - AIR)
            far = (2 * (y - want_y)) ** 2 + (x - want_x) ** 2
            if best is None or far < best[0]:
                best = far, x, y
    return None if best is None else best[1:]


def _outward(middle: int, count: int) -> Iterator[int]:
    """The rows from 0 to `count`, the nearest to `middle` first."""
    middle = max(0, min(count - 1, middle))
    yield from range(middle, middle + (count > 0))
    for step in range(1, count):
        if middle - step >= 0:
            yield middle - step
        if middle + step < count:
            yield middle + step


def _common(rows: Sequence[list[tuple[int, int]]]) -> list[tuple[int, int]]:
    """Runs that are free in every one of the rows."""
    found = rows[0]
    for other in rows[1:]:
        found = [(max(a, c), min(b, d)) for a, b in found for c, d in other if max(a, c) < min(b, d)]
    return found
