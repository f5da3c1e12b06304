"""The rows of the devices inventory, read by whole pages: what each device is, who has it, and why
it cannot be edited, removed, cleared or assigned by this viewer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, case, func, or_
from sqlmodel import Session, col, select

from tuiprov.data.accounts.kinship import Kin, kin
from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.catalog import default_catalog
from tuiprov.data.devices.reach import (
    Standing,
    Use,
    reach,
    serves_somebody,
    standing,
    within_tree,
)
from tuiprov.data.models import Account, Device, Extension, Line
from tuiprov.data.permissions import why_not
from tuiprov.data.queries import columns

UNASSIGNED: Final = "unassigned"
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class DeviceLine:
    """An extension on a line of a device."""

    number: int
    extension_id: int
    extension: str
    name: str


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """One row of the inventory. `lines` are those within the viewer's reach; the `cannot_…` say
    why an operation is not for this viewer, "" when it is."""

    id: int
    serial: str
    state: str
    problem: str
    friendly_name: str
    mac: str
    manufacturer: str
    model: str
    firmware: str
    lines_used: int
    lines_total: int | None
    lines: tuple[DeviceLine, ...]
    organization: str
    organization_id: int | None
    owner: str
    owner_id: int
    published_at: datetime | None
    standing: Standing
    cannot_edit: str
    cannot_remove: str
    cannot_clear: str
    cannot_assign: str

    @property
    def extensions(self) -> str:
        """`0027*001, 0027*002`: the extended numbers in order of the lines."""
        return ", ".join(line.extension for line in self.lines)

    @property
    def phone(self) -> str:
        return f"{self.manufacturer} {self.model}".strip()


def state_column(in_use: ColumnElement[bool]) -> Any:
    """What the inventory calls the state of a device, in SQL: `unassigned` where it serves nobody,
    else disabled, published, stale or failed."""
    failed = col(Device.publish_state) == "failed"
    return case(
        (or_(in_use, failed).is_(False), UNASSIGNED),
        (col(Device.status) == "disabled", "disabled"),
        else_=Device.publish_state,
    )


def _account_name(column: Any) -> Any:
    name = select(func.lower(Account.name)).where(Account.id == column)
    return name.correlate(Device).scalar_subquery()


def _first_extension() -> Any:
    query = select(func.min(Extension.extension)).join(Line, col(Line.extension_id) == Extension.id)
    return query.where(Line.device_id == Device.id).correlate(Device).scalar_subquery()


def _lines_used() -> Any:
    query = select(func.count()).where(Line.device_id == Device.id)
    return query.correlate(Device).scalar_subquery()


def _last_without(column: Any) -> tuple[Any, ...]:
    return column.is_(None), column


SORTS: Final = (
    *("name", "state", "mac", "phone", "lines"),
    *("extension", "organization", "owner", "published"),
)
"""What the inventory can be sorted by."""


def order_by(sort: str) -> tuple[Any, ...]:
    """The SQL columns to order devices by: one of `SORTS`; what has none comes last."""
    if sort == "state":
        return (state_column(serves_somebody()),)
    if sort == "phone":
        return Device.manufacturer, Device.model, Device.firmware
    if sort == "mac":
        return col(Device.mac) == "", Device.mac
    if sort == "lines":
        return (_lines_used().desc(),)
    if sort == "published":
        return col(Device.published_at).is_(None), col(Device.published_at).desc()
    if sort == "extension":
        return _last_without(_first_extension())
    if sort == "organization":
        return _last_without(_account_name(Device.organization_id))
    if sort == "owner":
        return (_account_name(Device.owner_id),)
    return (func.lower(Device.friendly_name),)


# -- rows -----------------------------------------------------------------------------------------


def device_rows(session: Session, viewer: Viewer, ids: Iterable[int]) -> dict[int, DeviceRow]:
    """Those of these devices that the viewer sees: a few queries for each 500 of them."""
    found: dict[int, DeviceRow] = {}
    wanted = sorted(set(ids))
    visible = reach(session, viewer)
    for start in range(0, len(wanted), _AT_ONCE):
        query = columns(*_COLUMNS)
        some = col(Device.id).in_(wanted[start : start + _AT_ONCE])
        devices = session.execute(query.where(some, visible)).all()
        lines = _lines_of(session, [device.id for device in devices])
        known = kin(session, {viewer.account_id, *_accounts(devices, lines)})
        for device in devices:
            found[device.id] = _row(viewer, device, lines.get(device.id, ()), known)
    return found


_COLUMNS: Final = (
    Device.id,
    Device.serial,
    state_column(serves_somebody()).label("state"),
    Device.publish_reason,
    Device.friendly_name,
    Device.mac,
    Device.manufacturer,
    Device.model,
    Device.firmware,
    Device.owner_id,
    Device.organization_id,
    Device.published_at,
)


@dataclass(frozen=True, slots=True)
class _LineOfUser:
    device_id: int
    user_id: int
    line: DeviceLine


def _lines_of(session: Session, ids: Sequence[int]) -> dict[int, list[_LineOfUser]]:
    query = columns(
        Line.device_id,
        Extension.user_id,
        Line.number,
        Extension.id,
        Extension.extension,
        Extension.extension_name,
    )
    query = query.join(Extension, col(Line.extension_id) == Extension.id)
    query = query.where(col(Line.device_id).in_(ids)).order_by(col(Line.number))
    found: dict[int, list[_LineOfUser]] = {}
    for device_id, user_id, *line in session.execute(query):
        found.setdefault(device_id, []).append(_LineOfUser(device_id, user_id, DeviceLine(*line)))
    return found


def _accounts(devices: Sequence[Any], lines: Mapping[int, Sequence[_LineOfUser]]) -> Iterator[int]:
    for device in devices:
        yield device.owner_id
        if device.organization_id is not None:
            yield device.organization_id
    yield from (line.user_id for of_one in lines.values() for line in of_one)


def _row(
    viewer: Viewer, device: Any, lines: Sequence[_LineOfUser], known: Mapping[int, Kin]
) -> DeviceRow:
    use = Use([line.user_id for line in lines], device.organization_id)
    place = standing(viewer, device.owner_id, use, known)
    seen = tuple(one.line for one in lines if _is_seen(viewer, one, known))
    kind = default_catalog().find(device.manufacturer, device.model, device.firmware)
    total = kind.lines if kind else None
    shared = len(seen) < len(lines)
    organization = known.get(device.organization_id) if device.organization_id else None
    return DeviceRow(
        device.id,
        device.serial,
        device.state,
        device.publish_reason,
        device.friendly_name,
        device.mac,
        device.manufacturer,
        device.model,
        device.firmware,
        len(lines),
        total,
        seen,
        organization.name if organization and _names(viewer, organization, known) else "",
        device.organization_id,
        known[device.owner_id].name,
        device.owner_id,
        device.published_at if lines else None,
        place,
        _reason(viewer, "devices.edit", place),
        _reason(viewer, "devices.remove", place) or (_SHARED if shared else ""),
        _cannot_clear(viewer, place, use, known[device.owner_id], shared=shared),
        _cannot_assign(viewer, place, len(lines), total),
    )


_SHARED: Final = "it also serves extensions that are not yours"


def _reason(viewer: Viewer, operation: str, place: Standing, child: str = "") -> str:
    return why_not(viewer, operation, place.relation, child or place.child)


def _cannot_clear(viewer: Viewer, place: Standing, use: Use, owner: Kin, *, shared: bool) -> str:
    if not use.user_ids and use.organization_id in (None, owner.id, *owner.above):
        return "it is assigned to nobody"
    return _reason(viewer, "devices.clear", place) or (_SHARED if shared else "")


def _cannot_assign(viewer: Viewer, place: Standing, used: int, total: int | None) -> str:
    """Could it be assigned to anybody: to whom, `devices.py` asks again."""
    reason = _reason(viewer, "devices.assign", place, "modify")
    if not reason and total is not None and used >= total:
        return "all its lines are in use"
    return reason


def _is_seen(viewer: Viewer, line: _LineOfUser, known: Mapping[int, Kin]) -> bool:
    if viewer.role == "terminal":
        return line.line.extension_id == viewer.extension_id
    return within_tree(viewer, known[line.user_id])


def _names(viewer: Viewer, organization: Kin, known: Mapping[int, Kin]) -> bool:
    """May the viewer read this organization's name: one of its tree, or its own one."""
    return within_tree(viewer, organization) or organization.id in known[viewer.account_id].above
