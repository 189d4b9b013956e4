"""The queue: what is open, worst first, with the selected case in a drawer or a side pane (§3.8)."""

from collections.abc import Iterator

from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widget import Widget

from zjj_console.domain.lifecycle import STATE_ZH
from zjj_console.domain.model import OPEN, State
from zjj_console.i18n import t
from zjj_console.screens import queue_detail
from zjj_console.screens.base import ConsoleScreen
from zjj_console.screens.queue_detail import Look
from zjj_console.screens.session import FIRST_RUN, Session
from zjj_console.screens.views import VIEWS, Listed, explained, filter_of
from zjj_console.storage import reads, reads_log
from zjj_console.verbs.table import BY_ID
from zjj_console.widgets import case_lines, columns
from zjj_console.widgets.case_table import CaseTable
from zjj_console.widgets.cells import Line, Span, spread, width_of
from zjj_console.widgets.edit_line import EditLine
from zjj_console.widgets.editor import LineEditor
from zjj_console.widgets.panel import Panel
from zjj_console.widgets.verb_words import key_hints, offered

RESTS = 0.08  # seconds without a move after which the eye is taken to look at the row
_CHOICES_LOW = 6  # lines of choices on a low screen
_COUNTED = ("REPORTED", "DISPATCHED", "SELF_HANDLING", "STATION_COORD", "HANDLING", "SUBMITTED", "DIFF_REVIEW",
            "SUSPENDED")  # fmt: skip


class QueueScreen(ConsoleScreen):
    mode = "queue"
    place = "queue"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.view = VIEWS[0]
        self.filter_text = ""
        self.filtering: LineEditor | None = None
        self.counts: dict[str, int] = {}
        self.counted = False
        self.new = 0
        self.first_run = False
        self._resting: Timer | None = None
        self._choosing: list[Line] = []
        self._unsettled = False

    def body(self) -> Iterator[Widget]:
        yield Panel(id="view")
        with Horizontal(id="desk"):
            with Vertical(id="list"):
                yield Panel(id="head")
                yield CaseTable(id="table")
                yield Panel(id="drawer")
                yield Panel(id="recent")
            yield Panel(id="side")

    @property
    def table(self) -> CaseTable:
        return self.query_one("#table", CaseTable)

    def on_mount(self) -> None:
        self.session.seen_rid = reads_log.last_rid(self.session.desk.reader)
        self.show_rows(counting=False)
        self.call_after_refresh(self.count_open)  # the first picture does not wait for it
        if self.first_run:
            self.welcome()

    def count_open(self) -> None:
        """How long the list is and what else the view line says, as soon as the first rows stand."""
        self.table.count()
        self.read_counts()
        self.draw()

    # what the list shows ----------------------------------------------------------------------------------------------

    def open_view(self, keep: str = "") -> None:
        """Read the view from its beginning."""
        self.read_counts()
        self.show_rows(keep)

    def show_rows(self, keep: str = "", *, counting: bool = True) -> None:
        """The rows of the view; the counts above them are read apart."""
        where = filter_of(self.view, self.session.desk, self.filter_text)
        table = self.table
        table.empty = self.emptiness()
        table.open(Listed(self.session.desk, where), self.session.frame(), keep, counting=counting)
        self.look()

    def read_counts(self) -> None:
        desk = self.session.desk
        self.counts = reads.by_state(desk.reader)
        self.counted = True
        self.new = reads_log.newer(desk.reader, self.session.seen_rid)

    def emptiness(self) -> tuple[Line, ...]:
        """What an empty list says: why it is empty and what to do about it."""
        desk = self.session.desk
        if self.filter_text:
            what = explained(self.filter_text, desk.town)
            said = t("{view}里没有案件符合: {what}", view=t(self.view.zh), what=what)
            return (
                (),
                case_lines.title(said),
                case_lines.note(t("Esc 清除筛选，v 换视图；;{code} 词 连已结一起找", code=BY_ID["search"].code)),
            )
        if self.view.zh != VIEWS[0].zh:
            said = t("{view}: 此刻没有", view=t(self.view.zh))
            return (
                (),
                case_lines.title(said),
                case_lines.note(t("v 换下一个视图，Esc 回全部未结 {n} 件", n=sum(self.counts.values()))),
            )
        ended = reads_log.last_end(desk.reader)
        since = case_lines.whole_day(ended, self.session.frame()) if ended else ""
        said = t("没有未结案件，{since} 起已清空", since=since) if since else t("还没有案件")
        return (
            (),
            case_lines.title(said),
            case_lines.note(t("n 新建，或在命令行 zjj import 导入；来案自动出现在这里")),
        )

    def reload(self) -> None:
        """Another process or our own verb committed: take it over without moving what the eye is on."""
        table = self.table
        if table.window is None:
            return
        desk = self.session.desk
        self.read_counts()
        table.empty = self.emptiness()
        settled = self.session.settled()
        table.window.source = Listed(desk, filter_of(self.view, desk, self.filter_text))
        newest = {}
        if not settled:
            rows = (reads_log.row_of(desk.reader, row.id) for row in table.visible_rows())
            newest = {row.id: row for row in rows if row is not None}
        table.sync(self.session.frame(), settled=settled, newest=newest)
        self._unsettled = not settled
        self.look()

    def on_second(self) -> None:
        table = self.table
        table.flash = False
        table.tick(self.session.frame())
        if (self._unsettled or self.view.overdue) and self.session.settled():
            self.reload()

    def on_case_table_moved(self) -> None:
        """The list moves at once; the detail follows where the cursor rests, so that a held key costs two rows."""
        if self._resting is None:
            self.session.busy += 1
        else:
            self._resting.stop()
        self._resting = self.set_timer(RESTS, self.rest)

    def rest(self) -> None:
        if self._resting is None:
            return  # a timer that had gone off already when it was put off
        self._resting = None
        self.session.busy -= 1
        self.look()
        self.draw_line()

    def look(self) -> None:
        """Read the case under the cursor and what may be done with it."""
        self._case, self._legal = self.read_case()
        self.draw_detail()

    def selected_case(self) -> str:
        return self.table.case_id

    def spot(self) -> dict[str, str]:
        return {"view": self.view.zh, "filter": self.filter_text, "case": self.selected_case()}

    def come_back(self, spot: dict[str, str]) -> None:
        view, case_id = spot.get("view", ""), spot.get("case", "")
        self.filter_text = spot.get("filter", "")
        self.show_view(view if any(v.zh == view for v in VIEWS) else VIEWS[0].zh, case_id)
        window = self.table.window
        if case_id and self.table.case_id != case_id and window is not None:
            window.load(0, case_id)
            self.table.select(case_id)

    def just_moved(self) -> bool:
        return self.recently(self.table.cursor_changed_at)

    def expected(self) -> None:
        self.table.cursor_changed_at = 0

    def swallow(self) -> None:
        super().swallow()
        self.table.flash = True
        self.table.refresh()

    # drawing ----------------------------------------------------------------------------------------------------------

    def draw(self) -> None:
        super().draw()
        if self.drawable:
            self.query_one("#view", Panel).show([self.view_line(self.size.width)])
            self.query_one("#head", Panel).show([columns.head(self.table.size.width or self.size.width)])
            self.draw_detail()

    def view_line(self, width: int) -> Line:
        """The view, the counts of all open cases, the news."""
        if self.size.width < 80 or self.size.height < 24:
            return ((f" {t('窗口小于80x24，只显示队列')}", "$p2"),)
        spans: list[Span] = [(f" {t(self.view.zh)} ", "bold $accent")]
        total = self.table.window.total if self.table.window else 0
        spans.append((f"{total}  " if self.counted else "  ", "bold $foreground"))
        if self.filter_text:
            spans.append((t("筛选 {what}", what=explained(self.filter_text, self.session.desk.town)) + "  ", "$soon"))
        late, soon = self.session.look.late, self.session.look.soon
        right: Line = (
            (f" {t('超时')}{late}", "bold $p1" if late else "$dim"),
            (f" {t('临期')}{soon}", "bold $soon" if soon else "$dim"),
            (f" {t('新案')}+{self.new} ", "bold $accent" if self.new else "$dim"),
        )
        room = width - width_of(right)
        for state in _COUNTED if self.counted else ():  # whole words only: a count that does not fit is left out
            n = self.counts.get(state, 0)
            counted: Line = ((t(STATE_ZH[State(state)]), "$dim"), (f"{n} ", "$foreground" if n else "$dim"))
            if width_of((*spans, *counted)) <= room:
                spans += counted
        return spread(tuple(spans), right, width)

    def draw_detail(self) -> None:
        if not self.drawable:
            return
        drawer, side, recent = (self.query_one(name, Panel) for name in ("#drawer", "#side", "#recent"))
        look = Look(self.session.desk, self.session.frame(), self._case, self._legal, self._choosing)
        if drawer.display and drawer.size.height:
            drawer.show(queue_detail.drawer(look, drawer.size.height, drawer.size.width))
        if recent.display and recent.size.height:
            recent.show(queue_detail.recent(look, recent.size.height))
        if side.display and side.size.height:
            side.show(queue_detail.side(look, side.size.height, side.size.width))

    def welcome(self) -> None:
        """Three lines, shown once, until the first key."""
        self.add_class("-first")
        self.query_one("#first", Panel).show(queue_detail.welcome())

    def show_choices(self, lines: list[Line]) -> bool:
        choices = self.command.preview.choices if self.command.active else ()
        listed = case_lines.choices(choices)
        chosen = listed or lines
        if chosen != self._choosing:
            self._choosing = chosen
            drawer = self.query_one("#drawer", Panel)
            low = not self.has_class("-tall")
            drawer.styles.height = min(len(chosen), _CHOICES_LOW) if low and chosen else None
            self.draw_detail()
        return bool(listed)

    def hint(self) -> Line:
        tail = [
            ("n", t("新建")),
            ("v", t("视图")),
            ("Space", t("更多")),
            (";", t("命令")),
            ("/", t("筛选")),
            ("F1", t("帮助")),
        ]
        return key_hints(offered(self._legal, self._case), tail, self.size.width)

    def draw_line(self) -> None:
        super().draw_line()
        if self.filtering is not None:
            self.query_one("#line", EditLine).show_editor("/", self.filtering)
            words = explained(self.filtering.text, self.session.desk.town) if self.filtering.text.strip() else ""
            said = (
                t("筛选: {what}", what=words)
                if words
                else t("筛选: 案号、地点拼音、状态、单位(z1 y2)、网格(g3)或文字；空行清除")
            )
            self.query_one("#message", Panel).show([((f" {said}", "$soon"),)])

    # keys -------------------------------------------------------------------------------------------------------------

    def feed(self, key: str, char: str) -> None:
        if self.has_class("-first"):
            self.remove_class("-first")
            self.session.keep(FIRST_RUN, {"seen": 1})
        super().feed(key, char)

    def feed_field(self, key: str, char: str) -> bool:
        """The filter line narrows the list while it is typed."""
        editor = self.filtering
        if editor is None:
            return False
        if key == "escape":
            self.filtering = None
            self.set_filter("")
        elif key == "enter":
            self.filtering = None
        elif char and key != "tab":
            editor.insert(char)
            self.set_filter(editor.text)
        elif editor.key(key):
            self.set_filter(editor.text)
        return True

    def set_filter(self, text: str) -> None:
        if text.strip() != self.filter_text:
            self.filter_text = text.strip()
            self.open_view(self.selected_case())
            self.draw()

    def on_list_key(self, key: str, char: str) -> bool:
        table = self.table
        if table.move(key):
            if key == "home":
                self.session.seen_rid = reads_log.last_rid(self.session.desk.reader)
                self.read_counts()
                self.draw()
            return True
        if key == "enter":
            self.open_selected()
        elif key == "space":
            self.open_menu()
        elif key == "/":
            self.filtering = LineEditor()
            self.filtering.set(self.filter_text)
        elif key == "v":
            self.next_view()
        else:
            return False
        return True

    def open_selected(self) -> None:
        if self.selected_case():
            self.ways.open_case(self.selected_case())

    def open_menu(self) -> None:
        if self.selected_case():
            self.ways.open_menu(self, self.selected_case())
        else:
            self.say(t("没有选中的案件"), "$p2", bell=True)

    def next_view(self) -> None:
        at = next(i for i, v in enumerate(VIEWS) if v.zh == self.view.zh)
        self.show_view(VIEWS[(at + 1) % len(VIEWS)].zh)

    def show_view(self, zh: str, keep: str = "") -> None:
        self.view = next(v for v in VIEWS if v.zh == zh)
        self.session.seen_rid = reads_log.last_rid(self.session.desk.reader)
        self.open_view(keep)
        self.draw()

    def show_list(self, zh: str, typed: str, case_id: str) -> None:
        """A view narrowed by words, as another screen asks for it, with the cursor on its case."""
        self.filter_text = typed
        self.show_view(zh, case_id)

    def show_case_of(self, case_id: str) -> None:
        if not self.table.select(case_id):
            self.ways.open_case(case_id)

    def step_back(self) -> bool:
        """First the text that was kept from the command line, then the filter, then the view."""
        if self.session.half_typed:
            self.session.give_up(self.session.half_typed)
            self.session.half_typed = ""
            self.keep_half_typed()
            self.say(t("已清除半句命令，按 ; 再按上键可取回"), "$dim")
            return True
        if self.filter_text:
            self.set_filter("")
            return True
        if self.view.zh != VIEWS[0].zh:
            self.show_view(VIEWS[0].zh)
            return True
        return False

    def take_in(self, case_id: str) -> None:
        """A case that was made at this desk: it is wanted next, so the list shows it now with the cursor on it."""
        self.session.seen_rid = reads_log.last_rid(self.session.desk.reader)
        if self.drawable:
            self.open_view(case_id)

    def neighbours(self, case_id: str, step: int) -> str:
        """The case before or after one in this list, for `[` and `]`; moves the cursor along."""
        if self.table.case_id != case_id and not self.table.select(case_id):
            return ""
        self.table.move("down" if step > 0 else "up")
        return self.table.case_id


assert set(_COUNTED) <= set(OPEN)
