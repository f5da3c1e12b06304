"""A SIP NOTIFY of our own, over UDP, to the address where a phone is (RFC 3261, RFC 6665).

For sites without Asterisk. A phone may want it from its registrar only, or answer with a question
for a password, which we do not have an account to answer by: then it is told so. Phones behind NAT
are not reached.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
import selectors
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from tuiprov.pbx.notify import Clock, Notice, Pace, Told

RETRY_SECONDS: Final = (0.5, 1.0, 2.0)
"""Between the first sending and each further one: RFC 3261's timer E, as often as Asterisk."""
LAST_SECONDS: Final = 2.0
"""So long the last one is waited for."""
_MOST_AT_ONCE: Final = 200
_LONGEST_ANSWER: Final = 8192
_USER_SAFE: Final = "-_.!~*'()&=+$,;?/"
"""RFC 3261: what stands in the user of a SIP URI as it is."""
_EVENT: Final = re.compile(r"[A-Za-z0-9.!%*_+~-]+(?:;[A-Za-z0-9-]+=[A-Za-z0-9-]+)*")
_STATUS: Final = re.compile(rb"SIP/2\.0 (\d{3})(?: |\r|\n|$)")


@dataclass(frozen=True, slots=True)
class Names:
    """What one message is called by: its branch, tag and Call-ID."""

    branch: str = field(default_factory=lambda: f"z9hG4bK{secrets.token_hex(8)}")
    tag: str = field(default_factory=lambda: secrets.token_hex(6))
    call_id: str = field(default_factory=lambda: secrets.token_hex(16))


def message(notice: Notice, local: tuple[str, int], domain: str, names: Names) -> bytes:
    """The NOTIFY for `notice`, sent from `local` (address and port) in the name of `domain`.

    Whatever the values hold, nothing in them ends a line: the user is percent-encoded, the address
    is one, the event and the domain are of plain characters. ValueError for others.
    """
    if not _EVENT.fullmatch(notice.event):
        raise ValueError(f"{notice.event!r} is not an event")
    user = quote(notice.user, safe=_USER_SAFE)
    host = _host(notice.address)
    here = f"{_host(local[0])}:{local[1]}"
    lines = (
        f"NOTIFY sip:{user}@{host}:{int(notice.port)} SIP/2.0",
        f"Via: SIP/2.0/UDP {here};branch={names.branch};rport",
        "Max-Forwards: 70",
        f"From: <sip:tuiprov@{quote(domain, safe='')}>;tag={names.tag}",
        f"To: <sip:{user}@{host}>",
        f"Call-ID: {names.call_id}",
        "CSeq: 1 NOTIFY",
        f"Contact: <sip:tuiprov@{here}>",
        f"Event: {notice.event}",
        "Subscription-State: terminated;reason=noresource",
        "User-Agent: tuiprov",
        "Content-Length: 0",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def status_of(answer: bytes, call_id: str) -> int:
    """The status of an answer to the message with this Call-ID; 0 for anything else."""
    found = _STATUS.match(answer[:_LONGEST_ANSWER])
    head = answer[:_LONGEST_ANSWER].partition(b"\r\n\r\n")[0]
    if found is None or call_id.encode("ascii") not in head:
        return 0
    return int(found[1])


def _host(address: str) -> str:
    """An IP address as a URI has it; ValueError for anything else."""
    known = ipaddress.ip_address(address)
    return f"[{known.compressed}]" if known.version == 6 else known.compressed


@dataclass(slots=True)
class _Call:
    """A message on its way."""

    notice: Notice
    names: Names
    socket: socket.socket
    data: bytes
    began: float
    due: float
    tries: int = 1


def by_sip(
    notices: Iterable[Notice],
    per_second: int,
    told: Told,
    *,
    domain: str,
    clock: Clock = time.monotonic,
) -> None:
    """Ask these phones ourselves, at most so many a second, waiting for their answers meanwhile."""
    _Sending(per_second, told, domain, clock).run(iter(notices))


class _Sending:
    """One run: what is to be sent, what is waited for."""

    def __init__(self, per_second: int, told: Told, domain: str, clock: Clock) -> None:
        self._pace = Pace(per_second, clock)
        self._told = told
        self._domain = domain
        self._clock = clock
        self._calls: dict[int, _Call] = {}
        self._selector = selectors.DefaultSelector()

    def run(self, notices: Iterable[Notice]) -> None:
        waiting = iter(notices)
        notice = next(waiting, None)
        try:
            while notice is not None or self._calls:
                has_room = len(self._calls) < _MOST_AT_ONCE
                if notice is not None and has_room and self._pace.due_in() <= 0:
                    self._start(notice)
                    notice = next(waiting, None)
                self._wait(self._pace.due_in() if notice is not None and has_room else None)
                self._go_on()
        finally:
            for call in list(self._calls.values()):
                self._close(call)
            self._selector.close()

    def _start(self, notice: Notice) -> None:
        began = self._pace.start()
        try:
            call = self._open(notice, began)
            call.socket.send(call.data)
        except (OSError, OverflowError, ValueError) as error:
            self._told(notice, began, _in_words(error, notice))
            return
        self._calls[call.socket.fileno()] = call
        self._selector.register(call.socket, selectors.EVENT_READ)

    def _open(self, notice: Notice, began: float) -> _Call:
        if not notice.address:
            raise ValueError("its address is not known: it has not fetched from tuiprov serve yet")
        family = socket.AF_INET6 if ":" in notice.address else socket.AF_INET
        made = socket.socket(family, socket.SOCK_DGRAM)
        try:
            made.setblocking(False)
            # Connected, so that it takes answers from this phone only, and hears of its refusal.
            made.connect((str(ipaddress.ip_address(notice.address)), notice.port))
            names = Names()
            local = made.getsockname()[:2]
            data = message(notice, (str(local[0]), int(local[1])), self._domain, names)
        except (OSError, OverflowError, ValueError):
            made.close()
            raise
        return _Call(notice, names, made, data, began, began + RETRY_SECONDS[0])

    def _wait(self, most: float | None) -> None:
        """Until something comes, or something is due."""
        now = self._clock()
        times = [call.due - now for call in self._calls.values()]
        times += [] if most is None else [most]
        for key, _ in self._selector.select(max(0.0, min(times, default=0.0))):
            self._hear(self._calls[key.fd])

    def _hear(self, call: _Call) -> None:
        try:
            status = status_of(call.socket.recv(_LONGEST_ANSWER), call.names.call_id)
        except OSError as error:
            self._end(call, _in_words(error, call.notice))
            return
        if status >= 200:
            self._end(call, _meaning(status))

    def _go_on(self) -> None:
        """Send again what was not answered, and give up what was sent often enough."""
        now = self._clock()
        for call in [one for one in self._calls.values() if one.due <= now]:
            if call.tries > len(RETRY_SECONDS):
                place = f"{call.notice.address}:{call.notice.port}"
                self._end(call, f"no answer from {place} to {call.tries} messages")
                continue
            waits = (*RETRY_SECONDS, LAST_SECONDS)
            call.due = now + waits[call.tries]
            call.tries += 1
            try:
                call.socket.send(call.data)
            except OSError as error:
                self._end(call, _in_words(error, call.notice))

    def _end(self, call: _Call, problem: str) -> None:
        self._close(call)
        self._told(call.notice, call.began, problem)

    def _close(self, call: _Call) -> None:
        self._calls.pop(call.socket.fileno(), None)
        if call.socket.fileno() in self._selector.get_map():
            self._selector.unregister(call.socket)
        call.socket.close()


def _meaning(status: int) -> str:
    if status < 300:
        return ""
    if status in (401, 407):
        return f"it asks for a password ({status}): let Asterisk send it, or turn that off in it"
    if status == 481:
        return "it takes no NOTIFY without a subscription (481)"
    return f"it answered {status}"


def _in_words(error: Exception, notice: Notice) -> str:
    if isinstance(error, ConnectionRefusedError):
        return f"nothing listens at {notice.address}:{notice.port}"
    if isinstance(error, OSError):
        return f"{notice.address}: {error.strerror}"
    return str(error)
