"""`tuiprov doctor`: what is wrong with this site and this terminal, one line each."""

from __future__ import annotations

import grp
import os
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.publish.helpers import publish_site
from tests.sites import PHONE, Site

FANVIL = PHONE | {
    "manufacturer": "Fanvil",
    "model": "X4U",
    "firmware": "2.12",
    "mac": "0C:38:3E:00:00:01",
}


@pytest.fixture(autouse=True)
def _a_good_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("TERM", "xterm-256color"), ("COLUMNS", "100"), ("LINES", "30")):
        monkeypatch.setenv(name, value)


def findings(cli: Cli) -> dict[str, tuple[bool, str]]:
    """about → (ok, words)"""
    return {one["about"]: (one["ok"], one["words"]) for one in cli("doctor", "--json").json}


def test_a_good_site_has_nothing_wrong(cli: Cli, site: Site) -> None:
    site.configure(sip_server="pbx.acme.net", provisioning_host="prov.acme.net").add(**FANVIL)
    ran = cli("doctor")
    assert ran.code == 0
    assert [line.split(":")[0] for line in ran.out.splitlines()] == [
        "ok  catalogue",
        "ok  terminal",
        "ok  database",
        "ok  who is looking",
        "ok  file modes",
        "ok  settings",
        "ok  publish root",
        "ok  secrets",
        "ok  published files",
        "ok  plan",
        "ok  unfinished",
        "ok  waves",
    ]


def test_hosts_that_are_still_examples_are_told(cli: Cli, site: Site) -> None:
    site.configure(sip_server="pbx.acme.net")
    ok, words = findings(cli)["settings"]
    assert not ok
    assert "provisioning_host" in words
    assert "sip_server" not in words


def test_it_says_what_a_publish_would_do(cli: Cli, site: Site) -> None:
    site.add(**FANVIL)
    assert findings(cli)["plan"] == (True, "1 to write, 0 to replace, 0 to delete")


def test_a_small_terminal_is_told_with_the_smallest_size(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    ok, words = findings(cli)["terminal"]
    assert not ok
    assert "70x30; 80x24 is the smallest" in words
    assert cli("doctor").code == 1


def test_a_terminal_without_a_name_is_told(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TERM")
    assert findings(cli)["terminal"] == (False, "TERM=not set, 100x30")


def test_a_database_that_others_can_read_is_told_with_what_to_do(cli: Cli, site: Site) -> None:
    path = site.directory / "site.db"
    path.chmod(0o644)
    ok, words = findings(cli)["file modes"]
    assert not ok
    assert f"others can read {path}" in words
    assert "chmod 600" in words


def test_without_a_site_it_still_looks_at_the_rest(cli: Cli, tmp_path: Path) -> None:
    ran = cli("doctor", db=f"sqlite:///{tmp_path}/none.db")
    assert ran.code == 1
    assert "!!  database: " in ran.out
    assert "tuiprov init" in ran.out
    assert "ok  catalogue" in ran.out


def test_a_device_that_cannot_be_rendered_is_counted(cli: Cli, site: Site) -> None:
    site.add(**FANVIL)
    with site.database.write() as session:
        session.connection().exec_driver_sql("UPDATE extension SET extension_name = char(7)")
    assert findings(cli)["plan"] == (
        False,
        "1 devices cannot be rendered: tuiprov plan",
    )


def test_a_publish_root_that_is_a_file_is_told(cli: Cli, site: Site) -> None:
    site.add(**FANVIL)
    site.publish_root.write_text("mine")
    found = findings(cli)
    assert not found["plan"][0]
    assert str(site.publish_root) in found["plan"][1]


@pytest.mark.parametrize("group", [False, True], ids=["none named", "a group named"])
def test_a_root_that_no_other_server_gets_to_is_told_where_one_is_wanted(
    cli: Cli, site: Site, group: bool
) -> None:
    mine = grp.getgrgid(os.getegid()).gr_name
    site.configure(publish_group=mine if group else "").add(**FANVIL)
    publish_site(site)
    site.directory.chmod(0o700)
    ok, words = findings(cli)["publish root"]
    assert ok is not group
    assert f"only its owner gets through {site.directory}" in words


def test_a_root_with_a_way_for_others_is_its_name_alone(cli: Cli, site: Site) -> None:
    site.add(**FANVIL)
    publish_site(site)
    for directory in site.publish_root.resolve().parents:
        if directory.owner() == site.directory.owner():
            directory.chmod(directory.stat().st_mode | 0o011)
    assert findings(cli)["publish root"] == (True, str(site.publish_root))


def test_it_changes_nothing(cli: Cli, site: Site) -> None:
    site.add(**FANVIL)
    before = site.export()
    cli("doctor")
    assert site.export() == before
    assert not os.path.lexists(site.publish_root)
