"""Conditions of the transition table. Each is a small pure function with the sentence that it refuses with."""

from collections.abc import Callable
from typing import Any

from zjj_console.domain.facts import Facts
from zjj_console.domain.model import DAY, HOUR, SUPPORT_RUNS, Case, Clock, Refusal, State
from zjj_console.domain.support import SUPPORT_ZH

Args = dict[str, Any]
Guard = Callable[[Case, Args, Facts], Refusal | None]
_FORCES = frozenset({"resident", "on_demand", "response_team"})


def _no(rule: str, zh: str, en: str) -> Refusal:
    return Refusal(8, rule, zh, en)


def place_resolved(case: Case, args: Args, facts: Facts) -> Refusal | None:
    if case.committee:
        return None
    return _no("R01", "先定地点: dz 案号 地点", "settle the place first: dz CASE PLACE")


def place_or_urgent(case: Case, args: Args, facts: Facts) -> Refusal | None:
    return None if case.priority == 1 else place_resolved(case, args, facts)


def unit_enabled(case: Case, args: Args, facts: Facts) -> Refusal | None:
    for code in (args.get("unit", ""), *args.get("assists", ())):
        unit = facts.town.units.get(code)
        if code and (unit is None or not unit.enabled):
            name = unit.name if unit else code
            return _no(
                "NV-17", f"{name} 未启用(资料未提供)，请选其他单位", f"{name} is a disabled placeholder; choose another"
            )
    return None


def leads_enforcement(case: Case, args: Args, facts: Facts) -> Refusal | None:
    """R16: village stations and their people find and handle themselves, but never lead a dispatched case."""
    unit = facts.town.units.get(args.get("unit", ""))
    if unit is not None and unit.kind == "village_station":
        return _no(
            "R16", f"{unit.name} 非处置主体，请派联勤站、部门或应急队", f"{unit.name} cannot lead a dispatched case"
        )
    return None


def recipient_named(case: Case, args: Args, facts: Facts) -> Refusal | None:
    nobody = [args["unit"]] if "unit" in args and not args.get("person") else []
    nobody += [code for code in args.get("assists", ()) if not facts.person_of(code)]
    if not nobody:
        return None
    unit = facts.town.units.get(nobody[0])
    name = unit.name if unit else nobody[0]
    return _no("R48", f"{name} 无在册人员，派单须到人；请先登记或改派", f"{name} has nobody to receive the order")


def day_support_reason(case: Case, args: Args, facts: Facts) -> Refusal | None:
    """R11/A03: the night team may be called by day only with a reason; a first-priority case is a reason in itself."""
    if case.priority == 1 or args.get("reason"):
        return None
    teams = [u for u in facts.town.of_kind("response_team") if u.code in (args.get("unit"), *args.get("assists", ()))]
    resting = next((team for team in teams if not facts.on_duty(team.code)), None)
    if resting is None:
        return None
    if facts.in_hours(resting.code):
        return _no(
            "R11",
            f"{resting.name} 今夜轮休，派单须理由，如 r2",
            f"{resting.name} rests tonight; give a reason, e.g. r2",
        )
    hours = facts.town.hours_of(resting.code)
    span = f"{hours.start // 60:02}:{hours.start % 60:02}-{hours.end // 60:02}:{hours.end % 60:02}"
    return _no(
        "R11",
        f"夜队非当值({span}) 日间支援须理由，如 r2",
        f"the night team is off duty ({span}); give a reason, e.g. r2",
    )


def has_lead(case: Case, args: Args, facts: Facts) -> Refusal | None:
    return None if case.active_lead else _no("I-2", "无主办单位，请先派单", "there is no active lead; dispatch first")


def other_lead(case: Case, args: Args, facts: Facts) -> Refusal | None:
    if args.get("unit") == case.lead and args.get("person", case.lead_person) == case.lead_person:
        return _no("T19", "改派须换单位或换人", "reassign to another unit or person")
    return None


def new_assists(case: Case, args: Args, facts: Facts) -> Refusal | None:
    fresh = [u for u in args.get("assists", ()) if u not in case.assists and u != case.lead]
    if fresh:
        return None
    return _no(
        "T13",
        "该单位已在此案(主办或协办)；换主办请用 gp",
        "that unit already works on this case; use gp to change the lead",
    )


def not_p1(case: Case, args: Args, facts: Facts) -> Refusal | None:
    if case.priority == 1:
        return _no(
            "I-10",
            "一级案件不可延期、挂账、退回补充",
            "a first-priority case cannot be extended, suspended or sent back",
        )
    return None


def only_slow(case: Case, args: Args, facts: Facts) -> Refusal | None:
    if case.priority in (1, 2):
        return _no("T21", "一级、二级不可挂账，请派单或升级", "only third and fourth priority can be suspended")
    return None


def no_open(kind: str, zh: str) -> Guard:
    def guard(case: Case, args: Args, facts: Facts) -> Refusal | None:
        if kind in case.requests:
            return _no("2.7", f"已有{zh}申请待决定", f"a {kind} request is already open")
        return None

    return guard


def is_open(kind: str, zh: str) -> Guard:
    def guard(case: Case, args: Args, facts: Facts) -> Refusal | None:
        if kind not in case.requests:
            return _no("2.7", f"没有待决定的{zh}申请", f"there is no open {kind} request")
        return None

    return guard


def second_person(kind: str) -> Guard:
    """Two-person rule: whoever asked does not decide."""

    def guard(case: Case, args: Args, facts: Facts) -> Refusal | None:
        request = case.requests.get(kind)
        if request and request.asked_by == facts.actor.work_no:
            return _no("T34", "须由另一人决定(申请人不得自批)", "another person must decide")
        return None

    return guard


def third_return_by_centre(case: Case, args: Args, facts: Facts) -> Refusal | None:
    limit = facts.town.flow.returns_to_difficult
    if (case.return_count >= limit or case.designated) and "centre" not in facts.actor.roles:
        return Refusal(
            7,
            "T17",
            f"第{limit + 1}次退单或指定主责的退单，由镇中心负责人决定",
            "this return is the centre's to decide",
        )
    return None


def _handling(case: Case) -> Clock | None:
    return case.clocks.get("LED" if case.state is State.DIFF_LED else "HDL")


def before_overdue(case: Case, args: Args, facts: Facts) -> Refusal | None:
    clock = _handling(case)
    if clock is None or clock.due is None or clock.due <= facts.now:
        return _no("T20", "已超时，不能再延期；请督办或升级", "already overdue: no extension")
    return None


def extensions_left(case: Case, args: Args, facts: Facts) -> Refusal | None:
    flow = facts.town.flow
    if case.extend_count >= flow.extensions_total:
        return _no("T20", f"延期已达{flow.extensions_total}次上限", "no extension left")
    if case.extend_count >= flow.extensions_by_desk and "centre" not in facts.actor.roles:
        return Refusal(7, "T20", "第二次延期由镇中心负责人批准", "the second extension is the centre's to grant")
    return None


def extends(case: Case, args: Args, facts: Facts) -> Refusal | None:
    """An extension ends later than the present limit; the desk grants at most the original limit once more (T20)."""
    clock, request = _handling(case), case.requests.get("extend")
    until = args.get("until") or (request.until if request else None)
    if clock is None or clock.due is None or until is None:
        return None
    if until <= max(clock.due, facts.now):
        return _no("T20", f"须晚于现时限 {facts.duty.local(clock.due):%m-%d %H:%M}", "later than the present limit")
    if request is None or "centre" in facts.actor.roles:
        return None
    if until > facts.duty.add(clock.due, clock.limit, clock.kind, clock.unit):
        return Refusal(
            7, "T20", "延期超过原时限，由镇中心负责人批准", "longer than the original limit: the centre grants"
        )
    return None


def asks_later(case: Case, args: Args, facts: Facts) -> Refusal | None:
    if not args.get("until"):
        return _no("T20", "须给出期限，如 2d 或 0318", "give a length or a date")
    if args["until"] <= facts.now:
        return _no("T20", "期限须晚于现在", "the new time must be in the future")
    return None


def review_within(case: Case, args: Args, facts: Facts) -> Refusal | None:
    days = facts.town.flow.suspend_max_days
    if (args.get("until") or 0) > facts.now + days * DAY:
        return _no("T21", f"复查日期不得超过{days}天", f"review within {days} days")
    return None


def _explained(table: str, code: str, args: Args, facts: Facts) -> Refusal | None:
    """Some codes (其他) say nothing without words."""
    found = next((r for r in facts.town.reasons.get(table, {}).values() if r.code == code), None)
    if found is None or not found.needs_text or args.get("text"):
        return None
    return _no("2.12", f"{found.name}: 须写明", f"'{found.name_en}' needs words")


def _reason(table: str) -> Guard:
    def guard(case: Case, args: Args, facts: Facts) -> Refusal | None:
        if not args.get("reason"):
            return _no("2.12", "须给理由码，如 r1", "give a reason code, e.g. r1")
        return _explained(table, args["reason"], args, facts)

    return guard


_EXPLAINED = ("return", "extend", "suspend", "rework", "void", "reopen", "support_refuse")
REASON = {table: _reason(table) for table in _EXPLAINED}


def text_given(case: Case, args: Args, facts: Facts) -> Refusal | None:
    return None if args.get("text") else _no("2.3", "须写一句话", "some text is needed")


def result_given(case: Case, args: Args, facts: Facts) -> Refusal | None:
    if not args.get("result"):
        return _no("T23", "须给结果码，如 1 已整改", "give a result code, e.g. 1")
    return _explained("result", args["result"], args, facts)


def not_own_work(case: Case, args: Args, facts: Facts) -> Refusal | None:
    if facts.actor.work_no in (case.submitted_by, case.lead_person):
        return _no("T24", "不得核查本人提交或处置的案件，请换人核查", "verify somebody else's work, not your own")
    return None


NO_ATTEMPT = _no("R49", "须先有协调或处置记录", "a recorded coordination or dispatch comes first")


def prior_attempt(case: Case, args: Args, facts: Facts) -> Refusal | None:
    return None if case.attempts else NO_ATTEMPT


def criterion_given(case: Case, args: Args, facts: Facts) -> Refusal | None:
    return None if args.get("criterion") else _no("R49", "须给疑难判据 n1 或 n2", "give the criterion n1 or n2")


def lead_is_station(case: Case, args: Args, facts: Facts) -> Refusal | None:
    unit = facts.town.units.get(args.get("unit", ""))
    return (
        None
        if unit and unit.kind == "station"
        else _no("R50", "疑难案件须由联勤站牵头", "a station must lead a difficult case")
    )


def submitter_of_station(case: Case, args: Args, facts: Facts) -> Refusal | None:
    """R50: a difficult case is submitted by chief or deputy of its lead station; the desk may only pass that on."""
    by = args.get("by") or facts.actor.work_no
    posts = {p.work_no for role in ("chief", "deputy") for p in facts.town.holders(case.lead, role)}
    if by in posts:
        return None
    return Refusal(7, "R50", "疑难案件由牵头站提交(站长或副站长)", "a difficult case is submitted by its lead station")


def supervised(case: Case, args: Args, facts: Facts) -> Refusal | None:
    return None if case.supervised_until else _no("T33", "此案没有督办，不必解除", "the case is not supervised")


def station_known(case: Case, args: Args, facts: Facts) -> Refusal | None:
    return (
        None
        if case.station
        else _no("T06", "先定地点，才知由哪个站协调", "the place decides the station; settle it first")
    )


def support_over(case: Case, args: Args, facts: Facts) -> Refusal | None:
    """One request at a time; what was refused, taken back or ended may be asked for anew."""
    if case.support not in SUPPORT_RUNS:
        return None
    state = SUPPORT_ZH[case.support]
    return _no(
        "R51", f"已有执法保障{state}，先办完或撤回", f"support is {case.support} already: end or cancel it first"
    )


def support_is(*wanted: str) -> Guard:
    def guard(case: Case, args: Args, facts: Facts) -> Refusal | None:
        if case.support in wanted:
            return None
        if not case.support:
            return _no(
                "R51", "此案没有执法保障，先请求: zb 案号 文字", "no support was asked for; ask first: zb CASE TEXT"
            )
        zh = "或".join(SUPPORT_ZH[one] for one in wanted)
        return _no("R51", f"执法保障{SUPPORT_ZH[case.support]}，此步须为{zh}",
                   f"support is {case.support}, this needs {' or '.join(wanted)}")  # fmt: skip

    return guard


def need_said(case: Case, args: Args, facts: Facts) -> Refusal | None:
    """T38: what is needed, as a code or in words."""
    if not args.get("text") and not args.get("reason"):
        return _no("T38", "写需要什么，如 zb 案号 2 请派员到场", "say what is needed, e.g. zb CASE 2 TEXT")
    return _explained("support", args["reason"], args, facts) if args.get("reason") else None


def forces_called(case: Case, args: Args, facts: Facts) -> Refusal | None:
    """Who is called along can be sent: departments and response teams, and none that is only a placeholder."""
    for code in args.get("depts", ()):
        unit = facts.town.units.get(code)
        if unit is not None and unit.kind not in _FORCES:
            return _no("R51", f"{unit.name} 不是执法力量，请写部门或应急队", f"{unit.name} is no enforcement unit")
    return unit_enabled(case, {"assists": args.get("depts", ())}, facts)


def no_dispatch(case: Case, args: Args, facts: Facts) -> Refusal | None:
    return (
        _no("T04", "已派单的案件不能按自处结案", "a dispatched case is not self-handled") if case.active_lead else None
    )


def not_p1_self(case: Case, args: Args, facts: Facts) -> Refusal | None:
    return (
        _no("T-SELF", "一级案件不走自处，请派单", "first priority is dispatched, not self-handled")
        if case.priority == 1
        else None
    )


def info_rounds_left(case: Case, args: Args, facts: Facts) -> Refusal | None:
    if case.info_rounds >= facts.town.flow.info_rounds:
        return _no(
            "T10",
            f"已退回补充{facts.town.flow.info_rounds}次，请直接受理或作废",
            "sent back often enough: accept or void",
        )
    return None


def master_stands(case: Case, args: Args, facts: Facts) -> Refusal | None:
    master = facts.others.get(args.get("master", ""))
    if master is None:
        return Refusal(6, "T35", "没有这个主案", "no such master case")
    if master.id == case.id:
        return _no("T35", "不能并入自己", "a case cannot be merged into itself")
    if master.state is State.MERGED:
        return _no("T35", f"主案 {master.handle} 自己已并案，请并入它的主案", "the master itself is merged")
    closed_lately = (
        master.state is State.CLOSED and facts.now - (master.closed_at or 0) < facts.town.flow.unmerge_hours * HOUR
    )
    if not (master.is_open or closed_lately):
        return _no("T35", f"主案 {master.handle} 已办结", "the master has ended")
    if master.committee != case.committee and not args.get("text"):
        return _no("T35", "两案不在同一村居，须写理由", "different places: give a reason")
    return None


def within_unmerge(case: Case, args: Args, facts: Facts) -> Refusal | None:
    hours = facts.town.flow.unmerge_hours
    if facts.now - case.since < hours * HOUR:
        return None
    return _no("T36", f"并案已超过{hours}小时，请另建新案", "merged too long ago; open a new case")


def within_reopen(case: Case, args: Args, facts: Facts) -> Refusal | None:
    days = facts.town.flow.reopen_days
    if facts.now - (case.closed_at or case.since) <= days * DAY:
        return None
    return _no(
        "T37", f"结案已超过{days}天，请新建并关联(复发)", f"closed more than {days} days ago; open a linked new case"
    )


def from_110(case: Case, args: Args, facts: Facts) -> Refusal | None:
    if case.source != "p110":
        return _no("R54", "仅110分流案件可筛选、先行联系", "only for cases from 110")
    return None


# consultation -----------------------------------------------------------------------------------------------------------


def consultable(case: Case, args: Args, facts: Facts) -> Refusal | None:
    """T30: the pool, or a reason in words for a case that somebody has tried to solve. `pooled` and `urgent` say what the act knows."""
    rules = facts.town.meetings
    if case.state in (State.DIFF_REVIEW, State.DIFF_LED, State.SUSPENDED) or args.get("pooled") or args.get("urgent"):
        return None
    if case.return_count >= rules.pool_returns or case.rework_count >= rules.pool_reworks:
        return None
    if not case.attempts:
        return NO_ATTEMPT
    if args.get("text"):
        return None
    return _no(
        "T30",
        "未到自动上会条件；确要上会须写理由，如 hs 案号 两部门均称非本部门职责",
        "not in the pool by itself; give a reason: hs CASE WHY",
    )


def not_listed(case: Case, args: Args, facts: Facts) -> Refusal | None:
    if case.consult:
        return _no("T30", f"{case.handle} 已在 {case.consult} 议程", f"it is on the agenda of {case.consult} already")
    return None


def on_agenda(case: Case, args: Args, facts: Facts) -> Refusal | None:
    """T31: a consultation decides what is on its agenda."""
    if case.consult and args.get("meeting", case.consult) == case.consult:
        return None
    return _no("T31", f"{case.handle} 不在此次会商议程，先 hs {case.handle}", "it is not on the agenda of this meeting")


def measure_given(case: Case, args: Args, facts: Facts) -> Refusal | None:
    if args.get("text"):
        return None
    return _no("T21", "挂账须写明期间的安全措施", "a suspension needs words: the interim safety measure")


# Guards that judge arguments: skipped when only asking whether a verb is possible at all.
OF_ARGUMENTS: frozenset[Guard] = frozenset({
    unit_enabled, leads_enforcement, recipient_named, day_support_reason, other_lead, new_assists, asks_later,
    extends, review_within, *REASON.values(), text_given, result_given, criterion_given, lead_is_station, submitter_of_station,
    master_stands, need_said, forces_called, consultable, on_agenda, measure_given,
})  # fmt: skip
