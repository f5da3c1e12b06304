"""An Asterisk's sections as pages: what is understood, what is kept, what is left alone and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.pbx.configs import LEFT, PLAIN, SPLIT, TEMPLATES
from tests.pbx.taking_over import kept, taken_over, written
from tuiprov.data.site import Site
from tuiprov.pbx.asterisk import sections
from tuiprov.pbx.config_reader import PbxConfigError
from tuiprov.pbx.effects import caller_of, codecs_of


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
