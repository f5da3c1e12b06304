"""How far a command is, in one line on a terminal's standard error; nothing where that is none."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

PATIENCE_SECONDS: Final = 0.5
_PAUSE_SECONDS: Final = 0.1


@contextmanager
def progress(words: str) -> Iterator[Callable[[int], None]]:
    """Gives what is told how many are done. The line comes after half a second, and is gone at the
    end of the block, however that comes."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    line = _Line(words)
    try:
        yield line.show
    finally:
        line.clear()


class _Line:
    def __init__(self, words: str) -> None:
        self._words = words
        self._next = time.monotonic() + PATIENCE_SECONDS
        self._width = 0

    def show(self, count: int) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _PAUSE_SECONDS
        text = f"{self._words} … {count:,}" if count else f"{self._words} …"
        sys.stderr.write(f"\r{text.ljust(self._width)}")
        sys.stderr.flush()
        self._width = max(self._width, len(text))

    def clear(self) -> None:
        if self._width:
            sys.stderr.write(f"\r{' ' * self._width}\r")
            sys.stderr.flush()
