"""What fuzzing asks, in short: the seeds of every target, what was found once, and a few hundred draws of Hypothesis."""

import importlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import lines, readers, rows

TARGETS = ("readers", "lines", "rows")
# Inputs that once ended in a traceback, or broke an invariant: target, bytes.
FOUND: tuple[tuple[str, bytes], ...] = (
    ("lines", b"\x00zh 1001 1"),
)  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def _ready() -> None:
    readers.one(b"\x03\x00")


@pytest.mark.parametrize("name", TARGETS)
def test_every_seed_holds_the_invariants(name: str) -> None:
    target: Any = importlib.import_module(f"tests.fuzz.{name}")
    seeds = target.corpus()
    assert len(seeds) > 10
    for data in seeds:
        target.one(data)


@pytest.mark.parametrize(("name", "data"), FOUND, ids=lambda value: ascii(value)[:60])
def test_what_fuzzing_found_stays_mended(name: str, data: bytes) -> None:
    importlib.import_module(f"tests.fuzz.{name}").one(data)


def spoiled(target: Any) -> st.SearchStrategy[bytes]:
    """A seed with words of the target put in, bytes cut out, or another seed behind it."""
    seed = st.sampled_from(target.corpus())
    piece = st.one_of(
        st.sampled_from([word.encode("utf-8", "surrogatepass") for word in target.words()]), st.binary(max_size=8)
    )

    def put(data: bytes, at: int, out: int, new: bytes) -> bytes:
        at %= len(data) + 1
        return data[:at] + new + data[at + out :]

    return st.builds(put, seed, st.integers(1, 4000), st.integers(0, 40), piece)


@settings(max_examples=150)
@given(data=spoiled(readers))
def test_spoiled_files_hold_the_invariants(data: bytes) -> None:
    readers.one(data)


@settings(max_examples=150)
@given(data=spoiled(lines))
def test_spoiled_lines_hold_the_invariants(data: bytes) -> None:
    lines.one(data)


@settings(max_examples=300)
@given(data=spoiled(rows))
def test_spoiled_rows_hold_the_invariants(data: bytes) -> None:
    rows.one(data)
