"""A site on a real PostgreSQL: what is its own there. The rest is tested on both alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlmodel import SQLModel, select

import tuiprov.data.former_passwords
import tuiprov.data.kept
import tuiprov.data.models
import tuiprov.data.rollouts.tables
import tuiprov.data.templates.tables
import tuiprov.data.together.tables
import tuiprov.data.views  # noqa: F401  all tables
from tests import postgresql
from tests.cli.helpers import Ran, run
from tests.sites import BACKEND, PHONE, Site, a_site, an_empty_database
from tuiprov.data import postgresql as own
from tuiprov.data.database import SCHEMA, Database
from tuiprov.data.founding import found_site
from tuiprov.data.models import Account, Extension
from tuiprov.data.store import Store
from tuiprov.errors import Refused, StoreError

pytestmark = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)


def said(database: Database) -> str:
    """What somebody is told who wants to write now."""
    with pytest.raises(StoreError) as error, database.write() as session:
        session.exec(select(Account)).all()
    return str(error.value).rpartition(": ")[2]


class TestInit:
    def test_makes_a_site_with_the_schema_of_now(self, tmp_path: Path) -> None:
        database = an_empty_database(tmp_path)
        assert found_site(database, str(tmp_path / "publish")) is True
        assert found_site(database) is False
        database.check()
        assert database.schema() == SCHEMA

    def test_wants_to_be_told_where_phones_files_go(self, tmp_path: Path) -> None:
        with pytest.raises(Refused, match="name one with --publish-root"):
            found_site(an_empty_database(tmp_path))

    def test_wants_to_be_told_where_the_key_is(self, tmp_path: Path) -> None:
        url = postgresql.server().create()
        with pytest.raises(StoreError, match=r"key = .* in the configuration file, or TUIPROV_KEY"):
            found_site(Database(url), str(tmp_path))

    def test_an_empty_database_holds_no_site(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="holds no site; make one with: tuiprov init"):
            an_empty_database(tmp_path).check()


def taken_back(database: Database, revision: str) -> None:
    """Take back the migrations after this one."""
    config = Config()
    config.set_main_option("script_location", str(Path(own.__file__).parent / "migrations"))
    with database._writing.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)


class TestTheSchema:
    def test_is_what_the_code_says(self, site: Site) -> None:
        with site.database._engine.connect() as connection:
            context = MigrationContext.configure(
                connection, opts={"compare_type": True, "compare_server_default": True}
            )
            assert compare_metadata(context, SQLModel.metadata) == []

    def test_can_be_taken_back_to_each_revision_and_made_again(self, tmp_path: Path) -> None:
        database = an_empty_database(tmp_path)
        database.make()
        for revision in ("0003", "0002", "0001"):
            taken_back(database, revision)
            assert database.schema() == revision
            with pytest.raises(StoreError, match="older schema"):
                database.check()
        database.make()
        database.check()
        with database.read() as session:
            assert session.execute(text(own._OTHERWISE)).all() == []

    def test_of_a_site_is_upgraded_with_all_that_is_in_it(self, site: Site) -> None:
        before = site.add(**PHONE, sip_password="s3cret99")
        taken_back(site.database, "0003")
        assert found_site(Database(site.url)) is False
        assert site.page().values == before.values

    def test_lets_one_login_be_one_accounts_only(self, site: Site) -> None:
        with site.database.write() as session:
            session.add(Account(kind="provider", name="A", parent_id=1, os_login="anna"))
            session.add(Account(kind="provider", name="B", parent_id=1))
        with pytest.raises(StoreError), site.database.write() as session:
            session.add(Account(kind="provider", name="C", parent_id=1, os_login="anna"))


class TestTheCommandLine:
    @pytest.fixture
    def tuiprov(self, tmp_path: Path) -> Callable[..., Ran]:
        """`tuiprov …` with a configuration file that names a database, a key and a tree."""
        url = postgresql.server().create().replace("postgresql+psycopg", "postgresql")
        config = tmp_path / "config.toml"
        config.write_text(
            f'db = "{url}"\nkey = "{tmp_path}/key"\npublish_root = "{tmp_path}/tree"\n'
        )

        def called(*arguments: str) -> Ran:
            return run("--config", str(config), *arguments, directory=tmp_path)

        return called

    def test_a_site_is_made_filled_published_and_told_healthy(
        self, tuiprov: Callable[..., Ran], tmp_path: Path
    ) -> None:
        made = tuiprov("init", "--publish-root", str(tmp_path / "elsewhere"))
        assert (made.code, made.errors) == (0, [])
        (tmp_path / "rows.csv").write_text(
            "extension,organization,user,use_provisioning,friendly_name,manufacturer,model,"
            "firmware,mac,update_protocol\n"
            "0027*001,Acme,john,yes,Desk01,Yealink,T46S,84,80:5E:C0:00:00:01,https\n"
        )
        for words in (("import", "rows.csv"), ("set", "ping=yes", "--where", "extension:0027*001")):
            assert tuiprov(*words).code == 0
        published = tuiprov("publish", "--yes")
        assert (published.code, published.errors) == (0, [])
        assert list((tmp_path / "tree").rglob("805ec0000001.cfg"))
        assert not (tmp_path / "elsewhere").exists()
        doctor = {one["about"]: one for one in tuiprov("doctor", "--json").json}
        assert doctor["database"]["ok"]
        assert doctor["published files"]["ok"]

    def test_a_server_that_cannot_be_reached_is_one_line(self, tmp_path: Path) -> None:
        url = f"postgresql://me:s3cret@/site?host={tmp_path}"
        ran = run("--db", url, "export", directory=tmp_path)
        assert ran.code == 1
        assert len(ran.errors) == 1
        assert "s3cret" not in ran.err


class TestWriters:
    def test_come_one_after_another_and_who_waits_too_long_is_told(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(own, "LONGEST_WAIT_MS", 50)
        with site.database.write() as session:
            session.exec(select(Account)).all()
            told = said(Database(site.url))
        assert told == "somebody else is writing; nothing was saved, try again"

    def test_that_stand_still_are_put_aside(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = Site(site.directory, Store(Database(site.url)), site.admin)

        def stand_still() -> None:
            with site.database.write() as session:
                session.add(Account(kind="provider", name="Slow", parent_id=1))
                session.flush()
                monkeypatch.setattr(own, "LONGEST_IDLE_MS", 60_000)
                other.add(**PHONE)

        monkeypatch.setattr(own, "LONGEST_IDLE_MS", 200)
        with pytest.raises(StoreError):
            stand_still()
        assert site.page().values["mac"] == PHONE["mac"]
        assert not [one for one in site.rows(Account) if one.name.startswith("Slow")]

    def test_of_another_site_do_not_wait(self, site: Site, tmp_path: Path) -> None:
        (tmp_path / "other").mkdir()
        other = a_site(tmp_path / "other")
        with site.database.write() as session:
            session.exec(select(Account)).all()
            other.add(**PHONE)

    def test_see_what_the_one_before_saved_whatever_the_server_isolates_by(
        self, site: Site
    ) -> None:
        """With a snapshot of before the wait, both would find the MAC address free."""
        url = f"{site.url}&options=-c%20default_transaction_isolation%3Dserializable"
        with Database(url).write() as session:
            level = session.execute(text("SHOW transaction_isolation")).scalar()
        assert level == "read committed"

    def test_are_not_waited_for_by_readers(self, site: Site) -> None:
        with site.database.write() as session:
            session.add(Account(kind="provider", name="New", parent_id=1))
            session.flush()
            assert "New" not in [one.name for one in site.rows(Account)]
        assert "New" in [one.name for one in site.rows(Account)]

    def test_a_reader_sees_one_moment(self, site: Site) -> None:
        with site.database.read() as session:
            before = len(session.exec(select(Account)).all())
            with site.database.write() as writing:
                writing.add(Account(kind="provider", name="New", parent_id=1))
            assert len(session.exec(select(Account)).all()) == before


class TestOrder:
    def test_is_that_of_sqlite_in_lists_and_exports(self, tmp_path: Path) -> None:
        numbers = ["0027*1", "0027*001", "0027*01", "0027*0101", "0001*9"]
        names = ["Ärger", "zebra", "Zulu", "apple", "-dash"]
        found = {}
        for kind in ("sqlite", "postgresql"):
            chosen = BACKEND.set(kind)
            (tmp_path / kind).mkdir()
            site = a_site(tmp_path / kind)
            for number, name in zip(numbers, names, strict=True):
                site.add(number, user=name, extension_name=name)
            in_order = [row.extension for row in _rows(site)]
            found[kind] = in_order, [line.split(",")[:2] for line in site.export().splitlines()]
            BACKEND.reset(chosen)
        assert found["sqlite"] == found["postgresql"]

    def test_no_column_of_text_is_left_to_the_servers_language(self, site: Site) -> None:
        with site.database.read() as session:
            assert session.execute(text(own._OTHERWISE)).all() == []


def _rows(site: Site) -> list[Extension]:
    ids = site.store.extension_ids(site.admin)
    by_id = {row.id: row for row in site.rows(Extension)}
    return [by_id[number] for number in ids]


class TestWhatGoesWrong:
    def test_no_error_holds_a_value_that_was_being_written(self, site: Site) -> None:
        def write(**values: object) -> str:
            with pytest.raises(StoreError) as error, site.database.write() as session:
                session.add(Extension(**{"extension": "1*1", "user_id": 1, **values}))
            return str(error.value)

        assert "s3cret" not in write(sip_password="s3cret" * 100)
        assert "s3cret" not in write(fixed_port="s3cret")
        assert "s3cret" not in write(user_id=999, sip_password="s3cret")

    def test_a_server_that_was_started_again_is_found_again(self, site: Site) -> None:
        site.add(**PHONE)
        with postgresql.stopped(postgresql.server()):
            with pytest.raises(StoreError) as error:
                site.page()
            assert "Traceback" not in str(error.value)
            assert len(str(error.value).splitlines()) == 1
        assert site.page().values["friendly_name"] == PHONE["friendly_name"]

    def test_what_the_url_tells_the_server_stays(self) -> None:
        url = f"{postgresql.server().create()}&options=-c%20statement_timeout%3D1234"
        with Database(url).read() as session:
            said = [
                session.execute(text(f"SHOW {n}")).scalar()
                for n in ("statement_timeout", "timezone")
            ]
        assert said == ["1234ms", "UTC"]

    def test_a_url_without_a_driver_means_psycopg(self) -> None:
        assert Database("postgresql://me@/site").url.drivername == "postgresql+psycopg"
