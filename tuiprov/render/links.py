"""Where a phone's files lie and the link it is given (our own scheme: VoipNow's is not known).

TFTP is flat: `tftp://<host>/<file>`. HTTP(S) has a directory per device:
`<protocol>://<host>/prov/<key>/`, key = the MAC (12 lower-case digits) in MAC mode, else the
device's random token.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from tuiprov.data.catalog import FileRule, PhoneType
from tuiprov.data.checks import DUPLICATE_MAC
from tuiprov.data.gates import phone_type
from tuiprov.data.page import Page, Phone, uses_mac_link
from tuiprov.data.sections import FIELDS
from tuiprov.errors import Refusal

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


# -- a link as it is offered ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offer:
    """A device's link with what is worth knowing about it, or why there is none."""

    device: str
    """What an admin calls it."""
    url: str = ""
    problem: str = ""
    is_secret: bool = False
    """Does it hold the device's token? Whoever has it can fetch files with passwords."""
    is_directory: bool = False
    """Does the phone append the names of its files?"""
    names: tuple[str, ...] = ()
    """Of the files it asks for."""
    is_first: bool = False
    """Is it the link of an enrolment window, which leads to the steady one?"""
    username: str = ""
    password: str = field(default="", repr=False)
    """What the service asks the phone for besides, where the site wants a login."""


def offer(page: Page, refusals: Iterable[Refusal], first_token: str = "") -> Offer:
    """The link of a page as it is stored. `refusals` are what the checks say of the page: one of
    its MAC address or its protocol leaves it without a link. `first_token`: of the enrolment window
    that is open, whose link is the one to give the phone."""
    phone, kind = page.phone, phone_type(page)
    name = phone.name if phone is not None else ""
    if phone is None:
        return Offer(name, problem=NOT_PROVISIONED)
    if kind is None:
        return Offer(name, problem=NO_MODEL)
    if not phone.lines:
        return Offer(name, problem=SERVES_NOBODY)
    if phone.values["status"] != "enabled":
        return Offer(name, problem=DISABLED)
    objections = {refusal.field: refusal.reason for refusal in refusals}
    for one in ("mac", "update_protocol"):
        if one in objections:
            return Offer(name, problem=_objection(one, objections[one]))
    by_token = phone.values["update_protocol"] != "tftp" and key(phone) == phone.token
    is_first = by_token and bool(first_token)
    return Offer(
        name,
        link(replace(phone, token=first_token) if is_first else phone, kind),
        is_secret=by_token,
        is_first=is_first,
        is_directory="{file}" not in kind.facts.link,
        names=tuple(file_name(rule, phone, kind) for rule in kind.facts.files),
    )


def _objection(field: str, reason: str) -> str:
    """The page's own sentence for two devices with one MAC address, else the field and why."""
    return reason if reason == DUPLICATE_MAC else f"{FIELDS[field].label}: {reason}"


NOT_PROVISIONED = "Not provisioned: no device is saved for this extension, so there is no link."
NO_MODEL = "Its model or firmware is not in the catalogue, so there is no link."
SERVES_NOBODY = "The device serves no extension: it has no file, so there is no link."
DISABLED = "The device is disabled: it has no file, so there is no link. Enable it and publish."
