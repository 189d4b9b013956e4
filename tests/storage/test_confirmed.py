"""Taking the hub's order: what is refused and leaves no trace, what moves, what it costs, and the way back (§6.7, I-5)."""

import itertools
from dataclasses import dataclass, field

import pytest
from msgspec.structs import replace

from tests.hub.consoles import Console
from zjj_console.domain.chain import GENESIS, hub_chained
from zjj_console.domain.judge import CONFLICT
from zjj_console.storage import audit, confirmed, journal, projections
from zjj_console.storage.confirmed import Disorder, Received
from zjj_console.storage.db import connect, meta
from zjj_console.sync.wire import Pushed

CASE = "0177ee63-0000-7000-8000-000000000001"
BEGUN = {"set": {"serial": 1, "console": "Z", "number": "ZJJ2021-Z-00001", "text": "示例"}}


@dataclass
class Hub:
    """Puts events in an order, whatever they are, and chains it."""

    log: list = field(default_factory=list)

    def add(self, *pushed, verdict=0, reason=""):
        for one in pushed:
            before = self.log[-1].hub_hash if self.log else GENESIS
            seq, digest = len(self.log) + 1, bytes.fromhex(one.hash)
            chain = hub_chained(before, seq, digest, verdict, reason)
            self.log.append(
                Received(seq, chain, one.body.encode(), digest, verdict, 1_614_610_000_000_000 + seq, reason)
            )
        return self.log[-len(pushed) :]

    def own(self, desk, verdict=0, reason=""):
        """What waits at a desk, as it would be pushed."""
        sent = confirmed.outbox_events(desk.reader, 100)
        return self.add(*(pushed(one.body, one.hash) for one in sent), verdict=verdict, reason=reason)


def pushed(body, digest):
    return Pushed(body.decode(), digest.hex())


@pytest.fixture
def hub():
    return Hub()


@pytest.fixture
def far():
    """Another desk's journal."""
    return Console("far-away-desk")


@pytest.fixture
def joined(desk):
    desk.at_once(lambda db: confirmed.join(db, desk.duty, "hub-1", ""))
    return desk


@pytest.fixture
def take(joined):
    def apply(received):
        return joined.at_once(lambda db: confirmed.apply(db, joined.duty, received))

    return apply


def whole(desk):
    report = audit.verify(desk.reader, desk.duty)
    assert report.bad is None, report.message


def contents(db):
    tables = [
        row[0]
        for row in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'case_words%'"
        ).fetchall()
    ]
    return {table: db.execute(f"SELECT * FROM {table}").fetchall() for table in tables}


# what is refused ------------------------------------------------------------------------------------------------------


def chained_anew(received):
    """The hub itself says so: its own chain holds."""
    hub = Hub()
    for one in received:
        hub.add(pushed(one.body, one.hash), verdict=one.verdict, reason=one.reason)
    return hub.log


REFUSED = {
    "begins later": ("gap", lambda log: log[1:]),
    "leaves one out": ("gap", lambda log: [log[0], *log[2:]]),
    "comes backwards": ("gap", lambda log: log[::-1]),
    "brings one twice": ("twice", lambda log: chained_anew([*log, log[1]])),
    "changes a verdict": ("chain", lambda log: [replace(log[0], verdict=CONFLICT), *log[1:]]),
    "changes a reason": ("chain", lambda log: [*log[:2], replace(log[2], reason="lead")]),
    "changes the device's hash": ("chain", lambda log: [*log[:2], replace(log[2], hash=bytes(32))]),
    "is another order": ("chain", lambda log: [replace(one, hub_hash=bytes(32)) for one in log]),
    "holds a body that its device did not write": (
        "device", lambda log: chained_anew([*log[:2], replace(log[2], body=log[2].body.replace(b"0001", b"0002"))])),
    "holds what is no envelope": ("envelope", lambda log: chained_anew([*log[:2], replace(log[2], body=b"[1]")])),
    "holds an envelope without a device": (
        "envelope", lambda log: chained_anew([*log[:2], replace(log[2], body=b'{"id": "x", "stream": "y"}')])),
}  # fmt: skip


@pytest.mark.parametrize("left", [lambda log: log[1:], lambda log: [log[0], log[2]]], ids=["the first", "one between"])
def test_I_15_what_the_hub_keeps_aside_of_a_device_stops_nobody(joined, take, hub, far, left):
    """An event that nobody could read leaves its place in that device's chain empty; what comes behind it stands."""
    log = hub.add(
        far.event("reported", "case-0", BEGUN),
        far.event("reported", CASE, BEGUN),
        far.event("noted", CASE, {"set": {}}),
    )
    assert take(chained_anew(left(log))).foreign == 2
    whole(joined)


@pytest.mark.parametrize(("code", "wrong"), REFUSED.values(), ids=REFUSED)
def test_an_answer_that_does_not_hold_is_refused_and_nothing_of_it_is_written(joined, take, hub, far, code, wrong):
    log = hub.add(
        far.event("reported", CASE, BEGUN), far.event("noted", CASE, {"set": {}}), far.event("noted", CASE, {"set": {}})
    )
    before = contents(joined.reader)
    with pytest.raises(Disorder) as refused:
        take(wrong(log))
    assert refused.value.code == code
    assert contents(joined.reader) == before
    assert take(log).foreign == 3, "the true one goes on"
    whole(joined)


def test_own_events_of_which_the_hub_holds_other_bytes_are_a_fork(joined, take, hub):
    joined.run_line("xj dhj js 3")
    (own,) = hub.own(joined)
    body = own.body.replace(b"0001", b"0002")
    (other,) = Hub().add(pushed(body, journal.chained(journal.GENESIS, body)))
    before = contents(joined.reader)
    with pytest.raises(Disorder) as refused:
        take([other])
    assert (refused.value.code, contents(joined.reader)) == ("fork", before)


def test_another_own_event_in_the_place_of_one_is_a_fork(joined, take, hub):
    joined.run_line("xj dhj js 3")
    before = contents(joined.reader)
    twin = Console(meta(joined.reader, "device"))
    with pytest.raises(Disorder) as refused:
        take(hub.add(twin.event("reported", CASE, BEGUN)))
    assert (refused.value.code, contents(joined.reader)) == ("fork", before)


# what moves -----------------------------------------------------------------------------------------------------------


def test_only_what_was_pulled_is_confirmed_and_events_cursor_and_rows_move_together(joined, take, hub, far):
    joined.run_line("xj dhj js 3")
    log = [*hub.own(joined), *hub.add(far.event("reported", CASE, BEGUN))]
    assert confirmed.waiting(joined.reader)[0] == 1
    assert take(log[:1]) == confirmed.Taken(own=1)
    assert (confirmed.position(joined.reader), confirmed.waiting(joined.reader)) == ((1, log[0].hub_hash), (0, None))
    assert take(log[1:]) == confirmed.Taken(foreign=1)
    assert take([]) == confirmed.Taken()
    assert projections.load(joined.reader, CASE).text == "示例"
    whole(joined)


def test_what_the_hub_refused_is_shown_and_changes_nothing(joined, take, hub, far):
    log = hub.add(far.event("reported", CASE, BEGUN))
    log += hub.add(far.change(CASE, {"priority": 3}, {"priority": 1}), verdict=CONFLICT, reason="priority")
    assert take(log).refused == 1
    assert projections.load(joined.reader, CASE).priority == 3
    assert joined.reader.execute("SELECT kind, verdict, reason, provisional FROM conflict").fetchall() == [
        ("corrected", CONFLICT, "priority", 0)
    ]
    whole(joined)


def test_an_event_of_a_program_to_come_is_kept_byte_for_byte(joined, take, hub, far):
    begun = far.event("reported", CASE, BEGUN)
    later = far.event("teleported", CASE, {"put": {"to": [1, 2]}}, flavour="new", seen="x")
    take(hub.add(begun, later))
    assert joined.reader.execute("SELECT body FROM event WHERE hub_seq = 2").fetchone()[0] == later.body.encode()
    whole(joined)
    before = contents(joined.reader)["case_row"]
    joined.rebuild()
    assert contents(joined.reader)["case_row"] == before


def test_an_older_copy_that_nobody_noticed_begins_a_new_epoch_when_the_hub_knows_more(joined, take, hub):
    joined.run_line("xj dhj js 3")
    take(hub.own(joined))
    device, digest = meta(joined.reader, "device"), hub.log[0].hash
    forgotten = Console(device)
    forgotten.back((1, 1, digest))
    take(hub.add(forgotten.event("noted", CASE, {})))
    whole(joined)
    joined.run_line("xj dhj js 3")
    epoch, dseq = joined.reader.execute("SELECT epoch, dseq FROM event ORDER BY lseq DESC LIMIT 1").fetchone()
    assert epoch > 1 and dseq == 1
    (sent,) = confirmed.outbox_events(joined.reader, 10)
    assert sent.previous == hub.log[1].hash, "it continues what the hub holds"
    whole(joined)


# what it costs --------------------------------------------------------------------------------------------------------


def work(path, duty, received):
    """Steps of SQLite's machine that one more event takes, the same on every computer; it is not kept."""
    steps = itertools.count()
    db = connect(path)
    try:
        db.execute("BEGIN IMMEDIATE")
        db.set_progress_handler(lambda: next(steps) < 0, 1)
        confirmed.apply(db, duty, received)
        db.set_progress_handler(None, 1)
        db.execute("ROLLBACK")
    finally:
        db.close()
    return next(steps)


ONE_MORE = {
    "a new case": lambda far: far.event("reported", "new-case", BEGUN),
    "an act on a case": lambda far: far.change(CASE, {"priority": 3}, {"priority": 1}),
    "a sign": lambda far: far.event("signed_in", "duty:2021-03-01", {"signs": []}),
    "an alarm": lambda far: far.event("alarm_acked", "alarm", {"subjects": ["s"]}),
    "a leave": lambda far: far.event("leave_ended", "leave:9", {"id": "9"}, seen=""),
    "a chunk": lambda far: far.event("cases_imported", "batch", {"rows": [[f"row-{n}", {}] for n in range(3)]}),
}


@pytest.fixture
def costs(joined, hub, far):
    """What each kind of event costs on the history so far."""

    def measured():
        found = {}
        for name, event in ONE_MORE.items():
            place = far.place()
            found[name] = work(joined.path, joined.duty, hub.add(event(far)))
            hub.log.pop()
            far.back(place)
        return found

    return measured


@pytest.mark.parametrize("pending", [False, True], ids=["level", "own acts wait"])
def test_an_event_costs_the_same_whatever_the_history(joined, take, hub, far, costs, pending):
    take(hub.add(far.event("reported", CASE, BEGUN)))
    if pending:
        joined.run_line("bz Z1 示例备注")
        joined.run_line("qd")
    few = costs()
    more = [
        (far.event("reported", f"case-{n}", BEGUN), far.event("signed_in", f"duty:2020-{n}", {"signs": []}),
         far.event("alarm_acked", "alarm", {"subjects": [f"{n}"]}))
        for n in range(200)
    ]  # fmt: skip
    take(hub.add(*itertools.chain(*more)))
    for _ in range(30 * pending):
        joined.run_line("xj zmc js 3")
    for name, steps in costs().items():
        assert steps < few[name] * 1.2 + 50, (name, few[name], steps)


# the way back ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def shared(joined, take, hub, far):
    """An own case; a far act on it and an own one that clashed with it; the far act of a case of its own."""
    joined.run_line("xj dhj js 3")
    take(hub.own(joined))
    case = joined.reader.execute("SELECT id FROM case_row").fetchone()[0]
    joined.run_line("gc 1001")
    log = hub.add(far.change(case, {"followed": False, "priority": 3}, {"followed": True, "priority": 2}))
    log += hub.own(joined, CONFLICT, "followed")
    log += hub.add(far.event("reported", CASE, BEGUN))
    take(log)
    return case


def test_after_a_restore_of_the_hub_what_it_forgot_is_pending_again_and_nothing_is_dropped(joined, shared, hub):
    before = joined.reader.execute("SELECT id, body FROM event ORDER BY lseq").fetchall()
    assert joined.at_once(lambda db: confirmed.rewind(db, joined.duty, 1)) == 3
    assert confirmed.position(joined.reader) == (1, hub.log[0].hub_hash)
    assert joined.reader.execute("SELECT id, body FROM event ORDER BY lseq").fetchall() == before
    told = "hub_seq, hub_hash, verdict, reason, received_at"
    rows = joined.reader.execute(f"SELECT {told} FROM event WHERE hub_seq IS NULL").fetchall()
    assert rows == [(None,) * 5] * 3
    assert [sent.body for sent in confirmed.outbox_events(joined.reader, 10)] == [hub.log[2].body], "own ones go again"
    assert {row[0] for row in joined.reader.execute("SELECT id FROM case_row").fetchall()} == {shared, CASE}
    assert joined.reader.execute("SELECT count(*) FROM conflict WHERE provisional = 0").fetchone()[0] == 0
    whole(joined)


def test_a_restored_hub_may_put_them_in_another_order_and_judge_anew(joined, shared, take, hub):
    joined.at_once(lambda db: confirmed.rewind(db, joined.duty, 1))
    again = chained_anew(
        [hub.log[0], replace(hub.log[2], verdict=0, reason=""), replace(hub.log[1], verdict=CONFLICT)]
    )[1:]
    assert take(again) == confirmed.Taken(own=1, foreign=1, refused=1)
    assert projections.load(joined.reader, shared).priority == 3
    assert [row[0] for row in joined.reader.execute("SELECT kind FROM conflict").fetchall()] == ["corrected"]
    whole(joined)


def test_to_go_back_to_where_one_stands_changes_nothing(joined, shared, hub):
    before = contents(joined.reader)
    assert joined.at_once(lambda db: confirmed.rewind(db, joined.duty, 4)) == 0
    assert confirmed.position(joined.reader) == (4, hub.log[3].hub_hash)
    for table, rows in contents(joined.reader).items():
        assert table == "meta" or sorted(rows, key=repr) == sorted(before[table], key=repr), table


def test_a_verdict_is_taken_back_by_name_only(joined, shared):
    with pytest.raises(Exception, match="what the hub has confirmed stays"):
        joined.at_once(lambda db: db.execute("UPDATE event SET verdict = 0 WHERE hub_seq = 3"))
    with pytest.raises(Exception, match="what the hub has confirmed stays"):
        joined.at_once(lambda db: db.execute("UPDATE event SET hub_seq = NULL, hub_hash = NULL WHERE hub_seq = 3"))
