"""`tuiprov publish --waves` and `tuiprov waves`: what is asked, refused and printed."""

from __future__ import annotations

import io
import json

import pytest

from tests.cli.conftest import Cli
from tests.publish.rolling import Rolling, a_fleet, change
from tests.sites import Site


@pytest.fixture
def fleet(site: Site) -> Site:
    a_fleet(site)
    change(site)
    return site


def test_it_shows_the_waves_and_asks_first(
    cli: Cli, fleet: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    ran = cli("publish", "--waves", "1,all")
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert "wave 1: 1 phone: Desk01" in lines
    assert "wave 2: 2 phones: Desk02, Desk03" in lines
    assert lines[-1] == "Apply this plan in waves? [y/N]: nothing was done"
    assert fleet.store.waves.rows(fleet.admin) == []


def test_a_dry_run_starts_nothing(cli: Cli, fleet: Site) -> None:
    ran = cli("publish", "--waves", "1,all", "--dry-run", "--yes")
    assert "wave 1: 1 phone: Desk01" in ran.out.splitlines()
    assert fleet.store.waves.rows(fleet.admin) == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--waves", "1,5"), "waves: '1,5' is none: numbers of phones, then all, such as 1,5,all"),
        (("--waves", "all", "--wait", "soon"), "wait: 'soon' is no time such as 90s, 10m or 1h"),
    ],
)
def test_wrong_words_are_refused_in_one_line(
    cli: Cli, fleet: Site, options: tuple[str, ...], words: str
) -> None:
    ran = cli("publish", *options, "--yes")
    assert ran.code == 1
    assert len(ran.errors) == 1
    assert ran.errors[0].startswith(words)


def test_what_goes_back_is_all_or_a_wave(cli: Cli, fleet: Site) -> None:
    assert cli("publish", "--waves", "all", "--back", "none").code == 2


def test_rolled_back_is_1_with_one_line_and_how_to_take_the_change_back(
    cli: Cli, site: Site
) -> None:
    a_fleet(site)
    change(site, 1)
    ran = cli("publish", "--waves", "all", "--wait", "1s", "--yes")
    assert ran.code == 1
    assert ran.errors == ["rolled back: Desk01 did not fetch its new files within 1s"]
    told = ran.out.splitlines()[-1]
    assert told.startswith("the data stays as it is; to take it back too: tuiprov undo ")
    assert cli("undo", told.split()[-1], "--yes").code == 0
    assert cli("plan").out.splitlines()[-1].startswith("nothing to do")


def test_events_are_a_json_object_a_line(cli: Cli, fleet: Site) -> None:
    ran = cli("publish", "--waves", "1,all", "--wait", "1s", "--yes", "--json")
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert {"wave": 1, "device": "Desk01", "state": "published", "words": ""}.items() <= (
        lines[1].items()
    )
    assert lines[-1]["state"] == "rolled back"


def test_waves_lists_what_was_done(cli: Cli, fleet: Site) -> None:
    assert cli("waves").out == ""
    number = Rolling(fleet).start()
    fleet.store.waves.leave(fleet.admin, number)
    lines = cli("waves").out.splitlines()
    assert lines[0].endswith("1,all  running: wave 1 of 2; 3 waiting")
    assert lines[1] == "  wave 1  waiting     Desk01 (Yealink T46S)"
    assert lines[-1] == "nobody drives these waves: tuiprov waves resume, or tuiprov waves abort"
    assert cli("waves", "--json").json[0]["counts"] == {"waiting": 3}


def test_there_is_nothing_to_go_on_with_before_there_is(cli: Cli, fleet: Site) -> None:
    for command in ("resume", "abort"):
        ran = cli("waves", command)
        assert (ran.code, ran.errors) == (1, ["no waves are under way"])
