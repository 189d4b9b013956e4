"""The map as lines of terminal cells: ground, names, marks. Pure: shapes and a layer in, lines out.

What a colour says, a digit says too: the class of a grid stands in its label; without colours its cells have a texture.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby

from msgspec import Struct
from rich.cells import cell_len

from zjj_console.desk.mapping import Picture
from zjj_console.geo import labels, raster
from zjj_console.geo.labels import Ask, Placed, Room, Words
from zjj_console.geo.view import View
from zjj_console.i18n import t
from zjj_console.reports.map_sheet import LATE, URGENT, Mark
from zjj_console.town.atlas import Atlas
from zjj_console.widgets.cells import Line

SHADES = ("", "10%", "19%", "28%", "38%")  # of the layer's colour, by class
_TEXTURES = " .:+%"  # the same without colours
_NEAR = 90.0  # metres a cell: from here on places are named
_APART = (
    (5, 1),
    (12, 3),
    (10_000, 10_000),
)  # cells across and down within which marks of a grid become one: as few as fit
COLOURS = {
    "open": "$accent", "overdue": "$p1", "source": "$done", "heat": "$soon", "hotspot": "$p2", "key_item": "$wait",
}  # fmt: skip
_WATER, _RIVER = "$accent 8%", "$accent"
Overlay = tuple[int, str, int, str]  # first cell, text, cells, style


class Ground:
    """What the earth looks like in a view, whatever happens on it: made once for a view."""

    def __init__(self, atlas: Atlas, view: View) -> None:
        self.atlas, self.view = atlas, view
        self.codes = tuple(atlas.grids)
        self.areas = tuple(atlas.grids.values())
        self.land = raster.fill(view, [area.rings for area in self.areas])
        self.water = raster.fill(view, [area.rings for area in atlas.waters])
        self.lines = raster.Dots(view)
        for area in self.areas:
            self.lines.outline(area.rings)
        self.rivers = raster.Dots(view)
        for river in atlas.rivers:
            self.rivers.path(river.points)
        self._outlines: dict[str, raster.Dots] = {}

    def outline(self, code: str) -> raster.Dots:
        """The border of one grid alone, for the chosen one."""
        found = self._outlines.get(code)
        if found is None:
            found = self._outlines[code] = raster.Dots(self.view)
            found.outline(self.atlas.grids[code].rings)
        return found

    def grid_at(self, x: int, y: int) -> str:
        """The grid that a cell shows; empty outside all."""
        index = self.land.at(x, y)
        return "" if index is None else self.codes[index]


class Extra(Struct, frozen=True):
    """Something else that stands on the map: a unit, a station, a place that was looked for."""

    at: tuple[float, float]
    grid: str
    text: str
    style: str


class MapPicture:
    """One layer on the ground. Everything but the choice of a grid is settled when it is made."""

    def __init__(
        self,
        ground: Ground,
        picture: Picture,
        names: dict[str, tuple[str, str]],
        first: Sequence[Extra] = (),
        last: Sequence[Extra] = (),
        *,
        plain: bool = False,
    ) -> None:
        """`names`: long and short name of each grid; `first` stands before the marks, `last` where they leave room;
        `plain`: the terminal's own colours only."""
        self.ground, self.picture, self.plain = ground, picture, plain
        self.role = COLOURS[picture.layer]
        self.shades = [self._shade(picture.class_of(code)) for code in ground.codes]
        self.placed: list[Placed] = []
        self.overlays: dict[int, list[Overlay]] = {}
        self._lines: dict[tuple[int, str, str], Line] = {}
        self._named_in: dict[str, frozenset[int]] = {}
        self._bordered_in: dict[str, frozenset[int]] = {}
        room = Room(ground.land, ground.view.width)
        self._label(room, names)
        self._extras(room, first)
        self._marks(room)
        self._extras(room, last)
        self._waters(room)

    def _shade(self, n: int) -> str:
        return "" if self.plain or not n else f" on {self.role} {SHADES[n]}"

    # what stands on the ground ----------------------------------------------------------------------------------------

    def _label(self, room: Room, names: dict[str, tuple[str, str]]) -> None:
        asks = []
        for index, code in enumerate(self.ground.codes):
            long, short = names.get(code, (code.upper(), code.upper()))
            value = self.picture.by_grid.get(code, 0)
            number = f"{value} [{self.picture.class_of(code)}]"
            wordings = ((long, number), (short, number), (long,), (short, str(value)), (short,))
            near = self.ground.view.cell_of(self.ground.areas[index].label)
            asks.append(Ask(index, near, tuple(words(*(f" {text} " for text in lines)) for lines in wordings)))
        self.placed = labels.place(asks, room)

    def _extras(self, room: Room, extras: Sequence[Extra]) -> None:
        for extra in extras:
            if extra.grid in self.ground.codes:
                self._put(room, extra.at, extra.grid, (extra.text,), extra.style)

    def _marks(self, room: Room) -> None:
        """Counts at places; what crowds becomes one mark, and none is lost or drawn over another thing."""
        by_grid: dict[str, list[Mark]] = {}
        for dot in self.picture.dots:
            if dot.grid in self.ground.codes and self._seen(dot.at):
                by_grid.setdefault(dot.grid, []).append(dot)
        for dots in by_grid.values():
            before = [bytearray(row) for row in room.taken]
            for apart in _APART:
                placed = [found for dot in gathered(dots, self.ground, apart) for found in [self._mark(room, dot)]]
                if all(placed):
                    break
                if apart != _APART[-1]:
                    room.taken = [bytearray(row) for row in before]
            for overlays in placed:
                for y, overlay in overlays:
                    self._over(y, overlay)

    def _mark(self, room: Room, dot: Mark) -> list[tuple[int, Overlay]]:
        """Where a mark stands; nothing where there is no room."""
        shape = {URGENT: t("急"), LATE: "!"}.get(dot.grade, "")
        text = dot.label or f"{shape}{dot.count}"
        near = self.ground.view.cell <= _NEAR and dot.name
        style = {URGENT: "bold reverse $p1", LATE: "bold $p1"}.get(dot.grade, "bold $foreground")
        if self.plain and dot.grade == LATE:
            style = "bold $foreground"
        return self._place(room, dot.at, dot.grid, (f"{dot.name} {text}", text) if near else (text,), style)

    def _waters(self, room: Room) -> None:
        """Lakes outside the grids carry their names too."""
        lakes = Room(self.ground.water, self.ground.view.width)
        lakes.taken = [bytearray(row) for row in room.taken]
        for y, spans in enumerate(self.ground.land.spans):
            for first, after, _ in spans:
                lakes.take(first, y, after - first)
        asks = [
            Ask(index, self.ground.view.cell_of(water.label), (words(f" {water.name} "),))
            for index, water in enumerate(self.ground.atlas.waters)
        ]
        for one in labels.place(asks, lakes):
            self._over(one.y, (one.x, one.text, one.width, "$dim"))

    def _put(self, room: Room, at: tuple[float, float], grid: str, wordings: Sequence[str], style: str) -> None:
        if self._seen(at):
            for y, overlay in self._place(room, at, grid, wordings, style):
                self._over(y, overlay)

    def _place(
        self, room: Room, at: tuple[float, float], grid: str, wordings: Sequence[str], style: str
    ) -> list[tuple[int, Overlay]]:
        index = self.ground.codes.index(grid)
        ask = Ask(index, self.ground.view.cell_of(at), tuple(words(text) for text in wordings))
        return [(one.y, (one.x, one.text, one.width, style + self.shades[index])) for one in labels.place([ask], room)]

    def _seen(self, at: tuple[float, float]) -> bool:
        """Whether a place lies in the window."""
        x, y = self.ground.view.cell_of(at)
        return 0 <= x < self.ground.view.width and 0 <= y < self.ground.view.height

    def _over(self, y: int, overlay: Overlay) -> None:
        self.overlays.setdefault(y, []).append(overlay)

    # lines ------------------------------------------------------------------------------------------------------------

    def lines(self, chosen: str) -> list[Line]:
        return [self.line(y, chosen, chosen) for y in range(self.ground.view.height)]

    def label_rows(self, code: str) -> frozenset[int]:
        """The rows of a grid's name."""
        if code not in self._named_in:
            index = self.ground.codes.index(code) if code in self.ground.codes else -1
            self._named_in[code] = frozenset(one.y for one in self.placed if one.index == index)
        return self._named_in[code]

    def border_rows(self, code: str) -> frozenset[int]:
        """The rows of a grid's outline."""
        if code not in self._bordered_in:
            rows = self.ground.outline(code).rows if code in self.ground.codes else ()
            self._bordered_in[code] = frozenset(y for y, row in enumerate(rows) if any(row))
        return self._bordered_in[code]

    def line(self, y: int, chosen: str, outlined: str) -> Line:
        """A row with the name of one grid and the outline of one standing out; kept, so that none is made twice."""
        chosen = chosen if y in self.label_rows(chosen) else ""
        outlined = outlined if y in self.border_rows(outlined) else ""
        key = (y, chosen, outlined)
        if key not in self._lines:
            self._lines[key] = self._line(y, chosen, outlined)
        return self._lines[key]

    def _line(self, y: int, chosen: str, outlined: str) -> Line:
        ground, width = self.ground, self.ground.view.width
        text = list(ground.lines.text(y))
        styles = ["$dim"] * width
        rivers = ground.rivers.text(y)
        for first, after, index in ground.land.spans[y]:
            styles[first:after] = ["$dim" + self.shades[index]] * (after - first)
            if self.plain and y % 2:
                self._texture(text, first, after, index, y)
        for first, after, _ in ground.water.spans[y]:
            for x in range(first, after):
                if text[x] == " ":
                    text[x] = "~" if (x + y) % 2 else " "
                    styles[x] = "$dim" if self.plain else f"$accent 60% on {_WATER}"
        for x, dots in enumerate(rivers):
            if dots != " " and text[x] == " ":
                text[x] = dots
                styles[x] = styles[x].replace("$dim", _RIVER)
        if outlined:
            for first, after in ground.outline(outlined).runs(y):
                for x in range(first, after):
                    styles[x] = styles[x].replace("$dim", "bold $accent")
        for one in self.placed:
            if one.y == y:
                self._write(text, styles, self._named(one, chosen))
        for overlay in self.overlays.get(y, ()):
            self._write(text, styles, overlay)
        return tuple(
            ("".join(char for char, _ in run), style)
            for style, run in groupby(zip(text, styles, strict=True), key=lambda cell: cell[1])
        )

    def _named(self, one: Placed, chosen: str) -> Overlay:
        """A line of a label; the chosen grid's stands out by shape as well."""
        if self.ground.codes[one.index] != chosen:
            return (
                one.x,
                one.text,
                one.width,
                ("bold " if not one.line else "") + "$foreground" + self.shades[one.index],
            )
        text = ">" + one.text[1:] if not one.line else one.text
        return one.x, text, one.width, "bold reverse $accent"

    def _texture(self, text: list[str], first: int, after: int, index: int, y: int) -> None:
        char = _TEXTURES[self.picture.class_of(self.ground.codes[index])]
        for x in range(first + (y // 2 - first) % 4, after, 4):
            if text[x] == " ":
                text[x] = char

    def _write(self, text: list[str], styles: list[str], overlay: Overlay) -> None:
        x, words_, width, style = overlay
        text[x : x + width] = [words_] + [""] * (width - 1)
        styles[x : x + width] = [style] * width
        for beside in (x - 1, x + width):
            if self.plain and 0 <= beside < len(text) and text[beside] in _TEXTURES[1:]:
                text[beside] = " "  # a texture beside a number would be read as part of it


@lru_cache(4096)
def words(*lines: str) -> Words:
    return Words(lines, tuple(cell_len(line) for line in lines))


def gathered(dots: Sequence[Mark], ground: Ground, apart: tuple[int, int]) -> list[Mark]:
    """Marks of one grid that would stand on top of each other, as one with all their counts; the worst first.

    Those that have a label of their own (a rank, a code) stay alone.
    """
    found: dict[tuple[str, int, int], list[Mark]] = {}
    for dot in dots:
        x, y = ground.view.cell_of(dot.at)
        found.setdefault((dot.label, 0 if dot.label else x // apart[0], 0 if dot.label else y // apart[1]), []).append(
            dot
        )
    merged = []
    for group in found.values():
        largest = max(group, key=lambda dot: (dot.grade, dot.count))
        name = largest.name if len({dot.name for dot in group}) == 1 else ""
        merged.append(
            Mark(largest.at, largest.grid, sum(dot.count for dot in group), largest.grade, name, largest.label)
        )
    return sorted(merged, key=lambda dot: (-dot.grade, -dot.count, dot.at))
