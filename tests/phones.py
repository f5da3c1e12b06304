"""Phones for tests in one line each: `phone("Yealink", "T46S", "84", lines=2)`."""

from __future__ import annotations

from typing import Any

from tuiprov.data.catalog import PhoneType, default_catalog
from tuiprov.data.http_login import HttpLogin
from tuiprov.data.page import LineUse, Phone
from tuiprov.data.sections import DEFAULTS, DEVICE_FIELDS, EXTENSION_FIELDS
from tuiprov.data.site import Site
from tuiprov.render.notes import Note, notes

TOKEN = "0123456789abcdef0123456789abcdef"
HOSTILE_NAME = """O'Brien & Sons <b> "x" = a: ;#!%s {{ 7 }} ]]> \\ Ünï"""
HOSTILE_PASSWORD = "a&b<c>d'e;f#g%h=i:j{k}l,m"


def extension(number: int = 1, **values: Any) -> dict[str, Any]:
    """An extension's values by column name, the defaults unless said otherwise."""
    account = {
        "extension": f"0027*{number:03}",
        "extension_name": f"Alice {number}",
        "sip_username": f"0027*{number:03}",
        "sip_password": f"v7Qm2RkT9xW{number}",
        "use_provisioning": True,
    }
    return {name: DEFAULTS[name] for name in EXTENSION_FIELDS} | account | values


def phone(
    manufacturer: str,
    model: str,
    firmware: str,
    *,
    lines: int = 1,
    site: Site | None = None,
    sip: dict[str, Any] | None = None,
    **values: Any,
) -> Phone:
    """A phone with `lines` extensions; `sip` goes to each extension, `values` to the device."""
    phone_type = kind(manufacturer, model, firmware)
    device = {
        "friendly_name": "Desk01",
        "manufacturer": manufacturer,
        "model": model,
        "firmware": firmware,
        "mac": f"{phone_type.mac_prefixes[0]}:AA:BB:CC" if phone_type.has_mac else "",
        "update_protocol": phone_type.facts.update_protocols[0],
        "mac_based_provisioning": phone_type.has_mac,
    }
    if phone_type.facts.application_version == "required":
        device["application_version"] = "P0S3-08-11-00"
    if phone_type.facts.admin_login is not None:
        device |= {"admin_username": "admin", "password_generation": "manual"}
        device["admin_password"] = fitting_password(phone_type)
    return Phone(
        {name: DEFAULTS[name] for name in DEVICE_FIELDS} | device | values,
        tuple(LineUse(n, extension(n, **(sip or {}))) for n in range(1, lines + 1)),
        site or Site(),
        TOKEN,
        http_login=HttpLogin("wq6d2mfoxa", "zb4kq7ynwd5xj2hv3cta"),
    )


def fitting_password(phone_type: PhoneType) -> str:
    """An administrator password the phone takes, with special characters where it takes them."""
    login = phone_type.facts.admin_login
    assert login is not None
    candidates = ("Pa$$&<w0rd>", "Quiet7River", "84512973")
    return next(word for word in candidates if not login.password.reason_against(word))


def kind(manufacturer: str, model: str, firmware: str) -> PhoneType:
    phone_type = default_catalog().find(manufacturer, model, firmware)
    assert phone_type is not None, (manufacturer, model, firmware)
    return phone_type


def notes_of(a_phone: Phone) -> list[Note]:
    values = a_phone.values
    names = [str(values[name]) for name in ("manufacturer", "model", "firmware")]
    return notes(a_phone, kind(names[0], names[1], names[2]))
