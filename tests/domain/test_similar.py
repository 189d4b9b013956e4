"""Which reports may be of one matter (R37, R71): distance, time and kind, whatever the order they come in."""

from hypothesis import given
from hypothesis import strategies as st

from zjj_console.domain.model import HOUR
from zjj_console.domain.similar import Matter, compare, similar
from zjj_console.town.models import Town
from zjj_console.town.near import SimilarRules

RULES = SimilarRules(group_radius={"突发事件": 200})
NOW = 1_614_612_000_000_000
METRE = 1 / 111_320  # of latitude

_WHEN = st.integers(NOW - 100 * HOUR, NOW)
_KIND = st.sampled_from([("tx", "突发事件"), ("rq", "突发事件"), ("zd", "街面秩序")])
_PLACE = st.none() | st.tuples(st.just(121.05), st.floats(31.10, 31.104))
matters = st.builds(
    lambda id, kind, *rest: Matter(str(id), *kind, *rest),
    st.uuids(), _KIND, st.sampled_from(["", "a", "b"]), _PLACE, _WHEN, st.none() | _WHEN,
)  # fmt: skip


def at(metres: float, **more: object) -> Matter:
    fields = {"id": f"{metres}", "category": "zd", "group": "街面秩序", "committee": "a", "reported_at": NOW, **more}
    return Matter(at=(121.05, 31.10 + metres * METRE), **fields)  # type: ignore[arg-type]


@given(matters, matters)
def test_R71_who_is_alike_to_whom_and_how_far_is_the_same_from_both_sides(a: Matter, b: Matter) -> None:
    one, other = compare(a, b, RULES), compare(b, a, RULES)
    assert (one is None) == (other is None)
    assert one is None or other is None or one.metres == other.metres


@given(matters, st.lists(matters, max_size=8), st.randoms(use_true_random=False))
def test_R71_the_order_in_which_the_others_come_changes_nothing(of: Matter, others: list[Matter], dice: object) -> None:
    shuffled = list(others)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    found = similar(of, others, RULES)
    assert found == similar(of, shuffled, RULES)
    known = [one.metres for one in found if one.metres is not None]
    assert known == sorted(known)
    assert [one.metres for one in found][: len(known)] == known  # those without a distance come last


@given(matters)
def test_R71_a_case_is_never_its_own_duplicate(of: Matter) -> None:
    assert similar(of, [of], RULES) == []


def test_R37_the_radius_is_that_of_the_group() -> None:
    assert compare(at(0), at(49), RULES) is not None
    assert compare(at(0), at(52), RULES) is None
    sudden = {"category": "tx", "group": "突发事件"}
    assert compare(at(0, **sudden), at(198, **sudden), RULES) is not None
    assert compare(at(0, **sudden), at(202, **sudden), RULES) is None


def test_R37_another_category_of_the_group_must_be_nearer_and_measured() -> None:
    other = {"category": "kmjy"}
    assert compare(at(0), at(19, **other), RULES) is not None
    assert compare(at(0), at(22, **other), RULES) is None
    blind = Matter("x", "kmjy", "街面秩序", "a", None, NOW)
    assert compare(at(0), blind, RULES) is None
    assert compare(at(0), at(1, category="tx", group="突发事件"), RULES) is None


def test_R37_another_category_never_reaches_further_than_the_radius_of_the_group() -> None:
    narrow = SimilarRules(group_radius={"街面秩序": 10})
    assert compare(at(0), at(9, category="kmjy"), narrow) is not None
    assert compare(at(0), at(12, category="kmjy"), narrow) is None


def test_R01_without_a_position_the_committee_must_be_the_same() -> None:
    here, there, nowhere = (Matter(c, "zd", "街面秩序", c, None, NOW) for c in ("a", "b", ""))
    assert compare(at(0), here, RULES).metres is None  # type: ignore[union-attr]
    assert compare(at(0), there, RULES) is None
    assert compare(nowhere, Matter("y", "zd", "街面秩序", "", None, NOW), RULES) is None


def test_R71_three_days_between_two_reports_or_one_after_the_end_are_too_long() -> None:
    assert compare(at(0), at(1, reported_at=NOW - 72 * HOUR), RULES) is not None
    assert compare(at(0), at(1, reported_at=NOW - 73 * HOUR), RULES) is None
    assert compare(at(0), at(1, reported_at=NOW - 50 * HOUR, ended_at=NOW - 24 * HOUR), RULES) is not None
    assert compare(at(0), at(1, reported_at=NOW - 50 * HOUR, ended_at=NOW - 25 * HOUR), RULES) is None


def test_the_nearest_comes_first_then_the_newest() -> None:
    others = [
        at(30, id="far"),
        at(9, id="old", reported_at=NOW - HOUR),
        at(9, id="new"),
        Matter("blind", "zd", "街面秩序", "a", None, NOW),
    ]
    assert [one.id for one in similar(at(0, id="me"), others, RULES)] == ["new", "old", "far", "blind"]


def test_both_towns_say_their_radii_and_mark_them_as_ours(town: Town, example_town: Town) -> None:
    for one in (town, example_town):
        assert one.similar.mark == "A"
        assert (one.similar.radius, one.similar.radius_of("突发事件"), one.similar.hours) == (50, 200, 72)
        assert set(one.similar.group_radius) <= {category.group for category in one.categories.values()}
