"""What all benchmarks share: a figure with its limit, medians, and the terminals they run on."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from tests.pty.terminal import Terminal, tuiprov

MS = 1_000_000
"""Nanoseconds in a millisecond."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value beside its limit. `against` says what of this run the limit is made of;
    `at_least`: the value must not be below the limit, else not above."""

    what: str
    value: float
    limit: float
    unit: str
    against: str = ""
    at_least: bool = False

    @property
    def ratio(self) -> float:
        """The value as a part of its limit."""
        return self.value / self.limit

    @property
    def kept(self) -> bool:
        return self.ratio >= 1 if self.at_least else self.ratio <= 1


@dataclass(frozen=True, slots=True)
class Effort:
    """How often each thing is measured."""

    starts: int
    keys: int
    batches: int
    fleets: tuple[int, ...]
    """Devices of the sites that are planned."""
    published: int
    """Devices whose files are published."""


THOROUGH = Effort(starts=15, keys=96, batches=15, fleets=(1_000, 10_000, 100_000), published=10_000)
QUICK = Effort(starts=5, keys=24, batches=5, fleets=(1_000, 10_000), published=2_000)


def p95(values: Sequence[float]) -> float:
    """The value that 95 % are not above."""
    return quantiles(values, n=20, method="inclusive")[-1]


def bare(*arguments: str) -> list[str]:
    """The command line of a bare app."""
    return [sys.executable, "-m", "benchmarks.bare_apps", *arguments]


def terminal(command: Sequence[str]) -> Terminal:
    """The terminal that everything is measured on: the most colours, so the most bytes."""
    return Terminal(command, width=120, height=40, environment={"COLORTERM": "truecolor"})


def table(figures: Sequence[Figure]) -> str:
    """The figures as lines of text."""
    widest = max(len(figure.what) for figure in figures)
    lines = [f"{'':<{widest}}  {'figure':>10}    {'limit':>10}    {'ratio':>5}"]
    for figure in figures:
        sign = ">=" if figure.at_least else "<="
        verdict = "ok" if figure.kept else "MISSED"
        lines.append(
            f"{figure.what:<{widest}}  {figure.value:>10.1f} {sign} {figure.limit:>10.1f} "
            f"{figure.unit:<4} {figure.ratio:>5.2f}  {verdict:<6}  {figure.against}".rstrip()
        )
    return "\n".join(lines)


__all__ = ["MS", "Effort", "Figure", "bare", "median", "p95", "table", "terminal", "tuiprov"]
