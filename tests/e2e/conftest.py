"""A real terminal: the console in tmux, driven by key presses, read from the screen."""

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import here

ZJJ = str(Path(sys.executable).with_name("zjj"))
NIGHT = "2021-03-01T23:24:00+08:00"
PATIENCE = 15.0  # seconds until a screen that does not come counts as a failure

pytestmark = pytest.mark.tmux


class Console:
    """One console in its own tmux server. `press` types as an officer does; `see` waits for words on the screen."""

    def __init__(self, db: Path, size: tuple[int, int] = (120, 40), now: str = NIGHT, command: str = ZJJ) -> None:
        self.db, self.command, self.name = db, command, f"zjj-{uuid.uuid4().hex[:8]}"
        self.env = {**os.environ, "ZJJ_TEST": "1", "ZJJ_NOW": now, "ZJJ_DB": str(db), "TERM": "xterm-256color"}
        self.start(size)

    def tmux(self, *args: str) -> str:
        done = subprocess.run(["tmux", "-L", self.name, "-f", "/dev/null", *args], capture_output=True, text=True,
                              env=self.env, check=False)  # fmt: skip
        return done.stdout

    def start(self, size: tuple[int, int] = (120, 40)) -> None:
        line = f"{self.command}; echo LEFT-$?; sleep 60"
        self.tmux("new-session", "-d", "-x", str(size[0]), "-y", str(size[1]), line)
        self.see("F1")

    def press(self, *keys: str) -> "Console":
        for key in keys:
            named = key in ("Enter", "Escape", "Space", "Tab") or (key[:1] == "F" and key[1:].isdigit())
            typed = key[:-1] + "\\;" if key.endswith(";") else key  # tmux ends a command at a bare semicolon
            self.tmux("send-keys", key) if named else self.tmux("send-keys", "-l", typed)
        return self

    def screen(self) -> str:
        return self.tmux("capture-pane", "-p")

    def see(self, *words: str) -> str:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            screen = self.screen()
            if all(word in screen for word in words):
                return screen
            time.sleep(0.05)
        raise AssertionError(f"{words} not on the screen:\n{self.screen()}")

    def line(self, text: str) -> "Console":
        """Type a command line and wait until its preview stands there; then Enter."""
        self.press(f";{text}").see(text)
        self.settled()
        return self.press("Enter")

    def settled(self) -> None:
        """Until two pictures in a row are the same: what was typed has been drawn."""
        before = ""
        while before != (now := self.screen()):
            before = now
            time.sleep(0.15)

    def saved(self, words: str) -> None:
        """Until a draft with these words is in the database."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with contextlib.closing(sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)) as db:
                if any(words in row[0] for row in db.execute("SELECT body FROM draft")):
                    return
            time.sleep(0.1)
        raise AssertionError(f"no draft with {words}")

    def kill(self) -> None:
        """kill -9 of the console process itself, as a power cut would."""
        pid = self.tmux("list-panes", "-F", "#{pane_pid}").strip()
        subprocess.run(["pkill", "-9", "-P", pid], check=False)
        self.tmux("kill-server")
        self.name = f"zjj-{uuid.uuid4().hex[:8]}"  # the old server may still be leaving

    def close(self) -> None:
        self.tmux("kill-server")

    def cli(self, *args: str) -> dict[str, object]:
        """Another process would say the same; this one says it sooner."""
        return json.loads(here.run(["--json", *args], self.env)[1])

    def case(self, handle: str) -> dict[str, object]:
        return self.cli("case", "show", handle)["data"]  # type: ignore[return-value]


@pytest.fixture
def console(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Console]:
    """A test may give the command of the shell as the parameter of the fixture."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    found = Console(tmp_path / "desk.db", command=getattr(request, "param", ZJJ))
    yield found
    found.close()
