"""Three-way merge of a text by its lines: what it was copied from, yours, and what that is now.

Our own small room instead of a library: those that merge lines are under the GPL, which a program
under the MIT licence cannot take in. The method is that of diff3 (Khanna, Kunal, Pierce: *A formal
investigation of diff3*): lines that all three share are the fixed points, and between two of them
whoever left the old text alone gives way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

YOURS: Final = "<<<<<<< yours"
BETWEEN: Final = "======="
DEFAULT: Final = ">>>>>>> new server default"
"""The lines around the two sides of a conflict. No file format takes them as a setting."""

Lines = Sequence[str]


@dataclass(frozen=True, slots=True)
class Merged:
    """The merged text, and how many conflicts are marked in it."""

    text: str
    conflicts: int


@dataclass(frozen=True, slots=True)
class _Same:
    """`length` lines that the old text shares with both others, from these places on."""

    old: int
    yours: int
    new: int
    length: int


def merge(old: str, yours: str, new: str) -> Merged:
    """`yours` with the changes from `old` to `new` made in it; conflicts between marker lines."""
    sides = [text.splitlines(keepends=True) for text in (old, yours, new)]
    merged: list[str] = []
    conflicts = at_old = at_yours = at_new = 0
    for same in _shared(*sides):
        lines = _between(
            sides[0][at_old : same.old],
            sides[1][at_yours : same.yours],
            sides[2][at_new : same.new],
        )
        conflicts += _is_conflict(lines)
        at_old, at_yours, at_new = (n + same.length for n in (same.old, same.yours, same.new))
        merged += [*lines, *sides[1][same.yours : at_yours]]
    return Merged("".join(merged), conflicts)


def conflict_lines(text: str) -> list[int]:
    """Numbers (from 0) of the lines that open a conflict or end one."""
    return [n for n, line in enumerate(text.splitlines()) if line in (YOURS, DEFAULT)]


def _is_conflict(lines: Lines) -> bool:
    return any(line.rstrip("\n") == YOURS for line in lines)


def _shared(old: Lines, yours: Lines, new: Lines) -> Iterator[_Same]:
    """The runs of lines that all three share, in order, and an empty one at the end."""
    others = _blocks(old, new)
    for one, at_yours, length in _blocks(old, yours):
        for other, at_new, other_length in others:
            start, end = max(one, other), min(one + length, other + other_length)
            if start < end:
                yield _Same(start, at_yours + start - one, at_new + start - other, end - start)
    yield _Same(len(old), len(yours), len(new), 0)


def _blocks(one: Lines, other: Lines) -> list[tuple[int, int, int]]:
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return [(block.a, block.b, block.size) for block in matcher.get_matching_blocks() if block.size]


def _between(old: Lines, yours: Lines, new: Lines) -> Lines:
    """What stands between two fixed points."""
    if yours in (old, new):
        return new
    if new == old:
        return yours
    start = _same_start(yours, new)
    end = _same_start(yours[start:][::-1], new[start:][::-1])
    stop_yours, stop_new = len(yours) - end, len(new) - end
    conflict = [YOURS, *yours[start:stop_yours], BETWEEN, *new[start:stop_new], DEFAULT]
    marked = [line if line.endswith("\n") else f"{line}\n" for line in conflict]
    return [*yours[:start], *marked, *yours[stop_yours:]]


def _same_start(one: Lines, other: Lines) -> int:
    """How many lines both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))
