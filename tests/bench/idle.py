"""A console that nobody touches: share of a processor and bytes to the terminal, with 500 open cases whose clocks run.

The peers are what is asked for: one per cent of a core, one kilobyte a second (a line of ssh over a weak network).
"""

import csv
import os
import select
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.bench.common import Figure, Terminal, scratch, zjj
from zjj_console.desk.desk import Desk
from zjj_console.desk.session import actor_of
from zjj_console.intake.engine import import_cases
from zjj_console.storage import setup
from zjj_console.town.load import builtin, load_town
from zjj_console.town.models import Town

OPEN = 500
SECONDS = int(os.environ.get("ZJJ_IDLE_SECONDS", "60"))
WARM = 8  # seconds until the console has drawn, swept and told what it found
SCREENS = {"queue": "\x1bOQ", "map": "\x1bOR", "roster": "\x1bOS", "escalation": "\x1b[15~", "handover": "\x1b[17~",
           "consultation": "\x1b[18~", "log": "\x1b[21~"}  # fmt: skip
PERCENT, KILOBYTE = 1.0, 1.0


def run() -> Iterator[Figure]:
    with scratch() as folder:
        db = folder / "idle.db"
        _lay(db)
        for name in os.environ.get("ZJJ_IDLE_SCREENS", "queue").split():
            cpu, rate = _idle(db, SCREENS[name])
            yield Figure(f"idle {name}, {OPEN} open: core", cpu, PERCENT, "%", 1, "peer: 1 %")
            yield Figure(f"idle {name}, {OPEN} open: terminal", rate, KILOBYTE, "KB/s", 1, "peer: 1 KB/s")


def _lay(db: Path) -> None:
    """Cases of the last three hours, of every priority but the first, nine in ten of them not yet late."""
    town = load_town(builtin())
    setup.create(db, town.code)
    desk = Desk(db, town, actor_of(town, "0001", trial=True), lambda: time.time_ns() // 1000)
    try:
        source = db.with_suffix(".csv")
        _rows(source, town)
        import_cases(desk, source)
        desk.sweep()
    finally:
        desk.close()


def _rows(path: Path, town: Town) -> None:
    places = [c.name for c in town.committees.values()]
    kinds = [c.name for c in town.categories.values()]
    now = datetime.now(UTC)
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["编号", "上报时间", "村居", "类别", "描述", "来源", "级别"])
        for i in range(OPEN):
            level = 2 + i % 3
            ago = timedelta(seconds=i % 50 * (4 if level == 2 else 60))
            row = [f"I{i:05}", (now - ago).isoformat(), places[i % len(places)], kinds[i % len(kinds)], f"示例{i}"]
            writer.writerow([*row, "网格巡查", level])


def _idle(db: Path, key: str) -> tuple[float, float]:
    """Per cent of one core, and kilobytes a second."""
    terminal = Terminal(zjj("--db", str(db)))
    try:
        terminal.until("F1")
        os.write(terminal.fd, key.encode())
        _read(terminal, WARM)
        before, begun = terminal.cpu(), time.perf_counter()
        got = _read(terminal, SECONDS)
        spent, span = terminal.cpu() - before, time.perf_counter() - begun
    finally:
        terminal.close()
    if os.environ.get("ZJJ_IDLE_KEEP"):
        Path(os.environ["ZJJ_IDLE_KEEP"]).write_bytes(got)
    return spent / span * 100, len(got) / span / 1000


def _read(terminal: Terminal, seconds: float) -> bytes:
    """All that comes out of the terminal for so long."""
    got, end = b"", time.perf_counter() + seconds
    while (left := end - time.perf_counter()) > 0:
        if select.select([terminal.fd], [], [], left)[0]:
            got += os.read(terminal.fd, 1 << 16)
    return got


if __name__ == "__main__":
    for figure in run():
        sys.stdout.write(figure.line() + "\n")
