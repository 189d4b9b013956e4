"""One layer of the map as an SVG picture for reports: atlas and sheet in, text out. Without a map, tiles.

What a colour says, a digit says too; what presses has a shape and a word of its own. Words never stand on each other.
"""

from functools import partial
from xml.etree import ElementTree as Tree

from msgspec import Struct

from zjj_console.geo.shapes import Area
from zjj_console.reports import map_ground as ground
from zjj_console.reports import map_pen as pen
from zjj_console.reports.map_ground import Plot
from zjj_console.reports.map_pen import HUES, SHADES, Element, put, write
from zjj_console.reports.map_room import Box, Room, Spot, around, middle, touch, width
from zjj_console.reports.map_sheet import GridRow, Layer, MapSheet, Mark
from zjj_console.reports.map_words import Say, say
from zjj_console.town.atlas import Atlas

WIDE, MARGIN = 840.0, 14.0
_HIGHEST = 880.0  # of the map itself: with its legend it fits a page of A4
_HEAD = 62.0
_NAMED = 30.0  # units a kilometre from which on committees have names
_GATHER = (30.0, 44.0, 66.0, 100.0)  # marks of a grid so near to each other become one; wider if there is no room
_STRAYS = 16.0  # units from its place beyond which a line leads a mark back to it
_TILE = (195.0, 96.0)
_BARS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20)  # kilometres


class Drawing(Struct, frozen=True):
    """A picture and the boxes that its words and marks take; no two of them touch."""

    root: Element
    boxes: tuple[Box, ...]


def svg(sheet: MapSheet, atlas: Atlas | None, layer: Layer, *, links: bool = False) -> str:
    """The picture as a file of its own; with `links`, for a page in which grids can be chosen."""
    return Tree.tostring(draw(sheet, atlas, layer, links=links).root, encoding="unicode")


def draw(sheet: MapSheet, atlas: Atlas | None, layer: Layer, *, links: bool = False) -> Drawing:
    tell = say(sheet.lang)
    names = f"t-{sheet.layers.index(layer)}"
    root = put(None, "svg", role="group" if links else "img", aria_labelledby=names, font_family=pen.FONTS)
    put(root, "title", tell("{town} {layer} 地图", town=sheet.town, layer=layer.title), id=names)
    put(root, "desc", tell("网格分级与标记；各网格数字见表"))
    sheet_of_paper = put(root, "rect", width="100%", height="100%", **pen.filled("paper"))
    sheet_of_paper.set("class", "f-paper")
    if atlas is None:
        bottom, boxes, plot = _tiles(root, sheet, layer, tell, links)
    else:
        plot, high = ground.fitted(atlas.box, (MARGIN, _HEAD), WIDE - 2 * MARGIN, _HIGHEST)
        bottom = _HEAD + high
        frame = (MARGIN, _HEAD, WIDE - MARGIN, bottom)
        boxes = _Map(root, sheet, atlas, layer, plot, frame, tell, links).boxes()
    _head(root, sheet, layer, tell)
    height = _foot(root, sheet, layer, plot, bottom + 12, tell)
    root.set("viewBox", f"0 0 {WIDE:g} {height:g}")
    return Drawing(root, boxes)


def _head(root: Element, sheet: MapSheet, layer: Layer, tell: Say) -> None:
    mark = worth(sheet)
    room = WIDE - 2 * MARGIN
    title = f"{sheet.town}  {layer.title}"
    size = min(22.0, 22.0 * (room - width(mark, 15) - 20) / width(title, 22))
    write(root, title, (MARGIN, 22), size, bold=True, anchor="start")
    told = tell("数据截至 {at}", at=sheet.at)
    if sheet.trial:
        told += f"   {tell('试用: 不作正式依据')}"
    write(root, told, (MARGIN, 46), 13, "dim", anchor="start")
    if mark:
        write(root, mark, (WIDE - MARGIN, 22), 15, "wait", bold=True, anchor="end")


def worth(sheet: MapSheet) -> str:
    """What the picture is worth, as every picture says; nothing for a map of the town's own."""
    tell = say(sheet.lang)
    own = tell("村居位置示意") if sheet.sketched else ""
    return {"schematic": tell("示意，非测绘"), "none": tell("本镇地图未提供"), "town": own}[sheet.kind]


def source(sheet: MapSheet) -> str:
    """Whose map it is, with the words that its licence asks for."""
    tell, mark = say(sheet.lang), worth(sheet)
    if sheet.kind == "none":
        return mark
    told = tell("地图来源: {source}", source=sheet.source or tell("未注明"))
    return told if not mark or mark in told else f"{mark}  {told}"


def told(row: GridRow, tell: Say) -> str:
    """What a grid says when it is pointed at or read aloud."""
    name = f"{row.name} {row.station}".strip()
    return tell("{name} {n} 件未结，一级 {first}，超时 {late}", name=name, n=row.open, first=row.first, late=row.late)


class _Map:
    """The map between head and legend. Made once; the order of drawing is the order of importance for room."""

    def __init__(
        self, root: Element, sheet: MapSheet, atlas: Atlas, layer: Layer, plot: Plot, frame: Box, tell: Say, links: bool
    ) -> None:
        self.sheet, self.atlas, self.layer, self.plot, self.frame, self.tell = sheet, atlas, layer, plot, frame, tell
        self.hue = HUES[layer.kind]
        self.room = Room(frame)
        self.named: set[str] = set()  # what marks have said already
        tips = {row.code: told(row, tell) for row in sheet.grids}
        ground.grids(put(root, "g"), plot, atlas, layer, self.hue, tips, links)
        over = put(root, "g", class_="on")
        ground.waters(over, plot, atlas, frame)
        ground.borders(over, plot, atlas)
        self.lower, self.upper = put(root, "g", class_="on"), put(root, "g", class_="on")
        self.spots = {code: plot.xy(spot.at) for code, spot in atlas.committees.items()}
        self._labels()
        marked = self._marks()
        self._stations()
        self._committees(marked)
        ground.names(self.upper, self.room, plot, atlas, frame)

    def boxes(self) -> tuple[Box, ...]:
        return tuple(self.room.taken)

    # the names of the grids -------------------------------------------------------------------------------------------

    def _labels(self) -> None:
        ideal = [around(self.plot.xy(mark.at), (34, 24)) for mark in gathered(self.layer, self.plot, _GATHER[0])]

        def crowded(box: Box) -> float:
            dots = sum(box[0] < x < box[2] and box[1] < y < box[3] for x, y in self.spots.values())
            return 120.0 * sum(touch(box, one) for one in ideal) + 8.0 * dots

        names = {row.code: row.name for row in self.sheet.grids}
        for code, area in self.atlas.grids.items():
            number = f"{self.layer.values.get(code, 0)} [{self.layer.classes.get(code, 0)}]"
            name = names.get(code, code.upper())
            full: list[list[tuple[str, float]]] = [
                [(name, 18.0), (number, 14.0)],
                *([(f"{name} {number}", s)] for s in (13.0, 10.0)),
            ]
            near = self.plot.xy(area.label)
            tries = ((full, 150.0, partial(self.plot.holds, area)), (full[1:], 300.0, _anywhere))
            for wordings, reach, fits in tries:
                found = self.room.find(near, [pen.size_of(lines) for lines in wordings], reach, fits, crowded)
                if found is not None:
                    self._write(wordings[found[0]], found[1])
                    if fits is _anywhere:
                        self._leader(near, found[1])
                    break

    def _write(self, lines: list[tuple[str, float]], box: Box) -> None:
        x, y = middle(box)[0], box[1]
        for n, (text, size) in enumerate(lines):
            write(self.upper, text, (x, y + size * pen.LINE / 2), size, bold=not n)
            y += size * pen.LINE

    def _leader(self, at: Spot, box: Box) -> None:
        """From a place to what stands beside it."""
        x, y = middle(box)
        put(self.lower, "line", x1=at[0], y1=at[1], x2=x, y2=y, **pen.drawn("ink", 1.0))
        put(self.lower, "circle", cx=at[0], cy=at[1], r=2.2, **pen.filled("ink"))

    # what happens -----------------------------------------------------------------------------------------------------

    def _marks(self) -> dict[Spot, Box]:
        """Where each mark stands that has room; what crowds is gathered wider until all have."""
        taken = list(self.room.taken)
        for near in _GATHER:
            self.room = Room(self.frame)
            for box in taken:
                self.room.take(box)
            marks = gathered(self.layer, self.plot, near)
            placed = [(mark, found) for mark in marks if (found := self._place(mark)) is not None]
            if len(placed) == len(marks):
                break
        stands: dict[Spot, Box] = {}
        for mark, box in placed:
            at = self.plot.xy(mark.at)
            if max(abs(at[0] - middle(box)[0]), abs(at[1] - middle(box)[1])) > _STRAYS:
                self._leader(at, box)
            text, kind = self._face(mark)
            pen.mark(self.upper, text, box, 13, kind)
            stands[at] = box
        for mark, box in placed:
            if mark.label and mark.name and ground.beside(self.upper, self.room, box, mark.name, 11):
                self.named.add(mark.name)
        return stands

    def _face(self, mark: Mark) -> tuple[str, str]:
        kind = pen.mark_kind(self.layer.kind, mark.grade, bool(mark.label))
        word = {"urgent": self.tell("急"), "late": "!"}.get(kind, "")
        return mark.label or f"{word}{' ' if word[-1:].isalnum() and word.isascii() else ''}{mark.count}", kind

    def _place(self, mark: Mark) -> Box | None:
        text, kind = self._face(mark)
        area = self.atlas.grids.get(mark.grid)
        at, size = self.plot.xy(mark.at), [pen.mark_size(text, 13, kind)]
        at_home = partial(self._at_home, area) if area else _anywhere
        found = self.room.find(at, size, 54.0, at_home, step=4.0) or self.room.find(at, size, 90.0)
        return found[1] if found else None

    def _at_home(self, area: Area, box: Box) -> bool:
        return area.holds(self.plot.place(middle(box)))

    def _stations(self) -> None:
        for code, spot in self.atlas.stations.items():
            name, at = self.sheet.stations.get(code, spot.name), self.plot.xy(spot.at)
            wide = width(name, 12) + 2
            found = self.room.find(at, [(14 + wide, 16)], 44.0, step=4.0) or self.room.find(
                at, [(14, 14)], 44.0, step=4.0
            )
            if found is None:
                continue
            left, _, right, _ = found[1]
            y = middle(found[1])[1]
            pen.station(self.upper, (left + 7, y))
            if right - left > 15:
                write(self.upper, name, (left + 16, y), 12, anchor="start")

    def _committees(self, marked: dict[Spot, Box]) -> None:
        """A point for each where nothing stands already, and its name if there is room."""
        homes = {}
        for code, at in self.spots.items():
            dot = around(at, (6, 6))
            if at in marked:
                homes[code] = marked[at]
            elif self.room.free(dot):
                self.room.take(dot)
                homes[code] = dot
                put(self.lower, "circle", cx=at[0], cy=at[1], r=2.2, **pen.filled("dim"))
        if self.plot.km >= _NAMED:
            for code, box in homes.items():
                if self.atlas.committees[code].name in self.named:
                    continue
                at = self.atlas.committees[code].at
                home = next((area for area in self.atlas.grids.values() if area.holds(at)), None)
                better = partial(self.plot.holds, home) if home else None
                ground.beside(self.upper, self.room, box, self.atlas.committees[code].name, 10.5, better=better)


def _anywhere(box: Box) -> bool:
    return True


def gathered(layer: Layer, plot: Plot, near: float) -> list[Mark]:
    """Marks of one grid that would stand on each other, as one with all their counts; what presses first."""
    groups: dict[object, list[Mark]] = {}
    for mark in layer.marks:
        x, y = plot.xy(mark.at)
        key = (mark.label, mark.at) if mark.label else (mark.grid, round(x / near), round(y / near))
        groups.setdefault(key, []).append(mark)
    found = []
    for group in groups.values():
        worst = max(group, key=lambda mark: (mark.grade, mark.count))
        found.append(
            Mark(worst.at, worst.grid, sum(mark.count for mark in group), worst.grade, worst.name, worst.label)
        )
    return sorted(found, key=lambda mark: (-mark.grade, -mark.count, mark.at))


# without a map ----------------------------------------------------------------------------------------------------------


def _tiles(root: Element, sheet: MapSheet, layer: Layer, tell: Say, links: bool) -> tuple[float, tuple[Box, ...], None]:
    """A tile for each grid; (bottom, boxes, no plot)."""
    wide, high = _TILE
    across = int((WIDE - 2 * MARGIN) // (wide + 8))
    boxes: list[Box] = []
    hue = HUES[layer.kind]
    for n, row in enumerate(sheet.grids):
        x, y = MARGIN + n % across * (wide + 8), _HEAD + n // across * (high + 8)
        level = layer.classes.get(row.code, 0)
        holder = put(root, "a", href=f"#{ground.anchor(row.code)}", data_grid=row.code) if links else put(root, "g")
        put(holder, "title", told(row, tell))
        fill = pen.filled(hue, fill_opacity=SHADES[level]) | {"class_": f"f-{hue} c{level}"}
        put(holder, "rect", x=x, y=y, width=wide, height=high, **fill)
        put(holder, "rect", x=x, y=y, width=wide, height=high, **pen.drawn("dim", 1.2))
        number = f"{layer.values.get(row.code, 0)} [{level}]"
        size = min(18.0, 18.0 * (wide - 24 - width(number, 16)) / width(row.name, 18))
        write(holder, row.name, (x + 10, y + 22), size, bold=True, anchor="start")
        write(holder, number, (x + wide - 10, y + 22), 16, bold=True, anchor="end")
        write(holder, pen.folded(row.station, 12, wide - 20)[0], (x + 10, y + 46), 12, anchor="start")
        for k, (word, count) in enumerate((("未结", row.open), ("一级", row.first), ("超时", row.late))):
            late = word == "超时" and bool(count)
            text = f"{'! ' if late else ''}{tell(word)} {count}"
            size = min(13.0, 13.0 * (wide / 3 - 8) / width(text, 13))
            write(holder, text, (x + 10 + k * (wide - 20) / 3, y + 74), size, bold=late, anchor="start")
        boxes.append((x, y, x + wide, y + high))
    if not sheet.grids:
        write(root, tell("本镇没有网格"), (WIDE / 2, _HEAD + 40), 16)
    rows = -(-len(sheet.grids) // across) or 1
    return _HEAD + rows * (high + 8), tuple(boxes), None


# legend -----------------------------------------------------------------------------------------------------------------


def _foot(root: Element, sheet: MapSheet, layer: Layer, plot: Plot | None, top: float, tell: Say) -> float:
    """Legend, scale and source below `top`; the height of the whole picture."""
    if plot is not None:
        _scale(root, plot, top + 10, tell)
    end = WIDE - MARGIN - (230 if plot else 0)
    write(root, tell("色级 (与网格名下方括号内数字相同)"), (MARGIN, top + 8), 12, "dim", anchor="start")
    x, y, hue = MARGIN, top + 30, HUES[layer.kind]
    for level, words in enumerate(layer.ranges):
        text = f"[{level}] {words}"
        if x + 30 + width(text, 13) > end:
            x, y = MARGIN, y + 24
        fill = pen.filled(hue, fill_opacity=SHADES[level]) | {"class_": f"f-{hue} c{level}"}
        put(root, "rect", x=x, y=y - 8, width=22, height=16, **fill)
        put(root, "rect", x=x, y=y - 8, width=22, height=16, **pen.drawn("dim", 1.0))
        write(root, text, (x + 27, y), 13, anchor="start")
        x += 27 + width(text, 13) + 14
    if plot is not None:
        x, y = MARGIN, y + 28
        for kind, word, meaning in _meanings(layer):
            face, means = (tell(word) if kind == "urgent" else word), tell(meaning)
            wide = {"station": 14.0, "dot": 6.0}.get(kind) or pen.mark_size(face, 12, kind)[0]
            if x + wide + 8 + width(means, 12) > end:
                x, y = MARGIN, y + 28
            _sample(root, kind, face, (x + wide / 2, y))
            write(root, means, (x + wide + 5, y), 12, "dim", anchor="start")
            x += wide + 5 + width(means, 12) + 16
    y += 26
    for line in pen.folded(source(sheet), 11, WIDE - 2 * MARGIN):
        write(root, line, (MARGIN, y), 11, "dim", anchor="start")
        y += 16
    return y + 4


_PRESSING = (("urgent", "急", "含一级待办"), ("late", "!2", "含超时"))


def _meanings(layer: Layer) -> list[tuple[str, str, str]]:
    """(shape, word in it, meaning) of every mark that the layer can show."""
    named = {"hotspot": ("hotspot", "1", "热点序号"), "key_item": ("key_item", "Z01", "重点事项")}.get(layer.kind)
    marks = [named] if named else [*(_PRESSING if layer.pressing else ()), ("count", "2", "件数")]
    return [*marks, ("station", "", "联勤联动工作站"), ("dot", "", "村居")]


def _sample(root: Element, kind: str, text: str, at: Spot) -> None:
    if kind == "station":
        pen.station(root, at)
    elif kind == "dot":
        put(root, "circle", cx=at[0], cy=at[1], r=2.2, **pen.filled("dim"))
    else:
        pen.mark(root, text, around(at, pen.mark_size(text, 12, kind)), 12, kind)


def _scale(root: Element, plot: Plot, top: float, tell: Say) -> None:
    """A bar of a round length, and where north is: up."""
    length = max((bar for bar in _BARS if bar * plot.km <= 150), default=_BARS[0])
    right = WIDE - MARGIN - 40
    left, y = right - length * plot.km, top + 26
    put(root, "path", d=f"M{left:.1f} {y - 6:.1f}V{y:.1f}H{right:.1f}V{y - 6:.1f}", **pen.drawn("ink", 1.6))
    words = tell("{n}公里", n=f"{length:g}") if length >= 1 else tell("{n}米", n=f"{length * 1000:g}")
    write(root, words, ((left + right) / 2, y - 12), 12)
    x = WIDE - MARGIN - 12
    put(root, "polygon", points=pen.points((x, top - 6), (x + 6, top + 12), (x, top + 8), (x - 6, top + 12)), **pen.filled("ink"))  # fmt: skip
    write(root, tell("北"), (x, top + 22), 12, bold=True)
