"""Which response team has which night (R41, A02), and how fair that is. A night belongs to the date it begins on."""

from collections.abc import Callable
from datetime import date, timedelta

from msgspec import Struct

from zjj_console.domain.duty import DutyTime
from zjj_console.town.calendar import day_type
from zjj_console.town.models import Hours, Rotation, Town

DAY_MINUTES = 24 * 60


class TeamNight(Struct, frozen=True):
    """One team's part of a night, in minutes from the midnight that begins the duty date; `end` may exceed a day."""

    unit: str
    start: int
    end: int

    @property
    def minutes(self) -> int:
        return self.end - self.start


class TeamBalance(Struct, frozen=True):
    unit: str
    nights: int
    minutes: int
    holiday_nights: int


class Balance(Struct, frozen=True):
    """Nights per team over some days. The three differences are largest minus smallest.

    `gaps`: nights without a team. `unknown`: dates beyond the public calendar, whose holidays nobody knows yet.
    """

    teams: tuple[TeamBalance, ...]
    nights_apart: int
    minutes_apart: int
    holidays_apart: int
    gaps: tuple[date, ...]
    unknown: tuple[date, ...]


def _alternate(rule: Rotation, offset: int, teams: list[str]) -> list[str]:
    return [teams[offset % len(teams)]]


def _both(rule: Rotation, offset: int, teams: list[str]) -> list[str]:
    return teams


def _split(rule: Rotation, offset: int, teams: list[str]) -> list[str]:
    """Two teams keep their halves, so that each rests a whole day; more than two take turns pair by pair."""
    return [teams[2 * offset % len(teams)], teams[(2 * offset + 1) % len(teams)]]


def _weekly(rule: Rotation, offset: int, teams: list[str]) -> list[str]:
    return [teams[offset // 7 % len(teams)]]


def _on_off(rule: Rotation, offset: int, teams: list[str]) -> list[str]:
    """Each team begins when the one before it has done its nights; gaps and double nights follow from n and m."""
    cycle = rule.on + rule.off
    return [team for place, team in enumerate(teams) if (offset - place * rule.on) % cycle < rule.on]


_RULES: dict[str, Callable[[Rotation, int, list[str]], list[str]]] = {
    "alternate_nightly": _alternate,
    "both_nightly": _both,
    "split_night": _split,
    "weekly": _weekly,
    "n_on_m_off": _on_off,
}


def teams_of(town: Town) -> list[str]:
    """Codes of the response teams that can be sent out, beginning with the one of the anchor night."""
    teams = [unit.code for unit in town.of_kind("response_team") if unit.enabled]
    if town.rotation is None or town.rotation.first not in teams:
        return teams
    first = teams.index(town.rotation.first)
    return teams[first:] + teams[:first]


def teams_on(town: Town, day: date) -> tuple[TeamNight, ...]:
    """The teams of the night that begins on `day`; two parts of it under split_night, none where it is a gap.

    A town without a rotation has a team on duty only if it has just one.
    """
    teams, rule = teams_of(town), town.rotation
    if rule is None or (len(teams) == 1 and rule.rule != "n_on_m_off"):
        return tuple(_night(town, team) for team in teams) if len(teams) == 1 else ()
    if not teams:
        return ()
    on = _RULES[rule.rule](rule, (day - rule.anchor).days, teams)
    nights = tuple(_night(town, team) for team in on)
    return _parted(nights, rule.split) if rule.rule == "split_night" else nights


def _night(town: Town, team: str) -> TeamNight:
    hours = town.hours_of(team)
    return TeamNight(team, hours.start, hours.end + (DAY_MINUTES if hours.wall else 0))


def _parted(nights: tuple[TeamNight, ...], split: int) -> tuple[TeamNight, ...]:
    first, second = nights
    at = split if split >= first.start else split + DAY_MINUTES
    at = min(at, first.end)  # a split outside the night leaves it whole to the first team
    parts = (TeamNight(first.unit, first.start, at), TeamNight(second.unit, at, second.end))
    return tuple(part for part in parts if part.minutes > 0)


def night_span(duty: DutyTime, day: date, night: TeamNight) -> tuple[int, int]:
    """Start and end of a team's part of the night of `day` as instants."""
    return duty.window(day, Hours("", "", night.start, night.end, "A"))


def balance(town: Town, start: date, days: int) -> Balance:
    """What each team carries in `days` nights from `start`. Holidays are counted apart: the rule does not see them."""
    tally = {team: [0, 0, 0] for team in teams_of(town)}
    gaps, unknown = [], []
    for day in (start + timedelta(days=n) for n in range(days)):
        kind, known = day_type(town, day)
        nights = teams_on(town, day)
        if not known:
            unknown.append(day)
        if not nights:
            gaps.append(day)
        for night in nights:
            row = tally[night.unit]
            row[0] += 1
            row[1] += night.minutes
            row[2] += kind == "holiday"
    apart = [max(column) - min(column) for column in zip(*tally.values(), strict=True)] or [0, 0, 0]
    teams = tuple(TeamBalance(team, *row) for team, row in tally.items())
    return Balance(teams, apart[0], apart[1], apart[2], tuple(gaps), tuple(unknown))
