"""The provisioning link on the screen: from three places, copied, as a QR code, or why not."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from rich.color import Color
from textual.driver import Driver

from tests.render.test_qr import independent, without_margin
from tests.screens.desk import NARROW, WIDE, Desk, at_desk
from tests.screens.office import BOARD, SALES, TOKEN, events, set_columns
from tests.screens.test_devices import go, open_device
from tests.screens.test_hostile import HOSTILE, assert_harmless
from tests.sites import PHONE, Site
from tuiprov.data.checks import DUPLICATE_MAC
from tuiprov.render import links
from tuiprov.widgets.code_view import CodeView

BOARD_LINK = f"https://prov.example.com/prov/{TOKEN}/"
SALES_LINK = "https://prov.example.com/prov/00041371a00f/snomD765-00041371A00F.htm"
THEMES = pytest.mark.parametrize("theme", ["tuiprov-dark", "tuiprov-light", "tuiprov-16"])


async def see_link(desk: Desk, device: str) -> None:
    await go(desk, device)
    await desk.press("ctrl+l")
    await desk.see("Provisioning link")


def picture_width(desk: Desk) -> int:
    return desk.app.screen.query_one(CodeView)._picture_width


def joined(desk: Desk) -> str:
    """The words beside the code, without the line ends that wrapping made."""
    lines = (line[picture_width(desk) :] for line in desk.text.splitlines())
    return "".join("".join(lines).split())


def is_dark(colour: Color | None) -> bool:
    assert colour is not None
    return sum(colour.get_truecolor()) < 3 * 100


def read_modules(desk: Desk, *, in_halves: bool) -> list[list[int]]:
    """The code as a camera sees it: by the colours of the cells, whatever characters draw them."""
    width = picture_width(desk)
    rows: list[list[int]] = []
    for strip in list(desk.app.screen._compositor.render_strips()):
        above: list[int] = []
        below: list[int] = []
        for segment in strip.crop(0, width):
            assert segment.style is not None
            if segment.style.bgcolor is None or segment.style.bgcolor.is_default:
                continue
            ink, paper = is_dark(segment.style.color), is_dark(segment.style.bgcolor)
            above += [ink if char in "▀█#" else paper for char in segment.text]
            below += [ink if char in "▄█#" else paper for char in segment.text]
        rows += [above, below] if in_halves else [above[::2]]
    return [row for row in rows if row and not all(row)]


class TestWhereFrom:
    @pytest.mark.parametrize("size", [NARROW, WIDE])
    async def test_from_the_devices_list(self, office: Site, size: Any) -> None:
        async with at_desk(office, size=size) as desk:
            await see_link(desk, "Board01")
            assert BOARD_LINK in joined(desk)
            await desk.see("Board01 (64:16:7F:0A:BC:DE)")
            assert "whohasitgetsthephone'spasswords" in joined(desk)
            assert "appendsitsfiles'names:64167f0abcde.cfg" in joined(desk)
            await desk.see("C copy", "Esc close")
            await desk.press("escape")
            await desk.see("Devices", "1 / 1")

    async def test_from_a_device_s_page(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await open_device(desk, "Sales01")
            await desk.press("ctrl+l")
            await desk.see("Provisioning link", "whole address of the phone's file")
            assert SALES_LINK in joined(desk)
            assert "passwords" not in desk.text
            await desk.press("enter")
            await desk.see("Device Sales01")

    async def test_from_an_extension_s_page(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES)
            await desk.press("ctrl+l")
            await desk.see("Provisioning link")
            assert SALES_LINK in joined(desk)

    async def test_what_is_typed_and_not_saved_does_not_count(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, 3)
            await desk.pick("Update protocol", "tftp")
            await desk.press("ctrl+l")
            await desk.see("Provisioning link")
            assert SALES_LINK in joined(desk)


class TestTheCode:
    @THEMES
    @pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "140x40"])
    @pytest.mark.parametrize(("device", "link"), [("Board01", BOARD_LINK), ("Sales01", SALES_LINK)])
    async def test_a_camera_reads_the_link_in_every_theme(
        self, office: Site, theme: str, size: Any, device: str, link: str
    ) -> None:
        async with at_desk(office, size=size) as desk:
            desk.app.theme = theme
            await see_link(desk, device)
            await desk.settle()
            assert without_margin(read_modules(desk, in_halves=True)) == independent(link)

    @THEMES
    async def test_the_linux_console_gets_whole_cells(
        self, office: Site, theme: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TERM", "linux")
        async with at_desk(office, size=(128, 48)) as desk:
            desk.app.theme = theme
            await see_link(desk, "Board01")
            await desk.settle()
            assert not set("▀▄█") & set(desk.text)
            assert without_margin(read_modules(desk, in_halves=False)) == independent(BOARD_LINK)

    async def test_a_small_console_says_why_there_is_none(
        self, office: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TERM", "linux")
        async with at_desk(office, size=NARROW) as desk:
            await see_link(desk, "Board01")
            await desk.see("A QR code needs 37 lines of 74 characters")
            assert BOARD_LINK in desk.text
            assert "##" not in desk.text

    async def test_it_comes_and_goes_with_the_size_of_the_window(self, office: Site) -> None:
        async with at_desk(office, size=NARROW) as desk:
            await see_link(desk, "Board01")
            await desk.until(lambda: "█" in desk.text)
            await desk.pilot.resize_terminal(40, 20)
            await desk.see("A QR code needs")
            assert_harmless(desk)
            await desk.pilot.resize_terminal(*WIDE)
            await desk.until(lambda: "█" in desk.text)


class TestCopying:
    async def test_c_sends_the_link_to_the_terminal_s_clipboard_and_says_what_may_happen(
        self, office: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with at_desk(office) as desk:
            sent: list[str] = []
            driver = desk.app._driver
            assert isinstance(driver, Driver)
            monkeypatch.setattr(driver, "write", sent.append)
            await see_link(desk, "Board01")
            await desk.press("c")
            await desk.see("OSC 52", "may refuse", "paste it to be sure")
            coded = base64.b64encode(BOARD_LINK.encode()).decode()
            assert f"\x1b]52;c;{coded}\a" in sent

    async def test_without_a_link_there_is_nothing_to_copy(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await see_link(desk, "Gate01")
            await desk.press("c")
            assert desk.app.clipboard == ""
            assert "C copy" not in desk.text


class TestNoLink:
    async def test_two_devices_with_one_mac_get_the_page_s_words(self, office: Site) -> None:
        set_columns(office, "device", {"mac": "00:04:13:71:A0:0F"}, "friendly_name = 'Board01'")
        async with at_desk(office) as desk:
            await see_link(desk, "Sales01")
            await desk.see(DUPLICATE_MAC)
            assert "https://" not in desk.text
        assert events(office, "link") == []

    async def test_a_disabled_device(self, office: Site) -> None:
        async with at_desk(office, size=NARROW) as desk:
            await see_link(desk, "Gate01")
            await desk.see(links.DISABLED)

    async def test_a_device_that_serves_nobody(self, office: Site) -> None:
        with office.database.write() as session:
            session.connection().exec_driver_sql(
                "DELETE FROM line WHERE device_id = "
                "(SELECT id FROM device WHERE friendly_name = 'Board01')"
            )
        async with at_desk(office) as desk:
            await see_link(desk, "Board01")
            await desk.see(links.SERVES_NOBODY)

    async def test_an_extension_without_a_device(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open("0031*007")
            await desk.press("ctrl+l")
            await desk.see("There is no link", "No device is saved here yet")


class TestEnrolment:
    @pytest.mark.parametrize("size", [NARROW, WIDE])
    async def test_the_first_link_says_what_it_is(self, office: Site, size: Any) -> None:
        office.configure(two_stage_enrolment=True)
        office.add("0027*099", **PHONE)
        async with at_desk(office, size=size) as desk:
            await see_link(desk, "Desk01")
            assert "Itsfirstlink,whiletheenrolmentwindowisopen" in joined(desk)
            assert_harmless(desk)


class TestWhoMay:
    async def test_showing_it_is_written_down_once(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await see_link(desk, "Board01")
            await desk.press("c", "escape")
        assert events(office, "link") == ["Board01 (64:16:7F:0A:BC:DE)"]

    async def test_view_sees_the_link(self, office: Site) -> None:
        viewer = office.viewer("organization", "view", name="Acme Ltd")
        async with at_desk(office, viewer) as desk:
            await desk.open(BOARD)
            await desk.press("ctrl+l")
            await desk.see("Provisioning link")
            assert BOARD_LINK in joined(desk)

    async def test_none_has_no_such_action(self, office: Site) -> None:
        viewer = office.viewer("organization", "none", sip=True, name="Acme Ltd")
        async with at_desk(office, viewer) as desk:
            await desk.open(BOARD)
            await desk.press("ctrl+l")
            await desk.settle()
            assert "Provisioning link" not in desk.text
        assert events(office, "link") == []

    async def test_a_device_removed_meanwhile_is_told(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await go(desk, "Board01")
            with office.database.write() as session:
                connection = session.connection()
                connection.exec_driver_sql("DELETE FROM line")
                connection.exec_driver_sql("DELETE FROM device")
            await desk.press("ctrl+l")
            await desk.see("There is no link", "does not exist (any more)")


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_stored_values_are_only_text(office: Site, size: Any) -> None:
    set_columns(office, "device", {"friendly_name": HOSTILE}, "friendly_name = 'Board01'")
    office.configure(provisioning_host=HOSTILE)
    async with at_desk(office, size=size) as desk:
        await go(desk, "64:16:7F")
        await desk.press("ctrl+l")
        await desk.see("Provisioning link")
        assert_harmless(desk)
        await desk.press("c")
        assert_harmless(desk)
