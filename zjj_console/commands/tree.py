"""The tree of commands. Imports nothing heavy: each command loads what it needs when it runs."""

import os
from pathlib import Path
from typing import Annotated

import typer

from zjj_console import __version__
from zjj_console.commands import (
    alarms,
    audit,
    case,
    console,
    consult,
    database,
    doctor,
    escalation,
    gateway,
    handover,
    hub,
    imports,
    operators,
    outbox,
    profile,
    report,
    roster,
    sign,
    stationing,
    support,
    sync,
    visit,
    watch,
)
from zjj_console.commands.context import Settings, Stop, parse_now
from zjj_console.commands.do import do
from zjj_console.commands.opening import open_console

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
app.add_typer(console.demo_app, name="demo")
app.command()(console.init)
app.command()(doctor.doctor)
app.command("import")(imports.import_)
app.add_typer(imports.export_app, name="export")
app.add_typer(case.app, name="case")
app.add_typer(sign.app, name="sign")
app.add_typer(roster.app, name="roster")
app.add_typer(stationing.app, name="stationing")
app.add_typer(support.app, name="support")
app.add_typer(handover.app, name="handover")
app.add_typer(alarms.app, name="alarms")
app.add_typer(escalation.app, name="escalation")
app.command()(watch.watch)
app.add_typer(gateway.app, name="gateway")
app.add_typer(outbox.app, name="outbox")
app.add_typer(consult.app, name="consult")
app.add_typer(visit.app, name="visit")
app.add_typer(report.app, name="report")
app.add_typer(profile.app, name="profile")
app.add_typer(audit.app, name="audit")
app.add_typer(database.app, name="db")
app.add_typer(operators.app, name="operator")
app.add_typer(sync.app, name="sync")
app.add_typer(hub.app, name="hub")


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
        raise typer.Exit(open_console(options, os.environ.get("ZJJ_THEME", "night")))
