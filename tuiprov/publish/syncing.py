"""Bringing written files and their directories to the disk: a few by an fsync each, many at once.

`apply.py` writes and renames; what is not synced here may be gone after a power cut. An fsync names
the file that could not be kept, and waits for nothing else. From some hundred files on, one syncfs
of their file system is what Linux offers for a batch (dpkg, PostgreSQL): it takes a tenth of the
time. Since Linux 5.8 it reports a write that failed since the handle was opened; older systems and
those without it have each file synced by itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Final, Protocol, TypeVar

from tuiprov.errors import PublishError
from tuiprov.publish.tree import reason

_AT_ONCE: Final = 8
"""How many threads wait for the disk."""
_LEAST: Final = 25
"""Fewer calls are not worth a thread."""
MANY: Final = 500
"""From so many files on, a file system is synced as a whole, whatever else is written on it."""
ROUND: Final = 200
"""How many files are written before `end_round`: so many may be held open until then."""
_REPORTS_ERRORS: Final = (5, 8)


Item = TypeVar("Item")


class Disk(Protocol):
    """What the files of one publish are brought to the disk with. PublishError names a path."""

    @property
    def handles(self) -> Collection[int]:
        """What it holds open, which a forked process has to keep to use it."""

    def took(self, handle: int, path: str) -> None:
        """This file is written; its open handle is the disk's to close. Of any thread."""

    def end_round(self) -> None:
        """As many files were taken as may be held open."""

    def sync_files(self) -> None:
        """Return when the contents of all that were taken are on the disk, after a round."""

    def sync_directories(self, directories: Iterable[Path | str]) -> None:
        """Return when it is on the disk which files are in these directories."""

    def close(self) -> None:
        """Hold nothing open any more."""


def disk_for(count: int, directories: Sequence[str]) -> Disk:
    """What so many files are brought to the disk with; `directories`: one on each file system that
    they are on."""
    call = syncfs() if count >= MANY else None
    return _Each() if call is None else _Whole(directories, call)


def at_once(do: Callable[[Item], None], items: Sequence[Item]) -> None:
    """Do this with each item, several at a time where there are many: a file that is made or
    renamed waits for the journal. The error that is raised is the first in order; what runs beside
    it has ended by then."""
    size = max(_LEAST, -(-len(items) // _AT_ONCE))
    parts = [items[start : start + size] for start in range(0, len(items), size)]
    if len(parts) < 2:
        _do_each(do, items)
        return
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        outcomes = [pool.submit(_do_each, do, part) for part in parts]
    for outcome in outcomes:
        outcome.result()


def _do_each(do: Callable[[Item], None], items: Sequence[Item]) -> None:
    for item in items:
        do(item)


def sync_directories(directories: Iterable[Path | str]) -> None:
    """Return when it is on the disk which files are in these directories."""
    wanted = sorted(map(str, directories))
    if len(wanted) >= MANY and (call := syncfs()) is not None:
        with closing(_Whole(wanted, call)) as disk:
            disk.sync_files()
        return
    for start in range(0, len(wanted), ROUND):
        some = wanted[start : start + ROUND]
        handles: list[int] = []
        try:
            for directory in some:
                with naming(directory):
                    handles.append(os.open(directory, os.O_RDONLY | os.O_NOFOLLOW))
            _sync_each(some, handles)
        finally:
            for handle in handles:
                os.close(handle)


@contextmanager
def naming(path: Path | str) -> Iterator[None]:
    """An error of the system as a PublishError that names this path."""
    try:
        yield
    except OSError as error:
        raise named(path, error) from None


def named(path: Path | str, error: OSError) -> PublishError:
    """The same for who does it with each file of a fleet: a context takes as long as a system
    call."""
    return PublishError(f"{path}: {reason(error)}; nothing was lost")


class _Each:
    """An fsync for each, several at once."""

    def __init__(self) -> None:
        self._open: list[tuple[int, str]] = []

    @property
    def handles(self) -> Collection[int]:
        return [handle for handle, _ in self._open]

    def took(self, handle: int, path: str) -> None:
        self._open.append((handle, path))

    def end_round(self) -> None:
        _sync_each([path for _, path in self._open], [handle for handle, _ in self._open])
        self.close()

    def sync_files(self) -> None:
        """Each round was."""

    def sync_directories(self, directories: Iterable[Path | str]) -> None:
        sync_directories(directories)

    def close(self) -> None:
        for handle, _ in self._open:
            os.close(handle)
        self._open.clear()


class _Whole:
    """One syncfs for each file system that holds any of the files: a handle of each is kept from
    before anything was written, because that is since when its errors are reported."""

    def __init__(self, directories: Sequence[str], call: Callable[[int], None]) -> None:
        self._syncfs = call
        self._handles: dict[int, tuple[int, str]] = {}
        """Device → an open handle on it and the path to be named."""
        for directory in directories:
            with naming(directory):
                device = os.stat(directory).st_dev
                if device not in self._handles:
                    handle = os.open(directory, os.O_RDONLY | os.O_NOFOLLOW)
                    self._handles[device] = (handle, directory)

    @property
    def handles(self) -> Collection[int]:
        return [handle for handle, _ in self._handles.values()]

    def took(self, handle: int, path: str) -> None:
        os.close(handle)

    def end_round(self) -> None:
        """Nothing is held open."""

    def sync_files(self) -> None:
        for handle, path in self._handles.values():
            with naming(path):
                self._syncfs(handle)

    def sync_directories(self, directories: Iterable[Path | str]) -> None:
        self.sync_files()

    def close(self) -> None:
        for handle, _ in self._handles.values():
            os.close(handle)
        self._handles.clear()


def _sync_each(paths: Sequence[str], handles: Sequence[int]) -> None:
    """Bring these open files to the disk, each by an fsync of its own, so that an error has a name:
    that of the first in order. Several at once share the journal's commits and the disk's flushes.
    """
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        outcomes = [pool.submit(os.fsync, handle) for handle in handles]
    for path, outcome in zip(paths, outcomes, strict=True):
        with naming(path):
            outcome.result()


@cache
def syncfs() -> Callable[[int], None] | None:
    """The system's syncfs where it exists and reports errors."""
    version = re.match(r"(\d+)\.(\d+)", os.uname().release)
    if os.uname().sysname != "Linux" or version is None:
        return None
    if tuple(map(int, version.groups())) < _REPORTS_ERRORS:
        return None
    import ctypes  # few plans are so large

    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "syncfs"):
        return None

    def call(handle: int) -> None:
        if library.syncfs(handle):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))

    return call
