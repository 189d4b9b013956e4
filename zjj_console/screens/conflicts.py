"""Log, page 4: how the exchange with the hub stands, and acts that did not apply, until a person settles them (§6.7)."""

from collections.abc import Iterator
from functools import partial

from textual.widget import Widget

from zjj_console.desk import conflict_view
from zjj_console.desk import conflicts as settling
from zjj_console.i18n import english, t
from zjj_console.screens.base import ConsoleScreen
from zjj_console.screens.session import Session
from zjj_console.storage import reads_conflicts
from zjj_console.storage.reads_conflicts import Clash
from zjj_console.widgets import case_lines, conflict_lines
from zjj_console.widgets.cells import Line
from zjj_console.widgets.panel import Panel
from zjj_console.widgets.verb_words import key_hints

_SHOWN = 500
_STEPS = {"j": 1, "down": 1, "k": -1, "up": -1, "pagedown": 10, "pageup": -10, "home": -_SHOWN, "end": _SHOWN}
_CHOICES = {"1": "local", "2": "remote", "3": "keep"}


class ConflictScreen(ConsoleScreen):
    CSS_PATH = "conflicts.tcss"
    mode = "log"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.found: list[Clash] = []
        self.cursor = 0
        self.everything = False

    def body(self) -> Iterator[Widget]:
        yield Panel(id="standing")
        yield Panel(id="list")
        yield Panel(id="detail")

    def on_mount(self) -> None:
        self.reload()
        super().on_mount()

    def reload(self) -> None:
        """Read again; the cursor stays on its conflict."""
        before = self.chosen()
        self.found = reads_conflicts.listed(self.session.desk.reader, _SHOWN, everything=self.everything)
        ids = [one.id for one in self.found]
        self.cursor = ids.index(before.id) if before and before.id in ids else min(self.cursor, max(0, len(ids) - 1))

    def chosen(self) -> Clash | None:
        return self.found[self.cursor] if self.cursor < len(self.found) else None

    def selected_case(self) -> str:
        one = self.chosen()
        return one.first.stream if one is not None and one.first.handle else ""

    # drawing ----------------------------------------------------------------------------------------------------------

    def draw(self) -> None:
        super().draw()
        if not self.drawable:
            return
        frame, width = self.session.frame(), self.size.width
        standing = self.query_one("#standing", Panel)
        told = conflict_lines.standing(self.session.hub, frame, self.session.letter())
        if standing.styles.height is None or len(standing.lines) != len(told):
            standing.styles.height = len(told)
        standing.show(told)
        panel = self.query_one("#list", Panel)
        room = max(1, panel.size.height - 2)
        top = max(0, min(self.cursor - room // 2, len(self.found) - room))
        title = t("未生效的操作") if not self.everything else t("未生效的操作(含已处理)")
        lines = [case_lines.title(title), conflict_lines.head(width)]
        lines += [
            conflict_lines.clash(one, frame, width, selected=i == self.cursor)
            for i, one in enumerate(self.found[top : top + room], top)
        ]
        if not self.found:
            lines[1:] = [case_lines.note(t("没有冲突；两台同时办同一件而只有一方生效的，会列在这里"))]
        panel.show(lines)
        self.query_one("#detail", Panel).show(self._detail())

    def _detail(self) -> list[Line]:
        one = self.chosen()
        if one is None:
            return []
        desk = self.session.desk
        lines = conflict_lines.compared(conflict_view.differences(desk.reader, desk.town, one, t))
        if one.settled:
            choice = settling.CHOICES.get(one.first.choice, ("", ""))[int(english())]
            return [*lines, (), ((f" {t('已处理')}: {choice}", "$dim"),)]
        said = [(f" {digit} ", settling.CHOICES[choice][int(english())]) for digit, choice in _CHOICES.items()]
        return [*lines, (), *(((digit, "bold $accent"), (text, "$foreground")) for digit, text in said)]

    def hint(self) -> Line:
        keys = [
            ("j k", t("选")),
            ("1 2 3", t("处理")),
            ("Enter", t("看案件")),
            ("v", t("含已处理")),
            ("Esc", t("返回")),
        ]
        return key_hints([], keys, self.size.width)

    # keys -------------------------------------------------------------------------------------------------------------

    def on_list_key(self, key: str, char: str) -> bool:
        one = self.chosen()
        if key in _STEPS and self.found:
            self.cursor = max(0, min(len(self.found) - 1, self.cursor + _STEPS[key]))
        elif char in _CHOICES and one is not None:
            self.settle(one, _CHOICES[char])
        elif char == "v":
            self.everything = not self.everything
            self.reload()
        elif key == "enter" and self.selected_case():
            self.ways.open_case(self.selected_case())
        self.draw()
        return True  # verb keys act on the case's own page

    def settle(self, one: Clash, choice: str) -> None:
        if one.settled:
            self.say(t("此冲突已处理"), "$dim")
            return
        text = settling.CHOICES[choice][int(english())]
        self.ask(f"{text}? {t('y 确定，其余键放弃')}", {"y": partial(self.run_act, settling.resolve(one.id, choice))})

    def step_back(self) -> bool:
        self.app.pop_screen()
        return True
