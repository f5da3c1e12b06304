"""Looking at processes from outside, by what the kernel says of them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path


def descendants(of: int | None = None) -> list[int]:
    """All processes below one, oldest first; below this one without the servers of other tests,
    which these tests would kill."""
    parents: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            stat = read(int(entry), "stat")
            if stat:
                parents.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry))
    found, waiting = [], [of or os.getpid()]
    while waiting:
        children = sorted(parents.get(waiting.pop(0), []))
        if of is None and not found:
            children = [pid for pid in children if not is_a_server(pid)]
        found += children
        waiting += children
    return found


def is_a_server(pid: int) -> bool:
    """Is it an Asterisk or a PostgreSQL of other tests in this very process?"""
    words = read(pid, "cmdline")
    return bool(words) and "tuiprov.render.sandbox" not in words


def children(of: int) -> list[int]:
    """The processes that one has started itself."""
    found = []
    for pid in descendants(of):
        stat = read(pid, "stat")
        if stat and int(stat.rpartition(")")[2].split()[1]) == of:
            found.append(pid)
    return found


def read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text(errors="replace")
    except OSError:
        return ""


def is_zombie(pid: int) -> bool:
    return ") Z" in read(pid, "stat")


def lives(pid: int) -> bool:
    return bool(read(pid, "stat")) and not is_zombie(pid)


def wait_until(happens: Callable[[], object], seconds: float = 5) -> None:
    """Look again and again; fail after so many seconds."""
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end, "it never happened"
        os.sched_yield()
