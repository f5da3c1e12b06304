"""`tuiprov resync`: asks, says what went wrong, and waits for the phones' fetches."""

from __future__ import annotations

import io
import threading
import time
from datetime import UTC, datetime

import pytest

from tests.cli.conftest import Cli
from tests.fetches import a_fetch, device_id, log
from tests.pbx.phones import SipPhone
from tests.pbx.test_resyncing import at
from tests.sites import PHONE, Site
from tuiprov.data.kept import Resync
from tuiprov.pbx.notify import notify_conf


@pytest.fixture
def desk(site: Site) -> Site:
    site.add("0027*001", **PHONE)
    return site.configure(resync_by="sip", resync_per_second=500)


def test_it_says_whom_and_how_and_asks_first(
    cli: Cli, desk: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    ran = cli("resync")
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "1 phone by a SIP message of our own, 500 a second, about 0:00:01",
        "Ask them? [y/N]: nothing was done",
    ]
    assert desk.rows(Resync) == []


def test_a_phone_that_answers_is_asked(cli: Cli, desk: Site) -> None:
    with SipPhone() as phone:
        at(desk, "0027*001", phone.port)
        ran = cli("resync", "--yes", "--where", "Desk01")
    assert (ran.code, ran.errors) == (0, [])
    assert phone.heard[0]["Event"] == "check-sync"


def test_one_that_cannot_be_asked_is_named(cli: Cli, desk: Site) -> None:
    ran = cli("resync", "--yes")
    assert ran.code == 1
    assert ran.errors == [
        "! Desk01 (Yealink T46S): its address is not known: it has not fetched from "
        "tuiprov serve yet"
    ]


def test_it_waits_for_the_fetch(cli: Cli, desk: Site) -> None:
    number = device_id(desk)

    def fetches() -> None:
        deadline = time.monotonic() + 10
        while not desk.rows(Resync) and time.monotonic() < deadline:
            time.sleep(0.05)
        log(desk, a_fetch(number, at=datetime.now(UTC)))

    coming = threading.Thread(target=fetches)
    with SipPhone() as phone:
        at(desk, "0027*001", phone.port)
        coming.start()
        ran = cli("resync", "--yes", "--wait", "30")
        coming.join()
    assert (ran.code, ran.errors) == (0, [])
    assert ran.out.splitlines()[-1].startswith("fetched after ")
    assert ran.out.splitlines()[-1].endswith("Desk01 (Yealink T46S)")


def test_who_does_not_come_is_named(cli: Cli, desk: Site) -> None:
    with SipPhone() as phone:
        at(desk, "0027*001", phone.port)
        ran = cli("resync", "--yes", "--wait", "1")
    assert ran.code == 1
    assert ran.out.splitlines()[-1] == "not seen after 1 s       Desk01 (Yealink T46S)"


def test_where_the_settings_say_not_at_all_it_says_where_to_choose(cli: Cli, desk: Site) -> None:
    desk.configure(resync_by="none")
    ran = cli("resync", "--yes")
    assert ran.code == 1
    assert ran.errors[0].startswith("resync_by: is none: choose in the preferences")


def test_asterisk_s_configuration_is_printed_without_a_site(cli: Cli, desk: Site) -> None:
    ran = cli("resync", "--asterisk-config", db="sqlite:////nonexistent/x.db")
    assert (ran.code, ran.out.strip()) == (0, notify_conf().strip())
