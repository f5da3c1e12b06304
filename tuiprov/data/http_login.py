"""The login that a device's HTTP requests must carry when the site asks for one.

It is derived, not stored: whoever renders the phone's file and whoever answers the phone work it
out alike, from the token alone, which a device has before it is stored. A new token is a new login.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final

PURPOSE: Final = "http"
"""What the site's key is derived for."""
_PASSWORD, _USERNAME = 20, 10
"""Letters. Aastra's `http digest password` takes 20 (guide 3.3.1, p. A-81)."""


@dataclass(frozen=True, slots=True)
class HttpLogin:
    """User name and password of one device."""

    username: str
    password: str = field(repr=False)


def http_login(token: str, key: bytes) -> HttpLogin:
    """The login of the device with this token; `key` is 32 bytes derived for PURPOSE. Name and
    password are of `a-z2-7`, which no vendor's file escapes; the password has 100 bits."""
    code = base64.b32encode(hmac.digest(key, token.encode(), hashlib.sha256))
    word = code.decode("ascii").lower()
    return HttpLogin(word[_PASSWORD : _PASSWORD + _USERNAME], word[:_PASSWORD])
