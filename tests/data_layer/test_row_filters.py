"""The filter language asked of rows that are read whole: accounts and templates."""

from __future__ import annotations

from typing import Any

import pytest

from tests.data_layer.test_templates import DEFAULTS, a_template
from tests.sites import PHONE, Site
from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.completion import proposals, typed, vocabulary
from tuiprov.errors import Refused


@pytest.fixture
def tree(site: Site) -> Site:
    """Provider → Acme Ltd → anna with 2 extensions, ben with 1; Beta Ltd → carl with none."""
    site.add("0027*001", organization="Acme Ltd", user="anna")
    site.add("0027*002", organization="Acme Ltd", user="anna")
    site.add("0027*003", organization="Acme Ltd", user="ben")
    site.add("0027*004", organization="Beta Ltd", user="carl")
    site.store.extensions.remove(site.admin, site.page("0027*004"))
    site.viewer("user", "modify", sip=True, name="anna")
    site.viewer("user", "view", name="ben")
    save(site, "anna", os_login="a.nunez")
    return site


def save(site: Site, name: str, **values: Any) -> None:
    accounts = site.store.accounts
    seen = accounts.open(site.admin, accounts.find(site.admin, name))
    accounts.save(site.admin, seen, values)


def found(site: Site, where: str, viewer: Viewer | None = None) -> list[str]:
    """The users that a filter finds: what stands above them is shown with them."""
    rows = site.store.accounts.rows(viewer or site.admin, where)
    return [row.name for row in rows if row.kind == "user"]


@pytest.mark.parametrize(
    ("where", "users"),
    [
        ("kind:user", ["anna", "ben", "carl"]),
        ("kind:us -level:none", ["anna", "ben"]),
        ("level:modify", ["anna"]),
        ("-level:modify kind:user", ["ben", "carl"]),
        ("sip_management:yes kind:user", ["anna"]),
        ("sip_management:n kind:user", ["ben", "carl"]),
        ("extensions:2 kind:user", ["anna"]),
        ("extensions:>0 kind:user", ["anna", "ben"]),
        ("extensions:<=1 kind:user", ["ben", "carl"]),
        ("name:AN", ["anna"]),
        ("os_login:nunez", ["anna"]),
        ("nunez", ["anna"]),
        ('"ann" user', ["anna"]),
        ("-anna kind:user", ["ben", "carl"]),
        ("name:", ["anna", "ben", "carl"]),
        ("extensions:>", ["anna", "ben", "carl"]),
        ("", ["anna", "ben", "carl"]),
    ],
)
def test_accounts_are_asked_what_their_list_shows(tree: Site, where: str, users: list[str]) -> None:
    assert found(tree, where) == users


def test_what_is_found_stands_below_the_accounts_above_it(tree: Site) -> None:
    rows = tree.store.accounts.rows(tree.admin, "name:ben")
    assert [(row.depth, row.name) for row in rows][-2:] == [(2, "Acme Ltd"), (3, "ben")]


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        ("colour:red", "colour: is not a field to filter by"),
        ("level:everything", "level: must be none, view or modify"),
        ("sip_management:perhaps", "sip_management: must be yes or no"),
        ("extensions:many", "extensions: must be a number: 60, >60, <=60"),
        ("name:>5", "name: is no number that could be compared"),
        ("@mine", "you have saved no filters for accounts"),
        (" ".join(["a"] * 101), "holds more than 100 words"),
    ],
)
def test_what_cannot_be_asked_is_refused(tree: Site, where: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        tree.store.accounts.rows(tree.admin, where)


def test_who_is_shown_no_logins_cannot_ask_for_them(tree: Site) -> None:
    organization = tree.viewer("organization", "modify", name="Acme Ltd")
    with pytest.raises(Refused, match="os_login: is not a field to filter by"):
        found(tree, "os_login:a", organization)
    assert found(tree, "nunez", organization) == []
    assert "os_login" not in vocabulary(organization, "accounts").fields
    assert "os_login" in vocabulary(tree.admin, "accounts").fields


def test_who_is_shown_no_level_finds_nobody_by_it(tree: Site) -> None:
    organization = tree.viewer("organization", "none", name="Acme Ltd")
    rows = tree.store.accounts.rows(organization)
    assert {row.level for row in rows if row.kind == "user"} == {""}
    assert found(tree, "level:modify", organization) == []


def test_a_saved_filter_stands_for_its_words(tree: Site) -> None:
    views = tree.store.views
    views.save_filter(tree.admin, "accounts", "may", "kind:user -level:none")
    assert found(tree, "@may") == ["anna", "ben"]
    assert found(tree, "@may -ben") == ["anna"]
    assert found(tree, "-@may kind:user") == ["carl"]
    with pytest.raises(Refused, match="colour: is not a field to filter by"):
        views.save_filter(tree.admin, "accounts", "bad", "colour:red")


def test_fields_and_declared_words_are_proposed(tree: Site) -> None:
    known = vocabulary(tree.admin, "accounts")

    def rest(text: str) -> list[str]:
        at = typed(text)
        assert at is not None
        return [one.rest for one in proposals(at, known, [])]

    assert rest("ext") == ["ensions:"]
    assert rest("kind:o") == ["rganization"]
    assert rest("-level:") == ["none", "view", "modify"]


def test_templates_are_asked_what_their_list_shows(site: Site) -> None:
    site.add(**PHONE)
    library = site.store.templates
    library.add(site.admin, a_template("Front", manufacturer="Yealink", models="T46S"))

    def names(where: str) -> list[str]:
        return [row.name for row in library.rows(site.admin, DEFAULTS, where)]

    assert "Front" in names("")
    assert names("models:t46 manufacturer:yea") == ["Front"]
    assert names("is_outdated:no used_by:0 name:front") == ["Front"]
    assert "Front" not in names("used_by:>0")
    assert "Front" not in names("-front")
    with pytest.raises(Refused, match="colour: is not a field to filter by"):
        names("colour:red")
