"""Which person of this host runs the program: the kernel's answer, and sudo's where it counts.

`accounts.os_viewer` looks the person up. Nothing here can give anybody more than the process may
anyway: sudo's word (`SUDO_UID`) turns an administrator into somebody with less. So the question is
when that word may be put aside, and the answer is: only when the kernel shows that an ordinary
process of our own user started us, such as a root shell. Everything else counts as sudo:

- sudo itself, found by the set-user-ID bit of its program, not by a name that any process chooses;
  with a pseudo terminal a second sudo stands between, which is sudo as well;
- a sudo that replaced itself by us (no PAM session, no log): our parent is the caller's shell;
- a sudo that its caller has killed, so that init or another reaper is our parent now;
- a parent that cannot be seen (`hidepid`, no `/proc`, another name space).

For a user other than root, `/proc/PID/exe` of sudo cannot be read; its user ids can.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from tuiprov.errors import NotAllowed


@dataclass(frozen=True, slots=True)
class Parent:
    """The process that started us, as the kernel describes it."""

    uids: tuple[int, ...]
    """Real, effective, saved and file system user id."""
    is_near: bool
    """It is in our session and not init: not a reaper that took us over."""
    is_sudo: bool
    """Its program changes users, or that cannot be seen."""

    def is_ordinary(self, own: int) -> bool:
        """Does it run as user `own` in every respect, and changed nobody's user to start us?"""
        return set(self.uids) == {own} and self.is_near and not self.is_sudo

    def denies(self, own: int, said: int) -> bool:
        """Was it started by somebody else than user `said`? sudo keeps its caller as real user, and
        one that replaced itself by us left us its caller as parent."""
        return bool(self.uids) and self.uids[0] not in (0, own, said)


def invoking_uid() -> int:
    """The user id of the person: of who called sudo, else of the process. USER, LOGNAME and
    SUDO_USER are never asked.

    Raises NotAllowed when sudo names nobody, or somebody else than its caller.
    """
    own, words = os.getuid(), os.environ.get("SUDO_UID", "")
    parent = parent_process() if words else None
    if not words or (parent is not None and parent.is_ordinary(own)):
        return own
    if not re.fullmatch(r"[0-9]{1,10}", words):
        raise NotAllowed("SUDO_UID is not a user id: who called sudo is not known")
    said = int(words)
    if parent is not None and parent.denies(own, said):
        raise NotAllowed(f"SUDO_UID names user {said}, but user {parent.uids[0]} called sudo")
    return said


def parent_process() -> Parent | None:
    """The parent as the kernel shows it; None when it cannot be seen or is gone."""
    pid = os.getppid()
    try:
        uids = _uids(Path(f"/proc/{pid}/status").read_text("utf-8", "replace"))
        is_near = pid != 1 and os.getsid(pid) == os.getsid(0)
        parent = Parent(uids, is_near, _changes_users(pid))
    except OSError:
        return None
    return parent if os.getppid() == pid else None


def _uids(status: str) -> tuple[int, ...]:
    line = next((line for line in status.splitlines() if line.startswith("Uid:")), "Uid:")
    return tuple(map(int, line.split()[1:]))


def _changes_users(pid: int) -> bool:
    """Is its program set-user-ID, as sudo is and has to be? Unreadable counts as yes: a process of
    our own user could be read."""
    try:
        return bool(os.stat(f"/proc/{pid}/exe").st_mode & stat.S_ISUID)
    except OSError:
        return True
