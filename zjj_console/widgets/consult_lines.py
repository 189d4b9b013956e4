"""The consultation in lines: which meeting, who has reported, its agenda, and the lists beside it (§2.9)."""

from collections.abc import Sequence

from msgspec import Struct

from zjj_console.desk import wording
from zjj_console.desk.consult_view import Row, StationVisit, StationWord, Week
from zjj_console.desk.followups import STANDING_ZH, FollowUp
from zjj_console.desk.pool import Pooled
from zjj_console.domain import consult
from zjj_console.domain.consult import Meeting
from zjj_console.i18n import english, t
from zjj_console.town.models import Town
from zjj_console.widgets import case_lines
from zjj_console.widgets.cells import Line, Span, clip, fit, shown, width_of, words
from zjj_console.widgets.columns import Frame, short_unit, state_word, unit_name
from zjj_console.widgets.header import WEEKDAYS

SHORT_ZH = {  # an outcome in a column
    "assign": "定主责", "joint": "联合", "commander": "提请指挥", "raise": "提请上级", "suspend": "挂账", "defer": "续议",
    "end": "终止", "none": "未果",
}  # fmt: skip
MARK_ZH = {"H": "已开", "S": "不开", "X": "缺会"}
VISIT_ZH = {"due": "待进站", "warned": "本月将尽", "overdue": "未进站"}


class Past(Struct, frozen=True):
    """One line of the calendar: a week with or without its meeting, an urgent one, or a station's own."""

    key: str  # number of the meeting
    at: int
    mark: str  # of a week: H S X -
    meeting: Meeting | None
    over: bool = False  # its time has gone by


def _cells(selected: bool, cells: Sequence[Span], tail: str, width: int, style: str = "$foreground") -> Line:
    head: Line = ((">" if selected else " ", "bold $accent"), *((f"{text} ", how) for text, how in cells))
    return (*head, (clip(tail, max(0, width - width_of(head))), style))


def _head(cells: Sequence[tuple[str, int]], tail: str) -> Line:
    return ((" " + "".join(f"{fit(t(zh), size)} " for zh, size in cells) + t(tail), "$dim"),)


def day(at: int, at_: Frame) -> str:
    return f"{at_.duty.local(at):%m-%d}"


def _named(town: Town, table: str, code: str) -> str:
    found = next((r for r in town.reasons.get(table, {}).values() if r.code == code), None)
    return "" if found is None else found.name_en if english() and found.name_en else found.name


def outcome_word(code: str) -> str:
    kinds = (*consult.OUTCOMES, *consult.STATION_OUTCOMES[1:])
    found = next((k for k in kinds if k.code == code), None)
    return (found.en if english() else found.zh) if found else code


# above the list -----------------------------------------------------------------------------------------------------------


def top(week: Week, running: Sequence[Meeting], at: Frame, width: int) -> Line:
    """Which meeting, when, how it stands, what is next for it; other ones that are open are named."""
    m, local = week.meeting, at.duty.local(week.meeting.at)
    level = f"{t(consult.LEVEL_ZH[m.level])} " if width >= 100 or m.level != "town" else ""
    spans: list[Span] = [
        (f" {level}{m.id} ", "bold $foreground"),
        (f"{local:%m-%d} {t(WEEKDAYS[local.weekday()])} {local:%H:%M} ", "$foreground"),
        (f" {t(consult.STATE_ZH[m.state])} ", "reverse bold $accent" if m.state == "OPEN" else "bold $accent"),
        (f" {t('议题{n}项', n=len(m.agenda))}", "$foreground"),
    ]
    if m.state in consult.HELD and m.undecided:
        spans.append((f" {t('待议{n}', n=len(m.undecided))}", "bold $p2"))
    others = [one.id for one in running if one.id != m.id]
    if others:
        spans.append((f"  {t('另在开 {id}', id=' '.join(others))}", "bold $p2"))
    elif m.reason:
        spans.append((f"  {t('缘由')} {shown(m.reason)}", "$dim"))
    elif width >= 100 and m.place:
        spans.append((f"  {shown(m.place)}", "$dim"))
    return tuple(spans)


def collection(week: Week, at: Frame) -> Line:
    """Who is silent comes first, by name."""
    if week.times is None or week.meeting.state in consult.HELD:
        return _attendance(week, at)
    silent = [s for s in week.stations if not s.reported]
    told = len(week.stations) - len(silent)
    spans: list[Span] = [(f" {t('收集 {a}/{b}站', a=told, b=len(week.stations))} ", "$foreground")]
    closes, over = week.times.collect, at.now >= week.times.collect
    if silent:
        names = " ".join(unit_name(at.town, s.station) for s in silent)
        late = t("已逾时") if over else t("余{left}", left=wording.span(closes - at.now))
        spans.append((f" {t('未报')} {names} ({late})", "bold $p1" if over else "bold $p2"))
    spans.append((f" {t('截止{time}', time=f'{at.duty.local(closes):%m-%d %H:%M}')} ", "$dim"))
    for s in (one for one in week.stations if one.reported):
        spans.append((f" {unit_name(at.town, s.station)} {said_word(s)}", "$p2" if s.late else "$dim"))
    return tuple(spans)


def _attendance(week: Week, at: Frame) -> Line:
    """Of a meeting that was opened: who came, who is not there, and which stations were silent."""
    m = week.meeting
    units = tuple(dict.fromkeys((*m.invited, *m.attendance)))
    came = [unit_name(at.town, u) for u in units if m.came(u)]
    away = [unit_name(at.town, u) for u in units if u in m.attendance and not m.came(u)]
    rest = [unit_name(at.town, u) for u in units if u not in m.attendance]
    spans: list[Span] = [(f" {t('到会 {a}/{b}', a=len(came), b=len(units))} {' '.join(came)} ", "$foreground")]
    spans += [(f" {t('缺席')} {' '.join(away)} ", "$p2")] if away else []
    spans += [(f" {t('未登记')} {' '.join(rest)} ", "$p2" if m.state == "OPEN" else "$dim")] if rest else []
    silent = [unit_name(at.town, s.station) for s in week.stations if not s.reported]
    return (*spans, *([(f" {t('未报')} {' '.join(silent)}", "$dim")] if silent else []))


def said_word(s: StationWord) -> str:
    said = s.said[:-1]
    word = t("{n}件", n=said) if said.isdigit() else t(s.said)
    return word + (t("(逾时)") if s.late else "")


# lists --------------------------------------------------------------------------------------------------------------------


def _agenda_cells(width: int) -> list[tuple[str, int]]:
    cells = [("序", 2), ("案号", 5), ("报送", 4), ("事由", 12), ("跨类", 8)]
    return cells + ([("建议主责", 9), ("材料", 12), ("结果", 10)] if width >= 100 else [("材料", 4), ("结果", 8)])


def agenda_head(width: int) -> Line:
    return _head(_agenda_cells(width), "事项")


def agenda(row: Row, m: Meeting, at: Frame, width: int, *, selected: bool) -> Line:
    item, town = row.item, at.town
    sizes = dict(_agenda_cells(width))
    cross = "".join(_tag(town, tag) for tag in item.cross)
    if item.outcome is not None:
        result: Span = (t(SHORT_ZH.get(item.outcome.code, "")), "$done")
    else:
        again = t("续{n} ", n=item.deferrals) if item.deferrals else ""
        result = (again + t("待议"), "bold $p2" if m.state == "OPEN" else "$foreground")
    named = f" {shown(item.missing)}" if width >= 100 else ""
    lacks: Span = (t("缺") + named, "$p2") if item.missing else (t("齐") if item.materials else "-", "$dim")
    values: dict[str, Span] = {
        "序": (str(row.n), "bold $foreground"), "案号": (item.handle, "bold $foreground" if selected else "$foreground"),
        "报送": (short_unit(town, item.station) or "-", "$dim"),
        "事由": (_named(town, "criterion", item.criterion) or t("提请"), "$dim"), "跨类": (cross or t("未填"), "$foreground" if cross else "$p2"),
        "建议主责": (short_unit(town, item.proposed) or "-", "$foreground"), "材料": lacks, "结果": result,
    }  # fmt: skip
    cells: list[Span] = [(fit(values[zh][0], size), values[zh][1]) for zh, size in sizes.items()]
    return _cells(selected, cells, about(item.words), width)


def about(text: str) -> str:
    """Place and matter of a case; the place once where the matter begins with it."""
    place, _, matter = shown(text).partition(" ")
    return matter if place and matter.startswith(place) else shown(text)


def _tag(town: Town, code: str) -> str:
    """A tag without the word that all of them share; in English, where names are long, its digit."""
    rows = town.reasons.get("cross", {})
    if english():
        return next((f"{digit} " for digit, r in rows.items() if r.code == code), code)
    return _named(town, "cross", code).removeprefix("跨") or code


_POOL = [("案号", 6), ("级", 2), ("站", 5), ("状态", 10), ("缘由", 24)]


def pool_head(width: int) -> Line:
    return _head(_POOL, "事项")


def pooled(p: Pooled, at: Frame, width: int, *, selected: bool) -> Line:
    case = p.case
    why = " ".join(w.en if english() else w.zh for w in p.whys)
    cells: list[Span] = [
        (fit(case.handle, 6), "$foreground"), (fit(str(case.priority), 2), "bold $p1" if case.priority == 1 else "$dim"),
        (fit(short_unit(at.town, case.station) if case.station else "-", 5), "$dim"),
        (fit(state_word(case.state), 10), "$dim"), (fit(why, 24), "$foreground"),
    ]  # fmt: skip
    return _cells(selected, cells, about(f"{case.place} {case.text}"), width, "$dim")


_FOLLOW = [("会议", 16), ("案号", 6), ("责任", 10), ("期限", 6), ("状态", 10)]


def followup_head(width: int) -> Line:
    return _head(_FOLLOW, "决议")


def standing(f: FollowUp) -> Span:
    """`逾期2天 督办`, and a style."""
    if f.state == "overdue":
        late = t("逾期{n}天", n=f.days_late) if f.days_late else t("逾期")
        return words((late, t("督办") if f.supervised else "")), "bold $p1"
    return words((t(STANDING_ZH[f.state]), t("督办") if f.supervised else "")), "$done" if f.state == "done" else "$dim"


def decided(f: FollowUp) -> str:
    if not english():
        return shown(f.what)
    return f"{outcome_word(f.code)}{shown(f.what[f.what.find(':') :]) if ':' in f.what else ''}"


def followup(f: FollowUp, at: Frame, width: int, *, selected: bool) -> Line:
    state, style = standing(f)
    cells: list[Span] = [
        (fit(f.ref, 16), "$dim"), (fit(f.handle, 6), "$foreground"), (fit(short_unit(at.town, f.owner), 10), "$foreground"),
        (fit(day(f.due, at), 6), "$foreground"), (fit(state, 10), style),
    ]  # fmt: skip
    return _cells(selected, cells, decided(f), width)


_STATIONS = [("站", 10), ("报送", 14), ("时间", 12), ("报送人", 8)]


def stations_head(width: int) -> Line:
    return _head(_STATIONS, "议题")


def station(s: StationWord, m: Meeting, at: Frame, width: int, *, selected: bool) -> Line:
    found = m.collections.get(s.station)
    own = " ".join(i.handle for i in m.agenda if i.station == s.station)
    when = wording.moment(s.at, at.now, at.duty) if s.at is not None else "-"
    style = "$foreground" if s.reported else "bold $p2"
    cells: list[Span] = [
        (fit(unit_name(at.town, s.station), 10), "$foreground"), (fit(said_word(s), 14), style),
        (fit(when, 12), "$dim"), (fit(shown(found.name) if found else "-", 8), "$dim"),
    ]  # fmt: skip
    return _cells(selected, cells, own or "-", width)


_VISITS = [("站", 10), ("进站人", 12), ("本月", 4), ("日期", 12), ("状态", 10)]


def visits_head(width: int) -> Line:
    return _head(_VISITS, "疑难案件")


def visit_state(v: StationVisit) -> Span:
    if v.done:
        return t("已进站"), "$done"
    state = v.due.state if v.due is not None else "due"
    return t(VISIT_ZH[state]), {"due": "$foreground", "warned": "bold $p2", "overdue": "bold $p1"}[state]


def visit_day(v: StationVisit, at: Frame) -> str:
    if v.done:
        return wording.moment(v.done[-1].at, at.now, at.duty)
    return t("约{time}", time=day(v.planned.at, at)) if v.planned else "-"


def visit(v: StationVisit, at: Frame, width: int, *, selected: bool) -> Line:
    who = case_lines.person_name(at.town, v.visitor) if v.visitor else t("未提供")
    state, style = visit_state(v)
    cells: list[Span] = [
        (fit(unit_name(at.town, v.station), 10), "$foreground"), (fit(who + (t("(代理)") if v.acting else ""), 12), "$foreground"),
        (fit(str(len(v.done)), 4), "$dim"), (fit(visit_day(v, at), 12), "$dim"), (fit(state, 10), style),
    ]  # fmt: skip
    said = {c for one in v.done for c in one.cases}
    cases = " ".join(c.handle + ("" if c.id in said else t("(未表态)") if v.done else "") for c in v.difficult)
    return _cells(selected, cells, cases or t("没有疑难案件"), width, "$foreground" if cases else "$dim")


_PAST = [("编号", 20), ("时间", 11), ("状态", 10), ("议题", 4), ("未办", 4)]


def past_head(width: int) -> Line:
    return _head(_PAST, "缘由或结果")


def past_state(p: Past) -> Span:
    if p.mark == "X":
        return t("缺会"), "bold $p1"
    if p.meeting is None:
        return t("无记录") if p.over else t("待开"), "$dim"
    return t(consult.STATE_ZH[p.meeting.state]), "bold $accent" if p.meeting.state == "OPEN" else "$foreground"


def past(p: Past, at: Frame, width: int, *, selected: bool) -> Line:
    m = p.meeting
    state, style = past_state(p)
    left = sum(i.state == "FOLLOW_UP" for i in m.agenda) if m and m.level != "station" else 0
    cells: list[Span] = [
        (fit(p.key, 20), "$foreground"), (fit(wording.moment(p.at, at.now, at.duty), 11), "$dim"), (fit(state, 10), style),
        (fit(str(len(m.agenda)) if m else "-", 4), "$dim"), (fit(str(left) if left else "-", 4), "$dim"),
    ]  # fmt: skip
    if m is None:
        return _cells(selected, cells, t("没有记录；b 记不开的理由") if p.mark == "X" else "", width, "$dim")
    items = " ".join(f"{i.handle}{t(SHORT_ZH.get(i.outcome.code, '')) if i.outcome else ''}" for i in m.agenda)
    return _cells(selected, cells, words((shown(m.reason), items)), width, "$dim")
