"""One parameter for many ids, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from sqlmodel import select

from tests.sites import Site
from tuiprov.data.among import among
from tuiprov.data.models import Account

ON_BOTH = True


@pytest.mark.parametrize("wanted", [[], [1], [2, 1, 2, 999_999_999_999]])
def test_the_rows_with_these_ids_are_found(site: Site, wanted: list[int]) -> None:
    with site.store.database.read() as session:
        found = session.exec(select(Account.id).where(among(Account.id, wanted))).all()
    assert set(found) == {number for number in wanted if number < 1000}


def test_and_changed(site: Site) -> None:
    with site.store.database.write() as session:
        changed = update(Account).where(among(Account.id, [1, 2])).values(kind="x")
        found = session.execute(changed.returning(Account.id)).scalars()
        assert set(found) == {1, 2}
        session.rollback()


def test_one_statement_serves_any_number_of_them(site: Site) -> None:
    one = select(Account.id).where(among(Account.id, [1]))
    two = select(Account.id).where(among(Account.id, [1, 2]))
    assert one._generate_cache_key() == two._generate_cache_key()
    assert two._generate_cache_key() != select(Account.id)._generate_cache_key()


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_rows_are_looked_up_by_their_ids(site: Site) -> None:
    query = select(Account.id).where(among(Account.id, [1, 2]))
    with site.store.database.read() as session:
        words = str(query.compile(dialect=session.get_bind().dialect))
        found = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {words}", ("[1, 2]",))
        assert found.first().detail.startswith("SEARCH account")
