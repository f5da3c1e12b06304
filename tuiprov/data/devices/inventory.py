"""The inventory of SIP devices: listing, adding, editing, assigning, clearing and removing them.

The devices screen, the extension's page and `tuiprov devices` call it. What each viewer sees is in
`reach.py`, what a row holds in `rows.py`; a device alone is a `Page` without an
extension, so that `writer.py` holds it to the same rules.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import netaddr
from sqlalchemy import case, update
from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import Session, col, select

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.database import Database
from tuiprov.data.devices.choices import (
    Candidate,
    allow,
    extensions,
    fresh,
    owners,
    row_of,
    spares,
    taken,
)
from tuiprov.data.devices.enrolment import left_over
from tuiprov.data.devices.reach import reach, serves_somebody
from tuiprov.data.devices.rows import SORTS, DeviceRow, device_rows, order_by, state_column
from tuiprov.data.fields import Values
from tuiprov.data.filters import Asker, device_condition
from tuiprov.data.history import events as history
from tuiprov.data.kept import Event, PublishedFile
from tuiprov.data.models import Account, Device, Extension, Line
from tuiprov.data.page import Page
from tuiprov.data.permissions import needs, require
from tuiprov.data.queries import ids_of
from tuiprov.data.reading import device_page, page_of
from tuiprov.data.stop import Stop
from tuiprov.data.writer import device_name, outdate, write_device, write_page
from tuiprov.errors import Conflict, NotFound, Refusal, Refused

Withdraw = Callable[[int], object]
"""Deletes the published files of the device with this id, which serves nobody any more."""


class Devices:
    """The devices of a site. Every operation takes who is looking."""

    def __init__(self, database: Database):
        self._database = database

    # -- the list -------------------------------------------------------------------------------

    @needs("devices.see")
    def ids(
        self,
        viewer: Viewer,
        where: str = "",
        sort: str = "name",
        most: int | None = None,
        stop: Stop | None = None,
    ) -> array[int]:
        """Ids of the devices the viewer sees and the filter text matches, in the order of `sort`
        (one of `SORTS`): the first `most`, or all. `stop` ends the search (StoreError)."""
        require(viewer, "devices.see")
        if sort not in SORTS:
            raise Refused([Refusal("sort", f"must be one of {', '.join(SORTS)}")])
        with self._database.read(stop) as session:
            wanted = matching(where, Asker(session, viewer, "devices"))
            query = select(Device.id).where(reach(session, viewer), wanted)
            return ids_of(session, query.order_by(*order_by(sort), col(Device.id)).limit(most))

    @needs("devices.see")
    def rows(self, viewer: Viewer, ids: Sequence[int]) -> dict[int, DeviceRow]:
        """The rows of those of these ids that the viewer sees."""
        require(viewer, "devices.see")
        with self._database.read() as session:
            return device_rows(session, viewer, ids)

    # -- one device -----------------------------------------------------------------------------

    @needs("devices.see")
    def open(self, viewer: Viewer, device_id: int) -> Page:
        """The page of a device alone; NotFound when it does not exist or is out of reach."""
        require(viewer, "devices.see")
        with self._database.read() as session:
            return device_page(session, viewer, _device(session, viewer, device_id))

    @needs("devices.add")
    def owners(self, viewer: Viewer) -> list[Candidate]:
        """The accounts for which the viewer may add a device, its own first."""
        with self._database.read() as session:
            return owners(session, viewer)

    @needs("devices.add")
    def fresh(self, viewer: Viewer, owner_id: int) -> Page:
        """The page of a device to be added for this account."""
        with self._database.read() as session:
            return fresh(session, viewer, owner_id)

    @needs("devices.add")
    def add(self, viewer: Viewer, page: Page, changes: Values) -> Page:
        """Store a `fresh` page with these values; gives the page of the device. Refused names
        every reason."""
        with self._database.write() as session:
            new = replace(fresh(session, viewer, page.owner_id or 0), token=page.token)
            device = write_device(session, viewer, new, changes)
            return device_page(session, viewer, device)

    @needs("devices.edit")
    def save(self, viewer: Viewer, page: Page, changes: Values) -> Page:
        """Store `changes` of a device as it was seen and read it again. Raises Refused with every
        reason, Conflict when somebody else changed it in between."""
        with self._database.write() as session:
            row = row_of(session, viewer, page.device_id or 0)
            allow(row.cannot_edit)
            device = session.get_one(Device, row.id)
            stored = device_page(session, viewer, device)
            _same_version(device, page)
            return device_page(session, viewer, write_device(session, viewer, stored, changes))

    # -- whom it serves -------------------------------------------------------------------------

    @needs("devices.assign")
    def extensions(self, viewer: Viewer, device_id: int) -> list[Candidate]:
        """The extensions without a device that this one may be assigned to."""
        require(viewer, "devices.see")
        with self._database.read() as session:
            return extensions(session, viewer, row_of(session, viewer, device_id))

    @needs("devices.assign")
    def spares(self, viewer: Viewer, page: Page) -> list[DeviceRow]:
        """The devices with a free line that the extension of `page` may take."""
        require(viewer, "devices.see")
        with self._database.read() as session:
            return spares(session, viewer, page)

    @needs("devices.assign")
    def taken(self, viewer: Viewer, device_id: int, extension_id: int) -> Page:
        """The page of an extension put on this device, on its first free line; nothing is saved
        (`Store.save` of it does). Refused says why it cannot be."""
        require(viewer, "devices.see")
        with self._database.read() as session:
            return taken(session, viewer, page_of(session, viewer, extension_id), device_id)

    @needs("devices.assign")
    def assign(
        self, viewer: Viewer, device_id: int, extension_id: int, line: int | None = None
    ) -> Page:
        """Put an extension on a line of the device (None: the first free one); gives the page of
        the device."""
        require(viewer, "devices.see")
        with self._database.write() as session:
            page = taken(session, viewer, page_of(session, viewer, extension_id), device_id)
            changes = {"use_provisioning": True, "line": line or page.free_lines[0]}
            write_page(session, replace(viewer, provision="modify"), page, changes)
            return device_page(session, viewer, session.get_one(Device, device_id))

    @needs("devices.edit")
    def enrol(self, viewer: Viewer, device_id: int) -> datetime:
        """Open the device's enrolment window, with new tokens; gives when it closes (UTC). The
        files are the caller's to publish: the device is stale until then."""
        from tuiprov.data.devices.enrolment import open_window

        with self._database.write() as session:
            row = row_of(session, viewer, device_id)
            allow(row.cannot_edit)
            device = session.get_one(Device, row.id)
            history.record(session, viewer, "enrol", device_name(device))
            return open_window(session, device).until

    @needs("devices.clear")
    def clear(self, viewer: Viewer, page: Page) -> Page:
        """Take a device, as it was seen, from all its extensions and its organization; gives its
        page. Its files are the caller's to withdraw: the device is stale until then."""
        with self._database.write() as session:
            row = row_of(session, viewer, page.device_id or 0)
            allow(row.cannot_clear)
            device = session.get_one(Device, row.id)
            _same_version(device, page)
            _detach(session, device)
            _record_clearing(session, viewer, row, device)
            session.flush()
            return device_page(session, viewer, device)

    @needs("devices.remove")
    def remove(self, viewer: Viewer, page: Page, withdraw: Withdraw) -> None:
        """Remove a device as it was seen. First it serves nobody, then `withdraw` deletes its
        files, then the record goes: whatever stops in between leaves a device that still knows
        its files."""
        with self._database.write() as session:
            row = row_of(session, viewer, page.device_id or 0)
            allow(row.cannot_remove)
            device = session.get_one(Device, row.id)
            _same_version(device, page)
            event = history.record(session, viewer, "remove", device_name(device), device.serial)
            _detach(session, device)
            session.flush()
            version = device.version
        withdraw(row.id)
        with self._database.write() as session:
            history.go_on(session, session.get_one(Event, event.id))
            _delete(session, row.id, version)

    @needs("devices.see")
    def find(self, viewer: Viewer, words: str) -> int:
        """The id of the one device that `words` name: a MAC in any notation, a serial, an extended
        number or a friendly name. NotFound says what there is instead."""
        require(viewer, "devices.see")
        with self._database.read() as session:
            visible = reach(session, viewer)
            for condition in _names_of(words):
                query = select(Device.id).where(condition, visible).limit(2)
                found = session.exec(query).all()
                if len(found) > 1:
                    raise NotFound(f"several devices are {words!r}: say which by its serial")
                if found and found[0] is not None:
                    return found[0]
        raise NotFound(
            f"there is no device {words!r}: give a MAC, a serial, an extension or a friendly name"
        )


def is_outdated(session: Session) -> Any:
    """Is a device's file perhaps not what the database says, or no longer what the clock says?"""
    by_state = col(Device.publish_state).in_(("stale", "publishing", "failed"))
    by_clock = set(left_over(session).values())
    return by_state | col(Device.id).in_(by_clock) if by_clock else by_state


def leftovers(
    session: Session, viewer: Viewer, where: str, *, outdated: bool = False
) -> Iterator[int]:
    """Devices within reach that serve nobody and have published files on record."""
    recorded = select(PublishedFile.device_id).where(col(PublishedFile.device_id).is_not(None))
    wanted = matching(where, Asker(session, viewer))
    query = select(Device.id).where(
        ~serves_somebody(), col(Device.id).in_(recorded), reach(session, viewer), wanted
    )
    if outdated:
        query = query.where(is_outdated(session))
    yield from (one for one in session.exec(query) if one)


# -- parts ----------------------------------------------------------------------------------------


def matching(where: str, asker: Asker) -> Any:
    """The SQL condition on `Device` for a filter text; Refused says what is wrong with it."""
    owner = select(Account.name).where(Account.id == Device.owner_id).correlate(Device)
    more = {
        "owner": owner.scalar_subquery(),
        "serial": Device.serial,
        "state": state_column(serves_somebody()),
        "published": case((serves_somebody(), Device.published_at)),
    }
    return device_condition(where, asker, more)


def _names_of(words: str) -> Iterator[Any]:
    """The SQL conditions under which a device is what `words` name, the surest first."""
    yield Device.serial == words
    if netaddr.valid_mac(words):
        yield Device.mac == str(netaddr.EUI(words, dialect=netaddr.mac_unix_expanded)).upper()
    lines = select(Line.device_id).join(Extension, col(Line.extension_id) == Extension.id)
    yield col(Device.id).in_(lines.where(Extension.extension == words))
    yield Device.friendly_name == words


def _device(session: Session, viewer: Viewer, device_id: int) -> Device:
    return session.get_one(Device, row_of(session, viewer, device_id).id)


def _same_version(device: Device, page: Page) -> None:
    if device.version != page.device_version:
        name = device_name(device)
        raise Conflict(f"somebody else changed {name} meanwhile; nothing was saved")


def _record_clearing(session: Session, viewer: Viewer, row: DeviceRow, device: Device) -> None:
    numbers = " ".join(line.extension for line in row.lines)
    history.record(session, viewer, "clear", device_name(device), numbers)


def _detach(session: Session, device: Device) -> None:
    """No extension is on the device any more, and none of them is provisioned."""
    lines = session.exec(select(Line).where(Line.device_id == device.id)).all()
    for line in lines:
        extension = session.get_one(Extension, line.extension_id)
        extension.use_provisioning = False
        session.add(extension)
        session.delete(line)
    device.organization_id = None
    outdate(device)
    flag_modified(device, "status")  # a line has no version of its own
    session.add(device)


def _delete(session: Session, device_id: int, version: int) -> None:
    device = session.get(Device, device_id)
    if device is None:
        return  # somebody else was faster
    files = select(PublishedFile.path).where(PublishedFile.device_id == device_id)
    if device.version != version or session.exec(files).first() is not None:
        name = device_name(device)
        raise Conflict(f"somebody else changed or published {name} meanwhile; it was not removed")
    _disown_requests(session, device_id)
    session.delete(device)


def _disown_requests(session: Session, device_id: int) -> None:
    """What the device asked for stays in the log, as nobody's: SQLite may give its id again."""
    from tuiprov.data.kept import Fetch

    mine = col(Fetch.device_id) == device_id
    session.execute(update(Fetch).where(mine).values(device_id=None))
