"""`tuiprov history`, `undo`, `versions`, `restore`, `keys` and `doctor --repair`."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Cli
from tests.cli.test_progress import Terminal
from tests.publish.helpers import files
from tests.sites import PHONE, Site
from tuiprov.commands import progress
from tuiprov.data.kept import Event


def latest(site: Site, action: str) -> str:
    return str(max(event.id or 0 for event in site.rows(Event) if event.action == action))


def test_the_history_lists_and_shows(cli: Cli, site: Site) -> None:
    site.add(**PHONE)
    site.save(extension_name="Bob", sip_password="otherSecret2")
    listed = cli("history", "save").out
    assert "extension_name sip_password" in listed
    shown = cli("history", "--show", latest(site, "save")).out
    assert "extension 0027*001: Extension name: (empty) → Bob" in shown
    assert "extension 0027*001: SIP password: changed" in shown
    assert "Secret" not in shown


def test_an_import_is_undone_with_its_files(cli: Cli, site: Site) -> None:
    site.import_text(
        "extension,organization,user,use_provisioning,friendly_name,manufacturer,model,firmware,"
        "mac,update_protocol\n"
        "0027*001,New Ltd,eve,yes,Desk01,Yealink,T46S,84,80:5E:C0:00:00:01,https\n"
    )
    cli("publish", "--yes")
    assert files(site.publish_root)
    ran = cli("undo", latest(site, "import"), "--yes")
    assert ran.code == 0
    assert "taken back" in ran.out
    assert files(site.publish_root) == {}
    assert cli("export").out.count("\n") == 1


def test_an_operation_that_is_not_there_is_told(cli: Cli) -> None:
    ran = cli("undo", "999", "--yes")
    assert (ran.code, ran.err) == (1, "this operation is not in the history\n")


def test_an_earlier_version_is_brought_back(cli: Cli, site: Site) -> None:
    site.add(**PHONE)
    cli("publish", "--yes")
    before = files(site.publish_root)
    site.save(extension_name="Bob")
    cli("publish", "--yes")
    listed = cli("versions", "Desk01", "--json").json
    assert [one["current"] for one in listed] == [True, False]
    changed = cli("versions", "Desk01", "--diff", str(listed[0]["id"])).out
    assert "+account.1.display_name = Bob" in changed
    ran = cli("restore", "Desk01", str(listed[1]["id"]), "--yes")
    assert ran.code == 0
    assert files(site.publish_root) == before
    assert "1 to replace" in cli("plan").out


def test_the_key_is_rotated(cli: Cli, site: Site) -> None:
    site.add(**PHONE)
    assert "k1 seals" in cli("keys").out
    assert "k2 seals" in cli("keys", "--rotate").out
    assert cli("render", "Desk01", "--reveal").code == 0


def test_doctor_repairs_what_was_damaged(cli: Cli, site: Site) -> None:
    site.add(**PHONE)
    cli("publish", "--yes")
    before = files(site.publish_root)
    (site.publish_root / next(iter(before))).write_text("damaged")
    ran = cli("doctor")
    assert "!!  published files: 1 wrong: tuiprov doctor --repair" in ran.out
    cli("doctor", "--repair")
    assert files(site.publish_root) == before
    assert "ok  published files: 1 files are as published" in cli("doctor").out


def test_a_plan_is_empty_after_a_publish_and_follows_what_changes(cli: Cli, site: Site) -> None:
    site.add(**PHONE)
    cli("publish", "--yes")
    assert "nothing to do" in cli("plan").out
    site.save(extension_name="Bob")
    assert "1 to replace" in cli("plan").out


def test_an_undo_says_how_far_it_is_on_a_terminal(
    cli: Cli, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(progress, "_PAUSE_SECONDS", 0.0)
    site.import_text("extension,organization,user\n0027*001,New Ltd,eve\n0027*002,New Ltd,eve\n")
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    assert cli("undo", latest(site, "import"), "--yes").code == 0
    assert "taking back … 1" in terminal.getvalue()
