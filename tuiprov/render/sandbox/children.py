"""The parent's end: starting the zygote, talking to compilers, killing what takes too long.

What the children answer is not trusted: they have run a hostile template. Nobody here kills by a
process number that a child has said; only the zygote, which knows its own children, does.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import tuiprov
from tuiprov.errors import RenderError
from tuiprov.render.sandbox import bounds, frames
from tuiprov.render.sandbox.frames import Broken, Message

_START: Final = 20.0
"""Seconds a machine may take to start Python and import Jinja2; ordinarily 0.2."""
_ANSWER: Final = 5.0
"""Seconds the zygote may take to fork or kill; ordinarily 0.002."""
_LARGEST_ANSWER: Final = 8 << 20
# `random` and `threading` would refresh themselves after each fork, which nobody here needs: it is
# a fifth of the time of a rendering.
_BOOT: Final = (
    "import os, sys; os.register_at_fork = lambda **_: None; sys.path.extend(sys.argv[3:]); "
    "from tuiprov.render.sandbox.worker import main; main(int(sys.argv[1]), sys.argv[2] == '1')"
)


class Gone(Exception):
    """A child has ended, or does not answer in time, without a template being to blame."""


class Overdue(Exception):
    """A compilation or a rendering took longer than `bounds.WALL`."""


class Ended(Exception):
    """The renderer ended without an answer: its wait status, and what the compiler says of it."""

    def __init__(self, status: int, trouble: str) -> None:
        super().__init__()
        self.status, self.trouble = status, trouble


class Zygote:
    """The process that has Jinja2 loaded. RenderError when it cannot be started; Gone later."""

    def __init__(self) -> None:
        self._control, theirs = _pair()
        with theirs:
            self._process = _start(theirs)
        try:
            hello = _read(self._control, time.monotonic() + _START)
        except BaseException as error:
            self.kill()
            if isinstance(error, Gone | Overdue):
                raise RenderError("the process that renders templates does not start") from None
            raise
        self.missing = tuple(line for line in hello.get("missing", ()) if isinstance(line, str))

    def compiler(self, sources: Mapping[str, str]) -> Compiler:
        """A new process for one set of templates."""
        ours, theirs = _pair()
        with theirs:
            compiler = Compiler(self, ours, self._ask(b"s", theirs).get("pid"))
        try:
            compiler.begin(sources)
        except Gone:
            self.end(compiler)
            raise
        return compiler

    def end(self, compiler: Compiler) -> None:
        """End it now, whatever it does."""
        compiler.close()
        self._ask(b"k" + frames.packed({"pid": compiler.pid}))

    def _ask(self, order: bytes, handed: socket.socket | None = None) -> Message:
        deadline = time.monotonic() + _ANSWER
        try:
            _send(self._control, order, deadline, handed)
            return _read(self._control, deadline)
        except Overdue:
            raise Gone from None

    def kill(self) -> None:
        """End it the hard way; its children end with it."""
        self._control.close()
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Let it end its children and itself."""
        self._control.close()
        try:
            self._process.wait(_ANSWER)
        except subprocess.TimeoutExpired:
            self.kill()

    def abandon(self) -> None:
        """Forget it in a forked copy of this program: it belongs to the original."""
        self._control.close()
        self._process.returncode = 0  # or its destructor would complain of a living child


class Compiler:
    """A process with one set of templates. One thread at a time may use it; after Gone or Overdue
    while compiling it is good for nothing but `Zygote.end`."""

    def __init__(self, zygote: Zygote, control: socket.socket, pid: Any) -> None:
        self.zygote = zygote
        self.pid = pid
        self.compiled: set[tuple[str, str]] = set()
        self._control = control

    def begin(self, sources: Mapping[str, str]) -> None:
        """Tell it its templates. Gone."""
        self._send(frames.packed({"sources": dict(sources)}), time.monotonic() + _ANSWER)

    def compile(self, template: str, format_name: str) -> Any:
        """The fault as the child says it, or None. Overdue, Gone."""
        deadline = time.monotonic() + bounds.WALL
        request = frames.packed({"template": template, "format": format_name})
        self._send(b"c" + request, deadline)
        fault = _read(self._control, deadline).get("fault")
        if fault is None:
            self.compiled.add((template, format_name))
        return fault

    def render(self, request: bytes) -> Message:
        """The answer of a new process to one packed request. Overdue, Ended, Gone."""
        deadline = time.monotonic() + bounds.WALL
        ours, theirs = _pair()
        with ours:
            with theirs:
                self._send(b"r", deadline, theirs)
            try:
                _send(ours, request, deadline)
                answer = _read(ours, deadline)
            except Overdue:
                self.end_renderer()
                raise
            except Gone:
                end = self.end_renderer()
                raise Ended(end["status"], end["trouble"]) from None
        self._send(b"d", deadline + _ANSWER)
        return answer

    def end_renderer(self) -> Message:
        """End the renderer if it still runs. Of the last one: wait status, largest memory in KiB,
        trouble with forking it. Gone."""
        deadline = time.monotonic() + _ANSWER
        try:
            self._send(b"e", deadline)
            end = _read(self._control, deadline)
        except Overdue:
            raise Gone from None
        if type(end.get("status")) is not int or type(end.get("trouble")) is not str:
            raise Gone
        return end

    def close(self) -> None:
        self._control.close()

    def _send(self, data: bytes, deadline: float, handed: socket.socket | None = None) -> None:
        try:
            _send(self._control, data, deadline, handed)
        except Overdue:  # it does not even listen
            raise Gone from None


def _pair() -> tuple[socket.socket, socket.socket]:
    """Two connected sockets that no other program inherits. Never numbers 0 to 2: in a program
    that closed its standard input these are free, and taken for it later."""
    try:
        first, second = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    except OSError as error:
        raise RenderError(f"templates cannot be rendered: {error.strerror}") from None
    return _above_standard(first), _above_standard(second)


def _above_standard(one: socket.socket) -> socket.socket:
    if one.fileno() > 2:
        return one
    with one:
        number = fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, 3)
    return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, fileno=number)


def _start(control: socket.socket) -> subprocess.Popen[bytes]:
    """A Python of its own: no environment, no terminal, nothing open but `control` as number 0, and
    only the directories that hold what it imports."""
    # The kernel tells of the end of the thread that forked, so only the main thread's counts.
    with_signal = threading.current_thread() is threading.main_thread()
    arguments = [str(os.getpid()), "1" if with_signal else "0", *_import_paths()]
    try:
        return subprocess.Popen(  # noqa: S603  our own interpreter and words
            [sys.executable, "-I", "-S", "-X", "utf8", "-W", "ignore", "-c", _BOOT, *arguments],
            stdin=control.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            cwd="/",
            start_new_session=True,
            umask=0o077,
        )
    except OSError as error:
        raise RenderError(f"templates cannot be rendered: {error.strerror}") from None


def _environment() -> dict[str, str]:
    """None but what some Pythons need to find their own library."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    return {"LC_ALL": "C.UTF-8", **kept}


def _import_paths() -> list[str]:
    """Where tuiprov, Jinja2 and MarkupSafe lie, found without importing Jinja2."""
    paths = [str(Path(tuiprov.__file__).resolve().parent.parent)]
    for name in ("jinja2", "markupsafe"):
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            paths.append(str(Path(spec.origin).resolve().parent.parent))
    return list(dict.fromkeys(paths))


def _send(
    to: socket.socket, data: bytes, deadline: float, handed: socket.socket | None = None
) -> None:
    try:
        to.settimeout(max(deadline - time.monotonic(), 0.001))
        if handed is not None:
            socket.send_fds(to, [data], [handed.fileno()], socket.MSG_NOSIGNAL)
        else:
            to.sendall(data, socket.MSG_NOSIGNAL)
    except TimeoutError:
        raise Overdue from None
    except OSError:
        raise Gone from None


def _read(source: socket.socket, deadline: float) -> Message:
    def receive(count: int) -> bytes:
        source.settimeout(max(deadline - time.monotonic(), 0.001))
        return source.recv(count)

    try:
        return frames.read(receive, _LARGEST_ANSWER)
    except TimeoutError:
        raise Overdue from None
    except (OSError, Broken):
        raise Gone from None
