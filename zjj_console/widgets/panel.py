"""A panel of ready lines, told apart by its background. It scrolls by lines if it has more than it can show."""

from collections.abc import Sequence
from typing import Any

from rich.segment import Segment
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from zjj_console.widgets.cells import Line, Wardrobe, fitted
from zjj_console.widgets.thrift import differs


class Panel(ScrollView, can_focus=False):
    """Shows lines given by `show`; every drawn strip is exactly as wide as the panel."""

    DEFAULT_CSS = """
    Panel { overflow-x: hidden; overflow-y: hidden; scrollbar-size: 0 0; }
    """

    class Resized(Message):
        """The panel has another size: who fills it by its room fills it anew."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.lines: tuple[Line, ...] = ()
        self._wardrobe = Wardrobe()

    def show(self, lines: Sequence[Line]) -> None:
        """Redraw only what changed in the lines."""
        before, self.lines = self.lines, tuple(lines)
        if len(before) != len(self.lines):
            self.virtual_size = Size(self.size.width, len(self.lines))
            self.refresh()
            return
        top = round(self.scroll_y)
        width = self.size.width
        changed = [
            (y - top, *differs(fitted(old, width), fitted(new, width)))
            for y, (old, new) in enumerate(zip(before, self.lines, strict=True))
            if old != new
        ]
        if changed:
            self.refresh(*(Region(first, y, end - first, 1) for y, first, end in changed))

    def scroll_lines(self, by: int) -> None:
        self.scroll_to(y=round(self.scroll_y) + by, animate=False)

    def scroll_to_line(self, y: int) -> None:
        self.scroll_to(y=y, animate=False)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._wardrobe.clear()
        self.refresh()

    def on_resize(self, event: Any) -> None:
        self.virtual_size = Size(event.size.width, len(self.lines))
        self.post_message(self.Resized())

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        index = y + round(self.scroll_y)
        style = self.visual_style
        if index >= len(self.lines) or not width:
            return Strip([Segment(" " * width, style.rich_style)], width)
        return Strip(self._wardrobe.segments(fitted(self.lines[index], width), style), width)
