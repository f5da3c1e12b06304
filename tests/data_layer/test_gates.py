"""Who may see and change which field, and why not: the gates, and the store that keeps them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.sites import PHONE, Site, a_site
from tuiprov.data.accounts.viewers import Permission, Role, Viewer
from tuiprov.data.gates import CALLS_UNLIMITED, gate, hides, refusal
from tuiprov.data.page import Page
from tuiprov.data.sections import DEFAULTS, FIELDS
from tuiprov.data.site import Site as SiteSettings
from tuiprov.errors import Refused

ADMIN = Viewer("system", "admin", 1, "modify", True, True)

PROVISIONING = (
    *("use_provisioning", "friendly_name", "manufacturer", "model", "firmware"),
    *("application_version", "mac", "mac_based_provisioning", "status", "notes"),
    *("admin_username", "password_generation", "admin_password", "update_interval"),
    *("update_protocol", "template", "parking_watch_lines", "line"),
)
SIP = (
    *("media_encryption", "dtmf_mode", "pbx_connected", "ping", "allow_reinvite"),
    *("on_private_network", "publishes_state", "force_mwi", "codecs", "fixed_ip", "fixed_port"),
    *("fixed_auth", "signaling_transport", "allowed_networks", "allow_virtualization"),
    "secret_code",
)
IDENTITY = (
    *("extension", "extension_name", "sip_username", "sip_password"),
    *("max_public_concurrent_calls", "organization", "user"),
)


def page(settings: dict[str, Any] | None = None, **values: Any) -> Page:
    """A page with a phone on it, as the gates see it."""
    known = {**DEFAULTS, "extension": "0027*001", "line": 1, **PHONE, **values}
    return Page(known, SiteSettings(**(settings or {})), extension_id=1)


def state(field: str, **values: Any) -> tuple[str, str]:
    answer = gate(field, page(**values), ADMIN)
    return answer.state, answer.reason


def test_the_lists_here_name_every_field_once() -> None:
    named = [*PROVISIONING, *SIP, *IDENTITY, "equipment_description"]
    assert sorted(named) == sorted(FIELDS)


class TestUseProvisioning:
    @pytest.mark.parametrize("field", [f for f in PROVISIONING if f != "use_provisioning"])
    def test_while_it_is_off_device_information_and_settings_are_locked(self, field: str) -> None:
        closed = gate(field, page(use_provisioning=False), ADMIN)
        assert (closed.state, closed.reason) == ("read-only", "turn on Use provisioning first")

    @pytest.mark.parametrize("field", ["use_provisioning", *SIP[:2], "equipment_description"])
    def test_while_it_is_off_the_rest_of_the_page_stays_open(self, field: str) -> None:
        assert gate(field, page(use_provisioning=False), ADMIN).is_open


class TestDevice:
    def test_the_model_waits_for_the_manufacturer_and_the_firmware_for_the_model(self) -> None:
        nothing = {"manufacturer": "", "model": "", "firmware": ""}
        assert state("model", **nothing) == ("read-only", "choose the manufacturer first")
        assert state("firmware", **nothing) == ("read-only", "choose the model first")

    @pytest.mark.parametrize("field", ["update_protocol", "update_interval", "parking_watch_lines"])
    def test_what_depends_on_the_phone_waits_for_the_phone(self, field: str) -> None:
        assert state(field, firmware="") == ("read-only", "choose the phone first")

    @pytest.mark.parametrize("protocol", ["http", "https"])
    def test_mac_based_provisioning_is_open_by_http_and_https(self, protocol: str) -> None:
        assert state("mac_based_provisioning", update_protocol=protocol)[0] == "open"

    def test_mac_based_provisioning_is_closed_by_tftp_with_the_reason(self) -> None:
        found = state("mac_based_provisioning", update_protocol="tftp")
        assert found == ("read-only", "needs HTTP or HTTPS")

    def test_mac_based_provisioning_is_closed_by_the_global_preference(self) -> None:
        found = state("mac_based_provisioning", settings={"allow_mac_based_provisioning": False})
        assert found == ("read-only", "turned off in Global preferences")

    @pytest.mark.parametrize("generation", ["none", "auto"])
    def test_the_administrator_password_is_shown_with_manual_only(self, generation: str) -> None:
        assert state("admin_password", password_generation=generation)[0] == "hidden"
        assert state("admin_password", password_generation="manual")[0] == "open"

    def test_what_the_phone_has_not_is_closed_in_its_own_words(self) -> None:
        closed, why = state("application_version")
        assert closed == "read-only"
        assert why.startswith("Yealink T46S has no use for an application version")


class TestFixedIp:
    @pytest.mark.parametrize("field", ["fixed_port", "fixed_auth", "signaling_transport"])
    def test_its_dependents_wait_until_an_ip_is_typed(self, field: str) -> None:
        assert state(field) == ("read-only", "type an IP first")
        assert state(field, fixed_ip="192.0.2.9")[0] == "open"

    def test_fixed_ip_and_lock_list_close_each_other(self) -> None:
        assert state("allowed_networks", fixed_ip="192.0.2.9")[0] == "read-only"
        assert state("fixed_ip", allowed_networks="192.0.2.0/24")[0] == "read-only"


class TestPbx:
    def test_without_licensed_channels_it_is_hidden(self) -> None:
        found = state("pbx_connected", settings={"sip_trunking_channels": 0})
        assert found == ("hidden", "the license has no SIP trunking channels")

    def test_with_unlimited_calls_it_is_disabled_with_voipnows_words(self) -> None:
        assert state("pbx_connected", max_public_concurrent_calls=None) == (
            "read-only",
            "To make it available, setup the Maximum public concurrent calls to a limited number "
            "(now it is unlimited).",
        )
        assert state("pbx_connected")[1] == CALLS_UNLIMITED

    def test_the_license_is_asked_before_the_calls(self) -> None:
        found = state(
            "pbx_connected",
            settings={"sip_trunking_channels": 0},
            max_public_concurrent_calls=None,
        )
        assert found[0] == "hidden"

    @pytest.mark.parametrize("calls", [0, 1, 8])
    def test_with_limited_calls_it_is_open(self, calls: int) -> None:
        assert state("pbx_connected", max_public_concurrent_calls=calls)[0] == "open"

    def test_an_account_needs_the_trunking_permission_and_with_it_sip_management(self) -> None:
        ready = page(max_public_concurrent_calls=8)
        without = Viewer("user", "u", 2, "modify", sip_management=True)
        trunking = Viewer("user", "u", 2, "modify", True, True)
        closed = gate("pbx_connected", ready, without)
        assert closed.reason == "needs the permission SIP trunking management"
        assert gate("pbx_connected", ready, trunking).is_open

    def test_trunking_permission_alone_is_none(self, site: Site) -> None:
        site.add()
        seen = site.viewer("user", "modify", sip=False, trunking=True)
        assert not seen.sip_trunking_management


class TestOthers:
    def test_the_private_network_is_hidden_without_nat_or_routing(self) -> None:
        assert state("on_private_network")[0] == "hidden"
        for kind in ("nat", "routing"):
            found = state("on_private_network", settings={"infrastructure_type": kind})
            assert found[0] == "open"

    def test_the_secret_code_waits_for_virtualization(self) -> None:
        assert state("secret_code") == ("read-only", "allow virtualization first")
        assert state("secret_code", allow_virtualization=True)[0] == "open"


class TestWhatTheRecordCloses:
    """A field closed by the record, not by the role, may go back to its default: that is how a
    change of the phone or of the fixed IP clears what depends on it."""

    def test_it_may_be_reset(self) -> None:
        assert refusal("signaling_transport", "udp", page(), ADMIN) == ""

    def test_it_may_not_be_given_another_value(self) -> None:
        assert refusal("signaling_transport", "tcp", page(), ADMIN) == "type an IP first"

    def test_what_the_role_closes_may_not_even_be_reset(self) -> None:
        viewer = Viewer("user", "u", 2, "view", sip_management=True)
        assert refusal("friendly_name", "", page(), viewer)

    def test_the_tick_of_mac_based_provisioning_is_kept_under_tftp(self) -> None:
        tftp = page(update_protocol="tftp")
        assert refusal("mac_based_provisioning", True, tftp, ADMIN) == ""


# -- roles ----------------------------------------------------------------------------------------

ROLES: tuple[Role, ...] = ("provider", "organization", "user", "terminal")
LEVELS: tuple[Permission, ...] = ("none", "view", "modify")
MATRIX = pytest.mark.parametrize(
    ("role", "level", "sip"),
    [(role, level, sip) for role in ROLES for level in LEVELS for sip in (False, True)],
)

NEW_VALUES: dict[str, Any] = {
    "extension": "0027*777",
    "extension_name": "Somebody Else",
    "sip_username": "else",
    "sip_password": "an0ther",
    "max_public_concurrent_calls": 3,
    "organization": "Other Ltd",
    "user": "other",
    "line": 2,
    "use_provisioning": False,
    "friendly_name": "Desk99",
    "manufacturer": "Snom",
    "model": "T42S",
    "firmware": "x",
    "application_version": "1.2.3",
    "mac": "80:5E:C0:00:00:99",
    "mac_based_provisioning": True,
    "status": "disabled",
    "notes": "changed",
    "admin_username": "root",
    "password_generation": "auto",
    "admin_password": "Other7Word",
    "update_interval": 30,
    "update_protocol": "http",
    "template": "Mine",
    "parking_watch_lines": 2,
    "media_encryption": "sdes",
    "dtmf_mode": "info",
    "pbx_connected": True,
    "ping": True,
    "allow_reinvite": True,
    "on_private_network": True,
    "publishes_state": True,
    "force_mwi": True,
    "codecs": "ulaw",
    "fixed_ip": "192.0.2.99",
    "fixed_port": 5070,
    "fixed_auth": "not_required",
    "signaling_transport": "tcp",
    "allowed_networks": "192.0.2.0/24",
    "equipment_description": "a desk phone",
    "allow_virtualization": True,
    "secret_code": "4321",
}


CLOSED = "read-only"
ACCOUNT = ("sip_username", "sip_password")
SET_ABOVE = ("extension_name", "max_public_concurrent_calls", *ACCOUNT)
"""Who an extension is: set by the accounts above its user, but for its number and its place."""


def a_provisioned_site(tmp_path: Path) -> Site:
    site = a_site(tmp_path)
    site.add(
        **PHONE, password_generation="manual", admin_password="Quiet7River", sip_password="v7Qm2Rk"
    )
    return site


def expected_state(role: Role, field: str, level: Permission, sip: bool) -> str:
    """What the role alone makes of a field."""
    if field == "equipment_description":
        return "open"
    if field == "sip_password" and not sip:
        return "hidden"
    if field in IDENTITY:
        above = role in ("provider", "organization")
        return "open" if above and field in SET_ABOVE and (sip or field not in ACCOUNT) else CLOSED
    if field in SIP:
        return "open" if sip else "hidden"
    return {"none": "hidden", "view": "read-only", "modify": "open"}[level]


@MATRIX
def test_the_role_decides_before_the_record(
    tmp_path: Path, role: Role, level: Permission, sip: bool
) -> None:
    site = a_provisioned_site(tmp_path)
    viewer = site.viewer(role, level, sip=sip, trunking=True)
    seen = site.page(viewer=viewer)
    for field in FIELDS:
        wanted = expected_state(role, field, level, sip)
        answer = gate(field, seen, viewer)
        assert answer.by_role == (wanted != "open"), field
        if answer.by_role:
            assert answer.state == wanted, field
            assert answer.reason, field


@MATRIX
def test_the_store_refuses_every_field_that_the_role_closes(
    tmp_path: Path, role: Role, level: Permission, sip: bool
) -> None:
    site = a_provisioned_site(tmp_path)
    viewer = site.viewer(role, level, sip=sip, trunking=True)
    before = site.export()
    for field in FIELDS:
        if expected_state(role, field, level, sip) == "open":
            continue
        with pytest.raises(Refused) as refused:
            site.save(viewer=viewer, **{field: NEW_VALUES[field]})
        assert {r.field for r in refused.value.refusals} == {field}
    assert site.export() == before


WRITABLE = ("friendly_name", "notes", "status", "update_interval", "update_protocol", "mac")
WRITABLE_SIP = ("ping", "dtmf_mode", "codecs", "media_encryption", "allow_virtualization")


@MATRIX
def test_the_store_takes_what_the_role_leaves_open(
    tmp_path: Path, role: Role, level: Permission, sip: bool
) -> None:
    site = a_provisioned_site(tmp_path)
    viewer = site.viewer(role, level, sip=sip, trunking=True)
    for field in (*WRITABLE, *WRITABLE_SIP, "equipment_description"):
        if expected_state(role, field, level, sip) == "open":
            saved = site.save(viewer=viewer, **{field: NEW_VALUES[field]})
            assert saved.values[field] == NEW_VALUES[field]
            assert site.page().values[field] == NEW_VALUES[field]


@MATRIX
def test_without_sip_management_only_the_equipment_description_is_left_of_the_sip_settings(
    tmp_path: Path, role: Role, level: Permission, sip: bool
) -> None:
    site = a_provisioned_site(tmp_path)
    viewer = site.viewer(role, level, sip=sip, trunking=True)
    seen = site.page(viewer=viewer)
    shown = [f for f in (*SIP, "equipment_description") if not gate(f, seen, viewer).by_role]
    assert (shown == ["equipment_description"]) == (not sip)


@pytest.mark.parametrize("field", FIELDS)
def test_the_system_administrator_is_closed_out_of_nothing_by_role(site: Site, field: str) -> None:
    page = site.add(**PHONE)
    assert not gate(field, page, site.admin).by_role


def test_a_store_given_a_page_that_was_tampered_with_writes_none_of_it(site: Site) -> None:
    site.add(**PHONE)
    viewer = site.viewer("user", "view")
    page = site.page(viewer=viewer)
    forged = page.changed({"friendly_name": "Forged", "sip_password": "forged"})
    site.store.save(viewer, forged, {"equipment_description": "mine"})
    assert site.page().values["friendly_name"] == "Desk01"
    assert site.page().values["sip_password"] == page.values["sip_password"]
    assert site.page().values["equipment_description"] == "mine"


@pytest.mark.parametrize("level", ["none", "view", "modify"])
@pytest.mark.parametrize("sip", [False, True])
@pytest.mark.parametrize("role", ["system", "provider", "organization", "user", "terminal"])
def test_what_a_role_hides_it_hides_on_every_page(
    site: Site, role: Role, level: Permission, sip: bool
) -> None:
    """An export asks this once for all extensions."""
    page = site.add(**PHONE)
    viewer = site.viewer(role, level, sip=sip)
    for name in FIELDS:
        answer = gate(name, page, viewer)
        hidden = answer.state == "hidden" and answer.by_role
        assert hides(name, viewer) == hidden, name
