"""One operation that stores data and then writes files, between the two.

`note` puts it on the list of the unfinished in the very transaction that stores its data;
`operations.py` reads that list.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Event as Signal
from threading import Thread
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, inspect, update
from sqlmodel import Session, col

from tuiprov.data.together.tables import BEAT_SECONDS, Unfinished, seconds_now
from tuiprov.errors import TuiprovError

if TYPE_CHECKING:
    from tuiprov.data.database import Database


class Operation:
    """One operation between its data and its files."""

    def __init__(self, database: Database):
        self._database = database
        self.event_id: int | None = None
        """What stands in the history for it; None: nothing is stored yet."""
        self._end = Signal()

    @contextmanager
    def storing(self) -> Iterator[None]:
        """The first transaction in here that is an operation of the history is this one."""
        token = _CURRENT.set(self)
        try:
            yield
        finally:
            _CURRENT.reset(token)

    def stored(self, event_id: int) -> None:
        """It is on the list, once this transaction is committed."""
        self.event_id = event_id
        Thread(target=self._beat, daemon=True, name="operation").start()

    def finish(self) -> None:
        """Its files are done, or it had none."""
        self._end.set()
        if self.event_id is not None:
            own = col(Unfinished.event_id) == self.event_id
            with self._database.write() as session:
                session.execute(delete(Unfinished).where(own))

    def give_up(self) -> None:
        """Nobody is at it any more: it is offered again."""
        self._end.set()
        if self.event_id is not None:
            with contextlib.suppress(TuiprovError):  # then it is offered a little later
                self._say(0)

    def _beat(self) -> None:
        while not self._end.wait(BEAT_SECONDS):
            with contextlib.suppress(TuiprovError):
                self._say()

    def _say(self, seen: int | None = None) -> None:
        own = update(Unfinished).where(col(Unfinished.event_id) == self.event_id)
        with self._database.write() as session:
            now = seconds_now(session) if seen is None else seen
            session.execute(own.values(seen=now))


_CURRENT: ContextVar[Operation | None] = ContextVar("operation", default=None)


def note(session: Session) -> None:
    """Put the operation of this transaction on the list, if files are to follow it. Called before
    the commit, by `changes.py`."""
    operation, event = _CURRENT.get(), session.info.get("operation")
    if operation is None or operation.event_id is not None or event is None:
        return
    session.flush()
    if not inspect(event).persistent:
        return  # nothing changed: the operation was taken out of the history again
    row = {"event_id": event.id, "host": this_host(), "process": os.getpid()}
    session.execute(insert(Unfinished).values(**row, seen=seconds_now(session)))
    operation.stored(event.id)


def this_host() -> str:
    """The name that this host goes by in the list."""
    return socket.gethostname()[:64]
