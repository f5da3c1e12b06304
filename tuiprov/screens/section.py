"""What all sections of all forms have in common: rows for the form, drawn from the fields.

A section decides nothing: the sheet answers for values, errors and gates, the catalogue for
choices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Generic, TypeVar, cast

from tuiprov.data.fields import Choice, Field, Number, declared
from tuiprov.data.record import Record
from tuiprov.data.sections import title
from tuiprov.data.sheet import Sheet
from tuiprov.widgets.form import Kind, Row

Options = Sequence[tuple[str, str]]


AnySheet = TypeVar("AnySheet", bound=Sheet)


class Section(Generic[AnySheet]):
    """One section of a form. Subclasses name their class of fields and say what is special."""

    model: type[Record]
    short: str
    """The tab's words on a narrow screen."""

    @property
    def title(self) -> str:
        return title(self.model)

    def names(self) -> tuple[str, ...]:
        """The rows in order: field names, and rows of the form only."""
        return tuple(declared(self.model))

    def is_visible(self, sheet: AnySheet) -> bool:
        """Does this viewer see any of its rows?"""
        return any(sheet.gate(name).state != "hidden" for name in self.names())

    def marks(self, sheet: AnySheet) -> str:
        """`!` when a field here is wrong, `*` when one is changed: shown on the tab."""
        wrong = any(name in sheet.errors for name in self.names())
        changed = any(sheet.is_edited(name) for name in self.names())
        return f"{' !' if wrong else ''}{' *' if changed else ''}"

    def rows(self, sheet: AnySheet, notes: Mapping[str, str]) -> list[Row]:
        """The rows that this viewer sees now; `notes` says what the phone cannot take, by field."""
        rows = (
            self.row(name, sheet) for name in self.names() if sheet.gate(name).state != "hidden"
        )
        return [replace(row, note=notes[row.name]) if row.name in notes else row for row in rows]

    def row(self, name: str, sheet: AnySheet) -> Row:
        """One field as a row of the form."""
        field = sheet.fields[name]
        answer = sheet.gate(name)
        return Row(
            name=name,
            label=self.label(field, sheet),
            value=sheet.texts[name],
            kind=cast(Kind, field.kind),
            options=tuple(self.options(field, sheet)),
            hint=self.hint(field, sheet),
            locked="" if answer.is_open else answer.reason,
            error=sheet.errors.get(name, ""),
            note=sheet.warnings.get(name, ""),
            changed=sheet.is_edited(name),
        )

    def label(self, field: Field, sheet: AnySheet) -> str:
        return field.label

    def options(self, field: Field, sheet: AnySheet) -> Options:
        return field.options if isinstance(field, Choice) else ()

    def hint(self, field: Field, sheet: AnySheet) -> str:
        if isinstance(field, Number) and field.empty_means:
            return f"empty: {field.empty_means}"
        return ""


def plain(words: Sequence[str]) -> Options:
    """Options whose words are their values."""
    return [(word, word) for word in words]
