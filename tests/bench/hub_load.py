"""Two hundred consoles in one process of their own: each pushes one event after the other and holds a long poll all the while.

`python -m tests.bench.hub_load` reads {port, log, seconds, consoles: [[device, token, epoch, dseq, hash]]} from stdin and
writes what happened to stdout. Sockets are spoken to by hand, so that the load costs less than what it loads.
"""

import asyncio
import json
import sys
import time

import msgspec

from tests.hub.consoles import Console
from zjj_console.sync import wire


class Line:
    """One connection that is kept open: a request, its answer, the next."""

    def __init__(self, port: int, token: str) -> None:
        self.port, self.head = port, f"Host: hub\r\nAuthorization: Bearer {token}\r\n"
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, first: str, body: bytes = b"") -> tuple[int, bytes]:
        if self.streams is None:
            self.streams = await asyncio.open_connection("127.0.0.1", self.port, limit=2**26)
        reader, writer = self.streams
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        writer.write(f"{first} HTTP/1.1\r\n{self.head}{length}\r\n".encode() + body)
        lines = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
        size = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length"))
        return int(lines[0].split()[1]), await reader.readexactly(size)


class Load:
    def __init__(self, asked: dict) -> None:
        self.port, self.log, self.seconds = asked["port"], asked["log"], asked["seconds"]
        self.consoles = []
        for device, token, epoch, dseq, digest in asked["consoles"]:
            console = Console(device, token)
            console.back((epoch, dseq, bytes.fromhex(digest)))
            self.consoles.append(console)
        self.head, self.waits, self.reached = asked["head"], [], {}
        self.start, self.chain, self.deliveries, self.bytes = asked["head"], asked["chain"], 0, 0
        self.pushing = True
        self.last_ack = 0.0

    async def push(self, console: Console, over: float) -> None:
        line, text, case = Line(self.port, console.token), "", f"case-{console.device}-{console.dseq}"
        while time.perf_counter() < over:
            fresh = f"{console.dseq} " + "x" * 200
            was, kind = ({"text": text}, "corrected") if text else ({}, "reported")
            body = msgspec.json.encode(wire.Push(self.log, [console.change(case, was, {"text": fresh}, kind)]))
            text, begun = fresh, time.perf_counter()
            status, answer = await line.ask("POST /v1/push", body)
            while status == 429:
                await asyncio.sleep(0.1)
                status, answer = await line.ask("POST /v1/push", body)
            assert status == 200, answer
            self.last_ack = time.perf_counter()
            self.waits.append(self.last_ack - begun)
            ack = msgspec.json.decode(answer, type=wire.PushAnswer).acks[0]
            assert ack.verdict == 0, ack
            self.head = max(self.head, ack.hub_seq)

    async def pull(self, console: Console) -> None:
        """Every answer is looked at: the next number, and the chain to come back with."""
        line, after, chain = Line(self.port, console.token), self.start, self.chain
        while self.pushing or after < self.head:
            status, body = await line.ask(f"GET /v1/pull?after={after}&hash={chain if after else ''}&wait=1")
            if status == 429:
                await asyncio.sleep(0.1)
                continue
            assert status == 200, body
            self.bytes += len(body)
            if events := msgspec.json.decode(body, type=_Few).events:
                assert events[0].hub_seq == after + 1
                after, chain = events[-1].hub_seq, events[-1].hub_hash
                self.deliveries += len(events)
                self.reached[console.device] = time.perf_counter()

    async def run(self) -> dict:
        pulls = [asyncio.create_task(self.pull(console)) for console in self.consoles]
        await asyncio.sleep(1)
        begun = time.perf_counter()
        await asyncio.gather(*(self.push(console, begun + self.seconds) for console in self.consoles))
        took, self.pushing = self.last_ack - begun, False
        await asyncio.gather(*pulls)
        self.waits.sort()
        return {
            "events": len(self.waits), "seconds": took, "p50": self.waits[len(self.waits) // 2],
            "p95": self.waits[len(self.waits) * 95 // 100], "converged": max(self.reached.values()) - self.last_ack,
            "deliveries": self.deliveries, "bytes": self.bytes,
            "consoles": [[c.device, c.token, *c.place()[:2], c.place()[2].hex()] for c in self.consoles],
        }  # fmt: skip


class _One(msgspec.Struct):
    hub_seq: int
    hub_hash: str


class _Few(msgspec.Struct):
    """Of an answer only what is needed."""

    events: list[_One]


if __name__ == "__main__":
    print(json.dumps(asyncio.run(Load(json.load(sys.stdin)).run())))
