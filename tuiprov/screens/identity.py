"""Who an extension is: its number, name and SIP account, when it is added and later on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tuiprov.data.draft import Draft
from tuiprov.data.fields import Field
from tuiprov.data.identity import KNOWN_LATER, Identity, added
from tuiprov.data.together.meeting import Newer
from tuiprov.data.together.presence import Other
from tuiprov.errors import Conflict, NotFound, PublishError, TuiprovError
from tuiprov.screens.form_screen import FormScreen
from tuiprov.screens.plan import PlanScreen
from tuiprov.screens.section import Section
from tuiprov.text import visible
from tuiprov.widgets.compat import Run
from tuiprov.widgets.dialog import Dialog

if TYPE_CHECKING:
    from tuiprov.session import Session


class IdentitySection(Section[Draft]):
    """`next_number`: one that is free for a new extension."""

    model = Identity
    short = "Extension"

    def __init__(self, next_number: str = "") -> None:
        self._next_number = next_number

    @property
    def title(self) -> str:
        return "Extension"

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
    """The identity of an extension. A subclass says what storing means."""

    def __init__(self, session: Session, draft: Draft, next_number: str = "") -> None:
        super().__init__(draft, (IdentitySection(next_number),))
        self._session = session

    def title_runs(self) -> list[Run]:
        values = self.sheet.base.values
        name = values["extension_name"] or values["extension"]
        words = f"Extension {name}" if self.sheet.base.extension_id else "New extension"
        changed = " *" if self.sheet.is_changed else ""
        place = f"  of {values['user']}, {values['organization']}  {self._session.viewer.label}"
        return [(visible(words + changed), "bar--title"), (visible(place), "bar--dim")]


class NewExtensionScreen(IdentityScreen):
    """Adds an extension, then offers to provision it."""

    def store(self) -> None:
        try:
            page = self._session.pages.add(self.sheet)
            opens = self._session.pages.always_provisions
        except TuiprovError as error:
            self.tell("Not added", error)
            return
        extension_id = page.extension_id or 0
        if opens:
            self._open(extension_id)
            return
        question = Dialog(
            "Added",
            [
                added(page.values),
                *([KNOWN_LATER] if page.site.pbx != "none" else []),
                "Press P if you want to provision this extension now. "
                "If you want to provision every newly added extension, press A.",
            ],
            [("p", "provision it now"), ("a", "always after adding"), ("escape", "later")],
        )
        self.app.push_screen(question, lambda answer: self._answered(answer, extension_id))

    def _answered(self, answer: str | None, extension_id: int) -> None:
        if answer == "a":
            try:
                self._session.pages.always_provision()
            except TuiprovError as error:
                self.tell("Not remembered", error)
                return
        if answer in ("p", "a"):
            self._open(extension_id)
        else:
            self.close(True)

    def _open(self, extension_id: int) -> None:
        self.close(True)
        self.navigator.open_page(extension_id)


class EditIdentityScreen(IdentityScreen):
    """Changes who an extension is; what that means for its phone's files is shown first."""

    def store(self) -> None:
        if not self.sheet.regenerate:
            self.sheet.turn_regenerate()  # a name that changes is a name the phone shows
        try:
            plan = self._session.pages.plan_save(self.sheet)
        except TuiprovError as error:
            self.tell("This cannot be planned", error)
            return
        if not plan and not self.taken_in:
            self._save()
            return
        about = str(self.sheet.base.values["extension"])
        screen = PlanScreen(plan, about, taken_in=self.taken_in)
        self.app.push_screen(screen, lambda apply: self._save() if apply else None)

    @property
    def is_shared(self) -> bool:
        return True

    def here(self, mine: str) -> tuple[str, Sequence[Other]]:
        return self._session.pages.here(self.sheet.base, mine)

    def left(self, mine: str) -> None:
        self._session.store.presences.leave(mine)

    def newer(self) -> Newer | None:
        return self._session.pages.newer(self.sheet)

    def _save(self) -> None:
        save = self._session.pages.save
        self.work_on("Save", lambda _: save(self.sheet), lambda _: self.close(True), self._failed)

    def _failed(self, error: TuiprovError) -> None:
        if isinstance(error, Conflict | NotFound):
            self.meet_others(self.store, error)
        else:
            stored = isinstance(error, PublishError)
            self.tell("Saved, but not published" if stored else "Not saved", error)
