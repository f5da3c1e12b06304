"""A list of records: type to filter, Enter to open. Every long list of the program is one.

Imports nothing of the data layer: the list of extensions is part of the first frame.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual import events, work
from textual.app import ComposeResult

from tuiprov.errors import TuiprovError
from tuiprov.screens.base import TuiprovScreen
from tuiprov.screens.list_reading import Awaited, Reading, Rows, Source
from tuiprov.widgets.bar import Bar
from tuiprov.widgets.compat import Run, cut_left
from tuiprov.widgets.table import PAGE, Column, NoRows, Table, columns_that_fit

if TYPE_CHECKING:
    from tuiprov.session import Session

WIDE = 110
SHORTEST = 6
"""So many cells of a filter stay beside what is wrong with it."""


def _at_once(do: Callable[[], object]) -> object:
    return do()


class ListScreen(TuiprovScreen):
    """Type to filter, Enter to open. A subclass names its columns, its source and what opens."""

    words: ClassVar[str]
    """What the list is of: the title."""
    filter_hint: ClassVar[str] = "type to filter"
    empty: ClassVar[str] = ""
    """What an empty list says."""

    def __init__(self, session: Session | None = None) -> None:
        super().__init__()
        self.session = session
        self.filter = ""
        self.is_shown = Event()
        """Set as soon as rows are on the screen."""
        self._filter_bar = Bar(id="filter")
        self._is_loading = False
        """Are the rows being read, anew or for another filter?"""
        self._is_growing = False
        """Are there more rows to come?"""
        self._reading: Reading | None = None
        """The newest one: only its answer counts."""
        self._keys_are_for: Session | None = None
        self._awaited = Awaited(self)
        self._shown_filter = ""
        self._note = ""
        self._rows: Rows | None = None
        self._has_note = False
        self._id_at_note: int | None = None
        """Where the cursor came to stand with the note: a step away from it ends the note."""

    # -- what a kind of list says for itself ----------------------------------------------------

    def columns(self, *, wide: bool) -> Sequence[Column]:
        """The table's columns on a narrow or a wide screen."""
        raise NotImplementedError

    def source(self, session: Session) -> Source:
        """Where the rows come from."""
        raise NotImplementedError

    def open_record(self, id: int) -> None:
        """Enter on the row of this id."""

    def present_columns(self) -> Sequence[Column]:
        """The columns to be shown now, as far as there is room for them."""
        return self.columns(wide=self.app.size.width >= WIDE)

    def prepare(self, session: Session) -> None:
        """What is to be read before the rows are. Called in a thread."""

    def proposed(self) -> str:
        """What stands dimmed behind the filter."""
        return ""

    def filter_set(self) -> None:
        """The user has changed the filter."""

    def filter_key(self, event: events.Key) -> bool:
        """Is this a key of the filter that this kind of list has besides?"""
        return False

    def about_marks(self) -> str:
        """What is worth a word about marked rows: before the filter."""
        return ""

    def moved(self) -> None:
        """The cursor is on another row."""

    def shown(self) -> None:
        """The list is on the screen, read anew."""

    def about_row(self) -> Run:
        """What is worth a word about the row with the cursor: below the filter, where the screen
        has a line for it."""
        return "", ""

    def about_list(self) -> str:
        """What is worth a word about the whole list: in the title."""
        return ""

    # -- the parts ------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        self._columns = columns_that_fit(self.present_columns(), self.app.size.width)
        self.table = Table(self._columns, empty=self.empty, id="table")
        yield self.title_bar
        yield self._filter_bar
        yield self.table
        yield self.keys_bar

    def on_mount(self) -> None:
        self._show_title()
        self._filter_bar.show([("Opening the site …", "bar--dim")])
        self.show_keys()
        self.table.focus()
        self._load()

    def open_session(self, session: Session) -> None:
        """Show the records that this session sees."""
        self.session = session
        self._load()

    def reload(self, note: str = "") -> None:
        """Read the list again, with the cursor where it is; then say `note` in the line of keys."""
        self._note = note
        self._load()

    @property
    def chosen(self) -> int | None:
        """Id of the row with the cursor; None in an empty list, or while another filter's rows are
        still to come. The same ones read anew are no reason to lose a key."""
        is_another = self._is_loading and self.filter != self._shown_filter
        return None if is_another else self.table.cursor_id

    def once_read(self, do: Callable[[], object]) -> None:
        """Do this now, or as soon as all rows are read."""
        if self._is_loading or self._is_growing:
            self._awaited.order(do, needs_all=True)
        else:
            do()

    # -- what the user does ---------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        if self._awaited.is_ordered:
            self._awaited.hold(event)
        elif self.filter_key(event):
            pass
        elif event.key == "enter":
            self.action_open()
        elif event.key == "backspace" and self.filter:
            self._set_filter(self.filter[:-1])
        elif event.key == "ctrl+u":
            self._set_filter("")
        elif event.is_printable and event.character and event.character != "?":
            self.table.is_walked = False
            self._set_filter(self.filter + event.character)
        else:
            return
        event.stop()
        event.prevent_default()

    def on_table_moved(self, event: Table.Moved) -> None:
        self._show_filter()
        if event.id != self._id_at_note:
            self._end_note()
        self.moved()

    def on_resize(self) -> None:
        self._show_title()
        rows = self._rows
        if self._arrange() and rows is not None:
            self._rows = Rows(rows.source, rows.ids, self._columns)
            self.table.show(self._rows, grows=self._is_growing)

    def _arrange(self) -> bool:
        """Give the table the columns that there is room for; are they others than before?"""
        columns = columns_that_fit(self.present_columns(), self.app.size.width)
        if columns == self._columns:
            return False
        self._columns = columns
        self.table.set_columns(columns)
        return True

    def action_open(self) -> None:
        """Open the record under the cursor; while the list follows the filter, the one that will
        be there: a fast typist means what was typed, not what was still shown."""
        if self._is_loading:
            self._awaited.order(self.action_open, needs_all=False)
            return
        chosen = self.table.cursor_id
        if chosen is not None:
            self.open_record(chosen)

    def action_leave(self) -> None:
        if self.filter:
            self._set_filter("")
        else:
            self.leave()

    def leave(self) -> None:
        """Esc where no filter is left to clear: back to the list of extensions."""
        self.navigator.close_area()

    # -- what is shown --------------------------------------------------------------------------

    def _set_filter(self, text: str) -> None:
        self.filter = text
        self.filter_set()
        self._replace_filter(text)

    def _replace_filter(self, text: str) -> None:
        self.filter = text
        self._show_filter()
        self._end_note()
        self._load(self.call_after_refresh)

    def _load(self, when: Callable[[Callable[[], object]], object] = _at_once) -> None:
        """Read the ids of all matching records, then show them. `when` begins it: a letter of the
        filter is on the screen before the search for it takes the processor."""
        if self.session is not None:
            from tuiprov.data.stop import Stop  # there since the session is

            self._is_loading, self._is_growing = True, False
            before, self._reading = self._reading, Reading(self.session, self.filter, Stop())
            when(partial(self._read, self._reading, before))

    @work(thread=True, exclusive=True, group="list", exit_on_error=False)
    def _read(self, reading: Reading, before: Reading | None) -> None:
        """Read the first rows and show them, then the ids of all: so a list of a million is there
        as soon as a short one."""
        if before is not None:
            before.stop.now()
        is_far_down = reading.text == self._shown_filter and self.table.cursor >= PAGE
        most = None if is_far_down else PAGE
        try:
            self.prepare(reading.session)
            source = self.source(reading.session)
            ids = source.ids(reading.text, most, reading.stop)
            grows = len(ids) == most
            self.app.call_from_thread(self._show_rows, reading, source, ids, grows)
            if grows:
                ids = source.ids(reading.text, None, reading.stop)
                self.app.call_from_thread(self._show_all, reading, source, ids)
        except TuiprovError as error:
            self.app.call_from_thread(self._show_problem, reading, str(error))

    def _is_over(self, reading: Reading) -> bool:
        """Has the filter, the order or the viewer moved on?"""
        return reading is not self._reading or reading.session is not self.session

    def _show_rows(self, reading: Reading, source: Source, ids: Sequence[int], grows: bool) -> None:
        if self._is_over(reading):
            return
        self._is_loading, self._is_growing = False, grows
        if reading.text != self._shown_filter:
            # Another filter begins at its first row, whichever lists were shown between.
            self._shown_filter = reading.text
            self.table.show(NoRows())
        self._arrange()
        self._rows = Rows(source, ids, self._columns)
        self.table.show(self._rows, grows=grows)
        self._show_title()
        self._show_filter()
        if not grows:
            self.shown()
        if reading.session is not self._keys_are_for or self._note:
            # Not before the rows: these would then have to wait for the next frame, 20 ms.
            self._keys_are_for = reading.session
            self.show_keys(note=self._note)
            self._has_note, self._note = bool(self._note), ""
            self._id_at_note = self.table.cursor_id
        self.call_after_refresh(self.is_shown.set)
        self._awaited.rows_are_read(are_all=not grows)

    def _show_all(self, reading: Reading, source: Source, ids: Sequence[int]) -> None:
        if self._is_over(reading):
            return
        self._is_growing = False
        self._rows = Rows(source, ids, self._columns)
        self.table.grow(self._rows)
        self._show_title()
        self._show_filter()
        self.shown()
        self._awaited.rows_are_read(are_all=True)

    def say(self, note: str) -> None:
        """Say this in the line of keys until the next step."""
        self.show_keys(note=note)
        self._has_note, self._id_at_note = True, self.table.cursor_id

    def _end_note(self) -> None:
        """A note in the line of keys is gone with the next step."""
        if self._has_note:
            self._has_note = False
            self.show_keys()

    def _show_problem(self, reading: Reading, words: str) -> None:
        if reading is not self._reading:
            return  # it was ended, because the filter has moved on
        self._is_loading, self._is_growing = False, False
        self._awaited.forget()
        words = words.removeprefix("filter, ")
        room = self.app.size.width - cell_len(f"   {words} ")
        label = "Filter "
        if cell_len(label + self.filter) > room:
            # Of a long filter its end is what is wrong, and what is right has to be read whole.
            label = ""
        text = cut_left(self.filter, max(0, cell_len(self.filter) - max(room, SHORTEST)))
        self._filter_bar.show(
            [(label, "bar--dim"), (f"{text}  ", "bar--title"), (words, "bar--error")]
        )

    def _show_title(self) -> None:
        viewer = self.session.viewer.label if self.session else ""
        place = self.session.place if self.session else ""
        words = "  ".join(word for word in (place, viewer, self.about_list()) if word)
        self.title_bar.show([(self.words, "bar--title"), (f"  {words}", "bar--dim")])

    def _show_filter(self) -> None:
        words = self.filter or self.filter_hint
        runs = [
            (f"{self.table.position}  ", "bar--dim"),
            (self.about_marks(), "bar--title"),
            ("Filter ", "bar--dim"),
            (words, "bar--title" if self.filter else "bar--dim"),
            (self.proposed(), "bar--dim"),
        ]
        self._filter_bar.show(runs, [] if self._is_loading else [self.about_row()])
