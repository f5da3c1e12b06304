"""A filter text taken apart, and what its values say: no SQL, no database.

`model:T46S -status:disabled "anna adler" @branch` is four words. A word that begins with a quote is
free text whatever is in it; a quote that is still open reaches to the end, so that every text that
is being typed can be read. What a value of a field may say (a comparison, an age, the start of a
word) is read here too; ValueError says in one line what would be right.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

Compare = Callable[[Any, Any], Any]
Version = tuple[tuple[bool, int, str], ...]
"""Is a piece a number, the number, the word."""

SAVED: Final = "@"
"""In front of the name of a saved filter."""
NEVER: Final = "never"

_BLANKS: Final = " \t\r\n"
_MAC_PART = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{0,2})+")
_COMPARISONS: Final[Mapping[str, Compare]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a filter. `name` is the field it asks, "" for free text; `value` what it asks
    for. `start` is where it begins in the text."""

    name: str
    value: str
    is_denied: bool = False
    is_quoted: bool = False
    start: int = 0

    @property
    def saved(self) -> str:
        """The name of the saved filter that it stands for, "" for none."""
        is_one = not self.name and not self.is_quoted and self.value.startswith(SAVED)
        return self.value[1:] if is_one else ""


def words(text: str) -> list[Word]:
    """The words of a filter text in their order."""
    found = (_word(raw, start) for raw, start in _split(text))
    return [word for word in found if word.name or word.value]


def unfinished(text: str) -> str:
    """The first field that is asked without saying for what, "" for none: `model:`, `line:>`. In a
    list somebody is typing on; in a script the variable behind it is empty, and every record
    would match."""
    return next((w.name for w in words(text) if w.name and not w.value.strip("<>= ")), "")


def _split(text: str) -> Iterator[tuple[str, int]]:
    """The words as they are written, quotes and all, and where each begins."""
    start, in_quotes = -1, False
    for at, char in enumerate(text):
        if char in _BLANKS and not in_quotes:
            if start >= 0:
                yield text[start:at], start
            start = -1
            continue
        start = at if start < 0 else start
        in_quotes ^= char == '"'
    if start >= 0:
        yield text[start:], start


def _word(raw: str, start: int) -> Word:
    is_denied = raw.startswith("-") and len(raw) > 1
    raw = raw[1:] if is_denied else raw
    is_quoted, plain = raw.startswith('"'), raw.replace('"', "")
    name, colon, value = plain.partition(":")
    is_name = name.isidentifier() and name.islower() and not _MAC_PART.fullmatch(plain)
    if colon and is_name and not is_quoted:
        return Word(name, value, is_denied, start=start)
    return Word("", plain, is_denied, is_quoted, start)


# -- what values say ------------------------------------------------------------------------------


def comparison(value: str) -> tuple[Compare, str, str]:
    """`<=84` as the comparison, the sign as it was written ("" for none) and the rest."""
    for sign, compare in _COMPARISONS.items():
        if value.startswith(sign):
            return compare, sign, value[len(sign) :]
    return operator.eq, "", value


def number(text: str) -> int:
    """A number as large as both databases hold."""
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise ValueError("must be a number: 60, >60, <=60")
    return int(text)


def age(text: str) -> timedelta:
    """`7d` as a span of time."""
    found = re.fullmatch(r"([0-9]{1,5})([smhdw])", text.lower())
    if found is None:
        raise ValueError("must be never, or an age in s, m, h, d or w: <2h, >7d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def version(text: str) -> Version:
    """A version as what it is compared by: piece by piece, numbers as numbers and above words
    (1.0beta < 1.0 < 1.0.2); what is not said is 0, and so is an `x` at the end (`5.x`)."""
    pieces = [
        (True, int(one[:18]), "") if one.isdecimal() else (False, 0, one)
        for one in re.findall(r"[0-9]+|[a-z]+", text.lower())[:_MOST_PIECES]
    ]
    if pieces and pieces[-1] == _ANY:
        pieces.pop()
    return (*pieces, *[_ZERO] * (_MOST_PIECES - len(pieces)))


_MOST_PIECES: Final = 12
_ZERO: Final = (True, 0, "")
_ANY: Final = (False, 0, "x")


def wanted_version(text: str) -> Version:
    """The version to compare with."""
    if not re.search(r"[0-9]", text) or not text.isascii():
        raise ValueError("must be a version: 84, <84, >=66.86.0.15")
    return version(text)


def meant(value: str, known: Mapping[str, Any]) -> list[Any]:
    """What `value` means: what stands behind this word of `known`, else behind those that begin
    with it. Empty: no word is meant."""
    typed = value.lower()
    if typed in known:
        return [known[typed]]
    return list(dict.fromkeys(v for word, v in known.items() if word.startswith(typed)))
