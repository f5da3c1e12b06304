"""`tuiprov adopt phones`: phones whose files another program wrote are taken over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.sites import PHONE, Site, a_site
from tuiprov.data.kept import Event
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
        assert "adopted 1 phones with 2 lines" in ran.out
        first, second = site.page("101"), site.page("102")
        assert first.device_id == second.device_id
        assert (second.values["line"], second.values["user"]) == (2, "u102")
        assert first.values["sip_password"] == "geheim101"
        assert first.values["dtmf_mode"] == "info"
        assert site.store.site().sip_server == "pbx.old.example"
        assert (tree / FIRST).read_text() == OLD

    def test_it_is_one_operation_that_is_taken_back_as_one(
        self, cli: Cli, site: Site, tree: Path
    ) -> None:
        before = site.export()
        cli("adopt", "phones", str(tree), *WHOSE, "--yes")
        site.store.archive.undo(site.admin, site.rows(Event)[-1].id or 0)
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
