"""One case: its fields, clocks, orders, history, and what can be done with it now (§3.8)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from textual.containers import Horizontal
from textual.widget import Widget

from zjj_console.desk import near
from zjj_console.desk.near import History, Twin
from zjj_console.i18n import t
from zjj_console.screens.base import ConsoleScreen
from zjj_console.screens.session import Session
from zjj_console.storage import reads, reads_conflicts
from zjj_console.storage.reads_conflicts import Clash
from zjj_console.widgets import case_lines, conflict_lines, near_lines
from zjj_console.widgets.cells import Line
from zjj_console.widgets.panel import Panel
from zjj_console.widgets.verb_words import key_hints, offered

if TYPE_CHECKING:
    from zjj_console.screens.queue import QueueScreen

_SCROLL = {"j": 1, "down": 1, "k": -1, "up": -1, "pagedown": 15, "pageup": -15, "home": -10_000, "end": 10_000}


class CaseScreen(ConsoleScreen):
    """`queue` is the list that `[` and `]` walk along."""

    CSS_PATH = "case.tcss"
    place = "case"

    def __init__(self, session: Session, case_id: str, queue: "QueueScreen") -> None:
        super().__init__(session)
        self.case_id = case_id
        self.queue = queue
        self._changed_at = 0
        self._choosing: list[Line] = []
        self._twins: list[Twin] = []
        self._history: History | None = None
        self._clashes: list[Clash] = []

    def body(self) -> Iterator[Widget]:
        with Horizontal(id="panes"):
            yield Panel(id="left")
            yield Panel(id="third")
            yield Panel(id="right")

    def on_mount(self) -> None:
        self.reload()
        super().on_mount()

    def show_case(self, case_id: str) -> None:
        self.case_id = case_id
        self._case = None
        self.reload()
        for panel in self.query(Panel):
            panel.scroll_to_line(0)
        self.draw()

    def selected_case(self) -> str:
        return self.case_id

    def spot(self) -> dict[str, str]:
        return {"case": self.case_id}

    def just_moved(self) -> bool:
        return self.recently(self._changed_at)

    def expected(self) -> None:
        self._changed_at = 0

    def reload(self) -> None:
        before = self._case
        self._case, self._legal = self.read_case()
        self._twins = self.session.desk.twins(self._case) if self._case is not None else []
        self._history = None  # read when it is shown
        self._clashes = reads_conflicts.of_case(self.session.desk.reader, self.case_id)
        if before is not None and self._case is not None and before.version != self._case.version:
            self._changed_at = self.session.desk.now()

    # drawing ----------------------------------------------------------------------------------------------------------

    def draw(self) -> None:
        super().draw()
        if not self.drawable:
            return
        left, third, right = (self.query_one(f"#{name}", Panel) for name in ("left", "third", "right"))
        width = left.size.width - 1
        if self._case is None:
            left.show([case_lines.note(t("没有这个案件"))])
            return
        if not right.display:
            facts = [*self._facts(width, brief=True), *self._alike()]
            left.show([*self._choosing, *facts, *self._can(width), (), *self._past(width)])
            return
        facts = [*self._facts(width), *self._alike(), *self._orders()]
        if third.display:
            left.show([*facts, (), *self._before()])
            third.show(self._past(third.size.width - 1))
        else:
            left.show([*facts, (), *self._past(width)])
        right.show([*self._choosing, *self._can(right.size.width - 1)])

    def _facts(self, width: int, *, brief: bool = False) -> list[Line]:
        case, frame, desk = self._case, self.session.frame(), self.session.desk
        assert case is not None
        lines = [case_lines.headline(case, frame), *conflict_lines.of_case(self._clashes, frame)]
        lines += case_lines.requests(case, frame)
        lines += [*case_lines.fields(case, desk.actor, frame, width, brief=brief), ()]
        return [*lines, case_lines.clock_head(), *case_lines.clocks(case, frame, brief=brief), ()]

    def _alike(self) -> list[Line]:
        """Cases that may be the same matter, with the way out."""
        lines = near_lines.with_way_out(near_lines.twins(self._twins, self.session.desk.facts()))
        return [*lines, ()] if lines else []

    def _before(self) -> list[Line]:
        """What happened at the place before; read once per change of the database."""
        assert self._case is not None
        facts = self.session.desk.facts()
        if self._history is None:
            self._history = near.history(self.session.desk.reader, self._case, facts)
        return near_lines.history(self._history, facts)

    def _orders(self) -> list[Line]:
        assert self._case is not None
        return [case_lines.title(t("派单记录")), *case_lines.dispatches(self._case, self.session.frame())]

    def _past(self, width: int) -> list[Line]:
        case, frame = self._case, self.session.frame()
        assert case is not None
        moments = reads.story(self.session.desk.reader, case)
        return [case_lines.title(t("经过 (只增不改)")), *case_lines.history(moments, frame, width)]

    def _can(self, width: int) -> list[Line]:
        lines = [case_lines.title(t("此刻可做")), *case_lines.legal(self._legal, width)]
        refused = case_lines.refused(self._legal)
        if any(item.ok and item.verb.id == "dispatch" for item in self._legal):
            found = self.session.desk.candidates(self.case_id)
            lines += [
                (),
                case_lines.title(t("可派 (p 后按数字)")),
                *case_lines.candidates(found, self.session.frame(), 6),
            ]
        return [*lines, (), case_lines.title(t("此刻不可，原因")), *refused]

    def show_choices(self, lines: list[Line]) -> bool:
        chosen = case_lines.choices(self.command.preview.choices) if self.command.active else []
        if (chosen or lines) != self._choosing:
            self._choosing = chosen or lines
            self.draw_panes()
        return bool(chosen)

    def draw_panes(self) -> None:
        if self.drawable:
            self.call_later(self.draw)

    def hint(self) -> Line:
        tail = [("[ ]", t("上下一案")), ("Space", t("更多")), (";", t("命令")), ("Esc", t("回队列"))]
        return key_hints(offered(self._legal, self._case), tail, self.size.width)

    # keys -------------------------------------------------------------------------------------------------------------

    def on_list_key(self, key: str, char: str) -> bool:
        if key in _SCROLL:
            for panel in (
                self.query_one("#left", Panel),
                self.query_one("#third", Panel),
                self.query_one("#right", Panel),
            ):
                panel.scroll_lines(_SCROLL[key])
        elif char in ("[", "]"):
            self.turn(1 if char == "]" else -1)
        elif key == "space":
            self.ways.open_menu(self, self.case_id)
        elif key == "enter":
            self.say(t("按此刻可做的键，或 Space 看全部"), "$dim")
        else:
            return False
        return True

    def turn(self, step: int) -> None:
        """The next or previous case of the queue."""
        found = self.queue.neighbours(self.case_id, step)
        if found and found != self.case_id:
            self.show_case(found)
        else:
            self.say(t("已到队列尽头"), "$dim")

    def step_back(self) -> bool:
        self.app.pop_screen()
        return True
