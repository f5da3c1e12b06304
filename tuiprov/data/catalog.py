"""The device catalogue: `device_catalog.toml` read, validated and asked.

A family (`[yealink]`) says what all its phones share (`base`), what each firmware generation
changes (`firmware."84"`) and which models there are (`model.T46S`). A phone's facts are these three
laid over each other: base, then generation, then the model's own `facts`. Everything that tells one
phone from another is here as data; code never asks for a manufacturer's name.
"""

from __future__ import annotations

import re
import secrets
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic import Field as Key

from tuiprov.errors import CatalogError

Term = str | dict[str, str]
"""What a phone calls one of our values; a table where the phone needs several settings for it."""

Charset = Literal["utf-8", "latin-1", "ascii"]
FormatName = Literal["xml", "equals", "colon", "fanvil"]
Protocol = Literal["https", "http", "tftp"]
Unit = Literal["seconds", "minutes", "hours", "days"]

_ALPHABETS = {
    "digits": "0123456789",
    "letters-digits": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
    "printable": "".join(map(chr, range(0x20, 0x7F))),
}
_LOOKALIKES = frozenset("O0Il1")
_KINDS = (str.isupper, str.islower, str.isdigit, lambda char: not char.isalnum())
_AUTO_LENGTH = 12


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


class PasswordRule(_Table):
    """What a phone takes as a password: characters and length (in characters)."""

    alphabet: Literal["digits", "letters-digits", "printable"] = "printable"
    without: str = ""
    low: int = 1
    high: int = 64
    highest: int | None = None
    """For passwords the phone reads as a number: the largest one."""
    kinds: int = 1
    """How many of capitals, small letters, digits and other characters must be in it."""

    @cached_property
    def characters(self) -> frozenset[str]:
        return frozenset(_ALPHABETS[self.alphabet]) - frozenset(self.without)

    def reason_against(self, password: str) -> str:
        """Why the phone cannot hold `password`, or "". The caller names the phone."""
        if not set(password) <= self.characters:
            strangers = "".join(sorted(set(password) - self.characters))
            return f"takes {self.in_words()}, not {strangers!r}"
        if not self.low <= len(password) <= self.high:
            return f"takes {self.low} to {self.high} characters"
        if self.highest is not None and int(password) > self.highest:
            return f"takes a number up to {self.highest}"
        if sum(any(map(kind, password)) for kind in _KINDS) < self.kinds:
            return f"wants {self.kinds} of capitals, small letters, digits and other characters"
        return ""

    def in_words(self) -> str:
        words = {"digits": "digits only", "letters-digits": "letters and digits"}
        said = words.get(self.alphabet, "printable ASCII characters")
        return f"{said} without {' '.join(self.without)}" if self.without else said

    def random(self) -> str:
        """A random password the phone takes: 12 letters and digits that cannot be mistaken for
        each other, or as many digits as fit where only digits are taken."""
        if self.alphabet == "digits":
            length = min(self.high, 16) - (1 if self.highest is not None else 0)
            first, rest = "123456789", "0123456789"
        else:
            length = min(self.high, max(self.low, _AUTO_LENGTH))
            safe = frozenset(_ALPHABETS["letters-digits"]) & self.characters - _LOOKALIKES
            first = rest = "".join(sorted(safe))
        while True:
            word = secrets.choice(first) + "".join(secrets.choice(rest) for _ in range(length - 1))
            if not self.reason_against(word):
                return word


class Interval(_Table):
    """How often a phone asks again: its own unit, its bounds in that unit, our default."""

    unit: Unit
    low: int = 1
    high: int = 99_999
    default: int


class AdminLogin(_Table):
    """The login of the phone's own web page. `username` = the fixed name, "" = any name."""

    username: str = ""
    password: PasswordRule = PasswordRule()


class FileRule(_Table):
    """One file a phone asks for. `name` may use {mac} {MAC} {model} {firmware} and the model's
    `names`; a `site` file is the same for all phones and holds no device's secrets."""

    name: str
    template: str
    format: FormatName
    scope: Literal["device", "site"] = "device"
    charset: Charset | None = None
    """Overrides the facts' charset for this file."""


class Facts(_Table):
    """All that is known of one model on one firmware generation."""

    files: list[FileRule] = Key(min_length=1)
    update_protocols: list[Protocol] = Key(min_length=1)
    link: str = "{directory}"
    """The provisioning link by the vendor's habit; {directory}, {file} (first device file)."""
    resync: str = Key(pattern=r"^([a-z][a-z_-]*(;[a-z]+=[a-z]+)*)?$")
    """The Event of the SIP NOTIFY that makes the phone fetch its files again; "" for none: it
    fetches when it starts."""
    interval: Interval | None = None
    admin_login: AdminLogin | None = None
    http_login: list[Literal["basic", "digest"]] = Key(default_factory=list)
    """Kinds of HTTP authentication that the phone's file can hold a login for."""
    sip_password: PasswordRule = PasswordRule()
    application_version: Literal["unused", "optional", "required"] = "optional"
    charset: Charset = "utf-8"
    longest_name: int = 64
    most_codecs: int = 99
    """How many codecs the phone's file has room for, in order of preference."""
    park_keys: bool = False
    """Can lamp keys watch parking slots (as many as the model has programmable keys)?"""
    terms: dict[str, dict[str, Term]] = Key(default_factory=dict)
    """Field → our value → the phone's value. A value that is missing has no effect."""
    lacks: dict[str, str] = Key(default_factory=dict)
    """Field → what the phone has not, in words that follow "has": "no SRTP"."""
    by_value: list[str] = Key(default_factory=list)
    """Settings of the site (`time_zone`, `phonebook_url` …) that the phone's file carries for any
    value; for others `terms` must have the value's word."""
    phone_wide: list[str] = Key(default_factory=list)
    """Preferences the phone has once for all its lines; told when its lines differ."""
    names: dict[str, str] = Key(default_factory=dict)
    """Further words for file names and templates, e.g. a hardware code."""
    unknown: dict[str, str] = Key(default_factory=dict)
    """Facts nobody could confirm: key → what is not known. Shown by `tuiprov catalog`."""


class Firmware(_Table):
    """A generation: other spellings of its name, and what it changes (checked when laid over)."""

    aliases: list[str] = Key(default_factory=list)
    facts: dict[str, Any] = Key(default_factory=dict)


class ModelRow(_Table):
    lines: int = Key(ge=1, le=1000)
    keys: int = Key(default=0, ge=0)
    expansion: str = ""
    firmware: list[str] = Key(min_length=1)
    manufacturer: str = ""
    aliases: list[str] = Key(default_factory=list)
    facts: dict[str, Any] = Key(default_factory=dict)


class Family(_Table):
    manufacturer: str
    templates: str
    mac: bool = True
    """Has the phone a MAC address? A softphone has none: it is told from others by its friendly
    name, and its link is made of a token."""
    mac_prefixes: list[str] = Key(default_factory=list, validate_default=True)
    source: str
    agents: list[str] = Key(default_factory=list)
    """How its phones name themselves when they fetch: patterns of a User-Agent, matched from its
    start, with the groups model, firmware, generation (when the firmware does not begin with its
    name) and mac as far as there are any."""
    base: dict[str, Any]
    firmware: dict[str, Firmware] = Key(min_length=1)
    model: dict[str, ModelRow] = Key(min_length=1)

    @field_validator("mac_prefixes")
    @classmethod
    def _three_octets(cls, prefixes: list[str], info: ValidationInfo) -> list[str]:
        if bool(prefixes) != info.data.get("mac", True):
            raise ValueError("there must be some, or none where mac = false")
        for prefix in prefixes:
            octets = prefix.split(":")
            if len(octets) != 3 or any(len(o) != 2 or o.strip("0123456789ABCDEF") for o in octets):
                raise ValueError(f"{prefix!r} is not written XX:XX:XX in upper case")
        return prefixes

    @field_validator("agents")
    @classmethod
    def _patterns(cls, agents: list[str]) -> list[str]:
        for pattern in agents:
            try:
                groups = set(re.compile(pattern).groupindex)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no pattern: {error}") from None
            strangers = groups - {"model", "firmware", "generation", "mac"}
            if strangers:
                raise ValueError(f"{pattern!r} names {', '.join(sorted(strangers))}")
        return agents

    @model_validator(mode="after")
    def _known_generations(self) -> Family:
        for name, row in self.model.items():
            for generation in row.firmware:
                if generation not in self.firmware:
                    raise ValueError(f"model.{name}.firmware: {generation!r} is not defined")
        return self


class PhoneType:
    """One model on one firmware generation: the row of the catalogue a device points at."""

    def __init__(self, family: Family, model: str, row: ModelRow, firmware: str, facts: Facts):
        self.manufacturer = row.manufacturer or family.manufacturer
        self.templates = family.templates
        self.has_mac = family.mac
        self.mac_prefixes = family.mac_prefixes
        self.model = model
        self.firmware = firmware
        self.lines = row.lines
        self.keys = row.keys
        self.expansion = row.expansion
        self.facts = facts
        self.label = f"{self.manufacturer} {model}"


class Catalog:
    """All families, asked by manufacturer, model and firmware (aliases are understood)."""

    def __init__(self, families: Mapping[str, Family]):
        self.families = families
        self._types: dict[tuple[str, str, str], PhoneType] = {}
        self._models: dict[str, dict[str, list[str]]] = {}
        self._prefixes: dict[str, list[str]] = {}
        for key, family in families.items():
            for model, row in family.model.items():
                self._add_model(key, family, model, row)

    def _add_model(self, key: str, family: Family, model: str, row: ModelRow) -> None:
        manufacturer = row.manufacturer or family.manufacturer
        models = self._models.setdefault(manufacturer, {})
        if model in models:
            raise CatalogError(f"{key}.model.{model}: {manufacturer} {model} is defined twice")
        models[model] = list(row.firmware)
        known = self._prefixes.setdefault(manufacturer, [])
        known.extend(prefix for prefix in family.mac_prefixes if prefix not in known)
        for name in row.firmware:
            generation = family.firmware[name]
            facts = _facts(key, family, model, row, name)
            phone_type = PhoneType(family, model, row, name, facts)
            for spelling in (name, *generation.aliases):
                for word in (model, *row.aliases):
                    self._name(key, (manufacturer, word, spelling), phone_type)

    def _name(self, key: str, words: tuple[str, str, str], phone_type: PhoneType) -> None:
        """Let `words` find the phone type; CatalogError when they find another one already."""
        manufacturer, model, firmware = (word.lower() for word in words)
        known = self._types.setdefault((manufacturer, model, firmware), phone_type)
        if known is not phone_type:
            generations = f"{known.firmware} and {phone_type.firmware}"
            raise CatalogError(f"{key}.model.{words[1]}: {firmware!r} means both {generations}")

    def manufacturers(self) -> list[str]:
        return sorted(self._models, key=str.lower)

    def models(self, manufacturer: str) -> list[str]:
        return list(self._models.get(manufacturer, ()))

    def firmwares(self, manufacturer: str, model: str) -> list[str]:
        return self._models.get(manufacturer, {}).get(model, [])

    def has_model(self, manufacturer: str, model: str) -> bool:
        """Is `model` (by any spelling) one of the manufacturer's?"""
        words = (manufacturer.lower(), model.lower())
        return any(known[:2] == words for known in self._types)

    def find(self, manufacturer: object, model: object, firmware: object) -> PhoneType | None:
        """The phone type by any known spelling of its three names, or None."""
        spelling = (str(manufacturer).lower(), str(model).lower(), str(firmware).lower())
        return self._types.get(spelling)

    def prefixes(self, manufacturer: str) -> list[str]:
        """MAC prefixes `XX:XX:XX` of the manufacturer, the usual one first."""
        return self._prefixes.get(manufacturer, [])

    def manufacturer_of(self, mac: str) -> str:
        """The manufacturer whose prefix `mac` begins with, or ""."""
        prefix = mac[:8].upper()
        return next((name for name, known in self._prefixes.items() if prefix in known), "")

    @cached_property
    def codecs(self) -> tuple[str, ...]:
        """Names of the codecs that any phone has a word for, in the order of the file."""
        terms = (kind.facts.terms.get("codecs", {}) for kind in self.types())
        return tuple(dict.fromkeys(name for known in terms for name in known))

    def types(self) -> Iterable[PhoneType]:
        """Every model on every generation once, in the order of the file."""
        return dict.fromkeys(self._types.values())


def _facts(key: str, family: Family, model: str, row: ModelRow, generation: str) -> Facts:
    merged = _laid_over(family.base, family.firmware[generation].facts)
    try:
        return Facts.model_validate(_laid_over(merged, row.facts))
    except ValidationError as error:
        raise CatalogError(_in_words(error, f"{key}.model.{model} on {generation}")) from None


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        known = merged.get(key)
        both = isinstance(known, dict) and isinstance(value, dict)
        # An empty table clears what lies below: how a generation says "none of these".
        merged[key] = _laid_over(known, value) if both and value and known else value
    return merged


def _in_words(error: ValidationError, where: str) -> str:
    first = error.errors()[0]
    path = ".".join([where, *map(str, first["loc"])])
    return f"device_catalog.toml: {path}: {first['msg']}"


def parse_catalog(text: str) -> Catalog:
    """The catalogue written in `text`; CatalogError names the key that is wrong."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CatalogError(f"device_catalog.toml: {error}") from None
    families = {}
    for key, table in tables.items():
        try:
            families[key] = Family.model_validate(table)
        except ValidationError as error:
            raise CatalogError(_in_words(error, key)) from None
    return Catalog(families)


def catalog_path() -> Path:
    """The installed catalogue beside the package's code, else the one of the source tree."""
    package = Path(__file__).resolve().parent.parent
    shipped = package / "device_catalog.toml"
    return shipped if shipped.exists() else package.parent / "device_catalog.toml"


@cache
def default_catalog() -> Catalog:
    """The catalogue that comes with tuiprov, read once."""
    return parse_catalog(catalog_path().read_text(encoding="utf-8"))
