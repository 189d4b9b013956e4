"""A full disk at each kind of write: a sentence that says so and what to do, nothing half-written, nothing lost, and it goes on."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from tests.commands.conftest import Zjj
from tests.faults.conftest import DAY, Disk, events

Make = Callable[[Path], Zjj]
PAGE = 4096


class Write(Struct, frozen=True):
    """A kind of write: `words` of the command, `{d}` the small disk and `{t}` another; where the database lies; who does it."""

    name: str
    words: tuple[str, ...]
    db: str = "{d}/desk.db"
    by: str = ""
    code: int = 0
    done: str = ""  # the file that is there afterwards
    slow: bool = False  # as another one does it, only longer


WRITES = (
    Write("intake", ("do", "xj dhj js 3")),
    Write("a dispatch", ("do", "pd 1002 cg")),
    Write("a case of a script", ("case", "new", "--place", "dhj", "--category", "js", "--key", "k1")),
    Write("a batch of an import", ("import", "cases", "{t}/rows.csv", "--rejects", "{t}/refused.csv"), code=4),
    Write("the reject file of an import", ("import", "cases", "{t}/rows.csv", "--rejects", "{d}/refused.csv"), "{t}/desk.db",
          code=4, done="refused.csv"),
    Write("cases as CSV", ("export", "cases", "{d}/out.csv"), "{t}/desk.db", done="out.csv"),
    Write("cases as JSON Lines", ("export", "cases", "{d}/out.jsonl"), "{t}/desk.db", done="out.jsonl"),
    Write("cases as XLSX", ("export", "cases", "{d}/out.xlsx"), "{t}/desk.db", done="out.xlsx"),
    Write("the journal as a file", ("audit", "export", "{d}/journal.jsonl"), "{t}/desk.db", done="journal.jsonl"),
    Write("a backup", ("db", "backup", "--to", "{d}/saved"), "{t}/desk.db"),
    Write("a restore", ("db", "restore", "{t}/desk.db")),
    Write("a new database", ("init",), "{d}/new.db", done="new.db"),
    Write("a migration", ("db", "migrate"), "{d}/older.db"),
    Write("a rebuild", ("db", "rebuild")),
    Write("a handover sheet", ("handover", "export", "H4", "{d}/h4.html"), "{t}/desk.db", done="h4.html"),
    Write("a map", ("report", "map", "--html", "{d}/map.html"), "{t}/desk.db", done="map.html", slow=True),
    Write("a roster", ("roster", "export", "{d}/march.ics", "--month", "2021-03"), "{t}/desk.db", done="march.ics", slow=True),
    Write("a roster plan", ("roster", "plan", "--month", "2021-04"), code=14),
    Write("a sign", ("sign", "in", "0003")),
    Write("a handover mark", ("handover", "note", "H4", "示例"), by=DAY),
    Write("an operator's PIN", ("operator", "add", "0001", "--new-pin-file", "{t}/pin")),
    Write("a profile", ("profile", "new", "{d}/town"), "{t}/desk.db", done="town/town.toml"),
)  # fmt: skip
LEFT = (0, 1, 2, 5, 10, 20, 50, 120)  # pages: where in its writing it meets the end
MOMENTS = [
    pytest.param(
        write, pages, id=f"{write.name}, {pages} left", marks=[pytest.mark.slow] if pages or write.slow else []
    )
    for write in WRITES
    for pages in LEFT
]
HEADER = "编号,上报时间,地点,类别,描述,来源"


@pytest.fixture
def lying(monkeypatch: pytest.MonkeyPatch) -> None:
    """What looks at the free space beforehand is told that there is plenty: the disk fills up meanwhile."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1 << 40, 0, 1 << 40))


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Another disk, with files to read."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    rows = [f"WX-{n:04},2021-03-01 1{n % 7}:10,东湖街,暴露垃圾,第{n}处(示例){'长' * 150},电话" for n in range(400)]
    refused = [f"BAD-{n},昨天,东湖街,暴露垃圾,时间读不懂(示例){'长' * 150},电话" for n in range(200)]
    (folder / "rows.csv").write_text("\n".join([HEADER, *rows, *refused]) + "\n", "utf-8")
    (folder / "pin").write_text("2468")
    (folder / "pin").chmod(0o600)
    return folder


@pytest.fixture
def stand(disk: Disk, elsewhere: Path, desk_at: Make, older: Path, copy_db: Any) -> Callable[[Write], Zjj]:
    """The commands on the database of a kind of write, each on the disk where it says."""

    def at(write: Write) -> Zjj:
        place = write.db.format(d=disk.folder, t=elsewhere)
        if place.endswith("new.db"):
            return Zjj(Path(place), "03-01 17:26")
        if place.endswith("older.db"):
            return Zjj(copy_db(older, Path(place)), "03-01 17:26")
        if not place.startswith(str(elsewhere)):
            desk_at(elsewhere / "desk.db")
        return desk_at(Path(place))

    return at


def acknowledged(zjj: Zjj) -> list[str]:
    return events(zjj.db) if zjj.db.exists() and "older" not in zjj.db.name else []


@pytest.mark.usefixtures("lying")
@pytest.mark.parametrize(("write", "leave"), MOMENTS)
def test_a_full_disk_is_said_nothing_is_half_written_and_after_space_is_freed_the_same_command_works(
    write: Write, leave: int, disk: Disk, elsewhere: Path, stand: Callable[[Write], Zjj]
) -> None:
    zjj = stand(write)
    words = [word.format(d=disk.folder, t=elsewhere) for word in write.words]
    before, there = acknowledged(zjj), disk.left()
    disk.fill(leave * PAGE)
    code, out, err = zjj.run(*words, by=write.by)
    assert code == 1 or leave
    if code != write.code:  # what still fits may be done, then all of it
        assert code == 1, (code, out, err)
        assert "Traceback" not in err and "E_UNEXPECTED" not in err
        assert any(way in err for way in ("腾出空间", "检查目录权限与空间")), err
        assert disk.left() == there
    disk.free()
    assert acknowledged(zjj)[: len(before)] == before
    if code != write.code:
        code, out, err = zjj.run(*words, by=write.by)
        assert code == write.code, err
    assert not write.done or (disk.folder / write.done).stat().st_size > 0
    assert not [name for name in disk.left() if ".part" in name or ".new" in name or ".restore" in name]
