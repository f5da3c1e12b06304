"""`tuiprov serve` from start to end: sockets, certificates, the fetch log's thread, signals."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tuiprov.data.database import Database
from tuiprov.data.site import Site
from tuiprov.errors import ServeError, StoreError
from tuiprov.serve.addresses import address_of, is_within
from tuiprov.serve.certificates import server_context
from tuiprov.serve.fetchlog import FetchLog, say
from tuiprov.serve.front import Front, Listener
from tuiprov.serve.http import application
from tuiprov.serve.known import SETTINGS_SECONDS, KnownDevices
from tuiprov.serve.reception import Ask, Reception

_READERS: Final = 4
"""Threads that read database and disk for requests."""
_LOG_SECONDS: Final = 0.8
"""What the fetch log gets at the end; with the front's second the service ends within two."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says. A port of 0 is any free one, None: not at all."""

    host: str
    port: int | None
    tls_port: int | None
    certificate: Path | None = None
    key: Path | None = None
    client_ca: Path | None = None


def serve(
    database: Database,
    options: Options,
    http_key: bytes,
    digest_of: Callable[[bytes], str],
) -> None:
    """Serve phones until SIGTERM, SIGINT or SIGHUP. `digest_of` gives what the publisher records of
    a file's bytes. ServeError, StoreError: why not, in a line."""
    known = KnownDevices(database)
    _refuse_no_certificates(known.site(), options)
    listeners = _listeners(options, known)
    log = FetchLog(database)
    reception = Reception(known, log, http_key, digest_of)
    log.start()
    try:
        with ThreadPoolExecutor(_READERS, "reader") as threads:
            asyncio.run(_serve(reception, listeners, threads))
    finally:
        log.stop(_LOG_SECONDS)


async def _serve(
    reception: Reception, listeners: list[Listener], threads: ThreadPoolExecutor
) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    known = reception.known
    front = Front(
        app=application(reception, threads),
        listeners=listeners,
        is_proxy=lambda peer: _is_proxy(peer, known.latest.trusted_proxies),
        on_refused=lambda peer, protocol, status, word, method, target: reception.refuse(
            Ask(peer, protocol, method, target), status, word
        ),
    )
    for listener in listeners:
        say(f"serving phones at {listener.url}/prov/")
    fresh = asyncio.create_task(_keep_settings_fresh(known, threads))
    try:
        await front.run(stop.wait())
    finally:
        fresh.cancel()


async def _keep_settings_fresh(known: KnownDevices, threads: ThreadPoolExecutor) -> None:
    """Read the settings before a request has to. While they cannot be read the latest hold."""
    while True:
        with contextlib.suppress(StoreError):
            await asyncio.get_running_loop().run_in_executor(threads, known.site)
        await asyncio.sleep(SETTINGS_SECONDS)


def _is_proxy(peer: str, trusted: str) -> bool:
    address = address_of(peer)
    return address is not None and is_within(address, trusted)


def _refuse_no_certificates(site: Site, options: Options) -> None:
    if (
        site.client_certificates != "none"
        and options.tls_port is not None
        and not options.client_ca
    ):
        raise ServeError(
            "the site looks at client certificates: name the authorities that sign them with "
            "--client-ca, or: tuiprov settings client_certificates=none"
        )


def _listeners(options: Options, known: KnownDevices) -> list[Listener]:
    made = []
    if options.tls_port is not None:
        made.append(Listener(_bound(options.host, options.tls_port), _contexts(options, known)))
    if options.port is not None:
        made.append(Listener(_bound(options.host, options.port)))
    return made


def _contexts(options: Options, known: KnownDevices) -> Callable[[], ssl.SSLContext]:
    """Which TLS context a new connection gets: the site's settings may change while we serve."""
    certificate, key = options.certificate, options.key
    if certificate is None or key is None:
        raise ServeError("HTTPS needs --certificate and --key")
    quiet = server_context(certificate, key, None)
    if options.client_ca is None:
        return lambda: quiet
    asking = server_context(certificate, key, options.client_ca)
    return lambda: quiet if known.latest.client_certificates == "none" else asking


def _bound(host: str, port: int) -> socket.socket:
    """A socket bound to address and port; ServeError says what is in the way."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
        made.listen()
    except (OSError, OverflowError) as error:
        made.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise ServeError(f"{host} port {port}: {reason.lower()}") from None
    return made
