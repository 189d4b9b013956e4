"""A sliding window of rows read by keyset: the list may be a million rows long, the window never is."""

from typing import Protocol

from zjj_console.storage.reads import Cursor, QueueRow

CHUNK = 200
MAX_ROWS = 3 * CHUNK


class Rows(Protocol):
    """Where rows come from: one view of the queue."""

    def page(self, limit: int, after: Cursor | None, backward: bool) -> list[QueueRow]: ...
    def find(self, case_id: str) -> QueueRow | None: ...
    def count(self) -> int: ...
    def position(self, cursor: Cursor) -> int: ...


class RowWindow:
    """Consecutive rows [start, start + len(rows)) of a list of `total` rows."""

    def __init__(self, source: Rows) -> None:
        self.source = source
        self.start = 0
        self.rows: list[QueueRow] = []
        self.total = 0

    def load(self, top: int = 0, keep: str = "", *, counting: bool = True) -> None:
        """Read again around the case `keep`, or around index `top` where it is in the list no more.

        Not `counting`: `total` is what has been read until `count` says how long the list is.
        """
        anchor = (self.source.find(keep) if keep else None) or self.held(top)
        at = self.source.position(anchor.cursor) if anchor else 0
        if anchor is None or at < 2 * CHUNK:
            wanted = max(CHUNK, at + CHUNK)
            self.start, self.rows = 0, self.source.page(wanted, None, False)
            self.total = len(self.rows)
            if counting and self.total == wanted:  # a shorter page is the whole list
                self.count()
            return
        self.count()
        rank, due, rid = anchor.cursor
        before = self.source.page(CHUNK, anchor.cursor, True)
        at_and_after = self.source.page(CHUNK, (rank, due, rid - 1), False)
        self.rows = before + at_and_after
        self.start = at - len(before)

    def count(self) -> None:
        self.total = self.source.count()

    def held(self, index: int) -> QueueRow | None:
        """The row if the window holds it; never reads."""
        at = index - self.start
        return self.rows[at] if 0 <= at < len(self.rows) else None

    def row(self, index: int) -> QueueRow | None:
        """The row at an index, reading on as far as needed; None outside the list."""
        if not 0 <= index < self.total:
            return None
        if self.held(index) is None:
            self._reach(index)
        return self.held(index)

    def _reach(self, index: int) -> None:
        end = self.start + len(self.rows)
        if index < CHUNK:
            self.start, self.rows = 0, self.source.page(CHUNK, None, False)
        elif index >= self.total - CHUNK and index - end > CHUNK:
            self.rows = self.source.page(CHUNK, None, True)
            self.start = self.total - len(self.rows)
        elif index >= end:
            self._forward(index)
        else:
            self._backward(index)

    def _forward(self, index: int) -> None:
        while self.held(index) is None and self.rows:
            more = self.source.page(CHUNK, self.rows[-1].cursor, False)
            if not more:
                self.total = self.start + len(self.rows)
                return
            self.rows += more
            drop = max(0, len(self.rows) - MAX_ROWS)
            self.rows, self.start = self.rows[drop:], self.start + drop

    def _backward(self, index: int) -> None:
        while self.held(index) is None and self.rows:
            more = self.source.page(CHUNK, self.rows[0].cursor, True)
            if not more:
                self.start = 0
                return
            self.rows = (more + self.rows)[:MAX_ROWS]
            self.start -= len(more)

    def index_of(self, case_id: str) -> int | None:
        for at, row in enumerate(self.rows):
            if row.id == case_id:
                return self.start + at
        return None

    def replace(self, index: int, row: QueueRow) -> None:
        """Show new values of the same case in its place."""
        self.rows[index - self.start] = row
