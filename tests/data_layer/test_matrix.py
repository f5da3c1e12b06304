"""Every operation as every role, called directly on the store: it does exactly what the table says.

A site with one account of each kind, devices and templates owned by each of them, free and in use.
How a record stands to a viewer is worked out here anew, not by the code under test.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from tests.fetches import a_fetch
from tests.sites import PHONE, a_site
from tuiprov.data.accounts.viewers import Permission, Viewer, terminal_viewer, viewer_for
from tuiprov.data.bulk.move import move_all
from tuiprov.data.bulk.remove import remove_all
from tuiprov.data.bulk.rotate import rotate_all
from tuiprov.data.database import Database
from tuiprov.data.models import Account, Device, Extension, Line
from tuiprov.data.permissions import may
from tuiprov.data.rollouts.tables import Rollout
from tuiprov.data.rollouts.waves import NewRollout
from tuiprov.data.store import Store
from tuiprov.data.templates.tables import Template, TemplateFile
from tuiprov.errors import Conflict, NotAllowed, NotFound, Refused
from tuiprov.serve.seen import note

KINDS = ("system", "provider", "organization", "user")
RANK = {kind: rank for rank, kind in enumerate(KINDS)} | {"terminal": 3}
LEVELS: tuple[Permission, ...] = ("none", "view", "modify")
OWNERS = KINDS


@dataclass(frozen=True)
class World:
    """The ids of everything, and a way to a fresh copy of the database for each call."""

    path: Path
    accounts: dict[str, int]
    devices: dict[tuple[str, bool], int]
    templates: dict[str, int]
    extension_id: int
    spare_extension_id: int

    def copy(self) -> Store:
        other = self.path.with_name("call.db")
        for end in ("", "-wal", "-shm"):
            Path(f"{other}{end}").unlink(missing_ok=True)
        shutil.copyfile(self.path, other)
        key = other.with_name("call.db.key")
        if not key.exists():
            shutil.copy(self.path.with_name(f"{self.path.name}.key"), key)
        return Store(Database(f"sqlite:///{other}"))


@pytest.fixture
def world(tmp_path: Path) -> World:
    site = a_site(tmp_path)
    site.add("0027*001", organization="org", user="usr")
    site.add("0027*002", organization="org", user="usr")
    with site.database.write() as session:
        accounts = {a.kind: a.id or 0 for a in session.exec(select(Account))}
        devices = {}
        numbers = itertools.count(10)
        for owner, used in itertools.product(OWNERS, (False, True)):
            number = next(numbers)
            device = Device(
                serial=f"s{number}",
                owner_id=accounts[owner],
                organization_id=accounts["organization"] if used else None,
                token=f"{number:032x}",
                **{n: v for n, v in PHONE.items() if n != "use_provisioning"}
                | {"mac": f"80:5E:C0:00:00:{number}", "friendly_name": f"Desk{number}"},
            )
            session.add(device)
            session.flush()
            devices[owner, used] = device.id or 0
            if used:
                extension = Extension(
                    extension=f"0027*0{number}", user_id=accounts["user"], sip_password="x1Y2z3W4"
                )
                extension.use_provisioning = True
                session.add(extension)
                session.flush()
                line = Line(device_id=device.id or 0, number=1, extension_id=extension.id or 0)
                session.add(line)
        templates = {}
        for owner in OWNERS:
            template = Template(
                owner_id=accounts[owner], name=owner, manufacturer="Yealink", models="T46S"
            )
            session.add(template)
            session.flush()
            templates[owner] = template.id or 0
            path = "yealink/phone.cfg.j2"
            session.add(
                TemplateFile(
                    template_id=template.id or 0, path=path, text="a = 1\n", base="a = 1\n"
                )
            )
        found = {e.extension: e.id or 0 for e in session.exec(select(Extension))}
    path = site.database.path
    assert path is not None
    with site.database.write() as session:
        session.connection().exec_driver_sql("SELECT 1")
    site.database.close()
    _fold(path)
    return World(path, accounts, devices, templates, found["0027*001"], found["0027*002"])


def _fold(path: Path) -> None:
    """All of the write-ahead log into the file, so that one file is the whole database."""
    import sqlite3

    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def viewer_of(store: Store, world: World, role: str, level: str, child: str, sip: bool) -> Viewer:
    """The viewer at this role and level; every account below it has the level `child`."""
    with store.database.write() as session:
        for account in session.exec(select(Account)):
            rank = RANK[account.kind]
            account.provision_permission = level if rank == RANK[role] else child
            account.sip_management = account.sip_trunking_management = sip
            session.add(account)
        session.flush()
        if role == "terminal":
            # The extension on the user's own device.
            line = session.exec(
                select(Line).where(Line.device_id == world.devices["user", True])
            ).one()
            return terminal_viewer(session, session.get_one(Extension, line.extension_id))
        return viewer_for(session.get_one(Account, world.accounts[role]))


# -- how records stand to a viewer, by hand -------------------------------------------------------


def device_relation(role: str, owner: str, used: bool) -> str:
    if RANK[owner] == RANK[role]:
        return "own-used" if used else "own-free"
    if RANK[owner] > RANK[role]:
        return "child"
    return "higher-used" if used else "higher-free"


def device_child_level(role: str, owner: str, used: bool, child: str) -> str:
    """The level of the account below that owns it or that it is assigned to."""
    below = RANK[owner] > RANK[role] or (used and RANK["user"] > RANK[role])
    return child if below else ""


def sees_device(role: str, level: str, owner: str, used: bool) -> bool:
    if role == "system":
        return True
    if level == "none":
        return False
    # Free devices of the accounts above are shown: they can be taken.
    return role != "terminal" or (owner, used) == ("user", True)


def template_relation(role: str, owner: str) -> str:
    if RANK[owner] == RANK[role]:
        return "own"
    return "child" if RANK[owner] > RANK[role] else "higher"


def account_relation(role: str, kind: str) -> str:
    distance = RANK[kind] - RANK[role]
    return {0: "self", 1: "child"}.get(distance, "below" if distance > 0 else "higher")


# -- calls ----------------------------------------------------------------------------------------

Call = Callable[[Store, Viewer], object]


def device_calls(world: World, owner: str, used: bool) -> Iterator[tuple[str, Call]]:
    number = world.devices[owner, used]

    def page(store: Store, viewer: Viewer) -> Any:
        return replace(_as_admin(store).open(_admin(store), number))

    yield "devices.see", lambda store, viewer: store.devices.open(viewer, number)
    yield (
        "devices.edit",
        lambda store, viewer: store.devices.save(viewer, page(store, viewer), {"notes": "x"}),
    )
    yield (
        "devices.remove",
        lambda store, viewer: store.devices.remove(viewer, page(store, viewer), lambda _: None),
    )
    if used:
        yield (
            "devices.clear",
            lambda store, viewer: store.devices.clear(viewer, page(store, viewer)),
        )


def _admin(store: Store) -> Viewer:
    with store.database.read() as session:
        return viewer_for(session.exec(select(Account).where(Account.kind == "system")).one())


def _as_admin(store: Store) -> Any:
    return store.devices


def happened(store: Store, viewer: Viewer, call: Call) -> bool:
    """Did the store do it? What a rule of the record refuses would be a mistake of this test."""
    try:
        call(store, viewer)
    except (NotAllowed, NotFound):
        return False
    finally:
        store.database.close()
    return True


CASES = [
    ("system", "modify", "none"),
    *(
        (role, level, child)
        for role in ("provider", "organization")
        for level in LEVELS
        for child in LEVELS
    ),
    *((role, level, "none") for role in ("user", "terminal") for level in LEVELS),
]
EVERY_CASE = pytest.mark.parametrize(("role", "level", "child"), CASES)


@EVERY_CASE
def test_devices(world: World, role: str, level: str, child: str) -> None:
    wrong = []
    for owner, used in itertools.product(OWNERS, (False, True)):
        for operation, call in device_calls(world, owner, used):
            store = world.copy()
            viewer = viewer_of(store, world, role, level, child, sip=True)
            relation = device_relation(role, owner, used)
            below = device_child_level(role, owner, used, child)
            expected = sees_device(role, level, owner, used) and may(
                viewer, operation, relation, below
            )
            if happened(store, viewer, call) != expected:
                wrong.append((operation, owner, used, expected))
    assert wrong == []


@EVERY_CASE
def test_a_device_is_added_and_assigned(world: World, role: str, level: str, child: str) -> None:
    wrong = []
    values = {n: v for n, v in PHONE.items() if n != "use_provisioning"}
    values |= {"mac": "80:5E:C0:00:00:77"}
    for owner in OWNERS:
        store = world.copy()
        viewer = viewer_of(store, world, role, level, child, sip=True)
        owner_id = world.accounts[owner]
        mine, below = RANK[owner] == RANK[role], RANK[owner] > RANK[role]
        relation = "own-free" if mine else "child"
        expected = (mine or below) and may(viewer, "devices.add", relation, child if below else "")

        def add(store: Store, viewer: Viewer, owner_id: int = owner_id) -> object:
            return store.devices.add(viewer, store.devices.fresh(viewer, owner_id), values)

        if happened(store, viewer, add) != expected:
            wrong.append(("add", owner, expected))
        store = world.copy()
        viewer = viewer_of(store, world, role, level, child, sip=True)
        relation = device_relation(role, owner, used=False)
        assignee = child if RANK["user"] > RANK[role] else level
        expected = (
            sees_device(role, level, owner, used=False)
            and role != "terminal"
            and may(viewer, "devices.assign", relation, assignee)
        )
        number = world.devices[owner, False]

        def assign(store: Store, viewer: Viewer, number: int = number) -> object:
            return store.devices.assign(viewer, number, world.spare_extension_id)

        if happened(store, viewer, assign) != expected:
            wrong.append(("assign", owner, expected))
    assert wrong == []


@EVERY_CASE
def test_requests_of_the_devices_within_reach(
    world: World, role: str, level: str, child: str
) -> None:
    store = world.copy()
    viewer = viewer_of(store, world, role, level, child, sip=True)
    asked = {}
    with store.database.write() as session:
        for key, device_id in {**world.devices, ("nobody", False): None}.items():
            fetch = a_fetch(device_id)
            session.add(fetch)
            session.flush()
            asked[key] = fetch.id or 0
            note(session, [(device_id, fetch.agent, True)] if device_id else [])
    expected = {
        number
        for (owner, used), number in asked.items()
        if (role == "system" if owner == "nobody" else sees_device(role, level, owner, used))
    }
    try:
        seen = set(store.fetches.ids(viewer))
        assert set(store.fetches.rows(viewer, list(asked.values()))) == seen
        devices = {key: number for key, number in world.devices.items() if asked[key] in seen}
        found = store.fetches.last_of(viewer, list(world.devices.values()))
        assert set(found) == set(devices.values())
    except NotAllowed:
        seen = set()
    store.database.close()
    assert seen == expected


@EVERY_CASE
def test_templates(world: World, role: str, level: str, child: str) -> None:
    wrong = []
    for owner in OWNERS:
        number, relation = world.templates[owner], template_relation(role, owner)

        def save(store: Store, viewer: Viewer, number: int = number) -> object:
            owner_view = _template_as_its_owner(store, world, number)
            return store.templates.save(viewer, replace(owner_view, values=_noted(owner_view)))

        calls: list[tuple[str, Call]] = [
            ("templates.see", lambda s, v, n=number: s.templates.open(v, n)),
            ("templates.edit", save),
            ("templates.remove", lambda s, v, n=number: s.templates.remove(v, n)),
        ]
        for operation, call in calls:
            store = world.copy()
            viewer = viewer_of(store, world, role, level, child, sip=True)
            expected = may(viewer, operation, relation)
            if happened(store, viewer, call) != expected:
                wrong.append((operation, owner, expected))
    assert wrong == []


def _template_as_its_owner(store: Store, world: World, number: int) -> Any:
    with store.database.read() as session:
        owner = session.get_one(Account, session.get_one(Template, number).owner_id)
        viewer = replace(viewer_for(owner), provision="modify")
    return store.templates.open(viewer, number)


def _noted(view: Any) -> dict[str, Any]:
    return {**view.values, "notes": "changed"}


def _saving(kind: str, field: str, value: Any) -> Callable[[World], Call]:
    """Change one field of the account of this kind, as it was seen by the administrator."""

    def of(world: World) -> Call:
        def call(store: Store, viewer: Viewer) -> object:
            seen = store.accounts.open(_admin(store), world.accounts[kind])
            return store.accounts.save(viewer, seen, {field: value})

        return call

    return of


@EVERY_CASE
@pytest.mark.parametrize("wanted", LEVELS)
def test_levels_of_accounts(
    world: World, role: str, level: str, child: str, wanted: Permission
) -> None:
    for kind in KINDS[1:]:
        store = world.copy()
        viewer = viewer_of(store, world, role, level, child, sip=True)
        relation = account_relation(role, kind)
        with store.database.read() as session:
            query = select(Account).where(Account.kind == kind).order_by(col(Account.id))
            stored = session.exec(query).first()
            assert stored is not None
            unchanged = stored.provision_permission == wanted
        visible = relation != "higher" and role != "terminal"
        expected = visible and may(viewer, f"accounts.set_{wanted}", relation)
        call = _saving(kind, "provision_permission", wanted)(world)
        try:
            done = happened(store, viewer, call)
        except Refused:
            done = False
        # What is there already may be named again by who sees it.
        named = unchanged and visible and may(viewer, "accounts.see_level", relation)
        assert done == (expected or named), (kind, wanted)


@EVERY_CASE
@pytest.mark.parametrize("sip", [True, False])
def test_other_permissions_of_accounts(
    world: World, role: str, level: str, child: str, sip: bool
) -> None:
    fields = {
        "sip_management": "accounts.set_sip",
        "sip_trunking_management": "accounts.set_trunking",
    }
    for kind, (field, operation) in itertools.product(KINDS[1:], fields.items()):
        if field == "sip_trunking_management" and not sip:
            continue  # refused by the record: it needs the other
        store = world.copy()
        viewer = viewer_of(store, world, role, level, child, sip=sip)
        relation = account_relation(role, kind)
        visible = relation != "higher" and role != "terminal"
        expected = visible and may(viewer, operation, relation)
        try:
            done = happened(store, viewer, _saving(kind, field, not sip)(world))
        except Refused:
            done = False
        assert done == expected, (kind, field)


@EVERY_CASE
def test_accounts_and_extensions_come_and_go(
    world: World, role: str, level: str, child: str
) -> None:
    for kind in KINDS:
        store = world.copy()
        viewer = viewer_of(store, world, role, level, child, sip=True)
        parent = account_relation(role, kind)
        added = {"self": "child", "child": "below", "below": "below"}.get(parent, "")
        expected = (
            bool(added)
            and kind != "user"
            and role != "terminal"
            and may(viewer, "accounts.add", added)
        )

        def add(store: Store, viewer: Viewer, kind: str = kind) -> object:
            return store.accounts.add(viewer, world.accounts[kind], {"name": "new"})

        try:
            done = happened(store, viewer, add)
        except Refused:
            done = False
        assert done == expected, kind
    store = world.copy()
    viewer = viewer_of(store, world, role, level, child, sip=True)
    expected = role in ("system", "provider", "organization")
    new = {"extension": "0027*900"}
    call: Call = lambda s, v: s.extensions.add(v, world.accounts["user"], new)  # noqa: E731
    assert happened(store, viewer, call) == expected == may(viewer, "extensions.add")
    store = world.copy()
    viewer = viewer_of(store, world, role, level, child, sip=True)

    def remove(store: Store, viewer: Viewer) -> object:
        return store.extensions.remove(viewer, store.page(_admin(store), world.extension_id))

    assert happened(store, viewer, remove) == expected == may(viewer, "extensions.remove")


@EVERY_CASE
def test_many_are_removed_moved_and_given_passwords_by_the_accounts_above(
    world: World, role: str, level: str, child: str
) -> None:
    above = role in ("system", "provider", "organization")
    modify = above and (role == "system" or level == "modify")
    some = [world.extension_id]

    def remove(store: Store, viewer: Viewer) -> None:
        with store.database.write() as session:
            assert remove_all(session, viewer, some, lambda _: None).numbers

    def move(store: Store, viewer: Viewer) -> None:
        with store.database.write() as session:
            found = move_all(session, viewer, some, world.accounts["user"], lambda _: None)
            assert found.numbers or found.same

    def rotate(store: Store, viewer: Viewer) -> None:
        with store.database.write() as session:
            assert rotate_all(session, viewer, some, lambda _: None).numbers

    for call, allowed in ((remove, above), (move, above), (rotate, modify)):
        store = world.copy()
        viewer = viewer_of(store, world, role, level, child, sip=True)
        assert happened(store, viewer, call) == allowed, call.__name__


WAVES = NewRollout("1,all", 1, 600, False, False, "all", [])


def waves_of(store: Store, viewer: Viewer) -> int:
    """Waves of this viewer, whether it may have started them or not."""
    number = store.waves.start(_admin(store), WAVES)
    with store.database.write() as session:
        begun = session.get_one(Rollout, number)
        begun.who, begun.viewer = viewer.label, viewer.key
    return number


@EVERY_CASE
def test_the_site_and_the_files(world: World, role: str, level: str, child: str) -> None:
    calls: list[tuple[str, Call]] = [
        ("site.change", lambda s, v: s.set_site(v, {"sip_port": 5070})),
        ("files.see", lambda s, v: s.device_ids(v)),
        ("files.see", lambda s, v: s.phone(v, world.devices["user", True])),
        ("fetches.see", lambda s, v: s.resyncs.of(v, [1])),
        ("devices.resync", lambda s, v: s.resyncs.targets(v, [1])),
        ("devices.resync", lambda s, v: s.resyncs.record(v, [], "sip")),
        ("devices.resync", lambda s, v: s.resyncs.begin(v, 1, "sip")),
        ("files.publish", lambda s, v: s.waves.rows(v)),
        ("files.publish", lambda s, v: s.waves.row(v, waves_of(s, v))),
        ("files.publish", lambda s, v: s.waves.open_one(v)),
        ("files.publish", lambda s, v: s.waves.devices(v, waves_of(s, v))),
        ("files.publish", lambda s, v: s.waves.start(v, WAVES)),
        ("files.publish", lambda s, v: s.waves.take(v, waves_of(s, v))),
        ("files.publish", lambda s, v: s.waves.order(v, waves_of(s, v), "pause")),
        ("files.publish", lambda s, v: s.waves.leave(v, waves_of(s, v))),
        ("fetches.see", lambda s, v: s.fetches.ids(v)),
        ("fetches.see", lambda s, v: s.fetches.rows(v, [1])),
        ("fetches.see", lambda s, v: s.fetches.newest(v)),
        ("fetches.see", lambda s, v: s.fetches.last_of(v, [1])),
    ]
    for operation, call in calls:
        store = world.copy()
        viewer = viewer_of(store, world, role, level, child, sip=True)
        assert happened(store, viewer, call) == may(viewer, operation), operation


@pytest.mark.parametrize("error", [Conflict, Refused])
def test_a_rule_of_the_record_is_not_taken_for_a_permission(error: Any, world: World) -> None:
    def call(store: Store, viewer: Viewer) -> object:
        raise error("x") if error is Conflict else error([])

    with pytest.raises(error):
        happened(world.copy(), Viewer("system", "admin", 1, "modify", True, True), call)
