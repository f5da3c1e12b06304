"""The live list of requests by keys: what is there, why, and where one goes from it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.fetches import NOON, a_fetch, device_id, log, published_as
from tests.inventory import a_tree
from tests.screens.desk import NARROW, WIDE, Desk, at_desk
from tests.screens.office import GATE, publish_all
from tests.screens.test_hostile import HOSTILE, assert_harmless
from tests.sites import Site
from tuiprov.data.kept import Enrolment
from tuiprov.data.models import Device
from tuiprov.screens.fetches import FetchesScreen

SIZES = pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "140x40"])
UNKNOWN = {
    "verdict": "key",
    "address": "198.51.100.200",
    "path": "/prov/805ec0009999/805ec0009999.cfg",
    "agent": "Yealink SIP-T46S 66.84.0.15 80:5e:c0:00:99:99",
}


async def go(desk: Desk) -> None:
    await desk.press("ctrl+f")
    await desk.see("Requests of phones")
    await desk.until(lambda: " / " in desk.part("filter"))


def why(desk: Desk) -> str:
    return " ".join(desk.part("why").split())


@pytest.fixture
def asked(office: Site) -> Site:
    """The office published; a phone that fetched, a disabled one, and one that nobody knows."""
    publish_all(office)
    path = published_as(office, 7, "Sales01")
    number = device_id(office, "Sales01")
    log(
        office,
        a_fetch(number, file=path, version_id=7, path="/prov/00041371a00f/x.xml"),
        a_fetch(number, file=path, version_id=6, at=NOON + timedelta(seconds=1)),
        a_fetch(device_id(office, "Gate01"), verdict="state", agent="", path="/prov/aa/g.cfg"),
        a_fetch(**UNKNOWN),
    )
    return office


class TestTheList:
    @SIZES
    async def test_the_newest_request_comes_first_with_what_became_of_it(
        self, asked: Site, size: Any
    ) -> None:
        async with at_desk(asked, size=size) as desk:
            await go(desk)
            header, *rows = desk.part("table").splitlines()
            for label in ("Time", "Address", "Verdict", "Device", "File", "Agent"):
                assert label in header
            for row, words in zip(
                rows,
                (
                    ("198.51.100.200", "! key", "805ec000999"),
                    ("! state", "Gate01", "g.cfg"),
                    ("~ served", "Sales01"),
                    ("= served", "Sales01", "Yealink"),
                ),
                strict=False,
            ):
                assert all(word in row for word in words), row

    async def test_it_narrows_as_one_types(self, asked: Site) -> None:
        async with at_desk(asked) as desk:
            await go(desk)
            await desk.type("-verdict:served device:gate")
            await desk.see("1 / 1")
            assert "Gate01" in desk.part("table")
            await desk.press("escape", "escape")
            await desk.see("Extensions")

    async def test_an_empty_log_says_what_would_be_there(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await go(desk)
            await desk.see("No request matches", "tuiprov serve")
            await desk.press("enter", "f7", "ctrl+e", "down")
            assert desk.app.is_running

    async def test_every_list_leads_there(self, asked: Site) -> None:
        async with at_desk(asked) as desk:
            for key in ("f2", "f3", "f5"):
                await desk.press(key)
                await go(desk)
            await desk.press("f2")
            await desk.see("by friendly name")


class TestLive:
    async def test_at_the_top_new_requests_appear_by_themselves(
        self, asked: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tuiprov.screens.fetches.REFRESH_SECONDS", 0.02)
        async with at_desk(asked) as desk:
            await go(desk)
            log(asked, a_fetch(verdict="address", address="203.0.113.77"))
            await desk.see("203.0.113.77", "1 / 5", "outside the phones' networks")

    async def test_further_down_the_list_stands_still(
        self, asked: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tuiprov.screens.fetches.REFRESH_SECONDS", 3600)
        async with at_desk(asked) as desk:
            await go(desk)
            await desk.press("down")
            before = desk.part("table")
            log(asked, a_fetch(verdict="address", address="203.0.113.77"))
            screen = desk.app.screen
            assert isinstance(screen, FetchesScreen)
            screen._follow()
            await desk.settle()
            assert desk.part("table") == before
            await desk.press("up")
            screen._follow()
            await desk.see("203.0.113.77")

    async def test_it_is_read_once_a_second(self) -> None:
        from tuiprov.screens import fetches

        assert fetches.REFRESH_SECONDS == 1


class TestWhy:
    @SIZES
    async def test_the_row_s_chain_of_questions_and_what_to_do_are_told(
        self, asked: Site, size: Any
    ) -> None:
        async with at_desk(asked, size=size) as desk:
            await go(desk)
            assert "from 198.51.100.200: 404 key" in why(desk)
            assert "path ok, key NO." in why(desk)
            assert "No device has this MAC address" in why(desk)
            await desk.press("down")
            assert "login ok, state NO." in why(desk)
            assert "Enable it or assign it, then publish." in why(desk)
            await desk.press("down")
            assert "served, not what is published now" in why(desk)

    @SIZES
    async def test_every_verdict_s_words_fit_the_pane(self, asked: Site, size: Any) -> None:
        from tuiprov.fetching import CHAIN

        verdicts = (*CHAIN, "malformed", "error")
        for verdict in verdicts:
            log(asked, a_fetch(verdict=verdict, path="/prov/" + "x" * 200, agent="y" * 255))
        async with at_desk(asked, size=size) as desk:
            await go(desk)
            for verdict in reversed(verdicts):
                assert f"{verdict} NO." in why(desk)
                await desk.press("down")


class TestGoing:
    async def test_enter_opens_the_device_that_asked(self, asked: Site) -> None:
        async with at_desk(asked) as desk:
            await go(desk)
            await desk.press("down", "enter")
            await desk.see("Device Gate01")
            assert desk.current == "Status"
            await desk.press("escape")
            await desk.see("Requests of phones")

    async def test_a_first_link_that_is_over_is_opened_anew_from_there(self, asked: Site) -> None:
        log(asked, a_fetch(device_id(asked, "Board01"), verdict="enrolment", path="/prov/ab/b.cfg"))
        async with at_desk(asked) as desk:
            await go(desk)
            assert "Ctrl+G on its page" in why(desk)
            await desk.press("enter")
            await desk.see("Device Board01")
            await desk.press("ctrl+g")
            await desk.see("Open the enrolment window of Board01?")
            await desk.press("y")
            await desk.see("Provisioning link", "Its first link")
            await desk.press("escape")
            await desk.fill("Friendly name", "Board02")
            await desk.press("ctrl+g")
            await desk.see("Save what you changed first")
            await desk.save()
        assert [one.device_id for one in asked.rows(Enrolment)] == [device_id(asked, "Board02")]

    async def test_ctrl_e_opens_the_page_of_its_extension(self, asked: Site) -> None:
        async with at_desk(asked) as desk:
            await go(desk)
            await desk.press("down", "ctrl+e")
            await desk.see(GATE, "Use provisioning")

    async def test_enter_opens_the_setting_that_refused(self, asked: Site) -> None:
        log(asked, a_fetch(verdict="address"))
        async with at_desk(asked) as desk:
            await go(desk)
            await desk.press("enter")
            await desk.see("Global preferences")
            assert desk.current == "Phones' networks"
            await desk.press("escape")
            await desk.see("Requests of phones")

    @pytest.mark.parametrize("key", ["enter", "f7"])
    async def test_a_phone_that_nobody_has_is_adopted(self, asked: Site, key: str) -> None:
        async with at_desk(asked) as desk:
            await go(desk)
            await desk.press(key)
            await desk.see("Whose device is it?")
            await desk.press("enter")
            await desk.see("New device")
            assert "80:5E:C0:00:99:99" in desk.row("MAC address")
            assert "Yealink" in desk.row("Manufacturer")
            assert "T46S" in desk.row("Model")
            assert "84" in desk.row("Firmware/Version")
            await desk.fill("Friendly name", "Adopted1")
            await desk.save()
        device = next(d for d in asked.rows(Device) if d.friendly_name == "Adopted1")
        assert (device.mac, device.model) == ("80:5E:C0:00:99:99", "T46S")

    async def test_a_phone_of_the_inventory_is_not_adopted_again(self, asked: Site) -> None:
        agent = "Mozilla/4.0 (compatible; snomD765-SIP 10.1.33.33 2010 00041371A00F SXM:0)"
        log(asked, a_fetch(verdict="key", agent=agent, path="/prov/ff/x"))
        async with at_desk(asked) as desk:
            await go(desk)
            await desk.press("f7")
            await desk.see("A device has this MAC address already")
            await desk.press("enter")
            await desk.see("Device Sales01")

    async def test_who_does_not_say_who_it_is_cannot_be_adopted(self, asked: Site) -> None:
        log(asked, a_fetch(verdict="key", agent="curl/8", path="/prov/x/y"))
        async with at_desk(asked) as desk:
            await go(desk)
            for key, words in (
                ("enter", "tells which phone it is"),
                ("f7", "holds a MAC address"),
                ("ctrl+e", "No device of the inventory"),
            ):
                await desk.press(key)
                await desk.see(words)


class TestWhoMay:
    async def test_an_organization_sees_its_own_phones_requests_only(self, tmp_path: Path) -> None:
        tree = a_tree(tmp_path)
        mine, theirs = (
            tree.device("Mine01", "acme", "0027*001"),
            tree.device("Theirs01", "beta", "0028*001"),
        )
        log(tree.site, a_fetch(mine), a_fetch(theirs), a_fetch(**UNKNOWN))
        async with at_desk(tree.site, tree.viewer("acme", "view")) as desk:
            await go(desk)
            await desk.see("1 / 1", "Mine01")

    async def test_with_none_there_is_no_such_list(self, asked: Site) -> None:
        viewer = asked.viewer("organization", "none", sip=True)
        async with at_desk(asked, viewer) as desk:
            await desk.press("ctrl+f", "f12")
            await desk.settle()
            assert "Requests of phones" not in desk.text


@SIZES
async def test_what_a_stranger_sends_is_only_text(asked: Site, size: Any) -> None:
    for verdict in ("key", "path", HOSTILE[:16]):
        log(
            asked,
            a_fetch(
                verdict=verdict, agent=HOSTILE, path=HOSTILE, file=HOSTILE, method=HOSTILE[:16]
            ),
            a_fetch(
                verdict=verdict,
                agent=f"Fanvil {HOSTILE} 1.2 0c383e445599",
                path="/[@click=app.quit]x[/]/0c383e445599",
            ),
        )
    async with at_desk(asked, size=size) as desk:
        await go(desk)
        for _ in range(6):
            assert_harmless(desk)
            await desk.press("f7")
            await desk.settle()
            assert_harmless(desk)
            if not isinstance(desk.app.screen, FetchesScreen):
                await desk.press("enter")
                await desk.see("New device")
                assert_harmless(desk)
                await desk.press("escape", "d")
            await desk.until(lambda: isinstance(desk.app.screen, FetchesScreen))
            await desk.press("down")
        await desk.type("[/foo]")
        await desk.until(lambda: " 0 / 0" not in desk.part("filter"))
        assert_harmless(desk)
