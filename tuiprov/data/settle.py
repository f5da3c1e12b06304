"""What follows from changing one field: dependent choices, prefills and resets.

manufacturer → model → firmware → protocol, interval, template; MAC prefix ↔ manufacturer; fixed IP
→ port, authentication, transport; password generation → password. A value that is still possible
is kept; a full MAC address is wiped only by a phone that has none.
"""

from __future__ import annotations

from collections.abc import Sequence

from tuiprov.data.catalog import PhoneType, default_catalog
from tuiprov.data.fields import Value, Values
from tuiprov.data.gates import phone_type
from tuiprov.data.page import Page
from tuiprov.data.sections import DEFAULTS, FIELDS, SERVER_DEFAULT

Changes = dict[str, Value]

_FIXED_IP = ("fixed_port", "fixed_auth", "signaling_transport")
_OF_PHONE = ("update_interval", "parking_watch_lines", "application_version", "admin_username")
_LOGIN = ("admin_username", "password_generation", "admin_password")


def settle(page: Page, field: str) -> Changes:
    """The further changes that follow from `field` having its new value in `page`."""
    if field == "mac":
        return _after_mac(page)
    if field in ("manufacturer", "model", "firmware"):
        return _after_equipment(page)
    if field == "fixed_ip" and not page.values["fixed_ip"]:
        return {name: DEFAULTS[name] for name in _FIXED_IP}
    if field == "password_generation" and page.values["password_generation"] != "manual":
        return {"admin_password": ""}
    return {}


def settled(page: Page, values: Values) -> Changes:
    """`values` with what follows from them, for who writes them without a form: a model's newest
    firmware, its first protocol. What is given is kept."""
    after = page
    for name in FIELDS:
        if name in values:
            after = after.changed({name: values[name]})
            after = after.changed({n: v for n, v in settle(after, name).items() if n not in values})
    return {n: v for n, v in after.values.items() if v != page.values[n]}


def prefill(page: Page) -> str:
    """The MAC field's prefill for the chosen manufacturer: its first three octets, or ""."""
    kind = phone_type(page)
    prefixes = (
        kind.mac_prefixes if kind else default_catalog().prefixes(_text(page, "manufacturer"))
    )
    return prefixes[0] if prefixes else ""


def _after_mac(page: Page) -> Changes:
    """A typed MAC proposes the manufacturer its prefix belongs to, when none is chosen yet."""
    owner = default_catalog().manufacturer_of(_text(page, "mac"))
    if not owner or page.values["manufacturer"]:
        return {}
    chosen = page.changed({"manufacturer": owner})
    return {"manufacturer": owner, **_after_equipment(chosen)}


def _after_equipment(page: Page) -> Changes:
    catalog = default_catalog()
    manufacturer = _text(page, "manufacturer")
    model = _still(_text(page, "model"), catalog.models(manufacturer))
    firmware = _still(_text(page, "firmware"), catalog.firmwares(manufacturer, model))
    changes: Changes = {"model": model, "firmware": firmware}
    kind = phone_type(page.changed(changes))
    if kind is None:
        return {**changes, "update_protocol": ""}
    changes["update_protocol"] = _still(_text(page, "update_protocol"), kind.facts.update_protocols)
    if page.values["template"] not in page.changed(changes).templates:
        changes["template"] = SERVER_DEFAULT
    return {**changes, **_reset(page, kind)}


def _still(value: str, possible: Sequence[str]) -> str:
    """`value` while it is possible, else the first possibility."""
    return value if value in possible else (possible[0] if possible else "")


def _reset(page: Page, kind: PhoneType) -> Changes:
    """Values that the new phone cannot take go back to their defaults."""
    values, facts = page.values, kind.facts
    changes: Changes = {}
    for name in _OF_PHONE:
        if name in facts.lacks and values[name] != DEFAULTS[name]:
            changes[name] = DEFAULTS[name]
    interval = values["update_interval"]
    bounds = facts.interval
    if isinstance(interval, int) and not (bounds and bounds.low <= interval <= bounds.high):
        changes["update_interval"] = None
    lamps = values["parking_watch_lines"]
    if isinstance(lamps, int) and (not facts.park_keys or lamps >= kind.keys):
        changes["parking_watch_lines"] = None
    if facts.admin_login is None:
        changes |= {name: DEFAULTS[name] for name in _LOGIN}
    if not kind.has_mac:
        changes |= {name: DEFAULTS[name] for name in ("mac", "mac_based_provisioning")}
    return changes


def _text(page: Page, name: str) -> str:
    return str(page.values[name])
