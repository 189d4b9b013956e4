"""Verbs that only ask: open, search, unit, why. And small counts that plans look at."""

from collections.abc import Callable

from msgspec import Struct

from zjj_console.desk import wording
from zjj_console.desk.tongue import Tongue
from zjj_console.domain.facts import Facts
from zjj_console.domain.model import Case, Refusal
from zjj_console.storage import projections, reads
from zjj_console.storage.db import Connection
from zjj_console.town.models import Town
from zjj_console.verbs.parse import Parsed


class Told(Struct, frozen=True):
    """An answer that is a text to read: its sentence and the text, each in Chinese and English."""

    said: tuple[str, str]
    text: tuple[str, str]


Answer = tuple[str, tuple[Case, ...]] | Told | Refusal
_FOUND = 20


def load_by_unit(db: Connection) -> dict[str, int]:
    """Active lead orders per unit."""
    rows = db.execute("SELECT unit, count(*) FROM dispatch WHERE active = 1 AND role = 'lead' GROUP BY unit")
    return {unit: int(n) for unit, n in rows}


def default_source(town: Town) -> str:
    """How a case typed at the desk came in when nobody says: by telephone."""
    return "phone" if "phone" in town.sources else next(iter(town.sources))


def _open(db: Connection, parsed: Parsed, facts: Facts, selected: str, console: str) -> Answer:
    ref = selected if parsed.target in ("", ".") else parsed.target
    case = projections.find(db, ref, console) if ref else None
    if case is None:
        return unfound(db, ref, console)
    return f"{case.handle} {case.place} {case.text}", (case,)


def _search(db: Connection, parsed: Parsed, facts: Facts, selected: str, console: str) -> Answer:
    words = parsed.args.get("words", "")
    if not words:
        return Refusal(2, "3.4", "写要找的词，如 ss 桥栏杆", "give words to look for")
    rows = reads.page(db, reads.Filter(open=None, text=words), _FOUND)
    cases = tuple(case for case in (projections.load(db, row.id) for row in rows) if case)
    total = reads.count(db, reads.Filter(open=None, text=words))
    listed = " ".join(case.handle for case in cases)
    return f"找到 {total} 件: {listed}" if cases else f"没有含 {words} 的案件", cases


def _unit(db: Connection, parsed: Parsed, facts: Facts, selected: str, console: str) -> Answer:
    town = facts.town
    unit = town.units.get(parsed.args.get("unit", ""))
    if unit is None:
        return Refusal(2, "3.4", "写单位，如 dw y1", "name a unit, e.g. dw y1")
    hours = town.hours[unit.hours]
    span = "全天" if hours.start == hours.end else (
        f"{hours.start // 60:02}:{hours.start % 60:02}-{hours.end // 60:02}:{hours.end % 60:02}"
    )  # fmt: skip
    people = " ".join(wording.person(town, p.work_no) for p in town.staff(unit.code)[:6]) or "人员未提供"
    busy = load_by_unit(db).get(unit.code, 0)
    state = "" if unit.enabled else " 未启用"
    return f"{unit.name} {unit.tokens[0]} {span}{state} 在办{busy} {people}", ()


def _why(db: Connection, parsed: Parsed, facts: Facts, selected: str, console: str) -> Answer:
    from zjj_console.desk import reasons  # only who asks pays for it

    ref = selected if parsed.target in ("", ".") else parsed.target
    case = projections.find(db, ref, console) if ref else None
    if case is None:
        return unfound(db, ref, console)
    found, tongue = reasons.explain(db, case, facts), Tongue(facts.duty, facts.now)
    pages = [f"{reasons.head(found, lang)}\n\n{reasons.text(found, lang)}" for lang in ("zh", "en")]
    return Told((reasons.sentence(found, tongue), reasons.sentence(found, tongue, "en")), (pages[0], pages[1]))


def unfound(db: Connection, ref: str, console: str) -> Refusal:
    """Why `projections.find` gives none: nothing was named, several cases bear the name, or none does."""
    if not ref:
        return Refusal(2, "3.4", "缺案号，如 wh 1042", "name a case, e.g. wh 1042")
    several = projections.bearing(db, ref, console)
    if len(several) > 1:
        places = " / ".join(case.place or case.committee or "-" for case in several)
        return Refusal(6, "3.4", f"号码 {ref} 有两件，请从队列选中再办: {places}",
                       f"two cases bear {ref}, choose one in the queue: {places}")  # fmt: skip
    return Refusal(6, "3.4", f"没有案件 {ref}", f"no case {ref}")


ANSWERS: dict[str, Callable[[Connection, Parsed, Facts, str, str], Answer]] = {
    "open": _open,
    "search": _search,
    "unit": _unit,
    "why": _why,
}
