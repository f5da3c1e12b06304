"""CSV in: one row is one line of one device, or an extension without a device.

Headers are the field names, any order, any subset. An empty cell leaves a value as it is (a new
record gets the default), so a device's second line needs its MAC only. `export` → `import` into an
empty site → `export` gives the same bytes. What a row may hold is `csv_reading.py`'s, whether it
may be stored `rows.py`'s, and writing CSV `export.py`'s.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.database import Database
from tuiprov.data.exchange.csv_reading import (
    ImportedRow,
    opened_csv,
    parsed_rows,
)
from tuiprov.data.exchange.foreign import AUTO, OWN, ColumnMap, map_for
from tuiprov.data.exchange.record_sets import AT_ONCE
from tuiprov.data.exchange.refused_rows import RefusedRows, refused_rows
from tuiprov.data.exchange.rows import Outcome, take_rows
from tuiprov.data.history import events as history
from tuiprov.errors import Refusal, Refused

Columns = Callable[[Sequence[str]], ColumnMap]
"""The header of a file → what becomes of its columns."""
OnRows = Callable[[int], None]
"""Told how many rows have been looked at; what it raises ends the import, nothing written."""


def first_rows(
    path: Path, count: int, format_name: str = AUTO
) -> tuple[ColumnMap, Sequence[Sequence[str]]]:
    """The columns of a file and the cells of its first rows, as they stand. Refused: it cannot be
    read."""
    with opened_csv(path) as file:
        return map_for(file.header, format_name), list(islice(file.rows, count))


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did (or would do, when dry). `refused` names what is wrong with the rows that
    were left out of a partial import, in their order; `left_in` is the file they are in."""

    added: int
    changed: int
    unchanged: int
    refused: Sequence[Refusal] = ()
    refused_rows: int = 0
    left_in: Path | None = None


class _Undo(Exception):
    """Rolls a dry run back."""


def import_file(
    database: Database,
    viewer: Viewer,
    path: Path,
    *,
    dry_run: bool = False,
    partial: bool = False,
    columns: Columns | None = None,
    most: int | None = None,
    on_rows: OnRows = lambda _count: None,
) -> Imported:
    """Store all rows of a CSV file, or none: Refused names every bad cell, of this kind or that.
    `partial`: all that can be stored, the others are named and kept in a file beside. `columns`
    says by the header which column is which field; None: they have the fields' names. `most`: no
    more rows than that are looked at. `on_rows` is told now and then how many have been; what it
    raises ends the import, nothing written."""
    with opened_csv(path) as file:
        chosen = columns(file.header) if columns else map_for(file.header, OWN)
        chosen.check(path.name)
        with refused_rows(path, file.header) as left, suppress(_Undo):
            done = _Done(left if partial and not dry_run else None, chosen.shown, on_rows)
            with database.write() as session:
                event = history.record(session, viewer, "import", path.name)
                session.flush()
                rows = islice(parsed_rows(file, chosen.texts), most)
                for row, outcome, refusals in take_rows(session, viewer, rows):
                    done.note(row, outcome, refusals)
                done.end(all_or_nothing=not partial)
                event.detail = f"{done.rows} rows"
                if dry_run or not done.stored:
                    left.drop()
                    raise _Undo
        return done.result(left.path)


class _Done:
    """What became of the rows so far."""

    def __init__(
        self,
        left: RefusedRows | None,
        shown: Callable[[str], str],
        on_rows: OnRows,
    ):
        self._left, self._shown, self._on_rows = left, shown, on_rows
        self._counts: Counter[Outcome] = Counter()
        self._refused: list[Refusal] = []
        self.rows = 0

    @property
    def stored(self) -> int:
        return self._counts["added"] + self._counts["changed"]

    def note(self, row: ImportedRow, outcome: Outcome, refusals: Sequence[Refusal]) -> None:
        self.rows += 1
        self._counts[outcome] += 1
        self._refused += [replace(one, field=self._shown(one.field)) for one in refusals]
        if outcome == "refused" and self._left is not None:
            self._left.add(row.cells)
        if self.rows % AT_ONCE == 0:
            self._on_rows(self.rows)

    def end(self, *, all_or_nothing: bool) -> None:
        if all_or_nothing and self._refused:
            raise Refused(self._refused)
        if self._left is not None:
            self._left.end()

    def result(self, left_in: Path | None) -> Imported:
        counts = self._counts
        return Imported(
            *(counts["added"], counts["changed"], counts["unchanged"]),
            *(self._refused, counts["refused"], left_in),
        )
