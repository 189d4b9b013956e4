"""Read queries of where cases come from. One pass over a window of `reported_at`; voided and merged cases do not count.

A scan of 100,000 cases takes about 20 ms, so that no index on the time of reporting burdens every import.
"""

from msgspec import Struct

from zjj_console.domain.handles import handle
from zjj_console.domain.hotspot import Record
from zjj_console.domain.model import State
from zjj_console.storage.db import Connection
from zjj_console.storage.projections import RANK_ENDED

BIN = 1000  # millionths of a degree: 0.001° is about a hundred metres
_COUNTED = (
    f"reported_at >= ? AND reported_at < ? AND state NOT IN ('{State.DRAFT}', '{State.VOIDED}', '{State.MERGED}')"
)


def records(db: Connection, since: int, until: int) -> list[Record]:
    """Cases reported in [since, until), µs UTC, in no order."""
    rows = db.execute(
        "SELECT id, console, serial, category, committee, grid, place, lon, lat, reported_at, is_open = 0 "
        f"FROM case_row WHERE {_COUNTED}",
        (since, until),
    )
    return [Record(i, handle(console, serial), kind, committee, grid, place, lon, lat, at, bool(closed))
            for i, console, serial, kind, committee, grid, place, lon, lat, at, closed in rows]  # fmt: skip


def ended_since(db: Connection, since: int) -> list[tuple[str, int]]:
    """(grid, reported at) of the cases that have ended since an instant (µs UTC): the head of one range of the queue's index."""
    rows = db.execute(
        f"SELECT grid, reported_at FROM case_row WHERE is_open = 0 AND rank = {RANK_ENDED} AND next_due <= ? "
        f"AND state = '{State.CLOSED}'",
        (-since,),
    )
    return [(grid, at) for grid, at in rows]


class Heat(Struct, frozen=True, array_like=True):
    """How many cases came from one corner of a town. The bins number thousandths of a degree; None without a position."""

    grid: str
    committee: str
    lon_bin: int | None
    lat_bin: int | None
    count: int

    @property
    def middle(self) -> tuple[float, float] | None:
        """Longitude and latitude of the middle of the bin, in degrees."""
        if self.lon_bin is None or self.lat_bin is None:
            return None
        return (self.lon_bin + 0.5) / 1000, (self.lat_bin + 0.5) / 1000


def _bin(column: str) -> str:
    """Rounded down on either side of zero, as SQLite's division alone is not."""
    return f"{column} / {BIN} - ({column} % {BIN} < 0)"


def tally(db: Connection, since: int, until: int) -> list[Heat]:
    """Cases reported in [since, until) by grid, committee and bin, in this order."""
    rows = db.execute(
        f"SELECT grid, committee, {_bin('lon')} AS x, {_bin('lat')} AS y, count(*) FROM case_row WHERE {_COUNTED} "
        "GROUP BY grid, committee, x, y ORDER BY grid, committee, x, y",
        (since, until),
    )
    return [Heat(*row) for row in rows]


class Located(Struct, frozen=True, array_like=True):
    """A case with a position (millionths of a degree, WGS-84) and the grid that it was recorded in."""

    lon: int
    lat: int
    grid: str


def located(db: Connection, most: int) -> list[Located]:
    """The newest cases with a position and a grid, at most so many."""
    rows = db.execute(
        "SELECT lon, lat, grid FROM case_row WHERE lon IS NOT NULL AND lat IS NOT NULL AND grid <> ''"
        " ORDER BY rid DESC LIMIT ?",
        (most,),
    )
    return [Located(*row) for row in rows]
