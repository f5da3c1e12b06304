"""`tuiprov serve` says in one line why it does not, and imports nothing before it is asked."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from sqlmodel import update

from tests.cli.conftest import Cli
from tests.cli.test_process import modules
from tests.publish.helpers import publish_site
from tests.serve.helpers import serving
from tests.sites import PHONE, Site
from tuiprov.data.models import Device


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--certificate", "a.pem"], "needs both --certificate and --key"),
        (["--tls-port", "8443"], "HTTPS needs --certificate and --key"),
        (["--no-http"], "HTTPS needs --certificate and --key"),
        (["--client-ca", "ca.pem"], "HTTPS needs --certificate and --key"),
        (
            ["--certificate", "/none.pem", "--key", "/none.key"],
            "/none.pem, /none.key: No such file",
        ),
        (["--host", "192.0.2.77"], "192.0.2.77 port 0: cannot assign requested address"),
        (["--host", "no.such.host.invalid"], "no.such.host.invalid port 0: "),
    ],
)
def test_what_cannot_be_is_one_line(cli: Cli, options: list[str], words: str) -> None:
    tls = [] if "--tls-port" in options or "--certificate" not in options else ["--tls-port", "0"]
    ran = cli("serve", "--port", "0", *tls, *options)
    assert ran.code == 1
    assert len(ran.errors) == 1
    assert words in ran.errors[0]


def test_a_port_that_is_taken_is_one_line(cli: Cli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ran = cli("serve", "--host", "127.0.0.1", "--port", str(port))
    assert (ran.code, ran.errors) == (1, [f"127.0.0.1 port {port}: address already in use"])


def test_a_certificate_that_is_none_is_one_line(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "not.pem"
    file.write_text("hello")
    tls = ["--certificate", str(file), "--key", str(file), "--tls-port", "0"]
    ran = cli("serve", "--port", "0", *tls)
    assert ran.code == 1
    assert len(ran.errors) == 1
    assert str(file) in ran.errors[0]


def test_a_publish_that_was_broken_off_is_said_at_the_start(site: Site) -> None:
    site.add(**PHONE)
    publish_site(site)
    with serving(site) as service:
        assert "published files" not in service.text()
    with site.database.write() as session:
        session.exec(update(Device).values(publish_state="publishing"))
    with serving(site) as service:
        line = service.text().splitlines()[0]
    words = "a publish of a device is going on, or was broken off: tuiprov doctor --repair"
    assert line == f"published files: {words}"


def test_a_tree_that_is_gone_is_said_at_the_start(site: Site) -> None:
    site.add(**PHONE)
    publish_site(site)
    site.publish_root.rename(site.directory / "away")
    with serving(site) as service:
        assert "is empty, although files are published there" in service.text().splitlines()[0]
    assert not site.publish_root.exists()


def test_without_a_site_it_says_how_to_make_one(cli: Cli, tmp_path: Path) -> None:
    ran = cli("serve", "--port", "0", db=f"sqlite:///{tmp_path}/none.db")
    assert ran.code == 1
    assert "tuiprov init" in ran.errors[0]


def test_certificates_that_nobody_could_check_are_told(
    cli: Cli, site: Site, tmp_path: Path
) -> None:
    site.configure(client_certificates="needed")
    tls = ["--certificate", "a.pem", "--key", "a.key", "--tls-port", "0"]
    ran = cli("serve", "--port", "0", *tls)
    assert ran.code == 1
    assert "--client-ca" in ran.errors[0]


def test_a_command_imports_no_server(tmp_path: Path) -> None:
    loaded = modules("import sys, tuiprov.cli; print(*sys.modules)", tmp_path)
    heavy = ("starlette", "hypercorn", "httpx", "h11", "tuiprov.serve.")
    assert "tuiprov.commands.serve" in loaded
    # Whoever reads the log takes User-Agents apart; that is a room without a server in it.
    found = {name for name in loaded if name.startswith(heavy)}
    assert found <= {"tuiprov.serve.agents"}
