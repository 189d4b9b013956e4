"""The whole hub proved again: its chain, every device's chain, every verdict, every column that repeats an envelope."""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Row, select

from zjj_console.hub.order import UNREADABLE
from zjj_console.hub.tables import DEVICE, EVENT, HEAD, ORIGIN, QUARANTINE
from zjj_console.hub.weigh import Standing, read, weigh
from zjj_console.storage.journal import GENESIS, chained
from zjj_console.sync.wire import hub_chained

_COLUMNS = ("id", "stream", "kind", "device", "epoch", "dseq", "at")
_PAGE = 1000


class Proof(Struct, frozen=True):
    """`bad` is the first hub_seq that does not hold (0: something beside the order), None where all does."""

    events: int
    devices: int
    bad: int | None = None
    zh: str = ""
    en: str = ""


class _Bad(Exception):
    def __init__(self, seq: int, zh: str, en: str) -> None:
        super().__init__(en)
        self.seq, self.zh, self.en = seq, zh, en


def verify(db: Connection) -> Proof:
    """Walk the log from its first event. Holds every case in memory: some kilobytes each."""
    walk = _Walk(db)
    try:
        for row in _events(db):
            walk.step(row)
        walk.end()
    except _Bad as bad:
        return Proof(walk.seq, len(walk.ends), bad.seq, bad.zh, bad.en)
    return Proof(walk.seq, len(walk.ends))


def _events(db: Connection) -> Iterator[Row[Any]]:
    """Every event in order, some at a time."""
    after = -1
    while rows := db.execute(select(EVENT).where(EVENT.c.hub_seq > after).order_by(EVENT.c.hub_seq).limit(_PAGE)).all():
        yield from rows
        after = rows[-1].hub_seq


class _Walk:
    def __init__(self, db: Connection) -> None:
        self.db = db
        self.seq, self.chain = 0, GENESIS
        self.devices = {row.id: row for row in db.execute(select(DEVICE))}
        self.ends: dict[str, dict[int, tuple[int, bytes]]] = {}  # by device and epoch
        self.cases: Standing = {}
        self.origins: dict[str, tuple[int, int]] = {}
        query = select(QUARANTINE).where(QUARANTINE.c.reason == UNREADABLE)
        self.aside = {(row.device, row.epoch, row.dseq): row for row in db.execute(query)}

    def step(self, row: Row[Any]) -> None:
        seq = self.seq + 1
        if row.hub_seq != seq:
            raise _Bad(seq, f"缺少 {seq}", f"{seq} is missing")
        body, digest = bytes(row.body), bytes(row.hash)
        event = read(body)
        if event is None:
            raise _Bad(seq, f"{seq} 无法读取", f"{seq}: unreadable envelope")
        for name in _COLUMNS:
            if getattr(event, name) != getattr(row, name):
                raise _Bad(seq, f"{seq} 的 {name} 被改动", f"{seq}: column {name} was changed")
        self._device(seq, row, body, digest)
        device = self.devices.get(row.device)
        found = weigh(event, device.role if device else "", self.cases, (device.console if device else None) or "")
        if (found.verdict, found.reason) != (row.verdict, row.reason):
            raise _Bad(seq, f"{seq} 的裁定与重算不同", f"{seq}: the verdict is not what judging it again gives")
        self.origins |= {case: (seq, number) for case, number in found.began}
        self.chain = hub_chained(self.chain, seq, digest, row.verdict, row.reason)
        if self.chain != bytes(row.hub_hash):
            raise _Bad(seq, f"{seq} 与总链不符", f"{seq}: does not match the hub's chain")
        self.seq = seq

    def _device(self, seq: int, row: Row[Any], body: bytes, digest: bytes) -> None:
        ends = self.ends.setdefault(row.device, {})
        dseq, before = self._past(row.device, row.epoch, *ends.get(row.epoch, (0, GENESIS)), until=row.dseq)
        if row.dseq != dseq + 1:
            raise _Bad(seq, f"{seq} 在设备日志中次序不对", f"{seq}: out of its device's order")
        if row.dseq == 1:
            before = bytes(row.previous or b"")
        if chained(before, body) != digest:
            raise _Bad(seq, f"{seq} 内容与哈希不符", f"{seq}: content does not match its hash")
        ends[row.epoch] = row.dseq, digest

    def _past(self, device: str, epoch: int, dseq: int, before: bytes, until: int = 0) -> tuple[int, bytes]:
        """The end of an epoch behind the unreadable events that hold their places there."""
        while (row := self.aside.get((device, epoch, dseq + 1))) is not None and dseq + 1 != until:
            if chained(before, bytes(row.body)) != bytes(row.hash):
                raise _Bad(
                    0, f"隔离区中 {device} 的 {dseq + 1} 被改动", f"quarantine: {dseq + 1} of {device} was changed"
                )
            dseq, before = dseq + 1, bytes(row.hash)
        return dseq, before

    def end(self) -> None:
        head = self.db.execute(select(HEAD)).first()
        if head is None or (head.seq, bytes(head.hash)) != (self.seq, self.chain):
            raise _Bad(self.seq + 1, f"{self.seq + 1} 起缺失", f"{self.seq + 1}: the end of the log is missing")
        for device, row in self.devices.items():
            ends = self.ends.get(device, {})
            epoch = max(ends, default=1)
            end = self._past(device, epoch, *ends.get(epoch, (0, GENESIS)))
            if (epoch if end[0] else 0, *end) != (row.epoch, row.dseq, bytes(row.hash)):
                raise _Bad(0, f"设备 {device} 的日志末端不符", f"device {device}: the end of its chain does not match")
        stray = set(self.ends) - set(self.devices)
        if stray:
            raise _Bad(0, f"没有登记的设备 {min(stray)}", f"device {min(stray)} is in the log and not enrolled")
        found = {row.case_id: (row.hub_seq, row.row) for row in self.db.execute(select(ORIGIN))}
        if found != self.origins:
            raise _Bad(0, "导入起点表与日志不符", "table hub_origin differs from the log")
