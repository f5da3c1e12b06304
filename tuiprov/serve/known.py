"""What the database knows: the site's settings, and of a key the device, its first token and the
file on record. One statement a request, by index; never a write.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import and_, bindparam, exists, or_, select, union_all
from sqlmodel import Session, col

from tuiprov.data.database import Database
from tuiprov.data.kept import Enrolment, Fetch, PublishedFile
from tuiprov.data.models import Device
from tuiprov.data.settings import site_of
from tuiprov.data.site import Site
from tuiprov.serve.paths import Wanted
from tuiprov.serve.verdicts import SERVED, Enrolled, Known, OnRecord

SETTINGS_SECONDS: Final = 0.5
"""How old the site's settings may be; devices are read for each request."""

_COLUMNS = (
    *(col(getattr(Device, name)).label(name) for name in ("id", "serial", "token", "mac")),
    col(Device.status),
    col(Device.update_protocol),
    col(Device.mac_based_provisioning),
    col(Enrolment.token).label("first_token"),
    col(Enrolment.opened_at),
    col(Enrolment.until),
    col(PublishedFile.path),
    col(PublishedFile.device_id).label("file_device_id"),
    col(PublishedFile.version_id),
    col(PublishedFile.digest),
)
_ALL = (
    select(*_COLUMNS)
    .outerjoin(Enrolment, col(Enrolment.device_id) == col(Device.id))
    .outerjoin(PublishedFile, col(PublishedFile.path) == bindparam("path"))
)
_BY_TOKEN = _ALL.where(
    col(Device.id).in_(
        union_all(
            select(col(Device.id)).where(col(Device.token) == bindparam("key")),
            select(col(Enrolment.device_id)).where(col(Enrolment.token) == bindparam("key")),
        )
    )
).limit(1)
# Two devices may have one MAC while at most one of them has a link made of it.
_BY_MAC = (
    _ALL.where(col(Device.mac) == bindparam("key"))
    .order_by(col(Device.mac_based_provisioning).desc(), col(Device.status).desc(), col(Device.id))
    .limit(1)
)
_STEADY_SINCE = select(
    exists().where(
        and_(
            col(Fetch.device_id) == bindparam("device_id"),
            col(Fetch.verdict) == SERVED,
            col(Fetch.at) >= bindparam("since"),
            or_(
                col(Fetch.file) < bindparam("first_from"), col(Fetch.file) >= bindparam("first_to")
            ),
        )
    )
)


@dataclass
class KnownDevices:
    """The database as the service reads it. Safe to call from several threads."""

    database: Database
    clock: Callable[[], float] = time.monotonic
    _site: tuple[float, Site] | None = None
    _steady: dict[int, datetime] = field(default_factory=dict)
    """Device id → when its steady link was last served by this process: the fetch log says the
    same, but only once it is written."""

    def site(self) -> Site:
        """The settings, at most SETTINGS_SECONDS old. StoreError when they cannot be read."""
        now, kept = self.clock(), self._site
        if kept is not None and now - kept[0] < SETTINGS_SECONDS:
            return kept[1]
        with self.database.read() as session:
            found = site_of(session)
        self._site = now, found
        return found

    @property
    def latest(self) -> Site:
        """The settings as they were last read, however old: for who may not wait."""
        return self._site[1] if self._site is not None else self.site()

    def find(self, wanted: Wanted) -> Known | None:
        """Whose key it is, and whether there is such a file. StoreError when it cannot be read."""
        statement, key = (_BY_MAC, wanted.mac) if wanted.is_mac else (_BY_TOKEN, wanted.key)
        with self.database.read() as session:
            # The connection itself: the session has nothing to add but a third of the time.
            values = {"key": key, "path": wanted.published}
            row: Any = session.connection().execute(statement, values).first()
            return self._known(session, row, wanted) if row is not None else None

    def served_steadily(self, device_id: int, at: datetime) -> None:
        """The device fetched under its steady key: its first token is dead from now on."""
        self._steady[device_id] = at

    def _known(self, session: Session, row: Any, wanted: Wanted) -> Known:
        record = None
        if row.path is not None:
            record = OnRecord(row.file_device_id, row.version_id, row.digest)
        return Known(
            device_id=row.id,
            serial=row.serial,
            token=row.token,
            mac=row.mac,
            is_enabled=row.status == "enabled",
            update_protocol=row.update_protocol,
            mac_based_provisioning=row.mac_based_provisioning,
            enrolled=self._enrolled(session, row, wanted),
            record=record,
        )

    def _enrolled(self, session: Session, row: Any, wanted: Wanted) -> Enrolled | None:
        """The first token, when it is the key that was used."""
        if row.first_token is None or row.first_token != wanted.key:
            return None
        opened, here = _in_utc(row.opened_at), self._steady.get(row.id)
        used = here is not None and here >= opened
        return Enrolled(
            row.first_token, _in_utc(row.until), used or _steady_since(session, row, opened)
        )


def _steady_since(session: Session, row: Any, opened: datetime) -> bool:
    """Does the log show a file served under another key than the first token?"""
    known = {
        "device_id": row.id,
        "since": opened,
        "first_from": f"http/{row.first_token}/",
        "first_to": f"http/{row.first_token}0",  # 0 follows / in ASCII
    }
    return bool(session.execute(_STEADY_SINCE, known).scalar())


def _in_utc(moment: datetime) -> datetime:
    """SQLite gives moments without a zone; they are UTC."""
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
