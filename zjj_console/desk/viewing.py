"""Looking at a handover: what holds at this moment, its figures for scripts, and the proof that a stored one is whole."""

import hashlib
import re
from typing import Any

from msgspec import Struct

from zjj_console.desk import packing, wording
from zjj_console.domain import gaps, rotation
from zjj_console.domain import handover as ho
from zjj_console.domain import handover_rules as rules
from zjj_console.domain.facts import Facts
from zjj_console.domain.handover import Handover, Item
from zjj_console.domain.handover_rules import Finding, Live
from zjj_console.domain.model import MINUTE, SECOND, Case
from zjj_console.domain.roster import there
from zjj_console.storage import audit, journal, order, reads_duty
from zjj_console.storage.db import Connection
from zjj_console.storage.journal import GENESIS
from zjj_console.storage.reads_duty import Brief

_CLOCK_SLACK = 30 * SECOND
_COUNTED = re.compile(r"([^\d\s/]+?)\s*(\d+)\s*/\s*(\d+)")


class Check(Struct, frozen=True):
    """One step of the proof of a stored handover."""

    zh: str
    en: str
    ok: bool


def number_of(row: Brief) -> str:
    suffix = row.id.partition("@")[2]
    return f"JJ-{row.day[5:7]}{row.day[8:10]}-{row.boundary}" + (suffix and f"-{suffix}")


def live(db: Connection, h: Handover, facts: Facts, *, proof: bool = True) -> Live:
    """What counts at the moment of signing, read now and not taken from the snapshot.

    `proof`: walk the journal since the last handover (B4), as a signature demands; a screen shows what the package says.
    """
    cases = packing.open_cases(db)
    urgent = tuple(c for c in cases if c.priority in rules.URGENT)
    rows = [(who, age) for who, age, _ in packing.drafts(db, facts.now)]
    minutes = facts.town.duty_rules.draft_minutes
    previous = packing.previous_desk(db, h)
    chain = _chain(db, previous, h) if proof else ""
    package, rules_of = h.package, facts.town.duty_rules
    balanced = packing.balance(db, previous).holds if proof and not chain else package is None or package.balance.holds
    return Live(
        facts.now,
        urgent,
        frozenset(c.id for c in urgent if _handled(c, h, facts)),
        frozenset(c.id for c in urgent if c.priority == 1 and _unanswered(db, c, facts.now)),
        tuple((wording.person(facts.town, who), age) for who, age in rows if age > minutes),
        bool(chain) or balanced,  # a broken journal is not counted
        chain,
        _clock(db, facts.now),
        _absent(db, facts),
        packing.unsent(db),
        short_of(h.equipment),
        tuple(c.handle for c in cases if c.priority == 3 and _late(c, facts.now)),
        _late_stations(db, h, facts),
        previous.number if previous and previous.forced else "",
        "",
        package is not None and package.at < h.at - rules_of.prepare_before * MINUTE,
        changes(h, cases),
    )


def _handled(case: Case, h: Handover, facts: Facts) -> bool:
    """B1: somebody on duty after the boundary has it. By day a case of the night team does not stay with it by itself."""
    unit = facts.town.units.get(case.lead)
    if unit is None:
        return False
    if h.to == h.frm:
        return True
    if h.to == "day":
        return unit.kind != "response_team"
    if unit.kind == "response_team":
        nights = rotation.teams_on(facts.town, h.day) if facts.town.rotation else ()
        return not nights or any(night.unit == unit.code for night in nights)
    after = max(h.at, facts.now)
    book = facts.book
    return book is not None and any(
        a.person == case.lead_person and a.end > after for a in there(book, after, facts.now, facts.town)
    )


def _unanswered(db: Connection, case: Case, now: int) -> bool:
    clock = case.next_clock()
    if clock is None or clock.due is None or clock.due > now:
        return False
    row = db.execute(
        "SELECT 1 FROM event WHERE stream = ? AND at > ? AND actor <> 'system' AND kind NOT IN ('followed', 'custody_moved') LIMIT 1",
        (case.id, clock.due),
    ).fetchone()
    return row is None


def _late(case: Case, now: int) -> bool:
    clock = case.next_clock()
    return case.state != "SUSPENDED" and clock is not None and (clock.due or now + 1) <= now


def _chain(db: Connection, previous: Handover | None, h: Handover) -> str:
    """B4: from the last handover and from this snapshot to its end the journal must be the one that they stand on."""
    packages = [one.package for one in (previous, h) if one is not None and one.package is not None]
    places = [(p.lseq, bytes.fromhex(p.head) if p.lseq else GENESIS) for p in packages]
    places += [] if previous else [(0, GENESIS)]
    return "" if all(audit.whole_after(db, *place) for place in places) else "日志哈希链不符"


def _clock(db: Connection, now: int) -> str:
    newest = journal.last_own(db)
    if newest is not None and newest > now + _CLOCK_SLACK:
        return f"时钟比最近记录慢 {(newest - now) // SECOND} 秒"
    return ""


def _absent(db: Connection, facts: Facts) -> tuple[str, ...]:
    if facts.book is None:
        return ()
    found = gaps.absences(facts.book, facts.town, facts.duty, facts.now)
    return tuple(wording.person(facts.town, a.person) for a in found if a.state in ("late", "absent", "left"))


def short_of(equipment: str) -> tuple[str, ...]:
    """`对讲9/10 单兵3/3` -> ("对讲9/10",)."""
    return tuple(f"{name}{have}/{all_}" for name, have, all_ in _COUNTED.findall(equipment) if int(have) < int(all_))


def _late_stations(db: Connection, h: Handover, facts: Facts) -> tuple[str, ...]:
    """W5: stations that have not signed the last opening or closing before this boundary, or signed it late."""
    before = [b for b in facts.town.boundaries.values() if b.kind == "station"]
    b = max((b for b in before if b.at < _minute(h, facts)), key=lambda b: b.at, default=None)
    if b is None:
        return ()
    known = reads_duty.handover(db, ho.handover_id(b.code, h.day))
    limit = facts.town.duty_rules.station_late_after * MINUTE
    found = []
    for unit in facts.town.of_kind("station"):
        mark = known.stations.get(unit.code) if known else None
        if unit.enabled and (mark is None or mark.at > (known.at if known else 0) + limit):
            found.append(f"{unit.name} {b.code}{'迟' if mark else '未签'}")
    return tuple(found)


def _minute(h: Handover, facts: Facts) -> int:
    local = facts.duty.local(h.at)
    return local.hour * 60 + local.minute


def changes(h: Handover, cases: list[Case]) -> tuple[str, ...]:
    """Handles of cases that came, changed or ended since the snapshot."""
    if h.package is None:
        return ()
    known = {item.id: item for item in h.package.items}
    now = {case.id: case for case in cases}
    moved = [c.handle for c in cases if c.id not in known or known[c.id].version != c.version]
    return (*moved, *(item.handle for item in h.package.items if item.id not in now))


# for scripts --------------------------------------------------------------------------------------------------------------


def brief(h: Handover, facts: Facts) -> dict[str, Any]:
    """A handover in JSON, without the words of its cases."""
    iso = wording.iso
    package = h.package
    found: dict[str, Any] = {
        "id": h.id, "number": h.number, "boundary": h.boundary, "date": h.day.isoformat(), "state": h.state,
        "state_zh": ho.STATE_ZH[h.state], "at": iso(h.at, facts.duty), "from": h.frm, "to": h.to,
        "moved_at": iso(h.moved_at, facts.duty), "changed": list(h.changed), "forced": h.forced is not None,
        "out": h.out_sign.by if h.out_sign else None, "in": h.in_sign.by if h.in_sign else None,
        "stations": {code: mark.proxy_for or mark.by for code, mark in h.stations.items()},
    }  # fmt: skip
    if package is not None:
        b = package.balance
        found |= {
            "snapshot": {"at": iso(package.at, facts.duty), "sha256": h.digest, "lseq": package.lseq, "head": package.head},
            "balance": {
                "opening": b.opening, "new": b.new, "reopened": b.reopened, "closed": b.closed, "voided": b.voided,
                "merged": b.merged, "open": b.open, "holds": b.holds,
            },
            "counts": {group: package.count(group) for group in ho.GROUPS},
            "must": [item.handle for item in package.must],
            "unread": [item.handle for item in h.unread],
        }  # fmt: skip
    return found


def full(h: Handover, facts: Facts, now_live: Live | None) -> dict[str, Any]:
    """Everything about a handover, blockers and warnings as they stand now."""
    found = brief(h, facts)
    if h.package is not None:
        found["cases"] = [_case(h, item, facts) for item in h.package.items]
    found["notes"] = [
        {"at": wording.iso(n.at, facts.duty), "by": n.by, "text": n.text, "late": n.late} for n in h.notes
    ]
    found["equipment"] = h.equipment or None
    if now_live is not None:
        found["blockers"] = [_finding(f) for f in rules.blockers(h, now_live)]
        found["warnings"] = [{**_finding(f), "ticked": f.id in h.ticks} for f in rules.warnings(now_live)]
        found["changes"] = list(now_live.changes)
    return found


def _case(h: Handover, item: Item, facts: Facts) -> dict[str, Any]:
    tick = h.reads.get(item.id)
    return {
        "handle": item.handle, "priority": item.priority, "state": item.state, "group": item.group, "lead": item.lead,
        "due": wording.iso(item.due, facts.duty), "must": list(item.must), "gist": h.gist_of(item), "next": h.next_of(item),
        "code": h.code_of(item) or None, "read_by": tick.by if tick else None, "read_back": tick.back or None if tick else None,
    }  # fmt: skip


def _finding(f: Finding) -> dict[str, Any]:
    return {"code": f.code, "message_zh": f.zh, "message": f.en, "way_zh": f.way_zh, "way": f.way_en,
            "case": f.handle or None}  # fmt: skip


# proof ---------------------------------------------------------------------------------------------------------------------


def verify(db: Connection, h: Handover) -> list[Check]:
    """That the stored record is what was signed: hash, journal position, chain, and the record itself folded again."""
    if h.package is None:
        return [Check("没有交接包", "there is no package", False)]
    stood = audit.stood_at(db, h.package.lseq, bytes.fromhex(h.package.head))
    again: Handover | None = None
    stream = f"handover:{h.id}"
    for entry in order.where(db, "stream = ?", (stream,)):
        if not entry.verdict:
            again = ho.evolve(again, stream, journal.decode(entry.body).data)
    whole = audit.verify(db)
    return [
        Check("快照哈希", "snapshot hash", packing.digest_of(h.package) == h.digest),
        Check(f"日志位置 {h.package.lseq}", f"journal position {h.package.lseq}", stood),
        Check("哈希链", "hash chain", whole.bad is None),
        Check("记录与日志一致", "record equals the journal", again == h),
    ]


def sheet_hash(h: Handover) -> str:
    """SHA-256 of the sheet as signed; empty before that."""
    text = h.sheets.get("text", "")
    return hashlib.sha256(text.encode()).hexdigest() if text else ""
