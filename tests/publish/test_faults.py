"""Real faults of a real file system: full, read-only, gone, and led astray by a link.

Mounting needs root; where that is not possible these tests are skipped.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.publish.helpers import files, publish_site, state
from tests.publish.test_kill import PHONES, a_fleet
from tests.sites import Site
from tuiprov.data.models import Device
from tuiprov.doctor import examine as doctor
from tuiprov.errors import PublishError
from tuiprov.publish.planning import plan_devices, plan_outdated
from tuiprov.publish.publishing import publish
from tuiprov.publish.reconcile import at_start, examine, reconcile
from tuiprov.session import Session

FIRST = 9
"""How many phones are published at first."""


def mount(*arguments: str) -> None:
    ran = subprocess.run(["mount", *arguments], capture_output=True, text=True, timeout=20)
    if ran.returncode:
        pytest.skip(f"mount {' '.join(arguments)}: {ran.stderr.strip()}")


def unmount(where: Path) -> None:
    subprocess.run(["umount", str(where)], capture_output=True, check=True, timeout=20)


def is_mounted(where: Path) -> bool:
    """Also of a directory of the same file system, which `os.path.ismount` does not see."""
    return f" {where} " in Path("/proc/self/mountinfo").read_text()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 192 KiB, empty; its size is changed by `mount -o remount,size=…`."""
    if os.geteuid() != 0:
        pytest.skip("needs root to mount")
    where = tmp_path / "small"
    where.mkdir()
    mount("-t", "tmpfs", "-o", "size=192k", "tuiprov-test", str(where))
    try:
        yield where
    finally:
        unmount(where)


@pytest.fixture
def borrowed(tmp_path: Path) -> Iterator[Path]:
    """A mount point on which another directory, `kept`, is mounted."""
    if os.geteuid() != 0:
        pytest.skip("needs root to mount")
    where, kept = tmp_path / "borrowed", tmp_path / "kept"
    where.mkdir()
    kept.mkdir()
    mount("--bind", str(kept), str(where))
    try:
        yield where
    finally:
        if is_mounted(where):
            unmount(where)


def fleet_at(root: Path, directory: Path) -> Site:
    """40 phones, of which the first nine are published under `root`."""
    site = a_fleet(directory)
    site.configure(publish_root=str(root))
    first = site.store.device_ids(site.admin)[:FIRST]
    publish(site.store, site.admin, plan_devices(site.store, first))
    assert FIRST <= len(files(root)) < PHONES
    return site


def refusal(site: Site) -> str:
    """The one line in which a publish of everything ends."""
    with pytest.raises(PublishError) as told:
        publish_site(site)
    assert "\n" not in str(told.value)
    return str(told.value)


def healed(site: Site, root: Path) -> None:
    """The next publish does all that was left to do, and the disk is then as recorded."""
    publish_site(site)
    assert {row.publish_state for row in site.rows(Device)} == {"published"}
    assert len(files(root)) >= PHONES
    assert not examine(site.store)
    assert not plan_outdated(site.store, site.admin)


def test_a_disk_that_runs_full_keeps_every_file_and_takes_the_next_publish(
    small: Path, tmp_path: Path
) -> None:
    site = fleet_at(small, tmp_path)
    before = files(small)
    site.configure(voicemail_number="*4321")
    assert refusal(site).endswith(": the disk is full; nothing was lost")
    assert files(small) == before
    assert state(site) == "failed"
    assert "the disk is full" in site.rows(Device)[0].publish_reason
    mount("-o", "remount,size=4m", str(small))
    healed(site, small)
    assert b"*4321" in b"".join(files(small).values())


def test_a_full_disk_does_not_keep_a_start_nor_doctor_from_saying_what_is_wrong(
    small: Path, tmp_path: Path
) -> None:
    site = fleet_at(small, tmp_path)
    refusal(site)
    assert not at_start(site.store)
    (found,) = [one for one in doctor(lambda: site.database) if one.about == "published files"]
    assert (found.ok, " wrong: tuiprov doctor --repair" in found.words) == (False, True)
    with pytest.raises(PublishError, match="the disk is full; nothing was lost"):
        reconcile(site.store)
    mount("-o", "remount,size=4m", str(small))
    reconcile(site.store)
    healed(site, small)


def test_a_read_only_file_system_is_said_and_nothing_changes(small: Path, tmp_path: Path) -> None:
    site = fleet_at(small, tmp_path)
    before = files(small)
    mount("-o", "remount,ro", str(small))
    assert refusal(site).endswith(": the file system is read-only; nothing was lost")
    assert files(small) == before
    mount("-o", "remount,rw,size=4m", str(small))
    healed(site, small)


def test_nothing_is_written_into_the_mount_point_of_a_file_system_that_is_gone(
    borrowed: Path, tmp_path: Path
) -> None:
    site = fleet_at(borrowed, tmp_path)
    before = files(borrowed)
    unmount(borrowed)
    words = (
        f"{borrowed}: is empty, although files are published there; mount its file system, or "
        "fill it anew: tuiprov doctor --repair"
    )
    assert refusal(site) == words
    assert not at_start(site.store)
    assert Session(site.store, site.admin).heal() == f"Nothing is published now: {words}"
    told = {one.about: one for one in doctor(lambda: site.database)}
    assert (told["publish root"].ok, told["publish root"].words) == (False, words)
    assert list(borrowed.iterdir()) == []
    mount("--bind", str(tmp_path / "kept"), str(borrowed))
    assert files(borrowed) == before
    healed(site, borrowed)


def test_a_root_below_the_mount_point_is_not_made_in_it(borrowed: Path, tmp_path: Path) -> None:
    site = fleet_at(borrowed / "phones", tmp_path)
    unmount(borrowed)
    assert "is empty, although files are published there" in refusal(site)
    assert list(borrowed.iterdir()) == []
    mount("--bind", str(tmp_path / "kept"), str(borrowed))
    healed(site, borrowed / "phones")


def test_a_tree_that_was_emptied_on_purpose_is_filled_anew_when_asked_for(tmp_path: Path) -> None:
    root = tmp_path / "root"
    site = fleet_at(root, tmp_path)
    before = files(root)
    root.rename(tmp_path / "away")
    assert "is empty" in refusal(site)
    assert not root.exists()
    reconcile(site.store)
    assert before.items() <= files(root).items()
    healed(site, root)


def test_another_root_is_filled_although_it_is_empty(tmp_path: Path) -> None:
    site = fleet_at(tmp_path / "root", tmp_path)
    site.configure(publish_root=str(tmp_path / "other"))
    publish_site(site)
    assert len(files(tmp_path / "other")) >= PHONES


def test_a_link_in_place_of_a_directory_of_the_tree_is_refused_and_not_followed(
    tmp_path: Path,
) -> None:
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    site = fleet_at(root, tmp_path)
    (root / "http").rename(elsewhere)
    (root / "http").symlink_to(elsewhere)
    before = files(elsewhere)
    with pytest.raises(PublishError) as told:
        publish_site(site)
    assert str(told.value) == f"{root}/http: is a symbolic link; put a real directory there"
    assert not at_start(site.store)
    assert files(elsewhere) == before
    (root / "http").unlink()
    elsewhere.rename(root / "http")
    healed(site, root)
