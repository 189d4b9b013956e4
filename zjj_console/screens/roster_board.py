"""What the roster screen shows, and where its cursors are (§4.7)."""

import contextlib
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Literal, get_args

from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from zjj_console.desk import roster_view, rostering
from zjj_console.desk.roster_view import Board, Issue, Night
from zjj_console.domain import conflicts, rotation
from zjj_console.domain.gaps import SEVERITIES
from zjj_console.domain.model import MINUTE
from zjj_console.domain.planning import Proposal
from zjj_console.domain.roster import Assignment, Book, Stationing
from zjj_console.i18n import english, t
from zjj_console.screens.base import ConsoleScreen
from zjj_console.screens.session import Session
from zjj_console.storage import reads_duty
from zjj_console.verbs.table import BY_ID
from zjj_console.widgets import case_lines, roster_lines
from zjj_console.widgets.cells import Line, shown, spread
from zjj_console.widgets.panel import Panel
from zjj_console.widgets.verb_words import key_hints

View = Literal["day", "week", "month"]
Listed = Literal["issues", "people", "proposals", "stations"]  # what the lower list holds
_LOW_LIST, _LONG_LIST = 4, 10  # lines that the lower list keeps on a small screen: gaps, and what was asked for
_WEEK = 7
_APART = 45  # height from which every station has a row for its officers


class RosterBoard(ConsoleScreen):
    """The roster as it is shown. What its keys do is in `RosterScreen`."""

    mode = "roster"
    place = "roster"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        desk = session.desk
        self.day = roster_view.duty_day(desk.town, desk.duty, desk.now())
        self.first = self.day
        self.view: View = "day"
        self.listed: Listed = "issues"
        self.below = False  # the keys go to the lower list
        self.at = {"rows": 0, "issues": 0, "people": 0, "proposals": 0, "stations": 0}
        self.board = Board(self.day, "none", Book(0, 0), desk.now())
        self.draft: list[Assignment] = []
        self.nights: list[Night] = []
        self.stations: list[Stationing] = []
        self.found: list[Proposal] = []
        self.hole: Assignment | None = None
        self._read_at = 0

    def body(self) -> Iterator[Widget]:
        yield Panel(id="top")
        with Horizontal(id="panes"):
            with Vertical(id="main"):
                yield Panel(id="day")
                yield Panel(id="lower")
                yield Panel(id="next")
            yield Panel(id="side")

    def on_mount(self) -> None:
        self.reload()
        super().on_mount()

    def spot(self) -> dict[str, str]:
        return {"day": self.day.isoformat(), "first": self.first.isoformat(), "view": self.view}

    def come_back(self, spot: dict[str, str]) -> None:
        self.view = next((view for view in get_args(View) if view == spot.get("view")), "day")
        with contextlib.suppress(ValueError):
            self.day, self.first = (date.fromisoformat(spot.get(name, "")) for name in ("day", "first"))
        self.reload()
        self.draw()

    # reading ----------------------------------------------------------------------------------------------------------

    @property
    def month(self) -> str:
        return f"{self.day:%Y-%m}"

    @property
    def step(self) -> int:
        """Minutes of a mark: a screen twice as wide shows quarter hours."""
        return 15 if self.size.width >= 200 else 30

    def reload(self) -> None:
        """Read the day, and the nights that the view shows."""
        desk = self.session.desk
        town, duty, now = desk.town, desk.duty, desk.now()
        book = rostering.wide_book(desk.reader, *rostering.month_span(duty, self.month))
        self.draft = [] if book.has_plan(self.day) else reads_duty.plan(desk.reader, self.month) or []
        state: roster_view.State = "published" if book.has_plan(self.day) else "draft" if self.draft else "none"
        if state == "draft":
            book = rostering.plan_book(desk.reader, duty, self.month, self.draft)
        self.board = roster_view.board(
            book, state, town, duty, self.day, now, self.step, apart=self.size.height >= _APART
        )
        self.first, days = roster_view.month_days(self.day) if self.view == "month" else (self._first(), _WEEK)
        findings = conflicts.check(book, town, duty)
        self.nights = roster_view.nights(book, town, duty, self.first, days, self.board.now, findings)
        self.stations = [
            s for s in reads_duty.stationings(desk.reader) if s.state in ("REQUESTED", "APPROVED", "ARRIVED")
        ]
        self._read_at = now
        for name, many in (("rows", len(self.board.rows)), ("issues", len(self.board.issues)), ("people", len(self.people())),
                           ("stations", len(self.stations))):  # fmt: skip
            self.at[name] = max(0, min(self.at[name], many - 1))

    def _first(self) -> date:
        """The first night shown: that of the day, but the week view stays where it is while the day moves inside it."""
        inside = self.view == "week" and 0 <= (self.day - self.first).days < _WEEK
        return self.first if inside else self.day

    def on_second(self) -> None:
        if self.session.desk.now() - self._read_at >= MINUTE:
            self.reload()

    def on_resize(self) -> None:
        self.reload()
        super().on_resize()

    def people(self) -> Sequence[Assignment]:
        """Those of the row under the cursor."""
        rows = self.board.rows
        return rows[self.at["rows"]].people if self.at["rows"] < len(rows) else ()

    def issue(self) -> Issue | None:
        found = self.board.issues
        return found[self.at["issues"]] if self.at["issues"] < len(found) else None

    def chosen(self) -> Assignment | None:
        """The assignment that keys mean: of the person under the cursor, or the one that is missing."""
        if self.below and self.listed == "people" and self.people():
            return self.people()[self.at["people"]]
        one = self.issue() if self.below and self.listed == "issues" else None
        if one is not None:
            return next((a for a in one.holes if a.person), None)
        mine = self.people() if not self.below and self.view == "day" else ()
        return mine[0] if len(mine) == 1 else None

    # drawing ----------------------------------------------------------------------------------------------------------

    def draw(self) -> None:
        super().draw()
        if not self.drawable:
            return
        desk, frame = self.session.desk, self.session.frame()
        top, day, lower, after, side = (self.query_one(f"#{n}", Panel) for n in ("top", "day", "lower", "next", "side"))
        top.show(roster_lines.top(self.board, desk.facts().holding, frame, self.size.width))
        width = self.size.width - (60 if side.display else 0)
        coming = self._after(width) if after.display else []
        left = self.size.height - 7 - len(coming)
        upper = self._upper(width, left - self._reserve())
        day.styles.height = len(upper)
        after.styles.height = len(coming)
        day.show(upper)
        lower.show(self._lower(width, left - len(upper)))
        after.show(coming)
        if side.display:
            side.show(self._side())

    def _reserve(self) -> int:
        """Lines that the lower list keeps: few for the gaps, which are always there, more for what was asked for."""
        lists: dict[str, Sequence[object]] = {
            "people": self.people(),
            "proposals": self.found,
            "stations": self.stations,
        }
        asked = lists.get(self.listed)
        return _LOW_LIST if asked is None else max(_LOW_LIST, min(_LONG_LIST, len(asked) + 1))

    def _upper(self, width: int, room: int) -> list[Line]:
        frame = self.session.frame()
        if self.view == "week":
            head = case_lines.title(t("七夜"))
            return [head, *(roster_lines.night(n, frame, width, chosen=n.day == self.day) for n in self.nights)]
        if self.view == "month":
            counted = rotation.balance(frame.town, *roster_view.month_days(self.day))
            return [
                case_lines.title(t("{month} 月历", month=self.month)),
                *roster_lines.month_grid(self.nights, frame, width, self.day),
                *roster_lines.balance(counted, frame),
                *roster_lines.month_legend(frame),
            ]
        if self.board.state == "none":
            return roster_lines.nothing_planned(self.board, frame)
        last = [roster_lines.cover(c, frame, width) for c in self.board.covers]
        rows = [
            roster_lines.row(r, self.board, frame, width, chosen=n == self.at["rows"] and not self.below)
            for n, r in enumerate(self.board.rows)
        ]
        in_view = windowed(rows, self.at["rows"], max(3, room - len(last) - 1))
        return [roster_lines.ruler(self.board, frame, self.step, width), *in_view, *last]

    def _lower(self, width: int, room: int) -> list[Line]:
        frame, at = self.session.frame(), self.at[self.listed]
        mark = self.below
        if self.listed == "people":
            head = t("人员 {row}", row=roster_lines.row_name(self.board.rows[self.at["rows"]], frame))
            lines = [
                roster_lines.person(a, self.board, frame, chosen=mark and n == at) for n, a in enumerate(self.people())
            ]
            empty = t("此岗未排人")
        elif self.listed == "proposals":
            head = t("谁来: {what}", what=self._hole_words())
            lines = [roster_lines.proposal(n, p, frame) for n, p in enumerate(self.found, 1)]
            empty = t("没有符合 C1-C7 的人")
        elif self.listed == "stations":
            head = t("按需驻站 {n}", n=len(self.stations))
            lines = [roster_lines.stationing(s, frame, chosen=mark and n == at) for n, s in enumerate(self.stations)]
            empty = t("没有驻站；申请: ;{code} 部门 站 止 事由", code=BY_ID["station_dept"].code)
        else:
            return self._issues(width, room)
        return [case_lines.title(head), *(windowed(lines, at, room - 1) or [case_lines.note(empty)])]

    def _issues(self, width: int, room: int) -> list[Line]:
        frame, at, found = self.session.frame(), self.at["issues"], self.board.issues
        counted = " ".join(f"{s}{n}" for s in SEVERITIES if (n := sum(i.severity == s for i in found)))
        head = case_lines.title(f"{t('缺口与冲突')} {self.day:%m-%d}  {len(found)}  {counted}")
        if self.view == "day" and self.board.rows:
            head = spread(head, roster_lines.legend(), width)
        if not found:
            none = self.board.state == "none"
            return [head, case_lines.note(t("未排班，无从检查") if none else t("无缺口，无冲突，人员齐"))]
        pieces = [
            roster_lines.issue(one, frame, self.board.now, width, chosen=n == at and self.below)
            for n, one in enumerate(found)
        ]
        above = max(0, at - max(0, room - 3))
        return [head, *(line for piece in pieces[above:] for line in piece)][:room]

    def _after(self, width: int) -> list[Line]:
        """Below: the coming nights, unless they are shown above, and who is stationed."""
        frame = self.session.frame()
        posted = [case_lines.title(t("按需驻站 {n}", n=len(self.stations)))]
        posted += [roster_lines.stationing(s, frame, chosen=False) for s in self.stations[:3]]
        if self.view != "day":
            return posted
        head = case_lines.title(t("七夜"))
        return [head, *(roster_lines.night(n, frame, width, chosen=False) for n in self.nights), *posted]

    def _side(self) -> list[Line]:
        frame = self.session.frame()
        if not self.board.rows:
            return [case_lines.title(t("人员")), case_lines.note(t("未排班"))]
        name = roster_lines.row_name(self.board.rows[self.at["rows"]], frame)
        lines = [case_lines.title(t("人员 {row}", row=name))]
        lines += [roster_lines.person(a, self.board, frame, chosen=False) for a in self.people()]
        away = [x for x in self.board.book.leaves if x.end > frame.now]
        lines += [(), case_lines.title(t("请假 {n}", n=len(away)))]
        for one in away:
            who = case_lines.person_name(frame.town, one.person)
            begin, end = frame.duty.local(one.start), frame.duty.local(one.end)
            lines.append(case_lines.note(f"{who} {shown(one.kind)} {begin:%m-%d %H:%M}-{end:%m-%d %H:%M}"))
        return lines

    def _hole_words(self) -> str:
        if self.hole is None:
            return ""
        frame, hole = self.session.frame(), self.hole
        gone = case_lines.person_name(frame.town, hole.person) if hole.person else t("未排")
        shift = frame.town.shift_of(hole.shift)
        return f"{hole.day:%m-%d} {shift.name_en if english() else shift.name} {gone}"

    def hint(self) -> Line:
        tail = [(";", t("命令"))]
        moves = ("j Up", t("移动"))
        if self.listed == "proposals":
            return key_hints([("1-9", t("选人")), ("Esc", t("返回"))], tail, self.size.width)
        if self.listed == "stations" and self.below:
            pairs = [("a", t("批准")), ("r", t("到站")), ("l", t("离站")), moves, ("Esc", t("返回"))]
            return key_hints(pairs, tail, self.size.width)
        act = [("i", t("签到")), ("k", t("签退")), ("t", t("顶班")), ("b", t("补岗")), ("x", t("请假"))]
        look = [("c", t("检查")), ("w", t("周")), ("m", t("月")), ("Tab", t("换窗")), ("< >", t("换日")), moves]
        make = [("n", t("编制")), ("p", t("发布"))]
        rare = [("Enter", t("人员")), ("s", t("驻站")), ("e", t("导出"))]
        pairs = [*act, *look, *rare, *make] if self.board.state == "published" else [*make, *look, *act, *rare]
        return key_hints(pairs, tail, self.size.width)


def windowed(lines: list[Line], at: int, room: int) -> list[Line]:
    """As many lines as there is room for, the one at the cursor among them."""
    top = max(0, min(at - room // 2, len(lines) - room))
    return lines[top : top + max(1, room)]
