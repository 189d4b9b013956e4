"""Alarms and the ladder (F5, §2.10, §3.6): what needs a person, who is being called, what fires next, who could be called."""

from collections.abc import Iterator

from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from zjj_console.desk import aiding, alarming, wording
from zjj_console.desk.alarming import Alarm
from zjj_console.domain import climb as up
from zjj_console.domain import holders
from zjj_console.domain.alarms import Group, grouped
from zjj_console.domain.model import HOUR, SECOND, Case
from zjj_console.i18n import t
from zjj_console.screens.base import ConsoleScreen
from zjj_console.screens.paging import STEPS, Page, keep_in_sight, moved, refound
from zjj_console.screens.session import Session
from zjj_console.storage import duty_rows, projections, reads_alarms
from zjj_console.storage.reads import QueueRow
from zjj_console.storage.reads_alarms import Climbing
from zjj_console.storage.reads_overlays import Supervision
from zjj_console.verbs.table import BY_ID
from zjj_console.widgets import alarm_lines, case_lines, ladder_lines, overlay_lines
from zjj_console.widgets.cells import Line, Span
from zjj_console.widgets.panel import Panel
from zjj_console.widgets.verb_words import key_hints

RUNNING = ("running", "overdue")  # supervisions that still ask for something
_SHOWN = 200
_AHEAD = 12 * HOUR
_READ_AGAIN = 10 * SECOND


VIEWS = (
    Page("alarms", "告警", "没有告警；到期、临期、申请和岗位空缺都会列在这里"),
    Page("climbs", "在升", "没有在升的案件"),
    Page("ahead", "预报", "12小时内没有到期"),
    Page("urged", "督办", "没有督办"),
    Page("aided", "保障", "没有执法保障请求"),
    Page("posts", "岗位", "本镇没有配置升级阶梯"),
)


class EscalationScreen(ConsoleScreen):
    CSS_PATH = "escalation.tcss"
    mode = "escalation"
    place = "escalation"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.view = 0
        self.at = dict.fromkeys((view.key for view in VIEWS), 0)
        self.alarms: list[Alarm | Group] = []
        self.climbs: list[Climbing] = []
        self.ahead: list[tuple[QueueRow, str, int]] = []
        self.urged: list[Supervision] = []
        self.aided: list[aiding.SupportRow] = []
        self.posts: list[holders.Post] = []
        self._fired = (0, 0)
        self._read_at = 0
        self._read: tuple[Case, up.Climb | None, list[up.Rung]] | None = None

    def body(self) -> Iterator[Widget]:
        yield Panel(id="top")
        with Horizontal(id="panes"):
            with Vertical(id="main"):
                yield Panel(id="list")
                yield Panel(id="rungs")
            yield Panel(id="side")

    def on_mount(self) -> None:
        self.reload()
        super().on_mount()

    # reading ----------------------------------------------------------------------------------------------------------

    def reload(self) -> None:
        desk, held = self.session.desk, self.chosen()
        facts = desk.facts()
        self._fired = (self.session.look.total, len(self.session.look.unacked))
        self._read_at = facts.now
        codes = [code for code in desk.town.clocks if code != "REO"]
        self.alarms = grouped(desk.alarms(_SHOWN).alarms, facts.now, desk.town.alarm_rules)
        self.climbs = reads_alarms.climbing(desk.reader, _SHOWN)
        self.ahead = reads_alarms.ahead(desk.reader, [*codes, up.TIMER], facts.now, facts.now + _AHEAD, _SHOWN)
        self.urged = aiding.supervisions(desk.reader, facts)
        self.aided = aiding.supports(desk.reader, facts)
        self.posts = holders.chain(desk.duty, facts.book, facts.now) if desk.town.ladder.posts else []
        if held:
            self.find(held)
        self.look_at()

    def on_second(self) -> None:
        """Countdowns are drawn anew each second; the lists are read anew when something fired, and now and then."""
        fired = (self.session.look.total, len(self.session.look.unacked))
        if self.session.settled() and (fired != self._fired or self.session.desk.now() - self._read_at >= _READ_AGAIN):
            self.reload()

    def subjects(self) -> list[str]:
        """What each line of the present list is about: a case, or the subject of an alarm."""
        return {
            "alarms": [a.subjects[0] if isinstance(a, Group) else a.subject for a in self.alarms],
            "climbs": [one.row.id for one in self.climbs],
            "ahead": [row.id for row, _, _ in self.ahead],
            "urged": [one.case_id for one in self.urged],
            "aided": [one.case.id for one in self.aided],
            "posts": list(dict.fromkeys(post.station for post in self.posts)),
        }[self.listed]

    @property
    def listed(self) -> str:
        return VIEWS[self.view].key

    def chosen(self) -> str:
        found, at = self.subjects(), self.at[self.listed]
        return found[at] if at < len(found) else ""

    def find(self, subject: str) -> None:
        self.at[self.listed] = refound(subject, self.at[self.listed], self.subjects())

    def selected_case(self) -> str:
        if self.listed == "posts":
            return ""
        chosen = self.chosen()
        one = self.alarms[self.at["alarms"]] if self.listed == "alarms" and self.alarms else None
        return "" if isinstance(one, Group) or (one is not None and one.row is None) else chosen

    def spot(self) -> dict[str, str]:
        return {"view": self.listed, "at": self.chosen()}

    def come_back(self, spot: dict[str, str]) -> None:
        self.view = next((n for n, view in enumerate(VIEWS) if view.key == spot.get("view")), 0)
        self.find(spot.get("at", ""))
        self.look_at()
        self.draw()

    def look_at(self) -> None:
        """The ladder of the chosen case, as far as it is and as it would go on."""
        desk, case_id = self.session.desk, self.selected_case()
        case = projections.load(desk.reader, case_id) if case_id else None
        self._case, self._legal = self.read_case() if case is not None else (None, ())
        if case is None:
            self._read = None
            return
        climb = duty_rows.load_climb(desk.reader, case.id)
        ladder = desk.town.ladder.rules.get(case.priority)
        coming = up.forecast(case, climb, desk.duty, desk.facts().book) if ladder and case.is_open else []
        self._read = case, climb, coming

    # drawing ----------------------------------------------------------------------------------------------------------

    def draw(self) -> None:
        super().draw()
        if not self.drawable:
            return
        self.query_one("#top", Panel).show([self.top_line()])
        panel = self.query_one("#list", Panel)
        lines, cursor = self.list_lines(panel.size.width or self.size.width)
        panel.show(lines)
        keep_in_sight(panel, cursor)
        rungs = self.query_one("#rungs", Panel)
        rungs.show(self.rung_lines(rungs.size.width or self.size.width))
        side = self.query_one("#side", Panel)
        if side.display:
            side.show(self.side_lines(side.size.width))

    def top_line(self) -> Line:
        look = self.session.look
        counts = {"alarms": look.total, "climbs": reads_alarms.climbs(self.session.desk.reader), "ahead": len(self.ahead),
                  "urged": sum(one.state in RUNNING for one in self.urged), "aided": len(self.aided), "posts": sum(not post.holder.missing for post in self.posts)}  # fmt: skip
        spans: list[Span] = [(" ", "")]
        for n, view in enumerate(VIEWS, 1):
            here = n - 1 == self.view
            many = f"{counts['posts']}/{len(self.posts)}" if view.key == "posts" else str(counts[view.key])
            spans.append((f" {n}{t(view.zh)} {many} ", "reverse bold $accent" if here else "$foreground"))
        waiting = sum(len(one.climb.waiting) for one in self.climbs)
        spans.append((f"  {t('待打 {n}', n=waiting)}", "bold $p2" if waiting else "$dim"))
        return tuple(spans)

    def list_lines(self, width: int) -> tuple[list[Line], int]:
        """The lines of the present list, with its heading, and the line of the cursor."""
        at, frame = self.at[self.listed], self.session.frame()
        lines: list[Line]
        if self.listed == "alarms":
            lines = [alarm_lines.line(a, frame, width, selected=n == at) for n, a in enumerate(self.alarms)]
            head = alarm_lines.head(width)
        elif self.listed == "climbs":
            lines = [ladder_lines.climbing(c, frame, width, selected=n == at) for n, c in enumerate(self.climbs)]
            head = ladder_lines.climbs_head(width)
        elif self.listed == "ahead":
            lines = ladder_lines.forecast(self.ahead, frame, width, selected=at)
            head = case_lines.note(
                t("60分钟内 {a} 项，12小时内 {b} 项；无应答则如期触发", a=self._within(HOUR), b=len(self.ahead))
            )
        elif self.listed == "urged":
            lines = [overlay_lines.supervision(s, frame, width, selected=n == at) for n, s in enumerate(self.urged)]
            head = overlay_lines.supervision_head(width)
        elif self.listed == "aided":
            lines = [overlay_lines.support(s, frame, width, selected=n == at) for n, s in enumerate(self.aided)]
            head = overlay_lines.support_head(width)
        else:
            lines = ladder_lines.posts(self.posts, frame)
            head = case_lines.note(t("此刻升级会打给谁 (排班、代理、请假均已计入)"))
        return ([head, *lines], at + 1) if lines else ([(), case_lines.note(t(VIEWS[self.view].empty))], 0)

    def _within(self, span: int) -> int:
        until = self.session.desk.now() + span
        return sum(at <= until for _, _, at in self.ahead)

    def rung_lines(self, width: int) -> list[Line]:
        if self._read is None:
            return [case_lines.note(t("选中一案，看它的阶梯"))]
        case, climb, coming = self._read
        frame = self.session.frame()
        lines = ladder_lines.rungs(case, climb, coming, frame, width)
        if climb is not None and not climb.open and climb.cleared_at is not None:
            when = wording.moment(climb.cleared_at, frame.now, frame.duty)
            lines.append(
                case_lines.note(t("上次升级 {time} 解除: {why}", time=when, why=t(wording.event(climb.cleared_why))))
            )
        if self.size.width < 200:
            lines += ladder_lines.tasks(self.climbs, frame, width)
        return lines

    def side_lines(self, width: int) -> list[Line]:
        frame = self.session.frame()
        lines = [*ladder_lines.tasks(self.climbs, frame, width), (), case_lines.title(t("将要触发"))]
        lines += ladder_lines.forecast(self.ahead[:12], frame, width)
        lines += [(), case_lines.title(t("此刻可呼"))]
        return lines + ladder_lines.posts(self.posts, frame)

    def hint(self) -> Line:
        raise_, call, urge = (BY_ID[name] for name in ("escalate", "call", "supervise"))
        pairs = [
            (raise_.key, t("立即升级")), (call.key, t("记录通话")), ("y", t("应答代录")), (urge.key, t("督办")),
            ("a", t("确认")), ("m", t("静音")),
        ]  # fmt: skip
        if self._urged():
            pairs.insert(0, ("x", t("解除督办")))
        tail = [("1-6", t("分页")), ("Enter", t("案件")), ("Esc", t("返回"))]
        return key_hints(pairs, tail, self.size.width)

    def _urged(self) -> bool:
        """Whether the cursor stands on a supervision that can be released."""
        at = self.at["urged"]
        return self.listed == "urged" and at < len(self.urged) and self.urged[at].state in RUNNING

    # keys -------------------------------------------------------------------------------------------------------------

    def keeps(self, key: str) -> bool:
        """Here `a` acknowledges the line under the cursor."""
        return key == "a" and bool(self.selected_case() or (self.listed == "alarms" and self.alarms))

    def on_list_key(self, key: str, char: str) -> bool:
        if key in STEPS:
            self.at[self.listed] = moved(self.at[self.listed], key, len(self.subjects()))
            self.look_at()
        elif char.isdigit() and 0 < int(char) <= len(VIEWS):
            self.show_view(int(char) - 1)
        elif key == "tab":
            self.show_view((self.view + 1) % len(VIEWS))
        elif key == "enter":
            if self.selected_case():
                self.ways.open_case(self.selected_case())
        elif key == "space":
            if self.selected_case():
                self.ways.open_menu(self, self.selected_case())
        elif key == "a":
            self.acknowledge_chosen()
        elif key == "m":
            self.mute()
        elif key == "x" and self._urged() and self._case is not None:
            self.command.start(f"{BY_ID['supervise'].code} {self._case.handle} n ", self._case.id, keyed=True)
        elif key == "y" and self._case is not None:
            self.command.start(f"{BY_ID['escalate'].code} {self._case.handle} y ", self._case.id, keyed=True)
        else:
            return False
        self.draw()
        return True

    def acknowledge_chosen(self) -> None:
        """The line under the cursor; in the list of alarms it then stands on the next: `a a a` goes down the list."""
        if self.listed != "alarms":
            self.run_act(alarming.acknowledge((self.selected_case(),)))
            return
        at = self.at["alarms"]
        one = self.alarms[at]
        subjects = one.subjects if isinstance(one, Group) else (one.subject,)
        self.run_act(alarming.acknowledge(subjects), then=lambda _: self.stand_on(at))

    def stand_on(self, at: int) -> None:
        self.at[self.listed] = max(0, min(at, len(self.subjects()) - 1))
        self.look_at()
        self.draw()

    def show_view(self, n: int) -> None:
        self.view = n
        self.look_at()

    def mute(self) -> None:
        """Silence at this desk: it ends by itself, and says until when."""
        until = self.session.mute()
        frame = self.session.frame()
        when = wording.moment(until, frame.now, frame.duty) if until else ""
        self.say(t("本台静音至 {time}，到点自动恢复；告警照常列出", time=when) if until else t("已恢复响铃"), "$wait")

    def step_back(self) -> bool:
        self.app.pop_screen()
        return True
