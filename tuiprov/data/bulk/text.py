"""A text composed for each record from its own fields: `{extension_name} {n:03}`.

The bulk edit offers it for text fields. `{n}` counts the records from 1 in the order of their
numbers; `{n+100}` begins elsewhere, `{n:03}` fills with zeros.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from tuiprov.data.fields import Text, Values
from tuiprov.data.sections import FIELDS
from tuiprov.text import in_words

_PART: Final = re.compile(r"\{([a-z_]+)(\+[0-9]{1,6})?(:0[1-9])?\}")
COUNTER: Final = "n"
_EXAMPLES: Final = ("extension", "extension_name", "mac", "model")


@dataclass(frozen=True, slots=True)
class Composed:
    """The text with its `{…}`; `read` makes one."""

    text: str

    def text_for(self, values: Values, place: int) -> str:
        """The text for a record with these values, at this place (from 0) among all."""

        def filled(part: re.Match[str]) -> str:
            name, offset, width = part.groups()
            if name == COUNTER:
                number = str(place + int(offset or 1))
                return number.zfill(int(width[1:])) if width else number
            return FIELDS[name].text(values[name])

        return _PART.sub(filled, self.text)


def read(name: str, text: str, parts: Collection[str] = FIELDS) -> Composed | None:
    """The composed text that `text` is for this field, None when it is a plain one. `parts`: the
    fields that it may be made of. ValueError names what is wrong with it."""
    if "{" not in text or not isinstance(FIELDS[name], Text) or FIELDS[name].secret:
        return None
    unknown = [
        part[1]
        for part in _PART.finditer(text)
        if part[1] != COUNTER and (part[1] not in parts or FIELDS[part[1]].secret)
    ]
    rest = _PART.sub("", text)
    if unknown or "{" in rest or "}" in rest:
        examples = [f"{{{one}}}" for one in _EXAMPLES if one in parts]
        known = in_words(["{n}", *examples[:2]], "or")
        what = f"{{{unknown[0]}}}" if unknown else text
        raise ValueError(f"{what} is no field: write {known}")
    return Composed(text)
