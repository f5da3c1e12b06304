"""Two admins on one record: what each has changed since both saw it, and going on from both.

Fields that only the other one changed come in by themselves; fields that both changed are a `Clash`
each, which somebody has to decide. No database, no screen: `together.py` reads what is stored now,
`screens/merge.py` asks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from tuiprov.data.fields import Choice, Field, Values
from tuiprov.data.sheet import Sheet
from tuiprov.text import clock_time, in_words

SECRET: Final = "changed"
"""What is shown of a secret."""
SOMEBODY: Final = "somebody else"


@dataclass(frozen=True, slots=True)
class Said:
    """Who changed something, and when by the clock of who did it (None: not known)."""

    who: str = SOMEBODY
    at: datetime | None = None

    def __str__(self) -> str:
        return f"{self.who} at {clock_time(self.at)}" if self.at else self.who


@dataclass(frozen=True, slots=True)
class Newer:
    """A record as it is stored now, when that is not what somebody began from. `record` is what the
    sheet's `rebase` takes; `by`: field → who changed it last; `last`: who changed any of it."""

    record: Any = field(compare=False)
    values: Values
    by: Mapping[str, Said] = field(default_factory=dict)
    last: Said = Said()

    def said(self, name: str) -> Said:
        """Who changed this field last."""
        return self.by.get(name, self.last)


@dataclass(frozen=True, slots=True)
class Clash:
    """A field that both changed, or that only they did (then `yours` is what it was before)."""

    name: str
    label: str
    yours: str
    theirs: str
    said: Said


@dataclass(frozen=True, slots=True)
class Meeting:
    """What both changed, and what only they did."""

    both: tuple[Clash, ...]
    theirs: tuple[Clash, ...]
    last: Said

    @property
    def changed(self) -> tuple[Clash, ...]:
        """All that they changed and you have otherwise."""
        return (*self.both, *self.theirs)

    def words(self) -> str:
        """`anna at 10:42 changed DTMF and Codecs`: what comes in by itself; "" for nothing."""
        return self._words(self.theirs)

    def all_words(self) -> str:
        """The same of all that they changed."""
        return self._words(self.changed)

    def _words(self, found: Sequence[Clash]) -> str:
        labels = [one.label for one in found]
        if not labels:
            return ""
        more = [f"{len(labels) - _MOST_NAMED} more"] if len(labels) > _MOST_NAMED else []
        return f"{self.last} changed {in_words([*labels[:_MOST_NAMED], *more], 'and')}"


_MOST_NAMED = 4


def meet(sheet: Sheet, newer: Newer) -> Meeting:
    """What `sheet` and whoever stored `newer` have both changed, in the order of the fields. What
    this viewer may not see is not told."""
    both, theirs = [], []
    for name, declared in sheet.fields.items():
        before, now = sheet.stored[name], newer.values[name]
        if before == now or sheet.gate(name).state == "hidden":
            continue
        text, typed = declared.text(now), sheet.texts[name]
        is_own = sheet.is_own(name)
        yours = _shown(declared, typed if is_own else declared.text(before))
        clash = Clash(name, declared.label, yours, _shown(declared, text), newer.said(name))
        if not is_own:
            theirs.append(clash)
        elif typed != text:
            both.append(clash)
    return Meeting(tuple(both), tuple(theirs), newer.last)


def _shown(declared: Field, text: str) -> str:
    """A text as the form says it: a choice by its words, a secret not at all."""
    if declared.secret:
        return SECRET if text else ""
    options = declared.options if isinstance(declared, Choice) else ()
    return next((words for value, words in options if value == text), text)


def go_on(sheet: Sheet, newer: Newer, give_way: Collection[str]) -> list[str]:
    """Begin from `newer`, and type again what was typed, but for the fields that `give_way`. Gives
    the labels of those that could not be: what they changed has closed or settled them."""
    typed = sheet.own_texts(give_way)
    sheet.rebase(newer.record)
    sheet.resume(typed)
    return [
        sheet.fields[name].label
        for name, text in typed.items()
        if name in sheet.fields and sheet.texts[name] != text
    ]
