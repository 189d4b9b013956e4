"""Space: every verb for this case with its key; what is refused says why."""

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from zjj_console.desk.outcome import Legal
from zjj_console.i18n import t
from zjj_console.screens.session import Session
from zjj_console.widgets import case_lines
from zjj_console.widgets.cells import Line, fit, shown
from zjj_console.widgets.editor import folded, printable
from zjj_console.widgets.panel import Panel
from zjj_console.widgets.thrift import ThriftyCompositor
from zjj_console.widgets.verb_words import first_on, label


class SpaceMenu(ModalScreen[str | None]):
    """Dismisses with the line to put on the command line, or None."""

    CSS_PATH = "space_menu.tcss"

    AUTO_FOCUS = ""

    def __init__(self, session: Session, case_id: str) -> None:
        super().__init__()
        self._compositor = ThriftyCompositor()
        self.session = session
        self.case_id = case_id
        legal = session.desk.actions(case_id)
        self.items: list[Legal] = [i for i in legal if i.ok] + [i for i in legal if not i.ok]
        self.cursor = 0

    def compose(self) -> ComposeResult:
        yield Panel(id="menu")

    def on_mount(self) -> None:
        panel = self.query_one("#menu", Panel)
        panel.styles.height = min(len(self.items) + 2, max(6, self.app.size.height - 5))
        self.draw()

    def draw(self) -> None:
        """Title, the verbs in a window around the cursor, and the keys."""
        panel = self.query_one("#menu", Panel)
        room = int(panel.styles.height.value if panel.styles.height else 10) - 2
        top = max(0, min(self.cursor - room // 2, len(self.items) - room))
        case = self.session.desk.case(self.case_id)
        name = f"{case.handle} {shown(case.text)}" if case else ""
        lines: list[Line] = [case_lines.title(f"{t('此案可做')} {name}")]
        lines += [self._line(i) for i in range(top, min(top + room, len(self.items)))]
        lines.append(case_lines.note(t("按键或 Enter 放到命令行，上下移动，Esc 返回")))
        panel.show(lines)

    def _line(self, index: int) -> Line:
        item = self.items[index]
        edge = ">" if index == self.cursor else " "
        style = "$foreground" if item.ok else "$dim"
        return (
            (edge, "bold $accent"),
            (fit(item.verb.key, 3), "bold $accent" if item.ok else "$dim"),
            (fit(item.verb.code, 4), style),
            (fit(label(item.verb), 12), f"bold {style}" if index == self.cursor else style),
            (shown(item.why) if not item.ok else f"{item.step} {item.verb.usage}".strip(), "$dim"),
        )

    def on_key(self, event: events.Key) -> None:
        """Typed ahead: what still arrives here after the menu has closed belongs to the screen below."""
        event.stop()
        event.prevent_default()
        if self.app.screen is not self:
            self.app.screen.post_message(events.Key(event.key, event.character))
            return
        plain = folded(event.character) if event.character and printable(event.character) else ""
        moves = {"down": 1, "j": 1, "up": -1, "k": -1, "pagedown": 10, "pageup": -10}
        if event.key == "escape" or plain == " ":
            self.dismiss(None)
        elif event.key == "enter":
            self.choose(self.items[self.cursor])
        elif event.key in moves:
            self.cursor = max(0, min(len(self.items) - 1, self.cursor + moves[event.key]))
            self.draw()
        else:
            self.press(plain)

    def press(self, key: str) -> None:
        on_key = [item for item in self.items if item.verb.key == key and key]
        if on_key:
            self.choose(next((i for i in on_key if i.ok), on_key[0]), by_key=True)

    def choose(self, item: Legal, *, by_key: bool = False) -> None:
        """Put the verb on the command line; a refused one keeps the menu open and says why."""
        if not item.ok:
            self.cursor = self.items.index(item)
            self.app.bell()
            self.draw()
            return
        case = self.session.desk.case(self.case_id)
        verb = first_on(item.verb.key, self.items, case).verb if by_key and case else item.verb
        self.dismiss(f"{verb.code} {case.handle if case else '.'} ")
