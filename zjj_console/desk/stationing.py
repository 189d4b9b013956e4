"""On-demand departments at the stations (R26): asked for, approved, arrived, left."""

import msgspec
from msgspec.structs import replace

from zjj_console.desk import shift_changes, wording
from zjj_console.desk.acts import Act, Done
from zjj_console.domain import permits
from zjj_console.domain.facts import Facts
from zjj_console.domain.ids import uuid7
from zjj_console.domain.model import Event, Refusal
from zjj_console.domain.roster import Stationing
from zjj_console.storage import reads_duty
from zjj_console.storage.db import Connection


def _no(zh: str, en: str, code: int = 8, rule: str = "4.1") -> Refusal:
    return Refusal(code, rule, zh, en)


STATIONING_ZH = {
    "REQUESTED": "待批准", "APPROVED": "待到", "ARRIVED": "在站", "LEFT": "已离", "REFUSED": "未准", "CANCELLED": "已撤",
    "NO_SHOW": "未到",
}  # fmt: skip
_NEXT = {  # step: the state it needs, the state it makes, and what permits it
    "approve": ("REQUESTED", "APPROVED", "decide_stationing"), "refuse": ("REQUESTED", "REFUSED", "decide_stationing"),
    "cancel": ("REQUESTED", "CANCELLED", "ask_stationing"), "arrive": ("APPROVED", "ARRIVED", "record_stationing"),
    "leave": ("ARRIVED", "LEFT", "record_stationing"), "no_show": ("APPROVED", "NO_SHOW", "record_stationing"),
}  # fmt: skip


def request(
    dept: str, station: str, start: int, end: int, trigger: str, case: str = "", person: str = "", text: str = ""
) -> Act:
    """R26: the trigger is one of the three of the policy; a difficult case as trigger needs the case."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        town = facts.town
        unit, place = town.units.get(dept), town.units.get(station)
        if unit is None or unit.kind != "on_demand":
            return _no("驻站限按需部门", "only on-demand departments are stationed", 3, "R26")
        if not unit.enabled:
            return _no(f"{unit.name} 未启用(资料未提供)", f"{unit.name} is a disabled placeholder", rule="NV-17")
        if place is None or place.kind != "station":
            return _no("驻站须到联勤站", "stationing is at a station", 3, "R26")
        wrong = permits.refuse_act("ask_stationing", facts, station)
        if wrong is not None:
            return wrong
        reasons = {r.code: r.name for r in town.reasons["trigger"].values()}
        if trigger not in reasons:
            return _no(f"事由须为 {'、'.join(reasons.values())}", f"trigger: {', '.join(reasons)}", 3, "R26")
        if trigger == "difficult_case" and not case:
            return _no("事由为疑难案件时须给案号", "a difficult case as trigger needs the case", 3, "R26")
        if end <= start:
            return _no("驻站止须晚于起", "it must end after it begins", 3)
        if person and (person not in town.people or town.people[person].unit != dept):
            name = wording.person(town, person) or person
            return _no(f"{name} 不是 {unit.name} 的人", f"{person} is not of {unit.name_en}", 3, "R26")
        row = Stationing(uuid7(facts.now), dept, station, start, end, trigger, "REQUESTED", facts.actor.work_no,
                         person, case, text=text)  # fmt: skip
        return _stationed(row, facts)

    return act


def move(stationing_id: str, step: str) -> Act:
    """approve, refuse, cancel, arrive, leave or no_show."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        row = _named(db, facts, stationing_id.strip().lower())
        if isinstance(row, Refusal):
            return row
        frm, to, permit = _NEXT[step]
        own = row.station if permit == "ask_stationing" or facts.actor.unit != row.dept else row.dept
        wrong = permits.refuse_act(permit, facts, own)
        if wrong is not None:
            return wrong
        if row.state != frm:
            now = STATIONING_ZH[row.state]
            return _no(f"驻站{now}，此步须为{STATIONING_ZH[frm]}", f"it is {row.state}, this needs {frm}", rule="R26")
        if step == "arrive" and facts.duty.local(facts.now).date() < facts.duty.local(row.start).date():
            begins = f"{facts.duty.local(row.start):%m-%d %H:%M}"
            return _no(f"驻站自 {begins} 起，当日才可登记到站", f"it begins {begins}; arrival is recorded on that day")
        if step == "approve":
            clash = _away(db, facts, row)
            if clash:
                return clash
        at = {"arrive": {"arrived_at": facts.now}, "leave": {"left_at": facts.now}}.get(step, {})
        return _stationed(replace(row, state=to, **at), facts)

    return act


def _named(db: Connection, facts: Facts, word: str) -> Stationing | Refusal:
    """The stationing of an id or of its beginning: those asked for within the same minute begin alike."""
    hits = [s for s in reads_duty.stationings(db) if word and s.id.startswith(word)]
    if not hits:
        return _no(f"没有驻站申请 {word}", f"no stationing {word}", 6, "R26")
    if len(hits) == 1:
        return hits[0]
    zh = "；".join(f"{s.id} {words(s, facts)}" for s in hits)
    en = "; ".join(f"{s.id} {s.dept} at {s.station} {s.state}" for s in hits)
    return _no(f"{word} 可指 {zh}；请写全编号", f"{word} may be {en}; write the whole id", 3, "R26")


def _away(db: Connection, facts: Facts, row: Stationing) -> Refusal | None:
    """AC-27a from the other side: who is to be stationed is not on a shift elsewhere (C1)."""
    book = reads_duty.book(db, row.start, row.end)
    taken = any(s.person == row.person and s.state in ("APPROVED", "ARRIVED") for s in book.stationings)
    if row.person and (taken or any(one.person == row.person for one in book.leaves)):
        name = wording.person(facts.town, row.person)
        return _no(f"C1 {name} 同时已驻他站或请假", f"C1 {row.person} is stationed or on leave then", rule="C1")
    a = next((a for a in book.by_person.get(row.person, []) if a.unit != row.station), None)
    if a is None:
        return None
    zh = f"C1 {wording.person(facts.town, row.person)} 同时有班 {shift_changes.shift_zh(a, facts)}；先换人顶班"
    return _no(zh, f"C1 {row.person} has a shift then", rule="C1")


def _stationed(row: Stationing, facts: Facts) -> Done:
    zh = f"驻站 {words(row, facts)}"
    event = Event("stationed", f"stationing:{row.id}", {"stationing": msgspec.to_builtins(row)})
    return Done([event], zh, f"stationing {row.dept} at {row.station}: {row.state}", msgspec.to_builtins(row))


def words(row: Stationing, facts: Facts) -> str:
    span = f"{facts.duty.local(row.start):%m-%d %H:%M}-{facts.duty.local(row.end):%m-%d %H:%M}"
    name = f" {wording.person(facts.town, row.person)}" if row.person else ""
    return (
        f"{wording.unit(facts.town, row.dept)}{name} -> {wording.unit(facts.town, row.station)} {span} "
        f"{STATIONING_ZH[row.state]}"
    )
