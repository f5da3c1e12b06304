"""What each preference does: seen on the wire, at a real Asterisk that has the page's own files.

`test_asterisk.py` says which options a value stands for; this says what a phone meets by them, as
was seen when they were chosen (reference: asterisk, §1.3).
"""

from __future__ import annotations

import socket
import struct
import time
from contextlib import suppress
from typing import Final

import pytest

from tests.pbx.asterisk_server import Asterisk
from tests.pbx.office import ECHO, QUIET, OfficeOf
from tests.pbx.pages import page
from tests.pbx.sdp import codecs_of, offer, port_of, protections_of, transport_of
from tests.pbx.wire import SECONDS, Phone


class TestMediaEncryption:
    @pytest.mark.parametrize(
        ("value", "how", "transport", "protected"),
        [
            ("none", "plain", "RTP/AVP", set()),
            ("none", "SDES if you can", "RTP/AVP", set()),
            ("sdes", "SDES", "RTP/SAVP", {"SDES"}),
            ("sdes", "SDES if you can", "RTP/AVP", {"SDES"}),
            ("sdes_dtls_srtp", "plain", "RTP/AVP", set()),
            ("sdes_dtls_srtp", "SDES", "RTP/SAVP", {"SDES"}),
            ("sdes_dtls_srtp", "SDES if you can", "RTP/AVP", {"SDES"}),
            ("dtls_srtp", "DTLS-SRTP", "UDP/TLS/RTP/SAVP", {"DTLS-SRTP"}),
        ],
    )
    def test_a_phone_that_offers_it_is_answered_with_it(
        self,
        office_of: OfficeOf,
        value: str,
        how: str,
        transport: str,
        protected: set[str],
    ) -> None:
        phone = office_of(page(media_encryption=value)).phone()
        answer = phone.call(ECHO, offer(how))
        assert answer.status == 200
        assert transport_of(answer.body) == transport
        assert protections_of(answer.body) == protected

    @pytest.mark.parametrize(
        ("value", "how"),
        [
            ("none", "SDES"),
            ("none", "DTLS-SRTP"),
            ("sdes", "plain"),
            ("sdes", "DTLS-SRTP"),
            ("dtls_srtp", "plain"),
            ("dtls_srtp", "SDES"),
        ],
    )
    def test_a_phone_that_offers_another_is_refused(
        self, office_of: OfficeOf, value: str, how: str
    ) -> None:
        phone = office_of(page(media_encryption=value)).phone()
        assert phone.call(ECHO, offer(how)).status == 488

    def test_of_both_dtls_alone_gets_no_key_as_the_page_says(self, office_of: OfficeOf) -> None:
        phone = office_of(page(media_encryption="sdes_dtls_srtp")).phone()
        answer = phone.call(ECHO, offer("DTLS-SRTP"))
        assert (answer.status, protections_of(answer.body)) == (200, set())

    @pytest.mark.parametrize(
        ("value", "transport", "protected"),
        [
            ("none", "RTP/AVP", set()),
            ("sdes", "RTP/SAVP", {"SDES"}),
            ("sdes_dtls_srtp", "RTP/AVP", {"SDES"}),
            ("dtls_srtp", "UDP/TLS/RTP/SAVP", {"DTLS-SRTP"}),
        ],
    )
    def test_a_phone_that_is_called_is_offered_it(
        self,
        office_of: OfficeOf,
        value: str,
        transport: str,
        protected: set[str],
    ) -> None:
        office = office_of(page(1, media_encryption=value), page(2))
        phone = office.registered()
        phone.takes = 486
        office.phone(2).call("0027*001", offer())
        (call,) = phone.hears("INVITE")
        assert transport_of(call.body) == transport
        assert protections_of(call.body) == protected


@pytest.mark.parametrize(
    ("value", "has_events"), [("rfc2833", True), ("auto", True), ("inband", False), ("info", False)]
)
def test_dtmf_is_agreed_as_the_page_says(office_of: OfficeOf, value: str, has_events: bool) -> None:
    office = office_of(page(1, dtmf_mode=value), page(2))
    phone = office.registered()
    assert ("dtmf" in codecs_of(phone.call(ECHO, offer()).body)) == has_events
    office.phone(2).call("0027*001", offer())
    assert ("dtmf" in codecs_of(phone.hears("INVITE")[0].body)) == has_events


class TestCodecs:
    @pytest.mark.parametrize("codecs", ["g722,alaw,ulaw", "ulaw,g722"])
    def test_a_phone_is_answered_with_those_of_the_page_in_their_order(
        self, office_of: OfficeOf, codecs: str
    ) -> None:
        phone = office_of(page(codecs=codecs)).phone()
        answer = phone.call(ECHO, offer(payloads="3 0 8 9"))
        assert codecs_of(answer.body) == codecs.split(",")

    def test_with_none_of_them_a_call_is_refused(self, office_of: OfficeOf) -> None:
        phone = office_of(page(codecs="alaw,g722")).phone()
        assert phone.call(ECHO, offer(payloads="0 3")).status == 488


@pytest.mark.parametrize("ping", [True, False])
def test_a_phone_is_pinged_if_the_page_says_so(office_of: OfficeOf, ping: bool) -> None:
    phone = office_of(page(ping=ping)).registered()
    assert bool(phone.hears("OPTIONS", seconds=SECONDS if ping else QUIET)) == ping


@pytest.mark.parametrize(("one", "other"), [(True, True), (True, False), (False, True)])
def test_sound_goes_from_phone_to_phone_if_both_pages_allow_it(
    office_of: OfficeOf, one: bool, other: bool
) -> None:
    near = {"on_private_network": True}
    pages = page(1, allow_reinvite=one, **near), page(2, allow_reinvite=other, **near)
    office = office_of(*pages)
    called, caller = office.registered(1), office.registered(2, address="127.0.0.2")
    assert caller.call("0027*001", offer(address="127.0.0.2")).status == 200
    both = one and other
    calls = called.hears("INVITE", 2, SECONDS if both else QUIET)
    assert len(calls) == (2 if both else 1)
    assert len(caller.hears("INVITE", 1, SECONDS if both else 0)) == int(both)
    if both:
        assert "c=IN IP4 127.0.0.2\r\n" in calls[-1].body


class TestPrivateNetworkOrNat:
    BEHIND = "<sip:0027*001@10.99.0.1:5060>"

    def test_behind_nat_a_phone_is_called_where_its_registration_came_from(
        self, asterisk: Asterisk, office_of: OfficeOf
    ) -> None:
        phone = office_of(page()).phone()
        assert phone.ask("REGISTER", "", {"Contact": self.BEHIND}).status == 200
        told = asterisk.cli("pjsip show contacts")
        assert f"sip:0027*001@127.0.0.1:{phone.own_port}" in told

    def test_on_the_private_network_it_is_called_where_it_says(
        self, asterisk: Asterisk, office_of: OfficeOf
    ) -> None:
        phone = office_of(page(on_private_network=True)).phone()
        assert phone.ask("REGISTER", "", {"Contact": self.BEHIND}).status == 200
        assert "sip:0027*001@10.99.0.1:5060" in asterisk.cli("pjsip show contacts")

    @pytest.mark.parametrize("private", [True, False])
    def test_answers_go_to_the_port_that_a_request_names_or_came_from(
        self, office_of: OfficeOf, private: bool
    ) -> None:
        office = office_of(page(on_private_network=private))
        phone, named = office.phone(), office.phone()
        phone.ask("OPTIONS", ECHO, via_port=named.own_port, seconds=QUIET)
        answers = [[one.status for one in each.heard][:1] for each in (phone, named)]
        # The challenge alone comes to the named port, as nobody there answers it.
        assert answers == ([[], [401]] if private else [[401], []])

    @pytest.mark.parametrize("private", [True, False])
    def test_sound_comes_back_to_where_it_came_from_behind_nat_only(
        self, office_of: OfficeOf, private: bool
    ) -> None:
        phone = office_of(page(on_private_network=private)).phone()
        answer = phone.call(ECHO, offer(address="127.0.0.77"))
        assert is_echoed(answer.body, QUIET if private else SECONDS) != private


def is_echoed(description: str, seconds: float) -> bool:
    """Does sound (RTP, RFC 3550) that is sent to where an answer says come back to its sender?"""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sound:
        sound.bind(("127.0.0.1", 0))
        sound.settimeout(0.02)
        for number in range(int(seconds / 0.02)):
            packet = struct.pack("!BBHII", 0x80, 8, number, number * 160, 7) + bytes(160)
            sound.sendto(packet, ("127.0.0.1", port_of(description)))
            with suppress(TimeoutError):
                return bool(sound.recv(2_048))
    return False


class TestMessageWaiting:
    SUBSCRIPTION: Final = {
        "Event": "message-summary",
        "Expires": "60",
        "Accept": "application/simple-message-summary",
    }

    @pytest.mark.parametrize("force", [True, False])
    def test_a_phone_is_told_without_asking_if_the_page_says_so(
        self, office_of: OfficeOf, force: bool
    ) -> None:
        phone = office_of(page(force_mwi=force)).registered()
        told = phone.hears("NOTIFY", seconds=SECONDS if force else QUIET)
        assert [one["Event"] for one in told] == ["message-summary"] * int(force)

    @pytest.mark.parametrize("force", [True, False])
    def test_a_phone_that_asks_is_told_in_any_case(self, office_of: OfficeOf, force: bool) -> None:
        phone = office_of(page(force_mwi=force)).registered()
        count = len(phone.hears("NOTIFY", seconds=SECONDS if force else 0))
        assert phone.ask("SUBSCRIBE", "0027*001", self.SUBSCRIPTION).status == 200
        assert len(phone.hears("NOTIFY", count + 1)) == count + 1


class TestPublishedState:
    WATCHING: Final = {"Event": "dialog", "Expires": "60", "Accept": "application/dialog-info+xml"}

    def seen(self, phone: Phone) -> str:
        """The last state that watchers are told."""
        told = [one.body for one in phone.hears("NOTIFY", 1) if one["Event"] == "dialog"]
        return told[-1].partition("<state>")[2].partition("<")[0]

    def test_watchers_see_what_the_dialplan_sets(
        self, asterisk: Asterisk, office_of: OfficeOf
    ) -> None:
        asterisk.cli("devstate change Custom:0027*001 INUSE")
        office = office_of(page(1, publishes_state=True), page(2))
        watcher = office.registered(2)
        assert watcher.ask("SUBSCRIBE", "0027*001", self.WATCHING).status == 200
        assert self.seen(watcher) == "confirmed"
        asterisk.cli("devstate change Custom:0027*001 NOT_INUSE")

    def test_else_they_see_the_phone_itself(self, asterisk: Asterisk, office_of: OfficeOf) -> None:
        asterisk.cli("devstate change Custom:0027*001 INUSE")
        office = office_of(page(1), page(2))
        office.registered(1)
        watcher = office.registered(2)
        assert watcher.ask("SUBSCRIBE", "0027*001", self.WATCHING).status == 200
        assert self.seen(watcher) == "terminated"
        asterisk.cli("devstate change Custom:0027*001 NOT_INUSE")

    def test_what_a_phone_publishes_is_not_taken_as_the_page_says(
        self, office_of: OfficeOf
    ) -> None:
        phone = office_of(page(publishes_state=True)).registered()
        assert phone.ask("PUBLISH", "0027*001", {"Event": "presence"}).status == 489


class TestConcurrentCalls:
    """As many as the page says, whoever began them."""

    @pytest.mark.parametrize("ways", ["in in in", "out out out", "in out out", "out in in"])
    def test_the_call_after_the_last_allowed_one_is_refused(
        self, office_of: OfficeOf, ways: str
    ) -> None:
        office = office_of(page(1, max_public_concurrent_calls=2), page(2))
        phone, other = office.registered(1), office.registered(2)
        calls = {
            "in": lambda: other.call("0027*001", offer()).status,
            "out": lambda: phone.call(ECHO, offer()).status,
        }
        assert [calls[way]() for way in ways.split()] == [200, 200, 486]

    def test_a_call_that_ended_makes_room_for_another(
        self, asterisk: Asterisk, office_of: OfficeOf
    ) -> None:
        office = office_of(page(1, max_public_concurrent_calls=1), page(2))
        phone, other = office.registered(1), office.registered(2)
        assert other.call("0027*001", offer()).status == 200
        assert phone.call(ECHO, offer()).status == 486
        asterisk.cli("channel request hangup all")
        assert len(phone.hears("BYE")) == 1
        ends = time.monotonic() + SECONDS
        while "0 active channels" not in asterisk.cli("core show channels"):
            assert time.monotonic() < ends
        assert phone.call(ECHO, offer()).status == 200

    def test_with_none_allowed_none_gets_through(self, office_of: OfficeOf) -> None:
        office = office_of(page(1, max_public_concurrent_calls=0), page(2))
        phone, other = office.registered(1), office.registered(2)
        assert other.call("0027*001", offer()).status == 486
        assert phone.call(ECHO, offer()).status == 486

    def test_unlimited_has_no_end(self, office_of: OfficeOf) -> None:
        office = office_of(page(1), page(2))
        phone = office.registered(1)
        assert [phone.call(ECHO, offer()).status for _ in range(4)] == [200] * 4


class TestAPbxBehindTheExtension:
    @pytest.mark.parametrize(
        ("behind", "dialled", "user"),
        [
            (True, "700", "4930123456"),
            (True, "0027*001", "0027*001"),
            (False, "700", "0027*001"),
        ],
    )
    def test_the_public_number_that_was_dialled_travels_to_it(
        self, office_of: OfficeOf, behind: bool, dialled: str, user: str
    ) -> None:
        one = page(1, pbx_connected=behind, max_public_concurrent_calls=4)
        office = office_of(one, page(2))
        called = office.registered(1)
        assert office.phone(2).call(dialled, offer()).status == 200
        assert called.hears("INVITE")[0].user == user


def test_callers_are_shown_by_name_and_number(office_of: OfficeOf) -> None:
    office = office_of(page(1), page(2, extension_name="Änne; Öhl"))
    called = office.registered(1)
    office.phone(2).call("0027*001", offer())
    assert called.hears("INVITE")[0]["From"].startswith('"Änne; Öhl" <sip:0027*002@')


@pytest.mark.parametrize("user", ["anna.b~1", "Anna", "+", "--", "*", "global", "t-udp", "a" * 64])
def test_any_sip_user_that_a_page_takes_registers_calls_and_is_called(
    office_of: OfficeOf, user: str
) -> None:
    office = office_of(page(1, sip_username=user), page(2, sip_username="anna"))
    phone = office.registered(1)
    assert phone.call(ECHO, offer()).status == 200
    assert office.phone(2).call("0027*001", offer()).status == 200
    assert phone.hears("INVITE")[0].user == user
