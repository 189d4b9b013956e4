"""Write the pages of docs/ that say what the code already says: keys, commands, states, profile, policy, journal.

    python tools/write_docs.py            write every page
    python tools/write_docs.py --check    exit 1 and name the pages that are stale

A page is generated whole, or between `<!-- generated -->` and `<!-- end -->` where people write the rest.
"""

import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import get_args

import click
import msgspec
import typer

from zjj_console.commands.tree import app
from zjj_console.desk.wording import EVENT_ZH
from zjj_console.domain import permits
from zjj_console.domain.lifecycle import BY_ACTION, STATE_ZH, STEPS, Step
from zjj_console.domain.model import ENDED, OPEN, State
from zjj_console.intake.columns import CASES, ROSTER, SIGNS, Columns
from zjj_console.town import models
from zjj_console.town.load import builtin, load_town
from zjj_console.verbs.table import GROUP_ZH, VERBS, Verb
from zjj_console.widgets.header import TABS

DOCS = Path(__file__).parent.parent / "docs"
NOTE = "<!-- Written by tools/write_docs.py from the code. Do not edit; run `make docs`. -->"
BEGIN, END = "<!-- generated -->", "<!-- end -->"
Row = Sequence[str]

GROUP_EN = {
    "intake": "Intake", "dispatch": "Dispatch and progress", "time": "Time and weight",
    "flows": "Self-handled and difficult", "order": "Merging and reopening", "record": "Record and look up",
    "duty": "Duty and handover", "escalation": "Alarms and escalation", "meeting": "Consultation and visit",
    "later": "Later",
}  # fmt: skip
# What a verb does that is no row of the life cycle: it looks something up, or puts something back.
ASKS = {"undo": ("T42", "the last own action", "本人上一步"), "search": ("-", "asks only", "只查询"),
        "unit": ("-", "asks only", "只查询"), "why": ("2.5", "asks only", "只查询"),
        "sign_in": ("R39", "people and shifts", "人员与班次"), "sign_out": ("R39", "people and shifts", "人员与班次"),
        "substitute": ("R38", "people and shifts", "人员与班次"), "late_sign": ("R39", "people and shifts", "人员与班次"),
        "assemble": ("R43", "people and shifts", "人员与班次"), "station_dept": ("R26", "people and shifts", "人员与班次"),
        "pack": ("R43", "the sheet of the next handover", "下一次交接单"), "handover": ("R43", "asks only", "只查询"),
        "morning": ("R43", "asks only", "只查询")}  # fmt: skip
WHEN = {
    "always": ("", ""), "proxy": ("for the field", "代"), "night": ("at night", "夜间"),
    "night_urgent": ("at night, priority 1-2", "夜间一二级"), "own": ("own case", "本单位承办"),
    "own_area": ("own area", "本站辖区"), "concerned": ("own area, or leading", "本站辖区或牵头"), "own_finding": ("own finding or area", "本单位发现或辖区"),
    "not_own": ("not own work", "非本单位办理"), "difficult_lead": ("leading a difficult case", "疑难牵头站"),
    "answers": ("who was asked, or would be now", "负责保障"), "goes": ("who answers or was called", "负责或被召集"),
    "asked_it": ("own request", "本方请求"),
    "submits": ("own case; a difficult one only its lead station", "本单位承办，疑难限牵头站"),
}  # fmt: skip
# Clocks that depend on the case are moved by the effect of a step, not by its row: (stops, starts) in both languages.
BY_EFFECT = {
    "dispatch": (("", "HDL with the first order"), ("", "首次派单起 HDL")),
    "designate": (("HDL", "HDL anew"), ("HDL", "HDL 重起")),
    "lead_difficult": (("HDL paused", "LED"), ("HDL 暂停", "LED")),
    "grant_return": (("HDL if the desk erred", ""), ("派单错误时停 HDL", "")),
    "grant_extend": (("EXT", ""), ("EXT", "")), "refuse_extend": (("EXT", ""), ("EXT", "")),
    "grant_suspend": (("EXT, HDL or LED paused", "REV"), ("EXT，HDL 或 LED 暂停", "REV")),
    "refuse_suspend": (("EXT", ""), ("EXT", "")),
    "resume": (("", "HDL or LED goes on"), ("", "HDL 或 LED 继续")),
    "verify_fail": (("", "HDL, LED or SELF goes on"), ("", "HDL、LED 或 SELF 继续")),
    "ask_info": (("ACC paused", ""), ("ACC 暂停", "")), "give_info": (("", "ACC goes on"), ("", "ACC 继续")),
    "consult_assign": (("HDL", "HDL as decided"), ("HDL", "HDL 按决议重起")),
    "consult_joint": (("HDL paused", "LED as decided"), ("HDL 暂停", "LED 按决议重起")),
    "consult_suspend": (("HDL or LED paused", "REV"), ("HDL 或 LED 暂停", "REV")),
    "station_assign": (("", "HDL with the first order"), ("", "首次派单起 HDL")),
    "supervise": (("", "SUPV"), ("", "SUPV")), "unmerge": (("", "all go on"), ("", "全部继续")),
}  # fmt: skip
TABS_EN = {"f1": "help", "f2": "queue", "f3": "map", "f4": "roster", "f5": "escalation", "f6": "handover",
           "f7": "consultation", "f8": "assessment", "f9": "lists", "f10": "log"}  # fmt: skip
FILES: dict[str, tuple[str, type | str]] = {
    "town.toml": ("the town, its words, duty hours, life-cycle numbers, hot spots, reports from outside, what is near, cycles",
                  "`[town]` `[terms]` `[hours.CODE]` `[flow]` `[flow.rework_floor]` `[hotspot]` `[inbound]` `[similar]` `[similar.group_radius]` "
                  "`[cycles]`"),
    "counts.toml": ("the numbers that the town's paper states; checked against the lists",
                    "`zone_grid_pattern` `posts_per_station` `[counts]` with `value` `name` `mark` `clause` `at_least`"),
    "clocks.toml": ("limits per clock and priority", "`[CLOCK]` with `name` `name_en` `mark` `p1` `p2` `p3` `p4`"),
    "reasons.toml": ("code lists: the digits that are typed",
                     "`[LIST]` with digits of `code` `name` `name_en` `needs_text` `fault`"),
    "units.csv": ("centre, teams, stations, village stations, departments", models.Unit),
    "zones.csv": ("police zones and their stations", models.Zone),
    "grids.csv": ("grids and their zones", models.Grid),
    "committees.csv": ("villages and residential committees", models.Committee),
    "people.csv": ("staff", models.Person),
    "posts.csv": ("who holds which post", models.Post),
    "shifts.toml": ("optional: shifts, rotation of the teams, boundaries, numbers of duty",
                    "`[shifts.CODE]` `[rotation]` `[boundaries.CODE]` `[rules]` `[[guarantee]]`"),
    "coverage.toml": ("optional: who must be there when", "`[[require]]`"),
    "escalation.toml": ("optional: the ladder of escalation and the numbers of alarms",
                        "`[ladder]` `[ladder.triggers]` `[ladder.rules.PRIORITY]` `[alarms]`"),
    "meetings.toml": ("optional: the week of consultations, numbers of pool and agenda, visits",
                      "`[week]` `[rules]` `[visit]`"),
    "categories.csv": ("case categories", models.Category),
    "sources.csv": ("where cases come from", models.Source),
    "calendar.csv": ("days that differ from the public calendar", models.CalendarDay),
    "policy.toml": ("optional: obligations that this profile shows",
                    "`[[claim]]` with `id` `clause` `title` `title_en` `shows` `later` `tests`"),
    "map.geojson": ("optional: the map; written by `zjj profile import-geo`", "see [map](map.md)"),
    "drills/*.toml": ("optional: scripted nights for training", "see [drills](../users/drill.md#write-one)"),
}  # fmt: skip


def table(head: Row, rows: Iterable[Row]) -> str:
    """A Markdown table; bars inside cells are escaped, blank cells show a dash."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(c.replace("|", "\\|") or "-" for c in map(str, line)) + " |" for line in lines)


def code(text: str) -> str:
    return f"`{text}`" if text else ""


# keys -------------------------------------------------------------------------------------------------------------------


def keys_en() -> str:
    screens = ", ".join(f"{tab.key.upper()} {TABS_EN[tab.key]}" for tab in TABS if tab.mode)
    later = ", ".join(f"{tab.key.upper()} {TABS_EN[tab.key]}" for tab in TABS if not tab.mode)
    return "\n\n".join([
        "# Keys and verbs", NOTE,
        "One table of verbs makes the keys, the command line, `zjj do` and this page. A key opens the line of its verb "
        "for the selected case; the same line can be typed after `;` or given to `zjj do`.",
        f"Screens: {screens}. Announced, not there yet: {later}. Without function keys: `,` and the digit (`,0` is F10).",
        "Moving: `j` `k` up and down, `Enter` open or run, `Space` everything this case allows, `v` next view, `/` filter, "
        "`o` the worst case, `[` `]` previous and next case, `Esc` one step back, `?` help, `Ctrl+L` redraw, `Ctrl+Q` quit.",
        *_verb_tables(0), _done_verbs(0), _later(0)]) + "\n"  # fmt: skip


def keys_zh() -> str:
    screens = "、".join(f"{tab.key.upper()} {tab.zh}" for tab in TABS if tab.mode)
    later = "、".join(f"{tab.key.upper()} {tab.zh}" for tab in TABS if not tab.mode)
    return "\n\n".join([
        "# 按键与动词", NOTE,
        "一张动词表生成按键、命令行、`zjj do` 与本页。按键为选中的案件打开该动词的命令行；同一行也可在 `;` 后键入，或交给 `zjj do`。",
        f"画面: {screens}。随后续功能提供: {later}。没有功能键的终端: 逗号加数字 (`,0` 即 F10)。",
        "移动: `j` `k` 上下，`Enter` 打开或执行，`Space` 此案能做的全部，`v` 换视图，`/` 筛选，`o` 到最急的案件，"
        "`[` `]` 上一案、下一案，`Esc` 退一步，`?` 帮助，`Ctrl+L` 重画，`Ctrl+Q` 退出。",
        *_verb_tables(1), _done_verbs(1), _later(1)]) + "\n"  # fmt: skip


def _live() -> list[Verb]:
    return [verb for verb in VERBS if not verb.later]


def _verb_tables(zh: int) -> list[str]:
    head = (("Key", "Code", "Alias", "Verb", "Usage", "Example"), ("键", "代码", "英文", "动词", "用法", "例"))[zh]
    parts = []
    for group, name in (GROUP_EN, GROUP_ZH)[zh].items():
        rows = [(code(v.key), code(v.code), code(v.alias), v.zh if zh else f"{v.zh} {v.en}", v.usage, code(v.example))
                for v in _live() if v.group == group]  # fmt: skip
        parts += [f"## {name}", table(head, rows)] if rows else []
    return parts


def _done_verbs(zh: int) -> str:
    head = (
        ("Verb", "Rule", "From", "To", "Who may", "Stops", "Starts"),
        ("动词", "条款", "从", "到", "谁可办", "停表", "起表"),
    )[zh]
    rows = [row for verb in _live() for row in _effects(verb, zh)]
    title = ("## What each verb does", "## 每个动词做什么")[zh]
    note = ("Clock codes are those of the [profile](../operators/profile.md); `*` is every clock. \"For the field\" means "
            "that the desk records what somebody reported by radio or telephone; the event names him.",
            "时限代码见[配置](../operators/profile.md)；`*` 为全部时限。代: 指挥席替现场人员记录，事件中写明是谁。")[zh]  # fmt: skip
    return "\n\n".join([title, note, table(head, rows)])


def _effects(verb: Verb, zh: int) -> list[Row]:
    name = f"{code(verb.code)} {verb.zh if zh else verb.en}"
    if verb.id in ASKS:
        rule, *words = ASKS[verb.id]
        return [(name, rule, words[zh], "", "", "", "")]
    if verb.id == "new":
        name_state = _state(State.REPORTED, zh)
        first = (name, "T02", "", name_state, may("report", zh), "", "ACC P110 FC BB")
        return [first, *(r for a in verb.actions[1:] for r in _rows(name, a, zh))]
    return [row for action in verb.actions for row in _rows(name, action, zh)]


def _rows(name: str, action: str, zh: int) -> list[Row]:
    return [(f"{name}: {action.replace('_', ' ')}", step.id, frm(step, zh), to(step, zh), may(action, zh), *clocks(step, zh))
            for step in BY_ACTION[action]]  # fmt: skip


def clocks(step: Step, zh: int) -> tuple[str, str]:
    """What stops and what starts: the row's own clocks, then those that the effect moves."""
    stops, starts = BY_EFFECT.get(step.action, (("", ""), ("", "")))[zh]
    apart = "；" if zh else "; "
    own = " ".join(step.stop), " ".join(step.start)
    return apart.join(filter(None, (own[0], stops))), apart.join(filter(None, (own[1], starts)))


def _state(state: State, zh: int) -> str:
    return STATE_ZH[state] if zh else str(state)


def frm(step: Step, zh: int) -> str:
    if step.frm == frozenset(OPEN):
        return ("any open", "任何未结")[zh]
    if step.frm == frozenset(State) - {State.DRAFT}:
        return ("any", "任何")[zh]
    return ("、" if zh else ", ").join(_state(s, zh) for s in State if s in step.frm)


def to(step: Step, zh: int) -> str:
    if step.to is None:
        return ("unchanged", "不变")[zh]
    return ("where it was", "原状态")[zh] if step.to == "previous" else _state(State(step.to), zh)


def may(action: str, zh: int) -> str:
    row = permits.PERMITS[action]
    if len(row) == len(permits.ROLE_ZH) - 1 and all(c is permits.always for c in row.values()):
        return ("everybody", "所有岗位")[zh]
    by_condition: dict[str, list[str]] = {}
    for role, condition in row.items():
        by_condition.setdefault(WHEN[condition.__name__][zh], []).append(
            permits.ROLE_ZH[role] if zh else role.replace("_", " ")
        )
    parts = [
        ("、" if zh else ", ").join(roles) + (f" ({when})" if when else "") for when, roles in by_condition.items()
    ]
    return "; ".join(parts)


def _later(zh: int) -> str:
    head = (("Code", "Alias", "Verb"), ("代码", "英文", "动词"))[zh]
    rows = [(code(v.code), code(v.alias), v.zh if zh else f"{v.zh} {v.en}") for v in VERBS if v.later]
    text = ("Known to the parser, refused with exit 8 and `E_LATER`.", "已能识别，执行时以退出码 8、`E_LATER` 拒绝。")[
        zh
    ]
    return "\n\n".join([("## Later", "## 后续功能")[zh], text, table(head, rows)])


# commands ---------------------------------------------------------------------------------------------------------------


def commands() -> str:
    parts = ["# Commands", NOTE, "Every command with its own `--help`. Global options stand before the command. "
             "Exit codes and error codes: [codes](../operators/codes.md)."]  # fmt: skip
    for names, text in helps():
        parts += [f"## {' '.join(names)}", f"```text\n{text}\n```"]
    return "\n\n".join(parts) + "\n"


def helps() -> list[tuple[list[str], str]]:
    """(words of the command, its help) of every command, depth first."""
    found: list[tuple[list[str], str]] = []

    def walk(command: click.Command, above: click.Context | None, words: list[str]) -> None:
        context = click.Context(command, info_name=words[-1], parent=above, terminal_width=110, max_content_width=110)
        found.append((words, "\n".join(line.rstrip() for line in command.get_help(context).splitlines())))
        for name, sub in getattr(command, "commands", {}).items():
            walk(sub, context, [*words, name])

    walk(typer.main.get_command(app), None, ["zjj"])
    return found


# states -----------------------------------------------------------------------------------------------------------------


def states() -> str:
    kinds = {state: "ended" if state in ENDED else "open" if state in OPEN else "draft" for state in State}
    leave = {s: ", ".join(sorted({step.action for step in STEPS if s in step.frm and step.to})) for s in State}
    rows = [(code(str(s)), STATE_ZH[s], kinds[s], leave[s]) for s in State]
    steps = [
        (step.id, step.action, frm(step, 0), to(step, 0), *clocks(step, 0), ", ".join(map(need, step.guards)),
         code(step.event), "fact" if step.fact else "decision")
        for step in STEPS
    ]  # fmt: skip
    head = ("Row", "Action", "From", "To", "Stops", "Starts", "Needs", "Event", "Kind")
    return "\n\n".join([
        "# States and transitions", NOTE,
        "Fifteen states. The state of a case is never written by hand: it is folded from the journal. `DRAFT` is kept for "
        "exchange with other systems; a form that is being typed is a draft of its operator, not a case.",
        table(("State", "中文", "Kind", "Actions that move it on"), rows),
        "## Transitions",
        "Every row of the life cycle. *Fact*: it happened in the field and is always kept. *Decision*: somebody decided it. "
        "Two rows happen by themselves in the transaction that causes them: T17b (a second department's return is "
        "granted) and T26 (a second failed check) nominate the case as difficult. T42 (`cx`) appends a compensating event.",
        table(head, steps)]) + "\n"  # fmt: skip


def need(guard: Callable[..., object]) -> str:
    """A guard's name in words."""
    name = guard.__qualname__.split(".")[0].strip("_").replace("_", " ")
    return {"no open": "no open request", "is open": "an open request", "support is": "support at the step before"}.get(
        name, name
    )


# profile, policy, journal -----------------------------------------------------------------------------------------------


def profile() -> str:
    town = load_town(builtin())
    rows = [(code(file), what, fields_of(kind)) for file, (what, kind) in FILES.items()]
    limits = [
        (
            code(rule.code),
            rule.name,
            rule.name_en,
            *(limit(rule.limits.get(p)) for p in models.PRIORITIES),
            f"[{rule.mark}]",
        )
        for rule in town.clocks.values()
    ]
    hours = [(code(h.code), h.name, clock(h.start), clock(h.end), f"[{h.mark}]") for h in town.hours.values()]
    flow = [(code(f.name), str(getattr(town.flow, f.name))) for f in msgspec.structs.fields(models.FlowRules)
            if f.name not in ("mark", "rework_floor")]  # fmt: skip
    hot = [(code("least"), str(town.hotspot.least), "closed cases of one category"),
           (code("radius"), str(town.hotspot.radius), "metres around the middle one"),
           (code("days"), str(town.hotspot.days), "days looked back")]  # fmt: skip
    near = [(code(f.name), str(getattr(town.similar, f.name))) for f in msgspec.structs.fields(type(town.similar))
            if f.name not in ("mark", "group_radius")]  # fmt: skip
    near += [(code(f"group_radius.{group}"), str(radius)) for group, radius in town.similar.group_radius.items()]
    kinds = ", ".join(code(kind) for kind in get_args(models.UnitKind))
    return "\n\n".join([
        "### Files and fields", "A star marks a required column.", table(("File", "What", "Fields"), rows),
        f"`kind` of a unit is one of {kinds}.",
        "### Duty hours of the shipped profile", table(("Code", "Name", "From", "To", "Mark"), hours),
        "### Clocks of the shipped profile",
        "`wall` is elapsed time, `duty` only the duty minutes of the responsible unit on working days, `workdays` that many "
        "of its days; a unit whose hours run past midnight always counts elapsed time. A dash: the clock does not run.",
        table(("Code", "中文", "English", "P1", "P2", "P3", "P4", "Mark"), limits),
        f"### Numbers of the life cycle [{town.flow.mark}]", table(("Key", "Value"), flow),
        f"### Hot spots [{town.hotspot.mark}]", table(("Key", "Value", "Means"), hot),
        f"### Reports from outside [{town.inbound.mark}]",
        f"{code('fall_back')} = {code(town.inbound.fall_back)}: the category of a report whose category nobody could tell; see "
        "[reports from outside](inbound.md).",
        f"### What is near [{town.similar.mark}]", "Metres, hours and days; see [what is near](../users/nearby.md).",
        table(("Key", "Value"), near)])  # fmt: skip


def fields_of(kind: type | str) -> str:
    if isinstance(kind, str):
        return kind
    found = msgspec.structs.fields(kind)  # type: ignore[arg-type]
    return " ".join(code(f.name) + ("*" if f.required else "") for f in found)


def limit(rule: models.Limit | None) -> str:
    if rule is None:
        return ""
    if rule.kind == "workdays":
        return f"{rule.amount} workdays"
    units = ((60, "h"), (1, "m")) if rule.amount < 2880 else ((1440, "d"), (60, "h"), (1, "m"))
    size, mark = next((s, m) for s, m in units if rule.amount % s == 0 and rule.amount >= s)
    return f"{rule.amount // size}{mark} {rule.kind}"


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def policy() -> str:
    claims = tomllib.loads((builtin() / "policy.toml").read_text("utf-8"))["claim"]
    rows = [(c["id"], c["clause"], c["title"], c["title_en"], c["shows"], c.get("later", "")) for c in claims]
    parts = [
        "# What of the policy this version shows", NOTE,
        "The shipped town works by 青朱府〔2021〕2号. Each line below is one of its 71 obligations that this version shows, "
        "with the tests that would fail if it did not. What is not listed is not claimed. In the program: "
        "`zjj doctor --policy`, and with `--json` the list of tests.",
        table(("Id", "Clause", "要求", "Obligation", "What the program shows", "Of it, not yet"), rows),
        "## Tests",
        "\n".join(f"- **{c['id']}** " + ", ".join(code(test) for test in c["tests"]) for c in claims),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


DUTY_EVENTS = {  # kind: what makes it
    "custody_moved": "T40, one per open case at the incoming signature", "custody_taken": "a desk handover, signed or forced",
    "roster_published": "`roster publish`; the rows of a month", "substituted": "`tb`, `roster substitute`",
    "swapped": "`roster swap`", "assigned": "`roster fill`", "leave_granted": "`roster leave`",
    "leave_ended": "`roster leave-end`", "stationed": "`zh`, `stationing`: asked and every step after it",
    "signed_in": "`qd`, `sign in`", "signed_out": "`qt`, `sign out`, and time itself at the planned end",
    "signs_imported": "`import signs`, one per chunk", "sign_fix_asked": "`bl`, `sign fix`", "sign_fix_decided": "`sign approve`",
    "assembly_called": "`tq`; SH-2", "handover_prepared": "`handover prepare`; holds the package",
    "handover_read": "`handover read`: cases, warnings, batch", "handover_coded": "`handover code`",
    "handover_packed": "`rj`, `handover pack`", "handover_noted": "`handover note`; after the signature an annex",
    "handover_spoken": "`handover spoken`", "handover_out_signed": "`handover sign --side out`",
    "handover_in_signed": "`handover sign --side in`; holds the sheets", "handover_forced": "`handover force`; holds the sheets",
    "handover_station_signed": "`handover sign --station`",
    "escalated": "time, `sj`, `escalation raise`: one rung is raised", "ladder_moved": "the trigger is met, another clock is missed",
    "ladder_cleared": "the trigger is met, or `sj C n`", "ladder_resumed": "what had met the trigger was undone",
    "rung_called": "`th`, `escalation call`: tried, not reached", "rung_answered": "`th`, `sj C y`, `escalation answer`: reached",
    "alarm_acked": "`alarms ack`, F5", "posts_checked": "time itself, once at the beginning of a night",
    "message_dropped": "`outbox drop`: a message that two people gave up",
    "collected": "`consult collect`: what a station reports, or nil", "agenda_added": "`hs`, `consult add`, `consult agenda --fill`",
    "agenda_detailed": "`consult item`", "agenda_withdrawn": "`consult withdraw`; an urgent consultation of the same case",
    "agenda_carried": "a deferral, or a week that is skipped: on the next meeting", "agenda_locked": "`consult agenda --lock`",
    "meeting_skipped": "`consult skip`", "meeting_opened": "`consult open`, `consult urgent`", "attended": "`consult attend`",
    "item_decided": "`consult decide`", "meeting_closed": "`consult close`", "meeting_minuted": "`consult close`; holds the minutes",
    "station_consulted": "`consult station`", "follow_up_done": "`consult done`; a visit that answers outcome 3",
    "visit_planned": "`jz z1 0315`, `visit plan`", "visit_recorded": "`jz z1 ..`, `visit record`",
    "visit_cancelled": "`visit cancel`", "visit_task_done": "`consult done`",
}  # fmt: skip


def events() -> str:
    by_kind: dict[str, list[Step]] = {}
    for step in STEPS:
        by_kind.setdefault(step.event, []).append(step)
    extra = {"reported": "T02, a new case", "imported": "T03, one row of a chunk", "absorbed": "T35, on the master case",
             "undone": "T42, what `cx` puts back", "corrected": "known to the reader, not written yet",
             "conflict_resolved": "`sync resolve`, log page 4",
             **DUTY_EVENTS}  # fmt: skip
    rows = [(code(kind), zh, extra.get(kind) or ", ".join(dict.fromkeys(f"{s.id} {s.action}" for s in by_kind[kind])))
            for kind, zh in EVENT_ZH.items()]  # fmt: skip
    return table(("Kind", "中文", "Comes from"), rows)


def columns() -> str:
    return "\n\n".join([_columns(CASES), "### Signs", _columns(SIGNS), "### Roster", _columns(ROSTER)])


def _columns(of: Columns) -> str:
    rows = [(code(c.key) + ("*" if c.required else ""), "、".join(c.zh), " ".join(map(code, c.en))) for c in of]
    return table(("Column", "中文", "Also"), rows)


# writing ----------------------------------------------------------------------------------------------------------------

WHOLE: dict[str, Callable[[], str]] = {
    "users/keys.md": keys_en,
    "users/keys.zh-CN.md": keys_zh,
    "users/commands.md": commands,
    "users/states.md": states,
    "users/policy.md": policy,
}
PARTS: dict[str, Callable[[], str]] = {
    "operators/profile.md": profile,
    "developers/journal.md": events,
    "users/import.md": columns,
}


def wanted() -> dict[Path, str]:
    """The text that every generated page should have."""
    pages = {DOCS / name: make() for name, make in WHOLE.items()}
    for name, make in PARTS.items():
        text = (DOCS / name).read_text("utf-8")
        between = f"{BEGIN}\n{make()}\n{END}"
        pages[DOCS / name] = re.sub(f"{BEGIN}.*{END}", lambda _, new=between: new, text, flags=re.DOTALL)
    return pages


def main() -> int:
    stale = [page for page, text in wanted().items() if not page.is_file() or page.read_text("utf-8") != text]
    if "--check" in sys.argv:
        for page in stale:
            print(f"stale: {page.relative_to(DOCS.parent)}; run make docs", file=sys.stderr)
        return 1 if stale else 0
    for page, text in wanted().items():
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(text, "utf-8")
    print(f"{len(stale)} pages written, {len(wanted()) - len(stale)} were up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
