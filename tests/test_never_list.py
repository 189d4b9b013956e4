"""The list of what must never happen (§3.7): each number has a test of its name that runs in every `make test`.

A test that is skipped, expected to fail, slow, or needs a program that may be missing (tmux) proves a number only beside another.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
NEVER = {
    1: "a lost case", 2: "a silent timer", 3: "a double dispatch", 4: "focus stolen while typing", 5: "acting on the wrong row",
    6: "a wrong place by homonym", 7: "a gap or an overlap of custody", 8: "a clock parked by a request", 9: "time travel",
    10: "meaning by colour alone", 11: "a message believed sent", 12: "a message twice after a retry",
    13: "confusion of who acted", 14: "a history rewritten", 15: "a screen unusable at 80x24",
    16: "a table out of line on a CJK terminal", 17: "a placeholder taken for a fact", 18: "first priority behind paging",
    19: "personal data in an export", 20: "the night team blamed for the day's clock",
}  # fmt: skip
ELSEWHERE: dict[int, str] = {}  # numbers that do not concern the desk, each with its reason; there are none
CONDITIONAL = {"skip", "skipif", "xfail", "slow", "tmux"}


def marks(nodes: list[ast.expr]) -> set[str]:
    """Names of the pytest marks in a test, its decorators and its calls of `pytest.skip`, or in a value of `pytestmark`."""
    found = (n.attr for node in nodes for n in ast.walk(node) if isinstance(n, ast.Attribute))
    return CONDITIONAL & set(found)


def of_module(tree: ast.Module) -> set[str]:
    values = [n.value for n in tree.body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "pytestmark"]
    return marks(values)


def proofs(source: str) -> Iterator[tuple[int, str, bool]]:
    """Number, name, and whether the test runs everywhere, of each test of the list in a file."""
    tree = ast.parse(source)
    shared = of_module(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            number = re.match(r"test_NV_(\d+)_[a-zA-Z]", node.name)
            if number:
                yield int(number[1]), node.name, not (shared | marks([node]))


FOUND: defaultdict[int, list[tuple[str, str, bool]]] = defaultdict(list)
for path in sorted(TESTS.rglob("test_*.py")):
    text = path.read_text("utf-8")
    if "test_NV_" in text and path != Path(__file__):
        for of, name, always in proofs(text):
            FOUND[of].append((str(path.relative_to(TESTS)), name, always))


@pytest.mark.parametrize("number", NEVER, ids=[f"NV-{n}" for n in NEVER])
def test_every_number_of_the_never_list_has_a_test_of_its_name_that_always_runs(number: int) -> None:
    assert any(always for _, _, always in FOUND[number]) or number in ELSEWHERE, NEVER[number]


def test_no_test_claims_a_number_that_the_list_does_not_have() -> None:
    assert {number: tests for number, tests in FOUND.items() if number not in NEVER and tests} == {}


def test_a_test_that_is_skipped_slow_or_bound_to_a_program_does_not_count() -> None:
    plain = "def test_NV_1_x():\n    pass\n"
    assert list(proofs(plain)) == [(1, "test_NV_1_x", True)]
    for mark in ("pytest.mark.skip", 'pytest.mark.skipif(True, reason="")', "pytest.mark.xfail", "pytest.mark.slow"):
        assert list(proofs(f"@{mark}\n{plain}")) == [(1, "test_NV_1_x", False)]
    assert list(proofs(f"pytestmark = pytest.mark.tmux\n{plain}")) == [(1, "test_NV_1_x", False)]
