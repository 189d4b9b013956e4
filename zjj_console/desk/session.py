"""Who acts: the sample shift lead in trial mode, afterwards a real operator with a PIN."""

from zjj_console.desk.acts import Act, Done
from zjj_console.domain.facts import Facts
from zjj_console.domain.model import Actor, Refusal
from zjj_console.storage.db import Connection, StorageError, writing
from zjj_console.town.models import Town

TRIAL_OPERATOR = "0001"
_MIN_PIN = 4


def actor_of(town: Town, work_no: str, *, trial: bool = False) -> Actor:
    """The person with all his roles, posts included. Raises StorageError(6) for an unknown work number."""
    person = town.people.get(work_no)
    if person is None:
        raise StorageError(6, f"没有工号 {work_no}", f"no work number {work_no}")
    posts = {post.role for post in town.posts if post.work_no == work_no}
    return Actor(work_no, person.name, person.unit, frozenset(person.roles) | posts, trial)


def is_trial(db: Connection) -> bool:
    """True until the first real operator has a PIN."""
    return db.execute("SELECT 1 FROM operator LIMIT 1").fetchone() is None


def who(db: Connection, town: Town, work_no: str, pin: str) -> Actor:
    """The acting person. Trial: anybody, 0001 by default. Otherwise work number and PIN must match (exit 7)."""
    if is_trial(db):
        return actor_of(town, work_no or TRIAL_OPERATOR, trial=True)
    if not work_no:
        raise StorageError(7, "须以 --as 工号 登录", "say who you are with --as WORKNO")
    check_pin(db, work_no, pin)
    return actor_of(town, work_no)


def check_pin(db: Connection, work_no: str, pin: str) -> None:
    """Raises StorageError(7) unless the PIN is that of the work number."""
    from argon2 import PasswordHasher  # loaded only where there is a PIN to check: it costs the start of a trial
    from argon2.exceptions import InvalidHashError, VerificationError

    row = db.execute("SELECT pin_hash FROM operator WHERE work_no = ?", (work_no,)).fetchone()
    if row is None:
        raise StorageError(7, f"工号 {work_no} 未设口令: zjj operator add {work_no}", f"{work_no} has no PIN yet")
    try:
        PasswordHasher().verify(row[0], pin)
    except (VerificationError, InvalidHashError) as error:
        raise StorageError(7, "口令不符，请用 --pin-file", "wrong PIN; use --pin-file") from error


def proven(act: Act, *people: tuple[Actor, str]) -> Act:
    """The act after everybody's own PIN has been checked: a wrong one leaves nothing behind (StorageError 7)."""

    def checked(db: Connection, facts: Facts) -> Done | Refusal:
        for actor, pin in people:
            if not actor.trial:
                check_pin(db, actor.work_no, pin)
        return act(db, facts)

    return checked


KEEPERS = frozenset({"admin", "centre", "shift_lead"})  # may set another's PIN and exchange the database


def keeps(actor: Actor, own: str = "") -> bool:
    """Whether somebody may do what only keepers of the system may; anybody may see to his `own` work number."""
    return actor.trial or actor.work_no == own or bool(KEEPERS & actor.roles)


def set_pin(db: Connection, town: Town, work_no: str, pin: str, now: int) -> None:
    """Make somebody a real operator, or change his PIN."""
    from argon2 import PasswordHasher

    actor_of(town, work_no)
    if len(pin) < _MIN_PIN:
        raise StorageError(3, f"口令至少{_MIN_PIN}位", f"a PIN has at least {_MIN_PIN} characters")
    hashed = PasswordHasher().hash(pin)
    with writing(db):
        db.execute(
            "INSERT INTO operator(work_no, pin_hash, created_at) VALUES (?, ?, ?)"
            " ON CONFLICT(work_no) DO UPDATE SET pin_hash = excluded.pin_hash",
            (work_no, hashed, now),
        )
