"""The earth under the map on paper: from degrees to a picture, water, borders, names. Pure."""

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from msgspec import Struct

from zjj_console.geo.shapes import METRES_PER_DEGREE, Area, Box, Point, Ring
from zjj_console.reports.map_pen import LINE, SHADES, Element, drawn, filled, put, size_of, write
from zjj_console.reports.map_room import Box as Flat
from zjj_console.reports.map_room import Room, Spot, around, corners, middle, width
from zjj_console.reports.map_sheet import Layer
from zjj_console.town.atlas import Atlas

_FINE = 0.5  # units of the picture nearer than which points are one
_AIR = 0.03  # of the town around it


class Plot(Struct, frozen=True):
    """`corner` (west, north) is drawn at `at`; `km` units of the picture are a kilometre."""

    corner: Point
    at: Spot
    km: float
    cosine: float

    def xy(self, place: Point) -> Spot:
        unit = METRES_PER_DEGREE / 1000 * self.km
        return (
            self.at[0] + (place[0] - self.corner[0]) * unit * self.cosine,
            self.at[1] + (self.corner[1] - place[1]) * unit,
        )

    def place(self, spot: Spot) -> Point:
        unit = METRES_PER_DEGREE / 1000 * self.km
        return (
            self.corner[0] + (spot[0] - self.at[0]) / unit / self.cosine,
            self.corner[1] - (spot[1] - self.at[1]) / unit,
        )

    def holds(self, area: Area, box: Flat) -> bool:
        """Whether a box of the picture lies inside an area."""
        return all(area.holds(self.place(spot)) for spot in (*corners(box), middle(box)))


def fitted(box: Box, at: Spot, wide: float, high: float) -> tuple[Plot, float]:
    """A plot of a box of degrees, `wide` units across and at most `high`, and its height."""
    west, south, east, north = box
    cosine = math.cos(math.radians((south + north) / 2))
    across = max((east - west) * cosine, 1e-6) * METRES_PER_DEGREE / 1000 * (1 + 2 * _AIR)
    down = max(north - south, 1e-6) * METRES_PER_DEGREE / 1000 * (1 + 2 * _AIR)
    km = min(wide / across, high / down)
    height = down * km
    x = at[0] + (wide - across * km) / 2 + across * km * _AIR / (1 + 2 * _AIR)
    y = at[1] + height * _AIR / (1 + 2 * _AIR)
    return Plot((west, north), (x, y), km, cosine), height


def outline(plot: Plot, rings: Iterable[Ring], *, closed: bool = True) -> str:
    """The path of rings; points that a reader cannot tell apart are left out."""
    parts = []
    for ring in rings:
        kept: list[Spot] = []
        for place in ring:
            spot = plot.xy(place)
            if not kept or math.dist(spot, kept[-1]) >= _FINE:
                kept.append(spot)
        parts.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in kept) + ("Z" if closed else ""))
    return "".join(parts)


def waters(parent: Element, plot: Plot, atlas: Atlas, frame: Flat) -> None:
    left, top, right, bottom = frame
    window = put(parent, "svg", x=left, y=top, width=right - left, height=bottom - top,
                 viewBox=f"{left:g} {top:g} {right - left:g} {bottom - top:g}")  # fmt: skip
    for water in atlas.waters:
        put(window, "path", d=outline(plot, water.rings), fill_rule="evenodd", **filled("accent", fill_opacity=0.13))
    for river in atlas.rivers:
        put(window, "path", d=outline(plot, (river.points,), closed=False), stroke_linejoin="round",
            **drawn("accent", 2.0, stroke_opacity=0.45))  # fmt: skip


def grids(parent: Element, plot: Plot, atlas: Atlas, layer: Layer, hue: str, told: dict[str, str], links: bool) -> None:
    """Every grid in the shade of its class. `told` is what its tool tip says; with `links` it can be chosen."""
    for code, area in atlas.grids.items():
        level = layer.classes.get(code, 0)
        holder = put(parent, "a", href=f"#{anchor(code)}", data_grid=code) if links else put(parent, "g")
        put(holder, "title", told.get(code, code))
        shape = outline(plot, area.rings)
        put(holder, "path", d=shape, fill_rule="evenodd", class_="f-paper", fill="#ffffff")
        put(holder, "path", d=shape, fill_rule="evenodd", **filled(hue, fill_opacity=SHADES[level]) | {
            "class_": f"f-{hue} c{level}"})  # fmt: skip


def borders(parent: Element, plot: Plot, atlas: Atlas) -> None:
    for code, area in atlas.grids.items():
        put(parent, "path", d=outline(plot, area.rings), data_border=code, **drawn("dim", 1.2))


def anchor(code: str) -> str:
    """The id of a grid's cases in a page."""
    return f"grid-{code}"


def names(parent: Element, room: Room, plot: Plot, atlas: Atlas, frame: Flat) -> None:
    """Lakes inside themselves, rivers along their way; what has no room goes without."""
    lands = tuple(atlas.grids.values())

    def at_sea(water: Area, box: Flat) -> bool:
        return plot.holds(water, box) and not any(
            land.holds(plot.place(spot)) for land in lands for spot in corners(box)
        )

    for water in atlas.waters:
        near = _within(plot.xy(water.label), frame)
        for size, fits, role in ((13.0, at_sea, "accent"), (11.0, plot.holds, "ink")):
            if _named(parent, room, water.name, near, size, 260.0, role, partial(fits, water)):
                break
    for river in atlas.rivers:
        for place in _along(river.points):
            if _named(parent, room, river.name, plot.xy(place), 10.5, 18.0, "ink"):
                break


def _named(
    parent: Element,
    room: Room,
    name: str,
    near: Spot,
    size: float,
    reach: float,
    role: str,
    fits: Callable[[Flat], bool] | None = None,
) -> bool:
    found = room.find(near, [size_of([(name, size)])], reach, fits)
    if found is not None:
        write(parent, name, middle(found[1]), size, role).set("font-style", "italic")
    return found is not None


def _within(spot: Spot, frame: Flat) -> Spot:
    return min(max(spot[0], frame[0] + 30), frame[2] - 30), min(max(spot[1], frame[1] + 20), frame[3] - 20)


def _along(ring: Sequence[Point]) -> list[Point]:
    """The middle of a way first, then towards its ends."""
    centre = len(ring) // 2
    return sorted(ring, key=lambda place: abs(ring.index(place) - centre))


def beside(
    parent: Element,
    room: Room,
    box: Flat,
    text: str,
    size: float,
    role: str = "ink",
    better: Callable[[Flat], bool] | None = None,
) -> bool:
    """A name right, left, below or above a box that is taken already; where it is `better`, if there is such a place."""
    wide, high = width(text, size) + 2, size * LINE
    left, top, right, bottom = box
    x, y = middle(box)
    spots = (
        (right + 1 + wide / 2, y), (left - 1 - wide / 2, y), (x, bottom + high / 2), (x, top - high / 2),
        (right + wide / 2, bottom + high / 2 - 3), (right + wide / 2, top - high / 2 + 3),
        (left - wide / 2, bottom + high / 2 - 3), (left - wide / 2, top - high / 2 + 3),
    )  # fmt: skip
    free = [wanted for spot in spots if room.free(wanted := around(spot, (wide, high)))]
    chosen = next((one for one in free if better is not None and better(one)), free[0] if free else None)
    if chosen is not None:
        room.take(chosen)
        write(parent, text, middle(chosen), size, role)
    return chosen is not None
