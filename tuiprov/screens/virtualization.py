"""Section Extension virtualization."""

from __future__ import annotations

from tuiprov.data.draft import Draft
from tuiprov.data.fields import Field
from tuiprov.data.sections import Virtualization
from tuiprov.screens.section import Section


class VirtualizationSection(Section[Draft]):
    model = Virtualization
    short = "Virtualization"

    def label(self, field: Field, sheet: Draft) -> str:
        if field.name == "secret_code":
            return "Replace secret code" if sheet.base.values["secret_code"] else "Set secret code"
        return field.label

    def hint(self, field: Field, sheet: Draft) -> str:
        return "4 to 8 digits" if field.name == "secret_code" else super().hint(field, sheet)
