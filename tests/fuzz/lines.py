"""Bytes as a line of the console on a small desk: read, shown what it would do, and done, without ever being kept."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from unittest.mock import patch

from tests.conftest import Hands, actor_of
from zjj_console.desk import desk as desks
from zjj_console.desk.desk import Desk
from zjj_console.desk.outcome import Outcome
from zjj_console.domain.safe import steers
from zjj_console.storage import setup
from zjj_console.storage.db import Connection, writing
from zjj_console.town.load import builtin, load_town
from zjj_console.verbs.parse import Parsed, Problem, parse
from zjj_console.verbs.table import VERBS

NAME = "lines"
_CODES = {0, 2, 3, 5, 6, 7, 8}
_BEFORE = (
    "xj dhj js 3 cg", "xj zy blj 2", "xj dhj js 1 110 桥栏断裂", "xj dhj zd 4", "pd 1001 cg", "qs 1001", "pd 1002 sc", "xl 1003 1", "gd 1002 1003", "tj 1001 1",
)  # fmt: skip


class _Kept(Exception):
    """Leaves a transaction that a line would have kept."""


@contextlib.contextmanager
def _undone(db: Connection) -> Iterator[Connection]:
    with contextlib.suppress(_Kept), writing(db):
        yield db
        raise _Kept


@cache
def _desk() -> Desk:
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="zjj-fuzz-", dir=memory if os.access(memory, os.W_OK) else None))
    town = load_town(builtin())
    setup.create(folder / "zjj.db", town.code)
    hands = Hands(town)
    desk = Desk(folder / "zjj.db", town, actor_of(town, "0001"), hands)
    for line in _BEFORE:
        desk.run_line(line, confirmed=True)
        hands.later(seconds=1)
    assert desk.case("1001") is not None
    return desk


def prepare() -> None:
    for data in corpus():
        one(data)


def corpus() -> list[bytes]:
    lines = [
        *_BEFORE,
        *(verb.example for verb in VERBS),
        *(verb.code for verb in VERBS),
        *(f"?{verb.code}" for verb in VERBS),
    ]
    lines += [f"{verb.code} 1001 {rest}" for verb in VERBS for rest in ("", "1", "cg 2h x", "y", "0302 0900")]
    return [bytes([n % 5]) + line.encode() for n, line in enumerate(dict.fromkeys(lines))]


def words() -> list[str]:
    town = load_town(builtin())
    said = [word for verb in VERBS for word in (verb.code, verb.alias, verb.zh)]
    said += [c.py.replace(" ", "") for c in town.committees.values()][:20] + [
        t for u in town.units.values() for t in u.tokens
    ]
    return [
        *dict.fromkeys(w for w in said if w),
        "1001",
        "1002",
        "1003",
        "rel=",
        "ext=",
        "@",
        "2h",
        "3d",
        "0302",
        "23:59",
        "e1",
        ".",
        "？",
        "；",
        "\u3000",
    ]


def _clean(*texts: str) -> None:
    for text in texts:
        assert not steers(text), ascii(text)


def one(data: bytes) -> None:
    """Whatever is typed: an answer of the table in words, nothing written by looking, and what the preview offers can be read."""
    if not data:
        return
    desk, line = _desk(), data[1:].decode("utf-8", "surrogateescape")
    selected = "" if data[0] % 4 == 0 else getattr(desk.case(f"100{data[0] % 4}"), "id", "")
    now = desk.facts().now
    read = parse(line, desk.town, now)
    if isinstance(read, Problem):
        assert read.exit in _CODES and read.zh and read.en, read
        _clean(read.zh, read.en)
    else:
        assert isinstance(read, Parsed)
    before = desk.reader.total_changes, desk._writer.total_changes
    shown = desk.preview(line, selected)
    assert (desk.reader.total_changes, desk._writer.total_changes) == before, "a preview has written"
    _clean(shown.text, shown.confirm, shown.fill, shown.hint, *(c.label + c.insert for c in shown.choices))
    assert shown.code in _CODES and (shown.text or shown.choices), shown
    for choice in shown.choices:
        parse(choice.insert, desk.town, now)
    with patch.object(desks, "writing", _undone), patch.object(desk, "_last", desk._last):
        done = desk.run_line(line, selected, confirmed=data[0] & 0x80 != 0)
    _told(done)
    assert not desk._writer.in_transaction
    assert done.ok or shown.code or shown.confirm or not shown.ok or done.code in _CODES, (shown, done)


def _told(done: Outcome) -> None:
    assert done.code in _CODES and done.ok == (done.code == 0), done
    assert done.text, done
    _clean(done.text, done.preview, done.line, *(c.label + c.insert for c in done.choices))
    for case in (done.case,) if done.case else ():
        _clean(case.text, case.reporter, case.phone, case.result_text)
