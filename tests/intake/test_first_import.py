"""A first import puts most indexes off until it has ended or somebody asks by them; whatever happens, they come back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Hands
from tests.intake.conftest import Load, assert_whole, cases_of, row, text_of
from zjj_console.desk.desk import Desk
from zjj_console.intake import engine
from zjj_console.intake.engine import import_cases
from zjj_console.intake.table import IntakeError
from zjj_console.storage import backup, bulk
from zjj_console.storage.db import connect, meta, writing


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BATCH", 4)


def indexes(path: Path) -> set[str]:
    db = connect(path)
    try:
        return {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'index'").fetchall()}
    finally:
        db.close()


def plain(count: int, start: int = 0) -> list[dict[str, str]]:
    return [row(编号=f"WX-{start + n}") for n in range(count)]


def test_indexes_are_away_while_plain_rows_come_and_back_at_the_end(
    load: Load, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, during = indexes(desk.path), []
    monkeypatch.setattr(engine.Pending, "flush", _then(engine.Pending.flush, lambda p: during.append(_named(p.db))))
    assert load(plain(9)).new == 9
    assert {"ix_case_queue", "ix_case_id", "ix_timer_due"} <= whole - during[0]
    assert indexes(desk.path) == whole
    assert_whole(desk)


@pytest.mark.parametrize(
    ("rows", "new"),
    [
        ([*plain(5), row(编号="WX-1"), *plain(3, 20)], 8),
        ([*plain(5), row(编号=""), row(编号=""), *plain(3, 20)], 9),
        ([*plain(5), row(编号="X", 描述="'=1+1"), row(编号="WX-2", 描述="另一种说法(示例)"), *plain(3, 20)], 9),
    ],
    ids=["twice", "nameless", "unusual"],
)
def test_rows_that_are_asked_for_by_id_bring_them_back_first(
    load: Load, desk: Desk, rows: list[dict[str, str]], new: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, asked = indexes(desk.path), list[bool]()
    ids, load_many = engine.known.ids, engine.known.load_many

    def by_keys(db: Any, keys: list[Any]) -> dict[str, str]:
        if any(not key.external for key in keys):
            asked.append("ix_case_id" in _named(db))
        return ids(db, keys)

    def by_ids(db: Any, wanted: list[str]) -> Any:
        asked.append("ix_case_id" in _named(db))
        return load_many(db, wanted)

    monkeypatch.setattr(engine.known, "ids", by_keys)
    monkeypatch.setattr(engine.known, "load_many", by_ids)
    done = load(rows)
    assert done.new == new and done.new + done.same + done.rejected == len(rows)
    assert indexes(desk.path) == whole
    assert all(asked) and asked
    assert [case.serial for case in cases_of(desk)] == list(range(1001, 1001 + new))
    assert_whole(desk)


def test_an_import_that_died_leaves_whole_batches_and_whoever_opens_the_file_next_makes_the_indexes(
    desk: Desk, tmp_path: Path, open_desk: Callable[..., tuple[Desk, Hands]], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = indexes(desk.path)
    path = tmp_path / "in.csv"
    path.write_text(text_of(plain(12)), "utf-8")
    monkeypatch.setattr(bulk, "catch_up", _dies)
    with pytest.raises(KeyboardInterrupt):
        import_cases(desk, path)
    monkeypatch.undo()
    assert whole - indexes(desk.path)
    again, _ = open_desk(desk.path)
    assert indexes(desk.path) == whole
    assert meta(again.reader, "indexes_to_come") == ""
    done = import_cases(again, path)
    assert (done.new, done.same) == (0, 12)
    assert_whole(again)
    again.close()


def test_a_desk_that_is_open_works_on_while_a_first_import_goes_on_and_after_it_died(
    desk: Desk, tmp_path: Path, open_desk: Callable[..., tuple[Desk, Hands]]
) -> None:
    whole = indexes(desk.path)
    officer, _ = open_desk(desk.path)
    path = tmp_path / "in.csv"
    path.write_text(text_of(plain(12)), "utf-8")
    said: list[str] = []

    def between(rows: int, share: float) -> None:
        said.append(officer.run_line("xj dhj xf 2 110").text)
        said.append(officer.run_line("ss 桥头").text)
        if rows == 8:
            raise KeyboardInterrupt

    with pytest.raises(IntakeError) as stopped:
        import_cases(desk, path, progress=between)
    assert (stopped.value.code, "前 8 行已处理并保存" in stopped.value.zh) == (130, True)
    assert said[0].startswith("新建") and said[1].startswith("找到")
    assert indexes(desk.path) == whole  # brought back by the import that was stopped
    assert officer.run_line("xj dhj zy 3 110").ok
    assert import_cases(desk, path).new == 4
    assert_whole(desk)
    officer.close()


def test_what_even_the_end_could_not_make_an_open_desk_makes_and_check_names(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = indexes(desk.path)
    path = tmp_path / "in.csv"
    path.write_text(text_of(plain(12)), "utf-8")
    monkeypatch.setattr(bulk, "catch_up", _dies)
    with pytest.raises((KeyboardInterrupt, IntakeError)):
        import_cases(desk, path)
    monkeypatch.undo()
    assert bulk.lacking(desk.reader) and whole - indexes(desk.path)
    assert desk.run_line("xj dhj xf 2 110").ok
    while desk.index_texts():
        pass
    assert indexes(desk.path) == whole and not bulk.lacking(desk.reader)


def test_a_file_that_cannot_be_read_on_names_itself_and_what_stands(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "in.csv"
    path.write_text(text_of(plain(12)), "utf-8")
    take = engine.Plain.take

    def failing(self: engine.Plain, rows: list[tuple[int, list[str]]]) -> object:
        if rows[0][0] > 6:
            raise OSError(5, "Input/output error")
        return take(self, rows)

    monkeypatch.setattr(engine.Plain, "take", failing)
    with pytest.raises(IntakeError) as stopped:
        import_cases(desk, path)
    assert stopped.value.error == "E_INPUT" and "in.csv" in stopped.value.zh and "再导入" in stopped.value.zh
    monkeypatch.undo()
    assert import_cases(desk, path).line.count("新4 改0 同8") == 1


def test_I_8_a_database_that_was_put_back_while_the_import_looked_at_its_file_gives_no_number_twice(
    desk: Desk, tmp_path: Path
) -> None:
    path = tmp_path / "in.csv"
    path.write_text(text_of(plain(3)), "utf-8")
    saved = backup.backup(desk.path, tmp_path / "backups")
    import_cases(desk, path)
    given = {case.serial for case in cases_of(desk)}
    backup.restore(saved, desk.path)
    import_cases(desk, path)
    again = connect(desk.path)
    assert not given & {row[0] for row in again.execute("SELECT serial FROM case_row").fetchall()}
    again.close()


def test_a_second_import_finds_the_indexes_and_leaves_them(load: Load, desk: Desk) -> None:
    load(plain(5))
    seen = indexes(desk.path)
    with writing(connect(desk.path)) as db:
        assert meta(db, "indexes_to_come") == ""
    assert load(plain(5, 50), "b.csv").new == 5
    assert indexes(desk.path) == seen


def _named(db: object) -> set[str]:
    return {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}  # type: ignore[attr-defined]


def _then(act: Callable[..., None], look: Callable[[object], None]) -> Callable[..., None]:
    def both(self: object, *args: object) -> None:
        act(self, *args)
        look(self)

    return both


def _dies(db: object) -> None:
    raise KeyboardInterrupt
