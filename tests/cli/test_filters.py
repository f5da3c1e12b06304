"""`--where` of every command: the language of the lists, saved filters among it."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Cli
from tests.sites import PHONE, Site


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
