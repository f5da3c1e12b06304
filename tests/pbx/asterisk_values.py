"""How chan_pjsip reads the value of an option; `trouble()` names what it does not take as meant.

The kinds stand in `asterisk_options.toml`; each was tried on the real program.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path

from tests.pbx.asterisk_addresses import (
    Trouble,
    ip_of,
    match_trouble,
    network_trouble,
    split_match,
    uri_trouble,
)

YES, NO = {"yes", "true", "y", "t", "1", "on"}, {"no", "false", "n", "f", "0", "off"}
UINT_MAX = 2**32 - 1
DIGESTS = {"MD5": 32, "SHA-256": 64, "SHA-512-256": 64}
NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|0[bB][01]+|0[0-7]*|[1-9][0-9]*")
AF = {f"af{n}{m}" for n in range(1, 5) for m in range(1, 4)}
DSCP = AF | {f"cs{n}" for n in range(8)} | {"ef"}
SCREENED = ("", "_not_screened", "_passed_screen", "_failed_screen")
USER = re.compile(r"[A-Za-z0-9!$%&'()*+,\-.:;=_~]*")
CALLERID = re.compile(r'(?:(?:"(?:[^"\\]|\\.)*"|[^"<>]*)\s*<([^<>]+)>|([0-9*#+]+))')
PREFERENCES = {"prefer", "operation", "keep", "transcode"}
PREFERENCE = re.compile(
    r"prefer:(pending|configured)|operation:(intersect|union|only_preferred|only_nonpreferred)"
    r"|keep:(all|first)|transcode:(allow|prevent)"
)


@cache
def _data() -> dict[str, dict[str, str]]:
    text = (Path(__file__).parent / "asterisk_options.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def table() -> dict[str, dict[str, str]]:
    """Options by type of section, each with its kind."""
    return {name: options for name, options in _data().items() if name != "lists"}


@cache
def names_of(what: str) -> list[str]:
    """All `codecs` or `applications` that Asterisk knows."""
    return _data()["lists"][what].split()


def is_yes(value: str | None) -> bool:
    """Whether Asterisk takes a value for yes; nothing else counts."""
    return (value or "").lower() in YES


def trouble(kind: str, value: str) -> Trouble:
    """What Asterisk makes of a value, if it is not what the value says; `kind` as in the table."""
    name, *words = kind.split()
    return JUDGES[name](value, words)


def _text(value: str, words: list[str]) -> Trouble:
    return None


def _bool(value: str, words: list[str]) -> Trouble:
    known = value.lower() in YES | NO
    return None if known else ("not-boolean", f"{value!r} counts as no")


def _word(value: str, words: list[str]) -> Trouble:
    known = value.lower() in (one.lower() for one in words)
    return None if known else ("bad-value", f"{value!r} is none of {', '.join(words)}")


def _exact(value: str, words: list[str]) -> Trouble:
    return None if value in words else _word("", words)


def _switch(value: str, words: list[str]) -> Trouble:
    return None if value.lower() in YES | NO else _word(value, words)


def _words(value: str, words: list[str]) -> Trouble:
    told = (_word(one.strip(), words) for one in value.split(",") if one.strip())
    return next((one for one in told if one), None)


def _silent(value: str, words: list[str]) -> Trouble:
    told = _word(value, words)
    return ("misread", f"{told[1]}: the default stays") if told and value else None


def _gone(value: str, words: list[str]) -> Trouble:
    return "ignored-value", "this option is no longer supported"


def _uint(value: str, words: list[str]) -> Trouble:
    low, high = (int(words[0]) if words else 0), (int(words[1]) if words[1:] else UINT_MAX)
    return _number(value.removeprefix("+"), low, high)


def _int(value: str, words: list[str]) -> Trouble:
    low = int(words[0]) if words else -(2**31)
    sign = -1 if value.startswith("-") else 1
    return _number(value.lstrip("+-"), low, 2**31 - 1, sign)


def _number(digits: str, low: int, high: int, sign: int = 1) -> Trouble:
    if not NUMBER.fullmatch(digits):
        return "bad-value", f"{digits!r} is no whole number"
    number = sign * whole(digits, 0)
    if not low <= number <= high:
        return "bad-value", f"{number} is not in {low}..{high}"
    octal = re.fullmatch(r"0[0-7]+", digits)
    return ("misread", f"{digits!r} is read as octal: {number}") if octal else None


def _float(value: str, words: list[str]) -> Trouble:
    try:
        number = float.fromhex(value) if "x" in value.lower() else float(value)
    except ValueError:
        return "bad-value", f"{value!r} is no number"
    return None if 0 <= number < 1e6 else ("misread", f"{value!r} is taken, and means nothing")


def _cos(value: str, words: list[str]) -> Trouble:
    told = _uint(value, ["0", str(UINT_MAX)])
    return told or (None if whole(value, 0) <= 7 else ("misread", "class of service ends at 7"))


def _tos(value: str, words: list[str]) -> Trouble:
    if value.lower() in DSCP:
        return None
    if not re.fullmatch(r"-?[0-9].*", value):
        return "bad-value", f"{value!r} is no DSCP name"
    told = _uint(value, ["0", "255"])
    return ("misread", f"{value!r} is read as another number") if told else None


def _seconds(value: str, words: list[str]) -> Trouble:
    if not re.match(r"-?[0-9]", value):
        return "bad-value", f"{value!r} is no number"
    fits = value.isdecimal() and int(value) <= UINT_MAX
    return None if fits else ("misread", f"{value!r} is read as another number")


def _privacy(value: str, words: list[str]) -> Trouble:
    names = [f"{one}{how}" for one in ("allowed", "prohib") for how in SCREENED] + ["unavailable"]
    if re.match(r"-?[0-9]", value):
        return "misread", f"the number {value!r} is taken, whatever it means"
    return _word(value, names)


def _address(value: str, words: list[str]) -> Trouble:
    return None if ip_of(value) or not value else ("misread", f"{value!r} is no IP address")


def _networks(value: str, words: list[str]) -> Trouble:
    if not value:
        return "misread", "an empty list does nothing"
    return next((told for one in value.split(",") if (told := network_trouble(one))), None)


def _matches(value: str, words: list[str]) -> Trouble:
    told = (match_trouble(one.strip()) for one in value.split(",") if one.strip())
    return next((one for one in told if one), None)


def _header(value: str, words: list[str]) -> Trouble:
    name, colon, pattern = value.partition(":")
    if value and (not colon or not name.strip()):
        return "bad-value", "a header is written as Name: value"
    return _pattern(pattern.strip().strip("/"), words) if "/" in pattern else None


def _pattern(value: str, words: list[str]) -> Trouble:
    try:
        re.compile(value)
    except re.error as wrong:
        return "bad-value", f"no regular expression: {wrong}"
    return None


def _slashed(value: str, words: list[str]) -> Trouble:
    return _pattern(value.strip("/"), words) if value.startswith("/") else None


def _owner(value: str, words: list[str]) -> Trouble:
    known = value and " " not in value
    return None if known else ("ignored-value", "an owner is one word: the default stays")


def _filled(value: str, words: list[str]) -> Trouble:
    return None if value else ("ignored-value", "it may not be empty")


def _contacts(value: str, words: list[str]) -> Trouble:
    for one in filter(None, map(str.strip, value.split(","))):
        if not one.lower().startswith(("sip:", "sips:", "<sip")):
            return "bad-value", f"{one!r} is no sip: URI"
        if told := uri_trouble(one):
            return told
    return None


def _uri(value: str, words: list[str]) -> Trouble:
    if not value.lower().startswith(("sip:", "sips:")):
        return "bad-value", f"{value!r} is no sip: URI"
    return uri_trouble(value)


def _proxy(value: str, words: list[str]) -> Trouble:
    told = _uri(value, words) if value else None
    return ("misread" if told[0] == "bad-value" else told[0], told[1]) if told else None


def _bind(value: str, words: list[str]) -> Trouble:
    address, port, mask = split_match(value)
    is_port = port is None or (port.isdecimal() and int(port) <= 65535)
    known = ip_of(address) and is_port and not mask
    return None if known else ("bad-value", f"{value!r} is no address with a port")


def _codecs(value: str, words: list[str]) -> Trouble:
    """`disallow` takes "" for nothing, `allow` does not."""
    if not value and words:
        return None
    for one in map(str.strip, re.split(r"[,|]", value)):
        name, colon, ptime = one.removeprefix("!").partition(":")
        if name.lower() != "all" and name.lower() not in names_of("codecs"):
            return "bad-value", f"{name!r} is no codec of Asterisk"
        if colon and not ptime.isdecimal():
            kind = "misread" if re.match(r"[0-9]", ptime) else "bad-value"
            return kind, f"{ptime!r} is no packet time"
    return None


def _user(value: str, words: list[str]) -> Trouble:
    return None if USER.fullmatch(value) else ("bad-value", f"{value!r} is no user of a URI")


def _callerid(value: str, words: list[str]) -> Trouble:
    found = CALLERID.fullmatch(value)
    if not found and value:
        return "misread", f"{value!r} is not of the form Name <number>: other parts are lost"
    number = (found[1] or found[2] or "") if found else ""
    if re.fullmatch(r"[0-9*#+()\-. ]+", number) and re.search(r"[()\-. ]", number):
        return "misread", f"only the digits of {number!r} are kept"
    return None


def _groups(value: str, words: list[str]) -> Trouble:
    for one in filter(None, map(str.strip, value.split(","))):
        if not (found := re.fullmatch(r"([0-9]+)(?:-([0-9]+))?", one)):
            kind = "misread" if re.match(r"[0-9]", one) else "ignored-value"
            return kind, f"{one!r} is no group"
        low, high = int(found[1]), int(found[2] or found[1])
        if high > 63:
            return "ignored-value", f"{one!r}: groups end at 63"
        if high < low:
            return "misread", f"{one!r} runs backwards: no group"
    return None


def _variable(value: str, words: list[str]) -> Trouble:
    name, equals, _ = value.partition("=")
    if value and not equals:
        return "bad-value", f"{value!r} is not NAME=value"
    named = re.fullmatch(r"_{0,2}[A-Za-z0-9_]+(\(.*\))?", name.strip())
    return None if named else ("misread", f"{name!r} is no name of a variable")


def _digests(value: str, words: list[str]) -> Trouble:
    for one in filter(None, value.split(",")):
        algorithm, colon, digest = one.rpartition(":")
        length = DIGESTS.get(algorithm.upper() if colon else "MD5")
        if length is None or len(digest) != length:
            return "bad-value", "no digest that Asterisk knows, or not of its length"
        if not re.fullmatch(r"[0-9a-fA-F]*", digest):
            return "misread", "a digest has hexadecimal digits only: nobody will get in"
    return None


def _preferences(value: str, words: list[str]) -> Trouble:
    for one in (part.replace(" ", "") for part in value.split(",") if part):
        name, colon, _ = one.partition(":")
        if not colon or (name in PREFERENCES and not PREFERENCE.fullmatch(one)):
            return "bad-value", f"{one!r} is no preference of codecs"
        if name not in PREFERENCES:
            return "misread", f"{name!r} is no preference of codecs, and not looked at"
    return None


def whole(value: str | None, default: int) -> int:
    """A whole number as Asterisk reads it, `default` for what is none."""
    digits = (value or "").removeprefix("+")
    if not NUMBER.fullmatch(digits):
        return default
    return int(digits, 8 if re.fullmatch(r"0[0-7]+", digits) else 0)


JUDGES: dict[str, Callable[[str, list[str]], Trouble]] = {
    "address": _address,
    "bind": _bind,
    "bool": _bool,
    "callerid": _callerid,
    "codecs": _codecs,
    "contacts": _contacts,
    "cos": _cos,
    "digests": _digests,
    "exact": _exact,
    "filled": _filled,
    "float": _float,
    "gone": _gone,
    "groups": _groups,
    "header": _header,
    "int": _int,
    "matches": _matches,
    "networks": _networks,
    "pattern": _pattern,
    "owner": _owner,
    "preferences": _preferences,
    "privacy": _privacy,
    "proxy": _proxy,
    "seconds": _seconds,
    "silent": _silent,
    "slashed": _slashed,
    "switch": _switch,
    "text": _text,
    "tos": _tos,
    "uint": _uint,
    "uri": _uri,
    "user": _user,
    "variable": _variable,
    "word": _word,
    "words": _words,
    "names": _text,
    "file": _text,
}
"""Whether names are there and files exist is not seen in a value: `asterisk_rules` looks at it."""
