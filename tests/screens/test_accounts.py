"""The accounts area: the tree, the form of an account, what is asked before it is lost."""

from __future__ import annotations

from typing import Any, cast

import pytest

from tests.screens.desk import NARROW, WIDE, Desk, at_desk
from tests.screens.office import set_columns
from tests.screens.test_hostile import HOSTILE, segments
from tests.sites import Site
from tuiprov.data.accounts.gates import CANNOT_RESTORE, TAKES_TRUNKING_ALONG
from tuiprov.data.models import Account
from tuiprov.screens.accounts import AccountsScreen


def level(site: Site, name: str) -> str:
    return next(a.provision_permission for a in site.rows(Account) if a.name == name)


async def go(desk: Desk, name: str) -> None:
    """To the accounts, with the cursor on the last one that is found by this name."""
    await desk.press("f3")
    await desk.see("Accounts", "Devices" if desk.app.size.width < 110 else "Provision devices")
    await desk.type(name)
    screen = cast(AccountsScreen, desk.app.screen)
    await desk.until(lambda: screen.chosen is not None)
    await desk.press("end")
    assert any(line[0] == "›" and name in line for line in desk.part("table").splitlines() if line)


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


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_logins_are_a_column_of_the_administrators_list_only(office: Site, size: Any) -> None:
    set_columns(office, "account", {"os_login": "a.nunez"}, "name = 'ana.nunez'")
    async with at_desk(office, size=size) as desk:
        await desk.press("f3")
        await desk.see("ana.nunez")
        assert "a.nunez" in desk.text.replace("ana.nunez", "")
        assert "Login" in desk.text
    async with at_desk(office, office.viewer("provider", "modify"), size=size) as desk:
        await desk.press("f3")
        await desk.see("ana.nunez")
        assert "a.nunez" not in desk.text.replace("ana.nunez", "")
        assert "Login" not in desk.text


ALL, LOWER = ("None", "View", "Modify"), ("None", "View")


@pytest.mark.parametrize(
    ("role", "own", "child", "offered"),
    [
        ("system", "modify", "Provider", ALL),
        ("system", "modify", "Acme Ltd", ALL),
        ("system", "modify", "board", ALL),
        ("provider", "modify", "Acme Ltd", ALL),
        ("provider", "view", "Acme Ltd", LOWER),
        ("organization", "modify", "board", ALL),
        ("organization", "view", "board", LOWER),
    ],
)
async def test_a_level_is_set_by_keys_to_what_the_editor_may_give(
    office: Site, role: Any, own: Any, child: str, offered: tuple[str, ...]
) -> None:
    name = {"organization": "Acme Ltd"}.get(role, "")
    async with at_desk(office, office.viewer(role, own, name=name)) as desk:
        await go(desk, child)
        await desk.press("enter")
        await desk.field("Allow to provision devices")
        seen = []
        for _ in range(4):
            seen.append(desk.row("Allow to provision devices").removesuffix("▾").strip())
            await desk.press("right")
        assert seen[: len(offered)] == list(offered)
        assert seen[len(offered)] == "None"  # and round again
        await desk.pick("Allow to provision devices", offered[-1])
        await desk.press("f2")
        await desk.see("Saved.")
        assert level(office, child) == offered[-1].lower()


@pytest.mark.parametrize(
    ("role", "own", "child", "shown"),
    [
        ("provider", "modify", "board", "set by the account directly above it"),
        ("provider", "none", "Acme Ltd", None),
        ("organization", "none", "board", None),
        ("provider", "modify", "Provider", "set by the account above"),
        ("organization", "modify", "Acme Ltd", "set by the account above"),
        ("user", "modify", "board", "User board may not do this"),
    ],
)
async def test_a_level_that_one_may_not_set_says_why_or_is_not_shown(
    office: Site, role: Any, own: Any, child: str, shown: str | None
) -> None:
    name = {"organization": "Acme Ltd", "user": "board"}.get(role, "")
    async with at_desk(office, office.viewer(role, own, name=name), size=NARROW) as desk:
        await go(desk, child)
        if child == "Provider":
            await desk.press("home")
        await desk.press("enter")
        await desk.see("Phone extension SIP management")
        if shown is None:
            assert "Allow to provision devices" not in desk.text
            return
        await desk.field("Allow to provision devices")
        await desk.press("enter", "up", "right")
        assert shown in desk.under("Allow to provision devices")
        await desk.press("f2")
        await desk.see("Nothing to save")


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
        assert TAKES_TRUNKING_ALONG in desk.under("Phone extension SIP management")
        assert "needs Phone extension SIP management" in desk.row("SIP trunking management")
        await desk.press("f2")
        await desk.see("This cannot be undone", TAKES_TRUNKING_ALONG)
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


async def test_provider_organization_and_user_are_added_one_below_the_other(office: Site) -> None:
    async with at_desk(office) as desk:
        parent = "admin"
        for kind, name in (
            ("service provider", "Second"),
            ("organization", "Harbour"),
            ("user", "olga"),
        ):
            await go(desk, parent)
            await desk.press("ctrl+n")
            await desk.see(f"New {kind}", f"of {parent}")
            await desk.press("f2")
            await desk.see("is missing")
            await desk.type(name)
            await desk.press("f2")
            await desk.see("Saved.")
            await desk.press("ctrl+u", "escape")
            parent = name
        added = {a.name: a for a in office.rows(Account)}
        assert added["olga"].parent_id == added["Harbour"].id
        assert added["Harbour"].parent_id == added["Second"].id
        assert [added[name].kind for name in ("Second", "Harbour", "olga")] == [
            *("provider", "organization", "user")
        ]
        assert {added[name].provision_permission for name in ("Second", "olga")} == {"none"}


async def test_below_a_user_nothing_is_added(office: Site) -> None:
    async with at_desk(office) as desk:
        await go(desk, "board")
        await desk.press("ctrl+n")
        await desk.see("nothing can be added below board")


async def test_a_name_that_is_taken_is_said_while_one_types(office: Site) -> None:
    async with at_desk(office) as desk:
        await go(desk, "Praxis")
        await desk.press("ctrl+n")
        await desk.see("New user")
        await desk.type("branch")
        assert "there is another user of this name here" in desk.under("Name")


async def test_removing_says_what_still_hangs_on_it(office: Site) -> None:
    async with at_desk(office) as desk:
        await go(desk, "board")
        await desk.press("delete")
        await desk.see("Remove board?")
        await desk.press("y")
        await desk.see("board still has 1 extension")
        assert any(account.name == "board" for account in office.rows(Account))


async def test_an_empty_account_is_removed_after_the_question(office: Site) -> None:
    praxis = office.store.accounts.find(office.admin, "Praxis Müller")
    office.store.accounts.add(office.admin, praxis, {"name": "leaving"})
    async with at_desk(office) as desk:
        await go(desk, "leaving")
        for key, stays in (("escape", True), ("y", False)):
            await desk.press("delete")
            await desk.see("Remove leaving?")
            await desk.press(key)
            await desk.until(lambda: "Remove leaving?" not in desk.text)
            names = {account.name for account in office.rows(Account)}
            assert ("leaving" in names) is stays
        await desk.see("No account matches.")


async def test_a_second_editor_is_told_and_keeps_what_is_typed(office: Site) -> None:
    async with at_desk(office) as desk:
        await go(desk, "Acme")
        await desk.press("enter")
        await desk.pick("Allow to provision devices", "Modify")
        acme = office.store.accounts.find(office.admin, "Acme Ltd")
        seen = office.store.accounts.open(office.admin, acme)
        office.store.accounts.save(office.admin, seen, {"provision_permission": "view"})
        await desk.press("f2")
        await desk.see("Changed by System administrator", "Yours: Modify", "View")
        await desk.press("escape")
        assert "Modify" in desk.row("Allow to provision devices")
        assert level(office, "Acme Ltd") == "view"


async def test_ones_own_account_is_edited_as_far_as_it_is_open(office: Site) -> None:
    async with at_desk(office, office.viewer("provider", "modify")) as desk:
        await go(desk, "Provider")
        await desk.press("home", "enter")
        await desk.see("Always provision after adding")
        await desk.field("Always provision after adding")
        await desk.press("y", "f2")
        await desk.see("Saved.")
        provider = next(a for a in office.rows(Account) if a.kind == "provider")
        assert provider.provision_after_adding


async def test_after_saving_one_looks_with_the_permissions_of_now(office: Site) -> None:
    async with at_desk(office, office.viewer("provider", "modify")) as desk:
        await desk.see("F8 Publish")
        await go(desk, "Acme")
        set_columns(office, "account", {"provision_permission": "view"}, "name = 'Provider'")
        await desk.press("enter")
        await desk.fill("Name", "Acme 2")
        await desk.press("f2")
        await desk.see("Saved.")
        await desk.press("escape", "escape")
        await desk.see("Extensions")
        await desk.until(lambda: "Publish" not in desk.text)
        await desk.press("f3")
        await desk.see("Acme 2")
        await go(desk, "Acme 2")
        await desk.press("enter")
        await desk.field("Allow to provision devices")
        await desk.press("enter")
        await desk.see("type to filter")
        assert "Modify" not in desk.text


@pytest.mark.parametrize("role", ["provider", "organization", "user"])
async def test_forbidden_fields_of_ones_own_account_say_why(office: Site, role: Any) -> None:
    viewer = office.viewer(role, "modify", sip=True, trunking=True)
    async with at_desk(office, viewer, size=NARROW) as desk:
        await desk.press("f3")
        await desk.until(lambda: desk.part("table").count("\n") > 0)
        await desk.press("home", "enter")
        await desk.see("Always provision after adding")
        said = f"{viewer.label} may not do this" if role == "user" else "set by the account above"
        for label in (
            "Allow to provision devices",
            "Phone extension SIP management",
            "SIP trunking management",
        ):
            await desk.field(label)
            assert said in desk.under(label)
        await desk.field("Name")
        assert "set by the account above" in desk.under("Name")
        assert "Login on this host" not in desk.text


async def test_flags_that_the_editor_has_not_itself_say_so(office: Site) -> None:
    async with at_desk(office, office.viewer("provider", "modify"), size=NARROW) as desk:
        await go(desk, "Acme")
        await desk.press("enter")
        await desk.field("Phone extension SIP management")
        await desk.press("y")
        said = desk.under("Phone extension SIP management")
        assert "your own account has not Phone extension SIP management" in said


async def test_a_user_neither_adds_nor_removes(office: Site) -> None:
    async with at_desk(office, office.viewer("user", "modify", name="board")) as desk:
        await desk.press("f3")
        await desk.until(lambda: "board" in desk.part("table"))
        assert "New" not in desk.part("keys")
        assert "Remove" not in desk.part("keys")
        await desk.press("ctrl+n", "delete", "f9")
        assert "Remove board?" not in desk.text
        assert "New user" not in desk.text


async def test_a_phone_terminal_has_no_accounts(office: Site) -> None:
    async with at_desk(office, office.viewer("terminal", "modify")) as desk:
        await desk.press("f3")
        await desk.settle()
        assert "Accounts" not in desk.text


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_hostile_names_are_only_text(office: Site, size: Any) -> None:
    set_columns(
        office,
        "account",
        {"name": HOSTILE},
        "id = (SELECT min(id) FROM account WHERE kind = 'organization')",
    )
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
