"""Snom: what lxml reads from the files is what the page says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from lxml import etree

from tests.phones import HOSTILE_NAME, extension, kind, notes_of, phone
from tuiprov.data.catalog import default_catalog
from tuiprov.data.page import LineUse, Phone
from tuiprov.data.site import Site
from tuiprov.render.engine import RenderedFile, render

GENERATIONS = [("D765", "10"), ("D765", "8"), ("320", "8.4"), ("M700", "7.40"), ("M700", "5.20")]
DESK = GENERATIONS[:3]


def files_of(a_phone: Phone) -> dict[str, RenderedFile]:
    return {file.name: file for file in render(a_phone)}


def root_of(a_phone: Phone) -> Any:
    return etree.fromstring(files_of(a_phone)["000413AABBCC.xml"].data)


def setting(a_phone: Phone, name: str, idx: int | None = None) -> str | None:
    index = f"[@idx='{idx}']" if idx is not None else ""
    found = root_of(a_phone).xpath(f"/settings/phone-settings/{name}{index}")
    assert len(found) <= 1
    return (found[0].text or "") if found else None


def keys(a_phone: Phone) -> dict[int, tuple[str, str, str]]:
    found = root_of(a_phone).xpath("/settings/functionKeys/fkey")
    return {int(k.get("idx")): (k.text, k.get("context"), k.get("label")) for k in found}


@pytest.mark.parametrize(("model", "name"), [("D765", "snomD765"), ("320", "snom320")])
def test_file_names_spell_the_model_and_an_upper_case_mac(model: str, name: str) -> None:
    assert list(files_of(phone("Snom", model, "8"))) == [
        f"{name}-000413AABBCC.htm",
        "000413AABBCC.xml",
    ]


def test_the_list_points_at_the_published_settings_file() -> None:
    one = phone("Snom", "D765", "10", mac_based_provisioning=False)
    listing, settings = render(one)
    (url,) = etree.fromstring(listing.data).xpath("/setting-files/file/@url")
    assert url == f"https://prov.example.com/prov/{one.token}/000413AABBCC.xml"
    assert settings.path == f"http/{one.token}/000413AABBCC.xml"


def test_the_list_of_a_tftp_phone_is_flat() -> None:
    listing, settings = render(phone("Snom", "D765", "10", update_protocol="tftp"))
    (url,) = etree.fromstring(listing.data).xpath("/setting-files/file/@url")
    assert url == "tftp://prov.example.com/000413AABBCC.xml"
    assert settings.path == "tftp/000413AABBCC.xml"


def test_the_list_holds_no_password() -> None:
    text = render(phone("Snom", "D765", "10"))[0].text
    assert "v7Qm" not in text
    assert "w0rd" not in text


def test_the_reboot_switch_is_the_first_setting() -> None:
    first = root_of(phone("Snom", "D765", "10")).xpath("/settings/phone-settings/*")[0]
    assert (first.tag, first.text) == ("auto_reboot_on_setting_change", "on")


def test_the_phone_type_is_never_sent() -> None:
    assert setting(phone("Snom", "D765", "10"), "phone_type") is None


@pytest.mark.parametrize(("model", "firmware"), GENERATIONS)
def test_the_account_is_written(model: str, firmware: str) -> None:
    one = phone("Snom", model, firmware, sip={"sip_username": "alice", "sip_password": "s&cret<1>"})
    assert setting(one, "user_active", 1) == "on"
    assert setting(one, "user_realname", 1) == "Alice 1"
    assert setting(one, "user_name", 1) == "alice"
    assert setting(one, "user_pname", 1) == "alice"
    assert setting(one, "user_pass", 1) == "s&cret<1>"
    assert setting(one, "user_host", 1) == "pbx.example.com"
    assert setting(one, "user_expiry", 1) == "3600"


@pytest.mark.parametrize(("model", "firmware"), GENERATIONS)
def test_lines_without_use_are_switched_off(model: str, firmware: str) -> None:
    one = phone("Snom", model, firmware, lines=2)
    lines = kind("Snom", model, firmware).lines
    assert [setting(one, "user_active", n) for n in (1, 2)] == ["on", "on"]
    found = root_of(one).xpath("/settings/phone-settings/user_active[text()='off']/@idx")
    assert found == [str(n) for n in range(3, lines + 1)]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_the_outbound_setting_holds_host_port_and_transport(transport: str) -> None:
    one = phone("Snom", "D765", "10", sip={"signaling_transport": transport})
    wanted = f"pbx.example.com:5060;transport={transport}"
    assert setting(one, "user_outbound", 1) == wanted


def test_an_outbound_proxy_takes_the_registrars_place() -> None:
    site = Site(sip_port=5070, outbound_proxy="edge.example.com", outbound_proxy_port=5080)
    one = phone("Snom", "D765", "10", site=site)
    assert setting(one, "user_outbound", 1) == "edge.example.com:5080;transport=udp"
    assert setting(one, "user_host", 1) == "pbx.example.com:5070"


@pytest.mark.parametrize(
    ("mode", "info", "event"),
    [
        ("rfc2833", "off", True),
        ("auto", "off", True),
        ("info", "sip_info_only", True),
        ("inband", "off", False),
    ],
)
@pytest.mark.parametrize("firmware", ["10", "8"])
def test_each_dtmf_mode(mode: str, info: str, event: bool, firmware: str) -> None:
    one = phone("Snom", "D765", firmware, sip={"dtmf_mode": mode})
    assert setting(one, "user_dtmf_info", 1) == info
    codecs = setting(one, "codec_priority_list", 1) or ""
    assert ("telephone-event" in codecs.split(",")) is event


def test_8_4_says_that_it_cannot_keep_key_presses_in_the_voice() -> None:
    one = phone("Snom", "320", "8.4", sip={"dtmf_mode": "inband"})
    assert [n.field for n in notes_of(one)] == ["dtmf_mode"]


@pytest.mark.parametrize(("model", "firmware"), DESK)
@pytest.mark.parametrize(("choice", "srtp"), [("none", "off"), ("sdes", "on")])
def test_srtp_is_switched_on_or_off(model: str, firmware: str, choice: str, srtp: str) -> None:
    one = phone("Snom", model, firmware, sip={"media_encryption": choice})
    assert setting(one, "user_srtp", 1) == srtp
    assert setting(one, "user_savp", 1) == ("mandatory" if choice == "sdes" else "off")
    assert setting(one, "user_auth_tag", 1) == "off"


def test_dtls_is_noted_and_not_written() -> None:
    one = phone("Snom", "D765", "10", sip={"media_encryption": "dtls_srtp"})
    assert setting(one, "user_srtp", 1) == "off"
    assert [n.field for n in notes_of(one)] == ["media_encryption"]


def test_codecs_stand_in_their_order() -> None:
    one = phone("Snom", "D765", "10", sip={"codecs": "g722,opus,alaw,ulaw,g729,gsm"})
    wanted = "g722,opus,pcma,pcmu,g729,gsm,telephone-event"
    assert setting(one, "codec_priority_list", 1) == wanted


def test_8_4_takes_codecs_as_payload_numbers() -> None:
    one = phone("Snom", "320", "8.4", sip={"codecs": "g722,alaw,ulaw,g729"})
    found = [setting(one, f"codec{n}_name", 1) for n in range(1, 5)]
    assert found == ["9", "8", "0", "18"]
    assert setting(one, "codec_priority_list", 1) is None


def test_a_codec_that_the_phone_lacks_is_noted() -> None:
    one = phone("Snom", "D765", "8", sip={"codecs": "opus,alaw"})
    assert setting(one, "codec_priority_list", 1) == "pcma,telephone-event"
    assert [n.field for n in notes_of(one)] == ["codecs"]


@pytest.mark.parametrize(("model", "firmware"), GENERATIONS)
def test_forced_mwi_empties_the_mailbox(model: str, firmware: str) -> None:
    assert setting(phone("Snom", model, firmware), "user_mailbox", 1) == "*97"
    forced = phone("Snom", model, firmware, sip={"force_mwi": True})
    assert setting(forced, "user_mailbox", 1) == ""


def test_the_message_key_dials_the_voicemail() -> None:
    assert setting(phone("Snom", "D765", "10"), "dkey_retrieve") == "speed *97"


@pytest.mark.parametrize(("model", "firmware"), DESK)
def test_the_interval_is_in_seconds(model: str, firmware: str) -> None:
    one = phone("Snom", model, firmware)
    assert setting(one, "settings_refresh_timer") == "600"
    assert setting(
        phone("Snom", model, firmware, update_interval=90), "settings_refresh_timer"
    ) == ("90")


def test_10_polls_by_the_timer_alone() -> None:
    assert setting(phone("Snom", "D765", "10"), "prov_polling_enabled") == "off"
    assert setting(phone("Snom", "D765", "8"), "prov_polling_enabled") is None


def test_a_dect_base_notes_that_it_has_no_interval() -> None:
    one = phone("Snom", "M700", "7.40", update_interval=90)
    assert [n.field for n in notes_of(one)] == ["update_interval"]


@pytest.mark.parametrize(("model", "firmware"), GENERATIONS)
def test_the_administrators_login_is_written(model: str, firmware: str) -> None:
    one = phone("Snom", model, firmware, admin_username="boss")
    assert setting(one, "http_user") == "boss"
    assert setting(one, "http_pass") == "Pa$$&<w0rd>"


def test_10_gets_both_pairs_of_the_login() -> None:
    one = phone("Snom", "D865", "10")
    assert setting(one, "webserver_admin_name") == "admin"
    assert setting(one, "webserver_admin_password") == "Pa$$&<w0rd>"
    assert setting(phone("Snom", "D765", "8"), "webserver_admin_name") is None


@pytest.mark.parametrize(("model", "firmware"), GENERATIONS)
def test_no_password_is_written_when_none_is_wanted(model: str, firmware: str) -> None:
    one = phone("Snom", model, firmware, password_generation="none", admin_password="")
    logins = ("http_pass", "admin_mode_password", "webserver_admin_password")
    assert [setting(one, name) for name in logins] == [None, None, None]


def test_the_provisioning_url_is_written() -> None:
    one = phone("Snom", "D765", "10", update_protocol="http", site=Site(http_port=8080))
    directory = "http://prov.example.com:8080/prov/000413aabbcc/"
    assert setting(one, "setting_server") == f"{directory}snomD765-000413AABBCC.htm"


def test_the_time_server_is_left_out_when_there_is_none() -> None:
    assert setting(phone("Snom", "D765", "10"), "ntp_server") == "pool.ntp.org"
    assert setting(phone("Snom", "D765", "10", site=Site(ntp_server="")), "ntp_server") is None


@pytest.mark.parametrize(("model", "firmware"), DESK)
def test_lamps_watch_the_parking_slots(model: str, firmware: str) -> None:
    found = keys(phone("Snom", model, firmware, lines=2, parking_watch_lines=2))
    assert found[0] == ("line", "1", "001")
    assert found[1] == ("line", "2", "002")
    assert found[2] == ("blf *0027*21", "1", "Park 1")
    assert found[3] == ("blf *0027*22", "1", "Park 2")


def test_a_lamp_that_is_no_longer_wanted_becomes_an_ordinary_key() -> None:
    found = keys(phone("Snom", "D765", "10"))
    assert sorted(found) == list(range(16))
    assert {found[n] for n in range(1, 16)} == {("line", "active", "")}


def test_a_phone_without_keys_notes_parking_watch() -> None:
    one = phone("Snom", "PA1", "8", parking_watch_lines=2)
    assert keys(one) == {}
    assert [n.field for n in notes_of(one)] == ["parking_watch_lines"]


def test_a_fixed_address_is_noted() -> None:
    one = phone("Snom", "D765", "10", sip={"fixed_ip": "192.0.2.40"})
    assert [n.field for n in notes_of(one)] == ["fixed_ip"]


@pytest.mark.parametrize(("model", "firmware"), GENERATIONS)
def test_a_hostile_name_adds_no_element(model: str, firmware: str) -> None:
    plain = root_of(phone("Snom", model, firmware))
    hostile = phone("Snom", model, firmware, sip={"extension_name": HOSTILE_NAME})
    assert [e.tag for e in root_of(hostile).iter()] == [e.tag for e in plain.iter()]
    assert setting(hostile, "user_realname", 1) == HOSTILE_NAME


def test_every_model_has_the_resync_of_its_kind() -> None:
    for phone_type in default_catalog().types():
        if phone_type.manufacturer == "Snom":
            reboots = phone_type.model.startswith("M") and phone_type.model != "MP"
            wanted = f"check-sync;reboot={'true' if reboots else 'false'}"
            assert phone_type.facts.resync == wanted


def test_a_handset_gets_its_own_registration_code_and_number() -> None:
    one = phone("Snom", "M900", "7.40", lines=12)
    assert setting(one, "subscr_sip_hs_idx", 12) == "12"
    assert setting(one, "subscr_dect_ac_code", 12) == "0012"
    assert setting(one, "auto_dect_register") == "on"


def test_handsets_with_equal_settings_share_a_server() -> None:
    one = phone("Snom", "M700", "7.40", lines=2)
    other = LineUse(3, extension(3, dtmf_mode="info"))
    three = replace(one, lines=(*one.lines, other))
    ids = [setting(three, "subscr_sip_ua_data_server_id", n) for n in (1, 2, 3)]
    assert ids == ["1", "1", "2"]
    assert [setting(three, "user_dtmf_info", n) for n in (1, 2)] == ["off", "sip_info_only"]
    assert setting(three, "srv_sip_server_alias", 3) is None


def test_a_dect_server_holds_proxy_and_transport() -> None:
    site = Site(outbound_proxy="edge.example.com", outbound_proxy_port=5080)
    sip = {"signaling_transport": "tcp", "fixed_ip": "192.0.2.40"}
    one = phone("Snom", "M700", "5.20", site=site, sip=sip)
    assert setting(one, "user_outbound", 1) == "edge.example.com:5080"
    assert setting(one, "srv_sip_transport", 1) == "tcp"


def test_7_40_names_the_mailbox_number_and_replaces_all_factory_passwords() -> None:
    new = phone("Snom", "M700", "7.40")
    assert setting(new, "user_mailnumber", 1) == "*97"
    assert setting(new, "http_engineer_pass") == setting(new, "http_basic_pass") == "Pa$$&<w0rd>"
    old = phone("Snom", "M700", "5.20")
    assert setting(old, "user_mailnumber", 1) is None
    assert setting(old, "admin_mode_password") == "Pa$$&<w0rd>"


@pytest.mark.parametrize("spelling", ["10", "10.1", "10.1.215"])
def test_generations_are_found_by_their_spellings(spelling: str) -> None:
    assert kind("Snom", "D765", spelling).firmware == "10"


def test_mac_prefixes_begin_with_the_usual_one() -> None:
    assert default_catalog().prefixes("Snom") == ["00:04:13", "1C:71:26", "00:08:7B"]


LOCAL = Site(
    time_zone="Europe/London",
    language="fr",
    tone_country="CH",
    phonebook_url="https://pbx.example.com/book.php?a=1&b=2",
)
LOCAL_SETTINGS = (
    "timezone",
    "language",
    "web_language",
    "tone_scheme",
    "dkey_directory",
    "context_key",
    "phonebook_server_location",
    "phonebook_location",
)


def local_settings(a_phone: Phone) -> dict[str, str]:
    found = {name: setting(a_phone, name) for name in LOCAL_SETTINGS}
    return {name: value.strip() for name, value in found.items() if value is not None}


def test_the_sites_place_reaches_a_desk_phone() -> None:
    assert local_settings(phone("Snom", "D765", "10", site=LOCAL)) == {
        "timezone": "GBR-0",
        "language": "Français",
        "web_language": "Français",
        "tone_scheme": "SWI",
        "dkey_directory": "url https://pbx.example.com/book.php?a=1&b=2",
    }


@pytest.mark.parametrize(("model", "firmware"), DESK)
@pytest.mark.parametrize(
    ("zone", "word"),
    [
        ("Europe/Berlin", "GER+1"),
        ("America/St_Johns", "CAN-3.5"),
        ("America/Phoenix", "USA2-7"),
        ("Australia/Sydney", "AUS+10"),
        ("Pacific/Auckland", "NZL+12"),
        ("Asia/Tokyo", "JPN+9"),
    ],
)
def test_a_time_zone_is_one_word(model: str, firmware: str, zone: str, word: str) -> None:
    assert setting(phone("Snom", model, firmware, site=Site(time_zone=zone)), "timezone") == word


@pytest.mark.parametrize(("model", "firmware"), GENERATIONS)
def test_without_a_place_the_phone_keeps_its_own(model: str, firmware: str) -> None:
    assert local_settings(phone("Snom", model, firmware)) == {}


@pytest.mark.parametrize("firmware", ["7.40", "5.20"])
def test_a_dect_base_reads_its_phonebook_from_the_server(firmware: str) -> None:
    site = Site(language="fr", tone_country="US", phonebook_url=LOCAL.phonebook_url)
    assert local_settings(phone("Snom", "M700", firmware, site=site)) == {
        "language": "Francais",
        "web_language": "Francais",
        "tone_scheme": "USA",
        "phonebook_server_location": "3",
        "phonebook_location": "https://pbx.example.com/book.php?a=1&b=2",
    }


def test_d8xx_open_the_phonebook_with_a_key_below_the_display() -> None:
    one = phone("Snom", "D862", "10", site=LOCAL)
    (url,) = root_of(one).xpath("//context_key[@idx='3']/action/url")
    assert (url.get("when"), url.get("target")) == ("on press", LOCAL.phonebook_url)
    assert setting(one, "context_key_icon_type", 3) == "kIconTypeFkeyAdrBook"
    assert setting(one, "context_key_label", 3) == "Phonebook"
    assert setting(one, "dkey_directory") is None


@pytest.mark.parametrize(
    ("model", "firmware", "site", "fields"),
    [
        ("D765", "10", LOCAL, []),
        ("D765", "10", Site(time_zone="Europe/Istanbul", language="el"), ["time_zone", "language"]),
        ("320", "8.4", Site(language="en", tone_country="HU"), ["tone_country"]),
        ("320", "8.4", Site(time_zone="Australia/Perth"), ["time_zone"]),
        ("M700", "7.40", LOCAL, ["time_zone", "tone_country"]),
        ("PA1", "8", LOCAL, ["language", "phonebook_url"]),
    ],
)
def test_a_word_the_phone_lacks_is_said(
    model: str, firmware: str, site: Site, fields: list[str]
) -> None:
    one = phone("Snom", model, firmware, site=site)
    assert [note.field for note in notes_of(one)] == fields
    if "phonebook_url" in fields:
        assert setting(one, "dkey_directory") is None


@pytest.mark.parametrize("firmware", ["8", "8.4"])
def test_old_firmware_has_english_alone_built_in(firmware: str) -> None:
    assert (
        setting(phone("Snom", "320", firmware, site=Site(language="en")), "language") == "English"
    )
    german = phone("Snom", "320", firmware, site=Site(language="de"))
    assert setting(german, "language") is None
    (note,) = notes_of(german)
    assert "no language but English without a language file" in note.sentence
