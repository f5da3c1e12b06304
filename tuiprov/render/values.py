"""What a template may use: plain str, int, bool, list and dict of one phone, nothing else.

`template_values` is the whole vocabulary, described in `VARIABLES` (of which
`docs/template-variables.md` is made). Values are already the phone's own words: the catalogue's
terms are applied, names fit its character set, passwords and intervals its bounds (`checks.py`).
"""

from __future__ import annotations

import itertools
from typing import Any, Final

from tuiprov.data.catalog import Facts, PhoneType, Term
from tuiprov.data.fields import Values
from tuiprov.data.identity import sip_user
from tuiprov.data.page import LineUse, Phone
from tuiprov.data.places import Switch, time_rule
from tuiprov.data.sections import DEFAULTS
from tuiprov.data.site import ASKING, Site
from tuiprov.render import links
from tuiprov.text import to_charset

VARIABLES: Final = {
    "phone.manufacturer": "as in the catalogue",
    "phone.model": "as in the catalogue",
    "phone.firmware": "the firmware generation's name",
    "phone.name": "friendly name",
    "phone.mac": "12 lower-case hexadecimal digits",
    "phone.MAC": "12 upper-case hexadecimal digits",
    "phone.application_version": 'exact image, or ""',
    "phone.line_count": "how many lines the model has (int)",
    "phone.key_count": "how many programmable keys the model has (int)",
    "phone.names": "further words of the catalogue for this model (dict)",
    "admin.username": "login name of the phone's web page: the fixed one or the one typed",
    "admin.password": '"" when Password generation is None or the phone has no login',
    "update.url": "directory URL with a trailing slash; tftp://host/ for TFTP",
    "update.link": "the provisioning link in the manufacturer's habit",
    "update.host": "host of the provisioning server",
    "update.port": "port of the protocol (int)",
    "update.path": "path of the directory with leading and trailing slash",
    "update.scheme": "tftp, http or https",
    "update.protocol": "the phone's word for the protocol (catalogue term)",
    "update.username": 'user name for HTTP, or "" where no login is written into this file',
    "update.password": 'its password, or ""',
    "update.interval": "in the phone's own unit (int); 0: the phone has no interval",
    "update.asks_login": "does the service ask for a login besides the link (bool)",
    "lines": "list of the lines in use, in order; each has:",
    "line.number": "1-based (int)",
    "line.extension": "extended number, e.g. 0027*001",
    "line.label": "local number, short enough for a key",
    "line.name": "display name",
    "line.username": "SIP user and authentication user",
    "line.password": "SIP password",
    "line.dtmf": "the phone's word for the DTMF mode (catalogue term; a dict where several)",
    "line.encryption": "the phone's word for the media encryption (catalogue term)",
    "line.encrypted": "is any media encryption on (bool)",
    "line.transport": "the phone's word for the signaling transport (catalogue term)",
    "line.tcp": "is the signaling transport TCP (bool)",
    "line.codecs": "the phone's words for the codecs it has, in order (list)",
    "line.registers": "does the extension register (bool); no for a fixed IP",
    "line.subscribes_mwi": "does the phone ask for message waiting (bool); no with Force MWI",
    "spare_lines": "numbers of the lines that are not in use (list of int)",
    "park": "list of parking lamps, in order; each has:",
    "lamp.slot": "1-based slot (int)",
    "lamp.key": "programmable key to use, 1-based, not the number of a line in use (int)",
    "lamp.number": "what the lamp watches and dials, e.g. *0027*21",
    "lamp.label": "short words for the key",
    "site.sip_server": "registrar",
    "site.sip_port": "its port (int)",
    "site.outbound_proxy": '"" for none',
    "site.outbound_proxy_port": "its port (int)",
    "site.register_expiry": "seconds (int)",
    "site.voicemail_number": 'what the message key dials, or ""',
    "site.ntp_server": 'time server, or ""',
    "local.zone": 'IANA name of the site\'s time zone, or ""',
    "local.time_zone": 'the phone\'s word for it (catalogue term; a dict where several), or ""',
    "local.offset": "its standard offset in minutes east of Greenwich (int)",
    "local.dst": "daylight saving time: switches `start` and `end`, or an empty dict; each has:",
    "switch.month": "1 to 12 (int)",
    "switch.week": "1 to 4, 5 for the last (int)",
    "switch.weekday": "0 Sunday to 6 Saturday (int)",
    "switch.iso_weekday": "1 Monday to 7 Sunday (int)",
    "switch.hour": "local hour, 0 to 23 (int)",
    "local.language": "the phone's word for the site's language (catalogue term), or \"\"",
    "local.tones": 'the phone\'s word for the tone country (catalogue term), or ""',
    "local.phonebook_url": 'address of the shared phonebook, or ""',
}


def template_values(phone: Phone, phone_type: PhoneType) -> dict[str, Any]:
    """The variables of one phone's templates. Takes a phone whose type is in the catalogue."""
    facts = phone_type.facts
    lines = [_line(line, facts) for line in phone.lines]
    used = {line.number for line in phone.lines}
    return {
        "phone": _phone(phone, phone_type),
        "admin": _admin(phone.values, facts),
        "update": _update(phone, phone_type),
        "lines": lines,
        "spare_lines": [n for n in range(1, phone_type.lines + 1) if n not in used],
        "park": _park(phone, phone_type),
        "site": _site(phone),
        "local": _local(phone.site, facts),
    }


def term(facts: Facts, field: str, value: Any) -> Term | None:
    """The phone's word for `value` of `field`; the field's default where the phone lacks it; None
    where the phone knows neither (a template then leaves the setting out)."""
    known = facts.terms.get(field, {})
    return known.get(value, known.get(DEFAULTS[field]))


def codec_terms(facts: Facts, codecs: str) -> list[Term]:
    known = facts.terms.get("codecs", {})
    return [known[name] for name in codecs.split(",") if name in known][: facts.most_codecs]


def display_name(name: str, facts: Facts) -> str:
    """`name` as this phone can show it: its character set, its length."""
    return to_charset(name, facts.charset)[: facts.longest_name]


def _phone(phone: Phone, phone_type: PhoneType) -> dict[str, Any]:
    values = phone.values
    digits = links.mac_digits(str(values["mac"]))
    return {
        "manufacturer": phone_type.manufacturer,
        "model": phone_type.model,
        "firmware": phone_type.firmware,
        "name": values["friendly_name"],
        "mac": digits,
        "MAC": digits.upper(),
        "application_version": values["application_version"],
        "line_count": phone_type.lines,
        "key_count": phone_type.keys,
        "names": phone_type.facts.names,
    }


def _admin(values: Values, facts: Facts) -> dict[str, Any]:
    login = facts.admin_login
    if login is None:
        return {"username": "", "password": ""}
    password = "" if values["password_generation"] == "none" else values["admin_password"]
    return {"username": login.username or values["admin_username"] or "admin", "password": password}


def _update(phone: Phone, phone_type: PhoneType) -> dict[str, Any]:
    facts = phone_type.facts
    protocol = phone.values["update_protocol"]
    url = links.directory(phone)
    login = phone.http_login if carries_login(phone, phone_type) else None
    return {
        "url": url,
        "link": links.link(phone, phone_type),
        "host": phone.site.provisioning_host,
        "port": links.port_of(phone),
        "path": "/" if protocol == "tftp" else f"/prov/{links.key(phone)}/",
        "scheme": protocol,
        "protocol": term(facts, "update_protocol", protocol) or protocol,
        "username": login.username if login is not None else "",
        "password": login.password if login is not None else "",
        "interval": interval(phone.values, facts),
        "asks_login": phone.site.http_authentication != "none",
    }


def needs_login(phone: Phone) -> bool:
    """Does `tuiprov serve` ask this phone for a login, now or soon?"""
    by_web = phone.values["update_protocol"] in ("http", "https")
    return by_web and phone.site.http_authentication != "none"


def carries_login(phone: Phone, phone_type: PhoneType) -> bool:
    """Is the login that the phone needs one that its file can tell it?"""
    kinds = {phone.site.http_authentication} & set(ASKING) or set(ASKING)
    return needs_login(phone) and not kinds.isdisjoint(phone_type.facts.http_login)


def interval(values: Values, facts: Facts) -> int:
    """The update interval in the phone's unit: the one set, else the catalogue's default; 0 when
    the phone has none."""
    if facts.interval is None:
        return 0
    chosen = values["update_interval"]
    return chosen if isinstance(chosen, int) else facts.interval.default


def _line(line: LineUse, facts: Facts) -> dict[str, Any]:
    values = line.extension
    extension = str(values["extension"])
    return {
        "number": line.number,
        "extension": extension,
        "label": extension.rpartition("*")[2],
        "name": display_name(str(values["extension_name"]), facts) or extension,
        "username": sip_user(values),
        "password": values["sip_password"],
        "dtmf": term(facts, "dtmf_mode", values["dtmf_mode"]),
        "encryption": term(facts, "media_encryption", values["media_encryption"]),
        "encrypted": values["media_encryption"] in facts.terms.get("media_encryption", {})
        and values["media_encryption"] != "none",
        "transport": term(facts, "signaling_transport", values["signaling_transport"]),
        "tcp": values["signaling_transport"] == "tcp"
        and "tcp" in facts.terms.get("signaling_transport", {}),
        "codecs": codec_terms(facts, str(values["codecs"])),
        "registers": not values["fixed_ip"],
        "subscribes_mwi": not values["force_mwi"],
    }


def _park(phone: Phone, phone_type: PhoneType) -> list[dict[str, Any]]:
    count = phone.values["parking_watch_lines"]
    if not count or not phone.lines or not phone_type.facts.park_keys:
        return []
    organization = str(phone.lines[0].extension["extension"]).partition("*")[0]
    taken = {line.number for line in phone.lines}
    free_keys = (number for number in itertools.count(1) if number not in taken)
    return [
        {
            "slot": slot,
            "key": next(free_keys),
            # A parked call lies in slot N; the lamp's value is *<organization>*2N (a VoipNow
            # reseller's manual, not 4PSA's own).
            "number": f"*{organization}*2{slot}",
            "label": f"Park {slot}",
        }
        for slot in range(1, int(count) + 1)
    ]


def _site(phone: Phone) -> dict[str, Any]:
    site = phone.site
    return {
        "sip_server": site.sip_server,
        "sip_port": site.sip_port,
        "outbound_proxy": site.outbound_proxy,
        "outbound_proxy_port": site.outbound_proxy_port,
        "register_expiry": site.register_expiry,
        "voicemail_number": site.voicemail_number,
        "ntp_server": site.ntp_server,
    }


def _local(site: Site, facts: Facts) -> dict[str, Any]:
    rule = time_rule(site.time_zone) if site.time_zone else None
    dst = {"start": rule.start, "end": rule.end} if rule else {}
    return {
        "zone": site.time_zone,
        "time_zone": _word(facts, "time_zone", site.time_zone),
        "offset": rule.offset if rule else 0,
        "dst": {name: _switch(switch) for name, switch in dst.items() if switch is not None},
        "language": _word(facts, "language", site.language),
        "tones": _word(facts, "tone_country", site.tone_country),
        "phonebook_url": site.phonebook_url,
    }


def _word(facts: Facts, name: str, value: str) -> Term:
    """The phone's word for a setting of the site, "" where it has none (`notes.py` tells)."""
    return facts.terms.get(name, {}).get(value, "")


def _switch(switch: Switch) -> dict[str, int]:
    return {
        "month": switch.month,
        "week": switch.week,
        "weekday": switch.weekday,
        "iso_weekday": switch.weekday or 7,
        # No phone takes more: Cairo, Jerusalem and Santiago switch up to three hours early.
        "hour": min(switch.hour, 23),
    }
