"""The queue's columns: which ones a width has room for, and what a case shows in each (§3.8).

A row reads left to right as a sentence: mark, handle, priority, state, nearest deadline, place, what, who.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from zjj_console.desk import wording
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.lifecycle import STATE_ZH
from zjj_console.domain.model import State
from zjj_console.i18n import english, t
from zjj_console.storage.reads import QueueRow
from zjj_console.town.models import Town
from zjj_console.widgets.cells import Line, Span, clip, fit, shown

_STANDS_STILL = "停至"  # how a countdown begins whose duty clock does not run now
NORMAL, DIM = "$foreground", "$dim"


class Frame(NamedTuple):
    """What a row is drawn against: the town, its duty clock and the present instant (µs UTC)."""

    town: Town
    duty: DutyTime
    now: int
    drill: str = ""  # how fast a drill goes, `x60`; empty in earnest


class Column(NamedTuple):
    key: str
    title: str
    width: int  # cells; 0 takes what is left
    wide: int  # shown from this total width on
    draw: Callable[[QueueRow, Frame], Span]
    right: bool = False


def unit_name(town: Town, code: str) -> str:
    """A unit's name in the language of the interface."""
    found = town.units.get(code)
    return (found.name_en if english() and found.name_en else found.name) if found else shown(code)


def unit_sign(town: Town, code: str) -> str:
    """What stands for a unit on a map: the code that is typed."""
    found = town.units.get(code)
    return (found.tokens[0] if found else shown(code)).upper()


def short_unit(town: Town, code: str) -> str:
    """A name that a narrow column has room for: the Chinese one, or the code that is typed."""
    return unit_sign(town, code) if code in town.units and english() else unit_name(town, code)


def category_name(town: Town, code: str) -> str:
    found = town.categories.get(code)
    return (found.name_en if english() and found.name_en else found.name) if found else shown(code)


def source_name(town: Town, code: str) -> str:
    found = town.sources.get(code)
    return (found.name_en if english() and found.name_en else found.name) if found else shown(code)


def place_name(town: Town, place: str, committee: str) -> str:
    """The committee first: it is what tells cases apart; the written place follows in the detail."""
    known = town.committees.get(committee)
    return known.name if known else shown(place) or t("地点待定")


def state_word(state: str) -> str:
    try:
        return t(STATE_ZH[State(state)])
    except (KeyError, ValueError):
        return shown(state)


def severity(row: QueueRow, now: int) -> str:
    """The style of a row's most urgent thing."""
    if not row.presses:
        return "$wait" if row.state == State.SUSPENDED else DIM
    if row.overdue(now):
        return "$p1"
    if row.due_soon(now):
        return "$soon"
    return NORMAL


def _mark(row: QueueRow, at: Frame) -> Span:
    """Shape in three cells, then at most two words: `!!!急超`, `!! 超督`, `   疑返`."""
    urgent = wording.urgency(row, at.now) if row.presses else ""
    shape = urgent[: urgent.count("!")]
    words = t(urgent[len(shape) :].strip()) if urgent else ""
    words = (words + wording.mark_words(row.marks))[:2]
    if not urgent:
        return f"   {words}", "$wait" if words else NORMAL
    style = "bold reverse $p1" if len(shape) == 3 else f"bold {severity(row, at.now)}"
    return f"{shape:<3}{words}", style


def _priority(row: QueueRow, at: Frame) -> Span:
    return str(row.priority), {1: "bold $p1", 2: "$p2"}.get(row.priority, DIM)


def _state(row: QueueRow, at: Frame) -> Span:
    styles: dict[str, str] = {State.CLOSED: "$done", State.SUSPENDED: "$wait"}
    return state_word(row.state), styles.get(row.state, NORMAL)


def _deadline(row: QueueRow, at: Frame) -> Span:
    if row.closed_at is not None:
        return wording.moment(row.closed_at, at.now, at.duty), DIM
    text = wording.countdown(row, at.now, at.duty)
    if row.overdue(at.now):
        return text, f"bold {severity(row, at.now)}"
    return text, "$wait" if text.startswith(_STANDS_STILL) else severity(row, at.now)


def _place(row: QueueRow, at: Frame) -> Span:
    return place_name(at.town, row.place, row.committee), NORMAL


def matter(row: QueueRow, at: Frame) -> str:
    """What a case is about, without the place, which is said beside it."""
    known = at.town.committees.get(row.committee)
    text = shown(row.text)
    if known is not None:
        text = text.removeprefix(known.name).lstrip(" ，,") or text
    return text or category_name(at.town, row.category)


def _unit(row: QueueRow, at: Frame) -> Span:
    return (short_unit(at.town, row.lead), NORMAL) if row.lead else ("-", DIM)


def _source(row: QueueRow, at: Frame) -> Span:
    """Two characters are enough to tell sources apart in a list; the detail has the whole name."""
    found = at.town.sources.get(row.source)
    short = found.token if found and (found.token.isdigit() or english()) else source_name(at.town, row.source)
    return clip(short, 4) if short.isascii() else short[:2], DIM


def _station(row: QueueRow, at: Frame) -> Span:
    return short_unit(at.town, row.station) if row.station else "-", DIM


def _flow(row: QueueRow, at: Frame) -> Span:
    return t(wording.FLOW_ZH.get(row.flow, ""))[:8], DIM


def _age(row: QueueRow, at: Frame) -> Span:
    return wording.span(max(0, at.now - row.reported_at)), DIM


COLUMNS: tuple[Column, ...] = (
    Column("mark", "标", 7, 0, _mark),
    Column("handle", "案号", 5, 0, lambda row, at: (row.handle, NORMAL), True),
    Column("priority", "级", 2, 0, _priority),
    Column("state", "状态", 8, 0, _state),
    Column("deadline", "最近时限", 11, 0, _deadline, True),
    Column("place", "地点", 12, 0, _place),
    Column("grid", "格", 3, 120, lambda row, at: (shown(row.grid).upper() or "-", DIM)),
    Column("station", "站", 4, 120, _station),
    Column("category", "类别", 8, 120, lambda row, at: (category_name(at.town, row.category), DIM)),
    Column("matter", "事项", 0, 0, lambda row, at: (matter(row, at), NORMAL)),
    Column("unit", "承办", 8, 0, _unit),
    Column("source", "来源", 4, 120, _source),
    Column("reported", "上报", 11, 120, lambda row, at: (wording.moment(row.reported_at, at.now, at.duty), DIM), True),
    Column("age", "历时", 5, 130, _age, True),
    Column("flow", "流程", 8, 150, _flow),
)


@cache
def layout(width: int) -> tuple[tuple[Column, int], ...]:
    """The columns that fit, each with its width; widths depend on nothing but the total, so nothing jumps."""
    chosen = [c for c in COLUMNS if c.wide <= width]
    fixed = 1 + sum(c.width + 1 for c in chosen)
    return tuple((c, c.width or max(4, width - fixed)) for c in chosen)


def head(width: int) -> Line:
    """The line of titles."""
    titles = " ".join(fit(t(c.title), size, right=c.right) for c, size in layout(width))
    return ((fit(f" {titles}", width), DIM),)


def cells(row: QueueRow, width: int, at: Frame) -> list[tuple[str, Span]]:
    """(column, fitted span) of each shown column."""
    found: list[tuple[str, Span]] = []
    for column, size in layout(width):
        text, style = column.draw(row, at)
        found.append((column.key, (fit(text, size, right=column.right), style)))
    return found
