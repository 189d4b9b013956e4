"""What became of decisions (§2.9): of consultations and of commanders' visits. The first item of the next meeting."""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from zjj_console.desk import wording
from zjj_console.desk.acts import Act, Done
from zjj_console.domain import consult, permits, visit
from zjj_console.domain.consult import Outcome
from zjj_console.domain.facts import Facts
from zjj_console.domain.model import DAY, Case, Event, Refusal, State
from zjj_console.domain.safe import safe_text
from zjj_console.reports import minutes
from zjj_console.storage import projections, reads_meeting
from zjj_console.storage.db import Connection, meta

LOOK_BACK = 400 * DAY  # older decisions are found in their minutes
Standing = Literal["running", "overdue", "done"]
STANDING_ZH = {"running": "进行中", "overdue": "逾期", "done": "已办"}
_NOT_FOLLOWED = ("defer", "none")  # these come back by themselves


class FollowUp(Struct, frozen=True):
    """One decision with its owner and due. `ref` is the meeting or visit; `supervised`: a case under 督办 already."""

    ref: str
    case: str  # id
    handle: str
    code: str  # of the outcome, or `command`
    what: str
    owner: str
    due: int
    state: Standing
    days_late: int
    supervised: bool
    done_at: int | None
    zh: str
    en: str


class _Decided(Struct, frozen=True):
    ref: str
    case: str
    handle: str
    code: str
    what: str
    owner: str
    due: int


def all_(db: Connection, facts: Facts) -> list[FollowUp]:
    """Every decision of the look-back, the earliest due first; done ones last."""
    since = facts.now - LOOK_BACK
    found = []
    for m in reads_meeting.meetings(db, since):
        for item in m.agenda:
            o = item.outcome
            if o is None or o.code in _NOT_FOLLOWED:
                continue
            case = projections.load(db, item.case)
            what = minutes.decision(m, item, facts.town)
            decided = _Decided(m.id, item.case, item.handle, o.code, what, o.owner, o.due)
            found.append(_one(facts, decided, case, _done_at(o, case)))
    for v in reads_meeting.visits_since(db, visit.month_of(facts.duty, since)):
        for word in v.cases.values():
            if not word.noted and word.due is not None:
                case = projections.load(db, word.case)
                ended = case.closed_at or case.since if case is not None and not case.is_open else None
                what = f"指挥意见: {word.text}"
                decided = _Decided(v.id, word.case, word.handle, "command", what, word.owner, word.due)
                found.append(_one(facts, decided, case, word.done_at or ended))
    return sorted(found, key=lambda f: (f.state == "done", f.due, f.handle))


def standing(db: Connection, facts: Facts) -> list[FollowUp]:
    """Decisions that are not done: the first item of the next meeting."""
    return [f for f in all_(db, facts) if f.state != "done"]


def overdue(db: Connection, facts: Facts) -> list[FollowUp]:
    """What may be supervised (督办)."""
    return [f for f in all_(db, facts) if f.state == "overdue"]


def _done_at(o: Outcome, case: Case | None) -> int | None:
    """A decision is done when somebody says so, or when its case has ended; a suspension when it is over."""
    if o.done_at is not None or case is None:
        return o.done_at
    if not case.is_open:
        return case.closed_at or case.since
    if o.code == "suspend" and case.state is not State.SUSPENDED and case.since > o.at:
        return case.since
    return None


def _one(facts: Facts, d: _Decided, case: Case | None, done: int | None) -> FollowUp:
    late = facts.now - d.due
    state: Standing = "done" if done is not None else "overdue" if late >= 0 else "running"
    days = late // DAY if state == "overdue" else 0
    name, until = wording.unit(facts.town, d.owner), f"{facts.duty.local(d.due):%m-%d}"
    watched = case is not None and case.supervised_until is not None
    word = (f"逾期{days}天" if days else STANDING_ZH[state]) + (" 督办" if watched else "")
    zh, en = f"{d.ref} {d.handle} {d.what} 责任{name} {until} {word}", f"{d.ref} {d.handle}: {d.owner} {state}"
    return FollowUp(d.ref, d.case, d.handle, d.code, d.what, d.owner, d.due, state, days, watched, done, zh, en)


def done(ref: str, case_ref: str, text: str = "") -> Act:
    """Somebody reports that a decision was carried out."""
    text = safe_text(text)

    def act(db: Connection, facts: Facts) -> Done | Refusal:
        found = _marked(db, facts, ref, case_ref, text)
        if isinstance(found, Refusal):
            return found
        event, handle, owner = found
        wrong = permits.refuse_act("follow_up", facts, owner)
        if wrong is not None:
            return wrong
        return Done([event], f"{ref} {handle} 决议已办", f"{ref} {handle}: carried out", {"ref": ref, "case": handle})

    return act


def _marked(db: Connection, facts: Facts, ref: str, case_ref: str, text: str) -> tuple[Event, str, str] | Refusal:
    """The event of a decision as done, its case's handle and its owner."""
    case = projections.find(db, case_ref, meta(db, "console", "A"))
    name = ref.strip()
    key = case.id if case else case_ref
    m, v = reads_meeting.meeting(db, name), reads_meeting.visit(db, name)
    item = m.item(key) if m else None
    word = v.cases.get(key) if v else None
    if m is not None and item is not None and item.outcome is not None and item.outcome.code not in _NOT_FOLLOWED:
        if item.outcome.done_at is not None:
            return Refusal(8, "R59", f"{name} {item.handle} 已记为已办", "it is marked as done already")
        o = replace(item.outcome, done_at=facts.now, done_by=facts.actor.work_no, done_text=text)
        event = consult.event_of(
            "follow_up_done", m, {"case": key, "text": text}, items={item.case: replace(item, outcome=o)}
        )
        return event, item.handle, o.owner
    if v is not None and word is not None and not word.noted:
        if word.done_at is not None:
            return Refusal(8, "R60", f"{name} {word.handle} 已记为已办", "it is marked as done already")
        after = replace(word, done_at=facts.now, done_by=facts.actor.work_no, done_text=text)
        return (
            visit.event_of("visit_task_done", v, {"case": key, "text": text}, cases={key: after}),
            word.handle,
            word.owner,
        )
    zh = f"{name} 没有 {case_ref} 的决议；用 consult followup 查"
    return Refusal(6, "R59", zh, f"no decision on {case_ref} in {name}")
