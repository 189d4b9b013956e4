"""Settling what two desks did without knowing of each other (§6.7): a person says so, and that is an event."""

from zjj_console.desk.acts import Act, Done
from zjj_console.domain import permits, registers
from zjj_console.domain.facts import Facts
from zjj_console.domain.model import Event, Refusal
from zjj_console.storage import reads_conflicts, refold
from zjj_console.storage.db import Connection

CHOICES = {
    "local": ("以未生效的一方为准，请在案件上重做", "the act that did not apply is wanted: do it again on the case as it is"),
    "remote": ("以已生效的一方为准", "what stands is right"),
    "keep": ("两方都留存备查", "both are kept on record"),
}  # fmt: skip


def resolve(event_id: str, choice: str) -> Act:
    """Settle one conflict. Nothing is applied by it: who wants the act that clashed does it again, as the case stands."""

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        if choice not in CHOICES:
            return Refusal(2, "6.7", f"取舍只能是 {'、'.join(CHOICES)}", f"take one of {', '.join(CHOICES)}")
        refusal = permits.refuse_act("resolve_conflict", facts)
        if refusal is not None:
            return refusal
        found = reads_conflicts.find(db, event_id)
        if len(found) != 1:
            zh = "没有这一冲突" if not found else "编号不止一项，请写全"
            return Refusal(
                6, "6.7", f"{zh}: zjj sync conflicts", "no such conflict, or more than one: zjj sync conflicts"
            )
        clash = found[0]
        if clash.settled:
            return Refusal(8, "6.7", "此冲突已处理", "that conflict is settled already")
        stream = clash.first.stream
        events = [
            Event(registers.RESOLVED, stream, {"args": {}, "event": one.event_id, "choice": choice})
            for one in clash.events
            if not one.resolved_by
        ]
        zh, en = CHOICES[choice]
        return Done(
            events, f"冲突已处理: {zh}", f"settled: {en}",
            {"event": clash.id, "choice": choice, "case": clash.first.handle or None},
            after=lambda within: refold.case(within, facts.duty, stream),
        )  # fmt: skip

    return act
