"""What one cell means: places, categories, sources, units, states and times in every way that a file may write them.

Every table remembers what it was asked, so that a name which comes back costs one dictionary read.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from msgspec import Struct

from zjj_console.domain.lifecycle import STATE_ZH
from zjj_console.domain.model import HOUR, MINUTE, SECOND, State
from zjj_console.domain.safe import plain_cell, safe_text
from zjj_console.intake.columns import CASES, Columns, label
from zjj_console.town import names
from zjj_console.town.models import Named, Town
from zjj_console.verbs.parse import PENDING_PLACE

_REMEMBERED = 20_000
_QUOTED = 40  # characters of a cell that a message repeats
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)
_YEARS = range(1990, 2200)
_TIME = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:(?:T|\s+|(?<=日))(\d{1,2})[:时点](\d{1,2})分?(?::?(\d{1,2})(?:\.(\d{1,6})\d*)?秒?)?)?"
    r"\s*(Z|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)
_PRIORITY = {
    **{word: level for level, zh in enumerate("一二三四", 1) for word in (f"{zh}级", zh)},
    **{word: level for level in (1, 2, 3, 4) for word in (str(level), f"p{level}", f"{level}级")},
}
_FLOW = {
    **dict.fromkeys(("self", "自发自处", "自处"), "self"),
    **dict.fromkeys(("general", "一般案件", "一般"), "general"),
    **dict.fromkeys(("difficult", "疑难案件", "疑难"), "difficult"),
}
_STATES = {names.fold(word): str(state) for state, zh in STATE_ZH.items() for word in (state, zh)}


class Fault(Struct, frozen=True):
    """What is wrong with a cell, and what to do. `field` is the column's key."""

    code: str
    field: str
    message: str
    suggestion: str


class Memo(dict[str, Any]):
    """A dictionary that finds what it does not have yet, and forgets everything before it grows too large."""

    def __init__(self, find: Callable[[str], Any]) -> None:
        super().__init__()
        self.find = find

    def __missing__(self, text: str) -> Any:
        if len(self) >= _REMEMBERED:
            self.clear()
        found = self[text] = self.find(text)
        return found


class Spot(Struct, frozen=True):
    """A resolved place with what follows from it (R01)."""

    committee: str = ""
    place: str = ""
    grid: str = ""
    station: str = ""
    zone: str = ""


class Words:
    """The look-ups of one import. Each maps the text of a cell to its value, or to the Fault that says why not."""

    def __init__(
        self, town: Town, values: Mapping[str, Mapping[str, str]] | None = None, *, neutral: bool = True
    ) -> None:
        self.town = town
        self.plain: Callable[[str], str] = plain_cell if neutral else str
        self.values = {key: {names.fold(k): v for k, v in table.items()} for key, table in (values or {}).items()}
        self.hours = Memo(self._hour)
        self.place = self.table("place", self._place)
        self.category = self.table("category", self._category)
        self.source = self.table("source", self._source)
        self.priority = self.table("priority", lambda cell: _PRIORITY.get(names.fold(cell)) or _no_priority(cell))
        self.status = self.table("status", self._status)
        self.flow = self.table("flow", lambda cell: _FLOW.get(names.fold(cell)) or _no_flow(cell))
        self.unit = self.table("unit", lambda cell: self._unit(cell, "unit"))
        self.person = self.table("person", self._person)
        self.assists = self.table("assists", self._assists)
        self.result = self.table("result", self._result)
        self.reporter = self.table("reporter", self._reporter)
        self._results = {
            names.fold(word): reason.code
            for digit, reason in town.reasons.get("result", {}).items()
            for word in (digit, reason.code, reason.name)
        }
        self._reporters = {word: unit.code for unit in town.units.values() for word in (unit.code, unit.name)}

    def table(self, key: str, find: Callable[[str], Any]) -> Memo:
        """Values that a map file renames are renamed first; a neutralised cell is read as what it was."""
        own = self.values.get(key, {})

        def meaning(cell: str) -> Any:
            text = self.plain(cell)
            return find(own.get(names.fold(text), text))

        return Memo(meaning)

    # places and categories ------------------------------------------------------------------------------------------

    def _place(self, cell: str) -> Spot | Fault:
        text = safe_text(cell)
        if not text or names.fold(text) in PENDING_PLACE:
            return Spot()
        found = names.places(self.town).resolve(text)
        if found.found is not None:
            code = found.found.code
            return Spot(code, self.town.committees[code].name, *self.town.whereabouts(code))
        if len(found.candidates) > 1:
            several = _listed(found.candidates)
            return Fault("E_PLACE_AMBIGUOUS", "place", f"{brief(text)} 可指 {several}", f"写全名或代码: {several}")
        near = _listed(found.candidates) or "、".join(
            names.nearest(text, (c.name for c in self.town.committees.values()))
        )
        return Fault(
            "E_PLACE_UNKNOWN", "place", f"未匹配村居 {brief(text)}", f"{near}?" if near else "核对村居名，或写 待定"
        )

    def _category(self, cell: str) -> str | Fault:
        text = safe_text(cell)
        if not text:
            return required("category")
        found = names.categories(self.town).resolve(text)
        if found.found is not None:
            return found.found.code
        near = _listed(found.candidates) or _near(text, self.town.categories.values())
        return Fault(
            "E_CATEGORY", "category", f"没有类别 {brief(text)}", f"{near}?" if near else "用类别表中的名称或代码"
        )

    def _source(self, cell: str) -> str | Fault:
        text = names.fold(cell)
        if not text:
            return required("source")
        for source in self.town.sources.values():
            known_as = (source.token, source.code, source.name_en.casefold(), source.name, *source.aliases)
            if text in map(names.fold, known_as):
                return source.code
        near = names.nearest(text, (s.name for s in self.town.sources.values()))
        known = "、".join(near or [s.name for s in self.town.sources.values()])
        return Fault("E_SOURCE", "source", f"没有来源 {brief(cell)}", f"可用: {known}")

    # people and units -----------------------------------------------------------------------------------------------

    def _unit(self, cell: str, field: str) -> str | Fault:
        text = safe_text(cell)
        unit = self.town.units.get(text) or self.town.unit_by_token.get(names.fold(text))
        if unit is not None:
            return unit.code
        found = names.units(self.town).resolve(text)
        if found.found is not None:
            return found.found.code
        near = _listed(found.candidates) or _near(text, (u for u in self.town.units.values() if u.enabled))
        return Fault("E_REF", field, f"没有单位 {brief(text)}", f"{near}?" if near else "用单位表中的名称或代码")

    def _assists(self, cell: str) -> tuple[str, ...] | Fault:
        codes: list[str] = []
        for part in re.split(r"[\s、,，;；]+", safe_text(cell)):
            code = self._unit(part, "assists") if part else ""
            if isinstance(code, Fault):
                return code
            if code and code not in codes:
                codes.append(code)
        return tuple(codes)

    def _person(self, cell: str) -> str | Fault:
        text = safe_text(cell)
        if text in self.town.people:
            return text
        same = [person for person in self.town.people.values() if person.name == text]
        if len(same) == 1:
            return same[0].work_no
        if same:
            numbers = " ".join(person.work_no for person in same)
            return Fault("E_REF", "person", f"{brief(text)} 有{len(same)}人", f"写工号: {numbers}")
        near = "、".join(names.nearest(text, (p.name for p in self.town.people.values())))
        return Fault("E_REF", "person", f"没有人员 {brief(text)}", f"{near}?" if near else "写工号，或留空")

    def _reporter(self, cell: str) -> str:
        """A unit by its code; anybody else as written."""
        text = safe_text(cell, 200)
        return self._reporters.get(text, text)

    # states and results ---------------------------------------------------------------------------------------------

    def _status(self, cell: str) -> str | Fault:
        found = _STATES.get(names.fold(cell))
        if found and found != State.DRAFT:
            return found
        known = "、".join(zh for state, zh in STATE_ZH.items() if state not in (State.DRAFT, State.MERGED))
        return Fault("E_STATE", "status", f"没有状态 {brief(cell)}", f"可用: {known}")

    def _result(self, cell: str) -> tuple[str, str]:
        """(code, text): a result of the list by its digit, code or name, any other wording as 其他 with its text."""
        code = self._results.get(names.fold(cell))
        return (code, "") if code else ("other", safe_text(cell))

    # times ----------------------------------------------------------------------------------------------------------

    def instant(self, cell: str) -> int | None:
        """µs UTC of a time as a file writes it; without an offset it is the town's own. None if unreadable."""
        size = len(cell)
        if ((size == 19 and cell[16] == ":" and cell[17:].isdigit()) or size == 16) and cell.isascii():
            base = self.hours[cell[:13]] if cell[13] == ":" and cell[14:16].isdigit() else None
            if base is not None:
                minute, second = int(cell[14:16]), int(cell[17:] or 0)
                if minute < 60 and second < 60:
                    at: int = base + minute * MINUTE + second * SECOND
                    return at
        return read_time(cell, self.town)

    def _hour(self, text: str) -> int | None:
        """The start of `YYYY-MM-DD HH`, unless the clocks change within that hour."""
        if not (text.isascii() and text[10:11] in (" ", "T") and text[4] == text[7] == "-"):
            return None
        start, end = (read_time(f"{text}:{minute}", self.town) for minute in ("00", "59"))
        return start if start is not None and end is not None and end - start == HOUR - MINUTE else None


def read_time(cell: str, town: Town) -> int | None:
    """µs UTC of a written time; without an offset it is the town's own. None if unreadable."""
    match = _TIME.fullmatch(unicodedata.normalize("NFKC", cell).strip())
    if match is None:
        return None
    *parts, fraction, offset = match.groups()
    numbers = [int(part or 0) for part in parts]
    if numbers[0] not in _YEARS:
        return None
    try:
        moment = datetime(*numbers, int((fraction or "").ljust(6, "0")), tzinfo=_zone(offset, town))  # type: ignore[arg-type,misc]
    except ValueError:
        return None
    return (moment - _EPOCH) // _MICRO


def _zone(offset: str | None, town: Town) -> Any:
    if not offset:
        return town.tz
    if offset in "Zz":
        return UTC
    digits = offset[1:].replace(":", "")
    span = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-span if offset[0] == "-" else span)


def brief(cell: str) -> str:
    """A cell as a message quotes it: safe, and no longer than a person reads."""
    return safe_text(cell, _QUOTED)


def _listed(named: Iterable[Named]) -> str:
    return "、".join([name.name for name in named][:5])


def _near(text: str, rows: Iterable[Any]) -> str:
    return "、".join(names.nearest(text, (row.name for row in rows)))


def _no_priority(cell: str) -> Fault:
    return Fault("E_PRIORITY", "priority", f"没有级别 {brief(cell)}", "写 1 至 4，或 一级 至 四级")


def _no_flow(cell: str) -> Fault:
    return Fault("E_STATE", "flow", f"没有流程 {brief(cell)}", "可用: 自发自处、一般案件、疑难案件")


def required(key: str, of: Columns = CASES) -> Fault:
    return Fault("E_REQUIRED", key, f"缺{label(key, of)}", f"补上{label(key, of)}")
