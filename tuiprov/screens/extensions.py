"""The list to start from: every extension this viewer sees, with a filter as one types.

Part of the first frame, so it imports nothing of the data layer; its rows come from the session
that the app opens in a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.screen import Screen

from tuiprov.errors import TuiprovError
from tuiprov.screens.base import bindings_of
from tuiprov.screens.marking_list import MarkingList
from tuiprov.widgets.picker import Picker
from tuiprov.widgets.table import Column

if TYPE_CHECKING:
    from tuiprov.data.accounts.rows import AccountRow
    from tuiprov.data.page import Page
    from tuiprov.data.stop import Stop
    from tuiprov.data.store import ExtensionRow
    from tuiprov.screens.marked_extensions import MarkedExtensions
    from tuiprov.session import Session

STATE_SIGNS = {
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


class _Extensions:
    """The list's source."""

    def __init__(self, session: Session):
        self._session = session

    def ids(self, words: str, most: int | None = None, stop: Stop | None = None) -> Sequence[int]:
        return self._session.extension_ids(words, most, stop)

    def cells(self, ids: Sequence[int], columns: Sequence[str]) -> Mapping[int, Sequence[str]]:
        rows = self._session.extension_rows(ids)
        edited = self._session.editors(list(rows))
        more = [name for name in columns if name not in _OWN]
        texts = self._session.extension_values(ids, more) if more else {}
        return {
            number: [
                _cell(row, texts.get(number, _NO_TEXTS), name, is_edited=number in edited)
                for name in columns
            ]
            for number, row in rows.items()
        }


_OWN = frozenset(column.name for column in _WIDE_COLUMNS)
_NO_TEXTS: Mapping[str, str] = {}


def _cell(
    row: ExtensionRow, texts: Mapping[str, str], name: str, *, is_edited: bool = False
) -> str:
    if name not in _OWN:
        return texts.get(name, "")
    value = getattr(row, name)
    if name == "name" and is_edited:
        return f"* {value}"  # somebody else has its page open, whose title says who
    if name == "state":
        return STATE_SIGNS.get(row.state, row.state)
    return "" if value is None else str(value)


class ExtensionsScreen(MarkingList):
    """Every extension this viewer sees; Enter opens its page."""

    where = "list"
    list_name = "extensions"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("list")
    words = "Extensions"
    filter_hint = "type: anna, model:T46S, -status:disabled"

    def columns(self, *, wide: bool) -> Sequence[Column]:
        return _WIDE_COLUMNS if wide else _NARROW_COLUMNS

    def choices(self, session: Session) -> Sequence[Column]:
        from tuiprov.screens.extension_columns import choices

        return choices(session.viewer)

    def source(self, session: Session) -> _Extensions:
        return _Extensions(session)

    def open_record(self, id: int) -> None:
        self.navigator.open_page(id)

    def leave(self) -> None:
        self.app.exit()

    def action_look_as(self) -> None:
        if self.session is None:
            return
        try:
            known = self.session.viewers()
        except TuiprovError as error:
            self.tell("Nobody can be looked as", error)
            return
        options = [(viewer.key, viewer.label) for viewer in known]
        chosen = {viewer.key: viewer for viewer in known}

        def look(key: str | None) -> None:
            if key and self.session is not None:
                self.navigator.use_session(self.session.looking_as(chosen[key]))

        self.app.push_screen(Picker("Look as", options, self.session.viewer.key), look)

    def action_new(self) -> None:
        """Add an extension for a user account."""
        session = self.session
        if session is None:
            return

        def found(users: Sequence[AccountRow]) -> None:
            if not users:
                self.tell("No extension can be added", "There is no user account yet: F3 adds one.")
                return
            options = [(str(row.id), row.name) for row in users]
            self.app.push_screen(Picker("Add an extension for", options, ""), self._add)

        title = "No extension can be added"
        self.work_on("Look for users", lambda _: session.users(), found, title)

    def _add(self, user_id: str | None) -> None:
        from tuiprov.screens.identity import NewExtensionScreen

        if user_id and self.session is not None:
            session, number = self.session, int(user_id)
            pages = session.pages
            self._edit(
                lambda: NewExtensionScreen(session, pages.fresh(number), pages.next_number(number))
            )

    def action_import_file(self) -> None:
        """Ask for a CSV file, and show what is in it."""
        from tuiprov.widgets.ask_path import AskPath

        def answered(text: str | None) -> None:
            if text:
                self._import(text)

        if self.session is not None:
            self.app.push_screen(AskPath("Import a CSV file"), answered)

    def _import(self, text: str) -> None:
        from pathlib import Path

        from tuiprov.screens.importing import ImportScreen

        if self.session is None:
            return
        try:
            screen = ImportScreen(self.session.importing(Path(text).expanduser()))
        except (TuiprovError, RuntimeError) as error:
            self.tell("This file cannot be read", str(error))
            return
        self.app.push_screen(screen, lambda _: self.reload(screen.words))

    def action_edit_marked(self) -> None:
        """Edit all marked extensions together."""
        if not self.table.marked:
            self.show_keys(note="Nothing is marked: Space marks a row, Ctrl+A all that match.")
            return
        self._with_marked(lambda marked: marked.edit())

    def action_act_on_marked(self) -> None:
        """Choose what to do with all marked extensions, or with the one under the cursor."""
        self._with_marked(lambda marked: marked.choose())

    def _with_marked(self, do: Callable[[MarkedExtensions], None]) -> None:
        from tuiprov.screens.marked_extensions import MarkedExtensions

        session = self.session
        if session is not None:
            self.with_marked(lambda ids: do(MarkedExtensions(self, session, ids)))

    def action_identify(self) -> None:
        """Change who the extension under the cursor is."""
        from tuiprov.screens.identity import EditIdentityScreen

        chosen, session = self.chosen, self.session
        if chosen is not None and session is not None:
            self._edit(lambda: EditIdentityScreen(session, session.pages.open(chosen)))

    def _edit(self, screen: Callable[[], Screen[bool | None]]) -> None:
        try:
            self.app.push_screen(screen(), lambda stored: self.reload("Saved." if stored else ""))
        except TuiprovError as error:
            self.tell("This extension cannot be opened", error)

    def action_remove(self) -> None:
        """Remove all marked extensions, or the one under the cursor, after the plan."""
        from tuiprov.screens.plan import PlanScreen

        if self.table.marked:
            self._with_marked(lambda marked: marked.remove())
            return
        chosen, session = self.chosen, self.session
        if chosen is None or session is None:
            return
        try:
            page, plan = session.pages.plan_removal(chosen)
        except TuiprovError as error:
            self.tell("Not removed", error)
            return
        words = f"remove extension {page.values['extension_name']} ({page.values['extension']})"

        def answered(apply: bool | None) -> None:
            if apply:
                self._remove(session, page)

        self.app.push_screen(PlanScreen(plan, words), answered)

    def _remove(self, session: Session, page: Page) -> None:
        def failed(error: TuiprovError) -> None:
            self.tell("Not removed", error)
            self.reload()

        self.work_on(
            "Remove",
            lambda _: session.pages.remove(page),
            lambda _: self.reload("Removed."),
            failed,
        )

    def action_publish(self) -> None:
        if self.session is not None:
            self.navigator.plan_site(self.filter)
