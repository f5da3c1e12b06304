"""Asterisk's chan_pjsip: an extension's sections, from its page.

Every option and what it does was proved on Asterisk 22.10.1 (reference: asterisk, §1.3); options
whose default is not what the page says are always written. `docs/pbx.md` shows the whole mapping.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from tuiprov.data.identity import sip_user
from tuiprov.data.page import OwnOption, Page
from tuiprov.data.site import Site
from tuiprov.errors import RenderError
from tuiprov.pbx import console, dialplan, held
from tuiprov.pbx.kinds import PbxFile
from tuiprov.render.notes import Note

Option = tuple[str, str]
Options = tuple[Option, ...]

PJSIP_FILE: Final = "pjsip_tuiprov.conf"
_COMMENT: Final = "; {}"

MEDIA_ENCRYPTION: Final[dict[str, Options]] = {
    "none": (("media_encryption", "no"),),
    "sdes": (("media_encryption", "sdes"), ("media_encryption_optimistic", "no")),
    "dtls_srtp": (
        ("media_encryption", "dtls"),
        ("media_encryption_optimistic", "no"),
        # Without a certificate Asterisk loads it all the same, and every call fails.
        ("dtls_auto_generate_cert", "yes"),
        ("dtls_verify", "fingerprint"),
        ("dtls_setup", "actpass"),
    ),
    # One endpoint has one method: `both` is no word of Asterisk's.
    "sdes_dtls_srtp": (("media_encryption", "sdes"), ("media_encryption_optimistic", "yes")),
}
DTMF_MODES: Final = {"rfc2833": "rfc4733", "inband": "inband", "info": "info", "auto": "auto"}
"""`rfc2833` would make the whole endpoint disappear."""
CODECS: Final = {
    name: name for name in ("alaw", "ulaw", "g722", "g729", "opus", "ilbc", "gsm", "g723", "g726")
}
"""The page's names and Asterisk's, which are the same."""
ADDED: Final = frozenset({"set_var"})
"""Options of which there may be several, so that a kept one stands beside ours."""
FIELD_OF: Final = {
    "allow": "codecs",
    "callerid": "extension_name",
    "contact": "fixed_ip",
    "context": "max_public_concurrent_calls",
    "deny": "allowed_networks",
    "device_state_busy_at": "max_public_concurrent_calls",
    "direct_media": "allow_reinvite",
    "dtls_auto_generate_cert": "media_encryption",
    "dtls_setup": "media_encryption",
    "dtls_verify": "media_encryption",
    "dtmf_mode": "dtmf_mode",
    "force_rport": "on_private_network",
    "identify_by": "fixed_ip",
    "mailboxes": "force_mwi",
    "match": "fixed_ip",
    "media_encryption": "media_encryption",
    "media_encryption_optimistic": "media_encryption",
    "mwi_subscribe_replaces_unsolicited": "force_mwi",
    "permit": "allowed_networks",
    "qualify_frequency": "ping",
    "rewrite_contact": "on_private_network",
    "rtp_symmetric": "on_private_network",
    "transport": "signaling_transport",
    "username": "sip_username",
}
"""Beside which field is said that an option was kept and stands in the field's place."""
OF_SETTINGS: Final = frozenset(
    {"context", "default_expiration", "mailboxes", "maximum_expiration", "realm"}
    | {"subscribe_context", "transport"}
)
"""Options that settings decide, too: a kept one does not end when these are changed."""
EVERYBODY: Final = ("0.0.0.0/0", "::/0")
"""All networks that a rule of access can name."""
QUALIFY_SECONDS: Final = 60
_LONGEST_EXPIRY: Final = 7200
"""Asterisk's own; it cuts what a phone asks for beyond it, silently."""
_LONGEST_NAME: Final = 79
"""Bytes of a caller's name: Asterisk cuts the rest, also in the middle of a character."""
_LONGEST_LINE: Final = 8_190
"""Bytes of a line: Asterisk skips a longer one."""
_SECRETS: Final = re.compile(
    r"^(.*?\b(?:password(?:_digest)?|md5_cred|secret)[ \t]*\+?=>?(?: ?MD5:)?).*", re.M | re.I
)
"""Also in lines that somebody else wrote: indented, behind a comment, with blanks."""


class Asterisk:
    """Asterisk 18 and newer with chan_pjsip, one include file beside its own pjsip.conf and one
    beside its extensions.conf."""

    label = "Asterisk"

    def files(self, site: Site) -> Sequence[PbxFile]:
        return (
            PbxFile(PJSIP_FILE, "", "", _COMMENT),
            PbxFile(dialplan.FILE, dialplan.head(site), "", _COMMENT),
        )

    def blocks(self, page: Page) -> Sequence[str]:
        return (_text(page), dialplan.block(page))

    def account(self, page: Page) -> str:
        return account(page)

    def notes(self, page: Page) -> Sequence[Note]:
        return list(_notes(page))

    def reload(self, command: Sequence[str]) -> None:
        console.reload(console.runner(command))

    def wrong(
        self,
        command: Sequence[str],
        texts: Sequence[str],
        changed: Sequence[str],
        before: Sequence[str] = (),
    ) -> Sequence[str]:
        return held.wrong(console.runner(command), texts[0], changed, *before[:1])

    def masked(self, text: str, sign: str) -> str:
        return _SECRETS.sub(rf"\g<1>{sign}", text)


def account(page: Page) -> str:
    """The SIP user, which is the name of all its sections: Asterisk finds an endpoint by the user
    of From, and an aor by that of To."""
    return sip_user(page.values)


def sections(page: Page) -> list[tuple[str, Options]]:
    """The sections of an extension as (type, options), all of them named by its account."""
    found = _of_page(page)
    return [(kind, _with_own(page, kind, options)) for kind, options in found] + _own_sections(
        page, {kind for kind, _ in found}
    )


def _of_page(page: Page) -> list[tuple[str, Options]]:
    """What the page alone says."""
    found: list[tuple[str, Options]] = [
        ("endpoint", tuple(_endpoint(page))),
        ("aor", tuple(_aor(page))),
    ]
    if _authenticates(page):
        found.append(("auth", tuple(_auth(page, str(page.values["sip_password"])))))
    if _is_known_by_address(page):
        found.append(("identify", tuple(_identify(page))))
    return found


def _text(page: Page) -> str:
    lines = []
    for name, kind, options in _named_sections(page):
        lines += [f"[{name}]", f"type={kind}"]
        lines += [_line(option, value) for option, value in options]
        lines.append("")
    return "\n".join(lines) + "\n"


def _named_sections(page: Page) -> Iterator[tuple[str, str, Options]]:
    """All sections as (name, type, options); those of former passwords stand last."""
    for kind, options in sections(page):
        yield account(page), kind, options
    if _authenticates(page):
        for name, password in _former(page):
            yield name, "auth", tuple(_auth(page, password))


def _former(page: Page) -> Iterator[tuple[str, str]]:
    """Sections of former passwords with these: an endpoint may have several auths of one realm, and
    takes what any of them takes (proved on Asterisk 22.10.1). No SIP user has a `/` in it."""
    for number, password in enumerate(page.former_passwords, 1):
        yield f"{account(page)}/former{number}", password


def _line(option: str, value: str) -> str:
    """One option. `=>` keeps a value that begins with `>` whole; `;` would begin a comment."""
    line = f"{option}=>{escaped(value)}" if option == "password" else f"{option}={escaped(value)}"
    if len(line.encode()) > _LONGEST_LINE:
        raise RenderError(f"{option} is longer than a line of Asterisk's configuration can be")
    return line


def escaped(value: str) -> str:
    """A value as Asterisk's parser takes it."""
    return value.replace(";", r"\;")


# -- the sections ---------------------------------------------------------------------------------


def _endpoint(page: Page) -> Iterator[Option]:
    values, site = page.values, page.site
    name = account(page)
    yield "context", dialplan.context_of(page)
    yield "subscribe_context", site.pbx_context
    yield "disallow", "all"
    yield "allow", ",".join(_codecs(page))
    yield "aors", name
    if _authenticates(page):
        yield "auth", ",".join((name, *(former for former, _ in _former(page))))
    shown = _caller_name(page)
    yield "callerid", f'"{shown}" <{_number(page)}>' if shown else f"<{_number(page)}>"
    yield "identify_by", "ip" if _is_known_by_address(page) else "username"
    if values["fixed_ip"]:
        by_tcp = values["signaling_transport"] == "tcp"
        yield "transport", site.pbx_tcp_transport if by_tcp else site.pbx_udp_transport
    yield from MEDIA_ENCRYPTION[str(values["media_encryption"])]
    yield "dtmf_mode", DTMF_MODES[str(values["dtmf_mode"])]
    yield "direct_media", _yes(values["allow_reinvite"])
    for option in ("rtp_symmetric", "force_rport", "rewrite_contact"):
        yield option, _yes(not values["on_private_network"])
    if values["force_mwi"] and _mailbox(page):
        yield "mailboxes", _mailbox(page)
        # Without it a phone that subscribes all the same is answered 500.
        yield "mwi_subscribe_replaces_unsolicited", "yes"
    yield from _allowed(page)
    if dialplan.limit_of(page) is not None:
        yield "device_state_busy_at", str(dialplan.limit_of(page))
        yield "set_var", f"{dialplan.LIMIT_VARIABLE}={dialplan.limit_of(page)}"


def _aor(page: Page) -> Iterator[Option]:
    values = page.values
    if values["fixed_ip"]:
        # No max_contacts: Asterisk then refuses a registration, and calls still reach it.
        transport = ";transport=tcp" if values["signaling_transport"] == "tcp" else ""
        port = values["fixed_port"] or 5060
        yield "contact", f"sip:{account(page)}@{values['fixed_ip']}:{port}{transport}"
    else:
        yield "max_contacts", "1"
        yield "remove_existing", "yes"
        yield "default_expiration", str(page.site.register_expiry)
        yield "maximum_expiration", str(max(_LONGEST_EXPIRY, page.site.register_expiry))
    yield "qualify_frequency", str(QUALIFY_SECONDS if values["ping"] else 0)
    if _mailbox(page):
        yield "mailboxes", _mailbox(page)


def _auth(page: Page, password: str) -> Iterator[Option]:
    site, name = page.site, account(page)
    if not password:
        raise RenderError(f"extension {page.values['extension']} has no SIP password")
    yield "auth_type", "digest" if site.pbx_release == "22" else "userpass"
    yield "username", name
    if site.pbx_realm and site.pbx_release == "22":
        hashed = hashlib.md5(f"{name}:{site.pbx_realm}:{password}".encode(), usedforsecurity=False)
        yield "realm", site.pbx_realm
        yield "password_digest", f"MD5:{hashed.hexdigest()}"
    else:
        yield "password", password


def _identify(page: Page) -> Iterator[Option]:
    yield "endpoint", account(page)
    yield "match", str(page.values["fixed_ip"])


def _allowed(page: Page) -> Iterator[Option]:
    """Who may use the account. `permit` without `deny` would let everyone in, and a `deny` of all
    IPv4 addresses everyone who comes by IPv6 (seen on 22.10.1)."""
    values = page.values
    networks = str(values["allowed_networks"]).split()
    if values["fixed_ip"]:
        networks = [] if _is_known_by_address(page) else [str(values["fixed_ip"])]
    if networks:
        yield "deny", ",".join(EVERYBODY)
        yield "permit", ",".join(networks)


def _with_own(page: Page, kind: str, options: Options = ()) -> Options:
    """A section's options with those kept from the configuration that was taken over. A kept one
    stands in place of ours of the same name; without a value it only takes ours away."""
    own = [one for one in page.own_options if one.section == kind and _still_counts(one, options)]
    replaced = {one.name for one in own} - ADDED
    ours = tuple(option for option in options if option[0] not in replaced)
    return ours + tuple((one.name, one.value) for one in own if one.value)


def _still_counts(own: OwnOption, options: Options) -> bool:
    """Does the page make of it what it did when the option was kept?"""
    return own.instead is None or own.instead == values_of(options, own.name)


def values_of(options: Iterable[Option], name: str) -> str:
    """All values of an option, as `OwnOption.instead` has them."""
    return "\n".join(value for option, value in options if option == name)


def _own_sections(page: Page, known: set[str]) -> list[tuple[str, Options]]:
    kinds = dict.fromkeys(one.section for one in page.own_options if one.section not in known)
    found = [(kind, _with_own(page, kind)) for kind in kinds]
    return [(kind, options) for kind, options in found if options]


# -- what they are made of ------------------------------------------------------------------------


def _authenticates(page: Page) -> bool:
    return not page.values["fixed_ip"] or page.values["fixed_auth"] == "required"


def _is_known_by_address(page: Page) -> bool:
    """By its IP address alone. Where several share one, Asterisk would take all calls for the
    first one's: each is then known by its user name and password, from that address only."""
    return bool(page.values["fixed_ip"]) and not (page.shares_fixed_ip and _authenticates(page))


def _codecs(page: Page) -> list[str]:
    wanted = str(page.values["codecs"]).split(",")
    found = [CODECS[name] for name in wanted if name in CODECS]
    if not found:
        raise RenderError(f"Asterisk has none of the codecs of extension {_number(page)}")
    return found


def _number(page: Page) -> str:
    return str(page.values["extension"])


def _mailbox(page: Page) -> str:
    context = page.site.pbx_mailboxes
    return f"{_number(page)}@{context}" if context else ""


def _caller_name(page: Page) -> str:
    """The name that callers see, as Asterisk keeps it whole."""
    name = str(page.values["extension_name"])
    for lost, shown in (('"', "'"), ("<", "("), (">", ")"), ("\\", "/")):
        name = name.replace(lost, shown)
    return name.encode()[:_LONGEST_NAME].decode(errors="ignore").rstrip()


def _yes(value: object) -> str:
    return "yes" if value else "no"


# -- what it does instead -------------------------------------------------------------------------


def _notes(page: Page) -> Iterator[Note]:
    values = page.values
    yield from _about_name(page)
    if page.former_passwords:
        yield _note("sip_password", "also takes the former one, until the phone has fetched this")
    if dialplan.limit_of(page) is not None:
        said = f"counts all calls, not public ones alone, by the lines of {dialplan.FILE}"
        yield _note("max_public_concurrent_calls", said)
    if values["media_encryption"] == "sdes_dtls_srtp":
        said = "has one method for an extension: SDES is used where the phone offers it"
        said += ", and a phone that offers DTLS-SRTP alone hears nothing"
        yield _note("media_encryption", said)
    if values["media_encryption"] == "dtls_srtp":
        said = "takes DTLS-SRTP from phones so; a browser (WebRTC) needs more than the page says"
        yield _note("media_encryption", said)
    if values["pbx_connected"]:
        said = f"sends the dialled number on when the dialplan sets {dialplan.DIALLED} to it"
        yield _note("pbx_connected", said)
    if values["publishes_state"]:
        said = f"takes no PUBLISH from phones: watchers see {dialplan.custom_state(page)}"
        yield _note("publishes_state", f"{said}, which the dialplan sets")
    if values["force_mwi"] and not page.site.pbx_mailboxes:
        yield _note("force_mwi", "has no mailbox for it: no voicemail context is set (F6)")
    missing = [n for n in str(values["codecs"]).split(",") if n and n not in CODECS]
    if missing:
        yield _note("codecs", f"has no {', '.join(missing)}: left out")
    if values["fixed_ip"] and page.shares_fixed_ip and _authenticates(page):
        said = "tells extensions at one IP apart by their SIP user name, which has to be in From"
        yield _note("fixed_ip", said)
    if values["allow_virtualization"]:
        yield _note("allow_virtualization", "has no extension virtualization: nothing is written")
    yield from _about_kept(page)


def _about_kept(page: Page) -> Iterator[Note]:
    try:
        ours = dict(_of_page(page)) if page.own_options else {}
    except RenderError:
        return  # said where the sections would be
    for one in page.own_options:
        if one.name in FIELD_OF and _still_counts(one, ours.get(one.section, ())):
            kept = f"{one.name}={one.value}" if one.value else f"no {one.name}"
            said = f"keeps {kept}, as it was before it was taken over"
            ends = "" if one.instead is None else ", until this is changed"
            yield _note(FIELD_OF[one.name], said + ends)


def _about_name(page: Page) -> Iterator[Note]:
    shown = _caller_name(page)
    if shown != page.values["extension_name"]:
        yield _note("extension_name", f"shows callers the name as {shown}")


def _note(field: str, words: str) -> Note:
    return Note(field, f"Asterisk {words}")
