"""Extensions with their devices read by whole sets, as plain data: for the export and the import.

The page of one extension costs a handful of queries; here five hundred extensions cost one. Nothing
asks for permission: who calls it does, and a viewer gets what is within reach only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement
from sqlmodel import Session, col

from tuiprov.data.accounts.viewers import Viewer, user_and_organization, within_reach
from tuiprov.data.fields import Value
from tuiprov.data.models import Device, Extension, Line
from tuiprov.data.page import LineUse
from tuiprov.data.queries import columns, joined
from tuiprov.data.sealing import Keys, keys_of
from tuiprov.data.secret_columns import opened
from tuiprov.data.sections import DEVICE_FIELDS, EXTENSION_FIELDS

AT_ONCE: Final = 500
"""Records of one set: each is a parameter of one statement."""


@dataclass(slots=True, eq=False)
class DeviceRecord:
    """A device with its values (secrets in clear) and the lines that are in use, by number. What is
    not stored yet has an id below 0."""

    id: int
    serial: str
    token: str
    owner_id: int
    organization_id: int | None
    version: int
    values: dict[str, Value]
    lines: dict[int, LineUse] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class ExtensionRecord:
    """An extension with its values (secrets in clear), whose it is, and its place on a device."""

    id: int
    version: int
    user_id: int
    user: str
    organization_id: int
    organization: str
    values: dict[str, Value]
    device: DeviceRecord | None = None
    line: int | None = None


_EXTENSION = [
    *(Extension.id, Extension.version, Extension.user_id),
    *(getattr(Extension, name) for name in EXTENSION_FIELDS),
]
_DEVICE = [
    *(Device.id, Device.serial, Device.token, Device.owner_id),
    *(Device.organization_id, Device.version),
    *(getattr(Device, name) for name in DEVICE_FIELDS),
]


def extension_records(
    session: Session, viewer: Viewer, condition: ColumnElement[bool]
) -> list[ExtensionRecord]:
    """The extensions under `condition` that the viewer sees, by number, each with its device. Two
    on one device share its record; its `lines` are left empty (`read_lines`)."""
    user, organization = user_and_organization()
    places = (user.name, organization.id, organization.name, Line.number)
    query = joined(columns(*_EXTENSION, *places, *_DEVICE), user, organization)
    query = query.where(condition, within_reach(viewer, user, organization))
    keys, devices = keys_of(session), dict[int, DeviceRecord]()
    found = []
    for row in session.execute(query.order_by(col(Extension.extension))):
        own, place = row[: len(_EXTENSION)], row[len(_EXTENSION) : -len(_DEVICE)]
        record = ExtensionRecord(
            id=own[0],
            version=own[1],
            user_id=own[2],
            user=place[0],
            organization_id=place[1],
            organization=place[2],
            values=opened(keys, "extension", own[3], _named(EXTENSION_FIELDS, own)),
        )
        device = row[-len(_DEVICE) :]
        if device[0] is not None:
            known = devices.get(device[0]) or _device(keys, device)
            record.device, record.line = devices.setdefault(known.id, known), place[3]
        found.append(record)
    return found


def device_records(session: Session, condition: ColumnElement[bool]) -> list[DeviceRecord]:
    """The devices under `condition`, oldest first; their `lines` are left empty (`read_lines`)."""
    keys = keys_of(session)
    query = columns(*_DEVICE).where(condition).order_by(col(Device.id))
    return [_device(keys, row) for row in session.execute(query)]


def in_sets(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    """`ids` in parts of which each is one set."""
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))


def _device(keys: Keys, row: Sequence[Any]) -> DeviceRecord:
    return DeviceRecord(
        id=row[0],
        serial=row[1],
        token=row[2],
        owner_id=row[3],
        organization_id=row[4],
        version=row[5],
        values=opened(keys, "device", row[1], _named(DEVICE_FIELDS, row)),
    )


def _named(names: Sequence[str], row: Sequence[Any]) -> dict[str, Value]:
    """The values at the end of a row, by name."""
    return dict(zip(names, row[-len(names) :], strict=True))
