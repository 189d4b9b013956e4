"""One schema, declared once: the migrations make exactly the declared tables, and every query names real columns."""

import re

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from msgspec.structs import fields
from sqlalchemy import create_engine
from sqlmodel import SQLModel

import zjj_console.storage.tables  # noqa: F401  declares the tables
from zjj_console.domain.model import Case
from zjj_console.storage import db as database
from zjj_console.storage import projections, reads, setup


def schema(db):
    """Everything that matters of a schema, in a comparable shape."""
    shape = {}
    names = [r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    for table in names:
        if table == "alembic_version":
            continue
        columns = [(*r[1:4], r[5]) for r in db.execute(f"PRAGMA table_info({table})")]
        indexes = []
        for _, index, unique, origin, partial in db.execute(f"PRAGMA index_list({table})"):
            on = tuple(r[2] for r in db.execute(f"PRAGMA index_info({index})"))
            sql = db.execute("SELECT sql FROM sqlite_master WHERE name = ?", (index,)).fetchone()
            where = re.sub(r'[\s"]+', "", sql[0].split("WHERE", 1)[1]) if sql and sql[0] and partial else ""
            indexes.append((index if origin == "c" else "", unique, origin, on, where))
        kind = db.execute("SELECT type, wr, strict FROM pragma_table_list WHERE name = ?", (table,)).fetchone()
        shape[table] = (sorted(columns), sorted(indexes), kind)
    return shape


@pytest.fixture
def migrated(db_path):
    db = database.connect(db_path)
    yield db
    db.close()


def test_the_newest_migration_is_the_one_that_the_program_wants():
    config = Config()
    config.set_main_option("script_location", str(setup.MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [database.HEAD]


def test_the_migrated_schema_is_the_declared_one(migrated, tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'declared.db'}", module=database.sqlite)
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    declared = database.connect(tmp_path / "declared.db")
    want, have = schema(declared), schema(migrated)
    declared.close()
    assert have.keys() == want.keys()
    for table, shape in want.items():
        assert have[table] == shape, table


def test_every_table_is_strict(migrated):
    loose = migrated.execute(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0"
        " AND name NOT IN ('sqlite_schema', 'alembic_version', 'sqlite_stat1', 'sqlite_stat4')"
    ).fetchall()
    assert loose == []


def test_every_column_named_in_reads_and_projections_exists(migrated):
    rows = {r[1] for r in migrated.execute("PRAGMA table_info(case_row)")}
    assert set(reads.QUEUE_COLUMNS) <= rows
    assert set(projections.COLUMNS) <= rows
    assert {f.name for f in fields(Case)} - rows == {
        *("assists", "returned_by", "clocks", "dispatches", "requests", "aid", "consult", "raised", "missing"),
    }
    assert len(reads.QueueRow.__struct_fields__) == len(reads.QUEUE_COLUMNS)
    everything = reads.Filter(
        states=("REPORTED",), priority=(1,), grid="g1", station="z1", committees=("x",), categories=("zy",),
        units=("cg",), person="2201", source="p110", flow="self", text="桥", overdue_at=1, since=1, until=2,
        followed=True, custodian="day",
    )  # fmt: skip
    assert reads.page(migrated, everything, 5, (0, 0, 0)) == []
    assert reads.page(migrated, everything, 5, (0, 0, 0), backward=True) == []


def test_the_queue_and_the_sweep_are_served_by_an_index(migrated):
    def plan(sql, *params):
        return " ".join(str(r[3]) for r in migrated.execute(f"EXPLAIN QUERY PLAN {sql}", params))

    where, params = reads.Filter().where()
    queue = plan(f"SELECT id FROM case_row WHERE {where} ORDER BY rank, next_due, rid LIMIT 50", *params)
    assert "ix_case_queue" in queue
    assert "TEMP B-TREE" not in queue
    assert "ix_timer_due" in plan("SELECT rid FROM timer WHERE code = ? AND due_at <= ?", "ACC", 1)


def test_connections_are_durable_and_safe(migrated):
    values = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "trusted_schema": 0, "mmap_size": 0}
    for pragma, value in values.items():
        assert migrated.execute(f"PRAGMA {pragma}").fetchone()[0] == value, pragma
    assert database.sqlite_version() >= database.SAFE_SQLITE
