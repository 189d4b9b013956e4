"""Opening the console on a terminal that can draw it. Free of the command tree, so that a bare start is quick."""

import os
import sys
from typing import TYPE_CHECKING

from zjj_console.commands.context import Settings, Stop

if TYPE_CHECKING:
    from zjj_console.intake.drill_run import Runner


def terminal_or_stop() -> None:
    """A terminal that can draw, or a sentence and exit 2 before anything is drawn."""
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        raise Stop(2, "E_USAGE", "不是终端: 控制台需在终端中打开；脚本请用 zjj do、zjj case",
                   "not a terminal: open the console in one; scripts use zjj do, zjj case")  # fmt: skip
    if os.environ.get("TERM", "dumb") == "dumb":
        raise Stop(2, "E_USAGE", "TERM=dumb 不能绘制控制台；请设 TERM，或用 zjj do、zjj case",
                   "TERM=dumb cannot draw the console; set TERM or use zjj do, zjj case")  # fmt: skip


def open_console(options: Settings, theme: str, runner: "Runner | None" = None) -> int:
    """The console on the chosen database, or on that of a drill; its exit code."""
    terminal_or_stop()
    from zjj_console.app import run

    return run(options.desk if runner is None else lambda: runner.desk, theme=theme, lang=options.lang, runner=runner)
