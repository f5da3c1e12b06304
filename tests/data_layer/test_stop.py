"""A read that nobody waits for any more is ended, and nobody else's."""

from __future__ import annotations

import time
from threading import Thread

import pytest
from sqlalchemy import text

from tests.sites import Site
from tuiprov.data.stop import Stop
from tuiprov.errors import StoreError

ON_BOTH = True
ENDS_WITHIN = 20.0
ENDLESS = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) "
    "SELECT count(*) FROM n"
)


def read_endlessly(site: Site, stop: Stop, ended: list[str]) -> None:
    try:
        with site.store.database.read(stop) as session:
            session.execute(text(ENDLESS))
    except StoreError as error:
        ended.append(str(error))


def test_a_read_under_way_is_ended(site: Site) -> None:
    stop, ended = Stop(), list[str]()
    reader = Thread(target=read_endlessly, args=(site, stop, ended), daemon=True)
    reader.start()
    until = time.monotonic() + ENDS_WITHIN
    while not ended and time.monotonic() < until:
        stop.now()  # again and again: it may not have come to its query yet
        reader.join(0.1)
    assert len(ended) == 1


def test_a_read_that_has_not_begun_does_not_begin(site: Site) -> None:
    stop = Stop()
    stop.now()
    with pytest.raises(StoreError):
        site.store.extension_ids(site.admin, "", None, stop)


def test_a_read_that_is_over_leaves_its_connection_to_the_next_one(site: Site) -> None:
    stop = Stop()
    site.store.extension_ids(site.admin, "", None, stop)
    with site.store.database.read() as session:
        session.execute(text("SELECT 1"))
        stop.now()
        session.execute(text("SELECT 1"))
