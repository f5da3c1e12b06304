"""Many devices edited together from F10 in the inventory: the page's sections, one plan, one
operation, whether they serve somebody or not."""

from __future__ import annotations

from pathlib import Path

from tests.screens.desk import NARROW, Desk, at_desk
from tests.screens.office import publish_all, set_columns
from tests.screens.test_hostile import HOSTILE, assert_harmless
from tests.sites import Site
from tuiprov.data.models import Device

DEVICE, SETTINGS = 1, 2


def files(site: Site) -> dict[Path, bytes]:
    tree = (site.publish_root / "http").rglob("*")
    return {path: path.read_bytes() for path in tree if path.is_file()}


def values(site: Site, field: str) -> dict[str, object]:
    return {row.friendly_name: getattr(row, field) for row in site.rows(Device)}


def a_spare(site: Site, name: str = "Spare1") -> None:
    """A Snom of the inventory that serves nobody."""
    draft_of = site.store.devices.fresh(site.admin, site.admin.account_id)
    equipment = {"manufacturer": "Snom", "model": "D765", "mac": "00:04:13:71:A0:77"}
    firmware = next(row.firmware for row in site.rows(Device) if row.model == "D765")
    more = {"friendly_name": name, "firmware": firmware, "update_protocol": "https"}
    site.store.devices.add(site.admin, draft_of, {**equipment, **more})


async def edit(desk: Desk, filter: str, count: int, section: int = DEVICE) -> None:
    """From the list to the form of the devices that match."""
    await desk.press("f2")
    await desk.see("by friendly name")
    await desk.type(filter)
    await desk.until(lambda: f"1 / {count} " in desk.part("filter"))
    await desk.until(lambda: not desk.app.screen._is_loading)  # type: ignore[attr-defined]
    await desk.press("ctrl+a", "f10")
    await desk.see("What to do with")
    await desk.type("Edit")
    await desk.press("enter")
    await desk.see(f"Edit {count} device")
    await desk.section(section)


async def store(desk: Desk) -> None:
    await desk.press("f2")
    await desk.see("Plan", "Enter Apply")
    await desk.press("enter")
    await desk.see("Ctrl+Y: history")


async def test_fields_show_what_all_have_or_that_they_differ(office: Site) -> None:
    async with at_desk(office, size=NARROW) as desk:
        await edit(desk, "", 4, SETTINGS)
        assert "mixed" in desk.row("Update protocol")
        assert "Server default" in desk.row("Provisioning template")
        assert "mixed" not in desk.row("Provisioning template")
        assert not any(word in desk.text for word in ("MAC address", "Administrator password"))


async def test_only_touched_fields_are_changed_and_one_undo_takes_them_back(office: Site) -> None:
    publish_all(office)
    before, tree = office.export(), files(office)
    others = values(office, "update_protocol")
    async with at_desk(office, size=NARROW) as desk:
        await edit(desk, "", 4, SETTINGS)
        await desk.fill("Phone update interval", "77")
        await desk.press("f2")
        await desk.see("Plan", "3 devices to change; 1 refused, and left as they are")
        await desk.see("Board01: update_interval: Polycom VVX411 takes 3601 to 99999 seconds")
        await desk.see("settings_refresh_timer", "auto resync days: 77")
        await desk.press("enter")
        await desk.see("3 changed, 1 refused. Files: 2 replaced. Ctrl+Y: history")
        changed = values(office, "update_interval")
        assert [changed[name] for name in ("Gate01", "Sales01", "Ware1")] == [77] * 3
        assert changed["Board01"] != 77
        assert values(office, "update_protocol") == others
        assert files(office) != tree
        await desk.press("ctrl+y")
        await desk.see("History", "4 devices")
        await desk.type("set")
        await desk.until(lambda: "1 / 1 " in desk.part("filter"))
        await desk.press("enter")
        await desk.see("Operation")
        await desk.press("f3", "y")
        await desk.see("Plan", "Enter Apply")
        await desk.press("enter")
        await desk.see("Taken back")
    assert (office.export(), files(office)) == (before, tree)


async def test_a_choice_is_of_what_all_of_them_can_have(office: Site) -> None:
    async with at_desk(office, size=NARROW) as desk:
        await edit(desk, "", 4, DEVICE)
        await desk.field("Firmware/Version")
        await desk.press("enter")
        await desk.see("type to filter")
        box = desk.text.partition("Firmware/Version")[2]
        assert not any(row.firmware in box for row in office.rows(Device) if row.firmware)


async def test_those_that_serve_nobody_are_edited_as_well(office: Site) -> None:
    a_spare(office)
    async with at_desk(office, size=NARROW) as desk:
        await edit(desk, "model:D765", 2, DEVICE)
        await desk.fill("Notes", "shelf 4")
        await store(desk)
    changed = values(office, "notes")
    assert (changed["Spare1"], changed["Sales01"]) == ("shelf 4", "shelf 4")
    assert "shelf 4" not in (changed["Board01"], changed["Ware1"])


async def test_a_name_is_composed_of_each_one_s_own_fields(office: Site) -> None:
    async with at_desk(office, size=NARROW) as desk:
        await edit(desk, "", 4, DEVICE)
        await desk.fill("Friendly name", "{extension}")
        await desk.see("write {n}, {mac} or {model}")
        await desk.fill("Friendly name", "{model}n{n:02}")
        await store(desk)
    names = {row.model: row.friendly_name for row in office.rows(Device)}
    assert names == {
        "VVX411": "VVX411n01", "X4U": "X4Un02", "D765": "D765n03", "6731i": "6731in04",
    }  # fmt: skip


async def test_hostile_values_are_shown_harmless(office: Site) -> None:
    set_columns(office, "device", dict.fromkeys(("notes", "template", "friendly_name"), HOSTILE))
    async with at_desk(office) as desk:
        await edit(desk, "", 4, DEVICE)
        assert "x1b[31m" in desk.row("Notes")
        assert_harmless(desk)
        await desk.fill("Application version", "{x")
        assert_harmless(desk)
        await desk.fill("Application version", "7")
        await desk.press("f2")
        await desk.see("Plan", "4 refused, and left as they are")
        assert_harmless(desk)


async def test_what_was_typed_is_asked_about_before_it_is_left(office: Site) -> None:
    before = office.export()
    async with at_desk(office, size=NARROW) as desk:
        await edit(desk, "", 4, DEVICE)
        await desk.fill("Notes", "shelf 4")
        await desk.press("escape")
        await desk.see("Unsaved changes")
        await desk.press("d")
        await desk.see("by friendly name", "4 marked")
    assert office.export() == before


async def test_who_may_change_none_of_them_reads_why(office: Site) -> None:
    viewer = office.viewer("organization", "view", sip=True, name="Acme Ltd")
    async with at_desk(office, viewer, size=NARROW) as desk:
        await edit(desk, "", 3, DEVICE)
        assert "it belongs to an account above" in desk.under("Friendly name")
        await desk.fill("Notes", "shelf 4")
        await desk.press("f2")
        await desk.see("Nothing to save")
    assert "shelf 4" not in values(office, "notes").values()
