"""Rows of an import are read and written by sets, and mean what they mean one by one."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event
from sqlmodel import select

from tests.sites import Site
from tuiprov.data.checks import DUPLICATE_MAC
from tuiprov.data.exchange import rows as import_rows
from tuiprov.data.exchange.importing import Imported, import_file
from tuiprov.data.kept import Enrolment, Event, FieldChange
from tuiprov.data.models import Device, Extension, Line
from tuiprov.data.sealing import keys_of
from tuiprov.errors import Conflict

ON_BOTH = True

COLUMNS = (
    *("extension", "organization", "user", "extension_name", "sip_password", "use_provisioning"),
    *("friendly_name", "manufacturer", "model", "firmware", "mac", "line", "update_protocol"),
    *("status", "fixed_ip", "fixed_auth"),
)
Row = dict[str, str]


def a_row(number: int, **values: str) -> Row:
    row = {
        "extension": f"0027*{number:05}",
        "organization": f"Org {number % 3}",
        "user": f"user{number % 7}",
        "sip_password": f"secret{number}",
        "use_provisioning": "yes",
        "friendly_name": f"Desk{number}",
        "manufacturer": "Yealink",
        "model": "T46S",
        "firmware": "84",
        "mac": f"80:5E:C0:{number // 65536:02X}:{number // 256 % 256:02X}:{number % 256:02X}",
        "update_protocol": "https",
    }
    return row | values


def as_csv(rows: list[Row]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def take(site: Site, rows: list[Row], *, partial: bool = False) -> Imported:
    path = site.directory / "rows.csv"
    path.write_text(as_csv(rows), encoding="utf-8")
    return import_file(site.database, site.admin, path, partial=partial)


@contextmanager
def counted(site: Site) -> Iterator[list[str]]:
    """The statements sent to the database meanwhile."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    engine = site.database._engine
    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


class TestStatements:
    """Their number follows from the number of batches, not from that of rows."""

    @pytest.fixture(autouse=True)
    def _small_batches(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(import_rows, "AT_ONCE", 200)

    def count(self, site: Site, rows: list[Row]) -> int:
        with counted(site) as sent:
            take(site, rows)
        return len(sent)

    def test_adding_costs_no_statement_per_row(self, site: Site) -> None:
        few = self.count(site, [a_row(n) for n in range(20)])
        many = self.count(site, [a_row(n) for n in range(1000, 1200)])
        assert many <= few + 10

    def test_changing_costs_no_statement_per_row(self, site: Site) -> None:
        take(site, [a_row(n) for n in range(200)])
        few = self.count(site, [a_row(n, extension_name=f"Few {n}") for n in range(20)])
        many = self.count(site, [a_row(n, extension_name=f"Many {n}") for n in range(200)])
        assert many <= few + 10

    def test_nothing_to_do_costs_some_statements_for_each_batch(self, site: Site) -> None:
        rows = [a_row(n) for n in range(400)]
        take(site, rows)
        assert self.count(site, rows) < 40

    def test_an_export_costs_no_statement_per_row(self, site: Site) -> None:
        take(site, [a_row(n) for n in range(400)])
        with counted(site) as sent:
            assert len(site.export().splitlines()) == 401
        assert len(sent) < 10


class TestHistory:
    def test_a_new_row_is_in_the_history_with_all_its_columns_and_no_secret_in_clear(
        self, site: Site
    ) -> None:
        take(site, [a_row(1)])
        added = ("extension", "device", "line")
        changes = {one.table: one for one in site.rows(FieldChange) if one.table in added}
        assert len(changes) == 3
        for model, table in ((Extension, "extension"), (Device, "device"), (Line, "line")):
            stored = json.loads(changes[table].after)
            columns = {column.key for column in model.__table__.columns}
            noted = {"version", "publish_state", "publish_reason", "published_at"}
            assert stored.keys() == columns - noted
            assert stored["id"] == changes[table].row_id == site.rows(model)[0].id
        assert "secret1" not in "".join(one.after for one in changes.values())

    def test_an_import_is_taken_back_as_one(self, site: Site) -> None:
        before = site.export()
        take(site, [a_row(n) for n in range(5)])
        site.store.archive.undo(site.admin, site.rows(Event)[-1].id or 0)
        assert site.export() == before
        assert not site.rows(Line)

    def test_a_stored_secret_is_sealed_for_its_row(self, site: Site) -> None:
        take(site, [a_row(1)])
        stored = site.rows(Extension)[0].sip_password
        assert stored != "secret1"
        with site.database.read() as session:
            assert keys_of(session).open(stored, "extension:0027*00001:sip_password") == "secret1"

    def test_an_import_that_changes_nothing_is_no_operation(self, site: Site) -> None:
        take(site, [a_row(1)])
        events = len(site.rows(Event))
        assert take(site, [a_row(1)]).unchanged == 1
        assert len(site.rows(Event)) == events


class TestRowsOfOneBatch:
    def test_a_second_line_finds_the_device_of_the_row_before(self, site: Site) -> None:
        mac = "80:5E:C0:00:00:01"
        second = dict.fromkeys(COLUMNS, "") | {"extension": "0027*00002", "line": "2"}
        second |= {"organization": "Org 1", "user": "joe", "use_provisioning": "yes", "mac": mac}
        take(site, [a_row(1, mac=mac), second])
        (device,) = site.rows(Device)
        assert {(line.device_id, line.number) for line in site.rows(Line)} == {
            (device.id, 1),
            (device.id, 2),
        }

    def test_an_extension_that_stands_twice_is_added_and_then_changed(self, site: Site) -> None:
        done = take(site, [a_row(1), a_row(1, extension_name="Later")])
        assert (done.added, done.changed) == (1, 1)
        assert site.page("0027*00001").values["extension_name"] == "Later"

    def test_a_spare_device_is_taken_up_with_its_token(self, site: Site) -> None:
        take(site, [a_row(1)])
        (before,) = site.rows(Device)
        site.save("0027*00001", use_provisioning=False)
        take(site, [a_row(2, mac=before.mac, organization="Org 1")])
        (after,) = site.rows(Device)
        assert (after.id, after.token) == (before.id, before.token)

    def test_two_lines_change_places_only_over_a_free_one(self, site: Site) -> None:
        mac = "80:5E:C0:00:00:01"
        both = [a_row(1, mac=mac, line="1"), a_row(2, mac=mac, line="2", organization="Org 1")]
        take(site, both)
        done = take(
            site, [{**both[0], "line": "3"}, {**both[1], "line": "1"}, {**both[0], "line": "2"}]
        )
        assert done.changed == 3
        assert site.page("0027*00001").values["line"] == 2
        assert site.page("0027*00002").values["line"] == 1

    def test_a_new_device_of_a_site_with_two_stages_has_its_first_link(self, site: Site) -> None:
        site.configure(two_stage_enrolment=True, default_mac_based_provisioning=False)
        take(site, [a_row(1)])
        (window,) = site.rows(Enrolment)
        assert window.device_id == site.rows(Device)[0].id


class TestWhoElseIsThere:
    def test_who_had_the_page_open_is_told_that_it_changed(self, site: Site) -> None:
        take(site, [a_row(1)])
        page = site.page("0027*00001")
        take(site, [a_row(1, extension_name="By import")])
        with pytest.raises(Conflict):
            site.store.save(site.admin, page, {"extension_name": "By hand"})

    def test_who_had_the_page_open_is_told_that_its_device_changed(self, site: Site) -> None:
        take(site, [a_row(1)])
        page = site.page("0027*00001")
        take(site, [a_row(1, friendly_name="Other")])
        with pytest.raises(Conflict):
            site.store.save(site.admin, page, {"friendly_name": "Mine"})

    def test_who_had_the_page_open_is_told_that_a_line_came(self, site: Site) -> None:
        mac = a_row(1)["mac"]
        take(site, [a_row(1)])
        page = site.page("0027*00001")
        take(site, [a_row(4, mac=mac, line="2", organization="Org 1", friendly_name="Desk1")])
        with pytest.raises(Conflict):
            site.store.save(site.admin, page, {"line": 2})

    def test_a_device_whose_files_change_is_stale_and_no_other(self, site: Site) -> None:
        take(site, [a_row(1), a_row(2)])
        with site.database.write() as session:
            for device in session.exec(select(Device)):
                device.publish_state = "published"
        take(site, [a_row(1, extension_name="New"), a_row(2)])
        states = {device.friendly_name: device.publish_state for device in site.rows(Device)}
        assert states == {"Desk1": "stale", "Desk2": "published"}

    def test_a_device_of_another_organization_is_not_taken_up(self, site: Site) -> None:
        take(site, [a_row(1, update_protocol="tftp")])
        site.save("0027*00001", use_provisioning=False)
        other = a_row(2, mac=a_row(1)["mac"], organization="Org 2", update_protocol="tftp")
        done = take(site, [other], partial=True)
        assert [(one.field, one.reason) for one in done.refused] == [("mac", DUPLICATE_MAC)]

    def test_a_password_that_changes_is_sealed_in_the_row_and_in_the_history(
        self, site: Site
    ) -> None:
        take(site, [a_row(1)])
        take(site, [a_row(1, sip_password="another1")])
        change = site.rows(FieldChange)[-1]
        assert change.field == "sip_password"
        assert "another1" not in change.after + site.rows(Extension)[0].sip_password
        assert site.page("0027*00001").values["sip_password"] == "another1"
        site.store.archive.undo(site.admin, site.rows(Event)[-1].id or 0)
        assert site.page("0027*00001").values["sip_password"] == "secret1"
