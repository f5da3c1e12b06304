"""Accounts: who sees, adds, changes and removes which, and what each may be given."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

from tests.sites import PHONE, Site
from tuiprov.data.accounts.fields import ACCOUNT_FIELDS
from tuiprov.data.accounts.sheet import AccountView
from tuiprov.data.accounts.viewers import Viewer, viewer_for
from tuiprov.data.kept import Event
from tuiprov.data.models import Account
from tuiprov.data.templates.tables import Template
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
        ],
    )
    def test_an_account_sees_itself_and_what_is_below(
        self, tree: Site, role: Any, name: str, seen: list[str]
    ) -> None:
        viewer = tree.viewer(role, "modify", name=name)
        assert [name for _, name in self.names(tree, viewer)] == seen

    def test_a_phone_terminal_sees_no_accounts(self, tree: Site) -> None:
        terminal = tree.viewer("terminal", "modify", sip=True)
        for ask in (
            lambda: tree.store.accounts.rows(terminal),
            lambda: tree.store.accounts.find(terminal, ANNA),
            lambda: view(tree, ANNA, terminal),
            lambda: change(tree, ANNA, terminal, provision_after_adding=True),
            lambda: tree.store.accounts.fresh(terminal, find(tree, ACME)),
            lambda: tree.store.accounts.add(terminal, find(tree, ACME), {"name": "x"}),
            lambda: tree.store.accounts.remove(terminal, find(tree, ANNA)),
        ):
            with pytest.raises(NotAllowed, match="may not do this"):
                ask()

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
        change(tree, PRAXIS, os_login="zoe")
        provider = tree.viewer("provider", "modify")
        assert {row.os_login for row in tree.store.accounts.rows(provider)} == {""}
        assert view(tree, PRAXIS, provider).values["os_login"] == ""
        assert self.names(tree, provider, "zoe") == []
        assert [name for _, name in self.names(tree, tree.admin, "zoe")][-1] == PRAXIS

    def test_a_level_that_is_not_seen_is_not_read_either(self, tree: Site) -> None:
        change(tree, BEN, provision_permission="modify")
        blind = tree.viewer("organization", "none", name=PRAXIS)
        assert view(tree, BEN, blind).values["provision_permission"] == "none"
        tree.viewer("organization", "view", name=PRAXIS)
        assert view(tree, BEN, blind).values["provision_permission"] == "modify"

    def test_the_names_beside_ones_own_are_not_told(self, tree: Site) -> None:
        own = tree.viewer("organization", "modify", name=PRAXIS)
        assert view(tree, PRAXIS, own).siblings == frozenset()
        assert view(tree, PRAXIS, own).parent_name == ""
        assert view(tree, PRAXIS, tree.viewer("provider")).siblings == {ACME}

    def test_a_list_asks_the_database_as_often_for_many_as_for_few(self, tree: Site) -> None:
        asked: list[str] = []

        def count(_1: Any, _2: Any, statement: str, *_: Any) -> None:
            asked.append(statement)

        event.listen(tree.database._engine, "before_cursor_execute", count)
        tree.store.accounts.rows(tree.admin)
        few, asked[:] = len(asked), []
        with tree.database.write() as session:
            session.add_all(
                Account(kind="user", name=f"u{n}", parent_id=find(tree, ACME)) for n in range(40)
            )
        asked.clear()
        assert len(tree.store.accounts.rows(tree.admin)) == 46
        assert len(asked) == few

    @pytest.mark.parametrize("words", ["admin", "Provider", ACME])
    def test_what_is_above_or_beside_is_not_found(self, tree: Site, words: str) -> None:
        viewer = tree.viewer("organization", "modify", name=PRAXIS)
        with pytest.raises(NotFound):
            view(tree, words, viewer)
        with pytest.raises(NotFound):
            tree.store.accounts.remove(viewer, find(tree, words))


class TestNaming:
    """How the command line names an account."""

    def test_a_name_that_stands_for_several_is_asked_about(self, tree: Site) -> None:
        tree.store.accounts.add(tree.admin, find(tree, PRAXIS), {"name": PRAXIS})
        with pytest.raises(NotFound, match=f"say organization:{PRAXIS} or user:{PRAXIS}"):
            find(tree, PRAXIS)
        assert find(tree, f"user:{PRAXIS}") != find(tree, f"organization:{PRAXIS}")

    def test_accounts_of_one_kind_are_told_apart_by_their_parents(self, tree: Site) -> None:
        added = tree.store.accounts.add(tree.admin, find(tree, ACME), {"name": BEN})
        with pytest.raises(NotFound) as refused:
            find(tree, BEN)
        assert str(refused.value) == (
            f"2 accounts are named {BEN!r}: say Provider/{ACME}/{BEN} or Provider/{PRAXIS}/{BEN}"
        )
        for words in (f"{ACME}/{BEN}", f"Provider/{ACME}/{BEN}", f"user:{ACME}/{BEN}"):
            assert find(tree, words) == added

    def test_of_many_not_all_are_named(self, tree: Site) -> None:
        for number in range(9):
            tree.store.accounts.add(tree.admin, find(tree, "Provider"), {"name": f"o{number}"})
            tree.store.accounts.add(tree.admin, find(tree, f"o{number}"), {"name": "sales"})
        with pytest.raises(NotFound, match=r"o4/sales or another of 9$"):
            find(tree, "sales")

    @pytest.mark.parametrize("words", ["", ":", "/", "user:", "user:nobody", f"{ACME}/", "en"])
    def test_what_is_no_name_finds_nothing(self, tree: Site, words: str) -> None:
        with pytest.raises(NotFound, match=f"there is no account '{words}'"):
            find(tree, words)

    def test_a_name_that_looks_like_a_kind_is_found_too(self, tree: Site) -> None:
        added = tree.store.accounts.add(tree.admin, find(tree, ACME), {"name": "user:x"})
        assert find(tree, "user:x") == added

    def test_only_what_is_within_reach_is_found(self, tree: Site) -> None:
        own = tree.viewer("organization", "modify", name=PRAXIS)
        with pytest.raises(NotFound):
            tree.store.accounts.find(own, ACME)


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
    @pytest.mark.parametrize("stored", ["none", "view", "modify"])
    @pytest.mark.parametrize(
        ("own", "wanted", "allowed"),
        [
            *(("modify", level, True) for level in ("none", "view", "modify")),
            *(("view", level, True) for level in ("none", "view")),
            ("view", "modify", False),
            *(("none", level, False) for level in ("none", "view", "modify")),
        ],
    )
    def test_a_parent_sets_its_childrens_as_the_table_says(
        self, tree: Site, role: Any, child: str, stored: str, own: Any, wanted: str, allowed: bool
    ) -> None:
        change(tree, child, provision_permission=stored)
        parent = tree.viewer(role, own, name="" if role == "provider" else PRAXIS)
        if allowed or (own == "view" and stored == wanted):  # what it has it may keep
            change(tree, child, parent, provision_permission=wanted)
        else:
            with pytest.raises(Refused):
                change(tree, child, parent, provision_permission=wanted)
        is_stored = allowed or stored == wanted
        assert self.level(tree, child) == (wanted if is_stored else stored)

    def level(self, site: Site, words: str) -> Any:
        return view(site, words).values["provision_permission"]

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

    def test_none_sets_nothing_and_is_told_why(self, tree: Site) -> None:
        parent = tree.viewer("organization", "none", name=PRAXIS)
        with pytest.raises(Refused) as refused:
            change(tree, BEN, parent, provision_permission="view")
        assert reasons(refused) == {
            "provision_permission": "your own account may not provision devices"
        }

    def test_a_level_is_set_by_the_parent_only(self, tree: Site) -> None:
        provider = tree.viewer("provider", "modify")
        with pytest.raises(Refused) as refused:
            change(tree, BEN, provider, provision_permission="view")
        assert reasons(refused)["provision_permission"] == ("set by the account directly above it")

    @pytest.mark.parametrize(
        ("role", "name"), [("provider", "Provider"), ("organization", PRAXIS), ("user", BEN)]
    )
    def test_nobody_sets_the_own_level(self, tree: Site, role: Any, name: str) -> None:
        own = tree.viewer(role, "modify", name=name)
        for level in ("none", "view"):
            with pytest.raises(Refused) as refused:
                change(tree, name, own, provision_permission=level)
            assert set(reasons(refused)) == {"provision_permission"}

    def test_the_administrators_own_permissions_are_fixed(self, tree: Site) -> None:
        seen = view(tree, "admin")
        assert seen.values["provision_permission"] == "modify"
        assert seen.values["sip_trunking_management"] is True
        with pytest.raises(Refused, match="may do everything"):
            change(tree, "admin", provision_permission="none", sip_management=False)

    def test_a_child_may_hold_more_than_its_parent(self, tree: Site) -> None:
        change(tree, PRAXIS, provision_permission="modify")
        change(tree, "Provider", provision_permission="view")
        assert self.level(tree, PRAXIS) == "modify"
        with tree.database.read() as session:
            account = session.get_one(Account, find(tree, PRAXIS))
            assert viewer_for(account).provision == "modify"

    def test_a_level_that_was_taken_away_is_gone_in_an_open_session(self, tree: Site) -> None:
        provider = tree.viewer("provider", "modify")
        seen = view(tree, PRAXIS, provider)
        change(tree, "Provider", provision_permission="view")
        with pytest.raises(Refused, match="has not Modify"):
            tree.store.accounts.save(provider, seen, {"provision_permission": "modify"})


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

    def test_who_may_not_give_trunking_may_still_switch_off_what_takes_it_along(
        self, tree: Site
    ) -> None:
        change(tree, PRAXIS, sip_management=True, sip_trunking_management=True)
        provider = tree.viewer("provider", sip=True)
        with pytest.raises(Refused, match="has not SIP trunking management"):
            change(tree, PRAXIS, provider, sip_trunking_management=False)
        for changes in ({}, {"sip_trunking_management": False}):  # the form names it, too
            change(tree, PRAXIS, sip_management=True, sip_trunking_management=True)
            after = change(tree, PRAXIS, provider, sip_management=False, **changes).values
            assert (after["sip_management"], after["sip_trunking_management"]) == (False, False)

    def test_trunking_that_a_strangers_hand_has_left_does_not_come_back(self, tree: Site) -> None:
        with tree.database.write() as session:
            session.get_one(Account, find(tree, PRAXIS)).sip_trunking_management = True
        change(tree, PRAXIS, name="Praxis 2")
        assert not change(tree, "Praxis 2", sip_management=True).values["sip_trunking_management"]

    def test_a_parent_gives_what_it_has(self, tree: Site) -> None:
        without = tree.viewer("provider", "modify")
        with pytest.raises(Refused) as refused:
            change(tree, PRAXIS, without, sip_management=True)
        assert "your own account has not" in reasons(refused)["sip_management"]
        having = tree.viewer("provider", "none", sip=True, trunking=True)
        after = change(tree, PRAXIS, having, sip_management=True, sip_trunking_management=True)
        assert after.values["sip_trunking_management"] is True


class TestAddingAndRemoving:
    @pytest.mark.parametrize(
        ("role", "parent"),
        [("provider", "Provider"), ("provider", PRAXIS), ("organization", PRAXIS)],
    )
    def test_who_is_above_adds_below(self, tree: Site, role: Any, parent: str) -> None:
        viewer = tree.viewer(role, "none", name="" if role == "provider" else PRAXIS)
        added = tree.store.accounts.add(viewer, find(tree, parent), {"name": "Neu"})
        assert tree.store.accounts.open(viewer, added).values["name"] == "Neu"

    def test_only_the_administrator_adds_providers(self, tree: Site) -> None:
        added = tree.store.accounts.add(tree.admin, find(tree, "admin"), {"name": "Second"})
        assert view(tree, "Second").kind == "provider"
        assert tree.store.accounts.add(tree.admin, added, {"name": "Its organization"})
        with pytest.raises(NotFound):
            tree.store.accounts.add(tree.viewer("provider"), find(tree, "admin"), {"name": "Third"})

    def test_a_level_is_given_at_once_by_who_may_set_it(self, tree: Site) -> None:
        provider = tree.viewer("provider", "modify", sip=True)
        given = {"provision_permission": "modify", "sip_management": True}
        tree.store.accounts.add(provider, find(tree, "Provider"), {"name": "Neu", **given})
        assert view(tree, "Neu").values.items() >= given.items()
        with pytest.raises(Refused) as refused:
            tree.store.accounts.add(provider, find(tree, PRAXIS), {"name": "x", **given})
        assert set(reasons(refused).values()) == {"set by the account directly above it"}

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

    def test_of_several_logins_each_is_one_accounts(self, tree: Site) -> None:
        change(tree, PRAXIS, os_login="max anna")
        change(tree, ACME, os_login="ann max.b")
        for logins, reason in (
            ("eve anna", f"anna is the login of {PRAXIS}"),
            ("eve eve", "eve is named twice"),
        ):
            with pytest.raises(Refused) as refused:
                change(tree, ACME, os_login=logins)
            assert reasons(refused) == {"os_login": reason}

    @pytest.mark.parametrize("text", ["eve,max", "eve  max", "-eve", f"eve {'m' * 33}"])
    def test_a_login_is_a_name_that_a_host_may_have(self, text: str) -> None:
        login = ACCOUNT_FIELDS["os_login"]
        assert login.parse("eve max.b _c-d") == "eve max.b _c-d"
        with pytest.raises(ValueError, match="must be login names of letters, digits"):
            login.parse(text)

    @pytest.mark.parametrize(
        ("words", "held"),
        [
            ("Provider", "Provider still has 2 organizations"),
            (PRAXIS, "Praxis still has 1 user"),
            (BEN, "ben still has 1 extension"),
            ("admin", "the system administrator cannot be removed"),
        ],
    )
    def test_what_something_hangs_on_stays(self, tree: Site, words: str, held: str) -> None:
        with pytest.raises(Refused) as refused:
            tree.store.accounts.remove(tree.admin, find(tree, words))
        assert str(refused.value) == held

    def test_devices_and_templates_hold_their_owner(self, tree: Site) -> None:
        viewer = tree.viewer("user", "modify", sip=True, name=BEN)
        tree.save("0031*001", viewer, **PHONE)
        with tree.database.write() as session:
            session.add(Template(owner_id=find(tree, BEN), name="t", manufacturer="Snom"))
        with pytest.raises(Refused) as refused:
            tree.store.accounts.remove(tree.admin, find(tree, BEN))
        assert str(refused.value) == "ben still has 1 extension, 1 device, 1 template"

    @pytest.mark.parametrize(
        ("role", "name"), [("provider", "Provider"), ("organization", PRAXIS), ("user", BEN)]
    )
    def test_nobody_removes_oneself(self, tree: Site, role: Any, name: str) -> None:
        with pytest.raises(NotAllowed):
            tree.store.accounts.remove(tree.viewer(role, "modify", name=name), find(tree, name))

    def test_an_empty_account_goes(self, tree: Site) -> None:
        added = tree.store.accounts.add(tree.admin, find(tree, PRAXIS), {"name": "Neu"})
        assert tree.store.accounts.remove(tree.admin, added) == "Neu"
        assert "Neu" not in [account.name for account in tree.rows(Account)]

    def test_a_second_editor_is_told(self, tree: Site) -> None:
        seen = view(tree, PRAXIS)
        change(tree, PRAXIS, provision_permission="view")
        with pytest.raises(Conflict):
            tree.store.accounts.save(tree.admin, seen, {"provision_permission": "modify"})

    def test_what_was_done_is_written_down_by_name_and_field(self, tree: Site) -> None:
        added = tree.store.accounts.add(tree.admin, find(tree, PRAXIS), {"name": "Neu"})
        change(tree, "Neu", os_login="neu")
        tree.store.accounts.remove(tree.admin, added)
        written = [(e.action, e.subject, e.detail) for e in tree.rows(Event)][-3:]
        assert written == [
            ("add account", "user Neu", ""),
            ("account", "user Neu", "os_login"),
            ("remove account", "user Neu", ""),
        ]

    def test_what_changes_nothing_is_not_written_down(self, tree: Site) -> None:
        before = len(tree.rows(Event))
        change(tree, PRAXIS, name=PRAXIS)
        assert len(tree.rows(Event)) == before
