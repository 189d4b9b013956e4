"""Verbs of people and shifts: which act each typed line makes. The line has been parsed; the act decides."""

from collections.abc import Callable

from zjj_console.desk import handing, packing, shift_changes, signing, stationing, viewing, which, wording
from zjj_console.desk.acts import Act, Done, Message
from zjj_console.domain import attendance, rotation
from zjj_console.domain import handover as ho
from zjj_console.domain.facts import Facts
from zjj_console.domain.ids import uuid7
from zjj_console.domain.model import DAY, Event, Refusal
from zjj_console.domain.roster import Book
from zjj_console.reports import morning
from zjj_console.storage import projections
from zjj_console.storage.db import Connection
from zjj_console.verbs.parse import Parsed

Made = Callable[[Parsed, Facts, str, bool, str], Act]  # line, facts, selected case, own PIN given, console letter


def _sign_in(parsed: Parsed, facts: Facts, selected: str, proven: bool, console: str) -> Act:
    return signing.sign_in(parsed.args.get("who", facts.actor.work_no), parsed.args.get("at"), proven=proven)


def _sign_out(parsed: Parsed, facts: Facts, selected: str, proven: bool, console: str) -> Act:
    return signing.sign_out(parsed.args.get("who", facts.actor.work_no), parsed.args.get("at"), proven=proven)


def _substitute(parsed: Parsed, facts: Facts, selected: str, proven: bool, console: str) -> Act:
    return shift_changes.substitute(parsed.args["who"], parsed.args["other"], reason=parsed.args.get("text", ""))


def _late_sign(parsed: Parsed, facts: Facts, selected: str, proven: bool, console: str) -> Act:
    who, begin, end = parsed.args["who"], parsed.args["at"], parsed.args.get("till")
    if end is not None and end < begin:  # each was the latest such time; the beginning belongs to the evening before
        begin, end = (begin - DAY, end) if end > begin - DAY else (begin, end)
    found = attendance.match(facts.book or Book(0, 0), who, begin, facts.town, facts.duty)
    return signing.ask_fix(who, found.day, found.shift, begin, end, parsed.args.get("text", ""))


def _assemble(parsed: Parsed, facts: Facts, selected: str, proven: bool, console: str) -> Act:
    """SH-2: the team of the coming night is asked to come early; whoever signs in becomes a candidate."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        town, today = facts.town, facts.duty.local(facts.now).date()
        team = next(iter(town.of_kind("response_team")), None)
        if team is None or facts.on_duty(team.code):
            return Refusal(8, "SH-2", "夜队已当值，不必集结", "the night team is on duty already")
        nights = rotation.teams_on(town, today)
        people = [a for a in (facts.book.assignments if facts.book else ()) if a.day == today
                  and any(a.unit == night.unit for night in nights)]  # fmt: skip
        called = sorted({a.person for a in people}) or [p.work_no for n in nights for p in town.staff(n.unit)]
        text = f"【值班】请提前集结 {parsed.args.get('text', '')}".strip()
        names = "、".join(wording.unit(town, night.unit) for night in nights)
        stamp = uuid7(facts.now)
        messages = [Message(f"a-{stamp}-{who}", who, text, "assembly") for who in called]
        event = Event("assembly_called", "desk", {"args": {"people": called, "text": parsed.args.get("text", "")}})
        return Done([event], f"提前集结 {names} {len(called)} 人，消息待发", f"{len(called)} people are called early",
                    {"people": called}, messages=messages)  # fmt: skip

    return act


def _station_dept(parsed: Parsed, facts: Facts, selected: str, proven: bool, console: str) -> Act:
    args = parsed.args
    station = next(iter(args.get("assists", ())), "")

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        case = projections.find(db, args["related"], console) if args.get("related") else None
        if args.get("related") and case is None:
            return Refusal(6, "R26", f"没有案件 {args['related']}", f"no case {args['related']}")
        begin = facts.now
        request = stationing.request(
            args["unit"], station, begin, args["until"], args.get("reason", ""), case.id if case else "",
            text=args.get("text", ""),
        )  # fmt: skip
        return request(db, facts)

    return act


def _handover(parsed: Parsed, facts: Facts, selected: str, proven: bool, console: str) -> Act:
    """What is due: a sentence; the screen has the rest."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        h = which.due(db, facts)
        if isinstance(h, Refusal):
            return h
        when = wording.moment(h.at, facts.now, facts.duty)
        left = f"，必读未读 {len(h.unread)}" if h.package else "，F6 按 r 建包"
        zh = f"{h.number} {when} {ho.STATE_ZH[h.state]}{left}"
        return Done([], zh, f"{h.number}: {h.state}", viewing.brief(h, facts))

    return act


def _morning(parsed: Parsed, facts: Facts, selected: str, proven: bool, console: str) -> Act:
    def act(db: Connection, facts: Facts) -> Done | Refusal:
        into_day = next((b for b in facts.town.boundaries.values() if b.kind == "desk" and b.to == "day"), None)
        if into_day is None:
            return Refusal(8, "4.6", "配置没有早交接", "the profile has no handover into the day")
        h = which.find(db, facts, into_day.code)
        if isinstance(h, Refusal):
            return h
        if h.package is None:
            h = with_package(db, h, facts)
        zh = f"晨报 {h.day:%m-%d}；打印: zjj report morning"
        return Done([], zh, "morning report; to print: zjj report morning", {"text": morning.text(h, facts.duty)})

    return act


def with_package(db: Connection, h: ho.Handover, facts: Facts) -> ho.Handover:
    """The record as if it were prepared now; nothing is stored."""
    package = packing.package(db, h, facts)
    event = ho.event_of(
        "handover_prepared", h, {}, package=package, digest=packing.digest_of(package), state="PREPARED"
    )
    return ho.evolve(h, event.case, event.data)


def _pack(parsed: Parsed, facts: Facts, selected: str, proven: bool, console: str) -> Act:
    gist, _, following = str(parsed.args.get("text", "")).partition("|")
    ref = selected if parsed.target in ("", ".") else parsed.target
    return handing.pack(ref, gist.strip(), following.strip(), console=console)


ACTS: dict[str, Made] = {
    "sign_in": _sign_in, "sign_out": _sign_out, "substitute": _substitute, "late_sign": _late_sign,
    "assemble": _assemble, "station_dept": _station_dept, "handover": _handover, "morning": _morning, "pack": _pack,
}  # fmt: skip
