"""Making a hub: its tables and the one head row."""

import re
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, inspect, select, update
from sqlalchemy.exc import SQLAlchemyError

from zjj_console.domain.ids import uuid7
from zjj_console.hub.store import Store, Wrong
from zjj_console.hub.tables import CATALOGUE, HEAD, SCHEMA
from zjj_console.sync.wire import GENESIS

TOWN = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_APPEND_ONLY = tuple(  # on PostgreSQL the service's role lacks the right instead; docs/operators/hub.md
    f"CREATE TRIGGER IF NOT EXISTS hub_event_no_{verb.lower()} BEFORE {verb} ON hub_event "
    "BEGIN SELECT RAISE(ABORT, 'the log is only added to'); END"
    for verb in ("UPDATE", "DELETE")
)


def create(store: Store, town: str, now: int) -> tuple[str, bool]:
    """(log, whether it was made now). Raises Wrong where the database is another town's. Again for the same is harmless."""
    if not TOWN.fullmatch(town):
        raise Wrong(2, "E_USAGE", f"镇代码只用小写字母、数字、- 和 _: {town}", f"a town's code is a-z 0-9 - _: {town}")
    if store.sqlite:
        _make_folder(Path(str(store.url.database)))
    try:
        with store.engine.connect().execution_options(zjj_writes=True) as db, db.begin():
            found = _known(db)
            if found is not None and found.town != town:
                raise Wrong(5, "E_CONFLICT", f"{store.shown} 已是 {found.town} 的中心: 每镇一个数据库",
                            f"{store.shown} is the hub of {found.town} already: one database per town")  # fmt: skip
            if found is not None and found.version > SCHEMA:
                raise Wrong(11, "E_MIGRATION", f"中心数据库版本 {found.version}，本程序只识 {SCHEMA}: 请升级程序",
                            f"the hub's tables are version {found.version}, this program knows {SCHEMA}: upgrade it")  # fmt: skip
            CATALOGUE.create_all(db)
            if store.sqlite:
                for trigger in _APPEND_ONLY:
                    db.exec_driver_sql(trigger)
            if found is not None:
                if found.version < SCHEMA:  # so far every version only adds tables
                    db.execute(update(HEAD).values(version=SCHEMA))
                return str(found.log), False
            log = uuid7(now)
            db.execute(insert(HEAD).values(one=1, log=log, town=town, seq=0, hash=GENESIS))
            return log, True
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).strip().splitlines()[0][:200]
        raise Wrong(1, "E_STORAGE", f"不能在 {store.shown} 建中心: {reason}", f"cannot make a hub in {store.shown}: {reason}") from error  # fmt: skip


def _known(db: Connection) -> Any:
    """The head row of a hub that is there, whatever its version."""
    if not inspect(db).has_table(HEAD.name):
        return None
    return db.execute(select(HEAD.c.log, HEAD.c.town, HEAD.c.version)).first()


def _make_folder(path: Path) -> None:
    """The file is its owner's alone: it holds what the town's desk wrote."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError as error:
        raise Wrong(
            1, "E_STORAGE", f"不能建立 {path}: {error.strerror}", f"cannot create {path}: {error.strerror}"
        ) from error
