"""How the cost of daily work grows with the number of cases: pages of the queue, a dispatch, a sweep, the start.

Two series: a town's history, in which all but 500 cases are closed, up to a million; and a backlog, in which every case is
open, up to a hundred thousand. Sizes are measured in turns, medians of five. `ZJJ_BENCH_KEEP` names a folder in which the
databases stay for the next run; `--plot` or `ZJJ_BENCH_PLOT` draws docs/growth.svg.
"""

import csv
import math
import os
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.bench import plot
from tests.bench.common import NIGHT, ROUNDS, Figure, Terminal, scratch, zjj
from zjj_console.commands.context import instant_of
from zjj_console.desk.desk import Desk
from zjj_console.desk.session import actor_of
from zjj_console.domain.model import MINUTE
from zjj_console.intake.engine import import_cases
from zjj_console.storage import reads, setup
from zjj_console.storage.db import HEAD
from zjj_console.storage.reads import Cursor, Filter
from zjj_console.town.load import builtin, load_town
from zjj_console.town.models import Town

OPEN = 500  # of a history: what a town has open on a bad day
SIZES = {"history": (1_000, 10_000, 100_000, 1_000_000), "backlog": (1_000, 10_000, 100_000)}
PAGE, PAGES, DISPATCHES, SWEEPS, DUE = 200, 20, 15, 3, 10
SWEPT = 21 * MINUTE  # after an order of second priority that nobody acknowledges somebody is called
BEGUN = instant_of(NIGHT)
HEADER = "编号,上报时间,村居,类别,描述,来源,级别,状态,承办,结果,处置时间,结案时间"
WHAT = {
    "page": "first page of the queue",
    "deep": "a page from its middle",
    "dispatch": "one durable dispatch",
    "sweep": f"sweep with {DUE} due",
    "start": "start to first painted queue",
}
PICTURE = Path(__file__).parents[2] / "docs" / "growth.svg"


@dataclass
class Place:
    """One database of a series, and what has been measured on it (seconds)."""

    series: str
    cases: int
    path: Path
    deep: Cursor = (0, 0, 0)
    taken: dict[str, list[float]] = field(default_factory=lambda: {what: [] for what in WHAT})

    def median(self, what: str) -> float:
        return statistics.median(self.taken[what])

    @property
    def listed(self) -> Filter:
        """The list whose pages are read: of a history the closed ones, which are many."""
        return Filter(open=self.series == "backlog")


def run() -> Iterator[Figure]:
    kept = os.environ.get("ZJJ_BENCH_KEEP", "")
    town = load_town(builtin())
    with nullcontext(Path(kept)) if kept else scratch() as folder, scratch() as work:
        places = [_place(folder, work, town, series, n) for series, sizes in SIZES.items() for n in sizes]
        for _ in range(ROUNDS):
            for place in places:  # in turns, so that all meet the same machine
                _measure(place, town)
    for series in SIZES:
        of = [place for place in places if place.series == series]
        for what in WHAT:
            yield _figure(series, what, of)
    if "--plot" in sys.argv or os.environ.get("ZJJ_BENCH_PLOT"):
        PICTURE.write_text(picture(places), encoding="utf-8")


def _figure(series: str, what: str, places: list[Place]) -> Figure:
    """The largest against the smallest; the goal is how the logarithm grows between them."""
    sizes, costs = [place.cases for place in places], [place.median(what) * 1e3 for place in places]
    values = " ".join(f"{cost:.3g}" for cost in costs)
    note = f"{series} {sizes[0]:,} to {sizes[-1]:,}: {values} ms, exponent {exponent(sizes, costs):.2f}"
    goal = round(math.log(sizes[-1]) / math.log(sizes[0]), 2)
    return Figure(f"{series}: {WHAT[what]}", costs[-1], costs[0], "ms", goal, note)


def exponent(sizes: list[int], costs: list[float]) -> float:
    """The slope of the line of least squares through the points on logarithmic axes."""
    x, y = [math.log(n) for n in sizes], [math.log(cost) for cost in costs]
    return statistics.linear_regression(x, y).slope


def picture(places: list[Place]) -> str:
    lines = [
        plot.Line(
            f"{WHAT[what]}, {series}",
            tuple((place.cases, place.median(what) * 1e3) for place in places if place.series == series),
            dashed=series == "backlog",
            colour=n,
        )
        for series in SIZES
        for n, what in enumerate(WHAT)
    ]
    return plot.svg("Cost of daily work by number of cases", "cases in the database", "ms", lines)


# the databases --------------------------------------------------------------------------------------------------------


def _place(folder: Path, work: Path, town: Town, series: str, cases: int) -> Place:
    """A copy to work on of a database that is made once."""
    made, path = folder / f"{series}-{cases}-{HEAD}.db", work / f"{series}-{cases}.db"
    if not made.exists():
        _make(made, town, series, cases)
    shutil.copy(made, path)
    place = Place(series, cases, path)
    desk = _desk(path, town, lambda: BEGUN)
    condition, params = place.listed.where()
    row = f"SELECT rank, next_due, rid FROM case_row WHERE {condition} ORDER BY rank, next_due, rid LIMIT 1 OFFSET ?"
    place.deep = desk.reader.execute(row, (*params, reads.count(desk.reader, place.listed) // 2)).fetchone()
    desk.sweep()  # what is to be written once a night
    desk.close()
    return place


def _make(path: Path, town: Town, series: str, cases: int) -> None:
    source, building = path.with_suffix(".csv"), path.with_suffix(".new")
    building.unlink(missing_ok=True)
    setup.create(building, town.code)
    _rows(source, town, cases, cases if series == "backlog" else min(OPEN, cases // 2))
    desk = _desk(building, town, lambda: BEGUN)
    import_cases(desk, source)
    assert desk.reader.execute("SELECT count(*) FROM case_row").fetchone()[0] == cases
    desk.close()
    source.unlink()
    building.rename(path)


def _rows(path: Path, town: Town, cases: int, still_open: int) -> None:
    """Closed cases of two years, then open ones of the last minute, so that no clock of theirs runs out while we measure."""
    places, kinds = [c.name for c in town.committees.values()], [c.name for c in town.categories.values()]
    units = [unit.name for unit in town.units.values() if unit.kind == "station"]
    now = datetime.fromtimestamp(BEGUN / 1e6, UTC).astimezone(town.tz)
    with path.open("w", encoding="utf-8", newline="") as out:
        out.write(HEADER + "\n")
        writer = csv.writer(out)
        for i in range(cases):
            ended = i < cases - still_open
            at = now - (timedelta(minutes=60 + i * 1_000_000 // cases) if ended else timedelta(seconds=i % 60))
            said = [f"GR{i:08}", at.isoformat(), places[i % len(places)], kinds[i % len(kinds)]]
            said += [f"示例路{i % 900}号，第{i}次巡查发现，请尽快处置", "网格巡查", "4"]
            done = (at + timedelta(minutes=30)).isoformat()
            over = ["已结案", units[i % len(units)], "已整改", done, done]
            writer.writerow([*said, *(over if ended else [""] * len(over))])


def _desk(path: Path, town: Town, clock: Callable[[], int]) -> Desk:
    return Desk(path, town, actor_of(town, "0001", trial=True), clock)


# what is measured -----------------------------------------------------------------------------------------------------


def _measure(place: Place, town: Town) -> None:
    now = BEGUN
    desk = _desk(place.path, town, lambda: now)
    desk.facts()
    for what, after in (("page", None), ("deep", place.deep)):
        place.taken[what].append(_page(desk, place.listed, after))
    handles = [desk.run_line("xj dhj xf 2 110").case.handle for _ in range(DISPATCHES)]
    spent = [_seconds(lambda handle=handle: desk.run_line(f"pd {handle} y1")) for handle in handles]
    place.taken["dispatch"].append(statistics.median(spent))
    for handle in handles[DUE:]:
        assert desk.run_line(f"qs {handle}").ok
    sweeps = []
    for _ in range(SWEEPS):
        now, known = BEGUN + SWEPT, _raised(desk)
        sweeps.append(_seconds(desk.sweep))
        assert _raised(desk) - known == DUE, (known, _raised(desk))
        now = BEGUN
        for _ in range(DUE):
            assert desk.run_line("xj dhj xf 2 110 y1").ok
    place.taken["sweep"].append(statistics.median(sweeps))
    now = BEGUN + SWEPT
    desk.sweep()
    first = reads.page(desk.reader, Filter(), 1)[0].handle
    desk.close()
    place.taken["start"].append(_start(place.path, first))


def _page(desk: Desk, where: Filter, after: Cursor | None) -> float:
    begun = time.perf_counter()
    for _ in range(PAGES):
        assert len(reads.page(desk.reader, where, PAGE, after)) == PAGE
    return (time.perf_counter() - begun) / PAGES


def _raised(desk: Desk) -> int:
    return int(desk.reader.execute("SELECT count(*) FROM event WHERE kind = 'escalated'").fetchone()[0])


def _start(path: Path, first: str) -> float:
    terminal = Terminal(zjj("--db", str(path)), {"ZJJ_TEST": "1", "ZJJ_NOW": NIGHT})
    try:
        return terminal.until(first)
    finally:
        terminal.close()


def _seconds(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun
