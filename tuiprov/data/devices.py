"""The inventory of SIP devices: listing, adding, editing, assigning, clearing and removing them.

The devices screen, the extension's page and `tuiprov devices` call it. What each viewer sees is in
`device_reach.py`, what a row holds in `device_rows.py`; a device alone is a `Page` without an
extension, so that `writer.py` holds it to the same rules.
"""

from __future__ import annotations

import secrets
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import netaddr
from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import Session, col, select

from tuiprov.data import history
from tuiprov.data.accounts import ROLE_WORDS, Viewer, user_and_organization, within_reach
from tuiprov.data.database import Database
from tuiprov.data.device_reach import level_of, misfit, reach, serves_somebody
from tuiprov.data.device_rows import SORTS, DeviceRow, device_rows, order_by, state_column
from tuiprov.data.fields import Values
from tuiprov.data.filters import device_condition
from tuiprov.data.kinship import Kin, is_below, kin, relation
from tuiprov.data.models import Account, Device, Extension, Line, PublishedFile
from tuiprov.data.page import Page
from tuiprov.data.permissions import may, needs, require
from tuiprov.data.reading import columns, customs_for, device_page, joined, on_device, page_of
from tuiprov.data.writer import device_name, misfit_of, outdate, write_device, write_page
from tuiprov.errors import Conflict, NotAllowed, NotFound, Refusal, Refused

Withdraw = Callable[[int], object]
"""Deletes the published files of the device with this id, which serves nobody any more."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What may be chosen in a list: an id and its words."""

    id: int
    words: str


class Devices:
    """The devices of a site. Every operation takes who is looking."""

    def __init__(self, database: Database):
        self._database = database

    # -- the list -------------------------------------------------------------------------------

    @needs("devices.see")
    def ids(self, viewer: Viewer, where: str = "", sort: str = "name") -> array[int]:
        """Ids of all devices the viewer sees and the filter text matches, in the order of `sort`
        (one of `SORTS`)."""
        require(viewer, "devices.see")
        if sort not in SORTS:
            raise Refused([Refusal("sort", f"must be one of {', '.join(SORTS)}")])
        with self._database.read() as session:
            query = select(Device.id).where(reach(session, viewer), _matching(where))
            query = query.order_by(*order_by(sort), col(Device.id))
            return array("q", session.execute(query).scalars())

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
            tree = session.exec(_tree_of(viewer)).all()
            known = kin(session, [one for one in tree if one is not None])
            own = known[viewer.account_id]
            allowed = [one for one in known.values() if _may_own(viewer, one, own)]
            allowed.sort(key=lambda one: (one.id != own.id, len(one.above), one.name.lower()))
            return [Candidate(one.id, _named(one, own)) for one in allowed]

    @needs("devices.add")
    def fresh(self, viewer: Viewer, owner_id: int) -> Page:
        """The page of a device to be added for this account."""
        with self._database.read() as session:
            return _fresh(session, viewer, owner_id)

    @needs("devices.add")
    def add(self, viewer: Viewer, page: Page, changes: Values) -> Page:
        """Store a `fresh` page with these values; gives the page of the device. Refused names
        every reason."""
        with self._database.write() as session:
            fresh = replace(_fresh(session, viewer, page.owner_id or 0), token=page.token)
            device = write_device(session, viewer, fresh, changes)
            return device_page(session, viewer, device)

    @needs("devices.edit")
    def save(self, viewer: Viewer, page: Page, changes: Values) -> Page:
        """Store `changes` of a device as it was seen and read it again. Raises Refused with every
        reason, Conflict when somebody else changed it in between."""
        with self._database.write() as session:
            row = _row(session, viewer, page.device_id or 0)
            _allow(row.cannot_edit)
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
            row = _row(session, viewer, device_id)
            found = session.execute(_without_device(viewer)).all()
            ids = {row.owner_id, *(id for one in found for id in (one.user_id, one.place))}
            known = kin(session, ids | ({row.organization_id} if row.organization_id else set()))
            return [
                Candidate(one.id, f"{one.extension}  {one.extension_name}")
                for one in found
                if not _may_not_serve(viewer, row, one.user_id, one.place, known)
            ]

    @needs("devices.assign")
    def spares(self, viewer: Viewer, page: Page) -> list[DeviceRow]:
        """The devices with a free line that the extension of `page` may take."""
        require(viewer, "devices.see")
        place = col(Device.organization_id)
        with self._database.read() as session:
            fits = place.is_(None) | (place == page.organization_id)
            query = select(Device.id).where(reach(session, viewer), fits)
            rows = device_rows(session, viewer, session.execute(query).scalars()).values()
            account_ids = {page.user_id or 0, page.organization_id or 0}
            known = kin(session, account_ids | {row.owner_id for row in rows})
            user, organization = page.user_id or 0, page.organization_id or 0
            fitting = [
                row
                for row in rows
                if row.lines_total is not None
                and not _may_not_serve(viewer, row, user, organization, known)
            ]
            return sorted(fitting, key=lambda row: (row.friendly_name.lower(), row.id))

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

    @needs("devices.clear")
    def clear(self, viewer: Viewer, page: Page) -> Page:
        """Take a device, as it was seen, from all its extensions and its organization; gives its
        page. Its files are the caller's to withdraw: the device is stale until then."""
        with self._database.write() as session:
            row = _row(session, viewer, page.device_id or 0)
            _allow(row.cannot_clear)
            device = session.get_one(Device, row.id)
            _same_version(device, page)
            _detach(session, device)
            numbers = " ".join(line.extension for line in row.lines)
            history.record(session, viewer.label, "clear", device_name(device), numbers)
            session.flush()
            return device_page(session, viewer, device)

    @needs("devices.remove")
    def remove(self, viewer: Viewer, page: Page, withdraw: Withdraw) -> None:
        """Remove a device as it was seen. First it serves nobody, then `withdraw` deletes its
        files, then the record goes: whatever stops in between leaves a device that still knows
        its files."""
        with self._database.write() as session:
            row = _row(session, viewer, page.device_id or 0)
            _allow(row.cannot_remove)
            device = session.get_one(Device, row.id)
            _same_version(device, page)
            _detach(session, device)
            session.flush()
            version = device.version
        withdraw(row.id)
        with self._database.write() as session:
            _delete(session, viewer, row.id, version)

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


def leftovers(session: Session, viewer: Viewer, where: str) -> Iterator[int]:
    """Devices within reach that serve nobody and have published files on record."""
    recorded = select(PublishedFile.device_id).where(col(PublishedFile.device_id).is_not(None))
    query = select(Device.id).where(
        ~serves_somebody(), col(Device.id).in_(recorded), reach(session, viewer), _matching(where)
    )
    yield from (one for one in session.exec(query) if one)


def taken(session: Session, viewer: Viewer, page: Page, device_id: int) -> Page:
    """`page` of an extension put on a device it does not have yet, on its first free line. Raises
    NotFound, NotAllowed or Refused when it cannot have it."""
    if page.device_id is not None:
        reason = f"{page.values['extension']} has a device already: clear that assignment first"
        raise Refused([Refusal("", reason)])
    row = _row(session, viewer, device_id)
    user, organization = page.user_id or 0, page.organization_id or 0
    known = kin(session, (user, organization, row.owner_id, row.organization_id or organization))
    _allow(row.cannot_assign)
    require(viewer, "devices.assign", row.standing.relation, level_of(known[user]))
    device = session.get_one(Device, device_id)
    reason = misfit_of(session, device, organization)
    if reason:
        raise Refused([Refusal("", reason)])
    owners = (user, organization, *known[organization].above)
    customs = customs_for(session, viewer, owners, device.template)
    put = replace(on_device(session, viewer, page, device), is_taken=True, customs=customs)
    if not put.free_lines:
        raise Refused([Refusal("", f"{device_name(device)} has no free line")])
    return put.changed({"line": put.free_lines[0]})


# -- parts ----------------------------------------------------------------------------------------


def _matching(where: str) -> Any:
    owner = select(Account.name).where(Account.id == Device.owner_id).correlate(Device)
    more = {
        "owner": owner.scalar_subquery(),
        "serial": Device.serial,
        "state": state_column(serves_somebody()),
    }
    return device_condition(where, more)


def _names_of(words: str) -> Iterator[Any]:
    """The SQL conditions under which a device is what `words` name, the surest first."""
    yield Device.serial == words
    if netaddr.valid_mac(words):
        yield Device.mac == str(netaddr.EUI(words, dialect=netaddr.mac_unix_expanded)).upper()
    lines = select(Line.device_id).join(Extension, col(Line.extension_id) == Extension.id)
    yield col(Device.id).in_(lines.where(Extension.extension == words))
    yield Device.friendly_name == words


def _row(session: Session, viewer: Viewer, device_id: int) -> DeviceRow:
    """How a device stands to the viewer; NotFound when it is not there or out of reach."""
    require(viewer, "devices.see")
    row = device_rows(session, viewer, [device_id]).get(device_id)
    if row is None:
        raise NotFound("this device does not exist (any more)")
    return row


def _device(session: Session, viewer: Viewer, device_id: int) -> Device:
    return session.get_one(Device, _row(session, viewer, device_id).id)


def _allow(reason: str) -> None:
    if reason:
        raise NotAllowed(reason)


def _same_version(device: Device, page: Page) -> None:
    if device.version != page.device_version:
        name = device_name(device)
        raise Conflict(f"somebody else changed {name} meanwhile; nothing was saved")


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


def _delete(session: Session, viewer: Viewer, device_id: int, version: int) -> None:
    device = session.get(Device, device_id)
    if device is None:
        return  # somebody else was faster
    files = select(PublishedFile.path).where(PublishedFile.device_id == device_id)
    if device.version != version or session.exec(files).first() is not None:
        name = device_name(device)
        raise Conflict(f"somebody else changed or published {name} meanwhile; it was not removed")
    history.record(session, viewer.label, "remove", device_name(device), device.serial)
    session.delete(device)


# -- whose it may be ------------------------------------------------------------------------------


def _tree_of(viewer: Viewer) -> Any:
    """The viewer's account and all below it."""
    if viewer.is_administrator:
        return select(Account.id)
    own, parent = viewer.account_id, col(Account.parent_id)
    children = select(Account.id).where(parent == own)
    return select(Account.id).where(
        (col(Account.id) == own) | (parent == own) | parent.in_(children)
    )


def _may_own(viewer: Viewer, owner: Kin, own: Kin) -> bool:
    word, level = _context(viewer, owner, own)
    return may(viewer, "devices.add", word, level)


def _context(viewer: Viewer, owner: Kin, own: Kin) -> tuple[str, str]:
    """Relation and child's level of a new device of this owner."""
    word = relation(viewer, owner, own)
    if word == "self":
        return "own-free", ""
    if is_below(word):
        return "child", level_of(owner)
    raise NotFound("this account does not exist (any more)")


def _named(account: Kin, own: Kin) -> str:
    kind = ROLE_WORDS.get(account.kind, account.kind)
    return f"{account.name}  {kind}{', yourself' if account.id == own.id else ''}"


def _fresh(session: Session, viewer: Viewer, owner_id: int) -> Page:
    known = kin(session, (owner_id, viewer.account_id))
    owner = known.get(owner_id)
    if owner is None:
        raise NotFound("this account does not exist (any more)")
    require(viewer, "devices.see")
    require(viewer, "devices.add", *_context(viewer, owner, known[viewer.account_id]))
    unsaved = Device(serial="", owner_id=owner_id, token=secrets.token_hex(16))
    return device_page(session, viewer, unsaved)


def _without_device(viewer: Viewer) -> Any:
    user, organization = user_and_organization()
    names = columns(
        Extension.id,
        Extension.extension,
        Extension.extension_name,
        Extension.user_id,
        organization.id.label("place"),
    )
    query = joined(names, user, organization)
    query = query.where(col(Line.id).is_(None), within_reach(viewer, user, organization))
    return query.order_by(col(Extension.extension))


def _may_not_serve(
    viewer: Viewer,
    row: DeviceRow,
    user_id: int,
    organization_id: int,
    known: Mapping[int, Kin],
) -> bool:
    """May the viewer not put an extension of this user on the device, or does it not fit?"""
    relation_word, level = row.standing.relation, level_of(known[user_id])
    if row.cannot_assign or not may(viewer, "devices.assign", relation_word, level):
        return True
    assigned_to = known.get(row.organization_id) if row.organization_id else None
    return bool(misfit(known[row.owner_id], assigned_to, known[organization_id]))
