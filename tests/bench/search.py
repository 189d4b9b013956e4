"""The first page of a text search over a million Chinese descriptions against one page of the queue."""

import os
import statistics
import time
from collections.abc import Callable, Iterator

from tests.bench.common import NIGHT, ROUNDS, Figure, scratch, timed, write_cases, zjj
from zjj_console.storage import reads
from zjj_console.storage.db import connect

ROWS = int(os.environ.get("ZJJ_BENCH_ROWS", "1000000"))
PAGE = 200  # rows that a list reads at once
ENV = {"ZJJ_TEST": "1", "ZJJ_NOW": NIGHT}
# In every text, in a fifth, in one of forty, in one of a hundred and forty, of some hundreds, of a handful, of one, of none.
TEXTS = (
    "附近",
    "示例路",
    "西湖新村",
    "暴露垃圾",
    "路899号",
    "路12号",
    "弄667号附近",
    "号附近违规装修",
    "12345次巡查",
    "BM0001",
    "BM00012345",
    "火情",
)


def run() -> Iterator[Figure]:
    with scratch() as folder:
        source, path = folder / "cases.csv", folder / "desk.db"
        write_cases(source, ROWS)
        timed(zjj("--db", str(path), "--quiet", "import", "cases", str(source)), ENV)
        made = timed(zjj("--db", str(path), "db", "index"), ENV)
        db = connect(path, readonly=True)
        queue = [_seconds(lambda: reads.page(db, reads.Filter(), PAGE)) for _ in range(ROUNDS * 3)]
        worst = 0.0
        for text in TEXTS:
            where = reads.Filter(text=text)
            found = len(reads.page(db, where, PAGE))
            taken = statistics.median(_seconds(lambda where=where: reads.page(db, where, PAGE)) for _ in range(ROUNDS))
            worst = max(worst, taken)
            print(f"   {text:<12} {found:>4} on the page {taken * 1e3:8.2f} ms")
        note = f"worst of {len(TEXTS)} texts, {ROWS:,} cases; index made in {made:.0f} s"
        yield Figure("first page of a text search", worst * 1e3, statistics.median(queue) * 1e3, "ms", 10, note)
        db.close()


def _seconds(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun
