"""Which extension it is: its number, name and SIP account; a new one, or one that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuiprov.data.draft import Draft
from tuiprov.data.fields import Field
from tuiprov.data.identity import Identity
from tuiprov.errors import PublishError, TuiprovError
from tuiprov.publish.plan import Plan
from tuiprov.screens.form_screen import FormScreen
from tuiprov.screens.plan import PlanScreen
from tuiprov.screens.section import Section
from tuiprov.text import visible
from tuiprov.widgets.compat import Run

if TYPE_CHECKING:
    from tuiprov.session import Session


class IdentitySection(Section[Draft]):
    """`next_number`: the first number of the organization that is certainly free, or ""."""

    model = Identity
    short = "Extension"

    def __init__(self, next_number: str = "") -> None:
        self._next_number = next_number

    def hint(self, field: Field, sheet: Draft) -> str:
        is_new = sheet.base.extension_id is None
        if field.name == "extension" and is_new:
            return f"next: {self._next_number}" if self._next_number else "e.g. 0027*001"
        if field.name == "sip_password" and is_new:
            return "empty: a random one"
        if field.name == "sip_username":
            return "empty: the extension"
        return super().hint(field, sheet)


class IdentityScreen(FormScreen[Draft]):
    """What both forms have in common."""

    def __init__(self, session: Session, draft: Draft, section: IdentitySection) -> None:
        super().__init__(draft, (section,))
        self.session = session

    def title_runs(self) -> list[Run]:
        values = self.sheet.base.values
        changed = " *" if self.sheet.is_changed else ""
        place = f"  of {values['user']} at {values['organization']}  {self.session.viewer.label}"
        return [(visible(self.name_of_it() + changed), "bar--title"), (visible(place), "bar--dim")]

    def name_of_it(self) -> str:
        """What the form is about."""
        values = self.sheet.base.values
        return f"Extension {values['extension_name']} ({values['extension']})"


class NewExtensionScreen(IdentityScreen):
    """Adds an extension to a user."""

    def __init__(self, session: Session, user_id: int) -> None:
        section = IdentitySection(session.next_number(user_id))
        super().__init__(session, session.fresh_extension(user_id), section)
        self.extension_id = 0
        """The extension that was added."""
        self.words = ""
        """What to say of it."""

    def name_of_it(self) -> str:
        return "New extension"

    def store(self) -> None:
        """Add it: there is no phone yet, so there is no plan."""
        try:
            page = self.session.add_extension(self.sheet)
        except TuiprovError as error:
            self.tell("Not added", error)
            return
        self.extension_id = page.extension_id or 0
        self.words = added_words(page.values["extension_name"], page.values["extension"])
        self.close(True)


class EditExtensionScreen(IdentityScreen):
    """Changes who an extension is; what that does to its phone's files is shown first. These are
    replaced unless R says no: a phone with the old SIP account could not register."""

    def __init__(self, session: Session, draft: Draft) -> None:
        draft.turn_regenerate()
        super().__init__(session, draft, IdentitySection())

    def store(self) -> None:
        try:
            plan = self.session.plan_save(self.sheet)
        except TuiprovError as error:
            self.tell("This cannot be planned", error)
            return
        if plan or plan.held or plan.failed:
            screen = PlanScreen(plan, self.name_of_it(), self._replan)
            self.app.push_screen(screen, lambda apply: self._save() if apply else None)
        else:
            self._save()

    def _replan(self) -> Plan:
        self.sheet.turn_regenerate()
        return self.session.plan_save(self.sheet)

    def _save(self) -> None:
        try:
            self.session.identify(self.sheet)
        except PublishError as error:
            self.show_all()
            self.tell("Saved, but not published", error)
        except TuiprovError as error:
            self.tell("Not saved", error)
        else:
            self.close(True)


def added_words(name: object, number: object) -> str:
    """Word for word from VoipNow's page."""
    who = f"{name} ({number})" if name else f"{number}"
    return f"Extension {who} has been successfully added."
