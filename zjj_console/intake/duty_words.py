"""What one row of a file of sign-ins or of a roster says, or everything that is wrong with it (§6.3)."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from zjj_console.desk.desk import Desk
from zjj_console.domain import coverage
from zjj_console.domain.conflict_words import POST_NAMES, post_name
from zjj_console.domain.model import MINUTE, SECOND
from zjj_console.domain.roster import Assignment, span_of
from zjj_console.domain.safe import safe_text
from zjj_console.intake.columns import Columns, label
from zjj_console.intake.pairing import Clock, Punch
from zjj_console.intake.rows import FUTURE, LOST, OLD, undecoded
from zjj_console.intake.table import Cells
from zjj_console.intake.words import Fault, Words, brief, read_time, required
from zjj_console.reports.roster_files import ACTING
from zjj_console.town import names
from zjj_console.town.models import Shift

_CLOCK = re.compile(r"(次日|翌日|\+1)?\s*(\d{1,2})[:时点](\d{1,2})分?(?::(\d{1,2})(?:\.\d+)?)?秒?")
_TIMED = re.compile("[:时点]")
_WEEKDAY = re.compile(r"\s*[(]?(?:星期|周)[一二三四五六日天][)]?$")
_NONE = frozenset({"", "-", "--", "/", "未打卡", "缺卡", "未签到", "未签退", "无"})
_DIRECTIONS = {
    **dict.fromkeys(("in", "进", "入", "签到", "到岗", "上班", "上班打卡", "进岗"), "in"),
    **dict.fromkeys(("out", "出", "签退", "离岗", "下班", "下班打卡", "出岗"), "out"),
}
_VIA = {
    **dict.fromkeys(("wechat", "政务微信"), "wechat"),
    **dict.fromkeys(("phone", "电话"), "phone"),
    **dict.fromkeys(("radio", "电台", "对讲"), "radio"),
}
_NOTE = 200
_SEATS = 99


class DutyWords(Words):
    """The look-ups of a case file, and those of shifts, posts and work numbers."""

    def __init__(
        self, desk: Desk, values: Mapping[str, Mapping[str, str]], heads: Columns, *, neutral: bool = True
    ) -> None:
        super().__init__(desk.town, values, neutral=neutral)
        self.duty, self.heads = desk.duty, heads
        self.direction = self.table("direction", self._direction)
        self.via = self.table("via", lambda cell: _VIA.get(names.fold(cell), "import"))
        self.shift = self.table("shift", self._shift)
        self.post = self.table("post", self._post)
        self._shifts = {names.fold(w): s for s in desk.town.shifts.values() for w in (s.code, s.name, s.name_en)}
        self._posts = {
            names.fold(word): post
            for post in POST_NAMES
            for word in (post, *POST_NAMES[post], *post_name(desk.town, post))
        }

    def worker(self, number: str, name: str = "", field: str = "work_no") -> str | Fault:
        """A work number that exists; where the row names somebody, it must be his."""
        text, called = safe_text(number), safe_text(name)
        person = self.town.people.get(text)
        if person is None:
            if not text:
                return required(field, self.heads)
            same = [p.work_no for p in self.town.people.values() if called and p.name == called]
            near = same or _nearest(text, self.town.people)
            shown = "、".join(f"{no} {self.town.people[no].name}" for no in near)
            return Fault("E_REF", field, f"没有工号 {brief(text)}", f"{shown}?" if near else "核对工号")
        if called and names.fold(called) != names.fold(person.name):
            return Fault("E_REF", field, f"工号 {text} 是{person.name}，不是{brief(called)}", "核对工号与姓名")
        return text

    def day(self, cell: str, field: str = "date") -> date | Fault:
        text = _WEEKDAY.sub("", unicodedata.normalize("NFKC", cell).strip())
        if not text:
            return required(field, self.heads)
        at = read_time(text, self.town)
        if at is None:
            return Fault("E_TIME", field, f"日期读不懂: {safe_text(cell, 40)}", "写成 2021-03-01")
        return self.duty.local(at).date()

    def moment(self, cell: str, day: date | Fault, field: str) -> int | Clock | Fault:
        """An instant, or a time of day of the row's own date."""
        text = unicodedata.normalize("NFKC", cell).strip()
        at = read_time(text, self.town) if _TIMED.search(text) else None
        if at is not None:
            return at
        match = _CLOCK.fullmatch(text)
        hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:]) if match else (99, 0, 0)
        if match is None or hours > 23 or minutes > 59 or seconds > 59:
            shown = safe_text(cell, 40)
            return Fault("E_TIME", field, f"{label(field, self.heads)}读不懂: {shown}", "写成 2021-03-01 17:21")
        if isinstance(day, Fault):
            return day
        return Clock(day, (hours * 60 + minutes) * MINUTE + seconds * SECOND, bool(match[1]))

    def instant_of(self, clock: Clock) -> int:
        """Of a clock time taken by its word."""
        return coverage.midnight(self.town, self.duty, clock.day + timedelta(days=clock.next_day)) + clock.span

    def _direction(self, cell: str) -> str | Fault:
        if not cell.strip():
            return required("direction", self.heads)
        found = _DIRECTIONS.get(names.fold(cell))
        return found or Fault("E_STATE", "direction", f"方向读不懂: {safe_text(cell, 40)}", "写 进 或 出")

    def _shift(self, cell: str) -> Shift | Fault:
        text = safe_text(cell)
        if not text:
            return required("shift", self.heads)
        known = "、".join(f"{s.code} {s.name}" for s in self.town.shifts.values())
        return self._shifts.get(names.fold(text)) or Fault(
            "E_REF", "shift", f"没有班次 {brief(text)}", f"可用: {known}"
        )

    def _post(self, cell: str) -> tuple[str, bool] | Fault:
        """The post, and whether it is held for another."""
        text = names.fold(safe_text(cell))
        if not text:
            return required("post", self.heads)
        post = self._posts.get(text.removesuffix(ACTING).strip())
        if post is not None:
            return post, text.endswith(ACTING)
        known = "、".join(post_name(self.town, p)[0] for p in POST_NAMES)
        return Fault("E_REF", "post", f"没有岗位 {brief(cell)}", f"可用: {known}")


def _nearest(number: str, known: Iterable[str]) -> list[str]:
    """Up to three work numbers with one other digit, later digits first; a spreadsheet may have eaten leading zeros."""

    def other(one: str) -> tuple[int, tuple[bool, ...]]:
        differs = tuple(a != b for a, b in zip(one, number.zfill(len(one)), strict=True))
        return sum(differs), differs

    return sorted((one for one in known if len(one) >= len(number) and other(one)[0] <= 1), key=other)[:3]


class _Reader:
    """Cells by the key of their column; a column that is absent reads as empty."""

    def __init__(self, words: DutyWords, found: Mapping[str, int], *, dirty: bool) -> None:
        self.words, self.found, self.dirty = words, found, dirty
        self.cells: Cells = []

    def broken(self, cells: Cells) -> bool:
        self.cells = cells
        cells.append("")  # as of every row that has been read
        return self.dirty and LOST.search("".join(cells)) is not None

    def cell(self, key: str) -> str:
        return self.cells[self.found[key]] if key in self.found else ""

    def plain(self, key: str) -> str:
        """The cell without the mark that keeps a spreadsheet from running it; look-ups take it off themselves."""
        return self.words.plain(self.cell(key))


class SignReader(_Reader):
    """Reads one row: a time with its direction, or the times of sign-in and sign-out side by side."""

    def __init__(self, words: DutyWords, found: Mapping[str, int], now: int, *, dirty: bool) -> None:
        super().__init__(words, found, dirty=dirty)
        self.now = now

    def read(self, cells: Cells) -> Punch | list[Fault]:
        """What the row says. Every complaint of the row is found, not just the first."""
        if self.broken(cells):
            return [undecoded(cells)]
        words = self.words
        person = words.worker(self.plain("work_no"), self.plain("name"))
        day = words.day(self.plain("date"))
        if self.cell("at").strip() or not {"in_at", "out_at"} & self.found.keys():
            direction = words.direction[self.cell("direction")]
            at = self._at("at", day) or required("at", words.heads)
            entry = None if direction == "out" else at
            leave: int | Clock | Fault | None = at if direction == "out" else None
            found = [person, direction, at]
        else:
            entry, leave = self._at("in_at", day), self._time("out_at", day)
            found = [person, entry, leave]
        faults = [one for one in found if isinstance(one, Fault)]
        if faults or isinstance(person, Fault) or isinstance(entry, Fault) or isinstance(leave, Fault):
            return faults
        place = safe_text(self.plain("place"))
        told = [at for at in (entry, self._latest(leave)) if at is not None]
        warnings = (
            ("none",) * (not told) + ("old",) * (min(told, default=self.now) < self.now - OLD)
            + ("cut",) * (len(place) > _NOTE)
        )  # fmt: skip
        order = (told[0] if told else 0, int(entry is not None))
        return Punch(person, entry, leave, words.via[self.cell("via")], place[:_NOTE], order, warnings)

    def _time(self, key: str, day: date | Fault) -> int | Clock | Fault | None:
        text = self.plain(key)
        if names.fold(text) in _NONE:
            return None
        at = self.words.moment(text, day, key)
        if isinstance(at, int) and at > self.now + FUTURE:
            return Fault("E_TIME_FUTURE", key, f"晚于当前: {safe_text(text, 40)}", "核对日期与时刻")
        return at

    def _at(self, key: str, day: date | Fault) -> int | Fault | None:
        """A time of day alone is one of the row's own date."""
        at = self._time(key, day)
        if not isinstance(at, Clock):
            return at
        instant = self.words.instant_of(at)
        if instant <= self.now + FUTURE:
            return instant
        return Fault("E_TIME_FUTURE", key, f"晚于当前: {safe_text(self.plain(key), 40)}", "核对日期与时刻")

    def _latest(self, leave: int | Clock | None) -> int | None:
        """A sign-out without a date comes after every sign-in of its duty date."""
        if isinstance(leave, Clock):
            return self.words.instant_of(Clock(leave.day + timedelta(days=1), 0, next_day=True))
        return leave


class RosterReader(_Reader):
    """Reads one row: who is at which post in which shift. Start and end are those of the shift."""

    def __init__(self, words: DutyWords, found: Mapping[str, int], month: str, *, dirty: bool) -> None:
        super().__init__(words, found, dirty=dirty)
        self.month = month

    def read(self, cells: Cells) -> Assignment | list[Fault]:
        """The assignment, with seat 0 where the row names none; or every complaint."""
        if self.broken(cells):
            return [undecoded(cells)]
        words = self.words
        day, shift, post = words.day(self.plain("date")), words.shift[self.cell("shift")], words.post[self.cell("post")]
        person = words.worker(self.plain("work_no"), self.plain("name"))
        planned = words.worker(self.plain("planned"), field="planned") if self.plain("planned").strip() else ""
        seat = self._seat()
        unit = self._unit(shift, person)
        if isinstance(day, date) and self.month and f"{day:%Y-%m}" != self.month:
            day = Fault("E_STATE", "date", f"{day} 不在 {self.month}", "删去该行，或不限月份导入")
        faults = [one for one in (day, shift, unit, post, seat, person, planned) if isinstance(one, Fault)]
        if faults:
            return faults
        assert isinstance(day, date) and isinstance(unit, str) and isinstance(seat, int)
        if post[0] not in shift.posts:
            known = "、".join(post_name(words.town, p)[0] for p in shift.posts)
            zh = f"{shift.name}不设{post_name(words.town, post[0])[0]}"
            return [Fault("E_STATE", "post", zh, f"该班次的岗位: {known}")]
        start, end = span_of(words.town, words.duty, shift, day)
        faults = [wrong for key, at in (("start", start), ("end", end)) if (wrong := self._other(key, at, day))]
        note = safe_text(self.plain("note"))
        return faults or Assignment(
            day, shift.code, unit, post[0], seat, str(person), start, end, str(planned), acting=post[1], note=note
        )

    def _unit(self, shift: Shift | Fault, person: str | Fault) -> str | Fault:
        """The unit named; without one the person's own, where that kind of unit works the shift."""
        town = self.words.town
        named = self.words.unit[self.cell("unit")] if self.cell("unit").strip() else ""
        if isinstance(named, Fault) or isinstance(shift, Fault) or isinstance(person, Fault):
            return named
        code = named or town.people[person].unit
        if code in town.units and town.units[code].kind in shift.units:
            return code
        if not named:
            return required("unit", self.words.heads)
        return Fault("E_STATE", "unit", f"{town.units[code].name}没有{shift.name}", "核对单位与班次")

    def _seat(self) -> int | Fault:
        text = unicodedata.normalize("NFKC", self.plain("seat")).strip()
        if not text:
            return 0
        if text.isascii() and text.isdecimal() and 1 <= int(text[:4]) <= _SEATS and len(text) < 4:
            return int(text)
        return Fault("E_STATE", "seat", f"座次读不懂: {safe_text(text, 40)}", f"写 1 至 {_SEATS}，或留空")

    def _other(self, key: str, at: int, day: date) -> Fault | None:
        """A time that is not the shift's own must not be lost in silence."""
        text = self.plain(key)
        if not text.strip():
            return None
        told, local = self.words.moment(text, day, key), self.words.duty.local(at)
        if isinstance(told, Fault):
            return told
        same = told // MINUTE == at // MINUTE if isinstance(told, int) else (
            told.span // MINUTE == local.hour * 60 + local.minute
        )  # fmt: skip
        right = f"{local:%Y-%m-%d %H:%M}"
        return None if same else Fault("E_STATE", key, f"与班次起止不同: {safe_text(text, 40)}", f"写 {right}，或留空")
