"""Joining a town's hub: a one-time code for a credential, a letter for the case numbers, and one order from then on."""

import asyncio
from pathlib import Path

from msgspec.structs import replace

from zjj_console.domain.duty import DutyTime
from zjj_console.storage import confirmed
from zjj_console.storage.db import Connection, meta, writing
from zjj_console.sync import link as links
from zjj_console.sync import wire
from zjj_console.sync.client import Client, Trouble
from zjj_console.sync.link import Link


def join(path: Path, db: Connection, duty: DutyTime, link: Link, code: str, name: str, letter: str) -> wire.Enrolled:
    """Enrol this console and take its journal into the hub's order. Raises Trouble; OSError where the link cannot be kept.

    The credential is on disk before the database changes: whoever is interrupted between goes on by `settle`.
    """
    enrolled = asyncio.run(_enrol(link, wire.Enrol(code, meta(db, "device"), name, letter)))
    town = meta(db, "town")
    if enrolled.town != town:
        raise Trouble("person", "other_town", f"这是 {enrolled.town} 的中心，本机属于 {town}: 未接入；请在中心停用刚登记的设备",
                      f"this is the hub of {enrolled.town}, the console belongs to {town}: not joined; revoke the device there")  # fmt: skip
    joined = replace(link, token=enrolled.token, log=enrolled.log, console=enrolled.console)
    links.save(path, joined)
    settle(db, duty, joined)
    return enrolled


def settle(db: Connection, duty: DutyTime, link: Link) -> None:
    """The database follows what the link says. Raises Trouble where it follows another hub's log already."""
    known = meta(db, "hub_log")
    if known and known != link.log:
        raise Trouble("person", "other_log", "本机的数据属于另一个中心的日志，不能接入这个: 请用新的数据库",
                      "the data here belong to another hub's log: join this one with a new database")  # fmt: skip
    if not known:
        with writing(db):
            confirmed.join(db, duty, link.log, link.console)


async def _enrol(link: Link, asked: wire.Enrol) -> wire.Enrolled:
    client = Client(link)
    try:
        return await client.enrol(asked)
    finally:
        await client.close()
