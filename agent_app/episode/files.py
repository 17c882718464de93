"""Files that are whole or not there at all, and what to say when they cannot be written."""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from agent_app.errors import KnownError

if sys.platform != "win32":
    import fcntl

_FULL = {errno.ENOSPC, errno.EFBIG} | {getattr(errno, "EDQUOT", errno.ENOSPC)}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


def write_whole(path: Path, data: bytes) -> None:
    """Write a file under a temporary name, sync it, and rename it to its own.

    A crash leaves `<name>.tmp` or nothing, never half a file. Raises OSError.
    """
    unfinished = path.with_name(path.name + ".tmp")
    try:
        with unfinished.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def append_line(file: FileIO, line: bytes) -> None:
    """Append a line, and the end that says it is whole; raises OSError."""
    rest = memoryview(line + b"\n")
    while rest:
        rest = rest[file.write(rest) :]


def cut_half_line(path: Path, file: FileIO) -> None:
    """Take away a last line that has no end, so that the next one stands alone; raises OSError."""
    data = path.read_bytes()
    if data and not data.endswith(b"\n"):
        file.truncate(data.rfind(b"\n") + 1)
        os.fsync(file.fileno())


def cannot_write(error: OSError, path: Path) -> KnownError:
    """What to tell the person when the system refuses to write at or below `path`."""
    if error.errno in _FULL:
        remedy = "free some space, or choose another disk; what was written until then still opens"
    elif error.errno in _FORBIDDEN:
        remedy = "choose a folder that you may write to"
    else:
        remedy = "check the path and the disk"
    return KnownError(f"cannot write {path}: {error.strerror or error}", remedy=remedy)


def sync_folder(folder: Path) -> None:
    """Sync the names in a folder, so that a file just renamed survives a loss of power."""
    if os.name == "nt":  # folders cannot be opened there, and NTFS journals its names
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_regular(path: Path, *, most: int) -> bytes:
    """The content of a plain file of at most so many bytes.

    A link is not followed and a pipe not waited for: a folder from a stranger may hold either.
    Raises OSError.
    """
    with open_regular(path) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"it is larger than {most} bytes")
    return data


def open_regular(path: Path) -> BinaryIO:
    """Open a plain file to read it, and nothing else; raises OSError."""
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"):  # each is missing on some system
        flags |= getattr(os, name, 0)
    file = os.fdopen(os.open(path, flags), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "it is not a plain file")
    return file


def hold(file: FileIO) -> None:
    """Say that this file is being written, until it is closed or its process ends.

    On Windows a lock would keep readers out, so nothing is said there.
    """
    if sys.platform != "win32":
        with suppress(OSError):  # a file system without locks
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_held(path: Path) -> bool:
    """Whether someone holds this file, as far as the system tells."""
    if sys.platform != "win32":
        try:
            with open_regular(path) as file:
                fcntl.flock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
    return False
