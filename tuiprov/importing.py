"""A CSV file opened for one viewer: its columns, its first rows, what an import of it would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.exchange.foreign import AUTO, ColumnMap, plain
from tuiprov.data.exchange.importing import Imported, OnRows, first_rows, import_file
from tuiprov.data.page import MASK
from tuiprov.data.sections import FIELDS
from tuiprov.data.store import Store
from tuiprov.errors import Refusal, Refused

MOST_TRIED: Final = 2000
"""So many rows are tried while one maps columns: others wait for the database meanwhile."""
_SHOWN_ROWS: Final = 3
_SECRET_WORDS: Final = ("pass", "secret", "pin", "key", "token")
PLACES: Final = ("organization", "user")
"""Whose extensions they are: what files of other programs do not say."""


@dataclass(frozen=True)
class Importing:
    """The store, who is looking, the file, what its columns are, and its first rows."""

    store: Store
    viewer: Viewer
    path: Path
    columns: ColumnMap
    first: Sequence[Sequence[str]]

    @property
    def unsaid(self) -> list[str]:
        """Fields of a new extension that no column says."""
        return [name for name in PLACES if name not in self.columns.targets]

    def examples(self, place: int) -> str:
        """The first values of a column; those of a secret stay hidden, of one that is not taken
        too."""
        target, name = self.columns.targets[place], plain(self.columns.header[place])
        cells = [row[place] for row in self.first if place < len(row) and row[place]]
        is_secret = target in FIELDS and FIELDS[target].secret
        if is_secret or (target not in FIELDS and any(word in name for word in _SECRET_WORDS)):
            cells = [MASK for _ in cells]
        return ", ".join(cells)

    def as_format(self, name: str) -> Importing:
        """The file read as another program's."""
        columns = first_rows(self.path, 0, name)[0].known()
        return replace(self, columns=columns.with_given(self.columns.given))

    def with_columns(self, columns: ColumnMap) -> Importing:
        return replace(self, columns=columns)

    def tried(self, on_rows: OnRows) -> Imported:
        """What importing the first rows would do; Refused when there is nothing to try."""
        return self._import(on_rows, dry_run=True, partial=True, most=MOST_TRIED)

    def taken(self, on_rows: OnRows, *, partial: bool) -> Imported:
        """Import the file. Refused names every bad cell; nothing is stored then."""
        return self._import(on_rows, partial=partial)

    def _same(self, header: Sequence[str]) -> ColumnMap:
        if list(header) != list(self.columns.header):
            raise Refused([Refusal("", "has another header by now: open it again", self.path.name)])
        return self.columns

    def _import(
        self, on_rows: OnRows, *, partial: bool, dry_run: bool = False, most: int | None = None
    ) -> Imported:
        return import_file(
            self.store.database,
            self.viewer,
            self.path,
            dry_run=dry_run,
            partial=partial,
            columns=self._same,
            most=most,
            on_rows=on_rows,
        )


def importing_of(store: Store, viewer: Viewer, path: Path) -> Importing:
    """A file with its columns as its header has them. Refused: it cannot be read."""
    if path.exists() and not path.is_file():  # a pipe would keep the screen waiting
        raise Refused([Refusal("", "cannot be read: is no regular file", str(path))])
    columns, first = first_rows(path, _SHOWN_ROWS, AUTO)
    return Importing(store, viewer, path, columns.known(), first)
