"""Rules between fields, of the phone, and with other records: what may not be saved, and why."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sites import PHONE, NoNeighbours, Site
from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.catalog import default_catalog
from tuiprov.data.checks import DUPLICATE_MAC, check_page, warnings
from tuiprov.data.gates import CALLS_UNLIMITED
from tuiprov.data.page import LineUse, Page
from tuiprov.data.sections import DEFAULTS
from tuiprov.data.site import Site as SiteSettings
from tuiprov.errors import Refused


def page(settings: dict[str, Any] | None = None, **values: Any) -> Page:
    """A page that can be saved, but for `values`."""
    known = {**DEFAULTS, "extension": "0027*001", "line": 1, "sip_password": "v7Qm2", **PHONE}
    return Page({**known, **values}, SiteSettings(**(settings or {})), extension_id=1)


def refused(settings: dict[str, Any] | None = None, **values: Any) -> dict[str, str]:
    return {r.field: r.reason for r in check_page(page(settings, **values), NoNeighbours())}


AASTRA: dict[str, Any] = {
    "manufacturer": "Aastra",
    "model": "6731i",
    "firmware": "3.3.1",
    "update_protocol": "http",
    "mac": "00:08:5D:00:00:01",
}
"""A phone whose administrator password takes digits only."""


def test_a_page_in_order_is_not_refused() -> None:
    assert refused() == {}


def test_without_use_provisioning_the_device_is_not_asked_about() -> None:
    nothing: dict[str, Any] = {name: DEFAULTS[name] for name in PHONE}
    assert refused(**nothing) == {}


def test_every_error_is_found_at_once_and_in_the_order_of_the_page() -> None:
    found = refused(
        extension="", friendly_name="", mac="", update_protocol="ftp", codecs="", template="Mine"
    )
    assert list(found) == [
        *("extension", "friendly_name", "mac", "update_protocol", "template", "codecs"),
    ]


class TestEquipment:
    @pytest.mark.parametrize("field", ["friendly_name", "manufacturer", "model", "firmware"])
    def test_it_is_required_with_use_provisioning(self, field: str) -> None:
        assert "is missing" in refused(None, **{field: ""})[field]

    def test_what_is_not_in_the_catalogue_is_named(self) -> None:
        assert refused(manufacturer="Acme") == {"manufacturer": "'Acme' is not in the catalogue"}
        assert refused(model="T999") == {"model": "Yealink 'T999' is not in the catalogue"}

    def test_an_unknown_firmware_is_answered_with_the_known_ones(self) -> None:
        assert refused(firmware="9.x")["firmware"].startswith(
            "'9.x' is not known for Yealink T46S:"
        )

    def test_a_protocol_the_phone_has_not_is_answered_with_those_it_has(self) -> None:
        assert refused(update_protocol="ftp") == {
            "update_protocol": "Yealink T46S takes https, http, tftp, not ftp"
        }

    def test_a_template_that_is_not_there_for_the_phone_is_refused(self) -> None:
        assert refused(template="Mine") == {
            "template": "there is no template 'Mine' for this phone"
        }


class TestMac:
    def test_an_enabled_device_needs_it(self) -> None:
        assert refused(mac="") == {"mac": "is missing: an enabled device needs its MAC address"}

    def test_a_disabled_device_does_not(self) -> None:
        assert refused(mac="", status="disabled") == {}

    def test_mac_based_provisioning_needs_it_even_when_disabled(self) -> None:
        found = refused(mac="", status="disabled", mac_based_provisioning=True)
        assert found == {"mac": "is missing: MAC based provisioning needs it"}

    @pytest.mark.parametrize(
        ("settings", "values"),
        [({}, {"update_protocol": "tftp"}), ({"allow_mac_based_provisioning": False}, {})],
    )
    def test_a_tick_without_effect_needs_none(
        self, settings: dict[str, Any], values: dict[str, Any]
    ) -> None:
        ticked: dict[str, Any] = {"mac": "", "status": "disabled", "mac_based_provisioning": True}
        assert refused(settings, **ticked, **values) == {}

    def test_a_prefix_of_another_manufacturer_is_taken_with_a_word(self) -> None:
        foreign = page(mac="00:04:13:00:00:01")
        assert check_page(foreign, NoNeighbours()) == []
        assert warnings(foreign, NoNeighbours()) == {"mac": "this prefix belongs to Snom"}

    @pytest.mark.parametrize("manufacturer", default_catalog().manufacturers())
    def test_a_prefix_that_two_manufacturers_share_is_foreign_to_neither(
        self, manufacturer: str
    ) -> None:
        for prefix in default_catalog().prefixes(manufacturer):
            own = page(manufacturer=manufacturer, mac=f"{prefix}:00:00:01")
            assert warnings(own, NoNeighbours()) == {}


class TestPhone:
    @pytest.mark.parametrize(("interval", "taken"), [(1, True), (43200, True), (43201, False)])
    def test_the_interval_keeps_the_phones_own_bounds(self, interval: int, taken: bool) -> None:
        found = refused(update_interval=interval)
        assert found == (
            {} if taken else {"update_interval": "Yealink T46S takes 1 to 43200 minutes"}
        )

    def test_the_interval_is_optional(self) -> None:
        assert refused(update_interval=None) == {}

    @pytest.mark.parametrize(("line", "taken"), [(1, True), (16, True), (17, False)])
    def test_a_line_is_one_of_the_models(self, line: int, taken: bool) -> None:
        assert refused(line=line) == ({} if taken else {"line": "Yealink T46S has 16 lines"})

    def test_a_line_serves_one_extension(self) -> None:
        shared = page(line=2)
        other = LineUse(2, {"extension": "0027*002"})
        with_other = Page(shared.values, shared.site, extension_id=1, others=(other,))
        found = {r.field: r.reason for r in check_page(with_other, NoNeighbours())}
        assert found == {"line": "line 2 is used by another extension"}

    def test_lamps_are_limited_by_the_keys_that_no_line_uses(self) -> None:
        found = refused(parking_watch_lines=99)
        assert found["parking_watch_lines"].endswith("keys left for parking")
        free = int(found["parking_watch_lines"].split()[3])
        assert refused(parking_watch_lines=free) == {}
        assert "parking_watch_lines" in refused(parking_watch_lines=free + 1)


class TestPasswords:
    def test_manual_needs_a_password(self) -> None:
        found = refused(password_generation="manual", admin_password="")
        assert found == {"admin_password": "is missing: Manual needs a password"}

    @pytest.mark.parametrize("generation", ["none", "auto"])
    def test_none_and_automatic_do_not(self, generation: str) -> None:
        assert refused(password_generation=generation, admin_password="") == {}

    def test_the_phones_own_alphabet_is_said(self) -> None:
        found = refused(**AASTRA, password_generation="manual", admin_password="letters")
        assert found["admin_password"].startswith("Aastra 6731i takes digits only, not 'elrst'")

    def test_an_extension_that_shall_register_needs_its_sip_password(self) -> None:
        assert refused(sip_password="") == {
            "sip_password": "is missing: the phone could not register"
        }

    def test_a_sip_password_longer_than_the_phone_takes_is_refused(self) -> None:
        assert "sip_password" in refused(sip_password="x" * 65)


class TestCodecs:
    def test_at_least_one_must_stay(self) -> None:
        assert refused(codecs="") == {"codecs": "at least one codec must stay selected"}

    def test_only_those_offered_are_taken(self) -> None:
        found = refused({"codecs_offered": "alaw,g722"}, codecs="alaw,mp3,ulaw")
        assert found == {"codecs": "mp3, ulaw: not offered here (alaw, g722)"}


class TestPbx:
    def test_without_licensed_channels_it_is_refused(self) -> None:
        ticked = {"pbx_connected": True, "max_public_concurrent_calls": 8}
        found = refused({"sip_trunking_channels": 0}, **ticked)
        assert found == {"pbx_connected": "the license has no SIP trunking channels"}

    def test_with_unlimited_calls_it_is_refused_in_voipnows_words(self) -> None:
        assert refused(pbx_connected=True) == {"pbx_connected": CALLS_UNLIMITED}

    def test_with_a_limit_it_is_taken(self) -> None:
        assert refused(pbx_connected=True, max_public_concurrent_calls=8) == {}


def test_a_fixed_ip_and_a_lock_list_exclude_each_other() -> None:
    found = refused(fixed_ip="192.0.2.9", allowed_networks="192.0.2.0/24")
    assert found == {"allowed_networks": "not together with a fixed IP"}


# -- with other records ---------------------------------------------------------------------------


def reasons(refusal: pytest.ExceptionInfo[Refused]) -> dict[str, str]:
    return {one.field: one.reason for one in refusal.value.refusals}


class TestSharedAddress:
    """Several extensions may share an IP only if every one of them authenticates."""

    @pytest.mark.parametrize("port", [5060, 5070])
    @pytest.mark.parametrize(
        ("first", "second", "taken"),
        [
            ("required", "required", True),
            ("required", "not_required", False),
            ("not_required", "required", False),
            ("not_required", "not_required", False),
        ],
    )
    def test_another_port_does_not_help(
        self, site: Site, first: str, second: str, taken: bool, port: int
    ) -> None:
        site.add("0027*001", fixed_ip="192.0.2.9", fixed_port=5060, fixed_auth=first)
        site.add("0027*002")
        wanted: dict[str, Any] = {"fixed_ip": "192.0.2.9", "fixed_port": port, "fixed_auth": second}
        if taken:
            assert site.save("0027*002", **wanted).values["fixed_ip"] == "192.0.2.9"
            return
        before = site.export()
        with pytest.raises(Refused) as refused:
            site.save("0027*002", **wanted)
        assert reasons(refused)["fixed_ip"].startswith("the configuration cannot be saved")
        assert site.export() == before

    def test_a_third_may_not_slip_in_without_authentication(self, site: Site) -> None:
        for number in ("0027*001", "0027*002"):
            site.add(number, fixed_ip="192.0.2.9")
        site.add("0027*003")
        with pytest.raises(Refused):
            site.save("0027*003", fixed_ip="192.0.2.9", fixed_auth="not_required")

    def test_one_of_two_may_not_stop_to_authenticate(self, site: Site) -> None:
        for number in ("0027*001", "0027*002"):
            site.add(number, fixed_ip="192.0.2.9")
        with pytest.raises(Refused):
            site.save("0027*001", fixed_auth="not_required")

    def test_an_extension_alone_at_its_ip_need_not_authenticate(self, site: Site) -> None:
        site.add("0027*001", fixed_ip="192.0.2.9", fixed_auth="not_required")
        assert site.save("0027*001", fixed_port=5070).values["fixed_port"] == 5070


class TestDuplicateMac:
    def two(self, site: Site, first: dict[str, Any], second: dict[str, Any]) -> Page:
        site.add("0027*001", **PHONE | first)
        site.add("0027*002")
        return site.page("0027*002").changed({**PHONE, **second})

    @pytest.mark.parametrize(
        "mode",
        [{"mac_based_provisioning": True}, {"update_protocol": "tftp"}],
        ids=["MAC based", "TFTP"],
    )
    def test_it_is_refused_where_the_link_or_the_file_name_is_made_of_it(
        self, site: Site, mode: dict[str, Any]
    ) -> None:
        refusals, _ = site.store.check(self.two(site, {}, mode))
        assert {r.field: r.reason for r in refusals} == {"mac": DUPLICATE_MAC}

    def test_with_a_random_link_it_is_a_warning_only(self, site: Site) -> None:
        refusals, said = site.store.check(self.two(site, {}, {}))
        assert refusals == []
        assert said == {"mac": "this MAC address is already used by another device"}

    def test_neither_message_names_the_other_owner(self, site: Site) -> None:
        page = self.two(site, {}, {"mac_based_provisioning": True})
        refusals, said = site.store.check(page)
        assert not any(w in f"{refusals}{said}" for w in ("0027*001", "Acme", "john", "Desk01"))

    def test_a_difference_in_case_is_none(self, site: Site) -> None:
        site.add("0027*001", **PHONE, mac_based_provisioning=True)
        text = (
            "extension,organization,user,use_provisioning,friendly_name,manufacturer,model,"
            "firmware,mac,update_protocol,mac_based_provisioning,line\n"
            "0099*002,Other Ltd,eve,yes,Desk02,Yealink,T46S,84,80:5e:c0:00:00:01,https,yes,1\n"
        )
        with pytest.raises(Refused) as refused:
            site.import_text(text)
        assert reasons(refused) == {"mac": DUPLICATE_MAC}

    def test_saving_a_device_over_itself_is_no_duplicate(self, site: Site) -> None:
        site.add(**PHONE, mac_based_provisioning=True)
        assert site.save(notes="again", mac="80:5E:C0:00:00:01").values["notes"] == "again"

    def test_a_device_that_lost_its_last_extension_does_not_count(self, site: Site) -> None:
        site.add("0027*001", **PHONE, mac_based_provisioning=True)
        site.save("0027*001", use_provisioning=False)
        page = site.add("0027*002", **PHONE, mac_based_provisioning=True)
        assert page.values["mac"] == PHONE["mac"]


def test_an_extended_number_exists_once(site: Site) -> None:
    site.add("0027*001")
    site.add("0027*002")
    with pytest.raises(Refused) as refused:
        site.save("0027*002", extension="0027*001")
    assert reasons(refused) == {"extension": "0027*001 exists already"}


def test_permission_is_asked_before_the_rules(site: Site) -> None:
    site.add(**PHONE)
    viewer: Viewer = site.viewer("user", "view", sip=True)
    with pytest.raises(Refused) as refused:
        site.save(viewer=viewer, friendly_name="", codecs="")
    assert list(reasons(refused)) == ["friendly_name"]
