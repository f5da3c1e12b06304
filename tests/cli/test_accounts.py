"""`tuiprov accounts`: the tree on standard output, and changes with one-line answers."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Cli
from tests.sites import Site
from tuiprov.data.models import Account


@pytest.fixture
def praxis(site: Site) -> Site:
    site.add("0031*001", organization="Praxis", user="ben")
    return site


def test_the_tree_is_printed_indented(cli: Cli, praxis: Site) -> None:
    ran = cli("accounts")
    assert ran.code == 0
    names = [line[:32].rstrip() for line in ran.out.splitlines()]
    assert names == ["admin", "  Provider", "    Praxis", "      ben"]


def test_json_holds_every_column(cli: Cli, praxis: Site) -> None:
    rows = json.loads(cli("accounts", "list", "ben", "--json").out)
    assert [row["name"] for row in rows] == ["admin", "Provider", "Praxis", "ben"]
    assert rows[-1]["provision_permission"] == "none"
    assert rows[-1]["extensions"] == 1


def test_an_account_is_added_changed_and_removed(cli: Cli, praxis: Site) -> None:
    assert cli("accounts", "add", "Praxis", "Neu", "os_login=neu").out == "added the user Neu\n"
    ran = cli("accounts", "set", "Neu", "provision_permission=modify", "sip_management=yes")
    assert ran.out == "changed provision_permission, sip_management\n"
    neu = next(a for a in praxis.rows(Account) if a.name == "Neu")
    assert (neu.kind, neu.os_login, neu.provision_permission) == ("user", "neu", "modify")
    assert cli("accounts", "remove", "Neu", "--yes").out == "removed Neu\n"
    assert cli("accounts", "remove", "Neu", "--yes").code == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("set", "nobody", "name=x"), "there is no account 'nobody'"),
        (("set", "ben", "level=view"), "level: is not a field"),
        (("set", "ben", "provision_permission=all"), "must be none, view or modify"),
        (("set", "ben", "os_login=a b"), "must be a login name"),
        (("add", "ben", "x"), "nothing can be added below ben"),
        (("add", "Praxis", "ben"), "another user of this name"),
        (("remove", "ben", "--yes"), "ben still has 1 extension"),
    ],
)
def test_a_mistake_gets_one_line_and_changes_nothing(
    cli: Cli, praxis: Site, words: tuple[str, ...], said: str
) -> None:
    before = [account.model_dump() for account in praxis.rows(Account)]
    ran = cli("accounts", *words)
    assert ran.code == 1
    assert said in ran.err
    assert len(ran.errors) == 1
    assert [account.model_dump() for account in praxis.rows(Account)] == before
