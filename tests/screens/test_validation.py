"""Every keystroke is checked, the reason stands under the field, and F2 leads to what is wrong."""

from __future__ import annotations

import pytest

from tests.screens.desk import DEVICE, PROVISIONING, SETTINGS, SIP, VIRTUALIZATION, at_desk
from tests.screens.office import ANA, SALES, SOFTPHONE, TRUNK, WAREHOUSE, published
from tests.screens.test_filling import choose_a_snom
from tests.sites import Site
from tuiprov.data.checks import DUPLICATE_MAC

FIXED_IP = "Phone does not register, is located on IP"


class TestLiveValidation:
    async def test_the_reason_comes_and_goes_letter_by_letter(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, DEVICE)
            await desk.fill("Friendly name", "")
            assert "is missing: 3 to 32 letters and digits" in desk.under("Friendly name")
            await desk.type("A")
            assert "! must be 3 to 32 letters and digits" in desk.under("Friendly name")
            await desk.type("b")
            assert "! must be 3 to 32 letters and digits" in desk.under("Friendly name")
            await desk.type("c")
            assert desk.under("Friendly name") == ""
            await desk.type("-")
            assert "! must be 3 to 32 letters and digits" in desk.under("Friendly name")

    @pytest.mark.parametrize(
        ("section", "label", "wrong", "reason", "right"),
        [
            (DEVICE, "MAC address", "00:04:13:71:A0", "must be written XX:XX", "00:04:13:71:A0:10"),
            (DEVICE, "MAC address", "01:04:13:71:A0:0F", "for groups", "00:04:13:71:a0:10"),
            (DEVICE, "Line", "13", "Snom D765 has 12 lines", "3"),
            (DEVICE, "Line", "2", "line 2 is used by another extension", "4"),
            (SETTINGS, "Phone update interval", "0", "a whole number from 1 to 99999", "20"),
            (SETTINGS, "Phone update interval", "19", "Snom D765 takes 20 to 99999 sec", "99999"),
            (SETTINGS, "Administrator username", "a b", "must be letters, digits or", "a.b"),
            (SIP, FIXED_IP, "1.2.3", "IPv4", "1.2.3.4"),
            (
                SIP,
                "Allow extension SIP connection only from IP",
                "192.0.2.0/23",
                "is wider than class C (/24)",
                "192.0.2.0/24",
            ),
            (SIP, "Equipment description", " x", "must not begin or end with a blank", "x y"),
        ],
    )
    async def test_a_wrong_value_is_told_and_a_right_one_taken(
        self, office: Site, section: int, label: str, wrong: str, reason: str, right: str
    ) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, section)
            await desk.fill(label, wrong)
            assert reason in desk.under(label)
            await desk.fill(label, right)
            assert "!" not in desk.under(label)
            assert desk.row(label).startswith(right)

    async def test_what_is_half_typed_is_kept_while_one_looks_elsewhere(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, DEVICE)
            await desk.fill("MAC address", "00:04:1")
            await desk.section(SIP)
            await desk.section(DEVICE)
            assert desk.row("MAC address").startswith("00:04:1")
            assert "must be written" in desk.under("MAC address")

    async def test_a_password_outside_the_phones_alphabet_is_told(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(WAREHOUSE, SETTINGS)
            await desk.fill("Administrator password", "tree")
            assert "Aastra 6731i" in desk.under("Administrator password")
            await desk.fill("Administrator password", "4711")
            assert desk.under("Administrator password") == ""

    async def test_the_secret_code_takes_4_to_8_digits(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(ANA, VIRTUALIZATION)
            await desk.press("space")
            await desk.fill("Set secret code", "123")
            assert "must be 4 to 8 digits" in desk.under("Set secret code")
            await desk.type("4")
            assert desk.under("Set secret code") == ""
            await desk.save()
            assert "Replace secret code" in desk.part("form")
        assert office.page(ANA).values["secret_code"] == "1234"


class TestSectionMarks:
    async def test_the_tab_shows_what_is_changed_and_what_is_wrong(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, SETTINGS)
            assert "*" not in desk.part("sections")
            assert "!" not in desk.part("sections")
            await desk.fill("Phone update interval", "1800")
            assert "Device settings *" in desk.part("sections")
            await desk.type("0000")
            assert "Device settings ! *" in desk.part("sections")
            assert "SIP preferences  " in desk.part("sections")
            assert " *" in desk.part("title")

    async def test_the_changed_row_has_a_star_until_it_is_changed_back(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, DEVICE)
            await desk.field("Notes")
            await desk.press("x")
            assert "›* Notes" in desk.part("form")
            await desk.press("backspace")
            assert "›  Notes" in desk.part("form")
            assert "*" not in desk.part("sections")

    async def test_f2_goes_to_the_first_wrong_field_in_page_order(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, SIP)
            await desk.fill("Equipment description", " ")
            await desk.section(SETTINGS)
            await desk.fill("Phone update interval", "0")
            await desk.section(PROVISIONING)
            await desk.press("f2")
            assert desk.current == "Phone update interval"
            assert "Not saved: 2 fields to mend." in desk.part("keys")
            assert "must be a whole number" in desk.under("Phone update interval")
        assert published(office) == {}


class TestRulesWithOthers:
    async def test_a_mac_address_of_another_device_is_refused_word_for_word(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await choose_a_snom(desk)
            await desk.field("Use MAC based provisioning")
            await desk.press("y")
            await desk.fill("MAC address", "64:16:7f:0a:bc:de")
            assert desk.under("MAC address").startswith(f"! {DUPLICATE_MAC}")
            await desk.press("f2")
            assert "Not saved: 1 field to mend." in desk.part("keys")
        assert office.page(ANA).device_id is None

    async def test_without_a_mac_link_it_is_a_warning(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await choose_a_snom(desk)
            await desk.fill("MAC address", "64:16:7F:0A:BC:DE")
            said = desk.under("MAC address")
            assert said == "· this MAC address is already used by another device"
            await desk.save()

    async def test_saving_a_phone_over_itself_is_no_duplicate(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, DEVICE)
            await desk.fill("MAC address", "00:04:13:71:a0:0f")
            assert desk.under("MAC address") == ""

    async def test_an_ip_is_shared_only_when_all_authenticate(self, office: Site) -> None:
        reason = (
            f"! the configuration cannot be saved: extension {TRUNK} is at this IP too, and "
            "extensions may share an IP only if every one of them has to authenticate"
        )
        async with at_desk(office) as desk:
            await desk.open(SOFTPHONE, SIP)
            await desk.fill(FIXED_IP, "203.0.113.40")
            assert desk.under(FIXED_IP) == reason
            await desk.fill("Port", "5999")
            assert desk.under(FIXED_IP) == reason
            await desk.press("f2")
            assert "Not saved" in desk.part("keys")
            await desk.fill(FIXED_IP, "203.0.113.41")
            assert desk.under(FIXED_IP) == ""
        office.save(TRUNK, fixed_auth="required")
        async with at_desk(office) as desk:
            await desk.open(SOFTPHONE, SIP)
            await desk.fill(FIXED_IP, "203.0.113.40")
            assert desk.under(FIXED_IP) == ""
            await desk.pick("Authentication at the fixed IP", "does not")
            assert desk.under(FIXED_IP) == reason

    async def test_an_extension_of_another_organization_is_not_named(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(ANA, SIP)
            await desk.fill(FIXED_IP, "203.0.113.40")
            said = desk.under(FIXED_IP)
        assert "an extension of another organization is at this IP too" in said
        assert said.endswith("every one of them has to authenticate")
        assert TRUNK not in said
