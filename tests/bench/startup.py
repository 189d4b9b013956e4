"""Start to the first painted queue with 100,000 cases against a minimal Textual app; `--help` against a Typer one."""

import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.common import NIGHT, Figure, Terminal, alternating, minimal_app, scratch, timed, write_cases, zjj

ROWS = 100_000
ENV = {"ZJJ_TEST": "1", "ZJJ_NOW": NIGHT}
ONE_COMMAND = """
import typer
app = typer.Typer(add_completion=False)
@app.command()
def main(name: str = "x") -> None:
    print(name)
app()
"""


def big_database(folder: Path) -> Path:
    source, db = folder / "cases.csv", folder / "big.db"
    write_cases(source, ROWS)
    timed(zjj("--db", str(db), "--quiet", "import", "cases", str(source)), ENV)
    return db


def run() -> Iterator[Figure]:
    with scratch() as folder:
        db = big_database(folder)
        first = _first_handle(db)

        def ours() -> float:
            return _seen(zjj("--db", str(db)), first)

        mine, theirs = alternating(ours, lambda: _seen(minimal_app(), "READY-MARK"), 7)
        yield Figure("start to first painted queue", mine * 1e3, theirs * 1e3, "ms", 1.6, f"{ROWS:,} cases")
    mine, theirs = alternating(
        lambda: timed(zjj("--help")), lambda: timed([sys.executable, "-c", ONE_COMMAND, "--help"]), 9
    )
    yield Figure("zjj --help", mine * 1e3, theirs * 1e3, "ms", 1.5)


def _first_handle(db: Path) -> str:
    """The case that stands first in the queue: once its number is on the screen, the queue is painted."""
    from zjj_console.storage import reads
    from zjj_console.storage.db import connect

    return reads.page(connect(db, readonly=True), reads.Filter(), 1)[0].handle


def _seen(command: list[str], text: str) -> float:
    terminal = Terminal(command, ENV)
    try:
        return terminal.until(text)
    finally:
        terminal.close()
