"""The order: exactly once, in the device's own order, without a gap, with a verdict that stays."""

import hashlib

import pytest
from sqlalchemy import select

from tests.hub.consoles import NOW, Console, whole
from zjj_console.domain.judge import APPLIED, INVALID
from zjj_console.hub import doors, reading
from zjj_console.hub.order import append
from zjj_console.hub.problems import Refused
from zjj_console.hub.tables import EVENT, HEAD, QUARANTINE
from zjj_console.storage.db import connect
from zjj_console.sync import wire


def test_an_event_is_stored_once_and_answered_alike_however_often_it_comes(bench):
    a = bench.console()
    events = [a.event(), a.event(), a.event()]
    first = bench.push(a, *events)
    assert [ack.hub_seq for ack in first.acks] == [1, 2, 3] and first.head == 3 and first.expect is None
    again = bench.push(a, *events[1:], a.event())
    assert again.acks[:2] == first.acks[1:] and again.acks[2].hub_seq == 4
    assert bench.push(a, *events).acks == first.acks
    assert [row.hub_seq for row in bench.rows(select(EVENT).order_by(EVENT.c.hub_seq))] == [1, 2, 3, 4]
    whole(bench)


def test_the_bytes_stay_exact(bench):
    a = bench.console()
    odd = a.event(data={"text": "井盖 \u2028 \U0001f6a8", "n": 2**70})
    bench.push(a, odd)
    (row,) = bench.rows(select(EVENT))
    assert bytes(row.body).decode() == odd.body and bytes(row.hash).hex() == odd.hash


def test_a_gap_stops_the_push_there_and_says_where_to_go_on(bench):
    a = bench.console()
    events = [a.event() for _ in range(5)]
    answer = bench.push(a, events[0], *events[2:])
    assert [ack.hub_seq for ack in answer.acks] == [1] and answer.expect == 2
    assert bench.push(a, *events[1:]).acks[-1].hub_seq == 5
    whole(bench)


@pytest.mark.parametrize("order", [(1, 0, 2), (2, 1, 0), (0, 2, 1)])
def test_events_out_of_order_never_get_past_their_place(bench, order):
    a = bench.console()
    events = [a.event() for _ in range(3)]
    answer = bench.push(a, *(events[i] for i in order))
    taken = {0: 0, 1: 0, 2: 0}.get(order[0]) if order[0] else 1
    assert len(answer.acks) == taken and answer.expect == taken + 1
    whole(bench)


def test_the_same_id_with_other_bytes_is_a_fork_and_leaves_nothing_but_evidence(bench):
    a = bench.console()
    start = a.place()
    first = a.event(id="0190-same-id", data={"text": "one"})
    bench.push(a, first)
    a.back(start)
    other = a.event(id="0190-same-id", data={"text": "two"})
    for _ in range(2):
        refused = bench.push(a, other)
        assert isinstance(refused, Refused) and (refused.code, refused.status) == ("fork", 409)
    rows = bench.rows(select(QUARANTINE))
    assert [(r.reason, bytes(r.body).decode()) for r in rows] == [("fork", other.body)], "kept once"
    assert bench.rows(select(HEAD.c.seq)) == [(1,)]
    whole(bench)


def test_a_second_event_for_a_place_is_a_fork_and_the_whole_push_is_refused(bench):
    a = bench.console()
    start = a.place()
    bench.push(a, a.event())
    a.back(start)
    assert bench.push(a, a.event(), a.event()).code == "fork"
    assert bench.rows(select(HEAD.c.seq)) == [(1,)]
    a.back(start)
    a.new_epoch()
    answer = bench.push(a, a.event(), a.event())
    assert [ack.hub_seq for ack in answer.acks] == [2, 3], "a new epoch goes on, from whatever the hub holds"
    whole(bench)


def test_a_fork_in_the_middle_takes_none_of_the_push(bench):
    a = bench.console()
    good, bad = a.event(), a.event()
    refused = bench.push(a, good, wire.Pushed(bad.body.replace("0001", "0002"), bad.hash))
    assert refused.code == "fork" and refused.words == {"dseq": 2}
    assert bench.rows(select(HEAD.c.seq)) == [(0,)]
    assert bench.push(a, good, bad).expect is None, "the true one goes on"


def test_an_epoch_begins_at_one_and_the_one_before_may_go_on_so_two_copies_of_a_journal_lose_nothing(bench):
    a = bench.console()
    bench.push(a, a.event())
    old = a.place()
    a.epoch, a.dseq = 3, 1
    assert bench.push(a, a.event()).expect == 1, "an epoch begins at 1"
    a.back(old)
    a.epoch, a.dseq = 3, 0
    assert bench.push(a, a.event()).acks[0].hub_seq == 2
    new = a.place()
    a.back(old)
    assert [ack.hub_seq for ack in bench.push(a, a.event(), a.event()).acks] == [3, 4]
    old = a.place()
    a.back(new)
    assert bench.push(a, a.event()).acks[0].hub_seq == 5
    a.back((old[0], old[1] - 1, old[2]))
    assert bench.push(a, a.event()).code == "fork", "its places are taken like any other"
    whole(bench)


def test_an_id_that_comes_twice_in_one_push_is_a_fork_and_harms_nobody_else(bench):
    a, b = bench.console(), bench.console()
    twice = [a.event(id="0190-same-id"), a.event(id="0190-same-id")]
    answers = append(bench.store, bench.memory, [bench.offer(a, *twice), bench.offer(b, b.event())], lambda: NOW)
    assert answers[0].code == "fork" and answers[1].acks[0].hub_seq == 1
    whole(bench)


def test_the_first_of_an_epoch_must_say_what_it_continues_where_the_hub_cannot_know(bench):
    a = bench.console()
    bench.push(a, a.event())
    second = a.event()
    bench.push(a, second, a.event())
    a.back((1, 2, bytes.fromhex(second.hash)))  # a copy of the journal as it was then
    a.new_epoch()
    first = a.event()
    assert bench.push(a, wire.Pushed(first.body, first.hash)).code == "unlinked"
    assert bench.push(a, wire.Pushed(first.body, first.hash, "00" * 32)).code == "fork", "a lie does not hash"
    assert bench.push(a, first).acks[0].hub_seq == 4
    whole(bench)


def test_what_a_new_epoch_continues_must_be_there_first_for_the_hub_may_have_been_put_back(bench):
    a = bench.console()
    bench.push(a, a.event())
    lost = a.event()  # was in the order until a backup of the hub was restored
    a.new_epoch()
    first = a.event()
    answer = bench.push(a, first)
    assert (answer.acks, answer.expect) == ([], 1)
    assert [ack.hub_seq for ack in bench.push(a, lost, first).acks] == [2, 3]
    whole(bench)


def test_an_event_of_another_device_is_refused(bench):
    a, b = bench.console(), bench.console()
    assert bench.push(a, b.event()).code == "other_device"
    assert bench.push(a, a.event(), log="another").code == "other_log"


POISON = [b"not json", b"{}", b"[]", b'{"v":1}', b"\x00", b"1e999", b'{"v":' + b"[" * 2000 + b"]" * 2000 + b"}"]


@pytest.mark.parametrize("body", POISON, ids=range(len(POISON)))
def test_what_cannot_be_read_is_kept_aside_and_stops_nothing(bench, body):
    a = bench.console()
    events = [a.event(), a.raw(body), a.event()]
    answer = bench.push(a, *events)
    assert [(ack.hub_seq, ack.verdict) for ack in answer.acks] == [(1, APPLIED), (0, INVALID), (2, APPLIED)]
    assert bench.push(a, *events, a.event()).acks[:3] == answer.acks
    (row,) = bench.rows(select(QUARANTINE))
    assert (bytes(row.body), row.reason, row.dseq) == (body, "unreadable", 2)
    whole(bench)


def test_the_very_first_event_may_be_unreadable(bench):
    a = bench.console()
    assert [ack.hub_seq for ack in bench.push(a, a.raw(b"?"), a.raw(b"??"), a.event()).acks] == [0, 0, 1]
    whole(bench)


def test_the_hub_chain_holds_place_hash_verdict_and_reason():
    """As written in the protocol, made here by hand; a change of it breaks every hub and console there is."""
    told = hashlib.sha256("时限".encode()).digest()
    by_hand = hashlib.sha256(b"zjj-hub-1\0" + b"p" * 32 + (7).to_bytes(8, "big") + b"e" * 32 + b"\x01" + told).digest()
    assert wire.hub_chained(b"p" * 32, 7, b"e" * 32, 1, "时限") == by_hand


def test_every_connection_is_durable_and_bounded(bench):
    settings = ("PRAGMA journal_mode", "PRAGMA synchronous", "PRAGMA busy_timeout") if bench.store.sqlite else (
        "SHOW lock_timeout", "SHOW statement_timeout", "SHOW idle_in_transaction_session_timeout")  # fmt: skip
    with bench.store.reading() as db:
        found = [db.exec_driver_sql(setting).scalar() for setting in settings]
    assert found == (["wal", 2, 5000] if bench.store.sqlite else ["5s", "30s", "15s"])


def test_a_revoked_device_appends_nothing_from_the_commit_on(bench):
    a = bench.console()
    bench.push(a, a.event())
    bench.store.writing(lambda db: doors.revoke(db, a.device, NOW))
    refused = bench.push(a, a.event())
    assert refused.code == "revoked" and "留" not in refused.problem().zh and "数据仍在本机" in refused.problem().zh
    assert bench.rows(select(HEAD.c.seq)) == [(1,)]


def test_one_bad_push_of_a_group_harms_no_other(bench):
    a, b, c = bench.console(), bench.console(), bench.console()
    offers = [bench.offer(a, a.event()), bench.offer(b, c.event()), bench.offer(c, c.event(), log="x"),
              bench.offer(a, a.event()), bench.offer(Console(token="nobody"), b.event())]  # fmt: skip
    answers = append(bench.store, bench.memory, offers, lambda: NOW)
    assert [getattr(x, "code", x) if isinstance(x, Refused) else x.acks[0].hub_seq for x in answers] == [
        1, "other_device", "other_log", 2, "unauthorized",
    ]  # fmt: skip


def test_pullers_see_the_order_from_their_cursor_and_only_on_the_same_chain(bench):
    a = bench.console()
    bench.push(a, *(a.event() for _ in range(10)))
    with bench.store.reading() as db:
        first = reading.pull(db, 0, "", 4, NOW)
        assert [e.hub_seq for e in first.events] == [1, 2, 3, 4] and first.head == 10
        rest = reading.pull(db, 4, first.events[-1].hub_hash, 1000, NOW)
        assert [e.hub_seq for e in rest.events] == [5, 6, 7, 8, 9, 10]
        chain = wire.GENESIS
        for e in first.events + rest.events:
            chain = wire.hub_chained(chain, e.hub_seq, bytes.fromhex(e.hash), e.verdict, e.reason)
            assert chain.hex() == e.hub_hash
        for after, digest in ((11, chain.hex()), (11, ""), (10, "00" * 32), (3, ""), (0, "11" * 32)):
            with pytest.raises(Refused, match="diverged"):
                reading.pull(db, after, digest, 10, NOW)


def test_an_answer_is_bounded_in_bytes_and_one_event_always_fits(bench):
    a = bench.console()
    big = [a.event(data={"text": "x" * 900_000}) for _ in range(4)]
    for event in big:
        bench.push(a, event)
    with bench.store.reading() as db:
        assert [e.hub_seq for e in reading.pull(db, 0, "", 1000, NOW).events] == [1, 2]


def test_a_real_journal_goes_through_and_is_whole(bench, db_path, open_desk):
    desk, hands = open_desk(db_path)
    lines = ("xj dhj zy 1 110 y1", "dd 1001", "tj 1001 1", "xj zmc js 3", "sl 1002", "pd 1002 cg", "qs 1002", "xj dhj zy 3",
             "cx", "bz 1002 示例")  # fmt: skip
    for line in lines:
        assert desk.run_line(line, confirmed=True).ok
        hands.later(seconds=2)
    desk.close()
    db = connect(db_path)
    rows = [wire.Pushed(body.decode(), h.hex()) for body, h in db.execute("SELECT body, hash FROM event ORDER BY lseq")]
    a = bench.console(device=db.execute("SELECT v FROM meta WHERE k = 'device'").fetchone()[0])
    db.close()
    assert {ack.verdict for ack in bench.push(a, *rows).acks} == {APPLIED}
    whole(bench)
