"""Nothing of the history can be changed, dropped or reordered unseen (NV-14, audit)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zjj_console.domain.model import Event
from zjj_console.storage import audit, journal, projections
from zjj_console.storage.db import SqliteError, meta, writing

COLUMNS = ("id", "stream", "kind", "actor", "device", "epoch", "dseq", "at", "cmd")
EVENTS = 22


@pytest.fixture
def attempt(opened, duty):
    """Do something to the file, look at what verify says, take it back."""

    def judge(*statements):
        opened.execute("BEGIN")
        try:
            for trigger in ("event_no_delete", "event_no_update"):
                opened.execute(f"DROP TRIGGER {trigger}")
            for sql, *params in statements:
                opened.execute(sql, params)
            return audit.verify(opened, duty)
        finally:
            opened.execute("ROLLBACK")

    return judge


def events(db):
    return db.execute("SELECT count(*) FROM event").fetchone()[0]


def test_an_untouched_journal_verifies(opened, duty):
    report = audit.verify(opened, duty)
    assert (report.bad, report.events) == (None, events(opened))
    assert report.cases == opened.execute("SELECT count(*) FROM case_row").fetchone()[0] == 5
    assert report.events == EVENTS


@settings(max_examples=150)
@given(data=st.data())
def test_NV_14_any_flipped_bit_of_a_body_is_named(opened, attempt, data):
    lseq = data.draw(st.integers(1, EVENTS))
    body = opened.execute("SELECT body FROM event WHERE lseq = ?", (lseq,)).fetchone()[0]
    at, bit = data.draw(st.integers(0, len(body) - 1)), data.draw(st.integers(0, 7))
    changed = body[:at] + bytes([body[at] ^ (1 << bit)]) + body[at + 1 :]
    assert attempt(("UPDATE event SET body = ? WHERE lseq = ?", changed, lseq)).bad == lseq


@settings(max_examples=60)
@given(lseq=st.integers(1, EVENTS), at=st.integers(0, 31), bit=st.integers(0, 7))
def test_NV_14_any_flipped_bit_of_a_hash_is_named(opened, attempt, lseq, at, bit):
    digest = bytearray(opened.execute("SELECT hash FROM event WHERE lseq = ?", (lseq,)).fetchone()[0])
    digest[at] ^= 1 << bit
    assert attempt(("UPDATE event SET hash = ? WHERE lseq = ?", bytes(digest), lseq)).bad == lseq


@settings(max_examples=60)
@given(lseq=st.integers(1, EVENTS), column=st.sampled_from(COLUMNS), by=st.integers(1, 1000))
def test_NV_14_any_changed_column_beside_the_envelope_is_named(opened, attempt, lseq, column, by):
    old = opened.execute(f"SELECT {column} FROM event WHERE lseq = ?", (lseq,)).fetchone()[0]
    new = old + by * 1000 if isinstance(old, int) else f"{old}x{by}"
    assert attempt((f"UPDATE event SET {column} = ? WHERE lseq = ?", new, lseq)).bad == lseq


@settings(max_examples=60)
@given(first=st.integers(1, EVENTS), count=st.integers(1, EVENTS))
def test_NV_14_any_deletion_is_found_at_the_first_missing_event(attempt, first, count):
    assert attempt(("DELETE FROM event WHERE lseq >= ? AND lseq < ?", first, first + count)).bad == first


@settings(max_examples=40)
@given(one=st.integers(1, EVENTS), other=st.integers(1, EVENTS))
def test_NV_14_any_exchange_of_two_events_is_found_at_the_first(attempt, one, other):
    moves = ((one, 900), (other, one), (900, other))
    report = attempt(*(("UPDATE event SET lseq = ? WHERE lseq = ?", to, frm) for frm, to in moves))
    assert report.bad == (None if one == other else min(one, other))


def test_a_forged_event_with_a_right_chain_is_still_not_the_rows(opened, duty, attempt):
    """Whoever recomputes the chain and the head must also have changed what the screens show."""
    body = opened.execute("SELECT body FROM event WHERE lseq = ?", (EVENTS,)).fetchone()[0]
    previous = opened.execute("SELECT hash FROM event WHERE lseq = ?", (EVENTS - 1,)).fetchone()[0]
    forged = body.replace(b'"cleaned"', b'"repaired"')
    assert forged != body
    digest = journal.chained(previous, forged)
    report = attempt(
        ("UPDATE event SET body = ?, hash = ? WHERE lseq = ?", forged, digest, EVENTS),
        ("UPDATE meta SET v = ? WHERE k = 'head'", digest.hex()),
    )
    assert report.bad == 0
    assert "result" in report.message


@pytest.mark.parametrize("table", ["case_row", "timer", "dispatch"])
def test_any_edit_of_a_projection_is_found(opened, attempt, table):
    """Every column of every row: the tables are what the journal folds to, nothing more and nothing less."""
    columns = [(row[1], row[2]) for row in opened.execute(f"PRAGMA table_info({table})")]
    rows = opened.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    assert rows >= 2
    for name, kind in columns:
        if (table, name) == ("case_row", "rid"):
            continue  # the row's place in this file, not a statement about the case
        value = {"INTEGER": f"coalesce({name}, 0) + 1000", "TEXT": f"{name} || 'x'", "BLOB": "x'7b7d20'"}[kind]
        where = {"case_row": "rowid", "timer": "(rid, code)", "dispatch": "(case_id, n)"}[table]
        pick = f"{where} = (SELECT {where.strip('()')} FROM {table} LIMIT 1 OFFSET {rows // 2})"
        assert attempt((f"UPDATE {table} SET {name} = {value} WHERE {pick}",)).bad == 0, name
    assert attempt((f"DELETE FROM {table} WHERE {pick}",)).bad == 0


def test_rows_without_a_case_are_found(attempt):
    assert attempt(("INSERT INTO timer VALUES (99, 'ACC', 1, 1, 1)",)).bad == 0
    assert attempt(("INSERT INTO dispatch VALUES ('x', 1, 'lead', 'cg', '2201', 1, 'QUEUED', 1)",)).bad == 0


@pytest.mark.parametrize("table", ["case_row", "timer", "dispatch"])
def test_rebuild_gives_the_same_rows(opened, duty, table):
    before = opened.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
    with writing(opened):
        opened.execute("UPDATE case_row SET text = 'x', state = 'CLOSED', is_open = 0")
        opened.execute("DELETE FROM timer")
        assert audit.rebuild(opened, duty) == 5
    assert opened.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() == before
    assert audit.verify(opened, duty).bad is None


@pytest.mark.parametrize(
    "sql",
    ["DELETE FROM event WHERE lseq = 3", "DELETE FROM event", *(f"UPDATE event SET {c} = {c}" for c in COLUMNS),
     "UPDATE event SET body = body", "UPDATE event SET hash = hash", "UPDATE event SET lseq = lseq + 100",
     "REPLACE INTO event SELECT * FROM event WHERE lseq = 3"],
)  # fmt: skip
def test_I_6_the_journal_is_append_only(opened, sql):
    before = opened.execute("SELECT lseq, hash, body FROM event").fetchall()
    with pytest.raises(SqliteError):
        opened.execute(sql)
    assert opened.execute("SELECT lseq, hash, body FROM event").fetchall() == before


def test_only_a_verdict_may_be_filled_in_later(opened, duty):
    opened.execute("UPDATE event SET hub_seq = lseq, verdict = 1 WHERE lseq = 1")
    assert audit.verify(opened, duty).bad is None


def test_the_fold_is_the_same_event_by_event_and_at_once(opened, duty):
    """Fold purity: incremental apply, per-case fold and whole-log fold agree."""
    folded = {case.id: case for case, _, _ in audit.folded(opened)}
    for case_id, case in folded.items():
        assert projections.load(opened, case_id) == case


def test_the_hash_covers_the_exact_bytes(opened):
    first = opened.execute("SELECT body, hash FROM event WHERE lseq = 1").fetchone()
    assert journal.chained(journal.GENESIS, first[0]) == first[1]
    assert b" " not in first[0].split(b'"data"')[0]


def test_I_4_an_event_whose_action_fails_leaves_no_trace(opened, journal_db, actor, duty):
    head = journal.open_head(opened, journal_db)
    with pytest.raises(RuntimeError), writing(opened):
        journal.append(opened, head, [Event("noted", "x", {"set": {}, "was": {}})], actor("0001"), 1)
        raise RuntimeError
    assert (events(opened), meta(opened, "dseq")) == (EVENTS, str(EVENTS))
    assert audit.verify(opened, duty).bad is None
