"""What a list reads its rows from, and what waits until it has.

Imports nothing of the data layer: the list of extensions is part of the first frame.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from textual import events
from textual.screen import Screen

from tuiprov.errors import TuiprovError
from tuiprov.widgets.in_turn import type_again
from tuiprov.widgets.table import Column

if TYPE_CHECKING:
    from tuiprov.data.stop import Stop
    from tuiprov.session import Session


class Source(Protocol):
    """Where a list gets its rows from: ids once, rows by page."""

    def ids(
        self, words: str, most: int | None = None, stop: Stop | None = None, /
    ) -> Sequence[int]:
        """The ids of all records that match, in order; `most`: where all would take long, so many
        of them. Called in a thread; `stop` may end it, with a StoreError."""

    def cells(self, ids: Sequence[int], columns: Sequence[str]) -> Mapping[int, Sequence[str]]:
        """The cells of these records in the order of `columns` (their names)."""


@dataclass(frozen=True, eq=False)
class Reading:
    """One reading of a list: by whom, for which filter, and what ends it."""

    session: Session
    text: str
    stop: Stop


class Rows:
    """The table's source: the ids as they were read, cells when they come into view."""

    def __init__(self, source: Source, ids: Sequence[int], columns: Sequence[Column]):
        self.ids = ids
        self.source = source
        self._names = [column.name for column in columns]
        self._flex = next((n for n, column in enumerate(columns) if column.flex), 0)

    def page(self, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
        try:
            return self.source.cells(ids, self._names)
        except TuiprovError as error:
            return {number: [*[""] * self._flex, str(error)] for number in ids}


class Awaited:
    """What was ordered of a list that is still being read, and the keys that were typed for what
    comes of it, such as the page that is about to open."""

    def __init__(self, screen: Screen[bool | None]) -> None:
        self._screen = screen
        self._order: Callable[[], object] | None = None
        self._needs_all = True
        self._keys: list[events.Key] = []

    @property
    def is_ordered(self) -> bool:
        return self._order is not None

    def order(self, do: Callable[[], object], *, needs_all: bool) -> None:
        """Do this instead of what was ordered before, once the rows are read; `needs_all`: all of
        them, not the first ones only."""
        self._order, self._needs_all = do, needs_all

    def hold(self, key: events.Key) -> None:
        """Keep a key until `release`."""
        self._keys.append(key)

    def rows_are_read(self, *, are_all: bool) -> None:
        """Do what was ordered, when these rows are enough for it."""
        if self._order is not None and (are_all or not self._needs_all):
            ordered, self._order = self._order, None
            ordered()
            self.release()

    def release(self) -> None:
        """Type again what was held, unless something is still to come that it was typed for."""
        if self._order is None:
            type_again(self._screen, self._keys)
            self._keys.clear()

    def forget(self) -> None:
        """The rows cannot be read, so nothing comes that keys were typed for."""
        self._order = None
        self._keys.clear()
