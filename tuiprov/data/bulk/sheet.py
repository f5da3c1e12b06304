"""The page's sections for many records at once: what they have in common, and what is typed.

A field shows the value that all have, or that they differ; only fields that are touched are
changed. What each extension may have is asked when the change is planned (`edit.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.bulk.common import Common
from tuiprov.data.bulk.sets import Change
from tuiprov.data.bulk.text import read
from tuiprov.data.fields import Field, Value
from tuiprov.data.gate import HIDDEN, Gate, closed
from tuiprov.data.gates import gate
from tuiprov.data.page import Page
from tuiprov.data.sections import DEFAULTS, DEVICE_FIELDS, FIELDS
from tuiprov.data.sheet import Sheet

MIXED: Final = "\0mixed"
"""The text of a field in which the extensions differ, until something is typed."""
EACH_ITS_OWN: Final = frozenset(
    {
        "extension",
        "organization",
        "user",
        "line",
        "mac",
        "sip_username",
        "sip_password",
        "admin_password",
        "secret_code",
    }
)
"""Fields that no two extensions share, and passwords: not edited for many at once."""
FOR_MANY: Final[Mapping[str, Field]] = {
    name: one for name, one in FIELDS.items() if name not in EACH_ITS_OWN
}
FOR_DEVICES: Final = {name: one for name, one in FOR_MANY.items() if name in DEVICE_FIELDS}


class BulkSheet(Sheet):
    """An editing session on many extensions, or on many devices with their fields alone. `parts`:
    the fields that a text can be composed of."""

    def __init__(
        self,
        about: Common,
        viewer: Viewer,
        fields: Mapping[str, Field] = FOR_MANY,
        parts: Collection[str] = FIELDS,
    ) -> None:
        self.about = about
        self.viewer = viewer
        self._parts = parts
        self._begun: dict[str, str] = {}
        stored = {name: about.values.get(name, DEFAULTS[name]) for name in fields}
        super().__init__(fields, stored)

    @property
    def pages(self) -> list[Page]:
        """One page of each kind of record, with what is typed so far."""
        typed = {n: v for n, v in self.values.items() if self.is_edited(n)}
        return [page.changed(typed) for page in self.about.pages]

    @property
    def change(self) -> Change:
        """What is to be changed in all of them: the fields that were touched."""
        found: dict[str, Value | object] = {}
        for name in self.fields:
            if self.is_edited(name):
                found[name] = read(name, self.texts[name], self._parts) or self.values[name]
        return found  # type: ignore[return-value]

    def begin(self, stored: Mapping[str, Value]) -> None:
        self._begun = {
            name: field.text(stored[name]) if name in self.about.values else MIXED
            for name, field in self.fields.items()
        }
        super().begin(stored)
        self.texts = dict(self._begun)
        self.check()

    def is_edited(self, name: str) -> bool:
        return name in self._begun and self.texts.get(name) != self._begun[name]

    def gate(self, name: str) -> Gate:
        """Open where it is for any kind of them; hidden where it is for all."""
        if self.about.cannot_edit:
            return closed(self.about.cannot_edit, by_role=True)
        answers = [gate(name, page, self.viewer) for page in self.pages]
        best = next((one for one in answers if one.is_open), None)
        shown = (one for one in answers if one.state != "hidden")
        return best or next(shown, HIDDEN)

    def _read(self, name: str, text: str) -> None:
        try:
            if read(name, text, self._parts) is None:
                super()._read(name, text)
        except ValueError:
            return

    def _unreadable(self) -> dict[str, str]:
        found = {}
        for name, text in self.texts.items():
            if name not in self.fields or not self.is_edited(name):
                continue
            try:
                if read(name, text, self._parts) is None:
                    self.fields[name].parse(text)
            except ValueError as error:
                found[name] = str(error)
        return found
