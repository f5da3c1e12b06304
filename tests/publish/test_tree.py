"""Reading the publish tree: plain files inside it, nothing else, and one line for each obstacle."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.publish.helpers import desk, files, plan_of, put, tftp_phone
from tuiprov.errors import PublishError
from tuiprov.publish.tree import Tree, reason


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "publish" / "tftp").mkdir(parents=True)
    return tmp_path / "publish"


def told_by(root: Path, path: str) -> str:
    with pytest.raises(PublishError) as told:
        Tree(root).read(path)
    assert "\n" not in str(told.value)
    return str(told.value)


def test_a_file_that_is_not_there_is_none(root: Path) -> None:
    assert Tree(root).read("tftp/x.cfg") is None
    assert Tree(root / "nowhere").read("tftp/x.cfg") is None


def test_a_file_is_read_as_it_is(root: Path) -> None:
    (root / "tftp/x.cfg").write_bytes(b"a\r\n\xff")
    assert Tree(root).read("tftp/x.cfg") == b"a\r\n\xff"


def test_a_link_in_place_of_a_file_is_not_followed(root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (root / "tftp/x.cfg").symlink_to(tmp_path / "secret")
    assert told_by(root, "tftp/x.cfg") == (
        f"{root}/tftp/x.cfg: is a symbolic link; put a real file or directory there"
    )


def test_a_link_in_place_of_a_directory_is_not_followed(root: Path, tmp_path: Path) -> None:
    (tmp_path / "x.cfg").write_text("secret")
    (root / "http").symlink_to(tmp_path)
    assert told_by(root, "http/x.cfg") == (
        f"{root}/http: is a symbolic link; put a real directory there"
    )


def test_a_directory_in_place_of_a_file_is_named(root: Path) -> None:
    (root / "tftp/x.cfg").mkdir()
    assert told_by(root, "tftp/x.cfg") == (f"{root}/tftp/x.cfg: is not a plain file; move it away")


def test_a_pipe_in_place_of_a_file_does_not_hang(root: Path) -> None:
    os.mkfifo(root / "tftp/x.cfg")
    assert "is not a plain file" in told_by(root, "tftp/x.cfg")


def test_a_file_in_place_of_a_directory_is_named(root: Path) -> None:
    (root / "http").write_text("mine")
    assert told_by(root, "http/key/x.cfg") == (
        f"{root}/http/key/x.cfg: a part of the path is not a directory"
    )


def test_reading_leaves_no_file_open(root: Path) -> None:
    (root / "tftp/directory").mkdir()
    (root / "tftp/x.cfg").write_text("x")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        told_by(root, "tftp/directory")
        Tree(root).read("tftp/x.cfg")
    assert len(os.listdir("/proc/self/fd")) == before


def test_an_error_nobody_foresaw_keeps_the_system_s_words() -> None:
    assert reason(OSError(5, "Input/output error")) == "Input/output error"


@pytest.mark.parametrize("obstacle", ["directory", "link", "file above"])
def test_an_obstacle_stops_the_plan_and_nothing_is_lost(
    root: Path, tmp_path: Path, obstacle: str
) -> None:
    put(root, tftp_phone("01"), desk())
    (own,) = (path for path in files(root) if path.startswith("http/"))
    (root / own).unlink()
    if obstacle == "directory":
        (root / own).mkdir()
    elif obstacle == "link":
        (root / own).symlink_to(tmp_path / "gone")
    else:
        (root / own).parent.rmdir()
        (root / own).parent.write_text("mine")
    before = files(root / "tftp")
    with pytest.raises(PublishError, match=str(root)):
        plan_of(root, [tftp_phone("01", "Bob"), desk("Bob")])
    assert files(root / "tftp") == before
