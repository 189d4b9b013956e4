"""The command as scripts meet it: streams, exit codes, the one JSON object."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests import here
from tests.e2e.conftest import NIGHT, ZJJ


def process(db: Path, *args: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("ZJJ_")}
    full = {**clean, "ZJJ_TEST": "1", "ZJJ_NOW": NIGHT}
    return subprocess.run(
        [ZJJ, "--db", str(db), *args], capture_output=True, text=True, env=full, stdin=subprocess.DEVNULL
    )


def run(db: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """The same in this process, for what does not depend on being one."""
    done = here.run(["--db", str(db), *args], {"ZJJ_TEST": "1", "ZJJ_NOW": NIGHT})
    return subprocess.CompletedProcess(args, *done)


def test_not_a_terminal_says_so_and_exits_2(tmp_path: Path) -> None:
    done = process(tmp_path / "a.db")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "终端" in done.stderr


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["do", "xj dhj zy 1 110 y1"], 0),
        (["do", "xj sjd zy"], 3),
        (["do", "pd 9999 y1"], 6),
        (["do", "zzz"], 2),
        (["do", "kh"], 8),
        (["case", "show", "9999"], 6),
        (["case", "list", "--state", "NOPE"], 3),
        (["nope"], 2),
        (["--lang", "fr", "case", "list"], 2),
        (["--profile", "no-such-town", "case", "list"], 6),
    ],
)
def test_json_is_one_object_on_stdout_whatever_happens(db_path: Path, args: list[str], code: int) -> None:
    done = run(db_path, "--json", *args)
    assert done.returncode == code
    envelope = json.loads(done.stdout)
    assert set(envelope) == {"ok", "code", "data", "warnings", "errors"}
    assert envelope["code"] == code
    assert envelope["ok"] is (code == 0)
    assert bool(envelope["errors"]) is (code != 0)


def test_first_use_creates_the_database_and_handles_begin_at_1001(tmp_path: Path) -> None:
    done = process(tmp_path / "new" / "desk.db", "--json", "do", "xj dhj zy 2")
    assert done.returncode == 0
    case = json.loads(done.stdout)["data"]["case"]
    assert case["handle"] == "1001"
    assert case["reported_at"] == NIGHT
    assert (tmp_path / "new" / "desk.db").exists()


def test_trial_ends_with_the_first_pin(tmp_path: Path, db_path: Path) -> None:
    db, pin = db_path, tmp_path / "pin"
    pin.write_text("2468")
    pin.chmod(0o600)
    assert run(db, "do", "xj dhj zy 2").returncode == 0
    assert run(db, "operator", "add", "0002", "--new-pin-file", str(pin)).returncode == 0
    assert run(db, "do", "bz 1001 x").returncode == 7
    assert run(db, "--as", "0002", "do", "bz 1001 x").returncode == 7
    assert run(db, "--as", "0002", "--pin-file", str(pin), "do", "bz 1001 x").returncode == 0
    pin.chmod(0o644)
    assert run(db, "--as", "0002", "--pin-file", str(pin), "do", "bz 1001 y").returncode == 7


def test_6_4_a_key_does_its_line_once(db_path: Path) -> None:
    db = db_path
    first = json.loads(run(db, "--json", "do", "xj dhj zy 2", "--key", "k1").stdout)
    again = json.loads(run(db, "--json", "do", "xj dhj zy 2", "--key", "k1").stdout)
    assert again["ok"]
    assert again["data"]["same"] is True
    assert again["data"]["case"]["id"] == first["data"]["case"]["id"]
    assert run(db, "do", "xj dhj zy 3", "--key", "k1").returncode == 5
    assert json.loads(run(db, "--json", "case", "list").stdout)["data"]["total"] == 1


def test_NV_3_two_processes_dispatch_at_once_one_wins(db_path: Path) -> None:
    db = db_path
    run(db, "do", "xj dhj xf 2")
    env = {**os.environ, "ZJJ_TEST": "1", "ZJJ_NOW": NIGHT}
    racers = [subprocess.Popen([ZJJ, "--db", str(db), "do", f"pd 1001 {u}"], env=env) for u in ("y1", "y2", "y1", "y2")]
    codes = sorted(racer.wait() for racer in racers)
    assert codes == [0, 5, 5, 5]
    history = json.loads(run(db, "--json", "case", "timeline", "1001").stdout)["data"]["events"]
    assert [e["kind"] for e in history].count("dispatched") == 1


def test_help_and_do_never_import_textual() -> None:
    code = "import sys; import zjj_console.commands.tree; import zjj_console.desk.desk; print('textual' in sys.modules, 'sqlalchemy' in sys.modules)"
    python = Path(ZJJ).with_name("python")
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def with_pins(db: Path, *numbers: str) -> tuple[Path, Path]:
    pin = db.with_name("pin")
    pin.write_text("2468")
    pin.chmod(0o600)
    for number in numbers:
        assert run(db, "--as", "0001", "--pin-file", str(pin), "operator", "add", number).returncode == 0
    return db, pin


def test_only_keepers_set_another_ones_pin(db_path: Path) -> None:
    db, pin = with_pins(db_path, "0001", "0002")
    taken = run(db, "--as", "0002", "--pin-file", str(pin), "operator", "add", "0001", "--new-pin-file", str(pin))
    assert taken.returncode == 7
    own = run(db, "--as", "0002", "--pin-file", str(pin), "operator", "add", "0002", "--new-pin-file", str(pin))
    assert own.returncode == 0


def test_a_database_with_operators_is_exchanged_by_keepers_only(tmp_path: Path, db_path: Path) -> None:
    db, pin = with_pins(db_path, "0001", "0002")
    saved = run(db, "--json", "--as", "0001", "--pin-file", str(pin), "db", "backup", "--to", str(tmp_path / "b"))
    file = json.loads(saved.stdout)["data"]["file"]
    assert run(db, "db", "restore", file).returncode == 7
    assert run(db, "--as", "0002", "--pin-file", str(pin), "db", "restore", file).returncode == 7
    assert run(db, "--as", "0001", "--pin-file", str(pin), "db", "restore", file).returncode == 0


@pytest.mark.parametrize("line", ["xj dhj zy 1 110 y9", "xj dhj zy 1 100 y1", "xj dhj zy 9", "db 1001 2x"])
def test_what_looks_like_a_code_never_becomes_text(db_path: Path, line: str) -> None:
    db = db_path
    run(db, "do", "xj dhj zy 2")
    assert run(db, "do", line).returncode == 3
    assert json.loads(run(db, "--json", "case", "list").stdout)["data"]["total"] == 1
    assert run(db, "do", "bz 1001 100").returncode == 0
    marked = json.loads(run(db, "--json", "do", "xj dhj zy 2 -- 100 y1").stdout)
    assert marked["data"]["case"]["text"] == "100 y1"


def test_an_option_of_case_new_is_one_name_never_a_line(db_path: Path) -> None:
    done = run(db_path, "case", "new", "--place", "dhj zd 1 110 y1", "--category", "zy")
    assert done.returncode == 3
    assert json.loads(run(db_path, "--json", "case", "list").stdout)["data"]["total"] == 0


def test_nothing_printed_steers_the_terminal(tmp_path: Path) -> None:
    done = process(tmp_path / "a.db", "case", "show", "\x1b]0;x\x07\x1b[31m1")
    assert "\x1b" not in done.stdout + done.stderr
