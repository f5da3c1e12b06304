"""What can go wrong, as one small family. Each face (screen, command line) words an error once:
`str(error)` is always a full sentence a user can act on. No imports of our own."""

from __future__ import annotations

import os
import tempfile
import traceback
from collections.abc import Sequence
from dataclasses import dataclass


class TuiprovError(Exception):
    """Base of every error that is told to a user in one line instead of a traceback."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason why a value is not taken. `field` is the column name, "" for the whole record;
    `where` names the record (an extension, a CSV row) when several are handled at once."""

    field: str
    reason: str
    where: str = ""

    def __str__(self) -> str:
        place = ", ".join(part for part in (self.where, self.field) if part)
        return f"{place}: {self.reason}" if place else self.reason


class Refused(TuiprovError):
    """Nothing was written because of `refusals` (at least one)."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        self.refusals = tuple(refusals)
        super().__init__("\n".join(map(str, self.refusals)))


class NotFound(TuiprovError):
    """The named extension, device or account does not exist or may not be seen by this viewer."""


class NotAllowed(TuiprovError):
    """This viewer may not do this at all."""


class Conflict(TuiprovError):
    """Somebody else changed the record since it was read; nothing was written."""


class StoreError(TuiprovError):
    """The database cannot be opened, read or written."""


class CatalogError(TuiprovError):
    """`device_catalog.toml` is wrong; the message names the key."""


class RenderError(TuiprovError):
    """A template failed, or its output does not parse back."""


class TemplateFault(RenderError):
    """A customer's template is wrong: `template` (its name), `line` (0 = unknown) and `reason`.
    As text one plain line, whatever a hostile template put into its name or reason."""

    def __init__(self, template: str, line: int, reason: str) -> None:
        self.template, self.line, self.reason = _plain(template), line, _plain(reason)
        super().__init__(self.template, line, self.reason)

    def __str__(self) -> str:
        place = f"{self.template}, line {self.line}" if self.line else self.template
        return f"{place}: {self.reason}"


class PublishError(TuiprovError):
    """The publish tree cannot be read or written; files named in the message are as before."""


class ServeError(TuiprovError):
    """The service for phones cannot start or go on."""


def _plain(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)


def crash_report(error: Exception) -> str:
    """Write the traceback, without values, to a private file; gives the line for the terminal."""
    frames = traceback.format_list(traceback.extract_tb(error.__traceback__))
    text = "".join([*frames, type(error).__name__])
    handle, path = tempfile.mkstemp(prefix="tuiprov-error-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    return f"tuiprov made a mistake and stopped; nothing was saved by it. Details: {path}"
