"""Consoles with their real client against the real hub in one process; the network between them is what a test makes it."""

import random
import uuid

import httpx
from msgspec.structs import replace
from sqlalchemy import select

from tests.conftest import Hands, actor_of, fresh
from zjj_console.desk.desk import Desk
from zjj_console.domain.handles import set_home
from zjj_console.hub import doors
from zjj_console.hub import setup as hub_setup
from zjj_console.hub.figures import Diary
from zjj_console.hub.service import Hub
from zjj_console.hub.store import Store
from zjj_console.hub.tables import EVENT
from zjj_console.hub.web import create_app
from zjj_console.storage.db import connect, meta, set_meta
from zjj_console.sync import joining, wire
from zjj_console.sync import link as links
from zjj_console.sync.client import Client
from zjj_console.sync.link import Link
from zjj_console.sync.patience import Patience
from zjj_console.sync.worker import Worker


class Silent:
    def write(self, text):
        pass

    def flush(self):
        pass


class Network(httpx.AsyncBaseTransport):
    """Carries requests to the hub, or does to them what `fault` says: a name, or a function of a random number."""

    def __init__(self, app, seed=0):
        self.inner = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.random, self.fault, self.count = random.Random(seed), "", 0

    async def handle_async_request(self, request):
        self.count += 1
        fault = self.fault if isinstance(self.fault, str) else self.fault(self.random.random())
        if fault == "down":
            raise httpx.ConnectError("refused")
        if fault == "lost":
            raise httpx.ReadTimeout("no answer")
        if fault == "busy":
            return httpx.Response(503, text="<html>proxy</html>", headers={"retry-after": "0"})
        if fault == "page":
            return httpx.Response(200, text="<html>log in to this network</html>")
        answer = await self.inner.handle_async_request(request)
        if fault == "unanswered":
            raise httpx.ReadError("reset")
        if fault == "twice":
            again = httpx.Request(request.method, request.url, headers=request.headers, content=request.content)
            answer = await self.inner.handle_async_request(again)
        return answer


class Town:
    """A hub on a file, and consoles that have joined it. Use inside `async with`."""

    def __init__(self, folder, town, template):
        self.folder, self.town, self.template = folder, town, template
        self.hands = Hands(town)
        self.store = Store(f"sqlite:///{folder / 'hub.db'}")
        hub_setup.create(self.store, town.code, self.hands.now)
        self.consoles = {}
        self.raise_hub()

    def raise_hub(self):
        self.hub = Hub(self.store, self.tick, diary=Diary(Silent()))
        self.app = create_app(self.hub)
        for console in self.consoles.values():
            console.network.inner = httpx.ASGITransport(self.app, raise_app_exceptions=False)

    def tick(self):
        self.hands.later(seconds=0.001)
        return self.hands.now

    async def __aenter__(self):
        await self.hub.start()
        return self

    async def __aexit__(self, *_):
        for console in self.consoles.values():
            await console.close()
        set_home("A")
        await self.hub.stop()
        self.store.close()

    def code(self, role="console"):
        return self.store.writing(lambda db: doors.new_code(db, role, 1, self.hands.now))

    async def console(self, name, who="0001", seed=0):
        made = Console(self, name, who, seed)
        await made.join()
        self.consoles[name] = made
        return made


class Console:
    """One desk with its file, its link and its worker, that waits for nothing."""

    def __init__(self, town, name, who, seed):
        self.of, self.path = town, fresh(town.template, town.folder / f"{name}.db")
        db = connect(self.path)
        set_meta(db, device=str(uuid.uuid5(uuid.NAMESPACE_DNS, name)))
        db.close()
        self.desk = Desk(self.path, town.town, actor_of(town.town, who), town.tick)
        self.network = Network(town.app, seed)
        self.link = Link("https://hub.example")

    async def join(self, code=""):
        client = Client(self.link, self.network)
        db = connect(self.path)
        try:
            asked = wire.Enrol(code or self.of.code(), meta(db, "device"), "", "")
            enrolled = await client.enrol(asked)
            self.link = replace(self.link, token=enrolled.token, log=enrolled.log, console=enrolled.console)
            links.save(self.path, self.link)
            joining.settle(db, self.desk.duty, self.link)
        finally:
            db.close()
            await client.close()
        self.desk.close()
        self.desk = Desk(self.path, self.of.town, self.desk.actor, self.of.tick)
        self.worker = Worker(
            self.path, self.desk.duty, Client(self.link, self.network), self.of.tick, Patience(lambda: 0.0)
        )

    async def close(self):
        await self.worker.close()
        self.desk.close()

    async def restarted(self):
        """The process was killed and is there again."""
        await self.close()
        self.desk = Desk(self.path, self.of.town, self.desk.actor, self.of.tick)
        self.worker = Worker(
            self.path, self.desk.duty, Client(self.link, self.network), self.of.tick, Patience(lambda: 0.0)
        )

    def do(self, line):
        self.of.hands.later(seconds=1)
        return self.desk.run_line(line, confirmed=True)

    def own(self):
        return {row[0] for row in self.desk.reader.execute(
            "SELECT id FROM event WHERE device = (SELECT v FROM meta WHERE k = 'device')")}  # fmt: skip

    def state(self):
        """Every case row without what is local to the file."""
        names = [
            r[1] for r in self.desk.reader.execute("PRAGMA table_info(case_row)") if r[1] not in ("rid", "origin_lseq")
        ]
        return self.desk.reader.execute(f"SELECT {', '.join(names)} FROM case_row ORDER BY id").fetchall()


async def level(*consoles):
    """Exchange until nobody has news."""
    for _ in range(3):
        for console in consoles:
            await console.worker.once()


def held(place):
    with place.store.reading() as db:
        return [row[0] for row in db.execute(select(EVENT.c.id).order_by(EVENT.c.hub_seq))]
