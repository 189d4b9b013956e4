"""Making a hub: its tables and the one head row."""

import re
from pathlib import Path

from sqlalchemy import insert, select
from sqlalchemy.exc import SQLAlchemyError

from zjj_console.domain.ids import uuid7
from zjj_console.hub.store import Store, Wrong
from zjj_console.hub.tables import CATALOGUE, HEAD
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
            CATALOGUE.create_all(db)
            if store.sqlite:
                for trigger in _APPEND_ONLY:
                    db.exec_driver_sql(trigger)
            found = db.execute(select(HEAD.c.log, HEAD.c.town)).first()
            if found is not None and found.town != town:
                raise Wrong(5, "E_CONFLICT", f"{store.shown} 已是 {found.town} 的中心: 每镇一个数据库",
                            f"{store.shown} is the hub of {found.town} already: one database per town")  # fmt: skip
            if found is not None:
                return str(found.log), False
            log = uuid7(now)
            db.execute(insert(HEAD).values(one=1, log=log, town=town, seq=0, hash=GENESIS))
            return log, True
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).strip().splitlines()[0][:200]
        raise Wrong(1, "E_STORAGE", f"不能在 {store.shown} 建中心: {reason}", f"cannot make a hub in {store.shown}: {reason}") from error  # fmt: skip


def _make_folder(path: Path) -> None:
    """The file is its owner's alone: it holds what the town's desk wrote."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError as error:
        raise Wrong(
            1, "E_STORAGE", f"不能建立 {path}: {error.strerror}", f"cannot create {path}: {error.strerror}"
        ) from error
