"""The chain: which link decides, what the asker sees of it, and what counts as a miss."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

import pytest

from tuiprov.data.site import Site
from tuiprov.serve.paths import wanted
from tuiprov.serve.verdicts import LINKS, Case, Enrolled, Known, OnRecord, Verdict, judge

TOKEN, FIRST, MAC_KEY, MAC = "0" * 31 + "1", "f" * 32, "000413aabbcc", "00:04:13:AA:BB:CC"
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
BY_TOKEN = Known(1, "SN-1", TOKEN, MAC, True, "https", False, record=OnRecord(1, 7, "d"))
BY_MAC = replace(BY_TOKEN, mac_based_provisioning=True)
OPEN = Enrolled(FIRST, NOW + timedelta(hours=1))
NEW = replace(BY_TOKEN, enrolled=OPEN)


def case(key: str = TOKEN, known: Known | None = BY_TOKEN, **changes: Any) -> Case:
    """A good request; `settings` are the site's, the rest `Case`'s own fields."""
    settings = changes.pop("settings", {})
    good = Case(
        address=ip_address("192.0.2.7"),
        method="GET",
        wanted=wanted(f"/prov/{key}/a.cfg"),
        site=Site(**settings),
        now=NOW,
        known=known,
    )
    return replace(good, **changes)


DIGEST = {"http_authentication": "digest"}
NEEDED, CHECKED = {"client_certificates": "needed"}, {"client_certificates": "checked"}

SERVED = {
    "token": case(),
    "HEAD": case(method="HEAD"),
    "MAC": case(MAC_KEY, BY_MAC),
    "in the networks": case(settings={"phone_networks": "10.0.0.0/8 192.0.2.0/24"}),
    "banned, but with its token": case(is_banned=True),
    "banned, but with its certificate": case(
        MAC_KEY, BY_MAC, is_banned=True, certificate=MAC, settings=NEEDED
    ),
    "banned, but with its login": case(
        MAC_KEY, BY_MAC, is_banned=True, login="right", settings=DIGEST
    ),
    "login": case(login="right", settings=DIGEST),
    "certificate": case(certificate=MAC, settings=NEEDED),
    "no certificate, none needed": case(settings=CHECKED),
    "first token": case(FIRST, NEW),
    "first token without login": case(FIRST, NEW, settings=DIGEST),
    "shared file": case(known=replace(BY_TOKEN, record=OnRecord(None, 7, "d"))),
}


@pytest.mark.parametrize("name", SERVED)
def test_a_good_request_passes_every_link(name: str) -> None:
    verdict = judge(SERVED[name])
    assert (verdict.word, verdict.answer, verdict.counts) == ("served", "file", False)
    assert [one.word for one in verdict.outcomes] == [word for word, _link in LINKS]
    assert not any(one.reason for one in verdict.outcomes)


REFUSED: dict[str, tuple[Case, str, str, bool]] = {
    "nobody's address": (case(address=None), "address", "not found", False),
    "another network": (
        case(known=None, settings={"phone_networks": "10.0.0.0/8"}),
        *("address", "not found", True),
    ),
    "IPv6 where only IPv4 is allowed": (
        case(address=ip_address("2001:db8::1"), settings={"phone_networks": "10.0.0.0/8"}),
        *("address", "not found", False),
    ),
    "banned": (case(known=None, is_banned=True), "limits", "not found", False),
    "banned, by MAC": (case(MAC_KEY, BY_MAC, is_banned=True), "limits", "not found", False),
    "banned, with a dead first token": (
        case(FIRST, replace(NEW, enrolled=replace(OPEN, used=True)), is_banned=True),
        *("limits", "not found", False),
    ),
    "PUT": (case(method="PUT"), "method", "method", False),
    "path": (case(wanted=None, known=None), "path", "not found", True),
    "unknown token": (case(known=None), "key", "not found", True),
    "unknown MAC": (case(MAC_KEY, None), "key", "not found", True),
    "MAC of a phone by token": (case(MAC_KEY, BY_TOKEN), "key", "not found", True),
    "MAC links forbidden": (
        case(MAC_KEY, BY_MAC, settings={"allow_mac_based_provisioning": False}),
        *("key", "not found", True),
    ),
    "MAC of a TFTP phone": (
        case(MAC_KEY, replace(BY_MAC, update_protocol="tftp")),
        *("key", "not found", True),
    ),
    "token of another device": (case("a" * 32), "key", "not found", True),
    "first token too late": (case(FIRST, NEW, now=OPEN.until), "enrolment", "not found", True),
    "first token used up": (
        case(FIRST, replace(NEW, enrolled=replace(OPEN, used=True))),
        *("enrolment", "not found", True),
    ),
    "no certificate": (case(settings=NEEDED), "certificate", "not found", False),
    "generic certificate": (
        case(MAC_KEY, BY_MAC, certificate="", settings=CHECKED),
        *("certificate", "not found", True),
    ),
    "another's certificate": (
        case(MAC_KEY, BY_MAC, certificate="00:04:13:AA:BB:CD", settings=CHECKED),
        *("certificate", "not found", True),
    ),
    "no login": (case(settings=DIGEST), "login", "challenge", False),
    "wrong login with a token": (case(login="wrong", settings=DIGEST), "login", "challenge", False),
    "unknown token, login asked": (case(known=None, settings=DIGEST), "key", "not found", True),
    "disabled": (
        case(known=replace(BY_TOKEN, is_enabled=False)),
        *("state", "not found", False),
    ),
    "disabled, by MAC": (
        case(MAC_KEY, replace(BY_MAC, is_enabled=False)),
        *("state", "not found", True),
    ),
    "no such file": (case(known=replace(BY_TOKEN, record=None)), "file", "not found", False),
    "another's file": (
        case(known=replace(BY_TOKEN, record=OnRecord(2, 7, "d"))),
        *("file", "not found", False),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_the_first_link_that_refuses_decides(name: str) -> None:
    asked, word, answer, counts = REFUSED[name]
    verdict = judge(asked)
    assert (verdict.word, verdict.answer, verdict.counts) == (word, answer, counts)
    assert verdict.outcomes[-1].word == word
    assert verdict.reason
    assert not any(one.reason for one in verdict.outcomes[:-1])


def seen(verdict: Verdict) -> tuple[object, ...]:
    """All that the asker can tell of a verdict: at once, and by being banned later."""
    return verdict.answer, verdict.counts, verdict.is_stale


STRANGERS: list[dict[str, Any]] = [
    {"login": login, "certificate": certificate, "settings": wanted | asks, "is_banned": banned}
    for login in ("missing", "wrong")
    for certificate in (None, "", "00:04:13:00:00:01")
    for wanted in (NEEDED, CHECKED, {})
    for asks in (DIGEST, {"http_authentication": "basic"}, {})
    for banned in (False, True)
    if asks or (wanted and (certificate is not None or wanted == NEEDED))
]


@pytest.mark.parametrize("asked", STRANGERS, ids=str)
def test_a_stranger_sees_the_same_for_known_and_unknown_macs(asked: dict[str, Any]) -> None:
    known = [
        None,
        BY_MAC,
        BY_TOKEN,
        replace(BY_MAC, is_enabled=False),
        replace(BY_MAC, record=None),
    ]
    verdicts = [judge(case(MAC_KEY, one, **asked)) for one in known]
    assert len({seen(one) for one in verdicts}) == 1
    assert all(one.word != "served" for one in verdicts)


def test_everybody_is_challenged_under_a_mac_when_the_site_asks_for_a_login() -> None:
    for known in (None, BY_MAC, BY_TOKEN):
        first = judge(case(MAC_KEY, known, settings=DIGEST))
        assert (first.answer, first.counts) == ("challenge", False)
        wrong = judge(case(MAC_KEY, known, settings=DIGEST, login="wrong"))
        assert (wrong.answer, wrong.counts) == ("challenge", True)


def test_only_who_knows_the_password_hears_that_the_nonce_is_old() -> None:
    stale = judge(case(MAC_KEY, BY_MAC, settings=DIGEST, login="stale"))
    assert (stale.answer, stale.is_stale, stale.counts) == ("challenge", True, False)


def test_a_file_that_is_gone_is_told_like_one_that_never_was() -> None:
    gone = judge(case()).without_file("gone")
    never = judge(case(known=replace(BY_TOKEN, record=None)))
    assert seen(gone) == seen(never)
    assert (gone.word, gone.reason) == ("file", "gone")
