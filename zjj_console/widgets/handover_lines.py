"""A handover in lines (§4.6): who signed, what is read one by one, what blocks, the count, and what is said aloud."""

from typing import Literal, NamedTuple

from rich.cells import cell_len

from zjj_console.desk import wording
from zjj_console.domain import handover as ho
from zjj_console.domain.custody import DESK_ZH
from zjj_console.domain.handover import Handover, Item, Signature
from zjj_console.domain.handover_rules import URGENT, Finding
from zjj_console.domain.model import DAY, MINUTE
from zjj_console.i18n import english, t
from zjj_console.widgets.case_lines import person_name
from zjj_console.widgets.cells import Line, Span, fit, fitted, shown, width_of, words, wrap
from zjj_console.widgets.columns import Frame, unit_name

_DEADLINE, _CODE, _STATE = 11, 11, 8
_FIXED = 1 + 4 + 3 + 6 + 3 + _STATE + 1 + _DEADLINE + 1 + 1 + _CODE
# Where a case goes, in a narrow column.
_CODE_ZH = {
    "N1": "停表续办", "N2": "转夜间队", "N3": "部门值班", "N4": "待核查", "N5": "挂账", "R1": "已结", "R2": "交回原办",
    "R3": "夜队续办", "R4": "交镇中心",
}  # fmt: skip


class Row(NamedTuple):
    """One line of the list. `id` holds the cursor when everything around it changes."""

    kind: Literal["station", "must", "sample", "warning"]
    id: str
    item: Item | None = None
    finding: Finding | None = None


class View(NamedTuple):
    """A handover as it stands now. `frame.now` is the instant of the transfer once it is signed."""

    h: Handover
    frame: Frame
    rows: tuple[Row, ...] = ()
    cursor: int = 0
    blockers: tuple[Finding, ...] = ()
    changes: tuple[str, ...] = ()
    late: str = ""
    balanced: bool = True
    holder: str = "day"  # the desk that has custody now

    @property
    def warnings(self) -> list[Row]:
        return [row for row in self.rows if row.kind == "warning"]


def said(finding: Finding) -> str:
    return finding.en if english() else shown(finding.zh)


def way(finding: Finding) -> str:
    return finding.way_en if english() else finding.way_zh


def clock_time(view: View, at: int) -> str:
    """`17:31`; with its date on another day."""
    return wording.moment(at, view.frame.now, view.frame.duty)


def desk_word(desk: str) -> str:
    return t(DESK_ZH[desk])


def boundary_word(h: Handover, frame: Frame) -> str:
    known = frame.town.boundaries.get(h.boundary)
    name = (known.name_en if english() else known.name) if known else t("临时交接")
    return f"{h.boundary} {name}"


# the head -----------------------------------------------------------------------------------------------------------------


def headline(view: View) -> Line:
    """Which handover, its state, what blocks it, and whether it is late."""
    h = view.h
    state_style = "$done" if h.state == "IN_SIGNED" else "bold $p2"
    line: list[Span] = [
        (f" {boundary_word(h, view.frame)} ", "bold $foreground"),
        (f"{view.frame.duty.local(h.at):%H:%M}  {h.number}  ", "$foreground"),
        (t(ho.STATE_ZH[h.state]), state_style),
    ]
    if view.blockers:
        line.append((f"  X {t('阻断')} {len(view.blockers)}", "bold $p1"))
    open_ones = sum(row.id not in h.ticks for row in view.warnings)
    if open_ones:
        line.append((f"  ! {t('警示')} {open_ones}", "bold $p2"))
    if view.late:
        line.append((f"  !! {t('未签')} {wording.span(view.frame.now - h.at)}", "bold $p1"))
    return tuple(line)


def signatures(view: View) -> Line:
    h = view.h
    line: list[Span] = [(" ", "")]
    if view.late == "call":
        line.append((f"{called(view)}  ", "bold reverse $p1"))
    if by_stations(h, view.frame):
        signed = len(h.stations)
        every = len(stations(view.frame))
        line.append((f"{t('各站已签 {n}/{all}', n=signed, all=every)}  ", "$done" if signed == every else "bold $p2"))
    else:
        line += [*signature(view, "交班", h.out_sign), ("  ", ""), *signature(view, "接班", h.in_sign), ("  ", "")]
    line.append((custody(view), "$dim"))
    if h.package is not None:
        line.append((f"  {t('快照')} {clock_time(view, h.package.at)} sha {h.digest[:4]}", "$dim"))
    return tuple(line)


def signature(view: View, side: str, mark: Signature | None) -> Line:
    if mark is None:
        return (f"{t(side)} ", "$dim"), (t("未签"), "bold $p2")
    return (f"{t(side)} ", "$dim"), (f"{shown(mark.name)} {clock_time(view, mark.at)} {t('已签')}", "$done")


def called(view: View) -> str:
    """E4: the centre is told by telephone; the console says whom."""
    centre = view.frame.town.centre.code
    names = "、".join(
        dict.fromkeys(person_name(view.frame.town, p.work_no) for p in view.frame.town.holders(centre, "centre"))
    )
    return words((t("请呼 E4 镇中心负责人"), names))  # fmt: skip


def custody(view: View) -> str:
    h = view.h
    if h.moved_at is not None and h.state in ho.DONE:
        return t("看护权 {desk} {time}起", desk=desk_word(h.to), time=clock_time(view, h.moved_at))
    still = view.holder == h.frm and h.package is not None
    return t("看护权 仍在{desk}" if still else "看护权 在{desk}", desk=desk_word(view.holder))


def by_stations(h: Handover, frame: Frame) -> bool:
    known = frame.town.boundaries.get(h.boundary)
    return known is not None and known.kind == "station"


def stations(frame: Frame) -> list[str]:
    return [u.code for u in frame.town.of_kind("station") if u.enabled]


# the list -----------------------------------------------------------------------------------------------------------------


def list_title(view: View) -> Line:
    h = view.h
    package = h.package
    every = len(package.must) if package else 0
    rest = (f"  {t('Space 已读，未读不能签')}", "$dim")
    line: Line = ((f" {t('必读逐条确认')} {every - len(h.unread)}/{every}", "bold $accent"),)
    return line if h.state in ho.DONE else (*line, rest)


def list_head(width: int) -> Line:
    text = (
        f"        {fit(t('案号'), 5, right=True)} {fit(t('级'), 2)} {fit(t('状态'), _STATE)} "
        f"{fit(t('最近时限'), _DEADLINE, right=True)} {fit(t('要点'), max(4, width - _FIXED))} {fit(t('去向'), _CODE)}"
    )
    return ((text, "$dim"),)


def row_line(view: View, index: int, width: int, text: str = "") -> Line:
    """`text`: what a warning says, where its line is only the first of several."""
    row = view.rows[index]
    here = index == view.cursor
    if row.finding is not None:
        body = _warning(view, row, text or f"{row.id} {said(row.finding)}")
    else:
        body = _case(view, row, width) if row.item is not None else _station(view, row)
    line: Line = ((">" if here else " ", "bold $accent"), *body)
    return tuple((text, f"{style} bold on $raised" if here else style) for text, style in fitted(line, width))


def _box(ticked: bool) -> Span:
    return ("[x] ", "$done") if ticked else ("[ ] ", "bold $p2")


def _case(view: View, row: Row, width: int) -> Line:
    h, item = view.h, row.item
    assert item is not None
    blocked = any(f.case_id == item.id for f in view.blockers)
    changed = item.handle in view.changes
    due, due_style = deadline(item, view.frame)
    code, code_style = arrangement(view, item)
    return (
        _box(h.has_read(item)),
        ("X" if blocked else " ", "bold $p1"), (t("变") if changed else "  ", "bold $p2"),
        (f"{fit(item.handle, 5, right=True)} ", "$foreground"),
        (f"{item.priority}  ", {1: "bold $p1", 2: "$p2"}.get(item.priority, "$dim")),
        (fit(t(item.state_zh), _STATE + 1), "$foreground"),
        (f"{fit(due, _DEADLINE, right=True)} ", due_style),
        (f"{fit(gist(h, item), max(4, width - _FIXED))} ", "$foreground"),
        (fit(code, _CODE), code_style),
    )  # fmt: skip


def gist(h: Handover, item: Item) -> str:
    """What the outgoing officer wrote, else where and what."""
    own = h.gists.get(item.id, "")
    text = shown(item.text)
    return shown(own) if own else words((shown(item.place), text.removeprefix(shown(item.place)).lstrip(" ，,")))


def deadline(item: Item, frame: Frame) -> Span:
    if item.due is None:
        return "-", "$dim"
    local = frame.duty.local
    if item.group == "suspended":
        return t("复查{day}", day=f"{local(item.due):%m-%d}"), "$wait"
    name = item.clock_zh[:2] if not english() else ""
    if item.due <= frame.now:
        return f"{name}{t('超{span}', span=wording.span(frame.now - item.due))}", "bold $p1"
    if item.resumes is not None and item.resumes > frame.now:
        then = local(item.resumes)
        near = item.resumes - frame.now < DAY
        word = "to " if english() else "停至"  # the column has no room for more
        return word + (f"{then:%H:%M}" if near else f"{then:%m-%d}"), "$wait"
    return f"{name}{t('余{span}', span=wording.span(item.due - frame.now))}", "$foreground"


def arrangement(view: View, item: Item) -> Span:
    """The chosen or given code; a blocked case says what is missing; else who has it."""
    code = view.h.code_of(item)
    if code:
        chosen = item.id in view.h.codes
        return f"{code} {t(_CODE_ZH[code])}", "$foreground" if chosen else "$dim"
    if any(f.code == "B1" and f.case_id == item.id for f in view.blockers):
        return t("须定: d"), "bold $p1"
    if item.priority in URGENT and by_stations(view.h, view.frame):
        return t("须定: d"), "bold $p2"
    return (shown(item.lead_zh), "$dim") if item.lead else ("-", "$dim")


def _warning(view: View, row: Row, text: str) -> Line:
    return _box(row.id in view.h.ticks), ("!  ", "bold $p2"), (text, "$foreground")


def _station(view: View, row: Row) -> Line:
    mark = view.h.stations.get(row.id)
    name = (f"   {fit(unit_name(view.frame.town, row.id), 12)}", "$foreground")
    if mark is None:
        return _box(False), name, (t("未签，Enter 代签"), "bold $p2")
    limit = view.h.at + view.frame.town.duty_rules.station_late_after * MINUTE
    late = t("迟{n}分", n=(mark.at - view.h.at) // MINUTE) if mark.at > limit else ""
    proxy = person_name(view.frame.town, mark.proxy_for) if mark.proxy_for else ""
    said_by = t("{name} {via}，{by} 代签", name=proxy, via=t(ho.VIA_ZH.get(mark.via, mark.via)), by=shown(mark.name))
    return (
        _box(True), name, (f"{clock_time(view, mark.at)} {said_by if proxy else shown(mark.name)}  ", "$done"),
        (late, "bold $p2"),
    )  # fmt: skip


def drawer(view: View, width: int, height: int) -> list[Line]:
    """What the row under the cursor has no room for, in at most `height` lines."""
    if not view.rows:
        return []
    row = view.rows[view.cursor]
    if row.item is None:
        text = words((said(row.finding), way(row.finding)), " -> ") if row.finding else ""
        return _pieces(text, width, height)
    h, item = view.h, row.item
    why = " ".join(t(ho.MUST_ZH[reason]) for reason in item.must)
    who = words((shown(item.lead_zh), shown(item.person_zh)))
    tick = h.reads.get(item.id)
    read = ""
    if tick is not None:
        again = "" if h.has_read(item) else t("(已变，须重读)")
        read = words(
            (t("已读"), person_name(view.frame.town, tick.by), clock_time(view, tick.at), shown(tick.back), again)
        )
    facts = words((f"{item.handle} {why}", who, read), " | ")
    whole = words((shown(item.place), shown(item.text)))
    later = words((f"{t('下一步')} {shown(h.next_of(item)) or '-'}", whole, shown(" / ".join(item.done[:2]))), " | ")
    return [((f" {facts}", "$foreground"),), *_pieces(later, width, height - 1)]


def _pieces(text: str, width: int, height: int) -> list[Line]:
    """A text in at most `height` dim lines; `..` where there is more of it."""
    pieces = wrap(text, width - 2)
    if len(pieces) > height:
        pieces = [*pieces[: height - 1], fit("".join(pieces[height - 1 : height + 1]), width - 2)]
    return [((f" {piece}", "$dim"),) for piece in pieces]


# around the list ----------------------------------------------------------------------------------------------------------


def batch(view: View) -> Line:
    h, package = view.h, view.h.package
    assert package is not None
    rest = [item for item in package.items if not item.must]
    if not rest:
        return ((f" {t('其余 0 件，无须成批')}", "$dim"),)
    counts = words(f"{t(zh)}{sum(i.state_zh == zh for i in rest)}" for zh in dict.fromkeys(i.state_zh for i in rest))
    text = f" {t('其余')} {len(rest)}: {counts}"
    if h.batch is None and h.state in ho.DONE:
        return (text, "$foreground"), (f"  {t('未成批')}", "$p2")
    if h.batch is None:
        return (text, "$foreground"), ("  ", ""), (t("b 成批确认并抽读"), "bold $p2")
    done = t("已成批 {name} {time}", name=person_name(view.frame.town, h.batch.by), time=clock_time(view, h.batch.at))
    return (text, "$foreground"), (f"  {done} ", "$done"), (f"{t('抽读')} {h.batch.back}", "$dim")


def blockers(view: View, width: int, height: int) -> list[Line]:
    """X: what forbids the signature, each with the way out; the last line counts those without a line."""
    found = view.blockers
    if view.h.state in ho.DONE:
        return closed(view, width, height)
    if by_stations(view.h, view.frame):
        return [_undecided(view)]
    if not found:
        return [((f" {t('阻断')} 0  {t('可签')}", "$done"),)]
    shown_ones = found if len(found) <= height else found[: height - 1]
    lines: list[Line] = [
        ((" X ", "bold reverse $p1"), (f" {f.code} {said(f)}", "$p1"), (f" -> {way(f)}", "$dim")) for f in shown_ones
    ]
    more = found[len(shown_ones) :]
    if more:
        names = words(dict.fromkeys(words((f.code, f.handle)) for f in more), "、")
        lines.append(((" X ", "bold reverse $p1"), (f" {t('另{n}项', n=len(more))}: {names}", "$p1")))
    return lines


def closed(view: View, width: int, height: int) -> list[Line]:
    """What stood against a signed handover: nothing, or why it was forced, by whose leave and over which blockers."""
    forced = view.h.forced
    if forced is None:
        return [((f" {t('签字时无阻断')}", "$done"),)]
    why = t("带病交接: {why}，批准 {name}", why=shown(forced.reason), name=shown(forced.second_name))
    over = "；".join(shown(text) for text in forced.blockers)
    lines: list[Line] = [((f" {piece}", "bold $p2"),) for piece in wrap(why, width - 2)[: max(1, height - 1)]]
    return [*lines, *_pieces(over, width, max(1, height - len(lines)))]


def _undecided(view: View) -> Line:
    """At opening and closing time: what would block the desk's handover later (B1)."""
    left = [r.item.handle for r in view.rows if r.item and r.item.priority in URGENT and not view.h.code_of(r.item)]
    if not left:
        return ((f" {t('一二级去向已定')}", "$done"),)
    return (f" {t('一二级未定去向')} {len(left)}", "bold $p2"), (f"  {t('d 定；不定则交接签不了')}", "$dim")


def balance(view: View, width: int) -> list[Line]:
    """`未结56 = 夜队承办6 + 停表45 + 挂账5  合计相符`; the verdict under it where it does not fit beside it."""
    package = view.h.package
    assert package is not None
    names = {"running": "夜队承办" if view.h.to == "night" else "在办", "paused": "停表", "suspended": "挂账"}
    gap = " " if english() else ""
    parts = " + ".join(f"{t(names[group])}{gap}{package.count(group)}" for group in ho.GROUPS)
    fits = view.balanced and package.balance.holds and len(package.items) == package.balance.open
    verdict = (" OK " + t("合计相符"), "$done") if fits else (" X " + t("合计不符"), "bold $p1")
    whole = f" {t('未结')}{gap}{package.balance.open} = {parts}"
    if cell_len(whole) + width_of((verdict,)) < width:
        return [((whole, "$foreground"), (" ", ""), verdict)]
    head, _, rest = whole.partition(" = ")
    lines = [whole] if cell_len(whole) <= width else [head, f" = {rest}"]
    return [*(((line, "$foreground"),) for line in lines), (verdict,)]


def equipment(view: View) -> Line:
    counted = view.h.equipment
    shown_text = shown(counted) if counted else t("未清点，按 c")
    return (f" {t('装备')} ", "$dim"), (shown_text, "$foreground" if counted else "$p2")


def spoken(view: View) -> Line:
    """The six topics, gone through by both sides aloud: written and spoken."""
    tick = view.h.spoken
    box, style = ("[x]", "$done") if tick else ("[ ]", "$p2")
    by = f"{person_name(view.frame.town, tick.by)} {clock_time(view, tick.at)}" if tick else t("v 六项已逐条复述")
    return (f" {t('口头交接')} {box} ", style), (by, "$dim")


def topics(width: int) -> list[Line]:
    """Numbered, as many in a line as it has room for."""
    lines = [""]
    for n, topic in enumerate(ho.TOPICS, 1):
        word = f" {n} {t(topic)} "
        if cell_len(lines[-1]) + cell_len(word) > width:
            lines.append("")
        lines[-1] += word
    return [((line, "$dim"),) for line in lines]


def changed(view: View) -> Line:
    if not view.changes:
        return ((f" {t('快照后变更')} 0", "$dim"),)
    listed = " ".join(view.changes[:8]) + (" .." if len(view.changes) > 8 else "")
    return ((f" {t('快照后变更')} {len(view.changes)}: ", "bold $p2"), (f"{listed}  {t('r 重建')}", "$dim"))
