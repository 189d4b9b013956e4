"""What daily work may cost: an act writes what it changes and nothing else, and nothing asked often reads the whole history."""

import pytest

from zjj_console.desk import queries
from zjj_console.storage import audit, reads_log


@pytest.fixture
def written(desk):
    """The statements of the writing connection, as they are run."""
    said: list[str] = []
    desk._writer.set_trace_callback(said.append)
    yield said
    desk._writer.set_trace_callback(None)


def plan(db, sql):
    return " ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}"))


def asked(db, read):
    """What a read says to the database, with its values."""
    said: list[str] = []
    db.set_trace_callback(said.append)
    read(db)
    db.set_trace_callback(None)
    (sql,) = said
    return sql


def timers(desk):
    return set(desk.reader.execute("SELECT * FROM timer"))


def test_an_act_names_the_columns_that_it_changes_and_no_others(do, desk, written):
    do("xj dhj xf 2 110")
    written.clear()
    do("bz 1001 示例备注")
    (update,) = [sql for sql in written if sql.startswith("UPDATE case_row")]
    names = {
        part.split(" = ")[0].strip()
        for part in update.partition(" SET ")[2].split(" WHERE ")[0].split(",")
        if "=" in part
    }
    assert "version" in names
    assert not names & {"id", "serial", "console", "state", "source", "external_id", "text", "reported_at"}


def test_clocks_that_run_on_keep_their_rows(do, desk, written):
    do("xj dhj xf 2 110 y1")
    before = timers(desk)
    written.clear()
    do("qs 1001")
    stayed = {row[1] for row in before & timers(desk)}
    assert {"ARR", "HDL"} <= stayed
    touched = [sql for sql in written if sql.startswith(("DELETE FROM timer", "INSERT INTO timer"))]
    assert touched
    assert not any(f"'{code}'" in sql for sql in touched for code in stayed)


def test_rows_written_by_what_differs_are_those_of_a_rebuild(do, desk):
    for line in ("xj dhj xf 2 110 y1", "qs 1001", "dd 1001", "bz 1001 示例", "tj 1001 1", "xj dhj zd 3 xc", "zc 1002"):
        do(line)
    before = desk.reader.execute("SELECT * FROM case_row ORDER BY id").fetchall(), timers(desk)
    assert audit.verify(desk.reader, desk.duty).bad is None
    desk.rebuild()
    assert (desk.reader.execute("SELECT * FROM case_row ORDER BY id").fetchall(), timers(desk)) == before


def test_what_units_have_in_hand_is_read_off_the_standing_orders(do, desk):
    do("xj dhj xf 2 110 y1")
    assert queries.load_by_unit(desk.reader) == {"y1": 1}
    assert "USING INDEX ix_dispatch_lead" in plan(desk.reader, asked(desk.reader, queries.load_by_unit))


def test_the_last_end_is_the_latest_of_all_and_is_looked_up(do, desk, clock):
    for _ in range(3):
        do("xj dhj zd 3 xc")
    ended = []
    for handle in (1002, 1001):
        clock.now += 60_000_000
        ended.append(do(f"zc {handle} 2").case.closed_at)
    assert ended == sorted(ended)
    assert reads_log.last_end(desk.reader) == ended[-1]
    told = plan(desk.reader, asked(desk.reader, reads_log.last_end))
    assert "USING INDEX ix_case_queue (is_open=?)" in told
    assert "TEMP B-TREE" not in told, "the first row of the index is the answer"


def test_what_is_new_is_counted_among_the_new(do, desk):
    do("xj dhj xf 2 110")
    seen = reads_log.last_rid(desk.reader)
    do("xj dhj zd 3 xc")
    assert reads_log.newer(desk.reader, seen) == 1
    assert "INTEGER PRIMARY KEY" in plan(desk.reader, asked(desk.reader, lambda db: reads_log.newer(db, seen)))


def test_an_undo_looks_at_the_end_of_the_own_journal_and_not_at_all_of_it(do, desk):
    do("xj dhj xf 2 110")
    said: list[str] = []
    desk._writer.set_trace_callback(said.append)
    do("cx")
    desk._writer.set_trace_callback(None)
    asked_for = [sql for sql in said if "FROM event WHERE" in sql and "cmd" in sql]
    assert asked_for
    for sql in asked_for:
        assert "(device=? AND epoch=? AND dseq>?)" in plan(desk.reader, sql)
