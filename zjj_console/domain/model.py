"""What a case is. Times are integers: microseconds since the epoch, UTC. Positions are micro-degrees."""

from enum import StrEnum
from typing import Any

from msgspec import Struct

from zjj_console.domain.handles import handle

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class State(StrEnum):
    """The fifteen states of §2.1."""

    DRAFT = "DRAFT"
    REPORTED = "REPORTED"
    INFO_NEEDED = "INFO_NEEDED"
    ACCEPTED = "ACCEPTED"
    SELF_HANDLING = "SELF_HANDLING"
    STATION_COORD = "STATION_COORD"
    DISPATCHED = "DISPATCHED"
    HANDLING = "HANDLING"
    DIFF_REVIEW = "DIFF_REVIEW"
    DIFF_LED = "DIFF_LED"
    SUSPENDED = "SUSPENDED"
    SUBMITTED = "SUBMITTED"
    CLOSED = "CLOSED"
    VOIDED = "VOIDED"
    MERGED = "MERGED"


ENDED = frozenset({State.CLOSED, State.VOIDED, State.MERGED})
OPEN = frozenset(State) - ENDED - {State.DRAFT}
# How a request for support stands (§2.7): still to be brought to an end; and what somebody has to look after, for a
# refusal goes up to the chief (E2).
SUPPORT_RUNS = frozenset({"REQUESTED", "ACCEPTED", "ARRIVED"})
SUPPORT_MATTERS = SUPPORT_RUNS | {"REFUSED"}


class Flow(StrEnum):
    """The three flows of 二(二)2(3)一是."""

    SELF = "self"
    GENERAL = "general"
    DIFFICULT = "difficult"


class Clock(Struct, frozen=True, array_like=True):
    """One running, paused or stopped clock of a case.

    `due` is absolute while the clock runs; a suspended clock has `left` (minutes of its own kind) instead.
    `kind` and `unit` say how it is counted: plain time, or the duty minutes of that unit.
    """

    code: str
    kind: str  # wall | duty
    unit: str
    started: int
    limit: int  # minutes
    due: int | None
    left: int | None = None
    stopped: int | None = None

    @property
    def running(self) -> bool:
        return self.stopped is None and self.due is not None


class Dispatch(Struct, frozen=True):
    """One order to one named person of one unit (R48). `status` per §2.7."""

    n: int
    role: str  # lead | assist
    unit: str
    person: str
    at: int
    channel: str = "wechat"
    status: str = "QUEUED"
    active: bool = True
    text: str = ""


class Request(Struct, frozen=True):
    """A wish that waits for somebody's decision. It stops no clock (I-9)."""

    kind: str  # return | extend | suspend | void
    asked_by: str
    at: int
    reason: str
    text: str = ""
    until: int | None = None  # asked new due, or review date


class Aid(Struct, frozen=True):
    """One request for enforcement support (R51): who answers for it, what is needed, and what came of it.

    Instants are µs UTC; `None` has not happened. A limit that the profile does not give for the priority is `None`.
    """

    n: int  # which request of this case
    at: int
    asked_by: str  # work number of whoever asked, or the unit that he spoke for
    body: str  # requesting unit: a village station, a station, or the centre
    unit: str  # answers for it
    person: str
    window: str  # day | shoulder | night: the hours by which the two above were found
    beside: str = ""  # unit that answers with him: the centre, in the hours between the families of shifts
    reason: str = ""
    need: str = ""
    depts: tuple[str, ...] = ()  # units called to come along
    answer_due: int | None = None
    arrive_due: int | None = None
    accepted_at: int | None = None
    accepted_by: str = ""
    arrived_at: int | None = None
    arrived_by: str = ""
    ended_at: int | None = None
    ended_by: str = ""  # empty where the case ended first
    result: str = ""  # what was done; why it was refused or taken back
    refusal: str = ""  # code of the reason


class Case(Struct, frozen=True):
    """The folded state of one case. Field names are those of the JSON contract wherever both have them."""

    id: str
    serial: int = 0
    console: str = "A"
    number: str = ""
    version: int = 0
    state: State = State.REPORTED
    flow: Flow = Flow.GENERAL
    ever_difficult: bool = False
    priority: int = 3
    category: str = ""
    place: str = ""
    committee: str = ""
    grid: str = ""
    station: str = ""
    zone: str = ""
    lon: int | None = None
    lat: int | None = None
    text: str = ""
    source: str = "other"
    external_id: str = ""
    wechat_ref: str = ""
    reporter: str = ""
    phone: str = ""
    reported_at: int = 0
    recorded_at: int = 0
    since: int = 0  # when the present state began
    lead: str = ""
    lead_person: str = ""
    assists: tuple[str, ...] = ()
    due_final: int | None = None
    custodian: str = "day"
    return_count: int = 0
    rework_count: int = 0
    extend_count: int = 0
    info_rounds: int = 0
    attempts: int = 0  # recorded coordination or handling before 疑难 (R49)
    cycle: int = 1
    result: str = ""
    result_text: str = ""
    evidence: str = ""
    submitted_by: str = ""
    submitted_at: int | None = None
    verified_by: str = ""
    closed_at: int | None = None
    on_time: bool | None = None
    self_mode: str = ""
    criterion: str = ""
    designated: bool = False  # 指定主责: a further return needs the centre
    master: str = ""  # of a merged case
    related: str = ""
    previous: str = ""  # states to come back to from SUBMITTED, SUSPENDED or MERGED, the nearest first
    supervised_until: int | None = None
    support: str = ""
    arrived: bool = False
    followed: bool = False
    returned_by: tuple[str, ...] = ()  # units whose return was granted
    clocks: dict[str, Clock] = {}
    dispatches: tuple[Dispatch, ...] = ()
    requests: dict[str, Request] = {}
    aid: Aid | None = None  # the latest request for support; `support` is how it stands
    consult: str = ""  # the meeting on whose agenda it is (T30)
    raised: str = ""  # 上报: town | district, by a consultation
    missing: tuple[str, ...] = ()  # 待补: fields that a report from outside did not tell, until somebody fills them

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def handle(self) -> str:
        return handle(self.console, self.serial)

    @property
    def active_lead(self) -> Dispatch | None:
        return next((d for d in self.dispatches if d.active and d.role == "lead"), None)

    def next_clock(self) -> Clock | None:
        """The running clock that ends first; the reopening window and the total age are not deadlines."""
        running = [c for c in self.clocks.values() if c.running and c.code != "REO"]
        return min(running, key=lambda c: c.due or 0, default=None)


class Event(Struct, frozen=True):
    """What happened to one case, as decided. The journal adds who, where and when (the envelope).

    `data` = {"args": what was asked, "set": {field: new}, "was": {field: old}, "by"?: whom the actor spoke for,
    "step": row of the transition table}. The fold applies `set`; undo applies `was`.
    """

    kind: str
    case: str
    data: dict[str, Any]


class Actor(Struct, frozen=True):
    """Who acts: a signed-in person with the roles he holds now."""

    work_no: str
    name: str
    unit: str
    roles: frozenset[str]
    trial: bool = False


class Command(Struct, frozen=True):
    """One wish: an action on one case with its arguments (resolved codes, minutes, µs; never raw input)."""

    action: str
    args: dict[str, Any] = {}


class Refusal(Struct, frozen=True):
    """Why not, and what to do instead. `code` is the exit code: 5 conflict, 6 not found, 7 not permitted, 8 refused."""

    code: int
    rule: str
    zh: str
    en: str


def permitted_refusal(zh: str, en: str, rule: str = "2.6") -> Refusal:
    return Refusal(7, rule, zh, en)
