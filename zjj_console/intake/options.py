"""What may be chosen for an import, and what it reports."""

import tomllib
from pathlib import Path

from msgspec import Struct, field

from zjj_console.domain.safe import safe_text
from zjj_console.intake.table import IntakeError, require_file, unreadable

_LARGEST = 1 << 22  # bytes of a map file

Reject = tuple[int, str, str, str, str]  # row, code, field, message, suggestion


class Options(Struct, frozen=True):
    """Choices of one import. Empty strings mean: find out from the file."""

    format: str = ""
    sheet: str = ""
    encoding: str = ""
    map: Path | None = None
    atomic: bool = False
    dry_run: bool = False
    rejects: Path | None = None
    max_rejects: int | None = None
    key: str = ""
    crs: str = "wgs84"  # system of the positions in a file of cases


class Summary(Struct):
    """The figures of an import; `rejects` holds the first few. `code` is the exit code."""

    batch: str = ""
    rows: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    rejected: int = 0
    rejects_path: str = ""
    seconds: float = 0.0
    code: int = 0
    warnings: list[str] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    dry_run: bool = False
    repeated: bool = False  # the same --key again: nothing was done

    @property
    def line(self) -> str:
        """`批次 I-0304 行15 新4 改0 同9 拒2 用时0.5s` (§6.3)."""
        figures = f"行{self.rows} 新{self.new} 改{self.changed} 同{self.same} 拒{self.rejected}"
        return f"批次 {self.batch} {figures} 用时{self.seconds:.1f}s"


class Mapping(Struct, frozen=True):
    """A map file: their headers to ours, and per column their values to ours."""

    headers: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}


def read_map(path: Path | None) -> Mapping:
    """The map file. Raises IntakeError: 6 if there is none, 3 if it is no file, 2 if it cannot be understood."""
    if path is None:
        return Mapping()
    require_file(path, "map")
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError(f"> {_LARGEST >> 20} MB")
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        headers = {str(k): str(v) for k, v in data.get("headers", {}).items()}
        values = {str(c): {str(k): str(v) for k, v in table.items()} for c, table in data.get("values", {}).items()}
    except OSError as error:
        raise unreadable(path, error, "map") from error
    except (ValueError, AttributeError, RecursionError) as error:
        name = safe_text(path.name, 80)
        zh = f"{name} 不是有效的对照文件: {safe_text(str(error), 80)}；写法见 docs/users/import.md"
        raise IntakeError(2, "E_USAGE", zh, f"{name} is not a map file; see docs/users/import.md", "map") from error
    return Mapping(headers, values)
