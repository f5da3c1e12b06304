"""What is PostgreSQL's own: how transactions begin, the order of texts, why a statement failed.

Writers take an advisory lock of their transaction and so come one after another, as they do on
SQLite. SERIALIZABLE would do without, but it tells late (at the commit of a bulk edit) and tells
transactions that never met; a lock is waited for, and then what is read is what is true. Readers
neither take it nor wait. It is a lock of the database: each site has one of its own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, text
from sqlalchemy.engine import URL, Engine
from sqlmodel import Session

from tuiprov.errors import StoreError

LOCK: Final = 0x7475_6970
"""The number of the writers' advisory lock."""
LONGEST_WAIT_MS: Final = 10_000
"""How long a writer waits for another one, as on SQLite."""
LONGEST_IDLE_MS: Final = 300_000
"""After so long without a statement a writer is put aside: it was stopped, or its host is gone."""

READING: Final[dict[str, Any]] = {"isolation_level": "REPEATABLE READ"}
"""Execution options of a transaction that sees one moment. Not READ ONLY: a bulk edit's survey
keeps what was chosen in a temporary table."""

WRITING: Final[dict[str, Any]] = {"isolation_level": "READ COMMITTED", "writing": True}
"""Said even though it is PostgreSQL's default, which a server or a role may have changed: each
statement sees what the writer before has committed; a snapshot taken before the wait would not."""


def engine_options(url: URL) -> dict[str, Any]:
    """What `create_engine` is told besides the URL, whose own `options` stay."""
    return {
        # A server that was restarted, or a firewall that forgot, costs a new connection, no error.
        "pool_pre_ping": True,
        "connect_args": {
            "connect_timeout": 10,
            # Moments are stored in UTC, so that no session's time zone turns them.
            "options": f"{url.query.get('options', '')} -c timezone=UTC".strip(),
            # Who listens says nothing for hours: a host that is gone is noticed within a minute.
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
        },
    }


def begin(connection: Connection) -> None:
    """Be the only writer from the first statement on."""
    if connection.get_execution_options().get("writing"):
        connection.exec_driver_sql(
            f"SET LOCAL lock_timeout = {LONGEST_WAIT_MS};"
            f"SET LOCAL idle_in_transaction_session_timeout = {LONGEST_IDLE_MS};"
            f"SELECT pg_advisory_xact_lock({LOCK})"
        )


def order_plainly(connection: Connection) -> None:
    """Have every column of text compared by its characters' numbers, as SQLite compares: the same
    order of lists and exports on both, whatever the server's language, and indexes that a search
    by the beginning of a text can use."""
    for table, column, kind in connection.execute(text(_OTHERWISE)).all():
        connection.exec_driver_sql(
            f'ALTER TABLE "{table}" ALTER COLUMN "{column}" TYPE {kind} COLLATE "C"'
        )


CHANNEL: Final = "tuiprov_published"


def announce(session: Session) -> None:
    """Wake all who listen, when this transaction commits. On SQLite nobody can."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"NOTIFY {CHANNEL}"))


class Listener:
    """A connection that hears when files were published, from when it is made."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        connection.autocommit = True
        connection.execute(f"LISTEN {CHANNEL}")

    def fileno(self) -> int:
        """For `select`: readable when there is something to `hear`."""
        return int(self._connection.fileno())

    def hear(self) -> None:
        """Take what has come; StoreError when the server is gone."""
        with _told_plainly():
            for _ in self._connection.notifies(timeout=0):
                pass
            self._connection.execute("SELECT 1")


@contextmanager
def listening(engine: Engine) -> Iterator[Listener]:
    """A listener on a connection of its own."""
    with _told_plainly():
        pooled = engine.raw_connection()
        connection: Any = pooled.driver_connection
        pooled.detach()  # it must not go back to the pool, listening
    try:
        with _told_plainly():
            listener = Listener(connection)
        yield listener
    finally:
        with contextlib.suppress(Exception):  # it may be broken
            connection.close()


@contextmanager
def _told_plainly() -> Iterator[None]:
    from psycopg import Error

    try:
        yield
    except Error as error:
        words = str(error).strip().splitlines() or ["is closed"]
        raise StoreError(f"the connection to the database: {words[0]}") from None


_OTHERWISE: Final = """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
    FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_collation o ON o.oid = a.attcollation
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
      AND a.attnum > 0 AND NOT a.attisdropped AND o.collname <> 'C'
    ORDER BY c.relname, a.attnum
"""


def reason(state: str) -> str:
    """An error's five-letter SQLSTATE as an admin says it, "" for the server's own words. Those of
    class 22 (a value that does not fit) hold the value, which may be a secret.
    Source: PostgreSQL manual, appendix A."""
    if state.startswith("22"):
        return f"a value does not fit its column (SQLSTATE {state}); nothing was saved"
    return _REASONS.get(state, "")


_REASONS: Final = {
    "55P03": "somebody else is writing; nothing was saved, try again",
    "25P03": "it took too long and was put aside; nothing was saved, try again",
    "25006": "is read-only for you; nothing was saved",
    "42501": "you lack a permission in the database; nothing was saved",
    "53100": "the disk is full; nothing was saved",
    "53300": "has no connection left; try again later",
    "57P01": "the server was stopped; try again",
}
