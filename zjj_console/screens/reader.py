"""A text to read: a handover sheet, the morning report. Keys scroll; Esc goes back."""

from collections.abc import Iterator

from textual.widget import Widget

from zjj_console.i18n import t
from zjj_console.screens.base import ConsoleScreen
from zjj_console.screens.session import Session
from zjj_console.widgets.cells import Line, shown
from zjj_console.widgets.panel import Panel
from zjj_console.widgets.verb_words import key_hints

_SCROLL = {
    "j": 1,
    "down": 1,
    "k": -1,
    "up": -1,
    "pagedown": 15,
    "space": 15,
    "pageup": -15,
    "home": -10_000,
    "end": 10_000,
}


class ReaderScreen(ConsoleScreen):
    CSS_PATH = "reader.tcss"
    mode = "reader"

    def __init__(self, session: Session, title: str, text: str) -> None:
        super().__init__(session)
        self.title_text, self.text = title, text

    def body(self) -> Iterator[Widget]:
        yield Panel(id="text")

    def on_mount(self) -> None:
        super().on_mount()
        lines: list[Line] = [
            ((f" {shown(line)}" if line.strip() else "", "$foreground"),) for line in self.text.splitlines()
        ]
        self.query_one("#text", Panel).show(lines)

    def hint(self) -> Line:
        return key_hints([], [("j k PgUp PgDn", t("翻页")), ("Esc", t("返回"))], self.size.width)

    def on_list_key(self, key: str, char: str) -> bool:
        if key in _SCROLL:
            self.query_one("#text", Panel).scroll_lines(_SCROLL[key])
        return True  # verb keys act on no case here

    def step_back(self) -> bool:
        self.app.pop_screen()
        return True


def _kept(line: str) -> str:
    """A line with the blanks that put it in its column."""
    body = line.lstrip(" ")
    return " " * (len(line) - len(body)) + shown(body)
