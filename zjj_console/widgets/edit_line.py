"""The bottom line: key hints, or a line being typed with its cursor."""

from rich.cells import cell_len
from rich.segment import Segment
from textual.geometry import Offset
from textual.strip import Strip
from textual.widget import Widget

from zjj_console.widgets.cells import Line, content, fitted, shown, spread, width_of
from zjj_console.widgets.editor import BLANKS, LineEditor


class EditLine(Widget, can_focus=False):
    """Shows hints while `editor` is None. The terminal's own cursor stands where the text goes, for input methods."""

    DEFAULT_CSS = "EditLine { height: 1; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.hint: Line = ()
        self.prompt = ""
        self.editor: LineEditor | None = None
        self.note = ""

    def show_hint(self, hint: Line) -> None:
        if self.editor is not None or hint != self.hint:
            self.hint, self.editor = hint, None
            self.refresh()

    def show_editor(self, prompt: str, editor: LineEditor, note: str = "") -> None:
        """`note` stands at the right while the text leaves room: what Enter will do."""
        self.prompt, self.editor, self.note = prompt, editor, note
        self.refresh()
        self.call_after_refresh(self.place_cursor)

    def place_cursor(self) -> None:
        if self.editor is not None and self.is_attached:
            _, column = self._view(self.size.width)
            self.app.cursor_position = self.content_region.offset + Offset(column, 0)

    def _view(self, width: int) -> tuple[str, int]:
        """The visible part of the text and the cursor's column; long text scrolls so that the cursor stays visible."""
        assert self.editor is not None
        before = shown_raw(self.editor.text[: self.editor.cursor])
        room = max(4, width - cell_len(self.prompt) - 1)
        start = 0
        while cell_len(before[start:]) > room:
            start += max(1, room // 4)  # characters, each up to two cells: at most half of the line goes out of sight
        whole = shown_raw(self.editor.text)
        return whole[start:], cell_len(self.prompt) + cell_len(before[start:])

    def render_line(self, y: int) -> Strip:
        width, style = self.size.width, self.visual_style
        if y or not width:
            return Strip([Segment(" " * width, style.rich_style)], width)
        if self.editor is None:
            return Strip(content(fitted(self.hint, width)).render_segments(style), width)
        text, column = self._view(width)
        room = column - cell_len(self.prompt)
        before, after = _split(text, room)
        under = after[:1] or " "
        line: Line = (
            (self.prompt, "bold $accent"), (before, "$foreground"), (under, "reverse"), (after[1:], "$foreground"),
        )  # fmt: skip
        if width_of(line) + cell_len(self.note) + 2 <= width:
            line = spread(line, ((f"{self.note} ", "bold $accent"),), width)
        return Strip(content(fitted(line, width)).render_segments(style), width)


def shown_raw(text: str) -> str:
    """As `shown`, but blanks at the ends stay: they are being typed."""
    body = text.strip(BLANKS)
    lead = len(text) - len(text.lstrip(BLANKS))
    return text if not body else text[:lead] + shown(body) + text[lead + len(body) :]


def _split(text: str, cells: int) -> tuple[str, str]:
    size = 0
    for at, char in enumerate(text):
        if size >= cells:
            return text[:at], text[at:]
        size += cell_len(char)
    return text, ""
