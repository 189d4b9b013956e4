"""Two of the three lines above every screen: who and when, and where one can go. Between them stands the worst alarm."""

from typing import NamedTuple

from zjj_console.domain.model import Actor
from zjj_console.i18n import t
from zjj_console.widgets.cells import Line, Span, shown, spread
from zjj_console.widgets.columns import Frame, unit_name

WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")


class Tab(NamedTuple):
    """A main screen: its function key, title, mode ('' while it does not exist)."""

    key: str
    zh: str
    mode: str


TABS: tuple[Tab, ...] = (
    Tab("f1", "帮助", "help"), Tab("f2", "队列", "queue"), Tab("f3", "地图", "map"), Tab("f4", "值班", "roster"),
    Tab("f5", "升级", "escalation"), Tab("f6", "交接", "handover"), Tab("f7", "会商", "consult"), Tab("f8", "考核", ""), Tab("f9", "清单", ""),
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


def tabs(current: str, status: str, width: int) -> Line:
    """Line 3: the screens; those still to come are dim, the present one stands out."""
    spans: list[Span] = []
    for tab in TABS:
        number = tab.key.upper() if tab is TABS[0] else tab.key[1:]
        style = "reverse bold $accent" if tab.mode == current else ("$foreground" if tab.mode else "$dim")
        spans.append((f" {number}{t(tab.zh)}", style))
    return spread((*spans, (" ", "")), ((f"{status} ", "$dim"),), width)
