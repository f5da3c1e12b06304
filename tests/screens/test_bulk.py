"""Many extensions at once: marked, edited in the page's sections, planned, applied, taken back."""

from __future__ import annotations

from pathlib import Path

from tests.screens.desk import NARROW, Desk, at_desk
from tests.screens.office import publish_all
from tests.sites import PHONE, Site
from tuiprov.data.kept import Event

SIP_SECTION, SETTINGS_SECTION, PHONE_SECTION = 5, 4, 3
"""The first section is the extensions themselves."""


def values(site: Site, field: str) -> dict[str, object]:
    ids = site.store.extension_ids(site.admin)
    pages = [site.store.page(site.admin, number) for number in ids]
    return {str(page.values["extension"]): page.values[field] for page in pages}


def row(desk: Desk, label: str) -> str:
    """The form's line of this field."""
    return next(line for line in desk.part("form").splitlines() if label in line)


async def edit_all(desk: Desk, section: int = SIP_SECTION) -> None:
    """The form of all extensions, at this section."""
    await desk.press("ctrl+a", "ctrl+e")
    await desk.see("Edit 8 extensions")
    await desk.section(section)


class TestMarking:
    async def test_space_marks_the_row_and_goes_on(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.press("space", "space")
            assert "2 marked" in desk.part("filter")
            marked = [line for line in desk.part("table").splitlines() if line[1:2] == "*"]
            assert [line.split()[2] for line in marked] == ["0027*004", "0027*005"]

    async def test_a_second_space_takes_the_mark_away(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.press("space", "up", "space")
            assert "marked" not in desk.part("filter")

    async def test_a_blank_in_a_filter_is_typed_and_marks_after_a_step(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.press(*"0027 sales")
            await desk.see("Filter 0027 sales")
            assert "marked" not in desk.part("filter")
            await desk.press("down", " ")
            assert "1 marked" in desk.part("filter")

    async def test_all_that_match_are_marked_and_stay_so_under_another_filter(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await desk.press(*"0031")
            await desk.until(lambda: "/ 3" in desk.part("filter"))
            await desk.press("ctrl+a")
            await desk.see("3 marked")
            await desk.press("ctrl+u")
            await desk.until(lambda: "/ 8" in desk.part("filter"))
            assert "3 marked" in desk.part("filter")

    async def test_a_range_is_marked_from_the_last_mark_to_the_cursor(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.press("space", "down", "down", "ctrl+t")
            assert "4 marked" in desk.part("filter")

    async def test_escape_unmarks_before_it_leaves(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.press("space", "escape")
            assert "marked" not in desk.part("filter")
            assert "0027*004" in desk.text

    async def test_without_a_mark_the_key_says_how_to_mark(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.press("ctrl+e")
            assert "Space marks a row" in desk.text


class TestTheForm:
    async def test_it_shows_what_they_have_in_common_and_where_they_differ(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await edit_all(desk)
            assert "no" in row(desk, "Extension publishes its own state")
            assert "mixed" in row(desk, "Allowed codecs")

    async def test_it_fits_a_small_terminal(self, office: Site) -> None:
        async with at_desk(office, size=NARROW) as desk:
            await edit_all(desk)
            assert "mixed" in row(desk, "Allowed codecs")

    async def test_what_is_no_value_is_told_under_the_field(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await edit_all(desk)
            await desk.field("Equipment description")
            await desk.press(*"Desk {colour}")
            assert "{colour} is no field" in desk.flat

    async def test_only_what_all_their_phones_can_do_is_offered(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await edit_all(desk, SETTINGS_SECTION)
            await desk.pick("Update protocol", "https")
            assert "HTTPS" in row(desk, "Update protocol")
            await desk.section(PHONE_SECTION)
            await desk.pick("Manufacturer", "Yealink")
            await desk.field("Model")
            await desk.press("enter")
            await desk.see("T46S")
            assert "D765" not in desk.text


class TestTheChange:
    async def test_only_touched_fields_change_and_all_of_them_together(self, office: Site) -> None:
        publish_all(office)
        before = values(office, "codecs")
        async with at_desk(office) as desk:
            await edit_all(desk)
            await desk.pick("DTMF", "info")
            await desk.press("f2")
            await desk.see("extensions to change")
            await desk.press("enter")
            await desk.see("changed. Files:")
        assert set(values(office, "dtmf_mode").values()) == {"info"}
        assert values(office, "codecs") == before

    async def test_the_plan_names_who_is_refused_and_why_before_anything_is_written(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await edit_all(desk, SETTINGS_SECTION)
            await desk.field("Phone update interval")
            await desk.press(*"99999", "f2")
            await desk.see("refused, and left as they are")
            assert "turn on Use provisioning first" in desk.flat
            await desk.press("escape")
        assert 99_999 not in values(office, "update_interval").values()

    async def test_it_is_one_operation_of_the_history(self, office: Site) -> None:
        before = values(office, "dtmf_mode")
        async with at_desk(office) as desk:
            await edit_all(desk)
            await desk.pick("DTMF", "inband")
            await desk.press("f2")
            await desk.see("extensions to change")
            await desk.press("enter")
            await desk.see("changed. Files:")
        (event,) = (event for event in office.rows(Event) if event.action == "set")
        office.store.archive.undo(office.admin, event.id or 0)
        assert values(office, "dtmf_mode") == before

    async def test_the_files_follow_at_once(self, office: Site, tmp_path: Path) -> None:
        office.add("0027*100", sip_password="x", **PHONE)
        publish_all(office)
        file = next(office.publish_root.rglob("805ec0000001.cfg"))
        before = file.read_text()
        async with at_desk(office) as desk:
            await desk.press(*"0027*100")
            await desk.until(lambda: "1 / 1" in desk.part("filter"))
            await desk.press("ctrl+a", "ctrl+e")
            await desk.see("Edit 1 extension ")
            await desk.section(SETTINGS_SECTION)
            await desk.field("Phone update interval")
            await desk.press(*"77", "f2")
            await desk.see("1 extension to change")
            await desk.press("enter")
            await desk.see("1 changed. Files: 1 replaced.")
        assert file.read_text() != before
        assert "77" in file.read_text()

    async def test_texts_are_composed_from_each_ones_own_fields(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await edit_all(desk)
            await desk.field("Equipment description")
            await desk.press(*"Seat {n:03}", "f2")
            await desk.see("extensions to change")
            await desk.press("enter")
            await desk.see("changed. Files:")
        found = values(office, "equipment_description")
        assert list(found.values()) == [f"Seat {n:03}" for n in range(1, 9)]
