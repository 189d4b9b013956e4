"""What is near in words and in JSON, Chinese and English. Nobody's name, no number: enough to decide, nothing to tell on."""

from typing import Any

from zjj_console.desk import candidate_words, shape, wording
from zjj_console.desk.candidates import Candidate
from zjj_console.desk.near import History, Twin
from zjj_console.desk.tongue import Pair, Tongue
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.facts import Facts
from zjj_console.domain.lifecycle import STATE_ZH
from zjj_console.domain.model import DAY, HOUR, MINUTE, Case, State
from zjj_console.reports.map_sheet import MapKind
from zjj_console.storage.reads_near import Near
from zjj_console.town.models import Town

_WORDS = 12  # characters of a text
HINT: Pair = ("疑似重复", "maybe the same")
MAP: dict[str, Pair] = {
    "none": ("无地图", "no map"), "town": ("本镇地图", "the town's own map"), "schematic": ("示意图", "schematic map"),
}  # fmt: skip


def ago(span: int) -> Pair:
    """How long ago, in the unit that one says it in."""
    for unit, zh, en, upto in ((MINUTE, "分", "min", 2 * HOUR), (HOUR, "小时", "h", 2 * DAY), (DAY, "天", "d", 0)):
        if span < upto or not upto:
            return f"{max(span, 0) // unit}{zh}前", f"{max(span, 0) // unit} {en} ago"
    raise AssertionError


def words_of(row: Near, town: Town) -> str:
    """The first words of what was said; nothing where it is only the phrase of the category. Numbers are masked."""
    known = town.categories.get(row.category)
    return "" if known and row.text == known.phrase else shape.masked_text(row.text)[:_WORDS]


def twin(one: Twin, facts: Facts) -> Pair:
    """`1042 路面塌陷 某街 80米 12分前 待签收 某队 桥头塌了`."""
    row, town, tongue = one.row, facts.town, Tongue(facts.duty, facts.now)
    lead: Pair = tongue.unit(row.lead) if row.lead else ("未派", "nobody sent")
    parts: tuple[Pair, ...] = (
        _same(row.handle), tongue.category(row.category), _same(row.place), _away(one, ("同村居", "same committee")),
        ago(facts.now - row.reported_at), tongue.said(STATE_ZH[State(row.state)]), lead, _same(words_of(row, town)),
    )  # fmt: skip
    return _joined(parts)


def past(one: Twin, facts: Facts) -> Pair:
    """`02-27 14:05 1018 占道经营 同村居 城管中队 现场处置`: what became of it."""
    row, tongue = one.row, Tongue(facts.duty, facts.now)
    result: Pair = tongue.reason("result", row.result) if row.result else ("", "")
    parts: tuple[Pair, ...] = (
        _same(tongue.when(row.reported_at)), _same(row.handle), tongue.category(row.category), _away(one, ("", "")),
        tongue.unit(row.lead), result, _same(words_of(row, facts.town)),
    )  # fmt: skip
    return _joined(parts)


def counted(found: History, facts: Facts, limit: int = 3) -> Pair:
    """`近90天 12件: 占道经营7 路灯不亮3`."""
    tongue = Tongue(facts.duty, facts.now)
    names = [(tongue.category(code), n) for code, n in found.counts.items()][:limit]
    zh, en = " ".join(f"{name[0]}{n}" for name, n in names), ", ".join(f"{name[1]} {n}" for name, n in names)
    total = len(found.rows)
    return (
        f"近{found.days}天 {total}件" + (f": {zh}" if zh else ""),
        f"{total} in {found.days} days" + (f": {en}" if en else ""),
    )


def hint(found: list[Twin], facts: Facts, lang: str) -> str:
    """One line for the first of them, and how many more there are; empty for none."""
    if not found:
        return ""
    n, more = int(lang == "en"), len(found) - 1
    rest = (f"，另{more}件", f", {more} more")[n] if more else ""
    return f"{HINT[n]}: {twin(found[0], facts)[n]}{rest}"


def after_report(found: list[Twin], lang: str) -> str:
    """What stands behind the sentence of a new case."""
    return "" if not found else f"；{HINT[0]} {found[0].row.handle}" if lang == "zh" else (
        f"; {HINT[1]} as {found[0].row.handle}")  # fmt: skip


def around(code: str, metres: int, town: Town) -> Pair:
    """A committee near a position; 示意 where the map only sketches it."""
    spot = town.atlas.committees[code] if town.atlas else None
    sketch: Pair = ("", "") if spot is None or spot.mark in ("D", "T") else ("(示意)", " (schematic)")
    name, far = town.committees[code].name, candidate_words.metres(metres)
    return f"{name} 约{far[0]}{sketch[0]}", f"{name} about {far[1]}{sketch[1]}"


def _same(text: str) -> Pair:
    return text, text


def _away(one: Twin, unknown: Pair) -> Pair:
    return unknown if one.metres is None else candidate_words.metres(one.metres)


def _joined(parts: tuple[Pair, ...]) -> Pair:
    return " ".join(zh for zh, _ in parts if zh), " ".join(en for _, en in parts if en)


# JSON ----------------------------------------------------------------------------------------------------------------


def near_json(one: Twin, facts: Facts) -> dict[str, Any]:
    """A case near another as scripts see it; `distance_m` null: in the same committee, no nearer known."""
    row, town = one.row, facts.town
    committee = town.committees.get(row.committee)
    return {
        "case": row.handle,
        "id": row.id,
        "state": row.state,
        "state_zh": STATE_ZH[State(row.state)],
        "category": row.category,
        "category_zh": wording.category(town, row.category),
        "place": row.place,
        "committee": row.committee or None,
        "committee_zh": committee.name if committee else None,
        "distance_m": one.metres,
        "reported_at": wording.iso(row.reported_at, facts.duty),
        "closed_at": wording.iso(row.closed_at, facts.duty),
        "lead": row.lead or None,
        "lead_zh": wording.unit(town, row.lead) if row.lead else None,
        "result": row.result or None,
        "result_zh": wording.reason(town, "result", row.result) if row.result else None,
        "text": shape.masked_text(row.text),
    }


def candidate_json(one: Candidate, town: Town, duty: DutyTime) -> dict[str, Any]:
    why = candidate_words.reason(one, duty)
    place: Pair = candidate_words.where(one.seat, duty) if one.seat else ("", "")
    return {
        "unit": one.unit,
        "unit_zh": wording.unit(town, one.unit),
        "person": one.person,
        "person_zh": one.person_name,
        "distance_m": one.apart.metres if one.apart else None,
        "exact": one.apart.exact if one.apart else None,
        "schematic": one.apart.schematic if one.apart else None,
        "where": one.seat.kind if one.seat else None,
        "where_case": one.seat.case or None if one.seat else None,
        "where_zh": place[0] or None,
        "busy": one.busy,
        "reason_zh": why[0],
        "reason_en": why[1],
    }


def map_kind(town: Town) -> MapKind:
    """What distances rest on: the town's own map, a schematic, or nothing."""
    return "none" if town.atlas is None else "town" if town.atlas.settles else "schematic"


def place_line(case: Case, town: Town) -> Pair:
    """Place, grid, station: `某街 G1 某站`."""
    station = [wording.unit(which, case.station) for which in (town, town.english)]
    zh, en = (" ".join(filter(None, (case.place or pending, case.grid.upper(), name)))
              for pending, name in zip(("地点待定", "no place yet"), station, strict=True))  # fmt: skip
    return zh, en
