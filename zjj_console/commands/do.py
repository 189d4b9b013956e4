"""`zjj do`: one line of the command grammar, exactly as typed in the console."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from zjj_console.commands.context import Settings, settings
from zjj_console.commands.output import Fault, Result

if TYPE_CHECKING:
    from zjj_console.desk.desk import Desk
    from zjj_console.desk.outcome import Outcome

Key = Annotated[str, typer.Option("--key", help="幂等键: 同键同内容只做一次")]


def do(
    context: typer.Context,
    line: Annotated[str, typer.Argument(metavar="LINE", help="如 'pd 1042 y1'")],
    key: Key = "",
    yes: Annotated[bool, typer.Option("--yes", help="已有主办时确认追加协办(控制台中的第二次 Enter)")] = False,
) -> None:
    """执行一行命令，与控制台中键入的一样。"""
    options = settings(context)
    desk = options.desk()
    desk.sweep()
    options.finish(result_of(options, desk, desk.run_line(line, key=key or None, confirmed=yes)))


def result_of(options: Settings, desk: "Desk", outcome: "Outcome") -> Result:
    """The contract's shape of what a line did, or why it did not."""
    from zjj_console.desk.shape import case_json

    now = options.clock()
    if not outcome.ok:
        choices = [{"digit": c.digit, "label": c.label, "line": c.insert} for c in outcome.choices]
        refused: dict[str, Any] = {"line": outcome.line, **({"choices": choices} if choices else {})}
        return Result(refused, code=outcome.code, errors=[Fault(outcome.error, outcome.text, outcome.field)])
    data: dict[str, Any] = {
        "line": outcome.line,
        "preview_zh": outcome.preview,
        "case": case_json(outcome.case, desk.town, desk.duty, now) if outcome.case else None,
        "events": list(outcome.events),
    }
    if outcome.same:
        data["same"] = True
    if outcome.cases:
        data["cases"] = [case_json(case, desk.town, desk.duty, now) for case in outcome.cases]
    return Result(data, outcome.text, 0, [*outcome.warnings, *standing_warnings(options, desk)])


def standing_warnings(options: Settings, desk: "Desk") -> list[str]:
    """What the officer should know of every act: trial mode, a calendar that ends before today."""
    from zjj_console.town.calendar import day_type

    found = []
    if desk.actor.trial:
        found.append(options.say("试用: 以示例人员操作", "trial: acting as sample staff"))
    today = desk.duty.local(desk.now()).date()
    if not day_type(desk.town, today)[1]:
        found.append(
            options.say(f"{today.year} 年节假日未知，按周一至周五计", f"holidays of {today.year} are not known")
        )
    return found
