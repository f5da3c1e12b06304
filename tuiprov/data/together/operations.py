"""Operations that store data and then write files: each is noted in the transaction that stores its
data, and taken off the list when its files are done.

So whatever becomes of the process in between, the next start knows what was stored and is not on
the phones yet (`publish/unfinished.py`). While its process lives it says so; that of another host
is given up after `GONE_SECONDS`, one of this host as soon as its process is gone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete
from sqlmodel import Session, col, select

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.database import Database
from tuiprov.data.history.archive import seen_by
from tuiprov.data.history.changes import ALL
from tuiprov.data.history.versions import in_parts
from tuiprov.data.kept import Event, FieldChange
from tuiprov.data.models import Device, Line
from tuiprov.data.permissions import internal, needs, require
from tuiprov.data.templates.tables import Template
from tuiprov.data.together.operation import Operation, this_host
from tuiprov.data.together.tables import GONE_SECONDS, Unfinished, seconds_now


@dataclass(frozen=True, slots=True)
class Left:
    """An operation that nobody is at any more, and the devices whose files it concerns. `whole`: it
    may concern every device."""

    event: Event
    devices: frozenset[int]
    extensions: frozenset[int]
    whole: bool


class Operations:
    """The operations whose files are not done."""

    def __init__(self, database: Database):
        self._database = database

    @internal
    def start(self) -> Operation:
        """One whose end is not in the same place as its beginning."""
        return Operation(self._database)

    @internal
    @contextmanager
    def begin(self) -> Iterator[Operation]:
        """What is stored in here is followed by its files in here; whatever else ends it, it is
        offered again."""
        operation = self.start()
        try:
            with operation.storing():
                yield operation
        except BaseException:
            operation.give_up()
            raise
        operation.finish()

    @needs("files.publish")
    def left(self, viewer: Viewer) -> Sequence[Left]:
        """Those that nobody is at and that this viewer may finish, the oldest first."""
        require(viewer, "files.publish")
        with self._database.read() as session:
            gone = seconds_now(session) - GONE_SECONDS
            query = select(Unfinished, Event).join(Event, col(Event.id) == col(Unfinished.event_id))
            rows = session.exec(query.where(seen_by(viewer)).order_by(col(Event.id))).all()
            return [
                _left(session, event) for row, event in rows if row.seen < gone or _has_died(row)
            ]

    @needs("files.publish")
    def done(self, viewer: Viewer, events: Sequence[int]) -> None:
        """Take these off the list."""
        require(viewer, "files.publish")
        mine = select(Event.id).where(seen_by(viewer))
        with self._database.write() as session:
            for some in in_parts(list(events)):
                own = col(Unfinished.event_id).in_(some)
                session.execute(delete(Unfinished).where(own, col(Unfinished.event_id).in_(mine)))


def _left(session: Session, event: Event) -> Left:
    own = col(FieldChange.event_id) == event.id

    def rows_of(table: str) -> Sequence[int]:
        query = select(FieldChange.row_id).where(own, FieldChange.table == table).distinct()
        return session.exec(query).all()

    extensions = rows_of("extension")
    devices = {*rows_of("device"), *_devices_of_lines(session, own)}
    for some in in_parts(list(extensions)):
        lines = select(Line.device_id).where(col(Line.extension_id).in_(some))
        devices |= set(session.exec(lines))
    for some in in_parts([*rows_of("template"), *rows_of("template_file")]):
        used = select(Device.id).join(Template, col(Template.name) == col(Device.template))
        devices |= {n for n in session.exec(used.where(col(Template.id).in_(some))) if n}
    whole = bool(rows_of("system_settings"))
    return Left(event, frozenset(devices), frozenset(extensions), whole)


def _devices_of_lines(session: Session, own: Any) -> Iterator[int]:
    """The devices of lines that came, went or moved."""
    query = select(FieldChange).where(own, FieldChange.table == "line")
    for change in session.exec(query):
        for value in (json.loads(change.before), json.loads(change.after)):
            if change.field == ALL and value is not None:
                yield int(value["device_id"])
            elif change.field == "device_id" and value is not None:
                yield int(value)


def _has_died(row: Unfinished) -> bool:
    """Is its process one of this host that is there no more?"""
    if row.host != this_host():
        return False
    try:
        os.kill(row.process, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False  # somebody else's process: it is there
    return False
