"""Carrying out a plan: each file to a temporary name beside it, synced, renamed; then deletions.

In rounds (write all, sync all, rename all, sync their directories: `syncing.py`), because replacing
files one by one costs twice the time. The directories are synced although the database knows what
belongs there: who is told that a phone is published may rely on it, and the start of a program
looks for what was broken off only, on a large site. Any error before the renames leaves every
published file as it was and no temporary file behind. One publisher at a time holds a lock on the
root. Owner and mode are set explicitly, so the umask never decides who can read a password.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import grp
import os
import re
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from tuiprov.data.site import PBX_DIRECTORY, Site
from tuiprov.errors import PublishError
from tuiprov.publish.plan import Change, Plan, is_of_pbx
from tuiprov.publish.syncing import ROUND, Disk, at_once, disk_for, naming, sync_directories
from tuiprov.publish.tree import reason

_DIRECTORY_MODE = 0o2750
_FILE_MODE = 0o640
_WORLD_READABLE = 0o005, 0o004
LONGEST_WAIT: Final = 10.0
"""Seconds that a publisher waits for another one."""
_PAUSE = 0.02
TEMPORARY: Final = re.compile(r"\..+\.[0-9a-f]{16}\.tmp")
"""The name of a file that is not in its place yet."""
_THROUGH = 0o001
"""Others may go through a directory, not look into it."""
_OUR_DIRECTORY_MODES = tuple(_DIRECTORY_MODE | extra for extra in (0, _THROUGH, _WORLD_READABLE[0]))


@dataclass(frozen=True, slots=True)
class _Access:
    """Group (-1: leave) and modes for directories and files."""

    group: int
    directory_mode: int
    file_mode: int


@dataclass(frozen=True, slots=True)
class _Written:
    """A file that is complete under a name of its own, and where it belongs."""

    temporary: str
    target: str


class _Directories:
    """The directories of one publish: each is looked at, and made if need be, once. `entered`:
    those that got a new one in them, to be synced once for all of them."""

    def __init__(self, root: str, access: _Access):
        self.root = root
        self.access = access
        self.entered: set[str] = set()
        self._known = {root}

    def make(self, directory: str) -> None:
        """Make this one and those between it and the root; none of them may be a link."""
        if directory in self._known:
            return
        parent = os.path.dirname(directory)
        self.make(parent)
        if _make_directory(directory, self.access):
            self.entered.add(parent)
        self._known.add(directory)


def apply(plan: Plan, site: Site) -> None:
    """Do what `plan` says under the site's publish root; PublishError names the file and reason."""
    if plan.changes:
        with locked(site):
            put(plan.changes, site)


@contextmanager
def locked(site: Site, *, wait: float = LONGEST_WAIT) -> Iterator[None]:
    """Be the only publisher of the site, on this host or another that shares the file system; the
    lock goes with the process, however it ends. PublishError after `wait` seconds."""
    root = Path(site.publish_root)
    with naming(root):
        _make_root(root, _root_access(site))
        handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _wait_for(handle, root, time.monotonic() + wait)
        yield
    finally:
        os.close(handle)


def put(
    changes: Sequence[Change], site: Site, on_file: Callable[[int], None] = lambda _: None
) -> None:
    """Write and delete these files; the caller holds the lock. `on_file` is told now and then how
    many are written. PublishError: as `apply`."""
    root = Path(site.publish_root)
    for_pbx = [change for change in changes if is_of_pbx(change)]
    # The PBX's first: a phone with a new password should find it known.
    _write(for_pbx, root, _access(site, of_pbx=True))
    of_phones = [change for change in changes if not is_of_pbx(change)]
    _write(of_phones, root, _access(site), on_file)
    _delete([change for change in changes if change.kind == "delete"], root)


def remove_temporaries(site: Site) -> int:
    """Delete what publishers that were killed left half-written; gives how many. The caller holds
    the lock, so that nobody is writing one."""
    root, found = Path(site.publish_root), 0
    for directory, _, names in os.walk(root):
        for name in names:
            if TEMPORARY.fullmatch(name):
                with naming(Path(directory) / name), contextlib.suppress(FileNotFoundError):
                    os.unlink(Path(directory) / name)
                    found += 1
    return found


def mode_of(site: Site, path: str) -> int:
    """The mode that the published file at this path has."""
    return _access(site, of_pbx=path.startswith(f"{PBX_DIRECTORY}/")).file_mode


def _access(site: Site, *, of_pbx: bool = False) -> _Access:
    """For phones' files or the PBX's, which no other user of the host ever has to read."""
    is_open = site.world_readable and not of_pbx
    extra_directory, extra_file = _WORLD_READABLE if is_open else (0, 0)
    name = site.pbx_group if of_pbx else site.publish_group
    return _Access(_group(name), _DIRECTORY_MODE | extra_directory, _FILE_MODE | extra_file)


def _root_access(site: Site) -> _Access:
    """The PBX gets through the root to its own directory, in whatever group it is."""
    access = _access(site)
    if site.pbx == "none":
        return access
    return replace(access, directory_mode=access.directory_mode | _THROUGH)


def _group(name: str) -> int:
    if not name:
        return -1
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        raise PublishError(f"there is no group {name!r} on this host") from None


def _write(
    changes: Sequence[Change],
    root: Path,
    access: _Access,
    on_file: Callable[[int], None] = lambda _: None,
) -> None:
    wanted = [change for change in changes if change.kind != "delete"]
    directories = _Directories(str(root), access)
    written: list[_Written] = []
    with disk_for(str(root), len(wanted)) as disk:
        try:
            for start in range(0, len(wanted), ROUND):
                some = [(change, f"{root}/{change.path}") for change in wanted[start:][:ROUND]]
                for _, target in some:
                    with naming(target):
                        directories.make(os.path.dirname(target))
                at_once(partial(_write_beside, access=access, written=written, disk=disk), some)
                disk.end_round()
                on_file(len(written))
            disk.sync_files()
            at_once(_place, written)
        except BaseException:
            for one in written:
                with contextlib.suppress(OSError):  # those that are in their places are not there
                    os.unlink(one.temporary)
            raise
        places = {os.path.dirname(one.target) for one in written}
        disk.sync_directories(directories.entered | places)


def _place(written: _Written) -> None:
    with naming(written.target):
        os.replace(written.temporary, written.target)


def _write_beside(
    wanted: tuple[Change, str], access: _Access, written: list[_Written], disk: Disk
) -> None:
    """Write the change's bytes to a new name in the file's own directory, which is there."""
    change, target = wanted
    directory, _, name = target.rpartition("/")
    with naming(target):
        temporary = f"{directory}/.{name}.{os.urandom(8).hex()}.tmp"
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW
        handle = os.open(temporary, flags, 0o600)
        written.append(_Written(temporary, target))  # an interrupted publish leaves nothing behind
        try:
            _write_all(handle, change.data)
            if access.group != -1:
                os.fchown(handle, -1, access.group)
            os.fchmod(handle, access.file_mode)
        except BaseException:
            os.close(handle)
            raise
        disk.took(handle, target)


def _write_all(handle: int, data: bytes) -> None:
    """A file object would do the same, and costs as much as the system's part of it."""
    while data:
        data = data[os.write(handle, data) :]


def _delete(changes: Sequence[Change], root: Path) -> None:
    for change in changes:
        target = root / change.path
        _refuse_links(target.parent, root)
        with naming(target), contextlib.suppress(FileNotFoundError):
            os.unlink(target)
        if change.path.startswith("http/"):
            with contextlib.suppress(OSError):  # other files are left in it
                os.rmdir(target.parent)
    parents = {(root / change.path).parent for change in changes}
    sync_directories(directory for directory in parents if directory.exists())


def _make_root(root: Path, access: _Access) -> None:
    """Make the root and what is missing above it: the server has to get through to the files."""
    for directory in reversed((root, *root.parents)):
        is_missing = directory == root or not directory.exists()
        if is_missing and _make_directory(directory, access):
            sync_directories([directory.parent.resolve()])


def _refuse_links(directory: Path, root: Path) -> None:
    """Nothing is written or deleted through a symbolic link inside the tree."""
    while directory != root:
        if directory.is_symlink():
            raise PublishError(f"{directory}: is a symbolic link; put a real directory there")
        directory = directory.parent


def _make_directory(directory: Path | str, access: _Access) -> bool:
    """Make one directory; gives whether it is new. Its parent is the caller's to sync."""
    try:
        known = os.lstat(directory)
    except FileNotFoundError:
        os.mkdir(directory)
        if access.group != -1:
            os.chown(directory, -1, access.group)
        os.chmod(directory, access.directory_mode)
        return True
    if stat.S_ISLNK(known.st_mode):
        raise PublishError(f"{directory}: is a symbolic link; put a real directory there")
    if not stat.S_ISDIR(known.st_mode):
        raise PublishError(f"{directory}: {reason(OSError(errno.EEXIST, ''))}")
    _follow_settings(directory, known, access)
    return False


def _follow_settings(directory: Path | str, known: os.stat_result, access: _Access) -> None:
    """Give a directory that we made the group and mode that the site wants now. One whose mode is
    not ours is left as its owner wants it."""
    if stat.S_IMODE(known.st_mode) not in _OUR_DIRECTORY_MODES:
        return
    if access.group not in (-1, known.st_gid):
        os.chown(directory, -1, access.group)
    elif stat.S_IMODE(known.st_mode) == access.directory_mode:
        return
    os.chmod(directory, access.directory_mode)


def _wait_for(handle: int, root: Path, until: float) -> None:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= until:
                raise PublishError(f"{root}: somebody else is publishing now; try again") from None
            time.sleep(_PAUSE)
