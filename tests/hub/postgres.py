"""A PostgreSQL of the test's own: a cluster in a temporary folder on a unix socket, run by an ordinary user."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def programs() -> Path | None:
    """The folder of initdb and pg_ctl of the newest PostgreSQL of this machine."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if found:
        return found[-1].parent
    there = shutil.which("initdb")
    return Path(there).parent if there else None


def missing() -> str:
    """Why no cluster can be had here; empty where one can."""
    if programs() is None:
        return "no PostgreSQL on this machine"
    return "" if os.getuid() or _user() else "PostgreSQL does not run as root, and there is no user to run it"


def _user() -> str | None:
    """Whom root hands the cluster to."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    return None


class Cluster:
    def __init__(self, folder: Path, durable: bool) -> None:
        self.folder, self.bin = folder, programs()
        self.as_user = {} if os.getuid() else {"user": _user()}
        assert self.bin is not None
        if self.as_user:
            shutil.chown(folder, _user())
        self._run("initdb", "-D", str(folder / "data"), "-U", "hub", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")  # fmt: skip
        self.options = (
            f"-k {folder} -c listen_addresses='' -c fsync={'on' if durable else 'off'} -c max_connections=200"
        )
        self.start()
        self._made = 0

    def start(self) -> None:
        """A postmaster that was killed leaves children for a moment, which still hold the folder."""
        words = ("-D", str(self.folder / "data"), "-w", "-o", self.options, "-l", str(self.folder / "log"), "start")
        for _ in range(50):
            try:
                self._run("pg_ctl", *words)
                return
            except AssertionError:
                time.sleep(0.1)
        self._run("pg_ctl", *words)

    def _run(self, name: str, *words: str) -> None:
        done = subprocess.run([str(self.bin / name), *words], capture_output=True, text=True, cwd="/", **self.as_user)
        assert done.returncode == 0, done.stdout + done.stderr

    def url(self, name: str, user: str = "hub") -> str:
        return f"postgresql+psycopg://{user}@/{name}?host={self.folder}"

    def database(self) -> str:
        """The address of a fresh, empty database."""
        self._made += 1
        name = f"t{self._made}"
        self._run("createdb", "-h", str(self.folder), "-U", "hub", name)
        return self.url(name)

    def crash(self) -> None:
        """Every process of it is killed, as by a power cut of the machine; then it comes up again and recovers."""
        pid = int((self.folder / "data/postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        self._ended(pid)
        self.start()

    def _ended(self, pid: int) -> None:
        """Its children leave by themselves once their parent is gone; the shared memory is free then."""
        end = time.monotonic() + 10
        while time.monotonic() < end:
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                break
            time.sleep(0.02)

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")


@contextmanager
def cluster(*, durable: bool = False) -> Iterator[Cluster]:
    """`durable` flushes to the disk as a real one does: for benches."""
    folder = Path(tempfile.mkdtemp(prefix="zjj-pg-"))
    made = None
    try:
        made = Cluster(folder, durable)
        yield made
    finally:
        if made is not None:
            made.stop()
        shutil.rmtree(folder, ignore_errors=True)
