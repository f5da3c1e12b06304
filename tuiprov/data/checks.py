"""What one field cannot know: rules between fields, of the phone, and with other records.

`check_page` is pure but for `Neighbours`: three questions about other records, for the store.
All refusals are found at once, so that a form or an import can show every error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from tuiprov.data.catalog import PhoneType, default_catalog
from tuiprov.data.fields import Value
from tuiprov.data.gates import CALLS_UNLIMITED, no_mac, phone_type
from tuiprov.data.identity import sip_user
from tuiprov.data.page import Page, uses_mac_link
from tuiprov.data.sections import FIELDS
from tuiprov.errors import Refusal

DUPLICATE_MAC = (
    "This MAC address is already used by another device; the provisioning link was not generated."
)


class Neighbours(Protocol):
    """Questions about other records than the page's own."""

    def mac_taken(self, mac: str, device_id: int | None) -> bool:
        """Does another device have this MAC, but for a spare one that a save would take up?"""

    def extensions_at(self, address: str, extension_id: int | None) -> list[tuple[str, str]]:
        """(extended number, fixed_auth) of the other extensions at this fixed IP."""

    def number_taken(self, extension: str, extension_id: int | None) -> bool:
        """Does another extension have this extended number?"""

    def account_taken(self, account: str, extension_id: int | None) -> bool:
        """Is this another extension's SIP user?"""


class _NoNeighbours:
    """Stands in where other records cannot be asked about."""

    def mac_taken(self, mac: str, device_id: int | None) -> bool:
        return False

    def extensions_at(self, address: str, extension_id: int | None) -> list[tuple[str, str]]:
        return []

    def number_taken(self, extension: str, extension_id: int | None) -> bool:
        return False

    def account_taken(self, account: str, extension_id: int | None) -> bool:
        return False


NO_NEIGHBOURS: Neighbours = _NoNeighbours()

Found = Iterator[tuple[str, str]]


def check_page(page: Page, neighbours: Neighbours) -> list[Refusal]:
    """Why `page` cannot be saved, in the order of the page; empty when it can."""
    found: dict[str, str] = {}
    for rule in _RULES:
        for field, reason in rule(page):
            found.setdefault(field, reason)
    for field, reason in _with_others(page, neighbours):
        found.setdefault(field, reason)
    order = list(FIELDS)
    return [Refusal(field, found[field]) for field in sorted(found, key=order.index)]


def warnings(page: Page, neighbours: Neighbours) -> dict[str, str]:
    """What is worth a word beside the field but can be saved."""
    values = page.values
    said = {}
    mac = str(values["mac"])
    owner = default_catalog().manufacturer_of(mac) if mac else ""
    own = default_catalog().prefixes(str(values["manufacturer"]))
    if owner and own and mac[:8] not in own:
        said["mac"] = f"this prefix belongs to {owner}"
    if _mac_clashes(page, neighbours) and not must_be_unique(page):
        said["mac"] = "this MAC address is already used by another device"
    return said


Rule = Callable[[Page], Found]


def _about_extension(rule: Rule) -> Rule:
    """A rule about the extension; silent on the page of a device alone."""

    def with_extension(page: Page) -> Found:
        if not page.is_device:
            yield from rule(page)

    return with_extension


@_about_extension
def _identity(page: Page) -> Found:
    if not page.values["extension"]:
        yield "extension", "is missing"


def _equipment(page: Page) -> Found:
    values, catalog = page.values, default_catalog()
    if not values["use_provisioning"]:
        return
    if not values["friendly_name"]:
        yield "friendly_name", "is missing: 3 to 32 letters and digits"
    manufacturer, model, firmware = (
        str(values[name]) for name in ("manufacturer", "model", "firmware")
    )
    if not manufacturer:
        yield "manufacturer", "is missing"
    elif manufacturer not in catalog.manufacturers():
        yield "manufacturer", f"{manufacturer!r} is not in the catalogue"
    elif not model:
        yield "model", "is missing"
    elif not _known_model(manufacturer, model):
        yield "model", f"{manufacturer} {model!r} is not in the catalogue"
    elif phone_type(page) is None:
        generations = ", ".join(catalog.firmwares(manufacturer, model))
        problem = f"{firmware!r} is not known" if firmware else "is missing"
        yield "firmware", f"{problem} for {manufacturer} {model}: {generations}"


def _known_model(manufacturer: str, model: str) -> bool:
    catalog = default_catalog()
    return model in catalog.models(manufacturer) or catalog.has_model(manufacturer, model)


def _mac(page: Page) -> Found:
    values, kind = page.values, phone_type(page)
    if kind is not None and not kind.has_mac:
        return
    if values["use_provisioning"] and not values["mac"]:
        if values["status"] == "enabled":
            yield "mac", "is missing: an enabled device needs its MAC address"
        elif uses_mac_link(values, page.site):
            yield "mac", "is missing: MAC based provisioning needs it"


def _about_phone(rule: Callable[[Page, PhoneType], Found]) -> Rule:
    """A rule that needs to know the phone; silent without one."""

    def with_phone(page: Page) -> Found:
        kind = phone_type(page) if page.values["use_provisioning"] else None
        if kind is not None:
            yield from rule(page, kind)

    return with_phone


@_about_phone
def _without_mac(page: Page, kind: PhoneType) -> Found:
    if not kind.has_mac:
        for name in ("mac", "mac_based_provisioning"):
            if page.values[name]:
                yield name, no_mac(kind)


@_about_phone
def _protocol(page: Page, kind: PhoneType) -> Found:
    able = kind.facts.update_protocols
    chosen = page.values["update_protocol"]
    if chosen not in able:
        problem = f"not {chosen}" if chosen else "and one must be chosen"
        yield "update_protocol", f"{kind.label} takes {', '.join(able)}, {problem}"


@_about_phone
def _interval(page: Page, kind: PhoneType) -> Found:
    value, bounds = page.values["update_interval"], kind.facts.interval
    if isinstance(value, int) and bounds and not bounds.low <= value <= bounds.high:
        said = f"{bounds.low} to {bounds.high} {bounds.unit}"
        yield "update_interval", f"{kind.label} takes {said}"


@_about_phone
def _application_version(page: Page, kind: PhoneType) -> Found:
    required = kind.facts.application_version == "required"
    if required and not page.values["application_version"]:
        yield "application_version", f"is missing: {kind.label} needs the exact image"


@_about_phone
def _other_lines(page: Page, kind: PhoneType) -> Found:
    beyond = [line for line in page.others if line.number > kind.lines]
    if beyond:
        line = beyond[0]
        said = f"line {line.number} serves {line.extension['extension']}"
        yield "model", f"{kind.label} has {kind.lines} lines, and {said}"


@_about_extension
@_about_phone
def _line(page: Page, kind: PhoneType) -> Found:
    number = page.values["line"]
    if not isinstance(number, int):
        yield "line", "is missing"
    elif number > kind.lines:
        yield "line", f"{kind.label} has {kind.lines} lines"
    elif any(number == other.number for other in page.others):
        yield "line", f"line {number} is used by another extension"


@_about_phone
def _park(page: Page, kind: PhoneType) -> Found:
    count = page.values["parking_watch_lines"]
    if isinstance(count, int) and count and kind.facts.park_keys:
        free = max(0, kind.keys - page.lines_used)
        if count > free:
            yield "parking_watch_lines", f"{kind.label} has {free} keys left for parking"


@_about_phone
def _admin_password(page: Page, kind: PhoneType) -> Found:
    values, login = page.values, kind.facts.admin_login
    if login is not None and values["password_generation"] == "manual":
        password = str(values["admin_password"])
        reason = login.password.reason_against(password) if password else ""
        if not password:
            yield "admin_password", "is missing: Manual needs a password"
        elif reason:
            yield "admin_password", f"{kind.label} {reason}"


@_about_extension
@_about_phone
def _sip_password(page: Page, kind: PhoneType) -> Found:
    sip_password = str(page.values["sip_password"])
    reason = kind.facts.sip_password.reason_against(sip_password) if sip_password else ""
    if not sip_password and page.extension_id is not None:
        yield "sip_password", "is missing: the phone could not register"
    elif reason:
        yield "sip_password", f"{kind.label} {reason}"


def _template(page: Page) -> Found:
    if page.values["use_provisioning"] and page.values["template"] not in page.templates:
        yield "template", f"there is no template {page.values['template']!r} for this phone"


@_about_extension
def _codecs(page: Page) -> Found:
    chosen = [name for name in str(page.values["codecs"]).split(",") if name]
    strangers = [name for name in chosen if name not in page.site.offered]
    if not chosen:
        yield "codecs", "at least one codec must stay selected"
    elif strangers:
        offered = ", ".join(page.site.offered)
        yield "codecs", f"{', '.join(strangers)}: not offered here ({offered})"


@_about_extension
def _preferences(page: Page) -> Found:
    values = page.values
    if values["pbx_connected"] and page.site.sip_trunking_channels == 0:
        yield "pbx_connected", "the license has no SIP trunking channels"
    elif values["pbx_connected"] and values["max_public_concurrent_calls"] is None:
        yield "pbx_connected", CALLS_UNLIMITED
    if values["fixed_ip"] and values["allowed_networks"]:
        yield "allowed_networks", "not together with a fixed IP"


_RULES = (
    _identity,
    _equipment,
    _mac,
    _without_mac,
    _protocol,
    _interval,
    _application_version,
    _other_lines,
    _line,
    _park,
    _admin_password,
    _sip_password,
    _template,
    _codecs,
    _preferences,
)


def _with_others(page: Page, neighbours: Neighbours) -> Found:
    values = page.values
    if must_be_unique(page) and _mac_clashes(page, neighbours):
        yield "mac", DUPLICATE_MAC
    if page.is_device:
        return
    if neighbours.number_taken(str(values["extension"]), page.extension_id):
        yield "extension", f"{values['extension']} exists already"
    account = sip_user(values)
    if page.site.pbx != "none" and neighbours.account_taken(account, page.extension_id):
        # The PBX tells extensions apart by it.
        yield "sip_username", f"{account} is another extension's SIP user already"
    if values["fixed_ip"]:
        yield from _shared_address(page, neighbours)


def must_be_unique(page: Page) -> bool:
    """Two devices with one MAC clash when their links or their TFTP file names are made of it."""
    values = page.values
    flat = values["update_protocol"] == "tftp" and values["status"] == "enabled"
    return uses_mac_link(values, page.site) or flat


def _mac_clashes(page: Page, neighbours: Neighbours) -> bool:
    mac: Value = page.values["mac"]
    if not mac or not page.values["use_provisioning"]:
        return False
    return neighbours.mac_taken(str(mac), page.device_id)


def _shared_address(page: Page, neighbours: Neighbours) -> Found:
    """Several extensions may share an IP only if every one authenticates; a port does not help."""
    others = neighbours.extensions_at(str(page.values["fixed_ip"]), page.extension_id)
    free = [number for number, authentication in others if authentication == "not_required"]
    if free or (others and page.values["fixed_auth"] == "not_required"):
        who = _named(free[0] if free else others[0][0], page)
        yield (
            "fixed_ip",
            f"the configuration cannot be saved: {who} is at this IP too, and extensions "
            "may share an IP only if every one of them has to authenticate",
        )


def _named(number: str, page: Page) -> str:
    """The other extension by its number, but not to another organization."""
    organization = str(page.values["extension"]).partition("*")[0]
    known = number.partition("*")[0] == organization
    return f"extension {number}" if known else "an extension of another organization"
