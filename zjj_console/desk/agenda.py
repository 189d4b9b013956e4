"""Before a consultation (§2.9): which one is meant, what the stations report, what stands on the agenda, and weeks without one."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from zjj_console.desk import pool, wording
from zjj_console.desk.acts import Act, Done, Message
from zjj_console.desk.which_meeting import AHEAD, GATHERING, by_week, case_of, find, following, no, present, work_of
from zjj_console.desk.work import Work
from zjj_console.domain import consult, permits
from zjj_console.domain import consult_week as week_of
from zjj_console.domain.consult import Collection, Item, Meeting
from zjj_console.domain.facts import Facts
from zjj_console.domain.model import DAY, Case, Command, Event, Refusal
from zjj_console.domain.safe import safe_text
from zjj_console.storage import projections, reads_meeting
from zjj_console.storage.db import Connection, meta

# items ------------------------------------------------------------------------------------------------------------------------


def tried(db: Connection, case: Case, facts: Facts) -> str:
    """What was done before, in one line (前置协调)."""
    town = facts.town
    by = "、".join(wording.unit(town, u) for u in dict.fromkeys(case.returned_by))
    parts = [f"协调处置{case.attempts}次"] if case.attempts else []
    parts += [f"退单{case.return_count}次" + (f"({by})" if by else "")] if case.return_count else []
    parts += [f"返工{case.rework_count}次"] if case.rework_count else []
    since = facts.now - town.meetings.station_days * DAY
    for m in reads_meeting.meetings(db, since, level="station"):
        if case.id in m.items:
            parts.append(f"{wording.unit(town, m.station)}会商{facts.duty.local(m.at):%m-%d}")
    return " ".join(parts)


def new_item(
    db: Connection, facts: Facts, meeting: Meeting, case: Case, whys: tuple[pool.Why, ...], given: Mapping[str, Any],
    n: int = 0,
) -> Item:  # fmt: skip
    """An item with what is known of the case. `given`: further fields of the item, `n` how many others the act adds."""
    known = meeting.items.get(case.id)
    seq = known.seq if known else max((i.seq for i in meeting.items.values()), default=0) + 1 + n
    asked = [u for u in (*dict.fromkeys(case.returned_by), case.lead) if u]
    base = Item(
        seq, case.id, case.handle, case.station, facts.actor.work_no, facts.now,
        words=f"{case.place or '地点待定'} {case.text}", why=tuple(w.zh for w in whys),
        criterion=case.criterion, attempts=tried(db, case, facts), invited=tuple(asked),
    )  # fmt: skip
    base = replace(known, withdrawn="") if known else base
    return replace(base, **{k: v for k, v in given.items() if v})


def put(
    ref: str, text: str = "", *, week: str = "", cross: tuple[str, ...] = (), given: Mapping[str, Any] | None = None
) -> Act:
    """`hs`: a case goes on the agenda of the coming meeting (T30). It stops no clock."""
    text = safe_text(text)

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        case, meeting = case_of(db, ref), by_week(db, facts, week)
        for found in (case, meeting):
            if isinstance(found, Refusal):
                return found
        assert isinstance(case, Case) and isinstance(meeting, Meeting)
        wrong = _takes(meeting) or (consult.tags_refusal(cross, tags(facts)) if cross else None)
        if wrong is not None:
            return wrong
        work = work_of(db, facts)
        whys = pool.why(db, case, facts)
        refusal = list_case(work, case, meeting, text, whys)
        if refusal is not None:
            return refusal
        item = new_item(db, facts, meeting, case, whys, {**(given or {}), "question": text, "cross": cross})
        if item == meeting.items.get(case.id):
            n, data = meeting.number_of(item.seq), {"meeting": meeting.id, "case": case.handle}
            return Done(
                [],
                f"{case.handle} 已是 {meeting.id} 议题{n}",
                f"{case.handle} is on {meeting.id} already",
                data,
                same=True,
            )
        event = consult.event_of("agenda_added", meeting, {"case": case.id, "text": text}, items={case.id: item},
                                 state="COLLECTING")  # fmt: skip
        after = consult.evolve(meeting, event.case, event.data)
        n = after.number_of(item.seq)
        why = " ".join(item.why) or text
        zh = f"上会 {case.handle} -> {meeting.id} 议题{n} {_when(meeting, facts)} {why}"
        return Done([event], zh, f"case {case.handle} on the agenda of {meeting.id}, item {n}",
                    {"meeting": meeting.id, "item": n, "case": case.handle}, work, warnings=consult.warnings(item))  # fmt: skip

    return act


def list_case(
    work: Work, case: Case, meeting: Meeting, text: str, whys: tuple[pool.Why, ...], *, urgent: bool = False
) -> Refusal | None:
    """T30 on the case itself; nothing where it is on that agenda already and only its item changes."""
    work.begin(case)
    if case.consult == meeting.id:
        return None
    args = {"meeting": meeting.id, "text": text, "pooled": bool(whys), "urgent": urgent}
    return work.do(Command("to_agenda", {k: v for k, v in args.items() if v}), case.id)


def _takes(meeting: Meeting) -> Refusal | None:
    if meeting.state in GATHERING:
        return None
    zh = f"{meeting.id} {consult.STATE_ZH[meeting.state]}，不再加题；hs 案号 入下次"
    return no(zh, f"{meeting.id} is {meeting.state}: nothing is added any more")


def tags(facts: Facts) -> dict[str, str]:
    return {r.code: r.name for r in facts.town.reasons.get("cross", {}).values()}


def _when(meeting: Meeting, facts: Facts) -> str:
    return f"{facts.duty.local(meeting.at):%m-%d %H:%M}"


def fill(week: str = "") -> Act:
    """Everything in the pool that is on no agenda yet goes on the coming one."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        meeting = by_week(db, facts, week)
        if isinstance(meeting, Refusal):
            return meeting
        wrong = permits.refuse_act("keep_agenda", facts) or _takes(meeting)
        if wrong is not None:
            return wrong
        work = work_of(db, facts)
        items: dict[str, Item] = {}
        for one in pool.pool(db, facts):
            if not one.listed and list_case(work, one.case, meeting, "", one.whys) is None:
                items[one.case.id] = new_item(db, facts, meeting, one.case, one.whys, {}, len(items))
        if not items:
            return Done([], f"{meeting.id} 会商池没有新案件", "nothing new in the pool", {"added": []}, same=True)
        event = consult.event_of("agenda_added", meeting, {"cases": list(items)}, items=items, state="COLLECTING")
        handles = [i.handle for i in items.values()]
        zh = f"{meeting.id} 由会商池加入 {len(items)} 件: {' '.join(handles)}"
        return Done([event], zh, f"{len(items)} cases added to {meeting.id}", {"added": handles}, work)

    return act


def detail(ref: str, *, meeting: str = "", **given: Any) -> Act:
    """What an item needs: question, proposed, invited, cross, materials, missing, attempts. What is not given stays."""
    given = {key: safe_text(value) if isinstance(value, str) else value for key, value in given.items()}

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        found = _item(db, facts, meeting, ref)
        if isinstance(found, Refusal):
            return found
        m, item = found
        wrong = permits.refuse_act("keep_agenda", facts, item.station)
        if wrong is None and "cross" in given:
            wrong = consult.tags_refusal(given["cross"], tags(facts))
        if wrong is not None:
            return wrong
        after = replace(item, **given)
        event = consult.event_of("agenda_detailed", m, {"case": item.case, "fields": sorted(given)},
                                 items={item.case: after})  # fmt: skip
        n, lacking = m.number_of(item.seq), consult.warnings(after)
        zh = f"{m.id} 议题{n} {item.handle} 已补" + ("" if lacking else "，材料齐")
        return Done([event], zh, f"item {n} of {m.id} completed", {"meeting": m.id, "item": n}, warnings=lacking)

    return act


def withdraw(ref: str, reason: str, *, meeting: str = "") -> Act:
    """撤题, with its reason: the item stays in the record and needs no outcome."""
    reason = safe_text(reason)

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        found = _item(db, facts, meeting, ref)
        if isinstance(found, Refusal):
            return found
        m, item = found
        wrong = permits.refuse_act("keep_agenda", facts, item.station)
        if wrong is not None:
            return wrong
        if not reason.strip():
            return no("撤题须写理由", "a reason, please", 3)
        if item.outcome is not None:
            return no(f"议题{m.number_of(item.seq)} 已有结果，不能撤题", "the item has its outcome already")
        work = work_of(db, facts)
        refusal = off_agenda(db, work, item, m, reason)
        if refusal is not None:
            return refusal
        event = consult.event_of("agenda_withdrawn", m, {"case": item.case, "reason": reason},
                                 items={item.case: replace(item, withdrawn=reason)})  # fmt: skip
        zh = f"{m.id} 撤题 {item.handle}: {reason}"
        return Done([event], zh, f"{item.handle} withdrawn from {m.id}", {"meeting": m.id, "case": item.handle}, work)

    return act


def off_agenda(db: Connection, work: Work, item: Item, meeting: Meeting, reason: str) -> Refusal | None:
    """The case leaves the agenda; one that has ended meanwhile stays as it is."""
    case = projections.load(db, item.case)
    if case is None or not case.is_open or case.consult != meeting.id:
        return None
    work.begin(case)
    return work.do(Command("off_agenda", {"meeting": meeting.id, "text": reason}), case.id)


def _item(db: Connection, facts: Facts, word: str, ref: str) -> tuple[Meeting, Item] | Refusal:
    """An item of a meeting that is not over. A case names its own meeting."""
    case = projections.find(db, ref, meta(db, "console", "A")) if not word else None
    m = reads_meeting.meeting(db, case.consult) if case is not None and case.consult else None
    meeting = m or find(db, facts, word)
    if isinstance(meeting, Refusal):
        return meeting
    item = meeting.item(case.id if case else ref)
    if item is None:
        return no(f"{meeting.id} 没有议题 {ref}", f"no item {ref} in {meeting.id}", 6)
    if meeting.state in consult.OVER:
        return no(f"{meeting.id} {consult.STATE_ZH[meeting.state]}，不能再改", f"{meeting.id} is {meeting.state}")
    return meeting, item


# collection -------------------------------------------------------------------------------------------------------------------


def collect(
    station: str, cases: Mapping[str, tuple[str, ...]], *, nil: bool = False, text: str = "", week: str = ""
) -> Act:
    """R58: what a station reports for the week, each case with at least one cross tag, or 零报告. Late is marked, not refused."""
    text = safe_text(text)

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        meeting = by_week(db, facts, week)
        if isinstance(meeting, Refusal):
            return meeting
        wrong = (
            permits.refuse_act("keep_agenda", facts, station)
            or _takes(meeting)
            or _reported(meeting, station, cases, nil)
        )
        if wrong is not None:
            return wrong
        work = work_of(db, facts)
        items: dict[str, Item] = {}
        for ref, cross in cases.items():
            case = case_of(db, ref)
            if isinstance(case, Refusal):
                return case
            wrong = consult.tags_refusal(cross, tags(facts))
            if wrong is None and station not in (case.station, case.lead):
                name = wording.unit(facts.town, station)
                wrong = no(f"{case.handle} 不在{name}辖区，也非其牵头", f"{case.handle} is not {station}'s", rule="R58")
            whys = pool.why(db, case, facts)
            wrong = wrong or list_case(work, case, meeting, text or "站点上报", whys)
            if wrong is not None:
                return wrong
            given = {"station": station, "cross": cross, "question": text}
            items[case.id] = new_item(db, facts, meeting, case, whys, given, len(items))
        late = facts.now > week_of.times(facts.town, facts.duty, meeting.week).collect
        own = [i.case for i in meeting.agenda if i.station == station]
        row = Collection(station, facts.actor.work_no, facts.actor.name, facts.now, tuple(dict.fromkeys([*own, *items])),
                         nil, late, text)  # fmt: skip
        event = consult.event_of("collected", meeting, {"station": station, "nil": nil, "cases": list(items)},
                                 collections={station: row}, items=items, state="COLLECTING")  # fmt: skip
        after = consult.evolve(meeting, event.case, event.data)
        waiting = week_of.silent(facts.town, after)
        said = "零报告" if nil else f"{len(row.cases)}件"
        zh = f"{meeting.id} {wording.unit(facts.town, station)} {said}{'(逾时)' if late else ''}，收集{_share(after, facts)}"
        data = {"meeting": meeting.id, "station": station, "nil": nil, "late": late, "waiting": list(waiting),
                "cases": [i.handle for i in items.values()]}  # fmt: skip
        lacking = tuple(word for item in items.values() for word in consult.warnings(item))
        return Done([event], zh, f"{station} reported {len(items)} for {meeting.id}", data, work, warnings=lacking)

    return act


def _reported(meeting: Meeting, station: str, cases: Mapping[str, Any], nil: bool) -> Refusal | None:
    if nil == bool(cases):
        return no("须报案件，或零报告(--nil)，二者取一", "cases, or a nil return: one of the two", 3, "R58")
    if nil and any(i.station == station for i in meeting.agenda):
        handles = " ".join(i.handle for i in meeting.agenda if i.station == station)
        return no(f"该站已有议题 {handles}，不能零报告；先撤题", f"it has items: {handles}", rule="R58")
    return None


def _share(meeting: Meeting, facts: Facts) -> str:
    stations = [u for u in facts.town.of_kind("station") if u.enabled]
    return f"{sum(u.code in meeting.collections for u in stations)}/{len(stations)}站"


def remind(week: str = "") -> Act:
    """Chief and deputy of every silent station get a message; each once per week and hour of asking."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        meeting = by_week(db, facts, week) if week else present(db, facts)
        wrong = meeting if isinstance(meeting, Refusal) else permits.refuse_act("keep_agenda", facts)
        if wrong is not None:
            return wrong
        assert isinstance(meeting, Meeting)
        if meeting.state not in AHEAD:
            now = consult.STATE_ZH[meeting.state]
            return no(f"{meeting.id} {now}，不再催报", f"{meeting.id} is {meeting.state}: nothing to collect")
        gaps = week_of.missing_collections(facts.town, facts.duty, meeting, facts.now)
        messages = []
        for gap in gaps:
            who = [p.work_no for role in ("chief", "deputy") for p in facts.town.holders(gap.unit, role)]
            until = f"{facts.duty.local(gap.at):%m-%d %H:%M}"
            body = f"【{meeting.id}】请于{until}前上报跨部门、跨层级、跨区域疑难问题，无则零报告"
            hour = f"{facts.duty.local(facts.now):%m%d%H}"
            messages += [Message(f"hs-collect-{meeting.id}-{gap.unit}-{p}-{hour}", p, body, "meeting") for p in who]
        zh = f"{meeting.id} 收集{_share(meeting, facts)}" + (
            f"，未报: {'、'.join(g.zh for g in gaps)}" if gaps else "，已齐"
        )
        data = {"meeting": meeting.id, "missing": [g.unit for g in gaps], "messages": len(messages)}
        return Done([], zh, f"{len(gaps)} stations have not reported", data, messages=messages)

    return act


# lock and skip ----------------------------------------------------------------------------------------------------------------


def lock(week: str = "") -> Act:
    """议程锁定: what is not on it now waits for the next. What items lack is told and blocks nothing."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        meeting = by_week(db, facts, week) if week else present(db, facts)
        wrong = meeting if isinstance(meeting, Refusal) else permits.refuse_act("keep_agenda", facts)
        if wrong is not None:
            return wrong
        assert isinstance(meeting, Meeting)
        if meeting.state == "LOCKED":
            return Done([], f"{meeting.id} 议程已定", f"{meeting.id} is locked", {"meeting": meeting.id}, same=True)
        wrong = _takes(meeting)
        if wrong is not None:
            return wrong
        event = consult.event_of("agenda_locked", meeting, {}, state="LOCKED", locked_at=facts.now)
        lacking = [word for item in meeting.agenda for word in consult.warnings(item)]
        lacking += [f"{wording.unit(facts.town, code)} 未报" for code in week_of.silent(facts.town, meeting)]
        zh = f"{meeting.id} 议程已定 {len(meeting.agenda)} 题，{_when(meeting, facts)} 开会"
        return Done([event], zh, f"{meeting.id}: agenda of {len(meeting.agenda)} locked", {"meeting": meeting.id},
                    warnings=tuple(lacking))  # fmt: skip

    return act


def skip(week: str, reason: str) -> Act:
    """AC-59b: a week without a meeting needs its reason, such as a holiday. Its items wait for the next meeting."""
    reason = safe_text(reason)

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        meeting = by_week(db, facts, week)
        wrong = meeting if isinstance(meeting, Refusal) else permits.refuse_act("hold_consultation", facts)
        if wrong is not None:
            return wrong
        assert isinstance(meeting, Meeting)
        if not reason.strip():
            return no("不开会须写理由，如 春节", "a week without a meeting needs a reason", 3)
        if meeting.state == "SKIPPED":
            return no(f"{meeting.id} 已记不开: {meeting.reason}", f"{meeting.id} is skipped already: {meeting.reason}")
        if meeting.state in consult.HELD:
            return no(f"{meeting.id} {consult.STATE_ZH[meeting.state]}，不能记为不开", f"{meeting.id} was held")
        work = work_of(db, facts)
        events = [consult.event_of("meeting_skipped", meeting, {"reason": reason}, state="SKIPPED", reason=reason)]
        moved = carry(db, facts, work, meeting, meeting.undecided, counted=False)
        if isinstance(moved, Refusal):
            return moved
        zh = f"{meeting.id} 不开: {reason}" + (f"，{len(meeting.undecided)} 题转下次" if moved else "")
        return Done(
            [*events, *moved], zh, f"{meeting.id} skipped: {reason}", {"meeting": meeting.id, "reason": reason}, work
        )

    return act


def carry(
    db: Connection, facts: Facts, work: Work, meeting: Meeting, items: Iterable[Item], *, counted: bool
) -> list[Event] | Refusal:
    """The items go on the next meeting's agenda. `counted`: it is a deferral; a week that is skipped is none."""
    moving = list(items)
    if not moving:
        return []
    target = following(db, facts, meeting)
    again: dict[str, Item] = {}
    for item in moving:
        case = projections.load(db, item.case)
        if case is not None and case.is_open and case.consult == meeting.id:
            work.begin(case)
            refusal = work.do(Command("consult_defer", {"meeting": meeting.id, "next": target.id}), case.id)
            if refusal is not None:
                return refusal
        seq = max((i.seq for i in target.items.values()), default=0) + 1 + len(again)
        times = item.deferrals + counted
        again[item.case] = replace(item, seq=seq, deferrals=times, outcome=None, withdrawn="")
    state = "COLLECTING" if target.state == "PLANNED" else target.state
    return [consult.event_of("agenda_carried", target, {"from": meeting.id}, items=again, state=state)]
