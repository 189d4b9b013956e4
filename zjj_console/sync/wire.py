"""What a console and its hub say to each other. JSON; the body of an event is a string, so that its bytes stay exact.

Order, idempotence and refusal:

* A push holds events of one device in the order of its own chain. The hub stores each once by its id; the same id with the
  same bytes answers what it answered before, with other bytes it is refused (`fork`). A gap in the chain stops the push
  there: `expect` says where to go on. A body that cannot be read is kept aside and answered with an empty id, hub_seq 0
  and the verdict INVALID: it holds its place in the device's chain and is never pulled.
* A pull gives the common order after a cursor, without gaps, the console's own events included. Only what has been pulled
  counts as confirmed. `hash` is the hub's chain at the cursor; where it differs the hub answers 409 `diverged`.
* A credential ends. While `renew` is true in an answer, POST /v1/renew (no body) gives a fresh one. Keep it durably
  beside the old one, then use it: what it is used for first ends the old one. Until then both are good, so a lost answer
  or a crash costs nothing: ask again with the old one, and if the fresh one is `unauthorized` go back to the old one.
"""

from typing import Annotated

from msgspec import Meta, Struct

from zjj_console.domain.chain import DOMAIN as DOMAIN
from zjj_console.domain.chain import GENESIS as GENESIS
from zjj_console.domain.chain import hub_chained as hub_chained

PROTOCOL = 1
HEADER = "zjj-protocol"  # of every request: what the program speaks; without it, PROTOCOL 1
MAX_BODY = 2 * 1024 * 1024  # of a request
MAX_EVENTS = 1000  # of a push or a pull
MAX_WAIT = 25  # seconds of a long poll
_Hash = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Enrol(Struct):
    """A one-time code for a credential. `console` is the letter of the case numbers that the device wants to keep."""

    code: str
    device: Annotated[str, Meta(pattern="^[0-9A-Za-z-]{8,64}$")]  # the id of the device's chain
    name: str = ""
    console: Annotated[str, Meta(pattern="^[A-Z]?$")] = ""


class Enrolled(Struct):
    token: str  # told once; the hub keeps its hash
    log: str  # the hub's log
    town: str
    console: str
    role: str = "console"
    expires: int = 0  # µs UTC; 0: an older hub, whose credentials do not end


class Renewed(Struct):
    """A fresh credential; told once."""

    token: str
    expires: int


class Hello(Struct):
    protocol: int
    log: str
    town: str
    head: int
    head_hash: str
    now: int  # µs UTC at the hub
    console: str = ""
    expires: int = 0  # of the credential that asked
    renew: bool = False


class Pushed(Struct):
    """One event of the device's chain: canonical envelope and its chained hash (hex).

    `previous` is the hash that it continues. It is needed only with the first event of a later epoch, which may continue
    any event of an earlier one. Where the hub has not that event, it takes nothing of the epoch and expects number 1.
    """

    body: str
    hash: _Hash
    previous: Annotated[str, Meta(pattern="^([0-9a-f]{64})?$")] = ""


class Push(Struct):
    log: str
    events: list[Pushed]


class Ack(Struct):
    id: str
    hub_seq: int
    verdict: int
    reason: str = ""


class PushAnswer(Struct):
    acks: list[Ack]
    head: int
    now: int
    expect: int | None = (
        None  # the dseq that the hub wants next in the epoch where it stopped; None where all were taken
    )
    renew: bool = False


class Pulled(Struct):
    hub_seq: int
    hub_hash: str
    body: str
    hash: str
    verdict: int
    received_at: int
    reason: str = ""


class PullAnswer(Struct):
    log: str
    events: list[Pulled]
    head: int
    now: int
    renew: bool = False


class Problem(Struct):
    """Every refusal: a code for programs, a sentence for people in both languages."""

    code: str
    zh: str
    en: str
    retry_after: int | None = None
