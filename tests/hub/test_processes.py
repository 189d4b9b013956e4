"""Several processes on one database, and processes that die: the order has no gap, and nothing is there twice."""

import os
import threading
import time

import pytest
from sqlalchemy import event, func, select

from tests.dying import KILLED
from tests.hub.consoles import NOW, Bench
from zjj_console.hub import doors, reading
from zjj_console.hub.order import append
from zjj_console.hub.problems import Refused
from zjj_console.hub.reading import lock_head
from zjj_console.hub.tables import EVENT, HEAD
from zjj_console.hub.verify import verify
from zjj_console.hub.weigh import Memory
from zjj_console.sync import wire

PUSHERS, ROUNDS = 3, 15


def forked(work) -> int:
    """Run in a process of its own; its pid."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return pid


def ended(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def whole(bench: Bench, events: int) -> None:
    with bench.store.reading() as db:
        proof = verify(db)
        assert (proof.bad, proof.events) == (None, events), proof
        assert db.execute(select(func.count()).select_from(EVENT)).scalar() == events


def test_processes_that_push_at_once_make_one_order_and_no_puller_misses_a_row(bench):
    consoles = [bench.console() for _ in range(PUSHERS)]

    def pushing(console):
        mine = Bench(bench.url)
        for number in range(ROUNDS):
            sent = [
                console.event(),
                console.change("case-1", {"priority": 3}, {"priority": number % 4 + 1}, "reported"),
            ]
            while mine.push(console, *sent).expect is not None:
                pass

    bench.store.close()
    pids = [forked(lambda c=c: pushing(c)) for c in consoles]
    seen, last = [], wire.GENESIS.hex()
    until = time.monotonic() + 60
    while len(seen) < PUSHERS * ROUNDS * 2 and time.monotonic() < until:
        with bench.store.reading() as db:
            for found in reading.pull(db, len(seen), last, 7, NOW).events:
                seen.append(found.hub_seq)
                last = found.hub_hash
    assert [ended(pid) for pid in pids] == [0] * PUSHERS
    assert seen == list(range(1, PUSHERS * ROUNDS * 2 + 1))
    whole(bench, len(seen))


def test_a_number_is_seen_only_when_every_smaller_one_can_be(pg):
    """A transaction that appends and waits holds the next one up; a reader meanwhile sees neither."""
    bench = Bench(pg.database())
    a, b = bench.console(), bench.console()
    first, second = bench.offer(a, a.event()), bench.offer(b, b.event())
    may_commit, begun, order = threading.Event(), threading.Event(), []

    def slow():
        other = Bench(bench.url)

        @event.listens_for(other.store.engine, "commit")
        def wait(db):
            begun.set()
            assert may_commit.wait(10)

        order.append(append(other.store, Memory(), [first], lambda: NOW)[0].acks[0].hub_seq)
        other.store.close()

    def quick():
        order.append(append(bench.store, Memory(), [second], lambda: NOW)[0].acks[0].hub_seq)

    threads = [threading.Thread(target=slow)]
    threads[0].start()
    assert begun.wait(10)
    threads.append(threading.Thread(target=quick))
    threads[1].start()
    time.sleep(0.3)
    with bench.store.reading() as db:
        assert reading.pull(db, 0, "", 10, NOW).events == [] and order == []
    may_commit.set()
    for thread in threads:
        thread.join(10)
    assert sorted(order) == [1, 2]
    whole(bench, 2)
    bench.store.close()


def test_a_revocation_that_comes_while_a_push_waits_for_the_lock_stops_it(pg):
    bench = Bench(pg.database())
    a = bench.console()
    found = []

    def revoke_slowly(db):
        lock_head(db)
        thread.start()
        time.sleep(0.3)
        doors.revoke(db, a.device, NOW)

    thread = threading.Thread(target=lambda: found.append(bench.push(a, a.event())))
    Bench(bench.url).store.writing(revoke_slowly)
    thread.join(10)
    assert found[0].code == "revoked"
    whole(bench, 0)
    bench.store.close()


def test_a_revocation_is_done_only_when_the_append_under_way_is(pg):
    """Once `zjj hub revoke` has said so, nothing of the device enters the order."""
    bench = Bench(pg.database())
    a, done = bench.console(), threading.Event()

    def revoke():
        Bench(bench.url).store.writing(lambda db: doors.revoke(db, a.device, NOW))
        done.set()

    def appending(db):
        lock_head(db)
        thread.start()
        assert not done.wait(0.3)

    thread = threading.Thread(target=revoke)
    bench.store.writing(appending)
    thread.join(10)
    assert done.is_set()
    bench.store.close()


def test_a_code_that_two_use_at_once_lets_one_in(pg):
    bench = Bench(pg.database())
    key, found = bench.store.writing(lambda db: doors.new_code(db, "console", 1, NOW)), []

    def enrol(number):
        try:
            asked = wire.Enrol(key, f"device-000{number}")
            found.append(bench.store.writing(lambda db: doors.enrol(db, asked, NOW)).console)
        except Refused as refused:
            found.append(refused.code)

    threads = [threading.Thread(target=enrol, args=(number,)) for number in range(2)]

    def both_wait(db):
        lock_head(db)
        for thread in threads:
            thread.start()
        time.sleep(0.3)

    Bench(bench.url).store.writing(both_wait)
    for thread in threads:
        thread.join(10)
    assert sorted(found) == ["A", "code_used"]
    bench.store.close()


def test_a_lost_race_is_run_again(pg):
    bench = Bench(pg.database())
    a = bench.console()
    tries = []

    @event.listens_for(bench.store.engine, "commit")
    def lose(db):
        tries.append(1)
        if len(tries) < 3:
            db.exec_driver_sql("DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '40001'; END $$")

    assert bench.push(a, a.event()).acks[0].hub_seq == 1 and len(tries) == 3
    event.remove(bench.store.engine, "commit", lose)
    whole(bench, 1)
    bench.store.close()


class _Steps:
    """Ends the process before step `left` (a statement, a commit, or just after the last commit); 0 only counts."""

    def __init__(self, engine, left):
        self.left, self.count = left, 0
        event.listen(engine, "before_cursor_execute", self.step)
        event.listen(engine, "commit", self.step)

    def step(self, *_):
        self.count += 1
        if self.count == self.left:
            os._exit(KILLED)


def test_a_hub_killed_between_any_two_steps_keeps_each_event_exactly_once(bench):
    a, b = bench.console(), bench.console()
    bench.push(a, a.event())
    steps, total, left = 0, 1, 1
    while True:
        chunk = {"rows": [[f"case-{left}-{i}", {"text": "x"}] for i in range(3)]}
        mine = [a.event("cases_imported", "import:1", chunk), a.raw(b"unreadable %d" % left), a.event()]
        theirs = [b.change(f"case-{left}-1", {"text": "x"}, {"text": "y"})]

        def work(left=left, mine=mine, theirs=theirs):
            other = Bench(bench.url)
            _Steps(other.store.engine, left)
            append(other.store, Memory(), [other.offer(a, *mine), other.offer(b, *theirs)], lambda: NOW)

        bench.store.close()
        steps += 1
        code = ended(forked(work))
        assert code in (0, KILLED)
        with bench.store.reading() as db:
            assert verify(db).bad is None and reading.head_of(db)[2] in (total, total + 3)
        total += 3
        answers = [bench.push(a, *mine), bench.push(b, *theirs)]
        assert [[ack.hub_seq for ack in x.acks] for x in answers] == [[total - 2, 0, total - 1], [total]]
        whole(bench, total)
        if code == 0:
            break
        left += 1
    assert steps > 8, "every statement was a place to die"


def test_the_hub_asks_no_more_of_an_engine_than_its_page_says(pg):
    """Plain statements, one row locked, nothing that engines which only speak the protocol may lack."""
    bench, said = Bench(pg.database()), []
    event.listen(
        bench.store.engine, "before_cursor_execute", lambda db, cursor, sql, *_: said.append(" ".join(sql.split()))
    )
    a = bench.console()
    bench.push(a, a.event("cases_imported", "import:1", {"rows": [["case-1", {"text": "x"}]]}), a.raw(b"?"),
               a.change("case-1", {"text": "x"}, {"text": "y"}))  # fmt: skip
    token = bench.store.writing(lambda db: doors.renew(db, doors.digest(a.token), NOW)).token
    bench.store.writing(lambda db: doors.use(db, doors.digest(token)))
    whole(bench, 2)
    with bench.store.reading() as db:
        reading.pull(db, 0, "", 10, NOW)
        doors.listed(db)
    bench.store.writing(lambda db: doors.revoke(db, a.device, NOW))
    assert {sql.split()[0] for sql in said} == {"SELECT", "INSERT", "UPDATE"}
    assert {sql.split(" FROM ")[1] for sql in said if "FOR " in sql} == {"hub_head FOR UPDATE"}
    for word in ("ON CONFLICT", "RETURNING", "LOCK ", "LISTEN", "NOTIFY", "advisory", "nextval", "::JSON", "WITH "):
        assert not [sql for sql in said if word.lower() in sql.lower()], word
    bench.store.close()


def test_the_service_role_cannot_change_history(pg):
    """What docs/operators/hub.md grants is enough to serve, and not enough to rewrite."""
    import re
    from pathlib import Path

    page = (Path(__file__).parents[2] / "docs" / "operators" / "hub.md").read_text("utf-8")
    grants = re.search(r"```sql grants\n(.*?)```", page, re.DOTALL)[1]
    bench = Bench(pg.database())
    bench.store.writing(lambda db: db.exec_driver_sql("DROP ROLE IF EXISTS zjj_hub"))
    for statement in [s.strip() for s in grants.split(";") if s.strip()]:
        bench.store.writing(lambda db, statement=statement: db.exec_driver_sql(statement))
    service = Bench.__new__(Bench)
    service.__dict__.update(bench.__dict__)
    from zjj_console.hub.store import Store

    service.store = Store(bench.url.replace("//hub@", "//zjj_hub@"))
    service.store.check()
    a = service.console()
    assert service.push(a, a.event(), a.raw(b"?")).acks[0].hub_seq == 1
    service.store.writing(lambda db: doors.revoke(db, a.device, NOW))
    for statement in ("UPDATE hub_event SET verdict = 1", "DELETE FROM hub_event", "DELETE FROM quarantine", "TRUNCATE hub_event",
                      "DELETE FROM device", "DROP TABLE hub_event"):  # fmt: skip
        with pytest.raises(Exception, match="unavailable"):
            service.store.writing(lambda db, statement=statement: db.exec_driver_sql(statement))
    assert bench.rows(select(HEAD.c.seq)) == [(1,)]
    service.store.close()
    bench.store.close()
