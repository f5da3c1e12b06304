"""The schema: migrations lead to exactly the tables of the code, and to SQL both databases run."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import event, inspect, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable
from sqlalchemy.sql import ClauseElement
from sqlmodel import SQLModel, col

import tuiprov.data
import tuiprov.data.former_passwords
import tuiprov.data.kept
import tuiprov.data.models
import tuiprov.data.rollouts.tables
import tuiprov.data.templates.tables
import tuiprov.data.together.tables
import tuiprov.data.views
from tests.sites import PHONE, Site, a_site
from tuiprov.data import reading, store
from tuiprov.data.accounts.viewers import user_and_organization, within_reach
from tuiprov.data.database import SCHEMA, Database
from tuiprov.data.devices.rows import order_by
from tuiprov.data.fields import Choice, Field
from tuiprov.data.filters import Asker, condition
from tuiprov.data.founding import found_site
from tuiprov.data.models import Account, Device, Extension
from tuiprov.data.sections import FIELDS

MIGRATIONS = Path(tuiprov.data.__file__).parent / "migrations"
TABLES = SQLModel.metadata.tables


def _scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config)


@pytest.fixture
def upgraded(tmp_path: Path) -> Database:
    """An empty database after all migrations."""
    database = Database(f"sqlite:///{tmp_path}/new.db")
    database.make()
    return database


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
def test_an_upgraded_empty_database_equals_the_tables_of_the_code(upgraded: Database) -> None:
    with upgraded._engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, SQLModel.metadata) == []


def test_unique_rules_and_foreign_keys_are_in_it_too(upgraded: Database) -> None:
    found = inspect(upgraded._engine)
    for name, table in TABLES.items():
        keys = {
            (tuple(key["constrained_columns"]), key["referred_table"])
            for key in found.get_foreign_keys(name)
        }
        assert keys == {
            (tuple(key.column_keys), key.referred_table.name)
            for key in table.foreign_key_constraints
        }, name
    assert {tuple(u["column_names"]) for u in found.get_unique_constraints("line")} == {
        ("device_id", "number"),
        ("extension_id",),
    }


def test_the_code_works_with_the_head_of_the_migrations() -> None:
    assert _scripts().get_heads() == [SCHEMA]


def test_a_founded_site_has_that_schema(upgraded: Database) -> None:
    assert upgraded.schema() == SCHEMA


def test_revisions_sort_in_the_order_they_are_applied() -> None:
    applied = [script.revision for script in reversed(list(_scripts().walk_revisions()))]
    assert applied == sorted(applied)


def test_upgrading_again_changes_nothing(tmp_path: Path) -> None:
    site = a_site(tmp_path)
    site.add(**PHONE)
    before = site.export()
    assert found_site(Database(site.url)) is False
    assert site.export() == before
    assert [account.kind for account in site.rows(Account)][:2] == ["system", "provider"]


def test_founding_makes_one_administrator_one_provider_and_the_settings(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/new/site.db")
    assert found_site(database) is True
    assert found_site(database) is False
    settings = store.Store(database).site()
    assert settings.publish_root == str(tmp_path / "new" / "publish")
    with database.read() as session:
        kinds = [account.kind for account in session.execute(select(Account)).scalars()]
    assert kinds == ["system", "provider"]


def test_init_may_move_the_publish_root(site: Site, tmp_path: Path) -> None:
    found_site(site.database, str(tmp_path / "elsewhere"))
    assert site.publish_root == tmp_path / "elsewhere"


def test_every_edited_table_has_a_version_column() -> None:
    edited = ("account", "extension", "device", "system_settings")
    for name in edited:
        assert not TABLES[name].columns["version"].nullable


# -- SQL that SQLite and PostgreSQL both run ------------------------------------------------------

DIALECTS = [sqlite.dialect(), postgresql.dialect()]  # type: ignore[no-untyped-call]
BOTH = pytest.mark.parametrize("dialect", DIALECTS, ids=["sqlite", "postgresql"])


@BOTH
@pytest.mark.parametrize("table", TABLES)
def test_every_table_can_be_made_in_both(table: str, dialect: Any) -> None:
    assert f"CREATE TABLE {table}" in str(CreateTable(TABLES[table]).compile(dialect=dialect))


def test_the_migrations_can_be_run_on_postgresql() -> None:
    said = io.StringIO()
    context = MigrationContext.configure(
        dialect_name="postgresql", opts={"as_sql": True, "output_buffer": said}
    )
    with Operations.context(context):
        for script in reversed(list(_scripts().walk_revisions())):
            script.module.upgrade()
    made = [line for line in said.getvalue().splitlines() if line.startswith("CREATE TABLE")]
    assert len(made) == len(TABLES)


def _right_value(field: Field) -> str:
    options = field.options if isinstance(field, Choice) else ()
    return options[0][0] if options else {"flag": "yes"}.get(field.kind, "1")


FILTERS = [
    *("", "anna", "-anna", '"anna adler"', "80:5e:c0", "mac:805e", "müller"),
    *("state:stale", "-state:none", "firmware:<84", "update_interval:>60"),
    *("fetched:<7d", "-fetched:>2h", "fetched:never", "published:>1w", "-published:never"),
    *(f"{name}:{_right_value(one)}" for name, one in FIELDS.items() if not one.secret),
    *(f"-{name}:{_right_value(one)}" for name, one in FIELDS.items() if not one.secret),
]


@BOTH
@pytest.mark.parametrize("text", FILTERS)
def test_every_filter_is_sql_for_both(site: Site, text: str, dialect: Any) -> None:
    user, organization = user_and_organization()
    query = reading.joined(select(col(Extension.id)), user, organization)
    with site.database.read() as session:
        asker = Asker(session, site.admin)
        query = query.where(condition(text, asker, user, organization))
    compiled = query.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    assert str(compiled).startswith("SELECT extension.id")


@pytest.mark.parametrize("name", [n for n, f in FIELDS.items() if f.kind in ("number", "flag")])
def test_postgresql_is_never_asked_for_the_lower_case_of_a_number(site: Site, name: str) -> None:
    user, organization = user_and_organization()
    for text in (f"{name}:", f"{name}:{_right_value(FIELDS[name])}"):
        with site.database.read() as session:
            asker = Asker(session, site.admin)
            matches = condition(text, asker, user, organization)
        query = select(col(Extension.id)).where(matches)
        compiled = str(query.compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]
        assert f"lower(extension.{name})" not in compiled
        assert f"lower(device.{name})" not in compiled
        assert "lower(line.number)" not in compiled


@BOTH
def test_every_query_of_the_store_is_sql_for_both(site: Site, dialect: Any) -> None:
    asked: list[ClauseElement] = []

    def remember(_connection: Any, statement: Any, *_others: Any) -> None:
        if isinstance(statement, ClauseElement):
            asked.append(statement)

    event.listen(site.database._engine, "before_execute", remember)
    page = site.add(**PHONE, mac_based_provisioning=True, fixed_ip="192.0.2.9")
    viewer = site.viewer("organization", "modify", sip=True)
    ids = site.store.extension_ids(viewer, "anna -model:T46S")
    site.store.extension_rows(site.admin, list(ids) or [1])
    site.store.device_ids(viewer, "status:enabled")
    list(site.store.phones())
    list(site.store.phones([1, 2]))
    site.store.check(page)
    site.store.drafts.keep(viewer, page, {})
    site.store.drafts.kept(viewer)
    site.store.drafts.drop(viewer, page.extension_id or 0)
    site.export()
    site.save(use_provisioning=False)
    site.save(**PHONE)
    event.remove(site.database._engine, "before_execute", remember)
    assert len(asked) > 50
    for statement in asked:
        assert str(statement.compile(dialect=dialect))


def test_reach_is_sql_for_both_and_every_role(site: Site) -> None:
    site.add()
    roles = ("system", "provider", "organization", "user", "terminal")
    for role in roles:
        viewer = site.viewer(role)  # type: ignore[arg-type]
        user, organization = user_and_organization()
        query = reading.joined(select(col(Extension.id)), user, organization)
        query = query.where(within_reach(viewer, user, organization))
        for dialect in DIALECTS:
            assert str(query.compile(dialect=dialect))


def test_the_first_devices_by_name_come_from_an_index(upgraded: Database) -> None:
    query = select(col(Device.id)).order_by(*order_by("name"), col(Device.id)).limit(128)
    words = str(query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
    with upgraded._engine.connect() as connection:
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {words}")]
    assert plan == ["SCAN device USING INDEX ix_device_order"]
