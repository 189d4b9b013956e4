"""The sentence above the line: what Enter will do, and what it did."""

from zjj_console.desk import wording
from zjj_console.desk.outcome import Legal
from zjj_console.desk.work import Work
from zjj_console.domain import guards, permits, support
from zjj_console.domain.facts import Facts
from zjj_console.domain.lifecycle import BY_ACTION, STATE_ZH, step_for, wrong_state
from zjj_console.domain.marks import PRIORITY_ZH
from zjj_console.domain.model import Case, Command, Refusal
from zjj_console.i18n import teller
from zjj_console.town.models import Town
from zjj_console.verbs.parse import Parsed
from zjj_console.verbs.table import OTHER_LIST, VERBS, Verb

_SUBJECT = 16  # characters of the case text in a preview


def refused(verb: Verb, case: Case, facts: Facts) -> Refusal | None:
    """Why a verb is out of the question for a case, before any argument is typed; None if it may be tried."""
    if verb.later:
        return Refusal(8, "", verb.later, "comes with a later part of the system")
    if verb.acts and not case.is_open:
        return Refusal(8, "2.3", f"案件已结，不再{verb.zh}", f"the case has ended: no {verb.en}")
    actions = verb.actions[:1] if verb.acts else verb.actions  # what follows the first, the act itself decides
    for action in actions:  # most verbs fit one of their actions: why the others do not is not put into words
        known = action not in BY_ACTION or step_for(case, Command(action)) is not None
        if known and _possible(action, case, facts) is None:
            return None
    return _possible(actions[0], case, facts) if actions else None


def _possible(action: str, case: Case, facts: Facts) -> Refusal | None:
    if action not in BY_ACTION:
        return None
    step = step_for(case, Command(action))
    if step is None:
        return wrong_state(case, action)
    refusal = permits.refuse(action, case, facts)
    for guard in step.guards:
        if guard not in guards.OF_ARGUMENTS:
            refusal = refusal or guard(case, {}, facts)
    return refusal


def legal(case: Case, facts: Facts, lang: str) -> list[Legal]:
    """Every verb that takes a case, as it stands for this one."""
    found = []
    for verb in VERBS:
        if "case" in verb.takes:
            refusal = refused(verb, case, facts)
            why = (refusal.zh if lang == "zh" else refusal.en) if refusal else ""
            found.append(Legal(verb, refusal is None, why, "" if refusal else next_step(verb, case, lang)))
    return found


def next_step(verb: Verb, case: Case, lang: str) -> str:
    """What a verb of several steps would do to this case now; empty where its name says it."""
    if verb.id != "support":
        return ""
    event = BY_ACTION[support.next_action(case)][0].event
    return teller(lang)(wording.event(event))


def describe(parsed: Parsed, work: Work, case_id: str, lang: str = "zh") -> str:
    """Verb, case, `->` recipient, codes in words, `[new state]`, next deadline: read off the folded result."""
    facts, case, before = work.facts, work.after[case_id], work.before[case_id]
    town, say = (facts.town.english if lang == "en" else facts.town), teller(lang)
    verb = parsed.verb.en if lang == "en" else parsed.verb.zh
    if len(parsed.verb.actions) > 1 and before is not None:  # asked, granted and refused are not the same word
        done = [event.kind for event in work.events if not event.data.get("auto")]
        verb = say(wording.event(done[-1]))
    if before is None:
        place = " ".join(p for p in (case.place or say("地点待定"), wording.unit(town, case.station)) if p)
        head = (
            f"{verb} {case.handle} {place} {wording.category(town, case.category)} "
            f"{say(PRIORITY_ZH[case.priority])} {wording.source(town, case.source)}"
        )
    else:
        head = f"{verb} {case.handle} {case.text[:_SUBJECT]}"
    parts = [head]
    if case.lead and (before is None or (before.lead, before.lead_person) != (case.lead, case.lead_person)):
        parts.append(f"-> {wording.unit(town, case.lead)} {wording.person(town, case.lead_person)}")
    fresh = [u for u in case.assists if before is None or u not in before.assists]
    if fresh:
        parts.append(f"{say('协办')} " + "、".join(wording.unit(town, u) for u in fresh))
    if case.aid and (before is None or before.aid is None or before.aid.n != case.aid.n):
        beside = f" {say('会同')} {wording.unit(town, case.aid.beside)}" if case.aid.beside else ""
        parts.append(f"-> {wording.unit(town, case.aid.unit)} {wording.person(town, case.aid.person)}{beside}")
    called = [u for u in (case.aid.depts if case.aid else ()) if not (before and before.aid and u in before.aid.depts)]
    if called:
        parts.append(f"{say('召集')} " + "、".join(wording.unit(town, u) for u in called))
    if "master" in parsed.args and case.master:
        parts.append(f"-> {say('主案')} {work.after[case.master].handle}")
    parts += _spoken(parsed, town)
    if before is None or before.state != case.state:
        parts.append(f"[{say(STATE_ZH[case.state])}]")
    clock = case.next_clock()
    if clock and clock.due and (before is None or before.clocks != case.clocks):
        name = wording.clock_name(town, clock.code)
        limit = "时限" if lang == "zh" else " by"
        parts.append(f"{name}{limit} {wording.moment(clock.due, facts.now, facts.duty)}")
    return " ".join(parts)


def _spoken(parsed: Parsed, town: Town) -> list[str]:
    """Codes of the line in words: result, reason, criterion."""
    tables = {k.rstrip("?*").partition(":")[0]: k.rstrip("?*").partition(":")[2] for k in parsed.verb.takes}
    tables["reason"] = OTHER_LIST.get((parsed.verb.id, parsed.args.get("yn", "")), tables.get("reason", ""))
    tables |= {"result": "result", "criterion": "criterion"}
    return [
        wording.reason(town, tables[arg], parsed.args[arg])
        for arg in ("result", "reason", "criterion")
        if arg in parsed.args
    ]


def danger(parsed: Parsed, work: Work, case_id: str, lang: str = "zh") -> str:
    """The prompt of the second Enter, or nothing. It names the case and the consequence (§3.4)."""
    consequence = _consequence(parsed, work, case_id, lang)
    if not consequence:
        return ""
    verb = parsed.verb.en if lang == "en" else parsed.verb.zh
    return f"{teller(lang)('再按 Enter 确认')} {verb} {work.after[case_id].handle}: {consequence}"


def _consequence(parsed: Parsed, work: Work, case_id: str, lang: str) -> str:
    case, before, verb = work.after[case_id], work.before[case_id], parsed.verb
    town, say = (work.facts.town.english if lang == "en" else work.facts.town), teller(lang)
    if before is None:
        return ""
    if verb.danger and (verb.id != "reassign" or case.priority == 1):
        return say(verb.danger)
    if verb.id not in ("dispatch", "emergency", "reassign"):
        return ""
    if before.active_lead and verb.id != "reassign":
        return f"{say('追加协办，主责仍为')} {wording.unit(town, before.lead)}"
    unit = town.units.get(case.lead)
    if unit and unit.kind == "response_team" and not work.facts.on_duty(unit.code):
        return f"{unit.name} {say('非当值，日间支援')}"
    return ""
