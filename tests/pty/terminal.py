"""A terminal for tests and benchmarks: a program on a real pseudo-terminal, its screen in pyte.

`Terminal` starts a command as the leader of a session of its own, as sshd does; `tuiprov` gives the
command line of this checkout. Keys go in with `press` and `type`, what comes back is looked at as
a screen (`text`, `wait_for`) or as raw bytes with the time of each read (`output`, `settle`).
"""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyte

ROOT = Path(__file__).parents[2]
NS = 1_000_000_000

_KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "backspace": "\x7f",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "end": "\x1b[F",
    "home": "\x1b[H",
    "insert": "\x1b[2~",
    "delete": "\x1b[3~",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    **{f"ctrl+{letter}": chr(ord(letter) & 0x1F) for letter in "abcdefghijklmnopqrstuvwxyz"},
    **{f"f{number}": f"\x1bO{'PQRS'[number - 1]}" for number in range(1, 5)},
    **{f"f{number}": f"\x1b[{number + 10 + (number > 5)}~" for number in range(5, 11)},
}
_LINUX_KEYS = {f"f{number}": f"\x1b[[{'ABCDE'[number - 1]}" for number in range(1, 6)}
"""The Linux console sends its own F1 to F5 (console_codes(4))."""

_SYNC_QUERY, _SYNC_ANSWER = b"\x1b[?2026$p", b"\x1b[?2026;2$y"
_ANSWERS_SYNC = {"xterm-256color"}
_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][0-9A-B]|[=>])"
)


def tuiprov(*arguments: str) -> list[str]:
    """The command line that runs this checkout's tuiprov."""
    return [sys.executable, "-m", "tuiprov", *arguments]


def without_escapes(data: bytes) -> str:
    """What a program wrote, as text without its control sequences."""
    return _ESCAPES.sub("", data.decode(errors="replace")).replace("\r\n", "\n")


class Terminal:
    """`command` on a pseudo-terminal of its own. Use it in a `with`: at the end nothing is left.

    `hangup_ignored` starts it as `nohup` does, with SIGHUP ignored.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        term: str = "xterm-256color",
        width: int = 80,
        height: int = 24,
        environment: Mapping[str, str] | None = None,
        hangup_ignored: bool = False,
    ) -> None:
        self.width, self.height, self._term = width, height, term
        self.output = bytearray()
        """All bytes the program has sent so far."""
        self.last_read = 0
        """When the last of them were read, in ns of `time.perf_counter_ns`."""
        self._screen = pyte.Screen(width, height)
        self._stream = pyte.ByteStream(self._screen)
        self._drawn = 0
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self.started = time.perf_counter_ns()
        try:
            self._process = subprocess.Popen(
                list(command),
                stdin=slave,
                stdout=slave,
                stderr=slave,
                cwd=ROOT,
                env=_environment(term) | dict(environment or {}),
                start_new_session=True,
                preexec_fn=lambda: _take_terminal(hangup_ignored),
            )
        finally:
            os.close(slave)
        self._exit = os.pidfd_open(self.pid)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._exit)
        self.drop()

    @property
    def pid(self) -> int:
        return self._process.pid

    # -- what goes in ---------------------------------------------------------------------------

    def type(self, text: str) -> None:
        """Send these characters."""
        os.write(self._master, text.encode())

    def press(self, *keys: str) -> None:
        """Send these keys (`f2`, `ctrl+n`, `x` …) as this terminal codes them."""
        known = _KEYS | (_LINUX_KEYS if self._term == "linux" else {})
        self.type("".join(known.get(key, key) for key in keys))

    def signal(self, number: int) -> None:
        """Send the program a signal."""
        signal.pidfd_send_signal(self._exit, number)

    def drop(self) -> None:
        """Take the terminal away, as a dropped connection does."""
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    # -- what comes out -------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """The screen as it stands now."""
        new = bytes(self.output[self._drawn :])
        self._drawn += len(new)
        self._stream.feed(new)
        return "\n".join(self._screen.display)

    def wait_for(self, *words: str, seconds: float = 15) -> None:
        """Wait until all `words` are on the screen."""
        self.wait_until(lambda: all(word in self.text for word in words), seconds, repr(words))

    def wait_until(self, condition: Callable[[], bool], seconds: float, about: str) -> None:
        """Wait until `condition` holds; it is asked after each read."""
        deadline = time.monotonic() + seconds
        while not condition():
            left = deadline - time.monotonic()
            ended = self._process.poll() is not None
            if not self._read(max(0.0, left)) and (left <= 0 or ended):
                state = f"exit status {self._process.poll()}" if ended else f"after {seconds} s"
                raise AssertionError(f"no {about}, {state}:\n{self.text}")

    def wait_for_bytes(self, words: bytes, seconds: float = 15) -> int:
        """Wait until `words` have been sent; gives the ns since the start at the read that
        completed them. Takes no time for a screen, so that it can be used to measure."""
        self.wait_until(lambda: words in self.output, seconds, repr(words))
        return self.last_read - self.started

    def settle(self, quiet: float = 0.05, *, patience: float = 0) -> int:
        """Read until nothing has come for `quiet` seconds; gives the time of the last read.
        For the first byte it waits `patience` seconds instead."""
        if patience and not self._read(patience):
            return self.last_read
        while self._read(quiet):
            pass
        return self.last_read

    def wait_exit(self, seconds: float = 5) -> int:
        """Wait for the program's end; gives its exit status (negative: the signal it died of)."""
        deadline = time.monotonic() + seconds
        while self._process.poll() is None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise AssertionError(f"still running after {seconds} s:\n{self.text}")
            self._read(left)
        self.settle(0)
        return self._process.wait()

    def _read(self, seconds: float) -> bool:
        """Take in what comes within `seconds`, or until the program ends; False when nothing."""
        watched = select.poll()  # `select` takes no descriptor beyond 1,023
        for descriptor in [self._exit, self._master] if self._master >= 0 else [self._exit]:
            watched.register(descriptor, select.POLLIN)
        ready = [descriptor for descriptor, _ in watched.poll(max(0, seconds) * 1000)]
        if self._master not in ready:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # EIO: nobody has the other end open any more
            return False
        self.last_read = time.perf_counter_ns()
        self.output += data
        if _SYNC_QUERY in data and self._term in _ANSWERS_SYNC:
            os.write(self._master, _SYNC_ANSWER)
        return True

    # -- what it costs --------------------------------------------------------------------------

    def processes(self) -> list[int]:
        """Pids of all living processes of the session."""
        stats = {int(path.parent.name): path for path in Path("/proc").glob("[0-9]*/stat")}
        return [pid for pid, path in stats.items() if _session_of(path) == self.pid]

    def cpu_ns(self) -> int:
        """Time on a processor, in ns, of all threads that are alive."""
        tasks = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks)


def _environment(term: str) -> dict[str, str]:
    """As little as a login gives, so that no test depends on where it runs."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "HOME", "TMPDIR", "PYTHONPATH")
    }
    return {**kept, "TERM": term, "LANG": "C.UTF-8"}


def _take_terminal(hangup_ignored: bool) -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    if hangup_ignored:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _session_of(stat: Path) -> int:
    """The session of a process that is alive, 0 for a dead one."""
    try:
        state, _parent, _group, session = stat.read_text().rpartition(")")[2].split()[:4]
    except OSError:
        return 0
    return 0 if state in "ZX" else int(session)
