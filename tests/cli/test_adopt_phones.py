"""`tuiprov adopt phones`: phones whose files another program wrote are taken over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.sites import PHONE, Site, a_site
from tuiprov.data.models import Account, Extension

OLD = """#!version:1.0.0.1
## T46S, made by hand
account.1.enable = 1
account.1.label = 101
account.1.display_name = Ana Adler
account.1.user_name = 101
account.1.auth_name = 101
account.1.password = geheim101
account.1.sip_server.1.address = pbx.old.example
account.1.sip_server.1.port = 5060
account.1.dtmf.type = 2
account.2.enable = 1
account.2.user_name = 102
account.2.display_name = Ben
account.2.password = geheim102
phone_setting.ring_type = Ring2.wav
features.remote_password = verborgen
"""
WHOSE = ("--organization", "Acme", "--user", "u{extension}")
FIRST = "805ec0000001.cfg"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    directory = tmp_path / "tftpboot"
    directory.mkdir()
    (directory / FIRST).write_text(OLD)
    return directory


class TestLooking:
    def test_a_dry_run_says_what_each_file_is_and_writes_nothing(
        self, cli: Cli, site: Site, tree: Path
    ) -> None:
        ran = cli("adopt", "phones", str(tree), *WHOSE, "--dry-run")
        assert ran.code == 0, ran.err
        assert "phone      80:5E:C0:00:00:01  Yealink T46S 84  (805ec0000001.cfg)" in ran.out
        assert "line 1: 101 Ana Adler" in ran.out
        assert "setting    sip_server=pbx.old.example" in ran.out
        assert not site.rows(Extension)
        assert site.store.site().sip_server != "pbx.old.example"
        assert (tree / FIRST).read_text() == OLD

    def test_what_ours_will_not_say_is_named_and_no_secret_is_shown(
        self, cli: Cli, tree: Path
    ) -> None:
        args = ("adopt", "phones", str(tree), *WHOSE, "--dry-run")
        said = cli(*args).out + cli(*args, "--json").out
        assert "differs    - phone_setting.ring_type: Ring2.wav" in said
        assert "features.remote_password: ********" in said
        assert [word for word in ("geheim", "verborgen") if word in said] == []

    def test_files_that_are_no_phone_s_are_named_with_the_reason(
        self, cli: Cli, tree: Path
    ) -> None:
        (tree / "y000000000065.cfg").write_text("x = 1\n")
        (tree / "cfg000b82aaaaaa").write_bytes(b"\0\1\2")
        (tree / "000413aabbcc.xml").write_text("<!DOCTYPE x><settings/>")
        (tree / "readme.txt").write_text("hello")
        said = cli("adopt", "phones", str(tree), *WHOSE, "--dry-run").out
        assert "left alone y000000000065.cfg: " in said
        assert "left alone cfg000b82aaaaaa: is no text: encrypted or binary" in said
        assert "left alone 000413aabbcc.xml: declares a document type" in said
        assert "left alone readme.txt: no MAC address in its name" in said

    def test_many_that_are_left_alone_for_one_reason_are_one_line(
        self, cli: Cli, tree: Path
    ) -> None:
        for number in range(9):
            (tree / f"ring{number}.wav").write_text("x")
        said = cli("adopt", "phones", str(tree), *WHOSE, "--dry-run").out
        (line,) = [one for one in said.splitlines() if one.startswith("left alone")]
        assert "ring0.wav, ring1.wav, ring2.wav, ring3.wav and 5 more: no MAC address" in line

    def test_a_model_that_the_file_leaves_open_is_assumed_or_said(
        self, cli: Cli, tree: Path
    ) -> None:
        (tree / FIRST).write_text(OLD.replace("T46S", "phone"))
        args = ("adopt", "phones", str(tree), *WHOSE, "--dry-run")
        assert "others look the same)" in cli(*args).out
        assert "Yealink T48S 84  (" in cli(*args, "--model", "Yealink/T48S").out
        assert "'Nokia/1' is not in the catalogue" in cli(*args, "--model", "Nokia/1").err


class TestAdopting:
    def test_extensions_and_device_are_there_afterwards_with_their_passwords(
        self, cli: Cli, site: Site, tree: Path
    ) -> None:
        ran = cli("adopt", "phones", str(tree), *WHOSE, "--yes")
        assert ran.code == 0, ran.err
        assert "adopted 1 phone with 2 lines" in ran.out
        first, second = site.page("101"), site.page("102")
        assert first.device_id == second.device_id
        assert (second.values["line"], second.values["user"]) == (2, "u102")
        assert first.values["sip_password"] == "geheim101"
        assert first.values["dtmf_mode"] == "info"
        assert site.store.site().sip_server == "pbx.old.example"
        assert (tree / FIRST).read_text() == OLD

    def test_it_says_that_phones_keep_their_files_and_the_plan_is_empty(
        self, cli: Cli, site: Site, tree: Path
    ) -> None:
        keep = "1 phone keeps its files as they are until it is changed"
        args = ("adopt", "phones", str(tree), *WHOSE)
        assert keep in cli(*args, "--dry-run").out
        assert keep in cli(*args, "--yes").out
        assert "nothing to do" in cli("plan").out
        assert "1 with the files they were adopted with" in cli("doctor").out
        assert "adopted from tftpboot" in cli("versions", "80:5E:C0:00:00:01").out
        assert (site.publish_root / "tftp" / FIRST).read_text() == OLD

    def test_what_is_in_the_tree_already_is_said_to_stay(self, cli: Cli, site: Site) -> None:
        tftp = site.publish_root / "tftp"
        tftp.mkdir(parents=True)
        (tftp / FIRST).write_text(OLD)
        said = cli("adopt", "phones", str(tftp), *WHOSE, "--yes").out
        assert "files that lay in the publish tree already stay there then: 1" in said

    def test_a_login_in_an_address_is_not_told(self, cli: Cli, tree: Path) -> None:
        url = "static.auto_provision.server.url = http://prov:verborgen@old.example/\n"
        (tree / FIRST).write_text(OLD + url)
        args = ("adopt", "phones", str(tree), *WHOSE, "--dry-run")
        said = cli(*args).out + cli(*args, "--json").out
        assert "********@old.example" in said
        assert "verborgen" not in said

    def test_it_is_one_operation_that_is_taken_back_as_one(
        self, cli: Cli, site: Site, tree: Path
    ) -> None:
        before = site.export()
        said = cli("adopt", "phones", str(tree), *WHOSE, "--yes").out
        number = said.strip().rpartition(" ")[2]
        assert cli("undo", number, "--yes").code == 0
        assert site.export() == before
        assert site.store.site().sip_server != "pbx.old.example"

    def test_a_second_time_changes_nothing(self, cli: Cli, site: Site, tree: Path) -> None:
        cli("adopt", "phones", str(tree), *WHOSE, "--yes")
        before = site.export()
        assert cli("adopt", "phones", str(tree), *WHOSE, "--yes").code == 0
        assert site.export() == before

    def test_a_line_that_is_on_another_phone_already_leaves_the_file_alone(
        self, cli: Cli, site: Site, tree: Path
    ) -> None:
        site.add("101", **PHONE | {"mac": "80:5E:C0:00:00:99"})
        said = cli("adopt", "phones", str(tree), *WHOSE, "--dry-run")
        assert "extension 101 is on 80:5E:C0:00:00:99 already" in said.out
        assert "there is nothing to adopt" in said.err
        assert said.code == 1

    def test_one_that_cannot_be_stored_keeps_all_out_and_is_named(
        self, cli: Cli, site: Site, tree: Path
    ) -> None:
        (tree / "805ec0000002.cfg").write_text(
            OLD.replace("101", "201").replace("102", "202").replace("geheim", "gehëim")
        )
        ran = cli("adopt", "phones", str(tree), *WHOSE, "--yes")
        assert ran.code == 1
        assert "805ec0000002.cfg, sip_password" in ran.err
        assert not site.rows(Extension)
        assert {a.kind for a in site.rows(Account)} == {"system", "provider"}

    def test_our_own_published_files_come_back_with_nothing_but_their_links(
        self, cli: Cli, site: Site, tmp_path: Path
    ) -> None:
        """Published by one site and adopted by another: what differs is where the files lie."""
        service = {"provisioning_host": "prov.example.com", "sip_server": "sip.example.com"}
        site.configure(**service)
        site.add("101", **PHONE, extension_name="Ana", dtmf_mode="info", codecs="ulaw")
        assert cli("publish", "--yes").code == 0
        (tmp_path / "other").mkdir()
        other = a_site(tmp_path / "other", **service)
        args = ("adopt", "phones", str(tmp_path / "publish"), *WHOSE, "--yes", "--json")
        (phone,) = json.loads(cli(*args, db=other.url).out)["phones"]
        names = {one["name"] for one in phone["differences"]}
        assert names == {"static.auto_provision.server.url"}
        before, after = site.page("101").values, other.page("101").values
        assert {n for n in before if before[n] != after[n]} == {"organization", "user", *_NAMED}


_NAMED = ("friendly_name",)
"""What no phone's file says."""
