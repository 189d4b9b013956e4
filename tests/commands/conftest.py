"""The command itself, in this process: its own start, its exit code, the one JSON object or what people read."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests import here
from zjj_console.storage.db import connect
from zjj_console.town import load


class Zjj:
    """`zjj(...)` runs a command with --json at the clock's time and returns its envelope; `read(...)` what people see."""

    def __init__(self, db: Path, now: str = "2021-02-25 09:00", profile: str = "") -> None:
        self.db, self.profile, self.pin = db, profile, ""
        self.at(now)

    def at(self, now: str) -> "Zjj":
        """`2021-03-01 08:36`, or `03-01 08:36` of 2021."""
        full = now if len(now) > 11 else f"2021-{now}"
        self.now = full.replace(" ", "T") + ":00+08:00"
        return self

    def run(self, *words: str, by: str = "") -> tuple[int, str, str]:
        options = ["--db", str(self.db), *(["--as", by] if by else []), *(["--pin-file", self.pin] if self.pin else [])]
        options += ["--profile", self.profile] if self.profile else []
        return here.run([*options, *words], {"ZJJ_TEST": "1", "ZJJ_NOW": self.now})

    def __call__(self, *words: str, by: str = "", code: int = 0) -> Any:
        """The whole envelope of a command that must end with `code`."""
        left, out, _ = self.run("--json", *words, by=by)
        envelope = json.loads(out)
        assert left == code, f"{words}: {left} {envelope['errors']}"
        assert envelope["code"] == code
        assert envelope["ok"] is (code == 0)
        assert bool(envelope["errors"]) is (code not in (0, 12, 14)), envelope
        return envelope

    def data(self, *words: str, by: str = "", code: int = 0) -> Any:
        return self(*words, by=by, code=code)["data"]

    def error(self, *words: str, by: str = "", code: int) -> str:
        return str(self(*words, by=by, code=code)["errors"][0]["message"])

    def read(self, *words: str, by: str = "", code: int = 0) -> str:
        left, out, err = self.run(*words, by=by)
        assert left == code, err
        return out


def settled(db: Path) -> Path:
    """The database with all of it in its own file, so that a copy of the file holds it."""
    whole = connect(db)
    whole.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole.close()
    return db


@pytest.fixture(scope="session")
def march(template: Path, tmp_path_factory: pytest.TempPathFactory, copy_db: Any) -> Path:
    """A database on which the roster of March 2021 is planned and published."""
    db = copy_db(template, tmp_path_factory.mktemp("march") / "march.db")
    zjj = Zjj(db)
    zjj("roster", "plan", "--month", "2021-03", code=14)
    zjj("roster", "publish", "--month", "2021-03")
    return settled(db)


@pytest.fixture
def zjj(march: Path, tmp_path: Path, copy_db: Any) -> Zjj:
    """March is published; it is the 1st, 07:21."""
    return Zjj(copy_db(march, tmp_path / "desk.db"), "03-01 07:21")


@pytest.fixture
def bare(db_path: Path) -> Zjj:
    """Nothing is planned; it is 25 February, 09:00."""
    return Zjj(db_path)


@pytest.fixture
def copied_town(tmp_path: Path) -> Path:
    """A profile folder of one's own, to be changed."""
    return Path(shutil.copytree(load.builtin(), tmp_path / "town"))


@pytest.fixture
def pin_file(tmp_path: Path) -> Any:
    def make(pin: str = "2468", name: str = "pin") -> str:
        path = tmp_path / name
        path.write_text(pin)
        path.chmod(0o600)
        return str(path)

    return make
