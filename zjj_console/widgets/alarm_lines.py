"""Alarms in lines: the strip above every screen, and one line each in the list (§3.6). Shape and word before colour."""

from collections.abc import Sequence

from zjj_console.desk import wording
from zjj_console.desk.alarming import Alarm, Look
from zjj_console.domain import alarms
from zjj_console.domain.alarms import URGENT, Grade, Group
from zjj_console.i18n import english, t
from zjj_console.widgets.cells import Line, Span, clip, fit, spread, width_of
from zjj_console.widgets.columns import Frame, matter, place_name, source_name, unit_name

Shown = Alarm | Group
_STYLE = {
    Grade.URGENT_LATE: "$p1", Grade.DESK: "$p2", Grade.URGENT_NEW: "$p1", Grade.LATE: "$p1", Grade.SOON: "$soon",
    Grade.ASKED: "$wait", Grade.NOTE: "$dim",
}  # fmt: skip
_NAMED = 3  # handles of the next alarms in the strip
_MARK, _HANDLE, _CLOCK, _LEVEL = 7, 6, 12, 3


def style(alarm: Shown) -> str:
    """Bold while nobody has seen it; the worst is reversed as well."""
    if isinstance(alarm, Alarm) and alarm.acked is not None:
        return "$dim"
    return f"bold {_STYLE[alarm.grade]}"


def mark(grade: Grade) -> str:
    return f"{alarms.SHAPE.get(grade, '!'):<3}{t(alarms.WORD[grade])}"


def strip(look: Look, at: Frame, width: int, muted: int = 0) -> Line:
    """The worst alarm that nobody has acknowledged, then how many others there are; never empty while one stands.

    `muted`: until when this desk is silent (µs), 0 for not.
    """
    rules = at.town.alarm_rules
    waiting = alarms.grouped(look.unacked, at.now, rules)
    silent: Line = ((f" {t('静音至 {time}', time=wording.moment(muted, at.now, at.duty))}", "$wait"),) if muted else ()
    if not look.alarms:
        return spread(((f" {t('无超时，无临期')}", "$dim"),), silent, width)
    seen = look.total - len(look.unacked)
    if not waiting:
        said = t("已确认 {n} 项，办结前仍列出；F5 列表", n=seen)
        return spread(((f" {said}", "$dim"),), silent, width)
    first, rest = waiting[0], waiting[1:]
    size = len(first.subjects) if isinstance(first, Group) else 1
    named = " ".join(one.row.handle for one in rest[:_NAMED] if isinstance(one, Alarm) and one.row is not None)
    others = look.total - size
    more = f"{t('另{n}项', n=others)}{': ' + named if named else ''}" if others else ""
    keys: Line = (("a", "bold $accent"), (t("确认"), "$dim"), (" o", "bold $accent"), (f"{t('打开')} ", "$dim"))
    right: Line = (*silent, (f"  {more}  ", "$dim"), *keys)
    if width_of(right) > width // 2:
        right = (*silent, (f"  {t('另{n}项', n=others) if others else ''}  ", "$dim"), *keys)
    head, tail = said_of(first, at)
    reverse = "reverse " if first.grade in URGENT or first.grade is Grade.DESK else ""
    lead: Span = (
        f" {mark(first.grade).replace('   ', ' ').replace('  ', ' ')} {head} ",
        f"bold {reverse}{_STYLE[first.grade]}",
    )
    room = max(0, width - width_of(right) - width_of((lead,)))
    return spread((lead, (clip(tail, room), _STYLE[first.grade])), right, width)


def said_of(alarm: Shown, at: Frame) -> tuple[str, str]:
    """(which case and which deadline, where and what); a group says its cause and its number."""
    if isinstance(alarm, Group):
        clock, _, source = alarm.cause.partition(" ")
        return t(
            "{n} 项", n=len(alarm.subjects)
        ), f"{wording.clock_name(at.town, clock)} {source_name(at.town, source)}"
    row = alarm.row
    if row is None:
        return (alarm.en if english() else alarm.zh), ""
    level = f" E{alarm.level}" if alarm.level else ""
    head = f"{row.handle} {wording.countdown(row, at.now, at.duty)}{level}"
    unit = unit_name(at.town, row.lead) if row.lead else t("未派")
    if alarm.zh:
        unit = alarm.en if english() else alarm.zh
    return head, f"{unit} {place_name(at.town, row.place, row.committee)} {matter(row, at)}"


def line(alarm: Shown, at: Frame, width: int, *, selected: bool) -> Line:
    """One line of the list: mark, case, deadline, rung, since when, who has seen it, where and what."""
    look = style(alarm)
    cursor: Span = (">" if selected else " ", "bold $accent")
    since = wording.moment(alarm.raised, at.now, at.duty) if alarm.raised else ""
    if isinstance(alarm, Group):
        head, tail = said_of(alarm, at)
        text = f"{fit(head, _HANDLE + _CLOCK + _LEVEL + 2)} {fit(since, 11)} {tail}"
        return cursor, (fit(mark(alarm.grade), _MARK), look), (clip(text, width - _MARK - 1), look)
    row = alarm.row
    seen = t("已确认") if alarm.acked is not None else ""
    if row is None:
        text = f"{fit('', _HANDLE + _CLOCK + _LEVEL + 2)} {fit(since, 11)} {seen + ' ' if seen else ''}{said_of(alarm, at)[0]}"
        return cursor, (fit(mark(alarm.grade), _MARK), look), (clip(text, width - _MARK - 1), look)
    clock = wording.countdown(row, at.now, at.duty)
    level = f"E{alarm.level}" if alarm.level else ""
    fixed = (
        f"{fit(row.handle, _HANDLE, right=True)} {fit(clock, _CLOCK, right=True)} {fit(level, _LEVEL)} {fit(since, 11)}"
    )
    tail = f" {fit(seen, 6)} {said_of(alarm, at)[1]}"
    room = width - 1 - _MARK - width_of(((fixed, ""),))
    return (
        cursor,
        (fit(mark(alarm.grade), _MARK), look),
        (fixed, look),
        (clip(tail, room), "$dim" if seen else "$foreground"),
    )


def head(width: int) -> Line:
    titles = (
        f" {fit(t('告警'), _MARK)}{fit(t('案号'), _HANDLE, right=True)} {fit(t('时限'), _CLOCK, right=True)} "
        f"{fit(t('级'), _LEVEL)} {fit(t('起'), 11)} {fit(t('确认'), 6)} {t('承办与事项')}"
    )
    return ((fit(titles, width), "$dim"),)


def counted(look: Look) -> str:
    """`!!!2 !!5 !3`: how many of each shape nobody has seen; what a window title and a notice may say."""
    shapes = [alarms.SHAPE.get(alarm.grade, "!") for alarm in look.unacked]
    return " ".join(f"{shape}{shapes.count(shape)}" for shape in ("!!!", "!!", "!") if shape in shapes)


def worst(shown_: Sequence[Shown]) -> str:
    """The worst alarm without a name of anybody: `!!!急超 1042 E2`."""
    if not shown_:
        return ""
    first = shown_[0]
    if isinstance(first, Group):
        return f"{alarms.mark(first.grade)} {len(first.subjects)}"
    handle = first.row.handle if first.row is not None else first.subject.partition(":")[0]
    return f"{alarms.mark(first.grade)} {handle}{f' E{first.level}' if first.level else ''}"
