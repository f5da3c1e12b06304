"""What the PBX is told of an extension, beside the form like the phone's files."""

from __future__ import annotations

from tests.screens.desk import SIP, Desk, at_desk
from tests.screens.office import SALES, publish_all
from tests.sites import Site


async def pbx_tab(desk: Desk) -> None:
    await desk.open(SALES, SIP)
    await desk.tab("type=endpoint")


def line_with(desk: Desk, words: str) -> str:
    return next(line for line in desk.part("preview").splitlines() if words in line)


class TestThePbxsTab:
    async def test_a_site_whose_pbx_is_set_up_elsewhere_has_none(self, office: Site) -> None:
        async with at_desk(office, size=(200, 60)) as desk:
            await desk.open(SALES, SIP)
            assert "PBX" not in desk.part("files")

    async def test_it_shows_the_extensions_sections_with_the_password_masked(
        self, office: Site
    ) -> None:
        office.configure(pbx="asterisk")
        async with at_desk(office, size=(200, 60)) as desk:
            await pbx_tab(desk)
            shown = desk.part("preview")
            assert "; pjsip_tuiprov.conf" in shown
            assert "password=>********" in shown
            assert "dtmf_mode=auto" in shown

    async def test_a_key_shows_what_a_preference_becomes(self, office: Site) -> None:
        office.configure(pbx="asterisk")
        publish_all(office)
        async with at_desk(office, size=(200, 60)) as desk:
            await pbx_tab(desk)
            assert "published" in desk.part("files")
            await desk.pick("Media encryption", "dtls_srtp")
            assert "~▌media_encryption=dtls" in line_with(desk, "media_encryption=")
            assert "~PBX" in desk.part("files")

    async def test_the_lines_of_the_focused_field_are_marked(self, office: Site) -> None:
        office.configure(pbx="asterisk")
        async with at_desk(office, size=(200, 60)) as desk:
            await pbx_tab(desk)
            await desk.field("Allow re-invites from this extension")
            assert "▌" in line_with(desk, "direct_media=no")
            assert "▌" not in line_with(desk, "dtmf_mode=")

    async def test_the_form_says_what_asterisk_does_instead(self, office: Site) -> None:
        office.configure(pbx="asterisk")
        async with at_desk(office, size=(200, 60)) as desk:
            await pbx_tab(desk)
            await desk.pick("Media encryption", "sdes_dtls_srtp")
            assert "Asterisk has one method for an extension" in " ".join(desk.part("form").split())

    async def test_saving_shows_the_pbxs_file_in_the_plan_and_writes_it(self, office: Site) -> None:
        office.configure(pbx="asterisk")
        publish_all(office)
        path = office.publish_root / "pbx" / "pjsip_tuiprov.conf"
        before = path.read_text().count("qualify_frequency=60")
        async with at_desk(office, size=(200, 60)) as desk:
            await pbx_tab(desk)
            await desk.field("Ping the extension to check its status")
            await desk.press("y", "f2")
            await desk.see("pbx/pjsip_tuiprov.conf")
            assert "+qualify_frequency=60" in desk.text
            await desk.press("enter")
            await desk.see("Saved.")
        assert path.read_text().count("qualify_frequency=60") == before + 1

    async def test_an_extension_without_a_phone_has_it_too(self, office: Site) -> None:
        office.configure(pbx="asterisk")
        office.add("0027*077", extension_name="Soft", sip_password="x1y2z3")
        async with at_desk(office, size=(200, 60)) as desk:
            await desk.open("0027*077", SIP)
            assert "[0027*077]" in desk.part("preview")
            assert "Use provisioning is off: the phone gets no file." in desk.flat
