"""Whom to send (§2.8), as a list with reasons. Shown, never sent by itself. Who is there says the effective roster."""

from collections.abc import Iterator

from msgspec import Struct

from zjj_console.domain.facts import Facts
from zjj_console.domain.model import Case
from zjj_console.town.models import Unit


class Candidate(Struct, frozen=True):
    """A unit that may take the case, the person who would get the order, and why it stands here."""

    unit: str
    name: str
    person: str
    person_name: str
    reason: str


def candidates(case: Case, facts: Facts, load: dict[str, int]) -> list[Candidate]:
    """Candidates in the order of the present window. `load` = active lead orders per unit."""
    found: list[Candidate] = []
    for unit, why in _ordered(case, facts):
        if not unit.enabled or any(c.unit == unit.code for c in found) or unit.code in (case.lead, *case.assists):
            continue
        person = facts.person_of(unit.code, case.station)
        if not person:
            continue
        busy = load.get(unit.code, 0)
        state = f"在办{busy}" if busy else "空闲"
        name = facts.town.people[person].name
        found.append(
            Candidate(unit.code, unit.name, person, name, " ".join(filter(None, (state, why, _there(unit, facts)))))
        )
    return found[:9]


def _there(unit: Unit, facts: Facts) -> str:
    """How many of the unit are there by the roster; nothing where none is published, or outside the unit's hours."""
    here = facts.rostered(unit.code)
    return "" if here is None or not facts.on_duty(unit.code) else f"在岗{len(here)}" if here else "无人签到"


def _ordered(case: Case, facts: Facts) -> Iterator[tuple[Unit, str]]:
    town = facts.town
    wanted = town.units.get(town.categories[case.category].lead) if case.category in town.categories else None
    teams = town.of_kind("response_team")
    residents = town.of_kind("resident")
    station = town.units.get(case.station)
    local = facts.duty.local(facts.now)
    minute = local.hour * 60 + local.minute
    station_open = station is not None and town.hours[station.hours].covers(minute)
    if facts.night:
        resting = [team for team in teams if facts.resting(team.code)]
        yield from ((team, "夜间当值") for team in teams if team not in resting)
        if wanted:
            yield wanted, "类别主责(电话)"
        yield from ((unit, "部门值班(电话)") for unit in residents)
        if station:
            yield station, "听班(电话)"
        yield from ((team, "轮休须理由") for team in resting)
        return
    if station_open:
        if wanted:
            yield wanted, "类别主责"
        yield from ((unit, "常驻部门") for unit in residents)
        if station:
            yield station, "属地站"
    else:
        if station:
            yield station, "肩时段站负责人"
        yield from (
            (team, "夜队有人在岗") for team in teams if facts.rostered(team.code)
        )  # assembled early, or not gone yet
        if wanted:
            yield wanted, "类别主责(听班)"
        yield from ((unit, "听班(电话)") for unit in residents)
    yield from ((unit, "按需部门") for unit in town.of_kind("on_demand"))
    yield from ((team, "夜队日间支援须理由") for team in teams)
