"""From a parsed line and a case to the commands that it means. Composite acts are sequences of table rows."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from zjj_console.desk import candidate_words, near, near_words, wording
from zjj_console.desk.candidates import Candidate
from zjj_console.domain import permits, support
from zjj_console.domain.facts import Facts
from zjj_console.domain.model import Case, Command, Refusal, State
from zjj_console.verbs.parse import Choice, Parsed

S = State


class Need(Struct, frozen=True):
    """The line is fine so far; something is still to be said. `fill` is what Enter puts there."""

    zh: str
    en: str
    choices: tuple[Choice, ...] = ()
    fill: str = ""


class Situation(Struct, frozen=True):
    """What a plan may look at. Candidates are counted only for a line that leaves the recipient open."""

    case: Case
    facts: Facts
    candidates: Callable[[], list[Candidate]]
    line: str
    lang: str = "zh"  # of what is offered
    confirmed: bool = False  # the officer pressed Enter a second time, or the script said --yes


Args = dict[str, Any]
Plan = list[Command] | Need | Refusal
Planner = Callable[[Args, Situation], Plan]


_TYPED = {"result": "", "criterion": "n"}  # what stands before the digit of a code; a reason has r


def _listed(line: str, table: str, facts: Facts, zh: str) -> Need:
    """Ask for a code of a reason list, one digit each."""
    reasons = facts.town.reasons.get(table, {})
    before = _TYPED.get(table, "r")
    choices = tuple(Choice(d, r.name, f"{line.rstrip()} {before}{d}") for d, r in reasons.items())
    shown = before if before == "n" else ""
    words = " ".join(f"{shown}{c.digit}{c.label}" for c in choices)
    return Need(f"{zh}: {words}", f"choose: {words}", choices)


def _unit(args: Args, at: Situation) -> Args | Need:
    """The recipient: typed, chosen by digit, or still to choose among the candidates."""
    number = args.get("candidate")
    offered = [] if "unit" in args else at.candidates()
    if "unit" in args:
        unit = args["unit"]
    elif number and number <= len(offered):
        unit = offered[number - 1].unit
    else:
        base = at.line.rstrip()
        if number:
            base = base.rsplit(" ", 1)[0]
        town, duty = at.facts.town, at.facts.duty
        labels = [candidate_words.label(c, town, duty, at.lang) for c in offered]
        choices = tuple(Choice(str(i), labels[i - 1], f"{base} {c.unit}") for i, c in enumerate(offered, 1))
        words = "  ".join(f"[{c.digit}]{c.label}" for c in choices[:4])
        return Need(f"派给谁: {words or '无可派力量，请电话调度'}", f"to whom: {words or 'nobody can be sent, telephone'}",
                    choices, choices[0].insert if choices else "")  # fmt: skip
    args = {k: v for k, v in args.items() if k != "candidate"}
    person = args.get("person") or at.facts.person_of(unit, at.case.station)
    return {**args, "unit": unit, "person": person}


def _dispatch(args: Args, at: Situation) -> Plan:
    full = _unit(args, at)
    if isinstance(full, Need):
        return full
    lead = at.case.active_lead
    if lead and at.case.state in (S.DISPATCHED, S.HANDLING, S.DIFF_LED):
        if not at.confirmed:
            name = at.facts.town.units[lead.unit].name
            return Refusal(5, "NV-3", f"已由 {name} 主办；追加协办须确认(--yes)，换主办用 gp",
                           f"{lead.unit} leads already; confirm (--yes) to add an assistant, or reassign with gp")  # fmt: skip
        assists = (full["unit"], *full.get("assists", ()))
        return [Command("assist", {**full, "assists": assists})]
    order = [Command("dispatch", full)]
    return [Command("accept", {}), *order] if at.case.state is S.REPORTED else order


def _emergency(args: Args, at: Situation) -> Plan:
    """R29: whatever it was reported as, it is first priority now."""
    order = _dispatch(args, at)
    if not isinstance(order, list):
        return order
    raised = Command(order[-1].action, {**order[-1].args, "priority": 1})
    return [Command("accept", {"priority": 1}), raised] if at.case.state is S.REPORTED else [raised]


def _reassign(args: Args, at: Situation) -> Plan:
    full = _unit(args, at)
    return full if isinstance(full, Need) else [Command("reassign", full)]


def _submit(args: Args, at: Situation) -> Plan:
    if "result" not in args:
        return _listed(at.line, "result", at.facts, "结果")
    by = at.case.lead_person
    own = at.facts.actor.work_no if at.facts.actor.unit == at.case.lead else by
    return [Command("submit", {**args, "by": own})]


def _verify(args: Args, at: Situation) -> Plan:
    if "yn" not in args:
        line = at.line.rstrip()
        return Need("核查: 1通过 2不通过", "verify: 1 pass, 2 fail",
                    (Choice("1", "通过", f"{line} y"), Choice("2", "不通过", f"{line} n")))  # fmt: skip
    if args["yn"] == "y":
        return [Command("verify_pass", {"method": "photo", **args})]
    if "reason" not in args:
        return _listed(at.line, "rework", at.facts, "不通过原因")
    return [Command("verify_fail", args)]


def _asked(kind: str, zh: str) -> Planner:
    """Ask, grant or refuse: y and n decide what waits, anything else asks (退单, 延期, 挂账, 作废)."""

    def plan(args: Args, at: Situation) -> Plan:
        decided = {"y": "grant", "n": "refuse"}.get(args.get("yn", ""))
        if decided:
            return [Command(f"{decided}_{kind}", args)]
        if kind in at.case.requests and not set(args) - {"text"}:
            line = at.line.rstrip()
            asked = at.case.requests[kind]
            why = wording.reason(at.facts.town, kind, asked.reason)
            return Need(f"{zh}待决定({why}): y准 n不准", f"{kind} is waiting: y grants, n refuses",
                        (Choice("y", "准", f"{line} y"), Choice("n", "不准", f"{line} n")))  # fmt: skip
        if "reason" not in args:
            return _listed(at.line, kind, at.facts, f"{zh}理由")
        by = at.case.lead_person if kind in ("return", "extend", "suspend") else at.facts.actor.work_no
        own = at.facts.actor.work_no if at.facts.actor.unit == at.case.lead else by
        return [Command(f"ask_{kind}", {**args, "by": own or at.facts.actor.work_no})]

    return plan


def _supervise(args: Args, at: Situation) -> Plan:
    if args.get("yn") == "n":
        return [Command("release_supervision", args)]
    if "until" not in args:
        return Need("督办期限，如 2h、1d 或 0318", "until when, e.g. 2h")
    return [Command("supervise", args)]


def _difficult(args: Args, at: Situation) -> Plan:
    unit = at.facts.town.units.get(args.get("unit", ""))
    decide: list[Command] = []
    if unit is not None:
        person = at.facts.person_of(unit.code)
        action = "lead_difficult" if unit.kind == "station" else "designate"
        decide = [Command(action, {**args, "person": person})]
    if at.case.state is S.DIFF_REVIEW:
        if decide:
            return decide
        line, station = at.line.rstrip(), at.case.station
        name = at.facts.town.units[station].name if station in at.facts.town.units else "站"
        fill = f"{line} {station}" if station else ""
        return Need(f"定牵头站，如 {station}{name}；或指定主责单位", "name the lead station or a unit",
                    (Choice("1", name, fill),) if fill else (), fill)  # fmt: skip
    if "criterion" not in args and at.case.attempts:
        return _listed(at.line, "criterion", at.facts, "疑难判据")
    return [Command("nominate", args), *decide]


def _self(args: Args, at: Situation) -> Plan:
    """On the spot, start, finish or give up, by what is typed and where the case stands (T04, T05, T07, T08)."""
    started = at.case.state in (S.SELF_HANDLING, S.STATION_COORD)
    if started and args.get("yn") == "n":
        return [Command("self_fail", args)]
    if "result" in args:
        return [Command("self_finish" if started else "self_done", args)]
    if started:
        return _listed(at.line, "result", at.facts, "办结结果(处不了: n)")
    return [Command("self_start", args)]


def _support(args: Args, at: Situation) -> Plan:
    """Ask, or the next step; a step by its name; `n` refuses (R51). Units of the line are those called along."""
    case, facts = at.case, at.facts
    action = args.get("step") or support.next_action(case)
    if args.get("yn") == "n":
        action = "refuse_support"
        if "reason" not in args:
            return _listed(at.line, "support_refuse", facts, "拒绝理由")
        if not args.get("text"):
            return Need("写明为什么不能去", "say why nobody can come")
    elif "reason" in args:
        action = "support"  # a code of what is needed asks; it is no answer to somebody else's request
    if action == "support" and not support.runs(case) and not {"reason", "text"} & args.keys():
        return _listed(at.line, "support", facts, "需要什么")
    told: Args = {name: args[name] for name in ("text", "reason") if name in args}
    called = tuple(dict.fromkeys(unit for unit in (args.get("unit", ""), *args.get("assists", ())) if unit))
    told |= {"depts": called} if called else {}
    return [Command(action, {**told, **_relayed(action, args, at)})]


def _relayed(action: str, args: Args, at: Situation) -> Args:
    """For whom the desk speaks: the village that asks, the person who answers, or whom the line names."""
    case, place = at.case, at.facts.town.committees.get(at.case.committee)
    village = place.village_station if place else case.station
    body = {"body": village} if action == "support" and at.facts.actor.unit == at.facts.town.centre.code else {}
    if not permits.by_proxy(action, case, at.facts):
        return body
    asks = action in ("support", "cancel_support")
    usual = (village if action == "support" or case.aid is None else case.aid.asked_by) if asks else (
        case.aid.person if case.aid else "")  # fmt: skip
    return {**body, "by": args.get("by") or usual or at.facts.actor.work_no}


def _note(args: Args, at: Situation) -> Plan:
    if "text" not in args:
        return Need("写一句备注", "write a note")
    return [Command("give_info" if at.case.state is S.INFO_NEEDED else "note", args)]


def _one(action: str, *needed: str, zh: str = "") -> Planner:
    def plan(args: Args, at: Situation) -> Plan:
        for name in needed:
            if name not in args:
                return Need(zh, f"{name} is missing")
        return [Command(action, args)]

    return plan


def _locate(args: Args, at: Situation) -> Plan:
    """R01: a committee is chosen by a person; of a case that only has a position the nearest ones are offered."""
    if "committee" in args:
        return [Command("locate", args)]
    town = at.facts.town
    around = [] if at.case.committee else near.committees(at.case, town)
    verb, *said = at.line.split()
    head = f"{verb} {said[0] if said else '.'}"
    told = [near_words.around(code, far, town)[int(at.lang == "en")] for code, far in around]
    choices = tuple(Choice(str(n), label, f"{head} {around[n - 1][0]}") for n, label in enumerate(told, 1))
    words = "  ".join(f"[{c.digit}]{c.label}" for c in choices)
    return Need(f"写地点，如 dhj{f'；附近: {words}' if words else ''}",
                f"name a committee, e.g. dhj{f'; near: {words}' if words else ''}", choices)  # fmt: skip


def _coded(action: str, table: str, zh: str) -> Planner:
    def plan(args: Args, at: Situation) -> Plan:
        return [Command(action, args)] if "reason" in args else _listed(at.line, table, at.facts, zh)

    return plan


PLANNERS: dict[str, Planner] = {
    "accept": _one("accept"),
    "locate": _locate,
    "query": _one("ask_info", "text", zh="写要问的话"),
    "screen": _coded("screen", "screen", "分流"),
    "contact": _coded("contact", "fc", "先行联系"),
    "dispatch": _dispatch,
    "emergency": _emergency,
    "acknowledge": _one("acknowledge"),
    "arrive": _one("arrive"),
    "submit": _submit,
    "verify": _verify,
    "rework": _coded("verify_fail", "rework", "返工原因"),
    "return": _asked("return", "退单"),
    "reassign": _reassign,
    "extend": _asked("extend", "延期"),
    "suspend": _asked("suspend", "挂账"),
    "resume": _one("resume"),
    "supervise": _supervise,
    "difficult": _difficult,
    "coordinate": _one("coordinate"),
    "self": _self,
    "support": _support,
    "merge": _one("merge", "master", zh="写主案号"),
    "unmerge": _one("unmerge"),
    "reopen": _coded("reopen", "reopen", "重开理由"),
    "void": _asked("void", "作废"),
    "note": _note,
    "call": _coded("call", "call", "通话结果"),
    "backfill": _one("backfill", "text", zh="写政务平台编号"),
    "follow": _one("follow"),
}


def plan(parsed: Parsed, at: Situation) -> Plan:
    """The commands of a parsed line on its case, what is still missing, or why not."""
    return PLANNERS[parsed.verb.id](parsed.args, at)
