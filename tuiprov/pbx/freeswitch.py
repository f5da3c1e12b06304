"""FreeSWITCH: an extension as a user of its XML directory, from its page.

No FreeSWITCH was asked: every name here is documented (XML User Directory, mod_sofia, its README on
SRTP) or stands in mod_sofia's public source, and none was tried. What it does on the wire is
unknown until somebody does. The file goes among the users of the admin's own domain:
`<X-PRE-PROCESS cmd="include" data="…/tuiprov_users.xml"/>`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import Final

from tuiprov.data.identity import sip_user
from tuiprov.data.page import Page
from tuiprov.data.site import Site
from tuiprov.errors import PublishError, RenderError
from tuiprov.pbx import console
from tuiprov.pbx.kinds import PbxFile
from tuiprov.render.formats import FORMATS
from tuiprov.render.notes import Note
from tuiprov.text import visible

Pair = tuple[str, str]

USERS_FILE: Final = "tuiprov_users.xml"
_COMMENT: Final = "<!-- {} -->"
_CONSOLE: Final = ("fs_cli",)
"""What runs its console where the configuration names nothing else."""

MEDIA_ENCRYPTION: Final[dict[str, tuple[Pair, ...]]] = {
    "none": (("rtp_secure_media", "forbidden"),),
    "sdes": (("rtp_secure_media", "mandatory"),),
    # What is offered in calls to the phone; in calls from it the phone's own offer decides.
    "dtls_srtp": (("rtp_secure_media", "mandatory"), ("media_webrtc", "true")),
    "sdes_dtls_srtp": (("rtp_secure_media", "optional"),),
}
DTMF_MODES: Final = {"rfc2833": "rfc2833", "inband": "none", "info": "info", "auto": "rfc2833"}
CODECS: Final = {
    "alaw": "PCMA",
    "ulaw": "PCMU",
    "g722": "G722",
    "g729": "G729",
    "opus": "OPUS",
    "ilbc": "iLBC",
    "gsm": "GSM",
    "g723": "G723",
    "g726": "G726-32",
}
PROFILE: Final = "internal"
"""The SIP profile through which phones at a fixed address are called: vanilla's name for it."""
MOST_NETWORKS: Final = 32
"""mod_sofia cuts a longer list of networks (switch_core.c, switch_check_network_list_ip_token)."""
LIMIT: Final = "limit_max"
_SECRETS: Final = re.compile(r'(<param name="(?:password|a1-hash)" value=")[^"]*')
_NAME: Final = str.maketrans({'"': "'", "<": "(", ">": ")", "\\": "/", "{": "(", "}": ")"})
"""A caller's name stands in quotes in From; `${…}` in it would be a variable of the dialplan."""


class FreeSwitch:
    """FreeSWITCH with mod_sofia: one file of users, included in a domain of its directory."""

    label = "FreeSWITCH"

    def files(self, site: Site) -> Sequence[PbxFile]:
        return (PbxFile(USERS_FILE, "<include>\n", "</include>\n", _COMMENT),)

    def blocks(self, page: Page) -> Sequence[str]:
        return (_user(page),)

    def account(self, page: Page) -> str:
        return account(page)

    def notes(self, page: Page) -> Sequence[Note]:
        return [Note(field, f"FreeSWITCH {words}") for field, words in _notes(page)]

    def reload(self, command: Sequence[str]) -> None:
        words = _CONSOLE if tuple(command) == ("asterisk",) else tuple(command)
        answer = console.runner(words, option="-x")("reloadxml").strip()
        if not answer.startswith("+OK"):
            said = answer.splitlines()[0][:200] if answer else "no answer"
            raise PublishError(f"FreeSWITCH did not read its files again: {visible(said)}")

    def wrong(
        self,
        command: Sequence[str],
        texts: Sequence[str],
        changed: Sequence[str],
        before: Sequence[str] = (),
    ) -> Sequence[str]:
        """Nothing: which users it has is asked by their domain, which is not tuiprov's to know.
        A file that is no XML is told by the reload itself."""
        return ()

    def masked(self, text: str, sign: str) -> str:
        return _SECRETS.sub(rf"\g<1>{sign}", text)


def account(page: Page) -> str:
    """The id of the user: what phones register with."""
    return sip_user(page.values)


def parts(page: Page) -> dict[str, tuple[Pair, ...]]:
    """A user as `attributes`, `params` and `variables`, each as (name, value)."""
    return {
        "attributes": tuple(_attributes(page)),
        "params": tuple(_params(page)),
        "variables": tuple(_variables(page)),
    }


def _user(page: Page) -> str:
    found = parts(page)
    attributes = "".join(f' {name}="{escaped(value)}"' for name, value in found["attributes"])
    lines = [f"  <user{attributes}>"]
    for kind in ("param", "variable"):
        lines.append(f"    <{kind}s>")
        for name, value in found[f"{kind}s"]:
            lines.append(f'      <{kind} name="{name}" value="{escaped(value)}"/>')
        lines.append(f"    </{kind}s>")
    return "\n".join([*lines, "  </user>", ""])


def escaped(value: str) -> str:
    """A value as an XML attribute; RenderError: it holds a control character. The file goes through
    FreeSWITCH's preprocessor before it is XML, which would put a variable in place of `$${…}`."""
    return FORMATS["xml"].escape(value).replace("$", "&#36;")


# -- a user ---------------------------------------------------------------------------------------


def _attributes(page: Page) -> Iterator[Pair]:
    yield "id", account(page)
    if account(page) != _number(page):
        yield "number-alias", _number(page)
    if _is_let_in_by_address(page):
        # Where the profile's ACL holds the domain, these addresses need no password.
        yield "cidr", f"{page.values['fixed_ip']}/32"


def _params(page: Page) -> Iterator[Pair]:
    values = page.values
    yield from _password(page)
    networks = _networks(page)
    if networks:
        yield "auth-acl", ",".join(networks[:MOST_NETWORKS])
    if values["fixed_ip"]:
        yield "sip-forbid-register", "true"
        yield "dial-string", _address(page)
    yield "vm-enabled", "true" if page.site.pbx_mailboxes else "false"


def _password(page: Page) -> Iterator[Pair]:
    password, realm = str(page.values["sip_password"]), page.site.pbx_realm
    if not password and not _is_let_in_by_address(page):
        raise RenderError(f"extension {_number(page)} has no SIP password")
    # A user without a password is let in with any, unless this says no (sofia_reg.c).
    yield "allow-empty-password", "false"
    if password and realm:
        hashed = f"{account(page)}:{realm}:{password}".encode()
        yield "a1-hash", hashlib.md5(hashed, usedforsecurity=False).hexdigest()
    elif password:
        yield "password", password


def _variables(page: Page) -> Iterator[Pair]:
    values = page.values
    yield "user_context", page.site.pbx_context
    yield "effective_caller_id_name", _caller_name(page)
    yield "effective_caller_id_number", _number(page)
    yield "absolute_codec_string", ",".join(_codecs(page))
    yield from MEDIA_ENCRYPTION[str(values["media_encryption"])]
    yield "dtmf_type", DTMF_MODES[str(values["dtmf_mode"])]
    yield "bypass_media_after_bridge", "true" if values["allow_reinvite"] else "false"
    if not values["fixed_ip"]:
        if not values["on_private_network"]:
            yield "sip-force-contact", "NDLB-connectile-dysfunction"
        # Without it a phone behind NAT would have to register every 30 seconds (sofia_reg.c).
        yield "sip-force-expires", str(page.site.register_expiry)
    limit = values["max_public_concurrent_calls"]
    if limit is not None:
        yield LIMIT, str(limit)


# -- what it is made of ---------------------------------------------------------------------------


def _number(page: Page) -> str:
    return str(page.values["extension"])


def _is_let_in_by_address(page: Page) -> bool:
    return bool(page.values["fixed_ip"]) and page.values["fixed_auth"] == "not_required"


def _networks(page: Page) -> list[str]:
    """Where the account may be used from. Every one has a prefix: a name without would be looked
    for among the ACLs."""
    values = page.values
    if values["fixed_ip"]:
        return [] if _is_let_in_by_address(page) else [f"{values['fixed_ip']}/32"]
    listed = str(values["allowed_networks"]).split()
    return [one if "/" in one else f"{one}/32" for one in listed]


def _address(page: Page) -> str:
    values = page.values
    host = f"{values['fixed_ip']}:{values['fixed_port'] or 5060}"
    transport = values["signaling_transport"]
    return f"sofia/{PROFILE}/sip:{account(page)}@{host};transport={transport}"


def _codecs(page: Page) -> list[str]:
    found = [CODECS[name] for name in str(page.values["codecs"]).split(",") if name in CODECS]
    if not found:
        raise RenderError(f"FreeSWITCH has none of the codecs of extension {_number(page)}")
    return found


def _caller_name(page: Page) -> str:
    return str(page.values["extension_name"]).translate(_NAME)


# -- what it does instead -------------------------------------------------------------------------


def _notes(page: Page) -> Iterator[tuple[str, str]]:
    values = page.values
    name = _caller_name(page)
    if name != values["extension_name"]:
        yield "extension_name", f"shows callers the name as {name}"
    if page.former_passwords:
        yield "sip_password", "takes this one only: a phone is refused until it has fetched it"
    if values["max_public_concurrent_calls"] is not None:
        said = f"limits calls when the dialplan counts them by the variable {LIMIT}"
        yield "max_public_concurrent_calls", f"{said}: see docs/pbx.md"
    yield from _about_media(page)
    if values["pbx_connected"]:
        yield "pbx_connected", "is told the dialled number by the dialplan: nothing is written"
    if values["ping"]:
        said = "asks all registered phones or none (all-reg-options-ping of its SIP profile)"
        yield "ping", f"{said}: nothing is written"
    if values["publishes_state"]:
        said = "takes what phones publish by its SIP profile (manage-presence)"
        yield "publishes_state", f"{said}: nothing is written"
    if values["force_mwi"]:
        said = "sends MWI by its SIP profile (send-message-query-on-register)"
        yield "force_mwi", f"{said}: nothing is written"
    yield from _about_address(page)
    if values["allow_virtualization"]:
        yield "allow_virtualization", "has no extension virtualization: nothing is written"


def _about_media(page: Page) -> Iterator[tuple[str, str]]:
    values = page.values
    if values["media_encryption"] == "dtls_srtp":
        yield "media_encryption", "takes SDES too from a phone that offers it"
    if values["media_encryption"] == "sdes_dtls_srtp":
        yield "media_encryption", "takes calls without encryption too, and offers SDES itself"
    if values["dtmf_mode"] == "inband":
        yield "dtmf_mode", "hears tones in the voice only where the dialplan runs start_dtmf"
    if values["dtmf_mode"] == "auto":
        yield "dtmf_mode", "has no such choice: RFC 2833 is used"
    if values["allow_reinvite"]:
        yield "allow_reinvite", "redirects the voice in calls of this extension to others only"
    missing = [one for one in str(values["codecs"]).split(",") if one and one not in CODECS]
    if missing:
        yield "codecs", f"has no {', '.join(missing)}: left out"


def _about_address(page: Page) -> Iterator[tuple[str, str]]:
    values = page.values
    if values["fixed_ip"]:
        yield "fixed_ip", f"calls it through the SIP profile {PROFILE}"
    if _is_let_in_by_address(page):
        said = "lets the address in when the profile's apply-inbound-acl holds the domain's users"
        yield "fixed_auth", said
    if len(str(values["allowed_networks"]).split()) > MOST_NETWORKS:
        yield "allowed_networks", f"takes {MOST_NETWORKS} networks: the others are left out"
