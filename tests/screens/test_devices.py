"""The devices area by keys: the list, the page of a device, assigning, clearing, removing; and
taking a device of the inventory on an extension's page."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fetches import a_fetch, log, published_as
from tests.inventory import Tree, a_tree
from tests.screens.desk import DEVICE, NARROW, PROVISIONING, WIDE, Desk, at_desk
from tests.screens.office import (
    ANA,
    BACK_OFFICE,
    BOARD,
    SALES,
    TOKEN,
    events,
    publish_all,
    published,
    set_columns,
)
from tests.screens.test_hostile import HOSTILE, assert_harmless, poison
from tests.screens.test_snapshots import Picture
from tests.sites import Site
from tuiprov.data.checks import DUPLICATE_MAC
from tuiprov.data.models import Account, Device, Extension, Line
from tuiprov.screens.devices import DevicesScreen

LARGE = (200, 60)
INFORMATION, SETTINGS, INVENTORY = 1, 2, 3
"""The sections of a device's page."""
BY_NAME = "by friendly name"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return a_tree(tmp_path)


async def go(desk: Desk, words: str = "") -> None:
    """To the devices, with the list narrowed to `words`."""
    await desk.press("f2")
    await desk.see("Devices", BY_NAME)
    await desk.until(lambda: " / " in desk.part("filter"))
    if words:
        await desk.type(words)
        await desk.until(lambda: "1 / 1 " in desk.part("filter"))
    await desk.until(lambda: not desk.app.screen._is_loading)  # type: ignore[attr-defined]


async def open_device(desk: Desk, words: str, section: int = INFORMATION) -> None:
    """From the list of extensions to the page of a device."""
    await go(desk, words)
    await desk.press("enter")
    await desk.until(lambda: bool(desk.app.screen.query("#form")) and bool(desk.current))
    await desk.section(section)


def device(site: Site, name: str) -> Device:
    return next(one for one in site.rows(Device) if one.friendly_name == name)


def rows(desk: Desk) -> list[str]:
    return [line for line in desk.part("table").splitlines()[1:] if line]


class TestTheList:
    async def test_every_column_is_there_on_a_large_screen(self, office: Site) -> None:
        publish_all(office)
        async with at_desk(office, size=LARGE) as desk:
            await go(desk)
            header, *lines = desk.part("table").splitlines()
            for label in (
                *("State", "Name", "MAC address", "Manufacturer", "Model", "Firmware", "Lines"),
                *("Extensions", "Organization", "Owner", "Published at"),
            ):
                assert label in header
            sales = next(line for line in lines if "Sales01" in line)
            for cell in (
                *("= published", "00:04:13:71:A0:0F", "Snom", "D765", " 10 ", "2/12"),
                *("0027*004, 0027*005", "Acme Ltd", "admin", "20"),
            ):
                assert cell in sales

    async def test_what_each_phone_has_fetched_is_there_too(self, office: Site) -> None:
        publish_all(office)
        path, number = published_as(office, 7, "Board01"), device(office, "Board01").id
        agent = "FileTransport PolycomVVX-VVX_411-UA/5.9.2.3446 Type/Application"
        log(office, a_fetch(number, file=path, version_id=7, agent=agent))
        async with at_desk(office, size=LARGE) as desk:
            await go(desk, "Board01")
            header, line = desk.part("table").splitlines()[:2]
            for label, cell in (
                ("Last fetched", "2026-11-24"),
                ("Version", "this"),
                ("Firmware seen", "5.9.2.3446"),
            ):
                assert line[header.index(label) :].startswith(cell)
            published_as(office, 8, "Board01")
            await desk.press("escape")
            await desk.type("Board01")
            await desk.see("older")

    @pytest.mark.parametrize("size", [NARROW, WIDE])
    async def test_on_a_smaller_screen_it_is_told_of_the_row(self, office: Site, size: Any) -> None:
        log(office, a_fetch(device(office, "Board01").id, file="x", version_id=7))
        async with at_desk(office, size=size) as desk:
            await go(desk, "Board01")
            if size == WIDE:
                await desk.see("(an older version), firmware 66.84.0.15")
            else:
                await desk.see("fetched 2026-11-24")

    @pytest.mark.parametrize("size", [NARROW, WIDE])
    async def test_a_row_fits_the_screen(self, office: Site, size: Any) -> None:
        async with at_desk(office, size=size) as desk:
            await go(desk)
            line = next(line for line in rows(desk) if "Board01" in line)
            for cell in ("~ stale", "64:16:7F:0A:BC:DE", "Polycom", "VVX411", "1/12", BOARD):
                assert cell in line

    async def test_the_list_narrows_as_one_types_and_escape_goes_back(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await go(desk, "owner:admin state:disabled")
            assert "Gate01" in desk.part("table")
            await desk.press("escape")
            await desk.see("1 / 4")
            await desk.press("escape")
            await desk.see("Extensions")

    async def test_an_unknown_field_gets_a_message(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await go(desk)
            await desk.type("colour:red")
            await desk.see("colour: is not a field to filter by")

    async def test_f4_sorts_by_the_next_column_and_the_title_says_which(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await go(desk)
            for words in ("state", "MAC address", "phone", "lines used", "extension"):
                await desk.press("f4")
                await desk.see(f"by {words}")
            for words in ("organization", "owner", "published at", "friendly name"):
                await desk.press("f4")
                await desk.see(f"by {words}")
            await desk.press("f4", "f4")
            await desk.see("by MAC address")
            await desk.until(lambda: "Sales01" in rows(desk)[0])

    async def test_the_cursor_keeps_to_its_device_when_the_order_changes(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await go(desk)
            await desk.press("down", "down", "f4")
            await desk.see("by state")
            await desk.until(lambda: any("›" in r and "Sales01" in r for r in rows(desk)))

    async def test_with_none_there_is_no_such_area(self, office: Site) -> None:
        async with at_desk(office, office.viewer("organization", "none", sip=True)) as desk:
            assert "F2" not in desk.part("keys")
            await desk.press("f2")
            assert "Extensions" in desk.part("title")

    async def test_a_phone_terminal_sees_its_own_device_and_may_not_add(self, tree: Tree) -> None:
        tree.device("Mine", "acme", "0027*001")
        tree.device("Theirs", "acme", "0027*003")
        async with at_desk(tree.site, tree.viewer("0027*001")) as desk:
            await go(desk)
            assert [" Mine" in row for row in rows(desk)] == [True]
            for words in ("New", "Assign", "Clear", "Remove"):
                assert words not in desk.part("keys")
            await desk.press("ctrl+n", "f7", "f8", "delete", "f9")
            assert "Devices" in desk.part("title")


class TestReadOnlyRows:
    async def test_they_are_marked_and_the_reason_stands_below_the_filter(self, tree: Tree) -> None:
        tree.device("Alpha", "acme")
        tree.device("Bravo", "Provider", "0027*001")
        tree.device("Charly", "john")
        tree.level("john", "none")
        async with at_desk(tree.site, tree.viewer("acme", "view"), size=NARROW) as desk:
            await go(desk)
            marks = {row.split()[-4 if "0/16" in row else -5]: row[2] for row in rows(desk)}
            assert [row[2] for row in rows(desk)] == [" ", "r", "r"], marks
            assert "read-only" not in desk.part("filter")
            await desk.press("down")
            said = "read-only: it belongs to an account above: only its assignment can be cleared"
            assert desk.part("filter").splitlines()[1].strip() == said
            await desk.press("down")
            said = "read-only: neither its owner nor whom it is assigned to may modify devices"
            assert desk.part("filter").splitlines()[1].strip() == said

    async def test_their_page_says_why_and_takes_no_key(self, tree: Tree) -> None:
        tree.device("Bravo", "Provider", "0027*001")
        before = tree.site.rows(Device)[0].model_dump()
        async with at_desk(tree.site, tree.viewer("acme", "view")) as desk:
            await open_device(desk, "Bravo")
            for label in ("Friendly name", "MAC address", "Notes"):
                await desk.field(label)
                await desk.type("x")
                assert "only its assignment can be cleared" in desk.under(label)
            assert " *" not in desk.part("title")
        assert tree.site.rows(Device)[0].model_dump() == before

    @pytest.mark.parametrize(
        ("key", "title"), [("delete", "cannot be removed"), ("f9", "cannot be removed")]
    )
    async def test_what_is_not_allowed_is_told(self, tree: Tree, key: str, title: str) -> None:
        tree.device("Bravo", "Provider", "0027*001")
        async with at_desk(tree.site, tree.viewer("acme", "view")) as desk:
            await go(desk)
            await desk.press(key)
            await desk.see(title, "only its assignment can be cleared")
        assert len(tree.site.rows(Device)) == 1

    async def test_only_the_assignment_can_be_cleared_at_view(self, tree: Tree) -> None:
        tree.device("Bravo", "Provider", "0027*001")
        async with at_desk(tree.site, tree.viewer("acme", "view")) as desk:
            await go(desk)
            await desk.press("f8")
            await desk.see("Plan", "Clear assignment of Bravo: 0027*001")
            await desk.press("enter")
            await desk.see("Done.", "unassigned")
        assert tree.site.rows(Line) == []


class TestThePageOfADevice:
    async def test_it_shows_and_saves_the_device_with_all_its_lines(self, office: Site) -> None:
        publish_all(office)
        async with at_desk(office) as desk:
            await open_device(desk, "Sales01")
            await desk.see("Device Sales01 (Snom D765)")
            await desk.fill("Friendly name", "Sales99")
            await desk.section(SETTINGS)
            await desk.fill("Phone update interval", "1800")
            await desk.tab("settings_refresh_timer")
            assert SALES in desk.text or "0027*004" in desk.part("preview")
            await desk.press("f2")
            await desk.see("Plan", "left as it is")
            await desk.press("r")
            await desk.see("1 to replace")
            await desk.press("enter")
            await desk.see("Saved. Files: 1 replaced.")
        files = "".join(published(office).values())
        assert "1800" in files
        assert all(number in files for number in (SALES, BACK_OFFICE))
        assert device(office, "Sales99").update_interval == 1800

    async def test_the_inventory_section_names_serial_owner_and_lines(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await open_device(desk, "Sales01", INVENTORY)
            assert desk.row("Serial").startswith("00041371a00f")
            assert desk.row("Owner").startswith("admin")
            assert desk.row("Organization").startswith("Acme Ltd")
            assert desk.row("Line 2").startswith(f"{BACK_OFFICE}  Sales back office")
            await desk.field("Serial")
            await desk.type("1")
            assert desk.row("Serial").startswith("00041371a00f")

    async def test_a_line_is_no_field_of_a_device(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await open_device(desk, "Sales01")
            assert "Line" not in desk.part("form")

    async def test_no_file_is_made_for_a_device_that_serves_nobody(self, tree: Tree) -> None:
        tree.device("Spare1", "acme")
        async with at_desk(tree.site) as desk:
            await open_device(desk, "Spare1")
            await desk.see("serves no extension: no file is generated")
            await desk.fill("Notes", "cupboard")
            await desk.save()
        assert published(tree.site) == {}
        assert device(tree.site, "Spare1").notes == "cupboard"

    async def test_revealing_a_devices_passwords_is_written_down(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await open_device(desk, "Sales01", SETTINGS)
            assert "Quiet7River" not in desk.text
            await desk.press("f7")
            assert "Quiet7River" in desk.row("Administrator password")
        assert events(office, "reveal") == ["device Sales01"]

    async def test_what_somebody_else_saved_meanwhile_is_told(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await open_device(desk, "Board01")
            await desk.fill("Notes", "late")
            office.save(BOARD, notes="early")
            await desk.press("f2")
            await desk.see("Changed by System administrator", "Yours: late", "early")
            await desk.press("escape")
        assert device(office, "Board01").notes == "early"

    async def test_unsaved_changes_are_asked_about(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await open_device(desk, "Board01")
            await desk.fill("Notes", "x")
            await desk.press("escape")
            await desk.see("Unsaved changes")
            await desk.press("d")
            await desk.see("Devices", BY_NAME)
        assert device(office, "Board01").notes == ""

    async def test_a_device_that_is_gone_meanwhile_is_told(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await go(desk, "Gate01")
            with office.database.write() as session:
                gate = device(office, "Gate01")
                for line in office.rows(Line):
                    if line.device_id == gate.id:
                        session.delete(session.get_one(Line, line.id))
                session.flush()
                session.delete(session.get_one(Device, gate.id))
            await desk.press("enter")
            await desk.see("This device cannot be opened", "does not exist (any more)")
            await desk.press("enter")
            await desk.see("0 / 0")


async def fill_in(desk: Desk, mac: str) -> None:
    await desk.fill("Friendly name", "Fresh1")
    await desk.pick("Manufacturer", "snom")
    await desk.pick("Model", "d765")
    await desk.fill("MAC address", mac)


class TestAdding:
    async def test_who_has_nobody_below_adds_its_own(self, tree: Tree) -> None:
        async with at_desk(tree.site, tree.viewer("john")) as desk:
            await go(desk)
            await desk.press("ctrl+n")
            await desk.see("New device")
            await fill_in(desk, "00:04:13:00:00:99")
            await desk.save()
            await desk.see("Device Fresh1 (Snom D765)")
            await desk.section(INVENTORY)
            assert desk.row("Serial").startswith("000413000099")
            await desk.press("escape")
            await desk.see("Fresh1", "unassigned", "0/12")
        assert device(tree.site, "Fresh1").owner_id == tree.id("john")

    async def test_who_has_accounts_below_is_asked_whose_it_is(self, tree: Tree) -> None:
        tree.level("john", "modify")
        async with at_desk(tree.site, tree.viewer("acme", "view")) as desk:
            await go(desk)
            await desk.press("ctrl+n")
            await desk.see("Whose device is it?", "acme  Organization, yourself", "john  User")
            assert "jane" not in desk.text
            await desk.type("john")
            await desk.press("enter")
            await desk.see("New device")
            await fill_in(desk, "00:04:13:00:00:99")
            await desk.save()
        assert device(tree.site, "Fresh1").owner_id == tree.id("john")

    async def test_a_new_device_is_checked_like_any_other(self, tree: Tree) -> None:
        async with at_desk(tree.site, tree.viewer("john")) as desk:
            await go(desk)
            await desk.press("ctrl+n")
            await desk.see("New device")
            await desk.press("f2")
            await desk.see("Not saved: 3 fields to mend.", "is missing: 3 to 32 letters and digits")
        assert tree.site.rows(Device) == []


class TestDuplicateMac:
    """Refused in the same words whoever has the other device, and it is never said who."""

    async def test_on_the_page_of_a_device(self, tree: Tree) -> None:
        tree.device("Theirs", "second", "0099*001")
        mac = tree.site.rows(Device)[0].mac
        async with at_desk(tree.site, tree.viewer("john")) as desk:
            await go(desk)
            await desk.press("ctrl+n")
            await desk.see("New device")
            await fill_in(desk, mac)
            await desk.field("Use MAC based provisioning")
            await desk.press("y")
            assert DUPLICATE_MAC in desk.under("MAC address")
            await desk.press("f2")
            await desk.see("Not saved: 1 field to mend.")
            for words in ("Theirs", "second", "0099*001", "eve"):
                assert words not in desk.text
        assert len(tree.site.rows(Device)) == 1

    @pytest.mark.parametrize("number", ["0099*001", ""])
    async def test_on_the_page_of_an_extension(self, tree: Tree, number: str) -> None:
        tree.device("Theirs", "second", *((number,) if number else ()))
        mac = tree.site.rows(Device)[0].mac
        async with at_desk(tree.site, tree.viewer("john")) as desk:
            await desk.open("0027*001", PROVISIONING)
            await desk.press("y")
            await desk.section(DEVICE)
            await fill_in(desk, mac)
            await desk.field("Use MAC based provisioning")
            await desk.press("y")
            assert DUPLICATE_MAC in desk.under("MAC address")
            await desk.press("f2")
            await desk.see("Not saved: 1 field to mend.")
            for words in ("Theirs", "second", "0099*001", "eve"):
                assert words not in desk.text
        assert len(tree.site.rows(Device)) == 1

    async def test_without_a_link_made_of_it_it_is_a_warning(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await open_device(desk, "Board01")
            await desk.fill("MAC address", device(office, "Gate01").mac)
            assert "already used by another device" in desk.under("MAC address")
            await desk.save()


class TestAssigning:
    async def test_extension_line_and_plan_are_asked_then_the_files_follow(
        self, office: Site
    ) -> None:
        publish_all(office)
        async with at_desk(office) as desk:
            await go(desk, "Sales01")
            await desk.press("f7")
            await desk.see("Assign Sales01 to", f"{ANA}  Ana Núñez", "1 of 1")
            await desk.press("enter")
            await desk.see("On which line?", "Line 3", "Line 12")
            await desk.type("line 5")
            await desk.press("enter")
            await desk.see("Plan", f"Assign line 5 of Sales01 to {ANA}", "1 to replace")
            assert office.page(ANA).device_id is None
            await desk.press("enter")
            await desk.see("Done.", "3/12")
        assert office.page(ANA).values["line"] == 5
        assert ANA in "".join(published(office).values())

    async def test_the_only_free_line_is_not_asked_for(self, tree: Tree) -> None:
        small = {"manufacturer": "Cisco", "model": "7940", "firmware": "8.x"}
        small |= {"application_version": "P0S3-08-11-00", "update_protocol": "tftp"}
        tree.device("Lobby1", "acme", "0027*001", **small)
        async with at_desk(tree.site) as desk:
            await go(desk)
            await desk.press("f7")
            await desk.see("Assign Lobby1 to", "3 of 3")
            assert "0028*001" not in desk.text
            await desk.type("0027*003")
            await desk.press("enter")
            await desk.see("Plan", "Assign line 2 of Lobby1 to 0027*003")
            await desk.press("escape")
        assert len(tree.site.rows(Line)) == 1

    async def test_at_view_only_extensions_of_who_may_modify_are_offered(self, tree: Tree) -> None:
        tree.device("Spare1", "acme")
        tree.level("jane", "modify")
        async with at_desk(tree.site, tree.viewer("acme", "view")) as desk:
            await go(desk)
            await desk.press("f7")
            await desk.see("Assign Spare1 to", "0027*003", "0027*004", "2 of 2")

    async def test_a_full_device_says_so(self, tree: Tree) -> None:
        small = {"manufacturer": "Cisco", "model": "7940", "firmware": "8.x"}
        tree.device("Full", "acme", "0027*001", "0027*003", **small)
        async with at_desk(tree.site) as desk:
            await go(desk)
            await desk.press("f7")
            await desk.see("This device cannot be assigned", "all its lines are in use")

    async def test_nobody_left_to_assign_is_said(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await go(desk, "Sales01")
            office.save(ANA, use_provisioning=False)
            with office.database.write() as session:
                ana = next(e for e in office.rows(Extension) if e.extension == ANA)
                session.delete(session.get_one(Extension, ana.id))
            await desk.press("f7")
            await desk.see("There is no extension without a device that fits this one.")


class TestClearingAndRemoving:
    @pytest.mark.parametrize(
        ("key", "about"),
        [("f8", "Clear assignment of Sales01"), ("delete", "Remove Sales01"), ("f9", "Remove Sal")],
    )
    async def test_the_plan_is_shown_first_and_escape_keeps_everything(
        self, office: Site, key: str, about: str
    ) -> None:
        before = published(publish_all(office))
        async with at_desk(office) as desk:
            await go(desk, "Sales01")
            await desk.press(key)
            await desk.see("Plan", about, SALES, "2 to delete", "- delete http/00041371a00f/")
            await desk.press("escape")
            await desk.see(BY_NAME)
        assert published(office) == before
        assert office.page(SALES).device_id is not None

    async def test_clearing_takes_lines_files_and_organization(self, office: Site) -> None:
        publish_all(office)
        async with at_desk(office) as desk:
            await go(desk, "Sales01")
            await desk.press("f8")
            await desk.see("Plan")
            await desk.press("enter")
            await desk.see("Done.", "unassigned", "0/12")
        assert not any("00041371a00f" in path for path in published(office))
        assert device(office, "Sales01").organization_id is None
        assert office.page(SALES).values["use_provisioning"] is False

    async def test_removing_takes_the_record_too(self, office: Site) -> None:
        publish_all(office)
        async with at_desk(office) as desk:
            await go(desk)
            await desk.press("down", "down", "delete")
            await desk.see("Plan", "Remove Sales01, serial 00041371a00f")
            await desk.press("enter")
            await desk.see("Done.", " / 3")
            assert "Sales01" not in desk.part("table")
        assert not any("00041371a00f" in path for path in published(office))
        assert "Sales01" not in {d.friendly_name for d in office.rows(Device)}

    async def test_files_that_cannot_be_deleted_are_told_and_the_device_stays(
        self, office: Site
    ) -> None:
        publish_all(office)
        directory = office.publish_root / "http/00041371a00f"
        target = office.directory / "elsewhere"
        async with at_desk(office) as desk:
            await go(desk, "Sales01")
            await desk.press("delete")
            await desk.see("Plan")
            directory.rename(target)
            directory.symlink_to(target)
            await desk.press("enter")
            await desk.see("Stored, but the files could not follow", "is a symbolic link")
            await desk.press("enter")
            await desk.see("! failed", "failed: ")
        assert len(list(target.iterdir())) == 2

    async def test_a_device_nobody_has_cannot_be_cleared(self, tree: Tree) -> None:
        tree.device("Spare1", "acme")
        async with at_desk(tree.site) as desk:
            await go(desk)
            await desk.press("f8")
            await desk.see("This assignment cannot be cleared", "it is assigned to nobody")


class TestGoingToAnExtension:
    async def test_of_several_one_is_chosen_and_escape_comes_back(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await go(desk, "Sales01")
            await desk.press("ctrl+e")
            await desk.see("Whose page?", f"{BACK_OFFICE}  Sales back office  line 2")
            await desk.type("back")
            await desk.press("enter")
            await desk.see("for Extension Sales back office")
            await desk.press("escape")
            await desk.see("Devices", "Sales01")

    async def test_the_only_one_opens_at_once_and_changes_are_seen_on_return(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await go(desk, "Board01")
            await desk.press("ctrl+e")
            await desk.see("for Extension Board room")
            await desk.section(DEVICE)
            await desk.pick("Status", "Disable")
            await desk.save()
            await desk.press("escape")
            await desk.see("Devices", "- disabled")

    async def test_without_one_it_says_so(self, tree: Tree) -> None:
        tree.device("Spare1", "acme")
        async with at_desk(tree.site) as desk:
            await go(desk)
            await desk.press("ctrl+e")
            await desk.see("serves no extension of yours")


class TestTheExtensionsPage:
    async def test_a_second_extension_shows_its_line_and_with_whom_it_shares(
        self, office: Site
    ) -> None:
        async with at_desk(office, size=NARROW) as desk:
            await desk.open(BACK_OFFICE, DEVICE)
            await desk.field("Line")
            assert desk.under("Line") == f"· line 2 of 12; shared with {SALES} (line 1)"

    async def test_a_device_of_the_inventory_is_taken_instead_of_typed(self, office: Site) -> None:
        publish_all(office)
        async with at_desk(office) as desk:
            await desk.open(ANA)
            await desk.press("ctrl+t")
            await desk.see("Take a device of the inventory", "Sales01", "shared with")
            assert "Gate01" not in desk.text
            await desk.type("sales")
            await desk.press("enter")
            await desk.see("Taken from the inventory", "Provisioning *")
            assert desk.row("Friendly name") == "Sales01"
            assert f"line 3 of 12; shared with {SALES} (line 1)" in desk.under("Line")
            assert office.page(ANA).device_id is None
            await desk.press("f2")
            await desk.see("Plan")
            await desk.press("r", "enter")
            await desk.see("Saved. Files:")
        assert office.page(ANA).device_id == office.page(SALES).device_id
        assert ANA in "".join(published(office).values())

    async def test_what_was_typed_about_the_extension_stays(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(ANA, 4)
            await desk.fill("Equipment description", "by the door")
            await desk.press("ctrl+t")
            await desk.see("Take a device")
            await desk.type("board")
            await desk.press("enter")
            await desk.see("Taken from the inventory")
            await desk.save()
        page = office.page(ANA)
        assert (page.values["equipment_description"], page.values["friendly_name"]) == (
            "by the door",
            "Board01",
        )

    async def test_who_has_a_device_is_told_how_to_change_it(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(BOARD)
            await desk.press("ctrl+t")
            await desk.see("This extension has a device", "Turn Use provisioning off")

    async def test_without_a_free_device_it_says_so(self, tree: Tree) -> None:
        tree.device("Theirs", "bob")
        async with at_desk(tree.site, tree.viewer("john")) as desk:
            await desk.open("0027*001")
            await desk.press("ctrl+t")
            await desk.see("has no device with a free line for this extension")

    async def test_typing_the_mac_of_a_spare_device_takes_it_up(self, tree: Tree) -> None:
        device_id = tree.device("Spare1", "acme")
        mac = tree.site.rows(Device)[0].mac
        async with at_desk(tree.site, tree.viewer("john")) as desk:
            await desk.open("0027*001", PROVISIONING)
            await desk.press("y")
            await desk.section(DEVICE)
            await fill_in(desk, mac)
            assert "another device" not in desk.text
            await desk.save()
        assert [d.id for d in tree.site.rows(Device)] == [device_id]
        assert tree.site.page("0027*001").device_id == device_id


@pytest.mark.parametrize("size", [NARROW, WIDE, LARGE])
@pytest.mark.parametrize("equipment", [False, True], ids=["known phone", "unknown phone"])
async def test_stored_values_are_shown_as_the_text_they_are(
    office: Site, size: Any, equipment: bool
) -> None:
    poison(office, equipment=equipment)
    set_columns(office, "device", {"serial": HOSTILE, "publish_state": "failed"}, "id = 1")
    set_columns(office, "account", {"name": HOSTILE}, "kind = 'organization' AND id = 3")
    async with at_desk(office, size=size) as desk:
        await go(desk)
        assert "\\x1b[31m" in desk.part("table")
        for _ in range(4):
            await desk.press("down")
            assert_harmless(desk)
        for key in ("f8", "delete", "f7", "ctrl+e", "ctrl+n", "f4", "f1"):
            await desk.press(key)
            await desk.settle()
            assert_harmless(desk)
            while not isinstance(desk.app.screen, DevicesScreen):
                await desk.press("escape")
        await desk.press("home", "enter")
        await desk.until(lambda: bool(desk.app.screen.query("#form")))
        for number in (INFORMATION, SETTINGS, INVENTORY):
            await desk.section(number)
            for _ in range(10):
                await desk.press("down")
                assert_harmless(desk)
        await desk.press("f8", "f7", "f2")
        assert_harmless(desk)
    assert any(account.name == HOSTILE for account in office.rows(Account))


# -- pictures -------------------------------------------------------------------------------------


@pytest.fixture
def picture(
    office: Site, snap_compare: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> Picture:
    monkeypatch.setattr(secrets, "token_hex", lambda count=16: (TOKEN * 4)[: 2 * count])
    return Picture(office, snap_compare)


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "140x40"])
class TestPictures:
    def test_list(self, picture: Picture, size: tuple[int, int]) -> None:
        assert picture.of(go, size)

    def test_read_only(self, picture: Picture, size: tuple[int, int]) -> None:
        viewer = picture.site.viewer("organization", "view", sip=True)
        assert picture.of(go, size, viewer)

    def test_device(self, picture: Picture, size: tuple[int, int]) -> None:
        async def work(desk: Desk) -> None:
            await open_device(desk, "Sales01")

        assert picture.of(work, size)

    def test_inventory(self, picture: Picture, size: tuple[int, int]) -> None:
        async def work(desk: Desk) -> None:
            await open_device(desk, "Sales01", INVENTORY)

        assert picture.of(work, size)

    def test_removing(self, picture: Picture, size: tuple[int, int]) -> None:
        publish_all(picture.site)

        async def work(desk: Desk) -> None:
            await go(desk, "Sales01")
            await desk.press("delete")
            await desk.see("Plan")

        assert picture.of(work, size)

    def test_taking(self, picture: Picture, size: tuple[int, int]) -> None:
        async def work(desk: Desk) -> None:
            await desk.open(ANA)
            await desk.press("ctrl+t")
            await desk.see("Take a device")

        assert picture.of(work, size)
