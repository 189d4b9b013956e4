"""Two of the three lines above every screen: who and when, and where one can go. Between them stands the worst alarm."""

from typing import NamedTuple

from zjj_console.desk.liaison import COUNTED, View
from zjj_console.domain.model import Actor
from zjj_console.i18n import english, t
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


def who(actor: Actor, at: Frame, width: int, *, locked: bool = False, console: str = "") -> Line:
    """Line 1: town, person, the console's letter where a hub was joined, local time. Trial mode, a drill and a locked console are said on every screen."""
    local = at.duty.local(at.now)
    left: list[Span] = [(f" {at.town.name} {t('城运值守台')}", "bold $foreground")]
    if console:  # 1001 here and 1001 there are two cases: it must not be cut off
        left.append((f" {t('本台{letter}', letter=console)}", "bold $accent"))
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


# How the exchange with the hub stands: its word, whether an instant belongs to it, and its style.
_EXCHANGE = {
    "level": ("同步", True, "$dim"),
    "behind": ("同步中", False, "$p2"),
    "cut": ("同步断", True, "bold $p2"),
    "stopped": ("同步停", True, "bold $p1"),
    "silent": ("未同步", True, "bold $p2"),
}


_NARROW = 100  # columns below which the words are short: the screens beside them must stay in sight
_SHORT = {"同步断": "断", "同步停": "停", "未同步": "未同", "待发": "发"}


def exchange(view: View, at: Frame, width: int) -> Line:
    """As of when the common data are, or since when nothing comes; what waits; what clashed. Nothing without a hub."""

    def word_of(zh: str) -> str:
        return t(_SHORT.get(zh, zh) if width < _NARROW else zh)

    if view.state == "none":
        return ()
    word, timed, style = _EXCHANGE[view.state]
    gap = " " if english() else ""
    since = f"{at.duty.local(view.since):%H:%M}" if timed and view.since else ""
    spans: list[Span] = [(f"{word_of(word)}{gap if since else ''}{since}", style)]
    if view.waiting:
        more = "+" if view.waiting == COUNTED else ""
        spans.append((f" {word_of('待发')}{gap}{view.waiting}{more}", style))
    if view.conflicts:
        spans.append((f" {t('冲突')}{gap}{view.conflicts}", "bold $p1"))
    return (*spans, ("  ", ""))


def tabs(current: str, status: Line, width: int) -> Line:
    """Line 3: the screens; those still to come are dim, the present one stands out."""
    spans: list[Span] = []
    for tab in TABS:
        number = tab.key.upper() if tab is TABS[0] else tab.key[1:]
        style = "reverse bold $accent" if tab.mode == current else ("$foreground" if tab.mode else "$dim")
        spans.append((f" {number}{t(tab.zh)}", style))
    return spread((*spans, (" ", "")), (*status, (" ", "")), width)
