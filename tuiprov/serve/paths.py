"""The path of a request: is it one that a link of ours can lead to, and how it may be written down.

Pure. A path is read as it was sent, never decoded: no name of a published file needs a `%`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tuiprov.text import without_tokens

_KEY = r"[0-9a-f]{12}|[0-9a-f]{32}"
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}"
_PATH = re.compile(rf"/prov/({_KEY})/({_NAME}(?:/{_NAME}){{0,3}})", re.ASCII)
_MAC_DIGITS = 12
_USER = re.compile(r"//[^/]*@")
_LONGEST_SHOWN = 255


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a well-formed path asks for: `key` (a MAC's 12 digits or a token's 32) and a file."""

    key: str
    file: str

    @property
    def is_mac(self) -> bool:
        return len(self.key) == _MAC_DIGITS

    @property
    def mac(self) -> str:
        """`000413aabbcc` → `00:04:13:AA:BB:CC`, "" for a token."""
        pairs = (self.key[at : at + 2] for at in range(0, _MAC_DIGITS, 2))
        return ":".join(pairs).upper() if self.is_mac else ""

    @property
    def published(self) -> str:
        """The path of that file inside the publish root (`render/links.py`)."""
        return f"http/{self.key}/{self.file}"


def wanted(path: str) -> Wanted | None:
    """What `path` (without its query) asks for; None when no link of ours leads there: names that
    begin with a dot, `..`, an empty part, a character that no published name has."""
    found = _PATH.fullmatch(path)
    return Wanted(found[1], found[2]) if found else None


def shown(target: str) -> str:
    """A request's target as the log may hold it: a token by its first 8 characters, no query, no
    password before an `@`, printable ASCII only, at most 255 characters."""
    path, mark, _query = target.partition("?")
    plain = "".join(char if "!" <= char <= "~" else "?" for char in path)
    hidden = without_tokens(_USER.sub("//…@", plain))
    return (hidden + ("?…" if mark else ""))[:_LONGEST_SHOWN]
