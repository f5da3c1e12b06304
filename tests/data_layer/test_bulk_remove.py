"""Many extensions go as one operation, and come back with all that they had."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.sites import PHONE, Site, a_site
from tuiprov.data.bulk.remove import Found, remove_all
from tuiprov.data.history.undo import undo
from tuiprov.data.kept import Event, FieldChange, PbxOptions
from tuiprov.data.models import Device, Extension, Line
from tuiprov.data.page import OwnOption
from tuiprov.data.pbx_rows import keep_options, own_options
from tuiprov.errors import Conflict, NotAllowed

ON_BOTH = True


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = a_site(tmp_path, csv="first-site.csv")
    site.add("0027*201", sip_password="old-secret-1", **PHONE | {"mac": "80:5E:C0:00:00:31"})
    site.add("0027*202", sip_password="old-secret-2", allow_virtualization=True, secret_code="4711")
    return site


def removed(site: Site, *numbers: str, viewer: Any = None) -> Found:
    ids = [site.store.find_extension(site.admin, number) for number in numbers]
    with site.database.write() as session:
        return remove_all(session, viewer or site.admin, ids, lambda _: None)


def last_event(site: Site, action: str) -> int:
    return max(e.id or 0 for e in site.rows(Event) if e.action == action)


def taken_back(site: Site, event: int) -> set[int]:
    with site.database.write() as session:
        return undo(session, site.admin, event)


def test_all_go_with_their_lines_and_the_devices_stay(site: Site) -> None:
    device = site.page("0027*201").device_id
    found = removed(site, "0027*201", "0027*202")
    assert sorted(found.numbers.values()) == ["0027*201", "0027*202"]
    assert found.devices == {device}
    numbers = {row.extension for row in site.rows(Extension)}
    assert numbers.isdisjoint({"0027*201", "0027*202"})
    assert device not in {line.device_id for line in site.rows(Line)}
    row = next(one for one in site.rows(Device) if one.id == device)
    assert row.publish_state == "stale"


def test_it_is_one_operation_that_names_them(site: Site) -> None:
    before = len(site.rows(Event))
    removed(site, "0027*201", "0027*202")
    event = site.rows(Event)[-1]
    assert len(site.rows(Event)) == before + 1
    assert (event.subject, event.detail) == ("2 extensions", "0027*201 0027*202")


def test_what_was_removed_comes_back_with_its_values_and_secrets(site: Site) -> None:
    before = site.export()
    removed(site, "0027*201", "0027*202")
    assert site.export() != before
    devices = taken_back(site, last_event(site, "remove extension"))
    assert site.export() == before
    assert site.page("0027*202").values["secret_code"] == "4711"
    assert devices == {site.page("0027*201").device_id}


def test_its_kept_options_of_the_pbx_come_back_too(site: Site) -> None:
    kept = (OwnOption("endpoint", "language", "it"),)
    number = site.store.find_extension(site.admin, "0027*201")
    with site.database.write() as session:
        keep_options(session, number, kept)
    removed(site, "0027*201")
    assert not site.rows(PbxOptions)
    taken_back(site, last_event(site, "remove extension"))
    with site.database.read() as session:
        assert list(own_options(session).values()) == [kept]


def test_they_come_back_although_a_new_extension_has_the_id_of_one(site: Site) -> None:
    before = {n: site.page(n).values for n in ("0027*201", "0027*202")}
    removed(site, "0027*201", "0027*202")
    site.add("0027*299", sip_password="another")
    taken_back(site, last_event(site, "remove extension"))
    assert {n: site.page(n).values for n in before} == before
    assert site.page("0027*299").values["sip_password"] == "another"


def test_whose_number_is_taken_does_not_come_back_and_nor_does_any_other(site: Site) -> None:
    removed(site, "0027*201", "0027*202")
    site.add("0027*202", sip_password="another")
    with pytest.raises(Conflict, match="nothing was taken back"):
        taken_back(site, last_event(site, "remove extension"))
    assert "0027*201" not in {row.extension for row in site.rows(Extension)}


def test_taken_back_twice_is_refused(site: Site) -> None:
    removed(site, "0027*201")
    event = last_event(site, "remove extension")
    taken_back(site, event)
    with pytest.raises(Conflict):
        taken_back(site, event)


def test_the_undo_can_be_undone(site: Site) -> None:
    removed(site, "0027*201", "0027*202")
    after = site.export()
    taken_back(site, last_event(site, "remove extension"))
    taken_back(site, last_event(site, "undo"))
    assert site.export() == after


def test_who_may_not_provision_removes_only_those_without_a_phone(site: Site) -> None:
    viewer = site.viewer("organization", "view", sip=True)
    found = removed(site, "0027*201", "0027*202", viewer=viewer)
    assert list(found.numbers.values()) == ["0027*202"]
    [(reason,)] = [[one.reason for one in reasons] for reasons in found.refused.values()]
    assert "may not provision" in reason


def test_a_user_removes_none_and_nobody_whom_he_does_not_see(site: Site) -> None:
    with pytest.raises(NotAllowed):
        removed(site, "0027*201", viewer=site.viewer("user", "modify", sip=True))
    stranger = site.viewer("organization", "modify", sip=True, name="Praxis Müller")
    assert not removed(site, "0027*201", viewer=stranger).numbers


def test_no_secret_stands_in_the_history_in_clear(site: Site) -> None:
    removed(site, "0027*201", "0027*202")
    texts = [row.before + row.after for row in site.rows(FieldChange)]
    assert not any("old-secret" in text or "4711" in text for text in texts)
