"""`tuiprov add` and `tuiprov remove`."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Cli
from tests.publish.helpers import files
from tests.sites import PHONE, Site
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
    assert ran.out.endswith("removed 0027*001\n")
    assert files(john.publish_root) == {}
    assert john.rows(Extension) == []
