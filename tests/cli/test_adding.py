"""`tuiprov add` and `tuiprov remove`."""

from __future__ import annotations

from typing import Any

import pytest
import typer

from tests.cli.conftest import Cli
from tests.publish.helpers import files
from tests.sites import PHONE, Site
from tuiprov.commands.site import SITE
from tuiprov.data.models import Extension


@pytest.fixture
def john(site: Site) -> Site:
    site.add("0027*001", **PHONE)
    return site


def test_an_extension_is_added_for_a_user(cli: Cli, john: Site) -> None:
    ran = cli("add", "0027*002", "--user", "john.smith", "extension_name=Zoe")
    assert ran.code == 0
    assert ran.out.startswith("Extension Zoe (0027*002) has been successfully added.\n")
    assert john.page("0027*002").values["user"] == "john.smith"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("0027*001", "--user", "john.smith"), "extension: 0027*001 exists already"),
        (("x", "--user", "john.smith"), "extension: must be digits"),
        (("0027*002", "--user", "nobody"), "there is no account 'nobody'"),
        (("0027*002", "--user", "Acme Ltd"), "this user account does not exist"),
        (("0027*002", "--user", "john.smith", "mac=1"), "mac: is not a field"),
    ],
)
def test_a_mistake_gets_one_line(cli: Cli, john: Site, words: tuple[str, ...], said: str) -> None:
    ran = cli("add", *words)
    assert ran.code == 1
    assert said in ran.err
    assert len(ran.errors) == 1
    assert len(john.rows(Extension)) == 1


def test_a_removal_says_what_goes_and_takes_it(cli: Cli, john: Site) -> None:
    assert cli("publish", "--yes").code == 0
    assert files(john.publish_root)
    ran = cli("remove", "0027*001", "--yes")
    assert "to delete" in ran.out
    assert "1 removed" in ran.out
    assert files(john.publish_root) == {}
    assert john.rows(Extension) == []


@pytest.fixture
def look_as(john: Site, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run the next commands as this viewer."""

    def become(*words: Any, **more: Any) -> None:
        viewer = john.viewer(*words, **more)
        monkeypatch.setattr(type(SITE), "store", lambda _self: (john.store, viewer))

    return become


def test_how_to_provision_it_is_said_to_who_may(cli: Cli, john: Site, look_as: Any) -> None:
    said = cli("add", "0027*002", "--user", "john.smith").out.splitlines()
    assert said == [
        "Extension 0027*002 has been successfully added.",
        "provision it: tuiprov set use_provisioning=yes … --where 'extension:0027*002'",
    ]
    look_as("organization", "view")
    assert len(cli("add", "0027*003", "--user", "john.smith").out.splitlines()) == 1


def test_the_organization_tells_users_of_one_name_apart(cli: Cli, john: Site) -> None:
    john.add("0031*001", organization="Praxis", user="john.smith")
    ran = cli("add", "0031*002", "--user", "john.smith")
    assert (ran.code, len(ran.errors)) == (1, 1)
    assert "2 accounts are named 'john.smith'" in ran.err
    assert cli("add", "0031*002", "--user", "john.smith", "--organization", "Praxis").code == 0
    assert john.page("0031*002").values["organization"] == "Praxis"


def test_an_organization_gives_no_number_of_another(cli: Cli, john: Site, look_as: Any) -> None:
    john.add("0031*001", organization="Praxis", user="mary")
    look_as("organization", "modify", name="Acme Ltd")
    ran = cli("add", "0031*009", "--user", "john.smith")
    assert ran.errors == ["extension: must begin with 0027*, as the organization's others do"]
    assert cli("add", "0027*009", "--user", "john.smith").code == 0


@pytest.mark.parametrize(
    "words",
    [("add", "0027*009", "--user", "john.smith"), ("remove", "0027*001", "--yes")],
    ids=["add", "remove"],
)
def test_a_user_does_neither(cli: Cli, john: Site, look_as: Any, words: tuple[str, ...]) -> None:
    look_as("user", "modify", sip=True)
    ran = cli(*words)
    assert (ran.code, len(ran.errors)) == (1, 1)
    assert len(john.rows(Extension)) == 1


def test_without_yes_it_asks_and_no_leaves_everything(
    cli: Cli, john: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli("publish", "--yes").code == 0
    before = files(john.publish_root)
    asked: list[str] = []
    monkeypatch.setattr(typer, "confirm", lambda words: bool(asked.append(words)))
    ran = cli("remove", "0027*001")
    assert asked == ["Remove 0027*001?"]
    assert ran.out.splitlines()[-1] == "nothing was done"
    assert files(john.publish_root) == before
    assert len(john.rows(Extension)) == 1


def test_a_phone_is_not_shown_to_nor_taken_by_who_may_not_provision(
    cli: Cli, john: Site, look_as: Any
) -> None:
    assert cli("publish", "--yes").code == 0
    look_as("organization", "none")
    ran = cli("remove", "0027*001", "--yes")
    assert ran.code == 1
    assert "has a phone" in ran.err
    assert "delete" not in ran.out
    assert len(john.rows(Extension)) == 1


def test_one_that_is_not_there_is_one_line(cli: Cli, john: Site) -> None:
    assert cli("remove", "0027*999", "--yes").errors == ["there is no extension '0027*999'"]


def test_hostile_words_come_out_visible(cli: Cli, john: Site) -> None:
    ran = cli("add", "0027*002", "--user", "a\x1b[31m\u202eb")
    assert "\\x1b[31m" in ran.err
    assert "\x1b" not in ran.err
