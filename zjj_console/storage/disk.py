"""Files on a disk that may be full or closed: why one could not be written and what to do, and writing it whole or not at all."""

import contextlib
import errno
import os
from pathlib import Path

_FULL = ("磁盘已满，请腾出空间后重试", "the disk is full; free some space and try again")
_CLOSED = (
    "只读或没有权限，请检查目录权限或另选位置",
    "read-only or not permitted; check the folder or choose another place",
)
_WAYS_OUT = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: ("磁盘配额已用完，请腾出空间后重试", "the disk quota is used up; free some space and try again"),
    errno.EFBIG: ("超过单个文件的大小限额(ulimit -f)，请放宽后重试", "beyond the limit of a file (ulimit -f); raise it and try again"),
    errno.EROFS: _CLOSED,
    errno.EACCES: _CLOSED,
    errno.EPERM: _CLOSED,
    errno.ENOENT: ("没有这个目录，请先建立或另选位置", "there is no such folder; make it or choose another place"),
    errno.ENOTDIR: ("没有这个目录，请先建立或另选位置", "there is no such folder; make it or choose another place"),
    errno.EISDIR: ("是目录，请给出文件名", "that is a folder; name a file"),
    errno.ENAMETOOLONG: ("文件名过长，请换一个短的", "the name is too long; choose a shorter one"),
    errno.EIO: ("读写磁盘出错，请检查磁盘", "the disk does not read or write; look at it"),
}  # fmt: skip
_MACHINE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS})


def why(error: OSError) -> tuple[str, str]:
    """What is wrong and what to do, as half a sentence in Chinese and English."""
    said = error.strerror or str(error)
    return _WAYS_OUT.get(error.errno or 0, (said, said))


def machine(error: OSError) -> bool:
    """Whether the machine is at fault, and not the place that was asked for."""
    return error.errno in _MACHINE


def put_whole(path: Path, content: bytes, *, new: bool = False) -> None:
    """Write a file as one step that outlives a loss of power. `new`: FileExistsError where there is one already. Raises OSError."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        settle(part, path, new=new)
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    sync(path.parent)


def settle(part: Path, path: Path, *, new: bool = False) -> None:
    """Give a finished file its name. `new`: only if nobody has it."""
    if not new:
        part.replace(path)
        return
    try:
        path.hardlink_to(part)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if path.exists():
            raise FileExistsError(errno.EEXIST, "exists", str(path)) from None
        part.rename(path)


def discard(database: Path) -> None:
    """A database that was never finished, with what SQLite keeps beside it."""
    for ending in ("", "-journal", "-wal", "-shm"):
        with contextlib.suppress(OSError):
            database.with_name(database.name + ending).unlink(missing_ok=True)


def sync(path: Path) -> None:
    """What is in a file, or the names in a folder, outlive a loss of power."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
