"""The sections of the handover sheet, in reading order."""

from collections import Counter
from collections.abc import Iterator

from zjj_console.domain.duty import DutyTime
from zjj_console.domain.handover import MUST_ZH, TOPICS, Handover, Item, Line, Package, Tick
from zjj_console.domain.marks import PRIORITY_ZH
from zjj_console.domain.model import MINUTE
from zjj_console.reports.document import Entry, Grid, Lines, Pair, Part, Section
from zjj_console.reports.wording import (
    ABSENT_ZH,
    SIDE_ZH,
    WARNING_ZH,
    Clock,
    by_handle,
    code_word,
    joined,
    line_text,
    next_word,
    package_of,
    signed_by,
    told,
    who,
    worst_first,
)

_HANDLES = 40  # handles listed per group of the rest
_READ_BACK = (1, 2)  # priorities whose next action the incoming side says back

MUST_TITLE, REST_TITLE, STAFF_TITLE = "必读", "其余未结", "人员、顶班与缺岗"


def sections(h: Handover, duty: DutyTime) -> tuple[Section, ...]:
    """All of them, numbered."""
    package, clock = package_of(h), Clock(duty)
    told_lines = [
        ("待决申请与草稿", (*package.requests, *package.drafts)),
        ("升级与通话", package.calls),
        ("未来12小时到期", package.coming),
    ]
    found: list[tuple[str, tuple[Part, ...]]] = [
        ("人员交接", (signers(h, duty),)),
        ("结存", balance(h)),
        (f"{MUST_TITLE} {len(package.must)} 件", must(h, clock)),
        (REST_TITLE, rest(h, clock)),
        *((title, (_lines(lines, clock),)) for title, lines in told_lines),
        (STAFF_TITLE, (staff(package), *_gaps(package, clock))),
        ("驻站", (_lines(package.stationings, clock),)),
        ("装备", (Lines((told(h.equipment),) if h.equipment else (), "未登记"),)),
        ("便签与未结事项", (notes(h, clock),)),
        ("异常", (Lines(tuple(abnormal(h, duty))),)),
        ("口头交接六项", (spoken(h, clock),)),
        ("警示已知悉", (warnings(h, clock),)),
    ]
    return tuple(Section(f"{n} {title}", parts) for n, (title, parts) in enumerate(found, 1))


def _lines(lines: tuple[Line, ...], clock: Clock) -> Lines:
    return Lines(tuple(line_text(line, clock) for line in lines))


def signers(h: Handover, duty: DutyTime) -> Grid:
    """Who hands over to whom, and which station signed through whom."""
    clock, package = Clock(duty), package_of(h)
    sides = (("交班", told(package.frm_zh, 40), h.out_sign), ("接班", told(package.to_zh, 40), h.in_sign))
    units = duty.town.units
    stations = ((units[u].name if u in units else told(u, 40), sign) for u, sign in sorted(h.stations.items()))
    return Grid(
        ("方", "单位", "签字", "时间"),
        (
            *(
                (side, desk, signed_by(s, duty) if s else "未签", clock.full(s.at) if s else "")
                for side, desk, s in sides
            ),
            *(("站点", name, signed_by(s, duty), clock.full(s.at)) for name, s in stations),
        ),
    )


def balance(h: Handover) -> tuple[Part, ...]:
    package = package_of(h)
    b = package.balance
    flow = f"上期{b.opening} + 新增{b.new} + 重开{b.reopened} - 结案{b.closed} - 作废{b.voided} - 并案{b.merged} = 未结{b.open}"
    split = f"未结{b.open} = {running_word(h)}{package.count('running')} + 停表{package.count('paused')} + 挂账{package.count('suspended')}"
    counts = Counter((i.state_zh, i.priority) for i in package.items)
    late = Counter(i.state_zh for i in package.items if i.overdue)
    states = sorted({i.state_zh for i in package.items})
    table = [(state, [counts[state, p] for p in PRIORITY_ZH], late[state]) for state in states]
    table.append(("合计", [sum(n[p] for _, n, _ in table) for p in range(len(PRIORITY_ZH))], sum(late.values())))
    return (
        Lines((f"{flow} {'相符' if b.holds else '不符'}", f"{split} {'合计相符' if adds_up(package) else '合计不符'}")),
        Grid(
            ("状态", *PRIORITY_ZH.values(), "合计", "其中超时"),
            tuple((told(state, 20), *map(str, n), str(sum(n)), str(o)) for state, n, o in table),
        ),
    )


def running_word(h: Handover) -> str:
    """What runs on is the night team's once the desk goes to the night."""
    return "夜队承办" if h.frm != h.to and h.to == "night" else "在办"


def where_to(h: Handover) -> str:
    """What the codes are called: N1-N5 on the way into the night, R1-R4 out of it."""
    return "早间去向" if h.frm != h.to and h.to == "day" else "夜间安排"


def adds_up(package: Package) -> bool:
    return len(package.items) == package.balance.open


def must(h: Handover, clock: Clock) -> tuple[Part, ...]:
    items = worst_first(package_of(h).must)
    return tuple(case(h, item, clock, f"[{n}/{len(items)}]") for n, item in enumerate(items, 1)) or (Lines(()),)


def case(h: Handover, item: Item, clock: Clock, mark: str = "") -> Entry:
    """One case in full; the incoming side's words beside the outgoing's next action."""
    title = joined(mark, *heading(item), told(item.place, 60), by="  ")
    done = tuple((Pair("最近" if n == 0 else "", told(text, 160)),) for n, text in enumerate(item.done[-3:]))
    chosen, code = h.codes.get(item.id), h.code_of(item)
    by = f"({who(h, chosen.by)} {clock.short(chosen.at)})" if chosen else ""
    return Entry(
        title,
        (
            (_filled("要点", told(h.gist_of(item))),),
            (Pair("内容", told(item.text)),),
            (Pair("承办", handler(item)), Pair("时限", limit(item, clock))),
            (Pair("必读缘由", reasons(item)), Pair("已读", read(h, item, clock))),
            *(done or ((Pair("最近", "本班无记录"),),)),
            (_filled("下一步", next_word(h, item)), read_back(h, item)),
            (Pair(where_to(h), joined(code_word(code), by) if code else "未定", strong=not code and item.priority in _READ_BACK),),
        ),
    )  # fmt: skip


def heading(item: Item) -> tuple[str, str, str, str]:
    priority = PRIORITY_ZH.get(item.priority, str(item.priority))
    return told(item.handle, 20), priority, told(item.state_zh, 20), "超时" if item.overdue else ""


def handler(item: Item) -> str:
    return joined(told(item.lead_zh, 30), told(item.person_zh, 20)) or "无承办"


def limit(item: Item, clock: Clock) -> str:
    """As it stood at the snapshot, and when it ends by the wall clock."""
    return joined(told(item.clock_zh, 40), f"至{clock.short(item.due)}" if item.due is not None else "") or "无"


def _filled(label: str, text: str) -> Pair:
    return Pair(label, text or "未填", strong=not text)


def reasons(item: Item) -> str:
    return joined(*(MUST_ZH.get(code, told(code, 10)) for code in item.must))


def read(h: Handover, item: Item, clock: Clock) -> str:
    tick = h.reads.get(item.id)
    if tick is None:
        return "未读"
    return joined("" if h.has_read(item) else "旧版须重读", clock.short(tick.at), who(h, tick.by))


def read_back(h: Handover, item: Item) -> Pair:
    tick = h.reads.get(item.id)
    needed = item.priority in _READ_BACK
    if tick and tick.back:
        return Pair("接班复述", told(tick.back))
    return Pair("接班复述", "未复述" if needed else "不要求", strong=needed)


def rest(h: Handover, clock: Clock) -> tuple[Part, ...]:
    """Cases that are read as a batch: counts and handles, and what the paper leaves out."""
    package = package_of(h)
    items = [i for i in package.items if not i.must]
    groups: dict[tuple[str, str], list[Item]] = {}
    for item in sorted(items, key=by_handle):
        groups.setdefault((group_word(h, item), item.state_zh), []).append(item)
    rows = tuple(
        (told(state, 20), group, str(len(cases)), _first_due(cases, clock), _handles(cases))
        for (group, state), cases in sorted(groups.items())
    )
    batch = [_tick(h, "成批确认", h.batch, clock)] if h.batch else ["成批确认: 未确认"] * bool(items)
    return (Lines((f"共 {len(items)} 件", *batch)), Grid(("状态", "计时", "件数", "最早到期", "案号"), rows))


def group_word(h: Handover, item: Item) -> str:
    return {"running": running_word(h), "paused": "停表", "suspended": "挂账"}.get(item.group, told(item.group, 20))


def _first_due(cases: list[Item], clock: Clock) -> str:
    return clock.short(min((i.due for i in cases if i.due is not None), default=None))


def _handles(cases: list[Item]) -> str:
    shown = joined(*(told(i.handle, 20) for i in cases[:_HANDLES]))
    return shown if len(cases) <= _HANDLES else f"{shown} 另{len(cases) - _HANDLES}件未列"


def staff(package: Package) -> Grid:
    """Missing people first within each side."""
    people = sorted(package.staff, key=lambda s: (s.side != "out", s.standing not in ABSENT_ZH))
    return Grid(
        ("方", "单位", "岗位", "姓名", "工号", "状态", "备注"),
        tuple(
            (
                SIDE_ZH.get(s.side, told(s.side, 10)),
                told(s.unit_zh, 30),
                told(s.post, 20),
                told(s.name, 20),
                told(s.person, 20),
                told(s.standing, 20),
                told(s.note, 80),
            )
            for s in people
        ),
    )


def _gaps(package: Package, clock: Clock) -> Iterator[Lines]:
    yield Lines((f"未覆盖时段 {len(package.gaps)} 段", *_lines(package.gaps, clock).items))


def notes(h: Handover, clock: Clock) -> Lines:
    """Notes of this handover before the transfer, then what earlier ones left open. Late ones are an annex."""
    own = (f"{clock.short(n.at)} {told(n.name, 20)}: {told(n.text)}" for n in h.notes if not n.late)
    earlier = (f"往期未结: {line_text(line, clock)}" for line in package_of(h).earlier)
    return Lines((*own, *earlier))


def abnormal(h: Handover, duty: DutyTime) -> Iterator[str]:
    """Everything that makes this handover other than it should be."""
    package, clock = package_of(h), Clock(duty)
    if h.forced:
        yield f"带病交接: {told(h.forced.reason)}"
        yield f"带病交接 发起 {who(h, h.forced.by)} 批准 {who(h, h.forced.second)} {clock.full(h.forced.at)}"
        yield from (f"带病交接 未解除的阻断: {told(text)}" for text in h.forced.blockers)
    if package.trial:
        yield "试用: 本单含试用数据或试用人员签字"
    if not package.balance.holds or not adds_up(package):
        yield "结存不符"
    if h.unread and (h.out_sign or h.in_sign):
        yield f"必读未读 {len(h.unread)} 件: {joined(*(told(i.handle, 20) for i in h.unread))}"
    if h.changed:
        yield f"快照后变更 {len(h.changed)} 件: {joined(*(told(handle, 20) for handle in h.changed))}"
    if package.unsent:
        yield f"同步待发 {package.unsent} 条"
    late = (h.moved_at - h.at) // MINUTE if h.moved_at is not None else 0
    if late > duty.town.duty_rules.late_after:
        yield f"逾窗交接: 边界后 {late} 分"


def spoken(h: Handover, clock: Clock) -> Lines:
    box = "[x]" if h.spoken else "[ ]"
    topics = (f"{box} {n} {topic}" for n, topic in enumerate(TOPICS, 1))
    return Lines((*topics, _tick(h, "双方逐条复述", h.spoken, clock) if h.spoken else "口头交接: 未确认"))


def warnings(h: Handover, clock: Clock) -> Lines:
    ticks = sorted(h.ticks.items())
    return Lines(tuple(_tick(h, joined(told(c, 20), WARNING_ZH.get(c, "")), tick, clock) for c, tick in ticks))


def _tick(h: Handover, what: str, tick: Tick, clock: Clock) -> str:
    return joined(f"{what}: {who(h, tick.by)} {clock.short(tick.at)}", told(tick.back))
