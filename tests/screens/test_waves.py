"""A plan applied in waves, by keys: cut, started, followed, stopped, gone on with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.publish.helpers import files, state
from tests.publish.rolling import Rolling, a_fleet, change, fetch
from tests.screens.desk import NARROW, SIP, WIDE, Desk, at_desk
from tests.screens.office import BOARD, publish_all
from tests.screens.office import published as published_texts
from tests.screens.test_preferences import TELEPHONY, go
from tests.screens.test_templates import edit, make, paste, stored
from tests.serve.helpers import wait_until
from tests.sites import Site
from tuiprov.publish.planning import plan_outdated
from tuiprov.screens.waves import WavesScreen

SIZES = pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "140x40"])


@pytest.fixture
def fleet(site: Site) -> Site:
    a_fleet(site)
    change(site)
    return site


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuiprov.screens.waves.REFRESH_SECONDS", 0.05)
    monkeypatch.setattr("tuiprov.driving.LOOK_SECONDS", 0.05)


async def cut(desk: Desk) -> None:
    """From the list to the waves that are proposed."""
    await desk.press("f8")
    await desk.see("Plan", "In waves")
    await desk.press("w")
    await desk.until(lambda: isinstance(desk.app.screen, WavesScreen))
    await desk.see("First Desk01")


async def go_ahead(desk: Desk) -> None:
    """Start what is cut."""
    await desk.press("f2")
    await desk.see("Apply in waves", "Enter start")
    await desk.press("enter")


async def start(desk: Desk) -> None:
    await desk.press("f2")
    await desk.see("Wave 1: Desk01", "Wave 2: Desk02, Desk03")
    await desk.press("enter")
    await desk.see("+ published")


async def roll_back(desk: Desk) -> None:
    """Stop and roll back, to the end: the reason stands there while the files go back, too."""
    await desk.press("f8")
    await desk.see("stop and roll back")
    await desk.press("enter")
    await desk.see("Rolled back", "rolled back by hand", "files are as they were before")


def published(fleet: Site, *names: str) -> bool:
    """Do these wait for their phones?"""
    (row,) = fleet.store.waves.rows(fleet.admin)
    devices = fleet.store.waves.devices(fleet.admin, row.id)
    return all(one.state == "published" for one in devices if one.name in names)


@SIZES
class TestToItsEnd:
    async def test_it_is_cut_started_and_followed(self, fleet: Site, size: Any) -> None:
        async with at_desk(fleet, size=size) as desk:
            await cut(desk)
            await desk.see("Waves of 1,5,all", "has 10m", "all waves go back")
            await desk.press("f4")
            await desk.press("ctrl+u")
            await desk.type("1,all")
            await desk.press("enter")
            await desk.see("Waves of 1,all")
            await start(desk)
            await desk.see("running: wave 1 of 2; 1 published, 2 waiting")
            fetch(fleet, "Desk01", datetime.now(UTC))
            await desk.see("= fetched", "wave 2 of 2; 1 fetched, 2 published")
            for name in ("Desk02", "Desk03"):
                fetch(fleet, name, datetime.now(UTC))
            await desk.see("done; 3 fetched")
        assert state(fleet) == "published"

    async def test_what_does_not_come_goes_back_and_so_does_the_change(
        self, fleet: Site, size: Any
    ) -> None:
        Rolling(fleet).publish(plan_outdated(fleet.store, fleet.admin))
        for name in ("Desk03", "Desk02", "Desk01"):
            fetch(fleet, name)
        change(fleet, 1)
        before = files(fleet.publish_root)
        async with at_desk(fleet, size=size) as desk:
            await cut(desk)
            await desk.press("f7", "ctrl+u")
            await desk.type("1s")
            await desk.press("enter")
            await desk.see("has 1s")
            await go_ahead(desk)
            await desk.see("Rolled back", "Desk01 did not fetch its new files within 1s")
            assert files(fleet.publish_root) == before
            await desk.press("u")
            await desk.until(lambda: state(fleet) == "published")
        assert not plan_outdated(fleet.store, fleet.admin)


class TestKeys:
    async def test_roll_back_asks_and_does(self, fleet: Site) -> None:
        before = files(fleet.publish_root)
        async with at_desk(fleet) as desk:
            await cut(desk)
            await go_ahead(desk)
            await desk.see("+ published")
            await roll_back(desk)
            await desk.press("enter")
        assert files(fleet.publish_root) == before

    async def test_paused_and_gone_on(self, fleet: Site) -> None:
        async with at_desk(fleet) as desk:
            await cut(desk)
            await go_ahead(desk)
            await desk.see("+ published")
            await desk.press("f6")
            await desk.see("paused: wave 1")
            await desk.press("f6")
            await desk.see("running: wave 1")
            await roll_back(desk)

    async def test_the_waves_go_on_when_their_screen_is_left(self, fleet: Site) -> None:
        async with at_desk(fleet) as desk:
            await cut(desk)
            await go_ahead(desk)
            await desk.see("+ published")
            await desk.press("escape")
            await desk.see("The waves go on while tuiprov runs; Ctrl+W shows them.")
            for names in (["Desk01"], ["Desk02", "Desk03"]):
                await desk.until(lambda names=names: published(fleet, *names))  # type: ignore[misc]
                for name in names:
                    fetch(fleet, name, datetime.now(UTC))
            await desk.see("The waves are through: all their phones came back.")
        assert state(fleet) == "published"

    async def test_those_of_a_program_that_ended_are_gone_on_with(self, fleet: Site) -> None:
        number = Rolling(fleet).start()
        fleet.store.waves.leave(fleet.admin, number)
        async with at_desk(fleet) as desk:
            await desk.see("Nobody drives the waves that are under way: Ctrl+W.")
            await desk.press("ctrl+w")
            await desk.see("running: wave 1 of 2; 3 waiting")
            await desk.see("Nobody drives these waves: F2 goes on, F8 rolls back.")
            await desk.press("f2")
            await desk.see("+ published")
            await roll_back(desk)

    async def test_a_wrong_size_is_refused_in_one_line(self, fleet: Site) -> None:
        async with at_desk(fleet) as desk:
            await cut(desk)
            await desk.press("f4", "ctrl+u")
            await desk.type("1,2")
            await desk.press("enter")
            await desk.see("'1,2' is none: numbers of phones, then all, such as 1,5,all")

    async def test_ending_the_program_leaves_them_to_be_gone_on_with(self, fleet: Site) -> None:
        async with at_desk(fleet) as desk:
            await cut(desk)
            await go_ahead(desk)
            await desk.see("+ published")
        wait_until(lambda: not fleet.store.waves.rows(fleet.admin)[0].is_driven, 5)
        assert fleet.store.waves.rows(fleet.admin)[0].state == "running"

    async def test_who_may_not_publish_sees_no_such_key(self, fleet: Site) -> None:
        viewer = fleet.viewer("organization", "view")
        async with at_desk(fleet, viewer) as desk:
            await desk.press("ctrl+w")
            assert not isinstance(desk.app.screen, WavesScreen)


class TestFromOtherPlans:
    async def test_preferences_are_stored_and_their_files_go_in_waves(self, fleet: Site) -> None:
        Rolling(fleet).publish(plan_outdated(fleet.store, fleet.admin))
        for name in ("Desk03", "Desk02", "Desk01"):
            fetch(fleet, name)
        before = files(fleet.publish_root)
        async with at_desk(fleet) as desk:
            await go(desk, TELEPHONY)
            await desk.fill("SIP server", "pbx.acme.test")
            await desk.press("f2")
            await desk.see("In waves", "3 to replace")
            await desk.press("w")
            await desk.see("First Desk01")
            assert fleet.store.site().sip_server == "pbx.acme.test"
            await desk.press("f7", "ctrl+u")
            await desk.type("1s")
            await desk.press("enter")
            await desk.see("has 1s")
            await go_ahead(desk)
            await desk.see("Rolled back")
            assert files(fleet.publish_root) == before
            await desk.press("u")
            await desk.until(lambda: fleet.store.site().sip_server != "pbx.acme.test")
            await desk.until(lambda: state(fleet) == "published")
        assert not plan_outdated(fleet.store, fleet.admin)

    async def test_a_change_of_many_is_stored_and_its_files_go_in_waves(self, fleet: Site) -> None:
        async with at_desk(fleet) as desk:
            await desk.press("ctrl+a", "ctrl+e")
            await desk.see("Edit 3 extensions")
            await desk.section(SIP + 1)
            await desk.pick("DTMF", "info")
            await desk.press("f2")
            await desk.see("In waves", "3 extensions to change")
            await desk.press("w")
            await desk.see("First Desk01")
            assert state(fleet) == "stale"
            await desk.press("f4", "ctrl+u")
            await desk.type("all")
            await desk.press("enter")
            await desk.see("Waves of all")
            await go_ahead(desk)
            await desk.see("3 published")
            for name in ("Desk01", "Desk02", "Desk03"):
                fetch(fleet, name, datetime.now(UTC))
            await desk.see("done; 3 fetched")
        assert state(fleet) == "published"
        assert not plan_outdated(fleet.store, fleet.admin)

    async def test_a_plan_says_that_waves_are_under_way(self, fleet: Site) -> None:
        Rolling(fleet).start()
        async with at_desk(fleet) as desk:
            await desk.press("f8")
            await desk.see("Waves are under way: what 3 phones still wait for would be published")

    async def test_a_template_is_stored_and_its_files_go_in_waves(self, office: Site) -> None:
        make(office)
        office.save(BOARD, template="Acme")
        publish_all(office)
        before = published_texts(office)
        async with at_desk(office) as desk:
            await edit(desk)
            await desk.press("ctrl+end")
            await paste(desk, "<!-- seen by {{ phone.model }} -->\n")
            await desk.press("f2")
            await desk.see("Plan", "template Acme", "In waves")
            await desk.press("w")
            await desk.see("First Board")
            assert "seen by" in stored(office)
            assert published_texts(office) == before
            await go_ahead(desk)
            await desk.see("+ published")
            await roll_back(desk)
        assert published_texts(office) == before

    async def test_what_is_taken_back_may_go_in_waves_too(self, fleet: Site) -> None:
        Rolling(fleet).publish(plan_outdated(fleet.store, fleet.admin))
        async with at_desk(fleet) as desk:
            await desk.press("ctrl+y")
            await desk.see("History", "change")
            await desk.press("down", "enter")
            await desk.see("Extension name")
            await desk.press("u", "y")
            await desk.see("Plan", "In waves", "1 to replace")
            await desk.press("w")
            await desk.see("Waves of 1,5,all")
