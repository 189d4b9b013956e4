"""One look of `zjj watch` (§3.6): sweep, see what is new since the last look, and whether anybody else is there to be told.

What the last look saw is kept beside the database and not in it: a look must cost nothing while the database is busy.
"""

import secrets
from pathlib import Path

import msgspec
from msgspec import Struct

from zjj_console.desk import alarm_words, alarming, heartbeat
from zjj_console.desk.alarming import Alarm
from zjj_console.desk.desk import Desk
from zjj_console.desk.heartbeat import Pulse
from zjj_console.domain import alarms
from zjj_console.domain.alarms import SOUNDS_ONCE, Grade
from zjj_console.domain.model import SECOND
from zjj_console.storage import reads_alarms
from zjj_console.storage.companion import beside, put
from zjj_console.storage.db import StorageError

CONSOLE = "console"  # subject of the alarm about a console that has stopped
SHOWN = 20  # alarms named in one ring


class Seen(Struct, frozen=True):
    """What a look saw, for the next one: when it was, and each alarm with the instant that it was raised."""

    at: int = 0
    alarms: frozenset[tuple[str, int]] = frozenset()


class Memory:
    """The file beside the database: one entry for looks by cron, one for a watch that goes on."""

    def __init__(self, database: Path, name: str) -> None:
        self.path, self.name = beside(database, ".watch"), name
        self._token = secrets.token_hex(4)

    def recall(self) -> Seen:
        return self._all().get(self.name, Seen())

    def keep(self, seen: Seen) -> bool:
        """False where the folder cannot be written: then the next run rings again, which is better than silence."""
        return put(self.path, msgspec.json.encode({**self._all(), self.name: seen}), self._token)

    def _all(self) -> dict[str, Seen]:
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=dict[str, Seen])
        except (OSError, msgspec.MsgspecError):
            return {}


class Glance(Struct, frozen=True):
    """What one look found. `rings` says that the bell is due, `called` that nobody else rings; `trouble`: what failed."""

    at: int
    pulse: Pulse
    standing: tuple[Alarm, ...]
    fresh: tuple[Alarm, ...]
    ringing: tuple[Alarm, ...]
    rings: bool
    seen: Seen
    trouble: StorageError | None = None

    @property
    def unacked(self) -> int:
        return sum(alarm.acked is None for alarm in self.standing)

    @property
    def called(self) -> bool:
        """Whether this look must make itself heard."""
        return self.rings and not self.pulse.alive


def stopped(desk: Desk, pulse: Pulse) -> Alarm | None:
    """The alarm about a console that went silent without having been closed, until a new one beats or it is acknowledged."""
    if pulse.state != "stopped":
        return None
    at = pulse.since + desk.town.alarm_rules.beat_stale * SECOND
    raised = min(at, desk.now())
    acked = reads_alarms.acked(desk.reader, [CONSOLE]).get(CONSOLE)
    since = f"{desk.duty.local(pulse.since):%m-%d %H:%M:%S}"
    return Alarm(CONSOLE, Grade.DESK, raised, acked if acked is not None and acked >= raised else None, CONSOLE,
                 zh=f"值守台心跳停 {since}，未正常退出；请看值守台，或重新打开",
                 en=f"the console has not been heard of since {since} and was not closed; look at it or open it again")  # fmt: skip


def standing(desk: Desk, pulse: Pulse, limit: int) -> alarming.Look:
    """All alarms of the desk, and that of its console."""
    found, silent = desk.alarms(limit), stopped(desk, pulse)
    if silent is None:
        return found
    both = tuple(sorted([*found.alarms, silent], key=alarms.order))
    return alarming.Look(both, found.total + 1, found.late, found.soon)


def pulse_of(desk: Desk) -> Pulse:
    return heartbeat.pulse(desk.path, desk.now(), desk.town.alarm_rules.beat_stale)


def look(desk: Desk, before: Seen, limit: int = 500) -> Glance:
    """Climb what is due, then see. A database that is too busy to be swept is still read, and rung for."""
    trouble = None
    try:
        desk.sweep()
        desk.index_texts()
    except StorageError as error:
        trouble = error
    facts, pulse = desk.facts(), pulse_of(desk)
    now, rules = facts.now, facts.town.alarm_rules
    found = standing(desk, pulse, limit)
    since = before.at if before.at <= now else 0  # a last look in the future tells nothing about what was heard
    fresh = tuple(a for a in found.alarms if (a.subject, a.raised) not in before.alarms)
    ringing = tuple(a for a in found.alarms if alarms.rings(a, since, now, rules) or (a in fresh and _once(a)))
    rings = bool(ringing) or alarming.rings(desk.reader, facts, since, found)
    seen = Seen(now, frozenset((a.subject, a.raised) for a in found.alarms))
    return Glance(now, pulse, found.alarms, fresh, ringing, rings, seen, trouble)


def _once(alarm: Alarm) -> bool:
    """Rings although its instant lies before the last look: it came to us late, by an import or another console."""
    return alarm.acked is None and (alarm.grade in SOUNDS_ONCE or alarm.grade in alarms.URGENT)


def told(glance: Glance, desk: Desk, lang: str = "zh") -> str:
    """What the bell is about, the worst first, one alarm a line; a flood is counted."""
    lines = [alarm_words.line(alarm, desk.town, lang) for alarm in glance.ringing[:SHOWN]]
    rest = len(glance.ringing) - len(lines)
    if rest > 0:
        lines.append(f"另有 {rest} 项" if lang == "zh" else f"{rest} more")
    return "\n".join(lines) or ("!!超 告警" if lang == "zh" else "late")
