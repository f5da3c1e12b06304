"""Beside the form: the files the phone will get, kept up to date at every keystroke."""

from __future__ import annotations

from tests.screens.desk import DEVICE, NARROW, PROVISIONING, SETTINGS, SIP, Desk, at_desk
from tests.screens.office import ANA, BOARD, GATE, SALES, TOKEN, events, publish_all
from tests.sites import Site
from tuiprov.data.page import MASK


async def settings_file(desk: Desk, section: int = SETTINGS) -> None:
    """Sales' page with the tab of the file that holds the settings."""
    await desk.open(SALES, section)
    await desk.tab("perm=")


def lines_with(desk: Desk, words: str) -> list[str]:
    return [line for line in desk.part("preview").splitlines() if words in line]


class TestPreview:
    async def test_each_file_of_the_phone_has_a_tab_and_the_link_has_one(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES)
            tabs = desk.part("files").split()
            assert tabs == ["+snomD765-00041371A00F.htm", "+00041371A00F.xml", "Link", "new"]

    async def test_f8_goes_round_the_tabs(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES)
            assert "<setting-files>" in desk.part("preview")
            await desk.press("f8")
            assert "<settings>" in desk.part("preview")
            await desk.press("f8")
            assert "Provisioning link" in desk.part("preview")
            await desk.press("f8")
            assert "<setting-files>" in desk.part("preview")

    async def test_the_tab_that_is_shown_is_in_sight_however_many_there_are(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await desk.open(BOARD, DEVICE)
            await desk.tab("Provisioning link")
            assert "Link" in desk.part("files")
            assert desk.part("files").strip().startswith("…")
            await desk.press("f8")
            assert "+64167f0abcde.cfg" in desk.part("files")

    async def test_the_link_is_made_of_the_mac_address_or_of_the_token(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, DEVICE)
            await desk.tab("Provisioning link")
            assert "https://prov.example.com/prov/00041371a00f/" in desk.part("preview")
            await desk.field("Use MAC based provisioning")
            await desk.press("n")
            await desk.tab("Provisioning link")
            assert f"https://prov.example.com/prov/{MASK}/" in desk.part("preview")
            await desk.section(SETTINGS)
            await desk.pick("Update protocol", "tftp")
            await desk.tab("Provisioning link")
            assert "tftp://prov.example.com/" in desk.part("preview")
            assert "check-sync;reboot=false" in desk.part("preview")
            assert "Files: snomD765-00041371A00F.htm, 00041371A00F.xml" in desk.part("preview")

    async def test_every_keystroke_is_in_the_file(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await settings_file(desk)
            await desk.field("Phone update interval")
            for key, shown in (("backspace", ">360<"), ("backspace", ">36<"), ("5", ">365<")):
                await desk.press(key)
                assert shown in lines_with(desk, "settings_refresh_timer")[0]

    async def test_a_value_that_cannot_be_read_leaves_the_last_good_one(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await settings_file(desk)
            await desk.field("Phone update interval")
            await desk.press("x")
            assert ">3600<" in lines_with(desk, "settings_refresh_timer")[0]

    async def test_the_lines_of_the_focused_field_are_marked(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await settings_file(desk)
            await desk.field("Phone update interval")
            marked = lines_with(desk, "▌")
            assert len(marked) == 1
            assert "settings_refresh_timer" in marked[0]
            await desk.field("Administrator username")
            marked = lines_with(desk, "▌")
            assert any("http_user" in line for line in marked)
            assert not any("settings_refresh_timer" in line for line in marked)

    async def test_the_tab_follows_the_focused_field_to_its_file(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, SETTINGS)
            await desk.tab("Provisioning link")
            await desk.field("Phone update interval")
            assert "settings_refresh_timer" in lines_with(desk, "▌")[0]

    async def test_the_marked_lines_are_brought_into_view(self, office: Site) -> None:
        async with at_desk(office, size=(140, 16)) as desk:
            await settings_file(desk, SIP)
            await desk.field("Allowed codecs")
            assert any("codec" in line for line in lines_with(desk, "▌"))

    async def test_what_differs_from_the_published_file_is_marked(self, office: Site) -> None:
        publish_all(office)
        async with at_desk(office) as desk:
            await settings_file(desk)
            assert desk.part("files").split()[:2] == [
                "=snomD765-00041371A00F.htm",
                "=00041371A00F.xml",
            ]
            assert "~" not in desk.part("preview")
            await desk.fill("Phone update interval", "1800")
            changed = lines_with(desk, "~")
            assert len(changed) == 1
            assert ">1800</settings_refr" in changed[0]
            assert "~00041371A00F.xml" in desk.part("files")
            await desk.fill("Phone update interval", "3600")
            assert "~" not in desk.part("preview")

    async def test_saving_makes_the_marks_go(self, office: Site) -> None:
        publish_all(office)
        async with at_desk(office) as desk:
            await settings_file(desk)
            await desk.fill("Phone update interval", "1800")
            await desk.press("f2")
            await desk.see("Plan")
            await desk.press("r", "enter")
            await desk.see("Saved. Files: 1 replaced.")
            assert "~" not in desk.part("preview")
            assert "=00041371A00F.xml" in desk.part("files")

    async def test_use_provisioning_off_means_no_file(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, PROVISIONING)
            await desk.press("space")
            assert "Use provisioning is off: the phone gets no file." in desk.part("preview")
            await desk.press("space")
            assert "<setting-files>" in desk.part("preview")

    async def test_a_phone_that_is_not_chosen_yet_is_asked_for(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(ANA, PROVISIONING)
            await desk.press("space")
            assert "Choose manufacturer, model and firmware" in desk.part("preview")

    async def test_a_disabled_phone_gets_no_file_but_has_its_link(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(GATE, DEVICE)
            assert desk.part("files").split() == ["Link"]
            assert f"http://prov.example.com/prov/{MASK}/" in desk.part("preview")
            await desk.press("f7")
            assert f"http://prov.example.com/prov/{TOKEN[:20]}" in desk.part("preview")
            assert events(office, "reveal") == [GATE]
            await desk.field("Status")
            await desk.press("right")
            assert "+0c383e445566.cfg" in desk.part("files")

    async def test_f6_and_the_arrows_read_the_file_and_f9_gives_it_the_screen(
        self, office: Site
    ) -> None:
        async with at_desk(office, size=(140, 16)) as desk:
            await settings_file(desk)
            await desk.press("f6", "end")
            assert "</settings>" in desk.part("preview")
            await desk.press("home")
            assert "<?xml" in desk.part("preview")
            await desk.press("f9")
            assert desk.app.screen.query_one("#preview").region.width >= 139
            await desk.press("escape")
            assert "Administrator username" in desk.part("form")
            assert desk.app.screen.query_one("#form").has_focus


class TestSecrets:
    async def test_they_are_masked_until_f7_and_that_is_written_down(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await settings_file(desk)
            for secret in ("Quiet7River", "p9_R.w-44TyuV", "Zx81kd02MMnq"):
                assert secret not in desk.text
            assert ">********</http_pass>" in lines_with(desk, "http_pass")[0]
            assert events(office, "reveal") == []
            await desk.press("f7")
            assert ">Quiet7River</http_pass>" in lines_with(desk, "http_pass")[0]
            assert desk.row("Administrator password").startswith("Quiet7River")
            assert events(office, "reveal") == [SALES]
            await desk.press("f7")
            assert "Quiet7River" not in desk.text
            assert events(office, "reveal") == [SALES]

    async def test_the_plan_masks_them_too_even_when_they_change(self, office: Site) -> None:
        publish_all(office)
        async with at_desk(office) as desk:
            await settings_file(desk)
            await desk.fill("Administrator password", "Loud8Brook")
            await desk.fill("Confirm password", "Loud8Brook")
            await desk.press("f2")
            await desk.see("Plan")
            await desk.press("r")
            changed = desk.part("changes")
            assert "http_pass" in changed
            assert "********" in changed
            assert "Loud8Brook" not in changed
            assert "Quiet7River" not in changed

    async def test_a_reveal_that_cannot_be_written_down_is_refused(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await settings_file(desk)
            with office.database.write() as session:
                session.connection().exec_driver_sql("DROP TABLE event")
            await desk.press("f7")
            await desk.see("Passwords stay hidden")
            assert "Quiet7River" not in desk.text


class TestNotes:
    NOTE = "Snom D765 has no DTLS-SRTP for Media encryption: None is used"

    async def test_what_the_phone_cannot_take_is_said_beside_the_file_and_under_the_field(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, SIP)
            assert "!" not in desk.text
            await desk.pick("Media encryption", "DTLS-SRTP")
            assert " ".join(desk.part("notes").split()) == f"! {self.NOTE}"
            assert f"· {self.NOTE}" == desk.under("Media encryption")

    async def test_it_can_be_saved_all_the_same(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, SIP)
            await desk.pick("Media encryption", "DTLS-SRTP")
            await desk.save()
        assert office.page(SALES).values["media_encryption"] == "dtls_srtp"

    async def test_the_note_goes_when_the_setting_does(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, SIP)
            await desk.pick("Media encryption", "DTLS-SRTP")
            await desk.pick("Media encryption", "SDES")
            assert not desk.app.screen.query_one("#notes").display
            assert desk.under("Media encryption") == ""

    async def test_the_help_holds_every_note_in_full(self, office: Site) -> None:
        async with at_desk(office, size=NARROW) as desk:
            await desk.open(SALES, SIP)
            await desk.pick("Media encryption", "DTLS-SRTP")
            await desk.fill("Phone does not register, is located on IP", "192.0.2.1")
            assert "(+1 more: F1)" in desk.part("notes")
            await desk.press("f1")
            await desk.see("Keys")
            assert self.NOTE in desk.flat
            assert "Snom D765 has no known switch that stops registering" in desk.flat
