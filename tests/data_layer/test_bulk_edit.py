"""One change to many extensions does what as many single saves would have done."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.sites import PHONE, Site, a_site
from tuiprov.data.bulk import undo as bulk_undo
from tuiprov.data.bulk.edit import TOGETHER, Survey, apply, survey
from tuiprov.data.bulk.kinds import THERE_OR_NOT, WITHOUT_RULE
from tuiprov.data.bulk.text import read
from tuiprov.data.checks import NO_NEIGHBOURS, check_page
from tuiprov.data.fields import Choice, Flag, Number
from tuiprov.data.gates import gate
from tuiprov.data.kept import Event, FieldChange
from tuiprov.data.models import Device
from tuiprov.data.page import Page
from tuiprov.data.reading import page_of, pages_of
from tuiprov.data.sections import DEFAULTS, DEVICE_FIELDS, FIELDS
from tuiprov.data.writer import proposed_page
from tuiprov.errors import Conflict, Refused

ON_BOTH = True

MORE_VALUES: dict[str, list[Any]] = {
    "codecs": ["alaw", "g722,ulaw", "silk", ""],
    "allowed_networks": ["", "10.1.0.0/24"],
    "fixed_port": [None, 5080],
    "max_public_concurrent_calls": [None, 0, 5],
    "update_interval": [None, 1, 60, 99_999],
    "update_protocol": ["tftp", "http", "https", "ftp", ""],
    "template": ["Server default", "unheard of"],
    "notes": ["", "moved"],
    "equipment_description": ["", "a lamp"],
}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A dozen extensions that differ in all that rules look at."""
    site = a_site(tmp_path, csv="first-site.csv", infrastructure_type="nat", private_network="10/8")
    site.add("0027*201", sip_password="x1")
    site.add("0027*202", sip_password="x2", fixed_ip="10.0.0.5")
    site.add("0027*203", sip_password="x3", allowed_networks="10.9.0.0/24")
    site.add("0027*204", sip_password="x4", max_public_concurrent_calls=2, pbx_connected=True)
    site.add("0027*205", sip_password="x5", allow_virtualization=True, secret_code="1234")
    site.add("0027*206", sip_password="x6", **PHONE | {"status": "disabled", "mac": ""})
    site.add("0027*207", sip_password="x7", **PHONE | {"mac_based_provisioning": True})
    return site


def ids(site: Site) -> list[int]:
    return list(site.store.extension_ids(site.admin))


def surveyed(site: Site, viewer: Any = None, **change: Any) -> Survey:
    with site.database.read() as session:
        return survey(session, viewer or site.admin, ids(site), change)


def one_by_one(site: Site, viewer: Any, change: dict[str, Any]) -> Survey:
    """What single saves of the same change would have been told."""
    refused, changed, same = {}, 0, 0
    with site.database.read() as session:
        for number in ids(site):
            page = page_of(session, viewer, number)
            has_no_such = page.device_id is None and change.keys() <= set(DEVICE_FIELDS)
            if all(page.values[name] == value for name, value in change.items()):
                same += 1
                continue
            try:
                proposed_page(session, viewer, page, change)
            except Refused as error:
                refused[number] = error.refusals
            else:
                changed += not has_no_such
                same += has_no_such
    return Survey(refused, changed, same)


def values_of(name: str) -> list[Any]:
    field = FIELDS[name]
    if isinstance(field, Flag):
        return [True, False]
    if isinstance(field, Choice) and field.options:
        return [value for value, _ in field.options]
    return MORE_VALUES[name]


class TestTheSurvey:
    @pytest.mark.parametrize("name", sorted(TOGETHER))
    def test_says_of_each_extension_what_a_single_save_would_be_told(
        self, site: Site, name: str
    ) -> None:
        for value in values_of(name):
            change = {name: value}
            found, single = surveyed(site, **change), one_by_one(site, site.admin, change)
            assert {n: list(r) for n, r in found.refused.items()} == {
                n: list(r) for n, r in single.refused.items()
            }, (name, value)
            assert found.changed == single.changed, (name, value)

    def test_several_fields_at_once_are_judged_together(self, site: Site) -> None:
        change = {"max_public_concurrent_calls": 3, "pbx_connected": True}
        found, single = surveyed(site, **change), one_by_one(site, site.admin, change)
        assert found == single
        assert found.changed > 10

    def test_a_viewer_is_held_to_the_gates(self, site: Site) -> None:
        viewer = site.viewer("user", "view", sip=False)
        found = surveyed(site, viewer, ping=True)
        assert found.changed == 0
        assert found.refused

    def test_a_text_that_one_has_already_opens_no_gate_for_the_others(self, site: Site) -> None:
        """Who may not change it is refused for each that has another text."""
        spare = PHONE | {"status": "disabled", "mac": ""}
        site.add("0027*208", sip_password="x8", **spare, notes="moved")
        site.add("0027*209", sip_password="x9", **spare, notes="elsewhere")
        viewer = site.viewer("organization", "view", sip=True)
        found = surveyed(site, viewer, notes="moved")
        assert found.changed == 0
        assert site.page("0027*208").extension_id not in found.refused
        assert site.page("0027*209").extension_id in found.refused

    def test_extensions_out_of_reach_are_not_touched(self, site: Site) -> None:
        viewer = site.viewer("user", "modify", sip=True)
        reached = set(site.store.extension_ids(viewer))
        assert 0 < len(reached) < len(ids(site))
        found = surveyed(site, viewer, dtmf_mode="info")
        assert found.changed + found.same + len(found.refused) == len(reached)


def unlike(name: str, value: Any) -> list[Any]:
    """Other values of a field, none of them empty."""
    field = FIELDS[name]
    if isinstance(field, Flag):
        return [not value]
    if isinstance(field, Choice) and field.options:
        return [other for other, _ in field.options if other != value]
    if isinstance(field, Number):
        return [field.low, field.high]
    return ["another", "10.20.30.0/24"]


class TestKinds:
    """What the rules look at decides of which kind an extension is. Here each field that is left
    out is tried: nothing said about another field may hang on it."""

    @pytest.mark.parametrize("name", sorted(WITHOUT_RULE | THERE_OR_NOT))
    def test_nothing_hangs_on_a_field_that_is_left_out(self, site: Site, name: str) -> None:
        viewers = [
            site.admin,
            site.viewer("provider", "modify", sip=True, trunking=True),
            site.viewer("organization", "view", sip=True),
            site.viewer("user", "none"),
        ]

        def said(page: Page) -> Any:
            """What is wrong with it, but for a password of its own that no statement can read, and
            what each of them may do with its other fields."""
            found = check_page(page, NO_NEIGHBOURS)
            wrong = [one for one in found if one.field != name or not FIELDS[name].secret]
            others = [other for other in FIELDS if other != name]
            return wrong, [gate(other, page, viewer) for other in others for viewer in viewers]

        with site.database.read() as session:
            pages = list(pages_of(session, site.admin, ids(site)))
        for page in pages:
            value, before = page.values[name], said(page)
            if name in WITHOUT_RULE:
                values = [*unlike(name, value), DEFAULTS[name]]
            else:
                values = unlike(name, value) if value else []
            for other in values:
                assert said(page.changed({name: other})) == before, other


EVERY_KIND: dict[str, Any] = {
    "dtmf_mode": "info",
    "ping": True,
    "update_interval": 60,
    "equipment_description": "“Ü”\\",
}
"""Fields of every kind of value, of extensions and of devices."""


class TestTheChange:
    def change(self, site: Site, **change: Any) -> Any:
        with site.database.write() as session:
            return apply(session, site.admin, ids(site), change, "all")

    def test_is_the_same_as_single_saves(self, site: Site, tmp_path: Path) -> None:
        (tmp_path / "other").mkdir()
        change: dict[str, Any] = {"dtmf_mode": "info", "update_interval": 60, "notes": "moved"}
        done = self.change(site, **change)
        in_one = site.export()
        assert done.changed
        for event in site.rows(Event)[-1:]:
            site.store.archive.undo(site.admin, event.id or 0)
        for number in ids(site):
            page = site.store.page(site.admin, number)
            if number not in done.refused:
                site.store.save(site.admin, page, change)
        assert site.export() == in_one

    def test_it_is_one_operation_with_every_field_in_the_history(self, site: Site) -> None:
        before = {n: site.store.page(site.admin, n).values["dtmf_mode"] for n in ids(site)}
        done = self.change(site, dtmf_mode="info")
        rows = [row for row in site.rows(FieldChange) if row.event_id == done.event_id]
        assert {row.row_id: json.loads(row.before) for row in rows} == {
            number: mode for number, mode in before.items() if mode != "info"
        }
        assert {json.loads(row.after) for row in rows} == {"info"}
        assert done.changed == len(rows)

    @pytest.mark.parametrize(
        ("change", "kind"),
        [
            ({"ping": True}, bool),
            ({"update_interval": 60}, (int, type(None))),
            ({"notes": "Ü"}, str),
        ],
    )
    def test_the_history_has_values_of_their_own_kind(
        self, site: Site, change: dict[str, Any], kind: Any
    ) -> None:
        done = self.change(site, **change)
        rows = [row for row in site.rows(FieldChange) if row.event_id == done.event_id]
        assert rows
        for row in rows:
            assert isinstance(json.loads(row.before), kind)
            assert json.loads(row.after) == next(iter(change.values()))

    def test_the_phones_files_are_stale_and_the_versions_move(self, site: Site) -> None:
        with site.database.write() as session:
            session.execute(Device.__table__.update().values(publish_state="published"))  # type: ignore[attr-defined]
        before = {n: site.store.page(site.admin, n).extension_version for n in ids(site)}
        done = self.change(site, dtmf_mode="info")
        after = {n: site.store.page(site.admin, n).extension_version for n in ids(site)}
        assert sum(after[n] != before[n] for n in before) == done.changed
        stale = {row.id for row in site.rows(Device) if row.publish_state == "stale"}
        assert stale == done.devices

    def test_nothing_to_change_is_no_operation(self, site: Site) -> None:
        self.change(site, dtmf_mode="info")
        before = len(site.rows(Event))
        done = self.change(site, dtmf_mode="info")
        assert done.event_id is None
        assert len(site.rows(Event)) == before

    @pytest.mark.parametrize("least", [1, 10**6], ids=["by sets", "one by one"])
    def test_it_is_taken_back_as_a_whole(
        self, site: Site, least: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bulk_undo, "FROM", least)
        before = site.export()
        done = self.change(site, **EVERY_KIND)
        assert site.export() != before
        devices = site.store.archive.undo(site.admin, done.event_id)
        assert site.export() == before
        assert set(devices) == done.devices

    @pytest.mark.parametrize("least", [1, 10**6], ids=["by sets", "one by one"])
    def test_taking_it_back_can_be_taken_back(
        self, site: Site, least: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bulk_undo, "FROM", least)
        done = self.change(site, **EVERY_KIND)
        after = site.export()
        site.store.archive.undo(site.admin, done.event_id)
        site.store.archive.undo(site.admin, site.rows(Event)[-1].id or 0)
        assert site.export() == after

    @pytest.mark.parametrize("least", [1, 10**6], ids=["by sets", "one by one"])
    def test_what_somebody_changed_since_keeps_all_as_it_is(
        self, site: Site, least: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bulk_undo, "FROM", least)
        done = self.change(site, **EVERY_KIND)
        site.save("0027*207", dtmf_mode="inband")
        before = site.export()
        with pytest.raises(Conflict, match="nothing was taken back"):
            site.store.archive.undo(site.admin, done.event_id)
        assert site.export() == before

    def test_what_no_save_would_let_through_is_not_taken_back(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The codecs of before are offered no more."""
        monkeypatch.setattr(bulk_undo, "FROM", 1)
        done = self.change(site, codecs="ulaw")
        site.configure(codecs_offered="ulaw")
        before = site.export()
        with pytest.raises(Refused, match="not offered here"):
            site.store.archive.undo(site.admin, done.event_id)
        assert site.export() == before


class TestComposedTexts:
    def test_each_record_gets_a_text_from_its_own_fields(self, site: Site) -> None:
        composed = read("equipment_description", "Desk of {extension}, {dtmf_mode}")
        with site.database.write() as session:
            apply(session, site.admin, ids(site), {"equipment_description": composed}, "all")
        page = site.page("0027*201")
        assert page.values["equipment_description"] == "Desk of 0027*201, rfc2833"

    def test_numbers_run_in_the_order_of_the_extensions(self, site: Site) -> None:
        composed = read("equipment_description", "Room {n+100:04}")
        with site.database.write() as session:
            apply(session, site.admin, ids(site), {"equipment_description": composed}, "all")
        found = [
            site.store.page(site.admin, number).values["equipment_description"]
            for number in ids(site)
        ]
        assert found == [f"Room {100 + place:04}" for place in range(len(found))]

    def test_a_text_that_does_not_fit_is_refused_for_that_record_alone(self, site: Site) -> None:
        composed = read("friendly_name", "{extension_name}")
        found = surveyed(site, friendly_name=composed)
        assert found.refused
        assert found.changed + found.same + len(found.refused) == len(ids(site))

    @pytest.mark.parametrize("text", ["{colour}", "{sip_password}", "{n", "{n}}", "{}"])
    def test_what_is_no_field_is_named(self, text: str) -> None:
        with pytest.raises(ValueError, match="is no field: write"):
            read("notes", text)

    @pytest.mark.parametrize(("name", "text"), [("ping", "yes"), ("notes", "plain")])
    def test_a_plain_text_is_no_composed_one(self, name: str, text: str) -> None:
        assert read(name, text) is None
