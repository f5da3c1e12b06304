"""What a batch of an import ends with, written by sets: accounts, extensions, devices, lines, and
the history of it.

Rows are inserted and changed as plain rows: an object for each would cost more than all the rest,
and with a version each is a statement of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, insert, update
from sqlalchemy import select as sql_select
from sqlmodel import Session, col, select

from tuiprov.data.exchange.batch import Batch
from tuiprov.data.exchange.record_sets import DeviceRecord, ExtensionRecord
from tuiprov.data.history.changes import note_change, note_new, write_down
from tuiprov.data.models import Device, Extension, Line
from tuiprov.data.page import uses_mac_link
from tuiprov.data.sealing import keys_of
from tuiprov.data.secret_columns import SECRET_COLUMNS, about


@dataclass
class Writes:
    """Records that are not in the database as they are now."""

    new_extensions: list[ExtensionRecord] = field(default_factory=list)
    extension_was: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    """Extensions that may have changed: what they were."""
    new_devices: list[DeviceRecord] = field(default_factory=list)
    device_was: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    """The same of devices, and those whose files follow from other lines."""
    rearranged: set[int] = field(default_factory=set)
    """Devices of which a line came or moved: a line has no version of its own."""
    new_lines: list[ExtensionRecord] = field(default_factory=list)
    moved: list[ExtensionRecord] = field(default_factory=list)
    """Extensions that went to another line or off their device, in this order."""

    def touch(self, device: DeviceRecord) -> None:
        """Remember what a stored device was before it changes; its files are outdated then."""
        if device.id > 0 and device.id not in self.device_was:
            was = device.values | {"organization_id": device.organization_id}
            self.device_was[device.id] = was


def write(session: Session, batch: Batch, writes: Writes) -> None:
    """Store it, with its history. Ids below 0 become real ones."""
    _insert_extensions(session, batch, writes.new_extensions)
    _insert_devices(session, batch, writes.new_devices)
    _update_extensions(session, writes.extension_was, batch)
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
    ids = _insert(session, Extension, "extension", rows)
    for record, row_id in zip(records, ids, strict=True):
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
    ids = _insert(session, Device, "serial", rows, **_UNPUBLISHED)
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
    identity: str,
    rows: Sequence[Mapping[str, Any]],
    **noted: Any,
) -> list[int]:
    """Insert rows whose secrets are in clear, sealed as what is in the column `identity`; gives
    their ids. `noted`: columns that the history leaves out."""
    table, keys = str(model.__tablename__), keys_of(session)
    sealed = [
        {
            **row,
            **noted,
            "version": 1,
            **{
                name: keys.seal(row[name], about(table, row[identity], name))
                for name in SECRET_COLUMNS[table]
            },
        }
        for row in rows
    ]
    ids = _ids(session, model, identity, sealed)
    for row_id, row in zip(ids, rows, strict=True):
        note_new(session, table, row_id, {"id": row_id, **row})
    return ids


def _ids(
    session: Session, model: Any, identity: str, rows: Sequence[Mapping[str, Any]]
) -> list[int]:
    """Insert rows and ask for their ids by a column in which no two are alike: SQLite gives back
    the ids of many rows in any order."""
    if not rows:
        return []
    columns = model.__table__.c
    session.execute(insert(model.__table__), rows)
    unique = columns[identity]
    query = sql_select(unique, columns.id).where(unique.in_([row[identity] for row in rows]))
    known = dict(iter(session.execute(query)))
    return [known[row[identity]] for row in rows]


def _open_windows(session: Session, batch: Batch, records: Iterable[DeviceRecord]) -> None:
    """On a site with two-stage enrolment a new device begins with a first link."""
    site = batch.around.site
    if not site.two_stage_enrolment:
        return
    from tuiprov.data.devices.enrolment import new_window

    for record in records:
        by_web = record.values["update_protocol"] in ("http", "https")
        if by_web and not uses_mac_link(record.values, site):
            session.add(new_window(site, record.id))


def _update_extensions(session: Session, was: Mapping[int, Was], batch: Batch) -> None:
    known = {record.id: record for record in batch.extensions.values()}
    changes = {one: _differences(before, known[one].values) for one, before in was.items()}
    _update(session, Extension, changes, lambda one: str(known[one].values["extension"]))


def _update_devices(session: Session, batch: Batch, writes: Writes) -> None:
    changes = {}
    for one, before in writes.device_was.items():
        device = batch.devices[one]
        device.organization_id = batch.around.places.stored(device.organization_id)
        now = device.values | {"organization_id": device.organization_id}
        changes[one] = _differences(before, now)
    _update(session, Device, changes, lambda one: batch.devices[one].serial)
    moved = [one for one in writes.rearranged if one > 0 and not changes.get(one)]
    columns = Device.__table__.c  # type: ignore[attr-defined]
    if moved:
        later = update(Device).where(columns.id.in_(moved)).values(version=columns.version + 1)
        session.execute(later, execution_options=_BLIND)
    if changes:
        outdated = update(Device).where(columns.id.in_(list(changes)))
        outdated = outdated.values(publish_state="stale", publish_reason="")
        session.execute(outdated, execution_options=_BLIND)


_BLIND: Mapping[str, Any] = {"synchronize_session": False}
"""The session has no objects of these rows."""

Was = Mapping[str, Any]
"""The columns of a row before the import."""
Change = dict[str, tuple[Any, Any]]
"""Column → what it was and what it is."""


def _differences(before: Was, now: Mapping[str, Any]) -> Change:
    return {name: (old, now[name]) for name, old in before.items() if old != now[name]}


def _update(
    session: Session, model: Any, changes: Mapping[int, Change], identity: Callable[[int], str]
) -> None:
    """Change rows, one statement for all that change in the same columns, and note it for the
    history. Their versions are not compared: the transaction that read them is the only writer."""
    table, keys = str(model.__tablename__), keys_of(session)
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for one, change in changes.items():
        if not change:
            continue
        row = {f"new_{name}": new for name, (_, new) in change.items()}
        for name in SECRET_COLUMNS[table]:
            if name in change:
                row[f"new_{name}"] = keys.seal(change[name][1], about(table, identity(one), name))
        alike.setdefault(tuple(change), []).append({"which": one, **row})
        for name, (old, new) in change.items():
            note_change(session, table, one, name, old, new)
    columns = model.__table__.c
    for names, rows in alike.items():
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
        query = update(model.__table__).where(columns.id == bindparam("which"))
        session.execute(query.values(version=columns.version + 1, **values), rows)


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
    ids = _ids(session, Line, "extension_id", rows)
    for row_id, row in zip(ids, rows, strict=True):
        note_new(session, "line", row_id, {"id": row_id, **row})
