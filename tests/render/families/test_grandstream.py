"""Grandstream: what lxml reads from the file is what the page says, by number or by name."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import etree

from tests.phones import HOSTILE_NAME, HOSTILE_PASSWORD, extension, kind, notes_of, phone
from tuiprov.data.catalog import default_catalog
from tuiprov.data.page import LineUse, Phone
from tuiprov.data.places import TIME_ZONES
from tuiprov.data.site import Site
from tuiprov.render.engine import RenderedFile, render

BY_NUMBER = [("GXP2170", "1.0"), ("GXP1630", "1.0"), ("GRP2614", "1.0")]
BY_NAME = [("GXP2170", "1.0.11"), ("GRP2614", "1.0-alias"), ("GXV3480", "1.0-alias")]
ADAPTERS = [("HT802", "1.0"), ("HT814", "1.0")]
ALL = BY_NUMBER + BY_NAME + ADAPTERS


def file_of(a_phone: Phone) -> RenderedFile:
    (file,) = render(a_phone)
    return file


def settings(a_phone: Phone) -> dict[str, str]:
    """P numbers or names → values."""
    root = etree.fromstring(file_of(a_phone).data)
    assert (root.tag, root.get("version")) == ("gs_provision", "1")
    assert [child.tag for child in root] == ["mac", "config"]
    assert root[0].text == "000b82aabbcc"
    pairs = [(item.get("name", item.tag), item.text or "") for item in root[1]]
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def version(a_phone: Phone) -> str | None:
    return etree.fromstring(file_of(a_phone).data)[1].get("version")


def some(found: dict[str, str], *names: str) -> list[str]:
    return [found[name] for name in names]


@pytest.mark.parametrize(("model", "firmware"), ALL)
def test_the_file_is_cfg_and_the_mac_in_lower_case(model: str, firmware: str) -> None:
    assert file_of(phone("Grandstream", model, firmware)).name == "cfg000b82aabbcc.xml"


@pytest.mark.parametrize(("model", "firmware"), BY_NUMBER + ADAPTERS)
def test_numbers_are_version_1_and_never_mixed_with_names(model: str, firmware: str) -> None:
    one = phone("Grandstream", model, firmware)
    assert version(one) == "1"
    assert all(name[0] == "P" and name[1:].isdigit() for name in settings(one))


@pytest.mark.parametrize(("model", "firmware"), BY_NAME)
def test_names_are_version_2_and_never_mixed_with_numbers(model: str, firmware: str) -> None:
    one = phone("Grandstream", model, firmware)
    assert version(one) == "2"
    assert all("." in name for name in settings(one))


@pytest.mark.parametrize(("model", "firmware"), BY_NUMBER)
def test_account_1_has_numbers_of_its_own(model: str, firmware: str) -> None:
    found = settings(phone("Grandstream", model, firmware))
    assert some(found, "P271", "P47", "P35", "P36") == [
        "1",
        "pbx.example.com:5060",
        "0027*001",
        "0027*001",
    ]
    assert some(found, "P34", "P3", "P270", "P33") == ["v7Qm2RkT9xW1", "Alice 1", "001", "*97"]


@pytest.mark.parametrize(("number", "base"), [(2, 400), (3, 500), (4, 600), (5, 1700), (6, 1800)])
def test_further_accounts_begin_at_a_hundred_of_their_own(number: int, base: int) -> None:
    found = settings(phone("Grandstream", "GXP2170", "1.0", lines=6))
    columns = [f"P{base + column}" for column in (1, 4, 5, 6, 7, 10)]
    user = f"0027*{number:03}"
    assert some(found, *columns) == [
        "1",
        user,
        user,
        f"v7Qm2RkT9xW{number}",
        f"Alice {number}",
        "1",
    ]
    assert found[f"P{2202 + 100 * number}"] == "1"


@pytest.mark.parametrize(("model", "firmware"), BY_NAME)
def test_an_account_by_name(model: str, firmware: str) -> None:
    found = settings(phone("Grandstream", model, firmware, lines=2))
    assert found["account.2.enable"] == "Yes"
    assert found["account.2.sip.server.1.address"] == "pbx.example.com:5060"
    assert found["account.2.sip.userid"] == "0027*002"
    assert found["account.2.sip.subscriber.userid"] == "0027*002"
    assert found["account.2.sip.subscriber.password"] == "v7Qm2RkT9xW2"
    assert found["account.2.sip.subscriber.name"] == "Alice 2"
    assert found["account.2.sip.voicemail.number"] == "*97"


def test_ports_of_a_small_adapter_are_accounts() -> None:
    found = settings(phone("Grandstream", "HT802", "1.0", lines=2))
    assert some(found, "P35", "P735", "P36", "P736") == ["0027*001", "0027*002"] * 2
    assert some(found, "P34", "P734") == ["v7Qm2RkT9xW1", "v7Qm2RkT9xW2"]
    assert some(found, "P47", "P747") == ["pbx.example.com:5060"] * 2
    assert some(found, "P271", "P401", "P731", "P751") == ["1", "1", "1", "0"]


def test_ports_of_a_gateway_share_profile_1() -> None:
    found = settings(phone("Grandstream", "HT814", "1.0", lines=2))
    assert some(found, "P271", "P47") == ["1", "pbx.example.com:5060"]
    assert some(found, "P4060", "P4090", "P4120", "P4180", "P4150", "P4595") == [
        "0027*001",
        "0027*001",
        "v7Qm2RkT9xW1",
        "Alice 1",
        "0",
        "1",
    ]
    assert some(found, "P4061", "P4596", "P4597", "P4598") == ["0027*002", "1", "0", "0"]


@pytest.mark.parametrize(
    ("model", "firmware", "off"),
    [
        ("GXP2170", "1.0", {"P501": "0", "P601": "0", "P1701": "0", "P1801": "0"}),
        ("GXP2140", "1.0.11", {"account.3.enable": "No", "account.4.enable": "No"}),
    ],
)
def test_accounts_that_are_not_in_use_are_turned_off(
    model: str, firmware: str, off: dict[str, str]
) -> None:
    found = settings(phone("Grandstream", model, firmware, lines=2))
    assert off.items() <= found.items()


@pytest.mark.parametrize(("model", "firmware"), ADAPTERS)
def test_a_spare_port_is_turned_off(model: str, firmware: str) -> None:
    found = settings(phone("Grandstream", model, firmware))
    assert found["P401" if model == "HT802" else "P4596"] == "0"


@pytest.mark.parametrize(("seconds", "minutes"), [(60, "1"), (61, "2"), (3600, "60"), (3601, "61")])
def test_registration_expires_in_minutes_rounded_up(seconds: int, minutes: str) -> None:
    site = Site(register_expiry=seconds)
    assert settings(phone("Grandstream", "GXP2170", "1.0", site=site))["P32"] == minutes
    assert settings(phone("Grandstream", "HT814", "1.0", site=site))["P32"] == minutes
    by_name = settings(phone("Grandstream", "GXP2170", "1.0.11", site=site))
    assert by_name["account.1.sip.registerExpiration"] == minutes


@pytest.mark.parametrize(
    ("protocol", "code", "word", "path"),
    [
        ("https", "2", "HTTPS", "prov.example.com/prov/000b82aabbcc"),
        ("http", "1", "HTTP", "prov.example.com/prov/000b82aabbcc"),
        ("tftp", "0", "TFTP", "prov.example.com"),
    ],
)
def test_the_path_has_no_scheme_and_the_protocol_stands_beside_it(
    protocol: str, code: str, word: str, path: str
) -> None:
    found = settings(phone("Grandstream", "GXP2170", "1.0", update_protocol=protocol))
    assert some(found, "P212", "P237") == [code, path]
    found = settings(phone("Grandstream", "GXP2170", "1.0.11", update_protocol=protocol))
    assert found["provisioning.config.protocol"] == word
    assert found["provisioning.config.serverPath"] == path


def test_a_port_of_the_server_stays_in_the_path() -> None:
    found = settings(phone("Grandstream", "GXP2170", "1.0", site=Site(https_port=8443)))
    assert found["P237"] == "prov.example.com:8443/prov/000b82aabbcc"


@pytest.mark.parametrize(("model", "mode"), [("GXP2170", "1"), ("HT802", "3"), ("HT814", "3")])
def test_the_update_interval_is_in_minutes(model: str, mode: str) -> None:
    found = settings(phone("Grandstream", model, "1.0", update_interval=1440))
    assert some(found, "P194", "P193") == [mode, "1440"]


def test_the_update_interval_by_name() -> None:
    found = settings(phone("Grandstream", "GXP2170", "1.0.11"))
    assert found["provisioning.auto.mode"] == "YesUpgradeMin"
    assert found["provisioning.auto.minute"] == "60"


@pytest.mark.parametrize(("model", "high"), [("GXP2170", 86400), ("HT802", 5256000)])
def test_an_interval_is_an_hour_at_least(model: str, high: int) -> None:
    bounds = kind("Grandstream", model, "1.0").facts.interval
    assert bounds is not None
    assert (bounds.unit, bounds.low, bounds.high) == ("minutes", 60, high)


@pytest.mark.parametrize(("firmware", "name"), [("1.0", "P2"), ("1.0.11", "users.admin.password")])
def test_the_administrator_password_is_written(firmware: str, name: str) -> None:
    one = phone("Grandstream", "GXP2170", firmware, admin_password="Gs9!empfang")
    assert settings(one)[name] == "Gs9!empfang"
    assert name not in settings(replace(one, values={**one.values, "password_generation": "none"}))


@pytest.mark.parametrize(("model", "firmware"), ALL)
def test_an_administrator_password_has_no_space(model: str, firmware: str) -> None:
    login = kind("Grandstream", model, firmware).facts.admin_login
    assert login is not None
    assert login.username == "admin"
    assert not login.password.reason_against("Gs9!empfang")
    assert login.password.reason_against("two words")


@pytest.mark.parametrize(
    ("mode", "bits"), [("inband", "100"), ("rfc2833", "010"), ("info", "001"), ("auto", "010")]
)
def test_a_phone_sends_dtmf_one_way(mode: str, bits: str) -> None:
    sip = {"dtmf_mode": mode}
    found = settings(phone("Grandstream", "GXP2170", "1.0", sip=sip))
    assert "".join(some(found, "P2301", "P2302", "P2303")) == bits
    found = settings(phone("Grandstream", "GXP2170", "1.0.11", sip=sip))
    names = [f"account.1.dtmf.sendIn{way}" for way in ("Audio", "Rtp", "Sip")]
    assert some(found, *names) == ["Yes" if bit == "1" else "No" for bit in bits]


def test_a_phone_has_no_automatic_dtmf_and_says_so() -> None:
    (note,) = notes_of(phone("Grandstream", "GXP2170", "1.0", sip={"dtmf_mode": "auto"}))
    assert note.sentence == "Grandstream GXP2170 has no auto for DTMF: rfc2833 is used"


@pytest.mark.parametrize("model", ["HT802", "HT814"])
@pytest.mark.parametrize(
    ("mode", "order"),
    [
        ("inband", ["100", "101", "102"]),
        ("rfc2833", ["101", "102", "100"]),
        ("info", ["102", "101", "100"]),
        ("auto", ["101", "100", "102"]),
    ],
)
def test_an_adapter_has_an_order_of_dtmf_modes(model: str, mode: str, order: list[str]) -> None:
    found = settings(phone("Grandstream", model, "1.0", sip={"dtmf_mode": mode}))
    assert some(found, "P850", "P851", "P852") == order


@pytest.mark.parametrize(
    ("model", "firmware", "name", "values"),
    [
        ("GXP2170", "1.0", "P183", ("0", "2")),
        ("HT802", "1.0", "P183", ("0", "2")),
        ("GXP2170", "1.0.11", "account.1.audio.srtpMode", ("Disabled", "EnabledAndForced")),
    ],
)
def test_sdes_is_forced(model: str, firmware: str, name: str, values: tuple[str, str]) -> None:
    sdes = {"media_encryption": "sdes"}
    plain, secret = (phone("Grandstream", model, firmware, sip=sip) for sip in ({}, sdes))
    assert (settings(plain)[name], settings(secret)[name]) == values


@pytest.mark.parametrize(
    ("model", "firmware", "register", "transport", "values"),
    [
        ("GXP2170", "1.0", "P31", "P130", ["1", "0", "0", "1"]),
        ("HT814", "1.0", "P31", "P130", ["1", "0", "0", "1"]),
        (
            "GXP2170",
            "1.0.11",
            "account.1.sip.registration",
            "account.1.sip.transport",
            ["Yes", "UDP", "No", "TCP"],
        ),
    ],
)
def test_a_fixed_ip_does_not_register_and_may_use_tcp(
    model: str, firmware: str, register: str, transport: str, values: list[str]
) -> None:
    fixed = {"fixed_ip": "192.0.2.4", "signaling_transport": "tcp"}
    plain = settings(phone("Grandstream", model, firmware))
    there = settings(phone("Grandstream", model, firmware, sip=fixed))
    assert some(plain, register, transport) + some(there, register, transport) == values


@pytest.mark.parametrize(
    ("model", "firmware", "codes"),
    [
        ("GXP2170", "1.0", ["9", "8", "123", "18"]),
        ("GRP2614", "1.0", ["9", "8", "125", "18"]),
        ("HT802", "1.0", ["8", "123", "18", "18"]),
    ],
)
def test_codecs_keep_their_order_and_the_last_fills_up(
    model: str, firmware: str, codes: list[str]
) -> None:
    sip = {"codecs": "g722,alaw,opus,g729"}
    found = settings(phone("Grandstream", model, firmware, sip=sip))
    choices = some(found, "P57", "P58", "P59", "P60", "P61", "P62", "P46")
    assert choices == codes + ["18"] * 3


def test_codecs_by_name() -> None:
    sip = {"codecs": "g722,alaw,opus,g729"}
    found = settings(phone("Grandstream", "GRP2614", "1.0-alias", sip=sip))
    choices = [found[f"account.1.codec.choice.{number}"] for number in range(1, 9)]
    assert choices == ["G.722", "PCMA", "OPUS"] + ["G.729A/B"] * 5


def test_an_adapter_has_no_wide_band_and_says_so() -> None:
    (note,) = notes_of(phone("Grandstream", "HT802", "1.0", sip={"codecs": "g722,alaw"}))
    assert note.sentence == "Grandstream HT802 has no g722: left out of its codecs"


@pytest.mark.parametrize(
    ("firmware", "name"), [("1.0", "P48"), ("1.0.11", "account.1.sip.outboundProxy.1.address")]
)
def test_the_outbound_proxy_is_written_or_cleared(firmware: str, name: str) -> None:
    site = Site(outbound_proxy="edge.example.com", outbound_proxy_port=5070)
    assert settings(phone("Grandstream", "GXP2170", firmware))[name] == ""
    there = settings(phone("Grandstream", "GXP2170", firmware, site=site))
    assert there[name] == "edge.example.com:5070"


@pytest.mark.parametrize(
    ("firmware", "name", "values"),
    [("1.0", "P99", ("1", "0")), ("1.0.11", "account.1.sip.subscribe.forMwi", ("Yes", "No"))],
)
def test_forced_message_waiting_is_not_asked_for(
    firmware: str, name: str, values: tuple[str, str]
) -> None:
    forced = {"force_mwi": True}
    plain, told = (phone("Grandstream", "GXP2170", firmware, sip=sip) for sip in ({}, forced))
    assert (settings(plain)[name], settings(told)[name]) == values


@pytest.mark.parametrize(
    ("model", "firmware", "name", "off"),
    [
        ("GXP2170", "1.0", "P191", "0"),
        ("HT814", "1.0", "P191", "0"),
        ("GXP2170", "1.0.11", "account.1.featureCodes.callFeatures", "No"),
    ],
)
def test_star_codes_reach_the_server(model: str, firmware: str, name: str, off: str) -> None:
    assert settings(phone("Grandstream", model, firmware))[name] == off


def test_the_time_server_is_written_when_the_site_has_one() -> None:
    none = Site(ntp_server="")
    assert settings(phone("Grandstream", "HT802", "1.0"))["P30"] == "pool.ntp.org"
    assert "P30" not in settings(phone("Grandstream", "HT802", "1.0", site=none))
    by_name = settings(phone("Grandstream", "GXP2170", "1.0.11"))
    assert by_name["dateTime.ntp.server.1"] == "pool.ntp.org"


def test_a_lamp_on_a_line_key_counts_its_modes_from_ten() -> None:
    found = settings(phone("Grandstream", "GXP2170", "1.0", parking_watch_lines=5))
    assert some(found, "P1363", "P1364") == ["0", "0"]
    assert some(found, "P1365", "P1366", "P1467", "P1468") == ["26", "0", "Park 1", "*0027*21"]
    assert some(found, "P1373", "P1374", "P1475", "P1476") == ["26", "0", "Park 5", "*0027*25"]


def test_a_lamp_past_the_line_keys_has_the_plain_mode() -> None:
    found = settings(phone("Grandstream", "GXP2130", "1.0", parking_watch_lines=7))
    assert some(found, "P1367", "P1369") == ["26", "16"]
    assert some(found, "P23804", "P23805", "P23806", "P23807") == ["16", "0", "Park 7", "*0027*27"]
    assert found["P23808"] == "-1"


def test_keys_of_a_grp_take_words() -> None:
    found = settings(phone("Grandstream", "GRP2614", "1.0", parking_watch_lines=1))
    assert some(found, "P1363", "P1365", "P1367", "P23800") == [
        "line/default",
        "monitoredcp",
        "line/default",
        "none",
    ]


def test_lamps_beside_the_screen_have_other_numbers() -> None:
    found = settings(phone("Grandstream", "GXP1630", "1.0", parking_watch_lines=5))
    assert some(found, "P324", "P304", "P305", "P306") == ["16", "0", "Park 1", "*0027*21"]
    assert some(found, "P328", "P316", "P317", "P318") == ["16", "0", "Park 5", "*0027*25"]
    assert some(found, "P323", "P329", "P353") == ["-1"] * 3


def test_lamps_by_name_leave_no_gap() -> None:
    found = settings(phone("Grandstream", "GXP2130", "1.0.11", lines=2, parking_watch_lines=3))
    modes = [found[f"pks.vpk.{number}.keyMode"] for number in range(1, 13)]
    assert modes == ["Line"] * 2 + ["MonitoredCallPark"] * 3 + ["None"] * 7
    assert some(found, "pks.vpk.2.account", "pks.vpk.3.account") == ["1", "0"]
    assert found["pks.vpk.4.value"] == "*0027*22"
    assert found["pks.vpk.5.description"] == "Park 3"


def test_a_line_key_without_a_line_is_another_call_of_the_first() -> None:
    one = phone("Grandstream", "GXP2130", "1.0")
    found = settings(replace(one, lines=(LineUse(2, extension(1)),)))
    assert some(found, "P1364", "P1366", "P1368") == ["1"] * 3


@pytest.mark.parametrize(("model", "firmware"), [("HT802", "1.0"), ("GXV3480", "1.0-alias")])
def test_a_phone_without_lamps_says_so(model: str, firmware: str) -> None:
    one = phone("Grandstream", model, firmware, parking_watch_lines=2)
    assert [note.field for note in notes_of(one)] == ["parking_watch_lines"]


@pytest.mark.parametrize(("model", "firmware"), ALL)
def test_hostile_names_add_no_tag(model: str, firmware: str) -> None:
    sip = {"extension_name": HOSTILE_NAME, "sip_password": HOSTILE_PASSWORD}
    plain, hostile = (phone("Grandstream", model, firmware, sip=own) for own in ({}, sip))
    assert settings(plain).keys() == settings(hostile).keys()
    assert HOSTILE_NAME in settings(hostile).values()
    assert HOSTILE_PASSWORD in settings(hostile).values()


def test_phones_with_more_than_five_accounts_are_written_by_name_or_their_numbers_are_known() -> (
    None
):
    for kind_ in default_catalog().types():
        accounts = kind_.facts.names.get("accounts", "")
        by_number = kind_.facts.files[0].template == "phone.xml.j2"
        if kind_.manufacturer == "Grandstream" and by_number:
            assert kind_.lines <= 1 + len(accounts.split())


def test_accounts_whose_numbers_nobody_confirmed_are_marked() -> None:
    for model in ("GXP2120", "GXV3240"):
        assert "accounts" in kind("Grandstream", model, "1.0").facts.unknown


def test_the_binary_format_is_left_out() -> None:
    assert default_catalog().find("Grandstream", "GXP2000", "1.0") is None


def test_generations_have_other_spellings() -> None:
    assert kind("Grandstream", "GXP2170", "1.0.11.79").firmware == "1.0.11"
    assert kind("Grandstream", "GXP2170", "1.0.9").firmware == "1.0"


# -- Global preferences: the configuration template of the GXP17xx 1.0.1.133, wazo ---

BOOK = "https://pbx.example.com:8443/books/phonebook.xml"
EVERYTHING = Site(time_zone="Europe/Rome", language="it", tone_country="IT", phonebook_url=BOOK)
PLACES = ("P64", "P246", "P143", "P1362", "P330", "P331", "P332")
NAMED_PLACES = (
    "dateTime.timezone",
    "dateTime.timezone.custom",
    "dateTime.override.dhcp.allowOption2",
    "language.gui",
    "phonebook.download.mode",
    "phonebook.download.server",
    "phonebook.download.interval",
)


def place(a_phone: Phone) -> dict[str, str]:
    """What the Global preferences wrote."""
    return {n: v for n, v in settings(a_phone).items() if n in PLACES + NAMED_PLACES}


@pytest.mark.parametrize(("model", "firmware"), ALL)
def test_a_site_that_says_nothing_of_the_place_writes_nothing(model: str, firmware: str) -> None:
    assert place(phone("Grandstream", model, firmware)) == {}


@pytest.mark.parametrize("model", ["GXP2170", "GRP2614", "GXP1760"])
def test_the_place_in_numbers(model: str) -> None:
    rule = "STD-1DST-2,M3.5.0/02:00:00,M10.5.0/03:00:00"
    values = ("customize", rule, "0", "it", "3", "pbx.example.com:8443/books", "720")
    found = place(phone("Grandstream", model, "1.0", site=EVERYTHING))
    assert found == dict(zip(PLACES, values, strict=True))


@pytest.mark.parametrize(
    ("model", "firmware"), [("GXP2170", "1.0.11"), ("GRP2614", "1.0-alias"), ("WP820", "1.0-alias")]
)
def test_the_place_in_names(model: str, firmware: str) -> None:
    rule = "STD-1DST-2,M3.5.0/02:00:00,M10.5.0/03:00:00"
    mode, server = "EnabledUseHTTPS", "pbx.example.com:8443/books"
    values = ("customize", rule, "No", "it", mode, server, "720")
    found = place(phone("Grandstream", model, firmware, site=EVERYTHING))
    assert found == dict(zip(NAMED_PLACES, values, strict=True))


@pytest.mark.parametrize("model", ["HT802", "HT814", "GXW4216", "DP750", "GXP2170"])
@pytest.mark.parametrize(
    ("zone", "rule"),
    [
        ("Pacific/Auckland", "STD-12DST-13,M9.5.0/02:00:00,M4.1.0/03:00:00"),
        ("Asia/Kolkata", "STD-5:30"),
        ("America/Phoenix", "STD+7"),
    ],
)
def test_every_zone_is_a_rule_of_its_own(model: str, zone: str, rule: str) -> None:
    found = place(phone("Grandstream", model, "1.0", site=Site(time_zone=zone)))
    assert found == {"P64": "customize", "P246": rule, "P143": "0"}


def test_no_rule_is_longer_than_the_phones_room() -> None:
    for zone in TIME_ZONES:
        rule = place(phone("Grandstream", "HT802", "1.0", site=Site(time_zone=zone)))["P246"]
        assert len(rule) <= 64


@pytest.mark.parametrize(
    ("model", "lacking"),
    [
        ("GXP2170", ["tone_country"]),
        ("GXP1105", ["language", "tone_country", "phonebook_url"]),
        ("GSC3516", ["language", "tone_country", "phonebook_url"]),
        ("HT802", ["language", "tone_country", "phonebook_url"]),
        ("HT814", ["language", "tone_country", "phonebook_url"]),
        ("DP750", ["language", "tone_country", "phonebook_url"]),
    ],
)
def test_what_a_model_cannot_follow_is_told_and_not_written(model: str, lacking: list[str]) -> None:
    one = phone("Grandstream", model, "1.0", site=EVERYTHING)
    assert [note.field for note in notes_of(one)] == lacking
    missing = {"language": {"P1362"}, "phonebook_url": {"P330", "P331", "P332"}}
    assert not {n for field in lacking for n in missing.get(field, set())} & place(one).keys()


def test_a_gateway_with_a_screen_has_four_languages() -> None:
    french, italian = (
        phone("Grandstream", "GXW4216", "1.0", site=Site(language=code)) for code in ("fr", "it")
    )
    assert place(french) == {"P1362": "fr"}
    assert place(italian) == {}
    (note,) = notes_of(italian)
    assert "has no menus in this language" in note.sentence
