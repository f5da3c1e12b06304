"""The program as a process: environment, pipes, privileges, and what it imports when."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.helpers import DATA, PROJECT, Host, Ran, run

NOBODY = 65_534
ROWS = (
    "extension,extension_name,organization,user,use_provisioning,friendly_name,manufacturer,"
    "model,firmware,mac,update_protocol\n"
    "0027*001,Ünal → Ødegård,Acme Ltd,john,yes,Desk01,Fanvil,X4U,2.12,0C:38:3E:00:00:01,https\n"
)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Host:
    """A site with one Fanvil, nothing published."""
    made = Host(tmp_path_factory.mktemp("host"))
    made.done("init")
    (made.directory / "rows.csv").write_text(ROWS, encoding="utf-8")
    made.done("import", "rows.csv")
    return made


def refused(ran: Ran, *words: str) -> None:
    assert ran.code == 1, ran
    assert len(ran.errors) == 1, ran.err
    assert all(word in ran.errors[0] for word in words), ran.err


# -- where the database is ----------------------------------------------------------------------


def test_the_environment_names_the_database(host: Host, tmp_path: Path) -> None:
    ran = run("export", directory=tmp_path, env={"TUIPROV_DB": host.url})
    assert (ran.code, ran.errors) == (0, [])
    assert "0027*001" in ran.out


def test_the_option_wins_over_the_environment(host: Host, tmp_path: Path) -> None:
    ran = host.run("export", env={"TUIPROV_DB": f"sqlite:///{tmp_path}/none.db"})
    assert ran.code == 0


def test_the_configuration_file_names_the_database(host: Host, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(f'db = "{host.url}"\n')
    assert run("--config", "config.toml", "export", directory=tmp_path).code == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('colour = "red"\n', ["colour", "is not a setting", "db, key, publish_root, theme, keys"]),
        ("db = 7\n", ["db", "must be a str"]),
        ("db =\n", ["config.toml"]),
        ("\udcff", ["config.toml"]),
    ],
    ids=["key", "kind", "TOML", "UTF-8"],
)
def test_a_wrong_configuration_file_is_one_line(
    host: Host, tmp_path: Path, text: str, words: list[str]
) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    refused(host.run("--config", str(path), "export"), str(path), *words)


def test_a_configuration_file_that_is_not_there_is_one_line(host: Host, tmp_path: Path) -> None:
    refused(host.run("--config", f"{tmp_path}/none.toml", "export"), "none.toml", "no such file")


@pytest.mark.skipif(Path("/var/lib/tuiprov").exists(), reason="this host has a site")
def test_without_a_home_the_program_says_where_it_looked(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tuiprov", "export"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(PROJECT), "TUIPROV_DB": "", "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    refused(Ran(ended.returncode, ended.stdout, ended.stderr), "tuiprov.db", "tuiprov init")


# -- pipes and character sets -------------------------------------------------------------------


@pytest.mark.parametrize("command", ["export", "catalog", "catalog --json", "--help", "plan"])
def test_a_reader_that_goes_away_is_no_error(host: Host, command: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run(
        [sys.executable, "-m", "tuiprov", "--db", host.url, *command.split()],
        env={"PYTHONPATH": str(PROJECT), "PATH": os.environ["PATH"]},
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)
    assert ended.stderr == ""
    assert ended.returncode in (0, 1)


def test_a_full_disk_behind_standard_output_is_one_line(host: Host) -> None:
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "tuiprov", "--db", host.url, "export"],
            env={"PYTHONPATH": str(PROJECT), "PATH": os.environ["PATH"]},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    refused(Ran(ended.returncode, "", ended.stderr), "No space left on device")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_the_letters_is_no_traceback(host: Host, encoding: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tuiprov", "--db", host.url, "render", "Desk01"],
        env={
            "PYTHONPATH": str(PROJECT),
            "PATH": os.environ["PATH"],
            "PYTHONIOENCODING": encoding,
        },
        capture_output=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert b"\\u2192" in ended.stdout


@pytest.mark.parametrize(
    "command",
    [
        [b"render", b"\xff\xfe"],
        [b"plan", b"--where", b"\xff"],
        [b"import", b"\xff.csv"],
        [b"catalog", b"\xff"],
        [b"set", b"notes=\xff", b"--where", b""],
    ],
    ids=lambda words: words[0].decode(),
)
def test_words_that_are_not_utf_8_are_one_line(host: Host, command: list[bytes]) -> None:
    ran = host.run(*command)
    if ran.code == 0:  # a filter that matches nothing is a plan of nothing
        assert ran.errors == []
        assert "nothing to do" in ran.out
    else:
        refused(ran)


def test_a_database_url_that_is_not_utf_8_is_one_line(host: Host) -> None:
    refused(run("--db", b"sqlite:////tmp/\xff.db", "plan", directory=host.directory))


def test_a_file_with_a_byte_order_mark_is_taken(host: Host, tmp_path: Path) -> None:
    (tmp_path / "bom.csv").write_bytes(b"\xef\xbb\xbfextension,organization,user\n9*1,A,b\n")
    assert host.done("import", str(tmp_path / "bom.csv"), "--dry-run").startswith("would add 1,")


# -- privileges ---------------------------------------------------------------------------------


AS_NOBODY = """
import contextlib, io, os, sys
from tuiprov.cli import run

warm, *words = sys.argv[1:]
# Whatever the program imports and reads of its own is read before the privileges go.
with contextlib.redirect_stdout(io.StringIO()):
    for command in (["init"], ["import", "rows.csv"], ["plan", "--diff"], ["set", "ping=no"]):
        run(["--db", warm, *command, *(["--where", ""] if command[0] == "set" else [])])
os.setgroups([])
os.setgid(int(os.environ["AS"]))
os.setuid(int(os.environ["AS"]))
sys.exit(run(words))
"""


@dataclass(frozen=True)
class Poor(Host):
    """A site that belongs to somebody without any right, in a directory of theirs."""

    def as_nobody(self, *words: str, uid: int = NOBODY, **env: str) -> Ran:
        """A command run with the rights of `uid` and no other."""
        with tempfile.TemporaryDirectory() as warm:
            known = {"PYTHONPATH": str(PROJECT), "PATH": os.environ["PATH"], "AS": str(uid)}
            url = f"sqlite:///{warm}/warm.db"
            ended = subprocess.run(
                [sys.executable, "-c", AS_NOBODY, url, "--db", self.url, *words],
                cwd=self.directory,
                env=known | env,
                capture_output=True,
                text=True,
                check=False,
            )
        return Ran(ended.returncode, ended.stdout, ended.stderr)


@pytest.fixture
def poor() -> Iterator[Poor]:
    if os.geteuid() != 0:
        pytest.skip("only root can act as somebody else")
    directory = Path(tempfile.mkdtemp(prefix="tuiprov-tests-"))
    os.chown(directory, NOBODY, NOBODY)
    try:
        host = Poor(directory)
        (directory / "rows.csv").write_text(ROWS, encoding="utf-8")
        for words in (["init"], ["import", "rows.csv"]):
            ran = host.as_nobody(*words)
            assert ran.code == 0, ran.err
        yield host
    finally:
        shutil.rmtree(directory)


def test_a_publish_directory_that_is_not_writable_is_one_line(poor: Poor) -> None:
    poor.root.mkdir(mode=0o755)
    poor.root.chmod(0o755)
    ran = poor.as_nobody("publish", "--yes")
    assert ran.code == 1
    assert len(ran.errors) == 1
    assert f"{poor.root}/" in ran.errors[0]
    assert "you may not write or read here; check owner and mode" in ran.errors[0]
    assert list(poor.root.iterdir()) == []


def test_after_it_became_writable_the_same_publish_works(poor: Poor) -> None:
    poor.root.mkdir(mode=0o755)
    poor.as_nobody("publish", "--yes")
    os.chown(poor.root, NOBODY, NOBODY)
    assert poor.as_nobody("publish", "--yes").code == 0
    assert len([path for path in poor.root.rglob("*") if path.is_file()]) == 1


@pytest.mark.parametrize("mode", [0o700, 0o755], ids=oct)
def test_a_database_of_somebody_else_is_refused(poor: Poor, mode: int) -> None:
    poor.directory.chmod(mode)
    ran = poor.as_nobody("export", uid=NOBODY - 1)
    refused(ran, str(poor.database), "ask its owner or use sudo")


def test_nobody_becomes_an_administrator_by_their_environment(poor: Poor) -> None:
    poor.database.chmod(0o644)
    poor.directory.chmod(0o777)
    env = {"USER": "root", "LOGNAME": "root", "SUDO_UID": "0", "SUDO_USER": "root"}
    ran = poor.as_nobody("export", uid=NOBODY - 1, **env)
    refused(ran, "belongs to somebody else")
    assert "0027*001" not in ran.out


def test_a_database_that_is_read_only_is_one_line(poor: Poor) -> None:
    poor.database.chmod(0o400)
    poor.directory.chmod(0o500)
    ran = poor.as_nobody("set", "ping=yes", "--where", "")
    refused(ran, str(poor.database))


def test_an_import_file_that_may_not_be_read_is_one_line(poor: Poor) -> None:
    path = poor.directory / "secret.csv"
    path.write_text(ROWS)
    path.chmod(0o600)
    refused(
        poor.as_nobody("import", str(path)),
        str(path),
        "Permission denied",
    )


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077], ids=oct)
def test_the_umask_decides_nothing(tmp_path: Path, mask: int) -> None:
    host = Host(tmp_path)
    for command in (["init"], ["import", str(DATA / "rows.csv")], ["publish", "--yes"]):
        if command[0] == "import":
            (tmp_path / "rows.csv").write_text(ROWS, encoding="utf-8")
            command[1] = "rows.csv"
        assert host.run(*command, umask=mask).code == 0
    assert stat.S_IMODE(host.database.stat().st_mode) == 0o600
    found = {stat.S_IMODE(p.stat().st_mode) for p in host.root.rglob("*") if p.is_file()}
    assert found == {0o640}
    assert stat.S_IMODE(host.root.stat().st_mode) == 0o2750


# -- what is imported when ----------------------------------------------------------------------

FIRST_FRAME = """
import asyncio, sys
from tuiprov.app import TuiprovApp

TuiprovApp._open_site = lambda app: None  # what comes after the first frame is not asked about

async def main():
    app = TuiprovApp()
    async with app.run_test() as pilot:
        await pilot.pause()
        assert app.screen.size.width > 0
        print(" ".join(sys.modules))

asyncio.run(main())
"""


@pytest.mark.parametrize(
    "code",
    ["import sys, tuiprov.app; print(*sys.modules)", FIRST_FRAME],
    ids=["import", "first frame"],
)
def test_the_first_frame_is_drawn_before_the_data_layer_is_imported(
    code: str, tmp_path: Path
) -> None:
    loaded = modules(code, tmp_path)
    assert "textual" in loaded
    late = {
        *("sqlmodel", "sqlalchemy", "jinja2", "netaddr", "pydantic", "typer", "alembic"),
        *("cryptography", "segno", "tuiprov.session", "tuiprov.data.store"),
        "tuiprov.render.engine",
    }
    assert loaded & late == set()


def test_the_list_is_shown_before_what_few_screens_need_is_imported(host: Host) -> None:
    code = (
        "import sys\nfrom tuiprov.session import open_session\n"
        f"session = open_session({host.url!r}, '', '', demo=False)\n"
        "session.extension_rows(session.extension_ids(''))\n"
        "print(*sys.modules)"
    )
    loaded = modules(code, host.directory)
    late = {
        *("segno", "jinja2", "cryptography"),
        *("tuiprov.data.kept", "tuiprov.data.fetches", "tuiprov.data.resyncs"),
        *("tuiprov.fetching", "tuiprov.resyncing", "tuiprov.pbx.notify", "tuiprov.serve.agents"),
    }
    assert loaded & late == set()


@pytest.mark.parametrize("command", ["catalog", "--version", "--help"])
def test_a_command_does_not_import_textual(command: str, tmp_path: Path) -> None:
    code = (
        "import sys\nfrom tuiprov.cli import run\n"
        f"code = run([{command!r}])\nassert code == 0\n"
        "print()\nprint(*sys.modules)"
    )
    loaded = modules(code, tmp_path)
    assert "typer" in loaded
    assert {name for name in loaded if name.split(".")[0] in ("textual", "alembic")} == set()


def test_the_alembic_machinery_is_imported_by_init_only(host: Host) -> None:
    code = (
        "import sys\nfrom tuiprov.cli import run\n"
        f"assert run(['--db', {host.url!r}, 'plan']) == 0\n"
        "print()\nprint(*sys.modules)"
    )
    assert "alembic" not in modules(code, host.directory)


def modules(code: str, directory: Path) -> set[str]:
    """The modules that are loaded in a fresh interpreter when `code` prints them."""
    (directory / "looking.py").write_text(code)
    ended = subprocess.run(
        [sys.executable, "looking.py"],
        cwd=directory,
        env={"PYTHONPATH": str(PROJECT), "PATH": os.environ["PATH"], "HOME": str(directory)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return set(ended.stdout.splitlines()[-1].split())
