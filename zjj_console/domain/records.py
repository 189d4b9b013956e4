"""The fold of records that events put values into: a handover, a consultation, a visit (one stream each).

The first event of a stream names the record by its `key`; every event `put`s fields as they are from then on.
"""

from functools import cache
from typing import Any, TypeVar

import msgspec
from msgspec.structs import fields, replace

R = TypeVar("R", bound=msgspec.Struct)


@cache
def _types(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {field.name: field.type for field in fields(kind)}


def fold(
    before: R | None, kind: type[R], stream: str, data: dict[str, Any], *, whole: tuple[str, ...] = (),
    growing: tuple[str, ...] = ()
) -> R:  # fmt: skip
    """The record after one event. Total: any event applies to any record of its stream.

    Tables grow by key but for those in `whole`; rows are added to the fields in `growing`; all else is replaced.
    """
    known, record = _types(kind), before or msgspec.convert({"id": stream.partition(":")[2], **data["key"]}, kind)
    changes: dict[str, Any] = {}
    for name, value in data["put"].items():
        if name not in known:
            continue
        new, old = msgspec.convert(value, known[name]), getattr(record, name)
        if isinstance(old, dict) and name not in whole:
            new = {**old, **new}
        elif name in growing:
            new = (*old, *new)
        changes[name] = new
    return replace(record, **changes)
