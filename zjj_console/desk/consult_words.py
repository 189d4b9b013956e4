"""Short lines typed in the consultation: units, times and reasons by their shape, then free text. `--` begins the text.

Each reader gives values or a `Refusal` that says how to write it; nothing here decides what is allowed.
"""

import re
import unicodedata

from msgspec import Struct

from zjj_console.desk.consulting import Decision
from zjj_console.domain.consult import Kind
from zjj_console.domain.facts import Facts
from zjj_console.domain.model import Refusal
from zjj_console.town.models import Town
from zjj_console.town.names import units
from zjj_console.verbs.parse import instant

NIL = ("0", "nil", "零报告", "零")
_REASON = re.compile(r"r(\d)")
_SHORT = re.compile(r"[0-9a-z]{1,4}")
_LEVELS = {"1": "town", "town": "town", "镇": "town", "镇级": "town",
           "2": "district", "district": "district", "区": "district", "区级": "district"}  # fmt: skip


class Attended(Struct, frozen=True):
    units: tuple[str, ...]
    absent: bool
    said: str  # who came, or the written opinion of those who did not


class Report(Struct, frozen=True):
    """What a station reports: cases with their tags, or nothing."""

    station: str
    cases: dict[str, tuple[str, ...]]
    nil: bool
    text: str


class StationWords(Struct, frozen=True):
    station: str
    case: str
    outcome: str
    said: Decision
    attended: tuple[str, ...]


class _Read(Struct):
    """The beginning of a line, sorted by shape, and the text after it."""

    units: list[str] = []
    until: int | None = None
    reason: str = ""
    level: str = ""
    text: str = ""


def unit_of(town: Town, word: str) -> str:
    """The code of the unit that a word can only mean; empty for none."""
    folded = _fold(word)
    known = town.units.get(folded) or town.unit_by_token.get(folded)
    if known is not None:
        return known.code
    found = units(town).resolve(word).found
    return found.code if found else ""


def unit_words(town: Town, codes: tuple[str, ...]) -> str:
    """Units as they are typed."""
    return " ".join(town.units[c].tokens[0] if c in town.units and town.units[c].tokens else c for c in codes)


def decision(facts: Facts, kind: Kind, line: str) -> Decision | Refusal:
    """`cg gbb 5d 五日内清除`; for a suspension `14d r1 围挡`; for outcome 4 `区 0401 文字`, with r5 suspended until then."""
    if kind.code in ("defer", "end"):  # words and nothing else
        missing = kind.code == "end" and not line.strip()
        return _no("终止须写理由，如 已无违法事实", "say why it ends") if missing else Decision(text=line.strip())
    read = _read(facts, line, level=kind.code == "raise")
    if isinstance(read, Refusal):
        return read
    if kind.code == "raise" and not read.level:
        return _no("提请哪一级: 1 镇级或 2 区级，如 2 20d 文字", "which level: 1 town or 2 district, e.g. 2 20d words")
    if kind.code == "assign" and not read.units:
        return _no("定主责须给单位，如 cg gbb 5d 五日内清除", "name the unit that is responsible, e.g. cg gbb 5d words")
    waits = kind.code == "suspend" or (kind.code == "raise" and bool(read.reason))
    return Decision(
        tuple(read.units), due=None if waits else read.until, text=read.text, level=read.level, reason=read.reason,
        review=read.until if waits else None,
    )  # fmt: skip


def attended(facts: Facts, line: str) -> Attended | Refusal:
    """`z4 cg 王庚等3人`; those who are absent after a minus, with their written opinion: `-gbb 同意牵头`."""
    word = line.strip()
    absent = word[:1] in ("-", "－") and word[:2] != "--"
    read = _read(facts, word[1:] if absent else word)
    if isinstance(read, Refusal):
        return read
    if not read.units:
        return _no("写单位，如 z4 cg；缺席写 -gbb 书面意见", "units, e.g. z4 cg; absent: -gbb opinion")
    return Attended(tuple(read.units), absent, read.text)


def report(facts: Facts, line: str) -> Report | Refusal:
    """`z4 1009=1,2 1017=1 拟请事项`, or `z4 0` for nothing."""
    words = line.split()
    station = unit_of(facts.town, words[0]) if words else ""
    if not station:
        return _no(f"没有单位 {words[0] if words else ''}，写作 z4 1009=1,2 事项，或 z4 0", "like z4 1009=1,2 or z4 0")
    cases: dict[str, tuple[str, ...]] = {}
    rest, nil = words[1:], False
    if rest and _fold(rest[0]) in NIL:
        rest, nil = rest[1:], True
    while rest and "=" in _fold(rest[0]):
        ref, _, marks = _fold(rest[0]).partition("=")
        tags = tags_of(facts, marks)
        if isinstance(tags, Refusal):
            return tags
        cases[ref], rest = tags, rest[1:]
    if rest and _SHORT.fullmatch(_fold(rest[0])):
        return _no(f"每件须写跨类，如 {rest[0]}=1", f"each case needs its tags, e.g. {rest[0]}=1")
    return Report(station, cases, nil, " ".join(rest).removeprefix("--").strip())


def tags_of(facts: Facts, text: str) -> tuple[str, ...] | Refusal:
    """`1,2` or names: the cross tags that are meant."""
    rows, found = facts.town.reasons.get("cross", {}), []
    for word in re.split(r"[,、\s]+", _fold(text).strip(",、 ")):
        row = next((r for digit, r in rows.items() if word in (digit, r.code, r.name)), None)
        if row is None:
            known = " ".join(f"{digit}{r.name}" for digit, r in rows.items())
            return _no(f"没有跨类 {word}；可用: {known}", f"no cross tag {word}; there are: {known}")
        found.append(row.code)
    return tuple(dict.fromkeys(found))


def station_meeting(facts: Facts, line: str) -> StationWords | Refusal:
    """`z4 1009 1 cg 清除 | z4 cg`: station, case, outcome, to whom, words; after the bar who was there."""
    head, _, came = line.partition("|")
    words = head.split(maxsplit=3)
    how = "写作 z4 1009 1 cg 要点 | 到会单位；2 为未果"
    if len(words) < 3 or not unit_of(facts.town, words[0]):
        return _no(how, "like z4 1009 1 cg words | units that came; 2 is without result")
    read, there = _read(facts, words[3] if len(words) > 3 else ""), _read(facts, came)
    for one in (read, there):
        if isinstance(one, Refusal):
            return one
    assert isinstance(read, _Read) and isinstance(there, _Read)
    said = Decision(tuple(read.units), text=read.text)
    return StationWords(unit_of(facts.town, words[0]), _fold(words[1]), _fold(words[2]), said, tuple(there.units))


def several(facts: Facts, line: str) -> tuple[str, ...] | Refusal:
    """Units and nothing else."""
    read = _read(facts, line)
    if isinstance(read, Refusal):
        return read
    return (
        tuple(read.units)
        if not read.text
        else _no(f"没有单位 {read.text.split()[0]}", f"no unit {read.text.split()[0]}")
    )


def _read(facts: Facts, line: str, *, level: bool = False) -> _Read | Refusal:
    read, words = _Read(), line.split()
    while words:
        word = _fold(words[0])
        if word == "--":
            words = words[1:]
            break
        until, code, reason = instant(word, facts.town, facts.now), unit_of(facts.town, word), _REASON.fullmatch(word)
        if level and not read.level and word in _LEVELS:
            read.level = _LEVELS[word]
        elif until is not None and read.until is None:
            read.until = until
        elif reason:
            row = facts.town.reasons.get("suspend", {}).get(reason[1])
            if row is None:
                return _no(f"没有挂账理由 {word}", f"no reason {word} of suspension")
            read.reason = row.code
        elif code:
            read.units.append(code)
        elif _SHORT.fullmatch(word):
            return _no(f"没有单位或时限 {words[0]}；是文字就先写 --", f"no unit or time {words[0]}; -- begins the text")
        else:
            break
        words = words[1:]
    read.units = list(dict.fromkeys(read.units))
    read.text = " ".join(words)
    return read


def _fold(word: str) -> str:
    return unicodedata.normalize("NFKC", word).casefold()


def _no(zh: str, en: str) -> Refusal:
    return Refusal(3, "R59", zh, en)
