"""`zjj gateway`: deliver the outbox by 政务微信, once or on and on; how it stands; a test message. It needs no operator to run."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from zjj_console.commands.context import Settings, Stop, settings, stopped
from zjj_console.commands.output import Fault, Result, show
from zjj_console.commands.rounds import identity, until_stopped

if TYPE_CHECKING:
    from zjj_console.sync.gateway.client import Answer, Client
    from zjj_console.sync.gateway.deliver import Round
    from zjj_console.sync.gateway.setup import Setup

app = typer.Typer(no_args_is_help=True, help="政务微信网关: 发送待发箱、看状态、试发")
PARTLY, NETWORK = 4, 9
Config = Annotated[
    Path | None,
    typer.Option("--config", envvar="ZJJ_GATEWAY", metavar="FILE", help="网关配置，默认数据库旁的 gateway.toml"),
]


def _file(options: Settings, config: Path | None) -> Path:
    return config or options.path().resolve().with_name("gateway.toml")


def configured(options: Settings, config: Path | None) -> tuple[Path, "Setup", str, dict[str, str]]:
    """(file, configuration, secret, user ids). Exit 2 where something is missing or wrong."""
    from zjj_console.sync.gateway import setup

    file = _file(options, config)
    if not file.is_file():
        raise Stop(2, "E_GATEWAY", f"未配置政务微信网关: 没有 {file}；写法见 docs/operators/gateway.md",
                   f"no gateway is configured: {file} is not there; see docs/operators/gateway.md")  # fmt: skip
    try:
        found = setup.load(file)
        return file, found, setup.secret_of(found, file.parent, os.environ), setup.users_of(found, file.parent)
    except setup.SetupError as error:
        raise Stop(2, "E_GATEWAY", error.zh, error.en, error.field) from error


def client_of(options: Settings, file: Path, setup: "Setup", secret: str) -> "Client":
    from zjj_console.sync.gateway.client import Client
    from zjj_console.sync.gateway.setup import SetupError

    try:
        return Client(setup, secret, options.clock, file.parent)
    except SetupError as error:
        raise Stop(2, "E_GATEWAY", error.zh, error.en, error.field) from error


def fault_of(options: Settings, answer: "Answer") -> tuple[int, Fault]:
    """Exit code and sentence of an answer that is no delivery."""
    from zjj_console.sync.gateway.codes import Ask

    said = options.say(answer.zh, answer.en)
    if answer.ask is Ask.CONFIG:
        return 2, Fault("E_GATEWAY", options.say(f"平台拒绝本应用: {said}；改 gateway.toml 或平台设置",
                                                 f"the server refuses this app: {said}; mend gateway.toml or its settings"))  # fmt: skip
    if answer.ask is Ask.RECEIVER:
        return 6, Fault("E_NOT_FOUND", options.say(f"收件人不通: {said}", f"the receiver cannot be reached: {said}"))
    return NETWORK, Fault("E_NETWORK", options.say(f"网关不通: {said}；本地数据无恙，稍后自动再发",
                                                   f"the gateway cannot be had: {said}; local data are safe"))  # fmt: skip


# delivering -----------------------------------------------------------------------------------------------------------


@app.command()
def run(
    context: typer.Context,
    config: Config = None,
    once: Annotated[bool, typer.Option("--once", help="发一轮即退出(cron)；网络不通退出码 9")] = False,
    interval: Annotated[int, typer.Option("--interval", min=1, max=60, help="每几秒看一次")] = 5,
) -> None:
    """发送待发箱里到时的消息，一级在先。不须登录；首次运行前已在箱中的不发(当时由电话告知)。"""
    options = settings(context)
    if options.json and not once:
        raise Stop(2, "E_USAGE", "--json 只用于 gateway run --once", "--json needs gateway run --once")
    runner = Runner(options, *configured(options, config))
    if once:
        runner.once()
    raise typer.Exit(runner.go_on(interval))


class Runner:
    """One process that delivers. Two at once are harmless: a message is claimed before it leaves."""

    def __init__(self, options: Settings, file: Path, setup: "Setup", secret: str, users: dict[str, str]) -> None:
        self.options, self.setup, self.users = options, setup, users
        self.client = client_of(options, file, setup, secret)
        self._db: Any = None
        self._courier: Any = None
        self._file: tuple[int, int] | None = None
        self._told = ""

    def _ready(self) -> Any:
        """The courier on the file that stands there now; a restored database is another file under the same name."""
        from zjj_console.storage import delivery
        from zjj_console.storage.db import StorageError, check_version, connect, meta
        from zjj_console.sync.gateway.deliver import Courier

        path = self.options.path()
        file = identity(path)
        if file is None:
            raise StorageError(1, f"没有数据库 {path}: 先运行 zjj init", f"no database at {path}: run zjj init")
        if self._courier is None or self._file != file:
            self.close()
            self._db = connect(path)
            check_version(self._db)
            self.options.check_real(meta(self._db, "drill"))
            self._file = file
            self._courier = Courier(self._db, self.client, self.setup, self.users, self.options.clock)
            if delivery.begin(self._db, path, self.options.clock()):
                self.say(
                    "自此刻起的消息由网关发送，此前的不发", "messages queued from now on are sent, earlier ones are not"
                )
        return self._courier

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
        self._db = self._courier = None

    def round(self) -> "Round":
        found: Round = self._ready().round()
        return found

    def say(self, zh: str, en: str) -> None:
        if not self.options.quiet:
            print(self.options.say(zh, en), file=sys.stderr)

    def once(self) -> NoReturn:
        from zjj_console.storage.db import StorageError

        try:
            found = self.round()
        except StorageError as error:
            raise stopped(error) from error
        data = {"confirmed": found.confirmed, "retry": found.retry, "failed": found.failed, "dead": found.dead,
                "waiting": found.waiting}  # fmt: skip
        text = told(self.options, found)
        code, errors = PARTLY if found.failed or found.dead else 0, []
        if found.stop is not None:
            code, fault = fault_of(self.options, found.stop)
            errors = [fault]
        elif code:
            errors = [Fault("E_GATEWAY", self.options.say("有消息送不到，改用电话: zjj outbox list --failed",
                                                          "some messages cannot be delivered: zjj outbox list --failed"))]  # fmt: skip
        elif found.hold:
            text += self.options.say("；平台限流，暂停发送", "; held off by the server")
        self.close()
        self.client.close()
        self.options.finish(Result(data, text, code, errors=errors))

    def go_on(self, interval: int) -> int:
        """Until a signal. Trouble of network and database is waited out."""
        code = until_stopped(interval, self.on)
        self.close()
        self.client.close()
        return code

    def on(self) -> None:
        from zjj_console.storage.db import SqliteError, StorageError

        try:
            self.narrate(self.round())
        except StorageError as error:
            if error.code not in (1, 10):  # a wrong version will not mend itself
                raise stopped(error) from error
            self.trouble(self.options.say(error.zh, error.en))
            self.close()
        except SqliteError as error:
            self.trouble(str(error))
            self.close()

    def narrate(self, found: "Round") -> None:
        if found.confirmed or found.failed or found.dead:
            show(Result(text=told(self.options, found)), as_json=False)
            sys.stdout.flush()
        if found.stop is not None:
            self.trouble(fault_of(self.options, found.stop)[1].message)
        elif found.confirmed:
            self._told = ""

    def trouble(self, said: str) -> None:
        """Said once as long as it lasts."""
        if said != self._told:
            self._told = said
            show(Result(warnings=[said]), as_json=False)


def told(options: Settings, found: "Round") -> str:
    parts = ((found.confirmed, "送达", "delivered"), (found.retry, "待重发", "to be sent again"),
             (found.waiting, "因限额稍后发", "held back for a while"), (found.failed, "收件人不通", "unknown receivers"),
             (found.dead, "停发", "given up"))  # fmt: skip
    said = [options.say(f"{zh} {n}", f"{n} {en}") for n, zh, en in parts if n]
    return options.say("，", ", ").join(said) or options.say("没有到时的消息", "nothing is due")


# looking --------------------------------------------------------------------------------------------------------------


@app.command()
def status(context: typer.Context, config: Config = None) -> None:
    """网关: 配置(不含密钥)、自何时起发送、上一轮、各状态条数。不联网。"""
    from zjj_console.desk.undelivered import STATUS_ZH
    from zjj_console.desk.wording import iso, moment
    from zjj_console.storage import delivery
    from zjj_console.storage.db import meta

    options = settings(context)
    desk = options.desk()
    db, now = desk.reader, desk.now()
    lines, set_up = _configuration(options, config)
    begun, run_at, hold = delivery.since(db), int(meta(db, delivery.RUN, "0")), delivery.held(db)
    trouble, counts = meta(db, delivery.TROUBLE), delivery.counts(db)
    when = moment(begun, now, desk.duty) if begun else options.say("从未，或已停用", "never, or switched off")
    lines.append(options.say(f"自何时起发送: {when}", f"delivers since: {when}"))
    if begun and run_at:
        said = options.say(trouble or "正常", trouble or "well")
        lines.append(options.say(f"上一轮: {moment(run_at, now, desk.duty)} {said}", f"last round: {moment(run_at, now, desk.duty)} {said}"))  # fmt: skip
    if hold > now:
        lines.append(
            options.say(f"暂停发送至 {moment(hold, now, desk.duty)}", f"held until {moment(hold, now, desk.duty)}")
        )
    lines += [f"{options.say(zh, status)} {counts[status]}" for status, zh in STATUS_ZH.items() if counts.get(status)]
    data = {"configured": set_up, "since": iso(begun, desk.duty) if begun else None,
            "last_run": iso(run_at, desk.duty) if run_at else None, "trouble": trouble or None,
            "held_until": iso(hold, desk.duty) if hold > now else None, "counts": counts}  # fmt: skip
    options.finish(Result(data, "\n".join(lines)))


def _configuration(options: Settings, config: Path | None) -> tuple[list[str], bool]:
    try:
        _, setup, _, users = configured(options, config)
    except Stop as none:
        return [options.say(none.zh, none.en)], False
    forms = " ".join(setup.features)
    return [options.say(f"平台 {setup.base_url}，应用 {setup.agent_id}，形式 {forms}，对照工号 {len(users)} 个",
                        f"server {setup.base_url}, app {setup.agent_id}, forms {forms}, {len(users)} mapped people")], True  # fmt: skip


@app.command()
def test(
    context: typer.Context,
    to: Annotated[str, typer.Option("--to", metavar="WORKNO", help="收件人工号")],
    config: Config = None,
) -> None:
    """发一条试验消息，不经待发箱。"""
    from zjj_console.commands.acting import work_no
    from zjj_console.sync.gateway.forms import Note

    options = settings(context)
    desk = options.desk()
    file, setup, secret, users = configured(options, config)
    who = work_no(desk.town, to, "to")
    local = desk.duty.local(desk.now())
    note = Note(f"test-{local:%Y%m%d-%H%M%S}-{who}", options.say("网关试验", "gateway test"),
                options.say(f"【试验】{desk.town.name} 值守台 {local:%m-%d %H:%M:%S}，无须处置",
                            f"test of {desk.town.name}, {local:%m-%d %H:%M:%S}: nothing to do"),
                setup.card_url.replace("{case}", ""))  # fmt: skip
    client = client_of(options, file, setup, secret)
    answer = client.send([setup.member(users, who)], note)
    client.close()
    if not answer.ok:
        code, fault = fault_of(options, answer)
        options.finish(Result(code=code, errors=[fault]))
    name = desk.town.people[who].name
    data = {"work_no": who, "userid": setup.member(users, who), "msgid": answer.msgid}
    options.finish(Result(data, options.say(f"已送达 {name}({who})", f"delivered to {who}")))


@app.command()
def off(context: typer.Context) -> None:
    """停用: 不再视为有网关，未送达不再告警；再次 gateway run 即重新开始。"""
    from zjj_console.commands.acting import only_keepers
    from zjj_console.storage import delivery
    from zjj_console.storage.db import connect

    options = settings(context)
    desk = options.desk()
    only_keepers(desk.actor, "停用网关", "switch the gateway off")
    db = connect(options.path())
    delivery.switch_off(db)
    db.close()
    options.finish(
        Result(
            {"since": None}, options.say("网关已停用: 消息改由电话、电台告知", "switched off: orders go by telephone")
        )
    )
