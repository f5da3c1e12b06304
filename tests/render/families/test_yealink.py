"""Yealink: what a plain reader of `name = value` lines finds is what the page says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.phones import HOSTILE_NAME, HOSTILE_PASSWORD, extension, kind, notes_of, phone
from tuiprov.data.page import LineUse, Phone
from tuiprov.data.site import Site
from tuiprov.render.engine import RenderedFile, render

GENERATIONS = [
    ("T54W", "87"),
    ("T46S", "84"),
    ("T46G", "81"),
    ("T46G", "80"),
    ("T46G", "73"),
    ("T28P", "70"),
]
NEW = GENERATIONS[:3]
OLD = GENERATIONS[3:]


def file_of(a_phone: Phone) -> RenderedFile:
    (file,) = render(a_phone)
    return file


def settings(a_phone: Phone) -> dict[str, str]:
    first, *lines = file_of(a_phone).data.decode("utf-8").splitlines()
    assert first == "#!version:1.0.0.1"
    found: dict[str, str] = {}
    for line in lines:
        name, value = (part.strip() for part in line.split("=", 1))
        assert name not in found
        found[name] = value
    return found


def codecs_in_order(found: dict[str, str]) -> list[str]:
    """Names by priority, in either dialect."""
    ranks = {}
    for name, value in found.items():
        if name.startswith("account.1.codec.") and name.endswith(".enable") and value == "1":
            slot = name.split(".")[3]
            codec = found.get(f"account.1.codec.{slot}.payload_type", slot)
            ranks[int(found[f"account.1.codec.{slot}.priority"])] = codec.lower()
    return [ranks[rank] for rank in sorted(ranks)]


@pytest.mark.parametrize(("model", "firmware"), GENERATIONS)
def test_the_file_is_named_by_the_mac_in_lower_case(model: str, firmware: str) -> None:
    assert file_of(phone("Yealink", model, firmware)).name == "805ec0aabbcc.cfg"


@pytest.mark.parametrize(("model", "firmware"), GENERATIONS)
def test_the_account_has_its_user_its_password_and_its_names(model: str, firmware: str) -> None:
    found = settings(phone("Yealink", model, firmware))
    assert found["account.1.enable"] == "1"
    assert found["account.1.label"] == "001"
    assert found["account.1.display_name"] == "Alice 1"
    assert found["account.1.user_name"] == "0027*001"
    assert found["account.1.auth_name"] == "0027*001"
    assert found["account.1.password"] == "v7Qm2RkT9xW1"


@pytest.mark.parametrize(("model", "firmware"), GENERATIONS[:5])
def test_from_v71_the_server_is_numbered(model: str, firmware: str) -> None:
    site = Site(sip_server="sip.example.net", sip_port=5080, register_expiry=600)
    found = settings(phone("Yealink", model, firmware, site=site))
    assert found["account.1.sip_server.1.address"] == "sip.example.net"
    assert found["account.1.sip_server.1.port"] == "5080"
    assert found["account.1.sip_server.1.expires"] == "600"


@pytest.mark.parametrize(("model", "firmware"), OLD)
def test_up_to_v80_the_old_server_names_are_written(model: str, firmware: str) -> None:
    site = Site(sip_server="sip.example.net", sip_port=5080, register_expiry=600)
    found = settings(phone("Yealink", model, firmware, site=site))
    assert found["account.1.sip_server_host"] == "sip.example.net"
    assert found["account.1.sip_server_port"] == "5080"
    assert found["account.1.expires"] == "600"


def test_v70_knows_no_numbered_server() -> None:
    found = settings(phone("Yealink", "T28P", "70"))
    assert not [name for name in found if ".sip_server.1." in name]


@pytest.mark.parametrize(("model", "firmware"), NEW)
def test_from_v81_names_of_the_device_are_static(model: str, firmware: str) -> None:
    found = settings(phone("Yealink", model, firmware))
    url = "https://prov.example.com/prov/805ec0aabbcc/"
    assert found["static.auto_provision.server.url"] == url
    assert "auto_provision.server.url" not in found


@pytest.mark.parametrize(("model", "firmware"), OLD)
def test_up_to_v80_no_name_is_static(model: str, firmware: str) -> None:
    found = settings(phone("Yealink", model, firmware))
    assert found["auto_provision.server.url"] == "https://prov.example.com/prov/805ec0aabbcc/"
    assert not [name for name in found if name.startswith("static.")]


def test_the_update_interval_is_in_minutes() -> None:
    found = settings(phone("Yealink", "T46S", "84", update_interval=720))
    assert found["static.auto_provision.repeat.enable"] == "1"
    assert found["static.auto_provision.repeat.minutes"] == "720"


def test_the_update_interval_is_ten_minutes_when_none_is_set() -> None:
    found = settings(phone("Yealink", "T46S", "84"))
    assert found["static.auto_provision.repeat.minutes"] == "10"


def test_tftp_is_the_host_alone() -> None:
    found = settings(phone("Yealink", "T46S", "84", update_protocol="tftp"))
    assert found["static.auto_provision.server.url"] == "tftp://prov.example.com/"


def test_the_administrator_is_a_name_and_a_password() -> None:
    one = phone("Yealink", "T46S", "84", admin_username="boss", admin_password="Praxis#2026x")
    found = settings(one)
    assert found["static.security.user_name.admin"] == "boss"
    assert found["static.security.user_password"] == "boss:Praxis#2026x"


def test_without_a_password_the_login_stays_as_it_is() -> None:
    one = phone("Yealink", "T46S", "84", password_generation="none", admin_password="")
    assert not [name for name in settings(one) if "security" in name]


@pytest.mark.parametrize(
    ("password", "fits"), [("a" * 32, True), ("a" * 33, False), ("a:b", False)]
)
def test_an_administrator_password_has_no_colon_and_32_characters(
    password: str, fits: bool
) -> None:
    login = kind("Yealink", "T46S", "84").facts.admin_login
    assert login is not None
    assert (login.password.reason_against(password) == "") is fits


@pytest.mark.parametrize(("model", "firmware"), GENERATIONS)
@pytest.mark.parametrize(
    ("mode", "code"), [("inband", "0"), ("rfc2833", "1"), ("info", "2"), ("auto", "3")]
)
def test_every_dtmf_mode_has_its_number(model: str, firmware: str, mode: str, code: str) -> None:
    found = settings(phone("Yealink", model, firmware, sip={"dtmf_mode": mode}))
    assert found["account.1.dtmf.type"] == code


@pytest.mark.parametrize(
    ("model", "firmware", "code"), [("T46S", "84", "2"), ("T28P", "73", "2"), ("T28P", "70", "1")]
)
def test_sdes_is_forced_and_v70_numbers_it_the_other_way_round(
    model: str, firmware: str, code: str
) -> None:
    found = settings(phone("Yealink", model, firmware, sip={"media_encryption": "sdes"}))
    assert found["account.1.srtp_encryption"] == code


def test_no_encryption_is_said_too() -> None:
    assert settings(phone("Yealink", "T46S", "84"))["account.1.srtp_encryption"] == "0"


@pytest.mark.parametrize(
    ("model", "firmware", "name"),
    [
        ("T46S", "84", "account.1.sip_server.1.transport_type"),
        ("T46G", "80", "account.1.sip_server.1.transport_type"),
        ("T46G", "80", "account.1.transport"),
        ("T28P", "70", "account.1.transport"),
    ],
)
def test_the_transport_is_udp_or_tcp(model: str, firmware: str, name: str) -> None:
    tcp = {"fixed_ip": "192.0.2.4", "signaling_transport": "tcp"}
    assert settings(phone("Yealink", model, firmware))[name] == "0"
    assert settings(phone("Yealink", model, firmware, sip=tcp))[name] == "1"


@pytest.mark.parametrize(("model", "firmware"), GENERATIONS)
def test_codecs_keep_their_order_and_others_are_off(model: str, firmware: str) -> None:
    found = settings(phone("Yealink", model, firmware, sip={"codecs": "g722,alaw,g729"}))
    assert codecs_in_order(found) == ["g722", "pcma", "g729"]
    assert [v for n, v in found.items() if ".codec." in n and n.endswith(".enable")].count("1") == 3


def test_opus_is_a_codec_of_new_firmware_only() -> None:
    sip = {"codecs": "opus,alaw"}
    assert codecs_in_order(settings(phone("Yealink", "T46S", "84", sip=sip))) == ["opus", "pcma"]
    old = phone("Yealink", "T28P", "73", sip=sip)
    assert codecs_in_order(settings(old)) == ["pcma"]
    assert [note.sentence for note in notes_of(old)] == [
        "Yealink T28P has no opus: left out of its codecs"
    ]


def test_an_old_codec_slot_says_its_payload() -> None:
    found = settings(phone("Yealink", "T28P", "70", sip={"codecs": "g722"}))
    assert found["account.1.codec.6.payload_type"] == "G722"
    assert found["account.1.codec.6.rtpmap"] == "9"


@pytest.mark.parametrize(
    ("model", "firmware", "host", "port"),
    [
        ("T46S", "84", "outbound_proxy.1.address", "outbound_proxy.1.port"),
        ("T46G", "80", "outbound_host", "outbound_port"),
        ("T28P", "70", "outbound_host", "outbound_port"),
    ],
)
def test_the_outbound_proxy_has_a_host_and_a_port(
    model: str, firmware: str, host: str, port: str
) -> None:
    site = Site(outbound_proxy="edge.example.com", outbound_proxy_port=5070)
    found = settings(phone("Yealink", model, firmware, site=site))
    assert found["account.1.outbound_proxy_enable"] == "1"
    assert found[f"account.1.{host}"] == "edge.example.com"
    assert found[f"account.1.{port}"] == "5070"


def test_without_an_outbound_proxy_an_old_one_is_turned_off() -> None:
    assert settings(phone("Yealink", "T46S", "84"))["account.1.outbound_proxy_enable"] == "0"


def test_forced_message_waiting_is_not_asked_for() -> None:
    sip = {"force_mwi": True}
    assert settings(phone("Yealink", "T46S", "84"))["account.1.subscribe_mwi"] == "1"
    assert settings(phone("Yealink", "T46S", "84", sip=sip))["account.1.subscribe_mwi"] == "0"


def test_the_message_key_dials_the_sites_number_or_nothing() -> None:
    none = Site(voicemail_number="")
    assert settings(phone("Yealink", "T46S", "84"))["voice_mail.number.1"] == "*97"
    assert settings(phone("Yealink", "T46S", "84", site=none))["voice_mail.number.1"] == ""


def test_the_time_server_is_written_when_the_site_has_one() -> None:
    none = Site(ntp_server="")
    assert settings(phone("Yealink", "T46S", "84"))["local_time.ntp_server1"] == "pool.ntp.org"
    assert "local_time.ntp_server1" not in settings(phone("Yealink", "T46S", "84", site=none))


def test_accounts_that_are_not_in_use_are_turned_off() -> None:
    found = settings(phone("Yealink", "T46S", "84", lines=2))
    states = [found[f"account.{number}.enable"] for number in range(1, 17)]
    assert states == ["1"] * 2 + ["0"] * 14


def test_park_lamps_watch_the_slots_on_the_keys_after_the_lines() -> None:
    found = settings(phone("Yealink", "T46S", "84", lines=2, parking_watch_lines=2))
    kinds = [found[f"linekey.{number}.type"] for number in range(1, 28)]
    assert kinds == ["15"] * 2 + ["16"] * 2 + ["0"] * 23
    assert found["linekey.3.line"] == "1"
    assert found["linekey.3.value"] == "*0027*21"
    assert found["linekey.4.label"] == "Park 2"


def test_a_lamp_takes_a_key_before_a_line_that_leaves_it_free() -> None:
    one = phone("Yealink", "T46S", "84", parking_watch_lines=2)
    found = settings(replace(one, lines=(LineUse(2, extension(1)),)))
    assert [found[f"linekey.{number}.type"] for number in (1, 2, 3)] == ["16", "15", "16"]
    assert found["linekey.1.line"] == "2"


def test_lamps_past_the_line_keys_are_on_memory_keys() -> None:
    found = settings(phone("Yealink", "T26P", "73", lines=3, parking_watch_lines=2))
    assert found["memorykey.1.type"] == "16"
    assert found["memorykey.1.value"] == "*0027*21"
    assert found["memorykey.10.type"] == "0"
    assert "linekey.4.type" not in found


@pytest.mark.parametrize(
    ("model", "firmware"), [("T19P_E2", "84"), ("CP920", "84"), ("W60B", "84")]
)
def test_a_phone_without_keys_has_none_and_says_so(model: str, firmware: str) -> None:
    one = phone("Yealink", model, firmware, parking_watch_lines=2)
    assert not [name for name in settings(one) if "key." in name]
    assert [note.field for note in notes_of(one)] == ["parking_watch_lines"]


@pytest.mark.parametrize(("model", "firmware"), [("W70B", "84"), ("W80B", "81"), ("W90DM", "87")])
def test_an_account_of_a_large_base_names_a_server_template(model: str, firmware: str) -> None:
    found = settings(phone("Yealink", model, firmware))
    assert found["account.1.sip_server.template"] == "1"
    assert found["template.1.sip_server.1.address"] == "pbx.example.com"
    assert found["template.1.sip_server.1.transport_type"] == "0"
    assert "account.1.sip_server.1.address" not in found


def test_two_transports_need_two_server_templates() -> None:
    tcp = {"fixed_ip": "192.0.2.4", "signaling_transport": "tcp"}
    one = phone("Yealink", "W80B", "84", lines=2)
    found = settings(replace(one, lines=(one.lines[0], LineUse(2, extension(2, **tcp)))))
    assert found["account.2.sip_server.template"] == "2"
    assert found["template.2.sip_server.1.transport_type"] == "1"


@pytest.mark.parametrize("firmware", ["73", "80", "81"])
def test_a_small_base_has_the_servers_of_its_generation(firmware: str) -> None:
    found = settings(phone("Yealink", "W52P", firmware))
    assert found["account.1.sip_server.1.address"] == "pbx.example.com"
    assert ("account.1.sip_server_host" in found) is (firmware != "81")


@pytest.mark.parametrize("model", ["W60B", "W80B"])
def test_a_base_restarts_on_notify_and_a_phone_keeps_its_setting(model: str) -> None:
    assert settings(phone("Yealink", model, "84"))["sip.notify_reboot_enable"] == "1"
    assert "sip.notify_reboot_enable" not in settings(phone("Yealink", "T46S", "84"))


def test_a_large_base_turns_off_the_next_thirty_accounts_only() -> None:
    found = settings(phone("Yealink", "W90B", "84", lines=3))
    off = [name for name, value in found.items() if name.endswith("t.33.enable") and value == "0"]
    assert off == ["account.33.enable"]
    assert "account.34.enable" not in found


@pytest.mark.parametrize(("model", "firmware"), GENERATIONS)
def test_hostile_names_add_no_line(model: str, firmware: str) -> None:
    sip = {"extension_name": HOSTILE_NAME, "sip_password": HOSTILE_PASSWORD}
    plain, hostile = (phone("Yealink", model, firmware, sip=own) for own in ({}, sip))
    assert settings(plain).keys() == settings(hostile).keys()
    assert settings(hostile)["account.1.display_name"] == HOSTILE_NAME
    assert settings(hostile)["account.1.password"] == HOSTILE_PASSWORD


@pytest.mark.parametrize("spelling", ["84", "V84", "v84", "x.84", "86"])
def test_a_generation_has_other_spellings(spelling: str) -> None:
    assert kind("Yealink", "T46S", spelling).firmware == "84"


def test_the_phone_cannot_stay_unregistered_and_says_so() -> None:
    (note,) = notes_of(phone("Yealink", "T46S", "84", sip={"fixed_ip": "192.0.2.4"}))
    assert note.field == "fixed_ip"


def test_dtls_is_not_among_its_encryptions_and_it_says_so() -> None:
    (note,) = notes_of(phone("Yealink", "T46S", "84", sip={"media_encryption": "dtls_srtp"}))
    assert note.sentence == "Yealink T46S has no DTLS-SRTP for Media encryption: None is used"


def test_what_v87_takes_as_a_login_is_marked_as_unknown() -> None:
    assert "admin_login" in kind("Yealink", "T74U", "87").facts.unknown
    assert "admin_login" not in kind("Yealink", "T46S", "84").facts.unknown


# -- Global preferences: admin guides T58 (p. 597) and CP860 (p. 261), wazo v73 to v85 ---

DECT = [("W52P", "73"), ("W52P", "81"), ("W60B", "84"), ("W70B", "87")]
BOOK = "http://pbx.example.com/book.xml"
EVERYTHING = Site(time_zone="Europe/Paris", language="fr", tone_country="FR", phonebook_url=BOOK)


def localised(found: dict[str, str]) -> dict[str, str]:
    """What the Global preferences wrote, without the time server."""
    heads = ("local_time.", "lang.", "voice.", "remote_phonebook.", "custom.")
    mine = {name: v for name, v in found.items() if name.startswith(heads)}
    return {name: v for name, v in mine.items() if "ntp" not in name}


@pytest.mark.parametrize(("model", "firmware"), [*GENERATIONS, *DECT])
def test_a_site_that_says_nothing_of_the_place_writes_nothing(model: str, firmware: str) -> None:
    assert localised(settings(phone("Yealink", model, firmware))) == {}


@pytest.mark.parametrize(("model", "firmware"), [*GENERATIONS, *DECT])
@pytest.mark.parametrize(
    ("zone", "offset", "start", "end"),
    [
        ("Europe/London", "+0", "3/5/7/1", "10/5/7/2"),
        ("America/New_York", "-5", "3/2/7/2", "11/1/7/2"),
        ("Australia/Adelaide", "+9:30", "10/1/7/2", "4/1/7/3"),
        ("Africa/Cairo", "+2", "4/5/5/0", "10/5/4/23"),
    ],
)
def test_daylight_saving_is_told_by_week_and_weekday(
    model: str, firmware: str, zone: str, offset: str, start: str, end: str
) -> None:
    found = localised(settings(phone("Yealink", model, firmware, site=Site(time_zone=zone))))
    assert found == {
        "local_time.time_zone": offset,
        "local_time.summer_time": "1",
        "local_time.dst_time_type": "1",
        "local_time.start_time": start,
        "local_time.end_time": end,
        "local_time.offset_time": "60",
    }


def test_a_zone_without_daylight_saving_switches_it_off() -> None:
    found = localised(settings(phone("Yealink", "T46S", "84", site=Site(time_zone="Asia/Tokyo"))))
    assert found == {"local_time.time_zone": "+9", "local_time.summer_time": "0"}


@pytest.mark.parametrize(("model", "firmware"), GENERATIONS)
def test_menus_tones_and_phonebook_of_a_desk_phone(model: str, firmware: str) -> None:
    found = settings(phone("Yealink", model, firmware, site=EVERYTHING))
    assert found["lang.gui"] == "French"
    assert found["voice.tone.country"] == "France"
    assert found["remote_phonebook.data.1.url"] == BOOK
    assert found["remote_phonebook.data.1.name"] == "Phonebook"


@pytest.mark.parametrize(("model", "firmware"), GENERATIONS)
def test_v70_calls_the_web_pages_languages_otherwise_so_they_are_left_alone(
    model: str, firmware: str
) -> None:
    found = settings(phone("Yealink", model, firmware, site=EVERYTHING))
    assert found.get("lang.wui") == (None if firmware == "70" else "French")


@pytest.mark.parametrize(("model", "firmware"), DECT)
def test_a_base_tells_its_handsets_their_language_by_number(model: str, firmware: str) -> None:
    found = settings(phone("Yealink", model, firmware, site=EVERYTHING))
    static = "" if firmware == "73" else "static."
    assert found["custom.handset.language"] == "1"
    assert found[f"{static}auto_provision.handset_configured.enable"] == "1"
    assert not [name for name in found if name.startswith("lang.")]


def test_a_language_without_a_handsets_number_is_told() -> None:
    italian = phone("Yealink", "W60B", "84", site=Site(language="it"))
    assert localised(settings(italian)) == {}
    (note,) = notes_of(italian)
    assert note.sentence == "Yealink W60B has no known word for it: Language has no effect on it"


def test_the_first_bases_have_no_known_phonebook_and_say_so() -> None:
    early, later = (phone("Yealink", "W52P", v, site=EVERYTHING) for v in ("73", "80"))
    assert "remote_phonebook.data.1.url" not in settings(early)
    assert [note.field for note in notes_of(early)] == ["phonebook_url"]
    assert settings(later)["remote_phonebook.data.1.url"] == BOOK


@pytest.mark.parametrize(
    ("country", "word", "older"),
    [("GB", "Great Britain", "Great Britain"), ("CZ", "Czech", "Czech"), ("LT", "Lithuania", None)],
)
def test_tones_go_by_the_countrys_english_name(country: str, word: str, older: str | None) -> None:
    new, old = (phone("Yealink", "T46G", v, site=Site(tone_country=country)) for v in ("81", "73"))
    assert settings(new)["voice.tone.country"] == word
    assert settings(old).get("voice.tone.country") == older
    assert [note.field for note in notes_of(old)] == ([] if older else ["tone_country"])
