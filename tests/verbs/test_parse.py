"""The command line (§3.4, §3.5): folded, free in order, never guessing, never crashing."""

import unicodedata
from itertools import permutations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from zjj_console.domain.safe import safe_text
from zjj_console.town import names
from zjj_console.verbs.parse import Parsed, Problem, instant, parse
from zjj_console.verbs.table import VERBS


@pytest.fixture
def read(town, clock):
    def run(line):
        done = parse(line, town, clock.now)
        assert isinstance(done, Parsed), done
        return done

    return run


@pytest.fixture
def unread(town, clock):
    def run(line):
        done = parse(line, town, clock.now)
        assert isinstance(done, Problem), done
        assert done.zh
        assert done.en
        return done

    return run


def wide(text):
    return "".join("　" if c == " " else chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


@pytest.mark.parametrize("verb", VERBS, ids=lambda v: v.code)
def test_a_full_width_line_equals_its_ascii(verb, town, clock):
    example = parse(verb.example, town, clock.now)
    done = parse(wide(";" + verb.example), town, clock.now)
    if "text" in getattr(example, "args", {}) or "words" in getattr(example, "args", {}):
        assert done.verb is example.verb  # free text keeps the width that was typed
        assert {k: v for k, v in done.args.items() if k not in ("text", "words")} == {
            k: v for k, v in example.args.items() if k not in ("text", "words")
        }
    else:
        assert done == example


def test_full_width_line_of_the_specification(read):
    assert read("；ｘｊ　ｄｈｊ　ｚｙ　１　１１０　ｙ１") == read(";xj dhj zy 1 110 y1")


@pytest.mark.parametrize(
    ("typed", "listed"),
    [("sjd", {"沙家埭村", "盛家埭村"}), ("xj", {"小江村", "薛间村"}), ("sx", {"沈巷", "沈巷村"}), ("cx", {"沈巷", "沈巷村"})],
)  # fmt: skip
def test_3_5_collisions_list_and_never_pick(unread, typed, listed):
    done = unread(f"xj {typed} js 3 桥边")
    assert (done.exit, done.field) == (3, "place")
    assert {choice.label for choice in done.choices} == listed
    assert [choice.digit for choice in done.choices] == [str(n) for n in range(1, len(listed) + 1)]
    for choice in done.choices:
        assert choice.insert.startswith("xj ")
        assert choice.insert.endswith("js 3 桥边")


@pytest.mark.parametrize(
    ("typed", "name"),
    [("dhj", "东湖街"), ("dhsq", "淀湖社区"), ("shajd", "沙家埭村"), ("shengjd", "盛家埭村"), ("xuej", "薛间村"),
     ("xiaoj", "小江村"), ("sxc", "沈巷村"), ("tady", "泰安第一社区"), ("tade", "泰安第二社区"), ("zjw", "张家圩村")],
)  # fmt: skip
def test_3_5_names_that_only_one_place_can_mean(read, town, typed, name):
    assert town.committees[read(f"xj {typed} js").args["committee"]].name == name


def test_a_choice_makes_a_line_that_can_be_read(unread, read, town):
    for choice in unread("xj sjd js 3").choices:
        assert town.committees[read(choice.insert).args["committee"]].name == choice.label


@pytest.mark.parametrize("order", list(permutations(("1", "110", "y1"))))
def test_arguments_come_in_any_order(read, order):
    assert read("xj dhj zy " + " ".join(order)).args == read("xj dhj zy 1 110 y1").args


@pytest.mark.parametrize("order", list(permutations(("y", "2d", "r3"))))
def test_arguments_of_an_extension_come_in_any_order(read, order):
    assert read("yq 1028 " + " ".join(order)).args == read("yq 1028 y 2d r3").args


def test_assistants_follow_the_lead_in_the_order_typed(read):
    assert read("pd 1033 sc cg pcs").args == {"unit": "sc", "assists": ("cg", "pcs")}


def test_places_and_units_have_separate_names(read, town):
    done = read("xj sc js 3 sc")
    assert town.committees[done.args["committee"]].name == "水产村"
    assert done.args["unit"] == "sc"


@pytest.mark.parametrize(
    "text", ["桥栏杆断裂，约３米；见　ＡＢＣ楼", "No. 7 “北”门", "[b]不是标记[/b]", "50% ± 1", "①②③"]
)
def test_free_text_keeps_its_own_characters(read, text):
    assert read(f"bz 1042 {text}").args["text"] == " ".join(text.split())


def test_text_begins_at_the_first_token_that_is_in_no_set(read):
    assert read("xj dhj zy 桥断 1 110 y1").args["text"] == "桥断 1 110 y1"
    assert "unit" not in read("xj dhj zy 桥断 1 110 y1").args


def test_a_pending_place_is_said_so(read):
    for word in ("-", "待定", "地点待定", "－"):
        assert read(f"xj {word} zy 1").args["committee"] == ""


@pytest.mark.parametrize("target", ["1042", "B1042", "b1042", "@X-1", "ZJJ2021-A-01042", "zjj2021-a-01042"])
def test_a_case_has_several_names(read, target):
    assert read(f"sl {target}").target == target
    assert read(target).verb.id == "open"


def test_a_dot_is_the_selected_case(read):
    assert (read("pd . y1").target, read("pd . y1").args) == ("", {"unit": "y1"})


def test_unknown_verb_lists_what_is_near_with_digits(unread):
    done = unread("px 1042")
    assert (done.code, done.exit) == ("E_VERB", 2)
    assert [c.insert for c in done.choices] == ["pd 1042"]
    assert unread("").exit == 2


def test_unknown_place_executes_nothing_and_lists_the_nearest(unread):
    done = unread("xj 东胡街 zy")
    assert (done.code, done.exit) == ("E_PLACE_UNKNOWN", 3)
    assert "东湖街" in {c.label for c in done.choices}
    assert unread("xj qqqq zy").field == "place"


def test_unknown_unit_and_category_are_named(unread):
    assert unread("pd 1042 qqq").field == "unit"
    assert unread("gp 1042 qqq").field == "unit"
    assert unread("xj dhj qqqq").field == "category"


def test_a_later_part_still_answers_in_words():
    for verb in VERBS:
        assert not verb.later or verb.later.endswith("提供")


@pytest.mark.parametrize(
    ("line", "args"),
    [
        ("hc 1044 1", {"yn": "y"}), ("hc 1044 2 3", {"yn": "n", "reason": "photo_mismatch"}), ("hc 1044 y", {"yn": "y"}),
        ("hc 1044 通过", {"yn": "y"}), ("td 1046 n 2", {"yn": "n", "reason": "not_our_area"}),
        ("td 1046 y 1", {"yn": "y", "reason": "wrong_dispatch"}), ("td 1046 1", {"reason": "not_ours"}),
        ("tj 1042 1", {"result": "rectified"}), ("pd 1042 2", {"candidate": 2}), ("yn 1009 n1", {"criterion": "no_lead"}),
        ("gp 1046 y1 r2", {"unit": "y1", "reason": "no_capacity"}), ("zc 1053 n", {"yn": "n"}),
        ("zc 1053 2", {"result": "cleaned"}), ("sl 1051 2", {"priority": 2}), ("cf 1061 1055", {"master": "1055"}),
        ("xl 1042 1", {"reason": "reached"}), ("th 1042 2", {"reason": "no_answer"}),
    ],
)  # fmt: skip
def test_digits_mean_what_the_verb_takes(read, line, args):
    assert read(line).args == args


@pytest.mark.parametrize(
    ("token", "until"),
    [
        ("30m", "2021-03-01 23:54"), ("2h", "2021-03-02 01:24"), ("2d", "2021-03-03 23:24"), ("0318", "2021-03-18 23:59"),
        ("0301", "2021-03-01 23:59"), ("0228", "2022-02-28 23:59"), ("20211231", "2021-12-31 23:59"),
    ],
)  # fmt: skip
def test_durations_and_dates(town, clock, token, until):
    assert clock.text(instant(token, town, clock.now)) == until


@pytest.mark.parametrize(
    "token", ["0230", "1301", "0000", "99991231", "123", "2w", "d2", "12345", "-2d", "２ｄ日", "00000101"]
)
def test_what_is_no_date_is_no_date(town, clock, token):
    assert instant(token, town, clock.now) is None


def test_a_case_token_is_never_longer_than_a_number_can_be(read, unread):
    """Nothing typed may overflow a column."""
    unread("9" * 30)
    assert read("bz " + "9" * 30).target == ""
    assert "related" not in read("xj dhj zy rel=" + "9" * 30).args
    assert read("xj dhj zy rel=1042").args["related"] == "1042"


# Nothing crashes --------------------------------------------------------------------------------------------------

CODES = [v.code for v in VERBS]
TOKENS = st.one_of(
    st.sampled_from(
        [*CODES, "1001", "1002", "B1042", ".", "y", "n", "1", "2", "9", "r1", "r9", "n1", "n2", "2d", "30m", "0318", "y1",
         "z1", "cg", "sc", "bm06", "v01", "dhj", "sjd", "-", "zy", "js", "110", "rel=1001", "rel=", "rel=²", "@x", "?", "？pd",
         "99991231", "00010101", "9999d", "9" * 25, "٣", "፩፩", "²", "½"]
    ),
    st.text(max_size=8),
    st.text(alphabet=st.characters(codec=None), max_size=6),
)  # fmt: skip
LINES = st.one_of(
    st.lists(TOKENS, max_size=7).map(" ".join),
    st.builds(lambda code, rest: " ".join([code, *rest]), st.sampled_from(CODES), st.lists(TOKENS, max_size=5)),
    st.text(alphabet=st.characters(codec=None), max_size=60),
)


@settings(max_examples=1500)
@given(line=LINES)
@example(line="\ud800")
@example(line="yq 1001 99991231 r1")
def test_no_line_crashes_the_parser(town, clock, line):
    done = parse(line, town, clock.now)
    assert isinstance(done, Parsed | Problem)
    if isinstance(done, Parsed):
        assert done.args.get("text", "") == safe_text(done.args.get("text", ""))
        assert "unit" not in done.args or done.args["unit"] in town.units
    else:
        for said in (done.zh, done.en, *(c.insert for c in done.choices)):
            assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in said)


@settings(max_examples=300)
@given(line=LINES)
@example(line="sl " + "9" * 25)
@example(line="\ud800 bz")
def test_no_line_crashes_the_preview_and_no_preview_writes(desk, line):
    if desk.case("1001") is None:
        assert desk.run_line("xj dhj js 3").ok
        assert desk.run_line("pd 1001 cg").ok
    before = desk.reader.execute("SELECT count(*), max(lseq) FROM event").fetchone(), desk._data_version()
    for lang in ("zh", "en"):
        desk.lang = lang
        shown = desk.preview(line, selected="1001")
        assert isinstance(shown.text, str)
        assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in shown.text)
    assert (desk.reader.execute("SELECT count(*), max(lseq) FROM event").fetchone(), desk._data_version()) == before


@settings(max_examples=200)
@given(query=st.text(alphabet=st.characters(codec=None), max_size=12))
def test_no_name_crashes_the_index(town, query):
    for index in (names.places(town), names.units(town), names.categories(town), names.people(town)):
        found = index.resolve(query)
        assert found.found is None or found.found in found.candidates
