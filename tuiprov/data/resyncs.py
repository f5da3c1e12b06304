"""Who was asked to fetch its files again, when and how, and whether it came.

Whom to ask is read here, that they were asked is written here; how they came is seen in the fetch
log. Who asks them is `resyncing.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import func
from sqlmodel import Session, col, select

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.catalog import default_catalog
from tuiprov.data.database import Database
from tuiprov.data.devices.reach import reach
from tuiprov.data.history import events as history
from tuiprov.data.kept import Fetch, Resync
from tuiprov.data.models import Device, Extension, Line
from tuiprov.data.permissions import needs, require
from tuiprov.data.queries import columns

_AT_ONCE: Final = 500
_SIP_PORT: Final = 5060

State = Literal["failed", "fetched", "asked", "not seen"]


@dataclass(frozen=True, slots=True)
class Target:
    """A phone that can be asked: the event it takes, and where it is."""

    device_id: int
    name: str
    phone: str
    event: str
    user: str
    """SIP user name of its first line; Asterisk's endpoint is called by the same name."""
    address: str
    """Its fixed address, else the one it last fetched from; "" for none."""
    port: int


@dataclass(frozen=True, slots=True)
class Asked:
    """One phone was asked at a moment; `problem` is why it could not be, or ""."""

    device_id: int
    at: datetime
    problem: str


@dataclass(frozen=True, slots=True)
class ResyncRow:
    """When a device was last asked, and when it fetched after that (None: not yet)."""

    device_id: int
    asked_at: datetime
    who: str
    how: str
    problem: str
    fetched_at: datetime | None

    def state(self, now: datetime, patience: float) -> State:
        """What has become of it by `now`; after `patience` seconds it is not waited for."""
        if self.fetched_at is not None:
            return "fetched"
        if self.problem:
            return "failed"
        return "asked" if (now - self.asked_at).total_seconds() < patience else "not seen"


class Resyncs:
    """What is known of asking phones. Every operation takes who is looking."""

    def __init__(self, database: Database):
        self._database = database

    @needs("devices.resync")
    def targets(self, viewer: Viewer, device_ids: Sequence[int]) -> list[Target]:
        """Those of these devices that the viewer sees and that have files to fetch: enabled, with
        an extension on a line, of a model that the catalogue knows and that listens."""
        require(viewer, "devices.resync")
        found: list[Target] = []
        with self._database.read() as session:
            for some in _in_parts(device_ids):
                found += _targets(session, viewer, some)
        return found

    @needs("devices.resync")
    def record(self, viewer: Viewer, asked: Sequence[Asked], how: str) -> None:
        """Write down that these devices were asked; what is not within reach is left out."""
        require(viewer, "devices.resync")
        with self._database.write() as session:
            for some in _in_parts([one.device_id for one in asked]):
                query = select(Device.id).where(col(Device.id).in_(some), reach(session, viewer))
                seen = set(session.exec(query))
                for one in (one for one in asked if one.device_id in seen):
                    values = {"who": viewer.label[:80], "how": how, "problem": one.problem[:255]}
                    session.merge(Resync(device_id=one.device_id, asked_at=one.at, **values))

    @needs("devices.resync")
    def begin(self, viewer: Viewer, count: int, how: str) -> None:
        """Write down in the history that so many phones are being asked."""
        require(viewer, "devices.resync")
        with self._database.write() as session:
            words = f"{count} phone{'s' if count != 1 else ''}"
            history.record(session, viewer, "resync", words, how)

    @needs("fetches.see")
    def of(self, viewer: Viewer, device_ids: Sequence[int]) -> dict[int, ResyncRow]:
        """When those of these devices that the viewer sees were last asked, and came."""
        require(viewer, "fetches.see")
        rows: list[Resync] = []
        with self._database.read() as session:
            within = reach(session, viewer)
            for some in _in_parts(device_ids):
                query = select(Resync).join(Device, col(Device.id) == Resync.device_id)
                rows += session.exec(query.where(col(Resync.device_id).in_(some), within))
            came = _came(session, rows)
        return {row.device_id: _row(row, came.get(row.device_id)) for row in rows}


# -- parts ----------------------------------------------------------------------------------------


def _in_parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield list(ids[start : start + _AT_ONCE])


def _came(session: Session, rows: Sequence[Resync]) -> Mapping[int, datetime]:
    """Device → when it was first served after it was asked. Looks through the log since the first
    of these was asked, which is short while one waits for them."""
    if not rows:
        return {}
    query = columns(Fetch.device_id, func.min(Fetch.at))
    query = query.join(Resync, col(Resync.device_id) == Fetch.device_id)
    query = query.where(
        col(Fetch.at) >= min(row.asked_at for row in rows),
        col(Fetch.at) >= col(Resync.asked_at),
        col(Fetch.verdict) == "served",
    )
    query = query.group_by(col(Fetch.device_id))
    return {row[0]: row[1] for row in session.execute(query)}


def _row(row: Resync, fetched_at: datetime | None) -> ResyncRow:
    return ResyncRow(row.device_id, row.asked_at, row.who, row.how, row.problem, fetched_at)


def _targets(session: Session, viewer: Viewer, ids: Sequence[int]) -> list[Target]:
    addresses = _addresses(session, ids)
    names = (Device.id, Device.friendly_name, Device.mac, Device.manufacturer, Device.model)
    line = (Extension.sip_username, Extension.extension, Extension.fixed_ip, Extension.fixed_port)
    query = columns(*names, Device.firmware, *line)
    query = query.join(Line, col(Line.device_id) == Device.id)
    query = query.join(Extension, col(Extension.id) == Line.extension_id)
    query = query.where(
        col(Device.id).in_(ids), col(Device.status) == "enabled", reach(session, viewer)
    )
    found: dict[int, Target] = {}
    for row in session.execute(query.order_by(col(Device.id), col(Line.number))):
        kind = default_catalog().find(row.manufacturer, row.model, row.firmware)
        if kind is None or not kind.facts.resync or row.id in found:
            continue  # its first line stands for it
        found[row.id] = Target(
            row.id,
            row.friendly_name or row.mac,
            kind.label,
            kind.facts.resync,
            row.sip_username or row.extension,
            row.fixed_ip or addresses.get(row.id, ""),
            (row.fixed_port or _SIP_PORT) if row.fixed_ip else _SIP_PORT,
        )
    return [found[number] for number in ids if number in found]


def _addresses(session: Session, ids: Sequence[int]) -> Mapping[int, str]:
    """Where each device was when it last was served."""
    newest = select(func.max(Fetch.id)).where(
        col(Fetch.device_id).in_(ids), Fetch.verdict == "served"
    )
    newest = newest.group_by(col(Fetch.device_id))
    query = columns(Fetch.device_id, Fetch.address).where(col(Fetch.id).in_(newest))
    return {row[0]: row[1] for row in session.execute(query)}
