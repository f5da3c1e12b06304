"""The list to start from: every extension this viewer sees, with a filter as one types.

Part of the first frame, so it imports nothing of the data layer; its rows come from the session
that the app opens in a thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Event
from typing import TYPE_CHECKING, ClassVar

from textual import events, work
from textual.app import ComposeResult
from textual.binding import BindingType

from tuiprov.errors import TuiprovError
from tuiprov.screens.base import TuiprovScreen, bindings_of
from tuiprov.widgets.bar import Bar
from tuiprov.widgets.compat import pass_on, type_again
from tuiprov.widgets.picker import Picker
from tuiprov.widgets.table import Column, NoRows, Table

if TYPE_CHECKING:
    from tuiprov.data.store import ExtensionRow
    from tuiprov.session import Session

_WIDE = 110
_STATE_SIGNS = {
    "published": "= published",
    "stale": "~ stale",
    "failed": "! failed",
    "disabled": "- disabled",
    "not provisioned": "  none",
}
_NARROW_COLUMNS = (
    Column("state", "State", 11),
    Column("extension", "Extension", 12),
    Column("name", "Name", 12, flex=True),
    Column("phone", "Phone", 16),
    Column("mac", "MAC address", 17),
)
_WIDE_COLUMNS = (
    *_NARROW_COLUMNS[:3],
    Column("organization", "Organization", 18, flex=True),
    Column("user", "User", 14, flex=True),
    Column("phone", "Phone", 22),
    Column("line", "Line", 4),
    _NARROW_COLUMNS[4],
)


class ExtensionRows:
    """The table's source: ids once, cells by page."""

    def __init__(self, session: Session, ids: Sequence[int], columns: Sequence[Column]):
        self.ids = ids
        self._session = session
        self._columns = columns

    def page(self, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
        try:
            rows = self._session.extension_rows(ids)
        except TuiprovError as error:
            return {number: ["", "", str(error)] for number in ids}
        return {
            number: [self._cell(row, column.name) for column in self._columns]
            for number, row in rows.items()
        }

    def _cell(self, row: ExtensionRow, name: str) -> str:
        value = getattr(row, name)
        if name == "state":
            return _STATE_SIGNS.get(row.state, row.state)
        return "" if value is None else str(value)


class ExtensionsScreen(TuiprovScreen):
    """Type to filter, Enter to open."""

    where = "list"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("list")

    def __init__(self) -> None:
        super().__init__()
        self._filter = ""
        self._session: Session | None = None
        self._filter_bar = Bar(id="filter")
        self._is_loading = False
        self._keys_are_for: Session | None = None
        self.is_shown = Event()
        """Set as soon as rows are on the screen."""
        self._opens_when_loaded = False
        self._shown_filter = ""
        self._held_keys: list[events.Key] = []

    def compose(self) -> ComposeResult:
        wide = self.app.size.width >= _WIDE
        self._columns = _WIDE_COLUMNS if wide else _NARROW_COLUMNS
        self._table = Table(self._columns, id="table")
        yield self.title_bar
        yield self._filter_bar
        yield self._table
        yield self.keys_bar

    def on_mount(self) -> None:
        self._show_title()
        self._filter_bar.show([("Opening the site …", "bar--dim")])
        self.show_keys()
        self._table.focus()

    def open_session(self, session: Session) -> None:
        """Show the extensions of this session."""
        self._session = session
        self._load()

    def reload(self) -> None:
        """Read the list again, with the cursor where it is."""
        if self._session is not None:
            self._load()

    # -- what the user does ---------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        if pass_on(self, event):
            return
        if self._opens_when_loaded:
            # Typed for the page that is about to open.
            self._held_keys.append(event)
            return
        if event.key == "enter":
            self.action_open()
        elif event.key == "backspace" and self._filter:
            self._set_filter(self._filter[:-1])
        elif event.key == "ctrl+u":
            self._set_filter("")
        elif event.is_printable and event.character and event.character != "?":
            self._set_filter(self._filter + event.character)
        else:
            return
        event.stop()
        event.prevent_default()

    def on_table_moved(self, event: Table.Moved) -> None:
        self._show_filter()

    def on_resize(self) -> None:
        self._show_title()

    def action_open(self) -> None:
        """Open the extension under the cursor; while the list follows the filter, the one that
        will be there: a fast typist means what was typed, not what was still shown."""
        if self._is_loading:
            self._opens_when_loaded = True
            return
        chosen = self._table.cursor_id
        if chosen is not None:
            self.navigator.open_page(chosen)

    def action_leave(self) -> None:
        if self._filter:
            self._set_filter("")
        else:
            self.app.exit()

    def action_look_as(self) -> None:
        if self._session is None:
            return
        try:
            known = self._session.viewers()
        except TuiprovError as error:
            self.tell("Nobody can be looked as", error)
            return
        options = [(viewer.key, viewer.label) for viewer in known]
        chosen = {viewer.key: viewer for viewer in known}

        def look(key: str | None) -> None:
            if key and self._session is not None:
                self.navigator.use_session(self._session.looking_as(chosen[key]))

        self.app.push_screen(Picker("Look as", options, self._session.viewer.key), look)

    def action_publish(self) -> None:
        if self._session is not None:
            self.navigator.plan_site(self._filter)

    # -- what is shown --------------------------------------------------------------------------

    def _set_filter(self, text: str) -> None:
        self._filter = text
        self._show_filter()
        self._load()

    def _load(self) -> None:
        """Read the ids of all matching extensions, then show them."""
        if self._session is not None:
            self._is_loading = True
            self._read(self._session, self._filter)

    @work(thread=True, exclusive=True, group="list", exit_on_error=False)
    def _read(self, session: Session, text: str) -> None:
        try:
            ids = session.extension_ids(text)
        except TuiprovError as error:
            self.app.call_from_thread(self._show_problem, str(error))
            return
        self.app.call_from_thread(self._show_rows, session, ids, text)

    def _show_rows(self, session: Session, ids: Sequence[int], text: str) -> None:
        if text != self._filter or session is not self._session:
            return  # the filter or the viewer has moved on
        self._is_loading = False
        if text != self._shown_filter:
            # Another filter begins at its first row, whichever lists were shown between.
            self._shown_filter = text
            self._table.show(NoRows())
        self._table.show(ExtensionRows(session, ids, self._columns))
        self._show_title()
        self._show_filter()
        if session is not self._keys_are_for:
            # Not before the rows: these would then have to wait for the next frame, 20 ms.
            self._keys_are_for = session
            self.show_keys()
        self.call_after_refresh(self.is_shown.set)
        if self._opens_when_loaded:
            self._opens_when_loaded = False
            self.action_open()
            for event in self._held_keys:
                type_again(self, event)
            self._held_keys.clear()

    def _show_problem(self, words: str) -> None:
        self._is_loading = self._opens_when_loaded = False
        self._filter_bar.show(
            [("Filter ", "bar--dim"), (f"{self._filter}  ", "bar--title"), (words, "bar--error")]
        )

    def _show_title(self) -> None:
        viewer = self._session.viewer.label if self._session else ""
        place = self._session.place if self._session else ""
        self.title_bar.show([("Extensions", "bar--title"), (f"  {place}  {viewer}", "bar--dim")])

    def _show_filter(self) -> None:
        words = self._filter or "type: anna, model:T46S, -status:disabled"
        self._filter_bar.show(
            [
                (f"{self._table.position}  ", "bar--dim"),
                ("Filter ", "bar--dim"),
                (words, "bar--title" if self._filter else "bar--dim"),
            ]
        )
