"""The site's defaults for new devices, by whichever way a device comes: page, CSV, `set`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sites import PHONE, Site
from tuiprov.data.bulk.assignments import parse_assignments, set_values
from tuiprov.data.models import Device

NUMBER = "0027*001"
SNOM = {"manufacturer": "Snom", "model": "D765", "firmware": "10", "mac": "00:04:13:00:00:01"}
CISCO = {
    "manufacturer": "Cisco",
    "model": "7940",
    "firmware": "8.x",
    "mac": "00:07:0E:00:00:01",
    "application_version": "P0S3-08-11-00",
}
"""Takes TFTP only, and has no web login with a password of its own."""
CHOSEN = {
    "default_update_protocol": "http",
    "default_mac_based_provisioning": True,
    "default_password_generation": "auto",
    "default_status": "disabled",
}


def by_page(site: Site, phone: dict[str, Any]) -> None:
    site.add(NUMBER)
    draft = site.draft(NUMBER)
    for name, text in {"use_provisioning": "yes", "friendly_name": "Desk01", **phone}.items():
        draft.edit(name, text)
    assert draft.errors == {}
    site.store.save(site.admin, draft.base, draft.changes)


def by_csv(site: Site, phone: dict[str, Any]) -> None:
    row = {
        "extension": NUMBER,
        "organization": "Acme Ltd",
        "user": "x",
        "use_provisioning": "yes",
        "friendly_name": "Desk01",
        **phone,
    }
    site.import_text(f"{','.join(row)}\n{','.join(row.values())}\n")


def by_set(site: Site, phone: dict[str, Any]) -> None:
    site.add(NUMBER)
    words = [f"{name}={text}" for name, text in phone.items()]
    values = parse_assignments(["use_provisioning=yes", "friendly_name=Desk01", *words])
    set_values(site.store, site.admin, values, f"extension:{NUMBER}")


WAYS = pytest.mark.parametrize("way", [by_page, by_csv, by_set], ids=["page", "csv", "set"])


def device(site: Site) -> Device:
    (found,) = site.rows(Device)
    return found


@WAYS
def test_a_new_device_gets_what_the_site_has_chosen(site: Site, way: Any) -> None:
    site.configure(**CHOSEN)
    way(site, SNOM)
    one = device(site)
    assert (one.update_protocol, one.mac_based_provisioning, one.status) == (
        "http",
        True,
        "disabled",
    )
    assert one.password_generation == "auto"
    assert len(one.admin_password) >= 8


@WAYS
def test_without_a_choice_the_phone_s_best_protocol_is_taken(site: Site, way: Any) -> None:
    way(site, SNOM)
    one = device(site)
    assert (one.update_protocol, one.status, one.password_generation) == (
        "https",
        "enabled",
        "none",
    )


@WAYS
def test_what_the_phone_cannot_do_is_not_forced_on_it(site: Site, way: Any) -> None:
    site.configure(**CHOSEN)
    way(site, CISCO)
    one = device(site)
    assert (one.update_protocol, one.password_generation, one.admin_password) == (
        "tftp",
        "none",
        "",
    )


@pytest.mark.parametrize("way", [by_csv, by_set], ids=["csv", "set"])
def test_what_is_given_wins_over_the_default(site: Site, way: Any) -> None:
    site.configure(**CHOSEN)
    way(site, {**SNOM, "update_protocol": "tftp", "status": "enabled"})
    one = device(site)
    assert (one.update_protocol, one.status) == ("tftp", "enabled")


def test_a_wrong_protocol_that_is_given_is_refused_not_mended(site: Site) -> None:
    with pytest.raises(Exception, match="Cisco 7940 takes tftp, not https"):
        by_csv(site, {**CISCO, "update_protocol": "https"})


def test_a_device_that_is_there_already_keeps_what_it_has(site: Site) -> None:
    site.add("0027*002", **{**PHONE, "update_protocol": "https"})
    site.configure(**CHOSEN)
    site.save("0027*002", notes="by the door")
    one = device(site)
    assert (one.update_protocol, one.status) == ("https", "enabled")
