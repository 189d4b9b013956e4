"""A hub on a real port of the loopback, in a thread of this process or in a process of its own."""

import socket
import subprocess
import sys
import tempfile
import threading
import time

import httpx
import msgspec
import uvicorn

from tests.hub.consoles import Console
from zjj_console.hub import doors
from zjj_console.hub.figures import Diary
from zjj_console.hub.service import Hub
from zjj_console.hub.store import Store
from zjj_console.hub.web import create_app
from zjj_console.sync import wire


class Hands:
    """Two clocks that stand until they are moved."""

    def __init__(self, now: int) -> None:
        self.now, self.seconds = now, 1000.0

    def ticks(self) -> float:
        return self.seconds

    def clock(self) -> int:
        return self.now


class Served:
    """uvicorn in a thread. `http` speaks to it; `lines` is its diary."""

    def __init__(self, store: Store, *, hands: Hands | None = None, rules=None, inbound=None) -> None:
        self.lines: list[str] = []
        diary = Diary(self)
        self.hub = Hub(store, hands.clock, hands.ticks, diary) if hands else Hub(store, diary=diary)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else each answer waits 40 ms for an ACK
        config = uvicorn.Config(
            create_app(self.hub, rules, inbound), access_log=False, log_level="error", ws="none", lifespan="on"
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.socket]})
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.http = httpx.Client(base_url=self.url, timeout=40, trust_env=False)
        while not self.server.started:
            time.sleep(0.01)

    def write(self, text: str) -> None:
        self.lines.append(text)

    def flush(self) -> None:
        pass

    def told(self, of: str) -> str:
        """The whole diary once it holds this: a line is written behind its answer."""
        end = time.monotonic() + 10
        while of not in (text := "".join(self.lines)) and time.monotonic() < end:
            time.sleep(0.005)
        return text

    def stop(self) -> None:
        self.http.close()
        self.server.should_exit = True
        self.hub.bell.closed = True
        self.thread.join(15)


class Process:
    """`zjj hub serve` as it is run in earnest."""

    def __init__(self, url: str, port: int, *options: str) -> None:
        command = [
            sys.executable,
            "-m",
            "zjj_console.cli",
            "hub",
            "serve",
            "--database",
            url,
            "--port",
            str(port),
            *options,
        ]
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  not a pipe: one that nobody reads would stop the hub
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=self._said)
        self.url = f"http://127.0.0.1:{port}"

    def ready(self, seconds: float = 20) -> "Process":
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert self.process.poll() is None, self.said()
            try:
                if httpx.get(self.url + "/readyz", trust_env=False).status_code == 200:
                    return self
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError("the hub did not come up")

    def said(self) -> str:
        """What it wrote to stderr."""
        self._said.seek(0)
        return self._said.read().decode()

    def end(self) -> None:
        """As systemd ends it; it must leave with 0."""
        self.process.terminate()
        assert self.process.wait(15) == 0, self.said()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def push_body(log: str, *events: wire.Pushed) -> bytes:
    return msgspec.json.encode(wire.Push(log, list(events)))


def bearer(console: Console | str) -> dict[str, str]:
    return {"Authorization": f"Bearer {console if isinstance(console, str) else console.token}"}


def code(store: Store, role: str, now: int, hours: int = 1) -> str:
    return store.writing(lambda db: doors.new_code(db, role, hours, now))


def problem(answer: httpx.Response, status: int, name: str) -> wire.Problem:
    found = msgspec.json.decode(answer.content, type=wire.Problem)
    assert (answer.status_code, found.code) == (status, name), answer.text
    assert found.zh and found.en
    return found
