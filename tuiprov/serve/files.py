"""Reading a published file for a phone: opened part by part, no link followed, no way out."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

_PART: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def read_published(root: Path, path: str) -> bytes | None:
    """The bytes of the file `path` (well-formed parts with `/` between) under `root`.

    None when there is none, or when it or a directory on the way is a symbolic link, no plain file,
    or not readable: each part is opened inside the one before, so that nobody who moves things
    about meanwhile can lead the reader elsewhere.
    """
    *directories, name = path.split("/")
    try:
        inside = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        for part in directories:
            outside, inside = inside, os.open(part, _PART, dir_fd=inside)
            os.close(outside)
        return _read(os.open(name, _FILE, dir_fd=inside))
    except OSError:
        return None
    finally:
        os.close(inside)


def _read(handle: int) -> bytes | None:
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        with os.fdopen(handle, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(handle)
