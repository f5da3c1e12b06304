"""The system-wide settings, declared once: `SystemSettings` stores them, `Site` carries them."""

from __future__ import annotations

from typing import Annotated

from sqlmodel import Field as Column
from sqlmodel import SQLModel

from tuiprov.data.fields import Choice, Codecs, Field, Flag, Networks, Number, Text, declared

_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?"
_HOST_RULE = "must be a host name or an IPv4 address"


def _host(label: str, help_text: str) -> Text:
    return Text(label=label, help=help_text, longest=253, pattern=_HOST, rule=_HOST_RULE)


def _port(label: str) -> Number:
    return Number(label=label, help="A port from 1 to 65535.", low=1, high=65_535)


class Site(SQLModel):
    """Plain data of one site, with the settings a fresh `tuiprov init` gives it."""

    sip_server: Annotated[str, _host("SIP server", "Registrar that phones register at.")] = (
        "pbx.example.com"
    )
    sip_port: Annotated[int, _port("SIP port")] = 5060
    outbound_proxy: Annotated[str, _host("Outbound proxy", "Empty: none.")] = ""
    outbound_proxy_port: Annotated[int, _port("Outbound proxy port")] = 5060
    register_expiry: Annotated[
        int, Number(label="Registration expiry", help="Seconds.", low=60, high=86_400)
    ] = 3600
    voicemail_number: Annotated[
        str,
        Text(
            label="Voicemail number",
            help="What the message key dials.",
            longest=20,
            pattern=r"[0-9*#+]+",
            rule="must be digits, * # or +",
        ),
    ] = "*97"
    ntp_server: Annotated[str, _host("Time server", "Empty: the phone's own.")] = "pool.ntp.org"
    provisioning_host: Annotated[
        str, _host("Provisioning host", "Host in the provisioning links.")
    ] = "prov.example.com"
    http_port: Annotated[int, _port("HTTP port")] = 80
    https_port: Annotated[int, _port("HTTPS port")] = 443
    allow_mac_based_provisioning: Annotated[
        bool,
        Flag(
            label="Allow MAC based provisioning on HTTP(S)",
            help="Links may be built from MAC addresses.",
        ),
    ] = True
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
    codecs_offered: Annotated[
        str, Codecs(label="Codecs offered", help="What extensions may choose from, in order.")
    ] = "alaw,ulaw,g722,g729,opus,gsm"
    publish_root: Annotated[
        str, Text(label="Publish root", help="Directory that phones read from.", longest=1024)
    ] = ""
    publish_group: Annotated[
        str,
        Text(
            label="Publish group",
            help="Group of the TFTP or HTTP server. Empty: the group of the publish root.",
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
        ),
    ] = False

    @property
    def offered(self) -> tuple[str, ...]:
        """Names of the codecs offered, in order."""
        return tuple(name for name in self.codecs_offered.split(",") if name)


SITE_FIELDS: dict[str, Field] = declared(Site)
