"""A softphone has no MAC address: it is saved, found and given a link without one."""

from __future__ import annotations

import pytest

from tests.pbx.test_resyncing import resyncing
from tests.sites import PHONE, SOFTPHONE, Site
from tuiprov.data.catalog import default_catalog
from tuiprov.data.draft import Draft
from tuiprov.data.gates import gate, refusal
from tuiprov.data.models import Device
from tuiprov.errors import Refused

WITHOUT = "Linphone Desktop has no MAC address: its link is made of a token"


def draft(site: Site) -> Draft:
    """A desk phone being made a softphone by hand."""
    site.add("0027*001", **PHONE | {"mac_based_provisioning": True})
    made = site.draft()
    made.edit("manufacturer", "Linphone")
    return made


def test_it_is_saved_without_a_mac_address(site: Site) -> None:
    page = site.add("0027*001", **SOFTPHONE)
    assert (page.values["mac"], page.values["status"]) == ("", "enabled")
    assert len(page.token) == 32


def test_many_are_saved_without_one(site: Site) -> None:
    for number in (1, 2, 3):
        site.add(f"0027*00{number}", **SOFTPHONE)
    devices = site.rows(Device)
    assert len({one.serial for one in devices}) == len({one.token for one in devices}) == 3


def test_choosing_it_clears_the_mac_address_and_the_tick(site: Site) -> None:
    made = draft(site)
    assert (made.values["mac"], made.texts["mac"]) == ("", "")
    assert made.values["mac_based_provisioning"] is False
    assert made.errors == {}


def test_a_mac_address_is_proposed_again_with_a_desk_phone(site: Site) -> None:
    made = draft(site)
    made.edit("manufacturer", "Snom")
    assert made.texts["mac"] == "00:04:13"


@pytest.mark.parametrize("field", ["mac", "mac_based_provisioning"])
def test_the_fields_are_closed_and_say_why(site: Site, field: str) -> None:
    page = site.add("0027*001", **SOFTPHONE)
    answer = gate(field, page, site.admin)
    assert (answer.state, answer.reason) == ("read-only", WITHOUT)


@pytest.mark.parametrize(
    "values", [{"mac": "80:5E:C0:00:00:01"}, {"mac_based_provisioning": True}], ids=["mac", "tick"]
)
def test_neither_can_be_stored_by_any_way(site: Site, values: dict[str, object]) -> None:
    with pytest.raises(Refused) as error:
        site.add("0027*001", **SOFTPHONE | values)
    assert [(one.field, one.reason) for one in error.value.refusals] == [
        (next(iter(values)), WITHOUT)
    ]


def test_new_devices_that_use_their_mac_address_by_default_leave_it_out(site: Site) -> None:
    site.configure(default_mac_based_provisioning=True)
    fresh = site.store.page(site.admin, site.add("0027*001").extension_id or 0)
    assert fresh.values["mac_based_provisioning"] is True
    made = site.draft()
    for name in ("use_provisioning", "friendly_name", "manufacturer"):
        made.edit(name, {"use_provisioning": "yes"}.get(name) or str(SOFTPHONE[name]))
    assert made.values["mac_based_provisioning"] is False
    assert refusal("mac", "", made.page, site.admin) == ""


def test_csv_takes_it_by_its_friendly_name_and_gives_it_back(site: Site) -> None:
    site.configure(default_mac_based_provisioning=True)
    header = "extension,organization,user,use_provisioning,friendly_name,manufacturer,model"
    phone = "Acme,anna,yes,Laptop01,Linphone,Desktop,5.x,http"
    site.import_text(
        f"{header},firmware,update_protocol,line\n0027*001,{phone},1\n0027*002,{phone},2\n"
    )
    (device,) = site.rows(Device)
    assert (device.mac, device.mac_based_provisioning) == ("", False)
    before = site.export()
    site.import_text(before)
    assert site.export() == before
    assert len(site.rows(Device)) == 1


def test_no_notify_is_sent_to_it(site: Site) -> None:
    site.add("0027*001", **SOFTPHONE)
    site.add("0027*002", **PHONE)
    site.configure(resync_by="sip")
    assert [one.name for one in resyncing(site).matching("")] == ["Desk01"]


def test_a_phone_without_a_resync_is_one_that_has_no_mac_address() -> None:
    silent = {kind.label for kind in default_catalog().types() if not kind.facts.resync}
    assert silent == {kind.label for kind in default_catalog().types() if not kind.has_mac}
