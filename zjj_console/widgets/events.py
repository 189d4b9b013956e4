"""Journal events in words: what happened, to whom, why."""

from typing import Any

from zjj_console.desk import wording
from zjj_console.i18n import t
from zjj_console.storage.reads import Moment
from zjj_console.widgets.cells import shown, words
from zjj_console.widgets.columns import Frame, source_name, state_word, unit_name

_TABLES = {
    "return_asked": "return", "return_granted": "fault", "return_refused": "return", "reassigned": "reassign",
    "extend_asked": "extend", "suspend_asked": "suspend", "rework_ordered": "rework", "void_asked": "void",
    "called": "call", "contacted": "fc", "reopened": "reopen", "screened": "screen", "screened_out": "screen",
    "support_asked": "support", "support_refused": "support_refuse",
}  # fmt: skip


def kind_word(kind: str) -> str:
    return shown(t(wording.event(kind)))


def sentence(m: Moment, frame: Frame) -> str:
    """What, to whom, why, and `[state]` where it changed; trial events say so."""
    args: dict[str, Any] = m.data.get("args", {})
    changed: dict[str, Any] = m.data.get("set", {})
    town = frame.town
    parts = [f"{t('(未生效: 与别处冲突)')} {kind_word(m.kind)}" if m.apart else kind_word(m.kind)]
    if changed.get("lead"):
        parts.append(unit_name(town, str(changed["lead"])))
    if changed.get("lead_person"):
        parts.append(wording.person(town, str(changed["lead_person"])))
    parts += [unit_name(town, str(code)) for code in args.get("assists", ())]
    for key, table in (("reason", _TABLES.get(m.kind, "")), ("result", "result"), ("criterion", "criterion")):
        if isinstance(args.get(key), str):
            parts.append(shown(wording.reason(town, table, args[key])))
    if m.kind in ("reported", "imported"):
        parts += [source_name(town, str(changed.get("source", ""))), shown(str(changed.get("text", "")))]
        changed = {}
    elif "climb" in m.data:
        parts.append(shown(wording.climbed(m.kind, m.data, town)))
    elif isinstance(args.get("text"), str):
        parts.append(shown(args["text"]))
    if m.data.get("by"):
        parts.append(t("代{who}", who=wording.person(town, str(m.data["by"]))))
    if changed.get("state"):
        parts.append(f"[{state_word(str(changed['state']))}]")
    if m.trial:
        parts.append(t("(试用)"))
    return words(parts)
