"""执法保障 (R51): who answers a village that asks for enforcement, and whether he did so in time.

Pure. The hours are those of the profile, who is there is what the roster says; without a roster the holders of the posts.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Literal

from msgspec import Struct

from zjj_console.domain import rotation
from zjj_console.domain.facts import Facts
from zjj_console.domain.model import MINUTE, SUPPORT_RUNS, Aid, Case
from zjj_console.domain.roster import Assignment

Window = Literal["day", "shoulder", "night"]
NEXT = {"REQUESTED": "accept_support", "ACCEPTED": "arrive_support", "ARRIVED": "close_support"}
SUPPORT_ZH = {
    "REQUESTED": "待应答", "ACCEPTED": "待到场", "ARRIVED": "在场", "DONE": "已结束", "REFUSED": "被拒绝", "CANCELLED": "已撤回",
}  # fmt: skip
_LEADERS = ("chief", "deputy")  # 工作站负责人, in this order
_SHOULDER = ("deputy",)  # A30: while the station is closed and the centre is not
_TEAM = ("team_leader", "shift_lead")
_CENTRE = ("shift_lead", "seat", "centre", "dispatcher")


class Answerer(Struct, frozen=True):
    """Who answers now: a unit and its person, `beside` the unit that does so with him.

    `found`: `there` by the roster, `planned` by it but not seen yet, or `post`: the holder of the post, by telephone.
    """

    window: Window
    unit: str
    person: str
    beside: str = ""
    found: str = "post"


def window(station: str, facts: Facts) -> Window:
    """Night, the hours of the station, or the hours between the two families of shifts (§2.8)."""
    if facts.night:
        return "night"
    return "day" if facts.in_hours(station) else "shoulder"


def responsible(station: str, facts: Facts) -> Answerer:
    """R51, A30: the station's leader by day, the night team's at night, deputy and centre in the shoulders."""
    now = window(station, facts)
    if now == "night":
        return _of_night(facts) or _of_centre(now, facts)
    centre = facts.town.centre.code
    roles, beside = (_LEADERS, "") if now == "day" else (_SHOULDER, centre)
    person, found = _leader(station, roles, facts)
    if not person or (now == "shoulder" and found == "planned"):  # who has not come does not go out to a village
        other = _of_centre(now, facts)
        return other if other.person else Answerer(now, station, person, beside, found)
    return Answerer(now, station, person, beside, found)


def night_teams(facts: Facts) -> list[str]:
    """Teams of this night, or of the one that comes: by the roster, else by the rotation; else every team."""
    teams = rotation.teams_of(facts.town)
    rostered = [team for team in teams if facts.rostered(team) is not None and not facts.resting(team)]
    if facts.night and rostered:
        return rostered
    today = facts.duty.local(facts.now).date()
    running = [night.unit for day in (today - timedelta(days=1), today) for night in _running(day, facts)]
    tonight = [night.unit for night in rotation.teams_on(facts.town, today)]
    return running or tonight or teams


def _running(day: date, facts: Facts) -> list[rotation.TeamNight]:
    nights = rotation.teams_on(facts.town, day)
    spans = [(night, *rotation.night_span(facts.duty, day, night)) for night in nights]
    return [night for night, start, end in spans if start <= facts.now < end]


def _of_night(facts: Facts) -> Answerer | None:
    found = [Answerer("night", team, *_with_beside(_leader(team, _TEAM, facts))) for team in night_teams(facts)]
    found = [one for one in found if one.person]
    ranks = {"there": 0, "planned": 1, "post": 2}
    return min(found, key=lambda one: ranks[one.found], default=None)


def _with_beside(leader: tuple[str, str]) -> tuple[str, str, str]:
    return leader[0], "", leader[1]


def _of_centre(now: Window, facts: Facts) -> Answerer:
    centre = facts.town.centre.code
    person, found = _leader(centre, _CENTRE, facts)
    return Answerer(now, centre, person or facts.person_of(centre), "", found)


def _leader(unit: str, roles: tuple[str, ...], facts: Facts) -> tuple[str, str]:
    """(person, how he was found): there, else planned and not on leave, else holding the post today and not on leave."""
    ways: tuple[tuple[str, Iterable[Assignment]], ...] = (
        ("there", facts.rostered(unit) or ()),
        ("planned", facts.planned_now()),
    )
    for found, rows in ways:
        here = [a for a in rows if a.unit == unit and a.post in roles]
        if here:
            return min(here, key=lambda a: (roles.index(a.post), a.seat)).person, found
    today = facts.duty.local(facts.now).date()
    holders = [(p.acting, roles.index(p.role), p.work_no) for p in facts.town.posts
               if p.unit == unit and p.role in roles and p.held_on(today) and p.work_no in facts.town.people]  # fmt: skip
    free = sorted((rank, acting, who) for acting, rank, who in holders if not facts.on_leave(who))
    return (free[0][2], "post") if free else ("", "post")


# How a request stands ------------------------------------------------------------------------------------------------


class Judged(Struct, frozen=True):
    """Minutes from the request to answer and arrival, and whether each was in time.

    A refusal is an answer and never an arrival. `None`: not yet, and the limit has not passed; or no limit for it.
    """

    answered: int | None
    arrived: int | None
    answer_on_time: bool | None
    arrival_on_time: bool | None

    @property
    def on_time(self) -> bool | None:
        """Answered *and* arrived in time (H7); False as soon as one of the two cannot be any more."""
        both = (self.answer_on_time, self.arrival_on_time)
        return False if False in both else None if None in both else True


def judge(aid: Aid, status: str, now: int) -> Judged:
    """AC-51a: the clock of a request against its limits. What was taken back is judged for what had passed by then."""
    answered = aid.accepted_at if aid.accepted_at is not None else aid.ended_at if status == "REFUSED" else None
    until = aid.ended_at if aid.ended_at is not None else now
    return Judged(
        _minutes(aid.at, answered),
        _minutes(aid.at, aid.arrived_at),
        _in_time(answered, aid.answer_due, until),
        False if status == "REFUSED" else _in_time(aid.arrived_at, aid.arrive_due, until),
    )


def _minutes(start: int, end: int | None) -> int | None:
    return None if end is None else (end - start) // MINUTE


def _in_time(at: int | None, due: int | None, until: int) -> bool | None:
    if due is None:
        return None
    return at <= due if at is not None else False if until > due else None


def next_action(case: Case) -> str:
    """What a support line without more words would do: ask, or the step after the present one."""
    return NEXT.get(case.support, "support")


def answers(case: Case | None, facts: Facts) -> bool:
    """He or his unit was asked, or it would be asked now: who came on duty meanwhile answers as well."""
    if case is None or case.aid is None:
        return case is None
    if facts.actor.work_no == case.aid.person or facts.actor.unit == case.aid.unit:
        return True
    return bool(case.station) and responsible(case.station, facts).unit == facts.actor.unit


def goes(case: Case | None, facts: Facts) -> bool:
    """He answers, or his unit was called along."""
    return answers(case, facts) or (case is not None and case.aid is not None and facts.actor.unit in case.aid.depts)


def asked_it(case: Case | None, facts: Facts) -> bool:
    """The request is his own or that of his unit."""
    if case is None or case.aid is None:
        return case is None
    return facts.actor.work_no == case.aid.asked_by or facts.actor.unit in (case.aid.body, case.aid.asked_by)


def runs(case: Case) -> bool:
    return case.support in SUPPORT_RUNS
