"""`zjj outbox`: the messages and what became of them; send again, take back, give up with a second person."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from zjj_console.commands.acting import Second, SecondPin, act, result_of, second_person
from zjj_console.commands.context import Settings, Stop, settings
from zjj_console.commands.do import Key
from zjj_console.commands.gateway import Config, client_of, configured, fault_of
from zjj_console.commands.output import Result

if TYPE_CHECKING:
    from zjj_console.desk.desk import Desk
    from zjj_console.storage.delivery import Letter

app = typer.Typer(no_args_is_help=True, help="待发箱: 列表、重发、撤回、放弃")
Name = Annotated[str, typer.Argument(metavar="KEY", help="消息键，如 d-ZJJ2021-A-01001-1-y1")]


@app.command("list")
def list_(
    context: typer.Context,
    waiting: Annotated[bool, typer.Option("--waiting", help="未送达的: 待发、发送中、待重发、不通、停发")] = False,
    failed: Annotated[bool, typer.Option("--failed", help="不会再自动发的: 收件人不通、停发")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=5000, help="最多几条")] = 50,
) -> None:
    """消息与送达状态，新的在前。"""
    from zjj_console.commands.output import aligned
    from zjj_console.storage import delivery

    options = settings(context)
    desk = options.desk()
    chosen = delivery.LOST if failed else (*delivery.WAITING, *delivery.LOST) if waiting else ()
    found = delivery.letters(desk.reader, chosen, limit)
    head = options.say("时间 状态 次数 收件人 键 说明", "time status tries receiver key note").split()
    rows = [_row(letter, desk, options) for letter in found]
    text = "\n".join(aligned([tuple(head), *rows])) if rows else options.say("没有消息", "no messages")
    options.finish(Result({"messages": [_json(letter, desk) for letter in found]}, text))


def _row(letter: "Letter", desk: "Desk", options: Settings) -> tuple[str, ...]:
    from zjj_console.desk.undelivered import STATUS_ZH
    from zjj_console.desk.wording import moment, person

    note = letter.error
    if letter.next_at > desk.now():
        until = moment(letter.next_at, desk.now(), desk.duty)
        note += options.say(f" {until} 再发", f" again at {until}")
    said = options.say(STATUS_ZH[letter.status], letter.status)
    return (moment(letter.not_before, desk.now(), desk.duty), said, str(letter.attempts),
            f"{person(desk.town, letter.recipient)}({letter.recipient})", letter.key, note.strip())  # fmt: skip


def _json(letter: "Letter", desk: "Desk") -> dict[str, Any]:
    from zjj_console.desk.wording import iso

    def at(instant: int) -> str | None:
        return iso(instant, desk.duty) if instant else None

    return {
        "key": letter.key, "kind": letter.kind, "case": letter.handle or None, "priority": letter.priority or None,
        "work_no": letter.recipient, "status": letter.status, "attempts": letter.attempts, "not_before": at(letter.not_before),
        "next_at": at(letter.next_at), "sent_at": at(letter.sent_at), "done_at": at(letter.done_at),
        "doubt_at": at(letter.doubt_at), "error": letter.error or None, "msgid": letter.msgid or None, "text": letter.body,
    }  # fmt: skip


@app.command()
def retry(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[KEY]...", help="消息键")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="全部不会再自动发的")] = False,
    key: Key = "",
) -> None:
    """重发已停发或收件人不通的(改好配置、对照表之后)。"""
    from zjj_console.desk import posting

    options = settings(context)
    words = list(names or ())
    if bool(words) == failed:
        raise Stop(2, "E_USAGE", "给出消息键，或 --failed，二者取一", "name messages, or --failed, one of them", "key")
    desk = options.desk()
    do = posting.retry(words, everything=failed)
    options.finish(result_of(options, desk, act(desk, do, key=key, content=f"outbox retry {words} {failed}")))


@app.command()
def drop(
    context: typer.Context,
    name: Name,
    reason: Annotated[str, typer.Option("--reason", help="为何放弃")],
    second: Second,
    second_pin_file: SecondPin = None,
    key: Key = "",
) -> None:
    """放弃一条未送达的消息: 须理由与第二人，记入日志。"""
    from zjj_console.desk import posting

    options = settings(context)
    desk = options.desk()
    other, proven = second_person(options, desk, second, second_pin_file)
    do = posting.drop(name, reason, other, proven=proven)
    options.finish(result_of(options, desk, act(desk, do, key=key, content=f"outbox drop {name} {reason} {other}")))


@app.command()
def recall(context: typer.Context, name: Name, config: Config = None) -> None:
    """从对方手机撤回已送达的消息(24 小时内)。"""
    from zjj_console.domain import permits
    from zjj_console.storage import delivery
    from zjj_console.storage.db import connect

    options = settings(context)
    desk = options.desk()
    refusal = permits.refuse_act("acknowledge_alarm", desk.facts())
    if refusal is not None:
        raise Stop(refusal.code, "E_PERMISSION", refusal.zh, refusal.en)
    letter = delivery.find(desk.reader, name)
    if letter is None:
        raise Stop(6, "E_NOT_FOUND", f"没有消息 {name}；zjj outbox list", f"no message {name}; zjj outbox list", "key")
    if letter.status != "CONFIRMED" or not letter.msgid:
        raise Stop(8, "E_REFUSED", f"{name} 未由网关送达，无可撤回", f"{name} was not delivered by the gateway")
    file, setup, secret, _ = configured(options, config)
    client = client_of(options, file, setup, secret)
    answer = client.recall(letter.msgid)
    client.close()
    if not answer.ok:
        code, fault = fault_of(options, answer)
        options.finish(Result(code=code, errors=[fault]))
    db = connect(options.path())
    delivery.recalled(db, letter, desk.actor.work_no)
    db.close()
    options.finish(Result({"key": name}, options.say(f"已撤回 {name}", f"{name} is taken back")))
