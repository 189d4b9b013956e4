"""What a map on paper is made of: numbers for every grid, marks at places, cases without a word of their text (NV-19).

Whoever has read the database fills it; all that draws is pure. Names are already in the language of the paper.
"""

from typing import Literal

from msgspec import Struct

from zjj_console.geo.shapes import Point

LATE, URGENT = 1, 2  # grades of a mark; 0 presses nobody
MapKind = Literal["town", "schematic", "none"]


class Mark(Struct, frozen=True):
    """`count` things at one place of a grid; `label` is drawn instead of the count, `name` beside it where it fits."""

    at: Point
    grid: str
    count: int
    grade: int = 0
    name: str = ""
    label: str = ""


class Layer(Struct, frozen=True):
    """`key` names it in a link: `open`, `source-p110`, `heat30`; `kind` is the layer without what it is narrowed to.

    `classes` holds 0 to 4 for every grid, `ranges` what each class means.
    """

    key: str
    kind: str
    title: str
    values: dict[str, int]
    classes: dict[str, int]
    ranges: tuple[str, ...]
    marks: tuple[Mark, ...] = ()
    pressing: bool = False  # its marks say what is urgent or late


class CaseLine(Struct, frozen=True):
    """A case as everybody may see it: no text, no reporter, no number to call."""

    handle: str
    urgency: str
    priority: int
    state: str
    category: str
    committee: str
    deadline: str


class GridRow(Struct, frozen=True):
    """A grid and its open cases in the order of the queue; `hidden` of them are not listed."""

    code: str
    name: str
    station: str
    open: int = 0
    first: int = 0
    late: int = 0
    fresh: int = 0
    cases: tuple[CaseLine, ...] = ()
    hidden: int = 0


class HotSpot(Struct, frozen=True):
    """The same trouble at the same place. `weeks` counts cases by week, oldest first; `proposals` are words (R37)."""

    rank: int
    place: str
    category: str
    grid: str
    at: Point | None
    closed: int
    open: int
    weeks: tuple[int, ...]
    proposals: str = ""


class MapSheet(Struct, frozen=True):
    """`at` is the instant of the data as people read it; `rules` are our own figures, each a sentence marked so.

    `sketched`: on the town's own map the places of committees are a sketch; `nowhere`: cases without a place.
    """

    town: str
    at: str
    kind: MapKind
    source: str
    stations: dict[str, str]
    layers: tuple[Layer, ...]
    grids: tuple[GridRow, ...]
    hotspots: tuple[HotSpot, ...] = ()
    rules: tuple[str, ...] = ()
    now: int = 0  # µs UTC
    lang: str = "zh"
    trial: bool = False
    sketched: bool = False
    nowhere: int = 0

    def layer(self, key: str) -> Layer:
        """Raises KeyError for one that the sheet does not hold."""
        found = next((layer for layer in self.layers if layer.key == key), None)
        if found is None:
            raise KeyError(key)
        return found
