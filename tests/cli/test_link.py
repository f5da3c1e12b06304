"""`tuiprov devices link`: the link on standard output, as a QR code, as JSON, or why not."""

from __future__ import annotations

import os
import sys

import pytest

from tests.cli.conftest import Cli
from tests.render.test_qr import drawn, independent, without_margin
from tests.screens.office import events, set_columns
from tests.sites import PHONE, Site
from tuiprov.data.checks import DUPLICATE_MAC
from tuiprov.data.http_login import PURPOSE, http_login
from tuiprov.data.kept import Enrolment
from tuiprov.data.models import Device
from tuiprov.render.links import DISABLED
from tuiprov.render.qr import Code


@pytest.fixture
def link(site: Site) -> str:
    """The link of the site's one phone."""
    page = site.add("0027*001", **PHONE)
    return f"https://prov.example.com/prov/{page.token}/"


@pytest.mark.parametrize("name", ["Desk01", "80-5e-c0-00-00-01", "0027*001"])
def test_the_link_alone_is_printed(cli: Cli, site: Site, link: str, name: str) -> None:
    ran = cli("devices", "link", name)
    assert (ran.code, ran.out, ran.err) == (0, f"{link}\n", "")
    assert events(site, "link") == ["Desk01 (80:5E:C0:00:00:01)"]


def test_a_code_in_a_file_is_of_half_blocks_without_colours(cli: Cli, link: str) -> None:
    first, *lines = cli("devices", "link", "Desk01", "--qr").out.splitlines()
    assert first == link
    assert without_margin(drawn(Code(tuple(lines)))) == independent(link)


def test_where_half_blocks_are_missing_it_is_of_ascii(
    cli: Cli, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "linux")
    _, *lines = cli("devices", "link", "Desk01", "--qr").out.splitlines()
    assert "".join(lines).isascii()
    assert without_margin(drawn(Code(tuple(lines), in_halves=False))) == independent(link)


@pytest.mark.parametrize(("term", "in_halves"), [("xterm", True), ("linux", False)])
def test_on_a_terminal_it_is_dark_on_light_by_the_16_colours(
    cli: Cli, link: str, monkeypatch: pytest.MonkeyPatch, term: str, in_halves: bool
) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr(type(sys.stdout), "isatty", lambda _: True)
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((100, 50)))
    _, *lines = cli("devices", "link", "Desk01", "--qr").out.splitlines()
    assert all(line.startswith("\x1b[30;47m") and line.endswith("\x1b[0m") for line in lines)
    for code in ("\x1b[30;47m", "\x1b[30;40m", "\x1b[0m"):
        lines = [line.replace(code, "") for line in lines]
    assert without_margin(drawn(Code(tuple(lines), in_halves))) == independent(link)


def test_a_terminal_that_is_too_small_is_told_so(
    cli: Cli, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(sys.stdout), "isatty", lambda _: True)
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((80, 18)))
    ran = cli("devices", "link", "Desk01", "--qr")
    assert (ran.code, ran.out) == (1, f"{link}\n")
    assert ran.errors == ["A QR code needs 19 lines of 37 characters; here is room for 17 of 80."]


def test_json_says_what_the_link_is(cli: Cli, link: str) -> None:
    assert cli("devices", "link", "Desk01", "--json").json == {
        "device": "Desk01 (80:5E:C0:00:00:01)",
        "url": link,
        "problem": "",
        "is_secret": True,
        "is_directory": True,
        "names": ["805ec0000001.cfg"],
        "is_first": False,
        "username": "",
        "password": "",
    }


def test_a_disabled_device_has_none(cli: Cli, site: Site, link: str) -> None:
    site.save("0027*001", status="disabled")
    ran = cli("devices", "link", "Desk01")
    assert (ran.code, ran.out, ran.errors) == (1, "", [f"Desk01: {DISABLED}"])
    ran = cli("devices", "link", "Desk01", "--json")
    assert (ran.code, ran.json["problem"]) == (1, DISABLED)
    assert events(site, "link") == []


def test_two_devices_with_one_mac_have_none_in_the_page_s_words(
    cli: Cli, site: Site, link: str
) -> None:
    site.add("0027*002", **PHONE | {"friendly_name": "Desk02"})
    site.configure(allow_mac_based_provisioning=False)
    for number in ("0027*001", "0027*002"):
        site.save(number, mac_based_provisioning=True)
    site.configure(allow_mac_based_provisioning=True)
    ran = cli("devices", "link", "Desk02")
    assert (ran.code, ran.errors) == (1, [f"Desk02: {DUPLICATE_MAC}"])


def test_while_the_enrolment_window_is_open_it_is_the_first_link(cli: Cli, site: Site) -> None:
    site.configure(two_stage_enrolment=True)
    page = site.add("0027*001", **PHONE)
    (window,) = site.rows(Enrolment)
    found = cli("devices", "link", "Desk01", "--json").json
    assert found["url"] == f"https://prov.example.com/prov/{window.token}/"
    assert (found["is_first"], window.token == page.token) == (True, False)
    set_columns(site, "enrolment", {"until": "2020-01-01 00:00:00.000000"})
    found = cli("devices", "link", "Desk01", "--json").json
    assert (found["is_first"], window.token in found["url"]) == (False, False)


def test_where_the_site_wants_a_login_it_is_told_and_is_the_one_that_serve_asks_for(
    cli: Cli, site: Site
) -> None:
    site.configure(http_authentication="digest").add(**PHONE)
    device = site.rows(Device)[0]
    login = http_login(device.token, site.database.keys.derive(PURPOSE))
    out = cli("devices", "link", "Desk01").out.splitlines()
    assert out[1] == f"login: {login.username} {login.password}"
    site.configure(http_authentication="none")
    assert len(cli("devices", "link", "Desk01").out.splitlines()) == 1
