"""Filling the page by keys: from an extension without a phone to a file the phone can boot from."""

from __future__ import annotations

from tests.screens.desk import DEVICE, PROVISIONING, SETTINGS, SIP, Desk, at_desk
from tests.screens.office import ANA, SALES, published
from tests.sites import Site
from tuiprov.data.models import Device, Line
from tuiprov.data.sections import DEFAULTS


async def turn_on_provisioning(desk: Desk, number: str = ANA) -> None:
    await desk.open(number, PROVISIONING)
    await desk.press("space")
    await desk.section(DEVICE)


async def choose_a_snom(desk: Desk) -> None:
    """Friendly name, manufacturer, model, firmware and MAC of a phone for Ana."""
    await turn_on_provisioning(desk)
    await desk.fill("Friendly name", "Ana01")
    await desk.pick("Manufacturer", "snom")
    await desk.pick("Model", "d765")
    await desk.pick("Firmware/Version", "10")
    await desk.field("MAC address")
    await desk.type(":11:22:33")


class TestFillingThePage:
    async def test_the_whole_story_ends_with_the_typed_values_in_database_and_file(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await choose_a_snom(desk)
            await desk.fill("Notes", "by the window")

            await desk.section(SETTINGS)
            await desk.pick("Update protocol", "https")
            await desk.fill("Administrator username", "chief")
            await desk.pick("Password generation", "manual")
            await desk.fill("Administrator password", "Tall2Tree")
            await desk.fill("Confirm password", "Tall2Tree")
            await desk.fill("Phone update interval", "1800")
            await desk.fill("Enable parking watch with BLF on lines", "2")

            await desk.section(DEVICE)
            await desk.field("Use MAC based provisioning")
            await desk.press("y")

            await desk.section(SIP)
            await desk.pick("Media encryption", "SDES")
            await desk.pick("DTMF", "info")
            await desk.field("Ping the extension to check its status")
            await desk.press("space")
            await desk.field("Allowed codecs")
            await desk.press("enter")
            await desk.see("Space tick")
            await desk.press("down", "down", "space", "plus", "plus", "enter")
            assert desk.row("Allowed codecs").startswith("g722, alaw, ulaw")
            await desk.fill("Equipment description", "desk phone")

            await desk.press("f2")
            await desk.see(
                "Plan",
                "2 to write, 0 to replace, 0 to delete",
                "+ new http/000413112233/snomD765-000413112233.htm",
                "+ new http/000413112233/000413112233.xml",
            )
            assert published(office) == {}
            await desk.press("enter")
            await desk.see("Saved. Files: 2 written.")

            await desk.press("f2")
            await desk.see("Nothing to save")

        values = office.page(ANA).values
        assert (
            values
            | {
                "use_provisioning": True,
                "friendly_name": "Ana01",
                "manufacturer": "Snom",
                "model": "D765",
                "firmware": "10",
                "mac": "00:04:13:11:22:33",
                "mac_based_provisioning": True,
                "status": "enabled",
                "notes": "by the window",
                "admin_username": "chief",
                "password_generation": "manual",
                "admin_password": "Tall2Tree",
                "update_interval": 1800,
                "update_protocol": "https",
                "template": "Server default",
                "parking_watch_lines": 2,
                "media_encryption": "sdes",
                "dtmf_mode": "info",
                "ping": True,
                "codecs": "g722,alaw,ulaw",
                "equipment_description": "desk phone",
                "line": 1,
            }
            == values
        )
        files = published(office)
        assert list(files) == [
            "http/000413112233/000413112233.xml",
            "http/000413112233/snomD765-000413112233.htm",
        ]
        settings = files["http/000413112233/000413112233.xml"]
        for line in (
            ">1800</settings_refresh_timer>",
            ">chief</http_user>",
            ">Tall2Tree</http_pass>",
            ">0027*008</user_name>",
            ">hT4zKp8LmQ2e</user_pass>",
            ">g722,pcma,pcmu",
            ">sip_info_only</",
            "Ana Núñez",
        ):
            assert line in settings
        assert (
            "prov/000413112233/000413112233.xml"
            in files["http/000413112233/snomD765-000413112233.htm"]
        )

    async def test_the_state_in_the_list_follows(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await choose_a_snom(desk)
            await desk.save()
            await desk.press("escape")
            await desk.see("= published", "Snom D765")

    async def test_choosing_the_manufacturer_fills_in_what_follows_from_it(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await turn_on_provisioning(desk)
            await desk.pick("Manufacturer", "fanvil")
            assert desk.row("MAC address").startswith("0C:38:3E")
            assert desk.row("Model") != "▾"
            assert desk.row("Firmware/Version") != "▾"
            await desk.section(SETTINGS)
            assert desk.row("Update protocol") == "HTTPS ▾"

    async def test_another_manufacturer_brings_its_own_prefix_models_and_firmware(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await turn_on_provisioning(desk)
            await desk.pick("Manufacturer", "fanvil")
            await desk.pick("Manufacturer", "polycom")
            assert desk.row("MAC address").startswith("00:04:F2")
            await desk.field("Model")
            await desk.press("enter")
            await desk.see("VVX411")
            assert "X4U" not in desk.text

    async def test_a_full_mac_address_outlives_another_manufacturer(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await turn_on_provisioning(desk)
            await desk.fill("MAC address", "00:04:13:11:22:33")
            await desk.pick("Manufacturer", "polycom")
            assert desk.row("MAC address").startswith("00:04:13:11:22:33")
            assert "this prefix belongs to Snom" in desk.under("MAC address")

    async def test_a_typed_mac_address_proposes_its_manufacturer(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await turn_on_provisioning(desk)
            await desk.fill("MAC address", "64:16:7f:00:00:0")
            assert desk.row("Manufacturer") == "▾"
            await desk.type("1")
            assert desk.row("Manufacturer") == "Polycom ▾"
            assert desk.current == "MAC address"

    async def test_a_letter_steps_through_the_choices_that_begin_with_it(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await turn_on_provisioning(desk)
            await desk.field("Manufacturer")
            await desk.press("p")
            assert desk.row("Manufacturer") == "Polycom ▾"

    async def test_escape_in_a_picker_changes_nothing(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, DEVICE)
            await desk.field("Model")
            await desk.press("enter")
            await desk.see("type to filter")
            await desk.press("down", "escape")
            await desk.until(lambda: "type to filter" not in desk.text)
            assert desk.row("Model") == "D765 ▾"
            assert " *" not in desk.part("title")

    async def test_tab_goes_through_all_sections_and_round_the_corner(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES)
            seen = [desk.current]
            for _ in range(60):
                await desk.press("tab")
                if desk.current == seen[0]:
                    break
                seen.append(desk.current)
            assert desk.current == "Use provisioning"
            for label in ("Friendly name", "Line", "Administrator username", "Media encryption"):
                assert label in seen
            await desk.press("shift+tab")
            assert "secret code" in desk.current

    async def test_an_automatic_password_is_in_the_plan_and_in_the_file_as_saved(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await choose_a_snom(desk)
            await desk.section(SETTINGS)
            await desk.pick("Password generation", "auto")
            await desk.save()
        password = str(office.page(ANA).values["admin_password"])
        assert len(password) >= 8
        assert any(f">{password}</http_pass>" in text for text in published(office).values())

    async def test_the_extension_takes_line_2_of_a_phone_by_typing(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await choose_a_snom(desk)
            await desk.fill("Line", "2")
            await desk.save()
        device = next(one for one in office.rows(Device) if one.friendly_name == "Ana01")
        assert [one.number for one in office.rows(Line) if one.device_id == device.id] == [2]


class TestAdministratorPassword:
    async def test_manual_opens_two_rows_and_none_closes_them(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await choose_a_snom(desk)
            await desk.section(SETTINGS)
            assert "Administrator password" not in desk.part("form")
            await desk.pick("Password generation", "manual")
            assert "is missing: Manual needs a password" in desk.under("Administrator password")
            assert "Confirm password" in desk.part("form")
            await desk.pick("Password generation", "none")
            assert "Administrator password" not in desk.part("form")
            assert "Confirm password" not in desk.part("form")

    async def test_a_confirmation_that_differs_stops_the_save(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await choose_a_snom(desk)
            await desk.section(SETTINGS)
            await desk.pick("Password generation", "manual")
            await desk.fill("Administrator password", "Tall2Tree")
            await desk.fill("Confirm password", "Tall2tree")
            assert "is not the same as the administrator password" in desk.under("Confirm password")
            await desk.section(PROVISIONING)
            await desk.press("f2")
            assert desk.current == "Confirm password"
            assert "Not saved: 1 field to mend." in desk.part("keys")
            await desk.fill("Confirm password", "Tall2Tree")
            assert desk.under("Confirm password") == ""
            await desk.save()
        assert office.page(ANA).values["admin_password"] == "Tall2Tree"

    async def test_the_password_is_never_on_the_screen(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, SETTINGS)
            assert desk.row("Administrator password").startswith("●" * len("Quiet7River"))
            assert "Quiet7River" not in desk.text


class TestFixedIp:
    LABEL = "Phone does not register, is located on IP"

    async def test_an_ip_opens_the_three_that_depend_on_it(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(ANA, SIP)
            for label in ("Port", "Authentication at the fixed IP", "SIP Signaling Transport"):
                assert "type an IP first" in desk.row(label)
            await desk.fill(self.LABEL, "192.0.2.10")
            await desk.fill("Port", "5062")
            await desk.pick("Authentication at the fixed IP", "does not")
            await desk.pick("SIP Signaling Transport", "tcp")
            await desk.save()
        values = office.page(ANA).values
        assert [values[name] for name in ("fixed_ip", "fixed_port", "fixed_auth")] == [
            "192.0.2.10",
            5062,
            "not_required",
        ]
        assert values["signaling_transport"] == "tcp"

    async def test_clearing_the_ip_resets_and_closes_them(self, office: Site) -> None:
        office.save(
            ANA,
            fixed_ip="192.0.2.10",
            fixed_port=5062,
            fixed_auth="not_required",
            signaling_transport="tcp",
        )
        async with at_desk(office) as desk:
            await desk.open(ANA, SIP)
            assert desk.row("Port").startswith("5062")
            await desk.fill(self.LABEL, "")
            assert "type an IP first" in desk.row("Port")
            assert desk.row("SIP Signaling Transport").startswith("UDP")
            await desk.save()
        values = office.page(ANA).values
        names = ("fixed_ip", "fixed_port", "fixed_auth", "signaling_transport")
        assert [values[name] for name in names] == [DEFAULTS[name] for name in names]

    async def test_a_fixed_ip_closes_the_list_of_allowed_ips(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(ANA, SIP)
            await desk.fill(self.LABEL, "192.0.2.10")
            await desk.field("Allow extension SIP connection only from IP")
            await desk.type("1")
            assert "not together with a fixed IP" in desk.text
            assert not office.page(ANA).values["allowed_networks"]


class TestASoftphone:
    async def test_its_mac_address_is_closed_and_its_file_lies_under_its_token(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await turn_on_provisioning(desk)
            await desk.fill("Friendly name", "AnaPC")
            await desk.pick("Manufacturer", "linphone")
            await desk.field("MAC address")
            await desk.see("· Linphone Desktop has no MAC address: its")
            await desk.press("f2")
            await desk.see("Plan", "1 to write, 0 to replace, 0 to delete")
            await desk.press("enter")
            await desk.see("Saved. Files: 1 written.")
        (device,) = (one for one in office.rows(Device) if one.friendly_name == "AnaPC")
        assert device.mac == ""
        assert f"http/{device.token}/linphone.xml" in published(office)
