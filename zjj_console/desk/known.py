"""What the desk knows of itself at any moment: the roster around now, and who has custody. Read again only when it changed."""

from zjj_console.domain.custody import Holding
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.model import DAY
from zjj_console.domain.roster import Book
from zjj_console.storage import reads_duty
from zjj_console.storage.db import Connection

_AROUND = 2 * DAY


class Known:
    """Caches by the database's version and by the day; both reads are a few rows."""

    def __init__(self, db: Connection, duty: DutyTime) -> None:
        self._db, self._duty = db, duty
        self._version = -1
        self._day = 0
        self.book = Book(0, 0)
        self.holding = Holding("day")

    def look(self, now: int) -> "Known":
        version = int(self._db.execute("PRAGMA data_version").fetchone()[0])
        if version != self._version or now // DAY != self._day or not self.holding.since:
            self._version, self._day = version, now // DAY
            self.book = reads_duty.book(self._db, now - _AROUND, now + _AROUND)
            self.holding = holding(self._db, self._duty, now)
        return self


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
