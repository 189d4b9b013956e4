"""What is done with a handover before it is signed (§4.6): prepare, read, choose where cases go, note."""

import random
from collections.abc import Iterable
from typing import Any

from zjj_console.desk import packing, viewing, which
from zjj_console.desk.acts import Act, Done
from zjj_console.domain import handover as ho
from zjj_console.domain import handover_rules as rules
from zjj_console.domain import permits
from zjj_console.domain.facts import Facts
from zjj_console.domain.handover import Code, Handover, Note, Tick
from zjj_console.domain.model import DAY, Refusal
from zjj_console.storage import projections, reads_duty
from zjj_console.storage.db import Connection


def _no(zh: str, en: str, code: int = 8, rule: str = "4.6") -> Refusal:
    return Refusal(code, rule, zh, en)


def _kept(db: Connection, facts: Facts, name: str, *, built: bool = True, open_: bool = False) -> Handover | Refusal:
    """The record, for somebody who may write in it."""
    return permits.refuse_act("keep_handover", facts) or which.own(db, facts, name, built=built, open_=open_)


def prepare(name: str, *, anew: bool = False) -> Act:
    """Build the package, or build it anew: what was read and has not changed stays read.

    `anew`: although the outgoing officer has signed, whose signature is thereby withdrawn.
    """

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        refusal = permits.refuse_act("keep_handover", facts)
        if refusal is not None:
            return refusal
        h = _extra(db, facts) if name.strip().upper() == ho.EXTRA else which.find(db, facts, name)
        if isinstance(h, Refusal):
            return h
        if h.state in ho.DONE:
            done = Done([], f"{h.number} {ho.STATE_ZH[h.state]}", f"{h.number} is signed", viewing.brief(h, facts))
            done.same = True
            return done
        if h.at - facts.now > DAY:
            return _no(f"{h.number} 距今过早", "too early")
        if h.state == "OUT_SIGNED" and not anew:
            return _no(
                f"{h.number} 交班人已签，重建会撤销其签字；确要重建加 --yes", "signed out already; --yes builds it anew"
            )
        package = packing.package(db, h, facts)
        put: dict[str, Any] = {"state": "PREPARED", "package": package, "digest": packing.digest_of(package),
                               "out_sign": None}  # fmt: skip
        event = ho.event_of("handover_prepared", h, {"boundary": h.boundary}, **put)
        after = ho.evolve(h, event.case, event.data)
        b = package.balance
        zh = (
            f"{after.number} 已建包: 未结{b.open} = 在办{package.count('running')} + 停表{package.count('paused')} + "
            f"挂账{package.count('suspended')}，必读 {len(package.must)}"
        )
        return Done([event], zh, f"{after.number} prepared: {b.open} open, {len(package.must)} to read",
                    viewing.brief(after, facts))  # fmt: skip

    return act


def _extra(db: Connection, facts: Facts) -> Handover:
    """A handover between the boundaries stays at the desk that has custody: a person is relieved."""
    local = facts.duty.local(facts.now)
    desk, key = facts.custodian, ho.handover_id(ho.EXTRA, local.date(), f"{local:%H%M}")
    return reads_duty.handover(db, key) or Handover(key, ho.EXTRA, local.date(), facts.now, desk, desk)


def read(name: str, refs: Iterable[str], back: str = "", *, batch: bool = False) -> Act:
    """Tick cases (by handle) and warnings (W1 ..) as read. `back`: the next action in the reader's own words."""
    wanted = list(refs)

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        h = _kept(db, facts, name, open_=True)
        if isinstance(h, Refusal):
            return h
        assert h.package is not None
        reads: dict[str, Tick] = {}
        ticks: dict[str, Tick] = {}
        live = (
            {w.id: w for w in rules.warnings(viewing.live(db, h, facts))} if any(_is_warning(r) for r in wanted) else {}
        )
        for ref in wanted:
            item = h.package.item(ref)
            if _is_warning(ref):
                if ref.upper() not in live:
                    return _no(f"没有警示 {ref.upper()}", f"no warning {ref.upper()} stands", 6)
                ticks[ref.upper()] = Tick(facts.actor.work_no, facts.now, live[ref.upper()].zh)
            elif item is None:
                return _no(f"交接包中没有 {ref}", f"{ref} is not in the package", 6)
            else:
                said = ho.NEXT_ZH.get(back, back)
                reads[item.id] = Tick(facts.actor.work_no, facts.now, said, item.version)
        put: dict[str, Any] = {"reads": reads, "ticks": ticks}
        sampled: list[str] = []
        if batch:
            rest = [item.handle for item in h.package.items if not item.must]
            dice = random.Random(h.digest)
            sampled = sorted(dice.sample(rest, min(facts.town.duty_rules.samples, len(rest))))
            put["batch"] = Tick(facts.actor.work_no, facts.now, " ".join(sampled))
        event = ho.event_of("handover_read", h, {"refs": wanted}, **put)
        after = ho.evolve(h, event.case, event.data)
        zh = f"{h.number} 已读 {len(h.package.must) - len(after.unread)}/{len(h.package.must)}"
        others = len(h.package.items) - len(h.package.must)
        zh += f"，成批确认其余 {others} 件，抽读 {' '.join(sampled)}" if batch and others else ""
        silent = [
            i.handle for i in h.package.must if i.id in reads and i.priority in rules.URGENT and not reads[i.id].back
        ]
        warn = (f"未复述下一步: {' '.join(silent)} (read {h.boundary} 案号 --next 文字)",) if silent else ()
        data = {"read": len(after.reads), "unread": [i.handle for i in after.unread], "samples": sampled}
        return Done([event], zh, f"{h.number}: {len(after.unread)} left to read", data, warnings=warn)

    return act


def _is_warning(ref: str) -> bool:
    return len(ref) == 2 and ref[0] in "wW" and ref[1].isdigit()


def code(name: str, refs: Iterable[str], chosen: str) -> Act:
    """Where a case goes overnight (N1-N5) or in the morning (R1-R4), with who had it until now."""
    wanted, word = list(refs), chosen.strip().upper()

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        h = _kept(db, facts, name, open_=True)
        if isinstance(h, Refusal):
            return h
        assert h.package is not None
        codes: dict[str, Code] = {}
        by_day = packing.codes_of_the_evening(db, h) if word == "R2" else {}
        for ref in wanted:
            item = h.package.item(ref)
            case = projections.load(db, item.id) if item else None
            if item is None or case is None:
                return _no(f"交接包中没有 {ref}", f"{ref} is not in the package", 6)
            wrong = rules.code_refusal(h, case, word)
            if wrong is not None:
                return wrong
            before = by_day.get(item.id)  # R2 names who gets it back, the others who has it now
            unit, who = (before.unit, before.person) if before else (case.lead, case.lead_person)
            codes[item.id] = Code(word, facts.actor.work_no, facts.now, unit, who)
        events = [ho.event_of("handover_coded", h, {"code": word, "refs": wanted}, codes=codes)]
        evening = _evening_of(db, facts, h)
        if (
            evening is not None and evening.state not in ho.DONE
        ):  # what a station chose at closing time holds for the desk's handover an hour later
            events.append(ho.event_of("handover_coded", evening, {"code": word, "refs": wanted}, codes=codes))
        zh = f"{h.number} {' '.join(wanted)} {word} {ho.CODES[word][0]}"
        return Done(
            events, zh, f"{h.number}: {' '.join(wanted)} {word} {ho.CODES[word][1]}", {"code": word, "cases": wanted}
        )

    return act


def _evening_of(db: Connection, facts: Facts, h: Handover) -> Handover | None:
    if facts.town.boundaries.get(h.boundary) is None or facts.town.boundaries[h.boundary].kind != "station":
        return None
    into_night = next((b for b in facts.town.boundaries.values() if b.kind == "desk" and b.to == "night"), None)
    if into_night is None or into_night.at < facts.town.boundaries[h.boundary].at:
        return None
    return reads_duty.handover(db, ho.handover_id(into_night.code, h.day)) or which.blank(facts, into_night.code, h.day)


def pack(ref: str, gist: str = "", following: str = "", *, console: str) -> Act:
    """入交接单: one line for the next shift about a case, at any time before the handover."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        refusal = permits.refuse_act("keep_handover", facts)
        if refusal is not None:
            return refusal
        case = projections.find(db, ref, console)
        if case is None:
            return _no(f"没有案件 {ref}", f"no case {ref}", 6)
        if not case.is_open:
            return _no("已结的案件不入交接单", "an ended case is not handed over")
        h = which.due(db, facts)
        if isinstance(h, Refusal):
            return h
        put = {k: {case.id: v} for k, v in (("gists", gist), ("nexts", following)) if v}
        event = ho.event_of(
            "handover_packed", h, {"case": case.handle}, **(put or {"gists": {case.id: case.text[:60]}})
        )
        return Done([event], f"入交接单 {h.number} {case.handle} {gist}".strip(), f"{case.handle} goes on {h.number}",
                    {"handover": h.id, "case": case.handle})  # fmt: skip

    return act


def note(name: str, text: str, *, equipment: bool = False) -> Act:
    """A desk note, or the equipment count (`对讲9/10 单兵3/3`). After the transfer it is a late item, kept as an annex."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        h = _kept(db, facts, name, built=False)
        if isinstance(h, Refusal):
            return h
        if not text.strip():
            return _no("便签须有文字", "a note needs words", 3)
        late = h.state in ho.DONE
        if equipment and late:
            return _no("已签的交接不能改装备数；写成便签", "signed already; write it as a note")
        row = Note(facts.actor.work_no, facts.actor.name, facts.now, text.strip(), late)
        put: dict[str, Any] = {"equipment": text.strip()} if equipment else {"notes": [row]}
        event = ho.event_of("handover_noted", h, {}, **put)
        zh = f"{h.number} {'装备' if equipment else '补记' if late else '便签'}: {text.strip()}"
        return Done([event], zh, f"{h.number}: noted", {"late": late})

    return act


def spoken(name: str) -> Act:
    """Both sides have gone through the six topics aloud."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        h = _kept(db, facts, name, open_=True)
        if isinstance(h, Refusal):
            return h
        event = ho.event_of("handover_spoken", h, {}, spoken=Tick(facts.actor.work_no, facts.now))
        return Done([event], f"{h.number} 口头交接六项已进行", f"{h.number}: spoken", None)

    return act
