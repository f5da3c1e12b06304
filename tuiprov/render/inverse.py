"""A phone's file read back: which values would make tuiprov write it.

Nothing here knows a manufacturer. A phone is rendered with made-up texts, and where they turn up is
where the old file has its own (`probe.py`, as `publish/masking.py` finds secrets). What is no text
but a choice is found by trying (as `trace.py` finds lines): of all its values the one counts that
most of the settings agree with. Pure: no disk, no database.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import permutations
from typing import Final

from tuiprov.data.catalog import PhoneType, default_catalog
from tuiprov.data.fields import Choice, Codecs, Value
from tuiprov.data.sections import FIELDS
from tuiprov.data.site import Site
from tuiprov.render.asking import interval, protocol
from tuiprov.render.formats import Settings
from tuiprov.render.probe import (
    DEVICE,
    SITE,
    Target,
    made_up,
    phone_of,
    probe,
    rendered_settings,
)

_TRIED: Final = ("media_encryption", "dtmf_mode", "force_mwi", "codecs")
_MOST_ORDERS: Final = 600
"""So many orders of codecs are tried; of six codecs that are all with four or fewer."""
_HEAD: Final = 4000
"""In so many characters a file that names its model does so: in a comment at its top."""
_ALMOST: Final = 0.8
"""A file with so much of what we write may be whole; of another what it lacks says nothing."""
_SHORTEST_MODEL: Final = 3


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


# -- which phone it is ----------------------------------------------------------------------------


def kinds_for(
    settings: Settings, kinds: Sequence[PhoneType], models: Collection[str]
) -> list[PhoneType]:
    """Those of these kinds whose files have the most settings in common with a file: one, or
    several that cannot be told apart by it. One of `models` (those it names) comes before all
    others; none has nothing in common."""

    def fit(kind: PhoneType) -> tuple[bool, int, float]:
        lines = {number for number, name in probe(kind).texts(settings) if number > 0}
        names = _names(kind, frozenset(lines))
        both = len(names & settings.keys())
        whole = both / len(names)
        return kind.model in models, both, whole if whole >= _ALMOST else 0

    fits = [(fit(kind), kind) for kind in kinds if probe(kind).names & settings.keys()]
    best = max((one for one, _ in fits), default=None)
    return [kind for one, kind in fits if one == best]


def models_in(text: str, kinds: Sequence[PhoneType]) -> frozenset[str]:
    """The models of these kinds that a file names at its top, or in its name."""
    models = {kind.model for kind in kinds if len(kind.model) >= _SHORTEST_MODEL}
    words = set(re.findall(r"[a-z0-9_+]+", text[:_HEAD].lower()))
    return frozenset(model for model in models if words.issuperset(_words(model)))


@cache
def _words(model: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z0-9_+]+", model.lower()))


@cache
def _names(kind: PhoneType, lines: frozenset[int]) -> frozenset[str]:
    """The settings of a phone of this kind with these lines in use."""
    used = {number: {"sip_username": "u"} for number in lines}
    return frozenset(rendered_settings(made_up(kind, Site(publish_root="/"), {}, used)))


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
        "update_protocol": protocol(settings, kind),
    }
    device |= {name: text for (number, name), text in texts.items() if number == DEVICE}
    device |= interval(settings, kind)
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
        (value, rendered_settings(made_up(kind, site, {}, {number: {name: value}})))
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
