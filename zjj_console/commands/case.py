"""`zjj case`: new, list, show, why, nearby, timeline."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from zjj_console.commands import nearby, supervision
from zjj_console.commands.acting import case_of
from zjj_console.commands.context import Settings, Stop, instant_of, settings
from zjj_console.commands.do import Key, result_of
from zjj_console.commands.output import Result

if TYPE_CHECKING:
    from zjj_console.desk.desk import Desk
    from zjj_console.desk.outcome import Outcome
    from zjj_console.domain.model import Case
    from zjj_console.storage.reads import Filter
    from zjj_console.town.models import Town

app = typer.Typer(no_args_is_help=True, help="案件: 新建、列表、查看、为何、经过")
CaseRef = Annotated[str, typer.Argument(metavar="CASE", help="1042、B1042、全号、@平台号或 UUID")]


@app.command()
def new(
    context: typer.Context,
    place: Annotated[str, typer.Option(help="村居: 拼音首字母、名称或代码；- 为地点待定")],
    category: Annotated[str, typer.Option(help="类别: 代码、拼音或名称")],
    priority: Annotated[int | None, typer.Option(min=1, max=4, help="级别 1-4")] = None,
    source: Annotated[str, typer.Option(help="来源，如 110、sp、dh")] = "",
    text: Annotated[str, typer.Option(help="描述")] = "",
    reporter: Annotated[str, typer.Option(help="上报人或单位")] = "",
    phone: Annotated[str, typer.Option(help="报告人电话")] = "",
    external: Annotated[str, typer.Option(metavar="SYS:ID", help="外部系统编号")] = "",
    emergency: Annotated[bool, typer.Option("--emergency", help="一级，须 --to")] = False,
    to: Annotated[str, typer.Option(metavar="UNIT", help="受理并派往的单位")] = "",
    key: Key = "",
) -> None:
    """新建案件；加 --to 则同时受理并派单。"""
    if emergency and not to:
        raise Stop(2, "E_USAGE", "--emergency 须同时给 --to 单位", "--emergency needs --to UNIT", "to")
    options = settings(context)
    desk = options.desk()
    words = ["xj", "".join(place.split()) or "-", "".join(category.split())]  # one name each, never a second word
    level = 1 if emergency else priority
    words += [str(level)] if level else []
    words += [word for word in (_source(desk.town, source), _unit(desk.town, to)) if word]
    system, _, number = external.rpartition(":")
    extra = {"text": text, "reporter": reporter, "phone": phone, "external_id": number}
    if system and not source:
        words += [_source(desk.town, system)]
    outcome = desk.run_line(" ".join(words), key=key or None, extra={k: v for k, v in extra.items() if v})
    options.finish(_with_similar(options, desk, outcome))


def _with_similar(options: Settings, desk: "Desk", outcome: "Outcome") -> Result:
    """A new case with what may be the same matter: a warning, never a reason to refuse."""
    from zjj_console.desk import near_words

    result = result_of(options, desk, outcome)
    if outcome.ok and outcome.case is not None:
        facts, found = desk.facts(), desk.twins(outcome.case)
        result.data["similar"] = [near_words.near_json(one, facts) for one in found]
        result.warnings.extend([near_words.hint(found, facts, options.lang)] if found else [])
    return result


def _source(town: "Town", given: str) -> str:
    """The token of a source given by token, code or name; raises for an unknown one."""
    if not given:
        return ""
    found = next((s for s in town.sources.values() if given in (s.token, s.code, s.name)), None)
    if found is None:
        known = " ".join(s.token for s in town.sources.values())
        raise Stop(3, "E_SOURCE", f"没有来源 {given}，可用: {known}", f"unknown source {given}: {known}", "source")
    return found.token


def _unit(town: "Town", given: str) -> str:
    from zjj_console.town.names import units

    if not given:
        return ""
    unit = town.units.get(given) or town.unit_by_token.get(given)
    if unit is not None:
        return unit.tokens[0]
    found = units(town).resolve(given).found
    if found is None:
        raise Stop(3, "E_REF", f"没有单位 {given}", f"unknown unit {given}", "unit")
    return town.units[found.code].tokens[0]


States = Annotated[list[str] | None, typer.Option("--state", help="状态代码或中文，可多次")]
Priorities = Annotated[list[int] | None, typer.Option("--priority", min=1, max=4)]
Grid = Annotated[str, typer.Option("--grid")]
Station = Annotated[str, typer.Option("--station")]
Committee = Annotated[str, typer.Option("--committee", help="村居代码、名称或拼音")]
Lead = Annotated[str, typer.Option("--lead", help="承办单位")]
SourceOpt = Annotated[str, typer.Option("--source")]
Flow = Annotated[str, typer.Option("--flow", help="self|general|difficult")]
Overdue = Annotated[bool, typer.Option("--overdue")]
All = Annotated[bool, typer.Option("--open/--all", help="只列未结，或全部")]
Text = Annotated[str, typer.Option("--text", help="描述、地点或编号含有")]
Since = Annotated[str, typer.Option("--since", help="上报时间起")]
Until = Annotated[str, typer.Option("--until", help="上报时间止(不含)")]


@app.command("list")
def list_(
    context: typer.Context,
    state: States = None,
    priority: Priorities = None,
    grid: Grid = "",
    station: Station = "",
    committee: Committee = "",
    lead: Lead = "",
    source: SourceOpt = "",
    flow: Flow = "",
    overdue: Overdue = False,
    only_open: All = True,
    text: Text = "",
    since: Since = "",
    until: Until = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    after: Annotated[str, typer.Option(metavar="CURSOR", help="上一页给出的 next")] = "",
) -> None:
    """按紧迫次序列出案件。"""
    from zjj_console.desk.shape import case_json
    from zjj_console.storage import projections, reads

    options = settings(context)
    desk = options.desk()
    where = case_filter(options, desk, state, priority, grid, station, committee, lead, source, flow, overdue,
                        only_open, text, since, until)  # fmt: skip
    rows = reads.page(desk.reader, where, limit + 1, _cursor(after))
    more = rows[limit - 1].cursor if len(rows) > limit else None
    cases = projections.in_order(desk.reader, [row.id for row in rows[:limit]])
    now = options.clock()
    total = reads.count(desk.reader, where)
    data = {
        "cases": [case_json(case, desk.town, desk.duty, now) for case in cases],
        "next": ".".join(map(str, more)) if more else None,
        "total": total,
    }
    options.finish(Result(data, _table(desk, cases, now, total)))


def case_filter(
    options: Settings, desk: "Desk", state: list[str] | None, priority: list[int] | None, grid: str, station: str,
    committee: str, lead: str, source: str, flow: str, overdue: bool, only_open: bool, text: str, since: str, until: str,
) -> "Filter":  # fmt: skip
    """The read filter of the list options; every unknown name is refused by field."""
    from zjj_console.domain.lifecycle import STATE_ZH
    from zjj_console.domain.model import ENDED
    from zjj_console.storage.reads import Filter
    from zjj_console.town.names import places

    town = desk.town
    by_word = {word: code for code, zh in STATE_ZH.items() for word in (str(code), str(code).lower(), zh)}
    for word in state or ():
        if word not in by_word:
            raise Stop(3, "E_STATE", f"没有状态 {word}", f"unknown state {word}", "state")
    states = tuple(str(by_word[word]) for word in state or ())
    found = places(town).resolve(committee).found if committee else None
    if committee and found is None:
        raise Stop(3, "E_PLACE_UNKNOWN", f"没有村居 {committee}", f"unknown committee {committee}", "committee")
    for value, table, name in ((grid, town.grids, "grid"), (station, town.units, "station")):
        if value and value not in table:
            raise Stop(3, "E_REF", f"没有 {value}", f"unknown {name} {value}", name)
    if flow and flow not in ("self", "general", "difficult"):
        raise Stop(3, "E_FLOW", f"没有流程 {flow}", f"unknown flow {flow}", "flow")
    unit = _unit(town, lead)
    token = _source(town, source)
    ended = any(s in ENDED for s in states)
    return Filter(
        open=True if only_open and not ended else None,
        states=states,
        priority=tuple(priority or ()),
        grid=grid,
        station=station,
        committees=(found.code,) if found else (),
        units=(town.unit_by_token[unit].code,) if unit else (),
        source=town.source_by_token[token].code if token else "",
        flow=flow,
        text=text,
        overdue_at=options.clock() if overdue else None,
        since=instant_of(since) if since else None,
        until=instant_of(until) if until else None,
    )


def _cursor(text: str) -> tuple[int, int, int] | None:
    if not text:
        return None
    try:
        rank, due, rid = (int(part) for part in text.split("."))
    except ValueError as error:
        raise Stop(2, "E_USAGE", f"--after 须为上一页的 next: {text}", f"not a cursor: {text}", "after") from error
    return rank, due, rid


def _table(desk: "Desk", cases: list["Case"], now: int, total: int) -> str:
    from zjj_console.commands.output import aligned
    from zjj_console.desk import wording
    from zjj_console.domain.lifecycle import STATE_ZH

    rows: list[tuple[str, ...]] = [("案号", "级", "状态", "时限", "地点", "类别", "事项", "承办", "来源", "上报")]
    for case in cases:
        clock = case.next_clock() if case.is_open else None
        due = wording.moment(clock.due, now, desk.duty) if clock and clock.due else ""
        late = "超 " if clock and clock.due and clock.due <= now else ""
        rows.append(
            (case.handle, str(case.priority), STATE_ZH[case.state], late + due, case.place or "地点待定",
             wording.category(desk.town, case.category), case.text[:24], wording.unit(desk.town, case.lead) or "-",
             wording.source(desk.town, case.source), wording.moment(case.reported_at, now, desk.duty))
        )  # fmt: skip
    return "\n".join([*aligned(rows), f"共 {total} 件"])


@app.command()
def show(
    context: typer.Context,
    case: CaseRef,
    clock: Annotated[bool, typer.Option("--clock", help="列出每个时限的由来")] = False,
) -> None:
    """查看一件案件；--clock 说明各时限如何得出。"""
    from zjj_console.commands.case_text import clocks_json, page
    from zjj_console.desk.aiding import support_json
    from zjj_console.desk.shape import case_json, phone_for

    options = settings(context)
    desk = options.desk()
    found, now = case_of(desk, case), options.clock()
    data: dict[str, Any] = case_json(found, desk.town, desk.duty, now)
    data["phone"] = phone_for(found, desk.actor) or None
    data["clocks"] = clocks_json(found, desk)
    data["support"] = support_json(found, desk.facts())
    text = page(found, desk, now, clocks=clock)
    if clock:
        from zjj_console.desk import reasons
        from zjj_console.desk.tongue import Tongue

        derived = reasons.deadlines(desk.reader, found, desk.facts(), everything=True)
        data["steps"] = reasons.as_json(derived, Tongue(desk.duty, derived.now))["steps"]
        text += "\n\n" + reasons.text(derived, options.lang, ("deadline",))
    options.finish(Result(data, text))


@app.command()
def why(
    context: typer.Context,
    case: CaseRef,
    everything: Annotated[bool, typer.Option("--all", help="已停的时限一并说明")] = False,
) -> None:
    """时限、升级、主办、可派各因何如此: 条款、标记与日志编号。"""
    from zjj_console.desk import reasons
    from zjj_console.desk.tongue import Tongue

    options = settings(context)
    desk = options.desk()
    found = reasons.explain(desk.reader, case_of(desk, case), desk.facts(), everything=everything)
    text = f"{reasons.head(found, options.lang)}\n\n{reasons.text(found, options.lang)}"
    options.finish(Result(reasons.as_json(found, Tongue(desk.duty, found.now)), text))


@app.command()
def timeline(context: typer.Context, case: CaseRef) -> None:
    """一件案件的全部经过、总历时与各承办历时。"""
    from zjj_console.commands.case_text import history
    from zjj_console.desk import shape, wording
    from zjj_console.domain.model import MINUTE
    from zjj_console.storage.reads import story
    from zjj_console.storage.reads import timeline as read

    options = settings(context)
    desk = options.desk()
    found, now = case_of(desk, case), options.clock()
    held = shape.holders(found, read(desk.reader, found), now)
    moments = story(desk.reader, found)
    end = found.closed_at or now
    data = {
        "case": shape.case_json(found, desk.town, desk.duty, now),
        "events": [shape.moment_json(m, found, desk.actor, desk.town, desk.duty) for m in moments],
        "total_minutes": end // MINUTE - found.reported_at // MINUTE,
        "holders": [
            {"unit": unit or None, "unit_zh": wording.unit(desk.town, unit) or "指挥中心", "minutes": minutes}
            for unit, minutes in held
        ],
    }
    options.finish(Result(data, history(found, moments, held, desk, now)))


app.command()(nearby.nearby)
app.command()(supervision.supervise)
app.command()(supervision.supervised)
