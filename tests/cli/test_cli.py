"""The command line: what each command prints, how it ends, and one clear line when it refuses."""

from __future__ import annotations

import csv
import io
import os
import re
import sqlite3
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.cli.helpers import Ran
from tests.publish.helpers import files, state
from tests.sites import PHONE, Site
from tuiprov import __version__
from tuiprov.data.kept import Event
from tuiprov.data.settings import SystemSettings
from tuiprov.data.site import SITE_FIELDS

FANVIL = PHONE | {
    "manufacturer": "Fanvil",
    "model": "X4U",
    "firmware": "2.12",
    "mac": "0C:38:3E:00:00:01",
    "mac_based_provisioning": True,
}
NAME = "0c383e000001.cfg"


@pytest.fixture
def phone(site: Site) -> Site:
    """A site with one Fanvil."""
    site.add(**FANVIL, sip_password="h7Kw2mQx9Tz")
    return site


def refused(ran: Ran, *words: str) -> None:
    """The command was refused in one line that says all of `words`."""
    assert ran.code == 1, ran
    assert len(ran.errors) == 1, ran.err
    assert all(word in ran.errors[0] for word in words), ran.err


# -- init ---------------------------------------------------------------------------------------


def test_init_makes_a_site_and_says_where_phones_files_go(cli: Cli, tmp_path: Path) -> None:
    db = f"sqlite:///{tmp_path}/deep/new.db"
    ran = cli("init", db=db)
    assert (ran.code, ran.err) == (0, "")
    assert (
        ran.out.splitlines()[0] == f"made a new site; phones' files go to {tmp_path}/deep/publish"
    )
    assert cli("export", db=db).out.count("\n") == 1


def test_init_on_a_site_that_is_there_keeps_it(cli: Cli, phone: Site) -> None:
    before = phone.export()
    ran = cli("init")
    assert ran.code == 0
    assert ran.out.startswith("the site is up to date")
    assert phone.export() == before


def test_init_takes_another_publish_root(cli: Cli, tmp_path: Path) -> None:
    db = f"sqlite:///{tmp_path}/new.db"
    assert str(tmp_path / "srv") in cli("init", "--publish-root", f"{tmp_path}/srv", db=db).out


def test_init_makes_a_site_that_takes_the_sample(cli: Cli, site: Site) -> None:
    settings = site.store.site()
    assert settings.sip_trunking_channels == 10
    assert settings.infrastructure_type == "none"
    assert settings.codecs_offered == "alaw,ulaw,g722,g729,opus,gsm"
    with site.database.read() as session:
        assert session.get_one(SystemSettings, 1)


# -- import, export, set ------------------------------------------------------------------------

ROW = "extension,organization,user\n0027*001,Acme Ltd,john\n"


def test_import_says_how_many_it_added_changed_and_left(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(ROW)
    assert cli("import", str(path)).out == "added 1, changed 0, left 0 as they were\n"
    assert cli("import", str(path)).out == "added 0, changed 0, left 1 as they were\n"


def test_import_dry_run_says_what_it_would_do_and_does_nothing(
    cli: Cli, site: Site, tmp_path: Path
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(ROW)
    ran = cli("import", str(path), "--dry-run")
    assert ran.out == "would add 1, changed 0, left 0 as they were\n"
    assert site.export().count("\n") == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"extension,organization\n\xff\xfe,x\n", ["rows.csv", "is not UTF-8 (byte 23)"]),
        (b"extension,colour\n1,red\n", ["rows.csv", "header", "colour", "is not a column"]),
        (b"organization,user\nx,y\n", ["rows.csv", "header", "extension", "is missing"]),
        (b"extension,extension\n1,1\n", ["rows.csv", "header", "stands twice"]),
        (b'extension,user\n1,"open\n', ["rows.csv", "line"]),
        (b"", ["rows.csv", "extension", "is missing"]),
        (b"extension,user\n1,a,b\n", ["row 1", "has 3 cells, the header 2"]),
        (b"extension,user\n\x00,1\n", ["row 1", "extension"]),
    ],
    ids=["UTF-8", "unknown", "missing", "twice", "quote", "empty", "ragged", "binary"],
)
def test_a_file_that_is_no_csv_of_ours_is_one_line_and_changes_nothing(
    cli: Cli, phone: Site, tmp_path: Path, data: bytes, words: list[str]
) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(data)
    before = phone.export()
    refused(cli("import", str(path)), *words)
    assert phone.export() == before


def test_a_file_that_is_not_there_is_one_line(cli: Cli, tmp_path: Path) -> None:
    refused(cli("import", f"{tmp_path}/nowhere.csv"), "nowhere.csv", "No such file or directory")


def test_a_directory_is_no_csv_file(cli: Cli, tmp_path: Path) -> None:
    refused(cli("import", str(tmp_path)), str(tmp_path), "Is a directory")


def test_export_prints_csv_with_every_column(cli: Cli, phone: Site) -> None:
    (row,) = csv.DictReader(cli("export").out.splitlines())
    assert row["extension"] == "0027*001"
    assert row["mac"] == FANVIL["mac"]
    assert row["sip_password"] == "h7Kw2mQx9Tz"


def test_export_takes_a_filter(cli: Cli, phone: Site) -> None:
    phone.add("0027*002")
    assert cli("export", "--where", "extension:0027*002").out.count("\n") == 2


@pytest.mark.parametrize("mask", [0o000, 0o022], ids=oct)
def test_an_exported_file_is_its_owner_s_alone(
    cli: Cli, phone: Site, tmp_path: Path, mask: int
) -> None:
    before = os.umask(mask)
    try:
        assert cli("export", f"{tmp_path}/out.csv").code == 0
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out.csv").stat().st_mode) == 0o600
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == phone.export()


def test_an_export_over_a_file_that_others_could_read_closes_it(
    cli: Cli, phone: Site, tmp_path: Path
) -> None:
    (tmp_path / "out.csv").write_text("old")
    (tmp_path / "out.csv").chmod(0o644)
    assert cli("export", f"{tmp_path}/out.csv").code == 0
    assert stat.S_IMODE((tmp_path / "out.csv").stat().st_mode) == 0o600
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == phone.export()


def test_an_export_that_is_refused_leaves_the_old_file(
    cli: Cli, phone: Site, tmp_path: Path
) -> None:
    (tmp_path / "out.csv").write_text("old")
    refused(cli("export", f"{tmp_path}/out.csv", "--where", "colour:red"), "colour")
    assert (tmp_path / "out.csv").read_text() == "old"


def test_an_export_into_a_directory_that_is_not_there_is_one_line(
    cli: Cli, phone: Site, tmp_path: Path
) -> None:
    refused(cli("export", f"{tmp_path}/no/out.csv"), f"{tmp_path}/no/out.csv")


def test_set_changes_all_that_match(cli: Cli, phone: Site) -> None:
    phone.add("0031*001")
    ran = cli("set", "equipment_description=Lobby desk", "ping=yes", "--where", "extension:0027")
    assert ran.out.startswith("changed 1;")
    assert phone.page("0027*001").values["equipment_description"] == "Lobby desk"
    assert phone.page("0031*001").values["ping"] is False


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("colour=red", ["colour", "is not a field"]),
        ("ping", ["ping", "must be written FIELD=VALUE"]),
        ("ping=perhaps", ["ping", "must be yes or no"]),
        ("update_interval=0", ["update_interval", "from 1 to 99999"]),
        ("extension=1", ["extension", "cannot be set for many at once"]),
        ("mac=80:5E:C0", ["0027*001", "mac", "is missing"]),
    ],
)
def test_a_wrong_assignment_is_one_line_and_changes_nothing(
    cli: Cli, phone: Site, assignment: str, words: list[str]
) -> None:
    before = phone.export()
    refused(cli("set", assignment, "equipment_description=x", "--where", ""), *words)
    assert phone.export() == before


def test_set_refuses_all_when_one_record_refuses(cli: Cli, phone: Site) -> None:
    phone.add("0027*002", fixed_ip="192.0.2.1")
    before = phone.export()
    refused(cli("set", "allowed_networks=192.0.2.0/24", "--where", ""), "0027*002", "fixed IP")
    assert phone.export() == before


def test_set_on_nobody_is_one_line(cli: Cli, phone: Site) -> None:
    refused(cli("set", "ping=yes", "--where", "extension:9999"), "no extension matches")


# -- settings -----------------------------------------------------------------------------------


def test_settings_shows_every_setting_of_the_site(cli: Cli) -> None:
    found = cli("settings", "--json").json
    assert found.keys() == SITE_FIELDS.keys()
    lines = cli("settings").out.splitlines()
    assert [line.split()[0] for line in lines] == list(found)


def test_settings_changes_what_phones_are_told(cli: Cli, phone: Site) -> None:
    cli("publish", "--yes")
    ran = cli("settings", "sip_server=pbx.acme.example")
    assert ran.code == 0
    assert phone.store.site().sip_server == "pbx.acme.example"
    assert "1 to replace" in cli("plan").out


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("colour=red", ["colour", "is not a"]),
        ("sip_server=not a host", ["sip_server", "must be a host name"]),
        ("http_port=70000", ["http_port", "from 1 to 65535"]),
        ("publish_group=A B", ["publish_group", "must be a group's name"]),
    ],
)
def test_a_wrong_setting_is_one_line_and_changes_nothing(
    cli: Cli, assignment: str, words: list[str]
) -> None:
    before = cli("settings").out
    refused(cli("settings", assignment, "sip_port=5099"), *words)
    assert cli("settings").out == before


# -- render -------------------------------------------------------------------------------------

NOTATIONS = [
    "0C:38:3E:00:00:01",
    "0c:38:3e:00:00:01",
    "0c-38-3e-00-00-01",
    "0c383e000001",
    "0c38.3e00.0001",
]


@pytest.mark.parametrize("notation", NOTATIONS)
def test_a_device_is_found_by_its_mac_in_any_notation(cli: Cli, phone: Site, notation: str) -> None:
    ran = cli("render", notation)
    assert ran.code == 0
    assert f"==> http/0c383e000001/{NAME} <==" in ran.out


def test_a_device_is_found_by_its_friendly_name_and_by_its_extension(cli: Cli, phone: Site) -> None:
    by_mac = cli("render", NOTATIONS[0]).out
    assert cli("render", "Desk01").out == by_mac
    assert cli("render", "0027*001").out == by_mac


def test_a_name_of_two_devices_is_refused_with_their_number(cli: Cli, phone: Site) -> None:
    phone.add("0027*002", **{**FANVIL, "mac": "0C:38:3E:00:00:02"})
    refused(cli("render", "Desk01"), "2 devices are named 'Desk01'", "MAC address")


@pytest.mark.parametrize("words", ["Nobody", "0C:38:3E:99:99:99", "0099*001", "", "%", "*"])
def test_an_unknown_device_is_one_line(cli: Cli, phone: Site, words: str) -> None:
    refused(cli("render", words), f"there is no device {words!r}")


def test_an_extension_without_a_device_is_one_line(cli: Cli, phone: Site) -> None:
    phone.add("0027*002")
    refused(cli("render", "0027*002"), "there is no device '0027*002'")


def test_one_file_is_printed_as_it_is(cli: Cli, phone: Site) -> None:
    ran = cli("render", "Desk01", "--file", NAME)
    assert ran.out.splitlines()[0] == "<<VOIP CONFIG FILE>>Version:2.0000000000"


def test_an_unknown_file_is_one_line_with_the_known_ones(cli: Cli, phone: Site) -> None:
    refused(cli("render", "Desk01", "--file", "x.cfg"), "there is no file 'x.cfg'", NAME)


def test_a_disabled_device_has_nothing_to_render(cli: Cli, phone: Site) -> None:
    phone.save(status="disabled")
    refused(cli("render", "Desk01"), "the device is disabled")


def test_render_masks_the_secrets_and_writes_nothing_down(cli: Cli, phone: Site) -> None:
    before = len(phone.rows(Event))
    ran = cli("render", "Desk01")
    assert "h7Kw2mQx9Tz" not in ran.out
    assert "SIP1 Register Pswd      :********" in ran.out
    assert len(phone.rows(Event)) == before


def test_reveal_shows_the_secrets_and_is_written_down(cli: Cli, phone: Site) -> None:
    ran = cli("render", "Desk01", "--reveal")
    assert "SIP1 Register Pswd      :h7Kw2mQx9Tz" in ran.out
    last = phone.rows(Event)[-1]
    assert (last.action, last.subject) == ("reveal", FANVIL["mac"])
    assert not any("h7Kw2mQx9Tz" in event.detail for event in phone.rows(Event))


def test_what_the_phone_cannot_take_is_said_on_standard_error(cli: Cli, phone: Site) -> None:
    phone.save(codecs="opus,gsm")
    ran = cli("render", "Desk01")
    assert ran.code == 0
    assert [line for line in ran.errors if "gsm" in line]


def test_render_as_json_holds_link_files_and_notes(cli: Cli, phone: Site) -> None:
    phone.save(codecs="alaw,gsm")
    found = cli("render", "Desk01", "--json").json
    assert found["link"].startswith("https://prov.example.com/prov/0c383e000001/")
    assert list(found["files"]) == [NAME]
    assert any("gsm" in note for note in found["notes"])


# -- plan and publish ---------------------------------------------------------------------------


def test_plan_lists_the_files_with_their_signs_and_a_summary(cli: Cli, phone: Site) -> None:
    ran = cli("plan")
    assert ran.out.splitlines() == [
        f"+ http/0c383e000001/{NAME}",
        "1 to write, 0 to replace, 0 to delete",
    ]
    assert files(phone.publish_root) == {}


def test_plan_diff_shows_changes_without_secrets(cli: Cli, phone: Site) -> None:
    cli("publish", "--yes")
    phone.save(extension_name="Bob", sip_password="newSecret77")
    out = cli("plan", "--diff").out
    assert "+SIP1 Display Name       :Bob" in out
    assert "h7Kw2mQx9Tz" not in out
    assert "newSecret77" not in out
    assert "-SIP1 Register Pswd      :******** (before)" in out


def test_plan_as_json_names_kinds_and_paths(cli: Cli, phone: Site) -> None:
    assert cli("plan", "--json").json == {
        "changes": [{"kind": "write", "path": f"http/0c383e000001/{NAME}"}],
        "failed": {},
    }


def test_plan_takes_a_filter(cli: Cli, phone: Site) -> None:
    assert "nothing to do" in cli("plan", "--where", "model:T46S").out
    assert "1 to write" in cli("plan", "--where", "model:X4U -status:disabled").out


def test_publish_writes_the_files_and_a_second_time_does_nothing(cli: Cli, phone: Site) -> None:
    assert cli("publish", "--yes").out.splitlines()[-1] == "done"
    assert list(files(phone.publish_root)) == [f"http/0c383e000001/{NAME}"]
    assert state(phone) == "published"
    assert cli("publish", "--yes").out.startswith("nothing to do")


def test_publish_asks_first_and_no_changes_nothing(
    cli: Cli, phone: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("typer.confirm", lambda _: False)
    ran = cli("publish")
    assert ran.code == 0
    assert ran.out.endswith("nothing was done\n")
    assert files(phone.publish_root) == {}


def test_publish_without_anybody_to_ask_does_nothing(
    cli: Cli, phone: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert cli("publish").code == 1
    assert files(phone.publish_root) == {}


def test_publish_ends_with_1_when_a_device_failed_and_names_it(cli: Cli, phone: Site) -> None:
    phone.add("0027*002", **{**FANVIL, "mac": "0C:38:3E:00:00:02", "friendly_name": "Broken"})
    with phone.database.write() as session:
        session.connection().exec_driver_sql(
            "UPDATE extension SET sip_password = 'a' || char(7) WHERE extension = '0027*002'"
        )
    ran = cli("publish", "--yes")
    assert ran.code == 1
    assert len(ran.errors) == 1
    assert "a value holds a control character" in ran.errors[0]
    assert list(files(phone.publish_root)) == [f"http/0c383e000001/{NAME}"]


@pytest.mark.parametrize("command", [["plan"], ["publish", "--yes"]], ids=["plan", "publish"])
def test_a_file_where_the_publish_root_should_be_is_one_line(
    cli: Cli, phone: Site, command: list[str]
) -> None:
    phone.publish_root.write_text("mine")
    refused(cli(*command), str(phone.publish_root), "not a directory")
    assert phone.publish_root.read_text() == "mine"


# -- filters, options, names --------------------------------------------------------------------


@pytest.mark.parametrize("command", ["plan", "publish", "export"])
def test_a_bad_filter_is_one_line(cli: Cli, phone: Site, command: str) -> None:
    refused(cli(command, "--where", "colour:red"), "filter", "colour", "is not a field")
    refused(cli(command, "--where", "sip_password:x"), "sip_password", "cannot be searched")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--nonsense"],
        ["nonsense"],
        ["plan", "--nonsense"],
        ["import"],
        ["set", "ping=yes"],
        ["set", "--where", ""],
        ["export", "a", "b"],
        ["render"],
        ["demo", "--devices", "0"],
        ["demo", "--devices", "many"],
        ["plan", "--where"],
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2_and_says_what_is_wrong(cli: Cli, arguments: list[str]) -> None:
    ran = cli(*arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert ran.errors[-1].startswith("Error: ")


COMMAND_NAMES = (
    *("init", "import", "export", "set", "render", "plan", "publish", "catalog", "doctor"),
    "demo",
)


def test_every_command_has_a_help_text(cli: Cli) -> None:
    out = cli("--help").out
    for command in COMMAND_NAMES:
        assert re.search(rf"^  {command} +\S", out, re.MULTILINE), command
        assert cli(command, "--help").code == 0


def test_version_is_one_line(cli: Cli) -> None:
    assert cli("--version").out == f"tuiprov {__version__}\n"


# -- catalog ------------------------------------------------------------------------------------


def test_catalog_prints_a_row_for_each_model(cli: Cli) -> None:
    lines = cli("catalog").out.splitlines()
    assert lines[0].split() == ["MANUFACTURER", "MODEL", "LINES", "KEYS", "FIRMWARE", "EXPANSION"]
    assert [line.split()[:3] for line in lines if " X4U  " in line] == [["Fanvil", "X4U", "12"]]


def test_catalog_of_a_manufacturer_in_any_case(cli: Cli) -> None:
    rows = cli("catalog", "snom").out.splitlines()[1:]
    assert len(rows) > 20
    assert {row.split()[0] for row in rows} == {"Snom"}


def test_catalog_of_a_model_prints_its_facts(cli: Cli) -> None:
    out = cli("catalog", "Aastra", "6731i").out
    assert re.search(r"^update_protocols +.*tftp", out, re.MULTILINE)
    assert re.search(r"^admin_login +.*digits", out, re.MULTILINE)


def test_catalog_as_json_is_one_object_for_each_model_and_generation(cli: Cli) -> None:
    found = cli("catalog", "Fanvil", "X4U", "--json").json
    assert {one["firmware"] for one in found} >= {"2.12", "2.4"}
    assert all(one["mac_prefixes"][0] == "0C:38:3E" for one in found)


def test_an_unknown_manufacturer_is_one_line_with_the_known_ones(cli: Cli) -> None:
    refused(cli("catalog", "Nokia"), "'Nokia'", "Snom", "Yealink")


# -- databases ----------------------------------------------------------------------------------


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    return tmp_path / "other.db"


COMMANDS = [
    ["export"],
    ["plan"],
    ["publish", "--yes"],
    ["render", "x"],
    ["set", "ping=yes", "--where", ""],
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_without_a_database_one_line_says_how_to_make_one(
    cli: Cli, elsewhere: Path, command: list[str]
) -> None:
    refused(cli(*command, db=f"sqlite:///{elsewhere}"), str(elsewhere), "tuiprov init")
    assert not elsewhere.exists()


@pytest.mark.parametrize("command", [*COMMANDS, ["init"]], ids=lambda words: words[0])
def test_a_file_that_is_no_database_is_one_line_and_stays(
    cli: Cli, elsewhere: Path, command: list[str]
) -> None:
    elsewhere.write_text("These are my notes, not a database.\n" * 50)
    before = elsewhere.read_bytes()
    refused(cli(*command, db=f"sqlite:///{elsewhere}"), str(elsewhere), "not a tuiprov database")
    assert elsewhere.read_bytes() == before


def test_somebody_else_s_database_is_one_line(cli: Cli, elsewhere: Path) -> None:
    with sqlite3.connect(elsewhere) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")
    refused(cli("plan", db=f"sqlite:///{elsewhere}"), str(elsewhere), "holds no site")


@pytest.mark.parametrize("command", [*COMMANDS, ["init"]], ids=lambda words: words[0])
def test_a_newer_schema_is_one_line_and_stays(cli: Cli, phone: Site, command: list[str]) -> None:
    with phone.database.write() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    refused(cli(*command), "newer tuiprov", "9999")
    assert phone.database.schema() == "9999"


def test_a_directory_is_no_database(cli: Cli, tmp_path: Path) -> None:
    refused(cli("plan", db=f"sqlite:///{tmp_path}"), str(tmp_path), "cannot be opened")


@pytest.mark.parametrize("url", ["nonsense", "sqlite", "://"])
def test_a_url_that_is_none_is_one_line(cli: Cli, url: str) -> None:
    refused(cli("plan", db=url), "is not a database URL")


def test_a_database_without_a_driver_is_one_line_without_its_password(cli: Cli) -> None:
    ran = cli("plan", db="oracle://scott:tiger77@db/x")
    refused(ran, "no driver for oracle")
    assert "tiger77" not in ran.err


# -- hostile values -----------------------------------------------------------------------------

HOSTILE = "a\x1b]52;c;!\x07\u202eb\x9b31mc\u2066d"


@pytest.fixture
def hostile(phone: Site) -> Site:
    """A site into which somebody wrote control characters behind the program's back."""
    with phone.database.write() as session:
        connection = session.connection()
        connection.exec_driver_sql("UPDATE extension SET extension_name = ?", (HOSTILE,))
        connection.exec_driver_sql("UPDATE device SET notes = ?", (HOSTILE,))
    return phone


def steering(text: str) -> list[str]:
    """The characters of `text` that a terminal obeys or a reader cannot see."""
    return re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", text)


@pytest.mark.parametrize(
    "command",
    [["plan", "--diff"], ["plan", "--json"], ["publish", "--yes"], ["render", "Desk01"]],
    ids=" ".join,
)
def test_hostile_stored_values_come_out_visible(
    cli: Cli, hostile: Site, command: list[str]
) -> None:
    ran = cli(*command)
    assert steering(ran.out + ran.err) == []


def test_bidi_marks_in_a_file_come_out_visible(cli: Cli, phone: Site) -> None:
    with phone.database.write() as session:
        session.connection().exec_driver_sql(
            "UPDATE extension SET extension_name = ?", ("a\u202eb",)
        )
    ran = cli("render", "Desk01")
    assert ran.code == 0
    assert "a\\u202eb" in ran.out
    assert steering(ran.out) == []


def test_json_holds_the_true_value_in_escapes(cli: Cli, phone: Site) -> None:
    with phone.database.write() as session:
        session.connection().exec_driver_sql(
            "UPDATE extension SET extension_name = ?", ("a\u202eb",)
        )
    ran = cli("render", "Desk01", "--json")
    assert steering(ran.out) == []
    assert "a\u202eb" in ran.json["files"][NAME]


def test_hostile_words_on_the_command_line_come_out_visible(cli: Cli, phone: Site) -> None:
    for command in (["render", HOSTILE], ["plan", "--where", f"x{HOSTILE}:"], ["catalog", HOSTILE]):
        ran = cli(*command)
        assert steering(ran.out + ran.err) == [], command


def test_hostile_cells_come_out_visible(cli: Cli, site: Site, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(f"extension,{HOSTILE}\n1,2\n", encoding="utf-8", newline="")
    assert steering(cli("import", str(path)).err) == []
    path.write_text(f"extension,codecs\n1,{HOSTILE}\n", encoding="utf-8", newline="")
    assert steering(cli("import", str(path)).err) == []
