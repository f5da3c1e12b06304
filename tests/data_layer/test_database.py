"""The connection: how SQLite is run, who may read the file, and what is said when it cannot be."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlmodel import select

from tests.sites import PHONE, Site
from tuiprov.data.database import SCHEMA, Database
from tuiprov.data.founding import found_site
from tuiprov.data.models import Account, Extension
from tuiprov.data.settings import SystemSettings
from tuiprov.errors import Conflict, Refused, StoreError


def pragma(database: Database, name: str, *, write: bool = False) -> object:
    with (database.write if write else database.read)() as session:
        return session.execute(text(f"PRAGMA {name}")).scalar()


def said(action: object, *arguments: object) -> str:
    """The one clear line of a StoreError."""
    assert callable(action)
    with pytest.raises(StoreError) as error:
        action(*arguments)
    assert "\n" not in str(error.value)
    assert "sqlite3." not in str(error.value)
    return str(error.value)


class TestPragmas:
    @pytest.mark.parametrize("write", [False, True])
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("journal_mode", "wal"),
            ("synchronous", 2),
            ("foreign_keys", 1),
            ("busy_timeout", 10_000),
        ],
    )
    def test_they_hold_on_reading_and_writing_connections(
        self, site: Site, name: str, value: object, write: bool
    ) -> None:
        assert pragma(site.database, name, write=write) == value

    def test_they_hold_on_every_connection_of_every_thread(self, site: Site) -> None:
        found: list[tuple[object, ...]] = []
        ready = threading.Barrier(4)

        def look() -> None:
            with site.database.read() as session:
                ready.wait(timeout=10)  # four at once, so four connections
                names = ("journal_mode", "synchronous", "foreign_keys")
                found.append(tuple(session.execute(text(f"PRAGMA {n}")).scalar() for n in names))

        threads = [threading.Thread(target=look) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [("wal", 2, 1)] * 4

    def test_a_row_of_nobody_is_refused_by_the_database_itself(self, site: Site) -> None:
        def orphan() -> None:
            with site.database.write() as session:
                session.add(Extension(extension="1*1", user_id=999))

        assert "FOREIGN KEY" in said(orphan)


class TestTransactions:
    @pytest.fixture
    def statements(self, site: Site) -> Iterator[list[str]]:
        seen: list[str] = []

        def remember(*arguments: object) -> None:
            seen.append(str(arguments[2]))

        event.listen(site.database._engine, "before_cursor_execute", remember)
        yield seen
        event.remove(site.database._engine, "before_cursor_execute", remember)

    def test_a_write_begins_immediate(self, site: Site, statements: list[str]) -> None:
        with site.database.write() as session:
            session.exec(select(Account)).all()
        assert statements[0] == "BEGIN IMMEDIATE"

    def test_a_read_does_not(self, site: Site, statements: list[str]) -> None:
        with site.database.read() as session:
            session.exec(select(Account)).all()
        assert statements[0] == "BEGIN"

    def test_every_write_of_the_store_begins_immediate(
        self, site: Site, statements: list[str]
    ) -> None:
        page = site.add(**PHONE)
        site.store.drafts.keep(site.admin, page, {"notes": "x"})
        site.store.drafts.drop(site.admin, page.extension_id or 0)
        site.store.record(site.admin, "reveal", "0027*001")
        began = ""
        for statement in statements:
            began = statement if statement.startswith("BEGIN") else began
            if statement.split()[0] in ("INSERT", "UPDATE", "DELETE"):
                assert began == "BEGIN IMMEDIATE", statement

    def test_an_exception_rolls_back(self, site: Site) -> None:
        def refused() -> None:
            with site.database.write() as session:
                session.add(Account(kind="provider", name="Lost", parent_id=1))
                session.flush()
                raise Refused([])

        with pytest.raises(Refused):
            refused()
        assert "Lost" not in [account.name for account in site.rows(Account)]

    def test_readers_do_not_wait_for_a_writer_and_see_what_was_committed(self, site: Site) -> None:
        other = Database(site.url)
        with site.database.write() as session:
            session.add(Account(kind="provider", name="New", parent_id=1))
            session.flush()
            with other.read() as reading:
                assert "New" not in [a.name for a in reading.exec(select(Account))]
        with other.read() as reading:
            assert "New" in [a.name for a in reading.exec(select(Account))]

    def test_a_second_writer_waits_and_is_then_told(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tuiprov.data.database._BUSY_TIMEOUT_MS", 50)
        other = Database(site.url)

        def second() -> None:
            with other.write() as session:
                session.exec(select(Account)).all()

        with site.database.write() as session:
            session.exec(select(Account)).all()
            assert said(second).endswith("somebody else is writing; nothing was saved, try again")

    @pytest.mark.parametrize("table", [Account, SystemSettings])
    def test_every_row_that_is_edited_has_its_version(self, site: Site, table: type) -> None:
        with site.database.read() as session:
            mine = session.get(table, 1)
        with site.database.write() as session:
            row = session.get(table, 1)
            assert row is not None
            before = row.version
            for name in ("name", "sip_server"):
                if name in table.model_fields:
                    setattr(row, name, "changed")
        with site.database.read() as session:
            assert session.get(table, 1).version == before + 1
        for name in ("name", "sip_server"):
            if name in table.model_fields:
                setattr(mine, name, "over it")
        with pytest.raises(Conflict, match="nothing was saved"), site.database.write() as session:
            session.add(mine)


class TestFile:
    @pytest.fixture(params=[0o000, 0o022, 0o077, 0o277])
    def umask(self, request: pytest.FixtureRequest) -> Iterator[int]:
        before = os.umask(request.param)
        yield request.param
        os.umask(before)

    def test_it_is_its_owners_only_whatever_the_umask_says(
        self, tmp_path: Path, umask: int
    ) -> None:
        database = Database(f"sqlite:///{tmp_path}/site.db")
        found_site(database)
        with database.write() as session:
            session.add(Account(kind="provider", name="x", parent_id=1))
            modes = {
                path.name: stat.S_IMODE(path.stat().st_mode)
                for path in tmp_path.iterdir()
                if path.is_file()
            }
        database_files = dict.fromkeys(("site.db", "site.db-wal", "site.db-shm"), 0o600)
        assert modes == {**database_files, "site.db.key": 0o400}

    def test_one_that_others_could_read_is_closed_to_them_by_the_upgrade(self, site: Site) -> None:
        assert site.database.path is not None
        site.database.path.chmod(0o644)
        site.database.make()
        assert stat.S_IMODE(site.database.path.stat().st_mode) == 0o600


class TestWhatCannotBeOpened:
    def at(self, path: Path) -> Database:
        return Database(f"sqlite:///{path}")

    def test_a_missing_file(self, tmp_path: Path) -> None:
        path = tmp_path / "none.db"
        assert said(self.at(path).check) == (
            f"{path}: no such file; make a site with: tuiprov init"
        )
        assert not path.exists()

    def test_a_missing_directory(self, tmp_path: Path) -> None:
        path = tmp_path / "nowhere" / "none.db"
        assert "no such file" in said(self.at(path).check)
        assert not path.parent.exists()

    def test_a_file_that_is_something_else(self, tmp_path: Path) -> None:
        path = tmp_path / "notes.txt"
        path.write_text("not a database, " * 100)
        assert said(self.at(path).check) == (
            f"{path}: not a tuiprov database (the file is something else)"
        )
        assert said(self.at(path).make).endswith("(the file is something else)")
        assert path.read_text() == "not a database, " * 100

    @pytest.mark.parametrize("content", ["empty", "somebody else's"])
    def test_a_database_without_a_site(self, tmp_path: Path, content: str) -> None:
        path = tmp_path / "other.db"
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE theirs (x)" if content != "empty" else "VACUUM")
        assert said(self.at(path).check) == (f"{path}: holds no site; make one with: tuiprov init")

    def test_a_directory(self, tmp_path: Path) -> None:
        assert "cannot be opened" in said(self.at(tmp_path).check)

    def test_a_place_where_no_file_can_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        assert "file" in said(self.at(tmp_path / "file" / "site.db").make)

    @pytest.mark.parametrize(
        ("schema", "words"),
        [
            ("9999", "made by a newer tuiprov (schema 9999); upgrade tuiprov"),
            ("0000", "older schema 0000; upgrade it: tuiprov init"),
        ],
    )
    def test_a_schema_of_another_version(self, site: Site, schema: str, words: str) -> None:
        with site.database.write() as session:
            session.execute(text(f"UPDATE alembic_version SET version_num = '{schema}'"))
        assert said(Database(site.url).check).endswith(words)

    def test_a_newer_schema_is_not_touched_by_init(self, site: Site) -> None:
        with site.database.write() as session:
            session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        said(found_site, Database(site.url))
        assert Database(site.url).schema() == "9999"

    def test_the_schema_of_now_is_fine(self, site: Site) -> None:
        Database(site.url).check()
        assert Database(site.url).schema() == SCHEMA

    @pytest.mark.parametrize("url", ["site.db", "", "://", "sqlite//site.db"])
    def test_what_is_no_url(self, url: str) -> None:
        assert "is not a database URL" in said(Database, url)

    def test_a_database_nobody_knows(self) -> None:
        assert said(Database, "oracel://host/db").startswith("no driver for oracel")

    def test_no_error_holds_a_password_of_the_url(self, tmp_path: Path) -> None:
        for url in ("oracel://me:s3cret@host/db", "me:s3cret@host"):
            assert "s3cret" not in said(Database, url)

    def test_no_error_holds_a_value_that_was_being_written(self, site: Site) -> None:
        def clash() -> None:
            with site.database.write() as session:
                for _ in range(2):
                    session.add(Extension(extension="1*1", user_id=1, sip_password="s3cretPw"))

        assert "s3cretPw" not in said(clash)


class TestOtherDatabases:
    """PostgreSQL by URL; a running one is in `test_postgresql.py`."""

    @pytest.fixture
    def postgresql(self) -> Database:
        return Database("postgresql://me:s3cret@db.example.com/tuiprov")

    def test_a_url_of_postgresql_makes_a_database_without_a_file(
        self, postgresql: Database
    ) -> None:
        assert not postgresql.is_sqlite
        assert postgresql.path is None

    def test_its_password_is_not_shown(self, postgresql: Database) -> None:
        assert "s3cret" not in postgresql._shown
        assert "db.example.com" in postgresql._shown

    def test_it_runs_no_pragma_of_sqlite(self, postgresql: Database) -> None:
        assert not event.contains(postgresql._engine, "begin", _sqlite_begin())


def _sqlite_begin() -> Callable[..., None]:
    from tuiprov.data import database

    return database._begin
