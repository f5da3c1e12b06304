"""Many devices of the inventory changed, cleared or removed as one operation each.

What may be done with each is asked as for one (`rows.py`); who is refused stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import Session, col, select

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.bulk.edit import TOGETHER, values_for
from tuiprov.data.bulk.sets import Change, plain
from tuiprov.data.catalog import default_catalog
from tuiprov.data.devices.kinds import Judged, judge, judge_alone, kind_of, twins
from tuiprov.data.devices.rows import DeviceRow, device_rows
from tuiprov.data.fields import Values
from tuiprov.data.history import events as history
from tuiprov.data.history.versions import in_parts
from tuiprov.data.kept import Event, Fetch, PublishedFile
from tuiprov.data.models import Device, Extension, Line
from tuiprov.data.permissions import require
from tuiprov.data.reading import device_page
from tuiprov.data.settle import settled
from tuiprov.data.writer import outdate, write_device
from tuiprov.errors import Refusal, Refused

OnRecord = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Found:
    """What an operation on many devices would do: `names` of those it is done to, by id; the
    `values` they would get; `same`: how many are so already; why others are refused, and how many
    these are (two may have one name, and one two reasons); its number in the history once it is
    done."""

    names: Mapping[int, str] = field(default_factory=dict)
    values: Mapping[int, Values] = field(default_factory=dict)
    same: int = 0
    refused: Sequence[Refusal] = ()
    left_out: int = 0
    event_id: int | None = None


# -- fields ---------------------------------------------------------------------------------------


def survey_change(
    session: Session, viewer: Viewer, ids: Collection[int], change: Change, on_record: OnRecord
) -> Found:
    """What giving these devices these values, and what follows from them, would do."""
    allowed, refused = _sorted_out(session, viewer, ids, lambda row: row.cannot_edit)
    names: dict[int, str] = {}
    values: dict[int, Values] = {}
    same, left_out = 0, len(refused)
    for row, _, _, judged in _judged(session, viewer, allowed, change, on_record):
        refused += [replace(one, where=_name(row)) for one in judged.refused]
        same += judged.is_same
        left_out += bool(judged.refused)
        if judged.changes and not judged.refused:
            names[row.id], values[row.id] = _name(row), judged.changes
    return Found(names, values, same, refused, left_out)


def change_all(
    session: Session, viewer: Viewer, ids: Collection[int], change: Change, on_record: OnRecord
) -> Found:
    """Give all of these devices that may have them these values, as one operation. What
    `on_record` raises ends it. Their files are the caller's to bring up to date."""
    allowed, refused = _sorted_out(session, viewer, ids, lambda row: row.cannot_edit)
    event = _record(session, viewer, "set", allowed.values(), " ".join(change))
    names: dict[int, str] = {}
    same, left_out = 0, len(refused)
    for row, device, own, judged in list(_judged(session, viewer, allowed, change, on_record)):
        found = judged.refused or _written(session, viewer, device, own, judged)
        refused += [replace(one, where=_name(row)) for one in found]
        same += judged.is_same
        left_out += bool(found)
        if judged.changes and not found:
            names[row.id] = _name(row)
            on_record(len(names))
    session.flush()
    return _ended(session, Found(names, {}, same, refused, left_out), event)


def _judged(
    session: Session,
    viewer: Viewer,
    rows: Mapping[int, DeviceRow],
    change: Change,
    on_record: OnRecord,
) -> Iterator[tuple[DeviceRow, Device, Values, Judged]]:
    """Each device with the values that the change has for it, and what they would do to it: those
    alike are one question."""
    answers: dict[tuple[object, ...], Judged] = {}
    alone, same_for_all = twins(session), plain(change)
    for count, (row, device) in enumerate(_devices(session, rows)):
        on_record(count)
        if len(same_for_all) < len(change):
            yield row, device, *_composed(session, viewer, device, change, count)
            continue
        kind = kind_of(row, device)
        if kind not in answers:
            answers[kind] = judge(session, viewer, device, same_for_all)
        judged = answers[kind]
        if judged.is_each_its_own or row.id in alone:
            judged = judge_alone(session, viewer, device, same_for_all)
        yield row, device, same_for_all, judged


def _composed(
    session: Session, viewer: Viewer, device: Device, change: Change, place: int
) -> tuple[Values, Judged]:
    """The values of the device at this place, of which some are made from its own, and what they
    would do to it."""
    try:
        own = values_for(device_page(session, viewer, device).values, change, place)
    except Refused as error:
        return {}, Judged(refused=error.refusals)
    return own, judge_alone(session, viewer, device, own)


def _written(
    session: Session, viewer: Viewer, device: Device, change: Values, judged: Judged
) -> Sequence[Refusal]:
    """Give a device what it may have; why it may not, after all."""
    if not judged.changes:
        return ()
    if judged.is_plain and judged.changes.keys() <= TOGETHER:
        for name, value in judged.changes.items():
            setattr(device, name, value)
        outdate(device)
        session.add(device)
        return ()
    page = device_page(session, viewer, device)
    try:
        with session.begin_nested():
            write_device(session, viewer, page, settled(page, change))
    except Refused as error:
        return error.refusals
    return ()


# -- whom they serve ------------------------------------------------------------------------------


def survey_clearing(session: Session, viewer: Viewer, ids: Collection[int]) -> Found:
    """Whose assignment would be cleared."""
    return _found(*_sorted_out(session, viewer, ids, lambda row: row.cannot_clear))


def clear_all(session: Session, viewer: Viewer, ids: Collection[int], on_record: OnRecord) -> Found:
    """Take these devices from all their extensions and organizations, as one operation. Their files
    are the caller's to withdraw: the devices are stale until then."""
    allowed, refused = _sorted_out(session, viewer, ids, lambda row: row.cannot_clear)
    event = _record(session, viewer, "clear", allowed.values())
    _detach(session, list(allowed), on_record)
    return _ended(session, _found(allowed, refused), event)


def survey_removal(session: Session, viewer: Viewer, ids: Collection[int]) -> Found:
    """Which devices would go."""
    return _found(*_sorted_out(session, viewer, ids, lambda row: row.cannot_remove))


def begin_removal(
    session: Session, viewer: Viewer, ids: Collection[int], on_record: OnRecord
) -> Found:
    """The first part of removing devices: they serve nobody any more. Then their files are
    withdrawn, then `end_removal` takes the records: whatever stops in between leaves devices that
    still know their files. Both parts are one operation."""
    allowed, refused = _sorted_out(session, viewer, ids, lambda row: row.cannot_remove)
    event = _record(session, viewer, "remove", allowed.values())
    _detach(session, list(allowed), on_record)
    return _ended(session, _found(allowed, refused), event)


def end_removal(session: Session, found: Found) -> list[str]:
    """Remove the devices of `begin_removal` that serve nobody and have no files; gives the names
    of those that somebody has used or published again meanwhile: they stay."""
    history.go_on(session, session.get_one(Event, found.event_id))
    used: list[str] = []
    for some in in_parts(list(found.names)):
        busy = set(session.exec(select(Line.device_id).where(col(Line.device_id).in_(some))))
        files = select(PublishedFile.device_id).where(col(PublishedFile.device_id).in_(some))
        busy |= {number for number in session.exec(files) if number}
        used += [found.names[number] for number in some if number in busy]
        gone = [number for number in some if number not in busy]
        # What they asked for stays in the log, as nobody's: SQLite may give their ids again.
        asked = update(Fetch).where(col(Fetch.device_id).in_(gone))
        session.execute(asked.values(device_id=None))
        for device in session.exec(select(Device).where(col(Device.id).in_(gone))):
            session.delete(device)
        session.flush()
    return used


def _detach(session: Session, ids: Sequence[int], on_record: OnRecord) -> None:
    """No extension is on these devices any more, and none of them is provisioned."""
    done = 0
    for some in in_parts(ids):
        on_record(done)
        lines = session.exec(select(Line).where(col(Line.device_id).in_(some))).all()
        served = [line.extension_id for line in lines]
        for extension in session.exec(select(Extension).where(col(Extension.id).in_(served))):
            extension.use_provisioning = False
            session.add(extension)
        for line in lines:
            session.delete(line)
        for device in session.exec(select(Device).where(col(Device.id).in_(some))):
            device.organization_id = None
            outdate(device)
            flag_modified(device, "status")  # a line has no version of its own
            session.add(device)
        session.flush()
        done += len(some)


# -- parts ----------------------------------------------------------------------------------------


def _sorted_out(
    session: Session, viewer: Viewer, ids: Collection[int], reason: Callable[[DeviceRow], str]
) -> tuple[dict[int, DeviceRow], list[Refusal]]:
    """The rows of those it may be done to, by id in the order of their names, and the others'
    refusals. Who is out of the viewer's reach is left out."""
    require(viewer, "devices.see")
    rows = device_rows(session, viewer, ids).values()
    ordered = sorted(rows, key=lambda row: (_name(row).lower(), row.id))
    refused = [Refusal("", why, _name(row)) for row in ordered if (why := reason(row))]
    return {row.id: row for row in ordered if not reason(row)}, refused


def _devices(session: Session, rows: Mapping[int, DeviceRow]) -> Iterator[tuple[DeviceRow, Device]]:
    for some in in_parts(list(rows)):
        found = session.exec(select(Device).where(col(Device.id).in_(some))).all()
        by_id = {device.id: device for device in found}
        yield from ((rows[number], by_id[number]) for number in some if number in by_id)


def _found(allowed: Mapping[int, DeviceRow], refused: Sequence[Refusal]) -> Found:
    names = {number: _name(row) for number, row in allowed.items()}
    return Found(names, refused=refused, left_out=len(refused))


def _name(row: DeviceRow) -> str:
    return row.friendly_name or row.mac or row.serial


def _record(
    session: Session, viewer: Viewer, action: str, rows: Iterable[DeviceRow], detail: str = ""
) -> Any:
    names = [_name(row) for row in rows]
    subject = f"device {names[0]}" if len(names) == 1 else f"{len(names)} devices"
    event = history.record(session, viewer, action, subject, detail or ", ".join(names))
    session.flush()
    return event


def _ended(session: Session, found: Found, event: Event) -> Found:
    """An operation that was done to nobody is none."""
    if not found.names:
        session.delete(event)
        session.flush()
        return found
    return replace(found, event_id=event.id)


# -- what all can have ----------------------------------------------------------------------------


def firmwares_of(session: Session, viewer: Viewer, ids: Collection[int]) -> list[str]:
    """The generations of firmware that all of these devices can have."""
    catalog = default_catalog()
    rows = device_rows(session, viewer, ids).values()
    models = {(row.manufacturer, row.model) for row in rows}
    return _in_all([catalog.firmwares(*model) for model in sorted(models)])


def templates_of(session: Session, viewer: Viewer, ids: Collection[int]) -> list[str]:
    """The templates that all of these devices can have: one of each kind is asked."""
    kinds = {
        (row.manufacturer, row.model, row.firmware, row.owner_id, row.organization_id): row.id
        for row in device_rows(session, viewer, ids).values()
    }
    pages = (device_page(session, viewer, session.get_one(Device, one)) for one in kinds.values())
    return _in_all([page.templates for page in pages])


def _in_all(lists: Sequence[Sequence[str]]) -> list[str]:
    first = lists[0] if lists else ()
    return [one for one in first if all(one in other for other in lists)]
