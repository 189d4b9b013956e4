"""From what a row says to the case it is: the life cycle is walked to the state that the row names."""

from typing import Any

import msgspec
from msgspec.structs import fields, replace

from zjj_console.domain import lifecycle, timing
from zjj_console.domain.bounds import within
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.facts import Facts
from zjj_console.domain.model import MINUTE, SECOND, Actor, Case, Command, Refusal, State
from zjj_console.domain.permits import ROLE_ZH
from zjj_console.domain.report import first_state
from zjj_console.domain.safe import safe_text
from zjj_console.intake.rows import Told
from zjj_console.intake.words import Fault
from zjj_console.town.models import Town

S = State
_TYPES = {f.name: f.type for f in fields(Case)}
_LARGEST = 1 << 53
# What must have happened before a case stands where a row says it stands.
_ROADS: dict[State, tuple[str, ...]] = {
    S.INFO_NEEDED: ("ask_info",),
    S.ACCEPTED: ("accept",),
    S.SELF_HANDLING: ("self_start",),
    S.STATION_COORD: ("coordinate",),
    S.DISPATCHED: ("accept", "dispatch"),
    S.HANDLING: ("accept", "dispatch", "acknowledge"),
    S.SUBMITTED: ("accept", "dispatch", "acknowledge", "submit"),
    S.SUSPENDED: ("accept", "dispatch", "acknowledge", "ask_suspend", "grant_suspend"),
    S.DIFF_REVIEW: ("coordinate", "nominate"),
    S.DIFF_LED: ("coordinate", "nominate", "lead_difficult"),
    S.VOIDED: ("ask_void", "grant_void"),
}
_SIDE_ROADS: dict[tuple[State, str], tuple[str, ...]] = {
    (S.SUBMITTED, "self"): ("self_done",),
    (S.SUBMITTED, "difficult"): ("coordinate", "nominate", "lead_difficult", "submit"),
    (S.SUSPENDED, "difficult"): ("coordinate", "nominate", "lead_difficult", "ask_suspend", "grant_suspend"),
}
_AFTER_DISPATCH = ("accept", "dispatch", "nominate")
# The file is the authority for what happened elsewhere: nobody's permission is asked again.
_WITNESS = Actor("-", "导入", "", frozenset(ROLE_ZH))


class Builder:
    """Makes cases at one instant for one town."""

    def __init__(self, town: Town, duty: DutyTime, now: int, console: str, custodian: str) -> None:
        self.town, self.duty, self.now, self.console = town, duty, now, console
        self.year = duty.local(now).year
        self.custodian = custodian

    def facts(self, at: int) -> Facts:
        return Facts(at, _WITNESS, self.town, self.duty)

    def number(self, serial: int) -> str:
        return f"{self.town.prefix}{self.year}-{self.console}-{serial:05}"

    def build(self, told: Told, serial: int) -> Case | Fault:
        """The case, or the rule that its state breaks. `serial` is used where the row has no number of its own."""
        kept = self._from_machine(told)
        if kept is not None:
            return replace(kept, custodian=self.custodian) if kept.is_open else kept
        said = {name: msgspec.convert(value, _TYPES[name]) for name, value in told.said.items()}
        own = {
            "serial": serial, "console": self.console, "number": self.number(serial), "recorded_at": self.now,
            "custodian": self.custodian, "priority": told.priority, **said,
        }  # fmt: skip
        state = own.pop("state", S.REPORTED)
        if state is S.CLOSED:
            return self._closed(told.id, own, told)
        start = {**own, "committee": own.get("committee", "")}
        progress = {n: start.pop(n) for n in _BY_PROGRESS if n in start}
        case = first_state(Case(told.id), start, self.facts(own["reported_at"]))
        walked = case if state is S.REPORTED else self._walk(case, state, told, progress)
        if isinstance(walked, Fault):
            return walked
        return self._as_said(walked, own)

    def _as_said(self, case: Case, own: dict[str, Any]) -> Case:
        """What the row says outright stands over what the walk assumed."""
        due = own.get("due_final")
        code = "LED" if "LED" in case.clocks else "HDL"
        if due is not None and code in case.clocks and case.clocks[code].due is not None:
            case = timing.put(case, replace(case.clocks[code], due=due))
        if own.get("flow") == "difficult":
            own = {**own, "ever_difficult": True}
        return replace(case, **own)

    def _walk(self, case: Case, state: State, told: Told, progress: dict[str, Any]) -> Case | Fault:
        flow, lead = progress.get("flow", ""), progress.get("lead", "")
        road = _SIDE_ROADS.get((state, flow)) or _ROADS.get(state)
        if state is S.DIFF_REVIEW and lead:
            road = _AFTER_DISPATCH
        if road is None:
            return Fault("E_STATE", "status", f"{lifecycle.STATE_ZH[state]}不能由文件直接写入", "改状态，或由坐席办理")
        begun = told.dispatched_at or case.reported_at
        ended = progress.get("submitted_at") or progress.get("closed_at") or begun
        for action in road:
            at = ended if action in ("submit", "self_done", "grant_void") else begun
            facts = self.facts(at)
            args = self._args(action, case, told, progress, facts)
            done = lifecycle.decide(case, Command(action, args), facts)
            if isinstance(done, Refusal):
                return Fault("E_STATE", "status", f"不能为{lifecycle.STATE_ZH[state]}: {done.zh}", "按提示改状态或补列")
            for event in done:
                case = lifecycle.evolve(case, event)
        if case.state is not state:
            reached = lifecycle.STATE_ZH[case.state]
            return Fault("E_STATE", "status", f"按所填内容应为{reached}", f"状态改为 {reached}")
        return case

    def _args(self, action: str, case: Case, told: Told, progress: dict[str, Any], facts: Facts) -> dict[str, Any]:
        unit = progress.get("lead", "")
        person = progress.get("lead_person") or facts.person_of(unit)
        if action in ("dispatch", "lead_difficult"):
            assists = tuple(u for u in progress.get("assists", ()) if u != unit)
            return {"unit": unit, "person": person, "assists": assists, "reason": "import"}
        if action in ("submit", "self_done"):
            text = progress.get("result_text", "")
            by = facts.person_of(case.lead) if case.state is S.DIFF_LED else case.lead_person or case.reporter
            return {"result": progress.get("result", ""), "text": text, "by": by or "-"}
        if action in ("ask_suspend", "grant_suspend"):
            longest = facts.now + self.town.flow.suspend_max_days * 1440 * MINUTE
            return {"until": told.review_at or longest, "reason": "import", "by": "import"}
        return {"text": "-", "reason": "import", "criterion": "no_lead", "by": "import"} if action in _TALKED else {}

    def _closed(self, case_id: str, own: dict[str, Any], told: Told) -> Case:
        """A case that was over before it came here: its limit as it would have run. Nobody here waits for it any more."""
        at, closed = own["reported_at"], own["closed_at"]
        own = {**own, "committee": own.get("committee", ""), "state": S.CLOSED}
        case = first_state(Case(case_id), own, self.facts(self.now))
        case = replace(case, recorded_at=own["recorded_at"], since=closed)
        if case.flow == "self":
            case = replace(case, self_mode="on_spot")
        else:
            case = timing.start(replace(case, attempts=1), "HDL", self.facts(at), at=told.dispatched_at or at)
            clock = case.clocks.get("HDL")
            due = own.get("due_final") or (clock.due if clock else None)
            if clock:
                case = timing.put(case, replace(clock, due=due, stopped=case.submitted_at or closed))
            ended = case.submitted_at or closed
            case = replace(case, due_final=due, on_time=None if due is None else ended <= due)
        if case.flow == "difficult":
            case = replace(case, ever_difficult=True)
        return case

    # exact restoring of our own export ----------------------------------------------------------------------------------

    def _from_machine(self, told: Told) -> Case | None:
        """The case exactly as an export wrote it, if its visible cells still say the same; None otherwise."""
        if told.machine is None:
            return None
        try:
            held = {
                name: msgspec.convert(_clean(value), _TYPES[name])
                for name, value in told.machine.items()
                if name in _TYPES and name not in _SAID_OPENLY
            }
            seen = {n: msgspec.convert(v, _TYPES[n]) for n, v in told.said.items() if n not in held}
            case = replace(Case(told.id), **held, **seen)
        except (msgspec.ValidationError, ValueError, TypeError):
            return None
        if not all(within(name, getattr(case, name)) for name in held):
            return None
        if not self._trusted(case) or differing(told.said, case):
            return None
        grid, station, zone = self.town.whereabouts(case.committee, case.lon, case.lat)
        return replace(case, grid=grid, station=station, zone=zone)

    def _trusted(self, case: Case) -> bool:
        """Hidden values name only what this town has."""
        units = {d.unit for d in case.dispatches} | {c.unit for c in case.clocks.values() if c.unit}
        known = units | {u for u in (*case.returned_by, *case.assists, case.lead) if u}
        codes = all(key == c.code for key, c in case.clocks.items())
        orders = [d.n for d in case.dispatches] == list(range(1, len(case.dispatches) + 1))
        leads = sum(1 for d in case.dispatches if d.active and d.role == "lead")
        return known <= self.town.units.keys() and codes and orders and leads <= 1 and case.serial > 0


_BY_PROGRESS = (
    "flow", "lead", "lead_person", "assists", "result", "result_text", "submitted_at", "closed_at", "due_final",
    "return_count", "rework_count",
)  # fmt: skip
# What identifies a case is taken from columns that everybody sees and that are checked against other cases (I-8).
_SAID_OPENLY = frozenset({"id", "version", "serial", "console", "number", "external_id"})
_TALKED = frozenset({"ask_info", "nominate", "ask_void"})
_INSTANTS = frozenset({"reported_at", "recorded_at", "submitted_at", "closed_at", "due_final"})


def _clean(value: Any) -> Any:
    """Hidden text passes the same gate as every other; numbers must fit the database. Raises ValueError."""
    if isinstance(value, str):
        return safe_text(value)
    if isinstance(value, dict):
        return {safe_text(key): _clean(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_clean(inner) for inner in value]
    if isinstance(value, float) or (isinstance(value, int) and abs(value) > _LARGEST):
        raise ValueError("number out of range")
    return value


def differing(said: dict[str, Any], case: Case) -> list[str]:
    """Fields in which a row says something else than the case. Times are compared as precisely as they were written."""
    return [name for name, value in said.items() if not _same(name, value, getattr(case, name))]


def _same(name: str, value: Any, held: Any) -> bool:
    if value == held:
        return True
    if name not in _INSTANTS or value is None or held is None:
        return False
    return bool(value % SECOND == 0 and value // SECOND == held // SECOND)
