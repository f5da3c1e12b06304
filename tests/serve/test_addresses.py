"""Which address asked: what a proxy may say, and what nobody may."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from tuiprov.serve.addresses import address_of, client_of, counted_as, is_within

OFFICE = "192.0.2.0/24"
ATTACKER, PROXY = "203.0.113.9", "10.0.0.1"

FORGED = [
    "192.0.2.7",
    "192.0.2.7, 192.0.2.8",
    "192.0.2.7,10.0.0.1",
    "10.0.0.1, 192.0.2.7",
    "192.0.2.7, 10.0.0.1, 10.0.0.1",
    "127.0.0.1",
    "::1",
    "::ffff:192.0.2.7",
    "[::ffff:192.0.2.7]",
    "192.0.2.7:80",
    "unknown",
    "_hidden",
    "",
    ",",
    " , 192.0.2.7 ,",
    "192.0.2.7%eth0",
    "0xC0000207",
    "3221225991",
    "192.0.2",
    "192.000.002.007",
    "192.0.2.7\t",
    "192.0.2.7;10.0.0.1",
    "for=192.0.2.7",
    '"192.0.2.7"',
    "192.0.2.7/32",
    "192.0.2.7 192.0.2.7",
    "localhost",
    "１９２.0.2.7",
    "10.0.0.1," * 40 + "192.0.2.7",
    "192.0.2.7," * 400,
    "64:ff9b::192.0.2.7",
    "2002:c000:0207::",
    "0:0:0:0:0:ffff:c000:207",
]


@pytest.mark.parametrize("header", FORGED)
def test_what_a_stranger_says_about_who_is_behind_it_is_not_believed(header: str) -> None:
    assert client_of(ATTACKER, [header], "") == ip_address(ATTACKER)
    assert client_of(ATTACKER, [header, header], PROXY) == ip_address(ATTACKER)


@pytest.mark.parametrize("header", FORGED)
def test_a_proxy_s_own_word_wins_over_what_was_sent_through_it(header: str) -> None:
    # A proxy appends the address it saw, to the same header or as one of its own.
    for headers in ([f"{header}, {ATTACKER}"], [header, ATTACKER], [header, f" {ATTACKER} "]):
        assert client_of(PROXY, headers, PROXY) == ip_address(ATTACKER)


@pytest.mark.parametrize("word", ["unknown", "_hidden", "192.0.2.7:80", "192.0.2.7/32", "a b", ""])
def test_a_proxy_that_names_no_address_lets_nobody_in(word: str) -> None:
    assert client_of(PROXY, [word], PROXY) is None


def test_two_trusted_proxies_in_a_row_are_gone_through() -> None:
    assert client_of(PROXY, ["192.0.2.7, 10.0.0.2"], "10.0.0.0/24") == ip_address("192.0.2.7")


def test_without_a_header_the_proxy_itself_asks() -> None:
    assert client_of(PROXY, [], PROXY) == ip_address(PROXY)


def test_ipv4_inside_ipv6_is_ipv4() -> None:
    inside = address_of("::ffff:192.0.2.7")
    assert inside is not None
    assert is_within(inside, OFFICE)
    assert client_of("::ffff:10.0.0.1", ["192.0.2.7"], PROXY) == ip_address("192.0.2.7")


@pytest.mark.parametrize("text", ["192.0.3.1", "2001:db8::c000:207", "::192.0.2.7", "fe80::1%lo"])
def test_other_addresses_are_not_in_the_network(text: str) -> None:
    address = address_of(text)
    assert address is not None
    assert not is_within(address, OFFICE)


def test_an_ipv6_host_is_counted_by_its_network() -> None:
    one, other = (ip_address(f"2001:db8:1:2::{host}") for host in ("1", "ffff"))
    assert counted_as(one) == counted_as(other) == "2001:db8:1:2::/64"
    assert counted_as(ip_address("192.0.2.7")) == "192.0.2.7"
