"""The three lines above every screen: who and when, the worst thing now, where one can go."""

from typing import NamedTuple

from zjj_console.desk import wording
from zjj_console.domain.custody import Missed
from zjj_console.domain.model import Actor
from zjj_console.i18n import t
from zjj_console.storage.reads import QueueRow
from zjj_console.widgets.cells import Line, Span, clip, shown, spread, width_of
from zjj_console.widgets.columns import Frame, place_name, severity, unit_name

WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")


class Tab(NamedTuple):
    """A main screen: its function key, title, mode ('' while it does not exist)."""

    key: str
    zh: str
    mode: str


TABS: tuple[Tab, ...] = (
    Tab("f1", "帮助", "help"), Tab("f2", "队列", "queue"), Tab("f3", "地图", ""), Tab("f4", "值班", "roster"),
    Tab("f5", "升级", ""), Tab("f6", "交接", "handover"), Tab("f7", "会商", ""), Tab("f8", "考核", ""), Tab("f9", "清单", ""),
    Tab("f10", "日志", "log"),
)  # fmt: skip


def who(actor: Actor, at: Frame, width: int, *, locked: bool = False) -> Line:
    """Line 1: town, person, local time. Trial mode, a drill and a locked console are said on every screen."""
    local = at.duty.local(at.now)
    left: list[Span] = [(f" {at.town.name} {t('城运值守台')}", "bold $foreground")]
    if at.drill:  # before all that may be cut off
        left += [("  ", ""), (f" {t('演练')} {at.drill} ", "reverse $p1")]
    left.append((f"  {unit_name(at.town, actor.unit)} {shown(actor.name)}", "$dim"))
    if actor.trial:
        left.append(("  ", ""))
        left.append((f" {t('试用')} ", "reverse $p2"))
    if locked:
        left.append(("  ", ""))
        left.append((f" {t('已锁 只看')} ", "reverse $accent"))
    weekday = t(WEEKDAYS[local.weekday()])
    right: Line = ((f"{local:%m-%d} {weekday} ", "$dim"), (f"{local:%H:%M:%S} ", "bold $foreground"))
    return spread(tuple(left), right, width)


def alarm(worst: list[QueueRow], more: int, at: Frame, width: int, missed: Missed | None = None) -> Line:
    """Line 2: the worst thing now, and how many `more` are overdue or due soon; the next few by name.

    An unsigned handover stands before everything but a first-priority case that is late.
    """
    late = missed is not None and missed.late and not (worst and worst[0].priority == 1 and worst[0].overdue(at.now))
    if late and missed is not None:
        call = t("请呼镇中心负责人") if missed.call else t("F6 交接")
        said = t("交接未签 {code} 已过{n}分，看护权未动", code=missed.boundary.code, n=missed.minutes)
        right: Line = ((f" {t('另{n}项', n=more + 1)} ", "$dim"),) if worst else ()
        return spread(((f" !! {said} {call} ", "bold reverse $p2"),), right, width)
    if not worst:
        return spread(((f" {t('无超时，无临期')}", "$dim"),), (), width)
    first = worst[0]
    style = severity(first, at.now)
    mark = wording.urgency(first, at.now).replace("  ", " ") or "!"
    listed = " ".join(row.handle for row in worst[1:]) + (" .." if more >= len(worst) else "")
    rest = f"{t('另{n}项', n=more)}: {listed}" if more > 0 else ""
    if missed is not None and missed.late:
        rest = f"!!{t('交接未签')} {missed.boundary.code}  {rest}"
    right = ((f"  {rest}  ", "$dim"), (t("o 打开"), "bold $accent"), (" ", ""))
    head = f" {mark} {first.handle} {wording.countdown(first, at.now, at.duty)} "
    tail = f" {unit_name(at.town, first.lead) if first.lead else t('未派')} {place_name(at.town, first.place, first.committee)}"
    tail += f" {shown(first.text)}"
    room = max(0, width - width_of(right) - width_of(((head, ""),)))
    left: Line = (
        (head, f"bold reverse {style}" if first.priority == 1 else f"bold {style}"),
        (clip(tail, room), style),
    )
    return spread(left, right, width)


def tabs(current: str, status: str, width: int) -> Line:
    """Line 3: the screens; those still to come are dim, the present one stands out."""
    spans: list[Span] = []
    for tab in TABS:
        number = tab.key.upper() if tab is TABS[0] else tab.key[1:]
        style = "reverse bold $accent" if tab.mode == current else ("$foreground" if tab.mode else "$dim")
        spans.append((f" {number}{t(tab.zh)}", style))
    return spread((*spans, (" ", "")), ((f"{status} ", "$dim"),), width)
