"""A template as a folder: the same bytes there and back, and nothing taken that could harm."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tuiprov.data.templates.fields import TEMPLATE_FIELDS
from tuiprov.data.templates.folder import read_folder, write_folder
from tuiprov.data.templates.parts import TemplateView
from tuiprov.errors import Refused

PATH = "yealink/phone.cfg.j2"
KNOWN = {PATH, "yealink/v80.cfg.j2"}
TEXTS = {PATH: "a = ü\r\n\tb\nlast", "yealink/v80.cfg.j2": ""}


def a_view(**values: str) -> TemplateView:
    settings = {**dict.fromkeys(TEMPLATE_FIELDS, ""), "name": "Acme", "manufacturer": "Yealink"}
    return TemplateView({**settings, **values}, TEXTS, {PATH: "base\n"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A good folder."""
    write_folder(tmp_path / "acme", a_view())
    return tmp_path / "acme"


def contents(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def refusals(folder: Path) -> list[str]:
    with pytest.raises(Refused) as refused:
        read_folder(folder, KNOWN)
    return [str(one) for one in refused.value.refusals]


# -- there and back -------------------------------------------------------------------------------


@pytest.mark.parametrize("notes", ["", 'say "hi" to C:\\ \\u0041', "Ünï 日本 # = []"])
def test_what_is_written_and_read_is_written_with_the_same_bytes(
    tmp_path: Path, notes: str
) -> None:
    write_folder(tmp_path / "one", a_view(notes=notes, models="T46S, T41S"))
    read = read_folder(tmp_path / "one", KNOWN)
    assert read.values["notes"] == notes
    write_folder(tmp_path / "two", TemplateView(read.values, read.files, read.bases))
    assert contents(tmp_path / "two") == contents(tmp_path / "one")
    assert set(contents(tmp_path / "one")) == {"template.toml", f"default/{PATH}", *KNOWN}


def test_a_folder_without_the_defaults_is_a_template_all_the_same(folder: Path) -> None:
    (folder / "default" / PATH).unlink()
    assert read_folder(folder, KNOWN).bases == {}


def test_a_folder_is_its_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_folder(tmp_path / "acme", a_view())
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "acme").rglob("*") if p.is_file()}
    assert modes == {0o600}
    places = [tmp_path / "acme", *(p for p in (tmp_path / "acme").rglob("*") if p.is_dir())]
    assert {stat.S_IMODE(place.stat().st_mode) for place in places} == {0o700}


def test_an_empty_folder_is_filled_and_one_with_anything_in_it_is_not(folder: Path) -> None:
    (folder.parent / "empty").mkdir()
    write_folder(folder.parent / "empty", a_view())
    before = contents(folder)
    with pytest.raises(Refused, match="is there and is not empty"):
        write_folder(folder, a_view(name="Other"))
    assert contents(folder) == before
    assert [path.name for path in folder.parent.iterdir() if path.name.startswith(".")] == []


def test_a_place_where_nothing_can_be_written_is_told_plainly(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="No such file or directory"):
        write_folder(tmp_path / "none" / "acme", a_view())
    (tmp_path / "file").write_text("x")
    with pytest.raises(Refused, match="Not a directory"):
        write_folder(tmp_path / "file", a_view())
    assert (tmp_path / "file").read_text() == "x"


@pytest.mark.parametrize("path", ["../escaped", "/tmp/escaped", "yealink/../../escaped"])
def test_a_stored_path_that_leads_elsewhere_writes_nothing(tmp_path: Path, path: str) -> None:
    with pytest.raises(Refused, match="not the name of a template's file"):
        write_folder(tmp_path / "acme", replace(a_view(), files={path: "x"}))
    with pytest.raises(Refused, match="not the name of a template's file"):
        write_folder(tmp_path / "acme", replace(a_view(), bases={path: "x"}))
    assert list(tmp_path.iterdir()) == []


# -- hostile folders ------------------------------------------------------------------------------


def _link(folder: Path) -> None:
    (folder / PATH).unlink()
    (folder / PATH).symlink_to("/etc/hostname")


def _linked_directory(folder: Path) -> None:
    os.rename(folder / "yealink", folder.parent / "outside")
    (folder / "yealink").symlink_to(folder.parent / "outside")


def _pipe(folder: Path) -> None:
    (folder / PATH).unlink()
    os.mkfifo(folder / PATH)


def _directory(folder: Path) -> None:
    (folder / PATH).unlink()
    (folder / PATH).mkdir()


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_link, f"{PATH}: is a link; only plain files are taken"),
        (_linked_directory, "yealink: is a link; only plain files are taken"),
        (_pipe, f"{PATH}: is not a plain file"),
        (_directory, f"{PATH}: is not a plain file"),
        (lambda f: (f / PATH).write_bytes(b"x" * 65537), f"{PATH}: is larger than 64 KiB"),
        (lambda f: (f / PATH).write_bytes(b"ok\xff"), f"{PATH}: is not UTF-8 (byte 2)"),
        (lambda f: (f / "notes.txt").touch(), "notes.txt: is not a file of a template"),
        (lambda f: (f / "yealink/x.j2").touch(), "yealink/x.j2: is not a file of a template"),
        (lambda f: (f / ".git").mkdir(), ".git: is not a file of a template"),
        (lambda f: (f / "default/x").touch(), "default/x: is not a file of a template"),
        (lambda f: (f / "template.toml").unlink(), "template.toml: is missing"),
        (
            lambda f: (f / "template.toml").write_text("name = ["),
            "template.toml: Invalid value (at end of document)",
        ),
        (
            lambda f: (f / "template.toml").write_text('name = "a"\nowner_id = "1"'),
            "template.toml, owner_id: is not a setting with a text; there are "
            + ", ".join(TEMPLATE_FIELDS),
        ),
        (
            lambda f: (f / "template.toml").write_text("name = 7"),
            "template.toml, name: is not a setting with a text; there are "
            + ", ".join(TEMPLATE_FIELDS),
        ),
        (
            lambda f: (f / "template.toml").write_text('name = "a\\u001b"'),
            "template.toml, name: must be one line of visible characters",
        ),
    ],
)
def test_what_is_wrong_in_a_folder_is_named(
    folder: Path, spoil: Callable[[Path], object], told: str
) -> None:
    spoil(folder)
    assert refusals(folder) == [told]


def test_everything_that_is_wrong_is_told_at_once_but_no_more_than_anybody_reads(
    folder: Path,
) -> None:
    (folder / PATH).write_bytes(b"\xff")
    (folder / "a").touch()
    assert refusals(folder) == ["a: is not a file of a template", f"{PATH}: is not UTF-8 (byte 0)"]
    for number in range(100):
        (folder / f"b{number:03}").touch()
    assert len(refusals(folder)) == 20


def test_a_folder_that_is_not_there_is_told_plainly(tmp_path: Path) -> None:
    told = f"{tmp_path}/none: cannot be read: No such file or directory"
    assert refusals(tmp_path / "none") == [told]
