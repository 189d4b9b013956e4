"""`zjj watch`: climbs and rings with no console open (§3.6, NV-2). Under systemd it goes on; from cron it looks once."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zjj_console.commands.context import Settings, Stop, settings
from zjj_console.commands.output import Result, show
from zjj_console.commands.rounds import identity, until_stopped

if TYPE_CHECKING:
    from zjj_console.desk.alarming import Alarm
    from zjj_console.desk.desk import Desk
    from zjj_console.desk.watching import Glance

ALARMS = 12
EXEC_SECONDS = 20  # a bell that takes longer is broken; the next look must not wait for it


def watch(
    context: typer.Context,
    once: Annotated[
        bool, typer.Option("--once", help="看一次即退出(cron)；有未确认告警而无值守台在看时退出码 12")
    ] = False,
    interval: Annotated[int, typer.Option("--interval", min=1, max=60, help="每几秒看一次")] = 15,
    command: Annotated[
        str, typer.Option("--exec", metavar="CMD", help="响铃时另行运行，告警文字在环境变量 ZJJ_ALARM")
    ] = "",
    log: Annotated[Path | None, typer.Option("--log", metavar="FILE", help="把每项新告警追加写到文件")] = None,
) -> None:
    """没有值守台打开时升级与响铃；值守台心跳仍在则只升级、只记录。不须登录: 只做时间到了就该做的事。"""
    options = settings(context)
    if options.json and not once:
        raise Stop(2, "E_USAGE", "--json 只用于 watch --once", "--json needs watch --once")
    watcher = Watcher(options, "once" if once else "loop", command, log)
    if once:
        options.finish(watcher.once())
    raise typer.Exit(watcher.go_on(interval))


class Watcher:
    """One process that looks. Two at once are harmless: what one has raised the other finds raised."""

    def __init__(self, options: Settings, name: str, command: str, log: Path | None) -> None:
        from zjj_console.desk.watching import Memory

        self.options, self.command, self.log = options, command, log
        self.memory = Memory(options.path(), name)
        self.seen = self.memory.recall()
        self._desk: Desk | None = None
        self._file: tuple[int, int] | None = None
        self._told: set[str] = set()  # troubles that have been told and still last

    def desk(self) -> "Desk":
        """The desk on the file that stands there now: a restored database is another file under the same name."""
        from zjj_console.storage.db import StorageError

        path = self.options.path()
        file = identity(path)
        if self._desk is not None and file == self._file:
            return self._desk
        self.close()
        if file is None and self._file is not None:  # being restored: an empty one must not take its place
            raise StorageError(1, f"数据库 {path} 不见了，等它回来", f"the database {path} is gone; waiting for it")
        self._desk = self.options.desk(actor=_nobody(path))
        self._file = identity(path)
        return self._desk

    def close(self) -> None:
        if self._desk is not None:
            self._desk.close()
        self._desk = None

    # one look -------------------------------------------------------------------------------------------------------

    def look(self) -> "Glance":
        from zjj_console.desk.watching import look

        desk = self.desk()
        glance = look(desk, self.seen)
        self.seen = glance.seen
        for alarm in glance.fresh:
            self.write(_line(alarm, desk, glance.at, self.options.lang))
        if glance.called:
            self.ring(glance, desk)
        if not self.memory.keep(self.seen):
            self.trouble("memory", f"写不了 {self.memory.path}: 下次会重复响铃",
                         f"cannot write {self.memory.path}: the next run rings again")  # fmt: skip
        return glance

    def write(self, line: str) -> None:
        if not (self.options.json or self.options.quiet):
            show(Result(text=line), as_json=False)
            sys.stdout.flush()
        if self.log is None:
            return
        try:
            with self.log.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        except OSError as error:
            self.trouble("log", f"写不了 {self.log}: {error.strerror}", f"cannot write {self.log}: {error.strerror}")

    def ring(self, glance: "Glance", desk: "Desk") -> None:
        """The terminal's bell where there is one, and the command that the operator chose."""
        from zjj_console.desk.watching import told

        if sys.stderr.isatty():
            sys.stderr.write("\a")
            sys.stderr.flush()
        if not self.command:
            return
        env = {**os.environ, "ZJJ_ALARM": told(glance, desk, self.options.lang), "ZJJ_ALARMS": str(len(glance.ringing))}
        process = subprocess.Popen(
            self.command, shell=True, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            code = process.wait(EXEC_SECONDS)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            code = -signal.SIGKILL
        if code:
            self.trouble(
                "exec", f"响铃命令以 {code} 结束: {self.command}", f"the bell ended with {code}: {self.command}"
            )
        else:
            self._told.discard("exec")

    def trouble(self, kind: str, zh: str, en: str) -> None:
        """Said once as long as it lasts: a watch that cannot write its log still rings."""
        if kind not in self._told:
            self._told.add(kind)
            show(Result(warnings=[self.options.say(zh, en)]), as_json=False)

    # once, or on and on -----------------------------------------------------------------------------------------------

    def once(self) -> Result:
        glance = self.look()
        desk = self.desk()
        alarming = glance.unacked > 0 and not glance.pulse.alive
        if glance.trouble is not None and not alarming:
            raise glance.trouble
        code = ALARMS if alarming else 0
        warnings = [self.options.say(glance.trouble.zh, glance.trouble.en)] if glance.trouble else []
        return Result(_json(glance, desk), "", code, warnings)

    def go_on(self, interval: int) -> int:
        """Until a signal. Trouble with the database is waited out."""
        code = until_stopped(interval, self.on)
        self.close()
        return code

    def on(self) -> None:
        from zjj_console.storage.db import SqliteError, StorageError

        try:
            trouble = self.look().trouble
            if trouble is None:
                self._told.discard("database")
            else:
                self.trouble("database", trouble.zh, trouble.en)
        except (StorageError, Stop) as error:
            if error.code not in (1, 10):  # a wrong profile or version will not mend itself
                raise
            self.trouble("database", error.zh, error.en)
            self.close()
        except SqliteError as error:
            self.trouble("database", f"数据库错误: {error}", f"database error: {error}")
            self.close()


def _nobody(path: Path) -> Any:
    """Time itself acts, in trial as in earnest; no work number and no PIN stand in a unit file."""
    from msgspec.structs import replace

    from zjj_console.desk.session import is_trial
    from zjj_console.desk.sweeping import SYSTEM
    from zjj_console.storage.db import connect

    if not path.exists():
        return replace(SYSTEM, trial=True)
    db = connect(path, readonly=True)
    try:
        return replace(SYSTEM, trial=is_trial(db))
    finally:
        db.close()


def _line(alarm: "Alarm", desk: "Desk", now: int, lang: str) -> str:
    """`2021-03-01 23:24:05 !!!急超 1042 签收 一级 E2 起 2021-03-01 23:20:00`: when it was seen, what, since when."""
    from zjj_console.desk import alarm_words

    seen, at = (f"{desk.duty.local(at):%Y-%m-%d %H:%M:%S}" for at in (now, alarm.raised))
    since = f" {'起' if lang == 'zh' else 'since'} {at}" if alarm.raised else ""  # of an old vacancy nobody knows
    acked = (
        ("" if alarm.acked is None else " 已确认") if lang == "zh" else ("" if alarm.acked is None else " acknowledged")
    )
    return f"{seen} {alarm_words.line(alarm, desk.town, lang)}{since}{acked}"


def _json(glance: "Glance", desk: "Desk") -> dict[str, Any]:
    from zjj_console.commands import alarm_shape as shape
    from zjj_console.desk.wording import iso
    from zjj_console.storage import duty_rows

    def told(alarm: "Alarm") -> dict[str, Any]:
        return shape.alarm(alarm, desk, duty_rows.load_climb(desk.reader, alarm.subject) if alarm.level else None)

    pulse = glance.pulse
    return {
        "at": iso(glance.at, desk.duty),
        "console": {"state": pulse.state, "beat": iso(pulse.since, desk.duty) if pulse.since else None},
        "rang": glance.called,
        "fresh": [told(alarm) for alarm in glance.fresh],
        "unacked": glance.unacked,
        "total": len(glance.standing),
    }
