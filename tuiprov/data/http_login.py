"""The login that a device's HTTP requests must carry when the site asks for one.

It is derived, not stored: whoever renders the phone's file and whoever answers the phone work it
out alike. A new token is a new password.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final

PURPOSE: Final = "http"
"""What the site's key is derived for."""
_LENGTH = 20


@dataclass(frozen=True, slots=True)
class HttpLogin:
    """User name and password of one device."""

    username: str
    password: str = field(repr=False)


def http_login(serial: str, token: str, key: bytes) -> HttpLogin:
    """The login of the device with this serial and token; `key` is 32 bytes derived for PURPOSE.
    The password is 20 of `a-z2-7`: 100 bits, without a character that a vendor's file escapes."""
    code = base64.b32encode(hmac.digest(key, token.encode("ascii"), hashlib.sha256))
    return HttpLogin(serial, code.decode("ascii").lower()[:_LENGTH])
