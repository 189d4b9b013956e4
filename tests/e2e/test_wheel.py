"""The installed wheel: no source tree, no development dependencies, nothing but what pyproject.toml names for running."""

import ast
import fcntl
import importlib.metadata
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.intake.conftest import GOOD, row, text_of

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "zjj_console"
EXTRAS = {"hub", "profile"}
OUTSIDE = {"fastapi", "uvicorn", "psycopg", "cryptography", "starlette", "pypinyin"}  # what those two extras bring
BUILT_IN = set(sys.stdlib_module_names) | {"zjj_console"}


def _project() -> dict[str, list[str]]:
    """Names of the distributions that pyproject.toml asks for: to run, and by extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

    def names(wanted: list[str]) -> list[str]:
        return [re.split(r"[\[<>=~! ]", one)[0].lower().replace("_", "-") for one in wanted]

    return {"run": names(project["dependencies"]), **{e: names(w) for e, w in project["optional-dependencies"].items()}}


def _imports(path: Path) -> Iterator[str]:
    """Top names of everything that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def test_the_program_imports_nothing_but_what_it_asks_for_to_run_and_asks_for_nothing_else() -> None:
    asked = _project()
    found = {name for path in PACKAGE.rglob("*.py") for name in _imports(path)} - BUILT_IN
    comes_from = importlib.metadata.packages_distributions()
    used = {comes_from[name][0].lower().replace("_", "-") for name in found if name in comes_from}
    by_extras = {name for extra in EXTRAS for name in asked[extra]} | {"starlette"}
    assert used - set(asked["run"]) <= by_extras, used - set(asked["run"])
    assert not used & (set(asked["dev"]) - set(asked["run"]))
    # tzdata is read by the standard library where the machine has no time zones of its own
    assert set(asked["run"]) - used == {"tzdata"}, set(asked["run"]) - used


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built offline, from a copy of nothing: what git tracks is what counts, but caches never get in."""
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check",
         "-w", folder, ROOT],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    return next(folder.glob("*.whl"))


@pytest.mark.slow
def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(wheel: Path) -> None:
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    there = {
        str(path.relative_to(ROOT)) for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    }
    assert inside == there
    for kind in (
        ".tcss",
        "en.toml",
        "map.geojson",
        "samples/night.csv",
        "0001_first.py",
        "script.py.mako",
        "document.html",
    ):
        assert any(name.endswith(kind) for name in inside), kind


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a fresh environment with the wheel and what it asks for, from the registry that pip is set up with."""
    folder = tmp_path_factory.mktemp("fresh")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True, timeout=120)
    pip = [folder / "bin/python", "-m", "pip", "--disable-pip-version-check", "-q"]
    done = subprocess.run([*pip, "install", wheel], capture_output=True, text=True, timeout=600)
    if "No matching distribution" in done.stderr and "textual" in done.stderr:
        pytest.skip("no registry of packages can be reached")
    assert done.returncode == 0, done.stderr
    return folder / "bin"


@pytest.fixture
def environment(tmp_path: Path, installed: Path) -> dict[str, str]:
    """As a new user has it: no PYTHONPATH, no settings of ours, a home of his own."""
    return {"PATH": f"{installed}:/usr/bin:/bin", "HOME": str(tmp_path), "LANG": "C.UTF-8", "TERM": "xterm-256color"}


def _run(installed: Path, environment: dict[str, str], folder: Path, *words: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [installed / "zjj", *words], capture_output=True, text=True, cwd=folder, env=environment, timeout=120
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.slow
def test_what_is_installed_is_what_is_needed_to_run(
    installed: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    asked = _project()
    listed = subprocess.run(
        [installed / "python", "-m", "pip", "list", "--format=json"],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    there = {one["name"].lower().replace("_", "-") for one in json.loads(listed.stdout)}
    assert set(asked["run"]) <= there
    assert not there & ({name for extra in ("dev", "hub", "profile") for name in asked[extra]} - set(asked["run"]))
    # every module loads, but for those that stand on an extra, which name it
    script = (
        "import importlib, json, pkgutil, zjj_console\n"
        "lacks = {}\n"
        "for found in pkgutil.walk_packages(zjj_console.__path__, 'zjj_console.'):\n"
        "    if 'migrations' in found.name: continue\n"
        "    try: importlib.import_module(found.name)\n"
        "    except ModuleNotFoundError as error: lacks[found.name] = error.name\n"
        "print(json.dumps([zjj_console.__file__, lacks]))\n"
    )
    done = subprocess.run(
        [installed / "python", "-c", script], capture_output=True, text=True, cwd=tmp_path, env=environment
    )
    assert done.returncode == 0, done.stderr
    where, lacks = json.loads(done.stdout)
    assert str(installed.parent) in where
    assert {name.split(".")[0] for name in lacks.values()} <= OUTSIDE, lacks
    assert {".".join(name.split(".")[:2]) for name in lacks} <= {
        "zjj_console.hub",
        "zjj_console.sync",
        "zjj_console.commands",
    }, lacks


@pytest.mark.slow
def test_the_commands_of_the_wheel_import_check_and_explain(
    installed: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "cases.csv"
    path.write_text(text_of([row(), row(编号="WX-2", 地点="火星")]), "utf-8")
    code, out, err = _run(installed, environment, tmp_path, "--help")
    assert code == 0 and "import" in out and not err
    code, out, err = _run(installed, environment, tmp_path, "--json", "import", "cases", str(path))
    assert code == 4, err
    told = json.loads(out)
    assert (told["data"]["new"], told["data"]["rejected"]) == (1, 1)
    assert (tmp_path / "cases.rejects.csv").is_file() and (tmp_path / ".local/share/zjj/zjj.db").is_file()
    code, out, err = _run(installed, environment, tmp_path, "doctor")
    assert code in (0, 1) and "Traceback" not in err and "zjj.db" in out + err, (code, out, err)
    for words in (("audit", "verify"), ("db", "check"), ("profile", "validate", "--strict"), ("export", "cases", "out.xlsx"), ("import", "cases", "out.xlsx"),
                  ("--lang", "en", "do", "xj dhj js 3"), ("report", "map", "--html", "map.html"), ("demo", "--db", "d.db", "--no-open")):  # fmt: skip
        code, out, err = _run(installed, environment, tmp_path, *words)
        assert code == 0 and "Traceback" not in err, (words, code, out, err)
    assert next(iter(GOOD)) in (tmp_path / "cases.rejects.csv").read_text("utf-8-sig")


@pytest.mark.slow
def test_the_wheel_paints_the_queue_of_the_demo_night_on_a_terminal(
    installed: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    process, terminal = pty.fork()
    if process == 0:
        try:
            os.chdir(tmp_path)
            os.execve(installed / "zjj", ["zjj", "demo"], environment)
        finally:
            os._exit(127)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 110, 0, 0))
    painted = b""
    ends = time.monotonic() + 60
    try:
        while (
            time.monotonic() < ends and b"\xe5\xa4\x84\xe7\xbd\xae\xe4\xb8\xad" not in painted
        ):  # 处置中, a state in the queue
            ready, _, _ = select.select([terminal], [], [], 0.5)
            try:
                piece = os.read(terminal, 65536) if ready else b""
            except OSError:  # the other end is closed
                break
            painted += piece
    finally:
        os.kill(process, signal.SIGHUP)
        os.waitpid(process, 0)
        os.close(terminal)
    text = re.sub(r"\x1b\[[0-9;?]*[ -/]*[@-~]", "", painted.decode("utf-8", "replace"))
    assert "处置中" in text and "1017" in text, text[-2000:]
