"""The filter language: free words, `field:value`, `-` for not, quotes; and the words a device is
called by."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sites import PHONE, Site
from tuiprov.data.lookup import find_phone
from tuiprov.errors import NotFound, Refused

ON_BOTH = True


@pytest.fixture
def filled(site: Site) -> Site:
    site.add("0027*001", **PHONE, extension_name="Anna Adler", notes="100% off_line \\ 'x'")
    site.add("0027*002", extension_name="Ben O'Brien", user="ben", update_interval=None)
    site.add(
        "0031*001",
        organization="Praxis Müller",
        user="ÄRZTE",
        extension_name="Dr. ÜMIT Özil",
        max_public_concurrent_calls=4,
        **PHONE
        | {
            "mac": "C4:FC:22:00:00:02",
            "friendly_name": "Desk77",
            "model": "T48S",
            "status": "disabled",
        },
    )
    return site


def found(site: Site, text: str) -> list[str]:
    ids = site.store.extension_ids(site.admin, text)
    rows = site.store.extension_rows(site.admin, ids)
    return [rows[i].extension for i in ids]


ALL = ["0027*001", "0027*002", "0031*001"]
FIRST, SECOND, THIRD = ([number] for number in ALL)


class TestWords:
    @pytest.mark.parametrize(
        ("text", "numbers"),
        [
            ("", ALL),
            ("   ", ALL),
            ("anna", FIRST),
            ("ANNA", FIRST),
            ("0027", ["0027*001", "0027*002"]),
            ("praxis", THIRD),
            ("ben", SECOND),
            ("desk", ["0027*001", "0031*001"]),
            ("T48S", THIRD),
            ("anna desk", FIRST),
            ("anna ben", []),
            ("nobody", []),
            ("O'Brien", SECOND),
            ('"anna adler"', FIRST),
            ('"adler anna"', []),
            ('"anna ad', FIRST),
        ],
    )
    def test_every_word_must_be_in_one_of_the_lists_columns(
        self, filled: Site, text: str, numbers: list[str]
    ) -> None:
        assert found(filled, text) == numbers

    @pytest.mark.parametrize(
        "text", ["ümit", "Ümit", "ÜMIT", "özil", "ÖZIL", "müller", "MÜLLER", "ärzte"]
    )
    def test_case_does_not_matter_beyond_ascii_either(self, filled: Site, text: str) -> None:
        assert found(filled, text) == THIRD

    @pytest.mark.parametrize(
        "text", ["80:5e:c0", "80:5E", "805ec0", "C4:FC:22", "c4:fc:22", "c4:fc:"]
    )
    def test_a_word_may_be_a_part_of_a_mac(self, filled: Site, text: str) -> None:
        assert found(filled, text) == (THIRD if text.lower().startswith("c4") else FIRST)

    @pytest.mark.parametrize(
        ("text", "numbers"),
        [("-anna", ["0027*002", "0031*001"]), ("-desk", SECOND), ("desk -anna", THIRD)],
    )
    def test_a_word_may_be_denied(self, filled: Site, text: str, numbers: list[str]) -> None:
        assert found(filled, text) == numbers


class TestFields:
    @pytest.mark.parametrize(
        ("text", "numbers"),
        [
            ("model:T46S", FIRST),
            ("model:t46s", FIRST),
            ("model:T46", []),
            ("organization:acme", ["0027*001", "0027*002"]),
            ('organization:"praxis müller"', THIRD),
            ("user:ben", SECOND),
            ("status:disabled", THIRD),
            ("-status:disabled", ["0027*001", "0027*002"]),
            ("use_provisioning:yes", ["0027*001", "0031*001"]),
            ("use_provisioning:no", SECOND),
            ("-use_provisioning:yes", SECOND),
            ("line:1", ["0027*001", "0031*001"]),
            ("max_public_concurrent_calls:4", THIRD),
            ("mac:80-5E-C0", FIRST),
            ("mac:805ec0000001", FIRST),
            ("friendly_name:desk7", THIRD),
            ("extension:0031*001", THIRD),
            ("model:T46S status:enabled", FIRST),
            ("model:T46S status:disabled", []),
        ],
    )
    def test_a_value_is_looked_for_in_its_field(
        self, filled: Site, text: str, numbers: list[str]
    ) -> None:
        assert found(filled, text) == numbers

    @pytest.mark.parametrize(
        ("text", "numbers"),
        [("100%", FIRST), ("off_", FIRST), ("f_l", FIRST), ("1%o", []), ("\\", FIRST)],
    )
    def test_signs_of_sql_are_only_signs(self, filled: Site, text: str, numbers: list[str]) -> None:
        assert found(filled, f"notes:{text}") == numbers

    def test_an_unknown_field_is_named(self, filled: Site) -> None:
        with pytest.raises(Refused) as refused:
            found(filled, "colour:red")
        assert str(refused.value) == "filter, colour: is not a field to filter by"

    @pytest.mark.parametrize("name", ["sip_password", "admin_password", "secret_code"])
    def test_a_secret_cannot_be_searched(self, filled: Site, name: str) -> None:
        with pytest.raises(Refused, match="is secret and cannot be searched"):
            found(filled, f"{name}:a")
        with pytest.raises(Refused, match="is secret and cannot be searched"):
            found(filled, f"-{name}:a")

    @pytest.mark.parametrize(
        "text", ["line:", "model:", "mac:", "use_provisioning:", "-", "-model:"]
    )
    def test_a_filter_that_is_still_being_typed_is_no_error(self, filled: Site, text: str) -> None:
        found(filled, text)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(text=st.text(max_size=40) | st.text("abcdefmn:-\"'%_\\*0 ", max_size=20))
def test_no_filter_text_is_more_than_refused(filled: Site, text: str) -> None:
    try:
        assert set(found(filled, text)) <= set(ALL)
    except Refused as refused:
        assert refused.refusals[0].where == "filter"  # noqa: PT017


class TestFindingADevice:
    @pytest.mark.parametrize(
        "words",
        [
            "80:5E:C0:00:00:01",
            "80-5e-c0-00-00-01",
            "805ec0000001",
            "805e.c000.0001",
            "0027*001",
            "Desk01",
        ],
    )
    def test_it_is_found_by_mac_extension_or_name(self, filled: Site, words: str) -> None:
        assert find_phone(filled.store, filled.admin, words).values["mac"] == "80:5E:C0:00:00:01"

    @pytest.mark.parametrize("words", ["nobody", "0027*002", "80:5E:C0:99:99:99", ""])
    def test_what_is_not_there_is_told(self, filled: Site, words: str) -> None:
        with pytest.raises(NotFound, match="there is no device"):
            find_phone(filled.store, filled.admin, words)

    def test_a_name_of_two_is_not_enough(self, filled: Site) -> None:
        filled.save("0031*001", friendly_name="Desk01")
        with pytest.raises(NotFound, match="2 devices are named 'Desk01'"):
            find_phone(filled.store, filled.admin, "Desk01")

    def test_what_the_viewer_cannot_see_is_not_there(self, filled: Site) -> None:
        viewer = filled.viewer("organization", "modify", name="Acme Ltd")
        with pytest.raises(NotFound):
            find_phone(filled.store, viewer, "C4:FC:22:00:00:02")
        assert find_phone(filled.store, viewer, "Desk01")
