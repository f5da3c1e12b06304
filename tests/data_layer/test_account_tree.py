"""Accounts: who sees, adds, changes and removes which, and what each may be given."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sites import PHONE, Site
from tuiprov.data.account_gates import CANNOT_RESTORE, levels_for
from tuiprov.data.account_tree import AccountSheet, AccountView, what_cannot_be_undone
from tuiprov.data.accounts import Viewer
from tuiprov.data.models import Account
from tuiprov.errors import Conflict, NotAllowed, NotFound, Refused

ACME, PRAXIS, ANNA, BEN = "Acme Ltd", "Praxis", "anna", "ben"


@pytest.fixture
def tree(site: Site) -> Site:
    """One provider, two organizations with a user and an extension each."""
    site.add("0027*001", organization=ACME, user=ANNA)
    site.add("0031*001", organization=PRAXIS, user=BEN)
    return site


def find(site: Site, words: str) -> int:
    return site.store.accounts.find(site.admin, words)


def view(site: Site, words: str, viewer: Viewer | None = None) -> AccountView:
    return site.store.accounts.open(viewer or site.admin, find(site, words))


def change(site: Site, words: str, viewer: Viewer | None = None, **changes: Any) -> AccountView:
    seen_by = viewer or site.admin
    return site.store.accounts.save(seen_by, view(site, words, seen_by), changes)


def reasons(error: pytest.ExceptionInfo[Refused]) -> dict[str, str]:
    return {refusal.field: refusal.reason for refusal in error.value.refusals}


class TestTheTree:
    def names(self, site: Site, viewer: Viewer, words: str = "") -> list[tuple[int, str]]:
        return [(row.depth, row.name) for row in site.store.accounts.rows(viewer, words)]

    def test_the_administrator_sees_all_of_it_in_order(self, tree: Site) -> None:
        assert self.names(tree, tree.admin) == [
            (0, "admin"),
            (1, "Provider"),
            *((2, ACME), (3, ANNA)),
            *((2, PRAXIS), (3, BEN)),
        ]

    @pytest.mark.parametrize(
        ("role", "name", "seen"),
        [
            ("provider", "", ["Provider", ACME, ANNA, PRAXIS, BEN]),
            ("organization", PRAXIS, [PRAXIS, BEN]),
            ("user", ANNA, [ANNA]),
            ("terminal", "", []),
        ],
    )
    def test_an_account_sees_itself_and_what_is_below(
        self, tree: Site, role: Any, name: str, seen: list[str]
    ) -> None:
        viewer = tree.viewer(role, "modify", name=name)
        assert [name for _, name in self.names(tree, viewer)] == seen

    def test_words_keep_what_matches_and_what_is_above_it(self, tree: Site) -> None:
        assert [n for _, n in self.names(tree, tree.admin, "BEN")] == [
            *("admin", "Provider", PRAXIS, BEN)
        ]

    def test_extensions_are_counted_upwards(self, tree: Site) -> None:
        counts = {row.name: row.extensions for row in tree.store.accounts.rows(tree.admin)}
        assert (counts["Provider"], counts[PRAXIS], counts[BEN]) == (2, 1, 1)

    def test_with_none_one_does_not_see_the_childrens_level(self, tree: Site) -> None:
        tree.viewer("user", "modify", name=BEN)
        blind = tree.viewer("organization", "none", name=PRAXIS)
        assert [row.level for row in tree.store.accounts.rows(blind)] == ["none", ""]
        seeing = tree.viewer("organization", "view", name=PRAXIS)
        assert [row.level for row in tree.store.accounts.rows(seeing)] == ["view", "modify"]

    def test_only_the_administrator_sees_logins(self, tree: Site) -> None:
        change(tree, PRAXIS, os_login="praxis")
        provider = tree.viewer("provider", "modify")
        assert [r.os_login for r in tree.store.accounts.rows(provider) if r.os_login] == []
        assert "praxis" in [row.os_login for row in tree.store.accounts.rows(tree.admin)]

    @pytest.mark.parametrize("words", ["admin", "Provider", ACME])
    def test_what_is_above_or_beside_is_not_found(self, tree: Site, words: str) -> None:
        viewer = tree.viewer("organization", "modify", name=PRAXIS)
        with pytest.raises(NotFound):
            view(tree, words, viewer)
        with pytest.raises(NotFound):
            tree.store.accounts.remove(viewer, find(tree, words))

    def test_a_name_that_stands_for_several_is_asked_about(self, tree: Site) -> None:
        tree.store.accounts.add(tree.admin, find(tree, PRAXIS), {"name": PRAXIS})
        with pytest.raises(NotFound, match=f"say organization:{PRAXIS} or user:{PRAXIS}"):
            find(tree, PRAXIS)
        assert find(tree, f"user:{PRAXIS}") != find(tree, f"organization:{PRAXIS}")


class TestLevels:
    """*Allow to provision devices*, as an editor of children's levels (§3.2)."""

    def test_a_new_account_starts_at_none(self, tree: Site) -> None:
        added = tree.store.accounts.add(tree.admin, find(tree, "Provider"), {"name": "Neu"})
        values = tree.store.accounts.open(tree.admin, added).values
        assert values["provision_permission"] == "none"
        assert (values["sip_management"], values["sip_trunking_management"]) == (False, False)

    @pytest.mark.parametrize("words", ["Provider", ACME, ANNA])
    @pytest.mark.parametrize("level", ["none", "view", "modify"])
    def test_the_administrator_sets_any_level_anywhere(
        self, tree: Site, words: str, level: str
    ) -> None:
        after = change(tree, words, provision_permission=level)
        assert after.values["provision_permission"] == level

    @pytest.mark.parametrize(("role", "child"), [("provider", PRAXIS), ("organization", BEN)])
    def test_modify_sets_its_childrens_to_any(self, tree: Site, role: Any, child: str) -> None:
        parent = tree.viewer(role, "modify", name="" if role == "provider" else PRAXIS)
        for level in ("modify", "none", "view", "modify"):
            after = change(tree, child, parent, provision_permission=level)
            assert after.values["provision_permission"] == level

    @pytest.mark.parametrize(("role", "child"), [("provider", PRAXIS), ("organization", BEN)])
    def test_view_lowers_modify_and_cannot_restore_it(
        self, tree: Site, role: Any, child: str
    ) -> None:
        change(tree, child, provision_permission="modify")
        parent = tree.viewer(role, "view", name="" if role == "provider" else PRAXIS)
        change(tree, child, parent, provision_permission="view")
        with pytest.raises(Refused) as refused:
            change(tree, child, parent, provision_permission="modify")
        assert reasons(refused) == {
            "provision_permission": "your own account has not Modify: you may lower a level, "
            "not raise it"
        }
        change(tree, child, parent, provision_permission="none")
        assert change(tree, child, parent, provision_permission="view")

    def test_none_sets_nothing(self, tree: Site) -> None:
        parent = tree.viewer("organization", "none", name=PRAXIS)
        with pytest.raises(Refused):
            change(tree, BEN, parent, provision_permission="view")

    def test_a_level_is_set_by_the_parent_only(self, tree: Site) -> None:
        provider = tree.viewer("provider", "modify")
        with pytest.raises(Refused) as refused:
            change(tree, BEN, provider, provision_permission="view")
        assert reasons(refused)["provision_permission"] == ("set by the account directly above it")

    def test_nobody_sets_the_own_level(self, tree: Site) -> None:
        provider = tree.viewer("provider", "view")
        with pytest.raises(Refused):
            change(tree, "Provider", provider, provision_permission="modify")

    def test_a_child_may_hold_more_than_its_parent(self, tree: Site) -> None:
        change(tree, PRAXIS, provision_permission="modify")
        tree.viewer("provider", "view")
        assert view(tree, PRAXIS).values["provision_permission"] == "modify"

    def test_levels_that_may_not_be_set_are_not_offered(self, tree: Site) -> None:
        editor = tree.viewer("provider", "view")
        assert [value for value, _ in levels_for("child", "none", editor)] == ["none", "view"]
        assert [v for v, _ in levels_for("child", "modify", editor)] == ["none", "view", "modify"]


class TestSipPermissions:
    def test_trunking_needs_sip_management(self, tree: Site) -> None:
        with pytest.raises(Refused) as refused:
            change(tree, PRAXIS, sip_trunking_management=True)
        assert reasons(refused) == {
            "sip_trunking_management": "needs Phone extension SIP management"
        }

    def test_trunking_goes_with_sip_management_and_does_not_come_back(self, tree: Site) -> None:
        change(tree, PRAXIS, sip_management=True, sip_trunking_management=True)
        assert not change(tree, PRAXIS, sip_management=False).values["sip_trunking_management"]
        assert not change(tree, PRAXIS, sip_management=True).values["sip_trunking_management"]

    def test_a_parent_gives_what_it_has(self, tree: Site) -> None:
        without = tree.viewer("provider", "modify")
        with pytest.raises(Refused) as refused:
            change(tree, PRAXIS, without, sip_management=True)
        assert "your own account has not" in reasons(refused)["sip_management"]
        having = tree.viewer("provider", "none", sip=True, trunking=True)
        after = change(tree, PRAXIS, having, sip_management=True, sip_trunking_management=True)
        assert after.values["sip_trunking_management"] is True


class TestTheForm:
    def sheet(self, site: Site, words: str, viewer: Viewer) -> AccountSheet:
        return AccountSheet(view(site, words, viewer), viewer)

    def test_lowering_what_cannot_be_given_back_warns_while_one_types(self, tree: Site) -> None:
        change(tree, PRAXIS, provision_permission="modify")
        sheet = self.sheet(tree, PRAXIS, tree.viewer("provider", "view"))
        assert sheet.warnings == {}
        sheet.edit("provision_permission", "view")
        assert sheet.warnings == {"provision_permission": CANNOT_RESTORE}
        assert what_cannot_be_undone(sheet) == [CANNOT_RESTORE]
        sheet.edit("provision_permission", "modify")
        assert what_cannot_be_undone(sheet) == []

    def test_who_can_restore_it_is_not_warned(self, tree: Site) -> None:
        change(tree, PRAXIS, provision_permission="modify")
        sheet = self.sheet(tree, PRAXIS, tree.viewer("provider", "modify"))
        sheet.edit("provision_permission", "none")
        assert what_cannot_be_undone(sheet) == []

    def test_switching_sip_management_off_says_what_goes_with_it(self, tree: Site) -> None:
        change(tree, PRAXIS, sip_management=True, sip_trunking_management=True)
        sheet = self.sheet(tree, PRAXIS, tree.admin)
        sheet.edit("sip_management", "no")
        assert sheet.texts["sip_trunking_management"] == "no"
        assert [words.startswith("SIP trunking") for words in what_cannot_be_undone(sheet)] == [
            True
        ]

    def test_closed_fields_say_why(self, tree: Site) -> None:
        sheet = self.sheet(tree, "Provider", tree.viewer("provider", "view"))
        gates = {name: sheet.gate(name) for name in sheet.fields}
        assert gates["provision_permission"].reason == "set by the account above"
        assert gates["name"].reason == "set by the account above"
        assert gates["os_login"].state == "hidden"
        assert gates["provision_after_adding"].is_open


class TestAddingAndRemoving:
    @pytest.mark.parametrize(
        ("role", "parent"),
        [("provider", "Provider"), ("provider", PRAXIS), ("organization", PRAXIS)],
    )
    def test_who_is_above_adds_below(self, tree: Site, role: Any, parent: str) -> None:
        viewer = tree.viewer(role, "none", name="" if role == "provider" else PRAXIS)
        added = tree.store.accounts.add(viewer, find(tree, parent), {"name": "Neu"})
        assert tree.store.accounts.open(viewer, added).values["name"] == "Neu"

    def test_a_user_adds_nothing(self, tree: Site) -> None:
        viewer = tree.viewer("user", "modify", name=BEN)
        with pytest.raises((Refused, NotAllowed)):
            tree.store.accounts.add(viewer, find(tree, BEN), {"name": "Neu"})

    def test_names_are_unique_below_one_parent(self, tree: Site) -> None:
        with pytest.raises(Refused) as refused:
            tree.store.accounts.add(tree.admin, find(tree, "Provider"), {"name": ACME})
        assert reasons(refused) == {"name": "there is another organization of this name here"}
        assert tree.store.accounts.add(tree.admin, find(tree, ACME), {"name": BEN})

    def test_a_name_is_needed(self, tree: Site) -> None:
        with pytest.raises(Refused) as refused:
            change(tree, PRAXIS, name="")
        assert reasons(refused) == {"name": "is missing"}

    def test_a_login_is_one_accounts_and_the_administrators_to_give(self, tree: Site) -> None:
        change(tree, PRAXIS, os_login="max")
        with pytest.raises(Refused) as refused:
            change(tree, ACME, os_login="max")
        assert reasons(refused) == {"os_login": f"max is the login of {PRAXIS}"}
        with pytest.raises(Refused):
            change(tree, PRAXIS, tree.viewer("provider", "modify"), os_login="root")

    @pytest.mark.parametrize(
        ("words", "held"),
        [
            (PRAXIS, "Praxis still has 1 account"),
            (BEN, "ben still has 1 extension"),
            ("admin", "the system administrator cannot be removed"),
        ],
    )
    def test_what_something_hangs_on_stays(self, tree: Site, words: str, held: str) -> None:
        with pytest.raises(Refused, match=held):
            tree.store.accounts.remove(tree.admin, find(tree, words))

    def test_an_owner_of_devices_stays(self, tree: Site) -> None:
        viewer = tree.viewer("user", "modify", sip=True, name=BEN)
        tree.save("0031*001", viewer, **PHONE)
        with pytest.raises(Refused, match="1 extension, 1 device"):
            tree.store.accounts.remove(tree.admin, find(tree, BEN))

    def test_an_empty_account_goes(self, tree: Site) -> None:
        added = tree.store.accounts.add(tree.admin, find(tree, PRAXIS), {"name": "Neu"})
        assert tree.store.accounts.remove(tree.admin, added) == "Neu"
        assert "Neu" not in [account.name for account in tree.rows(Account)]

    def test_a_second_editor_is_told(self, tree: Site) -> None:
        seen = view(tree, PRAXIS)
        change(tree, PRAXIS, provision_permission="view")
        with pytest.raises(Conflict):
            tree.store.accounts.save(tree.admin, seen, {"provision_permission": "modify"})
