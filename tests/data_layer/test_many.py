"""Very many rows are stored as the ORM would store them, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlmodel import col, select

from tests.sites import Site
from tuiprov.data.kept import Content, FileVersion
from tuiprov.data.many import insert_many

ON_BOTH = True


def test_times_and_nothing_are_read_as_they_were_given(site: Site) -> None:
    at = datetime(2026, 3, 1, 12, 30, 0, 250, UTC)
    rows = [(f"tftp/{n}", n or None, "d", at, "anna", None) for n in range(1_201)]
    names = "path", "device_id", "digest", "at", "who", "event_id"
    with site.database.write() as session:
        insert_many(session, FileVersion, names, rows)
    with site.database.read() as session:
        query = select(FileVersion).where(col(FileVersion.digest) == "d").order_by(FileVersion.id)
        found = [
            (one.path, one.device_id, one.digest, one.at, one.who, one.event_id)
            for one in session.exec(query)
        ]
    assert found == rows


def test_what_is_the_same_in_all_rows_is_given_once(site: Site) -> None:
    at = datetime(2026, 3, 1, 12, 30, 0, 250, UTC)
    same = {"at": at, "who": "anna", "event_id": None}
    with site.database.write() as session:
        rows = [(f"tftp/{n}", n, "d") for n in range(2)]
        insert_many(session, FileVersion, ("path", "device_id", "digest"), rows, same)
    with site.database.read() as session:
        found = session.exec(select(FileVersion).where(col(FileVersion.digest) == "d")).all()
        assert [(one.path, one.device_id, one.at, one.who, one.event_id) for one in found] == [
            (f"tftp/{n}", n, at, "anna", None) for n in range(2)
        ]


def test_bytes_are_read_as_they_were_given(site: Site) -> None:
    every = bytes(range(256))
    with site.database.write() as session:
        insert_many(session, Content, ("digest", "sealed", "size"), [("d1", every, 256)])
        insert_many(session, Content, ("digest", "sealed", "size"), [])
    with site.database.read() as session:
        row = session.get_one(Content, "d1")
        assert (row.sealed, row.size) == (every, 256)
