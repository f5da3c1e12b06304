"""The door and its deadlines, asked by plain sockets: who is slow, too many, or talks nonsense."""

from __future__ import annotations

import contextlib
import random
import select
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.serve.conftest import VERSION
from tests.serve.helpers import (
    Service,
    bytes_of,
    connected,
    own,
    raw,
    request,
    serving,
    until_closed,
    wait_until,
)
from tests.sites import Site, a_site
from tuiprov.data.kept import Fetch

SLOW, SLOW_SECONDS = 500, 6.0
GOOD_P99_MS = 250.0
THREADS = 40


def status(answer: bytes) -> int:
    return int(answer.split(maxsplit=2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


@pytest.fixture
def service(site: Site) -> Iterator[Service]:
    with serving(site) as running:
        yield running


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service of an empty site, for those who never get past it."""
    with serving(a_site(tmp_path_factory.mktemp("door"))) as running:
        yield running


def test_five_hundred_slow_connections_are_closed_while_phones_are_served(
    site: Site, service: Service
) -> None:
    slow = [connected(service.port, f"127.0.1.{number // 16 + 1}") for number in range(SLOW)]
    opened = time.monotonic()
    took: list[float] = []
    phone = threading.Thread(target=ask_for, args=(service, own(site), took, opened + SLOW_SECONDS))
    phone.start()
    closed = trickle(slow, opened + SLOW_SECONDS)
    phone.join()
    p99_ms = sorted(took)[int(len(took) * 0.99)] * 1_000
    print(f"{closed} of {SLOW} closed; {len(took)} phones answered, p99 {p99_ms:.0f} ms")
    assert closed == SLOW
    assert len(took) > 20
    assert p99_ms < GOOD_P99_MS


def ask_for(service: Service, path: str, took: list[float], until: float) -> None:
    """A good phone: a new connection for each request."""
    while time.monotonic() < until:
        since = time.monotonic()
        assert status(raw(service.port, request(path))) == 200
        took.append(time.monotonic() - since)
        time.sleep(0.05)


HEAD = b"GET /prov/0123 HTTP/1.1\r\nHost: phone\r\n"


def trickle(slow: list[socket.socket], until: float, head: bytes = HEAD) -> int:
    """Send a byte a second on each until the server closes them; gives how many it closed."""
    sent, is_open = 0, set(slow)
    while is_open and time.monotonic() < until:
        for one in list(is_open):
            try:
                one.sendall(head[sent : sent + 1])
            except OSError:
                is_open.discard(one)
        sent += 1
        readable, _, _ = select.select(list(is_open), [], [], 1.0)
        while readable and time.monotonic() < until:
            for one in readable:
                if not until_closed(one):
                    is_open.discard(one)
            readable, _, _ = select.select(list(is_open), [], [], 0.05)
    for one in slow:
        one.close()
    return len(slow) - len(is_open)


def test_a_seventeenth_connection_from_one_address_is_closed_at_once(
    site: Site, service: Service
) -> None:
    held = [connected(service.port, "127.0.2.1") for _ in range(16)]
    with connected(service.port, "127.0.2.1") as one_more:
        assert until_closed(one_more) == b""
    assert status(raw(service.port, request(own(site)), "127.0.2.2")) == 200
    for one in held:
        one.close()


def test_a_trusted_proxy_may_have_more_connections(site: Site) -> None:
    site.configure(trusted_proxies="127.0.2.0/24")
    with serving(site) as service:
        held = [connected(service.port, "127.0.2.1") for _ in range(40)]
        assert status(raw(service.port, request(own(site)), "127.0.2.1")) == 200
        for one in held:
            one.close()


def test_who_has_left_takes_no_place(site: Site, service: Service) -> None:
    for _ in range(60):
        with connected(service.port, "127.0.2.1") as phone:
            phone.sendall(request(own(site)).replace(b"close", b"keep-alive"))
            assert status(phone.recv(65_536)) == 200


def test_an_answer_does_not_wait_for_the_peer_s_acknowledgement(
    site: Site, service: Service
) -> None:
    with httpx.Client(base_url=service.http) as phone:
        phone.get(own(site))
        took = []
        for _ in range(20):
            since = time.perf_counter()
            phone.get(own(site))
            took.append(time.perf_counter() - since)
    assert sorted(took)[10] < 0.03  # 0.04 when Nagle and a delayed acknowledgement meet


def test_when_all_places_are_taken_who_waits_longest_makes_room(
    site: Site, service: Service
) -> None:
    held = [connected(service.port, f"127.0.3.{n // 16 + 1}") for n in range(512)]
    assert status(raw(service.port, request(own(site)), "127.0.4.1")) == 200
    assert until_closed(held[0]) == b""
    for one in held:
        one.close()


@pytest.mark.slow
def test_a_peer_that_does_not_read_is_cut_off(site: Site) -> None:
    big = site.publish_root / own(site).replace("/prov/", "http/")
    big.write_bytes(b"x" * 30_000_000)
    with serving(site) as service, connected(service.port, seconds=60) as phone:
        phone.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        phone.sendall(request(own(site)))
        forgotten = seconds_until_forgotten(service, phone, 45)
        print(f"forgotten after {forgotten:.1f} s")
        assert forgotten < 36
        wait_until(lambda: len(site.rows(Fetch)) == 1)
        assert [(row.verdict, row.sent) for row in site.rows(Fetch)] == [("served", 0)]


def seconds_until_forgotten(service: Service, phone: socket.socket, most: float) -> float:
    """How long the service's end of the connection is there."""
    since, wanted = time.monotonic(), f":{phone.getsockname()[1]:04X}"
    while time.monotonic() - since < most:
        lines = Path("/proc/net/tcp").read_text().splitlines()
        states = {line.split()[3] for line in lines if wanted in line.split()[2]}
        if not states & {"01", "08"}:  # established, close-wait
            break
        time.sleep(0.2)
    return time.monotonic() - since


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),  # no host
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET /" + b"a" * 2_040 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 8_200 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: b\r\n" * 4_000 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
        (
            b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"0\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n",
            400,
        ),
        (b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", 405),
        (b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n", 405),
        (b"DELETE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 405),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 404),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),  # TLS on the wrong port
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"\r\n" * 50, 400),
        (b"GET / HTTP/1.1\r\nHost: a", 400),
    ],
)
def test_what_is_no_small_request_gets_its_status_and_nothing_more(
    door: Service, sent: bytes, expected: int
) -> None:
    with connected(door.port) as phone:
        phone.sendall(sent)
        if not sent.endswith(b"\r\n\r\n"):
            phone.shutdown(socket.SHUT_WR)
        answer = until_closed(phone)
    assert status(answer) == expected
    assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("words", ["websocket", "h2c"])
def test_nobody_changes_to_another_protocol(site: Site, service: Service, words: str) -> None:
    upgrade = (f"Upgrade: {words}", "Connection: Upgrade, HTTP2-Settings, close")
    more = (
        "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    )
    sent = request(own(site), "GET", *upgrade, *more, "Sec-WebSocket-Version: 13")
    assert status(raw(service.port, sent)) == 200


def test_a_phone_of_the_last_century_is_served(site: Site, service: Service) -> None:
    assert status(raw(service.port, f"GET {own(site)} HTTP/1.0\r\n\r\n".encode())) == 200


def test_a_phone_asks_for_several_files_on_one_connection(site: Site, service: Service) -> None:
    with httpx.Client(base_url=service.http) as phone:
        asked = [phone.get(own(site)).status_code for _ in range(5)]
        asked += [phone.get("/prov/x").status_code]
    assert asked == [200] * 5 + [404]


def test_sigterm_ends_it_within_two_seconds_and_the_log_is_written(
    site: Site, service: Service
) -> None:
    held = [connected(service.port) for _ in range(10)]
    path = own(site)
    assert status(raw(service.port, request(path), "127.0.5.1")) == 200
    assert service.stop() < 2.0
    (row,) = site.rows(Fetch)
    assert (row.verdict, row.sent) == ("served", len(bytes_of(site, path)))
    assert row.version_id == VERSION
    for one in held:
        one.close()


# -- nonsense -----------------------------------------------------------------------------------


def mutated(dice: random.Random, path: str) -> bytes:
    """A request with something wrong in it, or bytes that are none."""
    good = bytearray(request(path, "GET", "User-Agent: phone", "Accept: */*"))
    kind = dice.randrange(8)
    if kind == 0:
        return dice.randbytes(dice.randrange(1, 400))
    if kind == 1:
        return bytes(good[: dice.randrange(1, len(good))])
    if kind == 2:
        method = dice.choice(["PUT", "get", "TRACE", "CONNECT", "A" * 30, "G\x00T", ""])
        return request(path, method)
    if kind == 3:
        return request(path + dice.choice(["%00", "\\..", "/../..", "\x7f", "é", "?" * 99, "#"]))
    if kind == 4:
        header = dice.choice(
            ["Content-Length: -1", "Content-Length: 1\r\nContent-Length: 2", "X" * 500, ": x"]
        )
        return request(path, "GET", header)
    if kind == 5:
        return request(path).replace(b"HTTP/1.1", dice.choice([b"HTTP/9.9", b"HTTP/1", b"FTP/1.0"]))
    for _ in range(dice.randrange(1, 6)):
        good[dice.randrange(len(good))] = dice.randrange(256)
    return bytes(good)


def fuzz(site: Site, count: int) -> Counter[int]:
    """Send `count` malformed requests from many addresses; gives how often each status came."""
    path = own(site)
    with serving(site) as service, ThreadPoolExecutor(THREADS) as threads:
        # The first request of all loads the catalogue, for the log.
        assert status(raw(service.port, request(path))) == 200
        wait_until(lambda: bool(site.rows(Fetch)))
        before = memory_mb(service)
        parts = [
            threads.submit(misbehave, service, path, n, count // THREADS) for n in range(THREADS)
        ]
        found = sum((part.result() for part in parts), Counter[int]())
        assert status(raw(service.port, request(path))) == 200
        grown_mb = memory_mb(service) - before
        print(f"{dict(found)}, {grown_mb:.1f} MB more")  # status 0: closed without an answer
        assert grown_mb < 20
    return found


def misbehave(service: Service, path: str, thread: int, count: int) -> Counter[int]:
    dice, found = random.Random(thread), Counter[int]()
    for number in range(count):
        with connected(service.port, f"127.1.{thread}.{number % 200 + 1}") as phone:
            with contextlib.suppress(OSError):
                phone.sendall(mutated(dice, path))
                phone.shutdown(socket.SHUT_WR)
            found[status(until_closed(phone))] += 1
    return found


def memory_mb(service: Service) -> float:
    text = Path(f"/proc/{service.process.pid}/status").read_text()
    line = next(line for line in text.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1_024


def test_malformed_requests_never_become_an_error_of_the_server(site: Site) -> None:
    assert all(code < 500 for code in fuzz(site, 2_000))


@pytest.mark.slow
def test_twenty_thousand_malformed_requests_leave_it_alive(site: Site) -> None:
    found = fuzz(site, 20_000)
    assert all(code < 500 for code in found)
    assert found.total() == 20_000
