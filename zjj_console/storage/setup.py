"""Making and migrating a database file. Imports SQLAlchemy and Alembic, so only set-up commands come here."""

import contextlib
import shutil
import uuid
from pathlib import Path

from alembic import command
from alembic.config import Config
from pysqlite3 import dbapi2
from sqlalchemy import Connection as CoreConnection
from sqlalchemy import create_engine, event
from sqlalchemy.exc import DBAPIError

from zjj_console.storage import db as database
from zjj_console.storage import disk
from zjj_console.storage.journal import GENESIS

MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_SPACE = 3  # free disk wanted, in sizes of the database


def _upgrade(path: Path) -> None:
    """All pending migrations in one transaction: a failed one leaves the file as it was."""
    engine = create_engine(f"sqlite:///{path}", module=dbapi2)
    event.listen(engine, "connect", _autocommit)
    event.listen(engine, "begin", _begin)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def _autocommit(connection: dbapi2.Connection, record: object) -> None:
    connection.isolation_level = None


def _begin(connection: CoreConnection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def create(path: Path, town_code: str, console: str = "A") -> None:
    """A new, empty database. The journal's device and log get fresh identities. Raises StorageError if it exists."""
    building = path.with_name(f".{path.name}.new")
    try:
        if path.exists():
            raise database.StorageError(5, f"已存在 {path}", f"{path} exists already")
        path.parent.mkdir(parents=True, exist_ok=True)
        building.unlink(missing_ok=True)
        _upgrade(building)
        with contextlib.closing(database.connect(building)) as db:
            with database.writing(db):
                database.set_meta(
                    db,
                    device=str(uuid.uuid4()),
                    log=str(uuid.uuid4()),
                    console=console,
                    town=town_code,
                    epoch="1",
                    dseq="0",
                    head=GENESIS.hex(),
                    file=database.file_identity(building),
                )
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # its log stays behind under the other name
        disk.settle(building, path, new=True)  # nobody ever opens a half-made database
    except FileExistsError as error:
        raise database.StorageError(5, f"已存在 {path}", f"{path} exists already") from error
    except (OSError, DBAPIError, database.SqliteError, database.StorageError) as error:
        if isinstance(error, database.StorageError) and error.code != 1:
            raise
        zh, en = _reason(error)
        raise database.StorageError(
            1, f"不能在 {path.parent} 建数据库: {zh}", f"cannot create in {path.parent}: {en}"
        ) from error
    finally:
        disk.discard(building)


def _reason(error: Exception) -> tuple[str, str]:
    if isinstance(error, OSError):
        return disk.why(error)
    said = error if isinstance(error, database.StorageError) else database.translated(error, None)
    if "zjj init" in said.zh:  # it cannot be opened, for it cannot be made
        return "请检查目录权限与空间", "check permissions and free space"
    return said.zh, said.en


def migrate(path: Path) -> Path | None:
    """Bring an older file to the newest schema; returns the backup made before, None if nothing was to do."""
    from zjj_console.storage.backup import backup

    db = database.connect(path)
    try:
        database.check_version(db)
        return None
    except database.StorageError as error:
        if "zjj db migrate" not in error.zh:  # newer than the program, or not ours: nothing to bring forward
            raise
    finally:
        db.close()
    size = path.stat().st_size
    if shutil.disk_usage(path.parent).free < _MIGRATION_SPACE * size:
        raise database.StorageError(
            1,
            f"空间不足，未升级: 请腾出 {_MIGRATION_SPACE * size + (1 << 20) >> 20} MB 后重试",
            "not enough free disk to migrate: free some space",
        )
    saved = backup(path, path.parent)
    try:
        _upgrade(path)
    except DBAPIError as error:
        said = database.translated(error, path)
        raise database.StorageError(
            said.code, f"未升级，数据库仍是旧版(备份 {saved}): {said.zh}", f"not migrated, all as before: {said.en}"
        ) from error
    return saved
