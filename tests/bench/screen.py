"""CPU per cursor key in the queue with 100,000 cases against a minimal Textual app that answers the key on one line."""

from collections.abc import Iterator

from tests.bench.common import Figure, Terminal, alternating, minimal_app, scratch, zjj
from tests.bench.startup import ENV, big_database

PRESSES = 120
PAUSE = 0.03


def run() -> Iterator[Figure]:
    with scratch() as folder:
        db = big_database(folder)
        mine, theirs = alternating(
            lambda: _per_key(zjj("--db", str(db)), "1001"), lambda: _per_key(minimal_app(), "READY-MARK"), 3
        )
        yield Figure("CPU per cursor key", mine * 1e3, theirs * 1e3, "ms", 2)


def _per_key(command: list[str], text: str) -> float:
    terminal = Terminal(command, ENV)
    try:
        terminal.until("1" if text == "1001" else text)
        terminal.quiet()
        terminal.press("\x1b[B", 10, PAUSE)
        return terminal.press("\x1b[B", PRESSES, PAUSE)
    finally:
        terminal.close()
