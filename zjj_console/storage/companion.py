"""Small files beside a database: what must cost no commit, or must outlive a database that is put back."""

import contextlib
from pathlib import Path


def beside(database: Path, ending: str) -> Path:
    """A companion of a database file: `zjj.db` and `.beat` make `zjj.db.beat`."""
    whole = database.resolve()  # two consoles may reach it by different links
    return whole.with_name(whole.name + ending)


def put(path: Path, body: bytes, token: str) -> bool:
    """Write a small file whole or not at all; False where it cannot be written."""
    draft = beside(path, f".{token}")
    try:
        draft.write_bytes(body)
        draft.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        return False
    return True
