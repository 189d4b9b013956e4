"""Why this unit leads a case, and whom one would send now (§2.8): orders, returns, the default of the category."""

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from zjj_console.desk import candidate_words, queries, shape
from zjj_console.desk.candidates import candidates
from zjj_console.desk.seats import seats
from zjj_console.desk.tongue import Pair, Tongue
from zjj_console.domain.facts import Facts
from zjj_console.domain.lifecycle import STATE_ZH
from zjj_console.domain.model import DAY, Case
from zjj_console.domain.why import JOURNAL, Happening, Step
from zjj_console.storage import reads_duty
from zjj_console.storage.db import Connection

_AROUND = 2 * DAY
_SHOWN = 3
# What else decides about a lead: the event, and the list that its reason code is from.
_SAID = {"return_asked": "return", "return_granted": "fault", "return_refused": "return", "nominated": "criterion"}


def lead_steps(db: Connection, case: Case, past: list[Happening], facts: Facts, tongue: Tongue) -> Iterator[Step]:
    """Every order to a lead, oldest first, and what became of it."""
    teller = _Lead(db, case, facts, tongue)
    for one in past:
        if _led(one):
            yield from teller.sent(one)
        elif one.kind in _SAID:
            yield teller.said(one)
    if not case.lead:
        yield teller.nobody()


def _led(one: Happening) -> bool:
    """Whether an event gave the case a lead, or another one."""
    before = one.before
    return bool(one.after.lead) and (
        before is None or (before.lead, before.lead_person) != (one.after.lead, one.after.lead_person)
    )


class _Lead:
    def __init__(self, db: Connection, case: Case, facts: Facts, tongue: Tongue) -> None:
        self.db, self.case, self.facts, self.t = db, case, facts, tongue

    def step(self, rule: str, mark: str, zh: str, en: str, by: Happening, **facts: Any) -> Step:
        return Step("lead", rule, mark, zh, en, by.at, (by.lseq,), facts)

    def sent(self, by: Happening) -> Iterator[Step]:
        """The order itself, then why this unit: the category's default, or its place among the candidates of then."""
        after, at = by.after, self.t.when(by.at)
        unit, who, event = self.t.unit(after.lead), self.t.who(by.actor), self.t.event(by.kind)
        person = f" {self.t.person(after.lead_person)}" if after.lead_person else ""
        why = self._reason("reassign", by)
        text = self._free(by)
        zh = f"{at} {event[0]}: {who[0]} 定 {unit[0]}{person} 主办{why[0]}{text}"
        en = f"{at} {event[1]}: {who[1]} made {unit[1]}{person} the lead{why[1]}{text}"
        rule = f"2.3 {by.step}" if by.step else "2.3"
        yield self.step(rule, JOURNAL, zh, en, by, unit=after.lead, person=after.lead_person or None, actor=by.actor)
        yield self._default(by)
        if by.before is not None:
            yield self._place(by, by.before)

    def _default(self, by: Happening) -> Step:
        town, after = self.facts.town, by.after
        known = town.categories.get(after.category)
        name, wanted = self.t.category(after.category), known.lead if known else ""
        mark: str = known.mark if known else "X"
        default = self.t.unit(wanted)
        if not wanted:
            zh, en = f"类别{name[0]}没有默认主责", f"category {name[1]} has no default lead"
        elif wanted == after.lead:
            zh, en = f"类别{name[0]}的默认主责就是{default[0]}", f"{default[1]} is the default lead of {name[1]}"
        else:
            zh, en = (
                f"类别{name[0]}的默认主责是{default[0]}，未用",
                f"the default lead of {name[1]} is {default[1]}, not used",
            )
        return self.step("profile categories", mark, zh, en, by, default=wanted or None)

    def _place(self, by: Happening, before: Case) -> Step:
        """Where the unit stood among the candidates of that instant, by the roster as it is known now.

        Where the units were then is not asked: nobody wrote it down.
        """
        book = reads_duty.book(self.db, by.at - _AROUND, by.at + _AROUND)
        known = replace(before, category=by.after.category, lead="", assists=())
        listed = candidates(known, Facts(by.at, self.facts.actor, self.facts.town, self.facts.duty, {}, None, book), {})
        n = next((n for n, one in enumerate(listed, 1) if one.unit == by.after.lead), 0)
        if not n:
            zh, en = "按当时排班不在候选之列，由人选定", "not among the candidates of then: chosen by hand"
        else:
            reason = candidate_words.reason(listed[n - 1], self.facts.duty, load=False)
            zh, en = f"按当时排班为候选第 {n} 位: {reason[0]}", f"candidate {n} by the roster of then: {reason[1]}"
        return self.step("2.8", "A", zh, en, by, position=n or None)

    def said(self, by: Happening) -> Step:
        """A return or a nomination, with its reason."""
        at, who, event = self.t.when(by.at), self.t.who(by.actor), self.t.event(by.kind)
        reason, text = self._reason(_SAID[by.kind], by), self._free(by)
        if by.kind == "nominated":
            reason = self._reason("criterion", by, "criterion")
        auto: Pair = ("(自动)", " (by itself)") if by.data.get("auto") else ("", "")
        zh = f"{at} {event[0]}{auto[0]}: {who[0]}{reason[0]}{text}"
        en = f"{at} {event[1]}{auto[1]} by {who[1]}{reason[1]}{text}"
        return self.step(f"2.3 {by.step}", JOURNAL, zh, en, by, kind=by.kind)

    def _reason(self, table: str, by: Happening, arg: str = "reason") -> Pair:
        code = str(by.args.get(arg) or "")
        if not code:
            return "", ""
        zh, en = self.t.reason(table, code)
        return f"，理由 {zh}", f", reason: {en}"

    def _free(self, by: Happening) -> str:
        text = str(by.args.get("text") or "")
        return f"，{shape.without_numbers(text, self.case, self.facts.actor)}" if text else ""

    def nobody(self) -> Step:
        zh, en = f"尚无主办: {STATE_ZH[self.case.state]}", f"nobody leads it: {self.case.state}"
        return Step("lead", "2.3", JOURNAL, zh, en, self.case.since, (), {"unit": None})


def candidate_steps(db: Connection, case: Case, facts: Facts, tongue: Tongue) -> Iterator[Step]:
    """The first candidates of this minute with their reasons; none for a case that has ended."""
    if not case.is_open:
        return
    listed = candidates(case, facts, queries.load_by_unit(db), seats(db, facts))
    for n, one in enumerate(listed[:_SHOWN], 1):
        unit, reason = tongue.unit(one.unit), candidate_words.reason(one, facts.duty)
        zh, en = (f"{n} {name} {one.person_name}: {why}" for name, why in zip(unit, reason, strict=True))
        facts_of = {"position": n, "unit": one.unit, "person": one.person, "reason_zh": reason[0]}
        yield Step("candidate", "2.8", "A", zh, en, facts.now, (), facts_of)
