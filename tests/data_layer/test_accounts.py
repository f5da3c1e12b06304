"""Who is looking: the operating system's user, an account, a phone terminal; what each may."""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.sites import Site
from tuiprov.data.accounts import viewers as accounts
from tuiprov.data.accounts.viewers import (
    Viewer,
    account_named,
    administrator,
    os_viewer,
    same_viewer,
    viewer_for,
    viewers,
)
from tuiprov.data.models import Account
from tuiprov.errors import NotAllowed, NotFound

ROOT, OWNER, ANNA, EVE = 0, 4000, 4321, 4322


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

    @pytest.mark.parametrize("role", ["provider", "organization", "user", "terminal"])
    def test_a_viewer_is_read_again_with_the_permissions_of_now(
        self, site: Site, role: Any
    ) -> None:
        site.add()
        before = site.viewer(role, "modify", sip=True, trunking=True)
        now = site.viewer(role, "view")
        with site.database.read() as session:
            assert same_viewer(session, before) == now

    @pytest.mark.parametrize(
        "viewer", [Viewer("user", "x", 999), Viewer("terminal", "x", 1, extension_id=999)]
    )
    def test_who_is_gone_looks_no_more(self, site: Site, viewer: Viewer) -> None:
        with site.database.read() as session, pytest.raises(NotFound, match="does not exist any"):
            same_viewer(session, viewer)

    def test_an_account_is_found_by_kind_and_name(self, site: Site) -> None:
        site.add()
        with site.database.read() as session:
            assert account_named(session, "organization", "Acme Ltd").kind == "organization"
            with pytest.raises(NotFound, match="there is no user named 'nobody'"):
                account_named(session, "user", "nobody")


class TestOperatingSystemUser:
    """Root and the database's owner are system administrator; who became one of them by sudo is
    looked up; anybody else is refused with one clear line. (Who called sudo: `test_invoker.py`.)"""

    @pytest.fixture
    def anna(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
        """A site of user OWNER on which user ANNA of the host is john.smith."""
        site.add()
        with site.database.write() as session:
            account_named(session, "user", "john.smith").os_login = "anna"
        logins = {ANNA: "anna", EVE: "eve"}

        def known(uid: int) -> Any:
            return SimpleNamespace(pw_name=logins[uid])

        monkeypatch.setattr(pwd, "getpwuid", known)
        monkeypatch.setattr(Path, "stat", lambda path: SimpleNamespace(st_uid=OWNER))
        for name in ("USER", "LOGNAME", "SUDO_USER"):
            monkeypatch.setenv(name, "root")
        return site

    @pytest.fixture
    def looking(self, anna: Site, monkeypatch: pytest.MonkeyPatch) -> Any:
        """Who looks when a process of `uid` was called by `caller`."""

        def look(uid: int, caller: int | None = None) -> Viewer:
            monkeypatch.setattr(os, "getuid", lambda: uid)
            monkeypatch.setattr(accounts, "invoking_uid", lambda: uid if caller is None else caller)
            return os_viewer(anna.database)

        return look

    @pytest.mark.parametrize("uid", [ROOT, OWNER])
    def test_root_and_the_owner_of_the_database_are_system_administrator(
        self, looking: Any, uid: int
    ) -> None:
        assert looking(uid).is_administrator

    @pytest.mark.parametrize("uid", [ROOT, OWNER])
    def test_who_became_one_of_them_by_sudo_looks_as_their_account(
        self, looking: Any, uid: int
    ) -> None:
        viewer = looking(uid, ANNA)
        assert (viewer.role, viewer.name) == ("user", "john.smith")

    @pytest.mark.parametrize("uid", [ROOT, OWNER])
    def test_a_login_without_an_account_is_refused(self, looking: Any, uid: int) -> None:
        with pytest.raises(NotAllowed, match="no account has the login 'eve'"):
            looking(uid, EVE)

    def test_an_unknown_user_id_is_refused(self, looking: Any) -> None:
        with pytest.raises(NotAllowed, match="user id 9999 is unknown"):
            looking(OWNER, 9999)

    def test_an_account_without_a_login_is_nobodys(self, anna: Site, looking: Any) -> None:
        with anna.database.write() as session:
            account_named(session, "user", "john.smith").os_login = ""
        with pytest.raises(NotAllowed):
            looking(OWNER, ANNA)

    def test_several_people_may_have_one_account_and_are_told_apart(
        self, anna: Site, looking: Any
    ) -> None:
        with anna.database.write() as session:
            account_named(session, "user", "john.smith").os_login = "eve anna"
        found = [looking(OWNER, uid) for uid in (ANNA, EVE)]
        assert [one.label for one in found] == ["anna (User john.smith)", "eve (User john.smith)"]
        assert found[0].key == found[1].key
        assert found[0].own_key != found[1].own_key

    def test_the_administrators_account_may_be_several_peoples_too(
        self, anna: Site, looking: Any
    ) -> None:
        with anna.database.write() as session:
            account_named(session, "user", "john.smith").os_login = ""
            session.get_one(Account, anna.admin.account_id).os_login = "anna eve"
        found = [looking(OWNER, uid) for uid in (ANNA, EVE)]
        assert all(one.is_administrator for one in found)
        assert found[0].label == "anna (System administrator)"

    @pytest.mark.parametrize("stored", ["annabel", "ann", "Anna", "x_anna", "an%"])
    def test_a_login_that_is_only_alike_is_another(
        self, anna: Site, looking: Any, stored: str
    ) -> None:
        with anna.database.write() as session:
            account_named(session, "user", "john.smith").os_login = stored
        with pytest.raises(NotAllowed, match="no account has the login 'anna'"):
            looking(OWNER, ANNA)

    def test_a_login_of_two_accounts_is_nobodys(self, anna: Site, looking: Any) -> None:
        with anna.database.write() as session:
            account_named(session, "organization", "Acme Ltd").os_login = "anna eve"
        with pytest.raises(NotAllowed, match="the login 'anna' is of several accounts"):
            looking(OWNER, ANNA)

    def test_who_is_read_again_stays_the_same_person(self, anna: Site, looking: Any) -> None:
        before = looking(OWNER, ANNA)
        with anna.database.read() as session:
            assert same_viewer(session, before) == before

    @pytest.mark.parametrize(("uid", "caller"), [(ROOT, ROOT), (OWNER, ROOT), (OWNER, OWNER)])
    def test_root_and_the_owner_stay_it_through_sudo(
        self, looking: Any, uid: int, caller: int
    ) -> None:
        assert looking(uid, caller).is_administrator

    def test_the_owner_gets_no_more_rights_for_the_sites_settings(self, looking: Any) -> None:
        with pytest.raises(NotAllowed, match="belongs to you; run tuiprov without sudo"):
            looking(ROOT, OWNER)

    @pytest.mark.parametrize("caller", [ROOT, OWNER, ANNA])
    def test_anybody_else_is_refused_whoever_they_say_has_called(
        self, looking: Any, caller: int
    ) -> None:
        with pytest.raises(NotAllowed) as refused:
            looking(EVE, caller)
        assert "\n" not in str(refused.value)
        assert "belongs to somebody else; ask its owner or use sudo" in str(refused.value)


def test_the_administrator_of_a_site_is_one(site: Site, tmp_path: Path) -> None:
    with site.database.read() as session:
        assert administrator(session) == site.admin
