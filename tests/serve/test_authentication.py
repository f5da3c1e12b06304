"""Digest and basic: what is right, and what is nearly right."""

from __future__ import annotations

import base64
import hashlib
import re
import time

import httpx
import pytest

from tuiprov.data.http_login import HttpLogin, http_login
from tuiprov.serve.authentication import Answered, Nonces, challenge, state_of

LOGIN = HttpLogin("SN-1", "abcdefghij234567abcd")
TARGET = "/prov/000413aabbcc/a.cfg?x=1"
NONCES = Nonces(b"n" * 32)


def answered(
    *, password: str = LOGIN.password, username: str = LOGIN.username, asked: float = 100.0
) -> str:
    """The Authorization header that httpx makes for a challenge."""
    auth = httpx.DigestAuth(username, password)
    flow = auth.auth_flow(httpx.Request("GET", f"http://phone{TARGET}"))
    request = next(flow)
    header = challenge("digest", NONCES, asked)
    again = flow.send(httpx.Response(401, headers={"www-authenticate": header}, request=request))
    return str(again.headers["authorization"])


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def digest(header: str, now: float = 101.0, **more: str) -> str:
    about = Answered(**({"authorization": header, "method": "GET", "target": TARGET} | more))
    return state_of("digest", about, LOGIN, NONCES, now)


def test_a_right_digest_is_right() -> None:
    assert digest(answered()) == "right"


def test_a_client_that_knows_no_qop_is_answered_as_it_was_in_1997() -> None:
    nonce = NONCES.make(100.0)
    secret = md5(f"{LOGIN.username}:tuiprov:{LOGIN.password}")
    response = md5(f"{secret}:{nonce}:{md5(f'GET:{TARGET}')}")
    header = (
        f'Digest username="{LOGIN.username}", realm="tuiprov", nonce="{nonce}", uri="{TARGET}", '
        f'response="{response}"'
    )
    assert digest(header) == "right"


def test_a_right_login_with_an_old_nonce_is_stale() -> None:
    assert digest(answered(), now=159.0) == "right"
    assert digest(answered(), now=161.0) == "stale"
    assert "stale=true" in challenge("digest", NONCES, 161.0, stale=True)


def test_a_wrong_login_with_an_old_nonce_is_wrong() -> None:
    assert digest(answered(password="x"), now=161.0) == "wrong"


@pytest.mark.parametrize(
    ("what", "becomes"),
    [
        (r'username="[^"]*"', 'username="SN-2"'),
        (r'realm="[^"]*"', 'realm="other"'),
        (r'nonce="[^"]*"', 'nonce="00000000006400000000000000000000000000000000"'),
        (r'nonce="[^"]*"', 'nonce=""'),
        (r'uri="[^"]*"', 'uri="/prov/000413aabbcc/b.cfg"'),
        (r'response="[^"]*"', 'response=""'),
        (r'response="[^"]*"', 'response="é"'),
        (r"qop=\S+", "qop=auth-int,"),
        (r"nc=\d+,", ""),
        (r'cnonce="[^"]*"', ""),
        (r"algorithm=\S+", "algorithm=SHA-256,"),
        (r"^Digest", "Basic"),
        (r"^Digest.*", "Digest"),
        (r"^Digest", "Digest " + "a" * 8_000),
    ],
)
def test_an_answer_that_was_changed_is_wrong(what: str, becomes: str) -> None:
    right = answered()
    changed = re.sub(what, becomes, right)
    assert changed != right
    assert digest(changed) == "wrong"


def test_an_answer_for_another_request_is_wrong() -> None:
    assert digest(answered(), method="HEAD") == "wrong"
    assert digest(answered(), target="/prov/000413aabbcc/a.cfg") == "wrong"


def test_without_a_device_nothing_is_right() -> None:
    about = Answered(answered(), "GET", TARGET)
    assert state_of("digest", about, None, NONCES, 101.0) == "wrong"
    assert state_of("digest", Answered("", "GET", TARGET), None, NONCES, 101.0) == "missing"


def basic(text: bytes) -> str:
    about = Answered("Basic " + base64.b64encode(text).decode(), "GET", TARGET)
    return state_of("basic", about, LOGIN, NONCES, 0.0)


def test_basic_takes_the_device_s_login_only() -> None:
    assert basic(b"SN-1:abcdefghij234567abcd") == "right"
    for wrong in (b"", b":", b"SN-1:", b"SN-1:x", b"SN-2:abcdefghij234567abcd", b"\xff\xfe"):
        assert basic(wrong) == "wrong"
    broken = Answered("Basic §§§", "GET", TARGET)
    assert state_of("basic", broken, LOGIN, NONCES, 0.0) == "wrong"


@pytest.mark.parametrize("text", ['a="' * 2_000, "a" * 8_000, '\\"' * 3_000, 'a="\\' * 2_000])
def test_a_header_made_to_be_slow_is_not(text: str) -> None:
    since = time.perf_counter()
    for length in (500, 1_000, 8_000):
        assert digest("Digest " + text[:length]) == "wrong"
    assert time.perf_counter() - since < 0.2


def test_the_login_is_the_same_for_the_same_token_and_no_other() -> None:
    one = http_login("0" * 32, b"k" * 32)
    assert one == http_login("0" * 32, b"k" * 32)
    assert one.username not in one.password
    assert re.fullmatch("[a-z2-7]{20}", one.password)
    others = {http_login(f"{n:032x}", b"k" * 32).password for n in range(1, 1_000)}
    assert len(others) == 999
    assert one.password not in others | {http_login("0" * 32, b"l" * 32).password}
    assert one.password not in repr(one)
