"""A new case from a line or a form (T02, R29): its fields, its number, and the orders that come with it."""

from typing import Any

from msgspec import Struct

from zjj_console.desk import queries
from zjj_console.desk.plan import Need
from zjj_console.desk.work import Work
from zjj_console.domain.model import Case, Command, Refusal
from zjj_console.domain.safe import safe_text
from zjj_console.storage import projections
from zjj_console.storage.db import Connection
from zjj_console.verbs.parse import Parsed

GIVEN = ("text", "reporter", "phone", "external_id")  # fields that a form or script may give besides the line
_MISSING_ZH = {"committee": "地点", "place": "地点", "category": "类别"}


class Standing(Struct, frozen=True):
    """The case is there already, with the same content: the same outside number came twice (§6.4)."""

    case: Case


def begin(db: Connection, parsed: Parsed, work: Work, console: str) -> str | Need | Refusal | Standing:
    """Report in `work`; accept and dispatch too where the line names a unit. The new case's id, or why not."""
    town, actor, args = work.facts.town, work.facts.actor, parsed.args
    if parsed.missing:
        what = "、".join(_MISSING_ZH.get(kind, kind) for kind in parsed.missing)
        return Need(f"还缺 {what}；用法 {parsed.verb.usage}", f"missing: {', '.join(parsed.missing)}")
    category = town.categories[args["category"]]
    committee = args.get("committee", "")
    fields: dict[str, Any] = {
        "serial": next_serial(db, console),
        "console": console,
        "committee": committee,
        "place": town.committees[committee].name if committee else "",
        "category": category.code,
        "priority": args.get("priority", category.priority),
        "source": args.get("source", queries.default_source(town)),
        "reporter": actor.unit if actor.unit != town.centre.code else "",
        **{name: safe_text(args[name]) for name in GIVEN if name in args},
    }
    fields["text"] = fields.get("text") or category.phrase
    if fields.get("external_id"):
        known = _known_outside(db, fields)
        if known is not None:
            return known
    if args.get("related"):
        related = projections.find(db, args["related"], console)
        if related is None:
            return Refusal(6, "T43", f"没有案件 {args['related']}", f"no case {args['related']}")
        fields["related"] = related.id
    case = work.report(fields)
    if isinstance(case, Refusal) or "unit" not in args:
        return case if isinstance(case, Refusal) else case.id
    person = args.get("person") or work.facts.person_of(args["unit"], case.station)
    order = {"unit": args["unit"], "person": person}
    return work.do_all([Command("accept", {}), Command("dispatch", order)], case.id)


def _known_outside(db: Connection, fields: dict[str, Any]) -> Standing | Refusal | None:
    """§6.4: source and outside number are the key of a case."""
    row = db.execute(
        "SELECT id FROM case_row WHERE source = ? AND external_id = ?", (fields["source"], fields["external_id"])
    ).fetchone()
    case = projections.load(db, row[0]) if row else None
    if case is None:
        return None
    if all(getattr(case, name) == value for name, value in fields.items() if name not in ("serial", "console")):
        return Standing(case)
    number = fields["external_id"]
    return Refusal(
        5, "6.4", f"编号 {number} 已是案件 {case.handle}，内容不同", f"{number} is case {case.handle} already"
    )


def next_serial(db: Connection, console: str) -> int:
    return projections.last_number(db, console) + 1
