"""How a command speaks: data on stdout, narration on stderr, one exit code. The only writer to stdout."""

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn


@dataclass(frozen=True)
class Fault:
    """One error of the JSON envelope."""

    code: str
    message: str
    field: str = ""

    def as_json(self) -> dict[str, Any]:
        return {"code": self.code, "message": self.message, "field": self.field or None}


@dataclass(frozen=True)
class Result:
    """What a command found or did. `text` is what people read; `data` what scripts read."""

    data: Any = None
    text: str = ""
    code: int = 0
    warnings: list[str] = field(default_factory=list)
    errors: list[Fault] = field(default_factory=list)


_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")

_HALF = re.compile("[\ud800-\udfff]")


def _clean(text: str) -> str:
    """No text, wherever it came from, steers the terminal that it is printed on, nor fails to be printed."""
    return _STEERING.sub("", text).encode("utf-8", "replace").decode()


def show(result: Result, *, as_json: bool, quiet: bool = False) -> None:
    """Print the result in the chosen form."""
    if as_json:
        envelope = {
            "ok": result.code == 0,
            "code": result.code,
            "data": result.data,
            "warnings": result.warnings,
            "errors": [fault.as_json() for fault in result.errors],
        }
        told = json.dumps(envelope, ensure_ascii=False, sort_keys=True)
        print(_HALF.sub(lambda half: f"\\u{ord(half[0]):04x}", told))  # bytes of a name that are no text
        return
    if result.text:
        print(_clean(result.text))
    for warning in () if quiet else result.warnings:
        print(_clean(warning), file=sys.stderr)
    for fault in result.errors:
        print(_clean(f"{fault.code} {fault.message}"), file=sys.stderr)


def aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Columns padded by display cells, two blanks apart; the last column is left ragged."""
    from rich.cells import cell_len  # the tree of commands is built without it

    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(c + " " * (w - cell_len(c)) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]


def finish(result: Result, *, as_json: bool, quiet: bool = False) -> NoReturn:
    """Print the result and leave with its code."""
    import typer  # only commands come here; the console starts without it

    show(result, as_json=as_json, quiet=quiet)
    raise typer.Exit(result.code)
