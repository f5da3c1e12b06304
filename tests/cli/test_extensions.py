"""`tuiprov add` and `tuiprov remove`."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from tests.cli.conftest import Cli
from tests.publish.helpers import files, publish_site
from tests.publish.test_publishing import FANVIL
from tests.sites import Site
from tuiprov.commands.site import SITE
from tuiprov.data.accounts import Viewer
from tuiprov.data.models import Extension

HOSTILE = "a\x1b[31m\u202eb"


@pytest.fixture
def acme(site: Site) -> Site:
    """An extension on a published phone, one without, and one of another organization."""
    site.add("0027*001", organization="Acme Ltd", user="john", **FANVIL)
    site.add("0027*002", organization="Acme Ltd", user="ann")
    site.add("0031*001", organization="Praxis", user="john")
    publish_site(site)
    return site


@pytest.fixture
def look_as(acme: Site, monkeypatch: pytest.MonkeyPatch) -> object:
    """Run the next commands as this viewer."""

    def become(viewer: Viewer) -> None:
        monkeypatch.setattr(SITE.__class__, "store", lambda _self: (acme.store, viewer))

    return become


class TestAdd:
    def test_it_prints_the_number_and_how_to_provision_it(self, cli: Cli, acme: Site) -> None:
        ran = cli("add", "0027*003", "--user", "ann", "extension_name=Ann Lee", "sip_username=ann")
        assert ran.code == 0
        lines = ran.out.splitlines()
        assert lines[0] == "added 0027*003"
        assert lines[1].startswith("provision it on its page, or: tuiprov set use_provisioning=yes")
        assert lines[1].endswith("--where 'extension:0027*003'")
        values = acme.page("0027*003").values
        assert (values["extension_name"], values["sip_username"]) == ("Ann Lee", "ann")
        assert values["sip_password"]
        assert str(values["sip_password"]) not in ran.out

    def test_a_user_of_that_name_in_two_organizations_wants_the_organization(
        self, cli: Cli, acme: Site
    ) -> None:
        ran = cli("add", "0027*003", "--user", "john")
        assert (ran.code, ran.errors) == (
            1,
            ["there are users named 'john' in Acme Ltd, Praxis: say --organization"],
        )
        assert cli("add", "0027*003", "--user", "john", "--organization", "Acme Ltd").code == 0
        assert acme.page("0027*003").values["organization"] == "Acme Ltd"

    @pytest.mark.parametrize(
        ("words", "line"),
        [
            (["0027*001", "--user", "ann"], "extension: 0027*001 exists already"),
            (["27-1", "--user", "ann"], "extension: must be digits, a star and digits"),
            (["0027*003", "--user", "bob"], "there is no user 'bob'"),
            (["0027*003", "--user", "ann", "ping=yes"], "ping: is not a field"),
            (
                ["0027*003", "--user", "ann", "max_public_concurrent_calls=-1"],
                "max_public_concurrent_calls: must be a whole number",
            ),
            (["0027*003", "--user", HOSTILE], "there is no user 'a\\x1b[31m\\u202eb'"),
        ],
    )
    def test_what_cannot_be_added_is_one_clear_line(
        self, cli: Cli, acme: Site, words: list[str], line: str
    ) -> None:
        ran = cli("add", *words)
        assert ran.code == 1
        assert len(ran.errors) == 1
        assert ran.errors[0].startswith(line)
        assert len(acme.rows(Extension)) == 3

    def test_without_a_user_it_is_wrong_usage(self, cli: Cli, acme: Site) -> None:
        assert cli("add", "0027*003").code == 2

    def test_an_organization_adds_under_its_own_number(
        self, cli: Cli, acme: Site, look_as: object
    ) -> None:
        look_as(acme.viewer("organization", "view", name="Acme Ltd"))  # type: ignore[operator]
        ran = cli("add", "0031*009", "--user", "ann")
        assert ran.errors == ["extension: 0031 is another organization's number"]
        ran = cli("add", "0027*009", "--user", "ann")
        assert ran.out.splitlines() == ["added 0027*009"], "it may not provision"

    def test_a_user_adds_nothing(self, cli: Cli, acme: Site, look_as: object) -> None:
        look_as(acme.viewer("user", "modify", sip=True, name="ann"))  # type: ignore[operator]
        ran = cli("add", "0027*009", "--user", "ann")
        assert (ran.code, ran.errors) == (1, ["User ann may not do this"])


class TestRemove:
    def test_it_shows_the_plan_removes_and_publishes(self, cli: Cli, acme: Site) -> None:
        ran = cli("remove", "0027*001", "--yes")
        assert ran.code == 0
        lines = ran.out.splitlines()
        assert lines[0].startswith("- http/")
        assert lines[-1] == "removed 0027*001"
        assert files(acme.publish_root) == {}
        assert len(acme.rows(Extension)) == 2

    def test_without_yes_it_asks_and_no_leaves_everything(
        self, cli: Cli, acme: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[str] = []
        monkeypatch.setattr(typer, "confirm", lambda words: bool(asked.append(words)))
        before = files(acme.publish_root)
        ran = cli("remove", "0027*001")
        assert asked == ["Remove extension 0027*001?"]
        assert ran.out.splitlines()[-1] == "nothing was done"
        assert files(acme.publish_root) == before
        assert len(acme.rows(Extension)) == 3

    def test_without_a_phone_nothing_is_published(self, cli: Cli, acme: Site) -> None:
        before = files(acme.publish_root)
        assert cli("remove", "0027*002", "--yes").code == 0
        assert files(acme.publish_root) == before

    def test_one_that_is_not_there_is_one_line(self, cli: Cli, acme: Site) -> None:
        ran = cli("remove", "0027*999", "--yes")
        assert (ran.code, ran.errors) == (1, ["there is no extension '0027*999'"])

    def test_out_of_reach_it_is_not_there(self, cli: Cli, acme: Site, look_as: object) -> None:
        look_as(acme.viewer("organization", "modify", name="Acme Ltd"))  # type: ignore[operator]
        ran = cli("remove", "0031*001", "--yes")
        assert ran.errors == ["there is no extension '0031*001'"]

    def test_off_a_phone_it_is_not_taken_by_who_may_only_view(
        self, cli: Cli, acme: Site, look_as: object
    ) -> None:
        look_as(acme.viewer("organization", "view", name="Acme Ltd"))  # type: ignore[operator]
        ran = cli("remove", "0027*001", "--yes")
        assert ran.code == 1
        assert "is on a phone" in ran.errors[0]
        assert len(acme.rows(Extension)) == 3

    def test_removed_but_not_published_is_told(self, cli: Cli, acme: Site, tmp_path: Path) -> None:
        acme.add("0027*005", organization="Acme Ltd", user="ann")
        second = {"use_provisioning": "yes", "mac": FANVIL["mac"], "line": 2}
        acme.import_text(
            f"extension,{','.join(second)}\n0027*005,{','.join(map(str, second.values()))}\n"
        )
        publish_site(acme)
        acme.configure(publish_group="no_such_group")
        ran = cli("remove", "0027*005", "--yes")
        assert ran.code == 1
        assert "there is no group 'no_such_group'" in ran.errors[-1]
        assert "removed 0027*005" in ran.out
