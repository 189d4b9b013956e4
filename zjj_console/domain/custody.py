"""Custody (I-1): at every instant exactly one desk holds all open cases. It moves by a signed handover and by nothing else."""

from datetime import datetime, time, timedelta

from msgspec import Struct

from zjj_console.domain.duty import DutyTime
from zjj_console.domain.model import MINUTE, Refusal
from zjj_console.town.models import Boundary, Town

DESK_ZH = {"day": "白班", "night": "夜班"}
DESK_EN = {"day": "day desk", "night": "night desk"}
DESK_ROLES = frozenset({"dispatcher", "shift_lead", "team_leader", "centre"})
TRAINED = frozenset({"dispatcher", "shift_lead"})  # roles that are given only to people trained for the desk (C7, B7)
# What a desk does because it holds the cases. Facts from the field, notes and the centre's own decisions are none of these.
DESK_ACTIONS = frozenset({
    "accept", "locate", "ask_info", "screen", "contact", "dispatch", "assist", "reassign", "grant_return", "refuse_return",
    "grant_extend", "refuse_extend", "verify_pass", "verify_fail", "merge", "unmerge", "reopen", "support", "grant_void", "refuse_void",
})  # fmt: skip


class Holding(Struct, frozen=True):
    """Which desk holds the open cases since when. Before the first handover it is `claimed` by nobody: either may act."""

    desk: str
    since: int = 0
    claimed: bool = False
    person: str = ""
    handover: str = ""


def refuse(action: str, allowed_by: set[str], desk: str, holding: Holding | None) -> Refusal | None:
    """R43: the desk that does not hold the cases sees them and may not act on them as a desk.

    `allowed_by`: the actor's roles that would allow the action; a role of the field allows it at any time.
    """
    if holding is None or not holding.claimed or action not in DESK_ACTIONS or desk == holding.desk:
        return None
    if allowed_by - DESK_ROLES:
        return None
    return Refusal(
        8,
        "I-1",
        f"看护权在{DESK_ZH[holding.desk]}，{DESK_ZH[desk]}只读；交接签字后再办",
        f"the {DESK_EN[holding.desk]} has custody; the {DESK_EN[desk]} is read-only until the handover is signed",
    )


class Missed(Struct, frozen=True):
    """A boundary between the desks that has passed unsigned. Custody is where it was; `call`: the centre is to be called."""

    boundary: Boundary
    at: int
    minutes: int
    late: bool
    call: bool


def last_boundary(town: Town, duty: DutyTime, now: int) -> tuple[Boundary, int] | None:
    """The latest boundary between the desks that is not in the future, with its instant."""
    today = datetime.combine(duty.local(now).date(), time(), town.tz)
    found = [
        (b, duty.instant(day + timedelta(minutes=b.at)))
        for b in town.boundaries.values()
        if b.kind == "desk"
        for day in (today, today - timedelta(days=1))
    ]
    return max((one for one in found if one[1] <= now), key=lambda one: one[1], default=None)


def missed(town: Town, duty: DutyTime, holding: Holding | None, now: int) -> Missed | None:
    """Whether the last boundary went by and the desk that should have given custody away still has it (AC-43a)."""
    last = last_boundary(town, duty, now)
    if last is None or holding is None or not holding.claimed:
        return None
    boundary, at = last
    if holding.desk != boundary.frm or holding.since >= at:
        return None
    minutes = (now - at) // MINUTE
    return Missed(boundary, at, minutes, minutes >= town.duty_rules.late_after, minutes >= town.duty_rules.call_after)
