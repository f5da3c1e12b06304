"""What a line of a template looks like: its parts by kind, some of them drawn otherwise, and the
cells of it that are in the window. Sees one line only, so that a keystroke costs one line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from rich.cells import cell_len, set_cell_size

from tuiprov.widgets.compat import SIGNS, Run, from_cell
from tuiprov.widgets.preview import lexed, shown

LONGEST_COLOURED = 1000
"""Characters. A longer line is drawn plain, so that no cache fills up with such lines."""

# A piece that is not closed goes on to the end of the line. A comment that an earlier line opened
# is seen by its end only.
_JINJA = re.compile(
    r"(?P<comment>\{#.*?(?:#\}|$)|^(?:(?!\{#).)*?#\})"
    r"|(?P<statement>\{%.*?(?:%\}|$))"
    r"|(?P<value>\{\{.*?(?:\}\}|$))"
)


def coloured(text: str) -> Sequence[Run]:
    """A line as it is drawn, in parts with their kind: `statement`, `value` or `comment` of the
    template, else what the preview would say: `comment`, `key`, `tag` or `text`."""
    if len(text) > LONGEST_COLOURED:
        return ((shown(text), "text"),)
    return _coloured(text)


@lru_cache(maxsize=4096)
def _coloured(text: str) -> Sequence[Run]:
    line = shown(text)
    # To the preview's eyes a piece of Jinja is a part of a word, as what it gives will mostly be.
    masked = _JINJA.sub(lambda piece: "_" * len(piece[0]), line)
    runs, at = [], 0
    for part, kind in lexed(masked):
        runs.append((line[at : at + len(part)], kind))
        at += len(part)
    for piece in _JINJA.finditer(line):
        runs = restyled(runs, piece.start(), piece.end(), piece.lastgroup or "")
    return tuple(runs)


def restyled(runs: Iterable[Run], start: int, stop: int, style: str) -> list[Run]:
    """The runs with the characters from `start` up to `stop` in another style."""
    parts: list[Run] = []
    at = 0
    for text, old in runs:
        first, last = max(0, start - at), max(0, stop - at)
        parts += [(text[:first], old), (text[first:last], style), (text[max(first, last) :], old)]
        at += len(text)
    return [part for part in parts if part[0]]


def in_window(runs: Sequence[Run], offset: int, room: int) -> list[Run]:
    """Of the runs the `room` cells from cell `offset` on, with signs where something is cut off."""
    kept = list(runs)
    if offset:
        kept = [(SIGNS.cut, ""), *_without_first(kept, offset + 1)]
    if sum(cell_len(text) for text, _ in kept) <= room:
        return kept
    return [*_first(kept, room - 1), (SIGNS.cut, "")] if room > 0 else []


def _without_first(runs: Iterable[Run], cells: int) -> Iterator[Run]:
    for text, style in runs:
        yield from_cell(text, cells), style
        cells = max(0, cells - cell_len(text))


def _first(runs: Iterable[Run], cells: int) -> Iterator[Run]:
    for text, style in runs:
        length = cell_len(text)
        yield (text if length <= cells else set_cell_size(text, cells)), style
        cells -= min(length, cells)
