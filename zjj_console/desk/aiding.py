"""Enforcement support and supervision as desk and screens see them: rows in words, candidates, and a request of its own.

The steps themselves are rows of the life cycle (T38); `zb` and `zjj support` both run them.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict, replace

from zjj_console.desk import opening, queries, wording
from zjj_console.desk.acts import Act, Done
from zjj_console.desk.candidates import LISTED, Candidate
from zjj_console.desk.plan import Need, Situation, plan
from zjj_console.desk.work import Work
from zjj_console.domain import rotation, support
from zjj_console.domain.facts import Facts
from zjj_console.domain.model import Case, Refusal
from zjj_console.domain.safe import safe_text
from zjj_console.domain.support import SUPPORT_ZH, Judged
from zjj_console.storage import projections, reads_overlays
from zjj_console.storage.db import Connection
from zjj_console.storage.reads_overlays import Supervision
from zjj_console.town.models import Town
from zjj_console.verbs.parse import Problem, parse

SUPERVISION_ZH = {"running": "督办中", "overdue": "超期", "done": "已办", "released": "已解除"}


class SupportRow(Struct, frozen=True):
    """One request with its case. `late` is what presses now: answer, arrive, refused, or nothing."""

    case: Case
    status: str
    status_zh: str
    judged: Judged
    late: str


def supports(db: Connection, facts: Facts, *, station: str = "", ended: bool = False) -> list[SupportRow]:
    """Requests that run or were refused, the oldest first; with `ended` all."""
    return [row_of(case, facts.now) for case in reads_overlays.supports(db, station=station, ended=ended) if case.aid]


def row_of(case: Case, now: int) -> SupportRow:
    """The request of one case; the case must have one."""
    assert case.aid is not None
    judged = support.judge(case.aid, case.support, now)
    late = ""
    if case.support == "REFUSED":
        late = "refused"
    elif case.support == "REQUESTED" and judged.answer_on_time is False:
        late = "answer"
    elif case.support in ("REQUESTED", "ACCEPTED") and judged.arrival_on_time is False:
        late = "arrive"
    return SupportRow(case, case.support, SUPPORT_ZH[case.support], judged, late)


def supervisions(db: Connection, facts: Facts, *, since: int | None = None) -> list[Supervision]:
    """The ledger 督办: running ones, then those that ended lately (`storage.reads_overlays`)."""
    return reads_overlays.supervisions(db, facts.now, since=since)


# Whom to send --------------------------------------------------------------------------------------------------------


def candidates(case: Case, facts: Facts, load: dict[str, int]) -> list[Candidate]:
    """AC-51b: who could go, the responsible one first, each with the reason why he stands here. Nobody is sent."""
    found: list[Candidate] = []
    for unit, person, *why in _ordered(case, facts):
        known = facts.town.units.get(unit)
        if known is None or not known.enabled or any(c.unit == unit for c in found):
            continue
        person = person or facts.person_of(unit, case.station)
        if not person:
            continue
        came = len(facts.rostered(unit) or ()) if "team_came" in why else None
        found.append(Candidate(unit, person, wording.person(facts.town, person), load.get(unit, 0), tuple(why), came))
    return found[:LISTED]


def _ordered(case: Case, facts: Facts) -> Iterator[tuple[str, ...]]:
    """(unit, person or nobody in particular, codes of why)."""
    answerer = support.responsible(case.station, facts)
    yield answerer.unit, answerer.person, f"answers_{answerer.window}", answerer.found
    if answerer.beside:
        yield answerer.beside, "", "beside"
    yield from _BY_WINDOW[answerer.window](case, facts)


def _forces(case: Case, facts: Facts, resident: str) -> Iterator[tuple[str, ...]]:
    """The lead of the category, the resident departments, those on demand that are at the station."""
    category = facts.town.categories.get(case.category)
    if category is not None and category.lead:
        yield category.lead, "", "lead", resident
    yield from ((unit.code, "", resident) for unit in facts.town.of_kind("resident"))
    stationed = {s.dept for s in (facts.book.stationings if facts.book else ())
                 if s.station == case.station and s.state == "ARRIVED" and s.start <= facts.now < s.end}  # fmt: skip
    yield from ((dept, "", "stationed") for dept in sorted(stationed))


def _by_day(case: Case, facts: Facts) -> Iterator[tuple[str, ...]]:
    yield from _forces(case, facts, "resident")
    yield case.station, "", "area"
    yield from ((team, "", "by_day") for team in rotation.teams_of(facts.town))


def _in_shoulder(case: Case, facts: Facts) -> Iterator[tuple[str, ...]]:
    """§2.8: the deputy, the centre, departments on call, the night team that came early or has not left."""
    yield case.station, "", "area_on_call"
    yield facts.town.centre.code, "", "centre"
    teams = _near_teams(facts)
    yield from ((team, "", "team_came") for team in teams if facts.rostered(team))
    yield from _forces(case, facts, "on_call")
    yield from ((team, "", "team_to_come") for team in teams if not facts.rostered(team))


def _by_night(case: Case, facts: Facts) -> Iterator[tuple[str, ...]]:
    on = support.night_teams(facts)
    yield from ((team, "", "night") for team in on)
    yield from _forces(case, facts, "night_room")
    yield case.station, "", "on_call"
    yield from ((team, "", "resting") for team in rotation.teams_of(facts.town) if team not in on)


_BY_WINDOW = {"day": _by_day, "shoulder": _in_shoulder, "night": _by_night}


def _near_teams(facts: Facts) -> list[str]:
    """Before noon the teams of the night that has just ended, afterwards those of the one that comes."""
    local = facts.duty.local(facts.now)
    day = local.date() - timedelta(days=1) if local.hour < 12 else local.date()
    return [night.unit for night in rotation.teams_on(facts.town, day)] or rotation.teams_of(facts.town)


# A request that makes its case ---------------------------------------------------------------------------------------


def request_new(
    place: str, category: str, line: str, by: str = "", console: str = "A", priority: int | None = None
) -> Act:
    """Report a case of a village and ask for support in one act. `line` is what stands behind `zb CASE`."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        level = f" {priority}" if priority else ""
        said = parse(f"xj {''.join(place.split()) or '-'} {''.join(category.split())}{level}", facts.town, facts.now)
        asked = parse(f"zb . {line}", facts.town, facts.now)
        for one in (said, asked):
            if isinstance(one, Problem):
                return Refusal(one.exit, "R51", one.zh, one.en)
        assert not isinstance(said, Problem)
        assert not isinstance(asked, Problem)
        text = safe_text(str(asked.args.get("text", "")))
        committee = facts.town.committees.get(said.args.get("committee", ""))
        told: dict[str, Any] = {"text": text} if text else {}
        if committee is not None and facts.actor.unit == facts.town.centre.code:
            told["reporter"] = committee.village_station
        work = Work(facts, lambda ref: projections.find(db, ref, console))
        made = opening.begin(db, replace(said, args={**said.args, **told}), work, console)
        if not isinstance(made, str):
            return _not_made(made)
        if by:
            asked = replace(asked, args={**asked.args, "by": by})
        commands = plan(asked, Situation(work.after[made], facts, list, f"zb . {line}"))
        done = work.do_all(commands, made) if isinstance(commands, list) else _not_made(commands)
        if isinstance(done, Refusal):
            return done
        case = work.after[made]
        assert case.aid is not None
        who = f"{wording.unit(facts.town, case.aid.unit)} {wording.person(facts.town, case.aid.person)}"
        kinds = [event.kind for event in work.events]
        return Done([], f"新建 {case.handle} {case.place} 并请求执法保障 -> {who}",
                    f"case {case.handle} reported and support asked of {case.aid.unit} {case.aid.person}",
                    {"case": case.handle, "id": case.id, "events": kinds}, work=work)  # fmt: skip

    return act


def _not_made(said: Any) -> Refusal:
    if isinstance(said, Refusal):
        return said
    return (
        Refusal(3, "R51", said.zh, said.en) if isinstance(said, Need) else Refusal(5, "6.4", "案件已有", "it is there")
    )


# JSON ----------------------------------------------------------------------------------------------------------------


def support_json(case: Case, facts: Facts) -> dict[str, Any] | None:
    """The request of a case as scripts see it; None where it has none."""
    aid, town, duty = case.aid, facts.town, facts.duty
    if aid is None:
        return None
    row = row_of(case, facts.now)
    told = asdict(aid)
    told |= {name: wording.iso(told[name], duty) for name in told if name == "at" or name.endswith(("_at", "_due"))}
    return {
        "case": case.handle,
        "place": case.place,
        "station": case.station,
        "priority": case.priority,
        "state": case.support,
        "state_zh": row.status_zh,
        "requested_at": told.pop("at"),
        **{name: value or None if isinstance(value, str) else value for name, value in told.items()},
        "depts": list(aid.depts),
        "body_zh": wording.unit(town, aid.body) or None,
        "unit_zh": wording.unit(town, aid.unit),
        "person_zh": wording.person(town, aid.person) or None,
        "reason_zh": wording.reason(town, "support", aid.reason) or None,
        "refusal_zh": wording.reason(town, "support_refuse", aid.refusal) or None,
        "answered_minutes": row.judged.answered,
        "arrived_minutes": row.judged.arrived,
        "answer_on_time": row.judged.answer_on_time,
        "arrival_on_time": row.judged.arrival_on_time,
        "on_time": row.judged.on_time,
        "late": row.late or None,
    }


def supervision_json(row: Supervision, facts: Facts) -> dict[str, Any]:
    """A row of the ledger as scripts see it."""
    told = asdict(row)
    town: Town = facts.town
    for name in ("ordered_at", "due", "ended_at", "progress_at"):
        told[name] = wording.iso(told[name], facts.duty)
    return {
        **{name: None if value == "" else value for name, value in told.items() if name not in ("case_id", "handle")},
        "case": row.handle,
        "id": row.case_id,
        "state_zh": SUPERVISION_ZH[row.state],
        "lead_zh": wording.unit(town, row.lead) or None,
        "ordered_by_zh": wording.person(town, row.ordered_by) or None,
        "progress_kind_zh": wording.event(row.progress_kind) or None,
    }


def of_case(db: Connection, case_id: str, facts: Facts) -> list[Candidate]:
    """Candidates for the support of one case."""
    case = projections.load(db, case_id)
    return candidates(case, facts, queries.load_by_unit(db)) if case else []
