"""The consultation read and drawn (F7, §2.9): one meeting, its agenda and the lists beside it. The cursor stays on its item."""

from collections.abc import Iterator

from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from zjj_console.desk import consult_view, followups, pool, which_meeting
from zjj_console.desk.consult_view import Row, StationVisit, StationWord, Week
from zjj_console.domain import consult_week as weeks
from zjj_console.domain.consult import Meeting
from zjj_console.domain.model import DAY, MINUTE
from zjj_console.i18n import t
from zjj_console.screens.base import ConsoleScreen
from zjj_console.screens.paging import Page, keep_in_sight, refound
from zjj_console.screens.session import Session
from zjj_console.storage import projections, reads_meeting
from zjj_console.widgets import case_lines, consult_lines, consult_panes
from zjj_console.widgets.cells import Line, Span, shown, width_of, wrap
from zjj_console.widgets.consult_lines import Past
from zjj_console.widgets.panel import Panel

_READ_AGAIN = MINUTE
_WEEKS_BACK = 8


PAGES = (
    Page("agenda", "议题", "还没有议题: n 加议题；待选页列出到了条件的案件"),
    Page("pool", "待选", "没有到条件的案件: 疑难久拖、多次退单或返工、升至高级、临近复查、站级未果；其余用 n"),
    Page("followups", "会后督办", "决议都已办"),
    Page("stations", "收集", "临时会商不收集；[ ] 看周会"),
    Page("visits", "进站", "没有联勤站"),
    Page("past", "历次", "还没有会商"),
)


class ConsultBoard(ConsoleScreen):
    mode = "consult"
    place = "consult"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.page = 0
        self.at = dict.fromkeys((page.key for page in PAGES), 0)
        self.word = ""  # the meeting that is shown; news elsewhere never puts another in its place
        self.turned = False
        self.running: list[Meeting] = []
        self.calendar: list[Past] = []
        self.proposal = ""  # what the last question is about, whole
        self.help: list[Line] = []
        self._read_at = 0
        self.week: Week = self._find()

    def body(self) -> Iterator[Widget]:
        yield Panel(id="top")
        with Horizontal(id="panes"):
            with Vertical(id="main"):
                yield Panel(id="list")
                yield Panel(id="detail")
                yield Panel(id="more")
            yield Panel(id="side")

    def on_mount(self) -> None:
        self.reload()
        super().on_mount()

    # reading ----------------------------------------------------------------------------------------------------------

    def _find(self) -> Week:
        """The meeting that is shown; at first the one that is open, else the coming one. Of several open ones the newest."""
        desk = self.session.desk
        facts = desk.facts()
        self._read_at = facts.now
        self.running = reads_meeting.open_meetings(desk.reader, facts.now - which_meeting.OPEN_DAYS * DAY)
        if not self.word:
            newest = max(self.running, key=lambda m: m.opened_at or m.at, default=None)
            self.word = newest.id if newest is not None else which_meeting.present(desk.reader, facts).id
        return consult_view.week(desk.reader, facts, self.word)

    def reload(self) -> None:
        held = {page.key: self.chosen(page.key) for page in PAGES}
        self.week = self._find()
        self.calendar = self._calendar()
        for key, subject in held.items():
            self.at[key] = refound(subject, self.at[key], self.subjects(key))
        self._case, self._legal = self.read_case()

    def _calendar(self) -> list[Past]:
        desk, duty, now = self.session.desk, self.session.desk.duty, self.session.desk.now()
        found = [
            Past(
                weeks.meeting_id(week), at := m.at if m else weeks.times(desk.town, duty, week).meet, mark, m, at < now
            )
            for week, mark, m in consult_view.calendar(desk.reader, desk.facts(), _WEEKS_BACK)
        ]
        known = {p.key for p in found}
        others = (*self.running, *self.week.earlier, *self.week.station_meetings)
        found += [Past(m.id, m.at, "", m) for m in {m.id: m for m in others if m.id not in known}.values()]
        return sorted(found, key=lambda p: (-p.at, p.key))

    def on_second(self) -> None:
        if self.session.settled() and self.session.desk.now() - self._read_at >= _READ_AGAIN:
            self.reload()

    def subjects(self, key: str) -> list[str]:
        """What each line of a page is about."""
        week = self.week
        return {
            "agenda": lambda: [row.item.case for row in week.rows],
            "pool": lambda: [p.case.id for p in week.pool],
            "followups": lambda: [f"{f.ref} {f.case}" for f in week.followups],
            "stations": lambda: [s.station for s in week.stations],
            "visits": lambda: [v.station for v in week.visits],
            "past": lambda: [p.key for p in self.calendar],
        }[key]()

    @property
    def listed(self) -> str:
        return PAGES[self.page].key

    def chosen(self, key: str = "") -> str:
        key = key or self.listed
        found, at = self.subjects(key), self.at[key]
        return found[at] if at < len(found) else ""

    @property
    def meeting(self) -> Meeting:
        return self.week.meeting

    def row(self) -> Row | None:
        at = self.at["agenda"]
        return self.week.rows[at] if at < len(self.week.rows) else None

    def pooled(self) -> pool.Pooled | None:
        at = self.at["pool"]
        return self.week.pool[at] if at < len(self.week.pool) else None

    def followup(self) -> followups.FollowUp | None:
        at = self.at["followups"]
        return self.week.followups[at] if at < len(self.week.followups) else None

    def station(self) -> StationWord | None:
        at = self.at["stations"]
        return self.week.stations[at] if at < len(self.week.stations) else None

    def visit(self) -> StationVisit | None:
        at = self.at["visits"]
        return self.week.visits[at] if at < len(self.week.visits) else None

    def past(self) -> Past | None:
        at = self.at["past"]
        return self.calendar[at] if at < len(self.calendar) else None

    def spot(self) -> dict[str, str]:
        return {"page": self.listed, "word": self.word, "at": self.chosen()}

    def come_back(self, spot: dict[str, str]) -> None:
        self.word = spot.get("word", "")
        self.page = next((n for n, page in enumerate(PAGES) if page.key == spot.get("page")), 0)
        self.reload()
        self.at[self.listed] = refound(spot.get("at", ""), 0, self.subjects(self.listed))
        self._case, self._legal = self.read_case()
        self.draw()

    def selected_case(self) -> str:
        row, pooled, followup = self.row(), self.pooled(), self.followup()
        return {
            "agenda": row.item.case if row else "", "pool": pooled.case.id if pooled else "",
            "followups": followup.case if followup else "",
        }.get(self.listed, "")  # fmt: skip

    # drawing ----------------------------------------------------------------------------------------------------------

    def draw(self) -> None:
        super().draw()
        if not self.drawable:
            return
        frame, width = self.session.frame(), self.size.width
        head = [consult_lines.top(self.week, self.running, frame, width), consult_lines.collection(self.week, frame)]
        self.query_one("#top", Panel).show([*head, self.tabs()])
        panel = self.query_one("#list", Panel)
        lines = self.list_lines(panel.size.width or width)
        panel.show(lines)
        keep_in_sight(panel, self.at[self.listed] + 1)
        warn = self.session.desk.town.meetings.visit_warn_day
        more, side = self.query_one("#more", Panel), self.query_one("#side", Panel)
        if side.display:
            side.show(consult_panes.beside(self.week, self.calendar, warn, frame, side.size.width, rows=8, pool=True))
        elif more.size.height > 3:
            more.show(consult_panes.beside(self.week, self.calendar, warn, frame, width, rows=3, pool=False))
        else:
            more.show(consult_panes.brief(self.week, self.calendar, warn, frame, width))

    def draw_line(self) -> None:
        super().draw_line()
        if not self.asking:
            self.proposal, self.help = "", []
        if self.drawable:
            panel = self.query_one("#detail", Panel)
            panel.show(self.detail_lines(panel.size.width or self.size.width))

    def tabs(self) -> Line:
        week = self.week
        late = sum(f.state == "overdue" for f in week.followups)
        told, made = sum(s.reported for s in week.stations), sum(bool(v.done) for v in week.visits)
        counts = {
            "agenda": str(len(week.rows)), "pool": str(len(week.pool)), "followups": str(len(week.followups)),
            "stations": f"{told}/{len(week.stations)}", "visits": f"{made}/{len(week.visits)}", "past": "",
        }  # fmt: skip
        spans: list[Span] = []
        for n, page in enumerate(PAGES):
            alarm = page.key == "followups" and late
            style = "reverse bold $accent" if n == self.page else "bold $p1" if alarm else "$foreground"
            spans.append((f" {t(page.zh)} {counts[page.key]}".rstrip() + " ", style))
        return ((" ", ""), *spans, (f"  {t('Tab 换页')}", "$dim"))

    def list_lines(self, width: int) -> list[Line]:
        frame, week, at = self.session.frame(), self.week, self.at[self.listed]
        lines: list[Line]
        if self.listed == "agenda":
            head = consult_lines.agenda_head(width)
            lines = [
                consult_lines.agenda(row, week.meeting, frame, width, selected=n == at)
                for n, row in enumerate(week.rows)
            ]
        elif self.listed == "pool":
            head = consult_lines.pool_head(width)
            lines = [consult_lines.pooled(p, frame, width, selected=n == at) for n, p in enumerate(week.pool)]
        elif self.listed == "followups":
            head = consult_lines.followup_head(width)
            lines = [consult_lines.followup(f, frame, width, selected=n == at) for n, f in enumerate(week.followups)]
        elif self.listed == "stations":
            head = consult_lines.stations_head(width)
            lines = [
                consult_lines.station(s, week.meeting, frame, width, selected=n == at)
                for n, s in enumerate(week.stations)
            ]
        elif self.listed == "visits":
            head = consult_lines.visits_head(width)
            lines = [consult_lines.visit(v, frame, width, selected=n == at) for n, v in enumerate(week.visits)]
        else:
            head = consult_lines.past_head(width)
            lines = [consult_lines.past(p, frame, width, selected=n == at) for n, p in enumerate(self.calendar)]
        empty = wrap(t(PAGES[self.page].empty), max(10, width - 2))
        return [head, *lines] if lines else [(), *(case_lines.note(piece) for piece in empty)]

    def detail_lines(self, width: int) -> list[Line]:
        """What a question is about, or a message that is longer than its line; else the chosen line whole."""
        if self.proposal:
            pieces = wrap(shown(self.proposal), max(10, width - 2))
            return [case_lines.title(t("将要")), *(((f" {piece}", "bold $foreground"),) for piece in pieces)]
        message = self.session.message
        long: list[Line] = []
        if not self.asking and not self.command.active and width_of(((message.text, ""),)) > self.size.width - 2:
            long = [((f" {piece}", message.style),) for piece in wrap(shown(message.text), max(10, width - 2))]
        return [*self.help, *long, *self._chosen_lines(width)]

    def _chosen_lines(self, width: int) -> list[Line]:
        frame, town = self.session.frame(), self.session.desk.town
        if self.listed == "agenda" and (row := self.row()):
            return consult_panes.item(row, self.meeting, town.meetings.deferrals, frame, width)
        if self.listed == "pool" and (p := self.pooled()):
            return consult_panes.pooled(p, frame, width)
        if self.listed == "followups" and (f := self.followup()):
            case = projections.load(self.session.desk.reader, f.case)
            return consult_panes.followup(f, case, frame, width)
        if self.listed == "stations" and (s := self.station()):
            return consult_panes.station(s, self.meeting, frame, width)
        if self.listed == "visits" and (v := self.visit()):
            return consult_panes.visit(v, town.meetings.visit_warn_day, frame, width)
        if self.listed == "past" and (past := self.past()):
            return consult_panes.past(past, frame, width)
        return []
