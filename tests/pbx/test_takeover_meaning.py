"""Adopting changes nothing: pages made of an Asterisk's sections tell it the same as these did.

A real Asterisk is the judge where there is one: what it holds before and after must be alike.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pbx.asterisk_server import Asterisk as RealAsterisk
from tests.pbx.configs import STYLES, TRANSPORTS
from tests.pbx.taking_over import EVERY_STYLE, read_text, taken_over, written
from tuiprov.data.page import Page
from tuiprov.data.sections import DEFAULTS, FIELDS
from tuiprov.data.site import Site
from tuiprov.pbx.asterisk import CODECS, DTMF_MODES, MEDIA_ENCRYPTION, Asterisk, sections
from tuiprov.pbx.moving import meaning, move, with_include
from tuiprov.pbx.takeover import Takeover, take_over
from tuiprov.text import is_one_line

# -- page → sections → page -----------------------------------------------------------------------

NAMES = st.text(
    st.characters(exclude_categories=("C", "Z"), exclude_characters='"<>\\'), max_size=19
).filter(is_one_line)
NETWORKS = st.sampled_from(["", "192.0.2.0/24", "192.0.2.7 198.51.100.0/25"])
FIXED = st.fixed_dictionaries(
    {
        "fixed_ip": st.sampled_from(["192.0.2.9", "127.0.0.1"]),
        "fixed_port": st.sampled_from([None, 5070, 1, 65535]),
        "fixed_auth": st.sampled_from(["required", "not_required"]),
        "signaling_transport": st.sampled_from(["udp", "tcp"]),
    }
)
PREFERENCES = st.fixed_dictionaries(
    {
        "extension": st.sampled_from(["101", "0027*001", "1", "9999999999*0000000000"]),
        "extension_name": NAMES,
        "sip_username": st.sampled_from(["", "ana", "ana.b-c_d+e~f*g"]),
        "sip_password": st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1),
        "max_public_concurrent_calls": st.sampled_from([None, 0, 1, 9999]),
        "media_encryption": st.sampled_from(list(MEDIA_ENCRYPTION)),
        "dtmf_mode": st.sampled_from(list(DTMF_MODES)),
        "ping": st.booleans(),
        "allow_reinvite": st.booleans(),
        "on_private_network": st.booleans(),
        "force_mwi": st.booleans(),
        "codecs": st.permutations(list(CODECS)).map(lambda names: ",".join(names[:3])),
    }
)
PLACES = st.one_of(FIXED, NETWORKS.map(lambda networks: {"allowed_networks": networks}))
SITES = st.builds(
    Site,
    pbx=st.just("asterisk"),
    pbx_release=st.sampled_from(["22", "older"]),
    pbx_mailboxes=st.just("default"),
    infrastructure_type=st.just("nat"),
    codecs_offered=st.just(",".join(CODECS)),
    register_expiry=st.sampled_from([60, 3600, 86400]),
)


@given(PREFERENCES, PLACES, SITES)
def test_what_is_written_from_a_page_gives_the_page_again(
    tmp_path_factory: pytest.TempPathFactory,
    preferences: dict[str, Any],
    place: dict[str, Any],
    site: Site,
) -> None:
    page = Page({**DEFAULTS, **preferences, **place}, site)
    config = read_text(tmp_path_factory.getbasetemp(), Asterisk().blocks(page)[0])
    found = take_over(config, site)
    assert found.left == []
    (adopted,) = found.adopted
    assert adopted.own == ()
    unknown = {"sip_password"} if page.values["fixed_auth"] == "not_required" else set()
    after = adopted.page(site).values
    assert {n: v for n, v in after.items() if n not in unknown} == {
        n: v for n, v in page.values.items() if n not in unknown
    }


OPTIONS: dict[str, list[str]] = {
    "endpoint": [
        *("allow=ulaw", "allow=all", "allow=!all,alaw", "disallow=all", "disallow=ulaw"),
        *("allow=slin,g722", "allow=opus,!opus", "context=other", "subscribe_context=blf"),
        *("callerid=Ana <101>", 'callerid="A;na" <5>', "callerid=101", "callerid=Ana"),
        *("identify_by=username", "identify_by=auth_username,ip", "identify_by=ip"),
        *("transport=t-udp", "media_encryption=sdes", "media_encryption=dtls", "webrtc=yes"),
        *("media_encryption_optimistic=on", "dtls_verify=no", "dtls_setup=passive"),
        *("dtls_cert_file=/c.pem", "dtls_auto_generate_cert=true", "dtmf_mode=auto_info"),
        *("dtmf_mode=inband", "direct_media=No", "direct_media=1", "rtp_symmetric=yes"),
        *("force_rport=no", "rewrite_contact=true", "mailboxes=101@default", "mailboxes=7@x"),
        *("mwi_subscribe_replaces_unsolicited=yes", "device_state_busy_at=2", "set_var=A=1"),
        *("set_var=TUIPROV_CALLS=2", "context=tuiprov-limited", "deny=0.0.0.0/0"),
        *("deny=0.0.0.0/0.0.0.0", "permit=192.0.2.0/24", "permit=10.0.0.0/8", "acl=here"),
        *("rtp_timeout=30", "call_group=1", "100rel=no", "mailboxes=", "Direct_Media=yes"),
    ],
    "aor": [
        *("max_contacts=1", "max_contacts=0", "remove_existing=yes", "default_expiration=120"),
        *("maximum_expiration=600", "minimum_expiration=60", "qualify_frequency=60"),
        *("qualify_frequency=15", "mailboxes=101@default", "contact=sip:101@192.0.2.9:5080"),
        *("contact=sip:101@192.0.2.9:5060\\;transport=tcp", "contact=sip:host.example"),
        "outbound_proxy=sip:p",
    ],
    "auth": [*("auth_type=userpass", "auth_type=digest", "realm=here", "username=other")],
    "identify": [*("match=192.0.2.9", "match=192.0.2.9/32", "match=a,b", "srv_lookups=no")],
}


def some(kind: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(OPTIONS[kind]), max_size=8)


BODIES = st.fixed_dictionaries(
    {kind: some(kind) for kind in OPTIONS},
    optional={"phoneprov": st.just(["MAC=001122334455", "PROFILE=x"])},
)


@given(BODIES, st.booleans(), st.booleans(), SITES)
def test_whatever_an_admin_wrote_means_the_same_when_the_page_is_written(
    tmp_path_factory: pytest.TempPathFactory,
    bodies: dict[str, list[str]],
    has_auth: bool,
    has_identify: bool,
    site: Site,
) -> None:
    beside = {
        "endpoint": ["aors=101", *(["auth=101"] if has_auth else [])],
        "auth": ["username=101", "password=secret"],
        "identify": ["endpoint=101"],
    }
    skipped = {"auth"} - ({"auth"} if has_auth else set())
    skipped |= set() if has_identify else {"identify"}
    text = "".join(
        "\n".join(["[101]", f"type={kind}", *beside.get(kind, []), *lines, ""])
        for kind, lines in bodies.items()
        if kind not in skipped
    )
    directory = tmp_path_factory.getbasetemp()
    config = read_text(directory, text)
    found = take_over(config, site)
    if not found.adopted:
        assert not has_auth or "realm" in text or "without a value" in found.left[0].reason
        return
    (adopted,) = found.adopted
    page = adopted.page(site)
    after = read_text(directory, Asterisk().blocks(page)[0])
    assert meaning(after.named("101")) == meaning(adopted.sections)
    assert {one.name for one in adopted.own} & {"aors", "auth", "password"} == set()


@given(BODIES, SITES)
def test_every_value_that_is_taken_fits_its_field(
    tmp_path_factory: pytest.TempPathFactory, bodies: dict[str, list[str]], site: Site
) -> None:
    head = {"endpoint": ["aors=101", "auth=101"], "auth": ["password=x"]}
    text = "".join(
        "\n".join(["[101]", f"type={kind}", *head.get(kind, []), *bodies[kind], ""])
        for kind in ("endpoint", "aor", "auth")
    )
    for adopted in take_over(read_text(tmp_path_factory.getbasetemp(), text), site).adopted:
        for name, value in adopted.values.items():
            assert FIELDS[name].parse(FIELDS[name].text(value)) == value, name


# -- the real Asterisk ----------------------------------------------------------------------------


def held(asterisk: RealAsterisk, found: Takeover) -> dict[tuple[str, str], dict[str, str]]:
    """What Asterisk holds of the adopted extensions, by type and number."""
    shown = {}
    for one in found.adopted:
        auth = next((s.name for s in one.sections if s.kind == "auth"), "")
        for kind, name in (("endpoint", one.account), ("aor", one.account), ("auth", auth)):
            if name:
                shown[kind, one.number] = asterisk.show(kind, name)
                assert shown[kind, one.number], (kind, name)
    return shown


SAME_IN_OTHER_WORDS = {
    # Names of sections; `ip` without an identify section; the context where none is said.
    "endpoint": {"auth", "identify_by", "subscribe_context"},
    "auth": {"auth_type"},
    "aor": set(),
}


def differences(kind: str, before: dict[str, str], after: dict[str, str]) -> set[str]:
    """Options that mean something else to Asterisk than before."""
    names = before.keys() | after.keys()
    changed = {name for name in names if before.get(name) != after.get(name)}
    return changed - SAME_IN_OTHER_WORDS[kind]


@EVERY_STYLE
def test_asterisk_holds_the_same_after_the_swap(
    tmp_path: Path, asterisk: RealAsterisk, style: str
) -> None:
    path = written(tmp_path, STYLES[style])
    config, found, site = taken_over(path)
    transports = TRANSPORTS.format(port=asterisk.port)
    asterisk.load({**STYLES[style], "pjsip_transports.conf": "", "pjsip.conf": ""})
    asterisk.load({**STYLES[style], "pjsip.conf": transports + STYLES[style]["pjsip.conf"]})
    assert asterisk.warnings() == []
    before = held(asterisk, found)
    moved = move(config, path, found.adopted, site)
    files = {file.name: text for file, text in moved.rest.items()}
    files["pjsip.conf"] = transports + with_include(files["pjsip.conf"], "ours.conf")
    files["ours.conf"] = "".join(moved.blocks[number] for number in sorted(moved.blocks))
    asterisk.load({**STYLES[style], **files})
    assert asterisk.warnings() == []
    after = held(asterisk, found)
    if style == "fixed":
        assert {key: differences(key[0], before[key], after[key]) for key in before} == {
            key: set() for key in before
        }
    else:
        assert after == before


@EVERY_STYLE
def test_asterisk_holds_the_same_when_the_pages_are_written(
    tmp_path: Path, asterisk: RealAsterisk, style: str
) -> None:
    path = written(tmp_path, STYLES[style])
    _, found, site = taken_over(path)
    transports = TRANSPORTS.format(port=asterisk.port)
    asterisk.load({**STYLES[style], "pjsip.conf": transports + STYLES[style]["pjsip.conf"]})
    before = held(asterisk, found)
    blocks = [Asterisk().blocks(one.page(site))[0] for one in found.adopted]
    asterisk.load({"pjsip.conf": transports + "".join(blocks)})
    assert asterisk.warnings() == []
    for one in found.adopted:
        for kind, _ in sections(one.page(site)):
            if kind in ("endpoint", "aor", "auth"):
                shown = asterisk.show(kind, one.account)
                assert differences(kind, before[kind, one.number], shown) == set(), one.number


NOT_LOADED = ("dtls_cert_file=/c.pem", "acl=here", "match=a,b", "contact=sip:host.example")
"""Options that need a file, a section or a name server that is not there."""


def an_admins(number: int, chance: random.Random) -> str:
    """Sections of one endpoint with options that Asterisk takes, picked at random."""

    def section(kind: str, *always: str) -> list[str]:
        known = [one for one in OPTIONS[kind] if one not in NOT_LOADED]
        picked = chance.sample(known, chance.randint(0, 9 if kind == "endpoint" else 3))
        return [f"[{number}]", f"type={kind}", *always, *picked]

    lines = [
        *section("endpoint", f"aors={number}", f"auth={number}", "allow=gsm"),
        *section("aor"),
        *section("auth", f"username={number}", f"password=p{number}"),
    ]
    if chance.random() < 0.3:
        lines += [f"[{number}]", "type=identify", f"endpoint={number}", f"match=127.8.0.{number}"]
    return "\n".join([*lines, ""])


@pytest.mark.parametrize("seed", range(4))
def test_asterisk_holds_the_same_of_sections_at_random(
    tmp_path: Path, asterisk: RealAsterisk, seed: int
) -> None:
    chance = random.Random(seed)
    text = "".join(an_admins(number, chance) for number in range(1, 41))
    _, found, site = taken_over(written(tmp_path, {"pjsip.conf": text}))
    assert len(found.adopted) > 30
    transports = TRANSPORTS.format(port=asterisk.port)
    asterisk.load({"pjsip.conf": transports + text})
    before = held(asterisk, found)
    blocks = [Asterisk().blocks(one.page(site))[0] for one in found.adopted]
    asterisk.load({"pjsip.conf": transports + "".join(blocks)})
    after = held(asterisk, found)
    changed = {key: differences(key[0], before[key], after[key]) for key in before}
    assert {key: names for key, names in changed.items() if names} == {}
    known = [one.number for one in found.adopted if len(one.sections) == 4]
    assert len(known) > 3
    ways = [[held["endpoint", n]["identify_by"] for n in known] for held in (before, after)]
    assert [set(one.split(",")) for one in ways[0]] == [set(one.split(",")) for one in ways[1]]
