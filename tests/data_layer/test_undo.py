"""The history of data, field by field, and taking an operation back as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import select

from tests.sites import PHONE, Site, a_site
from tuiprov.data.bulk import undo as bulk_undo
from tuiprov.data.bulk.assignments import set_values
from tuiprov.data.history import undo_check
from tuiprov.data.history.changes import TRACKED, read
from tuiprov.data.history.undo import undo
from tuiprov.data.kept import Event, FieldChange
from tuiprov.data.models import Account, Device, Extension, Line
from tuiprov.errors import Conflict, NotAllowed, NotFound, Refused

ON_BOTH = True


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return a_site(tmp_path)


def last(site: Site, action: str) -> int:
    """The id of the latest event with this action."""
    return max(event.id or 0 for event in site.rows(Event) if event.action == action)


def take_back(site: Site, event_id: int, viewer: object = None) -> set[int]:
    with site.database.write() as session:
        return undo(session, viewer or site.admin, event_id)  # type: ignore[arg-type]


def changes(site: Site, event_id: int) -> dict[str, tuple[object, object]]:
    with site.database.read() as session:
        rows = session.exec(select(FieldChange).where(FieldChange.event_id == event_id))
        return {row.field: read(site.database.keys, row) for row in rows}


def test_a_save_is_in_the_history_field_by_field(site: Site) -> None:
    site.add(**PHONE)
    site.save(extension_name="Bob", update_interval=77)
    found = changes(site, last(site, "save"))
    assert found == {"extension_name": ("", "Bob"), "update_interval": (None, 77)}


def test_a_secret_is_sealed_in_the_history(site: Site) -> None:
    site.add(sip_password="firstSecret1")
    site.save(sip_password="otherSecret2")
    event_id = last(site, "save")
    stored = [row for row in site.rows(FieldChange) if row.event_id == event_id]
    assert [row.field for row in stored] == ["sip_password"]
    assert "Secret" not in stored[0].before + stored[0].after
    assert changes(site, event_id)["sip_password"] == ("firstSecret1", "otherSecret2")


def test_no_row_of_the_history_holds_a_secret_in_clear(site: Site) -> None:
    site.add(**PHONE, sip_password="canarySecret9", password_generation="manual",
             admin_password="canaryAdmin8")  # fmt: skip
    site.save(use_provisioning=False)
    rows = [row for table in TRACKED.values() for row in site.rows(table)]
    assert "canary" not in repr([*rows, *site.rows(FieldChange), *site.rows(Event)])
    site.database.close()
    raw = b"".join(path.read_bytes() for path in site.directory.glob("site.db*"))
    assert b"canary" not in raw


def test_undoing_a_save_puts_every_field_back(site: Site) -> None:
    before = site.add(**PHONE, sip_password="firstSecret1")
    site.save(extension_name="Bob", sip_password="otherSecret2", status="disabled")
    assert take_back(site, last(site, "save")) == {1}
    assert site.page().values == before.values


def test_an_undo_can_be_undone(site: Site) -> None:
    site.add(**PHONE)
    after = site.save(extension_name="Bob")
    take_back(site, last(site, "save"))
    take_back(site, last(site, "undo"))
    assert site.page().values == after.values


def test_what_somebody_changed_since_is_named_and_nothing_is_taken_back(site: Site) -> None:
    site.add(**PHONE)
    site.save(extension_name="Bob", ping=True)
    event_id = last(site, "save")
    site.save(extension_name="Carol")
    with pytest.raises(Conflict, match=r"extension_name of 0027\*001"):
        take_back(site, event_id)
    assert site.page().values["ping"] is True


def test_an_import_is_one_operation_and_goes_as_a_whole(site: Site) -> None:
    site.add("0027*009")
    accounts = len(site.rows(Account))
    site.import_text(
        "extension,organization,user,use_provisioning,friendly_name,manufacturer,model,firmware,"
        "mac,update_protocol\n"
        "0027*001,New Ltd,eve,yes,Desk01,Yealink,T46S,84,80:5E:C0:00:00:01,https\n"
        "0027*002,New Ltd,eve,yes,Desk02,Yealink,T46S,84,80:5E:C0:00:00:02,https\n"
    )
    assert len(site.rows(Device)) == 2
    take_back(site, last(site, "import"))
    assert [row.extension for row in site.rows(Extension)] == ["0027*009"]
    assert (site.rows(Device), site.rows(Line)) == ([], [])
    assert len(site.rows(Account)) == accounts


def test_an_undone_import_can_be_brought_back_with_its_secrets(site: Site) -> None:
    site.import_text(
        "extension,organization,user,sip_password\n0027*001,Acme Ltd,anna,firstSecret1\n"
    )
    before = site.page().values
    take_back(site, last(site, "import"))
    take_back(site, last(site, "undo"))
    assert site.page().values == before


def test_a_bulk_edit_goes_as_a_whole(site: Site) -> None:
    for number in ("0027*001", "0027*002", "0027*003"):
        site.add(number, extension_name=f"Name {number[-1]}")
    set_values(site.store, site.admin, {"ping": True}, "")
    take_back(site, last(site, "set"))
    assert {row.ping for row in site.rows(Extension)} == {False}


def test_ones_own_save_is_undone_through_the_gates(site: Site) -> None:
    site.add(user="anna", **PHONE)
    anna = site.viewer("user", "modify", name="anna")
    site.save(viewer=anna, notes="on the left")
    event_id = last(site, "save")
    anna = site.viewer("user", "view", name="anna")
    with pytest.raises(Refused, match="notes"):
        take_back(site, event_id, anna)
    anna = site.viewer("user", "modify", name="anna")
    take_back(site, event_id, anna)
    assert site.page().values["notes"] == ""


def test_what_others_did_only_the_administrator_takes_back(site: Site) -> None:
    site.add(user="anna", **PHONE)
    site.save(notes="by the administrator")
    anna = site.viewer("user", "modify", name="anna")
    with pytest.raises(NotAllowed):
        take_back(site, last(site, "save"), anna)


@pytest.mark.parametrize("few", [50, 0], ids=["one by one", "by sets"])
def test_an_undo_that_no_save_would_let_through_is_refused(
    site: Site, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undo_check, "_FEW", few)
    site.add("0027*001", fixed_ip="203.0.113.40")
    site.save("0027*001", fixed_ip="203.0.113.41", fixed_auth="not_required")
    event_id = last(site, "save")
    site.add("0027*002", fixed_ip="203.0.113.40", fixed_auth="not_required")
    with pytest.raises(Refused, match="every one of them has to authenticate"):
        take_back(site, event_id)
    assert site.page("0027*001").values["fixed_ip"] == "203.0.113.41"


def test_an_event_without_data_cannot_be_undone(site: Site) -> None:
    site.store.record(site.admin, "reveal", "0027*001")
    with pytest.raises(NotFound):
        take_back(site, last(site, "reveal"))


def test_settings_are_taken_back_and_all_devices_follow(site: Site) -> None:
    site.add(**PHONE)
    site.store.set_site(site.admin, {"voicemail_number": "*42"})
    assert take_back(site, last(site, "settings")) == {1}
    assert site.store.site().voicemail_number == "*97"


class Enough(Exception):
    """Raised by whoever waits no longer."""


@pytest.mark.parametrize("least", [1, 200], ids=["by sets", "row by row"])
def test_an_undo_counts_and_can_be_stopped_until_it_is_stored(
    site: Site, least: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_undo, "FROM", least)
    for number in ("0027*001", "0027*002", "0027*003"):
        site.add(number, extension_name=f"Name {number[-1]}")
    set_values(site.store, site.admin, {"ping": True, "dtmf_mode": "inband"}, "")
    event_id, before = last(site, "set"), (site.export(), site.rows(Event))
    told: list[int] = []

    def stop_after(calls: int) -> None:
        told.clear()

        def heard(count: int) -> None:
            told.append(count)
            if len(told) > calls:
                raise Enough

        site.store.archive.undo(site.admin, event_id, heard)

    calls = 0
    while True:
        try:
            stop_after(calls)
        except Enough:
            assert (site.export(), site.rows(Event)) == before
        else:
            break
        calls += 1
    assert calls >= 4
    assert max(told) >= 3, "it counts what is taken back"
    assert {row.ping for row in site.rows(Extension)} == {False}
    assert last(site, "undo") > event_id
