"""From the list: a new extension and what is asked after it, another name, its end."""

from __future__ import annotations

from typing import Any

import pytest

from tests.screens.desk import NARROW, SIP, WIDE, Desk, at_desk
from tests.screens.office import (
    ANA,
    BOARD,
    SALES,
    SOFTPHONE,
    TRUNK,
    events,
    publish_all,
    published,
    set_columns,
)
from tests.screens.test_hostile import HOSTILE, assert_harmless, poison
from tests.screens.test_preferences import PBX
from tests.sites import Site
from tuiprov.data.accounts import Role
from tuiprov.data.gates import CALLS_UNLIMITED
from tuiprov.data.models import Account, Device, Extension, Line

ADDED = "Extension John Smith (0027*009) has been successfully added."
CALLS = "Maximum public concurrent calls"
FIXED_IP = "Phone does not register, is located on IP"


async def new(desk: Desk, user: str = "board") -> None:
    """Ctrl+N, and the user of this name."""
    await desk.press("ctrl+n")
    await desk.see("New extension of which user?")
    await desk.type(user)
    await desk.press("enter")
    await desk.see("New extension  of")


async def add(desk: Desk, number: str = "0027*009", name: str = "John Smith", **more: str) -> None:
    """A new extension of the board, stored."""
    await new(desk)
    await desk.fill("Extension", number)
    await desk.fill("Extension name", name)
    for label, text in more.items():
        await desk.fill(label.replace("_", " "), text)
    await desk.press("f2")


def account(site: Site, kind: str, name: str = "") -> Account:
    return next(a for a in site.rows(Account) if a.kind == kind and name in ("", a.name))


class TestAfterAdding:
    async def test_the_message_is_word_for_word_and_escape_leaves_it_for_later(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await add(desk)
            await desk.see(ADDED)
            assert "p provision this extension now" in desk.text
            assert "a always provision after adding" in desk.text
            await desk.press("escape")
            await desk.see("1 / 9", "0027*009")
            assert "Extensions" in desk.part("title")
        page = office.page("0027*009")
        assert (page.values["user"], page.values["use_provisioning"]) == ("board", False)
        assert len(str(page.values["sip_password"])) >= 16

    async def test_p_opens_its_page_once(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await add(desk)
            await desk.see(ADDED)
            await desk.press("p")
            await desk.see("Provisioning and SIP Preferences for Extension John Smith (0027*009)")
            assert not account(office, "system").provision_after_adding
            await desk.press("escape")
            await desk.see("1 / 9")
            await add(desk, "0027*010")
            await desk.see("has been successfully added.")

    async def test_a_opens_its_page_and_every_later_one_s_at_once(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await add(desk)
            await desk.see(ADDED)
            await desk.press("a")
            await desk.see("for Extension John Smith (0027*009)")
            assert account(office, "system").provision_after_adding
            await desk.press("escape")
            await desk.see("1 / 9")
            await add(desk, "0027*010", "Ann")
            await desk.see("for Extension Ann (0027*010)")
            assert "successfully" not in desk.text

    async def test_always_is_each_account_s_own(self, office: Site) -> None:
        viewer = office.viewer("organization", "modify", sip=True, name="Acme Ltd")
        async with at_desk(office, viewer) as desk:
            await add(desk)
            await desk.press("a")
            await desk.see("for Extension John Smith (0027*009)")
        assert account(office, "organization", "Acme Ltd").provision_after_adding
        assert not account(office, "system").provision_after_adding
        assert not account(office, "organization", "Praxis Müller").provision_after_adding

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
            await desk.see(ADDED)

    @pytest.mark.parametrize("level", ["none", "view"])
    async def test_who_may_not_provision_hears_only_that_it_is_added(
        self, office: Site, level: Any
    ) -> None:
        viewer = office.viewer("organization", level, sip=True, name="Acme Ltd")
        set_columns(office, "account", {"provision_after_adding": True}, "name = 'Acme Ltd'")
        async with at_desk(office, viewer) as desk:
            await add(desk)
            await desk.see(ADDED)
            assert "provision this extension now" not in desk.text
            assert "Extensions" in desk.part("title")

    async def test_from_adding_to_a_published_phone_by_keys_alone(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await add(desk)
            await desk.see(ADDED)
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
    async def test_it_shows_the_next_number_and_says_what_is_wrong(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await new(desk)
            assert "next: 0027*009" in desk.row("Extension")
            assert "is missing" in desk.under("Extension")
            await desk.fill("Extension", SALES)
            assert f"{SALES} exists already" in desk.under("Extension")
            await desk.fill("Extension", "27-9")
            assert "must be digits, a star and digits" in desk.under("Extension")
            await desk.press("f2")
            assert "Not saved: 1 field to mend." in desk.part("keys")
            await desk.press("escape", "d")
            await desk.see("1 / 8")
        assert len(office.rows(Extension)) == 8

    async def test_its_account_can_be_given(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await add(desk, SIP_username="john", SIP_password="Quiet7River")
            await desk.see(ADDED)
            assert "Quiet7River" not in desk.text
        values = office.page("0027*009").values
        assert (values["sip_username"], values["sip_password"]) == ("john", "Quiet7River")

    async def test_the_users_are_those_within_reach(self, office: Site) -> None:
        viewer = office.viewer("organization", "modify", sip=True, name="Acme Ltd")
        async with at_desk(office, viewer) as desk:
            await desk.press("ctrl+n")
            await desk.see("Acme Ltd / board")
            assert "Praxis" not in desk.text
            await desk.press("escape")
            await desk.until(lambda: "which user" not in desk.text)

    async def test_another_organization_s_number_is_told_as_one_types(self, office: Site) -> None:
        viewer = office.viewer("organization", "modify", sip=True, name="Acme Ltd")
        async with at_desk(office, viewer) as desk:
            await new(desk)
            await desk.fill("Extension", "0031*099")
            assert "0031 is another organization's number" in desk.under("Extension")

    async def test_without_sip_management_there_is_no_password_row(self, office: Site) -> None:
        viewer = office.viewer("organization", "modify", name="Acme Ltd")
        async with at_desk(office, viewer) as desk:
            await new(desk)
            assert "SIP password" not in desk.part("form")
            await desk.field("SIP username")
            assert "has not Phone extension SIP management" in desk.under("SIP username")
            await desk.fill("Extension", "0027*009")
            await desk.press("f2")
            await desk.see("successfully added")
        assert office.page("0027*009").values["sip_password"]

    @pytest.mark.parametrize("role", ["user", "terminal"])
    async def test_a_user_and_a_phone_terminal_have_no_such_keys(
        self, office: Site, role: Role
    ) -> None:
        viewer = office.viewer(role, "modify", sip=True, extension=SALES)
        async with at_desk(office, viewer, size=(200, 60)) as desk:
            keys = desk.part("keys")
            assert not any(word in keys for word in ("New", "Edit", "Remove"))
            await desk.press("ctrl+n", "f7", "delete", "f9")
            assert "Extensions" in desk.part("title")
            assert "Remove" not in desk.text

    async def test_without_a_user_account_it_says_how_to_make_one(self, site: Site) -> None:
        async with at_desk(site) as desk:
            await desk.press("ctrl+n")
            await desk.see("There is no user account yet")


class TestEditing:
    async def test_another_name_reaches_the_phone_through_the_plan(self, office: Site) -> None:
        publish_all(office)
        async with at_desk(office) as desk:
            await desk.type(BOARD)
            await desk.see("1 / 1")
            await desk.press("f7")
            await desk.see("Extension Board room (0027*007)")
            await desk.fill("Extension name", "Council")
            await desk.press("f2")
            await desk.see("Plan", "1 to replace", "Council")
            assert office.page(BOARD).values["extension_name"] == "Board room"
            await desk.press("enter")
            await desk.see("Saved.", "= published")
        assert office.page(BOARD).values["extension_name"] == "Council"
        assert any("Council" in text for text in published(office).values())

    async def test_escape_in_the_plan_changes_nothing(self, office: Site) -> None:
        before = published(publish_all(office))
        async with at_desk(office) as desk:
            await desk.type(BOARD)
            await desk.see("1 / 1")
            await desk.press("f7")
            await desk.fill("SIP password", "Quiet7River")
            await desk.press("f2")
            await desk.see("Plan")
            assert "Quiet7River" not in desk.text
            await desk.press("escape")
            await desk.see("Extension Board room (0027*007) *")
        assert office.page(BOARD).values["sip_password"] != "Quiet7River"
        assert published(office) == before

    async def test_r_leaves_the_file_and_the_phone_stale(self, office: Site) -> None:
        before = published(publish_all(office))
        async with at_desk(office) as desk:
            await desk.type(BOARD)
            await desk.see("1 / 1")
            await desk.press("f7")
            await desk.fill("Extension name", "Council")
            await desk.press("f2")
            await desk.see("Plan")
            await desk.press("r")
            await desk.see("1 file would be left as is: R replaces.")
            assert "nothing to do" not in desk.text
            await desk.press("enter")
            await desk.see("~ stale")
        assert published(office) == before

    async def test_without_a_phone_there_is_no_plan(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.type(SOFTPHONE)
            await desk.see("1 / 1")
            await desk.press("f7")
            await desk.fill("Extension name", "Web")
            await desk.press("f2")
            await desk.see("Saved.")
        assert office.page(SOFTPHONE).values["extension_name"] == "Web"

    async def test_the_number_is_closed_to_an_organization(self, office: Site) -> None:
        viewer = office.viewer("organization", "modify", sip=True, name="Acme Ltd")
        async with at_desk(office, viewer) as desk:
            await desk.press("f7")
            await desk.field("Extension")
            await desk.press("9")
            assert "set by the system administrator" in desk.under("Extension")
            assert " *" not in desk.part("title")

    async def test_what_somebody_else_changed_meanwhile_is_told(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.type(SOFTPHONE)
            await desk.see("1 / 1")
            await desk.press("f7")
            await desk.fill("Extension name", "Web")
            office.save(SOFTPHONE, ping=True)
            await desk.press("f2")
            await desk.see("Not saved", "somebody else changed extension 0031*007")
        assert office.page(SOFTPHONE).values["extension_name"] == "Softphone"

    async def test_what_cannot_be_published_is_told_and_stored(self, office: Site) -> None:
        publish_all(office).configure(publish_group="no_such_group")
        async with at_desk(office) as desk:
            await desk.type(BOARD)
            await desk.see("1 / 1")
            await desk.press("f7")
            await desk.fill("Extension name", "Council")
            await desk.press("f2")
            await desk.see("Plan")
            await desk.press("enter")
            await desk.see("Saved, but not published", "no_such_group")
        assert office.page(BOARD).values["extension_name"] == "Council"


class TestRemoving:
    async def test_a_question_and_the_plan_then_it_is_gone_and_its_phone_keeps_the_rest(
        self, office: Site
    ) -> None:
        publish_all(office)
        async with at_desk(office) as desk:
            await desk.type(SALES)
            await desk.see("1 / 1")
            await desk.press("delete")
            await desk.see("Remove extension O'Brien & Sons <sales> (0027*004)?")
            await desk.press("y")
            await desk.see("Plan", "1 to replace")
            assert len(office.rows(Extension)) == 8
            await desk.press("enter")
            await desk.see("0 / 0")
        assert len(office.rows(Extension)) == 7
        assert SALES not in "".join(published(office).values())
        assert {row.number for row in office.rows(Line) if row.device_id == 1} == {2}
        assert events(office, "remove extension") == [SALES]

    async def test_the_last_line_of_a_phone_takes_its_files_along(self, office: Site) -> None:
        publish_all(office)
        async with at_desk(office) as desk:
            await desk.type(BOARD)
            await desk.see("1 / 1")
            await desk.press("f9", "y")
            await desk.see("Plan", "3 to delete")
            await desk.press("enter")
            await desk.see("0 / 0")
        assert not any("64167f0abcde" in path for path in published(office))
        assert any(device.friendly_name == "Board01" for device in office.rows(Device))

    @pytest.mark.parametrize("keys", [("escape",), ("y", "escape")], ids=["question", "plan"])
    async def test_it_can_be_kept(self, office: Site, keys: tuple[str, ...]) -> None:
        publish_all(office)
        async with at_desk(office) as desk:
            await desk.type(BOARD)
            await desk.see("1 / 1")
            await desk.press("delete", *keys)
            await desk.until(lambda: "Extensions" in desk.part("title"))
        assert len(office.rows(Extension)) == 8

    async def test_without_a_phone_the_question_is_enough(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.type(ANA)
            await desk.see("1 / 1")
            await desk.press("delete", "y")
            await desk.see("0 / 0")
        assert len(office.rows(Extension)) == 7

    async def test_off_a_phone_it_is_not_taken_by_who_may_only_view(self, office: Site) -> None:
        viewer = office.viewer("organization", "view", sip=True, name="Acme Ltd")
        async with at_desk(office, viewer) as desk:
            await desk.type(BOARD)
            await desk.see("1 / 1")
            await desk.press("delete", "y")
            await desk.see("Not removed", "is on a phone")
        assert len(office.rows(Extension)) == 8


class TestGatesOfTheExtension:
    """From the new extension to its page, by keys."""

    async def test_unlimited_calls_close_the_pbx_row_and_a_limit_opens_it(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await add(desk)
            await desk.see(ADDED)
            await desk.press("p")
            await desk.see("for Extension John Smith")
            await desk.section(SIP)
            await desk.field(PBX)
            assert desk.under(PBX) == f"· {CALLS_UNLIMITED}"
            await desk.press("escape")
            await desk.see("1 / 9")
            await desk.type("0027*009")
            await desk.see("1 / 1")
            await desk.press("f7")
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
        assert office.page("0027*009").values["pbx_connected"] is True

    async def test_the_limit_is_not_taken_away_from_a_connected_pbx(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.type(TRUNK)
            await desk.see("1 / 1")
            await desk.press("f7")
            await desk.fill(CALLS, "")
            await desk.press("f2")
            await desk.see("Not saved", CALLS_UNLIMITED)
        assert office.page(TRUNK).values["max_public_concurrent_calls"] == 8

    async def test_a_new_extension_shares_an_ip_only_when_all_authenticate(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await add(desk)
            await desk.press("p")
            await desk.see("for Extension John Smith")
            await desk.section(SIP)
            await desk.fill(FIXED_IP, "203.0.113.40")
            said = desk.under(FIXED_IP)
            assert "the configuration cannot be saved" in said
            assert "every one of them has to authenticate" in said
            await desk.press("f2")
            assert "Not saved" in desk.part("keys")
        assert office.page("0027*009").values["fixed_ip"] == ""


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_hostile_values_are_only_text(office: Site, size: Any) -> None:
    poison(office, equipment=False)
    async with at_desk(office, size=size) as desk:
        await desk.press("ctrl+n")
        await desk.see("which user", "[/foo]")
        assert_harmless(desk)
        await desk.press("enter")
        await desk.see("New extension")
        assert_harmless(desk)
        await desk.press("escape")
        await desk.until(lambda: "Extensions" in desk.part("title"))
        await desk.press("f7")
        await desk.see("Maximum public")
        for _ in range(5):
            await desk.press("down")
            assert_harmless(desk)
        await desk.press("escape", "delete")
        await desk.see("Remove extension")
        assert_harmless(desk)
        await desk.press("y")
        await desk.settle()
        assert_harmless(desk)
    set_columns(office, "extension", {"extension_name": HOSTILE})


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "140x40"])
class TestPictures:
    async def test_form(self, office: Site, size: Any, snapshot: Any) -> None:
        async with at_desk(office, size=size) as desk:
            await new(desk)
            await desk.fill("Extension", "0031*009")
            await desk.fill("Extension name", "John Smith")
            assert desk.text == snapshot

    async def test_added(self, office: Site, size: Any, snapshot: Any) -> None:
        async with at_desk(office, size=size) as desk:
            await add(desk)
            await desk.see(ADDED)
            assert desk.text == snapshot

    async def test_identity(self, office: Site, size: Any, snapshot: Any) -> None:
        async with at_desk(office, size=size) as desk:
            await desk.press("f7")
            await desk.see("Maximum public")
            assert desk.text == snapshot

    async def test_question(self, office: Site, size: Any, snapshot: Any) -> None:
        async with at_desk(office, size=size) as desk:
            await desk.press("delete")
            await desk.see("Remove extension")
            assert desk.text == snapshot
