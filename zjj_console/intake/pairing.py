"""From what a file of sign-ins says to the signs that it makes (§4.4): the first in and the last out of a shift count.

What was recorded at the desk, or settled by a fix, stands over any file. Nothing is guessed: what does not pair is refused.
"""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from zjj_console.domain import attendance, coverage
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.model import HOUR, MINUTE, Refusal
from zjj_console.domain.roster import Book, Sign, span_of
from zjj_console.intake.rows import FUTURE
from zjj_console.intake.words import Fault
from zjj_console.town.models import Town

LONGEST = 24 * HOUR  # from a sign-in to the sign-out that may still be its own [A]
_AT_DESK = frozenset({"console", "phone", "radio"})
Key = tuple[date, str]
Mine = dict[Key, Sign]
Worth = Literal["same", "changed", "new"]
_ORDER: tuple[Worth, ...] = ("same", "changed", "new")


class Clock(Struct, frozen=True):
    """A time of day without its date. It belongs to the shift of the duty date `day`."""

    day: date
    span: int  # µs after midnight
    next_day: bool  # the file says so itself


class Punch(Struct, frozen=True):
    """One row: a sign-in, a sign-out, or both of one shift. `order` sorts the rows of a file by time."""

    person: str
    entry: int | None
    leave: int | Clock | None
    via: str
    note: str
    order: tuple[int, int]
    warnings: tuple[str, ...] = ()


class Taken(Struct, frozen=True):
    worth: Worth
    warnings: tuple[str, ...] = ()


class Ledger:
    """Signs as they stand while a file is read. `holds` says why somebody may not leave now (custody, drafts)."""

    def __init__(
        self, book: Book, town: Town, duty: DutyTime, now: int, by: str, holds: Callable[[Book, str], Refusal | None]
    ) -> None:
        self.book, self.town, self.duty, self.now, self.by, self.holds = book, town, duty, now, by, holds
        self.signs: dict[str, Mine] = {}
        for sign in book.signs:
            self.signs.setdefault(sign.person, {})[sign.day, sign.shift] = sign
        self.open = {(s.person, s.day, s.shift) for s in book.signs if s.out_at is None}
        self.back: set[tuple[str, Key]] = set()  # came back after signing out: their last out is not the whole truth
        self._touched: dict[tuple[str, Key], None] = {}

    def touched(self) -> list[Sign]:
        """Every sign that the file has made or changed, as it stands in the end."""
        return [self.signs[person][key] for person, key in self._touched]

    def take(self, punch: Punch) -> Taken | Fault:
        """All of a row or nothing of it."""
        mine = dict(self.signs.get(punch.person, {}))
        worth: list[Worth] = []
        touched: dict[tuple[str, Key], None] = {}
        warnings: tuple[str, ...] = ()
        key: Key | None = None
        for step in (self._enter, self._leave):
            done = step(mine, punch, key)
            if isinstance(done, Fault):
                return done
            if done is not None:
                key, sign, grade = done
                worth.append(grade)
                if grade != "same":
                    mine[key] = sign
                    touched[punch.person, key] = None
                elif sign.fix == "approved":
                    warnings = ("fixed",)
        self.signs[punch.person] = mine
        self._touched |= touched
        return Taken(max(worth, key=_ORDER.index, default="same"), warnings)

    def _enter(self, mine: Mine, punch: Punch, _: Key | None) -> tuple[Key, Sign, Worth] | Fault | None:
        at = punch.entry
        if at is None:
            return None
        known = next((key for key, s in mine.items() if s.in_at // MINUTE == at // MINUTE), None)
        if known is not None:
            return known, mine[known], "same"
        found = attendance.match(self._book(punch.person, mine.values()), punch.person, at, self.town, self.duty)
        key = (found.day, found.shift)
        held = mine.get(key)
        if held is None:
            sign = Sign(punch.person, *key, at, punch.via, self.by, note=punch.note)
            return self._refused(mine, punch.person, at) or (key, sign, "new")
        if held.fix == "approved":
            return key, held, "same"
        if at > held.in_at:
            if held.out_at is None or at <= held.out_at:
                return key, held, "same"
            self.back.add((punch.person, key))
            return _conflict("in_at", f"本班 {self._at(held.out_at)} 已签退，此后又签到", "离岗又到岗的，由值班长补录")
        wrong = self._standing(held, held.in_via, "in_at", held.in_at)
        if wrong is None:
            wrong = self._refused({k: s for k, s in mine.items() if k != key}, punch.person, at)
        return wrong or (key, replace(held, in_at=at, in_via=punch.via, in_by=self.by), "changed")

    def _leave(self, mine: Mine, punch: Punch, key: Key | None) -> tuple[Key, Sign, Worth] | Fault | None:
        if punch.leave is None:
            return None
        found = self._signed_for(mine, punch.leave, key)
        if isinstance(found, Fault):
            return found
        key, at = found
        sign = mine[key]
        if at > self.now + FUTURE:
            return Fault("E_TIME_FUTURE", "out_at", f"晚于当前: {self._at(at)}", "核对日期与时刻")
        if at < sign.in_at:
            return _state("out_at", f"签退 {self._at(at)} 早于签到 {self._at(sign.in_at)}", "核对两个时间")
        left = replace(sign, out_at=at, out_via=punch.via, out_by=self.by, auto_out=False)
        if sign.out_at is None:
            wrong = _waiting(sign) or self._stays(mine, sign)
            return wrong or (key, left, "new")
        if sign.fix == "approved" or (not sign.auto_out and at // MINUTE <= sign.out_at // MINUTE):
            return key, sign, "same"
        if (punch.person, key) in self.back:
            return _conflict("out_at", f"本班 {self._at(sign.out_at)} 已签退，此后又签到签退", "由值班长补录")
        return self._standing(sign, sign.out_via, "out_at", sign.out_at) or (key, left, "changed")

    def _signed_for(self, mine: Mine, leave: int | Clock, key: Key | None) -> tuple[Key, int] | Fault:
        """The sign that a sign-out closes, and the instant."""
        if isinstance(leave, Clock):
            key = key or max((k for k in mine if k[0] == leave.day), key=lambda k: mine[k].in_at, default=None)
            if key is None:
                return _state("out_at", f"{leave.day} 没有签到，签退无从对应", "补上签到，或由值班长补录")
            at = self._of(leave.day, leave.span)
            if leave.next_day or at < mine[key].in_at:
                at = self._of(leave.day + timedelta(days=1), leave.span)
            return key, at
        if key is None:
            near = [k for k, s in mine.items() if s.in_at <= leave <= self._latest(s)]
            if not near:
                return _state("out_at", f"{self._at(leave)} 签退前没有签到", "补上签到，或由值班长补录")
            key = max(near, key=lambda k: mine[k].in_at)
        elif leave > mine[key].in_at + LONGEST:
            return _state("out_at", f"距签到 {self._at(mine[key].in_at)} 超过24小时", "核对日期")
        return key, leave

    def _latest(self, sign: Sign) -> int:
        """Until when a sign-out may belong to a sign: one that is closed takes only what follows its own shift."""
        if sign.out_at is None or sign.auto_out:
            return sign.in_at + LONGEST
        mine = self.book.by_person.get(sign.person, ())
        planned = next((a.end for a in mine if (a.day, a.shift) == (sign.day, sign.shift)), None)
        if planned is None and sign.shift in self.town.shifts:
            planned = span_of(self.town, self.duty, self.town.shifts[sign.shift], sign.day)[1]
        return max(planned or 0, sign.out_at) + attendance.CLOSE_AFTER * MINUTE

    def _refused(self, mine: Mine, person: str, at: int) -> Fault | None:
        """What the console would have said at that instant."""
        then = [replace(s, out_at=None) if (s.out_at or 0) > at else s for s in mine.values() if s.in_at <= at]
        refusal = attendance.sign_refusal(self._book(person, then), person, "in", at, at, self.town, self.duty)
        return _state("in_at", refusal.zh, "核对时间，或由值班长补录") if refusal else None

    def _standing(self, sign: Sign, via: str, field: str, at: int) -> Fault | None:
        if via in _AT_DESK:
            return _conflict(field, f"值班台已记 {self._at(at)}，与文件不同", "以值班台为准；确有误的申请补录")
        return _waiting(sign)

    def _stays(self, mine: Mine, sign: Sign) -> Fault | None:
        """Nobody leaves the desk without relief, by a file either; what is long over concerns nobody any more."""
        if (sign.person, sign.day, sign.shift) not in self.open or self.now > sign.in_at + LONGEST:
            return None
        others = (s for person, signs in self.signs.items() if person != sign.person for s in signs.values())
        refusal = self.holds(replace(self.book, signs=(*others, *mine.values())), sign.person)
        return _state("out_at", refusal.zh, "先在值班台办理") if refusal else None

    def _book(self, person: str, signs: Iterable[Sign]) -> Book:
        mine = tuple(self.book.by_person.get(person, ()))
        return Book(self.book.start, self.book.end, mine, signs=tuple(signs))

    def _of(self, day: date, span: int) -> int:
        return coverage.midnight(self.town, self.duty, day) + span

    def _at(self, at: int) -> str:
        return f"{self.duty.local(at):%m-%d %H:%M}"


def _waiting(sign: Sign) -> Fault | None:
    return _conflict("at", "此班有补录待批", "先批或退补录，再导入") if sign.fix == "asked" else None


def _state(field: str, message: str, suggestion: str) -> Fault:
    return Fault("E_STATE", field, message, suggestion)


def _conflict(field: str, message: str, suggestion: str) -> Fault:
    return Fault("E_CONFLICT", field, message, suggestion)
