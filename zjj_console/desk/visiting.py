"""The commander's monthly visit (R60): planned, recorded, and what he says about each difficult case of the station."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from zjj_console.desk import followups, wording
from zjj_console.desk.acts import Act, Done, Message
from zjj_console.desk.followups import FollowUp
from zjj_console.desk.which_meeting import case_of, work_of
from zjj_console.domain import consult, permits, visit
from zjj_console.domain.facts import Facts
from zjj_console.domain.model import DAY, Case, Command, Event, Refusal
from zjj_console.domain.safe import safe_text
from zjj_console.domain.visit import Visit, Word
from zjj_console.storage import projections, reads_meeting
from zjj_console.storage.db import Connection

ALL = "all"  # every difficult case that nothing is said about is noted


def _no(zh: str, en: str, code: int = 8) -> Refusal:
    return Refusal(code, "R60", zh, en)


def difficult_of(db: Connection, station: str, facts: Facts) -> list[Case]:
    """The station's difficult cases, and those that a consultation put to its commander; the oldest first."""
    return difficult_by(db, [station], followups.standing(db, facts))[station]


def difficult_by(db: Connection, stations: list[str], standing: list[FollowUp]) -> dict[str, list[Case]]:
    """The same for several stations, each read once. `standing`: decisions that are not done."""
    found: dict[str, dict[str, Case]] = {code: {} for code in stations}
    for case in reads_meeting.difficult(db):
        for code in {case.station, case.lead} & found.keys():
            found[code][case.id] = case
    for f in standing:
        if f.code == "commander" and f.owner in found:
            known = projections.load(db, f.case)
            if known is not None and known.is_open:
                found[f.owner].setdefault(known.id, known)
    return {code: sorted(cases.values(), key=lambda c: (c.reported_at, c.serial)) for code, cases in found.items()}


def put_to(db: Connection, station: str, facts: Facts) -> list[FollowUp]:
    """What consultations asked of this station's commander and he has not answered (outcome 3)."""
    return [f for f in followups.standing(db, facts) if f.owner == station and f.code == "commander"]


def _station(facts: Facts, code: str) -> Refusal | None:
    unit = facts.town.units.get(code)
    if unit is not None and unit.kind == "station" and unit.enabled:
        return None
    return _no(f"进站须到联勤站: {code or '未写'}", f"a visit is to a station: {code}", 3)


def plan(station: str, at: int) -> Act:
    """约定进站. Another time for the same month moves the plan."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        wrong = _station(facts, station) or permits.refuse_act("plan_visit", facts, station)
        if wrong is not None:
            return wrong
        if at < facts.now:
            return _no("约定时间须晚于现在；已进站用 visit record", "a plan is for the future; record what has been")
        month = visit.month_of(facts.duty, at)
        known = reads_meeting.visits(db, month)
        v = next((v for v in known if v.station == station and v.state == "PLANNED"), None)
        v = v or _new(known, station, month, at)
        event = visit.event_of("visit_planned", v, {"at": at}, at=at, planned_by=facts.actor.work_no, state="PLANNED")
        when = f"{facts.duty.local(at):%m-%d %H:%M}"
        post = visit.visitor_of(facts.town, station, facts.duty.local(at).date())
        name = wording.person(facts.town, post.work_no) if post else ""
        zh = f"{v.id} 约 {when} {name}进{wording.unit(facts.town, station)}"
        messages = [Message(f"jz-{v.id}-{at}", post.work_no, f"【{v.id}】{when} 进站", "meeting")] if post else []
        return Done(
            [event],
            zh,
            f"{v.id} planned for {when}",
            {"visit": v.id, "at": wording.iso(at, facts.duty)},
            messages=messages,
        )

    return act


def _new(known: list[Visit], station: str, month: str, at: int) -> Visit:
    n = 1 + sum(v.station == station for v in known)
    return Visit(visit.visit_id(station, month, n), station, month, at)


def record(
    station: str,
    by: str,
    at: int,
    briefing: str,
    problems: str,
    said: Mapping[str, str] | None = None,
    noted: tuple[str, ...] = (),
    due: int | None = None,
) -> Act:
    """What the commander was told and what he decided. Each difficult case is commanded (`said`: case -> text) or noted.

    `by`: the commander, or who acts for him. `noted` may be ("all",). `due`: until when the instructions are carried out.
    """
    commands = {ref: safe_text(text) for ref, text in (said or {}).items()}
    briefing, problems = safe_text(briefing), safe_text(problems)

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        wrong = _station(facts, station) or _allowed(facts, station) or _told(at, briefing, problems, due, facts)
        if wrong is not None:
            return wrong
        post = visit.visitor(facts.town, station, by, facts.duty.local(at).date())
        if post is None:
            role = facts.town.term(facts.town.meetings.visitor, facts.town.meetings.visitor)
            name = wording.person(facts.town, by) or "未写"
            zh = f"{name} 不是{wording.unit(facts.town, station)}的{role}(代理须先登记任职)，不计为进站"
            return _no(zh, f"{by or 'nobody'} is not the {facts.town.meetings.visitor} of {station}, nor acting")
        words = _words(db, facts, station, commands, noted, due)
        if isinstance(words, Refusal):
            return words
        work = work_of(db, facts)
        for case_id, word in words.items():
            case = projections.load(db, case_id)
            assert case is not None
            work.begin(case)
            if not word.noted:
                refusal = work.do(Command("command", {"text": word.text, "by": by, "until": word.due}), case_id)
                if refusal is not None:
                    return refusal
        return _recorded(db, facts, station, at, (by, post.acting, briefing, problems), words, work)

    return act


def _allowed(facts: Facts, station: str) -> Refusal | None:
    wrong = permits.refuse_act("record_visit", facts, station)
    if wrong is not None and "deputy" in facts.actor.roles and facts.actor.unit == station:
        return _no(
            "副站长可提请，由站长、指挥长或镇中心登记进站", "a deputy may ask; chief, commander or centre record it", 7
        )
    return wrong


def _told(at: int, briefing: str, problems: str, due: int | None, facts: Facts) -> Refusal | None:
    if not briefing.strip() or not problems.strip():
        return _no("须记了解的情况和问题(没有问题也写 无)", "situation and problems, please (write 无 for none)", 3)
    if at > facts.now:
        return _no("进站时间不能在将来；约定用 visit plan", "a visit is recorded afterwards; plan it instead", 3)
    if due is not None and due <= facts.now:
        return _no("期限须晚于现在", "the due time must be in the future", 3)
    return None


def _words(
    db: Connection, facts: Facts, station: str, commands: Mapping[str, str], noted: tuple[str, ...], due: int | None
) -> dict[str, Word] | Refusal:
    """Every difficult case of the station, and whatever else he spoke about; the refusal names what is left out."""
    listed = {c.id: c for c in difficult_of(db, station, facts)}
    words: dict[str, Word] = {}
    until = due or facts.now + facts.town.meetings.task_days * DAY
    for ref, text in commands.items():
        case = case_of(db, ref)
        if isinstance(case, Refusal):
            return case
        if not text.strip():
            return _no(f"{case.handle} 须写指挥意见", f"what is said about {case.handle}?", 3)
        words[case.id] = Word(case.id, case.handle, False, text, case.lead or station, until)
    for ref in noted:
        if ref == ALL:
            words = {**{c.id: Word(c.id, c.handle, True) for c in listed.values()}, **words}
            continue
        case = case_of(db, ref)
        if isinstance(case, Refusal):
            return case
        words.setdefault(case.id, Word(case.id, case.handle, True))
    left = [c.handle for c in listed.values() if c.id not in words]
    if left:
        zh = f"疑难案件 {' '.join(left)} 未表态: 逐件写指挥意见(--case 案号=意见)或知悉(--noted 案号，全部为 all)"
        return _no(zh, f"say something about {' '.join(left)}: an instruction (--case) or noted (--noted)")
    return words


def _recorded(
    db: Connection,
    facts: Facts,
    station: str,
    at: int,
    told: tuple[str, bool, str, str],
    words: dict[str, Word],
    work: Any,
) -> Done:
    by, acting, briefing, problems = told
    month = visit.month_of(facts.duty, at)
    known = reads_meeting.visits(db, month)
    v = next((v for v in known if v.station == station and v.state == "PLANNED"), None) or _new(
        known, station, month, at
    )
    name = wording.person(facts.town, by)
    put: dict[str, Any] = {
        "state": "DONE", "at": at, "by": by, "name": name, "acting": acting, "briefing": briefing, "problems": problems,
        "cases": words, "recorded_by": facts.actor.work_no, "recorded_at": facts.now, "trial": facts.actor.trial,
    }  # fmt: skip
    events: list[Event] = [visit.event_of("visit_recorded", v, {"by": by}, **put)]
    for f in put_to(db, station, facts):
        m = reads_meeting.meeting(db, f.ref)
        if m is not None and f.case in words:
            item = m.items[f.case]
            assert item.outcome is not None
            answer = replace(item.outcome, done_at=facts.now, done_by=by, done_text=v.id)
            events.append(consult.event_of("follow_up_done", m, {"case": f.case, "visit": v.id},
                                           items={f.case: replace(item, outcome=answer)}))  # fmt: skip
    messages = [
        Message(f"jz-{v.id}-{w.handle}", who, f"【{v.id}】{w.handle} 指挥意见: {w.text}", "meeting")
        for w in words.values()
        if not w.noted and (who := facts.person_of(w.owner, station))
    ]
    tasks = sum(not w.noted for w in words.values())
    zh = f"{v.id} {name}{'(代理)' if acting else ''} {facts.duty.local(at):%m-%d} 进{wording.unit(facts.town, station)}"
    zh += f"，指挥 {tasks} 件，知悉 {len(words) - tasks} 件"
    data = {"visit": v.id, "acting": acting, "commanded": [w.handle for w in words.values() if not w.noted],
            "noted": [w.handle for w in words.values() if w.noted]}  # fmt: skip
    return Done(events, zh, f"{v.id}: {tasks} commanded, {len(words) - tasks} noted", data, work, messages)


def cancel(visit_id: str) -> Act:
    """A plan that will not happen."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        v = reads_meeting.visit(db, visit_id.strip())
        if v is None:
            return _no(f"没有进站 {visit_id}", f"no visit {visit_id}", 6)
        wrong = permits.refuse_act("plan_visit", facts, v.station)
        if wrong is not None:
            return wrong
        if v.state != "PLANNED":
            return _no(f"{v.id} {visit.STATE_ZH[v.state]}，不能取消", f"{v.id} is {v.state}")
        event = visit.event_of("visit_cancelled", v, {}, state="CANCELLED")
        return Done([event], f"{v.id} 已取消", f"{v.id} cancelled", {"visit": v.id})

    return act
