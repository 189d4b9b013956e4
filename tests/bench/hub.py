"""The hub under load: two hundred consoles over HTTP against bare inserts of the same rows, and a long history against none."""

import itertools
import json
import secrets
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
from sqlalchemy import MetaData, insert, select, update

from tests.bench.common import TICKS, Figure, scratch
from tests.hub import postgres
from tests.hub.consoles import NOW, Bench, Console
from tests.hub.served import Process, bearer, free_port, push_body
from zjj_console.hub import doors
from zjj_console.hub.tables import DEVICE, EVENT, HEAD

CONSOLES, SECONDS, ROUNDS = 200, 5.0, 3
BARE = 1_000  # rows of one measurement
HISTORIES = (0, 100_000, 1_000_000)
SENT = 200  # events, one at a time, on one history; medians of ROUNDS such runs
_PAST = 15  # events of a case


def run() -> Iterator[Figure]:
    with ExitStack() as kept, scratch() as folder:
        numbers = itertools.count()
        engines = {"SQLite": lambda: f"sqlite:///{folder / f'{next(numbers)}.db'}"}
        if not postgres.missing():
            engines["PostgreSQL"] = kept.enter_context(postgres.cluster(durable=True)).database
        for name, fresh in engines.items():
            yield from _load(name, fresh())
        for name, fresh in engines.items():
            yield from _history(name, [fresh() for _ in HISTORIES])


def _many(bench: Bench) -> list[Console]:
    """Consoles without letters: a town has no more than 26, and here it is the load that counts."""
    consoles, rows = [], []
    for _ in range(CONSOLES):
        console = Console(token=secrets.token_urlsafe(32))
        rows.append({"id": console.device, "name": "", "role": "console", "token_hash": doors.digest(console.token),
                     "expires": 2**62, "created": NOW, "last_seen": NOW, "epoch": 0, "dseq": 0, "hash": bytes(32)})  # fmt: skip
        consoles.append(console)
    bench.store.writing(lambda db: db.execute(insert(DEVICE), rows))
    return consoles


def _load(name: str, url: str) -> Iterator[Figure]:
    """Every console pushes as fast as it is answered and has a pull waiting. The loader shares the machine with the hub."""
    bench = Bench(url)
    consoles = [[c.device, c.token, *c.place()[:2], c.place()[2].hex()] for c in _many(bench)]
    process = Process(url, port := free_port()).ready()
    found, bare, bulk, before = [], [], [], _cpu(process.process.pid)
    for _ in range(ROUNDS):
        ((seq, chain),) = bench.rows(select(HEAD.c.seq, HEAD.c.hash))
        asked = {"port": port, "log": bench.log, "seconds": SECONDS, "head": seq, "chain": bytes(chain).hex(), "consoles": consoles}  # fmt: skip
        done = subprocess.run([sys.executable, "-m", "tests.bench.hub_load"], input=json.dumps(asked), capture_output=True, text=True)  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        found.append(json.loads(done.stdout))
        consoles = found[-1]["consoles"]
        bare.append(_bare(bench))  # in turns, so that a busy machine slows both alike
        assert found[-1]["deliveries"] == CONSOLES * found[-1]["events"], "everybody has everything"
    cpu = (_cpu(process.process.pid) - before) / sum(one["events"] for one in found)
    for _ in range(ROUNDS):
        bulk.append(_catching_up(bench, process.url))
        bare.append(_bare(bench))
    process.end()
    middle = {key: statistics.median(one[key] for one in found) for key in ("p50", "p95", "converged")}
    rate = statistics.median(one["events"] / one["seconds"] for one in found)
    each, together = (statistics.median(rates) for rates in zip(*bare, strict=True))
    bulk = statistics.median(bulk)
    goals = (10, 10) if bench.store.sqlite else (3, 6)  # a bare row in a local file has no server either
    note = f"{rate:.0f} events/s, p50 {middle['p50'] * 1e3:.0f} ms, p95 {middle['p95'] * 1e3:.0f} ms; {rate * CONSOLES:.0f} deliveries/s, {cpu * 1e3:.1f} ms of CPU an event"
    yield Figure(f"event of {CONSOLES} consoles, {name}", 1e3 / rate, 1e3 / each, "ms", goals[0], f"{note}; peer: bare, a transaction each {each:.0f} rows/s")  # fmt: skip
    yield Figure(f"event in pushes of {BARE}, {name}", 1e3 / bulk, 1e3 / together, "ms", goals[1], f"{bulk:.0f} events/s; peer: bare, {BARE} rows a transaction {together:.0f} rows/s")  # fmt: skip
    yield Figure(f"last push until all have it, {name}", middle["converged"], 1.0, "s", 1, f"{CONSOLES} long polls; peer: one second")  # fmt: skip
    bench.store.close()


def _catching_up(bench: Bench, url: str, pushes: int = 5) -> float:
    """Events a second of one console that was away and sends what it has, a full push at a time."""
    console = bench.console("gateway")
    bodies = []
    for _ in range(pushes):
        events = [console.change(f"{console.device}-{console.dseq}", {}, {"text": "x" * 200}, "reported") for _ in range(BARE)]  # fmt: skip
        bodies.append(push_body(bench.log, *events))
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as http:
        begun = time.perf_counter()
        for body in bodies:
            answer = http.post("/v1/push", headers=bearer(console), content=body)
            assert answer.status_code == 200 and answer.json()["expect"] is None, answer.text
        return pushes * BARE / (time.perf_counter() - begun)


def _cpu(pid: int) -> float:
    """Seconds of CPU that the hub itself has used."""
    parts = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(parts[11]) + int(parts[12])) / TICKS


def _bare(bench: Bench) -> tuple[float, float]:
    """Rows a second: the hub's own rows into a table of the same shape, each in a transaction of its own, and all in one.

    No HTTP, no chain, no judge, no lock, and nobody who wants to have them.
    """
    twin = EVENT.to_metadata(MetaData(), name="bare_event")
    twin.indexes = {index for index in twin.indexes if not setattr(index, "name", f"bare_{index.name}")}
    for constraint in twin.constraints:
        constraint.name = None
    rows = [dict(row._mapping) for row in bench.rows(select(EVENT).order_by(EVENT.c.hub_seq).limit(BARE))]
    rates = []
    for parts in ([[row] for row in rows], [rows]):
        bench.store.writing(lambda db: (twin.drop(db, checkfirst=True), twin.create(db)))
        begun = time.perf_counter()
        for part in parts:
            bench.store.writing(lambda db, part=part: db.execute(insert(twin), part))
        rates.append(len(rows) / (time.perf_counter() - begun))
    return rates[0], rates[1]


def _history(name: str, urls: list[str]) -> Iterator[Figure]:
    """One event at a time, without HTTP, each on a case that was begun and that nobody remembers; logs of every length in turns."""
    desks = []
    for url, length in zip(urls, HISTORIES, strict=True):
        bench = Bench(url)
        _grow(bench, length)
        desks.append((bench, bench.console()))

    def one(bench: Bench, console: Console, run: int) -> float:
        bench.push(console, *(console.change(f"{run}-{i}", {}, {"text": "x" * 100}, "reported") for i in range(SENT)))
        events = [console.change(f"{run}-{i}", {"text": "x" * 100}, {"text": "y"}) for i in range(SENT)]
        bench.memory.cases.clear()
        begun = time.perf_counter()
        for event in events:
            assert bench.push(console, event).acks[0].verdict == 0
        return (time.perf_counter() - begun) / SENT * 1e3

    costs = [[one(*desk, run) for desk in desks] for run in range(ROUNDS + 1)][1:]  # the first warms up
    short, *longer = (statistics.median(cost) for cost in zip(*costs, strict=True))
    for length, cost in zip(HISTORIES[1:], longer, strict=True):
        note = f"peer: behind none; medians of {ROUNDS} x {SENT} in turns"
        yield Figure(f"event behind {length:,}, {name}", cost, short, "ms", 1.5, note)
    for bench, _ in desks:
        bench.store.close()


def _grow(bench: Bench, to: int) -> None:
    """Rows as a log of that length has them, made by the database itself."""
    ((seq,),) = bench.rows(select(HEAD.c.seq))
    if to <= seq:
        return
    if bench.store.sqlite:
        numbers, text = f"WITH RECURSIVE s(n) AS (SELECT {seq + 1} UNION ALL SELECT n + 1 FROM s WHERE n < {to})", "randomblob(350)"  # fmt: skip
        digest, source, stream = "randomblob(32)", "s", f"'old-' || (n / {_PAST})"
    else:
        numbers, text = "", "decode(repeat(md5(n::text), 22), 'hex')"
        digest, source, stream = "decode(repeat(md5(n::text), 2), 'hex')", f"generate_series({seq + 1}, {to}) AS s(n)", f"'old-' || (n / {_PAST})"  # fmt: skip
    names = "hub_seq, id, stream, kind, device, epoch, dseq, at, received_at, body, hash, hub_hash, verdict, reason"
    sql = (f"{numbers} INSERT INTO hub_event ({names}) SELECT n, 'fill-' || n, {stream}, 'noted', 'filler', 1, n, {NOW}, {NOW}, "
           f"{text}, {digest}, {digest}, 0, '' FROM {source}")  # fmt: skip

    def fill(db):
        if not bench.store.sqlite:
            db.exec_driver_sql("SET LOCAL statement_timeout = 0")
        db.exec_driver_sql(sql)
        db.execute(update(HEAD).values(seq=to))

    bench.store.writing(fill)
    with bench.store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.exec_driver_sql("ANALYZE hub_event" if bench.store.sqlite else "VACUUM ANALYZE hub_event")
