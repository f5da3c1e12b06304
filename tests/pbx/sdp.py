"""Session descriptions (RFC 8866) as phones offer them, and what one says of its media."""

from __future__ import annotations

import base64
import re
from typing import Final

KEY: Final = base64.b64encode(bytes(range(30))).decode()
CRYPTO: Final = f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}\r\n"
FINGERPRINT: Final = "a=fingerprint:SHA-256 " + ":".join(["AB"] * 32) + "\r\na=setup:actpass\r\n"
OFFERS: Final = {
    "plain": ("RTP/AVP", ""),
    "SDES": ("RTP/SAVP", CRYPTO),
    "SDES if you can": ("RTP/AVP", CRYPTO),
    "DTLS-SRTP": ("UDP/TLS/RTP/SAVP", FINGERPRINT),
}
"""How phones offer each way of encryption: transport, and lines of the media."""
NAMES: Final = {"0": "ulaw", "3": "gsm", "8": "alaw", "9": "g722", "18": "g729", "101": "dtmf"}
"""Payload types (RFC 3551; 101 is dynamic) by Asterisk's names of codecs."""


def offer(how: str = "plain", payloads: str = "8 0 101", address: str = "127.0.0.1") -> str:
    """An offer of sound by a way of `OFFERS`."""
    transport, lines = OFFERS[how]
    events = "a=rtpmap:101 telephone-event/8000\r\n" if "101" in payloads.split() else ""
    return _described(address, f"m=audio 40000 {transport} {payloads}\r\n{events}{lines}")


def answer_to(offered: str, address: str) -> str:
    """An answer that takes the first codec of an offer, encrypted by SDES where that is offered."""
    found = re.search(r"^m=audio \d+ (\S+) (\d+)", offered, re.MULTILINE)
    if not found:
        return ""
    lines = CRYPTO if "a=crypto:" in offered else ""
    return _described(address, f"m=audio 40002 {found[1]} {found[2]}\r\n{lines}")


def _described(address: str, media: str) -> str:
    return f"v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n{media}"


def transport_of(description: str) -> str:
    """RTP/AVP, RTP/SAVP … of its sound; "" when it has none."""
    found = re.search(r"^m=audio [1-9]\d* (\S+)", description, re.MULTILINE)
    return found[1] if found else ""


def port_of(description: str) -> int:
    """Where its sound is sent to; 0 when it has none."""
    found = re.search(r"^m=audio (\d+)", description, re.MULTILINE)
    return int(found[1]) if found else 0


def codecs_of(description: str) -> list[str]:
    """The names of its codecs in order; `dtmf` for telephone events."""
    found = re.search(r"^m=audio \d+ \S+ ([\d ]+)", description, re.MULTILINE)
    return [NAMES.get(one, one) for one in found[1].split()] if found else []


def protections_of(description: str) -> set[str]:
    """`SDES` and `DTLS-SRTP`, as far as it has a key or a fingerprint that is not empty."""
    found = set()
    if re.search(r"^a=crypto:\d+ \S+ inline:\S+", description, re.MULTILINE):
        found.add("SDES")
    if re.search(r"^a=fingerprint:\S+ [0-9A-F:]{95}", description, re.MULTILINE | re.IGNORECASE):
        found.add("DTLS-SRTP")
    return found
