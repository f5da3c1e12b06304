"""What every action on many is: a plan that shows who is refused and what changes, and its
applying as one operation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from tuiprov.errors import NotFound, Refusal, Refused, TuiprovError
from tuiprov.publish.plan import Plan

OnRecord = Callable[[int], None]
"""Told how many records have been looked at. Raising `Stopped` ends the work while nothing is
written yet."""


class Stopped(Exception):
    """Whoever waits for an action does not want it any more."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an action did, in words; the plan that was published with it; and its number in the
    history, by which it is taken back (None: it changed no data)."""

    words: str
    published: Plan = field(default_factory=Plan)
    event_id: int | None = None


class Order(Protocol):
    """An action on many."""

    @property
    def ids(self) -> Sequence[int]:
        """The records it is about."""

    @property
    def about(self) -> str:
        """What it does to whom: `Disable 3 extensions`."""

    def plan(self, on_record: OnRecord) -> Plan:
        """Who is refused and why, and what changes; nothing is stored."""

    def apply(self, on_record: OnRecord) -> Outcome:
        """Do it to all who may have it, as one operation, and publish what follows. Refused when
        nobody may; PublishError: it is stored, and the devices are marked failed. `Stopped` counts
        until it is stored."""


@runtime_checkable
class Gradual(Order, Protocol):
    """An action whose files may go in waves."""

    def store_for_waves(self, on_record: OnRecord) -> Plan:
        """Do it and publish nothing; gives the plan that is to go in waves."""


def going_on(on_record: OnRecord) -> OnRecord:
    """The same listener for what must come to its end: a stop is too late now."""

    def told(count: int) -> None:
        with suppress(Stopped):
            on_record(count)

    return told


def counted(count: int, noun: str) -> str:
    """`1 extension`, `1,200 extensions`."""
    return f"{count:,} {noun}{'s' if count != 1 else ''}"


def result(done: int, verb: str, refused: int, published: Plan | None = None) -> str:
    """`3 removed, 1 refused. Files: 2 deleted.`"""
    left = f", {refused:,} refused" if refused else ""
    files = f" Files: {published.in_the_past()}." if published is not None else ""
    return f"{done:,} {verb}{left}.{files}"


def nobody(refusals: Sequence[Refusal]) -> TuiprovError:
    """What is raised when an action is left with nobody to do it to."""
    return Refused(refusals) if refusals else NotFound("none of these is there any more")


def note(*parts: tuple[int, str]) -> str:
    """One sentence of the parts whose count is not 0."""
    said = "; ".join(words for count, words in parts if count)
    return f"{said}." if said else "Nothing to do."
