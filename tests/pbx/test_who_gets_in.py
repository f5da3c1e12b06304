"""Who may call and register from where, seen on the wire of a real Asterisk that has the page's
own files: extensions at a fixed IP, and those that are allowed from some networks only."""

from __future__ import annotations

import socket

import pytest

from tests.pbx.asterisk_server import Asterisk
from tests.pbx.office import ECHO, QUIET, OfficeOf
from tests.pbx.pages import page
from tests.pbx.sdp import offer
from tests.pbx.wire import SECONDS, Phone


class TestFixedAddress:
    HERE, ELSEWHERE = "127.0.0.51", "127.0.0.52"

    @pytest.mark.parametrize(
        ("authentication", "address", "password", "status"),
        [
            ("required", HERE, None, 200),
            ("required", HERE, "", 401),
            ("required", ELSEWHERE, None, 401),
            ("not_required", HERE, "", 200),
            ("not_required", ELSEWHERE, "", 401),
            ("not_required", ELSEWHERE, None, 401),
        ],
    )
    def test_who_may_call_from_where(
        self,
        office_of: OfficeOf,
        authentication: str,
        address: str,
        password: str | None,
        status: int,
    ) -> None:
        one = page(fixed_ip=self.HERE, fixed_auth=authentication)
        phone = office_of(one).phone(address=address, password=password)
        assert phone.call(ECHO, offer()).status == status

    def test_it_does_not_register_and_is_called_at_its_address(self, office_of: OfficeOf) -> None:
        with Phone(0, address=self.HERE) as called:
            one = page(1, fixed_ip=self.HERE, fixed_port=called.own_port)
            office = office_of(one, page(2))
            assert office.phone(address=self.HERE).register().status == 404
            assert office.phone(2).call("0027*001", offer()).status == 200
            assert called.hears("INVITE")[0].user == "0027*001"

    def test_by_tcp_it_is_called_by_tcp(self, office_of: OfficeOf) -> None:
        with socket.create_server((self.HERE, 0)) as listening:
            listening.settimeout(SECONDS)
            here = {"fixed_ip": self.HERE, "fixed_port": listening.getsockname()[1]}
            office = office_of(page(1, **here, signaling_transport="tcp"), page(2))
            assert office.phone(2).call("0027*001", offer(), seconds=QUIET).status == 408
            with listening.accept()[0] as called:
                called.settimeout(SECONDS)
                assert called.recv(65_536).startswith(b"INVITE sip:0027*001@127.0.0.51")

    @pytest.mark.parametrize(
        ("number", "password", "address", "status"),
        [
            (1, "pw1", HERE, 200),
            (2, "pw2", HERE, 200),
            (1, "pw2", HERE, 401),
            (1, "", HERE, 401),
            (1, "pw1", ELSEWHERE, 401),
        ],
    )
    def test_of_two_there_each_is_known_by_its_own_password(
        self,
        office_of: OfficeOf,
        number: int,
        password: str,
        address: str,
        status: int,
    ) -> None:
        both = [page(n, fixed_ip=self.HERE, shares=True, sip_password=f"pw{n}") for n in (1, 2)]
        phone = office_of(*both).phone(number, address=address, password=password)
        assert phone.call(ECHO, offer()).status == status


class TestAllowedNetworks:
    LISTED = "127.0.5.0/24 127.0.6.7"

    @pytest.mark.parametrize(
        ("networks", "address", "status"),
        [
            ("", "127.0.9.9", 200),
            (LISTED, "127.0.5.9", 200),
            (LISTED, "127.0.6.7", 200),
            (LISTED, "127.0.6.8", 401),
            (LISTED, "::1", 401),
        ],
    )
    def test_the_account_is_used_from_there_only(
        self, asterisk: Asterisk, office_of: OfficeOf, networks: str, address: str, status: int
    ) -> None:
        six = f"[t-six]\ntype=transport\nprotocol=udp\nbind=[::1]:{asterisk.port}\n"
        office = office_of(page(allowed_networks=networks), more=six)
        phone = office.phone(address=address)
        assert phone.register().status == status
        assert phone.call(ECHO, offer()).status == status
