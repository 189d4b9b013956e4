"""One table of verbs: codes, aliases, keys and what they lead to (§3.3, §3.4)."""

import pytest

from zjj_console.desk import duty_verbs
from zjj_console.domain.lifecycle import BY_ACTION
from zjj_console.verbs.parse import Parsed, Problem, parse
from zjj_console.verbs.table import BY_WORD, GROUP_ZH, VERBS

SPEC = [
    "xj",
    "sl",
    "pd",
    "jp",
    "qs",
    "dd",
    "tj",
    "hc",
    "fg",
    "td",
    "gp",
    "yq",
    "gz",
    "hf",
    "db",
    "sj",
    "yn",
    "hs",
    "xt",
    "zc",
    "bb",
    "cf",
    "cz",
    "ck",
    "zf",
    "bz",
    "th",
    "zb",
    "fl",
    "xl",
    "gj",
    "sp",
    "zd",
    "zz",
    "jz",
    "dc",
    "qd",
    "qt",
    "tb",
    "bl",
    "jj",
    "jr",
    "dw",
    "kh",
    "ss",
    "cx",
    "tq",
    "zh",
    "bj",
]


def test_every_verb_of_the_grammar_is_there_with_a_two_letter_code_of_its_own():
    codes = [verb.code for verb in VERBS]
    assert len(SPEC) == 49
    assert set(SPEC) <= set(codes)
    assert len(set(codes)) == len(codes)
    assert all(len(code) == 2 and code.isascii() and code.isalpha() and code.islower() for code in codes)


def test_codes_aliases_and_names_never_collide():
    words = [word for verb in VERBS for word in (verb.code, verb.alias, verb.zh)]
    assert len(set(words)) == len(words) == len(BY_WORD)
    assert len({verb.id for verb in VERBS}) == len(VERBS)


@pytest.mark.parametrize("verb", VERBS, ids=lambda v: v.code)
def test_a_verb_has_words_in_both_languages_a_group_and_leads_somewhere(verb):
    assert verb.zh
    assert verb.en.isascii()
    assert verb.group in GROUP_ZH
    assert verb.usage.startswith(verb.code)
    known = set(BY_ACTION) | {"report", "undo"}
    assert set(verb.actions) <= known
    assert bool(verb.later) or bool(verb.actions) or verb.id in ("search", "unit", "why") or verb.id in duty_verbs.ACTS
    for kind in verb.takes:
        if kind.startswith("reason:"):
            assert kind.removeprefix("reason:").rstrip("?") in {
                "screen", "fc", "reassign", "rework", "return", "extend", "suspend", "reopen", "void", "call",
                "trigger", "support",
            }  # fmt: skip


@pytest.mark.parametrize("verb", VERBS, ids=lambda v: v.code)
def test_the_example_of_a_verb_can_be_read(verb, town, clock):
    done = parse(verb.example, town, clock.now)
    assert isinstance(done, Parsed), done
    assert done.verb is verb
    assert done.missing == ()
    for word in (verb.alias, verb.zh):
        assert parse(verb.example.replace(verb.code, word, 1), town, clock.now) == done


def test_every_row_of_the_life_cycle_is_some_verbs(town):
    reached = {action for verb in VERBS for action in verb.actions}
    assert set(BY_ACTION) - reached == set()


def test_token_sets_are_disjoint(town):
    """Priority, source and unit tokens never mean two things in one line (P-140)."""
    sets = [{"1", "2", "3", "4"}, set(town.source_by_token), set(town.unit_by_token)]
    for i, one in enumerate(sets):
        for other in sets[i + 1 :]:
            assert not one & other


def test_a_question_mark_explains_a_verb(town, clock):
    for line in ("? pd", "?pd", "？pd", "？ 派单"):
        shown = parse(line, town, clock.now)
        assert isinstance(shown, Problem)
        assert shown.exit == 0
        assert "pd 1042 y1" in shown.zh
