"""What the options of a pjsip section mean to Asterisk, whatever words they are written in.

Two sections with equal effects are the same to Asterisk: defaults are filled in, yes is true is on,
codecs are worked out from `allow` and `disallow`. Defaults and kinds of values: Asterisk 22's
documentation of res_pjsip; only options that tuiprov itself writes are known, others are compared
as they are written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

Pair = tuple[str, str]
Effects = dict[str, Any]
"""What a section does, by option or by group of options (`codecs`, `access`)."""

CODECS, ACCESS = "codecs", "access"
GROUPS: Final = {
    "allow": CODECS,
    "disallow": CODECS,
    "deny": ACCESS,
    "permit": ACCESS,
    "acl": ACCESS,
}
_DEFAULTS: Final[dict[str, dict[str, str]]] = {
    "endpoint": {
        "context": "default",
        "media_encryption": "no",
        "media_encryption_optimistic": "no",
        "dtls_auto_generate_cert": "no",
        "dtls_verify": "no",
        "dtmf_mode": "rfc4733",
        "direct_media": "yes",
        "rtp_symmetric": "no",
        "force_rport": "yes",
        "rewrite_contact": "no",
        "mwi_subscribe_replaces_unsolicited": "no",
        "device_state_busy_at": "0",
        "identify_by": "username,ip",
    },
    "aor": {
        "max_contacts": "0",
        "remove_existing": "no",
        "default_expiration": "3600",
        "maximum_expiration": "7200",
        "qualify_frequency": "0",
    },
    "auth": {"auth_type": "userpass"},
}
_WEBRTC: Final = {
    "media_encryption": "dtls",
    "dtls_verify": "fingerprint",
    "dtls_setup": "actpass",
}
"""What `webrtc=yes` says, whatever else is written (seen on 22.10.1)."""
_FLAGS: Final = frozenset(
    name for known in _DEFAULTS.values() for name, value in known.items() if value in ("yes", "no")
) - {"media_encryption", "dtls_verify"}
_NUMBERS: Final = frozenset(
    name for known in _DEFAULTS.values() for name, value in known.items() if value.isdecimal()
)
_WORDS: Final = frozenset(
    {"dtls_setup", "dtls_verify", "dtmf_mode", "identify_by", "media_encryption"}
)
"""Whose values are the same in upper and lower case (tried on 22.10.1)."""
_TRUE: Final = frozenset({"yes", "true", "y", "t", "1", "on"})
_LISTS: Final = frozenset({"contact", "match"})
_SINGLE: Final = frozenset(
    {"webrtc"}
    | {"aors", "auth", "dtls_setup", "endpoint", "mailboxes", "realm", "subscribe_context"}
    | {"transport", "username"}
    | {name for known in _DEFAULTS.values() for name in known}
)
"""Of which the last one counts; of what is not known all are kept."""
_CREDENTIALS: Final = frozenset({"password", "password_digest", "md5_cred"})
_DIGESTS: Final = frozenset({"userpass", "digest"})


def effects(kind: str, options: Iterable[Pair], *, has_identify: bool = True) -> Effects:
    """The effects of a section of this type. Options without a value count as not written; those
    that hold a password are left out. `has_identify`: is there an identify section for it?"""
    given: dict[str, list[str]] = {}
    written: list[Pair] = []
    for name, value in options:
        low = name.lower()
        if low != "type" and low not in _CREDENTIALS and value:
            written.append((low, value))
            given.setdefault(low, []).append(value)
    found: Effects = {}
    for name, values in given.items():
        if name not in GROUPS:
            found[name] = _meaning(name, values)
    for name, value in _DEFAULTS.get(kind, {}).items():
        found.setdefault(name, _meaning(name, [value]))
    if kind == "endpoint":
        if is_true(found.get("webrtc", "no")):
            found |= {name: _meaning(name, [value]) for name, value in _WEBRTC.items()}
            found["dtls_auto_generate_cert"] = "dtls_cert_file" not in found
        found[CODECS] = codecs_of(written)
        found[ACCESS] = access_of(written)
        found.setdefault("subscribe_context", found["context"])
        ways = set(re.split(r"[\s,]+", found["identify_by"])) - {"" if has_identify else "ip"}
        found["identify_by"] = frozenset(ways)
    return found


def _meaning(name: str, values: list[str]) -> Any:
    last = values[-1].lower() if name in _WORDS else values[-1]
    if name in _FLAGS:
        return is_true(last)
    if name in _NUMBERS:
        return int(last) if re.fullmatch(r"[0-9]{1,9}", last) else last
    if name == "callerid":
        return caller_of(last)
    if name == "auth_type":
        return "digest" if last.lower() in _DIGESTS else last.lower()
    if name == "match":
        return tuple(part.strip() for value in values for part in value.split(","))
    if name == "set_var":
        return {variable: value for variable, _, value in (one.partition("=") for one in values)}
    if name in _LISTS or (len(values) > 1 and name not in _SINGLE):
        return tuple(values)
    return last


def has_default(kind: str, name: str) -> bool:
    """Has the option a default that is not empty, so that it matters whether it is written?"""
    return name in _DEFAULTS.get(kind, {})


def counts_once(name: str) -> bool:
    """Of an option that is written several times, does the last one count alone?"""
    return name in _SINGLE or name == "callerid"


def is_true(value: str) -> bool:
    """As Asterisk reads a yes or no: what is not one of its words for yes is no."""
    return value.lower() in _TRUE


def codecs_of(options: Iterable[Pair]) -> tuple[str, ...]:
    """The codecs that are left by all `allow` and `disallow`, in their order."""
    found: list[str] = []
    for option, value in options:
        if option not in ("allow", "disallow"):
            continue
        for word in filter(None, re.split(r"[\s,|&]+", value.lower())):
            name = word.lstrip("!")
            if name == "all" and (option == "disallow") != word.startswith("!"):
                found.clear()
            elif option == "disallow" or word.startswith("!"):
                found = [one for one in found if one != name] + (
                    [f"!{name}"] if "all" in found else []
                )
            elif name not in found:
                found.append(name)
    return tuple(found)


def access_of(options: Iterable[Pair]) -> tuple[Pair, ...]:
    """Who is let in: (`deny` or `permit`, a network) in order, and named lists as (`acl`, name)."""
    return tuple(
        (option, network_of(one.strip()) if option != "acl" else one.strip())
        for option, value in options
        if option in ("deny", "permit", "acl")
        for one in value.split(",")
    )


def network_of(text: str) -> str:
    """`192.0.2.0/24` of `192.0.2.0/255.255.255.0`; what is not understood stays as it is."""
    import netaddr

    try:
        network = netaddr.IPNetwork(text)
    except (netaddr.AddrFormatError, ValueError):
        return text
    return str(network.cidr)


def caller_of(text: str) -> tuple[str, str]:
    """Name and number of a caller ID, as Asterisk's callerid.c takes it apart."""
    before, bracket, rest = text.partition("<")
    number, closed, _ = rest.partition(">")
    if bracket and closed:
        name = before.strip()
        if len(name) > 1 and name[0] == name[-1] == '"':
            name = name[1:-1]
        return name, number.strip()
    bare = text.strip().strip('"')
    return ("", bare) if re.fullmatch(r"[0-9*#+]+", bare) else (bare, "")
