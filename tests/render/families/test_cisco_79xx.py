"""Cisco 7940/7960: what a phone reads in its two files, by the rules of Cisco's admin guide."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from lxml import etree

from tests.phones import HOSTILE_NAME, extension, kind, notes_of, phone
from tuiprov.data.page import Phone
from tuiprov.data.site import Site
from tuiprov.render.engine import render

GENERATIONS = ("7.x", "8.x")


def a_phone(model: str = "7960", firmware: str = "8.x", **words: object) -> Phone:
    return phone("Cisco", model, firmware, **words)  # type: ignore[arg-type]


def read(text: str) -> dict[str, str]:
    """`name: "value"` lines; the phone takes the last of two, we allow one."""
    settings: dict[str, str] = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            match = re.fullmatch(r'([a-z0-9A-Z_]+): "([^"]*)"', line)
            assert match, line
            assert match[1] not in settings
            settings[match[1]] = match[2]
    return settings


def own_file(a_phone: Phone) -> dict[str, str]:
    return read(next(file.text for file in render(a_phone) if not file.shared))


def shared_file(a_phone: Phone) -> dict[str, str]:
    return read(next(f.text for f in render(a_phone) if f.name == "SIPDefault.cnf"))


def test_the_phone_asks_for_its_mac_in_upper_case_and_for_sipdefault() -> None:
    names = [file.path for file in render(a_phone(mac="00:07:0E:16:6F:A1"))]
    assert names == ["tftp/SIP00070E166FA1.cnf", "tftp/SIPDefault.cnf", "tftp/syncinfo.xml"]


def test_the_application_version_becomes_image_version() -> None:
    assert own_file(a_phone(application_version="P0S3-07-5-00"))["image_version"] == "P0S3-07-5-00"


def test_sipdefault_never_names_an_image() -> None:
    assert "image_version" not in shared_file(a_phone())


def test_both_generations_share_one_sipdefault() -> None:
    seven, eight = (
        {f.name: f.data for f in render(a_phone(firmware=g)) if f.shared} for g in GENERATIONS
    )
    assert seven == eight


def test_a_check_sync_finds_another_number_than_the_phones() -> None:
    text = next(f.text for f in render(a_phone()) if f.name == "syncinfo.xml")
    image = etree.fromstring(text).find("IMAGE")
    assert image is not None
    assert image.get("VERSION") == "*"
    assert image.get("SYNC") != shared_file(a_phone())["sync"]


def test_the_two_generations_mark_their_voice_packets_by_different_settings() -> None:
    assert own_file(a_phone(firmware="7.x"))["tos_media"] == "5"
    assert own_file(a_phone(firmware="8.x"))["dscpForAudio"] == "184"


def test_every_line_in_use_has_its_account() -> None:
    settings = own_file(a_phone(lines=2))
    for number in (1, 2):
        account = extension(number)
        assert settings[f"line{number}_name"] == account["sip_username"]
        assert settings[f"line{number}_authname"] == account["sip_username"]
        assert settings[f"line{number}_password"] == account["sip_password"]
        assert settings[f"line{number}_displayname"] == account["extension_name"]
        assert settings[f"proxy{number}_address"] == "pbx.example.com"
        assert settings[f"proxy{number}_port"] == "5060"


def test_lines_not_in_use_are_unprovisioned() -> None:
    settings = own_file(a_phone("7940"))
    assert settings["line2_name"] == settings["line2_password"] == "UNPROVISIONED"
    assert "line3_name" not in settings


def test_the_registrar_is_in_the_shared_file() -> None:
    site = Site(sip_server="sip.acme.test", sip_port=5070, register_expiry=600)
    settings = shared_file(a_phone(site=site))
    assert settings["proxy1_address"] == "sip.acme.test"
    assert settings["proxy1_port"] == "5070"
    assert settings["timer_register_expires"] == "600"


@pytest.mark.parametrize(
    ("mode", "inband", "outofband"),
    [
        ("rfc2833", "0", "avt"),
        ("auto", "1", "avt"),
        ("inband", "1", "none"),
        ("info", "0", "avt"),
    ],
)
def test_each_dtmf_mode(mode: str, inband: str, outofband: str) -> None:
    settings = own_file(a_phone(sip={"dtmf_mode": mode}))
    assert (settings["dtmf_inband"], settings["dtmf_outofband"]) == (inband, outofband)


def test_sip_info_is_told_as_missing() -> None:
    said = [note.sentence for note in notes_of(a_phone(sip={"dtmf_mode": "info"}))]
    assert "Cisco 7960 has no info for DTMF: rfc2833 is used" in said


@pytest.mark.parametrize(
    ("codecs", "preferred"),
    [("ulaw,alaw", "g711ulaw"), ("g722,alaw", "g711alaw"), ("g729", "g729a"), ("opus", "none")],
)
def test_the_first_codec_the_phone_has_is_preferred(codecs: str, preferred: str) -> None:
    assert own_file(a_phone(sip={"codecs": codecs}))["preferred_codec"] == preferred


def test_codecs_without_room_are_told() -> None:
    said = [note.sentence for note in notes_of(a_phone(sip={"codecs": "alaw,ulaw,g722"}))]
    assert "Cisco 7960 has no g722: left out of its codecs" in said
    assert "Cisco 7960 has room for one codec: ulaw left out" in said


def test_media_encryption_has_no_effect_and_is_told() -> None:
    said = [note.sentence for note in notes_of(a_phone(sip={"media_encryption": "sdes"}))]
    assert "Cisco 7960 has no SRTP: Media encryption has no effect on this phone" in said


def test_a_password_may_be_31_characters_and_hold_no_double_quote() -> None:
    rule = kind("Cisco", "7940", "7.x").facts.sip_password
    assert rule.reason_against("x" * 31) == ""
    assert "31" in rule.reason_against("x" * 32)
    assert rule.reason_against('a"b')


def test_a_hostile_name_stays_inside_its_quotes() -> None:
    settings = own_file(a_phone(firmware="7.x", sip={"extension_name": HOSTILE_NAME}))
    assert set(settings) == set(own_file(a_phone(firmware="7.x")))
    assert settings["line1_displayname"].startswith("O'Brien & Sons <b> 'x' = a: ;#!")


def test_7x_is_written_in_latin_1_and_8x_in_utf_8() -> None:
    for generation, charset in (("7.x", "latin-1"), ("8.x", "utf-8")):
        one = a_phone(firmware=generation, sip={"extension_name": "Ana Núñez"})
        data = next(file.data for file in render(one) if not file.shared)
        assert "Ana Núñez" in data.decode(charset)


def test_a_name_outside_latin_1_is_spelled_without_what_7x_lacks() -> None:
    settings = own_file(a_phone(firmware="7.x", sip={"extension_name": "Łukasz Dvořák"}))
    assert settings["line1_displayname"] == "Lukasz Dvorák"


def test_a_phone_at_a_fixed_ip_does_not_register() -> None:
    assert own_file(a_phone(sip={"fixed_ip": "192.0.2.4"}))["proxy_register"] == "0"


def test_one_line_that_registers_keeps_registration_on() -> None:
    both = a_phone(lines=2)
    fixed = replace(both.lines[0], extension=extension(1, fixed_ip="192.0.2.4"))
    assert "proxy_register" not in own_file(replace(both, lines=(fixed, both.lines[1])))


def test_a_phone_without_lines_still_renders() -> None:
    bare = a_phone()
    empty = Phone(bare.values, (), bare.site, bare.token)
    assert own_file(empty)["line1_name"] == "UNPROVISIONED"


LOCAL = Site(
    time_zone="Europe/Berlin",
    language="de",
    tone_country="DE",
    phonebook_url="http://192.0.2.7/book.php?a=1&b=2",
)


def local_settings(a_phone: Phone) -> dict[str, str]:
    words = ("time_zone", "dst_", "directory_url")
    return {name: value for name, value in own_file(a_phone).items() if name.startswith(words)}


def said_of_the_place(a_phone: Phone) -> list[str]:
    fields = ("time_zone", "language", "tone_country", "phonebook_url")
    return [note.field for note in notes_of(a_phone) if note.field in fields]


@pytest.mark.parametrize("firmware", GENERATIONS)
def test_the_sites_time_and_phonebook_reach_the_phone(firmware: str) -> None:
    assert local_settings(a_phone(firmware=firmware, site=LOCAL)) == {
        "time_zone": "CET",
        "dst_auto_adjust": "1",
        "dst_offset": "1",
        "dst_start_month": "March",
        "dst_start_day": "0",
        "dst_start_day_of_week": "Sunday",
        "dst_start_week_of_month": "8",
        "dst_start_time": "2",
        "dst_stop_month": "October",
        "dst_stop_day": "0",
        "dst_stop_day_of_week": "Sunday",
        "dst_stop_week_of_month": "8",
        "dst_stop_time": "3",
        "directory_url": "http://192.0.2.7/book.php?a=1&b=2",
    }


def test_summer_begins_in_october_in_the_south() -> None:
    read = local_settings(a_phone(site=Site(time_zone="Australia/Sydney")))
    assert read["time_zone"] == "EAST"
    assert (read["dst_start_month"], read["dst_start_week_of_month"]) == ("October", "1")
    assert (read["dst_stop_month"], read["dst_stop_week_of_month"]) == ("April", "1")


@pytest.mark.parametrize(
    ("zone", "word"),
    [("America/Phoenix", "MST"), ("Asia/Kolkata", "IST"), ("Asia/Tokyo", "JST")],
)
def test_a_zone_without_daylight_saving_time_switches_it_off(zone: str, word: str) -> None:
    read = local_settings(a_phone(site=Site(time_zone=zone)))
    assert read == {"time_zone": word, "dst_auto_adjust": "0"}


def test_a_day_other_than_sunday_keeps_its_name() -> None:
    read = local_settings(a_phone(site=Site(time_zone="Asia/Jerusalem")))
    assert (read["dst_start_day_of_week"], read["dst_start_time"]) == ("Thursday", "23")


def test_without_a_place_the_phone_keeps_its_own() -> None:
    assert local_settings(a_phone()) == {}


def test_the_shared_file_names_no_time_zone() -> None:
    assert shared_file(a_phone(site=LOCAL)) == shared_file(a_phone())


def test_a_time_zone_without_a_word_is_said_and_not_written() -> None:
    one = a_phone(site=Site(time_zone="Asia/Shanghai"))
    assert local_settings(one) == {}
    assert said_of_the_place(one) == ["time_zone"]


def test_language_and_tones_are_said_to_have_no_effect() -> None:
    assert said_of_the_place(a_phone(site=LOCAL)) == ["language", "tone_country"]
