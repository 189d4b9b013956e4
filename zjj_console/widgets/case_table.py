"""The queue as a virtual table: draws only the rows in view, holds the cursor by case, not by line."""

from collections import OrderedDict
from typing import ClassVar

from rich.segment import Segment
from textual.events import MouseDown, MouseScrollDown, MouseScrollUp
from textual.geometry import Offset, Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from zjj_console.storage.reads import QueueRow
from zjj_console.widgets import columns
from zjj_console.widgets.cells import Line, Span, Wardrobe, fitted
from zjj_console.widgets.columns import Frame
from zjj_console.widgets.thrift import differs
from zjj_console.widgets.window import Rows, RowWindow

_STRIPS = 1000
Drawn = tuple[tuple[Span, ...], bool]


class CaseTable(ScrollView, can_focus=False):
    """Rows of a `RowWindow`. Never takes the focus: keys reach it through its screen."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"case-table--cursor"}

    DEFAULT_CSS = """
    CaseTable { overflow: hidden hidden; scrollbar-size: 0 0; }
    """

    class Moved(Message):
        """Another case is under the cursor (or the same one at another line)."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.frame: Frame | None = None
        self.window: RowWindow | None = None
        self.cursor = 0
        self.case_id = ""
        self.empty: tuple[Line, ...] = ()
        self.cursor_changed_at = 0
        self.flash = False
        self._fresh: dict[str, frozenset[str]] = {}  # case -> columns that changed since the last refresh
        self._drawn: dict[int, Drawn] = {}
        self._words: dict[tuple[QueueRow, bool, int, int, frozenset[str], bool], Drawn] = {}  # within one second
        self._wardrobe = Wardrobe()
        self._strips: OrderedDict[tuple[Drawn, int], Strip] = OrderedDict()

    # what is shown --------------------------------------------------------------------------------------------------

    def open(self, source: Rows, frame: Frame, keep: str = "", *, counting: bool = True) -> None:
        """Show another list from its beginning, with the cursor on `keep` if it is near the top."""
        self.window = RowWindow(source)
        self.frame = frame
        self.window.load(counting=counting)
        self._fresh = {}
        at = self.window.index_of(keep) if keep else None
        self._resized()  # first: nothing scrolls beyond the length that is known
        self.scroll_to(y=0, animate=False, force=True)
        self._put_cursor(at or 0)

    def count(self) -> None:
        """How long the list is, where it was opened without counting."""
        if self.window is not None:
            self.window.count()
            self._resized()

    def selected(self) -> QueueRow | None:
        return self.window.row(self.cursor) if self.window else None

    @property
    def top(self) -> int:
        return round(self.scroll_y)

    def visible_rows(self) -> list[QueueRow]:
        if self.window is None:
            return []
        rows = (self.window.row(i) for i in range(self.top, self.top + self.size.height))
        return [row for row in rows if row is not None]

    # keeping up with the database ------------------------------------------------------------------------------------

    def tick(self, frame: Frame) -> None:
        """Another second: redraw of the rows what changed, and no others."""
        self.frame = frame
        stale = self._fresh
        self._fresh = {}
        (width, height), top = self.size, self.top
        for y, drawn in list(self._drawn.items()):
            if y >= height:  # drawn while there was more room
                del self._drawn[y]
                continue
            row = self.window.held(top + y) if self.window else None
            if row is None or row.id in stale:
                self.refresh(Region(0, y, width, 1))
            elif (now := self._spans(row, top + y, width)) != drawn:
                first, end = differs(drawn[0], now[0])
                self.refresh(Region(first, y, end - first, 1))

    def sync(self, frame: Frame, *, settled: bool, newest: dict[str, QueueRow]) -> None:
        """Take over what changed. Until `settled` values change in place and nothing moves.

        `newest` holds present rows of cases that may have left the list.
        """
        if self.window is None:
            return
        self.frame = frame
        before = {row.id: row for row in self.window.rows}
        place = self.cursor
        if settled:
            self._reload()
        else:
            self._in_place(newest)
        after = {row.id: row for row in self.window.rows}
        self._fresh |= {
            i: _changed(before[i], row, frame) for i, row in after.items() if i in before and row != before[i]
        }
        moved = self.cursor != place
        if moved or before.get(self.case_id) != after.get(self.case_id):
            self.cursor_changed_at = frame.now
        self._resized()
        self.post_message(self.Moved())

    def _reload(self) -> None:
        assert self.window is not None
        case_id, line = self.case_id, self.cursor - self.top
        self.window.load(self.top, case_id)
        at = self.window.index_of(case_id)
        self._resized()
        if at is None:
            self._put_cursor(min(self.cursor, max(0, self.window.total - 1)))
            return
        if self.top or at >= self.size.height:  # the eye keeps its line; the first screen stays at the top
            self.scroll_to(y=max(0, at - line), animate=False, force=True)
        self._put_cursor(at)

    def _in_place(self, newest: dict[str, QueueRow]) -> None:
        assert self.window is not None
        window = RowWindow(self.window.source)
        window.load(keep=self.case_id)
        present = {row.id: row for row in window.rows} | newest
        self.window.rows = [present.get(row.id, row) for row in self.window.rows]

    # moving ---------------------------------------------------------------------------------------------------------

    def move(self, key: str) -> bool:
        """Apply a movement key; False if it is none."""
        if self.window is None or not self.window.total:
            return key in _MOVES
        step = _MOVES.get(key)
        if step is None:
            return False
        page = max(1, self.size.height - 1)
        last = self.window.total - 1
        target = {"page": self.cursor + step[1] * page, "line": self.cursor + step[1], "end": step[1] * last}[step[0]]
        self._put_cursor(max(0, min(last, target)))
        return True

    def select(self, case_id: str) -> bool:
        """Put the cursor on a case if the window holds it."""
        at = self.window.index_of(case_id) if self.window else None
        if at is not None:
            self._put_cursor(at)
        return at is not None

    def _put_cursor(self, index: int) -> None:
        assert self.window is not None
        row = self.window.row(index)
        old, self.cursor = self.cursor, index
        changed = (row.id if row else "") != self.case_id
        self.case_id = row.id if row else ""
        height = max(1, self.size.height)
        # Past the edge the list turns by a third, so that the next cases are seen and few keys redraw it all.
        turn = height // 3
        if index < self.top:
            self.scroll_to(y=max(0, index - turn), animate=False, force=True)
        elif index >= self.top + height:
            furthest = max(0, self.window.total - height)
            self.scroll_to(y=min(furthest, index - height + 1 + turn), animate=False, force=True)
        for line in {old - self.top, index - self.top}:
            self.refresh(Region(0, line, self.size.width, 1))
        if changed or old != index:
            self.post_message(self.Moved())
        self.place_terminal_cursor()

    def place_terminal_cursor(self) -> None:
        """The terminal's own cursor stands on the row, for screen readers and magnifiers."""
        self.app.cursor_position = self.region.offset + Offset(0, max(0, self.cursor - self.top))

    def _resized(self) -> None:
        rows = self.window.total if self.window else 0
        self.virtual_size = Size(self.size.width, max(rows, 1))
        self.refresh()

    def on_resize(self) -> None:
        self._strips.clear()
        if self.window is not None and self.window.total:
            self._put_cursor(self.cursor)
        self._resized()

    def notify_style_update(self) -> None:
        self._strips.clear()
        self._wardrobe.clear()
        super().notify_style_update()

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        event.stop()
        self.move("down")

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        event.stop()
        self.move("up")

    def on_mouse_down(self, event: MouseDown) -> None:
        if self.window is not None and self.top + event.y < self.window.total:
            self._put_cursor(self.top + event.y)

    # drawing --------------------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if not width:
            return Strip([], 0)
        index = self.top + y
        row = self.window.row(index) if self.window and self.frame else None
        if row is None:
            self._drawn.pop(y, None)
            return self._blank(y, width)
        drawn = self._spans(row, index, width)
        self._drawn[y] = drawn
        key = (drawn, width)
        strip = self._strips.get(key)
        if strip is None:
            strip = self._strip(drawn, width)
            self._strips[key] = strip
            if len(self._strips) > _STRIPS:
                self._strips.popitem(last=False)
        else:
            self._strips.move_to_end(key)
        return strip

    def _blank(self, y: int, width: int) -> Strip:
        text: Line = self.empty[y] if self.window and not self.window.total and y < len(self.empty) else ()
        return Strip(self._wardrobe.segments(fitted(text, width), self.visual_style), width)

    def _spans(self, row: QueueRow, index: int, width: int) -> Drawn:
        assert self.frame is not None
        fresh = self._fresh.get(row.id, frozenset())
        at_cursor = index == self.cursor
        key = (row, at_cursor, self.frame.now, width, fresh, self.flash)
        drawn = self._words.get(key)
        if drawn is None:
            if len(self._words) > _STRIPS:
                self._words.clear()
            drawn = self._words[key] = self._worded(row, at_cursor, fresh, width)
        return drawn

    def _worded(self, row: QueueRow, at_cursor: bool, fresh: frozenset[str], width: int) -> Drawn:
        assert self.frame is not None
        edge = (">" if at_cursor else " ", "bold $accent")
        spans: list[Span] = [edge]
        for key, (text, style) in columns.cells(row, width, self.frame):
            if key in fresh or (at_cursor and self.flash):
                style = f"bold {style}" if not style.startswith("bold") else style
            spans.append((text + " ", style))
        return fitted(tuple(spans), width), at_cursor

    def _strip(self, drawn: Drawn, width: int) -> Strip:
        spans, at_cursor = drawn
        base = self.visual_style
        segments = self._wardrobe.segments(spans, base)
        strip = Strip(segments, width)
        if at_cursor:
            style = self.get_component_rich_style("case-table--cursor", partial=True)
            strip = Strip([Segment(s.text, (s.style + style) if s.style else style) for s in segments], width)
        return strip


_MOVES: dict[str, tuple[str, int]] = {
    "j": ("line", 1), "down": ("line", 1), "k": ("line", -1), "up": ("line", -1),
    "pagedown": ("page", 1), "pageup": ("page", -1), "home": ("end", 0), "end": ("end", 1),
}  # fmt: skip


def _changed(old: QueueRow, new: QueueRow, frame: Frame) -> frozenset[str]:
    """The columns that say something else than before."""
    wide = columns.COLUMNS[-1].wide
    before, after = columns.cells(old, wide, frame), columns.cells(new, wide, frame)
    return frozenset(key for (key, was), (_, now) in zip(before, after, strict=True) if was[0] != now[0])
