"""A phone's file read back: which values would make tuiprov write it.

Nothing here knows a manufacturer. A phone is rendered with made-up texts, and where they turn up is
where the old file has its own (as `publish/masking.py` finds secrets). What is no text but a choice
is found by trying (as `trace.py` finds lines): of all its values the one counts that most of the
settings agree with. Pure: no disk, no database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import permutations
from typing import Any, Final

from tuiprov.data.catalog import FormatName, PhoneType, default_catalog
from tuiprov.data.fields import Choice, Codecs, Value
from tuiprov.data.page import LineUse, Phone
from tuiprov.data.sections import DEFAULTS, DEVICE_FIELDS, EXTENSION_FIELDS, FIELDS
from tuiprov.data.site import Site
from tuiprov.errors import RenderError
from tuiprov.render.engine import parse_back, render
from tuiprov.render.formats import FORMATS, Settings

Target = tuple[int, str]
"""A line (0: the device, -1: the site) and a field of it."""
DEVICE, SITE = 0, -1

_MOST_LINES: Final = 32
_LINE_TEXTS: Final = ("extension_name", "sip_username", "sip_password")
_SITE_TEXTS: Final = ("sip_server", "outbound_proxy", "ntp_server", "voicemail_number")
_SITE_PORTS: Final = {"sip_port": 59871, "outbound_proxy_port": 59872}
_TRIED: Final = ("media_encryption", "dtmf_mode", "force_mwi", "codecs")
_MOST_ORDERS: Final = 600
"""So many orders of codecs are tried; of six codecs that are all with four or fewer."""
_LONGEST: Final = 512
"""No name, password or address is longer; looking for one in more would take for ever."""
_HEAD: Final = 4000
"""In so many characters a file that names its model does so: in a comment at its top."""
_ALMOST: Final = 0.8
"""A file with so much of what we write may be whole; of another what it lacks says nothing."""
TOKEN: Final = "0" * 32
"""Stands for the token of a device that is not stored yet."""


@dataclass(frozen=True)
class Found:
    """What a file says: values of the device, of each line by number, of the site; and the
    `settings` it was read from."""

    kind: PhoneType
    device: Mapping[str, Value]
    lines: Mapping[int, Mapping[str, Value]]
    site: Mapping[str, str]
    settings: Settings


@dataclass(frozen=True, slots=True)
class Difference:
    """A setting that the old file and ours do not agree about; None where one has none."""

    name: str
    old: str | None
    new: str | None
    is_secret: bool = False

    @property
    def sign(self) -> str:
        return "-" if self.new is None else "+" if self.old is None else "~"


# -- reading texts --------------------------------------------------------------------------------


def settings_of(text: str, format_name: FormatName) -> tuple[Settings, int]:
    """The settings of a file that we did not write, and how many of its lines are none; of one that
    stands twice the last counts. RenderError: it is nothing of this format."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise RenderError("declares a document type: it is not read")
    try:
        return _plain(FORMATS[format_name].parse(text)), 0
    except RenderError:
        if format_name not in ("equals", "colon"):
            raise
    settings: Settings = {}
    wrong = 0
    for line in text.splitlines():
        try:
            settings |= FORMATS[format_name].parse(line.replace("\t", " "))
        except RenderError:
            wrong += 1
    if wrong > len(settings):
        raise RenderError("is no list of settings")
    return _plain(settings), wrong


def _plain(settings: Settings) -> Settings:
    """Without what says nothing: who may change a setting, and in which element an attribute with a
    full name (`reg.1.address`) stands."""
    found = {}
    for name, value in settings.items():
        _, at, attribute = name.rpartition("@")
        if not at:
            found[name] = value
        elif "." in attribute:
            found[attribute] = value
        elif attribute != "perm":
            found[name] = value
    return found


def rendered_settings(phone: Phone) -> Settings:
    """What our files of this phone say together, shared ones too."""
    found: Settings = {}
    for file in render(phone):
        found |= _plain(parse_back(file))
    return found


# -- where texts stand ----------------------------------------------------------------------------


Pattern = tuple[re.Pattern[str], tuple[Target, ...]]
"""How a setting's value is made of texts, and which these are."""


@dataclass(frozen=True)
class Probe:
    """Where a kind of phone has its texts: patterns by the name of the setting."""

    names: frozenset[str]
    patterns: Mapping[str, Sequence[Pattern]]
    spare: Settings
    """What is said of lines that are not in use."""

    def texts(self, settings: Settings) -> dict[Target, str]:
        """The texts of a file; the first setting that has one counts."""
        found: dict[Target, str] = {}
        for name, patterns in self.patterns.items():
            text = settings.get(name, "")
            if text == self.spare.get(name) or len(text) > _LONGEST:
                continue
            for pattern, targets in patterns:
                match = pattern.fullmatch(text)
                for target, part in zip(targets, match.groups() if match else (), strict=False):
                    if part:
                        found.setdefault(target, part)
        return found

    def is_secret(self, name: str) -> bool:
        """Is a setting's value a password's?"""
        fields = {field for _, targets in self.patterns.get(name, ()) for _, field in targets}
        secret = any(field in FIELDS and FIELDS[field].secret for field in fields)
        return secret or bool(re.search(r"pass|secret|pwd|\bpin\b", name, re.IGNORECASE))


@cache
def probe(kind: PhoneType) -> Probe:
    """Where this kind of phone has its texts. A port that is the usual one, or no proxy, may be
    left out of a value, so each is tried."""
    markers = dict(_markers(kind))
    patterns: dict[str, dict[Pattern, None]] = {}
    names: frozenset[str] = frozenset()
    for site in _site_variants():
        known = {text: target for target, text in markers.items()}
        known |= {str(text): (SITE, name) for name, text in site.items()}
        finder = re.compile("|".join(sorted(map(re.escape, known), key=len, reverse=True)))
        phone = _phone(kind, Site(publish_root="/", **site), markers, {})
        settings = rendered_settings(phone)
        names |= settings.keys()
        for name, value in settings.items():
            targets = tuple(known[text] for text in finder.findall(value))
            if targets:
                parts = "(.+?)".join(map(re.escape, finder.split(value)))
                patterns.setdefault(name, {})[re.compile(parts), targets] = None
    spare = rendered_settings(_phone(kind, Site(publish_root="/"), {}, {}))
    return Probe(names, {name: list(found) for name, found in patterns.items()}, spare)


def _site_variants() -> Iterator[dict[str, Any]]:
    texts = {name: f"{name[0]}7q.example.net" for name in _SITE_TEXTS if name != "voicemail_number"}
    texts["voicemail_number"] = "*98171"
    without = {name: text for name, text in texts.items() if name != "outbound_proxy"}
    for said in (texts, without):
        yield {**said, **_SITE_PORTS}
        yield said


def _markers(kind: PhoneType) -> Iterator[tuple[Target, str]]:
    for number in range(1, min(kind.lines, _MOST_LINES) + 1):
        for letter, name in zip("nup", _LINE_TEXTS, strict=True):
            yield (number, name), f"{letter}7q{number:02}z"
    login = kind.facts.admin_login
    if login is not None:
        yield (DEVICE, "admin_password"), "47113971"
        if not login.username:
            yield (DEVICE, "admin_username"), "a7q00z"


def _phone(
    kind: PhoneType,
    site: Site,
    texts: Mapping[Target, str],
    more: Mapping[int, Mapping[str, Value]],
) -> Phone:
    """A phone of this kind with these texts, and more values of lines."""
    device: dict[str, Value] = {name: DEFAULTS[name] for name in DEVICE_FIELDS}
    device |= {"manufacturer": kind.manufacturer, "model": kind.model, "firmware": kind.firmware}
    prefix = kind.mac_prefixes[0] if kind.mac_prefixes else "02:00:00"
    device |= {"mac": f"{prefix}:00:00:01", "update_protocol": kind.facts.update_protocols[0]}
    if (DEVICE, "admin_password") in texts:
        device["password_generation"] = "manual"
    lines: dict[int, dict[str, Value]] = {one: dict(values) for one, values in more.items()}
    for (number, name), text in texts.items():
        if number == DEVICE:
            device[name] = text
        elif number > 0:
            lines.setdefault(number, {})[name] = text
    return phone_of(device, lines, site)


def phone_of(
    device: Mapping[str, Value], lines: Mapping[int, Mapping[str, Value]], site: Site
) -> Phone:
    """A phone with these values, and the defaults for what is not among them."""
    usual = {**{name: DEFAULTS[name] for name in EXTENSION_FIELDS}, "codecs": site.codecs_offered}
    uses = tuple(LineUse(number, {**usual, **values}) for number, values in sorted(lines.items()))
    return Phone({**{n: DEFAULTS[n] for n in DEVICE_FIELDS}, **device}, uses, site, token=TOKEN)


# -- which phone it is ----------------------------------------------------------------------------


def kinds_for(settings: Settings, kinds: Sequence[PhoneType], text: str) -> list[PhoneType]:
    """Those of these kinds whose files have the most settings in common with a file: one, or
    several that cannot be told apart by it. A model that the file names comes before all others;
    none has nothing in common."""
    named = text[:_HEAD].lower()

    def fit(kind: PhoneType) -> tuple[bool, int, float]:
        lines = {number for number, name in probe(kind).texts(settings) if number > 0}
        names = _names(kind, frozenset(lines))
        model = re.escape(kind.model.lower())
        is_named = re.search(rf"(?<![a-z0-9]){model}(?![a-z0-9])", named) is not None
        both = len(names & settings.keys())
        whole = both / len(names)
        return is_named and len(kind.model) > 2, both, whole if whole >= _ALMOST else 0

    fits = [(fit(kind), kind) for kind in kinds if probe(kind).names & settings.keys()]
    best = max((one for one, _ in fits), default=None)
    return [kind for one, kind in fits if one == best]


@cache
def _names(kind: PhoneType, lines: frozenset[int]) -> frozenset[str]:
    """The settings of a phone of this kind with these lines in use."""
    used = {number: {"sip_username": "u"} for number in lines}
    return frozenset(rendered_settings(_phone(kind, Site(publish_root="/"), {}, used)))


def all_kinds() -> list[PhoneType]:
    """Every kind of phone that has a MAC address."""
    return [kind for kind in default_catalog().types() if kind.has_mac]


# -- what it says ---------------------------------------------------------------------------------


def read(settings: Settings, kind: PhoneType, site: Site, mac: str) -> Found:
    """The values with which our files come nearest to this one. `site`: as it will be."""
    texts = probe(kind).texts(settings)
    device: dict[str, Value] = {
        "manufacturer": kind.manufacturer,
        "model": kind.model,
        "firmware": kind.firmware,
        "mac": mac,
        "update_protocol": kind.facts.update_protocols[0],
    }
    device |= {name: text for (number, name), text in texts.items() if number == DEVICE}
    if device.get("admin_password"):
        device["password_generation"] = "manual"
    lines: dict[int, dict[str, Value]] = {}
    for (number, name), text in texts.items():
        if number > 0 and texts.get((number, "sip_username")):
            lines.setdefault(number, {})[name] = text
    for values in lines.values():
        _number(values)
    found = Found(kind, device, lines, _of_site(texts), settings)
    return _tried(found, site.codecs_offered)


def differences(found: Found, site: Site) -> list[Difference]:
    """What our files would say otherwise than the one it was found in."""
    ours = rendered_settings(phone_of(found.device, found.lines, site))
    old, where = found.settings, probe(found.kind)
    names = [*old, *(name for name in ours if name not in old)]
    return [
        Difference(name, old.get(name), ours.get(name), where.is_secret(name))
        for name in names
        if old.get(name) != ours.get(name)
    ]


def _number(values: dict[str, Value]) -> None:
    """The extended number: the SIP user, where that is one."""
    user = str(values["sip_username"])
    try:
        values["extension"] = FIELDS["extension"].parse(user)
    except ValueError:
        return
    values["sip_username"] = ""


def _of_site(texts: Mapping[Target, str]) -> dict[str, str]:
    found = {name: text for (number, name), text in texts.items() if number == SITE}
    if found.get("outbound_proxy") == found.get("sip_server"):
        found.pop("outbound_proxy", None)  # some phones are told the server there
    return found


def _tried(found: Found, offered: str) -> Found:
    """`found` with the choices that its texts do not say: of each that which most of the settings
    agree with that hang on it."""
    lines = {}
    for number, values in found.lines.items():
        lines[number] = dict(values)
        for name in _TRIED:
            chosen = _nearest(_choices(found.kind, number, name, offered), found.settings)
            lines[number] |= {} if chosen is None else {name: chosen}
    return replace(found, lines=lines)


Choices = Sequence[tuple[Value, Settings]]
"""The values of a field, each with the settings that hang on the field."""


@cache
def _choices(kind: PhoneType, number: int, name: str, offered: str) -> Choices:
    site = Site(publish_root="/", codecs_offered=offered)
    each = [
        (value, rendered_settings(_phone(kind, site, {}, {number: {name: value}})))
        for value in _values(name, site.offered)
    ]
    names = {key for _, settings in each for key in settings}
    hanging = [key for key in names if len({settings.get(key) for _, settings in each}) > 1]
    return [
        (value, {key: settings[key] for key in hanging if key in settings})
        for value, settings in each
    ]


def _values(name: str, offered: Sequence[str]) -> list[Value]:
    kind = FIELDS[name]
    if isinstance(kind, Choice):
        return [value for value, _ in kind.options]
    if not isinstance(kind, Codecs):
        return [False, True]
    found: list[Value] = []
    for count in range(1, len(offered) + 1):
        more = [",".join(some) for some in permutations(offered, count)]
        if len(found) + len(more) > _MOST_ORDERS:
            break
        found += more
    return found


def _nearest(choices: Choices, settings: Settings) -> Value:
    """The value that agrees with the most settings, the first of several; None where no setting
    says anything."""

    def agreeing(choice: tuple[Value, Settings]) -> int:
        return sum(settings.get(name) == text for name, text in choice[1].items()) - sum(
            name in settings for name in hanging - choice[1].keys()
        )

    hanging = {name for _, known in choices for name in known}
    if not hanging & settings.keys():
        return None
    return max(choices, key=agreeing)[0]
