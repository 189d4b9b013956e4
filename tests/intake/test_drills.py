"""Drills: every shipped one is an end-to-end test of the ladder, and a file that is wrong says where and what to do."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from zjj_console.desk import alarming
from zjj_console.desk.desk import Desk
from zjj_console.intake import drill as scripts
from zjj_console.intake.drill import Drill, DrillClock, at_once
from zjj_console.intake.drill_report import report
from zjj_console.intake.drill_run import Runner, prepared
from zjj_console.intake.table import IntakeError
from zjj_console.storage import audit, duty_rows
from zjj_console.storage.db import meta
from zjj_console.town.load import builtin, load_town
from zjj_console.town.models import Town
from zjj_console.widgets import header
from zjj_console.widgets.columns import Frame

SHIPPED = [
    (town, path.stem)
    for town in ("zhujiajiao", "example_town")
    for path in sorted((builtin(town) / "drills").glob("*.toml"))
]
SECOND = 1_000_000


@pytest.fixture(scope="module")
def towns(town: Town, example_town: Town) -> dict[str, Town]:
    return {"zhujiajiao": town, "example_town": example_town}


@pytest.fixture
def begin(new_db: Callable[[], Path]) -> Iterator[Callable[..., Runner]]:
    """Makes a runner of a drill on a database of its own."""
    runners: list[Runner] = []

    def make(town: Town, drill: Drill, clock: DrillClock | None = None, *, auto: bool = True, every: int = 0) -> Runner:
        desk = prepared(drill, new_db(), scripts.town_of(drill, town))
        runners.append(Runner(desk, drill, clock or at_once(drill.begins), auto=auto, every=every))
        return runners[-1]

    yield make
    for runner in runners:
        runner.close()
        runner.desk.close()


def envelopes(desk: Desk, since: int = 0) -> list[dict[str, Any]]:
    return [
        json.loads(row[0])
        for row in desk.reader.execute("SELECT body FROM event WHERE at >= ? ORDER BY lseq", (since,))
    ]


def test_at_least_five_drills_of_the_first_town_and_one_of_the_second() -> None:
    names = {town: [name for one, name in SHIPPED if one == town] for town in ("zhujiajiao", "example_town")}
    assert {"ladder-p1", "quiet-p2", "vacant", "silence", "shoulder"} <= set(names["zhujiajiao"])
    assert names["example_town"]


@pytest.mark.parametrize(("where", "name"), SHIPPED)
def test_every_shipped_drill_ends_as_it_says(
    where: str, name: str, towns: dict[str, Town], begin: Callable[..., Runner]
) -> None:
    town = towns[where]
    drill = scripts.load(town, name)
    runner = begin(town, drill)
    runner.catch_up()
    found = report(runner)
    assert [check for check in found.checks if not check.ok] == []
    assert [task for task in found.tasks if not task.ok] == []
    assert found.ok and found.over and found.tasks and found.checks
    assert audit.verify(runner.desk.reader, runner.desk.duty).bad is None
    assert {event["trial"] for event in envelopes(runner.desk)} == {True}, "no event of a drill passes for a real one"
    assert meta(runner.desk.reader, "drill") == name


def outcome(runner: Runner) -> list[Any]:
    """All that a run leaves behind which does not depend on random ids."""
    rows: list[Any] = [list(runner.checks), sorted((s.at, s.kind, s.text) for s in runner.said)]
    for label, case_id in runner.cases.items():
        climb, case = duty_rows.load_climb(runner.desk.reader, case_id), runner.desk.case(case_id)
        assert case is not None
        rows.append((label, msgspec.to_builtins(climb) if climb else None, case.state, case.clocks))
        if climb is not None:
            rows[-1][1]["case"] = label
    rows.append(
        runner.desk.reader.execute(
            "SELECT person, day, shift, in_at, out_at, auto_out FROM sign ORDER BY 1, 2, 3"
        ).fetchall()
    )
    return rows


@pytest.mark.parametrize("often", [11, pytest.param(1, marks=pytest.mark.slow)], ids=["11s", "1s"])
@pytest.mark.parametrize(("where", "name"), SHIPPED)
def test_2_10_swept_at_the_steps_or_often_the_night_is_the_same(
    where: str, name: str, often: int, towns: dict[str, Town], begin: Callable[..., Runner]
) -> None:
    """Often is every 11 seconds, which fall on every second of a minute; ten times as seldom in a drill of hours."""
    town = towns[where]
    drill = scripts.load(town, name)
    hours = (drill.ends - drill.begins) // 3_600_000_000
    seldom, dense = begin(town, drill), begin(town, drill, every=often * SECOND * (1 if hours < 2 else 10))
    seldom.catch_up()
    dense.catch_up()
    assert outcome(seldom) == outcome(dense)


# a person at the desk ------------------------------------------------------------------------------------------------


class Watch:
    """A counter that a test moves."""

    def __init__(self) -> None:
        self.passed = 0

    def __call__(self) -> int:
        return self.passed


def test_the_clock_of_a_drill_goes_so_many_times_faster_and_never_past_what_is_to_happen() -> None:
    watch = Watch()
    clock = DrillClock(1000, 60, watch)
    clock.held = 1000 + 90
    watch.passed = 1
    assert clock() == 1060
    watch.passed = 10
    assert clock() == 1090, "held"
    clock.held = 10**9
    assert clock() == 1600, "no time is lost by holding"
    clock.skip(5000)
    assert clock() == 5000
    watch.passed = 11
    assert clock() == 5060


@pytest.mark.parametrize("speed", [0, -1, 601])
def test_a_speed_out_of_range_is_a_mistake_of_use(speed: int) -> None:
    with pytest.raises(IntakeError) as wrong:
        DrillClock(0, speed)
    assert wrong.value.code == 2 and "600" in wrong.value.zh and wrong.value.en


def test_who_does_nothing_is_told_what_he_should_have_done(town: Town, begin: Callable[..., Runner]) -> None:
    runner = begin(town, scripts.load(town, "ladder-p1"), auto=False)
    runner.catch_up()
    found = report(runner)
    assert found.over and not found.ok
    assert all(task.done is None for task in found.tasks)
    assert "未做" in found.text and "pd 1001 y1" in found.text and "有未达到的" in found.text
    assert any(said.kind == "ask" and said.text == "pd 1001 y1" for said in runner.said)
    acted = {event["kind"] for event in envelopes(runner.desk, runner.drill.begins)}
    assert "dispatched" not in acted and "called" not in acted, "only what the field does is done for him"


def test_a_trainee_who_does_it_himself_is_judged_by_the_same_script(town: Town, begin: Callable[..., Runner]) -> None:
    watch = Watch()
    drill = scripts.load(town, "ladder-p1")
    runner = begin(town, drill, DrillClock(drill.begins, 600, watch), auto=False)
    clock, typed = runner.clock, 0
    while not runner.over:
        runner.catch_up()
        asked = [said for said in runner.said if said.kind == "ask"]
        for said in asked[typed:]:
            typed += 1
            if said.text.startswith("a "):
                worst = runner.desk.alarms().unacked[0].subject
                assert runner.desk.act(alarming.acknowledge([worst])).ok
            else:
                done = runner.desk.run_line(said.text, confirmed=True)
                assert done.ok, done.text
        watch.passed += SECOND // 60  # ten seconds of the night
    found = report(runner)
    assert found.ok, found.text
    assert clock() == drill.ends
    assert all(task.done is not None and task.done - task.asked <= 20 * SECOND for task in found.tasks)
    assert len(found.acks) == 1 and found.acks[0].after < 60 * SECOND


def test_steps_happen_at_their_own_instants_however_late_the_console_looks(
    town: Town, begin: Callable[..., Runner]
) -> None:
    watch = Watch()
    drill = scripts.load(town, "silence")
    runner = begin(town, drill, DrillClock(drill.begins, 600, watch), auto=True)
    watch.passed = 3600 * SECOND  # the whole night went by before the first look
    runner.catch_up()
    at = {event["at"] for event in envelopes(runner.desk, drill.begins) if event["kind"] == "called"}
    assert at == {step.at for step in drill.steps if step.row.line.startswith("th")}
    assert runner.over and all(check.ok for check in runner.checks)


@pytest.mark.parametrize(("where", "name"), SHIPPED)
def test_NV_9_time_never_goes_back_in_a_drill_not_even_behind_a_skip(
    where: str, name: str, towns: dict[str, Town], begin: Callable[..., Runner]
) -> None:
    town = towns[where]
    runner = begin(town, scripts.load(town, name), auto=False)
    runner.catch_up()
    at = [event["at"] for event in envelopes(runner.desk)]
    assert at == sorted(at)
    judged = [check.at for check in runner.checks]
    assert judged == sorted(judged) and runner.over


def test_due_are_the_steps_whose_time_has_come(town: Town) -> None:
    drill = scripts.load(town, "ladder-p1")
    assert scripts.due(drill.steps, drill.begins) == ()
    assert [step.n for step in scripts.due(drill.steps, drill.steps[2].at)] == [1, 2, 3]


def test_every_screen_and_sheet_of_a_drill_carries_its_name(town: Town) -> None:
    drilled = scripts.town_of(scripts.load(town, "vacant"), town)
    assert drilled.name == f"{town.name}(演练)" and drilled.code == town.code
    assert not any((post.unit, post.role) == ("z5", "deputy") for post in drilled.posts)


# hostile files -------------------------------------------------------------------------------------------------------

GOOD = """name = "x"
title = "t"
title_en = "t"
trains = "t"
trains_en = "t"
start = 2021-03-01T23:20:00
end = 2021-03-01T23:50:00
seat = "0312"

[[step]]
at = "23:21"
who = "caller"
case = "one"
line = "xj dhj zy 1 110"

[[step]]
at = "23:22"
who = "desk"
line = "pd {one} y1"
expect = { state = "DISPATCHED" }
"""


def test_the_good_file_below_is_good(town: Town, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(GOOD, "utf-8")
    assert [step.n for step in scripts.read(town, tmp_path / "x.toml").steps] == [1, 2]


@pytest.mark.parametrize(
    ("was", "now", "step", "field"),
    [
        ('name = "x"', 'name = "y"', 0, "name"),
        ('title = "t"\n', "", 0, "title"),
        ('seat = "0312"', 'seat = "9999"', 0, "seat"),
        ('seat = "0312"', 'seat = "0312"\ncolour = 1', 0, "colour"),
        ('seat = "0312"', 'seat = "0312"\nbegins = 1', 0, "begins"),
        ("end = 2021-03-01T23:50:00", "end = 2021-03-01T23:10:00", 0, "end"),
        ("end = 2021-03-01T23:50:00", "end = 2021-03-01T23:50:00Z", 0, "end"),
        ("end = 2021-03-01T23:50:00", 'end = "soon"', 0, "end"),
        ("[[step]]", '[state]\nvacant = ["z9.deputy"]\n\n[[step]]', 0, "state.vacant"),
        ("[[step]]", '[state]\nabsent = ["9999"]\n\n[[step]]', 0, "state"),
        ('at = "23:22"', 'at = "25:00"', 2, "at"),
        ('at = "23:22"', 'at = "02-30 23:22"', 2, "at"),
        ('at = "23:22"', 'at = "23:20"', 2, "at"),
        ('at = "23:22"', 'at = "23:22"\nskip_to = "soon"', 2, "skip_to"),
        ('at = "23:22"', 'at = "23:22"\nwithin = "a while"', 2, "within"),
        ('at = "23:22"', 'at = "23:22"\nwhom = "0312"', 2, "whom"),
        ('at = "23:22"', "at = 5", 2, "at"),
        ('who = "caller"', 'who = "9999"', 1, "who"),
        ('who = "caller"', 'who = "system"', 1, "who"),
        ('who = "caller"', 'who = "desk"', 1, "case"),
        ('line = "pd {one} y1"', 'line = "pd {two} y1"', 2, "line"),
        ('line = "pd {one} y1"', 'line = "pd {one} y9"', 2, "line"),
        ('line = "pd {one} y1"', 'line = "zzz {one}"', 2, "line"),
        ('line = "pd {one} y1"\nexpect', "expect", 2, ""),
        ('line = "pd {one} y1"', 'line = "pd {one} y1"\nack = true', 2, "ack"),
        ('state = "DISPATCHED"', 'state = "SENT"', 2, "expect.state"),
        ('state = "DISPATCHED"', 'called = ["0031"]', 2, "expect.called"),
        ('state = "DISPATCHED"', 'next = "soon"', 2, "expect.next"),
        ('state = "DISPATCHED"', 'alarm = "!!!!"', 2, "expect.alarm"),
        ('state = "DISPATCHED"', 'level = "two"', 2, "level"),
        ('state = "DISPATCHED"', "stat = 1", 2, "stat"),
        ('state = "DISPATCHED"', 'case = "two"', 2, "line"),
        ("[[step]]", "[[step", 0, ""),
    ],
)
def test_a_file_that_is_wrong_says_where_and_what_to_do(
    was: str, now: str, step: int, field: str, town: Town, tmp_path: Path
) -> None:
    assert was in GOOD
    (tmp_path / "x.toml").write_text(GOOD.replace(was, now, 1), "utf-8")
    if not field and step:  # a step that only expects is fine
        assert scripts.read(town, tmp_path / "x.toml").steps[1].own is False
        return
    with pytest.raises(IntakeError) as wrong:
        scripts.read(town, tmp_path / "x.toml")
    said = wrong.value
    assert said.code == 13
    assert said.zh.startswith("演练 x ") and "；" in said.zh and said.en.startswith("drill x ") and "; " in said.en
    assert (f"第{step}步" in said.zh) is bool(step), said.zh
    assert field in said.zh and said.field in (field, said.field)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"", b"name = 1", b"step = 5", b"[[step]]\nat = 1"])
def test_rubbish_is_refused_in_words(content: bytes, town: Town, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_bytes(content)
    with pytest.raises(IntakeError) as wrong:
        scripts.read(town, tmp_path / "x.toml")
    assert wrong.value.code == 13 and wrong.value.zh.startswith("演练 x ")


@pytest.mark.parametrize("name", ["nothing", "../town", "", "ladder-p1.toml"])
def test_a_drill_that_is_not_there_names_those_that_are(name: str, town: Town) -> None:
    with pytest.raises(IntakeError) as wrong:
        scripts.load(town, name)
    assert wrong.value.code == 6 and "ladder-p1" in wrong.value.zh and "ladder-p1" in wrong.value.en


# the command ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def zjj(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Runs the command with --json; (exit code, envelope)."""
    from zjj_console import cli

    monkeypatch.setenv("ZJJ_DB", str(tmp_path / "real.db"))

    def run(*words: str) -> tuple[int, dict[str, Any]]:
        monkeypatch.setattr("sys.argv", ["zjj", "--json", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main()
        return int(left.value.code or 0), json.loads(capsys.readouterr().out)

    return run


def test_the_command_lists_runs_and_reports(zjj: Callable[..., Any], tmp_path: Path) -> None:
    code, said = zjj("demo", "drill", "--list")
    assert code == 0 and {"ladder-p1", "silence"} <= {one["name"] for one in said["data"]["drills"]}
    code, said = zjj("demo", "drill", "ladder-p1", "--no-open")
    assert code == 0 and said["data"]["ok"] and said["data"]["tasks"] and not (tmp_path / "real.db").exists()
    assert zjj("demo", "drill", "ladder-p1", "--no-open", "--speed", "601")[0] == 2
    assert zjj("demo", "drill")[0] == 2
    assert zjj("demo", "drill", "ladder-p1")[0] == 2, "no terminal"
    assert zjj("demo", "drill", "nothing", "--no-open")[0] == 6


def test_a_database_of_a_drill_opens_as_no_real_one(zjj: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "drill.db"
    assert zjj("demo", "drill", "vacant", "--no-open", "--db", str(path))[0] == 0
    assert zjj("demo", "drill", "vacant", "--no-open", "--db", str(path))[0] == 5, "it is not written over"
    for words in (
        ("do", "bz 1001 x"),
        ("case", "list"),
        ("export", "cases", str(tmp_path / "x.csv")),
        ("audit", "verify"),
    ):
        code, said = zjj("--db", str(path), *words)
        assert code == 5 and "演练 vacant" in said["errors"][0]["message"], words
    code, said = zjj("--db", str(path), "doctor")
    assert code == 1 and any("演练 vacant" in check["found"] for check in said["data"]["checks"])
    code, said = zjj("db", "restore", str(path))
    assert code == 5 and not (tmp_path / "real.db").exists(), "nor does it come back as a backup"


def test_an_expectation_that_does_not_hold_is_exit_1(zjj: Callable[..., Any], tmp_path: Path) -> None:
    folder = tmp_path / "town"
    shutil.copytree(builtin(), folder)
    path = folder / "drills" / "ladder-p1.toml"
    path.write_text(path.read_text("utf-8").replace('"E1 0031 23:34:55"', '"E1 0032 23:34:55"'), "utf-8")
    code, said = zjj("--profile", str(folder), "demo", "drill", "ladder-p1", "--no-open")
    wrong = [check for check in said["data"]["checks"] if check["wanted"] != check["found"]]
    assert code == 1 and [(one["step"], one["field"]) for one in wrong] == [(3, "called")]


def test_the_towns_load_their_drills_from_their_own_folder() -> None:
    assert scripts.names(load_town(builtin("example_town"))) == ["night"]


@pytest.mark.parametrize("width", [80, 120])
def test_NV_15_the_watermark_is_never_cut_off(width: int, town: Town, begin: Callable[..., Runner]) -> None:
    drill = scripts.load(town, "vacant")
    desk = begin(town, drill).desk
    line = header.who(desk.actor, Frame(desk.town, desk.duty, desk.now(), "x600"), width, locked=True)
    assert " 演练 x600 " in "".join(text for text, _ in line)
    assert any(style.startswith("reverse") for text, style in line if "演练 x600" in text)
    earnest = header.who(desk.actor, Frame(town, desk.duty, desk.now()), width)
    assert "演练" not in "".join(text for text, _ in earnest)
