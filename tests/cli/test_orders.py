"""Actions on many from the command line: `remove --where`, `move`, `rotate`, `publish --where`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import select

from tests.cli.helpers import Ran
from tests.sites import Site, a_site
from tuiprov.data.former_passwords import FormerPassword
from tuiprov.data.models import Extension

Cli = Callable[..., Ran]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    site = a_site(tmp_path, csv="first-site.csv")
    monkeypatch.setenv("TUIPROV_DB", site.url)
    assert site.publish_root
    return site


def numbers(site: Site) -> set[str]:
    return {row.extension for row in site.rows(Extension)}


class TestRemove:
    def test_all_that_match_go_as_one_operation_that_undo_takes_back(
        self, cli: Cli, site: Site
    ) -> None:
        before = site.export()
        ran = cli("remove", "--where", "organization:Acme", "--yes")
        assert ran.code == 0
        assert "6 removed" in ran.out
        assert not any(number.startswith("0027") for number in numbers(site))
        number = ran.out.rsplit(" ", 1)[-1].strip()
        assert cli("undo", number, "--yes").code == 0
        assert site.export() == before

    def test_the_pbx_forgets_one_without_a_phone_and_knows_it_again_with_the_undo(
        self, cli: Cli, site: Site
    ) -> None:
        site.configure(pbx="asterisk")
        site.add("0027*050", sip_password="no-phone-secret")
        assert cli("publish", "--yes").code == 0
        file = site.publish_root / "pbx" / "pjsip_tuiprov.conf"
        ran = cli("remove", "0027*050", "--json", "--yes")
        assert "[0027*050]" not in file.read_text()
        assert cli("undo", str(ran.json["operation"]), "--yes").code == 0
        assert "[0027*050]" in file.read_text()

    def test_a_dry_run_and_json_without_yes_only_plan(self, cli: Cli, site: Site) -> None:
        ran = cli("remove", "--where", "user:ana.nunez", "--dry-run")
        assert "2 extensions to remove" in ran.out
        ran = cli("remove", "--where", "organization:Acme", "--json")
        assert ran.json["about"] == "Remove 6 extensions"
        assert (ran.json["done"], ran.json["operation"]) == ("", None)
        assert site.page("0027*001")

    def test_json_with_yes_says_what_was_done(self, cli: Cli, site: Site) -> None:
        ran = cli("remove", "0027*001", "--json", "--yes")
        assert ran.json["done"].startswith("1 removed")
        assert isinstance(ran.json["operation"], int)

    def test_neither_or_both_of_number_and_filter_is_wrong_usage(
        self, cli: Cli, site: Site
    ) -> None:
        assert cli("remove").code == 2
        assert cli("remove", "0027*001", "--where", "0027").code == 2

    def test_nobody_matching_is_one_line(self, cli: Cli, site: Site) -> None:
        assert cli("remove", "--where", "nobody", "--yes").errors == [
            "no extension matches 'nobody'"
        ]


class TestMove:
    def test_who_is_refused_is_named_the_others_go(self, cli: Cli, site: Site) -> None:
        ran = cli("move", "--where", "user:ana.nunez", "--to", "labor", "--yes")
        assert ran.code == 0
        assert "2 moved to Praxis Müller/labor" in ran.out
        ran = cli("move", "--where", "extension_name:Reception", "--to", "board", "--yes")
        assert ran.code == 1
        assert "0027*003: its phone also serves 0027*002" in ran.err

    def test_an_account_that_is_none_is_one_line(self, cli: Cli, site: Site) -> None:
        ran = cli("move", "--where", "0027", "--to", "nobody", "--yes")
        assert ran.errors == ["there is no account 'nobody'"]


class TestRotate:
    def test_a_dry_run_shows_the_change_and_not_the_password(self, cli: Cli, site: Site) -> None:
        before = site.export()
        ran = cli("rotate", "--where", "extension:0027*001", "--dry-run")
        assert "1 extension to rotate" in ran.out
        assert "v7Qm2RkT9xWd" not in ran.out + ran.err
        assert site.export() == before

    def test_with_yes_all_that_match_have_new_ones_and_undo_brings_the_old_ones(
        self, cli: Cli, site: Site
    ) -> None:
        before = site.export()
        ran = cli("rotate", "--where", "organization:Acme", "--admin", "--json", "--yes")
        assert ran.json["done"].startswith("6 rotated")
        assert site.page("0027*001").values["sip_password"] != "v7Qm2RkT9xWd"
        assert cli("undo", str(ran.json["operation"]), "--yes").code == 0
        assert site.export() == before

    def test_doctor_says_how_long_old_ones_are_taken_and_ends_them(
        self, cli: Cli, site: Site
    ) -> None:
        site.configure(pbx="asterisk")
        assert cli("publish", "--yes").code == 0
        assert cli("rotate", "--where", "extension:0027*001", "--yes").code == 0
        assert "the old SIP password of 1 extension is taken until" in cli("doctor").out
        file = site.publish_root / "pbx" / "pjsip_tuiprov.conf"
        assert "v7Qm2RkT9xWd" in file.read_text()
        _their_time_is_over(site)
        assert "!!  PBX: 1 old SIP passwords are taken that no phone needs" in cli("doctor").out
        assert "old SIP passwords: 1 are not taken any more" in cli("doctor", "--repair").err
        assert "v7Qm2RkT9xWd" not in file.read_text()
        assert "old SIP password" not in cli("doctor").out


class TestSetAndPublish:
    def test_a_dry_run_of_set_says_what_would_change_and_stores_nothing(
        self, cli: Cli, site: Site
    ) -> None:
        before = site.export()
        ran = cli("set", "status=disabled", "--where", "extension:0027*001", "--dry-run", "--json")
        assert "1 extension to change" in ran.json["notes"][0]
        assert site.export() == before
        ran = cli("set", "status=disabled", "--where", "extension:0027*001", "--json")
        assert ran.json == {"changed": 1}

    def test_regenerate_puts_back_what_somebody_changed_on_disk(self, cli: Cli, site: Site) -> None:
        assert cli("publish", "--yes").code == 0
        [file] = [p for p in site.publish_root.rglob("*00070E166FA1*") if p.is_file()]
        file.write_text("vandalised")
        assert cli("publish", "--where", "0027*001", "--yes").code == 0
        assert file.read_text() == "vandalised"
        ran = cli("publish", "--where", "0027*001", "--regenerate", "--dry-run", "--json")
        assert [one["kind"] for one in ran.json["changes"]] == ["replace"]
        assert cli("publish", "--where", "0027*001", "--regenerate", "--yes").code == 0
        assert file.read_text() != "vandalised"


class TestDevices:
    def test_all_that_match_are_removed_and_come_back_with_one_undo(
        self, cli: Cli, site: Site
    ) -> None:
        before = site.export()
        ran = cli("devices", "remove", "--where", "manufacturer:Cisco", "--json")
        assert (ran.json["about"], ran.json["done"]) == ("Remove 3 devices", "")
        assert site.export() == before
        ran = cli("devices", "remove", "--where", "manufacturer:Cisco", "--json", "--yes")
        assert "3 removed" in ran.json["done"]
        assert "LobbyCisco" not in site.export()
        assert cli("undo", str(ran.json["operation"]), "--yes").code == 0
        assert site.export() == before

    def test_all_that_match_are_cleared(self, cli: Cli, site: Site) -> None:
        assert "3 cleared" in cli("devices", "clear", "--where", "manufacturer:Cisco", "--yes").out
        assert cli("devices", "clear", "--where", "manufacturer:Cisco", "--yes").code == 1

    def test_neither_or_both_of_device_and_filter_is_wrong(self, cli: Cli, site: Site) -> None:
        assert cli("devices", "clear", "LobbyCisco", "--where", "manufacturer:Cisco").code == 2
        assert cli("devices", "remove").code != 0
        assert cli("devices", "remove", "--where", "nobody", "--yes").errors == [
            "no device matches 'nobody'"
        ]


def _their_time_is_over(site: Site) -> None:
    with site.database.write() as session:
        for row in session.exec(select(FormerPassword)):
            row.until = datetime.now(UTC)
            session.add(row)
