"""Two-stage enrolment: a first link behind which there is no secret, while its window is open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import update

from tests.publish.helpers import files, publish_site, state
from tests.sites import PHONE, Site, a_site
from tuiprov.data.kept import Enrolment, Event, PublishedFile
from tuiprov.data.models import Device
from tuiprov.doctor import examine as doctor
from tuiprov.errors import NotAllowed, NotFound
from tuiprov.inventory import inventory_of
from tuiprov.publish import reconcile as reconciling
from tuiprov.publish.planning import plan_devices, plan_outdated
from tuiprov.publish.publishing import publish
from tuiprov.publish.reconcile import at_start, examine, reconcile

ON_BOTH = True

SECRETS = {
    "sip_password": "canarySecret9",
    "password_generation": "manual",
    "admin_password": "canaryAdmin8",
}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = a_site(tmp_path, two_stage_enrolment=True)
    made.add(**PHONE, **SECRETS)
    publish_site(made)
    return made


def tokens(site: Site) -> tuple[str, str]:
    """The first token and the steady one."""
    return site.rows(Enrolment)[0].token, site.rows(Device)[0].token


def test_a_new_device_begins_with_a_first_link(site: Site) -> None:
    first, steady = tokens(site)
    assert first != steady
    assert {path.split("/")[1] for path in files(site.publish_root)} == {first, steady}


def test_the_first_file_holds_no_secret_and_leads_to_the_steady_link(site: Site) -> None:
    first, steady = tokens(site)
    mine = {path: data for path, data in files(site.publish_root).items() if first in path}
    assert mine
    for data in mine.values():
        assert b"canary" not in data
        assert steady.encode() in data
        assert first.encode() not in data


def test_the_steady_file_is_whole(site: Site) -> None:
    _, steady = tokens(site)
    whole = b"".join(data for path, data in files(site.publish_root).items() if steady in path)
    assert b"canarySecret9" in whole
    assert b"canaryAdmin8" in whole


def close_the_window(site: Site) -> None:
    with site.database.write() as session:
        past = datetime.now(UTC) - timedelta(hours=1)
        session.exec(update(Enrolment).values(until=past))


def only_the_steady_file_is_left(site: Site) -> None:
    _, steady = tokens(site)
    on_disk = set(files(site.publish_root))
    assert {path.split("/")[1] for path in on_disk} == {steady}
    assert {row.path for row in site.rows(PublishedFile)} == on_disk
    assert state(site) == "published"


def test_after_the_window_the_next_plan_deletes_the_first_file(site: Site) -> None:
    close_the_window(site)
    ready = plan_devices(site.store, [1])
    assert [(one.kind, one.path.split("/")[1]) for one in ready.changes] == [
        ("delete", tokens(site)[0])
    ]


def test_a_publish_of_what_is_outdated_finds_the_closed_window_by_itself(site: Site) -> None:
    assert not plan_outdated(site.store, site.admin)
    close_the_window(site)
    publish(site.store, site.admin, plan_outdated(site.store, site.admin))
    only_the_steady_file_is_left(site)
    assert not plan_outdated(site.store, site.admin)


def test_doctor_tells_of_a_closed_window_s_files_and_its_repair_removes_them(site: Site) -> None:
    assert not examine(site.store)
    close_the_window(site)
    told = {one.about: one for one in doctor(lambda: site.database)}["published files"]
    assert not told.ok
    assert told.words == "1 of enrolment windows that have closed: tuiprov doctor --repair"
    first, _ = tokens(site)
    assert [path.split("/")[1] for path in reconcile(site.store).expired] == [first]
    only_the_steady_file_is_left(site)
    assert not examine(site.store)


@pytest.mark.parametrize("most", [20_000, 0], ids=["small", "large"])
def test_a_start_removes_a_closed_window_s_files_on_sites_of_any_size(
    site: Site, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciling, "_MOST_AT_START", most)
    assert not at_start(site.store)
    close_the_window(site)
    assert at_start(site.store).words().startswith("1 of enrolment windows")
    only_the_steady_file_is_left(site)
    assert site.rows(Event)[-1].subject == "enrolment windows closed"


def test_a_window_that_is_closed_and_opened_again_keeps_its_new_files(site: Site) -> None:
    close_the_window(site)
    site.store.devices.enrol(site.admin, 1)
    publish_site(site)
    assert not examine(site.store)
    assert not reconcile(site.store).expired
    assert {path.split("/")[1] for path in files(site.publish_root)} == set(tokens(site))


def test_opening_it_again_makes_both_links_new(site: Site) -> None:
    before = set(files(site.publish_root))
    until = site.store.devices.enrol(site.admin, 1)
    assert timedelta(hours=23) < until - datetime.now(UTC) <= timedelta(hours=24)
    publish_site(site)
    assert not before & set(files(site.publish_root))
    assert len(files(site.publish_root)) == len(before)


def test_a_mac_link_has_no_first_one(tmp_path: Path) -> None:
    site = a_site(tmp_path, two_stage_enrolment=True)
    site.add(**PHONE, mac_based_provisioning=True)
    assert site.rows(Enrolment) == []


def test_a_site_without_it_makes_no_first_links(tmp_path: Path) -> None:
    site = a_site(tmp_path)
    site.add(**PHONE)
    assert site.rows(Enrolment) == []


def test_all_families_render_without_their_secrets(tmp_path: Path) -> None:
    kinds = [
        ("Snom", "D765", "10", "00:04:13:00:00:01"),
        ("Polycom", "VVX411", "6.x", "64:16:7F:00:00:01"),
        ("Fanvil", "X4U", "2.12", "0C:38:3E:00:00:01"),
        ("Grandstream", "GXP2170", "1.0.11", "00:0B:82:00:00:01"),
        ("Aastra", "6731i", "3.3.1", "00:08:5D:00:00:01"),
        ("Cisco", "SPA504G", "7.x", "00:0E:08:00:00:01"),
    ]
    site = a_site(tmp_path, two_stage_enrolment=True)
    for number, (maker, model, firmware, mac) in enumerate(kinds, 1):
        equipment = {"manufacturer": maker, "model": model, "firmware": firmware, "mac": mac}
        site.add(f"0027*00{number}", **{**PHONE, **equipment, "update_protocol": "http"})
    done = publish_site(site)
    assert not done.failed
    firsts = {row.token for row in site.rows(Enrolment)}
    assert len(firsts) == len(kinds)
    passwords = [
        str(site.page(f"0027*00{n}").values["sip_password"]) for n in range(1, len(kinds) + 1)
    ]
    for path, data in files(site.publish_root).items():
        if path.split("/")[1] in firsts:
            assert not any(password.encode() in data for password in passwords), path


def test_who_may_not_edit_a_device_opens_no_window(site: Site) -> None:
    viewer = site.viewer("organization", "none")
    with pytest.raises((NotAllowed, NotFound)):
        site.store.devices.enrol(viewer, 1)


def test_the_link_that_is_shown_is_the_first_one(site: Site) -> None:
    inventory = inventory_of(site.store, site.admin)
    before = inventory.link(1).url
    assert tokens(site)[0] in before
    inventory.enrol(1)
    after = inventory.link(1).url
    assert tokens(site)[0] in after
    assert before != after
    assert {path.split("/")[1] for path in files(site.publish_root)} == set(tokens(site))
