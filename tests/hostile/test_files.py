"""1,000 hostile files and a table of single ones: a sentence that names the way out, or rows accounted for; never a crash."""

import os
import resource
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile import files
from tests.hostile.test_rows import CODES, assert_safe
from tests.intake.conftest import GOOD, assert_whole, text_of
from zjj_console.desk.desk import Desk
from zjj_console.domain.safe import steers
from zjj_console.intake import run, table, workbook
from zjj_console.intake.duty_files import import_roster, import_signs
from zjj_console.intake.engine import import_cases
from zjj_console.intake.options import Options, Summary, read_map
from zjj_console.intake.table import IntakeError

KINDS = {"cases": import_cases, "signs": import_signs, "roster": import_roster}
PATIENCE = 60.0  # seconds for one file, on a busy machine
WAYS_OUT = (";", "；", "可用", "有: ", "there is")


def assert_said(error: IntakeError) -> None:
    """A code of the table and a sentence in either language that can be printed and says what to do."""
    assert error.code in (2, 3, 6), (error.code, error.zh)
    for said in (error.zh, error.en):
        assert said and not steers(said) and len(said) < 400, ascii(said)
    assert any(way in error.zh for way in WAYS_OUT), error.zh
    assert error.en != error.zh and any(way in error.en for way in WAYS_OUT), error.en


def taken(desk: Desk, path: Path, kind: str) -> Summary | None:
    """What came of a file: its figures add up and its rejects are named, or a sentence and nothing written."""
    before = desk.reader.execute("SELECT count(*) FROM event").fetchone(), _batches(desk)
    begun = time.monotonic()
    try:
        done = KINDS[kind](desk, path, Options(rejects=path.with_name("r.csv")))
    except IntakeError as error:
        assert_said(error)
        assert (desk.reader.execute("SELECT count(*) FROM event").fetchone(), _batches(desk)) == before, (
            "written and refused"
        )
        return None
    finally:
        assert time.monotonic() - begun < PATIENCE, path.name
    assert done.rows == done.new + done.changed + done.same + done.rejected, done.line
    assert done.code == (4 if done.rejected else 0)
    for number, code, _field, message, suggestion in done.rejects:
        assert number > 0 and code in CODES and message and suggestion
        assert not steers(message) and len(message) < 2000, ascii(message)[:200]
    return done


def _batches(desk: Desk) -> int:
    return int(desk.reader.execute("SELECT count(*) FROM import_batch").fetchone()[0])


def storm(desk: Desk, tmp_path: Path, seed: int, count: int) -> None:
    good = files.valid(tmp_path / "good.xlsx")
    came = 0
    for n, (name, data) in enumerate(files.drawn(seed, count, good)):
        path = tmp_path / name
        path.write_bytes(data)
        came += taken(desk, path, "cases" if n % 4 else ("signs", "roster")[n // 4 % 2]) is not None
        path.unlink()
    assert count / 10 < came < count  # some are read in part, some not at all
    assert not list(tmp_path.glob(".*"))
    assert_safe(desk.path)
    assert_whole(desk)


def test_6_3_hostile_files_end_in_a_sentence_or_in_figures_that_add_up(desk: Desk, tmp_path: Path) -> None:
    storm(desk, tmp_path, 1, 80)


@pytest.mark.slow
def test_6_3_a_thousand_hostile_files_end_in_a_sentence_or_in_figures_that_add_up(desk: Desk, tmp_path: Path) -> None:
    storm(desk, tmp_path, 2, 1000)


@pytest.mark.parametrize("name", files.TEXTS)
def test_a_text_file_made_to_hurt_is_refused_or_read(desk: Desk, tmp_path: Path, name: str) -> None:
    suffix, make = files.TEXTS[name]
    path = tmp_path / f"x{suffix}"
    path.write_bytes(make())
    for kind in KINDS:
        taken(desk, path, kind)
    assert_safe(desk.path)


@pytest.fixture(scope="module")
def good_book(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return files.workbook(tmp_path_factory.mktemp("book") / "good.xlsx")


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that a file of a megabyte reaches: the rules are the same, the minutes are not."""
    monkeypatch.setattr(workbook, "MAX_ROWS", 10_000)
    monkeypatch.setattr(workbook, "_STRINGS", 1 << 20)
    monkeypatch.setattr(workbook, "_ROW", 1 << 18)
    monkeypatch.setattr(workbook, "_OTHER", 1 << 18)
    monkeypatch.setattr(files, "MEGA", 1 << 14)


def test_a_workbook_with_anything_wrong_inside_is_refused_or_read(
    desk: Desk, tmp_path: Path, good_book: bytes, small_limits: None
) -> None:
    wrong_inside(desk, tmp_path, good_book)


@pytest.mark.slow
def test_a_workbook_that_unfolds_to_hundreds_of_megabytes_is_refused_or_read_in_bounded_memory(
    desk: Desk, tmp_path: Path, good_book: bytes
) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wrong_inside(desk, tmp_path, good_book)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2_000_000  # KiB


def wrong_inside(desk: Desk, tmp_path: Path, good_book: bytes) -> None:
    read: dict[str, Summary | None] = {}
    for n, (name, make) in enumerate(files.workbooks(good_book).items()):
        path = tmp_path / f"{n}.xlsx"
        path.write_bytes(make())
        read[name] = taken(desk, path, "cases")
        path.unlink()
    refused = {name for name, done in read.items() if done is None}
    for name in read:
        if "entities" in name or "DTD" in name:
            assert name in refused or name.endswith(("theme1.xml", "app.xml", "core.xml", " _rels/.rels")), (
                name
            )  # these are never parsed
    swollen = {"40 MB before the first row", "40 MB of contents", "300 MB of strings", "50 million strings"}
    assert {"a header of 1,500 columns", "a password", "no sheets", "a sheet that is a chart"} | swollen <= refused
    for name in (
        "strings below zero",
        "a number that is none",
        "a row a thousand million down",
        "a cell beyond the right",
    ):
        done = read[name]
        assert done is not None and done.rejects[-1][1] == "E_ROW" and "以下未读" in done.rejects[-1][3], name
    for name in ("a cell of 40 MB", "a row of three million cells"):
        assert name in refused or "过大" in str(read[name]), name
    assert_safe(desk.path)


def test_a_sheet_damaged_behind_its_first_rows_gives_those_and_says_from_where_the_rest_is_missing(
    desk: Desk, tmp_path: Path, good_book: bytes
) -> None:
    parts = files.parts_of(good_book)
    path = tmp_path / "half.xlsx"
    path.write_bytes(files.zipped({**parts, files.SHEET: parts[files.SHEET][: len(parts[files.SHEET]) * 2 // 3]}))
    done = taken(desk, path, "cases")
    assert done is not None and done.code == 4 and done.new > 3 and done.rejected == 1
    path.write_bytes(good_book)
    whole = taken(desk, path, "cases")
    assert whole is not None and (whole.same, whole.new) == (done.new, len(files.ROWS) - done.new)


# what is no file at all ------------------------------------------------------------------------------------------------


@pytest.fixture
def places(tmp_path: Path) -> Iterator[dict[str, tuple[Path, int]]]:
    """Paths at which there is no file to read, with the code of each."""
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    (tmp_path / "dangling.csv").symlink_to("nowhere")
    (tmp_path / "plain").write_text("x")
    there = socket.socket(socket.AF_UNIX)
    there.bind(str(tmp_path / "s.csv"))
    yield {
        "folder": (tmp_path / "folder.csv", 3),
        "pipe": (tmp_path / "pipe.csv", 3),
        "socket": (tmp_path / "s.csv", 3),
        "device": (Path("/dev/zero"), 3),
        "loop": (tmp_path / "loop.csv", 3),
        "dangling": (tmp_path / "dangling.csv", 6),
        "none": (tmp_path / "none\x1b[2J\n.csv", 6),
        "below a file": (tmp_path / "plain" / "x.csv", 6),
        "long": (tmp_path / ("长" * 200 + ".csv"), 3),
        "no text": (tmp_path / "\udcff\udc80.csv", 6),
        "NUL": (tmp_path / "a\x00b.csv", 6),
    }
    there.close()


def test_what_is_no_file_is_said_and_never_waited_for(desk: Desk, places: dict[str, tuple[Path, int]]) -> None:
    for path, code in places.values():
        for field, act in (("file", lambda p=path: import_cases(desk, p)), ("file", lambda p=path: import_cases(desk, p, Options(key="k"))),
                           ("map", lambda p=path: read_map(p))):  # fmt: skip
            with pytest.raises(IntakeError) as stopped:
                act()
            assert_said(stopped.value)
            assert (stopped.value.code, stopped.value.field) == (code, field), (path, stopped.value.zh)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not read")
def test_a_file_that_may_not_be_read_is_said(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "secret.csv"
    path.write_text(",".join(GOOD))
    path.chmod(0)
    os.seteuid(65534)
    try:
        with pytest.raises(IntakeError) as stopped:
            table.require_file(path)
    finally:
        os.seteuid(0)
    assert_said(stopped.value)
    assert stopped.value.code == 3 and "权限" in stopped.value.zh


def test_a_name_as_long_as_a_name_may_be_is_read_and_its_rejects_are_placed_elsewhere(
    desk: Desk, tmp_path: Path
) -> None:
    path = tmp_path / f"{'长' * 83}.csv"
    path.write_text(",".join(GOOD) + "\n" + ",".join(GOOD.values()) + "\n", "utf-8")
    assert import_cases(desk, path).new == 1
    path.write_text(path.read_text("utf-8").replace("东湖街,", "火星,").replace("WX-0001", "WX-2"), "utf-8")
    with pytest.raises(IntakeError, match="--rejects") as stopped:
        import_cases(desk, path)
    assert_said(stopped.value)
    assert import_cases(desk, path, Options(rejects=tmp_path / "r.csv")).rejected == 1
    with pytest.raises(IntakeError, match="--rejects"):
        import_cases(desk, path, Options(rejects=tmp_path))
    assert not list(tmp_path.glob(".*"))


MAPS = (
    b"\xff\xfe", b"[headers", b"headers = 1", b"[headers]\na = [1]\n", b"values = [1]", b"[values]\na = 1", b"x = " + b"[" * 5000, b"a" * (5 << 20),
    b"[headers]\n\"\\u001b[2J\" = '\x7f'", b"[values.place]\nx = 1979-05-27", b"\x00",
)  # fmt: skip


def test_a_map_file_of_any_bytes_is_understood_or_refused(desk: Desk, tmp_path: Path) -> None:
    mapping, path = tmp_path / "map.toml", tmp_path / "x.csv"
    path.write_text(",".join(GOOD) + "\n" + ",".join(GOOD.values()) + "\n", "utf-8")
    for data in MAPS:
        mapping.write_bytes(data)
        try:
            done = import_cases(desk, path, Options(map=mapping))
        except IntakeError as error:
            assert_said(error)
            assert error.code in (2, 3)
        else:
            assert done.rows == 1


@pytest.mark.parametrize(
    "encoding",
    [
        "rot13",
        "hex",
        "base64",
        "idna",
        "punycode",
        "undefined",
        "unicode_escape",
        "a\x00b",
        "\x1b[2J",
        "mbcs",
        "x" * 9999,
    ],
)
def test_an_encoding_that_no_file_has_is_a_usage_error(desk: Desk, tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(",".join(GOOD), "utf-8")
    with pytest.raises(IntakeError) as stopped:
        import_cases(desk, path, Options(encoding=encoding))
    assert_said(stopped.value)
    assert stopped.value.code == 2


@pytest.mark.parametrize(
    "encoding", ["utf-16", "utf-16-be", "utf-32", "utf-7", "shift_jis", "cp1252", "big5", "latin-1", "utf-8"]
)
def test_any_real_encoding_may_be_named_for_any_bytes(desk: Desk, tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "x.csv"
    for data in (
        bytes(range(256)) * 20,
        b"\xd8\x00\x41",
        (",".join(GOOD) + "\n").encode(encoding, "ignore") + b"\xff\x00\xd8+\x81",
    ):
        path.write_bytes(data)
        try:
            import_cases(desk, path, Options(encoding=encoding))
        except IntakeError as error:
            assert_said(error)


def test_bytes_that_are_no_utf_16_refuse_their_row(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    lines = [
        ",".join(GOOD),
        ",".join(GOOD.values()),
        ",".join({**GOOD, "编号": "WX-2", "描述": "断\ud83d裂"}.values()),
        "",
    ]
    path.write_bytes(b"\xff\xfe" + "\n".join(lines).encode("utf-16-le", "surrogatepass"))
    done = import_cases(desk, path)
    assert (done.new, [reject[:2] for reject in done.rejects]) == (1, [(3, "E_ENCODING")])


def test_heavy_rows_are_written_in_small_batches(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So much is in memory at a time: rows of a megabyte are not gathered by the twenty thousand."""
    monkeypatch.setattr(run, "_PIECE", 5)
    monkeypatch.setattr(run, "_HEAVY", 5_000)
    path = tmp_path / "x.csv"
    path.write_text(text_of([{**GOOD, "编号": f"W-{n}", "描述": "长" * 990} for n in range(24)]), "utf-8")
    assert (import_cases(desk, path).new, import_cases(desk, path).same) == (24, 24)
    chunks = desk.reader.execute("SELECT count(*) FROM event WHERE kind = 'cases_imported'").fetchone()[0]
    assert chunks == 5  # five rows to a batch
    assert_whole(desk)
