"""The `zjj` command. Imports nothing heavy: each command loads what it needs when it runs."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from zjj_console import __version__
from zjj_console.commands import audit, case, console, database, doctor, operators, profile
from zjj_console.commands.context import Settings, Stop, parse_now
from zjj_console.commands.do import do
from zjj_console.commands.output import Fault, Result, show

app = typer.Typer(
    name="zjj",
    help="城运值守台: 案件受理、派单、核查、结案。不带命令则打开控制台。",
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(do)
app.command()(console.tui)
app.command()(console.demo)
app.command()(console.init)
app.command()(doctor.doctor)
# app.command("import")(imports.import_)
# app.add_typer(imports.export_app, name="export")
app.add_typer(case.app, name="case")
app.add_typer(profile.app, name="profile")
app.add_typer(audit.app, name="audit")
app.add_typer(database.app, name="db")
app.add_typer(operators.app, name="operator")


def _version(wanted: bool) -> None:
    if wanted:
        print(f"zjj {__version__}")
        raise typer.Exit


@app.callback()
def main_options(
    context: typer.Context,
    db: Annotated[Path | None, typer.Option("--db", envvar="ZJJ_DB", help="数据库文件")] = None,
    profile_dir: Annotated[str, typer.Option("--profile", envvar="ZJJ_PROFILE", help="镇级配置目录或内置名")] = "",
    operator: Annotated[str, typer.Option("--as", envvar="ZJJ_OPERATOR", metavar="WORKNO", help="操作员工号")] = "",
    pin_file: Annotated[Path | None, typer.Option("--pin-file", help="口令文件，权限 0600")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="只输出一个 JSON 对象")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="不输出提示")] = False,
    lang: Annotated[str, typer.Option("--lang", envvar="ZJJ_LANG", help="zh|en")] = "zh",
    now: Annotated[str, typer.Option("--now", envvar="ZJJ_NOW", metavar="ISO", help="仅测试: 固定时钟")] = "",
    _v: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="版本")] = False,
) -> None:
    """Global options, given before the command."""
    if lang not in ("zh", "en"):
        raise Stop(2, "E_USAGE", f"--lang 须为 zh 或 en: {lang}", f"--lang must be zh or en: {lang}")
    options = Settings(db, profile_dir, operator, pin_file, as_json, quiet, lang)
    options.now = parse_now(now) if now else None
    context.obj = options
    if context.invoked_subcommand is None:
        console.open_console(options, os.environ.get("ZJJ_THEME", "night"))


def main() -> None:
    """Run, and turn every way to fail into its exit code and, with --json, into the one object."""
    wants_json, english = "--json" in sys.argv, "en" in (os.environ.get("ZJJ_LANG"), *_after("--lang"))
    options = Settings(json=wants_json, lang="en" if english else "zh")
    try:
        code = app(standalone_mode=False)
    except Stop as stop:
        code = _failed(options, stop)
    except (KeyboardInterrupt, typer.Abort):
        code = _failed(options, Stop(130, "E_INTERRUPTED", "已中断，未留半截写入", "interrupted; nothing half-written"))
    except Exception as error:
        code = _failed(options, _as_stop(error))
    sys.exit(code or 0)


def _after(option: str) -> list[str]:
    return [value for name, value in zip(sys.argv, sys.argv[1:], strict=False) if name == option]


def _as_stop(error: Exception) -> Stop:
    usage = getattr(error, "format_message", None)
    if usage is not None:  # a mistake in the command line itself
        return Stop(getattr(error, "exit_code", 2), "E_USAGE", usage())
    zh, en, code = getattr(error, "zh", None), getattr(error, "en", None), getattr(error, "code", 1)
    if zh:  # a storage error that a command let through
        return Stop(code, "E_STORAGE", zh, en or zh)
    if os.environ.get("ZJJ_DEBUG"):
        raise error
    kind = type(error).__name__
    return Stop(1, "E_UNEXPECTED", f"意外错误 {kind}: {error}；ZJJ_DEBUG=1 可看详情", f"unexpected {kind}: {error}")


def _failed(options: Settings, stop: Stop) -> int:
    fault = Fault(stop.error, options.say(stop.zh, stop.en), stop.field)
    show(Result(code=stop.code, errors=[fault]), as_json=options.json)
    return stop.code


if __name__ == "__main__":
    main()
