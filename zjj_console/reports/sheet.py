"""The handover sheet (交接单, §4.6) as text, as a page and as a workbook, and its annex of late notes."""

from zjj_console.domain.duty import DutyTime
from zjj_console.domain.handover import Handover, Item
from zjj_console.domain.model import MINUTE
from zjj_console.reports import book, page, plain
from zjj_console.reports import sheet_parts as parts
from zjj_console.reports.document import Document, Entry, Grid, Hand, Lines, Pair, Part, Section
from zjj_console.reports.wording import (
    Clock,
    code_word,
    joined,
    next_word,
    package_of,
    signed_by,
    state_word,
    told,
    who,
    worst_first,
)

_CASE_HEAD = (
    "案号", "级", "状态", "超时", "计时", "地点", "要点", "内容", "承办单位", "承办人", "时限", "夜间安排",
)  # fmt: skip
_MUST_HEAD = (*_CASE_HEAD, "必读缘由", "最近记录", "下一步", "接班复述", "已读")


def text(h: Handover, duty: DutyTime) -> str:
    """80 columns, 60 lines a page, pages parted by form feeds. Raises ValueError without a package."""
    return plain.render(document(h, duty))


def html(h: Handover, duty: DutyTime) -> str:
    """One self-contained A4 page. Raises ValueError without a package."""
    return page.render(document(h, duty))


def xlsx(h: Handover, duty: DutyTime) -> bytes:
    """Sheets 交接单 必读 其余 人员; the same record gives the same bytes. Raises ValueError without a package."""
    package, clock = package_of(h), Clock(duty)
    must = [(*_case_row(h, i, clock), *_must_row(h, i, clock)) for i in worst_first(package.must)]
    rest = [_case_row(h, i, clock) for i in worst_first(tuple(i for i in package.items if not i.must))]
    people = parts.staff(package)
    pages = [
        ("交接单", _flat(document(h, duty))),
        ("必读", [_MUST_HEAD, *must]),
        ("其余", [_CASE_HEAD, *rest]),
        ("人员", [people.head, *people.rows]),
    ]
    return book.workbook(pages, package.at)


def annex(h: Handover, duty: DutyTime) -> str:
    """What was written after the transfer, as a paper of its own: the signed sheet stays as it was."""
    package, clock = package_of(h), Clock(duty)
    late = tuple(f"{clock.full(n.at)} {who(h, n.by)}: {told(n.text, 2000)}" for n in h.notes if n.late)
    return plain.render(
        Document(
            f"{told(package.town_zh, 40)} 城运值守交接单附件",
            f"附 {h.number} 迟到事项 {len(late)} 条",
            (Pair("看护权", moved(h, clock)), Pair("快照校验", h.digest or "未生成")),
            (Section("迟到事项(不属已签内容)", (Lines(late),)),),
            foot(h),
            _marks(h),
        )
    )


def document(h: Handover, duty: DutyTime) -> Document:
    """The whole sheet, whatever it is written on."""
    package, clock = package_of(h), Clock(duty)
    rules = duty.town.duty_rules
    window = f"{clock.time(h.at - rules.freeze_before * MINUTE)}-{clock.time(h.at + rules.late_after * MINUTE)}"
    facts = (
        Pair("交接", f"{package.boundary} {told(package.boundary_zh, 40)}  {told(package.frm_zh, 40)} -> {told(package.to_zh, 40)}"),
        Pair("边界", f"{clock.day(h.at)} {clock.time(h.at)}  窗口 {window}(配置值)"),
        Pair("快照", f"{clock.full(package.at)}  {told(package.by_zh, 20)}({told(package.by, 20)})"),
        Pair("快照校验", h.digest or "未生成"),
        Pair("日志位置", str(package.lseq)),
        Pair("日志链", package.head or "无"),
        Pair("同步", f"待发 {package.unsent} 条"),
        Pair("看护权", moved(h, clock)),
    )  # fmt: skip
    return Document(
        f"{told(package.town_zh, 40)} 城运值守交接单",
        f"交接单 {h.number}  {state_word(h)}",
        facts,
        parts.sections(h, duty),
        foot(h),
        _marks(h),
        _hands(h, duty),
    )


def moved(h: Handover, clock: Clock) -> str:
    return f"{clock.full(h.moved_at)} 移交" if h.moved_at is not None else "未移交"


def foot(h: Handover) -> str:
    """Number, snapshot hash and journal position: what ties a loose page to its record."""
    package = package_of(h)
    return f"{h.number}  快照 {h.digest[:16] or '未生成'}  日志位置 {package.lseq}"


def _marks(h: Handover) -> tuple[str, ...]:
    trial = ("试用: 不作正式交接依据",) if package_of(h).trial else ()
    return (*trial, *((f"带病交接: {told(h.forced.reason)}",) if h.forced else ()))


def _hands(h: Handover, duty: DutyTime) -> tuple[Hand, ...]:
    clock = Clock(duty)
    sides = (("交班人", h.out_sign), ("接班人", h.in_sign))
    signed = (Hand(role, signed_by(s, duty), clock.full(s.at)) if s else Hand(role) for role, s in sides)
    forced = h.forced
    witness = (
        Hand("批准人", who(h, forced.second), clock.full(forced.at))
        if forced
        else Hand(f"(见证) {duty.town.centre.name}")
    )
    return (*signed, witness)


def _case_row(h: Handover, item: Item, clock: Clock) -> tuple[str, ...]:
    handle, priority, state, overdue = parts.heading(item)
    return (
        handle,
        priority,
        state,
        overdue,
        parts.group_word(h, item),
        told(item.place),
        told(h.gist_of(item)),
        told(item.text),
        told(item.lead_zh, 30),
        told(item.person_zh, 20),
        parts.limit(item, clock),
        code_word(h.code_of(item)),
    )


def _must_row(h: Handover, item: Item, clock: Clock) -> tuple[str, ...]:
    done = joined(*(told(text, 160) for text in item.done[-3:]), by="; ")
    return parts.reasons(item), done, next_word(h, item), parts.read_back(h, item).text, parts.read(h, item, clock)


def _flat(paper: Document) -> list[tuple[str, ...]]:
    """The document as rows; cases and people have sheets of their own."""
    rows: list[tuple[str, ...]] = [(paper.title,), (paper.subtitle,), *((mark,) for mark in paper.marks)]
    rows += [(pair.label, pair.text) for pair in paper.facts]
    for section in paper.sections:
        rows += [(), (section.title,)]
        for part in section.parts:
            rows += _flat_part(part)
    rows.append(())
    return [*rows, *((hand.role, hand.name or "未签", hand.at) for hand in paper.hands), (paper.foot,)]


def _flat_part(part: Part) -> list[tuple[str, ...]]:
    if isinstance(part, Entry):
        return [(part.title,)]
    if isinstance(part, Grid):
        return [part.head, *part.rows] if part.rows else [(part.empty,)]
    return [(item,) for item in part.items or (part.empty,)]
