"""What a request means, which phone it was, and where it is mended."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from tests.fetches import AGENT, a_fetch, device_id, log
from tests.inventory import Tree, a_tree
from tests.sites import PHONE, Site, a_site
from tuiprov.data.fetches import SERVED, FetchRow
from tuiprov.data.sections import DEVICE_FIELDS
from tuiprov.data.site import SITE_FIELDS
from tuiprov.fetching import (
    CHAIN,
    Fetching,
    Remedy,
    Stranger,
    chain,
    fetching_of,
    in_words,
    mac_of,
    stranger_of,
    why,
)


def a_row(site: Site, *args: object, **values: object) -> FetchRow:
    (one,) = log(site, a_fetch(*args, **values))  # type: ignore[arg-type]
    return site.store.fetches.rows(site.admin, [one])[one]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Without the phones that the service's tests have."""
    return a_site(tmp_path)


@pytest.fixture
def desk(site: Site) -> Site:
    site.add("0027*001", **PHONE)
    return site


def fetching(site: Site) -> Fetching:
    return fetching_of(site.store, site.admin)


class TestWhy:
    @pytest.mark.parametrize("verdict", [*CHAIN, SERVED, "malformed", "error"])
    def test_every_verdict_has_a_meaning_and_what_to_do(self, site: Site, verdict: str) -> None:
        reason = why(a_row(site, verdict=verdict))
        assert reason.means.endswith(".")
        assert reason.todo.endswith(".")
        assert reason.setting in ("", *SITE_FIELDS)
        assert reason.field in ("", *DEVICE_FIELDS)
        assert "not known" not in reason.means

    def test_a_verdict_of_a_newer_version_is_told_as_such(self, site: Site) -> None:
        row = a_row(site, verdict="telepathy")
        assert "not known to this version" in why(row).means
        assert chain(row) == [("telepathy", False)]

    def test_the_chain_ends_with_the_question_that_said_no(self, site: Site) -> None:
        assert chain(a_row(site, verdict="address")) == [("address", False)]
        asked = chain(a_row(site, verdict="login"))
        assert [word for word, _ in asked] == list(CHAIN[: CHAIN.index("login") + 1])
        assert [yes for _, yes in asked] == [True] * (len(asked) - 1) + [False]
        assert all(yes for _, yes in chain(a_row(site)))

    def test_an_older_version_is_told(self, site: Site) -> None:
        assert in_words(a_row(site)) == "served, not what is published now"
        assert in_words(a_row(site, verdict="key")) == "key"


class TestWhichPhone:
    @pytest.mark.parametrize(
        ("path", "agent", "mac"),
        [
            ("/prov/805ec0009999/805ec0009999.cfg", "curl", "80:5E:C0:00:99:99"),
            ("/prov/x/snomD735-000413AABBCC.htm", "", "00:04:13:AA:BB:CC"),
            ("/00:04:13:26:aa:bb/x", "", "00:04:13:26:AA:BB"),
            ("/00-04-13-26-aa-bb.cfg", "", "00:04:13:26:AA:BB"),
            ("/prov/805ec0009999/", AGENT, "80:5E:C0:00:00:01"),
            ("/prov/000000000000.cfg", "", ""),
            ("/y000000000000.boot", "", ""),
            ("/000000000000.cfg/805ec0009999", "", "80:5E:C0:00:99:99"),
            ("/prov/01234567…/x.cfg", "", ""),
            ("/prov/0123456789abcdef0123456789abcdef/x", "", ""),
            ("/00:04-13:26:aa:bb", "", ""),
            ("", "", ""),
            ("/" + "a" * 254, "\x00" * 255, ""),
        ],
    )
    def test_its_mac_address_is_found_in_the_agent_else_in_the_path(
        self, site: Site, path: str, agent: str, mac: str
    ) -> None:
        assert mac_of(a_row(site, path=path, agent=agent)) == mac

    def test_a_stranger_is_described_by_its_agent(self, site: Site) -> None:
        found = stranger_of(a_row(site))
        assert found == Stranger("80:5E:C0:00:00:01", "Yealink", "T46S", "84")

    def test_else_its_prefix_tells_the_manufacturer(self, site: Site) -> None:
        row = a_row(site, agent="", path="/000413aabbcc.xml")
        assert stranger_of(row) == Stranger("00:04:13:AA:BB:CC", "Snom")


class TestRemedy:
    @pytest.mark.parametrize("verdict", ["served", "state", "file", "login", "limits", "enrolment"])
    def test_of_a_known_device_it_is_its_page(self, desk: Site, verdict: str) -> None:
        number = device_id(desk)
        found = fetching(desk).remedy(a_row(desk, number, verdict=verdict))
        assert found == Remedy("device", number)

    @pytest.mark.parametrize(
        ("verdict", "setting"),
        [("address", "phone_networks"), ("certificate", "client_certificates")],
    )
    def test_what_a_setting_decides_is_mended_there(
        self, desk: Site, verdict: str, setting: str
    ) -> None:
        for number in (None, device_id(desk)):
            found = fetching(desk).remedy(a_row(desk, number, verdict=verdict))
            assert found == Remedy("setting", setting=setting)

    def test_by_the_administrator_only(self, tmp_path: Path) -> None:
        tree = a_tree(tmp_path)
        number = tree.device("Desk01", "acme", "0027*001")
        viewer = tree.viewer("acme")
        row = a_row(tree.site, number, verdict="address")
        found = fetching_of(tree.site.store, viewer).remedy(row)
        assert found == Remedy("device", number)

    def test_a_phone_of_the_inventory_that_asks_elsewhere_is_found_by_its_mac(
        self, desk: Site
    ) -> None:
        assert fetching(desk).remedy(a_row(desk, verdict="key")) == Remedy(
            "device", device_id(desk)
        )

    def test_a_phone_that_nobody_has_is_adopted(self, site: Site) -> None:
        found = fetching(site).remedy(a_row(site, verdict="key"))
        stranger = Stranger("80:5E:C0:00:00:01", "Yealink", "T46S", "84")
        assert found == Remedy("adopt", stranger=stranger)

    def test_who_does_not_say_who_it_is_cannot_be_helped(self, site: Site) -> None:
        found = fetching(site).remedy(a_row(site, verdict="key", agent="curl", path="/x"))
        assert found.kind == "none"
        assert "which phone it is" in found.problem

    def test_kinds_are_those_the_screen_knows(self) -> None:
        kinds = get_args(Remedy.__annotations__["kind"]) or ("device", "setting", "adopt", "none")
        assert set(kinds) == {"device", "setting", "adopt", "none"}


class TestAdopting:
    def test_the_draft_knows_what_the_request_told(self, site: Site) -> None:
        stranger = stranger_of(a_row(site, verdict="key"))
        draft = fetching(site).adopt(stranger, site.admin.account_id)
        values = draft.values
        names = ("manufacturer", "model", "firmware", "mac")
        assert [values[name] for name in names] == ["Yealink", "T46S", "84", "80:5E:C0:00:00:01"]
        assert not {"manufacturer", "model", "firmware", "mac"} & set(draft.errors)

    def test_a_model_that_is_not_known_is_left_to_be_chosen(self, site: Site) -> None:
        stranger = Stranger("80:5E:C0:00:00:01", "Yealink", "T99X", "")
        draft = fetching(site).adopt(stranger, site.admin.account_id)
        assert draft.values["mac"] == "80:5E:C0:00:00:01"
        assert draft.values["manufacturer"] == "Yealink"

    def test_hostile_words_are_refused_by_the_form_not_stored(self, site: Site) -> None:
        evil = "\x1b[31m" + "x" * 300
        draft = fetching(site).adopt(Stranger(evil, evil, evil, evil), site.admin.account_id)
        assert draft.errors


def test_the_tree_s_organization_adopts_for_itself(tmp_path: Path) -> None:
    tree: Tree = a_tree(tmp_path)
    viewer = tree.viewer("acme")
    draft = fetching_of(tree.site.store, viewer).adopt(
        Stranger("80:5E:C0:00:00:77", "Yealink", "T46S", "84"), tree.id("acme")
    )
    draft.edit("friendly_name", "Adopted1")
    assert draft.errors == {}
