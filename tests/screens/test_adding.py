"""Adding, renaming and removing extensions from the list, by keys."""

from __future__ import annotations

from typing import Any

import pytest

from tests.screens.desk import NARROW, WIDE, Desk, at_desk
from tests.screens.office import BOARD, publish_all, published, set_columns
from tests.screens.test_hostile import HOSTILE, segments
from tests.sites import Site
from tuiprov.data.gates import CALLS_UNLIMITED
from tuiprov.data.models import Account, Extension

ADDED = (
    "Extension John Smith (0027*099) has been successfully added.",
    "if you want to provision this extension now. If you want to provision every newly added "
    "extension,",
)


async def add(desk: Desk, number: str = "0027*099", user: str = "board") -> None:
    """Ctrl+N, choose the user, type number and name, save."""
    await desk.press("ctrl+n")
    await desk.see("type to filter")
    await desk.type(user)
    await desk.press("enter")
    await desk.see("New extension")
    await desk.fill("Extension", number)
    await desk.fill("Extension name", "John Smith")
    await desk.press("f2")


def numbers(site: Site) -> list[str]:
    return [row.extension for row in site.rows(Extension)]


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_after_adding_both_ways_are_offered_in_the_pages_words(
    office: Site, size: Any
) -> None:
    async with at_desk(office, size=size) as desk:
        await add(desk)
        await desk.see(*ADDED)
        assert "0027*099" in numbers(office)
        await desk.press("escape")
        await desk.see("Extensions", "Saved.")


async def test_provision_now_opens_the_page(office: Site) -> None:
    async with at_desk(office) as desk:
        await add(desk)
        await desk.see(*ADDED)
        await desk.press("p")
        await desk.see("Provisioning and SIP Preferences for Extension John Smith (0027*099)")


async def test_always_makes_the_page_the_last_step_of_adding(office: Site) -> None:
    async with at_desk(office) as desk:
        await add(desk)
        await desk.see(*ADDED)
        await desk.press("a")
        await desk.see("Provisioning and SIP Preferences for Extension John Smith (0027*099)")
        admin = next(a for a in office.rows(Account) if a.kind == "system")
        assert admin.provision_after_adding
        await desk.press("escape")
        await desk.see("Extensions")
        await add(desk, "0027*098")
        await desk.see("Provisioning and SIP Preferences for Extension John Smith (0027*098)")


async def test_a_number_that_is_taken_is_said_while_one_types(office: Site) -> None:
    async with at_desk(office) as desk:
        await add(desk, BOARD)
        await desk.see(f"{BOARD} exists already")
        assert len(numbers(office)) == 8


async def test_an_organization_adds_its_own_numbers_only(office: Site) -> None:
    async with at_desk(office, office.viewer("organization", "modify", sip=True)) as desk:
        await add(desk, "0031*099")
        await desk.see("must begin with 0027*")
        await desk.press("enter")
        await desk.fill("Extension", "0027*099")
        await desk.press("f2")
        await desk.see(*ADDED)


@pytest.mark.parametrize("role", ["user", "terminal"])
async def test_a_user_has_no_key_for_it(office: Site, role: Any) -> None:
    async with at_desk(office, office.viewer(role, "modify", sip=True)) as desk:
        await desk.press("ctrl+n", "delete", "f7")
        assert "Extensions" in desk.part("title")
        assert len(numbers(office)) == 8


async def test_a_limit_of_public_calls_opens_the_pbx_row(office: Site) -> None:
    async with at_desk(office) as desk:
        await desk.open(BOARD, 4)
        await desk.field("A PBX is connected to this extension")
        assert CALLS_UNLIMITED in desk.under("A PBX is connected to this extension").replace(
            "· ", ""
        )
        await desk.press("escape")
        await desk.see("Extensions")
        await desk.press("f7")
        await desk.see("Maximum public concurrent calls")
        await desk.fill("Maximum public concurrent calls", "4")
        await desk.press("f2")
        await desk.see("Saved.")
        await desk.press("enter")
        await desk.see("Use provisioning")
        await desk.section(4)
        await desk.field("A PBX is connected to this extension")
        await desk.press("y")
        assert "[x] yes" in desk.row("A PBX is connected to this extension")


async def test_a_new_name_shows_what_it_changes_on_the_phone(office: Site) -> None:
    publish_all(office)
    async with at_desk(office) as desk:
        await desk.type(BOARD)
        await desk.until(lambda: desk.part("filter").strip().startswith("1 / 1 "))
        await desk.press("f7")
        await desk.see("Extension name")
        await desk.fill("Extension name", "Council")
        await desk.press("f2")
        await desk.see("Plan", "Council")
        await desk.press("enter")
        await desk.see("Saved.")
        assert any("Council" in text for text in published(office).values())


async def test_a_removed_extension_takes_its_files_along(office: Site) -> None:
    publish_all(office)
    before = published(office)
    async with at_desk(office) as desk:
        await desk.type(BOARD)
        await desk.until(lambda: desk.part("filter").strip().startswith("1 / 1 "))
        await desk.press("delete")
        await desk.see("Plan", "remove extension Board room (0027*007)", "- delete")
        await desk.press("escape")
        assert published(office) == before
        await desk.press("delete")
        await desk.see("Plan")
        await desk.press("enter")
        await desk.see("Removed.")
        assert BOARD not in numbers(office)
        assert not any("64167f0abcde" in path for path in published(office))


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_hostile_values_are_only_text(office: Site, size: Any) -> None:
    set_columns(office, "extension", {"extension_name": HOSTILE, "sip_username": HOSTILE})
    set_columns(office, "account", {"name": HOSTILE}, "name = 'board'")
    async with at_desk(office, size=size) as desk:
        for keys in (("f7",), ("escape", "delete"), ("escape", "ctrl+n")):
            await desk.press(*keys)
            await desk.settle()
            for segment in segments(desk):
                assert segment.text.isprintable() or not segment.text
