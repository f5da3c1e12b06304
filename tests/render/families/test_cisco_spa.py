"""Cisco SPA, ATA and MPP: what lxml reads from the flat profile is what the page says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from lxml import etree

from tests.phones import HOSTILE_NAME, HOSTILE_PASSWORD, extension, kind, notes_of, phone
from tuiprov.data.catalog import default_catalog
from tuiprov.data.page import LineUse, Phone
from tuiprov.data.places import time_rule
from tuiprov.data.site import Site
from tuiprov.render.engine import render

DESK = [("SPA504G", "7.x"), ("SPA942", "6.x")]
ROUTERS = [("SPA112", "1.4"), ("ATA191", "11.2")]
ALL = [*DESK, *ROUTERS, ("PAP2T", "5.x"), ("8841", "12.x")]


def spa(model: str = "SPA504G", firmware: str = "7.x", **more: Any) -> Phone:
    return phone("Cisco", model, firmware, **more)


def root_of(a_phone: Phone) -> Any:
    (file,) = render(a_phone)
    root = etree.fromstring(file.data)
    assert root.tag == "flat-profile"
    return root


def settings(a_phone: Phone) -> dict[str, str]:
    """The profile's own elements by name; none of them may stand twice."""
    flat = [element for element in root_of(a_phone).iterchildren("*") if len(element) == 0]
    read = {element.tag: element.text or "" for element in flat}
    assert len(read) == len(flat)
    return read


def of_router(a_phone: Phone) -> dict[str, str]:
    """The elements inside router-configuration by their path."""
    return {
        str(element.getroottree().getelementpath(element)).removeprefix("router-configuration/"): (
            element.text or ""
        )
        for element in root_of(a_phone).xpath("router-configuration//*[not(*)]")
    }


@pytest.mark.parametrize(("model", "firmware"), ALL)
def test_the_file_is_named_by_the_mac_in_lower_case(model: str, firmware: str) -> None:
    (file,) = render(spa(model, firmware, mac="00:0E:08:DD:41:7C"))
    assert file.name == "000e08dd417c.xml"


@pytest.mark.parametrize(("model", "firmware"), ALL)
def test_the_profile_rule_is_the_full_address_of_the_file(model: str, firmware: str) -> None:
    one = spa(model, firmware, update_protocol="http", mac_based_provisioning=False)
    rule = settings(one)["Profile_Rule"]
    assert rule == f"http://prov.example.com/prov/{one.token}/000e08aabbcc.xml"
    assert render(one)[0].path == f"http/{one.token}/000e08aabbcc.xml"


def test_the_profile_rule_of_a_tftp_phone_is_flat() -> None:
    rule = settings(spa(update_protocol="tftp"))["Profile_Rule"]
    assert rule == "tftp://prov.example.com/000e08aabbcc.xml"


def test_the_further_profile_rules_are_emptied() -> None:
    read = settings(spa())
    assert [read[f"Profile_Rule_{letter}"] for letter in "BCD"] == ["", "", ""]


@pytest.mark.parametrize(("model", "firmware"), ALL)
def test_the_interval_is_in_seconds(model: str, firmware: str) -> None:
    assert settings(spa(model, firmware))["Resync_Periodic"] == "600"
    assert settings(spa(model, firmware, update_interval=3600))["Resync_Periodic"] == "3600"


@pytest.mark.parametrize(("model", "firmware"), ALL)
def test_the_phone_lets_the_server_ask_it_to_resync(model: str, firmware: str) -> None:
    read = settings(spa(model, firmware))
    assert read["Provision_Enable"] == read["Resync_From_SIP"] == "Yes"
    challenges = {value for name, value in read.items() if name.startswith("Auth_Resync-Reboot_")}
    assert challenges == {"No"}
    assert kind("Cisco", model, firmware).facts.resync == "resync"


@pytest.mark.parametrize(("model", "firmware"), ALL)
def test_the_account_is_written(model: str, firmware: str) -> None:
    account = {"sip_username": "alice", "sip_password": "s&cret<1>"}
    read = settings(spa(model, firmware, sip=account))
    assert read["Line_Enable_1_"] == "Yes"
    assert read["Display_Name_1_"] == "Alice 1"
    assert read["User_ID_1_"] == read["Auth_ID_1_"] == "alice"
    assert read["Use_Auth_ID_1_"] == "Yes"
    assert read["Password_1_"] == "s&cret<1>"
    assert read["Proxy_1_"] == "pbx.example.com:5060"
    assert read["Register_1_"] == "Yes"
    assert read["Register_Expires_1_"] == "3600"


def test_every_line_has_its_own_account() -> None:
    read = settings(spa(lines=3))
    assert [read[f"User_ID_{n}_"] for n in (1, 2, 3)] == ["0027*001", "0027*002", "0027*003"]


@pytest.mark.parametrize(("model", "firmware"), ALL)
def test_lines_without_use_are_switched_off_and_emptied(model: str, firmware: str) -> None:
    read = settings(spa(model, firmware))
    spare = range(2, kind("Cisco", model, firmware).lines + 1)
    assert [read[f"Line_Enable_{n}_"] for n in spare] == ["No"] * len(spare)
    names = ("User_ID", "Auth_ID", "Password", "Display_Name")
    assert {read[f"{name}_{n}_"] for name in names for n in spare} == {""}


def test_the_outbound_proxy_is_written_with_its_port() -> None:
    read = settings(spa(site=Site(outbound_proxy="edge.example.com", outbound_proxy_port=5080)))
    assert read["Use_Outbound_Proxy_1_"] == "Yes"
    assert read["Outbound_Proxy_1_"] == "edge.example.com:5080"


def test_no_outbound_proxy_empties_an_earlier_one() -> None:
    read = settings(spa())
    assert (read["Use_Outbound_Proxy_1_"], read["Outbound_Proxy_1_"]) == ("No", "")


@pytest.mark.parametrize(("model", "firmware"), ALL)
@pytest.mark.parametrize(("choice", "word"), [("udp", "UDP"), ("tcp", "TCP")])
def test_each_transport(model: str, firmware: str, choice: str, word: str) -> None:
    read = settings(spa(model, firmware, sip={"signaling_transport": choice}))
    assert read["SIP_Transport_1_"] == word


def test_the_local_port_is_left_alone() -> None:
    assert not [name for name in settings(spa()) if name.startswith("SIP_Port")]


@pytest.mark.parametrize(("model", "firmware"), ALL)
def test_a_phone_at_a_fixed_address_calls_without_registration(model: str, firmware: str) -> None:
    read = settings(spa(model, firmware, sip={"fixed_ip": "192.0.2.40"}))
    assert read["Register_1_"] == "No"
    assert read["Make_Call_Without_Reg_1_"] == read["Ans_Call_Without_Reg_1_"] == "Yes"


@pytest.mark.parametrize(
    ("mode", "word"),
    [("rfc2833", "AVT"), ("inband", "InBand"), ("info", "INFO"), ("auto", "Auto")],
)
@pytest.mark.parametrize(("model", "firmware"), ALL)
def test_each_dtmf_mode(model: str, firmware: str, mode: str, word: str) -> None:
    one = spa(model, firmware, sip={"dtmf_mode": mode})
    assert settings(one)["DTMF_Tx_Method_1_"] == word
    assert notes_of(one) == []


@pytest.mark.parametrize(("model", "firmware"), DESK)
@pytest.mark.parametrize(("choice", "word"), [("none", "No"), ("sdes", "Yes")])
def test_a_desk_phone_encrypts_by_keys_in_the_sdp(
    model: str, firmware: str, choice: str, word: str
) -> None:
    read = settings(spa(model, firmware, sip={"media_encryption": choice}))
    assert read["SRTP_Method"] == "s-descriptor"
    assert read["Secure_Call_Serv"] == "Yes"
    assert read["Secure_Call_Setting"] == word


def test_one_encrypted_line_encrypts_the_whole_desk_phone() -> None:
    one = spa()
    secret = LineUse(2, extension(2, media_encryption="sdes"))
    read = settings(replace(one, lines=(*one.lines, secret)))
    assert read["Secure_Call_Setting"] == "Yes"


@pytest.mark.parametrize(("model", "firmware"), ROUTERS)
def test_an_adapter_encrypts_each_line_for_itself(model: str, firmware: str) -> None:
    one = spa(model, firmware)
    secret = LineUse(2, extension(2, media_encryption="sdes"))
    read = settings(replace(one, lines=(*one.lines, secret)))
    assert [read[f"Secure_Call_Setting_{n}_"] for n in (1, 2)] == ["No", "Yes"]


@pytest.mark.parametrize(
    ("model", "firmware", "told"),
    [
        ("SPA504G", "7.x", True),
        ("SPA942", "6.x", True),
        ("SPA112", "1.4", False),
        ("ATA191", "11.2", False),
        ("8841", "12.x", False),
    ],
)
def test_lines_that_differ_in_encryption_are_told_where_the_phone_has_one_setting(
    model: str, firmware: str, told: bool
) -> None:
    one = spa(model, firmware)
    secret = LineUse(2, extension(2, media_encryption="sdes"))
    fields = [note.field for note in notes_of(replace(one, lines=(*one.lines, secret)))]
    assert ("media_encryption" in fields) is told


@pytest.mark.parametrize(("choice", "word"), [("none", "Optional"), ("sdes", "Required")])
def test_mpp_has_an_option_for_each_line(choice: str, word: str) -> None:
    read = settings(spa("8841", "12.x", sip={"media_encryption": choice}))
    assert read["Secure_Call_Option_1_"] == word
    assert "SRTP_Method" not in read


def test_an_old_adapter_notes_that_it_cannot_encrypt() -> None:
    one = spa("PAP2T", "5.x", sip={"media_encryption": "sdes"})
    assert settings(one)["Secure_Call_Setting_1_"] == "No"
    assert [note.field for note in notes_of(one)] == ["media_encryption"]


def test_dtls_is_noted_and_not_written() -> None:
    one = spa(sip={"media_encryption": "dtls_srtp"})
    assert settings(one)["Secure_Call_Setting"] == "No"
    assert [note.field for note in notes_of(one)] == ["media_encryption"]


def codecs(read: dict[str, str]) -> list[str]:
    ranks = ("Preferred", "Second_Preferred", "Third_Preferred")
    return [read[f"{rank}_Codec_1_"] for rank in ranks]


def switched_on(read: dict[str, str]) -> set[str]:
    tail = "_Enable_1_"
    on = {name.removesuffix(tail) for name, v in read.items() if name.endswith(tail) and v == "Yes"}
    return on - {"Line"}


@pytest.mark.parametrize(
    ("model", "firmware", "chosen", "ranks"),
    [
        ("SPA504G", "7.x", "g722,alaw,ulaw", ["G722", "G711a", "G711u"]),
        ("SPA942", "6.x", "g729,alaw", ["G729a", "G711a", "Unspecified"]),
        ("SPA112", "1.4", "alaw,g726,g729", ["G711a", "G726-32", "G729a"]),
        ("PAP2T", "5.x", "g723,ulaw", ["G723", "G711u", "Unspecified"]),
        ("8841", "12.x", "opus,ilbc,g722", ["OPUS", "iLBC", "G722"]),
    ],
)
def test_codecs_stand_in_their_order(
    model: str, firmware: str, chosen: str, ranks: list[str]
) -> None:
    assert codecs(settings(spa(model, firmware, sip={"codecs": chosen}))) == ranks


def test_a_codec_that_is_not_allowed_is_switched_off() -> None:
    assert switched_on(settings(spa())) == set()
    chosen = settings(spa(sip={"codecs": "g722,alaw,g729"}))
    assert switched_on(chosen) == {"G722", "G729a"}


def test_a_fourth_codec_is_switched_on() -> None:
    assert "G729a" in switched_on(settings(spa(sip={"codecs": "g722,alaw,ulaw,g729"})))


@pytest.mark.parametrize(("chosen", "only"), [("alaw", "Yes"), ("alaw,ulaw", "No")])
def test_a_single_codec_is_the_only_one(chosen: str, only: str) -> None:
    assert settings(spa(sip={"codecs": chosen}))["Use_Pref_Codec_Only_1_"] == only


def test_a_codec_that_the_phone_lacks_is_noted() -> None:
    one = spa("SPA112", "1.4", sip={"codecs": "g722,alaw"})
    assert codecs(settings(one)) == ["G711a", "Unspecified", "Unspecified"]
    assert [note.field for note in notes_of(one)] == ["codecs"]


def test_a_phone_with_none_of_the_codecs_keeps_its_own() -> None:
    assert "Preferred_Codec_1_" not in settings(spa(sip={"codecs": "gsm"}))


@pytest.mark.parametrize(("model", "firmware"), ALL)
def test_the_mailbox_is_emptied_when_the_server_sends_mwi_unasked(
    model: str, firmware: str
) -> None:
    assert settings(spa(model, firmware))["Mailbox_ID_1_"] == "0027*001"
    assert settings(spa(model, firmware, sip={"force_mwi": True}))["Mailbox_ID_1_"] == ""


def test_mpp_has_a_switch_for_the_subscription_to_mwi() -> None:
    asked = settings(spa("8841", "12.x"))
    unasked = settings(spa("8841", "12.x", sip={"force_mwi": True}))
    assert [read["Voice_Mail_Enable_1_"] for read in (asked, unasked)] == ["Yes", "No"]


@pytest.mark.parametrize(("model", "firmware"), [*DESK, ("8841", "12.x")])
def test_the_message_key_dials_the_voicemail(model: str, firmware: str) -> None:
    assert settings(spa(model, firmware))["Voice_Mail_Number"] == "*97"


@pytest.mark.parametrize(
    ("model", "firmware", "element"),
    [
        ("SPA504G", "7.x", "Admin_Passwd"),
        ("SPA942", "6.x", "Admin_Passwd"),
        ("PAP2T", "5.x", "Admin_Passwd"),
        ("8841", "12.x", "Admin_Password"),
    ],
)
def test_the_administrators_password_has_the_phones_own_name(
    model: str, firmware: str, element: str
) -> None:
    names = {"Admin_Passwd", "Admin_Password"}
    read = settings(spa(model, firmware))
    assert {name: read[name] for name in names & set(read)} == {element: "Pa$$&<w0rd>"}


@pytest.mark.parametrize(("model", "firmware"), ROUTERS)
def test_an_adapter_with_a_router_has_its_login_there(model: str, firmware: str) -> None:
    one = spa(model, firmware, admin_password="ata4admin9")
    router = of_router(one)
    assert router["Web_Login_Admin_Name"] == "admin"
    assert router["Web_Login_Admin_Password"] == "ata4admin9"
    assert not [name for name in settings(one) if name.startswith("Admin_")]


@pytest.mark.parametrize(("model", "firmware"), ALL)
def test_no_password_is_written_when_none_is_wanted(model: str, firmware: str) -> None:
    one = spa(model, firmware, password_generation="none", admin_password="")
    assert not [name for name in {**settings(one), **of_router(one)} if "Admin" in name]


def test_the_login_name_is_fixed() -> None:
    assert of_router(spa("SPA112", "1.4", admin_username="boss"))["Web_Login_Admin_Name"] == "admin"


@pytest.mark.parametrize(
    ("model", "firmware", "password", "fits"),
    [
        ("SPA112", "1.4", "ata4admin9", True),
        ("SPA112", "1.4", "x" * 33, False),
        ("ATA191", "11.2", "short77", False),
        ("8841", "12.x", "Short7!", False),
        ("8841", "12.x", "onlysmallletters", False),
        ("8841", "12.x", "Quiet7River", True),
        ("SPA504G", "7.x", "with blank", False),
    ],
)
def test_passwords_are_checked_by_the_phones_rule(
    model: str, firmware: str, password: str, fits: bool
) -> None:
    login = kind("Cisco", model, firmware).facts.admin_login
    assert login is not None
    assert (login.password.reason_against(password) == "") is fits


def test_a_random_password_for_mpp_has_three_kinds_of_characters() -> None:
    login = kind("Cisco", "8841", "12.x").facts.admin_login
    assert login is not None
    words = [login.password.random() for _ in range(200)]
    assert all(any(c.isdigit() for c in word) for word in words)


@pytest.mark.parametrize(("model", "firmware"), [*DESK, ("PAP2T", "5.x"), ("8841", "12.x")])
def test_the_time_server_is_written(model: str, firmware: str) -> None:
    assert settings(spa(model, firmware))["Primary_NTP_Server"] == "pool.ntp.org"


@pytest.mark.parametrize(("model", "firmware"), ROUTERS)
def test_an_adapter_with_a_router_has_its_time_server_there(model: str, firmware: str) -> None:
    router = of_router(spa(model, firmware))
    assert router["Time_Setup/Time_Server"] == "pool.ntp.org"
    assert router["Time_Setup/Time_Server_Mode"] == "manual"


@pytest.mark.parametrize(("model", "firmware"), ALL)
def test_the_time_server_is_left_out_when_there_is_none(model: str, firmware: str) -> None:
    one = spa(model, firmware, site=Site(ntp_server=""))
    assert not [name for name in {**settings(one), **of_router(one)} if "Time" in name]
    assert "Primary_NTP_Server" not in settings(one)


def key(read: dict[str, str], number: int) -> tuple[str, str, str]:
    names = ("Extension", "Short_Name", "Extended_Function")
    one, two, three = (read[f"{name}_{number}_"] for name in names)
    return one, two, three


@pytest.mark.parametrize(("model", "firmware"), DESK)
def test_lamps_watch_the_parking_slots(model: str, firmware: str) -> None:
    read = settings(spa(model, firmware, lines=2, parking_watch_lines=2))
    assert key(read, 1) == ("1", "001", "")
    assert key(read, 2) == ("2", "002", "")
    function = "fnc=sd+blf+cp;sub=*0027*{}@$PROXY;nme={}"
    assert key(read, 3) == ("Disabled", "Park 1", function.format("21", "Park 1"))
    assert key(read, 4) == ("Disabled", "Park 2", function.format("22", "Park 2"))
    assert read["Server_Type"] == "Asterisk"


def test_a_lamp_of_mpp_names_its_account() -> None:
    read = settings(spa("8841", "12.x", parking_watch_lines=1))
    function = "fnc=sd+blf+cp;sub=*0027*21@$PROXY;nme=Park 1;vid=1"
    assert key(read, 2) == ("Disabled", "Park 1", function)


def test_a_lamps_label_ends_where_it_should() -> None:
    read = settings(spa("SPA509G", parking_watch_lines=9))
    for number in range(2, 11):
        _, label, function = key(read, number)
        parts = dict(part.split("=", 1) for part in function.split(";"))
        assert parts["nme"] == label
        assert "," not in label


def test_keys_without_use_are_emptied() -> None:
    read = settings(spa())
    assert {key(read, number) for number in (2, 3, 4)} == {("Disabled", "", "")}


@pytest.mark.parametrize(
    ("model", "firmware"), [("SPA502G", "7.x"), ("SPA112", "1.4"), ("7811", "12.x")]
)
def test_a_phone_without_lamp_keys_notes_parking_watch(model: str, firmware: str) -> None:
    one = spa(model, firmware, parking_watch_lines=2)
    assert not [name for name in settings(one) if name.startswith("Extended_Function")]
    assert [note.field for note in notes_of(one)] == ["parking_watch_lines"]


def test_the_dial_plan_lets_star_codes_out() -> None:
    assert settings(spa())["Dial_Plan_1_"] == "([x*#].)"


@pytest.mark.parametrize(("model", "firmware"), ALL)
def test_a_hostile_name_adds_no_element(model: str, firmware: str) -> None:
    plain = root_of(spa(model, firmware))
    account = {"extension_name": HOSTILE_NAME, "sip_password": HOSTILE_PASSWORD}
    hostile = spa(model, firmware, sip=account)
    assert [e.tag for e in root_of(hostile).iter()] == [e.tag for e in plain.iter()]
    assert settings(hostile)["Display_Name_1_"] == HOSTILE_NAME.replace("Ünï", "Uni")
    assert settings(hostile)["Password_1_"] == HOSTILE_PASSWORD


@pytest.mark.parametrize(("model", "firmware"), ALL)
def test_the_file_is_ascii_and_the_changed_name_is_noted(model: str, firmware: str) -> None:
    one = spa(model, firmware, sip={"extension_name": "Ana Núñez"})
    (file,) = render(one)
    assert file.data.isascii()
    assert settings(one)["Display_Name_1_"] == "Ana Nunez"
    assert [note.field for note in notes_of(one)] == ["extension_name"]


def test_an_application_version_is_noted() -> None:
    one = spa(application_version="7.6.2")
    assert [note.field for note in notes_of(one)] == ["application_version"]


@pytest.mark.parametrize(
    ("model", "spelling", "firmware"),
    [
        ("SPA504G", "7.6.2", "7.x"),
        ("SPA942", "6.1.5", "6.x"),
        ("SPA8000", "6.1.11", "5.x"),
        ("SPA112", "1.4", "1.4"),
        ("SPA112", "1.3.5p", "1.4"),
        ("ATA192", "11.1", "11.2"),
        ("8841", "11.3.1", "12.x"),
        ("CP-8841-3PCC", "12.0.7", "12.x"),
    ],
)
def test_models_and_generations_are_found_by_their_spellings(
    model: str, spelling: str, firmware: str
) -> None:
    assert kind("Cisco", model, spelling).firmware == firmware


def test_a_usual_desk_phone_comes_first() -> None:
    families = default_catalog().families
    assert next(iter(families["cisco-spa"].model)) == "SPA504G"
    assert families["cisco-spa"].mac_prefixes[0] == "00:0E:08"


def test_secured_transport_comes_first_where_the_phone_trusts_public_certificates() -> None:
    assert kind("Cisco", "8841", "12.x").facts.update_protocols[0] == "https"
    assert kind("Cisco", "SPA504G", "7.x").facts.update_protocols[0] == "http"


# -- Global preferences: admin guides SPA300/500 p. 266, SPA2102 p. 152, 8800 MPP p. 426 ---

COMPUTING = [*DESK, ("PAP2T", "5.x"), ("8841", "12.x")]
BOOK = "http://pbx.example.com/book.xml"
OF_THE_PLACE = ("Time_Zone", "Daylight_", "Language_", "XML_Directory_")


def of_the_place(a_phone: Phone) -> dict[str, str]:
    """What the Global preferences wrote, outside the router's part."""
    return {n: v for n, v in settings(a_phone).items() if n.startswith(OF_THE_PLACE)}


@pytest.mark.parametrize(("model", "firmware"), ALL)
def test_a_site_that_says_nothing_of_the_place_writes_nothing(model: str, firmware: str) -> None:
    one = spa(model, firmware)
    assert of_the_place(one) == {}
    assert not [n for n in of_router(one) if n.endswith(("Time_Zone", "Auto_Adjust_Clock"))]


@pytest.mark.parametrize(("model", "firmware"), COMPUTING)
@pytest.mark.parametrize(
    ("zone", "offset", "rule"),
    [
        ("Europe/Lisbon", "GMT+00:00", "start=3/-1/7/1:0:0;end=10/-1/7/2:0:0;save=1:0:0"),
        ("America/Denver", "GMT-07:00", "start=3/8/7/2:0:0;end=11/1/7/2:0:0;save=1:0:0"),
        ("Pacific/Auckland", "GMT+12:00", "start=9/-1/7/2:0:0;end=4/1/7/3:0:0;save=1:0:0"),
    ],
)
def test_daylight_saving_is_a_rule_of_weekdays(
    model: str, firmware: str, zone: str, offset: str, rule: str
) -> None:
    assert of_the_place(spa(model, firmware, site=Site(time_zone=zone))) == {
        "Time_Zone": offset,
        "Daylight_Saving_Time_Enable": "Yes",
        "Daylight_Saving_Time_Rule": rule,
    }


@pytest.mark.parametrize(("model", "firmware"), COMPUTING)
def test_a_zone_without_daylight_saving_switches_it_off(model: str, firmware: str) -> None:
    found = of_the_place(spa(model, firmware, site=Site(time_zone="America/Phoenix")))
    assert found == {"Time_Zone": "GMT-07:00", "Daylight_Saving_Time_Enable": "No"}


@pytest.mark.parametrize(("model", "firmware"), ROUTERS)
@pytest.mark.parametrize(
    ("zone", "code", "adjusts"),
    [
        ("Europe/Berlin", "+01 2 2", "1"),
        ("America/St_Johns", "-03.5 1 1", "1"),
        ("Australia/Sydney", "+10 2 4", "1"),
        ("Asia/Tokyo", "+09 1 0", "0"),
    ],
)
def test_an_adapter_with_a_router_has_codes_for_its_clock(
    model: str, firmware: str, zone: str, code: str, adjusts: str
) -> None:
    one = spa(model, firmware, site=Site(time_zone=zone))
    router = of_router(one)
    assert router["Time_Setup/Time_Zone"] == code
    assert router["Time_Setup/Auto_Adjust_Clock"] == adjusts
    assert router["Time_Setup/Time_Server"] == "pool.ntp.org"
    assert of_the_place(one) == {}


@pytest.mark.parametrize(("model", "firmware"), ROUTERS)
def test_the_clocks_code_needs_neither_time_server_nor_login(model: str, firmware: str) -> None:
    site = Site(time_zone="Europe/Berlin", ntp_server="")
    one = spa(model, firmware, site=site, password_generation="none", admin_password="")
    found = of_router(one)
    assert found == {"Time_Setup/Time_Zone": "+01 2 2", "Time_Setup/Auto_Adjust_Clock": "1"}


@pytest.mark.parametrize(("model", "firmware"), ROUTERS)
def test_a_zone_without_a_code_is_told(model: str, firmware: str) -> None:
    one = spa(model, firmware, site=Site(time_zone="Asia/Kolkata"))
    assert "Time_Setup/Time_Zone" not in of_router(one)
    assert [note.field for note in notes_of(one)] == ["time_zone"]


@pytest.mark.parametrize(("model", "firmware"), ROUTERS)
def test_every_code_says_what_the_zones_rule_says(model: str, firmware: str) -> None:
    codes = kind("Cisco", model, firmware).facts.terms["time_zone"]
    for zone, code in codes.items():
        hours, _, rule = str(code).split()
        known = time_rule(zone)
        assert float(hours) * 60 == known.offset, zone
        month = {None: "0", 3: "2", 9: "4", 10: "4"}[known.start and known.start.month]
        assert rule == ("1" if zone.startswith("America/") and known.start else month), zone


@pytest.mark.parametrize(("model", "firmware"), [*DESK, ("8841", "12.x")])
def test_a_screen_has_an_xml_directory_and_english(model: str, firmware: str) -> None:
    one = spa(model, firmware, site=Site(phonebook_url=BOOK, language="en"))
    assert of_the_place(one) == {
        "Language_Selection": "English",
        "XML_Directory_Service_Name": "Phonebook",
        "XML_Directory_Service_URL": BOOK,
    }
    assert notes_of(one) == []


@pytest.mark.parametrize(
    ("model", "firmware", "lacking"),
    [
        ("SPA504G", "7.x", ["language", "tone_country"]),
        ("8841", "12.x", ["language", "tone_country"]),
        ("SPA501G", "7.x", ["language", "tone_country", "phonebook_url"]),
        ("SPA901", "6.x", ["language", "tone_country", "phonebook_url"]),
        ("PAP2T", "5.x", ["language", "tone_country", "phonebook_url"]),
        ("SPA112", "1.4", ["language", "tone_country", "phonebook_url"]),
    ],
)
def test_what_a_model_cannot_follow_is_told_and_not_written(
    model: str, firmware: str, lacking: list[str]
) -> None:
    site = Site(language="de", tone_country="DE", phonebook_url=BOOK)
    one = spa(model, firmware, site=site)
    assert [note.field for note in notes_of(one)] == lacking
    books = [name for name in of_the_place(one) if name.startswith("XML_")]
    assert (books == []) is ("phonebook_url" in lacking)
    assert "Language_Selection" not in of_the_place(one)
