"""`zjj` alone, `zjj tui` and `zjj demo`: open the console. `zjj init`: make the database."""

import tempfile
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Annotated

import typer

from zjj_console.commands import drill
from zjj_console.commands.context import Settings, Stop, instant_of, settings
from zjj_console.commands.opening import open_console, terminal_or_stop
from zjj_console.commands.output import Result

EVENING = time(23, 24)
demo_app = typer.Typer(invoke_without_command=True, help="演示夜班与演练，都在一次性数据库上")
demo_app.command("drill")(drill.drill)
Theme = Annotated[str, typer.Option("--theme", envvar="ZJJ_THEME", help="night|day|ansi")]


def tui(context: typer.Context, theme: Theme = "night") -> None:
    """打开控制台(与不带命令的 zjj 相同)。"""
    raise typer.Exit(open_console(settings(context), theme))


def init(context: typer.Context) -> None:
    """建立数据库。已存在时退出码 5。"""
    options = settings(context)
    town = options.town()
    options.create(town)
    data = {"path": str(options.path()), "town": town.code}
    options.finish(Result(data, f"已建立 {options.path()} ({town.name})"))


@demo_app.callback()
def demo(
    context: typer.Context,
    seed: Annotated[int, typer.Option("--seed", help="同一种子与时刻得到同一夜")] = 1,
    at: Annotated[str, typer.Option("--at", metavar="ISO", help="演示从何时开始，默认最近一个夜里")] = "",
    db: Annotated[Path | None, typer.Option("--db", help="写到这个文件(须不存在)")] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="只写数据库，不打开控制台")] = False,
    theme: Theme = "night",
) -> None:
    """在一次性数据库上打开忙碌的演示夜班；demo drill 是按脚本的演练。"""
    if context.invoked_subcommand is not None:
        return
    options = settings(context)
    chosen = db or options.db
    if no_open and chosen is None:
        raise Stop(2, "E_USAGE", "--no-open 须同时给 --db 路径", "--no-open needs --db PATH")
    if not no_open:
        terminal_or_stop()
    start = instant_of(at) if at else _last_night(options)
    with tempfile.TemporaryDirectory(prefix="zjj-demo-") as folder:
        options.db = chosen or Path(folder) / "demo.db"
        if options.db.exists():
            raise Stop(5, "E_CONFLICT", f"{options.db} 已存在；打开它: zjj --db {options.db}，或另选文件",
                       f"{options.db} exists already; open it with zjj --db {options.db}, or choose another file", "db")  # fmt: skip
        shift = start - options.clock()
        cases = _seed(options, seed, start)
        if no_open:
            options.finish(Result({"path": str(options.db), "cases": cases}, f"已写演示夜班 {cases} 件: {options.db}"))
        real = options.clock
        options.clock = lambda: real() + shift  # type: ignore[method-assign]
        raise typer.Exit(open_console(options, theme))


def _last_night(options: Settings) -> int:
    """The middle of the latest evening that has passed: a demo night is a night at any hour."""
    now = datetime.fromtimestamp(options.clock() / 1_000_000, options.town().tz)
    evening = datetime.combine(now.date(), EVENING, now.tzinfo)
    return round((evening if evening <= now else evening - timedelta(days=1)).timestamp() * 1_000_000)


def _seed(options: Settings, seed: int, start: int) -> int:
    from zjj_console.intake.demo import seed_demo
    from zjj_console.storage.disk import discard

    now = options.now
    options.now = start
    desk = options.desk()
    try:
        return seed_demo(desk, seed)
    except BaseException:
        discard(desk.path)  # half a night is none
        raise
    finally:
        desk.close()
        options.now = now
