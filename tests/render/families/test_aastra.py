"""Aastra and Mitel SIP phones: what is in the file is what the phone will do."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from tests.phones import HOSTILE_NAME, HOSTILE_PASSWORD, kind, notes_of, phone
from tuiprov.data.catalog import default_catalog
from tuiprov.data.page import LineUse, Phone
from tuiprov.data.site import Site
from tuiprov.render.engine import render

DESK = ("Aastra", "6731i", "3.3.1")
_LINE = re.compile(r'([^:"#]+): (?:"([^"]*)"|([^"#\s]+))$')


def files(a_phone: Phone) -> dict[str, str]:
    return {file.name: file.text for file in render(a_phone)}


def settings(a_phone: Phone) -> dict[str, str]:
    """The device file as the phone reads it: `name: value` or `name: "value"`, `#` a comment."""
    read: dict[str, str] = {}
    for line in render(a_phone)[0].text.splitlines():
        if line.startswith("#"):
            continue
        found = _LINE.match(line)
        assert found, line
        assert found[1] not in read, line
        read[found[1]] = found[2] if found[2] is not None else found[3]
    return read


def desk(**more: Any) -> dict[str, str]:
    return settings(phone(*DESK, **more))


def two_lines(first: dict[str, Any], second: dict[str, Any]) -> dict[str, str]:
    """The settings of a phone whose two lines have different preferences."""
    a_phone = phone(*DESK, lines=2)
    one, two = a_phone.lines
    lines = (
        LineUse(1, {**one.extension, **first}),
        LineUse(2, {**two.extension, **second}),
    )
    return settings(replace(a_phone, lines=lines))


def test_the_device_file_is_named_by_the_mac_in_upper_case() -> None:
    assert set(files(phone(*DESK))) == {"00085DAABBCC.cfg", "aastra.cfg"}


@pytest.mark.parametrize(
    ("manufacturer", "model", "firmware", "shared"),
    [
        ("Aastra", "480i", "1.4", {"aastra.cfg"}),
        ("Aastra", "6757i", "2.x", {"aastra.cfg"}),
        ("Aastra", "6757i", "3.3.1", {"aastra.cfg"}),
        ("Mitel", "6867i", "4.x", {"aastra.cfg", "startup.cfg"}),
        ("Mitel", "6920", "6.x", {"startup.cfg"}),
    ],
)
def test_the_shared_file_has_the_name_its_generation_asks_for(
    manufacturer: str, model: str, firmware: str, shared: set[str]
) -> None:
    named = {file.name for file in render(phone(manufacturer, model, firmware)) if file.shared}
    assert named == shared


def test_the_shared_file_is_never_empty() -> None:
    bare = Site(ntp_server="", voicemail_number="")
    assert "contact rcs: 0" in files(phone(*DESK, site=bare))["aastra.cfg"]


def test_the_shared_file_names_the_time_server() -> None:
    assert "time server1: pool.ntp.org" in files(phone(*DESK))["aastra.cfg"].splitlines()


def test_startup_and_aastra_cfg_are_the_same_text() -> None:
    both = files(phone("Mitel", "6867i", "4.x"))
    assert both["startup.cfg"] == both["aastra.cfg"] == files(phone(*DESK))["aastra.cfg"]


def test_the_account_is_written_for_each_line() -> None:
    read = desk(lines=2)
    assert read["sip line2 user name"] == "0027*002"
    assert read["sip line2 auth name"] == "0027*002"
    assert read["sip line2 password"] == "v7Qm2RkT9xW2"
    assert read["sip line2 display name"] == "Alice 2"
    assert read["sip line2 screen name"] == "Alice 2"


def test_a_line_registers_at_the_server_for_as_long_as_the_site_says() -> None:
    read = desk(site=Site(sip_server="192.0.2.10", sip_port=5070, register_expiry=600))
    assert read["sip line1 proxy ip"] == read["sip line1 registrar ip"] == "192.0.2.10"
    assert read["sip line1 proxy port"] == read["sip line1 registrar port"] == "5070"
    assert read["sip line1 registration period"] == "600"


def test_a_line_at_a_fixed_ip_has_no_registrar_but_keeps_its_proxy() -> None:
    read = desk(sip={"fixed_ip": "192.0.2.40"})
    assert read["sip line1 registrar ip"] == "0.0.0.0"
    assert "sip line1 registration period" not in read
    assert read["sip line1 proxy ip"] == "pbx.example.com"


def test_an_outbound_proxy_is_written_when_the_site_has_one() -> None:
    read = desk(site=Site(outbound_proxy="sbc.example.com", outbound_proxy_port=5080))
    assert read["sip line1 outbound proxy"] == "sbc.example.com"
    assert read["sip line1 outbound proxy port"] == "5080"
    assert "sip line1 outbound proxy" not in desk()


@pytest.mark.parametrize(
    ("mode", "method", "out_of_band"),
    [("rfc2833", "0", "1"), ("inband", "0", "0"), ("info", "1", "0"), ("auto", "0", "1")],
)
def test_each_dtmf_mode_is_the_pair_of_the_vendors_matrix(
    mode: str, method: str, out_of_band: str
) -> None:
    read = desk(sip={"dtmf_mode": mode})
    assert read["sip line1 dtmf method"] == method
    assert read["sip out-of-band dtmf"] == out_of_band


def test_one_line_with_rfc2833_turns_it_on_for_the_whole_phone() -> None:
    read = two_lines({"dtmf_mode": "info"}, {"dtmf_mode": "rfc2833"})
    assert read["sip out-of-band dtmf"] == "1"
    assert (read["sip line1 dtmf method"], read["sip line2 dtmf method"]) == ("1", "0")


@pytest.mark.parametrize(("chosen", "mode"), [("none", "0"), ("sdes", "2"), ("dtls_srtp", "0")])
def test_media_encryption_is_a_setting_of_the_line(chosen: str, mode: str) -> None:
    assert desk(sip={"media_encryption": chosen})["sip line1 srtp mode"] == mode


@pytest.mark.parametrize(("chosen", "protocol"), [("udp", "1"), ("tcp", "2")])
def test_the_transport_is_a_setting_of_the_phone(chosen: str, protocol: str) -> None:
    assert desk(sip={"signaling_transport": chosen})["sip transport protocol"] == protocol


def test_lines_with_different_transports_make_the_phone_speak_both() -> None:
    read = two_lines({"signaling_transport": "udp"}, {"signaling_transport": "tcp"})
    assert read["sip transport protocol"] == "0"


def test_codecs_stand_in_their_order_and_unknown_ones_are_left_out() -> None:
    read = desk(sip={"codecs": "g722,alaw,opus,g729"})
    payloads = re.findall(r"payload=(\d+);ptime=20;silsupp=off", read["sip customized codec"])
    assert payloads == ["9", "8", "18"]
    assert read["sip use basic codecs"] == "0"


def test_the_codecs_of_all_lines_are_allowed_once_each() -> None:
    read = two_lines({"codecs": "alaw,ulaw"}, {"codecs": "ulaw,g729"})
    assert re.findall(r"payload=(\d+)", read["sip customized codec"]) == ["8", "0", "18"]


def test_message_waiting_is_asked_for_unless_it_is_forced() -> None:
    assert desk()["sip explicit mwi subscription"] == "1"
    assert desk(sip={"force_mwi": True})["sip explicit mwi subscription"] == "0"
    assert desk()["sip line1 vmail"] == "*97"


def test_the_admin_password_is_written_when_there_is_one() -> None:
    assert desk(admin_password="482913")["admin password"] == "482913"
    assert "admin password" not in desk(password_generation="none")


@pytest.mark.parametrize("password", ["4294967296", "secret12", "12 34", ""])
def test_a_password_the_phone_would_replace_by_its_default_is_refused(password: str) -> None:
    login = kind(*DESK).facts.admin_login
    assert login is not None
    assert login.username == "admin"
    assert login.password.reason_against(password)


def test_random_passwords_are_numbers_the_phone_takes() -> None:
    login = kind(*DESK).facts.admin_login
    assert login is not None
    for _ in range(50):
        assert not login.password.reason_against(login.password.random())


def test_the_update_interval_is_in_days() -> None:
    assert kind(*DESK).facts.interval is not None
    assert desk(update_interval=10)["auto resync days"] == "10"
    assert desk()["auto resync mode"] == "1"


@pytest.mark.parametrize(
    ("protocol", "word", "port"), [("http", "HTTP", "8080"), ("https", "HTTPS", "8443")]
)
def test_the_provisioning_server_is_written_for_the_web(
    protocol: str, word: str, port: str
) -> None:
    site = Site(http_port=8080, https_port=8443)
    read = desk(update_protocol=protocol, site=site)
    assert read["download protocol"] == word
    assert read[f"{protocol} server"] == "prov.example.com"
    assert read[f"{protocol} path"] == "/prov/00085daabbcc"
    assert read[f"{protocol} port"] == port


def test_tftp_needs_a_server_only() -> None:
    read = desk(update_protocol="tftp")
    assert (read["download protocol"], read["tftp server"]) == ("TFTP", "prov.example.com")
    assert not [name for name in read if name.startswith("http")]


@pytest.mark.parametrize(
    ("manufacturer", "model", "key"),
    [
        ("Aastra", "6757i", "topsoftkey2"),
        ("Aastra", "6755i", "softkey2"),
        ("Aastra", "9480i", "softkey2"),
        ("Mitel", "6867i", "topsoftkey2"),
    ],
)
def test_parking_lamps_sit_on_the_models_own_keys(manufacturer: str, model: str, key: str) -> None:
    read = settings(phone(manufacturer, model, "3.3.1", parking_watch_lines=1))
    assert read[f"{key} type"] == "blf"
    assert read[f"{key} value"] == "*0027*21"
    assert read[f"{key} label"] == "Park 1"
    assert read[f"{key} line"] == "1"


def test_a_programmable_key_has_no_label_and_is_unlocked_where_it_has_a_fixed_function() -> None:
    read = desk(parking_watch_lines=1)
    assert read["prgkey2 locked"] == "0"
    assert read["prgkey2 type"] == "blf"
    assert "prgkey2 label" not in read


def test_a_key_without_fixed_function_is_not_unlocked() -> None:
    read = settings(phone("Mitel", "6865i", "4.x", parking_watch_lines=1))
    assert "prgkey2 locked" not in read


def test_no_mitel_phone_puts_lamps_on_the_bottom_soft_keys() -> None:
    mitel = [t for t in default_catalog().types() if t.manufacturer == "Mitel"]
    assert {t.facts.names["key"] for t in mitel} == {"prgkey", "topsoftkey"}


def test_firmware_1_4_has_neither_srtp_nor_a_dtmf_method() -> None:
    read = settings(phone("Aastra", "480i", "1.4", sip={"media_encryption": "sdes"}))
    assert not [name for name in read if "srtp" in name or "dtmf method" in name]
    assert read["sip out-of-band dtmf"] == "1"


def test_firmware_1_4_says_that_it_has_no_srtp() -> None:
    said = notes_of(phone("Aastra", "480i", "1.4", sip={"media_encryption": "sdes"}))
    assert [note.sentence for note in said] == [
        "Aastra 480i has no SRTP: Media encryption has no effect on this phone"
    ]


def test_g722_came_after_2_x() -> None:
    wide = phone("Aastra", "6757i", "2.x", sip={"codecs": "g722,alaw"})
    assert settings(wide)["sip customized codec"].startswith("payload=8;")
    assert [note.field for note in notes_of(wide)] == ["codecs"]


def test_what_the_phone_lacks_is_said() -> None:
    said = notes_of(
        phone(
            *DESK,
            application_version="6731i.st",
            sip={"dtmf_mode": "auto", "media_encryption": "dtls_srtp", "codecs": "alaw,opus"},
        )
    )
    fields = [note.field for note in said]
    assert fields == ["application_version", "dtmf_mode", "media_encryption", "codecs"]


def test_a_hostile_name_stays_one_value() -> None:
    read = desk(sip={"extension_name": HOSTILE_NAME, "sip_password": HOSTILE_PASSWORD})
    assert read["sip line1 display name"] == HOSTILE_NAME.replace('"', "'")
    assert read["sip line1 password"] == HOSTILE_PASSWORD
    assert read.keys() == desk().keys()


def test_free_text_stands_in_quotes_so_that_a_hash_is_no_comment() -> None:
    text = files(phone(*DESK, sip={"extension_name": "Desk #4; left"}))["00085DAABBCC.cfg"]
    assert 'sip line1 display name: "Desk #4; left"' in text.splitlines()
    voicemail = files(phone(*DESK, site=Site(voicemail_number="*97#")))["00085DAABBCC.cfg"]
    assert 'sip line1 vmail: "*97#"' in voicemail.splitlines()


def test_a_sip_password_with_a_double_quote_is_refused() -> None:
    assert kind(*DESK).facts.sip_password.reason_against('a"b')


def test_both_manufacturers_share_the_prefixes() -> None:
    catalog = default_catalog()
    assert catalog.prefixes("Aastra") == catalog.prefixes("Mitel")
    assert catalog.prefixes("Mitel")[0] == "00:08:5D"


def test_other_spellings_are_understood() -> None:
    assert kind("Aastra", "57i", "3.2.2").model == "6757i"
    assert kind("Mitel", "6920", "6.4").firmware == "5.x-8.x"


LOCAL = Site(
    time_zone="Europe/Berlin",
    language="en",
    tone_country="GB",
    phonebook_url="https://pbx.example.com/book.php?a=1&b=2",
)


def local_settings(a_phone: Phone) -> dict[str, str]:
    """What a site's place adds to the device file."""
    words = ("time zone", "dst ", "language", "web language", "tone set", "directory")
    return {name: value for name, value in settings(a_phone).items() if name.startswith(words)}


def test_the_sites_place_reaches_the_phone() -> None:
    assert local_settings(phone("Mitel", "6867i", "4.x", site=LOCAL)) == {
        "time zone name": "Custom",
        "time zone minutes": "-60",
        "dst config": "3",
        "dst minutes": "60",
        "dst [start|end] relative date": "1",
        "dst start month": "3",
        "dst start week": "-1",
        "dst start day": "1",
        "dst start hour": "2",
        "dst end month": "10",
        "dst end week": "-1",
        "dst end day": "1",
        "dst end hour": "3",
        "language": "0",
        "web language": "0",
        "tone set": "UK",
        "directory script": "https://pbx.example.com/book.php?a=1&b=2",
    }


@pytest.mark.parametrize("firmware", ["2.x", "3.3.1"])
def test_summer_begins_in_october_in_the_south(firmware: str) -> None:
    site = Site(time_zone="Australia/Adelaide")
    read = settings(phone("Aastra", "6731i", firmware, site=site))
    assert (read["time zone minutes"], read["dst config"]) == ("-570", "3")
    start, end = (
        [read[f"dst {side} {part}"] for part in ("month", "week", "day", "hour")]
        for side in ("start", "end")
    )
    assert start == ["10", "1", "1", "2"]
    assert end == ["4", "1", "1", "3"]


@pytest.mark.parametrize(("zone", "minutes"), [("America/Phoenix", "420"), ("Etc/UTC", "0")])
def test_a_zone_without_daylight_saving_time_switches_it_off(zone: str, minutes: str) -> None:
    assert local_settings(phone(*DESK, site=Site(time_zone=zone))) == {
        "time zone name": "Custom",
        "time zone minutes": minutes,
        "dst config": "0",
    }


def test_a_switch_after_midnight_is_written_as_the_last_hour() -> None:
    assert desk(site=Site(time_zone="America/Santiago"))["dst start hour"] == "23"


EACH_GENERATION = pytest.mark.parametrize(
    ("manufacturer", "model", "firmware"),
    [
        ("Aastra", "480i", "1.4"),
        ("Aastra", "6731i", "2.x"),
        DESK,
        ("Mitel", "6867i", "4.x"),
        ("Mitel", "6920", "6.x"),
    ],
)


@EACH_GENERATION
def test_without_a_place_the_phone_keeps_its_own(
    manufacturer: str, model: str, firmware: str
) -> None:
    assert local_settings(phone(manufacturer, model, firmware)) == {}


@pytest.mark.parametrize(
    ("manufacturer", "model", "firmware", "site", "fields"),
    [
        ("Mitel", "6920", "6.x", LOCAL, []),
        ("Aastra", "6731i", "3.3.1", LOCAL, ["phonebook_url"]),
        ("Aastra", "6731i", "3.3.1", Site(language="de", tone_country="RU"), ["language"]),
        ("Aastra", "6731i", "2.x", Site(tone_country="RU"), ["tone_country"]),
        ("Mitel", "6867i", "4.x", Site(tone_country="AT"), ["tone_country"]),
        (
            *("Aastra", "480i", "1.4", LOCAL),
            ["time_zone", "language", "tone_country", "phonebook_url"],
        ),
    ],
)
def test_what_the_phone_lacks_is_said_and_not_written(
    manufacturer: str, model: str, firmware: str, site: Site, fields: list[str]
) -> None:
    one = phone(manufacturer, model, firmware, site=site)
    assert [note.field for note in notes_of(one)] == fields
    written = local_settings(one)
    names = {"time_zone": "time zone name", "phonebook_url": "directory script"}
    names |= {"language": "language", "tone_country": "tone set"}
    assert not [field for field in fields if names[field] in written]
