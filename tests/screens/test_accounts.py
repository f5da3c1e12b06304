"""The accounts area: the tree, the form of an account, what is asked before it is lost."""

from __future__ import annotations

from typing import Any

import pytest

from tests.screens.desk import NARROW, WIDE, Desk, at_desk
from tests.screens.office import set_columns
from tests.screens.test_hostile import HOSTILE, segments
from tests.sites import Site
from tuiprov.data.account_gates import CANNOT_RESTORE
from tuiprov.data.models import Account


def level(site: Site, name: str) -> str:
    return next(a.provision_permission for a in site.rows(Account) if a.name == name)


async def go(desk: Desk, name: str) -> None:
    """To the accounts, with the cursor on the one of this name."""
    await desk.press("f3")
    await desk.see("Accounts", "Devices" if desk.app.size.width < 110 else "Provision devices")
    await desk.type(name)
    await desk.until(lambda: name in desk.part("table").splitlines()[-1] or name in desk.text)
    await desk.press("end")


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_the_tree_is_shown_and_escape_goes_back(office: Site, size: Any) -> None:
    async with at_desk(office, size=size) as desk:
        await desk.press("f3")
        await desk.see("System admin", "Provider", "Acme Ltd", "ana.nunez")
        lines = desk.part("table").splitlines()
        indents = [len(line[2:]) - len(line[2:].lstrip()) for line in lines[1:5]]
        assert indents == [0, 2, 4, 6]
        await desk.press("escape")
        await desk.see("Extensions")


async def test_a_level_is_set_by_keys(office: Site) -> None:
    async with at_desk(office) as desk:
        await go(desk, "Acme")
        await desk.press("enter")
        await desk.see("Organization Acme Ltd")
        await desk.field("Allow to provision devices")
        await desk.press("right", "f2")
        await desk.see("Saved.")
        assert level(office, "Acme Ltd") == "view"


@pytest.mark.parametrize(
    ("role", "name", "child"),
    [("provider", "Provider", "Acme Ltd"), ("organization", "Acme Ltd", "board")],
)
async def test_lowering_modify_at_view_is_asked_about_and_cannot_be_restored(
    office: Site, role: Any, name: str, child: str
) -> None:
    set_columns(office, "account", {"provision_permission": "modify"}, f"name = '{child}'")
    viewer = office.viewer(role, "view", name=name)
    async with at_desk(office, viewer) as desk:
        await go(desk, child)
        await desk.press("enter")
        await desk.see("Allow to provision devices")
        await desk.pick("Allow to provision devices", "View")
        assert CANNOT_RESTORE in desk.under("Allow to provision devices")
        await desk.press("f2")
        await desk.see("This cannot be undone", CANNOT_RESTORE)
        assert level(office, child) == "modify"
        await desk.press("y")
        await desk.see("Saved.")
        assert level(office, child) == "view"
        await desk.press("enter")
        await desk.see("Name:")
        await desk.field("Allow to provision devices")
        await desk.press("enter")
        await desk.see("type to filter")
        assert "Modify" not in desk.text


async def test_keeping_it_leaves_everything_as_it_was(office: Site) -> None:
    set_columns(office, "account", {"provision_permission": "modify"}, "name = 'Acme Ltd'")
    async with at_desk(office, office.viewer("provider", "view")) as desk:
        await go(desk, "Acme")
        await desk.press("enter")
        await desk.see("Allow to provision devices")
        await desk.pick("Allow to provision devices", "None")
        await desk.press("f2")
        await desk.see("This cannot be undone")
        await desk.press("escape")
        await desk.see("Acme Ltd *")
        assert level(office, "Acme Ltd") == "modify"


async def test_switching_sip_management_off_takes_trunking_along_after_a_question(
    office: Site,
) -> None:
    flags = {"sip_management": True, "sip_trunking_management": True}
    set_columns(office, "account", flags, "name = 'Acme Ltd'")
    async with at_desk(office) as desk:
        await go(desk, "Acme")
        await desk.press("enter")
        await desk.see("Phone extension SIP management")
        await desk.field("Phone extension SIP management")
        await desk.press("n")
        assert "needs Phone extension SIP management" in desk.row("SIP trunking management")
        await desk.press("f2")
        await desk.see(
            "SIP trunking management goes with Phone extension SIP management and does not come "
            "back with it."
        )
        await desk.press("y")
        await desk.see("Saved.")
        acme = next(a for a in office.rows(Account) if a.name == "Acme Ltd")
        assert (acme.sip_management, acme.sip_trunking_management) == (False, False)
        await desk.press("enter")
        await desk.see("Phone extension SIP management")
        await desk.field("Phone extension SIP management")
        await desk.press("y", "f2")
        await desk.see("Saved.")
        acme = next(a for a in office.rows(Account) if a.name == "Acme Ltd")
        assert (acme.sip_management, acme.sip_trunking_management) == (True, False)


async def test_an_account_is_added_below_the_one_under_the_cursor(office: Site) -> None:
    async with at_desk(office) as desk:
        await go(desk, "Praxis")
        await desk.press("ctrl+n")
        await desk.see("New user", "of Praxis")
        await desk.press("f2")
        await desk.see("is missing")
        await desk.type("neu")
        await desk.press("f2")
        await desk.see("Saved.")
        added = next(a for a in office.rows(Account) if a.name == "neu")
        assert (added.kind, added.provision_permission) == ("user", "none")


async def test_removing_says_what_still_hangs_on_it(office: Site) -> None:
    async with at_desk(office) as desk:
        await go(desk, "board")
        await desk.press("delete")
        await desk.see("Remove board?")
        await desk.press("y")
        await desk.see("board still has 1 extension")


async def test_who_lowers_itself_sees_at_once_what_is_left(office: Site) -> None:
    """The administrator cannot; a login given to oneself shows that the list is read again."""
    async with at_desk(office, office.viewer("provider", "modify")) as desk:
        await go(desk, "Provider")
        await desk.press("home", "enter")
        await desk.see("Always provision after adding")
        await desk.field("Always provision after adding")
        await desk.press("y", "f2")
        await desk.see("Saved.")
        provider = next(a for a in office.rows(Account) if a.kind == "provider")
        assert provider.provision_after_adding


@pytest.mark.parametrize("role", ["provider", "organization", "user"])
async def test_forbidden_fields_say_why(office: Site, role: Any) -> None:
    async with at_desk(office, office.viewer(role, "modify")) as desk:
        await desk.press("f3")
        await desk.see("Accounts")
        await desk.until(lambda: desk.part("table").count("\n") > 0)
        await desk.press("home", "enter")
        await desk.see("Allow to provision devices")
        row = desk.row("Allow to provision devices")
        assert "set by the account above" in row or "may not do this" in row
        assert "Login on this host" not in desk.text


async def test_a_phone_terminal_has_no_accounts(office: Site) -> None:
    async with at_desk(office, office.viewer("terminal", "modify")) as desk:
        await desk.press("f3")
        await desk.settle()
        assert "Accounts" not in desk.text


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_hostile_names_are_only_text(office: Site, size: Any) -> None:
    set_columns(office, "account", {"name": HOSTILE}, "kind = 'organization' AND id < 5")
    set_columns(office, "account", {"os_login": HOSTILE}, "kind = 'provider'")
    async with at_desk(office, size=size) as desk:
        await desk.press("f3")
        await desk.see("System admin")
        await desk.press("down", "down")
        for keys in ((), ("enter",), ("escape", "delete")):
            await desk.press(*keys)
            await desk.settle()
            for segment in segments(desk):
                assert segment.text.isprintable() or not segment.text
                assert not (segment.style and segment.style.meta.get("@click"))


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "140x40"])
class TestPictures:
    async def _picture(self, office: Site, size: Any, keys: tuple[str, ...]) -> str:
        async with at_desk(office, size=size) as desk:
            await desk.press("f3")
            await desk.see("ana.nunez")
            await desk.press(*keys)
            return desk.text

    async def test_tree(self, office: Site, size: Any, snapshot: Any) -> None:
        assert await self._picture(office, size, ("down",)) == snapshot

    async def test_form(self, office: Site, size: Any, snapshot: Any) -> None:
        assert await self._picture(office, size, ("down", "down", "enter")) == snapshot
