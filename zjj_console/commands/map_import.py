"""`zjj profile import-geo`: the town's own map into its profile."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from zjj_console.commands.context import Settings, Stop, stopped
from zjj_console.commands.output import Fault, Result, aligned
from zjj_console.geo.crs import SYSTEMS
from zjj_console.geo.geojson import SHOWN, Finding
from zjj_console.geo.suspicion import Known
from zjj_console.intake import map_file
from zjj_console.intake.table import IntakeError
from zjj_console.town.atlas import FILE
from zjj_console.town.load import ProfileError, builtin, load_town

if TYPE_CHECKING:
    from zjj_console.town.models import Town

_MOST = 5000  # cases that a map is compared with


def import_geo(options: Settings, folder: Path, file: Path, crs: str, source: str, dry_run: bool) -> Result:
    """Take a map in; exit 2 for a profile of the package, 3 with findings where the file is no map of this town."""
    if not folder.is_dir():
        raise Stop(6, "E_NOT_FOUND", f"没有这个配置目录: {folder}", f"no profile at {folder}", "profile")
    if folder.resolve().is_relative_to(builtin("").resolve()):
        raise Stop(2, "E_USAGE", "程序自带的配置不改；先 zjj profile new DIR，再用 --profile DIR 导入",
                   "a profile of the package is not changed; zjj profile new DIR first, then --profile DIR", "profile")  # fmt: skip
    try:
        town = load_town(folder, with_map=False)
    except ProfileError as error:
        raise Stop(13, error.code, str(error)) from error
    known, notes = _known(options, town)
    try:
        content = map_file.content_of(file)
        present = map_file.content_of(folder / FILE) if (folder / FILE).is_file() else None
        taken = map_file.take(town, content, crs, map_file.source_of(file, source), known, present)
        if taken.content is not None and not dry_run:
            map_file.store(folder, taken.content)
    except IntakeError as error:
        raise Stop(error.code, error.error, error.zh, error.en, error.field) from error
    return _result(options, taken, notes, crs, folder / FILE, dry_run)


def _known(options: Settings, town: "Town") -> tuple[list[Known], list[str]]:
    """Where cases of this town happened; a database that cannot be read is passed over, and that is said."""
    from zjj_console.storage.db import SqliteError, StorageError, check_version, connect, meta, translated
    from zjj_console.storage.reads_places import located

    path = options.path()
    if not path.is_file():
        return [], []
    try:
        db = connect(path, readonly=True)
        try:
            check_version(db)
            if meta(db, "town") != town.code or meta(db, "drill"):
                return [], []
            return [Known((c.lon / 1e6, c.lat / 1e6), c.grid) for c in located(db, _MOST)], []
        finally:
            db.close()
    except (StorageError, SqliteError) as error:
        found = stopped(error if isinstance(error, StorageError) else translated(error, path))
        return [], [options.say(f"未用案件位置核对坐标系: {found.zh}", f"not compared with the cases: {found.en}")]


def _result(options: Settings, taken: map_file.Taken, notes: list[str], crs: str, path: Path, dry_run: bool) -> Result:
    written = taken.content is not None and not dry_run
    data: dict[str, Any] = {
        "grids": taken.counts.get("grid", 0), "committees": taken.counts.get("committee", 0),
        "stations": taken.counts.get("station", 0), "waters": taken.counts.get("water", 0),
        "rivers": taken.counts.get("river", 0), "vertices": taken.vertices, "simplified_m": taken.tolerance, "crs": crs,
        "approximate": SYSTEMS[crs].approximate, "area_km2": taken.area_km2, "written": written, "path": str(path),
    }  # fmt: skip
    faults = [Fault("E_MAP", _said(options, f), f.field) for f in taken.errors[:SHOWN]]
    left = len(taken.errors) - len(faults)
    if left:
        faults.append(Fault("E_MAP", options.say(f"另有 {left} 处，改好以上再看", f"{left} more"), "features"))
    warnings = [*notes, *(_said(options, f) for f in taken.warnings)]
    text = "" if faults else _report(options, data, dry_run)
    return Result(data, text, 3 if faults else 0, warnings, faults)


def _said(options: Settings, found: Finding) -> str:
    return options.say(
        f"{found.feature or '文件'} {found.field}: {found.zh}", f"{found.feature or 'file'} {found.field}: {found.en}"
    )


def _report(options: Settings, data: dict[str, Any], dry_run: bool) -> str:
    system = SYSTEMS[data["crs"]]
    say = options.say
    rows = [(code, f"{area:.3f} km2") for code, area in data["area_km2"].items()]
    counts = say("网格 {grids} 村居 {committees} 工作站 {stations} 水面 {waters} 河道 {rivers} 顶点 {vertices}",
                 "grids {grids} committees {committees} stations {stations} waters {waters} rivers {rivers} vertices {vertices}")  # fmt: skip
    last = say("只校验，未写", "checked only, not written") if dry_run else say("已写入 {path}", "written to {path}")
    head = say(f"坐标系 {system.zh}，存为 WGS-84", f"from {system.en}, stored as WGS-84")
    return "\n".join([head, counts.format(**data), *(aligned(rows) if rows else ()), last.format(**data)])
