"""Positions of a file: in which system they are read, and when they decide the grid."""

import shutil
from pathlib import Path

import pytest

from tests.intake.conftest import Load, cases_of, row
from zjj_console.desk.desk import Desk
from zjj_console.domain.model import Case
from zjj_console.geo.crs import GAUSS, SYSTEMS, from_wgs84
from zjj_console.intake.engine import import_cases
from zjj_console.intake.export import export_cases
from zjj_console.town.load import builtin, load_town

AT = (121.05696, 31.10757)  # the town centre, WGS-84; on the shipped map it lies in g1
Located = dict[str, str]


def cells(at: tuple[float, float], **more: str) -> Located:
    return row(经度=f"{at[0]:.8f}", 纬度=f"{at[1]:.8f}", **more)


def only(desk: Desk) -> Case:
    (case,) = cases_of(desk)
    return case


@pytest.mark.parametrize("crs", [*SYSTEMS, "gauss"])
def test_a_position_in_any_system_is_stored_as_micro_degrees_of_wgs84(load: Load, desk: Desk, crs: str) -> None:
    at = GAUSS.forward(*AT) if crs == "gauss" else from_wgs84(crs, *AT)
    done = load([cells(at)], crs="cgcs2000" if crs == "gauss" else crs)
    assert done.new == 1 and any("近似" in warning for warning in done.warnings) == (crs == "shanghai")
    case = only(desk)
    assert case.lon == pytest.approx(121_056_960, abs=1) and case.lat == pytest.approx(31_107_570, abs=1)


def test_without_a_word_a_position_is_wgs84(load: Load, desk: Desk) -> None:
    load([cells(AT)])
    assert (only(desk).lon, only(desk).lat) == (121_056_960, 31_107_570)


@pytest.mark.parametrize(
    ("at", "crs"),
    [((31.10757, 121.05696), "wgs84"), ((116.4, 39.9), "wgs84"), ((0, 0), "wgs84"), ((600833, 3443381), "wgs84"), (AT, "shanghai"),
     ((1e308, 31), "gcj02"), ((1e9, 1e9), "shanghai")],
)  # fmt: skip
def test_a_position_that_cannot_be_or_is_far_from_the_town_is_left_out_and_the_row_stays(
    load: Load, desk: Desk, at: tuple[float, float], crs: str
) -> None:
    done = load([cells(at)], crs=crs)
    assert done.new == 1 and any("坐标" in warning for warning in done.warnings)
    assert only(desk).lon is None and only(desk).grid


def test_an_export_is_wgs84_and_comes_back_as_the_same(load: Load, desk: Desk, tmp_path: Path) -> None:
    load([cells(from_wgs84("bd09", *AT))], crs="bd09")
    for name in ("out.csv", "out.jsonl"):
        export_cases(desk, tmp_path / name)
        again = import_cases(desk, tmp_path / name)
        assert (again.same, again.new, again.changed) == (1, 0, 0)


def test_a_key_remembers_the_system(load: Load) -> None:
    from zjj_console.intake.table import IntakeError

    load([cells(AT)], key="k")
    assert load([cells(AT)], key="k").repeated
    with pytest.raises(IntakeError) as refused:
        load([cells(AT)], key="k", crs="gcj02")
    assert refused.value.code == 5


# the grid ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def own(tmp_path: Path, desk: Desk) -> Desk:
    """A desk whose town has a map of its own."""
    folder = Path(shutil.copytree(builtin(), tmp_path / "own"))
    path = folder / "map.geojson"
    path.write_text(path.read_text("utf-8").replace('"mark": "X"', '"mark": "T"', 1), "utf-8")
    town = load_town(folder)
    assert town.atlas is not None and town.atlas.settles
    return Desk(desk.path, town, desk.actor, desk.now)


STATES: dict[str, Located] = {
    "reported": {}, "closed": {"流程": "自发自处", "处置时间": "2021-03-01 23:20"},
    "accepted": {"状态": "待派单"}, "pending place": {"地点": "待定"},
}  # fmt: skip


def test_on_a_map_of_the_town_itself_a_position_decides_the_grid(own: Desk, tmp_path: Path) -> None:
    """西湖新村 belongs to g2; what happened at the centre happened in g1."""
    path = tmp_path / "cases.csv"
    for n, more in enumerate(STATES.values()):
        one = cells(AT, **{"编号": f"P{n}", "地点": "西湖新村", **more})
        path.write_text(",".join(one) + "\n" + ",".join(one.values()) + "\n", "utf-8")
        done = import_cases(own, path)
        assert (done.new, done.rejected) == (1, 0), (more, done.rejects)
        assert import_cases(own, path).same == 1
    zone = own.town.grids["g1"].zone
    found = [(case.grid, case.zone, case.station, case.lon) for case in cases_of(own)]
    assert found == [("g1", zone, own.town.zones[zone].station, 121_056_960)] * len(STATES)


def test_on_a_sketch_the_committee_decides(load: Load, desk: Desk) -> None:
    load([cells(AT, 地点="西湖新村")])
    assert only(desk).grid == "g2"


def test_a_position_outside_all_outlines_leaves_it_to_the_committee(own: Desk, tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    one = cells((121.2, 31.1), 地点="西湖新村")
    path.write_text(",".join(one) + "\n" + ",".join(one.values()) + "\n", "utf-8")
    assert import_cases(own, path).new == 1
    assert (only(own).grid, only(own).lon) == ("g2", 121_200_000)
