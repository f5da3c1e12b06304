"""Certificates: the service's own, and which phone a client's certificate belongs to.

Manufacturers put the phone's MAC into the subject's common name (`CN=000413AABBCC`, with or without
separators, some with words around it) or into an alternative name. A certificate that all phones
of a family share holds none, and proves nothing.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tuiprov.errors import ServeError

_PAIR, _FOUR = "[0-9a-f]{2}", "[0-9a-f]{4}"
_MAC = re.compile(
    rf"(?<![0-9a-f])(?:[0-9a-f]{{12}}"
    rf"|(?<!{_PAIR}[:. -]){_PAIR}([:. -])(?:{_PAIR}\1){{4}}{_PAIR}(?!\1{_PAIR}\b)"
    rf"|{_FOUR}(?:\.{_FOUR}){{2}})(?![0-9a-f])",
    re.ASCII,
)


def mac_in(certificate: Mapping[str, Any]) -> str:
    """The MAC that a verified certificate (as `ssl.getpeercert()` gives it) holds, in the form
    `00:04:13:AA:BB:CC`; "" when it holds none, more than one, or a name with control characters."""
    names = list(_names(certificate))
    if not all(name.isprintable() for name in names):
        return ""
    found = {re.sub("[^0-9a-f]", "", one[0]) for name in names for one in _MAC.finditer(name)}
    if len(found) != 1:
        return ""
    digits = found.pop()
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2)).upper()


def _names(certificate: Mapping[str, Any]) -> Iterator[str]:
    for part in certificate.get("subject", ()):
        yield from (value.lower() for name, value in part if name == "commonName")
    for kind, value in certificate.get("subjectAltName", ()):
        if kind == "DNS":
            yield value.lower()


def server_context(certificate: Path, key: Path, client_ca: Path | None) -> ssl.SSLContext:
    """TLS 1.2 and newer with this certificate; with `client_ca` a client is asked for its own,
    which must come from one of these authorities when it sends one. ServeError names the file."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    # A session that is taken up again would bring no certificate of the client with it.
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0
    _load(lambda: context.load_cert_chain(certificate, key), f"{certificate}, {key}")
    if client_ca is not None:
        _load(lambda: context.load_verify_locations(client_ca), str(client_ca))
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def _load(load: Any, names: str) -> None:
    try:
        load()
    except ssl.SSLError as error:
        reason = error.reason or "not a certificate or key in PEM form"
        raise ServeError(f"{names}: {reason.lower().replace('_', ' ')}") from None
    except OSError as error:
        raise ServeError(f"{names}: {error.strerror or error}") from None
