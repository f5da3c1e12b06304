"""May this viewer see or change this field now, and if not, why.

Pure: a page and a viewer in, an answer out. Screens draw the answer; the store refuses a write
against it, so bulk edits, CSV and the command line cannot get around it. Rules: VoipNow, *Phone
Terminal Provisioning* and *Provisioning permission levels*; what these leave open is our choice.
"""

from __future__ import annotations

from typing import Final

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.catalog import PhoneType
from tuiprov.data.fields import Value, declared
from tuiprov.data.gate import HIDDEN, OPEN, Gate, closed
from tuiprov.data.identity import Identity, Placement
from tuiprov.data.page import Page
from tuiprov.data.permissions import may
from tuiprov.data.sections import (
    DEFAULTS,
    DeviceInformation,
    DeviceSettings,
    Provisioning,
    SipPreferences,
    Virtualization,
)

CALLS_UNLIMITED: Final = (
    "To make it available, setup the Maximum public concurrent calls to a limited number "
    "(now it is unlimited)."
)
"""Word for word from VoipNow's page."""

_PROVISIONING = frozenset(
    name for part in (Provisioning, DeviceInformation, DeviceSettings) for name in declared(part)
) | {"line"}
_DEVICE = _PROVISIONING - set(declared(Provisioning))
_SIP = frozenset(name for part in (SipPreferences, Virtualization) for name in declared(part))
_IDENTITY = frozenset(name for part in (Identity, Placement) for name in declared(part)) - {"line"}
_LOGIN = frozenset({"admin_username", "password_generation", "admin_password"})
_FIXED_IP = frozenset({"fixed_port", "fixed_auth", "signaling_transport"})
_MAC = frozenset({"mac", "mac_based_provisioning"})

_NEEDS_PHONE = frozenset({"update_protocol", "update_interval", "parking_watch_lines"})
_CHOSEN_IN_TURN = _NEEDS_PHONE | {"model", "firmware"}


_KEPT_WHILE_CLOSED = frozenset({"mac_based_provisioning", "admin_password", "secret_code"})
"""Values that stay stored while something else closes their field: the tick of MAC based
provisioning under TFTP, a generated password, a secret code."""


def gate(field: str, page: Page, viewer: Viewer) -> Gate:
    """The answer for one field of one page and one viewer; the first rule that objects wins."""
    for rule in (_by_role, _by_provisioning, _by_phone, _by_preferences):
        answer = rule(field, page, viewer)
        if not answer.is_open:
            return answer
    return OPEN


def refusal(field: str, value: Value, page: Page, viewer: Viewer) -> str:
    """Why `viewer` may not store `value` in a page that would then be `page`, or "".

    What the record (not the role) closes may still be reset to its default, so that a change of
    the phone or of the fixed IP can clear what depends on it.
    """
    answer = gate(field, page, viewer)
    if answer.is_open:
        return ""
    if not answer.by_role:
        if value == DEFAULTS[field] or field in _KEPT_WHILE_CLOSED:
            return ""
        if field == "admin_username" and value == _fixed_login(page):
            return ""
        if field in _CHOSEN_IN_TURN and phone_type(page) is None and _used(page):
            return ""  # the phone itself is wrong, and `checks.py` says how
    return answer.reason


def _used(page: Page) -> bool:
    return bool(page.values["use_provisioning"])


def _fixed_login(page: Page) -> str:
    kind = phone_type(page)
    login = kind.facts.admin_login if kind else None
    return login.username if login else ""


def phone_type(page: Page) -> PhoneType | None:
    """The catalogue's row for the page's device, or None while it is not fully chosen."""
    return page.kind


def no_mac(kind: PhoneType) -> str:
    """Why a softphone's MAC address and what is made of it stay empty."""
    return f"{kind.label} has no MAC address: its link is made of a token"


def hides(field: str, viewer: Viewer) -> bool:
    """Is the field hidden from this viewer on every page?"""
    if viewer.is_administrator:
        return False
    if field in _PROVISIONING:
        return viewer.provision == "none"
    is_sip = field in _SIP and field != "equipment_description"
    return (is_sip or field == "sip_password") and not viewer.sip_management


def _by_role(field: str, page: Page, viewer: Viewer) -> Gate:
    if hides(field, viewer):
        return HIDDEN
    if viewer.is_administrator:
        return OPEN
    if field in _IDENTITY:
        return _identity_gate(field, page, viewer)
    if field in _PROVISIONING and viewer.provision == "view":
        return closed("you may view provisioning only", by_role=True)
    return OPEN


def _identity_gate(field: str, page: Page, viewer: Viewer) -> Gate:
    """Who an extension is: set by the accounts above its user. Its number stays once it is there,
    its SIP account is for who may manage SIP."""
    reason = ""
    if not may(viewer, "extensions.identify"):
        reason = "set by the accounts above"
    elif field in ("organization", "user"):
        reason = "an extension stays where it is"
    elif field == "extension" and page.extension_id is not None:
        reason = "set by the system administrator"
    elif field == "sip_username" and not viewer.sip_management:
        reason = "needs Phone extension SIP management"
    return closed(reason, by_role=True) if reason else OPEN


def _by_provisioning(field: str, page: Page, viewer: Viewer) -> Gate:
    if field in _DEVICE and not page.values["use_provisioning"]:
        return closed("turn on Use provisioning first")
    return OPEN


def _by_phone(field: str, page: Page, viewer: Viewer) -> Gate:
    values = page.values
    if field == "mac_based_provisioning":
        if not page.site.allow_mac_based_provisioning:
            return closed("turned off in Global preferences")
        if values["update_protocol"] not in ("http", "https"):
            return closed("needs HTTP or HTTPS")
    if field == "admin_password" and values["password_generation"] != "manual":
        return Gate("hidden", "only with Manual")
    if field == "model" and not values["manufacturer"]:
        return closed("choose the manufacturer first")
    if field == "firmware" and not values["model"]:
        return closed("choose the model first")
    return _by_catalog(field, page)


def _by_catalog(field: str, page: Page) -> Gate:
    kind = phone_type(page)
    if kind is None:
        return closed("choose the phone first") if field in _NEEDS_PHONE else OPEN
    facts = kind.facts
    if field in _MAC and not kind.has_mac:
        return closed(no_mac(kind))
    if field in facts.lacks and field in _DEVICE:
        return closed(f"{kind.label} has {facts.lacks[field]}")
    if field in _LOGIN and facts.admin_login is None:
        return closed(f"{kind.label} has no web login")
    if field == "admin_username" and facts.admin_login and facts.admin_login.username:
        return closed(f"always {facts.admin_login.username} on {kind.label}")
    if field == "update_interval" and facts.interval is None:
        return closed(f"{kind.label} has no update interval")
    if field == "parking_watch_lines" and not (facts.park_keys and kind.keys):
        return closed(f"{kind.label} has no lamp keys")
    return OPEN


def _by_preferences(field: str, page: Page, viewer: Viewer) -> Gate:
    values, site = page.values, page.site
    if field == "pbx_connected":
        return _pbx_gate(page, viewer)
    if field == "on_private_network" and site.infrastructure_type == "none":
        return Gate("hidden", "the infrastructure type is none")
    if field in _FIXED_IP and not values["fixed_ip"]:
        return closed("type an IP first")
    if field == "fixed_ip" and values["allowed_networks"]:
        return closed("not together with a list of allowed IPs")
    if field == "allowed_networks" and values["fixed_ip"]:
        return closed("not together with a fixed IP")
    if field == "secret_code" and not values["allow_virtualization"]:
        return closed("allow virtualization first")
    return OPEN


def _pbx_gate(page: Page, viewer: Viewer) -> Gate:
    if page.site.sip_trunking_channels == 0:
        # Ticked before the license shrank: it must be seen to be taken away.
        ticked = page.values["pbx_connected"]
        return OPEN if ticked else Gate("hidden", "the license has no SIP trunking channels")
    if page.values["max_public_concurrent_calls"] is None:
        return closed(CALLS_UNLIMITED)
    if not viewer.sip_trunking_management:
        return closed("needs the permission SIP trunking management", by_role=True)
    return OPEN
