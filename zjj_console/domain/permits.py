"""Who may do what (§2.6), as a table: action -> role -> condition. A person may hold several roles; the best one counts."""

from collections.abc import Callable

from zjj_console.domain import custody
from zjj_console.domain.facts import Facts
from zjj_console.domain.model import Case, Refusal, State, permitted_refusal
from zjj_console.domain.support import answers, asked_it, goes

Condition = Callable[[Case | None, Facts], bool]


def always(case: Case | None, facts: Facts) -> bool:
    return True


def proxy(case: Case | None, facts: Facts) -> bool:
    """The desk records what somebody in the field reported (代); the event names him."""
    return True


def night(case: Case | None, facts: Facts) -> bool:
    return facts.night


def night_urgent(case: Case | None, facts: Facts) -> bool:
    return facts.night and case is not None and case.priority <= 2


def own(case: Case | None, facts: Facts) -> bool:
    """The order is addressed to his unit; an assistant does not answer for the lead."""
    return case is None or facts.actor.unit == case.lead


def own_area(case: Case | None, facts: Facts) -> bool:
    return case is not None and facts.actor.unit == case.station


def own_finding(case: Case | None, facts: Facts) -> bool:
    """Found by his own body, or lying in the area of his station or village station."""
    if case is None or case.reporter in (facts.actor.unit, facts.actor.work_no) or own_area(case, facts):
        return True
    place = facts.town.committees.get(case.committee)
    return place is not None and place.village_station == facts.actor.unit


def concerned(case: Case | None, facts: Facts) -> bool:
    """It lies in his station's area, or his station leads it."""
    return case is not None and facts.actor.unit in (case.station, case.lead)


def not_own(case: Case | None, facts: Facts) -> bool:
    return case is not None and facts.actor.unit not in (case.lead, *case.assists)


def difficult_lead(case: Case | None, facts: Facts) -> bool:
    return case is not None and case.state is State.DIFF_LED and facts.actor.unit == case.lead


def submits(case: Case | None, facts: Facts) -> bool:
    """Handlers submit their own general case; a difficult case is submitted by its lead station only (R50)."""
    return own(case, facts) and (case is None or case.state is not State.DIFF_LED)


_EVERYBODY = ("patrol", "village", "handler", "deputy", "chief", "commander", "dispatcher", "shift_lead",
              "team_leader", "centre", "inspector", "admin")  # fmt: skip
Row = dict[str, Condition]
_DESK: Row = {"dispatcher": always, "shift_lead": always, "centre": always}
_DESK_NIGHT: Row = {**_DESK, "team_leader": night}
_RELAYED: Row = {"dispatcher": proxy, "shift_lead": proxy, "centre": proxy}
_FIELD: Row = {**_RELAYED, "handler": own, "team_leader": own, "deputy": own, "chief": own}
_SELF: Row = {
    **_RELAYED,
    "patrol": own_finding,
    "village": own_finding,
    "handler": own_finding,
    "deputy": own_finding,
    "chief": own_finding,
    "team_leader": own_finding,
}
_ANSWERS: Row = {**_RELAYED, "team_leader": answers, "deputy": answers, "chief": answers}
_ALL: Row = dict.fromkeys(_EVERYBODY, always)
_COORDINATE: Row = dict.fromkeys(
    ("village", "deputy", "chief", "commander", "dispatcher", "shift_lead", "centre"), always
)
_NOMINATE: Row = {role: always for role in _EVERYBODY if role not in ("patrol", "inspector", "admin")}
_DECIDE_DIFFICULT: Row = {"centre": always, "shift_lead": night_urgent}
_CENTRE: Row = {"centre": always}
_VERIFY: Row = {**_DESK, "inspector": always, "deputy": not_own, "chief": not_own}

PERMITS: dict[str, Row] = {
    "report": _ALL,
    "note": _ALL,
    "follow": _ALL,
    "accept": _DESK_NIGHT,
    "locate": _DESK_NIGHT,
    "ask_info": _DESK_NIGHT,
    "give_info": _ALL,
    "screen": _DESK_NIGHT,
    "contact": _DESK_NIGHT,
    "call": _DESK_NIGHT,
    "backfill": _ALL,
    "dispatch": _DESK_NIGHT,
    "assist": _DESK_NIGHT,
    "reassign": _DESK_NIGHT,
    "acknowledge": _FIELD,
    "arrive": _FIELD,
    "submit": {
        **_RELAYED,
        "handler": submits,
        "team_leader": submits,
        "deputy": difficult_lead,
        "chief": difficult_lead,
    },
    "ask_return": _FIELD,
    "grant_return": {**_DESK, "team_leader": night_urgent},
    "refuse_return": {**_DESK, "team_leader": night_urgent},
    "ask_extend": _FIELD,
    "grant_extend": _DESK,
    "refuse_extend": _DESK,
    "ask_suspend": {**_FIELD, "commander": own_area},
    "grant_suspend": {"centre": always},
    "refuse_suspend": {"centre": always},
    "resume": {"centre": always},
    "verify_pass": _VERIFY,
    "verify_fail": _VERIFY,
    "self_done": _SELF,
    "self_start": _SELF,
    "self_finish": _SELF,
    "self_fail": _SELF,
    "coordinate": _COORDINATE,
    "nominate": _NOMINATE,
    "lead_difficult": _DECIDE_DIFFICULT,
    "designate": _DECIDE_DIFFICULT,
    "supervise": {"chief": own_area, "commander": own_area, "shift_lead": always, "centre": always},
    "release_supervision": {"shift_lead": always, "centre": always},
    "to_agenda": {
        "dispatcher": always,
        "shift_lead": always,
        "centre": always,
        "chief": concerned,
        "deputy": concerned,
    },
    "off_agenda": {
        "dispatcher": always,
        "shift_lead": always,
        "centre": always,
        "chief": concerned,
        "deputy": concerned,
    },
    "consult_assign": _CENTRE,
    "consult_joint": _CENTRE,
    "consult_commander": _CENTRE,
    "consult_raise": _CENTRE,
    "consult_suspend": _CENTRE,
    "consult_defer": _CENTRE,
    "consult_end": _CENTRE,
    "station_assign": {"centre": always, "chief": own_area},
    "station_undecided": {"centre": always, "chief": own_area},
    "command": {"commander": concerned, "chief": concerned, "centre": always},
    "ask_void": _ALL,
    "grant_void": {"shift_lead": always, "centre": always},
    "refuse_void": {"shift_lead": always, "centre": always},
    "merge": _DESK,
    "unmerge": _DESK,
    "reopen": {"dispatcher": always, "shift_lead": always, "inspector": always, "centre": always},
    "support": {"village": always, "deputy": always, **_RELAYED},
    "accept_support": _ANSWERS,
    "refuse_support": _ANSWERS,
    "arrive_support": {**_ANSWERS, "handler": goes},
    "close_support": {**_ANSWERS, "handler": goes, "village": asked_it},
    "cancel_support": {**_RELAYED, "village": asked_it, "deputy": asked_it},
    "undo": _ALL,
}


def refuse(action: str, case: Case | None, facts: Facts) -> Refusal | None:
    """None if some role of the actor allows the action here and his desk has custody; exit 7 with the roles that may, or 8."""
    row = PERMITS[action]
    allowed_by = {role for role in facts.actor.roles if role in row and row[role](case, facts)}
    if allowed_by:
        return custody.refuse(action, allowed_by, facts.desk, facts.holding)
    if action == "submit" and case is not None and case.state is State.DIFF_LED:
        return permitted_refusal(
            "疑难案件由牵头站提交(站长或副站长)", "a difficult case is submitted by its lead station", "R50"
        )
    may_zh = "、".join(facts.town.term(role, ROLE_ZH[role]) for role in row if role in ROLE_ZH)
    may_en = ", ".join(role.replace("_", " ") for role in row)
    return permitted_refusal(
        f"{facts.actor.name} 无此权限，可办: {may_zh}", f"{facts.actor.name} may not; may: {may_en}"
    )


_DESK_OFFICERS = ("dispatcher", "shift_lead", "team_leader", "centre")
_PLANNERS = ("shift_lead", "centre", "admin")
_LEADERS = ("team_leader", "deputy", "chief")  # of their own team or station
# Acts that are about no case: who may do them anywhere, and who for his own unit only (§2.6, §4).
ACTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "sign_for_others": ((*_DESK_OFFICERS, "deputy", "chief", "admin"), ()),
    "approve_fix": (("shift_lead", "centre"), ("deputy", "chief")),
    "plan_roster": (_PLANNERS, ()),
    "change_roster": ((*_PLANNERS, "dispatcher"), _LEADERS),
    "grant_leave": (_PLANNERS, _LEADERS),
    "ask_stationing": (("dispatcher", "shift_lead", "centre"), ("deputy", "chief", "commander")),
    "decide_stationing": (("shift_lead", "centre"), ()),
    "record_stationing": (("dispatcher", "shift_lead", "centre"), ("deputy", "chief", "handler")),
    "assemble": (_DESK_OFFICERS, ()),
    "escalate": (_DESK_OFFICERS, ()),
    "acknowledge_alarm": (_DESK_OFFICERS, ()),
    "resolve_conflict": (_DESK_OFFICERS, ()),
    "keep_handover": ((*_DESK_OFFICERS, "deputy", "chief"), ()),
    "sign_handover": (_DESK_OFFICERS, ()),
    "sign_station": (("dispatcher", "shift_lead", "centre"), ("deputy", "chief")),
    "keep_agenda": (("dispatcher", "shift_lead", "centre"), ("deputy", "chief")),
    "hold_consultation": (("centre",), ()),
    "open_urgent": (("shift_lead", "centre"), ()),
    "hold_station_consultation": (("centre",), ("chief",)),
    "follow_up": (("dispatcher", "shift_lead", "centre"), ("deputy", "chief", "handler")),
    "plan_visit": (("dispatcher", "shift_lead", "centre"), ("deputy", "chief", "commander")),
    "record_visit": (("centre",), ("chief", "commander")),
}


def refuse_act(act: str, facts: Facts, unit: str = "") -> Refusal | None:
    """None if some role of the actor allows the act (for that unit); otherwise exit 7 with the roles that may."""
    anywhere, own = ACTS[act]
    if facts.actor.roles & set(anywhere) or (unit and facts.actor.unit == unit and facts.actor.roles & set(own)):
        return None
    may = (*anywhere, *own)
    zh = "、".join(facts.town.term(role, ROLE_ZH[role]) for role in may)
    return permitted_refusal(
        f"{facts.actor.name} 无此权限，可办: {zh}",
        f"{facts.actor.name} may not; may: {', '.join(may).replace('_', ' ')}",
    )


def by_proxy(action: str, case: Case | None, facts: Facts) -> bool:
    """True where the actor only relays: no role of his own would allow it."""
    row = PERMITS[action]
    held = [row[role] for role in facts.actor.roles if role in row and row[role](case, facts)]
    return bool(held) and all(condition is proxy for condition in held)


ROLE_ZH = {
    "patrol": "网格巡查",
    "village": "村居工作站",
    "handler": "承办人员",
    "deputy": "副站长",
    "chief": "站长",
    "commander": "指挥长",
    "dispatcher": "坐席",
    "shift_lead": "值班长",
    "team_leader": "应急队长",
    "centre": "镇中心负责人",
    "inspector": "督查",
    "assessor": "考核",
    "admin": "管理员",
}
