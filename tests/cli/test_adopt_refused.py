"""What `tuiprov adopt asterisk` refuses: each in one clear line, and nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.adopting import Desk
from tests.cli.conftest import Cli
from tests.pbx.configs import FIXED, PLAIN
from tests.sites import Site


@pytest.fixture
def desk(cli: Cli, site: Site, tmp_path: Path) -> Desk:
    return Desk(cli, site, tmp_path)


HOSTILE: dict[str, Mapping[str, str | bytes]] = {
    "binary": {"pjsip.conf": b"\x7fELF\x02\x01\x00\x00"},
    "latin": {"pjsip.conf": b"[101]\ncallerid=J\xf6rg\n"},
    "loop": {"pjsip.conf": "#include a.conf\n", "a.conf": "#include pjsip.conf\n"},
    "missing": {"pjsip.conf": "#include a.conf\n"},
    "comment": {"pjsip.conf": "[101]\n;-- type=endpoint\n"},
    "template": {"pjsip.conf": "[101](phone\ntype=endpoint\n"},
    "unknown template": {"pjsip.conf": "[101](phone)\ntype=endpoint\n"},
    "twice": {"pjsip.conf": PLAIN["pjsip.conf"] + "[101]\ntype=endpoint\n"},
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_one_clear_line_and_nothing_written(desk: Desk, kind: str) -> None:
    ran = desk.write(HOSTILE[kind]).run("--yes")
    assert ran.code == 1
    (line,) = ran.errors
    assert ".conf, line " in line
    assert ran.out == ""
    assert desk.is_untouched()


def test_fifty_megabytes_are_one_clear_line(desk: Desk) -> None:
    with (desk.etc / "pjsip.conf").open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    ran = desk.run("--yes")
    assert (ran.code, len(ran.errors)) == (1, 1)
    assert "more than 32 MiB are not read" in ran.errors[0]


def test_a_file_that_is_beside_already_is_not_overwritten(desk: Desk) -> None:
    desk.write({**PLAIN, "pjsip.conf.tuiprov": "mine"})
    ran = desk.run("--yes")
    assert ran.code == 1
    assert "pjsip.conf.tuiprov is there already" in ran.errors[0]
    assert desk.is_untouched()


def test_a_directory_that_is_included_whole_gets_no_file_beside(desk: Desk) -> None:
    part = desk.etc / "pjsip.d"
    part.mkdir()
    (part / "phones").write_text(PLAIN["pjsip.conf"])
    ran = desk.write({"pjsip.conf": "#include pjsip.d/*\n"}).run("--yes")
    assert ran.code == 1
    assert "pjsip.conf, line 1: includes every file of" in ran.errors[0]
    assert [path.name for path in part.iterdir()] == ["phones"]


def test_a_site_that_reloads_its_pbx_is_told_to_wait(desk: Desk) -> None:
    desk.site.configure(pbx="asterisk", pbx_reload=True)
    ran = desk.write(PLAIN).run("--yes")
    assert ran.code == 1
    assert "pbx_reload: turn it off until the files are swapped" in ran.errors[0]
    assert desk.is_untouched()


def test_a_site_with_another_pbx_is_refused(desk: Desk) -> None:
    desk.site.configure(pbx="freeswitch")
    ran = desk.write(PLAIN).run("--yes")
    assert (ran.code, ran.errors) == (
        1,
        ["pbx: is freeswitch: this site does not write an Asterisk"],
    )


def test_only_the_administrator_adopts(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    somebody = desk.site.viewer("organization", "modify", sip=True)
    monkeypatch.setattr("tuiprov.commands.site.os_viewer", lambda _: somebody)
    ran = desk.write(PLAIN).run("--yes")
    assert (ran.code, len(ran.errors)) == (1, 1)
    assert desk.is_untouched()


def test_numbers_that_are_there_already_are_left(desk: Desk) -> None:
    desk.site.add("101")
    out = desk.write(PLAIN).done("--yes")
    assert "left alone [101] pjsip.conf, line 2: there is an extension 101 already" in out
    assert "[101]\ntype=endpoint" in (desk.etc / "pjsip.conf.tuiprov").read_text()


def test_includes_from_elsewhere_are_said(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "other.conf").write_text("[9]\ntype=aor\n")
    text = f"#include {tmp_path}/other.conf\n" + PLAIN["pjsip.conf"]
    out = desk.write({"pjsip.conf": text}).done("--dry-run")
    assert f"not read   pjsip.conf, line 1: {tmp_path}/other.conf is outside of {desk.etc}" in out


def test_a_phone_at_a_fixed_address_is_adopted_as_one(desk: Desk) -> None:
    desk.write(FIXED)
    desk.done("--yes")
    assert desk.site.page("501").values["fixed_ip"] == "127.0.0.50"
    assert desk.site.page("502").values["fixed_auth"] == "required"
