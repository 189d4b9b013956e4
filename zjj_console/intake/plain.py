"""The short road for the two kinds of row that files are full of: a new report, and a case that is over.

A batch is taken a column at a time, so that most of the work is done in loops of the interpreter itself. It makes the very
bytes that `RowReader`, `Builder`, `event_of` and `case_values` make (a property test holds them together). A row that says
anything unusual is left to them.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import compress, repeat
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import fields

from zjj_console.domain import climb
from zjj_console.domain.ids import named, outside_key
from zjj_console.domain.model import MINUTE, Case, Clock
from zjj_console.intake.cases import Builder
from zjj_console.intake.rows import MASK, PLAIN, PROGRESS, RARE, RowReader, case_id
from zjj_console.intake.table import Cells
from zjj_console.intake.words import Fault, Spot
from zjj_console.storage import projections

_DEFAULTS = {f.name: f.default for f in fields(Case) if f.name in projections.SCALARS and f.name != "id"}
_COMMON = (
    "serial", "number", "priority", "category", "place", "committee", "grid", "station", "zone", "text", "source",
    "external_id", "wechat_ref", "reporter", "phone", "reported_at", "since", "evidence", "lon", "lat",
)  # fmt: skip
_ENDED = (
    "flow", "ever_difficult", "lead", "lead_person", "due_final", "attempts", "result", "result_text", "submitted_at",
    "closed_at", "on_time", "self_mode",
)  # fmt: skip
_GENERAL, _OTHER_SOURCE = _DEFAULTS["flow"], _DEFAULTS["source"]  # these very objects: equal ones would be written out
_NO_CLOCKS = msgspec.Raw(b"")
_NEVER = object()
_NOWHERE = Spot()
_encode = msgspec.json.Encoder(order="sorted").encode
Row = tuple[int, Cells]  # number in the file, cells
Timer = tuple[str, int, int, int]  # code, due, warning, priority
Columns = dict[str, list[Any]]


class Kind:
    """One kind of plain row: its columns, and what the journal says of it. `fixed` is what all rows of an import share."""

    def __init__(self, bound: tuple[str, ...], derived: tuple[str, ...], fixed: dict[str, Any]) -> None:
        self.bound = ("rid", "id", *bound, *derived, "origin_lseq", "origin_off")
        constant = {**_DEFAULTS, "version": 1, **fixed}
        self.rest = {name: constant[name] for name in projections.COLUMNS if name not in self.bound}
        self.fixed = {name: value for name, value in fixed.items() if name in _DEFAULTS and value != _DEFAULTS[name]}
        self.said = tuple(sorted({*bound, "clocks", *self.fixed}))
        # A value that is the default object itself is left out.
        default = {**_DEFAULTS, "clocks": _NO_CLOCKS, **dict.fromkeys(self.fixed, _NEVER)}
        self.make: Callable[..., Struct] = msgspec.defstruct(
            "Said", [(name, Any, default[name]) for name in self.said], omit_defaults=True
        )


class Lot(Struct):
    """Plain rows of one kind, whole but for their numbers and places. All lists stand side by side, row by row.

    `columns` are those of the kind, and `clocks` as JSON.
    """

    kind: Kind
    numbers: list[int]
    cells: list[Cells]
    columns: Columns
    timers: list[Sequence[Timer]]
    warnings: list[tuple[str, ...]]

    def said(self) -> Iterable[Struct]:
        """What the journal says of each row."""
        values = (self.columns.get(name) or repeat(self.kind.fixed[name]) for name in self.kind.said)
        return map(self.kind.make, *values)

    def rows(self) -> Iterable[tuple[Any, ...]]:
        """The bound values of each row."""
        return zip(*(self.columns[name] for name in self.kind.bound), strict=True)

    def kept(self, which: Sequence[bool]) -> "Lot":
        """Only some of the rows."""
        columns = {name: list(compress(column, which)) for name, column in self.columns.items()}
        lists = (self.numbers, self.cells, self.timers, self.warnings)
        numbers, cells, timers, warnings = (list(compress(one, which)) for one in lists)
        return Lot(self.kind, numbers, cells, columns, timers, warnings)  # type: ignore[arg-type]


class _Clocks(Struct, frozen=True):
    """What runs for a new report of one priority, source and completeness."""

    limits: tuple[tuple[str, str, int, int], ...]  # code, kind, minutes, minutes of warning
    climbs: bool
    marks: str


class Plain:
    """Takes the plain rows out of a batch. `reader` knows the file, `builder` the town and the instant."""

    def __init__(self, reader: RowReader, builder: Builder) -> None:
        self.reader, self.words, self.builder = reader, reader.words, builder
        self.town, self.duty = builder.town, builder.duty
        self.rare = [reader.at[key] for key in RARE if key in reader.known]
        self.touching = [reader.at[key] for key in PROGRESS if key in reader.known and key != "flow"]
        self.unbacked = {s.code for s in self.town.sources.values() if s.needs_backfill}
        self.running: dict[tuple[int, str, bool, bool], _Clocks] = {}
        self.limits: dict[tuple[str, int, str], tuple[str, int, int] | None] = {}
        fixed = {"console": builder.console, "recorded_at": builder.now, "custodian": builder.custodian}
        clocked = ("parts", "rank", "next_kind", "next_due", "next_warn", "next_mode", "next_unit", "marks")
        self.reported = Kind(_COMMON, clocked, {**fixed, "is_open": 1})
        ended = {"state": "CLOSED", "is_open": 0, "rank": projections.RANK_ENDED, "next_kind": "", "next_warn": 0,
                 "next_mode": "", "next_unit": ""}  # fmt: skip
        self.closed = Kind((*_COMMON, *_ENDED), ("parts", "next_due", "marks"), {**fixed, **ended})

    def take(self, rows: list[Row]) -> tuple[list[Lot], list[Row]]:
        """The lots of a batch, and the rows that must go the long way."""
        if not rows:
            return [], []
        cells = [row for _, row in rows]
        columns = list(zip(*cells, strict=True))
        odd: set[int] = set()
        if PLAIN.fullmatch("".join(map("".join, cells))) is None:
            odd.update(i for i, row in enumerate(cells) if PLAIN.fullmatch("".join(row)) is None)
        odd.update(i for at in self.rare if any(columns[at]) for i, cell in enumerate(columns[at]) if cell)
        said, warnings = self._said(columns, odd)
        over = self._over(columns, said, odd)
        count = len(rows)
        whole = Lot(self.reported, [n for n, _ in rows], cells, said, [()] * count, warnings)
        lots = []
        for kind, make, which in (
            (self.reported, self._report, [i not in odd and i not in over for i in range(count)]),
            (self.closed, self._close, [i in over and i not in odd for i in range(count)]),
        ):
            if any(which):
                lot = whole if all(which) else whole.kept(which)
                lot.kind = kind
                make(lot)
                lots.append(lot)
        return lots, [row for i, row in enumerate(rows) if i in odd]

    # reading ----------------------------------------------------------------------------------------------------------

    def _said(self, columns: list[tuple[str, ...]], odd: set[int]) -> tuple[Columns, list[tuple[str, ...]]]:
        """What all rows say alike. Rows of which a look-up, a length or a time is not as usual are added to `odd`."""
        reader, words, count = self.reader, self.words, len(columns[0])
        said: Columns = {name: [_DEFAULTS[name]] * count for name in (*_COMMON, *_ENDED)}
        warnings: list[tuple[str, ...]] = [()] * count
        for field, at, limit in reader.texts:
            column = said[field] = list(map(str.strip, columns[at]))
            if max(map(len, column)) > limit:
                odd.update(i for i, value in enumerate(column) if len(value) > limit)
        odd.update(i for i, text in enumerate(said["text"]) if not text)
        if MASK.search("".join(said["phone"])):
            odd.update(i for i, value in enumerate(said["phone"]) if MASK.search(value))
        times = said["reported_at"] = list(map(words.instant, columns[reader.i_time]))
        for i, at in enumerate(times):
            if at is None or at > reader.latest:
                odd.add(i)
            elif at < reader.oldest:
                warnings[i] = ("old",)
        categories = said["category"] = self._found(words.category, columns[reader.i_category], odd)
        said["source"] = [
            _OTHER_SOURCE if code == _OTHER_SOURCE else code
            for code in self._found(words.source, columns[reader.i_source], odd)
        ]
        usual = [reader.usual.get(code, 3) for code in categories]
        given = columns[reader.i_priority] if reader.i_priority < len(columns) else ()
        said["priority"] = usual
        if any(given):
            levels = [words.priority[cell] if cell else level for cell, level in zip(given, usual, strict=True)]
            odd.update(i for i, level in enumerate(levels) if level.__class__ is Fault)
            said["priority"] = levels
        if reader.i_reporter < len(columns):
            said["reporter"] = list(map(words.reporter.__getitem__, columns[reader.i_reporter]))
        spots = [
            _NOWHERE if spot is None else spot for spot in self._found(words.place, columns[reader.i_place], odd, None)
        ]
        said["committee"], said["place"] = [s.committee for s in spots], [s.place for s in spots]
        said["grid"], said["station"] = [s.grid for s in spots], [s.station for s in spots]
        said["zone"] = [s.zone for s in spots]
        if reader.located:
            self._locate(columns, said, warnings)
        said["id"] = ["" if i in odd else self._id(said, i) for i in range(count)]
        return said, warnings

    def _id(self, said: Columns, i: int) -> str:
        external = said["external_id"][i]
        if external:
            return named(outside_key(said["source"][i], external))
        return case_id(said["source"][i], {name: said[name][i] for name in _NAMED_BY})

    def _found(self, table: Any, cells: Sequence[str], odd: set[int], instead: Any = "") -> list[Any]:
        """The meaning of each cell; a row whose cell has none is odd."""
        found = list(map(table.__getitem__, cells))
        lost = [i for i, value in enumerate(found) if value.__class__ is Fault]
        for i in lost:
            found[i] = instead
        odd.update(lost)
        return found

    def _locate(self, columns: list[tuple[str, ...]], said: Columns, warnings: list[tuple[str, ...]]) -> None:
        """A position that cannot be is left out; where the map is the town's own, it decides grid, station and zone."""
        reader = self.reader
        for i, (lon, lat) in enumerate(zip(columns[reader.i_lon], columns[reader.i_lat], strict=True)):
            if not lon or not lat:
                continue
            at = reader.position(lon, lat)
            if at is None:
                warnings[i] = ("position", *warnings[i])
                continue
            said["lon"][i], said["lat"][i] = at
            if reader.approximate:
                warnings[i] = ("approximate", *warnings[i])
            if reader.settles:
                spot = self.town.whereabouts(said["committee"][i], *at)
                said["grid"][i], said["station"][i], said["zone"][i] = spot

    def _over(self, columns: list[tuple[str, ...]], said: Columns, odd: set[int]) -> set[int]:
        """Rows that say they are over. Whatever else says how far it has come is odd."""
        reader, words = self.reader, self.words
        touched = {i for at in self.touching if any(columns[at]) for i, cell in enumerate(columns[at]) if cell}
        flows: Sequence[str] = ()
        if "flow" in reader.known:
            cells = columns[reader.at["flow"]]
            flows = self._found(words.flow, cells, set()) if any(cells) else ()
            odd.update(i for i, flow in enumerate(flows) if cells[i] and not flow)
            touched.update(i for i, flow in enumerate(flows) if flow in _OTHER_FLOWS)
        if any(said["result_text"]):  # words of a result where nothing is over are kept by the long road
            odd.update(i for i, words_of in enumerate(said["result_text"]) if words_of and i not in touched)
        said["sent"] = [None] * len(columns[0])
        for i in touched - odd:
            ended = self._ended([columns[at][i] if at < len(columns) else "" for at in reader.progress], said, i)
            if ended is None:
                odd.add(i)
                continue
            for name, value in ended.items():
                said[name][i] = value
        return touched - odd

    def _ended(self, cells: list[str], said: Columns, i: int) -> dict[str, Any] | None:
        """What a row says of its end; None where it is not over or something is amiss."""
        words, reported = self.words, said["reported_at"][i]
        status_, flow_, unit_, person_, handled_, result_, closed_, sent_ = cells  # in the order of PROGRESS
        written = ((words.status, status_), (words.flow, flow_), (words.unit, unit_), (words.person, person_))
        found = [table[cell] if cell else "" for table, cell in written]
        times = [words.instant(cell) if cell else 0 for cell in (handled_, closed_, sent_)]
        if any(value.__class__ is Fault for value in found) or None in times:
            return None
        status, flow, lead, person = found
        handled, closed, sent = times
        if any(at and (at > self.reader.latest or at // MINUTE < reported // MINUTE) for at in times):
            return None
        result, wording = words.result[result_] if result_ else ("", "")
        if status not in ("", "CLOSED") or not (status or handled or closed or result or flow == "self"):
            return None
        ended = closed or handled or reported
        submitted = (handled or closed or None) if handled or flow != "self" else None
        if (flow != "self" and not (lead and result and submitted)) or ended < (submitted or 0):
            return None
        values = {"closed_at": ended, "submitted_at": submitted, "flow": _GENERAL if flow in ("", _GENERAL) else flow}
        values |= {"lead": lead, "lead_person": person, "result": result, "sent": sent or None}
        return {**values, "result_text": wording} if wording else values

    # making -----------------------------------------------------------------------------------------------------------

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

    def _clocks(self, priority: int, source: str, phone: bool, backed: bool) -> _Clocks:
        """The clocks of a new report (§2.5)."""
        codes = ["ACC"]
        if source == "p110":
            codes += ["P110", "FC"] if phone else ["P110"]
        owing = source in self.unbacked and not backed
        if owing:
            codes.append("BB")
        found = [(code, self.limit(code, priority, self.town.centre.code)) for code in codes]
        limits = tuple((code, *limit) for code, limit in found if limit is not None)
        climbs = any(self.town.ladder.trigger(code, priority) for code, *_ in limits)
        return _Clocks(limits, climbs, "backfill" if owing and any(code == "BB" for code, *_ in limits) else "")

    def _report(self, lot: Lot) -> None:
        """New reports: their clocks, and where they stand in the queue."""
        said, centre, add = lot.columns, self.town.centre.code, self.duty.add
        said["since"] = said["reported_at"]
        lot.timers = []
        clocks_, parts, first_, marks_ = [], [], [], []
        for at, priority, source, phone, backed, committee in zip(
            said["reported_at"], said["priority"], said["source"], said["phone"], said["wechat_ref"], said["committee"],
            strict=True,
        ):  # fmt: skip
            key = (priority, source, bool(phone), bool(backed))
            running = self.running.get(key) or self.running.setdefault(key, self._clocks(*key))
            clocks, timers = {}, []
            first: tuple[Any, ...] = ("", projections.NO_DEADLINE, projections.NO_DEADLINE, "", "")
            for code, kind, minutes, share in running.limits:
                if kind == "wall":
                    due = at + minutes * MINUTE
                    warn = due - share * MINUTE
                else:
                    due, warn = add(at, minutes, kind, centre), add(at, max(minutes - share, 0), kind, centre)
                clocks[code] = (code, kind, centre, at, minutes, due, None, None)
                timers.append((code, due, warn, priority))
                if due < first[1]:
                    first = (code, due, warn, kind, centre)
            if running.climbs:
                told_of = (Clock(*clock) for clock in clocks.values())
                rung = climb.lit(priority, told_of, self.builder.now, self.duty)[0][0].at
                timers.append((climb.TIMER, rung, rung, priority))
            raw = _encode(clocks) if clocks else b""
            clocks_.append(msgspec.Raw(raw) if raw else _NO_CLOCKS)
            parts.append(f'{{"clocks":{raw.decode()}}}' if raw else "{}")
            first_.append(first)
            lot.timers.append(timers)
            marks_.append(running.marks if committee else f"{running.marks} place_pending".lstrip())
        said["clocks"], said["parts"], said["marks"] = clocks_, parts, marks_
        names = ("next_kind", "next_due", "next_warn", "next_mode", "next_unit")
        said.update(zip(names, map(list, zip(*first_, strict=True)), strict=True))
        urgent, running_ = projections.RANK_URGENT, projections.RANK_RUNNING
        said["rank"] = [urgent if priority == 1 else running_ for priority in said["priority"]]

    def _close(self, lot: Lot) -> None:
        """Cases that were over before they came here: their limit as it would have run."""
        said = lot.columns
        count = len(lot.numbers)
        said["since"] = said["closed_at"]
        said["next_due"] = [-at for at in said["closed_at"]]
        said["clocks"], said["parts"], said["marks"] = [_NO_CLOCKS] * count, ["{}"] * count, [""] * count
        for i in range(count):
            flow, marks = said["flow"][i], []
            if flow == "self":
                said["self_mode"][i] = "on_spot"
            else:
                said["attempts"][i] = 1
                self._stopped(said, i)
                if flow == "difficult":
                    said["ever_difficult"][i] = True
                    marks.append("difficult")
            if not said["committee"][i]:
                marks.append("place_pending")
            said["marks"][i] = " ".join(marks)

    def _stopped(self, said: Columns, i: int) -> None:
        """The limit of handling, and whether it was kept."""
        priority, at = said["priority"][i], said["reported_at"][i]
        unit = said["lead"][i] or said["station"][i]
        limit = self.limit("HDL", priority, unit)
        if limit is None:
            return
        kind, minutes, _ = limit
        ended = said["submitted_at"][i] or said["closed_at"][i]
        started = said["sent"][i] or at
        due = self.duty.add(started, minutes, kind, unit)
        raw = _encode({"HDL": ("HDL", kind, unit, started, minutes, due, None, ended)})
        said["clocks"][i], said["parts"][i] = msgspec.Raw(raw), f'{{"clocks":{raw.decode()}}}'
        said["due_final"][i], said["on_time"][i] = due, ended <= due


_NAMED_BY = ("text", "reported_at", "committee", "category")
_OTHER_FLOWS = frozenset({"self", "difficult"})
