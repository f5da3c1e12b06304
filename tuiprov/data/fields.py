"""Kinds of fields: how one value is read from text, checked alone, and written as text.

`sections.py` declares every field with one of these; form, CSV, `tuiprov set` and docs all go
through `parse` and `text`, so a value has one spelling everywhere. What needs more than the value
itself (other fields, other records) is in `checks.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, ClassVar, Literal

from tuiprov.text import in_words, is_one_line

Value = str | int | bool | None
Values = Mapping[str, Value]
"""Values by column name."""
Takes = Literal["phone", "pbx", "record"]
"""Who acts on a field: the phone (it is in the device file), the PBX, or nobody (bookkeeping)."""


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of the page. `parse` raises ValueError with the reason in plain words."""

    label: str
    help: str
    takes: Takes = "record"
    secret: bool = False
    name: str = ""
    section: str = ""

    kind: ClassVar[str] = "text"

    def parse(self, text: str) -> Value:
        raise NotImplementedError

    def text(self, value: Value) -> str:
        """`value` as the form, CSV and command line spell it ("" for an empty value)."""
        return "" if value is None else str(value)

    def named(self, name: str, section: str) -> Field:
        return replace(self, name=name, section=section)


@dataclass(frozen=True, kw_only=True)
class Text(Field):
    """One line of visible characters; `pattern` and its `rule` narrow it. Empty is always taken
    (whether a field may stay empty depends on the record: `checks.py`)."""

    longest: int = 255
    pattern: str = ""
    rule: str = ""

    def parse(self, text: str) -> Value:
        if not text:
            return ""
        if not is_one_line(text):
            raise ValueError("must be one line of visible characters")
        if text != text.strip():
            raise ValueError("must not begin or end with a blank")
        if self.pattern and not re.fullmatch(self.pattern, text):
            raise ValueError(self.rule)
        if len(text) > self.longest:
            raise ValueError(f"must be at most {self.longest} characters long")
        return text


@dataclass(frozen=True, kw_only=True)
class Secret(Text):
    """A password: printable ASCII, which all phones and digest authentication agree on."""

    kind: ClassVar[str] = "secret"
    secret: bool = True
    pattern: str = r"[!-~](?:[ -~]*[!-~])?"
    rule: str = "must be printable ASCII characters, no blank at either end"


@dataclass(frozen=True, kw_only=True)
class Choice(Field):
    """One of `options`: (stored value, words). No `options`: the choices depend on the record."""

    options: tuple[tuple[str, str], ...] = ()

    kind: ClassVar[str] = "choice"

    def parse(self, text: str) -> Value:
        if not self.options:
            return Text.parse(_ANY_TEXT, text)
        for value, words in self.options:
            if text.lower() in (value.lower(), words.lower()):
                return value
        known = [value or "empty" for value, _ in self.options]
        if len(known) > _MOST_NAMED:
            known = [*known[:_MOST_NAMED], f"another of {len(self.options)} names"]
        raise ValueError(f"must be {in_words(known)}")


@dataclass(frozen=True, kw_only=True)
class Flag(Field):
    """yes or no; empty reads as no."""

    kind: ClassVar[str] = "flag"

    def parse(self, text: str) -> Value:
        word = text.strip().lower()
        if word in ("yes", "true", "1", "on"):
            return True
        if word in ("", "no", "false", "0", "off"):
            return False
        raise ValueError("must be yes or no")

    def text(self, value: Value) -> str:
        return "yes" if value else "no"


@dataclass(frozen=True, kw_only=True)
class Number(Field):
    """A whole number from `low` to `high`, or empty (None)."""

    low: int
    high: int
    empty_means: str = ""

    kind: ClassVar[str] = "number"

    def parse(self, text: str) -> Value:
        if not text:
            return None
        if not re.fullmatch(r"[0-9]{1,9}", text) or not self.low <= int(text) <= self.high:
            raise ValueError(f"must be a whole number from {self.low} to {self.high}")
        return int(text)


def _netaddr() -> Any:
    """The library for addresses, imported with the first one: no list of extensions needs it."""
    import netaddr

    return netaddr


@dataclass(frozen=True, kw_only=True)
class Mac(Field):
    """`XX:XX:XX:XX:XX:XX`, stored in upper case. The first three octets alone are an unfinished
    prefill and count as empty (reference: the page's required fields)."""

    def parse(self, text: str) -> Value:
        if not text or re.fullmatch(r"(?:[0-9A-Fa-f]{2}:){2}[0-9A-Fa-f]{2}:?", text):
            return ""
        if not re.fullmatch(r"(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}", text):
            raise ValueError("must be written XX:XX:XX:XX:XX:XX with digits 0-9 A-F")
        netaddr = _netaddr()
        mac = netaddr.EUI(text, dialect=netaddr.mac_unix_expanded)
        if mac.words[0] & 1 or int(mac) == 0:
            raise ValueError("must be a device's own address (this one is for groups)")
        return str(mac).upper()


@dataclass(frozen=True, kw_only=True)
class IpAddress(Field):
    """One IPv4 address in dotted form, or empty."""

    def parse(self, text: str) -> Value:
        if not text:
            return ""
        netaddr = _netaddr()
        if not netaddr.valid_ipv4(text, netaddr.INET_PTON):
            raise ValueError("must be an IPv4 address such as 192.0.2.10")
        return text


@dataclass(frozen=True, kw_only=True)
class Networks(Field):
    """IPv4 addresses and networks, at the widest /24, separated by blanks or commas."""

    longest_prefix: int = 24
    longest: int = 1024

    def parse(self, text: str) -> Value:
        networks = [self._one(part) for part in re.split(r"[\s,]+", text.strip()) if part]
        return Text(label="", help="", longest=self.longest).parse(" ".join(networks))

    def _one(self, part: str) -> str:
        netaddr = _netaddr()
        address, _, prefix = part.partition("/")
        if not netaddr.valid_ipv4(address, netaddr.INET_PTON):
            raise ValueError(f"{part[:40]!r} is not an IPv4 address or network")
        if not prefix:
            return address
        if not re.fullmatch(r"[0-9]{1,2}", prefix) or int(prefix) > 32:
            raise ValueError(f"{part[:40]!r} is not an IPv4 address or network")
        if int(prefix) < self.longest_prefix:
            raise ValueError(f"{part!r} is wider than class C (/{self.longest_prefix})")
        network = netaddr.IPNetwork(part).cidr
        return str(network.ip) if network.prefixlen == 32 else str(network)


@dataclass(frozen=True, kw_only=True)
class Codecs(Field):
    """Codec names in order of preference, separated by commas. Which ones are offered is the
    site's (`checks.py`)."""

    kind: ClassVar[str] = "list"

    def parse(self, text: str) -> Value:
        names = [name for name in re.split(r"[\s,]+", text.strip().lower()) if name]
        for name in names:
            if not re.fullmatch(r"[a-z0-9-]{1,16}", name):
                raise ValueError(f"{name!r} is not a codec's name")
            if names.count(name) > 1:
                raise ValueError(f"{name} is named twice")
        return ",".join(names)


_ANY_TEXT = Text(label="", help="")
_MOST_NAMED = 8
"""How many options a refusal names: more would be read by nobody."""


@cache
def declared(model: Any) -> dict[str, Field]:
    """The fields a section class declares, in order (its `Annotated` metadata)."""
    return {
        name: spec.named(name, model.__name__)
        for name, info in model.model_fields.items()
        for spec in info.metadata
        if isinstance(spec, Field)
    }
