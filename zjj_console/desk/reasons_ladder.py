"""Why a case stands where it does on the ladder: the missed clock, each rung, who was called, what comes next (§2.10)."""

from collections.abc import Iterator
from typing import Any

from zjj_console.desk import shape
from zjj_console.desk.tongue import Pair, Tongue, length
from zjj_console.domain import climb as up
from zjj_console.domain import holders, why
from zjj_console.domain.climb import BY_HAND, REFUSED, Climb, Next, Rung
from zjj_console.domain.facts import Facts
from zjj_console.domain.holders import Holder
from zjj_console.domain.model import DAY, Case, Clock
from zjj_console.domain.roster import Book
from zjj_console.domain.why import JOURNAL, Ascent, Happening, Noted, Step
from zjj_console.storage import reads, reads_duty
from zjj_console.storage.db import Connection
from zjj_console.storage.duty_rows import climb_of, load_climb
from zjj_console.town.ladder import MEETING, LadderRule, Rise

_FOUND: dict[str, Pair] = {
    "post": ("任该职", "holds the post"), "rostered": ("排班当值", "rostered stand-in"), "acting": ("代理", "acting"),
    "on_call": ("听班", "on call"),
}  # fmt: skip
_MISSING: dict[str, Pair] = {
    "vacant": ("该职空缺，排班也无人", "the post is vacant and nobody is rostered"),
    "leave": ("能叫的人都在请假", "whoever could be called is on leave"),
    "no_phone": ("没有可用的电话", "no telephone is known"),
    "no_station": ("案件没有工作站，地点未定", "the case has no station: its place is not known"),
}
_HOW: dict[str, Pair] = {"phone": ("打电话", "by telephone"), "message": ("发消息", "by message")}
_AROUND = 2 * DAY


def ladder_steps(db: Connection, case: Case, past: list[Happening], facts: Facts, tongue: Tongue) -> Iterator[Step]:
    climb = load_climb(db, case.id)
    noted = [
        Noted(m.lseq, m.kind, m.actor, m.at, climb_of(m.data), m.data.get("args", {}))
        for m in reads.stream_of(db, up.stream(case.id))
    ]
    teller = _Ladder(db, case, past, noted, facts, tongue)
    if climb is not None and climb.rungs:
        yield from teller.climbed(climb)
    if case.is_open:
        yield from teller.ahead(climb)


class _Ladder:
    """Sentences about one case on the ladder, or below it."""

    def __init__(
        self, db: Connection, case: Case, past: list[Happening], noted: list[Noted], facts: Facts, tongue: Tongue
    ) -> None:
        self.db, self.case, self.past, self.noted, self.facts, self.t = db, case, past, noted, facts, tongue
        self.duty, self.ladder = facts.duty, facts.town.ladder

    def step(self, mark: str, zh: str, en: str, at: int | None, events: tuple[int, ...] = (), **facts: Any) -> Step:
        return Step("ladder", "2.10", mark, zh, en, at, events, facts)

    # what has happened ----------------------------------------------------------------------------------------------------

    def climbed(self, climb: Climb) -> Iterator[Step]:
        ascent = why.ascent(self.noted, climb.cycle)
        yield self._trigger(climb, ascent)
        rule = self.ladder.rules.get(self.case.priority)
        if rule is not None:
            yield self._row(rule)
        steps: list[Step] = []
        for rung in climb.rungs:
            steps.append(self._rung(rung, climb, ascent))
            steps += self._calls(rung, climb, ascent)
        steps += [self._moved(one) for one in ascent.moved]
        steps += [self._ended(one) for one in (*ascent.cleared, *ascent.resumed)]
        yield from sorted(steps, key=lambda step: step.at or 0)

    def _trigger(self, climb: Climb, ascent: Ascent) -> Step:
        first = ascent.raised[climb.rungs[0].n]
        events, at = (first.lseq,), self.t.when(climb.miss)
        if first.climb.trigger in (BY_HAND, REFUSED):
            zh, en = (("执法保障被拒，直接找站长", "support was refused: to the chief at once")
                      if first.climb.trigger == REFUSED else ("人工升级", "raised by hand"))  # fmt: skip
            who = self.t.who(climb.rungs[0].by)
            return self.step(JOURNAL, f"{zh}: {who[0]} {at}", f"{en} by {who[1]} at {at}", climb.miss, events,
                             trigger=first.climb.trigger)  # fmt: skip
        code, miss = first.climb.trigger, first.climb.miss
        name, started = self.t.clock(code), self._starter(code, miss)
        share = climb.rungs[0].at < miss
        zh = f"因{name[0]}时限 {self.t.when(miss)} {'将至' if share else '届满'}而升级"
        en = f"on the ladder because {name[1]} {'runs out' if share else 'ran out'} at {self.t.when(miss)}"
        return self.step(JOURNAL, zh, en, miss, (*started, *events), trigger=code, miss=self.t.iso(miss))

    def _starter(self, code: str, miss: int) -> tuple[int, ...]:
        """The event that gave the missed clock its due time."""
        for one in reversed(self.past):
            clock, before = one.after.clocks.get(code), one.before.clocks.get(code) if one.before else None
            if clock is not None and clock.due == miss and (before is None or before.due != miss):
                return (one.lseq,)
        return ()

    def _row(self, rule: LadderRule) -> Step:
        """The town's row for this priority."""
        level = self.t.priority(self.case.priority)
        rises = [(f"E{n}{self._post(n)[0]} {self._rise(r)[0]}", f"E{n} {self._post(n)[1]} {self._rise(r)[1]}")
                 for n, r in enumerate(rule.rises, 1)]  # fmt: skip
        window, how = self.t.limit(rule.window), _HOW[rule.how]
        zh = f"{level[0]}阶梯: {'，'.join(r[0] for r in rises)}；{how[0]}；应答后停升{window[0]}"
        en = f"ladder of {level[1]}: {', '.join(r[1] for r in rises)}; {how[1]}; an answer holds it for {window[1]}"
        if rule.failed_calls:
            zh, en = (
                f"{zh}；打不通满 {rule.failed_calls} 次即叫下一级",
                f"{en}; {rule.failed_calls} failed calls raise the next",
            )
        if rule.quiet_from:
            zh = f"{zh}；E{rule.quiet_from} 起静默时段 {self._quiet()} 不叫"
            en = f"{en}; from E{rule.quiet_from} on nobody is called {self._quiet()}"
        return self.step(self.ladder.mark, zh, en, None, priority=self.case.priority, how=rule.how)

    def _quiet(self) -> str:
        return "-".join(map(self.t.minute, self.ladder.quiet))

    def _post(self, n: int) -> Pair:
        return self.t.post(self.ladder.posts[n - 1]) if n <= len(self.ladder.posts) else ("", "")

    def _rise(self, rise: Rise) -> Pair:
        if rise.kind == "share":
            return f"时限用去{rise.amount}%", f"at {rise.amount}% of the limit"
        if rise.kind == "workdays":
            return f"届满后{rise.amount}个工作日", f"{rise.amount} working days after"
        if rise.kind == "weekly":
            return "随下次例会", "with the next weekly consultation"
        if not rise.amount:
            return "届满即升", "when it is missed"
        zh, en = length(rise.amount)
        return f"届满后{zh}", f"{en} after"

    def _rung(self, rung: Rung, climb: Climb, ascent: Ascent) -> Step:
        noted = ascent.raised[rung.n]
        post, found = self._post(rung.n), self._whom(rung.person, rung.found, rung.missing)
        cause = self._cause(rung.n, rung.at, rung.why, climb, noted, rung.by)
        late = noted.at - rung.at >= 1_000_000
        zh = f"E{rung.n}{post[0]} {self.t.when(rung.at)}: {cause[0]}；{found[0]}"
        en = f"E{rung.n} {post[1]} {self.t.when(rung.at)}: {cause[1]}; {found[1]}"
        if late:
            zh, en = f"{zh}；{self.t.when(noted.at)} 才记下", f"{en}; recorded only at {self.t.when(noted.at)}"
        mark = self.ladder.mark if rung.why != "hand" else JOURNAL
        return self.step(mark, zh, en, rung.at, (noted.lseq,), rung=rung.n, why=rung.why, person=rung.person or None,
                         found=rung.found or None, missing=rung.missing or None)  # fmt: skip

    def _whom(self, person: str, found: str, missing: str) -> Pair:
        """Who answers for a rung, and how he was found; or why nobody can be called."""
        if missing:
            return _MISSING[missing]
        if not person:
            return "须召集会商", "a consultation is to be called"
        name, how = self.t.person(person), _FOUND.get(found, ("", ""))
        return f"找 {name}({how[0]})", f"{name} ({how[1]})"

    def _cause(self, n: int, at: int, cause: str, climb: Climb, noted: Noted | None, by: str = "") -> Pair:
        """Why a rung is raised at this instant and no other."""
        rule = self.ladder.rules.get(self.case.priority)
        below = self._post(n - 1) if n > 1 else ("", "")
        if cause == "hand":
            zh, en = self.t.who(by)
            return f"{zh}人工升级", f"raised by hand by {en}"
        if cause == "failed" and rule is not None:
            return (f"E{n - 1}{below[0]}打不通满 {rule.failed_calls} 次，立即叫",
                    f"{rule.failed_calls} calls to E{n - 1} failed")  # fmt: skip
        if cause == "quiet":
            return f"静默时段 {self._quiet()} 不叫，待其结束", f"held to the end of the quiet hours {self._quiet()}"
        if cause == "skipped":
            return f"E{n - 1}{below[0]}叫不到人，不等", f"E{n - 1} has nobody to call, so there is no waiting"
        if cause == "hold" and rule is not None:
            window = self.t.limit(rule.window)
            return f"应答后停升{window[0]}已满", f"the {window[1]} that an answer gives were over"
        if cause == "late":
            return f"E{n - 1}{below[0]}叫得晚，给足其时间", f"E{n - 1} was called late and keeps the time due to it"
        return self._planned(n, at, climb, noted)

    def _planned(self, n: int, at: int, climb: Climb, noted: Noted | None) -> Pair:
        """The row of the table, if it is still the one that gave the instant; else that it was then."""
        rule = self.ladder.rules.get(self.case.priority)
        for clock, case in self._clocks(climb, noted):
            if up.schedule(case.priority, clock, n, self.duty) == at:
                return self._rise(self.ladder.rules[case.priority].rises[n - 1])
        if at == self.case.recorded_at:
            return "来件时已到，自收到起升", "due before the case came in, so when it came"
        return ("按当时的级别与时限已到", "due by the priority and limit of then") if rule else ("已到", "due")

    def _clocks(self, climb: Climb, noted: Noted | None) -> Iterator[tuple[Clock, Case]]:
        """The trigger as it stood when a rung was raised: after the last event before it, and before that event."""
        until = noted.lseq if noted else None
        trigger = noted.climb.trigger if noted else climb.trigger
        seen = [one for one in self.past if until is None or one.lseq < until]
        for case in [one.after for one in reversed(seen[-1:])] + [one.before for one in seen[-1:] if one.before]:
            clock = case.clocks.get(trigger) or up.standing(case, climb)
            if clock is not None and clock.due is not None and case.priority in self.ladder.rules:
                yield clock, case

    def _calls(self, rung: Rung, climb: Climb, ascent: Ascent) -> Iterator[Step]:
        for call in rung.calls:
            noted, result, who = ascent.calls[(rung.n, call)], self.t.reason("call", call.result), self.t.who(call.by)
            text = self._free(call.text)
            yield self.step(JOURNAL, f"E{rung.n} {self.t.when(call.at)} 通话: {result[0]}({who[0]}){text}",
                            f"E{rung.n} {self.t.when(call.at)} call: {result[1]} (by {who[1]}){text}",
                            call.at, (noted.lseq,), rung=rung.n, result=call.result)  # fmt: skip
        if rung.answered_at is None:
            return
        who, text, at = self.t.who(rung.answered_by), self._free(rung.answer), self.t.when(rung.answered_at)
        until = up.held_until(self.case, climb, self.duty, rung.answered_at)
        zh, en = f"E{rung.n} {at} 已应答({who[0]}记){text}", f"E{rung.n} {at} answered (recorded by {who[1]}){text}"
        if until is not None:
            zh, en = (
                f"{zh}；停升至 {self.t.when(until)}，时限照走",
                f"{en}; holds the climb until {self.t.when(until)}, never the clock",
            )
        yield self.step(self.ladder.mark, zh, en, rung.answered_at, (ascent.answers[rung.n].lseq,), rung=rung.n,
                        held_until=self.t.iso(until))  # fmt: skip

    def _free(self, text: str) -> str:
        return f" {shape.without_numbers(text, self.case, self.facts.actor)}" if text else ""

    def _moved(self, one: Noted) -> Step:
        name = self.t.clock(one.climb.trigger)
        return self.step(JOURNAL, f"{self.t.when(one.at)} 原时限已满足，转由{name[0]}时限 {self.t.when(one.climb.miss)} 接着升，级次不重来",
                         f"{self.t.when(one.at)} the first was met; {name[1]} of {self.t.when(one.climb.miss)} carries on",
                         one.at, (*self._starter(one.climb.trigger, one.climb.miss), one.lseq), trigger=one.climb.trigger)  # fmt: skip

    def _ended(self, one: Noted) -> Step:
        if one.kind == "ladder_resumed":
            return self.step(JOURNAL, f"{self.t.when(one.at)} 满足被撤销，升级恢复", f"{self.t.when(one.at)} taken back: it climbs again",
                             one.at, (one.lseq,))  # fmt: skip
        cause = one.climb.cleared_why
        by = self._kind_before(one)
        zh, en = (
            ("人工解除", "stood down by hand")
            if cause == "stand_down"
            else self.t.event(cause)
            if cause
            else ("时限已满足", "met")
        )
        return self.step(JOURNAL, f"{self.t.when(one.at)} 解除: {zh}", f"{self.t.when(one.at)} cleared: {en}", one.at,
                         (*by, one.lseq), cleared_by=cause or None)  # fmt: skip

    def _kind_before(self, noted: Noted) -> tuple[int, ...]:
        """The event that satisfied the trigger: the last of that kind before the climb was cleared."""
        kind = noted.climb.cleared_why
        found = [one.lseq for one in self.past if one.kind == kind and one.lseq < noted.lseq]
        return (found[-1],) if found else ()

    # what comes -----------------------------------------------------------------------------------------------------------

    def ahead(self, climb: Climb | None) -> Iterator[Step]:
        running = climb if climb is not None and climb.open else None
        step = up.upcoming(self.case, climb, self.duty)
        if running is None:
            yield self._below(step)
        elif step is None:
            top = running.level >= self.ladder.top
            zh, en = (("已到顶级，不再升", "at the top of the ladder") if top else
                      ("触发的时限已满足，即将解除", "its trigger is met: it is about to be cleared"))  # fmt: skip
            yield self.step(self.ladder.mark, zh, en, None, next=None)
        else:
            cause = self._cause(step.n, step.at, step.why, running, None)
            zh, en = self._next(step)
            yield self.step(self.ladder.mark, f"下一级 {zh}: {cause[0]}", f"next {en}: {cause[1]}", step.at, (),
                            next={"rung": step.n, "at": self.t.iso(step.at), "why": step.why})  # fmt: skip

    def _next(self, step: Next) -> Pair:
        post, at = self._post(step.n), self.t.when(step.at)
        found = self._holder(step)
        who = self._whom(found.person, found.found, found.missing)
        now = step.at <= self.t.now
        return (f"E{step.n}{post[0]} {at}{'(已到，待系统记下)' if now else ''} {who[0]}",
                f"E{step.n} {post[1]} {at}{' (due, about to be recorded)' if now else ''} {who[1]}")  # fmt: skip

    def _holder(self, step: Next) -> Holder:
        post = self.ladder.posts[step.n - 1]
        if post == MEETING:
            return Holder()
        return holders.holder(self.duty, self._book(step.at), post, self.case.station, step.at)

    def _book(self, at: int) -> Book:
        return reads_duty.book(self.db, at - _AROUND, at + _AROUND)

    def _below(self, step: Next | None) -> Step:
        """A case that is not on the ladder: what would put it there, and when."""
        level = self.t.priority(self.case.priority)
        lit = up.triggers(self.case.priority, self.case.clocks.values(), self.duty)
        if step is None or not lit:
            known = "、".join(self.t.clock(code)[0] for code in self.ladder.triggers)
            known_en = ", ".join(self.t.clock(code)[1] for code in self.ladder.triggers)
            zh = f"未升级: 在走的时限都不引起{level[0]}案件升级(会引起的: {known or '无'})"
            en = f"not on the ladder: no running deadline sends a case of {level[1]} up (those that do: {known_en or 'none'})"
            return self.step(self.ladder.mark, zh, en, None, next=None)
        _, n, clock = lit[0]
        name, rise = self.t.clock(clock.code), self._rise(self.ladder.rules[self.case.priority].rises[n - 1])
        zh, en = self._next(step)
        events = self._starter(clock.code, clock.due or 0)
        return self.step(
            self.ladder.mark,
            f"未升级；{name[0]}(止于 {self.t.when(clock.due)})若未满足，{rise[0]}: {zh}",
            f"not on the ladder; unless {name[1]} (ends {self.t.when(clock.due)}) is met, {rise[1]}: {en}",
            step.at, events, trigger=clock.code, next={"rung": step.n, "at": self.t.iso(step.at), "why": step.why},
        )  # fmt: skip
