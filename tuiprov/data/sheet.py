"""A set of declared fields being edited: what is typed, what it means, what is wrong. No screen.

The form keeps the text as typed for every field, so a half-typed value is never lost; `values` are
the last values that could be read. `Draft` is the page's own sheet; an account, the preferences, a
new extension have theirs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from tuiprov.data.fields import Field, Value, Values
from tuiprov.data.gate import OPEN, Gate


@dataclass(frozen=True, slots=True)
class _Snapshot:
    texts: Mapping[str, str]
    values: Values
    edited: str


class Sheet:
    """An editing session on `stored` values. Subclasses say which fields are open, what follows
    from an edit and what cannot be saved."""

    def __init__(self, fields: Mapping[str, Field], stored: Values) -> None:
        self.fields = fields
        self._done: list[_Snapshot] = []
        self._undone: list[_Snapshot] = []
        self.texts: dict[str, str] = {}
        """What is typed, by field; also for rows that are no field."""
        self.values: dict[str, Value] = {}
        self.errors: dict[str, str] = {}
        """Field → why it cannot be saved: unreadable texts first, then the record's own rules. A
        closed field's text is not read; whoever closed it carries the error."""
        self.begun = 0
        """How often it began from what is stored: an answer about an earlier beginning is old."""
        self.warnings: dict[str, str] = {}
        """Field → what is worth a word but can be saved."""
        self.begin(stored)

    # -- what a kind of sheet says for itself ---------------------------------------------------

    def gate(self, name: str) -> Gate:
        """May this field be seen or changed now?"""
        return OPEN

    def follow(self, name: str) -> Values:
        """The further values that follow from `name` having its new value."""
        return {}

    def problems(self) -> dict[str, str]:
        """Field → why the values as they are cannot be saved."""
        return {}

    def more_texts(self) -> dict[str, str]:
        """Texts of rows that are no field of the record, as they begin."""
        return {}

    def rebase(self, record: Any) -> None:
        """Begin again from the record as it is stored now."""
        raise NotImplementedError

    def is_own(self, name: str) -> bool:
        """Is what stands in this field the admin's own wish?"""
        return self.is_edited(name)

    # -- editing --------------------------------------------------------------------------------

    def begin(self, stored: Values) -> None:
        """Begin (again) from these values, as they are stored."""
        self.begun += 1
        self.stored = stored
        self.values = dict(stored)
        # Not for a moment without a row: a form may be drawn while it is saved behind the keys.
        texts = {name: field.text(stored[name]) for name, field in self.fields.items()}
        self.texts = {**self.texts, **texts}
        self.texts |= self.more_texts()
        self._done.clear()
        self._undone.clear()
        self.check()

    @property
    def changes(self) -> dict[str, Value]:
        """Values that differ from what is stored."""
        return {n: v for n, v in self.values.items() if v != self.stored[n]}

    @property
    def is_changed(self) -> bool:
        """Has anything been typed that is not saved (even if it cannot be read)?"""
        return any(self.is_edited(name) for name in self.texts)

    def is_edited(self, name: str) -> bool:
        return self.texts[name] != self.fields[name].text(self.stored[name])

    def edit(self, name: str, text: str) -> None:
        """Type `text` into a field. A closed field stays as it is."""
        if not self.gate(name).is_open or text == self.texts[name]:
            return
        self._remember(name)
        self.texts[name] = text
        if name in self.fields:
            self._read(name, text)
        self.check()

    def own_texts(self, but: Collection[str] = ()) -> dict[str, str]:
        """What is typed and not stored, by field, without the fields `but`."""
        return {n: text for n, text in self.texts.items() if n not in but and self.is_own(n)}

    def resume(self, texts: Mapping[str, str]) -> None:
        """Type all of these texts again, in the order of the form; and again, because a field
        further down may have opened (or settled) one above it."""
        for _ in range(3):
            before = dict(self.texts)
            for name in before:
                if name in texts and texts[name] != self.texts[name]:
                    self.edit(name, texts[name])
            if self.texts == before:
                return

    def undo(self) -> str:
        """Take the last edit back; gives the field it was in, or "" when there is none. Typing in
        one field counts as one edit."""
        return self._restore(self._done, self._undone)

    def redo(self) -> str:
        """Do again what `undo` took back."""
        return self._restore(self._undone, self._done)

    def check(self) -> None:
        """Everything that follows from texts and values, once per edit."""
        self.errors = {**self.problems(), **self._unreadable()}

    def put(self, values: Values) -> None:
        """Give fields a value that nobody typed."""
        for name, value in values.items():
            self.values[name] = value
            self.texts[name] = self.fields[name].text(value)

    def _read(self, name: str, text: str) -> None:
        try:
            value = self.fields[name].parse(text)
        except ValueError:
            return
        if value != self.values[name]:
            self.values[name] = value
            self.put(self.follow(name))

    def _unreadable(self) -> dict[str, str]:
        found = {}
        for name, text in self.texts.items():
            if name not in self.fields or not self.gate(name).is_open:
                continue
            try:
                self.fields[name].parse(text)
            except ValueError as error:
                found[name] = str(error)
        return found

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
        self.check()
        return snapshot.edited
