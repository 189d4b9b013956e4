"""Joining a town's hub: a one-time code for a credential, a letter for the case numbers, and one order from then on."""

import asyncio
from pathlib import Path

from msgspec.structs import replace

from zjj_console.desk import liaison
from zjj_console.desk.liaison import Liaison
from zjj_console.domain.duty import DutyTime
from zjj_console.storage import confirmed
from zjj_console.storage.db import Connection, meta, writing
from zjj_console.sync import link as links
from zjj_console.sync import wire
from zjj_console.sync.client import Client, Trouble
from zjj_console.sync.link import Link


def join(path: Path, db: Connection, duty: DutyTime, link: Link, code: str, name: str, letter: str) -> wire.Enrolled:
    """Enrol this console and take its journal into the hub's order. Raises Trouble; OSError where the link cannot be kept.

    What a Trouble ends leaves nothing here: an older link stays until the new credential may take its place.
    The credential is on disk before the database changes: whoever is interrupted between goes on by `settle`.
    """
    enrolled = asyncio.run(_enrol(link, wire.Enrol(code, meta(db, "device"), name, letter)))
    _fits(db, enrolled)
    again = bool(meta(db, "hub_log"))
    joined = replace(link, token=enrolled.token, log=enrolled.log, console=enrolled.console)
    links.save(path, joined)
    settle(db, duty, joined)
    before = liaison.recall(path) if again else Liaison()
    liaison.keep(path, Liaison(level=before.level, head=before.head))  # what the old credential was told is over
    return enrolled


def _fits(db: Connection, enrolled: wire.Enrolled) -> None:
    """Raises Trouble where the hub, its log or what it let us in as is not for this database."""
    town, known = meta(db, "town"), meta(db, "hub_log")
    if enrolled.town != town:
        raise Trouble("person", "other_town", f"这是 {enrolled.town} 的中心，本机属于 {town}: 未接入；请在中心停用刚登记的设备",
                      f"this is the hub of {enrolled.town}, the console belongs to {town}: not joined; revoke the device there")  # fmt: skip
    if enrolled.role != "console":
        raise Trouble("person", "other_role", f"这是 {enrolled.role} 的登记码，值守台须用 console 的: 未接入；请中心停用刚登记的设备，再发 zjj hub enroll --role console",
                      f"the code was for a {enrolled.role}: not joined; have the hub revoke the device, and ask for a console code (zjj hub enroll --role console)")  # fmt: skip
    if known and known != enrolled.log:
        raise _other_log()


def _other_log() -> Trouble:
    return Trouble("person", "other_log", "本机的数据属于另一个中心的日志，不能接入这个: 请用新的数据库，并在中心停用刚登记的设备",
                   "the data here belong to another hub's log: join this one with a new database, and revoke the device there")  # fmt: skip


def settle(db: Connection, duty: DutyTime, link: Link) -> None:
    """The database follows what the link says. Raises Trouble where it follows another hub's log already."""
    known = meta(db, "hub_log")
    if known and known != link.log:
        raise _other_log()
    if not known:
        with writing(db):
            confirmed.join(db, duty, link.log, link.console)


async def _enrol(link: Link, asked: wire.Enrol) -> wire.Enrolled:
    client = Client(link)
    try:
        return await client.enrol(asked)
    finally:
        await client.close()
