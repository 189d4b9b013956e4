"""The handover screen's panes at each size: what stands where. Lines are made in `handover_lines`."""

from collections.abc import Sequence

from rich.cells import cell_len

from zjj_console.domain import handover as ho
from zjj_console.domain.handover import Handover
from zjj_console.domain.model import MINUTE
from zjj_console.i18n import t
from zjj_console.widgets import handover_lines as draw
from zjj_console.widgets.case_lines import note, title
from zjj_console.widgets.cells import Line, Span, fit, shown, words, wrap
from zjj_console.widgets.handover_lines import View

_THERE = ("在岗", "听班")


def left(view: View, width: int, height: int, *, wide: bool) -> list[Line]:
    """The list and what belongs to it. `wide`: a side pane has the warnings, the blockers and the count."""
    if view.h.package is None:
        return _unbuilt(view, width)
    return _wide(view, width, height) if wide else _narrow(view, width, height)


def under_question(lines: list[Line], numbered: Sequence[tuple[str, str]], width: int, height: int) -> list[Line]:
    """The numbered answers of an open question lie over the lowest lines; nothing else moves."""
    asked = choices(numbered, width) if numbered else []
    return _padded(lines, height - len(asked)) + asked if asked else lines


def _unbuilt(view: View, width: int) -> list[Line]:
    ready = view.h.at - view.frame.town.duty_rules.prepare_before * MINUTE
    lines = [
        note(""),
        ((f" {t('还没有交接包')}  ", "$foreground"), (t("r 建包"), "bold $accent")),
        note(t("备班 {time} 起 (配置值)；此前写的便签、要点会进包", time=draw.clock_time(view, ready))),
        note(""),
    ]
    stations = [draw.row_line(view, i, width) for i in range(len(view.rows))]
    return [*lines, *stations, note(""), title(t("便签")), *notes(view, width, 6)]


def _narrow(view: View, width: int, height: int) -> list[Line]:
    """80x24: the warnings in the list; below it the drawer and one line for each other thing."""
    counted = (f"  {t('便签')} {len(view.h.notes)} ", "$dim")
    below = [
        draw.batch(view), *_padded(draw.blockers(view, width, 2), 2), *draw.balance(view, width),
        (*draw.equipment(view), counted, *draw.spoken(view)), draw.changed(view),
    ]  # fmt: skip
    room = max(3, height - len(below) - 4)
    listed = _list(view, range(len(view.rows)), width, room)
    return [draw.list_title(view), draw.list_head(width), *listed, *_padded(draw.drawer(view, width, 2), 2), *below]


def _wide(view: View, width: int, height: int) -> list[Line]:
    """From 120 columns on: notes, topics and what comes have titles of their own."""
    below = [
        note(""), draw.batch(view), note(""), title(t("便签与当班要情")), *notes(view, width, 4), note(""),
        draw.spoken(view), *draw.topics(width), note(""), draw.changed(view),
    ]  # fmt: skip
    rows = [i for i, row in enumerate(view.rows) if row.kind != "warning"]
    room = max(4, min(height - len(below) - 6, len(rows)))
    lines = [draw.list_title(view), draw.list_head(width), *_list(view, rows, width, room)]
    lines += [*_padded(draw.drawer(view, width, 4), 4), *below]
    spare = height - len(lines) - 2
    return [*lines, note(""), title(t("接下来")), *coming(view, spare)] if spare > 0 else lines


def _list(view: View, rows: Sequence[int], width: int, room: int) -> list[Line]:
    """`room` of these rows around the cursor."""
    if not rows:
        return _padded([note(t("没有须逐条确认的案件"))], room)
    here = next((n for n, i in enumerate(rows) if i >= view.cursor), len(rows) - 1)
    top = max(0, min(here - room // 2, len(rows) - room))
    return _padded([draw.row_line(view, i, width) for i in rows[top : top + room]], room)


def _padded(lines: Sequence[Line], height: int) -> list[Line]:
    return [*lines[:height], *[()] * (height - len(lines))]


def right(view: View, width: int, height: int) -> list[Line]:
    """The sheet, what blocks, what is to be ticked, the count. Blockers give way first: their number stays."""
    head = [*sheet(view, width), note("")]
    if view.h.package is None:
        return head
    counted = [title(t("清点")), *draw.balance(view, width), course(view), draw.equipment(view)]
    if draw.by_stations(view.h, view.frame):
        return [*head, *draw.blockers(view, width, 3), note(""), *counted]
    rows = [i for i, row in enumerate(view.rows) if row.kind == "warning"]
    warned = [line for i in rows for line in _warning(view, i, width)] or [note(t("无"))]
    tail = [note(""), title(f"{t('警示')} {len(rows)}"), *warned, note(""), *counted]
    blocked = t("阻断") if view.h.state in ho.DONE else f"{t('阻断')} {len(view.blockers)}"
    room = max(2, height - len(head) - len(tail) - 1)
    return [*head, title(blocked), *tall_blockers(view, width, room), *tail]


def _warning(view: View, index: int, width: int) -> list[Line]:
    """The row of the list, and under it what its line has no room for."""
    finding = view.rows[index].finding
    text = f"{finding.code} {draw.said(finding)}" if finding else ""
    first, *more = wrap(text, width - 8)
    return [draw.row_line(view, index, width, first), *(note(f"       {piece}") for piece in more)]


def third(view: View, day: Sequence[Handover], past: Sequence[str], height: int) -> list[Line]:
    lines = [title(t("当日四次交接")), *boundaries(day, view), note("")]
    tail = [note(""), title(t("历次")), *([note(line) for line in past] or [note(t("此前没有交接"))])]
    return [*lines, title(t("人员")), *people(view, height - len(lines) - len(tail) - 1), *tail]


# what stands in them ------------------------------------------------------------------------------------------------------


def sheet(view: View, width: int) -> list[Line]:
    """The pane of the sheet: number, window, both signatures, snapshot, custody."""
    h, local, rules = view.h, view.frame.duty.local, view.frame.town.duty_rules
    start, end = local(h.at - rules.freeze_before * MINUTE), local(h.at + rules.late_after * MINUTE)
    lines: list[Line] = [
        title(f"{t('交接单')} {h.number}"),
        note(t("窗口 {a}-{b} (配置值)", a=f"{start:%H:%M}", b=f"{end:%H:%M}")),
    ]
    if draw.by_stations(h, view.frame):
        lines.append(note(t("各站已签 {n}/{all}", n=len(h.stations), all=len(draw.stations(view.frame)))))
    else:
        package = h.package
        for side, mark, name in (
            ("交班", h.out_sign, package and package.frm_zh),
            ("接班", h.in_sign, package and package.to_zh),
        ):
            lines.append(((" ", ""), *draw.signature(view, side, mark), (f"  {shown(name or '')}", "$dim")))
    if h.package is not None:
        lines.append(note(f"{t('快照')} {local(h.package.at):%H:%M:%S} sha256 {h.digest[:12]}"))
    return [*lines, note(draw.custody(view))]


def boundaries(found: Sequence[Handover], view: View) -> list[Line]:
    """The handovers of a day, each with its state."""
    lines: list[Line] = []
    for h in found:
        here = h.id == view.h.id
        at = f"{view.frame.duty.local(h.at):%H:%M}"
        if draw.by_stations(h, view.frame):
            state = t("各站 {n}/{all}", n=len(h.stations), all=len(draw.stations(view.frame)))
            style = "$done" if h.state in ho.DONE else "$foreground"
        else:
            state = t(ho.STATE_ZH[h.state])
            style = "$done" if h.state == "IN_SIGNED" else "$p2" if h.state == "FORCED" else "$foreground"
        signed = f" {view.frame.duty.local(h.moved_at):%H:%M}" if h.moved_at is not None else ""
        name = draw.boundary_word(h, view.frame)
        lines.append(
            ((">" if here else " ", "bold $accent"), (f"{at} {fit(name, 16)} ", "$foreground"), (state + signed, style))
        )
    return lines


def people(view: View, limit: int) -> list[Line]:
    """Who goes and who comes; whoever is not as planned stands first."""
    package = view.h.package
    staff = package.staff if package else ()
    order = sorted(staff, key=lambda s: (s.side != "in", s.standing in _THERE))
    lines: list[Line] = [
        (
            (f" {t('接' if s.side == 'in' else '交')} {fit(shown(s.name), 7)}", "$foreground"),
            (fit(f"{shown(s.unit_zh)} {shown(s.post)}", 20), "$dim"),
            (words((shown(s.standing), shown(s.note))), "$foreground" if s.standing in _THERE else "$p2"),
        )
        for s in order
    ]  # fmt: skip
    more = [note(t("另{n}人", n=len(lines) - limit + 1))] if len(lines) > limit else []
    return [*(lines[: limit - 1] if more else lines), *more] or [note(t("未排班"))]


def coming(view: View, limit: int) -> list[Line]:
    """What falls due in the hours after, and what waits for a decision."""
    package = view.h.package
    found = [*package.requests, *package.calls, *package.coming] if package else []
    return [
        ((f" {fit(draw.clock_time(view, line.at), 12) if line.at else ''}", "$dim"), (f"{line.handle} {shown(line.text)}", "$foreground"))
        for line in found[:limit]
    ] or [note(t("无"))]  # fmt: skip


def notes(view: View, width: int, limit: int) -> list[Line]:
    h = view.h
    earlier = [(shown(line.text), "$dim") for line in (h.package.earlier if h.package else ())]
    own = [
        (f"{shown(n.name)}: {shown(n.text)}{' ' + t('(迟到事项)') if n.late else ''}", "$foreground") for n in h.notes
    ]
    pieces: list[Line] = [((f" {p}", style),) for text, style in [*own, *earlier] for p in wrap(text, width - 2)]
    if len(pieces) > limit:
        pieces = [*pieces[: limit - 1], note(t("另{n}行，e 导出看全部", n=len(pieces) - limit + 1))]
    return pieces or [note(t("无，n 写便签"))]


def tall_blockers(view: View, width: int, height: int) -> list[Line]:
    """For a narrow pane: the sentences that share a way out, then that way under them."""
    if view.h.state in ho.DONE:
        return draw.closed(view, width, height)
    if not view.blockers:
        return [((f" {t('无，可签')}", "$done"),)]
    lines: list[Line] = []
    for way in dict.fromkeys(draw.way(f) for f in view.blockers):
        for f in (f for f in view.blockers if draw.way(f) == way):
            first, *more = wrap(f"{f.code} {draw.said(f)}", width - 5)
            lines += [((" X ", "bold reverse $p1"), (f" {first}", "$p1")), *(((f"    {p}", "$p1"),) for p in more)]
        lines += [((f"    {p}", "$dim"),) for p in wrap(f"-> {way}", width - 5)]
    return (
        lines if len(lines) <= height else [*lines[: height - 1], note(f"   .. {t('共{n}项', n=len(view.blockers))}")]
    )


def course(view: View) -> Line:
    """What came and went since the last handover (I-7)."""
    package = view.h.package
    assert package is not None
    b = package.balance
    parts = [f"{t('上次')}{b.opening}", f"+{t('新增')}{b.new}"]
    parts += [f"+{t('重开')}{b.reopened}"] if b.reopened else []
    parts += [f"-{t(zh)}{n}" for zh, n in (("结案", b.closed), ("作废", b.voided), ("并案", b.merged)) if n]
    return ((f" {' '.join(parts)} = {b.open}", "$dim"),)


def choices(pairs: Sequence[tuple[str, str]], width: int) -> list[Line]:
    """Numbered answers in as many lines as they need, under a blank edge."""
    lines: list[list[Span]] = [[]]
    size = 1
    for key, word in pairs:
        text = f" {t(word)}  "
        cells = len(key) + cell_len(text)
        if size + cells > width and lines[-1]:
            lines.append([])
            size = 1
        lines[-1] += [(key, "bold $accent on $raised"), (text, "$foreground on $raised")]
        size += cells
    return [((" ", "on $raised"), *line) for line in lines]
