"""What time alone decides: a sweep with 10 rungs due among 100,000 running clocks against one among 1,000; and the bell of
a first priority case, whose deadline passes while 500 new cases come in, against the two seconds that it may be late.
"""

import csv
import os
import select
import shutil
import statistics
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.bench.common import Figure, Terminal, scratch, zjj
from zjj_console.commands.context import instant_of
from zjj_console.desk import climbing
from zjj_console.desk.desk import Desk
from zjj_console.desk.session import actor_of
from zjj_console.domain.model import MINUTE
from zjj_console.intake.engine import import_cases
from zjj_console.storage import setup
from zjj_console.town.load import builtin, load_town
from zjj_console.town.models import Town

FEW, MANY, DUE = 1_000, 100_000, 10
NIGHT = instant_of("2021-03-01T23:24:00+08:00")
ROUNDS = 9
NEW, PATIENCE = 500, 2.0  # cases of a night; seconds


def run() -> Iterator[Figure]:
    with scratch() as folder:
        town = load_town(builtin())
        files = {n: _running(folder, town, n) for n in (FEW, MANY)}
        taken: dict[int, list[float]] = {FEW: [], MANY: []}
        for n in range(ROUNDS):
            for size, path in files.items():  # in turns, so that both meet the same machine
                taken[size].append(_sweep(path, folder / f"round{n}-{size}.db", town))
        few, many = (statistics.median(taken[size]) * 1e3 for size in (FEW, MANY))
        yield Figure(f"sweep of {DUE} due, {MANY} running", many, few, "ms", 1.5, f"peer: {FEW} running")
        idle = [_idle(path, town) for path in files.values()]
        yield Figure(f"nothing due, {MANY} running", idle[1] * 1e6, idle[0] * 1e6, "us", 1.5, f"peer: {FEW} running")
    with scratch() as folder:
        yield Figure(f"P1 bell behind its instant, {NEW} new", _bell(folder), PATIENCE, "s", 1, "peer: 2 s")


def _rows(path: Path, town: Town, rows: int, at: datetime, level: int) -> None:
    places = [c.name for c in town.committees.values()]
    kinds = [c.name for c in town.categories.values()]
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["编号", "上报时间", "村居", "类别", "描述", "来源", "级别"])
        for i in range(rows):
            when = (at - timedelta(seconds=i % 60)).isoformat()
            writer.writerow(
                [
                    f"{path.stem}{i:07}",
                    when,
                    places[i % len(places)],
                    kinds[i % len(kinds)],
                    f"示例{i}",
                    "网格巡查",
                    level,
                ]
            )


def _running(folder: Path, town: Town, rows: int) -> Path:
    """A database with so many open cases none of whose clocks is near, and ten orders that nobody acknowledges."""
    path, source = folder / f"{rows}.db", folder / f"n{rows}.csv"
    setup.create(path, town.code)
    desk = Desk(path, town, actor_of(town, "0001", trial=True), lambda: NIGHT)
    _rows(source, town, rows, datetime.fromtimestamp(NIGHT / 1e6, town.tz), 4)
    import_cases(desk, source)
    for _ in range(DUE):
        made = desk.run_line("xj dhj xf 2 110 y1")
        assert made.ok, made.text
    desk.close()
    return path


def _sweep(path: Path, copy: Path, town: Town) -> float:
    """Seconds of one sweep in which ten people are called."""
    shutil.copy(path, copy)
    now = NIGHT + 21 * MINUTE
    desk = Desk(copy, town, actor_of(town, "0001", trial=True), lambda: now)
    desk.facts()
    begun = time.perf_counter()
    desk.sweep()
    spent = time.perf_counter() - begun
    raised = desk.reader.execute("SELECT count(*) FROM event WHERE kind = 'escalated'").fetchone()[0]
    assert raised == DUE, raised
    desk.close()
    copy.unlink()
    return spent


def _idle(path: Path, town: Town) -> float:
    """Seconds of the question, asked each second, whether anybody is to be called."""
    desk = Desk(path, town, actor_of(town, "0001", trial=True), lambda: NIGHT)
    begun = time.perf_counter()
    for _ in range(1000):
        assert not climbing.due(desk.reader, NIGHT, 1)
    spent = (time.perf_counter() - begun) / 1000
    desk.close()
    return spent


def _bell(folder: Path) -> float:
    """Seconds from a first-priority deadline to the bell, in a real console while 500 cases come in from another process."""
    db, town = folder / "bell.db", load_town(builtin())
    setup.create(db, town.code)
    terminal = Terminal(zjj("--db", str(db)), {"ZJJ_NOTICE": "bell"})
    desk = Desk(db, town, actor_of(town, "0002", trial=True), lambda: time.time_ns() // 1000)
    try:
        terminal.until("F1")
        due = datetime.now(UTC) + timedelta(seconds=20)
        urgent = folder / "urgent.csv"
        _rows(urgent, town, 1, due - timedelta(minutes=5), 1)
        import_cases(desk, urgent)
        flood = threading.Thread(target=_flood, args=(desk, due.timestamp() - 6))
        flood.start()
        rung = _first_bell(terminal, due.timestamp(), due.timestamp() + 30)
        flood.join()
        assert desk.reader.execute("SELECT count(*) FROM case_row").fetchone()[0] == NEW + 1
        return rung - due.timestamp()
    finally:
        desk.close()
        terminal.close()


def _flood(desk: Desk, start: float) -> None:
    """Cases as fast as the disk takes them, around the deadline."""
    time.sleep(max(0.0, start - time.time()))
    for _ in range(NEW):
        desk.run_line("xj dhj zd 3 xc")


def _first_bell(terminal: Terminal, start: float, end: float) -> float:
    """The first bell at or after an instant; the console draws and rings before it as well."""
    while time.time() < end:
        if select.select([terminal.fd], [], [], 0.05)[0]:
            got = os.read(terminal.fd, 1 << 16)
            if b"\x07" in got and time.time() >= start:
                return time.time()
    raise RuntimeError("no bell")
