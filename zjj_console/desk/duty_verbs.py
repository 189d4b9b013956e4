"""Verbs of people and shifts: which act each typed line makes. The line has been parsed; the act decides."""

from collections.abc import Callable

from zjj_console.desk import (
    agenda,
    assembly,
    climbing,
    consult_view,
    handing,
    morning_report,
    shift_changes,
    signing,
    stationing,
    viewing,
    visiting,
    which,
    wording,
)
from zjj_console.desk.acts import Act, Done
from zjj_console.domain import handover as ho
from zjj_console.domain import visit
from zjj_console.domain.facts import Facts
from zjj_console.domain.model import DAY, Refusal
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
    return signing.ask_fix(who, None, "", begin, end, parsed.args.get("text", ""))


def _assemble(parsed: Parsed, facts: Facts, selected: str, proven: bool, console: str) -> Act:
    return assembly.call(parsed.args.get("text", ""))


def _station_dept(parsed: Parsed, facts: Facts, selected: str, proven: bool, console: str) -> Act:
    args = parsed.args
    station = next(iter(args.get("assists", ())), "")

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        if not {"unit", "until"} <= args.keys():
            usage = parsed.verb.usage
            return Refusal(3, "R26", f"还缺部门或到何时；用法 {usage}", f"department or end is missing; usage: {usage}")
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
    return morning_report.tell()


def _pack(parsed: Parsed, facts: Facts, selected: str, proven: bool, console: str) -> Act:
    gist, _, following = str(parsed.args.get("text", "")).partition("|")
    return handing.pack(_case_of(parsed, selected), gist.strip(), following.strip(), console=console)


def _escalate(parsed: Parsed, facts: Facts, selected: str, proven: bool, console: str) -> Act:
    """`sj 1042`: the next rung; `e3`: up to that one; `y`: whoever was called has answered; `n`: what was raised by hand ends."""
    args, ref = parsed.args, _case_of(parsed, selected)
    text = str(args.get("text", ""))
    if args.get("yn") == "y":
        return climbing.answer(ref, text, console=console)
    if args.get("yn") == "n":
        return climbing.stand_down(ref, text, console=console)
    return climbing.escalate(ref, args.get("rung", 0), text, console=console)


def _case_of(parsed: Parsed, selected: str) -> str:
    return selected if parsed.target in ("", ".") else parsed.target


def _agenda(parsed: Parsed, facts: Facts, selected: str, proven: bool, console: str) -> Act:
    ref = selected if parsed.target in ("", ".") else parsed.target
    return agenda.put(ref, parsed.args.get("text", ""))


def _visit(parsed: Parsed, facts: Facts, selected: str, proven: bool, console: str) -> Act:
    """`jz`: how the month stands; with a day a plan; with words parted by | the record of a visit that has just been."""
    station, text = parsed.args.get("unit", ""), parsed.args.get("text", "")
    if "until" in parsed.args:
        day, until = facts.duty.local(parsed.args["until"]).date(), parsed.args["until"]
        opens = facts.duty.window(day, facts.town.hours_of(station))[
            0
        ]  # a day means the hour at which the station opens
        return visiting.plan(station, opens if opens > facts.now else until)
    if not text:
        return _visits(station)
    briefing, problems, *rest = [part.strip() for part in f"{text}|".split("|")]
    said = {ref.strip(): words.strip() for ref, equals, words in (one.partition("=") for one in rest) if equals}
    noted = (visiting.ALL,) if any(one in ("知悉", "noted") for one in rest) else ()

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        post = visit.visitor_of(facts.town, station, facts.duty.local(facts.now).date())
        by = post.work_no if post else ""
        return visiting.record(station, by, facts.now, briefing, problems, said, noted)(db, facts)

    return act


def _visits(station: str) -> Act:
    def act(db: Connection, facts: Facts) -> Done | Refusal:
        found = [s for s in consult_view.station_visits(db, facts) if station in ("", s.station)]
        if not found:
            return Refusal(3, "R60", "进站须到联勤站，如 jz z1", "a visit is to a station, e.g. jz z1")
        words = "；".join(_visit_words(s, facts) for s in found)
        data = {"visits": [consult_view.visit_json(v, facts) for s in found for v in s.done]}
        return Done([], f"{visit.month_of(facts.duty, facts.now)} {words}", words, data)

    return act


def _visit_words(s: consult_view.StationVisit, facts: Facts) -> str:
    cases = f" 疑难 {' '.join(c.handle for c in s.difficult)}" if s.difficult else ""
    if s.done:
        return f"{s.name} {s.done[-1].name} {facts.duty.local(s.done[-1].at):%m-%d} 已进站{cases}"
    planned = f" 约{facts.duty.local(s.planned.at):%m-%d}" if s.planned else ""
    return f"{s.name} {s.visitor_name} 未进站{planned}{cases}"


ACTS: dict[str, Made] = {
    "sign_in": _sign_in, "sign_out": _sign_out, "substitute": _substitute, "late_sign": _late_sign,
    "assemble": _assemble, "station_dept": _station_dept, "handover": _handover, "morning": _morning, "pack": _pack,
    "escalate": _escalate,
    "agenda": _agenda, "visit": _visit,
}  # fmt: skip
