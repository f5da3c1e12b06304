"""A client's certificate is good for the very phone whose MAC it holds, and for no other."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.serve.certificates import Authority, Pair
from tests.serve.helpers import Service, bytes_of, own, serving, wait_until
from tests.sites import Site
from tuiprov.serve.certificates import mac_in

MAC = "80:5E:C0:00:00:01"


def holding(*common_names: str, names: tuple[str, ...] = ()) -> dict[str, object]:
    """A certificate as `ssl` gives it."""
    subject = tuple((("commonName", name),) for name in common_names)
    return {"subject": subject, "subjectAltName": tuple(("DNS", name) for name in names)}


@pytest.mark.parametrize(
    "name",
    [
        *("805EC0000001", "805ec0000001", "80:5E:C0:00:00:01", "80-5e-c0-00-00-01"),
        *(
            "805e.c000.0001",
            "80 5E C0 00 00 01",
            "80.5e.c0.00.00.01",
            "805EC0000001.phones.example",
        ),
        *("SIP-T46S 805EC0000001", "SPA-504G, MAC: 805EC0000001, Serial: CBT143600ZC"),
    ],
)
def test_a_mac_is_found_however_a_manufacturer_writes_it(name: str) -> None:
    assert mac_in(holding(name)) == MAC
    assert mac_in(holding("Yealink", names=(name,))) == MAC


@pytest.mark.parametrize(
    "names",
    [
        *((), ("",), ("Yealink Equipment",), ("805EC000000",), ("805EC00000012",)),
        *(("0805EC0000001",), ("80:5E-C0:00:00:01",), ("80:5E:C0:00:00",), ("805EC000000g",)),
        *(("805EC0000001", "805EC0000002"), ("805EC0000001 805EC0000002",)),
        *(("805EC0000001\0",), ("805EC0000001\0.evil",), ("805EC0000001\n",), ("８０5EC0000001",)),
        *(("*.phones.example",), ("80:5E:C0:00:00:01:02",), ("02:80:5E:C0:00:00:01",)),
    ],
)
def test_a_name_without_exactly_one_mac_proves_nothing(names: tuple[str, ...]) -> None:
    assert mac_in(holding(*names)) != MAC


@dataclass(frozen=True)
class Vendor:
    """A service that asks for certificates, and who signs them."""

    service: Service
    authority: Authority
    servers: Path
    path: str
    site: Site

    def ask(self, pair: Pair | None, path: str = "") -> httpx.Response | None:
        """The answer, None when the connection was refused."""
        context = ssl.create_default_context(cafile=str(self.servers))
        try:
            with httpx.Client(verify=pair.context(self.servers) if pair else context) as phone:
                return phone.get(self.service.https + (path or self.path))
        except (httpx.TransportError, ssl.SSLError):
            return None

    def status(self, pair: Pair | None, path: str = "") -> int:
        answer = self.ask(pair, path)
        return answer.status_code if answer is not None else 0


@pytest.fixture
def vendor(site: Site) -> Iterator[Vendor]:
    site.configure(client_certificates="needed")
    directory = site.directory / "certificates"
    directory.mkdir()
    authority, ours = Authority(directory), Authority(directory, "Our CA")
    server = ours.sign("localhost", address="127.0.0.1")
    tls = ("--certificate", str(server.certificate), "--key", str(server.key))
    with serving(site, "--tls-port", "0", *tls, "--client-ca", str(authority.file)) as service:
        yield Vendor(service, authority, ours.file, own(site), site)


def test_the_certificate_of_the_phone_and_no_other_is_served(vendor: Vendor) -> None:
    good, other = vendor.authority.sign, Authority(vendor.authority.directory, "Other CA").sign
    served = vendor.ask(good("805EC0000001"))
    assert served is not None
    assert (served.status_code, served.content) == (200, bytes_of(vendor.site, vendor.path))
    right = [good("80:5e:c0:00:00:01"), good("Yealink", names=["805ec0000001.phones.example"])]
    assert [vendor.status(pair) for pair in right] == [200, 200]
    wrong = {
        "none": None,
        "another phone": good("805EC0000002"),
        "generic": good("Yealink Equipment"),
        "expired": good("805EC0000001", days=(-30, -1)),
        "not valid yet": good("805EC0000001", days=(1, 30)),
        "signed by itself": good("805EC0000001", by_itself=True),
        "another authority": other("805EC0000001"),
        "NUL": good("805EC0000001\0.example"),
        "NUL in front": good("x\0805EC0000001"),
        "two": good("805EC0000001", names=["805ec0000002"]),
        "one digit more": good("805EC00000011"),
        "one digit less": good("805EC000000"),
        "wildcard": good("*"),
        "line feed": good("805EC0000001\n"),
    }
    answers = {name: vendor.ask(pair) for name, pair in wrong.items()}
    assert {name for name, one in answers.items() if one and one.status_code != 404} == set()
    refusals = {(one.content, tuple(one.headers.items())) for one in answers.values() if one}
    assert len(refusals) == 1
    assert b"not found\n" in {body for body, _headers in refusals}


def test_a_certificate_is_no_key_to_a_phone_without_a_mac_link(vendor: Vendor) -> None:
    answer = vendor.ask(
        vendor.authority.sign("805EC0000001"), "/prov/805ec0000001/805ec0000001.cfg"
    )
    assert answer is not None
    assert answer.status_code == 404


def test_plain_http_has_no_certificate_to_show(vendor: Vendor) -> None:
    assert httpx.get(vendor.service.http + vendor.path).status_code == 404


def test_when_checked_only_a_phone_without_one_is_served_and_a_wrong_one_is_not(
    vendor: Vendor,
) -> None:
    vendor.site.configure(client_certificates="checked")
    wait_until(lambda: vendor.status(None) == 200)
    assert vendor.status(vendor.authority.sign("805EC0000002")) == 404
