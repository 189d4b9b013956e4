"""`zjj demo drill`: a scripted night on a throw-away database, in the console for training or at once for a proof."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zjj_console.commands.context import Settings, Stop, settings
from zjj_console.commands.opening import open_console, terminal_or_stop
from zjj_console.commands.output import Fault, Result

if TYPE_CHECKING:
    from zjj_console.intake.drill import Drill
    from zjj_console.intake.drill_report import Report


def drill(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="演练名，见 --list")] = "",
    speed: Annotated[int, typer.Option("--speed", metavar="1-600", help="几倍速")] = 60,
    listed: Annotated[bool, typer.Option("--list", help="列出全部演练")] = False,
    db: Annotated[Path | None, typer.Option("--db", help="写到这个文件(须不存在)，默认用后即弃")] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="不打开控制台，自动走完并给出报告")] = False,
    show: Annotated[bool, typer.Option("--show", help="示范: 本席该做的也由脚本做，看一遍")] = False,
    theme: Annotated[str, typer.Option("--theme", envvar="ZJJ_THEME", help="night|day|ansi")] = "night",
) -> None:
    """按脚本演练一夜，数据用后即弃；--no-open 自动走完，全部达到才退出 0。"""
    from zjj_console.intake import drill as scripts
    from zjj_console.intake.table import IntakeError

    options = settings(context)
    try:
        if listed:
            _list(options, scripts.names(options.town()))
        if not name:
            raise Stop(
                2, "E_USAGE", "请给演练名；zjj demo drill --list 列出全部", "name a drill; --list shows all", "name"
            )
        found = scripts.load(options.town(), name)
        scripts.DrillClock(found.begins, speed)  # a speed that is none is told before anything is made
        if not no_open:
            terminal_or_stop()
        with tempfile.TemporaryDirectory(prefix="zjj-drill-") as folder:
            path = db or Path(folder) / "drill.db"
            if path.exists():
                raise Stop(5, "E_CONFLICT", f"{path} 已存在，请另选文件", f"{path} exists already", "db")
            if no_open:
                _at_once(options, found, path)
            _open(options, found, path, speed, theme, show=show)
    except IntakeError as error:
        raise Stop(error.code, error.error, error.zh, error.en, error.field) from error


def _list(options: Settings, names: list[str]) -> None:
    from zjj_console.intake.drill import load

    found = [load(options.town(), name) for name in names]
    rows = [
        {"name": d.name, "title": d.title, "title_en": d.title_en, "trains": d.trains, "trains_en": d.trains_en,
         "seat": d.seat, "steps": len(d.steps)}
        for d in found
    ]  # fmt: skip
    lines = [
        line
        for d in found
        for line in (f"{d.name}  {options.say(d.title, d.title_en)}", f"    {options.say(d.trains, d.trains_en)}")
    ]
    options.finish(
        Result({"drills": rows}, "\n".join(lines) or options.say("此配置没有演练", "this profile has no drills"))
    )


def _at_once(options: Settings, found: "Drill", path: Path) -> None:
    """The whole night without waiting, the trainee's part done as the script says."""
    from zjj_console.intake import drill_run
    from zjj_console.intake.drill import at_once
    from zjj_console.intake.drill_report import report

    desk = drill_run.create(found, path, options.town(), options.lang)
    runner = drill_run.Runner(desk, found, at_once(found.begins), auto=True)
    try:
        runner.catch_up()
        done = report(runner)
    finally:
        runner.close()
        desk.close()
    _finish(options, found, done, 0 if done.ok else 1)


def _open(options: Settings, found: "Drill", path: Path, speed: int, theme: str, *, show: bool) -> None:
    """The console on it; whoever leaves is told what he did. `show`: there is nothing left for him to do but look."""
    from zjj_console.intake import drill_run
    from zjj_console.intake.drill import DrillClock
    from zjj_console.intake.drill_report import report

    desk = drill_run.create(found, path, options.town(), options.lang)
    runner = drill_run.Runner(desk, found, DrillClock(found.begins, speed), auto=show)
    try:
        code = open_console(options, theme, runner)
        done = report(runner)
    finally:
        runner.close()
    _finish(options, found, done, code)


def _finish(options: Settings, found: "Drill", done: "Report", code: int) -> None:
    import msgspec

    data = {
        "drill": found.name, "over": done.over, "ok": done.ok, "tasks": msgspec.to_builtins(done.tasks),
        "acks": msgspec.to_builtins(done.acks), "checks": msgspec.to_builtins(done.checks),
    }  # fmt: skip
    errors = [Fault("E_DRILL", done.text.splitlines()[-1])] if code else []
    options.finish(Result(data, done.text, code, errors=errors))
