"""From a typed line to a verb with resolved arguments (§3.4, §3.5). Pure: knows the town, not the database.

Tokens are folded by NFKC for matching, so full-width input equals ASCII; free text keeps its own characters.
Nothing ambiguous is ever picked: the caller gets choices.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from msgspec import Struct

from zjj_console.domain.model import DAY, HOUR, MINUTE
from zjj_console.domain.safe import MAX_TEXT, safe_text
from zjj_console.town import names
from zjj_console.town.models import Named, Reason, Town
from zjj_console.verbs.table import BY_WORD, OTHER_LIST, SUPPORT_STEPS, VERBS, Verb

_CASE = re.compile(
    r"[a-z]?[0-9]{1,9}|@\S+|[a-z]+[0-9]{4}-[a-z]-[0-9]{1,9}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE
)
MAX_LINE = MAX_TEXT + 200  # a full text behind its verb and arguments
_DURATION = re.compile(r"(\d{1,4})([mhd])")
_DATE = re.compile(r"(\d{4})?(\d{2})(\d{2})")
_CLOCK_TIME = re.compile(r"([01]?\d|2[0-3]):?([0-5]\d)")
_REASON = re.compile(r"[rn]?(\d)")
_RUNG = re.compile(r"e([1-9])")
_CODE = re.compile(r"[a-z]{0,2}\d{1,4}[a-z]?")  # what was meant as a unit, priority, source or date, not as text
_UNIT_TIME = {"m": MINUTE, "h": HOUR, "d": DAY}
_YES = frozenset({"y", "1", "通过", "准", "是"})
_NO = frozenset({"n", "2", "不通过", "不准", "否"})
PENDING_PLACE = frozenset({"-", "待定", "地点待定"})


class Choice(Struct, frozen=True):
    """One offered completion: the digit to type, what it is, and the line that it makes."""

    digit: str
    label: str
    insert: str


class Parsed(Struct, frozen=True):
    verb: Verb
    target: str = ""  # as typed: a handle, "." or "" for the selected case
    args: dict[str, Any] = {}
    missing: tuple[str, ...] = ()  # argument kinds still to come


class Problem(Struct, frozen=True):
    """Why a line cannot be read. `exit` is the exit code (2 usage, 3 input)."""

    code: str
    zh: str
    en: str
    exit: int = 3
    field: str = ""
    choices: tuple[Choice, ...] = ()


def fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


class _Line:
    """The tokens of one line with the cursor of what is not yet consumed."""

    def __init__(self, raw: list[str], start: int) -> None:
        self.raw, self.at = raw, start
        self.folded = [fold(token) for token in raw]

    def peek(self) -> str:
        return self.folded[self.at] if self.at < len(self.raw) else ""

    def take(self) -> str:
        self.at += 1
        return self.folded[self.at - 1]

    def rest(self) -> str:
        text = " ".join(self.raw[self.at :])
        self.at = len(self.raw)
        return text

    def choices(self, candidates: tuple[Any, ...]) -> tuple[Choice, ...]:
        """Lines in which the token just taken is replaced by each candidate's code."""
        return tuple(
            Choice(str(i), c.name, " ".join([*self.raw[: self.at - 1], c.code, *self.raw[self.at :]]))
            for i, c in enumerate(candidates[:9], 1)
        )


def parse(line: str, town: Town, now: int) -> Parsed | Problem:
    """The verb and its arguments; `missing` names what the line still lacks. `now` resolves dates and durations."""
    raw = safe_text(line, MAX_LINE).lstrip(";:；：").split()
    if not raw:
        return Problem("E_EMPTY", "请输入动词，如 pd 1042 y1；? 看用法", "type a verb, e.g. pd 1042 y1", 2)
    word = fold(raw[0]).lower()
    if word.startswith("?"):
        return _usage(word[1:] or (fold(raw[1]).lower() if len(raw) > 1 else ""))
    verb = BY_WORD.get(word)
    if verb is None and len(raw) == 1 and _CASE.fullmatch(fold(raw[0])):
        return Parsed(OPEN_VERB, fold(raw[0]))
    if verb is None:
        return _unknown_verb(word, raw)
    reader = _Reader(verb, _Line(raw, 1), town, now)
    return reader.read()


OPEN_VERB = Verb("open", "", "打开", "open", "open", ("case",), "1042", "record")


def _usage(word: str) -> Problem:
    verb = BY_WORD.get(word)
    if verb is None:
        return Problem("E_VERB", f"没有动词 {word or '?'}；F1 看全部", "no such verb; F1 lists all", 2)
    return Problem("I_USAGE", f"{verb.zh}: {verb.usage}  例 {verb.example}", f"{verb.en}: {verb.usage}", 0)


def _unknown_verb(word: str, raw: list[str]) -> Problem:
    near = [v for v in VERBS if v.code[0] == word[0] or v.alias.startswith(word[:2])][:5]
    choices = tuple(Choice(str(i), f"{v.code} {v.zh}", " ".join([v.code, *raw[1:]])) for i, v in enumerate(near, 1))
    hint = "、".join(f"{v.code} {v.zh}" for v in near)
    return Problem(
        "E_VERB", f"没有动词 {word}" + (f"，相近: {hint}" if hint else ""), f"unknown verb {word}", 2, "verb", choices
    )


class _Reader:
    """Matches the tokens of one line against what its verb takes."""

    def __init__(self, verb: Verb, line: _Line, town: Town, now: int) -> None:
        self.verb, self.line, self.town, self.now = verb, line, town, now
        self.args: dict[str, Any] = {}
        self.kinds = [k.rstrip("?*") for k in verb.takes]

    def read(self) -> Parsed | Problem:
        target = ""
        if "case" in self.kinds:
            token = self.line.peek()
            if token == ".":
                self.line.take()
            elif _CASE.fullmatch(token) and not ("unit" in self.kinds and token.lower() in self.town.unit_by_token):
                target = self.line.take()
        positional = {
            "place": self._take_place, "master": self._take_master, "words": self._take_words,
            "who": self._take_who, "other": self._take_other, "at": self._take_at, "till": self._take_till,
        }  # fmt: skip
        if self.verb.id == "new":
            positional["category"] = self._take_category
        for kind, take in positional.items():
            problem = take() if kind in self.kinds else None
            if problem is not None:
                return problem
        while self.line.peek():
            matched = self._take_by_shape()
            if isinstance(matched, Problem):
                return matched
            if not matched:
                break
        if self.line.peek() == "--":
            self.line.take()  # everything behind it is text, whatever it looks like
        elif "text" in self.kinds and len(self.kinds) > 2 and _CODE.fullmatch(self.line.peek().lower()):
            token = self.line.peek()
            return Problem("E_REF", f"看不懂 {token}；用法 {self.verb.usage}；若是文字，前面加 --",
                           f"not understood: {token}; put -- before it if it is text", 3, "text")  # fmt: skip
        rest = self.line.rest()
        if rest:
            if "text" not in self.kinds:
                return Problem("E_EXTRA", f"看不懂: {rest}；用法 {self.verb.usage}", f"not understood: {rest}", 2)
            self.args["text"] = safe_text(rest)
        return Parsed(self.verb, target, self.args, self._missing(target))

    def _missing(self, target: str) -> tuple[str, ...]:
        have = set(self.args)
        needed = [k for k in self.verb.takes if k[-1] not in "?*" and k != "case"]
        names_of = {"until": "until", "place": "committee"}
        missing = [k for k in needed if names_of.get(k, k.split(":")[0]) not in have]
        return tuple(m for m in missing if not (m == "unit" and "candidate" in have))

    # positional arguments -------------------------------------------------------------------------------------------

    def _take_place(self) -> Problem | None:
        token = self.line.peek()
        if not token:
            return None
        self.line.take()
        if token in PENDING_PLACE:
            self.args["committee"] = ""
            return None
        return self._resolve(token, names.places(self.town), "committee", "E_PLACE", "地点", "place")

    def _take_category(self) -> Problem | None:
        token = self.line.peek()
        if not token:
            return None
        self.line.take()
        return self._resolve(token, names.categories(self.town), "category", "E_CATEGORY", "类别", "category")

    def _resolve(self, token: str, index: names.Index, arg: str, code: str, zh: str, en: str) -> Problem | None:
        found = index.resolve(token)
        if found.found is not None:
            self.args[arg] = found.found.code
            return None
        choices = self.line.choices(found.candidates)
        listed = " ".join(f"{c.digit}{c.label}" for c in choices)
        if choices:
            return Problem(
                f"{code}_AMBIGUOUS", f"{zh} {token} 有多个: {listed}", f"{en} {token} is ambiguous", 3, en, choices
            )
        choices = self.line.choices(_nearest(token, index))
        listed = " ".join(f"{c.digit}{c.label}" for c in choices)
        hint = f"，相近: {listed}" if listed else "，请用拼音首字母"
        unknown = code if code == "E_CATEGORY" else f"{code}_UNKNOWN"
        return Problem(unknown, f"没有{zh} {token}{hint}", f"unknown {en} {token}", 3, en, choices)

    def _take_master(self) -> Problem | None:
        token = self.line.peek()
        if token and _CASE.fullmatch(token):
            self.args["master"] = self.line.take()
        return None

    def _take_words(self) -> Problem | None:
        self.args["words"] = self.line.rest()
        return None

    def _take_who(self) -> Problem | None:
        return self._take_person("who")

    def _take_other(self) -> Problem | None:
        return self._take_person("other")

    def _take_person(self, arg: str) -> Problem | None:
        """A work number or a name by pinyin. `qd 17:20` is a time, not a person."""
        token = self.line.peek()
        if not token or (f"{arg}?" in self.verb.takes and clock_time(token, self.town, self.now) is not None
                         and token not in self.town.people):  # fmt: skip
            return None
        self.line.take()
        return self._resolve(token, names.people(self.town), arg, "E_REF", "人员", "person")

    def _take_at(self) -> Problem | None:
        return self._take_time("at")

    def _take_till(self) -> Problem | None:
        return self._take_time("till")

    def _take_time(self, arg: str) -> Problem | None:
        at = clock_time(self.line.peek(), self.town, self.now)
        if at is not None:
            self.line.take()
            self.args[arg] = at
        return None

    # arguments by shape ---------------------------------------------------------------------------------------------

    def _take_by_shape(self) -> bool | Problem:
        token = self.line.peek().lower()
        for kind in self.kinds:
            name, _, table = kind.partition(":")
            shape = _SHAPES.get(name)
            if shape is not None and shape(self, token, table):
                self.line.take()
                return True
        return self._near_miss(token)

    def _near_miss(self, token: str) -> bool | Problem:
        """A unit typed by pinyin: only where a unit must come, so that free text is never taken for one."""
        if (
            not {"unit", "unit?"}.isdisjoint(self.verb.takes)
            and "unit" not in self.args
            and "candidate" not in self.args
            and (self.verb.id != "new" or (token.isascii() and len(token) <= 6))
        ):
            found = names.units(self.town).resolve(token)
            if found.found is not None:
                self.args["unit"] = found.found.code
                self.line.take()
                return True
            if found.candidates and self.verb.id != "new":
                self.line.take()
                choices = self.line.choices(found.candidates)
                listed = " ".join(f"{c.digit}{c.label}" for c in choices)
                return Problem(
                    "E_REF", f"单位 {token} 有多个: {listed}", f"unit {token} is ambiguous", 3, "unit", choices
                )
            if "unit" in self.verb.takes:
                listed = "、".join(c.name for c in _nearest(token, names.units(self.town)))
                return Problem("E_REF", f"没有单位 {token}" + (f"，相近: {listed}" if listed else ""), f"unknown unit {token}",
                               3, "unit")  # fmt: skip
        return False

    def _set(self, key: str, value: Any) -> bool:
        if key in self.args:
            return False
        self.args[key] = value
        return True

    def _is_priority(self, token: str, _: str) -> bool:
        return token in ("1", "2", "3", "4") and self._set("priority", int(token))

    def _is_source(self, token: str, _: str) -> bool:
        source = self.town.source_by_token.get(token)
        return source is not None and self._set("source", source.code)

    def _is_category(self, token: str, _: str) -> bool:
        if self.verb.id == "new" or "category" in self.args:
            return False
        found = names.categories(self.town).resolve(token).found
        return found is not None and self._set("category", found.code)

    def _is_unit(self, token: str, _: str) -> bool:
        unit = self.town.unit_by_token.get(token)
        if unit is None:
            digit = (
                token.isdigit()
                and len(token) == 1
                and token != "0"
                and self.verb.id in ("dispatch", "emergency", "reassign")
            )
            return digit and "unit" not in self.args and self._set("candidate", int(token))
        if "unit" not in self.args:
            return self._set("unit", unit.code)
        if "unit*" not in self.verb.takes:
            return False
        self.args["assists"] = (*self.args.get("assists", ()), unit.code)
        return True

    def _is_person(self, token: str, _: str) -> bool:
        """A work number of the unit just named: the order goes to that person (AC-48a)."""
        person = self.town.people.get(token)
        unit = self.args.get("unit", "")
        if person is None or not unit:
            return False
        belongs = person.unit == unit or any(p.unit == unit and p.work_no == token for p in self.town.posts)
        return belongs and self._set("person", token)

    def _is_yn(self, token: str, _: str) -> bool:
        digits = self.verb.id == "verify"
        yes = token in _YES and (digits or not token.isdigit())
        no = token in _NO and (digits or not token.isdigit())
        return (yes or no) and self._set("yn", "y" if yes else "n")

    def _is_step(self, token: str, _: str) -> bool:
        return token in SUPPORT_STEPS and "text" not in self.args and self._set("step", SUPPORT_STEPS[token])

    def _is_criterion(self, token: str, _: str) -> bool:
        if token not in ("n1", "n2", "r1", "r2"):
            return False
        reason = self.town.reason("criterion", token[1])
        return reason is not None and self._set("criterion", reason.code)

    def _is_reason(self, token: str, table: str) -> bool:
        table = OTHER_LIST.get((self.verb.id, self.args.get("yn", "")), table)
        if self.verb.id == "support" and token.startswith("n"):
            return False  # here n alone refuses: n1 could mean either
        reason = self._reason(token, table)
        return reason is not None and self._set("reason", reason.code)

    def _is_result(self, token: str, _: str) -> bool:
        reason = self._reason(token, "result")
        return reason is not None and self._set("result", reason.code)

    def _reason(self, token: str, table: str) -> Reason | None:
        match = _REASON.fullmatch(token)
        return self.town.reason(table, match[1]) if match else None

    def _is_until(self, token: str, _: str) -> bool:
        until = instant(token, self.town, self.now)
        return until is not None and self._set("until", until)

    def _is_callee(self, token: str, _: str) -> bool:
        """Whom a call was made to, where several are to be reached."""
        return token in self.town.people and self._set("person", token)

    def _is_rung(self, token: str, _: str) -> bool:
        match = _RUNG.fullmatch(token)
        return match is not None and self._set("rung", int(match[1]))

    def _is_related(self, token: str, _: str) -> bool:
        ref = token.removeprefix("rel=")
        return ref != token and _CASE.fullmatch(ref) is not None and self._set("related", ref)


# Arguments that are known by their shape, so that most may come in any order.
_SHAPES: dict[str, Callable[[_Reader, str, str], bool]] = {
    "priority": _Reader._is_priority,
    "source": _Reader._is_source,
    "category": _Reader._is_category,
    "unit": _Reader._is_unit,
    "person": _Reader._is_person,
    "step": _Reader._is_step,
    "yn": _Reader._is_yn,
    "criterion": _Reader._is_criterion,
    "reason": _Reader._is_reason,
    "result": _Reader._is_result,
    "until": _Reader._is_until,
    "related": _Reader._is_related,
    "rung": _Reader._is_rung,
    "callee": _Reader._is_callee,
}


def _nearest(token: str, index: names.Index) -> tuple[Named, ...]:
    by_name = {name.name: name for name in index.names}
    return tuple(by_name[near] for near in names.nearest(token, by_name))


def clock_time(token: str, town: Town, now: int) -> int | None:
    """µs UTC of `17:28` or `1728`, the latest that is not in the future; None if it is no time of day."""
    match = _CLOCK_TIME.fullmatch(token)
    if match is None:
        return None
    local = datetime.fromtimestamp(now / 1_000_000, town.tz)
    then = local.replace(hour=int(match[1]), minute=int(match[2]), second=0, microsecond=0)
    if then > local:
        then -= timedelta(days=1)
    return round(then.timestamp() * 1_000_000)


def instant(token: str, town: Town, now: int) -> int | None:
    """µs UTC of a duration (`30m`, `2h`, `2d`) from now or of the end of a date (`0318`, `20210318`); None if neither."""
    match = _DURATION.fullmatch(token)
    if match:
        return now + int(match[1]) * _UNIT_TIME[match[2]]
    match = _DATE.fullmatch(token)
    if match is None:
        return None
    today = datetime.fromtimestamp(now / 1_000_000, town.tz).date()
    try:
        day = date(int(match[1] or today.year), int(match[2]), int(match[3]))
        if match[1] is None and day < today:
            day = day.replace(year=day.year + 1)
        end = datetime.combine(day + timedelta(days=1), time(), town.tz) - timedelta(minutes=1)
    except (ValueError, OverflowError):  # no such day, or the last one that a calendar has
        return None
    return round(end.timestamp() * 1_000_000)
