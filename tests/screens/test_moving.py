"""Getting about on the page: undo, jump mode, help, the command palette, keys of one's own."""

from __future__ import annotations

from pathlib import Path

from tests.screens.desk import DEVICE, NARROW, PROVISIONING, SETTINGS, SIP, Desk, at_desk
from tests.screens.office import ANA, SALES, WAREHOUSE
from tests.screens.test_filling import turn_on_provisioning
from tests.sites import Site
from tuiprov.actions import actions_of


class TestUndo:
    async def test_f3_takes_back_what_was_typed_in_one_field_and_f4_does_it_again(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, DEVICE)
            await desk.fill("Friendly name", "Desk77")
            await desk.fill("Notes", "by the door")
            await desk.press("f3")
            assert desk.row("Notes") == ""
            assert desk.row("Friendly name").startswith("Desk77")
            await desk.press("f3")
            assert desk.row("Friendly name").startswith("Sales01")
            assert " *" not in desk.part("title")
            await desk.press("f4", "f4")
            assert desk.row("Friendly name").startswith("Desk77")
            assert desk.row("Notes") == "by the door"

    async def test_it_goes_to_the_field_it_changes_whatever_section_is_open(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, SETTINGS)
            await desk.fill("Phone update interval", "1800")
            await desk.section(SIP)
            await desk.press("f3")
            assert desk.current == "Phone update interval"
            assert desk.row("Phone update interval").startswith("3600")

    async def test_it_takes_back_what_followed_from_the_edit_as_well(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await turn_on_provisioning(desk)
            await desk.pick("Manufacturer", "polycom")
            assert desk.row("Model") != "▾"
            await desk.press("f3")
            assert desk.row("Manufacturer") == "▾"
            assert desk.row("Model").startswith("▾")
            assert "00:04:F2" not in desk.text

    async def test_a_new_edit_forgets_what_could_be_done_again(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, DEVICE)
            await desk.fill("Notes", "one")
            await desk.press("f3")
            await desk.fill("Notes", "two")
            await desk.press("f4")
            assert "Nothing to redo." in desk.part("keys")
            assert desk.row("Notes") == "two"

    async def test_with_nothing_to_take_back_it_says_so(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES)
            await desk.press("f3")
            assert "Nothing to undo." in desk.part("keys")
            await desk.press("f4")
            assert "Nothing to redo." in desk.part("keys")

    async def test_a_save_ends_what_can_be_taken_back(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, DEVICE)
            await desk.fill("Notes", "one")
            await desk.save()
            await desk.press("f3")
            assert "Nothing to undo." in desk.part("keys")

    async def test_the_preview_follows(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, SETTINGS)
            await desk.press("f8")
            await desk.fill("Phone update interval", "1800")
            assert ">1800<" in desk.part("preview")
            await desk.press("f3")
            assert ">3600<" in desk.part("preview")


class TestJumpMode:
    async def test_every_row_has_a_letter_and_every_section_a_number(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, DEVICE)
            await desk.press("f5")
            rows = [line for line in desk.part("form").splitlines() if line.strip(" ")[:1] != "·"]
            rows = [row for row in rows if row]
            assert [row[0] for row in rows] == list("abcdefghij"[: len(rows)])
            titles = desk.part("sections")
            for words in ("1 Provisioning", "2 Device information", "3 Device settings", "4 SIP"):
                assert words in titles
            assert "Press the letter of a field" in desk.part("keys")

    async def test_a_letter_goes_to_its_row(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, DEVICE)
            await desk.press("f5", "f")
            assert desk.current == "MAC address"
            assert "Press the letter" not in desk.part("keys")

    async def test_a_number_goes_to_its_section(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES)
            await desk.press("f5", "4")
            assert desk.current == "Media encryption"

    async def test_the_letter_is_not_typed_into_the_field(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, DEVICE)
            await desk.press("f5", "i")
            assert desk.current == "Notes"
            await desk.press("f5", "a", "f5", "z")
            assert " *" not in desk.part("title")

    async def test_escape_ends_it_and_stays(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, DEVICE)
            await desk.press("f5", "escape")
            assert "Extension O'Brien" in desk.part("title")
            assert desk.current == "Friendly name"
            assert "2 Device" not in desk.part("sections")
            await desk.press("x")
            assert desk.row("Friendly name").startswith("Sales01x")


class TestHelp:
    async def test_it_lists_every_key_of_the_page_and_the_focused_field(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, SETTINGS)
            await desk.field("Phone update interval")
            await desk.press("f1")
            await desk.see("Keys", "How long the phone waits before it asks the server")
            for action in actions_of("page", demo=False, may=lambda _operation: True):
                assert action.shown_key({}) in desk.text
                assert action.help in desk.flat

    async def test_the_columns_stand_under_each_other(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.press("f1")
            await desk.see("Keys")
            lines = desk.text.splitlines()
            places = {
                line.index(word)
                for line in lines
                for word in ("Open the extension", "Show the plan", "Clear the filter", "All keys")
                if word in line
            }
        assert len(places) == 1

    async def test_a_question_mark_asks_for_it_in_the_list_and_is_typed_in_a_field(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await desk.press("?")
            await desk.see("Keys", "Open what the cursor is on.")
            await desk.press("enter")
            await desk.until(lambda: "Enter close" not in desk.text)
            await desk.open(SALES, DEVICE)
            await desk.field("Notes")
            await desk.press("?")
            assert desk.row("Notes") == "?"

    async def test_the_plan_has_its_own_keys(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.press("f8")
            await desk.see("Plan", "Enter Apply")
            await desk.press("f1")
            await desk.see("Save and do what the plan says.", "Nothing is saved.")

    async def test_at_80_by_24_all_of_it_can_be_scrolled_to(self, office: Site) -> None:
        async with at_desk(office, size=NARROW) as desk:
            await desk.open(SALES)
            await desk.press("f1")
            await desk.see("Keys", "Enter close")
            await desk.press(*["down"] * 20)
            assert "Find an action by name." in desk.text

    async def test_the_focused_fields_help_stands_above_the_keys(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, DEVICE)
            assert "Friendly name: Tells devices apart" in desk.part("help")
            await desk.press("down")
            assert "Manufacturer: Who made the phone." in desk.part("help")

    async def test_a_key_of_ones_own_is_obeyed_and_shown(
        self, office: Site, tmp_path: Path
    ) -> None:
        file = tmp_path / "config.toml"
        file.write_text('[keys]\nsave = "f12"\n')
        async with at_desk(office, config_file=str(file)) as desk:
            await desk.open(SALES, DEVICE)
            assert "F12 Save" in desk.part("keys")
            await desk.fill("Notes", "x")
            await desk.press("f2")
            assert "Plan" not in desk.part("title")
            await desk.press("f12")
            await desk.see("Plan")


class TestPalette:
    async def test_it_finds_an_action_by_its_name_and_runs_it(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, DEVICE)
            await desk.fill("Notes", "x")
            await run_command(desk, "undo")
            await desk.until(lambda: desk.row("Notes") == "")

    async def test_it_offers_what_the_screen_can_do_and_nothing_forbidden(
        self, office: Site
    ) -> None:
        viewer = office.viewer("user", "view", sip=True, name="sales")
        async with at_desk(office, viewer) as desk:
            await desk.press("ctrl+p")
            await desk.see("Search for commands")
            await desk.see("Clear the filter")
            assert "Publish" not in desk.text
            assert "Look as" not in desk.text

    async def test_a_theme_is_a_command(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await run_command(desk, "theme tuiprov-light")
            await desk.until(lambda: desk.app.theme == "tuiprov-light")

    async def test_ctrl_p_opens_it_too_and_escape_closes_it(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.press("ctrl+p")
            await desk.see("Search for commands")
            await desk.press("escape")
            await desk.until(lambda: "Search for commands" not in desk.text)
            assert SALES in desk.part("table")


class TestNarrow:
    """80 by 24: the form above the preview, everything can be reached and read."""

    async def test_every_row_of_every_section_can_be_reached(self, office: Site) -> None:
        async with at_desk(office, size=NARROW) as desk:
            await desk.open(SALES)
            seen = set()
            for _ in range(60):
                seen.add(desk.current)
                await desk.press("tab")
                if desk.current == "Use provisioning":
                    break
            for label in ("Line", "Notes", "Provisioning template", "Equipment description"):
                assert label in seen
            assert len(seen) >= 35

    async def test_the_preview_is_below_and_follows(self, office: Site) -> None:
        async with at_desk(office, size=NARROW) as desk:
            await desk.open(SALES, SETTINGS)
            form, preview = (desk.app.screen.query_one(name).region for name in ("#form", "#side"))
            assert form.bottom <= preview.y
            await desk.press("f8")
            await desk.field("Phone update interval")
            marked = [line for line in desk.part("preview").splitlines() if "▌" in line]
            assert "settings_refresh_timer" in marked[0]

    async def test_the_reason_of_a_wrong_field_is_seen_whole(self, office: Site) -> None:
        async with at_desk(office, size=NARROW) as desk:
            await desk.open(SALES, SIP)
            await desk.field("A PBX is connected to this extension")
            said = desk.under("A PBX is connected to this extension")
            assert said.endswith("(now it is unlimited).")

    async def test_the_keys_line_ends_with_help(self, office: Site) -> None:
        async with at_desk(office, size=NARROW) as desk:
            await desk.open(SALES)
            assert desk.part("keys").strip().endswith("F1 Keys")

    async def test_picker_and_plan_fit(self, office: Site) -> None:
        async with at_desk(office, size=NARROW) as desk:
            await desk.open(ANA)
            await desk.press("space")
            await desk.section(DEVICE)
            await desk.pick("Manufacturer", "snom")
            await desk.field("Model")
            await desk.press("enter")
            await desk.see("filter:", "Enter choose   Esc cancel")
            await desk.press("end", "escape")
            await desk.press("escape")
            await desk.see("Unsaved changes", "Esc go on editing")
            await desk.press("d")
            await desk.until(lambda: "Extensions" in desk.part("title"))
            await desk.press("escape")
            await desk.open(WAREHOUSE)
            await desk.press("f2")
            await desk.see("Plan", "+ new", "Enter Apply")
            await desk.press("end")
            assert "Enter Apply" in desk.part("keys")

    async def test_a_smaller_terminal_is_no_reason_to_fall_over(self, office: Site) -> None:
        async with at_desk(office, size=(40, 10)) as desk:
            await desk.open(SALES, SETTINGS)
            await desk.fill("Phone update interval", "0")
            await desk.press("f1")
            await desk.see("Enter close")
            await desk.press("enter", "f5", "2", "f8", "f9", "escape", "escape")
            await desk.see("Unsaved changes")

    async def test_the_window_may_change_while_one_works(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, SETTINGS)
            await desk.fill("Phone update interval", "1800")
            for size in (NARROW, (200, 60), (30, 8), (140, 40)):
                await desk.pilot.resize_terminal(*size)
                await desk.settle()
            await desk.see("Device settings *")
            assert desk.row("Phone update interval").startswith("1800")
            await desk.section(PROVISIONING)
            assert "Use provisioning" in desk.part("form")


async def run_command(desk: Desk, name: str) -> None:
    """Open the palette, type the name, choose the first that is found."""
    await desk.press("ctrl+p")
    await desk.see("Search for commands")
    await desk.type(name)
    await desk.until(lambda: name.split()[-1] in desk.text.lower().partition("\n")[2])
    await desk.press("down", "enter")
