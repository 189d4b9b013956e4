"""The hub under load: fifty consoles over HTTP against bare inserts into the same database, and a long history against a short one."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import msgspec
from sqlalchemy import insert

from tests.bench.common import Figure, scratch
from tests.hub import postgres
from tests.hub.consoles import NOW, Bench
from tests.hub.served import Process, bearer, free_port, push_body
from zjj_console.hub.tables import EVENT

CONSOLES, SECONDS = 50, 4.0
SHORT, LONG = 1_000, 100_000
SENT = 200  # events of one console, one at a time, on a short and on a long history


def run() -> Iterator[Figure]:
    with ExitStack() as kept, scratch() as folder:
        urls = {"SQLite": f"sqlite:///{folder / 'hub.db'}"}
        if not postgres.missing():
            urls["PostgreSQL"] = kept.enter_context(postgres.cluster(durable=True)).database()
        for name, url in urls.items():
            yield from _load(name, url)
        for name, _ in urls.items():
            fresh = f"sqlite:///{folder / 'old.db'}" if name == "SQLite" else None
            if fresh is None:
                fresh = kept.enter_context(postgres.cluster(durable=True)).database()
            yield from _history(name, fresh)


def _load(name: str, url: str) -> Iterator[Figure]:
    """Consoles that push one event after the other, as fast as they are answered. The loader shares the cores with the hub."""
    bench = Bench(url)
    consoles = [bench.console(role) for role in ["console"] * 26 + ["gateway"] * (CONSOLES - 26)]
    process = Process(url, port := free_port()).ready()
    over, sent, waits = time.perf_counter() + SECONDS, [0] * CONSOLES, []

    def go_on(number: int) -> None:
        console = consoles[number]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as http:
            while time.perf_counter() < over:
                event = console.change(f"case-{number}", {}, {"text": "x" * 200}, "reported")
                begun = time.perf_counter()
                answer = http.post("/v1/push", headers=bearer(console), content=push_body(bench.log, event))
                if answer.status_code == 429:  # the limit of one device: the same event again
                    time.sleep(0.02)
                    answer = http.post("/v1/push", headers=bearer(console), content=push_body(bench.log, event))
                assert answer.status_code == 200, answer.text
                waits.append(time.perf_counter() - begun)
                sent[number] += 1

    threads = [threading.Thread(target=go_on, args=(n,)) for n in range(CONSOLES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    process.end()
    waits.sort()
    rate, bare = sum(sent) / SECONDS, _bare(bench)
    note = f"{rate:.0f} events/s, p50 {waits[len(waits) // 2] * 1e3:.0f} ms, p95 {waits[len(waits) * 95 // 100] * 1e3:.0f} ms"
    yield Figure(f"event of {CONSOLES} consoles, {name}", 1e3 / rate, 1e3 / bare, "ms", 3, note)
    bench.store.close()


def _bare(bench: Bench, rows: int = 300) -> float:
    """Rows a second into the same table, each in its own durable transaction: no HTTP, no chain, no judge, no lock."""
    console = bench.console("gateway")
    made = [msgspec.to_builtins(console.event(data={"text": "x" * 200})) for _ in range(rows)]
    begun = time.perf_counter()
    for number, event in enumerate(made):
        row = {"hub_seq": 10**9 + number, "id": f"bare-{number}", "stream": "s", "kind": "noted", "device": console.device,
               "epoch": 1, "dseq": number, "at": NOW, "received_at": NOW, "body": event["body"].encode(),
               "hash": bytes.fromhex(event["hash"]), "hub_hash": b"", "verdict": 0, "reason": ""}  # fmt: skip
        bench.store.writing(lambda db, row=row: db.execute(insert(EVENT).values(**row)))
    return rows / (time.perf_counter() - begun)


def _history(name: str, url: str) -> Iterator[Figure]:
    """One event at a time behind a thousand and behind a hundred thousand, without HTTP; each on a case with a past."""
    bench = Bench(url)
    console = bench.console()

    def grow(to: int) -> None:
        while console.dseq < to:
            count = min(1000, to - console.dseq)
            bench.push(
                console,
                *(console.change(f"case-{console.dseq}", {}, {"text": "x" * 100}, "reported") for _ in range(count)),
            )

    def one() -> float:
        events = [console.change(f"case-{i}", {}, {"followed": True}) for i in range(SENT)]
        bench.memory.cases.clear()
        begun = time.perf_counter()
        for event in events:
            bench.push(console, event)
        return (time.perf_counter() - begun) / SENT * 1e3

    grow(SHORT)
    short = min(one() for _ in range(3))
    grow(LONG)
    long = min(one() for _ in range(3))
    yield Figure(f"event behind {LONG:,}, {name}", long, short, "ms", 1.5, f"behind {SHORT:,}: the peer")
    bench.store.close()
