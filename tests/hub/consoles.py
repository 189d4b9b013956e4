"""A console as the hub sees it: a chain of canonical envelopes, made up here or taken from a real journal."""

import json
import time
import uuid
from typing import Any

from zjj_console.domain.ids import uuid7
from zjj_console.hub import doors, setup
from zjj_console.hub.chain import unpack
from zjj_console.hub.order import Offer, append
from zjj_console.hub.store import Store
from zjj_console.hub.verify import verify
from zjj_console.hub.weigh import Memory
from zjj_console.storage.journal import GENESIS, chained
from zjj_console.sync import wire

NOW = 1_614_610_000_000_000


def canonical(envelope: dict[str, Any]) -> bytes:
    return json.dumps(envelope, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Console:
    """Writes events one after the other, as a journal does."""

    def __init__(self, device: str = "", token: str = "") -> None:
        self.device = device or str(uuid.uuid4())
        self.token, self.epoch, self.dseq, self.hash = token, 1, 0, GENESIS

    def event(self, kind: str = "noted", stream: str = "case-1", data: dict[str, Any] | None = None, **over: Any) -> wire.Pushed:  # fmt: skip
        """The next event of the chain; `over` replaces fields of its envelope."""
        self.dseq += 1
        envelope = {
            "v": 1, "id": uuid7(NOW), "log": "local", "stream": stream, "kind": kind, "kv": 1, "actor": "0001",
            "role": "dispatcher", "device": self.device, "epoch": self.epoch, "dseq": self.dseq, "at": NOW,
            "happened": None, "seen": None, "cmd": "c", "trial": False, "data": data or {}, **over,
        }  # fmt: skip
        return self.raw(canonical(envelope), count=False)

    def change(self, stream: str, was: dict[str, Any], new: dict[str, Any], kind: str = "corrected") -> wire.Pushed:
        return self.event(kind, stream, {"set": new, "was": was})

    def raw(self, body: bytes, *, count: bool = True) -> wire.Pushed:
        """Any bytes as the next of the chain."""
        self.dseq += count
        before, self.hash = self.hash, chained(self.hash, body)
        begins = self.dseq == 1 and self.epoch > 1
        return wire.Pushed(body.decode(), self.hash.hex(), before.hex() if begins else "")

    def new_epoch(self) -> None:
        self.epoch, self.dseq = self.epoch + 1, 0

    def place(self) -> tuple[int, int, bytes]:
        return self.epoch, self.dseq, self.hash

    def back(self, place: tuple[int, int, bytes]) -> None:
        self.epoch, self.dseq, self.hash = place


class Bench:
    """A hub's order without HTTP."""

    def __init__(self, url: str) -> None:
        self.url, self.store, self.memory, self.now = url, Store(url), Memory(), NOW
        self.log, _ = setup.create(self.store, "zjj", NOW)

    def console(self, role: str = "console", device: str = "") -> Console:
        """Let in by the real time, so that its credential is good for a hub that runs by it, and for one that stands at NOW."""
        now = time.time_ns() // 1000
        code = self.store.writing(lambda db: doors.new_code(db, role, 1, now))
        console = Console(device)
        asked = wire.Enrol(code, console.device)
        console.token = self.store.writing(lambda db: doors.enrol(db, asked, now)).token
        return console

    def offer(self, console: Console, *events: wire.Pushed, log: str = "") -> Offer:
        return Offer(doors.digest(console.token), log or self.log, unpack(events))

    def push(self, console: Console, *events: wire.Pushed, log: str = "") -> Any:
        """The answer: what was acknowledged, or the refusal."""
        return append(self.store, self.memory, [self.offer(console, *events, log=log)], lambda: self.now)[0]

    def verdicts(self, console: Console, *events: wire.Pushed) -> list[tuple[int, str]]:
        return [(ack.verdict, ack.reason) for ack in self.push(console, *events).acks]

    def rows(self, query: Any) -> list[Any]:
        with self.store.reading() as db:
            return list(db.execute(query).all())


def whole(bench: Bench) -> None:
    with bench.store.reading() as db:
        proof = verify(db)
    assert proof.bad is None, proof
