"""What the duty commands share: who and what a word means, and the envelope of something that the desk did."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zjj_console.commands.context import Settings, Stop, stopped
from zjj_console.commands.do import standing_warnings
from zjj_console.commands.output import Fault, Result

if TYPE_CHECKING:
    from datetime import date

    from zjj_console.desk.acts import Act, Done
    from zjj_console.desk.desk import Desk
    from zjj_console.desk.outcome import Outcome
    from zjj_console.domain.facts import Facts
    from zjj_console.domain.model import Actor, Case, Refusal
    from zjj_console.storage.db import Connection
    from zjj_console.town.models import Reason, Town


Second = Annotated[str, typer.Option("--second", metavar="WORKNO", help="第二人: 镇中心负责人或值班长")]
SecondPin = Annotated[
    Path | None, typer.Option("--second-pin-file", metavar="PATH", help="第二人的口令文件，权限 0600")
]


def case_of(desk: "Desk", ref: str) -> "Case":
    """The case of a number or handle. Exit 6 for none."""
    from zjj_console.desk import queries

    found = desk.case(ref)
    if found is None:
        why = queries.unfound(desk.reader, ref, desk.console)
        raise Stop(6, "E_NOT_FOUND", why.zh, why.en, "case")
    return found


def work_no(town: "Town", word: str, field: str = "person") -> str:
    """The work number of a person named by number, name or pinyin. Exit 6 for nobody, 3 for several."""
    from zjj_console.town.names import nearest, people

    text = word.strip()
    if text in town.people:
        return text
    found = people(town).resolve(text)
    if found.found is not None:
        return found.found.code
    if found.candidates:
        several = "、".join(f"{c.code} {c.name}" for c in found.candidates[:6])
        raise Stop(3, "E_REF", f"{text} 可指 {several}；请写工号", f"{text} may be {several}; use the number", field)
    near = "、".join(nearest(text, (p.name for p in town.people.values())))
    hint = f"；{near}?" if near else "；用 zjj profile show people 查"
    raise Stop(6, "E_NOT_FOUND", f"没有人员 {text}{hint}", f"nobody is called {text}", field)


def second_person(options: Settings, desk: "Desk", word: str, pin_file: Path | None) -> tuple[str, bool]:
    """The work number of the second person, and whether his own PIN proved him. Exit 7 for a wrong PIN; trial asks none."""
    from zjj_console.desk.session import check_pin
    from zjj_console.storage.db import StorageError

    other = work_no(desk.town, word, "second")
    if pin_file is None or desk.actor.trial:
        return other, False
    try:
        check_pin(desk.reader, other, options.read_pin(pin_file))
    except StorageError as error:
        raise stopped(error) from error
    return other, True


def unit(town: "Town", word: str, field: str = "unit") -> str:
    """The code of a unit named by code, token, name or pinyin. Exit 3 for an unknown one."""
    from zjj_console.town.names import units

    text = word.strip()
    known = town.units.get(text) or town.unit_by_token.get(text.casefold())
    if known is not None:
        return known.code
    found = units(town).resolve(text)
    if found.found is None:
        known_as = "、".join(c.name for c in found.candidates[:6])
        hint = f"；{known_as}?" if known_as else "；用 zjj profile show units 查"
        raise Stop(3, "E_REF", f"没有单位 {text}{hint}", f"unknown unit {text}", field)
    return found.found.code


def reason(town: "Town", table: str, word: str, field: str) -> "Reason":
    """A reason of a list by digit, code, name or a part of only one name. Exit 3 with the whole list otherwise."""
    rows, text = town.reasons.get(table, {}), word.strip()
    found = next((r for digit, r in rows.items() if text in (digit, r.code, r.name)), None)
    parts = [r for r in rows.values() if len(text) > 1 and text in r.name]
    found = found or (parts[0] if len(parts) == 1 else None)
    if found is None:
        known = " ".join(f"{digit} {r.name}" for digit, r in rows.items())
        raise Stop(3, "E_REF", f"没有 {word}；可用: {known}", f"unknown {word}; there are: {known}", field)
    return found


def only_keepers(actor: "Actor", zh: str, en: str) -> None:
    """Exit 7 for whoever is none; `zh` and `en` say what they alone may do."""
    from zjj_console.desk.session import keeps

    if not keeps(actor):
        raise Stop(7, "E_PERMISSION", f"只有管理员、镇中心负责人、值班长可{zh}", f"only keepers of the system may {en}")


def act(desk: "Desk", do: "Act", *, key: str = "", content: str = "", dry: bool = False) -> "Outcome":
    """Let the desk do it; with `dry` everything is judged and nothing is written."""
    if dry:
        return desk.act(_without_trace(do))
    return desk.act(do, key=key or None, content=content)


def _without_trace(do: "Act") -> "Act":
    from zjj_console.desk.acts import Done
    from zjj_console.domain.model import Refusal

    def judged(db: "Connection", facts: "Facts") -> "Done | Refusal":
        done = do(db, facts)
        return done if isinstance(done, Refusal) else Done([], done.zh, done.en, done.data, warnings=done.warnings)

    return judged


def result_of(options: Settings, desk: "Desk", outcome: "Outcome", data: Any = None, text: str = "") -> Result:
    """The envelope. `data` and `text` replace what the desk says of itself."""
    if not outcome.ok:
        return Result(data, code=outcome.code, errors=[Fault(outcome.error, outcome.text, outcome.field)])
    told = dict((outcome.data if data is None else data) or {})
    if outcome.events:
        told["events"] = list(outcome.events)
    if outcome.same:
        told["same"] = True
    return Result(told, text or outcome.text, 0, [*outcome.warnings, *standing_warnings(options, desk)])


def duty_date(desk: "Desk") -> "date":
    """The date that people speak of: until the day desk signs in, it is still the night of the day before."""
    from datetime import timedelta

    local = desk.duty.local(desk.now())
    opens = min((b.at for b in desk.town.boundaries.values() if b.kind == "desk" and b.to == "day"), default=0)
    early = local.hour * 60 + local.minute < opens - desk.town.duty_rules.sign_opens
    return local.date() - timedelta(days=1) if early else local.date()
