"""What every command needs: the chosen database, profile, operator, language and clock."""

import os
import sys
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from zjj_console.commands.output import Result, finish
from zjj_console.geo import CRS_CODES

if TYPE_CHECKING:
    import typer

    from zjj_console.desk.desk import Desk
    from zjj_console.domain.model import Actor
    from zjj_console.storage.db import StorageError
    from zjj_console.town.models import Town


class Stop(Exception):
    """A command cannot go on: exit code, error code, sentence in both languages."""

    def __init__(self, code: int, error: str, zh: str, en: str = "", field: str = "") -> None:
        super().__init__(zh)
        self.code, self.error, self.zh, self.en, self.field = code, error, zh, en or zh, field


@dataclass
class Settings:
    """Global options, as given before the command or by environment."""

    db: Path | None = None
    profile: str = ""
    operator: str = ""
    pin_file: Path | None = None
    json: bool = False
    quiet: bool = False
    lang: str = "zh"
    now: int | None = None

    def path(self) -> Path:
        if self.db:
            return self.db
        from platformdirs import user_data_path

        return user_data_path("zjj") / "zjj.db"

    def clock(self) -> int:
        """µs UTC: the machine's clock, or the fixed instant of a test."""
        return time.time_ns() // 1000 if self.now is None else self.now

    def say(self, zh: str, en: str) -> str:
        return zh if self.lang == "zh" else en

    def finish(self, result: Result) -> NoReturn:
        finish(result, as_json=self.json, quiet=self.quiet)

    def town(self) -> "Town":
        from zjj_console.town.load import builtin

        if not self.profile:
            return self.town_at(builtin())
        from zjj_console.commands.profile_report import locate

        return self.town_at(locate(self.profile))

    def town_at(self, folder: Path) -> "Town":
        from zjj_console.town.load import ProfileError, load_town

        if not folder.is_dir():
            raise Stop(6, "E_NOT_FOUND", f"没有这个配置目录: {folder}", f"no profile at {folder}")
        try:
            return load_town(folder)
        except ProfileError as error:
            raise Stop(13, error.code, str(error)) from error

    def desk(self, *, actor: "Actor | None" = None) -> "Desk":
        """The desk on the chosen database, which is made on first use with the chosen profile."""
        from zjj_console.desk.desk import Desk
        from zjj_console.desk.session import is_trial, who
        from zjj_console.desk.steady import Steady
        from zjj_console.storage.db import StorageError, check_version, connect, meta

        town, path = self.town(), self.path()
        try:
            if not path.exists():
                self.first_use(town)
            db = connect(path, readonly=True)
            try:
                check_version(db)
                self.check_real(meta(db, "drill"))
                self.check_town(meta(db, "town"), town)
                actor = actor or who(db, town, self.operator, self.pin() or self.typed_pin(is_trial(db)))
            finally:
                db.close()
            clock = self.clock if self.now is not None else Steady.over(self.clock, path, town.alarm_rules.clock_jump)
            return Desk(path, town, actor, clock, self.lang)
        except StorageError as error:
            raise stopped(error) from error

    def check_real(self, drill: str) -> None:
        """What a drill left behind is never taken for the town's own record."""
        if drill:
            raise Stop(5, "E_CONFLICT", f"{self.path()} 是演练 {drill} 的数据库，不作正式数据库打开；请换 --db",
                       f"{self.path()} is the database of the drill {drill}: it opens as no real one; choose another --db", "db")  # fmt: skip

    def check_town(self, found: str, town: "Town") -> None:
        """A database speaks its own town's codes; another profile would misread every one of them."""
        if found != town.code:
            raise Stop(13, "E_PROFILE", f"数据库属于 {found}，配置却是 {town.code}: 请用 --profile 选对应的镇",
                       f"the database belongs to {found}, the profile to {town.code}", "profile")  # fmt: skip

    def first_use(self, town: "Town") -> None:
        """The database is made, unless another process that also found none was quicker."""
        from zjj_console.storage.db import StorageError

        try:
            self.create(town)
        except StorageError as error:
            if error.code != 5:
                raise

    def create(self, town: "Town") -> None:
        from zjj_console.storage.setup import create

        try:
            create(self.path(), town.code)
        except OSError as error:
            raise Stop(
                1, "E_STORAGE", f"不能建立数据库 {self.path()}: {error.strerror}", f"cannot create {self.path()}"
            ) from error

    def typed_pin(self, trial: bool) -> str:
        """The operator's PIN from the keyboard, where a person sits at one and no file was given."""
        if trial or not self.operator or not (sys.stdin.isatty() and sys.stderr.isatty()):
            return ""
        import getpass

        return getpass.getpass(f"{self.operator} PIN: ")

    def pin(self) -> str:
        """The operator's PIN from `--pin-file`; empty if none was given."""
        return self.read_pin(self.pin_file) if self.pin_file else ""

    @staticmethod
    def read_pin(path: Path) -> str:
        """A PIN from a file that only its owner can read."""
        if not path.is_file():
            raise Stop(2, "E_USAGE", f"没有口令文件 {path}", f"no PIN file {path}")
        if path.stat().st_mode & 0o077:
            raise Stop(7, "E_PERMISSION", f"{path} 权限须为 0600", f"{path} must have mode 0600")
        return path.read_text(encoding="utf-8").strip()


def stopped(error: "StorageError") -> Stop:
    """A storage error as the end of a command, under the error code of its exit code."""
    names = {5: "E_CONFLICT", 6: "E_NOT_FOUND", 7: "E_PERMISSION", 10: "E_BUSY", 11: "E_MIGRATION"}
    return Stop(error.code, names.get(error.code, "E_STORAGE"), error.zh, error.en)


def settings(context: "typer.Context") -> Settings:
    """The global options of this run."""
    found = context.find_object(Settings)
    assert found is not None
    return found


def parse_now(text: str) -> int:
    """µs UTC of an ISO instant; only tests may set the clock (`ZJJ_TEST=1`)."""
    if os.environ.get("ZJJ_TEST") != "1":
        raise Stop(2, "E_USAGE", "--now 仅在 ZJJ_TEST=1 时可用", "--now works only where ZJJ_TEST=1")
    return instant_of(text)


def instant_of(text: str, offset: str = "+08:00") -> int:
    """µs UTC of an ISO 8601 instant; one without an offset is taken in `offset`."""
    try:
        moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo is None:
            moment = datetime.fromisoformat(
                text.strip() + offset if "T" in text or " " in text else f"{text}T00:00{offset}"
            )
    except ValueError as error:
        raise Stop(
            2, "E_USAGE", f"时间写法应如 2021-03-01T23:41:00+08:00: {text}", f"not an ISO time: {text}"
        ) from error
    return round(moment.timestamp() * 1_000_000)


def one_of(word: str, known: Collection[str], field: str) -> str:
    """The word, where an option knows it: `field` is the option without its dashes. Exit 2 with all that it knows."""
    if word not in known:
        told = " ".join(known)
        raise Stop(2, "E_USAGE", f"--{field} 须为 {told}: {word}", f"--{field} is one of {told}: {word}", field)
    return word


def system(crs: str) -> str:
    """A known system of coordinates, as named on the command line."""
    return one_of(crs, CRS_CODES, "crs")
