"""`zjj case nearby`: what is near a case: who could go and how far, what may be the same, what happened there before."""

from typing import TYPE_CHECKING, Annotated

import typer

from zjj_console.commands.acting import case_of
from zjj_console.commands.context import settings
from zjj_console.commands.output import Result

if TYPE_CHECKING:
    from zjj_console.desk.desk import Desk
    from zjj_console.desk.near import History, Twin
    from zjj_console.domain.model import Case

_LISTED = 10
CaseRef = Annotated[str, typer.Argument(metavar="CASE", help="1042、B1042、全号、@平台号或 UUID")]


def nearby(
    context: typer.Context,
    case: CaseRef,
    days: Annotated[int | None, typer.Option("--days", min=1, max=3650, help="往事看多少天；默认按配置 90")] = None,
    radius: Annotated[
        int | None, typer.Option("--radius", metavar="M", min=1, max=20_000, help="往事的半径，米；默认按配置 100")
    ] = None,
) -> None:
    """一件案件的周边: 可派力量与距离、疑似重复、此地往事。"""
    from zjj_console.desk import near, near_words

    options = settings(context)
    desk = options.desk()
    found, facts, town = case_of(desk, case), desk.facts(), desk.town
    twins, past = desk.twins(found), near.history(desk.reader, found, facts, days, radius)
    data = {
        "case": found.handle,
        "place": found.place,
        "committee": found.committee or None,
        "grid": found.grid or None,
        "station": found.station or None,
        "map": near_words.map_kind(town),
        "similar": [near_words.near_json(one, facts) for one in twins],
        "history": [near_words.near_json(one, facts) for one in past.rows],
        "counts": past.counts,
        "days": past.days,
        "radius": past.radius,
        "candidates": [near_words.candidate_json(one, town, desk.duty) for one in desk.candidates(found.id)],
        "committees": [
            {"committee": code, "committee_zh": town.committees[code].name, "distance_m": far}
            for code, far in near.committees(found, town)
        ],
    }
    options.finish(Result(data, _page(desk, found, twins, past, options.lang)))


def _page(desk: "Desk", case: "Case", twins: list["Twin"], past: "History", lang: str) -> str:
    """The same as text: place, candidates, duplicates, history."""
    from zjj_console.desk import candidate_words, near_words

    facts, town, n = desk.facts(), desk.town, int(lang == "en")
    head = f"{case.handle} {near_words.place_line(case, town)[n]} ({near_words.MAP[near_words.map_kind(town)][n]})"
    sends = [
        f"{i} {candidate_words.label(one, town, desk.duty, lang)}" for i, one in enumerate(desk.candidates(case.id), 1)
    ]
    blocks = (
        (("可派", "whom to send")[n], sends if case.is_open else []),
        (near_words.HINT[n], [near_words.twin(one, facts)[n] for one in twins]),
        (f"{('此地往事', 'this place before')[n]} {near_words.counted(past, facts)[n]}",
         [near_words.past(one, facts)[n] for one in past.rows[:_LISTED]]),
    )  # fmt: skip
    none = ("无", "none")[n]
    return "\n".join(
        [head, *(line for title, rows in blocks for line in ("", title, *(f"  {r}" for r in rows or [none])))]
    )
