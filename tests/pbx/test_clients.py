"""Other clients than a provisioned phone register by what stands in the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from tests.pbx.asterisk_server import Asterisk
from tests.pbx.clients import Account, account_of, baresip_register, pjsua2_register
from tests.pbx.registrar import PASSWORDS, Registrar, registrar
from tests.publish.helpers import publish_site
from tests.sites import Site

USER = "0027*001"
Register = Callable[[Account], int]
WRITABLE = "".join(char for one in PASSWORDS.values() for char in one if char not in ' ;"')[:64]
"""A password of what a file of baresip's can hold."""
CLIENTS = pytest.mark.parametrize("register", [pjsua2_register, baresip_register])


@pytest.fixture
def sip() -> Iterator[Registrar]:
    """A registrar that knows an extension for each password."""
    numbers = (f"0027*10{number}" for number in range(len(PASSWORDS)))
    with registrar(dict(zip(numbers, PASSWORDS.values(), strict=True))) as made:
        yield made


@CLIENTS
def test_a_password_that_tuiprov_made_registers(site: Site, register: Register) -> None:
    page = site.add(USER)
    with registrar({USER: str(page.values["sip_password"])}) as sip:
        site.configure(sip_server=sip.host, sip_port=sip.port)
        account = account_of(site.page())
        assert register(account) == 200
        assert register(replace(account, password="another")) == 401


def test_pjsip_registers_by_any_password_a_page_takes(site: Site, sip: Registrar) -> None:
    site.configure(sip_server=sip.host, sip_port=sip.port)
    for number, password in enumerate(PASSWORDS.values()):
        site.add(f"0027*10{number}", sip_password=password)
        assert pjsua2_register(account_of(site.page(f"0027*10{number}"))) == 200, password
    assert len(sip.contacts()) == len(PASSWORDS)


def test_baresip_registers_by_what_its_own_file_can_hold(site: Site) -> None:
    page = site.add(USER, sip_password=WRITABLE)
    with registrar({USER: WRITABLE}) as sip:
        site.configure(sip_server=sip.host, sip_port=sip.port)
        assert baresip_register(account_of(site.page())) == 200
    with pytest.raises(ValueError, match="cannot be told"):
        baresip_register(replace(account_of(page), password="a;b"))


# -- at a real Asterisk that has the same page -----------------------------------------------------


def told(asterisk: Asterisk, site: Site, password: str) -> Account:
    """The account of an extension with this password, which Asterisk has by its published files."""
    site.configure(pbx="asterisk", sip_server="127.0.0.1", sip_port=asterisk.port)
    site.add(USER, sip_password=password)
    publish_site(site)
    asterisk.include(site.publish_root)
    return account_of(site.page())


@pytest.mark.parametrize("name", PASSWORDS)
def test_pjsip_registers_at_asterisk_by_any_password_a_page_takes(
    site: Site, asterisk: Asterisk, name: str
) -> None:
    account = told(asterisk, site, PASSWORDS[name])
    assert pjsua2_register(account) == 200
    assert pjsua2_register(replace(account, password="another")) == 401


def test_baresip_registers_at_asterisk_by_what_its_own_file_can_hold(
    site: Site, asterisk: Asterisk
) -> None:
    account = told(asterisk, site, WRITABLE)
    assert baresip_register(account) == 200
    assert baresip_register(replace(account, password="another")) == 401
