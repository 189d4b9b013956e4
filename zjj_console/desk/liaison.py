"""How this console stands to its hub, for whoever looks: the screens, `zjj sync status`. Written by what exchanges.

A small file beside the database, like the heartbeat: an answer of the hub must not cost a commit.
"""

import os
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from zjj_console.domain.model import MINUTE, SECOND
from zjj_console.storage import confirmed, order, reads_conflicts
from zjj_console.storage.companion import beside, put
from zjj_console.storage.db import Connection, meta

SILENT = 2 * MINUTE  # nobody exchanges any more: a hub that is listened to answers every half minute
SKEW = 120 * SECOND  # clocks farther apart than this are said
COUNTED = 1000  # events that wait; more are only "more"


class Liaison(Struct, frozen=True):
    """Instants in µs of this console's clock, 0 for never. `offset`: the hub's clock minus ours."""

    contact: int = 0  # the last answer
    level: int = 0  # when nothing of the common order was missing here
    head: int = 0  # how far the order goes, as last told
    offset: int = 0
    cut: int = 0  # since when the hub cannot be had; 0 while it can
    kind: str = ""  # of the trouble, empty for none: network | busy | person | diverged | old | clock
    code: str = ""
    zh: str = ""
    en: str = ""

    def troubled(self, kind: str, code: str, zh: str, en: str, cut: int = 0) -> "Liaison":
        return replace(self, cut=cut, kind=kind, code=code, zh=zh, en=en)

    def well(self) -> "Liaison":
        return self.troubled("", "", "", "")


def keep(database: Path, standing: Liaison) -> None:
    """For others to read; a folder that cannot be written costs them the news and nothing else."""
    put(beside(database, ".sync"), msgspec.json.encode(standing), f"{os.getpid()}")


def recall(database: Path) -> Liaison:
    try:
        return msgspec.json.decode(beside(database, ".sync").read_bytes(), type=Liaison)
    except (OSError, msgspec.MsgspecError):
        return Liaison()


class View(Struct, frozen=True):
    """All that is told of it. `state`: none (no hub) | level | behind | cut | stopped | silent."""

    state: str
    standing: Liaison
    cursor: int = 0
    waiting: int = 0  # own events that the order does not hold yet, at most COUNTED
    oldest: int = 0  # when the oldest of them was recorded
    conflicts: int = 0

    @property
    def since(self) -> int:
        """The instant that the state's word names: as of when the data are, or since when nothing comes."""
        return self.standing.cut if self.state in ("cut", "stopped") else self.standing.level


NONE = View("none", Liaison())


def view(db: Connection, database: Path, now: int) -> View:
    if not order.joined(db):
        return NONE
    standing = recall(database)
    cursor = int(meta(db, "hub_seq", "0"))
    waiting, oldest = confirmed.waiting(db, COUNTED)
    return View(_state(standing, cursor, now), standing, cursor, waiting, oldest or 0, reads_conflicts.count(db))


def _state(standing: Liaison, cursor: int, now: int) -> str:
    if standing.cut and standing.kind in ("person", "old"):
        return "stopped"
    if standing.cut:
        return "cut"
    if abs(now - standing.contact) > SILENT:
        return "silent"
    return "behind" if cursor < standing.head else "level"
