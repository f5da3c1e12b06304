"""Examining very many phones on all cores, in processes beside this one.

A process gets phones as plain data and gives back what differs; it uses no database and no key. It
ends with the pipe that it reads from, whatever becomes of this process, and one that fails costs
nothing: its phones are examined here. A program of one thread is forked, which takes milliseconds;
beside other threads, whose locks a fork would keep for ever, a process has to start from nothing.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, islice
from queue import SimpleQueue
from typing import Any, BinaryIO, Final

from tuiprov.data.page import Phone
from tuiprov.errors import PublishError, RenderError
from tuiprov.processes import WIDE, close_all_but, cores, may_fork, wide_pipe
from tuiprov.publish.examining import Examined, examine
from tuiprov.publish.tree import Tree

FORKED_FROM: Final = 200
"""From so many phones on a crew pays that is forked."""
STARTED_FROM: Final = 8_000
"""The same for one that has to import the program first, which takes as long as some thousands."""
_AT_ONCE: Final = 50, 200
"""So many phones a process gets at a time: few at first, so that all have some, later more, because
it waits for each part while this process may be at something else."""
_WAITING: Final = 3
"""Parts that are on their way for each process: no more of a fleet is held at a time."""

Found = Examined | RenderError


def ahead(
    phones: Iterable[Phone], tree: Tree, *, rewrite: bool
) -> Iterator[tuple[Phone, Found | None]]:
    """Each phone in order with what was found of it; None where nobody has looked yet: of few
    phones, and of those with a template of an account, which has processes of its own. PublishError
    when the disk cannot be read."""
    rest = iter(phones)
    least = FORKED_FROM if may_fork() else STARTED_FROM
    first = list(islice(rest, least))
    if len(first) < least or cores() < 2:
        yield from ((phone, None) for phone in chain(first, rest))
        return
    with _without_collecting(), _Crew(cores(), tree, rewrite) as crew:
        yield from crew.examined(chain(first, rest))


@contextmanager
def _without_collecting() -> Iterator[None]:
    """A plan keeps all that it makes: to look for garbage in it again and again takes this process
    a third of its time, and once more as soon as it is made. So what is there by then is left out
    until the next plan; it goes, as ever, when nobody uses it."""
    was_enabled = gc.isenabled()
    gc.disable()
    gc.unfreeze()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


@dataclass(frozen=True, slots=True)
class _Work:
    """What a process is asked."""

    phones: list[Phone]
    tree: Tree
    rewrite: bool

    def done(self) -> list[Found]:
        return examine(self.phones, self.tree, rewrite=self.rewrite)


class _Crew:
    """The processes, and a thread for each that talks to it."""

    def __init__(self, count: int, tree: Tree, rewrite: bool) -> None:
        self._tree = tree
        self._rewrite = rewrite
        begin = _forked if may_fork() else _started
        self._processes = [begin() for _ in range(count)]
        self._free: SimpleQueue[_Process] = SimpleQueue()
        self._threads = ThreadPoolExecutor(count)

    def __enter__(self) -> _Crew:
        for process in self._processes:
            self._free.put(process)
        return self

    def __exit__(self, *_error: object) -> None:
        """End them at once: who breaks off does not wait for what nobody wants any more."""
        for process in self._processes:
            os.kill(process.number, signal.SIGKILL)
        self._threads.shutdown(cancel_futures=True)
        for process in self._processes:
            process.wait()
            for pipe in (process.asks, process.answers):
                with suppress(OSError):  # something was on its way
                    pipe.close()

    def examined(self, phones: Iterable[Phone]) -> Iterator[tuple[Phone, Found | None]]:
        waiting: deque[tuple[list[Phone], Future[list[Found]]]] = deque()
        for part in _parts(phones):
            plain = [phone for phone in part if phone.custom is None]
            work = _Work(plain, self._tree, self._rewrite)
            waiting.append((part, self._threads.submit(self._ask, work)))
            if len(waiting) >= _WAITING * len(self._processes):
                yield from _in_order(*waiting.popleft())
        while waiting:
            yield from _in_order(*waiting.popleft())

    def _ask(self, work: _Work) -> list[Found]:
        process = self._free.get()
        try:
            answer = _asked(process, work)
        finally:
            self._free.put(process)
        if isinstance(answer, PublishError):
            raise answer
        return work.done() if answer is None else answer


def _in_order(
    part: list[Phone], asked: Future[list[Found]]
) -> Iterator[tuple[Phone, Found | None]]:
    found = iter(asked.result())
    for phone in part:
        yield phone, next(found) if phone.custom is None else None


def _parts(phones: Iterable[Phone]) -> Iterator[list[Phone]]:
    rest, done = iter(phones), 0
    few, many = _AT_ONCE
    while part := list(islice(rest, max(few, min(many, done // 8)))):
        yield part
        done += len(part)


@dataclass(frozen=True, slots=True)
class _Process:
    """One of them: the pipes to it and from it, and what waits for its end."""

    number: int
    asks: BinaryIO
    answers: BinaryIO
    wait: Callable[[], object]


def _forked() -> _Process:
    asked, asks = wide_pipe()
    answers, answered = wide_pipe()
    number = os.fork()
    if not number:
        try:
            close_all_but(asked.fileno(), answered.fileno())
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            _serve(asked, answered)
        finally:
            os._exit(0)
    asked.close()
    answered.close()
    return _Process(number, asks, answers, lambda: os.waitpid(number, 0))


def _started() -> _Process:
    # In a session of its own: Ctrl+C in a terminal is for this process, which ends the others.
    begin = f"import sys; sys.path[:] = {sys.path!r}; from {__name__} import serve; serve()"
    process = subprocess.Popen(  # noqa: S603  nothing of it comes from outside
        [sys.executable, "-P", "-c", begin],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        bufsize=WIDE,
        pipesize=WIDE,
    )
    return _Process(process.pid, process.stdin, process.stdout, process.wait)  # type: ignore[arg-type]


def _asked(process: _Process, work: _Work) -> Any:
    """A process's answer, None when it has none (any more)."""
    try:
        pickle.dump(work, process.asks, pickle.HIGHEST_PROTOCOL)
        process.asks.flush()
        return pickle.load(process.answers)  # noqa: S301  our own process
    except (OSError, EOFError, ValueError, AttributeError, IndexError, pickle.PickleError):
        return None


def serve() -> None:
    """Be a process that was started: answer until the pipe ends."""
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # what anything prints is no answer
    _serve(asked, answers)


def _serve(asked: BinaryIO, answers: BinaryIO) -> None:
    while True:
        try:
            work: _Work = pickle.load(asked)  # noqa: S301  our own parent
        except EOFError:
            return
        answer: object
        try:
            answer = work.done()
        except PublishError as error:
            answer = error
        pickle.dump(answer, answers, pickle.HIGHEST_PROTOCOL)
        answers.flush()
