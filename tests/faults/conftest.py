"""A small disk that can be filled, closed and emptied, and a desk with a case and a prepared handover on it."""

import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import Zjj, settled
from tests.commands.conftest import march as march
from zjj_console.storage import audit, setup
from zjj_console.storage.db import connect

SIDE = ("-wal", "-shm", "-journal")
DAY = "0002"


def mount(*words: str) -> bool:
    return subprocess.run(["mount", *words], capture_output=True, check=False).returncode == 0


class Disk:
    """A file system of its own in memory. `fill` leaves so many bytes, `free` gives everything back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, leave: int = 0) -> None:
        with self._ballast.open("wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(bytes(4096))
            except OSError as error:
                assert error.errno == errno.ENOSPC
        if leave:
            os.truncate(self._ballast, max(0, self._ballast.stat().st_size - leave))

    def free(self) -> None:
        self._ballast.unlink(missing_ok=True)

    def close(self) -> None:
        """Nothing can be written on it any more, by nobody."""
        assert mount("-o", "remount,ro", str(self.folder))

    def reopen(self) -> None:
        assert mount("-o", "remount,rw", str(self.folder))

    def left(self) -> dict[str, bytes]:
        """What lies on it, without what SQLite keeps beside a database."""
        return {
            str(path.relative_to(self.folder)): b"" if path.suffix == ".db" else path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and path != self._ballast and not path.name.endswith(SIDE)
        }


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or not mount("-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)):
        pytest.skip("mounting a small disk takes root")
    yield Disk(folder)
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture(scope="session")
def evening(march: Path, tmp_path_factory: pytest.TempPathFactory, copy_db: Any) -> Path:
    """Monday 17:25: case 1001 waits to be acknowledged, 1002 to be sent out, and H4 is prepared."""
    zjj = Zjj(copy_db(march, tmp_path_factory.mktemp("evening") / "evening.db"), "03-01 17:25")
    zjj("do", "xj dhj zy 2 dh cg")
    zjj("do", "xj dhj js 3")
    zjj("handover", "prepare", "H4", by=DAY)
    return settled(zjj.db)


@pytest.fixture(scope="session")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database as the version before made it."""
    folder = tmp_path_factory.mktemp("older")
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    for path in setup.MIGRATIONS.glob("*.py"):
        (folder / "migrations" / path.name).write_bytes(path.read_bytes())
    for path in sorted((setup.MIGRATIONS / "versions").glob("*.py"))[:-1]:
        (versions / path.name).write_bytes(path.read_bytes())
    with pytest.MonkeyPatch.context() as then:
        then.setattr(setup, "MIGRATIONS", folder / "migrations")
        setup.create(folder / "older.db", "zjj")
    return settled(folder / "older.db")


@pytest.fixture
def desk_at(evening: Path, copy_db: Any) -> Callable[[Path], Zjj]:
    """The commands on a copy of the evening at a place."""
    return lambda path: Zjj(copy_db(evening, path), "03-01 17:26")


def events(path: Path) -> list[str]:
    """The journal's events in order; the chain and all that follows from it are proved on the way."""
    db = connect(path)
    try:
        report = audit.verify(db)
        assert report.bad is None, report.message
        return [row[0] for row in db.execute("SELECT id FROM event ORDER BY lseq")]
    finally:
        db.close()
