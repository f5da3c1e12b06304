"""Writing one page: passwords that tuiprov makes, serials and tokens, what stays as it was."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.sites import PHONE, Site
from tuiprov.data.catalog import PhoneType, default_catalog
from tuiprov.data.models import Device, Line
from tuiprov.data.writer import with_generated

MANUAL: dict[str, Any] = {"password_generation": "manual", "admin_password": "Quiet7River"}
AUTO: dict[str, Any] = {"password_generation": "auto"}


def with_login() -> dict[str, PhoneType]:
    """One phone for each rule that a phone has for its administrator password."""
    rules: dict[str, PhoneType] = {}
    for kind in default_catalog().types():
        if kind.facts.admin_login is not None:
            rule = kind.facts.admin_login.password
            rules.setdefault(rule.model_dump_json(), kind)
    return {f"{kind.label} {kind.firmware}": kind for kind in rules.values()}


class TestAutomaticPassword:
    @pytest.mark.parametrize("name", with_login())
    def test_it_is_one_the_phone_takes(self, site: Site, name: str) -> None:
        kind = with_login()[name]
        assert kind.facts.admin_login is not None
        equipment = {
            "manufacturer": kind.manufacturer,
            "model": kind.model,
            "firmware": kind.firmware,
            "mac": f"{kind.mac_prefixes[0]}:00:00:01",
            "update_protocol": kind.facts.update_protocols[0],
        }
        if kind.facts.application_version == "required":
            equipment["application_version"] = "P0S3-08-11-00"
        page = site.add(sip_password="123456", **{**PHONE, **equipment, **AUTO})
        password = str(page.values["admin_password"])
        assert password
        assert kind.facts.admin_login.password.reason_against(password) == ""

    def test_it_is_kept_over_saves(self, site: Site) -> None:
        made = site.add(**PHONE, **AUTO).values["admin_password"]
        assert site.save(notes="x").values["admin_password"] == made

    def test_two_phones_get_two(self, site: Site) -> None:
        one = site.add("0027*001", **PHONE, **AUTO)
        two = site.add("0027*002", **PHONE | {"mac": "80:5E:C0:00:00:02"} | AUTO)
        assert one.values["admin_password"] != two.values["admin_password"]

    def test_it_takes_the_place_of_the_one_typed_by_hand(self, site: Site) -> None:
        site.add(**PHONE, **MANUAL)
        assert str(site.save(**AUTO).values["admin_password"]) not in ("", "Quiet7River")

    def test_an_imported_one_is_taken_as_it_is(self, site: Site) -> None:
        page = site.add(**PHONE, **AUTO, admin_password="Imported9word")
        assert page.values["admin_password"] == "Imported9word"


class TestOtherPasswords:
    def test_manual_to_none_forgets_the_password(self, site: Site) -> None:
        site.add(**PHONE, **MANUAL)
        assert site.save(password_generation="none").values["admin_password"] == ""

    def test_a_new_extension_gets_a_random_sip_password(self, site: Site) -> None:
        passwords = {site.add(f"0027*00{n}").values["sip_password"] for n in range(1, 4)}
        assert len(passwords) == 3
        assert all(re.fullmatch(r"[A-Za-z2-9]{20}", str(word)) for word in passwords)

    def test_a_given_sip_password_is_kept(self, site: Site) -> None:
        site.import_text("extension,organization,user,sip_password\n1*1,Acme,joe,v7Qm2\n")
        assert site.page("1*1").values["sip_password"] == "v7Qm2"

    def test_an_extension_that_is_there_gets_no_new_one(self, site: Site) -> None:
        page = site.add()
        assert "sip_password" not in with_generated(page, {"notes": "x"})


class TestRecords:
    def test_a_devices_serial_is_its_mac(self, site: Site) -> None:
        site.add(**PHONE)
        assert [d.serial for d in site.rows(Device)] == ["805ec0000001"]

    @pytest.mark.parametrize("other", [{"mac": "", "status": "disabled"}, {}])
    def test_without_a_mac_of_its_own_it_is_random(self, site: Site, other: dict[str, Any]) -> None:
        site.add("0027*001", **PHONE)
        site.add("0027*002", **PHONE | other)
        serials = [d.serial for d in site.rows(Device)]
        assert re.fullmatch("[0-9a-f]{16}", serials[1])

    def test_a_token_is_128_random_bits(self, site: Site) -> None:
        site.add("0027*001", **PHONE)
        site.add("0027*002", **PHONE | {"mac": "80:5E:C0:00:00:02"})
        tokens = {d.token for d in site.rows(Device)}
        assert len(tokens) == 2
        assert all(re.fullmatch("[0-9a-f]{32}", token) for token in tokens)

    def test_moving_to_another_line_moves_the_line(self, site: Site) -> None:
        site.add(**PHONE)
        site.save(line=3)
        assert [line.number for line in site.rows(Line)] == [3]

    def test_two_devices_may_have_one_friendly_name(self, site: Site) -> None:
        site.add("0027*001", **PHONE)
        site.add("0027*002", **PHONE | {"mac": "80:5E:C0:00:00:02"})
        assert [d.friendly_name for d in site.rows(Device)] == ["Desk01", "Desk01"]

    def test_another_mac_is_another_address_of_the_same_device(self, site: Site) -> None:
        first = site.add(**PHONE)
        saved = site.save(mac="80:5E:C0:00:00:02")
        assert saved.device_id == first.device_id
        assert len(site.rows(Device)) == 1
