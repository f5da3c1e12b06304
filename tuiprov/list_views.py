"""How one viewer looks at one list: saved filters, columns, and what a filter may become."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.completion import Proposal, Typed, Vocabulary, is_recorded, proposals, vocabulary
from tuiprov.data.store import Store
from tuiprov.data.views import SavedFilter

LISTS: Final = ("extensions", "devices", "accounts", "templates", "requests", "history")


@dataclass(frozen=True)
class ListViews:
    """`list`: one of `LISTS`."""

    store: Store
    viewer: Viewer
    list: str

    @property
    def filters(self) -> Sequence[SavedFilter]:
        """The account's saved filters by name."""
        return self.store.views.filters(self.viewer, self.list)

    def save(self, name: str, text: str) -> None:
        """Save a filter under a name; Refused when either is wrong."""
        self.store.views.save_filter(self.viewer, self.list, name, text.strip())

    def remove(self, name: str) -> None:
        self.store.views.remove_filter(self.viewer, self.list, name)

    def choose(self, columns: tuple[str, ...]) -> None:
        """Keep these columns for the list; none: its usual ones again."""
        self.store.views.choose_columns(self.viewer, self.list, columns)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The fields and words that the viewer may ask for."""
        return vocabulary(self.viewer, self.list)

    def is_recorded(self, at: Typed) -> bool:
        """Does completing this word need the database?"""
        return is_recorded(at, self.vocabulary)

    def values(self, at: Typed) -> Sequence[str]:
        """What the database knows of it. Takes as long as a list."""
        return self.store.views.values(self.viewer, self.list, at)

    def proposals(self, at: Typed, recorded: Sequence[str]) -> Sequence[Proposal]:
        return proposals(at, self.vocabulary, recorded)
