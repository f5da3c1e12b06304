"""Which firmware each phone named last, written down with the log of requests."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import delete

from tests.fetches import a_fetch, device_id
from tests.fetches import log as log_as_now
from tests.serve.helpers import wait_until
from tests.serve.test_fetchlog import HIT
from tests.sites import PHONE, Site
from tuiprov.data.kept import Fetch, FirmwareSeen
from tuiprov.orders.devices import RemoveDevices
from tuiprov.serve.fetchlog import FetchLog, Row
from tuiprov.serve.seen import catch_up

ON_BOTH = True


@pytest.fixture
def desk(site: Site) -> Site:
    site.add("0027*001", **PHONE)
    site.add("0027*002", **PHONE | {"mac": "80:5E:C0:00:00:02", "friendly_name": "Desk02"})
    return site


def seen(site: Site) -> dict[int, str]:
    return {row.device_id: row.firmware for row in site.rows(FirmwareSeen)}


def hit(number: int, firmware: str, verdict: str = "served") -> Row:
    agent = f"Yealink SIP-T46S {firmware} 80:5e:c0:00:00:01" if firmware else "curl/8"
    return replace(HIT, device_id=number, agent=agent, verdict=verdict)


def write(site: Site, *rows: Row) -> dict[int, str]:
    """Write these requests as the service does, together; gives the firmware seen then."""
    log = FetchLog(site.database)
    for row in rows:
        log.add(row)
    log.flush()
    return seen(site)


def test_the_last_served_request_names_it(desk: Site) -> None:
    one, two = device_id(desk), device_id(desk, "Desk02")
    assert write(desk, hit(one, "66.84.0.15"), hit(two, "66.83.0.1")) == {
        one: "66.84.0.15", two: "66.83.0.1",
    }  # fmt: skip
    assert write(desk, hit(one, "66.85.0.5"), hit(one, "66.86.0.1"))[one] == "66.86.0.1"
    assert write(desk, hit(one, ""))[one] == ""


def test_who_tries_its_link_does_not_change_it(desk: Site) -> None:
    one = device_id(desk)
    assert write(desk, hit(one, "66.80.0.1", "login"))[one] == "66.80.0.1"
    assert write(desk, hit(one, "66.81.0.1", "file"))[one] == "66.81.0.1"
    told = write(desk, hit(one, "66.84.0.15"), hit(one, "1.2.3.4", "file"))
    assert told[one] == "66.84.0.15"
    assert write(desk, hit(one, "1.2.3.4", "key"))[one] == "66.84.0.15"


def test_a_device_that_is_gone_keeps_no_row_and_does_not_hold_the_log_up(desk: Site) -> None:
    one = device_id(desk)
    assert write(desk, hit(one, "66.84.0.15"), hit(98765, "66.84.0.15")) == {one: "66.84.0.15"}
    assert len(desk.rows(Fetch)) == 2
    RemoveDevices(desk.store, desk.admin, [one]).apply(lambda _: None)
    assert seen(desk) == {}


def test_what_the_log_holds_from_before_is_taken_from_it_at_the_start(desk: Site) -> None:
    one, two = device_id(desk), device_id(desk, "Desk02")
    old = [
        a_fetch(one, agent=hit(one, "66.84.0.15").agent),
        a_fetch(one, agent=hit(one, "66.85.0.5").agent),
        a_fetch(one, agent="curl/8", verdict="file"),
        a_fetch(two, agent=hit(two, "66.80.0.1").agent, verdict="login"),
        a_fetch(98765),
        a_fetch(None, verdict="key"),
    ]
    log_as_now(desk, *old)
    with desk.database.write() as session:
        session.execute(delete(FirmwareSeen))
    log = FetchLog(desk.database)
    log.start()
    wait_until(lambda: seen(desk) == {one: "66.85.0.5", two: "66.80.0.1"})
    log.stop(2.0)


def test_what_is_written_down_is_not_taken_from_the_log_again(desk: Site) -> None:
    one = device_id(desk)
    write(desk, hit(one, "66.84.0.15"))
    with desk.database.write() as session:
        session.execute(delete(Fetch))
        session.add(a_fetch(one, agent=hit(one, "1.1.1.1").agent))
    catch_up(desk.database)
    assert seen(desk) == {one: "66.84.0.15"}
