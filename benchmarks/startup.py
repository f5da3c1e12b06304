"""From the start of the process to its first frame, and to a list that can be used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.bare_apps import READY
from benchmarks.harness import MS, Effort, Figure, bare, median, terminal, tuiprov
from tests.pty.terminal import Terminal

FIRST_FRAME_LIMIT, LIST_LIMIT = 1.25, 1.3
_TITLE, _FIRST_ROW = b"Extensions", b"0027*001"


@dataclass
class _Times:
    """Milliseconds of each start, by what was waited for."""

    bare: list[float] = field(default_factory=list)
    bare_database: list[float] = field(default_factory=list)
    first_frame: list[float] = field(default_factory=list)
    list_usable: list[float] = field(default_factory=list)


def measure(site: Path, effort: Effort) -> Iterator[Figure]:
    """Start each program in turn, round by round, so that all meet the same load."""
    _one_round(site, _Times(), 0)  # byte code is compiled, files are in memory
    times = _Times()
    for number in range(effort.starts):
        _one_round(site, times, number)
    yield _figure("start to first frame", times.first_frame, times.bare, FIRST_FRAME_LIMIT)
    yield _figure("extensions list usable", times.list_usable, times.bare_database, LIST_LIMIT)


def _one_round(site: Path, times: _Times, number: int) -> None:
    turns: list[Callable[[], None]] = [
        lambda: _start_bare(["static"], times.bare),
        lambda: _start_bare(["database", str(site)], times.bare_database),
        lambda: _start_tuiprov(site, times),
    ]
    first = number % len(turns)
    for turn in turns[first:] + turns[:first]:
        turn()


def _start_bare(arguments: list[str], times: list[float]) -> None:
    with terminal(bare(*arguments)) as started:
        times.append(_until(started, READY.encode()))


def _start_tuiprov(site: Path, times: _Times) -> None:
    with terminal(tuiprov("--db", f"sqlite:///{site}")) as started:
        times.first_frame.append(_until(started, _TITLE))
        times.list_usable.append(_until(started, _FIRST_ROW))


def _until(started: Terminal, words: bytes) -> float:
    return started.wait_for_bytes(words) / MS


def _figure(what: str, ours: list[float], theirs: list[float], limit: float) -> Figure:
    bare_ms = median(theirs)
    return Figure(
        what, median(ours), limit * bare_ms, "ms", f"{limit} x bare Textual app, {bare_ms:.0f} ms"
    )
