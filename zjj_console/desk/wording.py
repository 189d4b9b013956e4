"""Words and figures that both faces of the desk print: names, countdowns, marks."""

from typing import Any, Protocol

import msgspec

from zjj_console.domain import alarms
from zjj_console.domain.climb import Climb, Rung
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.marks import MARK_ZH
from zjj_console.domain.model import DAY, HOUR, MINUTE, SECOND, Clock
from zjj_console.domain.permits import ROLE_ZH
from zjj_console.town.models import Town

FLOW_ZH = {"self": "自发自处", "general": "一般案件", "difficult": "疑难案件"}
EVENT_ZH = {
    "conflict_resolved": "处理冲突", "reported": "上报", "imported": "导入", "corrected": "更正", "accepted": "受理", "dispatched": "派单",
    "assisted": "追加协办", "acknowledged": "签收", "arrived": "到场", "submitted": "提交", "verified": "核查通过",
    "rework_ordered": "核查不通过", "return_asked": "申请退单", "return_granted": "准予退单", "return_refused": "不准退单",
    "reassigned": "改派", "extend_asked": "申请延期", "extended": "准予延期", "extend_refused": "不准延期",
    "suspend_asked": "申请挂账", "suspended": "挂账", "suspend_refused": "不准挂账", "resumed": "恢复",
    "nominated": "提名疑难", "difficult_led": "定牵头站", "designated": "指定主责", "supervised": "督办",
    "supervision_released": "解除督办", "void_asked": "申请作废", "voided": "作废", "void_refused": "不准作废",
    "merged": "并案", "absorbed": "并入", "unmerged": "拆回", "reopened": "重开", "support_asked": "请求执法保障",
    "support_accepted": "应答执法保障", "support_arrived": "保障到场", "support_done": "保障结束",
    "support_refused": "拒绝执法保障", "support_cancelled": "撤回执法保障",
    "screened": "110接收", "screened_out": "110筛除", "contacted": "先行联系", "located": "定址", "backfilled": "补报",
    "noted": "备注", "called": "通话", "followed": "关注", "self_submitted": "自处提交", "self_closed": "自处办结",
    "self_started": "开始自处", "self_failed": "自处不了", "coordinated": "站内协调", "info_asked": "退回补充",
    "info_given": "已补充", "undone": "撤销",
    "custody_moved": "看护权移交", "custody_taken": "接看护权", "roster_published": "发布排班", "substituted": "顶班",
    "swapped": "换班", "assigned": "补岗", "leave_granted": "请假", "leave_ended": "销假", "stationed": "驻站",
    "signed_in": "签到", "signed_out": "签退", "signs_imported": "导入签到", "sign_fix_asked": "申请补录",
    "sign_fix_decided": "补录批复", "assembly_called": "提前集结", "handover_prepared": "交接建包", "handover_read":
    "交接阅读", "handover_coded": "交接去向", "handover_packed": "入交接单", "handover_noted": "交接便签",
    "handover_spoken": "口头交接", "handover_out_signed": "交班签字", "handover_in_signed": "接班签字",
    "handover_forced": "带病交接", "handover_station_signed": "站签", "escalated": "升级", "ladder_moved": "升级转时限",
    "ladder_cleared": "升级解除", "ladder_resumed": "升级恢复", "rung_called": "升级通话", "rung_answered": "升级应答",
    "alarm_acked": "确认告警", "posts_checked": "核对岗位", "message_dropped": "放弃消息",
    "put_on_agenda": "上会", "taken_off_agenda": "撤题", "consult_assigned": "会商定主责", "consult_led": "会商联合处置",
    "put_to_commander": "提请指挥长", "raised_up": "提请上级", "consult_suspended": "会商挂账", "consult_deferred": "下次再议",
    "consult_ended": "会商终止", "station_assigned": "站级会商定责", "station_undecided": "站级会商未果", "commanded": "指挥意见",
    "collected": "会商收集", "agenda_added": "加议题", "agenda_detailed": "补议题", "agenda_withdrawn": "撤议题",
    "agenda_carried": "议题转入", "agenda_locked": "锁定议程", "meeting_skipped": "本周不开会", "meeting_opened": "开会",
    "attended": "登记到会", "item_decided": "议题结果", "meeting_closed": "散会", "meeting_minuted": "会商纪要",
    "station_consulted": "站级会商", "follow_up_done": "决议已办", "visit_planned": "约定进站", "visit_recorded": "进站登记",
    "visit_cancelled": "取消进站", "visit_task_done": "指挥意见已办",
}  # fmt: skip


_SHAPE = 3  # cells of the longest shape: the words of a column stand below each other


class Timed(alarms.Dated, Protocol):
    """What a countdown needs of a row: its next deadline and how it is counted."""

    @property
    def next_mode(self) -> str: ...
    @property
    def next_unit(self) -> str: ...


def unit(town: Town, code: str) -> str:
    found = town.units.get(code)
    return found.name if found else code


def actor(town: Town, work_no: str) -> str:
    """Who did it: a person, or the system where time alone did."""
    return "系统" if work_no in ("", "system") else person(town, work_no)


def person(town: Town, work_no: str) -> str:
    found = town.people.get(work_no)
    return found.name if found else unit(town, work_no)  # somebody of a unit, where only the unit is known


def category(town: Town, code: str) -> str:
    found = town.categories.get(code)
    return found.name if found else code


def source(town: Town, code: str) -> str:
    found = town.sources.get(code)
    return found.name if found else code


def clock_name(town: Town, code: str) -> str:
    found = town.clocks.get(code)
    return found.name if found else {"SUPV": "督办"}.get(code, code)


def reason(town: Town, table: str, code: str) -> str:
    return next((r.name for r in town.reasons.get(table, {}).values() if r.code == code), code)


def post(town: Town, code: str) -> str:
    """A rung's post as the town calls it."""
    return {"meeting": "会商"}.get(code) or town.term(code, ROLE_ZH.get(code, code))


MISSING_ZH = {"vacant": "空缺", "leave": "请假", "no_phone": "无电话", "no_station": "无地点"}


def rung(one: Rung, town: Town) -> str:
    """`E2站长 钱未 未接`: who is to be reached, and what became of it."""
    head = f"E{one.n}{post(town, town.ladder.posts[one.n - 1])}"
    if one.missing:
        return f"{head} {MISSING_ZH[one.missing]}"
    who = f" {person(town, one.person)}" if one.person else ""
    last = reason(town, "call", one.calls[-1].result) if one.calls else "待通知" if one.person else "待召集"
    return f"{head}{who} {'已应答' if one.answered_at is not None else last}"


def climbed(kind: str, data: dict[str, Any], town: Town) -> str:
    """What an event of the ladder says beside its kind: whom it raised, what became of a call, why it ended."""
    record = msgspec.convert(data["climb"], Climb)
    if kind == "ladder_cleared":
        return "人工解除" if record.cleared_why == "stand_down" else f"因{event(record.cleared_why)}"
    last = record.rungs[-1]
    if kind == "escalated":
        told = MISSING_ZH[last.missing] if last.missing else person(town, last.person)
        return f"E{last.n}{post(town, town.ladder.posts[last.n - 1])} {told}".rstrip()
    return rung(max(record.rungs, key=_touched), town)


def _touched(one: Rung) -> tuple[int, int]:
    return max([*(call.at for call in one.calls), one.answered_at or 0]), one.n


def climb(record: Climb, town: Town) -> str:
    return rung(record.rungs[-1], town) if record.open and record.rungs else "已解除"


def moment(at: int, now: int, duty: DutyTime) -> str:
    """`23:41` today, `03-18 09:05` on another day, `2020-03-18 09:05` in another year."""
    then, today = duty.local(at), duty.local(now)
    if then.date() == today.date():
        return f"{then:%H:%M}"
    return f"{then:%m-%d %H:%M}" if then.year == today.year else f"{then:%Y-%m-%d %H:%M}"


def span(length: int) -> str:
    """A length of time as people say it, at most five cells: `06:12`, `3h43`, `12h`, `3d`."""
    if length < HOUR:
        return f"{length // MINUTE:02}:{length // SECOND % 60:02}"
    if length < 10 * HOUR:
        return f"{length // HOUR}h{length // MINUTE % 60:02}"
    if length < 2 * DAY:
        return f"{length // HOUR}h"
    return f"{length // DAY}d"


def countdown(row: Timed, now: int, duty: DutyTime) -> str:
    """`签收余24:05`, `签收超06:12`; `停至` and the next opening while a duty clock stands still; `复查03-18` if suspended."""
    if not row.next_kind:
        return ""
    if row.next_kind == "REV":
        return f"复查{duty.local(row.next_due):%m-%d}"
    name = clock_name(duty.town, row.next_kind)[:2]
    if row.next_due <= now:
        return f"{name}超{span(now - row.next_due)}"
    opens = duty.paused_until(Clock(row.next_kind, row.next_mode, row.next_unit, now, 0, row.next_due), now)
    if opens is not None:
        then = duty.local(opens)
        near = opens - now < DAY
        return f"停至{then:%H:%M}" if near else f"停至{then:%m-%d}"
    return f"{name}余{span(row.next_due - now)}"


def urgency(row: Timed, now: int) -> str:
    """Shape and word of the most urgent thing about a row; empty where nothing presses (§3.6)."""
    grade = alarms.pressing(row, now)
    return "" if grade is None else f"{alarms.SHAPE.get(grade, '!'):<{_SHAPE}}{alarms.WORD[grade]}"


def mark_words(codes: str) -> str:
    return "".join(MARK_ZH.get(code, "") for code in codes.split())


def iso(at: int | None, duty: DutyTime) -> str | None:
    """ISO 8601 with the town's offset, whole seconds."""
    return None if at is None else duty.local(at).replace(microsecond=0).isoformat()


def event(kind: str) -> str:
    return EVENT_ZH.get(kind, kind)
