"""Showing a file without its secrets: the text being published and the one it replaces.

The new text is rendered a second time with masked values. An old text may hold secrets that nobody
knows any more, so its secret lines are recognised by what stands in front of the secret in a probe:
the same phone rendered with two different made-up passwords.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

from tuiprov.data.fields import Value
from tuiprov.data.page import MASK, Phone
from tuiprov.data.sections import FIELDS
from tuiprov.render.engine import RenderedFile, render

_PROBES = ("1111111", "2222222")
"""Digits: every phone's alphabet has them."""
_OLD = f"{MASK} (before)"
"""Stands for a secret that changes, so that the change itself is seen."""


class Masking:
    """Masks the files of one phone."""

    def __init__(self, phone: Phone):
        self._phone = phone

    def after(self, file: RenderedFile) -> str:
        """The rendered file with asterisks for secrets."""
        return next(one.text for one in self._masked if one.name == file.name)

    def before(self, file: RenderedFile, data: bytes | None) -> str:
        """The published bytes it replaces, as text with asterisks for secrets."""
        if data is None:
            return ""
        patterns = self._secret_lines.get(file.name, [])
        lines = data.decode(file.charset, errors="replace").splitlines()
        kept = set(file.text.splitlines())
        return "\n".join(_hidden(line, patterns, MASK if line in kept else _OLD) for line in lines)

    @cached_property
    def _masked(self) -> list[RenderedFile]:
        return render(self._phone.masked())

    @cached_property
    def _secret_lines(self) -> dict[str, list[re.Pattern[str]]]:
        probes = [{f.name: f.text for f in render(_probe(self._phone, word))} for word in _PROBES]
        return {
            name: _patterns(text, probes[1][name])
            for name, text in probes[0].items()
            if name in probes[1]
        }


def _probe(phone: Phone, password: str) -> Phone:
    """The phone with every secret it could have set to `password`."""
    values = {**_replaced(phone.values, password), "password_generation": "manual"}
    lines = tuple(replace(ln, extension=_replaced(ln.extension, password)) for ln in phone.lines)
    return replace(phone, values=values, lines=lines)


def _replaced(values: Mapping[str, Value], password: str) -> dict[str, Value]:
    return {name: password if FIELDS[name].secret else value for name, value in values.items()}


def _patterns(one: str, other: str) -> list[re.Pattern[str]]:
    """What stands in front of and behind each secret; numbers in it (an account's, a line's) stand
    for any number, so that an account which is gone is masked too."""
    found = set()
    for line, twin in zip(one.splitlines(), other.splitlines(), strict=False):
        if line != twin and _PROBES[0] in line:
            front, _, behind = line.partition(_PROBES[0])
            generic = re.sub(r"\d+", r"\\d+", re.escape(front))
            found.add(f"({generic})(.+?)({re.escape(behind)})$")
    return [re.compile(pattern) for pattern in sorted(found)]


def _hidden(line: str, patterns: list[re.Pattern[str]], mask: str) -> str:
    for pattern in patterns:
        match = pattern.match(line)
        if match:
            return f"{match[1]}{mask}{match[3]}"
    return line
