"""The hub's database: one engine for PostgreSQL or a SQLite file, transactions that are tried again, errors as refusals.

Nothing here or above needs more of a database than transactions, plain indexes and `SELECT … FOR UPDATE` on one row, so
that engines which speak PostgreSQL's protocol can stand in.
"""

import contextlib
import random
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from zjj_console.hub.problems import Refused
from zjj_console.hub.tables import HEAD, SCHEMA

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection

T = TypeVar("T")
ATTEMPTS = 6
RETRIED = frozenset({"40001", "40P01"})  # lost a race: the same transaction again
_REFUSALS = {"25006": "read_only", "55P03": "busy", "57014": "busy", "53300": "busy"}  # else: not available
_WAIT = {"busy": 2, "read_only": 30, "unavailable": 15}  # seconds until it is worth another try
_BUSY_SECONDS = 5
_SQLITE = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF", "mmap_size=0",
           f"busy_timeout={_BUSY_SECONDS * 1000}")  # fmt: skip
_POSTGRES = (f"SET lock_timeout = '{_BUSY_SECONDS}s'", "SET statement_timeout = '30s'",
             "SET idle_in_transaction_session_timeout = '15s'")  # fmt: skip


class Wrong(Exception):
    """The database cannot be used as it is: exit code, error code and a sentence in both languages that says what to do."""

    def __init__(self, code: int, error: str, zh: str, en: str) -> None:
        super().__init__(zh)
        self.code, self.error, self.zh, self.en = code, error, zh, en


class Store:
    """An engine with its two ways in. Threads may share it."""

    def __init__(self, url: str, pool: int = 18) -> None:
        self.url = _checked(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _sqlite(self.url, pool) if self.sqlite else _postgres(self.url, pool)

    def close(self) -> None:
        self.engine.dispose()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A short transaction that only reads."""
        try:
            with self.engine.connect() as db:
                yield db
        except SQLAlchemyError as error:
            raise refusal(error) from error

    def writing(self, work: Callable[[Connection], T]) -> T:
        """One transaction, all or nothing; done again where the database says that it lost a race."""
        for attempt in range(ATTEMPTS):
            try:
                with self.engine.connect().execution_options(zjj_writes=True) as db, db.begin():
                    return work(db)
            except SQLAlchemyError as error:
                if state_of(error) not in RETRIED or attempt == ATTEMPTS - 1:
                    raise refusal(error) from error
                time.sleep(random.uniform(0, 0.01 * 2**attempt))
        raise AssertionError("unreachable")

    def check(self) -> None:
        """Raises Wrong unless there is a hub in this database that this program knows."""
        try:
            with self.engine.connect() as db:
                version = db.execute(select(HEAD.c.version)).scalar()
        except DBAPIError as error:
            if "no such table" in str(error.orig) or state_of(error) == "42P01":
                version = None
            else:
                raise Wrong(
                    1, "E_STORAGE", f"打不开中心数据库 {self.shown}: {_short(error)}",
                    f"cannot open the hub's database {self.shown}: {_short(error)}",
                ) from error  # fmt: skip
        if version is None:
            raise Wrong(6, "E_NOT_FOUND", f"{self.shown} 中没有中心: 先运行 zjj hub init --town CODE",
                        f"no hub in {self.shown}: run zjj hub init --town CODE first")  # fmt: skip
        if version < SCHEMA:
            raise Wrong(11, "E_MIGRATION", f"中心数据库版本 {version}，本程序用 {SCHEMA}: 先备份，再由库主运行 zjj hub init --town CODE 升级",
                        f"the hub's tables are version {version}, this program uses {SCHEMA}: back up, then let their owner "
                        "run zjj hub init --town CODE")  # fmt: skip
        if version != SCHEMA:
            raise Wrong(11, "E_MIGRATION", f"中心数据库版本 {version}，本程序只识 {SCHEMA}: 请升级程序",
                        f"the hub's tables are version {version}, this program knows {SCHEMA}: upgrade it")  # fmt: skip

    @property
    def shown(self) -> str:
        """Where it is, without the password."""
        return str(self.url.database) if self.sqlite else self.url.render_as_string(hide_password=True)


def _checked(url: str) -> URL:
    try:
        made = make_url(url)
        backend = made.get_backend_name()
        made.get_dialect()
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise Wrong(2, "E_USAGE", "数据库地址须如 postgresql+psycopg://用户@主机/库 或 sqlite:////路径/hub.db",
                    "the database is written postgresql+psycopg://user@host/name or sqlite:////path/hub.db") from error  # fmt: skip
    if backend not in ("postgresql", "sqlite") or (backend == "sqlite" and made.database in (None, "", ":memory:")):
        raise Wrong(2, "E_USAGE", "中心数据库只能是 PostgreSQL，或一个 SQLite 文件",
                    "the hub's database is PostgreSQL, or a SQLite file")  # fmt: skip
    return made


def _postgres(url: URL, pool: int) -> Engine:
    engine = create_engine(
        url, pool_size=pool, max_overflow=4, pool_pre_ping=True, pool_timeout=_BUSY_SECONDS, hide_parameters=True,
        connect_args={"connect_timeout": _BUSY_SECONDS, "application_name": "zjj-hub"},
    )  # fmt: skip

    @event.listens_for(engine, "connect")
    def bounded(raw: "DBAPIConnection", record: object) -> None:
        """Whoever hangs with the head row locked is ended, and nobody waits for him for ever."""
        cursor = raw.cursor()
        for statement in _POSTGRES:
            cursor.execute(statement)
        cursor.close()
        raw.commit()

    return engine


def _sqlite(url: URL, pool: int) -> Engine:
    from pysqlite3 import dbapi2

    engine = create_engine(
        url, module=dbapi2, pool_size=pool, max_overflow=4, pool_timeout=_BUSY_SECONDS, hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": _BUSY_SECONDS},
    )  # fmt: skip

    @event.listens_for(engine, "connect")
    def opened(raw: Any, record: object) -> None:
        raw.isolation_level = None  # the driver must not begin or commit on its own
        for pragma in _SQLITE:
            raw.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begun(db: Connection) -> None:
        """A writer takes the lock with its first statement: SQLite's answer to FOR UPDATE."""
        db.exec_driver_sql("BEGIN IMMEDIATE" if db.get_execution_options().get("zjj_writes") else "BEGIN")

    return engine


def state_of(error: SQLAlchemyError) -> str:
    """The SQLSTATE of a driver's error; empty where it has none."""
    return str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")


def refusal(error: SQLAlchemyError) -> Refused:
    """A database error as the refusal that a client can wait out. Its text stays here: it may quote a row."""
    state, text = state_of(error), str(getattr(error, "orig", ""))
    if isinstance(error, PoolTimeout) or "locked" in text or state in RETRIED:
        code = "busy"
    else:
        code = "read_only" if "readonly" in text else _REFUSALS.get(state, "unavailable")
    return Refused(code, _WAIT[code])


def _short(error: DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0][:200] if str(error.orig).strip() else type(error.orig).__name__
