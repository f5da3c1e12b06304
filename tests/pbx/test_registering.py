"""A real phone registers at a real Asterisk with what the pages say: the whole promise at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.pbx.asterisk_server import Asterisk
from tests.pbx.pages import ASTERISK, files, page
from tests.pbx.pjsip_phone import Account, missing, register
from tests.phones import HOSTILE_PASSWORD
from tuiprov.data.page import Page
from tuiprov.data.site import Site
from tuiprov.pbx.asterisk import PJSIP_FILE

needs_phone = pytest.mark.skipif(bool(missing()), reason=missing() or "-")

PASSWORDS = [
    HOSTILE_PASSWORD,
    ">begins so",
    r"back\slash\;",
    ";--all a comment--;",
    "=>#[x](!)",
    '"quoted"',
    "~" * 64,
]
OLDER = ASTERISK.model_copy(update={"pbx_release": "older"})
HASHED = ASTERISK.model_copy(update={"pbx_realm": "asterisk"})


def told(asterisk: Asterisk, *pages: Page, site: Site = ASTERISK) -> None:
    text = asterisk.transports + files(*pages, site=site)[PJSIP_FILE]
    asterisk.load({"pjsip.conf": text, "extensions.conf": "[phones]\nexten => 1,1,Hangup()\n"})


def account(asterisk: Asterisk, one: Page, **more: str) -> Account:
    values = one.values
    user = str(values["sip_username"] or values["extension"])
    words = {"user": user, "password": str(values["sip_password"])} | more
    return Account(**words, port=asterisk.port)  # type: ignore[arg-type]


@needs_phone
class TestRegistering:
    @pytest.mark.parametrize("site", [ASTERISK, HASHED], ids=["in clear", "hashed"])
    @pytest.mark.parametrize("password", PASSWORDS)
    def test_every_password_a_page_takes(
        self, asterisk: Asterisk, site: Site, password: str
    ) -> None:
        one = page(site=site, sip_password=password)
        told(asterisk, one, site=site)
        assert register(account(asterisk, one)) == "ok"

    @pytest.mark.parametrize("site", [ASTERISK, HASHED], ids=["in clear", "hashed"])
    def test_another_password_is_refused(self, asterisk: Asterisk, site: Site) -> None:
        one = page(site=site)
        told(asterisk, one, site=site)
        assert register(account(asterisk, one, password="another")) == "refused: 401"

    def test_a_sip_user_that_is_no_number(self, asterisk: Asterisk) -> None:
        one = page(sip_username="anna.b~1")
        told(asterisk, one)
        assert register(account(asterisk, one)) == "ok"

    def test_only_from_the_networks_that_are_allowed(self, asterisk: Asterisk) -> None:
        one = page(allowed_networks="127.0.5.0/24")
        told(asterisk, one)
        inside = account(asterisk, one, address="127.0.5.9")
        assert register(inside) == "ok"
        assert register(account(asterisk, one)) == "refused: 401"

    def test_one_at_a_fixed_ip_does_not_register(self, asterisk: Asterisk) -> None:
        one = page(fixed_ip="127.0.0.1")
        told(asterisk, one)
        assert register(account(asterisk, one)).startswith("refused: ")

    def test_of_two_at_one_address_each_is_known_by_its_own_password(
        self, asterisk: Asterisk
    ) -> None:
        both = [page(n, fixed_ip="127.0.0.1", shares=True, sip_password=f"pw{n}") for n in (1, 2)]
        told(asterisk, *both)
        shown = [asterisk.show("endpoint", f"0027*00{n}")["acl"] for n in (1, 2)]
        assert shown == ["deny/permit"] * 2


@needs_phone
class TestRotating:
    """While a phone has not fetched its new password, it registers with the old one."""

    @pytest.mark.parametrize("site", [ASTERISK, HASHED, OLDER], ids=["in clear", "hashed", "older"])
    def test_the_new_and_all_former_passwords_are_taken_and_no_other(
        self, asterisk: Asterisk, site: Site
    ) -> None:
        one = replace(page(site=site), former_passwords=(HOSTILE_PASSWORD, "two before"))
        told(asterisk, one, site=site)
        assert register(account(asterisk, one)) == "ok"
        assert register(account(asterisk, one, password=HOSTILE_PASSWORD)) == "ok"
        assert register(account(asterisk, one, password="two before")) == "ok"
        assert register(account(asterisk, one, password="another")) == "refused: 401"

    def test_after_the_window_the_old_one_is_refused(self, asterisk: Asterisk) -> None:
        one = page()
        told(asterisk, replace(one, former_passwords=("the old one",)))
        assert register(account(asterisk, one, password="the old one")) == "ok"
        told(asterisk, one)
        assert register(account(asterisk, one, password="the old one")) == "refused: 401"
        assert register(account(asterisk, one)) == "ok"

    def test_the_old_password_of_one_is_not_another_s(self, asterisk: Asterisk) -> None:
        one, other = replace(page(1), former_passwords=("of one",)), page(2)
        told(asterisk, one, other)
        assert register(account(asterisk, other, password="of one")) == "refused: 401"

    def test_what_asterisk_holds_is_what_was_written(self, asterisk: Asterisk) -> None:
        one = replace(page(), former_passwords=("the old one",))
        told(asterisk, one)
        assert asterisk.show("endpoint", "0027*001")["auth"] == "0027*001,0027*001/former1"
        assert asterisk.show("auth", "0027*001/former1")["username"] == "0027*001"
