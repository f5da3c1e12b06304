"""Where a phone's files lie and the link it is given (our own scheme: VoipNow's is not known).

TFTP is flat: `tftp://<host>/<file>`. HTTP(S) has a directory per device:
`<protocol>://<host>/prov/<key>/`, key = the MAC (12 lower-case digits) in MAC mode, else the
device's random token.
"""

from __future__ import annotations

from tuiprov.data.catalog import FileRule, PhoneType
from tuiprov.data.page import Phone, uses_mac_link

_USUAL_PORT = {"tftp": 69, "http": 80, "https": 443}


def mac_digits(mac: str) -> str:
    """`00:04:13:AA:BB:CC` → `000413aabbcc`."""
    return mac.replace(":", "").lower()


def key(phone: Phone) -> str:
    """The directory name of a device that fetches by HTTP(S)."""
    return (
        mac_digits(str(phone.values["mac"]))
        if uses_mac_link(phone.values, phone.site)
        else phone.token
    )


def directory(phone: Phone) -> str:
    """The directory's URL with its trailing slash."""
    protocol = str(phone.values["update_protocol"])
    if protocol == "tftp":
        return f"tftp://{_host(phone, protocol)}/"
    return f"{protocol}://{_host(phone, protocol)}/prov/{key(phone)}/"


def _host(phone: Phone, protocol: str) -> str:
    port = port_of(phone)
    host = phone.site.provisioning_host
    return host if port == _USUAL_PORT[protocol] else f"{host}:{port}"


def port_of(phone: Phone) -> int:
    """The port the phone's protocol is served on."""
    site = phone.site
    ports = {"http": site.http_port, "https": site.https_port}
    return ports.get(str(phone.values["update_protocol"]), site.tftp_port)


def file_name(rule: FileRule, phone: Phone, phone_type: PhoneType) -> str:
    """The exact name a phone asks for. Made of validated parts only, never of free text."""
    digits = mac_digits(str(phone.values["mac"]))
    return rule.name.format(
        mac=digits,
        MAC=digits.upper(),
        model=phone_type.model,
        firmware=phone_type.firmware,
        **phone_type.facts.names,
    )


def published_path(name: str, phone: Phone) -> str:
    """The file's path inside the publish root."""
    if phone.values["update_protocol"] == "tftp":
        return f"tftp/{name}"
    return f"http/{key(phone)}/{name}"


def link(phone: Phone, phone_type: PhoneType) -> str:
    """The provisioning link in the manufacturer's habit (file, directory or its own macro)."""
    first = next(rule for rule in phone_type.facts.files if rule.scope == "device")
    return phone_type.facts.link.format(
        directory=directory(phone), file=file_name(first, phone, phone_type)
    )
