"""The rules of a handover (§4.6, §2.8): what must be read, what blocks the signature, what must be ticked, who may sign."""

from collections.abc import Callable

from msgspec import Struct

from zjj_console.domain.custody import DESK_EN, DESK_ZH, TRAINED
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.handover import CODES, DONE, Handover
from zjj_console.domain.model import MINUTE, SUPPORT_MATTERS, Actor, Case, Refusal, State
from zjj_console.town.models import Town

_INFO_CYCLES = 1
URGENT = (1, 2)
_WAITING = {State.SUBMITTED: "N4", State.SUSPENDED: "N5"}  # nobody has to be in the field for these; their code
BEFORE_NIGHT = ("N1", "N2", "N3", "N4", "N5")
AFTER_NIGHT = ("R1", "R2", "R3", "R4")


class Finding(Struct, frozen=True):
    """A blocker or a warning. `id` is what is ticked; `case_id` where it is about one case; `way` is how to settle it."""

    code: str
    zh: str
    en: str
    way_zh: str
    way_en: str
    case_id: str = ""
    handle: str = ""

    @property
    def id(self) -> str:
        return self.code


class Person(Struct, frozen=True):
    """Who is about to sign, as the desk knows him."""

    actor: Actor
    desk: str
    signed_in: bool

    @property
    def trained(self) -> bool:
        return bool((TRAINED | {"team_leader", "centre"}) & self.actor.roles)


class Live(Struct, frozen=True):
    """What counts at the moment of signing, beside the snapshot. Handles and names are ready to print."""

    now: int
    cases: tuple[Case, ...] = ()  # open cases of first and second priority
    handled: frozenset[str] = frozenset()  # ids of those whose handler is on duty after the boundary
    stale_alarms: frozenset[str] = frozenset()  # ids of first-priority cases late with nothing recorded since
    drafts: tuple[tuple[str, int], ...] = ()  # who, age in minutes
    balanced: bool = True
    chain: str = ""  # what is wrong with the journal; empty if whole
    clock: str = ""  # what is wrong with clock or database
    absent: tuple[str, ...] = ()
    unsent: int = 0
    short: tuple[str, ...] = ()  # equipment
    late_slow: tuple[str, ...] = ()  # handles of third-priority cases that are overdue
    late_stations: tuple[str, ...] = ()
    previous_forced: str = ""
    platform: str = ""
    stale: bool = False  # the package was built before the time for it
    changes: tuple[str, ...] = ()  # handles of cases that changed since the snapshot


def must_reasons(case: Case, now: int, *, new: bool, packed: bool, night: bool) -> tuple[str, ...]:
    """Why a case has to be read one by one; empty for one of the batch."""
    clock = case.next_clock()
    found = {
        "p1": case.priority == 1,
        "p2": case.priority == 2,
        "supervised": case.supervised_until is not None,
        "difficult": case.state in (State.DIFF_REVIEW, State.DIFF_LED),
        "overdue": clock is not None and (clock.due or now + 1) <= now and case.state is not State.SUSPENDED,
        "rework": case.rework_count >= 1,
        "support": case.support in SUPPORT_MATTERS,
        "new": new,
        "info": case.state is State.INFO_NEEDED and case.info_rounds > _INFO_CYCLES,
        "night": night,
        "packed": packed,
    }
    return tuple(reason for reason, holds in found.items() if holds)


def group_of(case: Case, at: int, duty: DutyTime) -> tuple[str, int | None]:
    """(share of the balance, when a pausing clock goes on) as seen at the boundary `at`."""
    if case.state is State.SUSPENDED:
        return "suspended", None
    clock = case.next_clock()
    resumes = duty.paused_until(clock, at) if clock else None
    return ("paused", resumes) if resumes is not None else ("running", None)


def default_code(case: Case, group: str, to: str) -> str:
    """Overnight disposition where nobody chooses (§2.8). First and second priority have none, nor has the way out."""
    if to != "night":
        return ""
    if case.state in _WAITING:
        return _WAITING[case.state]
    return "N1" if case.priority not in URGENT and group == "paused" else ""


_NEXT: dict[State, tuple[str, str]] = {
    State.REPORTED: ("受理", "值守台"),
    State.INFO_NEEDED: ("催补充", "值守台"),
    State.ACCEPTED: ("派单", "值守台"),
    State.SELF_HANDLING: ("跟踪自处", ""),
    State.STATION_COORD: ("跟踪站内协调", ""),
    State.DISPATCHED: ("催签收", ""),
    State.HANDLING: ("处置并提交", ""),
    State.DIFF_REVIEW: ("定牵头站", "镇中心"),
    State.DIFF_LED: ("牵头处置", ""),
    State.SUSPENDED: ("到期复查", "镇中心"),
    State.SUBMITTED: ("核查", "值守台"),
}


def next_step(case: Case, who: str, when: str) -> str:
    """What comes next, by whom, by when: from the state, where the outgoing officer says nothing better."""
    what, desk = _NEXT.get(case.state, ("跟踪", ""))
    return " ".join(part for part in (desk or who, what, when and f"{when}前") if part)


def blockers(h: Handover, live: Live, incoming: Person | None = None) -> list[Finding]:
    """B1-B8. B7 is judged where the incoming officer is known."""
    night = h.to == "night"
    found: list[Finding] = []
    for case in live.cases:
        settled = case.id in live.handled or case.state in _WAITING
        chosen = h.codes.get(case.id)
        stands = chosen is not None and code_refusal(h, case, chosen.code) is None  # the case may have changed since
        if h.frm != h.to and not settled and not stands:
            found.append(_b1(case, night))
        request, clock = case.requests.get("return"), case.clocks.get("RET")
        if request is not None and clock is not None and (clock.due or live.now) <= live.now:
            found.append(
                Finding("B2", f"{case.handle} 退单逾期未决", f"{case.handle}: return undecided past its time",
                        f"td {case.handle} y|n 码", f"td {case.handle} y|n CODE", case.id, case.handle)
            )  # fmt: skip
        if case.id in live.stale_alarms:
            found.append(
                Finding("B6", f"{case.handle} 一级超时未应答", f"{case.handle}: first-priority alarm not answered",
                        f"联系后记录: th {case.handle} 码", f"record the call: th {case.handle} CODE", case.id, case.handle)
            )  # fmt: skip
    found += [
        Finding("B3", f"{who} 有 {age} 分钟未提交的草稿", f"draft of {who}, {age} min old", "n 打开表单，提交或作废",
                "submit or drop it") for who, age in live.drafts
    ]  # fmt: skip
    if not live.balanced or live.chain:
        zh = live.chain or "结存不平"
        found.append(Finding("B4", zh, "the count does not match or the chain is broken",
                             "zjj audit verify；必要时 zjj db rebuild", "zjj audit verify, then zjj db rebuild"))  # fmt: skip
    if h.unread:
        listed = " ".join(item.handle for item in h.unread[:6])
        found.append(Finding("B5", f"必读未读 {len(h.unread)} 件: {listed}", f"{len(h.unread)} must-reads are not read",
                             "逐条 Space", "read them one by one"))  # fmt: skip
    fresh = [c.handle for c in live.cases if h.package is not None and h.package.item(c.id) is None]
    if fresh:
        listed = " ".join(fresh[:6])
        found.append(Finding("B5", f"快照后新到一二级 {len(fresh)} 件: {listed}", f"{len(fresh)} urgent cases came after the snapshot",
                             "r 重建后阅读", "build it anew and read them"))  # fmt: skip
    if incoming is not None:
        found += _b7(h, incoming)
    if live.clock:
        found.append(Finding("B8", live.clock, "clock or database fault", "校时后重试: zjj doctor", "see zjj doctor"))
    return found


def _b1(case: Case, night: bool) -> Finding:
    codes = "N2/N3" if night else "R1-R4"
    who_zh, who_en = ("夜间承办", "handler for the night") if night else ("白班承办", "handler for the day")
    level = "一级" if case.priority == 1 else "二级"
    return Finding(
        "B1", f"{case.handle} {level} 无{who_zh}", f"{case.handle}: no {who_en}",
        f"p 派单，或定去向 {codes}", f"dispatch, or choose {codes}", case.id, case.handle,
    )  # fmt: skip


def _b7(h: Handover, p: Person) -> list[Finding]:
    out = h.out_sign.by if h.out_sign else ""
    reasons: list[tuple[str, str, str, str]] = []
    if not p.signed_in:
        reasons.append((f"接班人 {p.actor.name} 未签到", "not signed in", f"qd {p.actor.work_no}", "sign in first"))
    if not p.trained:
        reasons.append(
            (f"接班人 {p.actor.name} 未受坐席培训", "not trained for the desk", "换人接班", "another person")
        )
    if out == p.actor.work_no:
        reasons.append(("交班人与接班人为同一人", "same person as the outgoing",
                        "另一人接班，或值班长按带病交接(连任)", "another person, or forced by the shift lead"))  # fmt: skip
    return [Finding("B7", zh, en, way_zh, way_en) for zh, en, way_zh, way_en in reasons]


_Warning = Callable[[Live], tuple[str, str] | None]


def _listed(names: tuple[str, ...]) -> str:
    return "、".join(names[:4]) + (f"等{len(names)}" if len(names) > 4 else "")


_WARNINGS: tuple[tuple[str, _Warning], ...] = (
    ("W1", lambda v: (f"未到岗: {_listed(v.absent)}", f"{len(v.absent)} people absent") if v.absent else None),
    ("W2", lambda v: (f"待发消息 {v.unsent} 条", f"{v.unsent} messages unsent") if v.unsent else None),
    ("W3", lambda v: (f"装备短缺: {_listed(v.short)}", "equipment short") if v.short else None),
    ("W4", lambda v: (f"三级超时 {len(v.late_slow)}: {_listed(v.late_slow)}", "third priority overdue") if v.late_slow else None),
    ("W5", lambda v: (f"站未按时签: {_listed(v.late_stations)}", "stations late to sign") if v.late_stations else None),
    ("W6", lambda v: (f"上次为带病交接 {v.previous_forced}", "the previous handover was forced") if v.previous_forced else None),
    ("W7", lambda v: (v.platform, "the platform cannot be reached") if v.platform else None),
)  # fmt: skip


def warnings(live: Live) -> list[Finding]:
    """W1-W7, each to be ticked."""
    found = [(code, rule(live)) for code, rule in _WARNINGS]
    return [Finding(code, said[0], said[1], "Space 知悉", "tick it") for code, said in found if said]


def unticked(h: Handover, live: Live) -> list[Finding]:
    """Warnings to be ticked; other people missing than those that were ticked is another warning (W1)."""
    return [w for w in warnings(live) if w.id not in h.ticks or (w.code == "W1" and h.ticks[w.id].back != w.zh)]


def sign_refusal(h: Handover, side: str, p: Person, live: Live, holding_desk: str, claimed: bool) -> Refusal | None:
    """Why a desk handover cannot be signed on that side now; None if it can."""
    if h.package is None:
        return _no("还没有交接包，先 prepare", "prepare it first")
    if h.state in DONE:
        return _no(f"{h.number} 已签，不能再签；补充用 note", "signed already; add late items with note")
    if claimed and holding_desk != h.frm:
        return _no(
            f"看护权在{DESK_ZH[holding_desk]}，上一次交接尚未签", f"the {DESK_EN[holding_desk]} has custody", "I-1"
        )
    desk = h.frm if side == "out" else h.to
    if p.desk != desk and "centre" not in p.actor.roles:
        side_zh = "交班" if side == "out" else "接班"
        return _no(f"{side_zh}须由{DESK_ZH[desk]}的人签；{p.actor.name} 在{DESK_ZH[p.desk]}",
                   f"the {side}-side is signed by the {DESK_EN[desk]}")  # fmt: skip
    if live.stale:
        return _no("交接包过旧，重建(prepare)后再签", "the package is too old; build it anew")
    found = blockers(h, live, p if side == "in" else None)
    if side == "out":
        found = [f for f in found if f.code in ("B3", "B4", "B8", "B2")]
    if found:
        zh = "；".join(f"{f.code} {f.zh} -> {f.way_zh}" for f in found[:6])
        return _no(f"不能签: {zh}", "blocked: " + "; ".join(f"{f.code} {f.en}" for f in found), found[0].code)
    if side == "in" and h.out_sign is None:
        return _no("交班人尚未签字", "the outgoing officer has not signed")
    left = unticked(h, live) if side == "in" else []
    if left:
        zh = "；".join(f"{f.code} {f.zh}" for f in left)
        return _no(
            f"警示未知悉: {zh}", "warnings to tick: " + "; ".join(f"{f.code} {f.en}" for f in left), left[0].code
        )
    return None


def code_refusal(h: Handover, case: Case, code: str) -> Refusal | None:
    """N codes belong to the way into the night, R codes to the way out of it. `case` as it stands now."""
    if code not in CODES:
        return Refusal(
            3, "2.8", f"没有去向码 {code}；可用 {' '.join(CODES)}", f"no such code; there are {' '.join(CODES)}"
        )
    allowed = AFTER_NIGHT if (h.frm, h.to) == ("night", "day") else BEFORE_NIGHT
    if code not in allowed:
        return _no(f"此交接用 {'、'.join(allowed)}", f"this handover uses {', '.join(allowed)}", "2.8")
    if code in _WAITING.values() and _WAITING.get(case.state) != code:
        return _no(f"{case.handle} 不是{CODES[code][0]}", f"{case.handle} is not: {CODES[code][1]}", "2.8")
    if code == "R1" and case.is_open:
        return _no(f"{case.handle} 未结，不能定 R1", f"{case.handle} is not ended", "2.8")
    if case.priority in URGENT and code == "N1":
        return _no(
            f"{case.handle} 为一二级，须 N2 转夜间队或 N3 部门值班", "first and second priority need N2 or N3", "2.8"
        )
    return None


def lateness(h: Handover, now: int, town: Town) -> str:
    """`` in time, `late` after the window, `call` when the centre is to be called. Custody stays where it is."""
    if h.state in DONE or now < h.at:
        return ""
    rules = town.duty_rules
    if now >= h.at + rules.call_after * MINUTE:
        return "call"
    return "late" if now >= h.at + rules.late_after * MINUTE else ""


def _no(zh: str, en: str, rule: str = "4.6") -> Refusal:
    return Refusal(8, rule, zh, en)
