"""The list to start from: every extension this viewer sees, with a filter as one types.

Part of the first frame, so it imports nothing of the data layer; its rows come from the session
that the app opens in a thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from tuiprov.errors import PublishError, TuiprovError
from tuiprov.screens.base import bindings_of
from tuiprov.screens.list_screen import ListScreen
from tuiprov.widgets.dialog import Dialog
from tuiprov.widgets.picker import Picker
from tuiprov.widgets.table import Column

if TYPE_CHECKING:
    from tuiprov.data.store import ExtensionRow
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

    def ids(self, words: str) -> Sequence[int]:
        return self._session.extension_ids(words)

    def cells(self, ids: Sequence[int], columns: Sequence[str]) -> Mapping[int, Sequence[str]]:
        rows = self._session.extension_rows(ids)
        return {number: [_cell(row, name) for name in columns] for number, row in rows.items()}


def _cell(row: ExtensionRow, name: str) -> str:
    value = getattr(row, name)
    if name == "state":
        return STATE_SIGNS.get(row.state, row.state)
    return "" if value is None else str(value)


class ExtensionsScreen(ListScreen):
    """Every extension this viewer sees; Enter opens its page."""

    where = "list"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("list")
    words = "Extensions"
    filter_hint = "type: anna, model:T46S, -status:disabled"

    def columns(self, *, wide: bool) -> Sequence[Column]:
        return _WIDE_COLUMNS if wide else _NARROW_COLUMNS

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

    def action_publish(self) -> None:
        if self.session is not None:
            self.navigator.plan_site(self.filter)

    # -- extensions themselves ------------------------------------------------------------------

    def action_new(self) -> None:
        """Choose the user, fill in the form, and go on to the page."""
        if self.session is None:
            return
        try:
            users = self.session.extension_users()
        except TuiprovError as error:
            self.tell("No extension can be added", error)
            return
        if not users:
            self.tell("No extension can be added", "There is no user account yet: F3, Ctrl+N.")
            return
        options = [(str(user.id), f"{user.organization} / {user.name}") for user in users]
        picker = Picker("New extension of which user?", options, "")
        self.app.push_screen(picker, lambda id: self._new_of(int(id)) if id else None)

    def _new_of(self, user_id: int) -> None:
        from tuiprov.screens.new_extension import NewExtensionScreen

        if self.session is None:
            return
        try:
            screen = NewExtensionScreen(self.session, user_id)
        except TuiprovError as error:
            self.tell("No extension can be added", error)
            return

        def done(added: bool | None) -> None:
            if added:
                self.reload()
                self._added(screen.extension_id, screen.words)

        self.app.push_screen(screen, done)

    def _added(self, extension_id: int, words: str) -> None:
        """What VoipNow's page says after adding, its two links as keys."""
        if self.session is None or not self.navigator.may("files.publish"):
            self.reload(words)
            return
        try:
            is_last_step = self.session.provisions_after_adding
        except TuiprovError as error:
            self.tell("Added", error)
            return
        if is_last_step:
            self.navigator.open_page(extension_id)
            return
        choices = [
            ("p", "provision this extension now"),
            ("a", "always provision after adding"),
            ("escape", "later"),
        ]
        question = Dialog("Extension added", [words], choices)
        self.app.push_screen(question, lambda key: self._go_on(extension_id, key))

    def _go_on(self, extension_id: int, key: str | None) -> None:
        if self.session is None or key is None:
            return
        try:
            if key == "a":
                self.session.always_provision()
        except TuiprovError as error:
            self.tell("Not stored", error)
            return
        self.navigator.open_page(extension_id)

    def action_edit(self) -> None:
        """Change number, name and SIP account of the extension under the cursor."""
        from tuiprov.screens.new_extension import EditExtensionScreen

        chosen, session = self.chosen, self.session
        if chosen is None or session is None:
            return
        try:
            screen = EditExtensionScreen(session, session.open(chosen))
        except TuiprovError as error:
            self.tell("This extension cannot be opened", error)
            return
        self.app.push_screen(screen, lambda stored: self.reload("Saved.") if stored else None)

    def action_remove(self) -> None:
        """Remove the extension under the cursor, after a question and the plan for its phone."""
        chosen, session = self.chosen, self.session
        if chosen is None or session is None:
            return
        try:
            row = session.extension_rows([chosen])[chosen]
        except (TuiprovError, KeyError):
            self.reload()
            return
        phone = " Its phone keeps its other lines." if row.line is not None else ""
        question = Dialog(
            f"Remove extension {row.name} ({row.extension})?",
            [f"Its SIP account and preferences are removed.{phone}"],
            [("y", "remove"), ("escape", "keep it")],
        )
        about = f"Remove extension {row.name} ({row.extension})"
        self.app.push_screen(
            question, lambda answer: self._plan_removal(chosen, about) if answer == "y" else None
        )

    def _plan_removal(self, extension_id: int, about: str) -> None:
        from tuiprov.screens.plan import PlanScreen

        if self.session is None:
            return
        try:
            plan = self.session.plan_removal(extension_id)
        except TuiprovError as error:
            self.tell("This cannot be planned", error)
            return
        if plan or plan.failed:
            screen = PlanScreen(plan, about)
            self.app.push_screen(screen, lambda yes: self._remove(extension_id) if yes else None)
        else:
            self._remove(extension_id)

    def _remove(self, extension_id: int) -> None:
        if self.session is None:
            return
        try:
            self.session.remove_extension(extension_id)
        except PublishError as error:
            self.tell("Removed, but not published", error)
        except TuiprovError as error:
            self.tell("Not removed", error)
            return
        self.reload("Removed.")
