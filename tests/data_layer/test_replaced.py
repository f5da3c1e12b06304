"""An operation is taken back from the records that it changed: not from others that got their ids.

SQLite alone gives an id again, so nothing here runs on PostgreSQL.
"""

from __future__ import annotations

import pytest

from tests.data_layer.test_undo import last, take_back
from tests.sites import Site
from tuiprov.data.bulk import undo as bulk_undo
from tuiprov.data.bulk.assignments import set_values
from tuiprov.data.models import Extension
from tuiprov.errors import Conflict


def ping_all(site: Site) -> int:
    """A bulk edit of every extension; gives the operation."""
    set_values(site.store, site.admin, {"ping": True}, "")
    return last(site, "set")


def pings(site: Site) -> dict[str, bool]:
    return {row.extension: row.ping for row in site.rows(Extension)}


def replace(site: Site, number: str, other: str) -> None:
    """Remove an extension and add another one, which gets its id."""
    before = site.page(number)
    site.store.extensions.remove(site.admin, before)
    assert site.add(other, ping=True).extension_id == before.extension_id


@pytest.mark.parametrize("least", [1, 200], ids=["by sets", "row by row"])
def test_who_has_the_id_of_a_removed_record_by_now_is_left_alone(
    site: Site, least: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_undo, "FROM", least)
    site.add("0027*001")
    site.add("0027*002")
    event_id = ping_all(site)
    replace(site, "0027*002", "0027*003")
    with pytest.raises(Conflict) as refused:
        take_back(site, event_id)
    assert str(refused.value) == (
        "1 record of it is gone, and another has its place; nothing was taken back"
    )
    assert pings(site) == {"0027*001": True, "0027*003": True}


def test_a_record_that_came_back_is_the_one_that_it_was(site: Site) -> None:
    site.add("0027*001")
    event_id = ping_all(site)
    site.store.extensions.remove(site.admin, site.page("0027*001"))
    take_back(site, last(site, "remove extension"))
    take_back(site, event_id)
    assert pings(site) == {"0027*001": False}


def test_one_that_came_back_under_another_id_is_not_looked_for_at_the_old_one(site: Site) -> None:
    site.add("0027*001")
    event_id = ping_all(site)
    replace(site, "0027*001", "0027*002")
    take_back(site, last(site, "remove extension"))
    with pytest.raises(Conflict, match="another has its place"):
        take_back(site, event_id)
    assert pings(site) == {"0027*001": True, "0027*002": True}


def test_what_was_made_and_removed_is_not_removed_again_in_its_successor(site: Site) -> None:
    site.add("0027*009")
    site.import_text("extension,organization,user\n0027*001,Acme Ltd,anna\n")
    event_id = last(site, "import")
    site.store.extensions.remove(site.admin, site.page("0027*001"))
    site.import_text("extension,organization,user\n0027*001,Acme Ltd,anna\n")
    with pytest.raises(Conflict, match="another has its place"):
        take_back(site, event_id)
    assert set(pings(site)) == {"0027*001", "0027*009"}
