"""Peers of chan_sip's sip.conf and of users.conf as extensions' pages.

chan_sip is gone since Asterisk 21, so this is a move to chan_pjsip: the pages are made, its file
stays as it is, and what has no field on the page is named and not taken along. Words and defaults:
the sample sip.conf of Asterisk 18; not tried on one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tuiprov.data.fields import Value
from tuiprov.data.site import Site
from tuiprov.pbx.asterisk import CODECS
from tuiprov.pbx.config_reader import Config, Section
from tuiprov.pbx.effects import access_of, caller_of, codecs_of, is_true
from tuiprov.pbx.inverse import fits, networks, pairs
from tuiprov.pbx.takeover import NUMBER, Adopted, Left, Taken, Takeover

_KINDS: Final = ("friend", "peer", "user", "")
_DTMF: Final = {"rfc2833": "rfc2833", "info": "info", "shortinfo": "info", "inband": "inband"}
_NO_NAT: Final = frozenset({"no", "never"})
_KNOWN: Final = frozenset(
    {
        *("type", "username", "defaultuser", "secret", "callerid", "fullname", "cid_number"),
        *("host", "port", "dtmfmode", "disallow", "allow", "nat", "qualify", "permit", "deny"),
        *("directmedia", "canreinvite", "encryption", "call-limit", "mailbox", "hassip"),
        *("context", "insecure"),
    }
)
"""Options that a page has a field for, or that its sections have their own word for."""


def take_over(config: Config, site: Site, taken: Taken) -> Takeover:
    """The extensions of a sip.conf or users.conf."""
    numbers, adopted, left = set(taken.numbers), list[Adopted](), list[Left]()
    common = {section.name: section for section in config.sections}.get("general")
    for section in config.sections:
        if section.is_template or section is common or not _is_peer(section):
            continue
        reason = _why_not(section, numbers)
        if reason:
            left.append(Left(section.name, section.place, reason))
            continue
        options = [*(pairs(common) if common else ()), *pairs(section)]
        found = Adopted(section.name, section.name, _values(section, options, site), [section])
        found.words += _words(section)
        numbers.add(section.name)
        adopted.append(found)
    settings: dict[str, Value] = {"pbx": "asterisk"} if site.pbx == "none" else {}
    return Takeover(adopted, left, settings)


def _is_peer(section: Section) -> bool:
    return section.kind.lower() in _KINDS and any(
        section.last(name) for name in ("secret", "host", "hassip", "md5secret")
    )


def _why_not(section: Section, numbers: set[str]) -> str:
    """Why a peer is no extension, or ""."""
    name, secret, host = section.name, section.last("secret"), section.last("host")
    if not NUMBER.fullmatch(name):
        return "its name is no extended number"
    if name in numbers:
        return f"there is an extension {name} already"
    if section.last("remotesecret") or section.last("fromdomain"):
        return "a trunk: it registers or authenticates elsewhere"
    if host and host != "dynamic" and not fits("fixed_ip", host):
        return f"its host {host} is no IP address"
    is_open = "invite" in section.last("insecure") and host not in ("", "dynamic")
    if not secret and not is_open:
        return "it has no password in clear"
    if secret and not fits("sip_password", secret):
        return "its password cannot be written on a page (printable ASCII, 64)"
    return ""


def _values(section: Section, options: list[tuple[str, str]], site: Site) -> dict[str, Value]:
    said = dict(options)
    name, _ = caller_of(said.get("callerid", ""))
    name = section.last("fullname") or name
    values: dict[str, Value] = {"extension": section.name, "sip_password": section.last("secret")}
    if fits("extension_name", name):
        values["extension_name"] = name
    values |= _address(section)
    values["dtmf_mode"] = _DTMF.get(said.get("dtmfmode", "rfc2833"), "auto")
    values["media_encryption"] = "sdes" if is_true(said.get("encryption", "no")) else "none"
    media = said.get("directmedia", said.get("canreinvite", "yes"))
    values["allow_reinvite"] = media not in ("no", "never")
    values["ping"] = said.get("qualify", "no") not in ("no", "0")
    if site.infrastructure_type != "none":
        values["on_private_network"] = said.get("nat", "") in _NO_NAT
    codecs = [one for one in codecs_of(options) if one in CODECS and one in site.offered]
    values["codecs"] = ",".join(codecs) or site.codecs_offered
    if not values.get("fixed_ip"):
        values["allowed_networks"] = networks(access_of(pairs(section)))
    return values


def _address(section: Section) -> dict[str, Value]:
    host, port = section.last("host"), section.last("port")
    if host in ("", "dynamic"):
        return {}
    known = int(port) if port.isdecimal() and 0 < int(port) < 65_536 else None
    is_open = "invite" in section.last("insecure") or not section.last("secret")
    return {
        "fixed_ip": host,
        "fixed_port": None if known == 5060 else known,
        "fixed_auth": "not_required" if is_open else "required",
    }


def _words(section: Section) -> Iterator[str]:
    lost = [f"{name}={value}" for name, value in pairs(section) if name not in _KNOWN]
    if lost:
        yield f"not taken along: {', '.join(dict.fromkeys(lost))}"
    limit = section.last("call-limit")
    if limit:
        yield f"its call-limit of {limit} counted all calls: set the maximum of public calls"
