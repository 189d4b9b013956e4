"""A drill in the console: the watermark, what is heard and what is to be done in the message line, the report at the end."""

from typing import TYPE_CHECKING

from zjj_console.desk.outcome import Outcome
from zjj_console.i18n import t
from zjj_console.screens.base import ConsoleScreen
from zjj_console.screens.session import Session
from zjj_console.widgets.cells import shown

if TYPE_CHECKING:
    from zjj_console.intake.drill_run import Runner, Said

_PREFIX = {"say": "", "ask": "应做", "done": "", "call": "请呼叫"}
_STYLE = {"say": "$accent", "ask": "bold $p2", "done": "$done", "call": "bold $p1"}


class Drilling:
    """Lets the script go on once a second, on the writer thread like any other act."""

    def __init__(self, runner: "Runner", session: Session) -> None:
        self.runner, self.session = runner, session
        session.watermark, session.pace = f"x{runner.clock.speed}", runner.clock.speed
        self._told = 0
        self._reported = False

    async def second(self, screen: object) -> None:
        """`screen`: the one on top."""
        await self.session.call(self._catch_up)
        news, self._told = self.runner.said[self._told :], len(self.runner.said)
        if news:
            self.session.say("  ".join(self._words(one) for one in self._newest(news)), _STYLE[news[-1].kind])
        if self.runner.over and not self._reported and isinstance(screen, ConsoleScreen):
            from zjj_console.intake.drill_report import report

            self._reported = True
            screen.ways.read(t("演练报告"), report(self.runner).text)

    @staticmethod
    def _newest(news: "list[Said]") -> "list[Said]":
        """Of each kind the last: a night at full speed says more than one line can hold."""
        return sorted({one.kind: one for one in news}.values(), key=lambda one: one.at)

    def _words(self, one: "Said") -> str:
        prefix = _PREFIX[one.kind]
        text = f"{t(prefix)}: {shown(one.text)}" if prefix else shown(one.text)
        return f"{self.session.desk.duty.local(one.at):%H:%M} {text}"

    def _catch_up(self) -> Outcome:
        self.runner.catch_up()
        return Outcome(True, 0, "")
