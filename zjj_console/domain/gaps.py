"""Where the roster leaves a window uncovered (§4.5, R09, R25, R43), and the proof that nothing else is uncovered."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from zjj_console.domain.coverage import KindOf, Tile, day_kind, home_of, midnight, team_of, tiles
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.model import DAY
from zjj_console.domain.roster import Assignment, Book, standing
from zjj_console.domain.rotation import teams_on
from zjj_console.town.models import Mark, Requirement, Town

Kind = Literal["structure", "plan", "actual"]
State = Literal["late", "absent", "left", "leave", "substituted"]
SEVERITIES = ("!!!", "!!", "!", "i")

_WHY: dict[State, tuple[str, str]] = {
    "absent": ("未到岗", "not come"),
    "late": ("迟到", "late"),
    "left": ("已离岗", "left"),
    "leave": ("请假未补", "on leave, not replaced"),
}


class Gap(Struct, frozen=True):
    """An interval [start, end) (µs UTC) in which fewer than `need` are there.

    `kind`: no shift template reaches it (structure), nobody is planned (plan), planned or past people were not there
    (actual). A gap of stations that share is given for each of them, with the sharing ones in `shared`.
    """

    requirement: str
    name: str
    name_en: str
    unit: str
    unit_name: str
    start: int
    end: int
    need: int
    have: int
    kind: Kind
    severity: str
    clause: str
    mark: Mark
    rule: str
    cause_zh: str
    cause_en: str
    shared: tuple[str, ...] = ()


class Absence(Struct, frozen=True):
    """A planned person who is not at his post now, whether or not that makes a gap. `by`: who stands in, if anybody."""

    person: str
    state: State
    since: int
    by: str
    day: date
    shift: str
    unit: str
    post: str
    enough: bool  # the minimum is still there
    severity: str
    zh: str
    en: str


class Surplus(Struct, frozen=True):
    """A rest day staffed like a workday: so many people more than it needs."""

    day: date
    people: int
    zh: str
    en: str


def gaps(
    book: Book, town: Town, duty: DutyTime, start: int, end: int, now: int, kind_of: KindOf | None = None
) -> list[Gap]:
    """Every gap that touches [start, end), whole as far as the book reaches, the earliest and gravest first.

    A gap over before `start` is not told. ValueError if the book does not hold the whole window.
    """
    _check(book, start, end)
    begin, finish = max(book.start, start - DAY), min(book.end, end + DAY)
    found: dict[tuple[str, str], list[Gap]] = {}
    for tile in tiles(book, town, duty, begin, finish, now, kind_of):
        if not tile.short:
            continue
        gap, line = _gap(tile, book, town, duty, now), found.setdefault((tile.requirement.code, tile.unit), [])
        if line and line[-1].end == gap.start and replace(line[-1], start=gap.start, end=gap.end) == gap:
            line[-1] = replace(line[-1], end=gap.end)
        else:
            line.append(gap)
    touching = [gap for line in found.values() for gap in line if gap.end > start and gap.start < end]
    return sorted(touching, key=lambda gap: (gap.start, SEVERITIES.index(gap.severity)))


def proof(
    book: Book, town: Town, duty: DutyTime, start: int, end: int, now: int, kind_of: KindOf | None = None
) -> dict[tuple[str, str], list[Tile]]:
    """Per (requirement, unit) the tiles of its windows inside [start, end): named people, or a gap, for every minute.

    Tiles of one window join without hole or overlap; no two neighbours are equal. ValueError as in `gaps`.
    """
    _check(book, start, end)
    lines: dict[tuple[str, str], list[Tile]] = {}
    for whole in tiles(book, town, duty, start, end, now, kind_of):
        tile = replace(whole, start=max(whole.start, start), end=min(whole.end, end))
        if tile.start >= tile.end:
            continue
        line = lines.setdefault((tile.requirement.code, tile.unit), [])
        if line and line[-1].end == tile.start and replace(line[-1], start=tile.start, end=tile.end) == tile:
            line[-1] = replace(line[-1], end=tile.end)
        else:
            line.append(tile)
    return lines


def absences(book: Book, town: Town, duty: DutyTime, now: int) -> list[Absence]:
    """Planned people who are not at their posts now: late, absent, left, on leave, or stood in for (§4.5).

    ValueError if the book does not hold `now`.
    """
    lines = proof(book, town, duty, now, now + 1, now)
    short = [tile for line in lines.values() for tile in line if tile.short]
    running = [a for a in book.assignments if a.start <= now < a.end and town.shift_of(a.shift).presence]
    stood_in = [a for a in running if a.planned and a.planned != a.person]
    away = [(a, why) for a in running for why in _WHY if standing(book, a, now, town) == why]
    found = [_absence(book, a, "substituted", a.planned, a.person, "i", "已顶班", "stood in for") for a in stood_in]
    for a, why in away:
        missed = [tile.requirement.severity for tile in short if a in tile.missing]
        number = sum((b.day, b.shift, b.unit) == (a.day, a.shift, a.unit) for b, _ in away)
        severity = min(missed, key=SEVERITIES.index, default="i")
        zh, en = _WHY[why]
        if not missed and why != "late":  # who is late still counts until he is declared absent
            zh, en = f"{zh}, 缺{number} 仍达最低", f"{en}; {number} short, the minimum is there"
        found.append(_absence(book, a, why, a.person, "", severity, zh, en, not missed))
    return sorted(found, key=lambda one: (SEVERITIES.index(one.severity), one.since, one.person))


def surplus(book: Book, town: Town, duty: DutyTime, day: date) -> Surplus | None:
    """The warning for a rest day planned like a workday: people whom only a workday would need. None where none."""
    if day_kind(town, day) != "rest":
        return None
    begin, end = midnight(town, duty, day), midnight(town, duty, day + timedelta(days=1))
    _check(book, begin, end)
    plan = replace(book, signs=())

    def spare(kind: str) -> int:
        found = tiles(plan, town, duty, begin, end, now=0, kind_of=lambda _: kind)
        return _spare(tile for tile in found if tile.day == day)

    people = spare("rest") - spare("workday")
    if people <= 0:
        return None
    zh, en = f"节假日按休息日配置, 多排 {people} 人", f"a rest day needs fewer: {people} people too many are planned"
    return Surplus(day, people, zh, en)


def _spare(found: Iterable[Tile]) -> int:
    """How many people could stay away without a new gap, tried in order of work number."""
    places: dict[str, list[tuple[int, set[str]]]] = {}
    for tile in found:
        row = (tile.need, set(tile.people))
        for person in tile.people:
            places.setdefault(person, []).append(row)
    spare = 0
    for person in sorted(places):
        if all(len(people) > need for need, people in places[person]):
            spare += 1
            for _, people in places[person]:
                people.discard(person)
    return spare


def _check(book: Book, start: int, end: int) -> None:
    if start < book.start or end > book.end:
        raise ValueError(f"the book holds [{book.start}, {book.end}), asked was [{start}, {end})")


# -- what a gap says ---------------------------------------------------------------------------------------------------


def _gap(tile: Tile, book: Book, town: Town, duty: DutyTime, now: int) -> Gap:
    required = tile.requirement
    kind, zh, en = _cause(tile, book, town, now)
    unit, unit_name = _whose(tile, town)
    if tile.shared:
        others = [town.units[code].name for code in tile.shared if code != tile.unit]
        zh, en = f"{zh}(与{'、'.join(others)}合用)", f"{en} (shared with {', '.join(others)})"
    return Gap(
        *(required.code, required.name, required.name_en, unit, unit_name, tile.start, tile.end, tile.need, tile.have),
        *(kind, required.severity, required.clause, required.mark, _rule(required, town, duty, tile.start), zh, en),
        shared=tile.shared,
    )


def _cause(tile: Tile, book: Book, town: Town, now: int) -> tuple[Kind, str, str]:
    """Kind and words. Somebody's absence makes it actual to the end of his shift; other gaps turn at `now`."""
    if not tile.reached:
        return "structure", "班次模板在此时段无人", "no shift template reaches these hours"
    why: dict[State, list[str]] = {}
    for a in tile.missing:
        why.setdefault(_why(a, tile.start, book), []).append(
            town.people[a.person].name if home_of(town, a) else a.person
        )
    absent = set(why) - {"leave"}
    published = book.has_plan(tile.day)
    kind: Kind = "actual" if absent or (tile.end <= now and published) else "plan"
    if why:
        names = {state: "、".join(dict.fromkeys(people)) for state, people in why.items()}
        zh = ", ".join(f"{people} {_WHY[state][0]}" for state, people in names.items())
        return kind, zh, ", ".join(f"{people} {_WHY[state][1]}" for state, people in names.items())
    return (
        (kind, "未排班", "nobody is planned") if published else (kind, "当月排班未发布", "the month is not published")
    )


def _why(a: Assignment, at: int, book: Book) -> State:
    sign = book.sign_of.get((a.person, a.day, a.shift))
    if any(leave.person == a.person and leave.start <= at < leave.end for leave in book.leaves):
        return "leave"
    if sign is None:
        return "absent"
    return "late" if at < sign.in_at else "left"


def _whose(tile: Tile, town: Town) -> tuple[str, str]:
    """(unit, name). The team on duty is that of the planned people, else that of the rotation; "" where several are."""
    if tile.requirement.scope == "town":
        return "", town.name
    if tile.requirement.scope != "team":
        return tile.unit, town.units[tile.unit].name
    teams = {team_of(town, a) for a in (*tile.there, *tile.missing)} or {n.unit for n in teams_on(town, tile.day)}
    name = "、".join(town.units[code].name for code in sorted(teams))
    return (next(iter(teams)) if len(teams) == 1 else ""), name or town.term("response_team", "")


def _rule(required: Requirement, town: Town, duty: DutyTime, at: int) -> str:
    """What holds meanwhile. Of several (`SH-1/SH-2`) the one whose own window holds the instant."""
    rules, local = required.rule.split("/"), duty.local(at)
    if len(rules) == 1:
        return required.rule
    minute = local.hour * 60 + local.minute
    return next((r.rule for r in town.coverage if r.rule in rules and r.covers(minute)), required.rule)


def _absence(
    book: Book, a: Assignment, state: State, person: str, by: str, severity: str, zh: str, en: str, enough: bool = True
) -> Absence:
    sign = book.sign_of.get((a.person, a.day, a.shift))
    left = sign.out_at if sign and state == "left" else None
    starts = [leave.start for leave in book.leaves if state == "leave" and leave.person == person]
    since = left or max([a.start, *(start for start in starts if start < a.end)])
    return Absence(person, state, since, by, a.day, a.shift, a.unit, a.post, enough, severity, zh, en)
