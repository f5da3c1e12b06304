"""What the operating system forbids the children: the wall that holds when Jinja2's does not.

Each function works on the running process. What a machine does not offer is skipped, and said by
`Walls.missing`, so that an admin can ask which of the walls stand here.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import math
import os
import resource
import signal
import sys
from collections.abc import Iterator
from typing import Final

from tuiprov.render.sandbox import bounds
from tuiprov.render.sandbox.seccomp import Filter, filters_for_this_machine

_SET_DEATH_SIGNAL, _SET_DUMPABLE, _SET_SUBREAPER, _SET_NO_NEW_PRIVILEGES = 1, 4, 36, 38
_NOBODY: Final = 65534
_LIBC: Final = ctypes.CDLL(None) if sys.platform == "linux" else None


class Walls:
    """The walls of this machine: made once in the zygote, put up in each process it forks."""

    def __init__(self) -> None:
        self.missing: list[str] = []
        self._compiling: Filter | None = None
        self._rendering: Filter | None = None

    def put_up_for_good(self) -> None:
        """For the zygote and all it forks: no way to more rights, another user than root, nobody
        may look into its memory, and it takes in the orphans of processes that it kills."""
        if not _control_process(_SET_NO_NEW_PRIVILEGES, 1):
            self.missing.append("a program could gain rights: this system has no no_new_privs")
        self._become_nobody()
        _control_process(_SET_DUMPABLE, 0)
        _control_process(_SET_SUBREAPER, 1)
        self._choose_filters()

    def _become_nobody(self) -> None:
        if os.geteuid() != 0:
            return
        try:
            os.setgroups([])
            os.setresgid(_NOBODY, _NOBODY, _NOBODY)
            os.setresuid(_NOBODY, _NOBODY, _NOBODY)
        except OSError as error:
            self.missing.append(f"templates run as root, which cannot be left: {_why(error)}")

    def _choose_filters(self) -> None:
        filters = filters_for_this_machine()
        if isinstance(filters, str):
            self.missing.append(f"system calls are not filtered: {filters}")
        elif not _taken(filters):
            self.missing.append("system calls are not filtered: the kernel does not take a filter")
        else:
            self._compiling, self._rendering = filters

    def around_compiling(self) -> None:
        """For the process that compiles and forks: descriptor 0 and one that it hands on."""
        _limit(resource.RLIMIT_AS, bounds.MEMORY)
        _limit(resource.RLIMIT_CORE, 0)
        _limit(resource.RLIMIT_FSIZE, 0)
        _limit(resource.RLIMIT_NOFILE, 2)
        if self._compiling is not None and not self._compiling.install():
            os._exit(1)

    def around_rendering(self) -> None:
        """For the process that renders: what it has open is all it will ever have."""
        _limit(resource.RLIMIT_AS, bounds.MEMORY)
        _limit(resource.RLIMIT_CORE, 0)
        _limit(resource.RLIMIT_FSIZE, 0)
        _limit(resource.RLIMIT_NOFILE, 0)
        _limit(resource.RLIMIT_NPROC, 0)
        _limit(resource.RLIMIT_CPU, bounds.CPU, 1)
        if self._rendering is not None and not self._rendering.install():
            os._exit(1)


def die_with_parent(parent: int) -> None:
    """End this process when its parent's thread that forked it ends; at once when it has ended."""
    _control_process(_SET_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


@contextlib.contextmanager
def more_cpu() -> Iterator[None]:
    """`CPU` seconds from now on. Of all processes the compiler alone goes on afterwards."""
    lowest, highest = resource.getrlimit(resource.RLIMIT_CPU)
    used = resource.getrusage(resource.RUSAGE_SELF)
    soon = math.ceil(used.ru_utime + used.ru_stime) + bounds.CPU
    if highest == resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_CPU, (soon, highest))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CPU, (lowest, highest))


def _limit(kind: int, most: int, grace: int = 0) -> None:
    try:
        resource.setrlimit(kind, (most, most + grace))
    except ValueError:  # the limit in force is lower
        return
    except OSError:
        os._exit(1)


def _control_process(option: int, value: int) -> bool:
    return _LIBC is not None and bool(_LIBC.prctl(option, value, 0, 0, 0) == 0)


def _taken(filters: tuple[Filter, Filter]) -> bool:
    """Try the filters in a process of their own."""
    child = os.fork()
    if child == 0:
        taken = all(one.install() for one in filters)
        os._exit(0 if taken and _opening_is_refused() else 1)
    return os.waitpid(child, 0)[1] == 0


def _opening_is_refused() -> bool:
    try:
        os.open("/", os.O_RDONLY)
    except OSError as error:
        return error.errno == errno.EPERM
    return False


def _why(error: OSError) -> str:
    return os.strerror(error.errno or errno.EPERM)
