"""One round over the outbox: claim a message, send it outside of any transaction, record what came of it (§2.7, NV-12).

Exactly once in effect: a row is claimed before it leaves, its key is part of the message, and the server drops the double of
what it took within `duplicate_seconds`. After an attempt of unknown outcome a message is sent again only within that span; later
it is given up and the desk telephones: two orders are worse than a call.
"""

from collections.abc import Callable, Mapping
from random import Random
from typing import Protocol

from msgspec import Struct

from zjj_console.domain.model import HOUR, MINUTE, SECOND
from zjj_console.storage import delivery
from zjj_console.storage.db import Connection
from zjj_console.storage.delivery import Letter
from zjj_console.sync.gateway.client import Answer
from zjj_console.sync.gateway.codes import Ask
from zjj_console.sync.gateway.forms import Note
from zjj_console.sync.gateway.limits import Limits
from zjj_console.sync.gateway.setup import Setup

BATCH = 200  # of a round
FIRST, LONGEST = 30, 600  # seconds between attempts: 30 * 2^n, at most ten minutes
HELD = {Ask.HOLD: 90 * SECOND, Ask.CONFIG: 10 * MINUTE}  # how long nothing is sent after such an answer
TITLES = {"dispatch": "派单", "support": "执法保障", "escalation": "升级", "roster": "值班", "meeting": "会商",
          "assembly": "提前集结"}  # fmt: skip


class Sender(Protocol):
    """What a round asks of a client."""

    def send(self, members: list[str], note: Note) -> Answer: ...


class Round(Struct):
    """What a round came to. `hold`: nothing is sent before (µs); `stop`: the answer that ended it early."""

    confirmed: int = 0
    retry: int = 0
    failed: int = 0  # a receiver whom the messenger does not know
    dead: int = 0  # given up
    waiting: int = 0  # held back for a receiver who has had his share
    hold: int = 0
    stop: Answer | None = None


def backoff(attempts: int, random: Random) -> int:
    """µs until the next attempt after `attempts` of them: 30 s, 60 s, .. 10 min, up to a fifth earlier."""
    seconds = min(LONGEST, FIRST << min(attempts - 1, 10))
    return round(seconds * SECOND * random.uniform(0.8, 1.0))


class Courier:
    """Delivers for one file. `db` is its own writing connection: transactions last as long as one update."""

    def __init__(
        self,
        db: Connection,
        client: Sender,
        setup: Setup,
        users: Mapping[str, str],
        now: Callable[[], int],
        random: Random | None = None,
    ) -> None:
        self.db, self.client, self.setup, self.users, self.now = db, client, setup, users, now
        self.limits = Limits(setup.per_minute, setup.per_hour)
        self.random = random or Random()
        self.lease = (4 * (setup.connect_seconds + setup.read_seconds) + 30) * SECOND  # longer than any attempt takes

    def round(self) -> Round:
        """Everything that is due now, until it is done or the server cannot be had."""
        found = Round(hold=delivery.held(self.db))
        begun, now = delivery.since(self.db), self.now()
        if begun is None or found.hold > now:
            return found
        found.hold = 0
        for letter in delivery.due(self.db, begun, now, BATCH):
            self._one(letter, found)
            if found.stop is not None:
                break
        delivery.note_run(self.db, self.now(), found.stop.zh if found.stop else "", found.hold)
        return found

    def _one(self, letter: Letter, found: Round) -> None:
        now = self.now()
        if self._hopeless(letter, now, found):
            return
        member = self.setup.member(self.users, letter.recipient)
        free = self._free_at(member, letter, now)
        if free > now:
            delivery.wait(self.db, letter, free)
            found.waiting += 1
        elif delivery.claim(self.db, letter, now, self.lease):
            self.limits.note(member, now)
            self._record(letter, self.client.send([member], self._note(letter)), now, found)

    def _hopeless(self, letter: Letter, now: int, found: Round) -> bool:
        """What must not or cannot be sent any more ends here."""
        if not letter.recipient:
            found.failed += delivery.give_up(self.db, letter, "FAILED", "没有收件人")
        elif delivery.doubtful(letter, now, self.setup.duplicate_seconds):
            found.dead += delivery.give_up(self.db, letter, "DEAD", "上次是否送达不明，已过平台查重时限，不再自动发")
        elif now - letter.not_before > self.setup.give_up_hours * HOUR:
            found.dead += delivery.give_up(
                self.db, letter, "DEAD", f"{self.setup.give_up_hours}小时未送达 {letter.error}"
            )
        else:
            return False
        return True

    def _free_at(self, member: str, letter: Letter, now: int) -> int:
        if not self.limits.known(member):
            self.limits.remember(member, delivery.sent_to(self.db, letter.recipient, now - HOUR))
        return self.limits.free_at(member, now)

    def _note(self, letter: Letter) -> Note:
        handle = f" {letter.handle}" if letter.serial else ""
        url = self.setup.card_url.replace("{case}", letter.handle)
        return Note(letter.key, f"{TITLES.get(letter.kind, '通知')}{handle}", letter.body, url)

    def _record(self, letter: Letter, answer: Answer, begun: int, found: Round) -> None:
        """The end of an attempt, by what the answer asks for."""
        now = self.now()
        if answer.ok:
            delivery.settle(self.db, letter, "CONFIRMED", done_at=now, msgid=answer.msgid)
            found.confirmed += 1
        elif answer.ask is Ask.RECEIVER:
            delivery.settle(self.db, letter, "FAILED", error=answer.zh)
            found.failed += 1
        elif answer.ask in HELD:  # nobody's fault but ours: no attempt of this message
            back = "PENDING" if letter.attempts == 0 else "RETRY"
            delivery.settle(self.db, letter, back, doubt_at=letter.doubt_at, error=answer.zh, attempts=letter.attempts)
            found.hold, found.stop = now + HELD[answer.ask], answer
        elif answer.ask is Ask.RETRY:
            doubt = letter.doubt_at or (begun if answer.unsure else 0)
            later = now + backoff(letter.attempts + 1, self.random)
            delivery.settle(self.db, letter, "RETRY", next_at=later, doubt_at=doubt, error=answer.zh)
            found.retry, found.stop = found.retry + 1, answer
        else:
            delivery.settle(self.db, letter, "DEAD", doubt_at=letter.doubt_at, error=answer.zh)
            found.dead += 1
