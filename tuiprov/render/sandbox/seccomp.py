"""The second wall: a filter of system calls (seccomp), by hand because no kept library makes one.

A child that broke out of Jinja2's sandbox could still run Python. With the filter that Python can
open no file, start no program and reach no network: every call that is not listed is refused with
EPERM. Known for x86_64 and aarch64; elsewhere there is no filter, and `filters_for_this_machine`
says why. Call numbers: the kernel's asm/unistd_64.h and asm-generic/unistd.h; the program's layout:
linux/filter.h, linux/seccomp.h.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable
from typing import Final

_Calls = dict[str, tuple[int, int | None]]
"""Name of a system call → its number on x86_64 and on aarch64."""

_RENDERING: Final[_Calls] = {
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "brk": (12, 214),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "setitimer": (38, 103),
    "getpid": (39, 172),
    "exit": (60, 93),
    "gettimeofday": (96, 169),
    "sigaltstack": (131, 132),
    "gettid": (186, 178),
    "futex": (202, 98),
    "restart_syscall": (219, 128),
    "clock_gettime": (228, 113),
    "exit_group": (231, 94),
    "getrandom": (318, 278),
}
_FORKING: Final[_Calls] = {
    "dup": (32, 23),
    "dup2": (33, None),
    "sendto": (44, 206),
    "recvfrom": (45, 207),
    "sendmsg": (46, 211),
    "recvmsg": (47, 212),
    "clone": (56, 220),
    "fork": (57, None),
    "wait4": (61, 260),
    "kill": (62, 129),
    "fcntl": (72, 25),
    "getrlimit": (97, 163),
    "getrusage": (98, 165),
    "getppid": (110, 173),
    "prctl": (157, 167),
    "setrlimit": (160, 164),
    "set_tid_address": (218, 96),
    "set_robust_list": (273, 99),
    "dup3": (292, 24),
    "prlimit64": (302, 261),
    "seccomp": (317, 277),
    "rseq": (334, 293),
    "close_range": (436, 436),
}
_MACHINES: Final = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""Machine → column of the tables above, its AUDIT_ARCH value."""

_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _REFUSE_EPERM, _KILL = 0x7FFF0000, 0x00050001, 0x80000000
_AT_NUMBER, _AT_MACHINE = 0, 4  # offsets in struct seccomp_data


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


class Filter:
    """One filter, ready to be put on the running process. It cannot be taken off again, and a
    second one can only forbid more."""

    def __init__(self, audit_arch: int, calls: Iterable[int]) -> None:
        self._code = _program(audit_arch, sorted(calls))
        self._program = _Program(len(self._code) // 8, self._code)
        self._libc = ctypes.CDLL(None, use_errno=True)

    def install(self) -> bool:
        """Put it on this process, which must have no_new_privs. Was it taken?"""
        address = ctypes.byref(self._program)
        return bool(self._libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, address) == 0)


def filters_for_this_machine() -> tuple[Filter, Filter] | str:
    """The filters of the compiling and of the rendering process; in words why there are none."""
    machine = os.uname().machine
    if machine not in _MACHINES:
        return f"tuiprov knows no filter of system calls for {machine}"
    if ctypes.sizeof(ctypes.c_void_p) != 8:
        return "this Python is a 32-bit program"
    column, audit_arch = _MACHINES[machine]

    def numbers(table: _Calls) -> list[int]:
        return [number for row in table.values() if (number := row[column]) is not None]

    rendering = numbers(_RENDERING)
    return Filter(audit_arch, rendering + numbers(_FORKING)), Filter(audit_arch, rendering)


def _program(audit_arch: int, calls: list[int]) -> bytes:
    """Another machine's calling convention ends the process; a listed call is allowed; any other
    is refused."""
    code = [
        (_LOAD, 0, 0, _AT_MACHINE),
        (_JUMP_IF_EQUAL, 1, 0, audit_arch),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _AT_NUMBER),
    ]
    for place, call in enumerate(calls):
        code.append((_JUMP_IF_EQUAL, len(calls) - place, 0, call))
    code += [(_RETURN, 0, 0, _REFUSE_EPERM), (_RETURN, 0, 0, _ALLOW)]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)
