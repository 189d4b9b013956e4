"""The short road for the two kinds of row that files are full of: a new report, and a case that is over.

It makes the very bytes that `Builder.build`, `event_of` and `case_values` make (a property test holds them together),
without a Case in between.
"""

from typing import Any

import msgspec
from msgspec.structs import fields

from zjj_console.domain.model import MINUTE, Case
from zjj_console.intake.cases import Builder
from zjj_console.intake.rows import Said, Told
from zjj_console.storage import projections

_DEFAULTS = {f.name: f.default for f in fields(Case) if f.name in projections.SCALARS and f.name != "id"}
_PLAIN = {name: str(value) if isinstance(value, str) else value for name, value in _DEFAULTS.items()}
_SLOTS = tuple((name, _PLAIN[name]) for name in projections.SCALARS if name not in ("id", "version"))
_AT_VERSION = projections.SCALARS.index("version")
_encode = msgspec.json.Encoder(order="sorted").encode
Made = tuple[Said, tuple[Any, ...], list[tuple[Any, ...]]]
_OTHER_FLOWS = frozenset({"self", "difficult"})


class Quick:
    """Makes (set, row of case_row, rows of timer) of a told row. `None` sends it the long way."""

    def __init__(self, builder: Builder) -> None:
        self.builder, self.town, self.duty = builder, builder.town, builder.duty
        self.needs_backfill = {s.code for s in self.town.sources.values() if s.needs_backfill}
        self.limits: dict[tuple[str, int, str], tuple[str, int, int] | None] = {}
        self.centre = self.town.centre.code

    def make(self, told: Told, serial: int) -> Made | None:
        said = told.said
        state = said.get("state")
        if told.machine is not None or state not in (None, "REPORTED", "CLOSED"):
            return None
        builder = self.builder
        values: Said = {
            "serial": serial, "console": builder.console, "number": builder.number(serial),
            "recorded_at": builder.now, "custodian": builder.custodian, "priority": told.priority,
        }  # fmt: skip
        values.update(said)
        values["grid"], values["station"], values["zone"] = told.spot
        if state == "CLOSED":
            return self._closed(told, values)
        if "assists" in values or "due_final" in values or "result_text" in values or values.get("flow") in _OTHER_FLOWS:
            return None
        return self._reported(told, values)

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

    def _reported(self, told: Told, values: Said) -> Made:
        at, priority, source, centre = values["reported_at"], values["priority"], values["source"], self.centre
        values["since"] = at
        codes = ["ACC"]
        if source == "p110":
            codes += ["P110", "FC"] if "phone" in values else ["P110"]
        if source in self.needs_backfill and "wechat_ref" not in values:
            codes.append("BB")
        clocks, timers, first, marks = {}, [], None, []
        for code in codes:
            limit = self.limit(code, priority, centre)
            if limit is None:
                continue
            kind, minutes, share = limit
            if kind == "wall":
                due = at + minutes * MINUTE
                warn = due - share * MINUTE
            else:
                due = self.duty.add(at, minutes, kind, centre)
                warn = self.duty.add(at, max(minutes - share, 0), kind, centre)
            clocks[code] = [code, kind, centre, at, minutes, due, None, None]
            timers.append((told.id, code, due, warn, priority))
            if first is None or due < first[1]:
                first = (code, due, warn, kind)
            if code == "BB":
                marks.append("backfill")
        if not values.get("committee"):
            marks.append("place_pending")
        parts: dict[str, Any] = {}
        if clocks:
            parts["clocks"] = values["clocks"] = clocks
        rank = projections.RANK_URGENT if priority == 1 else projections.RANK_RUNNING
        if first is None:
            derived = (_encode(parts), 1, rank, "", projections.NO_DEADLINE, projections.NO_DEADLINE, "", "", " ".join(marks))
        else:
            code, due, warn, kind = first
            derived = (_encode(parts), 1, rank, code, due, warn, kind, centre, " ".join(marks))
        return self._finish(told.id, values, derived, timers)

    def _closed(self, told: Told, values: Said) -> Made:
        at, closed, priority = values["reported_at"], values["closed_at"], values["priority"]
        values["since"] = closed
        flow = values.get("flow", "general")
        clocks: dict[str, Any] = {}
        marks: list[str] = []
        if flow == "self":
            values["self_mode"] = "on_spot"
        else:
            values["attempts"] = 1
            unit = values.get("lead") or values["station"]
            limit = self.limit("HDL", priority, unit)
            due = values.get("due_final")
            if limit is not None:
                kind, minutes, _ = limit
                started = told.dispatched_at or at
                due = due or self.duty.add(started, minutes, kind, unit)
                stopped = values.get("submitted_at") or closed
                clocks["HDL"] = ["HDL", kind, unit, started, minutes, due, None, stopped]
            values["due_final"] = due
            values["on_time"] = None if due is None else (values.get("submitted_at") or closed) <= due
        if flow == "difficult":
            values["ever_difficult"] = True
            marks.append("difficult")
        if values.get("rework_count"):
            marks.append("rework")
        timers = []
        window = self.limit("REO", priority, self.centre)
        if window is not None:
            kind, minutes, share = window
            due = self.duty.add(closed, minutes, kind, self.centre)
            if due > self.builder.now:
                clocks["REO"] = ["REO", kind, self.centre, closed, minutes, due, None, None]
                if kind == "wall":
                    warn = due - share * MINUTE
                else:
                    warn = self.duty.add(closed, max(minutes - share, 0), kind, self.centre)
                timers.append((told.id, "REO", due, warn, priority))
        if not values.get("committee"):
            marks.append("place_pending")
        parts: dict[str, Any] = {}
        if "assists" in values:
            parts["assists"] = values["assists"] = list(values["assists"])
        if clocks:
            parts["clocks"] = values["clocks"] = clocks
        derived = (_encode(parts), 0, projections.RANK_ENDED, "", -closed, 0, "", "", " ".join(marks))
        return self._finish(told.id, values, derived, timers)

    def _finish(self, case_id: str, values: Said, derived: tuple[Any, ...], timers: list[tuple[Any, ...]]) -> Made:
        get = values.get
        scalars = [get(name, default) for name, default in _SLOTS]
        row = (case_id, *scalars[: _AT_VERSION - 1], 1, *scalars[_AT_VERSION - 1 :], *derived)
        changed = {name: value for name, value in values.items() if value != _PLAIN.get(name)}
        return changed, row, timers
