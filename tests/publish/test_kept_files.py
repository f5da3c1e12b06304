"""Adopted phones keep their files, byte for byte, until they are changed."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.phones import phone
from tests.publish.helpers import files, publish_site
from tests.sites import PHONE, Site
from tuiprov.data.accounts.viewers import administrator
from tuiprov.data.catalog import PhoneType
from tuiprov.data.database import Database
from tuiprov.data.kept import Enrolment, Event, PublishedFile
from tuiprov.data.models import Device
from tuiprov.data.site import Site as Settings
from tuiprov.data.store import Store
from tuiprov.errors import Conflict, NotAllowed, PublishError, Refused
from tuiprov.publish import adopting_phones
from tuiprov.publish.adopting_phones import PhonesLook, adopt, look
from tuiprov.publish.apply import put
from tuiprov.publish.plan import Change
from tuiprov.publish.planning import plan_devices, plan_outdated, plan_settings
from tuiprov.publish.publishing import carry_out, publish
from tuiprov.publish.reconcile import at_start, examine, reconcile
from tuiprov.publish.timeline import Timeline
from tuiprov.render.engine import render
from tuiprov.render.inverse import all_kinds
from tuiprov.render.probe import rendered_settings

ON_BOTH = True
FAMILIES = list({kind.templates: kind for kind in reversed(all_kinds())}.values())
WHOSE = {"organization": "Acme", "user": "u{extension}"}
OTHER = Settings(
    publish_root="/", sip_server="old.example", provisioning_host="old.example", language="fr"
)


def old_files(kind: PhoneType, directory: Path, *numbers: str) -> dict[str, bytes]:
    """The files of phones of a kind as another program might have written them, by name: with line
    ends that are not ours. Each phone has the extension of its number."""
    written = {}
    directory.mkdir(exist_ok=True)
    for count, number in enumerate(numbers, start=1):
        mac = f"{kind.mac_prefixes[0]}:00:00:{count:02X}"
        account = {"extension": number, "sip_username": number, "sip_password": f"geheim{number}"}
        one = phone(
            *(kind.manufacturer, kind.model, kind.firmware),
            mac=mac, update_protocol="tftp", site=OTHER, sip=account,
        )  # fmt: skip
        for file in render(one):
            written[file.name] = file.data.replace(b"\n", b"\r\n")
            (directory / file.name).write_bytes(written[file.name])
    return written


def taken_over(site: Site, directory: Path, kind: PhoneType | None = None) -> PhonesLook:
    model = f"{kind.manufacturer}/{kind.model}/{kind.firmware}" if kind else ""
    seen = look(site.store, site.admin, directory, model)
    adopt(site.store, site.admin, seen, WHOSE, dry_run=False)
    return seen


@pytest.fixture(params=FAMILIES, ids=lambda kind: kind.templates)
def kind(request: pytest.FixtureRequest) -> PhoneType:
    found = request.param
    assert isinstance(found, PhoneType)
    return found


class TestEveryFamily:
    def test_what_phones_fetch_afterwards_is_what_they_fetched_before(
        self, site: Site, tmp_path: Path, kind: PhoneType
    ) -> None:
        before = old_files(kind, tmp_path / "old", "101", "102")
        seen = taken_over(site, tmp_path / "old", kind)
        assert seen.keeping == 2
        assert files(site.publish_root) == {f"tftp/{name}": data for name, data in before.items()}

    def test_there_is_nothing_to_do_until_a_phone_is_changed(
        self, site: Site, tmp_path: Path, kind: PhoneType
    ) -> None:
        old_files(kind, tmp_path / "old", "101", "102")
        taken_over(site, tmp_path / "old", kind)
        assert {one.publish_state for one in site.rows(Device)} == {"published"}
        assert not plan_outdated(site.store, site.admin).changes
        assert not examine(site.store)

    def test_a_change_of_a_name_is_a_plan_of_that_phone_alone(
        self, site: Site, tmp_path: Path, kind: PhoneType
    ) -> None:
        old_files(kind, tmp_path / "old", "101", "102")
        taken_over(site, tmp_path / "old", kind)
        page = site.store.save(site.admin, site.page("102"), {"extension_name": "Zoe"})
        made = plan_outdated(site.store, site.admin)
        assert {one for change in made.changes for one in change.devices} == {page.device_id}
        assert any("Zoe" in line for one in made.changes for line in one.diff() if line[0] == "+")
        assert "geheim" not in "".join(one.shown_before for one in made.changes)

    def test_its_versions_begin_with_what_was_adopted(
        self, site: Site, tmp_path: Path, kind: PhoneType
    ) -> None:
        old_files(kind, tmp_path / "old", "101")
        taken_over(site, tmp_path / "old", kind)
        device = site.page("101").device_id
        assert device is not None
        versions = Timeline(site.store, site.admin, device).versions()
        assert versions
        assert {(one.who, one.why, one.is_current) for one in versions} == {
            (site.admin.label, "adopted from old", True)
        }
        assert {row.path for row in site.rows(PublishedFile)} >= {one.path for one in versions}


YEALINK = next(one for one in FAMILIES if one.templates == "yealink")
AASTRA = next(one for one in FAMILIES if one.templates == "aastra")
MAC = "805ec0000001"


def undo(site: Site) -> None:
    """Take the adoption back as `tuiprov undo` does."""
    (event,) = (one for one in site.rows(Event) if one.action == "adopt")
    devices = site.store.archive.undo(site.admin, event.id or 0)
    carry_out(site.store, site.admin, plan_devices(site.store, devices))


class TestInThePublishTree:
    """DIRECTORY is the tree that phones read already."""

    @pytest.fixture
    def tftp(self, site: Site) -> Path:
        site.publish_root.mkdir()
        old_files(YEALINK, site.publish_root / "tftp", "101")
        (site.publish_root / "tftp").chmod(0o2750)
        (site.publish_root / "tftp" / f"{MAC}.cfg").chmod(0o640)
        return site.publish_root / "tftp"

    def test_a_file_that_lies_there_already_is_not_written_again(
        self, site: Site, tftp: Path
    ) -> None:
        before = (tftp / f"{MAC}.cfg").stat()
        taken_over(site, tftp, YEALINK)
        after = (tftp / f"{MAC}.cfg").stat()
        assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
        assert not examine(site.store)

    def test_another_mode_than_the_site_s_is_told_and_mended(self, site: Site, tftp: Path) -> None:
        (tftp / f"{MAC}.cfg").chmod(0o600)
        seen = taken_over(site, tftp, YEALINK)
        (note,) = seen.notes
        assert "mode 0600 becomes 0640" in note
        assert not examine(site.store)

    def test_taking_it_back_leaves_it_there_for_good(self, site: Site, tftp: Path) -> None:
        before = files(site.publish_root)
        taken_over(site, tftp, YEALINK)
        undo(site)
        reconcile(site.store)
        assert files(site.publish_root) == before
        assert site.rows(PublishedFile) == []
        assert not site.rows(Device)
        assert "1 file stays in the publish tree" in site.rows(Event)[-1].detail

    def test_after_that_it_can_be_adopted_once_more_and_taken_back_once_more(
        self, site: Site, tftp: Path
    ) -> None:
        before = files(site.publish_root)
        taken_over(site, tftp, YEALINK)
        undo(site)
        assert taken_over(site, tftp, YEALINK).keeping == 1
        latest = max(one.id or 0 for one in site.rows(Event) if one.action == "adopt")
        site.store.archive.undo(site.admin, latest)
        reconcile(site.store)
        assert files(site.publish_root) == before

    def test_once_another_file_was_published_in_its_place_it_is_not_taken_back(
        self, site: Site, tftp: Path
    ) -> None:
        taken_over(site, tftp, YEALINK)
        publish_site(site)
        with pytest.raises(Conflict, match=f"tftp/{MAC}.cfg was published since"):
            undo(site)
        assert site.rows(Device)


class TestFromElsewhere:
    @pytest.fixture
    def old(self, tmp_path: Path) -> Path:
        old_files(YEALINK, tmp_path / "old", "101", "102")
        return tmp_path / "old"

    def test_taking_it_back_removes_the_copies_and_not_the_originals(
        self, site: Site, old: Path
    ) -> None:
        before = files(old)
        taken_over(site, old, YEALINK)
        undo(site)
        assert files(site.publish_root) == {}
        assert files(old) == before
        assert not examine(site.store)

    def test_looking_writes_nothing(self, site: Site, old: Path) -> None:
        seen = look(site.store, site.admin, old, "Yealink/T46S")
        adopt(site.store, site.admin, seen, WHOSE, dry_run=True)
        assert not site.publish_root.exists()
        assert not site.rows(PublishedFile)
        assert not site.rows(Device)

    def test_an_upgrade_of_the_program_leaves_them_alone(self, site: Site, old: Path) -> None:
        taken_over(site, old, YEALINK)
        site.configure(rendered_by="an older one")
        assert not plan_outdated(site.store, site.admin).changes
        site.store.save(site.admin, site.page("102"), {"extension_name": "Zoe"})
        publish(site.store, site.admin, plan_outdated(site.store, site.admin))
        assert not plan_outdated(site.store, site.admin).changes
        assert {one.publish_state for one in site.rows(Device)} == {"published"}

    def test_a_setting_that_changes_them_all_says_so_first(self, site: Site, old: Path) -> None:
        taken_over(site, old, YEALINK)
        made = plan_settings(site.store, site.admin, {"ntp_server": "ntp.example.net"})
        assert made.notes == (
            "2 of these phones still have the files they were adopted with: ours take their place.",
        )

    def test_who_asks_for_all_files_anew_gets_them(self, site: Site, old: Path) -> None:
        taken_over(site, old, YEALINK)
        assert len(plan_outdated(site.store, site.admin, everything=True).changes) == 2

    def test_the_adopted_version_can_be_brought_back(self, site: Site, old: Path) -> None:
        taken_over(site, old, YEALINK)
        before = files(site.publish_root)
        publish_site(site)
        assert files(site.publish_root) != before
        for device in site.rows(Device):
            line = Timeline(site.store, site.admin, device.id or 0)
            first = line.versions()[-1]
            line.restore(first, line.plan(first))
        assert files(site.publish_root) == before

    def test_who_asks_by_https_keeps_them_behind_his_own_link(self, site: Site, old: Path) -> None:
        path = old / f"{MAC}.cfg"
        path.write_bytes(path.read_bytes().replace(b"tftp://", b"https://"))
        taken_over(site, old, YEALINK)
        token = next(one.token for one in site.rows(Device) if one.mac == "80:5E:C0:00:00:01")
        assert files(site.publish_root)[f"http/{token}/{MAC}.cfg"] == path.read_bytes()

    def test_its_link_is_the_steady_one_from_the_start(self, site: Site, old: Path) -> None:
        """A first link of two-stage enrolment would lead to a file that nobody wrote."""
        site.configure(two_stage_enrolment=True)
        path = old / f"{MAC}.cfg"
        path.write_bytes(path.read_bytes().replace(b"tftp://", b"https://"))
        taken_over(site, old, YEALINK)
        assert not site.rows(Enrolment)

    def test_a_site_whose_new_devices_are_other_ones_keeps_them_all_the_same(
        self, site: Site, old: Path
    ) -> None:
        site.configure(
            default_status="disabled",
            default_mac_based_provisioning=True,
            allow_mac_based_provisioning=True,
            default_update_protocol="http",
        )
        path = old / f"{MAC}.cfg"
        path.write_bytes(path.read_bytes().replace(b"tftp://", b"https://"))
        assert taken_over(site, old, YEALINK).keeping == 2
        assert set(files(site.publish_root)) == {f"http/{MAC}/{MAC}.cfg", "tftp/805ec0000002.cfg"}
        assert not plan_outdated(site.store, site.admin).changes

    def test_what_a_first_change_says_otherwise_is_what_was_told(
        self, site: Site, old: Path
    ) -> None:
        path = old / f"{MAC}.cfg"
        lines = path.read_text().splitlines()
        path.write_text("\n".join(line for line in lines if "codec" not in line))
        (seen, _) = look(site.store, site.admin, old, "Yealink/T46S").phones
        told = {one.name: one.new for one in seen.differences}
        taken_over(site, old, YEALINK)
        (phone,) = site.store.phones([site.page("101").device_id or 0])
        new = rendered_settings(phone)
        assert {name: new.get(name) for name in told} == told

    def test_a_name_in_other_letters_is_published_as_the_phone_asks_for_it(
        self, site: Site, old: Path
    ) -> None:
        before = (old / f"{MAC}.cfg").read_bytes()
        (old / f"{MAC}.cfg").rename(old / f"{MAC.upper()}.CFG")
        taken_over(site, old, YEALINK)
        assert files(site.publish_root)[f"tftp/{MAC}.cfg"] == before

    def test_a_file_of_the_site_is_kept_once_for_all(self, site: Site, tmp_path: Path) -> None:
        before = old_files(AASTRA, tmp_path / "aastra", "201", "202")
        seen = taken_over(site, tmp_path / "aastra", AASTRA)
        assert (site.publish_root / "tftp/aastra.cfg").read_bytes() == before["aastra.cfg"]
        (row,) = (one for one in site.rows(PublishedFile) if one.path == "tftp/aastra.cfg")
        assert row.device_id is None
        assert not seen.left

    def test_what_it_says_counts_for_its_phones(self, site: Site, tmp_path: Path) -> None:
        old_files(AASTRA, tmp_path / "aastra", "201")
        with (tmp_path / "aastra/aastra.cfg").open("a") as file:
            file.write("\ntime server1: clock.old.example\n")
        seen = taken_over(site, tmp_path / "aastra", AASTRA)
        assert seen.settings["ntp_server"] == "clock.old.example"

    def test_a_plan_that_replaces_it_says_who_else_reads_it(
        self, site: Site, tmp_path: Path
    ) -> None:
        old_files(AASTRA, tmp_path / "aastra", "201", "202", "203")
        taken_over(site, tmp_path / "aastra", AASTRA)
        site.store.save(site.admin, site.page("201"), {"extension_name": "Zoe"})
        (note,) = plan_outdated(site.store, site.admin).notes
        assert note == "aastra.cfg is read by 2 phones that keep their old files, too."

    def test_what_a_kept_file_names_and_is_not_kept_is_told(self, site: Site, old: Path) -> None:
        with (old / f"{MAC}.cfg").open("a") as file:
            file.write("\nringtone.url = tftp://old.example/Ring2.wav\nx.y = Ring9.wav\n")
        (old / "Ring2.wav").write_text("x")
        (old / "Ring3.wav").write_text("x")
        (note,) = look(site.store, site.admin, old, "Yealink/T46S").notes
        assert note == (
            "Ring2.wav stays behind, and a phone's file names it: "
            f"copy it to {site.publish_root}/tftp"
        )
        (site.publish_root / "tftp").mkdir(parents=True)
        (site.publish_root / "tftp/Ring2.wav").write_text("x")
        assert look(site.store, site.admin, old, "Yealink/T46S").notes == []

    def test_a_second_time_keeps_nothing_and_changes_nothing(self, site: Site, old: Path) -> None:
        taken_over(site, old, YEALINK)
        before, rows = files(site.publish_root), site.rows(PublishedFile)
        seen = taken_over(site, old, YEALINK)
        assert seen.keeping == 0
        assert {one.reason for one in seen.left} == {"tuiprov publishes this phone's files already"}
        assert (files(site.publish_root), site.rows(PublishedFile)) == (before, rows)
        assert not plan_outdated(site.store, site.admin).changes

    def test_a_device_that_is_disabled_here_stays_so_and_keeps_none(
        self, site: Site, old: Path
    ) -> None:
        site.add("101", **PHONE | {"status": "disabled", "update_protocol": "tftp"})
        seen = look(site.store, site.admin, old, "Yealink/T46S")
        assert (seen.keeping, seen.left[0].reason) == (1, "its device is disabled here")


class TestSecrets:
    """No password of a file that we did not write is shown, however it is spelled."""

    SECRETS = (
        "features.remote_password = verborgen",
        "account.1.password=verborgen",
        "account.1.password\t=\tverborgen",
        "static.auto_provision.server.url = http://prov:verborgen@old.example/",
        "phone_setting.phonebook_url = prov:verborgen@old.example/book.xml",
        "account.1.label = ask for geheim101",
        "# verborgen",
        "verborgen",
        "wifi.1.password = verborgen",
    )

    @pytest.fixture
    def old(self, tmp_path: Path) -> Path:
        old_files(YEALINK, tmp_path / "old", "101")
        path = tmp_path / "old" / f"{MAC}.cfg"
        named = {line.split()[0] for line in self.SECRETS if " = " in line}
        lines = path.read_text().splitlines()
        kept = [line for line in lines if line.split(" ")[0] not in named]
        path.write_text("\n".join([*self.SECRETS, *kept]))
        return tmp_path / "old"

    def shown(self, site: Site) -> str:
        site.store.save(site.admin, site.page("101"), {"extension_name": "Zoe"})
        device = site.page("101").device_id
        assert device is not None
        line = Timeline(site.store, site.admin, device)
        (change,) = plan_outdated(site.store, site.admin).changes
        said = [change.shown_before, *map(line.text, line.versions())]
        return "\n".join([*said, *change.diff(), change.shown_after])

    def test_neither_a_plan_nor_a_version_shows_one(self, site: Site, old: Path) -> None:
        taken_over(site, old, YEALINK)
        said = self.shown(site)
        assert [one for one in said.splitlines() if "verborgen" in one or "geheim" in one] == []
        assert "old.example" in said

    def test_the_password_of_before_is_none_to_show_either(self, site: Site, old: Path) -> None:
        taken_over(site, old, YEALINK)
        site.store.save(site.admin, site.page("101"), {"sip_password": "an0therOne"})
        assert "geheim" not in self.shown(site).replace("ask for geheim101", "")

    def test_what_is_no_secret_is_shown_though_it_is_spelled_otherwise(
        self, site: Site, old: Path
    ) -> None:
        path = old / f"{MAC}.cfg"
        path.write_text(path.read_text().replace(".display_name = ", ".display_name="))
        taken_over(site, old, YEALINK)
        assert "account.1.display_name=Alice 1" in self.shown(site)

    def test_a_version_in_xml_is_masked_too(self, site: Site, tmp_path: Path) -> None:
        kind = next(one for one in FAMILIES if one.templates == "snom")
        before = old_files(kind, tmp_path / "old", "101")
        name = next(one for one in before if one.endswith(".xml"))
        more = b'<user_pass idx="7" perm="">verborgen</user_pass>\n<x pw="verborgen"/>\nverborgen\n'
        text = before[name].replace(b"<phone-settings", more + b"<phone-settings")
        (tmp_path / "old" / name).write_bytes(text)
        seen = taken_over(site, tmp_path / "old", kind)
        assert seen.keeping == 1
        device = site.page("101").device_id
        line = Timeline(site.store, site.admin, device or 0)
        said = "\n".join(map(line.text, line.versions()))
        assert [word for word in ("verborgen", "geheim") if word in said] == []


class TestKilled:
    @pytest.mark.parametrize("after", [0, 1], ids=["before the first file", "after the first file"])
    def test_between_database_and_disk_the_files_come_with_the_next_start(
        self, site: Site, tmp_path: Path, after: int
    ) -> None:
        before = old_files(YEALINK, tmp_path / "old", "101", "102")
        child = os.fork()
        if child == 0:
            adopt_and_die(site.url, tmp_path / "old", after)
        _, status = os.waitpid(child, 0)
        assert os.WTERMSIG(status) == signal.SIGKILL
        assert len(files(site.publish_root)) == after
        assert not plan_outdated(site.store, site.admin).changes
        assert at_start(site.store)
        assert files(site.publish_root) == {f"tftp/{name}": data for name, data in before.items()}
        assert {one.publish_state for one in site.rows(Device)} == {"published"}
        assert not plan_outdated(site.store, site.admin).changes


def adopt_and_die(url: str, directory: Path, after: int) -> None:
    """Adopt in a process that is killed when `after` files are in their places."""

    def put_some(changes: Sequence[Change], settings: Settings) -> None:
        put(changes[:after], settings)
        os.kill(os.getpid(), signal.SIGKILL)

    try:
        adopting_phones.put = put_some  # type: ignore[attr-defined, assignment]
        store = Store(Database(url))
        with store.database.read() as session:
            viewer = administrator(session)
        seen = look(store, viewer, directory, "Yealink/T46S")
        adopt(store, viewer, seen, WHOSE, dry_run=False)
    finally:
        os._exit(1)


class TestHostile:
    @pytest.fixture
    def old(self, tmp_path: Path) -> Path:
        old_files(YEALINK, tmp_path / "old", "101", "102")
        return tmp_path / "old"

    def nothing_is_stored(self, site: Site) -> None:
        assert not site.rows(Device)
        assert not site.rows(PublishedFile)
        assert not [path for path in files(site.publish_root) if MAC in path]

    def test_a_link_in_the_directory_is_named_and_not_read(self, site: Site, old: Path) -> None:
        (old / f"{MAC}.cfg").rename(old.parent / "elsewhere.cfg")
        (old / f"{MAC}.cfg").symlink_to(old.parent / "elsewhere.cfg")
        seen = taken_over(site, old, YEALINK)
        assert [(one.path.name, one.reason) for one in seen.left] == [
            (f"{MAC}.cfg", "is a symbolic link: only real files are read")
        ]
        assert list(files(site.publish_root)) == ["tftp/805ec0000002.cfg"]

    @pytest.mark.parametrize("what", ["gone", "changed", "link"])
    def test_a_file_that_is_not_what_was_looked_at_keeps_all_out(
        self, site: Site, old: Path, what: str
    ) -> None:
        seen = look(site.store, site.admin, old, "Yealink/T46S")
        path = old / f"{MAC}.cfg"
        data = path.read_bytes()
        path.unlink()
        if what == "changed":
            path.write_bytes(data + b"x = 1\n")
        elif what == "link":
            (old.parent / "same").write_bytes(data)
            path.symlink_to(old.parent / "same")
        with pytest.raises(PublishError, match=f"{MAC}.cfg"):
            adopt(site.store, site.admin, seen, WHOSE, dry_run=False)
        self.nothing_is_stored(site)

    def test_a_link_in_the_publish_tree_is_not_written_through(
        self, site: Site, old: Path, tmp_path: Path
    ) -> None:
        (site.publish_root / "tftp").mkdir(parents=True)
        victim = tmp_path / "victim"
        victim.write_text("mine")
        (site.publish_root / "tftp" / f"{MAC}.cfg").symlink_to(victim)
        seen = taken_over(site, old, YEALINK)
        assert victim.read_text() == "mine"
        assert seen.keeping == 1
        assert "is a symbolic link" in seen.left[0].reason

    def test_what_lies_there_and_says_something_else_is_not_lost(
        self, site: Site, old: Path
    ) -> None:
        (site.publish_root / "tftp").mkdir(parents=True)
        (site.publish_root / "tftp" / f"{MAC}.cfg").write_text("other = 1\n")
        seen = taken_over(site, old, YEALINK)
        assert seen.keeping == 1
        assert "is there already and says something else" in seen.left[0].reason
        assert (site.publish_root / "tftp" / f"{MAC}.cfg").read_text() == "other = 1\n"
        assert [one.kind for one in plan_outdated(site.store, site.admin).changes] == ["replace"]

    def test_a_tree_that_may_not_be_written_keeps_all_out(
        self, site: Site, old: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        site.publish_root.mkdir()
        monkeypatch.setattr(os, "access", lambda *_: False)  # root may always
        with pytest.raises(PublishError, match="you may not write here; nothing was adopted"):
            taken_over(site, old, YEALINK)
        self.nothing_is_stored(site)

    def test_a_disk_that_fails_half_way_is_told_and_healed(
        self, site: Site, old: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object) -> None:
            raise PublishError("the disk is full")

        with monkeypatch.context() as patched:
            patched.setattr(adopting_phones, "put", full)
            with pytest.raises(PublishError, match=r"the disk is full; .*tuiprov doctor --repair"):
                taken_over(site, old, YEALINK)
        reconcile(site.store)
        assert len(files(site.publish_root)) == 2
        assert {one.publish_state for one in site.rows(Device)} == {"published"}

    def test_two_files_of_one_name_that_disagree_are_both_left_alone(
        self, site: Site, old: Path
    ) -> None:
        (old / "copy").mkdir()
        data = (old / f"{MAC}.cfg").read_bytes()
        (old / "copy" / f"{MAC}.cfg").write_bytes(data + b"x = 1\r\n")
        seen = taken_over(site, old, YEALINK)
        assert seen.keeping == 1
        assert len([one for one in seen.left if "neither is kept" in one.reason]) == 2

    def test_a_path_that_another_device_has_published_is_not_taken(
        self, site: Site, old: Path
    ) -> None:
        values = PHONE | {"update_protocol": "tftp"}
        site.add("999", **values)
        publish_site(site)
        before = files(site.publish_root)[f"tftp/{MAC}.cfg"]
        with pytest.raises(Refused, match="mac"):
            taken_over(site, old, YEALINK)
        assert files(site.publish_root)[f"tftp/{MAC}.cfg"] == before

    def test_who_was_changed_while_files_were_written_stays_stale(
        self, site: Site, old: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def meanwhile(*args: Any) -> None:
            put(*args)
            site.store.save(site.admin, site.page("101"), {"extension_name": "Zoe"})

        monkeypatch.setattr(adopting_phones, "put", meanwhile)
        taken_over(site, old, YEALINK)
        assert len(plan_outdated(site.store, site.admin).changes) == 1

    def test_of_two_admins_who_adopt_the_same_phones_one_is_told_to_look_again(
        self, site: Site, old: Path
    ) -> None:
        one, other = (look(site.store, site.admin, old, "Yealink/T46S") for _ in range(2))
        adopt(site.store, site.admin, one, WHOSE, dry_run=False)
        before, records = site.export(), site.rows(PublishedFile)
        with pytest.raises(PublishError, match="was published meanwhile; look again"):
            adopt(site.store, site.admin, other, WHOSE, dry_run=False)
        assert (site.export(), site.rows(PublishedFile)) == (before, records)

    def test_only_the_system_administrator_adopts(self, site: Site, old: Path) -> None:
        site.add("999")
        seen = look(site.store, site.admin, old, "Yealink/T46S")
        provider = site.viewer("provider", "modify")
        with pytest.raises(NotAllowed):
            look(site.store, provider, old)
        for dry_run in (True, False):
            with pytest.raises(NotAllowed):
                adopt(site.store, provider, seen, WHOSE, dry_run=dry_run)
        self.nothing_is_stored(site)

    def test_a_file_of_another_name_is_not_kept_but_its_phone_is_adopted(
        self, site: Site, tmp_path: Path
    ) -> None:
        """Names come from the catalogue: what an old file is called only has to match one."""
        old_files(YEALINK, tmp_path / "old", "101")
        (tmp_path / "old" / f"{MAC}.cfg").rename(tmp_path / "old" / f"my-{MAC}.cfg.bak")
        seen = taken_over(site, tmp_path / "old", YEALINK)
        assert seen.keeping == 0
        assert "no file of this name for this phone" in seen.left[0].reason
        assert not site.publish_root.exists()
        assert [one.kind for one in plan_outdated(site.store, site.admin).changes] == ["write"]

    def test_an_empty_mount_point_is_not_filled(self, site: Site, old: Path) -> None:
        site.add("999", **PHONE | {"mac": "80:5E:C0:00:00:99"})
        publish_site(site)
        shutil.rmtree(site.publish_root / "http")
        with pytest.raises(PublishError, match="mount its file"):
            taken_over(site, old, YEALINK)
        assert len(site.rows(Device)) == 1
