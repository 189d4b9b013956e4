"""`zjj doctor`: is this machine fit for duty, and what to do if not; `--policy` lists what the product claims."""

import locale
import os
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from zjj_console.commands.audit import way_out
from zjj_console.commands.context import Settings, Stop, settings
from zjj_console.commands.output import Fault, Result

if TYPE_CHECKING:
    from zjj_console.storage.db import Connection

Check = tuple[str, bool | None, str]  # name, fit (None = not judged here), what was found and what to do


def doctor(
    context: typer.Context,
    policy: Annotated[bool, typer.Option("--policy", help="列出本产品已落实的条款与证明它的测试")] = False,
) -> None:
    """检查终端、语言环境、时钟、数据库、配置，并说明怎么办。"""
    options = settings(context)
    if policy:
        _claims(options)
    checks = list(_checks(options))
    rows = [{"check": name, "ok": fit, "found": found} for name, fit, found in checks]
    word = {True: "好", False: "差", None: "-"}
    text = "\n".join(f"{word[fit]}  {name}: {found}" for name, fit, found in checks)
    errors = [Fault("E_DOCTOR", f"{name}: {found}") for name, fit, found in checks if fit is False]
    options.finish(Result({"checks": rows}, text, 1 if errors else 0, errors=errors))


def _checks(options: Settings) -> Iterator[Check]:
    from zjj_console.storage import db as database
    from zjj_console.town.calendar import day_type
    from zjj_console.town.validate import validate

    yield "Python", sys.version_info >= (3, 11), sys.version.split()[0]
    version = ".".join(map(str, database.sqlite_version()))
    safe = database.sqlite_version() >= database.SAFE_SQLITE
    yield "SQLite", safe, version if safe else f"{version} 有预写日志缺陷，请安装 pysqlite3 >= 0.6.1"
    encoding = locale.getpreferredencoding(False)
    utf8 = encoding.upper().replace("-", "") == "UTF8"
    yield "编码", utf8, encoding if utf8 else f"{encoding}；请用 UTF-8，如 export LANG=C.UTF-8"
    yield "终端", *_terminal()
    town = options.town()
    findings = validate(town)
    yield "配置", not findings.errors, f"{town.name} {len(findings.errors)} 处错误 {len(findings.warnings)} 处提醒"
    today = _today(options, town.timezone)
    known = day_type(town, today)[1]
    yield "日历", known or None, f"{today.year} 年" + ("" if known else "节假日未知，按周一至周五计；请补 calendar.csv")
    path = options.path()
    if not path.exists():
        yield "数据库", None, f"尚未建立 {path}；zjj init 或首次使用时建立"
        return
    try:
        with closing(database.connect(path, readonly=True)) as db:
            database.check_version(db)
            yield from _database(options, db)
    except database.StorageError as error:
        yield "数据库", False, error.zh
    except database.UNREADABLE as error:
        yield "数据库", False, database.translated(error, path).zh


def _database(options: Settings, db: "Connection") -> Iterator[Check]:
    from zjj_console.storage import backup, bulk, journal
    from zjj_console.storage import db as database
    from zjj_console.storage.audit import verify

    path = options.path()
    pages, report = backup.integrity(db), verify(db)
    yield "数据库", pages == "ok", f"{path} {path.stat().st_size / 1e6:.1f} MB 版本 {database.HEAD} {pages}"
    yield "日志", report.bad is None, report.message_zh or f"{report.events} 条事件相连；各表是否与之一致: zjj db check"
    saved = backup.backups(path.parent / "backups", path.stem)
    last = f"最近 {saved[-1].name}，共 {len(saved)} 份" if saved else "没有，请 zjj db backup"
    yield "备份", bool(saved) or None, last
    if pages != "ok" or report.bad is not None:
        way = way_out(pages, report)[0].lstrip("；")
        yield "怎么办", False, way if saved or "restore" not in way else f"{way}；这里没有备份，--from 指明在哪里"
        return
    if bulk.lacking(db):
        yield "索引", False, "一次导入停在半途，未补齐: 腾出空间后 zjj db index"
    drill = database.meta(db, "drill")
    if drill:
        yield "演练", False, f"这是演练 {drill} 的数据库，不作正式数据库；请换 --db"
    behind = (journal.last_own(db) or 0) - options.clock()
    yield (
        "时钟",
        behind < 60_000_000,
        "正常" if behind < 60_000_000 else f"比最后一条记录早 {behind // 60_000_000} 分钟，请校时",
    )


def _today(options: Settings, timezone: str) -> date:
    return datetime.fromtimestamp(options.clock() / 1_000_000, ZoneInfo(timezone)).date()


def _terminal() -> tuple[bool | None, str]:
    if not sys.stdout.isatty():
        return None, "不是终端，未测"
    if os.environ.get("TERM", "dumb") == "dumb":
        return False, "TERM=dumb，控制台不能绘制；命令行可用"
    size = os.get_terminal_size()
    fit = size.columns >= 80 and size.lines >= 24
    return fit, f"{size.columns}x{size.lines}" + ("" if fit else "，至少 80x24")


def _claims(options: Settings) -> None:
    import tomllib

    from zjj_console.commands.output import aligned

    path = options.town().path / "policy.toml"
    if not path.is_file():
        raise Stop(6, "E_NOT_FOUND", "此配置没有条款清单 policy.toml", "this profile has no policy.toml")
    claims = tomllib.loads(path.read_text(encoding="utf-8"))["claim"]
    rows: list[tuple[str, ...]] = [("条款", "出处", "要求", "测试数")]
    rows += [(c["id"], c["clause"], c["title"], str(len(c["tests"]))) for c in claims]
    total = len({c["id"] for c in claims})
    options.finish(Result({"claims": claims, "total": total}, "\n".join([*aligned(rows), f"已落实 {total} 条"])))
