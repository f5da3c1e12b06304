"""What the tests of serving share: a service in a process of its own, raw requests, a reception
without HTTP whose clocks the test sets."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlmodel import col, select

from tests.cli.helpers import PROJECT
from tests.sites import Site
from tuiprov.data.kept import Fetch
from tuiprov.data.models import Device
from tuiprov.serve.fetchlog import FetchLog
from tuiprov.serve.known import KnownDevices
from tuiprov.serve.limits import Limits
from tuiprov.serve.reception import Ask, Reception, Reply

START_SECONDS = 20.0
HTTP_KEY = b"k" * 32
FIRST = "0123456789abcdef" * 2
"""A first token, for enrolments."""


@dataclass(frozen=True)
class Service:
    """A running `tuiprov serve`."""

    process: subprocess.Popen[bytes]
    said: Path
    """What it printed so far, both streams."""
    urls: tuple[str, ...]

    @property
    def http(self) -> str:
        """`http://127.0.0.1:49152`."""
        return next(url for url in self.urls if url.startswith("http:"))

    @property
    def https(self) -> str:
        return next(url for url in self.urls if url.startswith("https:"))

    @property
    def port(self) -> int:
        return int(self.http.rpartition(":")[2])

    def text(self) -> str:
        return self.said.read_text(encoding="utf-8")

    def stop(self) -> float:
        """SIGTERM; gives the seconds until it ended, which it must with status 0."""
        since = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(10) == 0, self.text()
        return time.monotonic() - since


@contextmanager
def serving(site: Site, *options: str, host: str = "127.0.0.1") -> Iterator[Service]:
    """`tuiprov serve` on `site` and a free port; ended after the block, with nothing to complain
    about in what it printed."""
    said = site.directory / "served.txt"
    command = [sys.executable, "-m", "tuiprov", "--db", site.url, "serve", "--host", host]
    with said.open("wb") as out:
        process = subprocess.Popen(
            [*command, "--port", "0", *options],
            env={"PYTHONPATH": str(PROJECT), "PATH": os.environ["PATH"]},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Service(process, said, _urls(process, said, 2 if "--tls-port" in options else 1))
        if process.poll() is None:
            process.terminate()
        assert process.wait(10) == 0, said.read_text()
        assert "Traceback" not in said.read_text(), said.read_text()
    finally:
        process.kill()
        process.wait()


def _urls(process: subprocess.Popen[bytes], said: Path, count: int) -> tuple[str, ...]:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        lines = said.read_text().splitlines()
        found = [line.split()[-1].removesuffix("/prov/") for line in lines if "serving" in line]
        if len(found) >= count:
            return tuple(found)
        time.sleep(0.02)
    raise AssertionError(f"it did not start: {said.read_text()}")


def connected(port: int, source: str = "127.0.0.1", seconds: float = 10.0) -> socket.socket:
    """A connection to the service from an address of this host."""
    return socket.create_connection(("127.0.0.1", port), seconds, (source, 0))


def request(path: str, method: str = "GET", *headers: str) -> bytes:
    """The bytes of a request that wants no other after it."""
    lines = [f"{method} {path} HTTP/1.1", "Host: phone", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def until_closed(phone: socket.socket) -> bytes:
    """Everything that the other side sends until it closes."""
    parts = []
    try:
        while part := phone.recv(65_536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def raw(port: int, sent: bytes, source: str = "127.0.0.1") -> bytes:
    """What comes back for these bytes on a connection of their own."""
    with connected(port, source) as phone:
        phone.sendall(sent)
        return until_closed(phone)


@dataclass
class Desk:
    """A reception on `site`, whose time is what the test says."""

    site: Site
    seconds: float = 1_000.0
    moment: datetime = datetime(2026, 1, 1, 12, tzinfo=UTC)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        database = self.site.store.database
        self.log = FetchLog(database, speak=self.said.append)
        self.reception = Reception(
            known=KnownDevices(database, clock=lambda: self.seconds),
            log=self.log,
            http_key=HTTP_KEY,
            digest_of=database.keys.digest,
            limits=Limits(),
            clock=lambda: self.seconds,
            now=lambda: self.moment,
            speak=self.said.append,
        )

    def later(self, seconds: float) -> None:
        self.seconds += seconds
        self.moment += timedelta(seconds=seconds)

    def get(self, path: str, peer: str = "192.0.2.7", **more: object) -> Reply:
        """One request to its end."""
        known: dict[str, object] = {"protocol": "http", "method": "GET"} | more
        ask = Ask(peer=peer, target=path, **known)  # type: ignore[arg-type]
        reply = self.reception.answer(ask)
        self.reception.close(ask, reply, is_sent=True)
        return reply

    def rows(self) -> list[Fetch]:
        """The fetch log, all of it written."""
        self.log.flush()
        return sorted(self.site.rows(Fetch), key=lambda row: row.id or 0)


def device(site: Site, name: str = "Desk01") -> Device:
    """The device with this friendly name."""
    with site.store.database.read() as session:
        return session.exec(select(Device).where(col(Device.friendly_name) == name)).one()


def change(site: Site, edit: Callable[[Device], None], name: str = "Desk01") -> Device:
    """Change a device in the database, as another process would."""
    with site.store.database.write() as session:
        found = session.exec(select(Device).where(col(Device.friendly_name) == name)).one()
        edit(found)
        session.add(found)
        session.flush()
        session.expunge(found)
    return found


def own(site: Site, name: str = "Desk01") -> str:
    """The path of the device's file, as its link has it."""
    found = device(site, name)
    digits = found.mac.replace(":", "").lower()
    key = digits if found.mac_based_provisioning else found.token
    return f"/prov/{key}/{digits}.cfg"


def bytes_of(site: Site, path: str) -> bytes:
    """What lies in the publish tree for that path."""
    return (site.publish_root / path.replace("/prov/", "http/")).read_bytes()


def wait_until(holds: Callable[[], bool], seconds: float = 1.5) -> None:
    """A change by an admin holds within a second; half a one more for a busy machine."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
