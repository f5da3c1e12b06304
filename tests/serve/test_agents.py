"""User-Agents taken apart: every example that is written down, and whatever a stranger sends."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuiprov.data.catalog import default_catalog
from tuiprov.serve.agents import LONGEST, Agent, parse

DOCUMENTED = [
    (
        "Yealink SIP-T46S 66.84.0.15 00:15:65:aa:bb:cc",
        Agent("Yealink", "T46S", "66.84.0.15", "00:15:65:AA:BB:CC", "84"),
    ),
    ("Yealink SIP-T46S 66.85.0.5", Agent("Yealink", "T46S", "66.85.0.5", "", "84")),
    (
        "Yealink W70B 146.87.0.15 80:5e:0c:00:00:01",
        Agent("Yealink", "W70B", "146.87.0.15", "80:5E:0C:00:00:01", "87"),
    ),
    (
        "Yealink SIP VP-T49G 51.80.0.100 00:15:65:aa:bb:cc",
        Agent("Yealink", "T49G", "51.80.0.100", "00:15:65:AA:BB:CC", "80"),
    ),
    (
        "Yealink SIP-T19P_E2 53.84.0.125 00:15:65:aa:bb:cc",
        Agent("Yealink", "T19P_E2", "53.84.0.125", "00:15:65:AA:BB:CC", "84"),
    ),
    (
        "Aastra6731i MAC:00-08-5D-23-74-29 V:3.2.0.70-SIP",
        Agent("Aastra", "6731i", "3.2.0.70", "00:08:5D:23:74:29", "3.3.1"),
    ),
    (
        "Mitel6920 MAC:14-00-E9-1F-03-EA V:6.4.0.140-SIP",
        Agent("Mitel", "6920", "6.4.0.140", "14:00:E9:1F:03:EA", "5.x-8.x"),
    ),
    (
        "Aastra57i MAC:00-08-5D-23-74-29 V:2.6.0.2010-SIP",
        Agent("Aastra", "6757i", "2.6.0.2010", "00:08:5D:23:74:29", "2.x"),
    ),
    (
        "FileTransport PolycomSoundPointIP-SPIP_650-UA/3.2.3.1734",
        Agent("Polycom", "SPIP650", "3.2.3.1734", "", "3.x"),
    ),
    (
        "FileTransport PolycomVVX-VVX_411-UA/5.9.2.3446 Type/Application",
        Agent("Polycom", "VVX411", "5.9.2.3446", "", "5.x"),
    ),
    (
        "FileTransport PolycomVVX-VVX_411-UA/5.9.2.3446 (SN:0004f2aabbcc) Type/Updater",
        Agent("Polycom", "VVX411", "5.9.2.3446", "00:04:F2:AA:BB:CC", "5.x"),
    ),
    (
        "Mozilla/4.0 (compatible; snomD785-SIP 10.1.33.33 2010.12-00004-g 000413922D24 SXM:0)",
        Agent("Snom", "D785", "10.1.33.33", "00:04:13:92:2D:24", "10"),
    ),
    (
        "Mozilla/4.0 (compatible; snom320-SIP 8.4.35 1.1.3-u)",
        Agent("Snom", "320", "8.4.35", "", "8.4"),
    ),
    (
        "Mozilla/4.0 (compatible; Snom M900 05.20.0001 000413b60680)",
        Agent("Snom", "M900", "05.20.0001", "00:04:13:B6:06:80", "5.20"),
    ),
    (
        "Fanvil X6U Pro 0.0.10 0c383e2cd782",
        Agent("Fanvil", "X6U Pro", "0.0.10", "0C:38:3E:2C:D7:82", ""),
    ),
    (
        "Fanvil X4U 2.12.1.3 0c383e445566",
        Agent("Fanvil", "X4U", "2.12.1.3", "0C:38:3E:44:55:66", "2.12"),
    ),
    (
        "Grandstream Model HW GXP2170 SW 1.0.11.79 DevId 000b82aabbcc",
        Agent("Grandstream", "GXP2170", "1.0.11.79", "00:0B:82:AA:BB:CC", "1.0.11"),
    ),
    (
        "Grandstream Model HW GRP2614 V1.6B SW 1.0.5.48 DevId c074adaabbcc",
        Agent("Grandstream", "GRP2614", "1.0.5.48", "C0:74:AD:AA:BB:CC", "1.0"),
    ),
    (
        "Linksys/SPA-942-6.1.5(a) (FLI00G123456)",
        Agent("Cisco", "SPA942", "6.1.5(a)", "", "6.x"),
    ),
    (
        "Cisco/SPA508G-7.4.8a (0002FDFF2103)(CBT151501AB)",
        Agent("Cisco", "SPA508G", "7.4.8a", "00:02:FD:FF:21:03", "7.x"),
    ),
    ("Cisco-CP7940G/8.0", Agent("Cisco", "7940", "8.0", "", "8.x")),
    ("CSCO/7", Agent("Cisco", "", "7", "", "")),
]


@pytest.mark.parametrize(("text", "agent"), DOCUMENTED, ids=[text[:40] for text, _ in DOCUMENTED])
def test_a_documented_example_is_understood(text: str, agent: Agent) -> None:
    assert parse(text) == agent


def test_every_family_s_phones_are_among_the_examples() -> None:
    seen = {agent.manufacturer for _, agent in DOCUMENTED}
    known = default_catalog().families.values()
    assert {family.manufacturer for family in known if family.agents} <= seen


def test_a_model_that_the_catalogue_does_not_know_keeps_the_name_it_said() -> None:
    found = parse("Yealink SIP-T99X 200.99.0.1 00:15:65:aa:bb:cc")
    assert found == Agent("Yealink", "T99X", "200.99.0.1", "00:15:65:AA:BB:CC", "")
    assert found.phone == "Yealink T99X 200.99.0.1"


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "Unknown", "curl/7.88.1", "Mozilla/5.0 (X11; Linux x86_64)", "yealink"),
        *("Yealink", "Yealink SIP-", "Yealink \x00", "Aastra MAC:", "Fanvil ", "\ud800", "Cisco/"),
        "Mozilla/4.0 (compatible; MSIE 6.0)",
        "x Yealink SIP-T46S 66.84.0.15 00:15:65:aa:bb:cc",
    ],
)
def test_a_stranger_is_nobody(text: str) -> None:
    assert parse(text) == Agent()
    assert parse(text).phone == ""


@given(st.text(max_size=300))
def test_any_text_gives_an_answer(text: str) -> None:
    assert isinstance(parse(text), Agent)


@given(st.sampled_from([text for text, _ in DOCUMENTED]), st.randoms(use_true_random=False))
def test_a_broken_example_gives_an_answer_within_bounds(text: str, dice: random.Random) -> None:
    chars = list(text)
    for _ in range(dice.randint(1, 5)):
        at = dice.randrange(len(chars))
        chars[at : at + dice.randint(0, 3)] = dice.choice(
            ["", "\x00", "(", "..", "٣", "Ⅷ", "\u202e"]
        )
        chars = chars or [" "]
    found = parse("".join(chars))
    assert all(len(part) <= LONGEST for part in (found.model, found.firmware, found.mac))
    assert found.mac == "" or len(found.mac) == 17


HOSTILE = [
    "A" * 4096,
    " " * 4096,
    *(
        text[:20] + filler * (4096 // len(filler))
        for text, _ in DOCUMENTED
        for filler in ("1.", "A")
    ),
    "Fanvil " + "a " * 2048,
    "Fanvil " + "a-" * 2048 + "1.1",
    "Cisco/" + "a-1" * 1365,
    "Mozilla/4.0 (compatible; snom320 8" + " 0" * 2000,
    "FileTransport PolycomVVX-VVX_411-UA/5" + " 0123456789abcdef" * 240,
]


def test_4_kb_of_malice_take_no_time() -> None:
    """Each in far less than a millisecond; the limit leaves room for a busy machine."""
    parse("")  # compiles the patterns
    started = time.perf_counter()
    for text in HOSTILE:
        parse(text)
    assert (time.perf_counter() - started) / len(HOSTILE) < 0.005
