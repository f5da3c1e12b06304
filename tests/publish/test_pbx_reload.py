"""After publishing the PBX is told, and when it does not take its files, those of before are back.

A real Asterisk where there is one; a program of our own where the console itself has to fail.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.pbx.asterisk_server import Asterisk, missing, running
from tests.sites import PHONE, USER, Site, a_site
from tuiprov.data.store import Store
from tuiprov.doctor import Finding, examine
from tuiprov.errors import PublishError
from tuiprov.pbx import held
from tuiprov.publish.adopting import adopt, look
from tuiprov.publish.planning import plan_outdated
from tuiprov.publish.publishing import publish
from tuiprov.publish.reconcile import examine as damage

PJSIP = "pbx/pjsip_tuiprov.conf"
SAYS_NOTHING = "import sys"
REFUSES = "import sys; print('No such module'); sys.exit(1)"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = a_site(tmp_path, pbx="asterisk", pbx_reload=True, pbx_udp_transport="t-udp")
    site.add("0027*001", extension_name="Anna", sip_password="first;secret", **PHONE)
    site.add("0027*002", extension_name="Bert", sip_password="other-secret")
    return site


def with_console(site: Site, *command: str) -> Store:
    return Store(site.database, command)


def publish_all(site: Site, store: Store) -> None:
    publish(store, site.admin, plan_outdated(store, site.admin))


def about_pbx(site: Site, store: Store) -> Finding:
    findings = examine(lambda: site.database, store.console)
    return next(finding for finding in findings if finding.about == "PBX")


class TestAConsoleThatFails:
    @pytest.mark.parametrize(
        ("program", "words"),
        [(SAYS_NOTHING, "it has no endpoint 0027"), (REFUSES, "No such module")],
    )
    def test_the_files_of_before_are_back_and_the_reason_is_told(
        self, site: Site, program: str, words: str
    ) -> None:
        site.configure(pbx_reload=False)
        publish_all(site, site.store)
        before = (site.publish_root / PJSIP).read_bytes()
        site.configure(pbx_reload=True)
        site.save("0027*002", ping=True)
        with pytest.raises(PublishError, match=words) as caught:
            publish_all(site, with_console(site, sys.executable, "-c", program))
        assert "Those of before are back" in str(caught.value)
        assert (site.publish_root / PJSIP).read_bytes() == before
        assert not damage(site.store)

    def test_a_first_file_that_is_not_taken_is_gone_again(self, site: Site) -> None:
        with pytest.raises(PublishError, match="there is no command /nonexistent"):
            publish_all(site, with_console(site, "/nonexistent"))
        assert not (site.publish_root / PJSIP).exists()
        assert not damage(site.store)

    def test_the_phones_files_are_published_all_the_same(self, site: Site) -> None:
        with pytest.raises(PublishError, match="there is no command"):
            publish_all(site, with_console(site, "/nonexistent"))
        assert len(list(site.publish_root.rglob("805ec0000001.cfg"))) == 1

    def test_the_next_plan_offers_it_again(self, site: Site) -> None:
        with pytest.raises(PublishError):
            publish_all(site, with_console(site, "/nonexistent"))
        again = plan_outdated(site.store, site.admin)
        assert PJSIP in {change.path for change in again.changes}

    def test_the_console_is_not_asked_when_no_file_of_the_pbx_changes(self, site: Site) -> None:
        site.configure(pbx_reload=False)
        publish_all(site, site.store)
        site.configure(pbx_reload=True)
        site.save("0027*001", friendly_name="Desk02")
        publish_all(site, site.store)
        site.save("0027*001", notes="moved")
        publish_all(site, with_console(site, "/nonexistent"))


IN_HIS_WORDS = """\
[{number}]
type=endpoint
context=phones
allow=ulaw , alaw
aors={number}
auth={number}
direct_media=1
call_group=1-3
trust_id_outbound=on
timers=forced
rtp_timeout=0x10
permit=10.0.0.0/8
deny=192.0.2.0/255.255.255.0
set_var=A=1
[{number}]
type=aor
max_contacts=3
qualify_timeout=4.0
contact=sip:a@192.0.2.1
contact=sip:b@192.0.2.2
[{number}]
type=auth
auth_type=userpass
username={number}
password=x
"""
"""Options of an endpoint that Asterisk shows otherwise than they are written."""


@pytest.fixture(scope="module")
def server() -> Iterator[Asterisk]:
    if why := missing():
        pytest.skip(why)
    with running() as server:
        yield server


@pytest.fixture
def console(site: Site, server: Asterisk) -> Store:
    """The site's data, with a console of an Asterisk that includes the site's files."""
    server.include(site.publish_root)
    return with_console(site, *server.command)


class TestARealAsterisk:
    def test_it_has_every_extension_after_the_publish(
        self, site: Site, server: Asterisk, console: Store
    ) -> None:
        publish_all(site, console)
        assert server.show("endpoint", "0027*001")["callerid"] == '"Anna" <0027*001>'
        assert server.show("auth", "0027*001")["password"] == "first;secret"
        assert "0027*002@tuiprov-extensions" in server.cli("core show hints")
        assert about_pbx(site, console) == Finding(True, "PBX", "Asterisk has every extension")

    def test_a_change_takes_effect(self, site: Site, server: Asterisk, console: Store) -> None:
        publish_all(site, console)
        site.save("0027*002", ping=True, media_encryption="sdes")
        publish_all(site, console)
        assert server.show("aor", "0027*002")["qualify_frequency"] == "60"
        assert server.show("endpoint", "0027*002")["media_encryption"] == "sdes"

    def test_an_extension_that_its_own_files_have_too_is_found_out_and_put_back(
        self, site: Site, server: Asterisk, console: Store
    ) -> None:
        """A duplicate makes Asterisk drop the whole file."""
        publish_all(site, console)
        before = (site.publish_root / PJSIP).read_bytes()
        own = server.etc / "pjsip.conf"
        own.write_text(own.read_text() + "[0027*003]\ntype=aor\nmax_contacts=5\n")
        server.reload()
        site.add("0027*003", sip_password="third-secret")
        with pytest.raises(PublishError, match="aor 0027\\*003 has another max_contacts"):
            publish_all(site, console)
        assert (site.publish_root / PJSIP).read_bytes() == before
        assert server.show("endpoint", "0027*001")
        assert not about_pbx(site, console).ok

    def test_an_extension_that_is_removed_is_gone(
        self, site: Site, server: Asterisk, console: Store
    ) -> None:
        publish_all(site, console)
        site.store.extensions.remove(site.admin, site.page("0027*002"))
        publish_all(site, console)
        assert server.show("endpoint", "0027*002") == {}

    def test_options_in_an_admins_own_words_are_no_reason_to_put_anything_back(
        self, site: Site, server: Asterisk, console: Store
    ) -> None:
        own = server.etc / "own.conf"
        own.write_text(IN_HIS_WORDS.format(number="0027*007"))
        site.configure(pbx_reload=False)
        user = site.store.accounts.find(site.admin, USER)
        adopt(site.store, site.admin, user, look(site.store, site.admin, own))
        site.configure(pbx_reload=True)
        site.save("0027*007", ping=True)
        publish_all(site, console)
        assert server.show("endpoint", "0027*007")["call_group"] == "1, 2, 3"
        assert server.show("aor", "0027*007")["qualify_frequency"] == "60"


class TestItsOwnFileIsBroken:
    """Asterisk then keeps all as it was, and says that it has reloaded."""

    @pytest.fixture(autouse=True)
    def _no_patience(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(held, "_SETTLES_WITHIN", 0.5)

    @pytest.mark.parametrize(
        ("values", "words"),
        [
            ({"sip_password": "another"}, "auth 0027*002 has another password_digest"),
            ({"fixed_port": 5071}, "aor 0027*002 has another contact"),
            ({"fixed_ip": "10.0.0.8"}, "identify 0027*002 has another match"),
            ({"fixed_ip": ""}, "endpoint 0027*002 has another identify_by"),
            ({"max_public_concurrent_calls": 3}, "endpoint 0027*002 has another TUIPROV_CALLS"),
        ],
        ids=lambda one: " ".join(one) if isinstance(one, dict) else "",
    )
    def test_a_change_that_it_does_not_read_is_found_out_and_put_back(
        self, site: Site, server: Asterisk, console: Store, values: dict[str, Any], words: str
    ) -> None:
        site.configure(pbx_realm="asterisk", pbx_tcp_transport="t-tcp")
        site.save("0027*002", fixed_ip="10.0.0.9", max_public_concurrent_calls=2)
        publish_all(site, console)
        assert values_are_refused(site, server, console, values, words)

    def test_so_are_networks_that_it_does_not_know(
        self, site: Site, server: Asterisk, console: Store
    ) -> None:
        publish_all(site, console)
        values = {"allowed_networks": "10.0.0.0/24"}
        words = "endpoint 0027*002 has another permit"
        assert values_are_refused(site, server, console, values, words)

    def test_so_is_an_extension_that_it_goes_on_to_let_in(
        self, site: Site, server: Asterisk, console: Store
    ) -> None:
        publish_all(site, console)
        broken(server)
        site.store.extensions.remove(site.admin, site.page("0027*002"))
        with pytest.raises(PublishError, match=r"it still has the endpoint 0027\*002"):
            publish_all(site, console)
        assert "[0027*002]" in (site.publish_root / PJSIP).read_text()


def broken(server: Asterisk) -> None:
    """Make its own pjsip.conf one that Asterisk cannot read."""
    own = server.etc / "pjsip.conf"
    own.write_text(own.read_text() + "[0](no_such_template)\n")


def values_are_refused(
    site: Site, server: Asterisk, console: Store, values: dict[str, Any], words: str
) -> bool:
    """Is a change of 0027*002 that Asterisk never read told by these words, and put back?"""
    before = (site.publish_root / PJSIP).read_bytes()
    broken(server)
    site.save("0027*002", **values)
    with pytest.raises(PublishError) as caught:
        publish_all(site, console)
    assert words in str(caught.value)
    return (site.publish_root / PJSIP).read_bytes() == before
