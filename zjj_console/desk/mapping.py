"""What a map of the town shows: layers of numbers over the grids and marks at places. Screen, web page and tests ask here."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from msgspec import Struct

from zjj_console.desk import wording
from zjj_console.desk.hotspots import hotspots
from zjj_console.desk.seats import Seat, Seats
from zjj_console.domain import alarms
from zjj_console.domain.alarms import Grade
from zjj_console.domain.hotspot import Hotspot
from zjj_console.domain.model import DAY, HOUR
from zjj_console.geo.shapes import Point
from zjj_console.reports.map_sheet import LATE, URGENT, Mark
from zjj_console.storage import reads, reads_places
from zjj_console.storage.db import Connection
from zjj_console.storage.reads import QueueRow
from zjj_console.storage.reads_places import Heat
from zjj_console.town.atlas import SETTLES, Atlas
from zjj_console.town.models import Town
from zjj_console.town.placing import placed

MANY = 20_000  # open cases that are looked at, the most urgent first
_LADDER = (  # sizes of a class: they change seldom, so colours stay
    1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40, 50, 60, 80, 100, 150, 200, 300, 500,
)  # fmt: skip
CLASSES = 5
_BINS = 500  # of a degree
_GRADES = {Grade.URGENT_LATE: URGENT, Grade.URGENT_NEW: URGENT, Grade.LATE: LATE}


class Layer(Struct, frozen=True):
    key: str
    zh: str
    varieties: tuple[str, ...] = ("",)


LAYERS = (
    Layer("open", "未结"),
    Layer("overdue", "超时"),
    Layer("source", "来源"),  # its varieties are the sources of what is open
    Layer("heat", "热度", ("30", "90")),  # days
    Layer("hotspot", "热点", ("30",)),
    Layer("key_item", "重点"),
)
PRESSING = frozenset({"open", "overdue", "source"})  # layers whose marks say what is urgent
PAST = frozenset({"heat", "hotspot"})  # layers that look back


class Standing(Struct, frozen=True):
    """How a grid stands: open cases, of these first priority, overdue, reported within the hour; the worst one's mark."""

    open: int = 0
    first: int = 0
    late: int = 0
    fresh: int = 0
    worst: str = ""


class Picture(Struct, frozen=True):
    """A layer: a number for every grid of the town, classes of them, marks at places."""

    layer: str
    by_grid: dict[str, int]
    dots: tuple[Mark, ...]
    size: int  # of a class: 1..size is class 1, and so on up to CLASSES - 1, which is open-ended

    def class_of(self, grid: str) -> int:
        value = self.by_grid.get(grid, 0)
        return min(CLASSES - 1, -(-value // self.size))

    def ranges(self) -> list[str]:
        """What each class means: `0`, `1-3`, `4-6`, `7-9`, `10+`."""
        found = ["0"]
        for n in range(1, CLASSES - 1):
            low, high = (n - 1) * self.size + 1, n * self.size
            found.append(f"{low}-{high}" if high > low else str(low))
        return [*found, f"{(CLASSES - 2) * self.size + 1}+"]


class Scene(Struct, frozen=True):
    """What was read for a map, at an instant: open cases by grid, each in the order of the queue."""

    by_grid: dict[str, list[QueueRow]] = {}
    now: int = 0
    whole: bool = True  # False where there were more cases than were read

    @property
    def nowhere(self) -> int:
        """Cases whose place is not known yet: they are on no map."""
        return len(self.by_grid.get("", ()))

    @property
    def rows(self) -> Iterator[QueueRow]:
        return chain.from_iterable(self.by_grid.values())

    def of_grid(self, grid: str) -> list[QueueRow]:
        return self.by_grid.get(grid, [])

    def sources(self) -> list[str]:
        """Sources of open cases, the commonest first."""
        found = Counter(row.source for row in self.rows)
        return sorted(found, key=lambda code: (-found[code], code))


def worth(atlas: Atlas) -> str:
    """What has to be said of a map: that it is a schematic, or that the places on it are."""
    if not atlas.settles:
        return "示意，非测绘"
    return "村居位置示意" if any(spot.mark not in SETTLES for spot in atlas.committees.values()) else ""


def varieties(layer: Layer, scene: Scene, town: Town) -> tuple[str, ...]:
    """What a layer can be narrowed to: the sources of what is open, days (of hot spots the town's own number first)."""
    if layer.key == "source":
        return tuple(scene.sources())
    if layer.key == "hotspot":
        return tuple(dict.fromkeys((str(town.hotspot.days), *layer.varieties)))
    return layer.varieties


def read(db: Connection, now: int) -> Scene:
    """The open cases, as many as are looked at."""
    by_grid: dict[str, list[QueueRow]] = {}
    rows = reads.page(db, reads.Filter(), MANY)
    for row in rows:
        by_grid.setdefault(row.grid, []).append(row)
    return Scene(by_grid, now, len(rows) < MANY)


def standings(scene: Scene, town: Town) -> dict[str, Standing]:
    """Every grid of the profile, in its order."""
    found = dict.fromkeys(town.grids, Standing())
    for row in scene.rows:
        if row.grid in found:
            was, mark = found[row.grid], urgency(row, scene.now)
            found[row.grid] = Standing(
                was.open + 1,
                was.first + (row.priority == 1),
                was.late + row.overdue(scene.now),
                was.fresh + (scene.now - row.reported_at <= HOUR),
                max(was.worst, mark, key=lambda m: m.count("!")),
            )
    return found


def urgency(row: QueueRow, now: int) -> str:
    return wording.urgency(row, now) if row.presses else ""


def grade(row: QueueRow, now: int) -> int:
    """0, LATE or URGENT: how a mark shows that the case presses."""
    pressing = alarms.pressing(row, now) if row.presses else None
    return 0 if pressing is None else _GRADES.get(pressing, 0)


class Past(Struct, frozen=True):
    """What reaches back in time: made beside the keys, since it looks at every case of months."""

    values: dict[str, int] = {}
    dots: tuple[Mark, ...] = ()
    spots: tuple[Hotspot, ...] = ()


def past(db: Connection, town: Town, layer: str, variety: str, now: int) -> Past:
    """What a layer tells of the days before; nothing for one that shows the present."""
    if layer == "heat":
        until = now + 1  # what came at this very moment counts
        return _heat(reads_places.tally(db, until - int(variety) * DAY, until), town)
    if layer == "hotspot":
        return _hotspots(hotspots(db, town, now, int(variety)), town)
    return Past()


def _heat(tally: Iterable[Heat], town: Town) -> Past:
    values: dict[str, int] = {}
    found: dict[tuple[Point, str], Mark] = {}
    for one in tally:
        values[one.grid] = values.get(one.grid, 0) + one.count
        at = town.atlas.place_of(one.committee, one.grid, _coarse(one.middle)) if town.atlas else None
        if at is not None:
            before = found.get((at, one.grid))
            count = one.count + (before.count if before else 0)
            found[at, one.grid] = Mark(at, one.grid, count, 0, _named(town, one.committee))
    return Past(values, tuple(sorted(found.values(), key=lambda dot: (-dot.count, dot.at))))


def _coarse(at: Point | None) -> Point | None:
    """Two hundred metres are enough for a heat; so a picture never has more marks than it can gather at once."""
    return None if at is None else (round(at[0] * _BINS) / _BINS, round(at[1] * _BINS) / _BINS)


def _hotspots(spots: Sequence[Hotspot], town: Town) -> Past:
    values: dict[str, int] = {}
    dots = []
    for one in spots:
        values[one.grid] = values.get(one.grid, 0) + 1
        place = placed(town, one.committee, one.grid, one.lon, one.lat)
        if place is not None:
            dots.append(Mark(place.at, one.grid, 1, 0, _named(town, one.committee), f"#{one.rank}"))
    return Past(values, tuple(dots), tuple(spots))


def picture(layer: str, variety: str, scene: Scene, town: Town, past: Past = Past()) -> Picture:
    """One layer of a scene."""
    values, dots = _MAKERS[layer](variety, scene, town, past)
    by_grid = {grid: values.get(grid, 0) for grid in town.grids}
    return Picture(layer, by_grid, tuple(dots), class_size(by_grid.values()))


def class_size(values: Iterable[int]) -> int:
    """The smallest step of the ladder with which the last class, open-ended, need be no wider than the others."""
    wanted = (max(values, default=0) + CLASSES - 2) // (CLASSES - 1)
    return next((size for size in _LADDER if size >= wanted), wanted)


Made = tuple[dict[str, int], Sequence[Mark]]


def _open(variety: str, scene: Scene, town: Town, past: Past) -> Made:
    return _of_rows(scene.rows, scene.now, town)


def _overdue(variety: str, scene: Scene, town: Town, past: Past) -> Made:
    return _of_rows([row for row in scene.rows if row.overdue(scene.now)], scene.now, town)


def _source(variety: str, scene: Scene, town: Town, past: Past) -> Made:
    return _of_rows([row for row in scene.rows if row.source == variety], scene.now, town)


def _of_rows(rows: Iterable[QueueRow], now: int, town: Town) -> Made:
    values: dict[str, int] = {}
    found: dict[tuple[Point, str], Mark] = {}
    for row in rows:
        values[row.grid] = values.get(row.grid, 0) + 1
        place = placed(town, row.committee, row.grid, row.lon, row.lat)
        if place is None:
            continue
        at = place.at
        before = found.get((at, row.grid))
        many, worst = (before.count, before.grade) if before else (0, 0)
        found[at, row.grid] = Mark(at, row.grid, many + 1, max(worst, grade(row, now)), _named(town, row.committee))
    return values, sorted(found.values(), key=lambda dot: (-dot.grade, -dot.count, dot.at))


def _past(variety: str, scene: Scene, town: Town, past: Past) -> Made:
    return past.values, past.dots


def _key_item(variety: str, scene: Scene, town: Town, past: Past) -> Made:
    atlas = town.atlas
    if atlas is None:
        return {}, ()
    dots = [Mark(item.at, atlas.grid_at(item.at), 1, 0, item.name, item.code.upper()) for item in atlas.key_items]
    values: dict[str, int] = {}
    for dot in dots:
        values[dot.grid] = values.get(dot.grid, 0) + 1
    return values, dots


_MAKERS: dict[str, Callable[[str, Scene, Town, Past], Made]] = {
    "open": _open,
    "overdue": _overdue,
    "source": _source,
    "heat": _past,
    "hotspot": _past,
    "key_item": _key_item,
}


class Force(Struct, frozen=True):
    """A unit that is somewhere in the town, as far as its work tells."""

    unit: str
    grid: str
    seat: Seat


def forces(found: Seats, town: Town) -> list[Force]:
    """Who is in which grid: first who is out on a case, teams and departments before stations; each unit once a grid."""
    atlas = town.atlas
    if atlas is None:
        return []
    order = {unit: n for n, unit in enumerate(town.units)}  # one that has left the profile comes last
    listed = sorted(found.items(), key=lambda item: (item[1].kind == "station", order.get(item[0][0], len(order))))
    known: dict[tuple[str, str], Force] = {}
    for (unit, _), seat in listed:
        grid = atlas.grid_at(seat.place.at)
        known.setdefault((unit, grid), Force(unit, grid, seat))
    return list(known.values())


def hours(db: Connection, scene: Scene, since: int, town: Town) -> dict[str, list[int]]:
    """Cases reported in each hour of the clock since an instant, by grid: those still open, and those that have ended since."""
    first = since // HOUR
    many = scene.now // HOUR - first + 1
    found = {grid: [0] * many for grid in town.grids}
    reported = [(row.grid, row.reported_at) for row in scene.rows]
    for grid, at in [*reported, *reads_places.ended_since(db, since)]:
        if grid in found and since <= at <= scene.now:
            found[grid][at // HOUR - first] += 1
    return found


def _named(town: Town, committee: str) -> str:
    known = town.committees.get(committee)
    return known.name if known else ""
