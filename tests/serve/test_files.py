"""Files come from the publish tree and from nowhere else, whatever is put into it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.serve.helpers import Desk, bytes_of, own
from tests.sites import Site
from tuiprov.serve.files import read_published


@pytest.fixture
def root(tmp_path: Path) -> Path:
    inside = tmp_path / "publish"
    (inside / "http" / "key").mkdir(parents=True)
    (inside / "http" / "key" / "a.cfg").write_bytes(b"inside")
    (tmp_path / "secret").write_bytes(b"outside")
    return inside


def test_a_published_file_is_read(root: Path) -> None:
    assert read_published(root, "http/key/a.cfg") == b"inside"


@pytest.mark.parametrize(
    "path", ["http/key/none", "http/none/a.cfg", "http/key", "http/key/a.cfg/x"]
)
def test_what_is_not_there_is_nothing(root: Path, path: str) -> None:
    assert read_published(root, path) is None


def test_a_root_that_is_not_there_is_nothing(tmp_path: Path) -> None:
    assert read_published(tmp_path / "none", "http/key/a.cfg") is None


def test_no_link_is_followed_at_any_place(root: Path) -> None:
    (root / "http" / "key" / "file").symlink_to(root.parent / "secret")
    (root / "http" / "key" / "own").symlink_to(root / "http" / "key" / "a.cfg")
    (root / "http" / "linked").symlink_to(root / "http" / "key")
    (root / "up").symlink_to(root.parent)
    for path in ("http/key/file", "http/key/own", "http/linked/a.cfg", "up/secret"):
        assert read_published(root, path) is None


def test_a_pipe_or_device_keeps_nobody_waiting(root: Path) -> None:
    os.mkfifo(root / "http" / "key" / "pipe")
    (root / "http" / "key" / "directory").mkdir()
    assert read_published(root, "http/key/pipe") is None
    assert read_published(root, "http/key/directory") is None


def test_reading_leaves_no_descriptor_open(root: Path) -> None:
    (root / "http" / "key" / "file").symlink_to(root.parent / "secret")
    (root / "http" / "key" / "directory").mkdir()
    before = len(os.listdir("/proc/self/fd"))
    for path in ("a.cfg", "file", "directory", "none", "a.cfg/x"):
        read_published(root, f"http/key/{path}")
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_file_that_became_a_link_is_not_served(site: Site, desk: Desk) -> None:
    path = own(site)
    target = site.publish_root / path.replace("/prov/", "http/")
    assert desk.get(path).body == bytes_of(site, path)
    target.rename(target.with_suffix(".old"))
    target.symlink_to(target.with_suffix(".old"))
    assert desk.get(path).status == 404


def test_a_file_that_is_not_on_record_is_not_served(site: Site, desk: Desk) -> None:
    directory = (site.publish_root / own(site).replace("/prov/", "http/")).parent
    for name in ("notes.txt", ".a.cfg.0123.tmp"):
        (directory / name).write_text("left behind")
        assert desk.get(f"/prov/{directory.name}/{name}").status == 404
