"""A link as a QR code of characters: `code_for` picks the largest margin that a window has room
for, or says what it would take.

Pure but for `segno`, which is imported when the first code is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from tuiprov.text import FEW_GLYPHS

DARK, LIGHT = "##", "  "
"""One module of a code that is drawn in whole cells: two of them are about a square."""
_HALVES: Final = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}
_MARGINS: Final = (4, 3, 2)
"""Light modules around the code: ISO/IEC 18004 wants four; cameras read it with two."""


@dataclass(frozen=True, slots=True)
class Code:
    """The code's lines, all of one length, or why there are none. `in_halves`: a character is two
    modules, one above the other; else two characters are one, `DARK` or `LIGHT`."""

    lines: tuple[str, ...] = ()
    in_halves: bool = True
    problem: str = ""

    @property
    def width(self) -> int:
        """In cells."""
        return len(self.lines[0]) if self.lines else 0


def draws_halves(term: str, encoding: str = "utf-8") -> bool:
    """Has this terminal half blocks? The Linux console's usual fonts (Lat15 of console-setup) have
    the full block only, older terminals have none of them."""
    try:
        "".join(_HALVES.values()).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return term not in FEW_GLYPHS


def modules_of(text: str) -> tuple[tuple[int, ...], ...]:
    """The code's modules row by row, 1 for dark, without a margin; at the lowest level of error
    correction that its size has (a screen is not scratched)."""
    import segno

    made = segno.make(text, error="l", micro=False)
    return tuple(tuple(int(bool(module)) for module in row) for row in made.matrix)


def code_for(text: str, width: int, height: int, *, in_halves: bool) -> Code:
    """The code of `text` for a window of so many cells and lines."""
    modules = modules_of(text)
    for margin in _MARGINS:
        lines = _lines(_framed(modules, margin), in_halves)
        if len(lines) <= height and len(lines[0]) <= width:
            return Code(tuple(lines), in_halves)
    needed = f"{len(lines)} lines of {len(lines[0])} characters"
    return Code((), in_halves, f"A QR code needs {needed}; here is room for {height} of {width}.")


def _framed(modules: Sequence[Sequence[int]], margin: int) -> list[list[int]]:
    side, blank = [0] * margin, [0] * (len(modules) + 2 * margin)
    rows = [[*side, *row, *side] for row in modules]
    return [*(blank for _ in side), *rows, *(blank for _ in side)]


def _lines(modules: Sequence[Sequence[int]], in_halves: bool) -> list[str]:
    if not in_halves:
        return ["".join(DARK if module else LIGHT for module in row) for row in modules]
    below_last = [0] * len(modules)
    rows = list(pairwise([*modules, below_last]))[::2]
    return ["".join(_HALVES[pair] for pair in zip(*pair_of, strict=True)) for pair_of in rows]
