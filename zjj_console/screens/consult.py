"""Consultation (F7, §2.9): collection, agenda, the meeting with an outcome for each item, follow-up, visits. Rules are the acts'."""

from collections.abc import Callable, Iterable
from datetime import timedelta

from rich.cells import cell_len

from zjj_console.desk import agenda, consult_words, consulting, followups, visiting
from zjj_console.desk.acts import Act
from zjj_console.desk.outcome import Outcome
from zjj_console.domain import consult
from zjj_console.domain import consult_week as weeks
from zjj_console.domain.model import Refusal
from zjj_console.i18n import english, t
from zjj_console.screens.consult_board import PAGES, ConsultBoard
from zjj_console.screens.consult_keys import ASKED, FIELDS, hints
from zjj_console.screens.minutes_reader import MinutesReader
from zjj_console.screens.paging import STEPS, moved
from zjj_console.storage import projections
from zjj_console.verbs.table import BY_ID
from zjj_console.widgets.cells import Line, shown
from zjj_console.widgets.panel import Panel

_OF_THE_DESK = ("u", "d")  # verbs of the table that mean the same here: take back, supervise
_WEEKS = 60
Made = Act | Refusal


class ConsultScreen(ConsultBoard):
    CSS_PATH = "consult.tcss"

    # asking -----------------------------------------------------------------------------------------------------------

    def no(self, refusal: Refusal | str) -> None:
        said = refusal if isinstance(refusal, str) else refusal.en if english() else refusal.zh
        self.say(said, "$p2", bell=True)
        self.draw()

    def put_question(
        self, question: str, make: Callable[[str], Made], *, text: str = "", sure: bool = True,
        then: Callable[[Outcome], None] | None = None,
    ) -> None:  # fmt: skip
        """Ask for a line. What cannot be read, or lacks something, is asked again with the reason and what was typed."""

        def given(line: str) -> None:
            made = make(line)
            tried = made if isinstance(made, Refusal) else self.tried(made)
            if tried is not None and tried.code == 3:
                self.app.bell()
                self.ask_text(tried.en if english() else tried.zh, given, text=line)
            elif isinstance(made, Refusal) or tried is not None:
                self.no(tried or made)  # type: ignore[arg-type]
            elif sure:
                self.confirm(made, then)
            else:
                self.run_act(made, then=then)

        self.ask_text(question, given, text=text)

    def tried(self, act: Act) -> Refusal | None:
        """What the act says now, without doing anything."""
        desk = self.session.desk
        done = act(desk.reader, desk.facts())
        return done if isinstance(done, Refusal) else None

    def confirm(self, act: Act, then: Callable[[Outcome], None] | None = None) -> None:
        """Show the sentence of what would be done; `y` does it."""
        if self.session.locked:
            self.unlock()
            return
        desk = self.session.desk
        done = act(desk.reader, desk.facts())
        if isinstance(done, Refusal):
            self.no(done)
            return
        self.proposal = "；".join([done.en if english() else done.zh, *done.warnings])
        self.ask(t("照此办? y 确认，其余键取消"), {"y": lambda: self.run_act(act, then=then)})

    def done(self, outcome: Outcome, selected: str) -> None:
        super().done(outcome, selected)
        if outcome.ok and outcome.warnings:
            self.session.say("；".join([self.session.message.text, *outcome.warnings]), "$p2")
            self.draw()

    def show_units(self) -> None:
        """Below the list while units are typed: how each is written."""
        units = [u for u in self.session.desk.town.units.values() if u.enabled and u.kind != "village_station"]
        self.show_help(f"{u.tokens[0] if u.tokens else u.code} {u.name_en if english() else u.name}" for u in units)

    def show_help(self, pieces: Iterable[str]) -> None:
        """Words that may be typed, never broken within one."""
        lines = [""]
        for piece in pieces:
            if cell_len(lines[-1]) + cell_len(piece) + 2 > self.size.width - 2:
                lines.append("")
            lines[-1] += f" {shown(piece)} "
        self.help = [((line, "$dim"),) for line in lines[:4]]

    # keys -------------------------------------------------------------------------------------------------------------

    def hint(self) -> Line:
        return self.hints()[0]

    def hints(self) -> tuple[Line, Line]:
        return hints(self.listed, self.meeting.state, self.size.width)

    def draw_line(self) -> None:
        super().draw_line()
        if not self.drawable or self.asking or self.command.active or self.session.message.text:
            return
        self.query_one("#message", Panel).show([self.hints()[1]])

    def on_list_key(self, key: str, char: str) -> bool:
        keys: dict[str, Callable[[], None]] = {
            "tab": lambda: self.turn_page(1), ">": lambda: self.turn_page(1), "<": lambda: self.turn_page(-1),
            "[": lambda: self.turn_week(-1), "]": lambda: self.turn_week(1), "enter": self.enter, "space": self.menu,
            "n": self.add, "m": self.complete, "x": self.withdraw, "p": self.attend, "s": self.open_or_close,
            "r": self.report, "c": self.remind, "l": self.lock_agenda, "b": self.skip, "t": self.fill, "f": self.carried_out,
            "v": self.visit_line, "w": self.urgent, "z": self.station_meeting, "g": self.minutes,
        }  # fmt: skip
        if char in _OF_THE_DESK:
            return False
        if key in STEPS:
            self.at[self.listed] = moved(self.at[self.listed], key, len(self.subjects(self.listed)))
        elif char in "1234567" and char:
            self.decide(next(kind for kind in consult.OUTCOMES if kind.digit == char))
        else:
            keys.get(char or key, keys.get(key, lambda: None))()
        self.draw()
        return True

    def turn_page(self, by: int) -> None:
        self.page = (self.page + by) % len(PAGES)

    def go_to_page(self, name: str) -> None:
        self.page = next(n for n, page in enumerate(PAGES) if page.key == name)

    def turn_week(self, by: int) -> None:
        """The meeting week before or after the one that is shown."""
        desk, m = self.session.desk, self.meeting
        here = weeks.monday(m.week or weeks.week_of(desk.duty.local(m.at).date()))
        span = timedelta(weeks=_WEEKS)
        found = list(weeks.weeks(desk.town, here - span, here + span))
        others = [w for w in found if (weeks.monday(w) > here if by > 0 else weeks.monday(w) < here)]
        if others:
            self.show_meeting(weeks.meeting_id(others[0] if by > 0 else others[-1]))

    def show_meeting(self, name: str, *, turned: bool = True) -> None:
        self.word, self.turned = name, turned
        self.at["agenda"] = 0
        self.reload()
        self.draw()

    def enter(self) -> None:
        past = self.past()
        if self.listed == "past" and past is not None:
            self.go_to_page("agenda")
            self.show_meeting(past.key)
        elif self.selected_case():
            self.ways.open_case(self.selected_case())

    def menu(self) -> None:
        if self.selected_case():
            self.ways.open_menu(self, self.selected_case())

    def step_back(self) -> bool:
        """From another page to the agenda, from another week to the present meeting, then away."""
        if self.page:
            self.page = 0
        elif self.turned:
            self.show_meeting("", turned=False)
        else:
            self.app.pop_screen()
            return True
        self.draw()
        return True

    # the agenda -------------------------------------------------------------------------------------------------------

    def add(self) -> None:
        """From the pool the case under the cursor; elsewhere its number, tags and question are asked for."""
        week, pooled = self.meeting.week, self.pooled()
        if self.listed == "pool" and pooled is not None:
            self.run_act(agenda.put(pooled.case.id, week=week))
            return

        def make(line: str) -> Made:
            ref, _, rest = line.partition(" ")
            first, _, text = rest.strip().partition(" ")
            tags = consult_words.tags_of(self.session.desk.facts(), first) if first[:1].isdigit() else ()
            if isinstance(tags, Refusal):
                return tags
            return agenda.put(ref, text if tags else rest.strip(), week=week, cross=tags)

        self.put_question(t("加议题: 案号 跨类 拟请事项，如 1009 1,2 明确主责"), make, sure=False)

    def fill(self) -> None:
        self.confirm(agenda.fill(self.meeting.week))

    def complete(self) -> None:
        row = self.row()
        if self.listed != "agenda" or row is None:
            self.no(t("先在议题页选一题；Tab 换页"))
            return
        self.ask(t("补哪项: 1拟请 2建议主责 3参会 4跨类 5材料 6缺料 7前置"),
                 {key: lambda key=key: self._complete(key) for key in FIELDS})  # type: ignore[misc]  # fmt: skip

    def _complete(self, key: str) -> None:
        row = self.row()
        if row is None:
            return
        (name, question), item, facts = FIELDS[key], row.item, self.session.desk.facts()
        town, ref, meeting = facts.town, row.item.case, self.meeting.id
        now = getattr(item, name)
        if name in ("proposed", "invited"):
            now = consult_words.unit_words(town, now if name == "invited" else (now,) if now else ())
            self.show_units()
        elif name == "cross":
            tags = town.reasons.get("cross", {}).items()
            self.show_help(f"{digit} {r.name_en if english() else r.name}" for digit, r in tags)
            now = ",".join(digit for digit, r in tags if r.code in now)

        def make(line: str) -> Made:
            value: str | tuple[str, ...] | Refusal = line
            if name == "cross":
                value = consult_words.tags_of(facts, line)
            elif name in ("proposed", "invited"):
                value = consult_words.several(facts, line)
                if name == "proposed" and not isinstance(value, Refusal):
                    value = value[0] if value else ""
            return value if isinstance(value, Refusal) else agenda.detail(ref, meeting=meeting, **{name: value})

        self.put_question(f"{item.handle} {t(question)}", make, text=now, sure=False)

    def withdraw(self) -> None:
        row, visit, meeting = self.row(), self.visit(), self.meeting.id
        if self.listed == "visits" and visit is not None:
            if visit.planned is None:
                self.no(t("没有约定可取消；v 约定"))
            else:
                self.confirm(visiting.cancel(visit.planned.id))
        elif self.listed == "agenda" and row is not None:
            ref = row.item.case
            self.put_question(t("{n} 撤题: 理由", n=self._item_name(row.n, row.item.handle)),
                              lambda line: agenda.withdraw(ref, line, meeting=meeting), sure=False)  # fmt: skip
        else:
            self.no(t("先在议题页选一题；Tab 换页"))

    def _item_name(self, n: int, handle: str) -> str:
        return f"{t('议题{n}', n=n)} {handle}"

    def report(self) -> None:
        """What a station reports; on its line the station is there already."""
        station, facts, week = self.station(), self.session.desk.facts(), self.meeting.week
        start = ""
        if self.listed == "stations" and station is not None:
            start = consult_words.unit_words(facts.town, (station.station,)) + " "

        def make(line: str) -> Made:
            said = consult_words.report(facts, line)
            if isinstance(said, Refusal):
                return said
            return agenda.collect(said.station, said.cases, nil=said.nil, text=said.text, week=week)

        self.put_question(
            t("站报: 站 案号=跨类.. 事项，如 z4 1009=1,2 明确主责；零报告 z4 0"), make, text=start, sure=False
        )

    def remind(self) -> None:
        self.confirm(agenda.remind(self.meeting.week))

    def lock_agenda(self) -> None:
        self.confirm(agenda.lock(self.meeting.id))

    def skip(self) -> None:
        """The shown week, or on the calendar the chosen one, is not held, for a reason."""
        past = self.past()
        week = past.key if self.listed == "past" and past is not None else self.meeting.id
        self.put_question(t("{week} 不开会: 理由，如 春节", week=week), lambda line: agenda.skip(week, line))

    # the meeting ------------------------------------------------------------------------------------------------------

    def open_or_close(self) -> None:
        name = self.meeting.id
        self.confirm(consulting.close(name) if self.meeting.state == "OPEN" else consulting.open_(name))

    def attend(self) -> None:
        m, facts = self.meeting, self.session.desk.facts()
        waiting = tuple(u for u in m.invited if u not in m.attendance) if m.state == "OPEN" else ()
        self.show_units()

        def make(line: str) -> Made:
            said = consult_words.attended(facts, line)
            if isinstance(said, Refusal):
                return said
            people, opinion = ("", said.said) if said.absent else (said.said, "")
            return consulting.attend(said.units, people=people, absent=said.absent, opinion=opinion, meeting=m.id)

        start = consult_words.unit_words(facts.town, waiting)
        question = t("到会: 单位.. 人员；缺席 -单位 书面意见，如 -gbb 同意牵头")
        self.put_question(question, make, text=start, sure=False)

    def decide(self, kind: consult.Kind) -> None:
        """One outcome for the item under the cursor: ask what it needs, show what it will do, then do it."""
        row, m, facts = self.row(), self.meeting, self.session.desk.facts()
        if self.listed != "agenda" or row is None:
            self.no(t("结果在议题页定；Tab 换页"))
            return
        refusal = consult.decide_refusal(m, row.item, kind, facts.town.meetings.deferrals)
        if refusal is not None:
            self.no(refusal)
            return
        ref, start = row.item.case, ""
        if kind.code == "assign" and row.item.proposed:
            start = consult_words.unit_words(facts.town, (row.item.proposed,)) + " "
        if kind.code in ("assign", "joint", "commander"):
            self.show_units()
        elif kind.code in ("suspend", "raise"):
            rows = facts.town.reasons.get("suspend", {}).items()
            self.show_help(f"r{digit} {r.name_en if english() else r.name}" for digit, r in rows)

        def make(line: str) -> Made:
            said = consult_words.decision(self.session.desk.facts(), kind, line)
            return said if isinstance(said, Refusal) else consulting.decide(ref, kind.digit, said, meeting=m.id)

        self.put_question(t(ASKED[kind.code], n=self._item_name(row.n, row.item.handle)), make, text=start)

    def urgent(self) -> None:
        chosen = self.selected_case()
        case = projections.load(self.session.desk.reader, chosen) if chosen else None

        def make(line: str) -> Made:
            ref, _, text = line.partition(" ")
            return consulting.urgent(case.id, line) if case else consulting.urgent(ref, text)

        asked = t("{handle} 临时会商: 缘由", handle=case.handle) if case else t("临时会商: 案号 缘由")
        self.put_question(asked, make, then=self._go_to)

    def _go_to(self, outcome: Outcome) -> None:
        self.go_to_page("agenda")
        self.show_meeting(outcome.data["meeting"])

    def station_meeting(self) -> None:
        case = projections.load(self.session.desk.reader, self.selected_case()) if self.selected_case() else None
        facts = self.session.desk.facts()
        start = (
            f"{consult_words.unit_words(facts.town, (case.station,))} {case.handle} " if case and case.station else ""
        )
        self.show_units()

        def make(line: str) -> Made:
            said = consult_words.station_meeting(facts, line)
            if isinstance(said, Refusal):
                return said
            return consulting.station(said.station, said.case, said.outcome, said.said, said.attended)

        question = t("站级会商: 站 案号 1定责(单位)或2未果 要点 | 到会，如 z4 1009 1 cg | z4 cg")
        self.put_question(question, make, text=start)

    def minutes(self) -> None:
        past = self.past()
        m = past.meeting if self.listed == "past" and past is not None else self.meeting
        if m is None or not m.sheets:
            key = past.key if m is None and past is not None else self.meeting.id if m is None else m.id
            self.no(t("{id} 还没有纪要，散会时生成；历次页可看以前的", id=key))
            return
        self.app.push_screen(MinutesReader(self.session, m.id, m.sheets))

    # afterwards -------------------------------------------------------------------------------------------------------

    def carried_out(self) -> None:
        one = self.followup()
        if self.listed != "followups" or one is None:
            self.go_to_page("followups")
            self.say(t("选一项，再按 f 记为已办") if one else t("决议都已办"), "$dim")
            return
        self.put_question(t("{ref} {case} 已办: 办理结果，可空", ref=one.ref, case=one.handle),
                          lambda line: followups.done(one.ref, one.case, line), sure=False)  # fmt: skip

    def visit_line(self) -> None:
        """The typed line of a visit, with its preview: it names the cases about which nothing has been said yet."""
        town, visit = self.session.desk.town, self.visit()
        self.go_to_page("visits")
        station = consult_words.unit_words(town, (visit.station,)) + " " if visit is not None else ""
        self.command.start(f"{BY_ID['visit'].code} {station}", "", keyed=True)
