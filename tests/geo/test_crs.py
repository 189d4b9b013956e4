"""Systems of coordinates: against published positions, and there and back."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zjj_console.geo import CRS_CODES
from zjj_console.geo.crs import GAUSS, SYSTEMS, ZONE, from_wgs84, to_wgs84
from zjj_console.geo.mercator import FLATTENING, SEMI_MAJOR
from zjj_console.geo.shapes import metres

CENTRE = (121.05696, 31.10757)  # of the town, WGS-84
KNOWN = {  # the same place, as four public libraries and one public table say it; and how many units they agree within
    "wgs84": ((121.05696, 31.10757), 1e-9),
    "gcj02": ((121.061515, 31.105630), 2e-6),
    "bd09": ((121.067981, 31.111840), 2e-6),
    "cgcs2000": ((121.05696, 31.10757), 1e-9),
    "shanghai": ((-39133.0, -14104.0), 1.0),
}
china = st.tuples(st.floats(73.5, 136.0), st.floats(3.0, 53.0))
town = st.tuples(st.floats(120.8, 121.4), st.floats(30.9, 31.4))


@pytest.mark.parametrize("crs", KNOWN)
def test_the_town_centre_is_where_others_have_it(crs: str) -> None:
    at, close = KNOWN[crs]
    assert from_wgs84(crs, *CENTRE) == pytest.approx(at, abs=close)
    assert metres(to_wgs84(crs, *at), CENTRE) < 1


def test_every_system_has_a_known_position() -> None:
    assert KNOWN.keys() == SYSTEMS.keys() and tuple(SYSTEMS) == CRS_CODES
    assert [s.code for s in SYSTEMS.values() if s.approximate] == ["shanghai"]


def test_a_public_sample_of_the_city_plane_lies_in_its_town() -> None:
    assert to_wgs84("shanghai", -26463.84, -9090.60) == pytest.approx((121.18963, 31.15314), abs=1e-5)


@given(st.sampled_from(sorted(SYSTEMS)), china)
def test_there_and_back_within_a_billionth_of_a_degree(crs: str, at: tuple[float, float]) -> None:
    if not SYSTEMS[crs].plane:
        assert to_wgs84(crs, *from_wgs84(crs, *at)) == pytest.approx(at, abs=1e-9)


@given(town)
def test_planes_there_and_back_within_a_millimetre(at: tuple[float, float]) -> None:
    x, y = GAUSS.forward(*at)
    for told in (from_wgs84("shanghai", *at), (x, y), (x + ZONE, y)):
        crs = "shanghai" if abs(told[0]) < 150_000 else "cgcs2000"
        assert metres(to_wgs84(crs, *told), at) < 0.001


def test_northing_on_the_central_meridian_is_the_length_of_the_meridian() -> None:
    """Simpson's rule over the radius of curvature, which knows nothing of the series."""
    e2, steps = FLATTENING * (2 - FLATTENING), 2000
    end = math.radians(31.0)

    def radius(angle: float) -> float:
        return SEMI_MAJOR * (1 - e2) / (1 - e2 * math.sin(angle) ** 2) ** 1.5

    weights = [1, *(4 if n % 2 else 2 for n in range(1, steps)), 1]
    length = sum(w * radius(end * n / steps) for n, w in enumerate(weights)) * end / steps / 3
    assert GAUSS.forward(120.0, 31.0) == pytest.approx((500_000.0, length), abs=1e-4)


@given(town)
def test_the_plane_keeps_angles_and_its_known_scale(at: tuple[float, float]) -> None:
    """A step north and a step east stay at right angles, equally stretched by 1 + x2 / 2R2."""
    step = 1e-5
    x, y = GAUSS.forward(*at)
    north, east = GAUSS.forward(at[0], at[1] + step), GAUSS.forward(at[0] + step, at[1])
    up, right = (north[0] - x, north[1] - y), (east[0] - x, east[1] - y)
    assert up[0] * right[0] + up[1] * right[1] == pytest.approx(0, abs=1e-4)
    sine, e2 = math.sin(math.radians(at[1])), FLATTENING * (2 - FLATTENING)
    true = SEMI_MAJOR * (1 - e2) / (1 - e2 * sine * sine) ** 1.5 * math.radians(step)
    assert math.hypot(*up) / true == pytest.approx(1 + (x - 500_000) ** 2 / 2 / 6_371_000**2, abs=1e-6)


@given(st.floats(-180, 180), st.floats(-90, 90))
def test_outside_the_box_of_china_nothing_is_shifted(lon: float, lat: float) -> None:
    if not (72.004 <= lon <= 137.8347 and 0.8293 <= lat <= 55.8271):
        assert from_wgs84("gcj02", lon, lat) == to_wgs84("gcj02", lon, lat) == (lon, lat)
        assert from_wgs84("bd09", lon, lat) == to_wgs84("bd09", lon, lat) == (lon, lat)


@given(st.sampled_from(sorted(SYSTEMS)), st.floats(), st.floats())
def test_any_numbers_give_finite_degrees_or_a_value_error(crs: str, x: float, y: float) -> None:
    try:
        lon, lat = to_wgs84(crs, x, y)
    except ValueError:
        return
    assert math.isfinite(lon) and math.isfinite(lat)


def test_an_unknown_system_is_no_system() -> None:
    with pytest.raises(KeyError):
        to_wgs84("utm", 1, 2)
