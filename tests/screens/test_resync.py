"""Phones asked to fetch again, by keys: from the list, from a page, after a plan."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.fetches import a_fetch, device_id, log
from tests.pbx.phones import SipPhone
from tests.screens.desk import NARROW, WIDE, Desk, at_desk
from tests.screens.office import SALES, WAREHOUSE, events, publish_all, set_columns
from tests.screens.test_devices import go, open_device
from tests.screens.test_hostile import HOSTILE, assert_harmless
from tests.sites import Site
from tuiprov.data.kept import Resync
from tuiprov.screens.resync import ResyncScreen

SIZES = pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "140x40"])


@pytest.fixture
def ready(office: Site) -> Site:
    """The office published, its phones asked by our own SIP message."""
    return publish_all(office).configure(resync_by="sip", resync_per_second=500)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuiprov.screens.resync.REFRESH_SECONDS", 0.05)


def at(site: Site, number: str, port: int) -> None:
    values = {"fixed_ip": "127.0.0.1", "fixed_port": port}
    set_columns(site, "extension", values, f"extension = '{number}'")


async def asking(desk: Desk) -> None:
    """From the question on: yes, and wait for the list of those who are asked."""
    await desk.see("ask them to fetch")
    await desk.press("enter")
    await desk.until(lambda: isinstance(desk.app.screen, ResyncScreen))


class TestAsking:
    @SIZES
    async def test_one_phone_of_the_list_is_asked_and_then_seen(
        self, ready: Site, size: Any
    ) -> None:
        with SipPhone() as phone:
            at(ready, SALES, phone.port)
            async with at_desk(ready, size=size) as desk:
                await go(desk, "Sales01")
                await desk.press("ctrl+r")
                await desk.see("1 phone by a SIP message of our own, 500 a second")
                await asking(desk)
                await desk.see("~ asked", "Sales01", "Snom D765", "1 asked")
                assert phone.heard[0]["Event"] == "check-sync;reboot=false"
                later = datetime.now(UTC) + timedelta(seconds=1)
                log(ready, a_fetch(device_id(ready, "Sales01"), at=later))
                await desk.see("= fetched", "1 fetched")
                await desk.press("escape")
                await desk.see("by friendly name")

    async def test_all_that_are_listed_can_be_asked(self, ready: Site) -> None:
        with SipPhone() as phone:
            at(ready, SALES, phone.port)
            async with at_desk(ready) as desk:
                await go(desk)
                await desk.press("ctrl+r")
                await desk.see("Whom to ask?", "a all 4 listed")
                await desk.press("a")
                await desk.see("3 phones by a SIP message")
                await asking(desk)
                await desk.see("1 asked, 2 failed", "its address is not known")
        assert {row.device_id for row in ready.rows(Resync)} == {
            device_id(ready, name) for name in ("Sales01", "Ware1", "Board01")
        }

    async def test_enter_asks_the_one_under_the_cursor(self, ready: Site) -> None:
        async with at_desk(ready) as desk:
            await go(desk)
            await desk.press("ctrl+r", "enter")
            await desk.see("1 phone by")
            await desk.press("escape")
        assert ready.rows(Resync) == []

    @pytest.mark.parametrize("page", ["device", "extension"])
    async def test_from_a_page(self, ready: Site, page: str) -> None:
        async with at_desk(ready) as desk:
            if page == "device":
                await open_device(desk, "Ware1")
            else:
                await desk.open(WAREHOUSE)
            await desk.press("ctrl+r")
            await asking(desk)
            await desk.see("! failed", "Ware1", "its address is not known")
            await desk.press("escape")
            await desk.until(lambda: not isinstance(desk.app.screen, ResyncScreen))
            assert desk.app.screen.query("#form")

    async def test_a_phone_that_does_not_come_is_told_after_a_while(self, ready: Site) -> None:
        with SipPhone() as phone:
            at(ready, SALES, phone.port)
            async with at_desk(ready) as desk:
                await go(desk, "Sales01")
                await desk.press("ctrl+r")
                await asking(desk)
                await desk.see("~ asked")
                screen = desk.app.screen
                assert isinstance(screen, ResyncScreen)
                screen._phones._since -= timedelta(hours=1)
                old = datetime.now(UTC) - timedelta(seconds=121)
                set_columns(ready, "resync", {"asked_at": old.isoformat(" ")[:26]})
                await desk.see("? not seen", "1 not seen")

    async def test_the_list_narrows_by_state(self, ready: Site) -> None:
        async with at_desk(ready) as desk:
            await go(desk)
            await desk.press("ctrl+r", "a")
            await asking(desk)
            await desk.see("3 failed")
            await desk.type("failed board")
            await desk.see("1 / 1", "Board01")


class TestNotAsking:
    async def test_where_the_settings_say_not_at_all(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await go(desk, "Sales01")
            await desk.press("ctrl+r")
            await desk.see("No phone can be asked", "choose in the preferences")

    async def test_a_phone_without_files(self, ready: Site) -> None:
        async with at_desk(ready) as desk:
            await go(desk, "Gate01")
            await desk.press("ctrl+r")
            await desk.see("No phone here has files to fetch.")

    async def test_view_has_no_such_action(self, ready: Site) -> None:
        viewer = ready.viewer("organization", "view", sip=True, name="Acme Ltd")
        async with at_desk(ready, viewer) as desk:
            await go(desk, "Sales01")
            await desk.press("ctrl+r")
            await desk.settle()
            assert "ask them" not in desk.text


class TestAfterAPlan:
    async def test_a_publish_offers_to_resync_the_changed_phones(self, office: Site) -> None:
        office.configure(resync_by="sip", resync_per_second=500)
        async with at_desk(office) as desk:
            await desk.press("f8")
            await desk.see("Files of 3 phones")
            await desk.press("enter")
            await desk.see("Applied. 3 phones can be asked", "r resync these phones")
            await desk.press("r")
            await desk.see("3 failed", "Sales01", "Ware1", "Board01")
        assert events(office, "resync") == ["3 phones"]

    async def test_not_now_asks_nobody(self, office: Site) -> None:
        office.configure(resync_by="sip")
        async with at_desk(office) as desk:
            await desk.press("f8")
            await desk.see("Files of 3 phones")
            await desk.press("enter")
            await desk.see("resync these phones")
            await desk.press("enter")
            await desk.see("= published")
        assert events(office, "resync") == []

    async def test_a_save_offers_it_too(self, ready: Site) -> None:
        async with at_desk(ready) as desk:
            await desk.open(SALES, 3)
            await desk.fill("Phone update interval", "4000")
            await desk.press("f2")
            await desk.see("Plan")
            await desk.press("r", "enter")
            await desk.see("Applied. 1 phone can be asked")
            await desk.press("enter")
            await desk.see("Saved. Files: ")

    async def test_nothing_is_offered_where_resync_is_off(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.press("f8")
            await desk.see("Files of 3 phones")
            await desk.press("enter")
            await desk.see("= published")
            await desk.settle()
            assert "resync" not in desk.text


@SIZES
async def test_stored_values_and_problems_are_only_text(ready: Site, size: Any) -> None:
    set_columns(ready, "device", {"friendly_name": HOSTILE}, "friendly_name = 'Sales01'")
    set_columns(ready, "extension", {"sip_username": HOSTILE, "fixed_ip": HOSTILE})
    async with at_desk(ready, size=size) as desk:
        await go(desk)
        await desk.press("ctrl+r")
        await desk.see("Whom to ask?")
        assert_harmless(desk)
        await desk.press("a")
        await asking(desk)
        await desk.see("3 failed")
        for _ in range(3):
            await desk.press("down")
            assert_harmless(desk)
