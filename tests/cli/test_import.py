"""`tuiprov import` with what it is told about the file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from threading import Thread

import pytest

from tests.cli.conftest import Cli
from tests.data_layer.test_foreign import FREEPBX, FUSIONPBX
from tests.sites import Site
from tuiprov.data.exchange.foreign import formats
from tuiprov.data.models import Extension

WHOSE = ("--set", "organization=Acme", "--set", "user=u{extension}")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "devices.csv"
    path.write_text(FUSIONPBX)
    return path


def test_a_foreign_file_is_told_column_by_column_and_imported(
    cli: Cli, site: Site, file: Path
) -> None:
    ran = cli("import", str(file), *WHOSE)
    assert ran.code == 0, ran.err
    assert "FusionPBX devices:\n  device_mac_address → mac\n" in ran.out
    assert "not taken: sip_transport" in ran.out
    assert "added 2, changed 0, left 0 as they were" in ran.out


def test_a_dry_run_would_only(cli: Cli, site: Site, file: Path) -> None:
    assert "would add 2" in cli("import", str(file), *WHOSE, "--dry-run").out
    assert not site.rows(Extension)


def test_a_partial_import_names_the_others_and_ends_with_1(
    cli: Cli, site: Site, file: Path
) -> None:
    file.write_text(FUSIONPBX.replace("yealink/t46s", "yealink/t99"))
    ran = cli("import", str(file), *WHOSE, "--partial")
    assert ran.code == 1
    assert ran.err == "row 1, model (device_template): Yealink 't99' is not in the catalogue\n"
    assert f"the refused rows are in {file}.refused.csv" in ran.out.replace("\n", "")
    assert len(site.rows(Extension)) == 1


def test_a_script_gets_the_result_as_json(cli: Cli, file: Path) -> None:
    file.write_text(FUSIONPBX.replace("yealink/t46s", "yealink/t99"))
    ran = cli("import", str(file), *WHOSE, "--partial", "--json")
    told = json.loads(ran.out)
    assert (ran.code, told["added"], told["refused_rows"]) == (1, 1, 1)
    assert told["refused"][0]["where"] == "row 1"
    assert told["left_in"] == f"{file}.refused.csv"


def test_without_saying_whose_they_are_each_row_is_refused(cli: Cli, file: Path) -> None:
    ran = cli("import", str(file))
    assert ran.code == 1
    assert "row 1, organization: is missing for a new extension" in ran.err


def test_columns_are_mapped_by_hand(cli: Cli, site: Site, file: Path) -> None:
    file.write_text("Nummer,Wer\n101,Ana\n")
    options = ("--map", "Nummer=extension", "--map", "Wer=extension_name")
    assert cli("import", str(file), *options, *WHOSE).code == 0
    assert site.page("101").values["extension_name"] == "Ana"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--map", "password"), "--map: 'password' has no = in it"),
        (("--set", "=x"), "--set: '' has no = in it"),
        (("--map", "colour=mac"), "--map, colour: is no column of this file"),
        (("--set", "status=odd"), "--set, status: must be"),
        (("--from", "3cx"), "--from: '3cx' is no format"),
    ],
)
def test_a_wrong_option_is_one_line(
    cli: Cli, file: Path, options: tuple[str, str], said: str
) -> None:
    ran = cli("import", str(file), *options)
    assert ran.code == 1
    assert ran.err.startswith(said)


def test_a_format_can_be_forced(cli: Cli, site: Site, file: Path) -> None:
    file.write_text(FREEPBX.replace("tech,devicetype", "a,b"))
    assert cli("import", str(file), "--from", "freepbx", *WHOSE).code == 0
    assert site.page("1001").values["dtmf_mode"] == "rfc2833"


def test_all_formats_are_listed_with_where_they_come_from(cli: Cli) -> None:
    said = cli("formats").out
    assert [name for name in formats() if name not in said] == []
    assert "Bulk Handler" in said


def test_what_a_hostile_header_says_cannot_steer_the_terminal(cli: Cli, file: Path) -> None:
    file.write_text("extension,tech,secret,e\x1b[2Jvil\n1,x,y,z\n")
    ran = cli("import", str(file), *WHOSE)
    assert "\x1b" not in ran.out + ran.err


def test_a_file_is_read_once_so_that_it_may_be_a_pipe(cli: Cli, site: Site, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    writer = Thread(target=pipe.write_text, args=(FUSIONPBX,), daemon=True)
    writer.start()
    assert cli("import", str(pipe), *WHOSE).code == 0
    writer.join(10)
    assert len(site.rows(Extension)) == 2
