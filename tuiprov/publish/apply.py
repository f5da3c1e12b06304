"""Carrying out a plan: each file to a temporary name beside it, synced, renamed; then deletions.

In rounds (write all, sync all, rename all, sync their directories: `placing.py`, `syncing.py`),
because replacing files one by one costs twice the time. The directories are synced although the
database knows what belongs there: who is told that a phone is published may rely on it, and the
start of a program looks for what was broken off only, on a large site. Any error before the renames
leaves every published file as it was and no temporary file behind. One publisher at a time holds a
lock on the root. Owner and mode are set explicitly, so the umask never decides who can read a
password.
"""

from __future__ import annotations

import contextlib
import fcntl
import grp
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final, Self

from tuiprov.data.site import PBX_DIRECTORY, Site
from tuiprov.errors import PublishError
from tuiprov.publish import directories
from tuiprov.publish.directories import Access, make_directory
from tuiprov.publish.placing import TEMPORARY, Files
from tuiprov.publish.plan import Change, Plan, is_of_pbx
from tuiprov.publish.syncing import naming, sync_directories

_FILE_MODE = 0o640
_WORLD_READABLE = directories.OPEN, 0o004
LONGEST_WAIT: Final = 10.0
"""Seconds that a publisher waits for another one."""
_PAUSE = 0.02


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


def put(changes: Sequence[Change], site: Site) -> None:
    """Write and delete these files; the caller holds the lock. PublishError: as `apply`."""
    with Putting(site, changes) as putting:
        putting.finish()


class Putting:
    """Writing and deleting files in two steps, so that it can be recorded that they belong there
    while many are written and none is in its place yet. The caller holds the lock; whatever ends
    the `with` before `finish` leaves nothing behind. PublishError: as `apply`."""

    def __init__(self, site: Site, changes: Sequence[Change]) -> None:
        self._root = Path(site.publish_root)
        self._gone: list[Change] = []
        for_pbx: list[Change] = []
        for_phones: list[Change] = []
        for change in changes:
            if change.kind == "delete":
                self._gone.append(change)
            else:
                (for_pbx if is_of_pbx(change) else for_phones).append(change)
        self._for_pbx = Files(for_pbx, str(self._root), _access(site, of_pbx=True))
        self._for_phones = Files(for_phones, str(self._root), _access(site))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._for_pbx.leave()
        self._for_phones.leave()

    def begin(self) -> None:
        """Begin to write, where there are so many that processes beside this one pay."""
        self._for_phones.begin()

    def finish(self, on_file: Callable[[int], None] = lambda _: None) -> None:
        """Bring all to their places. `on_file` is told now and then how many are written."""
        # The PBX's first: a phone with a new password should find it known.
        self._for_pbx.write()
        self._for_pbx.place()
        self._for_phones.write(on_file)
        self._for_phones.place()
        _delete(self._gone, self._root)


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


def _access(site: Site, *, of_pbx: bool = False) -> Access:
    """For phones' files or the PBX's, which no other user of the host ever has to read."""
    is_open = site.world_readable and not of_pbx
    extra_directory, extra_file = _WORLD_READABLE if is_open else (0, 0)
    name = site.pbx_group if of_pbx else site.publish_group
    return Access(_group(name), directories.MODE | extra_directory, _FILE_MODE | extra_file)


def _root_access(site: Site) -> Access:
    """The PBX gets through the root to its own directory, in whatever group it is."""
    access = _access(site)
    if site.pbx == "none":
        return access
    return replace(access, directory_mode=access.directory_mode | directories.THROUGH)


def _group(name: str) -> int:
    if not name:
        return -1
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        raise PublishError(f"there is no group {name!r} on this host") from None


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


def _make_root(root: Path, access: Access) -> None:
    """Make the root and what is missing above it: the server has to get through to the files."""
    for directory in reversed((root, *root.parents)):
        is_missing = directory == root or not directory.exists()
        if is_missing and make_directory(directory, access)[0]:
            sync_directories([directory.parent.resolve()])


def _refuse_links(directory: Path, root: Path) -> None:
    """Nothing is written or deleted through a symbolic link inside the tree."""
    while directory != root:
        if directory.is_symlink():
            raise PublishError(f"{directory}: is a symbolic link; put a real directory there")
        directory = directory.parent


def _wait_for(handle: int, root: Path, until: float) -> None:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= until:
                raise PublishError(f"{root}: somebody else is publishing now; try again") from None
            time.sleep(_PAUSE)
