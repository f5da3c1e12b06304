"""What a phone meets when it registers, and what the mistakes of a quiet start cost it."""

from __future__ import annotations

from hashlib import md5

import pytest

from tests.pbx.asterisk_cases import phone
from tests.pbx.asterisk_rules import faults, read
from tests.pbx.asterisk_server import Asterisk
from tests.pbx.pjsip_phone import Account, missing, register
from tests.pbx.wire import Phone

pytestmark = pytest.mark.skipif(missing() != "", reason=missing())

INSIDE, OUTSIDE = "127.0.5.9", "127.0.9.9"


@pytest.fixture
def account(asterisk: Asterisk) -> Account:
    """The account of `phone()`, on this Asterisk."""
    return Account("101", "Secret101", asterisk.port)


def load(asterisk: Asterisk, text: str) -> list[str]:
    """Have Asterisk read it without a word; the kinds of faults that the judge finds."""
    asterisk.load({"pjsip.conf": asterisk.transports + text})
    assert asterisk.warnings() == []
    return [one.kind for one in faults(read(text))]


class TestRegistering:
    @pytest.mark.parametrize("transport", ["udp", "tcp"])
    def test_a_phone_with_its_password_is_let_in(
        self, transport: str, asterisk: Asterisk, account: Account
    ) -> None:
        assert load(asterisk, phone()) == []
        with_transport = Account("101", "Secret101", account.port, transport=transport)
        assert register(with_transport) == "ok"

    @pytest.mark.parametrize("password", ["p<&>\"';x \\", "Zoë=>[1]#$", ">=\\;"])
    def test_an_odd_password_lets_it_in_too(
        self, password: str, asterisk: Asterisk, account: Account
    ) -> None:
        written = password.replace(";", "\\;")
        assert load(asterisk, phone().replace("Secret101", written)) == []
        assert register(Account("101", password, account.port)) == "ok"

    def test_blanks_at_the_ends_of_a_password_are_written_as_a_digest(
        self, asterisk: Asterisk, account: Account
    ) -> None:
        digest = md5(b"101:asterisk: Secret101 ").hexdigest()
        lines = f"realm=asterisk\npassword_digest=MD5:{digest}"
        assert load(asterisk, phone().replace("password=>Secret101", lines)) == []
        assert register(Account("101", " Secret101 ", account.port)) == "ok"
        assert register(account) == "refused: 401"

    def test_a_wrong_password_is_refused(self, asterisk: Asterisk, account: Account) -> None:
        assert load(asterisk, phone()) == []
        assert register(Account("101", "Secret102", account.port)) == "refused: 401"

    def test_an_unknown_user_is_refused_like_a_wrong_password(
        self, asterisk: Asterisk, account: Account
    ) -> None:
        assert load(asterisk, phone()) == []
        assert register(Account("102", "Secret101", account.port)) == "refused: 401"


def answers(account: Account) -> list[str]:
    """What phones at the two addresses are told."""
    return [
        register(Account(account.user, account.password, account.port, address=address))
        for address in (INSIDE, OUTSIDE)
    ]


class TestNetworks:
    def test_deny_and_then_permit_lets_in_the_network_alone(
        self, asterisk: Asterisk, account: Account
    ) -> None:
        assert load(asterisk, phone("deny=0.0.0.0/0,::/0\npermit=127.0.5.0/24")) == []
        assert answers(account) == ["ok", "refused: 401"]

    def test_a_deny_of_ipv4_alone_lets_everybody_in_by_ipv6(self, asterisk: Asterisk) -> None:
        six = f"[t-six]\ntype=transport\nprotocol=udp\nbind=[::1]:{asterisk.port}\n"
        text = phone("deny=0.0.0.0/0\npermit=127.0.5.0/24", other=six)
        assert load(asterisk, text) == ["open-to-ipv6"]
        with Phone(asterisk.port, "101", "Secret101", "::1", "::1") as stranger:
            assert stranger.register().status == 200

    def test_permit_alone_lets_everybody_in(self, asterisk: Asterisk, account: Account) -> None:
        assert load(asterisk, phone("permit=127.0.5.0/24")) == ["permit-without-deny"]
        assert answers(account) == ["ok", "ok"]

    def test_deny_after_permit_lets_nobody_in(self, asterisk: Asterisk, account: Account) -> None:
        lines = "permit=127.0.5.0/24\ndeny=0.0.0.0/0"
        assert load(asterisk, phone(lines)) == ["deny-after-permit"]
        assert answers(account) == ["refused: 401", "refused: 401"]


class TestWhatSilentMistakesCost:
    @pytest.mark.parametrize("method", ["identify_by=username\n", ""])
    def test_without_auth_anybody_is_let_in_from_anywhere(
        self, method: str, asterisk: Asterisk, account: Account
    ) -> None:
        text = phone().replace("auth=101\n", method, 1)
        assert load(asterisk, text) == ["open-door"]
        stranger = Account("101", "whatever", account.port, address=OUTSIDE)
        assert register(stranger) == "ok"

    @pytest.mark.parametrize(
        ("text", "kinds", "answer"),
        [
            (phone().replace("auth=101\n", "auth=404\n", 1), ["dangling"], "refused: 500"),
            (phone().replace("aors=101\n", "aors=404\n", 1), ["dangling"], "refused: 404"),
            (phone().replace("max_contacts=1\n", ""), ["no-contacts"], "refused: 403"),
            (phone().replace("Secret101", "Secret101 ;x"), ["semicolon"], "ok"),
            (phone().replace("Secret101", "Secret;101"), ["semicolon"], "refused: 401"),
        ],
        ids=["no such auth", "no such aor", "no contacts", "a comment", "a password that is cut"],
    )
    def test_a_phone_is_told_what_the_log_of_the_start_was_not(
        self, text: str, kinds: list[str], answer: str, asterisk: Asterisk, account: Account
    ) -> None:
        assert load(asterisk, text) == kinds
        assert register(account) == answer
