"""Drills as data: a scripted night out of the profile folder, read and proved before anything runs. No database here.

`drills/NAME.toml` says where the night begins and what has happened by then, then row by row who does what when, what the
trainee has to do himself, and what must be so afterwards. The same file trains people and tests the ladder.
"""

import re
import tomllib
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from zjj_console.desk.steady import counter
from zjj_console.domain import alarms
from zjj_console.domain.model import State
from zjj_console.intake.table import IntakeError
from zjj_console.town.models import Town
from zjj_console.verbs.parse import Problem, parse

SLOWEST, FASTEST = 1, 600
MARKS = frozenset(alarms.mark(grade) for grade in alarms.Grade)
ROLES = ("field", "caller", "desk", "system")
_AT = re.compile(r"(?:(\d\d)-(\d\d) )?([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")
_SPAN = re.compile(r"(\d+)([smh])")
_RUNG = re.compile(r"E([1-9]) ([\w-]+)(?: ([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d)?)?")
_NEXT = re.compile(r"E[1-9](?: ([01]\d|2[0-3]):[0-5]\d:[0-5]\d)?")
_LABEL = re.compile(r"\{(\w+)\}")
_UNITS = {"s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000}


class Away(Struct, frozen=True, forbid_unknown_fields=True):
    """Leave that somebody has; local times of the town."""

    person: str
    start: datetime
    end: datetime
    kind: str = "事假"


class Prepared(Struct, frozen=True, forbid_unknown_fields=True):
    """What the night begins with. `absent`: who does not come; `vacant`: posts that nobody holds, as `z1.deputy`."""

    roster: bool = True  # a published roster, who came, and at night the handover
    absent: tuple[str, ...] = ()
    leave: tuple[Away, ...] = ()
    vacant: tuple[str, ...] = ()


class Expect(Struct, frozen=True, forbid_unknown_fields=True):
    """What must be so of a case. What is left out is not looked at.

    `called`: every rung raised so far, as `E1 0031`, `E2 leave` or `E5 meeting`, with its local time if given.
    `next`: the rung that comes next in the same words, without a person: `E2 23:44:55`; empty: none will come.
    `alarm`: mark of the alarm of the case, empty for none; `offered`: units or people among the candidates.
    """

    case: str = ""  # a label; the newest case where it is left out
    state: str | None = None
    level: int | None = None
    called: tuple[str, ...] | None = None
    next: str | None = None
    cleared: bool | None = None
    alarm: str | None = None
    acked: bool | None = None
    offered: tuple[str, ...] | None = None


class Row(Struct, frozen=True, forbid_unknown_fields=True):
    """One step as the file has it."""

    at: str
    who: str = "system"
    line: str = ""  # a line of the command grammar; `{name}` is the handle of the case of that name
    ack: bool = False  # the desk acknowledges the worst alarm
    case: str = ""  # gives the case that this line makes a name
    say: str = ""  # what is heard
    say_en: str = ""
    hint: str = ""  # how the trainee does it, where the line alone does not tell
    hint_en: str = ""
    within: str = "5m"  # how long a trainee may take, and until when what is expected of him has to come about
    skip_to: str = ""  # the clock goes on from there: nothing happens in between
    expect: Expect | None = None


class Step(Struct, frozen=True):
    """One step with its instants (µs UTC). `n` counts from 1, as errors and reports name it."""

    n: int
    at: int
    by: int  # when it is to be done at the latest
    row: Row
    to: int | None = None

    @property
    def own(self) -> bool:
        """True for what the trainee does himself."""
        return self.row.who == "desk" and bool(self.row.line or self.row.ack)


class Drill(Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    title: str
    title_en: str
    trains: str
    trains_en: str
    start: datetime
    end: datetime
    seat: str  # work number of whoever sits at the desk
    step: tuple[Row, ...]
    state: Prepared = Prepared()
    steps: tuple[Step, ...] = ()  # filled in by `load`
    begins: int = 0
    ends: int = 0


def town_of(drill: Drill, town: Town) -> Town:
    """The town of a drill: its name says on every screen and sheet that it is one, and vacant posts are vacant."""
    vacant = {tuple(post.split(".")) for post in drill.state.vacant}
    posts = tuple(post for post in town.posts if (post.unit, post.role) not in vacant)
    return replace(town, posts=posts, name=f"{town.name}(演练)", name_en=f"{town.name_en} (drill)")


# reading ----------------------------------------------------------------------------------------------------------------


def names(town: Town) -> list[str]:
    return sorted(path.stem for path in (town.path / "drills").glob("*.toml"))


def load(town: Town, name: str) -> Drill:
    """The drill of that name, proved against its town. Raises IntakeError(6, 13)."""
    known = names(town)
    if name not in known:
        there, there_en = ("、".join(known), ", ".join(known)) if known else ("无", "none")
        raise IntakeError(
            6, "E_NOT_FOUND", f"没有演练 {name}；可用: {there}", f"no drill {name}; there are: {there_en}", "name"
        )
    return read(town, town.path / "drills" / f"{name}.toml")


def read(town: Town, path: Path) -> Drill:
    """A drill out of a file. Raises IntakeError(13) that names drill, step, field and what to do."""
    reader = _Reader(town, path.stem)
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise reader.wrong("", f"不是有效的 TOML ({error})", "请按提示改正，文件须为 UTF-8",
                           f"no valid TOML ({error})", "save it as UTF-8 and correct it") from None  # fmt: skip
    return reader.proved(reader.converted(data))


class _Reader:
    """Reads one file; knows how to complain."""

    def __init__(self, town: Town, name: str) -> None:
        self.town, self.name = town, name
        self.step = 0

    def wrong(self, field: str, zh: str, fix: str, en: str, fix_en: str) -> IntakeError:
        at = f"第{self.step}步 " if self.step else ""
        at_en = f"step {self.step} " if self.step else ""
        return IntakeError(13, "E_PROFILE", f"演练 {self.name} {at}{field}: {zh}；{fix}",
                           f"drill {self.name} {at_en}{field}: {en}; {fix_en}", field)  # fmt: skip

    def converted(self, data: dict[str, Any]) -> Drill:
        for key in ("steps", "begins", "ends"):
            if key in data:
                raise self.wrong(key, "不认识的字段", "请删去", "unknown field", "remove it")
        try:
            return msgspec.convert(data, Drill)
        except msgspec.ValidationError as error:
            message, _, path = str(error).partition(" - at `$")
            found = re.search(r"step\[(\d+)\]", path)
            if found is None and "step" in path:  # msgspec says `...` for any member of a list
                self.step = self._first_bad(data.get("step"))
            elif found is not None:
                self.step = int(found[1]) + 1
            field = path.rstrip("`").rpartition("]")[2].lstrip(".") or path.rstrip("`").lstrip(".") or "-"
            raise self.wrong(
                field, f"值不合要求 ({message})", "请对照说明改正", message, "see the page on drills"
            ) from None

    @staticmethod
    def _first_bad(rows: object) -> int:
        for n, row in enumerate(rows if isinstance(rows, list) else [], 1):
            try:
                msgspec.convert(row, Row)
            except msgspec.ValidationError:
                return n
        return 0

    def proved(self, drill: Drill) -> Drill:
        if drill.name != self.name:
            raise self.wrong("name", f"{drill.name!r} 与文件名不同", f"请写 {self.name!r}",
                             f"{drill.name!r} is not the name of the file", f"write {self.name!r}")  # fmt: skip
        begins, ends = self._instant("start", drill.start), self._instant("end", drill.end)
        if ends <= begins:
            raise self.wrong("end", "不晚于 start", "请把结束改晚", "not later than start", "let it end later")
        if not drill.step:
            raise self.wrong(
                "step", "没有步骤", "请至少写一个 [[step]]", "there are no steps", "write at least one [[step]]"
            )
        self._person("seat", drill.seat)
        self._prepared(drill.state)
        return replace(drill, steps=tuple(self._steps(drill, begins, ends)), begins=begins, ends=ends)

    def _instant(self, field: str, local: datetime) -> int:
        if local.tzinfo is not None:
            raise self.wrong(field, "须为本地时间，不带时区", "如 2021-03-01T23:20:00", "a local time without offset",
                             "such as 2021-03-01T23:20:00")  # fmt: skip
        return round(local.replace(tzinfo=self.town.tz).timestamp() * 1_000_000)

    def _person(self, field: str, work_no: str) -> None:
        if work_no not in self.town.people:
            raise self.wrong(field, f"没有工号 {work_no}", "请用 people.csv 中的工号", f"no work number {work_no}",
                             "take one of people.csv")  # fmt: skip

    def _prepared(self, state: Prepared) -> None:
        for person in (*state.absent, *(away.person for away in state.leave)):
            self._person("state", person)
        held = {f"{post.unit}.{post.role}" for post in self.town.posts}
        for post in state.vacant:
            if post not in held:
                raise self.wrong("state.vacant", f"没有岗位 {post}", "请写 单位.职务，如 z1.chief", f"no post {post}",
                                 "write unit.role, such as z1.chief")  # fmt: skip
        for away in state.leave:
            if self._instant("state.leave", away.end) <= self._instant("state.leave", away.start):
                raise self.wrong("state.leave", "请假止不晚于起", "请改正", "leave ends before it begins", "correct it")

    def _steps(self, drill: Drill, begins: int, ends: int) -> Iterator[Step]:
        last, labels = begins, set[str]()
        for self.step, row in enumerate(drill.step, 1):
            at = self._after("at", row.at, last)
            self._row(row, labels)
            labels |= {row.case} - {""}
            to = self._after("skip_to", row.skip_to, at) if row.skip_to else None
            span = _SPAN.fullmatch(row.within)
            if span is None:
                raise self.wrong("within", f"{row.within!r} 不是时长", "如 90s 5m 1h", f"{row.within!r} is no length of time",
                                 "such as 90s 5m 1h")  # fmt: skip
            last = to or at
            if last > ends:
                raise self.wrong("at", "晚于演练结束", "请改早，或把 end 改晚", "later than the end of the drill",
                                 "move it, or let the drill end later")  # fmt: skip
            yield Step(self.step, at, min(ends, at + int(span[1]) * _UNITS[span[2]]), row, to)
        self.step = 0

    def _after(self, field: str, text: str, last: int) -> int:
        """The first instant from `last` on at which the local clock shows that."""
        found = _AT.fullmatch(text)
        local = datetime.fromtimestamp(last / 1_000_000, self.town.tz)
        try:
            if found is None:
                raise ValueError
            day = date(local.year, int(found[1]), int(found[2])) if found[1] else local.date()
            wanted = time(int(found[3]), int(found[4]), int(found[5] or 0))
        except ValueError:
            raise self.wrong(field, f"{text!r} 不是时刻", "如 23:24:55 或 03-02 06:00", f"{text!r} is no time",
                             "such as 23:24:55 or 03-02 06:00") from None  # fmt: skip
        at = datetime.combine(day, wanted, self.town.tz)
        if found[1] is None and at < local:
            at += timedelta(days=1)
        if at < local:
            raise self.wrong(field, "早于上一步", "请按时间先后写", "before the step above", "put the steps in order")
        return round(at.timestamp() * 1_000_000)

    def _row(self, row: Row, labels: set[str]) -> None:
        if not (row.line or row.ack or row.say or row.expect or row.skip_to):
            raise self.wrong("-", "这一步什么也不做", "请写 line、ack、say、expect 或 skip_to", "this step does nothing",
                             "write line, ack, say, expect or skip_to")  # fmt: skip
        if row.who not in ROLES:
            self._person("who", row.who)
        if row.ack and (row.line or row.who != "desk"):
            raise self.wrong("ack", "只有 desk 确认告警，且不带 line", "请分成两步", "only the desk acknowledges, without a line",
                             "make two steps of it")  # fmt: skip
        if row.line and row.who == "system":
            raise self.wrong("who", "system 不键入命令", "请写 field、caller、desk 或工号", "the system types no line",
                             "write field, caller, desk or a work number")  # fmt: skip
        if row.case and (not row.line or row.who == "desk"):
            raise self.wrong("case", "只有自动做的新建能给案件起名", "请改 who，如 caller", "only a report that comes by itself names a case",
                             "change who, to caller for one")  # fmt: skip
        for label in (*_LABEL.findall(row.line), *([row.expect.case] if row.expect and row.expect.case else [])):
            if label not in labels:
                raise self.wrong("line", f"此前没有名为 {label} 的案件", f'请在新建那一步写 case = "{label}"',
                                 f"no case {label} so far", f'write case = "{label}" where it is reported')  # fmt: skip
        if row.line:
            told = parse(_LABEL.sub("1001", row.line), self.town, 0)
            if isinstance(told, Problem):
                raise self.wrong(
                    "line", f"{row.line!r} {told.zh}", "请改正命令", f"{row.line!r} {told.en}", "correct the line"
                )
        if row.expect is not None:
            self._expect(row.expect)

    def _expect(self, expect: Expect) -> None:
        if expect.state is not None and expect.state not in State.__members__:
            raise self.wrong(
                "expect.state",
                f"没有状态 {expect.state}",
                "见状态一页",
                f"no state {expect.state}",
                "see the page of states",
            )
        for text in expect.called or ():
            if _RUNG.fullmatch(text) is None:
                raise self.wrong("expect.called", f"{text!r} 不是级次", "如 E1 0031 或 E1 0031 23:34:55", f"{text!r} is no rung",
                                 "such as E1 0031 or E1 0031 23:34:55")  # fmt: skip
        if expect.next and _NEXT.fullmatch(expect.next) is None:
            raise self.wrong("expect.next", f"{expect.next!r} 不是级次与时刻", "如 E2 23:44:55", f"{expect.next!r} is no rung",
                             "such as E2 23:44:55")  # fmt: skip
        if expect.alarm and expect.alarm not in MARKS:
            there = " ".join(sorted(MARKS))
            raise self.wrong(
                "expect.alarm",
                f"没有告警 {expect.alarm}",
                f"可用: {there}",
                f"no alarm {expect.alarm}",
                f"one of {there}",
            )


# time -------------------------------------------------------------------------------------------------------------------


def due(steps: tuple[Step, ...], now: int) -> tuple[Step, ...]:
    """The steps whose time has come, in order."""
    return tuple(step for step in steps if step.at <= now)


class DrillClock:
    """The time of a drill: its start plus what has passed, `speed` times as fast, never past `held`.

    Whatever happens at `held` happens before the clock goes on, so that every step stands in the journal at its own instant.
    """

    def __init__(self, start: int, speed: int, tick: Callable[[], int] = counter) -> None:
        if not SLOWEST <= speed <= FASTEST:
            raise IntakeError(2, "E_USAGE", f"--speed 须为 {SLOWEST} 至 {FASTEST}: {speed}",
                              f"--speed is {SLOWEST} to {FASTEST}: {speed}", "speed")  # fmt: skip
        self.speed, self.held = speed, start
        self._start, self._tick, self._from = start, tick, tick()

    def __call__(self) -> int:
        return min(self._start + (self._tick() - self._from) * self.speed, self.held)

    def skip(self, to: int) -> None:
        """Go on from a later instant."""
        self._start += to - self()


def at_once(start: int) -> DrillClock:
    """A clock that is always where it is held: a whole night takes no time."""
    passed = iter([0])
    return DrillClock(start, FASTEST, lambda: next(passed, 1 << 50))
