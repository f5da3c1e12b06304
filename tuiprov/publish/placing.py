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
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final, NamedTuple

from tuiprov.errors import PublishError
from tuiprov.processes import close_all_but, cores, may_fork
from tuiprov.publish.directories import Access, Directories
from tuiprov.publish.plan import Change
from tuiprov.publish.syncing import ROUND, Disk, at_once, disk_for, named, naming

TEMPORARY: Final = re.compile(r"\..+\.[0-9a-f]{16}\.tmp")
"""The name of a file that is not in its place yet."""
FORKED_FROM: Final = 1_000
"""From so many files on processes beside this one pay."""
_NEW: Final = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW
_LONGEST_PROBLEM: Final = 4_000
_ROUND: Final = b".\n"
_DONE: Final = b"=\n"


class _Wanted(NamedTuple):
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
        count = cores()
        if len(self._wanted) < FORKED_FROM or count < 2 or not may_fork():
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
                for count in writer.done():
                    written += count
                    on_file(written)
            return
        written = 0
        for some in _rounds(self._wanted):
            at_once(partial(_write, access=self._access, disk=disk), some)
            disk.end_round()
            written += len(some)
            on_file(written)

    def place(self) -> None:
        """Bring all to the disk and to their places."""
        disk = self._prepared()
        disk.sync_files()
        if self._writers:
            for writer in self._writers:
                writer.go_on()
            for writer in self._writers:
                deque(writer.done(), maxlen=0)
        else:
            at_once(_place, self._wanted)
        disk.sync_directories(self._directories.entered | self._places)
        self._wanted.clear()

    def leave(self) -> None:
        """Delete what is not in its place, and directories that were made for nothing else."""
        for writer in self._writers:
            writer.end()
        if self._disk is None:
            return
        self._disk.close()
        for one in self._wanted:
            with contextlib.suppress(OSError):  # those that are in their places are not there
                os.unlink(one.temporary)
        if self._wanted:
            self._directories.remove_empty()

    def _prepared(self) -> Disk:
        """What the files are synced with; their directories are there then."""
        if self._disk is None:
            for directory in sorted(self._places):
                with naming(directory):
                    self._directories.make(directory)
            file_systems = self._directories.file_systems.values()
            self._disk = disk_for(len(self._wanted), [self._root, *file_systems])
        return self._disk


def _wanted(change: Change, root: str, mark: str) -> _Wanted:
    target = f"{root}/{change.path}"
    directory, _, name = target.rpartition("/")
    return _Wanted(change.data, f"{directory}/.{name}.{mark}.tmp", target)


def _write(wanted: _Wanted, access: Access, disk: Disk) -> None:
    """Write the bytes to a new name in the file's own directory, which is there."""
    try:
        handle = os.open(wanted.temporary, _NEW, 0o600)
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
    except OSError as error:
        raise named(wanted.target, error) from None


def _place(wanted: _Wanted) -> None:
    try:
        os.replace(wanted.temporary, wanted.target)
    except OSError as error:
        raise named(wanted.target, error) from None


class _Writer:
    """A process that writes some files beside their places, waits for a word and renames them; it
    tells of each round of them. It uses nothing else of this program's, and ends when this has."""

    def __init__(self, wanted: Sequence[_Wanted], access: Access, disk: Disk) -> None:
        self._count = len(wanted)
        told, tells = os.pipe()
        waits, self._word = os.pipe()
        self._number = os.fork()
        if not self._number:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            try:
                close_all_but(tells, waits, *disk.handles)
                with _telling(tells):
                    for some in _rounds(wanted):
                        for one in some:
                            _write(one, access, disk)
                        disk.end_round()
                        os.write(tells, _ROUND)  # an error when nobody listens any more
                    disk.sync_files()  # what is left for later is little
                if os.read(waits, 1):
                    with _telling(tells):
                        for one in wanted:
                            _place(one)
            finally:
                os._exit(0)
        os.close(tells)
        os.close(waits)
        self._told = os.fdopen(told, "rb")

    def go_on(self) -> None:
        """Let it rename what it has written."""
        with contextlib.suppress(BrokenPipeError):  # `done` will tell
            os.write(self._word, b".")

    def done(self) -> Iterator[int]:
        """The number of files in each round, as it writes them, and later as it renames them."""
        left = self._count
        for line in self._told:
            if line == _DONE:
                return
            if line != _ROUND:
                raise PublishError(line.decode(errors="replace").rstrip("\n"))
            yield min(ROUND, left)
            left -= ROUND
        raise PublishError("a process that wrote files was ended; nothing was lost")

    def end(self) -> None:
        """End it, whatever it is doing; it leaves what it has written."""
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(self._number, signal.SIGKILL)
            os.waitpid(self._number, 0)
        self._told.close()
        os.close(self._word)


@contextlib.contextmanager
def _telling(tells: int) -> Iterator[None]:
    """Tell that all is done, or what went wrong, in one line."""
    try:
        yield
        os.write(tells, _DONE)
    except PublishError as error:
        words = " ".join(str(error).splitlines()).encode()
        os.write(tells, words[:_LONGEST_PROBLEM] + b"\n")


def _rounds(wanted: Sequence[_Wanted]) -> Iterator[Sequence[_Wanted]]:
    for start in range(0, len(wanted), ROUND):
        yield wanted[start : start + ROUND]
