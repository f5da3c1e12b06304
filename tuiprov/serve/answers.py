"""What phones and strangers are told, byte for byte: one answer for each status, and files.

No date and no server name: two refusals with the same status are the same bytes, whatever the
reason. A challenge differs by its nonce only.
"""

from __future__ import annotations

from typing import Final

Headers = list[tuple[bytes, bytes]]

_WORDS: Final = {
    400: b"bad request\n",
    401: b"login needed\n",
    404: b"not found\n",
    405: b"method not allowed\n",
    414: b"address too long\n",
    431: b"headers too long\n",
    503: b"try again later\n",
}
_MORE: Final[dict[int, Headers]] = {
    405: [(b"allow", b"GET, HEAD")],
    503: [(b"retry-after", b"60")],
}
_KINDS: Final = {
    "xml": b"text/xml",
    "htm": b"text/html",
    "html": b"text/html",
    "cfg": b"text/plain",
    "cnf": b"text/plain",
    "txt": b"text/plain",
    "conf": b"text/plain",
}


def told(status: int, challenge: str = "") -> tuple[Headers, bytes]:
    """Headers and body of the answer with this status."""
    body = _WORDS[status]
    more = list(_MORE.get(status, []))
    if challenge:
        more.append((b"www-authenticate", challenge.encode("ascii")))
    return _headers(b"text/plain", len(body)) + more, body


def file_headers(name: str, size: int) -> Headers:
    """The headers of a published file. A cache on the way must not keep passwords."""
    ending = name.rpartition(".")[2].lower()
    return _headers(_KINDS.get(ending, b"application/octet-stream"), size)


def _headers(kind: bytes, size: int) -> Headers:
    return [
        (b"content-type", kind),
        (b"content-length", str(size).encode("ascii")),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
