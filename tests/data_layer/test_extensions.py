"""Extensions that come and go: who adds which number for whom, and what a removal takes along."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sites import PHONE, Site
from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.kept import Event
from tuiprov.data.models import Account, Device, Extension, Line
from tuiprov.data.page import Page
from tuiprov.errors import Conflict, NotAllowed, NotFound, Refused


@pytest.fixture
def tree(site: Site) -> Site:
    """Two organizations with a user each; Acme's numbers begin with 0027, Praxis' with 0031."""
    site.add("0027*001", organization="Acme Ltd", user="anna")
    site.add("0031*001", organization="Praxis", user="ben")
    return site


def add(site: Site, number: str, *, viewer: Viewer | None = None, user: str = "anna") -> Page:
    user_id = site.store.accounts.find(site.admin, user)
    return site.store.extensions.add(
        viewer or site.admin, user_id, {"extension": number, "extension_name": "Zoe"}
    )


def reason(refused: pytest.ExceptionInfo[Refused]) -> str:
    return "; ".join(one.reason for one in refused.value.refusals)


def test_an_added_extension_has_a_password_of_its_own(tree: Site) -> None:
    page = add(tree, "0027*002")
    assert len(str(page.values["sip_password"])) == 20
    assert (page.values["user"], page.values["organization"]) == ("anna", "Acme Ltd")
    assert page.values["use_provisioning"] is False


@pytest.mark.parametrize(("role", "name"), [("provider", ""), ("organization", "Acme Ltd")])
def test_the_accounts_above_a_user_add_for_it(tree: Site, role: Any, name: str) -> None:
    assert add(tree, "0027*002", viewer=tree.viewer(role, name=name)).extension_id


@pytest.mark.parametrize("role", ["user", "terminal"])
def test_a_user_adds_none(tree: Site, role: Any) -> None:
    with pytest.raises(NotAllowed):
        add(tree, "0027*002", viewer=tree.viewer(role, "modify", sip=True))


def test_a_user_of_another_organization_is_not_found(tree: Site) -> None:
    with pytest.raises(NotFound):
        add(tree, "0031*002", viewer=tree.viewer("organization", name="Acme Ltd"), user="ben")


def test_a_number_begins_as_the_organizations_others_do(tree: Site) -> None:
    acme = tree.viewer("organization", name="Acme Ltd")
    with pytest.raises(Refused) as refused:
        add(tree, "0031*002", viewer=acme)
    assert reason(refused) == "must begin with 0027*, as the organization's others do"


def test_a_first_number_is_nobody_elses(tree: Site) -> None:
    provider_id = tree.store.accounts.find(tree.admin, "Provider")
    new = tree.store.accounts.add(tree.admin, provider_id, {"name": "Neu"})
    tree.store.accounts.add(tree.admin, new, {"name": "carl"})
    viewer = tree.viewer("organization", name="Neu")
    with pytest.raises(Refused) as refused:
        add(tree, "0031*002", viewer=viewer, user="carl")
    assert reason(refused) == "0031 is another organization's number"
    assert add(tree, "0045*001", viewer=viewer, user="carl").extension_id


def test_the_administrator_gives_any_free_number(tree: Site) -> None:
    assert add(tree, "0031*002").extension_id
    with pytest.raises(Refused) as refused:
        add(tree, "0031*001")
    assert "exists already" in reason(refused)


def test_the_concurrent_calls_are_set_by_the_accounts_above(tree: Site) -> None:
    above = tree.viewer("organization", "none", name="Acme Ltd")
    saved = tree.save("0027*001", above, max_public_concurrent_calls=4, extension_name="Anna")
    assert saved.values["max_public_concurrent_calls"] == 4
    with pytest.raises(Refused) as refused:
        tree.save("0027*001", tree.viewer("user", name="anna"), max_public_concurrent_calls=None)
    assert reason(refused) == "set by the accounts above"


def test_a_number_once_given_is_the_administrators(tree: Site) -> None:
    with pytest.raises(Refused) as refused:
        tree.save("0027*001", tree.viewer("provider", "modify", sip=True), extension="0027*009")
    assert reason(refused) == "set by the system administrator"
    assert tree.save("0027*001", extension="0027*009").extension_id


def test_a_removed_extension_leaves_its_device_behind(tree: Site) -> None:
    page = tree.save("0027*001", **PHONE)
    tree.store.drafts.keep(tree.admin, page, {"notes": "x"})
    tree.store.extensions.remove(tree.admin, page)
    assert [one.extension for one in tree.rows(Extension)] == ["0031*001"]
    assert len(tree.rows(Device)) == 1
    assert tree.rows(Line) == []


def test_what_somebody_changed_meanwhile_is_not_removed(tree: Site) -> None:
    seen = tree.page("0027*001")
    tree.save("0027*001", extension_name="Anna")
    with pytest.raises(Conflict):
        tree.store.extensions.remove(tree.admin, seen)


def test_a_phone_is_taken_from_it_by_who_may_provision_only(tree: Site) -> None:
    page = tree.save("0027*001", **PHONE)
    with pytest.raises(NotAllowed, match="has a phone"):
        tree.store.extensions.remove(tree.viewer("organization", "view", name="Acme Ltd"), page)
    tree.store.extensions.remove(tree.viewer("organization", "modify", name="Acme Ltd"), page)


def test_a_user_removes_none(tree: Site) -> None:
    page = tree.page("0027*001")
    with pytest.raises(NotAllowed):
        tree.store.extensions.remove(tree.viewer("user", "modify", name="anna"), page)


def test_a_fresh_extension_has_codecs_that_the_site_offers(tree: Site) -> None:
    tree.configure(codecs_offered="g722,opus")
    assert add(tree, "0027*002").values["codecs"] == "g722"


# -- numbers --------------------------------------------------------------------------------------


@pytest.fixture
def acme(tree: Site) -> Viewer:
    return tree.viewer("organization", name="Acme Ltd")


@pytest.mark.parametrize(
    "number",
    ["0027*0001", "0099*001", "00311*001"],
    ids=["its own", "nobody's", "nobody's that begins like another's"],
)
def test_an_organization_gives_its_own_numbers_and_those_of_nobody(
    tree: Site, acme: Viewer, number: str
) -> None:
    assert add(tree, number, viewer=acme).values["extension"] == number


@pytest.mark.parametrize("number", ["112", "0027"])
def test_a_number_without_a_star_is_no_organizations(tree: Site, acme: Viewer, number: str) -> None:
    with pytest.raises(Refused) as refused:
        add(tree, number, viewer=acme)
    assert reason(refused) == "must begin with 0027*, as the organization's others do"
    assert len(tree.rows(Extension)) == 2


def test_where_numbers_have_no_star_others_may_have_none(tree: Site, acme: Viewer) -> None:
    tree.add("101", organization="Acme Ltd", user="anna")
    assert add(tree, "102", viewer=acme).extension_id


def test_the_first_number_of_an_organization_has_a_star(tree: Site) -> None:
    provider_id = tree.store.accounts.find(tree.admin, "Provider")
    new = tree.store.accounts.add(tree.admin, provider_id, {"name": "Neu"})
    tree.store.accounts.add(tree.admin, new, {"name": "carl"})
    with pytest.raises(Refused) as refused:
        add(tree, "112", viewer=tree.viewer("organization", name="Neu"), user="carl")
    assert reason(refused).startswith("must begin with an organization number and a star")


def test_a_number_that_two_organizations_use_is_open_to_both(tree: Site, acme: Viewer) -> None:
    add(tree, "0031*777")
    assert add(tree, "0031*778", viewer=acme).extension_id


def test_the_next_number_follows_the_highest_of_the_usual_ones(tree: Site) -> None:
    user_id = tree.store.accounts.find(tree.admin, "anna")

    def following() -> str:
        return tree.store.extensions.next_number(tree.admin, user_id)

    assert following() == "0027*002"
    add(tree, "0027*099")
    add(tree, "9*1")
    assert following() == "0027*100"


def test_a_foreign_number_is_told_before_it_is_added(tree: Site, acme: Viewer) -> None:
    page = tree.store.extensions.fresh(acme, tree.store.accounts.find(tree.admin, "anna"))
    found, _ = tree.store.extensions.check(acme, page.changed({"extension": "0031*002"}))
    assert [one.field for one in found] == ["extension"]
    found, _ = tree.store.extensions.check(acme, page.changed({"extension": "0027*002"}))
    assert found == []


# -- who ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value"), [("sip_username", "zoe"), ("sip_password", "Quiet7River")]
)
def test_the_sip_account_of_a_new_extension_is_for_who_may_manage_sip(
    tree: Site, field: str, value: str
) -> None:
    user_id = tree.store.accounts.find(tree.admin, "anna")
    values = {"extension": "0027*002", field: value}
    with pytest.raises(Refused) as refused:
        tree.store.extensions.add(tree.viewer("organization", name="Acme Ltd"), user_id, values)
    assert [one.field for one in refused.value.refusals] == [field]
    sip = tree.viewer("organization", name="Acme Ltd", sip=True)
    assert tree.store.extensions.add(sip, user_id, values).values[field] == value


@pytest.mark.parametrize("kind", ["system", "provider", "organization"])
def test_only_a_user_account_gets_extensions(tree: Site, kind: str) -> None:
    account_id = next(a.id or 0 for a in tree.rows(Account) if a.kind == kind)
    with pytest.raises(NotFound):
        tree.store.extensions.add(tree.admin, account_id, {"extension": "0027*002"})


@pytest.mark.parametrize(("role", "name"), [("provider", ""), ("organization", "Acme Ltd")])
def test_the_accounts_above_remove(tree: Site, role: Any, name: str) -> None:
    viewer = tree.viewer(role, name=name)
    tree.store.extensions.remove(viewer, tree.page("0027*001"))
    assert [one.extension for one in tree.rows(Extension)] == ["0031*001"]


def test_out_of_reach_there_is_nothing_to_remove(tree: Site, acme: Viewer) -> None:
    with pytest.raises(NotFound):
        tree.store.extensions.remove(acme, tree.page("0031*001"))


def test_both_are_written_down_without_a_password(tree: Site) -> None:
    page = add(tree, "0027*002")
    tree.store.extensions.remove(tree.admin, page)
    added, removed = tree.rows(Event)[-2:]
    assert (added.subject, removed.action, removed.subject) == (
        "0027*002",
        "remove extension",
        "0027*002",
    )
    assert str(page.values["sip_password"]) not in added.detail + removed.detail


def test_the_phone_of_a_removed_extension_is_stale(tree: Site) -> None:
    page = tree.save("0027*001", **PHONE)
    with tree.database.write() as session:
        session.get_one(Device, page.device_id).publish_state = "published"
    tree.store.extensions.remove(tree.admin, page)
    assert [device.publish_state for device in tree.rows(Device)] == ["stale"]
