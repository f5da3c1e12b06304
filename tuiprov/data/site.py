"""The system-wide settings (*Global preferences*), each declared once in one of five sections.

`SystemSettings` stores them, `Site` carries them; the preferences screen, `tuiprov settings` and
the docs are drawn from `SITE_FIELDS`.
"""

from collections.abc import Mapping
from typing import Annotated, Final

from sqlmodel import Field as Column

from tuiprov.data.catalog import default_catalog
from tuiprov.data.fields import Choice, Codecs, Field, Flag, Networks, Number, Text, declared
from tuiprov.data.places import COUNTRIES, LANGUAGES, TIME_ZONES
from tuiprov.data.record import Record
from tuiprov.errors import Refusal
from tuiprov.text import in_words

_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?"
_HOST_RULE = "must be a host name or an IPv4 address"


def _host(label: str, help_text: str) -> Text:
    return Text(
        label=label, help=help_text, takes="phone", longest=253, pattern=_HOST, rule=_HOST_RULE
    )


def _port(label: str) -> Number:
    return Number(label=label, help="A port from 1 to 65535.", takes="phone", low=1, high=65_535)


def _place(label: str, help_text: str, places: Mapping[str, str]) -> Choice:
    options = (("", "the phone's own"), *places.items())
    return Choice(
        label=label, help=f"{help_text} Empty: the phone's own.", takes="phone", options=options
    )


def _name_of(label: str, help_text: str) -> Text:
    """The name of a section or context of the PBX's own configuration."""
    return Text(
        label=label,
        help=help_text,
        takes="pbx",
        longest=64,
        pattern=r"[A-Za-z0-9][A-Za-z0-9._-]*",
        rule="must be letters, digits or . _ -",
    )


class Service(Record):
    """Provisioning."""

    provisioning_host: Annotated[
        str, _host("Provisioning host", "Host in the provisioning links.")
    ] = "prov.example.com"
    tftp_port: Annotated[int, _port("TFTP port")] = 69
    http_port: Annotated[int, _port("HTTP port")] = 80
    https_port: Annotated[int, _port("HTTPS port")] = 443
    allow_mac_based_provisioning: Annotated[
        bool,
        Flag(
            label="Allow MAC based provisioning on HTTP(S)",
            help="Links may be built from MAC addresses.",
            takes="phone",
        ),
    ] = True
    publish_root: Annotated[
        str,
        Text(
            label="Publish root",
            help="Directory that phones read from. Nothing is moved when it changes: "
            "all files are written to the new one.",
            takes="phone",
            longest=1024,
        ),
    ] = ""
    publish_group: Annotated[
        str,
        Text(
            label="Publish group",
            help="Group of the TFTP or HTTP server. Empty: the group of the publish root.",
            takes="phone",
            longest=32,
            pattern=r"[a-z_][a-z0-9_-]*",
            rule="must be a group's name",
        ),
    ] = ""
    world_readable: Annotated[
        bool,
        Flag(
            label="World-readable files",
            help="Files 0644 instead of 0640: every local user can read the SIP passwords. "
            "Only for a TFTP server that insists (Debian's tftpd-hpa without --permissive).",
            takes="phone",
        ),
    ] = False


class Telephony(Record):
    """Telephony."""

    sip_server: Annotated[str, _host("SIP server", "Registrar that phones register at.")] = (
        "pbx.example.com"
    )
    sip_port: Annotated[int, _port("SIP port")] = 5060
    outbound_proxy: Annotated[str, _host("Outbound proxy", "Empty: none.")] = ""
    outbound_proxy_port: Annotated[int, _port("Outbound proxy port")] = 5060
    register_expiry: Annotated[
        int,
        Number(label="Registration expiry", help="Seconds.", takes="phone", low=60, high=86_400),
    ] = 3600
    codecs_offered: Annotated[
        str, Codecs(label="Codecs offered", help="What extensions may choose from, in order.")
    ] = "alaw,ulaw,g722,g729,opus,gsm"
    voicemail_number: Annotated[
        str,
        Text(
            label="Voicemail number",
            help="What the message key dials.",
            takes="phone",
            longest=20,
            pattern=r"[0-9*#+]+",
            rule="must be digits, * # or +",
        ),
    ] = "*97"
    phonebook_url: Annotated[
        str,
        Text(
            label="Phonebook URL",
            help="Where phones fetch the shared phonebook. Empty: none.",
            takes="phone",
            longest=255,
            pattern=r"(?:https?|tftp)://[A-Za-z0-9.:-]+(?:/[A-Za-z0-9._~%/?=&+-]*)?",
            rule="must be an address such as https://pbx.example.com/phonebook.xml",
        ),
    ] = ""


class TimeAndLanguage(Record):
    """Time and language."""

    ntp_server: Annotated[str, _host("Time server", "Empty: the phone's own.")] = "pool.ntp.org"
    time_zone: Annotated[
        str, _place("Time zone", "Whose clock phones show.", {name: name for name in TIME_ZONES})
    ] = ""
    language: Annotated[str, _place("Language", "Language of the phone's menus.", LANGUAGES)] = ""
    tone_country: Annotated[
        str, _place("Tone country", "Whose dial, busy and ring tones phones play.", COUNTRIES)
    ] = ""


class NewDevices(Record):
    """New devices."""

    default_update_protocol: Annotated[
        str,
        Choice(
            label="Update protocol of new devices",
            help="Taken where the phone can do it.",
            options=(
                ("", "the phone's best"),
                ("https", "HTTPS"),
                ("http", "HTTP"),
                ("tftp", "TFTP"),
            ),
        ),
    ] = ""
    default_mac_based_provisioning: Annotated[
        bool,
        Flag(label="MAC based provisioning of new devices", help="The tick of a new device."),
    ] = False
    default_password_generation: Annotated[
        str,
        Choice(
            label="Password generation of new devices",
            help="Auto generated gives each new phone an administrator password of its own.",
            options=(("none", "None"), ("auto", "Auto generated")),
        ),
    ] = "none"
    default_status: Annotated[
        str,
        Choice(
            label="Status of new devices",
            help="Disabled: a new device gets no file until somebody enables it.",
            options=(("enabled", "Enable"), ("disabled", "Disable")),
        ),
    ] = "enabled"


class Serving(Record):
    """Serving and resync."""

    phone_networks: Annotated[
        str,
        Networks(
            label="Phones' networks",
            help="IPv4 networks that may fetch from tuiprov serve. Empty: all.",
            longest_prefix=8,
        ),
    ] = ""
    trusted_proxies: Annotated[
        str,
        Networks(
            label="Trusted proxies",
            help="Web servers in front of tuiprov serve, whose X-Forwarded-For is believed.",
        ),
    ] = ""
    http_authentication: Annotated[
        str,
        Choice(
            label="HTTP authentication",
            help="What tuiprov serve asks of a phone besides its link.",
            takes="phone",
            options=(
                ("none", "None"),
                ("prepared", "None yet; phones are told their login"),
                ("digest", "Digest"),
                ("basic", "Basic"),
            ),
        ),
    ] = Column(default="none", max_length=8)
    client_certificates: Annotated[
        str,
        Choice(
            label="Client certificates",
            help="Over HTTPS. A certificate must hold the very MAC address of the phone.",
            options=(
                ("none", "Not asked for"),
                ("checked", "Checked when sent"),
                ("needed", "Needed"),
            ),
        ),
    ] = Column(default="none", max_length=8)
    two_stage_enrolment: Annotated[
        bool,
        Flag(
            label="Two-stage enrolment",
            help="A new phone's link is good for a first fetch only, of a file without secrets, "
            "which sends it on to its steady link.",
        ),
    ] = False
    enrolment_hours: Annotated[
        int,
        Number(label="Enrolment window", help="Hours that a first link is good.", low=1, high=720),
    ] = 24
    resync_by: Annotated[
        str,
        Choice(
            label="Resync by",
            help="How phones are told to fetch their files again.",
            options=(
                ("none", "Not at all"),
                ("asterisk", "Asterisk (pjsip_notify)"),
                ("sip", "A SIP message of our own"),
            ),
        ),
    ] = Column(default="none", max_length=8)
    resync_per_second: Annotated[
        int,
        Number(
            label="Phones resynced a second", help="So that not all come at once.", low=1, high=500
        ),
    ] = 10


class License(Record):
    """License and network."""

    sip_trunking_channels: Annotated[
        int,
        Number(
            label="Maximum number of SIP trunking channels",
            help="As licensed. 0: no PBX can be connected.",
            low=0,
            high=99_999,
        ),
    ] = 10
    infrastructure_type: Annotated[
        str,
        Choice(
            label="Infrastructure type",
            help="Whether extensions may sit on a private network.",
            options=(
                ("none", "None"),
                ("nat", "NAT (Network Address Translation)"),
                ("routing", "Public/Private Networks Routing"),
            ),
        ),
    ] = Column(default="none", max_length=8)
    private_network: Annotated[
        str, Networks(label="Private network", help="Address and mask.", longest_prefix=8)
    ] = ""


ASKING: Final = ("digest", "basic")
"""The values of `http_authentication` with which a phone is asked for its login."""


class Switchboard(Record):
    """PBX."""

    pbx: Annotated[
        str,
        Choice(
            label="PBX",
            help="Whose configuration tuiprov writes from the extensions and their SIP "
            "preferences. None: the PBX is set up elsewhere.",
            takes="pbx",
            options=(
                ("none", "None"),
                ("asterisk", "Asterisk (chan_pjsip)"),
                ("freeswitch", "FreeSWITCH (directory)"),
            ),
        ),
    ] = Column(default="none", max_length=16)
    pbx_group: Annotated[
        str,
        Text(
            label="PBX group",
            help="Group that may read the PBX's files, which hold every SIP password. "
            "Empty: the group of the publish root.",
            takes="pbx",
            longest=32,
            pattern=r"[a-z_][a-z0-9_-]*",
            rule="must be a group's name",
        ),
    ] = ""
    pbx_context: Annotated[
        str, _name_of("Dialplan context", "Where the calls that phones make begin.")
    ] = "phones"
    pbx_mailboxes: Annotated[
        str,
        _name_of("Voicemail context", "Where mailboxes are. Empty: extensions have none."),
    ] = "default"
    pbx_udp_transport: Annotated[
        str, _name_of("UDP transport", "Section of pjsip.conf for phones at a fixed IP over UDP.")
    ] = "transport-udp"
    pbx_tcp_transport: Annotated[
        str, _name_of("TCP transport", "Section of pjsip.conf for phones at a fixed IP over TCP.")
    ] = "transport-tcp"
    pbx_release: Annotated[
        str,
        Choice(
            label="Asterisk version",
            help="22 has other words for passwords, and takes them hashed.",
            takes="pbx",
            options=(("22", "22 or newer"), ("older", "Older than 22")),
        ),
    ] = Column(default="22", max_length=8)
    pbx_realm: Annotated[
        str,
        Text(
            label="Digest realm",
            help="As the PBX sends it in its challenge: Asterisk's own is asterisk, FreeSWITCH's "
            "the domain. Known: passwords are written hashed. Empty: in clear.",
            takes="pbx",
            longest=64,
            pattern=r"[A-Za-z0-9][A-Za-z0-9._@-]*",
            rule="must be letters, digits or . _ @ -",
        ),
    ] = ""
    former_password_hours: Annotated[
        int,
        Number(
            label="Old password taken",
            help="Hours that the PBX takes the old SIP password of an extension beside the new one "
            "after a rotation, unless its phone has fetched the new one before.",
            low=1,
            high=8760,
        ),
    ] = 168
    pbx_reload: Annotated[
        bool,
        Flag(
            label="Reload after publishing",
            help="tuiprov tells the PBX to read its files again, and looks whether every extension "
            "is there; when that fails the files of before are put back.",
        ),
    ] = False


SITE_SECTIONS: Final = (
    Service,
    Telephony,
    TimeAndLanguage,
    NewDevices,
    License,
    Serving,
    Switchboard,
)
"""The sections in the order of the screen; a class's docstring is the section's title."""


class Site(Service, Telephony, TimeAndLanguage, NewDevices, License, Serving, Switchboard):
    """Plain data of one site, with the settings a fresh `tuiprov init` gives it."""

    @property
    def offered(self) -> tuple[str, ...]:
        """Names of the codecs offered, in order."""
        return tuple(name for name in self.codecs_offered.split(",") if name)


SITE_FIELDS: Final[dict[str, Field]] = {
    name: field for section in SITE_SECTIONS for name, field in declared(section).items()
}

PHONE_FIELDS: Final = frozenset(name for name, one in SITE_FIELDS.items() if one.takes == "phone")
"""Settings that phones' files hold, or that say where and how these lie on disk."""

PBX_FIELDS: Final = frozenset(
    {*(name for name, one in SITE_FIELDS.items() if one.takes == "pbx"), "register_expiry"}
)
"""Settings that the PBX's files hold, or that say who may read them."""

ACCESS_FIELDS: Final = frozenset({"publish_group", "world_readable"})
"""Settings that say who may read the files, whatever is in them."""

PBX_DIRECTORY: Final = "pbx"
"""Where the PBX's files lie inside the publish root; phones' servers serve its neighbours only."""
_PBX_NEEDED = ("pbx_context", "pbx_udp_transport", "pbx_tcp_transport")
_NEEDED = ("provisioning_host", "publish_root", "sip_server", "codecs_offered")


def check_site(site: Site) -> list[Refusal]:
    """Why these settings cannot be stored, field by field; empty when they can."""
    found = [Refusal(name, "is missing") for name in _NEEDED if not getattr(site, name)]
    numbers = (name for name, field in SITE_FIELDS.items() if isinstance(field, Number))
    found += [Refusal(name, "is missing") for name in numbers if getattr(site, name) is None]
    strangers = [name for name in site.offered if name not in default_catalog().codecs]
    if strangers:
        known = in_words(default_catalog().codecs, "and")
        reason = f"no phone knows {in_words(strangers)}; there are {known}"
        found.append(Refusal("codecs_offered", reason))
    if site.publish_root and not site.publish_root.startswith("/"):
        found.append(Refusal("publish_root", "must be a full path, beginning with /"))
    if site.pbx != "none":
        found += [Refusal(name, "is missing") for name in _PBX_NEEDED if not getattr(site, name)]
    if site.infrastructure_type != "none" and not site.private_network:
        found.append(Refusal("private_network", "is missing: this infrastructure type has one"))
    return found
