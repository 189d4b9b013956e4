"""The frame of every main screen: three header lines, a message line and the bottom line, and the way of every key."""

from collections.abc import Callable, Coroutine, Iterator
from typing import Any, ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widget import Widget

from zjj_console.desk import alarming, liaison
from zjj_console.desk.acts import Act
from zjj_console.desk.outcome import Legal, Outcome
from zjj_console.domain import custody
from zjj_console.domain.alarms import Group
from zjj_console.domain.model import Actor, Case
from zjj_console.i18n import t
from zjj_console.screens.asking import Asking, may_look
from zjj_console.screens.command import CommandLine, Ready
from zjj_console.screens.session import COMMAND_DRAFT, JUST_MOVED, MESSAGE_STAYS, READ_BY_THEN, Session
from zjj_console.screens.ways import Ways, without_alt
from zjj_console.storage import projections
from zjj_console.verbs.table import VERBS
from zjj_console.widgets import alarm_lines, header
from zjj_console.widgets.cells import Line, shown, wrap
from zjj_console.widgets.edit_line import EditLine
from zjj_console.widgets.editor import folded, printable
from zjj_console.widgets.panel import Panel
from zjj_console.widgets.verb_words import first_on, label

SLIT = 9  # lines below which only the alarm strip stands above: the line being typed goes before everything else
IME_HINT = "输入法处于中文状态，请切英文(Shift)"


class ConsoleScreen(Asking):
    """No widget ever has the focus: every key comes here, in the order in which it was typed."""

    BINDINGS: ClassVar[list[BindingType]] = []
    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - declared so by Screen
        (0, "-tiny"), (80, "-narrow"), (120, "-design"), (200, "-wide"),
    ]  # fmt: skip
    VERTICAL_BREAKPOINTS = [(0, "-slit"), (SLIT, "-flat"), (24, "-low"), (36, "-tall")]  # noqa: RUF012
    mode = "queue"
    place = ""  # the name under which the screen is opened again after the line dropped; empty where it is not

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.command = CommandLine(session)
        self.worst_changed_at = 0
        self._worst = ""
        self._case: Case | None = None
        self._legal: tuple[Legal, ...] = ()
        self._comma = False
        self._seen = False

    def compose(self) -> ComposeResult:
        yield Panel(id="header")
        yield from self.body()
        yield Panel(id="first")
        yield Panel(id="message")
        yield EditLine(id="line")

    @property
    def ways(self) -> Ways:
        return cast(Ways, self.app)

    def body(self) -> Iterator[Widget]:
        raise NotImplementedError

    # what a screen adds -----------------------------------------------------------------------------------------------

    def selected_case(self) -> str:
        """The case that keys act on; empty for none."""
        return ""

    def spot(self) -> dict[str, str]:
        """What is chosen here, so that `come_back` can choose it again."""
        return {}

    def come_back(self, spot: dict[str, str]) -> None:
        """Choose again what was chosen when the console stopped, as far as it is still there."""

    def read_case(self) -> tuple[Case | None, tuple[Legal, ...]]:
        """The selected case as it stands now and what may be done with it: asked once per key, then passed along."""
        desk, case_id = self.session.desk, self.selected_case()
        case = projections.load(desk.reader, case_id) if case_id else None
        return case, tuple(desk.actions(case_id)) if case else ()

    def on_list_key(self, key: str, char: str) -> bool:
        """A key while nothing is being typed. True if the screen used it."""
        return False

    def hint(self) -> Line:
        """What can be done here, as keys and words."""
        return ()

    def reload(self) -> None:
        """Something in the database moved."""

    def on_second(self) -> None:
        """Another second has passed."""

    def show_choices(self, lines: list[Line]) -> bool:
        """Show the choices of the line being typed one per line (True), or the upper lines of its preview."""
        return False

    def just_moved(self) -> bool:
        """True if the case under the cursor changed so recently that a key cannot be meant for it (settle lock)."""
        return False

    # life -------------------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        self.refresh_worst()
        self.draw()

    def on_screen_resume(self) -> None:
        if not self._seen:  # the first time, mounting has just read everything
            self._seen = True
            return
        self.reload()
        self.command.refresh()
        self.refresh_worst()
        self.draw()

    @property
    def drawable(self) -> bool:
        """Whether its widgets are there: a drawing that was asked for may come when the screen has been left."""
        return self.is_mounted and self.is_attached

    def on_resize(self) -> None:
        self.call_after_refresh(self.draw)

    def tick(self, *, changed: bool) -> None:
        """Called once a second by the app for every screen in sight."""
        self.on_second()
        if changed:
            self.reload()
            self.command.refresh()
        self.refresh_worst()
        message = self.session.message
        if message.waits and (self.command.active or self.asking):
            message.at = self.session.desk.now()
        if message.text and self.session.waited(message.at) > MESSAGE_STAYS:
            self.session.say("")
        self.draw()

    def refresh_worst(self) -> None:
        now = self.session.desk.now()
        look = self.session.look_around()
        worst = look.alarms[0].subject if look.alarms else ""
        if worst != self._worst:
            self.worst_changed_at = now if self._worst or self.worst_changed_at else 0
        self._worst = worst

    # drawing ----------------------------------------------------------------------------------------------------------

    def draw(self) -> None:
        """Header, message and bottom line. Panels redraw only lines that changed."""
        if not self.drawable:
            return
        frame, width = self.session.frame(), self.size.width
        head = (
            header.who(
                self.session.desk.actor, frame, width, locked=self.session.locked, console=self.session.letter()
            ),
            alarm_lines.strip(self.session.look, frame, width, self.session.muted_until),
            header.tabs(
                self.mode, (*header.exchange(self.session.hub, frame, width), (self.custody_word(), "$dim")), width
            ),
        )
        self.query_one("#header", Panel).show(head if self.size.height >= SLIT else head[1:2])
        self.draw_line()

    def custody_word(self) -> str:
        """Who has custody; said as soon as a handover has been signed."""
        facts = self.session.desk.facts()
        if facts.holding is None or not facts.holding.claimed:
            return t("本机") if self.session.hub is liaison.NONE else ""
        here = facts.desk == facts.holding.desk
        word = t("看护权{desk}", desk=t(custody.DESK_ZH[facts.holding.desk]))
        return word if here else f"{word} {t('本台只读')}"

    def draw_line(self) -> None:
        if not self.drawable:
            return
        line = self.query_one("#line", EditLine)
        if self.prompt is not None:
            line.show_editor("> ", self.prompt.shown(), t("Enter 确定，Esc 放弃"))
            self._tell([((f" {shown(self.prompt.question)}", "bold $p2"),)])
            return
        if self.command.active:
            line.show_editor(";", self.command.editor, self.command.ask())
            text, style = self.command.said()
            pieces: list[Line] = [((f" {piece}", style),) for piece in wrap(shown(text), self.size.width - 2)]
            listed = self.show_choices(pieces[:-1])
            question = text.partition(": ")[0]  # the choices after it stand in their own lines
            asked = f" {shown(question)}: {self.command.how_to_choose()}".rstrip()
            self._tell([((asked, style),)] if listed else [*self._aside(), *pieces[-1:]])
            return
        self.show_choices([])
        line.show_hint(self.hint())
        message = self.session.message
        self._tell([((f" {shown(message.text)}", message.style),)])

    def _aside(self) -> list[Line]:
        """What one may want to know before Enter, one line above the preview; it holds nothing up."""
        if self.session.unkept:
            return [((f" {shown(self.session.unkept)}", "bold $p2"),)]
        hint = shown(self.command.preview.hint)
        return [((f" {piece}", "$soon"),) for piece in wrap(hint, self.size.width - 2)[:1]] if hint else []

    def _tell(self, lines: list[Line]) -> None:
        """The message line; it grows while there is an aside."""
        panel = self.query_one("#message", Panel)
        if len(lines) != max(1, len(panel.lines)):  # setting a height lays the whole screen out again
            panel.styles.height = len(lines) if len(lines) > 1 else None
        panel.show(lines)

    def say(self, text: str, style: str = "$foreground", *, bell: bool = False) -> None:
        self.session.say(text, style)
        if bell:
            self.app.bell()
        self.draw_line()

    # keys -------------------------------------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        """Everything typed arrives here; a screen that is not on top any more passes it on."""
        event.stop()
        event.prevent_default()
        if self.app.screen is not self:
            self.app.screen.post_message(events.Key(event.key, event.character))
            return
        if event.key.startswith("alt+"):  # Esc and the next key arrived together: that is what was typed
            self.feed("escape", "")
            self.feed(*without_alt(event.key))
        else:
            self.feed(event.key, event.character or "")

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        if self.prompt is not None:
            self.prompt.editor.insert(event.text)
            self.draw_line()
        elif self.command.active:
            self.command.paste(event.text)
            self.keep_typed()
            self.draw_line()
        else:
            self.paste(event.text)

    def paste(self, text: str) -> None:
        """Pasted text outside the command line: nothing is typed there."""

    def feed(self, key: str, char: str) -> None:
        """One key. The settle clock starts again; then the line being typed, the app, or the list gets it.

        While a line is being run, a key whose meaning depends on the outcome waits, and all later ones behind it.
        """
        session = self.session
        on_list = not self.command.active and folded(char) in _VERB_KEYS
        if session.running and (session.ahead or key == "enter" or on_list):
            session.ahead.append((key, char))
            return
        if session.locked and not self.asking and (self.command.active or not may_look(key, char)):
            self.unlock()
            return
        moved = self.just_moved()
        self.session.last_key = self.session.desk.now()
        text = char if printable(char) else ""
        if self.asking:
            self.feed_question(key, text)
        elif self.command.active:
            self._feed_command(key, text)
        elif not self.feed_field(key, text):
            self._feed_list(key, text, moved)
        self.draw_line()

    def feed_field(self, key: str, char: str) -> bool:
        """A key for a text field of the screen. False if none is open."""
        return False

    def menu_chosen(self, line: str | None) -> None:
        """A verb was chosen in the menu of the selected case: its line is opened."""
        if line:
            self.command.start(line, self.selected_case(), keyed=True)
            self.draw_line()

    def _feed_command(self, key: str, char: str) -> None:
        if key == "escape":
            self.session.half_typed = self.command.stop()
            self.keep_half_typed()
        elif self.command.just_changed() and (key == "enter" or self.command.chosen(folded(char))):
            self.app.bell()  # the key was meant for the preview before this one
        elif key == "enter":
            ready = self.command.enter()
            if ready is not None:
                self.run_ready(ready)
            elif not self.command.preview.ok and not self.command.preview.choices:
                self.app.bell()
        elif char and key != "tab":
            self.command.type(char)
        elif not self.command.edit(key):
            return
        if self.command.active:
            self.keep_typed()

    def keep_typed(self) -> None:
        """What stands in the line, also where a verb key opened it: a crash loses none of it."""
        self.session.half_typed = self.command.typed()
        self.keep_half_typed()

    def keep_half_typed(self) -> None:
        if self.session.half_typed != self.session.half_typed_saved:
            self.session.half_typed_saved = self.session.half_typed
            body = {"line": self.session.half_typed} if self.session.half_typed else {}
            self.session.keep(COMMAND_DRAFT, body)

    def _feed_list(self, key: str, char: str, moved: bool) -> None:
        plain = folded(char)
        if self.session.waited(self.session.message.at) > READ_BY_THEN:
            self.session.say("")
        if char and not plain.isascii():
            self.say(t(IME_HINT), "$p2", bell=True)
            return
        if self._comma:
            self._comma = False
            number = {"0": 10}.get(plain, int(plain) if plain.isdigit() else 0)
            if number:
                self.ways.go_to(f"f{number}")
                return
        name = plain or key
        if name == "escape":
            self.escape()
        elif name in (";", ":"):
            self.command.start(self.session.half_typed, self.selected_case())
        elif name == ",":
            self._comma = True
            numbers = " ".join(f"{tab.key[1:][-1]}{t(tab.zh)}" for tab in header.TABS if tab.mode)
            self.say(t("逗号后按数字: {numbers}", numbers=numbers), "$dim")
        elif name == "?":
            self.ways.go_to("f1")
        elif name in ("a", "o", "f12") and not self.keeps(name):
            self.go_to_worst() if name == "o" else self.acknowledge()
        elif moved and (name in _VERB_KEYS or key == "enter"):
            self.swallow()
        elif not self.on_list_key("space" if name == " " else name, plain) and name in _VERB_KEYS:
            self.press_verb(name)

    # alarms -----------------------------------------------------------------------------------------------------------

    def keeps(self, key: str) -> bool:
        """True where a list of this screen needs `a` or `o` for itself at this moment; F12 acknowledges everywhere."""
        return False

    def acknowledge(self) -> None:
        """`a`: somebody at the desk has seen the worst alarm, or the group that it is of. It stays listed until solved."""
        if self.recently(self.worst_changed_at):
            self.swallow()
            return
        waiting = self.session.waiting()
        if not waiting:
            self.say(t("没有未确认的告警"), "$dim")
            return
        first = waiting[0]
        self.run_act(alarming.acknowledge(first.subjects if isinstance(first, Group) else (first.subject,)))

    def go_to_worst(self) -> None:
        """`o`: to what the strip names, unless the strip changed under the key."""
        if self.recently(self.worst_changed_at):
            self.swallow()
            return
        waiting = self.session.waiting() or self.session.look.alarms
        first = waiting[0] if waiting else None
        if first is None:
            self.say(t("无超时，无临期"), "$dim")
        elif isinstance(first, Group):
            self.ways.go_to("f5")
        elif first.row is not None:
            self.show_case_of(first.row.id)
        else:
            self.ways.go_to(_PLACE_OF.get(first.subject.partition(":")[0], "f5"))

    def show_case_of(self, case_id: str) -> None:
        self.ways.open_case(case_id)

    def escape(self) -> None:
        """One step back."""
        if not self.step_back():
            self.say("")

    def step_back(self) -> bool:
        return False

    def swallow(self) -> None:
        """The row moved under the key: do nothing but say so."""
        self.say(t("刚有变动，请看清再按"), "$p2", bell=True)

    # verbs ------------------------------------------------------------------------------------------------------------

    def press_verb(self, key: str) -> None:
        """A verb key opens the line of the first verb on it that is legal for the selected case."""
        free = next((verb for verb in VERBS if verb.key == key and "case" not in verb.takes), None)
        if free is not None:
            self.press_free(free.id, free.code, free.takes)
            return
        case, legal = self.read_case()
        if case is None:
            self.say(t("没有选中的案件"), "$p2", bell=True)
            return
        item = first_on(key, legal, case)
        if item.ok:
            self.command.start(f"{item.verb.code} {case.handle} ", case.id, keyed=True)
        else:
            self.say(f"{label(item.verb)}: {item.why}", "$p2", bell=True)

    def press_free(self, verb_id: str, code: str, takes: tuple[str, ...]) -> None:
        """A verb that needs no case: at once if it takes nothing."""
        if verb_id == "new":
            self.ways.open_form()
        elif takes:
            self.command.start(f"{code} ", self.selected_case(), keyed=True)
        else:
            self.run_ready(Ready(code, None))

    def run_ready(self, ready: Ready, pin: str = "") -> None:
        if ready.pin_of and not pin:
            self.command.stop()
            self.ask_text(t("{who} 的口令", who=ready.pin_of), lambda given: self.run_ready(ready, given), secret=True)
            return
        selected = self.command.selected or self.selected_case()
        self.command.stop()
        self.session.half_typed = ""
        self.keep_half_typed()
        self.session.give_up(ready.line)
        self._start(self.session.run_line(ready.line, selected, ready.expect, pin), selected)

    def run_act(self, do: Act, *, actor: Actor | None = None, then: Callable[[Outcome], None] | None = None) -> None:
        """Do an act (sign-in, roster, handover) on the writer, say what became of it, then call `then` if it succeeded."""
        if self.session.locked:
            self.unlock()
            return
        self._start(self.session.call(lambda: self.session.desk.act(do, actor=actor)), "", then)

    def _start(
        self, asked: Coroutine[Any, Any, Outcome], selected: str, then: Callable[[Outcome], None] | None = None
    ) -> None:
        """Something is with the writer: keys whose meaning depends on it wait until it has answered."""
        self.session.busy += 1
        self.session.running += 1
        self.run_worker(self._finish(asked, selected, then), group="desk", exit_on_error=True)

    async def _finish(
        self, asked: Coroutine[Any, Any, Outcome], selected: str, then: Callable[[Outcome], None] | None
    ) -> None:
        try:
            outcome = await asked
            self.session.running -= 1
            self.done(outcome, selected)
            if outcome.ok and then is not None:
                then(outcome)
            self.catch_up()
        finally:
            self.session.busy -= 1

    def catch_up(self) -> None:
        """The keys that were typed ahead, now that their case is as they expected it."""
        session = self.session
        waiting, session.ahead = session.ahead, []
        while waiting and not session.running:
            screen = self.app.screen
            key, char = waiting.pop(0)
            if isinstance(screen, ConsoleScreen):
                screen.feed(key, char)
            else:
                screen.post_message(events.Key(key, char or None))
        session.ahead = waiting + session.ahead

    def done(self, outcome: Outcome, selected: str) -> None:
        """Say what happened; offer what comes next; go where the line pointed."""
        prefix = t("已办") if outcome.ok and outcome.events else "" if outcome.ok else t("未办")
        style = "$done" if outcome.ok and outcome.events else "$foreground" if outcome.ok else "$p2"
        text = f"{prefix}: {outcome.text}" if prefix else outcome.text
        self.session.say(text, style)
        if not outcome.ok:
            self.app.bell()
            self.keep_half_typed()
        self.refresh_worst()
        self.reload()
        self.expected()
        if outcome.case is not None and "reported" in outcome.events:
            self.ways.take_in(outcome.case.id)
        if outcome.next_line and not self.command.active:
            self.command.start(outcome.next_line, outcome.case.id if outcome.case else selected, keyed=True)
            self.command.complete()
        elif self.command.active:
            self.command.look_again()
        elif outcome.ok and not outcome.events:
            self.answered(outcome)
        self.draw()

    def answered(self, outcome: Outcome) -> None:
        """A line that only asked: one case is opened, a text is shown."""
        if isinstance(outcome.data, dict) and "text" in outcome.data:
            self.ways.read(outcome.text, outcome.data["text"])
        if outcome.case is not None and len(outcome.cases) == 1:
            self.ways.open_case(outcome.case.id)

    def expected(self) -> None:
        """What changed just now was our own doing: the settle lock does not hold the next key."""

    def recently(self, at: int) -> bool:
        return at > 0 and self.session.waited(at) < JUST_MOVED


_PLACE_OF = {"handover": "f6", "post": "f4", "meeting": "f7", "visit": "f7"}  # where an alarm that is no case is solved
_VERB_KEYS = frozenset(verb.key for verb in VERBS if verb.key)
