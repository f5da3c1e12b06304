"""Asterisk's configuration files, read as Asterisk reads them, with the lines of each section.

Templates, `(+)`, `+=`, `=>`, `\\;`, block comments and includes follow Asterisk's main/config.c.
What Asterisk would drop with a warning in its log is refused here, by file and line: who takes a
configuration over has to be told. Nothing outside the root directory is read, and no `#exec` run.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tuiprov.errors import TuiprovError

MOST_BYTES: Final = 32 * 1024 * 1024
"""Of all files together."""
MOST_FILES: Final = 1_000
DEEPEST: Final = 10
"""Asterisk's own limit to includes in includes."""
_LONGEST_LINE: Final = 8_190
_BLANKS: Final = "".join(map(chr, range(33)))
_INCLUDES: Final = ("include", "tryinclude")
_SIMPLE: Final = re.compile(r"\^?[\w .@:/,-]*\$?")
"""An expression of a condition that takes no time: Asterisk would take any."""
_MARK: Final = "\ufeff"
"""What some editors begin a file with; Asterisk takes it (reference: asterisk, §1.4)."""


class PbxConfigError(TuiprovError):
    """A configuration cannot be read; the message names file and line."""


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, from 1."""

    file: Path
    line: int

    def __str__(self) -> str:
        return f"{self.file.name}, line {self.line}"


@dataclass(slots=True)
class Option:
    """One option of a section. `is_own`: written in it, not inherited."""

    name: str
    value: str
    place: Place
    is_own: bool = True


@dataclass(eq=False, slots=True)
class Section:
    """`[name](bases)` with the options that it has after inheriting."""

    name: str
    place: Place
    is_template: bool = False
    bases: list[Section] = field(default_factory=list)
    options: list[Option] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    """Why its lines cannot be taken out of the files."""

    def last(self, name: str) -> str:
        """The value of the last option of this name, "" for none."""
        found = [one.value for one in self.options if one.name.lower() == name]
        return found[-1] if found else ""

    @property
    def kind(self) -> str:
        """What the first `type` says, which is the one that counts."""
        found = (one.value for one in self.options if one.name.lower() == "type")
        return next(found, "")


@dataclass(slots=True)
class Line:
    """A physical line: its text without the line end, the section that it belongs to, whether it is
    a directive, and how deep in block comments it ends."""

    text: str
    owner: Section | None = None
    is_directive: bool = False
    depth: int = 0


@dataclass(slots=True)
class Config:
    """Files as one configuration. `directory`: what names of includes are relative to; `root`: what
    may be read; `skipped`: what was not, in words; `included`: the names that includes say."""

    directory: Path
    root: Path
    sections: list[Section] = field(default_factory=list)
    files: dict[Path, list[Line]] = field(default_factory=dict)
    skipped: list[tuple[Place, str]] = field(default_factory=list)
    included: list[tuple[Place, str]] = field(default_factory=list)
    _by_name: dict[str, list[Section]] = field(default_factory=dict)

    def alike(self, name: str) -> list[Section]:
        """The sections of this name, whatever its letters' case, in their order."""
        return self._by_name.get(name.lower(), [])

    def named(self, name: str) -> list[Section]:
        """The sections of exactly this name, templates left out."""
        return [one for one in self.alike(name) if one.name == name and not one.is_template]

    def add(self, section: Section) -> None:
        self.sections.append(section)
        self._by_name.setdefault(section.name.lower(), []).append(section)


def read_config(
    path: Path, root: Path | None = None, instead: Mapping[Path, str] | None = None
) -> Config:
    """Read `path` with what it includes below `root` (default: its directory). `instead`: texts in
    place of files, by resolved path. PbxConfigError: what is wrong, where."""
    config = Config(path.parent.resolve(), (root or path.parent).resolve())
    _Reader(config, instead or {}).load(path.resolve(), (), None)
    return config


class _Reader:
    """Reads files into one configuration."""

    def __init__(self, config: Config, instead: Mapping[Path, str]) -> None:
        self._config = config
        self._instead = instead
        self._current: Section | None = None
        self._bytes = 0

    def load(self, path: Path, above: tuple[Path, ...], asked: Place | None) -> None:
        """Read a file; `above` are those that include it."""
        if path in above:
            raise PbxConfigError(f"{asked}: {path.name} includes itself")
        if len(above) >= DEEPEST:
            raise PbxConfigError(f"{asked}: includes are more than {DEEPEST} files deep")
        lines = self._lines(path)
        again = path in self._config.files
        self._config.files.setdefault(path, lines)
        section, comment, has_header = self._current, Comment(), False
        for number, line in enumerate(lines, 1):
            place = Place(path, number)
            begins_inside = comment.depth > 0
            text = comment.without(line.text.removeprefix(_MARK), place)
            line.depth = comment.depth
            if not text:
                continue
            if text.startswith("["):
                section, has_header = self._header(text, place), True
                line.owner = section
            elif text.startswith("#"):
                line.is_directive = True
                self._directive(text, place, (*above, path))
            else:
                if section is None:
                    raise PbxConfigError(f"{place}: stands before the first section")
                self._option(section, text, place)
                line.owner = section
                if not has_header:
                    section.reasons.append(f"it goes on in {place}")
            if line.owner is not None and (again or begins_inside):
                how = "is read twice" if again else "begins in a comment"
                line.owner.reasons.append(f"{place} {how}")
        if comment.depth:
            raise PbxConfigError(f"{comment.began}: the comment is never closed")

    def _lines(self, path: Path) -> list[Line]:
        text = self._instead[path] if path in self._instead else self._text(path)
        found = text.removesuffix("\n").split("\n")
        for number, one in enumerate(found, 1):
            if len(one) > _LONGEST_LINE // 4 and len(one.encode()) > _LONGEST_LINE:
                raise PbxConfigError(f"{Place(path, number)}: is too long, Asterisk would skip it")
        return [Line(one) for one in found]

    def _text(self, path: Path) -> str:
        try:
            size = path.stat().st_size
            if not path.is_file():
                raise PbxConfigError(f"{path}: is not a plain file")
            self._bytes += size
            if self._bytes > MOST_BYTES:
                raise PbxConfigError(f"{path}: more than {MOST_BYTES >> 20} MiB are not read")
            data = path.read_bytes()
        except OSError as error:
            raise PbxConfigError(f"{path}: cannot be read: {error.strerror}") from None
        if b"\0" in data:
            line = data[: data.index(b"\0")].count(b"\n") + 1
            raise PbxConfigError(f"{Place(path, line)}: is not a text file")
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            raise PbxConfigError(f"{Place(path, line)}: is not UTF-8") from None

    # -- lines ------------------------------------------------------------------------------------

    def _header(self, text: str, place: Place) -> Section:
        name, closed, rest = text[1:].partition("]")
        if not closed:
            raise PbxConfigError(f"{place}: [ without ]")
        made = Section(name, place)
        section = made
        if rest.startswith("("):
            words, closed, _ = rest[1:].partition(")")
            if not closed:
                raise PbxConfigError(f"{place}: ( without )")
            for word in words.split(","):
                section = self._inherit(section, word, place)
        if section is made:
            self._config.add(made)
        self._current = section
        return section

    def _inherit(self, section: Section, word: str, place: Place) -> Section:
        """Do what a word between the parentheses says; gives the section that is meant."""
        if word == "!":
            section.is_template = True
            return section
        if word.startswith("+"):
            known = self._added_to(section.name, word[1:], place)
            if known is not section:
                known.options += section.options
                known.bases += section.bases
                known.is_template |= section.is_template
            return known
        base = next(iter(self._config.alike(word)), None)
        if base is None:
            raise PbxConfigError(f"{place}: there is no section [{word}] before it to inherit from")
        section.bases.append(base)
        for one in base.options:
            section.options.append(Option(one.name, one.value, one.place, is_own=False))
        return section

    def _added_to(self, name: str, condition: str, place: Place) -> Section:
        for one in self._config.alike(name):
            if _fits(one, condition, place):
                return one
        raise PbxConfigError(f"{place}: there is no section [{name}] before it to add to")

    def _option(self, section: Section, text: str, place: Place) -> None:
        begin = 1 if text.startswith("\\") else 0
        at = text.find("=", begin + begin)
        if at < 0:
            raise PbxConfigError(f"{place}: is neither a section nor an option (no =)")
        adds = at > begin and text[at - 1] == "+"
        name = text[begin : at - adds].strip(_BLANKS)
        value = text[at + 1 :]
        if not name:
            raise PbxConfigError(f"{place}: has no option's name")
        if not adds:
            value = value.removeprefix(">")
        same = [one for one in section.options if one.name == name] if adds else []
        if same:
            same[-1].value = (same[-1].value + value).strip(_BLANKS)
            same[-1].is_own = True
            same[-1].place = place
        else:
            section.options.append(Option(name, value.strip(_BLANKS), place))

    def _directive(self, text: str, place: Place, above: tuple[Path, ...]) -> None:
        found = re.match(r"#([^\x00-\x20]*)[\x00-\x20]*(.*)", text, re.S)
        word, name = (found[1].lower(), found[2]) if found else ("", "")
        if word == "exec":
            self._config.skipped.append((place, "#exec is not run"))
            return
        if word not in _INCLUDES or not name:
            raise PbxConfigError(f"{place}: begins with # and is neither #include nor #exec")
        if len(name) > 1 and name[0] + name[-1] in ('""', "<>"):
            name = name[1:-1]
        self._include(name, place, above, needed=word == "include")

    def _include(self, name: str, place: Place, above: tuple[Path, ...], *, needed: bool) -> None:
        if "{" in name:
            raise PbxConfigError(f"{place}: includes with braces are not read: {name}")
        pattern = os.path.join(self._config.directory, name)
        self._config.included.append((place, pattern))
        fixed = re.split(r"[*?\[]", pattern, maxsplit=1)[0]
        start = Path(fixed if fixed == pattern else os.path.dirname(fixed))
        outside = f"{name} is outside of {self._config.root}: not read"
        if not start.resolve().is_relative_to(self._config.root):
            self._config.skipped.append((place, outside))
            return
        found = sorted(glob.glob(pattern))
        if not found and needed:
            raise PbxConfigError(f"{place}: {name} does not exist: Asterisk would load nothing")
        for one in map(Path, found):
            inside = one.resolve()
            if not inside.is_relative_to(self._config.root):
                self._config.skipped.append((place, outside))
                continue
            if len(self._config.files) >= MOST_FILES:
                raise PbxConfigError(f"{place}: more than {MOST_FILES} files are not read")
            self.load(inside, above, place)


class Comment:
    """Takes comments out of lines, one after the other."""

    def __init__(self) -> None:
        self.depth = 0
        self.began: Place | None = None

    def without(self, text: str, place: Place) -> str:
        """What Asterisk sees of a line, stripped, with `;` for `\\;`."""
        if not self.depth and ";" not in text:
            return text.strip(_BLANKS)
        return "".join(self._seen(text, place)).strip(_BLANKS)

    def _seen(self, text: str, place: Place) -> Iterator[str]:
        at = seen = 0  # up to `seen` the text has been given or is in a comment
        while (at := text.find(";", at)) >= 0:
            if at > seen and text[at - 1] == "\\":
                if not self.depth:
                    yield text[seen : at - 1] + ";"
                at += 1
                seen = at
            elif text.startswith("--", at + 1) and text[at + 3 : at + 4] != "-":
                if not self.depth:
                    yield text[seen:at]
                    self.began = place
                self.depth += 1
                at += 3
                seen = at
            elif at >= seen + 2 and text[at - 2 : at] == "--":
                if not self.depth:
                    raise PbxConfigError(f"{place}: ends a comment (--;) that never began")
                self.depth -= 1
                at += 1
                seen = at
            elif self.depth:
                at += 1
                seen = at
            else:
                yield text[seen:at]
                return
        if not self.depth:
            yield text[seen:]


def _fits(section: Section, condition: str, place: Place) -> bool:
    """Does a section match what stands behind a `+`: expressions for names and values of its
    options, all of which must hold; "" for any section that is no template?"""
    templates_too = False
    for part in filter(None, condition.split("&")):
        name, _, value = (word.strip() for word in part.partition("="))
        if name == "TEMPLATES":
            if value.lower() == "restrict" and not section.is_template:
                return False
            templates_too = section.is_template
            continue
        if not (_SIMPLE.fullmatch(name) and _SIMPLE.fullmatch(value)):
            raise PbxConfigError(f"{place}: the condition {condition} is not understood")
        if not any(re.search(name, o.name) and re.search(value, o.value) for o in section.options):
            return False
    return templates_too or not section.is_template
