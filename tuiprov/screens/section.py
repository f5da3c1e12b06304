"""What the five sections of the page have in common: rows for the form, drawn from the fields.

A section decides nothing: the draft answers for values, errors and gates, the catalogue for
choices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from sqlmodel import SQLModel

from tuiprov.data.draft import Draft
from tuiprov.data.fields import Choice, Field, Number, declared
from tuiprov.data.sections import FIELDS, title
from tuiprov.widgets.form import Kind, Row

Options = Sequence[tuple[str, str]]


class Section:
    """One section of the page. Subclasses name their class of fields and say what is special."""

    model: type[SQLModel]
    short: str
    """The tab's words on a narrow screen."""

    @property
    def title(self) -> str:
        return title(self.model)

    def names(self) -> tuple[str, ...]:
        """The rows in order: field names, and rows of the form only."""
        return tuple(declared(self.model))

    def is_visible(self, draft: Draft) -> bool:
        """Does this viewer see any of its rows?"""
        return any(draft.gate(name).state != "hidden" for name in self.names())

    def marks(self, draft: Draft) -> str:
        """`!` when a field here is wrong, `*` when one is changed: shown on the tab."""
        wrong = any(name in draft.errors for name in self.names())
        changed = any(draft.is_edited(name) for name in self.names())
        return f"{' !' if wrong else ''}{' *' if changed else ''}"

    def rows(self, draft: Draft, notes: Mapping[str, str]) -> list[Row]:
        """The rows that this viewer sees now; `notes` says what the phone cannot take, by field."""
        rows = (
            self.row(name, draft) for name in self.names() if draft.gate(name).state != "hidden"
        )
        return [replace(row, note=notes[row.name]) if row.name in notes else row for row in rows]

    def row(self, name: str, draft: Draft) -> Row:
        """One field as a row of the form."""
        field = FIELDS[name]
        answer = draft.gate(name)
        return Row(
            name=name,
            label=self.label(field, draft),
            value=draft.texts[name],
            kind=cast(Kind, field.kind),
            options=tuple(self.options(field, draft)),
            hint=self.hint(field, draft),
            locked="" if answer.is_open else answer.reason,
            error=draft.errors.get(name, ""),
            note=draft.warnings.get(name, ""),
            changed=draft.is_edited(name),
        )

    def label(self, field: Field, draft: Draft) -> str:
        return field.label

    def options(self, field: Field, draft: Draft) -> Options:
        return field.options if isinstance(field, Choice) else ()

    def hint(self, field: Field, draft: Draft) -> str:
        if isinstance(field, Number) and field.empty_means:
            return f"empty: {field.empty_means}"
        return ""


def plain(words: Sequence[str]) -> Options:
    """Options whose words are their values."""
    return [(word, word) for word in words]
