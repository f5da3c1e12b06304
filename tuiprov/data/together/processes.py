"""Processes by name, so that one can tell later whether it still runs: host, process id and when it
was started (a number may be given to another process)."""

from __future__ import annotations

import os
import socket
from functools import cache
from pathlib import Path


def this_process() -> str:
    """`pbx1 4711 88213`."""
    return _named(os.getpid())


def is_running(name: str, *, is_recent: bool) -> bool:
    """Does this process still run? Of one on another host it is taken for granted while it was
    heard of recently."""
    host, _, rest = name.partition(" ")
    if not rest:
        return False
    if host != _host():
        return is_recent
    number, _, started = rest.partition(" ")
    return number.isdecimal() and _started(int(number)) == started


@cache
def _named(number: int) -> str:
    return f"{_host()} {number} {_started(number)}"


def _host() -> str:
    return socket.gethostname().replace(" ", "_")[:64] or "localhost"


def _started(number: int) -> str:
    """In the kernel's ticks since it was started; "" for no such process, or a dead one that
    nobody has buried yet."""
    try:
        text = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = text.rpartition(")")[2].split()  # what stands before is the program's own name
    return "" if fields[0] in ("Z", "X") else fields[19]
