"""What a change of the site's settings would do to all phones' files, before it is stored."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.publish.helpers import files, publish_site, state
from tests.publish.test_publishing import AASTRA, FANVIL
from tests.sites import Site
from tuiprov.data.kept import Event
from tuiprov.data.models import Device
from tuiprov.errors import Conflict, NotAllowed, Refused
from tuiprov.publish.plan import NO_FILE, Plan
from tuiprov.publish.planning import plan_settings
from tuiprov.publish.publishing import publish


@pytest.fixture
def fleet(site: Site) -> Site:
    """Two Fanvils by MAC link and an Aastra by TFTP, all published."""
    site.add("0027*001", **FANVIL)
    site.add("0027*002", **{**FANVIL, "mac": "0C:38:3E:00:00:02"})
    site.add("0027*003", **AASTRA)
    publish_site(site)
    return site


def planned(site: Site, **values: object) -> Plan:
    return plan_settings(site.store, site.admin, values)  # type: ignore[arg-type]


def carry_out(site: Site, **values: object) -> Plan:
    """Plan, store, apply: what the preferences do."""
    ready = planned(site, **values)
    site.store.set_site(site.admin, values)  # type: ignore[arg-type]
    publish(site.store, site.admin, ready)
    return ready


def test_a_setting_that_all_phones_hold_changes_the_files_of_all(fleet: Site) -> None:
    before = files(fleet.publish_root)
    ready = planned(fleet, ntp_server="ntp.acme.test")
    assert ready.devices == 3
    assert {change.kind for change in ready.changes} == {"replace"}
    assert fleet.store.site().ntp_server == "pool.ntp.org"
    assert files(fleet.publish_root) == before
    carry_out(fleet, ntp_server="ntp.acme.test")
    told = {path for path, d in files(fleet.publish_root).items() if b"ntp.acme.test" in d}
    assert {change.path for change in ready.changes} == told
    assert "tftp/aastra.cfg" in told
    assert {state(fleet, f"0027*00{n}") for n in (1, 2, 3)} == {"published"}
    assert not planned(fleet, ntp_server="ntp.acme.test")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("default_status", "disabled"),
        ("sip_trunking_channels", 0),
        ("codecs_offered", "alaw,ulaw"),
        ("infrastructure_type", "none"),
    ],
)
def test_a_setting_that_no_file_holds_says_so_and_leaves_the_phones_published(
    fleet: Site, name: str, value: object
) -> None:
    ready = carry_out(fleet, **{name: value})
    assert ready.summary() == NO_FILE
    assert {state(fleet, f"0027*00{n}") for n in (1, 2, 3)} == {"published"}


def test_a_setting_that_reaches_phones_makes_them_stale_until_published(fleet: Site) -> None:
    fleet.store.set_site(fleet.admin, {"ntp_server": "ntp.acme.test"})
    assert state(fleet) == "stale"


def test_the_same_value_again_touches_nothing(fleet: Site) -> None:
    assert planned(fleet, ntp_server="pool.ntp.org").summary() == NO_FILE


def test_mac_links_switched_off_move_the_files_to_their_tokens(fleet: Site) -> None:
    ready = planned(fleet, allow_mac_based_provisioning=False)
    assert (ready.count("write"), ready.count("delete"), ready.devices) == (2, 2, 2)
    carry_out(fleet, allow_mac_based_provisioning=False)
    assert not any("0c383e" in Path(path).parent.name for path in files(fleet.publish_root))


class TestPublishRoot:
    def test_all_files_are_written_to_the_new_root_and_none_is_moved(self, fleet: Site) -> None:
        old, before = fleet.publish_root, files(fleet.publish_root)
        new = fleet.directory / "elsewhere"
        ready = carry_out(fleet, publish_root=str(new))
        assert {change.kind for change in ready.changes} == {"write"}
        assert files(old) == before
        assert files(new) == before

    def test_the_old_tree_is_named_with_what_to_do(self, fleet: Site) -> None:
        old, new = fleet.publish_root, fleet.directory / "elsewhere"
        assert planned(fleet, publish_root=str(new)).notes == (
            f"{old} stays as it is, and phones are served from there until the TFTP or HTTP server "
            f"reads {new}. Then remove it: it holds passwords.",
        )

    def test_without_an_old_tree_there_is_nothing_to_say(self, site: Site) -> None:
        site.add("0027*001", **FANVIL)
        assert planned(site, publish_root=str(site.directory / "elsewhere")).notes == ()


class TestAccess:
    def modes(self, root: Path) -> set[str]:
        return {f"{stat.S_IMODE(path.stat().st_mode):o}" for path in (root, *root.rglob("*"))}

    def test_files_and_directories_follow_world_readable_both_ways(self, fleet: Site) -> None:
        root = fleet.publish_root
        assert self.modes(root) == {"2750", "640"}
        ready = carry_out(fleet, world_readable=True)
        assert ready.count("replace") == len(files(root))
        assert all(not change.diff() for change in ready.changes)
        assert self.modes(root) == {"2755", "644"}
        carry_out(fleet, world_readable=False)
        assert self.modes(root) == {"2750", "640"}

    def test_a_directory_that_somebody_gave_another_mode_keeps_it(self, fleet: Site) -> None:
        os.chmod(fleet.publish_root / "tftp", 0o711)
        carry_out(fleet, world_readable=True)
        assert stat.S_IMODE((fleet.publish_root / "tftp").stat().st_mode) == 0o711


def test_changes_that_wait_since_before_are_told(fleet: Site) -> None:
    fleet.save("0027*002", extension_name="Bob")
    assert planned(fleet, ntp_server="ntp.acme.test").notes == (
        "One of these phones had unpublished changes before: they are published too.",
    )


def test_wrong_settings_are_refused_before_anything_is_planned(fleet: Site) -> None:
    with pytest.raises(Refused, match="publish_root: must be a full path"):
        planned(fleet, publish_root="publish")
    with pytest.raises(Refused, match="codecs_offered: no phone knows mp3; there are alaw, ulaw"):
        planned(fleet, codecs_offered="alaw,mp3")


@pytest.mark.parametrize("role", ["provider", "organization", "user", "terminal"])
def test_only_the_administrator_plans_them(fleet: Site, role: str) -> None:
    viewer = fleet.viewer(role, "modify", sip=True)  # type: ignore[arg-type]
    with pytest.raises(NotAllowed):
        plan_settings(fleet.store, viewer, {"ntp_server": "x"})
    with pytest.raises(NotAllowed):
        fleet.store.set_site(viewer, {"ntp_server": "x"})
    with pytest.raises(NotAllowed):
        fleet.store.site_use(viewer)


def test_settings_that_somebody_changed_meanwhile_are_a_conflict(fleet: Site) -> None:
    seen = fleet.store.site()
    fleet.store.set_site(fleet.admin, {"sip_port": 5070})
    with pytest.raises(Conflict, match="somebody else changed the preferences"):
        fleet.store.set_site(fleet.admin, {"sip_server": "pbx.acme.test"}, seen)
    assert fleet.store.site().sip_server == "pbx.example.com"


def test_a_plan_tells_of_each_phone_and_ends_when_it_is_told_to(fleet: Site) -> None:
    class Enough(Exception):
        pass

    told: list[int] = []

    def on_phone(count: int) -> None:
        told.append(count)
        if count == 1:
            raise Enough

    with pytest.raises(Enough):
        plan_settings(fleet.store, fleet.admin, {"ntp_server": "x.test"}, on_phone)
    assert told == [0, 1]
    assert fleet.store.set_site(fleet.admin, {"ntp_server": "y.test"}), "nothing holds the database"


def test_what_changed_is_written_down_by_name_without_values(fleet: Site) -> None:
    fleet.store.set_site(fleet.admin, {"sip_port": 5070, "ntp_server": "ntp.acme.test"})
    events = [event for event in fleet.rows(Event) if event.action == "settings"]
    assert [event.detail for event in events] == ["sip_port ntp_server"]


def test_a_publish_that_fails_leaves_the_settings_stored_and_the_phones_marked(fleet: Site) -> None:
    from tuiprov.errors import PublishError

    with pytest.raises(PublishError, match="no_such_group"):
        carry_out(fleet, publish_group="no_such_group")
    assert fleet.store.site().publish_group == "no_such_group"
    assert {device.publish_state for device in fleet.rows(Device)} == {"failed"}
