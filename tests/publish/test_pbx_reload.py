"""After publishing the PBX is told, and when it does not take its files, those of before are back.

A real Asterisk where there is one; a program of our own where the console itself has to fail.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pbx.asterisk_server import Asterisk, missing, running
from tests.sites import PHONE, Site, a_site
from tuiprov.data.store import Store
from tuiprov.doctor import Finding, examine
from tuiprov.errors import PublishError
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


@pytest.fixture(scope="module")
def server() -> Iterator[Asterisk]:
    if why := missing():
        pytest.skip(why)
    with running() as server:
        yield server


class TestARealAsterisk:
    @pytest.fixture
    def console(self, site: Site, server: Asterisk) -> Store:
        """A site whose files this Asterisk includes."""
        root = site.publish_root
        server.load(
            {
                "pjsip.conf": f'{server.transports}#tryinclude "{root}/{PJSIP}"\n',
                "extensions.conf": f'#tryinclude "{root}/pbx/extensions_tuiprov.conf"\n',
            }
        )
        return with_console(site, *server.command)

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
