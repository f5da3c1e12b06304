"""F2 shows what would happen; Enter does it; anything else leaves everything as it was."""

from __future__ import annotations

import pytest

from tests.screens.desk import DEVICE, PROVISIONING, SETTINGS, SIP, Desk, at_desk
from tests.screens.office import (
    ANA,
    BACK_OFFICE,
    BOARD,
    SALES,
    events,
    publish_all,
    published,
    set_columns,
)
from tests.screens.test_filling import choose_a_snom
from tests.sites import Site
from tuiprov.data.models import Device, KeptDraft

FILES = ["http/00041371a00f/00041371A00F.xml", "http/00041371a00f/snomD765-00041371A00F.htm"]


def device(site: Site, name: str = "Sales01") -> Device:
    return next(one for one in site.rows(Device) if one.friendly_name == name)


async def change_the_interval(desk: Desk, to: str = "1800") -> None:
    await desk.open(SALES, SETTINGS)
    await desk.fill("Phone update interval", to)


class TestSaving:
    async def test_without_regenerate_the_old_file_stays_and_this_is_said(
        self, office: Site
    ) -> None:
        before = published(publish_all(office))
        async with at_desk(office) as desk:
            await change_the_interval(desk)
            await desk.press("f2")
            await desk.see("1 file would be left as is: R replaces", "(left as it is)")
            await desk.press("enter")
            await desk.see("Saved. Files: none changed.")
            await desk.press("escape")
            await desk.see("~ stale")
        assert office.page(SALES).values["update_interval"] == 1800
        assert published(office) == before

    async def test_r_in_the_plan_replaces_it_and_r_again_leaves_it(self, office: Site) -> None:
        publish_all(office)
        async with at_desk(office) as desk:
            await change_the_interval(desk)
            await desk.press("f2")
            await desk.see("left as is")
            await desk.press("r")
            assert "Files: 0 to write, 1 to replace, 0 to delete." in desk.part("summary")
            assert "~ replace http/00041371a00f/00041371A00F.xml" in desk.part("changes")
            changes = desk.part("changes")
            assert any("-" in line and ">3600<" in line for line in changes.splitlines())
            assert any("+" in line and ">1800<" in line for line in changes.splitlines())
            await desk.press("r")
            assert "left as is" in desk.part("summary")
            await desk.press("r", "enter")
            await desk.see("Saved. Files: 1 replaced.")
        assert ">1800</settings_refresh_timer>" in published(office)[FILES[0]]
        assert device(office).publish_state == "published"

    async def test_regenerate_in_the_form_does_the_same(self, office: Site) -> None:
        publish_all(office)
        async with at_desk(office) as desk:
            await change_the_interval(desk)
            await desk.field("Regenerate provisioning files")
            await desk.press("y")
            await desk.press("f2")
            await desk.see("1 to replace")
            await desk.press("enter")
            await desk.see("Saved. Files: 1 replaced.")
            assert desk.row("Regenerate provisioning files").startswith("[ ] no")

    async def test_a_stale_phone_is_brought_up_to_date_without_a_change(self, office: Site) -> None:
        publish_all(office)
        office.save(SALES, update_interval=1800)
        async with at_desk(office) as desk:
            await desk.open(SALES)
            await desk.press("f2")
            await desk.see("left as is")
            await desk.press("r", "enter")
            await desk.see("Saved. Files: 1 replaced.")
        assert ">1800<" in published(office)[FILES[0]]

    async def test_disable_deletes_the_files_and_keeps_the_device(self, office: Site) -> None:
        publish_all(office)
        async with at_desk(office) as desk:
            await desk.open(SALES, DEVICE)
            await desk.pick("Status", "disable")
            await desk.press("f2")
            await desk.see("0 to write, 0 to replace, 2 to delete", f"- delete {FILES[0]}")
            assert set(FILES) <= set(published(office))
            await desk.press("enter")
            await desk.see("Saved. Files: 2 deleted.")
        assert not set(FILES) & set(published(office))
        assert device(office).status == "disabled"
        assert not (office.publish_root / "http/00041371a00f").exists()

    async def test_status_wins_over_regenerate(self, office: Site) -> None:
        publish_all(office)
        async with at_desk(office) as desk:
            await desk.open(SALES, DEVICE)
            await desk.pick("Status", "disable")
            await desk.section(SETTINGS)
            await desk.field("Regenerate provisioning files")
            await desk.press("y")
            said = desk.under("Regenerate provisioning files")
            assert "the device is disabled: nothing is generated" in said
            await desk.press("f2")
            await desk.see("2 to delete")

    async def test_use_provisioning_off_deletes_the_files_and_keeps_the_device(
        self, office: Site
    ) -> None:
        publish_all(office)
        async with at_desk(office) as desk:
            await desk.open(BOARD, PROVISIONING)
            await desk.press("n")
            await desk.press("f2")
            await desk.see("to delete")
            await desk.press("enter")
            await desk.see("deleted.")
            await desk.press("escape")
            await desk.see("none")
        assert office.page(BOARD).values["use_provisioning"] is False
        assert office.page(BOARD).device_id is None
        assert device(office, "Board01").mac == "64:16:7F:0A:BC:DE"
        assert not any("64167f0abcde" in path for path in published(office))

    async def test_an_extension_that_leaves_a_shared_phone_takes_its_line_only(
        self, office: Site
    ) -> None:
        publish_all(office)
        async with at_desk(office) as desk:
            await desk.open(BACK_OFFICE, PROVISIONING)
            await desk.press("n", "f2")
            await desk.see("left as is")
            await desk.press("r", "enter")
            await desk.see("Saved.")
        settings = published(office)[FILES[0]]
        assert SALES in settings
        assert BACK_OFFICE not in settings

    async def test_escape_in_the_plan_leaves_database_and_disk_as_they_were(
        self, office: Site
    ) -> None:
        before, rows = published(publish_all(office)), office.export()
        async with at_desk(office) as desk:
            await change_the_interval(desk)
            await desk.section(DEVICE)
            await desk.pick("Status", "disable")
            await desk.press("f2")
            await desk.see("to delete")
            await desk.press("escape")
            await desk.see("Device settings *")
            assert (published(office), office.export()) == (before, rows)
            assert desk.row("Status").startswith("Disable")
            await desk.press("f2")
            await desk.see("to delete")

    async def test_a_preference_the_phone_does_not_hold_changes_the_database_only(
        self, office: Site
    ) -> None:
        before = published(publish_all(office))
        async with at_desk(office) as desk:
            await desk.open(SALES, SIP)
            await desk.field("Ping the extension to check its status")
            await desk.press("space", "f2")
            await desk.see("No file changes: only the database is written.")
            await desk.press("enter")
            await desk.see("Saved. Files: none changed.")
        assert office.page(SALES).values["ping"] is True
        assert published(office) == before

    async def test_ctrl_s_saves_like_f2(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await change_the_interval(desk)
            await desk.press("ctrl+s")
            await desk.see("Plan")

    async def test_every_save_is_written_down_with_field_names_only(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, SETTINGS)
            await desk.fill("Administrator password", "Loud8Brook")
            await desk.fill("Confirm password", "Loud8Brook")
            await desk.save()
        assert SALES in events(office, "save")
        with office.database.read() as session:
            said = session.connection().exec_driver_sql("SELECT who, detail FROM event").all()
        assert ("System administrator", "admin_password") in said
        assert "Loud8Brook" not in str(said)

    async def test_what_is_typed_over_a_saved_page_is_saved_too(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await change_the_interval(desk)
            await desk.save()
            await desk.fill("Phone update interval", "900")
            await desk.save()
        assert office.page(SALES).values["update_interval"] == 900


class TestRenderFailure:
    async def test_a_file_that_cannot_be_made_is_told_in_preview_plan_and_list(
        self, office: Site
    ) -> None:
        set_columns(office, "extension", {"sip_password": "a\nb"}, f"extension = '{SALES}'")
        async with at_desk(office) as desk:
            await desk.open(SALES, SIP)
            assert "No file: " in desk.part("preview")
            await desk.press("f2")
            await desk.see("Not saved", "sip_password: must be one line of visible characters")
        async with at_desk(office) as desk:
            await desk.type(SALES)
            await desk.see("1 / 1")
            await desk.press("f8")
            await desk.see("1 phone failed", "! Sales01 (00:04:13:71:A0:0F): ")
            await desk.press("enter")
            await desk.see("! failed")
        assert published(office) == {}


class TestPublishFailure:
    @pytest.fixture
    def unwritable(self, office: Site) -> Site:
        """The group that the files should belong to does not exist on this host."""
        return office.configure(publish_group="no_such_group")

    async def test_saved_but_not_published_is_told_and_the_device_marked(
        self, unwritable: Site
    ) -> None:
        async with at_desk(unwritable) as desk:
            await change_the_interval(desk)
            await desk.press("f2")
            await desk.see("Plan")
            await desk.press("enter")
            await desk.see("Saved, but not published", "no group 'no_such_group'")
            await desk.press("enter")
            assert "*" not in desk.part("sections")
            await desk.press("escape")
            await desk.see("! failed")
        assert unwritable.page(SALES).values["update_interval"] == 1800
        assert device(unwritable).publish_state == "failed"
        assert "no_such_group" in device(unwritable).publish_reason
        assert published(unwritable) == {}

    async def test_once_mended_f2_publishes_without_another_change(self, unwritable: Site) -> None:
        async with at_desk(unwritable) as desk:
            await change_the_interval(desk)
            await desk.press("f2")
            await desk.see("Plan")
            await desk.press("enter")
            await desk.see("Saved, but not published")
            await desk.press("enter")
            unwritable.configure(publish_group="")
            await desk.press("f2")
            await desk.see("2 to write")
            await desk.press("enter")
            await desk.see("Saved. Files: 2 written.")
        assert device(unwritable).publish_state == "published"

    async def test_a_publish_root_that_is_a_file_is_told_and_nothing_is_lost(
        self, office: Site
    ) -> None:
        office.publish_root.write_text("in the way")
        async with at_desk(office) as desk:
            await change_the_interval(desk)
            await desk.press("f2")
            await desk.until(lambda: "Plan" in desk.text or "cannot be planned" in desk.text)
            await desk.press("enter")
            await desk.until(lambda: "Device settings" in desk.text or "Saved, but" in desk.text)
            assert desk.app.is_running
        assert office.publish_root.read_text() == "in the way"

    async def test_a_root_that_goes_away_between_plan_and_save_marks_the_device_failed(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await change_the_interval(desk)
            await desk.press("f2")
            await desk.see("Plan")
            office.publish_root.write_text("in the way")
            await desk.press("enter")
            await desk.see("Saved, but not published", "a part of the path is not a directory")
        assert office.page(SALES).values["update_interval"] == 1800
        assert device(office).publish_state == "failed"


class TestCancel:
    async def test_a_page_without_changes_is_left_at_once(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES)
            await desk.press("escape")
            await desk.until(lambda: "Extensions" in desk.part("title"))

    async def test_discard_leaves_everything_as_it_was(self, office: Site) -> None:
        before, rows = published(publish_all(office)), office.export()
        async with at_desk(office) as desk:
            await change_the_interval(desk)
            await desk.press("escape")
            await desk.see("Unsaved changes", "s save", "d discard", "Esc go on editing")
            await desk.press("d")
            await desk.until(lambda: "Extensions" in desk.part("title"))
        assert (published(office), office.export()) == (before, rows)

    async def test_escape_goes_on_editing(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await change_the_interval(desk)
            await desk.press("escape")
            await desk.see("Unsaved changes")
            await desk.press("escape")
            await desk.until(lambda: "Unsaved changes" not in desk.text)
            assert desk.row("Phone update interval").startswith("1800")

    async def test_s_shows_the_plan(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await change_the_interval(desk)
            await desk.press("escape", "s")
            await desk.see("Plan", "2 to write")
            await desk.press("enter")
            await desk.see("Saved. Files: 2 written.")

    async def test_s_with_a_wrong_field_goes_there(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await change_the_interval(desk, "0")
            await desk.section(PROVISIONING)
            await desk.press("escape", "s")
            await desk.see("Not saved: 1 field to mend.")
            assert desk.current == "Phone update interval"

    async def test_half_typed_text_is_a_change_too(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(ANA, SIP)
            await desk.fill("Equipment description", " ")
            await desk.press("escape")
            await desk.see("Unsaved changes")


class TestTwoAdmins:
    async def test_a_save_over_somebody_elses_is_asked_about_and_nothing_is_lost(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, SIP)
            office.save(SALES, equipment_description="theirs")
            await desk.fill("Equipment description", "ours")
            await desk.press("f2")
            await desk.see("Changed by System administrator", "Yours: ours", "theirs")
            await desk.press("escape")
            assert desk.row("Equipment description").startswith("ours")
            assert "SIP preferences *" in desk.part("sections")
        assert office.page(SALES).values["equipment_description"] == "theirs"
        assert published(office) == {}

    async def test_two_pages_of_one_phone_meet_at_the_device(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, DEVICE)
            office.save(BACK_OFFICE, notes="theirs")
            await desk.fill("Notes", "ours")
            await desk.press("f2")
            await desk.see("Changed by System administrator", "Yours: ours")
            await desk.press("escape")
        assert device(office).notes == "theirs"

    async def test_a_mac_taken_meanwhile_is_told_at_the_next_keystroke(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await choose_a_snom(desk)
            await desk.field("Use MAC based provisioning")
            await desk.press("y")
            assert desk.under("MAC address") == ""
            office.save(BOARD, mac="00:04:13:11:22:33")
            await desk.fill("Notes", "x")
            assert "This MAC address is already used" in desk.under("MAC address")

    async def test_a_publish_by_somebody_else_does_not_stop_the_save(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await change_the_interval(desk)
            publish_all(office)
            await desk.press("f2")
            await desk.see("left as is")
            await desk.press("enter")
            await desk.see("Saved.")
        assert office.page(SALES).values["update_interval"] == 1800

    async def test_an_extension_that_vanishes_under_an_open_page_is_told(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await desk.open(ANA, SIP)
            with office.database.write() as session:
                session.connection().exec_driver_sql(
                    "DELETE FROM extension WHERE extension = ?", (ANA,)
                )
            await desk.fill("Equipment description", "ours")
            await desk.press("f2")
            await desk.see("Not saved", "does not exist (any more)", "What you typed stays")
            await desk.press("enter")
            assert desk.row("Equipment description").startswith("ours")


class TestKeptDraft:
    """The connection drops: what was typed is there at the next start."""

    async def test_it_is_kept_and_can_be_resumed_and_saved(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await change_the_interval(desk)
            await desk.section(DEVICE)
            await desk.fill("Notes", " half typed")
            desk.app._end()
        assert [kept.viewer for kept in office.rows(KeptDraft)] == [office.admin.key]
        assert office.page(SALES).values["update_interval"] == 3600

        async with at_desk(office) as desk:
            await desk.see("Unsaved changes from the last session", "r resume", "d discard")
            await desk.press("r")
            await desk.see("for Extension O'Brien")
            assert "Device information ! *" in desk.part("sections")
            await desk.section(DEVICE)
            assert "half typed" in desk.row("Notes")
            await desk.fill("Notes", "typed")
            await desk.section(SETTINGS)
            assert desk.row("Phone update interval").startswith("1800")
            await desk.save()
        assert office.page(SALES).values["update_interval"] == 1800
        assert office.rows(KeptDraft) == []

    async def test_discard_forgets_it(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await change_the_interval(desk)
            desk.app._end()
        async with at_desk(office) as desk:
            await desk.see("Unsaved changes from the last session")
            await desk.press("d")
            await desk.until(lambda: office.rows(KeptDraft) == [])
            await desk.open(SALES, SETTINGS)
            assert desk.row("Phone update interval").startswith("3600")

    async def test_later_offers_it_again(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await change_the_interval(desk)
            desk.app._end()
        for _ in range(2):
            async with at_desk(office) as desk:
                await desk.see("Unsaved changes from the last session")
                await desk.press("escape")

    async def test_a_page_without_changes_leaves_nothing(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES)
            desk.app._end()
        assert office.rows(KeptDraft) == []

    async def test_a_new_phone_comes_back_whole(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await choose_a_snom(desk)
            await desk.fill("Line", "3")
            await desk.section(SETTINGS)
            await desk.pick("Password generation", "manual")
            await desk.fill("Administrator password", "Tall2Tree")
            await desk.fill("Confirm password", "Tall2")
            desk.app._end()
        async with at_desk(office) as desk:
            await desk.see("Unsaved changes from the last session")
            await desk.press("r")
            await desk.see("for Extension Ana")
            await desk.section(SETTINGS)
            assert "is not the same" in desk.under("Confirm password")
            await desk.fill("Confirm password", "Tall2Tree")
            await desk.save()
        values = office.page(ANA).values
        assert (values["friendly_name"], values["line"]) == ("Ana01", 3)
        assert (values["model"], values["firmware"]) == ("D765", "10")
        assert values["admin_password"] == "Tall2Tree"

    async def test_what_somebody_else_saved_meanwhile_is_not_taken_back(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await change_the_interval(desk)
            desk.app._end()
        office.save(SALES, notes="theirs", dtmf_mode="info")
        async with at_desk(office) as desk:
            await desk.see("Unsaved changes from the last session")
            await desk.press("r")
            await desk.see("for Extension O'Brien")
            await desk.save()
        values = office.page(SALES).values
        assert (values["notes"], values["dtmf_mode"]) == ("theirs", "info")
        assert values["update_interval"] == 1800

    async def test_it_belongs_to_who_typed_it(self, office: Site) -> None:
        viewer = office.viewer("user", "modify", sip=True, name="sales")
        async with at_desk(office, viewer) as desk:
            await change_the_interval(desk)
            desk.app._end()
        async with at_desk(office) as desk:
            assert "Unsaved changes" not in desk.text

    async def test_one_of_an_extension_out_of_reach_by_now_is_told(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await change_the_interval(desk)
            desk.app._end()
        set_columns(office, "extension", {"user_id": 1}, f"extension = '{SALES}'")
        async with at_desk(office) as desk:
            await desk.see("Unsaved changes from the last session")
            await desk.press("r")
            await desk.see("This page cannot be opened")
