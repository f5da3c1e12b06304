"""Work for all cores: processes that are forked from this one while it goes on.

Publishing uses it: to examine phones, to write files, to seal what is recorded of them. A process
is forked only where this one has a single thread: the locks of others a fork would keep for ever.
"""

from __future__ import annotations

import fcntl
import os
import pickle
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from typing import BinaryIO, Final, Generic, TypeVar

WIDE: Final = 1 << 20
"""Bytes that a pipe and each end of it hold."""
_MOST: Final = 8
_MOST_FILES: Final = 65_536
_AT_ONCE: Final = 200
"""Items that are answered together."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def cores() -> int:
    """How many processes at once are of use."""
    return min(_MOST, len(os.sched_getaffinity(0)))


def may_fork() -> bool:
    """Has this program one thread alone?"""
    return threading.active_count() == 1


@contextmanager
def beside(
    do: Callable[[Item], Result], items: Sequence[Item], *, least: int
) -> Iterator[Iterator[Result]]:
    """What `do` gives for each item, in order. From `least` items on processes beside this one
    begin with it at once; it is done here when it is asked for, where there are fewer, where no
    process can be forked, and of those that one left undone. `do` works in memory alone."""
    parts = [items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE)]
    hands: list[_Hand[Result]] = []
    try:
        if len(items) >= least and cores() > 1 and may_fork():
            with suppress(OSError):  # no more processes to be had
                for number in range(cores()):
                    hands.append(_Hand(do, parts[number :: cores()]))
        yield _in_order(do, parts, hands if len(hands) == cores() else [])
    finally:
        for hand in hands:
            hand.end()


def wide_pipe() -> tuple[BinaryIO, BinaryIO]:
    """A pipe, its end to read from first, through which a whole answer goes at once: who has to
    wait for each part of one loses more than the part takes."""
    ends = os.pipe()
    with suppress(OSError):  # as wide as the system allows
        fcntl.fcntl(ends[1], fcntl.F_SETPIPE_SZ, WIDE)
    return os.fdopen(ends[0], "rb", WIDE), os.fdopen(ends[1], "wb", WIDE)


def close_all_but(*kept: int) -> None:
    """Close what a forked process has from its parent, but for these and the first three: the end
    of a pipe is how the others know, and nobody else may hold it open."""
    bounds = [2, *sorted(kept), _MOST_FILES]
    for first, last in pairwise(bounds):
        os.closerange(first + 1, last)


def _in_order(
    do: Callable[[Item], Result], parts: Sequence[Sequence[Item]], hands: Sequence[_Hand[Result]]
) -> Iterator[Result]:
    for number, part in enumerate(parts):
        answer = hands[number % len(hands)].answer() if hands else None
        yield from map(do, part) if answer is None else answer


class _Hand(Generic[Result]):
    """A forked process that answers for its parts, one after another."""

    def __init__(self, do: Callable[[Item], Result], parts: Sequence[Sequence[Item]]) -> None:
        self._answers, answered = wide_pipe()
        with answered:
            self._number = os.fork()
            if not self._number:
                try:
                    close_all_but(answered.fileno())
                    signal.signal(signal.SIGINT, signal.SIG_IGN)
                    signal.signal(signal.SIGTERM, signal.SIG_DFL)
                    for part in parts:
                        pickle.dump(list(map(do, part)), answered, pickle.HIGHEST_PROTOCOL)
                        answered.flush()
                finally:
                    os._exit(0)

    def answer(self) -> list[Result] | None:
        """What it says of its next part, None when it has ended."""
        try:
            found: list[Result] = pickle.load(self._answers)  # noqa: S301  our own process
        except (EOFError, OSError, pickle.UnpicklingError):
            return None
        return found

    def end(self) -> None:
        """End it, whatever it is doing."""
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(self._number, signal.SIGKILL)
            os.waitpid(self._number, 0)
        self._answers.close()
