"""`zjj sync`: join a town's hub, exchange with it once or on and on, see how it stands, settle conflicts (§6.7)."""

import os
import re
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from zjj_console.commands.acting import act, only_keepers, result_of
from zjj_console.commands.context import Settings, Stop, settings, stopped
from zjj_console.commands.do import Key
from zjj_console.commands.output import Result, show

if TYPE_CHECKING:
    from zjj_console.desk.desk import Desk
    from zjj_console.desk.liaison import View
    from zjj_console.storage.reads_conflicts import Clash
    from zjj_console.sync.client import Trouble
    from zjj_console.sync.link import Link
    from zjj_console.sync.worker import Worker

app = typer.Typer(no_args_is_help=True, help="同步: 接入镇中心、交换、状态、冲突")
NETWORK = 9
# What a refusal of the hub ends with; everything else is the network's matter, and the data are safe.
_CODES = {"unauthorized": 7, "revoked": 7, "not_allowed": 7, "expired": 7, "code_unknown": 7, "code_used": 7,
          "code_expired": 7, "role_kept": 7, "other_role": 7, "ca_file": 2, "address": 2,
          "other_log": 5, "other_town": 5, "fork": 5, "unlinked": 5, "device_known": 5,
          "letter_taken": 5, "letters_gone": 5}  # fmt: skip
_DISORDER = "disorder_"  # begins the codes of an order that does not hold; all of them end with 5
_OUT = ("unauthorized", "revoked", "expired")  # what the hub says to a credential that is good no more
_NAMES = {2: "E_SYNC", 5: "E_CONFLICT", 7: "E_PERMISSION", NETWORK: "E_NETWORK"}


def _ended(trouble: "Trouble") -> Stop:
    """A trouble with the hub as the end of a command."""
    code = 5 if trouble.code.startswith(_DISORDER) else _CODES.get(trouble.code, NETWORK)
    field = trouble.code if code == 2 else ""
    return Stop(code, _NAMES[code], f"{trouble.zh}；本地数据无恙", f"{trouble.en}; local data are safe", field)


def _link(options: Settings) -> "Link":
    from zjj_console.sync import link as links

    try:
        return links.load(options.path())
    except links.LinkError as error:
        raise Stop(2, "E_SYNC", error.zh, error.en, error.field) from error


# joining and leaving --------------------------------------------------------------------------------------------------


@app.command()
def join(
    context: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="中心地址，如 https://hub.example:8730")],
    code: Annotated[str, typer.Option("--code", metavar="CODE", help="中心发的一次性登记码")],
    letter: Annotated[str, typer.Option("--letter", metavar="A-Z", help="案号字母；不给则由中心分配")] = "",
    name: Annotated[str, typer.Option("--name", help="本台名称，中心的设备列表里显示")] = "",
    ca_file: Annotated[Path | None, typer.Option("--ca-file", metavar="PEM", help="自有 CA 证书")] = None,
    proxy: Annotated[str, typer.Option("--proxy", metavar="URL", help="经代理")] = "",
    plain_http: Annotated[bool, typer.Option("--plain-http", help="不加密；仅限封闭政务网")] = False,
) -> None:
    """接入镇中心: 用登记码换取凭证(存于数据库旁，权限 0600)，此后各台共用一个次序。本台已有的案件随之上传。"""
    from zjj_console.storage import confirmed
    from zjj_console.storage.db import connect
    from zjj_console.sync import joining
    from zjj_console.sync import link as links
    from zjj_console.sync.client import Trouble

    options = settings(context)
    desk = options.desk()
    only_keepers(desk.actor, "接入中心", "join a hub")
    asked = _letter(letter)
    for field, text in (("code", code), ("name", name)):
        if not text.isprintable():
            raise Stop(2, "E_USAGE", f"{field} 里有不能读的字符", f"{field} holds what cannot be read", field)
    if _bound(options.path(), url):
        raise Stop(5, "E_CONFLICT", "本机已接入中心: zjj sync status；要换，先 zjj sync leave",
                   "this console has joined a hub already: zjj sync status; leave it first")  # fmt: skip
    own = desk.reader.execute("SELECT 1 FROM case_row WHERE console = ? LIMIT 1", (desk.console,)).fetchone()
    asked = asked or (desk.console if own else "")
    certificate = str(ca_file.resolve()) if ca_file else ""
    db = connect(options.path())
    try:
        wanted = links.checked(links.Link(url, ca_file=certificate, proxy=proxy, plain_http=plain_http))
        joined = joining.join(options.path(), db, desk.duty, wanted, code, name, asked)
        waiting = confirmed.waiting(db)[0]
    except links.LinkError as error:
        raise Stop(2, "E_USAGE", error.zh, error.en, error.field) from error
    except Trouble as trouble:
        raise _ended(trouble) from trouble
    except OSError as error:
        raise Stop(1, "E_STORAGE", f"凭证写不下 {error.filename}: {error.strerror}；请在中心停用本机再领新码",
                   f"the credential could not be kept: {error.strerror}; revoke this device and ask for another code") from error  # fmt: skip
    finally:
        db.close()
    data = {"hub": url, "log": joined.log, "console": joined.console or None, "role": joined.role, "waiting": waiting}
    text = options.say(f"已接入中心，案号字母 {joined.console}，待上传 {waiting} 条；开着的值守台须重开",
                       f"joined the hub as console {joined.console}, {waiting} events to send; reopen consoles that are open")  # fmt: skip
    before = options.say(
        f"环境变量 {links.TOKEN} 先于刚得的凭证: 请删去", f"{links.TOKEN} goes before the new credential: unset it"
    )
    options.finish(Result(data, text, 0, [before] if os.environ.get(links.TOKEN) else []))


def _letter(word: str) -> str:
    """The letter that somebody asks for, empty for none. Exit 2 for what is no letter."""
    asked = word.strip().upper()
    if not re.fullmatch("[A-Z]?", asked):
        raise Stop(
            2, "E_USAGE", f"案号字母是 A 至 Z 中的一个: {word}", f"the letter is one of A to Z, not {word}", "letter"
        )
    return asked


def _bound(path: Path, url: str) -> bool:
    """Whether a link that still may be good leads elsewhere. Over one to the same hub a new code is simply used."""
    from zjj_console.desk import liaison
    from zjj_console.sync import link as links

    try:
        link = links.load(path, {})
    except links.LinkError:
        return False  # there is none, or none that could be used
    return not links.same_hub(link.url, url) and liaison.recall(path).code not in _OUT


@app.command()
def leave(context: typer.Context) -> None:
    """不再与中心交换: 删除本机凭证；数据与已定的次序都留着，可用新码再接入同一中心。"""
    from zjj_console.sync import link as links

    options = settings(context)
    desk = options.desk()
    only_keepers(desk.actor, "断开中心", "leave a hub")
    if not links.drop(options.path()):
        raise Stop(6, "E_NOT_FOUND", "本机未接入中心", "this console has joined no hub")
    options.finish(Result({"left": True}, options.say("已删除凭证；请中心停用本机(zjj hub revoke)",
                                                      "the credential is gone; have the hub revoke this device")))  # fmt: skip


# exchanging -----------------------------------------------------------------------------------------------------------


@app.command()
def run(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="交换一次即退出(cron)；网络不通退出码 9")] = False,
) -> None:
    """与中心交换: 上传本台的事件，取回共同次序。不须登录；开着的值守台自己会做，此命令供无人值守时用。"""
    import asyncio  # here and below: a fifth of what `zjj --help` takes, and no other command's matter

    from zjj_console.storage.db import StorageError
    from zjj_console.sync.client import Trouble

    options = settings(context)
    if options.json and not once:
        raise Stop(2, "E_USAGE", "--json 只用于 sync run --once", "--json needs sync run --once")
    link = _link(options)
    try:
        if once:
            _once(options, link)
        raise typer.Exit(asyncio.run(_go_on(options, link)))
    except Trouble as trouble:
        raise _ended(trouble) from trouble
    except StorageError as error:
        raise stopped(error) from error


def _worker(options: Settings, link: "Link") -> "Worker":
    """On the database that is there. Raises Trouble and StorageError."""
    from zjj_console.desk.sweeping import SYSTEM
    from zjj_console.sync.client import Client
    from zjj_console.sync.joining import settle
    from zjj_console.sync.worker import Worker

    path = options.path()
    if not path.exists():
        raise Stop(6, "E_NOT_FOUND", f"没有数据库 {path}: 先运行 zjj init", f"no database at {path}: run zjj init")
    desk = options.desk(actor=SYSTEM)
    worker = Worker(path, desk.duty, Client(link), options.clock)
    desk.close()
    settle(worker.db, worker.exchange.duty, link)
    return worker


def _once(options: Settings, link: "Link") -> NoReturn:
    """Raises Trouble and StorageError."""
    import asyncio

    from zjj_console.desk import liaison

    async def exchanged() -> tuple[dict[str, int], "View"]:
        worker = _worker(options, link)
        try:
            done = await worker.once()
            view = liaison.view(worker.db, options.path(), options.clock())
            return {"pushed": done.pushed, "confirmed": done.own, "taken": done.foreign, "refused": done.refused}, view
        finally:
            await worker.close()

    done, view = asyncio.run(exchanged())
    data = {
        **done,
        "cursor": view.cursor,
        "head": view.standing.head,
        "waiting": view.waiting,
        "conflicts": view.conflicts,
    }
    text = options.say(f"上传 {done['pushed']}，取回 {done['taken']}，共同次序至 {view.cursor}",
                       f"sent {done['pushed']}, took {done['taken']}, the order up to {view.cursor}")  # fmt: skip
    options.finish(Result(data, text, 0, _warned(options, view)))


def _warned(options: Settings, view: "View") -> list[str]:
    found = []
    if view.conflicts:
        found.append(options.say(f"冲突 {view.conflicts} 项未处理: zjj sync conflicts", f"{view.conflicts} conflicts wait: zjj sync conflicts"))  # fmt: skip
    if view.standing.kind == "clock":
        found.append(options.say(view.standing.zh, view.standing.en))
    return found


async def _go_on(options: Settings, link: "Link") -> int:
    """Until a signal: TERM is the ordinary end, INT leaves with 130. Troubles are told when they begin and end."""
    import asyncio

    worker = _worker(options, link)
    working = asyncio.create_task(worker.run())
    by: list[int] = []

    def asked(number: int) -> None:
        by.append(number)
        working.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked, number)
    telling = asyncio.create_task(_narrate(options, worker))
    try:
        await working
    except asyncio.CancelledError:
        if not by:
            raise
    finally:
        telling.cancel()
        await worker.close()
    return 130 if signal.SIGINT in by else 0


async def _narrate(options: Settings, worker: "Worker") -> None:
    """On stderr, what changes."""
    import asyncio

    told = ""
    while True:
        standing = worker.standing
        said = options.say(standing.zh, standing.en)
        if said != told:
            told = said
            show(Result(warnings=[said or options.say("与中心已连通", "the hub is reached")]), as_json=False)
            sys.stderr.flush()
        await asyncio.sleep(1)


# looking --------------------------------------------------------------------------------------------------------------


@app.command()
def status(context: typer.Context) -> None:
    """与中心的往来: 数据截至何时、次序到第几条、待上传几条、冲突几项、出了什么问题。不联网。"""
    from zjj_console.desk import liaison
    from zjj_console.desk.wording import iso, moment
    from zjj_console.sync import link as links

    options = settings(context)
    desk = options.desk()
    now = desk.now()
    view = liaison.view(desk.reader, options.path(), now)
    try:
        link = links.load(options.path())
        letter = link.console or desk.console  # a link written by hand may name none
        where = options.say(f"中心 {link.url}，案号字母 {letter}", f"hub {link.url}, console {letter}")
    except links.LinkError as error:
        link, letter, where = None, "", options.say(error.zh, error.en)
    s = view.standing
    at = {name: iso(value, desk.duty) if value else None
          for name, value in (("as_of", s.level), ("contact", s.contact), ("cut_since", s.cut), ("oldest_waiting", view.oldest))}  # fmt: skip
    data: dict[str, Any] = {
        "hub": link.url if link else None, "console": letter or None, "state": view.state, **at,
        "cursor": view.cursor, "head": s.head, "waiting": view.waiting, "conflicts": view.conflicts,
        "clock_offset_seconds": round(s.offset / 1e6), "trouble": s.code or None, "trouble_zh": s.zh or None,
    }  # fmt: skip
    lines = [where]
    if view.state != "none":
        level = moment(s.level, now, desk.duty) if s.level else ""
        since = (
            options.say(f"数据截至 {level}", f"data as of {level}")
            if level
            else options.say("数据未曾取齐", "never level with the hub yet")
        )
        lines += [
            options.say(f"{since}，次序 {view.cursor}/{max(s.head, view.cursor)}",
                        f"{since}, order {view.cursor} of {max(s.head, view.cursor)}"),
            options.say(f"待上传 {view.waiting} 条，冲突 {view.conflicts} 项", f"{view.waiting} to send, {view.conflicts} conflicts"),
        ]  # fmt: skip
        if s.zh:
            lines.append(options.say(s.zh, s.en))
    options.finish(Result(data, "\n".join(lines)))


@app.command()
def conflicts(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="已处理的也列出")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=5000, help="最多几项")] = 200,
) -> None:
    """未生效的操作: 谁、何时、想做什么、为何未生效；旧的在前。都留存，等人处理。"""
    from zjj_console.commands.output import aligned
    from zjj_console.desk import conflict_view as told
    from zjj_console.desk import wording
    from zjj_console.i18n import teller
    from zjj_console.storage import reads_conflicts

    options = settings(context)
    desk = options.desk()
    say = teller(options.lang)
    found = reads_conflicts.listed(desk.reader, limit, everything=everything)
    head = options.say("编号 案件 时间 谁 动作 为何 情况", "id case time who act why standing").split()
    rows = [(_short(clash), clash.first.handle or "-", wording.moment(clash.first.at, desk.now(), desk.duty),
             told.by(desk.town, clash, say), told.what(clash, say), told.why(clash, say), told.stands(clash, say))
            for clash in found]  # fmt: skip
    text = "\n".join(aligned([tuple(head), *rows])) if rows else options.say("没有冲突", "no conflicts")
    options.finish(Result({"conflicts": [_json(clash, desk) for clash in found]}, text))


def _short(clash: "Clash") -> str:
    """The end of the id: what a person copies; the beginning is the time and alike for all of a minute."""
    return clash.id[-8:]


def _json(clash: "Clash", desk: "Desk") -> dict[str, Any]:
    from zjj_console.desk import conflict_view as told
    from zjj_console.desk.wording import iso
    from zjj_console.i18n import teller

    say, first = teller("zh"), clash.first
    return {
        "id": clash.id, "events": [line.event_id for line in clash.events], "kinds": [line.kind for line in clash.events],
        "case": first.handle or None, "stream": first.stream, "actor": first.actor, "own": first.own, "desk": first.desk or None,
        "at": iso(first.at, desk.duty), "reason": " ".join(dict.fromkeys(n for line in clash.events for n in line.reason.split())),
        "why_zh": told.why(clash, say), "provisional": clash.provisional, "resolved": clash.settled,
        "choice": first.choice or None,
        "fields": [{"field": d.name, "saw": d.saw, "wanted": d.wanted, "stands": d.stands}
                   for d in told.differences(desk.reader, desk.town, clash, say)],
    }  # fmt: skip


@app.command()
def resolve(
    context: typer.Context,
    conflict: Annotated[str, typer.Argument(metavar="ID", help="冲突编号，开头或末尾几位即可")],
    take: Annotated[
        str, typer.Option("--take", help="local 以未生效的一方为准(另行重做)|remote 以已生效的为准|keep 两方留存备查")
    ],
    key: Key = "",
) -> None:
    """处理一项冲突: 记下以谁为准；不改案件本身，要改就在案件上重做。"""
    from zjj_console.desk import conflicts as settling

    options = settings(context)
    desk = options.desk()
    outcome = act(desk, settling.resolve(conflict, take), key=key, content=f"sync resolve {conflict} {take}")
    options.finish(result_of(options, desk, outcome))
