"""Who is looking: the operating system's user, an account, a phone terminal; what each may."""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.sites import Site
from tuiprov.data import accounts
from tuiprov.data.accounts import account_named, administrator, os_viewer, viewer_for, viewers
from tuiprov.data.models import Account
from tuiprov.errors import NotAllowed, NotFound


class TestViewers:
    def test_the_system_administrator_may_everything(self, site: Site) -> None:
        assert site.admin.is_administrator
        assert site.admin.provision == "modify"
        assert site.admin.sip_management
        assert site.admin.sip_trunking_management

    @pytest.mark.parametrize("kind", ["provider", "organization", "user"])
    def test_a_new_account_may_nothing(self, kind: str) -> None:
        viewer = viewer_for(Account(id=7, kind=kind, name="new"))
        assert (viewer.provision, viewer.sip_management) == ("none", False)

    def test_an_unknown_level_in_the_database_is_none(self) -> None:
        odd = Account(id=7, kind="user", name="x", provision_permission="everything")
        assert viewer_for(odd).provision == "none"

    def test_a_terminal_may_what_its_user_may(self, site: Site) -> None:
        site.add()
        terminal = site.viewer("terminal", "view", sip=True)
        user = site.viewer("user", "view", sip=True)
        assert (terminal.provision, terminal.sip_management) == ("view", True)
        assert terminal.account_id == user.account_id
        assert terminal.extension_id == site.page().extension_id

    def test_every_account_and_one_terminal_are_offered_to_look_as(self, site: Site) -> None:
        site.add()
        with site.database.read() as session:
            roles = [viewer.role for viewer in viewers(session)]
        assert roles == ["system", "provider", "organization", "user", "terminal"]

    def test_each_has_a_key_of_its_own_for_its_drafts(self, site: Site) -> None:
        site.add()
        with site.database.read() as session:
            found = viewers(session)
        assert len({viewer.key for viewer in found}) == len(found)
        assert all(viewer.label for viewer in found)

    def test_an_account_is_found_by_kind_and_name(self, site: Site) -> None:
        site.add()
        with site.database.read() as session:
            assert account_named(session, "organization", "Acme Ltd").kind == "organization"
            with pytest.raises(NotFound, match="there is no user named 'nobody'"):
                account_named(session, "user", "nobody")


class TestOperatingSystemUser:
    """Root and the database's owner are system administrator; under sudo the invoking user is
    looked up; anybody else is refused with one clear line."""

    @pytest.fixture
    def is_user(self, monkeypatch: pytest.MonkeyPatch) -> Any:
        def become(uid: int, sudo_uid: str = "", *, under_sudo: bool = False) -> None:
            monkeypatch.setattr(os, "getuid", lambda: uid)
            monkeypatch.setattr(accounts, "_under_sudo", lambda: under_sudo)
            monkeypatch.setenv("SUDO_UID", sudo_uid)
            for name in ("USER", "LOGNAME", "SUDO_USER"):
                monkeypatch.setenv(name, "root")

        return become

    @pytest.fixture
    def anna(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
        """A site on which user 4321 of the host, anna, is john.smith."""
        site.add()
        with site.database.write() as session:
            account_named(session, "user", "john.smith").os_login = "anna"
        logins = {4321: "anna", 4322: "eve"}

        def known(uid: int) -> Any:
            return SimpleNamespace(pw_name=logins[uid])

        monkeypatch.setattr(pwd, "getpwuid", known)
        return site

    def test_root_is_system_administrator(self, site: Site, is_user: Any) -> None:
        is_user(0)
        assert os_viewer(site.database).is_administrator

    def test_the_owner_of_the_database_is_system_administrator(
        self, site: Site, is_user: Any
    ) -> None:
        assert site.database.path is not None
        is_user(site.database.path.stat().st_uid)
        assert os_viewer(site.database).is_administrator

    def test_under_sudo_the_invoking_user_looks(self, anna: Site, is_user: Any) -> None:
        is_user(0, "4321", under_sudo=True)
        viewer = os_viewer(anna.database)
        assert (viewer.role, viewer.name) == ("user", "john.smith")

    def test_under_sudo_a_login_without_an_account_is_refused(
        self, anna: Site, is_user: Any
    ) -> None:
        is_user(0, "4322", under_sudo=True)
        with pytest.raises(NotAllowed, match="no account has the login 'eve'"):
            os_viewer(anna.database)

    def test_under_sudo_an_unknown_user_id_is_refused(self, anna: Site, is_user: Any) -> None:
        is_user(0, "9999", under_sudo=True)
        with pytest.raises(NotAllowed, match="user id 9999 is unknown"):
            os_viewer(anna.database)

    def test_an_account_without_a_login_is_nobodys(self, anna: Site, is_user: Any) -> None:
        with anna.database.write() as session:
            account_named(session, "user", "john.smith").os_login = ""
        is_user(0, "4321", under_sudo=True)
        with pytest.raises(NotAllowed):
            os_viewer(anna.database)

    def test_root_through_sudo_from_root_is_root(self, anna: Site, is_user: Any) -> None:
        is_user(0, "0", under_sudo=True)
        assert os_viewer(anna.database).is_administrator

    @pytest.mark.parametrize("sudo_uid", ["", "0", "4321"])
    def test_anybody_else_is_refused_whatever_the_environment_says(
        self, anna: Site, is_user: Any, sudo_uid: str
    ) -> None:
        assert anna.database.path is not None
        stranger = anna.database.path.stat().st_uid + 1
        is_user(stranger, sudo_uid)
        with pytest.raises(NotAllowed) as refused:
            os_viewer(anna.database)
        assert "\n" not in str(refused.value)
        assert "belongs to somebody else" in str(refused.value)

    def test_a_sudo_uid_without_sudo_is_not_believed(self, anna: Site, is_user: Any) -> None:
        is_user(0, "4321", under_sudo=False)
        assert os_viewer(anna.database).is_administrator


def test_the_administrator_of_a_site_is_one(site: Site, tmp_path: Path) -> None:
    with site.database.read() as session:
        assert administrator(session) == site.admin
