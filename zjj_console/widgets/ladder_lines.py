"""The ladder in lines: climbs, the rungs of one of them, who is to be called, what fires next (§2.10)."""

from collections.abc import Sequence

from zjj_console.desk import wording
from zjj_console.domain.climb import BY_HAND, REFUSED, TIMER, Climb, Rung
from zjj_console.domain.holders import Post
from zjj_console.domain.marks import PRIORITY_ZH
from zjj_console.domain.model import Case
from zjj_console.i18n import t
from zjj_console.storage.reads import QueueRow
from zjj_console.storage.reads_alarms import Climbing
from zjj_console.town.ladder import Rise
from zjj_console.town.models import Town
from zjj_console.widgets import case_lines
from zjj_console.widgets.cells import Line, Span, clip, fit, shown, width_of
from zjj_console.widgets.columns import Frame, matter, place_name, severity, unit_name

FOUND_ZH = {"post": "", "rostered": "顶岗", "acting": "代理", "on_call": "听班"}
WHY_ZH = {
    "due": "", "late": "顺延", "hold": "应答期满", "failed": "呼叫未通", "skipped": "上级无人", "quiet": "静默后",
    "hand": "人工",
}  # fmt: skip
TRIGGER_ZH = {BY_HAND: "人工", REFUSED: "保障被拒"}


def post_name(town: Town, n: int) -> str:
    return t(wording.post(town, town.ladder.posts[n - 1]))


def who(town: Town, rung: Rung) -> str:
    """The person of a rung and how he was found, or why there is nobody."""
    if rung.missing:
        return t(wording.MISSING_ZH[rung.missing])
    if not rung.person:
        return t("会商")
    found = t(FOUND_ZH.get(rung.found, "")) if FOUND_ZH.get(rung.found) else ""
    return f"{case_lines.person_name(town, rung.person)}{f'({found})' if found else ''}"


def result(town: Town, rung: Rung, at: Frame) -> str:
    """What became of a rung that was raised: only a recorded result counts."""
    if rung.missing:
        return t("跳过")
    if rung.answered_at is not None:
        return t("已应答 {time}", time=wording.moment(rung.answered_at, at.now, at.duty))
    if rung.calls:
        last = rung.calls[-1]
        said = t(wording.reason(town, "call", last.result))
        return f"{wording.moment(last.at, at.now, at.duty)} {said}" + (
            f" x{len(rung.calls)}" if len(rung.calls) > 1 else ""
        )
    return t("待通知") if rung.person else t("待召集")


def trigger(row: QueueRow, climb: Climb, at: Frame) -> str:
    """`签收超06:12`: the clock that was missed, and by how much."""
    name = (
        t(TRIGGER_ZH[climb.trigger]) if climb.trigger in TRIGGER_ZH else wording.clock_name(at.town, climb.trigger)[:2]
    )
    if climb.trigger in TRIGGER_ZH:
        return f"{name} {wording.span(max(0, at.now - climb.miss))}"
    late = at.now - climb.miss
    return f"{name}{t('超') if late >= 0 else t('余')}{wording.span(abs(late))}"


# one line a climb ---------------------------------------------------------------------------------------------------------


def climbs_head(width: int) -> Line:
    titles = f" {fit(t('案号'), 6, right=True)} {fit(t('级'), 2)} {fit(t('触发时限'), 12)} {fit(t('现级'), 26)} {fit(t('下一级'), 16)} {t('事项')}"
    return ((fit(titles, width), "$dim"),)


def climbing(one: Climbing, at: Frame, width: int, *, selected: bool) -> Line:
    row, climb = one.row, one.climb
    rung = climb.rungs[-1]
    now = f"E{rung.n} {who(at.town, rung)} {result(at.town, rung, at)}"
    following = ""
    if one.next_at is not None and climb.level < at.town.ladder.top:
        following = f"E{climb.level + 1} {wording.moment(one.next_at, at.now, at.duty)}"
    style = "bold $p1" if row.priority == 1 else f"bold {severity(row, at.now)}" if rung.waits else "$foreground"
    head = f"{fit(row.handle, 6, right=True)} {fit(str(row.priority), 2)} {fit(trigger(row, climb, at), 12)} {fit(now, 26)} "
    tail = f"{fit(following or t('已到顶'), 16)} {place_name(at.town, row.place, row.committee)} {matter(row, at)}"
    room = width - 1 - width_of(((head, ""),))
    return (">" if selected else " ", "bold $accent"), (head, style), (clip(tail, max(0, room)), "$foreground")


# one climb whole ----------------------------------------------------------------------------------------------------------


def rungs(case: Case, climb: Climb | None, coming: Sequence[Rung], at: Frame, width: int) -> list[Line]:
    """E0 and every rung: who, when and why then, how, what became of it; those still to come with who would be called."""
    town = at.town
    rule = town.ladder.rules.get(case.priority)
    how_to = rule.how if rule else ""
    how = {"phone": t("电话"), "message": t("消息"), "": ""}[how_to]
    said = _times(case, town)
    lines: list[Line] = [case_lines.title(t("{handle} 阶梯 ({priority}: {times} 配置值)", handle=case.handle,
                                            priority=t(PRIORITY_ZH[case.priority]), times=said))]  # fmt: skip
    lead = case.active_lead
    holder = f"{unit_name(town, lead.unit)} {case_lines.person_name(town, lead.person)}" if lead else t("未派")
    sent = t("{time}派", time=wording.moment(lead.at, at.now, at.duty)) if lead else ""
    lines.append(
        _rung_line("E0", t("承办"), holder, sent, case_lines.status(lead) if lead else "", "$foreground", width)
    )
    for rung in climb.rungs if climb is not None and climb.open else ():
        why = t(WHY_ZH[rung.why]) if WHY_ZH[rung.why] else ""
        when = " ".join(filter(None, (wording.moment(rung.at, at.now, at.duty), why)))
        means = t("召集") if not rung.person else how
        style = "bold $p2" if rung.waits else "$done" if rung.answered_at is not None else "$dim"
        known = town.people.get(rung.person)
        phone = f" {shown(known.phone)}" if known is not None and rung.waits and how_to == "phone" else ""
        told = f"{means}{phone} {result(town, rung, at)}" + (f" {shown(rung.answer)}" if rung.answer else "")
        lines.append(_rung_line(f"E{rung.n}", post_name(town, rung.n), who(town, rung), when, told, style, width))
    for rung in coming:
        left = wording.span(max(0, rung.at - at.now))
        when = " ".join(
            filter(None, (wording.moment(rung.at, at.now, at.duty), t(WHY_ZH[rung.why]) if WHY_ZH[rung.why] else ""))
        )
        told = t("无应答则 余{left}", left=left) if rung.at > at.now else t("即将")
        lines.append(_rung_line(f"E{rung.n}", post_name(town, rung.n), who(town, rung), when, told, "$dim", width))
    return lines


def _rung_line(n: str, post: str, person: str, when: str, told: str, style: str, width: int) -> Line:
    head = f" {fit(n, 2)} {fit(post, 12)} {fit(person, 16)} {fit(when, 20)} "
    return (head, style), (clip(told, max(0, width - width_of(((head, ""),)))), style)


def _times(case: Case, town: Town) -> str:
    """The row of the table in words: `+0m +30m +2h +4h 下次周会`."""
    rule = town.ladder.rules.get(case.priority)
    if rule is None:
        return t("无阶梯")
    return " ".join(_rise(rise) for rise in rule.rises)


def _rise(rise: Rise) -> str:
    if rise.kind == "share":
        return f"{rise.amount}%"
    if rise.kind == "weekly":
        return t("下次周会")
    if rise.kind == "workdays":
        return t("+{n}工作日", n=rise.amount)
    return f"+{rise.amount // 60}h" if rise.amount and rise.amount % 60 == 0 else f"+{rise.amount}m"


# who is to be called --------------------------------------------------------------------------------------------------------


def tasks(found: Sequence[Climbing], at: Frame, width: int) -> list[Line]:
    """Calls that wait for a result: person, post, telephone, which try, until when."""
    lines: list[Line] = [case_lines.title(t("待打电话 (记录结果才算通知；l 记录)"))]
    for one in found:
        for rung in one.climb.waiting:
            if not rung.person:
                continue
            person = at.town.people.get(rung.person)
            phone = person.phone if person else ""
            until = f" {t('{time} 前', time=wording.moment(one.next_at, at.now, at.duty))}" if one.next_at else ""
            text = (
                f" {fit(one.row.handle, 5, right=True)} {fit(who(at.town, rung), 12)} {fit(post_name(at.town, rung.n), 8)} "
                f"{fit(shown(phone), 11)} {t('第{n}次', n=len(rung.calls) + 1)}{until}"
            )
            lines.append(((clip(text, width), "bold $p2" if one.row.priority == 1 else "$foreground"),))
    if len(lines) == 1:
        lines.append(case_lines.note(t("没有")))
    return lines


# what fires next -------------------------------------------------------------------------------------------------------------


def forecast(found: Sequence[tuple[QueueRow, str, int]], at: Frame, width: int, *, selected: int = -1) -> list[Line]:
    """Deadlines and rungs of the coming hours; a line parts the next hour from the rest."""
    lines: list[Line] = []
    for n, (row, code, when) in enumerate(found):
        what = t("升级") if code == TIMER else wording.clock_name(at.town, code)
        head: Span = (
            f"{fit(wording.moment(when, at.now, at.duty), 11, right=True)} {fit(t('余{left}', left=wording.span(when - at.now)), 8)} "
            f"{fit(row.handle, 6, right=True)} {fit(str(row.priority), 2)} {fit(what, 8)} ",
            "bold $p1" if row.priority == 1 else "$foreground",
        )
        tail = f"{unit_name(at.town, row.lead) if row.lead else t('未派')} {place_name(at.town, row.place, row.committee)} {matter(row, at)}"
        cursor: Span = (">" if n == selected else " ", "bold $accent")
        lines.append((cursor, head, (clip(tail, max(0, width - 1 - width_of((head,)))), "$dim")))
    return lines


# the posts -------------------------------------------------------------------------------------------------------------------


def posts(found: Sequence[Post], at: Frame) -> list[Line]:
    """A line a station: who would be called on each rung; who cannot be had is named as such."""
    lines: list[Line] = []
    for unit in dict.fromkeys(post.station for post in found):
        spans: list[Span] = [(f" {fit(unit_name(at.town, unit), 11)}", "$foreground")]
        for post in (one for one in found if one.station == unit):
            holder, name = post.holder, t(wording.post(at.town, post.post))
            if holder.missing:
                spans.append((fit(f"{name} {t(wording.MISSING_ZH[holder.missing])}", 20), "bold $p2"))
            else:
                how = f"({t(FOUND_ZH[holder.found])})" if FOUND_ZH.get(holder.found) else ""
                spans.append((fit(f"{name} {case_lines.person_name(at.town, holder.person)}{how}", 20), "$foreground"))
        lines.append(tuple(spans))
    return lines
