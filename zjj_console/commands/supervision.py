"""`zjj case supervise` and `zjj case supervised` (T33): order 督办, lift it, and the ledger of it."""

from typing import TYPE_CHECKING, Annotated

import typer

from zjj_console.commands import times
from zjj_console.commands.context import Stop, instant_of, settings
from zjj_console.commands.do import Key, result_of
from zjj_console.commands.output import Result

if TYPE_CHECKING:
    from zjj_console.desk.desk import Desk

CaseRef = Annotated[str, typer.Argument(metavar="CASE", help="案号")]


def supervise(
    context: typer.Context,
    case: CaseRef,
    due: Annotated[str, typer.Option("--due", metavar="TIME", help="期限: 2h、1d、0318 或时刻")] = "",
    text: Annotated[str, typer.Option("--text", metavar="TEXT", help="督办要求")] = "",
    release: Annotated[bool, typer.Option("--release", help="解除督办")] = False,
    key: Key = "",
) -> None:
    """督办一件未结案件并定期限；--release 解除。"""
    if release == bool(due):
        raise Stop(2, "E_USAGE", "给 --due 期限，或 --release", "give --due or --release", "due")
    options = settings(context)
    desk = options.desk()
    # The words of the line stay those that were typed, so that the same key means the same act later as well.
    words, extra = (["n"], {}) if release else _until(desk, due)
    line = " ".join(["db", case, *words, "--", text])
    options.finish(result_of(options, desk, desk.run_line(line, key=key or None, extra=extra)))


def _until(desk: "Desk", due: str) -> tuple[list[str], dict[str, int]]:
    """A length or a date as the line takes it, else a time; `17:00` is the next one to come."""
    from zjj_console.verbs.parse import instant

    now, tz = desk.now(), desk.town.tz
    if instant(due, desk.town, now) is not None:
        return [due], {}
    today = desk.duty.local(now).date()
    return [], {"until": times.on_day(due, today, tz, "due", now)}


def supervised(
    context: typer.Context,
    since: Annotated[str, typer.Option("--since", metavar="DATE", help="此后办结或解除的也列出；默认近七天")] = "",
) -> None:
    """督办台账: 谁、何时、要求、期限、最近进展。"""
    from zjj_console.commands.output import aligned
    from zjj_console.desk import wording
    from zjj_console.desk.aiding import SUPERVISION_ZH, supervision_json, supervisions

    options = settings(context)
    desk = options.desk()
    facts, town = desk.facts(), desk.town
    found = supervisions(desk.reader, facts, since=instant_of(since) if since else None)
    rows: list[tuple[str, ...]] = [("案号", "级", "事项", "要求", "督办人", "期限", "承办", "最近进展", "状态")]
    for row in found:
        at = f" {wording.moment(row.progress_at, facts.now, desk.duty)}" if row.progress_at else ""
        said = f"{wording.event(row.progress_kind)}{at} {row.progress_text[:16]}".strip() if row.progress_kind else "-"
        rows.append((row.handle, str(row.priority), row.text[:20], row.demand[:20] or "-",
                     wording.person(town, row.ordered_by), wording.moment(row.due, facts.now, desk.duty),
                     wording.unit(town, row.lead) or "-", said, SUPERVISION_ZH[row.state]))  # fmt: skip
    data = {"supervisions": [supervision_json(row, facts) for row in found]}
    options.finish(Result(data, "\n".join(aligned(rows)) if found else "没有督办"))
