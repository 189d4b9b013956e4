"""Torn files and flipped bits: either the program notices, or what it says is right; never a trace. And the way back."""

import contextlib
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import Zjj
from tests.faults.conftest import events
from zjj_console.storage import duty_rows
from zjj_console.storage.db import SqliteError, StorageError, connect, file_identity, set_meta

Make = Callable[[Path], Zjj]
LINES = (
    "qs 1001",
    "tj 1001 1",
    "xj dhj js 3",
    "xj zmc zy 2 dh cg",
    "sl 1002",
    "pd 1002 cg",
    "bz 1001 示例备注",
    "ss 东湖",
)
FOLDED = ("event", "case_row", "timer", "dispatch", "conflict", *duty_rows.TABLES)
LOCAL = (
    "meta",
    "draft",
    "line_history",
    "used_key",
    "outbox",
    "operator",
    "roster_plan",
    "import_batch",
    "import_reject",
)
LOOKS = (("db", "check"), ("doctor",), ("audit", "verify"))
PAGE = 4096


@pytest.fixture(scope="module")
def lived(evening: Path, tmp_path_factory: pytest.TempPathFactory, copy_db: Any) -> Path:
    """A database with something in most tables, all of it in its own file."""
    zjj = Zjj(copy_db(evening, tmp_path_factory.mktemp("lived") / "lived.db"), "03-01 17:26")
    for line in LINES:
        zjj("do", line)
    db = connect(zjj.db)
    set_meta(db, file="")  # its copies go on in its epoch, so that looking at them changes nothing
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return zjj.db


def contents(path: Path, tables: tuple[str, ...] = FOLDED) -> dict[str, Any]:
    """Rows of tables, and what a desk would list in the order of the list."""
    with contextlib.closing(connect(path)) as db:
        found: dict[str, Any] = {table: duty_rows.contents(db, table) for table in tables}
        found["list"] = db.execute("SELECT id FROM case_row WHERE is_open = 1 ORDER BY rank, next_due, rid").fetchall()
        return found


def look(zjj: Zjj, *, all_of: bool = True) -> list[str]:
    """What check, doctor and verify say is wrong, or only the first to see it; empty where all are content. None breaks."""
    said = []
    for words in LOOKS:
        code, _, err = zjj.run(*words)
        assert "Traceback" not in err and "E_UNEXPECTED" not in err, (words, err)
        assert code == 0 or (err.strip() and code in (1, 2, 7, 11, 13)), (words, code, err)
        if code:
            said.append(f"{words[0]} {err}")
            if not all_of:
                break
    return said


def judge(zjj: Zjj, wanted: dict[str, Any], local: dict[str, Any], *, all_of: bool) -> str:
    """Who noticed it, or `right`, or `local`: only in what this machine keeps for itself; anything else is an error."""
    said = look(zjj, all_of=all_of)
    if said:
        return " ".join(one.split(" ", 1)[0] for one in said)
    assert contents(zjj.db) == wanted, "nobody noticed, and what is there is not what was"
    code, _, err = zjj.run("case", "list")
    assert code == 0, err
    return "right" if contents(zjj.db, LOCAL) == local else "local"


# flipped bits ---------------------------------------------------------------------------------------------------------


def flipped(lived: Path, folder: Path, seeds: range, *, all_of: bool = True) -> dict[str, int]:
    """One bit for each seed, among the bytes that hold something; how many were noticed by whom."""
    wanted, local, whole = contents(lived), contents(lived, LOCAL), lived.read_bytes()
    used = [place for place, byte in enumerate(whole) if byte]
    found: dict[str, int] = {}
    zjj = Zjj(folder / "flipped.db", "03-01 17:30")
    for seed in seeds:
        chance = random.Random(seed)
        place, bit = chance.choice(used), chance.randrange(8)
        body = bytearray(whole)
        body[place] ^= 1 << bit
        for path in folder.glob("flipped.db*"):
            path.unlink()
        zjj.db.write_bytes(body)
        try:
            verdict = judge(zjj, wanted, local, all_of=all_of)
        except (AssertionError, SqliteError, StorageError) as error:
            raise AssertionError(
                f"seed {seed}: bit {bit} of byte {place} (page {place // PAGE + 1}): {error}"
            ) from error
        found[verdict] = found.get(verdict, 0) + 1
    return found


def test_a_flipped_bit_is_noticed_or_changes_nothing(lived: Path, tmp_path: Path) -> None:
    found = flipped(lived, tmp_path, range(60), all_of=False)
    assert found["db"] > 30


@pytest.mark.slow
def test_four_hundred_flipped_bits_are_noticed_or_change_nothing(lived: Path, tmp_path: Path) -> None:
    print(f"\nflipped: {flipped(lived, tmp_path, range(1000, 1400))}")


# torn files -----------------------------------------------------------------------------------------------------------

TEARS: dict[str, Callable[[bytes], bytes]] = {
    "nothing is left": lambda whole: b"",
    "half a header": lambda whole: whole[:50],
    "the first page alone": lambda whole: whole[:PAGE],
    "cut in the middle of a page": lambda whole: whole[: len(whole) // 2 + 1234],
    "the last page half written": lambda whole: whole[: -PAGE // 2] + bytes(PAGE // 2),
    "the last page is missing": lambda whole: whole[:-PAGE],
    "a page of zeros in the middle": lambda whole: whole[: PAGE * 9] + bytes(PAGE) + whole[PAGE * 10 :],
    "two pages changed places": lambda whole: (
        whole[: PAGE * 4] + whole[PAGE * 5 : PAGE * 6] + whole[PAGE * 4 : PAGE * 5] + whole[PAGE * 6 :]
    ),
    "something else": lambda whole: "这不是数据库".encode() * 500,
}


@pytest.mark.parametrize("tear", TEARS)
def test_a_torn_file_is_noticed_by_every_look_with_the_way_out(tear: str, lived: Path, tmp_path: Path) -> None:
    zjj = Zjj(tmp_path / "torn.db", "03-01 17:30")
    zjj.db.write_bytes(TEARS[tear](lived.read_bytes()))
    said = look(zjj)
    assert [one.split(" ", 1)[0] for one in said][:2] == ["db", "doctor"], said
    ways = ("请换 --db",) if tear == "nothing is left" else ("zjj db restore", "zjj db rebuild")
    assert all(any(way in one for way in ways) for one in said), said
    for words in (("case", "list"), ("do", "xj dhj js 3"), ("export", "cases", str(tmp_path / "out.csv"))):
        code, _, err = zjj.run(*words)
        assert "E_UNEXPECTED" not in err, (words, err)
        assert code in (0, 1, 11) and (code == 0 or "restore" in err or "请换 --db" in err), (words, code, err)


def with_log(lived: Path, path: Path) -> tuple[bytes, list[str]]:
    """A database whose last acts stand in its log alone, as after a kill; the log and all events. The file is left as it was."""
    shutil.copyfile(lived, path)
    db = connect(path)
    set_meta(db, file=file_identity(path))
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    zjj, log = Zjj(path, "03-01 17:40"), path.with_name(path.name + "-wal")
    for n in range(8):
        zjj("do", f"bz 1001 第{n}条示例备注")
    kept, whole, found = path.read_bytes(), log.read_bytes(), events(path)
    db.close()
    path.write_bytes(kept)
    return whole, found


def test_a_cut_or_flipped_log_leaves_a_whole_beginning_of_what_was_done(lived: Path, tmp_path: Path) -> None:
    """What a log loses at its end is as if it had never happened; nothing after the tear is half believed."""
    path = tmp_path / "logged.db"
    whole, done = with_log(lived, path)
    kept, log, chance = path.read_bytes(), path.with_name(path.name + "-wal"), random.Random(1)
    lengths = set()
    for n in range(24):
        place = chance.randrange(len(whole))
        torn = bytearray(whole)
        torn[place] ^= 1 << chance.randrange(8)
        path.write_bytes(kept)
        log.write_bytes(whole[:place] if n % 2 else torn)
        left = events(path)  # proves the chain
        assert left == done[: len(left)], f"{'cut' if n % 2 else 'flipped'} at byte {place}"
        lengths.add(len(left))
    assert len(lengths) > 3


# the way back ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def backed_up(lived: Path, copy_db: Any, tmp_path: Path) -> tuple[Zjj, list[Path]]:
    """Three backups, an act after each."""
    zjj = Zjj(copy_db(lived, tmp_path / "desk.db"), "03-01 17:40")
    saved = []
    for n in range(3):
        saved.append(Path(zjj.data("db", "backup")["file"]))
        zjj("do", f"bz 1001 第{n}条示例备注")
    return zjj, saved


def tear(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2 + 1234])


def test_db_restore_brings_the_last_verified_backup_back_and_names_the_damaged_ones_that_it_passed_over(
    backed_up: tuple[Zjj, list[Path]],
) -> None:
    zjj, saved = backed_up
    wanted = events(saved[1])
    tear(saved[2])
    tear(zjj.db)
    code, _, err = zjj.run("doctor")
    assert code == 1 and "zjj db restore" in err
    code, out, err = zjj.run("db", "restore")
    assert code == 0, err
    assert saved[1].name in out and f"跳过损坏的备份 {saved[2]}" in err
    assert events(zjj.db) == wanted
    zjj.read("doctor")
    zjj.read("db", "check")
    assert zjj.read("do", "xj dhj js 3")
    assert events(zjj.db)[: len(wanted)] == wanted
    assert len(list(zjj.db.parent.glob("desk-replaced-*.db"))) == 1


def test_a_database_that_is_gone_comes_back_by_the_same_command(backed_up: tuple[Zjj, list[Path]]) -> None:
    zjj, saved = backed_up
    zjj.db.unlink()
    assert zjj.data("db", "restore") == {"path": str(zjj.db), "from": str(saved[2]), "kept": None}
    assert events(zjj.db) == events(saved[2])


def test_where_no_backup_is_whole_nothing_is_touched_and_it_says_where_to_look(
    backed_up: tuple[Zjj, list[Path]], tmp_path: Path
) -> None:
    zjj, saved = backed_up
    before = zjj.db.read_bytes()
    for path in saved:
        tear(path)
    assert "--from" in zjj.error("db", "restore", code=1)
    assert "--from" in zjj.error("db", "restore", "--from", str(tmp_path / "nowhere"), code=6)
    assert zjj.db.read_bytes() == before


def test_a_console_that_is_open_on_a_database_that_was_replaced_acknowledges_nothing_more(
    backed_up: tuple[Zjj, list[Path]], open_desk: Any
) -> None:
    zjj, _ = backed_up
    desk, _ = open_desk(zjj.db)
    assert desk.run_line("bz 1001 照常").ok
    done = events(zjj.db)
    kept = Path(zjj.data("db", "restore")["kept"])
    for act in (lambda: desk.run_line("bz 1001 无处可写"), lambda: desk.save_draft("console-line", {"line": "bz"})):
        with pytest.raises(StorageError, match="重开") as refused:
            act()
        assert refused.value.code == 5
    desk.close()
    assert events(kept) == done
    assert zjj("do", "bz 1001 重开之后")
    zjj("db", "check")


def test_while_somebody_is_reading_a_restore_changes_nothing_and_says_when_to_try_again(
    backed_up: tuple[Zjj, list[Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    zjj, _ = backed_up
    monkeypatch.setattr("zjj_console.storage.db.BUSY_SECONDS", 0.0)
    before = events(zjj.db)
    reader = connect(zjj.db)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM event").fetchone()
    assert zjj("do", "bz 1001 写在读者之后")  # it lies in the log that the reader keeps
    assert "稍后再试" in zjj.error("db", "restore", code=10)
    assert len(events(zjj.db)) == len(before) + 1
    reader.close()
    assert zjj.data("db", "restore")["kept"]


def test_backups_of_another_database_are_neither_pruned_nor_restored(
    backed_up: tuple[Zjj, list[Path]], evening: Path, copy_db: Any
) -> None:
    zjj, saved = backed_up
    other = copy_db(evening, saved[0].parent / "desk-2-20991231-000000-000000.db")
    named = copy_db(evening, saved[0].parent / "desk-replaced-20991231-000000.db")
    assert zjj.data("db", "restore")["from"] == str(saved[2])
    zjj("db", "backup", "--keep", "1")
    assert other.exists() and named.exists() and not any(path.exists() for path in saved)


def test_a_projection_that_was_changed_is_mended_by_the_command_that_check_names(
    lived: Path, copy_db: Any, tmp_path: Path
) -> None:
    zjj = Zjj(copy_db(lived, tmp_path / "desk.db"), "03-01 17:40")
    db = connect(zjj.db)
    db.execute("UPDATE case_row SET priority = 4 WHERE serial = 1001")
    db.close()
    assert "zjj db rebuild" in zjj.error("db", "check", code=1)
    assert "zjj db rebuild" in zjj.error("audit", "verify", code=1)
    zjj("db", "rebuild")
    zjj("db", "check")


def test_an_index_that_does_not_say_what_its_table_says_is_noticed_and_made_anew(
    lived: Path, copy_db: Any, tmp_path: Path
) -> None:
    """The rows are right, but a list that is read by the index would stand in another order."""
    zjj = Zjj(copy_db(lived, tmp_path / "desk.db"), "03-01 17:40")
    steps = (
        ("UPDATE case_row SET rank = rank + 1 WHERE serial = 1001", "CREATE TABLE aside AS SELECT * FROM sqlite_master WHERE name = 'ix_case_queue'",
         "DELETE FROM sqlite_master WHERE name = 'ix_case_queue'"),
        ("UPDATE case_row SET rank = rank - 1 WHERE serial = 1001", "INSERT INTO sqlite_master SELECT * FROM aside"),
        ("DROP TABLE aside",),
    )  # fmt: skip
    for statements in steps:
        with contextlib.closing(connect(zjj.db)) as db:
            db.execute("PRAGMA writable_schema=ON")
            for statement in statements:
                db.execute(statement)
    assert "index" in zjj.error("doctor", code=1)
    assert "zjj db rebuild" in zjj.error("db", "check", code=1)
    zjj("db", "rebuild")
    zjj("db", "check")
