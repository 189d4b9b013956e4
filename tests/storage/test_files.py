"""The file: created whole or not at all, backed up and proved, never forked unseen; a full disk loses nothing."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest

from zjj_console.storage import audit, backup, db, journal, setup
from zjj_console.storage.db import StorageError, connect, meta, writing


def events(path):
    opened = connect(path, readonly=True)
    try:
        return opened.execute("SELECT epoch, dseq, hash FROM event ORDER BY lseq").fetchall()
    finally:
        opened.close()


@pytest.fixture
def write(open_desk):
    """One more event by the ordinary way."""

    def note(path, line="bz 1002 又一条"):
        desk, _ = open_desk(path)
        try:
            done = desk.run_line(line)
            assert done.ok, done.text
            assert audit.verify(desk.reader, desk.duty).bad is None
        finally:
            desk.close()

    return note


def test_create_refuses_to_overwrite(db_path):
    with pytest.raises(StorageError) as caught:
        setup.create(db_path, "zjj")
    assert caught.value.code == 5


def test_create_leaves_nothing_half_made(tmp_path, monkeypatch):
    monkeypatch.setattr(db, "set_meta", lambda *a, **k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        setup.create(tmp_path / "zjj.db", "zjj")
    assert list(tmp_path.iterdir()) == []


def test_ordinary_writing_stays_in_one_epoch(journal_db, write):
    before = events(journal_db)
    write(journal_db)
    assert events(journal_db)[-1][:2] == (1, before[-1][1] + 1)


def test_a_backup_verifies_and_is_the_same_history(journal_db, tmp_path):
    saved = backup.backup(journal_db, tmp_path / "saved")
    assert [p.name for p in (tmp_path / "saved").iterdir()] == [saved.name]
    assert backup.quick_check(saved) == ""
    assert events(saved) == events(journal_db)


def test_a_backup_goes_on_while_another_process_holds_the_file(journal_db, tmp_path):
    writer = connect(journal_db)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE meta SET v = 'B' WHERE k = 'console'")
    saved = backup.backup(journal_db, tmp_path / "saved")
    writer.execute("ROLLBACK")
    writer.close()
    assert backup.quick_check(saved) == ""


def test_a_restored_backup_goes_on_in_a_new_epoch(journal_db, tmp_path, write):
    saved = backup.backup(journal_db, tmp_path / "saved")
    write(journal_db)
    lost = events(journal_db)[-1]
    kept = backup.restore(saved, journal_db)
    assert kept is not None
    assert events(kept)[-1] == lost
    write(journal_db)
    epoch, dseq, digest = events(journal_db)[-1]
    assert epoch > 1 and dseq == 1  # never a second event with the same device, epoch and number
    assert digest != lost[2]


def test_numbers_that_a_restored_backup_has_forgotten_are_not_given_again_however_often_it_is_put_back(
    journal_db, tmp_path, write
):
    def numbers():
        opened = connect(journal_db, readonly=True)
        found = {row[0] for row in opened.execute("SELECT serial FROM case_row").fetchall()}
        opened.close()
        return found

    saved, given = backup.backup(journal_db, tmp_path / "saved"), numbers()
    for _ in range(3):
        write(journal_db, "xj dhj js 3")
        write(journal_db, "xj dhj js 3")
        new = numbers() - given
        assert len(new) == 2, "none of them had another case before"
        given |= new
        backup.restore(saved, journal_db)


@pytest.mark.parametrize("way", ["copied beside", "backup copied over"])
def test_a_copied_database_opens_a_new_epoch_at_its_first_write(journal_db, tmp_path, write, way):
    target = tmp_path / "copy.db"
    if way == "copied beside":
        shutil.copyfile(journal_db, target)
    else:  # the same inode as before: only the backup's own mark tells
        saved = backup.backup(journal_db, tmp_path / "saved")
        shutil.copyfile(saved, journal_db)
        target = journal_db
    write(target)
    epoch, dseq, _ = events(target)[-1]
    assert epoch > 1 and dseq == 1
    write(target)
    assert events(target)[-1][:2] == (epoch, 2)


def test_a_copy_that_is_busy_can_be_looked_at_and_begins_its_epoch_with_its_next_event(
    journal_db, tmp_path, write, open_desk, monkeypatch
):
    monkeypatch.setattr(db, "BUSY_SECONDS", 0.0)
    target = Path(shutil.copyfile(journal_db, tmp_path / "copy.db"))
    other = connect(target)
    other.execute("BEGIN IMMEDIATE")
    desk, _ = open_desk(target)
    assert desk.case("1002") is not None and meta(desk.reader, "epoch") == "1"
    desk.close()
    other.execute("ROLLBACK")
    other.close()
    write(target)
    epoch, dseq, _ = events(target)[-1]
    assert epoch > 1 and dseq == 1


def test_a_damaged_backup_is_never_put_in_place(journal_db, tmp_path):
    saved = backup.backup(journal_db, tmp_path / "saved")
    before = events(journal_db)
    opened = connect(saved)
    opened.execute("DROP TRIGGER event_no_update")
    opened.execute("UPDATE event SET actor = '9999' WHERE lseq = 4")
    opened.close()
    with pytest.raises(StorageError) as caught:
        backup.restore(saved, journal_db)
    assert "actor" in caught.value.en
    assert events(journal_db) == before


def test_a_backup_without_room_writes_nothing_and_says_how_much_is_wanted(journal_db, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1 << 20))
    with pytest.raises(StorageError) as caught:
        backup.backup(journal_db, tmp_path / "saved")
    assert "空间不足" in caught.value.zh
    assert list((tmp_path / "saved").iterdir()) == []


def test_prune_keeps_the_newest(tmp_path):
    for day in range(5):
        (tmp_path / f"zjj-2021030{day}.db").touch()
    gone = backup.prune(tmp_path, "zjj", 2)
    assert [p.name for p in gone] == ["zjj-20210300.db", "zjj-20210301.db", "zjj-20210302.db"]
    assert len(list(tmp_path.iterdir())) == 2


def test_a_full_disk_loses_nothing_and_names_the_way_out(journal_db, open_desk):
    desk, hands = open_desk(journal_db)
    desk._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    pages = desk._writer.execute("PRAGMA page_count").fetchone()[0]
    desk._writer.execute(f"PRAGMA max_page_count = {pages + 2}")
    acknowledged, failure = events(journal_db), None
    for _ in range(200):
        try:
            done = desk.run_line("bz 1002 " + "长备注" * 200)
        except StorageError as error:
            failure = error
            break
        assert done.ok
        acknowledged = events(journal_db)
        hands.later(seconds=1)
    assert failure is not None
    assert (failure.code, "未写入" in failure.zh, "腾出空间" in failure.zh) == (1, True, True)
    assert events(journal_db) == acknowledged
    report = audit.verify(desk.reader, desk.duty)
    assert report.bad is None
    assert desk.run_line("ss 示例备注").ok  # reading goes on
    with pytest.raises(StorageError):
        desk.run_line("bz 1002 " + "长备注" * 200)
    desk._writer.execute(f"PRAGMA max_page_count = {pages + 5000}")
    assert desk.run_line("bz 1002 又有空间").ok
    assert audit.verify(desk.reader, desk.duty).bad is None
    desk.close()


def test_a_read_only_connection_writes_nothing_and_says_so(journal_db):
    opened = connect(journal_db, readonly=True)
    with pytest.raises(StorageError) as caught, writing(opened):
        opened.execute("UPDATE meta SET v = 'B'")
    assert caught.value.code == 1
    assert "只读" in caught.value.zh
    opened.close()


def test_a_missing_database_names_the_command_that_makes_it(tmp_path):
    with pytest.raises(StorageError) as caught:
        connect(tmp_path / "none.db")
    assert "zjj init" in caught.value.zh


def test_something_else_is_not_taken_for_a_database(tmp_path):
    (tmp_path / "x.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StorageError) as caught:
        connect(tmp_path / "x.db")
    assert caught.value.code == 1


def as_nobody(code, folder):
    """Run a program as an account without rights on `folder`; root would be let in everywhere."""
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR | stat.S_IRGRP | stat.S_IXGRP | stat.S_IROTH | stat.S_IXOTH)
    drop = "os.setegid(65534); os.seteuid(65534)\n" if os.geteuid() == 0 else ""
    program = "import os, sys\nfrom pathlib import Path\nfrom zjj_console.storage import db, setup\n" + drop
    program += textwrap.dedent(code)
    return subprocess.run(
        [sys.executable, "-c", program + textwrap.dedent(code), str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_read_only_folder_is_said_in_a_sentence():
    with tempfile.TemporaryDirectory() as base:
        Path(base).chmod(0o755)
        folder = Path(base) / "closed"
        folder.mkdir()
        for inside in ("zjj.db", "deeper/zjj.db"):
            done = as_nobody(
                f"""
                try:
                    setup.create(Path(sys.argv[1]) / "{inside}", "zjj")
                except db.StorageError as error:
                    print(error.code, error.zh)
                """,
                folder,
            )
            assert done.returncode == 0, done.stderr
            assert done.stdout.startswith("1 ")
            assert "权限" in done.stdout
        assert list(folder.iterdir()) == []


# Versions ---------------------------------------------------------------------------------------------------------


def version(path, number):
    opened = connect(path)
    opened.execute("UPDATE alembic_version SET version_num = ?", (number,))
    opened.close()


def test_an_up_to_date_file_needs_no_migration(journal_db):
    assert setup.migrate(journal_db) is None


@pytest.mark.parametrize(("number", "says"), [("0000", "zjj db migrate"), ("9999", "升级程序")])
def test_another_version_is_refused_with_what_to_do(journal_db, number, says):
    version(journal_db, number)
    opened = connect(journal_db)
    with pytest.raises(StorageError) as caught:
        db.check_version(opened)
    opened.close()
    assert caught.value.code == 11
    assert says in caught.value.zh


def test_migrating_an_older_file_saves_it_first(journal_db, monkeypatch):
    version(journal_db, "0000")
    before = events(journal_db)
    monkeypatch.setattr(setup, "_upgrade", lambda path: version(path, db.HEAD))
    saved = setup.migrate(journal_db)
    assert saved is not None
    assert events(saved) == events(journal_db) == before
    opened = connect(journal_db)
    db.check_version(opened)
    opened.close()


def test_a_newer_file_is_left_alone(journal_db, tmp_path):
    version(journal_db, "9999")
    with pytest.raises(StorageError) as caught:
        setup.migrate(journal_db)
    assert caught.value.code == 11
    assert [p.name for p in tmp_path.glob("*.db")] == ["journal.db"]


def test_a_failed_migration_leaves_the_old_file_usable(journal_db, monkeypatch, tmp_path):
    """Everything in one transaction: a migration that fails half way changes nothing."""
    version(journal_db, "0000")
    folder = tmp_path / "migrations"
    shutil.copytree(setup.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for old in (folder / "versions").glob("*.py"):
        old.unlink()
    (folder / "versions" / "0001_bad.py").write_text(
        "from alembic import op\nrevision = '0001'\ndown_revision = '0000'\n"
        "def upgrade():\n    op.execute('CREATE TABLE half (x TEXT)')\n    op.execute('CREATE TABLE event (x TEXT)')\n",
        "utf-8",
    )
    (folder / "versions" / "0000_old.py").write_text(
        "revision = '0000'\ndown_revision = None\ndef upgrade():\n    pass\n", "utf-8"
    )
    monkeypatch.setattr(setup, "MIGRATIONS", folder)
    before = events(journal_db)
    with pytest.raises(Exception, match="already exists"):
        setup.migrate(journal_db)
    opened = connect(journal_db)
    assert opened.execute("SELECT count(*) FROM sqlite_master WHERE name = 'half'").fetchone()[0] == 0
    assert opened.execute("SELECT version_num FROM alembic_version").fetchone()[0] == "0000"
    opened.close()
    assert events(journal_db) == before


def test_meta_holds_the_head_of_the_chain(journal_db):
    opened = connect(journal_db)
    head = journal.open_head(opened, journal_db)
    last = events(journal_db)[-1]
    assert (head.epoch, head.dseq, head.hash) == last
    assert meta(opened, "head") == last[2].hex()
    opened.close()
