"""From an endpoint's options back to the page's preferences, and to settings that fit them.

The inverse of `asterisk.py`. Where Asterisk knows more than the page, the nearest value is taken:
`takeover.py` keeps what is lost by it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from tuiprov.data.fields import Value, Values
from tuiprov.data.sections import DEFAULTS, FIELDS
from tuiprov.data.site import SITE_FIELDS, Site
from tuiprov.pbx import asterisk, dialplan
from tuiprov.pbx.config_reader import Config, Section
from tuiprov.pbx.effects import ACCESS, CODECS, Effects, effects

_DTMF: Final = {found: ours for ours, found in asterisk.DTMF_MODES.items()} | {"auto_info": "auto"}
_CODEC: Final = {theirs: ours for ours, theirs in asterisk.CODECS.items()}


def preferences(endpoint: Section, aor: Section, site: Site, *, is_fixed: bool) -> dict[str, Value]:
    """The SIP preferences that are nearest to an endpoint and its aor."""
    does = effects("endpoint", pairs(endpoint))
    values: dict[str, Value] = {
        "media_encryption": _encryption(does),
        "dtmf_mode": _DTMF.get(does["dtmf_mode"], "rfc2833"),
        "ping": bool(effects("aor", pairs(aor))["qualify_frequency"]),
        "allow_reinvite": does["direct_media"],
        "force_mwi": bool(does.get("mailboxes") and site.pbx_mailboxes),
        "codecs": _codecs(does, site),
    }
    if site.infrastructure_type != "none":
        values["on_private_network"] = not (does["rtp_symmetric"] or does["rewrite_contact"])
    if not is_fixed and (listed := networks(does[ACCESS])):
        values["allowed_networks"] = listed
    return values | _limit(does)


def _codecs(does: Effects, site: Site) -> str:
    """Those that the site offers; where there are none the first one offered, which is then not
    what Asterisk is told."""
    found = [_CODEC[name] for name in does[CODECS] if name in _CODEC]
    offered = [name for name in found if name in site.offered]
    return ",".join(offered) or ",".join(site.offered[:1])


def _encryption(does: Effects) -> str:
    method = does["media_encryption"]
    if method == "sdes":
        return "sdes_dtls_srtp" if does["media_encryption_optimistic"] else "sdes"
    return "dtls_srtp" if method == "dtls" else "none"


def _limit(does: Effects) -> dict[str, Value]:
    """A limit that tuiprov itself wrote; `device_state_busy_at` alone limits nothing."""
    limit = does.get("set_var", {}).get(dialplan.LIMIT_VARIABLE, "")
    if does["context"] == dialplan.LIMITED and re.fullmatch("[0-9]{1,4}", limit):
        return {"max_public_concurrent_calls": int(limit)}
    return {}


def networks(access: Sequence[tuple[str, str]]) -> str:
    """The field's text, where everybody is refused but for some networks that it can hold."""
    everybody = tuple(("deny", one) for one in asterisk.EVERYBODY)
    # Where only IPv4 is refused, as older recipes have it, `takeover.py` keeps that.
    refused = 2 if tuple(access[:2]) == everybody else 1
    if tuple(access[:refused]) != everybody[:refused]:
        return ""
    listed = [one for sense, one in access[refused:] if sense == "permit"]
    text = " ".join(one.removesuffix("/32") for one in listed)
    if len(listed) != len(access) - refused or not fits("allowed_networks", text):
        return ""
    return text


def fits(name: str, text: str) -> bool:
    """Is this a text that the field takes as it is?"""
    try:
        return FIELDS[name].parse(text) == text
    except ValueError:
        return False


def as_stored(values: Values) -> dict[str, Value]:
    """The values that differ from a new extension's."""
    return {name: value for name, value in values.items() if value != DEFAULTS[name]}


def pairs(section: Section) -> list[tuple[str, str]]:
    """A section's options as (name, value)."""
    return [(one.name.lower(), one.value) for one in section.options]


def of_kind(config: Config, kind: str) -> list[Section]:
    """The sections of this type that are no templates."""
    return [one for one in config.sections if one.kind == kind and not one.is_template]


# -- settings -------------------------------------------------------------------------------------


def fitting_settings(config: Config) -> dict[str, Value]:
    """Settings under which most of the extensions are written as they are."""
    endpoints = [one for one in of_kind(config, "endpoint") if not one.last("outbound_auth")]
    contexts = Counter(one.last("context") for one in endpoints)
    contexts.pop(dialplan.LIMITED, None)
    box_of = {one.name: one.last("mailboxes") for one in of_kind(config, "aor")}
    boxes = [one.last("mailboxes") or box_of.get(one.name, "") for one in endpoints]
    found: dict[str, Value] = {"pbx": "asterisk"}
    digest = any(one.last("auth_type").lower() == "digest" for one in of_kind(config, "auth"))
    found["pbx_release"] = "22" if digest else "older"
    found["pbx_context"] = _setting("pbx_context", _most(contexts), "phones")
    after_at = Counter(box.partition("@")[2] for box in boxes if box)
    found["pbx_mailboxes"] = _setting("pbx_mailboxes", _most(after_at), "")
    for name, protocol in (("pbx_udp_transport", "udp"), ("pbx_tcp_transport", "tcp")):
        known = [one for one in of_kind(config, "transport") if one.last("protocol") == protocol]
        if known:
            found[name] = _setting(name, known[0].name, str(getattr(Site(), name)))
    return found


def _most(counted: Counter[str]) -> str:
    return counted.most_common(1)[0][0] if counted else ""


def _setting(name: str, text: str, otherwise: str) -> str:
    try:
        return str(SITE_FIELDS[name].parse(text)) or otherwise
    except ValueError:
        return otherwise
