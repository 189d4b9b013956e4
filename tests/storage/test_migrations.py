"""Migrations of a database that was worked with: cases keep their rows, numbers and timers, tables indexes and triggers."""

import shutil

import pytest

from zjj_console.storage import audit, setup
from zjj_console.storage.db import check_version, connect

CONTENTS = ("case_row", "event", "dispatch", "meta")
OLD_TIMERS = (  # as they were before 0006: known by the id of their case
    "INSERT INTO main.timer(case_id, code, due_at, warn_at, priority)"
    " SELECT c.id, t.code, t.due_at, t.warn_at, t.priority FROM storied.timer t JOIN storied.case_row c ON c.rid = t.rid"
)
GONE = {"ix_dispatch_unit"}  # with 0006, on purpose


@pytest.fixture
def older(journal_db, tmp_path, monkeypatch):
    """The storied journal in a database as version 0004 made it."""
    folder, path = tmp_path / "migrations", tmp_path / "older.db"
    shutil.copytree(setup.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__", "000[5-9]*"))
    with monkeypatch.context() as then:
        then.setattr(setup, "MIGRATIONS", folder)
        setup.create(path, "zjj")
    db = connect(path)
    db.execute("DELETE FROM meta")
    db.execute("ATTACH ? AS storied", (str(journal_db),))
    for table in CONTENTS:
        names = ", ".join(f'"{row[1]}"' for row in db.execute(f"PRAGMA main.table_info({table})").fetchall())
        db.execute(f"INSERT INTO main.{table}({names}) SELECT {names} FROM storied.{table}")
    db.execute(OLD_TIMERS)
    assert db.execute("SELECT version_num FROM alembic_version").fetchone()[0] == "0004"
    db.close()
    return path


def rows(path, *tables):
    db = connect(path)
    try:
        return {table: sorted(db.execute(f"SELECT * FROM {table}").fetchall(), key=repr) for table in tables}
    finally:
        db.close()


def made(path):
    """Every index and trigger with its text, however it is spaced."""
    db = connect(path)
    try:
        found = db.execute("SELECT name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL")
        return {name: " ".join(sql.split()) for name, sql in found.fetchall()}
    finally:
        db.close()


def test_cases_keep_their_rows_numbers_and_timers_and_the_journal_its_proof(older, journal_db, duty):
    before = rows(older, *CONTENTS)
    assert len(before["case_row"]) == 5
    assert setup.migrate(older) is not None
    assert rows(older, *CONTENTS) == before
    assert rows(older, "timer") == rows(journal_db, "timer")
    db = connect(older)
    check_version(db)
    report = audit.verify(db, duty)
    db.close()
    assert report.bad is None, report.message


def test_no_index_and_no_trigger_gets_lost_and_they_are_those_of_a_new_database(older, db_path):
    names = made(older).keys()
    setup.migrate(older)
    assert names - GONE < made(older).keys()
    assert made(older) == made(db_path)


def test_numbers_that_two_consoles_gave_apart_may_meet_and_ids_may_not(older):
    setup.migrate(older)
    db = connect(older)
    names = [row[1] for row in db.execute("PRAGMA table_info(case_row)") if row[1] not in ("rid", "id")]
    again = f"INSERT INTO case_row(id, {', '.join(names)}) SELECT {{}}, {', '.join(names)} FROM case_row WHERE serial = 1002"
    db.execute(again.format("'another'"))
    assert db.execute("SELECT count(*) FROM case_row WHERE console = 'A' AND serial = 1002").fetchone()[0] == 2
    with pytest.raises(Exception, match=r"UNIQUE constraint failed: case_row\.id"):
        db.execute(again.format("id"))
    db.close()
