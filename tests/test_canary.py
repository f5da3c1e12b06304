"""Secrets that everybody knows, looked for in everything that tuiprov leaves behind: the database
and its backup, the history, logs, tracebacks, screens, the command line, files that others read."""

from __future__ import annotations

import contextlib
import io
import stat
from base64 import b64encode
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from tests.publish.helpers import publish_site
from tests.screens.desk import DEVICE, SETTINGS, SIP, VIRTUALIZATION, Desk, at_desk
from tests.serve.helpers import raw, request, serving
from tests.sites import PHONE, Site, a_site
from tuiprov.cli import run
from tuiprov.data.kept import Fetch
from tuiprov.data.sealing import Keys
from tuiprov.errors import crash_report
from tuiprov.inventory import inventory_of
from tuiprov.orders.rotating import Rotate

CANARIES = {
    "sip_password": "canarySip9old",
    "admin_password": "canaryAdm8old",
    "secret_code": "73519264",
}
LATER = {"sip_password": "canarySip9new", "admin_password": "canaryAdm8new"}
SECRETS = [word.encode() for word in (*CANARIES.values(), *LATER.values())]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A phone with known secrets that was published, changed, published again, and looked at."""
    made = a_site(tmp_path)
    made.add(**PHONE, **CANARIES, password_generation="manual", allow_virtualization=True)
    publish_site(made)
    made.save(**LATER)
    publish_site(made)
    # Both passwords are former ones then, and the PBX takes them still.
    made.configure(pbx="asterisk", pbx_realm="asterisk")
    Rotate(made.store, made.admin, list(made.store.extension_ids(made.admin)), admin=True).apply(
        lambda _: None
    )
    made.save(**LATER)
    publish_site(made)
    page = made.page()
    made.store.drafts.keep(made.admin, page, {"sip_password": "canarySip9old"})
    return made


def found_in(data: bytes) -> list[bytes]:
    return [secret for secret in SECRETS if secret in data]


def test_the_database_its_log_and_a_backup_hold_none(site: Site) -> None:
    backup = site.directory / "backup.db"
    with site.database.read() as session:
        session.execute(text("COMMIT"))
        session.execute(text("VACUUM INTO :path"), {"path": str(backup)})
    files = [backup, *site.directory.glob("site.db*")]
    assert len(files) >= 3
    for path in files:
        assert found_in(path.read_bytes()) == [], path


def test_only_the_phones_own_files_hold_them_and_no_stranger_reads_these(site: Site) -> None:
    holding = [p for p in site.directory.rglob("*") if p.is_file() and found_in(p.read_bytes())]
    assert holding
    for path in holding:
        assert site.publish_root in path.parents
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert all(b"old" not in b"".join(found_in(path.read_bytes())) for path in holding)


COMMANDS = (
    ("render", "Desk01"),
    ("plan", "--diff"),
    ("history",),
    ("versions", "Desk01"),
    ("doctor",),
    ("devices",),
    ("accounts",),
    ("settings",),
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_command_prints_one_unasked(site: Site, command: tuple[str, ...]) -> None:
    site.save(extension_name="Bob")
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(out):
        run(["--db", site.url, *command])
    assert out.getvalue()
    assert found_in(out.getvalue().encode()) == []


def test_the_changes_and_versions_show_that_they_changed_and_not_what(site: Site) -> None:
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        for number in range(1, 12):
            run(["--db", site.url, "history", "--show", str(number)])
            run(["--db", site.url, "versions", "Desk01", "--diff", str(number)])
    assert "SIP password: changed" in shown.getvalue()
    assert "********" in shown.getvalue()
    assert found_in(shown.getvalue().encode()) == []


def test_a_traceback_holds_none(site: Site) -> None:
    def fails(password: str) -> None:
        raise ValueError(f"cannot use {password}")

    try:
        fails(CANARIES["sip_password"])
    except ValueError as error:
        told = crash_report(error)
    path = Path(told.rpartition(" ")[2])
    assert found_in(path.read_bytes() + told.encode()) == []
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_neither_log_of_the_service_holds_one_nor_what_opens_a_phone_s_files(site: Site) -> None:
    site.configure(http_authentication="basic")
    site.save(update_protocol="http")
    publish_site(site)
    offer = inventory_of(site.store, site.admin).link(site.page().device_id or 0)
    path = urlsplit(offer.url).path + offer.names[0]
    right = b64encode(f"{offer.username}:{offer.password}".encode()).decode()
    wrong = b64encode(f"admin:{LATER['admin_password']}".encode()).decode()
    with serving(site) as service:
        got = raw(service.port, request(path, "GET", f"Authorization: Basic {right}"))
        raw(service.port, request(f"{path}?{LATER['sip_password']}", "GET", "Authorization: Basic"))
        raw(service.port, request(path, "GET", f"Authorization: Basic {wrong}"))
        raw(service.port, request(f"{path}/../x", "PUT", f"Cookie: {LATER['admin_password']}"))
        raw(service.port, b"GET " + path.encode() + b" HTTP/7\r\n\r\n")
    assert found_in(got), "the phone's file holds them"
    token = path.split("/")[2].encode()
    shown = [service.text(), *(f"{row.path} {row.agent}" for row in site.rows(Fetch))]
    with contextlib.redirect_stdout(io.StringIO()) as out:
        run(["--db", site.url, "fetches"])
        run(["--db", site.url, "fetches", "--json"])
    told = "\n".join([*shown, out.getvalue()]).encode()
    assert len(site.rows(Fetch)) == 5
    assert b"reason=login" in told
    for secret in (*SECRETS, token, offer.password.encode(), right.encode(), wrong.encode()):
        assert secret not in told


def test_a_key_is_shown_by_no_message(site: Site) -> None:
    keys = site.database.keys
    coded = keys.path.read_text().split(":")[1][:20]
    assert coded not in repr(keys) + str(vars(Keys(keys.path)))
    for command in (("keys",), ("doctor",)):
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(out):
            run(["--db", site.url, *command])
        assert coded not in out.getvalue()


async def test_no_screen_shows_one(site: Site) -> None:
    site.save(extension_name="Bob")
    async with at_desk(site) as desk:
        await desk.see("Unsaved changes from the last session")
        nothing_on(desk)
        await desk.press("escape")
        await desk.open("0027*001")
        for section in (DEVICE, SETTINGS, SIP, VIRTUALIZATION):
            await desk.section(section)
            nothing_on(desk)
        await desk.press("escape")
        await desk.see("Extensions")
        for key, words in (("f8", "Plan"), ("ctrl+y", "History"), ("f2", "Devices")):
            await desk.press(key)
            await desk.see(words)
            nothing_on(desk)
            await desk.press("escape")
            await desk.see("Extensions")


def nothing_on(desk: Desk) -> None:
    assert found_in(desk.text.encode()) == []
    assert found_in(desk.app.export_screenshot().encode()) == []


def test_the_canaries_are_known_to_be_there(site: Site) -> None:
    """What was looked for could be found: the phone's file and a revealed rendering hold them."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        run(["--db", site.url, "render", "Desk01", "--reveal"])
    assert "canarySip9new" in out.getvalue()
