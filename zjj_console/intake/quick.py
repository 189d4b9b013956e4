"""The short road for the two kinds of row that files are full of: a new report, and a case that is over.

It makes the very bytes that `Builder.build`, `event_of` and `case_values` make (a property test holds them together),
without a Case in between. Columns that never vary in a kind stand in its SQL as literals: binding them is what an
insert spends its time on.
"""

from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import fields

from zjj_console.domain import climb
from zjj_console.domain.model import MINUTE, Case, Clock
from zjj_console.intake.cases import Builder
from zjj_console.intake.rows import Said, Told
from zjj_console.storage import projections

_DEFAULTS = {f.name: f.default for f in fields(Case) if f.name in projections.SCALARS and f.name != "id"}
_PLAIN = {name: str(value) if isinstance(value, str) else value for name, value in _DEFAULTS.items()}
_encode = msgspec.json.Encoder(order="sorted").encode
Row = list[Any]


class Kind(Struct, frozen=True):
    """One kind of quick row: `slots` are the bound columns with their defaults, in the order of `insert`.

    A row ends with the derived columns and with where the journal keeps it: `tail`.
    """

    slots: tuple[tuple[str, Any], ...]
    tail: tuple[str, ...]
    insert: str


_COMMON = (
    "serial", "console", "number", "priority", "category", "place", "committee", "grid", "station", "zone", "text",
    "source", "external_id", "wechat_ref", "reporter", "phone", "reported_at", "recorded_at", "since", "evidence",
    "custodian", "lon", "lat",
)  # fmt: skip
_ENDED = (
    "flow", "ever_difficult", "lead", "lead_person", "due_final", "return_count", "rework_count", "attempts", "result",
    "result_text", "submitted_at", "closed_at", "on_time", "self_mode",
)  # fmt: skip
_ORIGIN = ("origin_lseq", "origin_off")


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    return f"'{value}'" if isinstance(value, str) else str(int(value))


def _kind(bound: tuple[str, ...], tail: tuple[str, ...], **fixed: Any) -> Kind:
    slots = (("id", ""), *((name, _PLAIN[name]) for name in bound))
    tail = (*tail, *_ORIGIN)
    named = [name for name, _ in slots] + list(tail)
    constant = {**_PLAIN, "version": 1, **fixed}
    rest = [name for name in projections.COLUMNS if name not in named]
    columns = ", ".join([*named, *rest])
    values = ", ".join([*("?" * len(named)), *(_literal(constant[name]) for name in rest)])
    return Kind(slots, tail, f"INSERT INTO case_row({columns}) VALUES ({values})")


REPORTED = _kind(
    _COMMON, ("parts", "rank", "next_kind", "next_due", "next_warn", "next_mode", "next_unit", "marks"), is_open=1
)
CLOSED = _kind(
    (*_COMMON, *_ENDED), ("parts", "next_due", "marks"), state="CLOSED", is_open=0, rank=projections.RANK_ENDED,
    next_kind="", next_warn=0, next_mode="", next_unit="",
)  # fmt: skip
Made = tuple[Said, Kind, Row, list[tuple[Any, ...]]]
_OTHER_FLOWS = frozenset({"self", "difficult"})
_OF_PROGRESS = frozenset({"assists", "due_final", "result", "result_text", "return_count", "rework_count"})


class Quick:
    """Makes (set, kind and row of case_row, rows of timer) of a told row. `None` sends it the long way."""

    def __init__(self, builder: Builder) -> None:
        self.builder, self.town, self.duty = builder, builder.town, builder.duty
        self.needs_backfill = {s.code for s in self.town.sources.values() if s.needs_backfill}
        self.limits: dict[tuple[str, int, str], tuple[str, int, int] | None] = {}
        self.centre, self.ladder = self.town.centre.code, self.town.ladder
        number = builder.number(0)
        self.prefix = number[: -len("00000")]
        fixed: Said = {"console": builder.console, "recorded_at": builder.now, "custodian": builder.custodian}
        self.fixed = {name: value for name, value in fixed.items() if value != _PLAIN[name]}

    def make(self, told: Told, serial: int) -> Made | None:
        """Consumes `told`: its `said` becomes the set of the event."""
        said = told.said
        state = said.get("state")
        if told.machine is not None or "number" in said or "assists" in said:
            return None
        if state is None or state == "REPORTED":
            if state or not _OF_PROGRESS.isdisjoint(said) or said.get("flow") in _OTHER_FLOWS:
                return None
        elif state != "CLOSED":
            return None
        values = {**self.fixed, **said, "serial": serial, "number": f"{self.prefix}{serial:05}"}
        grid, station, zone = told.spot
        if grid:
            values["grid"], values["station"], values["zone"] = grid, station, zone
        priority = told.priority
        if priority != 3:
            values["priority"] = priority
        elif "priority" in values:
            del values["priority"]
        if values["source"] == "other":
            del values["source"]
        if values.get("flow") == "general":
            del values["flow"]
        for name in ("custodian", "return_count", "rework_count"):
            if name in values and values[name] == _PLAIN[name]:
                del values[name]
        return self._closed(told, values, priority) if state else self._reported(told, values, priority)

    def limit(self, code: str, priority: int, unit: str) -> tuple[str, int, int] | None:
        """(kind, minutes, minutes of warning) of a clock; None where it does not run."""
        key = (code, priority, unit)
        if key not in self.limits:
            rule = self.town.limit(code, priority)
            if rule is None:
                self.limits[key] = None
            else:
                kind, minutes = self.duty.counted(rule, unit)
                flow = self.town.flow
                self.limits[key] = (kind, minutes, max(minutes * flow.warn_percent // 100, flow.warn_floor_minutes))
        return self.limits[key]

    def _ends(self, at: int, limit: tuple[str, int, int], unit: str) -> tuple[int, int]:
        """Due and warning instants of a clock begun at `at`."""
        kind, minutes, share = limit
        if kind == "wall":
            due = at + minutes * MINUTE
            return due, due - share * MINUTE
        return self.duty.add(at, minutes, kind, unit), self.duty.add(at, max(minutes - share, 0), kind, unit)

    def _reported(self, told: Told, values: Said, priority: int) -> Made:
        at, source, centre = values["reported_at"], values.get("source", "other"), self.centre
        values["since"] = at
        codes = ["ACC"]
        if source == "p110":
            codes += ["P110", "FC"] if "phone" in values else ["P110"]
        marks = ""
        if source in self.needs_backfill and "wechat_ref" not in values:
            codes.append("BB")
        clocks: Said = {}
        timers: list[tuple[Any, ...]] = []
        first = ("", projections.NO_DEADLINE, projections.NO_DEADLINE, "", "")
        for code in codes:
            limit = self.limit(code, priority, centre)
            if limit is None:
                continue
            due, warn = self._ends(at, limit, centre)
            clocks[code] = (code, limit[0], centre, at, limit[1], due, None, None)
            timers.append((told.id, code, due, warn, priority))
            if due < first[1]:
                first = (code, due, warn, limit[0], centre)
            if code == "BB":
                marks = "backfill"
        if "committee" not in values:
            marks = f"{marks} place_pending".lstrip()
        if any(self.ladder.trigger(code, priority) for code in clocks):
            told_of = (Clock(*clock) for clock in clocks.values())
            at = climb.lit(priority, told_of, self.builder.now, self.duty)[0][0].at
            timers.append((told.id, climb.TIMER, at, at, priority))
        if clocks:
            values["clocks"] = clocks
        parts = _encode({"clocks": clocks} if clocks else {})
        rank = projections.RANK_URGENT if priority == 1 else projections.RANK_RUNNING
        row = [values.get(name, default) for name, default in REPORTED.slots]
        row[0] = told.id
        row += (parts, rank, *first, marks)
        return values, REPORTED, row, timers

    def _closed(self, told: Told, values: Said, priority: int) -> Made:
        at, closed = values["reported_at"], values["closed_at"]
        values["since"] = closed
        flow = values.get("flow")
        clocks: Said = {}
        marks: list[str] = []
        if flow == "self":
            values["self_mode"] = "on_spot"
        else:
            values["attempts"] = 1
            unit = values.get("lead") or values.get("station", "")
            limit = self.limit("HDL", priority, unit)
            due = values.get("due_final")
            ended = values.get("submitted_at") or closed
            if limit is not None:
                started = told.dispatched_at or at
                due = due or self.duty.add(started, limit[1], limit[0], unit)
                clocks["HDL"] = ("HDL", limit[0], unit, started, limit[1], due, None, ended)
            if due is not None:
                values["due_final"], values["on_time"] = due, ended <= due
            if flow == "difficult":
                values["ever_difficult"] = True
                marks.append("difficult")
        if "rework_count" in values:
            marks.append("rework")
        if "committee" not in values:
            marks.append("place_pending")
        if clocks:
            values["clocks"] = clocks
        row = [values.get(name, default) for name, default in CLOSED.slots]
        row[0] = told.id
        row += (_encode({"clocks": clocks} if clocks else {}), -closed, " ".join(marks))
        return values, CLOSED, row, []
