"""Actions on many when something comes between: a stop, a disk, a PBX, another admin."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.publish.helpers import files, publish_site
from tests.sites import PHONE, Site, a_site
from tuiprov.data.kept import Event
from tuiprov.data.models import Device
from tuiprov.data.store import Store
from tuiprov.errors import NotFound, PublishError
from tuiprov.orders.devices import ClearDevices, RemoveDevices, SetDevices
from tuiprov.orders.files import SetFields
from tuiprov.orders.moving import Move
from tuiprov.orders.order import Order, Stopped
from tuiprov.orders.removing import Remove
from tuiprov.orders.rotating import Rotate

OLD = "the-old-secret"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = a_site(tmp_path, pbx="asterisk")
    site.add("0027*001", sip_password=OLD, **PHONE)
    site.add("0027*002", sip_password="another", user="mary")
    publish_site(site)
    return site


def extensions(site: Site) -> list[int]:
    return list(site.store.extension_ids(site.admin))


def devices(site: Site) -> list[int]:
    return [row.id or 0 for row in site.rows(Device)]


def mary(site: Site) -> int:
    return site.store.accounts.find(site.admin, "mary")


ORDERS: dict[str, Callable[[Site], Order]] = {
    "remove": lambda s: Remove(s.store, s.admin, extensions(s)),
    "move": lambda s: Move(s.store, s.admin, extensions(s), mary(s)),
    "rotate": lambda s: Rotate(s.store, s.admin, extensions(s), admin=True),
    "disable": lambda s: SetFields(s.store, s.admin, extensions(s), {"firmware": "86"}, "x"),
    "set devices": lambda s: SetDevices(s.store, s.admin, devices(s), {"status": "disabled"}, "x"),
    "clear": lambda s: ClearDevices(s.store, s.admin, devices(s)),
    "remove devices": lambda s: RemoveDevices(s.store, s.admin, devices(s)),
}


def stopping(_count: int) -> None:
    raise Stopped


def unheard(_count: int) -> None:
    pass


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
class TestEveryOrder:
    def test_stopped_it_leaves_everything_as_it_was(
        self, site: Site, order: Callable[[Site], Order]
    ) -> None:
        before, tree, events = site.export(), files(site.publish_root), len(site.rows(Event))
        with pytest.raises(Stopped):
            order(site).apply(stopping)
        assert (site.export(), files(site.publish_root)) == (before, tree)
        assert len(site.rows(Event)) == events

    def test_its_plan_writes_nothing(self, site: Site, order: Callable[[Site], Order]) -> None:
        before, tree, events = site.export(), files(site.publish_root), len(site.rows(Event))
        order(site).plan(unheard)
        assert (site.export(), files(site.publish_root)) == (before, tree)
        assert len(site.rows(Event)) == events

    def test_it_tells_how_far_it_is(self, site: Site, order: Callable[[Site], Order]) -> None:
        told: list[int] = []
        order(site).apply(told.append)
        assert told


def test_a_pbx_that_does_not_take_the_new_passwords_leaves_the_phones_the_old_ones(
    site: Site,
) -> None:
    site.configure(pbx_reload=True)
    store = Store(site.database, ("false",))
    phone = {path: data for path, data in files(site.publish_root).items() if "pbx/" not in path}
    pbx = (site.publish_root / "pbx" / "pjsip_tuiprov.conf").read_text()
    with pytest.raises(PublishError):
        Rotate(store, site.admin, extensions(site)).apply(unheard)
    now = files(site.publish_root)
    assert {path: now[path] for path in phone} == phone
    assert (site.publish_root / "pbx" / "pjsip_tuiprov.conf").read_text() == pbx
    site.configure(pbx_reload=False)
    publish_site(site)
    text = (site.publish_root / "pbx" / "pjsip_tuiprov.conf").read_text()
    assert f"password=>{OLD}" in text
    assert f"password=>{site.page().values['sip_password']}" in text


def test_who_was_removed_by_another_admin_meanwhile_is_left_out(site: Site) -> None:
    order = Remove(site.store, site.admin, extensions(site))
    order.plan(unheard)
    site.store.extensions.remove(site.admin, site.page("0027*002"))
    assert "1 removed" in order.apply(unheard).words
    with pytest.raises(NotFound, match="none of these is there any more"):
        order.apply(unheard)


def test_an_account_that_went_meanwhile_is_told(site: Site) -> None:
    account = mary(site)
    site.store.extensions.remove(site.admin, site.page("0027*002"))
    order = Move(site.store, site.admin, extensions(site), account)
    order.plan(unheard)
    site.store.accounts.remove(site.admin, account)
    with pytest.raises(NotFound):
        order.apply(unheard)


def test_hostile_names_are_told_as_they_are_and_hold_nothing_up(site: Site) -> None:
    hostile: dict[str, Any] = {"friendly_name": "x\x1b[31m'; DROP TABLE device;--"[:32]}
    with site.database.write() as session:
        device = session.get_one(Device, devices(site)[0])
        device.friendly_name = hostile["friendly_name"]
        session.add(device)
    order = SetDevices(site.store, site.admin, devices(site), {"firmware": "nonsense"}, "Firmware")
    assert order.plan(unheard).refused[0].startswith(hostile["friendly_name"])
    assert "1 removed" in RemoveDevices(site.store, site.admin, devices(site)).apply(unheard).words
