"""HTTP authentication of one device: what is asked for, and whether an answer is right. Pure.

Digest is RFC 7616 with MD5, which is what phones know; the password is 100 random bits, so that
nobody can try passwords against what was overheard. A client that leaves `qop` out is answered as
RFC 2069 has it. Nonces are not remembered: each holds its own time and a signature over it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from typing import Final, Literal

from tuiprov.data.http_login import HttpLogin

REALM: Final = "tuiprov"
NONCE_SECONDS: Final = 60
_PARAMETER = re.compile(r'(\w{1,20})\s{0,3}=\s{0,3}(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_LONGEST = 1_024
"""Characters of an Authorization header: longer ones are not looked at."""
_NEEDED = frozenset({"username", "realm", "nonce", "uri", "response"})

State = Literal["right", "missing", "wrong", "stale"]
"""Of a login: none was sent; not this device's; right, but for a nonce that is too old."""


@dataclass(frozen=True, slots=True)
class Nonces:
    """Makes and knows nonces; `key` is this process's own."""

    key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def make(self, now: float) -> str:
        """A nonce for a challenge sent at `now` (seconds, monotonic)."""
        return self._signed(f"{int(now):012x}")

    def age(self, nonce: str, now: float) -> float | None:
        """How old a nonce is in seconds; None when it is none of ours."""
        moment = nonce[:12]
        if not hmac.compare_digest(self._signed(moment).encode(), nonce.encode()):
            return None
        return now - int(moment, 16)

    def _signed(self, moment: str) -> str:
        return moment + hmac.new(self.key, moment.encode(), hashlib.sha256).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Answered:
    """What a request says to a challenge: its Authorization header ("" for none), its method and
    its target as sent."""

    authorization: str
    method: str
    target: str


def challenge(kind: str, nonces: Nonces, now: float, *, stale: bool = False) -> str:
    """The WWW-Authenticate header for `kind` (digest, basic)."""
    if kind == "basic":
        return f'Basic realm="{REALM}"'
    more = ", stale=true" if stale else ""
    nonce = nonces.make(now)
    return f'Digest realm="{REALM}", qop="auth", algorithm=MD5, nonce="{nonce}"{more}'


def state_of(
    kind: str, answered: Answered, login: HttpLogin | None, nonces: Nonces, now: float
) -> State:
    """Is this the login of the device? `login` None: there is no device, so none is right."""
    if not answered.authorization:
        return "missing"
    scheme, _, rest = answered.authorization.partition(" ")
    if login is None or scheme.lower() != kind or len(rest) > _LONGEST:
        return "wrong"
    if kind == "basic":
        return "right" if _is_basic(rest, login) else "wrong"
    return _digest(rest, answered, login, nonces, now)


def _is_basic(code: str, login: HttpLogin) -> bool:
    try:
        sent = base64.b64decode(code.strip(), validate=True)
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(sent, f"{login.username}:{login.password}".encode())


def _digest(text: str, answered: Answered, login: HttpLogin, nonces: Nonces, now: float) -> State:
    sent = {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(text)}
    if not sent.keys() >= _NEEDED or not _is_about(sent, answered, login):
        return "wrong"
    age = nonces.age(sent["nonce"], now)
    expected = _response(sent, answered.method, login)
    if age is None or not hmac.compare_digest(expected.encode(), sent["response"].encode()):
        return "wrong"
    return "right" if age < NONCE_SECONDS else "stale"


def _is_about(sent: dict[str, str], answered: Answered, login: HttpLogin) -> bool:
    """Do the parts that are not secret fit the request?"""
    return (
        sent["username"] == login.username
        and sent["realm"] == REALM
        and sent["uri"] == answered.target
        and sent.get("algorithm", "MD5").upper() == "MD5"
        and sent.get("qop", "auth") == "auth"
        and ("qop" not in sent or {"nc", "cnonce"} <= sent.keys())
    )


def _response(sent: dict[str, str], method: str, login: HttpLogin) -> str:
    secret = _md5(f"{login.username}:{REALM}:{login.password}")
    about = _md5(f"{method}:{sent['uri']}")
    if "qop" not in sent:
        return _md5(f"{secret}:{sent['nonce']}:{about}")
    return _md5(f"{secret}:{sent['nonce']}:{sent['nc']}:{sent['cnonce']}:auth:{about}")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
