"""The Textual application: modes, theme, the one timer, and what happens when something breaks. No rules."""

import asyncio
import contextlib
import errno
import gc
import os
import signal
import sys
import termios
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import uuid4

import platformdirs
from rich.segment import Segment, Segments
from textual.app import App
from textual.binding import Binding, BindingType
from textual.reactive import Reactive
from textual.screen import Screen
from textual.theme import BUILTIN_THEMES, Theme

from zjj_console.desk.desk import Desk
from zjj_console.desk.heartbeat import Heart
from zjj_console.domain.model import MINUTE
from zjj_console.i18n import set_lang, t
from zjj_console.screens.base import ConsoleScreen
from zjj_console.screens.notices import Notices
from zjj_console.screens.places import Places
from zjj_console.screens.queue import QueueScreen
from zjj_console.screens.session import FIRST_RUN, Session
from zjj_console.storage.db import SqliteError, StorageError
from zjj_console.widgets.header import TABS
from zjj_console.widgets.theme import THEMES, themes

if TYPE_CHECKING:
    from zjj_console.intake.drill_run import Runner
    from zjj_console.screens.drilling import Drilling
    from zjj_console.screens.map_board import Board
    from zjj_console.sync.beside import Beside

_HERE = Path(__file__).parent
AWAY = MINUTE  # without a second for this long: the host slept, or the console was gone
ANNOUNCED = "，随后续功能提供"


_THEMES = {**BUILTIN_THEMES, **{theme.name: theme for theme in themes()}}  # "ansi" builds on one of the others


class ConsoleApp(App[int]):
    """One console. `ticking` is off in tests, which call `second` themselves."""

    CSS_PATH: ClassVar[list[Any]] = [
        _HERE / "app.tcss",
        _HERE / "screens" / "queue.tcss",
    ]  # the others with their screens
    ENABLE_COMMAND_PALETTE = False
    TITLE = "zjj"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(tab.key, f"go_to('{tab.key}')", show=False, priority=True) for tab in TABS),
        Binding("ctrl+q", "ask_quit", show=False, priority=True),
        Binding("ctrl+c", "ask_quit", show=False, priority=True),
        Binding("ctrl+l", "redraw", show=False, priority=True),
    ]

    theme: Reactive[str] = Reactive(THEMES[0])  # from the first: a theme set later has every rule read twice

    def __init__(self, desk: Desk, theme: str = "night", *, ticking: bool = True) -> None:
        if os.environ.get("NO_COLOR") is not None:
            theme = "ansi"  # the only one that draws in the terminal's own two colours
        super().__init__(ansi_color=True if theme == "ansi" else None)
        self.desk = desk
        self.heart = Heart(desk.path)
        self.session = Session(desk)
        self.ticking = ticking
        self.incident = ""
        self.animation_level = "none"
        if theme in THEMES and theme != THEMES[0]:
            self.theme = theme
        self.queue = QueueScreen(self.session)
        self.notices = Notices(self.put_out)
        self.places = Places(self.session)
        self.drilling: Drilling | None = None
        self.board: Board | None = None
        self.exchange: Beside | None = None
        self.resized = False
        self.ticked_at = self.heart.left() or desk.now()  # the last second of a console that did not end well, if any

    @property
    def available_themes(self) -> dict[str, Theme]:
        return _THEMES

    def get_default_screen(self) -> Screen[Any]:
        return self.queue

    def on_mount(self) -> None:
        drafts = self.session.restore()
        self.queue.first_run = FIRST_RUN not in drafts
        self.call_after_refresh(self.sweep)
        self.call_after_refresh(collect_garbage)
        if left := self.places.left(drafts):
            self.call_after_refresh(self.places.go_back, self, left)
        if self.ticking:
            if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
                asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self.line_dropped)
            self.set_interval(1.0, self.second)
            self.call_after_refresh(self.begin_exchange)  # the first picture does not wait for it

    def begin_exchange(self) -> None:
        """With the town's hub, where this database has joined one."""
        from zjj_console.sync.beside import exchange_of

        self.exchange = exchange_of(self.desk.path, self.desk.duty, self.desk.now)
        if self.exchange is not None:
            self.exchange.start()

    def on_resize(self) -> None:
        self.resized = True

    async def second(self) -> None:
        """The one timer. A database that cannot be read now, a locked one say, is told and asked again in a second."""
        try:
            await self.one_second()
        except (StorageError, SqliteError) as error:
            self.session.trouble(error)
            with contextlib.suppress(StorageError, SqliteError):
                if isinstance(self.screen, ConsoleScreen):
                    self.screen.draw()

    async def one_second(self) -> None:
        """The clock, the news, the drafts, and what time alone decides."""
        if self.resized:  # a terminal that changed twice at once may have lost what was drawn between
            self.resized = False
            self.action_redraw()
        if hung_up():
            await self.hang_up()
        self.desk.in_place()  # before the beat: whoever shows another file watches over nothing
        now = self.desk.now()
        self.heart.beat(now)
        if self.drilling is not None:
            await self.drilling.second(self.screen)
        if self.session.sweep_due():
            self.sweep()
        if self.session.lock_due():
            self.session.locked = True
        if self.session.boundary_rings():
            self.bell()
        if self.ticked_at and now - self.ticked_at > AWAY * self.session.pace:
            self.session.tell_missed(self.ticked_at)
        self.ticked_at = now
        changed = self.desk.changed()
        if changed or self.session.unread:
            self.run_worker(self.session.index_texts(), group="desk", exit_on_error=True)
        self.session.look_to_hub()
        stack = self.screen_stack
        in_sight = [s for s in stack[-2:] if s is stack[-1] or stack[-1].is_modal]
        for screen in in_sight:
            if isinstance(screen, ConsoleScreen):
                screen.tick(changed=changed)
        self.notices.tell(self.session, rings=self.session.rings())
        if self.session.settled():
            self.places.note(stack)
        if self.session.unsaved:
            await self.session.save_drafts()

    def line_dropped(self) -> None:
        self.run_worker(self.hang_up(), group="line", exclusive=True)

    async def hang_up(self) -> None:
        """The signal that the line has gone, from ourselves: `make` or `sudo` between may have kept it.

        Nobody sees this console any more, so its heart must stop as that of one that broke: then `zjj watch` calls.
        """
        self.places.note(self.screen_stack)
        await self.session.save_drafts()
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGHUP)

    def sweep(self) -> None:
        """Beside the keys, never before them: the writer thread does it."""
        self.run_worker(self.session.sweep(), group="desk", exit_on_error=True)

    # going somewhere --------------------------------------------------------------------------------------------------

    def action_go_to(self, key: str) -> None:
        self.go_to(key)

    def go_to(self, key: str) -> None:
        """A function key: an existing main screen, or the sentence that it comes later."""
        tab = next(tab for tab in TABS if tab.key == key)
        screen = self.screen
        if not tab.mode:
            if isinstance(screen, ConsoleScreen):
                screen.say(t(tab.zh) + t(ANNOUNCED), "$p2")
            return
        if tab.mode == "help":
            self.open_help()
            return
        self.close_others(tab.mode)
        if tab.mode == "log":
            from zjj_console.screens.log import LogScreen

            self.push_screen(LogScreen(self.session))
        elif tab.mode == "map":
            from zjj_console.screens.grid_map import GridMapScreen

            drawn = GridMapScreen(self.session, self.board)
            self.board = drawn.board  # layer, grid and zoom are there again the next time
            self.push_screen(drawn)
        elif tab.mode == "roster":
            from zjj_console.screens.roster import RosterScreen

            self.push_screen(RosterScreen(self.session))
        elif tab.mode == "escalation":
            from zjj_console.screens.escalation import EscalationScreen

            self.push_screen(EscalationScreen(self.session))
        elif tab.mode == "consult":
            from zjj_console.screens.consult import ConsultScreen

            self.push_screen(ConsultScreen(self.session))
        elif tab.mode == "handover":
            from zjj_console.screens.handover import HandoverScreen

            self.push_screen(HandoverScreen(self.session))

    def open_help(self) -> None:
        """Help lies over whatever was open: Esc leads back there."""
        from zjj_console.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.session))

    def close_others(self, mode: str) -> None:
        """Back to the queue for it; the other main screens lie on top of what was open and never twice."""
        while len(self.screen_stack) > 1:
            if mode != "queue" and getattr(self.screen, "mode", "queue") == "queue":
                return
            self.pop_screen()

    def open_case(self, case_id: str) -> None:
        from zjj_console.screens.case import CaseScreen

        if isinstance(self.screen, CaseScreen):
            self.screen.show_case(case_id)
        else:
            self.push_screen(CaseScreen(self.session, case_id, self.queue))

    def show_queue(self, view: str, typed: str, case_id: str) -> None:
        self.go_to("f2")
        self.queue.show_list(view, typed, case_id)

    def read(self, title: str, text: str) -> None:
        from zjj_console.screens.reader import ReaderScreen

        self.push_screen(ReaderScreen(self.session, title, text))

    def take_in(self, case_id: str) -> None:
        self.session.reported(case_id)
        self.queue.take_in(case_id)

    def open_menu(self, below: ConsoleScreen, case_id: str) -> None:
        from zjj_console.screens.space_menu import SpaceMenu

        self.push_screen(SpaceMenu(self.session, case_id), below.menu_chosen)

    def open_form(self) -> None:
        from zjj_console.screens.intake_form import IntakeForm

        self.push_screen(IntakeForm(self.session))

    def put_out(self, text: str) -> None:
        """Control characters for the terminal itself: bell, title, notice."""
        if self._driver is not None:
            self._driver.write(text)
            self._driver.flush()

    def action_redraw(self) -> None:
        self.refresh(repaint=True, layout=True)

    # leaving ----------------------------------------------------------------------------------------------------------

    def action_ask_quit(self) -> None:
        screen = self.screen
        if not isinstance(screen, ConsoleScreen):
            self.leave()
        elif self.session.holds() and not self.desk.actor.trial:
            screen.ask_text(t("看护权在本台，退出须先交接(F6)，或写明理由"), self.leave_with)
        else:
            screen.ask(t("退出值守台? y 退出，其余键留下"), {"y": self.leave})

    def leave_with(self, reason: str) -> None:
        """The desk that has custody is left only with a reason, which goes on the coming handover."""
        from zjj_console.desk import handing

        screen = self.screen
        if reason and isinstance(screen, ConsoleScreen):
            screen.run_act(handing.note("auto", f"{t('离开值守台')}: {reason}"), then=lambda _: self.leave())

    def leave(self) -> None:
        self.exit(0)

    async def on_unmount(self) -> None:
        if not self.incident:
            await self.places.forget()
        if self.session.unsaved:
            await self.session.save_drafts()
        self.notices.close()
        if self.exchange is not None:
            self.exchange.stop()
        self.session.close()
        if not self.incident:  # a console that broke has stopped, and `zjj watch` says so
            self.heart.stop()

    # breaking ---------------------------------------------------------------------------------------------------------

    def _fatal_error(self) -> None:
        """One line and an incident number on the screen; the trace, without anybody's data, in a log file."""
        if not self.incident:
            self.bell()
            self.incident = uuid4().hex[:8]
            folder = write_incident(self.incident).parent
            shown = str(folder).replace(str(Path.home()), "~", 1)
            text = t("程序出错(编号 {id})，已存案件不受影响，记录见 {path}", id=self.incident, path=shown)
            error = sys.exc_info()[1]
            if isinstance(error, StorageError | SqliteError):
                said = self.session.sentence(error)
                text = f"{said.zh if self.desk.lang == 'zh' else said.en} ({self.incident})"
            self._exit_renderables.append(Segments([Segment(text), Segment("\n")]))
        self._close_messages_no_wait()


def collect_garbage() -> None:
    """From now on, where the start has left it off; what the start has made is never looked through."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def hung_up() -> bool:
    """Whether the terminal that this process was started on is gone; False where it never had one."""
    try:
        termios.tcgetattr(0)
    except termios.error as error:
        return bool(error.args[0] == errno.EIO)
    return False


def write_incident(incident: str) -> Path:
    """The trace of the exception being handled: files, lines and kinds, no values and no messages."""
    folder = Path(platformdirs.user_state_path("zjj-console", ensure_exists=True))
    path = folder / f"incident-{incident}.log"
    lines = [f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {incident}"]
    error: BaseException | None = sys.exc_info()[1]
    while error is not None:
        lines.append(type(error).__qualname__)
        lines += [f"  {f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)]
        error = error.__cause__ or error.__context__
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return path


def run(desk_factory: Callable[[], Desk], *, theme: str, lang: str, runner: "Runner | None" = None) -> int:
    """Open the console on a desk, with the `runner` of its drill if it is one; returns the exit code."""
    set_lang(lang)
    desk = desk_factory()
    app = ConsoleApp(desk, theme)
    if runner is not None:
        from zjj_console.screens.drilling import Drilling

        app.drilling = Drilling(runner, app.session)
    try:
        code = app.run(mouse=True)
    finally:
        desk.close()
    return app.return_code or code or 0
