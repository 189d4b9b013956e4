"""The sample files and the demo night."""

import importlib.util
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from tests.conftest import Hands, actor_of
from tests.intake.conftest import assert_whole, cases_of
from zjj_console.desk.desk import Desk
from zjj_console.domain.model import State
from zjj_console.intake.demo import SCENES, seed_demo
from zjj_console.intake.engine import import_cases
from zjj_console.intake.table import IntakeError
from zjj_console.town.load import builtin, load_town
from zjj_console.town.models import Town

TOWNS = ["zhujiajiao", "example_town"]


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    path = Path(__file__).parents[2] / "tools" / "make_samples.py"
    spec = importlib.util.spec_from_file_location("make_samples", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("name", "kinds"), [("zhujiajiao", ["month", "night"]), ("example_town", ["night"])])
def test_the_shipped_samples_are_what_the_tool_writes(
    tool: ModuleType, tmp_path: Path, name: str, kinds: list[str]
) -> None:
    tool.make(builtin(name), kinds, tmp_path)
    for kind in kinds:
        assert (tmp_path / f"{kind}.csv").read_bytes() == (builtin(name) / "samples" / f"{kind}.csv").read_bytes()


def test_a_month_has_all_sources_and_flows_and_is_mostly_over(desk: Desk, town: Town) -> None:
    done = import_cases(desk, town.path / "samples" / "month.csv")
    assert (done.new, done.rejected, done.warnings) == (1500, 0, ["未用的列: 备注"])
    cases = cases_of(desk)
    assert {case.source for case in cases} == set(town.sources) - {"open311"}
    assert {case.flow for case in cases} == {"self", "general", "difficult"}
    assert sum(case.state is State.CLOSED for case in cases) > 1350
    assert {case.committee for case in cases} == set(town.committees)
    assert_whole(desk)


def desk_of(town: Town, path: Path, hands: Hands) -> Desk:
    return Desk(path, town, actor_of(town, "0001"), hands)


@pytest.mark.parametrize("name", TOWNS)
@pytest.mark.parametrize("when", ["2021-03-01 23:41", "2021-03-03 10:20", "2021-05-01 03:00"])
def test_the_demo_night_has_something_of_everything(new_db: Callable[[], Path], name: str, when: str) -> None:
    town = load_town(builtin(name))
    hands = Hands(town)
    hands.set(when)
    desk = desk_of(town, new_db(), hands)
    lines: list[str] = []
    run = desk.run_line

    def watched(line: str, **options: object):  # type: ignore[no-untyped-def]
        done = run(line, **options)
        assert done.ok, f"{line}: {done.text}"
        lines.append(line)
        return done

    desk.run_line = watched  # type: ignore[method-assign]
    count = seed_demo(desk, 1)
    assert desk.now is hands
    assert len(lines) == sum(len(scene.lines) for scene in SCENES)
    cases = [case for case in cases_of(desk) if case.is_open]
    assert count == len(cases) and 55 <= count <= 70
    assert {case.state for case in cases} >= set(State) - {State.DRAFT, State.CLOSED, State.VOIDED, State.MERGED}
    running = [(case, case.next_clock()) for case in cases]
    late = [case for case, clock in running if clock and clock.due <= hands.now]
    soon = [case for case, clock in running if clock and desk.duty.warn_at(clock) <= hands.now < clock.due]
    assert len(late) >= 5 and len(soon) >= 1 and any(case.priority == 1 for case in late)
    seen = Counter(mark for case in cases for mark in (*case.requests, *(["rework"] if case.rework_count else [])))
    assert seen["return"] and seen["rework"]
    assert any(case.supervised_until for case in cases) and any(case.return_count for case in cases)
    assert max(case.reported_at for case in cases) <= hands.now
    assert_whole(desk)
    desk.close()


def test_the_same_seed_and_clock_make_the_same_night(town: Town, new_db: Callable[[], Path]) -> None:
    nights = []
    for seed in (1, 1, 2):
        desk = desk_of(town, new_db(), Hands(town))
        seed_demo(desk, seed)
        nights.append(cases_of(desk))
        desk.close()
    assert nights[0] == nights[1] != nights[2]


def test_a_profile_without_sample_says_so(town: Town, tmp_path: Path, db_path: Path, clock: Hands) -> None:
    import msgspec

    desk = desk_of(msgspec.structs.replace(town, folder=str(tmp_path)), db_path, clock)
    with pytest.raises(IntakeError) as stopped:
        seed_demo(desk)
    assert stopped.value.code == 6
    desk.close()
