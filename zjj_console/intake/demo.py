"""A busy night to look at: the profile's sample evening moved to now, then a shift's worth of real lines on it."""

import csv
import random
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from msgspec import Struct

from zjj_console.desk.desk import Desk
from zjj_console.domain.model import MINUTE, Case, State
from zjj_console.intake.demo_meetings import seed_meetings
from zjj_console.intake.demo_shift import seed_shift
from zjj_console.intake.engine import import_cases
from zjj_console.intake.table import IntakeError
from zjj_console.intake.words import read_time
from zjj_console.storage import projections
from zjj_console.storage.reads import Filter, count

NEWEST = 3 * MINUTE  # how long before now the newest report of the evening came in
_REVIEW = "复查日期"
_TIMES = ("上报时间", "派单时间", "处置时间", _REVIEW)
S = State
Fits = Callable[[Case], bool]


class Scene(Struct, frozen=True):
    """One line of the shift: typed so many minutes ago on a case that fits. `{unit}` and `{station}` are filled in."""

    ago: int
    state: State
    lines: tuple[str, ...]
    fits: Fits = lambda case: True


def _slow(case: Case) -> bool:
    return case.priority >= 3


def _placed(case: Case) -> bool:
    return bool(case.committee)


def _urgent(case: Case) -> bool:
    return case.priority == 1


def _resident(case: Case) -> bool:
    return _slow(case) and case.lead != case.station


# `@` stands for the case. Times fall so that something of everything is on the screen: late, soon late, sent back ..
SCENES: tuple[Scene, ...] = (
    Scene(28, S.REPORTED, ("pd @ {team}",), lambda c: c.priority == 1 and c.source == "phone"),
    Scene(26, S.HANDLING, ("td @ r1",), _resident),
    Scene(24, S.HANDLING, ("td @ r2", "td @ y 2"), _resident),
    Scene(22, S.SUBMITTED, ("hc @ n 2 现场仍有残留",), _slow),
    Scene(20, S.HANDLING, ("yn @ n1",), _resident),
    Scene(19, S.HANDLING, ("yn @ n2", "yn @ {station}"), _resident),
    Scene(17, S.HANDLING, ("db @ 2h 限时答复",), lambda c: c.priority == 2),
    Scene(15, S.HANDLING, ("gz @ 20d r1", "gz @ y"), _slow),
    Scene(13, S.HANDLING, ("dd @", "bz @ 已拉警戒带，等待维修"), _urgent),
    Scene(14, S.HANDLING, ("zb @ 当事人阻拦，请执法到场",), lambda c: c.priority == 3 and _placed(c)),
    Scene(12, S.DISPATCHED, ("qs @",), _slow),
    Scene(10, S.REPORTED, ("xt @",), lambda c: _slow(c) and _placed(c) and c.source == "village"),
    Scene(9, S.REPORTED, ("zc @",), lambda c: _slow(c) and _placed(c) and c.source != "p110"),
    Scene(8, S.REPORTED, ("zc @ 2",), lambda c: _slow(c) and _placed(c) and c.source != "p110"),
    Scene(7, S.SUBMITTED, ("hc @ y",), _slow),
    Scene(6, S.DISPATCHED, ("th @ 2",), _urgent),
    Scene(5, S.HANDLING, ("gc @",), _urgent),
    Scene(3, S.DISPATCHED, ("th @ 1 已知悉，正在联系承办",), lambda c: c.priority == 2),
    Scene(2, S.DISPATCHED, ("th @ 2",), lambda c: c.priority == 2),
    Scene(4, S.REPORTED, ("sl @", "pd @ {team} r2"), lambda c: c.priority == 2 and _placed(c)),
)  # fmt: skip


def seed_demo(desk: Desk, seed: int = 1) -> int:
    """Fill a fresh database with a night at the desk's clock; the number of open cases. The same seed and clock, the
    same night. Raises IntakeError(6) where the profile has no sample evening.
    """
    sample = desk.town.path / "samples" / "night.csv"
    if not sample.is_file():
        zh = f"配置目录没有示例夜班 {sample}"
        raise IntakeError(6, "E_NOT_FOUND", zh, f"the profile has no sample night at {sample}", "profile")
    rows = _moved(sample, desk)
    with tempfile.TemporaryDirectory(prefix="zjj-night-") as folder:
        file = Path(folder) / sample.name

        def known_by(instant: int) -> None:
            _import(desk, [row for row in rows if _latest(row, desk) <= instant], file)
            seed_meetings(desk, instant)

        seed_shift(desk, known_by)
        _import(desk, rows, file)  # what had come in by the handover is the same and changes nothing
    _play(desk, random.Random(seed))
    seed_meetings(desk, desk.now() - 30 * MINUTE)  # by day, when no handover began the shift
    return count(desk.reader, Filter())


def _moved(sample: Path, desk: Desk) -> list[dict[str, str]]:
    """The rows of the sample with all times shifted alike, so that the newest report came in just before now."""
    with sample.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    reported = [read_time(row["上报时间"], desk.town) or 0 for row in rows]
    shift = timedelta(microseconds=desk.now() - NEWEST - max(reported))
    return [{**row, **{name: _shifted(row[name], shift, desk) for name in _TIMES if row.get(name)}} for row in rows]


def _latest(row: dict[str, str], desk: Desk) -> int:
    """When the last thing happened that a row tells of; a review ahead is none."""
    return max(read_time(row.get(name, ""), desk.town) or 0 for name in _TIMES if name != _REVIEW)


def _import(desk: Desk, rows: list[dict[str, str]], file: Path) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0] if rows else [])
        writer.writeheader()
        writer.writerows(rows)
    if rows:
        import_cases(desk, file)


def _shifted(cell: str, shift: timedelta, desk: Desk) -> str:
    at = read_time(cell, desk.town)
    return cell if at is None else (desk.duty.local(at) + shift).isoformat()


def _play(desk: Desk, dice: random.Random) -> None:
    """Type the lines of the shift, each with the clock at its minute. A case plays in one scene only."""
    clock, used = desk.now, set[str]()
    teams = desk.town.of_kind("response_team")
    team = next((one for one in teams if not desk.facts().resting(one.code)), teams[0])
    now = clock()
    try:
        for scene in SCENES:
            fitting = [
                case for case in _cases(desk, scene) if case.id not in used and case.since < now - scene.ago * MINUTE
            ]
            if not fitting:
                continue
            case = dice.choice(fitting)
            used.add(case.id)
            words = {"team": team.tokens[0], "station": case.station}
            for step, line in enumerate(scene.lines):
                at = now - scene.ago * MINUTE + step * 20_000_000
                desk.now = lambda at=at: at  # type: ignore[misc]
                desk.run_line(line.replace("@", case.handle).format(**words), confirmed=True)
    finally:
        desk.now = clock


def _cases(desk: Desk, scene: Scene) -> Iterator[Case]:
    rows = desk.reader.execute(f"{projections.SELECT_CASE} WHERE state = ? ORDER BY serial", (scene.state.value,))
    return (case for case in map(projections.case_from, rows.fetchall()) if scene.fits(case))
