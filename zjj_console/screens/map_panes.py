"""What stands in the panes of the grid map (F3): the words over the picture, the chosen grid, its cases, who is there."""

from zjj_console.desk import mapping
from zjj_console.domain import custody
from zjj_console.domain.model import HOUR
from zjj_console.i18n import t
from zjj_console.screens.base import ConsoleScreen
from zjj_console.screens.map_board import Board
from zjj_console.screens.session import Session
from zjj_console.verbs.table import BY_ID
from zjj_console.widgets import case_lines, map_lines
from zjj_console.widgets.cells import Line
from zjj_console.widgets.columns import Frame, unit_name, unit_sign
from zjj_console.widgets.map_picture import Extra
from zjj_console.widgets.verb_words import key_hints, label

_FORCES = 5  # lines about who is there, where no pane of its own has them


class MapPanes(ConsoleScreen):
    """Makes lines of the board and draws none of them. What the keys do is in `GridMapScreen`."""

    def __init__(self, session: Session, board: Board) -> None:
        super().__init__(session)
        self.board = board
        self.choosing: list[Line] = []  # what a line being typed lets choose from, in the place of the grid's cases

    @property
    def as_tiles(self) -> bool:
        """Tiles on a small screen, where the officer wants them, and where there is nothing else to draw."""
        return self.board.tiled or self.size.width < 100 or self.size.height < 30

    # in the picture ---------------------------------------------------------------------------------------------------

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

    # around it ---------------------------------------------------------------------------------------------------------

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
        if self.choosing:
            return [*lines, *map_lines.folded(self.choosing, width)]
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
