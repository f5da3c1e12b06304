"""How a phone asks for its files, as its own file says: by which protocol, and how often."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Final

from tuiprov.data.catalog import PhoneType
from tuiprov.data.fields import Value
from tuiprov.data.site import Site
from tuiprov.render.formats import Settings
from tuiprov.render.probe import made_up, rendered_settings

_LONGEST_SCHEME: Final = len("https://")
_INTERVAL: Final = re.compile(r"[0-9]{1,7}")


def protocol(settings: Settings, kind: PhoneType) -> str:
    """By which protocol a phone asks for its files: as its file says; where it says nothing that we
    know, by TFTP, if it can."""
    known = kind.facts.update_protocols
    said = {name: _scheme(text) for name, text in settings.items()}
    agreeing = [
        sum(said.get(name) == text for name, text in hanging.items())
        for hanging in _protocol_settings(kind)
    ]
    if any(agreeing):
        return known[agreeing.index(max(agreeing))]
    return "tftp" if "tftp" in known else known[0]


@cache
def _protocol_settings(kind: PhoneType) -> Sequence[Settings]:
    """Of each protocol of these phones the settings that hang on it and that all of them have; of a
    URL its scheme counts."""
    site = Site(publish_root="/", provisioning_host="p7q.example.net")
    phone = made_up(kind, site, {}, {1: {}})
    each = [
        rendered_settings(replace(phone, values={**phone.values, "update_protocol": one}))
        for one in kind.facts.update_protocols
    ]
    names = set.intersection(*(set(settings) for settings in each))
    hanging = [name for name in names if len({_scheme(one[name]) for one in each}) > 1]
    return [{name: _scheme(one[name]) for name in hanging} for one in each]


def interval(settings: Settings, kind: PhoneType) -> dict[str, Value]:
    """How often a phone asks again, where its file says so within its bounds; the usual interval
    need not be said."""
    bounds = kind.facts.interval
    for name in _interval_settings(kind):
        text = settings.get(name, "")
        if bounds is None or not _INTERVAL.fullmatch(text) or int(text) == bounds.default:
            continue
        if bounds.low <= int(text) <= bounds.high:
            return {"update_interval": int(text)}
    return {}


@cache
def _interval_settings(kind: PhoneType) -> Sequence[str]:
    """The settings that are the update interval of these phones."""
    bounds = kind.facts.interval
    if bounds is None:
        return ()
    phone = made_up(kind, Site(publish_root="/"), {}, {1: {}})
    tried = [str(bounds.low + 1), str(bounds.high - 1)]
    each = [
        rendered_settings(replace(phone, values={**phone.values, "update_interval": int(one)}))
        for one in tried
    ]
    return [name for name in each[0] if [one.get(name) for one in each] == tried]


def _scheme(text: str) -> str:
    return text.partition("://")[0].lower() if "://" in text[:_LONGEST_SCHEME] else text.lower()
