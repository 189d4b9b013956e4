"""The map: CPU per arrow key against a minimal Textual app; a full repaint of 60 polygons with 3,000 vertices against a
full-screen Static; how long the heat of 100,000 cases keeps the keys waiting."""

import asyncio
import contextlib
import math
import random
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

from textual.app import App, ComposeResult
from textual.events import Key
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Static

from tests.bench.common import NIGHT, ROUNDS, Figure, Terminal, alternating, minimal_app, scratch, zjj
from tests.bench.startup import ENV, big_database
from zjj_console.app import ConsoleApp
from zjj_console.commands.context import instant_of
from zjj_console.desk.desk import Desk
from zjj_console.desk.mapping import Picture
from zjj_console.desk.session import actor_of
from zjj_console.geo.shapes import Area, Point, Ring
from zjj_console.geo.view import fitted
from zjj_console.reports.map_sheet import Mark
from zjj_console.storage.db import connect, writing
from zjj_console.storage.projections import RANK_ENDED
from zjj_console.town.atlas import Atlas
from zjj_console.town.load import builtin, load_town
from zjj_console.widgets.map_canvas import MapCanvas
from zjj_console.widgets.map_picture import Ground, MapPicture
from zjj_console.widgets.theme import themes

PRESSES = 240
PAUSE = 0.03
ACROSS, DOWN, VERTICES = 10, 6, 3000
SIZE = (120, 40)
REPAINTS = 60
RIGHT, LEFT = "\x1b[C", "\x1b[D"


def run() -> Iterator[Figure]:
    with scratch() as folder:
        db = big_database(folder)
        mine, theirs = alternating(lambda: _per_arrow(str(db)), lambda: _per_key(minimal_app(), "READY-MARK"), 3)
        yield Figure("map: CPU per arrow key", mine * 1e3, theirs * 1e3, "ms", 2)
        mine, theirs = asyncio.run(_repaints())
        yield Figure(
            "map: full repaint, 60 polygons", mine * 1e3, theirs * 1e3, "ms", 10, "peer: full-screen Static; 10 ms"
        )
        _end_most(db)
        mine, theirs = asyncio.run(_pauses(db))
        yield Figure(
            "map: longest pause, 100,000 in heat", mine * 1e3, theirs * 1e3, "ms", 10, "peer: layer of the overdue"
        )


def _end_most(db: Path) -> None:
    """History: all but five hundred cases are over."""
    with contextlib.closing(connect(db)) as writer, writing(writer):
        writer.execute("UPDATE case_row SET state = 'CLOSED', is_open = 0, rank = ? WHERE rid > 500", (RANK_ENDED,))


async def _pauses(path: Path) -> tuple[float, float]:
    """The longest time that keys would have waited while the heat is read, and while a layer of the present is drawn."""
    town = load_town(builtin())
    desk = Desk(path, town, actor_of(town, "0001", trial=True), lambda: instant_of(NIGHT))
    app = ConsoleApp(desk, ticking=False)
    heat, present = [], []
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("f3")
        await pilot.pause(0.5)
        for _ in range(ROUNDS):
            present.append(await _longest(pilot, app, 1))
            await _longest(pilot, app, 1)
            app.screen.board._past.clear()
            heat.append(await _longest(pilot, app, 1))
            await _longest(pilot, app, 3)
    desk.close()
    return statistics.median(heat), statistics.median(present)


async def _longest(pilot: Pilot[int], app: ConsoleApp, times: int) -> float:
    """The longest gap between two turns of the event loop after so many `v`, until everything asked for is drawn."""
    gaps = [0.0]
    for _ in range(times):
        app.screen.post_message(Key("v", "v"))
    quiet = 0
    while quiet < 20:
        before = time.perf_counter()
        await asyncio.sleep(0.002)
        gaps.append(time.perf_counter() - before - 0.002)
        quiet = 0 if app.session.busy else quiet + 1
    return max(gaps)


def _per_arrow(db: str) -> float:
    terminal = Terminal(zjj("--db", db), ENV)
    try:
        terminal.until("1")
        terminal.quiet()
        terminal.press("\x1bOR", 1, 1.0)  # F3
        terminal.press(RIGHT, 6, PAUSE)
        terminal.quiet()
        spent = [terminal.press(key, 1, PAUSE) for key in (RIGHT, LEFT) * (PRESSES // 2)]
        return sum(spent) / len(spent)
    finally:
        terminal.close()


def _per_key(command: list[str], text: str) -> float:
    terminal = Terminal(command, ENV)
    try:
        terminal.until(text)
        terminal.quiet()
        terminal.press(RIGHT, 10, PAUSE)
        return terminal.press(RIGHT, PRESSES, PAUSE)
    finally:
        terminal.close()


def lattice() -> Atlas:
    """Sixty areas side by side, each drawn with fifty points: what a large town's real outlines come to."""
    dice = random.Random(7)
    each = VERTICES // (ACROSS * DOWN)
    grids: dict[str, Area] = {}
    for n in range(ACROSS * DOWN):
        west, south = 121 + n % ACROSS * 0.02, 31 + n // ACROSS * 0.02
        centre: Point = (west + 0.01, south + 0.01)
        ring: Ring = tuple(
            (centre[0] + math.cos(a) * r, centre[1] + math.sin(a) * r)
            for a, r in ((2 * math.pi * k / each, dice.uniform(0.0088, 0.0105)) for k in range(each))
        )
        grids[f"g{n + 1}"] = Area(f"g{n + 1}", f"G{n + 1}", (ring,), centre)
    return Atlas(grids)


class _Canvas(App[None]):
    def __init__(self) -> None:
        super().__init__()
        for theme in themes():
            self.register_theme(theme)
        self.theme = "night"
        self.atlas = lattice()
        self.ground = Ground(self.atlas, fitted(self.atlas.box, *SIZE))
        self.turn = 0

    def compose(self) -> ComposeResult:
        yield MapCanvas(id="it")

    def again(self) -> Widget:
        """Another state of things: every number, colour and mark is made anew."""
        self.turn += 1
        values = {code: (n * 7 + self.turn) % 23 for n, code in enumerate(self.atlas.grids)}
        dots = tuple(Mark(area.label, code, values[code], values[code] % 3) for code, area in self.atlas.grids.items())
        canvas = self.query_one(MapCanvas)
        drawn = MapPicture(self.ground, Picture("open", values, dots, 6), {})
        canvas._strips.clear()
        canvas.show(drawn.lines(f"g{self.turn % 60 + 1}"))
        canvas.refresh()
        return canvas


class _Full(App[None]):
    turn = 0

    def compose(self) -> ComposeResult:
        yield Static(id="it")

    def again(self) -> Widget:
        self.turn += 1
        static = self.query_one(Static)
        static.update("\n".join(f"{self.turn:>6} " + "x" * (SIZE[0] - 7) for _ in range(SIZE[1])))
        return static


async def _repaints() -> tuple[float, float]:
    found: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for app, into in zip((_Canvas(), _Full()), found, strict=True):
            async with app.run_test(size=SIZE) as pilot:
                await pilot.pause()
                spent = 0.0
                for _ in range(REPAINTS):
                    before = time.process_time()
                    widget = app.again()
                    app.screen._compositor.render_update(full=True)
                    spent += time.process_time() - before
                    del widget
                    await pilot.pause()
                into.append(spent / REPAINTS)
    return statistics.median(found[0]), statistics.median(found[1])
