"""`tuiprov settings`: what a change does to the phones' files, with and without storing it."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Cli
from tests.publish.helpers import files, publish_site
from tests.publish.test_publishing import FANVIL
from tests.sites import Site
from tuiprov.publish.plan import NO_FILE


@pytest.fixture
def fleet(site: Site) -> Site:
    """Six published Fanvils: more than are shown one by one."""
    for n in range(1, 7):
        site.add(f"0027*00{n}", **{**FANVIL, "mac": f"0C:38:3E:00:00:0{n}"})
    publish_site(site)
    return site


def test_a_dry_run_shows_equal_changes_once_and_changes_nothing(cli: Cli, fleet: Site) -> None:
    before = files(fleet.publish_root)
    ran = cli("settings", "--dry-run", "sip_server=pbx.acme.test")
    assert ran.code == 0
    lines = [line.strip() for line in ran.out.splitlines()]
    assert lines[0] == "~ 6 phones: 0c383e000001.cfg, 0c383e000002.cfg, …"
    assert lines[-1] == "6 phones: 0 to write, 6 to replace, 0 to delete"
    assert [line[0] for line in lines[1:3]] == ["-", "+"]
    assert "pbx.example.com" in lines[1]
    assert "pbx.acme.test" in lines[2]
    assert lines[3].startswith("6 phones change ")
    assert len(lines) == 5
    assert fleet.store.site().sip_server == "pbx.example.com"
    assert files(fleet.publish_root) == before


def test_after_storing_the_summary_says_what_will_follow(cli: Cli, fleet: Site) -> None:
    out = cli("settings", "sip_server=pbx.acme.test").out.splitlines()
    assert out[-2:] == [
        "6 phones: 0 to write, 6 to replace, 0 to delete",
        "the phones' files follow with: tuiprov publish",
    ]
    assert fleet.store.site().sip_server == "pbx.acme.test"


def test_what_no_file_holds_says_so(cli: Cli, fleet: Site) -> None:
    out = cli("settings", "default_status=disabled").out.splitlines()
    assert out[-1] == NO_FILE


def test_a_new_publish_root_names_the_old_one(cli: Cli, fleet: Site) -> None:
    new = fleet.directory / "new"
    out = cli("settings", f"publish_root={new}").out
    assert f"{fleet.directory}/publish stays as it is" in out
    assert not new.exists()


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("time_zone=Europe/Berln", "time_zone: must be empty, Africa/Cairo"),
        ("language=klingon", "language: must be"),
        ("tone_country=xx", "tone_country: must be"),
        ("codecs_offered=alaw,mp3", "codecs_offered: no phone knows mp3; there are alaw"),
        ("infrastructure_type=nat", "private_network: is missing"),
        ("publish_root=here", "publish_root: must be a full path"),
        ("sip_prot=1", "sip_prot: is not a field"),
    ],
)
@pytest.mark.parametrize("options", [[], ["--dry-run"]], ids=["store", "dry run"])
def test_a_wrong_value_is_one_clear_line(
    cli: Cli, fleet: Site, options: list[str], assignment: str, words: str
) -> None:
    before = fleet.store.site()
    ran = cli("settings", *options, assignment)
    assert ran.code == 1
    assert len(ran.errors) == 1
    assert ran.errors[0].startswith(words)
    assert fleet.store.site() == before


def test_a_dry_run_as_json_names_the_files(cli: Cli, fleet: Site) -> None:
    found = cli("settings", "--dry-run", "--json", "sip_server=pbx.acme.test").json
    assert len(found["changes"]) == 6


def test_a_plan_of_many_changes_is_grouped_on_the_command_line_too(cli: Cli, fleet: Site) -> None:
    fleet.store.set_site(fleet.admin, {"sip_server": "pbx.acme.test"})
    out = cli("plan", "--diff").out.splitlines()
    assert out[0] == "~ 6 phones: 0c383e000001.cfg, 0c383e000002.cfg, …"
    assert out[-1] == "6 phones: 0 to write, 6 to replace, 0 to delete"
