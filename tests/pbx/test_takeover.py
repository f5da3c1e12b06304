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
from tests.pbx.configs import LEFT, PLAIN, SPLIT, STYLES, TEMPLATES, TRANSPORTS
from tuiprov.data.page import Page
from tuiprov.data.sections import DEFAULTS, FIELDS
from tuiprov.data.site import Site
from tuiprov.pbx.asterisk import CODECS, DTMF_MODES, MEDIA_ENCRYPTION, Asterisk, sections
from tuiprov.pbx.config_reader import Config, PbxConfigError, read_config
from tuiprov.pbx.effects import caller_of, codecs_of
from tuiprov.pbx.moving import meaning, move, with_include
from tuiprov.pbx.takeover import Adopted, Taken, Takeover, take_over
from tuiprov.text import is_one_line

EVERY_STYLE = pytest.mark.parametrize("style", STYLES)


def written(directory: Path, files: dict[str, str]) -> Path:
    """The path of the pjsip.conf among these files."""
    for name, text in files.items():
        (directory / name).write_text(text)
    return directory / "pjsip.conf"


def taken_over(path: Path, site: Site | None = None, **taken: Any) -> tuple[Config, Takeover, Site]:
    config = read_config(path)
    found = take_over(config, site or Site(), Taken(**taken))
    return config, found, (site or Site()).model_copy(update=found.settings)


def kept(one: Adopted) -> set[tuple[str, str]]:
    return {(option.name, option.value) for option in one.own}


def read_text(directory: Path, text: str) -> Config:
    path = directory / "text.conf"
    path.write_text(text)
    return read_config(path)


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


# -- as admins write them -------------------------------------------------------------------------


def test_a_plain_configuration_is_understood_as_it_is(tmp_path: Path) -> None:
    _, found, site = taken_over(written(tmp_path, PLAIN))
    first, second = found.adopted
    assert first.values == {
        "extension": "101",
        "extension_name": "Ana B.",
        "sip_password": ">Secret;101",
        "media_encryption": "none",
        "dtmf_mode": "rfc2833",
        "ping": True,
        "allow_reinvite": True,
        "force_mwi": True,
        "codecs": "ulaw,alaw",
    }
    assert second.values["media_encryption"] == "sdes_dtls_srtp"
    assert second.values["dtmf_mode"] == "info"
    assert second.values["codecs"] == "g722,alaw"
    assert {("language", "de"), ("max_contacts", "3")} <= kept(second)
    assert (site.pbx_context, site.pbx_mailboxes, site.pbx_release) == ("phones", "default", "22")


def test_networks_and_added_codecs_are_found_through_templates(tmp_path: Path) -> None:
    _, found, _ = taken_over(written(tmp_path, TEMPLATES))
    bob, eve = found.adopted
    assert bob.values["extension_name"] == "Bob"
    assert eve.values["codecs"] == "alaw,ulaw,g722"
    assert eve.values["allowed_networks"] == "127.0.5.0/24 127.0.6.7"
    assert ("accountcode", "boss") in kept(eve)


def test_sections_of_several_files_make_one_extension(tmp_path: Path) -> None:
    _, found, site = taken_over(written(tmp_path, SPLIT))
    one, two = found.adopted
    assert one.values["sip_password"] == "4a01"
    assert ("rtp_timeout", "30") in kept(one)
    assert two.values["media_encryption"] == "dtls_srtp"
    assert ("webrtc", "yes") in kept(two)
    assert site.pbx_context == "from-internal"


def test_what_no_page_can_carry_is_left_with_its_line_and_reason(tmp_path: Path) -> None:
    _, found, _ = taken_over(written(tmp_path, LEFT))
    assert found.adopted == []
    reasons = {one.name: (one.place.line, one.reason) for one in found.left}
    assert reasons["provider"][1] == "a trunk: it authenticates elsewhere (outbound_auth)"
    assert reasons["601"] == (13, "it has no password and is not known by one IP address")
    assert reasons["602"][1] == "its password is not there in clear"
    assert reasons["hall"][1] == "neither its name nor its caller ID is an extended number"
    assert reasons["603"][1] == "its aors are 603,604, not 603"
    assert reasons["604"][1] == "a trunk: it registers elsewhere"


def test_a_number_that_is_there_already_is_left(tmp_path: Path) -> None:
    path = written(tmp_path, PLAIN)
    _, found, _ = taken_over(path, numbers={"101"}, accounts={"102"})
    assert [one.reason for one in found.left] == [
        "there is an extension 101 already",
        "there is an extension with the SIP user 102 already",
    ]


def test_an_endpoint_that_another_inherits_from_is_left(tmp_path: Path) -> None:
    text = PLAIN["pjsip.conf"] + "[x](101)\nauth=x\naors=x\n"
    _, found, _ = taken_over(written(tmp_path, {"pjsip.conf": text}))
    assert [one.number for one in found.adopted] == ["102"]
    assert "[x] (pjsip.conf, line 44) inherits from it" in [one.reason for one in found.left]


def test_two_endpoints_with_one_login_are_left(tmp_path: Path) -> None:
    text = PLAIN["pjsip.conf"].replace("auth = 102", "auth = 101", 1)
    _, found, _ = taken_over(written(tmp_path, {"pjsip.conf": text}))
    assert found.adopted == []
    assert {one.reason for one in found.left} >= {
        "it shares the auth section [101] with another endpoint"
    }


def test_a_section_that_stands_twice_is_refused(tmp_path: Path) -> None:
    text = PLAIN["pjsip.conf"] + "[101]\ntype=aor\n"
    with pytest.raises(PbxConfigError, match=r"line 44: \[101\] type=aor is there already \(pjsip"):
        taken_over(written(tmp_path, {"pjsip.conf": text}))


@pytest.mark.parametrize("line", ["context =", "call_group ="])
def test_an_option_without_a_value_is_not_made_into_its_default(tmp_path: Path, line: str) -> None:
    text = PLAIN["pjsip.conf"].replace("call_group = 1", f"call_group = 1\n{line}")
    _, found, _ = taken_over(written(tmp_path, {"pjsip.conf": text}))
    assert "is written without a value" in found.left[0].reason


CHANGES = [
    ({"ping": False}, "aor", "qualify_frequency", "0"),
    ({"codecs": "ulaw"}, "endpoint", "allow", "ulaw"),
    ({"extension_name": "Robert"}, "endpoint", "callerid", '"Robert" <701>'),
    ({"allowed_networks": "192.0.2.0/24"}, "endpoint", "permit", "192.0.2.0/24"),
    ({"fixed_ip": "192.0.2.9"}, "identify", "match", "192.0.2.9"),
    ({"dtmf_mode": "info"}, "endpoint", "dtmf_mode", "info"),
]
KEEPING = """\
[701]
type=endpoint
context=other
allow=slin,alaw
aors=701
auth=701
dtmf_mode=auto_info
permit=10.0.0.0/8
set_var=A=1
[701]
type=aor
qualify_frequency=17
max_contacts=4
[701]
type=auth
username=701
password=x
[701]
type=identify
endpoint=701
match=192.0.2.1,192.0.2.2
"""


@pytest.mark.parametrize(("change", "kind", "option", "expected"), CHANGES)
def test_a_preference_that_is_changed_counts_and_ends_what_was_kept_for_it(
    tmp_path: Path, change: dict[str, Any], kind: str, option: str, expected: str
) -> None:
    _, found, site = taken_over(written(tmp_path, {"pjsip.conf": KEEPING}))
    page = found.adopted[0].page(site)
    before = dict(sections(page))
    after = dict(sections(page.changed(change)))
    assert [value for name, value in after[kind] if name == option] == [expected]
    assert ("qualify_frequency", "17") in before["aor"]
    assert ("max_contacts", "4") in before["aor"]
    assert ("set_var", "A=1") in after["endpoint"]


def test_what_settings_decide_is_kept_when_these_are_changed(tmp_path: Path) -> None:
    site = Site(pbx="asterisk", pbx_context="inside")
    _, found, _ = taken_over(written(tmp_path, {"pjsip.conf": KEEPING}), site)
    later = site.model_copy(update={"pbx_context": "elsewhere"})
    assert ("context", "other") in dict(sections(found.adopted[0].page(later)))["endpoint"]


def test_a_type_in_other_letters_is_none(tmp_path: Path) -> None:
    text = PLAIN["pjsip.conf"].replace("type=endpoint", "type=Endpoint")
    _, found, _ = taken_over(written(tmp_path, {"pjsip.conf": text}))
    assert [one.number for one in found.adopted] == ["102"]


def test_a_login_by_another_name_is_kept_and_said(tmp_path: Path) -> None:
    text = PLAIN["pjsip.conf"].replace("username = 102", "username = bob")
    _, found, _ = taken_over(written(tmp_path, {"pjsip.conf": text}))
    assert ("username", "bob") in kept(found.adopted[1])
    assert "authenticates as bob" in found.adopted[1].words[0]


def test_a_site_that_has_its_settings_keeps_them(tmp_path: Path) -> None:
    site = Site(pbx="asterisk", pbx_context="inside", pbx_mailboxes="")
    _, found, _ = taken_over(written(tmp_path, PLAIN), site)
    assert found.settings == {}
    assert {("context", "phones"), ("mailboxes", "101@default")} <= kept(found.adopted[0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"Ana" <101>', ("Ana", "101")),
        ("Ana <101>", ("Ana", "101")),
        ("<101>", ("", "101")),
        ("101", ("", "101")),
        ("Ana", ("Ana", "")),
    ],
)
def test_a_caller_id_is_a_name_and_a_number(text: str, expected: tuple[str, str]) -> None:
    assert caller_of(text) == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([("allow", "ulaw,alaw")], ("ulaw", "alaw")),
        ([("allow", "ulaw"), ("allow", "alaw,ulaw")], ("ulaw", "alaw")),
        ([("allow", "ulaw"), ("disallow", "all"), ("allow", "alaw")], ("alaw",)),
        ([("allow", "gsm,!all,g722")], ("g722",)),
        ([("allow", "ulaw,alaw"), ("disallow", "ulaw")], ("alaw",)),
        ([("disallow", "all")], ()),
    ],
)
def test_codecs_are_what_is_left(options: list[tuple[str, str]], expected: tuple[str, ...]) -> None:
    assert codecs_of(options) == expected


# -- the files ------------------------------------------------------------------------------------


@EVERY_STYLE
def test_what_is_left_and_what_is_moved_give_the_sections_of_before(
    tmp_path: Path, style: str
) -> None:
    path = written(tmp_path, STYLES[style])
    config, found, site = taken_over(path)
    assert len(found.adopted) == 2
    moved = move(config, path, found.adopted, site)
    blocks = "".join(moved.blocks[number] for number in sorted(moved.blocks))
    (tmp_path / "ours.conf").write_text(blocks)
    for file, text in moved.rest.items():
        file.write_text(with_include(text, "ours.conf") if file == path.resolve() else text)
    after = read_config(path)
    if style == "fixed":
        for one in found.adopted:
            assert meaning(after.named(one.account)) == meaning(one.sections)
        return
    before = sorted(_told(config))
    assert before == sorted(_told(after))


def _told(config: Config) -> list[tuple[str, bool, list[tuple[str, str]]]]:
    return [
        (one.name, one.is_template, [(option.name, option.value) for option in one.options])
        for one in config.sections
    ]


def test_sections_are_moved_word_for_word_where_they_can_be(tmp_path: Path) -> None:
    path = written(tmp_path, TEMPLATES)
    config, found, site = taken_over(path)
    blocks = move(config, path, found.adopted, site).blocks
    assert blocks["201"] == (
        "[201](phone)\nauth=201\naors=201\ncallerid=Bob <201>\n"
        "[201](login)\nusername=201\npassword=bob\n[201](reg)\n"
    )
    assert "[202](phone) ; the boss\n" in blocks["202"]
    assert "[202](+type=endpoint)\naccountcode=boss\n" in blocks["202"]


def test_a_comment_that_looks_like_the_head_of_a_block_is_moved_aside(tmp_path: Path) -> None:
    text = PLAIN["pjsip.conf"].replace("context=phones", "; extension 9 of ours\ncontext=phones")
    path = written(tmp_path, {"pjsip.conf": text})
    config, found, site = taken_over(path)
    block = move(config, path, found.adopted, site).blocks["101"]
    assert "\n ; extension 9 of ours\ncontext" in block


def test_sections_that_cannot_stand_at_the_end_are_written_out(tmp_path: Path) -> None:
    path = written(tmp_path, STYLES["changed template"])
    config, found, site = taken_over(path)
    blocks = move(config, path, found.adopted, site).blocks
    assert blocks["301"].startswith("[301]\ntype=endpoint\ndisallow=all\nallow=alaw\n")
    assert blocks["302"].startswith("[302](phone)\n")


def test_sections_that_hold_others_in_comments_are_written_out(tmp_path: Path) -> None:
    path = written(tmp_path, STYLES["commented"])
    config, found, site = taken_over(path)
    blocks = move(config, path, found.adopted, site).blocks
    assert "899" not in blocks["801"]
    assert blocks["802"].startswith("[802]\r\ntype=endpoint\r\n")


def test_the_include_line_is_added_once(tmp_path: Path) -> None:
    once = with_include("[a]\nb=1\n", "/srv/pbx/x.conf")
    assert once == '[a]\nb=1\n#tryinclude "/srv/pbx/x.conf"\n'
    assert with_include(once, "/srv/pbx/x.conf") == once


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
