"""The permission matrix: role × own level × relation × child's level × operation.

`EXPECTED` is written by hand from VoipNow's pages (*Provisioning permission levels*, *SIP Devices*,
*The provisioning process*), apart from the table in the code; both must say the same of every case.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import pytest

from tests.sites import Site
from tuiprov.data.accounts.viewers import Permission, Role, Viewer
from tuiprov.data.permissions import OPERATIONS, may, may_ever, needs, require, why_not
from tuiprov.errors import NotAllowed

ROLES: tuple[Role, ...] = ("system", "provider", "organization", "user", "terminal")
LEVELS: tuple[Permission, ...] = ("none", "view", "modify")
DEVICE = ("own-free", "own-used", "child", "higher-free", "higher-used")
ACCOUNT = ("self", "child", "below")
TEMPLATE = ("own", "child", "higher")

# Columns of a grid: the relation, and after a slash the child's level where it matters.
DEVICE_COLUMNS = (
    "own-free",
    *(f"{word}/{level}" for word in ("own-used", "child") for level in LEVELS),
    "higher-free",
    "higher-used",
)


def grid(columns: tuple[str, ...], text: str) -> dict[tuple[str, str], set[str]]:
    """(role, own level) → the columns marked `+`, from lines `role level + - + …`."""
    allowed = {}
    for line in text.strip().splitlines():
        role, level, *signs = line.split()
        assert len(signs) == len(columns), line
        allowed[role, level] = {
            column for column, sign in zip(columns, signs, strict=True) if sign == "+"
        }
    return allowed


#                     own-  own-used       child          higher-
#                     free  none view mod  none view mod  free used
DEVICES = {
    # View adds in its own context: unassigned, or for a child with Modify; in a child's context
    # only when that child has Modify. (A device of somebody above cannot be added.)
    "devices.add": """
        system       none   + + + + + + + + +
        provider     none   - - - - - - - - -
        provider     view   + - - + - - + - -
        provider     modify + + + + + + + - -
        organization none   - - - - - - - - -
        organization view   + - - + - - + - -
        organization modify + + + + + + + - -
        user         none   - - - - - - - - -
        user         view   - - - - - - - - -
        user         modify + + + + - - - - -
        terminal     modify - - - - - - - - -
    """,
    # Modify edits every listed device. View: the owner's or assignee's own Modify, or own and free.
    "devices.edit": """
        system       none   + + + + + + + + +
        provider     none   - - - - - - - - -
        provider     view   + - - + - - + - -
        provider     modify + + + + + + + + +
        organization none   - - - - - - - - -
        organization view   + - - + - - + - -
        organization modify + + + + + + + + +
        user         none   - - - - - - - - -
        user         view   - - - - - - - - -
        user         modify + + + + - - - - +
        terminal     view   - - - - - - - - -
        terminal     modify - + + + - - - - +
    """,
    "devices.remove": """
        system       none   + + + + + + + + +
        provider     none   - - - - - - - - -
        provider     view   + - - + - - + - -
        provider     modify + + + + + + + + +
        organization none   - - - - - - - - -
        organization view   + - - + - - + - -
        organization modify + + + + + + + + +
        user         none   - - - - - - - - -
        user         view   - - - - - - - - -
        user         modify + + + + - - - - -
        terminal     modify - - - - - - - - -
    """,
    # A device of somebody above, assigned to one's child: only Clear Assignment.
    "devices.clear": """
        system       none   + + + + + + + + +
        provider     none   - - - - - - - - -
        provider     view   - - - + - - + - +
        provider     modify + + + + + + + + +
        organization none   - - - - - - - - -
        organization view   - - - + - - + - +
        organization modify + + + + + + + + +
        user         none   - - - - - - - - -
        user         view   - - - - - - - - -
        user         modify - + + + - - - - +
        terminal     modify - - - - - - - - -
    """,
}

# Whom a device is assigned to: after the slash the level of the user who gets it.
ASSIGN_COLUMNS = tuple(f"{word}/{level}" for word in DEVICE for level in LEVELS)
#                     own-free  own-used  child     h-free    h-used
ASSIGNMENTS = """
    system       none   + + +   + + +     + + +     + + +     + + +
    provider     none   - - -   - - -     - - -     - - -     - - -
    provider     view   - - +   - - +     - - +     - - -     - - -
    provider     modify + + +   + + +     + + +     + + +     + + +
    organization none   - - -   - - -     - - -     - - -     - - -
    organization view   - - +   - - +     - - +     - - -     - - -
    organization modify + + +   + + +     + + +     + + +     + + +
    user         none   - - -   - - -     - - -     - - -     - - -
    user         view   - - -   - - -     - - -     - - -     - - -
    user         modify + + +   + + +     - - -     + + +     + + +
    terminal     modify - - -   - - -     - - -     - - -     - - -
"""
"""Assign only to those with Modify; a user assigns its own extensions."""

LEVEL_COLUMNS = ("self", "child", "below")
ACCOUNTS = {
    # New accounts start at None; a level is set by the parent, by the administrator everywhere.
    "accounts.set_none": """
        system       none   + + +
        provider     none   - - -
        provider     view   - + -
        provider     modify - + -
        organization none   - - -
        organization view   - + -
        organization modify - + -
        user         modify - - -
        terminal     modify - - -
    """,
    "accounts.set_view": """
        system       none   + + +
        provider     none   - - -
        provider     view   - + -
        provider     modify - + -
        organization none   - - -
        organization view   - + -
        organization modify - + -
        user         modify - - -
        terminal     modify - - -
    """,
    # View may lower a child's Modify to View, but cannot restore it.
    "accounts.set_modify": """
        system       none   + + +
        provider     none   - - -
        provider     view   - - -
        provider     modify - + -
        organization none   - - -
        organization view   - - -
        organization modify - + -
        user         modify - - -
        terminal     modify - - -
    """,
    # None does not see the child's level; its own everybody sees.
    "accounts.see_level": """
        system       none   + + +
        provider     none   + - -
        provider     view   + + +
        provider     modify + + +
        organization none   + - -
        organization view   + + +
        user         none   + - -
        terminal     none   + - -
    """,
    "accounts.add": """
        system       none   + + +
        provider     none   - + +
        organization none   - + +
        user         modify - - -
        terminal     modify - - -
    """,
    "accounts.remove": """
        system       none   + + +
        provider     none   - + +
        organization none   - + +
        user         modify - - -
        terminal     modify - - -
    """,
    "accounts.login": """
        system       none   + + +
        provider     modify - - -
        organization modify - - -
        user         modify - - -
        terminal     modify - - -
    """,
}

TEMPLATE_COLUMNS = ("own", "child", "higher")
TEMPLATES = {
    # The administrator sees only the administrator's own; a phone terminal the server default.
    "templates.see": """
        system       none   + - -
        provider     none   - - -
        provider     view   + + +
        provider     modify + + +
        organization view   + + +
        organization modify + + +
        user         none   - - -
        user         view   + + +
        terminal     modify - - -
    """,
    "templates.use": """
        system       none   + - -
        provider     view   - - -
        provider     modify + + +
        organization modify + + +
        user         modify + + +
        terminal     modify - - -
    """,
    "templates.edit": """
        system       none   + - -
        provider     none   - - -
        provider     view   - - -
        provider     modify + + -
        organization view   - - -
        organization modify + + -
        user         view   - - -
        user         modify + + -
        terminal     modify - - -
    """,
    "templates.remove": """
        system       none   + - -
        provider     view   - - -
        provider     modify + + -
        organization modify + + -
        user         modify + + -
        terminal     modify - - -
    """,
}

EXPECTED = {
    **{name: (DEVICE_COLUMNS, text) for name, text in DEVICES.items()},
    "devices.assign": (ASSIGN_COLUMNS, ASSIGNMENTS),
    **{name: (LEVEL_COLUMNS, text) for name, text in ACCOUNTS.items()},
    **{name: (TEMPLATE_COLUMNS, text) for name, text in TEMPLATES.items()},
}


def somebody(role: str, level: str, *, sip: bool = False, trunking: bool = False) -> Viewer:
    if role == "system":
        return Viewer("system", "admin", 1, "modify", True, True)
    return Viewer(role, role, 7, level, sip, trunking, 9 if role == "terminal" else None)  # type: ignore[arg-type]


def cells() -> Iterator[tuple[str, str, str, str, bool]]:
    for operation, (columns, text) in EXPECTED.items():
        for (role, level), allowed in grid(columns, text).items():
            for column in columns:
                yield operation, role, level, column, column in allowed


@pytest.mark.parametrize(("operation", "role", "level", "column", "allowed"), list(cells()))
def test_the_table_says_what_the_pages_say(
    operation: str, role: str, level: str, column: str, allowed: bool
) -> None:
    relation, _, child = column.partition("/")
    viewer = somebody(role, level)
    assert may(viewer, operation, relation, child) is allowed
    reason = why_not(viewer, operation, relation, child)
    assert bool(reason) is not allowed
    if allowed:
        require(viewer, operation, relation, child)
    else:
        with pytest.raises(NotAllowed, match=reason[:20]):
            require(viewer, operation, relation, child)


@pytest.mark.parametrize(("role", "level"), itertools.product(ROLES, LEVELS))
def test_with_none_the_inventory_and_the_files_are_not_shown_at_all(role: Role, level: str) -> None:
    viewer = somebody(role, level)
    shown = role == "system" or level != "none"
    assert may(viewer, "devices.see") is shown
    assert may_ever(viewer, "devices.see") is shown
    assert may(viewer, "files.see") is shown
    assert may(viewer, "fetches.see") is shown
    assert may_ever(viewer, "fetches.see") is shown


@pytest.mark.parametrize(("role", "level"), itertools.product(ROLES, LEVELS))
def test_only_modify_publishes_and_reveals(role: Role, level: str) -> None:
    assert may(somebody(role, level), "files.publish") is (role == "system" or level == "modify")


@pytest.mark.parametrize(("role", "level"), itertools.product(ROLES, LEVELS))
def test_only_modify_tells_phones_to_fetch(role: Role, level: str) -> None:
    viewer = somebody(role, level)
    assert may(viewer, "devices.resync") is (role == "system" or level == "modify")
    assert may_ever(viewer, "devices.resync") is may(viewer, "devices.resync")


@pytest.mark.parametrize("role", ROLES)
def test_only_the_administrator_changes_the_site(role: Role) -> None:
    assert may(somebody(role, "modify"), "site.change") is (role == "system")


@pytest.mark.parametrize("verb", ["add", "identify", "move", "remove"])
@pytest.mark.parametrize(("role", "level"), itertools.product(ROLES, LEVELS))
def test_extensions_come_go_and_are_named_by_the_accounts_above(
    role: Role, level: str, verb: str
) -> None:
    above = role in ("system", "provider", "organization")
    assert may(somebody(role, level), f"extensions.{verb}") is above


@pytest.mark.parametrize(("role", "sip"), itertools.product(ROLES, (False, True)))
def test_passwords_are_rotated_by_the_accounts_above_that_may_set_one(
    role: Role, sip: bool
) -> None:
    allowed = role == "system" or (role in ("provider", "organization") and sip)
    assert may(somebody(role, "modify", sip=sip), "passwords.rotate") is allowed


@pytest.mark.parametrize("role", ["provider", "organization"])
def test_an_account_gives_its_children_only_the_sip_permissions_it_has_itself(role: Role) -> None:
    assert not may(somebody(role, "modify"), "accounts.set_sip", "child")
    assert may(somebody(role, "none", sip=True), "accounts.set_sip", "child")
    assert not may(somebody(role, "none", sip=True), "accounts.set_trunking", "child")
    assert may(somebody(role, "none", sip=True, trunking=True), "accounts.set_trunking", "child")
    assert not may(somebody(role, "none", sip=True), "accounts.set_sip", "self")


def test_a_level_below_one_of_ours_is_set_by_its_own_parent() -> None:
    assert "directly above" in why_not(somebody("provider", "modify"), "accounts.set_view", "below")


def test_a_forbidden_lowering_says_that_it_cannot_be_given_back() -> None:
    reason = why_not(somebody("provider", "view"), "accounts.set_modify", "child")
    assert reason == "your own account has not Modify: you may lower a level, not raise it"


def test_a_device_of_somebody_above_says_what_is_left() -> None:
    reason = why_not(somebody("provider", "view"), "devices.edit", "higher-used")
    assert reason == "it belongs to an account above: only its assignment can be cleared"


# -- every operation declares ---------------------------------------------------------------------

INTERNAL = {
    "Operations.begin",
    "Operations.start",
    "Store.has_pbx_files",
    "Store.phones",
    "Store.rendered_by",
}
"""Parts of other operations, which ask the permission."""


def stores(site: Site) -> Iterator[object]:
    """The site's store and the stores that hang on it."""
    yield site.store
    late = [n for n, one in vars(type(site.store)).items() if isinstance(one, cached_property)]
    for part in [*vars(site.store).values(), *(getattr(site.store, name) for name in late)]:
        if type(part).__module__.startswith("tuiprov.data.") and part is not site.database:
            yield part


def operations(site: Site) -> Iterator[tuple[str, Any]]:
    for store in stores(site):
        for name, method in inspect.getmembers(type(store), inspect.isfunction):
            if not name.startswith("_"):
                yield f"{type(store).__name__}.{name}", method


def test_every_operation_of_the_store_declares_which_permission_it_needs(site: Site) -> None:
    silent = [name for name, method in operations(site) if not hasattr(method, "operation")]
    assert silent == []


def test_what_declares_none_is_known_by_name(site: Site) -> None:
    assert {n for n, m in operations(site) if m.operation == ""} == INTERNAL


def test_an_operation_that_declares_nothing_would_be_found(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(site.store), "steal", lambda self: None, raising=False)
    assert ("Store.steal", False) in [(n, hasattr(m, "operation")) for n, m in operations(site)]


def test_only_operations_of_the_table_can_be_declared() -> None:
    assert all(needs(operation)(lambda: None) for operation in OPERATIONS)
    with pytest.raises(ValueError, match="not in the table"):
        needs("devices.steal")
