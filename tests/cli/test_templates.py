"""`tuiprov templates`: what the templates area can do, as commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.cli.helpers import Host
from tests.sites import PHONE, Site
from tuiprov.render import defaults

PATH = "yealink/phone.cfg.j2"


@pytest.fixture
def acme(site: Site, cli: Cli) -> None:
    """A template that a phone uses."""
    site.add(**PHONE)
    assert (
        cli("templates", "copy", "Acme", "--manufacturer", "Yealink", "--models", "T46S").code == 0
    )
    site.save(template="Acme")


def in_folder(cli: Cli, folder: Path, text: str) -> None:
    """Put this text into Acme by way of a folder."""
    assert cli("templates", "export", "Acme", str(folder)).code == 0
    (folder / PATH).write_text(text)


def test_a_template_is_copied_listed_shown_and_removed(cli: Cli) -> None:
    made = cli("templates", "copy", "Acme", "--manufacturer", "Yealink", "--models", "T46S")
    assert (made.code, made.out) == (0, f"made Acme with 1 file: {PATH}\n")
    listed = cli("templates").out.splitlines()
    assert listed[0].startswith("Server default")
    assert listed[1].split() == ["Acme", "admin", "Yealink", "T46S", "used", "by", "0"]
    assert cli("templates", "list", "nothing such").out == ""
    shown = cli("templates", "show", "Acme").out
    assert "manufacturer   Yealink" in shown
    assert PATH in shown
    assert "account." in cli("templates", "show", "Acme", PATH).out
    assert cli("templates", "remove", "Acme", "--yes").out == "removed Acme\n"
    assert len(cli("templates").out.splitlines()) == 1


def test_json_is_for_scripts(cli: Cli, acme: None) -> None:
    assert [row["name"] for row in cli("templates", "--json").json] == ["Server default", "Acme"]
    assert cli("templates", "list", "acme", "--json").json[0]["used_by"] == 1
    shown = cli("templates", "show", "Acme", PATH, "--json").json
    assert shown["settings"]["models"] == "T46S"
    assert list(shown["files"]) == [PATH]
    assert cli("templates", "check", "--json").json == {"Acme": []}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("copy", "Acme"), "manufacturer: is missing"),
        (("copy", "Acme", "--manufacturer", "Nobody"), "'Nobody' is not in the catalogue"),
        (("copy", "a\x1b", "--manufacturer", "Snom"), "must be one line of visible characters"),
        (("copy", "Acme", "--from", "Nothing"), "there is no template 'Nothing'"),
        (("show", "Nothing"), "there is no template 'Nothing'"),
        (("show", "Server default", "x.j2"), "has no file 'x.j2'"),
        (("remove", "Server default", "--yes"), "is built in and stays"),
        (("import", "/nonexistent/folder"), "cannot be read: No such file"),
        (("check", "Nothing"), "there is no template 'Nothing'"),
    ],
)
def test_what_cannot_be_done_is_one_line(cli: Cli, arguments: tuple[str, ...], told: str) -> None:
    ran = cli("templates", *arguments)
    assert ran.code == 1
    assert len(ran.errors) == 1
    assert told in ran.errors[0]


def test_a_copy_of_another_template_keeps_its_settings(cli: Cli, acme: None) -> None:
    assert cli("templates", "copy", "Second", "--from", "acme", "--notes", "ours").code == 0
    settings = cli("templates", "show", "Second", "--json").json["settings"]
    assert (settings["models"], settings["notes"]) == ("T46S", "ours")


def test_a_template_in_use_is_not_removed(cli: Cli, acme: None) -> None:
    assert cli("templates", "remove", "Acme", "--yes").errors == [
        "1 device uses Acme: give them another first"
    ]


def test_out_as_a_folder_and_in_again_reaches_the_phone_with_a_publish(
    site: Site, cli: Cli, acme: None, tmp_path: Path
) -> None:
    in_folder(cli, tmp_path / "acme", "x.mine = {{ phone.model }}\n")
    assert cli("templates", "export", "Acme", str(tmp_path / "acme")).code == 1
    ran = cli("templates", "import", str(tmp_path / "acme"))
    assert ran.out.startswith("changed Acme\n")
    assert cli("publish", "--yes").code == 0
    (file,) = (path for path in site.publish_root.rglob("*") if path.is_file())
    assert file.read_text() == "x.mine = T46S\n"
    added = cli("templates", "import", str(tmp_path / "acme"), "--name", "Second")
    assert added.out == "added Second\n"


def test_a_folder_that_is_wrong_is_told_line_by_line(cli: Cli, acme: None, tmp_path: Path) -> None:
    in_folder(cli, tmp_path / "acme", "{{ nosuch }}\n")
    told = cli("templates", "import", str(tmp_path / "acme")).errors
    assert told == [f"{PATH}: line 1: 'nosuch' is not defined"]
    (tmp_path / "acme" / "more").touch()
    (tmp_path / "acme" / PATH).write_bytes(b"\xff")
    assert cli("templates", "import", str(tmp_path / "acme")).errors == [
        "more: is not a file of a template",
        f"{PATH}: is not UTF-8 (byte 0)",
    ]


def test_a_check_names_device_file_line_and_reason(cli: Cli, acme: None, tmp_path: Path) -> None:
    assert cli("templates", "check").out == "Acme: no faults with 1 phone\n"
    in_folder(cli, tmp_path / "acme", "a = 1\n{{ lines[5].label }}\n")
    cli("templates", "import", str(tmp_path / "acme"))
    ran = cli("templates", "check", "Acme")
    assert ran.code == 1
    assert len(ran.errors) == 1
    assert f"Acme: Desk01 T46S 84 80:5E:C0:00:00:01: {PATH}, line 2: " in ran.errors[0]
    failed = cli("publish", "--yes")
    assert failed.code == 1
    assert f"template Acme: {PATH}, line 2" in failed.errors[0]


def test_a_merge_takes_a_changed_default_or_says_what_is_to_mend(
    cli: Cli, acme: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "nothing to merge" in cli("templates", "merge", "Acme").out
    usual = defaults._source(PATH)
    in_folder(cli, tmp_path / "acme", f"{usual}mine = 1\n")
    cli("templates", "import", str(tmp_path / "acme"))
    source = defaults._source
    texts = {PATH: f"new = 2\n{usual}"}
    monkeypatch.setattr(defaults, "_source", lambda path: texts.get(path) or source(path))
    assert "the server default has changed" in cli("templates").out
    assert cli("templates", "merge", "Acme").out.splitlines()[0] == f"{PATH}: clean"
    merged = cli("templates", "show", "Acme", "--json").json["files"][PATH]
    assert merged == f"new = 2\n{usual}mine = 1\n"
    texts[PATH] = f"new = 2\n{usual}theirs = 1\n"
    conflict = cli("templates", "merge", "Acme")
    assert (conflict.code, conflict.out) == (1, f"{PATH}: 1 conflict\n")
    assert "--export" in conflict.errors[0]
    folder = tmp_path / "merged"
    assert cli("templates", "merge", "Acme", "--export", str(folder)).code == 0
    assert "still marks a conflict" in cli("templates", "import", str(folder)).errors[0]
    (folder / PATH).write_text(f"new = 2\n{usual}both = 1\n")
    assert cli("templates", "import", str(folder)).code == 0
    assert "nothing to merge" in cli("templates", "merge", "Acme").out


def test_templates_are_tried_by_a_program_of_its_own(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.done("init")
    host.done("templates", "copy", "Acme", "--manufacturer", "Snom", "--models", "D765")
    assert host.done("templates", "check") == "Acme: no faults with 2 made-up phones\n"
