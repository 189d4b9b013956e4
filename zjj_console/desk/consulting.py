"""The consultation itself (§2.9): opened, attended, decided item by item, closed with its minutes; urgent ones and stations' own."""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from zjj_console.desk import agenda, followups, pool, which_meeting, wording
from zjj_console.desk.acts import Act, Done, Message
from zjj_console.desk.which_meeting import no
from zjj_console.desk.work import Work
from zjj_console.domain import consult, permits, visit
from zjj_console.domain import consult_week as week_of
from zjj_console.domain.consult import Attendance, Item, Kind, Meeting, Outcome
from zjj_console.domain.facts import Facts
from zjj_console.domain.model import Case, Command, Event, Refusal
from zjj_console.domain.safe import safe_text
from zjj_console.reports import minutes
from zjj_console.storage import projections, reads_meeting
from zjj_console.storage.db import Connection

OPENS_FROM = ("PLANNED", "COLLECTING", "LOCKED")


class Decision(Struct, frozen=True):
    """What is said for an outcome besides its digit: units (the first leads), until when, level, reason, words."""

    units: tuple[str, ...] = ()
    person: str = ""
    due: int | None = None
    text: str = ""
    level: str = ""  # town | district
    reason: str = ""  # code of the list `suspend`
    review: int | None = None  # outcome 4: suspended until then, as it waits for somebody above


def open_(word: str = "") -> Act:
    """The centre opens the meeting. What earlier decisions came to is its first item."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        meeting = which_meeting.find(db, facts, word)
        wrong = meeting if isinstance(meeting, Refusal) else permits.refuse_act("hold_consultation", facts)
        if wrong is not None:
            return wrong
        assert isinstance(meeting, Meeting)
        if meeting.state not in OPENS_FROM:
            now = consult.STATE_ZH[meeting.state]
            return no(f"{meeting.id} {now}，不能再开", f"{meeting.id} is {meeting.state}")
        if meeting.level == "town" and facts.duty.local(facts.now).date() < week_of.monday(meeting.week):
            return no(f"{meeting.id} 未到该周；急事用 consult urgent", f"the week of {meeting.id} has not begun")
        reviewed = [f.zh for f in followups.standing(db, facts)]
        put: dict[str, Any] = {"state": "OPEN", "opened_at": facts.now, "chair": facts.actor.work_no,
                               "reviewed": reviewed, "trial": facts.actor.trial}  # fmt: skip
        event = consult.event_of("meeting_opened", meeting, {}, **put)
        warn: tuple[str, ...] = () if meeting.state == "LOCKED" else ("议程未锁定，自此不再加题",)
        if meeting.level == "town" and facts.now < meeting.at:
            warn += (f"原定 {wording.moment(meeting.at, facts.now, facts.duty)}，提前开会；本周只开一次",)
        warn += tuple(f"{wording.unit(facts.town, u)} 未报" for u in week_of.silent(facts.town, meeting))
        zh = f"{meeting.id} 开会，议题 {len(meeting.agenda)}，上次未办决议 {len(reviewed)}"
        return Done(
            [event], zh, f"{meeting.id} opened with {len(meeting.agenda)} items", {"meeting": meeting.id}, warnings=warn
        )

    return act


def attend(
    units: Iterable[str], *, people: str = "", absent: bool = False, opinion: str = "", meeting: str = ""
) -> Act:
    """Who came, by unit; who did not should have sent a written opinion."""
    named, people, opinion = list(units), safe_text(people), safe_text(opinion)

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        m = which_meeting.find(db, facts, meeting)
        wrong = m if isinstance(m, Refusal) else permits.refuse_act("keep_agenda", facts)
        if wrong is not None:
            return wrong
        assert isinstance(m, Meeting)
        if m.state != "OPEN":
            return no(f"{m.id} {consult.STATE_ZH[m.state]}，开会时登记到会", f"{m.id} is {m.state}, not open")
        rows = {u: Attendance(u, facts.actor.work_no, facts.now, people, absent, opinion) for u in named}
        event = consult.event_of("attended", m, {"units": named, "absent": absent}, attendance=rows)
        names = "、".join(wording.unit(facts.town, u) for u in named)
        zh = f"{m.id} {'缺席' if absent else '到会'}: {names}"
        warn = (f"缺席须书面意见: {names}",) if absent and not opinion else ()
        return Done([event], zh, f"{m.id}: {', '.join(named)} {'absent' if absent else 'present'}",
                    {"meeting": m.id, "units": named}, warnings=warn)  # fmt: skip

    return act


# deciding -----------------------------------------------------------------------------------------------------------------------


def decide(ref: str, outcome: str, said: Decision, *, meeting: str = "") -> Act:
    """T31: one outcome for one item. What it changes in the case happens in the same transaction."""
    said = replace(said, text=safe_text(said.text))

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        m = which_meeting.find(db, facts, meeting)
        if isinstance(m, Refusal):
            return m
        kind, item = consult.find_outcome(outcome), m.item(ref)
        if kind is None:
            known = " ".join(f"{k.digit}{k.zh}" for k in consult.OUTCOMES)
            return no(f"没有结果 {outcome}；可用: {known}", f"no outcome {outcome}; 1 to 7", 3, "T31")
        if item is None:
            return no(f"{m.id} 没有议题 {ref}", f"no item {ref} in {m.id}", 6)
        case = projections.load(db, item.case)
        wrong = permits.refuse_act("hold_consultation", facts) or consult.decide_refusal(
            m, item, kind, facts.town.meetings.deferrals
        )
        if wrong is not None or case is None:
            return wrong or no(f"没有案件 {item.handle}", f"no case {item.handle}", 6)
        work = which_meeting.work_of(db, facts)
        work.begin(case)
        return _decided(db, facts, work, m, item, case, kind, said)

    return act


def _decided(
    db: Connection, facts: Facts, work: Work, m: Meeting, item: Item, case: Case, kind: Kind, said: Decision
) -> Done | Refusal:
    more: list[Event] = []
    if kind.code == "defer":
        moved = agenda.carry(db, facts, work, m, [item], counted=True)
        if isinstance(moved, Refusal):
            return moved
        more = moved
    else:
        command = _command(case, m, kind, said, facts)
        wrong = command if isinstance(command, Refusal) else work.do(command, case.id)
        if wrong is not None:
            return wrong
    after = work.after[case.id]
    owner, due = _owner(db, facts, after, m, kind, said)
    station = owner if kind.code == "commander" else ""
    result = Outcome(kind.code, facts.actor.work_no, facts.now, owner, due, said.text, _helpers(kind, said),
                     said.level, said.reason, station)  # fmt: skip
    event = consult.event_of("item_decided", m, {"case": case.id, "outcome": kind.code},
                             items={case.id: replace(item, outcome=result)})  # fmt: skip
    n = m.number_of(item.seq)
    until = wording.moment(due, facts.now, facts.duty)
    line = minutes.decision(m, replace(item, outcome=result), facts.town)
    left = len(m.undecided) - 1
    zh = f"{m.id} 议题{n} {item.handle} {line} 责任{wording.unit(facts.town, owner)} {until}前" + (
        f"，余{left}题" if left else "，各题已有结果"
    )
    data = {"meeting": m.id, "item": n, "case": item.handle, "outcome": kind.code, "owner": owner,
            "due": wording.iso(due, facts.duty), "state": str(after.state), "undecided": left}  # fmt: skip
    return Done([event, *more], zh, f"item {n} ({item.handle}): {kind.en}", data, work)


def _helpers(kind: Kind, said: Decision) -> tuple[str, ...]:
    return said.units[1:] if kind.code in ("assign", "joint") else ()


def _command(case: Case, m: Meeting, kind: Kind, said: Decision, facts: Facts) -> Command | Refusal:
    """The row of the life cycle that an outcome is, with its arguments; or what is still to be said."""
    args: dict[str, Any] = {"meeting": m.id}
    args |= {"text": said.text} if said.text else {}
    action = kind.action
    if kind.code in ("assign", "joint"):
        unit = said.units[0] if said.units else (_own_station(case, facts) if kind.code == "joint" else "")
        if not unit:
            return no("定主责须给单位，如 decide 1 1 cg", "name the unit that is responsible", 3, "T31")
        if said.due is not None and said.due <= facts.now:
            return no("期限须晚于现在", "the due time must be in the future", 3, "T31")
        args |= {"unit": unit, "person": said.person or facts.person_of(unit, case.station), "assists": said.units[1:]}
        args |= {"due": said.due} if said.due else {}
    if kind.code == "raise":
        if said.level not in consult.LEVELS_UP:
            return no("提请哪一级: --level town 镇级，或 district 区级", "which level: town or district", 3, "T31")
        args["level"] = said.level
        if said.review is not None:  # waiting for the district: §2.9
            pending = next(
                (r.code for r in facts.town.reasons.get("suspend", {}).values() if r.code == "pending"), said.reason
            )
            action, args = "consult_suspend", {**args, "until": said.review, "reason": said.reason or pending}
    if kind.code == "suspend":
        args |= {"until": said.review or said.due, "reason": said.reason}
    if kind.code == "end":
        args |= {"result": _other(facts), "by": facts.actor.work_no}
    return Command(action, args)


def _other(facts: Facts) -> str:
    """The result code that is explained in words."""
    return next((r.code for r in facts.town.reasons.get("result", {}).values() if r.needs_text), "other")


def _own_station(case: Case, facts: Facts) -> str:
    """Who leads where nobody is named: the station that leads already, else that of the case's grid."""
    unit = facts.town.units.get(case.lead)
    return case.lead if unit is not None and unit.kind == "station" else case.station


def _owner(db: Connection, facts: Facts, case: Case, m: Meeting, kind: Kind, said: Decision) -> tuple[str, int]:
    """Who answers for a decision and until when; each has both (§2.9)."""
    centre = facts.town.centre.code
    clock = {"assign": "HDL", "joint": "LED", "end": "VER", "suspend": "REV"}.get(kind.code, "")
    running = case.clocks.get(clock)
    nearest = said.due or (running.due if running else None)
    if kind.code == "commander":
        station = said.units[0] if said.units else _own_station(case, facts) or centre
        return station, said.due or _visit_due(db, facts, station)
    if kind.code in ("raise", "defer"):
        return centre, said.due or said.review or which_meeting.following(db, facts, m).at
    owner = case.lead if kind.code in ("assign", "joint", "suspend") and case.lead else centre
    return owner, nearest or which_meeting.following(db, facts, m).at


def _visit_due(db: Connection, facts: Facts, station: str) -> int:
    """The planned visit of the station's commander, else the end of the month."""
    month = visit.month_of(facts.duty, facts.now)
    planned = [v.at for v in reads_meeting.visits_since(db, month)
               if v.station == station and v.state == "PLANNED" and v.at >= facts.now]  # fmt: skip
    return min(planned, default=visit.starts(facts.duty, visit.next_month(month)) - 60_000_000)


# closing ------------------------------------------------------------------------------------------------------------------------


def close(word: str = "") -> Act:
    """AC-59a: only when every item has its outcome. The minutes are made now and never again; who was not there is told."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        meeting = which_meeting.find(db, facts, word)
        if isinstance(meeting, Refusal):
            return meeting
        wrong = permits.refuse_act("hold_consultation", facts) or consult.close_refusal(meeting)
        if wrong is not None:
            return wrong
        events = closing(meeting, facts)
        after = meeting
        for event in events:
            after = consult.evolve(after, event.case, event.data)
        messages = told(after, facts)
        absent = [wording.unit(facts.town, u) for u in after.invited if not after.came(u)]
        zh = f"{after.id} 散会，议题 {len(after.agenda)}，纪要已存" + (
            f"，缺席 {'、'.join(absent)} 已通知" if absent else ""
        )
        data = {"meeting": after.id, "items": len(after.agenda), "messages": len(messages),
                "absent": [u for u in after.invited if not after.came(u)]}  # fmt: skip
        return Done(events, zh, f"{after.id} closed; its minutes are stored", data, messages=messages)

    return act


def closing(meeting: Meeting, facts: Facts) -> list[Event]:
    put: dict[str, Any] = {"state": "CLOSED", "closed_at": facts.now, "closed_by": facts.actor.work_no}
    closed = consult.event_of("meeting_closed", meeting, {}, **put)
    after = consult.evolve(meeting, closed.case, closed.data)
    sheets = minutes.sheets(after, facts.duty)
    return [closed, consult.event_of("meeting_minuted", after, {}, state="MINUTED", sheets=sheets)]


def told(meeting: Meeting, facts: Facts) -> list[Message]:
    """The decision goes to responsible units that did not come, and the task of a commander in any case."""
    town = facts.town
    found: list[Message] = []
    for item in meeting.agenda:
        o = item.outcome
        if o is None:
            continue
        until = f"{facts.duty.local(o.due):%m-%d %H:%M}"
        body = f"【{meeting.id}】{item.handle} {minutes.decision(meeting, item, town)} {until}前"
        for unit in dict.fromkeys((o.owner, *o.assists)):
            if o.code == "commander":
                post = visit.visitor_of(town, unit, facts.duty.local(facts.now).date())
                who = post.work_no if post else facts.person_of(unit)
            elif meeting.came(unit) or unit == town.centre.code:
                continue
            else:
                who = facts.person_of(unit, item.station)
            if who:
                found.append(Message(f"hs-{meeting.id}-{item.seq}-{unit}", who, body, "meeting"))
    return found


# urgent, and a station's own --------------------------------------------------------------------------------------------------------


def urgent(ref: str, reason: str) -> Act:
    """临时会商 for the first priorities: any time, the same outcomes, minutes within the hours of the profile."""
    reason = safe_text(reason)

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        case = which_meeting.case_of(db, ref)
        wrong = case if isinstance(case, Refusal) else permits.refuse_act("open_urgent", facts)
        if wrong is not None:
            return wrong
        assert isinstance(case, Case)
        if case.priority > facts.town.meetings.urgent_priority:
            zh = f"临时会商限{facts.town.meetings.urgent_priority}级以上；其余上周会: hs {case.handle}"
            return no(zh, f"only urgent cases; put it on the weekly agenda: hs {case.handle}", rule="E5")
        if not reason.strip():
            return no("临时会商须写缘由", "a reason, please", 3, "E5")
        local = facts.duty.local(facts.now)
        name = f"LS-{local:%Y-%m-%d-%H%M}"
        count = reads_meeting.count_of(db, name)
        m = Meeting(f"{name}-{count + 1}" if count else name, "urgent", facts.now, place=facts.town.meetings.place)
        work, events = which_meeting.work_of(db, facts), []
        listed = reads_meeting.meeting(db, case.consult) if case.consult else None
        if listed is not None and case.id in listed.items:  # it does not wait for the weekly one
            item = listed.items[case.id]
            moved = agenda.off_agenda(db, work, item, listed, f"转临时会商 {m.id}")
            if moved is not None:
                return moved
            gone = replace(item, withdrawn=f"转临时会商 {m.id}")
            events.append(consult.event_of("agenda_withdrawn", listed, {"case": case.id}, items={case.id: gone}))
            case = work.after[case.id]
        whys = pool.why(db, case, facts)
        refusal = agenda.list_case(work, case, m, reason, whys, urgent=True)
        if refusal is not None:
            return refusal
        item = agenda.new_item(db, facts, m, case, whys, {"question": reason})
        put: dict[str, Any] = {"state": "OPEN", "opened_at": facts.now, "chair": facts.actor.work_no, "reason": reason,
                               "trial": facts.actor.trial, "items": {case.id: item}}  # fmt: skip
        events.append(consult.event_of("meeting_opened", m, {"case": case.id, "reason": reason}, **put))
        due = wording.moment(
            week_of.minutes_due(facts.town, facts.duty, replace(m, opened_at=facts.now)), facts.now, facts.duty
        )
        zh = f"{m.id} 临时会商 {case.handle}: {reason}，纪要 {due}前"
        return Done(
            events, zh, f"urgent consultation {m.id} on {case.handle}", {"meeting": m.id, "case": case.handle}, work
        )

    return act


def station(code: str, ref: str, outcome: str, said: Decision, attended: tuple[str, ...] = ()) -> Act:
    """R57: a station's consultation on unclear responsibility: 定责 sends it, 未果 counts as a prior attempt (AC-57a)."""
    said = replace(said, text=safe_text(said.text))

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        case, kind = which_meeting.case_of(db, ref), consult.find_outcome(outcome, consult.STATION_OUTCOMES)
        if isinstance(case, Refusal):
            return case
        if kind is None:
            return no("站级会商结果为 1定责 或 2未果", "a station's outcome is 1 assigned or 2 none", 3, "R57")
        wrong = permits.refuse_act("hold_station_consultation", facts, code) or _not_theirs(case, code, facts)
        if wrong is not None:
            return wrong
        work, args = which_meeting.work_of(db, facts), _station_args(case, kind, said, facts)
        work.begin(case)
        refusal = args if isinstance(args, Refusal) else work.do(Command(kind.action, args), case.id)
        if refusal is not None:
            return refusal
        name = f"ZH-{code}-{facts.duty.local(facts.now):%Y-%m-%d}"
        m = Meeting(f"{name}-{reads_meeting.count_of(db, name + '-') + 1}", "station", facts.now, station=code)
        after = work.after[case.id]
        clock = after.clocks.get("HDL")
        due = (clock.due if clock and kind.code == "assign" else None) or which_meeting.coming(db, facts).at
        result = Outcome(kind.code, facts.actor.work_no, facts.now, after.lead if kind.code == "assign" else code, due,
                         said.text, said.units[1:])  # fmt: skip
        given = {"question": said.text, "station": code}
        item = replace(agenda.new_item(db, facts, m, case, pool.why(db, case, facts), given), outcome=result)
        rows = {u: Attendance(u, facts.actor.work_no, facts.now) for u in attended}
        put: dict[str, Any] = {"state": "OPEN", "opened_at": facts.now, "chair": facts.actor.work_no, "attendance": rows,
                               "items": {case.id: item}, "trial": facts.actor.trial}  # fmt: skip
        opened = consult.event_of("station_consulted", m, {"case": case.id, "outcome": kind.code}, **put)
        held = consult.evolve(m, opened.case, opened.data)
        zh = f"{m.id} {wording.unit(facts.town, code)} 会商 {case.handle} {kind.zh}"
        zh += (
            f" -> {wording.unit(facts.town, after.lead)}"
            if kind.code == "assign"
            else f"，前置协调{after.attempts}次，可 yn 提名疑难"
        )
        data = {
            "meeting": m.id,
            "case": case.handle,
            "outcome": kind.code,
            "state": str(after.state),
            "attempts": after.attempts,
        }
        return Done([opened, *closing(held, facts)], zh, f"{m.id}: {case.handle} {kind.en}", data, work,
                    told(held, facts))  # fmt: skip

    return act


def _not_theirs(case: Case, code: str, facts: Facts) -> Refusal | None:
    unit = facts.town.units.get(code)
    if unit is None or unit.kind != "station":
        return no("站级会商由联勤站召开", "a station holds it", 3, "R57")
    if case.station == code:
        return None
    name = wording.unit(facts.town, case.station) or "未定地点"
    return no(f"{case.handle} 属 {name}，由该站会商", f"{case.handle} lies in {case.station}", rule="R57")


def _station_args(case: Case, kind: Kind, said: Decision, facts: Facts) -> dict[str, Any] | Refusal:
    if kind.code == "none":
        return {"text": said.text}
    if not said.units:
        return no("定责须给单位: --unit cg", "name the unit: --unit cg", 3, "R57")
    unit = said.units[0]
    return {"unit": unit, "person": said.person or facts.person_of(unit, case.station), "assists": said.units[1:],
            "text": said.text, "reason": said.reason}  # fmt: skip
