"""The grid map (F3): where the open and overdue cases are, who is there, what comes up again and again (R13, R19, R37)."""

import asyncio
from collections.abc import Iterator

from textual.containers import Horizontal
from textual.timer import Timer
from textual.widget import Widget

from zjj_console.desk import mapping
from zjj_console.domain import custody
from zjj_console.domain.model import HOUR, SECOND
from zjj_console.geo.steps import ARROWS, Ways
from zjj_console.i18n import t
from zjj_console.screens.base import ConsoleScreen
from zjj_console.screens.map_board import Board
from zjj_console.screens.paging import STEPS, keep_in_sight
from zjj_console.screens.session import Session
from zjj_console.screens.views import VIEWS
from zjj_console.storage.db import SqliteError, StorageError
from zjj_console.verbs.table import BY_ID
from zjj_console.widgets import case_lines, map_lines, map_tiles
from zjj_console.widgets.cells import Line
from zjj_console.widgets.columns import Frame, unit_name, unit_sign
from zjj_console.widgets.map_canvas import MapCanvas
from zjj_console.widgets.map_picture import Extra, MapPicture
from zjj_console.widgets.map_tiles import Tile
from zjj_console.widgets.panel import Panel
from zjj_console.widgets.verb_words import key_hints, label

_BELOW_TILES = 14  # lines of the head, the grid's cases and the bottom
_FORCES = 5  # lines about who is there, where no pane of its own has them
RESTS = 0.08  # seconds without a move after which the detail follows
_READ_AGAIN = 10 * SECOND  # what has become late meanwhile
_PANS = {"shift+left": (-1, 0), "shift+right": (1, 0), "shift+up": (0, -1), "shift+down": (0, 1)}
_ZOOMS = {"+": 1, "=": 1, "-": -1, "0": 0}


class GridMapScreen(ConsoleScreen):
    mode = "map"

    def __init__(self, session: Session, board: Board | None = None) -> None:
        """`board`: what was chosen the last time."""
        super().__init__(session)
        self.board = board or Board(session)
        self.drawn: MapPicture | None = None
        self._arrows = self.board.ways()
        self._resting: Timer | None = None
        self._unsettled = False
        self._outlined = ""  # the grid whose outline stands out
        self._marked = ""  # the place that was looked for, as the picture has it
        self._choosing: list[Line] = []  # what a line being typed lets choose from, in the place of the grid's cases

    def body(self) -> Iterator[Widget]:
        yield Panel(id="top")
        with Horizontal(id="panes"):  # one container only: each that lies under the map costs at every key
            yield MapCanvas(id="canvas")
            yield Panel(id="tiles")
            yield Panel(id="detail")
            yield Panel(id="more")
        yield Panel(id="legend")

    def on_mount(self) -> None:
        self.board.read()
        self._look_at()
        super().on_mount()

    # what is shown ----------------------------------------------------------------------------------------------------

    def reload(self) -> None:
        """Another commit: the marks follow at once, the list under the cursor once the keys rest (NV-4)."""
        self._unsettled = not self.session.settled()
        if not self._unsettled:
            self.board.read()
            self._look_at()
            self._paint()

    def on_second(self) -> None:
        if self._unsettled:
            self.reload()
        elif self.session.desk.now() - self.board.scene.now >= _READ_AGAIN and self.session.settled():
            self.board.look()
            self._read_past()
            self._paint()

    def selected_case(self) -> str:
        """The case under the cursor; none while hot spots stand in its place, since no key acts on what is not seen."""
        return "" if self.board.layer.key == "hotspot" else self.board.case_id

    def just_moved(self) -> bool:
        return self.recently(self.board.changed_at)

    def expected(self) -> None:
        self.board.changed_at = 0

    @property
    def as_tiles(self) -> bool:
        """Tiles on a small screen, where the officer wants them, and where there is nothing else to draw."""
        return self.board.tiled or self.size.width < 100 or self.size.height < 30

    @property
    def plain(self) -> bool:
        """Only the terminal's own colours."""
        return bool(self.app.theme == "ansi")

    def arrows(self) -> Ways:
        """Where the arrows lead in what is drawn."""
        return map_tiles.ways_of(tuple(self.board.town.grids), self.size.width) if self.as_tiles else self._arrows

    # drawing ----------------------------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        self.call_after_refresh(self._again)

    def on_map_canvas_resized(self) -> None:
        self._paint()

    def on_panel_resized(self) -> None:
        self.draw()

    def _again(self) -> None:
        self._paint()
        self.draw()

    def _paint(self) -> None:
        """The whole picture anew: another size, layer or state of things."""
        if not self.is_mounted:
            return
        self.set_class(self.as_tiles, "-tiles")
        legend = self.query_one("#legend", Panel)
        lines = map_lines.legend(self.board.picture, plain=self.plain, marks=not self.as_tiles)
        legend.styles.height = len(lines)
        legend.show(lines)
        if self.as_tiles:
            self.drawn = None
            self._paint_tiles()
            return
        canvas = self.query_one("#canvas", MapCanvas)
        ground = self.board.ground(canvas.size.width, canvas.size.height)
        if ground is not None:
            self._marked = self.board.found
            self.drawn = MapPicture(
                ground, self.board.picture, self.names(), self.found(), self.standing(), plain=self.plain
            )
            self._outlined = self.board.grid
            canvas.show(self.drawn.lines(self.board.grid))

    def _read_past(self) -> None:
        """Months of cases are read beside the keys; the picture follows when they are there."""
        key = self.board.wanted()
        if key is not None:
            self.session.busy += 1
            self.run_worker(self._know(key), group="past", exit_on_error=True)

    async def _know(self, key: tuple[str, str]) -> None:
        try:
            past = await asyncio.to_thread(self.board.reads_past, key)
        except (StorageError, SqliteError):
            self.board.gave_up(key)
            self.say(t("现在读不了历史，稍后自动再试"), "$p2")
        else:
            self.board.know(key, past)
        finally:
            self.session.busy -= 1
        self._paint()
        self.draw()

    def _paint_tiles(self) -> None:
        board, panel = self.board, self.query_one("#tiles", Panel)
        names = self.names()
        tiles = [
            Tile(code, names[code][0], board.picture.by_grid.get(code, 0), board.picture.class_of(code),
                 board.standings[code], self.there(code))
            for code in board.town.grids
        ]  # fmt: skip
        width = panel.size.width or self.size.width
        lines = map_tiles.lines(tiles, board.picture, board.grid, width, plain=self.plain)
        panel.styles.height = max(map_tiles.HIGH, min(len(lines), self.size.height - _BELOW_TILES))
        panel.show(lines)
        across = map_tiles.per_row(len(tiles), width)
        row = list(board.town.grids).index(board.grid) // across if board.grid else 0
        keep_in_sight(panel, row * map_tiles.HIGH)

    def _choice_changed(self, before: str) -> None:
        """The names of the old and the new choice at once; outline and detail follow where the eye rests."""
        if self.drawn is None:
            self._paint_tiles()
        elif self._marked != self.board.found:
            self._paint()
        else:
            canvas = self.query_one("#canvas", MapCanvas)
            rows = self.drawn.label_rows(before) | self.drawn.label_rows(self.board.grid)
            canvas.change({y: self.drawn.line(y, self.board.grid, self._outlined) for y in rows})
        if self._resting is not None:
            self._resting.reset()
            return
        self.session.busy += 1
        self._resting = self.set_timer(RESTS, self._rest)

    def _rest(self) -> None:
        self._resting = None
        self.session.busy -= 1
        if self.drawn is not None:
            before, self._outlined = self._outlined, self.board.grid
            rows = self.drawn.border_rows(before) | self.drawn.border_rows(self._outlined)
            lines = {y: self.drawn.line(y, self.board.grid, self._outlined) for y in rows}
            self.query_one("#canvas", MapCanvas).change(lines)
        self._look_at()
        self.draw()

    def _look_at(self) -> None:
        self._case, self._legal = self.read_case()

    def names(self) -> dict[str, tuple[str, str]]:
        """Long and short name of each grid: with its station, without."""
        town = self.board.town
        return {
            code: (f"{grid.name} {unit_name(town, town.station_by_zone.get(grid.zone, ''))}", grid.name)
            for code, grid in town.grids.items()
        }

    def found(self) -> list[Extra]:
        """The place that was looked for."""
        board = self.board
        spot = board.town.atlas.committees.get(board.found) if board.town.atlas else None
        return [Extra(spot.at, board.grid, f" {spot.name} ", "bold reverse $accent")] if spot else []

    def standing(self) -> list[Extra]:
        """The units that are out on a case, then the stations."""
        town, atlas = self.board.town, self.board.town.atlas
        units = [
            Extra(one.seat.place.at, one.grid, f" {unit_sign(town, one.unit)} ", "bold reverse $done")
            for one in self.board.forces
            if one.seat.kind != "station" and one.grid
        ]
        spots = atlas.stations.values() if atlas else ()
        return units + [
            Extra(spot.at, atlas.grid_at(spot.at), f"^{spot.code.upper()}", "$accent") for spot in spots if atlas
        ]

    def there(self, grid: str) -> str:
        frame = self.session.frame()
        return "、".join(map_lines.force_word(one, frame) for one in self.board.forces if one.grid == grid)

    def draw(self) -> None:
        super().draw()
        if not self.is_mounted:
            return
        board = self.board
        top = self.query_one("#top", Panel)
        top.show([map_lines.layers(board.layer, board.variety, board.town, self.kind_of_map(), self.size.width)])
        self._draw_detail()
        more = self.query_one("#more", Panel)
        if more.display:
            more.show(self.more(more.size.width))

    def _draw_detail(self) -> None:
        detail = self.query_one("#detail", Panel)
        detail.show(self.detail(detail.size.width or self.size.width, detail.size.height or 6))

    def show_choices(self, lines: list[Line]) -> bool:
        listed = case_lines.choices(self.command.preview.choices) if self.command.active else []
        if (listed or lines) != self._choosing:
            self._choosing = listed or lines
            self._draw_detail()
        return bool(listed)

    def kind_of_map(self) -> str:
        """What the picture is worth: a schematic says so on every screen."""
        atlas = self.board.town.atlas
        if atlas is None:
            return t("本镇地图未提供")
        words = [t(mapping.worth(atlas))] if mapping.worth(atlas) else []
        if self.board.scene.nowhere:
            words.append(t("另有 {n} 件地点待定", n=self.board.scene.nowhere))
        if not self.board.scene.whole:
            words.append(t("只画最急的 {n} 件", n=mapping.MANY))
        if self.board.waits:
            words.insert(0, t("正在统计.."))
        if self.board.zoom and not self.as_tiles:
            words.insert(0, t("放大{n}", n=self.board.zoom))
        return "  ".join(words)

    def detail(self, width: int, height: int) -> list[Line]:
        """The chosen grid: how it stands, who leads it, its cases."""
        board, grid = self.board, self.board.chosen
        if grid is None:
            return [case_lines.note(t("本镇没有网格"))]
        frame = self.session.frame()
        lines = map_lines.head(grid, board.standings[grid.code], frame, width)
        low = height < 12
        if low:
            lines = [(*lines[0], *lines[1])]
        if self._choosing:
            return [*lines, *map_lines.folded(self._choosing, width)]
        if not low:
            lines += [*map_lines.people(grid, self.session.desk.facts(), width), ()]
            if self.size.width < 200:
                lines += [*map_lines.forces(board.forces, grid, frame, width)[:_FORCES], ()]
        tail = [] if low else [(), case_lines.title(t("村居")), *map_lines.committees(grid, board.scene, frame, width)]
        room = max(2, height - len(lines) - len(tail))
        return [*lines, *self.listed(room, frame, width, low=low), *tail]

    def listed(self, room: int, frame: Frame, width: int, *, low: bool) -> list[Line]:
        """What of the grid the layer is about: its cases, or its hot spots."""
        board = self.board
        if board.layer.key == "hotspot":
            return map_lines.hotspots(board.spots(), room, frame, width, bare=board.bare)
        rows = board.rows()
        head = [] if low else [map_lines.listed(board.layer, rows, board.town, board.variety)]
        if not rows:
            return [*head, map_lines.nothing(board.layer)]
        return [*head, *map_lines.case_list(rows, board.cursor(), room - len(head), frame, width)]

    def more(self, width: int) -> list[Line]:
        """On a wide screen: who is where, what came in hour by hour, what is watched here."""
        board, grid, desk, frame = self.board, self.board.chosen, self.session.desk, self.session.frame()
        if grid is None:
            return []
        last = custody.last_boundary(board.town, desk.duty, frame.now)
        since = last[1] if last else frame.now - 12 * HOUR
        counts = mapping.hours(desk.reader, board.scene, since, board.town)
        return [
            *map_lines.forces(board.forces, grid, frame, width), (),
            *map_lines.hours(counts, since, grid.code, frame, width), (),
            *map_lines.key_items(grid, board.town, width),
        ]  # fmt: skip

    def hint(self) -> Line:
        pairs = [(t("方向键"), t("邻格")), ("1-9", t("选格"))]
        pairs += [("jk", t("选案"))] if self.selected_case() else []
        pairs += [("v", t("图层")), ("Tab", t("细分")), ("/", t("找地点"))]
        if not self.as_tiles:
            pairs.append(("+-", t("缩放")))
        if self.board.town.atlas is not None and not self.board.bare:
            pairs.append(("i", t("图/格")))
        if self.board.zoom:
            pairs.append(("Shift", t("加方向键推动")))
        dispatch = BY_ID["dispatch"]
        tail = [(dispatch.key, label(dispatch))] if self.selected_case() else []
        tail += [("Enter", t("此格队列")), ("Esc", t("返回"))]
        return key_hints(pairs, tail, self.size.width)

    # keys -------------------------------------------------------------------------------------------------------------

    def on_list_key(self, key: str, char: str) -> bool:
        board, before = self.board, self.board.grid
        if key in ARROWS:
            if board.arrow(key, self.arrows()):
                self._follow()
                self._choice_changed(before)
            return True
        if char.isdigit() and char != "0":
            codes = list(board.town.grids)
            if int(char) <= len(codes):
                board.choose(codes[int(char) - 1])
                self._follow()
                self._choice_changed(before)
            return True
        if key in STEPS:
            board.move(board.cursor() + STEPS[key])
        elif key == "enter":
            self.open_queue()
            return True
        elif key == "space":
            if self.selected_case():
                self.ways.open_menu(self, self.selected_case())
            return True
        elif key == "v":
            board.next_layer()
            self._read_past()
            self._paint()
        elif key == "tab":
            if not board.next_variety():
                self.say(t("这个图层没有细分，v 换图层"), "$dim")
            self._read_past()
            self._paint()
        elif key == "/":
            self.ask_text(t("找地点: 拼音首字母、名称或网格号"), self.look_for)
            return True
        elif char in _ZOOMS:
            self.zoom(_ZOOMS[char])
        elif key in _PANS:
            canvas = self.query_one("#canvas", MapCanvas)
            if not board.pan(*_PANS[key], canvas.size.width, canvas.size.height):
                self.say(t("先按 + 放大"), "$dim")
            self._paint()
        elif key == "i":
            self.turn()
        else:
            return False
        self._look_at()
        self.draw()
        return True

    def zoom(self, by: int) -> None:
        if self.as_tiles:
            self.say(t("方块图不缩放；窗口不小于100x30时按 i 看地图"), "$dim")
            return
        self.board.zoom_by(by)
        self._paint()

    def turn(self) -> None:
        """Between map and tiles, where both can be drawn."""
        if self.board.town.atlas is None:
            self.say(t("本镇地图未提供: zjj profile import-geo 导入"), "$dim")
        elif self.board.bare:
            self.say(t("此终端不画点阵，只用方块"), "$dim")
        else:
            self.board.tiled = not self.board.tiled
            self._again()

    def look_for(self, typed: str) -> None:
        """`/`: to the grid of a place. What could mean two things is never picked (NV-6)."""
        if not typed:
            return
        before, offered = self.board.grid, self.board.look_for(typed)
        if offered == ("",):
            self.say(t("没有地点 {word}", word=typed), "$p2", bell=True)
        elif offered:
            self.say(t("可指 {names}，请写全些", names="、".join(offered[:6])), "$p2", bell=True)
        else:
            self._follow()
            self._paint()
            self._choice_changed(before)

    def _follow(self) -> None:
        if self.board.zoom:
            self.board.follow()
            self._paint()

    def open_queue(self) -> None:
        """The queue of this grid, of the place that was found, or of what is late."""
        town, found = self.board.town, self.board.found
        typed = town.committees[found].name if found else self.board.grid
        view = next((view.zh for view in VIEWS if view.overdue), VIEWS[0].zh)
        if self.board.layer.key == "source" and self.board.variety:
            typed = f"{typed} {town.sources[self.board.variety].name}"
        shown_view = view if self.board.layer.key == "overdue" else VIEWS[0].zh
        self.ways.show_queue(shown_view, typed, self.selected_case())

    def on_map_canvas_pointed(self, message: MapCanvas.Pointed) -> None:
        code = self.drawn.ground.grid_at(message.x, message.y) if self.drawn else ""
        if code:
            before = self.board.grid
            self.board.choose(code)
            self._choice_changed(before)

    def step_back(self) -> bool:
        if self.board.zoom:
            self.zoom(0)
            self.draw()
        elif self.board.found:
            self.board.found = ""
            self._paint()
            self.draw()
        else:
            self.app.pop_screen()
        return True
