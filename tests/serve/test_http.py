"""The application as a phone's HTTP client meets it: logins, headers, the time of a refusal."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.serve.helpers import HTTP_KEY, Desk, bytes_of, change, device, own
from tests.sites import Site
from tuiprov.data.http_login import HttpLogin, http_login
from tuiprov.serve.http import REFUSED_AFTER_SECONDS, application


@pytest.fixture
async def phone(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=application(desk.reception), client=("192.0.2.7", 5_060))
    async with httpx.AsyncClient(transport=transport, base_url="http://phones") as client:
        yield client


def login(site: Site, name: str = "Desk01") -> HttpLogin:
    found = device(site, name)
    return http_login(found.token, HTTP_KEY)


def digest(known: HttpLogin) -> httpx.DigestAuth:
    return httpx.DigestAuth(known.username, known.password)


@pytest.mark.parametrize("name", ["Desk01", "Desk02"])
async def test_a_phone_with_its_own_login_is_served(
    site: Site, phone: httpx.AsyncClient, desk: Desk, name: str
) -> None:
    site.configure(http_authentication="digest")
    answer = await phone.get(own(site, name), auth=digest(login(site, name)))
    assert (answer.status_code, answer.content) == (200, bytes_of(site, own(site, name)))
    assert [row.status for row in desk.rows()] == [401, 200]


async def test_basic_works_as_well(site: Site, phone: httpx.AsyncClient) -> None:
    site.configure(http_authentication="basic")
    known = login(site)
    answer = await phone.get(own(site), auth=(known.username, known.password))
    assert answer.status_code == 200
    assert (await phone.get(own(site), auth=(known.username, "x"))).status_code == 401


async def test_without_a_key_of_the_site_no_login_is_right(
    site: Site, phone: httpx.AsyncClient, desk: Desk
) -> None:
    site.configure(http_authentication="basic")
    desk.reception.http_key = b""
    found = device(site)
    made_up = http_login(found.token, b"")
    auth = (made_up.username, made_up.password)
    assert (await phone.get(own(site), auth=auth)).status_code == 401


async def test_another_device_s_login_is_refused(site: Site, phone: httpx.AsyncClient) -> None:
    site.configure(http_authentication="digest")
    answer = await phone.get(own(site, "Desk02"), auth=digest(login(site, "Desk01")))
    assert answer.status_code == 401


async def test_a_new_token_is_a_new_password(site: Site, phone: httpx.AsyncClient) -> None:
    site.configure(http_authentication="digest")
    old = login(site, "Desk02")
    change(site, lambda one: setattr(one, "token", "ab" * 16), "Desk02")
    assert (await phone.get(own(site, "Desk02"), auth=digest(old))).status_code == 401


async def test_a_challenge_does_not_tell_whether_the_mac_is_known(
    site: Site, phone: httpx.AsyncClient
) -> None:
    site.configure(http_authentication="digest")
    macs = ("805ec0000002", "805ec0000001", "805ec0000009")  # by MAC, by token, of nobody
    seen = set()
    for auth in (None, httpx.DigestAuth("SN-1", "x")):
        for mac in macs:
            answer = await phone.get(f"/prov/{mac}/{mac}.cfg", auth=auth)
            headers = dict(answer.headers)
            nonce = headers["www-authenticate"].partition('nonce="')[2].partition('"')[0]
            headers["www-authenticate"] = headers["www-authenticate"].replace(nonce, "")
            seen.add((answer.status_code, answer.content, len(nonce), *headers.items()))
    assert len(seen) == 1


async def test_an_unknown_token_is_not_challenged(site: Site, phone: httpx.AsyncClient) -> None:
    site.configure(http_authentication="digest")
    assert (await phone.get(f"/prov/{'0' * 32}/a.cfg")).status_code == 404
    assert (await phone.get(own(site))).status_code == 401


async def test_guessing_a_login_is_a_miss_and_asking_for_a_challenge_is_none(
    site: Site, phone: httpx.AsyncClient
) -> None:
    site.configure(http_authentication="basic")
    for _ in range(30):
        assert (await phone.get(own(site, "Desk02"))).status_code == 401
    for mac in ("805ec0000002", "805ec0000009"):
        for _ in range(5):
            answer = await phone.get(f"/prov/{mac}/a.cfg", auth=("SN-1", "guess"))
            assert answer.status_code == 401
    assert (await phone.get(own(site, "Desk02"), auth=("SN-1", "guess"))).status_code == 404


async def test_a_refusal_takes_the_same_time_whatever_the_reason(
    site: Site, phone: httpx.AsyncClient
) -> None:
    for path in ("/", "/prov/805ec0000001/a.cfg", f"/prov/{device(site).token}/none"):
        since = time.perf_counter()
        await phone.get(path)
        assert time.perf_counter() - since >= REFUSED_AFTER_SECONDS * 0.98


async def test_a_file_does_not_wait(site: Site, phone: httpx.AsyncClient) -> None:
    await phone.get(own(site))
    since = time.perf_counter()
    await asyncio.gather(*(phone.get(own(site)) for _ in range(4)))
    assert time.perf_counter() - since < REFUSED_AFTER_SECONDS * 4


async def test_headers_are_what_a_phone_needs_and_no_more(
    site: Site, phone: httpx.AsyncClient
) -> None:
    answer = await phone.get(own(site))
    assert dict(answer.headers) == {
        "content-type": "text/plain",
        "content-length": str(len(bytes_of(site, own(site)))),
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }
