"""Adding, naming and removing extensions: by whom, within which numbers, and the phone then."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sites import PHONE, Site
from tuiprov.data.accounts import Role, Viewer
from tuiprov.data.models import Account, Device, Event, Extension, KeptDraft, Line
from tuiprov.errors import Conflict, NotAllowed, NotFound, Refused

ACME, PRAXIS = "0027", "0031"


@pytest.fixture
def two(site: Site) -> Site:
    """Two organizations of one provider, with an extension each."""
    site.add("0027*001", organization="Acme Ltd", user="john", extension_name="John Smith")
    site.add("0031*001", organization="Praxis", user="mary")
    return site


def user(site: Site, name: str) -> int:
    return next(a.id or 0 for a in site.rows(Account) if a.kind == "user" and a.name == name)


def above(site: Site, role: Role, *, sip: bool = False, level: Any = "none") -> Viewer:
    """The administrator, the provider, or Acme."""
    return site.viewer(role, level, sip=sip, name="Acme Ltd" if role == "organization" else "")


def other_provider(site: Site) -> Viewer:
    from tuiprov.data.accounts import viewer_for

    with site.database.write() as session:
        account = Account(kind="provider", name="Other", parent_id=1, provision_permission="modify")
        session.add(account)
        session.flush()
        return viewer_for(account)


ABOVE = pytest.mark.parametrize("role", ["system", "provider", "organization"])
BELOW = pytest.mark.parametrize("role", ["user", "terminal"])


class TestAdding:
    @ABOVE
    def test_who_is_above_the_user_adds(self, two: Site, role: Role) -> None:
        viewer = above(two, role, sip=True)
        values = {
            "extension": "0027*002",
            "extension_name": "Ann",
            "max_public_concurrent_calls": 3,
            "sip_username": "ann",
            "sip_password": "Quiet7River",
        }
        page = two.store.extensions.add(viewer, user(two, "john"), values)
        assert {name: page.values[name] for name in values} == values
        assert (page.values["user"], page.values["organization"]) == ("john", "Acme Ltd")
        assert two.page("0027*002").values["extension_name"] == "Ann"

    @BELOW
    def test_a_user_and_a_phone_terminal_add_nothing(self, two: Site, role: Role) -> None:
        viewer = two.viewer(role, "modify", sip=True)
        with pytest.raises(NotAllowed):
            two.store.extensions.add(viewer, user(two, "john"), {"extension": "0027*002"})
        with pytest.raises(NotAllowed):
            two.store.extensions.users(viewer)
        assert len(two.rows(Extension)) == 2

    def test_out_of_reach_there_is_no_such_user(self, two: Site) -> None:
        mary = user(two, "mary")
        for viewer in (above(two, "organization"), other_provider(two)):
            with pytest.raises(NotFound, match="does not exist"):
                two.store.extensions.add(viewer, mary, {"extension": "0027*002"})
            with pytest.raises(NotFound):
                two.store.extensions.next_number(viewer, mary)

    @pytest.mark.parametrize("kind", ["system", "provider", "organization"])
    def test_only_a_user_has_extensions(self, two: Site, kind: str) -> None:
        account = next(a.id or 0 for a in two.rows(Account) if a.kind == kind)
        with pytest.raises(NotFound):
            two.store.extensions.add(two.admin, account, {"extension": "0027*002"})

    def test_without_a_sip_password_a_random_one_is_made(self, two: Site) -> None:
        made = [
            two.store.extensions.add(two.admin, user(two, "john"), {"extension": f"0027*01{n}"})
            for n in range(2)
        ]
        passwords = [str(page.values["sip_password"]) for page in made]
        assert all(len(word) >= 16 for word in passwords)
        assert len(set(passwords)) == 2

    @pytest.mark.parametrize(
        ("field", "value"), [("sip_username", "ann"), ("sip_password", "Quiet7River")]
    )
    def test_without_sip_management_the_account_cannot_be_chosen(
        self, two: Site, field: str, value: str
    ) -> None:
        viewer = above(two, "organization")
        values = {"extension": "0027*002", field: value}
        with pytest.raises(Refused) as refused:
            two.store.extensions.add(viewer, user(two, "john"), values)
        assert [one.field for one in refused.value.refusals] == [field]
        page = two.store.extensions.add(viewer, user(two, "john"), {"extension": "0027*002"})
        assert two.page("0027*002").values["sip_password"]
        assert page.extension_id

    def test_a_number_that_is_taken_or_missing_is_refused(self, two: Site) -> None:
        for values, reason in (
            ({"extension": "0031*001"}, "0031\\*001 exists already"),
            ({}, "extension: is missing"),
        ):
            with pytest.raises(Refused, match=reason):
                two.store.extensions.add(two.admin, user(two, "john"), values)

    def test_what_is_not_its_identity_is_not_set_here(self, two: Site) -> None:
        with pytest.raises(Refused, match="ping: is set on the extension's page"):
            two.store.extensions.add(
                two.admin, user(two, "john"), {"extension": "0027*002", "ping": True}
            )

    def test_the_site_s_offered_codecs_are_what_a_new_extension_gets(self, two: Site) -> None:
        two.configure(codecs_offered="g722,ulaw")
        page = two.store.extensions.add(two.admin, user(two, "john"), {"extension": "0027*002"})
        assert page.values["codecs"] == "ulaw"
        two.configure(codecs_offered="opus,g722")
        page = two.store.extensions.add(two.admin, user(two, "john"), {"extension": "0027*003"})
        assert page.values["codecs"] == "opus"

    def test_it_is_written_down_without_its_password(self, two: Site) -> None:
        values = {"extension": "0027*002", "sip_password": "Quiet7River"}
        two.store.extensions.add(two.admin, user(two, "john"), values)
        event = two.rows(Event)[-1]
        assert event.subject == "0027*002"
        assert "Quiet7River" not in event.detail


class TestNumbers:
    @pytest.mark.parametrize("number", ["0027*002", "0099*001", "0027*0001"])
    def test_an_organization_adds_under_its_own_number_or_one_nobody_uses(
        self, two: Site, number: str
    ) -> None:
        viewer = above(two, "organization")
        two.store.extensions.add(viewer, user(two, "john"), {"extension": number})
        assert two.page(number).values["user"] == "john"

    @pytest.mark.parametrize(
        ("number", "reason"),
        [
            ("0031*002", "0031 is another organization's number"),
            ("112", "must begin with your organization's number and a star"),
            ("0027", "must begin with your organization's number and a star"),
        ],
    )
    @pytest.mark.parametrize("role", ["provider", "organization"])
    def test_another_organization_s_number_is_refused(
        self, two: Site, role: Role, number: str, reason: str
    ) -> None:
        viewer = above(two, role)
        with pytest.raises(Refused, match=reason):
            two.store.extensions.add(viewer, user(two, "john"), {"extension": number})
        assert len(two.rows(Extension)) == 2

    def test_a_number_that_only_begins_alike_is_another_number(self, two: Site) -> None:
        viewer = above(two, "organization")
        two.store.extensions.add(viewer, user(two, "john"), {"extension": "00311*001"})

    def test_plain_numbers_are_given_where_they_are_used_already(self, two: Site) -> None:
        two.add("101", organization="Acme Ltd", user="john")
        viewer = above(two, "organization")
        two.store.extensions.add(viewer, user(two, "john"), {"extension": "102"})

    def test_a_shared_number_stays_usable_for_both(self, two: Site) -> None:
        two.add("0031*777", organization="Acme Ltd", user="john")
        viewer = above(two, "organization")
        two.store.extensions.add(viewer, user(two, "john"), {"extension": "0031*778"})

    def test_the_administrator_gives_any_number(self, two: Site) -> None:
        for number in ("0031*002", "112"):
            two.store.extensions.add(two.admin, user(two, "john"), {"extension": number})

    def test_the_next_number_follows_the_organization_s_highest(self, two: Site) -> None:
        def following() -> str:
            return two.store.extensions.next_number(two.admin, user(two, "john"))

        assert following() == "0027*002"
        two.add("0027*099", organization="Acme Ltd", user="john")
        assert following() == "0027*100"
        two.add("9*1", organization="Acme Ltd", user="john")
        assert following() == "0027*100"

    def test_without_an_extension_there_is_no_next_number(self, two: Site) -> None:
        with two.database.write() as session:
            organization = Account(kind="organization", name="New", parent_id=2)
            session.add(organization)
            session.flush()
            session.add(Account(kind="user", name="first", parent_id=organization.id))
        assert two.store.extensions.next_number(two.admin, user(two, "first")) == ""

    def test_the_form_hears_of_it_while_one_types(self, two: Site) -> None:
        viewer = above(two, "organization")
        page = two.store.extensions.fresh(viewer, user(two, "john"))
        found, _ = two.store.extensions.check(viewer, page.changed({"extension": "0031*002"}))
        assert [one.field for one in found] == ["extension"]


class TestUsers:
    def test_each_sees_the_users_below(self, two: Site) -> None:
        def names(viewer: Viewer) -> list[str]:
            return [row.name for row in two.store.extensions.users(viewer)]

        assert names(two.admin) == ["john", "mary"]
        assert names(above(two, "provider")) == ["john", "mary"]
        assert names(above(two, "organization")) == ["john"]
        assert names(other_provider(two)) == []

    def test_a_name_in_two_organizations_wants_the_organization(self, two: Site) -> None:
        two.add("0031*002", organization="Praxis", user="john")
        find = two.store.extensions.find_user
        with pytest.raises(NotFound, match="Acme Ltd, Praxis: say --organization"):
            find(two.admin, "john")
        assert find(two.admin, "john", "Acme Ltd") == user(two, "john")
        with pytest.raises(NotFound, match="no user 'mary' in 'Acme Ltd'"):
            find(two.admin, "mary", "Acme Ltd")
        with pytest.raises(NotFound, match="there is no user 'mary'"):
            find(above(two, "organization"), "mary")


class TestIdentity:
    def identify(self, site: Site, viewer: Viewer, **changes: Any) -> Any:
        page = site.page("0027*001", viewer)
        return site.store.extensions.identify(
            viewer, page.extension_id or 0, page.extension_version, changes
        )

    @ABOVE
    def test_who_is_above_changes_name_calls_and_with_sip_management_the_account(
        self, two: Site, role: Role
    ) -> None:
        viewer = above(two, role, sip=True)
        changes = {
            "extension_name": "Jane",
            "max_public_concurrent_calls": 2,
            "sip_username": "jane",
            "sip_password": "Quiet7River",
        }
        self.identify(two, viewer, **changes)
        values = two.page("0027*001").values
        assert {name: values[name] for name in changes} == changes

    @pytest.mark.parametrize("role", ["provider", "organization"])
    @pytest.mark.parametrize(
        ("field", "value"), [("sip_username", "jane"), ("sip_password", "Quiet7River")]
    )
    def test_without_sip_management_the_account_stays(
        self, two: Site, role: Role, field: str, value: str
    ) -> None:
        before = two.export()
        with pytest.raises(Refused) as refused:
            self.identify(two, above(two, role), **{field: value})
        assert [one.field for one in refused.value.refusals] == [field]
        assert two.export() == before

    @pytest.mark.parametrize("role", ["provider", "organization"])
    def test_the_number_is_the_administrator_s_once_it_exists(self, two: Site, role: Role) -> None:
        with pytest.raises(Refused, match="set by the system administrator"):
            self.identify(two, above(two, role, sip=True), extension="0027*009")
        self.identify(two, two.admin, extension="0027*009")
        assert two.page("0027*009").values["extension_name"] == "John Smith"

    @BELOW
    def test_a_user_and_a_phone_terminal_change_nothing(self, two: Site, role: Role) -> None:
        viewer = two.viewer(role, "modify", sip=True, extension="0027*001")
        with pytest.raises(NotAllowed):
            self.identify(two, viewer, extension_name="Jane")

    def test_out_of_reach_there_is_no_such_extension(self, two: Site) -> None:
        page = two.page("0031*001")
        with pytest.raises(NotFound):
            two.store.extensions.identify(
                above(two, "organization"), page.extension_id or 0, 1, {"extension_name": "x"}
            )

    def test_what_somebody_else_changed_meanwhile_is_a_conflict(self, two: Site) -> None:
        page = two.page("0027*001")
        two.save("0027*001", ping=True)
        with pytest.raises(Conflict, match="somebody else changed extension 0027"):
            two.store.extensions.identify(
                two.admin, page.extension_id or 0, page.extension_version, {"extension_name": "x"}
            )

    def test_its_phone_is_stale_from_then_on(self, two: Site) -> None:
        two.save("0027*001", **PHONE)
        with two.database.write() as session:
            session.get_one(Device, 1).publish_state = "published"
        self.identify(two, two.admin, extension_name="Jane")
        (device,) = two.rows(Device)
        assert device.publish_state == "stale"

    def test_unlimited_calls_are_refused_while_a_pbx_is_connected(self, two: Site) -> None:
        two.save("0027*001", max_public_concurrent_calls=2)
        two.save("0027*001", pbx_connected=True)
        with pytest.raises(Refused, match="now it is unlimited"):
            self.identify(two, two.admin, max_public_concurrent_calls=None)


class TestRemoving:
    def remove(self, site: Site, viewer: Viewer, number: str = "0027*001") -> int | None:
        extension_id = site.page(number).extension_id or 0
        return site.store.extensions.remove(viewer, extension_id)

    @ABOVE
    def test_who_is_above_removes(self, two: Site, role: Role) -> None:
        assert self.remove(two, above(two, role)) is None
        assert [row.extension for row in two.rows(Extension)] == ["0031*001"]

    @BELOW
    def test_a_user_and_a_phone_terminal_remove_nothing(self, two: Site, role: Role) -> None:
        viewer = two.viewer(role, "modify", sip=True, extension="0027*001")
        with pytest.raises(NotAllowed):
            self.remove(two, viewer)
        assert len(two.rows(Extension)) == 2

    def test_out_of_reach_there_is_no_such_extension(self, two: Site) -> None:
        with pytest.raises(NotFound):
            self.remove(two, above(two, "organization"), "0031*001")

    def test_the_phone_stays_without_that_line_and_is_stale(self, two: Site) -> None:
        two.save("0027*001", **PHONE)
        with two.database.write() as session:
            session.get_one(Device, 1).publish_state = "published"
        assert self.remove(two, two.admin) == 1
        assert two.rows(Line) == []
        (device,) = two.rows(Device)
        assert (device.friendly_name, device.publish_state) == ("Desk01", "stale")

    @pytest.mark.parametrize("level", ["none", "view"])
    def test_off_a_phone_it_is_taken_only_by_who_may_provision(self, two: Site, level: Any) -> None:
        two.save("0027*001", **PHONE)
        with pytest.raises(NotAllowed, match="is on a phone, and Organization Acme Ltd may not"):
            self.remove(two, above(two, "organization", level=level))
        assert len(two.rows(Line)) == 1
        assert self.remove(two, above(two, "organization", level="modify")) == 1

    def test_a_kept_draft_goes_with_it(self, two: Site) -> None:
        two.store.keep_draft(two.admin, two.page("0027*001"), {"notes": "x"})
        self.remove(two, two.admin)
        assert two.rows(KeptDraft) == []

    def test_it_is_written_down(self, two: Site) -> None:
        self.remove(two, two.admin)
        event = two.rows(Event)[-1]
        assert (event.action, event.subject) == ("remove extension", "0027*001")
