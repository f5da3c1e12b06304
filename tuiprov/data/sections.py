"""The five sections of *Provisioning and SIP Preferences for Extension*, each field declared once.

Labels, bounds and defaults follow VoipNow's page and SystemAPI 2.5.1; what those leave open is
marked "our choice". The tables in `models.py` are composed of these classes, and form rows, live
validation, CSV, `tuiprov set` and the docs are drawn from `FIELDS`.
"""

from typing import Annotated, Final

from sqlmodel import Field as Column

from tuiprov.data.fields import (
    Choice,
    Codecs,
    Field,
    Flag,
    IpAddress,
    Mac,
    Networks,
    Number,
    Secret,
    Text,
    declared,
)
from tuiprov.data.identity import Identity, Placement
from tuiprov.data.record import Record

SERVER_DEFAULT: Final = "Server default"


class Provisioning(Record):
    """Provisioning."""

    use_provisioning: Annotated[
        bool,
        Flag(
            label="Use provisioning",
            help="The phone draws its whole setup from the provisioning server. "
            "Off: the user sets up the phone by hand.",
        ),
    ] = False


class DeviceInformation(Record):
    """Device information."""

    friendly_name: Annotated[
        str,
        Text(
            label="Friendly name",
            help="Tells devices apart: 3 to 32 letters and digits. Two devices may share a name.",
            longest=32,
            pattern=r"[A-Za-z0-9]{3,32}",
            rule="must be 3 to 32 letters and digits",
        ),
    ] = Column(default="", max_length=32, index=True)
    manufacturer: Annotated[
        str, Choice(label="Manufacturer", help="Who made the phone.", takes="phone")
    ] = Column(default="", max_length=64)
    model: Annotated[str, Choice(label="Model", help="The phone's model.", takes="phone")] = Column(
        default="", max_length=64
    )
    firmware: Annotated[
        str,
        Choice(
            label="Firmware/Version",
            help="The firmware generation the phone runs; the file's format may differ by it.",
            takes="phone",
        ),
    ] = Column(default="", max_length=64)
    application_version: Annotated[
        str,
        Text(
            label="Application version",
            help="The exact image the phone shall run, e.g. P0S3-08-11-00. "
            "Only some phones (Cisco 7940/7960) need it.",
            takes="phone",
            longest=64,
            pattern=r"[A-Za-z0-9._()-]+",
            rule="must be letters, digits or . _ - ( )",
        ),
    ] = Column(default="", max_length=64)
    mac: Annotated[
        str,
        Mac(
            label="MAC address",
            help="The phone's hardware address, XX:XX:XX:XX:XX:XX; on a label under the phone.",
            takes="phone",
        ),
    ] = Column(default="", max_length=17, index=True)
    mac_based_provisioning: Annotated[
        bool,
        Flag(
            label="Use MAC based provisioning",
            help="The provisioning link is built from the MAC address instead of a random token. "
            "Needs HTTP or HTTPS and the site's permission.",
            takes="phone",
        ),
    ] = False
    status: Annotated[
        str,
        Choice(
            label="Status",
            help="Disabled: the device is defined and assigned, but no file is generated.",
            options=(("enabled", "Enable"), ("disabled", "Disable")),
        ),
    ] = Column(default="enabled", max_length=8)
    notes: Annotated[str, Text(label="Notes", help="Anything worth knowing about the device.")] = (
        Column(default="", max_length=255)
    )


class DeviceSettings(Record):
    """Device settings."""

    admin_username: Annotated[
        str,
        Text(
            label="Administrator username",
            help="Login name of the phone's own web page. Not every phone has one.",
            takes="phone",
            longest=32,
            pattern=r"[A-Za-z0-9._@-]+",
            rule="must be letters, digits or . _ @ -",
        ),
    ] = Column(default="", max_length=32)
    password_generation: Annotated[
        str,
        Choice(
            label="Password generation",
            help="The phone's administrator password: none is written, a random one within the "
            "phone's own alphabet and length, or the one typed here.",
            takes="phone",
            options=(("none", "None"), ("auto", "Auto generated"), ("manual", "Manual")),
        ),
    ] = Column(default="none", max_length=8)
    admin_password: Annotated[
        str,
        Secret(
            label="Administrator password",
            help="Password of the phone's own web page.",
            takes="phone",
            longest=64,
        ),
    ] = Column(default="", max_length=255)
    update_interval: Annotated[
        int | None,
        Number(
            label="Phone update interval",
            help="How long the phone waits before it asks the server for changes again, "
            "in the phone's own unit.",
            takes="phone",
            low=1,
            high=99_999,
        ),
    ] = None
    update_protocol: Annotated[
        str,
        Choice(
            label="Update protocol",
            help="How the phone fetches its file. The list holds what this phone can do.",
            takes="phone",
        ),
    ] = Column(default="", max_length=8)
    template: Annotated[
        str,
        Choice(
            label="Provisioning template",
            help="The files this phone gets. Server default: tuiprov's own for this phone.",
            takes="phone",
        ),
    ] = Column(default=SERVER_DEFAULT, max_length=64, index=True)
    parking_watch_lines: Annotated[
        int | None,
        Number(
            label="Enable parking watch with BLF on lines",
            help="How many lamp keys watch the organization's parking slots. Empty: none.",
            takes="phone",
            low=0,
            high=99,
            empty_means="off",
        ),
    ] = None


class SipPreferences(Record):
    """SIP preferences."""

    media_encryption: Annotated[
        str,
        Choice(
            label="Media encryption",
            help="SDES suits phones and mobile clients, DTLS-SRTP suits WebRTC. "
            "A client that lacks the chosen method cannot call.",
            takes="phone",
            options=(
                ("none", "None"),
                ("sdes", "SDES"),
                ("dtls_srtp", "DTLS-SRTP"),
                ("sdes_dtls_srtp", "SDES/DTLS-SRTP (and/or)"),
            ),
        ),
    ] = Column(default="none", max_length=16)
    dtmf_mode: Annotated[
        str,
        Choice(
            label="DTMF",
            help="How key presses during a call travel. auto: RFC 2833 when the other side can, "
            "else in the voice itself.",
            takes="phone",
            options=tuple((mode, mode) for mode in ("rfc2833", "inband", "info", "auto")),
        ),
    ] = Column(default="rfc2833", max_length=8)
    pbx_connected: Annotated[
        bool,
        Flag(
            label="A PBX is connected to this extension",
            help="Enable for SIP trunking service: the dialled public number travels to the PBX, "
            "which routes it on.",
            takes="pbx",
        ),
    ] = False
    ping: Annotated[
        bool,
        Flag(
            label="Ping the extension to check its status",
            help="The server asks regularly whether the extension answers; meant for extensions "
            "behind NAT.",
            takes="pbx",
        ),
    ] = False
    allow_reinvite: Annotated[
        bool,
        Flag(
            label="Allow re-invites from this extension",
            help="The extension may redirect the voice of a call with a re-INVITE.",
            takes="pbx",
        ),
    ] = False
    on_private_network: Annotated[
        bool,
        Flag(
            label="Extension is on private network",
            help="The extension is inside the site's private network: no NAT work is done for it.",
            takes="pbx",
        ),
    ] = False
    publishes_state: Annotated[
        bool,
        Flag(
            label="Extension publishes its own state",
            help="Watchers see what the extension publishes; the server itself stays silent.",
            takes="pbx",
        ),
    ] = False
    force_mwi: Annotated[
        bool,
        Flag(
            label="Force enable of MWI",
            help="Message waiting is sent without the phone asking. Most phones do not need it.",
            takes="phone",
        ),
    ] = False
    codecs: Annotated[
        str,
        Codecs(
            label="Allowed codecs",
            help="Codecs in order of preference; only those the site offers.",
            takes="phone",
        ),
    ] = Column(default="alaw,ulaw", max_length=255)
    fixed_ip: Annotated[
        str,
        IpAddress(
            label="Phone does not register, is located on IP",
            help="For a phone or PBX at a fixed address. Applies to all calls from there.",
            takes="pbx",
        ),
    ] = Column(default="", max_length=15, index=True)
    fixed_port: Annotated[
        int | None,
        Number(
            label="Port",
            help="Port at the fixed address. Empty: 5060.",
            takes="pbx",
            low=1,
            high=65_535,
            empty_means="5060",
        ),
    ] = None
    fixed_auth: Annotated[
        str,
        Choice(
            label="Authentication at the fixed IP",
            help="Whether calls from the fixed address have to authenticate.",
            takes="pbx",
            options=(("required", "has to"), ("not_required", "does not have to")),
        ),
    ] = Column(default="required", max_length=16)
    signaling_transport: Annotated[
        str,
        Choice(
            label="SIP Signaling Transport",
            help="UDP or TCP, for extensions at a fixed IP that do not register.",
            takes="phone",
            options=(("udp", "UDP"), ("tcp", "TCP")),
        ),
    ] = Column(default="udp", max_length=4)
    allowed_networks: Annotated[
        str,
        Networks(
            label="Allow extension SIP connection only from IP",
            help="Addresses and networks, at the widest class C (/24). Empty: from anywhere. "
            "The phone still has to register to receive calls.",
            takes="pbx",
        ),
    ] = Column(default="", max_length=1024)
    equipment_description: Annotated[
        str, Text(label="Equipment description", help="What equipment this is.")
    ] = Column(default="", max_length=255)


class Virtualization(Record):
    """Extension virtualization."""

    allow_virtualization: Annotated[
        bool,
        Flag(
            label="Allow virtualization on this extension",
            help="Any member of the organization may use the phone where this extension sits.",
            takes="pbx",
        ),
    ] = False
    secret_code: Annotated[
        str,
        Secret(
            label="Secret code",
            help="4 to 8 digits that a member dials to move here.",
            takes="pbx",
            longest=8,
            pattern=r"[0-9]{4,8}",
            rule="must be 4 to 8 digits",
        ),
    ] = Column(default="", max_length=255)


PAGE_SECTIONS: Final = (
    Provisioning,
    DeviceInformation,
    DeviceSettings,
    SipPreferences,
    Virtualization,
)
"""The page's sections in the order of the page; a class's docstring is the section's title."""

SECTIONS: Final = (Identity, Placement, *PAGE_SECTIONS)

FIELDS: Final[dict[str, Field]] = {
    name: field for section in SECTIONS for name, field in declared(section).items()
}
"""Every field by its column name, in the order of the page."""

DEVICE_FIELDS: Final = (*declared(DeviceInformation), *declared(DeviceSettings))
EXTENSION_FIELDS: Final = tuple(
    name
    for section in (Identity, Provisioning, SipPreferences, Virtualization)
    for name in declared(section)
)
DEFAULTS: Final = {
    name: info.default
    for section in SECTIONS
    for name, info in section.model_fields.items()
    if name in FIELDS
}


def title(section: type[Record]) -> str:
    """The words of a section's heading."""
    return (section.__doc__ or "").strip().rstrip(".")
