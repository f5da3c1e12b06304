"""One request from beginning to end, without HTTP: whose address, whose key, which verdict, which
bytes, and what is written down. `answer` may be called from several threads; it reads the database
and the publish tree. `close` is called when the answer has gone, always from the same thread.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tuiprov.data.http_login import http_login
from tuiprov.data.site import ASKING, Site
from tuiprov.errors import StoreError
from tuiprov.serve.addresses import Address, client_of, counted_as, is_within
from tuiprov.serve.answers import Headers, file_headers, told
from tuiprov.serve.authentication import Answered, Nonces, State, challenge, state_of
from tuiprov.serve.fetchlog import FetchLog, Row, line_of, say
from tuiprov.serve.files import read_published
from tuiprov.serve.known import KnownDevices
from tuiprov.serve.limits import Limits
from tuiprov.serve.paths import Wanted, shown, wanted
from tuiprov.serve.verdicts import SERVED, Case, Known, Verdict, judge

_LONGEST_AGENT = 255
_STATUS = {"file": 200, "not found": 404, "challenge": 401, "method": 405}


@dataclass(frozen=True, slots=True)
class Ask:
    """A request as it came in. `target` as sent, with its query; `certificate` as in `Case`."""

    peer: str
    protocol: str
    method: str
    target: str
    forwarded: tuple[str, ...] = ()
    forwarded_protocol: str = ""
    authorization: str = ""
    agent: str = ""
    certificate: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent, and what is known about it."""

    status: int
    headers: Headers
    body: bytes
    verdict: str
    counts: bool
    address: Address | None
    protocol: str
    mac: str = ""
    device_id: int | None = None
    file: str = ""
    version_id: int | None = None

    @property
    def is_file(self) -> bool:
        return self.verdict == SERVED


@dataclass
class Reception:
    """The service's memory and rules. `http_key` is the key that logins are derived from;
    `digest_of` gives a file's digest as `PublishedFile` has it, so that a version is named only
    when its very bytes were sent."""

    known: KnownDevices
    log: FetchLog
    http_key: bytes
    digest_of: Callable[[bytes], str]
    limits: Limits = field(default_factory=Limits)
    nonces: Nonces = field(default_factory=Nonces)
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    speak: Callable[[str], None] = say

    def answer(self, ask: Ask) -> Reply:
        """What this request gets. Never raises for what a request holds; a database that cannot
        be read is 503 for everybody."""
        try:
            return self._answer(ask)
        except StoreError as error:
            self.speak(f"provision-error {error}")
        except Exception as error:  # a mistake of ours must not tell anything, nor stop the service
            self.speak(f"provision-error {_place(error)}")
        return _refusal(503, "error", None, ask.protocol)

    def refuse(self, ask: Ask, status: int, word: str) -> None:
        """Write down what never became a request, and count it unless it is a phone that sends its
        own log. `word` says what it was. Status 0: not even TLS, so that no answer was sent."""
        address = client_of(ask.peer, (), "")
        reply = _refusal(status, word, address, ask.protocol, counts=word != "method")
        self.close(ask, reply, is_sent=True)

    def close(self, ask: Ask, reply: Reply, *, is_sent: bool) -> None:
        """Count a miss and write the request down; `is_sent`: the body went out whole."""
        counted, now = _counted(reply.address), self.clock()
        is_logged = self.limits.is_worth_logging(counted, now) or reply.is_file
        if reply.counts:
            self.limits.miss(counted, reply.mac, now)
        if is_logged:
            row = self._row(ask, reply, is_sent=is_sent)
            self.log.add(row)
            self.speak(line_of(row, reply.counts))

    def _answer(self, ask: Ask) -> Reply:
        site = self.known.site()
        asked = wanted(ask.target.partition("?")[0])
        known = self.known.find(asked) if asked is not None else None
        address = client_of(ask.peer, ask.forwarded, site.trusted_proxies)
        case = Case(
            address=address,
            method=ask.method,
            wanted=asked,
            site=site,
            now=self.now(),
            known=known,
            is_banned=self.limits.is_banned(_counted(address), self.clock()),
            certificate=ask.certificate,
            login=self._login(site, ask, known),
        )
        verdict, body = judge(case), b""
        if verdict.answer == "file" and asked is not None and known is not None:
            verdict, body = self._read(site, asked, verdict)
        return self._reply(ask, case, verdict, body)

    def _login(self, site: Site, ask: Ask, known: Known | None) -> State:
        if site.http_authentication not in ASKING:
            return "missing"
        login = None
        if known is not None and self.http_key:  # without a key no login holds a secret
            login = http_login(known.token, self.http_key)
        answered = Answered(ask.authorization, ask.method, ask.target)
        return state_of(site.http_authentication, answered, login, self.nonces, self.clock())

    def _read(self, site: Site, asked: Wanted, verdict: Verdict) -> tuple[Verdict, bytes]:
        body = read_published(Path(site.publish_root), asked.published)
        if body is None:
            return verdict.without_file("the file is on record, but cannot be read"), b""
        return verdict, body

    def _reply(self, ask: Ask, case: Case, verdict: Verdict, body: bytes) -> Reply:
        status, known = _STATUS[verdict.answer], case.known
        file, version_id = case.wanted.published if case.wanted else "", None
        if verdict.word == SERVED and known is not None:
            headers = file_headers(file, len(body))
            if not case.is_enrolment:
                self.known.served_steadily(known.device_id, case.now)
            if known.record is not None and known.record.digest == self.digest_of(body):
                version_id = known.record.version_id
        else:
            headers, body = told(status, self._challenge(case.site, verdict))
        return Reply(
            status=status,
            headers=headers,
            body=body,
            verdict=verdict.word,
            counts=verdict.counts,
            address=case.address,
            protocol=_protocol(ask, case.site),
            mac=case.wanted.mac if case.wanted else "",
            device_id=known.device_id if known else None,
            file=file if known is not None and known.record is not None else "",
            version_id=version_id,
        )

    def _challenge(self, site: Site, verdict: Verdict) -> str:
        if verdict.answer != "challenge":
            return ""
        kind = site.http_authentication
        return challenge(kind, self.nonces, self.clock(), stale=verdict.is_stale)

    def _refusal(
        self,
        status: int,
        word: str,
        address: Address | None,
        protocol: str,
        *,
        counts: bool = False,
    ) -> Reply:
        headers, body = told(status)
        return Reply(status, headers, body, word, counts, address, protocol)

    def _row(self, ask: Ask, reply: Reply, *, is_sent: bool) -> Row:
        has_body = ask.method != "HEAD" and is_sent
        return Row(
            at=self.now(),
            address=str(reply.address or "-"),
            protocol=reply.protocol,
            method=shown(ask.method)[:16],
            path=shown(ask.target),
            agent=_printable(ask.agent),
            device_id=reply.device_id,
            file=reply.file,
            verdict=reply.verdict,
            status=reply.status,
            version_id=reply.version_id if has_body else None,
            sent=len(reply.body) if has_body else 0,
        )


def _refusal(
    status: int, word: str, address: Address | None, protocol: str, *, counts: bool = False
) -> Reply:
    headers, body = told(status) if status else ([], b"")
    return Reply(status, headers, body, word, counts, address, protocol)


def _place(error: Exception) -> str:
    """What went wrong where, without a value."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} in {Path(frames[-1].filename).name}:{frames[-1].lineno}"


def _protocol(ask: Ask, site: Site) -> str:
    """What the phone speaks: to the trusted proxy in front of us, if there is one."""
    peer = client_of(ask.peer, (), "")
    is_proxy = peer is not None and is_within(peer, site.trusted_proxies)
    if is_proxy and ask.forwarded_protocol in ("http", "https"):
        return ask.forwarded_protocol
    return ask.protocol


def _counted(address: Address | None) -> str:
    return counted_as(address) if address is not None else "unknown"


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)[:_LONGEST_AGENT]
