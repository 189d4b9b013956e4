"""`zjj case nearby` and what `zjj case new` says of duplicates: what scripts and people read."""

from typing import Any

CANDIDATE = {
    "unit", "unit_zh", "person", "person_zh", "distance_m", "where", "where_zh", "busy", "reason_zh", "reason_en",
}  # fmt: skip


def made(zjj: Any) -> Any:
    """1001 closed, 1002 with team 1 on the scene, 1003 the same matter again."""
    steps = (
        "xj dhj zd 3 xc",
        "zc 1001 1",
        "xj dhj tx 1 dh y1 桥头塌了一块 0000-0001234",
        "qs 1002",
        "dd 1002",
        "xj dhj tx 1 dh",
    )
    for minute, line in enumerate(steps):
        zjj.at(f"03-01 22:0{minute}")("do", line)
    return zjj


def test_R71_case_new_warns_of_what_may_be_the_same_and_makes_the_case_all_the_same(bare: Any) -> None:
    new = ("case", "new", "--place", "dhj", "--category", "tx", "--text", "桥头塌了一块 0000-0001234")
    first = bare.at("03-01 22:00")(*new)
    assert first["data"]["similar"] == []
    second = bare.at("03-01 22:03")(*new, "--reporter", "示例甲", "--phone", "0000-0009")
    third = bare.at("03-01 22:05")(*new)
    assert third["code"] == 0 and third["data"]["case"]["handle"] == "1003"
    assert [one["case"] for one in third["data"]["similar"]] == ["1002", "1001"]
    told = third["data"]["similar"][0]
    assert told.keys() >= {"case", "state", "category", "distance_m", "reported_at", "lead", "text"}
    assert not {"reporter", "phone"} & told.keys() and "0001234" not in told["text"]
    assert any(warning.startswith("疑似重复: 1002 路面塌陷") for warning in third["warnings"])
    assert not any(warning.startswith("疑似重复") for warning in first["warnings"])
    assert second["data"]["preview_zh"].startswith("新建 1002") and "疑似" not in second["data"]["preview_zh"]


def test_R71_the_warning_goes_to_stderr_and_the_sentence_names_the_case(bare: Any) -> None:
    bare.at("03-01 22:00")("do", "xj dhj tx 1 dh")
    code, out, err = bare.run("case", "new", "--place", "dhj", "--category", "tx")
    assert code == 0
    assert out.rstrip().endswith("；疑似重复 1001")
    assert "疑似重复: 1001 路面塌陷 东湖街 同村居" in err


def test_case_nearby_gives_place_duplicates_history_and_candidates(bare: Any) -> None:
    data = made(bare).data("case", "nearby", "1003")
    assert (data["case"], data["place"], data["grid"], data["station"], data["map"]) == (
        "1003", "东湖街", "g1", "z1", "schematic",
    )  # fmt: skip
    assert [one["case"] for one in data["similar"]] == ["1002"]
    assert [one["case"] for one in data["history"]] == ["1001"]
    assert data["history"][0]["result"] and data["history"][0]["result_zh"] != data["history"][0]["result"]
    assert data["counts"] == {"zd": 1}
    assert all(one.keys() >= CANDIDATE for one in data["candidates"])
    team = next(one for one in data["candidates"] if one["unit"] == "y1")
    assert (team["where"], team["where_zh"], team["busy"], team["schematic"]) == ("scene", "1002现场", 1, True)
    free = next(one for one in data["candidates"] if one["unit"] == "y2")
    assert (free["where"], free["distance_m"], free["busy"]) == (None, None, 0)
    assert all(one["reason_en"].isascii() for one in data["candidates"])


def test_case_nearby_looks_as_far_back_as_it_is_told(bare: Any) -> None:
    made(bare).at("03-05 22:00")
    assert len(bare.data("case", "nearby", "1003")["history"]) == 1
    assert bare.data("case", "nearby", "1003", "--days", "2")["history"] == []
    assert bare.data("case", "nearby", "1003", "--radius", "500")["radius"] == 500


def test_case_nearby_is_read_in_either_language(bare: Any) -> None:
    zh = made(bare).read("case", "nearby", "1003")
    assert "1003 东湖街 G1 一站 (示意图)" in zh
    assert "同处(示意，1002现场)" in zh
    en = bare.read("--lang", "en", "case", "nearby", "1003")
    assert "same place (schematic, on the scene of 1002)" in en
    assert not any(word in en for word in ("疑似", "现场", "夜间", "往事"))


def test_case_nearby_of_an_unknown_case_is_not_found(bare: Any) -> None:
    bare("case", "nearby", "9999", code=6)
