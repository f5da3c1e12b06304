"""Asterisk's configuration files, read by a parser of our own, with what goes wrong in reading.

`read()` gives the sections that Asterisk 22 sees (templates are folded in and left out) and keeps
the faults it met in `.faults`. The rules were found by showing files to the real program, which
the tests do again where it is there: nothing in here comes from Asterisk's sources.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch

LINE_LIMIT = 8190
"""Bytes of a line without its end; a longer one is skipped."""

NAME_LIMIT = 79
"""Bytes of a section's name; what is more is cut off."""

INCLUDE_LIMIT = 10
"""Files within files."""

BLANKS = "".join(map(chr, range(33)))
"""What is taken off both ends of a name and a value: all control characters, not only spaces."""

SECRETS = {"password", "md5_cred", "password_digest", "username", "realm", "oauth_secret"}
"""Options in whose value a blank or what looks like a comment is hardly meant as such."""

TOKEN = re.compile(r"\\;|;--(?!-)|--;(?!--(?!-))|;")
"""An escaped semicolon; the start of a block comment; its end; a comment to the end of the line."""

LOST, REFUSED, WARNED, SILENT = "all lost", "object refused", "warning only", "silent"

EFFECTS = {
    "file-lost": LOST,
    "duplicate": LOST,
    "include-lost": WARNED,
    "included-twice": WARNED,
    "line-skipped": WARNED,
    "open-comment": WARNED,
    "semicolon": SILENT,
    "section-name": SILENT,
    "spaces": SILENT,
    "no-type": SILENT,
    "unknown-type": SILENT,
    "unknown-option": REFUSED,
    "bad-value": REFUSED,
    "missing-option": REFUSED,
    "ignored-value": WARNED,
    "unknown-acl": WARNED,
    "not-boolean": SILENT,
    "misread": SILENT,
    "bad-port": SILENT,
    "repeated": SILENT,
    "dangling": SILENT,
    "no-codec": SILENT,
    "no-contacts": SILENT,
    "permit-without-deny": SILENT,
    "deny-after-permit": SILENT,
    "open-to-ipv6": SILENT,
    "same-ip": SILENT,
    "mwi-twice": SILENT,
    "dtls-without-certificate": SILENT,
    "open-door": SILENT,
    # of the dialplan
    "bad-priority": WARNED,
    "no-previous": WARNED,
    "duplicate-priority": WARNED,
    "duplicate-label": WARNED,
    "open-bracket": WARNED,
    "unknown-directive": WARNED,
    "unknown-include": WARNED,
    "empty-extension": WARNED,
    "bad-extension": SILENT,
    "no-application": SILENT,
    "unknown-application": SILENT,
    "unknown-label": SILENT,
    "open-expression": SILENT,
    "after-bracket": SILENT,
    "empty-hint": SILENT,
    "hint-device": SILENT,
    "gap": SILENT,
}
"""What Asterisk does about each kind of fault: LOST takes objects with it that are right.

SILENT is why a quiet log proves nothing.
"""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: where, which kind (a key of `EFFECTS`), and in words."""

    section: str
    option: str
    kind: str
    words: str

    @property
    def effect(self) -> str:
        """What Asterisk does about it: LOST, REFUSED, WARNED or SILENT."""
        return EFFECTS[self.kind]


@dataclass(frozen=True)
class Option:
    """`name=value` as it arrives; `line` counts from 1 in the file that it stands in."""

    name: str
    value: str
    line: int


@dataclass
class Section:
    """One section with its options in the order in which they take effect, inherited ones first."""

    name: str
    line: int
    options: list[Option] = field(default_factory=list)
    template: bool = False
    composed: bool = False
    """It inherits or was added to, so that an option may be there twice with good reason."""

    @property
    def type(self) -> str:
        """The kind of object: the first `type`, "" without one."""
        return next(iter(self.all("type")), "")

    def get(self, name: str) -> str | None:
        """An option's value, the last one if it is there more than once; None without it."""
        return next(reversed(self.all(name)), None)

    def all(self, name: str) -> list[str]:
        """All values of an option, in order; names are the same in upper and lower case."""
        return [one.value for one in self.options if one.name.lower() == name.lower()]


class Sections(list[Section]):
    """What `read()` gives: the sections, and `.faults` of the reading itself."""

    def __init__(self, sections: Iterable[Section] = (), faults: Iterable[Fault] = ()) -> None:
        super().__init__(sections)
        self.faults = list(faults)


def read(text: str, *, include: Mapping[str, str] | None = None) -> Sections:
    """The sections of a file that Asterisk would see; none when it would refuse the whole file.

    `include`: the files that `#include` finds, by the names that they have in /etc/asterisk.
    """
    reader = _Reader(include or {})
    try:
        reader.file(text)
    except _Lost as lost:
        return Sections((), [*reader.faults, Fault("", "", "file-lost", str(lost))])
    return Sections((one for one in reader.sections if not one.template), reader.faults)


def _is_named(file: str, pattern: str) -> bool:
    """Whether a file is meant by a name, in which * stands for anything but a slash."""
    return file == pattern or (file.count("/") == pattern.count("/") and fnmatch(file, pattern))


class _Lost(Exception):
    """Asterisk gives up the file that it is reading."""


class _Comments:
    """Takes comments out of the lines of one file; block comments nest, and may close too often."""

    def __init__(self) -> None:
        self.depth = 0
        self.cut = False

    def strip(self, line: str) -> str | None:
        """What is left of a line, None for nothing; `cut` tells whether a comment ended it."""
        kept, at, keeping, self.cut = "", 0, self.depth == 0, False
        found_any = keeping
        for token in TOKEN.finditer(line):
            before = line[at : token.start()] if keeping else ""
            match token[0]:
                case "\\;" if keeping:
                    kept, at = kept + before + ";", token.end()
                case ";--":
                    self.depth += 1
                    self.cut |= keeping
                    kept, keeping = kept + before, False
                case "--;":
                    self.depth -= 1
                    if self.depth == 0:
                        at, keeping, found_any = token.end(), True, True
                case ";" if self.depth == 0:
                    self.cut |= keeping
                    kept, keeping = kept + before, False
                    break
        return (kept + line[at:] if keeping else kept) if found_any else None


class _Reader:
    """All files of one configuration: they share the sections, each has its own comments."""

    def __init__(self, include: Mapping[str, str]) -> None:
        self.include = include
        self.sections: list[Section] = []
        self.faults: list[Fault] = []
        self.last: Section | None = None
        self._included: set[str] = set()

    def file(self, text: str, depth: int = 0) -> None:
        """Read one file. It begins in the section that was opened last, in whichever file."""
        current, comments = self.last, _Comments()
        for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
            if len(line.encode("utf-8", "surrogateescape")) > LINE_LIMIT:
                self._fault(
                    current, "", "line-skipped", f"line {number} is over {LINE_LIMIT} bytes"
                )
                continue
            kept = comments.strip(line.partition("\0")[0])
            if kept is None or not (stripped := kept.strip(BLANKS)):
                continue
            if stripped.startswith("["):
                current = self.last = self._section(stripped, number)
            elif stripped.startswith("#"):
                self._directive(stripped, number, depth, current)
            else:
                self._option(current, kept.lstrip(BLANKS), number, comments.cut)
        if comments.depth:
            which = "opened, never closed" if comments.depth > 0 else "closed, never opened"
            self._fault(current, "", "open-comment", f"a block comment is {which}: lines are lost")

    def _fault(self, section: Section | None, option: str, kind: str, words: str) -> None:
        self.faults.append(Fault(section.name if section else "", option, kind, words))

    def _section(self, text: str, line: int) -> Section:
        name, closed, rest = text[1:].partition("]")
        if not closed:
            raise _Lost(f"line {line}: no closing ] (is there a ; in the name?)")
        bracket, closes, _ = rest[1:].partition(")") if rest.startswith("(") else ("", "", "")
        if rest.startswith("(") and not closes:
            raise _Lost(f"line {line}: no closing )")
        raw = name.encode("utf-8", "surrogateescape")
        section = Section(raw[:NAME_LIMIT].decode("utf-8", "ignore"), line)
        for is_wrong, words in (
            (name.strip(BLANKS) == "", "a name without a letter: the object is not there"),
            (name != name.strip(BLANKS), "blanks belong to the name"),
            (len(raw) > NAME_LIMIT, f"a name over {NAME_LIMIT} bytes is cut"),
            (rest and not rest.startswith("("), f"what stands after ] is not read: {rest}"),
        ):
            if is_wrong:
                self._fault(section, "", "section-name", words)
        return self._compose(section, bracket.split(",") if closes else [])

    def _compose(self, section: Section, words: list[str]) -> Section:
        """Do what stands in brackets after a section's name; the section that is open then."""
        line = section.line
        adding = [word[1:] for word in words if word.startswith("+")]
        if adding:
            section = self._existing(section, adding[-1])
        else:
            self.sections.append(section)
        section.composed |= bool(words)
        for word in words:
            if word == "!":
                section.template = True
            elif not word.startswith("+"):
                section.options += self._template(word, line).options
        return section

    def _existing(self, asked: Section, condition: str) -> Section:
        """What `(+)` adds to: the first of that name, `(+option=value)` chooses among them."""
        name, chosen, value = condition.partition("=")
        for one in self.sections:
            if one.name == asked.name and (not chosen or value in one.all(name)):
                return one
        raise _Lost(f"line {asked.line}: (+) for a section that is not there: {asked.name}")

    def _template(self, name: str, line: int) -> Section:
        for one in self.sections:
            if one.name == name or not name:  # an empty name finds whichever comes first
                return one
        raise _Lost(f"line {line}: no template {name!r} above")

    def _option(self, current: Section | None, text: str, line: int, cut: bool) -> None:
        first = ""
        if text.startswith("\\"):  # takes the next letter as it is: a name may begin with [ or #
            first, text = text[1:2], text[2:]
            if not "!" <= first <= "~":
                raise _Lost(f"line {line}: a \\ before no letter of ASCII")
        left, equals, right = text.partition("=")
        adds = left.endswith("+")
        name = first + left.removesuffix("+").rstrip(BLANKS)
        if not equals or not name:
            missing = "no name" if equals else "no ="
            self._fault(current, "", "line-skipped", f"line {line} has {missing}: {text[:40]!r}")
            return
        if current is None:
            raise _Lost(f"line {line}: an option outside of any section")
        raw = right if adds else right.removeprefix(">")
        self._suspect(current, name, left, raw, cut)
        if adds and (earlier := [one for one in current.options if one.name == name]):
            at = len(current.options) - 1 - current.options[::-1].index(earlier[-1])
            whole = earlier[-1].value + raw.rstrip(BLANKS)
            current.options[at] = Option(name, whole, earlier[-1].line)
        else:
            current.options.append(Option(name, raw.strip(BLANKS), line))

    def _suspect(self, section: Section, name: str, left: str, raw: str, cut: bool) -> None:
        """Name what has hardly been meant: a `;` that cuts a value, blanks at a password's ends."""
        secret = name.lower() in SECRETS
        if cut and (secret or not raw or raw[-1] not in BLANKS or raw.count('"') % 2):
            words = f"an unescaped ; cuts the value: {raw.strip(BLANKS)!r} is left"
            self._fault(section, name, "semicolon", words)
        elif secret and (raw.rstrip("\r") != raw.strip(BLANKS)) and left == left.rstrip(BLANKS):
            self._fault(section, name, "spaces", "blanks at the ends of a value are not read")

    def _directive(self, text: str, line: int, depth: int, current: Section | None) -> None:
        word, *rest = re.split(r"[\x01-\x20]+", text, maxsplit=1)
        name = "".join(rest)
        if word.lower() not in ("#include", "#tryinclude") or not name:
            self._fault(current, "", "line-skipped", f"line {line}: Asterisk skips {text[:40]!r}")
            return
        if name[0] + name[-1] in ('""', "<>") and len(name) > 1:
            name = name[1:-1]
        found = sorted(one for one in self.include if _is_named(one, name))
        if word.lower() == "#include" and (not found or depth == INCLUDE_LIMIT):
            raise _Lost(f"line {line}: #include finds no file: {name}")
        for one in found if depth < INCLUDE_LIMIT else []:
            if one in self._included:
                self._fault(current, "", "included-twice", f"{one} is read again in line {line}")
            self._included.add(one)
            try:
                self.file(self.include[one], depth + 1)
            except _Lost as lost:
                self._fault(current, "", "include-lost", f"{one}, {lost}: its rest is not read")
