"""The cases every family and firmware generation is rendered in, as golden files."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.phones import HOSTILE_NAME, HOSTILE_PASSWORD, phone
from tuiprov.data.catalog import PhoneType, default_catalog
from tuiprov.data.page import Phone
from tuiprov.data.site import Site

Build = Callable[[PhoneType], Phone | None]


def _named(phone_type: PhoneType) -> tuple[str, str, str]:
    return phone_type.manufacturer, phone_type.model, phone_type.firmware


def one_line(phone_type: PhoneType) -> Phone:
    return phone(*_named(phone_type))


def several_lines(phone_type: PhoneType) -> Phone | None:
    return phone(*_named(phone_type), lines=2) if phone_type.lines > 1 else None


def park_watch(phone_type: PhoneType) -> Phone | None:
    if not phone_type.facts.park_keys or phone_type.keys < 3:
        return None
    return phone(*_named(phone_type), parking_watch_lines=2)


def srtp(phone_type: PhoneType) -> Phone:
    return phone(*_named(phone_type), sip={"media_encryption": "sdes"})


def tcp(phone_type: PhoneType) -> Phone:
    fixed = {"fixed_ip": "192.0.2.40", "signaling_transport": "tcp"}
    return phone(*_named(phone_type), sip=fixed)


def hostile_names(phone_type: PhoneType) -> Phone:
    rule = phone_type.facts.sip_password
    password = "".join(char for char in HOSTILE_PASSWORD if char in rule.characters)[: rule.high]
    return phone(
        *_named(phone_type), sip={"extension_name": HOSTILE_NAME, "sip_password": password}
    )


def token_link(phone_type: PhoneType) -> Phone:
    preferences = {"dtmf_mode": "info", "codecs": "g722,alaw,opus,g729", "force_mwi": True}
    return phone(*_named(phone_type), mac_based_provisioning=False, sip=preferences)


LOCAL_SITE = Site(
    time_zone="Europe/Berlin",
    language="de",
    tone_country="DE",
    phonebook_url="https://pbx.example.com/phonebook.xml",
)


def localised(phone_type: PhoneType) -> Phone:
    return phone(*_named(phone_type), site=LOCAL_SITE)


def asked_for_login(phone_type: PhoneType) -> Phone | None:
    """Asked for in the way that its file can hold a login for, if it can hold one at all."""
    if phone_type.facts.update_protocols == ["tftp"]:
        return None
    kind = next(iter(phone_type.facts.http_login), "basic")
    site = Site(http_authentication=kind)
    return phone(*_named(phone_type), site=site, mac_based_provisioning=False)


CASES: dict[str, Build] = {
    "one-line": one_line,
    "several-lines": several_lines,
    "park-watch": park_watch,
    "srtp": srtp,
    "tcp": tcp,
    "hostile-names": hostile_names,
    "token-link": token_link,
    "localised": localised,
    "http-login": asked_for_login,
}


def representatives() -> Iterator[PhoneType]:
    """For each family, generation and set of templates: the model that can do most of it."""
    best: dict[tuple[object, ...], PhoneType] = {}
    for phone_type in default_catalog().types():
        rules = tuple((rule.template, rule.format) for rule in phone_type.facts.files)
        key = (phone_type.templates, phone_type.firmware, rules)
        known = best.get(key)
        if known is None or _reach(phone_type) > _reach(known):
            best[key] = phone_type
    return iter(best.values())


def _reach(phone_type: PhoneType) -> tuple[bool, bool]:
    return (phone_type.facts.park_keys and phone_type.keys > 2, phone_type.lines > 1)
