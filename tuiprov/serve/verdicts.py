"""The chain of verdicts about one request: may this phone have this file, and if not, why not.

Pure: what the database knows comes in as `Known`, the time is passed in. Each link of `LINKS` says
"" or the reason why it refuses; the first that refuses decides, and its word goes to the log.

What the asker sees tells nothing of all this. Every refusal is the same 404, with two exceptions:

- A method other than GET and HEAD is 405, whatever the path.
- With HTTP authentication switched on, 401. Whoever holds a valid token gets the challenge. Under
  a MAC address, which is no secret, everybody gets it until the login is right: known and unknown
  addresses, a device without a MAC link and a wrong certificate look alike. An unknown token is
  404: nobody finds one out by trying.

For the same reason `counts` (is it a miss that limits count, and a line that fail2ban counts?)
depends only on what the asker sees or has proven.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Final, Literal

from tuiprov.data.fields import Values
from tuiprov.data.page import uses_mac_link
from tuiprov.data.site import ASKING, Site
from tuiprov.serve.addresses import Address, is_within
from tuiprov.serve.authentication import State
from tuiprov.serve.paths import Wanted

SERVED: Final = "served"
Answer = Literal["file", "not found", "challenge", "method"]


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The device's first token. `used`: the steady one was served since it was opened."""

    token: str
    until: datetime
    used: bool = False


@dataclass(frozen=True, slots=True)
class OnRecord:
    """A file that should be in the publish tree."""

    device_id: int | None
    version_id: int | None
    digest: str


@dataclass(frozen=True, slots=True)
class Known:
    """What the database knows of a key: the device it belongs to and the file that is asked for."""

    device_id: int
    serial: str
    token: str
    mac: str
    is_enabled: bool
    update_protocol: str
    mac_based_provisioning: bool
    enrolled: Enrolled | None = None
    record: OnRecord | None = None


@dataclass(frozen=True)
class Case:
    """One request with all that is known about it."""

    address: Address | None
    method: str
    wanted: Wanted | None
    site: Site
    now: datetime
    known: Known | None = None
    is_banned: bool = False
    certificate: str | None = None
    """The MAC in the client's certificate, "" when it holds none; None: no certificate was sent."""
    login: State = "missing"

    @cached_property
    def is_enrolment(self) -> bool:
        """Is the key the device's first token?"""
        known, wanted = self.known, self.wanted
        return (
            known is not None
            and wanted is not None
            and known.enrolled is not None
            and hmac.compare_digest(wanted.key, known.enrolled.token)
        )

    @cached_property
    def asks_login(self) -> bool:
        """The first token needs no login: its file holds no secret."""
        return self.site.http_authentication in ASKING and not self.is_enrolment

    @cached_property
    def is_proven(self) -> bool:
        """Has the asker shown a secret of the device: a good token, its certificate, its login?"""
        if self.known is None or self.wanted is None or _key(self) or _enrolment(self):
            return False
        by_certificate = self.site.client_certificates != "none" and bool(self.certificate)
        return (
            not self.wanted.is_mac
            or (by_certificate and self.certificate == self.known.mac)
            or (self.asks_login and self.login == "right")
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one link said: `reason` is "" when it let the request pass."""

    word: str
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision. `word`: the link that refused, or "served". `outcomes`: each link asked."""

    word: str
    answer: Answer
    outcomes: tuple[Outcome, ...]
    counts: bool = False
    is_stale: bool = False
    """A right login with an old nonce: the phone may answer anew without asking anybody."""

    @property
    def reason(self) -> str:
        return self.outcomes[-1].reason

    def without_file(self, reason: str) -> Verdict:
        """The same when the file on record cannot be had after all."""
        outcomes = (*self.outcomes[:-1], Outcome("file", reason))
        return replace(self, word="file", answer="not found", outcomes=outcomes)


def judge(case: Case) -> Verdict:
    """Ask the links in order until one refuses."""
    outcomes = []
    for word, link in LINKS:
        outcomes.append(Outcome(word, link(case)))
        if outcomes[-1].reason:
            answer = _answer(case, word)
            counts = _counts(case, word, answer)
            is_stale = answer == "challenge" and case.login == "stale"
            return Verdict(word, answer, tuple(outcomes), counts, is_stale)
    return Verdict(SERVED, "file", tuple(outcomes))


def _answer(case: Case, word: str) -> Answer:
    if word == "method":
        return "method"
    if word == "login" or (word in _UNPROVEN and case.asks_login and case.wanted is not None):
        is_mac = case.wanted is not None and case.wanted.is_mac
        return "challenge" if word == "login" or is_mac else "not found"
    return "not found"


def _counts(case: Case, word: str, answer: Answer) -> bool:
    """Phones ask for many a file that there is none of, and send their own logs by PUT: neither is
    a miss, nor is the first half of a digest login."""
    if word in ("method", "limits", "file") or case.is_proven:
        return False
    return not (answer == "challenge" and case.login in ("missing", "stale"))


def _address(case: Case) -> str:
    if case.address is None:
        return "a trusted proxy says something that is no address"
    if case.site.phone_networks and not is_within(case.address, case.site.phone_networks):
        return "the address is not in the phones' networks"
    return ""


def _limits(case: Case) -> str:
    """A phone behind the same address as a scanner is still served when it proves who it is."""
    return "too many misses from this address" if case.is_banned and not case.is_proven else ""


def _method(case: Case) -> str:
    return "" if case.method in ("GET", "HEAD") else "only GET and HEAD are answered"


def _path(case: Case) -> str:
    return "" if case.wanted is not None else "no link of ours leads there"


def _key(case: Case) -> str:
    known, wanted = case.known, case.wanted
    if known is None or wanted is None:
        return "no device has this key"
    if not wanted.is_mac:
        is_own = hmac.compare_digest(wanted.key, known.token)
        return "" if is_own or case.is_enrolment else "no device has this key"
    values: Values = {
        "update_protocol": known.update_protocol,
        "mac_based_provisioning": known.mac_based_provisioning,
    }
    uses_it = wanted.mac == known.mac and uses_mac_link(values, case.site)
    return "" if uses_it else "the device's link is not built from its MAC address"


def _enrolment(case: Case) -> str:
    enrolled = case.known.enrolled if case.known else None
    if not case.is_enrolment or enrolled is None:
        return ""
    if case.now >= enrolled.until:
        return "the first link was good for a time that is over"
    return "the phone has used its steady link since" if enrolled.used else ""


def _certificate(case: Case) -> str:
    wish = case.site.client_certificates
    if wish == "none" or (wish == "checked" and case.certificate is None):
        return ""
    if case.certificate is None:
        return "no client certificate was sent"
    if not case.certificate:
        return "the client certificate holds no MAC address"
    is_own = case.known is not None and case.certificate == case.known.mac
    return "" if is_own else "the client certificate belongs to another phone"


def _login(case: Case) -> str:
    if not case.asks_login or case.login == "right":
        return ""
    reasons = {"missing": "no login was sent", "stale": "the login's nonce is too old"}
    return reasons.get(case.login, "the login is not this device's")


def _device(case: Case) -> str:
    return "" if case.known is not None and case.known.is_enabled else "the device is disabled"


def _file(case: Case) -> str:
    record = case.known.record if case.known else None
    if record is None or case.known is None:
        return "no such file is published for this device"
    is_own = record.device_id in (None, case.known.device_id)
    return "" if is_own else "the file belongs to another device"


LINKS: Final[tuple[tuple[str, Callable[[Case], str]], ...]] = (
    ("address", _address),
    ("limits", _limits),
    ("method", _method),
    ("path", _path),
    ("key", _key),
    ("enrolment", _enrolment),
    ("certificate", _certificate),
    ("login", _login),
    ("state", _device),
    ("file", _file),
)
"""The links in order, each with the word that the log has when it refuses."""

_UNPROVEN: Final = ("key", "enrolment", "certificate", "login")
"""Links that refuse who has not shown yet that they belong to the device."""
