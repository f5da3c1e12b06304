"""A phone that asks by TFTP (RFC 1350, octet mode), and says plainly what it was told."""

from __future__ import annotations

import socket
import struct


def fetch(address: tuple[str, int], name: bytes, seconds: float = 5.0) -> bytes | None:
    """The file's bytes, None when the server refuses it. TimeoutError: no answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.settimeout(seconds)
        phone.sendto(b"\0\1" + name + b"\0octet\0", address)
        parts = []
        while True:
            packet, sender = phone.recvfrom(1_024)
            kind, number = struct.unpack("!HH", packet[:4])
            if kind != 3:
                return None
            parts.append(packet[4:])
            phone.sendto(struct.pack("!HH", 4, number), sender)
            if len(packet) < 516:
                return b"".join(parts)
