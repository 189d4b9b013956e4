"""A case in lines: what the drawer, the side pane and the case screen show of it."""

from collections.abc import Sequence

from rich.cells import cell_len

from zjj_console.desk import candidate_words, wording
from zjj_console.desk.candidates import Candidate
from zjj_console.desk.outcome import Legal
from zjj_console.desk.shape import phone_for
from zjj_console.domain.marks import MISSING_ZH, PRIORITY_ZH, to_fill
from zjj_console.domain.marks import marks as marks_of
from zjj_console.domain.model import Actor, Case, Clock, Dispatch
from zjj_console.i18n import english, t
from zjj_console.storage.reads import Moment
from zjj_console.storage.reads_log import Entry
from zjj_console.town.models import Town
from zjj_console.verbs.parse import Choice
from zjj_console.widgets.cells import Line, Span, fit, shown, words, wrap
from zjj_console.widgets.columns import Frame, category_name, source_name, state_word, unit_name
from zjj_console.widgets.events import kind_word, sentence
from zjj_console.widgets.verb_words import label

_LABEL = 10
_STATUS_ZH = {
    "QUEUED": "待发", "SENT": "已发", "DELIVERED": "已达", "ACKED": "已签收", "ARRIVED": "已到场",
    "SUPERSEDED": "已改派", "DONE": "已提交", "RETURNED": "已退", "FAILED": "发送失败",
}  # fmt: skip
_REQUEST_ZH = {"return": "退单", "extend": "延期", "suspend": "挂账", "void": "作废"}


def title(text: str) -> Line:
    """The one-line title of a panel."""
    return ((f" {text}", "bold $accent"),)


def note(text: str) -> Line:
    return ((f" {text}", "$dim"),)


def person_name(town: Town, work_no: str) -> str:
    found = town.people.get(work_no)
    return found.name if found else shown(work_no)


def whole_day(at: int, frame: Frame) -> str:
    return wording.moment(at, frame.now, frame.duty)


def whereabouts(case: Case, town: Town) -> str:
    known = town.committees.get(case.committee)
    name = known.name if known else t("地点待定")
    station = unit_name(town, case.station) if case.station else ""
    more = shown(case.place) if shown(case.place) != name else ""
    return words((name, more, shown(case.grid).upper(), station))


def one_line(case: Case, frame: Frame, *, handle: bool = True) -> Line:
    """The drawer of a small screen: what the row has no room for."""
    town = frame.town
    lead = case.active_lead
    parts = [
        words((whereabouts(case, town), category_name(town, case.category))),
        words((t("{time}报", time=whole_day(case.reported_at, frame)), source_name(town, case.source))),
    ]
    if lead is not None:
        sent = t("{time}派", time=whole_day(lead.at, frame))
        parts.append(words((sent, unit_name(town, lead.unit), person_name(town, lead.person), status(lead))))
    parts += [t("{what}待决定", what=t(_REQUEST_ZH.get(kind, kind))) for kind in case.requests]
    return ((f" {case.handle} " if handle else " ", "bold $foreground"), (" | ".join(parts), "$dim"))


def status(dispatch: Dispatch) -> str:
    return t(_STATUS_ZH.get(dispatch.status, dispatch.status))


def headline(case: Case, frame: Frame) -> Line:
    """Handle, number, priority, state, flow: the first line of a case."""
    style = "bold $p1" if case.priority == 1 else "bold $foreground"
    flow = t(wording.FLOW_ZH.get(case.flow, ""))
    return (
        (f" {case.handle} ", "bold $foreground"),
        (f"{t(PRIORITY_ZH[case.priority])} ", style),
        (f"{state_word(case.state)} ", "bold $foreground"),
        (f"{flow}  ", "$dim"),
        (shown(case.number), "$dim"),
    )


def _field(name: str, value: str, width: int, style: str = "$foreground") -> list[Line]:
    """A labelled value, wrapped under itself."""
    first, *more = wrap(value or "-", max(10, width - _LABEL - 1))
    head: Line = ((f" {fit(t(name), _LABEL - 1)}", "$dim"), (first, style))
    return [head, *((((" " * _LABEL), ""), (piece, style)) for piece in more)]


def fields(case: Case, actor: Actor, frame: Frame, width: int, *, brief: bool = False) -> list[Line]:
    """What a case says about itself, one labelled line each. Whole: empty things say so; `brief` leaves them out."""
    town = frame.town
    lead = words((unit_name(town, case.lead), person_name(town, case.lead_person))) if case.lead else t("未派")
    assists = "、".join(unit_name(town, code) for code in case.assists)
    reported = words((whole_day(case.reported_at, frame), t("登记"), whole_day(case.recorded_at, frame)))
    result = words((shown(wording.reason(town, "result", case.result)), shown(case.result_text)))
    reporter = words((shown(case.reporter), shown(phone_for(case, actor))))
    table: tuple[tuple[str, str, str, str], ...] = (  # name, value, what an empty one says, style
        ("事项", shown(case.text), "-", "$foreground"),
        ("地点", whereabouts(case, town), "-", "$foreground"),
        ("类别", category_name(town, case.category), "-", "$foreground"),
        ("来源", words((source_name(town, case.source), shown(case.external_id)), "  "), "-", "$foreground"),
        ("报告人", reporter, "未提供", "$foreground"),
        ("政务微信", shown(case.wechat_ref), "未回填", "$foreground"),
        ("上报", reported, "-", "$foreground"),
        ("主办", words((lead, f"{t('协办')} {assists}" if assists else ""), "  "), "-", "$foreground"),
        ("计数", _counted(case), "无退单、返工、延期", "$foreground"),
        ("标记", wording.mark_words(" ".join(marks_of(case))), "无", "$wait"),
        *((("待补", _missing(case), "", "$wait"),) if to_fill(case) else ()),
        ("结果", result if case.result or case.result_text else "", "未提交", "$done"),
    )
    lines: list[Line] = []
    for name, value, empty, style in table:
        if value or not brief:
            lines += _field(name, value or t(empty), width, style if value else "$dim")
    return lines


def _missing(case: Case) -> str:
    """What a report from outside did not tell, to be asked or filled."""
    return "、".join(t(MISSING_ZH.get(name, name)) for name in to_fill(case))


def _counted(case: Case) -> str:
    counts = (
        ("退单", case.return_count),
        ("返工", case.rework_count),
        ("延期", case.extend_count),
        ("重办", case.cycle - 1),
    )
    return words((f"{t(zh)}{n}" for zh, n in counts if n), "  ")


def clocks(case: Case, frame: Frame, *, brief: bool = False) -> list[Line]:
    """Clock, start, limit, how it stands; limits that the town did not set are marked 配置值.

    `brief` puts the stopped ones into one line.
    """
    lines: list[Line] = []
    order = sorted(case.clocks.values(), key=lambda c: (c.stopped is not None, c.due or 0))
    for clock in order:
        if brief and clock.stopped is not None:
            continue
        state, style = standing(clock, frame)
        rule = frame.town.clocks.get(clock.code)
        ours = t("配置值") if rule is not None and rule.mark == "A" else ""
        lines.append((
            (f" {fit(wording.clock_name(frame.town, clock.code), 10)}", "$foreground"),
            (f"{fit(whole_day(clock.started, frame), 12)}", "$dim"),
            (f"{fit(whole_day(clock.due, frame) if clock.due else '-', 12)}", "$dim"),
            (fit(state, 12), style),
            (ours, "$dim"),
        ))  # fmt: skip
    stopped = [c for c in order if c.stopped is not None]
    if brief and stopped:
        said = (f"{wording.clock_name(frame.town, c.code)} {standing(c, frame)[0]}" for c in stopped)
        lines.append(note("  ".join(said)))
    return lines


def clock_head() -> Line:
    names = (fit(f" {t('时限')}", 11), fit(t("起"), 12), fit(t("限"), 12), fit(t("状态"), 12))
    return (("".join(names), "$dim"),)


def standing(clock: Clock, frame: Frame) -> tuple[str, str]:
    """How a clock stands, as words and a style."""
    if clock.stopped is not None:
        late = clock.due is not None and clock.stopped > clock.due
        return (t("已办超时"), "$p1") if late else (t("已办按时"), "$done")
    if clock.due is None:
        left = f"{clock.left // 60}h{clock.left % 60:02}" if clock.left is not None else ""
        return t("暂停 余{left}", left=left), "$wait"
    if clock.due <= frame.now:
        return t("超{span}", span=wording.span(frame.now - clock.due)), "bold $p1"
    opens = frame.duty.paused_until(clock, frame.now)
    if opens is not None:
        return t("停至{time}", time=whole_day(opens, frame)), "$wait"
    return t("余{span}", span=wording.span(clock.due - frame.now)), "$foreground"


def dispatches(case: Case, frame: Frame) -> list[Line]:
    """Every order given, the newest first."""
    lines: list[Line] = []
    for d in reversed(case.dispatches):
        role = t("主办") if d.role == "lead" else t("协办")
        who = words((unit_name(frame.town, d.unit), person_name(frame.town, d.person)))
        style = "$foreground" if d.active else "$dim"
        lines.append((
            (f" #{d.n} {role} ", "$dim"), (f"{who} ", style), (f"{whole_day(d.at, frame)} ", "$dim"),
            (status(d) if d.active else t("已失效"), style), (f" {shown(d.text)}" if d.text else "", "$dim"),
        ))  # fmt: skip
    return lines or [note(t("还没有派单"))]


def requests(case: Case, frame: Frame) -> list[Line]:
    """Wishes that wait for somebody's decision; they stop no clock."""
    lines: list[Line] = []
    for kind, asked in case.requests.items():
        reason = shown(wording.reason(frame.town, kind, asked.reason))
        until = t("至{time}", time=whole_day(asked.until, frame)) if asked.until else ""
        by = person_name(frame.town, asked.asked_by)
        text = words((t("{what}待决定", what=t(_REQUEST_ZH.get(kind, kind))), reason, until, shown(asked.text)))
        lines.append(((f" {text} ", "$p2"), (f"{by} {whole_day(asked.at, frame)}", "$dim")))
    return lines


def candidates(found: Sequence[Candidate], frame: Frame, limit: int) -> list[Line]:
    """Whom the desk would send, numbered as the digits of the dispatch line."""
    lines: list[Line] = [
        (
            (f" {n} ", "bold $accent"),
            (f"{words((unit_name(frame.town, c.unit), shown(c.person_name)))}  ", "$foreground"),
            (shown(candidate_words.reason(c, frame.duty)[int(english())]), "$dim"),
        )
        for n, c in enumerate(found[:limit], 1)
    ]
    return lines or [note(t("无可派力量，请电话调度"))]


def legal(actions: Sequence[Legal], width: int) -> list[Line]:
    """What can be done now, then what cannot and why."""
    can: list[Span] = [(" ", "")]
    for item in actions:
        if item.ok:
            can += [(item.verb.key or f";{item.verb.code}", "bold $accent"), (f"{label(item.verb)}  ", "$foreground")]
    return _rows(can, width)


def refused(actions: Sequence[Legal]) -> list[Line]:
    return [
        ((f" {fit(item.verb.key or item.verb.code, 3)}{fit(label(item.verb), 10)}", "$dim"), (shown(item.why), "$dim"))
        for item in actions
        if not item.ok and not item.verb.later
    ]


def _rows(spans: list[Span], width: int) -> list[Line]:
    """Key-and-word pairs set in lines."""
    lines: list[list[Span]] = [[spans[0]]]
    size = 1
    for key, word in zip(spans[1::2], spans[2::2], strict=True):
        pair = cell_len(key[0]) + cell_len(word[0])
        if size + pair > width and len(lines[-1]) > 1:
            lines.append([(" ", "")])
            size = 1
        lines[-1] += [key, word]
        size += pair
    return [tuple(line) for line in lines]


def history(moments: Sequence[Moment], frame: Frame, width: int) -> list[Line]:
    """What happened, the newest first; nothing in it was ever changed."""
    lines: list[Line] = []
    for m in reversed(moments):
        who = t("系统") if m.actor in ("", "system") else person_name(frame.town, m.actor)
        stamp = fit(whole_day(m.at, frame), 12)
        first, *more = wrap(sentence(m, frame), max(10, width - 13 - 9))
        lines.append(((f" {stamp}", "$dim"), (fit(first, max(10, width - 13 - 9)), "$foreground"), (f" {who}", "$dim")))
        lines += [(((" " * 13), ""), (piece, "$foreground")) for piece in more]
    return lines


def entry(e: Entry, frame: Frame) -> Line:
    """One journal entry: when, number, case, what, who."""
    return (
        (f" {fit(whole_day(e.at, frame), 12)}#{fit(str(e.lseq), 8)}", "$dim"),
        (fit(e.handle or "-", 7), "$foreground"),
        (fit(kind_word(e.kind), 18), "$foreground"),
        (t("系统") if e.actor in ("", "system") else person_name(frame.town, e.actor), "$dim"),
    )


def choices(found: Sequence[Choice]) -> list[Line]:
    """What may be chosen by digit, one per line."""
    return [((f" {c.digit} ", "bold $accent"), (shown(c.label), "$foreground")) for c in found]
