"""The grid map (F3): where the open and overdue cases are, who is there, what comes up again and again (R13, R19, R37)."""

import asyncio
from collections.abc import Iterator

from textual.containers import Horizontal
from textual.timer import Timer
from textual.widget import Widget

from zjj_console.domain.model import SECOND
from zjj_console.geo.steps import ARROWS, Ways
from zjj_console.i18n import t
from zjj_console.screens.map_board import Board
from zjj_console.screens.map_panes import MapPanes
from zjj_console.screens.paging import STEPS, keep_in_sight
from zjj_console.screens.session import Session
from zjj_console.screens.views import VIEWS
from zjj_console.storage.db import SqliteError, StorageError
from zjj_console.widgets import case_lines, map_lines, map_tiles
from zjj_console.widgets.cells import Line
from zjj_console.widgets.map_canvas import MapCanvas
from zjj_console.widgets.map_picture import MapPicture
from zjj_console.widgets.map_tiles import Tile
from zjj_console.widgets.panel import Panel

_BELOW_TILES = 14  # lines of the head, the grid's cases and the bottom
RESTS = 0.08  # seconds without a move after which the detail follows
_READ_AGAIN = 10 * SECOND  # what has become late meanwhile
_PANS = {"shift+left": (-1, 0), "shift+right": (1, 0), "shift+up": (0, -1), "shift+down": (0, 1)}
_ZOOMS = {"+": 1, "=": 1, "-": -1, "0": 0}


class GridMapScreen(MapPanes):
    CSS_PATH = "grid_map.tcss"
    mode = "map"
    place = "map"

    def __init__(self, session: Session, board: Board | None = None) -> None:
        """`board`: what was chosen the last time."""
        super().__init__(session, board or Board(session))
        self.drawn: MapPicture | None = None
        self._arrows = self.board.ways()
        self._resting: Timer | None = None
        self._unsettled = False
        self._outlined = ""  # the grid whose outline stands out
        self._marked = ""  # the place that was looked for, as the picture has it

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

    def spot(self) -> dict[str, str]:
        return {"layer": self.board.layer.key, "grid": self.board.grid, "case": self.board.case_id}

    def come_back(self, spot: dict[str, str]) -> None:
        self.board.come_back(spot)
        self._look_at()
        self._again()

    def just_moved(self) -> bool:
        return self.recently(self.board.changed_at)

    def expected(self) -> None:
        self.board.changed_at = 0

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
        if not self.drawable:
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
        if self._resting is None:
            return  # a timer that had gone off already when it was put off
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

    def draw(self) -> None:
        super().draw()
        if not self.drawable:
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
        if (listed or lines) != self.choosing:
            self.choosing = listed or lines
            self._draw_detail()
        return bool(listed)

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
