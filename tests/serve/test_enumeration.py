"""Whoever knows no more than manufacturers' prefixes finds nothing out: not a file, not a MAC."""

from __future__ import annotations

import random
import socket
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import erfc, sqrt
from time import perf_counter

import pytest
from sqlmodel import col, select

from tests.serve.helpers import Service, connected, serving, until_closed
from tests.sites import Site, a_site
from tuiprov.data.catalog import default_catalog
from tuiprov.data.models import Device
from tuiprov.publish.planning import plan_devices
from tuiprov.publish.publishing import publish

KNOWN = 500
SOURCES = 64
ROWS = "extension,organization,user,use_provisioning,friendly_name,manufacturer,model,firmware,mac"


@dataclass(frozen=True)
class Fleet:
    """A site with 500 phones whose links are tokens."""

    site: Site
    macs: tuple[str, ...]


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    site, dice = a_site(tmp_path_factory.mktemp("fleet")), random.Random(28)
    rows = [ROWS + ",update_protocol"]
    for number in range(KNOWN):
        mac = f"80:5E:C0:{':'.join(f'{dice.randrange(256):02X}' for _ in range(3))}"
        phone = f"Phone{number:03},Yealink,T46S,84,{mac},https"
        rows.append(f"1*{number:04},Acme,anna,yes,{phone}")
    site.import_text("\n".join([*rows, ""]))
    plan = plan_devices(site.store, site.store.device_ids(site.admin, ""))
    publish(site.store, site.admin, plan)
    with site.store.database.read() as session:
        macs = session.exec(select(Device.mac).order_by(col(Device.id))).all()
    return Fleet(site, tuple(mac.replace(":", "").lower() for mac in macs))


def strangers(count: int) -> list[str]:
    """Made-up MACs under the prefixes of known manufacturers."""
    dice, families = random.Random(29), default_catalog().families
    prefixes = [p.replace(":", "").lower() for one in families.values() for p in one.mac_prefixes]
    return [f"{dice.choice(prefixes)}{dice.randrange(1 << 24):06x}"[:12] for _ in range(count)]


@dataclass
class Scanner:
    """Asks for MACs, a few from each source address so that no limit is met, and keeps apart
    what it sees (status, headers, body) with how long each took."""

    service: Service
    number: int
    seen: Counter[bytes]
    took: list[float]

    def ask(self, macs: list[str]) -> Scanner:
        for number, mac in enumerate(macs):
            # Eight from each address: fewer than the ten that bring a ban.
            octets = divmod(number // 8, 200)
            self._one(mac, f"127.{self.number + 10}.{octets[0]}.{octets[1] + 1}")
        return self

    def _one(self, mac: str, source: str) -> None:
        with connected(self.service.port, source) as phone:
            phone.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sent = f"GET /prov/{mac}/{mac}.cfg HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            since = perf_counter()
            phone.sendall(sent.encode())
            answer = until_closed(phone)
            self.took.append(perf_counter() - since)
        self.seen[answer] += 1


def scan(service: Service, macs: list[str], threads: int, first: int = 0) -> Counter[bytes]:
    """Ask for all of `macs` by several scanners at once; gives each answer and how often."""
    parts = [macs[n::threads] for n in range(threads)]
    scanners = [Scanner(service, first + n, Counter(), []) for n in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        done = list(pool.map(Scanner.ask, scanners, parts))
    return sum((one.seen for one in done), Counter[bytes]())


@pytest.mark.parametrize("certificates", ["none", "needed"])
def test_known_and_unknown_macs_get_the_same_bytes(fleet: Fleet, certificates: str) -> None:
    fleet.site.configure(client_certificates=certificates)
    with serving(fleet.site) as service:
        unknown = scan(service, strangers(400), 20)
        known = scan(service, list(fleet.macs[:400]), 20, first=40)
    fleet.site.configure(client_certificates="none")
    assert len(unknown) == 1
    assert unknown == known
    assert next(iter(unknown)).startswith(b"HTTP/1.1 404 ")


@pytest.mark.slow
def test_twenty_thousand_macs_find_no_file(fleet: Fleet) -> None:
    with serving(fleet.site) as service:
        seen = scan(service, strangers(20_000), SOURCES)
        seen += scan(service, list(fleet.macs), 8, first=SOURCES)
    print({answer.split(b"\r\n", 1)[0].decode(): count for answer, count in seen.items()})
    assert seen.total() == 20_000 + KNOWN
    assert len(seen) == 1
    assert next(iter(seen)).startswith(b"HTTP/1.1 404 ")


@pytest.mark.slow
def test_the_clock_does_not_tell_a_known_mac_from_an_unknown_one(fleet: Fleet) -> None:
    with serving(fleet.site) as service:
        # One run in a hundred would miss 0.01 by chance, two in a row one of ten thousand.
        found = [told_apart(fleet, service, first) for first in (100, 101)]
    print("p of two runs:", found)
    assert max(found) > 0.01


def told_apart(fleet: Fleet, service: Service, number: int, pairs: int = 1_000) -> float:
    """The probability that the times of known and unknown MACs differ so much by chance. Asked in
    an order of their own, because every second request is not like every first."""
    asked = [(mac, True) for mac in (fleet.macs * 5)[:pairs]]
    asked += [(mac, False) for mac in strangers(pairs)]
    random.Random(number).shuffle(asked)
    took = Scanner(service, number, Counter(), []).ask([mac for mac, _known in asked]).took
    times = [(seconds, known) for seconds, (_mac, known) in zip(took, asked, strict=True)]
    return mann_whitney(*([s for s, known in times if known is which] for which in (True, False)))


def mann_whitney(one: list[float], other: list[float]) -> float:
    """The two-sided p of both being drawn from one distribution (normal approximation)."""
    ranked = sorted([(value, 0) for value in one] + [(value, 1) for value in other])
    ranks = sum(rank for rank, (_value, which) in enumerate(ranked, 1) if which == 0)
    n, m = len(one), len(other)
    u = ranks - n * (n + 1) / 2
    z = (u - n * m / 2) / sqrt(n * m * (n + m + 1) / 12)
    return erfc(abs(z) / sqrt(2))
