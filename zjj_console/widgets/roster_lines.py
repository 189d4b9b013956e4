"""The roster in lines: bars of the day, gaps with their fix, people, proposals, weeks and months (§4.7).

Every mark of a bar has its word in the legend; severity is shape and word before it is colour.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from zjj_console.desk import wording
from zjj_console.desk.roster_view import Board, Cover, Issue, Night, Row, day_span, next_change
from zjj_console.desk.stationing import STATIONING_ZH
from zjj_console.domain.conflict_words import post_name
from zjj_console.domain.coverage import day_kind
from zjj_console.domain.custody import DESK_ZH, Holding
from zjj_console.domain.model import HOUR
from zjj_console.domain.planning import Proposal
from zjj_console.domain.roster import Assignment, Interval, Sign, Stationing, standing
from zjj_console.domain.rotation import Balance, teams_on
from zjj_console.i18n import english, t
from zjj_console.town.calendar import day_type
from zjj_console.widgets.case_lines import note, person_name, title
from zjj_console.widgets.cells import Line, Span, clip, fit, shown, spread, width_of, words
from zjj_console.widgets.columns import Frame, short_unit, unit_name
from zjj_console.widgets.header import WEEKDAYS

_TITLE = 18  # cells before a bar
_NAMES = 14  # cells that make names worth beginning
KIND_ZH = {"workday": "工作日", "rest": "休息日", "holiday": "节假日"}
RULE_ZH = {
    "alternate_nightly": "逐夜轮换", "both_nightly": "每夜两队", "split_night": "上下半夜", "weekly": "逐周轮换",
    "n_on_m_off": "连值连休",
}  # fmt: skip
MARK_ZH = {"D": "文件", "A": "配置值", "T": "本镇文件", "R": "外地参照", "X": "未提供"}
ROW_ZH = {
    "desk": "指挥席",
    "officer": "站领导",
    "resident": "常驻",
    "night_desk": "夜班坐席",
    "team": "",
    "on_call": "夜间听班",
}
ISSUE_ZH = {
    "structure": "结构缺口", "plan": "未排", "actual": "缺岗", "late": "迟到", "absent": "未到", "left": "离岗", "leave": "请假",
    "substituted": "顶班", "conflict": "冲突", "vacancy": "空缺",
}  # fmt: skip
STANDING_ZH = {
    "present": "在岗", "due": "应到", "late": "迟到", "absent": "未到", "left": "已签退", "leave": "请假", "on_call": "听班",
    "planned": "未到班", "over": "未签到",
}  # fmt: skip
STATE_ZH = {"published": "已发布", "draft": "草稿未发布", "none": "未发布"}
SHOULDER_ZH = {
    "SH-1": "夜队已下、驻站未到，由指挥台和站领导先处置",
    "SH-2": "驻站已下、夜队未上，由站领导先处置，可提前集结 tq",
}
MARK_STYLE = {"=": "$done", "-": "$foreground", "x": "bold $p1", ".": "$dim", "#": "$foreground", "!": "bold $p2"}
SEVERITY_STYLE = {"!!!": "bold reverse $p1", "!!": "bold $p1", "!": "$p2", "i": "$dim"}
_MISSING = ("absent", "late", "leave", "over")


def weekday(day: date) -> str:
    return t(WEEKDAYS[day.weekday()])


def kind_of(frame: Frame, day: date) -> str:
    """`工作日`, with what stands over it: raised strength, or a calendar that is not known yet."""
    kind, known = day_type(frame.town, day)
    raised = t("保障期") if day_kind(frame.town, day) == "guarantee" else ""
    return words((t(KIND_ZH[kind]) + ("" if known else t("(节假日未公布)")), raised))


def teams(frame: Frame, day: date) -> str:
    names = [unit_name(frame.town, night.unit) for night in teams_on(frame.town, day)]
    return "、".join(names) or t("无队当值")


def top(board: Board, holding: Holding | None, frame: Frame, width: int) -> list[Line]:
    """The duty date with its kind and teams; who has custody, the next change, the state of the month."""
    town, day, rule = frame.town, board.day, frame.town.rotation
    how = f"{t(RULE_ZH[rule.rule])} {t(MARK_ZH[rule.mark])}" if rule else t("未配置轮换")
    first: Line = (
        (f" {t('值班日')} ", "$dim"), (f"{day:%m-%d} {weekday(day)} ", "bold $accent"), (f"{kind_of(frame, day)}  ", "$foreground"),
        (f"{t('当夜')} ", "$dim"), (teams(frame, day), "bold $foreground"), (f" {t('次夜')} ", "$dim"),
        (f"{teams(frame, day + timedelta(days=1))} ", "$foreground"), (f"({how})", "$dim"),
    )  # fmt: skip
    keeper = t("未交接") if holding is None or not holding.claimed else person_name(town, holding.person)
    held = words((t(DESK_ZH[holding.desk]) if holding else "", keeper))
    change = next_change(town, frame.duty, frame.now)
    second: list[Span] = [(f" {t('看护')} ", "$dim"), (f"{held}  ", "$foreground")]
    if change is not None:
        at, boundary = change
        name = boundary.name_en if english() else boundary.name
        when = f"{frame.duty.local(at):%H:%M} {name}"
        second += [
            (f"{t('下一交接')} ", "$dim"),
            (f"{when} ", "$foreground"),
            (f"{t('余')}{wording.span(at - frame.now)}  ", "$dim"),
        ]
    style = "$done" if board.state == "published" else "bold $p2"
    state: Line = ((f"{day:%Y-%m} ", "$dim"), (f"{t(STATE_ZH[board.state])} ", style))
    return [spread(first, (), width), spread(tuple(second), state, width)]


# the day --------------------------------------------------------------------------------------------------------------


def ruler(board: Board, frame: Frame, step: int, width: int) -> Line:
    """Hours over the bars, one every four hours."""
    start = day_span(frame.town, frame.duty, board.day)[0]
    cells = 240 // step
    hours = "".join(f"{frame.duty.local(start + n * 4 * HOUR):%H:%M}".ljust(cells) for n in range(6))
    state = state_width(width, step)
    text = fit(f"  {t('岗位')}", _TITLE) + hours + " " + fit(t("现况"), state)
    rest = width - _TITLE - len(hours) - 1 - state
    names = fit(t("人员"), rest - _NAMES) + t("签到-签退") if rest > 2 * _NAMES else ""
    return ((fit(text + names, width), "$dim"),)


def state_width(width: int, step: int) -> int:
    """Cells of how a row stands: what its bar leaves, at most as many as the words need."""
    return max(8, min(16, width - _TITLE - 1440 // step - 1))


def bar(marks: str) -> list[Span]:
    """Runs of equal marks, each in its style."""
    found: list[Span] = []
    for mark in marks:
        if found and found[-1][0][0] == mark:
            found[-1] = (found[-1][0] + mark, found[-1][1])
        else:
            found.append((mark, MARK_STYLE[mark]))
    return found


def row_name(row: Row, frame: Frame) -> str:
    count = f"({len({a.person for a in row.people})})" if row.people else ""
    unit = short_unit(frame.town, row.unit) if row.unit and row.kind != "desk" else ""
    return words((unit, t(ROW_ZH[row.kind]) if ROW_ZH[row.kind] else "")) + count


def row(one: Row, board: Board, frame: Frame, width: int, *, chosen: bool) -> Line:
    """Name, bar, how it stands; names and times of signing where there is room."""
    text, style = how_it_stands(one, board, frame)
    name = fit(f" {row_name(one, frame)}", _TITLE - 1)
    state = state_width(width, 1440 // len(one.bar))
    line: list[Span] = [
        (">" if chosen else " ", "bold $accent"),
        (name, "bold" if chosen else "$foreground"),
        *bar(one.bar),
    ]
    line += [(" ", ""), (fit(text, state), style)]
    rest = width - width_of(tuple(line))
    if rest > 2 * _NAMES:
        line.append((fit("、".join(named(frame, one.people)), rest - _NAMES), "$dim"))
        line.append((fit(signed_span(one, board, frame), _NAMES), "$foreground"))
    elif rest >= _NAMES:
        line.append((fit("、".join(named(frame, one.people)), rest), "$dim"))
    return tuple(line)


def named(frame: Frame, people: Sequence[Assignment]) -> list[str]:
    return list(dict.fromkeys(person_name(frame.town, a.person) for a in people))


def how_it_stands(one: Row, board: Board, frame: Frame) -> Span:
    """`在岗 9/10`, `缺1 许寅`, `已退 3/3`: those who are there of those who are planned."""
    if one.rests:
        tomorrow = any(n.unit == one.unit for n in teams_on(frame.town, board.day + timedelta(days=1)))
        return (t("轮休 次夜当值") if tomorrow else t("轮休")), "$dim"
    if not one.people:
        return t("未排人"), "$dim"
    planned = len({a.person for a in one.people})
    stands = [(a, standing(board.book, a, board.now, frame.town)) for a in one.people]
    here = sum(state == "present" for _, state in stands)
    if one.kind == "on_call":
        return t("听班 {n} 人", n=planned), "$foreground"
    gone = [a for a, state in stands if state in _MISSING]
    if gone:
        return t("缺{n} {who}", n=len(gone), who=person_name(frame.town, gone[0].person)), "bold $p2"
    early = [a for a in one.people if left_early(a, board)]
    if early:
        return t("早退{n} {who}", n=len(early), who=person_name(frame.town, early[0].person)), "bold $p2"
    if forgotten := sum(sign.auto_out for a in one.people if (sign := sign_of(a, board))):
        return t("漏签退{n}", n=forgotten), "$p2"
    if here:
        return f"{t('在岗')} {here}/{planned}", "$done"
    if one.present:
        return f"{t('已签退')} {one.present}/{planned}", "$dim"
    return t("应到 {n}", n=planned), "$dim"


def sign_of(a: Assignment, board: Board) -> Sign | None:
    return board.book.sign_of.get((a.person, a.day, a.shift))


def left_early(a: Assignment, board: Board) -> bool:
    sign = sign_of(a, board)
    return sign is not None and sign.out_at is not None and sign.out_at < a.end


def signed_span(one: Row, board: Board, frame: Frame) -> str:
    """First sign-in and last sign-out; no second time while somebody is still there."""
    signs = [s for a in one.people if (s := sign_of(a, board))]
    if not signs:
        return "-"
    first, outs = min(s.in_at for s in signs), [s.out_at for s in signs if s.out_at is not None]
    last = f"{frame.duty.local(max(outs)):%H:%M}" if len(outs) == len(signs) else ""
    return f"{frame.duty.local(first):%H:%M}-{last}"


def cover(one: Cover, frame: Frame, width: int) -> Line:
    """A coverage bar, how many hours are covered, and which are not."""
    required = one.requirement
    name = t("指挥席") if required is None else required.name_en if english() else required.name
    said = t("无缺口") if not one.holes else t("缺{n}段", n=len(one.holes))
    hours = f"{one.minutes // 60}h{one.minutes % 60:02}" if one.minutes % 60 else f"{one.minutes // 60}h"
    line: list[Span] = [
        (fit(f"  {t('覆盖')} {name}", _TITLE), "$dim"), *bar(one.bar), (" ", ""),
        (fit(f"{hours} {said}", state_width(width, 1440 // len(one.bar))), "$p2" if one.holes else "$done"),
    ]  # fmt: skip
    rest = width - width_of(tuple(line))
    if rest > 12 and one.holes:
        line.append((clip(" ".join(span_text(hole, frame) for hole in one.holes), rest), "$p2"))
    return tuple(line)


def legend() -> Line:
    """What the marks of a bar mean."""
    parts = ("=已签到", "-未到", "x缺岗", ".无班", "#覆盖", "!缺口")
    return ((" ".join(t(part) for part in parts) + " ", "$dim"),)


def nothing_planned(board: Board, frame: Frame) -> list[Line]:
    """No roster: what is missing, and what makes one."""
    month = f"{board.day:%Y-%m}"
    return [
        (),
        title(t("{month} 没有已发布的排班", month=month)),
        note(t("n 编制本月计划，再按 p 发布；脚本: zjj roster plan --month {month}", month=month)),
        note(t("未发布时按岗位人员派单，签到照常记录")),
    ]


# what is wrong --------------------------------------------------------------------------------------------------------


def span_text(span: Interval, frame: Frame) -> str:
    return f"{frame.duty.local(span[0]):%H:%M}-{frame.duty.local(span[1]):%H:%M}"


def places(units: Sequence[str], frame: Frame) -> str:
    every = {u.code for u in frame.town.of_kind("station") if u.enabled}
    if len(units) > 1 and every == set(units):
        return t("{n}站", n=len(units))
    return "、".join(unit_name(frame.town, unit) for unit in units if unit)


def who_where(one: Issue, frame: Frame) -> str:
    """The post or person of a gap, absence, conflict or vacancy."""
    town = frame.town
    if one.gap is not None:
        place = places(one.units, frame) or one.gap.unit_name
        return f"{place} {one.gap.name_en if english() else one.gap.name}"
    if one.absence is not None:
        return words((person_name(town, one.absence.person), places(one.units, frame)))
    if one.finding is not None:
        return words((one.finding.code, places(one.units, frame)))
    assert one.vacancy is not None
    return f"{places(one.units, frame)} {post_name(town, one.vacancy.post)[english()]}"


def cause(one: Issue, frame: Frame) -> str:
    if one.gap is not None:
        said = one.gap.cause_en if english() else one.gap.cause_zh
        more = t(" 等{n}处", n=len(one.units)) if len(one.units) > 1 and one.kind != "structure" else ""
        return t("应{need}实{have} ", need=one.gap.need, have=one.gap.have) + said + more
    told = one.absence or one.finding or one.vacancy
    assert told is not None
    by = f" {person_name(frame.town, one.absence.by)}" if one.absence and one.absence.by else ""
    return (told.en if english() else told.zh) + by


def clause(one: Issue) -> str:
    """The clause and where the minimum comes from; the rule of a conflict."""
    if one.gap is not None:
        return f"{one.gap.clause} {t(MARK_ZH[one.gap.mark])}"
    return one.finding.code if one.finding else ""


def fix(one: Issue, now: int) -> str:
    """What to do about it, as it would be typed."""
    if one.finding is not None:
        return one.finding.fix_en if english() else one.finding.fix_zh
    if one.vacancy is not None:
        return t("在配置 posts.csv 写明任职人")
    if one.kind == "structure":
        rule = one.gap.rule if one.gap else ""
        return f"{rule} {t(SHOULDER_ZH[rule])}" if rule in SHOULDER_ZH else t("无班次覆盖，须改班次模板")
    open_holes = [a for a in one.holes if a.end > now]
    if one.kind == "substituted":
        return t("已处置")
    if not open_holes:
        return t("该时段已过，不能再补")
    gone = open_holes[0].person
    return t("b 找人顶班，或 tb {who} <工号>", who=gone) if gone else t("b 找人补岗")


def issue(one: Issue, frame: Frame, now: int, width: int, *, chosen: bool) -> list[Line]:
    """One line; the chosen one has its fix and its clause below."""
    style = SEVERITY_STYLE[one.severity] if one.at[1] > now else "$dim"
    head: Line = (
        (">" if chosen else " ", "bold $accent"), (f" {one.severity:<3} ", style),
        (fit(t(ISSUE_ZH[one.kind]), 9), "$foreground" if one.at[1] > now else "$dim"),
    )  # fmt: skip
    when = f"{span_text(one.at, frame)} "
    line: Line = (
        *head,
        (f"{who_where(one, frame)} ", "$foreground"),
        (when, "$foreground"),
        (cause(one, frame), "$dim"),
    )
    if width >= 110:
        where = fit(who_where(one, frame), 26) + " "
        line = (*head, (where, "$foreground"), (when, "$foreground"), (fit(cause(one, frame), 30) + " ", "$dim"))
        line = (*line, ("" if chosen else fix(one, now), "$accent"))
    below: Line = ((" " * 15 + "-> ", "$dim"), (words((fix(one, now), clause(one)), "  "), "$accent"))
    return [line, below] if chosen else [line]


def proposal(digit: int, one: Proposal, frame: Frame) -> Line:
    """A person who could do it: hours of the week and the month, and why he is not the first."""
    name = person_name(frame.town, one.person)
    warned = next((f"{f.code} {(f.zh, f.en)[english()].removeprefix(f'{name} ')}" for f in one.findings), "")
    why = warned or one.why[english()] or t("工时最少")
    return (
        (f" {digit} ", "bold $accent"), (fit(name, 8), "$foreground"), (f"{one.person} ", "$dim"),
        (fit(unit_name(frame.town, frame.town.people[one.person].unit), 12), "$foreground"),
        (t("七日 {a}h 本月 {b}h  ", a=one.week // 60, b=one.month // 60), "$foreground"), (why, "$p2" if warned else "$dim"),
        (f" {t('代理')}" if one.acting else "", "$p2"),
    )  # fmt: skip


def person(a: Assignment, board: Board, frame: Frame, *, chosen: bool) -> Line:
    """Somebody of a row: post, sign-in and sign-out, where he stands, for whom."""
    sign = sign_of(a, board)
    state = standing(board.book, a, board.now, frame.town)
    begin = f"{frame.duty.local(sign.in_at):%H:%M}" if sign else "  -  "
    end = f"{frame.duty.local(sign.out_at):%H:%M}" if sign and sign.out_at else "  -  "
    known = frame.town.people.get(a.person)
    extra = (
        t("漏签退") if sign and sign.auto_out else "",
        t("顶 {who}", who=person_name(frame.town, a.planned)) if a.planned else "",
    )
    return (
        (">" if chosen else " ", "bold $accent"), (f" {fit(person_name(frame.town, a.person), 8)}", "$foreground"),
        (f"{a.person} ", "$dim"), (fit(post_name(frame.town, a.post)[english()], 9 if not english() else 13), "$foreground"),
        (fit(unit_name(frame.town, known.unit) if known else "", 12), "$dim"), (f"{begin}-{end} ", "$foreground"),
        (fit(t(STANDING_ZH[state]), 7), "$p2" if state in _MISSING else "$done" if state == "present" else "$dim"),
        (words(extra), "$dim"),
    )  # fmt: skip


def stationing(one: Stationing, frame: Frame, *, chosen: bool) -> Line:
    start, end = frame.duty.local(one.start), frame.duty.local(one.end)
    reason = wording.reason(frame.town, "trigger", one.trigger)
    return (
        (">" if chosen else " ", "bold $accent"), (f" {fit(unit_name(frame.town, one.dept), 12)}-> ", "$foreground"),
        (fit(unit_name(frame.town, one.station), 8), "$foreground"), (f"{start:%m-%d %H:%M}-{end:%m-%d %H:%M} ", "$dim"),
        (fit(t(STATIONING_ZH[one.state]), 8), "$p2" if one.state == "REQUESTED" else "$foreground"),
        (words((reason, person_name(frame.town, one.person) if one.person else "", shown(one.text))), "$dim"),
    )  # fmt: skip


# week and month -------------------------------------------------------------------------------------------------------


def night_state(one: Night) -> Span:
    """The gravest thing of a night, as shape and word."""
    if not one.published:
        return t("未发布"), "$dim"
    if one.essential:
        return t("!! 必设缺{n}", n=len(one.essential)), "bold $p1"
    found = [t("!  缺口{n}", n=one.other)] * (one.other > 0) + [t("冲突{n}", n=one.conflicts)] * (one.conflicts > 0)
    return (" ".join(found), "$p2") if found else (t("齐"), "$done")


def night(one: Night, frame: Frame, width: int, *, chosen: bool) -> Line:
    known = "" if one.known else t("(未公布)")
    names = "、".join(unit_name(frame.town, team) for team in one.teams) or t("无队当值")
    text, style = night_state(one)
    first = one.essential[0] if one.essential else None
    more = f"{first.name_en if english() else first.name} {first.have}/{first.need}" if first else ""
    return (
        (">" if chosen else " ", "bold $accent"), (f" {one.day:%m-%d} {weekday(one.day)} ", "bold" if chosen else "$foreground"),
        (fit(t(KIND_ZH[one.kind]) + known + (t("保障") if one.guarantee else ""), 11), "$dim"), (fit(names, 17), "$foreground"),
        (fit(t("{n}人", n=one.people) if one.people else "-", 6), "$foreground"), (fit(text, 20), style), (more, "$dim"),
    )  # fmt: skip


def month_grid(found: Sequence[Night], frame: Frame, width: int, day: date) -> list[Line]:
    """A calendar: date, team, `*` rest or holiday, `!!` an essential post empty, `!` another gap, `-` not published."""
    cell = max(10, (width - 2) // 7)
    lines: list[Line] = [(("  ", ""), *((fit(t(name), cell), "$dim") for name in WEEKDAYS))]
    line: list[Span] = [("  " + " " * cell * found[0].day.weekday(), "")]
    for one in found:
        teams_of_it = "".join(frame.town.units[code].tokens[0].upper() for code in one.teams)
        mark = "-" if not one.published else "!!" if one.essential else "!" if one.other or one.conflicts else ""
        rest = "*" if one.kind != "workday" else ""
        text = f"{'>' if one.day == day else ''}{one.day:%d}{rest} {teams_of_it} {mark}"
        style = "reverse bold $accent" if one.day == day else "bold $p1" if mark == "!!" else "$foreground"
        line.append((fit(text, cell - 1) + " ", style))
        if one.day.weekday() == 6:
            lines.append(tuple(line))
            line = [("  ", "")]
    return [*lines, tuple(line)] if len(line) > 1 else lines


def balance(one: Balance, frame: Frame) -> list[Line]:
    """What each team carries in the month, and how far apart they are."""
    parts = [
        t(
            "{team} {n} 夜 {h}h 节假日 {k} 夜",
            team=unit_name(frame.town, b.unit),
            n=b.nights,
            h=b.minutes // 60,
            k=b.holiday_nights,
        )
        for b in one.teams
    ]
    apart = t("相差 {n} 夜 {h}h，节假日 {k} 夜", n=one.nights_apart, h=one.minutes_apart // 60, k=one.holidays_apart)
    style = "$p2" if one.nights_apart > 1 or one.holidays_apart > 1 else "$dim"
    return [((f"  {'  '.join(parts)}", "$foreground"),), ((f"  {apart}", style),)]


def month_legend(frame: Frame) -> list[Line]:
    teams_named = (
        f"{u.tokens[0].upper()}={unit_name(frame.town, u.code)}" for u in frame.town.of_kind("response_team")
    )
    return [note(" " + " ".join(teams_named)), note(t(" *休息日或节假日  !!必设岗位空缺  !其他缺口  -未发布"))]
