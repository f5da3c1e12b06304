"""How accounts stand to each other, read by sets."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

from tests.sites import Site
from tuiprov.data.accounts.kinship import Kin, is_below, kin, relation
from tuiprov.data.accounts.viewers import Viewer, viewer_for
from tuiprov.data.models import Account


@pytest.fixture
def tree(site: Site) -> Site:
    """Provider and Second, each with an organization and its user."""
    site.add("0027*001", organization="Acme", user="anna")
    second = site.store.accounts.add(site.admin, 1, {"name": "Second"})
    other = site.store.accounts.add(site.admin, second, {"name": "Other"})
    site.store.accounts.add(site.admin, other, {"name": "otto"})
    return site


def all_kin(site: Site) -> dict[str, Kin]:
    with site.database.read() as session:
        return {
            one.name: one for one in kin(session, [a.id or 0 for a in site.rows(Account)]).values()
        }


def viewers(site: Site) -> dict[str, Viewer]:
    return {account.name: viewer_for(account) for account in site.rows(Account)}


def test_each_account_knows_who_is_above_it_its_parent_first(tree: Site) -> None:
    known = all_kin(tree)
    names = {one.id: one.name for one in known.values()}
    above = {name: [names[id] for id in one.above] for name, one in known.items()}
    assert above == {
        "admin": [],
        "Provider": ["admin"],
        "Acme": ["Provider", "admin"],
        "anna": ["Acme", "Provider", "admin"],
        "Second": ["admin"],
        "Other": ["Second", "admin"],
        "otto": ["Other", "Second", "admin"],
    }
    assert known["admin"].parent_id is None
    assert known["anna"].parent_id == known["Acme"].id


def test_kind_and_level_come_along(tree: Site) -> None:
    tree.viewer("user", "view", name="anna")
    assert (all_kin(tree)["anna"].kind, all_kin(tree)["anna"].level) == ("user", "view")


def test_one_that_does_not_exist_is_absent(tree: Site) -> None:
    with tree.database.read() as session:
        assert kin(session, [1, 999]).keys() == {1}
        assert kin(session, []) == {}


@pytest.mark.parametrize(
    ("looking", "expected"),
    [
        ("admin", "self child below below child below below"),
        ("Provider", "higher self child below stranger stranger stranger"),
        ("Acme", "higher higher self child stranger stranger stranger"),
        ("anna", "higher higher higher self stranger stranger stranger"),
        ("Second", "higher stranger stranger stranger self child below"),
        ("otto", "higher stranger stranger stranger higher higher self"),
    ],
)
def test_how_every_account_stands_to_every_viewer(tree: Site, looking: str, expected: str) -> None:
    known, viewer = all_kin(tree), viewers(tree)[looking]
    order = ("admin", "Provider", "Acme", "anna", "Second", "Other", "otto")
    found = [relation(viewer, known[name], known[looking]) for name in order]
    assert found == expected.split()


def test_a_phone_terminal_stands_where_its_user_does(tree: Site) -> None:
    terminal, known = tree.viewer("terminal"), all_kin(tree)
    assert relation(terminal, known["anna"], known["anna"]) == "self"
    assert relation(terminal, known["Acme"], known["anna"]) == "higher"
    assert relation(terminal, known["otto"], known["anna"]) == "stranger"


@pytest.mark.parametrize(
    ("word", "below"),
    [("self", False), ("child", True), ("below", True), ("higher", False), ("stranger", False)],
)
def test_children_and_theirs_are_below(word: str, below: bool) -> None:
    assert is_below(word) is below


def test_many_accounts_cost_no_query_each(tree: Site) -> None:
    asked: list[str] = []

    def count(_1: Any, _2: Any, statement: str, *_: Any) -> None:
        if statement.startswith("SELECT"):
            asked.append(statement)

    with tree.database.write() as session:
        acme = all_kin(tree)["Acme"].id
        session.add_all(Account(kind="user", name=f"u{n}", parent_id=acme) for n in range(1200))
    users = [account.id or 0 for account in tree.rows(Account) if account.kind == "user"]
    event.listen(tree.database._engine, "before_cursor_execute", count)
    with tree.database.read() as session:
        assert len(kin(session, users)) == 1202
    assert len(asked) == 3 + 3  # three sets of at most 500 users, and the three levels above them
