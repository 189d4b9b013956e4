"""The exchange beside a console: a thread with its own event loop. Light to import; the network's libraries come with the thread."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from pathlib import Path

from zjj_console.desk import liaison
from zjj_console.domain.duty import DutyTime
from zjj_console.sync import link as links
from zjj_console.sync.link import Link, LinkError
from zjj_console.sync.patience import PERSON


class Beside:
    """Runs from `start` to `stop`; whatever breaks in it is told as how the exchange stands, and never to the console."""

    def __init__(self, path: Path, duty: DutyTime, link: Link, clock: Callable[[], int]) -> None:
        self.path, self.duty, self.link, self.clock = path, duty, link, clock
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._live, name="sync", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Cancel what is under way and wait until the database is closed; nothing can be half written."""
        with contextlib.suppress(RuntimeError):  # it has just ended by itself
            self._loop.call_soon_threadsafe(self._end)
        self._thread.join(5)

    def _end(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _live(self) -> None:
        self._task = self._loop.create_task(self._work())
        try:
            self._loop.run_until_complete(self._task)
        except asyncio.CancelledError:  # told to end
            pass
        finally:
            self._loop.close()

    async def _work(self) -> None:
        from zjj_console.sync.client import Client
        from zjj_console.sync.joining import settle
        from zjj_console.sync.worker import Worker, trouble_of

        while True:
            worker = None
            try:
                worker = Worker(self.path, self.duty, Client(self.link), self.clock)
                settle(worker.db, self.duty, self.link)
                await worker.run()
            except Exception as error:
                told = trouble_of(error)
                _note(self.path, told.kind, told.code, told.zh, told.en, self.clock())
                await asyncio.sleep(PERSON)
            finally:
                if worker is not None:
                    await worker.close()


def exchange_of(path: Path, duty: DutyTime, clock: Callable[[], int]) -> Beside | None:
    """The exchange of a console whose database has joined a hub; None for any other, and where the link cannot be used."""
    if not links.path_of(path).exists():
        return None
    try:
        return Beside(path, duty, links.load(path), clock)
    except LinkError as error:
        _note(path, "person", "link", error.zh, error.en, clock())
        return None


def _note(path: Path, kind: str, code: str, zh: str, en: str, now: int) -> None:
    liaison.keep(path, liaison.recall(path).troubled(kind, code, zh, en, now))
