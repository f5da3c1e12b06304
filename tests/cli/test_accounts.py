"""`tuiprov accounts`: the tree on standard output, and changes with one-line answers."""

from __future__ import annotations

import io
import json

import pytest

from tests.cli.conftest import Cli
from tests.sites import Site
from tuiprov.data.accounts.gates import TAKES_TRUNKING_ALONG
from tuiprov.data.accounts.viewers import account_named
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


@pytest.mark.parametrize("words", [("praxis", "organization"), ("list", "PRAXIS", "organi")])
def test_words_narrow_it(cli: Cli, praxis: Site, words: tuple[str, ...]) -> None:
    names = [line[:32].strip() for line in cli("accounts", *words).out.splitlines()]
    assert names == ["admin", "Provider", "Praxis"]


def test_words_that_nothing_matches_are_said(cli: Cli, praxis: Site) -> None:
    ran = cli("accounts", "remvoe", "ben")
    assert (ran.code, ran.out, ran.errors) == (1, "", ["no account matches 'remvoe ben'"])
    assert cli("accounts", "zzz", "--json").json == []


@pytest.mark.parametrize("words", [("ben", "--json"), ("--json", "ben"), ("list", "ben", "--json")])
def test_json_holds_every_column(cli: Cli, praxis: Site, words: tuple[str, ...]) -> None:
    rows = json.loads(cli("accounts", *words).out)
    assert [row["name"] for row in rows] == ["admin", "Provider", "Praxis", "ben"]
    assert rows[-1] == {
        "name": "ben",
        "path": "admin/Provider/Praxis/ben",
        "kind": "user",
        "provision_permission": "none",
        "sip_management": False,
        "sip_trunking_management": False,
        "os_login": "",
        "extensions": 1,
    }


def test_a_printed_path_names_the_account(cli: Cli, praxis: Site) -> None:
    cli("accounts", "add", "Provider", "Acme")
    cli("accounts", "add", "Acme", "ben")
    paths = [row["path"] for row in cli("accounts", "ben", "--json").json if row["name"] == "ben"]
    assert cli("accounts", "set", paths[0], "name=bob").out == "changed name\n"
    assert [a.name for a in praxis.rows(Account) if a.kind == "user"] == ["ben", "bob"]


class TestWhatCannotBeUndone:
    @pytest.fixture
    def trunking(self, cli: Cli, praxis: Site) -> Site:
        cli("accounts", "set", "ben", "sip_management=yes", "sip_trunking_management=yes")
        return praxis

    def flags(self, site: Site) -> tuple[bool, bool]:
        ben = next(a for a in site.rows(Account) if a.name == "ben")
        return ben.sip_management, ben.sip_trunking_management

    def test_it_is_asked_about(
        self, cli: Cli, trunking: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
        ran = cli("accounts", "set", "ben", "sip_management=no")
        assert ran.errors == [TAKES_TRUNKING_ALONG]
        assert "nothing was done" in ran.out
        assert self.flags(trunking) == (True, True)
        monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
        ran = cli("accounts", "set", "ben", "sip_management=no")
        assert "changed sip_management, sip_trunking_management" in ran.out
        assert self.flags(trunking) == (False, False)

    def test_yes_asks_nothing_and_tells_it(self, cli: Cli, trunking: Site) -> None:
        ran = cli("accounts", "set", "ben", "sip_management=no", "--yes")
        assert (ran.code, ran.errors) == (0, [TAKES_TRUNKING_ALONG])
        assert ran.out == "changed sip_management, sip_trunking_management\n"

    def test_without_anybody_to_ask_nothing_is_changed(
        self, cli: Cli, trunking: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(""))
        assert cli("accounts", "set", "ben", "sip_management=no").code == 1
        assert self.flags(trunking) == (True, True)


def test_removing_is_asked_about(cli: Cli, praxis: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    cli("accounts", "add", "Praxis", "Neu")
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    ran = cli("accounts", "remove", "Neu")
    assert (ran.code, "nothing was done" in ran.out) == (0, True)
    assert "Neu" in [account.name for account in praxis.rows(Account)]


@pytest.mark.parametrize(
    "words", [("set",), ("set", "ben"), ("add", "Praxis"), ("remove",), ("--nonsense",)]
)
def test_wrong_usage_is_exit_status_two(cli: Cli, praxis: Site, words: tuple[str, ...]) -> None:
    assert cli("accounts", *words).code == 2


def test_hostile_names_are_only_text(cli: Cli, praxis: Site) -> None:
    with praxis.database.write() as session:
        account_named(session, "user", "ben").name = "\x1b[2J\u202ebad"
    ran = cli("accounts")
    assert "\x1b" not in ran.out
    assert "\u202e" not in ran.out


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
        (("set", "ben", "os_login=a,b"), "must be login names"),
        (("add", "ben", "x"), "nothing can be added below ben"),
        (("add", "Praxis", "ben"), "another user of this name"),
        (("remove", "ben", "--yes"), "ben still has 1 extension"),
        (("remove", "Praxis", "--yes"), "Praxis still has 1 user"),
        (("set", "admin", "provision_permission=none"), "may do everything"),
        (("set", "ben", "sip_trunking_management=yes"), "needs Phone extension SIP management"),
        (("set", "ben", "name"), "must be written FIELD=VALUE"),
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
