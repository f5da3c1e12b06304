"""A page being edited: what is typed, what it would become, what is wrong with it. No screen.

The form keeps the text as typed for every field, so a half-typed value is never lost. `values` are
the last values that could be read; the preview is rendered from them at every keystroke. Changing
one field settles those that depend on it (manufacturer → model → firmware → protocol …).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from tuiprov.data.accounts import Viewer
from tuiprov.data.fields import Value
from tuiprov.data.gates import Gate, gate
from tuiprov.data.page import Page
from tuiprov.data.sections import FIELDS
from tuiprov.data.settle import prefill, settle
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


@dataclass(frozen=True, slots=True)
class _Snapshot:
    texts: Mapping[str, str]
    values: Mapping[str, Value]
    edited: str


@dataclass
class Draft:
    """An editing session on `base`. `check` answers for a whole page; it is asked at each edit."""

    base: Page
    viewer: Viewer
    check: Checker
    texts: dict[str, str] = field(init=False)
    values: dict[str, Value] = field(init=False)
    page: Page = field(init=False)
    """The page as it would be stored."""
    errors: dict[str, str] = field(init=False)
    """Field → why it cannot be saved: unreadable texts first, then the page's own rules. A closed
    field's text is not read; whoever closed it carries the error."""
    warnings: dict[str, str] = field(init=False)
    """Field → what is worth a word but can be saved."""
    _undone: list[_Snapshot] = field(init=False, default_factory=list)
    _done: list[_Snapshot] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.values = dict(self.base.values)
        self.page = self.base
        self.texts = {name: FIELDS[name].text(value) for name, value in self.values.items()}
        self.texts |= {CONFIRM: self.texts["admin_password"], REGENERATE: "no"}
        self._check()

    @property
    def changes(self) -> dict[str, Value]:
        """Values that differ from the base."""
        return {n: v for n, v in self.values.items() if v != self.base.values[n]}

    @property
    def is_changed(self) -> bool:
        """Has anything been typed that is not saved (even if it cannot be read)?"""
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

    def edit(self, name: str, text: str) -> None:
        """Type `text` into a field. A closed field stays as it is."""
        if not self.gate(name).is_open or text == self.texts[name]:
            return
        self._remember(name)
        self.texts[name] = text
        if name in FIELDS:
            self._read(name, text)
        self._check()

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
        self._check()

    def undo(self) -> str:
        """Take the last edit back; gives the field it was in, or "" when there is none. Typing in
        one field counts as one edit."""
        return self._restore(self._done, self._undone)

    def redo(self) -> str:
        """Do again what `undo` took back."""
        return self._restore(self._undone, self._done)

    def resume(self, texts: Mapping[str, str]) -> None:
        """Type all of a kept draft's texts again, in the order of the page; and again, because a
        field further down may have opened (or settled) one above it."""
        for _ in range(3):
            before = dict(self.texts)
            for name in [*FIELDS, CONFIRM]:
                if name in texts and texts[name] != self.texts[name]:
                    self.edit(name, texts[name])
            if self.texts == before:
                return

    def rebase(self, page: Page) -> None:
        """Begin again from `page`, as it has just been stored."""
        self.base = page
        self._done.clear()
        self._undone.clear()
        self.__post_init__()

    def _read(self, name: str, text: str) -> None:
        try:
            value = FIELDS[name].parse(text)
        except ValueError:
            return
        if value != self.values[name]:
            self.values[name] = value
            for other, settled in settle(self.base.changed(self.values), name).items():
                self.values[other] = settled
                self.texts[other] = FIELDS[other].text(settled)
            if name in _EQUIPMENT and not self.values["mac"] and len(self.texts["mac"]) <= 9:
                self.texts["mac"] = prefill(self.base.changed(self.values))
            self._settle_confirmation()

    def _settle_confirmation(self) -> None:
        if not self._has_password():
            self.texts[CONFIRM] = self.texts["admin_password"]

    def _has_password(self) -> bool:
        return self.values["password_generation"] == "manual"

    def _unreadable(self) -> dict[str, str]:
        found = {}
        for name, text in self.texts.items():
            if name not in FIELDS or not self.gate(name).is_open:
                continue
            try:
                FIELDS[name].parse(text)
            except ValueError as error:
                found[name] = str(error)
        return found

    def _check(self) -> None:
        """Everything that follows from texts and values, once per edit."""
        self.page = self.base.changed(self.values)
        refusals, self.warnings = self.check(self.page)
        self.errors = {refusal.field: refusal.reason for refusal in refusals}
        self.errors |= self._unreadable()
        if self._has_password() and self.texts[CONFIRM] != self.texts["admin_password"]:
            self.errors[CONFIRM] = _CONFIRM_REASON

    def _remember(self, name: str) -> None:
        if not self._done or self._done[-1].edited != name or self._undone:
            self._done.append(self._snapshot(name))
        self._undone.clear()

    def _snapshot(self, name: str) -> _Snapshot:
        return _Snapshot(dict(self.texts), dict(self.values), name)

    def _restore(self, source: list[_Snapshot], target: list[_Snapshot]) -> str:
        if not source:
            return ""
        snapshot = source.pop()
        target.append(self._snapshot(snapshot.edited))
        self.texts, self.values = dict(snapshot.texts), dict(snapshot.values)
        self._check()
        return snapshot.edited
