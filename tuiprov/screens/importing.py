"""A CSV file before it is imported: which column is which field, and what that would do."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.worker import get_current_worker

from tuiprov.data.exchange.foreign import EQUIPMENT, TARGETS, formats
from tuiprov.data.exchange.importing import Imported
from tuiprov.data.sections import FIELDS
from tuiprov.errors import Refused, TuiprovError
from tuiprov.importing import MOST_TRIED, Importing
from tuiprov.screens.base import TuiprovScreen, bindings_of
from tuiprov.text import visible
from tuiprov.widgets.ask import Ask
from tuiprov.widgets.bar import Bar
from tuiprov.widgets.picker import Picker
from tuiprov.widgets.preview import Preview, PreviewLine
from tuiprov.widgets.table import Column, Table

_COLUMNS: Final = (
    Column("column", "Column of the file", 20, flex=True),
    Column("field", "Field", 24),
    Column("values", "First values", 20, flex=True),
)
_NOT_TAKEN: Final = "- not taken"
_MOST_SHOWN: Final = 200
_PROGRESS_SECONDS: Final = 0.1


class _Stopped(Exception):
    """Ends what nobody waits for any more."""


@dataclass(frozen=True)
class _Columns:
    """The table's rows: what the file does not say (ids below 0), then its columns."""

    importing: Importing

    @property
    def ids(self) -> Sequence[int]:
        unsaid = range(-len(self.importing.unsaid), 0)
        return [*unsaid, *range(len(self.importing.columns.header))]

    def page(self, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
        return {place: self._cells(place) for place in ids}

    def _cells(self, place: int) -> Sequence[str]:
        columns = self.importing.columns
        if place >= 0:
            target = columns.targets[place]
            shown = _words(target) if target else _NOT_TAKEN
            return columns.header[place], shown, self.importing.examples(place)
        name = self.importing.unsaid[place]
        return "(not in the file)", _words(name), columns.given.get(name, "") or "Enter: for all"


class ImportScreen(TuiprovScreen):
    """Maps columns and imports. `words` is what was done, for who opened it."""

    where = "import"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("import")

    def __init__(self, importing: Importing) -> None:
        super().__init__()
        self.words = ""
        self._importing = importing
        self._summary = Bar(id="summary")
        self._table = Table(_COLUMNS, id="table")
        self._result = Preview(id="changes")
        self._is_taking = False

    def compose(self) -> ComposeResult:
        yield self.title_bar
        yield self._summary
        yield self._table
        yield self._result
        yield self.keys_bar

    def on_mount(self) -> None:
        name = visible(self._importing.path.name)
        self.title_bar.show([("Import", "bar--title"), (f"  {name}", "bar--dim")])
        self._table.focus()
        self._show(self._importing)

    # -- changing what the columns are ----------------------------------------------------------

    def action_change(self) -> None:
        """Choose the field of the column under the cursor, or a value for all rows."""
        place, columns = self._table.cursor_id, self._importing.columns
        if place is None or self._is_taking:
            return
        if place < 0:
            self._ask(self._importing.unsaid[place])
            return
        options = [("", _NOT_TAKEN), *((name, _words(name)) for name in TARGETS)]
        title = f"Field of {visible(columns.header[place])}"

        def chosen(target: str | None) -> None:
            if target is not None:
                self._show(self._importing.with_columns(columns.with_target(place, target)))

        self.app.push_screen(Picker(title, options, columns.targets[place]), chosen)

    def _ask(self, name: str) -> None:
        columns = self._importing.columns
        hints = ["For all rows; {extension} stands for each one's number."]

        def answered(text: str | None) -> None:
            if text is None:
                return
            try:
                self._show(self._importing.with_columns(columns.with_given({name: text})))
            except TuiprovError as error:
                self.tell("This cannot be", error)

        self.app.push_screen(Ask(_words(name), hints, columns.given.get(name, "")), answered)

    def action_format(self) -> None:
        """Read the file as another program's."""
        options = [(one.name, one.title) for one in formats().values()]

        def chosen(name: str | None) -> None:
            try:
                if name is not None:
                    self._show(self._importing.as_format(name))
            except TuiprovError as error:
                self.tell("This file cannot be read", error)

        if not self._is_taking:
            known = self._importing.columns.format.name
            self.app.push_screen(Picker("Format of the file", options, known), chosen)

    def _show(self, importing: Importing) -> None:
        self._importing = importing
        self._table.show(_Columns(importing))
        self._table.repaint()
        self._say("Trying …", [])
        self.show_keys()
        self._try(importing)

    # -- what it would do -----------------------------------------------------------------------

    @work(thread=True, exclusive=True, group="import")
    def _try(self, importing: Importing) -> None:
        worker = get_current_worker()

        def on_rows(_count: int) -> None:
            if worker.is_cancelled:
                raise _Stopped

        try:
            words, lines = _would(importing.tried(on_rows))
        except _Stopped:
            return
        except TuiprovError as error:
            words, lines = "This cannot be imported yet:", str(error).splitlines()
        if not worker.is_cancelled and self.app.is_running:
            self.app.call_from_thread(self._say, words, lines)

    def _say(self, words: str, lines: Sequence[str]) -> None:
        columns = self._importing.columns
        left = len(columns.left_out)
        about = f"{columns.format.title}: {len(columns.header)} columns"
        about += f", {left} not taken" if left else ""
        style = "bar--error" if lines else "bar--title"
        self._summary.show([(about, "bar--dim")], [(words, style)])
        shown = [PreviewLine(f"! {visible(line)}") for line in lines[:_MOST_SHOWN]]
        if len(lines) > _MOST_SHOWN:
            shown.append(PreviewLine(f"… and {len(lines) - _MOST_SHOWN:,} more"))
        self._result.show(shown, empty="No row is refused.")

    # -- doing it -------------------------------------------------------------------------------

    def action_take(self, partial: bool) -> None:
        """Import all rows or none, or only the good ones."""
        if not self._is_taking:
            self._is_taking = True
            self.show_keys(note="Importing …   Esc stops it")
            self._take(self._importing, partial)

    @work(thread=True, exclusive=True, group="import")
    def _take(self, importing: Importing, partial: bool) -> None:
        worker = get_current_worker()
        told_at = time.monotonic()

        def on_rows(count: int) -> None:
            nonlocal told_at
            if worker.is_cancelled:
                raise _Stopped
            if time.monotonic() - told_at > _PROGRESS_SECONDS:
                told_at = time.monotonic()
                note = f"Importing … {count:,} rows   Esc stops it"
                self.app.call_from_thread(self.show_keys, note=note)

        done: Imported | None = None
        problem: TuiprovError | None = None
        try:
            done = importing.taken(on_rows, partial=partial)
        except _Stopped:
            pass
        except TuiprovError as error:
            problem = error
        if self.is_running and self.app.is_running:
            self.app.call_from_thread(self._taken, done, problem)

    def _taken(self, done: Imported | None, problem: TuiprovError | None) -> None:
        self._is_taking = False
        self.show_keys()
        if isinstance(problem, Refused):
            lines = str(problem).splitlines()
            self._say("Nothing was imported: F9 takes the good rows only.", lines)
        elif problem is not None:
            self.tell("Not imported", problem)
        elif done is None:
            self.show_keys(note="Stopped: nothing was imported.")
        else:
            self.words = _did(done)
            if not done.refused:
                self.dismiss(True)
                return
            where = [f"mend them in {done.left_in}"] if done.left_in else []
            self._say(self.words, [*where, *(str(one) for one in done.refused)])

    def action_leave(self) -> None:
        if self._is_taking:
            self.workers.cancel_group(self, "import")
        else:
            self.dismiss(bool(self.words))


def _words(target: str) -> str:
    if target == EQUIPMENT:
        return "Manufacturer/model"
    return FIELDS[target].label


def _would(done: Imported) -> tuple[str, Sequence[str]]:
    rows = done.added + done.changed + done.unchanged + done.refused_rows
    of = f"The first {rows:,} rows" if rows >= MOST_TRIED else f"{rows:,} rows"
    return f"{of} would be: {_counts(done)}", [str(one) for one in done.refused]


def _did(done: Imported) -> str:
    beside = f", in {visible(done.left_in.name)}" if done.left_in else ""
    return f"Imported: {_counts(done)}{beside}"


def _counts(done: Imported) -> str:
    said = f"{done.added:,} added, {done.changed:,} changed, {done.unchanged:,} as they were"
    return f"{said}, {done.refused_rows:,} refused" if done.refused else said
