"""Reading and writing pages: all or nothing, never over somebody else's work, never per row."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from tests.sites import PHONE, Site, a_site
from tuiprov.data.database import Database
from tuiprov.data.demo import make_demo
from tuiprov.data.models import Device, Extension, KeptDraft, Line
from tuiprov.data.store import Store
from tuiprov.errors import Conflict, NotFound, Refused
from tuiprov.session import Session

ON_BOTH = True


def another_store(site: Site) -> Store:
    """A second program on the same database."""
    return Store(Database(site.url))


class TestSaving:
    def test_what_was_saved_is_what_is_read(self, site: Site) -> None:
        site.add()
        values = {**PHONE, "notes": "Büro 3 — links", "codecs": "g722,alaw", "ping": True}
        site.save(**values)
        stored = site.page().values
        assert {name: stored[name] for name in values} == values

    def test_a_refused_save_changes_nothing_and_says_every_error(self, site: Site) -> None:
        site.add(**PHONE)
        before = site.export()
        with pytest.raises(Refused) as refused:
            site.save(notes="kept out", friendly_name="", mac="", codecs="mp3")
        assert [r.field for r in refused.value.refusals] == ["friendly_name", "mac", "codecs"]
        assert site.export() == before

    def test_saving_without_changes_leaves_the_values(self, site: Site) -> None:
        site.add(**PHONE)
        before = site.export()
        site.save()
        assert site.export() == before

    def test_an_extension_out_of_reach_is_not_saved(self, site: Site) -> None:
        site.add("0027*001")
        site.add("0031*001", organization="Praxis", user="doc")
        viewer = site.viewer("organization", "modify", sip=True, name="Praxis")
        before = site.export()
        page = site.page("0027*001")
        with pytest.raises(NotFound):
            site.store.save(viewer, page, {"equipment_description": "theirs"})
        assert site.export() == before

    def test_a_deleted_extension_cannot_be_saved(self, site: Site) -> None:
        page = site.add()
        with site.database.write() as session:
            session.delete(session.get_one(Extension, page.extension_id))
        with pytest.raises(NotFound):
            site.store.save(site.admin, page, {"notes": "late"})


class TestTwoEditors:
    """Two programs on one page: the second is told, and the first one's work stays."""

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ({"notes": "mine"}, {"notes": "theirs"}),
            ({"notes": "mine"}, {"friendly_name": "Desk02"}),
            ({"ping": True}, {"dtmf_mode": "info"}),
            ({"notes": "mine"}, {"ping": True}),
            ({"ping": True}, {"notes": "theirs"}),
            ({"line": 2}, {"line": 3}),
            ({"use_provisioning": False}, {"notes": "theirs"}),
            ({"notes": "mine"}, {"use_provisioning": False}),
        ],
        ids=lambda changes: "+".join(changes),
    )
    def test_the_second_meets_a_conflict_and_loses_nothing(
        self, site: Site, first: dict[str, Any], second: dict[str, Any]
    ) -> None:
        site.add(**PHONE)
        mine, theirs = site.page(), site.page()
        site.store.save(site.admin, mine, first)
        after_first = site.export()
        with pytest.raises(Conflict) as conflict:
            another_store(site).save(site.admin, theirs, second)
        assert "nothing was saved" in str(conflict.value)
        assert site.export() == after_first

    def test_the_second_may_save_after_reading_again(self, site: Site) -> None:
        site.add(**PHONE)
        site.save(notes="mine")
        other = another_store(site)
        page = other.page(site.admin, other.find_extension(site.admin, "0027*001"))
        assert other.save(site.admin, page, {"ping": True}).values["notes"] == "mine"

    def test_two_extensions_of_one_device_conflict_over_the_device(self, site: Site) -> None:
        site.import_text(TWO_LINES)
        one, two = site.page("0027*001"), site.page("0027*002")
        site.store.save(site.admin, one, {"notes": "by line 1"})
        with pytest.raises(Conflict):
            another_store(site).save(site.admin, two, {"notes": "by line 2"})
        assert site.page("0027*002").values["notes"] == "by line 1"

    def test_pages_that_share_nothing_do_not_conflict(self, site: Site) -> None:
        site.add("0027*001", **PHONE)
        site.add("0027*002", **PHONE | {"mac": "80:5E:C0:00:00:02"})
        one, two = site.page("0027*001"), site.page("0027*002")
        site.store.save(site.admin, one, {"notes": "one"})
        another_store(site).save(site.admin, two, {"notes": "two"})
        assert [d.notes for d in site.rows(Device)] == ["one", "two"]


TWO_LINES = """\
extension,organization,user,use_provisioning,line,mac,friendly_name,manufacturer,model,firmware,update_protocol
0027*001,Acme Ltd,john.smith,yes,1,80:5E:C0:00:00:01,Desk01,Yealink,T46S,84,https
0027*002,Acme Ltd,john.smith,yes,2,80:5E:C0:00:00:01,,,,,
"""


class TestPages:
    def test_a_page_knows_the_other_lines_of_its_device(self, site: Site) -> None:
        site.import_text(TWO_LINES)
        page = site.page("0027*002")
        assert [(line.number, line.extension["extension"]) for line in page.others] == [
            (1, "0027*001")
        ]
        assert page.phone is not None
        assert [line.number for line in page.phone.lines] == [1, 2]

    def test_a_page_without_a_device_has_the_defaults_and_no_phone(self, site: Site) -> None:
        page = site.add()
        assert page.phone is None
        assert page.values["status"] == "enabled"
        assert page.values["line"] == 1

    def test_the_token_of_a_device_is_kept_over_saves(self, site: Site) -> None:
        first = site.add(**PHONE).token
        assert len(first) == 32
        assert site.save(notes="x").token == first

    def test_the_token_of_a_new_phones_preview_is_the_one_stored(self, site: Site) -> None:
        page = site.add()
        saved = site.store.save(site.admin, page, PHONE)
        assert saved.token == page.token

    def test_an_unknown_extension_is_not_found(self, site: Site) -> None:
        with pytest.raises(NotFound, match=r"there is no extension '0027\*009'"):
            site.page("0027*009")

    def test_a_number_inside_another_is_not_mistaken_for_it(self, site: Site) -> None:
        site.add("0027*0010")
        with pytest.raises(NotFound):
            site.page("0027*001")


class TestLists:
    def test_they_are_sorted_by_number(self, site: Site) -> None:
        for number in ("0031*001", "0027*002", "0027*001"):
            site.add(number)
        rows = site.store.extension_rows(site.admin, site.store.extension_ids(site.admin))
        ids = site.store.extension_ids(site.admin)
        assert [rows[i].extension for i in ids] == ["0027*001", "0027*002", "0031*001"]

    @pytest.mark.parametrize(
        ("values", "state"),
        [
            ({}, "not provisioned"),
            ({**PHONE}, "stale"),
            ({**PHONE, "status": "disabled"}, "disabled"),
        ],
    )
    def test_a_row_shows_the_state(self, site: Site, values: dict[str, Any], state: str) -> None:
        page = site.add(**values)
        row = site.store.extension_rows(site.admin, [page.extension_id or 0])[
            page.extension_id or 0
        ]
        assert row.state == state

    @pytest.mark.parametrize("state", ["published", "failed"])
    def test_a_row_shows_what_became_of_the_last_plan(self, site: Site, state: str) -> None:
        page = site.add(**PHONE)
        with site.database.write() as session:
            session.get_one(Device, page.device_id).publish_state = state
        rows = site.store.extension_rows(site.admin, site.store.extension_ids(site.admin))
        assert [row.state for row in rows.values()] == [state]

    def test_a_save_makes_a_published_device_stale(self, site: Site) -> None:
        page = site.add(**PHONE)
        with site.database.write() as session:
            session.get_one(Device, page.device_id).publish_state = "published"
        site.save(notes="x")
        assert [d.publish_state for d in site.rows(Device)] == ["stale"]

    def test_a_hundred_rows_cost_as_many_queries_as_one(self, site: Site) -> None:
        numbers = [f"0027*{n:03}" for n in range(100)]
        lines = "".join(f"{number},Acme Ltd,john.smith\n" for number in numbers)
        site.import_text(f"extension,organization,user\n{lines}")
        assert _queries(site, 100) == _queries(site, 1)

    def test_phones_come_with_their_lines_in_order(self, site: Site) -> None:
        site.import_text(TWO_LINES)
        phones = list(site.store.phones())
        assert [line.extension["extension"] for line in phones[0].lines] == ["0027*001", "0027*002"]
        assert site.store.phone(site.admin, phones[0].device_id or 0) == phones[0]
        assert site.store.phone(site.admin, 999) is None

    def test_more_phones_than_one_page_of_them_all_come_once(self, site: Site) -> None:
        make_demo(site.database, 502)
        names = [phone.values["friendly_name"] for phone in site.store.phones()]
        assert names == [f"Desk{n:03}" for n in range(1, 503)]
        ids = site.store.device_ids(site.admin)
        assert [phone.device_id for phone in site.store.phones(reversed(ids))] == ids

    def test_a_page_of_ids_that_are_all_gone_ends_nothing(self, site: Site) -> None:
        make_demo(site.database, 2)
        asked = [*range(-600, 0), 2]
        assert [phone.device_id for phone in site.store.phones(asked)] == [2]


def _queries(site: Site, count: int) -> int:
    ids = site.store.extension_ids(site.admin)[:count]
    seen: list[str] = []
    engine = site.database._engine
    listener = lambda *a: seen.append(a[2])  # noqa: E731
    event.listen(engine, "before_cursor_execute", listener)
    assert len(site.store.extension_rows(site.admin, ids)) == count
    event.remove(engine, "before_cursor_execute", listener)
    return len([s for s in seen if s.startswith("SELECT")])


class TestReach:
    @pytest.fixture
    def two_organizations(self, tmp_path: Path) -> Site:
        site = a_site(tmp_path)
        site.add("0027*001")
        site.add("0027*002", user="ana.nunez")
        site.add("0031*001", organization="Praxis", user="doc")
        return site

    @pytest.mark.parametrize(
        ("role", "name", "seen"),
        [
            ("provider", "", ["0027*001", "0027*002", "0031*001"]),
            ("organization", "Acme Ltd", ["0027*001", "0027*002"]),
            ("organization", "Praxis", ["0031*001"]),
            ("user", "ana.nunez", ["0027*002"]),
        ],
    )
    def test_an_account_sees_what_is_below_it(
        self, two_organizations: Site, role: Any, name: str, seen: list[str]
    ) -> None:
        site = two_organizations
        viewer = site.viewer(role, "modify", sip=True, name=name)
        rows = site.store.extension_rows(site.admin, site.store.extension_ids(viewer))
        assert sorted(row.extension for row in rows.values()) == seen

    def test_a_phone_terminal_sees_itself(self, two_organizations: Site) -> None:
        viewer = two_organizations.viewer("terminal", extension="0027*002")
        assert len(two_organizations.store.extension_ids(viewer)) == 1
        assert two_organizations.page("0027*002", viewer).values["user"] == "ana.nunez"

    def test_another_provider_sees_nothing(self, two_organizations: Site) -> None:
        from tuiprov.data.accounts.viewers import viewer_for
        from tuiprov.data.models import Account

        with two_organizations.database.write() as session:
            other = Account(kind="provider", name="Other", parent_id=1)
            session.add(other)
            session.flush()
            viewer = viewer_for(other)
        assert list(two_organizations.store.extension_ids(viewer)) == []

    def test_what_is_out_of_reach_is_said_not_to_exist(self, two_organizations: Site) -> None:
        viewer = two_organizations.viewer("user", "modify", name="ana.nunez")
        with pytest.raises(NotFound):
            two_organizations.page("0027*001", viewer)
        with pytest.raises(NotFound):
            two_organizations.store.page(
                viewer, two_organizations.page("0031*001").extension_id or 0
            )

    def test_devices_follow_the_extensions(self, two_organizations: Site) -> None:
        site = two_organizations
        site.save("0027*001", **PHONE)
        site.save("0031*001", **PHONE | {"mac": "80:5E:C0:00:00:02"})
        viewer = site.viewer("organization", "view", name="Praxis")
        assert site.store.device_ids(viewer) == [site.page("0031*001").device_id]


class TestKeptDrafts:
    def test_the_latest_is_offered_to_its_viewer_only(self, site: Site) -> None:
        page = site.add()
        viewer = site.viewer("user", "modify", sip=True)
        site.store.drafts.keep(viewer, page, {"notes": "half a wo"})
        kept = site.store.drafts.kept(viewer)
        assert kept is not None
        assert kept[:2] == (page.extension_id, {"notes": "half a wo"})
        assert site.store.drafts.kept(site.admin) is None

    def test_people_of_one_account_have_drafts_of_their_own(self, site: Site) -> None:
        page = site.add()
        anna, ben = (replace(site.admin, person=person) for person in ("anna", "ben"))
        site.store.drafts.keep(anna, page, {"notes": "half a wo"})
        assert site.store.drafts.kept(ben) is None
        kept = site.store.drafts.kept(anna)
        assert kept is not None
        assert kept[1] == {"notes": "half a wo"}

    def test_keeping_twice_keeps_the_second(self, site: Site) -> None:
        page = site.add()
        site.store.drafts.keep(site.admin, page, {"notes": "one"})
        site.store.drafts.keep(site.admin, page, {"notes": "two"})
        kept = site.store.drafts.kept(site.admin)
        assert kept is not None
        assert kept[1] == {"notes": "two"}
        assert len(site.rows(KeptDraft)) == 1

    def test_a_dropped_draft_is_gone_and_dropping_again_does_nothing(self, site: Site) -> None:
        page = site.add()
        site.store.drafts.keep(site.admin, page, {"notes": "one"})
        for _ in range(2):
            site.store.drafts.drop(site.admin, page.extension_id or 0)
        assert site.store.drafts.kept(site.admin) is None

    def test_it_takes_nothing_back_that_somebody_else_saved_meanwhile(self, site: Site) -> None:
        site.add(**PHONE)
        mine = Session(site.store, site.admin)
        draft = mine.pages.open(site.page().extension_id or 0)
        draft.edit("friendly_name", "Desk77")
        mine.pages.keep(draft)
        site.save(notes="by somebody else")
        kept = mine.kept()
        assert kept is not None
        again = mine.pages.open(kept[0])
        again.resume(kept[1])
        assert again.changes == {"friendly_name": "Desk77"}


class TestLeavingTheDevice:
    """Use provisioning off: the extension leaves the device, whose record stays."""

    def test_the_record_stays_and_the_line_goes(self, site: Site) -> None:
        site.add(**PHONE, notes="third floor")
        saved = site.save(use_provisioning=False)
        assert saved.device_id is None
        assert [d.notes for d in site.rows(Device)] == ["third floor"]
        assert site.rows(Line) == []

    def test_the_same_mac_later_takes_the_record_up_again(self, site: Site) -> None:
        first = site.add(**PHONE)
        site.save(use_provisioning=False)
        again = site.save(**PHONE)
        assert again.device_id == first.device_id
        assert len(site.rows(Device)) == 1

    def test_another_organization_does_not_get_it(self, site: Site) -> None:
        first = site.add(**PHONE)
        site.save(use_provisioning=False)
        other = site.add("0031*001", organization="Praxis", user="doc", **PHONE)
        assert other.device_id != first.device_id

    def test_the_other_line_stays_on_the_device(self, site: Site) -> None:
        site.import_text(TWO_LINES)
        site.save("0027*001", use_provisioning=False)
        assert site.page("0027*002").values["mac"] == "80:5E:C0:00:00:01"
        assert site.page("0027*002").others == ()
