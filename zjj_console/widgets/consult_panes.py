"""What stands below and beside the lists of the consultation: the chosen line whole, and the other lists in short."""

from collections.abc import Sequence

from zjj_console.desk import wording
from zjj_console.desk.consult_view import Row, StationVisit, StationWord, Week
from zjj_console.desk.followups import FollowUp
from zjj_console.desk.pool import Pooled
from zjj_console.domain import consult
from zjj_console.domain.consult import Meeting
from zjj_console.domain.model import Case
from zjj_console.i18n import english, t
from zjj_console.town.models import Town
from zjj_console.widgets import case_lines, consult_lines
from zjj_console.widgets.cells import Line, Span, clip, fit, shown, width_of, words, wrap
from zjj_console.widgets.columns import Frame, state_word, unit_name
from zjj_console.widgets.consult_lines import Past, day

_LABEL = 10


def field(zh: str, text: str, width: int, style: str = "$foreground") -> list[Line]:
    """A labelled value, wrapped under itself; `-` where there is none."""
    first, *more = wrap(text or "-", max(10, width - _LABEL - 1))
    head: Line = ((f" {fit(t(zh), _LABEL - 1)}", "$dim"), (first, style if text else "$dim"))
    return [head, *((((" " * _LABEL), ""), (piece, style)) for piece in more)]


def outcomes(deferred: int, limit: int, width: int) -> list[Line]:
    """The seven digits, each with its outcome; how often this item was put off already."""
    pieces: list[Line] = []
    for kind in consult.OUTCOMES:
        word = kind.en if english() else kind.zh
        if kind.code == "defer":
            word += t("(已{n}/{limit})", n=deferred, limit=limit)
        pieces.append(((kind.digit, "bold $accent"), (f"{word}  ", "$foreground")))
    lines: list[Line] = [((" ", ""),)]
    for piece in pieces:
        if width_of(lines[-1]) + width_of(piece) > width and len(lines[-1]) > 1:
            lines.append(((" ", ""),))
        lines[-1] = (*lines[-1], *piece)
    return lines


def item(row: Row, m: Meeting, deferrals: int, at: Frame, width: int) -> list[Line]:
    """One item: what was tried, what is asked, who comes, what is missing, and its result or what it may be."""
    i, town = row.item, at.town
    lines: list[Line] = [
        case_lines.title(words((f"{t('议题{n}', n=row.n)} {i.handle}", consult_lines.about(i.words)), "  "))
    ]
    if m.state == "OPEN" and i.outcome is None:
        lines += outcomes(i.deferrals, deferrals, width)
    if i.outcome is not None:
        o = i.outcome
        who = words((t("责任"), unit_name(town, o.owner), t("{time}前", time=wording.moment(o.due, at.now, at.duty))))
        said = row.result if not english() else words((consult_lines.outcome_word(o.code), shown(o.text)), ": ")
        lines += field("结果", f"{said}  {who}", width, "$done")
    lines += field("拟请", shown(i.question), width)
    asked = "、".join(unit_name(town, u) + _came(m, u) for u in i.invited)
    lines += field("建议", words((unit_name(town, i.proposed) if i.proposed else t("未填主责"), f"{t('参会')} {asked or '-'}"), "  "), width)  # fmt: skip
    lines += field("前置", words((shown(i.attempts), shown(" ".join(i.why))), "  "), width)
    lacks = f"{t('缺')} {shown(i.missing)}" if i.missing else t("齐") if i.materials else ""
    lines += field("材料", words((shown(i.materials), lacks), "  "), width, "$p2" if i.missing else "$foreground")
    if row.case is not None:
        lines += field("现状", _case_now(row.case, at), width, "$dim")
    return lines


def _came(m: Meeting, unit: str) -> str:
    found = m.attendance.get(unit)
    if found is None:
        return ""
    return t("(缺席)") if found.absent else t("(到)")


def _case_now(case: Case, at: Frame) -> str:
    clock = case.next_clock()
    running = f"{wording.clock_name(at.town, clock.code)} {case_lines.standing(clock, at)[0]}" if clock else ""
    lead = unit_name(at.town, case.lead) if case.lead else t("未派")
    return words((state_word(case.state), lead, running), "  ")


def pooled(p: Pooled, at: Frame, width: int) -> list[Line]:
    lines: list[Line] = [case_lines.title(f"{p.case.handle} {shown(p.case.place)}")]
    lines += field("缘由", "；".join(w.en if english() else w.zh for w in p.whys), width)
    lines += field("事项", shown(p.case.text), width)
    lines += field("现状", _case_now(p.case, at), width)
    return [*lines, case_lines.note(t("n 列入议程，t 全部列入；上会不停表"))]


def followup(f: FollowUp, case: Case | None, at: Frame, width: int) -> list[Line]:
    state, style = consult_lines.standing(f)
    lines: list[Line] = [case_lines.title(f"{f.ref}  {f.handle}")]
    lines += field("决议", consult_lines.decided(f), width)
    lines += field("责任", words((unit_name(at.town, f.owner), t("{time}前", time=wording.moment(f.due, at.now, at.duty))), "  "), width)  # fmt: skip
    lines += field("状态", state, width, style)
    if case is not None:
        lines += field("现状", _case_now(case, at), width, "$dim")
    tail = t("f 记为已办") + (t("；逾期的可 d 督办") if f.state == "overdue" and not f.supervised else "")
    return [*lines, case_lines.note(tail)]


def station(s: StationWord, m: Meeting, at: Frame, width: int) -> list[Line]:
    lines: list[Line] = [case_lines.title(f"{unit_name(at.town, s.station)} {consult_lines.said_word(s)}")]
    found = m.collections.get(s.station)
    own = [i for i in m.agenda if i.station == s.station]
    for i in own:
        lines += field(i.handle, words((consult_lines.about(i.words), shown(i.question)), " | "), width)
    if found is not None and found.text and not own:
        lines += field("事项", shown(found.text), width)
    how = t("r 报案件或零报告；c 提醒未报的站") if found is None else t("r 补报；已报的案件都在议题页")
    return [*lines, case_lines.note(how)]


def visit(v: StationVisit, warn_day: int, at: Frame, width: int) -> list[Line]:
    """What the last visit was told, what was said about each case, and which cases nothing has been said about."""
    state, style = consult_lines.visit_state(v)
    lines: list[Line] = [((f" {unit_name(at.town, v.station)} ", "bold $accent"), (state, style))]
    said = set[str]()
    for one in v.done[-1:]:
        lines += field("情况", shown(one.briefing), width)
        lines += field("问题", shown(one.problems), width)
        for c in one.cases.values():
            lines += field(c.handle, t("知悉") if c.noted else shown(c.text), width)
    for one in v.done:
        said |= set(one.cases)
    left = [c for c in v.difficult if c.id not in said]
    for case in left:
        lines += field(
            case.handle, words((t("未表态"), consult_lines.about(f"{case.place} {case.text}"))), width, "$p2"
        )
    if not v.done:
        lines.append(case_lines.note(t("v 登记或约定；{day}日起预警，月末未到计入考核", day=warn_day)))
    return lines


def past(p: Past, at: Frame, width: int) -> list[Line]:
    m = p.meeting
    state, style = consult_lines.past_state(p)
    lines: list[Line] = [((f" {p.key} ", "bold $accent"), (state, style))]
    if m is None:
        said = t("没有记录；b 记不开的理由") if p.mark == "X" else t("启用前的周次") if p.over else t("还没有开")
        return [*lines, case_lines.note(said)]
    if m.reason:
        lines += field("缘由", shown(m.reason), width)
    for i in m.agenda:
        word = consult_lines.outcome_word(i.outcome.code) if i.outcome else t("待议")
        lines += field(i.handle, words((word, consult_lines.about(i.words)), "  "), width)
    return [*lines, case_lines.note(t("Enter 看这次会，g 看纪要"))]


# in short -----------------------------------------------------------------------------------------------------------------


def brief(week: Week, calendar: Sequence[Past], warn_day: int, at: Frame, width: int) -> list[Line]:
    """Three lines for a small screen: follow-up, visits, stations' own."""
    late = [f for f in week.followups if f.state == "overdue"]
    follow: list[Span] = [(f" {t('会后督办')} ", "$dim"), (t("未办{n} ", n=len(week.followups)), "$foreground")]
    for f in late[:2]:
        follow.append((f"{f.handle} {unit_name(at.town, f.owner)} {consult_lines.standing(f)[0]}  ", "bold $p1"))
    if not week.followups:
        follow[1:] = [(t("上次决议都已办"), "$done")]
    return [tuple(follow), _visit_line(week, warn_day, at), _station_line(week, at)]


def _visit_line(week: Week, warn_day: int, at: Frame) -> Line:
    spans: list[Span] = [(f" {t('进站')} {at.duty.local(at.now):%m} ", "$dim")]
    for v in week.visits:
        state, style = consult_lines.visit_state(v)
        when = day(v.done[-1].at, at) if v.done else consult_lines.visit_day(v, at)
        word = t("已{time}", time=when) if v.done else when if v.planned else state if style != "$foreground" else "-"
        spans.append((f" {unit_name(at.town, v.station)}{' ' if english() else ''}{word} ", style))
    return (*spans, (f" {t('{day}日起预警', day=warn_day)}", "$dim"))


def _station_line(week: Week, at: Frame) -> Line:
    said = "  ".join(_station_words(m, at.town, at) for m in week.station_meetings[:4])
    return (
        (f" {t('站级会商')} ", "$dim"),
        (said or t("两周内没有；主责不明时 z 记录"), "$foreground" if said else "$dim"),
    )


def _station_words(m: Meeting, town: Town, at: Frame) -> str:
    items = " ".join(
        f"{i.handle}{t(consult_lines.SHORT_ZH.get(i.outcome.code, '')) if i.outcome else ''}" for i in m.agenda
    )
    return f"{unit_name(town, m.station)} {day(m.at, at)} {items}"


def calendar_line(calendar: Sequence[Past], at: Frame) -> Line:
    """`W09待开 W08已开 W06不开(春节)`."""
    spans: list[Span] = [(f" {t('周历')} ", "$dim")]
    for p in (one for one in calendar if one.mark):
        style = {"X": "bold $p1", "S": "$wait", "H": "$done"}.get(p.mark, "$dim")
        word = t(consult_lines.MARK_ZH[p.mark]) if p.mark in consult_lines.MARK_ZH else consult_lines.past_state(p)[0]
        why = f"({clip(shown(p.meeting.reason), 12)})" if p.mark == "S" and p.meeting else ""
        spans.append((f" {p.key.rpartition('-')[2]}{' ' if english() else ''}{word}{why} ", style))
    return tuple(spans)


def beside(week: Week, calendar: Sequence[Past], warn_day: int, at: Frame, width: int, *, rows: int, pool: bool) -> list[Line]:  # fmt: skip
    """The other lists of the meeting one below the other; at most `rows` decisions are shown."""
    lines: list[Line] = [case_lines.title(t("会后督办 (下次会首项)"))]
    lines += [consult_lines.followup(f, at, width, selected=False) for f in week.followups[:rows]]
    if len(week.followups) > rows:
        lines.append(case_lines.note(t("另{n}项，见会后督办页", n=len(week.followups) - rows)))
    if not week.followups:
        lines.append(case_lines.note(t("上次决议都已办")))
    lines.append(case_lines.title(t("进站 {month} (每站每月，{day}日起预警)", month=f"{at.duty.local(at.now):%Y-%m}", day=warn_day)))  # fmt: skip
    lines += [consult_lines.visit(v, at, width, selected=False) for v in week.visits]
    if pool:
        lines.append(case_lines.title(t("待选 (到了条件，还没有上会)")))
        lines += [consult_lines.pooled(p, at, width, selected=False) for p in week.pool[:rows]]
        if not week.pool:
            lines.append(case_lines.note(t("没有到条件的案件")))
        lines.append(case_lines.title(t("历次")))
        lines += [consult_lines.past(p, at, width, selected=False) for p in calendar[:12]]
        return lines
    return [*lines, _station_line(week, at), calendar_line(calendar, at)]
