"""Which lines of a phone's files come from one field: found by changing the field and looking.

No template has to say where a value goes. The field gets another value, the phone is rendered
again, and the lines that come out different are the field's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tuiprov.data.fields import Choice, Codecs, Flag, Number, Value
from tuiprov.data.page import Page
from tuiprov.data.sections import FIELDS
from tuiprov.errors import RenderError
from tuiprov.render.engine import RenderedFile, render_each

_WHOLE_PHONE = frozenset({"manufacturer", "model", "firmware", "use_provisioning", "status"})
"""Fields that decide about the whole file: marking every line would say nothing."""
_TEXT_PROBES = ("7", "a")


def lines_of(field: str, page: Page, files: Sequence[RenderedFile]) -> dict[str, set[int]]:
    """File name → numbers (from 0) of the lines in `files` that `field` produces in `page`.

    `files` is what `page` renders to, masked or not; the other values are rendered the same way.
    """
    found: dict[str, set[int]] = {file.name: set() for file in files}
    if field not in FIELDS or field in _WHOLE_PHONE or FIELDS[field].takes != "phone":
        return found
    texts = [file.text.splitlines() for file in files]
    changed = (page.changed({field: value}) for value in other_values(field, page.values[field]))
    for others in render_each(other.phone for other in changed if other.phone is not None):
        if isinstance(others, RenderError):
            continue
        # By place, not by name: another MAC address names the files anew.
        for file, lines, other in zip(files, texts, others, strict=False):
            found[file.name] |= changed_lines(lines, other.text.splitlines())
    return found


def changed_lines(lines: Sequence[str], others: Sequence[str]) -> set[int]:
    """Numbers of those of `lines` that are not in `others` at their place."""
    start = 0
    while start < min(len(lines), len(others)) and lines[start] == others[start]:
        start += 1
    end, other_end = len(lines), len(others)
    while end > start and other_end > start and lines[end - 1] == others[other_end - 1]:
        end, other_end = end - 1, other_end - 1
    if end == other_end:
        return {n for n in range(start, end) if lines[n] != others[n]}
    kept = set(others[start:other_end])
    return {n for n in range(start, end) if lines[n] not in kept}


def other_values(field: str, value: Value) -> Iterator[Value]:
    """Values that the field could have instead."""
    kind = FIELDS[field]
    if isinstance(kind, Flag):
        yield not value
    elif isinstance(kind, Number):
        # Two, as one may be the default that an empty value stands for; empty, as lamps are lines.
        number = value if isinstance(value, int) else 0
        yield from (number + 1, number + 2, None)
    elif isinstance(kind, Choice) and kind.options:
        yield from (option for option, _ in kind.options if option != value)
    elif isinstance(kind, Codecs):
        names = str(value).split(",")
        yield from (",".join(reversed(names)), ",".join(names[:-1]))
    elif field == "update_protocol":
        yield from (name for name in ("https", "http", "tftp") if name != value)
    elif field == "mac":
        yield "00:00:00:00:00:01"
    else:
        text = str(value)
        yield text[:-1] + next(probe for probe in _TEXT_PROBES if text[-1:] != probe)
