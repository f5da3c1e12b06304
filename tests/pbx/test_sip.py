"""Our own NOTIFY, as a phone on a socket gets it."""

from __future__ import annotations

import socket
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pbx.phones import SipPhone, answer, read
from tuiprov.data.catalog import default_catalog
from tuiprov.pbx.notify import Notice
from tuiprov.pbx.sip import Names, by_sip, message, status_of

HERE = ("192.0.2.1", 50600)


def notice(port: int = 5060, address: str = "127.0.0.1", **values: object) -> Notice:
    usual = {"event": "check-sync;reboot=false", "endpoint": "0027*001", "user": "0027*001"}
    return Notice(1, **usual | {"address": address, "port": port} | values)  # type: ignore[arg-type]


def ask(*notices: Notice, per_second: int = 500) -> list[tuple[Notice, str]]:
    said: list[tuple[Notice, str]] = []
    by_sip(
        notices, per_second, lambda one, _, problem: said.append((one, problem)), domain="pbx.test"
    )
    return said


class TestMessage:
    def test_it_has_every_header_that_a_request_must_have(self) -> None:
        names = Names()
        heard = read(message(notice(address="192.0.2.7"), HERE, "pbx.test", names))
        assert (heard.user, heard.host, heard.port) == ("0027*001", "192.0.2.7", 5060)
        assert heard["Via"] == f"SIP/2.0/UDP 192.0.2.1:50600;branch={names.branch};rport"
        assert names.branch.startswith("z9hG4bK")
        assert heard["From"] == f"<sip:tuiprov@pbx.test>;tag={names.tag}"
        assert heard["To"] == "<sip:0027*001@192.0.2.7>"
        assert (heard["Call-ID"], heard["CSeq"]) == (names.call_id, "1 NOTIFY")
        assert heard["Event"] == "check-sync;reboot=false"
        assert heard["Subscription-State"].startswith("terminated")
        assert (heard["Max-Forwards"], heard["Content-Length"], heard.body) == ("70", "0", b"")
        assert heard["Contact"] == "<sip:tuiprov@192.0.2.1:50600>"

    def test_two_messages_are_never_called_the_same(self) -> None:
        assert Names() != Names()

    def test_an_ipv6_address_stands_in_brackets(self) -> None:
        local = ("2001:db8::1", 5070)
        heard = read(message(notice(address="2001:DB8::7"), local, "x", Names()))
        assert heard.host == "[2001:db8::7]"
        assert "[2001:db8::1]:5070" in heard["Via"]

    @pytest.mark.parametrize(
        "event", sorted({kind.facts.resync for kind in default_catalog().types()} - {""})
    )
    def test_every_event_of_the_catalogue_is_one(self, event: str) -> None:
        assert read(message(notice(event=event), HERE, "x", Names()))["Event"] == event

    @pytest.mark.parametrize(
        "user",
        [
            "a\r\nEvil: 1",
            "a b",
            "<a>",
            'a"',
            "ä",
            "a@b",
            "a\x00",
            "#9",
            "%0d%0a",
            "",
            "日本",
            "[1]",
        ],
    )
    def test_a_stored_name_cannot_add_a_line_or_end_the_address(self, user: str) -> None:
        heard = read(message(notice(user=user), HERE, "x", Names()))
        assert heard.headers["Evil"] is None
        from urllib.parse import unquote

        assert unquote(heard.user) == user

    @given(st.text(max_size=60), st.text(max_size=60))
    def test_nor_can_any_name_or_domain(self, user: str, domain: str) -> None:
        try:
            data = message(notice(user=user), HERE, domain, Names())
        except (UnicodeEncodeError, ValueError):
            return  # a surrogate: refused whole
        heard = read(data)
        assert len(heard.headers.keys()) == 11

    @pytest.mark.parametrize(
        "values",
        [
            {"event": "check-sync\r\nEvil: 1"},
            {"event": ""},
            {"event": "a b"},
            {"address": "phone.example.com"},
            {"address": "192.0.2.7\r\nEvil: 1"},
            {"address": ""},
        ],
    )
    def test_what_is_no_event_or_address_is_refused(self, values: dict[str, str]) -> None:
        with pytest.raises(ValueError):
            message(notice(**values), HERE, "x", Names())


class TestAnswers:
    def test_a_phone_that_takes_it_is_no_problem(self) -> None:
        with SipPhone() as phone:
            said = ask(notice(phone.port))
        assert [problem for _, problem in said] == [""]
        assert len(phone.heard) == 1

    def test_over_ipv6_too(self) -> None:
        with SipPhone(host="::1") as phone:
            said = ask(notice(phone.port, "::1"))
        assert said[0][1] == ""
        assert phone.heard[0].host == "[::1]"

    @pytest.mark.parametrize(
        ("status", "words"),
        [
            ("401 Unauthorized", "asks for a password (401)"),
            ("407 Proxy Authentication Required", "asks for a password (407)"),
            ("481 Subscription Does Not Exist", "without a subscription (481)"),
            ("489 Bad Event", "it answered 489"),
            ("202 Accepted", ""),
        ],
    )
    def test_what_it_answers_is_told(self, status: str, words: str) -> None:
        with SipPhone(lambda heard: answer(heard, status)) as phone:
            ((_, problem),) = ask(notice(phone.port))
        assert words in problem
        assert bool(problem) is bool(words)

    def test_a_lost_message_is_sent_again_unchanged(self) -> None:
        with SipPhone(silent_for=1) as phone:
            ((_, problem),) = ask(notice(phone.port))
        assert problem == ""
        first, second = phone.heard
        assert first.raw == second.raw
        assert 0.4 < second.at - first.at < 2

    def test_silence_is_told_after_four_messages(self) -> None:
        started = time.monotonic()
        with SipPhone(lambda _: None) as phone:
            ((_, problem),) = ask(notice(phone.port))
            assert problem == f"no answer from 127.0.0.1:{phone.port} to 4 messages"
        assert len(phone.heard) == 4
        assert 5 < time.monotonic() - started < 9

    def test_an_answer_to_something_else_does_not_count(self) -> None:
        with SipPhone(
            lambda heard: answer(heard).replace(heard["Call-ID"].encode(), b"x")
        ) as phone:
            ((_, problem),) = ask(notice(phone.port))
        assert "no answer" in problem

    @pytest.mark.parametrize("data", [b"", b"\x00" * 5000, b"SIP/2.0 ", b"HTTP/1.1 200 OK\r\n"])
    def test_noise_is_no_answer(self, data: bytes) -> None:
        assert status_of(data, "x") == 0

    def test_where_nothing_listens_it_is_told_at_once(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        started = time.monotonic()
        ((_, problem),) = ask(notice(port))
        assert problem == f"nothing listens at 127.0.0.1:{port}"
        assert time.monotonic() - started < 3

    @pytest.mark.parametrize(
        ("values", "words"),
        [
            ({"address": ""}, "its address is not known"),
            ({"address": "phone"}, "does not appear to be"),
            ({"port": 99999}, "port"),
            ({"event": "a b"}, "not an event"),
        ],
    )
    def test_what_cannot_be_sent_is_told(self, values: dict[str, object], words: str) -> None:
        ((_, problem),) = ask(notice(**values))  # type: ignore[arg-type]
        assert words in problem


class TestPace:
    def test_phones_are_asked_so_many_a_second_and_a_silent_one_holds_nobody_up(self) -> None:
        with SipPhone() as phone, SipPhone(lambda _: None) as silent:
            notices = [notice(silent.port), *(notice(phone.port) for _ in range(20))]
            ask(*notices, per_second=20)
        times = [heard.at for heard in phone.heard]
        assert len(times) == 20
        assert 0.9 <= times[-1] - times[0] < 3
        assert times[0] - silent.heard[0].at < 1

    def test_more_phones_than_sockets_are_all_asked(self) -> None:
        with SipPhone() as phone:
            said = ask(*(notice(phone.port) for _ in range(450)))
        assert [problem for _, problem in said] == [""] * 450
        assert len({heard["Call-ID"] for heard in phone.heard}) == 450
