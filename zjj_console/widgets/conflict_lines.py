"""The exchange with the hub and what clashed, as lines (§6.7)."""

from collections.abc import Sequence

from zjj_console.desk import conflict_view, wording
from zjj_console.desk.conflict_view import Difference
from zjj_console.desk.liaison import View
from zjj_console.i18n import english, t
from zjj_console.storage.reads_conflicts import Clash
from zjj_console.widgets import case_lines
from zjj_console.widgets.cells import Line, clip, fit, shown, width_of
from zjj_console.widgets.columns import Frame

_COLUMNS = (("案号", 8), ("时间", 12), ("谁", 14), ("动作", 16))
_FIELD, _VALUE = 10, 22
STATES = {
    "none": "本机未接入中心，只用本机的次序；命令行: zjj sync join",
    "level": "与中心一致",
    "behind": "正在取回中心的记录",
    "cut": "与中心断开，本机照常值守，连通后自动补传",
    "stopped": "与中心的交换停了，须有人处理；本机照常值守",
    "silent": "没有程序在与中心交换；重开值守台，或 zjj sync run",
}


def standing(view: View, at: Frame, console: str) -> list[Line]:
    """How the exchange stands, in two lines."""
    lines = [case_lines.title(t("与镇中心的同步")), ((f" {t(STATES[view.state])}", "$foreground"),)]
    if view.state == "none":
        return lines
    since = (
        t("数据截至 {since}", since=wording.moment(view.standing.level, at.now, at.duty))
        if view.standing.level
        else t("数据未曾取齐")
    )
    figures = t("{since}  本台{letter}  次序 {cursor}/{head}  待发 {waiting}  冲突 {conflicts}", since=since, letter=console, cursor=view.cursor,
                head=max(view.cursor, view.standing.head), waiting=view.waiting, conflicts=view.conflicts)  # fmt: skip
    lines.append(((f" {figures}", "$dim"),))
    trouble = view.standing.en if english() else view.standing.zh
    if trouble:
        lines.append(((f" {shown(trouble)}", "$p2"),))
    return lines


def _cell(text: str, size: int) -> str:
    """A column: what is too long is cut, and a blank is left before the next one."""
    return fit(text, size - 1) + " "


def head(width: int) -> Line:
    return ((fit(" " + "".join(_cell(t(name), size) for name, size in _COLUMNS) + t("为何未生效"), width), "$dim"),)


def clash(one: Clash, at: Frame, width: int, *, selected: bool) -> Line:
    """Which case, when, who, what, and why it does not apply."""
    first = one.first
    cells = (first.handle or "-", wording.moment(first.at, at.now, at.duty), conflict_view.by(at.town, one, t),
             conflict_view.what(one, t))  # fmt: skip
    said = "".join(_cell(shown(cell), size) for cell, (_, size) in zip(cells, _COLUMNS, strict=True))
    why = f"{conflict_view.why(one, t)} ({conflict_view.stands(one, t)})"
    style = "$dim" if one.settled else "$foreground"
    return (
        (">" if selected else " ", "bold $accent"), (said, style),
        (clip(why, max(0, width - 1 - width_of(((said, ""),)))), "$dim" if one.settled else "$p2"),
    )  # fmt: skip


def of_case(found: Sequence[Clash], at: Frame) -> list[Line]:
    """On the case's own page: what was done about it and does not apply."""
    return [
        ((f" {t('未生效')} {conflict_view.by(at.town, one, t)} {conflict_view.what(one, t)}  {conflict_view.why(one, t)}  F10 4",
          "bold $p1"),)
        for one in found
    ]  # fmt: skip


def compared(found: Sequence[Difference]) -> list[Line]:
    """Field by field what it saw, what it wanted, what stands now; where these differ stands out."""
    if not found:
        return []
    names = "".join(_cell(t(name), _VALUE) for name in ("当时所见", "想改为", "现在是"))
    lines: list[Line] = [((_cell(f" {t('字段')}", _FIELD) + names, "$dim"),)]
    for d in found:
        settled = d.wanted == d.stands
        lines.append((
            (_cell(f" {d.field}", _FIELD), "$dim"),
            (_cell(shown(d.saw) or "-", _VALUE), "$dim"),
            (_cell(shown(d.wanted) or "-", _VALUE), "$dim" if settled else "$p2"),
            (_cell(shown(d.stands) or "-", _VALUE), "$foreground"),
        ))  # fmt: skip
    return lines
