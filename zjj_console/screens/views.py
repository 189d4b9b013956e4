"""The views of the queue and the filter line: both only make a `reads.Filter`."""

from typing import NamedTuple

from msgspec.structs import replace

from zjj_console.desk.desk import Desk
from zjj_console.domain.lifecycle import STATE_ZH
from zjj_console.domain.model import Actor, State
from zjj_console.i18n import t
from zjj_console.storage import reads, reads_log
from zjj_console.storage.reads import Cursor, Filter, QueueRow
from zjj_console.town import names
from zjj_console.town.models import Town
from zjj_console.widgets.cells import shown
from zjj_console.widgets.columns import category_name, place_name, source_name, unit_name
from zjj_console.widgets.editor import folded

S = State


class View(NamedTuple):
    """One list that `v` leads to. `overdue` keeps what is late at the moment of looking."""

    zh: str
    filter: Filter = Filter()
    overdue: bool = False
    mine: bool = False


VIEWS: tuple[View, ...] = (
    View("未结"),
    View("超时", overdue=True),
    View("待受理", Filter(states=(S.REPORTED,))),
    View("待签收", Filter(states=(S.DISPATCHED,))),
    View("我的", mine=True),
    View("待核查", Filter(states=(S.SUBMITTED,))),
    View("疑难", Filter(states=(S.DIFF_REVIEW, S.DIFF_LED))),
    View("挂账", Filter(states=(S.SUSPENDED,))),
    View("已结", Filter(open=False)),
)


def own(actor: Actor, town: Town) -> Filter:
    """What 我的 means: the station's cases, the team's orders, or what the desk follows."""
    unit = town.units.get(actor.unit)
    if unit is not None and unit.kind == "station":
        return Filter(station=unit.code)
    if unit is not None and unit.kind != "centre":
        return Filter(units=(unit.code,))
    return Filter(followed=True)


def filter_of(view: View, desk: Desk, typed: str) -> Filter:
    base = own(desk.actor, desk.town) if view.mine else view.filter
    if view.overdue:
        base = replace(base, overdue_at=desk.now())
    return narrowed(base, typed, desk.town)


def narrowed(base: Filter, typed: str, town: Town) -> Filter:
    """`base` narrowed by the words of a filter line: place, state, unit, category or plain text, in any order."""
    found, rest = base, []
    for word in typed.split():
        change = _meaning(folded(word).lower(), town)
        if change:
            found = replace(found, **change)
        else:
            plain = folded(word)
            rest.append(plain if plain.isascii() else word)
    return replace(found, text=" ".join(rest)) if rest else found


def _meaning(word: str, town: Town) -> dict[str, object]:
    state = next((s for s, zh in STATE_ZH.items() if zh == word), None)
    if state is not None:
        return {"states": (state,)}
    if word in town.grids:
        return {"grid": word}
    source = next((one.code for one in town.sources.values() if word in (one.name.lower(), one.name_en.lower())), "")
    if source:
        return {"source": source}
    unit = town.unit_by_token.get(word)
    if unit is not None:
        return {"station": unit.code} if unit.kind == "station" else {"units": (unit.code,)}
    for index, field in ((names.places(town), "committees"), (names.categories(town), "categories")):
        known = index.resolve(word)
        if known.found is not None:
            return {field: (known.found.code,)}
        if known.candidates and field == "committees" and len(word) > 1:
            return {field: tuple(c.code for c in known.candidates)}
    return {}


def explained(typed: str, town: Town) -> str:
    """What a filter line was taken for, in words."""
    parts: list[str] = []
    for word in typed.split():
        change = _meaning(folded(word).lower(), town)
        for field, value in change.items():
            codes = value if isinstance(value, tuple) else (value,)
            parts.append(t(_FIELD_ZH[field]) + " " + "/".join(_named(field, str(code), town) for code in codes[:4]))
        if not change:
            said = "案号或文字 {word}" if any(map(str.isdigit, word)) else "文字含 {word}"
            parts.append(t(said, word=shown(word)))
    return "，".join(parts)


_FIELD_ZH = {
    "source": "来源",
    "states": "状态",
    "grid": "网格",
    "station": "站",
    "units": "单位",
    "committees": "地点",
    "categories": "类别",
}


def _named(field: str, code: str, town: Town) -> str:
    if field == "states":
        return t(STATE_ZH[S(code)])
    if field == "categories":
        return category_name(town, code)
    if field == "source":
        return source_name(town, code)
    if field == "committees":
        return place_name(town, code, code)
    return code.upper() if field == "grid" else unit_name(town, code)


class Listed:
    """The rows of one filter, for the table's window."""

    def __init__(self, desk: Desk, where: Filter) -> None:
        self.desk, self.where = desk, where

    def page(self, limit: int, after: Cursor | None, backward: bool) -> list[QueueRow]:
        return reads.page(self.desk.reader, self.where, limit, after, backward=backward)

    def find(self, case_id: str) -> QueueRow | None:
        """The present row of a case if it belongs to this list."""
        row = reads_log.row_of(self.desk.reader, case_id)
        if row is None:
            return None
        rank, due, rid = row.cursor
        at = self.page(1, (rank, due, rid - 1), False)
        return row if at and at[0].id == case_id else None

    def count(self) -> int:
        return reads.count(self.desk.reader, self.where)

    def position(self, cursor: Cursor) -> int:
        return reads.position(self.desk.reader, self.where, cursor)
