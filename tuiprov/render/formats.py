"""File formats: the one escaping rule of each, and the parser that reads a rendered file back.

`escape` is the template environment's `finalize`: every `{{ … }}` goes through it, so no value can
add a line, a tag or an attribute. `parse` gives the file's settings as a flat dict and refuses a
file that is malformed or names a setting twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree

from markupsafe import escape as escape_markup

from tuiprov.errors import RenderError

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
Settings = dict[str, str]


@dataclass(frozen=True, slots=True)
class Format:
    """`escape(value)` for one printed value; `parse(text)` for a whole file; `check(text)` refuses
    what `parse` refuses; `cannot_hold`: the characters a value loses in this format (shown as a
    note beside the preview)."""

    escape: Callable[[Any], str]
    parse: Callable[[str], Settings]
    check: Callable[[str], object]
    cannot_hold: str = ""


_SECRET = re.compile(
    r"pass(?!thr)|secret|pwd|psk|token|community|private_?key|\bpin\b", re.IGNORECASE
)


def looks_secret(name: str) -> bool:
    """Does a setting's name speak of a secret? For files that another program wrote."""
    return bool(_SECRET.search(name))


_LOGIN = re.compile(r"(?<=://)[^/@\s]+@|(?<![\w:])(?!sips?:)[\w.%+-]+:[^/@\s]+@")
"""Who logs in where, as a URL says it, with or without its scheme; `sip:101@host` is no login."""


def without_logins(text: str, mask: str) -> str:
    """A text with the logins in its URLs masked."""
    return _LOGIN.sub(f"{mask}@", text)


def plain(value: Any) -> str:
    """`value` as one line of text. Only str and int have one meaning in a phone's file; a bool, a
    None or a list in a template is a mistake of the template."""
    if type(value) is not str:
        if type(value) is int:
            return str(value)
        raise RenderError(f"a template prints a {type(value).__name__}")
    # `isprintable` is true for most values and four times as fast as the search.
    if not value.isprintable() and _CONTROL.search(value):
        raise RenderError("a value holds a control character")
    return value


def _escape_xml(value: Any) -> str:
    text = plain(value)
    return text if text.isalnum() else str(escape_markup(text))


def _escape_quoted(value: Any) -> str:
    """Neither Cisco 79xx nor Aastra can escape a double quote inside a quoted value."""
    return plain(value).replace('"', "'")


def parse_xml(text: str) -> Settings:
    """`path` → text and `path@attribute` → value of each element; `index`, `idx`, `id` and `name`
    attributes and an `<ID>` inside are part of the path, so each setting stands once. Namespaces
    are left out: no phone's file has two."""
    try:
        root = ElementTree.fromstring(text)  # noqa: S314  our own output, without a DTD
    except ElementTree.ParseError as error:
        raise RenderError(f"not well-formed XML: {error}") from None
    settings: Settings = {}
    _attributes(root, _local(root.tag), settings)
    _walk(root, _local(root.tag), settings)
    return settings


_INDEXES = ("idx", "index", "id", "name", "url", "context")


def _walk(element: ElementTree.Element, path: str, settings: Settings) -> None:
    """Add what is in an element, its own attributes left out. Every file of a fleet goes through
    here: most elements have no attributes and nothing below them, which is a few steps."""
    if not len(element):
        _put(settings, path, (element.text or "").strip())
        return
    for child in element:
        tag, known, size = child.tag, child.attrib, len(child)
        below = f"{path}/{tag if tag[0] != '{' else _local(tag)}"
        if known or size:
            index = ",".join([known[name] for name in _INDEXES if name in known]) if known else ""
            index = index or (child.findtext("ID", "") if size else "")
            below = f"{below}[{index}]" if index else below
            _attributes(child, below, settings)
        if size:
            _walk(child, below, settings)
        elif below in settings:
            raise RenderError(f"{below} is set twice")
        else:
            text = child.text
            settings[below] = text.strip() if text else ""


def _attributes(element: ElementTree.Element, path: str, settings: Settings) -> None:
    for name, value in element.attrib.items():
        if name not in _INDEXES:
            _put(settings, f"{path}@{name}", value)


def _local(tag: str) -> str:
    """An element's name without its namespace."""
    return tag if tag[0] != "{" else tag.rpartition("}")[2]


def _put(settings: Settings, name: str, value: str) -> None:
    if name in settings:
        raise RenderError(f"{name} is set twice")
    settings[name] = value


def _parse_lines(text: str, separator: str, unquote: bool) -> Settings:
    settings: Settings = {}
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip(" ")
        if not line or line.startswith("#"):
            continue
        name, found, value = line.partition(separator)
        if not found or not name.strip() or _CONTROL.search(line):
            raise RenderError(f"line {number} is not a setting")
        value = value.strip(" ")
        if unquote and value.startswith('"'):
            if len(value) < 2 or not value.endswith('"') or '"' in value[1:-1]:
                raise RenderError(f"line {number} has an open quote")
            value = value[1:-1]
        _put(settings, name.strip(), value)
    return settings


def parse_equals(text: str) -> Settings:
    """`name = value` lines, the value running to the end of the line (Yealink)."""
    return _parse_lines(text, "=", unquote=False)


def parse_colon(text: str) -> Settings:
    """`name: value` or `name: "value"` lines (Cisco 79xx, Aastra/Mitel)."""
    return _parse_lines(text, ":", unquote=True)


_SECTION = re.compile(r"<([A-Za-z0-9 &]+ MODULE)>|--([A-Za-z0-9 ]+)--\s*:")


def parse_fanvil(text: str) -> Settings:
    """Fanvil's text dialect: first and last line fixed, `<… MODULE>` sections, `--…--:` groups in
    them (each page of keys counts its keys from 1), `Name   :value`, blanks before a value lost."""
    lines = text.rstrip("\n").split("\n")
    if not lines[0].startswith("<<VOIP CONFIG FILE>>Version:") or lines[-1] != "<<END OF FILE>>":
        raise RenderError("the first or last line of a Fanvil file is missing")
    settings: Settings = {}
    module = section = ""
    for number, line in enumerate(lines[1:-1], 2):
        heading = _SECTION.fullmatch(line.rstrip())
        if heading:
            module = heading[1] or module
            section = module if heading[1] else f"{module}/{heading[2].strip()}"
        elif line.strip():
            name, found, value = line.partition(":")
            if not found or not name.strip() or _CONTROL.search(line):
                raise RenderError(f"line {number} is not a setting")
            _put(settings, f"{section}/{' '.join(name.split())}", value.strip(" "))
    return settings


Shape = Callable[[str], str]
"""A file without its values, which is well-formed just as the file is; "" where it is not sure."""


def _by_shape(parse: Callable[[str], Settings], shape: Shape) -> Callable[[str], None]:
    """What refuses the files that `parse` refuses, in a fifth of the time: the files of a fleet
    differ in their values alone, so what is left of them is read once for all."""

    @lru_cache(maxsize=256)
    def read_once(found: str) -> None:
        parse(found)

    def check(text: str) -> None:
        if found := shape(text):
            with suppress(RenderError):
                read_once(found)
                return
        parse(text)  # it knows better, and what to say

    return check


_UNSEEN = bytes({*range(32), 127} - {ord("\n")})


def _is_plain(text: str) -> bool:
    """Is there nothing in it but printable characters, blanks and ends of lines?"""
    if text.isascii():  # a seventh of the time
        return len(text.encode().translate(None, _UNSEEN)) == len(text)
    return text.replace("\n", "").isprintable()


_TEXT = re.compile(r">(?=[^<>\s])(?<!<ID>)[^<>]*<")
_VALUE = re.compile('="' + "".join(f'(?<! {name}=")' for name in _INDEXES) + '[^"<]*"')
_STRAY = re.compile(r"&(?!(?:amp|lt|gt|quot|#34|#39);)")


def _shape_of_xml(text: str) -> str:
    """No tag is lost: neither pattern matches a `<` within, a text ends where a tag begins, and
    without single quotes a value cannot hide another attribute. Values that are part of a setting's
    path stay. Of what is left out, only a stray `&` could make a file malformed."""
    head, mark, body = text.partition("?>") if text.startswith("<?xml ") else ("", "", text)
    if _is_strange(body) or _STRAY.search(body) or not _is_plain(body):
        return ""
    shape = _VALUE.sub('=""', _TEXT.sub("><", body))
    return "" if "'" in shape else f"{head}{mark}{shape}"


def _is_strange(body: str) -> bool:
    """Has it anything in angle brackets that is no element?"""
    return ("!" in body or "?" in body) and ("<!" in body or "<?" in body)


def _shape_of_lines(separator: str, value: str) -> Shape:
    pattern = re.compile(f"{separator}{value}", re.MULTILINE)

    def shape(text: str) -> str:
        if not _is_plain(text):
            return ""
        settings = _COMMENT.sub("#", text) if "#" in text else text
        return pattern.sub(f"{separator}v", settings)

    return shape


_COMMENT = re.compile(r"^ *#.*", re.MULTILINE)
_TO_THE_END = r" *[^ \n].*"
_QUOTED_OR_NOT = r"""(?: *"[^"\n]*" *$| *[^ "\n].*)"""
"""A quote that is left open stays in the shape."""

SHAPES: dict[str, Shape] = {
    "xml": _shape_of_xml,
    "equals": _shape_of_lines("=", _TO_THE_END),
    "colon": _shape_of_lines(":", _QUOTED_OR_NOT),
    "fanvil": _shape_of_lines(":", _TO_THE_END),
}


def _format(
    name: str, escape: Callable[[Any], str], parse: Callable[[str], Settings], cannot_hold: str = ""
) -> Format:
    return Format(escape, parse, _by_shape(parse, SHAPES[name]), cannot_hold)


FORMATS: dict[str, Format] = {
    "xml": _format("xml", _escape_xml, parse_xml),
    "equals": _format("equals", plain, parse_equals),
    "colon": _format("colon", _escape_quoted, parse_colon, cannot_hold='"'),
    "fanvil": _format("fanvil", plain, parse_fanvil),
}
