"""Which fields of an account are open to whom, what goes along with a change, what is lost."""

from __future__ import annotations

from typing import Any

import pytest

from tuiprov.data.accounts.fields import ACCOUNT_FIELDS
from tuiprov.data.accounts.gates import (
    CANNOT_RESTORE,
    NEEDS_SIP,
    TAKES_TRUNKING_ALONG,
    account_gate,
    cannot_be_undone,
    levels_for,
    taken_along,
)
from tuiprov.data.accounts.sheet import AccountSheet, AccountView
from tuiprov.data.accounts.viewers import Permission, Role, Viewer
from tuiprov.data.fields import Values
from tuiprov.data.models import Account

ON_BOTH = True

ADMIN = Viewer("system", "admin", 1, "modify", True, True)
PLAIN = {name: Account.model_fields[name].default for name in ACCOUNT_FIELDS} | {"name": "Acme"}
FULL = {**PLAIN, "sip_management": True, "sip_trunking_management": True}


def somebody(
    role: Role, level: Permission = "none", *, sip: bool = False, trunking: bool = False
) -> Viewer:
    return Viewer(role, "X", 7, level, sip, trunking)


def gates(relation: str, viewer: Viewer, values: Values = FULL, kind: str = "user") -> Any:
    """Field → "open", "hidden" or why it is closed."""
    found = {name: account_gate(name, kind, relation, values, viewer) for name in ACCOUNT_FIELDS}
    return {
        n: gate.reason if gate.state == "read-only" else gate.state for n, gate in found.items()
    }


class TestFields:
    def test_everything_is_open_to_the_administrator(self) -> None:
        for relation in ("child", "below"):
            assert set(gates(relation, ADMIN).values()) == {"open"}

    def test_the_administrators_own_permissions_are_as_they_are(self) -> None:
        fixed = "the system administrator may do everything"
        assert gates("self", ADMIN, kind="system") == {
            "name": "open",
            "provision_permission": fixed,
            "sip_management": fixed,
            "sip_trunking_management": fixed,
            "os_login": "open",
            "provision_after_adding": "open",
        }

    @pytest.mark.parametrize("role", ["provider", "organization"])
    def test_what_a_parent_that_may_everything_sets(self, role: Role) -> None:
        viewer = somebody(role, "modify", sip=True, trunking=True)
        expected = dict.fromkeys(ACCOUNT_FIELDS, "open") | {"os_login": "hidden"}
        assert gates("child", viewer) == expected

    @pytest.mark.parametrize("role", ["provider", "organization"])
    def test_a_parent_that_may_nothing_is_told_why(self, role: Role) -> None:
        assert gates("child", somebody(role)) == {
            "name": "open",
            "provision_permission": "hidden",
            "sip_management": "your own account has not Phone extension SIP management",
            "sip_trunking_management": "your own account has not SIP trunking management",
            "os_login": "hidden",
            "provision_after_adding": "open",
        }

    def test_permissions_further_down_are_set_by_who_is_between(self) -> None:
        between = "set by the account directly above it"
        assert gates("below", somebody("provider", "modify", sip=True, trunking=True)) == {
            "name": "open",
            "provision_permission": between,
            "sip_management": between,
            "sip_trunking_management": between,
            "os_login": "hidden",
            "provision_after_adding": "open",
        }

    @pytest.mark.parametrize("role", ["provider", "organization"])
    def test_ones_own_account_is_set_from_above(self, role: Role) -> None:
        above = "set by the account above"
        assert gates("self", somebody(role, "modify", sip=True, trunking=True)) == {
            "name": above,
            "provision_permission": above,
            "sip_management": above,
            "sip_trunking_management": above,
            "os_login": "hidden",
            "provision_after_adding": "open",
        }

    def test_trunking_is_closed_without_sip_management(self) -> None:
        assert gates("child", ADMIN, PLAIN)["sip_trunking_management"] == NEEDS_SIP


class TestLevels:
    @pytest.mark.parametrize(
        ("viewer", "stored", "offered"),
        [
            (ADMIN, "none", ["none", "view", "modify"]),
            (somebody("provider", "modify"), "none", ["none", "view", "modify"]),
            (somebody("provider", "view"), "none", ["none", "view"]),
            (somebody("provider", "view"), "modify", ["none", "view", "modify"]),
            (somebody("organization", "view"), "view", ["none", "view"]),
            (somebody("organization", "none"), "view", ["view"]),
        ],
    )
    def test_only_those_that_may_be_set_are_offered_beside_the_stored_one(
        self, viewer: Viewer, stored: str, offered: list[str]
    ) -> None:
        assert [level for level, _ in levels_for("child", stored, viewer)] == offered


class TestWhatGoesAlong:
    def test_trunking_goes_with_sip_management(self) -> None:
        assert taken_along(FULL) == {}
        assert taken_along(PLAIN) == {"sip_trunking_management": False}

    @pytest.mark.parametrize("role", ["provider", "organization"])
    @pytest.mark.parametrize("wanted", ["none", "view"])
    def test_lowering_modify_cannot_be_undone_at_view(self, role: Role, wanted: str) -> None:
        stored = PLAIN | {"provision_permission": "modify"}
        changed = stored | {"provision_permission": wanted}
        said = {"provision_permission": CANNOT_RESTORE}
        assert cannot_be_undone("child", stored, changed, somebody(role, "view")) == said
        assert cannot_be_undone("child", stored, changed, somebody(role, "modify")) == {}
        assert cannot_be_undone("child", stored, changed, ADMIN) == {}

    def test_lowering_view_can_be_undone(self) -> None:
        stored = PLAIN | {"provision_permission": "view"}
        assert cannot_be_undone("child", stored, PLAIN, somebody("provider", "view")) == {}

    def test_switching_sip_management_off_loses_trunking_for_everybody(self) -> None:
        off = FULL | {"sip_management": False, "sip_trunking_management": False}
        assert cannot_be_undone("child", FULL, off, ADMIN) == {
            "sip_management": TAKES_TRUNKING_ALONG
        }

    def test_switching_sip_management_off_loses_nothing_where_there_is_no_trunking(self) -> None:
        stored = PLAIN | {"sip_management": True}
        assert cannot_be_undone("child", stored, PLAIN, ADMIN) == {}

    def test_the_words_are_these(self) -> None:
        assert CANNOT_RESTORE == (
            "your own account has not Modify: once lowered, you cannot give Modify back"
        )
        assert TAKES_TRUNKING_ALONG == (
            "SIP trunking management goes with Phone extension SIP management and does not come "
            "back with it."
        )


def sheet(values: Values, viewer: Viewer, **options: Any) -> AccountSheet:
    view = AccountView(3, "organization", "child", values, 2, "Provider", 1, **options)
    return AccountSheet(view, viewer)


class TestTheSheet:
    """An account while it is being edited."""

    def test_what_cannot_be_given_back_is_told_while_one_types(self) -> None:
        edited = sheet(PLAIN | {"provision_permission": "modify"}, somebody("provider", "view"))
        assert edited.warnings == {}
        edited.edit("provision_permission", "view")
        assert edited.warnings == {"provision_permission": CANNOT_RESTORE}
        edited.edit("provision_permission", "modify")
        assert edited.warnings == {}

    def test_a_level_that_may_not_be_set_is_an_error_on_its_field(self) -> None:
        edited = sheet(PLAIN, somebody("provider", "view"))
        edited.edit("provision_permission", "modify")
        assert edited.errors == {
            "provision_permission": "your own account has not Modify: you may lower a level, "
            "not raise it"
        }

    def test_trunking_goes_at_once_and_is_told(self) -> None:
        edited = sheet(FULL, ADMIN)
        edited.edit("sip_management", "no")
        assert edited.texts["sip_trunking_management"] == "no"
        assert edited.changes == {"sip_management": False, "sip_trunking_management": False}
        assert edited.warnings == {"sip_management": TAKES_TRUNKING_ALONG}

    def test_switched_on_again_before_saving_nothing_is_lost(self) -> None:
        edited = sheet(FULL, somebody("provider", sip=True))
        edited.edit("sip_management", "no")
        edited.edit("sip_management", "yes")
        assert (edited.changes, edited.warnings) == ({}, {})

    def test_sip_management_alone_brings_no_trunking(self) -> None:
        edited = sheet(PLAIN, ADMIN)
        edited.edit("sip_management", "yes")
        assert edited.changes == {"sip_management": True}

    def test_one_undo_takes_both_back(self) -> None:
        edited = sheet(FULL, ADMIN)
        edited.edit("sip_management", "no")
        assert edited.undo() == "sip_management"
        assert (edited.changes, edited.warnings) == ({}, {})

    @pytest.mark.parametrize(
        ("name", "why"),
        [("", "is missing"), ("Praxis", "there is another organization of this name here")],
    )
    def test_a_name_is_needed_and_its_own_below_the_parent(self, name: str, why: str) -> None:
        edited = sheet(PLAIN, ADMIN, siblings=frozenset({"Praxis"}))
        edited.edit("name", name)
        assert edited.errors == {"name": why}

    def test_a_closed_field_stays_as_it_is(self) -> None:
        edited = sheet(PLAIN, somebody("provider", "modify"))
        edited.edit("sip_management", "yes")
        edited.edit("os_login", "root")
        assert edited.changes == {}
