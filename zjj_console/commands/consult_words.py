"""What the commands of consultation share: which meeting, which units, tags and times a word means."""

from typing import TYPE_CHECKING, Annotated

import typer

from zjj_console.commands import times
from zjj_console.commands.acting import act, reason, result_of, unit
from zjj_console.commands.context import Settings, Stop

if TYPE_CHECKING:
    from zjj_console.desk.acts import Act
    from zjj_console.desk.desk import Desk
    from zjj_console.domain.consult import Meeting

Week = Annotated[str, typer.Argument(metavar="WEEK", help="2021-W09、W09 或会商编号；不写为在开的或下一次")]
Cross = Annotated[list[str] | None, typer.Option("--cross", metavar="N", help="跨类: 数字、代码或名称，可重复")]
Meet = Annotated[str, typer.Option("--meeting", metavar="ID", help="哪次会商；不写为在开的或下一次")]


def run_act(options: Settings, desk: "Desk", do: "Act", key: str, content: str) -> None:
    options.finish(result_of(options, desk, act(desk, do, key=key, content=content)))


def cross_tags(desk: "Desk", words: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(reason(desk.town, "cross", word, "cross").code for word in words))


def unit_codes(desk: "Desk", words: list[str] | None, field: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(unit(desk.town, word, field) for word in words or []))


def until_of(desk: "Desk", text: str, field: str) -> int | None:
    """`3d`, `0318`, a date (its end) or an instant that is still to come."""
    from zjj_console.verbs.parse import instant as short

    if not text:
        return None
    word = times.plain(text)
    found = short(word, desk.town, desk.now())
    if found is not None:
        return found
    if word[:10].count("-") == 2 and len(word) == 10:
        return times.span(word, word, desk.now(), desk.town.tz)[1] - 60_000_000
    return times.instant(text, desk.now(), desk.town.tz, field)


def meeting_named(desk: "Desk", word: str) -> "Meeting":
    from zjj_console.desk import which_meeting
    from zjj_console.domain.model import Refusal

    found = which_meeting.find(desk.reader, desk.facts(), times.plain(word))
    if isinstance(found, Refusal):
        raise Stop(found.code, "E_NOT_FOUND" if found.code == 6 else "E_INPUT", found.zh, found.en, "meeting")
    return found
