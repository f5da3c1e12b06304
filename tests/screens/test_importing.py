"""A CSV file is imported from the list: what its columns are, what it would do, then does."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest

from tests.data_layer.test_foreign import FUSIONPBX
from tests.screens.desk import NARROW, Desk, at_desk
from tests.sites import Site
from tuiprov.data.models import Extension
from tuiprov.importing import Importing

BAD = FUSIONPBX.replace("grandstream/gxp2135", "grandstream/gxp9999")


async def look_into(desk: Desk, text: str, name: str = "devices export.csv") -> Path:
    """Open a file with this text in the import screen, completing its name with Tab."""
    path = desk.site.directory / name
    path.write_text(text, encoding="utf-8")
    await desk.press("ctrl+b")
    await desk.see("Import a CSV file")
    await desk.type(str(path)[:-8])
    await desk.press("tab", "enter")
    await settled(desk)
    return path


async def settled(desk: Desk) -> None:
    await desk.see("would be")
    await desk.until(lambda: "Trying" not in desk.text)


async def say_whose(desk: Desk) -> None:
    for place, text in enumerate(("Acme Ltd", "u{extension}")):
        await desk.press("home", *["down"] * place, "enter")
        await desk.see("For all rows")
        await desk.type(text)
        await desk.press("enter")
    await settled(desk)


@pytest.mark.parametrize("size", [NARROW, (140, 40)])
async def test_a_foreign_file_is_recognised_and_its_columns_are_shown(
    site: Site, size: tuple[int, int]
) -> None:
    async with at_desk(site, size=size) as desk:
        await look_into(desk, FUSIONPBX)
        assert "FusionPBX devices: 11 columns, 1 not taken" in desk.part("summary")
        assert "device_mac_address" in desk.part("table")
        assert "organization: is missing for a new extension" in desk.part("changes")


async def test_whose_they_are_is_said_once_for_all_rows_and_then_all_are_imported(
    site: Site,
) -> None:
    async with at_desk(site) as desk:
        await look_into(desk, FUSIONPBX)
        await say_whose(desk)
        assert "2 rows would be: 2 added" in desk.part("summary")
        assert not site.rows(Extension)
        await desk.press("f2")
        await desk.see("Imported: 2 added", "u101")
        assert site.page("102").values["user"] == "u102"


async def test_a_refused_row_keeps_all_out_until_the_good_ones_are_asked_for(site: Site) -> None:
    async with at_desk(site) as desk:
        path = await look_into(desk, BAD)
        await say_whose(desk)
        await desk.press("f2")
        await desk.see("Nothing was imported", "row 2, model (device_template)")
        assert not site.rows(Extension)
        await desk.press("f9")
        await desk.see("1 added, 0 changed, 0 as they were, 1 refused, in devices export.csv.ref")
        assert "mend them in " in desk.part("changes")
        assert path.with_name("devices export.csv.refused.csv").exists()
        assert [row.extension for row in site.rows(Extension)] == ["101"]


async def test_a_column_is_given_another_field_with_a_picker(site: Site) -> None:
    async with at_desk(site) as desk:
        await look_into(desk, "extension,Wer\n101,Ana\n", "own list.csv")
        assert "- not taken" in desk.part("table")
        await say_whose(desk)
        await desk.press("end", "enter")
        await desk.see("Field of Wer")
        await desk.type("extension name")
        await desk.press("enter")
        await settled(desk)
        await desk.press("f2")
        await desk.see("Imported: 1 added")
        assert site.page("101").values["extension_name"] == "Ana"


async def test_no_password_of_the_file_is_shown_be_its_column_taken_or_not(site: Site) -> None:
    async with at_desk(site) as desk:
        await look_into(desk, FUSIONPBX)
        await desk.press("end")
        assert "secretpw" not in desk.text
        await desk.press("up", "enter")
        await desk.see("Field of password")
        await desk.type("not taken")
        await desk.press("enter")
        await settled(desk)
        assert "secretpw" not in desk.text


async def test_escape_stops_an_import_and_nothing_is_written(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, told = Event(), []
    monkeypatch.setattr("tuiprov.data.exchange.importing.AT_ONCE", 1)
    real = Importing.taken

    def slow(self: Importing, on_rows: object, *, partial: bool) -> object:
        def waits(count: int) -> None:
            begun.set()
            stopping.wait(10)
            told.append(count)
            on_rows(count)  # type: ignore[operator]

        return real(self, waits, partial=partial)

    stopping = Event()
    monkeypatch.setattr(Importing, "taken", slow)
    async with at_desk(site) as desk:
        await look_into(desk, FUSIONPBX)
        await say_whose(desk)
        await desk.press("f2")
        await desk.until(begun.is_set)
        await desk.press("escape")
        stopping.set()
        await desk.see("Stopped: nothing was imported.")
        assert not site.rows(Extension)


@pytest.mark.parametrize("name", ["nowhere.csv", "", "publish"])
async def test_a_file_that_cannot_be_read_is_told_in_a_line(site: Site, name: str) -> None:
    async with at_desk(site) as desk:
        await desk.press("ctrl+b")
        await desk.type(f"{site.directory}/{name}")
        await desk.press("enter")
        await desk.see("This file cannot be read", "cannot be read:")


async def test_who_may_not_add_extensions_has_no_import(first_site: Site) -> None:
    viewer = first_site.viewer("user", "view")
    async with at_desk(first_site, viewer) as desk:
        await desk.press("ctrl+b")
        assert "Import a CSV file" not in desk.text
