"""The judge of our Asterisk files: what Asterisk 22 refuses, and what it gets wrong silently.

`read(text)` gives the sections of a file as pjsip.conf is read, `faults(sections)` all that is
wrong with them. Each fault has a kind, and `EFFECTS` says for each kind whether Asterisk tells
about it: most mistakes it does not, so that a start without a warning proves little.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress

from tests.pbx.asterisk_addresses import split_match
from tests.pbx.asterisk_reading import (
    EFFECTS,
    LOST,
    REFUSED,
    SILENT,
    WARNED,
    Fault,
    Option,
    Section,
    Sections,
    read,
)
from tests.pbx.asterisk_values import is_yes, names_of, table, trouble, whole

__all__ = [
    "EFFECTS",
    "LOST",
    "REFUSED",
    "SILENT",
    "WARNED",
    "Fault",
    "Option",
    "Section",
    "Sections",
    "codecs_of",
    "faults",
    "read",
]

OPEN_TYPES = {"wizard", "phoneprov"}
"""Types of section whose options are not judged: they may have any."""

SOME = (
    "allow disallow contact match set_var permit deny contact_permit contact_deny acl contact_acl"
)
REPEATABLE = {*SOME.split(), "local_net", "list_item", "match_header"}
"""Options that add up when they are there more than once; of all others the last one counts."""

REQUIRED = {
    "auth": ("username",),
    "identify": ("endpoint",),
    "transport": ("bind",),
    "registration": ("server_uri", "client_uri"),
    "outbound-publish": ("server_uri", "event"),
    "resource_list": ("event", "list_item"),
    "domain_alias": ("domain",),
}
"""What an object is refused without; identify and auth need one more of several."""

REFERENCES = {
    ("endpoint", "aors"): "aor",
    ("endpoint", "auth"): "auth",
    ("endpoint", "outbound_auth"): "auth",
    ("endpoint", "transport"): "transport",
    ("identify", "endpoint"): "endpoint",
    ("inbound-publication", "endpoint"): "endpoint",
    ("registration", "outbound_auth"): "auth",
    ("registration", "transport"): "transport",
    ("registration", "endpoint"): "endpoint",
    ("outbound-publish", "outbound_auth"): "auth",
    ("outbound-publish", "transport"): "transport",
}
"""Options that name other sections, and the type which those must have."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

CONTEXTS = ("context", "subscribe_context", "message_context", "overlap_context")


def faults(
    sections: Iterable[Section],
    *,
    acls: Collection[str] = (),
    contexts: Collection[str] | None = None,
    files: Collection[str] | None = None,
) -> list[Fault]:
    """All that is wrong with the sections of a pjsip.conf, in the order of the sections.

    `acls`: the sections of acl.conf. `contexts`: those of the dialplan, `files`: the certificates
    that exist; None when they are not known and not judged.
    """
    known = list(sections)
    found = list(sections.faults) if isinstance(sections, Sections) else []
    for section in known:
        found += _of_section(section)
        found += _of_names(section, acls, contexts, files)
    for judge in (_duplicates, _dangling, _same_ip, _mwi_twice, _global):
        found += judge(known)
    return found


def codecs_of(endpoint: Section) -> list[str]:
    """The codecs that an endpoint ends up with: allow and disallow, one after the other."""
    every, codecs = names_of("codecs"), list[str]()
    for option in endpoint.options:
        if option.name.lower() not in ("allow", "disallow"):
            continue
        for one in option.value.lower().replace("|", ",").split(","):
            name = one.strip().removeprefix("!").partition(":")[0]
            names = every if name == "all" else [name] if name else []
            adds = one.strip().startswith("!") != (option.name.lower() == "allow")
            codecs = [codec for codec in codecs if adds or codec not in names]
            codecs += [codec for codec in names if adds and codec not in codecs]
    return codecs


def _of_section(section: Section) -> Iterator[Fault]:
    """What one section shows by itself."""
    kind = section.type
    if not kind:
        yield Fault(section.name, "type", "no-type", "a section without type is not read")
        return
    if kind in OPEN_TYPES:
        return
    if kind not in table():
        words = f"no such type: {kind!r} (capitals count); the section is not read"
        yield Fault(section.name, "type", "unknown-type", words)
        return
    yield from _of_options(section, table()[kind])
    yield from _missing(section)
    judges = {"endpoint": _endpoint, "aor": _aor, "acl": _acl}
    yield from judges.get(kind, lambda _: iter(()))(section)


def _of_options(section: Section, known: dict[str, str]) -> Iterator[Fault]:
    seen: set[str] = set()
    for option in section.options:
        name = option.name.lower()
        if name.startswith("@") or (section.type, name[:6]) == ("inbound-publication", "event_"):
            continue
        if name not in known:
            words = f"{section.type} has no option {option.name}"
            yield Fault(section.name, option.name, "unknown-option", words)
            continue
        if told := trouble(known[name], option.value) if name != "type" else None:
            yield Fault(section.name, name, *told)
        if name in seen and name not in REPEATABLE and not section.composed:
            yield Fault(section.name, name, "repeated", "only the last one counts")
        seen.add(name)


def _missing(section: Section) -> Iterator[Fault]:
    def without(*names: str) -> bool:
        return not any(
            any(section.all(name)) if name in REPEATABLE else section.get(name) for name in names
        )

    def fault(name: str, words: str) -> Fault:
        return Fault(section.name, name, "missing-option", words)

    for name in REQUIRED.get(section.type, ()):
        if without(name):
            yield fault(name, f"{section.type} is refused without {name}")
    oauth = section.type == "auth" and (section.get("auth_type") or "").lower() == "google_oauth"
    for name in ("refresh_token", "oauth_clientid", "oauth_secret") if oauth else ():
        if without(name):
            yield fault(name, f"google_oauth is refused without {name}")
    if section.type == "auth" and without("password", "password_digest", "md5_cred"):
        yield fault("password", "auth is refused without a password or its digest")
    if section.type == "identify" and without("match", "match_header", "match_request_uri"):
        yield fault("match", "identify is refused without anything to match")


def _endpoint(section: Section) -> Iterator[Fault]:
    def fault(option: str, kind: str, words: str) -> Fault:
        return Fault(section.name, option, kind, words)

    if not codecs_of(section):
        yield fault("allow", "no-codec", "no codec is left: every call ends in 488")
    certificate = section.get("dtls_cert_file") or is_yes(section.get("dtls_auto_generate_cert"))
    dtls = (section.get("media_encryption") or "").lower() == "dtls"
    if dtls and not certificate and not is_yes(section.get("webrtc")):
        words = "an empty fingerprint is sent, and the phone drops the call"
        yield fault("media_encryption", "dtls-without-certificate", words)
    methods = (section.get("identify_by") or "username,ip").lower().split(",")
    if not section.get("auth") and "username" in map(str.strip, methods):
        words = "known by its name alone, without auth: anybody is let in from anywhere"
        yield fault("identify_by", "open-door", words)
    yield from _timers(section)
    yield from _ports(section)
    yield from _acl(section)


def _timers(section: Section) -> Iterator[Fault]:
    least = whole(section.get("timers_min_se"), 90)
    if least >= 90 and whole(section.get("timers_sess_expires"), 1800) < least:
        words = "a session may not end before timers_min_se"
        yield Fault(section.name, "timers_sess_expires", "bad-value", words)


def _ports(section: Section) -> Iterator[Fault]:
    low, high = (whole(section.get(f"rtp_port_{end}"), 0) for end in ("start", "end"))
    if bool(low) != bool(high) or (low and low >= high):
        words = "rtp_port_start and rtp_port_end go together, in this order"
        yield Fault(section.name, "rtp_port_start", "bad-value", words)


def _aor(section: Section) -> Iterator[Fault]:
    if not section.get("contact") and whole(section.get("max_contacts"), 0) == 0:
        words = "no contact, and max_contacts=0 lets nobody register"
        yield Fault(section.name, "max_contacts", "no-contacts", words)
    least = whole(section.get("minimum_expiration"), 60)
    if least > whole(section.get("maximum_expiration"), 7200):
        words = "the least expiration is over the greatest"
        yield Fault(section.name, "minimum_expiration", "misread", words)


def _acl(section: Section) -> Iterator[Fault]:
    """Permit and deny of an endpoint or an acl: the last rule that fits an address counts."""
    for who in ("", "contact_"):
        rules = [
            one for one in section.options if one.name.lower() in (who + "permit", who + "deny")
        ]
        kinds = [one.name.lower().removeprefix("contact_") for one in rules]
        if "permit" in kinds and "deny" not in kinds:
            words = "permit alone lets everybody in"
            yield Fault(section.name, who + "permit", "permit-without-deny", words)
        elif "permit" in kinds and kinds[-1] == "deny" and _is_everything(rules[-1].value):
            words = "a deny of everything after permit leaves nobody"
            yield Fault(section.name, who + "deny", "deny-after-permit", words)
        elif "permit" in kinds and _refuses_ipv4_alone(rules):
            words = "who comes by IPv6 is let in from anywhere"
            yield Fault(section.name, who + "permit", "open-to-ipv6", words)


def _refuses_ipv4_alone(rules: Iterable[Option]) -> bool:
    denied = ",".join(one.value for one in rules if one.name.lower().endswith("deny"))
    return _is_everything(denied) and "::/0" not in denied


def _is_everything(networks: str) -> bool:
    return any(one.endswith(("/0", "/0.0.0.0")) for one in networks.split(","))


def _of_names(
    section: Section,
    acls: Collection[str],
    contexts: Collection[str] | None,
    files: Collection[str] | None,
) -> Iterator[Fault]:
    """Names of what stands in other files than pjsip.conf."""
    for option in section.options:
        name, kind = option.name.lower(), table().get(section.type, {}).get(option.name.lower())
        if name in ("acl", "contact_acl") and kind:
            for one in _names(option.value):
                if one not in acls:
                    words = f"{one!r} is not in acl.conf: everybody is denied"
                    yield Fault(section.name, name, "unknown-acl", words)
        if contexts is not None and name in CONTEXTS and option.value not in contexts:
            words = f"{option.value!r} is not in the dialplan: calls end"
            yield Fault(section.name, name, "dangling", words)
        if files is not None and kind == "file" and option.value not in {*files, ""}:
            yield Fault(section.name, name, "bad-value", f"there is no file {option.value}")


def _duplicates(sections: list[Section]) -> Iterator[Fault]:
    seen: set[tuple[str, str]] = set()
    for one in sections:
        if one.type in table() and (one.name, one.type) in seen:
            words = f"{one.type} is there twice: Asterisk gives up every {one.type} of the file"
            yield Fault(one.name, "type", "duplicate", words)
        seen.add((one.name, one.type))


def _dangling(sections: list[Section]) -> Iterator[Fault]:
    there = {(one.type, one.name) for one in sections}
    for section in sections:
        for (kind, option), wanted in REFERENCES.items():
            for name in _names(section.get(option) or "") if section.type == kind else ():
                if (wanted, name) not in there:
                    words = f"there is no {wanted} {name!r}"
                    yield Fault(section.name, option, "dangling", words)


def _same_ip(sections: list[Section]) -> Iterator[Fault]:
    """Two endpoints that are told apart by their address only, and have the same."""
    matches = [one for section in sections for one in _matched(section)]
    matches.sort(key=lambda one: (one[1].version, one[1].network_address, one[1].prefixlen))
    wider: list[tuple[Section, Network, str | None]] = []
    for other, network, port in matches:
        wider = [one for one in wider if _overlap(one[1], network)]
        for one, _, its in wider:
            apart = None not in (port, its) and port != its
            if one.get("endpoint") != other.get("endpoint") and not apart:
                words = f"{network} is matched by {one.name} as well: calls count as either's"
                yield Fault(other.name, "match", "same-ip", words)
        wider.append((other, network, port))


def _overlap(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)


def _matched(section: Section) -> Iterator[tuple[Section, Network, str | None]]:
    """The networks that an identify section matches, each with its port."""
    for one in _names(",".join(section.all("match"))) if section.type == "identify" else ():
        address, port, mask = split_match(one)
        with suppress(ValueError):
            yield section, ipaddress.ip_network(address + mask, strict=False), port


def _mwi_twice(sections: list[Section]) -> Iterator[Fault]:
    aors = {one.name: one for one in sections if one.type == "aor"}
    for endpoint in (one for one in sections if one.type == "endpoint"):
        own = (aors.get(name) for name in _names(endpoint.get("aors") or ""))
        both = endpoint.get("mailboxes") and any(aor and aor.get("mailboxes") for aor in own)
        if both and not is_yes(endpoint.get("mwi_subscribe_replaces_unsolicited")):
            words = "mailboxes on endpoint and aor: a SUBSCRIBE gets 500"
            yield Fault(endpoint.name, "mailboxes", "mwi-twice", words)


def _global(sections: list[Section]) -> Iterator[Fault]:
    for one in [one for one in sections if one.type == "global"][1:]:
        yield Fault(one.name, "type", "ignored-value", "there is one global section, not two")


def _names(value: str) -> list[str]:
    return [one.strip() for one in value.split(",") if one.strip()]
