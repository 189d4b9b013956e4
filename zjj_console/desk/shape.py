"""The JSON shapes of the contract: one case, one moment of its history."""

import re
from typing import Any

from msgspec.structs import replace

from zjj_console.desk import wording
from zjj_console.domain.duty import DutyTime
from zjj_console.domain.lifecycle import STATE_ZH
from zjj_console.domain.marks import marks, to_fill
from zjj_console.domain.model import MINUTE, Actor, Case, State
from zjj_console.storage.reads import Moment
from zjj_console.town.models import Town

_DESK_ROLES = frozenset({"dispatcher", "shift_lead", "centre"})


def case_json(case: Case, town: Town, duty: DutyTime, now: int) -> dict[str, Any]:
    """A case as scripts see it: times ISO 8601 with offset, codes with a `_zh` twin where they are shown."""
    clock = case.next_clock() if case.is_open else None
    presses = case.state is not State.SUSPENDED  # a suspended case waits for its review and is never late before it
    due = clock.due if clock else None
    warn = duty.warn_at(clock) if clock else None
    committee = town.committees.get(case.committee)
    return {
        "handle": case.handle,
        "number": case.number,
        "id": case.id,
        "version": case.version,
        "state": str(case.state),
        "state_zh": STATE_ZH[case.state],
        "flow": str(case.flow),
        "flow_zh": wording.FLOW_ZH[case.flow],
        "ever_difficult": case.ever_difficult,
        "priority": case.priority,
        "category": case.category,
        "category_zh": wording.category(town, case.category),
        "place": case.place,
        "committee": case.committee or None,
        "committee_zh": committee.name if committee else None,
        "grid": case.grid or None,
        "station": case.station or None,
        "zone": case.zone or None,
        "lon": None if case.lon is None else case.lon / 1e6,
        "lat": None if case.lat is None else case.lat / 1e6,
        "text": case.text,
        "source": case.source,
        "source_zh": wording.source(town, case.source),
        "external_id": case.external_id or None,
        "wechat_ref": case.wechat_ref or None,
        "reporter": case.reporter or None,
        "reported_at": wording.iso(case.reported_at, duty),
        "recorded_at": wording.iso(case.recorded_at, duty),
        "lead": case.lead or None,
        "lead_zh": wording.unit(town, case.lead) if case.lead else None,
        "lead_person": case.lead_person or None,
        "assists": list(case.assists),
        "marks": list(marks(case)),
        "missing": list(to_fill(case)),
        "overdue": presses and due is not None and due <= now,
        "due_soon": presses and due is not None and warn is not None and warn <= now < due,
        "next_deadline": None
        if clock is None
        else {
            "kind": clock.code,
            "kind_zh": wording.clock_name(town, clock.code),
            "at": wording.iso(due, duty),
            "paused_until": wording.iso(duty.paused_until(clock, now), duty),
        },
        "due_final": wording.iso(case.due_final, duty),
        "custodian": case.custodian,
        "return_count": case.return_count,
        "rework_count": case.rework_count,
        "cycle": case.cycle,
        "closed_at": wording.iso(case.closed_at, duty),
        "on_time": case.on_time,
        "result": case.result or None,
        "result_text": case.result_text or None,
        "master": case.master or None,
    }


def masked(phone: str) -> str:
    """`1** **** 5678`: enough to recognise, too little to call (R07)."""
    return f"{phone[:1]}** **** {phone[-4:]}" if len(phone) >= 7 else "*" * len(phone)


_NUMBER = re.compile(r"\d(?:[ -]?\d){6,}")


def without_numbers(text: str, case: Case, actor: Actor) -> str:
    """Free text with every telephone number in it masked for whoever may not see the reporter's."""
    return text if may_call(case, actor) else masked_text(text)


def masked_text(text: str) -> str:
    """Free text with every telephone number in it masked, whoever reads it."""
    return _NUMBER.sub(lambda found: masked(found[0]), text)


def may_call(case: Case, actor: Actor) -> bool:
    """Numbers are whole only for the desk and the lead unit (R07)."""
    return bool(_DESK_ROLES & actor.roles) or bool(case.lead and actor.unit == case.lead)


def phone_for(case: Case, actor: Actor) -> str:
    """The reporter's number, whole only for the desk and the lead unit."""
    return case.phone if may_call(case, actor) else masked(case.phone)


def moment_json(moment: Moment, case: Case, actor: Actor, town: Town, duty: DutyTime) -> dict[str, Any]:
    """One event of a case; a telephone number in it is masked as everywhere else (R07, NV-19)."""

    def values(side: str) -> dict[str, Any]:
        found = dict(moment.data.get(side, {}))
        if found.get("phone"):
            found["phone"] = phone_for(replace(case, phone=found["phone"]), actor)
        return found

    return {
        "seq": moment.lseq,
        "at": wording.iso(moment.at, duty),
        "happened_at": wording.iso(moment.happened_at, duty),
        "kind": moment.kind,
        "kind_zh": wording.event(moment.kind),
        "actor": moment.actor,
        "actor_zh": wording.actor(town, moment.actor),
        "climb_zh": wording.climbed(moment.kind, moment.data, town) if "climb" in moment.data else None,
        "on_behalf_of": moment.data.get("by"),
        "trial": moment.trial,
        "applied": not moment.apart,
        "args": moment.data.get("args", {}),
        "set": values("set"),
        "was": values("was"),
    }


def holders(case: Case, moments: list[Moment], now: int) -> list[tuple[str, int]]:
    """(holder, minutes) in order: who had the matter for how long; together the whole age (R71)."""
    found: list[tuple[str, int]] = []
    holder, since = "", case.reported_at
    for moment in moments:
        changed = {} if moment.apart else moment.data.get("set", {})
        if "lead" in changed and changed["lead"] != holder:
            _add(found, holder, since, moment.at)
            holder, since = changed["lead"], max(moment.at, case.reported_at)
    _add(found, holder, since, case.closed_at or now)
    return found


def _add(found: list[tuple[str, int]], holder: str, since: int, until: int) -> None:
    minutes = until // MINUTE - since // MINUTE  # whole minutes of both ends, so that the parts add up to the age
    if minutes > 0:
        found.append((holder, minutes))
