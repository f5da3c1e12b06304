"""F10: what can be done with all marked rows at once, planned, applied, taken back."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.screens.desk import NARROW, Desk, at_desk
from tests.screens.office import publish_all
from tests.sites import Site
from tuiprov.data.kept import Event
from tuiprov.data.models import Device
from tuiprov.orders.files import SetFields
from tuiprov.orders.order import OnRecord, Outcome
from tuiprov.publish.planning import plan_devices
from tuiprov.publish.publishing import publish


def values(site: Site, field: str) -> dict[str, object]:
    ids = site.store.extension_ids(site.admin)
    pages = [site.store.page(site.admin, number) for number in ids]
    return {str(page.values["extension"]): page.values[field] for page in pages}


def files(site: Site) -> list[Path]:
    return sorted(path for path in (site.publish_root / "http").rglob("*") if path.is_file())


async def act(desk: Desk, words: str) -> None:
    """F10 and the action of these words."""
    await desk.press("f10")
    await desk.see("What to do with")
    await desk.type(words)
    await desk.press("enter")


async def apply(desk: Desk) -> None:
    """The plan, and Enter on it when it is made."""
    await desk.see("Plan")
    await desk.see("Enter Apply")
    await desk.press("enter")


class TestMenu:
    async def test_it_names_each_action_with_what_it_would_do(self, office: Site) -> None:
        async with at_desk(office, size=NARROW) as desk:
            await desk.press("space", "space", "f10")
            await desk.see("What to do with 2 extensions", "Disable", "their phones' files go")

    async def test_without_a_mark_it_is_about_the_row_of_the_cursor(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.press("down", "f10")
            await desk.see("What to do with 1 extension")
            await desk.type("Disable")
            await desk.press("enter")
            await desk.see("Disable 1 extension", "1 extension to change")

    async def test_what_the_viewer_may_not_do_is_absent(self, office: Site) -> None:
        viewer = office.viewer("organization", "view", sip=True, name="Acme Ltd")
        async with at_desk(office, viewer) as desk:
            await desk.press("f10")
            await desk.see("Edit …")
            assert "Disable" not in desk.text
            assert "Resync" not in desk.text


class TestEnabling:
    async def test_disabled_phones_lose_their_files_and_one_key_takes_it_back(
        self, office: Site
    ) -> None:
        publish_all(office)
        before, status = files(office), values(office, "status")
        async with at_desk(office) as desk:
            await desk.press("ctrl+a")
            await act(desk, "Disable")
            await desk.see("Disable 8 extensions", "refused", "delete")
            await apply(desk)
            await desk.see("changed", "Ctrl+Y: history")
            assert len(files(office)) < len(before)
            await desk.press("ctrl+y")
            await desk.see("set")
            await desk.press("down", "enter")
            await desk.see("Operation")
            await desk.press("f3", "y")
            await apply(desk)
            await desk.see("Taken back")
        assert files(office) == before
        assert values(office, "status") == status


class TestRemoving:
    async def test_delete_removes_all_that_are_marked_after_the_plan(self, office: Site) -> None:
        before = office.export()
        async with at_desk(office) as desk:
            await desk.press("space", "space", "delete")
            await desk.see("Remove 2 extensions", "2 extensions to remove")
            await apply(desk)
            await desk.see("2 removed", "/ 6")
            assert "marked" not in desk.part("filter")
            await desk.press("ctrl+y")
            await desk.see("remove extension")
            while "remove extension" not in desk.text.partition("›")[2].splitlines()[0]:
                await desk.press("down")
            await desk.press("enter")
            await desk.see("Operation")
            await desk.press("f3", "y")
            await apply(desk)
            await desk.see("Taken back")
        assert office.export() == before


class TestMoving:
    async def test_they_move_to_the_chosen_user_or_it_is_said_why_not(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.press("space", "down", "space")
            await act(desk, "Move")
            await desk.see("Move to")
            await desk.type("board")
            await desk.press("enter")
            await desk.see("Move 2 extensions to", "Acme Ltd/sales → Acme Ltd/board")
            await apply(desk)
            await desk.see("2 moved to Acme Ltd/board")
        assert set(list(values(office, "user").values())[:1]) == {"board"}


class TestRotating:
    async def test_the_plan_says_how_long_the_old_ones_are_taken_and_shows_none(
        self, office: Site
    ) -> None:
        office.configure(pbx="asterisk")
        publish_all(office)
        before = values(office, "sip_password")
        async with at_desk(office) as desk:
            await desk.press("ctrl+a")
            await act(desk, "Rotate")
            await desk.see("Which passwords")
            await desk.type("both")
            await desk.press("enter")
            await desk.see("Rotate the SIP and administrator passwords of 8 extensions")
            await desk.see("also takes the old passwords", "168 hours")
            assert not any(str(one) in desk.text for one in before.values())
            await apply(desk)
            await desk.see("rotated")
        after = values(office, "sip_password")
        assert sum(before[number] != after[number] for number in before) >= 7


class TestDevices:
    async def test_marked_devices_are_removed_together_and_one_undo_brings_them_back(
        self, office: Site
    ) -> None:
        publish_all(office)
        before, tree = office.export(), files(office)
        async with at_desk(office) as desk:
            await desk.press("f2")
            await desk.see("by friendly name", "1 / 4")
            await desk.press("space", "space")
            assert "2 marked: F10 acts on them" in desk.part("filter")
            await desk.press("delete")
            await desk.see("Remove 2 devices", "2 devices to remove")
            await apply(desk)
            await desk.see("2 removed")
            event = next(e for e in reversed(office.rows(Event)) if e.action == "remove")
        devices = office.store.archive.undo(office.admin, event.id or 0)
        publish(office.store, office.admin, plan_devices(office.store, devices))
        assert office.export() == before
        assert files(office) == tree

    async def test_the_menu_is_about_devices_and_says_who_cannot(self, office: Site) -> None:
        async with at_desk(office, size=NARROW) as desk:
            await desk.press("f2")
            await desk.see("by friendly name", "1 / 4")
            await desk.press("ctrl+a")
            await act(desk, "Disable")
            await desk.see("Disable 4 devices", "to change")
            await apply(desk)
            await desk.see("changed. Files")
        assert {row.status for row in office.rows(Device)} == {"disabled"}

    async def test_what_not_all_can_have_is_not_offered(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.press("f2")
            await desk.see("by friendly name", "1 / 4")
            await desk.press("ctrl+a")
            await act(desk, "Firmware")
            await desk.see("nothing that all of these can be given")


class TestStopping:
    async def test_escape_stops_it_while_nothing_is_written_and_says_so(
        self, office: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def slowly(_self: SetFields, on_record: OnRecord) -> Outcome:
            for count in range(10_000):
                on_record(count)
                time.sleep(0.001)
            return Outcome("done")

        monkeypatch.setattr(SetFields, "apply", slowly)
        before = office.export()
        async with at_desk(office, size=NARROW) as desk:
            await desk.press("ctrl+a")
            await act(desk, "Disable")
            await apply(desk)
            await desk.see("Disable 8 extensions", "Working … ", "Esc stop")
            await desk.press("x", "q", "escape")
            await desk.see("Stopped: nothing was changed", "8 marked")
        assert office.export() == before


class TestInWaves:
    async def test_a_change_is_stored_and_its_files_go_in_waves(self, office: Site) -> None:
        publish_all(office)
        before = files(office)
        async with at_desk(office) as desk:
            await desk.press("ctrl+a")
            await act(desk, "Disable")
            await desk.see("Plan", "In waves")
            await desk.press("w")
            await desk.see("Waves of 1,5,all")
        assert {device.status for device in office.rows(Device)} == {"disabled"}
        assert files(office) == before

    async def test_files_made_anew_go_in_waves_too(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.press("ctrl+a")
            await act(desk, "Regenerate")
            await desk.see("Plan", "In waves")
            await desk.press("w")
            await desk.see("Waves of 1,5,all")
        assert files(office) == []

    async def test_devices_are_changed_in_waves(self, office: Site) -> None:
        publish_all(office)
        before = files(office)
        async with at_desk(office) as desk:
            await desk.press("f2")
            await desk.see("by friendly name", "1 / 4")
            await desk.press("ctrl+a")
            await act(desk, "Disable")
            await desk.see("Plan", "In waves")
            await desk.press("w")
            await desk.see("Waves of 1,5,all")
        assert files(office) == before

    async def test_a_removal_does_not(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.press("space")
            await act(desk, "Remove")
            await desk.see("Plan", "Enter Apply")
            assert "In waves" not in desk.text
