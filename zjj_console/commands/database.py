"""`zjj db`: check, index, backup, restore, migrate, rebuild."""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from zjj_console.commands.audit import way_out
from zjj_console.commands.context import Settings, Stop, settings
from zjj_console.commands.output import Fault, Result

app = typer.Typer(no_args_is_help=True, help="数据库: 检查、检索索引、备份、恢复、升级、重建")


@app.command()
def check(context: typer.Context) -> None:
    """检查文件页、版本、哈希链与投影。"""
    from zjj_console.storage import bulk
    from zjj_console.storage.audit import verify
    from zjj_console.storage.backup import integrity

    options = settings(context)
    desk = options.desk()
    pages = integrity(desk.reader)
    report = verify(desk.reader, desk.duty)
    size = options.path().stat().st_size
    data = {"pages": pages, "events": report.events, "cases": report.cases, "bytes": size, "path": str(options.path())}
    errors, way = [], way_out(pages, report)
    if pages != "ok":
        said = options.say(f"文件损坏: {pages}{way[0]}", f"damaged: {pages}{way[1]}")
        errors.append(Fault("E_INTEGRITY", said))
    if report.bad is not None:
        said = options.say(report.message_zh + way[0], report.message + way[1])
        errors.append(Fault("E_INTEGRITY", said, f"event {report.bad}"))
    if bulk.lacking(desk.reader):
        said = options.say("一次导入停在半途，索引未补齐: 腾出空间后 zjj db index",
                           "an import stopped halfway, indexes are missing: make room, then zjj db index")  # fmt: skip
        errors.append(Fault("E_STORAGE", said))
    text = "" if errors else f"数据库完好: {report.events} 条事件 {report.cases} 件案件 {size / 1e6:.1f} MB"
    options.finish(Result(data, text, 1 if errors else 0, errors=errors))


@app.command()
def index(context: typer.Context) -> None:
    """补齐检索索引: 大批导入后先做，检索即快；控制台开着时会自行补。"""
    options = settings(context)
    desk = options.desk()
    rows = 0
    while some := desk.index_texts():
        rows += some
    desk.close()
    options.finish(Result({"rows": rows}, f"检索索引已补 {rows} 件"))


@app.command()
def backup(
    context: typer.Context,
    to: Annotated[Path | None, typer.Option("--to", metavar="DIR", help="备份目录，默认数据库旁 backups/")] = None,
    keep: Annotated[int, typer.Option("--keep", min=0, help="只留最近几份，0 为全留")] = 0,
) -> None:
    """在线备份；写完读回校验后才算数；空间不足时不写。"""
    from zjj_console.storage import backup as store
    from zjj_console.storage import disk

    options = settings(context)
    path = options.path()
    options.desk().close()
    folder = to or path.parent / "backups"
    saved = store.backup(path, folder)
    try:
        removed = store.prune(folder, path.stem, keep)
    except OSError as error:
        zh, en = disk.why(error)
        raise Stop(1, "E_STORAGE", f"已备份 {saved}，但删不了旧备份: {zh}",
                   f"saved as {saved}, but old backups stay: {en}") from error  # fmt: skip
    size = saved.stat().st_size
    data = {"file": str(saved), "bytes": size, "verified": True, "removed": [str(p) for p in removed]}
    options.finish(Result(data, f"已备份并校验: {saved} {size / 1e6:.1f} MB"))


@app.command()
def restore(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="不给则取最近一份校验通过的备份")] = None,
    folder: Annotated[
        Path | None, typer.Option("--from", metavar="DIR", help="备份目录，默认数据库旁 backups/")
    ] = None,
) -> None:
    """用一份校验通过的备份替换数据库；原文件改名保留。不指明文件时，跳过损坏的，取最近一份完好的。"""
    from zjj_console.storage import backup as store

    options = settings(context)
    _keeper_only(options)
    warnings: list[str] = []
    if file is None:
        file, bad = _last_good(options, folder or options.path().parent / "backups")
        warnings = [options.say(f"跳过损坏的备份 {path}: {why}", f"passed over {path}: {why}") for path, why in bad]
    if not file.is_file():
        raise Stop(6, "E_NOT_FOUND", f"没有备份文件 {file}", f"no backup {file}")
    _no_drill(file)
    kept = store.restore(file, options.path())
    data = {"path": str(options.path()), "from": str(file), "kept": str(kept) if kept else None}
    note = f"，原文件留为 {kept}" if kept else ""
    options.finish(Result(data, f"已恢复 {file}{note}", 0, warnings))


def _last_good(options: Settings, folder: Path) -> tuple[Path, list[tuple[Path, str]]]:
    """The newest backup that verifies, with those passed over. Exit 6 where there is none, 1 where none verifies."""
    from zjj_console.storage import backup as store

    found, bad = store.last_good(folder, options.path().stem)
    if found is not None:
        return found, bad
    if bad:
        raise Stop(1, "E_INTEGRITY", f"{folder} 的 {len(bad)} 份备份都已损坏，最近一份: {bad[0][1]}；未改动，请用 --from 另指目录",
                   f"none of the {len(bad)} backups in {folder} verifies; nothing was changed, name another folder by --from")  # fmt: skip
    raise Stop(6, "E_NOT_FOUND", f"{folder} 没有 {options.path().stem} 的备份；请用 --from 另指目录，或给出文件",
               f"no backup of {options.path().stem} in {folder}; name another folder by --from, or a file")  # fmt: skip


@app.command()
def migrate(context: typer.Context) -> None:
    """把旧版数据库升级到当前版本；升级前先备份。"""
    from zjj_console.storage import setup
    from zjj_console.storage.db import HEAD

    options = settings(context)
    path = options.path()
    _keeper_only(options)
    if not path.exists():
        raise Stop(6, "E_NOT_FOUND", f"没有数据库 {path}", f"no database {path}")
    saved = setup.migrate(path)
    text = f"已升级到 {HEAD}，旧版备份在 {saved}" if saved else f"已是最新版本 {HEAD}"
    options.finish(Result({"version": HEAD, "backup": str(saved) if saved else None}, text))


def _keeper_only(options: Settings) -> None:
    """Exchanging a database with real operators takes one of its keepers; a damaged one has nobody left to ask."""
    from zjj_console.desk.session import keeps, who
    from zjj_console.storage.db import SqliteError, StorageError, connect

    if not options.path().is_file():
        return
    try:
        with closing(connect(options.path(), readonly=True)) as db:
            if not db.execute("SELECT count(*) FROM operator").fetchone()[0]:
                return
            actor = who(db, options.town(), options.operator, options.pin())
    except SqliteError:
        return
    except StorageError as error:
        if error.code != 1:
            raise
        return
    if not keeps(actor):
        raise Stop(7, "E_PERMISSION", "只有管理员、镇中心负责人、值班长可做", "only keepers of the system may do this")


def _no_drill(file: Path) -> None:
    """The database of a drill does not come back as the town's own; a file that cannot be read is judged by the restore."""
    from zjj_console.storage.db import SqliteError, StorageError, connect, meta

    try:
        db = connect(file, readonly=True)
        drill = meta(db, "drill")
        db.close()
    except (SqliteError, StorageError):
        return
    if drill:
        raise Stop(5, "E_CONFLICT", f"{file} 是演练 {drill} 的数据库，不作正式数据库恢复；请选真正的备份",
                   f"{file} is the database of the drill {drill} and no backup; choose a real one")  # fmt: skip


@app.command()
def rebuild(context: typer.Context) -> None:
    """按日志重算全部投影，结果与原来一致。"""
    options = settings(context)
    desk = options.desk()
    cases = desk.rebuild()
    options.finish(Result({"cases": cases}, f"已按日志重建 {cases} 件案件的投影"))
