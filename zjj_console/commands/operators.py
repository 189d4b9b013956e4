"""`zjj operator`: the first real operator with a PIN ends the trial mode."""

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zjj_console.commands.context import Settings, Stop, settings
from zjj_console.commands.output import Result

if TYPE_CHECKING:
    from zjj_console.desk.desk import Desk

app = typer.Typer(no_args_is_help=True, help="操作员: 设口令、列出")


@app.command()
def add(
    context: typer.Context,
    work_no: Annotated[str, typer.Argument(metavar="WORKNO")],
    pin_file: Annotated[Path | None, typer.Option("--new-pin-file", help="新口令文件，权限 0600")] = None,
) -> None:
    """为一个工号设口令(--new-pin-file、试用时也可 --pin-file，或键盘)；有了第一个口令，试用模式即结束。"""
    from zjj_console.desk.session import keeps, set_pin
    from zjj_console.storage.db import connect

    options = settings(context)
    desk = options.desk()
    if not keeps(desk.actor, work_no) and not _first_keeper(desk, work_no):
        raise Stop(
            7, "E_PERMISSION", "只有管理员、镇中心负责人、值班长可为他人设口令", "only keepers may set another's PIN"
        )
    db = connect(options.path())
    set_pin(db, desk.town, work_no, _new_pin(options, pin_file), options.clock())
    db.close()
    options.finish(Result({"work_no": work_no}, f"已设口令: {work_no} {desk.town.people[work_no].name}"))


def _first_keeper(desk: "Desk", work_no: str) -> bool:
    """While nobody with a PIN may set others', the first such person may be added by anybody: no database locks itself."""
    from zjj_console.desk.session import KEEPERS, actor_of

    known = [row[0] for row in desk.reader.execute("SELECT work_no FROM operator")]
    keepers = [no for no in known if no in desk.town.people and KEEPERS & actor_of(desk.town, no).roles]
    return not keepers and work_no in desk.town.people and bool(KEEPERS & actor_of(desk.town, work_no).roles)


def _new_pin(options: Settings, pin_file: Path | None) -> str:
    chosen = pin_file or options.pin_file
    if chosen is not None:
        return options.read_pin(chosen)
    if not sys.stdin.isatty():
        raise Stop(2, "E_USAGE", "请用 --pin-file 给出口令", "give the PIN with --pin-file")
    pin = getpass.getpass("PIN: ")
    if pin != getpass.getpass("PIN x2: "):
        raise Stop(3, "E_PIN", "两次口令不同", "the PINs differ")
    return pin


@app.command("list")
def list_(context: typer.Context) -> None:
    """已设口令的操作员。"""
    options = settings(context)
    desk = options.desk()
    rows = desk.reader.execute("SELECT work_no FROM operator ORDER BY work_no").fetchall()
    found = [{"work_no": row[0], "name": desk.town.people[row[0]].name} for row in rows if row[0] in desk.town.people]
    text = "\n".join(f"{p['work_no']} {p['name']}" for p in found) or "尚无操作员(试用模式)"
    options.finish(Result({"operators": found, "trial": not found}, text))
