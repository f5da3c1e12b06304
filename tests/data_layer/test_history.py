"""Who did what when: an event for each save, and never a secret."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.event import listen, remove
from sqlmodel import select

from tests.sites import PHONE, Site
from tuiprov.data.accounts.viewers import Viewer, viewer_for
from tuiprov.data.completion import typed
from tuiprov.data.history import events as history
from tuiprov.data.history.undo import undo
from tuiprov.data.kept import Event
from tuiprov.data.models import Account
from tuiprov.errors import Refused

ON_BOTH = True


def test_a_save_is_written_down_with_who_and_which_fields(site: Site) -> None:
    site.add(**PHONE)
    viewer = site.viewer("user", "modify")
    site.save(viewer=viewer, notes="x", friendly_name="Desk02")
    last = site.rows(Event)[-1]
    assert (last.who, last.action, last.subject) == ("User john.smith", "save", "0027*001")
    assert set(last.detail.split()) == {"notes", "friendly_name"}


def test_a_refused_save_is_not(site: Site) -> None:
    site.add(**PHONE)
    before = len(site.rows(Event))
    with pytest.raises(Refused):
        site.save(friendly_name="")
    assert len(site.rows(Event)) == before


def test_no_secret_gets_into_the_history(site: Site) -> None:
    secrets: dict[str, Any] = {
        "sip_password": "s3cretOne",
        "admin_password": "s3cretTwo",
        "secret_code": "98765",
    }
    site.add(**PHONE)
    site.save(password_generation="manual", allow_virtualization=True, **secrets)
    written = " ".join(str(event.model_dump()) for event in site.rows(Event))
    assert "sip_password" in written
    assert not any(secret in written for secret in secrets.values())


def test_what_is_too_long_for_its_column_is_cut(site: Site) -> None:
    with site.database.write() as session:
        history.record(session, Viewer("user", "w" * 200, 1), "save", "0027*001", "d" * 2000)
    event = site.rows(Event)[-1]
    assert (len(event.who), len(event.detail)) == (80, 1024)


def test_an_event_has_its_time(site: Site) -> None:
    before = datetime.now(UTC).replace(tzinfo=None)
    site.store.record(site.admin, "reveal", "0027*001")
    event = site.rows(Event)[-1]
    assert before <= event.at.replace(tzinfo=None) <= datetime.now(UTC).replace(tzinfo=None)
    assert event.who == "System administrator"


def test_an_operation_s_records_are_named_by_one_look_a_table(site: Site) -> None:
    head = "extension,organization,user,extension_name"
    rows = [f"0027*{number:03},Acme Ltd,anna,Name" for number in range(1, 41)]
    site.import_text("\n".join([head, *rows, ""]))
    site.import_text("\n".join([head, *(row.replace("Name", "New") for row in rows), ""]))
    last = site.rows(Event)[-1]
    asked: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    listen(site.database._engine, "before_cursor_execute", count)
    try:
        found = site.store.archive.changes(site.admin, last.id or 0)
    finally:
        remove(site.database._engine, "before_cursor_execute", count)
    assert {one.record for one in found} == {f"extension 0027*{n:03}" for n in range(1, 41)}
    assert sum("FROM extension" in statement for statement in asked) == 1


class TestWhose:
    """An account sees what was done by it, by whichever of its people, and nothing else."""

    def did(self, site: Site, viewer: Viewer) -> list[str]:
        """The subjects of what the viewer sees, the latest first."""
        rows = site.store.archive.rows(viewer, site.store.archive.ids(viewer))
        return [row.subject for _, row in sorted(rows.items(), reverse=True)]

    def test_people_of_one_account_see_what_each_of_them_did(self, site: Site) -> None:
        site.add(**PHONE)
        anna, ben, alone = (
            replace(site.viewer("user", "modify"), person=person) for person in ("anna", "ben", "")
        )
        for number, viewer in enumerate((anna, ben, alone)):
            site.store.record(viewer, "reveal", f"by {number}")
        for viewer in (anna, ben, alone):
            assert self.did(site, viewer) == ["by 2", "by 1", "by 0"]
        assert site.rows(Event)[-2].who == "ben (User john.smith)"

    def test_one_takes_back_what_another_of_the_same_account_saved(self, site: Site) -> None:
        site.add(**PHONE)
        anna, ben = (replace(site.viewer("user", "modify"), person=one) for one in ("anna", "ben"))
        site.save(viewer=anna, notes="x")
        with site.database.write() as session:
            undo(session, ben, site.rows(Event)[-1].id or 0)
        assert site.page().values["notes"] == ""

    def test_an_account_of_the_same_name_elsewhere_is_another(self, site: Site) -> None:
        site.add("0027*001", organization="Acme Ltd", user="anna")
        site.add("0027*002", organization="Beta Ltd", user="anna")
        viewers = [
            viewer_for(row)
            for row in site.rows(Account)
            if (row.kind, row.name) == ("user", "anna")
        ]
        for viewer in viewers:
            site.store.record(viewer, "reveal", f"by {viewer.account_id}")
        assert len(viewers) == 2
        for viewer in viewers:
            assert self.did(site, viewer) == [f"by {viewer.account_id}"]

    def test_who_has_the_id_of_a_removed_account_by_now_is_another(self, site: Site) -> None:
        site.store.record(Viewer("user", "gone", 77), "reveal", "by the one before")
        assert self.did(site, Viewer("user", "here", 77)) == []

    def test_what_nobody_is_noted_for_is_the_administrators_to_see(self, site: Site) -> None:
        viewer = Viewer("user", "anna", 77)
        site.store.record(viewer, "reveal", "long ago")
        with site.database.write() as session:
            for event in session.exec(select(Event)):
                event.viewer = None
        assert self.did(site, viewer) == []
        assert "long ago" in self.did(site, site.admin)


class TestTheFilter:
    """The list's words: who, what, of whom, which fields."""

    @pytest.fixture
    def done(self, site: Site) -> Site:
        site.add(**PHONE)
        site.save(viewer=site.viewer("user", "modify"), notes="x")
        site.store.record(site.admin, "reveal", "0027*001")
        return site

    def found(self, site: Site, text: str, viewer: Viewer | None = None) -> list[str]:
        viewer = viewer or site.admin
        ids = list(site.store.archive.ids(viewer, text))
        rows = site.store.archive.rows(viewer, ids)
        return [f"{rows[id].action} {rows[id].who.split()[0]}" for id in ids]

    def test_asks_its_columns_by_the_names_that_they_have(self, done: Site) -> None:
        assert self.found(done, "what:reveal") == ["reveal System"]
        assert self.found(done, "who:john.s what:save") == ["save User"]
        assert self.found(done, "fields:notes -who:system") == ["save User"]
        assert "reveal System" not in self.found(done, "-what:rev")
        assert self.found(done, "reveal 0027*001") == ["reveal System"]
        assert self.found(done, 'of:"0027*001" reveal') == ["reveal System"]
        assert self.found(done, "what:") == self.found(done, "")

    def test_names_what_it_does_not_know(self, done: Site) -> None:
        with pytest.raises(Refused, match="colour: is not a field to filter by"):
            self.found(done, "colour:red")

    def test_finds_nobody_what_others_did(self, done: Site) -> None:
        user = done.viewer("user", "modify")
        assert self.found(done, "-what:nothing", user) == ["save User"]
        at = typed("who:")
        assert at is not None
        assert list(done.store.views.values(user, "history", at)) == ["User john.smith"]
        assert list(done.store.views.values(done.admin, "history", at)) == [
            "System administrator", "User john.smith", "tuiprov",
        ]  # fmt: skip

    def test_takes_saved_filters_of_its_own(self, done: Site) -> None:
        done.store.views.save_filter(done.admin, "history", "shown", "what:reveal")
        assert self.found(done, "@shown") == ["reveal System"]
        assert "reveal System" not in self.found(done, "-@shown")
        with pytest.raises(Refused, match="you have saved no filters for requests"):
            done.store.fetches.ids(done.admin, "@shown")
