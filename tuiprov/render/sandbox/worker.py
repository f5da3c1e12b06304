"""The children: three kinds of process, each forked from the one before, each knowing less.

The *zygote* (`main`) has imported Jinja2 and waits. For each set of templates it forks a
*compiler*, which sees these templates and no phone. For each rendering the compiler forks a
*renderer*, which reads one phone's values from a socket of its own, answers there and ends; so
nothing can go from one phone to the next, whatever a template does. A renderer also checks
templates, one at a time.

Talk, all in `frames.py`'s messages but for the one-letter orders:
    parent → zygote    `s` + a socket: fork a compiler that listens there; answers {pid}
                       `k` {pid}: end that compiler and its renderer; answers {}
    parent → compiler  first {sources}; then `c` {template, format}: compile; answers {fault}
                       `r` + a socket: fork a renderer that listens there (and end the one before)
                       `d`: the renderer is done, wait for it
                       `e`: end the renderer; answers {status, memory, trouble} of the last one:
                       wait status, largest resident memory in KiB, why it could not be forked
    parent → renderer  {template, format, values}: answers {text} or {fault}; or {check}: {faults}

Imports the standard library, Jinja2 and this project's formats and errors only.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, Final, NoReturn

from jinja2 import Template

from tuiprov.render.formats import FORMATS
from tuiprov.render.sandbox import bounds, faults, frames, limits
from tuiprov.render.sandbox.faults import Fault
from tuiprov.render.sandbox.frames import Message
from tuiprov.render.sandbox.language import (
    Language,
    NotCompiled,
    Overtime,
    compiled,
    parsed,
    unknown_names,
)

_LARGEST_MESSAGE: Final = 64 << 20
_PARENT_CHECK: Final = 10.0
"""Seconds between the zygote's looks whether its parent still lives: a second way to notice, when
another process holds the parent's end of the socket open."""


def main(parent: int, with_signal: bool) -> NoReturn:
    """The zygote, listening on descriptor 0. `with_signal`: the parent's main thread started it, so
    the kernel may tell of that thread's end."""
    control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, fileno=0)
    sys.stdin = sys.stdout = sys.stderr = None
    _forget_what_was_inherited()
    _warm_up()
    walls = limits.Walls()
    walls.put_up_for_good()
    if with_signal:
        limits.die_with_parent(parent)
    gc.collect()
    gc.freeze()  # so that the collector does not write to memory that forks share
    try:
        control.sendall(frames.packed({"missing": walls.missing}))
        _Zygote(control, walls).serve(parent)
    finally:
        os._exit(0)


def _forget_what_was_inherited() -> None:
    """Signals as a fresh program has them, however odd the parent's are."""
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, _ring)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


class _Zygote:
    def __init__(self, control: socket.socket, walls: limits.Walls) -> None:
        self._control = control
        self._walls = walls
        self._compilers: set[int] = set()

    def serve(self, parent: int) -> None:
        """Until the parent is gone. Leaves no process behind."""
        try:
            while self._wait_for_order(parent):
                order, descriptor = _order(self._control)
                self._bury()
                if order == b"s" and descriptor is not None:
                    self._start(descriptor)
                elif order == b"k":
                    self._end(frames.read(self._control.recv, 1000)["pid"])
                else:
                    return
        finally:
            for pid in list(self._compilers):
                self._kill(pid)

    def _wait_for_order(self, parent: int) -> bool:
        poller = select.poll()
        poller.register(self._control, select.POLLIN)
        while not poller.poll(_PARENT_CHECK * 1000):
            if os.getppid() != parent:
                return False
        return True

    def _start(self, descriptor: int) -> None:
        zygote, child = os.getpid(), os.fork()
        if child == 0:
            _in_child(lambda: _compiler(zygote, descriptor, self._walls))
        os.close(descriptor)
        _lead_a_group(child)
        self._compilers.add(child)
        self._answer({"pid": child})

    def _end(self, pid: int) -> None:
        if pid in self._compilers:
            self._kill(pid)
        self._answer({})

    def _kill(self, pid: int) -> None:
        """End a compiler with its renderer, and wait for both: the renderer becomes this process's
        child when the compiler ends. The number cannot be another process's yet, because only this
        process waits for it."""
        self._compilers.discard(pid)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while True:
                os.waitpid(-pid, 0)

    def _bury(self) -> None:
        """Wait for compilers that ended by themselves, and for what they left."""
        with contextlib.suppress(ChildProcessError):
            while child := os.waitpid(-1, os.WNOHANG)[0]:
                self._compilers.discard(child)

    def _answer(self, message: Message) -> None:
        self._control.sendall(frames.packed(message))


def _lead_a_group(process: int) -> None:
    """Done by the process and by its parent, so that it is done before either goes on."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.setpgid(process, process)


def _order(control: socket.socket) -> tuple[bytes, int | None]:
    """One letter, "" at the end, and the socket that came with it."""
    letter, descriptors, _, _ = socket.recv_fds(control, 1, 1)
    return letter, descriptors[0] if descriptors else None


def _in_child(work: Callable[[], None]) -> NoReturn:
    """Do `work` in a process that was just forked; it never returns into its parent's code."""
    code = 0
    try:
        work()
    except MemoryError:
        code = frames.NO_MEMORY
    except BaseException:
        code = 1
    finally:
        os._exit(code)


# The compiler


def _compiler(zygote: int, descriptor: int, walls: limits.Walls) -> None:
    _lead_a_group(0)
    limits.die_with_parent(zygote)
    _keep_only(descriptor)
    control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, fileno=0)
    walls.around_compiling()
    sources = frames.read(control.recv, _LARGEST_MESSAGE)["sources"]
    _Compiler(control, walls, sources).serve()


class _Compiler:
    def __init__(
        self, control: socket.socket, walls: limits.Walls, sources: dict[str, str]
    ) -> None:
        self._control = control
        self._walls = walls
        self._renderer = Renderer(sources)
        self._child = 0
        self._last: Message = {"status": 0, "memory": 0, "trouble": ""}

    def serve(self) -> None:
        while True:
            order, descriptor = _order(self._control)
            if order == b"r" and descriptor is not None:
                self._fork(descriptor)
            elif order == b"c":
                request = frames.read(self._control.recv, _LARGEST_MESSAGE)
                fault = self._renderer.compile(request["template"], request["format"])
                self._answer({"fault": fault.message() if fault else None})
            elif order == b"d":
                self._end_child()
            elif order == b"e":
                self._end_child()
                self._answer(self._last)
            else:
                self._end_child()
                return

    def _fork(self, descriptor: int) -> None:
        self._end_child()
        compiler = os.getpid()
        try:
            self._child = os.fork()
        except OSError as error:
            self._last = {"status": 0, "memory": 0, "trouble": os.strerror(error.errno or 0)}
        else:
            if self._child == 0:
                _in_child(lambda: _render(compiler, descriptor, self._walls, self._renderer))
        os.close(descriptor)

    def _end_child(self) -> None:
        """A renderer that has answered is as good as ended: nothing of it is needed any more."""
        if self._child:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._child, signal.SIGKILL)
            _, status, usage = os.wait4(self._child, 0)
            self._child = 0
            self._last = {"status": status, "memory": usage.ru_maxrss, "trouble": ""}

    def _answer(self, message: Message) -> None:
        self._control.sendall(frames.packed(message))


# The renderer


def _render(compiler: int, descriptor: int, walls: limits.Walls, renderer: Renderer) -> None:
    limits.die_with_parent(compiler)
    _keep_only(descriptor)
    walls.around_rendering()
    request = frames.read_from(0, _LARGEST_MESSAGE)
    frames.write_to(0, frames.packed(renderer.answer(request)))


class Renderer:
    """Compiles and renders the templates of one set of sources, in this process."""

    def __init__(self, sources: dict[str, str]) -> None:
        self._sources = sources
        self._languages: dict[str, Language] = {}

    def compile(self, name: str, format_name: str) -> Fault | None:
        """Compile a template and those it names; what is wrong with it, or None."""
        if format_name not in FORMATS:
            return Fault(name, 0, "is to be rendered in a format that tuiprov does not know")
        try:
            with limits.more_cpu(), _alarm():
                compiled(self._language(format_name), name)
        except NotCompiled as error:
            return faults.while_compiling(error, self._sources)
        except BaseException as error:
            return faults.while_rendering(error, name, self._sources)
        return None

    def answer(self, request: Message) -> Message:
        """What a renderer answers to its one request."""
        if "check" in request:
            found = self.check(request["check"])
            return {"faults": [fault.message() for fault in found]}
        name = request["template"]
        try:
            return {"text": self.render(name, request["format"], request["values"])}
        except MemoryError as error:
            return {"fault": _without_memory(error, name)}
        except BaseException as error:
            return {"fault": faults.while_rendering(error, name, self._sources).message()}

    def render(self, name: str, format_name: str, values: dict[str, Any]) -> str:
        """The text of one file. Raises whatever the template raises, TooLarge and Overtime."""
        with _alarm():
            template = self._language(format_name).get_template(name)
            return "".join(_pieces(template, values))

    def check(self, name: str) -> list[Fault]:
        """All that can be known of one template without a phone's values."""
        language = self._language(next(iter(FORMATS)))
        try:
            with _alarm():
                tree = parsed(language, name, self._sources[name])
                found = sorted(set(unknown_names(language, tree, self._sources)))
                if not found:
                    language.get_template(name)
        except NotCompiled as error:
            return [faults.while_compiling(error, self._sources)]
        except BaseException as error:
            return [faults.while_rendering(error, name, self._sources)]
        return [Fault(name, line, reason) for line, reason in found]

    def _language(self, format_name: str) -> Language:
        if format_name not in self._languages:
            self._languages[format_name] = Language(self._sources, format_name)
        return self._languages[format_name]


def _pieces(template: Template, values: dict[str, Any]) -> Iterator[str]:
    """The parts of a rendered file, until they are too large. Jinja2's own `render` would rewrite
    tracebacks, which costs memory; `faults` reads them as they are."""
    size = 0
    running = template.root_render_func(template.new_context(values))
    try:
        for piece in running:
            size += len(piece if piece.isascii() else piece.encode("utf-8", "surrogatepass"))
            if size > bounds.OUTPUT:
                raise faults.TooLarge
            yield piece
    except (faults.TooLarge, Overtime) as error:
        error.place = faults.place_in(running, template.name or "")
        raise


def _without_memory(error: MemoryError, name: str) -> dict[str, Any]:
    """The fault of a template that used up the memory, found without using more than a little."""
    place = faults.place_of(error) or (name, 0)
    error.__traceback__ = error.__context__ = None  # lets go of what the template had made
    return Fault(*place, bounds.TOO_MUCH_MEMORY).message()


def _ring(number: int, frame: FrameType | None) -> None:
    raise Overtime


@contextlib.contextmanager
def _alarm() -> Iterator[None]:
    signal.setitimer(signal.ITIMER_REAL, bounds.ALARM)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _keep_only(descriptor: int) -> None:
    """Make `descriptor` number 0 and close all others."""
    os.dup2(descriptor, 0)
    os.closerange(1, 64)


# Warming up


def _warm_up() -> None:
    """Use once what Python and Jinja2 load when first used: later nothing can be opened."""
    import encodings.unicode_escape  # noqa: F401
    import unicodedata  # noqa: F401  `\\N{DASH}` in a template's text

    import jinja2.debug  # noqa: F401

    renderer = Renderer(dict(_WARMING))
    for name in _WARMING:
        request = {"template": name, "format": "xml", "values": {"a": {"b": [1, "x"]}}}
        frames.packed(renderer.answer(request))
    renderer.check("unknown")


_WARMING: Final = {
    "base": "{% block one %}{% for n in a.b %}{{ n }}{{ loop.index }}{% endfor %}{% endblock %}",
    "child": '{% extends "base" %}{% block one %}{{ super() }}{% include "part" %}{% endblock %}',
    "part": "{% macro m(x) %}{{ x | upper | default('') }}{% endmacro %}{{ m('\\u2013') }}",
    "imports": '{% import "part" as p %}{% set x = namespace(y=1) %}{{ "%02d" | format(x.y) }}',
    "lists": "{{ a.b | map('string') | sort | unique | join(',') }}{{ [1, 2] | sum * 2 ** 2 }}",
    "syntax": "{% if %}",
    "unknown": "{{ a | nothing }}",
    "undefined": "{{ a.nothing }}",
    "unsafe": "{{ ''.__class__ }}",
    "missing": "{% include 'nowhere' %}",
    "wrong": "{{ 1 + none }}",
    "zero": "{{ 1 / 0 }}",
}
