"""What is closed says why, and what an account may not see is not there."""

from __future__ import annotations

import pytest

from tests.screens.desk import DEVICE, PROVISIONING, SETTINGS, SIP, VIRTUALIZATION, at_desk
from tests.screens.office import (
    ANA,
    BACK_OFFICE,
    BOARD,
    GATE,
    SALES,
    SOFTPHONE,
    TRUNK,
    WAREHOUSE,
    events,
    publish_all,
    published,
)
from tests.sites import Site
from tuiprov.data.accounts.viewers import Role
from tuiprov.data.gates import CALLS_UNLIMITED
from tuiprov.session import Session

PBX = "A PBX is connected to this extension"
NETWORK = "Extension is on private network"
EQUIPMENT = "Equipment description"


class TestGates:
    async def test_without_provisioning_every_device_field_says_how_to_open_it(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await desk.open(ANA, DEVICE)
            for label in ("Friendly name", "Manufacturer", "MAC address", "Status", "Notes"):
                await desk.field(label)
                await desk.press("x")
                assert "turn on Use provisioning first" in desk.text
            await desk.section(SETTINGS)
            for label in ("Password generation", "Update protocol"):
                await desk.field(label)
                assert "turn on Use provisioning first" in desk.under(label)
            assert " *" not in desk.part("title")

    async def test_the_dependent_lists_wait_for_the_choice_before_them(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(ANA, PROVISIONING)
            await desk.press("space")
            await desk.section(DEVICE)
            await desk.field("Model")
            assert "choose the manufacturer first" in desk.under("Model")
            await desk.press("enter")
            assert "type to filter" not in desk.text
            await desk.field("Firmware/Version")
            assert "choose the model first" in desk.under("Firmware/Version")
            await desk.section(SETTINGS)
            await desk.field("Update protocol")
            assert "choose the phone first" in desk.under("Update protocol")

    async def test_mac_based_provisioning_under_tftp_says_what_it_needs(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, SETTINGS)
            await desk.pick("Update protocol", "tftp")
            await desk.section(DEVICE)
            await desk.field("Use MAC based provisioning")
            assert "needs HTTP or HTTPS" in desk.under("Use MAC based provisioning")
            assert "[x] yes" in desk.row("Use MAC based provisioning")

    async def test_mac_based_provisioning_turned_off_for_the_site(self, office: Site) -> None:
        office.configure(allow_mac_based_provisioning=False)
        async with at_desk(office) as desk:
            await desk.open(SALES, DEVICE)
            await desk.field("Use MAC based provisioning")
            said = desk.under("Use MAC based provisioning")
            assert "turned off in Global preferences" in said

    async def test_what_the_phone_lacks_is_named_with_the_phone(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, DEVICE)
            await desk.field("Application version")
            assert "Snom D765 has no use for" in desk.under("Application version")
            await desk.press("escape")
            await desk.press("escape")
            await desk.open(WAREHOUSE, SETTINGS)
            await desk.field("Administrator username")
            assert "always admin on Aastra 6731i" in desk.under("Administrator username")

    async def test_unlimited_calls_close_the_pbx_row_word_for_word(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, SIP)
            await desk.field(PBX)
            await desk.press("space")
            assert desk.row(PBX).startswith("[ ] no")
            assert desk.under(PBX) == f"· {CALLS_UNLIMITED}"

    async def test_with_a_limit_of_calls_the_pbx_row_is_open(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(ANA, SIP)
            await desk.field(PBX)
            await desk.press("space")
            await desk.save()
        assert office.page(ANA).values["pbx_connected"] is True

    async def test_without_trunking_channels_the_pbx_row_is_not_there(self, office: Site) -> None:
        office.configure(sip_trunking_channels=0)
        async with at_desk(office) as desk:
            await desk.open(ANA, SIP)
            assert "Ping the extension" in desk.part("form")
            assert "A PBX is connected" not in desk.part("form")

    async def test_without_infrastructure_the_network_row_is_not_there(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(ANA, SIP)
            assert "private network" not in desk.part("form")

    @pytest.mark.parametrize("kind", ["nat", "routing"])
    async def test_with_infrastructure_it_names_the_network(self, office: Site, kind: str) -> None:
        office.configure(infrastructure_type=kind, private_network="10.0.0.0/8")
        async with at_desk(office, size=(200, 60)) as desk:
            await desk.open(ANA, SIP)
            await desk.field(f"{NETWORK} (10.0.0.0/8)")
            await desk.press("space")
            await desk.save()
        assert office.page(ANA).values["on_private_network"] is True

    async def test_the_secret_code_waits_for_virtualization(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(ANA, VIRTUALIZATION)
            await desk.field("Set secret code")
            await desk.type("1234")
            assert "allow virtualization first" in desk.under("Set secret code")
            assert "●" not in desk.row("Set secret code")


class TestRoles:
    @pytest.mark.parametrize(
        ("role", "name", "seen", "unseen"),
        [
            ("system", "", [SALES, ANA, GATE, SOFTPHONE], []),
            ("provider", "", [SALES, ANA, GATE, SOFTPHONE], []),
            ("organization", "Acme Ltd", [SALES, BOARD, ANA], [GATE, TRUNK]),
            ("user", "sales", [SALES, BACK_OFFICE], [BOARD, ANA, GATE]),
            ("terminal", "", [BOARD], [SALES, ANA, GATE]),
        ],
    )
    async def test_each_account_lists_what_is_within_its_reach(
        self, office: Site, role: Role, name: str, seen: list[str], unseen: list[str]
    ) -> None:
        viewer = office.viewer(role, "modify", sip=True, name=name, extension=BOARD)
        async with at_desk(office, viewer) as desk:
            assert all(number in desk.part("table") for number in seen)
            assert not any(number in desk.part("table") for number in unseen)
            assert viewer.label in desk.part("title")

    @pytest.mark.parametrize("role", ["provider", "organization", "user", "terminal"])
    async def test_with_both_permissions_the_page_is_complete(
        self, office: Site, role: Role
    ) -> None:
        viewer = office.viewer(role, "modify", sip=True, extension=SALES)
        async with at_desk(office, viewer) as desk:
            await desk.open(SALES, DEVICE)
            for title in ("Provisioning", "Device information", "Device settings"):
                assert title in desk.part("sections")
            await desk.fill("Friendly name", "Desk77")
            await desk.section(SIP)
            await desk.pick("DTMF", "inband")
            await desk.save()
        values = office.page(SALES).values
        assert (values["friendly_name"], values["dtmf_mode"]) == ("Desk77", "inband")

    @pytest.mark.parametrize("role", ["provider", "organization", "user", "terminal"])
    async def test_without_sip_management_equipment_description_is_left(
        self, office: Site, role: Role
    ) -> None:
        viewer = office.viewer(role, "none", sip=False, extension=SALES)
        async with at_desk(office, viewer) as desk:
            await desk.open(SALES, SIP)
            rows = [line for line in desk.part("form").splitlines() if line.strip()]
            assert [row[3:].strip() for row in rows] == [EQUIPMENT]
            assert desk.part("sections").split() == ["SIP", "preferences"]
            await desk.fill(EQUIPMENT, "in the hall")
            await desk.save()
        assert office.page(SALES).values["equipment_description"] == "in the hall"

    async def test_permission_none_hides_the_three_device_sections(self, office: Site) -> None:
        viewer = office.viewer("organization", "none", sip=True)
        async with at_desk(office, viewer) as desk:
            await desk.open(SALES, SIP)
            said = desk.part("sections")
            assert "SIP preferences" in said
            assert "Extension virtualization" in said
            assert "Provisioning" not in said
            assert "Device" not in said
            for number in (PROVISIONING, DEVICE, SETTINGS):
                await desk.section(number)
                assert "Media encryption" in desk.part("form")

    async def test_who_sees_no_device_settings_sees_no_file_with_them_either(
        self, office: Site
    ) -> None:
        publish_all(office)
        viewer = office.viewer("user", "none", sip=True, name="sales")
        async with at_desk(office, viewer) as desk:
            await desk.open(SALES, SIP)
            assert "settings_refresh_timer" not in desk.text
            assert "prov.example.com" not in desk.text

    async def test_permission_view_shows_them_and_changes_nothing(self, office: Site) -> None:
        viewer = office.viewer("organization", "view", sip=True)
        async with at_desk(office, viewer) as desk:
            await desk.open(SALES, PROVISIONING)
            await desk.press("space")
            assert "[x] yes" in desk.row("Use provisioning")
            assert "you may view provisioning only" in desk.under("Use provisioning")
            await desk.section(DEVICE)
            for label in ("Friendly name", "Manufacturer", "MAC address", "Status", "Line"):
                await desk.field(label)
                assert "you may view provisioning only" in desk.under(label)
                await desk.press("1", "enter")
            await desk.section(SETTINGS)
            await desk.field("Phone update interval")
            await desk.press("backspace")
            assert desk.row("Phone update interval").startswith("3600")
            assert " *" not in desk.part("title")
            await desk.press("escape")
            await desk.until(lambda: "Extensions" in desk.part("title"))

    async def test_sip_preferences_saved_without_provisioning_leave_the_files_alone(
        self, office: Site
    ) -> None:
        before = published(publish_all(office))
        viewer = office.viewer("organization", "view", sip=True)
        async with at_desk(office, viewer) as desk:
            await desk.open(SALES, SIP)
            await desk.pick("DTMF", "inband")
            await desk.save()
            await desk.press("escape")
            await desk.see("~ stale")
        assert published(office) == before
        assert office.page(SALES).values["dtmf_mode"] == "inband"

    async def test_publishing_is_offered_to_who_may_provision_only(self, office: Site) -> None:
        for permission in ("none", "view"):
            viewer = office.viewer("organization", permission, sip=True)
            async with at_desk(office, viewer) as desk:
                assert "Publish" not in desk.part("keys")
                await desk.press("f8")
                assert "Plan" not in desk.part("title")
        async with at_desk(office, office.viewer("organization", "modify")) as desk:
            assert "F8 Publish" in desk.part("keys")

    async def test_passwords_revealed_by_an_organization_are_written_down(
        self, office: Site
    ) -> None:
        viewer = office.viewer("organization", "modify", sip=True)
        async with at_desk(office, viewer) as desk:
            await desk.open(SALES, SETTINGS)
            await desk.press("f7")
            assert "Quiet7River" in desk.row("Administrator password")
        assert events(office, "reveal") == [SALES]

    async def test_who_may_only_view_reveals_nothing(self, office: Site) -> None:
        viewer = office.viewer("organization", "view", sip=True)
        async with at_desk(office, viewer) as desk:
            await desk.open(SALES, SETTINGS)
            assert "F7" not in desk.part("keys")
            await desk.press("f7")
            assert "Quiet7River" not in desk.text
        assert events(office, "reveal") == []

    async def test_a_terminal_may_choose_the_server_default_only(self, office: Site) -> None:
        viewer = office.viewer("terminal", "modify", sip=True, extension=SALES)
        async with at_desk(office, viewer) as desk:
            await desk.open(SALES, SETTINGS)
            await desk.field("Provisioning template")
            await desk.press("enter")
            await desk.see("1 of 1", "Server default")

    async def test_looking_as_another_exists_in_a_demo_only(self, office: Site) -> None:
        office.viewer("user", "view", name="board")
        async with at_desk(office) as desk:
            assert "Look as" not in desk.text
            await desk.press("f4")
            assert "type to filter" not in desk.text
        async with at_desk(office, demo=True) as desk:
            assert "F4 Look as" in desk.part("keys")
            await desk.press("f4")
            await desk.type("user board")
            await desk.press("enter")
            await desk.see("User board", "1 / 1")
            assert SALES not in desk.part("table")


class TestTheListOfWhoMayNotProvision:
    """Permission None hides devices in the list as on the page."""

    async def test_it_names_extensions_but_no_phones(self, office: Site) -> None:
        viewer = office.viewer("organization", "none", sip=True)
        session = Session(office.store, viewer)
        rows = session.extension_rows(session.extension_ids("")).values()
        assert rows
        assert {(row.state, row.phone, row.mac, row.line) for row in rows} == {("", "", "", None)}
        assert all(row.extension and row.name for row in rows)
