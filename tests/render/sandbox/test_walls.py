"""What the operating system forbids, tried by Python itself as if Jinja2's sandbox were broken."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from tuiprov.render.sandbox import limits, missing_walls, seccomp

ROOT = Path(__file__).parents[3]
ATTEMPTS = {
    "read a file": "os.open('/etc/passwd', os.O_RDONLY)",
    "write a file": "os.open('/tmp/tuiprov-mark', os.O_CREAT | os.O_WRONLY)",
    "list a directory": "os.listdir('/')",
    "look at a file": "os.stat('/etc/shadow') if filtered else os.open('/', 0)",
    "remove a file": "os.unlink('/nowhere') if filtered else os.open('/', 0)",
    "start a program": "os.execv('/bin/true', ['true']) if filtered else os.fork()",
    "fork": "os.fork()",
    "make a socket": "socket.socket()",
    "make a pipe": "os.pipe()",
    "import a module": "__import__('sqlite3')",
    "raise a limit": "resource.setrlimit(resource.RLIMIT_AS, (1 << 40, 1 << 40))",
    "get rights back": "os.setuid(0) if filtered else os.open('/', 0)",
    "kill another": "os.kill(1, 0)",
    "change its memory": "bytearray(300 << 20)",
    "change directory": "os.chdir('/') if filtered else os.open('/', 0)",
}
BROKEN_OUT = """
import os, resource, socket, sys
from tuiprov.render.sandbox import limits
walls = limits.Walls()
walls.put_up_for_good()
filtered = not any('filtered' in line for line in walls.missing)
walls.around_compiling()
walls.around_rendering()
try:
    {attempt}
except BaseException as error:
    os.write(1, type(error).__name__.encode())
else:
    os.write(1, b'it worked')
os._exit(0)
"""


def outcome(attempt: str, before: str = "") -> str:
    program = before + BROKEN_OUT.format(attempt=attempt)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


@pytest.mark.parametrize("name", ATTEMPTS)
def test_python_itself_can_do_nothing_in_a_renderer(name: str) -> None:
    assert outcome(ATTEMPTS[name]) in {
        *("PermissionError", "OSError", "BlockingIOError", "ValueError", "MemoryError"),
        "ModuleNotFoundError",
    }
    assert not Path("/tmp/tuiprov-mark").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="without root the limit on processes is another")
@pytest.mark.parametrize("name", ["read a file", "fork", "make a socket", "change its memory"])
def test_without_a_filter_of_calls_the_other_limits_still_hold(name: str) -> None:
    machine = (
        "import os; u = os.uname(); os.uname = lambda: type('U', (), {'machine': 'riscv64'})\n"
    )
    assert outcome(ATTEMPTS[name], machine) in {"OSError", "BlockingIOError", "MemoryError"}


@pytest.mark.skipif(
    sys.platform != "linux" or os.uname().machine not in ("x86_64", "aarch64"),
    reason="no filter is known for this machine",
)
def test_no_wall_is_missing_here() -> None:
    assert missing_walls() == ()


def test_a_machine_without_a_known_filter_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    names = os.uname()
    fields = (*names[:4], "riscv64")
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(fields))
    reason = seccomp.filters_for_this_machine()
    assert reason == "tuiprov knows no filter of system calls for riscv64"
    walls = limits.Walls()
    walls._choose_filters()
    assert walls.missing == [f"system calls are not filtered: {reason}"]


MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# openat, execve, socket, connect, ptrace, clone3, mount, bpf, process_vm_readv, memfd_create
FORBIDDEN = {
    "x86_64": [2, 257, 59, 41, 42, 101, 435, 165, 321, 310, 319, 0x40000000],
    "aarch64": [56, 221, 198, 203, 117, 435, 40, 280, 270, 279],
}


@pytest.mark.parametrize("machine", MACHINES)
def test_the_filter_allows_what_is_listed_and_nothing_else(machine: str) -> None:
    column = list(MACHINES).index(machine)
    listed = {row[column] for row in seccomp._RENDERING.values()}
    calls = sorted(number for number in listed if number is not None)
    program = seccomp._program(MACHINES[machine], calls)
    verdicts = {number: verdict(program, MACHINES[machine], number) for number in range(500)}
    assert {number for number, said in verdicts.items() if said == "allow"} == set(calls)
    assert {verdict(program, MACHINES[machine], n) for n in FORBIDDEN[machine]} == {"refuse"}
    assert verdict(program, 0x40000003, 0) == "kill"


def verdict(program: bytes, machine: int, call: int) -> str:
    """What the kernel's interpreter would make of it."""
    code = [struct.unpack("=HBBI", program[i : i + 8]) for i in range(0, len(program), 8)]
    data, register, place = {0: call, 4: machine}, 0, 0
    while True:
        operation, if_equal, otherwise, operand = code[place]
        if operation == 0x06:
            return {0x7FFF0000: "allow", 0x00050001: "refuse", 0x80000000: "kill"}[operand]
        if operation == 0x20:
            register = data[operand]
        else:
            place += if_equal if register == operand else otherwise
        place += 1
