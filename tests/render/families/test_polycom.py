"""Polycom and Poly phones: master, device and site file as an XML parser of its own reads them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from lxml import etree

from tests.phones import HOSTILE_NAME, HOSTILE_PASSWORD, kind, notes_of, phone
from tuiprov.data.catalog import default_catalog
from tuiprov.data.page import LineUse, Phone
from tuiprov.data.site import Site
from tuiprov.render.engine import render

DESK = ("Polycom", "VVX411", "6.x")
OLD = ("Polycom", "SPIP650", "3.x")


def files(a_phone: Phone) -> dict[str, dict[str, str]]:
    """Each file's attributes. The parser refuses an attribute that stands twice."""
    read = {}
    for file in render(a_phone):
        root = etree.fromstring(file.data)
        assert len(root) == 0, "one element holds everything"
        read[file.name] = {str(name): str(value) for name, value in root.attrib.items()}
    return read


def settings(a_phone: Phone) -> dict[str, str]:
    """The device file."""
    return next(read for name, read in files(a_phone).items() if name.endswith("-user.cfg"))


def desk(**more: Any) -> dict[str, str]:
    return settings(phone(*DESK, **more))


def old(**more: Any) -> dict[str, str]:
    return settings(phone(*OLD, **more))


def two_lines(first: dict[str, Any], second: dict[str, Any]) -> dict[str, str]:
    """The settings of a phone whose two lines have different preferences."""
    a_phone = phone(*DESK, lines=2)
    one, two = a_phone.lines
    lines = (
        LineUse(1, {**one.extension, **first}),
        LineUse(2, {**two.extension, **second}),
    )
    return settings(replace(a_phone, lines=lines))


def ranks(read: dict[str, str]) -> dict[str, str]:
    head = "voice.codecPref."
    return {name.removeprefix(head): v for name, v in read.items() if name.startswith(head)}


def test_the_files_are_named_by_the_mac_in_lower_case() -> None:
    assert set(files(phone(*DESK))) == {
        "0004f2aabbcc.cfg",
        "0004f2aabbcc-user.cfg",
        "polycom-site.cfg",
    }


def test_the_first_file_is_the_master_that_the_phone_asks_for() -> None:
    first = render(phone(*DESK))[0]
    assert first.name == "0004f2aabbcc.cfg"
    assert etree.fromstring(first.data).tag == "APPLICATION"


@pytest.mark.parametrize("words", [DESK, OLD])
def test_the_master_lists_the_other_files_the_phones_own_first(words: tuple[str, str, str]) -> None:
    master, *others = render(phone(*words))
    listed = etree.fromstring(master.data).attrib["CONFIG_FILES"]
    assert listed == ", ".join(file.name for file in others)
    assert not others[0].shared
    assert others[1].shared


@pytest.mark.parametrize("words", [DESK, OLD])
def test_no_setting_stands_in_two_files(words: tuple[str, str, str]) -> None:
    _, device, shared = files(phone(*words)).values()
    assert not device.keys() & shared.keys()


def test_the_master_names_an_image_only_when_one_is_set() -> None:
    bare = files(phone(*DESK))["0004f2aabbcc.cfg"]
    exact = files(phone(*DESK, application_version="6.4.6.sip.ld"))["0004f2aabbcc.cfg"]
    assert bare["APP_FILE_PATH"] == ""
    assert exact["APP_FILE_PATH"] == "6.4.6.sip.ld"


def test_old_and_new_phones_never_share_a_site_file() -> None:
    assert not {f.name for f in render(phone(*DESK))[2:]} & {f.name for f in render(phone(*OLD))}


def test_the_site_file_names_the_time_server_against_dhcp() -> None:
    site = files(phone(*DESK))["polycom-site.cfg"]
    assert site["tcpIpApp.sntp.address"] == "pool.ntp.org"
    assert site["tcpIpApp.sntp.address.overrideDHCP"] == "1"


def test_a_site_without_time_server_leaves_the_phones_own() -> None:
    site = files(phone(*DESK, site=Site(ntp_server="")))["polycom-site.cfg"]
    assert not [name for name in site if "sntp" in name]


def test_the_account_is_written_for_each_line() -> None:
    read = desk(lines=2)
    assert read["reg.2.address"] == read["reg.2.auth.userId"] == "0027*002"
    assert read["reg.2.auth.password"] == "v7Qm2RkT9xW2"
    assert read["reg.2.displayName"] == "Alice 2"
    assert read["reg.2.label"] == "002"


def test_a_line_registers_at_the_server_for_as_long_as_the_site_says() -> None:
    read = desk(site=Site(sip_server="192.0.2.10", sip_port=5070, register_expiry=600))
    assert read["reg.1.server.1.address"] == "192.0.2.10"
    assert read["reg.1.server.1.port"] == "5070"
    assert read["reg.1.server.1.expires"] == "600"
    assert read["reg.1.server.1.register"] == "1"


def test_a_line_at_a_fixed_ip_does_not_register() -> None:
    assert desk(sip={"fixed_ip": "192.0.2.40"})["reg.1.server.1.register"] == "0"


def test_an_outbound_proxy_is_written_when_the_site_has_one() -> None:
    read = desk(site=Site(outbound_proxy="sbc.example.com", outbound_proxy_port=5080))
    assert read["reg.1.outboundProxy.address"] == "sbc.example.com"
    assert read["reg.1.outboundProxy.port"] == "5080"
    assert read["reg.1.outboundProxy.transport"] == "UDPOnly"
    assert "reg.1.outboundProxy.address" not in desk()


@pytest.mark.parametrize(
    ("mode", "via_rtp", "rfc2833", "info"),
    [
        ("rfc2833", "1", "1", "0"),
        ("inband", "1", "0", "0"),
        ("info", "0", "0", "1"),
        ("auto", "1", "1", "0"),
    ],
)
def test_each_dtmf_mode_is_three_settings(mode: str, via_rtp: str, rfc2833: str, info: str) -> None:
    read = desk(sip={"dtmf_mode": mode})
    assert read["tone.dtmf.viaRtp"] == via_rtp
    assert read["tone.dtmf.rfc2833Control"] == rfc2833
    assert read["voIpProt.SIP.dtmfViaSignaling.rfc2976"] == info


@pytest.mark.parametrize(("chosen", "value"), [("none", "0"), ("sdes", "1"), ("dtls_srtp", "0")])
def test_media_encryption_is_enabled_offered_and_required_together(chosen: str, value: str) -> None:
    read = desk(sip={"media_encryption": chosen})
    for scope in ("sec.srtp", "reg.1.srtp"):
        assert {read[f"{scope}.{word}"] for word in ("enable", "offer", "require")} == {value}


def test_the_phone_requires_encryption_only_when_all_its_lines_do() -> None:
    read = two_lines({"media_encryption": "sdes"}, {"media_encryption": "none"})
    assert (read["sec.srtp.enable"], read["sec.srtp.require"]) == ("1", "0")
    assert (read["reg.1.srtp.require"], read["reg.2.srtp.require"]) == ("1", "0")


@pytest.mark.parametrize(("chosen", "word"), [("udp", "UDPOnly"), ("tcp", "TCPOnly")])
def test_the_transport_is_a_setting_of_the_line(chosen: str, word: str) -> None:
    assert desk(sip={"signaling_transport": chosen})["reg.1.server.1.transport"] == word


def test_two_lines_may_have_two_transports() -> None:
    read = two_lines({"signaling_transport": "tcp"}, {"signaling_transport": "udp"})
    assert read["reg.1.server.1.transport"] == "TCPOnly"
    assert read["reg.2.server.1.transport"] == "UDPOnly"


def test_codecs_are_ranked_and_the_others_shut() -> None:
    assert ranks(desk(sip={"codecs": "g722,alaw,gsm,opus"})) == {
        "G722": "1",
        "G711_A": "2",
        "Opus": "3",
        "G711_Mu": "0",
        "G729_AB": "0",
        "iLBC.13_33kbps": "0",
    }


def test_codecs_that_nobody_can_choose_are_shut_for_the_site() -> None:
    assert set(ranks(files(phone(*DESK))["polycom-site.cfg"]).values()) == {"0"}


def test_the_codecs_of_all_lines_are_allowed() -> None:
    ranked = ranks(two_lines({"codecs": "alaw,ulaw"}, {"codecs": "g722,ulaw"}))
    assert [ranked[name] for name in ("G711_A", "G711_Mu", "G722")] == ["1", "2", "3"]


def test_every_codec_of_the_catalogue_is_in_the_list_that_shuts_codecs() -> None:
    for phone_type in default_catalog().types():
        if phone_type.manufacturer == "Polycom":
            known = {str(word) for word in phone_type.facts.terms["codecs"].values()}
            assert known == set(phone_type.facts.names["codecs"].split())


def test_message_waiting_is_asked_for_unless_it_is_forced() -> None:
    assert desk()["msg.mwi.1.subscribe"] == "0027*001"
    assert desk(sip={"force_mwi": True})["msg.mwi.1.subscribe"] == ""


def test_the_message_key_dials_the_voicemail_number() -> None:
    assert desk()["msg.mwi.1.callBackMode"] == "contact"
    assert desk()["msg.mwi.1.callBack"] == "*97"
    assert desk(site=Site(voicemail_number=""))["msg.mwi.1.callBackMode"] == "disabled"


def test_the_admin_password_comes_with_its_set_companion() -> None:
    read = desk(admin_password="84512973")
    assert read["device.auth.localAdminPassword"] == "84512973"
    assert read["device.auth.localAdminPassword.set"] == "1"
    assert "device.auth.localAdminPassword" not in desk(password_generation="none")


@pytest.mark.parametrize("words", [DESK, OLD, ("Polycom", "EdgeE220", "PVOS 8")])
def test_every_device_setting_has_its_set_companion(words: tuple[str, str, str]) -> None:
    read = settings(phone(*words))
    assert read["device.set"] == "1"
    named = {name for name in read if name.startswith("device.") and not name.endswith("set")}
    assert named
    assert all(read[f"{name}.set"] == "1" for name in named)


def test_the_factory_password_is_refused() -> None:
    login = kind(*DESK).facts.admin_login
    assert login is not None
    assert login.username == "Polycom"
    assert login.password.reason_against("456")
    assert not login.password.reason_against("84512973")


def test_the_phone_polls_after_so_many_seconds() -> None:
    read = desk(update_interval=86400)
    assert read["prov.polling.enabled"] == "1"
    assert read["prov.polling.mode"] == "rel"
    assert read["prov.polling.period"] == "86400"


def test_the_interval_is_longer_than_an_hour() -> None:
    interval = kind(*DESK).facts.interval
    assert interval is not None
    assert (interval.unit, interval.low) == ("seconds", 3601)
    assert interval.default > 3600


@pytest.mark.parametrize(
    ("protocol", "word", "server"),
    [
        ("https", "HTTPS", "prov.example.com:8443/prov/0004f2aabbcc"),
        ("http", "HTTP", "prov.example.com/prov/0004f2aabbcc"),
        ("tftp", "TFTP", "prov.example.com"),
    ],
)
def test_the_provisioning_server_is_host_and_path_without_scheme(
    protocol: str, word: str, server: str
) -> None:
    read = desk(update_protocol=protocol, site=Site(https_port=8443))
    assert read["device.prov.serverType"] == word
    assert read["device.prov.serverName"] == server


def test_parking_lamps_are_park_orbits_of_the_resource_list() -> None:
    read = desk(parking_watch_lines=2)
    assert read["attendant.reg"] == "1"
    assert read["attendant.resourceList.2.address"] == "*0027*22"
    assert read["attendant.resourceList.2.label"] == "Park 2"
    assert read["attendant.resourceList.2.type"] == "automata"
    assert not [name for name in desk() if name.startswith("attendant.")]


@pytest.mark.parametrize("model", ["SPIP321", "SSIP6000"])
def test_a_phone_without_lamp_keys_says_so(model: str) -> None:
    keyless = phone("Polycom", model, "4.x", parking_watch_lines=2)
    assert not [name for name in settings(keyless) if name.startswith("attendant.")]
    assert [note.field for note in notes_of(keyless)] == ["parking_watch_lines"]


@pytest.mark.parametrize(
    ("model", "firmware", "profile"),
    [("VVX411", "4.x", None), ("VVX411", "5.x", "Generic"), ("CCX500", "8.x", "Generic")],
)
def test_newer_phones_are_taken_out_of_the_teams_profile(
    model: str, firmware: str, profile: str | None
) -> None:
    assert settings(phone("Polycom", model, firmware)).get("device.baseProfile") == profile


def test_opus_came_after_4_x() -> None:
    early = phone("Polycom", "VVX411", "4.x", sip={"codecs": "opus,alaw"})
    assert ranks(settings(early))["G711_A"] == "1"
    assert "Opus" not in ranks(settings(early))
    assert [note.field for note in notes_of(early)] == ["codecs"]


def test_sip_3_has_its_own_codec_names_and_an_empty_value_shuts_one() -> None:
    ranked = ranks(old(sip={"codecs": "g722,ulaw"}))
    assert ranked["IP_650.G722"] == "1"
    assert ranked["IP_650.G711Mu"] == ranked["G711Mu"] == "2"
    assert ranked["IP_650.G711A"] == ranked["G729AB"] == ""
    assert not [name for name in ranked if "_A" in name or "_Mu" in name]


def test_sip_3_has_no_dtmf_by_info_and_says_so() -> None:
    asked = phone(*OLD, sip={"dtmf_mode": "info"})
    assert not [name for name in settings(asked) if "rfc2976" in name]
    assert settings(asked)["tone.dtmf.rfc2833Control"] == "1"
    assert [note.field for note in notes_of(asked)] == ["dtmf_mode"]


def test_sip_3_names_the_server_type_by_its_number() -> None:
    assert old(update_protocol="tftp")["device.prov.serverType"] == "1"
    assert old(update_protocol="https")["device.prov.serverType"] == "3"


def test_sip_3_encrypts_for_the_whole_phone() -> None:
    read = old(sip={"media_encryption": "sdes"})
    assert read["sec.srtp.require"] == "1"
    assert not [name for name in read if name.startswith("reg.1.srtp")]


def test_what_the_phone_lacks_is_said() -> None:
    preferences = {"dtmf_mode": "auto", "media_encryption": "dtls_srtp", "codecs": "alaw,gsm"}
    fields = [note.field for note in notes_of(phone(*DESK, sip=preferences))]
    assert fields == ["dtmf_mode", "media_encryption", "codecs"]


@pytest.mark.parametrize("words", [DESK, OLD])
def test_a_hostile_name_stays_one_value(words: tuple[str, str, str]) -> None:
    hostile = phone(*words, sip={"extension_name": HOSTILE_NAME, "sip_password": HOSTILE_PASSWORD})
    read = settings(hostile)
    assert read["reg.1.displayName"] == HOSTILE_NAME
    assert read["reg.1.auth.password"] == HOSTILE_PASSWORD
    assert read.keys() == settings(phone(*words)).keys()


def test_other_spellings_are_understood() -> None:
    assert kind("Polycom", "VVX 411", "6.4").model == "VVX411"
    assert kind("Polycom", "SoundPoint IP 650", "3.2.4").model == "SPIP650"
    assert kind("Polycom", "Edge E220", "PVOS 8").model == "EdgeE220"


def test_obi_edition_phones_are_not_listed() -> None:
    assert not [name for name in default_catalog().models("Polycom") if "D230" in name]


# -- Global preferences: admin guide SIP 2.2, A-53 ---


def of_the_place(read: dict[str, str]) -> dict[str, str]:
    """What the Global preferences wrote, by the names' last words."""
    head = "tcpIpApp.sntp."
    mine = {name: v for name, v in read.items() if name.startswith((head, "lcl."))}
    return {name.removeprefix(head): v for name, v in mine.items()}


@pytest.mark.parametrize("words", [DESK, OLD, ("Polycom", "EdgeE220", "PVOS 8")])
def test_a_site_that_says_nothing_of_the_place_writes_nothing(words: tuple[str, str, str]) -> None:
    assert of_the_place(settings(phone(*words))) == {}


@pytest.mark.parametrize("words", [DESK, OLD, ("Polycom", "EdgeE220", "PVOS 8")])
@pytest.mark.parametrize(
    ("zone", "offset", "start", "stop"),
    [
        ("Europe/Athens", "7200", "3 22 3 1 1", "10 22 4 1 1"),
        ("America/Chicago", "-21600", "3 8 2 1 0", "11 1 2 1 0"),
        ("Australia/Sydney", "36000", "10 1 2 1 0", "4 1 3 1 0"),
    ],
)
def test_daylight_saving_begins_and_ends_on_a_weekday_of_a_month(
    words: tuple[str, str, str], zone: str, offset: str, start: str, stop: str
) -> None:
    found = of_the_place(settings(phone(*words, site=Site(time_zone=zone))))
    assert (found["gmtOffset"], found["gmtOffset.overrideDHCP"]) == (offset, "1")
    dst = {n.removeprefix("daylightSavings."): v for n, v in found.items() if "day" in n}
    assert (dst.pop("enable"), dst.pop("fixedDayEnable")) == ("1", "0")
    parts = ("month", "date", "time", "dayOfWeek", "dayOfWeek.lastInMonth")
    for name, expected in (("start", start), ("stop", stop)):
        assert " ".join(dst.pop(f"{name}.{part}") for part in parts) == expected
    assert dst == {}


def test_a_zone_without_daylight_saving_switches_it_off() -> None:
    found = of_the_place(desk(site=Site(time_zone="Asia/Kolkata")))
    off = {"gmtOffset": "19800", "gmtOffset.overrideDHCP": "1", "daylightSavings.enable": "0"}
    assert found == off


@pytest.mark.parametrize(
    ("language", "word"), [("en", "English_United_Kingdom"), ("nl", "Dutch_Netherlands")]
)
def test_a_language_is_its_dictionarys_name(language: str, word: str) -> None:
    assert of_the_place(desk(site=Site(language=language))) == {"lcl.ml.lang": word}


def test_tones_phonebook_and_other_languages_are_told() -> None:
    site = Site(language="ja", tone_country="DE", phonebook_url="http://pbx.example.com/book.xml")
    one = phone(*DESK, site=site)
    assert of_the_place(settings(one)) == {}
    assert [note.field for note in notes_of(one)] == ["language", "tone_country", "phonebook_url"]
