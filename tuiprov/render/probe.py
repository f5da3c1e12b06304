"""Where a kind of phone has its texts: what it is told with made-up ones, and the settings of a
file that we did not write. Pure: no disk, no database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from tuiprov.data.catalog import FormatName, PhoneType
from tuiprov.data.fields import Value
from tuiprov.data.page import LineUse, Phone
from tuiprov.data.sections import DEFAULTS, DEVICE_FIELDS, EXTENSION_FIELDS, FIELDS
from tuiprov.data.site import Site
from tuiprov.errors import RenderError
from tuiprov.render.engine import parse_back, render
from tuiprov.render.formats import FORMATS, Settings, looks_secret

Target = tuple[int, str]
"""A line (0: the device, -1: the site) and a field of it."""
DEVICE, SITE = 0, -1

_MOST_LINES: Final = 32
_LINE_TEXTS: Final = ("extension_name", "sip_username", "sip_password")
_SITE_TEXTS: Final = ("sip_server", "outbound_proxy", "ntp_server", "voicemail_number")
_SITE_PORTS: Final = {"sip_port": 59871, "outbound_proxy_port": 59872}
_LONGEST: Final = 512
"""No name, password or address is longer; looking for one in more would take for ever."""
_NUMBERED: Final = re.compile(r"(?:^|/)[A-Z]?\d+$")
TOKEN: Final = "0" * 32
"""Stands for the token of a device that is not stored yet."""


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
        """Is a setting's value a password's? Of one that has a number for a name, and that we do
        not write, nobody knows."""
        fields = {field for _, targets in self.patterns.get(name, ()) for _, field in targets}
        secret = any(field in FIELDS and FIELDS[field].secret for field in fields)
        is_dark = name not in self.names and _NUMBERED.search(name) is not None
        return secret or is_dark or looks_secret(name)


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
        phone = made_up(kind, Site(publish_root="/", **site), markers, {})
        settings = rendered_settings(phone)
        names |= settings.keys()
        for name, value in settings.items():
            targets = tuple(known[text] for text in finder.findall(value))
            if targets:
                parts = "(.+?)".join(map(re.escape, finder.split(value)))
                patterns.setdefault(name, {})[re.compile(parts), targets] = None
    spare = rendered_settings(made_up(kind, Site(publish_root="/"), {}, {}))
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
    if kind.facts.application_version == "required":
        yield (DEVICE, "application_version"), "v7q00z"
    login = kind.facts.admin_login
    if login is not None:
        yield (DEVICE, "admin_password"), "47113971"
        if not login.username:
            yield (DEVICE, "admin_username"), "a7q00z"


def made_up(
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
