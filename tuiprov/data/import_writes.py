"""What a batch of an import ends with, written by sets: accounts, extensions, devices, lines, and
the history of it.

New rows are inserted as plain rows (an object for each would cost more than all the rest); changed
ones are read as objects, by sets, so that their versions and the history follow by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import Session, col, select

from tuiprov.data.changes import note_new, write_down
from tuiprov.data.import_batch import Batch
from tuiprov.data.models import Device, Extension, Line
from tuiprov.data.page import uses_mac_link
from tuiprov.data.record_sets import DeviceRecord, ExtensionRecord
from tuiprov.data.sealing import keys_of
from tuiprov.data.secret_columns import SECRET_COLUMNS, about, assign
from tuiprov.data.writer import outdate


@dataclass
class Writes:
    """Records that are not in the database as they are now."""

    new_extensions: list[ExtensionRecord] = field(default_factory=list)
    changed_extensions: dict[int, ExtensionRecord] = field(default_factory=dict)
    new_devices: list[DeviceRecord] = field(default_factory=list)
    changed_devices: dict[int, DeviceRecord] = field(default_factory=dict)
    """Those with other values, and those whose files follow from other lines."""
    rearranged: set[int] = field(default_factory=set)
    """Devices of which a line came or moved: a line has no version of its own."""
    new_lines: list[ExtensionRecord] = field(default_factory=list)
    moved: list[ExtensionRecord] = field(default_factory=list)
    """Extensions that went to another line or off their device, in this order."""


def write(session: Session, batch: Batch, writes: Writes) -> None:
    """Store it, with its history. Ids below 0 become real ones."""
    _insert_extensions(session, batch, writes.new_extensions)
    _insert_devices(session, batch, writes.new_devices)
    _update_extensions(session, writes.changed_extensions)
    _update_devices(session, batch, writes)
    _move_lines(session, writes.moved)
    _insert_lines(session, writes.new_lines)
    write_down(session)


def _insert_extensions(session: Session, batch: Batch, records: Sequence[ExtensionRecord]) -> None:
    users = batch.around.places.store({record.user_id for record in records})
    rows = []
    for record in records:
        record.user_id = users[record.user_id]
        rows.append({**record.values, "user_id": record.user_id})
    names = [str(record.values["extension"]) for record in records]
    for record, row_id in zip(records, _insert(session, Extension, names, rows), strict=True):
        record.id = row_id


def _insert_devices(session: Session, batch: Batch, records: Sequence[DeviceRecord]) -> None:
    places = batch.around.places
    rows = []
    for record in records:
        owned = {
            "serial": record.serial,
            "owner_id": record.owner_id,
            "organization_id": places.stored(record.organization_id),
            "token": record.token,
        }
        rows.append(record.values | owned)
    ids = _insert(session, Device, [one.serial for one in records], rows, **_UNPUBLISHED)
    for record, row_id in zip(records, ids, strict=True):
        record.id = row_id
    _open_windows(session, batch, records)


_UNPUBLISHED: Mapping[str, Any] = {
    "publish_state": "stale",
    "publish_reason": "",
    "published_at": None,
}


def _insert(
    session: Session,
    model: Any,
    identities: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    **noted: Any,
) -> list[int]:
    """Insert rows whose secrets are in clear, sealed as `identities`; gives their ids. `noted`:
    columns that the history leaves out."""
    if not rows:
        return []
    table, keys = str(model.__tablename__), keys_of(session)
    sealed = [
        {
            **row,
            **noted,
            "version": 1,
            **{n: keys.seal(row[n], about(table, who, n)) for n in SECRET_COLUMNS[table]},
        }
        for who, row in zip(identities, rows, strict=True)
    ]
    ids = _ids(session, model, sealed)
    for row_id, row in zip(ids, rows, strict=True):
        note_new(session, table, row_id, {"id": row_id, **row})
    return ids


def _ids(session: Session, model: Any, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    columns = model.__table__
    query = insert(columns).returning(columns.c.id, sort_by_parameter_order=True)
    return list(session.execute(query, rows).scalars())


def _open_windows(session: Session, batch: Batch, records: Iterable[DeviceRecord]) -> None:
    """On a site with two-stage enrolment a new device begins with a first link."""
    site = batch.around.site
    if not site.two_stage_enrolment:
        return
    from tuiprov.data.enrolment import new_window

    for record in records:
        by_web = record.values["update_protocol"] in ("http", "https")
        if by_web and not uses_mac_link(record.values, site):
            session.add(new_window(site, record.id))


def _update_extensions(session: Session, records: Mapping[int, ExtensionRecord]) -> None:
    if not records:
        return
    keys = keys_of(session)
    for row in session.exec(select(Extension).where(col(Extension.id).in_(records))):
        assign(keys, row, records[row.id or 0].values)
    session.flush()


def _update_devices(session: Session, batch: Batch, writes: Writes) -> None:
    records = writes.changed_devices
    if not records:
        return
    keys = keys_of(session)
    for row in session.exec(select(Device).where(col(Device.id).in_(records))):
        record = records[row.id or 0]
        row.organization_id = batch.around.places.stored(record.organization_id)
        assign(keys, row, record.values)
        outdate(row)
        if record.id in writes.rearranged:
            flag_modified(row, "status")
    session.flush()


def _move_lines(session: Session, records: Sequence[ExtensionRecord]) -> None:
    """One by one and in order: a line may go where another has just been."""
    if not records:
        return
    query = select(Line).where(col(Line.extension_id).in_([one.id for one in records]))
    lines = {line.extension_id: line for line in session.exec(query)}
    for record in records:
        line = lines[record.id]
        if record.device is None:
            session.delete(line)
        else:
            line.device_id, line.number = record.device.id, record.line or 1
        session.flush()


def _insert_lines(session: Session, records: Sequence[ExtensionRecord]) -> None:
    rows = [
        {"device_id": one.device.id, "number": one.line, "extension_id": one.id}
        for one in records
        if one.device is not None
    ]
    for row_id, row in zip(_ids(session, Line, rows) if rows else (), rows, strict=True):
        note_new(session, "line", row_id, {"id": row_id, **row})
