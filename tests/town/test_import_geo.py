"""`zjj profile import-geo`: the town's own map goes in whole or not at all, and the one before stays beside it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.geo.conftest import box, outlines, point, polygon, written
from tests.town.conftest import Profile
from zjj_console.commands.context import Stop
from zjj_console.commands.tree import app
from zjj_console.desk.desk import Desk
from zjj_console.geo.geojson import MAX_BYTES
from zjj_console.town.load import ProfileError, builtin, load_town
from zjj_console.town.models import Town
from zjj_console.town.validate import validate

Answer = tuple[int, dict[str, Any]]
Take = Callable[..., Answer]


@pytest.fixture
def take(profile: Profile, tmp_path: Path) -> Take:
    """Import content as a file into the copied profile; (exit code, envelope)."""

    def run(
        content: bytes | str, *words: str, crs: str = "wgs84", db: Path | None = None, folder: Path | None = None
    ) -> Answer:
        file = tmp_path / "town.geojson"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        done = CliRunner().invoke(app, ["--db", str(db or tmp_path / "none.db"), "--json", "--profile", str(folder or profile.folder),
                                        "profile", "import-geo", str(file), "--crs", crs, *words])  # fmt: skip
        if isinstance(done.exception, Stop):
            return done.exception.code, {"errors": [{"code": done.exception.error, "message": done.exception.zh}]}
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, json.loads(done.stdout)

    return run


def folder_of(profile: Profile) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in profile.folder.iterdir() if path.is_file()}


def test_a_good_map_is_stored_and_settles(take: Take, profile: Profile, town: Town) -> None:
    before = (profile.folder / "map.geojson").read_bytes()
    features = [
        *outlines(town, "gcj02"),
        polygon([box(121.057, 31.118, 121.07, 31.128)], "gcj02", kind="water", name="某湖"),
    ]
    code, found = take(written(features), "--source", "镇规划图 2021", crs="gcj02")
    data = found["data"]
    assert (code, data["written"], data["approximate"], data["crs"]) == (0, True, False, "gcj02")
    assert (data["grids"], data["waters"], data["committees"]) == (7, 1, 0)
    assert data["area_km2"].keys() == town.grids.keys() and 7 < data["area_km2"]["g2"] < 9
    assert (profile.folder / "map.geojson.previous").read_bytes() == before
    atlas = profile.town().atlas
    assert atlas is not None and town.atlas is not None
    assert atlas.settles and atlas.source == "镇规划图 2021" and atlas.grids["g1"].name == "G1"
    assert json.loads((profile.folder / "map.geojson").read_bytes())["original_crs"] == "gcj02"
    assert [water.name for water in atlas.waters] == ["某湖"]
    assert atlas.committees == town.atlas.committees and atlas.rivers == town.atlas.rivers
    assert any("示意" in warning for warning in found["warnings"])
    assert not validate(profile.town(), strict=True).errors


def test_the_city_plane_is_marked_approximate_wherever_it_is_shown(take: Take, profile: Profile, town: Town) -> None:
    code, found = take(written(outlines(town, "shanghai")), crs="shanghai")
    assert (code, found["data"]["approximate"]) == (0, True)
    assert any("近似" in warning for warning in found["warnings"])
    atlas = profile.town().atlas
    assert atlas is not None and "近似" in atlas.source


def test_the_difference_of_two_maps_is_told_in_figures(take: Take, profile: Profile, town: Town) -> None:
    from zjj_console.commands.profile_report import compare

    take(written(outlines(town, "gcj02")))
    lines = compare(profile.town(), town).lines
    assert any(line.startswith("atlas.grids.g1: ") for line in lines) and "atlas.mark: T -> X" in lines
    assert max(map(len, lines)) < 200


def test_a_sketch_is_never_taken_for_the_town_s_own_outlines(take: Take, profile: Profile) -> None:
    before = folder_of(profile)
    code, found = take((profile.folder / "map.geojson").read_bytes())
    assert code == 3 and "自称示意" in found["errors"][0]["message"]
    assert folder_of(profile) == before


def test_a_dry_run_writes_nothing(take: Take, profile: Profile, town: Town) -> None:
    before = folder_of(profile)
    code, found = take(written(outlines(town)), "--dry-run")
    assert (code, found["data"]["written"], found["data"]["grids"]) == (0, False, 7)
    assert folder_of(profile) == before


def test_other_layers_may_come_alone_and_outlines_stay_what_they_were(take: Take, profile: Profile, town: Town) -> None:
    code, found = take(written([point((121.083, 31.109), name="东湖街")]))
    assert (code, found["data"]["grids"], found["data"]["committees"]) == (0, 0, 1)
    atlas = profile.town().atlas
    assert atlas is not None and town.atlas is not None
    assert not atlas.settles and atlas.grids == town.atlas.grids and len(atlas.committees) == 1


def test_without_a_map_before_all_grids_are_wanted(take: Take, profile: Profile) -> None:
    (profile.folder / "map.geojson").unlink()
    code, found = take(written([point((121.083, 31.109), name="东湖街")]))
    assert code == 3 and "缺网格" in found["errors"][0]["message"]
    assert not (profile.folder / "map.geojson").exists()


def test_a_map_that_cannot_be_read_is_replaced(take: Take, profile: Profile, town: Town) -> None:
    (profile.folder / "map.geojson").write_text("{", "utf-8")
    with pytest.raises(ProfileError):
        profile.town()
    code, found = take(written(outlines(town)))
    assert code == 0 and any("读不了" in warning for warning in found["warnings"])
    assert profile.town().atlas is not None


def test_the_profiles_of_the_package_are_never_changed(take: Take, town: Town) -> None:
    before = (builtin() / "map.geojson").read_bytes()
    code, found = take(written(outlines(town)), folder=builtin())
    assert code == 2 and "profile new" in found["errors"][0]["message"]
    assert (builtin() / "map.geojson").read_bytes() == before and not (builtin() / "map.geojson.previous").exists()


def test_the_system_must_be_said_and_known(take: Take, profile: Profile, town: Town) -> None:
    assert take(written(outlines(town)), crs="utm")[0] == 2
    done = CliRunner().invoke(app, ["--profile", str(profile.folder), "profile", "import-geo", "x.geojson"])
    assert done.exit_code == 2 or done.exception is not None


SQUARE = box(121.0, 31.1, 121.01, 31.11)
HOSTILE: dict[str, bytes] = {
    "empty": b"", "truncated": written([polygon([SQUARE], code="g1")])[:-30], "deep": b"[" * 200_000, "no features": written([]),
    "not a number": b'{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[NaN,1]}}]}',
    "unknown": written([polygon([SQUARE], code="g99")]), "one grid of seven": written([polygon([SQUARE], code="g1")]),
    "bow tie": written([polygon([(SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3])], code="g1")]),
    "antimeridian": written([polygon([((179.9, 31), (-179.9, 31), (-179.9, 32))], code="g1")]),
    "swapped": written([polygon([[(y, x) for x, y in SQUARE]], code="g1")]),
    "huge": written([polygon([[(x * 1e200, y) for x, y in SQUARE]], code="g1")]), "utf-16": "{}".encode("utf-16"),
    "ambiguous width": written([polygon([SQUARE], kind="water", name="“湖”")]),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_leaves_everything_as_it_was(take: Take, profile: Profile, name: str) -> None:
    before = folder_of(profile)
    code, found = take(HOSTILE[name])
    assert code == 3 and folder_of(profile) == before
    assert found["errors"] and all(e["code"] == "E_MAP" and e["field"] and e["message"] for e in found["errors"])


def test_swapped_axes_of_a_whole_map_are_named(take: Take, profile: Profile, town: Town) -> None:
    features = outlines(town)
    for feature in features:
        feature["geometry"]["coordinates"] = [[at[::-1] for at in ring] for ring in feature["geometry"]["coordinates"]]
    code, found = take(written(features))
    assert code == 3 and "次序反了" in found["errors"][0]["message"]


def test_a_file_of_fifty_megabytes_is_refused_at_once(take: Take, profile: Profile, town: Town) -> None:
    before = folder_of(profile)
    content = written(outlines(town)) + b" " * (50_000_000)
    assert len(content) > MAX_BYTES
    begun = time.perf_counter()
    code, found = take(content)
    assert code == 3 and "简化" in found["errors"][0]["message"] and folder_of(profile) == before
    assert time.perf_counter() - begun < 5


def test_a_missing_file_or_profile_is_not_found(profile: Profile, tmp_path: Path) -> None:
    for folder, file in ((profile.folder, tmp_path / "none.geojson"), (tmp_path / "nowhere", tmp_path)):
        done = CliRunner().invoke(app, ["--profile", str(folder), "profile", "import-geo", str(file), "--crs", "wgs84"])
        assert isinstance(done.exception, Stop) and done.exception.code == 6


def test_every_finding_is_told_in_english_too(profile: Profile, tmp_path: Path) -> None:
    file = tmp_path / "t.geojson"
    file.write_bytes(HOSTILE["swapped"])
    done = CliRunner().invoke(
        app, ["--lang", "en", "--profile", str(profile.folder), "profile", "import-geo", str(file), "--crs", "wgs84"]
    )
    assert done.exit_code == 3 and "longitude comes first" in done.stderr


# known positions -------------------------------------------------------------------------------------------------------


def test_a_wrong_system_is_suspected_by_cases_that_are_known(take: Take, desk: Desk, db_path: Path, town: Town) -> None:
    """Forty cases along the borders of the grids, each recorded where it truly was."""
    from zjj_console.intake.engine import import_cases

    assert town.atlas is not None
    rows = ["编号,上报时间,地点,类别,描述,来源,经度,纬度"]
    home = {c.grid: c.name for c in reversed(town.committees.values())}
    for code, area in town.atlas.grids.items():
        label = area.label
        for n, (x, y) in enumerate(area.rings[0][::4]):
            at = (x + (label[0] - x) * 0.03, y + (label[1] - y) * 0.03)
            if area.holds(at):
                rows.append(f"{code}{n},2021-03-01 20:00,{home[code]},暴露垃圾,示例,电话,{at[0]:.6f},{at[1]:.6f}")
    path = db_path.parent / "known.csv"
    path.write_text("\n".join(rows), "utf-8")
    assert import_cases(desk, path).new > 30
    code, found = take(written(outlines(town, "gcj02")), "--dry-run", db=db_path)
    (doubt,) = [warning for warning in found["warnings"] if "已知位置" in warning]
    assert code == 0 and "可能是 gcj02" in doubt
    code, found = take(written(outlines(town, "gcj02")), "--dry-run", crs="gcj02", db=db_path)
    assert code == 0 and not any("已知位置" in warning for warning in found["warnings"])


def test_a_database_that_lost_its_table_is_passed_over(take: Take, desk: Desk, db_path: Path, town: Town) -> None:
    from zjj_console.storage.db import connect

    db = connect(db_path)
    db.execute("ALTER TABLE case_row RENAME TO lost")
    db.close()
    code, found = take(written(outlines(town)), "--dry-run", db=db_path)
    assert code == 0 and any("未用案件位置" in warning for warning in found["warnings"])


def test_a_database_that_cannot_be_read_is_passed_over(take: Take, town: Town, tmp_path: Path) -> None:
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"no database at all" * 100)
    code, found = take(written(outlines(town)), "--dry-run", db=broken)
    assert code == 0 and any("未用案件位置" in warning for warning in found["warnings"])


# power cuts ------------------------------------------------------------------------------------------------------------

DYING = """
import os, pathlib, sys
from zjj_console.intake import map_file
left = int(sys.argv[3])
def step(call):
    def dying(*args, **words):
        global left
        left -= 1
        if left == 0:
            os._exit(9)
        return call(*args, **words)
    return dying
for of, name in ((os, "fsync"), (os, "open"), (os, "close"), (pathlib.Path, "replace"), (pathlib.Path, "open")):
    setattr(of, name, step(getattr(of, name)))
map_file.store(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).read_bytes())
"""


def test_killed_at_any_step_the_old_map_or_the_new_is_there_whole(profile: Profile, tmp_path: Path) -> None:
    old = (profile.folder / "map.geojson").read_bytes()
    new = old.replace("示意，非测绘".encode(), "新图".encode())
    (tmp_path / "new").write_bytes(new)
    seen = []
    for step in range(1, 40):
        (profile.folder / "map.geojson").write_bytes(old)
        (profile.folder / "map.geojson.previous").unlink(missing_ok=True)
        done = subprocess.run(
            [sys.executable, "-c", DYING, str(profile.folder), str(tmp_path / "new"), str(step)], env=os.environ
        )
        now = (profile.folder / "map.geojson").read_bytes()
        assert now in (old, new)
        assert now == old or (profile.folder / "map.geojson.previous").read_bytes() == old
        assert load_town(profile.folder).atlas is not None
        seen.append(now == new)
        if done.returncode == 0:
            break
        assert done.returncode == 9
    assert seen[0] is False and seen[-1] is True and done.returncode == 0


def test_a_folder_that_cannot_be_written_is_said(
    take: Take, profile: Profile, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = folder_of(profile)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    code, found = take(written(outlines(town)))
    assert code == 1 and found["errors"][0]["code"] == "E_OUTPUT" and folder_of(profile) == before
    assert "腾出空间" in found["errors"][0]["message"]
