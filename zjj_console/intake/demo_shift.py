"""The people of the demo night: a published roster, who came and who did not, and the handover that began the night."""

from collections.abc import Callable, Collection, Iterator
from datetime import date, timedelta

from msgspec.structs import replace

from zjj_console.desk import handing, rostering, signatures, signing, viewing, which
from zjj_console.desk.acts import Act, Done
from zjj_console.desk.desk import Desk
from zjj_console.desk.session import TRIAL_OPERATOR, actor_of
from zjj_console.domain import custody
from zjj_console.domain.facts import Facts
from zjj_console.domain.handover import Handover
from zjj_console.domain.handover_rules import blockers
from zjj_console.domain.model import HOUR, MINUTE, Actor, Refusal
from zjj_console.storage import reads_duty
from zjj_console.storage.db import Connection

_AHEAD = timedelta(days=15)  # so that the proof of the next fortnight has a roster to look at
_KNOWN = 20 * MINUTE  # before the handover: what had come in by then is handed over
Step = tuple[int, str, Act]  # when, who, what


def seed_shift(desk: Desk, known_by: Callable[[int], None], absent: Collection[str] | None = None) -> None:
    """Roster of the coming fortnight and who came; of a night also the handover that began it, with the cases
    `known_by` then. Nothing where the profile has no shifts. `absent`: who does not come; None: one of the night's team.
    """
    clock, now = desk.now, desk.now()
    began = custody.last_boundary(desk.town, desk.duty, now)
    if not desk.town.shifts or began is None:
        return
    boundary, at = began
    night = boundary.to == "night"
    day = desk.duty.local(at).date()
    try:
        for month in sorted({f"{d:%Y-%m}" for d in (day - timedelta(days=1), day, day + _AHEAD)}):
            _set(desk, at - 30 * HOUR)
            rows = rostering.plan(desk.reader, desk.town, desk.duty, month).assignments
            desk.act(rostering.keep(month, rows), actor=keeper(desk))
            desk.act(rostering.publish(month, "示例"), actor=keeper(desk))
        signs = sorted((s for s in _signs(desk, day, at, absent) if s[0] <= now), key=lambda step: step[0])
        if not night:
            _do(desk, signs)
            return
        _do(desk, [step for step in signs if step[0] < at - _KNOWN])
        _set(desk, at - _KNOWN)
        known_by(at - _KNOWN)
        rest = [step for step in signs if step[0] >= at - _KNOWN]
        _do(desk, sorted([*rest, *_handover(desk, boundary.code, at)], key=lambda step: step[0]))
    finally:
        desk.now = clock


def keeper(desk: Desk) -> Actor:
    """Who publishes rosters and grants leave, whoever sits at the desk."""
    return actor_of(desk.town, TRIAL_OPERATOR, trial=desk.actor.trial)


def _set(desk: Desk, at: int) -> None:
    desk.now = lambda: at


def _do(desk: Desk, steps: list[Step]) -> None:
    for when, who, act in steps:
        _set(desk, when)
        desk.act(act, actor=replace(actor_of(desk.town, who), trial=desk.actor.trial))


def _signs(desk: Desk, day: date, at: int, absent: Collection[str] | None) -> Iterator[Step]:
    """Everybody of the day came a little early, but for the absent; else the last of the night's team by work number."""
    book = reads_duty.book(desk.reader, at - 14 * HOUR, at + 14 * HOUR)
    today = [a for a in book.assignments if a.day == day and desk.town.shifts[a.shift].presence]
    missing = [max((a.person for a in today if a.start == at), default="")] if absent is None else absent
    for n, a in enumerate(sorted(today, key=lambda a: a.person)):
        if a.person not in missing:
            yield a.start - (3 + n % 9) * MINUTE, a.person, signing.sign_in(a.person)
        if a.person != TRIAL_OPERATOR:
            yield a.end + (n % 5) * MINUTE, a.person, signing.sign_out(a.person)


def _handover(desk: Desk, code: str, at: int) -> Iterator[Step]:
    """The day desk signs, then whoever opens the demo: the night is his."""
    out = next((p.work_no for p in desk.town.staff(desk.town.centre.code) if "dispatcher" in p.roles), "")
    own = desk.actor.work_no
    steps: tuple[tuple[int, str, Act], ...] = (
        (-12, out, handing.prepare(code)),
        (-10, out, handing.note(code, "夜里有游客聚集，留意水边(示例)")),
        (2, out, signatures.sign(code, "out")),
        (3, own, signing.sign_in(own)),  # refused if he came in the morning
        (4, own, _read_everything(code)),
        (5, own, _choose_for_the_urgent(code)),
        (5, own, handing.spoken(code)),
        (6, own, signatures.sign(code, "in", tick_all=True)),
        (7, own, signatures.force(code, "示例夜班", "0005", proven=True)),  # refused once it is signed
    )
    return ((at + minutes * MINUTE, who, act) for minutes, who, act in steps if who)


def _with(code: str, make: Callable[[Handover, Connection, Facts], Act]) -> Act:
    def act(db: Connection, facts: Facts) -> Done | Refusal:
        h = which.find(db, facts, code)
        return h if isinstance(h, Refusal) else make(h, db, facts)(db, facts)

    return act


def _read_everything(code: str) -> Act:
    return _with(code, lambda h, db, facts: handing.read(code, [item.handle for item in h.unread], "3", batch=True))


def _choose_for_the_urgent(code: str) -> Act:
    """The departments' night rooms go on with what is urgent and not yet the team's."""

    def make(h: Handover, db: Connection, facts: Facts) -> Act:
        open_ = [f.handle for f in blockers(h, viewing.live(db, h, facts)) if f.code == "B1"]
        return handing.code(code, open_, "N3")

    return _with(code, make)
