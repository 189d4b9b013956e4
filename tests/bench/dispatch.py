"""One durable dispatch (events, projections, timers, message) against one bare insert at synchronous=FULL."""

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

from pysqlite3 import dbapi2

from tests.bench.common import Figure, scratch
from zjj_console.commands.context import instant_of
from zjj_console.desk.desk import Desk
from zjj_console.desk.session import actor_of
from zjj_console.storage import setup
from zjj_console.town.load import builtin, load_town

COUNT = 400


def run() -> Iterator[Figure]:
    with scratch() as folder:
        town = load_town(builtin())
        setup.create(folder / "desk.db", town.code)
        now = instant_of("2021-03-01T23:24:00+08:00")
        desk = Desk(folder / "desk.db", town, actor_of(town, "0001", trial=True), lambda: now)
        handles = [desk.run_line("xj dhj xf 2 110").case.handle for _ in range(COUNT)]
        for handle in handles:
            desk.run_line(f"sl {handle}")
        bare = _bare(folder / "bare.db")
        ours, peer = [], []
        for handle in handles:  # in turns, so that both meet the same machine
            ours.append(_seconds(lambda handle=handle: desk.run_line(f"pd {handle} y1")))
            peer.append(_seconds(lambda: bare.execute("INSERT INTO t(a, b) VALUES (?, ?)", ("案件" * 20, 1))))
        yield Figure("one durable dispatch", statistics.median(ours) * 1e3, statistics.median(peer) * 1e3, "ms", 3)


def _bare(path: Path) -> dbapi2.Connection:
    db = dbapi2.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b INTEGER)")
    return db


def _seconds(act: object) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun
