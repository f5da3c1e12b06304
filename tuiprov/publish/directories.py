"""Directories of the publish tree: made with the owner and mode that the site wants, no links."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tuiprov.errors import PublishError
from tuiprov.publish.tree import reason

MODE: Final = 0o2750
OPEN: Final = 0o005
"""Others may look into it."""
THROUGH: Final = 0o001
"""Others may go through it, not look into it."""
_OURS: Final = tuple(MODE | extra for extra in (0, THROUGH, OPEN))


@dataclass(frozen=True, slots=True)
class Access:
    """Group (-1: leave) and modes for directories and files."""

    group: int
    directory_mode: int
    file_mode: int


class Directories:
    """The directories of one publish: each is looked at, and made if need be, once. `entered`:
    those that got a new one in them, to be synced once for all of them. `file_systems`: one of them
    on each."""

    def __init__(self, root: str, access: Access):
        self.root = root
        self.access = access
        self.entered: set[str] = set()
        self.file_systems: dict[int, str] = {}
        self._made: list[str] = []
        self._known = {root}

    def make(self, directory: str) -> None:
        """Make this one and those between it and the root; none of them may be a link."""
        if directory in self._known:
            return
        parent = os.path.dirname(directory)
        self.make(parent)
        is_new, device = make_directory(directory, self.access)
        if is_new:
            self.entered.add(parent)
            self._made.append(directory)
        self.file_systems.setdefault(device, directory)
        self._known.add(directory)

    def remove_empty(self) -> None:
        """Remove those that were made here and hold nothing."""
        for directory in reversed(self._made):
            with suppress(OSError):
                os.rmdir(directory)


def make_directory(directory: Path | str, access: Access) -> tuple[bool, int]:
    """Make one directory; gives whether it is new, and the number of its file system. Its parent is
    the caller's to sync."""
    try:
        known = os.lstat(directory)
    except FileNotFoundError:
        os.mkdir(directory)
        if access.group != -1:
            os.chown(directory, -1, access.group)
        os.chmod(directory, access.directory_mode)
        return True, os.stat(directory).st_dev
    if stat.S_ISLNK(known.st_mode):
        raise PublishError(f"{directory}: is a symbolic link; put a real directory there")
    if not stat.S_ISDIR(known.st_mode):
        raise PublishError(f"{directory}: {reason(OSError(errno.EEXIST, ''))}")
    _follow_settings(directory, known, access)
    return False, known.st_dev


def _follow_settings(directory: Path | str, known: os.stat_result, access: Access) -> None:
    """Give a directory that we made the group and mode that the site wants now. One whose mode is
    not ours is left as its owner wants it."""
    if stat.S_IMODE(known.st_mode) not in _OURS:
        return
    if access.group not in (-1, known.st_gid):
        os.chown(directory, -1, access.group)
    elif stat.S_IMODE(known.st_mode) == access.directory_mode:
        return
    os.chmod(directory, access.directory_mode)
