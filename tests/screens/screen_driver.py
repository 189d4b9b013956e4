"""Drives the console as an officer does: keys by meaning, then wait until it is idle, then read the screen."""

import asyncio
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from unittest.mock import patch

from rich.cells import cell_len
from screen_scene import Clock
from textual.events import Key, Paste
from textual.pilot import Pilot

from zjj_console.app import ConsoleApp
from zjj_console.desk.desk import Desk
from zjj_console.screens.queue import QueueScreen
from zjj_console.verbs.table import BY_ID
from zjj_console.widgets.edit_line import EditLine
from zjj_console.widgets.panel import Panel


async def settled(app: ConsoleApp) -> None:
    """Until no widget has a message before it and the screen is drawn. What runs on another thread is not waited for."""
    while app.is_running and app._exception is None:
        screen = app.screen
        parts = [app, *screen.walk_children(with_self=True)]
        if not (
            any(part.message_queue_size or part._next_callbacks for part in parts)
            or app._resize_event
            or screen._callbacks
            or screen._layout_required
            or screen._repaint_required
            or screen._dirty_widgets
        ):
            return
        if app._resize_event:
            app._check_resize()  # at once rather than at the next tick, as the drawing
        screen._on_timer_update()
        await asyncio.sleep(0)


class Console:
    """One running console. `press` takes key names, `type` characters, `verb` an action by its id."""

    def __init__(self, app: ConsoleApp, pilot: Pilot[int], clock: Clock) -> None:
        self.app, self.pilot, self.clock = app, pilot, clock

    @classmethod
    @asynccontextmanager
    async def start(cls, desk: Desk, clock: Clock, size: tuple[int, int], **options: Any) -> "AsyncIterator[Console]":
        app = ConsoleApp(desk, ticking=False, **options)

        async def wait_for_idle(*_: float) -> None:
            await settled(app)

        with (  # Textual guesses from the processor's load that all is drawn, 40 ms for each key; here it is known
            patch("textual.app.wait_for_idle", wait_for_idle),
            patch("textual.pilot.wait_for_idle", wait_for_idle),
        ):
            async with cls._running(app, clock, size) as console:
                yield console

    @classmethod
    @asynccontextmanager
    async def _running(cls, app: ConsoleApp, clock: Clock, size: tuple[int, int]) -> "AsyncIterator[Console]":
        async with app.run_test(size=size) as pilot:
            console = cls(app, pilot, clock)
            await console.idle()
            yield console

    async def idle(self) -> None:
        """Until nothing is under way: the console counts what it has begun itself."""
        while True:
            await self.app.workers.wait_for_complete()
            await self.pilot.pause()
            if not self.app.session.busy:
                return
            await asyncio.sleep(0.002)

    async def press(self, *keys: str) -> "Console":
        await self.pilot.press(*keys)
        await self.idle()
        return self

    async def type(self, text: str) -> "Console":
        """Characters as one burst, as a fast typist or a terminal under load delivers them."""
        for char in text:
            self.app.post_message(Key("space" if char == " " else char, char))
        await self.idle()
        return self

    async def verb(self, verb_id: str, more: str = "", *, enter: int = 0) -> "Console":
        """The key of a verb, the letters after it, and Enter so many times."""
        await self.type(BY_ID[verb_id].key + more)
        return await self.press(*["enter"] * enter) if enter else self

    async def paste(self, text: str) -> "Console":
        self.app.post_message(Paste(text))
        await self.idle()
        return self

    async def second(self, seconds: float = 1) -> "Console":
        """Let time pass on the injected clock, and the console take notice of it."""
        self.clock.pass_(seconds=seconds)
        await self.app.second()
        await self.idle()
        return self

    async def select(self, handle: str) -> "Console":
        case = self.app.desk.case(handle)
        assert case is not None
        assert self.queue.table.select(case.id), f"{handle} is not in the list"
        await self.idle()
        self.clock.pass_(seconds=5)
        return self

    # reading ----------------------------------------------------------------------------------------------------------

    @property
    def queue(self) -> QueueScreen:
        return self.app.queue

    @property
    def lines(self) -> list[str]:
        """The composed screen, a string per line."""
        return ["".join(s.text for s in strip) for strip in self.app.screen._compositor.render_strips()]

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.lines) + "\n"

    @property
    def message(self) -> str:
        return "".join(text for line in self.app.screen.query_one("#message", Panel).lines for text, _ in line).strip()

    @property
    def typed(self) -> str | None:
        """The text being typed, None while the bottom line shows hints."""
        editor = self.app.screen.query_one("#line", EditLine).editor
        return None if editor is None else editor.text

    @property
    def selected(self) -> str:
        """The handle under the cursor."""
        row = self.queue.table.selected()
        return row.handle if row else ""

    @property
    def handles(self) -> list[str]:
        """The handles of the rows in view, in their order."""
        return [row.handle for row in self.queue.table.visible_rows()]

    def row(self, handle: str) -> str:
        """The line of a case as drawn."""
        return next(line for line in self.lines if f" {handle} " in line[:16])

    def check_widths(self) -> None:
        """Every line is exactly as wide as the screen, however a terminal joins characters."""
        width = self.app.size.width
        for line in self.lines:
            assert cell_len(line) == width, line
            assert sum(cell_len(char) for char in line) == width, line
            assert not any(unicodedata.category(char) in ("Cc", "Cf", "Mn", "Me", "Cs") for char in line), line
