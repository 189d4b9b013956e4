"""What a hub costs the desk: a dispatch beside a hub whose packets go nowhere, beside one that sends all the time, against none."""

import socket
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.common import Figure, scratch
from zjj_console.commands.context import instant_of
from zjj_console.desk.desk import Desk
from zjj_console.desk.session import actor_of
from zjj_console.storage import confirmed, setup
from zjj_console.storage.db import connect, writing
from zjj_console.sync import link as links
from zjj_console.sync.beside import exchange_of
from zjj_console.sync.link import Link
from zjj_console.town.load import builtin, load_town

BLOCK, BLOCKS = 60, 10


@contextmanager
def black_hole() -> Iterator[str]:
    """An address whose packets are dropped: a port whose queue of calls is full, so that the kernel answers no more."""
    hole = socket.socket()
    hole.bind(("127.0.0.1", 0))
    hole.listen(0)
    held = []
    for _ in range(4):
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(hole.getsockname())
        held.append(one)
    time.sleep(0.2)
    yield f"http://127.0.0.1:{hole.getsockname()[1]}"
    for one in (*held, hole):
        one.close()


def run() -> Iterator[Figure]:
    town = load_town(builtin())
    with scratch() as folder, black_hole() as url:
        desk = _desk(folder, town)
        link = Link(url, token="t" * 20, log="log", connect_seconds=5)
        ours, peer = [], []
        for _ in range(BLOCKS):
            links.save(desk.path, link)
            exchange = exchange_of(desk.path, desk.duty, desk.now)
            assert exchange is not None
            exchange.start()
            time.sleep(0.5)  # it has found out, and tries again and again
            ours += _dispatches(desk)
            exchange.stop()
            peer += _dispatches(desk)
        alive = [t for t in threading.enumerate() if t.name == "sync"]
        assert not alive
        yield Figure("dispatch, hub black-holed", statistics.median(ours) * 1e3, statistics.median(peer) * 1e3, "ms", 1.1,
                     f"p95 {_p95(ours) / _p95(peer):.2f}")  # fmt: skip
        desk.close()


def _desk(folder: Path, town: object) -> Desk:
    setup.create(folder / "desk.db", town.code)
    now = instant_of("2021-03-01T23:24:00+08:00")
    desk = Desk(folder / "desk.db", town, actor_of(town, "0001", trial=True), lambda: now)
    db = connect(desk.path)
    with writing(db):
        confirmed.join(db, desk.duty, "log", "A")
    db.close()
    return desk


def _dispatches(desk: Desk) -> list[float]:
    handles = []
    for _ in range(BLOCK):
        handles.append(desk.run_line("xj dhj xf 2 110").case.handle)
        desk.run_line(f"sl {handles[-1]}")
    found = []
    for handle in handles:
        begun = time.perf_counter()
        assert desk.run_line(f"pd {handle} y1").ok
        found.append(time.perf_counter() - begun)
    return found


def _p95(found: list[float]) -> float:
    return statistics.quantiles(found, n=20)[-1]
