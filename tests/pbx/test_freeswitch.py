"""FreeSWITCH's directory: one user for each extension, every preference written or said.

lxml is the judge of the file; the table of what each value becomes is written by hand from the
documents (XML User Directory, mod_sofia), not from the code.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from tuiprov.data.fields import Choice, Flag
from tuiprov.data.page import Page
from tuiprov.data.sections import DEFAULTS, FIELDS, SipPreferences, Virtualization
from tuiprov.data.site import SITE_FIELDS, Site, check_site
from tuiprov.errors import PublishError, RenderError
from tuiprov.pbx.blocks import join, split
from tuiprov.pbx.freeswitch import FreeSwitch
from tuiprov.pbx.kinds import Pbx, pbx_of

FREESWITCH: Pbx = FreeSwitch()
SITE = Site(pbx="freeswitch")
(USERS,) = FREESWITCH.files(SITE)
NOT_WRITTEN = {"equipment_description"}
"""Words for people only."""


def a_page(site: Site = SITE, **values: Any) -> Page:
    known = {"extension": "0027*001", "extension_name": "Ana", "sip_password": "s3cret"}
    return Page({**DEFAULTS, **known, **values}, site)


def user_of(page: Page) -> dict[str, str]:
    """The user as an XML parser reads the whole file: `@attribute`, `param`, `variable` → value."""
    blocks = {str(page.values["extension"]): FREESWITCH.blocks(page)[0]}
    root = etree.fromstring(join(USERS, blocks, "").encode())
    assert root.tag == "include"
    (user,) = root.findall("user")
    found = {f"@{name}": value for name, value in user.attrib.items()}
    for kind in ("param", "variable"):
        for one in user.findall(f"{kind}s/{kind}"):
            assert set(one.attrib) == {"name", "value"}
            assert one.get("name") not in found
            found[one.get("name", "")] = one.get("value", "")
    return found


def noted(page: Page) -> set[str]:
    return {note.field for note in FREESWITCH.notes(page)}


def test_the_setting_names_it_and_needs_nothing_else() -> None:
    field = SITE_FIELDS["pbx"]
    assert isinstance(field, Choice)
    assert field.parse("freeswitch") == "freeswitch"
    assert isinstance(pbx_of(SITE), FreeSwitch)
    assert check_site(SITE.model_copy(update={"publish_root": "/srv/phones"})) == []


def test_a_fresh_extension_is_a_user_with_password_context_and_codecs() -> None:
    assert user_of(a_page()) == {
        "@id": "0027*001",
        "allow-empty-password": "false",
        "password": "s3cret",
        "vm-enabled": "true",
        "user_context": "phones",
        "effective_caller_id_name": "Ana",
        "effective_caller_id_number": "0027*001",
        "absolute_codec_string": "PCMA,PCMU",
        "rtp_secure_media": "forbidden",
        "dtmf_type": "rfc2833",
        "bypass_media_after_bridge": "false",
        "sip-force-contact": "NDLB-connectile-dysfunction",
        "sip-force-expires": "3600",
    }
    assert noted(a_page()) == set()


FIXED = {"fixed_ip": "192.0.2.7"}
CASES: list[tuple[str, Any, dict[str, str | None], bool]] = [
    # preference, value, what of the user is so (None: absent), is something said
    ("media_encryption", "none", {"rtp_secure_media": "forbidden", "media_webrtc": None}, False),
    ("media_encryption", "sdes", {"rtp_secure_media": "mandatory", "media_webrtc": None}, False),
    (
        "media_encryption",
        "dtls_srtp",
        {"rtp_secure_media": "mandatory", "media_webrtc": "true"},
        True,
    ),
    ("media_encryption", "sdes_dtls_srtp", {"rtp_secure_media": "optional"}, True),
    ("dtmf_mode", "rfc2833", {"dtmf_type": "rfc2833"}, False),
    ("dtmf_mode", "info", {"dtmf_type": "info"}, False),
    ("dtmf_mode", "inband", {"dtmf_type": "none"}, True),
    ("dtmf_mode", "auto", {"dtmf_type": "rfc2833"}, True),
    ("pbx_connected", True, {}, True),
    ("ping", True, {}, True),
    ("allow_reinvite", True, {"bypass_media_after_bridge": "true"}, True),
    ("allow_reinvite", False, {"bypass_media_after_bridge": "false"}, False),
    ("on_private_network", True, {"sip-force-contact": None}, False),
    (
        "on_private_network",
        False,
        {"sip-force-contact": "NDLB-connectile-dysfunction"},
        False,
    ),
    ("publishes_state", True, {}, True),
    ("force_mwi", True, {}, True),
    ("codecs", "g722,alaw,opus", {"absolute_codec_string": "G722,PCMA,OPUS"}, False),
    ("codecs", "silk,g726", {"absolute_codec_string": "G726-32"}, True),
    (
        "allowed_networks",
        "192.0.2.0/24 198.51.100.7",
        {"auth-acl": "192.0.2.0/24,198.51.100.7/32", "@cidr": None},
        False,
    ),
    ("allow_virtualization", True, {}, True),
    (
        "fixed_ip",
        "192.0.2.7",
        {
            "dial-string": "sofia/internal/sip:0027*001@192.0.2.7:5060;transport=udp",
            "auth-acl": "192.0.2.7/32",
            "sip-forbid-register": "true",
            "sip-force-contact": None,
            "@cidr": None,
        },
        True,
    ),
]


@pytest.mark.parametrize(("field", "value", "expected", "said"), CASES)
def test_every_preference_is_written_or_said(
    field: str, value: Any, expected: dict[str, str | None], said: bool
) -> None:
    page = a_page(**{field: value})
    found = user_of(page)
    assert {name: found.get(name) for name in expected} == expected
    assert (field in noted(page)) is said


def test_the_table_holds_every_preference_and_every_choice_of_it() -> None:
    held = {(field, value) for field, value, _, _ in CASES}
    for name in (*SipPreferences.model_fields, *Virtualization.model_fields):
        field = FIELDS.get(name)
        if field is None or name in NOT_WRITTEN | {"secret_code"} | set(FIXED_ALONE):
            continue
        assert name in {known for known, _ in held}
        if isinstance(field, Choice):
            assert {(name, value) for value, _ in field.options} <= held
        if isinstance(field, Flag):
            assert (name, True) in held


FIXED_ALONE = {
    "fixed_port": (5080, "sofia/internal/sip:0027*001@192.0.2.7:5080;transport=udp"),
    "signaling_transport": ("tcp", "sofia/internal/sip:0027*001@192.0.2.7:5060;transport=tcp"),
    "fixed_auth": ("not_required", "sofia/internal/sip:0027*001@192.0.2.7:5060;transport=udp"),
}


@pytest.mark.parametrize("name", FIXED_ALONE)
def test_what_stands_beside_a_fixed_address_is_in_the_dial_string(name: str) -> None:
    value, dialled = FIXED_ALONE[name]
    assert user_of(a_page(**FIXED, **{name: value}))["dial-string"] == dialled


def test_a_fixed_phone_without_authentication_is_known_by_its_address() -> None:
    page = a_page(**FIXED, fixed_auth="not_required", sip_password="")
    found = user_of(page)
    assert found["@cidr"] == "192.0.2.7/32"
    assert "auth-acl" not in found
    assert found["allow-empty-password"] == "false"
    assert "password" not in found
    assert "fixed_auth" in noted(page)


def test_who_has_to_authenticate_needs_a_password() -> None:
    with pytest.raises(RenderError, match=r"0027\*001 has no SIP password"):
        FREESWITCH.blocks(a_page(sip_password=""))


def test_where_the_realm_is_known_the_password_is_hashed() -> None:
    site = SITE.model_copy(update={"pbx_realm": "pbx.example.com"})
    found = user_of(a_page(site, sip_username="ana"))
    digest = hashlib.md5(b"ana:pbx.example.com:s3cret").hexdigest()
    assert found["a1-hash"] == digest
    assert "password" not in found


def test_another_sip_user_name_keeps_the_number_as_an_alias() -> None:
    found = user_of(a_page(sip_username="ana"))
    assert (found["@id"], found["@number-alias"]) == ("ana", "0027*001")
    assert FREESWITCH.account(a_page(sip_username="ana")) == "ana"


def test_a_limit_is_a_variable_for_the_dialplan_and_said() -> None:
    page = a_page(max_public_concurrent_calls=2)
    assert user_of(page)["limit_max"] == "2"
    assert "max_public_concurrent_calls" in noted(page)


def test_networks_beyond_the_thirty_second_are_left_out_and_said() -> None:
    listed = [f"192.0.2.{number}" for number in range(40)]
    page = a_page(allowed_networks=" ".join(listed))
    assert user_of(page)["auth-acl"].split(",") == [f"{one}/32" for one in listed[:32]]
    assert "allowed_networks" in noted(page)


@given(st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), max_size=64))
def test_any_name_stays_one_value_in_which_no_variable_is_put(name: str) -> None:
    found = user_of(a_page(extension_name=name))
    shown = found["effective_caller_id_name"]
    assert len(shown) == len(name)
    assert not set('"<>\\{}') & set(shown)
    assert (shown == name) is ("extension_name" not in noted(a_page(extension_name=name)))


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=64))
def test_any_password_is_read_back_as_it_is(password: str) -> None:
    page = a_page(sip_password=password)
    assert user_of(page)["password"] == password
    # The preprocessor sees the text before XML does.
    assert "$" not in FREESWITCH.blocks(page)[0]


@pytest.mark.parametrize("password", ["-->", "$${domain}", "${x}", '"/><user id="x"/>', "a--b"])
def test_a_hostile_password_adds_nothing(password: str) -> None:
    found = user_of(a_page(sip_password=password))
    assert found == {**user_of(a_page()), "password": password}


def test_blocks_are_taken_out_of_the_file_as_they_were_put_in() -> None:
    pages = [a_page(extension=f"0027*{n:03}", sip_password=f"--> {n}") for n in range(1, 6)]
    blocks = {str(page.values["extension"]): FREESWITCH.blocks(page)[0] for page in pages}
    text = join(USERS, blocks, "the settings")
    assert split(USERS, text, "the settings") == blocks
    assert split(USERS, text, "other settings") is None
    assert split(USERS, text.replace("<include>", "<include >", 1), "the settings") is None
    assert len(etree.fromstring(text.encode()).findall("user")) == 5


def test_no_comment_of_the_file_holds_two_hyphens() -> None:
    text = join(USERS, {"0027*001": FREESWITCH.blocks(a_page())[0]}, "x")
    comments = [line for line in text.splitlines() if line.startswith("<!--")]
    assert len(comments) == 3
    assert [line for line in comments if "--" in line[4:-3]] == []


def test_masking_hides_the_password_in_clear_and_hashed() -> None:
    hashed = replace(a_page(), site=SITE.model_copy(update={"pbx_realm": "example"}))
    for page in (a_page(), hashed):
        block = FREESWITCH.blocks(page)[0]
        masked = FREESWITCH.masked(block, "********")
        assert masked.count("********") == 1
        assert "s3cret" not in masked
        assert hashlib.md5(b"0027*001:example:s3cret").hexdigest() not in masked
        assert masked.count("\n") == block.count("\n")


def a_console(directory: Path, answer: str) -> list[str]:
    """A command that writes down what it is asked and answers so."""
    program = directory / "fs_cli"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> {directory}/asked\necho "{answer}"\n')
    program.chmod(0o755)
    return [str(program)]


def test_a_reload_asks_the_console_to_read_the_xml_again(tmp_path: Path) -> None:
    FREESWITCH.reload(a_console(tmp_path, "+OK [Success]"))
    assert (tmp_path / "asked").read_text().split() == ["-x", "reloadxml"]


def test_a_reload_that_is_refused_says_what_the_console_said(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match=r"\[\[error near line 7\]\]"):
        FREESWITCH.reload(a_console(tmp_path, "-ERR [[error near line 7]]"))
