"""From the store to the disk and back: states of devices, what is recorded, what is written."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from tests.children import children
from tests.publish.helpers import files, publish_site, state
from tests.sites import PHONE, Site
from tuiprov.data.kept import Event, PublishedFile
from tuiprov.data.models import Device
from tuiprov.errors import PublishError
from tuiprov.publish import placing
from tuiprov.publish.planning import plan_devices, plan_page
from tuiprov.publish.publishing import publish

ON_BOTH = True

FANVIL = PHONE | {
    "manufacturer": "Fanvil",
    "model": "X4U",
    "firmware": "2.12",
    "mac": "0C:38:3E:00:00:01",
    "update_protocol": "https",
    "mac_based_provisioning": True,
}
AASTRA = PHONE | {
    "manufacturer": "Aastra",
    "model": "6731i",
    "firmware": "3.3.1",
    "mac": "00:08:5D:00:00:01",
    "update_protocol": "tftp",
}


def published(site: Site, number: str = "0027*001", **values: object) -> Site:
    """The site with one more phone, published."""
    site.add(number, **{**FANVIL, **values})
    publish_site(site)
    return site


# -- states -------------------------------------------------------------------------------------


def test_a_saved_phone_is_stale_until_it_is_published(site: Site) -> None:
    site.add(**FANVIL)
    assert state(site) == "stale"
    publish_site(site)
    assert state(site) == "published"
    assert list(files(site.publish_root)) == ["http/0c383e000001/0c383e000001.cfg"]


def test_a_second_plan_is_empty_and_publishing_it_is_no_event(site: Site) -> None:
    published(site)
    before = len(site.rows(Event))
    assert not publish_site(site)
    assert len(site.rows(Event)) == before


def test_a_publish_is_written_down_once_without_a_secret(site: Site) -> None:
    published(site)
    events = [event for event in site.rows(Event) if event.action == "publish"]
    assert [event.detail for event in events] == ["1 to write, 0 to replace, 0 to delete"]


def test_saved_without_regenerate_the_file_is_held_and_the_phone_stale(site: Site) -> None:
    published(site)
    before = files(site.publish_root)
    site.save(extension_name="Bob")
    done = publish_site(site, regenerate=False)
    assert done.held
    assert not done.changes
    assert files(site.publish_root) == before
    assert state(site) == "stale"


def test_a_publish_brings_a_held_file_up_to_date(site: Site) -> None:
    published(site)
    site.save(extension_name="Bob")
    publish_site(site, regenerate=False)
    assert publish_site(site).count("replace") == 1
    assert state(site) == "published"
    assert b"Bob" in next(iter(files(site.publish_root).values()))


def test_a_change_that_no_file_shows_leaves_the_phone_published(site: Site) -> None:
    published(site)
    site.save(notes="on the left")
    assert not publish_site(site)
    assert state(site) == "published"


def test_a_phone_is_published_when_only_its_shared_file_was_missing(site: Site) -> None:
    published(site, **AASTRA)
    site.save(notes="on the left")
    (site.publish_root / "tftp/aastra.cfg").unlink()
    assert [change.path for change in publish_site(site).changes] == ["tftp/aastra.cfg"]
    assert state(site) == "published"


def test_a_phone_whose_shared_file_is_held_stays_stale(site: Site) -> None:
    published(site, **AASTRA)
    site.save(notes="on the left")
    (site.publish_root / "tftp/aastra.cfg").write_text("old")
    assert publish_site(site, regenerate=False).held
    assert state(site) == "stale"


def test_a_failed_publish_marks_the_phone_with_the_reason(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.add(**FANVIL)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(PublishError):
            publish_site(site)
    (device,) = site.rows(Device)
    assert state(site) == "failed"
    assert "the disk is full" in device.publish_reason
    publish_site(site)
    assert state(site) == "published"
    assert site.rows(Device)[0].publish_reason == ""


def test_a_phone_that_cannot_be_rendered_is_failed_and_the_others_are_published(
    site: Site,
) -> None:
    site.add("0027*001", **FANVIL)
    site.add("0027*002", **{**FANVIL, "mac": "0C:38:3E:00:00:02"})
    with site.database.write() as session:
        broken = session.get_one(Device, 1)
        broken.admin_password, broken.password_generation = "a\x07b", "manual"
        session.add(broken)
    done = publish_site(site)
    assert done.failed.keys() == {1}
    assert state(site, "0027*001") == "failed"
    assert state(site, "0027*002") == "published"


# -- disable ------------------------------------------------------------------------------------


def test_disabling_a_phone_deletes_its_files_and_no_other(site: Site) -> None:
    published(site, "0027*001")
    published(site, "0027*002", mac="0C:38:3E:00:00:02")
    site.save("0027*001", status="disabled")
    publish_site(site, "extension:0027*001")
    assert list(files(site.publish_root)) == ["http/0c383e000002/0c383e000002.cfg"]
    assert [row.path for row in site.rows(PublishedFile)] == list(files(site.publish_root))


def test_disabling_wins_over_a_save_without_regenerate(site: Site) -> None:
    published(site)
    site.save(status="disabled")
    publish_site(site, regenerate=False)
    assert files(site.publish_root) == {}
    assert state(site) == "disabled"


def test_enabling_writes_the_file_although_regenerate_is_off(site: Site) -> None:
    published(site, status="disabled")
    assert files(site.publish_root) == {}
    site.save(status="enabled")
    publish_site(site, regenerate=False)
    assert len(files(site.publish_root)) == 1


def test_turning_provisioning_off_deletes_the_files(site: Site) -> None:
    published(site)
    before = site.page()
    after = site.save(use_provisioning=False)
    assert plan_page(site.store, before, after, regenerate=False).count("delete") == 1
    publish(site.store, site.admin, plan_devices(site.store, [1]))
    assert files(site.publish_root) == {}


def test_the_shared_file_stays_while_another_phone_needs_it(site: Site) -> None:
    published(site, "0027*001", **AASTRA)
    published(site, "0027*002", **{**AASTRA, "mac": "00:08:5D:00:00:02"})
    assert len(files(site.publish_root)) == 3
    site.save("0027*001", status="disabled")
    publish_site(site)
    assert sorted(files(site.publish_root)) == ["tftp/00085D000002.cfg", "tftp/aastra.cfg"]


# -- moves --------------------------------------------------------------------------------------


def test_a_new_mac_address_moves_the_file(site: Site) -> None:
    published(site)
    site.save(mac="0C:38:3E:00:00:99")
    publish_site(site, regenerate=False)
    assert list(files(site.publish_root)) == ["http/0c383e000099/0c383e000099.cfg"]


def test_a_new_manufacturer_moves_the_files(site: Site) -> None:
    published(site)
    site.save(**AASTRA)
    publish_site(site)
    assert sorted(files(site.publish_root)) == ["tftp/00085D000001.cfg", "tftp/aastra.cfg"]


def test_a_new_firmware_generation_replaces_the_file(site: Site) -> None:
    published(site)
    before = files(site.publish_root)
    site.save(firmware="2.4")
    publish_site(site)
    after = files(site.publish_root)
    assert list(after) == list(before)
    assert after != before


def test_a_phone_without_mac_mode_gets_a_directory_that_nobody_can_guess(site: Site) -> None:
    published(site, mac_based_provisioning=False)
    ((path, _),) = files(site.publish_root).items()
    (device,) = site.rows(Device)
    assert path == f"http/{device.token}/0c383e000001.cfg"
    assert len(device.token) == 32


def test_the_second_line_of_a_phone_is_in_the_same_file(site: Site) -> None:
    published(site)
    site.import_text(
        "extension,extension_name,organization,user,line,mac,use_provisioning\n"
        "0027*002,Bob,Acme Ltd,john.smith,2,0C:38:3E:00:00:01,yes\n"
    )
    done = publish_site(site)
    assert [change.kind for change in done.changes] == ["replace"]
    ((_, data),) = files(site.publish_root).items()
    assert b"SIP1 Phone Number       :0027*001" in data
    assert b"SIP2 Phone Number       :0027*002" in data


def test_a_line_that_leaves_a_phone_leaves_its_file(site: Site) -> None:
    published(site)
    site.import_text(
        "extension,extension_name,organization,user,line,mac,use_provisioning\n"
        "0027*002,Bob,Acme Ltd,john.smith,2,0C:38:3E:00:00:01,yes\n"
    )
    publish_site(site)
    before = site.page("0027*002")
    after = site.save("0027*002", use_provisioning=False)
    ready = plan_devices(site.store, [1])
    assert plan_page(site.store, before, after, regenerate=True).changes == ready.changes
    publish(site.store, site.admin, ready)
    ((_, data),) = files(site.publish_root).items()
    assert b"0027*001" in data
    assert b"0027*002" not in data


# -- what is recorded ---------------------------------------------------------------------------


def test_the_plan_of_a_save_is_the_plan_of_what_is_stored_then(site: Site) -> None:
    published(site)
    before = site.page()
    proposed = before.changed({"extension_name": "Bob"})
    early = plan_page(site.store, before, proposed, regenerate=True)
    site.save(extension_name="Bob")
    assert early.changes == plan_devices(site.store, [1]).changes


def test_every_published_file_is_recorded_with_its_checksum(site: Site) -> None:
    done = published(site, **AASTRA)
    rows = {row.path: row for row in done.rows(PublishedFile)}
    assert rows.keys() == files(site.publish_root).keys()
    assert rows["tftp/aastra.cfg"].device_id is None
    assert rows["tftp/00085D000001.cfg"].device_id == 1
    assert all(len(row.digest) == 64 for row in rows.values())


def test_a_file_that_was_renamed_before_the_publish_failed_goes_when_disabled(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.add("0027*001", **FANVIL)
    site.add("0027*002", **{**FANVIL, "mac": "0C:38:3E:00:00:02"})
    replace, renamed = os.replace, []

    def second_fails(source: Path, target: Path) -> None:
        if renamed:
            raise OSError(5, "Input/output error")
        renamed.append(target)
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", second_fails)
        with pytest.raises(PublishError):
            publish_site(site)
    assert len(files(site.publish_root)) == 1
    site.save("0027*001", status="disabled")
    site.save("0027*002", status="disabled")
    publish_site(site)
    assert files(site.publish_root) == {}


def test_a_publish_does_not_disturb_an_open_form(site: Site) -> None:
    site.add(**FANVIL)
    open_page = site.page()
    publish_site(site)
    saved = site.store.save(site.admin, open_page, {"extension_name": "Bob"})
    assert saved.values["extension_name"] == "Bob"


def test_files_that_were_begun_of_a_phone_that_changed_meanwhile_leave_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placing, "FORKED_FROM", 1)
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    for number, mac in ((1, "80:5E:C0:00:00:01"), (2, "80:5E:C0:00:00:02")):
        own = {"friendly_name": f"Desk{number}", "mac": mac, "update_protocol": "http"}
        site.add(f"0027*00{number}", **PHONE | own)
    ids = site.store.device_ids(site.admin)
    ready, before = plan_devices(site.store, ids), children()
    site.save("0027*002", extension_name="Zoe")
    publish(site.store, site.admin, ready)
    (file,) = files(site.publish_root)
    assert [one.name for one in (site.publish_root / "http").iterdir()] == [file.split("/")[1]]
    assert (state(site), state(site, "0027*002")) == ("published", "stale")
    assert children() == before
