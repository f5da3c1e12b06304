"""Where a phone's files lie, and the link it is given."""

from __future__ import annotations

import pytest

from tests.phones import TOKEN, kind, phone
from tests.sites import PHONE
from tests.sites import Site as Stored
from tuiprov.data.checks import DUPLICATE_MAC
from tuiprov.data.site import Site
from tuiprov.errors import Refusal
from tuiprov.render import links
from tuiprov.render.engine import render

SNOM = ("Snom", "D765", "10")


def test_a_mac_is_written_in_lower_case_without_separators() -> None:
    assert links.mac_digits("00:04:13:AA:BB:CC") == "000413aabbcc"


@pytest.mark.parametrize(
    ("values", "allowed", "key"),
    [
        ({"mac_based_provisioning": True, "update_protocol": "https"}, True, "000413aabbcc"),
        ({"mac_based_provisioning": True, "update_protocol": "http"}, True, "000413aabbcc"),
        ({"mac_based_provisioning": False, "update_protocol": "https"}, True, TOKEN),
        ({"mac_based_provisioning": True, "update_protocol": "https"}, False, TOKEN),
        ({"mac_based_provisioning": True, "update_protocol": "tftp"}, True, TOKEN),
    ],
    ids=["HTTPS", "HTTP", "not ticked", "not allowed", "TFTP"],
)
def test_the_link_is_built_from_the_mac_only_if_ticked_allowed_and_by_web(
    values: dict[str, object], allowed: bool, key: str
) -> None:
    site = Site(allow_mac_based_provisioning=allowed)
    assert links.key(phone(*SNOM, site=site, **values)) == key


@pytest.mark.parametrize(
    ("protocol", "site", "url"),
    [
        ("https", Site(), "https://prov.example.com/prov/000413aabbcc/"),
        ("http", Site(), "http://prov.example.com/prov/000413aabbcc/"),
        ("tftp", Site(), "tftp://prov.example.com/"),
        ("https", Site(https_port=8443), "https://prov.example.com:8443/prov/000413aabbcc/"),
        ("http", Site(http_port=8080), "http://prov.example.com:8080/prov/000413aabbcc/"),
        ("http", Site(https_port=8443), "http://prov.example.com/prov/000413aabbcc/"),
        ("tftp", Site(http_port=8080, https_port=8443), "tftp://prov.example.com/"),
    ],
)
def test_the_directory_names_protocol_host_port_and_key(
    protocol: str, site: Site, url: str
) -> None:
    assert links.directory(phone(*SNOM, site=site, update_protocol=protocol)) == url


@pytest.mark.parametrize(("protocol", "port"), [("https", 443), ("http", 80), ("tftp", 69)])
def test_each_protocol_has_its_port(protocol: str, port: int) -> None:
    assert links.port_of(phone(*SNOM, update_protocol=protocol)) == port


def test_tftp_is_flat_and_the_web_has_a_directory_for_each_device() -> None:
    assert links.published_path("x.cfg", phone(*SNOM, update_protocol="tftp")) == "tftp/x.cfg"
    assert links.published_path("x.cfg", phone(*SNOM)) == "http/000413aabbcc/x.cfg"


@pytest.mark.parametrize(
    ("words", "link"),
    [
        (SNOM, "https://prov.example.com/prov/000413aabbcc/snomD765-000413AABBCC.htm"),
        (("Yealink", "T46S", "84"), "https://prov.example.com/prov/805ec0aabbcc/"),
        (("Cisco", "7960", "8.x"), "tftp://prov.example.com/"),
    ],
    ids=["file", "directory", "TFTP"],
)
def test_the_link_follows_the_manufacturer_s_habit(words: tuple[str, str, str], link: str) -> None:
    kind_of = kind(*words)
    prefix = {"Yealink": "80:5E:C0"}.get(words[0], kind_of.mac_prefixes[0])
    one = phone(*words, mac=f"{prefix}:AA:BB:CC", update_protocol=kind_of.facts.update_protocols[0])
    assert links.link(one, kind_of).startswith(link.removesuffix("/"))


def test_a_name_is_made_of_validated_parts_and_never_of_free_text() -> None:
    hostile = phone(*SNOM, friendly_name="../../etc/passwd", notes="../x", admin_username="../y")
    for file in render(hostile):
        assert ".." not in file.path
        assert file.path.count("/") == 2


# -- offered ------------------------------------------------------------------------------------


def test_an_offer_says_what_the_link_is_and_that_a_token_is_secret(site: Stored) -> None:
    page = site.add("0027*001", **PHONE)
    found = links.offer(page, [])
    assert found.url == f"https://prov.example.com/prov/{page.token}/"
    assert (found.device, found.problem) == ("Desk01 (80:5E:C0:00:00:01)", "")
    assert (found.is_secret, found.is_directory) == (True, True)
    assert "805ec0000001.cfg" in found.names


@pytest.mark.parametrize(
    "values", [{"mac_based_provisioning": True}, {"update_protocol": "tftp"}], ids=["MAC", "TFTP"]
)
def test_a_link_without_a_token_is_no_secret(site: Stored, values: dict[str, object]) -> None:
    found = links.offer(site.add("0027*001", **PHONE | values), [])
    assert found.url
    assert not found.is_secret


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"use_provisioning": False}, links.NOT_PROVISIONED),
        ({"status": "disabled"}, links.DISABLED),
        ({"model": "Nonesuch"}, links.NO_MODEL),
    ],
)
def test_what_has_no_file_has_no_link(
    site: Stored, values: dict[str, object], problem: str
) -> None:
    page = site.add("0027*001", **PHONE).changed(values)
    found = links.offer(page, [])
    assert (found.url, found.problem) == ("", problem)


@pytest.mark.parametrize(
    ("refusal", "problem"),
    [
        (Refusal("mac", DUPLICATE_MAC), DUPLICATE_MAC),
        (Refusal("mac", "is missing"), "MAC address: is missing"),
        (Refusal("update_protocol", "not tftp"), "Update protocol: not tftp"),
    ],
)
def test_a_refused_address_or_protocol_leaves_no_link(
    site: Stored, refusal: Refusal, problem: str
) -> None:
    found = links.offer(site.add("0027*001", **PHONE), [Refusal("codecs", "none"), refusal])
    assert (found.url, found.problem) == ("", problem)
