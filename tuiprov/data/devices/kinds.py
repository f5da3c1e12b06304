"""Devices that are alike in all that the rules look at: of each kind one is asked what a change
would do to it (`devices.py`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from sqlmodel import Session, col, func, select

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.checks import NO_NEIGHBOURS, check_page
from tuiprov.data.devices.rows import DeviceRow
from tuiprov.data.fields import Values
from tuiprov.data.models import Device
from tuiprov.data.reading import device_page
from tuiprov.data.sections import DEVICE_FIELDS, FIELDS
from tuiprov.data.settle import settled
from tuiprov.data.writer import forbidden, proposed_page
from tuiprov.errors import Refusal, Refused

_OWN: Final = frozenset({"mac", "friendly_name", "notes"})
"""What differs from device to device: a kind is alike in whether it is there at all."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a change would do to a device: the values it would get, with what follows (none: it has
    them already), or why it may not. `is_plain`: so of every device of its kind;
    `is_each_its_own`: what is wrong is the device's own, so each has to be asked."""

    changes: Values = field(default_factory=dict)
    refused: Sequence[Refusal] = ()
    is_plain: bool = True
    is_each_its_own: bool = False

    @property
    def is_same(self) -> bool:
        return not (self.changes or self.refused)


def kind_of(row: DeviceRow, device: Device) -> tuple[object, ...]:
    """What the rules look at: the fields, whose it is, and the lines in use."""
    values = (
        bool(getattr(device, name))
        if name in _OWN or FIELDS[name].secret
        else getattr(device, name)
        for name in DEVICE_FIELDS
    )
    lines = tuple(line.number for line in row.lines)
    return (*values, device.owner_id, device.organization_id, row.lines_used, lines)


def twins(session: Session) -> set[int]:
    """The devices whose MAC address is another one's too: all that a device's rules ask of other
    records."""
    macs = select(Device.mac).where(Device.mac != "").group_by(Device.mac).having(func.count() > 1)
    found = session.exec(select(Device.id).where(col(Device.mac).in_(macs)))
    return {number for number in found if number}


def judge(session: Session, viewer: Viewer, device: Device, change: Values) -> Judged:
    """The answer for all devices of this one's kind."""
    page = device_page(session, viewer, device)
    changes = settled(page, change)
    if not changes:
        return Judged()
    proposed = page.changed(changes)
    refused = forbidden(page, changes, proposed, replace(viewer, provision="modify"))
    if refused:
        return Judged(changes, refused)
    refused = check_page(proposed, NO_NEIGHBOURS)
    if any(one.field not in changes for one in refused):
        return Judged(is_each_its_own=True)
    return Judged(changes, refused)


def judge_alone(session: Session, viewer: Viewer, device: Device, change: Values) -> Judged:
    """The answer for one device, of which other records are asked too."""
    page = device_page(session, viewer, device)
    changes = settled(page, change)
    if not changes:
        return Judged()
    try:
        proposed_page(session, replace(viewer, provision="modify"), page, changes)
    except Refused as error:
        return Judged(changes, error.refusals, is_plain=False)
    return Judged(changes, is_plain=False)
