"""What an account keeps of how it looks at lists; what a filter being typed may become."""

from __future__ import annotations

import pytest

from tests.fetches import a_fetch, device_id, log
from tests.sites import PHONE, Site
from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.bulk.assignments import set_values
from tuiprov.data.completion import proposals, typed, vocabulary
from tuiprov.data.extension_columns import available
from tuiprov.data.models import Account
from tuiprov.data.sections import FIELDS
from tuiprov.data.views import MOST
from tuiprov.errors import Refused

ON_BOTH = True

ACME, PRAXIS = "Acme Ltd", "Praxis Müller"


@pytest.fixture
def filled(site: Site) -> Site:
    site.add("0027*001", **PHONE, user="anna")
    other = {"mac": "80:5E:C0:00:00:02", "friendly_name": "Desk02", "model": "T48S"}
    site.add("0031*001", organization=PRAXIS, user="empfang", **PHONE | other)
    site.add("0031*002", organization=PRAXIS, user='the "boss"')
    return site


def found(site: Site, text: str, viewer: Viewer | None = None) -> list[str]:
    viewer = viewer or site.admin
    ids = site.store.extension_ids(viewer, text)
    return [row.extension for row in site.store.extension_rows(viewer, ids).values()]


def proposed(site: Site, text: str, viewer: Viewer | None = None, list: str = "extensions") -> str:
    """The filters that `text` may become, as the bar proposes them."""
    viewer = viewer or site.admin
    at = typed(text)
    assert at is not None
    recorded = site.store.views.values(viewer, list, at)
    return " | ".join(one.text for one in proposals(at, vocabulary(viewer, list), recorded))


class TestSavedFilters:
    def test_a_saved_filter_is_used_by_its_name_wherever_a_filter_is_taken(
        self, filled: Site
    ) -> None:
        filled.store.views.save_filter(filled.admin, "extensions", "acme", "organization:acme")
        assert found(filled, "@acme") == ["0027*001"]
        assert found(filled, "-@acme state:none") == ["0031*002"]
        assert len(filled.store.device_ids(filled.admin, "-@acme")) == 1
        assert set_values(filled.store, filled.admin, {"notes": "x"}, "@acme") == 1
        assert filled.export(where="@acme").count("0027*001") == 1

    def test_devices_have_their_own(self, filled: Site) -> None:
        filled.store.views.save_filter(filled.admin, "devices", "big", "model:T48S")
        assert len(filled.store.devices.ids(filled.admin, "@big")) == 1
        with pytest.raises(Refused, match="@big: you have saved no filters for extensions"):
            found(filled, "@big")

    def test_a_name_that_is_not_there_is_told_with_those_that_are(self, filled: Site) -> None:
        for name in ("branch", "acme"):
            filled.store.views.save_filter(filled.admin, "extensions", name, "model:T46S")
        with pytest.raises(Refused) as refused:
            found(filled, "@none")
        told = "you have saved no such filter for extensions; there are acme and branch"
        assert str(refused.value) == f"filter, @none: {told}"

    def test_each_account_has_its_own(self, filled: Site) -> None:
        acme = filled.viewer("organization", "modify", name=ACME)
        filled.store.views.save_filter(acme, "extensions", "mine", "model:T46S")
        filled.store.views.save_filter(filled.admin, "extensions", "mine", "model:T48S")
        assert [one.text for one in filled.store.views.filters(acme, "extensions")] == [
            "model:T46S"
        ]
        assert found(filled, "@mine") == ["0031*001"]
        filled.store.views.remove_filter(acme, "extensions", "mine")
        assert found(filled, "@mine") == ["0031*001"]

    def test_a_saved_filter_shows_nobody_more_than_the_filter_itself(self, filled: Site) -> None:
        acme = filled.viewer("organization", "modify", name=ACME)
        filled.store.views.save_filter(acme, "extensions", "yealink", "manufacturer:Yealink")
        assert found(filled, "@yealink", acme) == ["0027*001"]
        now_none = filled.viewer("organization", "none", name=ACME)
        with pytest.raises(Refused, match="manufacturer: is not shown to you"):
            found(filled, "@yealink", now_none)

    @pytest.mark.parametrize("name", ["", "a b", "a:b", '"', "x" * 33, "a\nb", "-\0"])
    def test_a_name_is_one_word(self, filled: Site, name: str) -> None:
        with pytest.raises(Refused, match="name: must be 1 to 32 letters"):
            filled.store.views.save_filter(filled.admin, "extensions", name, "model:T46S")

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("sip_password:x", "is secret and cannot be searched"),
            ("state:green", "state: must be none, disabled"),
            ("@other", r"a saved filter cannot hold another one \(@other\)"),
            ("x" * 1001, "must be at most 1000 characters long"),
            ("a\0b", "must be one line of visible characters"),
            (" ", "there is nothing to save"),
        ],
    )
    def test_what_would_be_no_filter_is_not_saved(self, filled: Site, text: str, told: str) -> None:
        with pytest.raises(Refused, match=told):
            filled.store.views.save_filter(filled.admin, "extensions", "x", text)
        assert filled.store.views.filters(filled.admin, "extensions") == []

    def test_there_is_an_end_to_them(self, filled: Site) -> None:
        views = filled.store.views
        for number in range(MOST):
            views.save_filter(filled.admin, "devices", f"n{number}", "model:T46S")
        with pytest.raises(Refused, match="no more than 100 filters"):
            views.save_filter(filled.admin, "devices", "more", "model:T46S")
        views.save_filter(filled.admin, "devices", "n7", "model:T48S")

    def test_they_go_with_their_account(self, filled: Site) -> None:
        site = filled
        user = site.viewer("user", "modify", name="anna")
        site.store.views.save_filter(user, "extensions", "mine", "model:T46S")
        site.store.views.choose_columns(user, "extensions", ("extension",))
        anna = next(a.id for a in site.rows(Account) if a.name == "anna")
        page = site.page("0027*001")
        site.store.extensions.remove(site.admin, page)
        site.store.accounts.remove(site.admin, anna or 0)
        assert site.store.views.filters(user, "extensions") == []
        assert site.store.views.columns(user, "extensions") == ()


class TestProposals:
    def test_fields_come_first_then_what_one_of_them_may_be(self, filled: Site) -> None:
        assert proposed(filled, "mod") == "model:"
        assert proposed(filled, "-mod") == "-model:"
        assert proposed(filled, "anna model:T4") == "anna model:T46S | anna model:T48S"
        assert proposed(filled, "status:") == "status:enabled | status:disabled"
        assert proposed(filled, "firmware:>=8") == "firmware:>=84"
        assert proposed(filled, 'organization:"praxis m') == f'organization:"{PRAXIS}"'
        assert proposed(filled, "fetched:n") == "fetched:never"

    def test_what_is_typed_to_its_end_is_not_proposed(self, filled: Site) -> None:
        assert proposed(filled, "model:T46S") == ""

    def test_every_proposal_is_a_filter(self, filled: Site) -> None:
        for list in ("extensions", "devices"):
            for name in vocabulary(filled.admin, list).fields:
                for text in filter(None, proposed(filled, f"{name}:", list=list).split(" | ")):
                    if list == "devices":
                        filled.store.devices.ids(filled.admin, text)
                    else:
                        filled.store.extension_ids(filled.admin, text)

    def test_values_are_those_within_reach(self, filled: Site) -> None:
        acme = filled.viewer("organization", "modify", name=ACME)
        for list in ("extensions", "devices"):
            assert proposed(filled, "model:", acme, list) == "model:T46S"
            assert proposed(filled, "organization:", acme, list) == 'organization:"Acme Ltd"'
            assert proposed(filled, "user:", acme, list) == "user:anna"

    def test_firmware_seen_is_that_of_devices_within_reach(self, filled: Site) -> None:
        for name, firmware in (("Desk01", "66.84.0.15"), ("Desk02", "66.9.0.1")):
            agent = f"Yealink SIP-T46S {firmware}"
            log(filled, a_fetch(device_id(filled, name), agent=agent))
        assert proposed(filled, "firmware_s") == "firmware_seen:"
        acme = filled.viewer("organization", "modify", name=ACME)
        for list in ("extensions", "devices"):
            both = "firmware_seen:<66.84.0.15 | firmware_seen:<66.9.0.1"
            assert proposed(filled, "firmware_seen:<6", list=list) == both
            assert proposed(filled, "firmware_seen:", acme, list) == "firmware_seen:66.84.0.15"

    def test_secrets_and_what_is_hidden_are_never_proposed(self, filled: Site) -> None:
        bare = filled.viewer("organization", "none", name=ACME)
        for name, field in FIELDS.items():
            if field.secret:
                assert f"{name}:" not in proposed(filled, name).split(" | ")
                assert proposed(filled, f"{name}:") == ""
        for name in ("model", "state", "fetched", "codecs"):
            assert proposed(filled, name, bare) == ""
            assert proposed(filled, f"{name}:", bare) == ""

    def test_a_value_with_a_quote_cannot_be_written_and_is_left_out(self, filled: Site) -> None:
        assert "boss" not in proposed(filled, "user:")

    @pytest.mark.parametrize("value", ["%", "_", "\\", "\0", "'", "ü" * 30])
    def test_signs_of_sql_are_only_signs(self, filled: Site, value: str) -> None:
        assert proposed(filled, f"user:{value}") == ""

    def test_saved_filters_are_proposed_by_name(self, filled: Site) -> None:
        filled.store.views.save_filter(filled.admin, "extensions", "vip", "model:T46S")
        assert proposed(filled, "-@v") == "-@vip"
        assert proposed(filled, "@v", list="devices") == ""


class TestColumns:
    def test_texts_are_those_of_the_page(self, filled: Site) -> None:
        names = [name for name in available(filled.admin) if name in FIELDS]
        ids = filled.store.extension_ids(filled.admin, "")
        texts = filled.store.extension_values(filled.admin, ids, names)
        for number in ids:
            page = filled.store.page(filled.admin, number)
            for name in names:
                if page.device_id is not None or name not in ("update_protocol", "status"):
                    shown = texts[number].get(name, "")
                    assert shown in (FIELDS[name].text(page.values[name]), "")

    def test_no_secret_and_nothing_hidden_is_given(self, filled: Site) -> None:
        bare = filled.viewer("organization", "none", name=ACME)
        ids = filled.store.extension_ids(filled.admin, "")
        names = [*FIELDS, "fetched", "published", "nonsense"]
        every = filled.store.extension_values(filled.admin, ids, names)
        assert not any(FIELDS[n].secret for texts in every.values() for n in texts if n in FIELDS)
        seen = filled.store.extension_values(bare, ids, names)
        assert len(seen) == 1
        hidden = {"mac", "model", "codecs", "fetched", "published", "sip_password"}
        assert hidden.isdisjoint(*seen.values())

    def test_all_of_them_can_be_kept_and_nothing_but_names(self, filled: Site) -> None:
        every = available(filled.admin)
        filled.store.views.choose_columns(filled.admin, "extensions", every)
        assert filled.store.views.columns(filled.admin, "extensions") == every
        for wrong in (("a,b",), ("",), ("x" * 1001,), ("a\0",)):
            with pytest.raises(Refused, match="columns: are not names of columns"):
                filled.store.views.choose_columns(filled.admin, "extensions", wrong)
        assert filled.store.views.columns(filled.admin, "extensions") == every
