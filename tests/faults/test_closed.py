"""A database that is read-only, held by another process or of a newer version: exit code and way out, and nothing is changed."""

import contextlib
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import Zjj
from tests.faults.conftest import DAY, Disk, events, mount
from zjj_console.storage import db as database
from zjj_console.storage.db import connect

Make = Callable[[Path], Zjj]
WRITING = (
    ("do", "xj dhj js 3"),
    ("do", "pd 1002 cg"),
    ("case", "new", "--place", "dhj", "--category", "js"),
    ("import", "cases", "{t}/rows.csv"),
    ("roster", "plan", "--month", "2021-04"),
    ("sign", "in", "0003"),
    ("handover", "note", "H4", "示例"),
    ("db", "rebuild"),
    ("operator", "add", "0001", "--new-pin-file", "{t}/pin"),
    ("db", "restore", "{t}/saved.db"),
)
READING = (
    ("case", "list"),
    ("export", "cases", "{t}/out.csv"),
    ("audit", "verify"),
    ("db", "check"),
    ("db", "backup", "--to", "{t}/backups"),
    ("alarms",),
    ("handover", "show", "H4"),
)


@pytest.fixture
def zjj(desk_at: Make, tmp_path: Path) -> Zjj:
    return desk_at(tmp_path / "desk.db")


@pytest.fixture
def files(tmp_path: Path, evening: Path, copy_db: Any) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "rows.csv").write_text(
        "编号,上报时间,地点,类别,描述,来源\nWX-1,2021-03-01 10:10,东湖街,暴露垃圾,示例,电话\n", "utf-8"
    )
    (folder / "pin").write_text("2468")
    (folder / "pin").chmod(0o600)
    copy_db(evening, folder / "saved.db")
    return folder


def run(zjj: Zjj, words: tuple[str, ...], files: Path) -> tuple[int, str]:
    """Exit code and what was said, in a sentence."""
    by = DAY if words[0] == "handover" else ""
    code, out, err = zjj.run(*(word.format(t=files) for word in words), by=by)
    assert "Traceback" not in err and "E_UNEXPECTED" not in err, err
    return code, out + err


# held -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Callable[..., contextlib.AbstractContextManager[None]]:
    """Another process holds the database: its write lock, or (`alone`) all of it."""
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.0)

    @contextlib.contextmanager
    def hold(path: Path, *, alone: bool = False) -> Iterator[None]:
        other = connect(path)
        if alone:
            other.execute("PRAGMA locking_mode=EXCLUSIVE")
            other.execute("BEGIN EXCLUSIVE")
            other.execute("UPDATE meta SET v = v")
        else:
            other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
        other.close()

    return hold


def test_who_writes_while_another_process_holds_the_lock_ends_with_10_and_may_try_again(
    zjj: Zjj, files: Path, held: Any
) -> None:
    before = events(zjj.db)
    for words in WRITING:
        with held(zjj.db):
            code, said = run(zjj, words, files)
            assert (code, "稍后再试" in said or "请先关闭" in said) == (10, True), (words, code, said)
            assert zjj(*(word.format(t=files) for word in words), by=DAY if words[0] == "handover" else "", code=10)
    assert events(zjj.db) == before
    for words in WRITING[:-1]:
        assert run(zjj, words, files)[0] in (0, 14), words


def test_who_only_reads_is_not_kept_waiting_by_a_writer(zjj: Zjj, files: Path, held: Any) -> None:
    with held(zjj.db):
        for words in READING:
            code, said = run(zjj, words, files)
            assert code in (0, 12), (words, said)


def test_a_database_that_is_held_alone_is_busy_for_everybody_and_damaged_for_nobody(
    zjj: Zjj, files: Path, held: Any
) -> None:
    with held(zjj.db, alone=True):
        for words in (*WRITING, *READING):
            code, said = run(zjj, words, files)
            assert (code, "损坏" in said) == (10, False), (words, code, said)
        code, said = run(zjj, ("doctor",), files)
        assert code == 1 and "数据库忙" in said


# read-only ------------------------------------------------------------------------------------------------------------


@pytest.fixture(params=("the whole disk", "the file", "the folder"))
def shut(request: pytest.FixtureRequest, disk: Disk, desk_at: Make) -> Iterator[tuple[str, Zjj]]:
    """A database that cannot be written, and why."""
    zjj = desk_at(disk.folder / "desk.db")
    inner = str(zjj.db)
    if request.param == "the whole disk":
        disk.close()
    elif request.param == "the file":
        assert mount("--bind", inner, inner) and mount("-o", "remount,ro,bind", inner)
    else:
        assert mount("--bind", inner, inner)
        disk.close()
    yield request.param, zjj
    disk.reopen()
    if request.param != "the whole disk":
        subprocess.run(["umount", "-l", inner], check=True)


def test_who_writes_to_a_read_only_file_or_folder_is_told_so_and_what_to_look_at(
    shut: tuple[str, Zjj], files: Path
) -> None:
    what, zjj = shut
    before = zjj.db.read_bytes()
    for words in WRITING:
        if what == "the file" and words[1] == "restore":
            continue  # the folder takes another file in its place
        code, said = run(zjj, words, files)
        assert (code, "权限" in said) == (1, True), (words, code, said)
    assert zjj.db.read_bytes() == before
    code, said = run(zjj, ("doctor",), files)
    assert code in (0, 1) and (code == 0 or "权限" in said)


# of another version ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ("zh", "en"))
def test_a_database_of_a_newer_version_is_left_alone_by_every_command(zjj: Zjj, files: Path, language: str) -> None:
    db = connect(zjj.db)
    db.execute("UPDATE alembic_version SET version_num = '9999'")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    before = zjj.db.read_bytes()
    for words in (*WRITING[:-1], *READING, ("db", "migrate")):
        code, said = run(zjj, ("--lang", language, *words), files)
        assert code == 11, (words, code, said)
        assert ("升级程序" if language == "zh" else "upgrade the program") in said
    code, said = run(zjj, ("doctor",), files)
    assert code == 1 and "升级程序" in said
    assert zjj.db.read_bytes() == before
