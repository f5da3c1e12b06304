"""Many devices are changed, cleared or removed as one operation, and one undo brings all back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from tests.fetches import a_fetch, log
from tests.inventory import a_tree
from tests.publish.helpers import files, publish_site
from tests.sites import PHONE, Site, a_site
from tuiprov.data.bulk.devices import (
    begin_removal,
    end_removal,
    firmwares_of,
    survey_change,
    survey_removal,
    templates_of,
)
from tuiprov.data.bulk.sheet import FOR_DEVICES
from tuiprov.data.bulk.text import Composed
from tuiprov.data.devices.kinds import judge_alone
from tuiprov.data.history.undo import undo
from tuiprov.data.kept import Event, Fetch
from tuiprov.data.models import Device, Line
from tuiprov.errors import NotAllowed, Refused
from tuiprov.orders.devices import ClearDevices, RemoveDevices, SetDevices, edit_devices
from tuiprov.orders.order import Order, Outcome

ON_BOTH = True


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = a_site(tmp_path, csv="first-site.csv")
    publish_site(site)
    return site


def ids(site: Site, *names: str) -> list[int]:
    return [row.id or 0 for row in site.rows(Device) if not names or row.friendly_name in names]


def done(order: Order) -> Outcome:
    order.plan(lambda _: None)
    return order.apply(lambda _: None)


def taken_back(site: Site, outcome: Outcome) -> None:
    assert outcome.event_id is not None
    with site.database.write() as session:
        undo(session, site.admin, outcome.event_id)


def everything(site: Site) -> list[dict[str, Any]]:
    """Devices with all that they are, tokens and secrets included, and their lines."""
    hidden = {"version", "publish_state", "publish_reason", "published_at", "admin_password"}
    rows: list[Any] = [*site.rows(Device), *site.rows(Line)]
    return sorted((row.model_dump(exclude=hidden) for row in rows), key=str)


class TestRemoving:
    def test_they_go_with_lines_and_files_as_one_operation_and_come_back(self, site: Site) -> None:
        before, rows = site.export(), everything(site)
        outcome = done(RemoveDevices(site.store, site.admin, ids(site)))
        assert not site.rows(Device)
        assert not [path for path in files(site.publish_root) if path.startswith("http/")]
        assert [e.action for e in site.rows(Event)[-2:]] == ["remove", "publish"]
        taken_back(site, outcome)
        assert site.export() == before
        assert everything(site) == rows

    def test_one_alone_is_one_operation_too(self, site: Site) -> None:
        before = site.export()
        [number] = ids(site, "Board01")
        page = site.store.devices.open(site.admin, number)
        site.store.devices.remove(site.admin, page, lambda _: publish_site(site))
        event = next(e for e in reversed(site.rows(Event)) if e.action == "remove")
        with site.database.write() as session:
            undo(session, site.admin, event.id or 0)
        assert site.export() == before

    def test_one_that_was_used_again_meanwhile_stays(self, site: Site) -> None:
        some = ids(site, "Board01", "Ware1")
        with site.database.write() as session:
            found = begin_removal(session, site.admin, some, lambda _: None)
        publish_site(site)
        number = site.store.find_extension(site.admin, "0027*006")
        site.store.devices.assign(site.admin, ids(site, "Board01")[0], number)
        with site.database.write() as session:
            assert end_removal(session, found) == ["Board01"]
        assert ids(site, "Board01")
        assert not ids(site, "Ware1")

    def test_what_they_asked_for_stays_in_the_log_as_nobody_s(self, site: Site) -> None:
        [number] = ids(site, "Board01")
        log(site, a_fetch(number))
        done(RemoveDevices(site.store, site.admin, [number]))
        assert [row.device_id for row in site.rows(Fetch)] == [None]

    def test_killed_between_its_parts_it_has_cleared_them_and_can_be_taken_back(
        self, site: Site
    ) -> None:
        before = site.export()
        with site.database.write() as session:
            found = begin_removal(session, site.admin, ids(site), lambda _: None)
        taken_back(site, Outcome("", event_id=found.event_id))
        assert site.export() == before


class TestClearing:
    def test_they_serve_nobody_and_one_undo_gives_them_back(self, site: Site) -> None:
        before, rows = site.export(), everything(site)
        outcome = done(ClearDevices(site.store, site.admin, ids(site)))
        assert not site.rows(Line)
        assert {row.organization_id for row in site.rows(Device)} == {None}
        taken_back(site, outcome)
        assert site.export() == before
        assert everything(site) == rows


class TestChanging:
    def test_disabled_they_have_no_files(self, site: Site) -> None:
        before = site.export()
        order = SetDevices(site.store, site.admin, ids(site), {"status": "disabled"}, "Disable")
        plan = order.plan(lambda _: None)
        assert {change.kind for change in plan.changes} == {"delete"}
        outcome = order.apply(lambda _: None)
        assert {row.status for row in site.rows(Device)} == {"disabled"}
        taken_back(site, outcome)
        assert site.export() == before

    def test_what_one_cannot_have_is_refused_by_its_name_and_the_others_have_it(
        self, site: Site
    ) -> None:
        with site.database.read() as session:
            known = firmwares_of(session, site.admin, ids(site, "Praxis1"))
        other = next(one for one in known if one != "84")
        order = SetDevices(site.store, site.admin, ids(site), {"firmware": other}, "Firmware")
        refused = order.plan(lambda _: None).refused
        assert any(line.startswith("Board01: firmware: ") for line in refused)
        assert not any("Praxis1" in line for line in refused)
        order.apply(lambda _: None)
        assert {row.firmware for row in site.rows(Device) if row.model == "T46S"} == {other}

    def test_a_plan_of_nobody_writes_nothing(self, site: Site) -> None:
        count = len(site.rows(Event))
        order = SetDevices(site.store, site.admin, ids(site, "Board01"), {"firmware": "x"}, "X")
        with pytest.raises(Refused):
            order.apply(lambda _: None)
        assert len(site.rows(Event)) == count


CHANGES: list[dict[str, Any]] = [
    {"status": "disabled"},
    {"status": "enabled"},
    {"template": "unheard of"},
    {"firmware": "84"},
    {"update_protocol": "tftp"},
    {"update_protocol": "http"},
    {"mac_based_provisioning": True},
    {"update_interval": 1},
    {"update_interval": 60, "status": "enabled"},
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_those_alike_get_the_answer_that_each_alone_would(
    site: Site, change: dict[str, Any]
) -> None:
    with site.database.write() as session:
        # Twins: one MAC address, by TFTP, all but one of them disabled.
        for device in session.exec(select(Device).where(Device.manufacturer == "Cisco")):
            device.mac, device.update_protocol = "00:07:0E:16:6F:A1", "tftp"
            device.status = "enabled" if device.friendly_name == "LobbyCisco" else "disabled"
            session.add(device)
    with site.database.read() as session:
        found = survey_change(session, site.admin, ids(site), change, lambda _: None)
        told = {one.where for one in found.refused}
        for device in session.exec(select(Device)):
            alone = judge_alone(session, site.admin, device, change)
            name = device.friendly_name
            assert bool(alone.refused) == (name in told), (name, alone.refused, found.refused)
            if not alone.refused and alone.changes:
                assert found.values[device.id or 0] == alone.changes, name
        assert len(found.names) + len(told) + found.same == len(site.rows(Device))


class TestPermissions:
    def test_who_may_only_view_changes_none(self, site: Site) -> None:
        viewer = site.viewer("organization", "view", sip=True, name="Acme Ltd")
        with site.database.read() as session:
            found = survey_removal(session, viewer, ids(site))
        assert not found.names
        assert found.refused

    def test_another_organization_s_are_not_even_named(self, site: Site) -> None:
        viewer = site.viewer("organization", "modify", sip=True, name="Acme Ltd")
        with site.database.read() as session:
            found = survey_removal(session, viewer, ids(site))
        told = {*found.names.values(), *(one.where for one in found.refused)}
        assert told.isdisjoint({"Praxis1", "FaxAta", "Empfang1"})

    def test_without_provisioning_there_is_no_inventory(self, site: Site) -> None:
        viewer = site.viewer("organization", "none", name="Acme Ltd")
        with pytest.raises(NotAllowed), site.database.read() as session:
            survey_removal(session, viewer, ids(site))


def test_only_what_all_can_have_is_offered(site: Site) -> None:
    with site.database.read() as session:
        assert firmwares_of(session, site.admin, ids(site, "Praxis1"))
        assert firmwares_of(session, site.admin, ids(site, "Praxis1", "Board01")) == []
        assert templates_of(session, site.admin, ids(site)) == ["Server default"]


class TestTheForm:
    """What the form of many begins with (`edit_devices`)."""

    def test_it_shows_the_values_that_all_of_them_have(self, site: Site) -> None:
        for some in (ids(site), ids(site, "Praxis1"), ids(site, "Board01", "Ware1"), []):
            rows = [row for row in site.rows(Device) if row.id in some]
            common = {
                name: getattr(rows[0], name)
                for name in FOR_DEVICES
                if rows and len({getattr(row, name) for row in rows}) == 1
            }
            found = edit_devices(site.store, site.admin, some, lambda _: None).sheet.about.values
            assert {name: found.get(name) for name in common} == common
            assert found.keys() == common.keys() or not rows

    def test_one_page_stands_for_all_devices_alike(self, site: Site) -> None:
        sheet = edit_devices(site.store, site.admin, ids(site), lambda _: None).sheet
        kinds = {(row.manufacturer, row.model, row.firmware) for row in site.rows(Device)}
        assert {(p.kind.manufacturer, p.kind.model, p.kind.firmware) for p in sheet.pages if p.kind
                } == kinds  # fmt: skip
        assert len(sheet.pages) <= len(site.rows(Device))

    def test_what_one_of_them_may_be_given_is_open_though_another_is_not_the_viewer_s(
        self, tmp_path: Path
    ) -> None:
        tree = a_tree(tmp_path)
        own, other = tree.device("Own1", "acme"), tree.device("Higher1", "Provider")
        viewer = tree.viewer("acme", "view")
        both = edit_devices(tree.site.store, viewer, [other, own], lambda _: None)
        assert both.sheet.gate("notes").is_open
        none = edit_devices(tree.site.store, viewer, [other], lambda _: None)
        assert not none.sheet.gate("notes").is_open
        both.sheet.edit("notes", "shelf 4")
        assert any("Higher1" in line for line in both.plan(lambda _: None).refused)
        both.apply(lambda _: None)
        notes = {row.friendly_name: row.notes for row in tree.site.rows(Device)}
        assert notes == {"Own1": "shelf 4", "Higher1": PHONE.get("notes", "")}

    def test_devices_out_of_reach_say_nothing(self, tmp_path: Path) -> None:
        tree = a_tree(tmp_path)
        foreign = tree.device("Foreign1", "other", "0099*001", notes="for eve only")
        form = edit_devices(tree.site.store, tree.viewer("acme"), [foreign], lambda _: None)
        assert "for eve only" not in str(form.sheet.about)
        assert form.sheet.about.pages == []
        assert not form.sheet.gate("notes").is_open

    def test_a_text_made_of_each_one_s_fields_is_judged_for_each(self, site: Site) -> None:
        change = {"friendly_name": Composed("{model}x{n}"), "notes": Composed("{manufacturer}")}
        order = SetDevices(site.store, site.admin, ids(site), change, "Edit")
        before, plan = site.export(), order.plan(lambda _: None)
        outcome = order.apply(lambda _: None)
        refused = len({line.partition(":")[0] for line in plan.refused})
        named = [row for row in site.rows(Device) if row.notes == row.manufacturer]
        assert len(named) == len(ids(site)) - refused > 0
        assert all(row.friendly_name.startswith(f"{row.model}x") for row in named)
        taken_back(site, outcome)
        assert site.export() == before
