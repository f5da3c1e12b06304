"""The form of one account: its name, what it may, and who of this host looks as it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuiprov.data.accounts.fields import AccountSettings
from tuiprov.data.accounts.gates import levels_for
from tuiprov.data.accounts.sheet import KIND_WORDS, AccountSheet, AccountView
from tuiprov.data.fields import Choice, Field
from tuiprov.data.together.meeting import Newer
from tuiprov.errors import Conflict, NotFound, TuiprovError
from tuiprov.screens.form_screen import FormScreen
from tuiprov.screens.section import Options, Section
from tuiprov.text import visible
from tuiprov.widgets.compat import Run
from tuiprov.widgets.dialog import Dialog

if TYPE_CHECKING:
    from tuiprov.session import Session


class AccountSection(Section[AccountSheet]):
    model = AccountSettings
    short = "Account"

    def options(self, field: Field, sheet: AccountSheet) -> Options:
        if field.name == "provision_permission":
            stored = sheet.stored["provision_permission"]
            return levels_for(sheet.view.relation, stored, sheet.viewer)
        return field.options if isinstance(field, Choice) else ()


class AccountScreen(FormScreen[AccountSheet]):
    """Edits one account, or a new one below its parent."""

    def __init__(self, session: Session, view: AccountView) -> None:
        super().__init__(AccountSheet(view, session.viewer), (AccountSection(),))
        self._session = session

    def title_runs(self) -> list[Run]:
        view = self.sheet.view
        kind = KIND_WORDS[view.kind]
        words = f"{kind} {self.sheet.stored['name']}" if view.id else f"New {kind.lower()}"
        place = f"  of {view.parent_name}" if view.parent_name else ""
        changed = " *" if self.sheet.is_changed else ""
        viewer = f"{place}  {self._session.viewer.label}"
        return [(visible(words + changed), "bar--title"), (visible(viewer), "bar--dim")]

    def store(self) -> None:
        """Store it; what cannot be undone is asked about first."""
        said = list(self.sheet.warnings.values())
        if not said:
            self._store()
            return
        question = Dialog(
            "This cannot be undone", said, [("y", "save it"), ("escape", "go on editing")]
        )
        self.app.push_screen(question, lambda answer: self._store() if answer == "y" else None)

    @property
    def is_shared(self) -> bool:
        return self.sheet.view.id is not None

    def newer(self) -> Newer | None:
        return self._session.newer_account(self.sheet.view)

    def _store(self) -> None:
        try:
            self._session.save_account(self.sheet.view, self.sheet.changes)
        except (Conflict, NotFound) as error:
            self.meet_others(self.store, error)
        except TuiprovError as error:
            self.tell("Not saved", error)
        else:
            self.close(True)
            if self.taken_in:
                self.tell("Saved", "\n".join(f"{words}." for words in self.taken_in))
