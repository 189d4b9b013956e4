"""A handover (§4.6): the package that is read, what both sides did with it, and how its events fold into one record.

The package is a document: names and words as they were when it was built, so that it reads the same for ever.
"""

from datetime import date
from typing import Any, Literal

import msgspec
from msgspec import Struct

from zjj_console.domain import records
from zjj_console.domain.model import Event

State = Literal["OPEN", "PREPARED", "OUT_SIGNED", "IN_SIGNED", "FORCED"]
STATE_ZH = {
    "OPEN": "未建包", "PREPARED": "待签字", "OUT_SIGNED": "待接班签字", "IN_SIGNED": "已交接", "FORCED": "带病交接",
}  # fmt: skip
DONE = ("IN_SIGNED", "FORCED")
EXTRA = "HX"  # the handover between the boundaries: relief of a seat, continuation
TOPICS = ("一级二级在办", "督办与疑难", "本班活动与重点事项", "缺岗与顶班", "装备", "同步与系统")
GROUPS = ("running", "paused", "suspended")
MUST_ZH = {
    "p1": "一级", "p2": "二级", "supervised": "督办", "difficult": "疑难", "overdue": "超时",
    "rework": "返工", "support": "保障", "new": "新", "info": "待补充", "night": "夜续", "packed": "入单",
}  # fmt: skip
CODES = {
    "N1": ("停表次日续办", "paused until the day"), "N2": ("转夜间队", "to the night team"),
    "N3": ("部门值班续办", "the department's night room goes on"), "N4": ("已提交待核查", "awaits verification"),
    "N5": ("挂账", "suspended"), "R1": ("已结", "ended"), "R2": ("交回原承办", "back to who had it by day"),
    "R3": ("夜队续办至完", "the night team finishes it"), "R4": ("交镇中心", "to the centre"),
}  # fmt: skip
VIA_ZH = {
    "phone": "电话",
    "radio": "对讲",
    "wechat": "政务微信",
    "console": "控制台",
    "import": "导入",
}  # how a sign was told
NEXT_ZH = {
    "1": "催签收", "2": "到场核实", "3": "跟踪处置至完", "4": "收到提交后核查", "5": "定时回访", "6": "联系承办人",
    "7": "升级", "8": "等待复查", "9": "次日续办",
}  # fmt: skip


class Item(Struct, frozen=True, omit_defaults=True):
    """One open case in the package. `group` is its share of the balance, `must` why it has to be read one by one."""

    id: str
    handle: str
    version: int
    priority: int
    state: str
    state_zh: str
    group: str
    place: str = ""
    text: str = ""
    lead: str = ""
    lead_zh: str = ""
    person: str = ""
    person_zh: str = ""
    clock_zh: str = ""
    due: int | None = None
    resumes: int | None = None
    overdue: bool = False
    must: tuple[str, ...] = ()
    done: tuple[str, ...] = ()  # the last records, ready to print
    gist: str = ""
    next: str = ""  # what comes next, by whom, by when
    code: str = ""  # overnight disposition that holds if nobody chooses


class Balance(Struct, frozen=True):
    """opening + new + reopened - closed - voided - merged = open (I-7), counted from the journal since `since`."""

    opening: int = 0
    new: int = 0
    reopened: int = 0
    closed: int = 0
    voided: int = 0
    merged: int = 0
    open: int = 0
    since: int | None = None

    @property
    def holds(self) -> bool:
        return self.opening + self.new + self.reopened - self.closed - self.voided - self.merged == self.open


class Staff(Struct, frozen=True, omit_defaults=True):
    """A person of the outgoing or incoming shift and how he stands."""

    person: str
    name: str
    unit_zh: str
    post: str
    side: str  # out | in
    standing: str
    note: str = ""


class Line(Struct, frozen=True, omit_defaults=True):
    """One sentence of the package with its instant and, where it has one, the case it speaks of."""

    text: str
    at: int | None = None
    handle: str = ""


class Package(Struct, frozen=True, omit_defaults=True):
    """The snapshot. `lseq` and `head` are the journal position that it was built from."""

    number: str
    boundary: str
    boundary_zh: str
    day: date
    at: int
    by: str
    by_zh: str
    town: str
    town_zh: str
    frm_zh: str
    to_zh: str
    lseq: int
    head: str
    balance: Balance
    items: tuple[Item, ...] = ()
    drafts: tuple[Line, ...] = ()
    requests: tuple[Line, ...] = ()
    calls: tuple[Line, ...] = ()
    coming: tuple[Line, ...] = ()  # what falls due in the next twelve hours
    staff: tuple[Staff, ...] = ()
    gaps: tuple[Line, ...] = ()
    stationings: tuple[Line, ...] = ()
    earlier: tuple[Line, ...] = ()  # notes of earlier handovers that still stand
    unsent: int = 0
    trial: bool = False

    def count(self, group: str) -> int:
        return sum(item.group == group for item in self.items)

    @property
    def must(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.must)

    def item(self, ref: str) -> Item | None:
        return next((item for item in self.items if ref in (item.handle, item.id)), None)


class Tick(Struct, frozen=True, omit_defaults=True):
    """Somebody read or acknowledged something. `back` is the next action in the words of who takes over."""

    by: str
    at: int
    back: str = ""
    version: int = 0  # of the case that was read: a package built anew asks again for what has changed


class Code(Struct, frozen=True, omit_defaults=True):
    """An overnight disposition and who had the case before it, so that the morning can give it back."""

    code: str
    by: str
    at: int
    unit: str = ""
    person: str = ""


class Note(Struct, frozen=True, omit_defaults=True):
    by: str
    name: str
    at: int
    text: str
    late: bool = False  # written after the transfer: an annex, not part of what was signed


class Signature(Struct, frozen=True, omit_defaults=True):
    by: str
    name: str
    at: int
    unit: str = ""
    via: str = ""  # a station that signed by telephone; `by` recorded it for `proxy_for`
    proxy_for: str = ""


class Forced(Struct, frozen=True):
    by: str
    second: str
    second_name: str
    reason: str
    at: int
    blockers: tuple[str, ...] = ()


class Handover(Struct, frozen=True, omit_defaults=True):
    """The folded record of one handover. `at` is its boundary; `moved_at` the instant of the second signature."""

    id: str
    boundary: str
    day: date
    at: int
    frm: str  # day | night; for the stations' boundaries the desk that holds custody on both sides
    to: str
    state: State = "OPEN"
    package: Package | None = None
    digest: str = ""
    reads: dict[str, Tick] = {}
    batch: Tick | None = None
    gists: dict[str, str] = {}
    nexts: dict[str, str] = {}
    codes: dict[str, Code] = {}
    ticks: dict[str, Tick] = {}  # warnings acknowledged, by code
    spoken: Tick | None = None
    equipment: str = ""
    notes: tuple[Note, ...] = ()
    out_sign: Signature | None = None
    in_sign: Signature | None = None
    stations: dict[str, Signature] = {}
    forced: Forced | None = None
    moved_at: int | None = None
    changed: tuple[str, ...] = ()  # handles that changed between the snapshot and the transfer
    sheets: dict[str, str] = {}  # text and html as signed

    @property
    def number(self) -> str:
        """What people call it: JJ-0301-H4."""
        return f"JJ-{self.day:%m%d}-{self.boundary}" + (self.id.partition("@")[2] and f"-{self.id.partition('@')[2]}")

    @property
    def unread(self) -> tuple[Item, ...]:
        return tuple(i for i in self.package.must if not self.has_read(i)) if self.package else ()

    def has_read(self, item: Item) -> bool:
        """Whether somebody has read it as it stands; what the officer who goes ticks himself does not count."""
        tick = self.reads.get(item.id)
        goes = self.out_sign.by if self.out_sign else ""
        return tick is not None and tick.version == item.version and tick.by != goes

    def gist_of(self, item: Item) -> str:
        return self.gists.get(item.id) or item.gist

    def next_of(self, item: Item) -> str:
        return self.nexts.get(item.id) or item.next

    def code_of(self, item: Item) -> str:
        chosen = self.codes.get(item.id)
        return chosen.code if chosen else item.code


def handover_id(boundary: str, day: date, suffix: str = "") -> str:
    """boundary + date is the key (§6.4); an extra one carries its minute."""
    return f"{boundary}-{day.isoformat()}" + (f"@{suffix}" if suffix else "")


def event_of(kind: str, handover: Handover, args: dict[str, Any], **put: Any) -> Event:
    """An event that puts values into the record: tables and lists grow, everything else is replaced."""
    key = {
        "boundary": handover.boundary,
        "day": handover.day,
        "at": handover.at,
        "frm": handover.frm,
        "to": handover.to,
    }
    return Event(
        kind,
        f"handover:{handover.id}",
        {"args": args, "key": msgspec.to_builtins(key), "put": msgspec.to_builtins(put)},
    )


def evolve(handover: Handover | None, stream: str, data: dict[str, Any]) -> Handover:
    """Fold one handover event. Total: any event applies to any record of its stream."""
    return records.fold(handover, Handover, stream, data, whole=("sheets",), growing=("notes", "changed"))
