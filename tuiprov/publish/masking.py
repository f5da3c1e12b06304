"""Showing a file without its secrets: the text being published and the one it replaces.

The new text is rendered a second time with masked values. An old text may hold secrets that nobody
knows any more, of another kind of phone even. So the value in a line of it is shown only when the
new file has a setting of that name which is no secret; which ones are secret shows when the same
phone is rendered with two different made-up passwords. An adopted file was not even made by our
templates: a setting whose name speaks of a password, a login in a URL and the phone's own secrets
are masked anywhere.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from html import escape
from itertools import zip_longest
from typing import Final

from tuiprov.data.catalog import FormatName
from tuiprov.data.fields import Value
from tuiprov.data.http_login import HttpLogin
from tuiprov.data.page import MASK, Phone
from tuiprov.data.sections import FIELDS
from tuiprov.errors import RenderError
from tuiprov.render.engine import RenderedFile, render, render_each, type_of
from tuiprov.render.formats import looks_secret, without_logins

_PROBES = tuple(f"{first}{secrets.randbelow(10**6):06}" for first in "12")
"""Digits: every phone's alphabet has them. By chance, so that no template can know them."""
_OLD = f"{MASK} (before)"
"""Stands for a secret that changes, so that the change itself is seen."""

_SHORTEST = 4
"""A shorter secret may be anything in a file."""
_COLON = re.compile(r"(?:(?<=:)|(?<=: ))\S.*")
_VALUES: Final[dict[FormatName, re.Pattern[str]]] = {
    "xml": re.compile(
        r"(?<=>)[^<>]+(?=<)"
        r'|(?<==")(?<!idx=")(?<!index=")(?<!id=")(?<!name=")(?<!perm=")(?<!overwrite=")[^"]*(?=")'
    ),
    "equals": re.compile(r"(?:(?<==)|(?<== ))\S.*"),
    "colon": _COLON,
    "fanvil": _COLON,
}
"""Where the values of a line are; what is left of it is the name of its setting."""


Rendered = list[RenderedFile] | RenderError


class Masking:
    """Masks the files of one phone. `masked` and `probed` are its renderings with asterisks and
    with made-up secrets, where they are there already."""

    def __init__(
        self, phone: Phone, masked: Rendered | None = None, probed: Sequence[Rendered] = ()
    ):
        self._phone = phone
        self._given = masked
        self._given_probes = probed

    def after(self, file: RenderedFile) -> str:
        """The rendered file with asterisks for secrets."""
        return next(one.text for one in self._masked if one.name == file.name)

    def before(self, file: RenderedFile, data: bytes | None) -> str:
        """The published bytes it replaces, as text with asterisks for secrets."""
        if data is None:
            return ""
        kept = dict(zip(file.text.splitlines(), self.after(file).splitlines(), strict=False))
        lines = data.decode(file.charset, errors="replace").splitlines()
        return "\n".join(
            kept[line] if line in kept else self._without_secret(line, file) for line in lines
        )

    def _without_secret(self, line: str, file: RenderedFile) -> str:
        secret = self._is_secret(line, file)
        if secret is None:
            return _name_alone(line, file.format)
        if secret or looks_secret(_VALUES[file.format].sub("", line)):
            return _VALUES[file.format].sub(_OLD, line)
        for word in self._own_secrets:
            line = line.replace(word, MASK)
        return without_logins(line, MASK)

    def _is_secret(self, line: str, file: RenderedFile) -> bool | None:
        """Is the setting in `line` a secret; None: the new file has none of this name."""
        name, kin = _names_of(line, file.format)
        names = self._names[file.name]
        if name in names and not names[name] and names.get(kin):
            # Harmless here, but of a secret's kind: perhaps the password of a line not in use.
            return self._names_with_all_lines[file.name].get(name, True)
        return names.get(name, names.get(kin))

    @cached_property
    def _own_secrets(self) -> list[str]:
        """The phone's secrets as they may stand in a file, the longest first."""
        records = (self._phone.values, *(line.extension for line in self._phone.lines))
        found = {str(one[name]) for one in records for name in one if FIELDS[name].secret}
        found |= {escape(word) for word in found}
        return sorted((one for one in found if len(one) >= _SHORTEST), key=len, reverse=True)

    @cached_property
    def _masked(self) -> list[RenderedFile]:
        return render(self._phone.masked()) if self._given is None else _made(self._given)

    @cached_property
    def _names(self) -> dict[str, dict[str, bool]]:
        if self._given_probes:
            return _secrecy_of(*map(_made, self._given_probes))
        return _secrecy_in(self._phone)

    @cached_property
    def _names_with_all_lines(self) -> dict[str, dict[str, bool]]:
        phone, kind = self._phone, type_of(self._phone)
        used = {line.number: line for line in phone.lines}
        numbers = range(1, kind.lines + 1 if kind else 1)
        lines = tuple(used.get(n, replace(phone.lines[0], number=n)) for n in numbers)
        return _secrecy_in(replace(phone, lines=lines))


def maskings(phones: Sequence[tuple[Phone, bool]]) -> list[Masking]:
    """The maskings of many phones, each with whether a file of its is replaced, rendered together:
    how phones with a template of an account are made in a short time."""
    replaced = [phone for phone, is_replaced in phones if is_replaced]
    probes = [_probe(phone, word) for phone in replaced for word in _PROBES]
    results = iter(render_each([*(phone.masked() for phone, _ in phones), *probes]))
    masked = [next(results) for _ in phones]
    return [
        Masking(phone, one, [next(results) for _ in _PROBES] if is_replaced else ())
        for (phone, is_replaced), one in zip(phones, masked, strict=True)
    ]


def _made(rendered: Rendered) -> list[RenderedFile]:
    if isinstance(rendered, RenderError):
        raise rendered
    return rendered


def _secrecy_in(phone: Phone) -> dict[str, dict[str, bool]]:
    """File name → names of the settings in it and whether each is a secret."""
    return _secrecy_of(*(render(_probe(phone, word)) for word in _PROBES))


def _secrecy_of(one: list[RenderedFile], other: list[RenderedFile]) -> dict[str, dict[str, bool]]:
    return {file.name: _secrecy(file, twin) for file, twin in zip(one, other, strict=True)}


def _probe(phone: Phone, password: str) -> Phone:
    """The phone with every secret it could have set to `password`."""
    values = {**_replaced(phone.values, password), "password_generation": "manual"}
    lines = tuple(replace(ln, extension=_replaced(ln.extension, password)) for ln in phone.lines)
    login = phone.http_login and HttpLogin(phone.http_login.username, password)
    return replace(phone, values=values, lines=lines, http_login=login)


def _replaced(values: Mapping[str, Value], password: str) -> dict[str, Value]:
    return {name: password if FIELDS[name].secret else value for name, value in values.items()}


def _secrecy(one: RenderedFile, other: RenderedFile) -> dict[str, bool]:
    lines, twins = one.text.splitlines(), other.text.splitlines()
    found: dict[str, bool] = {}
    # A template of an account may make more lines of one secret than of another.
    for line, twin in zip_longest(lines, twins, fillvalue=""):
        for name in _names_of(line, one.format):
            found[name] = found.get(name, False) or line != twin
    return found


_NAMED: Final = re.compile(
    r"(?P<head>\s*(?P<name>[\w][\w.\- ]*?)\s*[=:]\s?)\s*\S.*"
    r"|(?P<open>\s*<(?P<tag>[\w.:-]+)(?:\s[^<>]*)?>)[^<>]*(?P<close></(?P=tag)>)\s*"
)
"""A line that is one setting and nothing else."""


def _name_alone(line: str, format_name: FormatName) -> str:
    """The name of a setting that goes, without its value; nothing of what is no clear setting."""
    found = _NAMED.fullmatch(line)
    if found is None or (found["tag"] is None) == (format_name == "xml"):
        return _OLD
    if found["tag"] is None:
        # Where names have no blanks, what stands behind one may be a value.
        is_name = format_name == "fanvil" or " " not in found["name"]
        return f"{found['head']}{_OLD}" if is_name else _OLD
    return f"{line[: len(line) - len(line.lstrip())]}<{found['tag']}>{_OLD}{found['close']}"


def _names_of(line: str, format_name: FormatName) -> tuple[str, str]:
    """The name of a line's setting, and the same with any number in it: an account that is gone,
    or a key, is known by those that are left."""
    name = "".join(_VALUES[format_name].sub("", line).split())
    return name, re.sub(r"\d+", "\0", name)
