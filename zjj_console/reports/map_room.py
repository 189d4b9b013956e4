"""Where words find room in a picture: boxes that never touch, taken greedily. Units are those of the picture."""

import math
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache

Spot = tuple[float, float]
Box = tuple[float, float, float, float]  # left, top, right, bottom
_CELL = 48.0
_WIDE, _CAPITAL, _NARROW = 1.02, 0.76, 0.62  # of the size of the type; rather too much than too little
_TURNS = 16
_CHEAP = 60.0


def width(text: str, size: float) -> float:
    """How long a text is at most, whatever sans-serif type draws it."""
    return size * sum(
        _WIDE if unicodedata.east_asian_width(c) in "WFA" else _CAPITAL if c.isupper() else _NARROW for c in text
    )


def around(at: Spot, size: tuple[float, float]) -> Box:
    """The box of a size with a point in its middle."""
    (x, y), (w, h) = at, size
    return x - w / 2, y - h / 2, x + w / 2, y + h / 2


def middle(box: Box) -> Spot:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def touch(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def corners(box: Box) -> tuple[Spot, ...]:
    """The corners and the middles of the sides."""
    left, top, right, bottom = box
    x, y = middle(box)
    return (left, top), (x, top), (right, top), (right, y), (right, bottom), (x, bottom), (left, bottom), (left, y)


@cache
def rings(reach: float, step: float) -> tuple[Spot, ...]:
    """Offsets from nothing outwards, up to `reach`."""
    found = [(0.0, 0.0)]
    for n in range(1, int(reach / step) + 1):
        turns = _TURNS if n * step < 80 else 2 * _TURNS
        found += [
            (n * step * math.cos(2 * math.pi * i / turns), n * step * math.sin(2 * math.pi * i / turns))
            for i in range(turns)
        ]
    return tuple(found)


class Room:
    """A frame and the boxes taken in it."""

    def __init__(self, frame: Box) -> None:
        self.frame = frame
        self.taken: list[Box] = []
        self._cells: dict[tuple[int, int], list[Box]] = {}

    def free(self, box: Box) -> bool:
        left, top, right, bottom = self.frame
        inside = box[0] >= left and box[1] >= top and box[2] <= right and box[3] <= bottom
        return inside and not self.covered(box)

    def covered(self, box: Box) -> bool:
        return any(touch(box, other) for cell in _cells(box) for other in self._cells.get(cell, ()))

    def take(self, box: Box) -> None:
        self.taken.append(box)
        for cell in _cells(box):
            self._cells.setdefault(cell, []).append(box)

    def find(
        self,
        at: Spot,
        sizes: Sequence[tuple[float, float]],
        reach: float,
        fits: Callable[[Box], bool] | None = None,
        cost: Callable[[Box], float] | None = None,
        step: float = 6.0,
    ) -> tuple[int, Box] | None:
        """The first size with a free box near a point that `fits`, and the box, taken: the nearest, or the cheapest.

        `cost` is added to the distance; a box that costs much is taken only if no smaller size costs less. None where nothing is free within `reach`.
        """
        best: tuple[float, int, Box] | None = None
        for n, size in enumerate(sizes):
            boxes = (around((at[0] + dx, at[1] + dy), size) for dx, dy in rings(reach, step))
            box = self._best((box for box in boxes if self.free(box) and (fits is None or fits(box))), at, cost)
            if box is None:
                continue
            price = cost(box) if cost else 0.0
            if best is None or price < best[0]:
                best = price, n, box
            if price <= _CHEAP:
                break
        if best is None:
            return None
        self.take(best[2])
        return best[1:]

    @staticmethod
    def _best(boxes: Iterable[Box], at: Spot, cost: Callable[[Box], float] | None) -> Box | None:
        if cost is None:
            return next(iter(boxes), None)
        return min(boxes, key=lambda box: math.dist(middle(box), at) + cost(box), default=None)


def _cells(box: Box) -> Iterator[tuple[int, int]]:
    for x in range(math.floor(box[0] / _CELL), math.floor(box[2] / _CELL) + 1):
        for y in range(math.floor(box[1] / _CELL), math.floor(box[3] / _CELL) + 1):
            yield x, y
