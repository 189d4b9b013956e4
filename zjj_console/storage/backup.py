"""Online backup and restore. A backup counts only once it has been read back and proved."""

import contextlib
import re
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from pysqlite3 import dbapi2 as sqlite

from zjj_console.storage import db as database
from zjj_console.storage import disk
from zjj_console.storage.audit import verify
from zjj_console.storage.db import (
    BUSY,
    Connection,
    StorageError,
    check_version,
    connect,
    set_meta,
    translated,
    writing,
)

_RESERVE = 64 << 20  # bytes that must stay free after a backup


def backup(path: Path, folder: Path, stamp: str | None = None) -> Path:
    """A verified copy of a live database in `folder`; writers go on meanwhile. Raises StorageError, leaving no half file."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _room(path, folder, _RESERVE)
        target = folder / f"{path.stem}-{stamp or _stamp()}.db"
        building = target.with_suffix(".part")
        try:
            _copy(path, building)
            disk.sync(building)
            problem = quick_check(building, newest=False)
            if problem:
                raise StorageError(
                    1,
                    f"备份校验未通过: {problem}；未留下备份，现有数据库用 zjj doctor 检查",
                    f"the backup did not verify: {problem}; none was kept, see zjj doctor",
                )
            building.rename(target)
        finally:
            disk.discard(building)
        return target
    except OSError as error:
        raise _unwritten(folder, error) from error


def _copy(path: Path, building: Path) -> None:
    source = connect(path, readonly=True)
    try:
        copy = sqlite.connect(building)
        try:
            source.backup(copy)  # in one step: a stepped copy restarts at every foreign commit
            copy.execute("UPDATE meta SET v = 'backup' WHERE k = 'file'")  # used in place of its original: a new epoch
            copy.commit()
            copy.execute("PRAGMA journal_mode=DELETE")
        finally:
            copy.close()
    except sqlite.Error as error:
        raise translated(error, None) from error
    finally:
        source.close()


def _room(path: Path, folder: Path, reserve: int) -> None:
    size, free = path.stat().st_size, shutil.disk_usage(folder).free
    if free < size + reserve:
        raise StorageError(
            1,
            f"空间不足: {folder} 需 {size + reserve >> 20} MB，可用 {free >> 20} MB，未写入；请腾出空间后重试",
            f"not enough free disk in {folder}: {size + reserve >> 20} MB needed, {free >> 20} MB free; free some space",
        )


def _stamp() -> str:
    return datetime.now().strftime("%Y%m%d-%H%M%S-%f")


def _unwritten(where: Path, error: OSError) -> StorageError:
    zh, en = disk.why(error)
    return StorageError(1, f"不能写 {where}: {zh}", f"cannot write {where}: {en}")


def quick_check(path: Path, *, newest: bool = True) -> str:
    """Empty if pages, schema version and hash chain are whole; otherwise what is wrong first.

    `newest` False accepts an older schema: what a migration saves before it begins. Writes nothing: a backup may lie on
    what cannot be written.
    """
    try:
        db = connect(path, readonly=True)
    except StorageError as error:
        return error.zh
    try:
        found = str(db.execute("PRAGMA quick_check(1)").fetchone()[0])
        if found != "ok":
            return found
        if newest:
            check_version(db)
        report = verify(db)
        return "" if report.bad is None else f"{report.message_zh} ({report.message})"
    except (sqlite.Error, UnicodeDecodeError) as error:
        return translated(error, path).zh
    except StorageError as error:
        return error.zh
    finally:
        db.close()


def integrity(db: Connection) -> str:
    """`ok`, or what is wrong first with the pages and what the indexes say of their tables. Raises StorageError if busy."""
    try:
        found = str(db.execute("PRAGMA integrity_check(1)").fetchone()[0])
        return " ".join(found.split()).removeprefix("*** in database main *** ")
    except sqlite.Error as error:
        said = translated(error, None)
        if said.code == BUSY:
            raise said from error
        return str(error)
    except UnicodeDecodeError:  # it names what it found, and the name itself is damaged
        return "malformed schema"


def backups(folder: Path, stem: str) -> list[Path]:
    """The backups of one database in a folder, the oldest first. Another one whose name begins alike has its own."""
    name = re.compile(re.escape(stem) + r"-\d{8}(-\d{6}(-\d{6})?)?\.db")
    return sorted(path for path in folder.glob("*.db") if name.fullmatch(path.name))


def prune(folder: Path, stem: str, keep: int) -> list[Path]:
    """Remove the oldest backups beyond `keep`; returns what was removed."""
    found = backups(folder, stem)
    old = found[:-keep] if keep else []
    for path in old:
        path.unlink()
    return old


def last_good(folder: Path, stem: str) -> tuple[Path | None, list[tuple[Path, str]]]:
    """The newest backup that verifies, and the newer ones that do not, each with what is wrong with it."""
    passed_over: list[tuple[Path, str]] = []
    for path in reversed(backups(folder, stem)):
        problem = quick_check(path)
        if not problem:
            return path, passed_over
        passed_over.append((path, problem))
    return None, passed_over


def restore(backup_file: Path, path: Path) -> Path | None:
    """Put a verified backup in place of the database, under a new epoch. The old file is kept beside it.

    Raises StorageError: 10 while another process writes, 1 where the backup is damaged or cannot be
    written; the present database is as it was then.
    """
    problem = quick_check(backup_file)
    if problem:
        raise StorageError(1, f"备份不可用: {problem}；未改动现有数据库，请换一份备份",
                           f"the backup is unusable: {problem}; nothing was changed, choose another one")  # fmt: skip
    building = path.with_name(f".{path.name}.restore")
    try:
        _room(backup_file, path.parent, 0)
        shutil.copyfile(backup_file, building)
        with contextlib.closing(connect(building)) as db:
            with writing(db):
                set_meta(db, file="restored")  # the first write opens a new epoch (journal.open_head)
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            db.execute("PRAGMA journal_mode=DELETE")
        disk.sync(building)
        with _held(path):
            kept = _exchange(building, path)
        disk.sync(path.parent)
        return kept
    except OSError as error:
        raise _unwritten(path, error) from error
    except sqlite.Error as error:
        raise translated(error, None) from error
    finally:
        disk.discard(building)


def _exchange(building: Path, path: Path) -> Path | None:
    """Killed at any point, a whole database stands under the name: the old one until the last step."""
    if not path.exists():
        building.replace(path)
        return None
    kept = path.with_name(f"{path.stem}-replaced-{_stamp()}.db")
    try:
        kept.hardlink_to(path)
    except OSError:  # a file system without links
        path.rename(kept)
    for ending in ("-wal", "-shm"):
        old = path.with_name(path.name + ending)
        if old.exists():  # beside another database it would be taken for its own
            old.replace(kept.with_name(kept.name + ending))
    building.replace(path)
    return kept


@contextlib.contextmanager
def _held(path: Path) -> Iterator[None]:
    """Nobody writes while the file is exchanged, and who has it open writes nothing after (`db.writing`).

    A damaged one is taken as it is. Raises StorageError(10) where somebody is writing.
    """
    if not path.exists():
        yield
        return
    with contextlib.closing(sqlite.connect(path, timeout=database.BUSY_SECONDS, isolation_level=None)) as db:
        try:
            read = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]  # 1: somebody still reads in the log
            db.execute("BEGIN IMMEDIATE")
        except sqlite.Error as error:
            said = translated(error, None)
            if said.code == BUSY:
                raise said from error
            read = 0
        if read:
            raise StorageError(BUSY, "有人正在读数据库，未改动: 稍后再试，或先关闭各控制台",
                               "somebody is reading the database, nothing was changed: try again, or close the consoles")  # fmt: skip
        yield
