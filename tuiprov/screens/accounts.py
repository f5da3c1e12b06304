"""The tree of accounts: who is below whom, and what each may."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from tuiprov.data.accounts.fields import LEVELS
from tuiprov.data.accounts.rows import AccountRow
from tuiprov.data.accounts.sheet import KIND_WORDS, AccountView
from tuiprov.errors import TuiprovError
from tuiprov.screens.account import AccountScreen
from tuiprov.screens.base import bindings_of
from tuiprov.screens.viewed_list import LOG_HELP, ViewedList
from tuiprov.widgets.dialog import Dialog
from tuiprov.widgets.table import Column

if TYPE_CHECKING:
    from tuiprov.data.stop import Stop
    from tuiprov.session import Session

_NARROW = (
    Column("name", "Account", 24, flex=True),
    Column("kind", "Kind", 16),
    Column("level", "Devices", 7),
    Column("sip_management", "SIP", 3),
    Column("sip_trunking_management", "Trunk", 5),
    Column("os_login", "Login", 10),
    Column("extensions", "Ext.", 5),
)
_WIDE = (
    Column("name", "Account", 30, flex=True),
    Column("kind", "Kind", 20),
    Column("level", "Provision devices", 17),
    Column("sip_management", "SIP management", 14),
    Column("sip_trunking_management", "SIP trunking", 12),
    Column("os_login", "Login on this host", 18),
    Column("extensions", "Extensions", 10),
)
_KINDS = {**KIND_WORDS, "system": "System admin."}
_LEVELS = dict(LEVELS)


class _Accounts:
    """The list's source: the tree is read whole, because a row's place is its parents'."""

    def __init__(self, session: Session):
        self._session = session
        self._rows: dict[int, AccountRow] = {}

    def ids(self, words: str, _most: int | None = None, _stop: Stop | None = None) -> Sequence[int]:
        self._rows = {row.id: row for row in self._session.account_rows(words)}
        return list(self._rows)

    def cells(self, ids: Sequence[int], columns: Sequence[str]) -> Mapping[int, Sequence[str]]:
        return {id: [_cell(self._rows[id], name) for name in columns] for id in ids}


def _cell(row: AccountRow, name: str) -> str:
    if name == "name":
        return "  " * row.depth + row.name
    if name == "kind":
        return _KINDS.get(row.kind, row.kind)
    if name == "level":
        return _LEVELS.get(row.level, row.level)
    value = getattr(row, name)
    if isinstance(value, bool):
        return "yes" if value else "-"
    return str(value)


class AccountsScreen(ViewedList):
    """Enter edits an account, Ctrl+N adds one below it."""

    where = "accounts"
    list_name = "accounts"
    filter_help = (LOG_HELP[0], "Compare numbers: extensions:>10, extensions:0.", LOG_HELP[1])
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("accounts")
    words = "Accounts"
    filter_hint = "type: a name, kind:user, -level:none"
    empty = "No account matches."

    def columns(self, *, wide: bool) -> Sequence[Column]:
        known = _WIDE if wide else _NARROW
        sees_logins = self.session is not None and self.session.may("accounts.login")
        return [one for one in known if one.name != "os_login" or sees_logins]

    def choices(self, session: Session) -> Sequence[Column]:
        return self.columns(wide=True)

    def source(self, session: Session) -> _Accounts:
        return _Accounts(session)

    def open_record(self, id: int) -> None:
        if self.session is not None:
            self._edit(lambda session: session.account(id))

    def action_new(self) -> None:
        """Add an account below the one under the cursor."""
        parent = self.chosen
        if parent is not None:
            self._edit(lambda session: session.fresh_account(parent))

    def action_remove(self) -> None:
        """Remove the account under the cursor, after a question."""
        chosen, session = self.chosen, self.session
        if chosen is None or session is None:
            return
        try:
            view = session.account(chosen)
        except TuiprovError as error:
            self.tell("Not removed", error)
            return
        name = str(view.values["name"])
        question = Dialog(
            f"Remove {name}?",
            [f"{KIND_WORDS[view.kind]} {name} and its permissions are removed."],
            [("y", "remove"), ("escape", "keep it")],
        )
        self.app.push_screen(question, lambda answer: self._remove(chosen, answer == "y"))

    def _remove(self, account_id: int, sure: bool) -> None:
        if not sure or self.session is None:
            return
        try:
            self.session.remove_account(account_id)
        except TuiprovError as error:
            self.tell("Not removed", error)
        self.reload()

    def _edit(self, view: Callable[[Session], AccountView]) -> None:
        if self.session is None:
            return
        try:
            screen = AccountScreen(self.session, view(self.session))
        except TuiprovError as error:
            self.tell("This account cannot be opened", error)
            return
        self.app.push_screen(screen, self._edited)

    def _edited(self, stored: bool | None) -> None:
        if stored:
            self.navigator.look_again()
            self.reload("Saved.")
