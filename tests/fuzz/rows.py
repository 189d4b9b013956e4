"""Bytes as what somebody tells: the cells of a row of cases, of signs or of a roster, a time, a place, a message, a map."""

import datetime
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import msgspec

from tests.conftest import Hands, actor_of
from tests.hostile import material
from zjj_console.commands import times
from zjj_console.commands.context import Stop
from zjj_console.domain import outside
from zjj_console.domain.bounds import within
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.facts import Facts
from zjj_console.domain.model import Case, Refusal
from zjj_console.domain.report import report
from zjj_console.domain.safe import safe_text, steers
from zjj_console.geo import geojson
from zjj_console.geo.crs import SYSTEMS
from zjj_console.intake import columns, duty_words
from zjj_console.intake.cases import Builder
from zjj_console.intake.duty_table import DutyTable
from zjj_console.intake.plain import Plain
from zjj_console.intake.rows import RowReader, Told
from zjj_console.intake.words import Fault, Words
from zjj_console.storage import projections
from zjj_console.sync.gateway import callback
from zjj_console.sync.gateway.crypto import CallbackError
from zjj_console.town import names
from zjj_console.town.calendar import day_type
from zjj_console.town.load import builtin, load_town
from zjj_console.town.models import Town

NAME = "rows"
_HEADERS = material.HEADERS
_CODES = {"E_ENCODING", "E_ROW"}  # of which no field is to blame


@cache
def _town() -> Town:
    return load_town(builtin())


@cache
def _hands() -> Hands:
    return Hands(_town())


@cache
def _duty() -> DutyTime:
    return DutyTime(_town(), lambda day: day_type(_town(), day)[0] == "workday")


@cache
def _builder() -> Builder:
    return Builder(_town(), DutyTable(_duty()), _hands().now, "A", "night")


def reader(
    found: Mapping[str, int], width: int, *, dirty: bool = True, neutral: bool = True, crs: str = "wgs84"
) -> RowReader:
    return RowReader(Words(_town(), {}, neutral=neutral), found, width, _hands().now, dirty=dirty, crs=crs)


@cache
def _readers(crs: str) -> RowReader:
    return reader(columns.recognise(_HEADERS), len(_HEADERS), crs=crs)


class _Desk:
    """What the readers of duty files ask of a desk."""

    town = property(lambda self: _town())
    duty = property(lambda self: _duty())


@cache
def _plains(crs: str) -> Plain:
    return Plain(_readers(crs), _builder())


@cache
def _duty_reader(kind: str) -> Any:
    heads = columns.SIGNS if kind == "signs" else columns.ROSTER
    words = duty_words.DutyWords(_Desk(), {}, heads)  # type: ignore[arg-type]
    found = {column.key: n for n, column in enumerate(heads)}
    if kind == "signs":
        return duty_words.SignReader(words, found, _hands().now, dirty=True), len(heads)
    return duty_words.RosterReader(words, found, "", dirty=True), len(heads)


def judge(told: Told | list[Fault]) -> None:
    """A row is a case that may stand in any database, or faults that say where and what to do."""
    if isinstance(told, list):
        assert told
        for fault in told:
            _fault(fault)
        return
    for name, value in told.said.items():
        assert not isinstance(value, str) or (not steers(value) and len(value) <= 2000), (name, value)
    case = _builder().build(msgspec.structs.replace(told, said=dict(told.said)), 1001)
    if isinstance(case, Fault):
        _fault(case)
    else:
        for field in msgspec.structs.fields(Case):
            assert within(field.name, getattr(case, field.name)), (field.name, getattr(case, field.name))
        projections.case_values(case, _duty())
        projections.timer_values(case, _duty())


def _fault(fault: Fault) -> None:
    assert fault.code.startswith("E_") and fault.message and fault.suggestion
    assert fault.field or fault.code in _CODES, fault
    assert not steers(fault.message) and not steers(fault.suggestion) and len(fault.message) < 500, fault


def _cells(text: str, width: int) -> list[str]:
    return (text.split("\x1f") + [""] * width)[:width]


def _row(text: str) -> None:
    systems = list(SYSTEMS)
    crs = systems[len(text) % len(systems)] if len(text) % 7 == 0 else "wgs84"
    _both(_cells(text, len(_HEADERS)), crs)


def _few(text: str) -> None:
    """A good row with the cells that are named: `n` is the column, so that a short input reaches any of them."""
    cells = [material.GOOD.get(name, "") for name in _HEADERS]
    for part in text.split("\x1f"):
        if part:
            cells[ord(part[0]) % len(cells)] = part[1:]
    _both(cells, "wgs84")


def _both(cells: list[str], crs: str) -> None:
    """The short road takes only what the long one takes as well."""
    lots, odd = _plains(crs).take([(2, list(cells))])
    told = _readers(crs).read(cells)
    judge(told)
    assert len(odd) + sum(len(lot.numbers) for lot in lots) == 1
    assert not lots or isinstance(told, Told), told


def _duty_row(kind: str) -> Callable[[str], None]:
    def read(text: str) -> None:
        row_reader, width = _duty_reader(kind)
        told = row_reader.read(_cells(text, width))
        for fault in told if isinstance(told, list) else ():
            _fault(fault)

    return read


def _time(text: str) -> None:
    at = Words(_town()).instant(text)
    assert at is None or within("due", at), text
    now, tz = _hands().now, _town().tz
    for read in (times.instant, times.moment, times.day, times.month):
        try:
            found = read(text, now, tz, "at") if read is not times.month else read(text, now, tz)  # type: ignore[operator]
        except Stop as stop:
            assert stop.code in (2, 3) and stop.zh and stop.en and stop.zh != stop.en, (read, stop.zh, stop.en)
            continue
        assert isinstance(found, (int, str, datetime.date))


def _name(text: str) -> None:
    town = _town()
    for index in (names.places(town), names.categories(town), names.units(town), names.people(town)):
        found = index.resolve(safe_text(text))
        assert found.found is None or found.found.code
    names.nearest(text, (c.name for c in town.committees.values()))


def _message(text: str) -> None:
    try:
        message = callback.Message(callback.fields_of(text.encode("utf-8", "surrogatepass")))
    except CallbackError:
        return
    said = callback.outside_of(message, {"z": "0001"}, _hands().now)
    facts = Facts(_hands().now, actor_of(_town(), "0001"), _town(), _duty(), {})
    made = report("x", {**outside.told(said, _town()), "serial": 1}, facts)
    if not isinstance(made, Refusal):
        for value in made[0].data.get("set", {}).values():
            assert not isinstance(value, str) or not steers(value), value


def _map(text: str) -> None:
    known = geojson.names((("grid", code, grid.name) for code, grid in _town().grids.items()))
    for crs in ("wgs84", "gcj02"):
        read = geojson.read(text.encode("utf-8", "surrogatepass"), crs, known, safe_text)
        for finding in read.findings:
            assert finding.zh and finding.en and not steers(finding.zh), finding


WAYS: tuple[Callable[[str], None], ...] = (
    _row,
    _few,
    _duty_row("signs"),
    _duty_row("roster"),
    _time,
    _name,
    _message,
    _map,
)


def prepare() -> None:
    for data in corpus():
        one(data)


def corpus() -> list[bytes]:
    made = [
        b"\x00" + "\x1f".join(material.flat(r.get(h)) for h in _HEADERS).encode("utf-8", "surrogatepass")
        for r in material.rows(7, 30)
    ]
    made += [
        b"\x01" + f"{chr(n)}{value}".encode("utf-8", "surrogatepass")
        for n, h in enumerate(_HEADERS)
        for value in material.SPECIAL.get(h, ())[:6]
    ]
    made += [
        b"\x02" + "2021-03-01\x1f值守员\x1f0001\x1f2021-03-01 17:21\x1f进".encode(),
        b"\x02" + "2021-03-01\x1f\x1f0001\x1f\x1f\x1f17:20\x1f次日 07:31".encode(),
    ]
    made += [b"\x03" + "2021-03-01\x1f夜班\x1f一站\x1f值守\x1f1\x1f0001".encode()]
    made += [b"\x04" + text.encode() for text in (*material.TIMES, "0301-0900", "明天 9:00", "+2h", "2021-03")]
    made += [b"\x05" + text.encode() for text in ("dhj", "东湖", "沙加埭", "cg", "blj", "0001")]
    made += [b"\x06<xml><MsgType>text</MsgType><Content>x</Content><FromUserName>z</FromUserName><CreateTime>1614611400</CreateTime><MsgId>1</MsgId></xml>",
             b"\x06<xml><MsgType>location</MsgType><Location_X>31.1</Location_X><Location_Y>121.0</Location_Y><Label>x</Label></xml>"]  # fmt: skip
    made += [
        b'\x07{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"g1","kind":"grid"},"geometry":{"type":"Polygon","coordinates":[[[121,31],[121.1,31],[121,31.1],[121,31]]]}}]}'
    ]
    return made


def words() -> list[str]:
    spoken = [
        word
        for pool in (material.TIMES, material.PLACES, material.WORDS, material.NUMBERS, material.FORMULAS)
        for word in pool
        if 0 < len(word) < 30
    ]
    return [
        "\x1f",
        *spoken,
        "<xml>",
        "MsgType",
        "CreateTime",
        "coordinates",
        "geometry",
        "MultiPolygon",
        "次日",
        "夜班",
        "签到",
    ]


def one(data: bytes) -> None:
    if data:
        WAYS[data[0] % len(WAYS)](data[1:].decode("utf-8", "surrogateescape"))
