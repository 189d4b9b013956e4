"""The selected case beside the queue: a drawer below the list, or a side pane on a wide screen."""

from typing import NamedTuple

from zjj_console.desk.desk import Desk
from zjj_console.desk.outcome import Legal
from zjj_console.domain.model import Case
from zjj_console.i18n import t
from zjj_console.storage import reads, reads_log
from zjj_console.verbs.table import VERBS
from zjj_console.widgets import case_lines
from zjj_console.widgets.cells import Line, shown, wrap
from zjj_console.widgets.columns import Frame
from zjj_console.widgets.verb_words import label

_KEYS_SHOWN = 5


class Look(NamedTuple):
    """What is looked at: the case under the cursor, what may be done with it, and choices of the line being typed."""

    desk: Desk
    frame: Frame
    case: Case | None
    legal: tuple[Legal, ...]
    choosing: list[Line]

    @property
    def sendable(self) -> bool:
        return any(item.ok and item.verb.id == "dispatch" for item in self.legal)


def drawer(look: Look, height: int, width: int) -> list[Line]:
    """One line on a small screen, the most telling lines on a larger one."""
    case, frame = look.case, look.frame
    if look.choosing:
        return look.choosing
    if case is None:
        return [case_lines.note(t("没有选中的案件"))]
    if height == 1:
        return [case_lines.one_line(case, frame)]
    lines = [case_lines.headline(case, frame), case_lines.one_line(case, frame, handle=False)]
    lines += [((f" {piece}", "$foreground"),) for piece in wrap(shown(case.text), width - 2)[:1]]
    lines += case_lines.requests(case, frame)[:1]
    lines += case_lines.clocks(case, frame)[:2]
    room = height - len(lines) - 1
    if room > 0 and look.sendable:
        lines.append(case_lines.title(t("可派 (p 后按数字)")))
        lines += case_lines.candidates(look.desk.candidates(case.id), frame, room)
    return lines[:height]


def side(look: Look, height: int, width: int) -> list[Line]:
    """Fields, clocks, orders, whom to send, history."""
    case, frame, desk = look.case, look.frame, look.desk
    lines = [*look.choosing, ()] if look.choosing else []
    if case is None:
        return [*lines, case_lines.note(t("没有选中的案件"))]
    lines += [case_lines.headline(case, frame), (), *case_lines.fields(case, desk.actor, frame, width - 1), ()]
    lines += [*case_lines.requests(case, frame), case_lines.clock_head(), *case_lines.clocks(case, frame), ()]
    lines += [case_lines.title(t("派单记录")), *case_lines.dispatches(case, frame)[:4], ()]
    if not look.choosing and look.sendable:
        lines += [
            case_lines.title(t("可派 (p 后按数字)")),
            *case_lines.candidates(desk.candidates(case.id), frame, 5),
            (),
        ]
    lines.append(case_lines.title(t("经过 (只增不改)")))
    lines += case_lines.history(reads.story(desk.reader, case), frame, width - 1)
    return lines[:height]


def recent(look: Look, height: int) -> list[Line]:
    """What happened at the desk last, the newest first."""
    entries = reads_log.last_events(look.desk.reader, height - 1)
    return [case_lines.title(t("近况")), *(case_lines.entry(e, look.frame) for e in entries)]


def welcome() -> list[Line]:
    """The three lines of the first start."""
    first = {v.key: label(v) for v in reversed(VERBS) if v.key and v.group in ("intake", "dispatch")}
    keys = " ".join(f"{key}{word}" for key, word in list(first.items())[: -_KEYS_SHOWN - 1 : -1])
    return [
        ((f" {t('初次使用: j k 上下，Enter 打开，Space 看此案能做什么，F1 帮助')}", "bold $accent"),),
        ((f" {t('一键一事: {keys}；先出预览，再按 Enter 才执行', keys=keys)}", "$foreground"),),
        ((f" {t('不用输入法: 地点、单位、类别写拼音首字母；任意键收起本提示')}", "$foreground"),),
    ]
