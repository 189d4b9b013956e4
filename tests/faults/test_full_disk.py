"""A full disk at each kind of write: a sentence that says so and what to do, nothing half-written, nothing lost, and it goes on."""

import resource
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from tests.commands.conftest import Zjj
from tests.faults.conftest import DAY, Disk, events
from tests.sync.conftest import place as place
from tests.sync.network import level
from zjj_console.desk import liaison
from zjj_console.desk.heartbeat import Heart, last
from zjj_console.desk.watching import Memory, Seen
from zjj_console.storage import audit
from zjj_console.storage.db import StorageError
from zjj_console.sync import link as links
from zjj_console.sync.client import Trouble
from zjj_console.sync.link import Link

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
    Write("a demo night", ("demo", "--db", "{d}/demo.db", "--no-open"), "{t}/desk.db", done="demo.db", slow=True),
    Write("minutes of a meeting", ("consult", "agenda", "--fill"), code=0, slow=True),
    Write("a look by cron", ("watch", "--once"), code=12, slow=True),
    Write("alarms acknowledged", ("alarms", "ack", "--all"), code=0, slow=True),
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


# what has no command of its own ---------------------------------------------------------------------------------------


def test_a_disk_that_fills_up_under_an_open_desk_costs_nothing_that_was_acknowledged(
    disk: Disk, evening: Path, copy_db: Any, open_desk: Any
) -> None:
    path = copy_db(evening, disk.folder / "desk.db")
    desk, clock = open_desk(path)
    desk.save_draft("console-line", {"line": "bz 1001 桥"})
    disk.fill(60 * PAGE)
    before = []
    with pytest.raises(StorageError) as full:
        while True:
            assert desk.run_line("xj dhj js 3").ok
            before = events(path)
            clock.later(seconds=1)
    assert (full.value.code, "腾出空间" in full.value.zh, "free some space" in full.value.en) == (1, True, True)
    with pytest.raises(StorageError, match="腾出空间"):
        desk.save_draft("console-line", {"line": "桥头" * 40_000})
    assert desk.drafts()["console-line"] == {"line": "bz 1001 桥"}
    assert desk.run_line("ss 东湖").ok, "reading goes on"
    disk.free()
    assert events(path) == before
    assert desk.run_line("xj dhj js 3").ok
    desk.close()


@pytest.mark.parametrize("limit", (0, 40 * PAGE), ids=("nothing", "a little"))
@pytest.mark.parametrize("name", ("intake", "cases as CSV", "a backup", "a new database", "a rebuild"))
def test_a_file_size_limit_is_said_like_a_full_disk(
    name: str, limit: int, tmp_path: Path, elsewhere: Path, desk_at: Make
) -> None:
    """SQLITE_IOERR_WRITE and EFBIG instead of SQLITE_FULL and ENOSPC."""
    write = next(write for write in WRITES if write.name == name)
    zjj = desk_at(elsewhere / "desk.db")
    before = events(zjj.db)
    zjj.db = tmp_path / "new.db" if name == "a new database" else zjj.db
    words = [word.format(d=tmp_path, t=elsewhere) for word in write.words]
    kept = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, kept[1]))
    try:
        code, _, err = zjj.run(*words)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, kept)
    assert (code, "Traceback" in err, "E_UNEXPECTED" in err) == (1, False, False) or (limit and code == 0), err
    assert code == 0 or "大小限额" in err or "检查目录权限与空间" in err, err
    assert events(elsewhere / "desk.db")[: len(before)] == before
    assert not [p for p in tmp_path.rglob("*") if any(s in p.name for s in (".part", ".new", ".restore"))]
    if code:
        assert zjj.run(*words)[0] == 0


def test_companion_files_are_whole_or_as_they_were(disk: Disk, evening: Path, copy_db: Any) -> None:
    path = copy_db(evening, disk.folder / "desk.db")
    heart, memory, link = Heart(path), Memory(path, "cron"), Link("https://hub.example", token="t" * 40)
    heart.beat(1)
    links.save(path, link)
    memory.keep(Seen())
    there = disk.left()
    disk.fill()
    heart.beat(2)
    assert not memory.keep(Seen())
    liaison.keep(path, liaison.Liaison(contact=5))
    with pytest.raises(OSError, match="No space"):
        links.save(path, Link("https://other.example", token="u" * 4000))
    assert disk.left() == there
    disk.free()
    heart.beat(3)
    assert last(heart.path).at == 3 and links.load(path, {}) == link  # type: ignore[union-attr]


def test_a_copied_database_that_cannot_note_its_numbers_does_nothing_until_it_can(
    disk: Disk, evening: Path, desk_at: Make, tmp_path: Path
) -> None:
    zjj = desk_at(disk.folder / "desk.db")
    shutil.copyfile(zjj.db, disk.folder / "copy.db")
    zjj.db = disk.folder / "copy.db"
    before = events(zjj.db)
    disk.fill()
    code, _, err = zjj.run("do", "xj dhj js 3")
    assert code == 1 and "腾出空间" in err
    disk.free()
    assert events(zjj.db) == before
    zjj("do", "xj dhj js 3")


async def test_what_the_exchange_cannot_store_is_taken_again_after_space_is_freed(place: Any, disk: Disk) -> None:
    async with place:
        near = await place.console("a")
        folder, place.folder = place.folder, disk.folder
        far = await place.console("b", "0002")
        place.folder = folder
        await level(near, far)
        for _ in range(40):
            assert near.do("xj dhj js 3").ok
        assert far.do("xj zmc js 3").ok
        own = far.own()
        await near.worker.once()
        disk.fill(12 * PAGE)
        with pytest.raises(Trouble) as trouble:
            await far.worker.once()
        assert "腾出空间" in trouble.value.zh
        assert audit.verify(far.desk.reader, far.desk.duty).bad is None
        disk.free()
        await level(far, near, far)
        assert far.own() == own and far.state() == near.state()
