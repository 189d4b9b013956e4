"""Marks of a case (§3.6): codes that screens show as one character each. Time-dependent ones are computed on reading."""

from zjj_console.domain.model import SUPPORT_MATTERS, Case, Flow, State

MISSING_ZH = {"committee": "地点", "category": "类别", "text": "事项"}
PRIORITY_ZH = {1: "一级", 2: "二级", 3: "三级", 4: "四级"}
MARK_ZH = {
    "supervised": "督",
    "difficult": "疑",
    "rework": "返",
    "return": "退",
    "extend": "延",
    "suspend": "挂",
    "void": "废",
    "support": "保",
    "backfill": "补",
    "missing": "缺",
    "info": "问",
    "self": "自",
    "coordinate": "协",
    "verify": "核",
    "place_pending": "址",
    "consult": "会",
    "raised": "报",
    "followed": "注",
}


_TRIAGED = frozenset({State.REPORTED, State.INFO_NEEDED})


def to_fill(case: Case) -> tuple[str, ...]:
    """Fields that the desk still has to ask for or fill; once it has taken the case on, what it left stands."""
    return case.missing if case.state in _TRIAGED else ()


def marks(case: Case) -> tuple[str, ...]:
    """Codes in the order in which they are shown."""
    present = {
        "supervised": case.supervised_until is not None,
        "difficult": case.flow is Flow.DIFFICULT or case.state is State.DIFF_REVIEW,
        "rework": case.rework_count > 0,
        "return": "return" in case.requests,
        "extend": "extend" in case.requests or case.extend_count > 0,
        "suspend": "suspend" in case.requests or case.state is State.SUSPENDED,
        "void": "void" in case.requests,
        "support": case.support in SUPPORT_MATTERS,
        "backfill": "BB" in case.clocks and case.clocks["BB"].running,
        "missing": any(name != "committee" for name in to_fill(case)),  # a place that is missing has a mark of its own
        "info": case.state is State.INFO_NEEDED,
        "self": case.state is State.SELF_HANDLING,
        "coordinate": case.state is State.STATION_COORD,
        "verify": case.state is State.SUBMITTED,
        "place_pending": not case.committee,
        "consult": bool(case.consult) and case.is_open,
        "raised": bool(case.raised) and case.is_open,
        "followed": case.followed,
    }
    return tuple(code for code in MARK_ZH if present[code])
