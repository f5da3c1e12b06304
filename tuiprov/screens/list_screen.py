"""A list of records: type to filter, Enter to open. Every long list of the program is one.

Imports nothing of the data layer: the list of extensions is part of the first frame.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, ClassVar, Protocol

from rich.cells import cell_len
from textual import events, work
from textual.app import ComposeResult

from tuiprov.actions import ACTIONS
from tuiprov.errors import TuiprovError
from tuiprov.screens.base import TuiprovScreen
from tuiprov.widgets.bar import Bar
from tuiprov.widgets.compat import Run, cut_left, pass_on, type_again
from tuiprov.widgets.table import PAGE, Column, NoRows, Table, columns_that_fit

if TYPE_CHECKING:
    from tuiprov.data.stop import Stop
    from tuiprov.session import Session

WIDE = 110
SHORTEST = 6
"""So many cells of a filter stay beside what is wrong with it."""


def _at_once(do: Callable[[], object]) -> object:
    return do()


class Source(Protocol):
    """Where a list gets its rows from: ids once, rows by page."""

    def ids(
        self, words: str, most: int | None = None, stop: Stop | None = None, /
    ) -> Sequence[int]:
        """The ids of all records that match, in order; `most`: where all would take long, so many
        of them. Called in a thread; `stop` may end it, with a StoreError."""

    def cells(self, ids: Sequence[int], columns: Sequence[str]) -> Mapping[int, Sequence[str]]:
        """The cells of these records in the order of `columns` (their names)."""


class _Page:
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


class ListScreen(TuiprovScreen):
    """Type to filter, Enter to open. A subclass names its columns, its source and what opens."""

    words: ClassVar[str]
    """What the list is of: the title."""
    filter_hint: ClassVar[str] = "type to filter"
    can_mark: ClassVar[bool] = False
    """Can several rows be marked, to be worked on together?"""
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
        self._stop: Stop | None = None
        """Ends the reading that is under way."""
        self._keys_are_for: Session | None = None
        self._when_loaded: Callable[[], None] | None = None
        """What was ordered of the list that is being read."""
        self._shown_filter = ""
        self._held_keys: list[events.Key] = []
        self._note = ""
        self._page: _Page | None = None
        self._loads = 0
        """How often the list was asked for: only the last answer counts."""
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

    def with_listed(self, then: Callable[[Sequence[int]], object]) -> None:
        """Give `then` the ids of all rows that match, in order: now, or once they are read."""
        if self._is_loading or self._is_growing:
            self._when_loaded = partial(self.with_listed, then)
        elif self._page is not None:
            then(self._page.ids)

    def with_marked(self, then: Callable[[Sequence[int]], object]) -> None:
        """Give `then` the ids of all marked rows in the order of the list, those that the filter
        hides too; of the one under the cursor where none is marked."""
        page, marked = self._page, frozenset(self.table.marked)
        if not marked or page is None:
            if self.chosen is not None:
                then([self.chosen])
            return

        def read() -> Sequence[int]:
            shown = [number for number in page.ids if number in marked]
            if len(shown) == len(marked):
                return shown
            return [number for number in page.source.ids("") if number in marked]

        def found(ids: Sequence[int]) -> None:
            if ids:
                then(ids)
            else:
                self.say("None of the marked rows is there any more.")

        # Behind the keys: a fleet's ids are half a second.
        self.work_on("Read them", lambda _: read(), found, "The marked rows cannot be read")

    # -- what the user does ---------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        if pass_on(self, event):
            return
        if self._when_loaded is not None:
            # Typed for what comes of it, such as the page that is about to open.
            self._held_keys.append(event)
            event.stop()
            event.prevent_default()
            return
        if self.filter_key(event):
            pass
        elif event.key == "enter":
            self.action_open()
        elif event.key == "space" and self._space_marks:
            self.action_mark()
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

    @property
    def _space_marks(self) -> bool:
        """A blank belongs to the filter while one types it, and marks after a step in the list."""
        return self.can_mark and (self.table.is_walked or not self.filter)

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
        if self._is_loading or self._is_growing:
            self._when_loaded = self.action_mark_all
            return
        self.table.mark_all()
        self._show_filter()

    def on_table_moved(self, event: Table.Moved) -> None:
        self._show_filter()
        if event.id != self._id_at_note:
            self._end_note()
        self.moved()

    def on_resize(self) -> None:
        self._show_title()
        page = self._page
        if self._arrange() and page is not None:
            self._page = _Page(page.source, page.ids, self._columns)
            self.table.show(self._page, grows=self._is_growing)

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
            self._when_loaded = self.action_open
            return
        chosen = self.table.cursor_id
        if chosen is not None:
            self.open_record(chosen)

    def action_leave(self) -> None:
        if self.table.marked:
            self.table.unmark()
            self._show_filter()
        elif self.filter:
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
            self._loads += 1
            before, self._stop = self._stop, Stop()
            when(partial(self._read, self.session, self.filter, self._loads, before, self._stop))

    @work(thread=True, exclusive=True, group="list", exit_on_error=False)
    def _read(
        self, session: Session, text: str, load: int, before: Stop | None, stop: Stop
    ) -> None:
        """Read the first rows and show them, then the ids of all: so a list of a million is there
        as soon as a short one."""
        if before is not None:
            before.now()
        is_far_down = text == self._shown_filter and self.table.cursor >= PAGE
        most = None if is_far_down else PAGE
        try:
            self.prepare(session)
            source = self.source(session)
            ids = source.ids(text, most, stop)
            grows = len(ids) == most
            self.app.call_from_thread(self._show_rows, session, source, ids, text, load, grows)
            if grows:
                ids = source.ids(text, None, stop)
                self.app.call_from_thread(self._show_all, session, source, ids, load)
        except TuiprovError as error:
            self.app.call_from_thread(self._show_problem, str(error), load)

    def _is_over(self, load: int, session: Session) -> bool:
        """Has the filter, the order or the viewer moved on?"""
        return load != self._loads or session is not self.session

    def _show_rows(
        self,
        session: Session,
        source: Source,
        ids: Sequence[int],
        text: str,
        load: int,
        grows: bool,
    ) -> None:
        if self._is_over(load, session):
            return
        self._is_loading, self._is_growing = False, grows
        if text != self._shown_filter:
            # Another filter begins at its first row, whichever lists were shown between.
            self._shown_filter = text
            self.table.show(NoRows())
        self._arrange()
        self._page = _Page(source, ids, self._columns)
        self.table.show(self._page, grows=grows)
        self._show_title()
        self._show_filter()
        if not grows:
            self.shown()
        if session is not self._keys_are_for or self._note:
            # Not before the rows: these would then have to wait for the next frame, 20 ms.
            self._keys_are_for = session
            self.show_keys(note=self._note)
            self._has_note, self._note = bool(self._note), ""
            self._id_at_note = self.table.cursor_id
        self.call_after_refresh(self.is_shown.set)
        if not grows or self._when_loaded == self.action_open:
            self._do_what_was_ordered()

    def _show_all(self, session: Session, source: Source, ids: Sequence[int], load: int) -> None:
        if self._is_over(load, session):
            return
        self._is_growing = False
        self._page = _Page(source, ids, self._columns)
        self.table.grow(self._page)
        self._show_title()
        self._show_filter()
        self.shown()
        self._do_what_was_ordered()

    def _do_what_was_ordered(self) -> None:
        if self._when_loaded is not None:
            ordered, self._when_loaded = self._when_loaded, None
            ordered()
            for event in self._held_keys:
                type_again(self, event)
            self._held_keys.clear()

    def say(self, note: str) -> None:
        """Say this in the line of keys until the next step."""
        self.show_keys(note=note)
        self._has_note, self._id_at_note = True, self.table.cursor_id

    def _end_note(self) -> None:
        """A note in the line of keys is gone with the next step."""
        if self._has_note:
            self._has_note = False
            self.show_keys()

    def _show_problem(self, words: str, load: int) -> None:
        if load != self._loads:
            return  # it was ended, because the filter has moved on
        self._is_loading, self._is_growing, self._when_loaded = False, False, None
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
        marked = ""
        if self.table.marked:
            act = next(action for action in ACTIONS if action.id == "act_on_marked")
            key = act.shown_key(self.navigator.key_overrides)
            marked = f"{len(self.table.marked):,} marked: {key} acts on them  "
        runs = [
            (f"{self.table.position}  ", "bar--dim"),
            (marked, "bar--title"),
            ("Filter ", "bar--dim"),
            (words, "bar--title" if self.filter else "bar--dim"),
            (self.proposed(), "bar--dim"),
        ]
        self._filter_bar.show(runs, [] if self._is_loading else [self.about_row()])
