"""Fanvil: the three dialects say the same, read by lxml and by a few lines for the text."""

from __future__ import annotations

import pytest
from lxml import etree

from tests.phones import HOSTILE_NAME, HOSTILE_PASSWORD, kind, notes_of, phone
from tuiprov.data.catalog import default_catalog
from tuiprov.data.page import Phone
from tuiprov.data.site import Site
from tuiprov.render.engine import render

TEXT, SYSCONF, VOIP, VOIP_V = ("X4U", "2.12"), ("X4U", "2.4"), ("X4", "2.10"), ("V64", "2.12")
DIALECTS = [TEXT, SYSCONF, VOIP, VOIP_V]


def text_of(a_phone: Phone) -> str:
    (file,) = render(a_phone)
    return file.data.decode()


def read_text(text: str) -> dict[str, str]:
    """`group/Name` → value; the group is the last heading of either kind."""
    found: dict[str, str] = {}
    group = ""
    for line in text.splitlines()[1:-1]:
        if line.startswith(("<", "--")):
            group = line.strip("<>-: ")
        elif line:
            name, value = line.split(":", 1)
            key = f"{group}/{' '.join(name.split())}"
            assert key not in found
            found[key] = value
    return found


def settings(a_phone: Phone) -> dict[str, str]:
    """The settings under the names of the text dialect, whatever the dialect is."""
    text = text_of(a_phone)
    if text.startswith("<<"):
        return read_text(text)
    root = etree.fromstring(text.encode())
    return _of_sysconf(root) if root.tag == "sysConf" else _of_voip(root)


def _of_sysconf(root: etree._Element) -> dict[str, str]:
    found = {}
    groups = {
        "/sysConf/ap": "AUTOUPDATE CONFIG MODULE",
        "/sysConf/phone/date": "DateTime Config",
        "/sysConf/phone/display": "Display Input",
        "/sysConf/mm": "MM CONFIG MODULE",
        "/sysConf/sip": "SIP CONFIG MODULE",
        "/sysConf/dsskey": "DSSKEY CONFIG MODULE",
    }
    for path, group in groups.items():
        for element in root.xpath(f"{path}/*[not(*)]"):
            found[f"{group}/{element.tag}"] = element.text or ""
    for book in root.xpath("/sysConf/phone/xmlContact"):
        for element in book:
            found[f"Xml PhoneBook/XML-PBook{book.get('index')} {element.tag}"] = element.text or ""
    for account in root.xpath("/sysConf/web/account"):
        for element in account:
            found[f"MMI Account/Account{account.get('index')} {element.tag}"] = element.text or ""
    for line in root.xpath("/sysConf/sip/line"):
        for element in line:
            found[f"SIP Line List/SIP{line.get('index')} {element.tag}"] = element.text or ""
    for tag, group in (("dssSide", "Sidekey"), ("internal", "Dsskey")):
        for page in root.xpath(f"/sysConf/dsskey/{tag}"):
            for key in page:
                for element in key:
                    name = f"Fkey{key.get('index')} {element.tag}"
                    found[f"{group} Config{page.get('index')}/{name}"] = element.text or ""
    return found


def _of_voip(root: etree._Element) -> dict[str, str]:
    found = {}
    for module in root:
        for element in module.iter():
            entry = element.getparent()
            if len(element) or element.tag == "ID":
                continue
            name = element.tag.replace("_", " ")
            number = entry.findtext("ID")
            group = (entry.getparent() if number else entry).tag.replace("_", " ")
            key = f"{group}/{number} {name}" if number else f"{group}/{name}"
            assert key not in found
            found[key] = element.text or ""
    return found


def line_value(a_phone: Phone, name: str, line: int = 1) -> str | None:
    """A value of one line; `name` as in the text dialect."""
    found = settings(a_phone)
    spellings = (name, name.replace(" ", ""))
    return next((v for s in spellings if (v := found.get(f"SIP Line List/SIP{line} {s}"))), None)


@pytest.mark.parametrize(("model", "firmware"), DIALECTS)
def test_the_file_is_named_after_the_mac_in_lower_case(model: str, firmware: str) -> None:
    (file,) = render(phone("Fanvil", model, firmware))
    assert file.name == "0c383eaabbcc.cfg"


@pytest.mark.parametrize(
    ("model", "firmware", "begin"),
    [
        ("X4U", "2.12", "<<VOIP CONFIG FILE>>Version:2.0000000000\n"),
        ("V67", "2.6", "<<VOIP CONFIG FILE>>Version:2.0000000000\n"),
        ("X4U", "2.4", '<?xml version="1.0" encoding="UTF-8"?>\n<sysConf>'),
        ("i53W", "2.12", '<?xml version="1.0" encoding="UTF-8"?>\n<sysConf>'),
        ("X4", "2.14", '<?xml version="1.0" encoding="UTF-8" ?>\n<VOIP_CONFIG_FILE>'),
        ("V64", "2.12", '<?xml version="1.0" encoding="UTF-8" ?>\n<VOIP_CONFIG_FILE>'),
    ],
)
def test_model_and_firmware_choose_the_dialect(model: str, firmware: str, begin: str) -> None:
    assert text_of(phone("Fanvil", model, firmware)).startswith(begin)


def test_the_text_dialect_ends_with_its_last_line() -> None:
    assert text_of(phone("Fanvil", *TEXT)).endswith("\n<<END OF FILE>>\n")


@pytest.mark.parametrize(("model", "firmware"), DIALECTS)
def test_the_account_is_written(model: str, firmware: str) -> None:
    sip = {"sip_username": "alice", "sip_password": "s&cret:<1>"}
    one = phone("Fanvil", model, firmware, sip=sip)
    wanted = {
        "Phone Number": "alice",
        "Display Name": "Alice 1",
        "Register Addr": "pbx.example.com",
        "Register Port": "5060",
        "Register User": "alice",
        "Register Pswd": "s&cret:<1>",
        "Register TTL": "3600",
        "Enable Reg": "1",
    }
    assert {name: line_value(one, name) for name in wanted} == wanted


@pytest.mark.parametrize(("model", "firmware"), DIALECTS)
def test_passwords_are_marked_as_plain(model: str, firmware: str) -> None:
    found = settings(phone("Fanvil", model, firmware))
    group = "SIP CONFIG MODULE"
    assert found.get(f"{group}/SIP Pswd Encryption", found.get(f"{group}/SIPPswdEncryption")) == "0"


@pytest.mark.parametrize(("model", "firmware"), DIALECTS)
def test_lines_without_use_are_emptied(model: str, firmware: str) -> None:
    one = phone("Fanvil", model, firmware)
    last = kind("Fanvil", model, firmware).lines
    assert line_value(one, "Enable Reg", last) == "0"
    assert line_value(one, "Register Pswd", last) is None
    assert line_value(one, "Enable Reg", last + 1) is None


@pytest.mark.parametrize(("model", "firmware"), DIALECTS)
def test_the_outbound_proxy_is_written(model: str, firmware: str) -> None:
    site = Site(outbound_proxy="edge.example.com", outbound_proxy_port=5080)
    one = phone("Fanvil", model, firmware, site=site)
    assert line_value(one, "Proxy Addr") == "edge.example.com"
    assert line_value(one, "Proxy Port") == "5080"
    assert line_value(phone("Fanvil", model, firmware), "Proxy Addr") is None


@pytest.mark.parametrize(("model", "firmware"), DIALECTS)
def test_a_phone_at_a_fixed_address_does_not_register(model: str, firmware: str) -> None:
    one = phone("Fanvil", model, firmware, sip={"fixed_ip": "192.0.2.40"})
    assert line_value(one, "Enable Reg") == "0"


@pytest.mark.parametrize(("model", "firmware"), DIALECTS)
@pytest.mark.parametrize(
    ("field", "value", "name", "wanted"),
    [
        ("dtmf_mode", "inband", "DTMF Mode", "0"),
        ("dtmf_mode", "rfc2833", "DTMF Mode", "1"),
        ("dtmf_mode", "info", "DTMF Mode", "2"),
        ("dtmf_mode", "auto", "DTMF Mode", "3"),
        ("signaling_transport", "udp", "Transport", "0"),
        ("signaling_transport", "tcp", "Transport", "1"),
        ("media_encryption", "none", "Media Crypto", "0"),
        ("media_encryption", "sdes", "Media Crypto", "2"),
        ("force_mwi", False, "Subscribe", "1"),
        ("force_mwi", True, "Subscribe", "0"),
    ],
)
def test_each_choice_has_its_number(
    model: str, firmware: str, field: str, value: object, name: str, wanted: str
) -> None:
    assert line_value(phone("Fanvil", model, firmware, sip={field: value}), name) == wanted


@pytest.mark.parametrize(
    ("model", "firmware", "wanted"),
    [
        (*TEXT, "G722,PCMA,opus,G729,PCMU"),
        (*SYSCONF, "G722,PCMA,opus,G729,PCMU"),
        (*VOIP, "G722,G711A,G729,G711U"),
        (*VOIP_V, "G722,G711A,G729,G711U"),
    ],
)
def test_codecs_stand_in_their_order(model: str, firmware: str, wanted: str) -> None:
    one = phone("Fanvil", model, firmware, sip={"codecs": "g722,alaw,opus,g729,ulaw"})
    assert line_value(one, "VoiceCodecMap") == wanted
    assert [n.field for n in notes_of(one)] == ([] if "opus" in wanted else ["codecs"])


@pytest.mark.parametrize(("model", "firmware"), DIALECTS)
def test_the_voicemail_number_is_written(model: str, firmware: str) -> None:
    assert line_value(phone("Fanvil", model, firmware), "MWI Num") == "*97"


@pytest.mark.parametrize(("model", "firmware"), DIALECTS)
def test_the_administrators_login_is_written(model: str, firmware: str) -> None:
    found = settings(phone("Fanvil", model, firmware, admin_username="boss"))
    account = {
        name: found[f"MMI Account/Account1 {name}"] for name in ("Name", "Password", "Level")
    }
    assert account == {"Name": "boss", "Password": "Pa$$&<w0rd>", "Level": "10"}


@pytest.mark.parametrize(("model", "firmware"), DIALECTS)
def test_no_password_is_written_when_none_is_wanted(model: str, firmware: str) -> None:
    one = phone("Fanvil", model, firmware, password_generation="none", admin_password="")
    assert "MMI Account/Account1 Name" not in settings(one)


def update(a_phone: Phone) -> dict[str, str]:
    """Server, file, protocol, mode and interval by the dialect's own names."""
    group = "AUTOUPDATE CONFIG MODULE/"
    found = {k[len(group) :]: v for k, v in settings(a_phone).items() if k.startswith(group)}
    wanted = {
        "server": ("Flash Server IP", "FlashServerIP", "Download Server IP"),
        "file": ("Flash File Name", "FlashFileName", "Config File Name"),
        "protocol": ("Flash Protocol", "FlashProtocol", "Download Protocol"),
        "mode": ("Flash Mode", "FlashMode", "Download Mode"),
        "interval": ("Flash Interval", "FlashInterval", "Download Interval"),
    }
    return {w: next(found[n] for n in names if n in found) for w, names in wanted.items()}


@pytest.mark.parametrize(("model", "firmware"), DIALECTS)
@pytest.mark.parametrize(
    ("protocol", "number", "file"),
    [
        ("https", "5", "prov/0c383eaabbcc/0c383eaabbcc.cfg"),
        ("http", "4", "prov/0c383eaabbcc/0c383eaabbcc.cfg"),
        ("tftp", "2", "0c383eaabbcc.cfg"),
    ],
)
def test_the_phone_learns_where_its_file_lies(
    model: str, firmware: str, protocol: str, number: str, file: str
) -> None:
    found = update(phone("Fanvil", model, firmware, update_protocol=protocol))
    assert (found["server"], found["file"]) == ("prov.example.com", file)
    assert (found["protocol"], found["mode"]) == (number, "2")


def test_a_port_of_its_own_makes_the_server_a_url() -> None:
    one = phone("Fanvil", *TEXT, update_protocol="http", site=Site(http_port=8080))
    assert update(one)["server"] == "http://prov.example.com:8080"


@pytest.mark.parametrize(("model", "firmware"), DIALECTS)
def test_the_interval_is_in_hours(model: str, firmware: str) -> None:
    interval = kind("Fanvil", model, firmware).facts.interval
    assert interval is not None
    assert interval.unit == "hours"
    assert update(phone("Fanvil", model, firmware))["interval"] == "1"
    assert update(phone("Fanvil", model, firmware, update_interval=24))["interval"] == "24"


@pytest.mark.parametrize(("model", "firmware"), DIALECTS)
def test_the_time_server_is_left_out_when_there_is_none(model: str, firmware: str) -> None:
    assert "pool.ntp.org" in settings(phone("Fanvil", model, firmware)).values()
    assert "SNTP" not in text_of(phone("Fanvil", model, firmware, site=Site(ntp_server="")))


def key(a_phone: Phone, page: str, number: int) -> tuple[str, str, str]:
    found = settings(a_phone)
    names = (f"{page}/Fkey{number} {name}" for name in ("Type", "Value", "Title"))
    kind_of_key, value, title = (found[name] for name in names)
    return kind_of_key, value, title


@pytest.mark.parametrize(
    ("model", "firmware", "pages"),
    [
        (*TEXT, [("Sidekey Config1", 3), ("Dsskey Config1", 1)]),
        (*SYSCONF, [("Sidekey Config1", 3), ("Dsskey Config1", 1)]),
        (*VOIP, [("Function Key", 3), ("Function Key", 4)]),
        (*VOIP_V, [("Sidekey Config1", 3), ("Sidekey Config1", 4)]),
    ],
)
def test_lamps_follow_the_lines_over_the_pages(
    model: str, firmware: str, pages: list[tuple[str, int]]
) -> None:
    one = phone("Fanvil", model, firmware, lines=2, parking_watch_lines=2)
    lines = "Function Key" if (model, firmware) == VOIP else "Sidekey Config1"
    assert key(one, lines, 2) == ("2", "SIP2", "002")
    assert key(one, *pages[0]) == ("1", "*0027*21@1/ba", "Park 1")
    assert key(one, *pages[1]) == ("1", "*0027*22@1/ba", "Park 2")


@pytest.mark.parametrize(
    ("model", "last"),
    [
        ("X4U", ("Dsskey Config5", 6)),
        ("X7", ("Dsskey Config4", 29)),
        ("X210", ("Dsskey Config3", 32)),
        ("X7C", ("Sidekey Config5", 12)),
    ],
)
def test_the_last_key_is_the_last_of_the_last_page(model: str, last: tuple[str, int]) -> None:
    one = phone("Fanvil", model, "2.12")
    assert key(one, *last) == ("0", "", "")
    found = settings(one)
    assert f"{last[0]}/Fkey{last[1] + 1} Type" not in found
    assert f"{last[0][:-1]}{int(last[0][-1]) + 1}/Fkey1 Type" not in found


def test_all_pages_are_shown() -> None:
    found = settings(phone("Fanvil", *TEXT))
    assert found["DSSKEY CONFIG MODULE/FuncKey Page Num"] == "5"
    assert found["DSSKEY CONFIG MODULE/SideKey Page Num"] == "1"
    found = settings(phone("Fanvil", *SYSCONF))
    assert found["DSSKEY CONFIG MODULE/FuncKeyPageNum"] == "5"


def test_the_call_buttons_of_a_doorphone_are_left_alone() -> None:
    one = phone("Fanvil", "i53W", "2.12", parking_watch_lines=2)
    assert "Fkey" not in text_of(one)
    assert [n.field for n in notes_of(one)] == ["parking_watch_lines"]


@pytest.mark.parametrize(("model", "firmware"), DIALECTS)
def test_a_hostile_name_adds_no_setting(model: str, firmware: str) -> None:
    sip = {"extension_name": HOSTILE_NAME, "sip_password": HOSTILE_PASSWORD}
    hostile = phone("Fanvil", model, firmware, sip=sip)
    assert settings(hostile).keys() == settings(phone("Fanvil", model, firmware)).keys()
    assert line_value(hostile, "Display Name") == HOSTILE_NAME
    assert line_value(hostile, "Register Pswd") == HOSTILE_PASSWORD


def test_a_name_that_looks_like_a_heading_stays_a_name() -> None:
    one = phone("Fanvil", *TEXT, sip={"extension_name": "<<END OF FILE>>"})
    assert line_value(one, "Display Name") == "<<END OF FILE>>"


def test_dtls_and_the_application_version_are_noted() -> None:
    one = phone(
        "Fanvil", *TEXT, application_version="2.12.20", sip={"media_encryption": "dtls_srtp"}
    )
    assert [n.field for n in notes_of(one)] == ["application_version", "media_encryption"]
    assert line_value(one, "Media Crypto") == "0"


@pytest.mark.parametrize("spelling", ["2.12", "2.12.16.17", "2.12.20"])
def test_generations_are_found_by_their_spellings(spelling: str) -> None:
    assert kind("Fanvil", "X4U", spelling).firmware == "2.12"


def test_mac_prefixes_begin_with_the_registered_one() -> None:
    assert default_catalog().prefixes("Fanvil")[0] == "0C:38:3E"


LOCAL = Site(
    time_zone="Europe/Rome",
    language="it",
    tone_country="IT",
    phonebook_url="https://pbx.example.com/book.php?a=1&b=2",
)
PLACES = ("DateTime Config", "Display Input", "MM CONFIG MODULE", "Xml PhoneBook")
PLACES += ("GLOBAL CONFIG MODULE", "DSP CONFIG MODULE")


def place(a_phone: Phone) -> dict[str, str]:
    """What a site's place adds to the file, by names without blanks."""
    found = {}
    for key, value in settings(a_phone).items():
        group, _, name = key.partition("/")
        if group in PLACES and "SNTP" not in name:
            found[name.replace(" ", "")] = value
    return found


ROME = {
    "TimeZone": "4",
    "TimeZoneName": "UTC+1",
    "DSTMinOffset": "60",
    "DSTStartMon": "3",
    "DSTStartWeek": "5",
    "DSTStartWday": "0",
    "DSTStartHour": "2",
    "DSTEndMon": "10",
    "DSTEndWeek": "5",
    "DSTEndWday": "0",
    "DSTEndHour": "3",
}
BOOK = {"XML-PBook1Name": "Phonebook", "XML-PBook1Addr": LOCAL.phonebook_url}
ANY_LINE = {"XML-PBook1Sipline": "-1", "XML-PBook1BindLine": "-1"}
WORDS = {"DefaultLanguage": "it", "SelectYourTone": "21"}


@pytest.mark.parametrize(
    ("model", "firmware", "more"),
    [
        (*TEXT, {"DSTType": "2", **WORDS, **BOOK, **ANY_LINE}),
        ("V67", "2.6", {"DSTType": "2", **WORDS, **BOOK, **ANY_LINE}),
        (
            *SYSCONF,
            {
                "DSTType": "2",
                "EnableDST": "2",
                "XML-PBook1PhonebookType": "0",
                **WORDS,
                **BOOK,
                **ANY_LINE,
            },
        ),
        (
            *VOIP,
            {
                "EnableDST": "2",
                "DSTFixedType": "2",
                "Language": "7",
                "SignalStandard": "21",
                "XML-PBook1Policy": "0",
                "XML-PBook1Sipline": "0",
                **BOOK,
            },
        ),
        (*VOIP_V, {"EnableDST": "2", "DSTType": "2"}),
        ("i53W", "2.12", {"EnableDST": "2", "DSTType": "2", "SelectYourTone": "21"}),
    ],
)
def test_the_sites_place_reaches_the_phone(model: str, firmware: str, more: dict[str, str]) -> None:
    assert place(phone("Fanvil", model, firmware, site=LOCAL)) == ROME | more


@pytest.mark.parametrize(("model", "firmware"), DIALECTS)
def test_summer_begins_in_september_in_the_south(model: str, firmware: str) -> None:
    read = place(phone("Fanvil", model, firmware, site=Site(time_zone="Pacific/Auckland")))
    assert (read["TimeZone"], read["TimeZoneName"]) == ("48", "UTC+12")
    start, end = (
        [read[f"DST{side}{part}"] for part in ("Mon", "Week", "Wday", "Hour")]
        for side in ("Start", "End")
    )
    assert start == ["9", "5", "0", "2"]
    assert end == ["4", "1", "0", "3"]


@pytest.mark.parametrize(("model", "firmware"), DIALECTS)
@pytest.mark.parametrize(
    ("zone", "quarters", "name"),
    [
        ("America/Phoenix", "-28", "UTC-7"),
        ("Asia/Kolkata", "22", "UTC+5:30"),
        ("Etc/UTC", "0", "UTC"),
    ],
)
def test_a_zone_without_daylight_saving_time_switches_it_off(
    model: str, firmware: str, zone: str, quarters: str, name: str
) -> None:
    read = place(phone("Fanvil", model, firmware, site=Site(time_zone=zone)))
    assert (read["TimeZone"], read["TimeZoneName"]) == (quarters, name)
    assert {read[switch] for switch in ("EnableDST", "DSTType") if switch in read} == {"0"}
    assert not [key for key in read if key.startswith(("DSTStart", "DSTEnd"))]


@pytest.mark.parametrize(("model", "firmware"), DIALECTS)
def test_a_zone_needs_no_time_server(model: str, firmware: str) -> None:
    site = Site(time_zone="America/St_Johns", ntp_server="")
    read = place(phone("Fanvil", model, firmware, site=site))
    assert (read["TimeZone"], read["TimeZoneName"]) == ("-14", "UTC-3:30")
    assert "SNTP" not in text_of(phone("Fanvil", model, firmware, site=site))


@pytest.mark.parametrize(("model", "firmware"), DIALECTS)
def test_without_a_place_the_phone_keeps_its_own(model: str, firmware: str) -> None:
    assert place(phone("Fanvil", model, firmware)) == {}


def test_a_phone_without_keys_has_a_phonebook_too() -> None:
    read = settings(phone("Fanvil", "X3S", "2.10", site=LOCAL))
    assert read["Xml PhoneBook/XML-PBook1 Addr"] == LOCAL.phonebook_url
    assert "PHONE CONFIG MODULE/FuncKey Page Num" not in read


@pytest.mark.parametrize(
    ("model", "firmware", "fields"),
    [
        (*TEXT, []),
        (*VOIP, []),
        ("X3SG", "2.12", ["language"]),
        ("X3SG", "2.4", ["language"]),
        (*VOIP_V, ["language", "tone_country", "phonebook_url"]),
        ("i53W", "2.12", ["language", "phonebook_url"]),
        ("H2U", "2.12", ["language", "phonebook_url"]),
    ],
)
def test_what_the_phone_lacks_is_said_and_not_written(
    model: str, firmware: str, fields: list[str]
) -> None:
    one = phone("Fanvil", model, firmware, site=LOCAL)
    assert [note.field for note in notes_of(one)] == fields
    read = place(one)
    assert ("language" in fields) is not bool(read.keys() & {"DefaultLanguage", "Language"})
    assert ("tone_country" in fields) is not bool(
        read.keys() & {"SelectYourTone", "SignalStandard"}
    )
    assert ("phonebook_url" in fields) is not ("XML-PBook1Addr" in read)


def test_a_country_without_tones_is_said() -> None:
    (note,) = notes_of(phone("Fanvil", *TEXT, site=Site(tone_country="PL")))
    assert note.field == "tone_country"
