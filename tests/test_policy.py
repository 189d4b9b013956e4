"""The claims of the shipped profile: each names tests that exist, and the program shows them."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from zjj_console.town.load import builtin

ROOT = Path(__file__).parent.parent
CLAIMS: list[dict[str, Any]] = tomllib.loads((builtin() / "policy.toml").read_text("utf-8"))["claim"]
KEYS = {"id", "clause", "title", "title_en", "shows", "tests"}


def names_in(file: str) -> set[str]:
    """Names of the test functions of a file, found without running it."""
    path = ROOT / file
    if not path.is_file():
        return set()
    tree = ast.parse(path.read_text("utf-8"))
    functions = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    return {function.name for function in functions if function.name.startswith("test_")}


def test_there_are_claims_and_each_says_what_it_shows() -> None:
    assert CLAIMS
    for claim in CLAIMS:
        assert KEYS <= claim.keys() <= KEYS | {"later"}, claim
        assert all(claim[key] for key in KEYS), claim["id"]


def test_ids_are_unique_and_of_the_71_obligations() -> None:
    ids = [claim["id"] for claim in CLAIMS]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"R\d\d", i) and 1 <= int(i[1:]) <= 71 for i in ids)


def test_every_claimed_test_exists() -> None:
    named = [test.split("::") for claim in CLAIMS for test in claim["tests"]]
    assert [f"{file}::{name}" for file, name in named if name not in names_in(file)] == []


def test_an_invented_test_would_be_noticed() -> None:
    assert "test_that_nobody_wrote" not in names_in("tests/test_policy.py")
    assert names_in("tests/no_such_file.py") == set()


def test_doctor_policy_prints_the_claims() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "zjj_console.cli", "--json", "doctor", "--policy"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    data = json.loads(done.stdout)["data"]
    assert (data["total"], data["claims"]) == (len(CLAIMS), CLAIMS)
