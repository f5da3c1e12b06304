"""Ends a read of the database that nobody waits for any more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

from tuiprov.errors import StoreError

if TYPE_CHECKING:
    from sqlmodel import Session


class Stop:
    """`Database.read(stop)` is ended by `stop.now()` from another thread, or does not begin any
    more: it raises StoreError. Whoever uses its connection afterwards is left alone."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._is_over = False
        self._connection: Any = None

    def now(self) -> None:
        """End the read, whether it has begun or not."""
        with self._lock:
            self._is_over = True
            if self._connection is not None:
                # SQLite's word for it, and PostgreSQL's (psycopg).
                end = getattr(self._connection, "interrupt", None) or self._connection.cancel
                end()

    @contextmanager
    def watching(self, session: Session) -> Iterator[None]:
        """The read is what `session` does in this block."""
        connection = session.connection().connection.driver_connection
        with self._lock:
            if self._is_over:
                raise StoreError("nobody waits for it any more")
            self._connection = connection
        try:
            yield
        finally:
            with self._lock:
                self._connection = None
