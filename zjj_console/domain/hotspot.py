"""Hot spots: where the same trouble comes again, so that its source is dealt with (R37, 二(二)1(4)三是).

Cases with a position are gathered around the densest place first, each within the radius of that place: never a chain
that creeps down a street. Cases without one are gathered by committee. The order of the records changes nothing.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heappush

from msgspec import Struct
from msgspec.structs import replace

from zjj_console.domain.model import DAY
from zjj_console.geo.shapes import METRES_PER_DEGREE
from zjj_console.town.hotspot import HotspotRules

WEEK = 7 * DAY
_MICRO = 1_000_000
_SLACK = 1.001  # a cell is a little wider than the radius, so that rounding never hides a neighbour two cells away
_LEAST_COSINE = 0.01  # no town lies at a pole

Site = tuple[int, int]  # longitude and latitude in millionths of a degree


class Record(Struct, frozen=True):
    """One case as far as hot spots ask. Position in millionths of a degree (WGS-84), time in µs UTC.

    `closed` is true for a closed case, false for an open one; voided and merged cases make no record.
    """

    id: str
    handle: str
    category: str
    committee: str
    grid: str
    place: str
    lon: int | None
    lat: int | None
    at: int
    closed: bool


class Hotspot(Struct, frozen=True):
    """A place with its trouble. `lon` and `lat` are the middle of its cases, None where it was made by committee.

    `weeks` counts the cases of each week of the window, oldest first and the first one cut; `cases` and `handles` are the
    newest first; `proposals` are codes: `list_or_campaign`, `consult`.
    """

    rank: int
    category: str
    committee: str
    grid: str
    place: str
    lon: int | None
    lat: int | None
    closed: int
    open: int
    weeks: tuple[int, ...]
    last_at: int
    cases: tuple[str, ...]
    handles: tuple[str, ...]
    proposals: tuple[str, ...]

    @property
    def total(self) -> int:
        return self.closed + self.open


def hotspots(records: Iterable[Record], rules: HotspotRules, since: int, until: int) -> list[Hotspot]:
    """The hot spots of [since, until), the largest first and of equals the latest; records beyond the window are left out."""
    kinds: dict[str, list[Record]] = defaultdict(list)
    villages: dict[tuple[str, str], list[Record]] = defaultdict(list)
    long_known = False
    for one in records:
        if not since <= one.at < until:
            continue
        long_known = long_known or _third(one, since, until) == 0
        if one.lon is not None and one.lat is not None:
            kinds[one.category].append(one)
        elif one.committee:
            villages[one.category, one.committee].append(one)
    found = [group for rows in kinds.values() for group in _gathered(rows, rules)]
    found += [rows for rows in villages.values() if _closed(rows) >= rules.least]
    spots = sorted((_spot(rows, since, until, long_known) for rows in found), key=_order)
    return [replace(spot, rank=rank) for rank, spot in enumerate(spots, 1)]


def _gathered(rows: list[Record], rules: HotspotRules) -> Iterator[list[Record]]:
    """Groups of one category: the place with most closed cases around it takes all of them, then the next place."""
    field = _Field(rows, rules.radius)
    heap = [key for site in field.sites if -(key := field.density(site))[0] >= rules.least]
    heapify(heap)
    # What is around a place only becomes less, so an old figure is never too low: look again before believing it.
    while heap:
        told = heappop(heap)
        site = told[2]
        if site not in field.sites:
            continue
        now = field.density(site)
        if -now[0] < rules.least:
            continue
        if now != told:
            heappush(heap, now)
            continue
        yield field.take(site)


class _Field:
    """Records by place, the places in cells of the radius: what is near a place lies in its cell or the eight around."""

    def __init__(self, rows: list[Record], radius: float) -> None:
        self.sites: dict[Site, list[Record]] = defaultdict(list)
        for one in rows:
            self.sites[one.lon or 0, one.lat or 0].append(one)
        self.weight = {site: (_closed(here), len(here)) for site, here in self.sites.items()}
        self.reach = radius * _MICRO / METRES_PER_DEGREE  # in millionths of a degree of latitude
        narrow = min(map(_cosine, self.sites))
        self.steps = (self.reach * _SLACK / narrow, self.reach * _SLACK)
        self.cells: dict[tuple[int, int], list[Site]] = defaultdict(list)
        for site in self.sites:
            self.cells[self._cell(site)].append(site)

    def _cell(self, site: Site) -> tuple[int, int]:
        return math.floor(site[0] / self.steps[0]), math.floor(site[1] / self.steps[1])

    def around(self, site: Site) -> list[Site]:
        """Places that are still there, within the radius; the place itself as well."""
        (x, y), (column, row) = site, self._cell(site)
        shrink, most = _cosine(site), self.reach**2
        return [
            (a, b)
            for i in (column - 1, column, column + 1)
            for j in (row - 1, row, row + 1)
            for a, b in self.cells.get((i, j), ())
            if ((a - x) * shrink) ** 2 + (b - y) ** 2 <= most
        ]

    def density(self, site: Site) -> tuple[int, int, Site]:
        """(closed cases around, all cases around, place), so that the densest sorts first."""
        near = [self.weight[one] for one in self.around(site)]
        return -sum(closed for closed, _ in near), -sum(count for _, count in near), site

    def take(self, site: Site) -> list[Record]:
        taken: list[Record] = []
        for one in self.around(site):
            taken += self.sites.pop(one)
            self.cells[self._cell(one)].remove(one)
        return taken


def _cosine(site: Site) -> float:
    return max(math.cos(math.radians(site[1] / _MICRO)), _LEAST_COSINE)


def _closed(rows: Iterable[Record]) -> int:
    return sum(one.closed for one in rows)


def _spot(rows: list[Record], since: int, until: int, long_known: bool) -> Hotspot:
    newest = sorted(rows, key=lambda one: (-one.at, one.id))
    placed = [(one.lon, one.lat) for one in rows if one.lon is not None and one.lat is not None]
    middle = [round(sum(axis) / len(placed)) for axis in zip(*placed, strict=True)] if placed else [None, None]
    closed = _closed(rows)
    return Hotspot(
        rank=0,
        category=newest[0].category,
        committee=_most(one.committee for one in rows),
        grid=_most(one.grid for one in rows),
        place=_most(one.place for one in rows),
        lon=middle[0],
        lat=middle[1],
        closed=closed,
        open=len(rows) - closed,
        weeks=_weeks(rows, since, until),
        last_at=newest[0].at,
        cases=tuple(one.id for one in newest),
        handles=tuple(one.handle for one in newest),
        proposals=_proposals(rows, since, until, long_known),
    )


def _most(words: Iterable[str]) -> str:
    """The most frequent word; of equals the first by code."""
    return min(Counter(words).items(), key=lambda pair: (-pair[1], pair[0]))[0]


def _weeks(rows: Iterable[Record], since: int, until: int) -> tuple[int, ...]:
    """Counted back from the end, so that the last week is a whole one."""
    counts = [0] * -(-(until - since) // WEEK)
    for one in rows:
        counts[-1 - (until - 1 - one.at) // WEEK] += 1
    return tuple(counts)


def _third(one: Record, since: int, until: int) -> int:
    return 3 * (one.at - since) // (until - since)


def _proposals(rows: list[Record], since: int, until: int, long_known: bool) -> tuple[str, ...]:
    """A consultation too where most of it is still open, or where the last third of the window brought more than each before.

    Where nothing at all is known of the first third (a console just taken into use), nothing can be said to grow.
    """
    thirds = Counter(_third(one, since, until) for one in rows)
    grows = long_known and thirds[2] > max(thirds[0], thirds[1])
    unsolved = 2 * _closed(rows) < len(rows)
    return ("list_or_campaign", "consult") if grows or unsolved else ("list_or_campaign",)


def _order(spot: Hotspot) -> tuple[int, int, str, str, str]:
    return -spot.total, -spot.last_at, spot.category, spot.committee, spot.cases[0]
