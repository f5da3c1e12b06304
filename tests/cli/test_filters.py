"""`--where` of every command: the language of the lists, saved filters among it."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Cli
from tests.fetches import a_fetch, device_id, log
from tests.sites import PHONE, Site
from tuiprov.data.kept import Event


@pytest.fixture
def two(site: Site) -> Site:
    site.add("0027*001", **PHONE)
    other = {"mac": "80:5E:C0:00:00:02", "friendly_name": "Desk02", "firmware": "83"}
    site.add("0027*002", **PHONE | other)
    return site


def test_a_saved_filter_is_named_instead_of_written(cli: Cli, two: Site) -> None:
    two.store.views.save_filter(two.admin, "extensions", "old", "firmware:<84 fetched:never")
    exported = cli("export", "--where", "@old").out.splitlines()
    assert [line.split(",")[0] for line in exported[1:]] == ["0027*002"]
    assert cli("set", "notes=old", "--where", "@old").out.startswith("changed 1;")
    assert two.rows(Event)[-1].subject == "@old (@old: firmware:<84 fetched:never)"
    plan = cli("plan", "--where", "-@old").out
    assert ("805ec0000001" in plan, "805ec0000002" in plan) == (True, False)


def test_devices_have_saved_filters_of_their_own(cli: Cli, two: Site) -> None:
    two.store.views.save_filter(two.admin, "devices", "old", "firmware:<84")
    assert cli("devices", "--where", "@old").out.split()[1] == "Desk02"
    assert cli("plan", "--where", "@old").errors == [
        "filter, @old: you have saved no filters for extensions"
    ]


@pytest.mark.parametrize(
    ("where", "told"),
    [
        (
            "state:green",
            "filter, state: must be none, disabled, published, stale, publishing or failed",
        ),
        ("firmware:<new", "filter, firmware: must be a version: 84, <84, >=66.86.0.15"),
        ("fetched:7d", "filter, fetched: must be never, or an age in s, m, h, d or w: <2h, >7d"),
        ("update_interval:x", "filter, update_interval: must be a number: 60, >60, <=60"),
        ("@\x1b[31m", "filter, @\\x1b[31m: you have saved no filters for extensions"),
    ],
)
def test_a_wrong_filter_is_one_line_with_what_is_right(
    cli: Cli, two: Site, where: str, told: str
) -> None:
    for command in (["plan"], ["export"], ["set", "notes=x"], ["publish", "--yes"]):
        ran = cli(*command, "--where", where)
        assert (ran.code, ran.errors) == (1, [told])


@pytest.mark.parametrize("where", ["model:", "anna -line:", "firmware:<", "fetched:>", 'mac:""'])
def test_a_value_that_a_script_left_empty_means_nobody_and_never_all(
    cli: Cli, two: Site, where: str
) -> None:
    for command in (["set", "notes=x"], ["remove", "--yes"], ["publish", "--yes"], ["devices"]):
        ran = cli(*command, "--where", where)
        assert (ran.code, len(ran.errors)) == (1, 1)
        assert ran.errors[0].endswith("says no value to look for")
    assert two.store.extension_ids(two.admin, "notes:x").tolist() == []


def test_filters_are_saved_listed_and_removed(cli: Cli, two: Site) -> None:
    saved = cli("filters", "save", "old", "--where", "firmware:<84")
    assert saved.out == "saved as @old\n"
    of_devices = ("--list", "devices")
    assert cli("filters", "save", "used", "--where", "-state:unassigned", *of_devices).code == 0
    assert cli("filters").out.split() == ["name", "filter", "@old", "firmware:<84"]
    assert cli("filters", *of_devices, "--json").json == {"used": "-state:unassigned"}
    assert cli("filters", "remove", "old").out == "removed\n"
    assert cli("filters").out == "name  filter\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("save", "old", "--where", "colour:red"), "filter, colour: is not a field to filter by"),
        (("save", "o d", "--where", "anna"), "name: must be 1 to 32 letters, digits or . _ -"),
        (("save", "old", "--where", "sip_password:x"), "is secret and cannot be searched"),
        (("remove", "old"), "you have saved no filter 'old' for extensions"),
        (("remove", "\x1b[31m"), r"you have saved no filter '\x1b[31m' for extensions"),
    ],
)
def test_what_cannot_be_saved_or_removed_is_one_line(
    cli: Cli, two: Site, arguments: tuple[str, ...], told: str
) -> None:
    ran = cli("filters", *arguments)
    assert (ran.code, len(ran.errors)) == (1, 1)
    assert told in ran.errors[0]


def test_requests_and_the_history_have_saved_filters_too(cli: Cli, two: Site) -> None:
    log(two, a_fetch(device_id(two)), a_fetch(verdict="key", address="198.51.100.9"))
    two.store.record(two.admin, "reveal", "0027*001")
    of_requests = ("--list", "requests")
    assert cli("filters", "save", "lost", "--where", "-verdict:served", *of_requests).code == 0
    assert cli("filters", "save", "mine", "--where", "what:reveal", "--list", "history").code == 0
    assert cli("filters", *of_requests, "--json").json == {"lost": "-verdict:served"}
    assert [row["address"] for row in cli("fetches", "--where", "@lost", "--json").json] == [
        "198.51.100.9"
    ]
    assert [row["action"] for row in cli("history", "@mine", "--json").json] == ["reveal"]
    assert cli("fetches", "--where", "@mine").errors == [
        "filter, @mine: you have saved no such filter for requests; there are lost"
    ]
    assert cli("filters", "save", "bad", "--where", "colour:red", "--list", "history").code == 1
    assert cli("filters", "--list", "nothing").code == 2
    assert cli("filters", "remove", "lost", *of_requests).code == 0
    assert cli("filters", *of_requests, "--json").json == {}
