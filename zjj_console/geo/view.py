"""A window on the earth, in terminal cells. A cell is twice as high as it is wide, as terminals draw it."""

import math

from msgspec import Struct
from msgspec.structs import replace

from zjj_console.geo.shapes import METRES_PER_DEGREE, Box, Point, Ring

CLOSEST = 8.0  # metres a cell: nearer shows no more
_ROUND = 1.06  # air around what is fitted


class View(Struct, frozen=True):
    """`centre` stands in the middle of `width` x `height` cells; a cell is `cell` metres wide and twice as high."""

    centre: Point
    cell: float
    width: int
    height: int

    def cells(self, ring: Ring) -> list[tuple[float, float]]:
        """(x to the right, y downwards) of points, in cells from the upper left corner."""
        east, north, x, y = self._scale()
        return [((lon - self.centre[0]) * east + x, y - (lat - self.centre[1]) * north) for lon, lat in ring]

    def cell_of(self, at: Point) -> tuple[int, int]:
        """The cell that shows a place; it may lie outside the window."""
        ((x, y),) = self.cells((at,))
        return math.floor(x), math.floor(y)

    def moved(self, right: float, down: float) -> "View":
        """The window pushed by so many cells."""
        east, north, _, _ = self._scale()
        return replace(self, centre=(self.centre[0] + right / east, self.centre[1] - down / north))

    def zoomed(self, factor: float, around: Point) -> "View":
        """Nearer by `factor`, with `around` in the middle."""
        return replace(self, centre=around, cell=max(CLOSEST, self.cell / factor))

    def _scale(self) -> tuple[float, float, float, float]:
        """Cells per degree east and north, and the middle of the window in cells."""
        east = METRES_PER_DEGREE * math.cos(math.radians(self.centre[1])) / self.cell
        return east, METRES_PER_DEGREE / self.cell / 2, self.width / 2, self.height / 2


def fitted(box: Box, width: int, height: int) -> View:
    """The nearest view that shows a whole box."""
    west, south, east, north = box
    middle = ((west + east) / 2, (south + north) / 2)
    wide = (east - west) * math.cos(math.radians(middle[1])) * METRES_PER_DEGREE
    high = (north - south) * METRES_PER_DEGREE
    cell = max(wide / max(1, width), high / 2 / max(1, height), CLOSEST) * _ROUND
    return View(middle, cell, width, height)
