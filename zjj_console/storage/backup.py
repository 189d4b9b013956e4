"""Online backup and restore. A backup counts only once it has been read back and proved."""

import os
import shutil
from datetime import datetime
from pathlib import Path

from pysqlite3 import dbapi2 as sqlite

from zjj_console.storage.audit import verify
from zjj_console.storage.db import StorageError, check_version, connect, set_meta, translated, writing

_RESERVE = 64 << 20  # bytes that must stay free after a backup


def backup(path: Path, folder: Path, stamp: str | None = None) -> Path:
    """A verified copy of a live database in `folder`; writers go on meanwhile. Raises StorageError, leaving no half file."""
    folder.mkdir(parents=True, exist_ok=True)
    size = path.stat().st_size
    free = shutil.disk_usage(folder).free
    if free < size + _RESERVE:
        raise StorageError(
            1,
            f"空间不足: 备份需 {size >> 20} MB，可用 {free >> 20} MB，未写入",
            f"not enough free disk: {size >> 20} MB needed, {free >> 20} MB free",
        )
    stamp = stamp or datetime.now().strftime("%Y%m%d-%H%M%S-%f")
    target = folder / f"{path.stem}-{stamp}.db"
    building = target.with_suffix(".part")
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
        _sync(building)
        problem = quick_check(building, newest=False)
        if problem:
            raise StorageError(1, f"备份校验未通过: {problem}", f"the backup did not verify: {problem}")
        building.rename(target)
    except sqlite.Error as error:
        raise translated(error, building) from error
    finally:
        source.close()
        building.unlink(missing_ok=True)
    return target


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def quick_check(path: Path, *, newest: bool = True) -> str:
    """Empty if pages, schema version and hash chain are whole; otherwise what is wrong first.

    `newest` False accepts an older schema: what a migration saves before it begins.
    """
    db = connect(path)
    try:
        found = str(db.execute("PRAGMA quick_check(1)").fetchone()[0])
        if found != "ok":
            return found
        if newest:
            check_version(db)
        report = verify(db)
        return report.message if report.bad else ""
    except sqlite.Error as error:
        return str(error)
    except StorageError as error:
        return error.en
    finally:
        db.close()


def prune(folder: Path, stem: str, keep: int) -> list[Path]:
    """Remove the oldest backups beyond `keep`; returns what was removed."""
    found = sorted(folder.glob(f"{stem}-*.db"))
    old = found[:-keep] if keep else []
    for path in old:
        path.unlink()
    return old


def restore(backup_file: Path, path: Path) -> Path | None:
    """Put a verified backup in place of the database, under a new epoch. The old file is kept beside it."""
    problem = quick_check(backup_file)
    if problem:
        raise StorageError(1, f"备份不可用: {problem}，未改动现有数据库", f"the backup is unusable: {problem}")
    building = path.with_name(f".{path.name}.restore")
    shutil.copyfile(backup_file, building)
    db = connect(building)
    with writing(db):
        set_meta(db, file="restored")  # the first write opens a new epoch (journal.open_head)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.execute("PRAGMA journal_mode=DELETE")
    db.close()
    _sync(building)
    kept: Path | None = None
    if path.exists():
        kept = path.with_name(f"{path.stem}-replaced-{datetime.now():%Y%m%d-%H%M%S}.db")
        path.rename(kept)
        for suffix in ("-wal", "-shm"):
            old = path.with_name(path.name + suffix)
            if old.exists():
                old.rename(kept.with_name(kept.name + suffix))
    building.rename(path)
    return kept
