"""The inventory: who sees which device, what may be done with it, and what a write refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from tests.data_layer.test_permissions import (
    ASSIGN_COLUMNS,
    ASSIGNMENTS,
    DEVICE_COLUMNS,
    DEVICES,
    grid,
)
from tests.inventory import Tree, a_tree, role_of
from tests.sites import PHONE, Site
from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.checks import DUPLICATE_MAC
from tuiprov.data.database import Database
from tuiprov.data.demo import make_demo
from tuiprov.data.devices.rows import SORTS
from tuiprov.data.fields import Values
from tuiprov.data.kept import Event
from tuiprov.data.models import Device, Extension, Line
from tuiprov.data.page import Page
from tuiprov.data.settle import settled
from tuiprov.data.store import Store
from tuiprov.errors import Conflict, NotAllowed, NotFound, Refused

SPARE = PHONE | {"friendly_name": "Spare1", "mac": "80:5E:C0:00:02:01"}
SPARE = {name: value for name, value in SPARE.items() if name != "use_provisioning"}


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return a_tree(tmp_path)


def names(tree: Tree, viewer: Viewer, where: str = "", sort: str = "name") -> list[str]:
    """What the viewer's list shows, in its order."""
    devices = tree.site.store.devices
    ids = devices.ids(viewer, where, sort)
    rows = devices.rows(viewer, ids)
    return [rows[id].friendly_name for id in ids]


def everything(tree: Tree) -> list[Any]:
    """All that a device operation could change."""
    tables = (Device, Line, Extension, Event)
    return [sorted(row.model_dump().items()) for table in tables for row in tree.site.rows(table)]


def no_files(_device_id: int) -> None:
    """A device without published files has none to withdraw."""


# -- who sees which device (§4) -------------------------------------------------------------------

WHO = ("admin", "Provider", "second", "acme", "beta", "other", "john", "jane", "bob", "0027*001")


@pytest.mark.parametrize(
    ("owner", "numbers", "organization", "seen_by"),
    [
        # Of the administrator: free ones all see, assigned ones only where they are assigned.
        ("admin", (), "", "admin Provider second acme beta other john jane bob"),
        ("admin", ("0027*001",), "", "admin Provider acme john 0027*001"),
        ("admin", ("0027*003",), "", "admin Provider acme jane"),
        ("admin", ("0099*001",), "", "admin second other"),
        ("admin", (), "acme", "admin Provider acme john jane"),
        # Of a provider.
        ("Provider", (), "", "admin Provider acme beta john jane bob"),
        ("Provider", ("0027*001",), "", "admin Provider acme john 0027*001"),
        ("Provider", (), "beta", "admin Provider beta bob"),
        ("second", (), "", "admin second other"),
        # Of an organization: its provider sees it, its users only what is free or theirs.
        ("acme", (), "", "admin Provider acme john jane"),
        ("acme", ("0027*001", "0027*003"), "", "admin Provider acme john jane 0027*001"),
        ("acme", ("0027*003",), "", "admin Provider acme jane"),
        # Of a user: other users see it when it serves them.
        ("john", (), "", "admin Provider acme john"),
        ("john", ("0027*001",), "", "admin Provider acme john 0027*001"),
        ("jane", ("0027*001",), "", "admin Provider acme john jane 0027*001"),
    ],
)
@pytest.mark.parametrize("level", ["view", "modify"])
def test_a_device_is_seen_by_its_owner_by_whom_it_serves_and_by_those_above(
    tree: Tree, owner: str, numbers: tuple[str, ...], organization: str, seen_by: str, level: Any
) -> None:
    device_id = tree.device("Desk1", owner, *numbers, organization=organization)
    for who in WHO:
        viewer = tree.viewer(who, level)
        is_seen = who in seen_by.split()
        assert (names(tree, viewer) == ["Desk1"]) is is_seen, who
        assert (device_id in tree.site.store.devices.rows(viewer, [device_id])) is is_seen, who
        if is_seen:
            assert tree.site.store.devices.open(viewer, device_id).device_id == device_id
        else:
            with pytest.raises(NotFound):
                tree.site.store.devices.open(viewer, device_id)


@pytest.mark.parametrize("who", ["Provider", "acme", "john", "0027*001"])
def test_with_none_the_inventory_is_not_shown_at_all(tree: Tree, who: str) -> None:
    device_id = tree.device("Desk1", "john", "0027*001")
    viewer, devices = tree.viewer(who, "none"), tree.site.store.devices
    page = devices.open(tree.site.admin, device_id)
    calls: list[Callable[[], object]] = [
        lambda: devices.ids(viewer),
        lambda: devices.rows(viewer, [device_id]),
        lambda: devices.open(viewer, device_id),
        lambda: devices.find(viewer, "Desk1"),
        lambda: devices.fresh(viewer, viewer.account_id),
        lambda: devices.add(viewer, page, SPARE),
        lambda: devices.save(viewer, page, {"notes": "x"}),
        lambda: devices.extensions(viewer, device_id),
        lambda: devices.spares(viewer, page),
        lambda: devices.assign(viewer, device_id, tree.extension_id("0027*002")),
        lambda: devices.clear(viewer, page),
        lambda: devices.remove(viewer, page, no_files),
    ]
    for call in calls:
        with pytest.raises(NotAllowed):
            call()
    assert devices.owners(viewer) == []


def test_names_of_extensions_out_of_reach_stay_unread(tree: Tree) -> None:
    device_id = tree.device("Desk1", "acme", "0027*001", "0027*003")
    row = tree.site.store.devices.rows(tree.viewer("john"), [device_id])[device_id]
    assert (row.extensions, row.lines_used, row.lines_total) == ("0027*001", 2, 16)


# -- what may be done: role × own level × ownership × child's level --------------------------------

VIEWERS = {
    "system": "admin",
    "provider": "Provider",
    "organization": "acme",
    "user": "john",
    "terminal": "0027*001",
}
HIGHER = {"provider": "admin", "organization": "Provider", "user": "acme", "terminal": "acme"}
CHILD = {"system": "Provider", "provider": "acme", "organization": "john"}


def placed(tree: Tree, role: str, column: str) -> int | None:
    """A device that stands to the viewer of this role as the column says; None: there is none."""
    relation, _, child = column.partition("/")
    used = ("0027*001",) if relation.endswith("used") else ()
    own = "john" if role == "terminal" else VIEWERS[role]
    if relation.startswith("own"):
        owner = own
    elif relation == "child":
        owner = CHILD.get(role, "")
    else:
        owner = HIGHER.get(role, "")
    if not owner:
        return None
    if relation == "own-used" and child and role != "user" and role != "terminal":
        tree.level("john", child)
    if relation == "child":
        tree.level(owner, child)
    return tree.device("Desk1", owner, *used)


def cells(operation: str) -> Iterator[Any]:
    for (role, level), allowed in grid(DEVICE_COLUMNS, DEVICES[operation]).items():
        for column in DEVICE_COLUMNS:
            yield pytest.param(
                role, level, column, column in allowed, id=f"{role}-{level}-{column}"
            )


def refused_or_done(work: Callable[[], object]) -> bool:
    try:
        work()
    except (NotAllowed, NotFound, Refused):
        return False
    return True


def attempt(
    tree: Tree, role: str, level: Any, column: str, work: Callable[[Viewer, Page], object]
) -> bool:
    """Do `work` on a device as the case says; True when it was done, False when it was refused
    and everything is as before."""
    device_id = placed(tree, role, column)
    if device_id is None:
        pytest.skip("this account has nobody there")
    viewer = tree.viewer(VIEWERS[role], level)
    page = tree.site.store.devices.open(tree.site.admin, device_id)
    before = everything(tree)
    done = refused_or_done(lambda: work(viewer, page))
    assert done or everything(tree) == before
    return done


@pytest.mark.parametrize(("role", "level", "column", "allowed"), cells("devices.edit"))
def test_editing_is_as_the_pages_say(
    tree: Tree, role: str, level: str, column: str, allowed: bool
) -> None:
    save = tree.site.store.devices.save
    done = attempt(tree, role, level, column, lambda v, page: save(v, page, {"notes": "mine"}))
    assert done is allowed
    assert any(d.notes == "mine" for d in tree.site.rows(Device)) is allowed


@pytest.mark.parametrize(("role", "level", "column", "allowed"), cells("devices.remove"))
def test_removing_is_as_the_pages_say(
    tree: Tree, role: str, level: str, column: str, allowed: bool
) -> None:
    remove = tree.site.store.devices.remove
    done = attempt(tree, role, level, column, lambda v, page: remove(v, page, no_files))
    assert done is allowed
    assert (tree.site.rows(Device) == []) is allowed


@pytest.mark.parametrize(("role", "level", "column", "allowed"), cells("devices.clear"))
def test_clearing_is_as_the_pages_say_where_there_is_something_to_clear(
    tree: Tree, role: str, level: str, column: str, allowed: bool
) -> None:
    clear, possible = tree.site.store.devices.clear, column.partition("/")[0].endswith("used")
    done = attempt(tree, role, level, column, lambda v, page: clear(v, page))
    assert done is (allowed and possible)
    if done:
        assert tree.site.rows(Line) == []
        assert tree.site.rows(Device)[0].organization_id is None
        assert not any(e.use_provisioning for e in tree.site.rows(Extension))


@pytest.mark.parametrize("level", ["none", "view", "modify"])
@pytest.mark.parametrize("child", ["none", "view", "modify"])
@pytest.mark.parametrize(
    ("who", "below"), [("Provider", "acme"), ("acme", "john"), ("Provider", "john")]
)
def test_a_childs_device_that_serves_another_child_goes_by_the_higher_of_both(
    tree: Tree, who: str, below: str, child: str, level: Any
) -> None:
    """The owner's level, or the lowest of those it is assigned to, whichever is higher."""
    device_id = tree.device("Desk1", below, "0027*003", "0027*004")
    tree.level(below, "none")
    tree.level("jane", child)
    page = tree.site.store.devices.open(tree.site.admin, device_id)
    allowed = level == "modify" or (level == "view" and child == "modify")
    viewer = tree.viewer(who, level)
    done = refused_or_done(lambda: tree.site.store.devices.save(viewer, page, {"notes": "x"}))
    assert done is allowed


def test_the_lowest_of_those_it_serves_counts(tree: Tree) -> None:
    device_id = tree.device("Desk1", "acme", "0027*001", "0027*003")
    tree.level("john", "modify")
    tree.level("jane", "view")
    viewer = tree.viewer("acme", "view")
    row = tree.site.store.devices.rows(viewer, [device_id])[device_id]
    assert row.cannot_edit == "neither its owner nor whom it is assigned to may modify devices"
    tree.level("jane", "modify")
    row = tree.site.store.devices.rows(viewer, [device_id])[device_id]
    assert row.cannot_edit == ""


def test_without_a_line_the_organization_it_is_assigned_to_counts(tree: Tree) -> None:
    device_id = tree.device("Desk1", "Provider", organization="acme")
    viewer, devices = tree.viewer("Provider", "view"), tree.site.store.devices
    assert devices.rows(viewer, [device_id])[device_id].standing.relation == "own-used"
    assert devices.rows(viewer, [device_id])[device_id].cannot_edit
    tree.level("acme", "modify")
    assert devices.rows(viewer, [device_id])[device_id].cannot_edit == ""


ADDED_FOR = [
    # who, for whom, own level → with which level of the child it may be added
    ("admin", "admin", "modify", {"none", "view", "modify"}),
    ("admin", "john", "modify", {"none", "view", "modify"}),
    ("Provider", "Provider", "modify", {"none", "view", "modify"}),
    ("Provider", "acme", "modify", {"none", "view", "modify"}),
    ("Provider", "john", "modify", {"none", "view", "modify"}),
    ("Provider", "Provider", "view", {"none", "view", "modify"}),
    ("Provider", "acme", "view", {"modify"}),
    ("Provider", "john", "view", {"modify"}),
    ("Provider", "Provider", "none", set()),
    ("Provider", "acme", "none", set()),
    ("Provider", "other", "modify", set()),
    ("acme", "acme", "modify", {"none", "view", "modify"}),
    ("acme", "john", "modify", {"none", "view", "modify"}),
    ("acme", "acme", "view", {"none", "view", "modify"}),
    ("acme", "john", "view", {"modify"}),
    ("acme", "acme", "none", set()),
    ("acme", "bob", "modify", set()),
    ("acme", "Provider", "modify", set()),
    ("john", "john", "modify", {"none", "view", "modify"}),
    ("john", "john", "view", set()),
    ("john", "john", "none", set()),
    ("john", "acme", "modify", set()),
    ("0027*001", "john", "modify", set()),
]


@pytest.mark.parametrize(("who", "owner", "level", "allowed"), ADDED_FOR)
@pytest.mark.parametrize("child", ["none", "view", "modify"])
def test_adding_is_as_the_pages_say(
    tree: Tree, who: str, owner: str, level: Any, allowed: set[str], child: str
) -> None:
    devices, owner_id = tree.site.store.devices, tree.id(owner)
    if owner not in (who, "admin") and role_of(who) != "terminal":
        tree.level(owner, child)
    viewer = tree.viewer(who, level)
    fresh = devices.fresh(tree.site.admin, owner_id)
    done = refused_or_done(lambda: devices.add(viewer, fresh, SPARE))
    assert done is (child in allowed)
    assert [d.owner_id for d in tree.site.rows(Device)] == ([owner_id] if done else [])
    assert (owner_id in {one.id for one in devices.owners(viewer)}) is done


def assignments() -> Iterator[Any]:
    for (role, level), allowed in grid(ASSIGN_COLUMNS, ASSIGNMENTS).items():
        for column in ASSIGN_COLUMNS:
            yield pytest.param(
                role, level, column, column in allowed, id=f"{role}-{level}-{column}"
            )


@pytest.mark.parametrize(("role", "level", "column", "allowed"), assignments())
def test_assigning_is_as_the_pages_say(
    tree: Tree, role: str, level: Any, column: str, allowed: bool
) -> None:
    """The level is that of the user who gets the device."""
    relation, _, child = column.partition("/")
    owners = {"own": "john" if role == "terminal" else VIEWERS[role], "child": CHILD.get(role)}
    owner = owners.get(relation.partition("-")[0], HIGHER.get(role))
    if owner is None:
        pytest.skip("this account has nobody there")
    served = "0027*001" if role in ("user", "terminal") else "0027*003"
    device_id = tree.device("Desk1", owner, *((served,) if relation.endswith("used") else ()))
    viewer = tree.viewer(VIEWERS[role], level)
    if role not in ("user", "terminal"):
        tree.level("john", child)
    before, devices = everything(tree), tree.site.store.devices
    target = tree.extension_id("0027*002")
    offered = (level != "none" or role == "system") and device_id in devices.rows(
        viewer, [device_id]
    )
    candidates = {one.id for one in devices.extensions(viewer, device_id)} if offered else set()
    done = refused_or_done(lambda: devices.assign(viewer, device_id, target))
    assert done is allowed
    assert (target in candidates) is allowed
    assert done or everything(tree) == before


# -- adding and editing ---------------------------------------------------------------------------


def test_a_new_device_serves_nobody_and_has_a_serial(tree: Tree) -> None:
    devices = tree.site.store.devices
    page = devices.add(tree.site.admin, devices.fresh(tree.site.admin, tree.id("acme")), SPARE)
    row = devices.rows(tree.site.admin, [page.device_id or 0])[page.device_id or 0]
    assert (row.serial, row.state, row.owner) == ("805ec0000201", "unassigned", "acme")
    assert (row.lines_used, row.lines_total, row.organization) == (0, 16, "")


def test_a_serial_is_never_given_twice(tree: Tree) -> None:
    devices, admin = tree.site.store.devices, tree.site.admin
    values = SPARE | {"status": "disabled"}
    for mac in ("80:5E:C0:00:02:01", "80:5E:C0:00:02:01", ""):
        devices.add(admin, devices.fresh(admin, admin.account_id), values | {"mac": mac})
    serials = [device.serial for device in tree.site.rows(Device)]
    assert serials[0] == "805ec0000201"
    assert len(set(serials)) == 3


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"friendly_name": ""}, "friendly_name", "is missing"),
        ({"mac": ""}, "mac", "an enabled device needs its MAC address"),
        ({"model": "T99"}, "model", "is not in the catalogue"),
        ({"firmware": "1"}, "firmware", "is not known for Yealink T46S"),
        ({"update_protocol": "ftp"}, "update_protocol", "takes https, http, tftp"),
        ({"update_interval": 99_999}, "update_interval", "takes 1 to 43200 minutes"),
        ({"password_generation": "manual"}, "admin_password", "Manual needs a password"),
        ({"parking_watch_lines": 99}, "parking_watch_lines", "keys left for parking"),
        ({"template": "Nobody's"}, "template", "there is no template"),
    ],
)
def test_the_page_of_a_device_keeps_the_pages_rules(
    tree: Tree, changes: Values, field: str, reason: str
) -> None:
    devices, admin = tree.site.store.devices, tree.site.admin
    with pytest.raises(Refused) as refused:
        devices.add(admin, devices.fresh(admin, admin.account_id), {**SPARE, **changes})
    assert [(r.field, reason in r.reason) for r in refused.value.refusals] == [(field, True)]
    assert tree.site.rows(Device) == []


def test_an_automatic_password_is_made_as_on_an_extensions_page(tree: Tree) -> None:
    devices, admin = tree.site.store.devices, tree.site.admin
    values = SPARE | {"password_generation": "auto"}
    page = devices.add(admin, devices.fresh(admin, admin.account_id), values)
    assert len(str(page.values["admin_password"])) >= 8
    assert page.values["sip_password"] == ""


def test_a_smaller_model_is_refused_while_a_further_line_is_in_use(tree: Tree) -> None:
    device_id = tree.device("Desk1", "acme", "0027*001", "0027*002", "0027*003")
    devices, admin = tree.site.store.devices, tree.site.admin
    smaller = {"manufacturer": "Cisco", "model": "7940"}
    page = devices.open(admin, device_id)
    with pytest.raises(Refused, match=r"has 2 lines, and line 3 serves 0027\*003"):
        devices.save(admin, page, {**settled(page, smaller), "application_version": "P0S3-08"})


@pytest.mark.parametrize("number", ["0027*001", None])
def test_two_devices_with_one_mac_are_refused_word_for_word_where_they_would_meet(
    tree: Tree, number: str | None
) -> None:
    """Whether the other serves somebody or lies in the inventory of a stranger."""
    tree.device("Theirs", "second" if number is None else "acme", *((number,) if number else ()))
    mac = tree.site.rows(Device)[0].mac
    devices, viewer = tree.site.store.devices, tree.viewer("beta")
    fresh = devices.fresh(viewer, viewer.account_id)
    values = SPARE | {"mac": mac, "mac_based_provisioning": True}
    with pytest.raises(Refused) as refused:
        devices.add(viewer, fresh, values)
    assert [(r.field, r.reason) for r in refused.value.refusals] == [("mac", DUPLICATE_MAC)]
    devices.add(viewer, fresh, values | {"mac_based_provisioning": False})


def test_a_device_saved_over_itself_is_no_duplicate(tree: Tree) -> None:
    devices, admin = tree.site.store.devices, tree.site.admin
    device_id = tree.device("Desk1", "acme", mac_based_provisioning=True)
    page = devices.save(admin, devices.open(admin, device_id), {"notes": "again"})
    assert page.values["notes"] == "again"


def test_somebody_elses_change_is_a_conflict(tree: Tree) -> None:
    devices, admin = tree.site.store.devices, tree.site.admin
    device_id = tree.device("Desk1", "acme", "0027*001")
    seen = devices.open(admin, device_id)
    devices.assign(admin, device_id, tree.extension_id("0027*002"))
    before = everything(tree)
    for work in (
        lambda: devices.save(admin, seen, {"notes": "late"}),
        lambda: devices.clear(admin, seen),
        lambda: devices.remove(admin, seen, no_files),
    ):
        with pytest.raises(Conflict):
            work()
    assert everything(tree) == before


# -- whom a device serves -------------------------------------------------------------------------


def test_an_extension_gets_the_first_free_line_or_the_one_that_is_asked_for(tree: Tree) -> None:
    devices, admin = tree.site.store.devices, tree.site.admin
    device_id = tree.device("Desk1", "acme", "0027*001")
    devices.assign(admin, device_id, tree.extension_id("0027*002"))
    devices.assign(admin, device_id, tree.extension_id("0027*003"), 7)
    assert [(line.number, line.extension) for line in lines(tree, device_id)] == [
        (1, "0027*001"),
        (2, "0027*002"),
        (7, "0027*003"),
    ]
    assert tree.site.page("0027*003").values["use_provisioning"] is True
    assert tree.site.page("0027*003").values["friendly_name"] == "Desk1"


def lines(tree: Tree, device_id: int) -> Any:
    return tree.site.store.devices.rows(tree.site.admin, [device_id])[device_id].lines


@pytest.mark.parametrize(("line", "reason"), [(1, "is used by another"), (17, "has 16 lines")])
def test_a_line_that_is_taken_or_beyond_the_model_is_refused(
    tree: Tree, line: int, reason: str
) -> None:
    device_id = tree.device("Desk1", "acme", "0027*001")
    with pytest.raises(Refused, match=reason):
        tree.site.store.devices.assign(
            tree.site.admin, device_id, tree.extension_id("0027*002"), line
        )


def test_a_device_with_all_lines_in_use_takes_nobody(tree: Tree) -> None:
    small = {"manufacturer": "Cisco", "model": "7940", "firmware": "8.x"}
    device_id = tree.device("Desk1", "acme", "0027*001", "0027*003", **small)
    with pytest.raises(NotAllowed, match="all its lines are in use"):
        tree.site.store.devices.assign(tree.site.admin, device_id, tree.extension_id("0027*002"))


def test_an_extension_has_one_device(tree: Tree) -> None:
    tree.device("Desk1", "acme", "0027*001")
    other = tree.device("Desk2", "acme")
    with pytest.raises(Refused, match="has a device already"):
        tree.site.store.devices.assign(tree.site.admin, other, tree.extension_id("0027*001"))


@pytest.mark.parametrize(
    ("owner", "numbers", "organization", "reason"),
    [
        ("admin", ("0027*001",), "", "all lines of a device belong to one organization"),
        ("Provider", (), "acme", "all lines of a device belong to one organization"),
        ("acme", (), "", "its owner is of another organization"),
        ("john", (), "", "its owner is of another organization"),
        ("second", (), "", "its owner is of another organization"),
    ],
)
def test_all_lines_of_a_device_belong_to_one_organization(
    tree: Tree, owner: str, numbers: tuple[str, ...], organization: str, reason: str
) -> None:
    device_id = tree.device("Desk1", owner, *numbers, organization=organization)
    before, devices = everything(tree), tree.site.store.devices
    with pytest.raises(Refused, match=reason):
        devices.assign(tree.site.admin, device_id, tree.extension_id("0028*001"))
    assert everything(tree) == before
    offered = {one.id for one in devices.extensions(tree.site.admin, device_id)}
    assert tree.extension_id("0028*001") not in offered


def test_an_assigned_device_is_its_extensions_organizations(tree: Tree) -> None:
    device_id = tree.device("Desk1", "admin")
    devices = tree.site.store.devices
    devices.assign(tree.site.admin, device_id, tree.extension_id("0028*001"))
    row = devices.rows(tree.site.admin, [device_id])[device_id]
    assert (row.organization, row.state) == ("beta", "stale")


def test_an_extension_out_of_reach_is_not_assigned(tree: Tree) -> None:
    device_id = tree.device("Desk1", "admin")
    viewer = tree.viewer("acme")
    with pytest.raises(NotFound):
        tree.site.store.devices.assign(viewer, device_id, tree.extension_id("0028*001"))


@pytest.mark.parametrize("operation", ["clear", "remove"])
def test_a_user_does_not_take_a_device_from_somebody_else(tree: Tree, operation: str) -> None:
    device_id = tree.device("Desk1", "john", "0027*001", "0027*003")
    devices, viewer = tree.site.store.devices, tree.viewer("john")
    page, before = devices.open(viewer, device_id), everything(tree)
    more = (no_files,) if operation == "remove" else ()
    with pytest.raises(NotAllowed, match="it also serves extensions that are not yours"):
        getattr(devices, operation)(viewer, page, *more)
    assert everything(tree) == before


def test_a_cleared_device_keeps_owner_status_and_settings(tree: Tree) -> None:
    device_id = tree.device("Desk1", "admin", "0027*001", "0027*003", notes="by the door")
    devices, viewer = tree.site.store.devices, tree.viewer("acme", "view")
    page = devices.clear(viewer, devices.open(viewer, device_id))
    row = devices.rows(viewer, [device_id])[device_id]
    assert (page.values["notes"], page.values["status"]) == ("by the door", "enabled")
    assert (row.owner, row.organization, row.lines) == ("admin", "", ())
    assert [e.detail for e in tree.site.rows(Event) if e.action == "clear"] == ["0027*001 0027*003"]


# -- the list -------------------------------------------------------------------------------------


@pytest.fixture
def stock(tree: Tree) -> Tree:
    """A few devices to filter and sort."""
    tree.device("Charly", "admin", "0027*001", "0027*003", notes="hall")
    tree.device("Alpha", "acme", status="disabled", mac="80:5E:C0:AA:AA:AA")
    tree.device("Bravo", "bob", "0028*001", model="T42S", status="disabled")
    return tree


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("", ["Alpha", "Bravo", "Charly"]),
        ("alp", ["Alpha"]),
        ("aaaaaa", ["Alpha"]),
        ("mac:aa-aa-aa", ["Alpha"]),
        ("model:t42s", ["Bravo"]),
        ("extension:0027*003", ["Charly"]),
        ("-extension:0027*003", ["Alpha", "Bravo"]),
        ("-extension:0027*001 -model:t42s", ["Alpha"]),
        ("user:john", ["Charly"]),
        ("john", ["Charly"]),
        ("organization:beta", ["Bravo"]),
        ("owner:acme", ["Alpha"]),
        ("-owner:acme", ["Bravo", "Charly"]),
        ("state:unassigned", ["Alpha"]),
        ("state:disabled", ["Bravo"]),
        ("state:stale", ["Charly"]),
        ("-state:stale", ["Alpha", "Bravo"]),
        ("state:stal", ["Charly"]),
        ("status:disabled", ["Alpha", "Bravo"]),
        ("serial:serial3", ["Bravo"]),
        ("serial2", ["Alpha"]),
        ("notes:hall owner:admin", ["Charly"]),
        ("line:2", ["Charly"]),
    ],
)
def test_the_filter_language_works_on_devices(stock: Tree, where: str, found: list[str]) -> None:
    assert names(stock, stock.site.admin, where) == found


@pytest.mark.parametrize("where", ["colour:red", "admin_password:x", "sip_password:x"])
def test_unknown_and_secret_fields_are_refused_in_the_filter(stock: Tree, where: str) -> None:
    with pytest.raises(Refused):
        stock.site.store.devices.ids(stock.site.admin, where)


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        ("name", ["Alpha", "Bravo", "Charly"]),
        ("state", ["Bravo", "Charly", "Alpha"]),
        ("mac", ["Charly", "Bravo", "Alpha"]),
        ("phone", ["Bravo", "Charly", "Alpha"]),
        ("lines", ["Charly", "Bravo", "Alpha"]),
        ("extension", ["Charly", "Bravo", "Alpha"]),
        ("organization", ["Charly", "Bravo", "Alpha"]),
        ("owner", ["Alpha", "Charly", "Bravo"]),
    ],
)
def test_the_list_is_sorted_by_any_column(stock: Tree, sort: str, found: list[str]) -> None:
    assert names(stock, stock.site.admin, sort=sort) == found


def test_an_unknown_order_is_refused(stock: Tree) -> None:
    with pytest.raises(Refused, match="must be one of name, state"):
        stock.site.store.devices.ids(stock.site.admin, "", "colour")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Alpha", "Alpha"),
        ("serial3", "Bravo"),
        ("80-5e-c0-aa-aa-aa", "Alpha"),
        ("805ec0aaaaaa", "Alpha"),
        ("0027*003", "Charly"),
    ],
)
def test_a_device_is_found_by_any_of_its_names(stock: Tree, words: str, found: str) -> None:
    devices, admin = stock.site.store.devices, stock.site.admin
    device_id = devices.find(admin, words)
    assert devices.rows(admin, [device_id])[device_id].friendly_name == found


def test_a_name_of_several_devices_or_of_none_is_told(stock: Tree) -> None:
    stock.device("Alpha", "admin")
    with pytest.raises(NotFound, match="several devices are 'Alpha'"):
        stock.site.store.devices.find(stock.site.admin, "Alpha")
    with pytest.raises(NotFound, match="there is no device 'Bravo'"):
        stock.site.store.devices.find(stock.viewer("other"), "Bravo")


# -- many devices ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """2,000 devices."""
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('many')}/many.db")
    make_demo(database, 2_000)
    return Store(database)


class Counted:
    """Counts the queries of a store."""

    def __init__(self, store: Store) -> None:
        self.count = 0
        event.listen(store.database._engine, "before_cursor_execute", self._count)

    def _count(self, *_: Any) -> None:
        self.count += 1


@pytest.mark.parametrize("role", ["system", "provider", "organization", "user"])
def test_a_page_of_rows_costs_the_same_queries_however_long_it_is(many: Store, role: str) -> None:
    with many.database.read() as session:
        from tuiprov.data.accounts.viewers import viewers

        known = [one for one in viewers(session) if one.role == role and one.provision != "none"]
    viewer = known[0]
    ids = many.devices.ids(viewer)
    assert len(ids) > 16
    counted = Counted(many)
    costs = []
    for count in (2, len(ids[:128])):
        before = counted.count
        assert len(many.devices.rows(viewer, ids[:count])) == count
        costs.append(counted.count - before)
    assert costs[0] == costs[1] <= 12


@pytest.mark.parametrize("sort", SORTS)
def test_all_ids_are_one_query_and_every_one_has_a_row(many: Store, sort: str) -> None:
    with many.database.read() as session:
        from tuiprov.data.accounts.viewers import administrator

        viewer = administrator(session)
    counted = Counted(many)
    ids = many.devices.ids(viewer, "", sort)
    assert counted.count <= 2
    assert len(ids) == len(set(ids)) == 2_000
    assert set(many.devices.rows(viewer, ids)) == set(ids)


# -- the extension's page and the inventory -------------------------------------------------------


def test_a_page_with_the_mac_of_a_spare_device_takes_it_up(tree: Tree) -> None:
    device_id = tree.device("Spare1", "Provider")
    mac = tree.site.rows(Device)[0].mac
    tree.site.save("0027*001", tree.viewer("john"), **PHONE | {"mac": mac})
    row = tree.site.store.devices.rows(tree.site.admin, [device_id])[device_id]
    assert (row.owner, row.organization, row.extensions) == ("Provider", "acme", "0027*001")
    assert len(tree.site.rows(Device)) == 1


def test_a_phone_terminal_takes_up_what_its_user_may(tree: Tree) -> None:
    device_id = tree.device("Spare1", "john", organization="acme")
    mac = tree.site.rows(Device)[0].mac
    tree.site.save("0027*001", tree.viewer("0027*001"), **PHONE | {"mac": mac})
    assert [line.device_id for line in tree.site.rows(Line)] == [device_id]


@pytest.mark.parametrize(
    ("owner", "organization"), [("second", ""), ("admin", "beta"), ("jane", ""), ("bob", "")]
)
def test_a_spare_device_that_is_not_within_reach_is_a_duplicate(
    tree: Tree, owner: str, organization: str
) -> None:
    tree.device("Theirs", owner, organization=organization)
    mac = tree.site.rows(Device)[0].mac
    viewer, before = tree.viewer("john"), everything(tree)
    phone = PHONE | {"mac": mac, "mac_based_provisioning": True}
    with pytest.raises(Refused) as refused:
        tree.site.save("0027*001", viewer, **phone)
    assert [(r.field, r.reason) for r in refused.value.refusals] == [("mac", DUPLICATE_MAC)]
    assert everything(tree) == before
    page = tree.site.page("0027*001", viewer)
    refusals, _ = tree.site.store.check(page.changed(phone), viewer)
    assert [r.reason for r in refusals] == [DUPLICATE_MAC]


def test_provisioning_off_and_on_again_finds_the_same_device(tree: Tree) -> None:
    tree.device("Desk1", "acme", "0027*001", mac_based_provisioning=True)
    viewer = tree.viewer("john")
    tree.site.save("0027*001", viewer, use_provisioning=False)
    device = tree.site.rows(Device)[0]
    again = {name: getattr(device, name) for name in SPARE} | {"mac_based_provisioning": True}
    tree.site.save("0027*001", viewer, use_provisioning=True, **again)
    assert [d.id for d in tree.site.rows(Device)] == [device.id]


def test_a_device_of_the_inventory_is_taken_with_its_settings(tree: Tree) -> None:
    shared = tree.device("Shared", "acme", "0027*003", notes="in the hall")
    tree.device("Elsewhere", "bob")
    full = {"manufacturer": "Cisco", "model": "7940", "firmware": "8.x"}
    tree.device("Full", "acme", "0027*002", "0027*004", **full)
    viewer, store = tree.viewer("acme"), tree.site.store
    page = tree.site.page("0027*001", viewer)
    assert [row.friendly_name for row in store.devices.spares(viewer, page)] == ["Shared"]
    taken = store.devices.taken(viewer, shared, page.extension_id or 0)
    saved = store.save(viewer, taken, {"use_provisioning": True, "line": taken.values["line"]})
    assert (saved.device_id, saved.values["line"], saved.values["notes"]) == (
        shared,
        2,
        "in the hall",
    )
    assert [line.extension["extension"] for line in saved.others] == ["0027*003"]


def test_a_device_that_is_taken_by_another_meanwhile_is_a_conflict(tree: Tree) -> None:
    spare = tree.device("Spare1", "acme")
    viewer, store = tree.viewer("acme"), tree.site.store
    taken = store.devices.taken(viewer, spare, tree.extension_id("0027*001"))
    store.devices.assign(viewer, spare, tree.extension_id("0027*002"))
    with pytest.raises(Conflict):
        store.save(viewer, taken, {"use_provisioning": True})


def test_a_page_that_lost_its_device_does_not_get_it_back_silently(tree: Tree) -> None:
    device_id = tree.device("Desk1", "acme", "0027*001")
    viewer, store = tree.viewer("acme"), tree.site.store
    page = tree.site.page("0027*001", viewer)
    store.devices.clear(viewer, store.devices.open(viewer, device_id))
    with pytest.raises(Conflict):
        store.save(viewer, page, {"notes": "late"})


def test_who_may_only_view_takes_nothing_on_a_page(tree: Tree) -> None:
    spare = tree.device("Spare1", "acme")
    viewer, store = tree.viewer("acme", "view"), tree.site.store
    tree.level("john", "modify")
    taken = store.devices.taken(viewer, spare, tree.extension_id("0027*001"))
    with pytest.raises(Refused, match="you may view provisioning only"):
        store.save(viewer, taken, {"use_provisioning": True})


def test_a_site_of_extensions_imports_its_spares(site: Site) -> None:
    """A row with the MAC of a spare device takes it up, as the page does."""
    site.import_csv("first-site.csv")
    devices, admin = site.store.devices, site.admin
    page = devices.open(admin, devices.find(admin, "Sales01"))
    devices.clear(admin, page)
    site.import_csv("first-site.csv")
    assert devices.rows(admin, [page.device_id or 0])[page.device_id or 0].extensions == "0027*004"
