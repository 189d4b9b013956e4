"""Opening the database file: pragmas, transactions, versions. One short-lived reader or writer per task."""

import contextlib
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pysqlite3 import dbapi2 as sqlite

Connection = Any  # pysqlite3 ships no types; its connections are those of the standard library
HEAD = "0006"  # newest migration; a test keeps it equal to the migration folder
SAFE_SQLITE = (3, 51, 3)  # older libraries can corrupt a write-ahead log that several processes use
BUSY = 10  # exit code: another process holds the database
BUSY_SECONDS = 5.0
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "recursive_triggers=ON",  # or REPLACE INTO would slip past the trigger that keeps the journal append-only
    "trusted_schema=OFF",
    "mmap_size=0",
    "journal_size_limit=67108864",
    "cache_size=-65536",
)

SqliteError = sqlite.Error
UNREADABLE = (sqlite.Error, UnicodeDecodeError)  # the driver gives up on damaged names and texts
NotUnique = sqlite.IntegrityError


class Opened(sqlite.Connection):  # type: ignore[misc]
    """A connection that knows which file it was opened on: another may have taken its name since."""

    path: Path | None = None
    file = ""

    def moved(self) -> bool:
        """Whether the name leads elsewhere now, or nowhere: what is written here, nobody would find."""
        try:
            return self.path is not None and file_identity(self.path) != self.file
        except OSError:
            return True


class StorageError(Exception):
    """The database cannot be used as asked. `code` is the exit code; the text says what to do."""

    def __init__(self, code: int, zh: str, en: str) -> None:
        super().__init__(zh)
        self.code, self.zh, self.en = code, zh, en


def sqlite_version() -> tuple[int, ...]:
    return tuple(int(part) for part in sqlite.sqlite_version.split("."))


def connect(path: Path, *, readonly: bool = False) -> Connection:
    """A connection in autocommit mode; transactions are explicit (`writing`)."""
    mode = "ro" if readonly else "rw"
    if _waits(path):
        raise StorageError(
            2, f"{path} 是管道或设备，请给出数据库文件", f"{path} is a pipe or a device; name a database file"
        )
    try:
        db = sqlite.connect(
            f"file:{_quoted(path)}?mode={mode}",
            uri=True,
            isolation_level=None,
            timeout=BUSY_SECONDS,
            check_same_thread=False,
            cached_statements=256,
            factory=Opened,
        )
        db.path, db.file = path, file_identity(path)
        for pragma in _PRAGMAS[1:] if readonly else _PRAGMAS:
            db.execute(f"PRAGMA {pragma}")
        if readonly:
            db.execute("PRAGMA query_only=ON")
    except UNREADABLE as error:
        raise translated(error, path) from error
    return db


def blank(db: Connection) -> Connection:
    """An empty database in memory with the same tables."""
    again = sqlite.connect(":memory:", isolation_level=None)
    wanted = (
        "type IN ('table', 'index') AND sql IS NOT NULL AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'case_words%'"
    )
    for (sql,) in db.execute(f"SELECT sql FROM sqlite_master WHERE {wanted} ORDER BY type DESC"):
        again.execute(sql)
    return again


def _waits(path: Path) -> bool:
    """Whether opening it could wait for somebody at the other end."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _quoted(path: Path) -> str:
    return str(path.resolve()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def in_place(db: Connection) -> None:
    """Raises StorageError(5) where the name of the file leads elsewhere by now, or nowhere."""
    if isinstance(db, Opened) and db.moved():
        raise StorageError(
            5,
            "数据库文件已被换掉或移走，未写入: 请关闭并重开",
            "the database file was replaced or moved: close and reopen",
        )


@contextlib.contextmanager
def writing(db: Connection) -> Iterator[Connection]:
    """One transaction that holds the write lock from its first statement; all or nothing."""
    try:
        db.execute("BEGIN IMMEDIATE")
    except sqlite.Error as error:
        raise translated(error, None) from error
    try:
        in_place(db)  # only now: whoever exchanges the file holds the write lock meanwhile
        yield db
        db.execute("COMMIT")
    except UNREADABLE as error:
        _rollback(db)
        raise translated(error, None) from error
    except BaseException:
        _rollback(db)
        raise


def _rollback(db: Connection) -> None:
    if db.in_transaction:
        db.execute("ROLLBACK")


def translated(error: Exception, path: Path | None) -> StorageError:
    """A driver error, or one that SQLAlchemy wraps, as a sentence with its exit code."""
    text = str(getattr(error, "orig", None) or error)
    where = f" {path}" if path else ""
    if path is not None and path.is_dir():
        return StorageError(2, f"{path} 是目录，请给出数据库文件", f"{path} is a folder; name a database file")
    if "unable to open" in text and path is not None and path.exists():
        return StorageError(
            1, f"打不开数据库{where}: 请检查文件与目录权限", f"cannot open the database{where}: permissions"
        )
    for signs, code, zh, en in _SENTENCES:
        if any(sign in text for sign in signs):
            return StorageError(code, zh.format(where=where), en.format(where=where))
    return StorageError(1, f"数据库错误: {text}；用 zjj doctor 检查", f"database error: {text}; see zjj doctor")


_SENTENCES = (
    (("locked", "busy"), BUSY, "数据库忙，稍后再试{where}", "database is busy, try again{where}"),
    (("is full",), 1, "磁盘已满: 未写入任何内容，请腾出空间后重试", "disk full: nothing was written; free some space"),
    (("readonly",), 1, "数据库只读: 请检查文件与目录权限{where}", "database is read-only: check permissions{where}"),
    (("unable to open",), 1, "打不开数据库{where}: 先运行 zjj init", "cannot open the database{where}: run zjj init"),
    (
        ("disk I/O",),
        1,
        "读写磁盘出错{where}: 未写入任何内容，请腾出空间或放宽文件大小限额(ulimit -f)后重试；仍不行请检查磁盘",
        "the disk does not read or write{where}: nothing was written; free some space or raise the file size limit"
        " (ulimit -f), then try again, or look at the disk",
    ),
    (
        ("malformed", "not a database", "decode", "corrupt"),
        1,
        "不是数据库或已损坏{where}: 请核对文件，或用 zjj db restore 换回备份",
        "no database, or damaged{where}: check the file, or zjj db restore brings the last backup back",
    ),
)  # what the driver says, exit code, and what we say


def meta(db: Connection, key: str, default: str = "") -> str:
    row = db.execute("SELECT v FROM meta WHERE k = ?", (key,)).fetchone()
    return str(row[0]) if row else default


def set_meta(db: Connection, **values: str) -> None:
    db.executemany("INSERT INTO meta(k, v) VALUES (?, ?) ON CONFLICT(k) DO UPDATE SET v = excluded.v", values.items())


def check_version(db: Connection) -> None:
    """Raises StorageError(11) unless the file is at the newest migration."""
    try:
        row = db.execute("SELECT version_num FROM alembic_version").fetchone()
    except UNREADABLE as error:
        if "no such table" in str(error):
            raise StorageError(
                11,
                "不是本系统的数据库(或空文件): 请换 --db，或移开此文件后 zjj init",
                "not a database of this system: choose another --db",
            ) from error
        raise translated(error, None) from error
    found = str(row[0]) if row else ""
    if found == HEAD:
        return
    if found > HEAD:
        raise StorageError(
            11, f"数据库版本 {found} 比程序新: 请升级程序", f"database {found} is newer: upgrade the program"
        )
    raise StorageError(11, f"数据库版本 {found or '-'} 须升级: zjj db migrate", "migration needed: zjj db migrate")


def file_identity(path: Path) -> str:
    """Changes when the file is copied or restored; the journal then opens a new epoch."""
    stat = path.stat()
    return f"{stat.st_dev}:{stat.st_ino}"
