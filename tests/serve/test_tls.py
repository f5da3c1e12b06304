"""HTTPS: who dawdles in the handshake, who keeps it up, and a whole fleet that starts at once."""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.publish.helpers import publish_site
from tests.serve.certificates import Authority
from tests.serve.helpers import Service, own, request, serving, until_closed, wait_until
from tests.serve.test_front import status, trickle
from tests.sites import PHONE, Site, a_site

FETCHES, AT_ONCE, WITHIN = 5_000, 200, 60.0
P99_SECONDS = 3.0
"""All 200 ask again as soon as they are answered: three times the pace of 5,000 in a minute."""


@dataclass(frozen=True)
class Https:
    """A service by HTTPS and HTTP."""

    service: Service
    trusted: ssl.SSLContext

    @property
    def port(self) -> int:
        return int(self.service.https.rpartition(":")[2])

    def plain(self, source: str) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), 20, (source, 0))

    def get(self, path: str, source: str) -> bytes:
        """The whole answer, over a TLS connection of its own."""
        with (
            self.plain(source) as plain,
            self.trusted.wrap_socket(plain, server_hostname="localhost") as phone,
        ):
            phone.sendall(request(path))
            return until_closed(phone)


@pytest.fixture
def https(site: Site) -> Iterator[Https]:
    with by_https(site) as made:
        yield made


class by_https:
    """`with by_https(site) as https:`."""

    def __init__(self, site: Site) -> None:
        directory = site.directory / "certificates"
        directory.mkdir()
        authority = Authority(directory)
        pair = authority.sign("localhost", names=["localhost"])
        options = ("--certificate", str(pair.certificate), "--key", str(pair.key))
        self._serving = serving(site, "--tls-port", "0", *options)
        self._trusted = ssl.create_default_context(cafile=str(authority.file))

    def __enter__(self) -> Https:
        return Https(self._serving.__enter__(), self._trusted)

    def __exit__(self, *error: object) -> None:
        self._serving.__exit__(*error)  # type: ignore[arg-type]


def test_a_phone_is_served_by_https_and_http(site: Site, https: Https) -> None:
    assert status(https.get(own(site), "127.0.0.1")) == 200
    wait_until(lambda: "protocol=https" in https.service.text())


def test_who_dawdles_in_the_handshake_is_closed_and_counted(site: Site, https: Https) -> None:
    slow = [https.plain(f"127.0.1.{number // 16 + 1}") for number in range(320)]
    with https.plain("127.0.1.1") as seventeenth:
        assert until_closed(seventeenth) == b""
    opened = time.monotonic()
    answers: list[int] = []
    phone = threading.Thread(
        target=lambda: answers.append(status(https.get(own(site), "127.0.2.1")))
    )
    phone.start()
    # The first byte is a TLS handshake's, the rest never completes it.
    assert trickle(slow, opened + 7.0, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03") == 320
    phone.join()
    assert answers == [200]


def test_only_http_1_1_is_offered(site: Site, https: Https) -> None:
    https.trusted.set_alpn_protocols(["h2", "http/1.1"])
    with (
        https.plain("127.0.0.1") as plain,
        https.trusted.wrap_socket(plain, server_hostname="localhost") as phone,
    ):
        assert phone.selected_alpn_protocol() == "http/1.1"
        assert phone.version() in ("TLSv1.2", "TLSv1.3")


@pytest.mark.slow
def test_a_fleet_that_starts_while_its_files_are_replaced_gets_whole_files(tmp_path: Path) -> None:
    site = a_site(tmp_path)
    for number in range(20):
        phone = {"friendly_name": f"Desk{number:03}", "mac": f"80:5E:C0:00:00:{number:02X}"}
        site.add(f"0027*{number:03}", **PHONE | phone)
    publish_site(site)
    paths = [own(site, f"Desk{number:03}") for number in range(20)]
    versions, ended = {p: {digest(site, p)} for p in paths}, threading.Event()
    publisher = threading.Thread(target=republish, args=(site, paths, versions, ended))
    took: list[float] = []
    with by_https(site) as https, ThreadPoolExecutor(AT_ONCE) as phones:
        publisher.start()
        since = time.monotonic()
        got = list(phones.map(lambda n: fetched(https, paths[n % 20], n, took), range(FETCHES)))
        lasted = time.monotonic() - since
        ended.set()
        publisher.join()
    assert all(hashlib.sha256(body).hexdigest() in versions[path] for path, body in got)
    p99, seen = sorted(took)[int(FETCHES * 0.99)], sum(map(len, versions.values()))
    print(f"{len(got)} whole files in {lasted:.1f} s, p99 {p99:.2f} s, {seen} versions published")
    assert lasted < WITHIN, lasted
    assert p99 < P99_SECONDS
    assert seen > 40


def fetched(https: Https, path: str, number: int, took: list[float]) -> tuple[str, bytes]:
    since = time.monotonic()
    answer = https.get(path, f"127.0.{10 + number % 200}.{number // 200 % 200 + 1}")
    took.append(time.monotonic() - since)
    assert status(answer) == 200, answer[:60]
    return path, answer.partition(b"\r\n\r\n")[2]


def digest(site: Site, path: str) -> str:
    file = site.publish_root / path.replace("/prov/", "http/")
    return hashlib.sha256(file.read_bytes()).hexdigest()


def republish(
    site: Site, paths: list[str], versions: dict[str, set[str]], ended: threading.Event
) -> None:
    """Publish all phones again and again, each time with other names in their files."""
    count = 0
    while not ended.is_set():
        count += 1
        for number in range(20):
            site.save(f"0027*{number:03}", extension_name=f"Name {count}")
        publish_site(site)
        for path in paths:
            versions[path].add(digest(site, path))
