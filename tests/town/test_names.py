"""Names without an input method (§3.5): the vectors, the auto-accept rule, Chinese names and suggestions."""

import pytest

from zjj_console.town import names
from zjj_console.town.models import Named, Town


def chosen(index: names.Index, query: str) -> str | None:
    found = index.resolve(query).found
    return found.name if found else None


def listed(index: names.Index, query: str) -> set[str]:
    return {name.name for name in index.resolve(query).candidates}


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("dhj", "东湖街"),
        ("dhsq", "淀湖社区"),
        ("shajd", "沙家埭村"),
        ("shengjd", "盛家埭村"),
        ("xuej", "薛间村"),
        ("xiaoj", "小江村"),
        ("sxc", "沈巷村"),
        ("tady", "泰安第一社区"),
        ("tade", "泰安第二社区"),
        ("zjw", "张家圩村"),
        ("zmc", "张马村"),
        ("xhxc", "西湖新村"),
        ("sc", "水产村"),
    ],
)
def test_place_vectors(town: Town, query: str, name: str) -> None:
    assert chosen(names.places(town), query) == name


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("sjd", {"沙家埭村", "盛家埭村"}),
        ("sjdc", {"沙家埭村", "盛家埭村"}),
        ("xj", {"小江村", "薛间村"}),
        ("sx", {"沈巷", "沈巷村"}),
        ("cx", {"沈巷", "沈巷村"}),
        ("dh", {"东湖街", "淀湖社区"}),
        ("ta", {"泰安第一社区", "泰安第二社区"}),
        ("shenxiang", {"沈巷", "沈巷村"}),
    ],
)
def test_collisions_are_listed_and_never_picked(town: Town, query: str, expected: set[str]) -> None:
    assert chosen(names.places(town), query) is None
    assert listed(names.places(town), query) == expected


@pytest.mark.parametrize(
    ("query", "name"), [("pcs", "派出所"), ("yjy", "应急一队"), ("yje", "应急二队"), ("sc", "市场所"), ("z3", "三站")]
)
def test_unit_vectors_live_in_their_own_namespace(town: Town, query: str, name: str) -> None:
    assert chosen(names.units(town), query) == name


def test_disabled_departments_cannot_be_named(town: Town) -> None:
    assert names.units(town).resolve("bm06") == names.Resolution(None)


def test_curated_other_readings_are_heard(town: Town) -> None:
    assert chosen(names.places(town), "zjx") == "张家圩村"
    assert chosen(names.places(town), "zhc") == "张巷村"


@pytest.mark.parametrize("query", ["DHJ", " dhj ", "ｄｈｊ", "310118102003", "东湖街", "东湖街居委会"])
def test_case_width_code_and_chinese_name_all_lead_to_the_place(town: Town, query: str) -> None:
    assert chosen(names.places(town), query) == "东湖街"


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("沈巷", "沈巷"),
        ("沈巷居委会", "沈巷"),
        ("沈巷村", "沈巷村"),
        ("沈巷村委会", "沈巷村"),
        ("沈巷村村委会", "沈巷村"),
    ],
)
def test_the_two_of_one_name_are_kept_apart_in_chinese(town: Town, query: str, name: str) -> None:
    assert chosen(names.places(town), query) == name


def test_category_resolves_by_token_first(town: Town) -> None:
    index = names.categories(town)
    assert chosen(index, "js") == "道路积水"
    assert chosen(index, "ld") == "路灯"
    assert chosen(index, "bllj") == "暴露垃圾"
    assert chosen(index, "blj") == chosen(index, "暴露垃圾") == "暴露垃圾"
    assert town.category_by_token["zy"].priority == 1


def test_person_is_found_by_work_number_or_pinyin(town: Town) -> None:
    assert chosen(names.people(town), "0312") == town.people["0312"].name
    assert names.people(town).resolve("ly").found == names.people(town).resolve("李乙").found


def test_ranks_are_in_the_order_of_the_rule() -> None:
    lake = Named("1", "东湖街", "dong hu jie", core=2)
    word = names.readings(lake)
    ranks = {q: names.rank(q, lake, word) for q in ("dhj", "donghujie", "dh", "donghu", "d", "dohuj", "hj", "dhjx")}
    assert ranks == {"dhj": 0, "donghujie": 0, "dh": 1, "donghu": 1, "d": 2, "dohuj": 3, "hj": None, "dhjx": None}


def test_a_lone_beginning_is_offered_but_not_taken() -> None:
    index = names.Index([Named("1", "甲乙丙村", "jia yi bing cun", core=3)])
    for query in ("j", "jy", "jiay"):
        assert chosen(index, query) is None and listed(index, query) == {"甲乙丙村"}
    assert chosen(index, "jiayb") == "甲乙丙村"


def test_a_sure_name_wins_over_mixed_ones() -> None:
    index = names.Index([Named("1", "山海", "shan hai"), Named("2", "沙河海", "sha he hai")])
    assert listed(index, "sh") == {"山海", "沙河海"}
    assert chosen(index, "sh") == "山海"


def test_empty_query_finds_nothing(town: Town) -> None:
    assert names.places(town).resolve(" ") == names.Resolution(None)


def test_exact_initial_collisions_of_the_public_list(town: Town) -> None:
    groups = names.collisions(names.places(town).names)
    assert {initials: {n.name for n in group} for initials, group in groups.items()} == {
        "sjdc": {"沙家埭村", "盛家埭村"},
        "xjc": {"小江村", "薛间村"},
    }


def test_nearest_helps_with_a_wrong_character(town: Town) -> None:
    known = [name.name for name in names.places(town).names]
    assert names.nearest("沙加埭", known)[0] == "沙家埭村"
    assert names.nearest("沙加埭村村民委员会", known)[0] == "沙家埭村"
    assert names.nearest("东胡街居委会", known)[0] == "东湖街"
    assert names.nearest("zzzz", known) == []
    assert len(names.nearest("东湖", known, n=2)) == 2


def test_indexes_are_made_once_per_town(town: Town, second_town: Town) -> None:
    assert names.places(town) is names.places(town)
    assert names.places(town) is not names.places(second_town)
