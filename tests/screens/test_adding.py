"""Adding, renaming and removing extensions from the list, by keys."""

from __future__ import annotations

from typing import Any

import pytest

from tests.screens.desk import NARROW, SIP, WIDE, Desk, at_desk
from tests.screens.office import (
    BOARD,
    SALES,
    SOFTPHONE,
    TRUNK,
    events,
    publish_all,
    published,
    set_columns,
)
from tests.screens.test_hostile import HOSTILE, segments
from tests.sites import Site
from tuiprov.data.gates import CALLS_UNLIMITED
from tuiprov.data.models import Account, Device, Extension, Line

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
        await desk.until(lambda: getattr(desk.app.screen, "chosen", None) is not None)
        await desk.press("f7")
        await desk.see("Maximum public concurrent calls")
        await desk.fill("Maximum public concurrent calls", "4")
        await desk.press("f2")
        await desk.see("Plan")
        await desk.press("enter")
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


PBX = "A PBX is connected to this extension"
CALLS = "Maximum public concurrent calls"
FIXED_IP = "Phone does not register, is located on IP"


def account(site: Site, kind: str, name: str = "") -> Account:
    return next(a for a in site.rows(Account) if a.kind == kind and name in ("", a.name))


async def choose(desk: Desk, number: str) -> None:
    """Put the cursor on this extension, and wait for the list to be read."""
    await desk.type(number)
    await desk.until(
        lambda: (
            desk.part("filter").strip().startswith("1 / 1 ")
            and getattr(desk.app.screen, "chosen", None) is not None
        )
    )


async def edit(desk: Desk, number: str) -> None:
    """The identity of this extension, from the list."""
    await choose(desk, number)
    await desk.press("f7")
    await desk.until(lambda: bool(desk.app.screen.query("#form")) and bool(desk.current))


async def remove(desk: Desk, number: str) -> None:
    """The plan of removing this extension, from the list."""
    await choose(desk, number)
    await desk.press("delete")
    await desk.see("Plan")


class TestAlways:
    async def test_it_is_each_accounts_own(self, office: Site) -> None:
        viewer = office.viewer("organization", "modify", sip=True, name="Acme Ltd")
        async with at_desk(office, viewer) as desk:
            await add(desk)
            await desk.see(*ADDED)
            await desk.press("a")
            await desk.see("for Extension John Smith (0027*099)")
        assert account(office, "organization", "Acme Ltd").provision_after_adding
        assert not account(office, "system").provision_after_adding
        assert not account(office, "organization", "Praxis Müller").provision_after_adding

    async def test_now_is_no_always(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await add(desk)
            await desk.see(*ADDED)
            await desk.press("p")
            await desk.see("for Extension John Smith (0027*099)")
        assert not account(office, "system").provision_after_adding

    async def test_it_is_switched_off_among_the_accounts(self, office: Site) -> None:
        set_columns(office, "account", {"provision_after_adding": True}, "kind = 'system'")
        async with at_desk(office) as desk:
            await desk.press("f3")
            await desk.see("ana.nunez")
            await desk.press("home", "enter")
            await desk.see("Always provision after adding")
            await desk.field("Always provision after adding")
            await desk.press("n", "f2")
            await desk.see("Saved.")
            await desk.press("escape")
            await desk.see("Extensions")
            await add(desk)
            await desk.see(*ADDED)

    async def test_from_adding_to_a_published_phone_by_keys_alone(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await add(desk)
            await desk.see(*ADDED)
            await desk.press("p")
            await desk.see("for Extension John Smith")
            await desk.press("space")
            await desk.section(2)
            await desk.fill("Friendly name", "Board02")
            await desk.pick("Manufacturer", "snom")
            await desk.pick("Model", "D785")
            await desk.fill("MAC address", "00:04:13:00:00:09")
            await desk.save()
        assert any("000413000009" in path.lower() for path in published(office))


class TestForm:
    async def test_it_says_which_number_is_next_and_what_may_stay_empty(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.press("ctrl+n")
            await desk.see("type to filter")
            await desk.type("board")
            await desk.press("enter")
            await desk.see("New extension")
            assert "next: 0027*009" in desk.row("Extension")
            assert "is missing" in desk.under("Extension")
            assert "empty: a random one" in desk.row("SIP password")
            await desk.fill("Extension", "27-9")
            assert "must be digits, a star and digits" in desk.under("Extension")

    async def test_a_foreign_number_is_said_while_one_types(self, office: Site) -> None:
        viewer = office.viewer("organization", "modify", sip=True, name="Acme Ltd")
        async with at_desk(office, viewer) as desk:
            await add(desk, "0031*099")
            assert "must begin with 0027*" in desk.under("Extension")
            assert "Not saved: 1 field to mend." in desk.part("keys")
            await desk.fill("Extension", "0099*001")
            assert desk.under("Extension") == ""

    async def test_only_users_within_reach_are_offered(self, office: Site) -> None:
        viewer = office.viewer("organization", "modify", sip=True, name="Acme Ltd")
        async with at_desk(office, viewer) as desk:
            await desk.press("ctrl+n")
            await desk.see("board")
            assert "empfang" not in desk.text

    async def test_without_sip_management_there_is_no_password(self, office: Site) -> None:
        viewer = office.viewer("organization", "modify", name="Acme Ltd")
        async with at_desk(office, viewer) as desk:
            await add(desk)
            await desk.see(*ADDED)
            assert "SIP password" not in desk.text
        assert office.page("0027*099").values["sip_password"]

    async def test_without_a_user_account_it_says_how_to_make_one(self, site: Site) -> None:
        async with at_desk(site) as desk:
            await desk.press("ctrl+n")
            await desk.see("There is no user account yet")


class TestEditing:
    async def test_escape_in_the_plan_changes_nothing_and_shows_no_password(
        self, office: Site
    ) -> None:
        before = published(publish_all(office))
        async with at_desk(office) as desk:
            await edit(desk, BOARD)
            await desk.fill("SIP password", "Quiet7River")
            await desk.press("f2")
            await desk.see("Plan", "1 to replace")
            assert "Quiet7River" not in desk.text
            await desk.press("escape")
            await desk.see("Extension Board room *")
        assert office.page(BOARD).values["sip_password"] != "Quiet7River"
        assert published(office) == before

    async def test_without_a_phone_there_is_no_plan(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await edit(desk, SOFTPHONE)
            await desk.fill("Extension name", "Web")
            await desk.press("f2")
            await desk.see("Saved.")
        assert office.page(SOFTPHONE).values["extension_name"] == "Web"

    async def test_the_number_is_closed_to_an_organization(self, office: Site) -> None:
        viewer = office.viewer("organization", "modify", sip=True, name="Acme Ltd")
        async with at_desk(office, viewer) as desk:
            await edit(desk, BOARD)
            await desk.field("Extension")
            await desk.press("9")
            assert "set by the system administrator" in desk.under("Extension")
            assert " *" not in desk.part("title")

    async def test_what_somebody_else_changed_meanwhile_is_told(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await edit(desk, SOFTPHONE)
            await desk.fill("Extension name", "Web")
            office.save(SOFTPHONE, ping=True)
            await desk.press("f2")
            await desk.see("Plan", "System administrator at", "changed Ping")
            await desk.press("escape")
        assert office.page(SOFTPHONE).values["extension_name"] == "Softphone"

    async def test_what_cannot_be_published_is_told_and_stored(self, office: Site) -> None:
        publish_all(office).configure(publish_group="no_such_group")
        async with at_desk(office) as desk:
            await edit(desk, BOARD)
            await desk.fill("Extension name", "Council")
            await desk.press("f2")
            await desk.see("Plan")
            await desk.press("enter")
            await desk.see("Saved, but not published", "no_such_group")
        assert office.page(BOARD).values["extension_name"] == "Council"


class TestRemoving:
    async def test_its_phone_keeps_the_other_lines(self, office: Site) -> None:
        publish_all(office)
        async with at_desk(office) as desk:
            await remove(desk, SALES)
            await desk.see("1 to replace")
            assert len(office.rows(Extension)) == 8
            await desk.press("enter")
            await desk.see("Removed.")
        assert SALES not in "".join(published(office).values())
        assert {row.number for row in office.rows(Line) if row.device_id == 1} == {2}
        assert events(office, "remove extension") == [SALES]
        assert any(device.friendly_name == "Sales01" for device in office.rows(Device))

    async def test_from_a_phone_it_is_not_taken_by_who_may_only_view(self, office: Site) -> None:
        publish_all(office)
        viewer = office.viewer("organization", "view", sip=True, name="Acme Ltd")
        async with at_desk(office, viewer) as desk:
            await remove(desk, BOARD)
            assert "http/" not in desk.part("changes")
            await desk.press("enter")
            await desk.see("Not removed", "has a phone")
        assert len(office.rows(Extension)) == 8


class TestGatesOfTheExtension:
    """From the new extension to its page, by keys."""

    async def test_unlimited_calls_close_the_pbx_row_until_a_limit_is_set(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await add(desk)
            await desk.see(*ADDED)
            await desk.press("p")
            await desk.see("for Extension John Smith")
            await desk.section(SIP)
            await desk.field(PBX)
            assert desk.under(PBX) == f"· {CALLS_UNLIMITED}"
            await desk.press("escape")
            await desk.see("1 / 9")
            await edit(desk, "0027*099")
            await desk.fill(CALLS, "2")
            await desk.press("f2")
            await desk.see("Saved.")
            await desk.press("enter")
            await desk.see("for Extension John Smith")
            await desk.section(SIP)
            await desk.field(PBX)
            await desk.press("y")
            await desk.save()
            assert desk.under(PBX) == ""
        assert office.page("0027*099").values["pbx_connected"] is True

    async def test_the_limit_is_not_taken_away_from_a_connected_pbx(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await edit(desk, TRUNK)
            await desk.fill(CALLS, "")
            await desk.press("f2")
            await desk.see("Not saved", CALLS_UNLIMITED)
        assert office.page(TRUNK).values["max_public_concurrent_calls"] == 8

    async def test_a_new_extension_shares_an_ip_only_when_all_authenticate(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await add(desk)
            await desk.see(*ADDED)
            await desk.press("p")
            await desk.see("for Extension John Smith")
            await desk.section(SIP)
            await desk.fill(FIXED_IP, "203.0.113.40")
            said = desk.under(FIXED_IP)
            assert "the configuration cannot be saved" in said
            assert "every one of them has to authenticate" in said
            await desk.press("f2")
            assert "Not saved" in desk.part("keys")
        assert office.page("0027*099").values["fixed_ip"] == ""


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "140x40"])
class TestPictures:
    async def test_form(self, office: Site, size: Any, snapshot: Any) -> None:
        async with at_desk(office, size=size) as desk:
            await add(desk, BOARD)
            assert desk.text == snapshot

    async def test_added(self, office: Site, size: Any, snapshot: Any) -> None:
        async with at_desk(office, size=size) as desk:
            await add(desk)
            await desk.see(*ADDED)
            assert desk.text == snapshot

    async def test_identity(self, office: Site, size: Any, snapshot: Any) -> None:
        async with at_desk(office, size=size) as desk:
            await edit(desk, BOARD)
            assert desk.text == snapshot
