"""Building the package of a handover: the open cases and everything around them, as a document of its moment."""

import hashlib
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import msgspec

from zjj_console.desk import wording
from zjj_console.domain import gaps, rotation
from zjj_console.domain.conflict_words import post_name
from zjj_console.domain.custody import DESK_ZH
from zjj_console.domain.facts import Facts
from zjj_console.domain.handles import handle
from zjj_console.domain.handover import EXTRA, Balance, Code, Handover, Item, Line, Package, Staff
from zjj_console.domain.handover_rules import default_code, group_of, must_reasons, next_step
from zjj_console.domain.lifecycle import STATE_ZH
from zjj_console.domain.model import ENDED, HOUR, MINUTE, Case, State
from zjj_console.domain.roster import Assignment, Book, standing
from zjj_console.storage import delivery, projections, reads_duty
from zjj_console.storage.db import Connection, meta
from zjj_console.storage.journal import GENESIS, decode

_COMING = 12 * HOUR
_SUBJECT = 60  # characters of a case's text that a package keeps
_RECORDS = 3
_encode = msgspec.json.Encoder(order="sorted").encode
_REQUEST_ZH = {"return": "退单", "extend": "延期", "suspend": "挂账", "void": "作废"}
STANDING_ZH = {
    "present": "在岗", "due": "待签到", "late": "迟到", "absent": "缺岗", "left": "已退", "leave": "请假",
    "on_call": "听班", "planned": "未到", "over": "已过",
}  # fmt: skip


def digest_of(package: Package) -> str:
    """SHA-256 of the package's canonical bytes."""
    return hashlib.sha256(_encode(package)).hexdigest()


def position(db: Connection) -> tuple[int, str]:
    """(number of the last event, its hash): where in the journal a snapshot stands."""
    row = db.execute("SELECT lseq FROM event ORDER BY lseq DESC LIMIT 1").fetchone()
    return (int(row[0]) if row else 0), meta(db, "head", GENESIS.hex())


def previous_desk(db: Connection, h: Handover) -> Handover | None:
    """The last other handover by which custody was taken."""
    return next(earlier_desks(db, h), None)


def earlier_desks(db: Connection, h: Handover) -> Iterator[Handover]:
    """Handovers by which custody was taken, the last first; a late note on one does not make it the last."""
    rows = db.execute("SELECT handover FROM custody WHERE handover <> ? ORDER BY seq DESC", (h.id,))
    return (found for (key,) in rows if (found := reads_duty.handover(db, key)) is not None)


def codes_of_the_evening(db: Connection, h: Handover) -> dict[str, Code]:
    """What was chosen on the way into this night, reliefs of a seat within it passed over: who had each N2 case by day."""
    if h.to != "day":
        return {}
    last = next((found for found in earlier_desks(db, h) if found.boundary != EXTRA), None)
    return {k: c for k, c in last.codes.items() if c.code == "N2"} if last else {}


def open_cases(db: Connection) -> list[Case]:
    rows = db.execute(f"{projections.SELECT_CASE} WHERE is_open = 1 ORDER BY rank, next_due, rid").fetchall()
    return [projections.case_from(row) for row in rows]


def balance(db: Connection, previous: Handover | None) -> Balance:
    """What came and went since the last handover, counted from the journal and not from the rows that it is to prove."""
    package = previous.package if previous else None
    lseq, opening, since = (package.lseq, package.balance.open, package.at) if package else (0, 0, None)
    counted = {"new": 0, "reopened": 0, State.CLOSED: 0, State.VOIDED: 0, State.MERGED: 0}
    for (body,) in db.execute("SELECT body FROM event WHERE lseq > ? ORDER BY lseq", (lseq,)):
        stored = decode(body)
        if stored.kind == "cases_imported":
            for row in stored.data["rows"]:
                counted["new"] += 1
                _tally(counted, None, row[1].get("state", State.REPORTED))
        elif stored.kind == "reported":
            counted["new"] += 1
            _tally(counted, None, stored.data["set"].get("state", State.REPORTED))
        elif "state" in stored.data.get("set", {}):
            _tally(counted, stored.data["was"]["state"], stored.data["set"]["state"])
    found = db.execute("SELECT count(*) FROM case_row WHERE is_open = 1").fetchone()
    return Balance(
        opening, counted["new"], counted["reopened"], counted[State.CLOSED], counted[State.VOIDED],
        counted[State.MERGED], int(found[0]), since,
    )  # fmt: skip


def _tally(counted: dict[Any, int], before: str | None, after: str) -> None:
    if after in ENDED and before not in ENDED:
        counted[State(after)] += 1
    elif before in ENDED and after not in ENDED:
        counted["reopened"] += 1
    elif before in ENDED and after in ENDED and before != after:
        counted["reopened"] += 1
        counted[State(after)] += 1


def package(db: Connection, h: Handover, facts: Facts) -> Package:
    """The package of a handover as of now. `h` gives its boundary and what was put into it beforehand."""
    town, now = facts.town, facts.now
    earlier = previous_desk(db, h)
    lseq, head = position(db)
    nightly = (
        {case_id for case_id, chosen in earlier.codes.items() if chosen.code in ("N2", "R3")} if earlier else set()
    )
    known = {item.id for item in earlier.package.items} if earlier and earlier.package else None
    cases = open_cases(db)
    items = tuple(_item(db, case, h, facts, known, night=case.id in nightly) for case in cases)
    boundary = town.boundaries.get(h.boundary)
    return Package(
        h.number, h.boundary, boundary.name if boundary else "临时交接", h.day, now,
        facts.actor.work_no, facts.actor.name, town.code, town.name, _side(facts, h.frm, _night_of(h, h.frm)), _side(facts, h.to, _night_of(h, h.to)),
        lseq, head, balance(db, earlier), items,
        drafts=_drafts(db, facts), requests=_requests(cases, facts), calls=_calls(db, facts), coming=_coming(db, facts),
        staff=_staff(db, h, facts), gaps=_gaps(db, facts), stationings=_stationings(db, facts),
        earlier=_earlier(earlier), unsent=unsent(db), trial=facts.actor.trial,
    )  # fmt: skip


def _night_of(h: Handover, desk: str) -> date:
    """The duty date of the night that gives or takes: one that ends this morning began the day before."""
    return h.day - timedelta(days=1) if desk == "night" and (h.frm, h.to) == ("night", "day") else h.day


def _side(facts: Facts, desk: str, day: date) -> str:
    """The desk and who mans it: the centre by day, the teams on duty by night."""
    town = facts.town
    if desk == "day":
        return f"{DESK_ZH[desk]} {town.centre.name}"
    teams = rotation.teams_on(town, day) if town.rotation else ()
    names = "、".join(wording.unit(town, night.unit) for night in teams)
    return f"{DESK_ZH[desk]} {names}".strip()


def _item(db: Connection, case: Case, h: Handover, facts: Facts, known: set[str] | None, *, night: bool) -> Item:
    town, now = facts.town, facts.now
    group, resumes = group_of(case, max(h.at, now), facts.duty)
    new = case.recorded_at >= now - 24 * HOUR if known is None else case.id not in known
    must = must_reasons(case, now, new=new, packed=case.id in h.gists or case.id in h.nexts, night=night)
    clock = case.next_clock()
    due = clock.due if clock else None
    who = " ".join(p for p in (wording.unit(town, case.lead), wording.person(town, case.lead_person)) if p)
    done = _records(db, case, facts) if must else ()
    return Item(
        case.id, case.handle, case.version, case.priority, case.state, STATE_ZH[case.state], group,
        place=case.place, text=case.text[:_SUBJECT], lead=case.lead, lead_zh=wording.unit(town, case.lead),
        person=case.lead_person, person_zh=wording.person(town, case.lead_person),
        clock_zh=wording.clock_name(town, clock.code) if clock else "", due=due, resumes=resumes,
        overdue="overdue" in must, must=must, done=done,
        gist=done[0] if done else "",
        next=next_step(case, who, _by_when(case, facts)) if must else "",
        code=default_code(case, group, h.to),
    )  # fmt: skip


_CLOCK_OF = {  # the deadline of what comes next in a state; other clocks may end earlier and are about something else
    State.REPORTED: "ACC", State.INFO_NEEDED: "INFO", State.ACCEPTED: "DSP", State.SELF_HANDLING: "SELF",
    State.STATION_COORD: "COORD", State.DISPATCHED: "ACK", State.HANDLING: "HDL", State.DIFF_REVIEW: "DIF",
    State.DIFF_LED: "LED", State.SUSPENDED: "REV", State.SUBMITTED: "VER",
}  # fmt: skip


def _by_when(case: Case, facts: Facts) -> str:
    clock = case.clocks.get(_CLOCK_OF.get(case.state, ""))
    return wording.moment(clock.due, facts.now, facts.duty) if clock and clock.running and clock.due else ""


def _records(db: Connection, case: Case, facts: Facts) -> tuple[str, ...]:
    """The last things that people did about a case, the newest first. Who imported it is read off, not the whole batch."""
    rows = db.execute(
        "SELECT at, actor, kind, body FROM event WHERE stream = ? AND kind <> 'custody_moved'"
        " AND id NOT IN (SELECT event_id FROM conflict WHERE stream = event.stream) ORDER BY lseq DESC LIMIT ?",
        (case.id, _RECORDS),
    ).fetchall()
    if len(rows) < _RECORDS:
        rows += db.execute(
            "SELECT e.at, e.actor, 'imported', NULL FROM event e JOIN case_row c ON c.origin_lseq = e.lseq WHERE c.id = ?",
            (case.id,),
        ).fetchall()
    return tuple(_record(row, facts) for row in rows)


def _record(row: tuple[Any, ...], facts: Facts) -> str:
    at, actor, kind, body = row
    text = str(decode(body).data.get("args", {}).get("text", "")) if body else ""
    said = " ".join(p for p in (wording.event(kind), text[:_SUBJECT]) if p)
    return f"{wording.moment(at, facts.now, facts.duty)} {wording.person(facts.town, actor)} {said}"


def drafts(db: Connection, now: int) -> list[tuple[str, int, str]]:
    """(who, age in minutes, what) of every intake form that was begun and not submitted."""
    rows = db.execute("SELECT operator, updated_at, body FROM draft WHERE id LIKE '%intake-form' ORDER BY updated_at")
    return [(who, (now - at) // MINUTE, str(msgspec.json.decode(body).get("text", ""))) for who, at, body in rows]


def _drafts(db: Connection, facts: Facts) -> tuple[Line, ...]:
    return tuple(
        Line(f"{wording.person(facts.town, who)} {age}分钟 {text[:_SUBJECT]}")
        for who, age, text in drafts(db, facts.now)
    )


def _requests(cases: list[Case], facts: Facts) -> tuple[Line, ...]:
    found = []
    for case in cases:
        for kind, asked in case.requests.items():
            said = f"{_REQUEST_ZH.get(kind, kind)} {wording.person(facts.town, asked.asked_by)} {asked.text}".strip()
            found.append(Line(said, asked.at, case.handle))
    return tuple(found)


def _calls(db: Connection, facts: Facts) -> tuple[Line, ...]:
    """Cases under supervision or late in first priority: whom the desk is in touch with, and until when."""
    rows = db.execute(
        "SELECT console, serial, supervised_until FROM case_row WHERE is_open = 1 AND supervised_until IS NOT NULL"
        " ORDER BY supervised_until"
    )
    return tuple(Line("督办待答复", until, handle(console, serial)) for console, serial, until in rows)


def _coming(db: Connection, facts: Facts) -> tuple[Line, ...]:
    rows = db.execute(
        "SELECT t.due_at, t.code, c.console, c.serial FROM timer t JOIN case_row c ON c.rid = t.rid"
        " WHERE t.code <> 'REO' AND t.due_at > ? AND t.due_at <= ? AND c.is_open = 1 ORDER BY t.due_at, c.serial",
        (facts.now, facts.now + _COMING),
    )
    return tuple(
        Line(wording.clock_name(facts.town, code), at, handle(console, serial)) for at, code, console, serial in rows
    )


def _staff(db: Connection, h: Handover, facts: Facts) -> tuple[Staff, ...]:
    """People of the shift that goes and of the one that comes, each with how he stands."""
    book = reads_duty.book(db, h.at - 24 * HOUR, h.at + 24 * HOUR)
    desks = {a.shift: facts.town.shifts[a.shift].desk for a in book.assignments if a.shift in facts.town.shifts}
    found = []
    for a in book.assignments:
        side = "out" if a.end == h.at or a.start < h.at < a.end else "in" if a.start == h.at else ""
        if side and desks.get(a.shift):
            found.append(_person(a, side, book, facts))
    return tuple(found)


def _person(a: Assignment, side: str, book: Book, facts: Facts) -> Staff:
    stands = f"顶 {wording.person(facts.town, a.planned)}" if a.planned and a.planned != a.person else ""
    return Staff(
        a.person, wording.person(facts.town, a.person), wording.unit(facts.town, a.unit), post_name(facts.town, a.post)[0],
        side, STANDING_ZH[standing(book, a, facts.now, facts.town)], stands,
    )  # fmt: skip


def _gaps(db: Connection, facts: Facts) -> tuple[Line, ...]:
    """Uncovered minutes of the shift that begins and of the next boundary."""
    start, end = facts.now, facts.now + 16 * HOUR
    book = reads_duty.book(db, start - 48 * HOUR, end + 48 * HOUR)
    found = gaps.gaps(book, facts.town, facts.duty, start, end, facts.now)
    return tuple(Line(f"{g.unit_name} {g.name} 应{g.need}实{g.have} {g.cause_zh}".strip(), g.start) for g in found)


def _stationings(db: Connection, facts: Facts) -> tuple[Line, ...]:
    return tuple(
        Line(f"{wording.unit(facts.town, s.dept)} -> {wording.unit(facts.town, s.station)} {s.state}", s.start)
        for s in reads_duty.book(db, facts.now, facts.now + 16 * HOUR).stationings
        if s.state in ("APPROVED", "ARRIVED")
    )


def _earlier(previous: Handover | None) -> tuple[Line, ...]:
    """Notes that came too late for the last sheet: the next shift has them on its own."""
    if previous is None:
        return ()
    return tuple(Line(f"{note.name}: {note.text}", note.at) for note in previous.notes if note.late)


def unsent(db: Connection) -> int:
    return int(db.execute(f"SELECT count(*) FROM outbox WHERE {delivery.LEFT_NOT}").fetchone()[0])
