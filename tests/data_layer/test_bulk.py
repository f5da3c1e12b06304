"""One change to many extensions: all that match or none, through the same rules as one page."""

from __future__ import annotations

import pytest

from tests.sites import PHONE, Site
from tuiprov.data.bulk.assignments import parse_assignments, set_values
from tuiprov.errors import NotFound, Refused

ON_BOTH = True


@pytest.fixture
def three(site: Site) -> Site:
    """Two extensions with a phone, one without."""
    site.add("0027*001", **PHONE)
    site.add("0027*002", **PHONE | {"mac": "80:5E:C0:00:00:02", "friendly_name": "Desk02"})
    site.add("0031*001", organization="Praxis", user="doc")
    return site


def put(site: Site, *words: str, where: str = "") -> int:
    return set_values(site.store, site.admin, parse_assignments(words), where)


def reasons(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [str(one) for one in refused.value.refusals]


class TestAssignments:
    def test_they_are_read_like_the_fields_of_the_page(self) -> None:
        words = ["update_interval=30", "ping=yes", "notes=a = b", "fixed_port="]
        assert parse_assignments(words) == {
            "update_interval": 30,
            "ping": True,
            "notes": "a = b",
            "fixed_port": None,
        }

    def test_every_wrong_one_is_named(self) -> None:
        with pytest.raises(Refused) as refused:
            parse_assignments(["ping", "colour=red", "update_interval=x", "extension=1*1"])
        assert reasons(refused) == [
            "ping: must be written FIELD=VALUE",
            "colour: is not a field",
            "update_interval: must be a whole number from 1 to 99999",
            "extension: cannot be set for many at once",
        ]

    @pytest.mark.parametrize("name", ["extension", "organization", "user"])
    def test_what_tells_extensions_apart_is_not_for_many(self, name: str) -> None:
        with pytest.raises(Refused, match="cannot be set for many at once"):
            parse_assignments([f"{name}=1"])


class TestSetting:
    def test_all_that_match_are_changed_and_counted(self, three: Site) -> None:
        assert put(three, "notes=moved", where="use_provisioning:yes") == 2
        assert [three.page(f"0027*00{n}").values["notes"] for n in (1, 2)] == ["moved", "moved"]

    def test_who_has_the_value_already_is_not_counted(self, three: Site) -> None:
        three.save("0027*001", ping=True)
        assert put(three, "ping=yes") == 2
        assert put(three, "ping=yes") == 0

    def test_one_refusal_leaves_all_as_they_were_and_is_named_by_extension(
        self, three: Site
    ) -> None:
        before = three.export()
        with pytest.raises(Refused) as refused:
            put(three, "notes=moved")
        assert reasons(refused) == ["0031*001, notes: turn on Use provisioning first"]
        assert three.export() == before

    def test_nothing_that_matches_is_told(self, three: Site) -> None:
        with pytest.raises(NotFound, match="no extension matches 'nobody'"):
            put(three, "ping=yes", where="nobody")

    def test_two_may_not_get_one_address_without_authentication(self, three: Site) -> None:
        before = three.export()
        with pytest.raises(Refused, match="extensions may share an IP only if"):
            put(three, "fixed_ip=192.0.2.9", "fixed_auth=not_required")
        assert three.export() == before

    def test_two_may_not_get_one_mac_for_their_links(self, three: Site) -> None:
        with pytest.raises(Refused, match="already used by another device"):
            put(three, "mac=80:5E:C0:00:00:07", "mac_based_provisioning=yes", where="desk")

    def test_two_lines_of_one_device_are_both_changed(self, site: Site) -> None:
        site.import_text(
            "extension,organization,user,use_provisioning,line,mac,friendly_name,manufacturer,"
            "model,firmware,update_protocol\n"
            "1*1,Acme,joe,yes,1,80:5E:C0:00:00:01,Desk01,Yealink,T46S,84,https\n"
            "1*2,Acme,joe,yes,2,80:5E:C0:00:00:01,,,,,\n"
        )
        put(site, "notes=both", "ping=yes")
        assert [site.page(n).values["notes"] for n in ("1*1", "1*2")] == ["both", "both"]
        assert [site.page(n).values["ping"] for n in ("1*1", "1*2")] == [True, True]

    def test_automatic_passwords_are_made_one_by_one(self, three: Site) -> None:
        put(three, "password_generation=auto", where="desk")
        words = {three.page(f"0027*00{n}").values["admin_password"] for n in (1, 2)}
        assert len(words) == 2
        assert "" not in words

    def test_an_account_changes_what_it_sees_and_may(self, three: Site) -> None:
        viewer = three.viewer("organization", "view", sip=True, name="Acme Ltd")
        values = parse_assignments(["ping=yes"])
        assert set_values(three.store, viewer, values, "") == 2
        assert three.page("0031*001").values["ping"] is False
        with pytest.raises(Refused, match="you may view provisioning only"):
            set_values(three.store, viewer, parse_assignments(["notes=x"]), "")

    def test_clearing_the_fixed_ip_of_many_resets_what_hung_on_it(self, three: Site) -> None:
        three.save("0027*001", fixed_ip="192.0.2.9", fixed_port=5070, signaling_transport="tcp")
        put(three, "fixed_ip=")
        values = three.page("0027*001").values
        assert (values["fixed_port"], values["signaling_transport"]) == (None, "udp")
