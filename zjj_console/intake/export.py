"""Writing cases to a file that an import reads back to the same cases. One case at a time; formulas are neutralised."""

import csv
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from zjj_console.desk.desk import Desk
from zjj_console.desk.shape import phone_for
from zjj_console.desk.wording import FLOW_ZH
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.lifecycle import STATE_ZH, event_of
from zjj_console.domain.model import Actor, Case
from zjj_console.domain.safe import neutral_cell
from zjj_console.intake.columns import CASES
from zjj_console.intake.table import IntakeError, unwritable
from zjj_console.storage import projections
from zjj_console.storage.db import connect
from zjj_console.storage.reads import Filter
from zjj_console.town import names
from zjj_console.town.models import Town

_ORDER = "ORDER BY console, serial"
_CUSTODY_ZH = {"day": "日班", "night": "夜班"}
# Fields whose own column carries them whole (a telephone number as far as this operator may see it, NV-19); the machine
# column holds the rest.
_IN_SIGHT = frozenset({
    "external_id", "text", "reporter", "phone", "evidence", "result_text", "wechat_ref", "number", "serial", "console",
    "place", "grid", "station", "zone", "lon", "lat",
})  # fmt: skip
_encode = msgspec.json.Encoder(order="sorted").encode
Record = dict[str, str]


class Exported(Struct, frozen=True):
    path: str
    rows: int


class _Writer(Struct, frozen=True):
    """`finish` writes what is left; `drop` lets go of what could not be written, and says nothing."""

    put: Callable[[Record], Any]
    finish: Callable[[], Any]
    drop: Callable[[], Any]


def export_cases(desk: Desk, path: Path, where: Filter | None = None, format_: str = "") -> Exported:
    """Write the cases of a filter (all of them by default) in order of number; the format follows the file name.

    The file appears whole or not at all. Raises IntakeError(2) for an unknown format, (3) where it cannot be written.
    """
    kind = format_.lower() or {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".xlsx": "xlsx"}.get(
        path.suffix.lower(), path.suffix.lstrip(".")
    )
    if kind not in _WRITERS:
        known = " ".join(_WRITERS)
        raise IntakeError(
            2, "E_USAGE", f"不能写 {kind or path.name}，可用: {known}", f"cannot write {kind}: {known}", "file"
        )
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    writer: _Writer | None = None
    try:
        writer = _WRITERS[kind](part)
        rows = 0
        shape = _Shape(desk.town, desk.duty, desk.actor, coded=kind == "jsonl")
        for case in _cases(desk, where or Filter(open=None)):
            writer.put(shape.record(case))
            rows += 1
        writer.finish()
        part.replace(path)
    except OSError as error:
        raise unwritable(path, error, "file") from error
    finally:
        if writer is not None:
            with suppress(Exception):
                writer.drop()
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return Exported(str(path), rows)


def _cases(desk: Desk, where: Filter) -> Iterator[Case]:
    condition, params = where.where()
    db = connect(desk.path, readonly=True)
    try:
        for row in db.execute(f"{projections.SELECT_CASE} WHERE {condition} {_ORDER}", params):
            yield projections.case_from(row)
    finally:
        db.close()


class _Shape:
    """A case as cells: codes for programs (JSON Lines), names for people (tables)."""

    def __init__(self, town: Town, duty: DutyTime, actor: Actor, *, coded: bool) -> None:
        self.town, self.duty, self.actor, self.coded = town, duty, actor, coded
        self._names: dict[tuple[str, str], str] = {}

    def record(self, case: Case) -> Record:
        flow, state = str(case.flow), str(case.state)
        return {
            "external_id": case.external_id,
            "reported_at": self._time(case.reported_at),
            "place": self._named("place", case.committee, case.place) or case.place,
            "category": self._named("category", case.category),
            "text": case.text,
            "source": self._source(case.source),
            "priority": str(case.priority),
            "reporter": self._reporter(case.reporter),
            "phone": phone_for(case, self.actor),
            "grid": case.grid,
            "lon": _degrees(case.lon),
            "lat": _degrees(case.lat),
            "status": state if self.coded else STATE_ZH[case.state],
            "flow": flow if self.coded else FLOW_ZH[flow],
            "unit": self._named("unit", case.lead),
            "person": case.lead_person,
            "assists": " ".join(case.assists)
            if self.coded
            else "、".join(self._named("unit", u) for u in case.assists),
            "dispatched_at": self._time(case.active_lead.at if case.active_lead else None),
            "handled_at": self._time(case.submitted_at),
            "result": self._result(case),
            "result_text": case.result_text,
            "evidence": case.evidence,
            "closed_at": self._time(case.closed_at),
            "due_final": self._time(case.due_final),
            "review_at": self._time(case.clocks["REV"].due if "REV" in case.clocks else None),
            "zwwx_ref": case.wechat_ref,
            "return_count": str(case.return_count or ""),
            "rework_count": str(case.rework_count or ""),
            "custodian": case.custodian if self.coded else _CUSTODY_ZH.get(case.custodian, case.custodian),
            "recorded_at": self._time(case.recorded_at),
            "number": case.number,
            "id": case.id,
            "machine": _machine(case),
        }

    def _time(self, at: int | None) -> str:
        if at is None:
            return ""
        local = self.duty.local(at).replace(microsecond=0)
        return str(local.isoformat()) if self.coded else f"{local:%Y-%m-%d %H:%M:%S}"

    def _named(self, table: str, code: str, name: str = "") -> str:
        """The name, where it means this code and nothing else; the code otherwise."""
        if not code or (self.coded and table != "place"):
            return code
        key = (table, code)
        if key not in self._names:
            index = {"place": names.places, "category": names.categories, "unit": names.units}[table](self.town)
            rows: Any = {"place": self.town.committees, "category": self.town.categories, "unit": self.town.units}[
                table
            ]
            name = rows[code].name if code in rows else ""
            found = index.resolve(name).found if name else None
            self._names[key] = name if found is not None and found.code == code else code
        return self._names[key]

    def _source(self, code: str) -> str:
        return code if self.coded or code not in self.town.sources else self.town.sources[code].name

    def _reporter(self, reporter: str) -> str:
        unit = self.town.units.get(reporter)
        return unit.name if unit and not self.coded else reporter

    def _result(self, case: Case) -> str:
        reasons = self.town.reasons.get("result", {}).values()
        name = next((r.name for r in reasons if r.code == case.result), case.result)
        return case.result if self.coded else name


def _degrees(micro: int | None) -> str:
    return "" if micro is None else f"{micro / 1e6:.6f}"


def _machine(case: Case) -> str:
    """What no other column says: clocks, orders, requests and exact instants, as the event of this case would hold it."""
    changed = event_of("exported", Case(case.id), case, {}).data["set"]
    return _encode({name: value for name, value in changed.items() if name not in _IN_SIGHT}).decode()


def _csv(path: Path) -> _Writer:
    stream = path.open("w", encoding="utf-8-sig", errors="replace", newline="")
    writer = csv.writer(stream)
    writer.writerow([column.zh[0] for column in CASES])
    return _Writer(
        lambda record: writer.writerow([neutral_cell(record[c.key]) for c in CASES]), stream.close, stream.close
    )


def _jsonl(path: Path) -> _Writer:
    """English keys and codes; values are not neutralised, for JSON is read by programs."""
    stream = path.open("wb")
    return _Writer(lambda record: stream.write(msgspec.json.encode(record) + b"\n"), stream.close, stream.close)


def _xlsx(path: Path) -> _Writer:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    page = book.create_sheet("cases")
    page.append([column.zh[0] for column in CASES])

    def finish() -> None:
        whole = (
            BytesIO()
        )  # a library that writes to a full disk leaves half an archive open, which complains at the end
        book.save(whole)
        path.write_bytes(whole.getbuffer())

    return _Writer(lambda record: page.append([neutral_cell(record[c.key]) for c in CASES]), finish, page.close)


_WRITERS: dict[str, Callable[[Path], _Writer]] = {"csv": _csv, "jsonl": _jsonl, "xlsx": _xlsx}
