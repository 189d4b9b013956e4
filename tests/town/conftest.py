"""A writable copy of the shipped profile, and ways to break it."""

import csv
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from zjj_console.town.load import builtin, load_town
from zjj_console.town.models import Town
from zjj_console.town.validate import Findings, validate

Row = dict[str, str]


class Profile:
    """A copy of a profile on disk that a test may damage."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def rows(self, file: str, change: Callable[[Row], Row | None]) -> None:
        """Rewrite a CSV row by row; None drops the row."""
        path = self.folder / file
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream)
            columns = list(reader.fieldnames or ())
            kept = [row for row in map(change, reader) if row is not None]
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(kept)

    def set(self, file: str, where: Row, **values: str) -> None:
        """Change cells of the rows that have the given cells; at least one must."""
        hit: list[Row] = []

        def change(row: Row) -> Row:
            if all(row[key] == value for key, value in where.items()):
                hit.append(row)
                return {**row, **values}
            return row

        self.rows(file, change)
        assert hit, f"no row of {file} has {where}"

    def drop(self, file: str, **where: str) -> None:
        hit: list[Row] = []

        def change(row: Row) -> Row | None:
            if all(row[key] == value for key, value in where.items()):
                hit.append(row)
                return None
            return row

        self.rows(file, change)
        assert hit, f"no row of {file} has {where}"

    def replace(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        text = path.read_text("utf-8")
        assert old in text, f"{file} has no {old!r}"
        path.write_text(text.replace(old, new, 1), "utf-8")

    def append(self, file: str, line: str) -> None:
        with (self.folder / file).open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")

    def town(self) -> Town:
        return load_town(self.folder)

    def check(self, **options: Any) -> Findings:
        return validate(self.town(), **options)


@pytest.fixture(scope="session")
def town() -> Town:
    return load_town(builtin())


@pytest.fixture(scope="session")
def second_town() -> Town:
    return load_town(builtin("example_town"))


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return Profile(Path(shutil.copytree(builtin(), tmp_path / "profile")))
