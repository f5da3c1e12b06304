"""Moving adopted sections out of an admin's files, so that Asterisk reads the same as before.

An extension's block is its sections word for word, as far as they can stand at the end of the
configuration. Where they cannot (they inherit from what is no template, a template is changed after
them, they hold block comments) every option is written out. What comes of it is read again before
anybody uses it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tuiprov.data.site import Site
from tuiprov.pbx import asterisk
from tuiprov.pbx.config_pieces import Piece, pieces, text_of, without
from tuiprov.pbx.config_reader import Config, PbxConfigError, Section, read_config
from tuiprov.pbx.effects import effects
from tuiprov.pbx.inverse import pairs
from tuiprov.pbx.takeover import Adopted

_BLOCK_COMMENT = ";--"
"""Whole sections may stand in one, which nobody is to take for real ones."""
_HEADINGS = ("; extension ", "; end of extensions")
"""What begins and ends a block of ours: no line of somebody else's may look like it."""


@dataclass(frozen=True, slots=True)
class Moved:
    """`blocks` by extended number, and `rest`: the texts of the files that they are taken from."""

    blocks: dict[str, str]
    rest: dict[Path, str]


def move(config: Config, main: Path, adopted: Sequence[Adopted], site: Site) -> Moved:
    """Take the sections of `adopted` out of the configuration that begins with `main`;
    PbxConfigError: Asterisk would read something else afterwards."""
    return _Moving(config, main.resolve(), adopted, site).moved()


def with_include(text: str, path: str) -> str:
    """The text of the main file with the line that includes ours at its end."""
    if any(line.strip().endswith(f'include "{path}"') for line in text.splitlines()):
        return text
    return f'{text}#tryinclude "{path}"\n'


class _Moving:
    def __init__(self, config: Config, main: Path, adopted: Sequence[Adopted], site: Site) -> None:
        self._config, self._main, self._adopted, self._site = config, main, adopted, site
        self._pieces = pieces(config)
        self._order = {path: number for number, path in enumerate(config.files)}

    def moved(self) -> Moved:
        gone = [
            piece
            for one in self._adopted
            for section in one.sections
            for piece in self._pieces.get(id(section), ())
        ]
        touched = {piece.file for piece in gone} | {self._main}
        rest = {path: without(self._config, path, gone) for path in touched}
        written_out: set[str] = set()
        for _ in range(2):
            blocks = {one.number: self._block(one, written_out) for one in self._adopted}
            differing = self._differing(Moved(blocks, rest))
            if not differing:
                return Moved(blocks, rest)
            written_out |= differing
        named = ", ".join(sorted(differing)[:5])
        raise PbxConfigError(
            f"{self._main.name}: taken out of it, {named} would mean something else to Asterisk"
        )

    def _block(self, one: Adopted, written_out: Collection[str]) -> str:
        if _is_rendered(one):
            return str(asterisk.Asterisk().blocks(one.page(self._site))[0])
        bases = [base for section in one.sections for base in section.bases]
        text = text_of(self._config, self._pieces_of(one))
        is_plain = _BLOCK_COMMENT not in text and all(base.is_template for base in bases)
        if one.number in written_out or not is_plain:
            return "\n".join(_written_out(section) for section in one.sections)
        return _guarded(text)

    def _pieces_of(self, one: Adopted) -> list[Piece]:
        found = [piece for each in one.sections for piece in self._pieces.get(id(each), ())]
        return sorted(found, key=lambda piece: (self._order[piece.file], piece.first))

    def _differing(self, moved: Moved) -> set[str]:
        """Numbers of the extensions that Asterisk would read otherwise; the file's name for the
        rest of it."""
        text = moved.rest[self._main] + "".join(moved.blocks[n] for n in sorted(moved.blocks))
        instead: Mapping[Path, str] = {**moved.rest, self._main: text}
        after = read_config(self._main, self._config.root, instead)
        differing = set()
        mine: set[int] = set()
        for one in self._adopted:
            now = [section for name in _names(one) for section in after.named(name)]
            mine |= {id(section) for section in now}
            if _is_rendered(one):
                same = meaning(now) == meaning(one.sections)
            else:
                same = Counter(map(_facts, now)) == Counter(map(_facts, one.sections))
            if not same:
                differing.add(one.number)
        moving = {id(section) for one in self._adopted for section in one.sections}
        before = [_facts(one) for one in self._config.sections if id(one) not in moving]
        others = [_facts(one) for one in after.sections if id(one) not in mine]
        return differing if before == others else {*differing, self._main.name}


def meaning(sections: Sequence[Section]) -> dict[str, object]:
    """What sections of one extension are to Asterisk, by type, whatever they are called."""
    kinds = {one.kind for one in sections}
    found: dict[str, object] = {}
    for one in sections:
        told = [pair for pair in pairs(one) if (one.kind, pair[0]) not in _NAMES]
        found[one.kind] = effects(one.kind, told, has_identify="identify" in kinds)
    return found


_NAMES = {("endpoint", "aors"), ("endpoint", "auth"), ("identify", "endpoint")}


def _is_rendered(one: Adopted) -> bool:
    """Is its block made from its page at once? What a phone at a fixed address is told hangs on who
    else is there, so every publish makes it anew."""
    return bool(one.values.get("fixed_ip"))


def _names(one: Adopted) -> Iterator[str]:
    if _is_rendered(one):
        yield one.account
    else:
        yield from dict.fromkeys(section.name for section in one.sections)


def _facts(section: Section) -> tuple[str, bool, tuple[tuple[str, str], ...]]:
    return section.name, section.is_template, tuple(pairs(section))


def _written_out(section: Section) -> str:
    lines = [f"[{section.name}]"]
    for one in section.options:
        arrow = "=>" if one.value.startswith(">") else "="
        lines.append(f"{one.name}{arrow}{asterisk.escaped(one.value)}")
    return "\n".join([*lines, ""])


def _guarded(text: str) -> str:
    """The text with a blank before lines that would look like the beginning of a block."""
    lines = text.splitlines(keepends=True)
    return "".join(f" {line}" if line.startswith(_HEADINGS) else line for line in lines)
