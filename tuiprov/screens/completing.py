"""Completion in the filter of a list: a dimmed proposal, taken with Tab; Tab again and Shift+Tab
walk through the others.

What is declared is proposed at the key press; what the database knows comes from a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from tuiprov.data.completion import Proposal, Typed, typed
from tuiprov.errors import TuiprovError
from tuiprov.screens.behind import Behind
from tuiprov.widgets.compat import SIGNS

if TYPE_CHECKING:
    from tuiprov.list_views import ListViews
    from tuiprov.screens.list_screen import ListScreen

_SHORTEST_NAME: Final = 2
"""A field is proposed unasked from so many letters on: one letter begins half of all words."""


class Completing:
    """Proposes for one list and one viewer. `changed` is told when the proposal is another one,
    `take` gets the filter text when one was taken."""

    def __init__(
        self,
        screen: ListScreen,
        views: ListViews,
        changed: Callable[[], None],
        take: Callable[[str], None],
    ) -> None:
        self._views = views
        self._changed = changed
        self._take = take
        self._behind: Behind[Typed, tuple[Typed, Sequence[str]]] = Behind(
            screen, self._read, self._answered
        )
        self._at: Typed | None = None
        self._is_asked = False
        """Is the database being asked about it?"""
        self._found: Sequence[Proposal] = ()
        self._walked = -1
        """Which of the proposals has been taken; -1: none."""
        self._ordered = 0
        """The step of a Tab that waits for the database's proposals."""

    @property
    def is_awaited(self) -> bool:
        """Was Tab pressed before the proposals were there? Keys after it are meant for later."""
        return bool(self._ordered)

    @property
    def ghost(self) -> str:
        """What stands dimmed behind the filter."""
        if self._walked >= 0 and len(self._found) > 1:
            return f"  {SIGNS.note} {self._walked + 1} of {len(self._found)}"
        if self._walked >= 0 or not self._found or self._at is None:
            return ""
        is_short = not self._at.name and len(self._at.value) < _SHORTEST_NAME
        return "" if is_short else self._found[0].rest

    def follow(self, text: str) -> None:
        """The filter is `text` now."""
        self._walked, self._found, self._ordered, self._is_asked = -1, (), 0, False
        self._behind.forget()
        self._at = typed(text)
        if self._at is None:
            return
        self._is_asked = self._views.is_recorded(self._at)
        if self._is_asked:
            self._behind.ask(self._at)
        else:
            self._found = self._views.proposals(self._at, ())

    def begin(self) -> None:
        """Propose for an empty filter, unless one walks through its proposals already."""
        if self._walked < 0:
            self.follow("")

    def step(self, by: int) -> None:
        """Take the first proposal (the last one, for a step back), or walk to the next."""
        if self._is_asked:
            self._ordered = by
        elif self._found:
            count = len(self._found)
            at = self._walked + by if self._walked >= 0 else min(0, by)
            self._walked = at % count
            self._take(self._found[self._walked].text)

    def taken(self, text: str) -> None:
        """The filter is `text` by a proposal: where it was the only one, it goes on from there."""
        if len(self._found) == 1:
            self.follow(text)

    def _read(self, at: Typed) -> tuple[Typed, Sequence[str]]:
        try:
            return at, self._views.values(at)
        except TuiprovError:
            return at, ()  # the list itself says what is wrong with the database

    def _answered(self, answer: tuple[Typed, Sequence[str]]) -> None:
        at, recorded = answer
        self._is_asked = False
        self._found = self._views.proposals(at, recorded)
        ordered, self._ordered = self._ordered, 0
        if ordered:
            self.step(ordered)
        self._changed()
