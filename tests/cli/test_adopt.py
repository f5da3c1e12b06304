"""`tuiprov adopt asterisk`: an Asterisk's configuration is taken over, nothing changes by it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.adopting import Desk
from tests.cli.conftest import Cli
from tests.pbx.asterisk_server import Asterisk
from tests.pbx.configs import LEFT, PLAIN, SPLIT, STYLES, TEMPLATES, TRANSPORTS
from tests.sites import Site
from tuiprov.data.kept import PbxOptions
from tuiprov.data.models import Extension
from tuiprov.data.site import PBX_DIRECTORY
from tuiprov.publish import pbx_files

SECRETS = (">Secret;101", "pa ss#1")


@pytest.fixture
def desk(cli: Cli, site: Site, tmp_path: Path) -> Desk:
    return Desk(cli, site, tmp_path)


# -- the report -----------------------------------------------------------------------------------


def test_a_dry_run_says_what_is_understood_kept_and_left_and_writes_nothing(desk: Desk) -> None:
    desk.write(PLAIN)
    out = desk.done("--dry-run")
    assert "extension  101 Ana B.  (pjsip.conf, line 2)" in out
    assert "kept as is: endpoint language=de (line 34), call_group=1 (line 35)" in out
    assert "setting    pbx=asterisk" in out
    assert desk.is_untouched()
    assert desk.site.store.site().pbx == "none"
    assert not (desk.site.publish_root / PBX_DIRECTORY).exists()


def test_no_password_is_printed(desk: Desk) -> None:
    text = PLAIN["pjsip.conf"].replace("call_group = 1", "set_var=password=hidden1")
    desk.write({"pjsip.conf": text})
    said = desk.done("--dry-run") + desk.done("--dry-run", "--json") + desk.done("--yes")
    said += desk.tuiprov("history") + desk.tuiprov("plan", "--diff")
    assert [word for word in (*SECRETS, "hidden1") if word in said] == []


def test_json_names_sections_by_file_and_line(desk: Desk) -> None:
    desk.write(PLAIN)
    told = json.loads(desk.done("--json"))
    first, second = told["extensions"]
    assert first["sections"][1] == "[101] pjsip.conf, line 11"
    kept = ["max_contacts=3 (line 39)", "no remove_existing", "no mailboxes"]
    assert second["kept"]["aor"] == kept
    assert told["beside"] == [str(desk.etc / "pjsip.conf.tuiprov")]
    assert desk.is_untouched()  # not without --yes


def test_json_with_yes_does_it(desk: Desk) -> None:
    told = json.loads(desk.write(PLAIN).done("--json", "--yes"))
    assert [one["extension"] for one in told["extensions"]] == ["101", "102"]
    assert Path(told["beside"][0]).exists()
    assert desk.site.page("102").values["sip_password"] == "pa ss#1"


def test_what_is_kept_is_named_with_its_file_and_line(desk: Desk) -> None:
    out = desk.write(SPLIT).done("--dry-run")
    assert "extension  401 Four One  (pjsip.endpoint.conf, line 3)" in out
    assert "rtp_timeout=30 (pjsip.endpoint_custom_post.conf, line 2)" in out
    assert "aor minimum_expiration=60 (pjsip.aor.conf, line 6)" in out


def test_what_is_left_alone_is_named_with_its_line(desk: Desk) -> None:
    desk.write({"pjsip.conf": PLAIN["pjsip.conf"] + LEFT["pjsip.conf"]})
    out = desk.done("--yes")
    assert "left alone [provider] pjsip.conf, line 44: a trunk: it authenticates elsewhere" in out
    rest = (desk.etc / "pjsip.conf.tuiprov").read_text()
    assert rest.startswith("; our phones\n\n[provider]\n")
    assert LEFT["pjsip.conf"] in rest


def test_a_file_without_an_extension_is_said_and_fails(desk: Desk) -> None:
    desk.write({"pjsip.conf": "[t]\ntype=transport\n"})
    ran = desk.run("--yes")
    assert (ran.code, ran.errors) == (1, ["there is nothing to adopt"])
    assert desk.is_untouched()


# -- adopting changes nothing ---------------------------------------------------------------------


@pytest.mark.parametrize("style", STYLES)
def test_after_adopting_a_plan_has_nothing_to_do(desk: Desk, style: str) -> None:
    desk.site.store.extensions.remove(desk.site.admin, desk.site.page("0099*001"))
    desk.write(STYLES[style])
    desk.done("--yes")
    assert "nothing to do" in desk.tuiprov("plan")
    assert len(desk.site.rows(Extension)) == 2


def test_the_admins_files_are_never_written(desk: Desk) -> None:
    desk.write(SPLIT)
    out = desk.done("--yes")
    assert {n: (desk.etc / n).read_bytes() for n in desk.files} == desk.files
    new = {path.name for path in desk.etc.iterdir()} - set(desk.files)
    names = ("pjsip", "pjsip.aor", "pjsip.auth", "pjsip.endpoint", "pjsip.endpoint_custom_post")
    assert new == {f"{name}.conf.tuiprov" for name in names}
    assert all(f"mv {desk.etc / name}" in out for name in new)


def test_the_files_beside_are_as_secret_as_those_they_are_for(desk: Desk) -> None:
    desk.write(PLAIN)
    (desk.etc / "pjsip.conf").chmod(0o640)
    desk.done("--yes")
    assert (desk.etc / "pjsip.conf.tuiprov").stat().st_mode & 0o777 == 0o640


def test_sections_stand_word_for_word_in_the_new_file(desk: Desk) -> None:
    desk.write(TEMPLATES)
    desk.done("--yes")
    assert "; extension 201\n[201](phone)\nauth=201\naors=201\ncallerid=Bob <201>\n" in desk.ours()


def test_a_change_of_one_extension_changes_its_block_alone(desk: Desk) -> None:
    desk.write(PLAIN)
    desk.done("--yes")
    desk.tuiprov("publish", "--yes")  # with the extension that was there before
    before = desk.ours()
    desk.tuiprov("set", "ping=yes", "--where", "extension:102")
    shown = desk.tuiprov("plan", "--diff")
    assert "+qualify_frequency=60" in shown
    assert "101" not in shown
    desk.tuiprov("publish", "--yes")
    after = desk.ours()
    start, end = (before.index(f"; extension {n}\n") for n in ("102", "102"))
    assert after[:start] == before[:end]
    assert "qualify_frequency=60" in after[start:]
    assert after[start:].count("[102]") == 3


def test_what_was_kept_ends_when_its_preference_is_changed(desk: Desk) -> None:
    desk.write(TEMPLATES)
    desk.done("--yes")
    desk.tuiprov("publish", "--yes")
    desk.tuiprov("set", "ping=no", "--where", "extension:201")
    desk.tuiprov("publish", "--yes")
    block = desk.ours().partition("; extension 201\n")[2].partition("; extension 202\n")[0]
    assert "qualify_frequency=0\n" in block
    assert "max_contacts=5\n" in block
    assert "qualify_timeout=4.0\n" in block


def test_an_undo_takes_all_of_it_back(desk: Desk) -> None:
    desk.write(PLAIN)
    desk.done("--yes")
    event = next(n for n in desk.tuiprov("history").splitlines() if " adopt " in n).split()[0]
    desk.tuiprov("undo", event, "--yes")
    assert {one.extension for one in desk.site.rows(Extension)} == {"0099*001"}
    assert desk.site.store.site().pbx == "none"
    assert desk.site.rows(PbxOptions) == []


def test_settings_of_the_site_are_made_to_fit_where_there_was_no_pbx(desk: Desk) -> None:
    desk.write(SPLIT)
    desk.done("--yes")
    site = desk.site.store.site()
    assert (site.pbx, site.pbx_context, site.pbx_release) == (
        "asterisk",
        "from-internal",
        "older",
    )


def test_a_second_file_is_added_to_what_was_adopted_before(desk: Desk) -> None:
    desk.write(PLAIN)
    desk.done("--yes")
    desk.swap()
    desk.tuiprov("publish", "--yes")
    before = desk.ours()
    (desk.etc / "pjsip.conf").open("a").write(TEMPLATES["pjsip.conf"])
    out = desk.done("--yes", "--root", "/")
    assert "extension  201" in out
    assert "let nobody reload it before you swap" in out
    assert "; extension 201\n" in desk.ours()
    blocks = before.partition("; end of")[0].split("; extension ")[1:]
    assert len(blocks) == 3
    assert [block for block in blocks if f"; extension {block}" not in desk.ours()] == []
    desk.swap()
    assert (desk.etc / "pjsip.conf").read_text().count("pjsip_tuiprov.conf") == 1


def test_files_that_are_made_anew_mean_the_same(
    desk: Desk, asterisk: Asterisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.write(PLAIN)
    transports = TRANSPORTS.format(port=asterisk.port)
    asterisk.load({"pjsip.conf": transports + PLAIN["pjsip.conf"]})
    before = {kind: asterisk.show(kind, "102") for kind in ("endpoint", "aor")}
    desk.done("--yes")
    monkeypatch.setattr(pbx_files, "_program", lambda: "another version")
    desk.tuiprov("publish", "--yes")
    assert "[102]\ntype=endpoint\ncontext=phones\nsubscribe_context=phones\n" in desk.ours()
    asterisk.load({"pjsip.conf": transports + desk.ours()})
    assert asterisk.warnings() == []
    for kind, shown in before.items():
        now = asterisk.show(kind, "102")
        differing = {name for name in shown if shown[name] != now[name]}
        assert differing <= {"identify_by", "subscribe_context"}


@pytest.mark.parametrize("style", STYLES)
def test_asterisk_reads_the_swapped_files_as_before(
    desk: Desk, asterisk: Asterisk, style: str
) -> None:
    desk.write(STYLES[style])
    transports = TRANSPORTS.format(port=asterisk.port)
    numbers = [one.partition("]")[0] for one in " ".join(STYLES[style].values()).split("\n[")]
    numbers = sorted({one for one in numbers if one.isdecimal()})

    def loaded() -> dict[tuple[str, str], dict[str, str]]:
        files = {path.name: path.read_text() for path in desk.etc.iterdir()}
        asterisk.load({**files, "pjsip.conf": transports + files["pjsip.conf"]})
        assert asterisk.warnings() == []
        return {(k, n): asterisk.show(k, n) for k in ("endpoint", "aor") for n in numbers}

    before = loaded()
    assert all(before.values())
    desk.done("--yes")
    for path in desk.etc.glob("*.tuiprov"):
        path.replace(path.with_name(path.name.removesuffix(".tuiprov")))
    after = loaded()
    allowed = {"subscribe_context", "identify_by"} if style == "fixed" else set()
    for key, shown in before.items():
        assert {n for n in shown if shown[n] != after[key][n]} <= allowed, key


# -- chan_sip -------------------------------------------------------------------------------------

SIP = """\
[general]
context=default
disallow=all
allow=alaw
[phone](!)
type=friend
host=dynamic
context=phones
dtmfmode=info
qualify=yes
directmedia=no
[701](phone)
secret=sieben
callerid="Seven" <701>
nat=force_rport,comedia
deny=0.0.0.0/0.0.0.0
permit=192.0.2.0/255.255.255.0
mailbox=701@default
callgroup=1
[702](phone)
secret=acht
host=192.0.2.9
port=5070
allow=ulaw
encryption=yes
[provider]
type=peer
host=sip.example
secret=x
"""


def test_a_sip_conf_is_made_into_pages_and_stays(desk: Desk) -> None:
    out = desk.write({"sip.conf": SIP}).done("--yes", file="sip.conf")
    assert "not taken along: callgroup=1" in out
    assert "left alone [provider] sip.conf, line 26: its name is no extended number" in out
    first, second = desk.site.page("701").values, desk.site.page("702").values
    assert (first["sip_password"], first["extension_name"]) == ("sieben", "Seven")
    assert (first["dtmf_mode"], first["ping"], first["allow_reinvite"]) == ("info", True, False)
    assert first["allowed_networks"] == "192.0.2.0/24"
    assert (second["fixed_ip"], second["fixed_port"]) == ("192.0.2.9", 5070)
    assert (second["media_encryption"], second["codecs"]) == ("sdes", "alaw,ulaw")
    assert [path.name for path in desk.etc.iterdir()] == ["sip.conf"]
    assert "pbx/pjsip_tuiprov.conf" in desk.tuiprov("plan")


def test_a_users_conf_is_made_into_pages(desk: Desk) -> None:
    text = "[general]\nhassip=yes\n[801]\nfullname=Eight\nsecret=eight\nhassip=yes\n"
    desk.write({"users.conf": text}).done("--yes", file="users.conf")
    values = desk.site.page("801").values
    assert (values["extension_name"], values["sip_password"]) == ("Eight", "eight")
