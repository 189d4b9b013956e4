"""Reading a profile folder into one `Town`. TOML holds settings, CSV holds lists; both are UTF-8.

Every complaint names the file, the line or field, and what to do. It runs on the start path of the console: no library
beyond the standard one and msgspec, pinyin comes ready-made in the files.
"""

import csv
import io
import os
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from zjj_console.town import atlas as maps
from zjj_console.town import models as m

T = TypeVar("T")
Rows = dict[str, dict[str, Any]]
Tables = dict[str, Rows]

LISTS = frozenset({"tokens", "roles", "alt", "aliases"})  # cells that hold several values, parted by blanks
NUMBERS = frozenset(  # numbers, flags and dates: a blank cell takes the default
    {"core", "lon", "lat", "priority", "enabled", "callback", "acting", "needs_backfill", "since", "until"}
)
CLOCKS = (
    *("ACC", "DSP", "ACK", "ARR", "HDL", "SELF", "COORD", "VER", "RET", "EXT", "INFO", "DIF", "LED"),
    *("SUP_ACK", "SUP_ARR", "SUPV", "REV", "BB", "OUT", "FC", "P110", "REO", "DRAFT"),
)
REASON_LISTS = (
    *("return", "reassign", "extend", "suspend", "rework", "void", "criterion", "result", "call", "reopen"),
    *("fault", "method", "support", "support_refuse", "screen", "fc", "trigger", "cross", "flow"),
)
_LIMIT = re.compile(r"(\d+)(?:([mh]) (wall|duty)|(d) (wall|workdays))")
_LARGEST = 1 << 26  # bytes of a file of a profile
_QUOTED = 120  # characters of what a library says of a file
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_MINUTES = {"m": 1, "h": 60, "d": 1440}


class ProfileError(ValueError):
    """A profile that cannot be read. `code` is the validation code (P-100 where no narrower one fits)."""

    def __init__(self, file: str, where: str, message: str, fix: str, code: str = "P-100") -> None:
        super().__init__(f"{file} {where}: {message}；{fix}")
        self.file, self.where, self.message, self.fix, self.code = file, where, message, fix, code


def builtin(name: str = "zhujiajiao") -> Path:
    """Folder of a profile that comes with the package."""
    return Path(__file__).parents[1] / "fixtures" / name


def load_town(folder: Path, *, with_map: bool = True) -> m.Town:
    """The town described by a folder. Raises `ProfileError`; what the types cannot show is left to `validate`.

    Without `with_map` its map is left alone, so that one that cannot be read can be replaced.
    """
    if not folder.is_dir():
        raise ProfileError(str(folder), "-", "没有这个配置目录", "用 profile new 新建，或核对 --profile")
    from zjj_console.town.load_duty import duty  # imported late: both are made of the readers below
    from zjj_console.town.load_ladder import escalation
    from zjj_console.town.load_meetings import meetings

    main = toml(folder, "town.toml")
    hours = _hours(main)
    values = {
        **section(main, "town.toml", "town"),
        "terms": main.get("terms", {}),
        "cycles": main.get("cycles", {}),
        "hours": hours,
        "flow": _flow(main),
        "hotspot": main.get("hotspot", {}),
        "similar": main.get("similar", {}),
        "inbound": main.get("inbound", {}),
        **_counts(folder),
        **duty(folder, hours),
        **escalation(folder),
        "meetings": meetings(folder, hours, main.get("cycles", {})),
        "clocks": _clocks(folder),
        "reasons": _reasons(folder),
        "units": _table(folder, "units.csv", m.Unit, "code"),
        "zones": _table(folder, "zones.csv", m.Zone, "code", twice="P-102"),
        "grids": _table(folder, "grids.csv", m.Grid, "code", twice="P-102"),
        "committees": _table(folder, "committees.csv", m.Committee, "code", twice="P-102"),
        "people": _table(folder, "people.csv", m.Person, "work_no"),
        "posts": tuple(post for _, post in _rows(folder, "posts.csv", m.Post)),
        "categories": _table(folder, "categories.csv", m.Category, "code"),
        "sources": _table(folder, "sources.csv", m.Source, "code"),
        "calendar": {row.day: row for _, row in _rows(folder, "calendar.csv", m.CalendarDay)},
        "folder": str(folder),
    }
    town = msgspec.structs.replace(convert(values, m.Town, "town.toml"), atlas=_atlas(folder) if with_map else None)
    try:
        _ = town.tz
    except (KeyError, ValueError):
        raise ProfileError(
            "town.toml", "town.timezone", f"没有时区 {town.timezone!r}", '例如 "Asia/Shanghai"'
        ) from None
    return town


def toml(folder: Path, name: str) -> dict[str, Any]:
    found = content(folder, name)
    try:
        return tomllib.loads(found.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # no UTF-8, no TOML, or deeper than anybody writes
        raise ProfileError(
            name, "-", f"不是有效的 TOML ({_brief(error)})", "请按提示的行列改正，文件须为 UTF-8"
        ) from None


def plain(folder: Path, name: str) -> Path:
    """A plain file of the profile; a pipe is not waited for, and nothing endless is read."""
    path = folder / name
    try:
        state = path.stat()
    except FileNotFoundError:
        raise missing(name) from None
    except OSError as error:
        raise _unreadable(name, error) from None
    if not stat.S_ISREG(state.st_mode):
        raise ProfileError(name, "-", "不是普通文件", "换成同名的文件")
    if state.st_size > _LARGEST:
        raise ProfileError(name, "-", f"大于 {_LARGEST >> 20} MB", "只留本镇的内容")
    return path


def content(folder: Path, name: str) -> bytes:
    try:
        return plain(folder, name).read_bytes()
    except OSError as error:
        raise _unreadable(name, error) from None


def _unreadable(name: str, error: OSError) -> ProfileError:
    return ProfileError(name, "-", f"读不了 ({error.strerror})", "核对文件与权限")


def _brief(error: BaseException) -> str:
    """What a library says of a file, which may quote it, as far as a person reads."""
    text = "".join(char if char.isprintable() else " " for char in str(error))
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED]}.."


def missing(name: str) -> ProfileError:
    return ProfileError(name, "-", "文件不存在", "从另一配置目录复制一份再改")


def section(data: Mapping[str, Any], file: str, key: str) -> dict[str, Any]:
    found = data.get(key)
    if not isinstance(found, dict):
        raise ProfileError(file, f"[{key}]", "缺少这一节", f"请补上 [{key}]")
    return found


def convert(value: object, kind: type[T], file: str, where: str = "") -> T:
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        field = path.rstrip("`").lstrip(".")
        at = " ".join(filter(None, (where, field))) or "-"
        raise ProfileError(file, at, f"值不合要求 ({message})", "请改正该值") from None


def _rows(folder: Path, file: str, kind: type[T]) -> Iterator[tuple[int, T]]:
    """(line number, record) of each row. Blank cells of numbers, flags and dates take the field's default."""
    fields = {field.name: field.required for field in msgspec.structs.fields(kind)}  # type: ignore[arg-type]
    try:
        reader = csv.DictReader(io.StringIO(content(folder, file).decode("utf-8-sig"), newline=""))
        _check_header(file, reader.fieldnames or (), fields)
        for row in reader:
            if None in row or None in row.values():
                raise ProfileError(file, f"第{reader.line_num}行", "列数与表头不符", "请补齐或去掉多余的逗号")
            yield reader.line_num, convert(_cells(row), kind, file, f"第{reader.line_num}行")
    except (csv.Error, UnicodeDecodeError) as error:
        raise ProfileError(file, "-", f"不是有效的 CSV ({_brief(error)})", "请另存为 UTF-8 的 CSV") from None


def _check_header(file: str, header: Any, fields: Mapping[str, bool]) -> None:
    unknown = [name for name in header if name not in fields]
    missing = [name for name, required in fields.items() if required and name not in header]
    if unknown or missing:
        text = f"不认识的列 {unknown}" if unknown else f"缺少列 {missing}"
        raise ProfileError(file, "第1行", text, f"可用的列: {' '.join(fields)}")


def _cells(row: Mapping[str, str]) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for name, cell in row.items():
        text = cell.strip()
        if name in LISTS:
            cells[name] = text.split()
        elif text or name not in NUMBERS:
            cells[name] = text
    return cells


def _table(folder: Path, file: str, kind: type[T], key: str, twice: str = "P-105") -> dict[str, T]:
    table: dict[str, T] = {}
    for line, record in _rows(folder, file, kind):
        code = getattr(record, key)
        _check_spoken(record, file, line)
        if code in table:
            raise ProfileError(file, f"第{line}行 {key}", f"{code} 重复", "每个代码只能出现一次", code=twice)
        table[code] = record
    return table


def _check_spoken(record: Any, file: str, line: int) -> None:
    """Another reading of a name has as many syllables as the first: letters are matched character by character."""
    for other in getattr(record, "alt", ()):
        syllables = other.split("'")
        if len(syllables) != len(record.py.split()) or not all(syllables):
            text = f"另一读音 {_brief(ValueError(other))} 的音节数与 py 不符"
            raise ProfileError(file, f"第{line}行 alt", text, "每字一个音节，以 ' 分隔")


def minute(text: object, file: str, where: str) -> int:
    found = _TIME.fullmatch(str(text))
    if not found:
        raise ProfileError(file, where, f"{text!r} 不是时刻", '请写成 "08:00" 这样的 24 小时制')
    return int(found[1]) * 60 + int(found[2])


def _hours(main: Mapping[str, Any]) -> dict[str, Any]:
    rows = convert(section(main, "town.toml", "hours"), Rows, "town.toml", "hours")
    return {
        code: {
            **row,
            "code": code,
            "start": minute(row.get("start"), "town.toml", f"hours.{code}.start"),
            "end": minute(row.get("end"), "town.toml", f"hours.{code}.end"),
        }
        for code, row in rows.items()
    }


def _counts(folder: Path) -> dict[str, Any]:
    file = "counts.toml"
    data = toml(folder, file)
    rows = convert(section(data, file, "counts"), Rows, file, "counts")
    return {
        "counts": {key: convert(row.get("value"), int, file, f"counts.{key}.value") for key, row in rows.items()},
        "count_notes": {
            key: convert({k: v for k, v in row.items() if k != "value"}, m.CountNote, file, f"counts.{key}")
            for key, row in rows.items()
        },
        "zone_grid_pattern": convert(data.get("zone_grid_pattern", {}), dict[int, int], file, "zone_grid_pattern"),
        "posts_per_station": convert(data.get("posts_per_station", {}), dict[str, int], file, "posts_per_station"),
    }


def limit(text: object, file: str, where: str) -> m.Limit | None:
    """`5m wall`, `24h duty`, `3d workdays`; `-` where the clock does not run."""
    if text == "-":
        return None
    found = _LIMIT.fullmatch(str(text))
    if not found:
        raise ProfileError(file, where, f"{text!r} 不是时限", '请写成 "5m wall"、"24h duty"、"3d workdays" 或 "-"')
    if found[5] == "workdays":
        return m.Limit("workdays", int(found[1]))
    minutes = int(found[1]) * _MINUTES[found[2] or found[4]]
    return m.Limit("duty" if found[3] == "duty" else "wall", minutes)


def _flow(main: Mapping[str, Any]) -> dict[str, Any]:
    flow = convert(main.get("flow", {}), dict[str, Any], "town.toml", "flow")
    floors = convert(flow.get("rework_floor", {}), dict[int, str], "town.toml", "flow.rework_floor")
    return {
        **flow,
        "rework_floor": {p: limit(text, "town.toml", f"flow.rework_floor.{p}") for p, text in floors.items()},
    }


def _clocks(folder: Path) -> dict[str, m.ClockRule]:
    file = "clocks.toml"
    data = _complete(file, CLOCKS, convert(toml(folder, file), Rows, file))

    def rule(code: str, row: Mapping[str, Any]) -> m.ClockRule:
        limits = {p: limit(row.get(f"p{p}"), file, f"{code}.p{p}") for p in m.PRIORITIES}
        texts = {key: value for key, value in row.items() if key[0] != "p"}
        return convert({**texts, "code": code, "limits": limits}, m.ClockRule, file, code)

    return {code: rule(code, row) for code, row in data.items()}


def _reasons(folder: Path) -> dict[str, dict[str, m.Reason]]:
    file = "reasons.toml"
    data = _complete(file, REASON_LISTS, convert(toml(folder, file), Tables, file))
    return {
        name: {
            digit: convert({**row, "digit": digit}, m.Reason, file, f"{name}.{digit}") for digit, row in rows.items()
        }
        for name, rows in data.items()
    }


def _atlas(folder: Path) -> maps.Atlas | None:
    if os.path.lexists(folder / maps.FILE):
        plain(folder, maps.FILE)
    try:
        return maps.load_atlas(folder)
    except OSError as error:
        raise _unreadable(maps.FILE, error) from None
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as error:
        raise ProfileError(
            maps.FILE, "-", f"不是本程序写的地图 ({_brief(error)})", "用 profile import-geo 重新导入，或删去该文件"
        ) from None


def _complete(file: str, wanted: tuple[str, ...], data: dict[str, T]) -> dict[str, T]:
    lacking = [name for name in wanted if name not in data]
    if lacking:
        raise ProfileError(file, f"[{lacking[0]}]", "缺少这一节", f"须有 {' '.join(wanted)}")
    return data
