"""The map on the screen: ready lines, drawn again only where they changed."""

from collections import OrderedDict

from rich.segment import Segment
from rich.style import Style
from textual.events import Click
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from zjj_console.widgets.cells import Line, content

_STRIPS = 2000


class MapCanvas(Widget, can_focus=False):
    """Shows lines that are exactly as wide as itself; what is drawn once is kept, so that going to and fro costs little."""

    class Pointed(Message):
        """A cell was clicked."""

        def __init__(self, x: int, y: int) -> None:
            super().__init__()
            self.x, self.y = x, y

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.lines: list[Line] = []
        self._strips: OrderedDict[Line, Strip] = OrderedDict()
        self._styles: dict[str, Style | None] = {}

    def show(self, lines: list[Line]) -> None:
        before, self.lines = self.lines, lines
        if len(before) != len(lines):
            self.refresh()
            return
        self._again([y for y, (old, new) in enumerate(zip(before, lines, strict=True)) if old != new])

    def change(self, lines: dict[int, Line]) -> None:
        """Take over some lines, by row."""
        changed = [y for y, line in lines.items() if y < len(self.lines) and self.lines[y] != line]
        for y in changed:
            self.lines[y] = lines[y]
        self._again(changed)

    def _again(self, rows: list[int]) -> None:
        """Draw some rows again: neighbours together, since each region costs more than a row."""
        regions: list[Region] = []
        for y in sorted(rows):
            if regions and regions[-1].bottom >= y - 1:
                regions[-1] = Region(0, regions[-1].y, self.size.width, y + 1 - regions[-1].y)
            else:
                regions.append(Region(0, y, self.size.width, 1))
        if regions:
            self.refresh(*regions)

    def notify_style_update(self) -> None:
        self._strips.clear()
        self._styles.clear()
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        line = self.lines[y] if y < len(self.lines) else ()
        strip = self._strips.get(line)
        if strip is None:
            strip = self._strips[line] = Strip([Segment(text, self._style(style)) for text, style in line])
            if len(self._strips) > _STRIPS:
                self._strips.popitem(last=False)
        return strip if strip.cell_length == width else strip.adjust_cell_length(width, self._style(""))

    def _style(self, name: str) -> Style | None:
        """The style of theme words, worked out once a theme."""
        if name not in self._styles:
            (segment,) = content(((" ", name),)).render_segments(self.visual_style)
            self._styles[name] = segment.style
        return self._styles[name]

    def on_click(self, event: Click) -> None:
        self.post_message(self.Pointed(event.x, event.y))
