"""Text rules every other room shares: what may be stored as one line, and how stored text is shown.

No imports of our own, so that the widgets, the command line and the data layer can all use it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

FEW_GLYPHS: Final = frozenset({"linux", "vt100", "vt220"})
"""Values of TERM whose fonts have few characters beyond ASCII."""

# C0, C1, DEL, line and paragraph separators, zero-width and bidi controls, BOM, surrogates,
# tags and non-characters: whatever a terminal obeys or a reader cannot see.
# Source: Unicode categories Cc, Cf, Cs, Co, Cn, Zl, Zp; `is_one_line` asks the database itself.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ue000-\uf8ff\ufeff\ufff0-\uffff"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U0010ffff]"
)
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def local_time(moment: datetime | None) -> str:
    """`2026-11-24 22:41` on this host's clock, "" for none. What the database gives without a zone
    is UTC."""
    return on_this_clock(moment).strftime("%Y-%m-%d %H:%M") if moment else ""


def clock_time(moment: datetime) -> str:
    """`10:42` for a moment of today on this host's clock, else with its date."""
    shown = on_this_clock(moment)
    today = shown.date() == datetime.now(UTC).astimezone().date()
    return shown.strftime("%H:%M" if today else "%Y-%m-%d %H:%M")


def on_this_clock(moment: datetime) -> datetime:
    """A moment of the database in this host's time zone."""
    return _with_zone(moment).astimezone()


def for_scripts(moment: datetime) -> str:
    """A moment of the database in ISO 8601, in UTC with its zone, whichever database it is."""
    return _with_zone(moment).astimezone(UTC).isoformat()


def _with_zone(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def visible(value: object) -> str:
    """The one output filter: `value` as text in which nothing can steer a terminal.

    Control characters, bidi marks and other invisible code points come out as `\\u202e`-like
    escapes. The result is plain text, never markup: never parse it as such.
    """
    text = value if isinstance(value, str) else str(value)
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


_TOKEN = re.compile(r"([0-9A-Fa-f]{8})[0-9A-Fa-f]{8,}")


def without_tokens(path: str) -> str:
    """A path with each token, and whatever looks like one, by its first 8 characters:
    `/prov/64ddae6e…/805ec0000001.cfg`. A MAC address is no token."""
    return _TOKEN.sub(r"\1…", path)


def is_one_line(text: str) -> bool:
    """True when `text` holds only characters that are visible and stay on one line."""
    if text.isascii():
        return text.isprintable()
    if _UNSAFE.search(text):
        return False
    return not any(unicodedata.category(char) in _HIDDEN_CATEGORIES for char in text)


def to_charset(text: str, charset: str) -> str:
    """`text` with each character that `charset` (a Python codec name) lacks written without its
    accent where that works (`Müller` → `Muller`), else as `?`. Some phones show ASCII only."""
    if charset == "utf-8" or text.isascii():
        return text
    return "".join(_fit(char, charset) for char in text)


def _fit(char: str, charset: str) -> str:
    for candidate in (char, _SPELLED.get(char, ""), _without_accent(char)):
        try:
            if candidate:
                candidate.encode(charset)
                return candidate
        except UnicodeEncodeError:
            continue
    return "?"


_SPELLED = {
    "ß": "ss",
    "ø": "o",
    "Ø": "O",
    "æ": "ae",
    "Æ": "AE",
    "œ": "oe",
    "ł": "l",
    "Ł": "L",
    "’": "'",
}


def _without_accent(char: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", char) if not unicodedata.combining(c))


def in_words(items: Iterable[str], last: str = "or") -> str:
    """`a, b or c`: a list as a sentence says it."""
    words = list(items)
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
