"""The fields of the intake form: how each is typed, what it offers, what it means."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from zjj_console.domain.marks import PRIORITY_ZH
from zjj_console.i18n import t
from zjj_console.town import names
from zjj_console.town.models import Town
from zjj_console.verbs.parse import PENDING_PLACE
from zjj_console.widgets.columns import unit_name
from zjj_console.widgets.editor import folded

OFFERED = 9


class Meaning(NamedTuple):
    """What typed letters stand for. `token` goes into the line; empty while it is open or wrong."""

    token: str
    said: str
    offers: tuple[tuple[str, str], ...] = ()  # (token, label), chosen by digit


class Field(NamedTuple):
    name: str
    zh: str
    help: str
    read: Callable[[str, Town], Meaning]
    extra: bool = False  # free text: travels beside the line, letter by letter as typed
    needed: bool = False
    codes: Callable[[Town], Iterable[str]] = lambda town: ()  # with digits in them, which then are no choice


def _place(typed: str, town: Town) -> Meaning:
    if folded(typed) in PENDING_PLACE:
        return Meaning("-", t("地点待定，先受理后定址"))
    found = names.places(town).resolve(typed)
    offers = tuple((c.code, _place_label(c.code, town)) for c in found.candidates[:OFFERED])
    if found.found is not None:
        return Meaning(found.found.code, _place_label(found.found.code, town))
    return Meaning("", t("选一个") if offers else t("没有这个地点，可写 - 待定"), offers)


def _place_label(code: str, town: Town) -> str:
    grid, station, _ = town.whereabouts(code)
    return f"{town.committees[code].name} {grid.upper()} {unit_name(town, station)}"


def _category(typed: str, town: Town) -> Meaning:
    found = names.categories(town).resolve(typed)
    offers = tuple((c.code, c.name) for c in found.candidates[:OFFERED])
    if found.found is not None:
        known = town.categories[found.found.code]
        return Meaning(known.code, f"{known.name} {t('默认')}{t(PRIORITY_ZH[known.priority])}")
    return Meaning("", t("选一个") if offers else t("没有这个类别"), offers)


def _priority(typed: str, town: Town) -> Meaning:
    token = folded(typed)
    known = {str(n): zh for n, zh in PRIORITY_ZH.items()}
    return Meaning(token, t(known[token])) if token in known else Meaning("", t("写 1 2 3 4"))


def _source(typed: str, town: Town) -> Meaning:
    token = folded(typed).lower()
    if token in town.source_by_token:
        return Meaning(token, town.source_by_token[token].name)
    offers = tuple((s.token, f"{s.token} {s.name}") for s in town.sources.values() if s.token.startswith(token[:1]))
    return Meaning("", t("选一个") if offers else t("没有这个来源"), offers[:OFFERED])


def _unit(typed: str, town: Town) -> Meaning:
    found = names.units(town).resolve(typed)
    offers = tuple((c.code, c.name) for c in found.candidates[:OFFERED])
    if found.found is not None:
        token = town.units[found.found.code].tokens[0]
        return Meaning(token, unit_name(town, found.found.code))
    return Meaning("", t("选一个") if offers else t("没有这个单位"), offers)


def _words(typed: str, town: Town) -> Meaning:
    return Meaning(typed, "")


FIELDS: tuple[Field, ...] = (
    Field("place", "地点", "拼音首字母、全拼或混拼；- 待定", _place, needed=True),
    Field("category", "类别", "代码或拼音首字母", _category, needed=True),
    Field("priority", "级", "1到4，空着按类别", _priority),
    Field("source", "来源", "来源代码，首字母列出；空着为电话", _source, codes=lambda town: town.source_by_token),
    Field("unit", "派往", "单位代码或拼音；空着只登记", _unit, codes=lambda town: town.unit_by_token),
    Field("text", "事项", "说什么事，空着用类别的套话", _words, extra=True),
    Field("reporter", "报告人", "姓名，可空", _words, extra=True),
    Field("phone", "电话", "可空", _words, extra=True),
)
