"""What the commands share that go on until they are told to end: a round of work every few seconds, and an orderly end."""

import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any


def until_stopped(interval: float, work: Callable[[], None]) -> int:
    """`work` at once and then every `interval` seconds until a signal. The exit code: TERM is the ordinary end, INT 130.

    A signal waits for the round that is under way and shortens only the pause. What `work` raises ends the rounds.
    """
    stop = threading.Event()
    by: list[int] = []

    def asked(number: int, _: Any) -> None:
        by.append(number)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, asked)
    while not stop.is_set():
        work()
        stop.wait(interval)
    return 130 if signal.SIGINT in by else 0


def identity(path: Path) -> tuple[int, int] | None:
    """Which file stands under a name, None if none does: a restored database is another file under the same name."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
