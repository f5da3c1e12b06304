"""Devices that are cleared or removed take their files with them, whatever comes in between."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.inventory import Tree, a_tree
from tests.publish.helpers import files
from tuiprov.data.kept import Event, PublishedFile
from tuiprov.data.models import Device, Extension, Line
from tuiprov.errors import Conflict, NotAllowed, NotFound, PublishError
from tuiprov.inventory import Inventory, inventory_of
from tuiprov.publish import publishing
from tuiprov.publish.apply import Putting
from tuiprov.publish.planning import plan_devices
from tuiprov.publish.publishing import publish

FANVIL = {"manufacturer": "Fanvil", "model": "X4U", "firmware": "2.12"}
AASTRA = {
    "manufacturer": "Aastra",
    "model": "6731i",
    "firmware": "3.3.1",
    "update_protocol": "tftp",
}


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return a_tree(tmp_path)


def published(tree: Tree, owner: str = "acme", *numbers: str, **values: Any) -> int:
    """A device with published files; gives its id."""
    device_id = tree.device("Desk1", owner, *(numbers or ("0027*001", "0027*003")), **values)
    store = tree.site.store
    publish(store, tree.site.admin, plan_devices(store, [device_id]))
    assert files(tree.site.publish_root)
    return device_id


def opened(tree: Tree, who: str = "admin", level: Any = "modify") -> Inventory:
    return inventory_of(tree.site.store, tree.viewer(who, level))


def nothing_left(tree: Tree) -> bool:
    """No file on disk, and none on record that is a device's."""
    on_record = [row for row in tree.site.rows(PublishedFile) if row.device_id]
    return files(tree.site.publish_root) == {} and on_record == []


@pytest.mark.parametrize("what", [{}, FANVIL, FANVIL | {"mac_based_provisioning": True}])
def test_clearing_shows_the_plan_and_deletes_the_files(tree: Tree, what: dict[str, Any]) -> None:
    device_id = published(tree, **what)
    inventory = opened(tree)
    page = inventory.open(device_id).base
    plan = inventory.plan_clear(page)
    assert {change.kind for change in plan.changes} == {"delete"}
    assert {change.path for change in plan.changes} == set(files(tree.site.publish_root))
    assert inventory.clear(page).changes == plan.changes
    assert nothing_left(tree)
    row = inventory.row(device_id)
    assert (row.state, row.published_at, row.lines) == ("unassigned", None, ())


def test_removing_deletes_record_and_files(tree: Tree) -> None:
    inventory = opened(tree)
    page = inventory.open(published(tree)).base
    inventory.remove(page)
    assert nothing_left(tree)
    assert (tree.site.rows(Device), tree.site.rows(Line)) == ([], [])
    assert not any(extension.use_provisioning for extension in tree.site.rows(Extension))


def test_a_shared_tftp_file_stays_for_the_others(tree: Tree) -> None:
    device_id = published(tree, **AASTRA)
    inventory = opened(tree)
    inventory.remove(inventory.open(device_id).base)
    assert list(files(tree.site.publish_root)) == ["tftp/aastra.cfg"]


@pytest.mark.parametrize("operation", ["clear", "remove"])
def test_who_may_only_view_takes_the_files_along_where_the_table_allows_it(
    tree: Tree, operation: str
) -> None:
    """The permission is the operation's, not that of publishing."""
    owner = "admin" if operation == "clear" else "acme"
    device_id = published(tree, owner, "0027*001")
    tree.level("john", "modify")
    inventory = opened(tree, "acme", "view")
    getattr(inventory, operation)(inventory.open(device_id).base)
    assert nothing_left(tree)


@pytest.mark.parametrize("operation", ["clear", "remove"])
def test_who_may_not_leaves_files_and_record(tree: Tree, operation: str) -> None:
    device_id = published(tree)
    inventory, before = opened(tree, "acme", "view"), files(tree.site.publish_root)
    with pytest.raises(NotAllowed):
        getattr(inventory, operation)(inventory.open(device_id).base)
    assert files(tree.site.publish_root) == before
    assert len(tree.site.rows(Line)) == 2


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Files that cannot be deleted, until the test says so."""
    real = os.unlink

    def refuse(path: Any, *more: Any, **options: Any) -> None:
        if str(path).endswith(".tmp"):
            real(path, *more, **options)
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "unlink", refuse)
    return lambda: monkeypatch.setattr(os, "unlink", real)


@pytest.mark.parametrize("operation", ["clear", "remove"])
def test_files_that_cannot_be_deleted_stay_on_record_and_go_later(
    tree: Tree, operation: str, stuck: Any
) -> None:
    device_id = published(tree)
    inventory = opened(tree)
    with pytest.raises(PublishError, match="check owner and mode"):
        getattr(inventory, operation)(inventory.open(device_id).base)
    row = inventory.row(device_id)
    assert (row.state, row.lines) == ("failed", ())
    assert "check owner and mode" in row.problem
    stuck()
    store = tree.site.store
    assert store.device_ids(tree.site.admin) == [device_id]
    publish(store, tree.site.admin, plan_devices(store, [device_id]))
    assert nothing_left(tree)
    inventory.remove(inventory.open(device_id).base)
    assert tree.site.rows(Device) == []


def test_a_file_that_is_gone_already_does_not_hold_the_record(tree: Tree) -> None:
    device_id = published(tree)
    for path in tree.site.publish_root.rglob("*.cfg"):
        path.unlink()
    inventory = opened(tree)
    inventory.remove(inventory.open(device_id).base)
    assert tree.site.rows(Device) == []


@pytest.mark.parametrize("operation", ["clear", "remove"])
def test_a_plan_older_than_the_end_of_an_assignment_writes_nothing(
    tree: Tree, operation: str
) -> None:
    device_id = tree.device("Desk1", "acme", "0027*001")
    store, inventory = tree.site.store, opened(tree)
    old = plan_devices(store, [device_id])
    getattr(inventory, operation)(inventory.open(device_id).base)
    with pytest.raises(PublishError, match="changed what was planned meanwhile"):
        publish(store, tree.site.admin, old)
    assert nothing_left(tree)


@pytest.mark.parametrize("operation", ["clear", "remove"])
def test_files_written_while_a_device_is_cleared_are_taken_back(
    tree: Tree, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other program clears between the record of a publish and its files: it waits for them."""
    device_id = tree.device("Desk1", "acme", "0027*001")
    store, inventory = tree.site.store, opened(tree)
    plan, finish = plan_devices(store, [device_id]), Putting.finish
    page = inventory.open(device_id).base
    other = Thread(target=getattr(inventory, operation), args=(page,))

    def late(*arguments: Any) -> None:
        monkeypatch.setattr(Putting, "finish", finish)
        other.start()
        other.join(0.3)
        assert other.is_alive()
        finish(*arguments)

    monkeypatch.setattr(Putting, "finish", late)
    publish(store, tree.site.admin, plan)
    other.join(10)
    assert nothing_left(tree)


def test_a_device_published_while_it_is_removed_stays(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Assigned and published by another program before the record is gone: nothing is lost."""
    device_id = published(tree, "acme", "0027*001")
    store, inventory = tree.site.store, opened(tree)
    page = inventory.open(device_id).base

    def withdraw(id: int) -> None:
        publishing.withdraw(store, tree.site.admin, id)
        inventory.assign(id, tree.extension_id("0027*002"), None)

    with pytest.raises(Conflict, match="it was not removed"):
        store.devices.remove(tree.site.admin, page, withdraw)
    assert inventory.row(device_id).extensions == "0027*002"
    assert files(tree.site.publish_root)


def test_a_record_with_files_is_never_removed(tree: Tree) -> None:
    """Whoever calls the store without withdrawing them."""
    device_id = published(tree)
    page = tree.site.store.devices.open(tree.site.admin, device_id)
    with pytest.raises(Conflict):
        tree.site.store.devices.remove(tree.site.admin, page, lambda _id: None)
    assert [device.id for device in tree.site.rows(Device)] == [device_id]


# -- saving and assigning from the inventory ------------------------------------------------------


def test_a_saved_device_has_its_files_follow_with_all_lines(tree: Tree) -> None:
    device_id = published(tree)
    inventory = opened(tree)
    draft = inventory.open(device_id)
    draft.edit("update_interval", "77")
    draft.turn_regenerate()
    assert inventory.save(draft).count("replace") == 1
    text = b"".join(files(tree.site.publish_root).values())
    assert b"0027*001" in text
    assert b"0027*003" in text
    assert inventory.row(device_id).published_at is not None


def test_a_device_that_serves_nobody_makes_no_file(tree: Tree) -> None:
    inventory = opened(tree)
    draft = inventory.open(tree.device("Spare1", "acme"))
    draft.edit("notes", "in the cupboard")
    assert not inventory.plan_save(draft)
    assert not inventory.save(draft).changes
    assert files(tree.site.publish_root) == {}


def test_who_may_edit_at_view_publishes_what_was_edited(tree: Tree) -> None:
    device_id = published(tree, "acme", "0027*001")
    tree.level("john", "modify")
    inventory = opened(tree, "acme", "view")
    draft = inventory.open(device_id)
    draft.edit("mac_based_provisioning", "yes")
    draft.turn_regenerate()
    done = inventory.save(draft)
    assert (done.count("write"), done.count("delete")) == (1, 1)
    assert inventory.row(device_id).state == "published"


def test_assigning_brings_the_new_line_to_the_file(tree: Tree) -> None:
    device_id = published(tree, "acme", "0027*001")
    inventory = opened(tree)
    extension_id = tree.extension_id("0027*002")
    plan, page = inventory.plan_assign(device_id, extension_id, None)
    assert page.values["line"] == 2
    done = inventory.assign(device_id, extension_id, None)
    assert [change.data for change in done.changes] == [change.data for change in plan.changes]
    assert b"0027*002" in b"".join(files(tree.site.publish_root).values())


def test_when_it_was_published_is_written_down(tree: Tree) -> None:
    device_id = tree.device("Desk1", "acme", "0027*001")
    inventory = opened(tree)
    assert inventory.row(device_id).published_at is None
    publish(tree.site.store, tree.site.admin, plan_devices(tree.site.store, [device_id]))
    assert inventory.row(device_id).published_at is not None


# -- the link -------------------------------------------------------------------------------------


def test_a_link_is_shown_to_who_sees_the_device_and_that_is_written_down(tree: Tree) -> None:
    number = published(tree)
    for who, level in (("acme", "view"), ("john", "view"), ("0027*001", "view")):
        assert opened(tree, who, level).link(number).url.endswith(f"/{1:032x}/")
    assert len([one for one in tree.site.rows(Event) if one.action == "link"]) == 3


@pytest.mark.parametrize(
    ("who", "level", "error"),
    [("acme", "none", NotAllowed), ("beta", "modify", NotFound), ("0027*002", "view", NotFound)],
)
def test_nobody_else_sees_it(tree: Tree, who: str, level: str, error: type[Exception]) -> None:
    number = published(tree)
    with pytest.raises(error):
        opened(tree, who, level).link(number)
    assert [one for one in tree.site.rows(Event) if one.action == "link"] == []
