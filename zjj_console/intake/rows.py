"""From the cells of a row to what it says about a case, or to everything that is wrong with it (§6.3)."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from zjj_console.domain.bounds import MAX_SERIAL
from zjj_console.domain.ids import named, outside_key
from zjj_console.domain.model import DAY, ENDED, MINUTE, State
from zjj_console.domain.safe import safe_text
from zjj_console.geo.crs import SYSTEMS, to_wgs84
from zjj_console.geo.shapes import far
from zjj_console.intake.table import Cells
from zjj_console.intake.words import Fault, Memo, Words, required

FUTURE = 5 * MINUTE
OLD = 60 * DAY
_SHORT = 200
_FAR = 50_000.0  # metres from the map: no position of this town
_NUMBER = re.compile(r"\w{0,24}-([A-Z])-([0-9]{1,7})")
_ROOM = 1_000_000  # numbers that no file may use up: the next case counts on from the highest
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PLAIN = re.compile(r"[ -&(-~\u3000-\u303f\u4e00-\u9fff\uff01-\uff5e]*")  # what safe_text leaves alone, without '
MASK = re.compile("[*＊]")  # a telephone number in part: it says nothing that could be called or kept
_WHOLE = 1 << 30
LOST = re.compile("[\ud800-\udfff]")
_TEXTS = (
    ("text", "text", 2000), ("external_id", "external_id", _SHORT), ("evidence", "evidence", 2000),
    ("zwwx_ref", "wechat_ref", _SHORT), ("phone", "phone", 40), ("result_text", "result_text", 2000),
)  # fmt: skip
_NEEDS_LEAD = frozenset({"DISPATCHED", "HANDLING", "SUSPENDED", "DIFF_LED"})
_UNTOUCHED = frozenset({"REPORTED", "INFO_NEEDED", "ACCEPTED"})
_CUSTODY = {"day": "day", "night": "night", "日班": "day", "夜班": "night", "": ""}

Said = dict[str, Any]


class Told(Struct):
    """What one row says. `said` holds fields of Case as plain values; the rest helps to build it."""

    id: str
    said: Said
    priority: int  # said, or the category's own
    spot: tuple[str, str, str]  # grid, station, zone
    dispatched_at: int | None = None
    review_at: int | None = None
    machine: dict[str, Any] | None = None
    warnings: tuple[str, ...] = ()
    own_id: bool = False  # the row brought an id of ours

    @property
    def outside(self) -> tuple[str, str]:
        """Source and outside number by which the case is known; no number where the row brought an id of ours."""
        return (self.said["source"], "" if self.own_id else self.said.get("external_id", ""))


class RowReader:
    """Reads the rows of one file. `columns` says where each known column stands; a column that is absent reads as empty."""

    def __init__(
        self, words: Words, columns: Mapping[str, int], width: int, now: int, *, dirty: bool, crs: str = "wgs84"
    ) -> None:
        self.words, self.dirty, self.crs = words, dirty, crs
        self.approximate = SYSTEMS[crs].approximate
        self.latest, self.oldest = now + FUTURE, now - OLD
        self.known = frozenset(columns)
        at = {key: columns.get(key, width) for key in _KEYS}  # cells get one empty cell more at `width`
        self.at = at
        self.i_time, self.i_place, self.i_category = at["reported_at"], at["place"], at["category"]
        self.i_source, self.i_priority, self.i_reporter = at["source"], at["priority"], at["reporter"]
        self.texts = [(field, at[key], limit) for key, field, limit in _TEXTS if key in columns]
        self.progress = tuple(at[key] for key in PROGRESS)
        self.done = tuple(at[key] for key in PROGRESS if key in columns)
        self.usual = {code: category.priority for code, category in words.town.categories.items()}
        self.i_lon, self.i_lat = at["lon"], at["lat"]
        self.located = "lon" in columns and "lat" in columns
        atlas = words.town.atlas
        self.settles = atlas is not None and atlas.settles
        self.box = atlas.box if atlas is not None and atlas.grids else None
        self.rare = any(key in columns for key in RARE)

    def read(self, cells: Cells) -> Told | list[Fault]:
        """What the row says. Every complaint of the row is found, not just the first."""
        cells.append("")
        if self.dirty and LOST.search("".join(cells)):
            return [undecoded(cells)]
        faults: list[Fault] = []
        said: Said = {}
        plain = self.words.plain
        cut = masked = False
        clean = PLAIN.fullmatch("".join(cells)) is not None  # then every gate leaves the cells as they are
        for field, i, limit in self.texts:
            cell = cells[i]
            if cell:
                value = cell.strip() if clean else safe_text(plain(cell), _WHOLE)
                if len(value) > limit:
                    value, cut = value[:limit].strip(), True
                if value:
                    said[field] = value
        if "phone" in said and MASK.search(said["phone"]):
            del said["phone"]
            masked = True
        if "text" not in said:
            faults.append(required("text"))
        words = self.words
        reported = words.instant(cells[self.i_time])
        if reported is None or reported > self.latest:
            faults.append(self._time("reported_at", cells[self.i_time], reported))
            reported = 0
        said["reported_at"] = reported
        spot = words.place[cells[self.i_place]]
        if spot.__class__ is Fault:
            faults.append(spot)
            where = ("", "", "")
        else:
            where = (spot.grid, spot.station, spot.zone)
            if spot.committee:
                said["committee"], said["place"] = spot.committee, spot.place
        category = words.category[cells[self.i_category]]
        if category.__class__ is Fault:
            faults.append(category)
        else:
            said["category"] = category
        source = words.source[cells[self.i_source]]
        if source.__class__ is Fault:
            faults.append(source)
        else:
            said["source"] = source
        cell = cells[self.i_priority]
        if cell and not cell.isspace():
            priority = words.priority[cell]
            if priority.__class__ is Fault:
                faults.append(priority)
            else:
                said["priority"] = priority
        else:
            priority = self.usual.get(category, 3) if category.__class__ is str else 3
        cell = cells[self.i_reporter]
        if cell:
            reporter = words.reporter[cell]
            if reporter:
                said["reporter"] = reporter
        told = Told("", said, priority, where)
        if cut or masked:
            told.warnings = ("cut",) * cut + ("masked",) * masked
        for i in self.done:
            if cells[i]:
                self._progress(cells, told, faults)
                break
        if self.located and cells[self.i_lon] and cells[self.i_lat]:
            self._located(cells[self.i_lon], cells[self.i_lat], told)
        if self.rare:
            self._rare(cells, told, faults)
        if faults:
            return faults
        if reported < self.oldest:
            told.warnings += ("old",)
        told.id = told.id or case_id(source, said)
        return told

    def _time(self, key: str, cell: str, at: int | None) -> Fault:
        if not cell.strip():
            return required(key)
        if at is None:
            return Fault("E_TIME", key, f"时间读不懂: {safe_text(cell, 40)}", "写成 2021-03-01 23:41")
        return Fault("E_TIME_FUTURE", key, f"晚于当前: {safe_text(cell, 40)}", "核对日期与时刻")

    def _located(self, lon: str, lat: str, told: Told) -> None:
        """A position as micro-degrees of WGS-84; one that cannot be is left out, the place says where it is.

        Where the map is the town's own, the position decides grid, station and zone.
        """
        at = self.position(lon, lat)
        if at is None:
            told.warnings += ("position",)
            return
        said = told.said
        said["lon"], said["lat"] = at
        if self.approximate:
            told.warnings += ("approximate",)
        if self.settles:
            told.spot = self.words.town.whereabouts(said.get("committee", ""), *at)

    def position(self, lon: str, lat: str) -> tuple[int, int] | None:
        """Micro-degrees of WGS-84; None where that is no position of this town."""
        try:
            at = to_wgs84(self.crs, float(lon), float(lat))
        except ValueError:  # no numbers, or none of this system
            return None
        return (round(at[0] * 1e6), round(at[1] * 1e6)) if self.box is None or far(self.box, at) <= _FAR else None

    # how far it has come --------------------------------------------------------------------------------------------

    def _progress(self, cells: Cells, told: Told, faults: list[Fault]) -> None:
        """Status, flow, unit, handling: the state that they say together, or why they contradict each other."""
        words, said = self.words, told.said
        i_status, i_flow, i_unit, i_person, i_handled, i_result, i_closed, i_dispatched = self.progress
        status = _optional(words.status, cells[i_status], faults)
        flow = _optional(words.flow, cells[i_flow], faults)
        unit = _optional(words.unit, cells[i_unit], faults)
        person = _optional(words.person, cells[i_person], faults)
        handled = self._past("handled_at", cells[i_handled], said, faults)
        closed = self._past("closed_at", cells[i_closed], said, faults)
        told.dispatched_at = self._past("dispatched_at", cells[i_dispatched], said, faults)
        cell = cells[i_result]
        if cell and not cell.isspace():
            said["result"], text = words.result[cell]
            if text:
                said["result_text"] = text
        if faults:
            return
        if not status and (handled or closed or "result" in said or flow == "self"):
            status = State.CLOSED.value
        for field, value in (("flow", flow), ("lead", unit), ("lead_person", person)):
            if value:
                said[field] = value
        if not status:
            self._unfinished(told, faults)
            return
        said["state"] = status
        if status == "CLOSED":
            said["closed_at"] = closed or handled or said["reported_at"]
            if handled or flow != "self":
                said["submitted_at"] = handled or closed
        elif status == "VOIDED":
            said["closed_at"] = closed or handled or said["reported_at"]
        elif status == "SUBMITTED":
            said["submitted_at"] = handled
        self._consistent(told, status, faults)

    def _past(self, key: str, cell: str, said: Said, faults: list[Fault]) -> int | None:
        """A time that has passed and is not before the report."""
        if not cell or cell.isspace():
            return None
        at = self.words.instant(cell)
        if at is None or at > self.latest:
            faults.append(self._time(key, cell, at))
        elif at // MINUTE < said["reported_at"] // MINUTE:
            faults.append(Fault("E_STATE", key, f"早于上报: {safe_text(cell, 40)}", "核对两个时间"))
        return at

    def _unfinished(self, told: Told, faults: list[Fault]) -> None:
        """No status and nothing done: a new report. A unit named for it is not an order yet."""
        if told.said.get("flow") == "difficult":
            faults.append(Fault("E_STATE", "status", "疑难案件须有状态", "状态写 疑难待定 或 疑难牵头"))
        _without_lead(told)

    def _consistent(self, told: Told, status: str, faults: list[Fault]) -> None:
        said = told.said
        general = said.get("flow") != "self"
        if status in _UNTOUCHED and ("result" in said or "closed_at" in said):
            faults.append(Fault("E_STATE", "status", "有处置结果，状态却未到处置", "改状态，或清空处置时间和结果"))
        if status in _UNTOUCHED:
            _without_lead(told)
        if (status in _NEEDS_LEAD or (status in ("CLOSED", "SUBMITTED") and general)) and not said.get("lead"):
            faults.append(Fault("E_STATE", "unit", "有处置而无承办单位", "补承办单位；村居自办的流程写 自发自处"))
        if status in ("CLOSED", "SUBMITTED") and general and "result" not in said:
            faults.append(Fault("E_STATE", "result", "有处置时间而无结果", "补结果，或改状态"))
        if status in ("CLOSED", "SUBMITTED") and general and not said.get("submitted_at"):
            faults.append(Fault("E_STATE", "handled_at", "有结果而无处置时间", "补处置时间，或改状态"))
        if "closed_at" in said and said["closed_at"] < (said.get("submitted_at") or 0):
            faults.append(Fault("E_STATE", "closed_at", "结案早于处置", "核对两个时间"))

    # what an export adds ----------------------------------------------------------------------------------------------

    def _rare(self, cells: Cells, told: Told, faults: list[Fault]) -> None:
        at, said, words = self.at, told.said, self.words
        self._optional_assists(cells[at["assists"]], said, faults)
        for key in ("due_final", "recorded_at", "review_at"):
            cell = cells[at[key]]
            if not cell.strip():
                continue
            instant = words.instant(cell)
            if instant is None:
                faults.append(self._time(key, cell, None))
            elif key == "review_at":
                told.review_at = instant
            else:
                said[key] = instant
        for key in ("return_count", "rework_count"):
            cell = cells[at[key]].strip()
            if cell.isdecimal() and len(cell) < 4:
                said[key] = int(cell)
            elif cell:
                faults.append(Fault("E_STATE", key, f"不是次数: {safe_text(cell, 40)}", "写 0 至 999 的整数"))
        custody = _CUSTODY.get(cells[at["custodian"]].strip())
        # I-1: what is open is held by the desk that has custody, not by a file.
        if custody and said.get("state") in ENDED:
            said["custodian"] = custody
        self._identity(cells, told)
        cell = cells[at["machine"]]
        if cell:
            try:
                held = msgspec.json.decode(words.plain(cell).encode())
            except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
                held = None
            told.machine = held if isinstance(held, dict) else None
            if told.machine is None:
                told.warnings += ("machine",)

    def _optional_assists(self, cell: str, said: Said, faults: list[Fault]) -> None:
        if not cell or cell.isspace():
            return
        found = self.words.assists[cell]
        if isinstance(found, Fault):
            faults.append(found)
        else:
            said["assists"] = tuple(unit for unit in found if unit != said.get("lead"))

    def _identity(self, cells: Cells, told: Told) -> None:
        """Our own identity and number, as an export writes them; those of another system look different and do not count."""
        text = self.words.plain(cells[self.at["id"]].strip().lower())
        if _UUID.fullmatch(text):
            told.id, told.own_id = text, True
        text = cells[self.at["number"]].strip()
        match = _NUMBER.fullmatch(text)
        if match and 0 < int(match[2]) <= MAX_SERIAL - _ROOM:
            told.said.update(number=text, console=match[1], serial=int(match[2]))


def _optional(table: Memo, cell: str, faults: list[Fault]) -> str:
    if not cell or cell.isspace():
        return ""
    found = table[cell]
    if found.__class__ is Fault:
        faults.append(found)
        return ""
    return str(found)


def _without_lead(told: Told) -> None:
    """A unit named for a case that nobody has sent out yet is a wish, not an order."""
    if told.said.pop("lead", ""):
        told.said.pop("lead_person", None)
        told.warnings += ("lead",)


PROGRESS = ("status", "flow", "unit", "person", "handled_at", "result", "closed_at", "dispatched_at")
RARE = (
    "assists", "due_final", "recorded_at", "review_at", "return_count", "rework_count", "custodian", "id", "number",
    "machine",
)  # fmt: skip
_KEYS = (
    "reported_at",
    "place",
    "lon",
    "lat",
    "category",
    "source",
    "priority",
    "reporter",
    *(t[0] for t in _TEXTS),
    *PROGRESS,
    *RARE,
)


def case_id(source: str, said: Said) -> str:
    """The id that every console gives to this row: by source and outside number, else by what it says (§6.4)."""
    external = said.get("external_id")
    if external:
        key = outside_key(source, external)
    else:
        plain = "".join(said["text"].split()).casefold()
        parts = (source, said["reported_at"] // MINUTE, said.get("committee", ""), said["category"], plain)
        key = "sha256\x1f" + hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()
    return named(key)


def undecoded(cells: Cells) -> Fault:
    text = next(cell for cell in cells if LOST.search(cell))
    shown = safe_text(text, 40)
    return Fault("E_ENCODING", "", f"有无法解码的字节: {shown}", "以 UTF-8 或 GB18030 重新保存，或用 --encoding 指明")
