"""What the benches share: medians, a terminal to run programs in, a large database."""

import fcntl
import os
import pty
import random
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROUNDS = 5
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # both sides may keep their compiled modules, as on a user's machine
NIGHT = "2021-03-01T23:24:00+08:00"
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Figure:
    """One line of the report: ours and the peer's median, and the ratio that counts."""

    name: str
    ours: float
    peer: float
    unit: str
    goal: float
    note: str = ""
    extra: dict[str, float] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        return self.ours / self.peer

    def line(self) -> str:
        mark = "ok " if self.ratio <= self.goal else "-- "
        return (
            f"{mark}{self.name:<34} {self.ours:>10.3f} {self.unit:<3} peer {self.peer:>10.3f} {self.unit:<3}"
            f" ratio {self.ratio:>6.2f}  goal {self.goal}  {self.note}"
        )


def median(measure: Callable[[], float], rounds: int = ROUNDS) -> float:
    return statistics.median(measure() for _ in range(rounds))


def alternating(ours: Callable[[], float], peer: Callable[[], float], rounds: int = ROUNDS) -> tuple[float, float]:
    """Medians of both, measured in turns so that a busy machine slows both alike."""
    pairs = [(ours(), peer()) for _ in range(rounds)]
    return statistics.median(p[0] for p in pairs), statistics.median(p[1] for p in pairs)


def timed(command: list[str], env: dict[str, str] | None = None, ok: tuple[int, ...] = (0,)) -> float:
    begun = time.perf_counter()
    done = subprocess.run(command, env={**os.environ, **(env or {})}, capture_output=True, text=True)
    if done.returncode not in ok:
        raise RuntimeError(f"{command}: exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return time.perf_counter() - begun


def measured(command: list[str], env: dict[str, str] | None = None) -> tuple[float, float]:
    """Seconds, and MB of memory at the most, of a command that must succeed."""
    begun = time.perf_counter()
    running = subprocess.Popen(command, env={**os.environ, **(env or {})}, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(running.pid, 0)
    seconds = time.perf_counter() - begun
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        raise RuntimeError(f"{command}: exit {running.returncode}")
    return seconds, usage.ru_maxrss / 1024


@contextmanager
def scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="zjj-bench-") as folder:
        yield Path(folder)


class Terminal:
    """A program on a pseudo-terminal of 120x40."""

    def __init__(self, command: list[str], env: dict[str, str] | None = None) -> None:
        self.begun = time.perf_counter()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update({"TERM": "xterm-256color", "COLORTERM": "truecolor", **(env or {})})
            os.execvp(command[0], command)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))

    def until(self, text: str, seconds: float = 60) -> float:
        """Seconds from the start until `text` has come out of the terminal."""
        seen = b""
        wanted = text.encode()
        while time.perf_counter() - self.begun < seconds:
            ready, _, _ = select.select([self.fd], [], [], 0.5)
            if ready:
                seen += os.read(self.fd, 1 << 16)
                if wanted in seen:
                    return time.perf_counter() - self.begun
        raise RuntimeError(f"{text!r} did not appear; last output {seen[-500:]!r}")

    def quiet(self, seconds: float = 0.4) -> None:
        """Read until nothing has come for a while."""
        while select.select([self.fd], [], [], seconds)[0]:
            os.read(self.fd, 1 << 16)

    def cpu(self) -> float:
        """CPU seconds that the program has used."""
        parts = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(parts[11]) + int(parts[12])) / TICKS

    def press(self, key: str, times: int, pause: float) -> float:
        """CPU seconds per key press."""
        before = self.cpu()
        for _ in range(times):
            os.write(self.fd, key.encode())
            end = time.perf_counter() + pause
            while (left := end - time.perf_counter()) > 0:
                if select.select([self.fd], [], [], left)[0]:
                    os.read(self.fd, 1 << 16)
        return (self.cpu() - before) / times

    def close(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.close(self.fd)
        os.waitpid(self.pid, 0)


MINIMAL = """
from textual.app import App, ComposeResult
from textual.widgets import Static
class Minimal(App):
    count = 0
    def compose(self) -> ComposeResult:
        yield Static("READY-MARK")
    def on_key(self) -> None:
        self.count += 1
        self.query_one(Static).update(f"READY-MARK {self.count}")
Minimal().run()
"""  # the smallest program that answers a key on the screen


def minimal_app() -> list[str]:
    return [sys.executable, "-c", MINIMAL]


def zjj(*args: str) -> list[str]:
    return [str(Path(sys.executable).with_name("zjj")), *args]


HEADER = "编号,上报时间,村居,类别,描述,来源,级别,上报人,电话,附件,政务微信号,经度,纬度,流程,备注"


def write_cases(path: Path, rows: int, seed: int = 7) -> None:
    """A file of Chinese case rows, 15 columns, all of them valid and different."""
    from zjj_console.town.load import builtin, load_town

    town = load_town(builtin())
    pick = random.Random(seed)
    places = [c.name for c in town.committees.values()]
    kinds = [(c.name, c.phrase) for c in town.categories.values()]
    sources = [s.name for s in town.sources.values()]
    roads = ["示例路", "样板街", "演示巷", "测试弄", "假想桥"]
    with path.open("w", encoding="utf-8") as out:
        out.write(HEADER + "\n")
        for i in range(rows):
            kind, phrase = pick.choice(kinds)
            minute = pick.randrange(50 * 24 * 60)
            day, rest = divmod(minute, 24 * 60)
            when = f"2021-{1 + (10 + day) // 31:02}-{1 + (10 + day) % 28:02} {rest // 60:02}:{rest % 60:02}"
            road, number = pick.choice(roads), pick.randrange(1, 900)
            text = f"{road}{number}号附近{phrase}，影响通行，第{i}次巡查发现，请尽快处置"
            out.write(
                f"BM{i:08},{when},{pick.choice(places)},{kind},{text},{pick.choice(sources)},{pick.randrange(2, 5)},"
                f"网格员{i % 97:02},0000-{i % 10000:04},照片{i}.jpg,ZW-{i:08},121.{pick.randrange(10**5):05},"
                f"31.{pick.randrange(10**5):05},一般案件,无\n"
            )
