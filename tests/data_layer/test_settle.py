"""What follows from changing one field: dependent lists, prefills, resets; no typed MAC is lost."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sites import PHONE
from tuiprov.data.catalog import default_catalog
from tuiprov.data.page import Page
from tuiprov.data.sections import DEFAULTS
from tuiprov.data.settle import prefill, settle
from tuiprov.data.site import Site as SiteSettings


def page(**values: Any) -> Page:
    return Page({**DEFAULTS, "extension": "0027*001", "line": 1, **PHONE, **values}, SiteSettings())


def after(field: str, **values: Any) -> dict[str, Any]:
    """All values once `field` (one of `values`) has changed and the rest has settled."""
    changed = page(**values)
    return {**changed.values, **settle(changed, field)}


@pytest.mark.parametrize("manufacturer", default_catalog().manufacturers())
def test_another_manufacturer_settles_to_a_phone_of_its_own(manufacturer: str) -> None:
    catalog = default_catalog()
    values = after("manufacturer", manufacturer=manufacturer)
    kind = catalog.find(manufacturer, values["model"], values["firmware"])
    assert values["model"] in catalog.models(manufacturer)
    assert values["firmware"] in catalog.firmwares(manufacturer, values["model"])
    assert kind is not None
    assert values["update_protocol"] in kind.facts.update_protocols
    assert values["template"] == "Server default"


def test_another_manufacturer_never_wipes_a_full_mac() -> None:
    values = after("manufacturer", manufacturer="Snom", mac="80:5E:C0:12:34:56")
    assert values["mac"] == "80:5E:C0:12:34:56"


def test_without_a_manufacturer_there_is_no_model_firmware_or_protocol() -> None:
    values = after("manufacturer", manufacturer="")
    assert [values[n] for n in ("model", "firmware", "update_protocol")] == ["", "", ""]


def test_what_is_still_possible_is_kept() -> None:
    values = after("model", model="T48S", update_protocol="tftp", update_interval=720)
    assert (values["firmware"], values["update_protocol"]) == ("84", "tftp")
    assert values["update_interval"] == 720


def test_a_template_without_files_for_the_phone_falls_to_server_default() -> None:
    assert after("model", model="T48S", template="Mine")["template"] == "Server default"


def test_an_interval_beyond_the_new_phones_bounds_falls_to_its_default() -> None:
    assert after("model", model="T48S", update_interval=99_999)["update_interval"] is None


def test_lamps_that_the_new_phone_has_not_are_reset() -> None:
    assert after("model", model="T48S", parking_watch_lines=99)["parking_watch_lines"] is None


def test_an_application_version_the_new_phone_has_no_use_for_is_cleared() -> None:
    values = after("model", model="T48S", application_version="P0S3-08-11-00")
    assert values["application_version"] == ""


@pytest.mark.parametrize("manufacturer", default_catalog().manufacturers())
def test_the_mac_is_prefilled_with_the_manufacturers_first_three_octets(manufacturer: str) -> None:
    proposed = prefill(page(manufacturer=manufacturer, model="", firmware="", mac=""))
    assert proposed == next(iter(default_catalog().prefixes(manufacturer)), "")


def test_the_snom_prefill_is_that_of_the_page() -> None:
    assert prefill(page(manufacturer="Snom", model="", firmware="")) == "00:04:13"


def test_without_a_manufacturer_nothing_is_prefilled() -> None:
    assert prefill(page(manufacturer="", model="", firmware="")) == ""


def test_a_typed_mac_proposes_its_manufacturer() -> None:
    empty = dict.fromkeys(("manufacturer", "model", "firmware", "update_protocol"), "")
    values = after("mac", **empty | {"mac": "00:04:13:00:00:01"})
    assert values["manufacturer"] == "Snom"
    assert default_catalog().find("Snom", values["model"], values["firmware"])


def test_a_typed_mac_does_not_overrule_a_chosen_manufacturer() -> None:
    values = after("mac", mac="00:04:13:00:00:01")
    assert (values["manufacturer"], values["model"]) == ("Yealink", "T46S")


def test_a_mac_of_nobody_proposes_nothing() -> None:
    empty = dict.fromkeys(("manufacturer", "model", "firmware"), "")
    assert settle(page(**empty | {"mac": "02:00:00:00:00:01"}), "mac") == {}


def test_clearing_the_fixed_ip_resets_its_dependents() -> None:
    values = after(
        "fixed_ip",
        fixed_ip="",
        fixed_port=5070,
        fixed_auth="not_required",
        signaling_transport="tcp",
    )
    assert [values[n] for n in ("fixed_port", "fixed_auth", "signaling_transport")] == [
        *(None, "required", "udp"),
    ]


def test_another_fixed_ip_keeps_its_dependents() -> None:
    changed = page(fixed_ip="192.0.2.10", fixed_port=5070, signaling_transport="tcp")
    assert settle(changed, "fixed_ip") == {}


@pytest.mark.parametrize("generation", ["none", "auto"])
def test_leaving_manual_forgets_the_typed_password(generation: str) -> None:
    values = after("password_generation", password_generation=generation, admin_password="Quiet7")
    assert values["admin_password"] == ""


def test_choosing_manual_changes_nothing_else() -> None:
    assert settle(page(password_generation="manual"), "password_generation") == {}


def test_other_fields_settle_nothing() -> None:
    assert settle(page(notes="x"), "notes") == {}
