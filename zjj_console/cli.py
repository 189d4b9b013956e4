"""The `zjj` command: opens the console at once, or hands over to the tree of commands; every failure has its exit code."""

import errno
import gc
import os
import sys
from collections.abc import Callable
from pathlib import Path

from zjj_console.commands.context import Settings, Stop, parse_now, stopped
from zjj_console.commands.output import Fault, Result, show

_BARE = {"--db": "ZJJ_DB", "--profile": "ZJJ_PROFILE", "--as": "ZJJ_OPERATOR", "--pin-file": "", "--lang": "ZJJ_LANG",
         "--now": "ZJJ_NOW"}  # fmt: skip


def main() -> None:
    """Run, and turn every way to fail into its exit code and, with --json, into the one object."""
    english = "en" in (os.environ.get("ZJJ_LANG"), *_after("--lang"))
    options = Settings(json="--json" in sys.argv, lang="en" if english else "zh")
    try:
        code = (_bare_start(sys.argv[1:]) or _tree)()
    except Stop as stop:
        code = _failed(options, stop)
    except KeyboardInterrupt:
        code = _failed(options, Stop(130, "E_INTERRUPTED", "已中断，未留半截写入", "interrupted; nothing half-written"))
    except Exception as error:
        code = _failed(options, _as_stop(error))
    sys.exit(code or 0)


def _tree() -> int:
    from zjj_console.commands.tree import app

    return int(app(standalone_mode=False) or 0)


def _bare_start(arguments: list[str]) -> Callable[[], int] | None:
    """`zjj` with nothing but global options on a terminal: the console, without building the tree of commands."""
    names, values = arguments[::2], arguments[1::2]
    if len(names) != len(values) or any(name not in _BARE for name in names) or not sys.stdout.isatty():
        return None
    given = {name: os.environ.get(variable, "") for name, variable in _BARE.items()} | dict(
        zip(names, values, strict=True)
    )
    if given["--lang"] not in ("", "zh", "en"):
        return None
    settings = Settings(
        Path(given["--db"]) if given["--db"] else None,
        given["--profile"],
        given["--as"],
        Path(given["--pin-file"]) if given["--pin-file"] else None,
        lang=given["--lang"] or "zh",
        now=parse_now(given["--now"]) if given["--now"] else None,
    )

    def start() -> int:
        gc.disable()  # nothing of a start is garbage; the console turns it on again behind its first picture
        from zjj_console.commands.opening import open_console

        return open_console(settings, os.environ.get("ZJJ_THEME", "night"))

    return start


def _after(option: str) -> list[str]:
    return [value for name, value in zip(sys.argv, sys.argv[1:], strict=False) if name == option]


def _as_stop(error: Exception) -> Stop:
    usage = getattr(error, "format_message", None)
    if usage is not None:  # a mistake in the command line itself
        return Stop(getattr(error, "exit_code", 2), "E_USAGE", usage())
    from msgspec import MsgspecError

    from zjj_console.storage import disk
    from zjj_console.storage.db import SqliteError, StorageError, translated

    if isinstance(error, SqliteError):
        error = translated(error, None)
    if isinstance(error, UnicodeDecodeError | MsgspecError):
        what = type(error).__name__
        return Stop(1, "E_INTEGRITY", f"读到不能解释的内容({what})，数据库或文件可能已损坏: zjj db check 检查",
                    f"something cannot be read ({what}), the database or a file may be damaged: zjj db check")  # fmt: skip
    if isinstance(error, StorageError):  # one that a command let through
        return stopped(error)
    if isinstance(error, UnicodeEncodeError) and error.reason.startswith("surrogates"):
        return Stop(2, "E_USAGE", "命令行里有不是 UTF-8 的字节；核对终端的编码 (locale)，或重新键入",
                    "there are bytes on the command line that are no UTF-8; check the terminal's locale, or type it again")  # fmt: skip
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        return Stop(2, "E_USAGE", "文件名过长；换一个短的", "the name of the file is too long; choose a shorter one")
    if isinstance(error, OSError):  # a full disk or a closed pipe under what was printed
        zh, en = disk.why(error)
        name = f" {error.filename}" if error.filename else ""
        return Stop(1, "E_OUTPUT", f"写输出失败{name}: {zh}", f"cannot write the output{name}: {en}")
    if os.environ.get("ZJJ_DEBUG"):
        raise error
    kind = type(error).__name__
    return Stop(1, "E_UNEXPECTED", f"意外错误 {kind}: {error}；zjj db check 检查数据库，ZJJ_DEBUG=1 可看详情",
                f"unexpected {kind}: {error}; zjj db check looks at the database, ZJJ_DEBUG=1 shows the trace")  # fmt: skip


def _failed(options: Settings, stop: Stop) -> int:
    fault = Fault(stop.error, options.say(stop.zh, stop.en), stop.field)
    show(Result(code=stop.code, errors=[fault]), as_json=options.json)
    return stop.code


if __name__ == "__main__":
    main()
