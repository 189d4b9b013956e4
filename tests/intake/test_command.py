"""`zjj import` and `zjj export`: envelope, exit codes, streams."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.intake.conftest import row, text_of
from zjj_console.commands.context import Stop
from zjj_console.commands.tree import app

NOW = {"ZJJ_TEST": "1", "ZJJ_NOW": "2021-03-01T23:24:00+08:00"}


@pytest.fixture
def zjj(db_path: Path) -> Callable[..., tuple[int, Any]]:
    """Run a command with --json; (exit code, envelope)."""

    def run(*words: str) -> tuple[int, Any]:
        done = CliRunner().invoke(app, ["--db", str(db_path), "--json", *words], env=NOW)
        if isinstance(done.exception, Stop):
            return done.exception.code, {"errors": [{"code": done.exception.error, "field": done.exception.field}]}
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, json.loads(done.stdout)

    return run


def test_the_envelope_of_an_import(zjj: Callable[..., tuple[int, Any]], tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_text(text_of([row(), row(编号="WX-2", 地点="沙加埭")]), "utf-8")
    code, found = zjj("import", "cases", str(path))
    assert (code, found["code"], found["ok"]) == (4, 4, False)
    assert found["data"].keys() >= {"batch", "rows", "new", "changed", "same", "rejected", "rejects_path", "seconds"}
    assert (found["data"]["batch"], found["data"]["new"], found["data"]["rejected"]) == ("I-0001", 1, 1)
    assert Path(found["data"]["rejects_path"]).is_file()
    assert (found["errors"][0]["code"], found["errors"][0]["field"]) == ("E_PLACE_UNKNOWN", "place")
    code, found = zjj("import", "cases", str(path), "--atomic")
    assert (code, found["data"]["rejects_path"]) == (3, None)
    code, found = zjj("import", "cases", str(path), "--rejects", str(tmp_path / "bad.csv"))
    assert found["data"]["rejects_path"] == str(tmp_path / "bad.csv")


def test_other_kinds_say_what_there_is(zjj: Callable[..., tuple[int, Any]], tmp_path: Path) -> None:
    code, found = zjj("import", "keyitems", str(tmp_path / "x.csv"))
    assert (code, found["errors"][0]["field"]) == (2, "kind")


def test_a_missing_file_is_not_found(zjj: Callable[..., tuple[int, Any]], tmp_path: Path) -> None:
    assert zjj("import", "cases", str(tmp_path / "x.csv"))[0] == 6


def test_a_key_may_be_given(zjj: Callable[..., tuple[int, Any]], tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_text(text_of([row()]), "utf-8")
    assert zjj("import", "cases", str(path), "--key", "k")[1]["data"]["new"] == 1
    code, found = zjj("import", "cases", str(path), "--key", "k")
    assert (code, found["data"]["same"], found["data"]["repeated"]) == (0, 1, True)
    path.write_text(text_of([row(描述="别的")]), "utf-8")
    assert zjj("import", "cases", str(path), "--key", "k")[0] == 5


def test_a_repeated_key_of_a_partial_import_lists_no_errors(
    zjj: Callable[..., tuple[int, Any]], tmp_path: Path
) -> None:
    path = tmp_path / "cases.csv"
    path.write_text(text_of([row(), row(编号="WX-2", 地点="沙加埭")]), "utf-8")
    code, found = zjj("import", "cases", str(path), "--key", "k")
    assert (code, len(found["errors"])) == (4, 1)
    code, found = zjj("import", "cases", str(path), "--key", "k")
    assert (code, found["ok"], found["errors"], found["data"]["repeated"]) == (0, True, [], True)
    assert not any("另有" in warning for warning in found["warnings"])


def test_export_and_back(zjj: Callable[..., tuple[int, Any]], tmp_path: Path) -> None:
    path, out = tmp_path / "cases.csv", tmp_path / "out.jsonl"
    path.write_text(text_of([row(), row(编号="WX-2", 级别="1")]), "utf-8")
    zjj("import", "cases", str(path))
    code, found = zjj("export", "cases", str(out), "--priority", "1")
    assert (code, found["data"]["rows"]) == (0, 1)
    assert zjj("import", "cases", str(out))[1]["data"]["same"] == 1
    assert zjj("export", "cases", str(tmp_path / "x.doc"))[0] == 2
