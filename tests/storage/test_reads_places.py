"""Where cases come from: what a window holds, what does not count, and the bins of the map."""

import pytest

from zjj_console.domain.model import DAY
from zjj_console.storage import projections, reads_places
from zjj_console.storage.db import connect

ALL = (0, 1 << 62)


@pytest.fixture
def db(storied, tmp_path, copy_db):
    db = connect(copy_db(storied, tmp_path / "places.db"))
    yield db
    db.close()


def test_R37_voided_and_merged_cases_do_not_count(db):
    states = dict(db.execute("SELECT id, state FROM case_row"))
    assert "MERGED" in states.values()
    counted = {one.id: one for one in reads_places.records(db, *ALL)}
    assert counted.keys() == {i for i, state in states.items() if state not in ("MERGED", "VOIDED")}
    for one in counted.values():
        case = projections.load(db, one.id)
        assert (one.handle, one.category, one.committee, one.grid) == (
            case.handle,
            case.category,
            case.committee,
            case.grid,
        )
        assert (one.place, one.at, one.closed) == (case.place, case.reported_at, not case.is_open)
    db.execute("UPDATE case_row SET state = 'VOIDED'")
    assert reads_places.records(db, *ALL) == [] == reads_places.tally(db, *ALL)


def test_a_window_holds_its_first_instant_and_not_its_end(db):
    at = min(one.at for one in reads_places.records(db, *ALL))
    assert [one.at for one in reads_places.records(db, at, at + 1)] == [at]
    assert reads_places.records(db, at - DAY, at) == []
    assert sum(heat.count for heat in reads_places.tally(db, at, at + 1)) == 1


def test_of_what_has_ended_only_the_closed_cases_count_as_such(db):
    rows = db.execute("SELECT grid, reported_at, state FROM case_row WHERE is_open = 0").fetchall()
    assert {state for *_, state in rows} >= {"CLOSED", "MERGED", "VOIDED"}
    assert sorted(reads_places.ended_since(db, 0)) == sorted(
        (grid, at) for grid, at, state in rows if state == "CLOSED"
    )


def test_a_tally_counts_every_case_once_by_committee_and_bin(db):
    total = len(reads_places.records(db, *ALL))
    assert sum(heat.count for heat in reads_places.tally(db, *ALL)) == total
    assert all(heat.lon_bin is heat.lat_bin is heat.middle is None for heat in reads_places.tally(db, *ALL))
    db.execute("UPDATE case_row SET grid = 'g1', committee = 'c', lon = 121050999, lat = 31110000")
    (heat,) = reads_places.tally(db, *ALL)
    assert (heat.grid, heat.committee, heat.lon_bin, heat.lat_bin, heat.count) == ("g1", "c", 121050, 31110, total)
    assert heat.middle == pytest.approx((121.0505, 31.1105))


@pytest.mark.parametrize(("micro", "bin"), [(-1, -1), (-1000, -1), (-1001, -2), (0, 0), (999, 0), (1000, 1)])
def test_a_bin_is_rounded_down_on_either_side_of_zero(db, micro, bin):
    db.execute("UPDATE case_row SET lon = ?, lat = ?", (micro, micro))
    assert {(heat.lon_bin, heat.lat_bin) for heat in reads_places.tally(db, *ALL)} == {(bin, bin)}
