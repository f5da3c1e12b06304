"""`tuiprov serve` beside nginx on the same publish tree: requests a second, and what the slowest of
a hundred phones waits for.

nginx is the ceiling for a server of files, so the limits are parts of it: it looks nothing up, logs
nothing and decides nothing. Both are asked by the same client in turn, four phones at a time.
"""

from __future__ import annotations

import os
import re
import selectors
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

from benchmarks.harness import Effort, Figure

PHONES = 4
REQUESTS_A_BATCH = 400
RATE_PART, REOPENED_PART = 0.02, 0.04
P99_MS = 100.0
"""What nobody in front of a phone notices: it fetches while it starts, which takes a minute."""


@dataclass
class _Times:
    """Of one server: requests a second of each batch, and milliseconds of each request."""

    rates: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    @property
    def p99(self) -> float:
        return quantiles(self.waits, n=100, method="inclusive")[-1]


def measure(site: Path, effort: Effort) -> Iterator[Figure]:
    """The published site `site` served by both; without nginx by tuiprov alone."""
    root = site.parent / "publish"
    paths = [f"/prov/{path.relative_to(root / 'http')}" for path in sorted(root.glob("http/*/*"))]
    nginx = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    with _tuiprov(site) as ours, _nginx(nginx, root) as theirs:
        for is_kept, words in ((True, "connection kept"), (False, "connection each")):
            own, other = _Times(), _Times()
            for _ in range(effort.batches):
                _ask(ours, paths, own, is_kept=is_kept)
                if theirs:
                    _ask(theirs, paths, other, is_kept=is_kept)
            yield from _figures(own, other, words, RATE_PART if is_kept else REOPENED_PART)


def _figures(own: _Times, other: _Times, words: str, part: float) -> Iterator[Figure]:
    rate = median(own.rates)
    if other.rates:
        against = f"{part} × nginx: {median(other.rates):.0f}/s"
        limit = part * median(other.rates)
        yield Figure(f"served, {words}", rate, limit, "/s", against, at_least=True)
        beside = f"nginx: {other.p99:.1f} ms"
    else:
        beside = f"{rate:.0f}/s; nginx is not installed"
    yield Figure(f"served, {words}, p99", own.p99, P99_MS, "ms", beside)


# -- the client ---------------------------------------------------------------------------------


@dataclass
class _Phone:
    """One phone asking for one file again and again."""

    port: int
    request: bytes
    is_kept: bool
    connection: socket.socket | None = None
    since: float = 0.0
    got: bytearray = field(default_factory=bytearray)

    def ask(self) -> socket.socket:
        if self.connection is None:
            self.since = time.perf_counter()
            self.connection = socket.create_connection(("127.0.0.1", self.port))
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        else:
            self.since = time.perf_counter()
        self.got.clear()
        self.connection.sendall(self.request)
        return self.connection

    def is_answered(self) -> bool:
        """Take what has come; is the answer complete?"""
        assert self.connection is not None
        part = self.connection.recv(262_144)
        self.got += part
        head = self.got.find(b"\r\n\r\n")
        if head < 0:
            return False
        assert self.got.startswith(b"HTTP/1.1 200"), self.got[:80]
        size = re.search(rb"(?i)content-length: (\d+)", self.got)
        assert size is not None
        return len(self.got) >= head + 4 + int(size[1])

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
        self.connection = None


def _ask(port: int, paths: list[str], times: _Times, *, is_kept: bool) -> None:
    """One batch: PHONES phones, each with one request under way at any moment."""
    ending = "keep-alive" if is_kept else "close"
    phones = []
    for number in range(PHONES):
        path = paths[number % len(paths)]
        text = f"GET {path} HTTP/1.1\r\nHost: phones\r\nConnection: {ending}\r\n\r\n"
        phones.append(_Phone(port, text.encode(), is_kept))
    since = time.perf_counter()
    with selectors.EpollSelector() as waiting:
        for phone in phones:
            waiting.register(phone.ask(), selectors.EVENT_READ, phone)
        times.waits += _rounds(waiting)
    times.rates.append(REQUESTS_A_BATCH / (time.perf_counter() - since))
    for phone in phones:
        phone.close()


def _rounds(waiting: selectors.EpollSelector) -> list[float]:
    waits: list[float] = []
    asked = PHONES
    while len(waits) < REQUESTS_A_BATCH:
        for key, _events in waiting.select():
            phone: _Phone = key.data
            if not phone.is_answered():
                continue
            waits.append((time.perf_counter() - phone.since) * 1_000)
            if not phone.is_kept or asked >= REQUESTS_A_BATCH:
                waiting.unregister(key.fileobj)
                phone.close()
            if asked < REQUESTS_A_BATCH:
                asked += 1
                connection = phone.ask()
                if not phone.is_kept:
                    waiting.register(connection, selectors.EVENT_READ, phone)
    return waits


# -- the servers --------------------------------------------------------------------------------


@contextmanager
def _tuiprov(site: Path) -> Iterator[int]:
    """`tuiprov serve` on a free port; gives the port."""
    said = site.parent / "served.txt"
    command = [sys.executable, "-m", "tuiprov", "--db", f"sqlite:///{site}", "serve"]
    with (
        said.open("wb") as out,
        _ended(subprocess.Popen([*command, "--host", "127.0.0.1", "--port", "0"], stdout=out)),
    ):
        _wait(lambda: "/prov/" in said.read_text())
        yield int(said.read_text().split("127.0.0.1:")[1].split("/")[0])


@contextmanager
def _nginx(program: str | None, root: Path) -> Iterator[int]:
    """nginx on the same tree with one worker, as tuiprov has one process; 0 when there is none."""
    if program is None:
        yield 0
        return
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
    with tempfile.TemporaryDirectory(prefix="tuiprov-nginx-") as directory:
        config = Path(directory) / "nginx.conf"
        names = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = " ".join(f"{name}_temp_path {directory}/{name};" for name in names)
        user = "user root;" if os.geteuid() == 0 else ""
        config.write_text(
            f"daemon off; {user} worker_processes 1; pid {directory}/pid;"
            f"error_log {directory}/error.log; events {{}} http {{ {temporary} access_log off;"
            f"server {{ listen 127.0.0.1:{port}; disable_symlinks on;"
            f"location /prov/ {{ alias {root}/http/; }} }} }}\n"
        )
        with _ended(subprocess.Popen([program, "-p", directory, "-c", str(config)])):
            _wait(lambda: _answers(port))
            yield port


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait(is_ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_ready():
        if time.monotonic() > deadline:
            raise TimeoutError("a server did not start")
        time.sleep(0.05)
