"""The roster (F4, §4.7): who signs in, who stands in, what is planned and published. `k` signs out, so Up moves up."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from msgspec.structs import replace

from zjj_console.desk import roster_view, rostering, session, shift_changes, signing, stationing
from zjj_console.desk.acts import Act, Done
from zjj_console.desk.roster_view import Issue
from zjj_console.domain.facts import Facts
from zjj_console.domain.model import Refusal
from zjj_console.i18n import english, t
from zjj_console.reports import roster_files
from zjj_console.screens.roster_board import RosterBoard
from zjj_console.storage import disk, reads_duty
from zjj_console.storage.db import Connection
from zjj_console.verbs.table import BY_ID
from zjj_console.widgets import case_lines, roster_lines

_STEPS = {"down": 1, "j": 1, "up": -1, "pagedown": 8, "pageup": -8, "home": -999, "end": 999}
_MOVES = {"a": "approve", "r": "arrive", "l": "leave"}  # of a stationing
_FILES = (".csv", ".xlsx", ".ics")


class RosterScreen(RosterBoard):
    CSS_PATH = "roster.tcss"

    # keys -------------------------------------------------------------------------------------------------------------

    def _nothing_open(self) -> str:
        if self.board.state == "none":
            return t("本日没有排班，缺口未算: n 编制，或 zjj roster gaps")
        return t("没有可补的缺口；Tab 看缺口与原因") if self.board.issues else t("没有缺口")

    def on_list_key(self, key: str, char: str) -> bool:
        if self.listed == "proposals" and char.isdigit():
            self.pick(int(char))
        elif key in _STEPS:
            self.move(_STEPS[key])
        elif key in ("left", "right"):
            self.go(1 if key == "right" else -1)
        elif key in ("<", ">"):
            self.turn(1 if key == ">" else -1)
        elif self.listed == "stations" and self.below and key in _MOVES:
            self.move_stationing(_MOVES[key])
        else:
            keys: dict[str, Callable[[], None]] = {
                "tab": self.other_pane, "enter": self.enter, "w": self.week, "m": self.whole_month, "i": self.sign_in,
                "k": self.sign_out, "t": self.stand_in, "b": self.fill, "x": self.leave, "c": self.check, "p": self.publish,
                "n": self.plan, "e": self.export, "s": self.show_stations,
            }  # fmt: skip
            keys.get(key, lambda: None)()
        self.draw()
        return True  # no verb of a case is on this screen

    def move(self, by: int) -> None:
        if self.view != "day" and not self.below:
            self.go(by * (7 if self.view == "month" else 1))
            return
        name = self.listed if self.below else "rows"
        many = {"rows": len(self.board.rows), "issues": len(self.board.issues), "people": len(self.people()),
                "stations": len(self.stations)}.get(name, 0)  # fmt: skip
        self.at[name] = max(0, min(many - 1, self.at[name] + by))
        if name == "rows":
            self.at["people"] = 0

    def turn(self, by: int) -> None:
        """The day before or after; in the week view the week, in the month view the month."""
        self.go(by * {"day": 1, "week": 7, "month": roster_view.month_days(self.day)[1]}[self.view])

    def go(self, days: int) -> None:
        """To another day; the lists of the old one are left."""
        self.day += timedelta(days=max(-31, min(31, days)))
        self.listed, self.below = "issues", self.below and self.listed == "issues"
        self.at["issues"] = 0
        self.reload()

    def other_pane(self) -> None:
        self.below = not self.below

    def enter(self) -> None:
        """On a row its people; on a gap who could fill it; on a date its day."""
        if self.view != "day" and not self.below:
            self.view = "day"
            self.reload()
        elif not self.below and self.board.rows:
            self.listed, self.below, self.at["people"] = "people", True, 0
        elif self.below and self.listed in ("issues", "people"):
            self.fill()

    def week(self) -> None:
        self.view = "day" if self.view == "week" else "week"
        self.below = False
        self.reload()

    def whole_month(self) -> None:
        self.view = "day" if self.view == "month" else "month"
        self.below = False
        self.reload()

    def show_stations(self) -> None:
        self.listed, self.below = "stations", True

    def keeps(self, key: str) -> bool:
        return key == "a" and self.listed == "stations" and self.below

    def step_back(self) -> bool:
        if self.listed != "issues":
            self.listed = "issues"
            self.below = self.hole is not None
            self.hole = None
        elif self.below:
            self.below = False
        elif self.view != "day":
            self.view = "day"
            self.reload()
        else:
            self.app.pop_screen()
            return True
        self.draw()
        return True

    def no(self, text: str) -> None:
        """A key that cannot be used here says why."""
        self.say(text, "$p2", bell=True)

    # signing in and out -----------------------------------------------------------------------------------------------

    def sign_in(self) -> None:
        self._sign(t("签到"), signing.sign_in)

    def sign_out(self) -> None:
        self._sign(t("签退"), signing.sign_out)

    def _sign(self, word: str, made: Callable[..., Act]) -> None:
        """Of the chosen person, else of the operator. In trial another's is asked back; otherwise his own PIN is."""
        desk, chosen = self.session.desk, self.chosen()
        own = desk.actor.work_no
        who = chosen.person if chosen is not None else own
        name = f"{case_lines.person_name(desk.town, who)}({who})"
        if not desk.actor.trial:

            def given(pin: str) -> None:
                actor = session.actor_of(desk.town, who)
                self.run_act(session.proven(made(who, proven=True), (actor, pin)), actor=actor)

            self.ask_text(t("{word} {name} 口令", word=word, name=name), given, secret=True)
        elif who == own:
            self.run_act(made(who))
        else:
            self.ask(
                t("{word} {name}? y 确认，其余键取消", word=word, name=name), {"y": lambda: self.run_act(made(who))}
            )

    # changing ---------------------------------------------------------------------------------------------------------

    def stand_in(self) -> None:
        """The typed line of a substitution, begun with whoever is chosen."""
        chosen = self.chosen()
        if self.board.state != "published":
            self.no(t("{month} 未发布，没有可顶的班；先 p 发布", month=self.month))
            return
        if chosen is not None and chosen.end <= self.session.desk.now():
            self.no(t("该班已过，不能再顶；漏签用 bl 补录"))
            return
        code = BY_ID["substitute"].code
        self.command.start(f"{code} {chosen.person} " if chosen else f"{code} ", "", keyed=True)

    def fill(self) -> None:
        """Proposals for the chosen person's shift, or for the chosen gap; else for the first that can be mended."""
        desk = self.session.desk
        now = desk.now()
        one = self.issue() if self.below and self.listed == "issues" else None
        chosen = self.chosen() if self.below and self.listed == "people" else None
        if one is None and chosen is None:
            at = next((n for n, i in enumerate(self.board.issues) if any(a.end > now for a in i.holes)), None)
            if at is None:
                self.no(self._nothing_open())
                return
            self.at["issues"], self.listed, self.below = at, "issues", True
            one = self.issue()
        holes = [chosen] if chosen is not None else list(one.holes) if one is not None else []
        open_holes = [a for a in holes if a.end > now]
        if not open_holes:
            self.no(t("该时段已过，不能再补") if holes else roster_lines.fix(one, now) if one else t("没有缺口"))
            return
        self.hole = open_holes[0]
        issue = one or Issue("i", "plan", (self.hole.start, self.hole.end), (self.hole.unit,))
        self.found = roster_view.proposals(self.board.book, issue, self.hole, desk.town, desk.duty, now)
        self.listed, self.below = "proposals", True
        warned = any(p.findings for p in self.found)
        said = t("都有提示，见各行；数字选人，Esc 返回") if warned else t("数字选人，已除去违反 C1-C7 的；Esc 返回")
        self.say(
            said if self.found else t("没有符合 C1-C7 的人，请镇中心调人"),
            "$p2" if warned or not self.found else "$dim",
        )

    def pick(self, digit: int) -> None:
        if self.hole is None or not 0 < digit <= len(self.found):
            self.no(t("没有第 {n} 个人选", n=digit))
            return
        one, hole = self.found[digit - 1], self.hole
        slot = replace(hole, person=one.person, acting=one.acting)
        if self.board.state == "draft":
            do = rostering.keep(self.month, roster_view.with_slot(self.draft, hole, slot))
        elif hole.person:
            do = shift_changes.substitute(hole.person, one.person, key=hole.key, acting=one.acting)
        else:
            do = shift_changes.fill(slot)
        name = f"{case_lines.person_name(self.session.desk.town, one.person)}({one.person})"
        self.ask(t("{name} 来: {what}? y 确认", name=name, what=self._hole_words()),
                 {"y": lambda: self.run_act(do, then=lambda _: self.filled())})  # fmt: skip

    def filled(self) -> None:
        self.listed, self.hole = "issues", None
        self.draw()

    def leave(self) -> None:
        chosen = self.chosen()
        start = f"{chosen.person} {self.day:%m-%d} {self.day:%m-%d}" if chosen else ""
        self.ask_text(t("请假: 工号 起 止 [事由]，如 0425 03-02 03-03 病假"), self._leave, text=start)

    def _leave(self, text: str) -> None:
        desk = self.session.desk
        given = roster_view.leave_words(text, desk.duty, desk.now())
        if given is None:
            self.no(t("看不懂 {text}；写作 工号 起 止，如 0425 03-02 03-03", text=text))
        else:
            self.run_act(shift_changes.leave(*given))

    def move_stationing(self, step: str) -> None:
        if not self.stations:
            self.no(t("没有驻站可办"))
        else:
            self.run_act(stationing.move(self.stations[self.at["stations"]].id, step))

    # planning and publishing --------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Look at everything again, and say in one line what is wrong from this day on."""
        self.reload()
        desk, book = self.session.desk, self.board.book
        if self.board.state == "none":
            self.no(t("{month} 没有排班可查；n 编制", month=self.month))
            return
        start = roster_view.day_span(desk.town, desk.duty, self.day)[0]
        end = min(roster_view.day_span(desk.town, desk.duty, self.day + timedelta(days=7))[0], book.end)
        found = rostering.check(desk.town, desk.duty, book, start, end, self.board.now)
        gaps = [g for g in found.gaps if g.kind != "structure"]
        grave = sum(g.severity in rostering.HOLDS_UP for g in gaps)
        said = t("已检查 {day:%m-%d} 起7日: 违规{a} 职位空缺{b} 缺口{c}(必设{d})", day=self.day, a=len(found.findings),
                 b=len(found.vacancies), c=len(gaps), d=grave)  # fmt: skip
        self.say(said, "$p2" if found.findings or grave else "$done")

    def plan(self) -> None:
        if self.board.state == "published":
            self.no(t("{month} 已发布，不能重编；改动用 t 顶班", month=self.month))
            return
        month = self.month

        def act(db: Connection, facts: Facts) -> Done | Refusal:
            return rostering.keep(month, rostering.plan(db, facts.town, facts.duty, month).assignments)(db, facts)

        if self.draft:
            self.ask(t("{month} 已有草稿，重编会换掉它? y 重编", month=month), {"y": lambda: self.run_act(act)})
        else:
            self.run_act(act)

    def publish(self) -> None:
        """Show first what would be refused; what can be published is asked once."""
        self._publish("")

    def _publish(self, reason: str) -> None:
        desk, month = self.session.desk, self.month
        act = rostering.publish(month, reason)
        tried = act(desk.reader, desk.facts())
        if isinstance(tried, Refusal) and tried.rule == "C10" and not reason:
            self.ask_text(t("{what}；写明理由才可发布", what=tried.en if english() else tried.zh), self._publish)
        elif isinstance(tried, Refusal):
            self.no(tried.en if english() else tried.zh)
        else:
            question = t("发布 {month} 排班 {n} 条? 发布后只能顶班换班；y 发布", month=month, n=len(self.draft))
            self.ask(question, {"y": lambda: self.run_act(act)})

    def export(self) -> None:
        if self.board.state == "none":
            self.no(t("{month} 没有排班可导出；n 编制", month=self.month))
        else:
            self.ask_text(t("导出到文件 (.csv .xlsx .ics)"), self._export, text=f"roster-{self.month}.csv")

    def _export(self, name: str) -> None:
        path = Path(name).expanduser()
        if path.suffix.lower() not in _FILES:
            self.no(t("文件名须以 .csv .xlsx 或 .ics 结尾"))
        elif path.exists():
            self.ask(t("{name} 已存在，换掉? y 换掉", name=path.name), {"y": lambda: self._write(path)})
        else:
            self._write(path)

    def _write(self, path: Path) -> None:
        desk = self.session.desk
        rows = self.draft or reads_duty.assignments_of(desk.reader, self.month)
        kind = path.suffix.lower()
        table = roster_files.table(rows, desk.town, desk.duty)
        if kind == ".ics":
            made = roster_files.calendar(rows, "", desk.town, desk.duty, desk.now())
        else:
            made = roster_files.csv_bytes(table) if kind == ".csv" else roster_files.xlsx_bytes(table, desk.now())
        try:
            disk.put_whole(path, made)
        except OSError as error:
            self.no(t("写不了 {name}: {why}", name=str(path), why=disk.why(error)[int(desk.lang == "en")]))
            return
        self.say(t("已导出 {n} 条: {name}", n=len(rows), name=str(path)), "$done")
