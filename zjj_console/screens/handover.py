"""The handover of the desk (§4.6): read one by one, batch, blockers, count, and two signatures that move custody."""

from collections.abc import Callable, Iterator
from pathlib import Path

from textual.containers import Horizontal
from textual.widget import Widget

from zjj_console.desk import handing, which
from zjj_console.desk.outcome import Outcome
from zjj_console.domain import handover as ho
from zjj_console.domain import handover_rules as rules
from zjj_console.domain.handover import Handover
from zjj_console.domain.marks import PRIORITY_ZH
from zjj_console.domain.model import SECOND, Refusal
from zjj_console.i18n import english, t
from zjj_console.reports import sheet
from zjj_console.screens.base import ConsoleScreen
from zjj_console.screens.handover_look import earlier, first_open, look, neighbour, of_the_day, ticked
from zjj_console.screens.handover_signing import Signing
from zjj_console.screens.session import Session
from zjj_console.verbs.table import BY_ID
from zjj_console.widgets import handover_lines as draw
from zjj_console.widgets import handover_panes as panes
from zjj_console.widgets.case_lines import note, title
from zjj_console.widgets.cells import Line
from zjj_console.widgets.handover_lines import Row, View
from zjj_console.widgets.panel import Panel
from zjj_console.widgets.verb_words import key_hints, label

_LOOK_AGAIN = 20 * SECOND  # people, drafts and limits move with time alone
_MOVES = {"j": 1, "down": 1, "k": -1, "up": -1, "pagedown": 8, "pageup": -8, "home": -9999, "end": 9999}
_WAITING = frozenset("gfrbe")  # keys that mean something only once what was typed before them is done


class HandoverScreen(ConsoleScreen):
    """One handover at a time: the one that is due, or one of its neighbours (`[` and `]`)."""

    CSS_PATH = "handover.tcss"
    mode = "handover"
    place = "handover"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.which = "auto"
        self.problem = ""
        self.view: View | None = None
        self.row_id = ""
        self._looked_at = 0
        self.signing = Signing(self)
        self._numbered: list[tuple[str, str]] = []
        self._day: list[Handover] = []
        self._past: list[str] = []

    def body(self) -> Iterator[Widget]:
        yield Panel(id="top")
        with Horizontal(id="panes"):
            yield Panel(id="left")
            yield Panel(id="right")
            yield Panel(id="third")

    def on_mount(self) -> None:
        self.reload()
        super().on_mount()

    # reading ----------------------------------------------------------------------------------------------------------

    def reload(self) -> None:
        """The handover as it stands. The cursor stays on its case, wherever the row is now."""
        desk = self.session.desk
        facts = desk.facts()
        found = which.find(desk.reader, facts, self.which)
        self._looked_at = facts.now
        if isinstance(found, Refusal):
            self.view, self.problem = None, found.en if english() else found.zh
            return
        self.which = found.number if found.boundary == ho.EXTRA else found.id
        before = self.view
        self.view = look(self.session, found, facts)
        rows = self.view.rows
        at = next((i for i, row in enumerate(rows) if row.id == self.row_id), None)
        if at is None:  # the first time, or the row is there no more
            at = first_open(self.view) if before is None or not self.row_id else before.cursor
        self._put(at)
        self._day, self._past = of_the_day(desk, facts, found), earlier(desk, found)

    def _put(self, at: int) -> None:
        if self.view is not None and self.view.rows:
            at = max(0, min(len(self.view.rows) - 1, at))
            self.view = self.view._replace(cursor=at)
            self.row_id = self.view.rows[at].id

    @property
    def row(self) -> Row | None:
        return self.view.rows[self.view.cursor] if self.view and self.view.rows else None

    def selected_case(self) -> str:
        row = self.row
        return row.item.id if row and row.item else ""

    def spot(self) -> dict[str, str]:
        return {"which": self.which, "at": self.row_id}

    def come_back(self, spot: dict[str, str]) -> None:
        self.which, self.row_id = spot.get("which", "auto"), spot.get("at", "")
        self.reload()
        self.draw()

    def on_second(self) -> None:
        if self.session.desk.now() - self._looked_at >= _LOOK_AGAIN:
            self.reload()

    # drawing ----------------------------------------------------------------------------------------------------------

    def draw(self) -> None:
        super().draw()
        if self.drawable:
            self.fill()

    def feed(self, key: str, char: str) -> None:
        if self.session.running and self.prompt is None and not self.command.active and char in _WAITING:
            self.session.ahead.append((key, char))
            return
        super().feed(key, char)
        if self.is_attached:
            self.fill()

    def fill(self) -> None:
        top, left, right, third = (self.query_one(f"#{name}", Panel) for name in ("top", "left", "right", "third"))
        if self.view is None:
            top.show([title(t("交接")), note(self.problem)])
            for panel in (left, right, third):
                panel.show([])
            return
        view = self.view
        if view.h.state not in ho.DONE:
            view = view._replace(frame=self.session.frame())
        top.show([draw.headline(view), draw.signatures(view)])
        width, height = left.size.width, left.size.height
        lines = panes.left(view, width, height, wide=bool(right.display))
        left.show(panes.under_question(lines, self._numbered if self.prompt else [], width, height))
        if right.display:
            right.show(panes.right(view, right.size.width, right.size.height))
        if third.display:
            third.show(panes.third(view, self._day, self._past, third.size.height))

    def hint(self) -> Line:
        view = self.view
        tail = [("Esc", t("返回"))]
        if view is None or view.h.package is None:
            return key_hints([("r", t("建包")), ("n", t("便签")), ("[ ]", t("其他交接"))], tail, self.size.width)
        if view.h.state in ho.DONE:
            pairs = [("e", t("导出")), ("n", t("补记")), ("o", t("打开")), ("[ ]", t("其他交接"))]
            return key_hints(pairs, tail, self.size.width)
        row = self.row
        first = {"station": ("Enter", t("代签")), "warning": ("Space", t("知悉"))}.get(
            row.kind if row else "", ("Space", t("已读"))
        )
        desks = not draw.by_stations(view.h, view.frame)
        sign = [("g", t("签字"))] if desks else []
        force = [("f", t("带病"))] if desks else []
        pairs = [
            first, ("b", t("成批")), ("d", t("去向")), ("p", label(BY_ID["dispatch"])), *sign, ("n", t("便签")), ("c", t("装备")),
            ("v", t("口头")), ("h", t("要点")), *force, ("r", t("重建")), ("w", t("换人")), ("e", t("导出")),
            ("[ ]", t("其他")),
        ]  # fmt: skip
        return key_hints(pairs, tail, self.size.width)

    # keys -------------------------------------------------------------------------------------------------------------

    def keeps(self, key: str) -> bool:
        return key == "o"  # opens the case under the cursor

    def on_list_key(self, key: str, char: str) -> bool:
        view = self.view
        if view is None:
            return key != "escape"
        if key in _MOVES:
            self._put(view.cursor + _MOVES[key])
            return True
        acts: dict[str, Callable[[], None]] = {
            "space": self.tick_row, "enter": self.open_row, "o": self.open_row, "b": self.confirm_rest, "d": self.choose_code,
            "h": self.ask_gist, "n": self.ask_note, "c": self.ask_equipment, "v": self.speak, "g": self.sign_it,
            "f": self.force_it, "w": self.signing.operator, "r": self.rebuild, "e": self.export, "x": self.extra,
            "[": lambda: self.turn(-1), "]": lambda: self.turn(1),
        }  # fmt: skip
        act = acts.get(key)
        if act is None:
            return False
        if key in _NEED_PACKAGE and view.h.package is None:
            self.say(t("还没有交接包，按 r 建包"), "$p2", bell=True)
        elif key in _NEED_OPEN and view.h.state in ho.DONE:
            self.say(t("{number} 已签，不能再改；n 补记迟到事项", number=view.h.number), "$p2", bell=True)
        else:
            act()
        return True

    def step_back(self) -> bool:
        self.app.pop_screen()
        return True

    def ask_line(
        self, question: str, done: Callable[[str], None], *, text: str = "", secret: bool = False,
        numbered: list[tuple[str, str]] | None = None,
    ) -> None:  # fmt: skip
        self._numbered = numbered or []
        self.ask_text(question, done, text=text, secret=secret)

    # reading row by row -----------------------------------------------------------------------------------------------

    def tick_row(self) -> None:
        """Read, acknowledged; then the next row. First and second priority: the next action is said back first."""
        view, row = self.view, self.row
        if view is None or row is None:
            return
        if row.kind == "station":
            self.say(t("站签: Enter 代签"), "$dim")
        elif ticked(row, view.h):
            self._put(view.cursor + 1)
        elif row.item is not None and row.item.priority in rules.URGENT:
            level = t(PRIORITY_ZH[row.item.priority])
            question = t("{handle} {level} 复述下一步，用自己的话或按数字", handle=row.item.handle, level=level)
            self.ask_line(question, lambda text: self._read_back(row, text), numbered=list(ho.NEXT_ZH.items()))
        else:
            self._read(row, "")

    def _read_back(self, row: Row, text: str) -> None:
        if not text:
            self.say(t("未记已读: 一级、二级须复述下一步(数字或文字)"), "$p2", bell=True)
            return
        self._read(row, text)

    def _read(self, row: Row, back: str) -> None:
        self.run_act(handing.read(self.which, [row.item.handle if row.item else row.id], back))
        if self.view is not None and self.row_id == row.id:
            self._put(self.view.cursor + 1)

    def sign_it(self) -> None:
        if not self._stations_sign():
            self.signing.sign()

    def force_it(self) -> None:
        if not self._stations_sign():
            self.signing.force()

    def _stations_sign(self) -> bool:
        by_stations = self.view is not None and draw.by_stations(self.view.h, self.view.frame)
        if by_stations:
            self.say(t("开站、闭站由各站签: 选站按 Enter 代签"), "$p2", bell=True)
        return by_stations

    def sign_station(self, code: str) -> None:
        if self.view is not None and self.view.h.package is None:
            self.say(t("还没有交接包，按 r 建包"), "$p2", bell=True)
        elif self.session.locked:  # Enter otherwise only looks
            self.unlock()
        else:
            self.signing.station(code)

    def open_row(self) -> None:
        row = self.row
        if row is not None and row.item is not None:
            self.ways.open_case(row.item.id)
        elif row is not None and row.kind == "station":
            self.sign_station(row.id)
        else:
            self.say(t("选一行案件再打开"), "$dim")

    def confirm_rest(self) -> None:
        """All the others at once, with a few of them drawn by lot to be opened."""
        view = self.view
        if view is not None and view.h.package is not None and len(view.h.package.must) == len(view.h.package.items):
            self.say(t("其余 0 件，无须成批"), "$dim")
            return
        if view is not None and view.h.batch is not None:
            self.say(t("已成批，抽读 {handles} 在列表末，o 打开", handles=view.h.batch.back), "$dim")
            return
        self.run_act(handing.read(self.which, [], batch=True))

    def choose_code(self) -> None:
        view, row = self.view, self.row
        if view is None or row is None or row.item is None:
            self.say(t("选一行案件再定去向"), "$p2", bell=True)
            return
        item = row.item
        case, _ = self.read_case()
        fitting = [code for code in ho.CODES if case is not None and rules.code_refusal(view.h, case, code) is None]
        if not fitting:
            self.say(t("{handle} 此时没有可定的去向", handle=item.handle), "$p2", bell=True)
            return
        listed = "  ".join(f"{code[1]} {t(ho.CODES[code][0])}" for code in fitting)
        answers = {code[1]: self._coder(item.handle, code) for code in fitting}
        self.ask(f"{item.handle} {t('去向')} {fitting[0][0]}: {listed}", answers)

    def _coder(self, ref: str, code: str) -> Callable[[], None]:
        return lambda: self.run_act(handing.code(self.which, [ref], code))

    def ask_gist(self) -> None:
        view, row = self.view, self.row
        if view is None or row is None or row.item is None:
            self.say(t("选一行案件再写要点"), "$p2", bell=True)
            return
        item, h = row.item, view.h

        def then(gist: str) -> None:
            question = t("{handle} 下一步(谁、做什么、何时)", handle=item.handle)
            self.ask_line(
                question, lambda following: self._pack(item.id, gist, following), text=h.nexts.get(item.id, "")
            )

        self.ask_line(t("{handle} 要点(一行)", handle=item.handle), then, text=h.gists.get(item.id, ""))

    def _pack(self, case_id: str, gist: str, following: str) -> None:
        if gist or following:
            self.run_act(handing.pack(case_id, gist, following, console=self.session.desk.console))
        else:
            self.say(t("未写要点，也未写下一步"), "$dim")

    def ask_note(self) -> None:
        self.ask_line(t("便签"), lambda text: self.run_act(handing.note(self.which, text)))

    def ask_equipment(self) -> None:
        counted = self.view.h.equipment if self.view else ""
        question = t("装备清点，如 对讲9/10 单兵3/3")
        self.ask_line(question, lambda s: self.run_act(handing.note(self.which, s, equipment=True)), text=counted)

    def speak(self) -> None:
        self.run_act(handing.spoken(self.which))

    # which handover ---------------------------------------------------------------------------------------------------

    def turn(self, step: int) -> None:
        """The handover before or after this one in time; extra ones among them."""
        if self.view is None:
            return
        found = neighbour(self.session.desk, self.view.h, step)
        if not found:
            self.say(t("前后只看一天"), "$dim")
            return
        self.which, self.row_id, self.view = found, "", None
        self.reload()
        self.draw()

    def rebuild(self) -> None:
        view = self.view
        if view is None:
            return
        if view.h.out_sign is not None and view.h.state not in ho.DONE:
            self.ask(t("重建会撤下交班签字，y 重建，其余键不动"), {"y": lambda: self._prepare(anew=True)})
        else:
            self._prepare()

    def _prepare(self, *, anew: bool = False) -> None:
        self.run_act(handing.prepare(self.which, anew=anew))

    def extra(self) -> None:
        """Relief of a seat, continuation: a handover between the boundaries."""
        self.ask(
            t("建临时交接(换班、连任)? y 建，其余键不建"),
            {"y": lambda: self.run_act(handing.prepare(ho.EXTRA), then=self._go_to)},
        )

    def _go_to(self, outcome: Outcome) -> None:
        self.which, self.row_id, self.view = outcome.data["number"], "", None
        self.reload()

    # paper ------------------------------------------------------------------------------------------------------------

    def export(self) -> None:
        number = self.view.h.number if self.view else ""
        self.ask_line(t("导出到文件(.txt .html .xlsx)"), self._export, text=f"{number}.txt")

    def _export(self, name: str) -> None:
        if self.view is None:
            return
        h, duty, path = self.view.h, self.session.desk.duty, Path(name).expanduser()
        made: dict[str, Callable[[], bytes]] = {
            ".txt": lambda: (h.sheets.get("text") or sheet.text(h, duty)).encode(),
            ".html": lambda: (h.sheets.get("html") or sheet.html(h, duty)).encode(),
            ".xlsx": lambda: sheet.xlsx(h, duty),
        }
        make = made.get(path.suffix.lower())
        if make is None:
            self.say(t("文件名须以 .txt .html 或 .xlsx 结尾"), "$p2", bell=True)
            return
        self.write_new(path, make())


_NEED_PACKAGE = frozenset({"space", "b", "d", "h", "v", "g", "f", "e"})
_NEED_OPEN = frozenset({"space", "b", "d", "h", "c", "v", "g", "f", "r"})
