"""Signing a handover (§4.6): two signatures are one atomic transfer of custody; forced ones and those of stations too."""

from datetime import date
from typing import Any

from msgspec.structs import replace

from zjj_console.desk import packing, viewing, which
from zjj_console.desk.acts import Act, Done
from zjj_console.desk.work import Work
from zjj_console.domain import handover as ho
from zjj_console.domain import handover_rules as rules
from zjj_console.domain import lifecycle, rotation
from zjj_console.domain.custody import DESK_EN, DESK_ZH, Holding
from zjj_console.domain.facts import Facts
from zjj_console.domain.handover import Code, Forced, Handover, Signature, Tick
from zjj_console.domain.model import MINUTE, Case, Command, Event, Refusal, State
from zjj_console.domain.roster import on_call
from zjj_console.reports import sheet
from zjj_console.storage import projections
from zjj_console.storage.db import Connection


def _no(zh: str, en: str, code: int = 8, rule: str = "4.6") -> Refusal:
    return Refusal(code, rule, zh, en)


def person(facts: Facts) -> rules.Person:
    book = facts.book
    signed = book is not None and any(
        s.person == facts.actor.work_no and s.in_at <= facts.now and s.out_at is None for s in book.signs
    )
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
        wrong = rules.sign_refusal(h, side, person(facts), live, holding.desk, holding.claimed)
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
        found = rules.blockers(h, live, person(facts)) + rules.unticked(h, live)
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
    if not {"dispatcher", "shift_lead", "team_leader", "centre"} & facts.actor.roles:
        return _no("带病交接由坐席、值班长或应急队长办", "dispatcher, shift lead or team leader", 7)
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
    h = replace(h, moved_at=facts.now)
    sheets = {"text": sheet.text(h, facts.duty), "html": sheet.html(h, facts.duty)}
    put: dict[str, Any] = {
        "in_sign": h.in_sign,
        "state": h.state,
        "moved_at": facts.now,
        "sheets": sheets,
        "ticks": h.ticks,
    }
    if h.forced is not None:
        put["forced"] = h.forced
    events = [ho.event_of(kind, h, {"changed": list(live.changes)}, **put)]
    start = max(facts.now, facts.holding.since if facts.holding else 0)
    events.append(Event("custody_taken", "desk", {"from": start, "desk": h.to, "handover": h.id}))
    work, failed = _moved(db, facts, h)
    zh = (
        f"{h.number} {ho.STATE_ZH[h.state]}: 看护权 {DESK_ZH[h.frm]} -> {DESK_ZH[h.to]} "
        f"{facts.duty.local(facts.now):%H:%M}，案件 {len(work.after)} 件"
    )
    return Done(events, zh, f"{h.number}: custody is with the {DESK_EN[h.to]}, {len(work.after)} cases",
                viewing.brief(h, facts), work, warnings=tuple(failed))  # fmt: skip


def _moved(db: Connection, facts: Facts, h: Handover) -> tuple[Work, list[str]]:
    """Custody of every open case, and what its code asks for: to the night team, or back to who had it by day."""
    later = replace(facts, holding=Holding(h.to, facts.now, True, facts.actor.work_no, h.id))
    work = Work(later, lambda ref: projections.load(db, ref))
    failed: list[str] = []
    back = _codes_of_the_evening(db, h)
    for case in packing.open_cases(db):
        work.put(case, lifecycle.hand_over(case, h.to, h.id))
        chosen = h.codes.get(case.id)
        target = _target(chosen, case, later, back, h.day) if chosen else None
        if chosen is None or target is None:
            continue
        orders = _orders(work.after[case.id], *target)
        if not orders:
            failed.append(f"{case.handle} {lifecycle.STATE_ZH[case.state]}，未能改派；{chosen.code} 仅记录")
        for command in orders:
            refusal = work.do(command, case.id)
            if refusal is not None:
                failed.append(f"{case.handle} 未能改派: {refusal.zh}")
                break
    return work, failed


def _target(chosen: Code, case: Case, facts: Facts, back: dict[str, Code], day: date) -> tuple[str, str] | None:
    """(unit, person) that a code sends the case to; None where it stays."""
    if chosen.code == "N2" and facts.town.rotation:
        nights = rotation.teams_on(facts.town, day)
        unit = nights[0].unit if nights else ""
        return (unit, facts.person_of(unit)) if unit and unit != case.lead else None
    if chosen.code == "N3":  # the department's night room: whoever of it is on call
        book = facts.book
        listed = on_call(book, facts.now, facts.town) if book else []
        who = next((a.person for a in listed if facts.town.people[a.person].unit == case.lead), "")
        return (case.lead, who) if who and who != case.lead_person else None
    if chosen.code == "R2" and case.id in back:
        before = back[case.id]
        return (before.unit, before.person) if before.unit and before.unit != case.lead else None
    return None


def _codes_of_the_evening(db: Connection, h: Handover) -> dict[str, Code]:
    """What was chosen on the way into this night, reliefs of a seat within it passed over: who had each N2 case by day."""
    if h.to != "day":
        return {}
    last = next((found for found in packing.earlier_desks(db, h) if found.boundary != ho.EXTRA), None)
    return {k: c for k, c in last.codes.items() if c.code == "N2"} if last else {}


def _orders(case: Case, unit: str, who: str) -> list[Command]:
    order = {"unit": unit, "person": who, "reason": "night_transfer"}
    if case.state is State.REPORTED:
        return [Command("accept", {}), Command("dispatch", order)]
    if case.state is State.ACCEPTED:
        return [Command("dispatch", order)]
    return [Command("reassign", order)] if case.state in (State.DISPATCHED, State.HANDLING) else []


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
