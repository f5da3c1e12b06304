"""Passwords rotate for many at once; the old ones are taken until the phones have the new ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from tests.fetches import a_fetch, log
from tests.publish.helpers import publish_site
from tests.sites import PHONE, Site, a_site
from tuiprov.data import former_passwords
from tuiprov.data.bulk.rotate import Rotating, rotate_all, survey_rotation
from tuiprov.data.former_passwords import FormerPassword, former
from tuiprov.data.history.undo import undo
from tuiprov.data.kept import Event, FieldChange, PublishedFile
from tuiprov.data.rotation import rotate as rotate_key
from tuiprov.errors import NotAllowed

ON_BOTH = True
OLD, OTHER = "the-old-secret-1", "the-old-secret-2"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A phone that fetches by HTTPS, and an extension without a phone."""
    monkeypatch.setattr(former_passwords, "APPLIES_WITHIN", timedelta(0))
    site = a_site(tmp_path, pbx="asterisk")
    site.add("0027*001", sip_password=OLD, **PHONE, password_generation="auto")
    site.add("0027*002", sip_password=OTHER)
    publish_site(site)
    return site


def ids(site: Site) -> list[int]:
    return list(site.store.extension_ids(site.admin))


def rotated(site: Site, viewer: Any = None, numbers: Any = None, **more: Any) -> Rotating:
    with site.database.write() as session:
        return rotate_all(
            session, viewer or site.admin, numbers or ids(site), lambda _: None, **more
        )


def taken(site: Site) -> dict[str, tuple[str, ...]]:
    """The former passwords that the PBX takes, by number."""
    with site.database.read() as session:
        found = former(session).taken
    return {str(site.store.page(site.admin, n).values["extension"]): p for n, p in found.items()}


def password(site: Site, number: str = "0027*001") -> str:
    return str(site.page(number).values["sip_password"])


def fetched(site: Site, *, current: bool = True, most: int = 10) -> None:
    """The phone fetches its files, as they are published or as they were before."""
    with site.database.read() as session:
        device = site.page().device_id
        query = select(PublishedFile).where(col(PublishedFile.device_id) == device)
        files = session.exec(query.order_by(col(PublishedFile.path)).limit(most)).all()
    log(
        site,
        *(
            a_fetch(
                device,
                at=datetime.now(UTC),
                file=one.path,
                version_id=(one.version_id or 0) - (not current),
            )
            for one in files
        ),
    )


def last(site: Site, action: str) -> int:
    return max(one.id or 0 for one in site.rows(Event) if one.action == action)


class TestRotating:
    def test_each_has_a_new_random_password_and_the_old_one_is_taken(self, site: Site) -> None:
        found = rotated(site)
        assert len(found.numbers) == 2
        new = {password(site, n) for n in ("0027*001", "0027*002")}
        assert len(new) == 2
        assert new.isdisjoint({OLD, OTHER})
        assert all(len(one) == 20 for one in new)
        assert taken(site) == {"0027*001": (OLD,), "0027*002": (OTHER,)}

    def test_administrator_passwords_only_where_asked(self, site: Site) -> None:
        before = site.page().values["admin_password"]
        rotated(site)
        assert site.page().values["admin_password"] == before
        assert rotated(site, admin=True).admins == {site.page().device_id}
        assert site.page().values["admin_password"] not in (before, "")

    def test_a_disabled_phone_keeps_its_password(self, site: Site) -> None:
        site.save(status="disabled")
        found = rotated(site)
        assert list(found.numbers.values()) == ["0027*002"]
        assert "disabled" in next(iter(found.refused.values()))[0].reason
        assert password(site) == OLD

    def test_a_survey_counts_whom_nobody_sees_fetch_and_writes_nothing(self, site: Site) -> None:
        site.save(update_protocol="tftp")
        with site.database.read() as session:
            found = survey_rotation(session, site.admin, ids(site))
        assert (found.alone, found.unseen) == (1, 1)
        assert password(site) == OLD

    @pytest.mark.parametrize(
        ("role", "level", "sip"),
        [("user", "modify", True), ("organization", "modify", False), ("provider", "view", True)],
    )
    def test_who_may_not_set_a_password_or_publish_rotates_none(
        self, site: Site, role: Any, level: Any, sip: bool
    ) -> None:
        with pytest.raises(NotAllowed):
            rotated(site, site.viewer(role, level, sip=sip))
        assert password(site) == OLD

    def test_an_organization_rotates_its_own_only(self, site: Site) -> None:
        site.add("0031*001", organization="Praxis", user="mary", sip_password="hers")
        viewer = site.viewer("organization", "modify", sip=True, name="Praxis")
        assert list(rotated(site, viewer).numbers.values()) == ["0031*001"]


class TestTheWindow:
    def test_it_ends_when_the_phone_has_fetched_what_was_published_since(self, site: Site) -> None:
        fetched(site)
        rotated(site)
        assert "0027*001" in taken(site)  # it has the files of before
        publish_site(site)
        assert "0027*001" in taken(site)  # published, not fetched
        fetched(site, current=False)
        assert "0027*001" in taken(site)  # an older version of them
        fetched(site)
        assert taken(site) == {"0027*002": (OTHER,)}

    def test_a_moment_later_than_the_fetch(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(former_passwords, "APPLIES_WITHIN", timedelta(minutes=5))
        rotated(site)
        publish_site(site)
        fetched(site)
        assert "0027*001" in taken(site)

    def test_it_ends_after_the_hours_of_the_site(self, site: Site) -> None:
        site.configure(former_password_hours=1)
        rotated(site)
        with site.database.write() as session:
            for row in session.exec(select(FormerPassword)):
                assert timedelta(0) < row.until - row.since <= timedelta(hours=1)
                row.until = datetime.now(UTC) - timedelta(seconds=1)
                session.add(row)
        assert taken(site) == {}

    def test_of_two_rotations_before_a_fetch_both_old_ones_are_taken(self, site: Site) -> None:
        rotated(site)
        between = password(site)
        rotated(site)
        assert taken(site)["0027*001"] == (between, OLD)

    def test_the_pbx_drops_it_with_the_next_publish_and_its_row_goes(self, site: Site) -> None:
        rotated(site)
        publish_site(site)
        file = site.publish_root / "pbx" / "pjsip_tuiprov.conf"
        assert f"password=>{OLD}" in file.read_text()
        fetched(site)
        assert len(site.rows(FormerPassword)) == 2
        publish_site(site)
        assert OLD not in file.read_text()
        assert f"password=>{password(site)}" in file.read_text()
        assert f"password=>{OTHER}" in file.read_text()
        assert len(site.rows(FormerPassword)) == 1
        assert not publish_site(site).changes

    def test_a_removed_extension_takes_its_old_passwords_along(self, site: Site) -> None:
        rotated(site)
        site.store.extensions.remove(site.admin, site.page("0027*002"))
        assert len(site.rows(FormerPassword)) == 1


class TestTakingBack:
    def test_the_old_password_is_back_and_the_new_one_is_still_taken(self, site: Site) -> None:
        before = site.export()
        rotated(site, admin=True)
        new = password(site)
        with site.database.write() as session:
            undo(session, site.admin, last(site, "rotate"))
        assert site.export() == before
        assert taken(site)["0027*001"] == (new,)

    def test_so_it_is_for_one_alone_and_for_who_is_no_administrator(self, site: Site) -> None:
        viewer = site.viewer("organization", "modify", sip=True)
        number = site.store.find_extension(site.admin, "0027*001")
        rotated(site, viewer, [number])
        new = password(site)
        with site.database.write() as session:
            undo(session, viewer, last(site, "rotate"))
        assert password(site) == OLD
        assert taken(site) == {"0027*001": (new,)}

    def test_the_undo_is_undone(self, site: Site) -> None:
        rotated(site)
        new = password(site)
        for action in ("rotate", "undo"):
            with site.database.write() as session:
                undo(session, site.admin, last(site, action))
        assert password(site) == new
        assert taken(site)["0027*001"] == (OLD,)


class TestSecrecy:
    def test_no_column_holds_a_password_in_clear(self, site: Site) -> None:
        rotated(site)
        new = password(site)
        rows = [*site.rows(FormerPassword), *site.rows(FieldChange), *site.rows(Event)]
        texts = " ".join(str(row.model_dump()) for row in rows)
        assert not any(word in texts for word in (OLD, OTHER, new))

    def test_a_new_key_seals_them_too(self, site: Site) -> None:
        rotated(site)
        rotate_key(site.database)
        current = site.database.keys.current
        assert all(row.password.startswith(f"{current}:") for row in site.rows(FormerPassword))
        assert taken(site)["0027*001"] == (OLD,)
