"""The roster as files: telephones keep one entry per shift, spreadsheets run nothing, an import reads it back."""

import csv
from datetime import date
from io import BytesIO, StringIO

import pytest
from icalendar import Calendar
from msgspec.structs import replace
from openpyxl import load_workbook

from tests.conftest import Hands
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.roster import Assignment, span_of
from zjj_console.reports import roster_files
from zjj_console.town import names

DAY = date(2021, 3, 1)


@pytest.fixture
def plan(duty: DutyTime) -> list[Assignment]:
    """Two shifts of 0001 and one of 0002, who stands in for him and holds the post for another."""
    town = duty.town
    team, station = town.of_kind("response_team")[0].code, town.of_kind("station")[0].code

    def one(shift: str, unit: str, post: str, person: str, **more: object) -> Assignment:
        start, end = span_of(town, duty, town.shifts[shift], DAY)
        return Assignment(DAY, shift, unit, post, 1, person, start, end, **more)  # type: ignore[arg-type]

    return [
        one("QRT-NGT", team, "seat", "0001", note="=HYPERLINK(1)\x1b[2J, 长" + "备注" * 60),
        one("STN-DAY", station, "chief", "0002", planned="0001", acting=True),
        one("ONC-NGT", station, "on_call", "0001"),
    ]


def events(data: bytes) -> dict[str, object]:
    return {str(e["uid"]): e for e in Calendar.from_ical(data).walk("VEVENT")}


def ics(plan: list[Assignment], duty: DutyTime, at: int, person: str = "") -> bytes:
    return roster_files.calendar(plan, person, duty.town, duty, at)


def test_the_calendar_reads_back_with_its_times(plan: list[Assignment], duty: DutyTime, hands: Hands) -> None:
    data = ics(plan, duty, hands.now)
    found = list(Calendar.from_ical(data).walk("VEVENT"))
    spans = sorted((e["dtstart"].dt.timestamp(), e["dtend"].dt.timestamp()) for e in found)
    assert spans == sorted((a.start / 1e6, a.end / 1e6) for a in plan)
    assert {e["transp"] for e in found} == {"OPAQUE", "TRANSPARENT"}


def test_lines_end_in_CRLF_are_folded_at_75_octets_and_steer_nothing(
    plan: list[Assignment], duty: DutyTime, hands: Hands
) -> None:
    data = ics(plan, duty, hands.now)
    assert data.count(b"\n") == data.count(b"\r\n") and b"\x1b" not in data
    assert max(map(len, data.split(b"\r\n"))) <= 75


def test_a_changed_shift_updates_the_entry_of_an_earlier_file(
    plan: list[Assignment], duty: DutyTime, hands: Hands
) -> None:
    before = events(ics(plan, duty, hands.now))
    changed = [replace(plan[0], person="0002", planned="0001", end=plan[0].end + 60_000_000), *plan[1:]]
    after = events(ics(changed, duty, hands.now + 3_600_000_000))
    assert set(before) == set(after) and len(before) == 3
    for uid, event in after.items():
        assert event["sequence"] > before[uid]["sequence"] and event["dtstamp"].dt > before[uid]["dtstamp"].dt
    assert any("顶" in str(event["description"]) for event in after.values())


def test_one_person_gets_his_own_shifts_only(plan: list[Assignment], duty: DutyTime, hands: Hands) -> None:
    assert len(events(ics(plan, duty, hands.now, "0001"))) == 2
    assert events(ics(plan, duty, hands.now, "0009")) == {}


def test_the_same_roster_gives_the_same_bytes_in_any_order(
    plan: list[Assignment], duty: DutyTime, hands: Hands
) -> None:
    assert ics(plan, duty, hands.now) == ics(plan[::-1], duty, hands.now)
    rows, again = (roster_files.table(p, duty.town, duty) for p in (plan, plan[::-1]))
    assert rows == again
    assert roster_files.csv_bytes(rows) == roster_files.csv_bytes(again)
    assert roster_files.xlsx_bytes(rows, hands.now) == roster_files.xlsx_bytes(again, hands.now)


def test_the_table_names_what_an_import_resolves_to_the_same_keys(plan: list[Assignment], duty: DutyTime) -> None:
    head, *rows = roster_files.table(plan, duty.town, duty)
    assert head == list(roster_files.HEAD) and all(len(row) == len(head) for row in rows)
    units = names.units(duty.town)
    read = {(row[0], row[1], found.code, row[4], row[5]) for row in rows if (found := units.resolve(row[2]).found)}
    assert read == {(a.day.isoformat(), a.shift, a.unit, str(a.seat), a.person) for a in plan}
    chief = next(row for row in rows if row[5] == "0002")
    assert chief[3] == "站长(代)" and chief[9] == "0001" and chief[6] == duty.town.people["0002"].name


def test_no_cell_is_a_formula(plan: list[Assignment], duty: DutyTime, hands: Hands) -> None:
    rows = roster_files.table(plan, duty.town, duty)
    text = roster_files.csv_bytes(rows).decode("utf-8-sig")
    page = load_workbook(BytesIO(roster_files.xlsx_bytes(rows, hands.now))).active
    assert page is not None
    read = [[str(c.value or "") for c in row] for row in page.iter_rows()]
    assert read == list(csv.reader(StringIO(text, newline="")))
    assert any(row[10].startswith("'=HYPERLINK") for row in read)
    assert not any(cell[:1] in tuple("=+-@") for row in read for cell in row if cell)
