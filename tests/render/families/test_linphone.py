"""Linphone: what lxml reads from the file is what the page says, by its own sections and keys."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from tests.phones import HOSTILE_NAME, HOSTILE_PASSWORD, kind, notes_of, phone
from tests.publish.helpers import plan_of, put
from tuiprov.data.page import Page, Phone
from tuiprov.data.sections import DEFAULTS
from tuiprov.data.site import Site
from tuiprov.publish.grouping import settings as settings_that_change
from tuiprov.render import links
from tuiprov.render.bootstrap import bootstrap
from tuiprov.render.engine import RenderedFile, parse_back, render
from tuiprov.render.trace import lines_of

LINPHONE = ("Linphone", "Desktop", "5.x")
NAMESPACE = "{http://www.linphone.org/xsds/lpconfig.xsd}"
Sections = dict[str, dict[str, str]]


def a_phone(**values: Any) -> Phone:
    return phone(*LINPHONE, **values)


def file_of(a: Phone) -> RenderedFile:
    (file,) = render(a)
    return file


def read(data: bytes) -> Sections:
    """Section → key → value as Linphone reads them; every entry must overwrite."""
    root = etree.fromstring(data)
    assert root.tag == f"{NAMESPACE}config"
    sections: Sections = {}
    for section in root:
        assert section.tag == f"{NAMESPACE}section"
        entries = [entry for entry in section if isinstance(entry.tag, str)]
        assert [entry.tag for entry in entries] == [f"{NAMESPACE}entry"] * len(section)
        assert {entry.get("overwrite") for entry in entries} == {"true"}
        pairs = [(entry.get("name"), entry.text or "") for entry in entries]
        assert len(dict(pairs)) == len(pairs)
        assert section.get("name") not in sections
        sections[section.get("name")] = dict(pairs)
    return sections


def sections(a: Phone) -> Sections:
    return read(file_of(a).data)


def of(section: str, key: str, **values: Any) -> str:
    return sections(a_phone(**values))[section][key]


@pytest.mark.parametrize("model", ["Desktop", "Android", "iOS"])
def test_one_file_in_the_device_s_own_directory_is_the_link_itself(model: str) -> None:
    one = phone("Linphone", model, "5.x")
    assert file_of(one).path == f"http/{one.token}/linphone.xml"
    link = links.link(one, kind("Linphone", model, "5.x"))
    assert link == f"https://prov.example.com/prov/{one.token}/linphone.xml"
    assert sections(one)["misc"] == {"config-uri": link}


def test_an_account_is_an_identity_its_registrar_and_its_login() -> None:
    found = sections(a_phone())
    assert found["proxy_0"] == {
        "reg_identity": '"Alice 1" <sip:0027*001@pbx.example.com>',
        "reg_proxy": "<sip:pbx.example.com:5060;transport=udp>",
        "reg_route": "",
        "reg_expires": "3600",
        "reg_sendregister": "1",
        "realm": "",
        "mwi_server_uri": "sip:0027*001@pbx.example.com",
        "voicemail_uri": "sip:*97@pbx.example.com",
    }
    assert found["auth_info_0"] == {
        "username": "0027*001",
        "userid": "0027*001",
        "ha1": "",
        "passwd": "v7Qm2RkT9xW1",
        "realm": "",
        "domain": "pbx.example.com",
    }


def test_an_old_digest_is_deleted_before_the_password_comes() -> None:
    """Else the phone logs in by what it remembers of the old password."""
    assert list(sections(a_phone())["auth_info_0"]).index("ha1") < list(
        sections(a_phone())["auth_info_0"]
    ).index("passwd")


def test_lines_are_accounts_in_their_order_and_the_others_are_emptied() -> None:
    two = a_phone(lines=2)
    moved = replace(two, lines=(two.lines[0], replace(two.lines[1], number=5)))
    found = sections(moved)
    names = [found[f"auth_info_{n}"]["username"] for n in range(8)]
    assert names == ["0027*001", "0027*002", *[""] * 6]
    assert [found[f"proxy_{n}"]["reg_sendregister"] for n in range(8)] == ["1", "1", *"000000"]
    spare = {"reg_identity": "", "reg_proxy": "", "reg_sendregister": "0"}
    assert found["proxy_2"] == spare
    assert found["auth_info_7"] == {"username": "", "ha1": "", "passwd": ""}


def test_all_its_lines_can_be_in_use() -> None:
    found = sections(a_phone(lines=8))
    assert all(found[f"auth_info_{n}"]["passwd"] == f"v7Qm2RkT9xW{n + 1}" for n in range(8))


def test_a_name_is_a_quoted_string_of_sip() -> None:
    identity = of("proxy_0", "reg_identity", sip={"extension_name": HOSTILE_NAME})
    quoted = re.fullmatch(r'"((?:[^"\\]|\\.)*)" <sip:0027\*001@pbx\.example\.com>', identity)
    assert quoted is not None
    assert re.sub(r"\\(.)", r"\1", quoted[1]) == HOSTILE_NAME


def test_a_password_is_itself() -> None:
    for password in (HOSTILE_PASSWORD, """p<&>"';x""", "two  blanks", "]]>", "&amp;", "\\n"):
        assert of("auth_info_0", "passwd", sip={"sip_password": password}) == password


def test_an_outbound_proxy_is_a_loose_route() -> None:
    site = Site(outbound_proxy="edge.example.com", outbound_proxy_port=5070)
    route = of("proxy_0", "reg_route", site=site)
    assert route == "<sip:edge.example.com:5070;transport=udp;lr>"


def test_a_fixed_address_does_not_register_and_brings_its_transport() -> None:
    fixed = {"fixed_ip": "192.0.2.40", "signaling_transport": "tcp"}
    found = sections(a_phone(sip=fixed))["proxy_0"]
    assert found["reg_sendregister"] == "0"
    assert found["reg_proxy"] == "<sip:pbx.example.com:5060;transport=tcp>"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("none", ("none", "0")),
        ("sdes", ("srtp", "1")),
        ("dtls_srtp", ("dtls", "1")),
        ("sdes_dtls_srtp", ("srtp", "1")),
    ],
)
def test_media_encryption_is_a_method_that_is_mandatory(
    value: str, written: tuple[str, str]
) -> None:
    found = sections(a_phone(sip={"media_encryption": value}))["sip"]
    assert (found["media_encryption"], found["media_encryption_mandatory"]) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [("rfc2833", "10"), ("info", "01"), ("inband", "00"), ("auto", "10")],
)
def test_dtmf_is_two_switches(value: str, written: str) -> None:
    found = sections(a_phone(sip={"dtmf_mode": value}))["sip"]
    assert found["use_rfc2833"] + found["use_info"] == written


def codecs(**sip: Any) -> list[tuple[str, str, str, str]]:
    found = sections(a_phone(sip=sip))
    names = sorted((n for n in found if n.startswith("audio_codec_")), key=lambda n: int(n[12:]))
    assert names == [f"audio_codec_{n}" for n in range(len(names))]
    keys = ("mime", "rate", "channels", "enabled")
    assert all(tuple(found[name]) == keys for name in names)
    return [(*(found[name][key] for key in keys),) for name in names]  # type: ignore[misc]


def test_codecs_come_in_their_order_and_all_others_are_off() -> None:
    found = codecs(codecs="g722,opus,alaw")
    assert found[:3] == [
        ("G722", "8000", "1", "1"),
        ("opus", "48000", "2", "1"),
        ("PCMA", "8000", "1", "1"),
    ]
    assert {one[3] for one in found[3:]} == {"0"}
    assert ("PCMU", "8000", "1", "0") in found
    assert len({one[:3] for one in found}) == len(found) == 19


def test_with_force_mwi_the_phone_does_not_ask_for_it() -> None:
    assert of("proxy_0", "mwi_server_uri", sip={"force_mwi": True}) == ""


def test_a_voicemail_number_with_a_hash_sign_is_escaped_as_an_address_of_sip_wants_it() -> None:
    found = of("proxy_0", "voicemail_uri", site=Site(voicemail_number="*98#1"))
    assert found == "sip:*98%231@pbx.example.com"


def test_without_a_voicemail_number_there_is_none() -> None:
    assert of("proxy_0", "voicemail_uri", site=Site(voicemail_number="")) == ""


def test_a_device_without_an_extension_has_no_account() -> None:
    found = sections(replace(a_phone(), lines=()))
    assert found["proxy_0"]["reg_sendregister"] == "0"
    assert "sip" not in found
    assert "audio_codec_0" not in found


def test_the_first_file_of_an_enrolment_has_the_steady_link_and_registers_nothing() -> None:
    (first,) = bootstrap(replace(a_phone(), first_token="f" * 32))
    found = read(first.data)
    assert found["misc"]["config-uri"].endswith(f"/{a_phone().token}/linphone.xml")
    assert found["auth_info_0"]["passwd"] == ""
    assert found["proxy_0"]["reg_sendregister"] == "0"


def test_where_a_login_is_asked_for_the_link_that_holds_it_is_left_alone() -> None:
    assert "misc" not in sections(a_phone(site=Site(http_authentication="digest")))


# -- what is said, shown and hidden -------------------------------------------------------------


def said(**values: Any) -> dict[str, str]:
    return {note.field: note.sentence for note in notes_of(a_phone(**values))}


def test_nothing_is_said_of_what_it_can_do() -> None:
    every = {"media_encryption": "dtls_srtp", "dtmf_mode": "info", "codecs": "opus,g722,gsm"}
    assert said(lines=2, sip=every) == {}


def test_what_it_cannot_do_is_said() -> None:
    assert said(sip={"codecs": "alaw,ilbc"})["codecs"] == (
        "Linphone Desktop has no ilbc: left out of its codecs"
    )
    local = said(site=Site(time_zone="Europe/Berlin", phonebook_url="https://x.test/p.xml"))
    assert local == {
        "time_zone": "Linphone Desktop has the clock of its host: Time zone has no effect on it",
        "phonebook_url": "Linphone Desktop has no known setting for a phonebook in XML: "
        "Phonebook URL has no effect on it",
    }


@pytest.mark.parametrize("name", ["media_encryption", "dtmf_mode", "codecs"])
def test_lines_that_differ_in_what_it_has_once_are_told(name: str) -> None:
    other = {"media_encryption": "sdes", "dtmf_mode": "info", "codecs": "opus"}[name]
    both = a_phone(lines=2)
    second = replace(both.lines[1], extension={**both.lines[1].extension, name: other})
    found = {note.field for note in notes_of(replace(both, lines=(both.lines[0], second)))}
    assert found == {name}


def traced(field: str) -> list[str]:
    """The keys of the lines that `field` makes."""
    one = a_phone()
    values = {**DEFAULTS, **one.lines[0].extension, **one.values}
    page = Page({**values, "line": 1, "use_provisioning": True}, Site(), token=one.token)
    assert page.phone is not None
    files = render(page.phone)
    lines = files[0].text.splitlines()
    (numbers,) = lines_of(field, page, files).values()
    return [re.findall(r'entry name="([^"]*)"', lines[n])[0] for n in sorted(numbers)]


@pytest.mark.parametrize(
    ("field", "keys"),
    [
        ("extension_name", ["reg_identity"]),
        ("sip_password", ["passwd"]),
        ("media_encryption", ["media_encryption", "media_encryption_mandatory"]),
        ("dtmf_mode", ["use_rfc2833", "use_info"]),
        ("force_mwi", ["mwi_server_uri"]),
        ("signaling_transport", ["reg_proxy"]),
        ("update_protocol", ["config-uri"]),
    ],
)
def test_the_lines_of_a_field_are_those_that_it_makes(field: str, keys: list[str]) -> None:
    assert traced(field) == keys


def test_a_plan_hides_passwords_old_and_new_and_names_what_changes(tmp_path: Path) -> None:
    before = [a_phone(friendly_name="One"), replace(a_phone(), token="1" * 32)]
    put(tmp_path, *(replace(one, device_id=n) for n, one in enumerate(before)))
    changed = {"sip_password": "n3wSecretWord", "media_encryption": "sdes"}
    after = [a_phone(sip=changed), replace(a_phone(sip=changed), token="1" * 32)]
    plan = plan_of(tmp_path, (replace(one, device_id=n) for n, one in enumerate(after)))
    shown = "\n".join(line for change in plan.changes for line in change.diff())
    assert "n3wSecretWord" not in shown
    assert "v7Qm2RkT9xW1" not in shown
    assert '-    <entry name="passwd" overwrite="true">******** (before)</entry>' in shown
    assert '+    <entry name="passwd" overwrite="true">********</entry>' in shown
    assert [one.words() for one in settings_that_change(plan)] == [
        "2 phones change section[auth_info_0]/entry[passwd]",
        "2 phones change section[sip]/entry[media_encryption]",
        "2 phones change section[sip]/entry[media_encryption_mandatory]",
    ]


def test_the_password_of_an_account_that_is_gone_is_hidden_too(tmp_path: Path) -> None:
    two = replace(a_phone(lines=2), device_id=1)
    put(tmp_path, two)
    plan = plan_of(tmp_path, [replace(two, lines=two.lines[:1])])
    (change,) = plan.changes
    assert "v7Qm2RkT9xW2" not in "\n".join(change.diff())


def test_settings_are_read_back_without_the_namespace() -> None:
    assert parse_back(file_of(a_phone()))["config/section[sip]/entry[use_info]"] == "0"
