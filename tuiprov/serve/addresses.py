"""Which address a request came from, and whether it lies in the site's networks. Pure.

Addresses are `ipaddress` objects; an IPv4 address inside IPv6 (`::ffff:192.0.2.1`) is the IPv4
address it holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_MOST_HOPS = 16
_SITE_PREFIX = 64


def address_of(text: str) -> Address | None:
    """The address that `text` is, None when it is none. A zone (`fe80::1%eth0`) is left out."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    if isinstance(found, IPv6Address):
        return found.ipv4_mapped or IPv6Address(int(found))
    return found


@lru_cache(maxsize=64)
def networks(text: str) -> tuple[Network, ...]:
    """The networks of a setting: addresses and networks with blanks between them."""
    return tuple(ip_network(part, strict=False) for part in text.split())


def is_within(address: Address, text: str) -> bool:
    """Is the address in one of the networks of the setting `text`?"""
    return any(address in network for network in networks(text))


def client_of(peer: str, forwarded: Sequence[str], trusted: str) -> Address | None:
    """The address that asks: `peer` is who is at the other end of the connection, `forwarded` the
    X-Forwarded-For headers in order, `trusted` the proxies that may send them.

    Read from the right, which is what the nearest proxy saw; what an untrusted address claims
    about who is behind it is not read at all. None: the peer or what a trusted proxy says is no
    plain address, so nobody can be held to it.
    """
    client = address_of(peer)
    hops = [hop.strip() for header in forwarded for hop in header.split(",")]
    for hop in reversed(hops[-_MOST_HOPS:]):
        if client is None or not is_within(client, trusted):
            break
        client = address_of(hop.removeprefix("[").removesuffix("]"))
    return client


def counted_as(address: Address) -> str:
    """What limits count an address under: an IPv6 host may take any of its /64."""
    if isinstance(address, IPv6Address):
        return str(ip_network((address, _SITE_PREFIX), strict=False))
    return str(address)
