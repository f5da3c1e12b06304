"""Several admins at once: who is editing what, and what they have stored meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from tests.sites import PHONE, Site, a_site
from tuiprov.data.database import Database
from tuiprov.data.store import Store
from tuiprov.data.together.meeting import go_on, meet
from tuiprov.data.together.tables import GONE_SECONDS, Presence
from tuiprov.errors import NotFound

ON_BOTH = True


@pytest.fixture
def pair(tmp_path: Path) -> Site:
    """Two extensions on one phone."""
    site = a_site(tmp_path)
    site.add("0027*001", **PHONE)
    site.import_text(
        "extension,organization,user,use_provisioning,line,mac\n"
        f"0027*002,Acme Ltd,john.smith,yes,2,{PHONE['mac']}\n"
    )
    return site


def elsewhere(site: Site) -> Store:
    """The same site as another program has it open."""
    return Store(Database(site.url))


def grow_old(site: Site, seconds: int) -> None:
    with site.database.write() as session:
        session.execute(update(Presence).values(seen=Presence.seen - seconds))


class TestPresence:
    def test_who_has_a_page_open_is_seen_by_who_opens_it_too(self, pair: Site) -> None:
        anna = pair.viewer("organization", "modify", sip=True)
        page, other = pair.page(), elsewhere(pair).presences
        pair.store.presences.here(anna, page, "")
        _, found = other.here(pair.admin, page, "")
        assert [one.who for one in found] == [anna.label]

    def test_nobody_meets_himself(self, pair: Site) -> None:
        mine, found = pair.store.presences.here(pair.admin, pair.page(), "")
        assert found == []
        assert pair.store.presences.here(pair.admin, pair.page(), mine) == (mine, [])

    def test_pages_of_one_phone_meet_and_those_of_two_do_not(self, pair: Site) -> None:
        pair.add("0027*003")
        pair.store.presences.here(pair.admin, pair.page("0027*001"), "")
        assert len(pair.store.presences.here(pair.admin, pair.page("0027*002"), "")[1]) == 1
        assert pair.store.presences.here(pair.admin, pair.page("0027*003"), "")[1] == []

    def test_who_leaves_is_gone_at_once(self, pair: Site) -> None:
        mine, _ = pair.store.presences.here(pair.admin, pair.page(), "")
        pair.store.presences.leave(mine)
        assert pair.rows(Presence) == []

    def test_who_ended_without_a_word_is_gone_after_a_while(self, pair: Site) -> None:
        pair.store.presences.here(pair.admin, pair.page(), "")
        grow_old(pair, GONE_SECONDS - 2)
        assert len(pair.store.presences.others(pair.admin, pair.page())) == 1
        grow_old(pair, 4)
        assert pair.store.presences.others(pair.admin, pair.page()) == []

    def test_who_was_thought_gone_is_back_with_the_next_beat(self, pair: Site) -> None:
        mine, _ = pair.store.presences.here(pair.admin, pair.page(), "")
        grow_old(pair, 2 * GONE_SECONDS)
        pair.store.presences.here(pair.admin, pair.page(), "")
        again, found = pair.store.presences.here(pair.admin, pair.page(), mine)
        assert again != mine
        assert len(found) == 1

    def test_a_list_asks_for_many_at_once(self, pair: Site) -> None:
        one, two = pair.page("0027*001"), pair.page("0027*002")
        pair.store.presences.here(pair.admin, one, "")
        ids = [one.extension_id or 0, two.extension_id or 0]
        found = elsewhere(pair).presences.editors(pair.admin, ids)
        assert found == {one.extension_id: pair.admin.label}

    def test_a_list_tells_nobody_of_himself(self, pair: Site) -> None:
        page = pair.page()
        pair.store.presences.here(pair.admin, page, "")
        assert pair.store.presences.editors(pair.admin, [page.extension_id or 0]) == {}

    def test_it_goes_with_the_extension(self, pair: Site) -> None:
        pair.store.presences.here(pair.admin, pair.page("0027*002"), "")
        pair.store.extensions.remove(pair.admin, pair.page("0027*002"))
        assert pair.rows(Presence) == []

    def test_it_writes_nothing_into_the_history(self, pair: Site) -> None:
        before = pair.store.archive.ids(pair.admin)
        mine, _ = pair.store.presences.here(pair.admin, pair.page(), "")
        pair.store.presences.leave(mine)
        assert pair.store.archive.ids(pair.admin) == before


class TestNewer:
    def test_a_page_that_is_as_it_was_seen_is_not_newer(self, pair: Site) -> None:
        assert pair.store.together.newer_page(pair.admin, pair.page()) is None

    def test_each_field_has_who_changed_it_last(self, pair: Site) -> None:
        anna = pair.viewer("organization", "modify", sip=True)
        seen = pair.page()
        pair.save(viewer=anna, dtmf_mode="info", notes="hers")
        pair.save(notes="ours")
        newer = elsewhere(pair).together.newer_page(pair.admin, seen)
        assert newer is not None
        assert newer.said("dtmf_mode").who == anna.label
        assert newer.said("notes").who == pair.admin.label
        assert newer.last.who == pair.admin.label
        assert newer.last.at is not None

    def test_a_change_by_another_line_of_the_phone_is_one_too(self, pair: Site) -> None:
        seen = pair.page("0027*001")
        pair.save("0027*002", notes="by the other line")
        newer = pair.store.together.newer_page(pair.admin, seen)
        assert newer is not None
        assert newer.values["notes"] == "by the other line"

    def test_a_bulk_edit_has_its_author(self, pair: Site) -> None:
        from tuiprov.bulk import bulk_of

        seen = pair.page()
        bulk = bulk_of(pair.store, pair.admin, [seen.extension_id or 0])
        bulk.sheet.edit("dtmf_mode", "info")
        bulk.apply(lambda _: None)
        newer = pair.store.together.newer_page(pair.admin, seen)
        assert newer is not None
        assert newer.said("dtmf_mode").who == pair.admin.label

    def test_who_removed_it_is_named(self, pair: Site) -> None:
        seen = pair.page("0027*002")
        pair.store.extensions.remove(pair.admin, seen)
        with pytest.raises(NotFound, match=r"System administrator at .* removed 0027\*002"):
            pair.store.together.newer_page(pair.admin, seen)

    def test_out_of_reach_it_does_not_exist(self, pair: Site) -> None:
        seen = pair.page("0027*001")
        pair.add("0031*001", organization="Other", user="eve")
        eve = pair.viewer("user", "modify", name="eve")
        with pytest.raises(NotFound, match="does not exist"):
            pair.store.together.newer_page(eve, seen)

    def test_the_preferences_and_an_account_are_asked_the_same_way(self, pair: Site) -> None:
        site = pair.store.site()
        assert pair.store.together.newer_site(pair.admin, site) is None
        pair.store.set_site(pair.admin, {"ntp_server": "ntp.acme.test"})
        newer = pair.store.together.newer_site(pair.admin, site)
        assert newer is not None
        assert newer.said("ntp_server").who == pair.admin.label
        accounts = pair.store.accounts
        seen = accounts.open(pair.admin, accounts.find(pair.admin, "Acme Ltd"))
        accounts.save(pair.admin, seen, {"os_login": "anna"})
        account = pair.store.together.newer_account(pair.admin, seen)
        assert account is not None
        assert account.said("os_login").who == pair.admin.label


class TestGoingOn:
    def test_what_is_typed_stays_and_what_is_theirs_comes_in(self, pair: Site) -> None:
        draft = pair.draft()
        draft.edit("notes", "mine")
        draft.edit("parking_watch_lines", "7")
        pair.save(notes="theirs", dtmf_mode="info")
        newer = pair.store.together.newer_page(pair.admin, draft.base)
        assert newer is not None
        meeting = meet(draft, newer)
        assert [one.name for one in meeting.both] == ["notes"]
        assert [one.name for one in meeting.theirs] == ["dtmf_mode"]
        assert go_on(draft, newer, {"notes"}) == []
        assert draft.changes == {"parking_watch_lines": 7}
        assert draft.values["notes"] == "theirs"
        assert pair.store.together.newer_page(pair.admin, draft.base) is None

    def test_a_half_typed_value_is_not_lost(self, pair: Site) -> None:
        draft = pair.draft()
        draft.edit("mac", "80:5E:C0:00")
        pair.save(dtmf_mode="info")
        newer = pair.store.together.newer_page(pair.admin, draft.base)
        assert newer is not None
        go_on(draft, newer, ())
        assert draft.texts["mac"] == "80:5E:C0:00"
        assert "mac" in draft.errors

    def test_what_they_closed_is_named(self, pair: Site) -> None:
        draft = pair.draft("0027*002")
        draft.edit("line", "3")
        pair.save("0027*002", use_provisioning=False)
        newer = pair.store.together.newer_page(pair.admin, draft.base)
        assert newer is not None
        assert go_on(draft, newer, ()) == ["Line"]

    def test_an_automatic_password_is_nobodys_wish(self, pair: Site) -> None:
        draft = pair.draft()
        draft.edit("password_generation", "auto")
        draft.generate()
        pair.save(password_generation="auto")
        newer = pair.store.together.newer_page(pair.admin, draft.base)
        assert newer is not None
        assert meet(draft, newer).both == ()
        go_on(draft, newer, ())
        assert draft.values["admin_password"] == pair.page().values["admin_password"]
