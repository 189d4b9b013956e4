"""Why a deadline is when it is: start, limit, how it is counted, what moved it, the sum (§2.5, NV-20)."""

from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import Any

from zjj_console.desk.tongue import Pair, Tongue, length
from zjj_console.domain import why
from zjj_console.domain.model import Case, Clock, State
from zjj_console.domain.why import DECIDED, JOURNAL, Counted, Happening, Step, Stretch, Turn
from zjj_console.town.calendar import day_note, day_type
from zjj_console.town.models import DayType

_NO_WARNING = frozenset({"REV", "REO"})
_PAUSED_BY = {"HDL": "REV", "LED": "REV", "ACC": "INFO"}  # the clock that says how long a pause may last
_FINAL = ("HDL", "LED")  # what punctuality is judged by
_REQUEST: dict[str, Pair] = {
    "return": ("退单", "to return it"), "extend": ("延期", "for an extension"), "suspend": ("挂账", "to suspend it"),
    "void": ("作废", "to void it"),
}  # fmt: skip
_KIND_ZH = {
    "rest": ("休息日", "rest day"),
    "holiday": ("节假日", "holiday"),
    "workday": ("补班", "make-up working day"),
}


def clock_steps(case: Case, clock: Clock, history: list[Happening], tongue: Tongue) -> Iterator[Step]:
    """One deadline from its start to its due time, or to where it stands still."""
    turns = why.life(clock.code, history)
    if not turns:
        return
    teller = _Clock(case, clock, turns, tongue)
    yield teller.start()
    yield from teller.limit()
    yield from sorted(teller.middle(), key=lambda step: step.at or 0)
    yield teller.end()
    if clock.running and clock.code not in _NO_WARNING:
        yield teller.warning()
    if clock.code in _FINAL and case.due_final is not None:
        yield _final(case, clock, history, tongue)


class _Clock:
    """Sentences about one clock."""

    def __init__(self, case: Case, clock: Clock, turns: list[Turn], tongue: Tongue) -> None:
        self.case, self.clock, self.turns, self.t = case, clock, turns, tongue
        self.duty, self.town = tongue.duty, tongue.duty.town
        self.stretches = why.stretches(turns, self.duty)
        self.rule = f"2.5 T-{clock.code}"
        self.name = tongue.clock(clock.code)
        row = self.town.clocks.get(clock.code)
        self.mark: str = row.mark if row is not None else "A"
        self.unit = tongue.unit(clock.unit)

    def step(self, mark: str, zh: str, en: str, at: int | None, by: tuple[Happening, ...] = (), **facts: Any) -> Step:
        events = tuple(one.lseq for one in by)
        return Step("deadline", self.rule, mark, zh, en, at, events, {"clock": self.clock.code, **facts})

    def start(self) -> Step:
        by, clock, when = self.turns[0].by, self.clock, self.t.when
        zh, en = self.t.event(by.kind)
        who = self.t.who(by.actor)
        noted = by.at // 1_000_000 != clock.started // 1_000_000
        late_zh = f"(记录于 {when(by.at)})" if noted else ""
        late_en = f" (recorded {when(by.at)})" if noted else ""
        return self.step(
            JOURNAL,
            f"{self.name[0]} 自 {when(clock.started)} 起计: {zh}，{who[0]}{late_zh}",
            f"{self.name[1]}: counts from {when(clock.started)}: {en} by {who[1]}{late_en}",
            clock.started,
            (by,),
            started=self.t.iso(clock.started),
            event=by.kind,
        )

    def limit(self) -> Iterator[Step]:
        """The row of the profile, and how this unit's time counts."""
        clock, by = self.clock, self.turns[0].by
        if clock.code in DECIDED:
            if clock.code == "REV":
                flow = self.town.flow
                yield self.step(flow.mark, f"复查最长 {flow.suspend_max_days} 天",
                                f"a review is at most {flow.suspend_max_days} days away", None)  # fmt: skip
            yield self.step(JOURNAL, f"止期由人指定: {self.t.when(clock.due)}", f"its end was set: {self.t.when(clock.due)}",
                            clock.due, (by,), due=self.t.iso(clock.due))  # fmt: skip
            return
        priority = by.after.priority
        row = self.town.limit(clock.code, priority)
        level = self.t.priority(priority)
        own = length(clock.limit)
        if row is None:
            zh, en = (
                f"起计时定为{own[0]}；配置现无{level[0]}的此时限",
                f"set to {own[1]}; the profile has no row of {level[1]} now",
            )
        else:
            limit = self.t.limit(row)
            zh, en = f"{level[0]}限{limit[0]}", f"limit for {level[1]}: {limit[1]}"
            if self.duty.counted(row, clock.unit) != (clock.kind, clock.limit):
                zh += f"(配置现值；此案仍按起计时的{own[0]})"
                en += f" (as configured now; this case keeps the {own[1]} of its day)"
            elif row.kind == "workdays" or clock.kind != row.kind:
                zh, en = f"{zh}，即{own[0]}", f"{en}, that is {own[1]}"
        yield self.step(self.mark, zh, en, None, limit_minutes=clock.limit, priority=priority)
        yield self._counting(row.kind if row else clock.kind)

    def _counting(self, asked: str) -> Step:
        clock, hours = self.clock, self.town.hours_of(self.clock.unit)
        span = self.t.hours(hours)
        facts = {"counted": clock.kind, "unit": clock.unit}
        if clock.kind == "duty":
            zh = f"只计{self.unit[0]}工作日 {span[0]} 的值守时间"
            return self.step(hours.mark, zh, f"only {span[1]} on working days counts: duty time of {self.unit[1]}",
                             None, (), hours=span[0], **facts)  # fmt: skip
        if asked == "wall":
            return self.step(self.mark, "按自然时间连续计，夜间节假日不停",
                             "plain time: nights and holidays count", None, (), **facts)  # fmt: skip
        return self.step(hours.mark, f"{self.unit[0]}值守 {span[0]}，按自然时间计",
                         f"{self.unit[1]} is on duty {span[1]}, so plain time counts", None, (), hours=span[0], **facts)  # fmt: skip

    # what happened on the way ---------------------------------------------------------------------------------------------

    def middle(self) -> Iterator[Step]:
        first = self.turns[0]
        if first.after.due is None:
            left = length(first.after.left or 0)
            yield self.step(JOURNAL, f"来时已暂停，余{left[0]}", f"came paused, with {left[1]} left", first.by.at, (first.by,),
                            left_minutes=first.after.left)  # fmt: skip
        for stretch in self.stretches:
            if stretch.by is not first.by:
                yield self._resumed(stretch)
            yield from self._moves(stretch)
            if self.clock.kind == "duty" and self.clock.code not in DECIDED:
                yield self._days(stretch)
        for turn in self.turns[1:]:
            step = self._turn(turn)
            if step is not None:
                yield step

    def _resumed(self, stretch: Stretch) -> Step:
        zh, en = self.t.event(stretch.by.kind)
        given = length(stretch.given)
        return self.step(JOURNAL, f"{zh}: 自 {self.t.when(stretch.start)} 续计余下的{given[0]}",
                         f"{en}: goes on at {self.t.when(stretch.start)} with the {given[1]} left",
                         stretch.start, (stretch.by,), minutes=stretch.given)  # fmt: skip

    def _moves(self, stretch: Stretch) -> Iterator[Step]:
        for move in stretch.moves:
            more, event = length(move.minutes), self.t.event(move.by.kind)
            zh = f"{event[0]}: {self.t.when(move.old)} 改为 {self.t.when(move.new)}，多{more[0]}"
            en = f"{event[1]}: from {self.t.when(move.old)} to {self.t.when(move.new)}, {more[1]} more"
            mark = JOURNAL
            if move.by.kind == "rework_ordered":
                mark, flow = self.town.flow.mark, self.town.flow
                zh += f"；返工给限的{flow.rework_percent}%或下限，自返工时起"
                en += f"; rework gives {flow.rework_percent}% of the limit or its floor from then on"
            yield self.step(mark, zh, en, move.by.at, (move.by,), minutes=move.minutes, due=self.t.iso(move.new),
                            was=self.t.iso(move.old), event=move.by.kind)  # fmt: skip

    def _days(self, stretch: Stretch) -> Step:
        """What every day gave; nights are what lies between, rest days and holidays are named."""
        days = why.days(stretch, self.clock, self.duty, self._day_of)
        off = why.off_days(days)
        counting = [one for one in days if one.minutes]
        nights = len([1 for one, then in pairwise(counting) if (then.day - one.day).days == 1])
        known = all(day_type(self.town, one.day)[1] for one in days)
        zh = "逐日: " + "，".join(self._counted(one, 0) for one in counting)
        en = "day by day: " + ", ".join(self._counted(one, 1) for one in counting)
        if not counting:
            zh, en = "逐日: 其间没有值守时间", "day by day: no duty time in it"
        if off:
            zh += "；停表 " + "，".join(f"{_span(o.first, o.last)} {_named(o.kind, o.name)[0]}" for o in off)
            en += "; stands still " + ", ".join(
                f"{_span(o.first, o.last, ' to ')} {_named(o.kind, o.name)[1]}" for o in off
            )
        if nights:
            zh, en = f"{zh}；夜间停表 {nights} 次", f"{en}; nights that do not count: {nights}"
        if not known:
            zh, en = f"{zh}；节假日未公布，按周一至周五计", f"{en}; holidays not known, Monday to Friday assumed"
        zh, en = f"{zh}；共{stretch.counted}分", f"{en}; {stretch.counted} min in all"
        rows = [
            {"date": one.day.isoformat(), "minutes": one.minutes, "day": one.kind, "note": one.name[0] or None,
             "from": self.t.iso(one.start) if one.minutes else None, "to": self.t.iso(one.end) if one.minutes else None}
            for one in days
        ]  # fmt: skip
        pauses = [
            {"from": o.first.isoformat(), "to": o.last.isoformat(), "day": o.kind, "note": o.name[0] or None}
            for o in off
        ]
        mark = "A" if any(self.town.calendar.get(one.day) for one in days) else self.town.hours_of(self.clock.unit).mark
        return self.step(mark if known else "X", zh, en, stretch.start, (stretch.by,), days=rows, pauses=pauses,
                         nights=nights, minutes=stretch.counted)  # fmt: skip

    def _counted(self, one: Counted, lang: int) -> str:
        start, end = self.duty.local(one.start), self.duty.local(one.end)
        note = ""
        if one.day.weekday() >= 5 or one.name != ("", ""):
            words = _named("workday", one.name)
            note = f"({words[lang]})"
        return f"{one.day:%m-%d}{note} {start:%H:%M}-{end:%H:%M} {one.minutes}{('分', ' min')[lang]}"

    def _day_of(self, day: date) -> tuple[DayType, Pair]:
        return day_type(self.town, day)[0], day_note(self.town, day)

    def _turn(self, turn: Turn) -> Step | None:
        """Pauses, stops and what was taken back. What moved or resumed the deadline is told with its stretch."""
        zh, en = self.t.event(turn.by.kind)
        at, by = self.t.when(turn.by.at), (turn.by,)
        if turn.did == "paused":
            left = length(turn.after.left or 0)
            return self.step(JOURNAL, f"{zh}: {at} 暂停，余{left[0]}", f"{en}: paused at {at}, {left[1]} left", turn.by.at,
                             by, left_minutes=turn.after.left)  # fmt: skip
        if turn.did == "stopped":
            return self.step(
                JOURNAL, f"{zh}: {at} 停表", f"{en}: stopped at {at}", turn.by.at, by, stopped=self.t.iso(turn.by.at)
            )
        if turn.did == "again":
            return self.step(JOURNAL, f"{zh}: {at} 又开始计，其间时间照算", f"{en}: runs again at {at}; the time between counted",
                             turn.by.at, by)  # fmt: skip
        if turn.did == "restored":
            return self.step(JOURNAL, f"{zh}: {at} 撤销，恢复原时限", f"{en}: taken back at {at}", turn.by.at, by)
        return None

    # the sum --------------------------------------------------------------------------------------------------------------

    def end(self) -> Step:
        clock, when = self.clock, self.t.when
        if clock.due is None:
            left = length(clock.left or 0)
            zh, en = f"{self.name[0]} 现为暂停，余{left[0]}", f"{self.name[1]} is paused with {left[1]} left"
            if clock.stopped is not None:
                zh, en = f"{self.name[0]} 已由后续时限代替", f"{self.name[1]} was replaced by a later deadline"
            until = self.case.clocks.get(_PAUSED_BY.get(clock.code, ""))
            if clock.stopped is None and until is not None and until.running:
                name = self.t.clock(until.code)
                zh, en = (
                    f"{zh}，至{name[0]} {when(until.due)} 为止",
                    f"{en}, at the latest until {name[1]} {when(until.due)}",
                )
            return self.step(JOURNAL, zh, en, None, self._by(), left_minutes=clock.left, due=None)
        zh, en = f"{self.name[0]} 止于 {when(clock.due)}", f"{self.name[1]} ends {when(clock.due)}"
        if clock.code not in DECIDED and self.stretches:
            zh, en = f"{zh} = {self._sum(0)}", f"{en} = {self._sum(1)}"
        facts: dict[str, Any] = {}
        if clock.stopped is not None:
            late = clock.stopped > clock.due
            zh += "，已办" + ("超时" if late else "按时")
            en += f", met {'late' if late else 'in time'}"
        elif clock.due <= self.t.now and self.case.state is not State.SUSPENDED:
            zh, en = f"{zh}，已超", f"{en}, missed"
        else:
            opens = self.duty.paused_until(clock, self.t.now)
            if opens is not None:
                facts["paused_until"] = self.t.iso(opens)
                zh, en = f"{zh}；现停至 {when(opens)}", f"{en}; stands still until {when(opens)}"
        total = sum(stretch.counted for stretch in self.stretches)
        moved = sum(move.minutes for stretch in self.stretches for move in stretch.moves)
        return self.step(
            self.mark, zh, en, clock.due, self._by(), due=self.t.iso(clock.due), limit_minutes=clock.limit,
            minutes=total, moved_minutes=moved, counted=clock.kind, unit=clock.unit,
            missed=clock.stopped is None and clock.due <= self.t.now, **facts,
        )  # fmt: skip

    def _by(self) -> tuple[Happening, ...]:
        found: dict[int, Happening] = {turn.by.lseq: turn.by for turn in self.turns if turn.did != "stopped"}
        return tuple(found.values())

    def _sum(self, lang: int) -> str:
        """`03-01 15:00 + 24小时 + 延期60分`, stretch by stretch where the clock was paused."""
        parts = []
        for n, stretch in enumerate(self.stretches):
            words = [self.t.when(stretch.start), length(stretch.given)[lang]] if n == len(self.stretches) - 1 else []
            words += [length(move.minutes)[lang] for move in stretch.moves] if words else []
            parts += words
        spent = sum(stretch.counted for stretch in self.stretches[:-1])
        before = ("", "")
        if spent:
            used = length(spent)
            before = f"(此前已计{used[0]})", f" ({used[1]} counted before)"
        return " + ".join(parts) + before[lang]

    def warning(self) -> Step:
        flow, at = self.town.flow, self.duty.warn_at(self.clock)
        zh = f"余 {flow.warn_percent}%(至少 {flow.warn_floor_minutes} 分)即 {self.t.when(at)} 起标临期"
        en = f"due soon from {self.t.when(at)}: {flow.warn_percent}% left, at least {flow.warn_floor_minutes} min"
        step = self.step(flow.mark, zh, en, at, warn=self.t.iso(at))
        return Step(step.topic, "2.5 warn", step.mark, step.zh, step.en, step.at, (), step.facts)


def _final(case: Case, clock: Clock, history: list[Happening], tongue: Tongue) -> Step:
    """`due_final`: what punctuality is judged by, and whether the alarm differs from it."""
    by = _setting(history)
    kinds = [tongue.event(one.kind) for one in by]
    when = tongue.when(case.due_final)
    differs = clock.due is not None and clock.due != case.due_final
    zh = f"按时与否以最终时限 {when} 为准，由{'、'.join(k[0] for k in kinds)}定"
    en = f"punctuality is judged by {when}, set by {', '.join(k[1] for k in kinds)}"
    if differs:
        zh += f"；提醒时限 {tongue.when(clock.due)} 不同: 返工只推迟提醒，不改最终时限"
        en += f"; the alarm at {tongue.when(clock.due)} differs: rework moves the alarm only"
    elif clock.due is None:
        zh, en = f"{zh}；恢复时顺延停表的时间", f"{en}; when it goes on, the pause is added"
    else:
        zh, en = f"{zh}；与提醒时限相同", f"{en}; the alarm is the same"
    facts = {"clock": clock.code, "due_final": tongue.iso(case.due_final), "alarm_due": tongue.iso(clock.due),
             "differs": differs}  # fmt: skip
    return Step("deadline", "2.5 due_final", tongue.duty.town.flow.mark, zh, en, case.due_final,
                tuple(one.lseq for one in by), facts)  # fmt: skip


def _setting(history: list[Happening]) -> list[Happening]:
    """The events that made `due_final` what it is, since it was last set from nothing."""
    found: list[Happening] = []
    for one in history:
        was = one.before.due_final if one.before else None
        if was != one.after.due_final:
            found = [one] if was is None else [*found, one]
    return found


def request_steps(case: Case, history: list[Happening], tongue: Tongue) -> Iterator[Step]:
    """Wishes that wait for a decision: they stop nothing (I-9)."""
    for kind, request in case.requests.items():
        asked = (one for one in reversed(history) if kind in one.after.requests)
        by = next((one for one in asked if one.before is None or kind not in one.before.requests), None)
        words, who = _REQUEST.get(kind, (kind, kind)), tongue.who(request.asked_by)
        zh = f"申请{words[0]}({who[0]} {tongue.when(request.at)})待决定，不停任何时限"
        en = f"{who[1]} asked {words[1]} ({tongue.when(request.at)}); undecided, it stops no clock"
        events = (by.lseq,) if by else ()
        yield Step("deadline", "I-9", "A", zh, en, request.at, events, {"request": kind, "stops": []})


def _span(first: date, last: date, to: str = " 至 ") -> str:
    return f"{first:%m-%d}" if first == last else f"{first:%m-%d}{to}{last:%m-%d}"


def _named(kind: str, name: Pair) -> Pair:
    plain = _KIND_ZH[kind]
    return (f"{name[0]}{plain[0]}" if kind == "workday" and name[0] else name[0] or plain[0],
            f"{plain[1]} for {name[1]}" if kind == "workday" and name[1] else name[1] or plain[1])  # fmt: skip
