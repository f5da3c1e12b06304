"""A phone on a UDP socket of its own: keeps the SIP messages it gets, and answers them.

Messages are read by the standard library's parser of mail headers, not by ours.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32

START = re.compile(rb"NOTIFY sip:([^@\s]*)@(\[[0-9a-f:]+\]|[0-9.]+):(\d+) SIP/2\.0\r\n")


@dataclass(frozen=True)
class Heard:
    """One request: its start line's parts, its headers, its body, when it came."""

    user: str
    host: str
    port: int
    headers: Message
    body: bytes
    at: float
    raw: bytes

    def __getitem__(self, name: str) -> str:
        values = self.headers.get_all(name) or []
        assert len(values) == 1, (name, values)
        return str(values[0])


def read(data: bytes, at: float = 0.0) -> Heard:
    """A request as an independent parser reads it; fails for what is not one well-formed NOTIFY."""
    start = START.match(data)
    assert start is not None, data
    head, gap, body = data[start.end() :].partition(b"\r\n\r\n")
    assert gap
    assert b"\n" not in head.replace(b"\r\n", b"")
    headers = BytesParser(policy=compat32).parsebytes(head + gap, headersonly=True)
    assert not headers.defects
    assert len(headers.keys()) == head.count(b"\r\n") + 1
    user, host, port = (part.decode() for part in start.groups())
    return Heard(user, host, int(port), headers, body, at, data)


def answer(heard: Heard, status: str = "200 OK") -> bytes:
    """The response to a request: the headers that RFC 3261 8.2.6 wants copied."""
    kept = "".join(f"{n}: {heard[n]}\r\n" for n in ("Via", "From", "To", "Call-ID", "CSeq"))
    return f"SIP/2.0 {status}\r\n{kept}Content-Length: 0\r\n\r\n".encode()


@dataclass
class SipPhone:
    """Listens on 127.0.0.1 (or ::1) while in use; `reply` makes the answer, None: it is silent."""

    reply: Callable[[Heard], bytes | None] = answer
    host: str = "127.0.0.1"
    silent_for: int = 0
    """So many messages are lost before the first one is answered."""
    heard: list[Heard] = field(default_factory=list)

    def __enter__(self) -> SipPhone:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.bind((self.host, 0))
        self._socket.settimeout(0.05)
        self.port = int(self._socket.getsockname()[1])
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        while not self._ends.is_set():
            try:
                data, peer = self._socket.recvfrom(65536)
            except TimeoutError:
                continue
            heard = read(data, time.monotonic())
            self.heard.append(heard)
            said = self.reply(heard) if len(self.heard) > self.silent_for else None
            if said is not None:
                self._socket.sendto(said, peer)
