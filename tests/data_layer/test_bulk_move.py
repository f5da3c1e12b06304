"""Many extensions are given to another account as one operation, phones with all they serve."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from tests.sites import Site, a_site
from tuiprov.data.bulk.move import Moving, move_all, survey_move
from tuiprov.data.history.archive import change_words
from tuiprov.data.history.undo import undo
from tuiprov.data.kept import Event
from tuiprov.data.models import Account, Device
from tuiprov.data.templates.tables import Template
from tuiprov.errors import NotAllowed, NotFound, Refused

ON_BOTH = True


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return a_site(tmp_path, csv="first-site.csv")


def account(site: Site, name: str) -> int:
    with site.database.read() as session:
        return session.exec(select(Account.id).where(Account.name == name)).one() or 0


def ids(site: Site, numbers: tuple[str, ...]) -> list[int]:
    return [site.store.find_extension(site.admin, number) for number in numbers]


def moved(site: Site, to: str, *numbers: str, viewer: Any = None) -> Moving:
    with site.database.write() as session:
        return move_all(
            session, viewer or site.admin, ids(site, numbers), account(site, to), lambda _: None
        )


def reasons(found: Moving) -> list[str]:
    return [one.reason for refusals in found.refused.values() for one in refusals]


def whose(site: Site, number: str) -> tuple[object, object]:
    values = site.page(number).values
    return values["organization"], values["user"]


def test_they_belong_to_the_new_user_and_their_phone_to_its_organization(site: Site) -> None:
    found = moved(site, "labor", "0027*002", "0027*003", "0027*006")
    assert set(found.numbers.values()) == {"0027*002", "0027*003", "0027*006"}
    assert whose(site, "0027*003") == ("Praxis Müller", "labor")
    page = site.page("0027*002")
    row = next(one for one in site.rows(Device) if one.id == page.device_id)
    assert row.organization_id == page.organization_id


def test_a_survey_says_who_comes_from_where_and_writes_nothing(site: Site) -> None:
    before = site.export()
    with site.database.read() as session:
        numbers = ids(site, ("0027*001", "0027*002", "0027*003", "0031*002"))
        found = survey_move(session, site.admin, numbers, account(site, "labor"))
    assert found.origins == {"Acme Ltd/ana.nunez": 2, "Acme Ltd/john.smith": 1}
    assert (found.same, len(found.devices)) == (1, 2)
    assert site.export() == before


def test_who_shares_a_phone_with_somebody_that_stays_is_refused_and_is_told_whom(
    site: Site,
) -> None:
    found = moved(site, "labor", "0027*001", "0027*002")
    assert list(found.numbers.values()) == ["0027*001"]
    assert "also serves 0027*003, which would stay" in reasons(found)[0]
    assert whose(site, "0027*002") == ("Acme Ltd", "ana.nunez")


def test_within_an_organization_a_shared_phone_holds_nobody_back(site: Site) -> None:
    assert not moved(site, "board", "0027*002").refused
    assert whose(site, "0027*002") == ("Acme Ltd", "board")


def test_one_undo_brings_all_back_with_their_phones(site: Site) -> None:
    before = site.export()
    devices = {row.id: row.organization_id for row in site.rows(Device)}
    moved(site, "labor", "0027*002", "0027*003", "0027*006")
    event = next(one for one in site.rows(Event) if one.action == "move")
    with site.database.write() as session:
        undo(session, site.admin, event.id or 0)
    assert site.export() == before
    assert {row.id: row.organization_id for row in site.rows(Device)} == devices


def test_the_history_says_from_whom_to_whom_in_words(site: Site) -> None:
    moved(site, "labor", "0027*006")
    event = next(one for one in site.rows(Event) if one.action == "move")
    words = [change_words(one) for one in site.store.archive.changes(site.admin, event.id or 0)]
    assert "extension 0027*006: User: board → labor" in words
    assert "device Board01: Organization: Acme Ltd → Praxis Müller" in words
    assert "Praxis Müller/labor" in event.detail


def test_a_template_of_the_old_accounts_does_not_go_along(site: Site) -> None:
    with site.database.write() as session:
        owner = account(site, "Acme Ltd")
        session.add(Template(owner_id=owner, name="acme", manufacturer="Polycom"))
        device = session.get_one(Device, site.page("0027*006").device_id)
        device.template = "acme"
        session.add(device)
    assert "template acme" in reasons(moved(site, "labor", "0027*006"))[0]
    assert not moved(site, "john.smith", "0027*006").refused


def test_an_organization_with_several_users_is_no_target(site: Site) -> None:
    with pytest.raises(Refused, match="several user accounts"):
        moved(site, "Acme Ltd", "0031*002")


def test_an_organization_moves_among_its_own_users_only(site: Site) -> None:
    viewer = site.viewer("organization", "modify", sip=True, name="Acme Ltd")
    assert not moved(site, "board", "0027*001", viewer=viewer).refused
    with pytest.raises(NotFound):
        moved(site, "labor", "0027*001", viewer=viewer)
    assert not moved(site, "board", "0031*002", viewer=viewer).numbers


def test_a_user_moves_none(site: Site) -> None:
    with pytest.raises(NotAllowed):
        moved(site, "board", "0027*001", viewer=site.viewer("user", "modify", sip=True))


def test_who_is_not_the_administrator_moves_no_number_of_another_organization(site: Site) -> None:
    viewer = site.viewer("provider", "modify", sip=True)
    found = moved(site, "labor", "0027*006", viewer=viewer)
    assert "must begin with 0031*" in reasons(found)[0]
