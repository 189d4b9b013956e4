"""`zjj hub`: the town's hub, served and looked after. Nothing of it is loaded before it runs."""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zjj_console.commands.context import Settings, Stop, settings
from zjj_console.commands.output import Fault, Result, aligned

if TYPE_CHECKING:
    from zjj_console.hub.inbound_setup import Inbound
    from zjj_console.hub.reports import Rules
    from zjj_console.hub.store import Store

app = typer.Typer(no_args_is_help=True, help="镇中心: 各台共用的次序(须装 hub 附加包)")
Database = Annotated[
    str, typer.Option("--database", envvar="ZJJ_HUB_DB", metavar="URL", help="中心数据库，不给则用本机一个 SQLite 文件")
]
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def _need(*names: str) -> None:
    """Stop with what to install where the extra is not there."""
    if missing := [name for name in names if importlib.util.find_spec(name) is None]:
        told = "、".join(missing)
        raise Stop(2, "E_USAGE", f"未装 {told}: pip install zjj-console[hub]",
                   f"{', '.join(missing)} not installed: pip install zjj-console[hub]")  # fmt: skip


@contextmanager
def _store(options: Settings, database: str, *, made: bool = True) -> Iterator["Store"]:
    """The hub's database; `made` wants a hub in it already. Every way to fail has its exit code and its sentence."""
    from zjj_console.hub.problems import Refused
    from zjj_console.hub.store import Store, Wrong

    if database.startswith("postgres"):
        _need("psycopg")
    store = None
    try:
        store = Store(database or f"sqlite:///{_default()}")
        if made and store.sqlite and not Path(str(store.url.database)).exists():
            raise Wrong(6, "E_NOT_FOUND", f"没有中心 {store.shown}: 先运行 zjj hub init --town CODE",
                        f"no hub at {store.shown}: run zjj hub init --town CODE first")  # fmt: skip
        if made:
            store.check()
        yield store
    except Wrong as wrong:
        raise Stop(wrong.code, wrong.error, wrong.zh, wrong.en) from wrong
    except Refused as refused:
        problem = refused.problem()
        busy = refused.code == "busy"
        raise Stop(10 if busy else 1, "E_BUSY" if busy else "E_STORAGE", problem.zh, problem.en) from refused
    finally:
        if store is not None:
            store.close()


def _default() -> Path:
    from platformdirs import user_data_path

    return user_data_path("zjj") / "hub.db"


@app.command()
def init(
    context: typer.Context,
    town: Annotated[str, typer.Option("--town", metavar="CODE", help="镇代码，与配置一致")],
    database: Database = "",
) -> None:
    """建立一个镇的中心: 数据表与一个空日志；已有同镇的则不动。"""
    from zjj_console.hub import setup

    options = settings(context)
    with _store(options, database, made=False) as store:
        log, new = setup.create(store, town, options.clock())
        where = store.shown
    text = options.say(f"{'已建' if new else '已有'}中心 {town}: {where} 日志 {log}",
                       f"hub of {town} {'made' if new else 'is there already'}: {where} log {log}")  # fmt: skip
    options.finish(Result({"town": town, "log": log, "database": where, "made": new}, text))


@app.command()
def serve(
    context: typer.Context,
    database: Database = "",
    host: Annotated[str, typer.Option("--host", help="监听地址")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535)] = 8730,
    tls_cert: Annotated[Path | None, typer.Option("--tls-cert", help="证书链 PEM")] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", help="私钥 PEM")] = None,
    behind_proxy: Annotated[
        bool, typer.Option("--behind-proxy", help="前面有做 TLS 的代理，只有它够得着本端口")
    ] = False,
    inbound: Annotated[
        Path | None,
        typer.Option(
            "--inbound", envvar="ZJJ_HUB_INBOUND", metavar="FILE", help="收外来上报的门，见 docs/operators/inbound.md"
        ),
    ] = None,
) -> None:
    """提供服务，直到 TERM；日志为每请求一行 JSON，写到 stderr，不含姓名与内容。"""
    options = settings(context)
    if (tls_cert is None) != (tls_key is None):
        raise Stop(2, "E_USAGE", "--tls-cert 与 --tls-key 须一起给", "--tls-cert and --tls-key go together")
    for file in (tls_cert, tls_key):
        if file is not None and not file.is_file():
            raise Stop(2, "E_USAGE", f"没有文件 {file}", f"no file {file}")
    if host not in _LOOPBACK and tls_cert is None and not behind_proxy:
        raise Stop(2, "E_USAGE", f"在 {host} 上不加密监听会泄露凭证: 请给 --tls-cert 与 --tls-key；若前面有做 TLS 的代理，用 --behind-proxy",
                   f"listening on {host} without TLS would give credentials away: give --tls-cert and --tls-key, "
                   "or --behind-proxy where a proxy does TLS")  # fmt: skip
    _need("fastapi", "uvicorn")
    from zjj_console.hub.serving import serve as run

    with _store(options, database) as store:
        rules, open_doors = _doors(options, inbound, store) if inbound is not None else (None, None)
        served = run(store, host, port, cert=tls_cert, key=tls_key, proxy=behind_proxy, rules=rules, inbound=open_doors)
    if not served:
        raise Stop(1, "E_OUTPUT", f"不能在 {host}:{port} 监听，或证书不能用", f"cannot listen on {host}:{port}, or the certificate does not work")  # fmt: skip


def _doors(options: Settings, file: Path, store: "Store") -> tuple["Rules", "Inbound"]:
    """What may come in from outside, and the town by whose profile it becomes cases."""
    from zjj_console.hub import reading
    from zjj_console.hub.inbound_setup import load
    from zjj_console.hub.reports import Rules
    from zjj_console.sync.gateway.setup import SetupError

    try:
        found = load(file)
    except SetupError as error:
        raise Stop(2, "E_INBOUND", error.zh, error.en, error.field) from error
    town = options.town()
    with store.reading() as db:
        of = reading.head_of(db)[1]
    if town.code != of:
        raise Stop(5, "E_CONFLICT", f"配置是 {town.code}，中心是 {of}: 用 --profile 给出本镇的配置",
                   f"the profile is of {town.code}, the hub of {of}: give the town's own with --profile")  # fmt: skip
    if town.inbound.fall_back not in town.categories:
        raise Stop(13, "P-152", "town.toml 的 [inbound] 须有 fall_back: 认不出类别的上报归入的类别",
                   "[inbound] of town.toml needs fall_back: the category of reports whose category nobody can tell")  # fmt: skip
    return Rules(town), found


@app.command()
def enroll(
    context: typer.Context,
    role: Annotated[str, typer.Option("--role", help="console 值守台|reader 只读|gateway 只报案件")] = "console",
    hours: Annotated[int, typer.Option("--hours", min=1, max=336, help="几小时内有效")] = 24,
    database: Database = "",
) -> None:
    """发一个一次性登记码；只显示这一次。"""
    from zjj_console.hub import doors

    options = settings(context)
    if role not in doors.CODE_ROLES:
        raise Stop(2, "E_USAGE", f"角色只有 {' '.join(doors.CODE_ROLES)}: {role}", f"roles are {' '.join(doors.CODE_ROLES)}: {role}")  # fmt: skip
    now = options.clock()
    with _store(options, database) as store:
        made = store.writing(lambda db: doors.new_code(db, role, hours, now))
    text = options.say(f"{made}  角色 {role}，{hours} 小时内有效，只能用一次，不再显示",
                       f"{made}  role {role}, good for {hours} hours, once; not shown again")  # fmt: skip
    options.finish(Result({"code": made, "role": role, "hours": hours}, text))


@app.command()
def devices(context: typer.Context, database: Database = "") -> None:
    """已登记的设备: 台号、角色、上传到第几条、最近何时来过(UTC)、凭证有效至何日。"""
    from zjj_console.hub import doors

    options = settings(context)
    now = options.clock()
    with _store(options, database) as store, store.reading() as db:
        found = doors.listed(db)
    data = [
        {"device": d.id, "console": d.console or None, "name": d.name, "role": d.role, "epoch": d.epoch, "dseq": d.dseq,
         "last_seen": _instant(d.last_seen), "expires": _instant(d.expires),
         "revoked_at": _instant(d.revoked_at) if d.revoked_at else None}
        for d in found
    ]  # fmt: skip
    heads = options.say(
        "台号 角色 设备 名称 代 条 最近(UTC) 有效至 状态", "letter role device name epoch number seen(UTC) until state"
    ).split()
    states = {"revoked": options.say("已停用", "revoked"), "expired": options.say("已过期", "expired"),
              "valid": options.say("有效", "valid")}  # fmt: skip
    lines = [(d.console or "-", d.role, d.id, d.name or "-", str(d.epoch), str(d.dseq), _instant(d.last_seen)[:16],
              _instant(d.expires)[:10], states[d.state(now)]) for d in found]  # fmt: skip
    text = "\n".join(aligned([tuple(heads), *lines])) if found else options.say("尚无设备", "no device")
    options.finish(Result({"devices": data}, text))


def _instant(at: int) -> str:
    return datetime.fromtimestamp(at / 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@app.command()
def revoke(
    context: typer.Context,
    device: Annotated[str, typer.Argument(metavar="DEVICE", help="设备号、其开头(至少 4 位)或台号")],
    database: Database = "",
) -> None:
    """停用一台设备，立即生效；它的数据仍在它那里。"""
    from zjj_console.hub import doors

    options = settings(context)
    now = options.clock()
    with _store(options, database) as store:
        found = store.writing(lambda db: doors.revoke(db, device, now))
        with store.reading() as db:
            own = found is None and doors.is_own(db, device)
    if own:
        raise Stop(8, "E_REFUSED", f"{device} 是中心自己(收报)，不能停用；收报由 zjj hub serve --inbound 决定",
                   f"{device} is the hub itself, which takes reports in: it cannot be revoked; what it takes in is what zjj hub serve --inbound says")  # fmt: skip
    if found is None:
        raise Stop(6, "E_NOT_FOUND", f"没有这台设备，或不止一台: {device}；zjj hub devices 可列出",
                   f"no such device, or several: {device}; zjj hub devices lists them")  # fmt: skip
    options.finish(Result({"device": found}, options.say(f"已停用 {found}", f"revoked {found}")))


@app.command()
def verify(context: typer.Context, database: Database = "") -> None:
    """重走总链与各设备的链，重判每一条；不符时退出码 1，指出第一条。"""
    from zjj_console.hub.verify import verify as prove

    options = settings(context)
    with _store(options, database) as store, store.reading() as db:
        proof = prove(db)
    data = {"events": proof.events, "devices": proof.devices, "first_bad": proof.bad}
    if proof.bad is None:
        text = options.say(f"中心完整: {proof.events} 条，{proof.devices} 台设备，次序、链与裁定均相符",
                           f"whole: {proof.events} events of {proof.devices} devices, order, chains and verdicts hold")  # fmt: skip
        options.finish(Result(data, text))
    message = options.say(proof.zh, proof.en)
    options.finish(Result(data, code=1, errors=[Fault("E_INTEGRITY", message, f"hub_seq {proof.bad}")]))
