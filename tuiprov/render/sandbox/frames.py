"""How parent and children talk: JSON over sockets, each message with its length before it.

JSON and never pickle: whatever a hostile child sends can only become plain data.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable
from typing import Any, Final

HEAD: Final = struct.Struct("!I")
NO_MEMORY: Final = 3
"""The exit code of a child that had no memory left to answer."""
Message = dict[str, Any]


class Broken(Exception):
    """The other side is gone or sent what is no message."""


def packed(message: Message) -> bytes:
    """The bytes of one message. ValueError for what JSON cannot say."""
    body = json.dumps(message, separators=(",", ":")).encode("ascii")
    return HEAD.pack(len(body)) + body


def read(receive: Callable[[int], bytes], largest: int) -> Message:
    """One message from `receive(most bytes)`; Broken at the end of the stream, for more than
    `largest` bytes and for what is not a JSON object."""
    (length,) = HEAD.unpack(_exactly(receive, HEAD.size))
    if length > largest:
        raise Broken("a message is too long")
    try:
        message = json.loads(_exactly(receive, length))
    except (ValueError, RecursionError):
        raise Broken("a message is not JSON") from None
    if type(message) is not dict:
        raise Broken("a message is not an object")
    return message


def _exactly(receive: Callable[[int], bytes], count: int) -> bytes:
    parts = []
    while count:
        part = receive(min(count, 1 << 20))
        if not part:
            raise Broken("the other side is gone")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def read_from(descriptor: int, largest: int) -> Message:
    """One message from a file descriptor."""
    return read(lambda count: os.read(descriptor, count), largest)


def write_to(descriptor: int, data: bytes) -> None:
    """All of `data` to a file descriptor."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
