"""What hangs on a case beside its state, one line each: supervision 督办 and enforcement support 执法保障."""

from zjj_console.desk import wording
from zjj_console.desk.aiding import SUPERVISION_ZH, SupportRow
from zjj_console.i18n import t
from zjj_console.storage.reads_overlays import Supervision
from zjj_console.widgets import case_lines
from zjj_console.widgets.cells import Line, Span, clip, fit, shown, width_of
from zjj_console.widgets.columns import Frame, place_name, unit_name

_LATE_ZH = {"answer": "应答超时", "arrive": "到场超时", "refused": "被拒绝"}


def _line(selected: bool, head: str, style: str, tail: str, width: int) -> Line:
    cursor: Span = (">" if selected else " ", "bold $accent")
    return cursor, (head, style), (clip(tail, max(0, width - 1 - width_of(((head, ""),)))), "$foreground")


def supervision_head(width: int) -> Line:
    titles = f" {fit(t('案号'), 6, right=True)} {fit(t('督办人'), 8)} {fit(t('发起'), 11)} {fit(t('期限'), 11)} {fit(t('状态'), 8)} {t('要求与进展')}"
    return ((fit(titles, width), "$dim"),)


def supervision(one: Supervision, at: Frame, width: int, *, selected: bool) -> Line:
    """Who ordered what by when, and the last thing that was done about it."""
    style = {"overdue": "bold $p1", "running": "$foreground"}.get(one.state, "$dim")
    moment = wording.moment
    head = (
        f"{fit(one.handle, 6, right=True)} {fit(case_lines.person_name(at.town, one.ordered_by), 8)} "
        f"{fit(moment(one.ordered_at, at.now, at.duty), 11)} {fit(moment(one.due, at.now, at.duty), 11)} "
        f"{fit(t(SUPERVISION_ZH[one.state]), 8)} "
    )
    done = (
        f"{t(wording.event(one.progress_kind))} {shown(one.progress_text)}".strip()
        if one.progress_kind
        else t("未有进展")
    )
    return _line(selected, head, style, f"{shown(one.demand) or t('未写要求')} | {done}", width)


def support_head(width: int) -> Line:
    titles = f" {fit(t('案号'), 6, right=True)} {fit(t('请求'), 11)} {fit(t('状态'), 10)} {fit(t('应答'), 6)} {fit(t('到场'), 6)} {t('责任人与事项')}"
    return ((fit(titles, width), "$dim"),)


def support(one: SupportRow, at: Frame, width: int, *, selected: bool) -> Line:
    """When it was asked for, how it stands, in how many minutes somebody answered and came, and who is responsible."""
    aid, judged = one.case.aid, one.judged
    assert aid is not None
    state = t(_LATE_ZH[one.late]) if one.late else t(one.status_zh)
    minutes = [f"{m}{t('分')}" if m is not None else "-" for m in (judged.answered, judged.arrived)]
    head = (
        f"{fit(one.case.handle, 6, right=True)} {fit(wording.moment(aid.at, at.now, at.duty), 11)} {fit(state, 10)} "
        f"{fit(minutes[0], 6)} {fit(minutes[1], 6)} "
    )
    place = place_name(at.town, one.case.place, one.case.committee)
    who = f"{unit_name(at.town, aid.unit)} {case_lines.person_name(at.town, aid.person)}"
    style = "bold $p1" if one.late else "$foreground"
    return _line(selected, head, style, f"{who} {place} {shown(aid.need)}", width)
