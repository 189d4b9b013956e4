"""The hub at work in one process: pushes that wait are appended together, pulls that wait are woken, threads do the rest.

Nothing here decides anything. Several such processes may serve one database; each looks at the head once a second while
somebody waits, so that what another process appended is noticed.
"""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, update

from zjj_console.hub import reading
from zjj_console.hub.chain import unpack
from zjj_console.hub.doors import STATES, admit, listed, use, visitor_of, visitors
from zjj_console.hub.figures import Diary, Figures
from zjj_console.hub.limits import DEVICE_RATE, ENROL_RATE, Buckets
from zjj_console.hub.order import Answer, Offer, append
from zjj_console.hub.problems import Refused
from zjj_console.hub.reports import Landed, Reported
from zjj_console.hub.store import Store
from zjj_console.hub.tables import DEVICE
from zjj_console.hub.weigh import Memory
from zjj_console.sync import wire

T = TypeVar("T")
GROUP_EVENTS = 5000  # of one transaction
WAITING = 1000  # pushes; more are told to come again
LOOK_SECONDS = 1.0  # how often the head is looked at for what other processes appended
_SEEN_SECONDS = 60
_THREADS = 16
_encode = msgspec.json.Encoder().encode


class Page(Struct, frozen=True):
    """An answer to a pull as it is sent, and how many events are in it."""

    events: int
    body: bytes


Place = tuple[int, str, int]  # cursor, the chain there, limit


class Hub:
    """One process of a hub. `clock` is µs UTC, `ticks` seconds that only go forward."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], int] = lambda: time.time_ns() // 1000,
        ticks: Callable[[], float] = time.monotonic,
        diary: Diary | None = None,
    ) -> None:
        self.store, self.clock, self.ticks = store, clock, ticks
        self.figures, self.diary = Figures(), diary or Diary()
        self.device_rate, self.enrol_rate = Buckets(DEVICE_RATE, ticks), Buckets(ENROL_RATE, ticks)
        self.memory = Memory()
        self.bell = Bell()
        self._known: dict[bytes, str] = {}  # credentials met before and their device: they need no look-up of their own
        self._seen: dict[str, float] = {}
        self._queue: asyncio.Queue[tuple[Offer | Reported, asyncio.Future[Answer]]] = asyncio.Queue(WAITING)
        self._threads = ThreadPoolExecutor(_THREADS, "hub")
        self._writer = ThreadPoolExecutor(1, "order")
        self._tasks: list[asyncio.Task[None]] = []
        self._noting: set[asyncio.Task[None]] = set()
        self._looks: dict[Place, list[tuple[bytes, asyncio.Future[Page | Refused]]]] = {}
        self._free = asyncio.Semaphore(_THREADS)

    async def start(self) -> None:
        self._tasks = [asyncio.create_task(self._append_on()), asyncio.create_task(self._look_on())]

    async def stop(self) -> None:
        """What is being appended is finished; what waits is told to come again."""
        self.bell.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._noting, return_exceptions=True)
        while not self._queue.empty():
            _settle(self._queue.get_nowait()[1], Refused("busy", 2))
        self._writer.shutdown()
        self._threads.shutdown()

    async def read(self, work: Callable[[Connection], T]) -> T:
        def done() -> T:
            with self.store.reading() as db:
                return work(db)

        return await asyncio.get_running_loop().run_in_executor(self._threads, done)

    async def write(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.store.writing, work)

    # pushes ---------------------------------------------------------------------------------------------------------

    async def push(self, token: bytes, log: str, items: list[wire.Pushed]) -> wire.PushAnswer:
        """Wait for the transaction that holds these events. Raises Refused."""
        answer = await self._taken(Offer(token, log, unpack(items)))
        assert isinstance(answer, wire.PushAnswer)
        return answer

    async def report(self, reported: Reported) -> Landed:
        """Wait until the report is safe in the order. Raises Refused; whoever gives up waiting leaves it on its way."""
        landed = await self._taken(reported)
        assert isinstance(landed, Landed)
        self.figures.add("zjj_hub_reports_total", source=reported.source)
        return landed

    async def _taken(self, offer: Offer | Reported) -> wire.PushAnswer | Landed:
        waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        try:
            self._queue.put_nowait((offer, waiting))
        except asyncio.QueueFull as error:
            raise Refused("busy", 2) from error
        answer = await waiting
        if isinstance(answer, Refused):
            raise answer
        return answer

    async def _append_on(self) -> None:
        """Everything that waits goes into one transaction: the lock of the head row is taken once for all of it."""
        loop = asyncio.get_running_loop()
        while True:
            group = [await self._queue.get()]
            size = _size(group[0][0])
            while not self._queue.empty() and size < GROUP_EVENTS:
                group.append(self._queue.get_nowait())
                size += _size(group[-1][0])
            self.figures.put("zjj_hub_waiting", self._queue.qsize())
            work = loop.run_in_executor(self._writer, self._append, [offer for offer, _ in group])
            try:
                answers = await asyncio.shield(work)
            except asyncio.CancelledError:  # the process ends: what was begun is still answered
                for (_, waiting), answer in zip(group, await work, strict=True):
                    _settle(waiting, answer)
                raise
            for (_, waiting), answer in zip(group, answers, strict=True):
                _settle(waiting, answer)
            self._tell(answers)

    def _append(self, offers: list[Offer | Reported]) -> list[Answer]:
        """One answer for each offer, whatever happens. An offer that breaks something breaks it alone."""
        try:
            return append(self.store, self.memory, offers, self.clock)
        except Refused as refused:
            return [refused] * len(offers)
        except Exception as error:
            self.diary.write("append_failed", error=type(error).__name__, offers=len(offers))
            self.memory = Memory()
            if len(offers) == 1:
                return [Refused("unavailable", 30)]
            return [answer for offer in offers for answer in self._append([offer])]

    def _tell(self, answers: list[Answer]) -> None:
        taken = [answer for answer in answers if not isinstance(answer, Refused)]
        self.figures.add("zjj_hub_groups_total")
        if taken:
            self.bell.ring(taken[-1].head)

    # pulls ----------------------------------------------------------------------------------------------------------
    async def pull(self, token: bytes, after: int, digest: str, limit: int, wait: float) -> Page:
        """Events after the cursor, or none when the wait is over. The right to pull is looked at each time."""
        until = self.ticks() + wait
        while True:
            heard = self.bell.head  # what rings from here on may not be in the answer
            page = await self._looked(token, (after, digest, limit))
            left = until - self.ticks()
            if page.events or left <= 0 or self.bell.closed:
                return page
            await self.bell.past(max(after, heard), left)

    async def _looked(self, token: bytes, place: Place) -> Page:
        """Who is woken at the same place by the same news is answered together: one look, one answer for all of them."""
        waiting: asyncio.Future[Page | Refused] = asyncio.get_running_loop().create_future()
        if place in self._looks:
            self._looks[place].append((token, waiting))
        else:
            self._looks[place] = [(token, waiting)]
            task = asyncio.create_task(self._look(place))
            self._noting.add(task)
            task.add_done_callback(self._noting.discard)
        page = await waiting
        if isinstance(page, Refused):
            raise page
        return page

    async def _look(self, place: Place) -> None:
        async with self._free:
            askers = self._looks.pop(place)
            tokens = [token for token, _ in askers]
            try:
                pages = await self.read(lambda db: pages_for(db, tokens, place, self.clock()))
            except Exception as error:  # a refusal, or a fault of ours: it is told to everybody who waits for this look
                for _, waiting in askers:
                    if not waiting.done():
                        waiting.set_exception(error)
                return
        for token, waiting in askers:
            _settle(waiting, pages[token])

    async def _look_on(self) -> None:
        """News of other processes: the head is looked at while somebody waits."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.figures.put("zjj_hub_polls", self.bell.waiting)
            if self.bell.waiting:
                try:
                    self.bell.ring((await self.read(reading.head_of))[2])
                except Refused as refused:
                    self.diary.write("look_failed", code=refused.code)

    # who is here ----------------------------------------------------------------------------------------------------
    async def device_of(self, token: bytes) -> str:
        """The device of a credential, for its limit. Whether it may do what it asks is decided where it does it.

        A fresh credential ends the old one here, once; a hub that cannot write now takes both until it can.
        """
        if token in self._known:
            return self._known[token]
        visitor = await self.read(lambda db: visitor_of(db, token))
        if visitor is None:
            raise Refused("unauthorized")
        try:
            if visitor.fresh:
                await self.write(lambda db: use(db, token))
            self._known[token] = visitor.device
        except Refused as refused:
            self.diary.write("renewal_waits", device=visitor.device, code=refused.code)
        return visitor.device

    def seen(self, device: str) -> None:
        """Note that a device was here, at most once a minute, and let nobody wait for it."""
        if self.ticks() - self._seen.get(device, -_SEEN_SECONDS) < _SEEN_SECONDS:
            return
        self._seen[device] = self.ticks()
        noting = asyncio.create_task(self._note(device))
        self._noting.add(noting)
        noting.add_done_callback(self._noting.discard)

    async def _note(self, device: str) -> None:
        now = self.clock()
        try:
            await self.write(lambda db: db.execute(update(DEVICE).where(DEVICE.c.id == device).values(last_seen=now)))
        except Refused as refused:
            self.diary.write("seen_failed", device=device, code=refused.code)

    async def measure(self) -> str:
        """The figures as text, those of the database looked up now."""

        now = self.clock()
        head, devices = await self.read(lambda db: (reading.head_of(db)[2], listed(db)))
        self.figures.put("zjj_hub_head", head)
        counts = Counter((device.role, device.state(now)) for device in devices)
        for role, state in itertools.product({role for role, _ in counts}, STATES):
            self.figures.put("zjj_hub_devices", counts[role, state], role=role, state=state)
        return self.figures.text()


class Bell:
    """Wakes who waits for the order to go past a number."""

    def __init__(self) -> None:
        self.head, self.waiting, self.closed = 0, 0, False
        self._news = asyncio.Event()

    def ring(self, head: int) -> None:
        if head > self.head:
            self.head = head
            self._wake()

    def close(self) -> None:
        self.closed = True
        self._wake()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def past(self, after: int, seconds: float) -> None:
        """Until the head is past `after`, the bell is closed, or the time is over."""
        self.waiting += 1
        try:
            async with asyncio.timeout(seconds):
                while self.head <= after and not self.closed:
                    await self._news.wait()
        except TimeoutError:
            pass
        finally:
            self.waiting -= 1


def pages_for(db: Connection, tokens: list[bytes], place: Place, now: int) -> dict[bytes, Page | Refused]:
    """What each credential gets at one place of the order: the same bytes for all who may have them."""
    found = visitors(db, tokens)
    made: dict[bool, Page] = {}
    pages: dict[bytes, Page | Refused] = {}
    for token in tokens:
        try:
            renew = admit(found.get(token), "pull", now).renews(now)
            if renew not in made:
                answer = reading.pull(db, *place, now)
                answer.renew = renew
                made[renew] = Page(len(answer.events), _encode(answer))
            pages[token] = made[renew]
        except Refused as refused:
            pages[token] = refused
    return pages


def _size(offer: Offer | Reported) -> int:
    return len(offer.items) if isinstance(offer, Offer) else 1


def _settle(waiting: "asyncio.Future[T]", answer: T) -> None:
    if not waiting.done():  # whoever waited may have hung up
        waiting.set_result(answer)
