"""A database with a little of everything in its journal, made once and copied for each test."""

from collections.abc import Callable
from pathlib import Path

import pytest

from zjj_console.domain.duty import DutyTime
from zjj_console.storage.db import connect
from zjj_console.town.calendar import day_type

LINES = (
    "xj dhj zy 1 110 y1", "dd 1001", "tj 1001 1", "xj zmc js 3", "sl 1002", "pd 1002 cg", "qs 1002", "td 1002 1",
    "td 1002 y 1", "pd 1002 sc cg", "xj xwc js 2 sp", "cf 1003 1002 同一处", "bz 1002 示例备注", "gp 1002 gbb r2", "xj dhj zy 3",
    "cx", "xj dhj js 3", "db 1005 2d", "zc 1005 2",
)  # fmt: skip


@pytest.fixture(scope="session")
def storied(tmp_path_factory, template, copy_db, open_desk) -> Path:
    path = copy_db(template, tmp_path_factory.mktemp("storied") / "storied.db")
    desk, hands = open_desk(path)
    for line in LINES:
        done = desk.run_line(line, confirmed=True)
        assert done.ok, (line, done.text)
        hands.later(seconds=2)
    desk.close()
    return path


@pytest.fixture
def journal_db(storied, copy_db, tmp_path) -> Path:
    return copy_db(storied, tmp_path / "journal.db")


@pytest.fixture
def duty(town) -> DutyTime:
    return DutyTime(town, lambda day: day_type(town, day)[0] == "workday")


@pytest.fixture
def opened(journal_db):
    db = connect(journal_db)
    yield db
    db.close()


@pytest.fixture
def tamper(opened) -> Callable[..., None]:
    """Write past the triggers, as somebody with the file in his hands can."""

    def write(sql: str, *params: object) -> None:
        opened.execute("DROP TRIGGER IF EXISTS event_no_delete")
        opened.execute("DROP TRIGGER IF EXISTS event_no_update")
        opened.execute(sql, params)

    return write
