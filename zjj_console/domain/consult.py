"""A consultation (§2.9): collection, agenda, attendance, outcomes, and how its events fold into one record.

Words and names of an agenda item are as they were when it was put there, so that the minutes read the same for ever.
"""

from typing import Any, Literal

import msgspec
from msgspec import Struct

from zjj_console.domain import records
from zjj_console.domain.model import Event, Refusal

Level = Literal["town", "urgent", "station"]
State = Literal["PLANNED", "COLLECTING", "LOCKED", "OPEN", "CLOSED", "MINUTED", "SKIPPED"]
STATE_ZH = {
    "PLANNED": "待收集", "COLLECTING": "收集中", "LOCKED": "议程已定", "OPEN": "会议中", "CLOSED": "已散会",
    "MINUTED": "已出纪要", "SKIPPED": "本周不开",
}  # fmt: skip
LEVEL_ZH = {"town": "镇级周会", "urgent": "临时会商", "station": "站级会商"}
HELD = ("OPEN", "CLOSED", "MINUTED")
OVER = ("CLOSED", "MINUTED", "SKIPPED")
ITEM_ZH = {
    "SCHEDULED": "待议",
    "DISCUSSED": "已议",
    "DEFERRED": "续议",
    "WITHDRAWN": "撤题",
    "FOLLOW_UP": "督办中",
    "DONE": "已办",
}


class Kind(Struct, frozen=True):
    """One possible outcome: the digit that is typed, its words, and the action of the life cycle that it leads to."""

    digit: str
    code: str
    zh: str
    en: str
    action: str


OUTCOMES = (
    Kind("1", "assign", "定主责并派单", "fix responsibility and dispatch", "consult_assign"),
    Kind("2", "joint", "联合处置", "joint handling", "consult_joint"),
    Kind("3", "commander", "提请指挥长", "to the commander", "consult_commander"),
    Kind("4", "raise", "提请镇级/区级", "to town or district", "consult_raise"),
    Kind("5", "suspend", "挂账", "suspend", "consult_suspend"),
    Kind("6", "defer", "下次再议", "next time", "consult_defer"),
    Kind("7", "end", "终止", "terminate", "consult_end"),
)
STATION_OUTCOMES = (  # A41: a station's own consultation is about unclear responsibility only
    Kind("1", "assign", "定责", "responsibility fixed", "station_assign"),
    Kind("2", "none", "未果", "without result", "station_undecided"),
)
LEVELS_UP = {"town": "镇级", "district": "区级"}


class Collection(Struct, frozen=True, omit_defaults=True):
    """What a station reported for a week: cases with their tags, or nothing at all (零报告)."""

    station: str
    by: str
    name: str
    at: int
    cases: tuple[str, ...] = ()  # ids
    nil: bool = False
    late: bool = False
    text: str = ""


class Outcome(Struct, frozen=True, omit_defaults=True):
    """What was decided on an item: who owns it and until when. `done_at` is set when it is reported as done."""

    code: str
    by: str
    at: int
    owner: str  # unit
    due: int
    text: str = ""
    assists: tuple[str, ...] = ()
    level: str = ""  # town | district
    reason: str = ""
    station: str = ""  # whose commander
    done_at: int | None = None
    done_by: str = ""
    done_text: str = ""


class Item(Struct, frozen=True, omit_defaults=True):
    """One case on an agenda."""

    seq: int
    case: str  # id
    handle: str
    station: str  # that reports it
    by: str
    at: int
    words: str = ""  # place and text of the case
    why: tuple[str, ...] = ()  # why it is here
    criterion: str = ""
    cross: tuple[str, ...] = ()
    question: str = ""
    attempts: str = ""  # what was tried before
    proposed: str = ""  # lead unit
    invited: tuple[str, ...] = ()
    materials: str = ""
    missing: str = ""
    deferrals: int = 0
    withdrawn: str = ""
    outcome: Outcome | None = None

    @property
    def state(self) -> str:
        """§2.7, as far as the record itself knows."""
        if self.withdrawn:
            return "WITHDRAWN"
        if self.outcome is None:
            return "SCHEDULED"
        if self.outcome.code == "defer":
            return "DEFERRED"
        return "DONE" if self.outcome.done_at is not None else "FOLLOW_UP"


class Attendance(Struct, frozen=True, omit_defaults=True):
    """A unit that came, or that sent its written opinion instead."""

    unit: str
    by: str
    at: int
    people: str = ""
    absent: bool = False
    opinion: str = ""


class Meeting(Struct, frozen=True, omit_defaults=True):
    """The folded record. `at` is when it is to begin; `sheets` are the minutes as they were made at closing."""

    id: str
    level: Level
    at: int
    week: str = ""
    station: str = ""
    state: State = "PLANNED"
    place: str = ""
    collections: dict[str, Collection] = {}
    items: dict[str, Item] = {}  # by case id
    attendance: dict[str, Attendance] = {}
    reason: str = ""  # why it is skipped, or why it is urgent
    chair: str = ""
    locked_at: int | None = None
    opened_at: int | None = None
    closed_at: int | None = None
    closed_by: str = ""
    reviewed: tuple[str, ...] = ()  # decisions of earlier meetings as they stood when this one began
    trial: bool = False
    sheets: dict[str, str] = {}

    @property
    def agenda(self) -> tuple[Item, ...]:
        """Items in order, those taken off again left out."""
        return tuple(i for i in sorted(self.items.values(), key=lambda i: i.seq) if not i.withdrawn)

    @property
    def undecided(self) -> tuple[Item, ...]:
        return tuple(i for i in self.agenda if i.outcome is None)

    @property
    def invited(self) -> tuple[str, ...]:
        """Units that are to come, each once: who reports, who is proposed, who is invited."""
        found = (u for i in self.agenda for u in (i.station, i.proposed, *i.invited))
        return tuple(dict.fromkeys(u for u in found if u))

    def number_of(self, seq: int) -> int:
        """The place of an item on the agenda as people count it, from 1."""
        return 1 + next((n for n, i in enumerate(self.agenda) if i.seq == seq), 0)

    def item(self, ref: str) -> Item | None:
        """By place on the agenda, handle or case id."""
        agenda = self.agenda
        if ref.isdigit() and 1 <= int(ref) <= len(agenda):
            return agenda[int(ref) - 1]
        return next((i for i in agenda if ref in (i.handle, i.case)), None)

    def came(self, unit: str) -> bool:
        found = self.attendance.get(unit)
        return found is not None and not found.absent


def find_outcome(word: str, kinds: tuple[Kind, ...] = OUTCOMES) -> Kind | None:
    """By digit, code or Chinese word."""
    return next((k for k in kinds if word in (k.digit, k.code, k.zh)), None)


# rules --------------------------------------------------------------------------------------------------------------------


def _no(zh: str, en: str, code: int = 8, rule: str = "R59") -> Refusal:
    return Refusal(code, rule, zh, en)


def decide_refusal(meeting: Meeting, item: Item, kind: Kind, deferrals: int) -> Refusal | None:
    """T31: the meeting is open, the item has no outcome yet, and it is not put off once too often."""
    n = meeting.number_of(item.seq)
    if meeting.state != "OPEN":
        zh = f"{meeting.id} {STATE_ZH[meeting.state]}，先 consult open {meeting.week or meeting.id}"
        return _no(zh, f"{meeting.id} is {meeting.state}; open it first", rule="T31")
    if item.outcome is not None:
        done = next(k for k in OUTCOMES if k.code == item.outcome.code)
        zh = f"议题{n} 已有结果 {done.zh}；一题一结果，改动用案件动词"
        return _no(zh, f"item {n} has its outcome: {done.en}")
    if kind.code == "defer" and item.deferrals >= deferrals:
        return _no(
            f"议题{n} {item.handle} 已续议{item.deferrals}次，至多{deferrals}次，须定其他结果",
            f"item {n} was put off {item.deferrals} times already; give another outcome",
        )
    return None


def close_refusal(meeting: Meeting) -> Refusal | None:
    """AC-59a: every item has exactly one outcome."""
    if meeting.state != "OPEN":
        zh = f"{meeting.id} {STATE_ZH[meeting.state]}，开会之后才能散会"
        return _no(zh, f"{meeting.id} is {meeting.state}; only an open meeting is closed")
    lacking = [f"议题{meeting.number_of(i.seq)}" for i in meeting.undecided]
    if not lacking:
        return None
    numbers = ", ".join(str(meeting.number_of(i.seq)) for i in meeting.undecided)
    zh = f"{'、'.join(lacking)} 无结果: {' '.join(i.handle for i in meeting.undecided)}；逐题定结果(1-7)或撤题后再散会"
    return _no(zh, f"no outcome for item {numbers}; decide or withdraw each before closing")


def tags_refusal(cross: tuple[str, ...], known: dict[str, str]) -> Refusal | None:
    """R58: at least one of the three tags of the paper. `known`: code -> name."""
    wrong = next((tag for tag in cross if tag not in known), "")
    if cross and not wrong:
        return None
    names = "、".join(known.values())
    zh = f"没有跨类 {wrong}，可用: {names}" if wrong else f"每件至少一个跨类: {names}"
    return _no(zh, f"at least one cross tag: {', '.join(known)}", 3, "R58")


def warnings(item: Item) -> tuple[str, ...]:
    """What an item lacks; it blocks nothing (§2.9)."""
    lacking = [
        word
        for word, there in (("拟请事项", item.question), ("建议主责", item.proposed), ("参会单位", item.invited),
                            ("跨类", item.cross))
        if not there
    ]  # fmt: skip
    return (*((f"{item.handle} 未填{'、'.join(lacking)}",) if lacking else ()),
            *((f"{item.handle} 缺材料: {item.missing}",) if item.missing else ()))  # fmt: skip


# folding ------------------------------------------------------------------------------------------------------------------


def event_of(kind: str, meeting: Meeting, args: dict[str, Any], **put: Any) -> Event:
    """An event that puts values: tables grow by key, everything else is replaced."""
    key = {"level": meeting.level, "at": meeting.at, "week": meeting.week, "station": meeting.station,
           "place": meeting.place}  # fmt: skip
    return Event(kind, f"meeting:{meeting.id}", {"args": args, "key": key, "put": msgspec.to_builtins(put)})


def evolve(meeting: Meeting | None, stream: str, data: dict[str, Any]) -> Meeting:
    """Fold one meeting event. Total: any event applies to any record of its stream."""
    return records.fold(meeting, Meeting, stream, data)
