"""One connection of a phone: hypercorn's, held to HTTP/1.1 without bodies and to deadlines.

hypercorn closes a connection whose next request is not complete `keep_alive_timeout` after the last
answer. It has no deadline for the answer, none for a peer that does not read, no limit for the
request line, keeps the place of a peer that has left, answers 501 to some nonsense, and changes to
HTTP/2 and web sockets when asked: that is what is changed here. This leans on the inside of
hypercorn 0.18; `tests/serve/test_front.py` fails when it moves.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, Final

import h11
from hypercorn.asyncio.task_group import TaskGroup
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.typing import AppWrapper, ConnectionState, LifespanState

from tuiprov.serve.answers import told

HEAD_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 30.0
CLOSE_SECONDS: Final = 2.0
LONGEST_REQUEST_LINE: Final = 2_048
LONGEST_HEADERS: Final = 8_192
_VERSION_AND_BLANKS: Final = len(b"  HTTP/1.1\r\n")

OnRefused = Callable[[int, str, str], None]
"""Told status, method and target of what was refused before the application saw it."""


def config() -> Config:
    """hypercorn's own settings for the service."""
    made = Config()
    made.accesslog = made.errorlog = None
    made.include_date_header = made.include_server_header = False
    made.keep_alive_timeout = HEAD_SECONDS
    made.h11_max_incomplete_size = LONGEST_REQUEST_LINE + LONGEST_HEADERS
    return made


class PhoneConnection(TCPServer):
    """Serves one connection until it ends: `await connection.run()`."""

    def __init__(
        self,
        app: AppWrapper,
        settings: Config,
        context: WorkerContext,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        state: dict[str, Any],
        on_refused: OnRefused,
    ) -> None:
        loop = asyncio.get_running_loop()
        shared = LifespanState(state | {"is_whole": self.is_whole})
        super().__init__(app, loop, settings, context, shared, reader, writer)
        self._on_refused = on_refused
        self._deadline: asyncio.TimerHandle | None = None
        self.is_busy = False
        self._has_left = False
        self._is_broken = False

    def is_whole(self) -> bool:
        """Did everything that was sent so far go out, as far as this host can tell?"""
        return not self._is_broken

    async def run(self) -> None:
        is_tls = self.writer.get_extra_info("ssl_object") is not None
        try:
            async with TaskGroup(self.loop) as task_group:
                self._task_group = task_group
                self.protocol = _Protocol(  # type: ignore[assignment]
                    self.app,
                    self.config,
                    self.context,
                    task_group,
                    ConnectionState(self.state),
                    is_tls,
                    _end(self.writer, "peername"),
                    _end(self.writer, "sockname"),
                    self.protocol_send,
                )
                self.protocol.on_refused = self._on_refused  # type: ignore[attr-defined]
                await self.idle_task.restart(task_group, self._idle_timeout)
                await self._read_data()
                self._has_left = True
                await self.idle_task.stop()  # or who has gone would be waited for like the others
        except OSError:
            pass
        finally:
            await self._close()

    async def protocol_send(self, event: Event) -> None:
        if isinstance(event, Updated):
            self.is_busy = not event.idle
            self._abort_after(None if event.idle else ANSWER_SECONDS)
            if self._has_left:
                return
        await super().protocol_send(event)
        if isinstance(event, RawData) and self.writer.is_closing():
            self._is_broken = True  # we close only after the last byte

    async def _close(self) -> None:
        self._abort_after(CLOSE_SECONDS)
        await super()._close()
        self._abort_after(None)

    async def _initiate_server_close(self) -> None:
        self._abort_after(CLOSE_SECONDS)
        await super()._initiate_server_close()

    def _abort_after(self, seconds: float | None) -> None:
        """Cut the connection unless it gets on within so many seconds; None: no deadline. A peer
        that reads nothing would keep an ordinary close waiting for ever."""
        if self._deadline is not None:
            self._deadline.cancel()
        abort = self.writer.transport.abort
        self._deadline = None if seconds is None else self.loop.call_later(seconds, abort)


class _Protocol(H11Protocol):
    """HTTP/1.1, GET and HEAD in small heads, nothing else."""

    on_refused: OnRefused

    async def _check_protocol(self, event: h11.Request) -> None:
        """No change to HTTP/2."""

    async def _create_stream(self, request: h11.Request) -> None:
        status = _status_of(request)
        if status:
            method = request.method.decode("ascii")
            await self._refuse(status, method, request.target.decode("ascii"))
            return
        # Without this header nobody can ask for a web socket.
        headers = [(name, value) for name, value in request.headers if name != b"upgrade"]
        plain = h11.Request(
            method=request.method,
            headers=headers,
            target=request.target,
            http_version=request.http_version,
        )
        await super()._create_stream(plain)

    async def _send_error_response(self, status_code: int) -> None:
        await self._refuse(status_code if status_code == 431 else 400, "", "")

    async def _refuse(self, status: int, method: str, target: str) -> None:
        headers, body = told(status)
        self.on_refused(status, method, target)
        with contextlib.suppress(h11.LocalProtocolError):
            await self._send_h11_event(
                h11.Response(status_code=status, headers=[*headers, (b"connection", b"close")])
            )
            if method != "HEAD":
                await self._send_h11_event(h11.Data(data=body))
            await self._send_h11_event(h11.EndOfMessage())
        await self.send(Closed())


def _status_of(request: h11.Request) -> int:
    """What is wrong with the head of a request; 0: nothing. A body is never read, so a request
    that brings one is refused: what follows could be taken for another request."""
    line = len(request.method) + len(request.target) + _VERSION_AND_BLANKS
    if line > LONGEST_REQUEST_LINE:
        return 414
    if sum(len(name) + len(value) + 4 for name, value in request.headers) > LONGEST_HEADERS:
        return 431
    if request.http_version not in (b"1.0", b"1.1"):
        return 400
    if not any(_brings_body(name, value) for name, value in request.headers):
        return 0
    return 400 if request.method in (b"GET", b"HEAD") else 405


def _brings_body(name: bytes, value: bytes) -> bool:
    return name == b"transfer-encoding" or (name == b"content-length" and value.strip(b"0") != b"")


def _end(writer: asyncio.StreamWriter, name: str) -> tuple[str, int] | None:
    """Address and port of one end of the connection."""
    found = writer.get_extra_info(name)
    return (str(found[0]), int(found[1])) if found else None
