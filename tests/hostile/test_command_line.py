"""Words of a command that are no text, no file, or no end: an exit code of the table and a sentence, at once."""

import io
import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import here
from tests.hostile.test_rows import assert_safe
from tests.intake.conftest import row, text_of


class Screen(io.StringIO):
    """A terminal, as far as anybody asks."""

    def isatty(self) -> bool:
        return True


NOW = {"ZJJ_TEST": "1", "ZJJ_NOW": "2021-03-01T23:24:00+08:00"}
BYTES = "\udcff\udc80"  # what argv holds of bytes that are no UTF-8
LONG = "x" * 300
# words, exit code; {db} is a good database, {pipe} a pipe, {folder} a folder
LINES: tuple[tuple[str, int], ...] = (
    ("--db {db} import cases {bytes}.csv", 6), ("--db {db} import cases {pipe}", 3), ("--db {db} import roster {pipe}", 3),
    ("--db {db} roster import {pipe}", 3), ("--db {db} import signs {folder}", 3), ("--db {db} import cases {long}.csv", 3),
    ("--db {db} import cases {here} --map {pipe}", 3), ("--db {db} import cases {here} --map {folder}", 3),
    ("--db {db} import cases {here} --format {bytes}", 2), ("--db {db} import cases {here} --encoding {bytes}", 2), ("--db {db} import {bytes} x", 2),
    ("--db {db} import cases {here} --rejects {folder}", 3), ("--db {pipe} case list", 2), ("--db {folder} case list", 2), ("--db {long}.db case list", 2),
    ("--profile {pipe} case list", 6), ("--profile {bytes} case list", 6), ("--db {db} --as {bytes} case list", 6), ("--lang {bytes} case list", 2),
    ("--now {bytes} case list", 2), ("--db {db} do {bytes}", 2), ("--db {db} case show {bytes}", 2), ("--db {db} case list --text {bytes}", 2),
    ("--db {db} export cases {folder}", 3), ("--db {db} export cases {long}.csv", 3), ("--db {db} do xj{bytes}", 2),
)  # fmt: skip


@pytest.mark.parametrize("as_json", [False, True])
def test_a_word_that_cannot_be_meant_ends_in_a_sentence(db_path: Path, tmp_path: Path, as_json: bool) -> None:
    folder, pipe, plain = tmp_path / "folder.csv", tmp_path / "pipe.csv", tmp_path / "x.csv"
    folder.mkdir()
    os.mkfifo(pipe)
    plain.write_text("编号,上报时间,地点,类别,描述,来源\n1,x,x,x,x,x\n", "utf-8")
    for line, code in LINES:
        words = [
            word.format(db=db_path, bytes=BYTES, long=tmp_path / LONG, folder=folder, pipe=pipe, here=plain)
            for word in line.split()
        ]
        for language in ("zh", "en"):
            found, out, err = here.run([*(["--json"] if as_json else []), *words], {**NOW, "ZJJ_LANG": language})
            told = out if as_json else err
            assert found == code, (line, found, told)
            assert "Traceback" not in out + err and "E_UNEXPECTED" not in told and "E_" in told, (line, told)
            told.encode("utf-8", "backslashreplace").decode()


@pytest.mark.parametrize(
    "name", [f"{BYTES}.csv", "[link=x][bold red].csv", "a\x1b[2J\u202e\n.csv", "%s{0}.csv", "-.csv", " .csv"]
)
def test_a_file_of_any_name_is_taken_and_told(
    db_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = tmp_path / name
    path.write_text(text_of([row(), row(编号="WX-2", 地点="火星")]), "utf-8")
    code, out, err = here.run(["--db", str(db_path), "--json", "import", "cases", str(path)], NOW)
    told = json.loads(out)
    assert (code, told["data"]["new"], told["data"]["rejected"]) == (4, 1, 1)
    assert Path(told["data"]["rejects_path"]).is_file()
    monkeypatch.setattr(here, "io", SimpleNamespace(StringIO=Screen))  # the bar is drawn
    code, out, err = here.run(["--db", str(db_path), "import", "cases", str(path)], NOW)
    assert (code, "同1" in out) == (4, True), err
    out.encode(), err.encode()
    assert_safe(db_path)
