"""The lists on sites of very different size: start, keys and memory must not grow with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter_ns

from benchmarks.bare_apps import READY
from benchmarks.ground import Ground
from benchmarks.harness import MS, Figure, bare, median, p95, terminal, tuiprov
from tests.pty.terminal import Terminal

CURSOR_MS, CURSOR_BYTES, FILTER_MS = 6, 1024, 16
START_LIMIT, GROWTH_LIMIT = 1.3, 1.3
_FIRST_ROW = b"0027*"
_QUIET_SECONDS, _AT_REST_SECONDS = 0.04, 2.0
_WORD = "anna"


@dataclass
class _OfOne:
    """What was measured on one site."""

    starts: list[float] = field(default_factory=list)
    cursor: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    sent: list[float] = field(default_factory=list)
    filter: list[float] = field(default_factory=list)
    memory: float = 0.0
    """MB that are resident with the whole list known and its end on the screen."""


def measure(ground: Ground) -> Iterator[Figure]:
    """Sites of all sizes take turns, so that all meet the same load."""
    sites = {count: _site(ground, count) for count in ground.effort.fleets}
    found = {count: _OfOne() for count in sites}
    bare_starts: list[float] = []
    echo: list[float] = []
    for count, site in sites.items():
        _start(site, _OfOne())  # byte code is compiled, the file is in memory
        _use(site, count, found[count], echo, ground.effort.keys)
    for _ in range(ground.effort.starts):
        with terminal(bare("database", str(next(iter(sites.values()))))) as started:
            bare_starts.append(started.wait_for_bytes(READY.encode()) / MS)
        for count, site in sites.items():
            _start(site, found[count])
    yield from _figures(found, median(bare_starts), p95(echo))


def _site(ground: Ground, count: int) -> Path:
    store, _ = ground.fleet("lists", count)
    store.database.close()
    assert store.database.path is not None
    return store.database.path


def _figures(found: Mapping[int, _OfOne], bare_ms: float, echo_ms: float) -> Iterator[Figure]:
    against = f"{START_LIMIT} x bare app that opens SQLite, {bare_ms:.0f} ms"
    above = f"above the p95 of a bare echo, {echo_ms:.2f} ms"
    for count, one in found.items():
        of = f"list of {count:,}"
        start = median(one.starts)
        yield Figure(f"{of}: first rows", start, START_LIMIT * bare_ms, "ms", against)
        yield Figure(f"{of}: cursor, p95", p95(one.cursor) - echo_ms, CURSOR_MS, "ms", above)
        yield Figure(f"{of}: sent per cursor key, p95", p95(one.sent), CURSOR_BYTES, "B")
        yield Figure(f"{of}: filter key, p95", p95(one.filter) - echo_ms, FILTER_MS, "ms", above)
    least, most = min(found), max(found)
    if least == most:
        return
    small, big = found[least], found[most]
    for what, unit, one, other in (
        ("first rows", "ms", median(small.starts), median(big.starts)),
        ("processor time per cursor key, p95", "ms", p95(small.cpu), p95(big.cpu)),
        ("memory", "MB", small.memory, big.memory),
    ):
        limit = GROWTH_LIMIT * one
        against = f"{GROWTH_LIMIT} x those of {least:,}, {one:.1f} {unit}"
        yield Figure(f"{what} of {most:,}", other, limit, unit, against)


def _start(site: Path, one: _OfOne) -> None:
    with terminal(tuiprov("--db", f"sqlite:///{site}")) as program:
        one.starts.append(program.wait_for_bytes(_FIRST_ROW) / MS)


def _use(site: Path, count: int, one: _OfOne, echo: list[float], keys: int) -> None:
    """Walk down the list and up from its end, then filter."""
    with ExitStack() as stack:
        echoing = stack.enter_context(terminal(bare("echo")))
        echoing.wait_for_bytes(READY.encode())
        program = stack.enter_context(terminal(tuiprov("--db", f"sqlite:///{site}")))
        program.wait_for(f"/ {count:,} ", seconds=60)
        program.settle(_AT_REST_SECONDS)  # what is imported after the list is no part of a key
        for there, step in (("home", "down"), ("end", "up")):
            program.press(there)
            program.settle(_QUIET_SECONDS, patience=1)
            for _ in range(keys):
                before, sent = program.cpu_ns(), len(program.output)
                one.cursor.append(_answer(program, step))
                one.cpu.append((program.cpu_ns() - before) / MS)
                one.sent.append(len(program.output) - sent)
                echo.append(_answer(echoing, "x"))
        one.memory = _resident(program)
        for letter in [*_WORD, *["backspace"] * len(_WORD)] * max(1, keys // 24):
            one.filter.append(_answer(program, letter))


def _answer(program: Terminal, key: str) -> float:
    """Milliseconds from the key to the first of what it changes on the screen."""
    start = perf_counter_ns()
    program.press(key)
    seen = len(program.output)
    program.wait_until(lambda: len(program.output) > seen, 5, f"answer to {key}")
    answered = program.last_read
    program.settle(_QUIET_SECONDS)
    return (answered - start) / MS


def _resident(program: Terminal) -> float:
    status = Path(f"/proc/{program.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0
