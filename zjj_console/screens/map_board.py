"""What the map screen knows: what was read, which layer is shown, which grid and case are chosen. No widgets."""

import os
from collections.abc import Mapping

from msgspec.structs import replace

from zjj_console.desk import mapping
from zjj_console.desk.mapping import LAYERS, PAST, Force, Layer, Past, Picture, Scene, Standing
from zjj_console.domain.hotspot import Hotspot
from zjj_console.domain.model import MINUTE, SECOND
from zjj_console.geo.shapes import Point
from zjj_console.geo.steps import Ways, ways
from zjj_console.geo.view import CLOSEST, View, fitted
from zjj_console.screens.session import Session
from zjj_console.storage.db import connect
from zjj_console.storage.reads import QueueRow
from zjj_console.town import names
from zjj_console.town.models import Grid
from zjj_console.widgets.map_picture import Ground

ZOOM = 1.6
_PAST_FRESH = 5 * MINUTE  # months change slowly
_TRY_AGAIN = 30 * SECOND
_BARE = frozenset({"linux", "vt52", "vt100", "vt102", "vt220", "ansi", "cons25"})  # terminals without braille


def bare(environ: Mapping[str, str]) -> bool:
    """Whether the terminal draws no braille: then the map is drawn as tiles."""
    return environ.get("ZJJ_ASCII", "") not in ("", "0") or environ.get("TERM", "") in _BARE


class Board:
    """Read again by `read`; the choices stay where they were."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.town = session.desk.town
        self.bare = bare(os.environ)
        self.tiled = self.bare or self.town.atlas is None  # wanted, where a map could be drawn
        self.layer: Layer = LAYERS[0]
        self.varieties: dict[str, str] = {}
        self.grid = next(iter(self.town.grids), "")
        self.case_id = ""
        self.found = ""  # committee that was looked for
        self.zoom = 0
        self.centre: Point | None = None
        self.changed_at = 0
        self.scene = Scene()
        self.standings: dict[str, Standing] = {}
        self.forces: list[Force] = []
        self.picture = Picture("open", {}, (), 1)
        self._ground: Ground | None = None
        self._past: dict[tuple[str, str], tuple[int, Past]] = {}
        self._asked: dict[tuple[str, str], int] = {}  # when somebody went to read it

    # reading ----------------------------------------------------------------------------------------------------------

    def read(self) -> None:
        desk = self.session.desk
        self.scene = mapping.read(desk.reader, desk.now())
        self.look()

    def look(self) -> None:
        """The layer anew, as time goes on or another one is chosen."""
        self.scene = replace(self.scene, now=self.session.desk.now())
        self.standings = mapping.standings(self.scene, self.town)
        self.forces = mapping.forces(self.session.desk.seats(), self.town)
        known = self._past.get((self.layer.key, self.variety))
        self.picture = mapping.picture(
            self.layer.key, self.variety, self.scene, self.town, known[1] if known else Past()
        )
        self._keep()

    def wanted(self) -> tuple[str, str] | None:
        """The layer whose past must be read, anew or for the first time; None where what is known is fresh enough."""
        key = (self.layer.key, self.variety)
        known, now = self._past.get(key), self.scene.now
        fresh = known is not None and now - known[0] < _PAST_FRESH
        if self.layer.key not in PAST or fresh or now - self._asked.get(key, -_PAST_FRESH) < _PAST_FRESH:
            return None
        self._asked[key] = now
        return key

    def reads_past(self, key: tuple[str, str]) -> Past:
        """Called on another thread: it has a connection of its own."""
        desk = self.session.desk
        db = connect(desk.path, readonly=True)
        try:
            return mapping.past(db, self.town, *key, desk.now())
        finally:
            db.close()

    def gave_up(self, key: tuple[str, str]) -> None:
        """It could not be read now: asked again in a while."""
        self._asked[key] = self.session.desk.now() - _PAST_FRESH + _TRY_AGAIN

    def know(self, key: tuple[str, str], past: Past) -> None:
        """Of months of cases only what is looked at is kept, and its neighbours while they are fresh."""
        now = self.session.desk.now()
        self._past = {k: known for k, known in self._past.items() if now - known[0] < _PAST_FRESH} | {key: (now, past)}
        self.look()

    @property
    def waits(self) -> bool:
        """Whether the layer's past has never been read yet."""
        return self.layer.key in PAST and (self.layer.key, self.variety) not in self._past

    def spots(self) -> list[Hotspot]:
        """The hot spots of the chosen grid, the largest first."""
        known = self._past.get(("hotspot", self.variety)) if self.layer.key == "hotspot" else None
        return [spot for spot in known[1].spots if spot.grid == self.grid] if known else []

    def _keep(self) -> None:
        """The cursor stays on its case; where that has left the list, on what stands there now, and the settle clock starts."""
        rows = self.rows()
        if self.case_id and not any(row.id == self.case_id for row in rows):
            self.changed_at = self.session.desk.now()
            self.case_id = ""
        if not self.case_id and rows:
            self.case_id = rows[0].id

    @property
    def variety(self) -> str:
        """What the layer is narrowed to: a source, a number of days."""
        offered = self.offered()
        chosen = self.varieties.get(self.layer.key, "")
        return chosen if chosen in offered else offered[0]

    def offered(self) -> tuple[str, ...]:
        return mapping.varieties(self.layer, self.scene, self.town) or ("",)

    def rows(self) -> list[QueueRow]:
        """The cases of the chosen grid that the layer is about, in the order of the queue."""
        rows = self.scene.of_grid(self.grid)
        if self.layer.key == "overdue":
            return [row for row in rows if row.overdue(self.scene.now)]
        if self.layer.key == "source":
            return [row for row in rows if row.source == self.variety]
        return rows

    def cursor(self) -> int:
        return next((n for n, row in enumerate(self.rows()) if row.id == self.case_id), 0)

    @property
    def chosen(self) -> Grid | None:
        return self.town.grids.get(self.grid)

    # choosing ---------------------------------------------------------------------------------------------------------

    def choose(self, grid: str) -> None:
        """Another grid; the cursor goes to its worst case."""
        if grid != self.grid:
            self.grid, self.found = grid, ""
            rows = self.rows()
            self.case_id = rows[0].id if rows else ""
            self.changed_at = 0

    def come_back(self, spot: dict[str, str]) -> None:
        """Layer, grid and case that were chosen before, where they are still there."""
        self.layer = next((layer for layer in LAYERS if layer.key == spot.get("layer")), self.layer)
        self.look()
        if spot.get("grid") in self.town.grids:
            self.choose(spot["grid"])
        if any(row.id == spot.get("case") for row in self.rows()):
            self.case_id = spot["case"]

    def next_layer(self) -> None:
        self.layer = LAYERS[(LAYERS.index(self.layer) + 1) % len(LAYERS)]
        self.look()
        self.changed_at = 0  # the officer's own doing

    def next_variety(self) -> bool:
        """The next of what the layer can be narrowed to; False where there is nothing to choose."""
        offered = self.offered()
        if len(offered) < 2:
            return False
        self.varieties[self.layer.key] = offered[(offered.index(self.variety) + 1) % len(offered)]
        self.look()
        self.changed_at = 0
        return True

    def move(self, to: int) -> None:
        rows = self.rows()
        if rows:
            self.case_id = rows[max(0, min(len(rows) - 1, to))].id
            self.changed_at = 0

    def arrow(self, key: str, way: Ways) -> bool:
        """To the neighbour on that side; False where the map ends."""
        to = way.get((self.grid, key), self.grid)
        moved = to != self.grid
        self.choose(to)
        return moved

    def look_for(self, typed: str) -> tuple[str, ...]:
        """Choose the grid of a place by its pinyin, name or code; the names of what could be meant where that is not one."""
        word = names.fold(typed)
        if word in self.town.grids:
            self.choose(word)
            return ()
        known = names.places(self.town).resolve(typed)
        if known.found is None:
            return tuple(c.name for c in known.candidates) or ("",)
        committee = self.town.committees[known.found.code]
        self.choose(committee.grid)
        self.found = committee.code
        first = next((row for row in self.rows() if row.committee == committee.code), None)
        self.case_id = first.id if first else self.case_id
        return ()

    # the picture ------------------------------------------------------------------------------------------------------

    def ground(self, width: int, height: int) -> Ground | None:
        """The ground for a canvas of this size; None where the town has no map."""
        atlas = self.town.atlas
        if atlas is None or width < 1 or height < 1:
            return None
        view = self.view(width, height)
        if self._ground is None or self._ground.view != view:
            self._ground = Ground(atlas, view)
        return self._ground

    def view(self, width: int, height: int) -> View:
        assert self.town.atlas is not None
        whole = fitted(self.town.atlas.box, width, height)
        if not self.zoom:
            return whole
        return whole.zoomed(ZOOM**self.zoom, self.centre or self.focus())

    def focus(self) -> Point:
        """What a zoomed window stands around: the place that was looked for, else the middle of the chosen grid."""
        assert self.town.atlas is not None
        spot = self.town.atlas.committees.get(self.found)
        return spot.at if spot else self.middle_of(self.grid)

    def middle_of(self, grid: str) -> Point:
        assert self.town.atlas is not None
        area = self.town.atlas.grids.get(grid)
        return area.middle if area else fitted(self.town.atlas.box, 1, 1).centre

    def zoom_by(self, by: int) -> None:
        """Nearer or farther, around what is chosen; far enough out is the whole town."""
        if by > 0 and self._ground is not None and self._ground.view.cell <= CLOSEST:
            return
        before, self.zoom = self.zoom, max(0, self.zoom + by) if by else 0
        if not self.zoom:
            self.centre = None
        elif not before or self.centre is None:
            self.centre = self.focus()

    def follow(self) -> None:
        """Zoomed in, the window goes along with the choice."""
        if self.zoom:
            self.centre = self.focus()

    def pan(self, right: int, down: int, width: int, height: int) -> bool:
        """Push the window by a quarter of itself; only a zoomed one can be."""
        if not self.zoom:
            return False
        self.centre = self.view(width, height).moved(right * width / 4, down * height / 4).centre
        return True

    def ways(self) -> Ways:
        """Where the arrows lead on the map."""
        atlas = self.town.atlas
        if atlas is None:
            return {}
        view = fitted(atlas.box, 1000, 500)
        spots = view.cells(tuple(area.middle for area in atlas.grids.values()))
        return ways({code: (x, y * 2) for code, (x, y) in zip(atlas.grids, spots, strict=True)})
