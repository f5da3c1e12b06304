"""How chan_pjsip reads addresses: networks, what an identify matches, SIP URIs."""

from __future__ import annotations

import ipaddress
import re
import socket

Trouble = tuple[str, str] | None
"""A kind of `asterisk_reading.EFFECTS` and words; None: the value arrives as it was meant."""

SIP_URI = re.compile(
    r"sips?:(?:[^@\s<>]+@)?(\[[^\]]*\]|[^:;?\s<>@]+)(?::([^;?]*))?(?:[;?]\S*)?", re.IGNORECASE
)


def ip_of(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a text is, None for anything else."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def filled_up(text: str) -> str:
    """What the C library makes of fewer than four numbers or octal ones, "" for nothing."""
    if not re.fullmatch(r"[0-9a-fxX.]+", text):
        return ""
    try:
        return socket.inet_ntoa(socket.inet_aton(text))
    except OSError:
        return ""


def network_trouble(one: str) -> Trouble:
    """One address with or without a mask, as in permit, deny and local_net."""
    address, slash, mask = one.removeprefix("!").partition("/")
    if not (ip := ip_of(address)):
        if short := filled_up(address):
            return "misread", f"{address!r} is read as {short}"
        return "bad-value", f"{one!r} is no IP address (blanks count)"
    if not slash:
        return None
    try:
        network = ipaddress.ip_network(f"{ip}/{mask}", strict=False)
    except ValueError:
        dotted = ip_of(mask)
        kind = "misread" if dotted and dotted.version == 4 and ip.version == 4 else "bad-value"
        return kind, f"{mask!r} is no mask"
    if network.network_address != ip:
        return "misread", f"{one!r} has host bits set: read as {network}"
    return None


def split_match(one: str) -> tuple[str, str | None, str]:
    """Address, port (None: any) and "/mask" ("" without) of one element of `match`."""
    address, slash, mask = one.partition("/")
    bracketed = re.fullmatch(r"\[([^\]]*)\](?::(.*))?", address)
    if bracketed:
        return bracketed[1], bracketed[2], slash + mask
    if address.count(":") == 1:
        host, _, port = address.partition(":")
        return host, port, slash + mask
    return address, None, slash + mask


def match_trouble(one: str) -> Trouble:
    """One element of an identify's `match`: ADDRESS[:PORT][/MASK]. Names are not looked up here."""
    address, port, mask = split_match(one)
    if port is not None and not port.isdecimal():
        return "bad-value", f"{one!r} has no number for a port"
    if port is not None and not 1 <= int(port) <= 65535:
        return "bad-port", f"{one!r}: another port is matched, or any"
    if ip_of(address) or filled_up(address):
        return network_trouble(address + mask)
    return None if address == "localhost" else ("bad-value", f"{address!r} may not resolve here")


def uri_trouble(uri: str) -> Trouble:
    """What Asterisk does not look at in a URI, once it begins with sip:, and finds out too late."""
    if not (found := SIP_URI.fullmatch(uri)):
        return "misread", f"{uri!r} is taken, but is no URI"
    host, port = found[1], found[2]
    if port is not None and not (port.isdecimal() and 1 <= int(port) <= 65535):
        return "bad-port", f"{uri!r} has a port that there is not"
    if re.fullmatch(r"[0-9.]+|\[.*\]", host) and not ip_of(host.strip("[]")):
        return "misread", f"{host!r} is no IP address"
    return None
