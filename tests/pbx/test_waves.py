"""Waves with a real Asterisk attached and real phones that register: a phone has to come back to
the PBX too, and what the PBX was told goes back with its files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.pbx.asterisk_server import Asterisk, missing, running
from tests.pbx.pjsip_phone import Account, register, registered
from tests.pbx.pjsip_phone import missing as no_phone
from tests.publish.helpers import files
from tests.publish.rolling import Rolling, fetch
from tests.serve.helpers import wait_until
from tests.sites import PHONE, Site, a_site
from tuiprov.data.store import Store
from tuiprov.pbx.console import runner
from tuiprov.pbx.contacts import answering, contacts
from tuiprov.publish.planning import plan_outdated
from tuiprov.publish.publishing import publish

PJSIP = "pbx/pjsip_tuiprov.conf"

pytestmark = pytest.mark.skipif(
    bool(missing() or no_phone()), reason=missing() or no_phone() or "-"
)


@pytest.fixture(scope="module")
def server() -> Iterator[Asterisk]:
    with running() as made:
        yield made


@pytest.fixture
def site(tmp_path: Path, server: Asterisk) -> Site:
    """Two published phones that fetched their files, at an Asterisk that knows them."""
    site = a_site(tmp_path, pbx="asterisk", pbx_reload=True, pbx_udp_transport="t-udp")
    root = site.publish_root
    server.load(
        {
            "pjsip.conf": f'{server.transports}#tryinclude "{root}/{PJSIP}"\n',
            "extensions.conf": f'#tryinclude "{root}/pbx/extensions_tuiprov.conf"\n',
        }
    )
    for n in (1, 2):
        values = PHONE | {"friendly_name": f"Desk0{n}", "mac": f"80:5E:C0:00:00:0{n}"}
        site.add(f"0027*00{n}", sip_password=f"first-{n}", **values)
    store = Store(site.database, server.command)
    publish(store, site.admin, plan_outdated(store, site.admin))
    for name in ("Desk02", "Desk01"):
        fetch(site, name)
    return site


def account(server: Asterisk, n: int, word: str = "first") -> Account:
    return Account(user=f"0027*00{n}", password=f"{word}-{n}", port=server.port)


class Phones:
    """The phones on the desks: each is registered until it is unplugged."""

    def __init__(self, site: Site, server: Asterisk, stack: ExitStack) -> None:
        self.site, self.server, self.stack = site, server, stack
        self.plugs = {n: self._plugged(n, "first") for n in (1, 2)}

    def _plugged(self, n: int, word: str) -> ExitStack:
        plug = self.stack.enter_context(ExitStack())
        plug.enter_context(registered(account(self.server, n, word)))
        return plug

    def restart(self, n: int) -> None:
        """It fetches its new files, and registers with the password that they hold."""
        self.plugs[n].close()
        fetch(self.site, f"Desk0{n}", datetime.now(UTC))
        self.plugs[n] = self._plugged(n, "second")

    def hang(self, n: int) -> None:
        """It fetches its new files, and is never heard of again."""
        fetch(self.site, f"Desk0{n}", datetime.now(UTC))
        self.plugs[n].close()


@pytest.fixture
def phones(site: Site, server: Asterisk) -> Iterator[Phones]:
    with ExitStack() as stack:
        yield Phones(site, server, stack)


def change(site: Site) -> None:
    for n in (1, 2):
        site.save(f"0027*00{n}", sip_password=f"second-{n}")


def test_the_console_tells_where_a_phone_is_registered(server: Asterisk, phones: Phones) -> None:
    run = runner(server.command)
    before = contacts(run)
    assert before.keys() == {"0027*001", "0027*002"}
    assert all(one.isdecimal() for ends in before.values() for one in ends.values())
    assert answering(run) == frozenset()


def test_one_that_is_asked_answers(site: Site, server: Asterisk, phones: Phones) -> None:
    site.save("0027*001", ping=True)
    store = Store(site.database, server.command)
    publish(store, site.admin, plan_outdated(store, site.admin))
    server.cli("pjsip qualify 0027*001")
    run = runner(server.command)
    wait_until(lambda: answering(run) == {"0027*001"}, 10)


def test_every_phone_registers_again(site: Site, server: Asterisk, phones: Phones) -> None:
    change(site)
    rolling = Rolling(site, console=server.command)
    rolling.acts = {3: lambda: phones.restart(1), 6: lambda: phones.restart(2)}
    row = rolling.run()
    assert row.state == "done", row.reason
    assert set(rolling.states(row.id).values()) == {"registered"}
    assert "Desk01 fetched" in rolling.words() or "Desk01 registered" in rolling.words()
    store = Store(site.database, server.command)
    assert not plan_outdated(store, site.admin)


def test_the_pbx_is_told_of_the_phones_of_each_wave_only(
    site: Site, server: Asterisk, phones: Phones
) -> None:
    change(site)
    rolling = Rolling(site, console=server.command)
    seen: list[str] = []

    def look() -> None:
        seen.extend(server.show("auth", f"0027*00{n}")["password"] for n in (1, 2))
        phones.restart(1)

    rolling.acts = {3: look, 6: lambda: phones.restart(2)}
    assert rolling.run().state == "done"
    assert seen == ["second-1", "first-2"]


def test_one_that_fetches_and_does_not_register_again_takes_all_back(
    site: Site, server: Asterisk, phones: Phones
) -> None:
    before = files(site.publish_root)
    change(site)
    rolling = Rolling(site, console=server.command)
    rolling.acts = {3: lambda: phones.restart(1), 6: lambda: phones.hang(2)}
    row = rolling.run()
    assert row.state == "rolled back"
    assert row.reason == "Desk02 did not register again: 0027*002 within 1m"
    assert files(site.publish_root) == before
    assert server.show("auth", "0027*001")["password"] == "first-1"
    phones.plugs[1].close()
    assert register(account(server, 1, "second")) == "refused: 401"
    assert register(account(server, 1, "first")) == "ok"
    store = Store(site.database, server.command)
    again = plan_outdated(store, site.admin)
    assert {one.path for one in again.changes if one.device_id is None} == {PJSIP}


def test_what_others_told_the_pbx_meanwhile_stays(
    site: Site, server: Asterisk, phones: Phones
) -> None:
    change(site)
    rolling = Rolling(site, console=server.command)
    store = Store(site.database, server.command)

    def somebody_adds_one() -> None:
        site.add("0027*009", sip_password="of-another")
        publish(store, site.admin, plan_outdated(store, site.admin, "extension:0027*009"))

    rolling.acts = {3: somebody_adds_one, 5: lambda: phones.hang(1)}
    assert rolling.run().state == "rolled back"
    assert server.show("auth", "0027*009")["password"] == "of-another"
    assert server.show("auth", "0027*001")["password"] == "first-1"


def test_a_phone_that_was_not_registered_is_not_waited_for_there(
    site: Site, server: Asterisk, phones: Phones
) -> None:
    phones.plugs[2].close()
    server.cli("database deltree registrar/contact")
    change(site)
    rolling = Rolling(site, console=server.command).coming(Desk01=3, Desk02=6)
    row = rolling.run()
    assert row.state == "done", row.reason


def test_an_asterisk_that_is_not_there_is_told_and_nobody_waits_for_it(site: Site) -> None:
    site.configure(pbx_reload=False)
    change(site)
    rolling = Rolling(site, console=("/nonexistent/asterisk",)).coming(Desk01=3, Desk02=6)
    made = plan_outdated(site.store, site.admin)
    notes = rolling.rollouts().cut(made).notes
    assert any(
        one.startswith("Registrations are not watched: there is no command") for one in notes
    )
    assert rolling.run().state == "done"


def test_a_pbx_file_that_is_made_anew_loses_no_extension_on_the_way_back(
    site: Site, server: Asterisk
) -> None:
    """As after an upgrade: the whole file is of another release, and all blocks are in question."""
    site.add("0027*009", sip_password="of-another")
    store = Store(site.database, server.command)
    publish(store, site.admin, plan_outdated(store, site.admin))
    site.configure(pbx_context="elsewhere")
    change(site)
    rolling = Rolling(site, console=server.command)
    assert rolling.run().state == "rolled back"
    assert server.show("auth", "0027*001")["password"] == "first-1"
    assert server.show("auth", "0027*002")["password"] == "first-2"
    assert server.show("auth", "0027*009")["password"] == "of-another"
