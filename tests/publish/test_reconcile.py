"""Bringing the disk back to what was published, whatever happened to it."""

from __future__ import annotations

import stat
import time
from pathlib import Path

import pytest

from tests.publish.helpers import files, publish_site, state
from tests.sites import PHONE, Site, a_site
from tuiprov.data.kept import Content, PublishedFile
from tuiprov.errors import PublishError, StoreError
from tuiprov.publish.apply import Putting
from tuiprov.publish.planning import plan_devices
from tuiprov.publish.publishing import carry_out, publish
from tuiprov.publish.reconcile import examine, reconcile

ON_BOTH = True

SNOM = PHONE | {
    "manufacturer": "Snom",
    "model": "D765",
    "firmware": "10",
    "mac": "00:04:13:00:00:02",
}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Two phones, published."""
    made = a_site(tmp_path)
    made.add("0027*001", **PHONE)
    made.add("0027*002", **SNOM)
    publish_site(made)
    return made


def a_file(site: Site) -> Path:
    return site.publish_root / next(iter(files(site.publish_root)))


def damaged_then_healed(site: Site, before: dict[str, bytes]) -> int:
    """How many files were found wrong; all are as before then."""
    found = len(examine(site.store).wrong)
    assert len(reconcile(site.store).wrong) == found
    assert files(site.publish_root) == before
    assert not examine(site.store)
    return found


def test_a_truncated_file_is_found_and_healed(site: Site) -> None:
    before = files(site.publish_root)
    a_file(site).write_bytes(a_file(site).read_bytes()[:-7])
    assert damaged_then_healed(site, before) == 1


def test_a_single_flipped_bit_is_found_and_healed(site: Site) -> None:
    before = files(site.publish_root)
    data = bytearray(a_file(site).read_bytes())
    data[len(data) // 2] ^= 1
    a_file(site).write_bytes(data)
    assert damaged_then_healed(site, before) == 1


def test_a_deleted_directory_is_found_and_healed(site: Site) -> None:
    before = files(site.publish_root)
    a_file(site).unlink()
    a_file_directory = next(iter((site.publish_root / "http").iterdir()))
    if not any(a_file_directory.iterdir()):
        a_file_directory.rmdir()
    assert damaged_then_healed(site, before) == 1


def test_a_file_that_others_may_read_is_closed_again(site: Site) -> None:
    before = files(site.publish_root)
    a_file(site).chmod(0o644)
    assert damaged_then_healed(site, before) == 1
    assert stat.S_IMODE(a_file(site).stat().st_mode) == 0o640


def test_a_symbolic_link_in_the_place_of_a_file_is_refused_by_name(site: Site) -> None:
    path = a_file(site)
    path.unlink()
    path.symlink_to("/etc/passwd")
    with pytest.raises(PublishError, match="symbolic link"):
        examine(site.store)


def test_half_written_files_are_swept_and_strangers_left_alone(site: Site) -> None:
    left = site.publish_root / "http" / f".x.cfg.{'a' * 16}.tmp"
    left.write_text("half")
    mine = site.publish_root / "notes.txt"
    mine.write_text("mine")
    found = reconcile(site.store)
    assert (found.temporaries, found.strangers) == (1, ("notes.txt",))
    assert (left.exists(), mine.exists()) == (False, True)
    assert found.words() == "1 half-written; 1 that tuiprov did not publish"


def test_a_file_that_was_deleted_long_ago_and_is_back_goes(site: Site) -> None:
    """A backup put back, or a tree that did not follow: it may hold an old password."""
    path, data = a_file(site), a_file(site).read_bytes()
    for number in ("0027*001", "0027*002"):
        site.save(number, status="disabled")
    publish_site(site)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    inside = str(path.relative_to(site.publish_root))
    assert inside in examine(site.store).left
    assert inside in reconcile(site.store).left
    assert not path.exists()


def test_what_should_be_gone_goes(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed after the record of a deletion, before the deletion."""
    site.save("0027*001", status="disabled")
    with monkeypatch.context() as patch:
        patch.setattr(Putting, "finish", lambda *_: os_exit())
        with pytest.raises(KeyboardInterrupt):
            carry_out(site.store, site.admin, plan_devices(site.store, [1]))
    assert len(files(site.publish_root)) == 3
    assert len(reconcile(site.store).left) == 1
    assert len(files(site.publish_root)) == 2
    assert all(row.digest for row in site.rows(PublishedFile))


def os_exit() -> None:
    raise KeyboardInterrupt


def test_what_was_being_published_is_published_by_the_reconcile(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.save("0027*001", extension_name="Bob")
    with monkeypatch.context() as patch:
        patch.setattr(Putting, "finish", lambda *_: os_exit())
        with pytest.raises(KeyboardInterrupt):
            publish(site.store, site.admin, plan_devices(site.store, [1]))
    assert state(site) == "publishing"
    assert len(reconcile(site.store).wrong) == 1
    assert state(site) == "published"
    assert any(b"Bob" in data for data in files(site.publish_root).values())


def test_what_was_saved_after_the_interrupted_publish_stays_stale(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.save("0027*001", extension_name="Bob")
    with monkeypatch.context() as patch:
        patch.setattr(Putting, "finish", lambda *_: os_exit())
        with pytest.raises(KeyboardInterrupt):
            publish(site.store, site.admin, plan_devices(site.store, [1]))
    site.save("0027*001", extension_name="Carol")
    reconcile(site.store)
    assert state(site) == "stale"
    assert any(b"Bob" in data for data in files(site.publish_root).values())


def test_contents_that_somebody_changed_in_the_database_are_not_written(site: Site) -> None:
    with site.database.write() as session:
        for row in site.rows(Content):
            known = session.get_one(Content, row.digest)
            known.sealed = known.sealed[:-1] + bytes([known.sealed[-1] ^ 1])
            session.add(known)
    a_file(site).unlink()
    with pytest.raises(StoreError, match="cannot be opened"):
        reconcile(site.store)


def test_a_site_that_never_published_has_nothing_to_heal(tmp_path: Path) -> None:
    site = a_site(tmp_path)
    assert not reconcile(site.store)
    assert not site.publish_root.exists()


def test_each_content_is_kept_once_and_sealed(site: Site) -> None:
    site.save("0027*001", extension_name="Bob")
    publish_site(site)
    site.save("0027*001", extension_name="")
    publish_site(site)
    assert len(site.rows(Content)) == 4
    assert not any(b"0027" in row.sealed for row in site.rows(Content))


def test_a_thousand_files_are_checked_within_a_second(tmp_path: Path) -> None:
    """reliability.md, test 8: 5,000 files verified in under 2 s."""
    site = a_site(tmp_path)
    rows = [
        f"0027*{n:04},Acme Ltd,anna,yes,Desk{n:04},Yealink,T46S,84,80:5E:C0:00:{n >> 8:02X}:"
        f"{n & 255:02X},https"
        for n in range(1, 1001)
    ]
    head = "extension,organization,user,use_provisioning,friendly_name,manufacturer,model,firmware,"
    site.import_text(f"{head}mac,update_protocol\n" + "\n".join(rows) + "\n")
    publish_site(site)
    started = time.perf_counter()
    assert examine(site.store).checked == 1000
    assert time.perf_counter() - started < 2
