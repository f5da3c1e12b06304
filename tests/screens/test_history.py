"""The history and the time machine by keys: looking, taking an operation back, bringing a file
back."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from sqlalchemy import text

from tests.screens.desk import NARROW, SIP, WIDE, Desk, at_desk
from tests.screens.office import SALES, WAREHOUSE, publish_all
from tests.screens.test_hostile import HOSTILE, assert_harmless
from tests.sites import Site
from tuiprov.data.history import undo as undoing
from tuiprov.data.kept import Event
from tuiprov.data.together.tables import Unfinished

SIZES = pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "140x40"])


async def go(desk: Desk, words: str = "") -> None:
    await desk.press("ctrl+y")
    await desk.see("History")
    await desk.until(lambda: " / " in desk.part("filter"))
    if words:
        await desk.type(words)
        await desk.until(lambda: "1 / 1 " in desk.part("filter"))
    await desk.until(lambda: not desk.app.screen._is_loading)  # type: ignore[attr-defined]


async def versions_of(desk: Desk, name: str) -> None:
    await desk.press("f2")
    await desk.see("Devices", "by friendly name")
    await desk.type(name)
    await desk.until(lambda: "1 / 1 " in desk.part("filter"))
    await desk.until(lambda: not desk.app.screen._is_loading)  # type: ignore[attr-defined]
    await desk.press("ctrl+o")
    await desk.see("Versions")


@SIZES
async def test_a_save_is_looked_at_and_taken_back(office: Site, size: Any) -> None:
    publish_all(office)
    office.save(WAREHOUSE, extension_name="Loading dock", sip_password="otherSecret2")
    publish_all(office)
    async with at_desk(office, size=size) as desk:
        await go(desk, f"save {WAREHOUSE} extension_name sip")
        await desk.press("enter")
        await desk.see("Operation", "Extension name: Warehouse → Loading dock")
        assert f"extension {WAREHOUSE}: SIP password: changed" in desk.flat
        assert "otherSecret2" not in desk.text
        await desk.press("f3")
        await desk.see("Take this operation back?")
        await desk.press("y")
        await desk.see("Plan", "Enter Apply")
        await desk.press("enter")
        await desk.see("Taken back. Files:")
    assert office.page(WAREHOUSE).values["extension_name"] == "Warehouse"
    assert office.page(WAREHOUSE).values["sip_password"] == "KK2mmB71ssLp"


async def test_what_was_changed_since_is_told_and_nothing_taken_back(office: Site) -> None:
    office.save(WAREHOUSE, extension_name="Loading dock")
    async with at_desk(office) as desk:
        await go(desk, f"save {WAREHOUSE} extension_name")
        office.save(WAREHOUSE, extension_name="Dock 2")
        await desk.press("enter")
        await desk.see("Operation")
        await desk.press("f3")
        await desk.see("Take this operation back?")
        await desk.press("y")
        await desk.see("Not taken back", f"changed since: extension_name of {WAREHOUSE}")
        await desk.press("enter")
    assert office.page(WAREHOUSE).values["extension_name"] == "Dock 2"


async def test_a_user_sees_what_the_user_did(office: Site) -> None:
    office.save(WAREHOUSE, extension_name="by the administrator")
    viewer = office.viewer("user", "modify", name="warehouse")
    office.save(WAREHOUSE, viewer=viewer, notes="mine")
    async with at_desk(office, viewer) as desk:
        await go(desk)
        assert "notes" in desk.part("table")
        assert "extension_name" not in desk.part("table")


@SIZES
async def test_versions_are_slid_through_and_one_is_brought_back(office: Site, size: Any) -> None:
    publish_all(office)
    before = (office.publish_root / "http/00085d237429/00085D237429.cfg").read_bytes()
    office.save(WAREHOUSE, extension_name="Loading dock")
    publish_all(office)
    async with at_desk(office, size=size) as desk:
        await versions_of(desk, "Ware1")
        await desk.see("3 of 3  now")
        assert re.search(r"\+ ?.*Loading dock", desk.part("changes"))
        assert re.search(r"- ?.*Warehouse", desk.part("changes"))
        assert "3 of 3  now  00085D237429.cfg" in desk.part("summary")
        await desk.press("p", "p")
        if "aastra.cfg" in desk.part("summary"):
            await desk.press("n")
        assert "00085D237429.cfg" in desk.part("summary")
        assert "84512973" not in desk.text
        assert "KK2mmB71ssLp" not in desk.text
        await desk.press("f2")
        await desk.see("Plan", "Loading dock")
        await desk.press("enter")
        await desk.see("Brought back.")
    assert (office.publish_root / "http/00085d237429/00085D237429.cfg").read_bytes() == before
    assert office.page(WAREHOUSE).values["extension_name"] == "Loading dock"
    found = office.store.find_extension(office.admin, WAREHOUSE)
    assert office.store.extension_rows(office.admin, [found])[found].state == "stale"


async def test_a_page_leads_to_its_phones_versions(office: Site) -> None:
    publish_all(office)
    async with at_desk(office) as desk:
        await desk.open(SALES, SIP)
        await desk.press("ctrl+o")
        await desk.see("Versions", "Sales01")
        await desk.press("w")
        await desk.see("<?xml")
        await desk.press("escape")
        await desk.see("Media encryption")


async def test_who_may_not_publish_brings_nothing_back(office: Site) -> None:
    publish_all(office)
    viewer = office.viewer("organization", "view", name="Acme Ltd")
    async with at_desk(office, viewer) as desk:
        await versions_of(desk, "Ware1")
        assert "Bring back" not in desk.part("keys")
        await desk.press("f2", "r")
        assert "Plan" not in desk.part("title")


async def test_a_device_that_was_never_published_says_so(office: Site) -> None:
    async with at_desk(office) as desk:
        await versions_of(desk, "Gate01")
        await desk.see("never published")


@SIZES
async def test_hostile_history_is_only_text(office: Site, size: Any) -> None:
    publish_all(office)
    office.save(WAREHOUSE, notes="x")
    with office.database.write() as session:
        for column in ("who", "action", "subject", "detail"):
            session.execute(text(f"UPDATE event SET {column} = :value"), {"value": HOSTILE})
        session.execute(text("UPDATE file_version SET who = :value"), {"value": HOSTILE})
        session.execute(text("UPDATE field_change SET field = :v WHERE field = 'notes'"),
                        {"v": HOSTILE})  # fmt: skip
    async with at_desk(office, size=size) as desk:
        await go(desk)
        assert_harmless(desk)
        await desk.press("enter")
        await desk.see("Operation")
        assert_harmless(desk)
        await desk.press("escape", "escape")
        await desk.see("Extensions")
        await versions_of(desk, "Ware1")
        assert_harmless(desk)


async def test_what_is_not_as_published_is_put_back_at_the_start(office: Site) -> None:
    publish_all(office)
    path = office.publish_root / "http/00085d237429/00085D237429.cfg"
    before = path.read_bytes()
    path.write_bytes(b"half")
    async with at_desk(office) as desk:
        await desk.see("Files put back as published: 1 wrong.")
    assert path.read_bytes() == before


async def test_an_enrolment_window_is_opened_and_its_link_shown(office: Site) -> None:
    publish_all(office)
    async with at_desk(office) as desk:
        await desk.press("f2")
        await desk.see("Devices", "by friendly name")
        await desk.type("Board01")
        await desk.until(lambda: "1 / 1 " in desk.part("filter"))
        await desk.until(lambda: not desk.app.screen._is_loading)  # type: ignore[attr-defined]
        await desk.press("ctrl+g")
        await desk.see("Open the enrolment window of Board01?")
        await desk.press("y")
        await desk.see("Provisioning link", "Its first link")


async def test_taking_back_counts_and_escape_stops_it_before_it_is_stored(
    office: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    revert = undoing._revert

    def slowly(*args: Any) -> None:
        time.sleep(0.03)
        revert(*args)

    monkeypatch.setattr(undoing, "_revert", slowly)
    rows = "".join(f"0027*{number},New Ltd,eve\n" for number in range(700, 730))
    office.import_text(f"extension,organization,user\n{rows}")
    before = office.export()
    async with at_desk(office, size=NARROW) as desk:
        await go(desk)
        await desk.press("enter")
        await desk.see("Operation", "import")
        await desk.press("f3", "y")
        await desk.see("Take the operation back", "Esc stop, nothing changed")
        await desk.until(lambda: bool(re.search(r"Working … \d", desk.flat)))
        await desk.press("escape")
        await desk.see("Stopped: nothing was changed.")
    assert office.export() == before
    assert office.rows(Unfinished) == []
    assert [event for event in office.rows(Event) if event.action == "undo"] == []
