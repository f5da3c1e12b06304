"""The door: takes connections, counts them before a byte is read, and gives each to hypercorn.

16 connections from one address (a trusted proxy may have more) and 512 in all. When all are taken,
the one that has kept us waiting for its request longest makes room for the next.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.worker_context import WorkerContext

from tuiprov.serve.addresses import address_of, counted_as
from tuiprov.serve.certificates import mac_in
from tuiprov.serve.connection import HEAD_SECONDS, PhoneConnection, config

PER_ADDRESS: Final = 16
IN_ALL: Final = 512
STOP_SECONDS: Final = 1.0
_BACKLOG: Final = 1_024

OnRefused = Callable[[str, str, int, str, str, str], None]
"""Told peer, protocol, status, word, method and target of what never reached the application."""


@dataclass(frozen=True)
class Listener:
    """A socket that is bound, and how TLS is spoken on it: `context` is asked for each connection,
    because whether clients show certificates may change; None: not at all."""

    socket: socket.socket
    context: Callable[[], ssl.SSLContext] | None = None

    @property
    def url(self) -> str:
        host, port = self.socket.getsockname()[:2]
        host = f"[{host}]" if ":" in host else host
        return f"{'http' if self.context is None else 'https'}://{host}:{port}"


@dataclass(eq=False)
class _Guest:
    """A connection inside, from its first moment on."""

    counted: str
    task: asyncio.Task[None] | None = None
    connection: PhoneConnection | None = None

    @property
    def is_busy(self) -> bool:
        return self.connection is not None and self.connection.is_busy


@dataclass
class Front:
    """The door of one service. `is_proxy` says whether an address is a trusted proxy's."""

    app: Any
    listeners: list[Listener]
    is_proxy: Callable[[str], bool]
    on_refused: OnRefused
    per_address: int = PER_ADDRESS
    in_all: int = IN_ALL
    _guests: dict[_Guest, None] = field(default_factory=dict)
    _by_address: Counter[str] = field(default_factory=Counter)

    async def run(self, stop: Coroutine[Any, Any, Any]) -> None:
        """Serve until `stop` is done, then let answers that are under way end for a second. What
        closes a door by mistake is raised: nobody must go on with a service that is deaf."""
        self._context, self._settings = WorkerContext(None), config()
        asyncio.get_running_loop().set_exception_handler(_ignore_peers)
        tasks = [asyncio.create_task(self._accept(listener)) for listener in self.listeners]
        tasks.append(asyncio.create_task(stop))
        try:
            done, _others = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            for listener in self.listeners:
                listener.socket.close()
            await self._context.terminated.set()
            await self._part()

    async def _part(self) -> None:
        tasks = [guest.task for guest in self._guests if guest.task is not None]
        if tasks:
            _done, late = await asyncio.wait(tasks, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()

    async def _accept(self, listener: Listener) -> None:
        loop = asyncio.get_running_loop()
        listener.socket.listen(_BACKLOG)
        listener.socket.setblocking(False)
        while True:
            try:
                plain, peer = await loop.sock_accept(listener.socket)
                self._let_in(plain, str(peer[0]), listener)
            except OSError:
                await asyncio.sleep(0.05)  # too many open files, or the peer is gone already
            await asyncio.sleep(0)  # a crowd at the door must not stop who is inside

    def _let_in(self, plain: socket.socket, peer: str, listener: Listener) -> None:
        address = address_of(peer)
        counted = counted_as(address) if address is not None else peer
        if self._by_address[counted] >= self.per_address and not self.is_proxy(peer):
            plain.close()
            return
        if len(self._guests) >= self.in_all and not self._make_room():
            plain.close()
            return
        # Head and body of an answer are two writes: the second must not wait for the peer's word
        # on the first (40 ms).
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        guest = _Guest(counted)
        self._guests[guest] = None
        self._by_address[counted] += 1
        guest.task = asyncio.create_task(self._serve(guest, plain, peer, listener))
        guest.task.add_done_callback(lambda task: self._gone(guest, task))

    def _make_room(self) -> bool:
        """Part with the guest that waits longest without a request under way."""
        idle = next((guest for guest in self._guests if not guest.is_busy), None)
        if idle is None or idle.task is None:
            return False
        idle.task.cancel()
        self._forget(idle)
        return True

    def _gone(self, guest: _Guest, task: asyncio.Task[None]) -> None:
        self._forget(guest)
        error = None if task.cancelled() else task.exception()
        if error is not None and not _is_peers(error):
            task.get_loop().call_exception_handler({"message": "a connection", "exception": error})

    def _forget(self, guest: _Guest) -> None:
        if guest in self._guests:
            del self._guests[guest]
            self._by_address[guest.counted] -= 1
            if self._by_address[guest.counted] <= 0:
                del self._by_address[guest.counted]

    async def _serve(
        self, guest: _Guest, plain: socket.socket, peer: str, listener: Listener
    ) -> None:
        protocol = "http" if listener.context is None else "https"
        try:
            reader, writer = await _open(plain, listener)
        except ssl.SSLCertVerificationError:
            self.on_refused(peer, protocol, 0, "certificate", "", "")
            return
        except (OSError, TimeoutError):
            return
        guest.connection = PhoneConnection(
            ASGIWrapper(self.app),
            self._settings,
            self._context,
            reader,
            writer,
            _facts(writer),
            lambda *what: self.on_refused(peer, protocol, what[0], _word(what[0]), *what[1:]),
        )
        await guest.connection.run()


async def _open(
    plain: socket.socket, listener: Listener
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The connection as a pair of streams, after the TLS handshake if there is one."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(loop=loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    context = listener.context() if listener.context is not None else None
    seconds = HEAD_SECONDS if context is not None else None
    transport, _ = await loop.connect_accepted_socket(
        lambda: protocol, plain, ssl=context, ssl_handshake_timeout=seconds
    )
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


def _facts(writer: asyncio.StreamWriter) -> dict[str, Any]:
    """What the application may know of the connection."""
    tls = writer.get_extra_info("ssl_object")
    certificate = tls.getpeercert() if tls is not None else None
    return {"certificate": mac_in(certificate) if certificate else None}


def _word(status: int) -> str:
    """What the log calls a request that never reached the chain of verdicts."""
    return "method" if status == 405 else "malformed"


def _ignore_peers(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What a peer did wrong on its own connection is no message for the journal."""
    error = context.get("exception")
    if error is None or not _is_peers(error):
        loop.default_exception_handler(context)


def _is_peers(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(map(_is_peers, error.exceptions))
    return isinstance(error, (OSError, TimeoutError))
