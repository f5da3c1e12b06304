"""Our pjsip_notify.conf in a real Asterisk: each event of the catalogue arrives at a phone."""

from __future__ import annotations

import time

from tests.pbx.asterisk_cases import fixed
from tests.pbx.asterisk_server import ANSWERS_WITHIN, Asterisk
from tests.pbx.phones import SipPhone
from tuiprov.data.catalog import default_catalog
from tuiprov.pbx.notify import Notice, by_asterisk, notify_conf

EVENTS = sorted({kind.facts.resync for kind in default_catalog().types()} - {""})
NAME = "0027*001"


def ask(asterisk: Asterisk, endpoint: str, *events: str) -> list[str]:
    said: list[str] = []
    notices = [Notice(1, event, endpoint, endpoint) for event in events]
    by_asterisk(
        notices, 500, lambda _n, _t, problem: said.append(problem), command=asterisk.command
    )
    return said


def load(asterisk: Asterisk, port: int) -> None:
    phone = fixed("127.0.0.1").replace("127.0.0.50:5070", f"127.0.0.1:{port}").replace("150", NAME)
    asterisk.load({"pjsip.conf": asterisk.transports + phone, "pjsip_notify.conf": notify_conf()})
    assert asterisk.warnings() == []


def test_every_event_of_the_catalogue_arrives_as_it_is(asterisk: Asterisk) -> None:
    with SipPhone() as phone:
        load(asterisk, phone.port)
        ends = time.monotonic() + ANSWERS_WITHIN
        # Asked again: on a busy machine a message may be lost, as on any network.
        while {heard["Event"] for heard in phone.heard} != set(EVENTS):
            assert time.monotonic() < ends, phone.heard
            assert ask(asterisk, NAME, *EVENTS) == [""] * len(EVENTS)
            time.sleep(0.5)
    assert {heard["Subscription-State"] for heard in phone.heard} == {"terminated"}
    assert {heard.user for heard in phone.heard} == {NAME}


def test_an_endpoint_that_asterisk_does_not_know_is_told(asterisk: Asterisk) -> None:
    load(asterisk, 9)
    assert ask(asterisk, "0027*999", EVENTS[0]) == ["Unable to retrieve endpoint 0027*999"]
