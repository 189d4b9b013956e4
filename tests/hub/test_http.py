"""The hub over real HTTP: who may do what, what it answers to nonsense, and that nobody is kept waiting in vain."""

import json
import socket
import threading
import time

import httpx
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.event import listen

from tests.hub.consoles import NOW, Bench
from tests.hub.served import Hands, Served, bearer, code, problem, push_body
from zjj_console.hub import asking, doors, reading, service
from zjj_console.hub.tables import DEVICE, EVENT, QUARANTINE
from zjj_console.hub.verify import verify
from zjj_console.sync import wire


@pytest.fixture
def served(bench):
    made = Served(bench.store)
    yield made
    made.stop()


@pytest.fixture
def quiet(tmp_path, monkeypatch):
    """On SQLite, with clocks that stand; what wakes who waits is the push itself, never a look at the head."""
    monkeypatch.setattr(service, "LOOK_SECONDS", 600)
    bench = Bench(f"sqlite:///{tmp_path / 'hub.db'}")
    hands = Hands(NOW)
    made = Served(bench.store, hands=hands)
    yield bench, made, hands
    made.stop()
    bench.store.close()


def test_a_console_enrols_pushes_and_pulls_what_it_and_others_did(bench, served):
    asked = {"code": code(bench.store, "console", time.time_ns() // 1000), "device": "device-0001", "name": "一号台"}
    answer = served.http.post("/v1/enrol", json=asked)
    enrolled = msgspec.json.decode(answer.content, type=wire.Enrolled)
    assert answer.status_code == 200 and (enrolled.log, enrolled.console) == (bench.log, "A")
    other = bench.console()
    from tests.hub.consoles import Console

    console = Console("device-0001", enrolled.token)
    hello = served.http.get("/v1/hello", headers=bearer(console)).json()
    assert hello["head"] == 0 and hello["head_hash"] == "0" * 64 and hello["console"] == "A" and hello["town"] == "zjj"
    for who in (console, other):
        done = served.http.post("/v1/push", headers=bearer(who), content=push_body(bench.log, who.event(), who.event()))
        assert done.status_code == 200, done.text
    pulled = served.http.get("/v1/pull", headers=bearer(console)).json()
    assert [e["hub_seq"] for e in pulled["events"]] == [1, 2, 3, 4]
    rest = served.http.get(
        "/v1/pull", headers=bearer(other), params={"after": 2, "hash": pulled["events"][1]["hub_hash"]}
    )
    assert [e["hub_seq"] for e in rest.json()["events"]] == [3, 4]
    problem(served.http.get("/v1/pull", headers=bearer(other), params={"after": 2, "hash": "1" * 64}), 409, "diverged")
    problem(served.http.get("/v1/pull", headers=bearer(other), params={"after": 9, "hash": "1" * 64}), 409, "diverged")
    problem(
        served.http.post("/v1/push", headers=bearer(console), content=push_body("another", console.event())),
        409,
        "other_log",
    )


def test_a_waiting_pull_is_woken_by_a_push_and_by_another_process(bench, served):
    a, b = bench.console(), bench.console()
    found = []

    def wait(after, digest):
        with httpx.Client(base_url=served.url, timeout=40, trust_env=False) as http:
            begun = time.monotonic()
            answer = http.get("/v1/pull", headers=bearer(b), params={"after": after, "hash": digest, "wait": 20}).json()
            found.append((time.monotonic() - begun, answer))

    def after_a_while(push):
        thread = threading.Thread(
            target=wait, args=(len(found), found[-1][1]["events"][-1]["hub_hash"] if found else "")
        )
        thread.start()
        time.sleep(0.4)
        push()
        thread.join(20)

    after_a_while(lambda: served.http.post("/v1/push", headers=bearer(a), content=push_body(bench.log, a.event())))
    after_a_while(lambda: Bench(bench.url).push(a, a.event()))
    assert [e["hub_seq"] for _, answer in found for e in answer["events"]] == [1, 2]
    assert found[0][0] < 3 and found[1][0] < 5, "not the whole wait"


def test_a_pull_that_waits_in_vain_ends_with_nothing_and_one_of_a_revoked_device_with_no(bench, served):
    a = bench.console()
    begun = time.monotonic()
    answer = served.http.get("/v1/pull", headers=bearer(a), params={"wait": 1})
    assert answer.json()["events"] == [] and 0.9 < time.monotonic() - begun < 4
    bench.store.writing(lambda db: doors.revoke(db, a.device, NOW))
    told = problem(served.http.get("/v1/pull", headers=bearer(a)), 403, "revoked")
    assert "keeps its data" in told.en


def test_a_pull_that_waits_looks_again_only_for_news(tmp_path):
    """Also where the hub heard of a longer order than there is now: it was restored under a running process."""
    bench = Bench(f"sqlite:///{tmp_path / 'hub.db'}")
    served = Served(bench.store)
    served.hub.bell.ring(99)
    looks, read = [], served.hub.read

    async def counted(work):
        looks.append(work)
        return await read(work)

    served.hub.read = counted
    try:
        assert served.http.get("/v1/pull", headers=bearer(bench.console()), params={"wait": 1}).json()["events"] == []
        assert len(looks) <= 5
    finally:
        served.stop()
        bench.store.close()


def test_those_who_wait_at_one_place_are_answered_by_one_look_and_each_by_his_own_right(quiet, monkeypatch, until):
    bench, served, _ = quiet
    a, others = bench.console(), [bench.console("reader") for _ in range(5)]
    answers, pulled, true = {}, [], reading.pull
    monkeypatch.setattr(reading, "pull", lambda *asked: pulled.append(asked) or true(*asked))

    def wait(number):
        with httpx.Client(base_url=served.url, timeout=40, trust_env=False) as http:
            answers[number] = http.get("/v1/pull", headers=bearer(others[number]), params={"wait": 25})

    threads = [threading.Thread(target=wait, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    until(lambda: served.hub.bell.waiting == 5)
    bench.store.writing(lambda db: doors.revoke(db, others[3].device, NOW))
    expires = update(DEVICE).where(DEVICE.c.id == others[4].device).values(expires=NOW)
    bench.store.writing(lambda db: db.execute(expires))
    pulled.clear()
    assert served.http.post("/v1/push", headers=bearer(a), content=push_body(bench.log, a.event())).status_code == 200
    begun = time.monotonic()
    for thread in threads:
        thread.join(30)
    assert time.monotonic() - begun < 10, "woken, not waited out"
    assert [[e["hub_seq"] for e in answers[n].json()["events"]] for n in range(3)] == [[1]] * 3
    problem(answers[3], 403, "revoked")
    problem(answers[4], 401, "expired")
    assert len(pulled) <= 2


def test_tampered_replayed_and_reordered_pushes(quiet):
    bench, served, _ = quiet
    a = bench.console()
    events = [a.event(), a.event(), a.event()]

    def push(*sent):
        return served.http.post("/v1/push", headers=bearer(a), content=push_body(bench.log, *sent))

    bad = wire.Pushed(events[0].body.replace("dispatcher", "commander"), events[0].hash)
    problem(push(bad), 409, "fork")
    assert push(events[1], events[0]).json()["expect"] == 1
    first = push(*events).json()
    assert push(*events).json()["acks"] == first["acks"]
    problem(push(bad), 409, "fork")
    assert len(bench.rows(select(QUARANTINE))) == 1
    with bench.store.reading() as db:
        assert verify(db).events == 3


def test_bounds(quiet):
    bench, served, hands = quiet
    a = bench.console()
    head = bearer(a)
    many = push_body(bench.log, *[wire.Pushed("x", "0" * 64)] * (wire.MAX_EVENTS + 1))
    problem(served.http.post("/v1/push", headers=head, content=many), 413, "too_large")
    assert served.http.get("/v1/pull", headers={**head, wire.HEADER: "0"}).status_code == 200, "an old one still pulls"
    problem(served.http.get("/nowhere"), 404, "not_found")
    problem(served.http.delete("/v1/push"), 405, "method")
    for params in ({"after": -1}, {"after": "x"}, {"after": 2**63}, {"limit": 0}, {"limit": 1001}, {"wait": 26}, {"hash": "x"}):  # fmt: skip
        problem(served.http.get("/v1/pull", headers=head, params=params), 400, "bad_request")
    hands.seconds += 1000
    codes = [served.http.get("/v1/hello", headers=head).status_code for _ in range(103)]
    assert codes.count(200) == 100 and codes[-3:] == [429] * 3
    answer = served.http.get("/v1/hello", headers=head)
    assert problem(answer, 429, "too_many").retry_after == 1 and answer.headers["retry-after"] == "1"
    assert served.http.get("/v1/hello", headers=bearer(bench.console())).status_code == 200, "of one device"
    hands.seconds += 0.06
    assert served.http.get("/v1/hello", headers=head).status_code == 200
    tries = [served.http.post("/v1/enrol", json={"code": "x", "device": "device-1"}).status_code for _ in range(12)]
    assert tries == [403] * 10 + [429] * 2


def test_more_pushes_than_can_wait_are_told_to_come_again(tmp_path, monkeypatch, until):
    monkeypatch.setattr(service, "WAITING", 1)
    bench = Bench(f"sqlite:///{tmp_path / 'hub.db'}")
    served, consoles, answers = Served(bench.store), [bench.console() for _ in range(3)], []

    def push(console):
        with httpx.Client(base_url=served.url, timeout=30, trust_env=False) as http:
            answers.append(
                http.post("/v1/push", headers=bearer(console), content=push_body(bench.log, console.event()))
            )

    threads = [threading.Thread(target=push, args=(console,)) for console in consoles]
    begun, real = [], served.hub._append
    monkeypatch.setattr(served.hub, "_append", lambda offers: begun.append(offers) or real(offers))
    try:
        with bench.store.engine.connect().execution_options(zjj_writes=True) as db, db.begin():
            threads[0].start()
            until(lambda: begun, 3)
            threads[1].start()
            until(served.hub._queue.full, 3)
            threads[2].start()
            assert problem(until(lambda: answers, 3)[0], 503, "busy").retry_after == 2, "at once"
        for thread in threads:
            thread.join(20)
        assert sorted(answer.status_code for answer in answers) == [200, 200, 503]
    finally:
        served.stop()
        bench.store.close()


@pytest.mark.parametrize(("length", "status"), [(wire.MAX_BODY + 1, b"413"), (100, b"408")])
def test_nobody_is_waited_for_who_sends_too_much_or_nothing(quiet, monkeypatch, length, status):
    """Only the head of a request comes, and no body: what is too large is refused at once, what is too slow in time."""
    bench, served, _ = quiet
    monkeypatch.setattr(asking, "BODY_SECONDS", 0.2 if length == 100 else 600)
    head = f"POST /v1/push HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {bench.console().token}\r\nContent-Length: {length}\r\n\r\n"  # fmt: skip
    with socket.create_connection(served.socket.getsockname(), timeout=10) as line:
        line.sendall(head.encode())
        assert line.recv(65536).split()[1] == status


def test_a_database_that_cannot_be_written_is_waited_out(quiet):
    bench, served, _ = quiet
    a = bench.console()
    listen(served.hub.store.engine, "checkout", lambda db, *_: db.execute("PRAGMA busy_timeout = 200"))
    held = Bench(bench.url)
    with held.store.engine.connect().execution_options(zjj_writes=True) as db, db.begin():
        answer = served.http.post("/v1/push", headers=bearer(a), content=push_body(bench.log, a.event()))
        assert problem(answer, 503, "busy").retry_after == 2 and answer.headers["retry-after"] == "2"
        assert served.http.get("/v1/pull", headers=bearer(a)).status_code == 200, "reading goes on"
    held.store.close()


def test_a_standby_says_read_only(pg):
    bench = Bench(pg.database())
    a = bench.console()
    bench.store.writing(lambda db: db.exec_driver_sql("ALTER ROLE hub SET default_transaction_read_only = on"))
    bench.store.close()
    served = Served(bench.store)
    try:
        answer = served.http.post("/v1/push", headers=bearer(a), content=push_body(bench.log, a.event()))
        assert problem(answer, 503, "read_only").retry_after == 30
        assert served.http.get("/v1/pull", headers=bearer(a)).status_code == 200
    finally:
        served.stop()
        with bench.store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            db.exec_driver_sql("SET default_transaction_read_only = off")
            db.exec_driver_sql("ALTER ROLE hub RESET default_transaction_read_only")
        bench.store.close()


def test_the_diary_and_the_figures_hold_nobody(quiet):
    bench, served, _ = quiet
    a = bench.console()
    body = push_body(bench.log, a.event(data={"text": "SECRET 0000-1234"}), a.raw(b"SECRET"))
    served.http.post("/v1/push", headers=bearer(a), content=body)
    served.http.get(f"/{a.token}/SECRET", params={"token": a.token})
    served.http.get("/v1/pull", headers=bearer(a), params={"hash": "SECRET"})
    figures = served.http.get("/metrics").text
    text = served.told('"path": "/metrics"')
    for hidden in ("SECRET", a.token, "0000-1234"):
        assert hidden not in text and hidden not in figures
    rows = [json.loads(line) for line in served.lines if line.strip()]
    assert {"what": "request", "path": "/v1/push", "device": a.device, "events": 2, "status": 200}.items() <= rows[
        0
    ].items()
    for line in ('zjj_hub_events_total 2', 'zjj_hub_head 1', 'zjj_hub_verdicts_total{verdict="2"} 1',
                 'zjj_hub_devices{role="console",state="valid"} 1'):  # fmt: skip
        assert line in figures.splitlines(), figures
    assert served.http.get("/healthz").text == served.http.get("/readyz").text == "ok\n"
    described = served.http.get("/openapi.json").json()
    assert "Problem" in described["components"]["schemas"]


def test_an_offer_that_breaks_the_program_breaks_itself_alone(quiet, monkeypatch):
    bench, served, _ = quiet
    a, b = bench.console(), bench.console()
    import zjj_console.hub.order as order

    true = order.weigh

    def broken(event, role, cases, letter):
        if event.kind == "broken":
            raise ZeroDivisionError("SECRET")
        return true(event, role, cases, letter)

    monkeypatch.setattr(order, "weigh", broken)
    push = lambda who, event: served.http.post("/v1/push", headers=bearer(who), content=push_body(bench.log, event))  # noqa: E731
    problem(push(a, a.event("broken")), 503, "unavailable")
    assert push(b, b.event()).status_code == 200
    assert "SECRET" not in "".join(served.lines) and "ZeroDivisionError" in "".join(served.lines)


# whatever comes in -------------------------------------------------------------------------------------------------------
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
ENVELOPE = st.fixed_dictionaries(
    {},
    optional={"v": st.integers(0, 2) | JSON, "id": st.text(max_size=40) | JSON, "stream": st.text(max_size=10),
              "kind": st.sampled_from(["reported", "cases_imported", "noted", "\0"]) | JSON, "epoch": st.integers(-1, 3) | JSON,
              "dseq": st.integers(-1, 5) | JSON, "at": st.integers() | JSON, "data": JSON
              | st.fixed_dictionaries({"set": JSON | st.dictionaries(st.sampled_from(["text", "clocks", "aid", "priority"]), JSON), "was": JSON})
              | st.fixed_dictionaries({"rows": st.lists(st.tuples(st.text(max_size=3), JSON).map(list), max_size=3) | JSON})},
)  # fmt: skip


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    bench = Bench(f"sqlite:///{tmp_path_factory.mktemp('door') / 'hub.db'}")
    hands = Hands(NOW)
    made = Served(bench.store, hands=hands)
    yield bench, made, hands, bench.console()
    made.stop()
    bench.store.close()


@settings(max_examples=30)
@given(body=st.binary(max_size=60) | JSON.map(lambda v: json.dumps(v).encode()), path=st.sampled_from(["/v1/push", "/v1/enrol"]))  # fmt: skip
def test_any_body_has_an_answer(door, body, path):
    _, served, hands, console = door
    hands.seconds += 60
    answer = served.http.post(path, headers=bearer(console), content=body)
    assert answer.status_code < 500 and b'"' in answer.content


@settings(max_examples=80)
@given(events=st.lists(ENVELOPE, max_size=4), own=st.booleans())
def test_any_event_has_a_place_or_a_refusal_and_the_log_stays_whole(door, events, own):
    bench, served, hands, console = door
    hands.seconds += 60
    before = console.place()
    made = []
    for fields in events:
        good = {"v": 1, "stream": "s", "kind": "noted", "device": console.device, "epoch": console.epoch,
                "dseq": console.dseq + 1, "at": 1, "id": f"id-{time.monotonic_ns()}"}  # fmt: skip
        made.append(console.raw(json.dumps({**good, **fields} if own else fields).encode()))
    answer = served.http.post("/v1/push", headers=bearer(console), content=push_body(bench.log, *made))
    assert answer.status_code in (200, 409), answer.text
    end = bench.rows(select(DEVICE.c.epoch, DEVICE.c.dseq, DEVICE.c.hash).where(DEVICE.c.id == console.device))[0]
    console.back((max(end[0], 1), end[1], bytes(end[2])) if end[1] else before)
    with bench.store.reading() as db:
        assert verify(db).bad is None


def test_nesting_and_numbers_without_end(door):
    bench, served, _, console = door
    deep = b'{"log":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    for body in (deep, b'{"log":"' + bench.log.encode() + b'","events":[{"body":"\\ud800","hash":"' + b"0" * 64 + b'"}]}',
                 b'{"log":1' + b"0" * 5000 + b"}"):  # fmt: skip
        problem(served.http.post("/v1/push", headers=bearer(console), content=body), 400, "bad_request")
    assert bench.rows(select(EVENT.c.hub_seq).where(EVENT.c.stream == "x")) == []
