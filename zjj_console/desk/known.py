"""What the desk knows of itself at any moment: the roster around now, and who has custody. Read again only when it changed."""

from zjj_console.domain.custody import Holding
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.model import DAY
from zjj_console.domain.roster import Book
from zjj_console.storage import reads_duty
from zjj_console.storage.db import Connection

_AROUND = 2 * DAY


class Known:
    """Caches by the database's version and by the day; both reads are a few rows. One per connection, so that a
    transaction decides on what it sees itself; `stale` after its own writes, which its version does not tell.
    """

    def __init__(self, db: Connection, duty: DutyTime) -> None:
        self._db, self._duty = db, duty
        self._seen = (-1, 0)
        self._found = (Holding("day"), Book(0, 0))

    def look(self, now: int) -> tuple[Holding, Book]:
        seen = (int(self._db.execute("PRAGMA data_version").fetchone()[0]), now // DAY)
        if seen != self._seen or not self._found[0].since:
            book = reads_duty.book(self._db, now - _AROUND, now + _AROUND)
            self._found, self._seen = (holding(self._db, self._duty, now), book), seen
        return self._found

    def stale(self) -> None:
        self._seen = (-1, 0)


def holding(db: Connection, duty: DutyTime, now: int) -> Holding:
    """Who has custody: whoever took it last by a signature; before that the desk that began the journal (I-1).

    `since` is 0 as long as the journal is empty: the desk whose hours it is now would begin it.
    """
    last = reads_duty.custody(db)
    if last is not None:
        return Holding(last.desk, last.start, True, last.person, last.handover)
    first = db.execute("SELECT at FROM event ORDER BY lseq LIMIT 1").fetchone()
    began = int(first[0]) if first else now
    return Holding("night" if duty.is_night(began) else "day", began if first else 0)
