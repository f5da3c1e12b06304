"""A page being edited: what is typed, what it would become, what is wrong with it. No screen.

The page's own `Sheet`: the preview is rendered from its values at every keystroke. Changing one
field settles those that depend on it (manufacturer → model → firmware → protocol …).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Protocol

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.devices.rows import DeviceRow
from tuiprov.data.fields import Values
from tuiprov.data.gate import Gate, closed
from tuiprov.data.gates import gate
from tuiprov.data.page import Page
from tuiprov.data.sections import EXTENSION_FIELDS, FIELDS
from tuiprov.data.settle import prefill, settle
from tuiprov.data.sheet import Sheet
from tuiprov.data.writer import with_generated
from tuiprov.errors import Refusal

CONFIRM = "admin_password_confirm"
"""A row of the form only: the administrator password typed a second time."""

REGENERATE = "regenerate"
"""A row of the form only: replace this device's files with the save."""

_FORM_ONLY = {CONFIRM: "admin_password", REGENERATE: "template"}
"""Rows of the form only, and the field whose gate they share."""

_CONFIRM_REASON = "is not the same as the administrator password"


class Checker(Protocol):
    """What `Store.check` answers: refusals and warnings for a page."""

    def __call__(self, page: Page) -> tuple[list[Refusal], dict[str, str]]: ...


_EQUIPMENT = ("manufacturer", "model", "firmware")


class Draft(Sheet):
    """An editing session on `base`. `check_page` answers for a whole page; it is asked at each
    edit."""

    def __init__(self, base: Page, viewer: Viewer, check_page: Checker) -> None:
        self.base = base
        self.page = base
        """The page as it would be stored."""
        self.viewer = viewer
        self._check_page = check_page
        super().__init__(FIELDS, base.values)

    @property
    def is_changed(self) -> bool:
        return any(self.is_edited(name) for name in self.texts if name != REGENERATE)

    @property
    def regenerate(self) -> bool:
        """Shall the save replace existing files?"""
        return self.texts[REGENERATE] == "yes"

    def is_edited(self, name: str) -> bool:
        if name == REGENERATE:
            return self.regenerate
        field = _FORM_ONLY.get(name, name)
        return self.texts[name] != FIELDS[field].text(self.base.values[field])

    def gate(self, name: str) -> Gate:
        return gate(_FORM_ONLY.get(name, name), self.page, self.viewer)

    def turn_regenerate(self) -> None:
        """Replace existing files, or leave them. The plan asks this whatever the form's gates say:
        a phone that this extension leaves keeps its file otherwise."""
        self.texts[REGENERATE] = "no" if self.regenerate else "yes"

    def generate(self) -> None:
        """Make the passwords that a save would make, so that the plan shows the files as they
        will be written."""
        self.values |= with_generated(self.base, self.changes)
        self.texts["admin_password"] = FIELDS["admin_password"].text(self.values["admin_password"])
        self._settle_confirmation()
        self.check()

    def is_own(self, name: str) -> bool:
        # A password that tuiprov made for the plan is nobody's wish: a stored one will do.
        made = name == "admin_password" and self.values["password_generation"] == "auto"
        return self.is_edited(name) and not made

    def own_texts(self, but: Collection[str] = ()) -> dict[str, str]:
        return super().own_texts({*but, CONFIRM} if "admin_password" in but else but)

    def rebase(self, page: Page) -> None:
        """Begin again from `page`, as it has just been stored."""
        self.base = self.page = page
        self.begin(page.values)

    def take(self, page: Page) -> None:
        """Go on with the same extension put on a device of the inventory. What is typed about the
        extension itself stays."""
        typed = {n: self.texts[n] for n in EXTENSION_FIELDS if n in FIELDS and self.is_edited(n)}
        self.rebase(page)
        self.edit("use_provisioning", "yes")
        typed.pop("use_provisioning", None)
        self.resume(typed)

    def more_texts(self) -> dict[str, str]:
        return {CONFIRM: self.texts["admin_password"], REGENERATE: "no"}

    def follow(self, name: str) -> Values:
        return settle(self.base.changed(self.values), name)

    def problems(self) -> dict[str, str]:
        refusals, self.warnings = self._check_page(self.page)
        return {refusal.field: refusal.reason for refusal in refusals}

    def check(self) -> None:
        self.page = self.base.changed(self.values)
        super().check()
        if self._has_password() and self.texts[CONFIRM] != self.texts["admin_password"]:
            self.errors[CONFIRM] = _CONFIRM_REASON

    def _read(self, name: str, text: str) -> None:
        before = self.values[name]
        super()._read(name, text)
        if self.values[name] != before:
            if name in _EQUIPMENT and not self.values["mac"] and len(self.texts["mac"]) <= 9:
                self.texts["mac"] = prefill(self.base.changed(self.values))
            self._settle_confirmation()

    def _settle_confirmation(self) -> None:
        if not self._has_password():
            self.texts[CONFIRM] = self.texts["admin_password"]

    def _has_password(self) -> bool:
        return self.values["password_generation"] == "manual"


class DeviceDraft(Draft):
    """A device alone being edited: its page, and how it stands to the viewer (`row`; None: a device
    that is being added)."""

    def __init__(
        self, base: Page, row: DeviceRow | None, viewer: Viewer, check_page: Checker
    ) -> None:
        self.row = row
        # Who may edit this device fills its form as one who may modify; who may not is told why.
        super().__init__(base, replace(viewer, provision="modify"), check_page)

    def gate(self, name: str) -> Gate:
        answer = super().gate(name)
        if self.row is not None and self.row.cannot_edit and answer.state != "hidden":
            return closed(self.row.cannot_edit, by_role=True)
        return answer
