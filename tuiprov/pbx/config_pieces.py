"""The lines of Asterisk's configuration that make a section, and taking them out of their files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tuiprov.pbx.config_reader import Config, Line, Place, Section


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines `first` to `last` of a file (from 0), that belong to one section."""

    file: Path
    first: int
    last: int


def pieces(config: Config) -> dict[int, list[Piece]]:
    """By `id` of a section the lines that make it: from each header, or what follows a directive,
    to its last option. A section whose lines are tangled with others' gets a reason."""
    found: dict[int, list[Piece]] = {}
    for path, lines in config.files.items():
        for piece, owner in _runs(path, lines):
            found.setdefault(id(owner), []).append(piece)
    return found


def _runs(path: Path, lines: Sequence[Line]) -> Iterator[tuple[Piece, Section]]:
    owner: Section | None = None
    first = last = 0
    for number, line in enumerate(lines):
        ends = line.is_directive or (line.owner is not None and line.owner is not owner)
        if ends and owner is not None:
            yield _closed(path, lines, owner, first, last), owner
            owner = None
        if line.owner is not None:
            if owner is None:
                owner, first = line.owner, number
            last = number
    if owner is not None:
        yield _closed(path, lines, owner, first, last), owner


def _closed(path: Path, lines: Sequence[Line], owner: Section, first: int, last: int) -> Piece:
    """The lines with the rest of a comment that is open at their end."""
    while lines[last].depth and last + 1 < len(lines):
        last += 1
        if lines[last].is_directive or lines[last].owner not in (None, owner):
            owner.reasons.append(f"a comment in it ends in {Place(path, last + 1)}")
            break
    return Piece(path, first, last)


def text_of(config: Config, of: Sequence[Piece]) -> str:
    """The text of these lines, each ended, as they stand in the files."""
    return "".join(
        f"{line.text}\n"
        for piece in of
        for line in config.files[piece.file][piece.first : piece.last + 1]
    )


def without(config: Config, path: Path, of: Sequence[Piece]) -> str:
    """The text of a file without these lines."""
    gone = {n for piece in of if piece.file == path for n in range(piece.first, piece.last + 1)}
    lines = config.files[path]
    return "".join(f"{line.text}\n" for n, line in enumerate(lines) if n not in gone)
