"""What `zjj profile` finds out: pure functions from profiles to an Outcome."""

import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from zjj_console.commands.output import aligned
from zjj_console.town.atlas import Atlas
from zjj_console.town.load import ProfileError, builtin, load_town
from zjj_console.town.models import PRIORITIES, Limit, Town
from zjj_console.town.numbers import clock
from zjj_console.town.validate import Finding, Findings, validate

DONE, CONFLICT, NOT_FOUND, INVALID = 0, 5, 6, 13
SECTIONS = (
    *("terms", "hours", "units", "zones", "grids", "committees", "people", "posts", "categories", "sources"),
    *("clocks", "reasons", "flow", "counts", "calendar", "cycles", "programme"),
    *("shifts", "rotation", "boundaries", "duty_rules", "guarantees", "coverage", "meetings"),
)
HEAD = ("code", "name", "name_en", "district", "document", "prefix", "timezone")


class Outcome(Struct, frozen=True):
    """What a command found: `data` for --json, `lines` for people, `code` the exit code."""

    data: dict[str, Any]
    lines: list[str]
    warnings: list[str] = []
    errors: list[dict[str, Any]] = []
    code: int = DONE


def check(folder: Path, *, strict: bool = False, verbs: Iterable[str] = ()) -> Outcome:
    """Validate a profile folder: exit 0, 6 if there is no such folder, 13 if it is invalid."""
    if not folder.is_dir():
        return _no_folder(folder)
    try:
        found = validate(load_town(folder), strict=strict, verbs=verbs)
    except ProfileError as error:
        found = Findings({}, [], [Finding(error.code, str(error), f"{error.file} {error.where}")], [])
    summary = f"配置有 {len(found.errors)} 处错误、{len(found.warnings)} 处提醒: {folder}"
    return Outcome(
        {
            "counts": found.counts,
            "numbers": [{**msgspec.to_builtins(n), "holds": n.holds} for n in found.numbers],
            "errors": [_plain(f) for f in found.errors],
            "warnings": [_plain(f) for f in found.warnings],
        },
        [*_number_lines(found), *_finding_lines(found), summary],
        [f"{f.code} {f.message}" for f in found.warnings],
        [_error("E_PROFILE", summary)] if found.errors else [],
        INVALID if found.errors else DONE,
    )


def show(town: Town, section: str = "") -> Outcome:
    """A profile's head and table sizes, or one table; exit 6 for an unknown section."""
    if not section:
        sizes = {name: len(value) for name in SECTIONS if isinstance(value := getattr(town, name), dict | tuple)}
        head: dict[str, str] = {key: getattr(town, key) for key in HEAD}
        summary = {**head, **{name: str(size) for name, size in sizes.items()}}
        return Outcome({"town": head, "sections": sizes}, aligned(list(summary.items())))
    if section not in SECTIONS:
        text = f"没有 {section} 这一节，可选: {' '.join(SECTIONS)}"
        return Outcome({}, [], [], [_error("E_NOT_FOUND", text, "section")], NOT_FOUND)
    content = msgspec.to_builtins(getattr(town, section), str_keys=True)
    rows = SHOWN[section](town) if section in SHOWN else _rows(content)
    return Outcome({"section": section, "content": content}, aligned(rows))


class _Failed(Exception):
    """The first file that could not be copied; `copytree` itself would go on and gather what went wrong as text."""

    def __init__(self, error: OSError) -> None:
        self.error = error


def _copied(source: str, target: str) -> str:
    try:
        return shutil.copyfile(source, target)
    except OSError as error:
        raise _Failed(error) from error


def copy(source: Path, target: Path) -> Outcome:
    """Start a new profile from another; exit 5 if the target is in use. Nothing half-copied is left behind."""
    if not source.is_dir():
        return _no_folder(source)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        text = f"{target} 已有内容，请另选目录"
        return Outcome({}, [], [], [_error("E_CONFLICT", text, "dir")], CONFLICT)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(dir=target.parent) as waiting:
            made = shutil.copytree(source, Path(waiting) / "profile", copy_function=_copied)
            if target.exists():
                target.rmdir()
            made.rename(target)
    except _Failed as failed:
        raise failed.error from failed
    files = sorted(path.name for path in target.iterdir())
    lines = [
        f"已从 {source.name} 建立 {target}",
        "先改 town.toml、counts.toml 与各 csv，再运行 profile validate --strict",
    ]
    return Outcome({"dir": str(target), "from": source.name, "files": files}, lines)


def compare(one: Town, other: Town) -> Outcome:
    """Every value that differs, as {at, a, b}; None where one side lacks it."""
    left, right = _leaves(_comparable(one)), _leaves(_comparable(other))
    changed = [
        {"at": at, "a": left.get(at), "b": right.get(at)}
        for at in sorted(left.keys() | right.keys())
        if left.get(at) != right.get(at)
    ]
    lines = [f"{row['at']}: {_cell(row['a'])} -> {_cell(row['b'])}" for row in changed]
    return Outcome({"changes": changed}, lines or ["两份配置相同"])


def locate(name: str) -> Path:
    """A folder if there is one of that name, otherwise a profile of the package by folder name or town code."""
    if Path(name).is_dir():
        return Path(name)
    shipped = builtin("")
    by_name = {path.name: path for path in sorted(shipped.iterdir()) if (path / "town.toml").is_file()}
    by_code = {load_town(path).code: path for path in by_name.values()} if name not in by_name else {}
    return by_name.get(name) or by_code.get(name) or Path(name)


def _number_lines(found: Findings) -> list[str]:
    rows: list[tuple[str, ...]] = [
        (
            "合" if n.holds else "未声明" if n.declared is None else "不合",
            n.name,
            f"{'>=' if n.at_least else ''}{_cell(n.declared)}",
            _cell(n.actual),
            n.mark,
            n.clause,
        )
        for n in found.numbers
    ]
    return aligned([("结果", "数字", "声明", "实际", "标记", "条款"), *rows]) if rows else []


def _finding_lines(found: Findings) -> list[str]:
    named = [("错误", f) for f in found.errors] + [("提醒", f) for f in found.warnings]
    return aligned([(level, f.code, f.where, f.message) for level, f in named])


def _rows(content: Any) -> list[tuple[str, ...]]:
    if isinstance(content, dict):
        if content and all(isinstance(value, dict) for value in content.values()):
            return _table(list(content.values()), list(content))
        return [(str(key), _cell(value)) for key, value in content.items()]
    if content and isinstance(content[0], dict):
        return _table(content, [str(number) for number in range(1, len(content) + 1)])
    return [tuple(map(_cell, row)) for row in content or ()]


def _table(records: list[dict[str, Any]], keys: list[str]) -> list[tuple[str, ...]]:
    columns = [c for c in dict.fromkeys(c for record in records for c in record) if c not in ("py", "core", "alt")]
    first = [] if "code" in columns or "work_no" in columns else ["-"]
    lead = [[key] if first else [] for key in keys]
    return [
        (*first, *columns),
        *((*key, *(_cell(r.get(c, "")) for c in columns)) for key, r in zip(lead, records, strict=True)),
    ]


def _cell(value: Any) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, dict):
        return " ".join(f"{key}={_cell(inner)}" for key, inner in value.items())
    if isinstance(value, list | tuple):
        return " ".join(map(_cell, value)) or "-"
    return str(value)


def _hours(town: Town) -> list[tuple[str, ...]]:
    rows = [(h.code, h.name, clock(h.start), clock(h.end), h.mark) for h in town.hours.values()]
    return [("code", "name", "start", "end", "mark"), *rows]


def _limit(limit: Limit | None) -> str:
    if limit is None:
        return "-"
    return f"{limit.amount}{'d' if limit.kind == 'workdays' else 'm'} {limit.kind}"


def _clocks(town: Town) -> list[tuple[str, ...]]:
    rows = [
        (rule.code, rule.name, *(_limit(rule.limits.get(p)) for p in PRIORITIES), rule.mark)
        for rule in town.clocks.values()
    ]
    return [("code", "name", *(f"p{p}" for p in PRIORITIES), "mark"), *rows]


def _reasons(town: Town) -> list[tuple[str, ...]]:
    rows = [(table, r.digit, r.code, r.name, r.name_en) for table, rs in town.reasons.items() for r in rs.values()]
    return [("list", "digit", "code", "name", "name_en"), *rows]


def _boundaries(town: Town) -> list[tuple[str, ...]]:
    rows = [(b.code, b.name, clock(b.at), b.kind, b.frm, b.to, b.mark) for b in town.boundaries.values()]
    return [("code", "name", "at", "kind", "frm", "to", "mark"), *rows]


def _coverage(town: Town) -> list[tuple[str, ...]]:
    rows = [
        (
            *(r.code, r.name, r.scope, _cell(r.posts), _cell(r.dept)),
            *(clock(r.start), clock(r.end), _cell(r.least), _cell(r.share)),
            *(r.severity, _cell(r.rule), r.clause, r.mark),
        )
        for r in town.coverage
    ]
    head = ("code", "name", "scope", "posts", "dept", "start", "end", "least", "share")
    return [(*head, "severity", "rule", "clause", "mark"), *rows]


def _meetings(town: Town) -> list[tuple[str, ...]]:
    m = msgspec.to_builtins(town.meetings)
    times = {key: f"{m[key]['weekday']} {clock(m[key]['minute'])}" for key in ("collect", "lock", "meet")}
    return [(key, times.get(key) or _cell(value)) for key, value in m.items()]


SHOWN: dict[str, Callable[[Town], list[tuple[str, ...]]]] = {
    "hours": _hours,
    "clocks": _clocks,
    "reasons": _reasons,
    "boundaries": _boundaries,
    "coverage": _coverage,
    "meetings": _meetings,
}


def _comparable(town: Town) -> dict[str, Any]:
    """Everything but the folder; posts, requirements and periods by what they say instead of by line, the map in brief."""
    content: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(town, folder="", atlas=None), str_keys=True)
    content["atlas"] = _map(town.atlas) if town.atlas else None
    content["posts"] = {
        f"{p['unit']} {p['role']} {p['work_no']}": {key: p[key] for key in ("acting", "since", "until")}
        for p in content["posts"]
    }
    content["coverage"] = {row["code"]: row for row in content["coverage"]}
    content["guarantees"] = {row["name"]: row for row in content["guarantees"]}
    return content


def _map(atlas: Atlas) -> dict[str, Any]:
    """A map in figures: nobody compares thousands of positions by eye."""
    spots = {"committees": atlas.committees, "stations": atlas.stations}
    return {
        "mark": atlas.mark,
        "source": atlas.source,
        "grids": {code: (sum(map(len, area.rings)), *area.box) for code, area in atlas.grids.items()},
        **{kind: {code: spot.at for code, spot in found.items()} for kind, found in spots.items()},
        "waters": [water.name for water in atlas.waters],
        "rivers": [river.name for river in atlas.rivers],
    }


def _leaves(value: Any, at: str = "") -> dict[str, Any]:
    if isinstance(value, dict):
        found: dict[str, Any] = {}
        for key, inner in value.items():
            found |= _leaves(inner, f"{at}.{key}" if at else str(key))
        return found
    return {at: value}


def _plain(finding: Finding) -> dict[str, str]:
    return {"code": finding.code, "message": finding.message, "where": finding.where}


def _error(code: str, message: str, field: str | None = None) -> dict[str, Any]:
    return {"code": code, "message": message, "field": field}


def _no_folder(folder: Path) -> Outcome:
    return Outcome({}, [], [], [_error("E_NOT_FOUND", f"没有这个配置目录: {folder}", "dir")], NOT_FOUND)
