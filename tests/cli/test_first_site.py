"""From an empty host to files that phones can boot from: `init`, `import`, `publish --yes`.

The names and values expected here are written by hand from the manufacturers' own documents, and
the files are read by parsers of this module (and lxml), not by the program's.
"""

from __future__ import annotations

import csv
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from tests.cli.helpers import DATA, Host, Ran

HEADER, *_ROWS = list(csv.reader((DATA / "first-site.csv").open(encoding="utf-8", newline="")))
ROWS = {row[0]: dict(zip(HEADER, row, strict=True)) for row in _ROWS}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Host:
    """The sample site, made and published by the three commands."""
    made = Host(tmp_path_factory.mktemp("first-site"))
    made.done("init")
    assert made.done("import", str(DATA / "first-site.csv")).startswith("added 13,")
    made.done("publish", "--yes")
    return made


def tokens(host: Host) -> dict[str, str]:
    """MAC address → the directory of a device whose link is not made of its MAC."""
    with sqlite3.connect(host.database) as database:
        return dict(database.execute("SELECT mac, token FROM device"))


def expected_paths(host: Host) -> set[str]:
    polycom, spa = (f"http/{tokens(host)[mac]}" for mac in (BOARD, FAX))
    return {
        # Cisco 79xx ask TFTP for SIPDefault.cnf and SIP<MAC>.cnf, upper case, in its root.
        "tftp/SIPDefault.cnf",
        "tftp/syncinfo.xml",
        "tftp/SIP00070E166FA1.cnf",
        "tftp/SIP000E383C1102.cnf",
        # Snom: snom<model>-<MAC>.htm lists the settings file; MAC in upper case.
        "http/00041371a00f/snomD765-00041371A00F.htm",
        "http/00041371a00f/00041371A00F.xml",
        # Aastra up to 4.x: aastra.cfg, then <MAC>.cfg in upper case.
        "http/00085d237429/aastra.cfg",
        "http/00085d237429/00085D237429.cfg",
        # Polycom: <mac>.cfg is the master file and lists the others.
        f"{polycom}/64167f0abcde.cfg",
        f"{polycom}/64167f0abcde-user.cfg",
        f"{polycom}/polycom-site.cfg",
        # Yealink: <mac>.cfg in lower case.
        "http/805ec05a019b/805ec05a019b.cfg",
        # Cisco SPA: $MA.xml, the MAC in lower case.
        f"{spa}/000e08dd417c.xml",
        # Grandstream: cfg<mac>.xml in lower case.
        "http/000b829f3321/cfg000b829f3321.xml",
    }


BOARD, FAX = "64:16:7F:0A:BC:DE", "00:0E:08:DD:41:7C"


# -- names --------------------------------------------------------------------------------------


def test_every_file_lies_under_the_exact_name_the_phone_asks_for(host: Host) -> None:
    assert published(host) == expected_paths(host)


def test_the_disabled_device_has_no_file(host: Host) -> None:
    assert ROWS["0031*005"]["status"] == "disabled"
    digits = ROWS["0031*005"]["mac"].replace(":", "").lower()
    with sqlite3.connect(host.database) as database:
        query = "SELECT token FROM device WHERE mac = ?"
        ((token,),) = database.execute(query, [ROWS["0031*005"]["mac"]])
    assert not [path for path in published(host) if digits in path.lower() or token in path]


def test_a_token_is_128_random_bits(host: Host) -> None:
    assert all(re.fullmatch("[0-9a-f]{32}", token) for token in tokens(host).values())
    assert len(set(tokens(host).values())) == len(tokens(host))


def test_a_second_publish_has_nothing_to_do(host: Host) -> None:
    before = {path: (host.root / path).stat().st_mtime_ns for path in published(host)}
    assert host.done("publish", "--yes").startswith("nothing to do")
    assert before == {path: (host.root / path).stat().st_mtime_ns for path in published(host)}


def test_export_gives_back_what_was_imported(host: Host) -> None:
    exported = {row["extension"]: row for row in csv.DictReader(host.done("export").splitlines())}
    assert exported.keys() == ROWS.keys()
    for number, row in ROWS.items():
        for column, cell in row.items():
            if cell and column != "admin_password":
                assert exported[number][column] == cell, (number, column)


def published(host: Host) -> set[str]:
    return {str(p.relative_to(host.root)) for p in host.root.rglob("*") if not p.is_dir()}


# -- formats ------------------------------------------------------------------------------------


def test_lxml_accepts_every_xml_file(host: Host) -> None:
    found = 0
    for path in published(host):
        data = (host.root / path).read_bytes()
        if data.lstrip().startswith(b"<"):
            etree.fromstring(data)
            found += 1
    assert found == 8


def test_every_key_value_file_has_one_value_for_each_key(host: Host) -> None:
    found = 0
    for path in published(host):
        data = (host.root / path).read_bytes()
        if not data.lstrip().startswith(b"<"):
            assert key_values(data, "=" if b"#!version" in data else ":")
            found += 1
    assert found == 6


def key_values(data: bytes, separator: str) -> dict[str, str]:
    """A key-value file, each key once; `#` begins a comment, quotes around a value are dropped."""
    found: dict[str, str] = {}
    for line in decoded(data).split("\n"):
        if line.strip() and not line.startswith("#"):
            key, cut, value = line.partition(separator)
            assert cut, line
            assert key.strip() not in found, key
            found[key.strip()] = value.strip().removeprefix('"').removesuffix('"')
    return found


def decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


# -- values, device by device -------------------------------------------------------------------


def test_cisco_7940_on_firmware_7(host: Host) -> None:
    row, found = ROWS["0027*001"], text_file(host, "tftp/SIP00070E166FA1.cnf")
    assert found["image_version"] == row["application_version"] == "P0S3-07-5-00"
    assert_cisco_line(found, 1, row)
    assert found["line2_name"] == found["line2_password"] == "UNPROVISIONED"
    assert found["preferred_codec"] == "g711alaw"
    # RFC 2833
    assert found["dtmf_outofband"] in ("avt", "avt_always")


def test_cisco_7960_with_two_lines_on_firmware_8(host: Host) -> None:
    found = text_file(host, "tftp/SIP000E383C1102.cnf")
    assert found["image_version"] == ROWS["0027*002"]["application_version"] == "P0S3-08-11-00"
    assert_cisco_line(found, 1, ROWS["0027*002"])
    assert_cisco_line(found, 2, ROWS["0027*003"])
    assert found["line3_name"] == "UNPROVISIONED"
    assert found["preferred_codec"] == "g711ulaw"
    # in the voice itself
    assert (found["dtmf_inband"], found["dtmf_outofband"]) == ("1", "none")


def test_the_shared_file_of_the_ciscos_names_the_registrar_and_no_account(host: Host) -> None:
    data = (host.root / "tftp/SIPDefault.cnf").read_bytes()
    found = key_values(data, ":")
    assert (found["proxy1_address"], found["proxy1_port"]) == ("pbx.example.com", "5060")
    assert found["proxy_register"] == "1"
    assert not [row for row in ROWS.values() if row["sip_password"].encode() in data]


def assert_cisco_line(found: dict[str, str], number: int, row: dict[str, str]) -> None:
    assert found[f"line{number}_name"] == row["sip_username"]
    assert found[f"line{number}_authname"] == row["sip_username"]
    assert found[f"line{number}_password"] == row["sip_password"]
    assert found[f"line{number}_displayname"] == row["extension_name"]


def test_snom_d765(host: Host) -> None:
    row = ROWS["0027*004"]
    listing = xml(host, "http/00041371a00f/snomD765-00041371A00F.htm")
    assert listing.tag == "setting-files"
    (url,) = listing.xpath("/setting-files/file/@url")
    assert url == "https://prov.example.com/prov/00041371a00f/00041371A00F.xml"
    root = xml(host, "http/00041371a00f/00041371A00F.xml")
    tags = [(one.tag, one.get("idx")) for one in root.xpath("/settings/phone-settings/*")]
    assert len(tags) == len(set(tags))
    found = {one.tag: one.text or "" for one in root.xpath("//phone-settings/*[not(@idx)]")}
    first = {one.tag: one.text or "" for one in root.xpath("//phone-settings/*[@idx='1']")}
    assert_account(
        row, first["user_name"], first["user_pname"], first["user_pass"], first["user_realname"]
    )
    assert first["user_active"] == "on"
    assert first["user_host"] == "pbx.example.com"
    assert "transport=udp" in first["user_outbound"]
    assert first["codec_priority_list"].split(",")[:3] == ["g722", "pcma", "pcmu"]
    assert (first["user_srtp"], first["user_savp"]) == ("on", "mandatory")
    # Force MWI: nothing is subscribed.
    assert first["user_mailbox"] == ""
    assert (found["http_user"], found["http_pass"]) == ("admin", row["admin_password"])
    assert found["setting_server"].startswith("https://prov.example.com/prov/00041371a00f/")
    assert found["settings_refresh_timer"] == row["update_interval"] == "3600"
    park = root.xpath("//functionKeys/fkey[starts-with(text(), 'blf ')]/text()")
    assert park == [f"blf *0027*2{slot}" for slot in range(1, 5)]
    assert not root.xpath("//phone-settings/user_active[@idx!='1'][text()!='off']")


def test_aastra_6731i(host: Host) -> None:
    row, found = ROWS["0027*005"], text_file(host, "http/00085d237429/00085D237429.cfg")
    line = {
        key.removeprefix("sip line1 "): value
        for key, value in found.items()
        if key.startswith("sip line1 ")
    }
    assert_account(
        row, line["user name"], line["auth name"], line["password"], line["display name"]
    )
    assert (line["registrar ip"], line["proxy ip"]) == ("pbx.example.com", "pbx.example.com")
    assert [part.split(";")[0] for part in found["sip customized codec"].split(",")] == [
        "payload=8",
        "payload=0",
        "payload=18",
    ]
    # SIP INFO only
    assert (line["dtmf method"], found["sip out-of-band dtmf"]) == ("1", "0")
    assert line["srtp mode"] == "0"
    assert found["download protocol"] == "HTTP"
    assert (found["http server"], found["http path"]) == ("prov.example.com", "/prov/00085d237429")
    # Counted in days, at most 364.
    assert found["auto resync days"] == row["update_interval"] == "10"
    # Made by tuiprov: digits only, below 2**32, and what `export` gives.
    assert re.fullmatch(r"[1-9][0-9]{5,9}", found["admin password"])
    assert int(found["admin password"]) <= 4_294_967_295
    exported = {r["extension"]: r for r in csv.DictReader(host.done("export").splitlines())}
    assert exported["0027*005"]["admin_password"] == found["admin password"]


def test_polycom_vvx411(host: Host) -> None:
    row, place = ROWS["0027*006"], f"http/{tokens(host)[BOARD]}"
    master = xml(host, f"{place}/64167f0abcde.cfg")
    assert master.tag == "APPLICATION"
    listed = [name.strip() for name in master.get("CONFIG_FILES").split(",")]
    assert listed == ["64167f0abcde-user.cfg", "polycom-site.cfg"]
    root = xml(host, f"{place}/64167f0abcde-user.cfg")
    found = {name: value for one in root.iter() for name, value in one.attrib.items()}
    assert_account(
        row,
        found["reg.1.address"],
        found["reg.1.auth.userId"],
        found["reg.1.auth.password"],
        found["reg.1.displayName"],
    )
    assert found["reg.1.server.1.address"] == "pbx.example.com"
    assert found["reg.1.server.1.transport"] == "UDPOnly"
    ranks = {name: found[f"voice.codecPref.{name}"] for name in ("G722", "G711_Mu", "G711_A")}
    assert ranks == {"G722": "1", "G711_Mu": "2", "G711_A": "0"}
    assert found["reg.1.srtp.require"] == "1"
    assert found["device.auth.localAdminPassword"] == row["admin_password"]
    assert found["device.auth.localAdminPassword.set"] == found["device.set"] == "1"
    assert found["prov.polling.period"] == row["update_interval"] == "86400"
    assert found["device.prov.serverType"] in ("3", "HTTPS")
    assert found["device.prov.serverName"] == f"prov.example.com/prov/{tokens(host)[BOARD]}"
    slots = [found[f"attendant.resourceList.{n}.address"] for n in (1, 2)]
    assert slots == ["*0027*21", "*0027*22"]
    assert "attendant.resourceList.3.address" not in found


def test_yealink_t46s_with_two_lines(host: Host) -> None:
    data = (host.root / "http/805ec05a019b/805ec05a019b.cfg").read_bytes()
    assert data.startswith(b"#!version:1.0.0.1\n")
    found = key_values(data, "=")
    for number, row in ((1, ROWS["0031*001"]), (2, ROWS["0031*002"])):
        account = f"account.{number}"
        names = ("user_name", "auth_name", "password", "display_name")
        assert_account(row, *(found[f"{account}.{name}"] for name in names))
        assert found[f"{account}.enable"] == "1"
        assert found[f"{account}.sip_server.1.address"] == "pbx.example.com"
        assert found[f"{account}.sip_server.1.transport_type"] == "0"
        assert found[f"{account}.dtmf.type"] == "1"
    codecs = [
        name for name in ("g722", "pcma", "pcmu") if found[f"account.1.codec.{name}.enable"] == "1"
    ]
    assert sorted(codecs, key=lambda c: int(found[f"account.1.codec.{c}.priority"])) == [
        "g722",
        "pcma",
        "pcmu",
    ]
    assert found["account.1.srtp_encryption"] == "2"
    assert found["account.2.srtp_encryption"] == "0"
    assert found["static.security.user_password"] == "admin:" + ROWS["0031*001"]["admin_password"]
    assert found["static.auto_provision.repeat.minutes"] == "720"
    assert found["static.auto_provision.server.url"] == (
        "https://prov.example.com/prov/805ec05a019b/"
    )
    lamps = [key for key, value in found.items() if key.endswith(".type") and value == "16"]
    assert len(lamps) == int(ROWS["0031*001"]["parking_watch_lines"]) == 3


def test_cisco_spa112(host: Host) -> None:
    row, place = ROWS["0031*003"], f"http/{tokens(host)[FAX]}"
    root = xml(host, f"{place}/000e08dd417c.xml")
    assert root.tag == "flat-profile"
    tags = [one.tag for one in root if isinstance(one.tag, str)]
    assert len(tags) == len(set(tags))
    found = {one.tag: one.text or "" for one in root.iter() if isinstance(one.tag, str)}
    assert_account(
        row,
        found["User_ID_1_"],
        found["Auth_ID_1_"],
        found["Password_1_"],
        found["Display_Name_1_"],
    )
    assert (found["Use_Auth_ID_1_"], found["Line_Enable_1_"]) == ("Yes", "Yes")
    assert found["Proxy_1_"] in ("pbx.example.com", "pbx.example.com:5060")
    assert found["Preferred_Codec_1_"] == "G711a"
    assert found["SIP_Transport_1_"] == "UDP"
    assert found["Resync_Periodic"] == row["update_interval"] == "3600"
    assert found["Profile_Rule"].startswith(f"http://prov.example.com/prov/{tokens(host)[FAX]}/")
    assert row["admin_password"] in found.values()
    assert found["Line_Enable_2_"] == "No"


def test_grandstream_gxp2170(host: Host) -> None:
    row = ROWS["0031*004"]
    root = xml(host, "http/000b829f3321/cfg000b829f3321.xml")
    assert root.tag == "gs_provision"
    assert root.findtext("mac") == "000b829f3321"
    config = root.find("config")
    assert config is not None
    tags = [one.tag for one in config]
    assert len(tags) == len(set(tags))
    found = {one.tag: one.text or "" for one in config}
    assert_account(row, found["P35"], found["P36"], found["P34"], found["P3"])
    assert found["P271"] == "1"
    assert found["P47"] in ("pbx.example.com", "pbx.example.com:5060")
    # PCMA, PCMU, G.729
    assert [found[name] for name in ("P57", "P58", "P59")] == ["8", "0", "18"]
    assert [found[name] for name in ("P2301", "P2302", "P2303")] == ["0", "1", "0"]
    assert (found["P130"], found["P183"]) == ("0", "0")
    assert found["P2"] == row["admin_password"]
    assert found["P193"] == row["update_interval"] == "1440"
    # HTTPS; a path without its scheme
    assert (found["P212"], found["P237"]) == ("2", "prov.example.com/prov/000b829f3321")
    lamps = [value for value in found.values() if value.startswith("*0031*2")]
    assert lamps == [f"*0031*2{slot}" for slot in range(1, 6)]


def assert_account(
    row: dict[str, str], user: str, authentication: str, password: str, name: str
) -> None:
    assert user == row["sip_username"]
    assert authentication == row["sip_username"]
    assert password == row["sip_password"]
    assert name == row["extension_name"]


def text_file(host: Host, path: str) -> dict[str, str]:
    return key_values((host.root / path).read_bytes(), ":")


def xml(host: Host, path: str) -> Any:
    return etree.fromstring((host.root / path).read_bytes())


# -- modes --------------------------------------------------------------------------------------


def test_database_and_published_files_are_nobody_else_s_to_read(host: Host) -> None:
    for name in ("site.db", "site.db-wal", "site.db-shm"):
        path = host.directory / name
        assert not path.exists() or path.stat().st_mode & 0o777 == 0o600, name
    for path in host.root.rglob("*"):
        assert path.stat().st_mode & 0o7777 == (0o2750 if path.is_dir() else 0o640), path


# -- bad input ----------------------------------------------------------------------------------

BAD_CELLS = {
    (1, "mac"),
    (2, "friendly_name"),
    (3, "friendly_name"),
    (4, "update_interval"),
    (5, "update_interval"),
    (6, "model"),
    (7, "update_protocol"),
    (8, "line"),
    (9, "allowed_networks"),
    (10, "pbx_connected"),
    (11, "fixed_port"),
    (12, "fixed_ip"),
    (13, "dtmf_mode"),
    (14, "codecs"),
    (15, "admin_password"),
    (16, "extension_name"),
    (17, "extension"),
    (18, "status"),
}


@pytest.fixture(scope="module")
def refused(host: Host) -> tuple[Ran, bool]:
    """`import broken.csv` on the sample site, and whether it left the database as it was."""
    before = dump(host.database)
    ran = host.run("import", str(DATA / "broken.csv"))
    return ran, dump(host.database) == before


def test_a_broken_file_names_each_of_its_cells_by_row_and_column(
    refused: tuple[Ran, bool],
) -> None:
    ran, _ = refused
    assert ran.code == 1
    assert ran.out == ""
    lines = [re.fullmatch(r"row ([0-9]+), ([a-z_]+): (.+)", line) for line in ran.errors]
    assert all(lines), ran.err
    assert [(int(one[1]), one[2]) for one in lines if one] == sorted(BAD_CELLS)


def test_a_broken_file_changes_nothing(refused: tuple[Ran, bool], host: Host) -> None:
    assert refused[1]
    assert published(host) == expected_paths(host)


def test_a_dry_run_changes_nothing(host: Host, tmp_path: Path) -> None:
    more = tmp_path / "more.csv"
    more.write_text("extension,organization,user\n0099*001,New Ltd,new.user\n")
    before = dump(host.database)
    assert host.done("import", str(more), "--dry-run").startswith("would add 1,")
    assert dump(host.database) == before


def dump(path: Path) -> list[str]:
    """Every row of the database as SQL."""
    with sqlite3.connect(path) as database:
        return list(database.iterdump())
