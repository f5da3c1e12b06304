"""A list whose rows are marked, to be acted upon together.

Imports nothing of the data layer: the list of extensions is part of the first frame.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events

from tuiprov.actions import ACTIONS
from tuiprov.screens.viewed_list import ViewedList


class MarkingList(ViewedList):
    """Space marks a row; what is ordered of rows is ordered of all marked ones."""

    # -- marking --------------------------------------------------------------------------------

    def filter_key(self, event: events.Key) -> bool:
        if super().filter_key(event):
            return True
        # A blank belongs to the filter while one types it, and marks after a step in the list.
        if event.key == "space" and (self.table.is_walked or not self.filter):
            self.action_mark()
            return True
        return False

    def action_mark(self) -> None:
        """Mark the row with the cursor, or take its mark away."""
        self.table.is_walked = True
        self.table.mark()
        self._show_filter()

    def action_mark_range(self) -> None:
        """Mark all rows from the nearest marked one to the cursor."""
        self.table.mark_range()
        self._show_filter()

    def action_mark_all(self) -> None:
        """Mark all rows that match, or none."""
        self.once_read(self._mark_all)

    def _mark_all(self) -> None:
        self.table.mark_all()
        self._show_filter()

    def action_leave(self) -> None:
        if self.table.marked:
            self.table.unmark()
            self._show_filter()
        else:
            super().action_leave()

    def about_marks(self) -> str:
        if not self.table.marked:
            return ""
        act = next(action for action in ACTIONS if action.id == "act_on_marked")
        key = act.shown_key(self.navigator.key_overrides)
        return f"{len(self.table.marked):,} marked: {key} acts on them  "

    # -- acting on rows -------------------------------------------------------------------------

    def with_listed(self, then: Callable[[Sequence[int]], object]) -> None:
        """Give `then` the ids of all rows that match, in order: now, or once they are read."""

        def read() -> None:
            if self._rows is not None:
                then(self._rows.ids)

        self.once_read(read)

    def with_marked(self, then: Callable[[Sequence[int]], object]) -> None:
        """Give `then` the ids of all marked rows in the order of the list, those that the filter
        hides too; of the one under the cursor where none is marked."""
        rows, marked = self._rows, frozenset(self.table.marked)
        if not marked or rows is None:
            if self.chosen is not None:
                then([self.chosen])
            return

        def read() -> Sequence[int]:
            shown = [number for number in rows.ids if number in marked]
            if len(shown) == len(marked):
                return shown
            return [number for number in rows.source.ids("") if number in marked]

        def found(ids: Sequence[int]) -> None:
            if ids:
                then(ids)
            else:
                self.say("None of the marked rows is there any more.")

        # Behind the keys: a fleet's ids are half a second.
        self.work_on("Read them", lambda _: read(), found, "The marked rows cannot be read")
