"""The list to start from: filter as one types, open, publish, look as somebody else."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.screens.desk import NARROW, PROVISIONING, WIDE, Desk, at_desk, key_event
from tests.screens.office import (
    ANA,
    BOARD,
    GATE,
    SALES,
    SOFTPHONE,
    TRUNK,
    publish_all,
    published,
    set_columns,
)
from tests.sites import Site
from tuiprov.app import TuiprovApp
from tuiprov.data.stop import Stop
from tuiprov.session import Session

EVERYBODY = 8


class TestExtensionsList:
    async def test_every_extension_is_listed_with_its_phone_and_state(self, office: Site) -> None:
        async with at_desk(office) as desk:
            lines = desk.part("table").splitlines()
        sales = next(line for line in lines if SALES in line)
        assert all(
            word in sales
            for word in ("~ stale", "O'Brien & Sons", "Snom D765", "00:04:13:71:A0:0F")
        )
        assert "none" in next(line for line in lines if ANA in line)
        assert "- disabled" in next(line for line in lines if GATE in line)

    async def test_a_published_phone_says_so(self, office: Site) -> None:
        publish_all(office)
        async with at_desk(office) as desk:
            assert "= published" in desk.part("table")
            assert "~ stale" not in desk.part("table")

    async def test_the_list_narrows_as_one_types(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.see(f" / {EVERYBODY}")
            await desk.type("soft")
            await desk.see("1 / 1")
            assert SOFTPHONE in desk.part("table")
            assert SALES not in desk.part("table")

    async def test_a_mac_address_is_found_by_its_digits(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.type("64167f0a")
            await desk.see("1 / 1")
            assert BOARD in desk.part("table")

    async def test_a_field_and_a_value_narrow_to_that_field(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.type("model:d765")
            await desk.see("1 / 2")

    async def test_a_minus_leaves_out_what_matches(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.type("-organization:acme")
            await desk.see("1 / 3")
            assert SALES not in desk.part("table")

    async def test_backspace_and_ctrl_u_widen_the_list_again(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.type("board")
            await desk.see("1 / 1")
            await desk.press(*["backspace"] * len("board"))
            await desk.see(f" / {EVERYBODY}")
            await desk.type("board")
            await desk.see("1 / 1")
            await desk.press("ctrl+u")
            await desk.see(f" / {EVERYBODY}")

    async def test_nothing_found_is_said_and_opens_nothing(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.type("nobody")
            await desk.see("0 / 0")
            await desk.press("enter")
            assert "Extensions" in desk.part("title")
            assert SALES not in desk.text

    async def test_an_unknown_field_in_the_filter_gets_a_message(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.type("colour:red")
            await desk.see("colour: is not a field to filter by")
            await desk.press("ctrl+u")
            await desk.see(f" / {EVERYBODY}")

    async def test_passwords_cannot_be_searched(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.type("sip_password:p9")
            await desk.see("is secret and cannot be searched")

    async def test_escape_clears_the_filter_before_it_leaves(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.type("board")
            await desk.see("1 / 1")
            await desk.press("escape")
            await desk.see(f" / {EVERYBODY}")
            assert desk.app.is_running
            await desk.press("escape")
            assert desk.app.return_code == 0

    async def test_enter_opens_the_row_with_the_cursor_and_escape_comes_back_to_it(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await desk.press("down", "down", "down", "enter")
            await desk.see(f"for Extension Board room ({BOARD})")
            await desk.press("escape")
            await desk.see(f"4 / {EVERYBODY}")
            row = next(line for line in desk.part("table").splitlines() if line.startswith("›"))
            assert BOARD in row

    async def test_an_extension_that_is_gone_meanwhile_is_told(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.type(SOFTPHONE)
            await desk.see("1 / 1")
            set_columns(office, "extension", {"user_id": 1}, f"extension = '{SOFTPHONE}'")
            await desk.press("enter")
            await desk.see("This page cannot be opened", "does not exist (any more)")
            await desk.press("enter")
            await desk.see("0 / 0")

    async def test_the_row_fits_into_80_columns(self, office: Site) -> None:
        async with at_desk(office, size=NARROW) as desk:
            row = next(line for line in desk.part("table").splitlines() if TRUNK in line)
            sales = next(line for line in desk.part("table").splitlines() if SALES in line)
        assert "Branch PBX trunk" in row
        assert "00:04:13:71:A0:0F" in sales

    async def test_a_list_that_comes_late_does_not_replace_the_one_asked_for_since(
        self, office: Site
    ) -> None:
        slow = Slow(office.store, office.admin)
        async with at_desk(office) as desk:
            desk.app.use_session(slow)
            await desk.until(slow.asked.is_set)
            user = office.viewer("user", name="board")
            desk.app.use_session(Session(office.store, user))
            await desk.see("1 / 1", "User board")
            slow.gate.set()
            await desk.until(slow.answered.is_set)
            await desk.settle()
            assert "1 / 1" in desk.part("filter")


class TestPublishingFromTheList:
    async def test_the_plan_for_all_listed_phones_is_shown_then_applied(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.type("model:d765")
            await desk.see("1 / 2")
            await desk.press("f8")
            await desk.see("Plan", "model:d765", "2 to write", "+ new http/00041371a00f/")
            assert published(office) == {}
            await desk.press("enter")
            await desk.see("= published")
            assert list(published(office)) == [
                "http/00041371a00f/00041371A00F.xml",
                "http/00041371a00f/snomD765-00041371A00F.htm",
            ]

    async def test_escape_in_the_plan_writes_nothing(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.press("f8")
            await desk.see("Plan", "all extensions")
            await desk.press("escape")
            await desk.see("~ stale")
            assert published(office) == {}

    async def test_regenerate_is_no_question_here(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.press("f8")
            await desk.see("Files")
            before = desk.text
            await desk.press("r")
            assert desk.part("changes") in before

    async def test_what_cannot_be_published_is_told(self, office: Site) -> None:
        office.configure(publish_group="no_such_group")
        async with at_desk(office) as desk:
            await desk.press("f8")
            await desk.see("Files")
            await desk.press("enter")
            await desk.see("Not published", "there is no group 'no_such_group'")
            await desk.press("enter")
            await desk.see("! failed")


class TestTypedAhead:
    """Keys that arrive before their screen is there, as over a slow line."""

    async def test_keys_before_the_site_is_open_do_no_harm(self, office: Site) -> None:
        app = TuiprovApp(office.url)
        async with app.run_test(size=WIDE) as pilot:
            for key in ("enter", "f8", "f4", "down", "b", "o", "a"):
                app.post_message(key_event(key))
            desk = Desk(office, app, pilot)
            await desk.see("1 / 1", "Filter boa", BOARD)

    async def test_keys_that_run_ahead_of_the_page_save_and_publish_nothing(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            rows = office.export()
            for key in ("enter", "f5", "2", "f3", "f8", "f6", "f6", "f9", "f9", "f7", "f1", "x"):
                desk.app.post_message(key_event(key))
            await desk.see("Keys", "Enter close")
            assert desk.app.is_running
            assert (published(office), office.export()) == ({}, rows)

    async def test_a_burst_of_keys_opens_searches_and_changes_as_if_typed_one_by_one(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            for key in ("ctrl+a", "f10", *"Edit", "enter"):
                desk.app.post_message(key_event(key))
            await desk.see("Edit 8 extensions")

    async def test_enter_pressed_twice_in_a_hurry_opens_one_page(self, office: Site) -> None:
        async with at_desk(office) as desk:
            for _ in range(2):
                desk.app.post_message(key_event("enter"))
            await desk.see("Provisioning and SIP Preferences")
            await desk.section(PROVISIONING)
            await desk.press("escape")
            await desk.until(lambda: "Extensions" in desk.part("title"))

    async def test_keys_for_a_page_that_does_not_come_are_not_typed_into_the_next(
        self, office: Site
    ) -> None:
        slow = Slow(office.store, office.admin)
        async with at_desk(office) as desk:
            desk.app.use_session(slow)
            await desk.type("colour:red")
            await desk.press("enter", "n")
            slow.gate.set()
            await desk.see("colour: is not a field to filter by")
            slow.gate.clear()
            await desk.press("ctrl+u", "enter")
            slow.gate.set()
            await desk.see("Provisioning and SIP Preferences")
            assert ") *" not in desk.part("title")


@dataclass(frozen=True)
class Slow(Session):
    """A session whose list takes until `gate` is opened."""

    asked: threading.Event = field(default_factory=threading.Event)
    gate: threading.Event = field(default_factory=threading.Event)
    answered: threading.Event = field(default_factory=threading.Event)

    def extension_ids(
        self, where: str, most: int | None = None, stop: Stop | None = None
    ) -> Sequence[int]:
        self.asked.set()
        self.gate.wait(10)
        try:
            return super().extension_ids(where, most, stop)
        finally:
            self.answered.set()
