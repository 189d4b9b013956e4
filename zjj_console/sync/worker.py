"""Push and pull, each at its own pace, for as long as the console runs; or once for a script (§6.7).

Runs on an event loop of its own with a database connection of its own: whatever the network does, no action waits for it.
"""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from zjj_console.desk import liaison
from zjj_console.desk.liaison import SKEW, Liaison
from zjj_console.domain.duty import DutyTime
from zjj_console.storage.confirmed import Disorder
from zjj_console.storage.db import SqliteError, StorageError, connect, translated
from zjj_console.sync import link as links
from zjj_console.sync import wire
from zjj_console.sync.client import Client, Trouble
from zjj_console.sync.exchange import Counted, Exchange, offered
from zjj_console.sync.patience import Patience

T = TypeVar("T")
LOOK = 1.0  # seconds between looks for something to push
TOLD = 1.0  # seconds between two notes of the same state
BREATH = 0.05  # seconds at most that writers get between two pieces of a long pull
ROUNDS = 4  # of a single exchange: each may find that the hub's history is another one


class Worker:
    """`clock` is µs UTC. Call `run` or `once` on one event loop; `close` ends the connection."""

    def __init__(
        self,
        path: Path,
        duty: DutyTime,
        client: Client,
        clock: Callable[[], int],
        patience: Patience | None = None,
    ) -> None:
        self.path, self.client, self.clock = path, client, clock
        self.db = connect(path)
        self.exchange = Exchange(self.db, duty)
        self.patience = patience or Patience()
        self.standing = liaison.recall(path).well()
        self._troubles: dict[str, Trouble] = {}  # by direction
        self._told = 0.0
        self._met = False  # until the hub has answered once, nobody knows how this console stands
        self._well = asyncio.Event()  # a pull has come through

    async def close(self) -> None:
        await self.client.close()
        self.db.close()

    # on and on ------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._pushing())
            both.create_task(self._pulling())

    async def _pushing(self) -> None:
        while True:
            if self.patience.open:
                await self._linked()
            try:
                if not await self._push():
                    await asyncio.sleep(LOOK)
            except Trouble as trouble:
                self.exchange.anew()
                wait = self._failed("push", trouble)
                if trouble.kind == "diverged":
                    await self._linked()
                else:
                    await asyncio.sleep(wait)

    async def _pulling(self) -> None:
        while True:
            try:
                await self._pull(wait=wire.MAX_WAIT)
            except Trouble as trouble:
                await asyncio.sleep(self._failed("pull", trouble))

    async def _linked(self) -> None:
        self._well.clear()
        await self._well.wait()

    # once -----------------------------------------------------------------------------------------------------------

    async def once(self) -> Counted:
        """Push all that waits, pull all there is. Raises Trouble; what was exchanged until then stays exchanged."""
        held: Trouble | None = None
        try:
            for _ in range(ROUNDS):
                held = await self._push_all()
                while not await self._pull(wait=0):
                    pass
                if held is None or held.kind != "diverged":
                    break
            if held is not None:
                raise held
            return self.exchange.counted
        except Trouble as trouble:
            self._failed("push" if trouble is held else "pull", trouble)
            raise
        finally:
            liaison.keep(self.path, self.standing)

    async def _push_all(self) -> Trouble | None:
        """Push until nothing waits; the trouble that lets a console still pull is given back. Raises any other."""
        try:
            while await self._push():
                pass
        except Trouble as trouble:
            if trouble.kind not in ("diverged", "old", "person"):
                raise
            return trouble
        return None

    # one step of each -----------------------------------------------------------------------------------------------

    async def _push(self) -> bool:
        """Push what waits, as much as one request holds; whether there was anything. Raises Trouble."""
        sent = self._stored(self.exchange.offer)
        if not sent:
            return False
        try:
            answer = await self.client.push(offered(sent))
        except Trouble as trouble:
            if trouble.code == "too_large" and self.exchange.smaller():
                return True
            raise
        self.exchange.answered(sent, answer)
        if not answer.acks:
            raise Trouble("diverged", "gap", f"中心缺本机第 {answer.expect} 条: 先取共同日志，再重发",
                          f"the hub misses number {answer.expect} of this console: pull first, then push again")  # fmt: skip
        self._troubles.pop("push", None)
        self._heard(answer.head, answer.now)
        return True

    async def _pull(self, wait: int) -> bool:
        """Pull one answer and take it in; whether nothing more is missing. Raises Trouble."""
        cursor, chain = self._stored(self.exchange.position)
        if not self._met:
            await self._greet()
        stuck = self._troubles.get("push")
        lost = stuck is not None and stuck.kind == "diverged"
        at_once = not self._met or lost or "pull" in self._troubles or cursor < self.standing.head
        sent = self.exchange.sent
        try:
            answer = await self.client.pull(cursor, chain, wait=0 if at_once else wait)
        except Trouble as trouble:
            if trouble.kind != "diverged":
                raise
            await self._go_back(cursor)
            return False
        self._met = True
        await self._take(answer.events)
        self._troubles.pop("pull", None)
        if "push" in self._troubles and self._troubles["push"].kind in ("network", "busy", "diverged"):
            del self._troubles["push"]
        self.patience.well()
        self._well.set()
        if answer.renew:
            await self._renew()
        cursor, _ = self._stored(self.exchange.position)
        level = cursor >= answer.head
        if level:
            self._stored(lambda: self.exchange.missed(sent))
        self._heard(answer.head, answer.now, level=level)
        return level

    async def _take(self, events: list[wire.Pulled]) -> None:
        """Piece by piece, and room for others between: SQLite's lock is not fair."""
        before = self._stored(self.exchange.position)
        pieces = self.exchange.take(events)
        try:
            while (took := self._stored(lambda: next(pieces, None))) is not None:
                await asyncio.sleep(min(took, BREATH))
        except Disorder as wrong:
            if wrong.code == "gap" and self._stored(self.exchange.position) != before:
                return  # another process has taken them meanwhile
            raise Trouble("person", f"disorder_{wrong.code}", f"中心给的次序对不上，未取: {wrong}",
                          f"the hub's order does not hold, nothing was taken: {wrong}") from wrong  # fmt: skip

    async def _renew(self) -> None:
        """A fresh credential before the old one ends: on disk before it is used, for its first use ends the old one."""
        try:
            if os.environ.get(links.TOKEN):
                return  # whoever keeps it there renews it
            link = links.load(self.path)
            if not link.fresh:
                renewed = await self.client.renew()
                link = replace(link, fresh=renewed.token)
                links.save(self.path, link)
            self.client.use(link.fresh)
            await self.client.hello()
            links.save(self.path, replace(link, token=link.fresh, fresh=""))
        except (links.LinkError, OSError):
            return  # the old one is good for weeks; it is tried again

    async def _greet(self) -> None:
        """With which credential to come: a crash may have fallen between a fresh one and its first use. Raises Trouble."""
        try:
            link = links.load(self.path)
        except links.LinkError:
            return
        self.client.use(link.token)  # it may have joined anew meanwhile
        if not link.fresh:
            return
        try:
            await self._renew()
        except Trouble as trouble:
            if trouble.code != "unauthorized":
                raise
            self.client.use(link.token)  # another process has asked meanwhile; that one is forgotten
            links.save(self.path, replace(link, fresh=""))

    async def _go_back(self, cursor: int) -> None:
        """The hub was restored from a backup: find the last place where both agree, and take back what lies behind it."""
        hello = await self.client.hello()
        low, high = 0, min(cursor, hello.head)
        while low < high:
            middle = (low + high + 1) // 2
            try:
                await self.client.pull(middle, self.exchange.chain_at(middle), limit=1)
                low = middle
            except Trouble as trouble:
                if trouble.kind != "diverged":
                    raise
                high = middle - 1
        self._stored(lambda: self.exchange.rewind(low))

    def _stored(self, do: Callable[[], T]) -> T:
        """Something of the database; what it cannot do now is a trouble like the network's."""
        try:
            return do()
        except SqliteError as error:
            raise _storage(translated(error, self.path)) from error
        except StorageError as error:
            raise _storage(error) from error

    # what is told ---------------------------------------------------------------------------------------------------

    def _heard(self, head: int, hub_now: int, *, level: bool = False) -> None:
        now = self.clock()
        offset = hub_now - now
        standing = replace(
            self.standing, contact=now, level=now if level else self.standing.level, head=head, offset=offset
        )
        self._tell(standing)

    def _failed(self, side: str, trouble: Trouble) -> float:
        """Note it; the seconds to wait."""
        self._troubles[side] = trouble
        self._met = self._met and trouble.kind != "person"
        self._tell(self.standing)
        return self.patience.failed(trouble.kind, trouble.retry_after)

    def _tell(self, standing: Liaison) -> None:
        trouble = next(iter(self._troubles.values()), None)
        if trouble is not None:
            standing = standing.troubled(
                trouble.kind, trouble.code, trouble.zh, trouble.en, standing.cut or self.clock()
            )
        elif abs(standing.offset) > SKEW:
            minutes = round(standing.offset / 60_000_000)
            standing = standing.troubled("clock", "clock", f"本机与中心的时钟相差 {minutes} 分: 请校时",
                                         f"this clock and the hub's differ by {minutes} minutes: set it")  # fmt: skip
        else:
            standing = standing.well()
        before, self.standing = self.standing, standing
        at = time.monotonic()
        same = (before.cut, before.code, before.level > 0) == (standing.cut, standing.code, standing.level > 0)
        if same and at - self._told < TOLD:
            return
        self._told = at
        liaison.keep(self.path, standing)


def trouble_of(error: BaseException) -> Trouble:
    """Whatever ended the loops, as something that can be told; an error that nobody foresaw by its name alone."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, StorageError):
        return _storage(error)
    if isinstance(error, Trouble):
        return error
    name = type(error).__name__
    return Trouble(
        "person", "fault", f"同步程序出错({name})，数据在本机", f"the exchange failed ({name}); the data are kept here"
    )


def _storage(error: StorageError) -> Trouble:
    return Trouble("busy", "storage", error.zh, error.en)
