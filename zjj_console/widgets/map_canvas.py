"""The map on the screen: ready lines, drawn again only where they changed."""

from collections import OrderedDict

from textual.events import Click
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from zjj_console.widgets.cells import Line, Wardrobe
from zjj_console.widgets.thrift import differs

_STRIPS = 2000


class MapCanvas(Widget, can_focus=False):
    """Shows lines that are exactly as wide as itself; what is drawn once is kept, so that going to and fro costs little."""

    class Pointed(Message):
        """A cell was clicked."""

        def __init__(self, x: int, y: int) -> None:
            super().__init__()
            self.x, self.y = x, y

    class Resized(Message):
        """There is another room to draw in."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.lines: list[Line] = []
        self._strips: OrderedDict[Line, Strip] = OrderedDict()
        self._wardrobe = Wardrobe()

    def show(self, lines: list[Line]) -> None:
        before, self.lines = self.lines, lines
        if len(before) != len(lines):
            self.refresh()
        else:
            self._again({y: (old, new) for y, (old, new) in enumerate(zip(before, lines, strict=True)) if old != new})

    def change(self, lines: dict[int, Line]) -> None:
        """Take over some lines, by row."""
        changed = {y: (self.lines[y], new) for y, new in lines.items() if y < len(self.lines) and self.lines[y] != new}
        for y, (_, new) in changed.items():
            self.lines[y] = new
        self._again(changed)

    def _again(self, changed: dict[int, tuple[Line, Line]]) -> None:
        """Draw the cells that differ: rows below each other in one box, since each region costs more than a row."""
        boxes: list[Region] = []
        for y in sorted(changed):
            first, after = differs(*changed[y])
            row = Region(first, y, after - first, 1)
            if boxes and boxes[-1].bottom >= y - 1:
                boxes[-1] = boxes[-1].union(row)
            else:
                boxes.append(row)
        if boxes:
            self.refresh(*boxes)

    def notify_style_update(self) -> None:
        self._strips.clear()
        self._wardrobe.clear()
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        line = self.lines[y] if y < len(self.lines) else ()
        strip = self._strips.get(line)
        if strip is None:
            strip = self._strips[line] = Strip(self._wardrobe.segments(line, self.visual_style))
            if len(self._strips) > _STRIPS:
                self._strips.popitem(last=False)
        return strip if strip.cell_length == width else strip.adjust_cell_length(width, self.visual_style.rich_style)

    def on_resize(self) -> None:
        self.post_message(self.Resized())

    def on_click(self, event: Click) -> None:
        self.post_message(self.Pointed(event.x, event.y))
