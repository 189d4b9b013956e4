"""SH-2: the teams of the coming night are asked to come early; whoever signs in becomes a candidate."""

from datetime import timedelta

from zjj_console.desk import wording
from zjj_console.desk.acts import Act, Done, Message
from zjj_console.domain import permits, rotation
from zjj_console.domain.facts import Facts
from zjj_console.domain.ids import uuid7
from zjj_console.domain.model import Event, Refusal
from zjj_console.domain.rotation import TeamNight
from zjj_console.storage.db import Connection


def call(text: str = "") -> Act:
    """Asks the people of tonight's teams. Refused while a team's night runs (8), and where tonight has no team (8)."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        wrong = permits.refuse_act("assemble", facts)
        if wrong is not None:
            return wrong
        if _running(facts):
            return Refusal(8, "SH-2", "夜队已当值，不必集结", "the night team is on duty already")
        nights = rotation.teams_on(facts.town, facts.duty.local(facts.now).date())
        if not nights:
            return Refusal(8, "SH-2", "今夜没有值班的应急队，无人可集结", "no response team has this night")
        people = _people(facts, nights)
        stamp, said = uuid7(facts.now), f"【值班】请提前集结 {text}".strip()
        messages = [Message(f"a-{stamp}-{who}", who, said, "assembly") for who in people]
        event = Event("assembly_called", "desk", {"args": {"people": people, "text": text}})
        names = "、".join(wording.unit(facts.town, night.unit) for night in nights)
        return Done([event], f"提前集结 {names} {len(people)} 人，消息待发", f"{len(people)} people are called early",
                    {"people": people}, messages=messages)  # fmt: skip

    return act


def _running(facts: Facts) -> bool:
    """Whether the clock stands in a team's night: that of today, or the one that began yesterday."""
    today = facts.duty.local(facts.now).date()
    for day in (today - timedelta(days=1), today):
        for night in rotation.teams_on(facts.town, day):
            start, end = rotation.night_span(facts.duty, day, night)
            if start <= facts.now < end:
                return True
    return False


def _people(facts: Facts, nights: tuple[TeamNight, ...]) -> list[str]:
    """Who is planned with the teams tonight; without a roster everybody of them."""
    today, units = facts.duty.local(facts.now).date(), [night.unit for night in nights]
    planned = {a.person for a in (facts.book.assignments if facts.book else ()) if a.day == today and a.unit in units}
    return sorted(planned) or [p.work_no for unit in units for p in facts.town.staff(unit)]
