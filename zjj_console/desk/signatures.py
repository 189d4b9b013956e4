"""Signing a handover (§4.6): two signatures are one atomic transfer of custody; forced ones and those of stations too."""

from collections.abc import Callable
from datetime import date
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from zjj_console.desk import packing, viewing, which, wording
from zjj_console.desk.acts import Act, Done
from zjj_console.desk.work import Work
from zjj_console.domain import handover as ho
from zjj_console.domain import handover_rules as rules
from zjj_console.domain import lifecycle, permits, rotation
from zjj_console.domain.custody import DESK_EN, DESK_ZH, Holding
from zjj_console.domain.facts import Facts
from zjj_console.domain.handover import Code, Forced, Handover, Signature, Tick
from zjj_console.domain.model import MINUTE, Case, Command, Event, Refusal, State
from zjj_console.domain.roster import on_call, signed_in
from zjj_console.reports import sheet
from zjj_console.storage import projections
from zjj_console.storage.db import Connection


def _no(zh: str, en: str, code: int = 8, rule: str = "4.6") -> Refusal:
    return Refusal(code, rule, zh, en)


def person(facts: Facts) -> rules.Person:
    book = facts.book
    signed = book is not None and signed_in(book, facts.actor.work_no, facts.now) is not None
    return rules.Person(facts.actor, facts.desk, signed)


def sign(name: str, side: str, *, tick_all: bool = False) -> Act:
    """The outgoing officer signs `out`; the incoming one signs `in`, and in the same transaction custody moves."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        h = which.own(db, facts, name)
        if isinstance(h, Refusal):
            return h
        if h.boundary in facts.town.boundaries and facts.town.boundaries[h.boundary].kind == "station":
            return _no(f"{h.boundary} 由各站签: sign {h.boundary} --station z1", "stations sign this one")
        wrong = _early(facts, h)
        if wrong is not None:
            return wrong
        holding = facts.holding or Holding(facts.custodian)
        live = viewing.live(db, h, facts)
        if tick_all and side == "in":
            ticks = {w.id: Tick(facts.actor.work_no, facts.now, w.zh) for w in rules.unticked(h, live)}
            h = replace(h, ticks={**h.ticks, **ticks})
        wrong = permits.refuse_act("sign_handover", facts) or rules.sign_refusal(
            h, side, person(facts), live, holding.desk, holding.claimed
        )
        if wrong is not None:
            return wrong
        mark = Signature(facts.actor.work_no, facts.actor.name, facts.now, facts.actor.unit)
        if side == "out":
            event = ho.event_of("handover_out_signed", h, {}, out_sign=mark, state="OUT_SIGNED")
            after = ho.evolve(h, event.case, event.data)
            zh = f"{h.number} 交班 {facts.actor.name} 已签，看护权仍在{DESK_ZH[h.frm]}，待接班人签"
            return Done([event], zh, f"{h.number}: signed out; custody stays until the other side signs",
                        viewing.brief(after, facts))  # fmt: skip
        return _transfer(db, facts, replace(h, in_sign=mark, state="IN_SIGNED"), "handover_in_signed", live)

    return act


def _early(facts: Facts, h: Handover) -> Refusal | None:
    """Custody does not move, nor a station close, hours before its boundary, whoever signs."""
    opens = h.at - facts.town.duty_rules.prepare_before * MINUTE
    if facts.now >= opens:
        return None
    return _no(f"{h.number} 自 {facts.duty.local(opens):%m-%d %H:%M} 起可签", "too early to sign")


def force(name: str, reason: str, second: str, *, proven: bool) -> Act:
    """带病交接: custody moves although something blocks it. A second person of rank gives his PIN, and it is told for ever."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        h = which.own(db, facts, name)
        if isinstance(h, Refusal):
            return h
        if h.state in ho.DONE:
            return _no(f"{h.number} 已签", "signed already")
        wrong = _early(facts, h) or _force_refusal(facts, h, reason, second, proven)
        if wrong is not None:
            return wrong
        live = viewing.live(db, h, facts)
        found = rules.blockers(h, live, person(facts))
        known = facts.town.people[second]
        forced = Forced(facts.actor.work_no, second, known.name, reason.strip(), facts.now,
                        tuple(f"{f.code} {f.zh}" for f in found))  # fmt: skip
        mark = Signature(facts.actor.work_no, facts.actor.name, facts.now, facts.actor.unit)
        return _transfer(db, facts, replace(h, in_sign=mark, forced=forced, state="FORCED"), "handover_forced", live)

    return act


def _force_refusal(facts: Facts, h: Handover, reason: str, second: str, proven: bool) -> Refusal | None:
    if not reason.strip():
        return _no("带病交接须写理由", "a forced handover needs a reason", 3)
    if h.boundary in facts.town.boundaries and facts.town.boundaries[h.boundary].kind == "station":
        return _no(f"{h.boundary} 由各站签，不移交看护权", "stations sign this one; custody does not move")
    if facts.holding is not None and facts.holding.claimed and facts.holding.desk != h.frm:
        now = facts.holding.desk
        return _no(f"看护权在{DESK_ZH[now]}，不由此交接移交", f"the {DESK_EN[now]} has custody", rule="I-1")
    refusal = permits.refuse_act("sign_handover", facts)
    if refusal is not None:
        return refusal
    if facts.desk != h.to and "centre" not in facts.actor.roles:
        return _no(f"接班须由{DESK_ZH[h.to]}的人办", f"the {DESK_EN[h.to]} takes over", 7)
    known = facts.town.people.get(second)
    if known is None:
        return _no("须有第二人: --second 工号(镇中心负责人，或值班长)", "a second person: --second WORKNO", 7)
    roles = set(known.roles) | {p.role for p in facts.town.posts if p.work_no == second}
    if not roles & {"centre", "shift_lead"} or second == facts.actor.work_no:
        return _no("第二人须为镇中心负责人或值班长，且不是本人", "the second person is the centre or a shift lead", 7)
    if not proven and not facts.actor.trial:
        return _no(f"须 {known.name} 的口令: --second-pin-file", "the second person's PIN is needed", 7)
    return None


def _transfer(db: Connection, facts: Facts, h: Handover, kind: str, live: rules.Live) -> Done:
    """One transaction: the record with its sheets, the custody of the desk, and every open case (T40)."""
    h = replace(h, moved_at=facts.now, changed=live.changes, codes=_as_they_stand(db, h))
    sheets = {"text": sheet.text(h, facts.duty), "html": sheet.html(h, facts.duty)}
    put: dict[str, Any] = {
        "in_sign": h.in_sign,
        "state": h.state,
        "moved_at": facts.now,
        "sheets": sheets,
        "ticks": h.ticks,
        "changed": h.changed,
        "codes": h.codes,
    }
    if h.forced is not None:
        put["forced"] = h.forced
    events = [ho.event_of(kind, h, {}, **put)]
    start = max(facts.now, facts.holding.since if facts.holding else 0)
    events.append(Event("custody_taken", "desk", {"from": start, "desk": h.to, "handover": h.id}))
    work, told = _moved(db, facts, h)
    zh = (
        f"{h.number} {ho.STATE_ZH[h.state]}: 看护权 {DESK_ZH[h.frm]} -> {DESK_ZH[h.to]} "
        f"{facts.duty.local(facts.now):%H:%M}，案件 {len(work.after)} 件"
    )
    return Done(events, zh, f"{h.number}: custody is with the {DESK_EN[h.to]}, {len(work.after)} cases",
                viewing.brief(h, facts), work, warnings=tuple(told))  # fmt: skip


def _as_they_stand(db: Connection, h: Handover) -> dict[str, Code]:
    """Codes with who has the case at this moment: that is to whom the morning gives it back."""
    held = {case.id: case for case in packing.open_cases(db)}
    return {
        key: replace(chosen, unit=held[key].lead, person=held[key].lead_person)
        if key in held and h.to == "night"
        else chosen
        for key, chosen in h.codes.items()
    }


def _moved(db: Connection, facts: Facts, h: Handover) -> tuple[Work, list[str]]:
    """Custody of every open case with the effect of its code, and what could not be done."""
    later = replace(facts, holding=Holding(h.to, facts.now, True, facts.actor.work_no, h.id))
    work = Work(later, lambda ref: projections.load(db, ref))
    told: list[str] = []
    turn = _Turn(later, h.day, packing.codes_of_the_evening(db, h))
    for case in packing.open_cases(db):
        work.put(case, lifecycle.hand_over(case, h.to, h.id))
        chosen = h.codes.get(case.id)
        effect = _EFFECTS.get(chosen.code) if chosen else None
        if effect is not None and (failure := _send(work, case, effect(case, turn))):
            told.append(f"{case.handle} {failure}")
    return work, told


def _send(work: Work, case: Case, target: "_Target") -> str:
    """Order the case to (unit, person) by its state; why it stays where it is, or nothing."""
    if target is None or isinstance(target, str):
        return target or ""
    if case.state not in _ORDERS:
        return f"{lifecycle.STATE_ZH[case.state]}，未能改派，仅记录"
    order = {"unit": target[0], "person": target[1], "reason": "night_transfer"}
    for action in _ORDERS[case.state]:
        refusal = work.do(Command(action, {} if action == "accept" else order), case.id)
        if refusal is not None:
            return f"未能改派: {refusal.zh}"
    return ""


_ORDERS: dict[State, tuple[str, ...]] = {
    State.REPORTED: ("accept", "dispatch"),
    State.ACCEPTED: ("dispatch",),
    State.DISPATCHED: ("reassign",),
    State.HANDLING: ("reassign",),
}


class _Turn(Struct, frozen=True):
    """What the effect of a code may know: the moment, the night's date, who had each case when the night began."""

    facts: Facts
    day: date
    evening: dict[str, Code]


_Target = tuple[str, str] | str | None  # whom to send the case to, or why nobody, or nothing to do


def _to_the_team(case: Case, turn: _Turn) -> _Target:
    nights = rotation.teams_on(turn.facts.town, turn.day) if turn.facts.town.rotation else ()
    if not nights:
        return "今夜无应急队当值，未能转交"
    unit = nights[0].unit
    return None if unit == case.lead else (unit, turn.facts.person_of(unit))


def _to_the_night_room(case: Case, turn: _Turn) -> _Target:
    facts = turn.facts
    listed = on_call(facts.book, facts.now, facts.town) if facts.book else []
    people = [facts.town.people[a.person] for a in listed if a.person in facts.town.people]
    who = next((p.work_no for p in people if p.unit == case.lead), "")
    if not who:
        return f"部门无听班人登记，仍由 {wording.person(facts.town, case.lead_person) or '无人'} 负责，请电话确认"
    return None if who == case.lead_person else (case.lead, who)


def _back(case: Case, turn: _Turn) -> _Target:
    before = turn.evening.get(case.id)
    if before is None or not before.unit:
        return "未找到原承办，请白班改派"
    return None if before.unit == case.lead else (before.unit, before.person)


def _to_the_centre(case: Case, turn: _Turn) -> _Target:
    return "交镇中心，请白班值守台改派"


_EFFECTS: dict[str, Callable[[Case, _Turn], _Target]] = {  # the other codes are told and change nothing (§2.8)
    "N2": _to_the_team,
    "N3": _to_the_night_room,
    "R2": _back,
    "R4": _to_the_centre,
}


# the stations' part (H2, H3) -------------------------------------------------------------------------------------------------


def sign_station(name: str, station: str, by: str = "", via: str = "") -> Act:
    """A station opens or closes: on its own console, or by telephone, recorded by the desk with who said it and how."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        h = which.own(db, facts, name)
        if isinstance(h, Refusal):
            return h
        unit, boundary = facts.town.units.get(station), facts.town.boundaries.get(h.boundary)
        if boundary is None or boundary.kind != "station" or unit is None or unit.kind != "station":
            return _no("站签只用于开站、闭站，且须为联勤站", "only stations sign opening and closing", 3)
        if station in h.stations:
            return _no(f"{h.number} {unit.name} 已签", f"{unit.name_en} has signed already")
        early = _early(facts, h)
        if early is not None:
            return early
        own = facts.actor.unit == station and {"deputy", "chief"} & facts.actor.roles
        desk = {"dispatcher", "shift_lead", "centre"} & facts.actor.roles
        if not own and not (desk and by):
            return _no("由副站长或站长签；电话代签须给 --by 工号", "deputy or chief signs; by telephone give --by", 7)
        if by and not any(p.work_no == by for role in ("deputy", "chief") for p in facts.town.holders(station, role)):
            return _no(f"{by} 不是 {unit.name} 的站长或副站长", f"{by} is not chief or deputy of {unit.name}", 3)
        mark = Signature(facts.actor.work_no, facts.actor.name, facts.now, station, via or ("phone" if by else ""), by)
        wanted = {u.code for u in facts.town.of_kind("station") if u.enabled}
        whole = wanted <= {*h.stations, station}
        put: dict[str, Any] = {"stations": {station: mark}}
        if whole:
            put |= {"state": "IN_SIGNED", "moved_at": facts.now}
        event = ho.event_of("handover_station_signed", h, {"station": station}, **put)
        after = ho.evolve(h, event.case, event.data)
        left = len(wanted) - len(after.stations)
        zh = f"{h.number} {unit.name} 已签" + (f"，还有 {left} 站" if left else "，各站已齐")
        return Done([event], zh, f"{h.number}: {unit.name_en} signed, {left} left", viewing.brief(after, facts))

    return act
