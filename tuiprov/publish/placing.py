"""Files on their way into the publish tree: written beside their places, then all renamed.

`apply.py` calls this. Many are written by several threads, or, in a program of one thread, by
processes that are forked, so that what is to be recorded of them is recorded meanwhile. Names are
settled beforehand: whatever happens to a writer, it is known what it may have left.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from tuiprov.errors import PublishError
from tuiprov.publish.directories import Access, Directories
from tuiprov.publish.plan import Change
from tuiprov.publish.syncing import ROUND, Disk, at_once, disk_for, naming

TEMPORARY: Final = re.compile(r"\..+\.[0-9a-f]{16}\.tmp")
"""The name of a file that is not in its place yet."""
FORKED_FROM: Final = 1_000
"""From so many files on processes beside this one pay."""
_MOST: Final = 8
_LONGEST_PROBLEM: Final = 4_096


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A file's bytes, the name they are written under and the one they get."""

    data: bytes
    temporary: str
    target: str


class Files:
    """Files of one owner and mode below `root`. PublishError names the file and the reason; `leave`
    must be called in the end."""

    def __init__(self, changes: Sequence[Change], root: str, access: Access) -> None:
        mark = os.urandom(4).hex()
        self._wanted = [
            _wanted(change, root, f"{mark}{number:08x}") for number, change in enumerate(changes)
        ]
        self._root = root
        self._places = {os.path.dirname(one.target) for one in self._wanted}
        self._access = access
        self._directories = Directories(root, access)
        self._disk: Disk | None = None
        self._writers: list[_Writer] = []

    def begin(self) -> None:
        """Begin to write many files beside their places, if this program may be forked."""
        count = min(_MOST, len(os.sched_getaffinity(0)))
        if len(self._wanted) < FORKED_FROM or count < 2 or threading.active_count() > 1:
            return
        disk = self._prepared()
        for number in range(count):
            some = self._wanted[number::count]
            with naming(self._root):  # no more processes to be had
                self._writers.append(_Writer(some, self._access, disk))

    def write(self, on_file: Callable[[int], None] = lambda _: None) -> None:
        """Return when all are written beside their places."""
        disk = self._prepared()
        if self._writers:
            written = 0
            for writer in self._writers:
                for count in writer.rounds():
                    written += count
                    on_file(written)
            return
        for start in range(0, len(self._wanted), ROUND):
            some = self._wanted[start : start + ROUND]
            at_once(partial(_write, access=self._access, disk=disk), some)
            disk.end_round()
            on_file(start + len(some))

    def place(self) -> None:
        """Bring all to the disk and to their places."""
        disk = self._prepared()
        disk.sync_files()
        at_once(_place, self._wanted)
        disk.sync_directories(self._directories.entered | self._places)
        self._wanted.clear()

    def leave(self) -> None:
        """Delete what is not in its place."""
        for writer in self._writers:
            writer.end()
        if self._disk is None:
            return
        self._disk.close()
        for one in self._wanted:
            with contextlib.suppress(OSError):  # those that are in their places are not there
                os.unlink(one.temporary)

    def _prepared(self) -> Disk:
        """What the files are synced with; their directories are there then."""
        if self._disk is None:
            for directory in sorted(self._places):
                with naming(directory):
                    self._directories.make(directory)
            self._disk = disk_for(len(self._wanted), [self._root, *self._places])
        return self._disk


def _wanted(change: Change, root: str, mark: str) -> _Wanted:
    target = f"{root}/{change.path}"
    directory, _, name = target.rpartition("/")
    return _Wanted(change.data, f"{directory}/.{name}.{mark}.tmp", target)


def _write(wanted: _Wanted, access: Access, disk: Disk) -> None:
    """Write the bytes to a new name in the file's own directory, which is there."""
    with naming(wanted.target):
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW
        handle = os.open(wanted.temporary, flags, 0o600)
        try:
            data = wanted.data
            while data:  # a file object costs as much as the system's part of it
                data = data[os.write(handle, data) :]
            if access.group != -1:
                os.fchown(handle, -1, access.group)
            os.fchmod(handle, access.file_mode)
        except BaseException:
            os.close(handle)
            raise
        disk.took(handle, wanted.target)


def _place(wanted: _Wanted) -> None:
    with naming(wanted.target):
        os.replace(wanted.temporary, wanted.target)


class _Writer:
    """A process that writes some files and tells when a round of them is there. It uses nothing
    else of this program's, and ends when this program has."""

    def __init__(self, wanted: Sequence[_Wanted], access: Access, disk: Disk) -> None:
        self._wanted = wanted
        self._told, tells = os.pipe()
        parent = os.getpid()
        self._number = os.fork()
        if not self._number:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            try:
                os.close(self._told)
                self._write_all(tells, parent, access, disk)
            finally:
                os._exit(0)
        os.close(tells)

    def _write_all(self, tells: int, parent: int, access: Access, disk: Disk) -> None:
        try:
            for start in range(0, len(self._wanted), ROUND):
                for one in self._wanted[start : start + ROUND]:
                    _write(one, access, disk)
                disk.end_round()
                if os.getppid() != parent:
                    return
                os.write(tells, b".")
            os.write(tells, b"=")
        except PublishError as error:
            os.write(tells, b"!" + str(error).encode()[:_LONGEST_PROBLEM])

    def rounds(self) -> Iterator[int]:
        """The number of files in each round as it is written."""
        left, told = len(self._wanted), b""
        while some := os.read(self._told, _LONGEST_PROBLEM):
            told += some
            for _ in range(some.partition(b"!")[0].count(b".")):
                yield min(ROUND, left)
                left -= min(ROUND, left)
        _, problem, words = told.partition(b"!")
        if problem:
            raise PublishError(words.decode(errors="replace"))
        if not told.endswith(b"="):
            raise PublishError("a process that wrote files was ended; nothing was lost")

    def end(self) -> None:
        """End it, whatever it is doing; it leaves what it has written."""
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(self._number, signal.SIGKILL)
            os.waitpid(self._number, 0)
        os.close(self._told)
