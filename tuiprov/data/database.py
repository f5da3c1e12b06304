"""The connection to the database: open, check, make; short read and write transactions.

One writer at a time, on either database: the rules about other records (a MAC address, an IP, a
number that must be free) are read and then written by in one transaction, and nobody comes between.
SQLite runs with WAL and synchronous=FULL (NORMAL lost acknowledged commits at power loss), foreign
keys, a busy timeout, and `BEGIN IMMEDIATE` for every write (a deferred read-then-write fails at
once when two writers meet). What is PostgreSQL's own is in `postgresql.py`. Alembic is imported
only when the schema is made or upgraded.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import Session

from tuiprov.config import Config
from tuiprov.data.sealing import Keys, key_path
from tuiprov.errors import Conflict, StoreError

if TYPE_CHECKING:
    from tuiprov.data.postgresql import Listener
    from tuiprov.data.stop import Stop

SCHEMA = "0012"
"""The revision this code works with; a test compares it with the head of `migrations/`."""
_BUSY_TIMEOUT_MS = 10_000
_POSTGRESQL_DRIVER: Final = "postgresql+psycopg"


class Database:
    """One database by URL. `read()` and `write()` give a Session inside one transaction. `key`: the
    file with the site's keys, "" for where `sealing.key_path` finds it. `publish_root`: where this
    host keeps the published files, "" for where the site's settings say."""

    def __init__(self, url: str, *, key: str = "", publish_root: str = ""):
        self.url = _parsed(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.publish_root = publish_root
        try:
            self._engine = create_engine(self.url, **self._engine_options())
        except (NoSuchModuleError, ModuleNotFoundError):
            raise StoreError(_no_driver(self.url)) from None
        self._reading = self._engine
        self._writing = self._engine.execution_options(writing=True)
        if self.is_sqlite:
            event.listen(self._engine, "connect", _prepare_sqlite)
            event.listen(self._engine, "begin", _begin)
        elif self.is_postgresql:
            from tuiprov.data import postgresql

            event.listen(self._engine, "begin", postgresql.begin)
            self._reading = self._engine.execution_options(**postgresql.READING)
            self._writing = self._engine.execution_options(**postgresql.WRITING)
        self.keys = Keys(key_path(self.path, key))

    @classmethod
    def of(cls, settings: Config) -> Database:
        """The database that the configuration names, as this host uses it."""
        return cls(settings.db, key=settings.key, publish_root=settings.publish_root)

    @property
    def is_postgresql(self) -> bool:
        return self.url.get_backend_name() == "postgresql"

    def _engine_options(self) -> dict[str, Any]:
        if not self.is_postgresql:
            return {}
        from tuiprov.data import postgresql

        return postgresql.engine_options(self.url)

    @property
    def path(self) -> Path | None:
        """The SQLite file, or None for another database."""
        return Path(self.url.database) if self.is_sqlite and self.url.database else None

    @contextmanager
    def read(self, stop: Stop | None = None) -> Iterator[Session]:
        """A session that sees one moment of the database and changes nothing; `stop` ends it."""
        with self._told_plainly(), self._session(self._reading) as session:
            if stop is None:
                yield session
                return
            with stop.watching(session):
                yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that commits at the end of the block, or rolls back with the exception. What
        it changes is written down in the history."""
        from tuiprov.data.history.changes import follow  # here: reading needs none of it

        with (
            self._told_plainly(),
            self._session(self._writing) as session,
            session.begin(),
        ):
            follow(session)
            yield session

    def _session(self, engine: Engine) -> Session:
        info = {"keys": self.keys, "publish_root": self.publish_root}
        return Session(engine, expire_on_commit=False, info=info)

    def check(self) -> None:
        """Open the database and make sure it is one of ours; StoreError says what is wrong."""
        if self.path is not None:
            _refuse_unreadable(self.path)
        found = self.schema()
        if found == "":
            raise StoreError(f"{self._shown}: holds no site; make one with: tuiprov init")
        self._refuse_newer(found)
        if found < SCHEMA:
            raise StoreError(f"{self._shown}: older schema {found}; upgrade it: tuiprov init")

    def schema(self) -> str:
        """The schema revision in the database, "" when there is none."""
        with self._told_plainly(), self._engine.connect() as connection:
            if not self._engine.dialect.has_table(connection, "alembic_version"):
                return ""
            revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
            return str(revision or "")

    def make(self) -> None:
        """Create or upgrade the schema. A new SQLite file is readable by its owner only."""
        from alembic import command
        from alembic.config import Config

        if self.path is not None:
            _create_private(self.path)
        self._refuse_newer(self.schema())
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        with self._told_plainly(), self._writing.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            if self.is_postgresql:
                from tuiprov.data import postgresql

                postgresql.order_plainly(connection)

    @contextmanager
    def listen(self) -> Iterator[Listener | None]:
        """What wakes who follows the published files; None where nothing does (SQLite), and the
        database has to be asked from time to time."""
        if not self.is_postgresql:
            yield None
            return
        from tuiprov.data import postgresql

        with self._told_plainly(), postgresql.listening(self._engine) as listener:
            yield listener

    def close(self) -> None:
        self._engine.dispose()

    @property
    def _shown(self) -> str:
        return str(self.path or self.url.render_as_string(hide_password=True))

    def _refuse_newer(self, found: str) -> None:
        if found > SCHEMA:
            raise StoreError(
                f"{self._shown}: made by a newer tuiprov (schema {found}); upgrade tuiprov"
            )

    @contextmanager
    def _told_plainly(self) -> Iterator[None]:
        try:
            yield
        except StaleDataError:
            raise Conflict("somebody else changed this record meanwhile; nothing was saved") from (
                None
            )
        except DBAPIError as error:
            raise StoreError(f"{self._shown}: {_reason(error)}") from None
        except SQLAlchemyError as error:
            raise StoreError(f"{self._shown}: {error}") from None


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            return parsed.set(drivername=_POSTGRESQL_DRIVER)
        return parsed
    except ArgumentError:
        shown = re.sub(r":[^:@]*@", ":***@", url)
        raise StoreError(
            f"{shown!r} is not a database URL; write sqlite:////path/to/file.db or "
            "postgresql://user@host/database"
        ) from None


def _no_driver(url: URL) -> str:
    if url.get_backend_name() == "postgresql":
        return "no driver for PostgreSQL: install tuiprov[postgresql]"
    return f"no driver for {url.drivername}: SQLite and PostgreSQL are known"


def _reason(error: DBAPIError) -> str:
    """The driver's words without SQL and parameters (they may hold secrets)."""
    state = getattr(error.orig, "sqlstate", None)
    if state:
        from tuiprov.data import postgresql

        said = postgresql.reason(state)
        if said:
            return said
    words = str(error.orig).strip().splitlines()[0] if error.orig else "failed"
    known = {
        "file is not a database": "not a tuiprov database (the file is something else)",
        "unable to open database file": "cannot be opened (does it exist, may you read it?)",
        "attempt to write a readonly database": "is read-only for you; nothing was saved",
        "database or disk is full": "the disk is full; nothing was saved",
        "database is locked": "somebody else is writing; nothing was saved, try again",
    }
    return known.get(words, words)


def _refuse_unreadable(path: Path) -> None:
    try:
        path.stat()
    except FileNotFoundError:
        raise StoreError(f"{path}: no such file; make a site with: tuiprov init") from None
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}; ask its owner or use sudo") from None
    if not os.access(path, os.R_OK):
        raise StoreError(f"{path}: you may not read it; ask its owner or use sudo")


def _create_private(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        if stat.S_IMODE(os.fstat(handle).st_mode) != 0o600:
            os.fchmod(handle, 0o600)
        os.close(handle)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from None


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # SQLAlchemy's `begin` event decides how a transaction begins, not the driver.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA foreign_keys=ON")
    if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except Exception as error:
            # A database on a read-only file system can still be looked at.
            if "readonly" not in str(error):
                raise
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _begin(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
