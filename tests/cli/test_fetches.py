"""`tuiprov fetches`: the log on standard output, with why and what to do in JSON."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Cli
from tests.fetches import AGENT, a_fetch, device_id, log, published_as
from tests.screens.office import publish_all
from tests.screens.test_hostile import HOSTILE
from tests.sites import PHONE, Site


@pytest.fixture
def asked(site: Site) -> Site:
    """A phone that fetched what is published, and somebody who asked for nothing we know."""
    site.add("0027*001", **PHONE)
    publish_all(site)
    path = published_as(site, 7)
    log(
        site,
        a_fetch(device_id(site), file=path, version_id=7, sent=812),
        a_fetch(verdict="key", agent="", address="198.51.100.9", path="/prov/000413aabbcc/x"),
    )
    return site


def test_the_newest_request_is_printed_first(cli: Cli, asked: Site) -> None:
    first, second = cli("fetches").out.splitlines()
    assert first.split()[2:] == ["198.51.100.9", "404", "key", "-", "/prov/000413aabbcc/x"]
    assert second.split()[2:6] == ["192.0.2.7", "200", "served", "Desk01"]
    assert second.endswith("Yealink T46S 66.84.0.15")


def test_a_filter_narrows_it(cli: Cli, asked: Site) -> None:
    assert "Desk01" in cli("fetches", "--where", "verdict:served").out
    assert cli("fetches", "--where", "verdict:login").out == ""
    assert cli("fetches", "--where", "colour:red").errors == [
        "filter, colour: is not a field to filter by"
    ]


def test_json_says_why_and_what_to_do(cli: Cli, asked: Site) -> None:
    refused, served = cli("fetches", "--json").json
    assert (refused["verdict"], refused["mac"]) == ("key", "00:04:13:AA:BB:CC")
    assert list(refused["chain"].items())[-2:] == [("path", True), ("key", False)]
    assert "No device" in refused["why"]
    assert "adopt it" in refused["to_do"]
    assert (served["phone"], served["agent"]) == ("Yealink T46S 66.84.0.15", AGENT)
    assert (served["is_current"], served["sent"], served["to_do"]) == (True, 812, "")


def test_the_inventory_s_json_says_what_each_phone_has(cli: Cli, asked: Site) -> None:
    row = json.loads(cli("devices", "--json").out)[0]
    assert row["fetched_at"].startswith("2026-11-24T12:00:00")
    assert (row["has_this_version"], row["firmware_seen"]) == (True, "66.84.0.15")
    published_as(asked, 8)
    assert json.loads(cli("devices", "--json").out)[0]["has_this_version"] is False


def test_what_a_stranger_sends_is_plain_text(cli: Cli, asked: Site) -> None:
    log(asked, a_fetch(verdict="key", agent=HOSTILE, path=HOSTILE))
    for more in ((), ("--json",)):
        ran = cli("fetches", *more)
        assert (ran.code, ran.err) == (0, "")
        assert "\x1b" not in ran.out
        assert "\u202e" not in ran.out
